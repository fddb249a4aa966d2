/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other end of a line: what it may decide and refuse, and what it is told. */
#include "bank.h"

#include "device.h"

#define OUT	VIRTIO_GPIO_DIRECTION_OUT
#define IN	VIRTIO_GPIO_DIRECTION_IN
#define NONE	VIRTIO_GPIO_DIRECTION_NONE
#define BOTH	VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH
#define LINE	3

/**
 * struct end - the other end of a line, which goes with the device
 * @peer: for the model
 * @level: what it decides
 * @refuses: all that can be refused
 * @told: how often it was told that the line is driven otherwise
 * @direction: the last one that was asked for
 * @output: the level with it
 * @freed: it is gone
 */
struct end {
	struct gpio_peer peer;
	int level;
	bool refuses;
	unsigned int told;
	uint8_t direction;
	bool output;
	bool freed;
};

static struct end end;

static int end_level(const struct gpio_peer *peer)
{
	return ((const struct end *)peer)->level;
}

static void end_driven(struct gpio_peer *peer)
{
	((struct end *)peer)->told++;
}

static bool end_request(struct gpio_peer *peer, uint8_t direction, bool level)
{
	struct end *e = (struct end *)peer;

	e->direction = direction;
	e->output = level;
	return !e->refuses;
}

static bool end_asked(struct gpio_peer *peer)
{
	return !((struct end *)peer)->refuses;
}

static void end_free(struct gpio_peer *peer)
{
	((struct end *)peer)->freed = true;
}

static const struct gpio_peer_ops end_ops = {
	.driver = GPIO_CHIP, .level = end_level, .driven = end_driven, .request = end_request,
	.measure = end_asked, .watch = end_asked, .free = end_free,
};

static int set_up(void **state)
{
	struct errmsg err;
	struct bank *f;
	int ret = bank_set_up(state);

	f = *state;
	end = (struct end){ .peer.ops = &end_ops, .level = -1 };
	assert_int_equal(gpio_set_peer(&f->bank, LINE, &end.peer, &err), 0);
	return ret;
}

static void set_end(struct bank *f, int level)
{
	end.level = level;
	gpio_settle_line(&f->bank, LINE);
}

static void other_end_decides(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, LINE, IN), OK);
	set_end(f, 1);
	assert_int_equal(bank_value_of(f, LINE), 1);
	assert_int_equal(gpio_driver(&f->bank, LINE), GPIO_CHIP);
	gpio_set_level(&f->bank, LINE, false);
	assert_int_equal(bank_value_of(f, LINE), 1);
	set_end(f, -1);
	assert_int_equal(bank_value_of(f, LINE), 0);
	assert_int_equal(gpio_driver(&f->bank, LINE), GPIO_HOST);
	gpio_set_stuck(&f->bank, LINE, false);
	set_end(f, 1);
	assert_int_equal(bank_value_of(f, LINE), 0);
}

static void other_end_makes_edges(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, LINE, IN), OK);
	assert_int_equal(bank_set_type(f, LINE, BOTH), OK);
	gpio_unmask(&f->bank, LINE);
	set_end(f, 1);
	assert_int_equal(f->events, 1);
	assert_int_equal(f->status, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

/* A value that is asked for is another one than that known so far. */
static void measured_edges_count(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, LINE, IN), OK);
	assert_int_equal(bank_set_type(f, LINE, BOTH), OK);
	gpio_unmask(&f->bank, LINE);
	end.level = 1;
	assert_int_equal(bank_value_of(f, LINE), 1);
	assert_int_equal(f->events, 1);
}

static void other_end_is_asked_first(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_value(f, LINE, 1), OK);
	assert_int_equal(end.direction, NONE);
	assert_int_equal(bank_set_direction(f, LINE, OUT), OK);
	assert_int_equal(end.direction, OUT);
	assert_true(end.output);
	assert_int_equal(bank_set_value(f, LINE, 0), OK);
	assert_false(end.output);
	assert_int_equal(bank_set_direction(f, LINE, NONE), OK);
	assert_int_equal(end.direction, NONE);
}

static void refused_requests_have_no_effect(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, LINE, OUT), OK);
	assert_int_equal(bank_set_value(f, LINE, 1), OK);
	end.refuses = true;
	assert_int_equal(bank_set_direction(f, LINE, IN), ERR);
	assert_int_equal(bank_direction_of(f, LINE), OUT);
	assert_int_equal(bank_set_value(f, LINE, 0), ERR);
	assert_true(gpio_value(&f->bank, LINE));
	assert_int_equal(bank_ask(f, VIRTIO_GPIO_MSG_GET_VALUE, LINE, 0).status, ERR);
	end.refuses = false;
	assert_int_equal(bank_set_direction(f, LINE, IN), OK);
	end.refuses = true;
	assert_int_equal(bank_set_type(f, LINE, BOTH), ERR);
	assert_int_equal(f->bank.lines[LINE].trigger, VIRTIO_GPIO_IRQ_TYPE_NONE);
	assert_int_equal(f->violations, 0);
}

static void reset_lets_go(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, LINE, OUT), OK);
	gpio_reset(&f->bank);
	assert_int_equal(end.direction, NONE);
}

/* As another simulator left it. */
static void restored_line_is_asked_for(void **state)
{
	const struct gpio_line old = { .direction = OUT, .output = true, .value = true };
	struct bank *f = *state;

	gpio_restore(&f->bank, LINE, &old);
	gpio_settle(&f->bank);
	assert_int_equal(end.direction, OUT);
	assert_true(end.output);
	assert_int_equal(end.told, 1);
	assert_true(gpio_value(&f->bank, LINE));
}

static void other_end_is_told_of_guest_and_host(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, LINE, OUT), OK);
	assert_int_equal(end.told, 1);
	assert_int_equal(gpio_drive(&f->bank.lines[LINE]), 0);
	assert_int_equal(bank_set_value(f, LINE, 1), OK);
	assert_int_equal(end.told, 2);
	assert_int_equal(gpio_drive(&f->bank.lines[LINE]), 1);
	assert_int_equal(bank_set_direction(f, LINE, NONE), OK);
	assert_int_equal(end.told, 3);
	assert_int_equal(gpio_drive(&f->bank.lines[LINE]), -1);
	gpio_set_level(&f->bank, LINE, false);
	assert_int_equal(end.told, 4);
	assert_int_equal(gpio_drive(&f->bank.lines[LINE]), 0);
	gpio_release(&f->bank, LINE);
	assert_int_equal(end.told, 5);
	assert_int_equal(gpio_drive(&f->bank.lines[LINE]), -1);
}

static void line_has_one_other_end(void **state)
{
	struct bank *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_set_peer(&f->bank, LINE, &end.peer, &err), -1);
	assert_string_equal(err.text, "line 3 is on a wire, or a line of the host, already");
	gpio_free(&f->bank);
	assert_true(end.freed);
}

/**
 * struct clock - a listener that notes when a line changed
 * @listener: for the device
 * @dev: the device
 * @ns: when that was
 */
struct clock {
	struct device_listener listener;
	struct device dev;
	uint64_t ns;
};

static void note_time(void *ctx, unsigned int line)
{
	struct clock *c = ctx;

	assert_int_equal(line, LINE);
	c->ns = device_change_time(&c->dev);
}

static void changes_have_the_time_of_the_edge(void **state)
{
	struct clock c = { .listener = { .changed = note_time, .ctx = &c } };
	struct end own = { .peer.ops = &end_ops, .level = 1 };
	uint64_t before = loop_now();
	struct errmsg err;

	(void)state;
	assert_int_equal(device_init(&c.dev, LINES), 0);
	assert_int_equal(gpio_set_peer(&c.dev.bank, LINE, &own.peer, &err), 0);
	device_listen(&c.dev, &c.listener);
	device_settle(&c.dev, LINE, 12345);
	assert_int_equal(c.ns, 12345);
	own.level = 0;
	device_settle(&c.dev, LINE, 0);
	assert_in_range(c.ns, before, loop_now());
	device_free(&c.dev);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, bank_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(other_end_decides),
		TEST(other_end_makes_edges),
		TEST(measured_edges_count),
		TEST(other_end_is_asked_first),
		TEST(refused_requests_have_no_effect),
		TEST(reset_lets_go),
		TEST(restored_line_is_asked_for),
		TEST(other_end_is_told_of_guest_and_host),
		TEST(line_has_one_other_end),
		TEST(changes_have_the_time_of_the_edge),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
