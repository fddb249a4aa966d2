/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program as a whole: its sockets, signals, exit status and its client. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

#include "sock.h"
#include "vhost_user.h"

#define MAX_ARGS	24
#define PATIENCE_MS	10000

/**
 * struct fixture - a running simulator
 * @dir: a directory for its sockets
 * @socket: the front end's socket
 * @control: the control socket
 * @pid: the simulator, or 0
 * @output: what it said on both outputs, or a client's
 */
struct fixture {
	char dir[64];
	char socket[96];
	char control[96];
	pid_t pid;
	char output[8192];
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/vgpio-sim-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->socket, sizeof(f->socket), "%s/gpio", f->dir);
	snprintf(f->control, sizeof(f->control), "%s/ctl", f->dir);
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
	unlink(f->socket);
	unlink(f->control);
	assert_int_equal(rmdir(f->dir), 0);
	test_free(f);
	return 0;
}

static int collect_args(char **argv, va_list args)
{
	int argc = 0;

	argv[argc++] = getenv("VGPIO_SIM");
	assert_non_null(argv[0]);
	while ((argv[argc] = va_arg(args, char *)))
		assert_true(++argc < MAX_ARGS);
	return argc;
}

/* Starts the program and returns the reading end of its outputs. */
static int spawn(struct fixture *f, char **argv)
{
	int out[2];

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (!f->pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	close(out[1]);
	return out[0];
}

/* Reads until the text is there, or until the end if there is no text. */
static void read_until(struct fixture *f, int fd, const char *text)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	f->output[0] = '\0';
	while (!text || !strstr(f->output, text)) {
		ssize_t got;

		assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
		got = read(fd, f->output + len, sizeof(f->output) - 1 - len);
		assert_true(got >= 0);
		len += got;
		f->output[len] = '\0';
		if (!got)
			break;
	}
	if (text)
		assert_non_null(strstr(f->output, text));
}

static int exit_status(struct fixture *f)
{
	int status;

	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Runs the program to its end; its output is then in @f->output. */
static int run(struct fixture *f, ...)
{
	pid_t simulator = f->pid;
	char *argv[MAX_ARGS];
	va_list args;
	int fd, status;

	va_start(args, f);
	collect_args(argv, args);
	va_end(args);
	fd = spawn(f, argv);
	read_until(f, fd, NULL);
	close(fd);
	status = exit_status(f);
	f->pid = simulator;
	return status;
}

/* Starts the simulator and waits until it is ready. */
static int start(struct fixture *f, ...)
{
	char *argv[MAX_ARGS];
	va_list args;
	int argc, fd;

	va_start(args, f);
	argc = collect_args(argv, args);
	va_end(args);
	assert_true(argc + 4 < MAX_ARGS);
	argv[argc++] = "--socket";
	argv[argc++] = f->socket;
	argv[argc++] = "--control";
	argv[argc++] = f->control;
	argv[argc] = NULL;
	fd = spawn(f, argv);
	read_until(f, fd, "\n");
	return fd;
}

static bool exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

static void assert_says(const struct fixture *f, const char *what)
{
	assert_non_null(strstr(f->output, what));
}

static void assert_sockets_gone(const struct fixture *f)
{
	assert_false(exists(f->socket));
	assert_false(exists(f->control));
}

static void ready_message_names_the_socket(void **state)
{
	struct fixture *f = *state;
	char expected[128];
	int fd = start(f, NULL);

	snprintf(expected, sizeof(expected), "listening on %s\n", f->socket);
	assert_string_equal(f->output, expected);
	close(fd);
}

static void assert_signal_ends(struct fixture *f, int signo)
{
	int fd = start(f, NULL);

	assert_true(exists(f->socket) && exists(f->control));
	assert_int_equal(kill(f->pid, signo), 0);
	assert_int_equal(exit_status(f), 0);
	assert_sockets_gone(f);
	close(fd);
}

static void signals_end_it_cleanly(void **state)
{
	struct fixture *f = *state;

	assert_signal_ends(f, SIGTERM);
	assert_signal_ends(f, SIGINT);
}

static void client_tells_the_reply(void **state)
{
	struct fixture *f = *state;
	int fd = start(f, "--names", "A,Red LED", "--level", "0=1", NULL);

	assert_int_equal(run(f, "ctl", f->control, "get", "A", NULL), 0);
	assert_string_equal(f->output, "ok 1\n");
	assert_int_equal(run(f, "ctl", f->control, "set", "Red LED", "1", NULL), 0);
	assert_string_equal(f->output, "ok\n");
	assert_int_equal(run(f, "ctl", f->control, "get", "1", NULL), 0);
	assert_string_equal(f->output, "ok 1\n");
	close(fd);
}

static void client_fails_with_the_command(void **state)
{
	struct fixture *f = *state;
	int fd = start(f, NULL);

	assert_int_equal(run(f, "ctl", f->control, "set", "9", "1", NULL), 1);
	assert_string_equal(f->output, "error no line is numbered or named \"9\"\n");
	assert_int_equal(run(f, "ctl", f->control, "wait", "0", "1", "timeout", "10ms", NULL), 1);
	assert_says(f, "error timeout");
	close(fd);
}

static void client_prints_all_of_a_long_reply(void **state)
{
	struct fixture *f = *state;
	int fd = start(f, "--lines", "40", NULL);

	assert_int_equal(run(f, "ctl", f->control, "get", NULL), 0);
	assert_says(f, "line 0 name \"\"");
	assert_says(f, "line 39 name \"\"");
	assert_string_equal(f->output + strlen(f->output) - 4, "\nok\n");
	close(fd);
}

static void client_without_simulator_fails(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "ctl", f->control, "get", NULL), 2);
	assert_says(f, "cannot connect to");
	assert_int_equal(run(f, "ctl", NULL), 2);
	assert_says(f, "usage:");
}

static void watching_client_sees_changes(void **state)
{
	struct fixture *f = *state;
	int fd = start(f, NULL), watch;
	pid_t simulator = f->pid, watcher;
	char *argv[] = { getenv("VGPIO_SIM"), "ctl", f->control, "watch", NULL };

	watch = spawn(f, argv);
	watcher = f->pid;
	f->pid = simulator;
	read_until(f, watch, "ok\n");
	assert_int_equal(run(f, "ctl", f->control, "set", "3", "1", NULL), 0);
	read_until(f, watch, "line 3 name \"\" value 1 ");
	kill(watcher, SIGKILL);
	waitpid(watcher, NULL, 0);
	assert_int_equal(run(f, "ctl", f->control, "get", "3", NULL), 0);
	close(watch);
	close(fd);
}

static void quit_ends_it_cleanly(void **state)
{
	struct fixture *f = *state;
	int fd = start(f, NULL);

	assert_int_equal(run(f, "ctl", f->control, "quit", NULL), 0);
	assert_string_equal(f->output, "ok\n");
	assert_int_equal(exit_status(f), 0);
	assert_sockets_gone(f);
	close(fd);
}

static void pulse_is_timed(void **state)
{
	struct fixture *f = *state;
	struct timespec before, after;
	int fd = start(f, NULL);

	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(run(f, "ctl", f->control, "pulse", "2", "200ms", NULL), 0);
	assert_int_equal(run(f, "ctl", f->control, "wait", "2", "0", "timeout", "5s", NULL), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000 +
		    (after.tv_nsec - before.tv_nsec) / 1000000 >= 199);
	close(fd);
}

static void stale_sockets_are_replaced(void **state)
{
	struct fixture *f = *state;
	int fd = start(f, NULL);

	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	close(fd);
	assert_true(exists(f->socket) && exists(f->control));
	fd = start(f, NULL);
	assert_int_equal(run(f, "ctl", f->control, "get", "0", NULL), 0);
	close(fd);
}

static void socket_in_use_is_kept(void **state)
{
	struct fixture *f = *state;
	int fd = start(f, NULL);

	assert_int_equal(run(f, "--socket", f->socket, NULL), 1);
	assert_says(f, "is in use by another process");
	assert_true(exists(f->socket));
	assert_int_equal(run(f, "ctl", f->control, "get", "0", NULL), 0);
	close(fd);
}

static void control_socket_in_use_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	char other[128];
	int fd = start(f, NULL);

	snprintf(other, sizeof(other), "%s/other", f->dir);
	assert_int_equal(run(f, "--socket", other, "--control", f->control, NULL), 1);
	assert_says(f, "is in use by another process");
	assert_false(exists(other));
	assert_true(exists(f->control));
	close(fd);
}

static void other_files_are_kept(void **state)
{
	struct fixture *f = *state;

	close(open(f->socket, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(run(f, "--socket", f->socket, NULL), 1);
	assert_says(f, "is not a socket");
	assert_true(exists(f->socket));
}

static void sockets_of_another_kind_are_kept(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(addr.sun_path, f->socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(run(f, "--socket", f->socket, NULL), 1);
	assert_says(f, "cannot be examined");
	assert_true(exists(f->socket));
	close(fd);
}

static void impossible_paths_are_errors(void **state)
{
	struct fixture *f = *state;
	char path[200];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(run(f, "--socket", path, NULL), 1);
	assert_says(f, "must be shorter than 108");
	assert_int_equal(run(f, "--socket", "/nonexistent/s", NULL), 1);
	assert_says(f, "cannot listen on /nonexistent/s: No such file");
	assert_int_equal(run(f, "--socket", "", NULL), 1);
	assert_says(f, "empty");
}

static void errors_are_one_line(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "--bogus", NULL), 1);
	assert_says(f, "vgpio-sim: --bogus");
	assert_ptr_equal(strchr(f->output, '\n'), f->output + strlen(f->output) - 1);
	assert_int_equal(run(f, "--socket", f->socket, "--name", "8=A", NULL), 1);
	assert_says(f, "line 8 does not exist");
	assert_false(exists(f->socket));
}

static void help_and_version_are_printed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "--help", NULL), 0);
	assert_says(f, "--socket PATH");
	assert_int_equal(run(f, "--version", NULL), 0);
	assert_int_equal(strncmp(f->output, "vgpio-sim ", 10), 0);
}

static int connect_front_end(const struct fixture *f)
{
	struct errmsg err;
	int fd = sock_connect(f->socket, &err);

	assert_true(fd >= 0);
	return fd;
}

/* Asks for the features: 12 bytes out, 20 bytes back. */
static void assert_alive(int fd)
{
	static const uint32_t header[3] = { 1, 1, 0 };
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char reply[20];

	assert_int_equal(send(fd, header, sizeof(header), MSG_NOSIGNAL), sizeof(header));
	assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(fd, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
}

static void front_ends_take_turns(void **state)
{
	struct fixture *f = *state;
	int out = start(f, NULL), first, second;

	first = connect_front_end(f);
	assert_alive(first);
	second = connect_front_end(f);
	assert_alive(first);
	close(first);
	assert_alive(second);
	close(second);
	close(out);
}

static void once_ends_with_the_first_front_end(void **state)
{
	struct fixture *f = *state;
	int out = start(f, "--once", NULL), fd = connect_front_end(f);

	assert_alive(fd);
	close(fd);
	assert_int_equal(exit_status(f), 0);
	assert_sockets_gone(f);
	close(out);
}

static void once_fails_with_a_broken_front_end(void **state)
{
	struct fixture *f = *state;
	int out = start(f, "--once", NULL), fd = connect_front_end(f);

	assert_int_equal(send(fd, "nonsense nonsense", 17, MSG_NOSIGNAL), 17);
	assert_int_equal(exit_status(f), 1);
	read_until(f, out, "closing the connection");
	close(fd);
	close(out);
}

static void send_message(int sock, uint32_t request, const void *payload, uint32_t size, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct vu_header header = { request, VU_VERSION, size };
	struct iovec iov[2] = { { &header, sizeof(header) }, { (void *)payload, size } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };

	if (fd >= 0) {
		mh.msg_control = &control;
		mh.msg_controllen = sizeof(control);
		CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(sock, &mh, MSG_NOSIGNAL), sizeof(header) + size);
}

/* A front end that takes the memory away before it starts the ring in it. */
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

static void killed_simulator_leaves_its_records(void **state)
{
	struct fixture *f = *state;
	char trace[128], vcd[128];
	int fd;

	snprintf(trace, sizeof(trace), "%s/trace", f->dir);
	snprintf(vcd, sizeof(vcd), "%s/vcd", f->dir);
	fd = start(f, "--trace", trace, "--vcd", vcd, NULL);
	assert_int_equal(run(f, "ctl", f->control, "set", "3", "1", NULL), 0);
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	f->pid = 0;
	assert_file_ends(trace, "\"value\":1,\"direction\":\"none\",\"trigger\":\"none\","
				"\"driver\":\"host\"}\n");
	assert_file_ends(vcd, "\n1'\n");
	close(fd);
}

static void records_that_cannot_be_written_are_errors(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "--socket", f->socket, "--trace", "/nonexistent/t", NULL), 1);
	assert_says(f, "cannot write /nonexistent/t: No such file");
	assert_int_equal(run(f, "--socket", f->socket, "--vcd", "/nonexistent/v", NULL), 1);
	assert_says(f, "cannot write /nonexistent/v: No such file");
}

static void seed_is_printed_if_it_matters(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "--socket", "/nonexistent/s", "--fault", "silence 1%", "--seed",
			     "12", NULL), 1);
	assert_says(f, "to repeat them: --seed 12\n");
	assert_int_equal(run(f, "--socket", "/nonexistent/s", "--fault", "silence", NULL), 1);
	assert_null(strstr(f->output, "--seed"));
}

static void board_needs_a_terminal(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, "--socket", f->socket, "--interactive", NULL), 1);
	assert_says(f, "vgpio-sim: --interactive");
	assert_sockets_gone(f);
}

static void script_is_played_from_the_start(void **state)
{
	struct fixture *f = *state;
	char path[128];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%s/script", f->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs("at 10ms set 3 1\n", file) >= 0);
	assert_int_equal(fclose(file), 0);
	fd = start(f, "--play", path, NULL);
	assert_int_equal(run(f, "ctl", f->control, "wait", "3", "1", "timeout", "5s", NULL), 0);
	unlink(path);
	assert_int_equal(run(f, "--socket", "/nonexistent/s", "--play", path, NULL), 1);
	assert_says(f, "cannot read ");
	close(fd);
}

static void vanishing_memory_is_reported(void **state)
{
	struct fixture *f = *state;
	int out = start(f, NULL), sock = connect_front_end(f);
	struct vu_mem_table table = {
		.count = 1,
		.regions[0] = { .gpa = GUEST_GPA, .size = GUEST_SIZE, .uva = GUEST_UVA },
	};
	struct vu_vring_state num = { 0, 8 };
	struct vu_vring_addr addr;
	struct guest guest;
	uint64_t queue = 0;

	guest_init(&guest, 8);
	addr = (struct vu_vring_addr){
		.desc = guest.rings[0].setup.desc, .avail = guest.rings[0].setup.avail,
		.used = guest.rings[0].setup.used,
	};
	send_message(sock, VU_SET_MEM_TABLE, &table, 8 + sizeof(table.regions[0]), guest.fd);
	send_message(sock, VU_SET_VRING_NUM, &num, sizeof(num), -1);
	send_message(sock, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1);
	assert_alive(sock);
	assert_int_equal(ftruncate(guest.fd, 0), 0);
	send_message(sock, VU_SET_VRING_KICK, &queue, sizeof(queue), guest.fd);
	assert_int_equal(exit_status(f), 1);
	read_until(f, out, "guest memory vanished");
	guest_free(&guest);
	close(sock);
	close(out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
		TEST(quit_ends_it_cleanly),
		TEST(pulse_is_timed),
		TEST(stale_sockets_are_replaced),
		TEST(socket_in_use_is_kept),
		TEST(control_socket_in_use_leaves_nothing),
		TEST(other_files_are_kept),
		TEST(sockets_of_another_kind_are_kept),
		TEST(impossible_paths_are_errors),
		TEST(errors_are_one_line),
		TEST(help_and_version_are_printed),
		TEST(front_ends_take_turns),
		TEST(once_ends_with_the_first_front_end),
		TEST(once_fails_with_a_broken_front_end),
		TEST(killed_simulator_leaves_its_records),
		TEST(records_that_cannot_be_written_are_errors),
		TEST(seed_is_printed_if_it_matters),
		TEST(board_needs_a_terminal),
		TEST(script_is_played_from_the_start),
		TEST(vanishing_memory_is_reported),
	};

	return cmocka_run_group_tests_name("program", tests, NULL, NULL);
}
