/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What options make the program do: records, faults, scripts, for one board and several. */
#include "simulator.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void assert_file_ends(const char *path, const char *expected)
{
	char text[4096] = "";
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, text, sizeof(text) - 1), tail = strlen(expected);

	assert_true(len >= tail);
	assert_string_equal(text + len - tail, expected);
	close(fd);
	unlink(path);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void killed_simulator_leaves_its_records(void **state)
{
	struct simulator *f = *state;
	char trace[128], vcd[128];
	int fd;

	snprintf(trace, sizeof(trace), "%s/trace", f->dir);
	snprintf(vcd, sizeof(vcd), "%s/vcd", f->dir);
	fd = sim_start(f, "--trace", trace, "--vcd", vcd, NULL);
	assert_int_equal(sim_run(f, "ctl", f->control, "set", "3", "1", NULL), 0);
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	f->pid = 0;
	assert_file_ends(trace, "\"value\":1,\"direction\":\"none\",\"trigger\":\"none\","
				"\"driver\":\"host\"}\n");
	assert_file_ends(vcd, "\n1'\n");
	close(fd);
}

static void boards_have_faults_and_records_of_their_own(void **state)
{
	struct simulator *f = *state;
	char right[128];
	int fd;

	snprintf(right, sizeof(right), "%s/right", f->dir);
	fd = sim_start(f, "--fault", "close", "--socket", f->other, "--board", "right", "--trace",
		       right, "--fault", "silence", "--lines", "3", NULL);
	assert_int_equal(sim_run(f, "ctl", f->control, "fault", NULL), 0);
	assert_string_equal(f->output, "fault close injected 0\nok\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "@right", "fault", NULL), 0);
	assert_string_equal(f->output, "fault close injected 0\nfault silence injected 0\nok\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "@right", "set", "2", "1", NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	assert_int_equal(sim_exit_status(f), 0);
	assert_file_ends(right, "\"line\":2,\"value\":1,\"direction\":\"none\",\"trigger\":\"none\","
				"\"driver\":\"host\"}\n");
	close(fd);
}

static void boards_tell_their_own_seeds(void **state)
{
	struct simulator *f = *state;
	char told[256];

	snprintf(told, sizeof(told), "%s: faults by chance; to repeat them: --seed 7\n", f->other);
	assert_int_equal(sim_run(f, "--fault", "silence 1%", "--socket", f->other, "--seed", "7",
				 "--socket", "/nonexistent/s", "--seed", "8", NULL), 1);
	sim_assert_says(f, told);
	sim_assert_says(f, "/nonexistent/s: faults by chance; to repeat them: --seed 8\n");
	assert_false(sim_file_exists(f->other));
}

static void boards_play_their_own_scripts(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, "--lines", "4", "--socket", f->other, "--board", "right", NULL);
	char path[128];

	snprintf(path, sizeof(path), "%s/script", f->dir);
	write_file(path, "at 1ms set 3 1\nat 30s set 2 1\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "@right", "play", path, NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "@right", "wait", "3", "1", "timeout", "5s",
				 NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "play", NULL), 0);
	assert_string_equal(f->output, "ok idle\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "3", NULL), 0);
	assert_string_equal(f->output, "ok 0\n");
	unlink(path);
	close(fd);
}

static void records_that_cannot_be_written_are_errors(void **state)
{
	struct simulator *f = *state;

	assert_int_equal(sim_run(f, "--socket", f->socket, "--trace", "/nonexistent/t", NULL), 1);
	sim_assert_says(f, "cannot write /nonexistent/t: No such file");
	assert_int_equal(sim_run(f, "--socket", f->socket, "--vcd", "/nonexistent/v", NULL), 1);
	sim_assert_says(f, "cannot write /nonexistent/v: No such file");
}

static void full_disk_is_told_in_the_end(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, "--trace", "/dev/full", NULL);

	assert_int_equal(sim_run(f, "ctl", f->control, "set", "3", "1", NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	assert_int_equal(sim_exit_status(f), 1);
	close(fd);
}

static void state_outlives_the_simulator(void **state)
{
	struct simulator *f = *state;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/state", f->dir);
	fd = sim_start(f, "--state", path, "--level", "2=1", NULL);
	assert_int_equal(sim_run(f, "ctl", f->control, "set", "3", "1", NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "set", "2", "0", NULL), 0);
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	close(fd);
	fd = sim_start(f, "--state", path, "--level", "2=1", NULL);
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "3", NULL), 0);
	assert_string_equal(f->output, "ok 1\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "2", NULL), 0);
	assert_string_equal(f->output, "ok 0\n");
	assert_int_equal(sim_run(f, "--socket", f->other, "--state", path, NULL), 1);
	sim_assert_says(f, "in use by another process");
	unlink(path);
	close(fd);
}

static void seed_is_printed_if_it_matters(void **state)
{
	struct simulator *f = *state;

	assert_int_equal(sim_run(f, "--socket", "/nonexistent/s", "--fault", "silence 1%", "--seed",
			     "12", NULL), 1);
	sim_assert_says(f, "to repeat them: --seed 12\n");
	assert_int_equal(sim_run(f, "--socket", "/nonexistent/s", "--fault", "silence", NULL), 1);
	assert_null(strstr(f->output, "--seed"));
}

static void panel_needs_a_terminal(void **state)
{
	struct simulator *f = *state;

	assert_int_equal(sim_run(f, "--socket", f->socket, "--interactive", NULL), 1);
	sim_assert_says(f, "vgpio-sim: --interactive");
	sim_assert_sockets_gone(f);
}

static void script_is_played_from_the_start(void **state)
{
	struct simulator *f = *state;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/script", f->dir);
	write_file(path, "at 10ms set 3 1\n");
	fd = sim_start(f, "--play", path, NULL);
	assert_int_equal(sim_run(f, "ctl", f->control, "wait", "3", "1", "timeout", "5s", NULL), 0);
	unlink(path);
	assert_int_equal(sim_run(f, "--socket", "/nonexistent/s", "--play", path, NULL), 1);
	sim_assert_says(f, "cannot read ");
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_set_up, sim_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(killed_simulator_leaves_its_records),
		TEST(records_that_cannot_be_written_are_errors),
		TEST(full_disk_is_told_in_the_end),
		TEST(state_outlives_the_simulator),
		TEST(seed_is_printed_if_it_matters),
		TEST(panel_needs_a_terminal),
		TEST(boards_have_faults_and_records_of_their_own),
		TEST(boards_tell_their_own_seeds),
		TEST(boards_play_their_own_scripts),
		TEST(script_is_played_from_the_start),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
