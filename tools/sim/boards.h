/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_BOARDS_H
#define VGPIO_BOARDS_H

#include "config.h"

#define BOARDS_MAX	64

/**
 * struct boards - what the command line says about each board
 * @configs: for each board, its configuration
 * @names: for each board, its name; NULL for one without
 * @count: number of boards, at least 1
 */
struct boards {
	struct config configs[BOARDS_MAX];
	const char *names[BOARDS_MAX];
	unsigned int count;
};

int boards_parse(struct boards *boards, int argc, char **argv, struct errmsg *err);
int boards_find(const char *const *names, unsigned int count, const char *text);
void boards_free(struct boards *boards);

#endif
