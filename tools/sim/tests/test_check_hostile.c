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

static void assert_written(struct simulator *f, enum back_end_habit habit, const char *checks,
			   const char *what)
{
	back_end_start(f, habit);
	sim_check(f, "--only", checks, f->socket, NULL);
	sim_assert_says(f, "FAIL    V20");
	sim_assert_says(f, what);
}

static void requests_must_not_be_written(void **state)
{
	assert_written(*state, BACK_END_WRITES_REQUEST, "V20", "wrong: get_direction line 0: it was "
		       "written, and the device must only read it\n");
}

static void what_is_beside_event_buffers_must_not_be_written(void **state)
{
	assert_written(*state, BACK_END_WRITES_EVENT, "S17,V20", "wrong: in check S17: event buffer "
		       "for line 0: memory beside its buffers was written\n");
}

static void indirect_tables_must_not_be_written(void **state)
{
	assert_written(*state, BACK_END_WRITES_TABLE, "V24,V20", "wrong: in check V24: get_direction "
		       "line 0: memory beside its buffers was written\n");
}

static void what_is_behind_names_must_not_be_written(void **state)
{
	assert_written(*state, BACK_END_WRITES_BEHIND, "R4,V20", "wrong: in check R4: get_names "
		       "line 0: memory beside its buffers was written\n");
	sim_assert_says(*state, "1 passed, 1 failed");
}

static void queue_must_stop_behind_what_it_answered(void **state)
{
	struct simulator *f = *state;

	back_end_start(f, BACK_END_LOSES_BASE);
	assert_int_equal(sim_check(f, "--only", "V22", f->socket, NULL), 1);
	sim_assert_says(f, "FAIL    V22");
	sim_assert_says(f, "stopped at index 0; it answered all requests before index 2\n");
}

static void inverse_levels_are_known_whatever_is_chosen(void **state)
{
	struct simulator *f = *state;

	back_end_start(f, BACK_END_INVERTS);
	assert_int_equal(sim_check(f, "--only", "R5,V22", f->socket, NULL), 0);
	sim_assert_says(f, "2 passed, 0 failed, 0 blocked, 0 with a warning, 0 skipped\n");
	assert_int_equal(sim_check(f, "--only", "M13,R5", f->socket, NULL), 1);
	sim_assert_says(f, "FAIL    M13");
	sim_assert_says(f, "1 passed, 1 failed");
}

static void queue_that_is_not_enabled_has_no_effect(void **state)
{
	struct simulator *f = *state;

	back_end_start(f, BACK_END_INVERTS);
	assert_int_equal(sim_check(f, "--only", "V26", f->socket, NULL), 1);
	sim_assert_says(f, "wrong: the request queue is started and not enabled, and a message in "
			"it gives line 0 the direction 2\n");
}

static void what_is_discarded_has_no_effect(void **state)
{
	struct simulator *f = *state;

	back_end_start(f, BACK_END_DISCARDS);
	assert_int_equal(sim_check(f, "--only", "V26", f->socket, NULL), 0);
	sim_assert_says(f, "1 passed, 0 failed, 0 blocked, 0 with a warning, 0 skipped\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_set_up, sim_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(memory_stays_as_long_as_it_was),
		TEST(notification_without_room_is_no_wait),
		TEST(back_end_that_leaves_is_no_warning),
		TEST(requests_must_not_be_written),
		TEST(what_is_beside_event_buffers_must_not_be_written),
		TEST(indirect_tables_must_not_be_written),
		TEST(what_is_behind_names_must_not_be_written),
		TEST(queue_must_stop_behind_what_it_answered),
		TEST(inverse_levels_are_known_whatever_is_chosen),
		TEST(queue_that_is_not_enabled_has_no_effect),
		TEST(what_is_discarded_has_no_effect),
	};

	return cmocka_run_group_tests_name("check_hostile", tests, NULL, NULL);
}
