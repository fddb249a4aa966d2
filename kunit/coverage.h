/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Comes before the sources of which 'tools/vgpio coverage' counts the branches. What
 * handles bits asks up to ten times whether something is known when it is compiled,
 * and gcc counts that as branches of the caller, of which none can ever be taken.
 */

#define __builtin_constant_p(x) 0
#include <linux/bitops.h>
#include <linux/bitmap.h>
#undef __builtin_constant_p

#undef bitop
#define bitop(op, nr, addr) op(nr, addr)
