/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgpio-check ends, and tells the truth, whatever a back end does to it. */
#include "back_end.h"

static void memory_stays_as_long_as_it_was(void **state)
{
	struct simulator *f = *state;

	back_end_start(f, BACK_END_CUTS_MEMORY);
	assert_int_equal(sim_check(f, "--only", "R1,R5", f->socket, NULL), 0);
	sim_assert_says(f, "2 passed, 0 failed");
}

static void notification_without_room_is_no_wait(void **state)
{
	struct simulator *f = *state;

	back_end_start(f, BACK_END_FILLS_KICK);
	assert_int_equal(sim_check(f, "--timeout", "100ms", "--only", "R1", f->socket, NULL), 2);
	sim_assert_says(f, "get_direction line 0 did not come back within 100 ms");
}

static void back_end_that_leaves_is_no_warning(void **state)
{
	struct simulator *f = *state;

	back_end_start(f, BACK_END_LEAVES);
	assert_int_equal(sim_check(f, "--only", "S17", f->socket, NULL), 1);
	sim_assert_says(f, "FAIL    S17");
	sim_assert_says(f, "wrong: the back end closed the connection\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_set_up, sim_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_stays_as_long_as_it_was),
		TEST(notification_without_room_is_no_wait),
		TEST(back_end_that_leaves_is_no_warning),
	};

	return cmocka_run_group_tests_name("check_hostile", tests, NULL, NULL);
}
