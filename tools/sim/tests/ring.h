/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_RING_H
#define VGPIO_TEST_RING_H

#include "guest.h"

#define NUM	8
#define DATA(n)	(GUEST_GPA + GUEST_DATA + (n))
#define NEXT	VRING_DESC_F_NEXT
#define WRITE	VRING_DESC_F_WRITE
#define INDIRECT VRING_DESC_F_INDIRECT

/**
 * struct ring - a guest and the ring under test
 * @guest: the guest
 * @r: the driver's side of the ring
 * @mem: the device's view of memory
 * @vr: the device's side of the ring
 * @chain: the chain taken last
 */
struct ring {
	struct guest guest;
	struct guest_ring *r;
	struct guest_mem mem;
	struct virtqueue vr;
	struct vring_chain chain;
};

int ring_set_up(void **state);
int ring_tear_down(void **state);
void ring_restart(struct ring *f);
void ring_assert_refused(struct ring *f, const char *why);

#endif
