/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What checks are made of: messages, waits, stimuli, and their verdicts. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/run.h"
#include "loop.h"
#include "model.h"

extern char **environ;

#define NS_PER_MS	1000000ull

/* What must not come had this long to do so, and as many times as a reply takes. */
#define QUIET_MIN_MS	50
#define QUIET_MAX_MS	1000
#define QUIET_REPLIES	20

/* A wait that took so much longer was held up, and says nothing. */
#define HELD_UP_MS	100
#define QUIET_TRIES	5

#define RECALL_MS	100

/* --- verdicts ------------------------------------------------------------------- */

/* A device's names and the user's command may have any byte, a line of a report has not. */
static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* A failure stays one, whatever comes after it; more of them are told, too. */
static void give_verdict(struct run *run, enum verdict verdict, const char *fmt, va_list args)
{
	size_t used = run->verdict == FAILED ? strlen(run->why) : 0;

	if (used && verdict != FAILED)
		return;
	if (used && used + 2 < sizeof(run->why))
		used += snprintf(run->why + used, sizeof(run->why) - used, "; ");
	run->verdict = verdict;
	vsnprintf(run->why + used, sizeof(run->why) - used, fmt, args);
	make_printable(run->why + used);
}

#define DEFINE_VERDICT(name, verdict)			\
bool name(struct run *run, const char *fmt, ...)	\
{							\
	va_list args;					\
							\
	va_start(args, fmt);				\
	give_verdict(run, verdict, fmt, args);		\
	va_end(args);					\
	return false;					\
}

DEFINE_VERDICT(run_fail, FAILED)
DEFINE_VERDICT(run_skip, SKIPPED)
DEFINE_VERDICT(run_block, BLOCKED)

/* A device may leave out what it only should do, but must not end of it. */
bool run_warn(struct run *run, const char *fmt, ...)
{
	va_list args;

	if (run->dut.lost)
		return run_fail(run, "the back end closed the connection");
	va_start(args, fmt);
	give_verdict(run, WARNED, fmt, args);
	va_end(args);
	return false;
}

typedef int (*open_fn)(struct dut *d, const struct plan *plan, uint64_t wanted);

static bool reopen(struct run *run, uint64_t wanted, open_fn open_dut)
{
	struct dut before;
	int ret;

	dut_close(&run->dut);
	before = run->dut;
	ret = open_dut(&run->dut, run->plan, wanted);
	memcpy(run->dut.told, before.told, sizeof(before.told));
	memcpy(run->dut.breach, before.breach, sizeof(before.breach));
	run->dut.told_count = before.told_count;
	run->dut.slowest_ns = before.slowest_ns;
	return !ret || run_block(run, "%s", run->dut.link.err.text);
}

/**
 * run_reopen() - connect anew; what was told stays
 * @run: the check
 * @wanted: features to use, of those that are offered
 *
 * Return: true, or false if the check is blocked.
 */
bool run_reopen(struct run *run, uint64_t wanted)
{
	return reopen(run, wanted, dut_open);
}

/**
 * run_reopen_disabled() - connect anew, with queues that are not enabled
 * @run: the check; dut_enable_queues() must follow
 *
 * Return: true, or false if the check is blocked.
 */
bool run_reopen_disabled(struct run *run)
{
	return reopen(run, DUT_FEATURES, dut_open_disabled);
}

/**
 * run_has_stimulus() - can the level of an input be changed?
 * @run: the check
 *
 * Return: true if so.
 */
bool run_has_stimulus(const struct run *run)
{
	return run->plan->wired || run->plan->set;
}

/**
 * run_input() - the line to try interrupts with
 * @run: the check
 *
 * Return: the line.
 */
unsigned int run_input(const struct run *run)
{
	return run->plan->wired ? run->plan->to : run->plan->line;
}

/* --- messages --------------------------------------------------------------------- */

/**
 * run_wait() - wait for what must come back
 * @run: the check
 * @p: the request
 *
 * Return: true, or false if the check is blocked.
 */
bool run_wait(struct run *run, const struct pair *p)
{
	char name[96];

	if (dut_wait(&run->dut, p, run->plan->timeout_ms))
		return true;
	dut_name(p, name, sizeof(name));
	if (run->dut.lost)
		return run_block(run, "the connection ended before %s came back", name);
	return run_block(run, "%s did not come back within %d ms", name, run->plan->timeout_ms);
}

/**
 * run_ask() - send a message, and wait for its reply
 * @run: the check
 * @type: VIRTIO_GPIO_MSG_*
 * @line: the line
 * @value: depends on @type
 *
 * Return: the request, or NULL if the check is blocked.
 */
struct pair *run_ask(struct run *run, unsigned int type, unsigned int line, uint32_t value)
{
	struct pair *p = dut_send(&run->dut, type, line, value, PAIR_PLAIN);

	dut_kick(&run->dut, DUT_REQUESTQ);
	return run_wait(run, p) ? p : NULL;
}

/**
 * run_ask_value() - send a message that has to succeed here, and takes a value
 * @run: the check
 * @type: VIRTIO_GPIO_MSG_*
 * @line: the line
 * @value: takes the reply's value
 *
 * Return: true, or false if the check is blocked.
 */
bool run_ask_value(struct run *run, unsigned int type, unsigned int line, uint8_t *value)
{
	const struct pair *p = run_ask(run, type, line, 0);

	if (!p)
		return false;
	*value = dut_response(&run->dut, p)[1];
	if (dut_response(&run->dut, p)[0] == VIRTIO_GPIO_STATUS_OK)
		return true;
	return run_block(run, "the device refuses %s of line %u", gpio_message_name(type), line);
}

/**
 * run_ask_ok() - send a message that has to succeed here
 * @run: the check
 * @type: VIRTIO_GPIO_MSG_*
 * @line: the line
 * @value: depends on @type
 *
 * Return: true, or false if the check is blocked.
 */
bool run_ask_ok(struct run *run, unsigned int type, unsigned int line, uint32_t value)
{
	const struct pair *p = run_ask(run, type, line, value);

	if (!p)
		return false;
	if (dut_response(&run->dut, p)[0] == VIRTIO_GPIO_STATUS_OK)
		return true;
	return run_block(run, "the device refuses %s %u of line %u; try another --line",
			 gpio_message_name(type), value, line);
}

/**
 * run_arm() - unmask a line's interrupt
 * @run: the check
 * @line: the line
 *
 * Return: its event buffer.
 */
struct pair *run_arm(struct run *run, unsigned int line)
{
	struct pair *p = dut_arm(&run->dut, line);

	dut_kick(&run->dut, DUT_EVENTQ);
	return p;
}

/* Two replies: the device then had a turn to look at its other queue. */
static bool let_device_look(struct run *run)
{
	return run_ask(run, VIRTIO_GPIO_MSG_GET_DIRECTION, run_input(run), 0) &&
	       run_ask(run, VIRTIO_GPIO_MSG_GET_DIRECTION, run_input(run), 0);
}

static int quiet_ms(const struct run *run)
{
	uint64_t ms = QUIET_REPLIES * run->dut.slowest_ns / NS_PER_MS;

	if (ms < QUIET_MIN_MS)
		return QUIET_MIN_MS;
	return ms < QUIET_MAX_MS ? (int)ms : QUIET_MAX_MS;
}

/**
 * run_is_left() - does the device leave a queue's used ring as it is?
 * @run: the check
 * @queue: the queue
 * @seen: the used index that it is to stay at
 * @went_on: takes whether something came back
 *
 * It does if nothing came in many times the time that a reply takes. A wait in which this
 * process was held up is repeated.
 *
 * Return: true, or false if the check is blocked.
 */
bool run_is_left(struct run *run, unsigned int queue, uint16_t seen, bool *went_on)
{
	int ms = quiet_ms(run);

	for (unsigned int i = 0; i < QUIET_TRIES; i++) {
		uint64_t begin = loop_now();

		*went_on = dut_wait_used(&run->dut, queue, seen, ms);
		if (*went_on || loop_now() - begin < (ms + HELD_UP_MS) * NS_PER_MS)
			break;
	}
	return !run->dut.lost || run_block(run, "the back end closed the connection");
}

/**
 * run_stays_out() - does what should not come back stay out?
 * @run: the check
 * @p: the only event buffer that the device has
 * @came: takes whether it came back
 *
 * Return: true, or false if the check is blocked.
 */
bool run_stays_out(struct run *run, const struct pair *p, bool *came)
{
	uint16_t seen = run->dut.seen[DUT_EVENTQ];

	if (!let_device_look(run))
		return false;
	if (p->out && !run_is_left(run, DUT_EVENTQ, seen, came))
		return false;
	*came = !p->out;
	return true;
}

/**
 * run_is_event() - did an event buffer come back with this?
 * @run: the check
 * @p: the buffer
 * @status: VIRTIO_GPIO_IRQ_STATUS_*
 *
 * Return: true if it did, and all of it was written.
 */
bool run_is_event(struct run *run, const struct pair *p, uint8_t status)
{
	return !p->out && p->used_len && dut_response(&run->dut, p)[0] == status;
}

/* --- stimuli ---------------------------------------------------------------------- */

static bool add_text(char *out, size_t size, size_t *len, const char *text, size_t count)
{
	if (*len + count >= size)
		return false;
	memcpy(out + *len, text, count);
	*len += count;
	out[*len] = '\0';
	return true;
}

/* Puts the line and the level into the user's command. */
static bool fill_in(char *out, size_t size, const char *command, unsigned int line, bool level)
{
	static const char *const words[] = { "{line}", "{value}" };
	char numbers[2][16];
	size_t len = 0;

	snprintf(numbers[0], sizeof(numbers[0]), "%u", line);
	snprintf(numbers[1], sizeof(numbers[1]), "%d", level);
	out[0] = '\0';
	while (*command) {
		const char *text = command;
		size_t count = 1, step = 1;

		for (unsigned int i = 0; i < 2; i++) {
			if (strncmp(command, words[i], strlen(words[i])))
				continue;
			step = strlen(words[i]);
			text = numbers[i];
			count = strlen(text);
		}
		if (!add_text(out, size, &len, text, count))
			return false;
		command += step;
	}
	return true;
}

/* Its output is none of the report; its process group has all that it starts. */
static int spawn_shell(const char *command, pid_t *pid)
{
	char *argv[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Returns false for a process that does not end in time; it is ended with its children. */
static bool wait_for_process(pid_t pid, int ms, int *status)
{
	int fd = pidfd_open(pid, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	bool ended = fd >= 0 && poll(&pfd, 1, ms) > 0;

	if (!ended)
		kill(-pid, SIGKILL);
	waitpid(pid, status, 0);
	if (fd >= 0)
		close(fd);
	return ended;
}

static bool run_command(struct run *run, bool level)
{
	char command[4096];
	pid_t pid;
	int status;

	if (!fill_in(command, sizeof(command), run->plan->set, run_input(run), level))
		return run_block(run, "the command of --set is too long");
	if (spawn_shell(command, &pid))
		return run_block(run, "/bin/sh does not start");
	if (!wait_for_process(pid, run->plan->timeout_ms, &status))
		return run_block(run, "\"%s\" of --set does not end", command);
	if (WIFSIGNALED(status))
		return run_block(run, "\"%s\" of --set is ended by signal %d", command,
				 WTERMSIG(status));
	return !WEXITSTATUS(status) ||
	       run_block(run, "\"%s\" of --set fails with status %d", command,
			 WEXITSTATUS(status));
}

/* Until the device sees it, a stimulus has not happened. */
static bool await_level(struct run *run, bool level)
{
	uint64_t deadline = loop_now() + run->plan->timeout_ms * NS_PER_MS;
	uint8_t value;

	while (loop_now() < deadline) {
		if (!run_ask_value(run, VIRTIO_GPIO_MSG_GET_VALUE, run_input(run), &value))
			return false;
		if (value == (level ^ run->inverse))
			return true;
		poll(NULL, 0, 1);
	}
	return run_block(run, "line %u does not become %d by --%s", run_input(run), level,
			 run->plan->wired ? "wire" : "set");
}

static bool set_level(struct run *run, bool level)
{
	return run->plan->wired ?
	       run_ask_ok(run, VIRTIO_GPIO_MSG_SET_VALUE, run->plan->from, level) :
	       run_command(run, level);
}

/**
 * run_drive() - change the level of the input, and wait until the device sees it
 * @run: the check, with a stimulus
 * @level: the level
 *
 * Return: true, or false if the check is blocked.
 */
bool run_drive(struct run *run, bool level)
{
	dut_tell(&run->dut, "line %u becomes %d", run_input(run), level);
	return set_level(run, level) && await_level(run, level);
}

/**
 * run_prepare_input() - have an input, which is low where there is a stimulus
 * @run: the check
 *
 * Return: true, or false if the check is blocked.
 */
bool run_prepare_input(struct run *run)
{
	const struct plan *plan = run->plan;

	if (!run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, run_input(run),
			VIRTIO_GPIO_DIRECTION_IN))
		return false;
	if (plan->wired &&
	    (!run_ask_ok(run, VIRTIO_GPIO_MSG_SET_VALUE, plan->from, 0) ||
	     !run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, plan->from,
			 VIRTIO_GPIO_DIRECTION_OUT)))
		return false;
	return !run_has_stimulus(run) || run_drive(run, false);
}

/**
 * run_enable() - enable the input's interrupt
 * @run: the check
 * @trigger: VIRTIO_GPIO_IRQ_TYPE_*
 *
 * Return: true, or false if the check is blocked.
 */
bool run_enable(struct run *run, unsigned int trigger)
{
	const struct pair *p = run_ask(run, VIRTIO_GPIO_MSG_IRQ_TYPE, run_input(run), trigger);

	if (!p)
		return false;
	if (dut_response(&run->dut, p)[0] == VIRTIO_GPIO_STATUS_OK)
		return true;
	return run_block(run, "the device refuses the trigger type \"%s\" for line %u",
			 gpio_trigger_name(trigger), run_input(run));
}

/**
 * run_recall_buffers() - get event buffers back from a device that keeps them
 * @run: the check, which is over
 *
 * Some devices give a buffer back with the next edge only, and until then have the line
 * in use for a connection that is no more.
 */
void run_recall_buffers(struct run *run)
{
	const enum verdict verdict = run->verdict;
	struct dut *d = &run->dut;
	char why[sizeof(run->why)];

	if (!d->out[DUT_EVENTQ] || d->lost || !run_has_stimulus(run))
		return;
	d->leaving = true;
	memcpy(why, run->why, sizeof(why));
	if (set_level(run, false) && set_level(run, true))
		for (unsigned int i = 0; i < DUT_PAIRS && d->out[DUT_EVENTQ]; i++)
			if (d->pairs[DUT_EVENTQ][i].out)
				dut_wait(d, &d->pairs[DUT_EVENTQ][i], RECALL_MS);
	run->verdict = verdict;
	memcpy(run->why, why, sizeof(why));
}
