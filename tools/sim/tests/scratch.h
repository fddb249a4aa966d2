/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_SCRATCH_H
#define VGPIO_TEST_SCRATCH_H

#define SCRATCH_PATH	32

void scratch_make(char *path);
void scratch_write(const char *path, const char *text);

#endif
