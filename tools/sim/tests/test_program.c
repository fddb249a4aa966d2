/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program as a whole: its sockets, signals, exit status and its client. */
#include "simulator.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "scratch.h"
#include "sock.h"

static void ready_message_names_the_socket(void **state)
{
	struct simulator *f = *state;
	char expected[128];
	int fd = sim_start(f, NULL);

	snprintf(expected, sizeof(expected), "listening on %s\n", f->socket);
	assert_string_equal(f->output, expected);
	close(fd);
}

static void assert_signal_ends(struct simulator *f, int signo)
{
	int fd = sim_start(f, NULL);

	assert_true(sim_file_exists(f->socket) && sim_file_exists(f->control));
	assert_int_equal(kill(f->pid, signo), 0);
	assert_int_equal(sim_exit_status(f), 0);
	sim_assert_sockets_gone(f);
	close(fd);
}

static void signals_end_it_cleanly(void **state)
{
	struct simulator *f = *state;

	assert_signal_ends(f, SIGTERM);
	assert_signal_ends(f, SIGINT);
}

static void client_tells_the_reply(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, "--names", "A,Red LED", "--level", "0=1", NULL);

	assert_int_equal(sim_run(f, "ctl", f->control, "get", "A", NULL), 0);
	assert_string_equal(f->output, "ok 1\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "set", "Red LED", "1", NULL), 0);
	assert_string_equal(f->output, "ok\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "1", NULL), 0);
	assert_string_equal(f->output, "ok 1\n");
	close(fd);
}

static void client_fails_with_the_command(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, NULL);

	assert_int_equal(sim_run(f, "ctl", f->control, "set", "9", "1", NULL), 1);
	assert_string_equal(f->output, "error no line is numbered or named \"9\"\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "wait", "0", "1", "timeout", "10ms", NULL), 1);
	sim_assert_says(f, "error timeout");
	close(fd);
}

static void client_prints_all_of_a_long_reply(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, "--lines", "40", NULL);

	assert_int_equal(sim_run(f, "ctl", f->control, "get", NULL), 0);
	sim_assert_says(f, "line 0 name \"\"");
	sim_assert_says(f, "line 39 name \"\"");
	assert_string_equal(f->output + strlen(f->output) - 4, "\nok\n");
	close(fd);
}

static void client_without_simulator_fails(void **state)
{
	struct simulator *f = *state;

	assert_int_equal(sim_run(f, "ctl", f->control, "get", NULL), 2);
	sim_assert_says(f, "cannot connect to");
	assert_int_equal(sim_run(f, "ctl", NULL), 2);
	sim_assert_says(f, "usage:");
}

static void watching_client_sees_changes(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, NULL), watch;
	pid_t simulator = f->pid, watcher;
	char *argv[] = { getenv("VGPIO_SIM"), "ctl", f->control, "watch", NULL };

	watch = sim_spawn(f, argv);
	watcher = f->pid;
	f->pid = simulator;
	sim_read_until(f, watch, "ok\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "set", "3", "1", NULL), 0);
	sim_read_until(f, watch, "line 3 name \"\" value 1 ");
	kill(watcher, SIGKILL);
	waitpid(watcher, NULL, 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "3", NULL), 0);
	close(watch);
	close(fd);
}

static int connect_watcher(const struct simulator *f)
{
	struct errmsg err;
	int fd = sock_connect(f->control, &err);
	char reply[3];

	assert_true(fd >= 0);
	assert_int_equal(send(fd, "watch\n", 6, MSG_NOSIGNAL), 6);
	assert_int_equal(recv(fd, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	return fd;
}

/* The connection may be closed before the command is sent. */
static void refused_client_tells_why(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, NULL), watchers[CONTROL_MAX_CLIENTS];

	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		watchers[i] = connect_watcher(f);
	for (unsigned int i = 0; i < 20; i++) {
		assert_int_equal(sim_run(f, "ctl", f->control, "get", "0", NULL), 1);
		assert_string_equal(f->output, "error too many clients\n");
	}
	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		close(watchers[i]);
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "0", NULL), 0);
	close(fd);
}

static int status_after_quit(struct simulator *f, const char *script)
{
	char path[SCRATCH_PATH];
	int fd;

	scratch_make(path);
	scratch_write(path, script);
	fd = sim_start(f, "--play", path, NULL);
	assert_int_equal(sim_run(f, "ctl", f->control, "pause", "50ms", NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	close(fd);
	unlink(path);
	return sim_exit_status(f);
}

static void failed_expectation_of_a_script_is_the_exit_status(void **state)
{
	struct simulator *f = *state;

	assert_int_equal(status_after_quit(f, "at 0 expect 0 rise\nat 5ms set 0 1\n"), 0);
	assert_int_equal(status_after_quit(f, "at 0 expect 0 rise within 1ms\n"), 1);
}

/* Each command has a connection of its own. */
static void client_expects_what_another_one_caused(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, "--names", "LED,Button", NULL);

	assert_int_equal(sim_run(f, "ctl", f->control, "pulse", "Button", "5ms", NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "expect", "Button", "high", "4ms..4s", NULL), 0);
	sim_assert_says(f, "ok 2 ");
	assert_int_equal(sim_run(f, "ctl", f->control, "expect", "LED", "rise", "within", "1ms", NULL),
			 1);
	sim_assert_says(f, "\n  Button            __/~~");
	sim_assert_says(f, "error expected LED rise within 1ms: no rise in 1ms since pulse Button 5ms; "
			   "LED is 0\n");
	close(fd);
}

static void quit_ends_it_cleanly(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, NULL);

	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	assert_string_equal(f->output, "ok\n");
	assert_int_equal(sim_exit_status(f), 0);
	sim_assert_sockets_gone(f);
	close(fd);
}

static void pulse_is_timed(void **state)
{
	struct simulator *f = *state;
	struct timespec before, after;
	int fd = sim_start(f, NULL);

	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(sim_run(f, "ctl", f->control, "pulse", "2", "200ms", NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "wait", "2", "0", "timeout", "5s", NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 +
		    (after.tv_nsec - before.tv_nsec) / 1000000 >= 199);
	close(fd);
}

static void stale_sockets_are_replaced(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, NULL);

	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	close(fd);
	assert_true(sim_file_exists(f->socket) && sim_file_exists(f->control));
	fd = sim_start(f, NULL);
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "0", NULL), 0);
	close(fd);
}

static void socket_in_use_is_kept(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, NULL);

	assert_int_equal(sim_run(f, "--socket", f->socket, NULL), 1);
	sim_assert_says(f, "is in use by another process");
	assert_true(sim_file_exists(f->socket));
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "0", NULL), 0);
	close(fd);
}

static void control_socket_in_use_leaves_nothing(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, NULL);

	assert_int_equal(sim_run(f, "--socket", f->other, "--control", f->control, NULL), 1);
	sim_assert_says(f, "is in use by another process");
	assert_false(sim_file_exists(f->other));
	assert_true(sim_file_exists(f->control));
	close(fd);
}

/* Its queue of those who connect has room for one, who is there already. */
static int listen_to_nobody(const struct simulator *f, int *first)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct errmsg err;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, f->socket);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 0), 0);
	*first = sock_connect(f->socket, &err);
	assert_true(*first >= 0);
	return listener;
}

static void owner_that_accepts_nobody_is_no_endless_wait(void **state)
{
	struct simulator *f = *state;
	int first, listener = listen_to_nobody(f, &first);

	assert_int_equal(sim_run(f, "--socket", f->socket, NULL), 1);
	sim_assert_says(f, "is in use by another process, which accepted nobody for 2 s; end that "
			"one or choose another path\n");
	assert_true(sim_file_exists(f->socket));
	assert_int_equal(sim_run(f, "ctl", f->socket, "get", "0", NULL), 2);
	sim_assert_says(f, "its owner accepted nobody for 2 s; let it go on if it is stopped, or "
			"end it\n");
	close(first);
	close(listener);
}

static void other_files_are_kept(void **state)
{
	struct simulator *f = *state;

	close(open(f->socket, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(sim_run(f, "--socket", f->socket, NULL), 1);
	sim_assert_says(f, "is not a socket");
	assert_true(sim_file_exists(f->socket));
}

static void sockets_of_another_kind_are_kept(void **state)
{
	struct simulator *f = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(addr.sun_path, f->socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(sim_run(f, "--socket", f->socket, NULL), 1);
	sim_assert_says(f, "cannot be examined");
	assert_true(sim_file_exists(f->socket));
	close(fd);
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static void sockets_are_for_those_who_may(void **state)
{
	struct simulator *f = *state;
	mode_t before = umask(077);
	int fd = sim_start(f, NULL);

	assert_int_equal(mode_of(f->socket), 0700);
	assert_int_equal(mode_of(f->control), 0600);
	kill(f->pid, SIGTERM);
	assert_int_equal(sim_exit_status(f), 0);
	close(fd);
	fd = sim_start(f, "--socket-mode", "666", "--control-mode", "660", NULL);
	umask(before);
	assert_int_equal(mode_of(f->socket), 0666);
	assert_int_equal(mode_of(f->control), 0660);
	close(fd);
}

static void second_front_end_is_told_of(void **state)
{
	struct simulator *f = *state;
	int fd = sim_start(f, NULL), first = sim_connect(f), second, third;

	sim_assert_alive(first);
	second = sim_connect(f);
	sim_read_until(f, fd, "another one waits until it leaves\n");
	third = sim_connect(f);
	close(first);
	sim_assert_alive(second);
	sim_read_until(f, fd, "another one waits until it leaves\n");
	close(second);
	sim_assert_alive(third);
	close(third);
	close(fd);
}

/* As management software starts back ends; the front end's number is 7 here. */
static void front_end_may_be_connected_already(void **state)
{
	struct simulator *f = *state;
	char *argv[] = { getenv("VGPIO_SIM"), "--fd", "7", "--control", f->control, NULL };
	int pair[2], fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(dup2(pair[1], 7), 7);
	close(pair[1]);
	fd = sim_spawn(f, argv);
	close(7);
	sim_read_until(f, fd, "listening on the descriptor of --fd\n");
	sim_assert_alive(pair[0]);
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "0", NULL), 0);
	close(pair[0]);
	assert_int_equal(sim_exit_status(f), 0);
	close(fd);
	assert_int_equal(sim_run(f, "--fd", "1", NULL), 1);
	sim_assert_says(f, "--fd 1: must be a connected Unix socket");
}

static void capabilities_are_printed(void **state)
{
	struct simulator *f = *state;

	assert_int_equal(sim_run(f, "--print-capabilities", NULL), 0);
	assert_string_equal(f->output, "{\"type\":\"gpio\"}\n");
	assert_int_equal(sim_run(f, "--socket-path=/s", "--print-capabilities", NULL), 0);
	assert_string_equal(f->output, "{\"type\":\"gpio\"}\n");
}

static void readiness_is_told_to_a_descriptor(void **state)
{
	struct simulator *f = *state;
	char text[16] = "";
	int pipes[2], fd;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(dup2(pipes[1], 8), 8);
	close(pipes[1]);
	fd = sim_start(f, "--ready-fd", "8", NULL);
	close(8);
	assert_int_equal(read(pipes[0], text, sizeof(text)), 1);
	assert_string_equal(text, "\n");
	assert_int_equal(read(pipes[0], text, sizeof(text)), 0);
	close(pipes[0]);
	close(fd);
}

static void readiness_is_told_to_the_service_manager(void **state)
{
	struct simulator *f = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), fd;
	char text[32] = "";

	strcpy(addr.sun_path, f->other);
	assert_int_equal(bind(manager, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setenv("NOTIFY_SOCKET", f->other, 1);
	fd = sim_start(f, NULL);
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(recv(manager, text, sizeof(text), 0), 7);
	assert_string_equal(text, "READY=1");
	close(manager);
	close(fd);
}

/* Messages must not land in the record, whose descriptor would be 2. */
static void closed_streams_do_not_spoil_records(void **state)
{
	struct simulator *f = *state;
	char path[128], command[512], text[4096] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/trace", f->dir);
	snprintf(command, sizeof(command), "exec %s --trace %s --verbose --control %s --socket %s "
		 "<&- >&- 2>&-", getenv("VGPIO_SIM"), path, f->control, f->socket);
	f->pid = fork();
	if (!f->pid)
		_exit(execl("/bin/sh", "sh", "-c", command, NULL));
	for (unsigned int i = 0; i < 1000 && !sim_file_exists(f->control); i++)
		usleep(10000);
	assert_int_equal(sim_run(f, "ctl", f->control, "wait", "0", "0", NULL), 0);
	close(sim_connect(f));
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	assert_int_equal(sim_exit_status(f), 0);
	fd = open(path, O_RDONLY);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_true(line[0] == '{' && line[strlen(line) - 1] == '}');
	close(fd);
	unlink(path);
}

static void impossible_paths_are_errors(void **state)
{
	struct simulator *f = *state;
	char path[200];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(sim_run(f, "--socket", path, NULL), 1);
	sim_assert_says(f, "must be shorter than 108");
	assert_int_equal(sim_run(f, "--socket", "/nonexistent/s", NULL), 1);
	sim_assert_says(f, "cannot listen on /nonexistent/s: No such file");
	assert_int_equal(sim_run(f, "--socket", "", NULL), 1);
	sim_assert_says(f, "empty");
}

static void errors_are_one_line(void **state)
{
	struct simulator *f = *state;

	assert_int_equal(sim_run(f, "--bogus", NULL), 1);
	sim_assert_says(f, "vgpio-sim: --bogus");
	assert_ptr_equal(strchr(f->output, '\n'), f->output + strlen(f->output) - 1);
	assert_int_equal(sim_run(f, "--socket", f->socket, "--name", "8=A", NULL), 1);
	sim_assert_says(f, "line 8 does not exist");
	assert_false(sim_file_exists(f->socket));
}

static void assert_ctl(struct simulator *f, const char *board, const char *a, const char *b,
		       const char *c, const char *reply)
{
	assert_int_equal(sim_run(f, "ctl", f->control, board, a, b, c, NULL), 0);
	assert_string_equal(f->output, reply);
}

/* What a file says about wires is for the whole simulator, about parts for a board. */
static void boards_are_wired(void **state)
{
	struct simulator *f = *state;
	char file[SCRATCH_PATH];
	int fd;

	scratch_make(file);
	scratch_write(file, "wire READY\n"
			    "board left\nline 3 wire READY\n"
			    "board 1\nline 5 wire READY\npart start button line 0\n");
	fd = sim_start(f, "--config", file, "--socket", f->other, "--board", "left", NULL);
	assert_ctl(f, "@left", "set", "3", "1", "ok\n");
	assert_ctl(f, "@1", "get", "5", NULL, "ok 1\n");
	assert_ctl(f, "@left", "set", "3", "0", "ok\n");
	assert_ctl(f, "@1", "get", "5", NULL, "ok 0\n");
	assert_ctl(f, "@1", "get", "0", NULL, "ok 1\n");
	assert_ctl(f, "@1", "part", "start", "press", "ok\n");
	assert_ctl(f, "@1", "get", "0", NULL, "ok 0\n");
	assert_ctl(f, "@1", "part", NULL, NULL, "part \"start\" button pressed 1\nok\n");
	assert_ctl(f, "@left", "part", NULL, NULL, "ok\n");
	assert_ctl(f, "@left", "quit", NULL, NULL, "ok\n");
	assert_int_equal(sim_exit_status(f), 0);
	close(fd);
	unlink(file);
}

static void scripts_move_parts(void **state)
{
	struct simulator *f = *state;
	char file[SCRATCH_PATH], script[SCRATCH_PATH];
	int fd;

	scratch_make(file);
	scratch_make(script);
	scratch_write(file, "part start button line 0\n");
	scratch_write(script, "at 0 part start press\n");
	fd = sim_start(f, "--config", file, "--play", script, NULL);
	assert_int_equal(sim_run(f, "ctl", f->control, "wait", "0", "0", "timeout", "5s", NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "expect", "0", "rise", "within", "1us", NULL), 1);
	sim_assert_says(f, "since part start press");
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	assert_int_equal(sim_exit_status(f), 0);
	close(fd);
	scratch_write(script, "at 0 part start turn 1\n");
	assert_int_equal(sim_run(f, "--socket", f->socket, "--config", file, "--play", script,
				 NULL), 1);
	sim_assert_says(f, ":1: a button can \"press [DURATION]\" and \"release\"");
	scratch_write(script, "at 0 part start\n");
	assert_int_equal(sim_run(f, "--socket", f->socket, "--config", file, "--play", script,
				 NULL), 1);
	sim_assert_says(f, ":1: after \"part\" come a part's name and what it is to do");
	scratch_write(file, "line 0 wire A\n");
	assert_int_equal(sim_run(f, "--socket", f->socket, "--config", file, NULL), 1);
	sim_assert_says(f, "wire \"A\" has one end; it takes lines, or parts, at two ends");
	unlink(script);
	unlink(file);
}

static void help_and_version_are_printed(void **state)
{
	struct simulator *f = *state;

	static const char *const ways[] = { "--help", "-h", "help" };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		assert_int_equal(sim_run(f, ways[i], NULL), 0);
		sim_assert_says(f, "--socket PATH");
		assert_int_equal(sim_run(f, "ctl", ways[i], NULL), 0);
		sim_assert_says(f, "usage: vgpio-sim ctl");
	}
	assert_int_equal(sim_run(f, "--version", NULL), 0);
	assert_int_equal(strncmp(f->output, "vgpio-sim ", 10), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_set_up, sim_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ready_message_names_the_socket),
		TEST(signals_end_it_cleanly),
		TEST(client_tells_the_reply),
		TEST(client_fails_with_the_command),
		TEST(client_prints_all_of_a_long_reply),
		TEST(client_without_simulator_fails),
		TEST(watching_client_sees_changes),
		TEST(refused_client_tells_why),
		TEST(failed_expectation_of_a_script_is_the_exit_status),
		TEST(client_expects_what_another_one_caused),
		TEST(quit_ends_it_cleanly),
		TEST(pulse_is_timed),
		TEST(stale_sockets_are_replaced),
		TEST(socket_in_use_is_kept),
		TEST(control_socket_in_use_leaves_nothing),
		TEST(owner_that_accepts_nobody_is_no_endless_wait),
		TEST(other_files_are_kept),
		TEST(sockets_of_another_kind_are_kept),
		TEST(sockets_are_for_those_who_may),
		TEST(second_front_end_is_told_of),
		TEST(front_end_may_be_connected_already),
		TEST(capabilities_are_printed),
		TEST(readiness_is_told_to_a_descriptor),
		TEST(readiness_is_told_to_the_service_manager),
		TEST(closed_streams_do_not_spoil_records),
		TEST(impossible_paths_are_errors),
		TEST(errors_are_one_line),
		TEST(boards_are_wired),
		TEST(scripts_move_parts),
		TEST(help_and_version_are_printed),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
