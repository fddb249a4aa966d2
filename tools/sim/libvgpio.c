/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of the simulator for test programs. It needs no other file but its header. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libvgpio.h"

#define MAX_COMMAND	4096
#define MAX_REPLY	(64u << 10)
#define MAX_PATH	108
#define TIMEOUT_S	60
#define MAX_WAIT_MS	(24 * 60 * 60 * 1000ll)
#define NOT_MADE	"out of memory for the simulator's client"

/**
 * struct vgpio - a simulator
 * @fd: the connection, or -1 when it is lost
 * @timeout_s: how long a reply may take
 * @pid: the simulator, if it was started here
 * @dir: the folder of its sockets then
 * @socket: where a front end connects then; empty for a simulator of somebody else
 * @control: its control socket
 * @text: the lines of the last reply, the last one without "ok" or "error"
 * @len: length of @text
 * @last: its last line; NULL before the first reply
 * @details: the lines before it
 * @error: why the last call failed
 */
struct vgpio {
	int fd;
	unsigned int timeout_s;
	pid_t pid;
	char dir[64];
	char socket[MAX_PATH];
	char control[MAX_PATH];
	char text[MAX_REPLY];
	size_t len;
	const char *last;
	const char *details;
	char error[MAX_REPLY + MAX_COMMAND];
};

/* Why there is no simulator. */
static char open_error[512];

static int fail(struct vgpio *sim, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct vgpio *sim, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(sim->error, sizeof(sim->error), fmt, args);
	va_end(args);
	return -1;
}

/* What is left in the connection could be taken for the next reply. */
static int lose(struct vgpio *sim, const char *why)
{
	if (sim->fd >= 0)
		close(sim->fd);
	sim->fd = -1;
	return fail(sim, "%s", why);
}

static struct vgpio *give_up(struct vgpio *sim)
{
	snprintf(open_error, sizeof(open_error), "%.500s", sim->error);
	vgpio_close(sim);
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static int send_all(struct vgpio *sim, const char *text, size_t len)
{
	while (len) {
		ssize_t sent = send(sim->fd, text, len, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		/* One that is refused may read why. */
		if (sent < 0)
			return errno == EPIPE || errno == ECONNRESET ? 0 :
			       lose(sim, "the simulator takes no command");
		text += sent;
		len -= sent;
	}
	return 0;
}

static int64_t end_of_wait(const struct vgpio *sim)
{
	return now_ms() + sim->timeout_s * 1000ll;
}

/* What a word of a command is as a duration; 0 if it is none. */
static int64_t duration_ms(const char *word, size_t len)
{
	long long number;
	char unit[3];
	int used;

	if (*word < '0' || *word > '9' ||
	    sscanf(word, "%11lld%2[mus]%n", &number, unit, &used) != 2 || used != (int)len)
		return 0;
	if (!strcmp(unit, "s"))
		return number * 1000;
	return !strcmp(unit, "ms") ? number : 0;
}

/* How long the simulator itself may wait: the durations in the command. */
static int64_t own_wait_ms(const char *command)
{
	int64_t sum = 0;

	for (size_t len; *command; command += len + (command[len] != '\0')) {
		len = strcspn(command, " \t");
		sum += duration_ms(command, len);
	}
	return sum < MAX_WAIT_MS ? sum : MAX_WAIT_MS;
}

/* Whether there is something to read, or the end of it, before the time is over. */
static bool is_readable(int fd, int64_t end_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left;
	int ready;

	do {
		left = end_ms - now_ms();
		ready = poll(&pfd, 1, left > 0 ? left : 0);
	} while (ready < 0 && errno == EINTR);
	return ready > 0;
}

/* Some more of the reply, before the time is over. */
static int receive(struct vgpio *sim, int64_t end_ms, int64_t limit_ms)
{
	ssize_t len;

	if (!is_readable(sim->fd, end_ms)) {
		lose(sim, "");
		return fail(sim, "no reply within %g s", limit_ms / 1000.0);
	}
	if (sim->len == sizeof(sim->text) - 1)
		return lose(sim, "the reply is too long");
	len = recv(sim->fd, sim->text + sim->len, sizeof(sim->text) - 1 - sim->len, 0);
	if (len <= 0)
		return lose(sim, "the simulator closed the connection");
	sim->len += len;
	sim->text[sim->len] = '\0';
	return 0;
}

static bool starts_with_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && (line[len] == ' ' || line[len] == '\n');
}

/* The line that ends the reply, or NULL while it is not all there. */
static char *find_end(struct vgpio *sim)
{
	for (char *line = sim->text, *end; (end = strchr(line, '\n')); line = end + 1)
		if (starts_with_word(line, "ok") || starts_with_word(line, "error"))
			return line;
	return NULL;
}

static int read_reply(struct vgpio *sim, int64_t limit_ms)
{
	int64_t end_ms = now_ms() + limit_ms;
	char *end;
	bool ok;

	sim->len = 0;
	sim->text[0] = '\0';
	sim->last = "";
	sim->details = "";
	while (!(end = find_end(sim)))
		if (receive(sim, end_ms, limit_ms))
			return -1;
	ok = *end == 'o';
	end[strcspn(end, "\n")] = '\0';
	sim->last = end + strcspn(end, " ");
	sim->last += *sim->last == ' ';
	if (end > sim->text) {
		end[-1] = '\0';
		sim->details = sim->text;
	}
	if (ok)
		return 0;
	return fail(sim, "%s%s%s", sim->last, *sim->details ? "\n" : "", sim->details);
}

/* Such lines have no reply. */
static bool is_empty(const char *text)
{
	text += strspn(text, " \t");
	return !*text || *text == '#';
}

/**
 * vgpio_command() - give a command and wait for the reply
 * @sim: the simulator
 * @fmt: printf format of the command, as vgpio-sim(1) has it
 *
 * Return: 0 for "ok", -1 for an error, or if there is no reply.
 */
int vgpio_command(struct vgpio *sim, const char *fmt, ...)
{
	char text[MAX_COMMAND + 1];
	int64_t limit_ms;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text) - 1, fmt, args);
	va_end(args);
	if (len < 0 || len >= (int)sizeof(text) - 1)
		return fail(sim, "the command is too long");
	if (strpbrk(text, "\r\n"))
		return fail(sim, "a command must not contain a line break");
	if (is_empty(text))
		return fail(sim, "the command is empty; try help");
	if (sim->fd < 0)
		return -1;
	limit_ms = sim->timeout_s * 1000ll + own_wait_ms(text);
	text[len++] = '\n';
	return send_all(sim, text, len) ? -1 : read_reply(sim, limit_ms);
}

/* The word as the simulator reads it back. */
static const char *quote(char *text, size_t size, const char *word)
{
	size_t len = 0;

	text[len++] = '"';
	for (; *word && len + 4 < size; word++) {
		if (*word == '"' || *word == '\\')
			text[len++] = '\\';
		text[len++] = *word;
	}
	text[len++] = '"';
	text[len] = '\0';
	return text;
}

/**
 * vgpio_set() - drive a line
 * @sim: the simulator
 * @line: its name or number
 * @level: 0 or 1
 *
 * Return: 0 or -1.
 */
int vgpio_set(struct vgpio *sim, const char *line, int level)
{
	char word[MAX_COMMAND / 4];

	return vgpio_command(sim, "set %s %d", quote(word, sizeof(word), line), level);
}

/**
 * vgpio_get() - the value of a line
 * @sim: the simulator
 * @line: its name or number
 *
 * Return: 0, 1 or -1.
 */
int vgpio_get(struct vgpio *sim, const char *line)
{
	char word[MAX_COMMAND / 4];

	if (vgpio_command(sim, "get %s", quote(word, sizeof(word), line)))
		return -1;
	return sim->last[0] == '1';
}

/**
 * vgpio_pulse() - invert a line for a time
 * @sim: the simulator
 * @line: its name or number
 * @duration: such as "10ms"
 *
 * Return: 0 or -1.
 */
int vgpio_pulse(struct vgpio *sim, const char *line, const char *duration)
{
	char word[MAX_COMMAND / 4];

	return vgpio_command(sim, "pulse %s %s", quote(word, sizeof(word), line), duration);
}

/**
 * vgpio_release() - drive a line no longer
 * @sim: the simulator
 * @line: its name or number
 *
 * Return: 0 or -1.
 */
int vgpio_release(struct vgpio *sim, const char *line)
{
	char word[MAX_COMMAND / 4];

	return vgpio_command(sim, "release %s", quote(word, sizeof(word), line));
}

/**
 * vgpio_mark() - begin a window of expectations
 * @sim: the simulator
 * @text: what for
 *
 * Return: 0 or -1.
 */
int vgpio_mark(struct vgpio *sim, const char *text)
{
	char word[MAX_COMMAND / 4];

	return vgpio_command(sim, "mark %s", quote(word, sizeof(word), text));
}

/**
 * vgpio_expect() - wait until an expectation is met, or cannot be any more
 * @sim: the simulator
 * @line: its name or number
 * @condition: such as "rise within 500ms" or "high 40ms..60ms"
 *
 * Return: 0 or -1.
 */
int vgpio_expect(struct vgpio *sim, const char *line, const char *condition)
{
	char word[MAX_COMMAND / 4];

	return vgpio_command(sim, "expect %s %s", quote(word, sizeof(word), line), condition);
}

/**
 * vgpio_then() - the same, from where the last expectation was met
 * @sim: the simulator
 * @line: its name or number
 * @condition: as for vgpio_expect()
 *
 * Return: 0 or -1.
 */
int vgpio_then(struct vgpio *sim, const char *line, const char *condition)
{
	char word[MAX_COMMAND / 4];

	return vgpio_command(sim, "then %s %s", quote(word, sizeof(word), line), condition);
}

/**
 * vgpio_reply() - the end of the last reply
 * @sim: the simulator
 *
 * Return: its last line, without "ok" or "error".
 */
const char *vgpio_reply(const struct vgpio *sim)
{
	return sim->last ? sim->last : "";
}

/**
 * vgpio_details() - the rest of the last reply
 * @sim: the simulator
 *
 * Return: the lines before the last one, without the last newline.
 */
const char *vgpio_details(const struct vgpio *sim)
{
	return sim->details ? sim->details : "";
}

/**
 * vgpio_error() - why the last call failed
 * @sim: the simulator; NULL if it could not be started, or connected to
 *
 * Return: a line, for an expectation followed by waveforms.
 */
const char *vgpio_error(const struct vgpio *sim)
{
	return sim ? sim->error : open_error;
}

/**
 * vgpio_require_at() - end the program if a call failed
 * @sim: the simulator
 * @result: what the call returned
 * @file: where the call is
 * @line: its line
 * @call: the call
 */
void vgpio_require_at(const struct vgpio *sim, int result, const char *file, int line,
		      const char *call)
{
	if (sim && result >= 0)
		return;
	fprintf(stderr, "%s:%d: %s\n%s\n", file, line, call, vgpio_error(sim));
	exit(EXIT_FAILURE);
}

/**
 * vgpio_set_timeout() - how long a reply may take
 * @sim: the simulator
 * @seconds: so long; 60 at first
 *
 * Durations in a command, such as of "wait LED 1 timeout 90s", are added.
 */
void vgpio_set_timeout(struct vgpio *sim, unsigned int seconds)
{
	sim->timeout_s = seconds;
}

/**
 * vgpio_socket() - where a front end connects
 * @sim: the simulator
 *
 * Return: the path; empty for a simulator that was not started here.
 */
const char *vgpio_socket(const struct vgpio *sim)
{
	return sim->socket;
}

static struct vgpio *make(unsigned int timeout_s)
{
	struct vgpio *sim = calloc(1, sizeof(*sim));

	if (!sim) {
		strcpy(open_error, NOT_MADE);
		return NULL;
	}
	sim->fd = -1;
	sim->timeout_s = timeout_s;
	return sim;
}

/* Linux waits so long in connect(), too, where the queue of those who connect is full. */
static int limit_waits(const struct vgpio *sim)
{
	struct timeval limit = { .tv_sec = sim->timeout_s };

	return setsockopt(sim->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static int cannot_connect(struct vgpio *sim)
{
	if (errno == EAGAIN)
		return fail(sim, "cannot connect to %s: the simulator accepted nobody for %u s; let "
			    "it go on if it is stopped, or end it", sim->control, sim->timeout_s);
	return fail(sim, "cannot connect to %s: %s", sim->control, strerror(errno));
}

/* A limited wait is not resumed after a signal. */
static int connect_in_spite_of_signals(int fd, const struct sockaddr_un *addr)
{
	int ret;

	do
		ret = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	while (ret && errno == EINTR);
	return ret;
}

static int connect_to(struct vgpio *sim, const char *board)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memcpy(addr.sun_path, sim->control, sizeof(addr.sun_path));
	sim->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sim->fd < 0 || limit_waits(sim) || connect_in_spite_of_signals(sim->fd, &addr))
		return cannot_connect(sim);
	return vgpio_command(sim, "%s%s%smark", board ? "@" : "", board ? board : "",
			     board ? " " : "");
}

/**
 * vgpio_connect() - connect to a simulator that is running
 * @control: its control socket; NULL for that of the environment variable VGPIO_CONTROL
 * @board: name or number of a board; NULL for the board of the socket
 * @timeout_s: how long a reply may take, the first one too; 0 for 60 seconds
 *
 * Return: the simulator, or NULL; then vgpio_error(NULL) says why.
 */
struct vgpio *vgpio_connect(const char *control, const char *board, unsigned int timeout_s)
{
	struct vgpio *sim = make(timeout_s ? timeout_s : TIMEOUT_S);

	if (!sim)
		return NULL;
	if (!control)
		control = getenv("VGPIO_CONTROL");
	if (!control || !*control) {
		fail(sim, "no control socket is named; set VGPIO_CONTROL");
		return give_up(sim);
	}
	if (strlen(control) >= sizeof(sim->control)) {
		fail(sim, "the name of the control socket is too long: %s", control);
		return give_up(sim);
	}
	strcpy(sim->control, control);
	return connect_to(sim, board) ? give_up(sim) : sim;
}

/* In the child: the simulator ends with the thread that started it. */
static void run_simulator(const struct vgpio *sim, const char *board, int ready)
{
	const char *program = getenv("VGPIO_SIM");
	char number[16];

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	snprintf(number, sizeof(number), "%d", ready);
	if (!program || !*program)
		program = "vgpio-sim";
	/* What it says when it is ready is for the output of nobody. */
	close(STDOUT_FILENO);
	execlp(program, program, "--socket", sim->socket, "--control", sim->control, "--ready-fd",
	       number, board ? "--config" : NULL, board, NULL);
	fprintf(stderr, "cannot run %s: %s\n", program, strerror(errno));
	_exit(127);
}

/* The simulator writes a line when it is ready, and says itself why it is not. */
static int spawn(struct vgpio *sim, const char *board)
{
	char line;
	int ready[2];
	bool started, in_time = false;

	if (pipe(ready))
		return fail(sim, "cannot make a pipe: %s", strerror(errno));
	sim->pid = fork();
	if (!sim->pid) {
		close(ready[0]);
		run_simulator(sim, board, ready[1]);
	}
	close(ready[1]);
	if (sim->pid > 0)
		in_time = is_readable(ready[0], end_of_wait(sim));
	started = in_time && read(ready[0], &line, 1) == 1;
	close(ready[0]);
	if (sim->pid > 0 && !in_time)
		return fail(sim, "the simulator is not ready within %u s", sim->timeout_s);
	return started ? 0 : fail(sim, "the simulator does not start");
}

/**
 * vgpio_start() - start a simulator
 * @board: configuration file of its board; NULL for 8 lines without names
 *
 * It ends with vgpio_close(), or when the thread ends that called this.
 * The environment variable VGPIO_SIM names the program, "vgpio-sim" if it is not set.
 *
 * Return: the simulator, or NULL; then vgpio_error(NULL) says why.
 */
struct vgpio *vgpio_start(const char *board)
{
	struct vgpio *sim = make(TIMEOUT_S);

	if (!sim)
		return NULL;
	strcpy(sim->dir, "/tmp/vgpio.XXXXXX");
	if (!mkdtemp(sim->dir)) {
		fail(sim, "cannot make a folder: %s", strerror(errno));
		sim->dir[0] = '\0';
		return give_up(sim);
	}
	snprintf(sim->socket, sizeof(sim->socket), "%s/gpio", sim->dir);
	snprintf(sim->control, sizeof(sim->control), "%s/control", sim->dir);
	return spawn(sim, board) || connect_to(sim, NULL) ? give_up(sim) : sim;
}

/* One that does not end when it is told to, as it is stopped, is killed. */
static void end_simulator(const struct vgpio *sim)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	int64_t end_ms = end_of_wait(sim);

	kill(sim->pid, SIGTERM);
	while (!waitpid(sim->pid, NULL, WNOHANG)) {
		if (now_ms() >= end_ms)
			kill(sim->pid, SIGKILL);
		nanosleep(&pause, NULL);
	}
}

/* A simulator that was killed leaves its sockets. */
static void remove_folder(const struct vgpio *sim)
{
	unlink(sim->socket);
	unlink(sim->control);
	rmdir(sim->dir);
}

/**
 * vgpio_close() - end the connection, and the simulator if it was started here
 * @sim: the simulator, or NULL
 */
void vgpio_close(struct vgpio *sim)
{
	if (!sim)
		return;
	if (sim->fd >= 0)
		close(sim->fd);
	if (sim->pid > 0)
		end_simulator(sim);
	if (*sim->dir)
		remove_folder(sim);
	free(sim);
}
