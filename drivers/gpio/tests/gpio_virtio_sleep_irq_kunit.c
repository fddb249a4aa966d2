// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver over sleep of the system and a reset of
 * the device: interrupts that are restored, and those that wake the system.
 */

#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/pm_wakeup.h>
#include <linux/spinlock.h>
#include <linux/suspend.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

/* Interrupts over a reset */

KUNIT_ARRAY_PARAM_DESC(sleep_kind, sleep_kinds, name);

/* A line with each trigger type. They are enabled before they are unmasked. */
static void gpio_virtio_sleep_irq_types(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 7, 1), 0);
	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		bank_request_irq(bank, i, irq_types[i].linux_type);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
	}

	bank_down(bank);
	bank_up(bank);
	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
		KUNIT_EXPECT_EQ(test, bank->lines[i].irq_type,
				irq_types[i].type);
	}
	bank_expect_replay(bank, 12);
	bank_expect_output(bank, 7, 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 12);
	/* One pair for each: two buffers and a table. */
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3 * i);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);

	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		bank_edge(bank, i);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i + 1));
		KUNIT_EXPECT_TRUE(test, bank_armed(bank, i, true));
	}
}

static bool bank_enable_at_edge(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	struct bank_line *line = &bank->lines[le16_to_cpu(req->gpio)];

	if (req->type != cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE))
		return false;

	scoped_guard(spinlock_irqsave, &bank->lock) {
		line->irq_type = le32_to_cpu(req->value);
		line->latched = true;
	}
	bank_reply(buf, VIRTIO_GPIO_STATUS_OK, 0);

	return true;
}

/* An edge that comes as soon as it can is delivered as soon as it can. */
static void gpio_virtio_sleep_irq_at_once(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 5, IRQF_TRIGGER_FALLING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));

	bank_down(bank);
	bank_set_override(bank, bank_enable_at_edge);
	bank_up(bank);
	bank_expect_events(bank, 2, 1);
	bank_expect_events(bank, 5, 1);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));
}

/* A disabled interrupt sleeps on, and is told of what it missed. */
static void gpio_virtio_sleep_irq_disabled(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	disable_irq(irq->irq);
	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	bank_edge(bank, 2);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	enable_irq(irq->irq);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
}

/* An interrupt that is being handled is not unmasked by that. */
static void gpio_virtio_sleep_irq_masked(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	int irq;

	reinit_completion(&bank_irq_go);
	bank_map_irq(bank, 2);
	irq = bank_irq_number(bank, 2);
	KUNIT_ASSERT_EQ(test, 0,
			request_threaded_irq(irq, NULL, bank_irq_waiting_thread,
					     IRQF_TRIGGER_HIGH | IRQF_ONESHOT,
					     "kunit", bank));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_complete,
							   &bank_irq_go));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_edge(bank, 2);

	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	bank_settle();
	KUNIT_EXPECT_NULL(test, bank->lines[2].armed);

	complete_all(&bank_irq_go);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

static int bank_any_armed(struct bank *bank)
{
	unsigned int gpio;

	for (gpio = 0; gpio < bank->params.ngpio; gpio++)
		if (READ_ONCE(bank->lines[gpio].armed))
			return gpio;

	return -ENOENT;
}

static int bank_wait_any_armed(struct bank *bank)
{
	int gpio;

	read_poll_timeout(bank_any_armed, gpio, gpio >= 0, BANK_POLL_US,
			  BANK_WAIT_MS * USEC_PER_MSEC, false, bank);

	return gpio;
}

/* An eventq with room for one line, of which three want to be heard */
static void gpio_virtio_sleep_irq_small_eventq(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(3,
							.eventq = 1));
	unsigned long seen = 0;
	unsigned int i;
	int gpio;

	for (i = 0; i < 3; i++) {
		bank_map_irq(bank, i);
		KUNIT_ASSERT_EQ(test, 0,
				request_irq(bank_irq_number(bank, i),
					    bank_irq_handler,
					    IRQF_TRIGGER_RISING, "kunit",
					    bank));
	}

	bank_down(bank);
	bank_up(bank);
	for (i = 1; i <= 3; i++) {
		gpio = bank_wait_any_armed(bank);
		KUNIT_ASSERT_GE(test, gpio, 0);
		__set_bit(gpio, &seen);
		bank_edge(bank, gpio);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i));
	}
	KUNIT_EXPECT_EQ(test, seen, 7);

	for (i = 0; i < 3; i++)
		bank_call_expect(bank_call(bank, bank_call_free_irq, i), 0);
}

/* The device has not answered when it is reset, and is asked again then. */
static void gpio_virtio_sleep_irq_lost(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *lost;

	bank_map_irq(bank, 2);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	lost = bank_call(bank, bank_call_request_irq_only, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_down(bank);

	bank_up(bank);
	bank_call_expect(lost, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

/* The device sleeps for longer than a caller waits, and is told afterwards. */
static void gpio_virtio_sleep_irq_given_up(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_map_irq(bank, 2);
	bank_call_expect(bank_call(bank, bank_call_request_irq_only, 2), 0);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));

	bank_down(bank);
	bank_call_expect(bank_call(bank, bank_call_set_type, 2), 0);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

/* Whatever the device made of that request, the driver sends no other type. */
static void gpio_virtio_sleep_irq_type_lost(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *request;
	unsigned int i;

	bank_map_irq(bank, 2);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 2), 0);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	request = bank_call(bank, bank_call_request_irq_only, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_down(bank);
	bank_call_expect(request, 0);
	bank_up(bank);

	for (i = 0; i < bank->num_log; i++)
		if (bank->log[i].type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE))
			KUNIT_EXPECT_EQ(test, le32_to_cpu(bank->log[i].value),
					VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);

	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(bank_irq_number(bank, 2),
						  IRQ_TYPE_LEVEL_HIGH));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

static void gpio_virtio_sleep_irq_request(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_map_irq(bank, 4);
	bank_down(bank);
	call = bank_call(bank, bank_call_request_irq_only, 4);
	bank_expect_waiting(call);
	bank_up(bank);
	bank_call_expect(call, 0);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 4, true));
	bank_edge(bank, 4);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 4), 0);
}

/* An interrupt that is freed meanwhile is not enabled again. */
static void gpio_virtio_sleep_irq_free(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 3, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 3, true));

	bank_down(bank);
	kunit_remove_action(test, bank_free_irq, irq);
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
	bank_up(bank);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 3, true));
	bank_call_expect(bank_call(bank, bank_call_get, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_NULL(test, bank->lines[2].armed);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);
}

static void gpio_virtio_sleep_irq_set_type(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_down(bank);
	call = bank_call(bank, bank_call_set_type, 2);
	bank_expect_waiting(call);
	bank_up(bank);
	bank_call_expect(call, 0);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	/* The direction, and once the type */
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);
	bank_edge(bank, 2);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
}

/* The device is coming back, and has been told the type of line 2. */
static struct bank_call *bank_up_to_types(struct bank *bank)
{
	struct kunit *test = bank->test;
	struct bank_call *up;

	/* The driver waits for 10 polls. */
	virtio_gpio_poll_ms = 200;
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(up);

	return up;
}

/* From here on the log has what comes after that. */
static void bank_up_from_types(struct bank *bank, struct bank_call *up)
{
	bank_answer_all(bank);
	bank_call_expect(up, 0);
	kunit_remove_action(bank->test, bank_flush, bank->kv);
}

/* A type that changes when the device was told the old one again */
static void gpio_virtio_sleep_irq_change_type(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *up, *call;

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_down(bank);
	up = bank_up_to_types(bank);
	call = bank_call(bank, bank_call_set_type, 2);
	bank_expect_waiting(call);
	bank_up_from_types(bank, up);
	bank_call_expect(call, 0);

	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x02\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x02\x00\x04\x00\x00\x00");
	bank_edge(bank, 2);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
}

/* Another user of the interrupt, with the same type, when it was told that */
static void gpio_virtio_sleep_irq_change_user(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *up, *call;
	struct bank_irq *irq;

	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_down(bank);
	up = bank_up_to_types(bank);
	bank_release_irq(irq);
	call = bank_call(bank, bank_call_request_irq, 2);
	bank_expect_waiting(call);
	bank_up_from_types(bank, up);
	bank_call_expect(call, 0);

	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 3));
	bank_expect_log(bank, 0, "\x06\x00\x02\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x02\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 2, "\x06\x00\x02\x00\x00\x00\x00\x00");
}

static struct kunit_case gpio_virtio_sleep_irq_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_types, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_at_once, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_disabled, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_masked, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_small_eventq,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_lost, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_given_up, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_type_lost,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_request, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_free, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_set_type, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_change_type,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_change_user,
			 sleep_kind_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_sleep_irq_suite = {
	.name = "gpio_virtio_sleep_irq",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_sleep_irq_cases,
};

/* Suspend, in which the device keeps its lines, instead of hibernation */

#ifdef pm_suspend_target_state
static int bank_suspend(struct bank *bank)
{
	kunit_skip(bank->test, "needs CONFIG_SUSPEND");
}
#else
static int bank_suspend(struct bank *bank)
{
	int ret;

	pm_suspend_target_state = PM_SUSPEND_TO_IDLE;
	ret = kunit_virtio_freeze(bank->kv);
	pm_suspend_target_state = PM_SUSPEND_ON;

	return ret;
}
#endif

static void bank_no_wakeup(void *data)
{
	device_init_wakeup(data, false);
}

static void bank_can_wake(struct bank *bank)
{
	struct device *dev = &kunit_virtio_vdev(bank->kv)->dev;
	struct kunit *test = bank->test;

	KUNIT_ASSERT_EQ(test, device_init_wakeup(dev, true), 0);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_no_wakeup,
							   dev));
}

/* Outputs keep their levels; only a line that may wake stays enabled. */
static void gpio_virtio_suspend_wake(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_can_wake(bank);
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 6, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	bank_expect_output(bank, 3, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[6].irq_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
	bank_expect_working(bank, 5);

	KUNIT_ASSERT_EQ(test, bank_restore(bank, kunit_virtio_restore), 0);
	bank_expect_output(bank, 3, 1);
	bank_expect_working(bank, 5);
	bank_expect_working(bank, 6);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
}

/* Consumers that are suspended later still use their lines. */
static void gpio_virtio_suspend_late_caller(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned long start;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	virtio_gpio_poll_ms = 1000;
	start = jiffies;
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 1), 0);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start), 500);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 1);
	KUNIT_ASSERT_EQ(test, bank_restore(bank, kunit_virtio_restore), 0);
	bank_expect_driven(bank, 3, 1);
}

/* An event that is in the ring when the system resumes is delivered. */
static void gpio_virtio_suspend_event_at_resume(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_can_wake(bank);
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_push_event_noirq(bank, 5);
	KUNIT_ASSERT_EQ(test, bank_restore(bank, kunit_virtio_restore), 0);
	bank_expect_events(bank, 5, 1);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
}

/* So is one that is there when it suspends. */
static void gpio_virtio_suspend_event_before(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_push_event_noirq(bank, 5);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	bank_expect_events(bank, 5, 1);
	KUNIT_ASSERT_EQ(test, bank_restore(bank, kunit_virtio_restore), 0);
	bank_expect_working(bank, 5);
}

/* A device that does not answer does not keep the system awake. */
static void gpio_virtio_suspend_silent(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned long start;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, bank_hold);
	start = jiffies;
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start),
			10 * virtio_gpio_poll_ms);
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 1);
	bank_set_override(bank, NULL);
	KUNIT_ASSERT_EQ(test, bank_restore(bank, kunit_virtio_restore), 0);
	bank_expect_working(bank, 5);
}

/* enable_irq_wake() fails where nothing can wake the system. */
static void gpio_virtio_suspend_may_wake(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), -ENXIO);
	bank_can_wake(bank);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

static struct kunit_case gpio_virtio_suspend_cases[] = {
	KUNIT_CASE(gpio_virtio_suspend_wake),
	KUNIT_CASE(gpio_virtio_suspend_late_caller),
	KUNIT_CASE(gpio_virtio_suspend_event_at_resume),
	KUNIT_CASE(gpio_virtio_suspend_event_before),
	KUNIT_CASE(gpio_virtio_suspend_silent),
	KUNIT_CASE(gpio_virtio_suspend_may_wake),
	{}
};

static struct kunit_suite gpio_virtio_suspend_suite = {
	.name = "gpio_virtio_suspend",
	.test_cases = gpio_virtio_suspend_cases,
};

kunit_test_suites(&gpio_virtio_suspend_suite, &gpio_virtio_sleep_irq_suite);
