/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_HOST_H
#define VGPIO_TEST_HOST_H

#include "board.h"

/**
 * struct host - a board that nobody is connected to
 * @loop: its loop
 * @board: the board
 */
struct host {
	struct loop loop;
	struct board board;
};

void host_init(struct host *h, unsigned int lines);
void host_free(struct host *h);
void host_name(struct host *h, unsigned int line, const char *name);

#endif
