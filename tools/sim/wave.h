/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_WAVE_H
#define VGPIO_WAVE_H

#include "history.h"

void wave_draw(struct buffer *out, const struct history *h, const unsigned int *lines,
	       unsigned int count, const struct moment *from, uint64_t until_ns);

#endif
