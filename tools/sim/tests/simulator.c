/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program, run by a test. */
#include "simulator.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sock.h"

#define MAX_ARGS	24
#define PATIENCE_MS	10000

int sim_set_up(void **state)
{
	struct simulator *f = test_calloc(1, sizeof(*f));

	strcpy(f->dir, "/tmp/vgpio-sim-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->socket, sizeof(f->socket), "%s/gpio", f->dir);
	snprintf(f->control, sizeof(f->control), "%s/ctl", f->dir);
	snprintf(f->other, sizeof(f->other), "%s/other", f->dir);
	*state = f;
	return 0;
}

int sim_tear_down(void **state)
{
	struct simulator *f = *state;

	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	unlink(f->socket);
	unlink(f->control);
	unlink(f->other);
	assert_int_equal(rmdir(f->dir), 0);
	test_free(f);
	return 0;
}

static int sim_collect_args(char **argv, const char *program, va_list args)
{
	int argc = 0;

	argv[argc++] = getenv(program);
	assert_non_null(argv[0]);
	while ((argv[argc] = va_arg(args, char *)))
		assert_true(++argc < MAX_ARGS);
	return argc;
}

/* Starts the program and returns the reading end of its outputs. */
int sim_spawn(struct simulator *f, char **argv)
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
void sim_read_until(struct simulator *f, int fd, const char *text)
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

int sim_exit_status(struct simulator *f)
{
	int status;

	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	f->pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Runs a program to its end, beside the simulator. */
static int run_to_the_end(struct simulator *f, char **argv)
{
	pid_t simulator = f->pid;
	int fd = sim_spawn(f, argv), status;

	sim_read_until(f, fd, NULL);
	close(fd);
	status = sim_exit_status(f);
	f->pid = simulator;
	return status;
}

/* Runs the program to its end; its output is then in @f->output. */
int sim_run(struct simulator *f, ...)
{
	char *argv[MAX_ARGS];
	va_list args;

	va_start(args, f);
	sim_collect_args(argv, "VGPIO_SIM", args);
	va_end(args);
	return run_to_the_end(f, argv);
}

/* The same with vgpio-check. */
int sim_check(struct simulator *f, ...)
{
	char *argv[MAX_ARGS];
	va_list args;

	va_start(args, f);
	sim_collect_args(argv, "VGPIO_CHECK", args);
	va_end(args);
	return run_to_the_end(f, argv);
}

/* Starts the simulator and waits until it is ready. */
int sim_start(struct simulator *f, ...)
{
	char *argv[MAX_ARGS];
	va_list args;
	int argc, fd;

	va_start(args, f);
	argc = sim_collect_args(argv, "VGPIO_SIM", args);
	va_end(args);
	assert_true(argc + 4 < MAX_ARGS);
	argv[argc++] = "--socket";
	argv[argc++] = f->socket;
	argv[argc++] = "--control";
	argv[argc++] = f->control;
	argv[argc] = NULL;
	fd = sim_spawn(f, argv);
	sim_read_until(f, fd, "\n");
	return fd;
}

bool sim_file_exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

void sim_assert_says(const struct simulator *f, const char *what)
{
	assert_non_null(strstr(f->output, what));
}

void sim_assert_sockets_gone(const struct simulator *f)
{
	assert_false(sim_file_exists(f->socket));
	assert_false(sim_file_exists(f->control));
}

int sim_connect(const struct simulator *f)
{
	struct errmsg err;
	int fd = sock_connect(f->socket, &err);

	assert_true(fd >= 0);
	return fd;
}

/* Asks for the features: 12 bytes out, 20 bytes back. */
void sim_assert_alive(int fd)
{
	static const uint32_t header[3] = { 1, 1, 0 };
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char reply[20];

	assert_int_equal(send(fd, header, sizeof(header), MSG_NOSIGNAL), sizeof(header));
	assert_int_equal(poll(&pfd, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(fd, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
}
