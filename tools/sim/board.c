/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board: a device, the host's hands on it, and who is connected to it. */
#include "board.h"
#include "log.h"

static void front_end_connected(void *ctx, int fd)
{
	struct board *b = ctx;

	/* The next one waits in the queue of the socket until this one leaves. */
	listener_want(&b->front, false);
	vu_open(&b->session, fd);
	log_verbose("a front end connected to %s", b->config->socket);
}

static void front_end_left(void *ctx, bool failed)
{
	struct board *b = ctx;

	b->failed = failed;
	b->done = b->config->once;
	listener_want(&b->front, !b->done);
	b->left(b->ctx);
}

static void set_up_session(struct board *b)
{
	b->session = (struct vu_session){
		.loop = b->loop, .dev = &b->dev, .offer_irq = !b->config->no_irq,
		.ended = front_end_left, .ended_ctx = b, .over = true,
	};
	if (b->config->boards > 1)
		b->session.socket = b->config->socket;
}

static int set_up_bench(struct board *b, struct errmsg *err)
{
	const struct config *cfg = b->config;

	bench_init(&b->bench, b->loop, &b->dev);
	control_init(&b->control, &b->bench);
	b->control.quit = b->quit;
	b->control.quit_ctx = b->ctx;
	if (bench_record(&b->bench, cfg->trace, cfg->vcd, err))
		return -1;
	return cfg->play ? player_play(&b->bench.player, cfg->play, err) : 0;
}

/**
 * board_open() - make a board as its configuration has it
 * @b: the board: zeros but for config, loop, left, quit and ctx; for
 *     board_close() also after an error
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int board_open(struct board *b, struct errmsg *err)
{
	const struct config *cfg = b->config;

	if (device_init(&b->dev, cfg->lines))
		return errmsg_set(err, "out of memory for %u lines", cfg->lines);
	if (config_apply(cfg, &b->dev, err))
		return -1;
	set_up_session(b);
	if (set_up_bench(b, err))
		return -1;
	return listener_open(&b->front, b->loop, cfg->socket, front_end_connected, b, err);
}

/**
 * board_close() - end all that goes on at a board
 * @b: the board
 */
void board_close(struct board *b)
{
	if (b->control.dev) {
		vu_close(&b->session);
		control_free(&b->control);
		bench_free(&b->bench);
	}
	listener_close(&b->front);
	device_free(&b->dev);
}
