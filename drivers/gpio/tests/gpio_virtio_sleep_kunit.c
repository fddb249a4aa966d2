// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver over sleep of the system and a reset
 * of the device: what it brings back, and what becomes of callers meanwhile.
 */

#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gfp.h>
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

/* The system sleeps, or the device is reset, and the driver lives on. */

KUNIT_ARRAY_PARAM_DESC(sleep_kind, sleep_kinds, name);

static int bank_call_down(void *data)
{
	struct bank_call *call = data;
	const struct sleep_kind *kind = call->bank->test->param_value;

	return kind->down(call->bank->kv);
}

/* What the driver sends to come back is in this order. */
static unsigned int bank_replay_rank(const struct virtio_gpio_request *req)
{
	switch (le16_to_cpu(req->type)) {
	case VIRTIO_GPIO_MSG_SET_VALUE:
		return 1;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		return 2;
	case VIRTIO_GPIO_MSG_IRQ_TYPE:
		return 3;
	default:
		return 0;
	}
}

/* The first so many requests, and no others, bring the lines back. */
static void bank_expect_replay(struct bank *bank, unsigned int num)
{
	struct kunit *test = bank->test;
	unsigned int i, rank, last = 1;

	KUNIT_ASSERT_GE(test, bank->num_log, num);
	for (i = 0; i < num; i++) {
		rank = bank_replay_rank(&bank->log[i]);
		KUNIT_EXPECT_GE(test, rank, last);
		last = rank;
	}
}

static bool bank_sees_events(struct bank *bank, int count)
{
	int events;

	read_poll_timeout(atomic_read, events, events >= count, BANK_POLL_US,
			  BANK_WAIT_MS * USEC_PER_MSEC, false, &bank->events);

	return events == count;
}

/* Outputs are back before anything else, at levels they had, and no others. */
static void gpio_virtio_sleep_outputs(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned int i;

	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, 0, bank->gc->direction_output(bank->gc, i,
								    i & 1));
	bank_down(bank);
	bank_up(bank);
	bank_expect_replay(bank, 16);
	for (i = 0; i < 8; i++) {
		bank_expect_output(bank, i, i & 1);
		KUNIT_EXPECT_EQ(test, bank_direction(bank, i),
				GPIO_LINE_DIRECTION_OUT);
	}
	KUNIT_EXPECT_EQ(test, bank->num_log, 16);
}

/* More than the device takes at a time */
static void gpio_virtio_sleep_many_outputs(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test,
					BANK_PARAMS(BANK_LINES, .requestq = 4));
	unsigned int i;

	for (i = 0; i < BANK_LINES; i++)
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, i,
							   bank_pattern(i)));
	bank_down(bank);
	bank_up(bank);
	/* On a slow machine that is not all. */
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 2 * BANK_LINES));
	bank_settle();
	for (i = 0; i < BANK_LINES; i++)
		bank_expect_output(bank, i, bank_pattern(i));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2 * BANK_LINES);
}

/* What the driver has not set it does not set now. */
static void gpio_virtio_sleep_inputs(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 3), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 5, 1), 0);
	bank_down(bank);
	bank->lines[1].value = 1;
	bank_up(bank);
	/* The levels that were accepted, and the inputs */
	KUNIT_EXPECT_EQ(test, bank->num_log, 4);
	bank_expect_log(bank, 2, "\x03\x00\x01\x00\x02\x00\x00\x00");
	bank_expect_log(bank, 3, "\x03\x00\x03\x00\x02\x00\x00\x00");
	bank_call_expect(bank_call(bank, bank_call_get, 1), 1);
}

static bool bank_refuse_line_3(struct bank *bank, struct kunit_virtio_buf *buf,
			       const struct virtio_gpio_request *req)
{
	return req->gpio == cpu_to_le16(3) && bank_refuse(bank, buf, req);
}

/* The level is that of the last request that the device has accepted. */
static void gpio_virtio_sleep_last_levels(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_batch *batch = bank_batch(bank, 2, 2);
	unsigned int i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, 0, bank->gc->direction_output(bank->gc, i,
								    i & 1));
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 0, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 1, 0), 0);
	bank_set_override(bank, bank_refuse_line_3);
	__set_bit(2, batch->bits);
	KUNIT_ASSERT_EQ(test, bank_batch_set(batch), -EINVAL);
	bank_set_override(bank, NULL);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 0, 1);
	bank_expect_output(bank, 1, 0);
	bank_expect_output(bank, 2, 1);
	bank_expect_output(bank, 3, 1);
}

/* The driver knows these directions, but somebody else has set them. */
static void gpio_virtio_sleep_foreign_directions(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));
	u8 *levels;

	bank->lines[1].direction = VIRTIO_GPIO_DIRECTION_OUT;
	bank->lines[2].direction = VIRTIO_GPIO_DIRECTION_IN;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	bank_make_forgetful(bank);
	levels = bank->override_data;
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 1), GPIO_LINE_DIRECTION_OUT);

	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, levels[1], 0);

	/* That of an output is gone, which the driver has to ask for. */
	bank_call_expect(bank_call(bank, bank_call_direction, 1),
			 GPIO_LINE_DIRECTION_IN);
}

/* A line that nobody uses any longer stays as the reset leaves it. */
static void gpio_virtio_sleep_freed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 2, GPIOD_OUT_HIGH);

	bank_put_line(bank, desc);
	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

/* Who frees a line does not wait for the device then either. */
static void gpio_virtio_sleep_freed_meanwhile(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 *levels = bank->override_data;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	bank_down(bank);
	bank_call_expect(bank_call(bank, bank_call_put_line, 2), 0);
	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, levels[2], 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

static void gpio_virtio_sleep_names(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test,
						 BANK_PARAMS(2, .names = "a\0b",
							     .names_size = 4));
	const char *const *names = bank->gc->names;

	KUNIT_ASSERT_NOT_NULL(test, names);
	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_PTR_EQ(test, bank->gc->names, names);
	KUNIT_EXPECT_STREQ(test, names[0], "a");
	KUNIT_EXPECT_STREQ(test, names[1], "b");
}

/* A line with each trigger type. They are enabled before they are unmasked. */
static void gpio_virtio_sleep_irqs(struct kunit *test)
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
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 2));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 2));
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

static int bank_call_new_irq(void *data)
{
	struct bank_call *call = data;

	return request_irq(bank_irq_number(call->bank, call->gpio),
			   bank_irq_handler, IRQF_TRIGGER_RISING, "kunit",
			   call->bank);
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
static void gpio_virtio_sleep_small_eventq(struct kunit *test)
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

/* Callers wait, and what they want comes after what had been before. */
static void gpio_virtio_sleep_callers(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *get, *set, *input;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	bank_down(bank);
	get = bank_call(bank, bank_call_get, 2);
	set = bank_call(bank, bank_call_set, 3);
	input = bank_call(bank, bank_call_input, 4);
	bank_expect_waiting(get);
	bank_expect_waiting(set);
	bank_expect_waiting(input);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	bank_up(bank);
	bank_call_expect(get, 1);
	bank_call_expect(set, 0);
	bank_call_expect(input, 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 4 + 3);
	bank_expect_replay(bank, 4);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[4].direction,
			VIRTIO_GPIO_DIRECTION_IN);
}

/*
 * The system does not go to sleep before a task has let go of what it holds, so
 * a call does not wait for the system to wake up.
 */
static void gpio_virtio_sleep_caller_gives_up(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_down(bank);
	bank_call_expect(bank_call(bank, bank_call_set, 2), -ESHUTDOWN);
	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 3), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

static void gpio_virtio_sleep_caller_killed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_down(bank);
	call = bank_call(bank, bank_call_get, 2);
	bank_expect_waiting(call);
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 3), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* Requests that the device has are given the time that they take. */
static void gpio_virtio_sleep_in_flight(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *get, *set;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 2, 0), 0);
	bank_set_override(bank, bank_hold);
	get = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	set = bank_call(bank, bank_call_set, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));

	/* What has no answer is asked for again. */
	bank_down(bank);
	bank_up_at_once(bank);
	bank_call_expect(get, 0);
	bank_call_expect(set, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].direction, VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->lines[2].value, 1);
}

/*
 * A device that does not answer does not keep the system awake. A reply that
 * comes after all has no effect.
 */
static void gpio_virtio_sleep_in_flight_lost(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *lost, *down;

	bank_set_override(bank, bank_hold);
	lost = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_call_expect(lost, -ESHUTDOWN);
	bank_is_down(bank);

	bank_up(bank);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(bank_call(bank, bank_call_set, 2), 0);
	bank_call_expect(bank_call(bank, bank_call_get, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].value, 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* The device has not answered when it is reset, and is asked again then. */
static void gpio_virtio_sleep_irq_lost(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *lost, *down;

	bank_map_irq(bank, 2);
	bank_set_override(bank, bank_hold_irq_type);
	lost = bank_call(bank, bank_call_new_irq, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_is_down(bank);

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
	bank_call_expect(bank_call(bank, bank_call_new_irq, 2), 0);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));

	bank_down(bank);
	bank_call_expect(bank_call(bank, bank_call_set_type, 2), 0);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

/* An output that was one before the driver came */
static void gpio_virtio_sleep_output_as_is(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank->lines[1].direction = VIRTIO_GPIO_DIRECTION_OUT;
	bank->lines[2].direction = VIRTIO_GPIO_DIRECTION_OUT;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	bank_make_forgetful(bank);
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 3, 1), 0);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 1, 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
}

/* What a reset has done is not asked for again. */
static void gpio_virtio_sleep_line_freed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8,
							.requestq = 2,
							.features = BANK_PLAIN));
	struct bank_call *lost, *down;

	bank_set_override(bank, bank_hold);
	lost = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_call_expect(bank_call(bank, bank_call_free, 2), 0);
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_call_expect(lost, -ESHUTDOWN);
	bank_is_down(bank);

	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* Part of a batch is lost, so all of it has failed. */
static void gpio_virtio_sleep_batch_cut(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8,
							.requestq = 4));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	struct bank_call *down;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 4));
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_is_down(bank);
	bank_up(bank);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);

	bitmap_fill(batch->bits, 8);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(batch->bits, 8), 0);
}

/**
 * struct bank_at_reset - a call that comes when the device is being reset
 * @bank: the bank
 * @call: the call, once it was made
 */
struct bank_at_reset {
	struct bank *bank;
	struct bank_call *call;
};

static void bank_call_at_reset(void *data)
{
	struct bank_at_reset *at_reset = data;

	bank_forget(at_reset->bank);
	if (at_reset->call)
		return;

	at_reset->call = bank_call(at_reset->bank, bank_call_get, 1);
	bank_expect_waiting(at_reset->call);
	msleep(3 * virtio_gpio_poll_ms);
}

/* Nobody may make calls when the test ends and the driver goes. */
static void bank_only_forget(void *data)
{
	struct bank *bank = data;

	kunit_virtio_on_reset(bank->kv, bank_forget, bank);
}

/* The device does not work then, but that is no reason to give up. */
static void gpio_virtio_sleep_call_at_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_at_reset *at_reset;

	at_reset = kunit_kzalloc(test, sizeof(*at_reset), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, at_reset);
	at_reset->bank = bank;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, bank_only_forget,
						  bank));
	kunit_virtio_on_reset(bank->kv, bank_call_at_reset, at_reset);
	bank_down(bank);
	kunit_release_action(test, bank_only_forget, bank);
	bank->lines[1].value = 1;
	bank_up(bank);
	KUNIT_ASSERT_NOT_NULL(test, at_reset->call);
	bank_call_expect(at_reset->call, 1);
}

/* Whatever the device made of that request, the driver sends no other type. */
static void gpio_virtio_sleep_irq_type_lost(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *request, *down;
	unsigned int i;

	bank_map_irq(bank, 2);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 2), 0);
	bank_set_override(bank, bank_hold_irq_type);
	request = bank_call(bank, bank_call_new_irq, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_call_expect(request, 0);
	bank_is_down(bank);
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

static void gpio_virtio_sleep_request_irq(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_map_irq(bank, 4);
	bank_down(bank);
	call = bank_call(bank, bank_call_new_irq, 4);
	bank_expect_waiting(call);
	bank_up(bank);
	bank_call_expect(call, 0);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 4, true));
	bank_edge(bank, 4);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 4), 0);
}

/* An interrupt that is freed meanwhile is not enabled again. */
static void gpio_virtio_sleep_free_irq(struct kunit *test)
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

static void gpio_virtio_sleep_set_type(struct kunit *test)
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

static bool bank_hold_types(struct bank *bank, struct kunit_virtio_buf *buf,
			    const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) &&
	       bank_hold(bank, buf, req);
}

/* The device is coming back, and has been told the type of line 2. */
static struct bank_call *bank_up_to_types(struct bank *bank)
{
	struct kunit *test = bank->test;
	struct bank_call *up;

	bank_set_override(bank, bank_hold_types);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(up);

	return up;
}

/* From here on the log has what comes after that. */
static void bank_up_from_types(struct bank *bank, struct bank_call *up)
{
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_call_expect(up, 0);
	kunit_remove_action(bank->test, bank_flush, bank->kv);
}

/* A type that changes when the device was told the old one again */
static void gpio_virtio_sleep_change_type(struct kunit *test)
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
static void gpio_virtio_sleep_change_user(struct kunit *test)
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

static void gpio_virtio_sleep_again(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 *levels = bank->override_data;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	for (i = 1; i <= 5; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
		bank_down(bank);
		levels[1] = 0;
		bank_up(bank);
		bank_expect_output(bank, 1, 1);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
		KUNIT_EXPECT_EQ(test, bank->num_log, 4);
		bank_edge(bank, 2);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i));
	}
}

/* How long a caller has waited for a device that hangs does not count then. */
static void gpio_virtio_sleep_hung(struct kunit *test)
{
	struct bank_call *first, *second;
	struct bank *bank;

	bank = bank_start_forgetful(test, BANK_PARAMS(8, .requestq = 2,
						      .features = BANK_PLAIN));
	bank_set_override(bank, bank_hold);
	first = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	second = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_FALSE(test, kunit_virtio_task_wait(second->task, 1200));

	bank_down(bank);
	bank_call_expect(first, -ESHUTDOWN);
	bank_call_expect(second, -ESHUTDOWN);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
}

/* A reset of the device while the system is about to sleep */
static void gpio_virtio_sleep_twice(struct kunit *test)
{
	const struct sleep_kind *kind = test->param_value;
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	bank_down(bank);
	KUNIT_EXPECT_EQ(test, kind->down(bank->kv), 0);
	bank_up(bank);
	bank_expect_output(bank, 1, 1);
}

static int bank_call_toggle(void *data)
{
	struct bank_call *call = data;
	struct gpio_chip *gc = call->bank->gc;
	int ret, level = 0;

	bank_guard(call->bank);

	do {
		level = !level;
		ret = gc->set(gc, call->gpio, level);
		if (ret)
			return ret;
		ret = gc->get(gc, call->gpio);
		if (ret != level)
			return ret < 0 ? ret : -EBADMSG;
	} while (READ_ONCE(call->rounds));

	return 0;
}

/* Nobody notices: all requests are answered, levels kept and edges seen. */
static void gpio_virtio_sleep_busy(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8,
							.requestq = 4));
	struct bank_call *call[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(call); i++)
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, i, 0));
	bank_request_irq(bank, 7, IRQF_TRIGGER_RISING);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_toggle, i);

	for (i = 1; i <= 10; i++) {
		msleep(20);
		bank_down(bank);
		bank_up(bank);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 7, true));
		bank_edge(bank, 7);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i));
	}

	for (i = 0; i < ARRAY_SIZE(call); i++)
		WRITE_ONCE(call[i]->rounds, 0);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 0);
}

static struct kunit_case gpio_virtio_sleep_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_sleep_outputs, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_many_outputs, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_inputs, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_foreign_directions,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_last_levels, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_freed, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_freed_meanwhile,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_names, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irqs, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_at_once, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_disabled, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_masked, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_small_eventq, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_callers, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_caller_gives_up,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_caller_killed,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_in_flight, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_in_flight_lost,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_lost, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_given_up, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_output_as_is, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_line_freed, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_batch_cut, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_call_at_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_type_lost,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_request_irq, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_free_irq, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_set_type, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_change_type, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_change_user, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_again, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_hung, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_twice, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_busy, sleep_kind_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_sleep_suite = {
	.name = "gpio_virtio_sleep",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_sleep_cases,
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
	bank_expect_driven(bank, 3, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[6].irq_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
	bank_expect_working(bank, 5);

	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bank->kv), 0);
	bank_expect_driven(bank, 3, 1);
	bank_expect_working(bank, 5);
	bank_expect_working(bank, 6);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
}

/* Nothing else of the system may wake it. */
static void gpio_virtio_suspend_no_wake(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), -ENXIO);
	bank_can_wake(bank);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
}

/* Consumers that are suspended later still use their lines. */
static void gpio_virtio_suspend_late_caller(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned long start;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	start = jiffies;
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 1), 0);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start),
			virtio_gpio_poll_ms);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 1);
	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bank->kv), 0);
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
	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
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
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bank->kv), 0);
	bank_expect_working(bank, 5);
}

/* The irq core enables a disabled interrupt for the time of the sleep. */
static void gpio_virtio_suspend_wake_disabled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct irq_data *d = irq_get_irq_data(irq->irq);

	KUNIT_EXPECT_TRUE(test, irq_data_get_irq_chip(d)->flags &
				IRQCHIP_ENABLE_WAKEUP_ON_SUSPEND);
}

/* enable_irq_wake() fails where nothing can wake the system. */
static void gpio_virtio_suspend_may_wake(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct device *dev = &kunit_virtio_vdev(bank->kv)->dev;

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), -ENXIO);
	KUNIT_ASSERT_EQ(test, device_init_wakeup(dev, true), 0);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	device_init_wakeup(dev, false);
}

static struct kunit_case gpio_virtio_suspend_cases[] = {
	KUNIT_CASE(gpio_virtio_suspend_may_wake),
	KUNIT_CASE(gpio_virtio_suspend_wake),
	KUNIT_CASE(gpio_virtio_suspend_no_wake),
	KUNIT_CASE(gpio_virtio_suspend_late_caller),
	KUNIT_CASE(gpio_virtio_suspend_event_at_resume),
	KUNIT_CASE(gpio_virtio_suspend_event_before),
	KUNIT_CASE(gpio_virtio_suspend_wake_disabled),
	{}
};

static struct kunit_suite gpio_virtio_suspend_suite = {
	.name = "gpio_virtio_suspend",
	.test_cases = gpio_virtio_suspend_cases,
};

kunit_test_suites(&gpio_virtio_suspend_suite, &gpio_virtio_sleep_suite);
