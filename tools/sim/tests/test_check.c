/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgpio-check: a device without faults passes; reports, and what cannot be checked. */
#include "checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void all_pass_with_names_and_a_wire(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, checker_board, NULL);

	assert_int_equal(sim_check(f, "--wire", "0:1", f->socket, NULL), 0);
	sim_assert_says(f, "26 passed, 0 failed, 0 blocked, 0 with a warning, 1 skipped\n");
	close(out);
}

static void only_lines_that_are_named_are_driven(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, "lines 3\nline 1 loop 2\n", "error set_direction line 0");

	assert_int_equal(sim_check(f, "--wire", "1:2", f->socket, NULL), 0);
	sim_assert_says(f, "25 passed, 0 failed, 0 blocked, 0 with a warning, 2 skipped\n");
	close(out);
}

static void all_pass_without_names_by_a_command(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, "lines 3\n", NULL);
	char command[512];

	snprintf(command, sizeof(command), "%s ctl %s set {line} {value}", getenv("VGPIO_SIM"),
		 f->control);
	assert_int_equal(sim_check(f, "--line", "2", "--set", command, f->socket, NULL), 0);
	sim_assert_says(f, "25 passed, 0 failed, 0 blocked, 0 with a warning, 2 skipped\n");
	close(out);
}

static void what_needs_a_stimulus_is_skipped_without(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, checker_board, NULL);

	assert_int_equal(sim_check(f, f->socket, NULL), 0);
	sim_assert_says(f, "19 passed, 0 failed, 0 blocked, 0 with a warning, 8 skipped\n");
	sim_assert_says(f, "give --wire or --set");
	close(out);
}

static void what_needs_interrupts_is_skipped_without(void **state)
{
	struct simulator *f = *state;
	int out;

	checker_write_file(f->other, checker_board);
	out = sim_start(f, "--config", f->other, "--no-irq", NULL);
	assert_int_equal(sim_check(f, "--wire", "0:1", f->socket, NULL), 0);
	sim_assert_says(f, "16 passed, 0 failed, 0 blocked, 0 with a warning, 11 skipped\n");
	sim_assert_says(f, "VIRTIO_GPIO_F_IRQ is not offered");
	close(out);
}

static void strict_fails_with_a_warning(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, checker_board, "spurious line 1 after 1 times 1");

	assert_int_equal(sim_check(f, "--strict", "--wire", "0:1", f->socket, NULL), 1);
	sim_assert_says(f, "FAIL    S17");
	close(out);
}

static void failure_says_what_was_sent_and_what_came(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, checker_board, "bad-value get_value line 0 times 1");

	assert_int_equal(sim_check(f, "--only", "R2,M13", f->socket, NULL), 1);
	sim_assert_says(f, "  set_value line 0 value 1: status 0 OK, value 0, length 2\n");
	sim_assert_says(f, "  get_value line 0: status 0 OK, value 9, length 2\n");
	sim_assert_says(f, "  \"The line may already be configured for output or may");
	sim_assert_says(f, "1 passed, 1 failed, 0 blocked, 0 with a warning, 0 skipped\n");
	close(out);
}

static void what_cannot_be_known_is_blocked(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, checker_board, "error set_direction line 0");

	assert_int_equal(sim_check(f, "--only", "M13,R7", f->socket, NULL), 2);
	sim_assert_says(f, "BLOCKED M13");
	sim_assert_says(f, "0 passed, 0 failed, 2 blocked, 0 with a warning, 0 skipped\n");
	close(out);
}

static void tap_is_told(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, checker_board, "bad-value get_value line 0 times 1");

	assert_int_equal(sim_check(f, "--tap", "--only", "R3,R2,M13", f->socket, NULL), 1);
	sim_assert_says(f, "TAP version 13\n1..3\nok 1 - R2 every");
	sim_assert_says(f, "\nok 2 - R3 without names, their size is 0 and they are refused "
			"# SKIP the device has names\n");
	sim_assert_says(f, "\nnot ok 3 - M13 ");
	sim_assert_says(f, "\n# wrong: line 0 was set to 1, 0 and 1");
	close(out);
}

/* A command that fails is told, whatever is in it. */
static void lines_of_a_report_are_those_of_the_checker(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, checker_board, NULL);

	assert_int_equal(sim_check(f, "--tap", "--only", "R8", "--set",
				   "exit 7 # {value}\nBail out! \033\303", f->socket, NULL), 2);
	sim_assert_says(f, "\n# blocked: \"exit 7 # 0?Bail out! ??\" of --set fails with status 7\n");
	close(out);
}

static void junit_is_written(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, checker_board, "names-nonascii times 1");
	FILE *file;
	size_t len;

	unlink(f->other);
	assert_int_equal(sim_check(f, "--junit", f->other, "--only", "R2,R3,M15", f->socket, NULL),
			 1);
	file = fopen(f->other, "r");
	assert_non_null(file);
	len = fread(f->output, 1, sizeof(f->output) - 1, file);
	f->output[len] = '\0';
	fclose(file);
	sim_assert_says(f, "<?xml version=\"1.0\"?>\n<testsuite name=\"vgpio-check\" tests=\"3\" "
			"failures=\"1\" errors=\"0\" skipped=\"1\">\n<testcase ");
	sim_assert_says(f, "<skipped message=\"the device has names\"></skipped></testcase>\n");
	sim_assert_says(f, "<failure message=\"byte 0 of the names is 0xc3\">");
	sim_assert_says(f, "</failure></testcase>\n</testsuite>\n");
	close(out);
}

static void assert_refused(struct simulator *f, int status, const char *why)
{
	assert_int_equal(status, 2);
	sim_assert_says(f, "vgpio-check: ");
	sim_assert_says(f, why);
}

static void bad_command_lines_are_refused(void **state)
{
	struct simulator *f = *state;

	assert_refused(f, sim_check(f, NULL), "socket is missing; see --help");
	assert_refused(f, sim_check(f, "a", "b", NULL), "more than one socket");
	assert_refused(f, sim_check(f, "--colour", "a", NULL), "--colour is no option");
	assert_refused(f, sim_check(f, "--line", NULL), "--line needs a value");
	assert_refused(f, sim_check(f, "--line", "65535", "a", NULL), "from 0 to 65534");
	assert_refused(f, sim_check(f, "--wire", "3", "a", NULL), "two lines are needed");
	assert_refused(f, sim_check(f, "--wire", "3:3", "a", NULL), "to itself");
	assert_refused(f, sim_check(f, "--wire", "3:x", "a", NULL), "\"x\" is no line");
	assert_refused(f, sim_check(f, "--set", "true", "a", NULL), "{value} is missing");
	assert_refused(f, sim_check(f, "--set", "{value}", "--wire", "0:1", "a", NULL), "one of them");
	assert_refused(f, sim_check(f, "--only", "R8,R99", "a", NULL), "there is no check \"R99\"");
	assert_refused(f, sim_check(f, "--only", "", "a", NULL), "there is no check \"\"");
	assert_refused(f, sim_check(f, "--timeout", "10", "a", NULL), "from 1ms to 3600s");
	assert_int_equal(sim_check(f, "-h", NULL), 0);
	sim_assert_says(f, "usage: vgpio-check");
}

static int listen_on(const struct simulator *f, int backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, f->socket);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, backlog), 0);
	return listener;
}

/* Somebody listens who is none, and answers with the same bytes whatever he hears. */
static void answer_with(struct simulator *f, const void *bytes, size_t len)
{
	int listener = listen_on(f, 1);

	f->pid = fork();
	assert_true(f->pid >= 0);
	if (!f->pid) {
		int fd = accept(listener, NULL, NULL);
		char heard[512];

		while (read(fd, heard, sizeof(heard)) > 0)
			if (len && write(fd, bytes, len) < 0)
				break;
		_exit(0);
	}
	close(listener);
}

static void file_that_is_no_socket_is_refused(void **state)
{
	struct simulator *f = *state;

	assert_refused(f, sim_check(f, f->socket, NULL), "No such file or directory");
	checker_write_file(f->socket, "text");
	assert_refused(f, sim_check(f, f->socket, NULL), "Connection refused");
}

/* Its queue of those who connect has room for one. */
static void back_end_that_accepts_nobody_is_refused(void **state)
{
	struct simulator *f = *state;
	int listener = listen_on(f, 0), first = sim_connect(f);

	assert_refused(f, sim_check(f, "--timeout", "50ms", f->socket, NULL),
		       "nobody accepts within 50 ms");
	close(first);
	close(listener);
}

static void silent_back_end_is_refused(void **state)
{
	struct simulator *f = *state;

	answer_with(f, NULL, 0);
	assert_refused(f, sim_check(f, "--timeout", "50ms", f->socket, NULL),
		       "says nothing for 50 ms; is another front end connected to it?");
}

static void other_servers_are_refused(void **state)
{
	struct simulator *f = *state;

	answer_with(f, "error, this is no vhost-user back end\n", 38);
	assert_refused(f, sim_check(f, f->socket, NULL), "after GET_FEATURES is no answer to it");
}

static void back_end_without_configuration_is_refused(void **state)
{
	static const uint32_t features[] = { 1, 5, 8, 0, 0 };
	struct simulator *f = *state;

	answer_with(f, features, sizeof(features));
	assert_refused(f, sim_check(f, f->socket, NULL), "the back end has no protocol features");
}

static void line_that_is_not_there_blocks(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, "lines 3\n", NULL);

	assert_int_equal(sim_check(f, "--line", "3", "--only", "R1", f->socket, NULL), 2);
	sim_assert_says(f, "there is no line 3: the device has 3");
	close(out);
}

static void stimulus_that_does_nothing_blocks(void **state)
{
	struct simulator *f = *state;
	int out = checker_start(f, "lines 3\nline 0 level 1\n", NULL);

	assert_int_equal(sim_check(f, "--set", "exit {value}7", "--only", "R8", f->socket, NULL), 2);
	sim_assert_says(f, "\"exit 07\" of --set fails with status 7");
	assert_int_equal(sim_check(f, "--set", "kill -9 $$ # {value}", "--only", "R8", f->socket,
				   NULL), 2);
	sim_assert_says(f, "\"kill -9 $$ # 0\" of --set is ended by signal 9");
	assert_int_equal(sim_check(f, "--set", "true {value}", "--only", "R8", "--timeout", "100ms",
				   f->socket, NULL), 2);
	sim_assert_says(f, "line 0 does not become 0 by --set");
	assert_int_equal(sim_check(f, "--set", "sleep 9 {value}", "--only", "R8", "--timeout",
				   "100ms", f->socket, NULL), 2);
	sim_assert_says(f, "of --set does not end");
	close(out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_set_up, sim_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_pass_with_names_and_a_wire),
		TEST(only_lines_that_are_named_are_driven),
		TEST(all_pass_without_names_by_a_command),
		TEST(what_needs_a_stimulus_is_skipped_without),
		TEST(what_needs_interrupts_is_skipped_without),
		TEST(strict_fails_with_a_warning),
		TEST(failure_says_what_was_sent_and_what_came),
		TEST(what_cannot_be_known_is_blocked),
		TEST(tap_is_told),
		TEST(lines_of_a_report_are_those_of_the_checker),
		TEST(junit_is_written),
		TEST(bad_command_lines_are_refused),
		TEST(file_that_is_no_socket_is_refused),
		TEST(back_end_that_accepts_nobody_is_refused),
		TEST(silent_back_end_is_refused),
		TEST(other_servers_are_refused),
		TEST(back_end_without_configuration_is_refused),
		TEST(line_that_is_not_there_blocks),
		TEST(stimulus_that_does_nothing_blocks),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
