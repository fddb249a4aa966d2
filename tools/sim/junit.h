/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_JUNIT_H
#define VGPIO_JUNIT_H

#include "scenario.h"

FILE *junit_open(const char *path, struct errmsg *err);
int junit_write(FILE *file, const char *path, const struct scenario *list, size_t count,
		struct errmsg *err);

#endif
