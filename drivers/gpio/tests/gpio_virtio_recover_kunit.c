// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of faults that the virtio GPIO driver gets over, most of them at
 * a reset of the device, and of requests and replies that meet others of the
 * same line then.
 */

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"
#include "gpio_virtio_log.h"

/* Faults that pass: the line or the request works again by itself */

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
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, batch->bits), i & 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 8);
	/* Late replies to what was sent before the reset are of no effect. */
	for (i = 0; i < 4; i++)
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

static bool bank_hold_output(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_DIRECTION) &&
	       bank_hold(bank, buf, req);
}

/* The level was accepted, the direction was not answered: no wrong level. */
static void gpio_virtio_recover_output_over_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold_output);
	call = bank_call(bank, bank_call_output_high, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_down(bank);
	bank->lines[2].value = 0;
	bank_up(bank);
	bank_call_expect(call, 0);
	bank_expect_output(bank, 2, 1);
}

/* The device has lost the interrupt: it works again without anybody's help. */
static void gpio_virtio_recover_lost_irq(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		/* As if a buffer had crossed the request */
		scoped_guard(spinlock_irqsave, &bank->lock) {
			bank->lines[5].irq_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
			bank->lines[5].crossing = true;
		}
		bank_event(bank_disarm(bank, 5), VIRTIO_GPIO_IRQ_STATUS_INVALID);
		bank_expect_working(bank, 5);
		KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
				VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	}
}

/* Freed while the driver is in backoff: the device is told at once. */
static void gpio_virtio_recover_backoff_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_event(bank_disarm(bank, 5), VIRTIO_GPIO_IRQ_STATUS_INVALID);
	}
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
		     IRQF_TRIGGER_FALLING);
	bank_expect_working(bank, 5);
}

/* Whoever asked was killed, and the device has done it all the same. */
static void gpio_virtio_recover_late_effect(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_set, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank_answer_held(bank, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
}

/* Callers who give up on a device that hangs leave nothing in the backlog. */
static void gpio_virtio_recover_abandoned_backlog(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *call[8];
	unsigned int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < 8; i++) {
		call[i] = bank_call(bank, bank_call_get, i);
		/* A thread that has not started yet ignores signals. */
		bank_expect_waiting(call[i]);
	}
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 1);
	for (i = 0; i < 8; i++)
		kunit_virtio_task_kill(call[i]->task);
	for (i = 0; i < 8; i++)
		bank_call_expect(call[i], -EINTR);
	bank_set_override(bank, NULL);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 3), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* The device returns buffers, and its interrupts are lost. */
static void gpio_virtio_recover_no_interrupt(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 1 };
	u8 valid = VIRTIO_GPIO_IRQ_STATUS_VALID;
	struct kunit_virtio_buf *event;
	struct bank_call *call;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	event = bank_disarm(bank, 5);
	kunit_virtio_write(event, &valid, sizeof(valid));
	kunit_virtio_push_quiet(event, sizeof(valid));

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_write(bank->held[0], reply, sizeof(reply));
	kunit_virtio_push_quiet(bank->held[0], sizeof(reply));
	bank_call_expect(call, 1);
	bank_set_override(bank, NULL);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
	bank_expect_working(bank, 5);
}

/* The device says that it has written a reply, and has not. */
static void gpio_virtio_recover_unwritten(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_push(bank->held[0], 2);
	bank_call_expect(call, -EINVAL);
}

/* The same of an event, after one that it has written */
static void gpio_virtio_recover_unwritten_event(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	kunit_virtio_push(bank_disarm(bank, 5), 1);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
	bank_expect_working(bank, 5);
}

/* The eventq can never be in order. */
static void gpio_virtio_recover_in_order(struct kunit *test)
{
	struct bank *bank;

	bank = bank_start(test, BANK_PARAMS(8, .features = BANK_IRQ |
						BIT_ULL(VIRTIO_F_IN_ORDER)));
	KUNIT_EXPECT_FALSE(test, virtio_has_feature(kunit_virtio_vdev(bank->kv),
						    VIRTIO_F_IN_ORDER));
}

/* Whoever finds no place in the eventq is told so, each line once. */
static void gpio_virtio_recover_starving(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .eventq = 4,
							 .features = BANK_IRQ));
	unsigned int i;

	bank_watch(test, "no room in the eventq");
	for (i = 0; i < 6; i++)
		bank_request_irq(bank, i, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 4);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 7), 0);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 4);
}

/* A restored level is refused, and the next one is answered late. */
static void gpio_virtio_recover_refused_then_silent(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_get_line(bank, 0, GPIOD_OUT_HIGH);
	bank_get_line(bank, 1, GPIOD_OUT_HIGH);
	bank_down(bank);
	bank_set_override(bank, bank_refuse_0_hold_rest);
	bank_up(bank);

	bank_set_override(bank, NULL);
	KUNIT_ASSERT_EQ(test, bank_num_held(bank), 1);
	bank_answer_held(bank, 0);
	bank_settle();
	bank_expect_driven(bank, 1, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[0].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

/* One failure of a restore is not final. */
static void gpio_virtio_recover_restore_again(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	kunit_virtio_fail_find_vqs(bank->kv, -ENOMEM);
	bank_call_expect(bank_call(bank, bank_call_up, 0), -ENOMEM);
	kunit_virtio_fail_find_vqs(bank->kv, 0);
	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 0), 0);
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
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
}

/* An event whose interrupt was lost, while another line is in backoff */
static void gpio_virtio_recover_event_in_backoff(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 6, IRQF_TRIGGER_RISING);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_event(bank_disarm(bank, 5), 0x55);
	}
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	bank_push_event_noirq(bank, 6);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 6, 1), 1);
}

/* The interrupt of the first reply on the way back is lost. */
static void gpio_virtio_recover_restore_no_interrupt(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 0 };
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_set_override(bank, NULL);
	kunit_virtio_write(bank->held[0], reply, sizeof(reply));
	kunit_virtio_push_quiet(bank->held[0], sizeof(reply));
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
	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_set, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank_set_override(bank, NULL);
	kunit_virtio_write(bank->held[0], &res, sizeof(res));
	kunit_virtio_push_quiet(bank->held[0], sizeof(res));
	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
}

/* A late direction of a line that was freed is not restored. */
static void gpio_virtio_recover_late_direction_freed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold_output);
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
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

static struct kunit_case gpio_virtio_recover_cases[] = {
	KUNIT_CASE(gpio_virtio_recover_no_interrupt),
	KUNIT_CASE(gpio_virtio_recover_unwritten),
	KUNIT_CASE(gpio_virtio_recover_unwritten_event),
	KUNIT_CASE(gpio_virtio_recover_in_order),
	KUNIT_CASE(gpio_virtio_recover_starving),
	KUNIT_CASE_PARAM(gpio_virtio_recover_batch_over_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_output_over_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_recover_lost_irq),
	KUNIT_CASE(gpio_virtio_recover_backoff_freed),
	KUNIT_CASE_PARAM(gpio_virtio_recover_late_effect, sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_recover_abandoned_backlog),
	KUNIT_CASE_PARAM(gpio_virtio_recover_refused_then_silent,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_restore_again,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_event_before_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_recover_event_in_backoff),
	KUNIT_CASE_PARAM(gpio_virtio_recover_restore_no_interrupt,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_reply_before_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_late_direction_freed,
			 sleep_kind_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_recover_suite = {
	.name = "gpio_virtio_recover",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_recover_cases,
};

/* Requests and replies that meet others of the same line */

static bool bank_hold_set(struct bank *bank, struct kunit_virtio_buf *buf,
			  const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE) &&
	       bank_hold(bank, buf, req);
}

static int bank_call_set_low(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	return call->bank->gc->set(call->bank->gc, call->gpio, 0);
}

/* What a caller sets during a slow restore is not undone by it. */
static void gpio_virtio_order_newer_than_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(66,
							.requestq = 128));
	struct bank_call *call;
	unsigned int i;

	for (i = 0; i < 66; i++)
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, i, 1));
	bank_down(bank);
	bank_set_override(bank, bank_hold_set);
	bank_up(bank);
	KUNIT_ASSERT_EQ(test, bank_num_held(bank), 64);

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
	bank_expect_driven(bank, 64, 1);
	bank_expect_driven(bank, 65, 0);
}

/* A type that the device has had is refused after the reset, but not for good. */
static void gpio_virtio_order_type_refused_later(struct kunit *test)
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
static void gpio_virtio_order_lost_restore_reply(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 6), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold_set);
	bank_up(bank);
	KUNIT_ASSERT_EQ(test, bank_num_held(bank), 1);
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
	bank_expect_driven(bank, 3, 1);
	bank_expect_driven(bank, 5, 0);
}

/* A line that is still to be restored has no direction, which says nothing. */
static void gpio_virtio_order_asked_in_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold_set);
	bank_up(bank);
	KUNIT_ASSERT_EQ(test, bank_num_held(bank), 1);
	bank_set_override(bank, NULL);

	KUNIT_EXPECT_EQ(test, bank->gc->get_direction(bank->gc, 3),
			GPIO_LINE_DIRECTION_OUT);
	bank_answer_held(bank, 0);
	bank_settle();
	bank_expect_driven(bank, 3, 1);
}

static bool bank_refuse_set(struct bank *bank, struct kunit_virtio_buf *buf,
			    const struct virtio_gpio_request *req)
{
	if (req->type != cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE))
		return false;
	bank_reply(buf, VIRTIO_GPIO_STATUS_ERR, 0);

	return true;
}

/* An output that one reset takes is asked for, and comes back with the next. */
static void gpio_virtio_order_given_up_once(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_refuse_set);
	bank_up(bank);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank->gc->get_direction(bank->gc, 3),
			GPIO_LINE_DIRECTION_IN);

	bank_down(bank);
	bank_up(bank);
	bank_expect_driven(bank, 3, 1);
}

static bool bank_hold_get(struct bank *bank, struct kunit_virtio_buf *buf,
			  const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_GET_VALUE) &&
	       bank_hold(bank, buf, req);
}

/* The system resumes when lines are restored, whatever callers do then. */
static void gpio_virtio_order_busy_after_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold_get);
	call = bank_call(bank, bank_call_get, 5);
	bank_expect_waiting(call);
	bank_up_at_once(bank);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
}

/* Nor does it wait longer than a device takes that answers late. */
static void gpio_virtio_order_restored_late(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold_set);
	virtio_gpio_poll_ms = 200;
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	KUNIT_EXPECT_TRUE(test, kunit_virtio_task_wait(up->task,
						       5 * virtio_gpio_poll_ms));
	bank_call_expect(up, 0);
	kunit_remove_action(test, bank_flush, bank->kv);
	bank_expect_driven(bank, 3, 1);
}

/* The time that a caller has waited does not count once the device is reset. */
static void gpio_virtio_order_reset_after_long_wait(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
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
static void gpio_virtio_order_level_after_release(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_set_override(bank, bank_hold_irq_type);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	call = bank_call(bank, bank_call_output_high, 5);
	bank_expect_waiting(call);
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
	bank_expect_driven(bank, 5, 1);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 5, 1);
}

/* Who waits for that is killed, in the middle of a batch that does not. */
static void gpio_virtio_order_batch_killed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	struct bank_irq *irq;
	unsigned int i;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_set_override(bank, bank_hold);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	task = bank_batch_run(batch, bank_batch_set);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 8));
	kunit_virtio_task_kill(task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -EINTR);

	bank_set_override(bank, NULL);
	for (i = 0; i < 8; i++)
		bank_answer_held(bank, i);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_SET_VALUE), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* Lines are freed while there is nothing to send a request with. */
static void gpio_virtio_order_freed_without_queues(struct kunit *test)
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
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

static int bank_call_request_falling(void *data)
{
	struct bank_call *call = data;

	return request_irq(bank_irq_number(call->bank, call->gpio),
			   bank_irq_handler, IRQF_TRIGGER_FALLING, "kunit",
			   call->bank);
}

/* The type of the last user is accepted late, and is none of the next user's. */
static void gpio_virtio_order_late_type_of_other(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);
	struct bank_call *call;

	/* The line stays an input, so the next user need not wait to make it one. */
	bank_get_line(bank, 5, GPIOD_IN);
	bank_set_override(bank, bank_hold_irq_type);
	call = bank_call(bank, bank_call_request_irq_only, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, 0);
	free_irq(irq, bank);

	call = bank_call(bank, bank_call_request_falling, 5);
	bank_expect_waiting(call);
	bank_set_override(bank, bank_refuse_falling);
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	free_irq(irq, bank);
}

/* An event of the former type is seen together with the replies to the new one. */
static void gpio_virtio_order_event_before_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 0 };
	struct bank_call *call;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, bank_hold_irq_type);
	call = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_set_override(bank, NULL);
	bank_push_event_noirq(bank, 5);
	bank->lines[5].irq_type = VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH;
	kunit_virtio_write(bank->held[0], reply, sizeof(reply));
	kunit_virtio_push_quiet(bank->held[0], sizeof(reply));
	bank_push(bank->held[1], reply, sizeof(reply));
	bank_call_expect(call, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	bank_expect_working(bank, 5);
}

static const struct bad_event bank_unused_event = {
	"unused", VIRTIO_GPIO_IRQ_STATUS_INVALID, 1,
};

/* One message for a row, whatever is wrong with its events */
static void gpio_virtio_order_mixed_bad_events(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i, unused;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_watch_log(test);
	for (unused = 0; unused < 2; unused++) {
		for (i = 0; i < 4; i++) {
			KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
			bank_bad_event(bank, 5, i == unused ? &bank_unused_event :
							      &bad_events[i]);
		}
		bank_expect_working(bank, 5);
		KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), unused + 1);
	}
}

/* Interrupts that are enabled at the same time, with room for one of them */
static void gpio_virtio_order_no_room_at_once(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .eventq = 2,
							 .features = BANK_IRQ));
	const u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 0 };
	struct bank_call *call[3];
	unsigned int i;

	bank_watch(test, "no room in the eventq");
	bank_set_override(bank, bank_hold_irq_type);
	for (i = 0; i < 3; i++) {
		bank_to_irq(bank, i);
		call[i] = bank_call(bank, bank_call_request_irq_only, i);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, i + 1));
	}
	bank_set_override(bank, NULL);
	for (i = 0; i < 3; i++) {
		bank_enable_irq(bank, i, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
		kunit_virtio_write(bank->held[i], reply, sizeof(reply));
		kunit_virtio_push_quiet(bank->held[i], sizeof(reply));
	}
	for (i = 0; i < 3; i++)
		bank_call_expect(call[i], 0);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 2);
	for (i = 0; i < 3; i++)
		free_irq(bank_to_irq(bank, i), bank);
}

static bool bank_hold_or_refuse(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	return bank->override_data ? bank_hold(bank, buf, req) :
				     bank_refuse(bank, buf, req);
}

/* A line whose direction is not known, and a device that does not answer */
static void gpio_virtio_order_silent_request_irq(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank->override = bank_hold_or_refuse;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	bank_to_irq(bank, 5);
	bank->override_data = bank;
	bank->num_log = 0;
	call = bank_call(bank, bank_call_request_irq_only, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* Events cannot come any more; everything else works. */
static void gpio_virtio_order_broken_eventq(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_to_irq(bank, 5);
	kunit_virtio_push_raw(bank->kv, BANK_EVENTQ, 1, 1);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
	bank_call_expect(bank_call(bank, bank_call_request_irq_only, 5), -ENODEV);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
}

/* As the irq core does when the system suspends: without locking the bus */
static void gpio_virtio_order_started_without_bus(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;
	unsigned long start;
	struct irq_data *d;

	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING | IRQF_NO_AUTOEN);
	d = irq_get_irq_data(irq->irq);
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_startup(d);
	bank_set_override(bank, bank_hold);
	start = jiffies;
	disable_irq_nosync(irq->irq);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start),
			virtio_gpio_poll_ms);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_shutdown(d);
}

static struct kunit_case gpio_virtio_order_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_order_newer_than_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_type_refused_later,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_lost_restore_reply,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_asked_in_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_given_up_once,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_busy_after_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_restored_late,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_reset_after_long_wait,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_level_after_release,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_order_batch_killed),
	KUNIT_CASE_PARAM(gpio_virtio_order_freed_without_queues,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_order_late_type_of_other),
	KUNIT_CASE(gpio_virtio_order_event_before_type),
	KUNIT_CASE(gpio_virtio_order_mixed_bad_events),
	KUNIT_CASE(gpio_virtio_order_no_room_at_once),
	KUNIT_CASE(gpio_virtio_order_silent_request_irq),
	KUNIT_CASE(gpio_virtio_order_broken_eventq),
	KUNIT_CASE(gpio_virtio_order_started_without_bus),
	{}
};

static struct kunit_suite gpio_virtio_order_suite = {
	.name = "gpio_virtio_order",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_order_cases,
};

kunit_test_suites(&gpio_virtio_recover_suite, &gpio_virtio_order_suite);
