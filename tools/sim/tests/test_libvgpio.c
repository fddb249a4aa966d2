/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client for test programs in C, as they use it. */
#include "guest.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libvgpio.h"
#include "loop.h"
#include "scratch.h"
#include "sock.h"

#define MAX_PATH	128
#define NS_PER_SECOND	1000000000ull

/**
 * struct fixture - a simulator that the library started
 * @sim: the simulator
 * @board: its configuration
 */
struct fixture {
	struct vgpio *sim;
	char board[SCRATCH_PATH];
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	scratch_make(f->board);
	scratch_write(f->board, "lines 3\nline 0 name LED\nline 1 name \"The \\\"Button\\\"\" level 1\n");
	f->sim = vgpio_start(f->board);
	assert_non_null(f->sim);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	vgpio_close(f->sim);
	unlink(f->board);
	test_free(f);
	return 0;
}

static void lines_are_driven_and_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(vgpio_get(f->sim, "The \"Button\""), 1);
	assert_int_equal(vgpio_set(f->sim, "The \"Button\"", 0), 0);
	assert_int_equal(vgpio_get(f->sim, "1"), 0);
	assert_int_equal(vgpio_release(f->sim, "LED"), 0);
	assert_int_equal(vgpio_command(f->sim, "get %d %d", 0, 1), 0);
	assert_string_equal(vgpio_reply(f->sim), "0 0");
	assert_string_equal(vgpio_details(f->sim), "");
	assert_int_equal(vgpio_command(f->sim, "get"), 0);
	assert_int_equal(strncmp(vgpio_details(f->sim), "line 0 name \"LED\" value 0 ", 26), 0);
}

static void expectations_are_met(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(vgpio_mark(f->sim, "a \"mark\""), 0);
	assert_string_equal(vgpio_reply(f->sim), "2");
	assert_int_equal(vgpio_pulse(f->sim, "LED", "5ms"), 0);
	assert_int_equal(vgpio_expect(f->sim, "LED", "rise within 500ms"), 0);
	assert_int_equal(vgpio_then(f->sim, "LED", "fall"), 0);
	assert_int_equal(vgpio_expect(f->sim, "LED", "high 5ms..5s"), 0);
	assert_int_equal(strncmp(vgpio_reply(f->sim), "4 ", 2), 0);
}

static void failures_are_explained(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(vgpio_set(f->sim, "LED", 1), 0);
	assert_int_equal(vgpio_expect(f->sim, "2", "rise within 1ms"), -1);
	assert_int_equal(strncmp(vgpio_error(f->sim), "expected 2 rise within 1ms: no rise in 1ms since "
				 "set LED 1; line 2 is 0\n", 72), 0);
	assert_non_null(strstr(vgpio_error(f->sim), "\n  LED               __/~~~~~~~~~~|"));
	assert_int_equal(vgpio_get(f->sim, "lamp"), -1);
	assert_string_equal(vgpio_error(f->sim), "no line is numbered or named \"lamp\"");
	assert_int_equal(vgpio_command(f->sim, "get 0\nget 1"), -1);
	assert_string_equal(vgpio_error(f->sim), "a command must not contain a line break");
	assert_int_equal(vgpio_command(f->sim, "%s", ""), -1);
	assert_string_equal(vgpio_error(f->sim), "the command is empty; try help");
	assert_int_equal(vgpio_command(f->sim, " \t# set LED 0"), -1);
	assert_string_equal(vgpio_error(f->sim), "the command is empty; try help");
	assert_int_equal(vgpio_command(f->sim, "%5000d", 1), -1);
	assert_string_equal(vgpio_error(f->sim), "the command is too long");
	assert_int_equal(vgpio_get(f->sim, "LED"), 1);
}

static void limit_of_a_command_is_added(void **state)
{
	struct fixture *f = *state;

	vgpio_set_timeout(f->sim, 1);
	assert_int_equal(vgpio_command(f->sim, "pause 1200ms"), 0);
	assert_int_equal(vgpio_command(f->sim, "wait LED 1 timeout 1200ms"), -1);
	assert_string_equal(vgpio_error(f->sim), "timeout: line 0 is still 0");
}

static void late_reply_is_not_taken_for_the_next(void **state)
{
	struct fixture *f = *state;

	vgpio_set_timeout(f->sim, 1);
	assert_int_equal(vgpio_command(f->sim, "wait LED 1"), -1);
	assert_string_equal(vgpio_error(f->sim), "no reply within 1 s");
	assert_int_equal(vgpio_get(f->sim, "LED"), -1);
	assert_string_equal(vgpio_error(f->sim), "no reply within 1 s");
}

/* The control socket is beside the other one. */
static void name_control(const struct vgpio *sim, char *control)
{
	const char *front_end = vgpio_socket(sim);

	snprintf(control, MAX_PATH, "%.*s/control", (int)strlen(front_end) - 5, front_end);
}

static pid_t pid_of(const struct vgpio *sim)
{
	char control[MAX_PATH];
	struct errmsg err;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd;

	name_control(sim, control);
	fd = sock_connect(control, &err);
	assert_true(fd >= 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len), 0);
	close(fd);
	return peer.pid;
}

static void several_clients_share_a_simulator(void **state)
{
	struct fixture *f = *state;
	char control[MAX_PATH];
	struct vgpio *other;

	name_control(f->sim, control);
	other = vgpio_connect(control, "0", 0);
	assert_non_null(other);
	assert_string_equal(vgpio_socket(other), "");
	assert_int_equal(vgpio_set(other, "LED", 1), 0);
	assert_int_equal(vgpio_get(f->sim, "LED"), 1);
	vgpio_close(other);
	assert_int_equal(vgpio_get(f->sim, "LED"), 1);
}

static void what_cannot_be_reached_is_said(void **state)
{
	(void)state;
	assert_null(vgpio_connect("/nonexistent/s", NULL, 0));
	assert_string_equal(vgpio_error(NULL),
			    "cannot connect to /nonexistent/s: No such file or directory");
	unsetenv("VGPIO_CONTROL");
	assert_null(vgpio_connect(NULL, NULL, 0));
	assert_string_equal(vgpio_error(NULL), "no control socket is named; set VGPIO_CONTROL");
	assert_null(vgpio_start("/nonexistent/board"));
	assert_string_equal(vgpio_error(NULL), "the simulator does not start");
}

static void killed_simulator_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	char folder[MAX_PATH];

	snprintf(folder, sizeof(folder), "%s", vgpio_socket(f->sim));
	*strrchr(folder, '/') = '\0';
	assert_int_equal(access(folder, F_OK), 0);
	assert_int_equal(kill(pid_of(f->sim), SIGKILL), 0);
	vgpio_close(f->sim);
	f->sim = NULL;
	assert_int_equal(access(folder, F_OK), -1);
}

static void stopped_simulator_holds_up_nobody(void **state)
{
	struct fixture *f = *state;
	char control[MAX_PATH];
	pid_t pid = pid_of(f->sim);
	uint64_t began;

	name_control(f->sim, control);
	vgpio_set_timeout(f->sim, 1);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	began = loop_now();
	assert_null(vgpio_connect(control, NULL, 1));
	assert_string_equal(vgpio_error(NULL), "no reply within 1 s");
	vgpio_close(f->sim);
	f->sim = NULL;
	assert_true(loop_now() - began < 20 * NS_PER_SECOND);
	assert_int_equal(kill(pid, 0), -1);
}

/* Its queue of those who connect has room for one, who is there already. */
static void owner_that_accepts_nobody_is_no_endless_wait(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), first;
	struct errmsg err;

	(void)state;
	scratch_make(addr.sun_path);
	unlink(addr.sun_path);
	assert_int_equal(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(listener, 0), 0);
	first = sock_connect(addr.sun_path, &err);
	assert_true(first >= 0);
	assert_null(vgpio_connect(addr.sun_path, NULL, 1));
	assert_non_null(strstr(vgpio_error(NULL), ": the simulator accepted nobody for 1 s; let it "
			       "go on if it is stopped, or end it"));
	unlink(addr.sun_path);
	close(first);
	close(listener);
}

static void ignore(int sig)
{
	(void)sig;
}

/* A program that needs a while, during which a signal is handled. */
static void signal_while_it_starts_is_no_failure(void **state)
{
	const struct itimerval soon = { .it_value.tv_usec = 50000 };
	struct sigaction action = { .sa_handler = ignore };
	char *program = strdup(getenv("VGPIO_SIM"));
	char script[SCRATCH_PATH], text[512];
	struct vgpio *sim;

	(void)state;
	scratch_make(script);
	snprintf(text, sizeof(text), "#!/bin/sh\nsleep 0.3\nexec '%s' \"$@\"\n", program);
	scratch_write(script, text);
	assert_int_equal(chmod(script, 0700), 0);
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	setenv("VGPIO_SIM", script, 1);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	sim = vgpio_start(NULL);
	setenv("VGPIO_SIM", program, 1);
	free(program);
	unlink(script);
	assert_non_null(sim);
	vgpio_close(sim);
}

/* Runs in a program of its own, which the failure ends. */
static void required_calls_end_the_program(void **state)
{
	struct fixture *f = *state;
	int out[2], status;
	char text[1024];
	pid_t pid;

	vgpio_require(f->sim, vgpio_get(f->sim, "LED"));
	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (!pid) {
		dup2(out[1], STDERR_FILENO);
		vgpio_get(f->sim, "lamp");
		vgpio_require_at(f->sim, -1, "test.c", 7, "vgpio_get(sim, \"lamp\")");
		_exit(0);
	}
	close(out[1]);
	text[read(out[0], text, sizeof(text) - 1)] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
	assert_string_equal(text, "test.c:7: vgpio_get(sim, \"lamp\")\n"
				  "no line is numbered or named \"lamp\"\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_driven_and_read),
		TEST(expectations_are_met),
		TEST(failures_are_explained),
		TEST(limit_of_a_command_is_added),
		TEST(late_reply_is_not_taken_for_the_next),
		TEST(several_clients_share_a_simulator),
		cmocka_unit_test(what_cannot_be_reached_is_said),
		TEST(killed_simulator_leaves_nothing),
		TEST(stopped_simulator_holds_up_nobody),
		cmocka_unit_test(owner_that_accepts_nobody_is_no_endless_wait),
		cmocka_unit_test(signal_while_it_starts_is_no_failure),
		TEST(required_calls_end_the_program),
	};

	return cmocka_run_group_tests_name("libvgpio", tests, NULL, NULL);
}
