/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_JUNIT_H
#define VGPIO_JUNIT_H

#include "scenario.h"

int junit_write(const char *path, const struct scenario *list, size_t count, struct errmsg *err);

#endif
