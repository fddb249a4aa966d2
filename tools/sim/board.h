/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_BOARD_H
#define VGPIO_BOARD_H

#include "bench.h"

struct board;

struct board *board_open(struct bench *bench, void (*quit)(void *ctx), void *quit_ctx,
			 struct errmsg *err);
void board_close(struct board *board);
void board_restore_terminal(void);

#endif
