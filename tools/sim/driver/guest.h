/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_DRIVER_GUEST_H
#define VGPIO_DRIVER_GUEST_H

#include <stddef.h>
#include <stdint.h>

#include "vhost/ring.h"

/* Guest memory: rings at the front, room for buffers from GUEST_DATA on. */
#define GUEST_GPA	0x100000ull
#define GUEST_UVA	0x7f0000000000ull
#define GUEST_RING	0x4000u
#define GUEST_DATA	0x10000u
#define GUEST_MAX_NUM	256

/**
 * struct guest_ring - a ring, from the driver's side
 * @num: its size
 * @desc: the descriptor table
 * @avail: the available ring
 * @used: the used ring
 * @setup: what to tell the device
 */
struct guest_ring {
	unsigned int num;
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	struct vring_setup setup;
};

/**
 * struct guest - a small guest: memory and two rings
 * @fd: the memory
 * @ram: where the driver sees it
 * @size: length of the memory
 * @rings: the rings
 */
struct guest {
	int fd;
	uint8_t *ram;
	size_t size;
	struct guest_ring rings[2];
};

int guest_init(struct guest *g, unsigned int num, size_t size);
int guest_seal(const struct guest *g);
void guest_free(struct guest *g);
void *guest_at(const struct guest *g, uint64_t gpa);
void guest_desc(struct guest_ring *r, unsigned int i, uint64_t gpa, uint32_t len,
		uint16_t flags, uint16_t next);
void guest_pair(struct guest_ring *r, unsigned int i, uint64_t in, uint32_t in_len,
		uint64_t out, uint32_t out_len);
void guest_offer(struct guest_ring *r, uint16_t head);
uint16_t guest_used(const struct guest_ring *r);
uint16_t *guest_used_event(struct guest_ring *r);
uint16_t *guest_avail_event(struct guest_ring *r);

#endif
