/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a driver keeps to the specification: each rule broken, and a driver that breaks none. */
#include "front_end.h"

#include <sys/socket.h>
#include <unistd.h>

#include "simulator.h"

#define IN	VIRTIO_GPIO_DIRECTION_IN
#define OUT	VIRTIO_GPIO_DIRECTION_OUT
#define NONE	VIRTIO_GPIO_DIRECTION_NONE
#define RISING	VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING

#define SET_DIRECTION	VIRTIO_GPIO_MSG_SET_DIRECTION
#define SET_IRQ_TYPE	VIRTIO_GPIO_MSG_IRQ_TYPE

static struct front_end *start_strictly(void **state)
{
	struct front_end *f = *state;

	f->dev.strict = true;
	fe_start(f, FEATURES);
	return f;
}

/* Nothing but this rule is broken, so often. */
static void assert_broken(struct front_end *f, enum driver_rule rule, unsigned int times)
{
	for (unsigned int i = 0; i < DRIVER_RULES; i++)
		assert_int_equal(f->dev.rules.broken[i], i == rule ? times : 0);
	assert_int_equal(f->dev.stats.violations, times);
}

static void assert_kept(const struct front_end *f)
{
	assert_true(rules_kept(&f->dev.rules));
	assert_int_equal(f->dev.stats.violations, 0);
}

static void good_driver_breaks_nothing(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, VIRTIO_GPIO_MSG_GET_DIRECTION, 0, 0);
	fe_request(f, SET_DIRECTION, 0, IN);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	fe_request(f, SET_IRQ_TYPE, 0, RISING);
	fe_offer_event_buffer(f, 0, 0);
	fe_kick(f, DEVICE_EVENTQ);
	device_set_level(&f->dev, 0, true);
	fe_offer_event_buffer(f, 0, 0);
	fe_kick(f, DEVICE_EVENTQ);
	fe_request(f, SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_NONE);
	fe_request(f, SET_DIRECTION, 0, NONE);
	fe_request(f, VIRTIO_GPIO_MSG_SET_VALUE, 0, 1);
	fe_request(f, SET_DIRECTION, 0, OUT);
	assert_kept(f);
}

static void message_is_not_whole(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_offer_request(f, 0, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	guest_desc(&f->guest.rings[0], 0, REQUEST(0), 7, VRING_DESC_F_NEXT, 1);
	fe_kick(f, DEVICE_REQUESTQ);
	assert_broken(f, RULE_WHOLE, 1);
	assert_string_equal(f->dev.rules.first[RULE_WHOLE], "request of 7 bytes, needed are 8");
}

static void fields_have_no_meaning(void **state)
{
	static const struct { uint16_t type, line; uint32_t value; } bad[] = {
		{ 0, 0, 0 },
		{ 7, 0, 0 },
		{ VIRTIO_GPIO_MSG_GET_NAMES, 1, 0 },
		{ VIRTIO_GPIO_MSG_GET_DIRECTION, 0, 1 },
		{ VIRTIO_GPIO_MSG_GET_DIRECTION, LINES, 0 },
		{ VIRTIO_GPIO_MSG_GET_VALUE, 0, 1 },
		{ SET_DIRECTION, 0, 3 },
		{ VIRTIO_GPIO_MSG_SET_VALUE, 0, 2 },
		{ SET_IRQ_TYPE, 0, 5 },
		{ SET_IRQ_TYPE, 0, 0x101 },
	};
	struct front_end *f = start_strictly(state);

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		fe_request(f, bad[i].type, bad[i].line, bad[i].value);
		assert_int_equal(f->dev.rules.broken[RULE_FIELDS], i + 1);
	}
	fe_offer_event_buffer(f, 0, LINES);
	fe_kick(f, DEVICE_EVENTQ);
	/* The names had a buffer too small for them, too. */
	assert_int_equal(f->dev.rules.broken[RULE_WHOLE], 1);
	f->dev.rules.broken[RULE_WHOLE] = 0;
	f->dev.stats.violations--;
	assert_broken(f, RULE_FIELDS, ARRAY_SIZE(bad) + 1);
}

static void interrupt_without_the_feature(void **state)
{
	struct front_end *f = *state;

	f->dev.strict = true;
	fe_start(f, FEATURES & ~BIT(VIRTIO_GPIO_F_IRQ));
	fe_request(f, SET_IRQ_TYPE, 0, RISING);
	assert_broken(f, RULE_FEATURE, 1);
}

static void interrupt_of_an_output(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, SET_DIRECTION, 0, OUT);
	fe_request(f, SET_IRQ_TYPE, 0, RISING);
	assert_broken(f, RULE_OUTPUT, 1);
}

static void interrupt_is_left_enabled(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, SET_DIRECTION, 0, IN);
	fe_request(f, SET_IRQ_TYPE, 0, RISING);
	fe_request(f, SET_DIRECTION, 0, OUT);
	fe_request(f, SET_DIRECTION, 0, NONE);
	assert_broken(f, RULE_DONE, 2);
}

static void type_changes_while_enabled(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, SET_DIRECTION, 0, IN);
	fe_request(f, SET_IRQ_TYPE, 0, RISING);
	fe_request(f, SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING);
	assert_broken(f, RULE_LIVE_CHANGE, 1);
}

static void unmasked_before_enabled(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, SET_DIRECTION, 0, IN);
	fe_offer_event_buffer(f, 0, 0);
	fe_kick(f, DEVICE_EVENTQ);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	assert_broken(f, RULE_ENABLE_FIRST, 1);
}

/* The device sees the message first, but the driver sent the buffer before. */
static void unmasked_just_before_disabled(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, SET_DIRECTION, 0, IN);
	fe_request(f, SET_IRQ_TYPE, 0, RISING);
	fe_offer_event_buffer(f, 0, 0);
	fe_request(f, SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_NONE);
	fe_kick(f, DEVICE_EVENTQ);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	assert_kept(f);
}

/* A driver need not wait for the reply before it unmasks. */
static void unmasked_just_after_enabled(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, SET_DIRECTION, 0, IN);
	fe_offer_request(f, 0, SET_IRQ_TYPE, 0, RISING);
	fe_offer_event_buffer(f, 0, 0);
	fe_kick(f, DEVICE_REQUESTQ);
	fe_kick(f, DEVICE_EVENTQ);
	device_set_level(&f->dev, 0, true);
	fe_run(f);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_kept(f);
}

/* What is wrong with the queue of events is not lost by looking at it early. */
static void event_buffer_makes_no_sense(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, SET_DIRECTION, 0, IN);
	fe_request(f, SET_IRQ_TYPE, 0, RISING);
	fe_offer_event_buffer(f, 0, 0);
	guest_desc(&f->guest.rings[DEVICE_EVENTQ], 0, REQUEST(16), 2, VRING_DESC_F_NEXT, 0);
	fe_request(f, SET_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_NONE);
	fe_kick(f, DEVICE_EVENTQ);
	fe_assert_ended(f, true);
}

static void two_buffers_for_a_line(void **state)
{
	struct front_end *f = start_strictly(state);

	fe_request(f, SET_DIRECTION, 0, IN);
	fe_request(f, SET_IRQ_TYPE, 0, RISING);
	fe_offer_event_buffer(f, 0, 0);
	fe_offer_event_buffer(f, 1, 0);
	fe_kick(f, DEVICE_EVENTQ);
	assert_broken(f, RULE_ONE_BUFFER, 1);
}

static void what_devices_live_with_is_not_told_of_as_a_rule(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_request(f, 7, LINES, 9);
	fe_offer_event_buffer(f, 0, 0);
	fe_kick(f, DEVICE_EVENTQ);
	assert_kept(f);
}

static void drivers_of_several_boards_are_counted_together(void **state)
{
	struct rules left = { .occasions = 2 }, right = { .occasions = 4 }, sum = { 0 };

	(void)state;
	rules_note(&left, RULE_OUTPUT, "line 1");
	rules_note(&right, RULE_OUTPUT, "line 2");
	rules_note(&right, RULE_OUTPUT, "line 3");
	rules_add(&sum, &left);
	rules_add(&sum, &right);
	assert_int_equal(sum.broken[RULE_OUTPUT], 3);
	assert_string_equal(sum.first[RULE_OUTPUT], "line 1");
	assert_int_equal(sum.occasions, 6);
	assert_false(rules_kept(&sum));
}

/* A board without --strict is not in the report. */
static void only_strict_boards_are_told_of(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, "--socket", f->other, "--strict", NULL);

	assert_int_equal(sim_check(f, "--only", "R11", f->socket, NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	sim_read_until(f, out, NULL);
	assert_int_equal(sim_exit_status(f), 0);
	sim_assert_says(f, "\nok 7 - D7 ");
	close(out);
}

static void driver_that_keeps_the_rules_is_told_of(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, "--strict", NULL);

	assert_int_equal(sim_check(f, "--only", "R5,R6", f->socket, NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	sim_read_until(f, out, NULL);
	assert_int_equal(sim_exit_status(f), 0);
	sim_assert_says(f, "TAP version 13\n1..9\nok 1 - D1 requests are whole, and replies have room\n"
			"ok 2 - D2 ");
	sim_assert_says(f, "\nok 7 - D7 an interrupt is enabled before it is unmasked # SKIP nothing like "
			"that was sent\n");
	sim_assert_says(f, "\nok 9 - D9 ");
	close(out);
}

static void driver_that_breaks_a_rule_is_told_of(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, "--strict", "--lines", "1", NULL);

	assert_int_equal(sim_check(f, "--only", "R11", f->socket, NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	sim_read_until(f, out, NULL);
	assert_int_equal(sim_exit_status(f), 1);
	sim_assert_says(f, "vgpio-sim: violation by the driver, line 0: unmasked before it is enabled "
			"(The driver MUST enable the interrupt before unmasking it.)\n");
	sim_assert_says(f, "\nnot ok 7 - D7 an interrupt is enabled before it is unmasked\n"
			"# broken 1 times, first: line 0: unmasked before it is enabled\n"
			"# GPIO Device, eventq Operation, driver requirements:\n"
			"#   \"The driver MUST enable the interrupt before unmasking it.\"\n");
	close(out);
}

static void broken_connection_is_told_of(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, "--strict", "--once", NULL), fd = sim_connect(f);

	assert_int_equal(send(fd, "nonsense nonsense", 17, MSG_NOSIGNAL), 17);
	assert_int_equal(sim_exit_status(f), 1);
	sim_read_until(f, out, NULL);
	sim_assert_says(f, "\nnot ok 9 - D9 ");
	close(fd);
	close(out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fe_set_up, fe_tear_down)
#define TEST_PROGRAM(name) cmocka_unit_test_setup_teardown(name, sim_set_up, sim_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_driver_breaks_nothing),
		TEST(message_is_not_whole),
		TEST(fields_have_no_meaning),
		TEST(interrupt_without_the_feature),
		TEST(interrupt_of_an_output),
		TEST(interrupt_is_left_enabled),
		TEST(type_changes_while_enabled),
		TEST(unmasked_before_enabled),
		TEST(unmasked_just_before_disabled),
		TEST(unmasked_just_after_enabled),
		TEST(event_buffer_makes_no_sense),
		TEST(two_buffers_for_a_line),
		TEST(what_devices_live_with_is_not_told_of_as_a_rule),
		cmocka_unit_test(drivers_of_several_boards_are_counted_together),
		TEST_PROGRAM(only_strict_boards_are_told_of),
		TEST_PROGRAM(driver_that_keeps_the_rules_is_told_of),
		TEST_PROGRAM(driver_that_breaks_a_rule_is_told_of),
		TEST_PROGRAM(broken_connection_is_told_of),
	};

	return cmocka_run_group_tests_name("strict", tests, NULL, NULL);
}
