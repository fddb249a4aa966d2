/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_GUEST_H
#define VGPIO_TEST_GUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/guest.h"
#include "vhost/memory.h"

#define GUEST_SIZE	0x20000u

void guest_make(struct guest *g, unsigned int num);
void guest_share(const struct guest *g, struct guest_mem *mem);

#endif
