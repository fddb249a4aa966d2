// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of requests, replies and events of a virtio GPIO device that meet
 * others of the same line, and of faults that pass.
 */

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

/* The device has lost the interrupt: it works again without anybody's help. */
static void gpio_virtio_order_lost_irq(struct kunit *test)
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
static void gpio_virtio_order_backoff_freed(struct kunit *test)
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

/* Callers who give up on a device that hangs leave nothing in the backlog. */
static void gpio_virtio_order_abandoned_backlog(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *call[8];
	unsigned int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < 8; i++) {
		call[i] = bank_call(bank, bank_call_get, i);
		KUNIT_ASSERT_TRUE(test, bank_call_sleeps(call[i]));
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
static void gpio_virtio_order_no_interrupt(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 1 };
	u8 valid = VIRTIO_GPIO_IRQ_STATUS_VALID;
	struct kunit_virtio_buf *event;
	struct bank_call *call;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	event = bank_disarm(bank, 5);
	bank_push_noirq(event, &valid, sizeof(valid));

	call = bank_call_held(bank, bank_call_get, 2);
	bank_push_noirq(bank->held[0], reply, sizeof(reply));
	bank_call_expect(call, 1);
	bank_set_override(bank, NULL);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
	bank_expect_working(bank, 5);
}

/* The device says that it has written a reply, and has not. */
static void gpio_virtio_order_unwritten(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	call = bank_call_held(bank, bank_call_get, 2);
	kunit_virtio_push(bank->held[0], 2);
	bank_call_expect(call, -EINVAL);
}

/* The same of an event, after one that it has written */
static void gpio_virtio_order_unwritten_event(struct kunit *test)
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

/* Whoever finds no place in the eventq is told so, each line once. */
static void gpio_virtio_order_starving(struct kunit *test)
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

/* An event whose interrupt was lost, while another line is in backoff */
static void gpio_virtio_order_event_in_backoff(struct kunit *test)
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

/* An invalid event whose interrupt was lost waits for the next time. */
static void gpio_virtio_order_invalid_in_backoff(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct kunit_virtio_buf *buf;
	u8 status = 0x55;
	unsigned int i;

	virtio_gpio_poll_ms = 400;
	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 6, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	bank_event(bank_disarm(bank, 6), status);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_event(bank_disarm(bank, 5), status);
	}
	buf = bank_disarm(bank, 6);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	bank_push_noirq(buf, &status, sizeof(status));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(bank->lines[6].armed));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 6, true));
}

/*
 * gpiolib lets an open drain line be an output and an interrupt, which the
 * specification does not.
 */
static void gpio_virtio_order_output_with_irq(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 5, 0), 0);
	KUNIT_EXPECT_EQ(test, -EIO, request_irq(irq, bank_irq_handler,
						IRQF_TRIGGER_RISING, "kunit",
						bank));
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction, VIRTIO_GPIO_DIRECTION_OUT);

	bank_request_irq(bank, 6, IRQF_TRIGGER_RISING);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 6, 0), -EIO);
	bank_expect_working(bank, 6);

	bank_request_irq(bank, 7, IRQF_TRIGGER_RISING | IRQF_NO_AUTOEN);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 7, 0), -EIO);
}

/* Who waits for that is killed, in the middle of a batch that does not. */
static void gpio_virtio_order_batch_killed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_set_override(bank, bank_hold);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	task = bank_batch_run(batch, bank_batch_set);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 8));
	kunit_virtio_task_kill(task);
	bank_task_expect(bank, task, -EINTR);

	bank_answer_all(bank);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_SET_VALUE), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
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
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
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
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	call = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_set_override(bank, NULL);
	bank_push_event_noirq(bank, 5);
	bank->lines[5].irq_type = VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH;
	bank_push_noirq(bank->held[0], reply, sizeof(reply));
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
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	for (i = 0; i < 3; i++) {
		bank_to_irq(bank, i);
		call[i] = bank_call(bank, bank_call_request_irq_only, i);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, i + 1));
	}
	bank_set_override(bank, NULL);
	for (i = 0; i < 3; i++) {
		bank_enable_irq(bank, i, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
		bank_push_noirq(bank->held[i], reply, sizeof(reply));
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
	virtio_gpio_poll_ms = 1000;
	bank_set_override(bank, bank_hold);
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_startup(d);
	start = jiffies;
	disable_irq_nosync(irq->irq);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start), 500);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_answer_all(bank);
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_shutdown(d);
}

/* So it can wake the system, although nobody has enabled it before. */
static void gpio_virtio_order_started_in_suspend(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;
	struct irq_data *d;

	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING | IRQF_NO_AUTOEN);
	d = irq_get_irq_data(irq->irq);
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_startup(d);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_shutdown(d);
}

static int bank_call_start_in_unlocked_bus(void *data)
{
	struct bank_call *call = data;
	struct irq_data *d = irq_get_irq_data(bank_irq_number(call->bank, call->gpio));
	struct irq_chip *chip = irq_data_get_irq_chip(d);

	chip->irq_bus_lock(d);
	/* As if it was another task */
	chip->irq_bus_lock(d);
	chip->irq_bus_sync_unlock(d);
	scoped_guard(irqsave)
		chip->irq_startup(d);
	chip->irq_bus_sync_unlock(d);

	return 0;
}

/* Locking the bus excludes nobody. Who starts an interrupt waits all the same. */
static void gpio_virtio_order_bus_locked_twice(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;
	struct bank_irq *irq;
	struct irq_data *d;

	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING | IRQF_NO_AUTOEN);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	call = bank_call(bank, bank_call_start_in_unlocked_bus, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(call);
	bank_answer_all(bank);
	bank_call_expect(call, 0);
	d = irq_get_irq_data(irq->irq);
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_shutdown(d);
}

static struct kunit_case gpio_virtio_order_cases[] = {
	KUNIT_CASE(gpio_virtio_order_lost_irq),
	KUNIT_CASE(gpio_virtio_order_backoff_freed),
	KUNIT_CASE(gpio_virtio_order_abandoned_backlog),
	KUNIT_CASE(gpio_virtio_order_no_interrupt),
	KUNIT_CASE(gpio_virtio_order_unwritten),
	KUNIT_CASE(gpio_virtio_order_unwritten_event),
	KUNIT_CASE(gpio_virtio_order_starving),
	KUNIT_CASE(gpio_virtio_order_event_in_backoff),
	KUNIT_CASE(gpio_virtio_order_invalid_in_backoff),
	KUNIT_CASE(gpio_virtio_order_output_with_irq),
	KUNIT_CASE(gpio_virtio_order_batch_killed),
	KUNIT_CASE(gpio_virtio_order_late_type_of_other),
	KUNIT_CASE(gpio_virtio_order_event_before_type),
	KUNIT_CASE(gpio_virtio_order_mixed_bad_events),
	KUNIT_CASE(gpio_virtio_order_no_room_at_once),
	KUNIT_CASE(gpio_virtio_order_silent_request_irq),
	KUNIT_CASE(gpio_virtio_order_broken_eventq),
	KUNIT_CASE(gpio_virtio_order_started_without_bus),
	KUNIT_CASE(gpio_virtio_order_started_in_suspend),
	KUNIT_CASE(gpio_virtio_order_bus_locked_twice),
	{}
};

static struct kunit_suite gpio_virtio_order_suite = {
	.name = "gpio_virtio_order",
	.test_cases = gpio_virtio_order_cases,
};

kunit_test_suites(&gpio_virtio_order_suite);
