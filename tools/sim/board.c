/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board: a device, what the host does with its lines, and who is connected. */
#include <stdlib.h>

#include "board.h"
#include "log.h"
#include "parts.h"

/**
 * board_init() - make a board that nobody is connected to
 * @b: the board; its script can play once script_init() was told how
 * @loop: the loop
 * @lines: number of lines
 * @state: the file for its state, or NULL
 * @err: what is wrong, if so
 *
 * Return: 0, or -1: board_free() is due then, too.
 */
int board_init(struct board *b, struct loop *loop, unsigned int lines, const char *state,
	       struct errmsg *err)
{
	*b = (struct board){ .loop = loop, .session.over = true, .state.fd = -1 };
	if (state && state_open(&b->state, state, lines, err))
		return -1;
	b->pulses = calloc(lines, sizeof(struct pulse *));
	if (!b->pulses || device_init_in(&b->dev, lines, state ? &b->state.memory : NULL))
		return errmsg_set(err, "out of memory for %u lines", lines);
	b->dev.loop = loop;
	if (history_open(&b->history, &b->dev))
		return errmsg_set(err, "out of memory for the history of %u lines", lines);
	return 0;
}

/**
 * board_record() - keep what happens from now on
 * @b: the board
 * @trace: file for a trace, or NULL
 * @vcd: file for waveforms, or NULL
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int board_record(struct board *b, const char *trace, const char *vcd, struct errmsg *err)
{
	if (trace && trace_open(&b->trace, trace, &b->dev, err))
		return -1;
	if (vcd && vcd_open(&b->vcd, vcd, &b->dev, err))
		return -1;
	return 0;
}

/**
 * board_failed() - did a record end before its time, or an expectation of a script fail?
 * @b: the board, also after board_free()
 *
 * Return: true if so.
 */
bool board_failed(const struct board *b)
{
	return b->trace.record.failed || b->vcd.record.failed || b->verdicts.failed;
}

static void front_end_connected(void *ctx, int fd)
{
	struct board *b = ctx;

	/* The next one waits in the queue of the socket until this one leaves. */
	listener_want(&b->front, false);
	vu_open(&b->session, fd);
	log_verbose("a front end connected to %s", config_where(b->config));
}

static void front_end_left(void *ctx, bool failed)
{
	struct board *b = ctx;

	b->failed = failed;
	if (failed && !b->dev.faults.injected[FAULT_CLOSE])
		rules_note(&b->dev.rules, RULE_RINGS, "the connection was closed");
	b->done = b->config->once || !b->config->socket;
	listener_want(&b->front, true);
	if (b->done)
		listener_close(&b->front);
	b->left(b->ctx);
}

static void set_up_session(struct board *b)
{
	b->session = (struct vu_session){
		.loop = b->loop, .dev = &b->dev, .offer_irq = !b->config->no_irq,
		.ended = front_end_left, .ended_ctx = b, .over = true,
	};
	if (b->config->boards > 1)
		b->session.socket = config_where(b->config);
}

/**
 * board_configure() - set a board up as its configuration has it
 * @b: the board
 * @config: what the user asked for; must stay
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int board_configure(struct board *b, const struct config *config, struct errmsg *err)
{
	b->config = config;
	b->dev.strict = config->strict;
	return config_apply(config, &b->dev, err);
}

/**
 * board_serve() - let front ends connect
 * @b: the board, configured, whose lines have settled; with left and ctx set
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int board_serve(struct board *b, struct errmsg *err)
{
	const struct config *config = b->config;
	struct sock_access access = { .mode = config->socket_mode, .group = config->group };

	history_begin(&b->history);
	if (board_record(b, config->trace, config->vcd, err))
		return -1;
	if (config->play && script_play(&b->script, config->play, err))
		return -1;
	set_up_session(b);
	if (config->socket)
		return listener_open(&b->front, b->loop, config->socket, &access,
				     front_end_connected, b, err);
	if (sock_check_connected(config->fd, err))
		return -1;
	front_end_connected(b, config->fd);
	return 0;
}

static void end_pulse(struct board *b, unsigned int line)
{
	struct pulse *pulse = b->pulses[line];

	if (!pulse)
		return;
	b->pulses[line] = NULL;
	loop_timer_stop(b->loop, &pulse->timer);
	free(pulse);
}

/**
 * board_free() - end all that goes on at a board
 * @b: the board, also after a failure of board_init(),
 *     board_configure() or board_serve()
 */
void board_free(struct board *b)
{
	if (!b->loop)
		return;
	vu_close(&b->session);
	listener_close(&b->front);
	script_stop(&b->script);
	verdict_free(&b->verdicts);
	for (unsigned int i = 0; b->pulses && i < b->dev.bank.count; i++)
		end_pulse(b, i);
	free(b->pulses);
	b->pulses = NULL;
	parts_free(&b->dev);
	trace_close(&b->trace);
	vcd_close(&b->vcd);
	history_close(&b->history);
	device_free(&b->dev);
	state_close(&b->state);
}

static void drive(struct board *b, unsigned int line, bool level)
{
	b->history.commanded = line;
	device_set_level(&b->dev, line, level);
	b->history.commanded = HISTORY_NO_LINE;
}

/**
 * board_set() - drive a line; a pulse on it ends
 * @b: the board
 * @line: the line
 * @level: its level
 */
void board_set(struct board *b, unsigned int line, bool level)
{
	end_pulse(b, line);
	drive(b, line, level);
}

/**
 * board_release() - drive a line no longer; a pulse on it ends
 * @b: the board
 * @line: the line
 */
void board_release(struct board *b, unsigned int line)
{
	end_pulse(b, line);
	b->history.commanded = line;
	device_release(&b->dev, line);
	b->history.commanded = HISTORY_NO_LINE;
}

/* What the host drives; what the line shows, while it drives nothing. */
static bool host_level(const struct board *b, unsigned int number)
{
	const struct gpio_line *line = &b->dev.bank.lines[number];

	return line->driven ? line->level : line->value;
}

/**
 * board_toggle() - invert a line; a pulse on it ends
 * @b: the board
 * @line: the line
 */
void board_toggle(struct board *b, unsigned int line)
{
	board_set(b, line, !host_level(b, line));
}

static void pulse_over(void *ctx)
{
	struct pulse pulse = *(struct pulse *)ctx;

	if (pulse.driven)
		board_set(pulse.board, pulse.line, pulse.level);
	else
		board_release(pulse.board, pulse.line);
}

/**
 * board_pulse() - invert a line for a time
 * @b: the board
 * @line: the line
 * @ns: how long
 * @err: why not, if so
 *
 * Return: 0 or -1.
 */
int board_pulse(struct board *b, unsigned int line, uint64_t ns, struct errmsg *err)
{
	struct pulse *pulse;

	if (b->pulses[line])
		return errmsg_set(err, "a pulse is under way on this line");
	pulse = calloc(1, sizeof(*pulse));
	if (!pulse)
		return errmsg_set(err, "out of memory");
	*pulse = (struct pulse){
		.timer = { .expired = pulse_over, .ctx = pulse }, .board = b, .line = line,
		.driven = b->dev.bank.lines[line].driven, .level = host_level(b, line),
	};
	b->pulses[line] = pulse;
	loop_timer_start(b->loop, &pulse->timer, ns);
	drive(b, line, !pulse->level);
	return 0;
}
