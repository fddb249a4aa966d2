/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges: what people may write, and what is refused. */
#include "guest.h"

#include <string.h>

#include "range.h"

static void assert_range(const char *text, enum quantity quantity, uint64_t min, uint64_t max)
{
	struct range range;
	struct errmsg err;

	assert_int_equal(range_parse(text, quantity, &range, &err), 0);
	assert_int_equal(range.min, min);
	assert_int_equal(range.max, max);
}

static void ranges_have_units(void **state)
{
	(void)state;
	assert_range("40ms..60ms", QUANTITY_TIME, 40000000, 60000000);
	assert_range("1us..1.5s", QUANTITY_TIME, 1000, 1500000000);
	assert_range("1.25ms..2ms", QUANTITY_TIME, 1250000, 2000000);
	assert_range("49.5Hz..1kHz", QUANTITY_FREQUENCY, 49500, 1000000);
	assert_range("1MHz..2MHz", QUANTITY_FREQUENCY, 1000000000, 2000000000);
	assert_range("0%..12.5%", QUANTITY_DUTY, 0, 12500);
	assert_range("9..11", QUANTITY_COUNT, 9, 11);
}

static void ranges_may_be_open(void **state)
{
	(void)state;
	assert_range("40ms..", QUANTITY_TIME, 40000000, UINT64_MAX);
	assert_range("..60ms", QUANTITY_TIME, 0, 60000000);
	assert_range("3..", QUANTITY_COUNT, 3, UINT64_MAX);
	assert_range("..3", QUANTITY_COUNT, 0, 3);
}

static void values_have_tolerances(void **state)
{
	(void)state;
	assert_range("50ms+-10%", QUANTITY_TIME, 45000000, 55000000);
	assert_range("100Hz+-0.5%", QUANTITY_FREQUENCY, 99500, 100500);
	assert_range("25%+-4%", QUANTITY_DUTY, 24000, 26000);
	assert_range("999999999s+-100%", QUANTITY_TIME, 0, 1999999998000000000);
	assert_range("10", QUANTITY_COUNT, 10, 10);
}

static void nonsense_is_refused(void **state)
{
	static const char *const wrong[] = {
		"", "..", "40", "40..60", "40ms...60ms", "40ms..60", "40ms-60ms", "x", "40ms..60ms..",
		"1.ms..2ms", "1.2345ms..2ms", "-1ms..2ms", "1ms..2ms ", "40ms+-10", "40ms+-10%x",
		"40ms+-101%", "1000000000s..", "40msec..60msec",
	};
	struct range range;
	struct errmsg err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(range_parse(wrong[i], QUANTITY_TIME, &range, &err), -1);
		assert_non_null(strstr(err.text, "must be MIN..MAX, MIN.., ..MAX or VALUE+-N%, "
						 "such as 40ms..60ms"));
	}
	assert_int_equal(range_parse("1.5", QUANTITY_COUNT, &range, &err), -1);
	assert_int_equal(range_parse("60ms..40ms", QUANTITY_TIME, &range, &err), -1);
	assert_string_equal(err.text, "\"60ms..40ms\" begins above its end");
	assert_int_equal(range_parse("40ms", QUANTITY_TIME, &range, &err), -1);
	assert_string_equal(err.text, "\"40ms\" will not be met exactly; give a range, such as "
				      "40ms..60ms");
}

static void assert_text(enum quantity quantity, uint64_t value, const char *expected)
{
	char text[24];

	assert_string_equal(quantity_text(text, sizeof(text), quantity, value), expected);
}

static void values_are_said_as_people_write_them(void **state)
{
	(void)state;
	assert_text(QUANTITY_TIME, 0, "0us");
	assert_text(QUANTITY_TIME, 999, "0.999us");
	assert_text(QUANTITY_TIME, 10000000, "10ms");
	assert_text(QUANTITY_TIME, 12345678, "12.345ms");
	assert_text(QUANTITY_TIME, 86400000000000, "86400s");
	assert_text(QUANTITY_FREQUENCY, 998200, "998.2Hz");
	assert_text(QUANTITY_DUTY, 100000, "100%");
	assert_text(QUANTITY_COUNT, 1000, "1000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_have_units),
		cmocka_unit_test(ranges_may_be_open),
		cmocka_unit_test(values_have_tolerances),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(values_are_said_as_people_write_them),
	};

	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
