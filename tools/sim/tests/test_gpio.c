/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device model: every message, every error, and the interrupts. */
#include "guest.h"

#include <string.h>

#include "gpio.h"

#define LINES	4
#define OK	VIRTIO_GPIO_STATUS_OK
#define ERR	VIRTIO_GPIO_STATUS_ERR
#define NONE	VIRTIO_GPIO_IRQ_TYPE_NONE
#define RISING	VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING
#define FALLING	VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING
#define BOTH	VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH
#define HIGH	VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH
#define LOW	VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW
#define VALID	VIRTIO_GPIO_IRQ_STATUS_VALID
#define INVALID	VIRTIO_GPIO_IRQ_STATUS_INVALID
#define NO_EVENT 0xff

/**
 * struct fixture - a device, and what it told
 * @bank: the device
 * @events: number of events
 * @status: the last event's status
 * @line: the last event's line
 * @changes: number of changes
 * @armed: number of times a line was ready for an interrupt
 * @violations: number of violations
 * @what: the last violation
 */
struct fixture {
	struct gpio_bank bank;
	unsigned int events;
	uint8_t status;
	unsigned int line;
	unsigned int changes;
	unsigned int armed;
	unsigned int violations;
	const char *what;
};

static void on_event(void *ctx, unsigned int line, uint8_t status)
{
	struct fixture *f = ctx;

	f->events++;
	f->line = line;
	f->status = status;
}

static void on_changed(void *ctx, unsigned int line)
{
	struct fixture *f = ctx;

	(void)line;
	f->changes++;
}

static void on_armed(void *ctx, unsigned int line)
{
	struct fixture *f = ctx;

	(void)line;
	f->armed++;
}

static void on_violation(void *ctx, unsigned int line, const char *what)
{
	struct fixture *f = ctx;

	(void)line;
	f->violations++;
	f->what = what;
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

static struct gpio_reply ask(struct fixture *f, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_request req = { .type = type, .line = line, .value = value };

	return gpio_handle(&f->bank, &req);
}

static uint8_t status_of(struct fixture *f, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_reply reply = ask(f, type, line, value);

	assert_int_equal(reply.value, 0);
	assert_false(reply.names);
	return reply.status;
}

static uint8_t set_direction(struct fixture *f, uint16_t line, uint32_t direction)
{
	return status_of(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, direction);
}

static uint8_t set_value(struct fixture *f, uint16_t line, uint32_t value)
{
	return status_of(f, VIRTIO_GPIO_MSG_SET_VALUE, line, value);
}

static uint8_t set_type(struct fixture *f, uint16_t line, uint32_t type)
{
	return status_of(f, VIRTIO_GPIO_MSG_IRQ_TYPE, line, type);
}

static uint8_t value_of(struct fixture *f, uint16_t line)
{
	struct gpio_reply reply = ask(f, VIRTIO_GPIO_MSG_GET_VALUE, line, 0);

	assert_int_equal(reply.status, OK);
	return reply.value;
}

static uint8_t direction_of(struct fixture *f, uint16_t line)
{
	struct gpio_reply reply = ask(f, VIRTIO_GPIO_MSG_GET_DIRECTION, line, 0);

	assert_int_equal(reply.status, OK);
	return reply.value;
}

/* The status of the one event since the last call, or NO_EVENT. */
static uint8_t take_event(struct fixture *f)
{
	uint8_t status = f->events ? f->status : NO_EVENT;

	assert_in_range(f->events, 0, 1);
	f->events = 0;
	return status;
}

static void unmask(struct fixture *f, unsigned int line)
{
	assert_true(gpio_may_unmask(&f->bank, line));
	gpio_unmask(&f->bank, line);
}

/* Line 0 as an input with an enabled interrupt, still masked. */
static void enable(struct fixture *f, uint8_t type)
{
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(set_type(f, 0, type), OK);
}

static void set_level(struct fixture *f, bool level)
{
	gpio_set_level(&f->bank, 0, level);
}

static void lines_begin_without_direction(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < LINES; i++)
		assert_int_equal(direction_of(f, i), VIRTIO_GPIO_DIRECTION_NONE);
}

static void direction_is_kept(void **state)
{
	struct fixture *f = *state;

	for (uint8_t d = VIRTIO_GPIO_DIRECTION_NONE; d <= VIRTIO_GPIO_DIRECTION_IN; d++) {
		assert_int_equal(set_direction(f, 2, d), OK);
		assert_int_equal(direction_of(f, 2), d);
	}
	assert_int_equal(direction_of(f, 1), VIRTIO_GPIO_DIRECTION_NONE);
}

static void unknown_direction_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(set_direction(f, 0, 3), ERR);
	assert_int_equal(set_direction(f, 0, 0x10001), ERR);
	assert_int_equal(direction_of(f, 0), VIRTIO_GPIO_DIRECTION_IN);
}

static void input_shows_the_hosts_level(void **state)
{
	struct fixture *f = *state;

	gpio_set_level(&f->bank, 1, true);
	assert_int_equal(value_of(f, 1), 1);
	assert_int_equal(set_direction(f, 1, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(value_of(f, 1), 1);
	gpio_set_level(&f->bank, 1, false);
	assert_int_equal(value_of(f, 1), 0);
}

static void output_shows_the_guests_value(void **state)
{
	struct fixture *f = *state;

	gpio_set_level(&f->bank, 1, true);
	assert_int_equal(set_direction(f, 1, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(value_of(f, 1), 0);
	assert_int_equal(set_value(f, 1, 1), OK);
	assert_int_equal(value_of(f, 1), 1);
	gpio_set_level(&f->bank, 1, false);
	assert_int_equal(value_of(f, 1), 1);
	assert_true(gpio_value(&f->bank, 1));
}

static void value_set_before_direction_is_used(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_value(f, 3, 1), OK);
	assert_int_equal(value_of(f, 3), 0);
	assert_int_equal(set_direction(f, 3, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(value_of(f, 3), 1);
}

static void unknown_value_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(set_value(f, 0, 2), ERR);
	assert_int_equal(set_value(f, 0, 0x100), ERR);
	assert_int_equal(value_of(f, 0), 0);
}

static void no_direction_discards_the_output_value(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_value(f, 0, 1), OK);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_NONE), OK);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(value_of(f, 0), 0);
}

static void no_direction_discards_the_interrupt(void **state)
{
	struct fixture *f = *state;

	enable(f, BOTH);
	set_level(f, true);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_NONE), OK);
	enable(f, BOTH);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void no_direction_returns_the_buffer(void **state)
{
	struct fixture *f = *state;

	enable(f, BOTH);
	unmask(f, 0);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_NONE), OK);
	assert_int_equal(take_event(f), INVALID);
	assert_int_equal(f->bank.stats.invalid, 1);
}

static void unknown_messages_are_errors(void **state)
{
	static const uint16_t types[] = { 0, 7, 8, 0x100, 0x8001, 0xffff };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		assert_int_equal(status_of(f, types[i], 0, 0), ERR);
}

static void lines_out_of_range_are_errors(void **state)
{
	struct fixture *f = *state;

	for (uint16_t type = VIRTIO_GPIO_MSG_GET_DIRECTION; type <= VIRTIO_GPIO_MSG_IRQ_TYPE;
	     type++) {
		assert_int_equal(status_of(f, type, LINES, 0), ERR);
		assert_int_equal(status_of(f, type, 65535, 0), ERR);
		assert_int_equal(ask(f, type, LINES - 1, 0).status, OK);
	}
}

static void names_are_laid_out(void **state)
{
	struct fixture *f = *state;
	struct gpio_reply reply;
	struct errmsg err;

	assert_int_equal(gpio_set_name(&f->bank, 0, "Red LED", &err), 0);
	assert_int_equal(gpio_set_name(&f->bank, 2, "x", &err), 0);
	assert_int_equal(gpio_build_names(&f->bank, &err), 0);
	reply = ask(f, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0);
	assert_int_equal(reply.status, OK);
	assert_true(reply.names);
	assert_int_equal(f->bank.names_size, 12);
	assert_memory_equal(f->bank.names, "Red LED\0\0x\0\0", 12);
}

static void names_without_any_are_an_error(void **state)
{
	struct fixture *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_build_names(&f->bank, &err), 0);
	assert_int_equal(f->bank.names_size, 0);
	assert_int_equal(status_of(f, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0), ERR);
}

static void bad_names_are_refused(void **state)
{
	struct fixture *f = *state;
	struct errmsg err;
	char longname[GPIO_MAX_NAME + 2];

	memset(longname, 'a', sizeof(longname));
	longname[GPIO_MAX_NAME + 1] = '\0';
	assert_int_equal(gpio_set_name(&f->bank, 0, "", &err), -1);
	assert_non_null(strstr(err.text, "empty"));
	assert_int_equal(gpio_set_name(&f->bank, 0, "Gr\xc3\xbcn", &err), -1);
	assert_non_null(strstr(err.text, "7-bit ASCII"));
	assert_int_equal(gpio_set_name(&f->bank, 0, "a\tb", &err), -1);
	assert_int_equal(gpio_set_name(&f->bank, 0, longname, &err), -1);
	assert_non_null(strstr(err.text, "longer than"));
	assert_null(f->bank.lines[0].name);
}

static void equal_names_are_refused(void **state)
{
	struct fixture *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_set_name(&f->bank, 0, "same", &err), 0);
	assert_int_equal(gpio_set_name(&f->bank, 3, "same", &err), 0);
	assert_int_equal(gpio_build_names(&f->bank, &err), -1);
	assert_non_null(strstr(err.text, "\"same\""));
}

static void lines_are_found(void **state)
{
	struct fixture *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_set_name(&f->bank, 0, "3", &err), 0);
	assert_int_equal(gpio_set_name(&f->bank, 1, "17", &err), 0);
	assert_int_equal(gpio_find(&f->bank, "3"), 3);
	assert_int_equal(gpio_find(&f->bank, "17"), 1);
	assert_int_equal(gpio_find(&f->bank, "4"), -1);
	assert_int_equal(gpio_find(&f->bank, ""), -1);
	assert_int_equal(gpio_find(&f->bank, "nosuch"), -1);
}

/* Which of the two edges a trigger type is for, checked on a whole pulse. */
static void assert_pulse(struct fixture *f, uint8_t type, uint8_t up, uint8_t down)
{
	enable(f, type);
	unmask(f, 0);
	set_level(f, true);
	assert_int_equal(take_event(f), up);
	if (up == VALID)
		unmask(f, 0);
	set_level(f, false);
	assert_int_equal(take_event(f), down);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_NONE), OK);
}

static void edges_are_told_apart(void **state)
{
	struct fixture *f = *state;

	assert_pulse(f, RISING, VALID, NO_EVENT);
	f->events = 0;
	assert_pulse(f, FALLING, NO_EVENT, VALID);
	f->events = 0;
	assert_pulse(f, BOTH, VALID, VALID);
}

static void same_level_is_no_edge(void **state)
{
	struct fixture *f = *state;

	enable(f, BOTH);
	unmask(f, 0);
	set_level(f, false);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(f->changes, 2);
}

static void event_masks_the_interrupt(void **state)
{
	struct fixture *f = *state;

	enable(f, BOTH);
	unmask(f, 0);
	set_level(f, true);
	assert_int_equal(take_event(f), VALID);
	assert_int_equal(f->line, 0);
	set_level(f, false);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(f->bank.stats.delivered, 1);
}

static void edge_is_latched_while_masked(void **state)
{
	struct fixture *f = *state;

	enable(f, RISING);
	set_level(f, true);
	set_level(f, false);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(f->bank.stats.latched, 1);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
}

static void latched_edges_coalesce(void **state)
{
	struct fixture *f = *state;

	enable(f, BOTH);
	for (unsigned int i = 0; i < 3; i++) {
		set_level(f, true);
		set_level(f, false);
	}
	assert_int_equal(f->bank.stats.latched, 1);
	assert_int_equal(f->bank.stats.coalesced, 5);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void edge_before_enabling_is_lost(void **state)
{
	struct fixture *f = *state;

	set_level(f, true);
	enable(f, RISING);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void disabling_discards_a_latched_edge(void **state)
{
	struct fixture *f = *state;

	enable(f, RISING);
	set_level(f, true);
	assert_int_equal(set_type(f, 0, NONE), OK);
	assert_int_equal(set_type(f, 0, RISING), OK);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void disabling_returns_the_buffer(void **state)
{
	struct fixture *f = *state;

	enable(f, RISING);
	unmask(f, 0);
	assert_int_equal(set_type(f, 0, NONE), OK);
	assert_int_equal(take_event(f), INVALID);
	assert_int_equal(set_type(f, 0, NONE), OK);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void unmasking_a_disabled_interrupt_returns_the_buffer(void **state)
{
	struct fixture *f = *state;

	unmask(f, 0);
	assert_int_equal(take_event(f), INVALID);
	assert_int_equal(f->bank.stats.invalid, 1);
	assert_true(gpio_may_unmask(&f->bank, 0));
}

static void unmasking_tells_when_a_line_is_armed(void **state)
{
	struct fixture *f = *state;

	unmask(f, 0);
	assert_int_equal(take_event(f), INVALID);
	assert_int_equal(f->armed, 0);
	enable(f, BOTH);
	set_level(f, true);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
	assert_int_equal(f->armed, 0);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(f->armed, 1);
}

static void level_is_not_latched(void **state)
{
	struct fixture *f = *state;

	enable(f, HIGH);
	set_level(f, true);
	set_level(f, false);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(f->bank.stats.latched, 0);
}

static void active_level_fires_when_unmasked(void **state)
{
	struct fixture *f = *state;

	set_level(f, true);
	enable(f, HIGH);
	assert_int_equal(take_event(f), NO_EVENT);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
}

static void active_level_fires_again(void **state)
{
	struct fixture *f = *state;

	enable(f, HIGH);
	unmask(f, 0);
	set_level(f, true);
	assert_int_equal(take_event(f), VALID);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
	set_level(f, false);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void low_level_fires(void **state)
{
	struct fixture *f = *state;

	set_level(f, true);
	enable(f, LOW);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
	set_level(f, false);
	assert_int_equal(take_event(f), VALID);
}

static void unknown_trigger_types_are_errors(void **state)
{
	static const uint32_t types[] = { 5, 6, 7, 9, 12, 15, 16, 0x100, 0x101, 0x10000 };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		assert_int_equal(set_type(f, 0, types[i]), ERR);
	assert_int_equal(f->bank.lines[0].trigger, NONE);
}

static void live_change_of_trigger_is_refused(void **state)
{
	struct fixture *f = *state;

	enable(f, RISING);
	assert_int_equal(set_type(f, 0, FALLING), ERR);
	assert_int_equal(f->bank.lines[0].trigger, RISING);
	assert_int_equal(f->violations, 1);
	assert_int_equal(set_type(f, 0, NONE), OK);
	assert_int_equal(set_type(f, 0, FALLING), OK);
}

static void same_trigger_again_changes_nothing(void **state)
{
	struct fixture *f = *state;

	enable(f, RISING);
	set_level(f, true);
	assert_int_equal(set_type(f, 0, RISING), OK);
	assert_int_equal(f->violations, 0);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
}

static void output_line_has_no_interrupt(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(set_type(f, 0, RISING), ERR);
	assert_int_equal(set_type(f, 0, NONE), ERR);
	assert_int_equal(f->violations, 2);
	assert_non_null(strstr(f->what, "output line"));
}

static void line_with_interrupt_becomes_no_output(void **state)
{
	struct fixture *f = *state;

	enable(f, RISING);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), ERR);
	assert_int_equal(direction_of(f, 0), VIRTIO_GPIO_DIRECTION_IN);
	assert_int_equal(f->violations, 1);
}

static void interrupts_need_the_feature(void **state)
{
	struct fixture *f = *state;

	f->bank.irq = false;
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(set_type(f, 0, RISING), ERR);
	assert_int_equal(f->violations, 1);
	assert_non_null(strstr(f->what, "VIRTIO_GPIO_F_IRQ"));
}

static void second_buffer_is_a_violation(void **state)
{
	struct fixture *f = *state;

	enable(f, RISING);
	unmask(f, 0);
	assert_false(gpio_may_unmask(&f->bank, 0));
	assert_int_equal(f->violations, 1);
	assert_non_null(strstr(f->what, "second event buffer"));
	set_level(f, true);
	assert_int_equal(take_event(f), VALID);
}

static void buffer_for_no_line_is_a_violation(void **state)
{
	struct fixture *f = *state;

	assert_false(gpio_may_unmask(&f->bank, LINES));
	assert_false(gpio_may_unmask(&f->bank, 65535));
	assert_int_equal(f->violations, 2);
}

static void lines_do_not_disturb_each_other(void **state)
{
	struct fixture *f = *state;

	enable(f, BOTH);
	unmask(f, 0);
	assert_int_equal(set_type(f, 1, BOTH), OK);
	unmask(f, 1);
	gpio_set_level(&f->bank, 1, true);
	assert_int_equal(take_event(f), VALID);
	assert_int_equal(f->line, 1);
	assert_false(gpio_may_unmask(&f->bank, 0));
	assert_true(gpio_may_unmask(&f->bank, 1));
}

static void reset_forgets_the_driver_not_the_host(void **state)
{
	struct fixture *f = *state;

	set_level(f, true);
	enable(f, RISING);
	unmask(f, 0);
	assert_int_equal(set_value(f, 1, 1), OK);
	gpio_reset(&f->bank);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(direction_of(f, 0), VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->bank.lines[0].trigger, NONE);
	assert_int_equal(value_of(f, 0), 1);
	assert_int_equal(set_direction(f, 1, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(value_of(f, 1), 0);
}

static void changes_are_told_once(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_value(f, 0, 1), OK);
	assert_int_equal(f->changes, 0);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(f->changes, 1);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(set_value(f, 0, 1), OK);
	assert_int_equal(f->changes, 1);
	assert_int_equal(set_value(f, 0, 0), OK);
	assert_int_equal(f->changes, 2);
	set_level(f, true);
	assert_int_equal(f->changes, 2);
	assert_int_equal(set_direction(f, 0, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(set_type(f, 0, RISING), OK);
	assert_int_equal(set_type(f, 0, NONE), OK);
	assert_int_equal(f->changes, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_begin_without_direction),
		TEST(direction_is_kept),
		TEST(unknown_direction_is_an_error),
		TEST(input_shows_the_hosts_level),
		TEST(output_shows_the_guests_value),
		TEST(value_set_before_direction_is_used),
		TEST(unknown_value_is_an_error),
		TEST(no_direction_discards_the_output_value),
		TEST(no_direction_discards_the_interrupt),
		TEST(no_direction_returns_the_buffer),
		TEST(unknown_messages_are_errors),
		TEST(lines_out_of_range_are_errors),
		TEST(names_are_laid_out),
		TEST(names_without_any_are_an_error),
		TEST(bad_names_are_refused),
		TEST(equal_names_are_refused),
		TEST(lines_are_found),
		TEST(edges_are_told_apart),
		TEST(same_level_is_no_edge),
		TEST(event_masks_the_interrupt),
		TEST(edge_is_latched_while_masked),
		TEST(latched_edges_coalesce),
		TEST(edge_before_enabling_is_lost),
		TEST(disabling_discards_a_latched_edge),
		TEST(disabling_returns_the_buffer),
		TEST(unmasking_a_disabled_interrupt_returns_the_buffer),
		TEST(unmasking_tells_when_a_line_is_armed),
		TEST(level_is_not_latched),
		TEST(active_level_fires_when_unmasked),
		TEST(active_level_fires_again),
		TEST(low_level_fires),
		TEST(unknown_trigger_types_are_errors),
		TEST(live_change_of_trigger_is_refused),
		TEST(same_trigger_again_changes_nothing),
		TEST(output_line_has_no_interrupt),
		TEST(line_with_interrupt_becomes_no_output),
		TEST(interrupts_need_the_feature),
		TEST(second_buffer_is_a_violation),
		TEST(buffer_for_no_line_is_a_violation),
		TEST(lines_do_not_disturb_each_other),
		TEST(reset_forgets_the_driver_not_the_host),
		TEST(changes_are_told_once),
	};

	return cmocka_run_group_tests_name("gpio", tests, NULL, NULL);
}
