// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of bugs of the virtio GPIO driver of Linux 7.3 that are fixed
 * for stable. The cases ask for nothing that only a later driver does. The
 * model is a strict device: it refuses a trigger type for an interrupt that is
 * enabled, with the same type or another.
 */

#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/gfp.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/virtio.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

KUNIT_ARRAY_PARAM_DESC(bad_event, bad_events, name);

static void bank_expect_edges(struct bank *bank, u16 gpio, int edges)
{
	int i;

	for (i = 0; i < edges; i++)
		bank_expect_working(bank, gpio);
}

/* As the irq core does when the system suspends: without locking the bus */
static void bank_suspend_irq(int irq)
{
	struct irq_data *d = irq_get_irq_data(irq);
	struct irq_chip *chip = irq_data_get_irq_chip(d);

	guard(irqsave)();
	if (chip->irq_disable)
		chip->irq_disable(d);
	else
		chip->irq_mask(d);
}

/* Nothing is enabled yet, so nothing may be queued. */
static void gpio_virtio_fixes_type_after_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_RISING));
	bank_expect_edges(bank, 5, 3);
}

static void gpio_virtio_fixes_type_unchanged(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_RISING));
	bank_expect_edges(bank, 5, 3);
}

/* The thread of the handler is what tells the device after the resume. */
static void gpio_virtio_fixes_resume_threaded(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, gpiod_to_irq(desc), NULL, bank_irq_handler,
			   IRQF_TRIGGER_RISING | IRQF_ONESHOT);
	bank_expect_edges(bank, 5, 1);
	bank_watch(test, "WARNING: ");
	bank_suspend_irq(irq->irq);
	bank_settle();
	bank_resume_irq(irq->irq);
	bank_expect_edges(bank, 5, 3);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

/* The device takes the type, or another one, later. */
static void bank_refuse_first_type(struct kunit *test, unsigned int next)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_set_override(bank, bank_refuse_irq_type);
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq, next));
	bank_expect_edges(bank, 5, 3);
}

static void gpio_virtio_fixes_type_refused(struct kunit *test)
{
	bank_refuse_first_type(test, IRQ_TYPE_EDGE_FALLING);
}

static void gpio_virtio_fixes_type_refused_once(struct kunit *test)
{
	bank_refuse_first_type(test, IRQ_TYPE_EDGE_RISING);
}

/*
 * A device that does not know of resets has the interrupt enabled from before
 * probe, and refuses an unchanged type.
 */
static void gpio_virtio_fixes_type_from_before(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank->lines[5].irq_type = VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING;
	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_expect_edges(bank, 5, 3);
}

/* The model notes it if the line is freed while its interrupt is enabled. */
static void gpio_virtio_fixes_line_freed_first(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	int number = gpiod_to_irq(desc);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, number, bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_expect_edges(bank, 5, 1);
	bank_put_line(bank, desc);
	bank_expect_edges(bank, 5, 1);
	bank_release_irq(irq);

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_expect_edges(bank, 5, 3);
}

/* Somebody else looks at a line that is in use as an interrupt only. */
static void gpio_virtio_fixes_line_of_other(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 5), 0);
	bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
		     IRQF_TRIGGER_RISING);
	bank_expect_edges(bank, 5, 1);
	bank_put_line(bank, bank_get_line(bank, 5, GPIOD_IN));
	bank_expect_edges(bank, 5, 3);
}

/* The buffer for the old type comes back before the new type is set, or after. */
static void bank_change_type(struct kunit *test, bool late)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	bank->lines[5].late = late;
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_edges(bank, 5, 3);
}

static void gpio_virtio_fixes_type_changed(struct kunit *test)
{
	bank_change_type(test, true);
}

static void gpio_virtio_fixes_type_changed_returned(struct kunit *test)
{
	bank_change_type(test, false);
}

/* The interrupt keeps its type, also when it is disabled and enabled. */
static void bank_refuse_type_change(struct kunit *test, bool late)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	bank_set_override(bank, bank_refuse_falling);
	bank->lines[5].late = late;
	irq_set_irq_type(irq->irq, IRQ_TYPE_EDGE_FALLING);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_edges(bank, 5, 2);

	bank->lines[5].late = false;
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	bank_expect_edges(bank, 5, 2);
}

static void gpio_virtio_fixes_type_change_refused(struct kunit *test)
{
	bank_refuse_type_change(test, true);
}

static void gpio_virtio_fixes_type_change_refused_returned(struct kunit *test)
{
	bank_refuse_type_change(test, false);
}

/* The device keeps its state, and the system was woken by something else. */
static void gpio_virtio_fixes_edge_in_suspend(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	bank_suspend_irq(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	bank_resume_irq(irq->irq);
	bank_settle();
	bank_expect_edges(bank, 5, 2);
}

/* While the device has the buffer, and returns it in its own time */
static void gpio_virtio_fixes_disable_and_enable(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	bank->lines[5].late = true;
	bank_watch(test, "WARNING: ");
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_edges(bank, 5, 3);
}

static void gpio_virtio_fixes_returned_when_disabled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	disable_irq(irq->irq);
	bank_settle();
	enable_irq(irq->irq);
	bank_expect_edges(bank, 5, 3);
}

/* What a device that does not stop with it has to say, and how often it did */
struct bank_bad_events {
	struct bank *bank;
	const struct bad_event *bad;
	atomic_t returns;
	atomic_t good;
};

static void bank_return_badly(struct kunit_virtio_buf *buf, void *data)
{
	struct bank_bad_events *events = data;

	if (atomic_read(&events->good)) {
		bank_unmask(buf, events->bank);
		return;
	}
	atomic_inc(&events->returns);
	kunit_virtio_write(buf, &events->bad->status, sizeof(u8));
	kunit_virtio_push(buf, events->bad->len);
}

/* The driver asks once a poll at most, and the interrupt works once the device does. */
static void gpio_virtio_fixes_bad_event(struct kunit *test)
{
	struct bank_bad_events *events;
	struct bank_irq *irq;
	unsigned long start;
	unsigned int returns;
	struct bank *bank;

	/* Events may come until the device is gone, so this has to be there before. */
	events = kunit_kzalloc(test, sizeof(*events), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, events);
	bank = bank_start(test, BANK_PARAMS(8));
	events->bank = bank;
	events->bad = test->param_value;
	kunit_virtio_serve(bank->kv, BANK_EVENTQ, bank_return_badly, events);

	bank_watch(test, "WARNING: ");
	start = jiffies;
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_settle();
	returns = atomic_read(&events->returns);
	/* And twice at once */
	KUNIT_EXPECT_LE(test, returns, 3 + jiffies_to_msecs(jiffies - start) /
				       virtio_gpio_poll_ms);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);

	atomic_set(&events->good, 1);
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	bank_expect_edges(bank, 5, 3);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

static void gpio_virtio_fixes_break_with_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call = bank_call_held(bank, bank_call_get, 3);

	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(call, -ENODEV);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 3), -ENODEV);
}

static void gpio_virtio_fixes_unbind_with_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call = bank_call_held(bank, bank_call_get, 3);

	bank_call_expect(bank_call(bank, bank_call_unbind, 0), 0);
	bank_call_expect(call, -ENODEV);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* The device has not returned the buffers of interrupts when it is reset. */
static void gpio_virtio_fixes_unbind_with_irq(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16));
	unsigned int i;

	for (i = 0; i < 16; i++) {
		KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, i), 0);
		bank->lines[i].late = true;
	}
	bank_arm_16_lines(bank);
	bank_call_expect(bank_call(bank, bank_call_unbind, 0), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
}

/* With the status byte that is 0 bytes in 32 bits, or too many for a warning. */
static void gpio_virtio_fixes_names_size(struct kunit *test)
{
	static const u32 sizes[] = { 0xffffffff, 0x10000000 };
	unsigned int i;

	bank_watch(test, "WARNING: ");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct bank *bank;

		bank = bank_alloc(test, BANK_PARAMS(8, .names_size = sizes[i]));
		KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
		KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
		bank_find_chip(bank);
		KUNIT_EXPECT_NULL(test, bank->gc->names);
		KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_GET_NAMES),
				0);
	}
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

static struct kunit_case gpio_virtio_fixes_cases[] = {
	KUNIT_CASE(gpio_virtio_fixes_names_size),
	KUNIT_CASE(gpio_virtio_fixes_type_after_request),
	KUNIT_CASE(gpio_virtio_fixes_type_unchanged),
	KUNIT_CASE(gpio_virtio_fixes_resume_threaded),
	KUNIT_CASE(gpio_virtio_fixes_type_refused),
	KUNIT_CASE(gpio_virtio_fixes_type_refused_once),
	KUNIT_CASE(gpio_virtio_fixes_type_from_before),
	KUNIT_CASE(gpio_virtio_fixes_line_freed_first),
	KUNIT_CASE(gpio_virtio_fixes_line_of_other),
	KUNIT_CASE(gpio_virtio_fixes_type_changed),
	KUNIT_CASE(gpio_virtio_fixes_type_changed_returned),
	KUNIT_CASE(gpio_virtio_fixes_type_change_refused),
	KUNIT_CASE(gpio_virtio_fixes_type_change_refused_returned),
	KUNIT_CASE(gpio_virtio_fixes_edge_in_suspend),
	KUNIT_CASE(gpio_virtio_fixes_disable_and_enable),
	KUNIT_CASE(gpio_virtio_fixes_returned_when_disabled),
	KUNIT_CASE_PARAM(gpio_virtio_fixes_bad_event, bad_event_gen_params),
	KUNIT_CASE(gpio_virtio_fixes_break_with_request),
	KUNIT_CASE(gpio_virtio_fixes_unbind_with_request),
	KUNIT_CASE(gpio_virtio_fixes_unbind_with_irq),
	{}
};

static struct kunit_suite gpio_virtio_fixes_suite = {
	.name = "gpio_virtio_fixes",
	.test_cases = gpio_virtio_fixes_cases,
};

kunit_test_suites(&gpio_virtio_fixes_suite);
