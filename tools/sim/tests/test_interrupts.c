/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device model: interrupts, of edges and of levels. */
#include "bank.h"


#define NONE	VIRTIO_GPIO_IRQ_TYPE_NONE
#define RISING	VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING
#define FALLING	VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING
#define BOTH	VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH
#define HIGH	VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH
#define LOW	VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW
#define VALID	VIRTIO_GPIO_IRQ_STATUS_VALID
#define INVALID	VIRTIO_GPIO_IRQ_STATUS_INVALID
#define NO_EVENT 0xff

/* The status of the one event since the last call, or NO_EVENT. */
static uint8_t take_event(struct bank *f)
{
	uint8_t status = f->events ? f->status : NO_EVENT;

	assert_in_range(f->events, 0, 1);
	f->events = 0;
	return status;
}

static void unmask(struct bank *f, unsigned int line)
{
	assert_true(gpio_may_unmask(&f->bank, line));
	gpio_unmask(&f->bank, line);
}

/* Line 0 as an input with an enabled interrupt, still masked. */
static void enable(struct bank *f, uint8_t type)
{
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(bank_set_type(f, 0, type), OK);
}

static void set_level(struct bank *f, bool level)
{
	gpio_set_level(&f->bank, 0, level);
}

static void no_direction_discards_the_interrupt(void **state)
{
	struct bank *f = *state;

	enable(f, BOTH);
	set_level(f, true);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_NONE), OK);
	enable(f, BOTH);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void no_direction_returns_the_buffer(void **state)
{
	struct bank *f = *state;

	enable(f, BOTH);
	unmask(f, 0);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_NONE), OK);
	assert_int_equal(take_event(f), INVALID);
	assert_int_equal(f->bank.stats.invalid, 1);
}

/* Which of the two edges a trigger type is for, checked on a whole pulse. */
static void assert_pulse(struct bank *f, uint8_t type, uint8_t up, uint8_t down)
{
	enable(f, type);
	unmask(f, 0);
	set_level(f, true);
	assert_int_equal(take_event(f), up);
	if (up == VALID)
		unmask(f, 0);
	set_level(f, false);
	assert_int_equal(take_event(f), down);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_NONE), OK);
}

static void edges_are_told_apart(void **state)
{
	struct bank *f = *state;

	assert_pulse(f, RISING, VALID, NO_EVENT);
	f->events = 0;
	assert_pulse(f, FALLING, NO_EVENT, VALID);
	f->events = 0;
	assert_pulse(f, BOTH, VALID, VALID);
}

static void same_level_is_no_edge(void **state)
{
	struct bank *f = *state;

	enable(f, BOTH);
	unmask(f, 0);
	set_level(f, false);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(f->changes[0], 2);
}

static void event_masks_the_interrupt(void **state)
{
	struct bank *f = *state;

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
	struct bank *f = *state;

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
	struct bank *f = *state;

	enable(f, BOTH);
	for (unsigned int i = 0; i < 3; i++) {
		set_level(f, true);
		set_level(f, false);
	}
	assert_int_equal(f->bank.stats.latched, 1);
	assert_int_equal(f->bank.stats.coalesced, 5);
	assert_int_equal(f->latched, 6);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void edge_before_enabling_is_lost(void **state)
{
	struct bank *f = *state;

	set_level(f, true);
	enable(f, RISING);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void disabling_discards_a_latched_edge(void **state)
{
	struct bank *f = *state;

	enable(f, RISING);
	set_level(f, true);
	assert_int_equal(bank_set_type(f, 0, NONE), OK);
	assert_int_equal(bank_set_type(f, 0, RISING), OK);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void disabling_returns_the_buffer(void **state)
{
	struct bank *f = *state;

	enable(f, RISING);
	unmask(f, 0);
	assert_int_equal(bank_set_type(f, 0, NONE), OK);
	assert_int_equal(take_event(f), INVALID);
	assert_int_equal(bank_set_type(f, 0, NONE), OK);
	assert_int_equal(take_event(f), NO_EVENT);
}

static void unmasking_a_disabled_interrupt_returns_the_buffer(void **state)
{
	struct bank *f = *state;

	unmask(f, 0);
	assert_int_equal(take_event(f), INVALID);
	assert_int_equal(f->bank.stats.invalid, 1);
	assert_true(gpio_may_unmask(&f->bank, 0));
}

static void unmasking_tells_when_a_line_is_armed(void **state)
{
	struct bank *f = *state;

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
	struct bank *f = *state;

	enable(f, HIGH);
	set_level(f, true);
	set_level(f, false);
	unmask(f, 0);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(f->bank.stats.latched, 0);
}

static void active_level_fires_when_unmasked(void **state)
{
	struct bank *f = *state;

	set_level(f, true);
	enable(f, HIGH);
	assert_int_equal(take_event(f), NO_EVENT);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
}

static void active_level_fires_again(void **state)
{
	struct bank *f = *state;

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
	struct bank *f = *state;

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
	struct bank *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		assert_int_equal(bank_set_type(f, 0, types[i]), ERR);
	assert_int_equal(f->bank.lines[0].trigger, NONE);
}

static void live_change_of_trigger_is_refused(void **state)
{
	struct bank *f = *state;

	enable(f, RISING);
	assert_int_equal(bank_set_type(f, 0, FALLING), ERR);
	assert_int_equal(f->bank.lines[0].trigger, RISING);
	assert_int_equal(f->violations, 1);
	assert_int_equal(bank_set_type(f, 0, NONE), OK);
	assert_int_equal(bank_set_type(f, 0, FALLING), OK);
}

static void same_trigger_again_changes_nothing(void **state)
{
	struct bank *f = *state;

	enable(f, RISING);
	set_level(f, true);
	assert_int_equal(bank_set_type(f, 0, RISING), OK);
	assert_int_equal(f->violations, 0);
	unmask(f, 0);
	assert_int_equal(take_event(f), VALID);
}

static void output_line_has_no_interrupt(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(bank_set_type(f, 0, RISING), ERR);
	assert_int_equal(bank_set_type(f, 0, NONE), ERR);
	assert_int_equal(f->violations, 2);
	assert_int_equal(f->rule, RULE_OUTPUT);
}

static void line_with_interrupt_becomes_no_output(void **state)
{
	struct bank *f = *state;

	enable(f, RISING);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), ERR);
	assert_int_equal(bank_direction_of(f, 0), VIRTIO_GPIO_DIRECTION_IN);
	assert_int_equal(f->violations, 1);
}

static void interrupts_need_the_feature(void **state)
{
	struct bank *f = *state;

	f->bank.irq = false;
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(bank_set_type(f, 0, RISING), ERR);
	assert_int_equal(f->violations, 1);
	assert_int_equal(f->rule, RULE_FEATURE);
}

static void second_buffer_is_a_violation(void **state)
{
	struct bank *f = *state;

	enable(f, RISING);
	unmask(f, 0);
	assert_false(gpio_may_unmask(&f->bank, 0));
	assert_int_equal(f->violations, 1);
	assert_int_equal(f->rule, RULE_ONE_BUFFER);
	set_level(f, true);
	assert_int_equal(take_event(f), VALID);
}

static void buffer_for_no_line_is_a_violation(void **state)
{
	struct bank *f = *state;

	assert_false(gpio_may_unmask(&f->bank, LINES));
	assert_false(gpio_may_unmask(&f->bank, 65535));
	assert_int_equal(f->violations, 2);
}

static void lines_do_not_disturb_each_other(void **state)
{
	struct bank *f = *state;

	enable(f, BOTH);
	unmask(f, 0);
	assert_int_equal(bank_set_type(f, 1, BOTH), OK);
	unmask(f, 1);
	gpio_set_level(&f->bank, 1, true);
	assert_int_equal(take_event(f), VALID);
	assert_int_equal(f->line, 1);
	assert_false(gpio_may_unmask(&f->bank, 0));
	assert_true(gpio_may_unmask(&f->bank, 1));
}

static void reset_forgets_the_driver_not_the_host(void **state)
{
	struct bank *f = *state;

	set_level(f, true);
	enable(f, RISING);
	unmask(f, 0);
	assert_int_equal(bank_set_value(f, 1, 1), OK);
	gpio_reset(&f->bank);
	assert_int_equal(take_event(f), NO_EVENT);
	assert_int_equal(bank_direction_of(f, 0), VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->bank.lines[0].trigger, NONE);
	assert_int_equal(bank_value_of(f, 0), 1);
	assert_int_equal(bank_set_direction(f, 1, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(bank_value_of(f, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bank_set_up, bank_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_direction_discards_the_interrupt),
		TEST(no_direction_returns_the_buffer),
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
	};

	return cmocka_run_group_tests_name("interrupts", tests, NULL, NULL);
}
