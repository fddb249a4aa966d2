/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of board.c where the build has no ncurses. */
#include "board.h"

/**
 * board_open() - say that there is no board
 * @bench: not used
 * @quit: not used
 * @quit_ctx: not used
 * @err: says so
 *
 * Return: NULL.
 */
struct board *board_open(struct bench *bench, void (*quit)(void *ctx), void *quit_ctx,
			 struct errmsg *err)
{
	(void)bench;
	(void)quit;
	(void)quit_ctx;
	errmsg_store(err, "--interactive: this build has no ncurses; install libncurses-dev and "
			  "pkg-config, then build again");
	return NULL;
}

/**
 * board_close() - nothing to close
 * @board: not used
 */
void board_close(struct board *board)
{
	(void)board;
}

/**
 * board_restore_terminal() - nothing to restore
 */
void board_restore_terminal(void)
{
}
