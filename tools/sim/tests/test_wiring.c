/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is soldered to the lines: loops, pulls, defects, and who wins. */
#include "bank.h"

#include <string.h>

#define OUT	VIRTIO_GPIO_DIRECTION_OUT
#define IN	VIRTIO_GPIO_DIRECTION_IN
#define NONE	VIRTIO_GPIO_DIRECTION_NONE

static int tear_down(void **state)
{
	struct bank *f = *state;

	assert_int_equal(f->violations, 0);
	return bank_tear_down(state);
}

static void direct(struct bank *f, uint16_t line, uint32_t direction)
{
	assert_int_equal(bank_set_direction(f, line, direction), OK);
}

static void output(struct bank *f, uint16_t line, uint32_t value)
{
	assert_int_equal(bank_set_value(f, line, value), OK);
}

static void wire(struct bank *f, unsigned int from, unsigned int to)
{
	struct errmsg err;

	assert_int_equal(gpio_set_loop(&f->bank, from, to, &err), 0);
}

/* An interrupt on both edges of a line, ready to be sent. */
static void arm(struct bank *f, unsigned int line)
{
	assert_int_equal(bank_set_type(f, line, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH), OK);
	gpio_unmask(&f->bank, line);
}

/* So many events have come, the last for that line. */
static void assert_event(struct bank *f, unsigned int count, unsigned int line)
{
	assert_int_equal(f->events, count);
	assert_int_equal(f->line, line);
	assert_int_equal(f->status, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void assert_line(struct bank *f, unsigned int line, bool value, const char *driver)
{
	assert_int_equal(gpio_value(&f->bank, line), value);
	assert_string_equal(gpio_driver_name(gpio_driver(&f->bank, line)), driver);
}

static void loop_carries_what_the_guest_drives(void **state)
{
	struct bank *f = *state;

	wire(f, 4, 5);
	direct(f, 5, IN);
	assert_line(f, 5, 0, "nobody");
	output(f, 4, 1);
	assert_line(f, 5, 0, "nobody");
	direct(f, 4, OUT);
	assert_line(f, 5, 1, "loop");
	output(f, 4, 0);
	assert_line(f, 5, 0, "loop");
	output(f, 4, 1);
	direct(f, 4, NONE);
	assert_line(f, 5, 0, "nobody");
}

static void loop_brings_edges(void **state)
{
	struct bank *f = *state;

	wire(f, 4, 5);
	direct(f, 4, OUT);
	direct(f, 5, IN);
	arm(f, 5);
	output(f, 4, 1);
	assert_event(f, 1, 5);
	output(f, 4, 0);
	assert_true(f->bank.lines[5].latched);
	gpio_unmask(&f->bank, 5);
	assert_event(f, 2, 5);
	assert_int_equal(f->bank.stats.coalesced, 0);
}

static void loop_reaches_several_lines(void **state)
{
	struct bank *f = *state;

	wire(f, 0, 1);
	wire(f, 0, 2);
	direct(f, 0, OUT);
	output(f, 0, 1);
	assert_line(f, 1, 1, "loop");
	assert_line(f, 2, 1, "loop");
	assert_int_equal(f->changes[1], 1);
	assert_int_equal(f->changes[2], 1);
}

static void loop_does_not_carry_the_host(void **state)
{
	struct bank *f = *state;

	wire(f, 0, 1);
	gpio_set_level(&f->bank, 0, true);
	assert_line(f, 0, 1, "host");
	assert_line(f, 1, 0, "nobody");
}

static void loop_wins_over_the_host(void **state)
{
	struct bank *f = *state;

	wire(f, 0, 1);
	gpio_set_level(&f->bank, 1, true);
	direct(f, 0, OUT);
	assert_line(f, 1, 0, "loop");
	direct(f, 0, NONE);
	assert_line(f, 1, 1, "host");
}

static void loops_may_cross(void **state)
{
	struct bank *f = *state;

	wire(f, 0, 1);
	wire(f, 1, 0);
	direct(f, 0, OUT);
	output(f, 0, 1);
	assert_line(f, 1, 1, "loop");
	direct(f, 1, OUT);
	assert_line(f, 1, 0, "guest");
	assert_line(f, 0, 1, "guest");
	direct(f, 0, IN);
	assert_line(f, 0, 0, "loop");
}

static void impossible_loops_are_refused(void **state)
{
	struct bank *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_set_loop(&f->bank, 1, 1, &err), -1);
	assert_non_null(strstr(err.text, "line 1 cannot be looped to itself"));
	wire(f, 0, 1);
	assert_int_equal(gpio_set_loop(&f->bank, 2, 1, &err), -1);
	assert_non_null(strstr(err.text, "line 1 is the end of a loop from line 0 already"));
}

static void reset_ends_what_the_guest_drives(void **state)
{
	struct bank *f = *state;

	wire(f, 5, 1);
	direct(f, 5, OUT);
	output(f, 5, 1);
	arm(f, 1);
	gpio_reset(&f->bank);
	assert_line(f, 1, 0, "nobody");
	assert_int_equal(f->events, 0);
	assert_int_equal(f->changes[1], 4);
}

static void pull_decides_while_nobody_drives(void **state)
{
	struct bank *f = *state;

	gpio_set_pull(&f->bank, 2, true);
	assert_line(f, 2, 1, "pull");
	gpio_set_level(&f->bank, 2, false);
	assert_line(f, 2, 0, "host");
	gpio_release(&f->bank, 2);
	assert_line(f, 2, 1, "pull");
	direct(f, 2, OUT);
	assert_line(f, 2, 0, "guest");
	direct(f, 2, IN);
	assert_line(f, 2, 1, "pull");
	gpio_set_pull(&f->bank, 2, false);
	assert_line(f, 2, 0, "pull");
}

static void release_is_an_edge(void **state)
{
	struct bank *f = *state;

	gpio_set_pull(&f->bank, 2, true);
	gpio_set_level(&f->bank, 2, false);
	arm(f, 2);
	gpio_release(&f->bank, 2);
	assert_event(f, 1, 2);
}

static void stuck_lines_stay(void **state)
{
	struct bank *f = *state;

	gpio_set_stuck(&f->bank, 3, true);
	assert_int_equal(f->changes[3], 1);
	gpio_set_level(&f->bank, 3, true);
	gpio_set_level(&f->bank, 3, false);
	assert_line(f, 3, 1, "stuck");
	assert_int_equal(f->changes[3], 1);
	direct(f, 3, OUT);
	output(f, 3, 0);
	assert_line(f, 3, 1, "stuck");
}

static void stuck_line_drives_its_loop(void **state)
{
	struct bank *f = *state;

	wire(f, 0, 1);
	direct(f, 0, OUT);
	gpio_set_stuck(&f->bank, 0, true);
	assert_line(f, 1, 1, "loop");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bank_set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loop_carries_what_the_guest_drives),
		TEST(loop_brings_edges),
		TEST(loop_reaches_several_lines),
		TEST(loop_does_not_carry_the_host),
		TEST(loop_wins_over_the_host),
		TEST(loops_may_cross),
		TEST(impossible_loops_are_refused),
		TEST(reset_ends_what_the_guest_drives),
		TEST(pull_decides_while_nobody_drives),
		TEST(release_is_an_edge),
		TEST(stuck_lines_stay),
		TEST(stuck_line_drives_its_loop),
	};

	return cmocka_run_group_tests_name("wiring", tests, NULL, NULL);
}
