/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_PANEL_H
#define VGPIO_PANEL_H

#include "bench.h"

#define PANEL_MAX_NAME	72

/**
 * struct panel_board - a board that the panel shows
 * @bench: what it shows and drives
 * @name: what it is called
 */
struct panel_board {
	struct bench *bench;
	char name[PANEL_MAX_NAME];
};

struct panel;

struct panel *panel_open(const struct panel_board *boards, unsigned int count,
			 void (*quit)(void *ctx), void *quit_ctx, struct errmsg *err);
void panel_close(struct panel *panel);
void panel_restore_terminal(void);

#endif
