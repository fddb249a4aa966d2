/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tiny guest for the tests: memory, rings, and the driver's moves on them. */
#include <endian.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"

static void ring_init(struct guest *g, struct guest_ring *r, unsigned int num)
{
	uint64_t at = (r - g->rings) * GUEST_RING;

	*r = (struct guest_ring){
		.num = num,
		.desc = (void *)(g->ram + at),
		.avail = (void *)(g->ram + at + 0x2000),
		.used = (void *)(g->ram + at + 0x3000),
		.setup = {
			.num = num, .desc = GUEST_UVA + at, .avail = GUEST_UVA + at + 0x2000,
			.used = GUEST_UVA + at + 0x3000, .indirect = true,
		},
	};
}

/**
 * guest_init() - make a guest
 * @g: the guest
 * @num: size of its rings
 */
void guest_init(struct guest *g, unsigned int num)
{
	g->fd = memfd_create("guest", MFD_CLOEXEC);
	assert_true(g->fd >= 0);
	assert_int_equal(ftruncate(g->fd, GUEST_SIZE), 0);
	g->ram = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd, 0);
	assert_true(g->ram != MAP_FAILED);
	ring_init(g, &g->rings[0], num);
	ring_init(g, &g->rings[1], num);
}

/**
 * guest_free() - give the guest's memory back
 * @g: the guest
 */
void guest_free(struct guest *g)
{
	munmap(g->ram, GUEST_SIZE);
	close(g->fd);
}

/**
 * guest_share() - map the guest's memory as the device does
 * @g: the guest
 * @mem: takes the one region
 */
void guest_share(const struct guest *g, struct guest_mem *mem)
{
	struct mem_request req = {
		.gpa = GUEST_GPA, .size = GUEST_SIZE, .uva = GUEST_UVA, .fd = g->fd,
	};
	struct errmsg err;

	assert_int_equal(mem_map(mem, &req, &err), 0);
}

/**
 * guest_at() - the test's view of guest memory
 * @g: the guest
 * @gpa: guest physical address
 *
 * Return: a pointer.
 */
void *guest_at(const struct guest *g, uint64_t gpa)
{
	return g->ram + (gpa - GUEST_GPA);
}

/**
 * guest_desc() - fill a descriptor
 * @r: the ring
 * @i: which one
 * @gpa: address of the buffer
 * @len: its length
 * @flags: VRING_DESC_F_*
 * @next: the next descriptor
 */
void guest_desc(struct guest_ring *r, unsigned int i, uint64_t gpa, uint32_t len,
		uint16_t flags, uint16_t next)
{
	r->desc[i] = (struct vring_desc){
		.addr = htole64(gpa), .len = htole32(len), .flags = htole16(flags),
		.next = htole16(next),
	};
}

/**
 * guest_offer() - make a chain available
 * @r: the ring
 * @head: its first descriptor
 */
void guest_offer(struct guest_ring *r, uint16_t head)
{
	uint16_t idx = le16toh(r->avail->idx);

	r->avail->ring[idx % r->num] = htole16(head);
	r->avail->idx = htole16(idx + 1);
}

/**
 * guest_used() - the used index
 * @r: the ring
 *
 * Return: how many chains were returned, modulo 2^16.
 */
uint16_t guest_used(const struct guest_ring *r)
{
	return le16toh(*(volatile uint16_t *)&r->used->idx);
}

/**
 * guest_used_event() - where the driver asks for an interrupt
 * @r: the ring
 *
 * Return: the field.
 */
uint16_t *guest_used_event(struct guest_ring *r)
{
	return &r->avail->ring[r->num];
}

/**
 * guest_avail_event() - where the device asks for a notification
 * @r: the ring
 *
 * Return: the field.
 */
uint16_t *guest_avail_event(struct guest_ring *r)
{
	return (uint16_t *)&r->used->ring[r->num];
}
