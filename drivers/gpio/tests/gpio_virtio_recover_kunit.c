// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of faults that the virtio GPIO driver gets over at a reset of the
 * device, and of requests and replies that meet it.
 */

#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/irq.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

KUNIT_ARRAY_PARAM_DESC(sleep_kind, sleep_kinds, name);

static void gpio_virtio_recover_batch_over_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8,
							.requestq = 4));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	unsigned int i;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 4));
	bank_down(bank);
	for (i = 0; i < 8; i++)
		bank->lines[i].value = i & 1;
	bank_up(bank);
	bank_task_expect(bank, task, 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, batch->bits), i & 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 8);
	/* Late replies to what was sent before the reset are of no effect. */
	for (i = 0; i < 4; i++)
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* The level was accepted, the direction was not answered: no wrong level. */
static void gpio_virtio_recover_output_over_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_SET_DIRECTION);
	call = bank_call(bank, bank_call_output_high, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_down(bank);
	bank->lines[2].value = 0;
	bank_up(bank);
	bank_call_expect(call, 0);
	bank_expect_output(bank, 2, 1);
}

/* Whoever asked was killed, and the device has done it all the same. */
static void gpio_virtio_recover_late_effect(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	call = bank_call_held(bank, bank_call_set, 3);
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank_answer_held(bank, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
}

/* The eventq can never be in order. */
static void gpio_virtio_recover_in_order(struct kunit *test)
{
	struct bank *bank = bank_start(test,
				       BANK_PARAMS(8, .features = BANK_IRQ |
						   BIT_ULL(VIRTIO_F_IN_ORDER)));

	KUNIT_EXPECT_FALSE(test, virtio_has_feature(kunit_virtio_vdev(bank->kv),
						    VIRTIO_F_IN_ORDER));
}

/* A restored level is refused, and the next one is answered late. */
static void gpio_virtio_recover_refused_then_silent(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_get_line(bank, 0, GPIOD_OUT_HIGH);
	bank_get_line(bank, 1, GPIOD_OUT_HIGH);
	bank_down(bank);
	bank_set_override(bank, bank_refuse_0_hold_rest);
	bank_up_late(bank);

	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_answer_all(bank);
	bank_settle();
	bank_expect_output(bank, 1, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[0].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

/* The device has returned an event, and the driver has not seen it yet. */
static void gpio_virtio_recover_event_before_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_push_event_noirq(bank, 5);
	bank_down(bank);
	bank_up(bank);
	bank_expect_events(bank, 5, 1);
	bank_expect_working(bank, 5);
}

/* The interrupt of the first reply on the way back is lost. */
static void gpio_virtio_recover_restore_no_interrupt(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 0 };
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	up = bank_call_held(bank, bank_call_up, 0);
	bank_set_override(bank, NULL);
	bank_push_noirq(bank->held[0], reply, sizeof(reply));
	bank_call_expect(up, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction, VIRTIO_GPIO_DIRECTION_OUT);
}

/* The device has set a level for a caller who was killed, just before. */
static void gpio_virtio_recover_reply_before_reset(struct kunit *test)
{
	struct virtio_gpio_response res = { };
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	call = bank_call_held(bank, bank_call_set, 3);
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank_set_override(bank, NULL);
	bank_push_noirq(bank->held[0], &res, sizeof(res));
	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
}

/* A late direction of a line that was freed is not restored. */
static void gpio_virtio_recover_late_direction_freed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_SET_DIRECTION);
	call = bank_call(bank, bank_call_input, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank->gc->free(bank->gc, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_answer_held(bank, 0);
	bank_set_override(bank, NULL);
	bank_down(bank);
	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

static int bank_call_set_low(void *data)
{
	struct bank_call *call = data;

	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);

	return chip.gc ? chip.gc->set(chip.gc, call->gpio, 0) : -ENODEV;
}

/* What a caller sets during a slow restore is not undone by it. */
static void gpio_virtio_recover_newer_than_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(66,
							.requestq = 128));
	struct bank_call *call;
	unsigned int i;

	for (i = 0; i < 66; i++)
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, i, 1));
	bank_down(bank);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_SET_VALUE);
	bank_up_late(bank);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 64));

	/* Room for the caller first, then for the second part of the restore */
	call = bank_call(bank, bank_call_set_low, 65);
	bank_expect_waiting(call);
	bank_answer_held(bank, 0);
	bank_settle();
	for (i = 1; i < 64; i++)
		bank_answer_held(bank, i);
	bank_settle();
	bank_set_override(bank, NULL);
	for (i = 64; i < bank_num_held(bank); i++)
		bank_answer_held(bank, i);
	bank_call_expect(call, 0);
	bank_settle();
	bank_expect_output(bank, 64, 1);
	bank_expect_driven(bank, 65, 0);
}

/* A type that the device has had is refused after the reset, but not for good. */
static void gpio_virtio_recover_type_refused_later(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_down(bank);
	bank_set_override(bank, bank_refuse_irq_type);
	bank_up(bank);
	bank_settle();
	/* Once, and by way of none */
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 3);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type, VIRTIO_GPIO_IRQ_TYPE_NONE);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq->irq, IRQ_TYPE_EDGE_FALLING), 0);
	bank_expect_working(bank, 5);
}

/* A restore that does not end, as a reply is lost, holds up few. */
static void gpio_virtio_recover_lost_restore_reply(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 6), 0);
	bank_down(bank);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_SET_VALUE);
	bank_up_late(bank);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_set_override(bank, NULL);

	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 5, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 6), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get_direction(bank->gc, 6),
			GPIO_LINE_DIRECTION_IN);
	call = bank_call(bank, bank_call_set_low, 3);
	bank_expect_waiting(call);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 5, 0), 0);
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);

	bank_answer_held(bank, 0);
	bank_settle();
	bank_expect_output(bank, 3, 1);
	bank_expect_driven(bank, 5, 0);
}

/* A line that is still to be restored has no direction, which says nothing. */
static void gpio_virtio_recover_asked_in_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_SET_VALUE);
	bank_up_late(bank);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_set_override(bank, NULL);

	KUNIT_EXPECT_EQ(test, bank->gc->get_direction(bank->gc, 3),
			GPIO_LINE_DIRECTION_OUT);
	bank_answer_held(bank, 0);
	bank_settle();
	bank_expect_output(bank, 3, 1);
}

/* An output that one reset takes is asked for, and comes back with the next. */
static void gpio_virtio_recover_given_up_once(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_override_type(bank, bank_refuse, VIRTIO_GPIO_MSG_SET_VALUE);
	bank_up(bank);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank->gc->get_direction(bank->gc, 3),
			GPIO_LINE_DIRECTION_IN);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
}

static bool bank_reply_empty(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	kunit_virtio_push(buf, 0);

	return true;
}

/*
 * A direction that is refused, or whose reply is malformed: callers are not held
 * up by it, and the next reset brings it back.
 */
static void gpio_virtio_recover_direction_fails(struct kunit *test)
{
	static const bank_override_t overrides[] = { bank_refuse, bank_reply_empty };
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 4), 0);
	for (i = 0; i < ARRAY_SIZE(overrides); i++) {
		bank_down(bank);
		bank_override_type(bank, overrides[i], VIRTIO_GPIO_MSG_SET_DIRECTION);
		bank_up_at_once(bank);
		/* A level, two directions, and no more of them */
		bank_settle();
		KUNIT_EXPECT_EQ(test, bank->num_log, 3);
		bank_set_override(bank, NULL);
		KUNIT_EXPECT_EQ(test, bank->lines[3].driven, 0);
		bank_call_expect(bank_call(bank, bank_call_set, 3), 0);
		bank_call_expect(bank_call(bank, bank_call_direction, 4),
				 GPIO_LINE_DIRECTION_IN);
	}

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[4].direction, VIRTIO_GPIO_DIRECTION_IN);
}

/* The system resumes when lines are restored, whatever callers do then. */
static void gpio_virtio_recover_busy_after_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_GET_VALUE);
	call = bank_call(bank, bank_call_get, 5);
	bank_expect_waiting(call);
	bank_up_at_once(bank);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
}

/* Nor does it wait longer than a device takes that answers late. */
static void gpio_virtio_recover_restored_late(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_SET_VALUE);
	virtio_gpio_poll_ms = 1000;
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_answer_all(bank);
	KUNIT_EXPECT_TRUE(test, kunit_virtio_task_wait(up->task,
						       5 * virtio_gpio_poll_ms));
	bank_call_expect(up, 0);
	kunit_remove_action(test, bank_flush, bank->kv);
	bank_expect_output(bank, 3, 1);
}

/* The time that a caller has waited does not count once the device is reset. */
static void gpio_virtio_recover_reset_after_long_wait(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	call = bank_call_held(bank, bank_call_get, 2);
	msleep(15 * virtio_gpio_poll_ms);
	bank_down(bank);
	bank_expect_waiting(call);
	bank_up(bank);
	bank_call_expect(call, 0);
}

/*
 * A line is released when the device has disabled its interrupt, which takes
 * long. The next user's level is not forgotten with that.
 */
static void gpio_virtio_recover_level_after_release(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	call = bank_call(bank, bank_call_output_high, 5);
	bank_expect_waiting(call);
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
	bank_expect_output(bank, 5, 1);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 5, 1);
}

/* Lines are freed while there is nothing to send a request with. */
static void gpio_virtio_recover_freed_without_queues(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 4), 0);
	bank_down(bank);
	kunit_virtio_fail_find_vqs(bank->kv, -ENOMEM);
	bank_call_expect(bank_call(bank, bank_call_up, 0), -ENOMEM);
	kunit_virtio_fail_find_vqs(bank->kv, 0);
	bank->gc->free(bank->gc, 3);
	bank->gc->free(bank->gc, 4);
	bank_down(bank);
	bank_up(bank);
	/* Released by the reset, and nobody has them any more */
	bank_call_expect(bank_call(bank, bank_call_get, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

static struct kunit_case gpio_virtio_recover_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_recover_batch_over_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_output_over_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_late_effect,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_recover_in_order),
	KUNIT_CASE_PARAM(gpio_virtio_recover_refused_then_silent,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_event_before_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_restore_no_interrupt,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_reply_before_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_late_direction_freed,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_newer_than_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_type_refused_later,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_lost_restore_reply,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_asked_in_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_given_up_once,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_direction_fails,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_busy_after_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_restored_late,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_reset_after_long_wait,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_level_after_release,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_freed_without_queues,
			 sleep_kind_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_recover_suite = {
	.name = "gpio_virtio_recover",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_recover_cases,
};

kunit_test_suites(&gpio_virtio_recover_suite);
