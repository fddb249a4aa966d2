/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device model: every message, every error. */
#include "bank.h"

#include <string.h>

static void lines_begin_without_direction(void **state)
{
	struct bank *f = *state;

	for (unsigned int i = 0; i < LINES; i++)
		assert_int_equal(bank_direction_of(f, i), VIRTIO_GPIO_DIRECTION_NONE);
}

static void direction_is_kept(void **state)
{
	struct bank *f = *state;

	for (uint8_t d = VIRTIO_GPIO_DIRECTION_NONE; d <= VIRTIO_GPIO_DIRECTION_IN; d++) {
		assert_int_equal(bank_set_direction(f, 2, d), OK);
		assert_int_equal(bank_direction_of(f, 2), d);
	}
	assert_int_equal(bank_direction_of(f, 1), VIRTIO_GPIO_DIRECTION_NONE);
}

static void unknown_direction_is_an_error(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(bank_set_direction(f, 0, 3), ERR);
	assert_int_equal(bank_set_direction(f, 0, 0x10001), ERR);
	assert_int_equal(bank_direction_of(f, 0), VIRTIO_GPIO_DIRECTION_IN);
}

static void input_shows_the_hosts_level(void **state)
{
	struct bank *f = *state;

	gpio_set_level(&f->bank, 1, true);
	assert_int_equal(bank_value_of(f, 1), 1);
	assert_int_equal(bank_set_direction(f, 1, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(bank_value_of(f, 1), 1);
	gpio_set_level(&f->bank, 1, false);
	assert_int_equal(bank_value_of(f, 1), 0);
}

static void output_shows_the_guests_value(void **state)
{
	struct bank *f = *state;

	gpio_set_level(&f->bank, 1, true);
	assert_int_equal(bank_set_direction(f, 1, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(bank_value_of(f, 1), 0);
	assert_int_equal(bank_set_value(f, 1, 1), OK);
	assert_int_equal(bank_value_of(f, 1), 1);
	gpio_set_level(&f->bank, 1, false);
	assert_int_equal(bank_value_of(f, 1), 1);
	assert_true(gpio_value(&f->bank, 1));
}

static void value_set_before_direction_is_used(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_value(f, 3, 1), OK);
	assert_int_equal(bank_value_of(f, 3), 0);
	assert_int_equal(bank_set_direction(f, 3, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(bank_value_of(f, 3), 1);
}

static void unknown_value_is_an_error(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(bank_set_value(f, 0, 2), ERR);
	assert_int_equal(bank_set_value(f, 0, 0x100), ERR);
	assert_int_equal(bank_value_of(f, 0), 0);
}

static void no_direction_discards_the_output_value(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_value(f, 0, 1), OK);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_NONE), OK);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(bank_value_of(f, 0), 0);
}

static void unknown_messages_are_errors(void **state)
{
	static const uint16_t types[] = { 0, 7, 8, 0x100, 0x8001, 0xffff };
	struct bank *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		assert_int_equal(bank_status_of(f, types[i], 0, 0), ERR);
}

static void lines_out_of_range_are_errors(void **state)
{
	struct bank *f = *state;

	for (uint16_t type = VIRTIO_GPIO_MSG_GET_DIRECTION; type <= VIRTIO_GPIO_MSG_IRQ_TYPE;
	     type++) {
		assert_int_equal(bank_status_of(f, type, LINES, 0), ERR);
		assert_int_equal(bank_status_of(f, type, 65535, 0), ERR);
		assert_int_equal(bank_ask(f, type, LINES - 1, 0).status, OK);
	}
}

static void names_are_laid_out(void **state)
{
	struct bank *f = *state;
	struct gpio_reply reply;
	struct errmsg err;

	assert_int_equal(gpio_set_name(&f->bank, 0, "Red LED", &err), 0);
	assert_int_equal(gpio_set_name(&f->bank, 2, "x", &err), 0);
	assert_int_equal(gpio_build_names(&f->bank, &err), 0);
	reply = bank_ask(f, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0);
	assert_int_equal(reply.status, OK);
	assert_true(reply.names);
	assert_int_equal(f->bank.names_size, 14);
	assert_memory_equal(f->bank.names, "Red LED\0\0x\0\0\0\0", 14);
}

static void names_without_any_are_an_error(void **state)
{
	struct bank *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_build_names(&f->bank, &err), 0);
	assert_int_equal(f->bank.names_size, 0);
	assert_int_equal(bank_status_of(f, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0), ERR);
}

static void bad_names_are_refused(void **state)
{
	struct bank *f = *state;
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
	struct bank *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_set_name(&f->bank, 0, "same", &err), 0);
	assert_int_equal(gpio_set_name(&f->bank, 3, "same", &err), 0);
	assert_int_equal(gpio_build_names(&f->bank, &err), -1);
	assert_non_null(strstr(err.text, "\"same\""));
}

static void lines_are_found(void **state)
{
	struct bank *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_set_name(&f->bank, 0, "3", &err), 0);
	assert_int_equal(gpio_set_name(&f->bank, 1, "17", &err), 0);
	assert_int_equal(gpio_find(&f->bank, "3"), 3);
	assert_int_equal(gpio_find(&f->bank, "17"), 1);
	assert_int_equal(gpio_find(&f->bank, "6"), -1);
	assert_int_equal(gpio_find(&f->bank, ""), -1);
	assert_int_equal(gpio_find(&f->bank, "nosuch"), -1);
}

static void changes_are_told_once(void **state)
{
	struct bank *f = *state;

	assert_int_equal(bank_set_value(f, 0, 1), OK);
	assert_int_equal(f->changes[0], 0);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(f->changes[0], 1);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_OUT), OK);
	assert_int_equal(bank_set_value(f, 0, 1), OK);
	assert_int_equal(f->changes[0], 1);
	assert_int_equal(bank_set_value(f, 0, 0), OK);
	assert_int_equal(f->changes[0], 2);
	gpio_set_level(&f->bank, 0, true);
	assert_int_equal(f->changes[0], 2);
	assert_int_equal(bank_set_direction(f, 0, VIRTIO_GPIO_DIRECTION_IN), OK);
	assert_int_equal(bank_set_type(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING), OK);
	assert_int_equal(bank_set_type(f, 0, VIRTIO_GPIO_IRQ_TYPE_NONE), OK);
	assert_int_equal(f->changes[0], 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bank_set_up, bank_tear_down)

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
		TEST(unknown_messages_are_errors),
		TEST(lines_out_of_range_are_errors),
		TEST(names_are_laid_out),
		TEST(names_without_any_are_an_error),
		TEST(bad_names_are_refused),
		TEST(equal_names_are_refused),
		TEST(lines_are_found),
		TEST(changes_are_told_once),
	};

	return cmocka_run_group_tests_name("gpio", tests, NULL, NULL);
}
