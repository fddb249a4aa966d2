// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver over sleep of the system and a reset of
 * the device: lines that are restored, and what becomes of callers meanwhile.
 */

#include <linux/array_size.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/gpio/driver.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

KUNIT_ARRAY_PARAM_DESC(sleep_kind, sleep_kinds, name);

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

	bank->lines[1].direction = VIRTIO_GPIO_DIRECTION_OUT;
	bank->lines[2].direction = VIRTIO_GPIO_DIRECTION_IN;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	bank_make_forgetful(bank);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 1), GPIO_LINE_DIRECTION_OUT);

	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[1].driven, 0);

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
	bank_call_expect(bank_call(bank, bank_call_get, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* Who frees a line does not wait for the device then either. */
static void gpio_virtio_sleep_freed_meanwhile(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	bank_down(bank);
	bank_call_expect(bank_call(bank, bank_call_free, 2), 0);
	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[2].driven, 0);
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

/* Requests that the device has and has not answered are sent again. */
static void gpio_virtio_sleep_in_flight(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *get, *set;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 2, 0), 0);
	get = bank_call_held(bank, bank_call_get, 1);
	set = bank_call(bank, bank_call_set, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));

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
	struct bank_call *lost;

	lost = bank_call_held(bank, bank_call_get, 1);
	bank_down(bank);
	bank_call_expect(lost, -ESHUTDOWN);

	bank_up(bank);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(bank_call(bank, bank_call_set, 2), 0);
	bank_call_expect(bank_call(bank, bank_call_get, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].value, 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
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
	struct bank_call *lost;

	lost = bank_call_held(bank, bank_call_get, 1);
	bank_call_expect(bank_call(bank, bank_call_free, 2), 0);
	bank_down(bank);
	bank_call_expect(lost, -ESHUTDOWN);

	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
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

static void gpio_virtio_sleep_again(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	for (i = 1; i <= 5; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
		bank_down(bank);
		bank_up(bank);
		bank_expect_output(bank, 1, 1);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
		KUNIT_EXPECT_EQ(test, bank->num_log, 4);
		bank_edge(bank, 2);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i));
	}
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
	int ret, level = 0;

	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);
	if (!chip.gc)
		return -ENODEV;

	do {
		level = !level;
		ret = chip.gc->set(chip.gc, call->gpio, level);
		if (ret)
			return ret;
		ret = bank_call_get(call);
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
	KUNIT_CASE_PARAM(gpio_virtio_sleep_last_levels, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_foreign_directions,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_freed, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_freed_meanwhile,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_names, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_callers, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_caller_gives_up,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_caller_killed,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_in_flight, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_in_flight_lost,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_output_as_is, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_line_freed, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_call_at_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_again, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_twice, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_busy, sleep_kind_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_sleep_suite = {
	.name = "gpio_virtio_sleep",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_sleep_cases,
};

kunit_test_suites(&gpio_virtio_sleep_suite);
