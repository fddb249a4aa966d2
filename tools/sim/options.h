/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_OPTIONS_H
#define VGPIO_OPTIONS_H

#include "config.h"

#define OPTIONS_MAX_BOARDS	64

/**
 * struct options - what the command line says about each board
 * @configs: for each board, its configuration
 * @names: for each board, its name; NULL for one without
 * @count: number of boards, at least 1
 */
struct options {
	struct config configs[OPTIONS_MAX_BOARDS];
	const char *names[OPTIONS_MAX_BOARDS];
	unsigned int count;
};

int options_parse(struct options *options, int argc, char **argv, struct errmsg *err);
void options_free(struct options *options);

#endif
