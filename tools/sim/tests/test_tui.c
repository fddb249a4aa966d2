/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The panel in the terminal: the program on a pseudo terminal, and a person. */
#include "guest.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "host.h"
#include "sock.h"
#include "text.h"
#include "tui.h"

#define PATIENCE_MS	10000
#define QUIET_MS	300
#define LEAVE_SCREEN	"\033[?1049l"

/**
 * struct fixture - a simulator with a panel
 * @dir: a directory for its sockets
 * @socket: the front end's socket
 * @control: the control socket
 * @hidden: the socket of a board that is not shown
 * @other: the socket of another that is
 * @pid: the simulator, or 0
 * @tty: the other end of its terminal
 * @modes: the terminal's modes before
 * @output: what came last
 * @len: how much
 */
struct fixture {
	char dir[64];
	char socket[96];
	char control[96];
	char hidden[96];
	char other[96];
	pid_t pid;
	int tty;
	struct termios modes;
	char output[65536];
	size_t len;
};

/* Returns true in a process of its own, whose terminal it is. */
static bool fork_with_terminal(struct fixture *f)
{
	struct winsize size = { .ws_row = 24, .ws_col = 100 };
	int slave;

	assert_int_equal(openpty(&f->tty, &slave, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(slave, &f->modes), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (!f->pid) {
		setenv("TERM", "xterm", 1);
		login_tty(slave);
		return true;
	}
	close(slave);
	return false;
}

static void start(struct fixture *f, char **argv)
{
	assert_non_null(argv[0]);
	if (fork_with_terminal(f)) {
		execv(argv[0], argv);
		_exit(127);
	}
}

/* Takes what the board writes; -1 at its end. */
static ssize_t take_output(struct fixture *f)
{
	ssize_t got;

	if (f->len > sizeof(f->output) / 2)
		f->len = 0;
	got = read(f->tty, f->output + f->len, sizeof(f->output) - 1 - f->len);
	if (got <= 0)
		return -1;
	f->len += got;
	f->output[f->len] = '\0';
	return got;
}

static void await(struct fixture *f, const char *text)
{
	struct pollfd pfd = { .fd = f->tty, .events = POLLIN };

	while (!strstr(f->output, text)) {
		assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
		assert_true(take_output(f) > 0);
	}
	f->len = 0;
	f->output[0] = '\0';
}

/* True if the board writes nothing for a while. */
static bool is_quiet(struct fixture *f)
{
	struct pollfd pfd = { .fd = f->tty, .events = POLLIN };

	return !poll(&pfd, 1, QUIET_MS);
}

static void settle(struct fixture *f)
{
	while (!is_quiet(f))
		assert_true(take_output(f) > 0);
	f->len = 0;
	f->output[0] = '\0';
}

static void press(struct fixture *f, const char *keys)
{
	assert_int_equal(write(f->tty, keys, strlen(keys)), strlen(keys));
}

/* Sends a command to the control socket and returns its reply. */
static const char *ask(struct fixture *f, const char *command)
{
	static char reply[4096];
	struct errmsg err;
	int fd = sock_connect(f->control, &err);
	ssize_t len;

	assert_true(fd >= 0);
	assert_int_equal(send(fd, command, strlen(command), MSG_NOSIGNAL), strlen(command));
	shutdown(fd, SHUT_WR);
	len = recv(fd, reply, sizeof(reply) - 1, MSG_WAITALL);
	assert_true(len >= 0);
	reply[len] = '\0';
	close(fd);
	return reply;
}

static void make_paths(struct fixture *f)
{
	strcpy(f->dir, "/tmp/vgpio-sim-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->socket, sizeof(f->socket), "%s/gpio", f->dir);
	snprintf(f->control, sizeof(f->control), "%s/ctl", f->dir);
	snprintf(f->hidden, sizeof(f->hidden), "%s/hidden", f->dir);
	snprintf(f->other, sizeof(f->other), "%s/other", f->dir);
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	char *argv[] = { getenv("VGPIO_SIM"), "--interactive", "--socket", f->socket,
			 "--control", f->control, "--lines", "100", "--names",
			 "Red LED,Button", "--name", "50=Heater", NULL };

	make_paths(f);
	start(f, argv);
	await(f, "q quit");
	*state = f;
	return 0;
}

/* In place of the one board: two that are shown, and one that is not. */
static int set_up_boards(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	char *argv[] = { getenv("VGPIO_SIM"), "--control", f->control, "--socket", f->socket,
			 "--interactive", "--board", "left", "--socket", f->hidden, "--socket",
			 f->other, "--interactive", "--lines", "3", NULL };

	make_paths(f);
	start(f, argv);
	await(f, "q quit");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	close(f->tty);
	unlink(f->socket);
	unlink(f->control);
	unlink(f->hidden);
	unlink(f->other);
	assert_int_equal(rmdir(f->dir), 0);
	test_free(f);
	return 0;
}

/* The simulator ends, and the terminal is as it was. Returns how it ended. */
static int assert_restored(struct fixture *f)
{
	struct termios modes;
	int status;

	f->len = 0;
	f->output[0] = '\0';
	await(f, LEAVE_SCREEN);
	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	assert_int_equal(tcgetattr(f->tty, &modes), 0);
	assert_int_equal(modes.c_lflag, f->modes.c_lflag);
	assert_int_equal(modes.c_iflag, f->modes.c_iflag);
	return status;
}

static void lines_are_shown(void **state)
{
	struct fixture *f = *state;

	press(f, "\f");
	await(f, "100 lines, no guest");
	press(f, "\f");
	await(f, "Red LED");
	press(f, "\f");
	await(f, "Button");
}

static void keys_drive_lines(void **state)
{
	struct fixture *f = *state;

	press(f, "j ");
	assert_string_equal(ask(f, "wait Button 1 timeout 5s\n"), "ok\n");
	press(f, "0");
	assert_string_equal(ask(f, "wait Button 0 timeout 5s\n"), "ok\n");
	press(f, "k1");
	assert_string_equal(ask(f, "wait \"Red LED\" 1 timeout 5s\n"), "ok\n");
	press(f, "r");
	assert_string_equal(ask(f, "wait \"Red LED\" 0 timeout 5s\n"), "ok\n");
}

static void cursor_keys_scroll(void **state)
{
	struct fixture *f = *state;

	press(f, "\033OF1");
	assert_string_equal(ask(f, "wait 99 1 timeout 5s\n"), "ok\n");
	press(f, "\033OH1");
	assert_string_equal(ask(f, "wait 0 1 timeout 5s\n"), "ok\n");
	press(f, "\033[6~1");
	assert_string_equal(ask(f, "wait 20 1 timeout 5s\n"), "ok\n");
	press(f, "\033OA1");
	assert_string_equal(ask(f, "wait 19 1 timeout 5s\n"), "ok\n");
}

static void pulse_comes_back(void **state)
{
	struct fixture *f = *state;

	press(f, "p");
	assert_string_equal(ask(f, "wait 0 1 timeout 5s\n"), "ok\n");
	assert_string_equal(ask(f, "wait 0 0 timeout 5s\n"), "ok\n");
	press(f, "pp");
	await(f, "a pulse is under way");
}

static void storm_makes_edges(void **state)
{
	struct fixture *f = *state;
	struct timespec ts = { .tv_nsec = 20000000 };

	press(f, "s");
	await(f, "storm on line 0");
	for (unsigned int i = 0; i < 500 && !strstr(ask(f, "stats line 0\n"), "changes 1000\n"); i++)
		nanosleep(&ts, NULL);
	assert_non_null(strstr(ask(f, "stats line 0\n"), "changes 1000\n"));
}

static void changes_are_drawn(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(ask(f, "set 5 1\n"), "ok\n");
	await(f, "host");
}

static void nothing_is_drawn_without_a_change(void **state)
{
	struct fixture *f = *state;

	settle(f);
	assert_true(is_quiet(f));
	assert_string_equal(ask(f, "get 5\n"), "ok 0\n");
	assert_true(is_quiet(f));
	assert_string_equal(ask(f, "set 5 1\n"), "ok\n");
	assert_false(is_quiet(f));
}

static void sessions_and_messages_are_drawn(void **state)
{
	struct fixture *f = *state;
	struct errmsg err;
	int fd = sock_connect(f->socket, &err);

	assert_true(fd >= 0);
	await(f, "guest connected");
	assert_int_equal(send(fd, "nonsense nonsense", 17, MSG_NOSIGNAL), 17);
	await(f, "closing the connection");
	settle(f);
	press(f, "\f");
	await(f, "closing the connection");
	close(fd);
}

static void size_of_the_terminal_is_followed(void **state)
{
	struct fixture *f = *state;
	struct winsize size = { .ws_row = 60, .ws_col = 120 };

	settle(f);
	assert_int_equal(ioctl(f->tty, TIOCSWINSZ, &size), 0);
	await(f, "Heater");
	size = (struct winsize){ .ws_row = 3, .ws_col = 10 };
	assert_int_equal(ioctl(f->tty, TIOCSWINSZ, &size), 0);
	settle(f);
	press(f, "\033OF1");
	assert_string_equal(ask(f, "wait 99 1 timeout 5s\n"), "ok\n");
}

static void tab_shows_the_next_board(void **state)
{
	struct fixture *f = *state;

	press(f, "\f");
	await(f, "board left (1 of 2), 8 lines");
	press(f, " \t");
	assert_string_equal(ask(f, "@left wait 0 1 timeout 5s\n"), "ok\n");
	await(f, "2 (2 of 2), 3");
	press(f, "j1");
	assert_string_equal(ask(f, "@2 wait 1 1 timeout 5s\n"), "ok\n");
	assert_string_equal(ask(f, "@left get 1\n"), "ok 0\n");
	press(f, "\t\f");
	await(f, "board left (1 of 2), 8 lines");
	press(f, "\033[Z\f");
	await(f, "board 2 (2 of 2), 3 lines");
}

static void hidden_changes_are_not_drawn(void **state)
{
	struct fixture *f = *state;

	settle(f);
	assert_string_equal(ask(f, "@2 set 2 1\n"), "ok\n");
	assert_string_equal(ask(f, "@1 set 2 1\n"), "ok\n");
	assert_true(is_quiet(f));
	press(f, "\t");
	await(f, "host");
}

static void storms_go_on_behind(void **state)
{
	struct fixture *f = *state;
	struct timespec ts = { .tv_nsec = 20000000 };

	press(f, "s\t");
	for (unsigned int i = 0; i < 500 && !strstr(ask(f, "stats line 0\n"), "changes 1000\n"); i++)
		nanosleep(&ts, NULL);
	assert_non_null(strstr(ask(f, "stats line 0\n"), "changes 1000\n"));
	assert_non_null(strstr(ask(f, "@2 stats line 0\n"), "changes 0\n"));
}

static void quit_key_restores_the_terminal(void **state)
{
	struct fixture *f = *state;
	int status;

	press(f, "q");
	status = assert_restored(f);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

static void signals_restore_the_terminal(void **state)
{
	struct fixture *f = *state;
	int status;

	kill(f->pid, SIGTERM);
	status = assert_restored(f);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

static void control_c_restores_the_terminal(void **state)
{
	struct fixture *f = *state;
	int status;

	press(f, "\003");
	status = assert_restored(f);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

static void crash_restores_the_terminal(void **state)
{
	struct fixture *f = *state;
	int status;

	kill(f->pid, SIGABRT);
	status = assert_restored(f);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static int is_high(const struct gpio_peer *peer)
{
	(void)peer;
	return 1;
}

static void free_nothing(struct gpio_peer *peer)
{
	(void)peer;
}

/* A board whose line 0 is high at the other end since a time that only that end knows. */
static void show_change(uint64_t after_ns)
{
	static const struct gpio_peer_ops ops = {
		.driver = GPIO_CHIP, .level = is_high, .free = free_nothing,
	};
	static struct host h;
	struct gpio_peer peer = { .ops = &ops };
	struct tui_board shown = { .board = &h.board, .name = "it" };
	struct errmsg err;

	host_init(&h, 1);
	if (!tui_open(&shown, 1, NULL, NULL, &err) ||
	    gpio_set_peer(&h.board.dev.bank, 0, &peer, &err))
		_exit(1);
	device_settle(&h.board.dev, 0, loop_now() + after_ns);
	for (;;)
		loop_run_once(&h.loop, true);
}

static void edges_are_shown_with_their_own_time(void **state)
{
	struct fixture *f = *state;

	if (fork_with_terminal(f))
		show_change(123000000000);
	await(f, "  12");
}

static int set_up_terminal(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	make_paths(f);
	*state = f;
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define BOARDS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_boards, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_are_shown),
		TEST(keys_drive_lines),
		TEST(cursor_keys_scroll),
		TEST(pulse_comes_back),
		TEST(storm_makes_edges),
		TEST(changes_are_drawn),
		TEST(nothing_is_drawn_without_a_change),
		TEST(sessions_and_messages_are_drawn),
		TEST(size_of_the_terminal_is_followed),
		BOARDS_TEST(tab_shows_the_next_board),
		BOARDS_TEST(hidden_changes_are_not_drawn),
		BOARDS_TEST(storms_go_on_behind),
		TEST(quit_key_restores_the_terminal),
		TEST(signals_restore_the_terminal),
		TEST(control_c_restores_the_terminal),
		TEST(crash_restores_the_terminal),
		cmocka_unit_test_setup_teardown(edges_are_shown_with_their_own_time,
						set_up_terminal, tear_down),
	};

	return cmocka_run_group_tests_name("panel", tests, NULL, NULL);
}
