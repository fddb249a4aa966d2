/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of tui.c where the build has no ncurses. */
#include "tui.h"

/**
 * tui_open() - say that the terminal cannot be used
 * @boards: not used
 * @count: not used
 * @quit: not used
 * @quit_ctx: not used
 * @err: says so
 *
 * Return: NULL.
 */
struct tui *tui_open(const struct tui_board *boards, unsigned int count,
			 void (*quit)(void *ctx), void *quit_ctx, struct errmsg *err)
{
	(void)boards;
	(void)count;
	(void)quit;
	(void)quit_ctx;
	errmsg_store(err, "--interactive: this build has no ncurses; install libncurses-dev and "
			  "pkg-config, then build again");
	return NULL;
}

/**
 * tui_close() - nothing to close
 * @tui: not used
 */
void tui_close(struct tui *tui)
{
	(void)tui;
}

/**
 * tui_restore_terminal() - nothing to restore
 */
void tui_restore_terminal(void)
{
}
