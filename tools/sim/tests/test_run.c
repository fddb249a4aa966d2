/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios: their grammar, how they are run, and what is reported. */
#include "simulator.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libvgpio.h"
#include "scenario.h"
#include "scratch.h"

/**
 * struct fixture - a simulator and a scenario
 * @sim: the simulator
 * @fd: its output
 * @path: the scenario
 * @report: a report
 */
struct fixture {
	struct simulator *sim;
	int fd;
	char path[SCRATCH_PATH];
	char report[SCRATCH_PATH];
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	sim_set_up((void **)&f->sim);
	f->fd = sim_start(f->sim, "--names", "LED,Button", NULL);
	scratch_make(f->path);
	scratch_make(f->report);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->fd);
	unlink(f->path);
	unlink(f->report);
	sim_tear_down((void **)&f->sim);
	test_free(f);
	return 0;
}

static int run(struct fixture *f, const char *text)
{
	scratch_write(f->path, text);
	return sim_run(f->sim, "run", "--control", f->sim->control, f->path, NULL);
}

/* The output without times, which differ. */
static void assert_output(struct fixture *f, const char *expected)
{
	char *out = f->sim->output, *time;

	while ((time = strstr(out, " (0."))) {
		char *end = strchr(time, ')');

		assert_non_null(end);
		memmove(time, end + 1, strlen(end));
		out = time;
	}
	assert_string_equal(f->sim->output, expected);
}

static void tests_that_pass_are_named(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "# a scenario\n\ntest the button works   # yes\n"
				"  pulse Button 5ms\n\texpect Button rise\nthen Button fall\n"
				"test it is quiet\nexpect quiet 1ms\nexpect \"LED=0\" Button=0\n"), 0);
	assert_output(f, "ok    the button works\nok    it is quiet\n2 passed, 0 failed\n");
}

static void failures_have_file_line_and_waveforms(void **state)
{
	struct fixture *f = *state;
	char expected[1024];

	assert_int_equal(run(f, "test first\nset Button 1\n\nexpect LED rise within 1ms\nset LED 1\n"
				"test second\nexpect LED=0 within 1ms\n"), 1);
	sim_assert_says(f->sim, "FAIL  first");
	snprintf(expected, sizeof(expected), "\n  %s:4: expect LED rise within 1ms\n  expected LED "
		 "rise within 1ms: no rise in 1ms since set Button 1; LED is 0\n", f->path);
	sim_assert_says(f->sim, expected);
	sim_assert_says(f->sim, "\n    LED               _____________|\n"
				"    Button            __/~~~~~~~~~~|\n");
	sim_assert_says(f->sim, "\nok    second");
	sim_assert_says(f->sim, "\n1 passed, 1 failed\n");
}

static void commands_without_a_test_are_one(void **state)
{
	struct fixture *f = *state;
	char expected[128];

	assert_int_equal(run(f, "set 0 1\nexpect 0=1\n"), 0);
	snprintf(expected, sizeof(expected), "ok    %s\n1 passed, 0 failed\n", f->path);
	assert_output(f, expected);
}

static void wrong_command_fails_its_test(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "test a\nexpect lamp rise\ntest b\nget 0\n"), 1);
	sim_assert_says(f->sim, ":2: expect lamp rise\n  no line is numbered or named \"lamp\"\n");
	sim_assert_says(f->sim, "ok    b");
}

/* The window begins with the test, not with a stimulus of the one before. */
static void tests_have_windows_of_their_own(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "test a\ntoggle LED 2\nexpect LED 2 edges within 300ms\n"
				"test b\nexpect LED 0 edges within 5ms\n"), 0);
}

static void tap_is_printed(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->path, "test a\nget 0\ntest b\nexpect LED rise within 1ms\n");
	assert_int_equal(sim_run(f->sim, "run", "--tap", "--control", f->sim->control, f->path,
				 f->path, NULL), 1);
	sim_assert_says(f->sim, "TAP version 13\n1..4\nok 1 - a\nnot ok 2 - b\n# /tmp/");
	sim_assert_says(f->sim, ":4: expect LED rise within 1ms\n# expected LED rise within 1ms: no "
				"rise in 1ms since mark b; LED is 0\n#         ");
	sim_assert_says(f->sim, "\nok 3 - a\nnot ok 4 - b\n");
}

static void read_report(struct fixture *f, char *text, size_t size)
{
	FILE *file = fopen(f->report, "r");

	assert_non_null(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static void junit_is_written(void **state)
{
	struct fixture *f = *state;
	char text[8192];

	scratch_write(f->path, "test a<\"&\"> \xc3\xbc\xff\nget 0\ntest b\nexpect LED rise within 1ms\n");
	assert_int_equal(sim_run(f->sim, "run", "--junit", f->report, "--control", f->sim->control,
				 f->path, NULL), 1);
	read_report(f, text, sizeof(text));
	assert_non_null(strstr(text, " tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" time=\"0."));
	assert_non_null(strstr(text, " name=\"a&lt;&quot;&amp;&quot;&gt; \xc3\xbc?\" file=\"/tmp/"));
	assert_non_null(strstr(text, "<failure type=\"expectation\" message=\"expected LED rise within "
				     "1ms: no rise in 1ms since mark b; LED is 0\">/tmp/"));
}

/* A byte that is part of no such character becomes a question mark. */
static void junit_has_only_characters_of_xml(void **state)
{
	static const struct {
		const char *name;
		const char *written;
	} names[] = {
		{ "\xc2\x80 \xdf\xbf", "\xc2\x80 \xdf\xbf" },
		{ "\xe0\xa0\x80 \xed\x9f\xbf", "\xe0\xa0\x80 \xed\x9f\xbf" },
		{ "\xee\x80\x80 \xef\xbf\xbd", "\xee\x80\x80 \xef\xbf\xbd" },
		{ "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf" },
		{ "control \x01", "control ?" },
		{ "overlong \xc1\xbf", "overlong ??" },
		{ "overlong \xe0\x9f\xbf", "overlong ???" },
		{ "overlong \xf0\x8f\xbf\xbf", "overlong ????" },
		{ "surrogate \xed\xa0\x80", "surrogate ???" },
		{ "surrogate \xed\xbf\xbf", "surrogate ???" },
		{ "none \xef\xbf\xbe", "none ???" },
		{ "none \xef\xbf\xbf", "none ???" },
		{ "above \xf4\x90\x80\x80", "above ????" },
		{ "cut \xe2\x82", "cut ??" },
	};
	struct fixture *f = *state;
	char text[8192], name[64];
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		fprintf(file, "test %s\nget 0\n", names[i].name);
	fclose(file);
	assert_int_equal(sim_run(f->sim, "run", "--junit", f->report, "--control", f->sim->control,
				 f->path, NULL), 0);
	read_report(f, text, sizeof(text));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), " name=\"%s\" ", names[i].written);
		if (!strstr(text, name))
			fail_msg("the report has no%s", name);
	}
}

static void report_that_cannot_be_written_is_an_error(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->path, "get 0\n");
	assert_int_equal(sim_run(f->sim, "run", "--junit", "/dev/full", "--control",
				 f->sim->control, f->path, NULL), 2);
	sim_assert_says(f->sim, "cannot write /dev/full: No space left on device\n");
	assert_int_equal(sim_run(f->sim, "run", "--junit", "/nonexistent/x", "--control",
				 f->sim->control, f->path, NULL), 2);
	sim_assert_says(f->sim, "cannot write /nonexistent/x: No such file or directory\n");
}

static int run_into_full_disk(struct fixture *f, const char *arguments)
{
	char command[512];
	int status;

	snprintf(command, sizeof(command), "\"$VGPIO_SIM\" run %s >/dev/full 2>%s", arguments,
		 f->report);
	status = system(command);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void output_that_cannot_be_written_is_an_error(void **state)
{
	struct fixture *f = *state;
	char arguments[256], text[256];

	scratch_write(f->path, "get 0\n");
	snprintf(arguments, sizeof(arguments), "--control %s %s", f->sim->control, f->path);
	assert_int_equal(run_into_full_disk(f, arguments), 2);
	read_report(f, text, sizeof(text));
	assert_non_null(strstr(text, "cannot write all to standard output\n"));
	assert_int_equal(run_into_full_disk(f, "--help"), 2);
}

static void report_of_an_earlier_run_does_not_stay(void **state)
{
	struct fixture *f = *state;
	char text[256];

	scratch_write(f->path, "get 0\n");
	scratch_write(f->report, "<testsuites/>\n");
	assert_int_equal(sim_run(f->sim, "run", "--junit", f->report, "--control",
				 "/nonexistent/s", f->path, NULL), 2);
	read_report(f, text, sizeof(text));
	assert_string_equal(text, "");
	scratch_write(f->report, "<testsuites/>\n");
	assert_int_equal(sim_run(f->sim, "run", "--junit", f->report, "/nonexistent/s", NULL), 2);
	read_report(f, text, sizeof(text));
	assert_string_equal(text, "");
}

static void environment_names_the_simulator(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->path, "get 0\n");
	unsetenv("VGPIO_CONTROL");
	assert_int_equal(sim_run(f->sim, "run", f->path, NULL), 2);
	sim_assert_says(f->sim, "no control socket is named; set VGPIO_CONTROL\n");
	setenv("VGPIO_CONTROL", f->sim->control, 1);
	assert_int_equal(sim_run(f->sim, "run", f->path, NULL), 0);
	unsetenv("VGPIO_CONTROL");
}

static void board_may_be_chosen(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->path, "get 0\n");
	assert_int_equal(sim_run(f->sim, "run", "--control", f->sim->control, "--board", "0",
				 f->path, NULL), 0);
	assert_int_equal(sim_run(f->sim, "run", "--control", f->sim->control, "--board", "7",
				 f->path, NULL), 2);
	sim_assert_says(f->sim, "no board is numbered or named 7\n");
}

static void reply_that_does_not_come_fails_its_test(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->path, "test a\nwait LED 1\ntest b\nset LED 1\nexpect LED rise\n");
	assert_int_equal(sim_run(f->sim, "run", "--timeout", "1s", "--control", f->sim->control,
				 f->path, NULL), 1);
	sim_assert_says(f->sim, ":2: wait LED 1\n  no reply within 1 s\nok    b");
	sim_assert_says(f->sim, "\n1 passed, 1 failed\n");
}

/* A report is due of those that were run, and of those that were not. */
static void simulator_that_ends_fails_the_other_tests(void **state)
{
	struct fixture *f = *state;
	char text[8192], script[SCRATCH_PATH];

	scratch_make(script);
	scratch_write(script, "test before\nget 0\ntest end\nset 1 1\npause 10s\n"
			      "test next\nget 0\n");
	scratch_write(f->path, "test after\nget 0\n");
	if (!fork()) {
		struct vgpio *sim = vgpio_connect(f->sim->control, NULL, 0);

		vgpio_command(sim, "wait Button 1 timeout 60s");
		kill(f->sim->pid, SIGTERM);
		_exit(0);
	}
	assert_int_equal(sim_run(f->sim, "run", "--junit", f->report, "--control", f->sim->control,
				 script, f->path, NULL), 1);
	sim_assert_says(f->sim, "ok    before");
	sim_assert_says(f->sim, "\n  the simulator closed the connection\n");
	sim_assert_says(f->sim, "FAIL  next");
	/* While it ends, it may still accept a client, and close the connection then. */
	sim_assert_says(f->sim, ":7: get 0\n  ");
	sim_assert_says(f->sim, "FAIL  after");
	sim_assert_says(f->sim, ":2: get 0\n  ");
	read_report(f, text, sizeof(text));
	assert_non_null(strstr(text, "name=\"after\""));
	unlink(script);
}

static void nothing_is_run_without_a_simulator(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->path, "get 0\n");
	assert_int_equal(sim_run(f->sim, "run", "--control", "/nonexistent/s", f->path, NULL), 2);
	sim_assert_says(f->sim, "cannot connect to /nonexistent/s: No such file or directory\n");
}

static void assert_refused(struct fixture *f, const char *text, const char *why)
{
	assert_int_equal(run(f, text), 2);
	sim_assert_says(f->sim, why);
}

static void bad_scenarios_are_refused_with_their_place(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, "set 0 1\ntest\n", ":2: after \"test\" comes the name of a test\n");
	assert_refused(f, "test  # x\n", ":1: after \"test\" comes the name of a test\n");
	assert_refused(f, "at 1ms set 0 1\n",
		       ":1: a scenario has no times; \"pause DURATION\" waits\n");
	assert_refused(f, "watch\n", ":1: a scenario cannot \"watch\"\n");
	assert_refused(f, "get 0\n \"quit\"\n", ":2: a scenario cannot \"quit\"\n");
	assert_refused(f, "\"q\\uit\" # now\n", ":1: a scenario cannot \"quit\"\n");
	assert_refused(f, "set \"LED 1\n", ":1: a quote (\") is not closed\n");
	assert_refused(f, "# nothing\n", ": there are no commands\n");
	assert_refused(f, "test a\ntest b\nget 0\n", ": the test \"a\" has no commands\n");
	assert_int_equal(sim_run(f->sim, "run", "/nonexistent", NULL), 2);
	sim_assert_says(f->sim, "cannot read /nonexistent: No such file or directory\n");
}

static void bad_options_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(sim_run(f->sim, "run", NULL), 2);
	sim_assert_says(f->sim, "no scenario is named; see \"vgpio-sim run --help\"\n");
	assert_int_equal(sim_run(f->sim, "run", "--frob", f->path, NULL), 2);
	sim_assert_says(f->sim, "--frob is no option, or lacks its value; see");
	assert_int_equal(sim_run(f->sim, "run", f->path, "--timeout", "5", NULL), 2);
	sim_assert_says(f->sim, "--timeout 5: must be a duration, such as 60s\n");
	assert_int_equal(sim_run(f->sim, "run", "--help", NULL), 0);
	sim_assert_says(f->sim, "usage: vgpio-sim run ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tests_that_pass_are_named),
		TEST(failures_have_file_line_and_waveforms),
		TEST(commands_without_a_test_are_one),
		TEST(wrong_command_fails_its_test),
		TEST(tests_have_windows_of_their_own),
		TEST(tap_is_printed),
		TEST(junit_is_written),
		TEST(junit_has_only_characters_of_xml),
		TEST(report_that_cannot_be_written_is_an_error),
		TEST(output_that_cannot_be_written_is_an_error),
		TEST(report_of_an_earlier_run_does_not_stay),
		TEST(environment_names_the_simulator),
		TEST(board_may_be_chosen),
		TEST(reply_that_does_not_come_fails_its_test),
		TEST(simulator_that_ends_fails_the_other_tests),
		TEST(nothing_is_run_without_a_simulator),
		TEST(bad_scenarios_are_refused_with_their_place),
		TEST(bad_options_are_refused),
	};

	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
