/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts of stimuli: their grammar, their errors, and their times. */
#include "guest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "scratch.h"

#define LINES		4
#define MAX_CHANGES	64
#define MS		1000000ull

/**
 * struct fixture - a board that plays a script
 * @host: the board
 * @listener: notes changes
 * @began_ns: when the script began
 * @changes: number of changes
 * @lines: the lines that changed
 * @values: their values
 * @times: when, since the script began
 * @file: the script
 * @messages: what was said meanwhile, after listen_to_messages()
 * @err: why the last call failed
 */
struct fixture {
	struct host host;
	struct device_listener listener;
	uint64_t began_ns;
	unsigned int changes;
	unsigned int lines[MAX_CHANGES];
	bool values[MAX_CHANGES];
	uint64_t times[MAX_CHANGES];
	char file[SCRATCH_PATH];
	char messages[4096];
	struct errmsg err;
};

static void on_message(void *ctx, const char *text)
{
	struct fixture *f = ctx;
	size_t len = strlen(f->messages);

	snprintf(f->messages + len, sizeof(f->messages) - len, "%s\n", text);
}

static void listen_to_messages(struct fixture *f)
{
	f->messages[0] = '\0';
	log_set_sink(on_message, f);
}

static void on_changed(void *ctx, unsigned int line)
{
	struct fixture *f = ctx;

	assert_true(f->changes < MAX_CHANGES);
	f->lines[f->changes] = line;
	f->values[f->changes] = gpio_value(&f->host.board.dev.bank, line);
	f->times[f->changes++] = loop_now() - f->began_ns;
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	scratch_make(f->file);
	host_init(&f->host, LINES);
	host_name(&f->host, 1, "Red LED");
	f->listener = (struct device_listener){ .changed = on_changed, .ctx = f };
	device_listen(&f->host.board.dev, &f->listener);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	host_free(&f->host);
	unlink(f->file);
	test_free(f);
	return 0;
}

static int play(struct fixture *f, const char *text)
{
	scratch_write(f->file, text);
	f->changes = 0;
	f->began_ns = loop_now();
	return script_play(&f->host.board.script, f->file, &f->err);
}

/* Plays to the end, pulses included. */
static void play_all(struct fixture *f, const char *text)
{
	assert_int_equal(play(f, text), 0);
	while (f->host.loop.timers)
		assert_int_equal(loop_run_once(&f->host.loop, true), 0);
	assert_false(f->host.board.script.playing);
}

static void assert_change(struct fixture *f, unsigned int i, unsigned int line, bool value,
			  uint64_t earliest_ms)
{
	assert_true(i < f->changes);
	assert_int_equal(f->lines[i], line);
	assert_int_equal(f->values[i], value);
	assert_true(f->times[i] >= earliest_ms * MS);
}

static void assert_refused(struct fixture *f, const char *text, int line, const char *why)
{
	char where[96];

	assert_int_equal(play(f, text), -1);
	snprintf(where, sizeof(where), "%s:%d: ", f->file, line);
	assert_non_null(strstr(f->err.text, where));
	assert_non_null(strstr(f->err.text, why));
	assert_false(f->host.board.script.playing);
}

static void steps_come_at_their_times(void **state)
{
	struct fixture *f = *state;

	play_all(f, "# a script\n\n"
		    "at 4ms set \"Red LED\" 1   # on\r\n"
		    "  after 4ms set 1 0\n"
		    "at 0 toggle 3\n"
		    "at 12ms release 3\n");
	assert_int_equal(f->changes, 4);
	assert_change(f, 0, 3, 1, 0);
	assert_change(f, 1, 1, 1, 4);
	assert_change(f, 2, 1, 0, 8);
	assert_change(f, 3, 3, 0, 12);
}

static void steps_of_one_time_keep_their_order(void **state)
{
	struct fixture *f = *state;

	play_all(f, "at 1ms set 0 1\nafter 0 set 1 1\nat 1ms set 2 1\nat 0ms set 3 1\n");
	assert_int_equal(f->changes, 4);
	assert_change(f, 0, 3, 1, 0);
	assert_change(f, 1, 0, 1, 1);
	assert_change(f, 2, 1, 1, 1);
	assert_change(f, 3, 2, 1, 1);
}

static void pulses_are_played(void **state)
{
	struct fixture *f = *state;

	play_all(f, "at 2ms pulse 2 3ms\n");
	assert_int_equal(f->changes, 2);
	assert_change(f, 0, 2, 1, 2);
	assert_change(f, 1, 2, 0, 5);
}

static void faults_are_played(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(play(f, "at 0 fault silence line \"Red LED\"\nat 1ms set 0 1\n"
				 "at 200ms fault none\n"), 0);
	assert_int_equal(f->host.board.dev.faults.count, 0);
	while (!f->changes)
		assert_int_equal(loop_run_once(&f->host.loop, true), 0);
	assert_int_equal(f->host.board.dev.faults.count, 1);
	while (f->host.loop.timers)
		assert_int_equal(loop_run_once(&f->host.loop, true), 0);
	assert_int_equal(f->host.board.dev.faults.count, 0);
}

/* Nothing waits for a verdict: the edge that is expected is a step, too. */
static void expectations_do_not_hold_up_steps(void **state)
{
	struct fixture *f = *state;

	play_all(f, "at 0 mark \"the start\"\nat 0 expect \"Red LED\" rise within 10s\n"
		    "at 2ms set \"Red LED\" 1\nat 4ms expect \"Red LED\" rise since 1 within 10s\n");
	assert_false(f->host.board.verdicts.failed);
	assert_null(f->host.board.verdicts.open);
}

static void failed_expectations_are_told_with_their_place(void **state)
{
	struct fixture *f = *state;
	char expected[128];

	listen_to_messages(f);
	play_all(f, "at 0 set 0 1\n\nat 0 expect \"Red LED\" rise within 1ms\n");
	log_set_sink(NULL, NULL);
	assert_true(f->host.board.verdicts.failed);
	snprintf(expected, sizeof(expected), "%s:3: expected Red LED rise within 1ms: no rise in "
		 "1ms since set 0 1; Red LED is 0\n", f->file);
	assert_int_equal(strncmp(f->messages, expected, strlen(expected)), 0);
	assert_non_null(strstr(f->messages, "\n  Red LED           _____________|\n"
					    "  line 0            __/~~~~~~~~~~|\n"));
}

/* The stimuli of the script before are none of this one's. */
static void windows_begin_anew_with_each_script(void **state)
{
	struct fixture *f = *state;

	play_all(f, "at 0 set 0 1\n");
	device_set_level(&f->host.board.dev, 1, true);
	f->host.board.history.stimulus = history_now(&f->host.board.history, "play s");
	listen_to_messages(f);
	play_all(f, "at 0 expect 1 edge within 1ms\n");
	log_set_sink(NULL, NULL);
	assert_true(f->host.board.verdicts.failed);
	assert_non_null(strstr(f->messages, "no edge in 1ms since play s; Red LED is 1"));
}

static void expectations_of_a_script_are_bounded(void **state)
{
	struct fixture *f = *state;

	listen_to_messages(f);
	assert_int_equal(play(f, "repeat 65 every 1us\nat 0 expect 0 rise within 10s\n"), 0);
	while (f->host.board.script.playing)
		assert_int_equal(loop_run_once(&f->host.loop, true), 0);
	log_set_sink(NULL, NULL);
	assert_int_equal(f->host.board.verdicts.count, VERDICT_MAX_OPEN);
	assert_true(f->host.board.verdicts.failed);
	assert_non_null(strstr(f->messages, ":2: no room for one more expectation; 64 are open, and "
					    "at most 64 can be"));
	f->host.board.verdicts.failed = false;
	device_set_level(&f->host.board.dev, 0, true);
	assert_int_equal(f->host.board.verdicts.count, 0);
	assert_false(f->host.board.verdicts.failed);
}

static void expectations_that_are_open_at_the_end_fail(void **state)
{
	struct fixture *f = *state;

	listen_to_messages(f);
	assert_int_equal(play(f, "at 0 expect quiet 10s\n"), 0);
	while (f->host.board.script.playing)
		assert_int_equal(loop_run_once(&f->host.loop, true), 0);
	verdict_free(&f->host.board.verdicts);
	log_set_sink(NULL, NULL);
	assert_true(board_failed(&f->host.board));
	assert_non_null(strstr(f->messages, ":1: expected quiet 10s: the end came before the verdict"));
	assert_int_equal(f->host.loop.timers, 0);
}

static void rounds_are_repeated(void **state)
{
	struct fixture *f = *state;

	play_all(f, "repeat 3 every 4ms\nat 0 set 0 1\nat 2ms set 0 0\n");
	assert_int_equal(f->changes, 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_change(f, i, 0, i % 2 == 0, i * 2);
}

static void rounds_follow_without_a_period(void **state)
{
	struct fixture *f = *state;

	play_all(f, "at 2ms toggle 0\nrepeat 4\n");
	assert_int_equal(f->changes, 4);
	assert_change(f, 3, 0, 0, 8);
}

static void script_may_go_on_for_ever(void **state)
{
	struct fixture *f = *state;
	struct buffer out = { .max = 256 };

	assert_int_equal(play(f, "repeat forever every 1ms\nat 0 toggle 0\n"), 0);
	while (f->changes < 10)
		assert_int_equal(loop_run_once(&f->host.loop, true), 0);
	script_describe(&out, &f->host.board.script);
	buffer_add(&out, "", 1);
	assert_non_null(strstr(out.data, " line 2 round 11"));
	buffer_free(&out);
	script_stop(&f->host.board.script);
	assert_int_equal(f->host.loop.timers, 0);
}

static void one_script_at_a_time(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(play(f, "at 1s set 0 1\n"), 0);
	assert_int_equal(play(f, "at 1s set 0 1\n"), -1);
	assert_non_null(strstr(f->err.text, "is being played"));
	script_stop(&f->host.board.script);
	assert_int_equal(play(f, "at 1s set 0 1\n"), 0);
}

static void errors_name_file_and_line(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "at 1ms set 0 1\nin 2ms set 0 0\n", 2, "cannot understand \"in\"");
	assert_refused(f, "at 5 set 0 1\n", 1, "after \"at\" comes a time");
	assert_refused(f, "\nafter\n", 2, "after \"after\" comes a time");
	assert_refused(f, "at 1ms\n", 1, "a command is missing");
	assert_refused(f, "at 1ms # set 0 1\n", 1, "a command is missing");
	assert_refused(f, "at 1ms jump 0\n", 1, "unknown command \"jump\"");
	assert_refused(f, "at 1ms set 0\n", 1, "wrong number of words; use \"set LINE 0|1\"");
	assert_refused(f, "at 1ms set 4 1\n", 1, "no line is numbered or named \"4\"");
	assert_refused(f, "at 1ms set 0 2\n", 1, "\"2\" must be 0 or 1");
	assert_refused(f, "at 1ms pulse 0 5\n", 1, "the duration must be above 0");
	assert_refused(f, "at 1ms wait 0 1\n", 1, "a script cannot \"wait\"");
	assert_refused(f, "at 1ms then 0 rise\n", 1, "a script cannot \"then\"");
	assert_refused(f, "at 1ms pause 1ms\n", 1, "a script cannot \"pause\"");
	assert_refused(f, "at 1ms expect lamp rise\n", 1, "no line is numbered or named \"lamp\"");
	assert_refused(f, "at 1ms toggle 0 5\n", 1, "in a script \"toggle LINE\" makes one edge");
	assert_refused(f, "at 1ms fault\n", 1, "after \"fault\" comes a fault's name");
	assert_refused(f, "at 1ms fault hang\n", 1, "\"hang\" is no fault");
	assert_refused(f, "at 1ms fault none hang\n", 1, "\"hang\" is no fault");
	assert_refused(f, "at 1ms set \"0 1\n", 1, "not closed");
	assert_refused(f, "repeat\n", 1, "after \"repeat\" comes a number");
	assert_refused(f, "repeat 0\n", 1, "after \"repeat\" comes a number");
	assert_refused(f, "repeat 2 each 1ms\n", 1, "\"every\" and a duration");
	assert_int_equal(f->changes, 0);
}

static void impossible_scripts_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(play(f, "# nothing\n"), -1);
	assert_non_null(strstr(f->err.text, "there are no steps"));
	assert_int_equal(play(f, "repeat forever\nat 0 toggle 0\n"), -1);
	assert_non_null(strstr(f->err.text, "a round takes 0 us"));
	assert_int_equal(play(f, "repeat 2 every 1ms\nat 2ms toggle 0\n"), -1);
	assert_non_null(strstr(f->err.text, "a round takes 2000 us"));
}

static void unreadable_scripts_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(script_play(&f->host.board.script, "/nonexistent/s", &f->err), -1);
	assert_non_null(strstr(f->err.text, "cannot read /nonexistent/s: No such file"));
	assert_int_equal(script_play(&f->host.board.script, "/dev/zero", &f->err), -1);
	assert_non_null(strstr(f->err.text, "it is no regular file"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(steps_come_at_their_times),
		TEST(steps_of_one_time_keep_their_order),
		TEST(pulses_are_played),
		TEST(faults_are_played),
		TEST(expectations_do_not_hold_up_steps),
		TEST(failed_expectations_are_told_with_their_place),
		TEST(windows_begin_anew_with_each_script),
		TEST(expectations_of_a_script_are_bounded),
		TEST(expectations_that_are_open_at_the_end_fail),
		TEST(rounds_are_repeated),
		TEST(rounds_follow_without_a_period),
		TEST(script_may_go_on_for_ever),
		TEST(one_script_at_a_time),
		TEST(errors_name_file_and_line),
		TEST(impossible_scripts_are_refused),
		TEST(unreadable_scripts_are_refused),
	};

	return cmocka_run_group_tests_name("player", tests, NULL, NULL);
}
