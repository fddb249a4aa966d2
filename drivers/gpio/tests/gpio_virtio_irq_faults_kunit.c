// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the interrupts of the virtio GPIO driver in the contexts that
 * their users have, and of the log with devices that do what they should not,
 * time and again.
 */

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqchip/chained_irq.h>
#include <linux/irqdesc.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

/* Interrupts in the contexts that their users have */

static struct task_struct *bank_enabling;
static bool bank_handler_in_caller;

static irqreturn_t bank_irq_context_handler(int irq, void *data)
{
	if (READ_ONCE(bank_enabling) == current && !in_hardirq())
		bank_handler_in_caller = true;

	return bank_irq_handler(irq, data);
}

/* enable_irq() with an edge pending does not call the handler by itself. */
static void gpio_virtio_context_enable(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_context_handler,
			   NULL, IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
	bank_handler_in_caller = false;
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	WRITE_ONCE(bank_enabling, current);
	enable_irq(irq->irq);
	WRITE_ONCE(bank_enabling, NULL);
	KUNIT_EXPECT_FALSE(test, bank_handler_in_caller);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 2), 2);
}

static DEFINE_SPINLOCK(bank_user_lock);

/* As uio_pdrv_genirq: the handler takes the lock that its caller holds. */
static irqreturn_t bank_irq_locking_handler(int irq, void *data)
{
	scoped_guard(spinlock_irqsave, &bank_user_lock)
		disable_irq_nosync(irq);

	return bank_irq_handler(irq, data);
}

static void gpio_virtio_context_user_lock(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;
	unsigned int i;

	bank_watch_log(test);
	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_locking_handler,
			   NULL, IRQF_TRIGGER_RISING);
	for (i = 1; i <= 4; i++) {
		bank_settle();
		bank_edge(bank, 5);
		bank_settle();
		scoped_guard(spinlock_irqsave, &bank_user_lock)
			enable_irq(irq->irq);
	}
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 4), 4);
	disable_irq(irq->irq);
	while (irqd_irq_disabled(irq_get_irq_data(irq->irq)))
		enable_irq(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_splats_seen(test), 0);
}

/* No handler takes this one. */
static DEFINE_SPINLOCK(bank_plain_lock);

/* enable_irq() with interrupts off does not make a later call sleep. */
static void gpio_virtio_context_stale_waiter(struct kunit *test)
{
	struct bank *bank;
	struct bank_irq *irq;

	if (!IS_ENABLED(CONFIG_DEBUG_ATOMIC_SLEEP))
		kunit_skip(test, "needs CONFIG_DEBUG_ATOMIC_SLEEP");

	bank = bank_start(test, BANK_PARAMS(8));
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING | IRQF_NO_AUTOEN);
	bank_watch_log(test);
	scoped_guard(irqsave)
		enable_irq(irq->irq);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	scoped_guard(spinlock, &bank_plain_lock)
		disable_irq_nosync(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_splats_seen(test), 0);
	enable_irq(irq->irq);
	bank_expect_working(bank, 5);
}

static void bank_chained_handler(struct irq_desc *desc)
{
	struct irq_chip *chip = irq_desc_get_chip(desc);
	struct bank *bank = irq_desc_get_handler_data(desc);

	chained_irq_enter(chip, desc);
	atomic_inc(&bank->events);
	chained_irq_exit(chip, desc);
}

/* The device is told of chained handlers, which request no resources. */
static void gpio_virtio_context_chained(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);

	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_EDGE_RISING), 0);
	irq_set_chained_handler_and_data(irq, bank_chained_handler, bank);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	bank_edge(bank, 5);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
	irq_set_chained_handler_and_data(irq, NULL, NULL);
}

/* Somebody else requests and frees the line of a chained handler. */
static void gpio_virtio_context_chained_line_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);

	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_EDGE_RISING), 0);
	irq_set_chained_handler_and_data(irq, bank_chained_handler, bank);
	KUNIT_ASSERT_EQ(test, bank->gc->request(bank->gc, 5), 0);
	bank->gc->free(bank->gc, 5);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction, VIRTIO_GPIO_DIRECTION_IN);
	bank_edge(bank, 5);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
	irq_set_chained_handler_and_data(irq, NULL, NULL);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 5, 1), 0);

	/* Once more, which does not start the interrupt in the irq core */
	irq_set_chained_handler_and_data(irq, bank_chained_handler, bank);
	bank_settle();
	bank_edge(bank, 5);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 2);
	irq_set_chained_handler_and_data(irq, NULL, NULL);
}

/* An edge that was pending when an interrupt was freed is not for the next. */
static void gpio_virtio_context_next_user(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	bank_release_irq(irq);
	bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
		     IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[5].events), 0);
	bank_expect_working(bank, 5);
}

/* The reply to a type is seen before an event of the type before. */
static void gpio_virtio_context_old_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_push_event_noirq(bank, 5);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	kunit_virtio_interrupt(bank->kv, BANK_EVENTQ);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[5].events), 0);
	bank_expect_working(bank, 5);
}

/* request_irq() is killed, and the device answers after that. */
static void gpio_virtio_context_late_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);
	struct bank_call *call;

	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	call = bank_call(bank, bank_call_request_irq_only, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, 0);
	bank_answer_all(bank);
	bank_expect_working(bank, 5);
	free_irq(irq, bank);
}

/* As above, but freed before the answer: first the type, then the direction */
static void gpio_virtio_context_late_type_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);
	struct bank_call *call;

	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	call = bank_call(bank, bank_call_request_irq_only, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, 0);
	free_irq(irq, bank);
	call = bank_call(bank, bank_call_output_high, 5);
	bank_settle();
	/* Others do not have to wait. */
	KUNIT_EXPECT_EQ(test, bank->gc->direction_input(bank->gc, 6), 0);
	bank_expect_waiting(call);
	bank_answer_all(bank);
	bank_call_expect(call, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
}

/*
 * The device accepts a type, and has an edge for it right away. It uses the
 * buffers for that which it did not return when the interrupt was disabled.
 */
static bool bank_edge_at_type(struct bank *bank, struct kunit_virtio_buf *buf,
			      const struct virtio_gpio_request *req)
{
	if (req->type != cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) || !req->value)
		return false;

	bank_model(bank, buf, req);
	bank_return_late(bank, le16_to_cpu(req->gpio),
			 VIRTIO_GPIO_IRQ_STATUS_VALID);

	return true;
}

/* The event comes before the task that waits for the type runs. */
static void gpio_virtio_context_edge_at_accept(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	bank_set_override(bank, bank_edge_at_type);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_expect_events(bank, 5, 1);
	bank_set_override(bank, NULL);
	bank->lines[5].late = false;
	bank_expect_working(bank, 5);
}

/* One line waits after bad events; what others do does not end that. */
static void gpio_virtio_context_backoff_of_others(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *other;
	unsigned long start;
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	other = bank_request_irq(bank, 6, IRQF_TRIGGER_RISING);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		start = jiffies;
		bank_event(bank_disarm(bank, 5), VIRTIO_GPIO_IRQ_STATUS_INVALID);
	}
	scoped_guard(spinlock_irqsave, &bank_user_lock) {
		disable_irq_nosync(other->irq);
		enable_irq(other->irq);
	}
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start),
			virtio_gpio_poll_ms / 2);
}

/* The driver goes while a task waits for a type. */
static void gpio_virtio_context_unplug_in_set_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct bank_call *type;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	type = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(type);
	bank_release_irq(irq);
	bank_call_expect(bank_call(bank, bank_call_unplug, 0), 0);
	bank_call_expect(type, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* What waits for the device in the irq core ends with its next poll at the latest. */
static void bank_unplug_in(struct bank *bank, int (*fn)(void *data), int ret)
{
	struct kunit *test = bank->test;
	struct bank_call *call;

	bank_to_irq(bank, 5);
	virtio_gpio_poll_ms = 1000;
	call = bank_call_held(bank, fn, 5);
	bank_call_expect(bank_call(bank, bank_call_unplug, 0), 0);
	bank_call_expect(call, ret);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* As the device has refused to tell the direction, request_irq() asks again. */
static void gpio_virtio_context_unplug_in_request_irq(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank_set_override(bank, bank_refuse);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);
	bank_unplug_in(bank, bank_call_request_irq_only, -ENODEV);
}

static int bank_call_chain(void *data)
{
	struct bank_call *call = data;

	irq_set_chained_handler_and_data(bank_irq_number(call->bank, call->gpio),
					 bank_chained_handler, call->bank);

	return 0;
}

static void gpio_virtio_context_unplug_in_chained(struct kunit *test)
{
	bank_unplug_in(bank_start(test, BANK_PARAMS(8)), bank_call_chain, 0);
}

static struct kunit_case gpio_virtio_context_cases[] = {
	KUNIT_CASE(gpio_virtio_context_enable),
	KUNIT_CASE(gpio_virtio_context_user_lock),
	KUNIT_CASE(gpio_virtio_context_stale_waiter),
	KUNIT_CASE(gpio_virtio_context_chained),
	KUNIT_CASE(gpio_virtio_context_chained_line_freed),
	KUNIT_CASE(gpio_virtio_context_next_user),
	KUNIT_CASE(gpio_virtio_context_old_type),
	KUNIT_CASE(gpio_virtio_context_late_type),
	KUNIT_CASE(gpio_virtio_context_late_type_freed),
	KUNIT_CASE(gpio_virtio_context_edge_at_accept),
	KUNIT_CASE(gpio_virtio_context_backoff_of_others),
	KUNIT_CASE(gpio_virtio_context_unplug_in_set_type),
	KUNIT_CASE(gpio_virtio_context_unplug_in_request_irq),
	KUNIT_CASE(gpio_virtio_context_unplug_in_chained),
	{}
};

static struct kunit_suite gpio_virtio_context_suite = {
	.name = "gpio_virtio_context",
	.test_cases = gpio_virtio_context_cases,
};

/* However often a device does what it should not, the log stays short. */

#define BANK_FLOOD	64

static void bank_flood_release(struct bank *bank)
{
	unsigned int i;

	bank_set_override(bank, bank_refuse);
	for (i = 0; i < BANK_FLOOD; i++)
		bank->gc->free(bank->gc, i);
	KUNIT_ASSERT_TRUE(bank->test, bank_logs(bank, BANK_FLOOD));
}

static void bank_flood_direction(struct bank *bank)
{
	unsigned int i;

	for (i = 0; i < BANK_FLOOD; i++) {
		KUNIT_ASSERT_EQ(bank->test, 0,
				bank->gc->direction_input(bank->gc, i));
		bank_set_override(bank, bank_refuse);
		KUNIT_EXPECT_LT(bank->test,
				bank->gc->direction_input(bank->gc, i), 0);
		bank_set_override(bank, NULL);
		bank->lines[i].direction = 3;
		KUNIT_EXPECT_EQ(bank->test, bank_direction(bank, i), -EIO);
	}
}

/*
 * Events with a length or a status that there is not. One that is right comes
 * after each, as a row of them has one message.
 */
static void bank_flood_event(struct bank *bank, const void *status, u32 len)
{
	unsigned int i;

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	for (i = 0; i < BANK_FLOOD; i++) {
		KUNIT_ASSERT_TRUE(bank->test, bank_armed(bank, 2, true));
		bank_push(bank_disarm(bank, 2), status, len);
		KUNIT_ASSERT_TRUE(bank->test, bank_armed(bank, 2, true));
		bank_edge(bank, 2);
	}
}

static void bank_flood_event_length(struct bank *bank)
{
	bank_flood_event(bank, "\x01", 0);
}

static void bank_flood_event_status(struct bank *bank)
{
	bank_flood_event(bank, "\x80", 1);
}

/* The device returns the buffers of an enabled interrupt unused: one row */
static void bank_flood_event_invalid(struct bank *bank)
{
	unsigned int i;

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	for (i = 0; i < 16; i++) {
		KUNIT_ASSERT_TRUE(bank->test, bank_armed(bank, 2, true));
		bank_event(bank_disarm(bank, 2), VIRTIO_GPIO_IRQ_STATUS_INVALID);
	}
}

static void bank_flood_irq_type(struct bank *bank)
{
	struct bank_irq *irq;
	unsigned int i;

	bank_set_override(bank, bank_refuse_irq_type);
	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	for (i = 0; i < BANK_FLOOD; i++)
		irq_set_irq_type(irq->irq, i & 1 ? IRQ_TYPE_EDGE_RISING :
						   IRQ_TYPE_EDGE_FALLING);
}

static void bank_flood_irq_input(struct bank *bank)
{
	int irq = bank->gc->to_irq(bank->gc, 2);
	unsigned int i;

	bank_set_override(bank, bank_refuse);
	for (i = 0; i < BANK_FLOOD; i++) {
		KUNIT_ASSERT_NE(bank->test, 0,
				request_irq(irq, bank_irq_handler,
					    IRQF_TRIGGER_RISING, "kunit",
					    bank));
	}
}

/**
 * struct flood - something that a device does too often
 * @name: what it does
 * @run: has it do so
 * @max: how many messages there may be
 */
struct flood {
	const char *name;
	void (*run)(struct bank *bank);
	int max;
};

static const struct flood floods[] = {
	{ "lines not released", bank_flood_release, BANK_FLOOD / 2 },
	{ "unknown directions", bank_flood_direction, BANK_FLOOD / 2 },
	{ "events of a wrong length", bank_flood_event_length, BANK_FLOOD / 2 },
	{ "events of an unknown status", bank_flood_event_status, BANK_FLOOD / 2 },
	{ "unused buffers", bank_flood_event_invalid, 1 },
	{ "trigger types refused", bank_flood_irq_type, BANK_FLOOD / 2 },
	{ "inputs for interrupts refused", bank_flood_irq_input, BANK_FLOOD / 2 },
};

KUNIT_ARRAY_PARAM_DESC(flood, floods, name);

static void gpio_virtio_flood_log(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(BANK_FLOOD));
	const struct flood *flood = test->param_value;

	bank_watch_log(test);
	flood->run(bank);
	KUNIT_EXPECT_GT(test, bank_complaints_seen(test), 0);
	KUNIT_EXPECT_LE(test, bank_complaints_seen(test), flood->max);
}

static struct kunit_case gpio_virtio_flood_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_flood_log, flood_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_flood_suite = {
	.name = "gpio_virtio_flood",
	.test_cases = gpio_virtio_flood_cases,
};

kunit_test_suites(&gpio_virtio_context_suite, &gpio_virtio_flood_suite);
