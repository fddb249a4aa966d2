/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wires between the lines of two boards: who drives them, and who sees it when. */
#include "guest.h"

#include <string.h>

#include "wire.h"

#define LINES	4
#define OUT	VIRTIO_GPIO_DIRECTION_OUT
#define IN	VIRTIO_GPIO_DIRECTION_IN
#define NONE	VIRTIO_GPIO_DIRECTION_NONE
#define OK	VIRTIO_GPIO_STATUS_OK
#define DELAY	5000000ull

/**
 * struct bench - two boards, and what was said of their wires
 * @loop: the loop of both
 * @wires: the wires
 * @left: a board
 * @right: another one
 * @said: the last message
 * @messages: number of messages
 */
struct bench {
	struct loop loop;
	struct wires wires;
	struct device left;
	struct device right;
	char said[256];
	unsigned int messages;
};

static void keep_message(void *ctx, const char *text)
{
	struct bench *b = ctx;

	snprintf(b->said, sizeof(b->said), "%s", text);
	b->messages++;
}

static void set_up_device(struct bench *b, struct device *dev)
{
	assert_int_equal(device_init(dev, LINES), 0);
	dev->loop = &b->loop;
	dev->wires = &b->wires;
	dev->bank.irq = true;
}

static int set_up(void **state)
{
	struct bench *b = test_calloc(1, sizeof(*b));

	b->wires.loop = &b->loop;
	set_up_device(b, &b->left);
	set_up_device(b, &b->right);
	log_set_sink(keep_message, b);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	log_set_sink(NULL, NULL);
	device_free(&b->left);
	device_free(&b->right);
	wires_free(&b->wires);
	assert_int_equal(b->loop.timers, 0);
	loop_free(&b->loop);
	test_free(b);
	return 0;
}

static void join(struct bench *b, const char *name, struct device *dev, unsigned int line,
		 bool inverted)
{
	struct errmsg err = { "" };

	wires_join(&b->wires, name, dev, line, inverted, &err);
	assert_string_equal(err.text, "");
}

/* Line 0 of the left board and line 1 of the right one on a wire. */
static void connect(struct bench *b, struct wire_traits traits)
{
	struct errmsg err = { "" };

	traits.place = (struct wire_place){ "boards", 1 };
	assert_int_equal(wires_describe(&b->wires, "READY", &traits, &err), 0);
	join(b, "READY", &b->left, 0, false);
	join(b, "READY", &b->right, 1, false);
	assert_int_equal(wires_check(&b->wires, &err), 0);
}

static void ask(struct device *dev, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_request req = { type, line, value };

	assert_int_equal(gpio_handle(&dev->bank, &req).status, OK);
}

static void direct(struct device *dev, unsigned int line, uint32_t direction)
{
	ask(dev, VIRTIO_GPIO_MSG_SET_DIRECTION, line, direction);
}

static void output(struct device *dev, unsigned int line, uint32_t value)
{
	ask(dev, VIRTIO_GPIO_MSG_SET_VALUE, line, value);
	direct(dev, line, OUT);
}

static void assert_levels(const struct bench *b, bool left, bool right)
{
	assert_int_equal(gpio_value(&b->left.bank, 0), left);
	assert_int_equal(gpio_value(&b->right.bank, 1), right);
}

/* Until no change is under way. */
static void run(struct bench *b)
{
	while (b->loop.timers)
		assert_int_equal(loop_run_once(&b->loop, true), 0);
}

static const struct wire_traits plain = { .kind = WIRE_PLAIN, .pull = WIRE_NOT_DRIVEN };

static void either_end_drives(void **state)
{
	struct bench *b = *state;

	connect(b, plain);
	direct(&b->right, 1, IN);
	output(&b->left, 0, 1);
	assert_levels(b, 1, 1);
	assert_int_equal(gpio_driver(&b->left.bank, 0), GPIO_GUEST);
	assert_int_equal(gpio_driver(&b->right.bank, 1), GPIO_WIRE);
	output(&b->left, 0, 0);
	assert_levels(b, 0, 0);
	direct(&b->left, 0, IN);
	output(&b->right, 1, 1);
	assert_levels(b, 1, 1);
	direct(&b->right, 1, NONE);
	assert_levels(b, 0, 0);
	assert_int_equal(gpio_driver(&b->left.bank, 0), GPIO_NOBODY);
	assert_int_equal(b->messages, 0);
}

static void host_drives_like_a_guest(void **state)
{
	struct bench *b = *state;

	connect(b, plain);
	device_set_level(&b->left, 0, true);
	assert_levels(b, 1, 1);
	device_release(&b->left, 0);
	assert_levels(b, 0, 0);
}

static void edges_come_over_a_wire(void **state)
{
	struct bench *b = *state;

	connect(b, plain);
	direct(&b->right, 1, IN);
	ask(&b->right, VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	output(&b->left, 0, 1);
	assert_true(b->right.bank.lines[1].latched);
	assert_int_equal(b->right.line_stats[1].changes, 3);
}

static void reset_lets_a_wire_go(void **state)
{
	struct bench *b = *state;

	connect(b, plain);
	output(&b->left, 0, 1);
	assert_levels(b, 1, 1);
	device_reset(&b->left);
	assert_levels(b, 0, 0);
}

static void zero_wins_where_both_drive(void **state)
{
	struct bench *b = *state;

	connect(b, plain);
	output(&b->left, 0, 1);
	output(&b->right, 1, 1);
	assert_int_equal(b->messages, 0);
	output(&b->right, 1, 0);
	assert_levels(b, 0, 0);
	assert_string_equal(b->said, "wire READY is driven to 0 and to 1 at once; 0 wins");
	output(&b->right, 1, 1);
	assert_levels(b, 1, 1);
	assert_int_equal(b->messages, 1);
}

static void wired_and_is_no_fault(void **state)
{
	struct bench *b = *state;

	connect(b, (struct wire_traits){ .kind = WIRE_AND, .pull = WIRE_NOT_DRIVEN });
	output(&b->left, 0, 1);
	output(&b->right, 1, 0);
	assert_levels(b, 0, 0);
	output(&b->right, 1, 1);
	assert_levels(b, 1, 1);
	assert_int_equal(b->messages, 0);
}

static void open_drain_is_pulled_up(void **state)
{
	struct bench *b = *state;

	connect(b, (struct wire_traits){ .kind = WIRE_OPEN_DRAIN, .pull = 1 });
	assert_levels(b, 1, 1);
	output(&b->left, 0, 0);
	assert_levels(b, 0, 0);
	output(&b->right, 1, 0);
	output(&b->left, 0, 1);
	assert_levels(b, 0, 0);
	output(&b->right, 1, 1);
	assert_levels(b, 1, 1);
	assert_int_equal(gpio_driver(&b->left.bank, 0), GPIO_WIRE);
	assert_int_equal(b->messages, 0);
}

static void pull_decides_while_nobody_drives(void **state)
{
	struct bench *b = *state;

	connect(b, (struct wire_traits){ .kind = WIRE_PLAIN, .pull = 1 });
	assert_levels(b, 1, 1);
	output(&b->left, 0, 0);
	assert_levels(b, 0, 0);
	direct(&b->left, 0, IN);
	assert_levels(b, 1, 1);
}

static void inverter_works_both_ways(void **state)
{
	struct bench *b = *state;

	join(b, "nIRQ", &b->left, 0, false);
	join(b, "nIRQ", &b->right, 1, true);
	output(&b->left, 0, 1);
	assert_levels(b, 1, 0);
	output(&b->left, 0, 0);
	assert_levels(b, 0, 1);
	direct(&b->left, 0, IN);
	output(&b->right, 1, 1);
	assert_levels(b, 0, 1);
	output(&b->right, 1, 0);
	assert_levels(b, 1, 0);
}

static void delay_is_for_the_others(void **state)
{
	struct bench *b = *state;
	uint64_t before;

	connect(b, (struct wire_traits){ .pull = WIRE_NOT_DRIVEN, .delay_ns = DELAY });
	before = loop_now();
	output(&b->left, 0, 1);
	assert_levels(b, 1, 0);
	run(b);
	assert_levels(b, 1, 1);
	assert_true(loop_now() - before >= DELAY);
}

/* A pulse that is shorter than the delay comes, too. */
static void delay_keeps_pulses(void **state)
{
	struct bench *b = *state;

	connect(b, (struct wire_traits){ .pull = WIRE_NOT_DRIVEN, .delay_ns = DELAY });
	output(&b->left, 0, 0);
	run(b);
	for (unsigned int i = 0; i < 6; i++)
		output(&b->left, 0, i % 2 == 0);
	assert_int_equal(b->right.bank.lines[1].edges, 0);
	run(b);
	assert_int_equal(b->right.bank.lines[1].edges, 6);
	for (unsigned int i = 0; i < 3 * WIRE_MAX_UNDER_WAY; i++)
		output(&b->left, 0, i % 2 == 0);
	output(&b->left, 0, 1);
	run(b);
	assert_levels(b, 1, 1);
}

/* As boards are set up: one after the other, before any line may see what others do. */
static void levels_of_the_start_are_there_at_once(void **state)
{
	struct bench *b = *state;

	b->wires.setting_up = true;
	connect(b, (struct wire_traits){ .pull = WIRE_NOT_DRIVEN, .delay_ns = DELAY });
	output(&b->left, 0, 1);
	output(&b->left, 0, 0);
	output(&b->left, 0, 1);
	assert_int_equal(b->right.bank.lines[1].edges, 0);
	wires_begin(&b->wires);
	assert_int_equal(b->loop.timers, 0);
	assert_levels(b, 1, 1);
	assert_int_equal(b->right.bank.lines[1].edges, 1);
	output(&b->left, 0, 0);
	assert_levels(b, 0, 1);
	run(b);
	assert_levels(b, 0, 0);
}

static void conflict_of_the_start_is_told(void **state)
{
	struct bench *b = *state;

	b->wires.setting_up = true;
	connect(b, plain);
	output(&b->left, 0, 1);
	output(&b->right, 1, 0);
	assert_int_equal(b->messages, 0);
	wires_begin(&b->wires);
	assert_levels(b, 0, 0);
	assert_string_equal(b->said, "wire READY is driven to 0 and to 1 at once; 0 wins");
}

static void stuck_line_holds_its_wire(void **state)
{
	struct bench *b = *state;

	connect(b, (struct wire_traits){ .kind = WIRE_AND, .pull = 1 });
	gpio_set_stuck(&b->left.bank, 0, false);
	output(&b->right, 1, 1);
	assert_levels(b, 0, 0);
	gpio_set_stuck(&b->left.bank, 0, true);
	output(&b->right, 1, 0);
	assert_levels(b, 1, 0);
}

static void lines_of_one_board_can_be_wired(void **state)
{
	struct bench *b = *state;

	join(b, "W", &b->left, 0, false);
	join(b, "W", &b->left, 2, false);
	output(&b->left, 2, 1);
	assert_true(gpio_value(&b->left.bank, 0));
}

/* A loop may begin on a wire, and brings its level, but never ends on one. */
static void loops_do_not_drive_wires(void **state)
{
	struct bench *b = *state;
	struct errmsg err;

	connect(b, plain);
	assert_int_equal(gpio_set_loop(&b->left.bank, 0, 2, &err), 0);
	output(&b->left, 0, 1);
	assert_true(gpio_value(&b->left.bank, 2));
	output(&b->right, 1, 0);
	assert_levels(b, 0, 0);
	assert_false(gpio_value(&b->left.bank, 2));
	assert_int_equal(wires_join(&b->wires, "READY", &b->left, 2, false, &err), -1);
	assert_string_equal(err.text, "line 2 is the end of a loop already");
	assert_int_equal(gpio_set_loop(&b->left.bank, 3, 0, &err), -1);
	assert_string_equal(err.text,
			    "line 0 is on a wire, or a line of the host, and cannot end a loop");
}

static void board_that_goes_lets_the_wire_go(void **state)
{
	struct bench *b = *state;

	connect(b, plain);
	output(&b->left, 0, 1);
	device_free(&b->left);
	direct(&b->right, 1, IN);
	gpio_settle(&b->right.bank);
	assert_false(gpio_value(&b->right.bank, 1));
	set_up_device(b, &b->left);
}

static void impossible_wires_are_refused(void **state)
{
	struct bench *b = *state;
	struct wire_traits traits = plain;
	struct errmsg err = { "" };

	connect(b, plain);
	assert_int_equal(wires_join(&b->wires, "OTHER", &b->left, 0, false, &err), -1);
	assert_string_equal(err.text, "line 0 is on a wire, or a line of the host, already");
	assert_int_equal(wires_check(&b->wires, &err), -1);
	assert_string_equal(err.text,
			    "wire \"OTHER\" has no end; it takes lines, or parts, at two ends");
	join(b, "OTHER", &b->left, 1, false);
	assert_int_equal(wires_check(&b->wires, &err), -1);
	assert_string_equal(err.text,
			    "wire \"OTHER\" has one end; it takes lines, or parts, at two ends");
	traits.place = (struct wire_place){ "boards", 1 };
	assert_int_equal(wires_describe(&b->wires, "READY", &traits, &err), 0);
	traits.place.number = 2;
	assert_int_equal(wires_describe(&b->wires, "READY", &traits, &err), -1);
	assert_string_equal(err.text, "wire \"READY\" is described at boards:1 already");
}

static void nothing(void *ctx)
{
	(void)ctx;
}

/* A file is read for each board. */
static void description_is_repeated(void **state)
{
	struct bench *b = *state;
	struct wire_traits traits = plain;
	struct errmsg err = { "" };
	struct wire_end *part;

	connect(b, plain);
	part = wire_tap(&b->wires, &b->left, 0, nothing, NULL, &err);
	assert_non_null(part);
	wire_pull(part, true);
	assert_levels(b, 1, 1);
	traits.place = (struct wire_place){ "boards", 1 };
	assert_int_equal(wires_describe(&b->wires, "READY", &traits, &err), 0);
	assert_levels(b, 1, 1);
	wire_untap(part);
}

static void wires_are_bounded(void **state)
{
	struct bench *b = *state;
	struct wire_traits traits = plain;
	struct errmsg err = { "" };
	char name[16];

	for (unsigned int i = 0; i < WIRES_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(wires_describe(&b->wires, name, &traits, &err), 0);
	}
	assert_int_equal(wires_describe(&b->wires, "more", &traits, &err), -1);
	assert_string_equal(err.text, "more than 4096 wires, those of parts counted");
}

static void ends_of_a_wire_are_bounded(void **state)
{
	struct bench *b = *state;
	struct errmsg err = { "" };
	struct device big;

	assert_int_equal(device_init(&big, WIRE_MAX_ENDS + 1), 0);
	big.wires = &b->wires;
	for (unsigned int i = 0; i < WIRE_MAX_ENDS; i++)
		join(b, "BUS", &big, i, false);
	assert_int_equal(wires_join(&b->wires, "BUS", &big, WIRE_MAX_ENDS, false, &err), -1);
	assert_string_equal(err.text, "wire BUS has 64 ends already, and cannot have more");
	device_free(&big);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(either_end_drives),
		TEST(host_drives_like_a_guest),
		TEST(edges_come_over_a_wire),
		TEST(reset_lets_a_wire_go),
		TEST(zero_wins_where_both_drive),
		TEST(wired_and_is_no_fault),
		TEST(open_drain_is_pulled_up),
		TEST(pull_decides_while_nobody_drives),
		TEST(inverter_works_both_ways),
		TEST(delay_is_for_the_others),
		TEST(delay_keeps_pulses),
		TEST(levels_of_the_start_are_there_at_once),
		TEST(conflict_of_the_start_is_told),
		TEST(stuck_line_holds_its_wire),
		TEST(lines_of_one_board_can_be_wired),
		TEST(loops_do_not_drive_wires),
		TEST(board_that_goes_lets_the_wire_go),
		TEST(impossible_wires_are_refused),
		TEST(description_is_repeated),
		TEST(wires_are_bounded),
		TEST(ends_of_a_wire_are_bounded),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
