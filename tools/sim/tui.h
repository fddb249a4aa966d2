/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TUI_H
#define VGPIO_TUI_H

#include "command.h"

#define TUI_MAX_NAME	72

/**
 * struct tui_board - a board that is shown
 * @board: what it shows and drives
 * @name: what it is called
 */
struct tui_board {
	struct board *board;
	char name[TUI_MAX_NAME];
};

struct tui;

struct tui *tui_open(const struct tui_board *boards, unsigned int count,
			 void (*quit)(void *ctx), void *quit_ctx, struct errmsg *err);
void tui_close(struct tui *tui);
void tui_restore_terminal(void);

#endif
