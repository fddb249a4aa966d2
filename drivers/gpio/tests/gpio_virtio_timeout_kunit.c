// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver with devices that do not answer, or
 * take their time, or do not come back from sleep or a reset.
 */

#include <linux/array_size.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/property.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

/* A device that does not answer, or takes its time */

#define BANK_TIMEOUT_MS		200

static int gpio_virtio_timeout_init(struct kunit *test)
{
	test->priv = (void *)(unsigned long)virtio_gpio_timeout_ms;
	virtio_gpio_timeout_ms = BANK_TIMEOUT_MS;

	return 0;
}

static void gpio_virtio_timeout_exit(struct kunit *test)
{
	virtio_gpio_timeout_ms = (unsigned long)test->priv;
}

static void gpio_virtio_timeout_late_reply(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *next;

	bank_set_override(bank, bank_hold);
	bank_call_expect(bank_call(bank, bank_call_get, 0), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 2);

	/* The only tag is still the device's. */
	next = bank_call(bank, bank_call_get, 1);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(next->task, 100));
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);
	bank_call_expect(next, 0);
}

static void gpio_virtio_timeout_without_a_tag(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *call[3];
	unsigned int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_get, i);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 1);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 0);
}

/* As long as something happens, a device may take any time. */
static bool bank_be_slow(struct bank *bank, struct kunit_virtio_buf *buf,
			 const struct virtio_gpio_request *req)
{
	msleep(BANK_TIMEOUT_MS / 4);

	return false;
}

static void gpio_virtio_timeout_slow_device(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	struct bank_call *call;

	bank_set_override(bank, bank_be_slow);
	task = bank_batch_run(batch, bank_batch_get);
	call = bank_call(bank, bank_call_get, 3);
	bank_call_expect(call, 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
}

/* One timeout, whatever the device was to be asked, and then boot goes on. */
static void gpio_virtio_timeout_silent_probe(struct kunit *test)
{
	unsigned int names_size;

	for (names_size = 0; names_size <= 8; names_size += 8) {
		struct bank_call *add;
		struct bank *bank;

		bank = bank_alloc(test, BANK_PARAMS(8,
						    .names_size = names_size));
		bank->override = bank_hold;
		add = bank_call(bank, bank_call_add, 0);
		bank_call_expect(add, 0);
		KUNIT_EXPECT_EQ(test, bank->num_log, names_size ? 1 : 8);
		KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
		KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	}
}

/* Callers whose turn comes late, on a device that does one thing at a time */
static void gpio_virtio_timeout_many_callers(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16));
	struct bank_call *call[16];
	unsigned int i;

	bank_set_override(bank, bank_be_slow);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_get, i);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 0);
}

static bool bank_lose_line_0(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	return !req->gpio && bank_hold(bank, buf, req);
}

static int bank_call_busy(void *data)
{
	struct bank_call *call = data;
	int ret = 0;

	while (READ_ONCE(call->rounds) && ret >= 0)
		ret = bank_call_get(call);

	return ret;
}

/* A request is lost, while the device goes on to answer others. */
static void gpio_virtio_timeout_lost_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 8));
	struct bank_call *lost, *busy;

	bank_set_override(bank, bank_lose_line_0);
	lost = bank_call(bank, bank_call_get, 0);
	busy = bank_call(bank, bank_call_busy, 1);
	bank_call_expect(lost, -ETIMEDOUT);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(busy->task, 0));
	WRITE_ONCE(busy->rounds, 0);
	bank_call_expect(busy, 0);
}

static void gpio_virtio_timeout_none(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	virtio_gpio_timeout_ms = 0;
	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(call->task,
							3 * BANK_TIMEOUT_MS));
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(call, 1);
}

static struct kunit_case gpio_virtio_timeout_cases[] = {
	KUNIT_CASE(gpio_virtio_timeout_late_reply),
	KUNIT_CASE(gpio_virtio_timeout_without_a_tag),
	KUNIT_CASE(gpio_virtio_timeout_slow_device),
	KUNIT_CASE(gpio_virtio_timeout_many_callers),
	KUNIT_CASE(gpio_virtio_timeout_lost_request),
	KUNIT_CASE(gpio_virtio_timeout_silent_probe),
	KUNIT_CASE(gpio_virtio_timeout_none),
	{}
};

static struct kunit_suite gpio_virtio_timeout_suite = {
	.name = "gpio_virtio_timeout",
	.init = gpio_virtio_timeout_init,
	.exit = gpio_virtio_timeout_exit,
	.test_cases = gpio_virtio_timeout_cases,
};

/* The device does not come back, or the driver goes before it does. */

KUNIT_ARRAY_PARAM_DESC(sleep_kind, sleep_kinds, name);

static int gpio_virtio_lost_init(struct kunit *test)
{
	gpio_virtio_timeout_init(test);

	return gpio_virtio_sleep_init(test);
}

/* A bank with all that there is to bring back, and somebody who waits for it */
static struct bank *bank_start_and_sleep(struct kunit *test,
					 struct bank_call **waits)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 2), 0);
	bank_map_irq(bank, 3);
	KUNIT_ASSERT_EQ(test, 0, request_irq(bank_irq_number(bank, 3),
					     bank_irq_handler,
					     IRQF_TRIGGER_RISING, "kunit",
					     bank));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 3, true));

	bank_down(bank);
	*waits = bank_call(bank, bank_call_get, 2);
	bank_expect_waiting(*waits);

	return bank;
}

/* No use of the device is possible any more, but to get rid of it. */
static void bank_expect_lost(struct bank *bank, struct bank_call *waits,
			     int ret)
{
	struct virtio_device *vdev = kunit_virtio_vdev(bank->kv);
	struct kunit *test = bank->test;

	bank_call_expect(waits, ret);
	bank_call_expect(bank_call(bank, bank_call_get, 2), ret);
	bank_call_expect(bank_call(bank, bank_call_set, 1), ret);
	bank_call_expect(bank_call(bank, bank_call_put_line, 1), 0);
	bank_call_expect(bank_call(bank, bank_call_free_irq, 3), 0);
	if (ret == -ESHUTDOWN)
		KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	bank_call_expect(bank_call(bank, bank_call_unplug, 0), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	/* The driver has to reset a device when it goes. */
	KUNIT_EXPECT_FALSE(test, vdev->config->get_status(vdev) &
				 VIRTIO_CONFIG_S_DRIVER);
}

/* Everything is as it was, and the device can be used. */
static void bank_expect_back(struct bank *bank)
{
	struct kunit *test = bank->test;

	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[1].direction, VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->lines[1].value, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[2].direction, VIRTIO_GPIO_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), 1);
	bank_expect_working(bank, 3);
	bank_call_expect(bank_call(bank, bank_call_free_irq, 3), 0);
}

static void gpio_virtio_lost_queues(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);

	kunit_virtio_fail_find_vqs(bank->kv, -ENXIO);
	bank_call_expect(bank_call(bank, bank_call_up, 0), -ENXIO);
	bank_call_expect(waits, -ESHUTDOWN);
	/* The next time goes well. */
	kunit_virtio_fail_find_vqs(bank->kv, 0);
	kunit_remove_action(test, bank_flush, bank->kv);
	bank_down(bank);
	bank_up(bank);
	bank_expect_back(bank);
}

/* One timeout, however much there is to bring back */
static void gpio_virtio_lost_silent(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);

	bank_set_override(bank, bank_hold);
	bank_call_expect(bank_call(bank, bank_call_up, 0), 0);
	KUNIT_EXPECT_GE(test, bank->num_log, 1);
	bank_call_expect(waits, -ETIMEDOUT);
	/* It answers at last. */
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_expect_back(bank);
}

/* Not to be able to ask the device is not to be refused. */
static void gpio_virtio_lost_no_memory(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);

	kunit_virtio_fail_maps(bank->kv, 1);
	bank_call_expect(bank_call(bank, bank_call_up, 0), 0);
	bank_call_expect(waits, 0);
	bank_expect_back(bank);
}

static void gpio_virtio_lost_broken(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);
	struct bank_call *up;

	virtio_gpio_timeout_ms = 0;
	bank_set_override(bank, bank_hold);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(up);
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(up, -ENODEV);
	bank_expect_lost(bank, waits, -ENODEV);
}

static bool bank_refuse_value_1(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	bank_note_levels(bank, buf, req);

	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE) &&
	       req->gpio == cpu_to_le16(1) && bank_refuse(bank, buf, req);
}

/* A line whose level the device refuses must not drive another one. */
static void gpio_virtio_lost_level(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 *levels = bank->override_data;
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_refuse_value_1);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(up->task, BANK_WAIT_MS));
	KUNIT_EXPECT_GE(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, levels[1], 0);
}

static void gpio_virtio_lost_unplugged(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);
	struct virtio_device *vdev = kunit_virtio_vdev(bank->kv);

	bank_call_expect(bank_call(bank, bank_call_unplug, 0), 0);
	bank_call_expect(waits, -ENODEV);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_FALSE(test, vdev->config->get_status(vdev) &
				 VIRTIO_CONFIG_S_DRIVER);
}

/* Nobody is there to be told when the system wakes up, until a driver comes. */
static void gpio_virtio_lost_unbound(struct kunit *test)
{
	const struct sleep_kind *kind = test->param_value;
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);

	bank_call_expect(bank_call(bank, bank_call_unbind, 0), 0);
	bank_call_expect(waits, -ENODEV);
	kind->up(bank->kv);
	bank_expect_untouched(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);

	bank_expect_probed(bank);
}

/* Each allocation on the way back fails in turn. */
static void gpio_virtio_lost_nomem(struct kunit *test)
{
	const struct sleep_kind *kind = test->param_value;
	unsigned int nth, failed = 0;
	bool through = false;
	struct bank *bank;
	int ret;

	bank_init_nomem(test);
	bank = bank_start_forgetful(test, BANK_PARAMS(4));
	for (nth = 1; !through && nth < BANK_MAX_ALLOCS; nth++) {
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, 1, 1));
		bank_map_irq(bank, 3);
		KUNIT_ASSERT_EQ(test, 0, request_irq(bank_irq_number(bank, 3),
						     bank_irq_handler,
						     IRQF_TRIGGER_RISING,
						     "kunit", bank));
		bank_down(bank);
		bank_fail_alloc(nth);
		ret = kind->up(bank->kv);
		through = bank_failed_no_alloc();
		kunit_remove_action(test, bank_flush, bank->kv);

		if (!ret) {
			bank_expect_output(bank, 1, 1);
			KUNIT_EXPECT_TRUE(test, bank_armed(bank, 3, true));
		} else {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1),
					-ESHUTDOWN);
			KUNIT_ASSERT_FALSE(test, through);
			failed++;
		}
		free_irq(bank_irq_number(bank, 3), bank);
		device_release_driver(&kunit_virtio_vdev(bank->kv)->dev);
		bank_expect_untouched(bank);
		KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
		bank_find_chip(bank);
	}

	KUNIT_EXPECT_TRUE(test, through);
	KUNIT_EXPECT_GT(test, failed, 4);
}

static struct kunit_case gpio_virtio_lost_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_lost_queues, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_silent, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_no_memory, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_broken, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_level, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_unplugged, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_unbound, sleep_kind_gen_params),
	KUNIT_CASE_PARAM_ATTR(gpio_virtio_lost_nomem, sleep_kind_gen_params,
			      {.speed = KUNIT_SPEED_SLOW}),
	{}
};

static struct kunit_suite gpio_virtio_lost_suite = {
	.name = "gpio_virtio_lost",
	.init = gpio_virtio_lost_init,
	.exit = gpio_virtio_timeout_exit,
	.test_cases = gpio_virtio_lost_cases,
};

/* Errors of the transport, behind a line that the device refuses */

static void gpio_virtio_error_probe_silent(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank->override = bank_refuse_0_hold_rest;
	bank_call_expect(bank_call(bank, bank_call_add, 0), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

static void gpio_virtio_error_probe_broken(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));
	struct bank_call *add;

	bank->override = bank_refuse_0_hold_rest;
	add = bank_call(bank, bank_call_add, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 7));
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(add, 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

/* Who reads all lines is killed when so many requests are not answered. */
static void bank_expect_batch_killed(struct bank *bank, bank_override_t override,
				     unsigned int held)
{
	struct bank_batch *batch = bank_batch(bank, 0, bank->params.ngpio);
	struct kunit *test = bank->test;
	struct kunit_virtio_task *task;

	bank_set_override(bank, override);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, held));
	kunit_virtio_task_kill(task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -EINTR);
}

/* Whoever reads several lines is told that he was killed. */
static void gpio_virtio_error_batch_killed(struct kunit *test)
{
	bank_expect_batch_killed(bank_start(test, BANK_PARAMS(8)),
				 bank_refuse_0_hold_rest, 7);
}

static bool bank_refuse_0_hold_64(struct bank *bank, struct kunit_virtio_buf *buf,
				  const struct virtio_gpio_request *req)
{
	if (!req->gpio)
		return bank_refuse(bank, buf, req);

	return le16_to_cpu(req->gpio) >= 64 && bank_hold(bank, buf, req);
}

/* The same, when the first 64 lines are read and one of them is refused. */
static void gpio_virtio_error_second_batch_killed(struct kunit *test)
{
	bank_expect_batch_killed(bank_start(test, BANK_PARAMS(66)),
				 bank_refuse_0_hold_64, 2);
}

static int bank_call_get_alarmed(void *data)
{
	int ret;

	allow_signal(SIGALRM);
	send_sig(SIGALRM, current, 1);
	ret = bank_call_get(data);
	flush_signals(current);

	return ret;
}

/* A signal that does not kill the caller does not end the wait. */
static void gpio_virtio_error_alarm(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get_alarmed, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(call);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(call, 1);
}

static int bank_call_slow_reader(void *data)
{
	struct bank_call *call = data;
	int ret = 0;

	while (READ_ONCE(call->rounds) && ret >= 0) {
		ret = bank_call_get(call);
		msleep(virtio_gpio_timeout_ms / 2);
	}

	return ret;
}

/* One request is lost, and another line is read more often than the timeout. */
static void gpio_virtio_error_lost_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *lost, *busy;
	unsigned long start = jiffies;

	bank_set_override(bank, bank_lose_line_0);
	lost = bank_call(bank, bank_call_get, 0);
	busy = bank_call_stoppable(bank, bank_call_slow_reader, 1);
	bank_call_expect(lost, -ETIMEDOUT);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start),
			4 * virtio_gpio_timeout_ms);
	WRITE_ONCE(busy->rounds, 0);
	bank_call_expect(busy, 0);
}

static const u32 bank_reserved[] = { 2, 3 };

static const struct property_entry bank_reserved_props[] = {
	PROPERTY_ENTRY_U32_ARRAY("gpio-reserved-ranges", bank_reserved),
	{}
};

static const struct software_node bank_reserved_node = {
	.name = "kunit-gpio-reserved",
	.properties = bank_reserved_props,
};

/* Lines that firmware reserves are not asked for anything. */
static void gpio_virtio_error_reserved(struct kunit *test)
{
	struct bank *bank = bank_describe(test, BANK_PARAMS(8),
					  &bank_reserved_node);
	unsigned int i, gpio;

	KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 5);
	for (i = 0; i < bank->num_log; i++) {
		gpio = le16_to_cpu(bank->log[i].gpio);
		KUNIT_EXPECT_TRUE(test, gpio < 2 || gpio > 4);
	}
}

/* Names that Linux 7.3 finds: in UTF-8, and twice the same */
static void gpio_virtio_error_names_kept(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(3,
				.names = "NC\0NC\0L\xc3\xbc" "fter",
				.names_size = 14));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "NC");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[1], "NC");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[2], "L\xc3\xbc" "fter");
}

static struct kunit_case gpio_virtio_error_cases[] = {
	KUNIT_CASE(gpio_virtio_error_probe_silent),
	KUNIT_CASE(gpio_virtio_error_probe_broken),
	KUNIT_CASE(gpio_virtio_error_batch_killed),
	KUNIT_CASE(gpio_virtio_error_second_batch_killed),
	KUNIT_CASE(gpio_virtio_error_alarm),
	KUNIT_CASE(gpio_virtio_error_lost_request),
	KUNIT_CASE(gpio_virtio_error_reserved),
	KUNIT_CASE(gpio_virtio_error_names_kept),
	{}
};

static struct kunit_suite gpio_virtio_error_suite = {
	.name = "gpio_virtio_error",
	.init = gpio_virtio_timeout_init,
	.exit = gpio_virtio_timeout_exit,
	.test_cases = gpio_virtio_error_cases,
};

kunit_test_suites(&gpio_virtio_error_suite, &gpio_virtio_lost_suite,
		  &gpio_virtio_timeout_suite);
