// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the interrupts of the virtio GPIO driver, from when they are
 * requested to when they are freed, with devices that are late, return bad
 * events or refuse trigger types.
 */

#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/prandom.h>
#include <linux/sched.h>
#include <linux/virtio.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

KUNIT_ARRAY_PARAM_DESC(queue_size, queue_sizes, name);

static void bank_expect_masked(struct bank *bank, u16 gpio)
{
	bank_settle();
	KUNIT_EXPECT_NULL(bank->test, bank->lines[gpio].armed);
}

KUNIT_ARRAY_PARAM_DESC(irq_type, irq_types, name);

static bool irq_type_is_level(const struct irq_type *type)
{
	return type->linux_type & IRQ_TYPE_LEVEL_MASK;
}

/* Enabled, unmasked, delivered, unmasked again, disabled */
static void gpio_virtio_irq_life(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;
	struct bank_irq *irq;
	int i;

	irq = bank_request_irq(bank, 6, type->linux_type);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	KUNIT_EXPECT_EQ(test, bank->lines[6].irq_type, type->type);

	for (i = 1; i <= 3; i++) {
		bank_edge(bank, 6);
		KUNIT_ASSERT_EQ(test, bank_events(bank, 6, i), i);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	}

	bank_release_irq(irq);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 6, false));
	KUNIT_EXPECT_EQ(test, bank->lines[6].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 3);
}

static int bank_call_edges(void *data)
{
	struct bank_call *call = data;
	unsigned int i;

	for (i = 0; i < READ_ONCE(call->rounds); i++) {
		if (!bank_armed(call->bank, call->gpio, true))
			return -ETIMEDOUT;
		bank_edge(call->bank, call->gpio);
	}

	return 0;
}

/*
 * Events on one line while another one's buffer is queued and taken back. It
 * takes two CPUs to do so at the same time.
 */
static void gpio_virtio_irq_event_during_add(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_IRQ,
							 .eventq = 8));
	struct bank_call *call;
	struct bank_irq *irq;
	unsigned int i;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");

	bank_request_irq(bank, 0, IRQF_TRIGGER_RISING);
	irq = bank_request_irq(bank, 1, IRQF_TRIGGER_RISING);
	kunit_virtio_slow_maps(bank->kv, 20);

	call = bank_call_stoppable(bank, bank_call_edges, 0);
	for (i = 0; i < call->rounds; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 1, true));
		free_irq(irq->irq, bank);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 1, false));
		KUNIT_ASSERT_EQ(test, 0, request_irq(irq->irq, bank_irq_handler,
						     IRQF_TRIGGER_RISING,
						     "kunit", bank));
	}

	bank_call_expect(call, 0);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 0, call->rounds), call->rounds);
}

/* The last line of the largest bank */
static void gpio_virtio_irq_line_65534(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(65535));

	bank_request_irq(bank, 65534, IRQF_TRIGGER_FALLING);
	bank_expect_working(bank, 65534);
}

/* A type that is set before the interrupt is requested */
static void gpio_virtio_irq_type_before_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 2, GPIOD_IN);
	int irq = gpiod_to_irq(desc);

	KUNIT_ASSERT_GT(test, irq, 0);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_EDGE_RISING), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);

	KUNIT_ASSERT_EQ(test, 0, request_irq(irq, bank_irq_handler, 0, "kunit",
					     bank));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	free_irq(irq, bank);
	KUNIT_EXPECT_TRUE(test, bank_logs(bank, 2));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x02\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x02\x00\x00\x00\x00\x00");
}

/*
 * The device refuses the trigger type, also after it was told to disable the
 * interrupt. That stays masked, with a word in the log as there is no way to tell
 * the caller, until it gets another type.
 */
static void gpio_virtio_irq_type_refused(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_set_override(bank, bank_refuse_irq_type);
	bank_watch_log(test);
	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 3);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 2);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_expect_working(bank, 2);
}

static bool bank_garble_irq_type(struct bank *bank, struct kunit_virtio_buf *buf,
				 const struct virtio_gpio_request *req)
{
	if (!req->value)
		return false;

	bank_set_irq_type(bank, le16_to_cpu(req->gpio), le32_to_cpu(req->value));
	kunit_virtio_push(buf, 0);

	return true;
}

/*
 * Nobody knows whether the device has the interrupt enabled, so it is told to
 * disable it. Here it has.
 */
static void gpio_virtio_irq_type_malformed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_override_type(bank, bank_garble_irq_type, VIRTIO_GPIO_MSG_IRQ_TYPE);
	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 4);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type, VIRTIO_GPIO_IRQ_TYPE_NONE);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_expect_working(bank, 2);
}

static bool bank_deny_irq_none(struct bank *bank, struct kunit_virtio_buf *buf,
			       const struct virtio_gpio_request *req)
{
	if (req->value)
		return false;

	bank_set_irq_type(bank, le16_to_cpu(req->gpio), 0);

	return bank_refuse(bank, buf, req);
}

/* A device that says it cannot disable an interrupt: it is not asked again. */
static void gpio_virtio_irq_none_refused(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_override_type(bank, bank_deny_irq_none, VIRTIO_GPIO_MSG_IRQ_TYPE);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_expect_working(bank, 2);
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
}

/* An interrupt that the device has never enabled needs no disabling. */
static void gpio_virtio_irq_type_refused_and_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_set_override(bank, bank_refuse_irq_type);
	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 3);
}

/* Without a trigger type there is nothing to enable. */
static void gpio_virtio_irq_no_type_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 2, GPIOD_IN);
	struct bank_irq *irq;

	bank_set_override(bank, NULL);
	irq = bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL, 0);
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
}

/* An interrupt that its user wants to enable himself, later */
static void gpio_virtio_irq_no_autoenable(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING | IRQF_NO_AUTOEN);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 0);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);

	enable_irq(irq->irq);
	bank_expect_working(bank, 2);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 1);
}

/* Types that there are not are refused, and the interrupt keeps its own. */
static void gpio_virtio_irq_type_unknown(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			irq_set_irq_type(irq->irq, IRQ_TYPE_EDGE_RISING |
						   IRQ_TYPE_LEVEL_HIGH));
	KUNIT_EXPECT_EQ(test, -EINVAL, irq_set_irq_type(irq->irq,
							IRQ_TYPE_LEVEL_MASK));
	KUNIT_EXPECT_EQ(test, -EINVAL, irq_set_irq_type(irq->irq, IRQ_TYPE_NONE));
	bank_expect_working(bank, 2);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

/*
 * Who uses a line for its interrupt alone has not made it an input. The driver
 * does, and deactivates it in the end.
 */
static void gpio_virtio_irq_only_user(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
	bank_release_irq(irq);

	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 4));
	KUNIT_EXPECT_EQ(test, bank->num_log, 4);
	bank_expect_log(bank, 0, "\x03\x00\x05\x00\x02\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x05\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 2, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 3, "\x03\x00\x05\x00\x00\x00\x00\x00");
}

/* A device that does not make the line an input is heard by the caller. */
static void gpio_virtio_irq_only_user_refused(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);

	bank_set_override(bank, bank_refuse);
	KUNIT_EXPECT_EQ(test, -EINVAL, request_irq(irq, bank_irq_handler,
						   IRQF_TRIGGER_RISING,
						   "kunit", bank));
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 0);

	bank_set_override(bank, NULL);
	bank_add_irq(bank, irq, bank_irq_handler, NULL, IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
}

static void gpio_virtio_irq_of_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);

	bank_get_line(bank, 5, GPIOD_OUT_HIGH);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, -EIO, request_irq(irq, bank_irq_handler,
						IRQF_TRIGGER_RISING, "kunit",
						bank));
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
}

/* An output that was freed is none, whatever its last user made of it. */
static void gpio_virtio_irq_of_former_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_put_line(bank, bank_get_line(bank, 5, GPIOD_OUT_HIGH));
	bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
		     IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
}

/* The line is in use until the last of its users has gone. */
static void gpio_virtio_irq_outlives_gpio(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_put_line(bank, desc);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_IN);
	bank_expect_working(bank, 5);

	bank_set_override(bank, NULL);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 2));
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x03\x00\x05\x00\x00\x00\x00\x00");
}

static void gpio_virtio_irq_gpio_outlives(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_set_override(bank, NULL);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 1));
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_IN);
}

static int bank_call_release_irq(void *data)
{
	bank_release_irq(data);

	return 0;
}

/* No user of an interrupt has to wait until the device knows that he left. */
static void gpio_virtio_irq_free_does_not_wait(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct kunit_virtio_task *task;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, bank_hold);
	task = kunit_virtio_run(bank->kv, bank_call_release_irq, irq);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	bank_task_expect(bank, task, 0);

	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_answer_all(bank);
	bank_settle();
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* Nor does it take a tag to leave, and the next user comes after that. */
static void gpio_virtio_irq_free_without_a_tag(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_IRQ,
							 .requestq = 2));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct bank_call *first, *again;
	struct kunit_virtio_task *task;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	first = bank_call_held(bank, bank_call_get, 0);
	task = kunit_virtio_run(bank->kv, bank_call_release_irq, irq);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	bank_task_expect(bank, task, 0);
	again = bank_call(bank, bank_call_request_irq, 5);
	bank_expect_waiting(again);

	bank_answer_all(bank);
	bank_call_expect(first, 0);
	bank_call_expect(again, 0);
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 3));
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x05\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 2, "\x06\x00\x05\x00\x00\x00\x00\x00");
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
}

/*
 * The device is late to return the buffer of an interrupt that was freed. Who
 * requests it again gets it to work as soon as it does, and there is never more
 * than one buffer.
 */
static void gpio_virtio_irq_requested_before_return(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	bank_release_irq(irq);
	bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
		     IRQF_TRIGGER_FALLING);
	bank_expect_masked(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 1);

	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_working(bank, 5);
}

/* Nobody uses the interrupt any longer when the buffer returns. */
static void gpio_virtio_irq_freed_before_return(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	bank_release_irq(irq);
	bank_settle();
	KUNIT_ASSERT_NOT_NULL(test, bank->lines[5].retiring);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_VALID);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/*
 * A device returns the buffer of an interrupt with another type as if that had
 * fired, after the driver has disabled it. Whether this is taken for an event
 * or not, the interrupt works with its new type.
 */
static void gpio_virtio_irq_returned_valid(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_VALID);
	bank_settle();
	KUNIT_EXPECT_LE(test, atomic_read(&bank->events), 1);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 3);
}

KUNIT_ARRAY_PARAM_DESC(bad_event, bad_events, name);

/* Reported, not taken for an event, and the interrupt goes on to work. */
static void gpio_virtio_irq_bad_event(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_watch_log(test);
	bank_bad_event(bank, 5, test->param_value);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	bank_expect_working(bank, 5);
}

/* A device that does not stop with it is asked once a poll, and may stop. */
static void gpio_virtio_irq_8_bad_events(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned long start = jiffies;
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_bad_event(bank, 5, test->param_value);
	}
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start),
			7 * virtio_gpio_poll_ms);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 9);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	bank_expect_working(bank, 5);
}

/* One message for a row, however long */
static void gpio_virtio_irq_bad_events_log_limited(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_watch_log(test);
	for (i = 0; i < 20; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_bad_event(bank, 5, &bad_events[i % ARRAY_SIZE(bad_events)]);
	}
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
}

/* A good event in between shows that the device is not that broken. */
static void gpio_virtio_irq_bad_events_not_in_a_row(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	for (i = 0; i < 40; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		if (i % 8 == 7)
			bank_edge(bank, 5);
		else
			bank_bad_event(bank, 5, &bad_events[0]);
	}
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 5), 5);
	bank_expect_working(bank, 5);
}

/* More lines than buffers fit: each has its turn when another one has fired. */
static void gpio_virtio_irq_full_queue(struct kunit *test)
{
	const struct queue_size *q = test->param_value;
	struct bank *bank = bank_start(test, BANK_PARAMS(64, .eventq = q->size,
						.features = q->features | BANK_IRQ));
	unsigned int i;
	int round;

	for (i = 0; i < 64; i++)
		bank_request_irq(bank, i, IRQF_TRIGGER_RISING);

	for (round = 1; round <= 4; round++) {
		for (i = 0; i < 64; i++)
			bank_edge(bank, i * 37 % 64);
		for (i = 0; i < 64; i++)
			KUNIT_ASSERT_EQ(test, bank_events(bank, i, round),
					round);
	}
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 4 * 64);
}

/* Have all lines fire until this one is heard: none keeps the buffer idle. */
static bool bank_has_its_turn(struct bank *bank, u16 gpio)
{
	unsigned long end = jiffies + msecs_to_jiffies(BANK_WAIT_MS);
	atomic_t *count = &bank->lines[gpio].events;
	int events = atomic_read(count);
	unsigned int turn = 0;
	u16 i;

	while (atomic_read(count) == events && time_before(jiffies, end)) {
		for (i = 1; i < bank->params.ngpio; i++)
			bank_edge(bank, i);
		bank_pause(turn++);
	}

	return atomic_read(count) != events;
}

/* A line that fires all the time does not have the only buffer for itself. */
static void gpio_virtio_irq_full_queue_storm(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_IRQ,
							 .eventq = 2));
	unsigned int i;
	int round;

	for (i = 0; i < 8; i++)
		bank_request_irq(bank, i, i ? IRQF_TRIGGER_RISING :
					      IRQF_TRIGGER_HIGH);

	for (round = 1; round <= 4; round++) {
		bank_activate(bank, 0, INT_MAX);
		for (i = 1; i < 8; i++)
			KUNIT_ASSERT_TRUE(test, bank_has_its_turn(bank, i));
		bank_activate(bank, 0, 0);
	}
}

static irqreturn_t bank_irq_handler_irqs_off(int irq, void *data)
{
	if (!irqs_disabled())
		bank_breach(data, "handler called with interrupts enabled");

	return bank_irq_handler(irq, data);
}

/*
 * A virtqueue's callback may be called with interrupts enabled, by transports
 * without an interrupt of their own and with PREEMPT_RT. A handler may not.
 */
static void gpio_virtio_irq_callback_in_thread(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	const u8 status = VIRTIO_GPIO_IRQ_STATUS_VALID;
	struct kunit_virtio_buf *buf;
	struct virtqueue *vq;

	bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler_irqs_off, NULL,
		     IRQF_TRIGGER_RISING | IRQF_NO_THREAD);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	buf = bank_disarm(bank, 5);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	bank_push_noirq(buf, &status, sizeof(status));

	virtio_device_for_each_vq(kunit_virtio_vdev(bank->kv), vq)
		if (vq->index == BANK_EVENTQ)
			vring_interrupt(0, vq);
	/* The irq core disables them for good when it finds them enabled. */
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
}

/* The event that came while the system was suspended has used up the buffer. */
static void gpio_virtio_irq_resume(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_expect_masked(bank, 5);

	bank_resume_irq(irq->irq);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));

	enable_irq(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 2);
}

/* The new type of an interrupt in use is the one that it has from then on. */
static void gpio_virtio_irq_type_change(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;
	struct bank_irq *irq;
	unsigned int i;

	irq = bank_request_irq(bank, 5, type->linux_type);
	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		if (&irq_types[i] == type)
			continue;

		KUNIT_EXPECT_EQ(test, 0,
				irq_set_irq_type(irq->irq,
						 irq_types[i].linux_type));
		bank_expect_working(bank, 5);
		KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
				irq_types[i].type);
		KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
							  type->linux_type));
		bank_expect_working(bank, 5);
		KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type, type->type);
	}
}

/* No buffer for the new type before the one for the old type is back */
static void gpio_virtio_irq_type_change_late(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_BOTH));
	bank_expect_masked(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);

	/* What comes meanwhile is latched. */
	bank_edge(bank, 5);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_events(bank, 5, 1);
	bank_expect_working(bank, 5);
}

/* An edge waits for the interrupt to be enabled. */
static void bank_disabled_edge(struct bank *bank, struct bank_irq *irq)
{
	struct kunit *test = bank->test;
	int i;

	for (i = 1; i <= 5; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		disable_irq(irq->irq);
		bank_edge(bank, 5);
		bank_settle();
		KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), i - 1);
		enable_irq(irq->irq);
		KUNIT_ASSERT_EQ(test, bank_events(bank, 5, i), i);
	}
}

/* A level that is still there is an event then; one that is gone is none. */
static void bank_disabled_level(struct bank *bank, struct bank_irq *irq)
{
	struct kunit *test = bank->test;

	disable_irq(irq->irq);
	bank_activate(bank, 5, 1);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	enable_irq(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	disable_irq(irq->irq);
	bank_activate(bank, 5, 1);
	bank_activate(bank, 5, 0);
	enable_irq(irq->irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
}

/* To disable and to enable an interrupt takes no requests and loses nothing. */
static void gpio_virtio_irq_disabled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;
	struct bank_irq *irq;

	irq = bank_request_irq(bank, 5, type->linux_type);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, NULL);
	if (irq_type_is_level(type))
		bank_disabled_level(bank, irq);
	else
		bank_disabled_edge(bank, irq);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

static void gpio_virtio_irq_immutable_chip(struct kunit *test)
{
	bank_watch(test, "not an immutable chip");
	bank_start(test, BANK_PARAMS(8));
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

/* The device takes its time with one line, and another one's thread ends. */
static void gpio_virtio_irq_slow_line(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_call *slow;
	struct bank_irq *irq;

	irq = bank_add_irq(bank, gpiod_to_irq(desc), NULL, bank_irq_handler,
			   IRQF_TRIGGER_RISING | IRQF_ONESHOT);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_get_line(bank, 6, GPIOD_IN);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	slow = bank_call(bank, bank_call_request_irq, 6);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));

	bank_expect_working(bank, 5);
	bank_release_irq(irq);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(slow->task, 0));

	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_answer_all(bank);
	bank_call_expect(slow, 0);
}

static int bank_call_disable_irq(void *data)
{
	struct bank_call *call = data;
	int irq = bank_irq_number(call->bank, call->gpio);

	disable_irq_nosync(irq);
	synchronize_irq(irq);

	return 0;
}

/*
 * While one thread waits for the device, others may call what the irq core
 * offers in any context, for the same line. The thread of a handler ends with
 * such a call.
 */
static void gpio_virtio_irq_nosync(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_call *slow, *quick;
	struct bank_irq *irq;

	reinit_completion(&bank_irq_go);
	irq = bank_add_irq(bank, gpiod_to_irq(desc), NULL,
			   bank_irq_waiting_thread,
			   IRQF_TRIGGER_RISING | IRQF_ONESHOT);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_complete,
							   &bank_irq_go));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_edge(bank, 5);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	slow = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));

	quick = bank_call(bank, bank_call_disable_irq, 5);
	bank_expect_waiting(quick);
	complete_all(&bank_irq_go);
	bank_call_expect(quick, 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(slow->task, 0));

	bank_answer_all(bank);
	bank_call_expect(slow, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	enable_irq(irq->irq);
	bank_expect_events(bank, 5, 1);
	bank_expect_working(bank, 5);
}

static int bank_call_resume_and_disable(void *data)
{
	struct bank_call *call = data;
	int irq = bank_irq_number(call->bank, call->gpio);

	bank_resume_irq(irq);
	disable_irq_nosync(irq);

	return 0;
}

/* The irq core asks for an event again when the system resumes. */
static void gpio_virtio_irq_retrigger(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct irq_data *d = irq_get_irq_data(irq->irq);

	/* What is from before the first event is not of this user. */
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_EQ(test, irq_data_get_irq_chip(d)->irq_retrigger(d), 1);
	bank_expect_events(bank, 5, 0);
	bank_expect_working(bank, 5);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_EQ(test, irq_data_get_irq_chip(d)->irq_retrigger(d), 1);
	bank_expect_events(bank, 5, 2);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 3);
}

static void bank_retrigger_and_shutdown(int irq)
{
	struct irq_data *d = irq_get_irq_data(irq);
	struct irq_chip *chip = irq_data_get_irq_chip(d);

	chip->irq_bus_lock(d);
	chip->irq_retrigger(d);
	chip->irq_shutdown(d);
	chip->irq_bus_sync_unlock(d);
}

/* What the driver has kept for one user of an interrupt is not for the next. */
static void gpio_virtio_irq_retrigger_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int number = bank_to_irq(bank, 5);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, number, bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_retrigger_and_shutdown(number);
	bank_release_irq(irq);
	bank_add_irq(bank, number, bank_irq_handler, NULL, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	bank_expect_working(bank, 5);
}

/* A buffer that cannot be added is tried again, although nothing happens. */
static void gpio_virtio_irq_cannot_be_added(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	kunit_virtio_fail_maps(bank->kv, 1);
	bank_edge(bank, 5);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
}

/* A thread that has had the system resume may disable interrupts as well. */
static void gpio_virtio_irq_resume_nosync(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct bank_call *slow;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	slow = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_call_expect(bank_call(bank, bank_call_resume_and_disable, 5), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(slow->task, 0));

	bank_answer_all(bank);
	bank_call_expect(slow, 0);
	enable_irq(irq->irq);
	bank_expect_working(bank, 5);
}

/* disable_irq_nosync() is for any context. */
static void gpio_virtio_irq_nosync_atomic(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_watch_log(test);
	scoped_guard(irqsave)
		disable_irq_nosync(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_splats_seen(test), 0);
	bank_edge(bank, 5);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[5].events), 0);
	enable_irq(irq->irq);
	bank_expect_events(bank, 5, 1);
	bank_expect_working(bank, 5);
}

/* What the device latched before it got the first buffer */
static bool bank_latch_on_type(struct bank *bank, struct kunit_virtio_buf *buf,
			       const struct virtio_gpio_request *req)
{
	u16 gpio = le16_to_cpu(req->gpio);

	if (req->type != cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE))
		return false;

	bank_set_irq_type(bank, gpio, le32_to_cpu(req->value));
	bank_edge(bank, gpio);
	bank_reply(buf, VIRTIO_GPIO_STATUS_OK, 0);

	return true;
}

static void gpio_virtio_irq_latched(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;
	int latched = !irq_type_is_level(type);

	bank_set_override(bank, bank_latch_on_type);
	bank_request_irq(bank, 5, type->linux_type);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, latched), latched);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), latched + 1);
}

/* The handler runs as long as there is something for it to do. */
static void gpio_virtio_irq_still_active(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;

	bank_request_irq(bank, 5, type->linux_type);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_activate(bank, 5, 100);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 100), 100);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 101);
	KUNIT_EXPECT_EQ(test, bank->lines[5].fired, 101);
}

/* An interrupt that is masked until its thread has run */
static irqreturn_t bank_irq_thread(int irq, void *data)
{
	struct bank *bank = data;
	u16 gpio = irqd_to_hwirq(irq_get_irq_data(irq));

	usleep_range(900, 1100);
	if (READ_ONCE(bank->lines[gpio].armed))
		bank_breach(bank, "interrupt unmasked before its thread ended");

	return bank_irq_handler(irq, data);
}

static void gpio_virtio_irq_oneshot(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	const struct irq_type *type = test->param_value;

	bank_add_irq(bank, gpiod_to_irq(desc), NULL, bank_irq_thread,
		     type->linux_type | IRQF_ONESHOT);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_activate(bank, 5, 10);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 10), 10);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 11);
}

static int bank_call_irq_rounds(void *data)
{
	struct bank_call *call = data;
	struct bank *bank = call->bank;
	int irq = bank_to_irq(bank, call->gpio);
	bool ok = true;
	int i, ret;

	for (i = 1; ok && i <= 40 && READ_ONCE(call->rounds); i++) {
		ret = request_irq(irq, bank_irq_handler, IRQF_TRIGGER_RISING,
				  "kunit", bank);
		if (ret)
			return ret;
		ok = bank_armed(bank, call->gpio, true);
		bank_edge(bank, call->gpio);
		ok = ok && bank_events(bank, call->gpio, i) == i;
		free_irq(irq, bank);
	}

	return ok ? 0 : -EBADMSG;
}

/* The interrupts of different lines come and go, and do not mind each other. */
static void gpio_virtio_irq_8_threads(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 8,
							 .eventq = 8));
	struct bank_call *call[8];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call_stoppable(bank, bank_call_irq_rounds, i);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 0);
	bank_settle();
	for (i = 0; i < ARRAY_SIZE(call); i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[i].events),
				bank->lines[i].fired);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* Sixty-four lines fire at once, and one notification unmasks them all. */
static void gpio_virtio_irq_burst(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(64));
	const u8 status = VIRTIO_GPIO_IRQ_STATUS_VALID;
	unsigned int i, before;

	for (i = 0; i < 64; i++)
		bank_request_irq(bank, i, IRQF_TRIGGER_RISING | IRQF_NO_THREAD);
	for (i = 0; i < 64; i++)
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));

	before = kunit_virtio_notifications(bank->kv, BANK_EVENTQ);
	for (i = 0; i < 64; i++) {
		struct kunit_virtio_buf *buf = bank_disarm(bank, i);

		bank_push_noirq(buf, &status, sizeof(status));
	}
	kunit_virtio_interrupt(bank->kv, BANK_EVENTQ);

	for (i = 0; i < 64; i++) {
		KUNIT_ASSERT_EQ(test, bank_events(bank, i, 1), 1);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
	}
	KUNIT_EXPECT_EQ(test, 1, -before +
			kunit_virtio_notifications(bank->kv, BANK_EVENTQ));
}

/* The device fires as fast as it can. Everything else goes on meanwhile. */
static void gpio_virtio_irq_storm(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_line *line = &bank->lines[0];
	const struct irq_type *type = test->param_value;
	int i, before;

	bank_request_irq(bank, 0, type->linux_type);
	bank_request_irq(bank, 1, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 0, true));
	bank_activate(bank, 0, INT_MAX);
	before = bank_events(bank, 0, 100);
	KUNIT_ASSERT_GE(test, before, 100);

	for (i = 1; i <= 20; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 1, true));
		bank_edge(bank, 1);
		KUNIT_ASSERT_EQ(test, bank_events(bank, 1, i), i);
		KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 2, i & 1), 0);
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), i & 1);
	}

	KUNIT_EXPECT_GT(test, bank_events(bank, 0, before + 1), before);
	atomic_set(&line->active, 0);
	bank_settle();
	bank_expect_working(bank, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&line->events), line->fired);
}

/* A storm ends when its interrupt is freed, and there may be another one. */
static void gpio_virtio_irq_storm_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_line *line = &bank->lines[0];
	struct bank_irq *irq;
	int events, i;

	irq = bank_request_irq(bank, 0, IRQF_TRIGGER_HIGH);
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 0, true));
		bank_activate(bank, 0, INT_MAX);
		events = atomic_read(&line->events) + 20;
		KUNIT_ASSERT_GE(test, bank_events(bank, 0, events), events);
		bank_release_irq(irq);
		events = atomic_read(&line->events);
		bank_settle();
		KUNIT_EXPECT_EQ(test, line->irq_type,
				VIRTIO_GPIO_IRQ_TYPE_NONE);
		KUNIT_EXPECT_NULL(test, line->armed);
		KUNIT_EXPECT_EQ(test, atomic_read(&line->events), events);

		bank_activate(bank, 0, 0);
		irq = bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
				   IRQF_TRIGGER_HIGH);
	}
	bank_expect_working(bank, 0);
}

/**
 * struct bank_user - what is to be expected of a line's interrupt
 * @bank: the bank
 * @gpio: the line
 * @number: number of the interrupt
 * @irq: the interrupt; NULL while it is free
 * @type: its trigger type, an index
 * @depth: how often it was disabled
 * @latched: the device has an event that it could not report yet
 * @pending: the irq core has one that it could not report yet
 * @events: how often the handler has run
 */
struct bank_user {
	struct bank *bank;
	u16 gpio;
	int number;
	struct bank_irq *irq;
	unsigned int type;
	unsigned int depth;
	bool latched;
	bool pending;
	int events;
};

#define BANK_USERS	4

static void bank_add_users(struct bank *bank, struct bank_user *user)
{
	unsigned int i;

	for (i = 0; i < BANK_USERS; i++) {
		user[i].bank = bank;
		user[i].gpio = i;
		user[i].number = gpiod_to_irq(bank_get_line(bank, i, GPIOD_IN));
	}
}

static void bank_user_request(struct bank_user *user)
{
	user->irq = bank_add_irq(user->bank, user->number, bank_irq_handler,
				 NULL, irq_types[user->type].linux_type);
	user->depth = 0;
}

static void bank_user_free(struct bank_user *user)
{
	bank_release_irq(user->irq);
	user->irq = NULL;
}

static void bank_user_disable(struct bank_user *user)
{
	/* Both are the same where no handler is running. */
	if (user->depth++ & 1)
		disable_irq_nosync(user->number);
	else
		disable_irq(user->number);
}

static void bank_user_enable(struct bank_user *user)
{
	user->depth--;
	enable_irq(user->number);
}

/* There are three types for edges. */
static void bank_user_change_type(struct bank_user *user)
{
	user->type = (user->type + 1) % 3;
	KUNIT_EXPECT_EQ(user->bank->test, 0,
			irq_set_irq_type(user->number,
					 irq_types[user->type].linux_type));
}

/* One step of what the user of an interrupt may do at this point */
static void bank_user_step(struct bank_user *user, unsigned int step)
{
	switch (step % 4) {
	case 0:
		if (user->irq)
			bank_user_disable(user);
		break;
	case 1:
		if (user->irq && user->depth)
			bank_user_enable(user);
		break;
	case 2:
		bank_user_change_type(user);
		if (user->irq)
			user->latched = false;
		break;
	case 3:
		if (user->irq) {
			bank_user_free(user);
			user->latched = false;
		} else {
			bank_user_request(user);
		}
		break;
	}
}

/* One step of what the device may do */
static void bank_device_step(struct bank_user *user, unsigned int step)
{
	struct bank_line *line = &user->bank->lines[user->gpio];

	switch (step % 4) {
	case 0:
		line->late = !line->late;
		break;
	case 1:
		bank_return_late(user->bank, user->gpio,
				 VIRTIO_GPIO_IRQ_STATUS_INVALID);
		break;
	default:
		bank_edge(user->bank, user->gpio);
		if (user->irq)
			user->latched = true;
		break;
	}
}

/* Wait until the irq core has masked an interrupt that fires while disabled. */
static bool bank_masked(int number)
{
	struct irq_data *d = irq_get_irq_data(number);
	bool masked;

	return !read_poll_timeout(irqd_irq_masked, masked, masked, BANK_POLL_US,
				  BANK_WAIT_MS * USEC_PER_MSEC, false, d);
}

/*
 * Follow an event: the device reports it if it has a buffer for that, which
 * needs an interrupt that is not masked. The irq core masks one that fires
 * while it is disabled, and runs the handler when it is enabled again. It does
 * not forget that if the interrupt is freed, so the next user may get one more.
 */
static void bank_user_expect(struct bank_user *user, bool requested)
{
	struct bank_line *line = &user->bank->lines[user->gpio];
	struct kunit *test = user->bank->test;
	bool armed;
	int events;

	if (requested && user->pending) {
		bank_settle();
		events = atomic_read(&line->events);
		KUNIT_ASSERT_LE(test, events - user->events, 1);
		user->pending = false;
		user->events = max(user->events, events);
	}

	if (user->irq && !user->depth && user->pending) {
		user->pending = false;
		user->events++;
	}
	if (user->irq && user->latched && !user->pending && !line->retiring) {
		user->latched = false;
		user->pending = user->depth;
		user->events += !user->depth;
		/* A type that is changed before that drops the event. */
		if (user->pending)
			KUNIT_ASSERT_TRUE(test, bank_masked(user->number));
	}

	armed = user->irq && !user->pending && !line->retiring;
	KUNIT_ASSERT_EQ(test, bank_events(user->bank, user->gpio, user->events),
			user->events);
	KUNIT_ASSERT_TRUE_MSG(test, bank_armed(user->bank, user->gpio, armed),
			      "armed %d, depth %u, pending %d, retiring %d",
			      armed, user->depth, user->pending,
			      !!line->retiring);
}

static const unsigned int bank_seeds[] = { 1, 2, 3, 4, 5, 6 };

static void bank_seed_desc(const unsigned int *seed, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "seed %u", *seed);
}

KUNIT_ARRAY_PARAM(bank_seed, bank_seeds, bank_seed_desc);

/* Whatever was done to the interrupts, they are as good as new. */
static void bank_users_end(struct bank_user *user)
{
	unsigned int i;

	for (i = 0; i < BANK_USERS; i++) {
		user[i].bank->lines[i].late = false;
		bank_return_late(user[i].bank, i,
				 VIRTIO_GPIO_IRQ_STATUS_INVALID);
		if (!user[i].irq)
			bank_user_request(&user[i]);
		while (user[i].depth)
			bank_user_enable(&user[i]);
	}

	bank_settle();
	for (i = 0; i < BANK_USERS; i++)
		bank_expect_working(user->bank, i);
}

/*
 * Request, free, enable, disable, change the type, in any order, while events
 * come and the device is late to return buffers: no event gets lost, none comes
 * out of nothing, and the interrupt is armed whenever it should be.
 */
static void gpio_virtio_irq_any_order(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(BANK_USERS));
	const unsigned int *seed = test->param_value;
	struct bank_user user[BANK_USERS] = { };
	struct rnd_state rnd;
	unsigned int i;

	bank_add_users(bank, user);
	prandom_seed_state(&rnd, *seed);
	for (i = 0; i < 400; i++) {
		struct bank_user *u = &user[prandom_u32_state(&rnd) %
					    BANK_USERS];
		bool requested = !u->irq;

		if (prandom_u32_state(&rnd) & 1)
			bank_user_step(u, prandom_u32_state(&rnd) >> 8);
		else
			bank_device_step(u, prandom_u32_state(&rnd) >> 8);
		bank_user_expect(u, requested && u->irq);
	}

	bank_settle();
	for (i = 0; i < BANK_USERS; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[i].events),
				user[i].events);
	bank_users_end(user);
}

/* Edges on all lines, until somebody stops them */
static int bank_call_all_edges(void *data)
{
	struct bank_call *call = data;
	struct bank *bank = call->bank;
	unsigned int i;

	for (i = 0; READ_ONCE(call->rounds); i++) {
		bank_edge(bank, i % bank->params.ngpio);
		if (i % 7 == 0)
			usleep_range(20, 40);
		cond_resched();
	}

	return 0;
}

/*
 * The same while events come at any time. Some get lost when the type changes or
 * the interrupt is freed, but none comes out of nothing.
 */
static void gpio_virtio_irq_any_order_at_once(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(BANK_USERS));
	const unsigned int *seed = test->param_value;
	struct bank_user user[BANK_USERS] = { };
	struct bank_call *edges;
	struct rnd_state rnd;
	unsigned int i;

	bank_add_users(bank, user);
	prandom_seed_state(&rnd, *seed);
	edges = bank_call_stoppable(bank, bank_call_all_edges, 0);
	for (i = 0; i < 1000; i++) {
		bank_user_step(&user[prandom_u32_state(&rnd) % BANK_USERS],
			       prandom_u32_state(&rnd) >> 8);
		if (prandom_u32_state(&rnd) % 8 == 0)
			usleep_range(100, 200);
	}
	bank_call_stop(edges);
	bank_call_expect(edges, 0);

	bank_users_end(user);
	for (i = 0; i < BANK_USERS; i++) {
		KUNIT_EXPECT_GT(test, atomic_read(&bank->lines[i].events), 1);
		KUNIT_EXPECT_LE(test, atomic_read(&bank->lines[i].events),
				bank->lines[i].fired);
	}
}

static struct kunit_case gpio_virtio_irq_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_irq_life, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_event_during_add),
	KUNIT_CASE(gpio_virtio_irq_type_before_request),
	KUNIT_CASE(gpio_virtio_irq_type_refused),
	KUNIT_CASE(gpio_virtio_irq_type_refused_and_freed),
	KUNIT_CASE(gpio_virtio_irq_type_malformed),
	KUNIT_CASE(gpio_virtio_irq_none_refused),
	KUNIT_CASE(gpio_virtio_irq_no_type_freed),
	KUNIT_CASE(gpio_virtio_irq_no_autoenable),
	KUNIT_CASE(gpio_virtio_irq_type_unknown),
	KUNIT_CASE(gpio_virtio_irq_only_user),
	KUNIT_CASE(gpio_virtio_irq_only_user_refused),
	KUNIT_CASE(gpio_virtio_irq_of_output),
	KUNIT_CASE(gpio_virtio_irq_of_former_output),
	KUNIT_CASE(gpio_virtio_irq_outlives_gpio),
	KUNIT_CASE(gpio_virtio_irq_gpio_outlives),
	KUNIT_CASE(gpio_virtio_irq_free_does_not_wait),
	KUNIT_CASE(gpio_virtio_irq_free_without_a_tag),
	KUNIT_CASE(gpio_virtio_irq_requested_before_return),
	KUNIT_CASE(gpio_virtio_irq_freed_before_return),
	KUNIT_CASE(gpio_virtio_irq_returned_valid),
	KUNIT_CASE_PARAM(gpio_virtio_irq_bad_event, bad_event_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_irq_8_bad_events, bad_event_gen_params),
	KUNIT_CASE(gpio_virtio_irq_bad_events_log_limited),
	KUNIT_CASE(gpio_virtio_irq_bad_events_not_in_a_row),
	KUNIT_CASE_PARAM(gpio_virtio_irq_full_queue, queue_size_gen_params),
	KUNIT_CASE(gpio_virtio_irq_full_queue_storm),
	KUNIT_CASE(gpio_virtio_irq_callback_in_thread),
	KUNIT_CASE(gpio_virtio_irq_resume),
	KUNIT_CASE(gpio_virtio_irq_retrigger),
	KUNIT_CASE(gpio_virtio_irq_retrigger_freed),
	KUNIT_CASE(gpio_virtio_irq_cannot_be_added),
	KUNIT_CASE_PARAM(gpio_virtio_irq_type_change, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_type_change_late),
	KUNIT_CASE_PARAM(gpio_virtio_irq_disabled, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_immutable_chip),
	KUNIT_CASE(gpio_virtio_irq_slow_line),
	KUNIT_CASE(gpio_virtio_irq_nosync),
	KUNIT_CASE(gpio_virtio_irq_nosync_atomic),
	KUNIT_CASE(gpio_virtio_irq_resume_nosync),
	KUNIT_CASE_PARAM(gpio_virtio_irq_latched, irq_type_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_irq_still_active, irq_type_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_irq_oneshot, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_8_threads),
	KUNIT_CASE(gpio_virtio_irq_burst),
	KUNIT_CASE_PARAM(gpio_virtio_irq_storm, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_storm_freed),
	KUNIT_CASE_PARAM(gpio_virtio_irq_any_order, bank_seed_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_irq_any_order_at_once,
			 bank_seed_gen_params),
	KUNIT_CASE_SLOW(gpio_virtio_irq_line_65534),
	{}
};

static struct kunit_suite gpio_virtio_irq_suite = {
	.name = "gpio_virtio_irq",
	.test_cases = gpio_virtio_irq_cases,
};

kunit_test_suites(&gpio_virtio_irq_suite);
