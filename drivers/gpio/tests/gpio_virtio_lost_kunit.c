// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of a virtio GPIO device that does not come back from sleep or a
 * reset, or whose driver goes before it does.
 */

#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "gpio_virtio_bank.h"

KUNIT_ARRAY_PARAM_DESC(sleep_kind, sleep_kinds, name);

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
	bank_call_expect(bank_call(bank, bank_call_free, 1), 0);
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

	KUNIT_ASSERT_EQ(test, bank_shorten_timeout(test), 0);
	bank_set_override(bank, bank_hold);
	bank_call_expect(bank_call(bank, bank_call_up, 0), 0);
	KUNIT_EXPECT_GE(test, bank->num_log, 1);
	bank_call_expect(waits, -ETIMEDOUT);
	/* It answers at last. */
	bank_answer_all(bank);
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

	up = bank_call_held(bank, bank_call_up, 0);
	bank_expect_waiting(up);
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(up, -ENODEV);
	bank_expect_lost(bank, waits, -ENODEV);
}

/* A line whose level the device refuses must not drive another one. */
static void gpio_virtio_lost_level(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	bank_down(bank);
	bank_override_type(bank, bank_refuse, VIRTIO_GPIO_MSG_SET_VALUE);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(up->task, BANK_WAIT_MS));
	KUNIT_EXPECT_GE(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[1].driven, 0);
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
		ret = bank_restore(bank, kind->up);
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
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_lost_cases,
};

kunit_test_suites(&gpio_virtio_lost_suite);
