/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is soldered to the lines: loops, pulls, defects, and who wins. */
#include "guest.h"

#include <string.h>

#include "gpio.h"

#define LINES	6
#define OUT	VIRTIO_GPIO_DIRECTION_OUT
#define IN	VIRTIO_GPIO_DIRECTION_IN
#define NONE	VIRTIO_GPIO_DIRECTION_NONE

/**
 * struct fixture - a device, and what it told
 * @bank: the device
 * @events: number of events
 * @event_line: the last event's line
 * @changes: for each line, number of changes
 * @err: why the last call failed
 */
struct fixture {
	struct gpio_bank bank;
	unsigned int events;
	unsigned int event_line;
	unsigned int changes[LINES];
	struct errmsg err;
};

static void on_event(void *ctx, unsigned int line, uint8_t status)
{
	struct fixture *f = ctx;

	assert_int_equal(status, VIRTIO_GPIO_IRQ_STATUS_VALID);
	f->events++;
	f->event_line = line;
}

static void on_changed(void *ctx, unsigned int line)
{
	struct fixture *f = ctx;

	f->changes[line]++;
}

static void on_armed(void *ctx, unsigned int line)
{
	(void)ctx;
	(void)line;
}

static void on_violation(void *ctx, unsigned int line, const char *what)
{
	(void)ctx;
	fail_msg("line %u: %s", line, what);
}

static const struct gpio_ops ops = {
	.event = on_event, .changed = on_changed, .armed = on_armed, .violation = on_violation,
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	assert_int_equal(gpio_init(&f->bank, LINES, &ops, f), 0);
	f->bank.irq = true;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	gpio_free(&f->bank);
	test_free(f);
	return 0;
}

static void ask(struct fixture *f, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_request req = { .type = type, .line = line, .value = value };

	assert_int_equal(gpio_handle(&f->bank, &req).status, VIRTIO_GPIO_STATUS_OK);
}

static void direct(struct fixture *f, uint16_t line, uint32_t direction)
{
	ask(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, direction);
}

static void output(struct fixture *f, uint16_t line, uint32_t value)
{
	ask(f, VIRTIO_GPIO_MSG_SET_VALUE, line, value);
}

static void wire(struct fixture *f, unsigned int from, unsigned int to)
{
	assert_int_equal(gpio_set_loop(&f->bank, from, to, &f->err), 0);
}

/* An interrupt on both edges of a line, ready to be sent. */
static void arm(struct fixture *f, unsigned int line)
{
	ask(f, VIRTIO_GPIO_MSG_IRQ_TYPE, line, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	gpio_unmask(&f->bank, line);
}

static void assert_line(struct fixture *f, unsigned int line, bool value, const char *driver)
{
	assert_int_equal(gpio_value(&f->bank, line), value);
	assert_string_equal(gpio_driver_name(gpio_driver(&f->bank, line)), driver);
}

static void loop_carries_what_the_guest_drives(void **state)
{
	struct fixture *f = *state;

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
	struct fixture *f = *state;

	wire(f, 4, 5);
	direct(f, 4, OUT);
	direct(f, 5, IN);
	arm(f, 5);
	output(f, 4, 1);
	assert_int_equal(f->events, 1);
	assert_int_equal(f->event_line, 5);
	output(f, 4, 0);
	assert_true(f->bank.lines[5].latched);
	gpio_unmask(&f->bank, 5);
	assert_int_equal(f->events, 2);
	assert_int_equal(f->bank.stats.coalesced, 0);
}

static void loop_reaches_several_lines(void **state)
{
	struct fixture *f = *state;

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
	struct fixture *f = *state;

	wire(f, 0, 1);
	gpio_set_level(&f->bank, 0, true);
	assert_line(f, 0, 1, "host");
	assert_line(f, 1, 0, "nobody");
}

static void loop_wins_over_the_host(void **state)
{
	struct fixture *f = *state;

	wire(f, 0, 1);
	gpio_set_level(&f->bank, 1, true);
	direct(f, 0, OUT);
	assert_line(f, 1, 0, "loop");
	direct(f, 0, NONE);
	assert_line(f, 1, 1, "host");
}

static void loops_may_cross(void **state)
{
	struct fixture *f = *state;

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
	struct fixture *f = *state;

	assert_int_equal(gpio_set_loop(&f->bank, 1, 1, &f->err), -1);
	assert_non_null(strstr(f->err.text, "line 1 cannot be looped to itself"));
	wire(f, 0, 1);
	assert_int_equal(gpio_set_loop(&f->bank, 2, 1, &f->err), -1);
	assert_non_null(strstr(f->err.text, "line 1 is the end of a loop from line 0 already"));
}

static void reset_ends_what_the_guest_drives(void **state)
{
	struct fixture *f = *state;

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
	struct fixture *f = *state;

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
	struct fixture *f = *state;

	gpio_set_pull(&f->bank, 2, true);
	gpio_set_level(&f->bank, 2, false);
	arm(f, 2);
	gpio_release(&f->bank, 2);
	assert_int_equal(f->events, 1);
}

static void stuck_lines_stay(void **state)
{
	struct fixture *f = *state;

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
	struct fixture *f = *state;

	wire(f, 0, 1);
	direct(f, 0, OUT);
	gpio_set_stuck(&f->bank, 0, true);
	assert_line(f, 1, 1, "loop");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
