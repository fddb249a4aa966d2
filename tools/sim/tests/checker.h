/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_CHECKER_H
#define VGPIO_TEST_CHECKER_H

#include "simulator.h"

/* 32 lines with some names; what line 0 drives is read on line 1. */
extern const char checker_board[];

void checker_write_file(const char *path, const char *text);
int checker_start(struct simulator *f, const char *board, const char *fault);

#endif
