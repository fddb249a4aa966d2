/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In place of panel.c where the build has no ncurses. */
#include "panel.h"

/**
 * panel_open() - say that there is no panel
 * @boards: not used
 * @count: not used
 * @quit: not used
 * @quit_ctx: not used
 * @err: says so
 *
 * Return: NULL.
 */
struct panel *panel_open(const struct panel_board *boards, unsigned int count,
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
 * panel_close() - nothing to close
 * @panel: not used
 */
void panel_close(struct panel *panel)
{
	(void)panel;
}

/**
 * panel_restore_terminal() - nothing to restore
 */
void panel_restore_terminal(void)
{
}
