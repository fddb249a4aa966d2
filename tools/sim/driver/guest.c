/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tiny guest: memory, rings, and the driver's moves on them. */
#include <endian.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver/guest.h"

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
 * @g: the guest; for guest_free() also after an error
 * @num: size of its rings, at most GUEST_MAX_NUM
 * @size: length of its memory, more than GUEST_DATA
 *
 * Return: 0, or -1 with errno set.
 */
int guest_init(struct guest *g, unsigned int num, size_t size)
{
	*g = (struct guest){ .ram = MAP_FAILED, .size = size };
	g->fd = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (g->fd < 0 || ftruncate(g->fd, size))
		return -1;
	g->ram = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd, 0);
	if (g->ram == MAP_FAILED)
		return -1;
	ring_init(g, &g->rings[0], num);
	ring_init(g, &g->rings[1], num);
	return 0;
}

/**
 * guest_seal() - let nobody make the memory shorter: a look at what is gone is a crash
 * @g: the guest
 *
 * Return: 0, or -1 with errno set.
 */
int guest_seal(const struct guest *g)
{
	return fcntl(g->fd, F_ADD_SEALS, F_SEAL_SHRINK);
}

/**
 * guest_free() - give the guest's memory back
 * @g: the guest
 */
void guest_free(struct guest *g)
{
	if (g->ram != MAP_FAILED)
		munmap(g->ram, g->size);
	if (g->fd >= 0)
		close(g->fd);
}

/**
 * guest_at() - the driver's view of guest memory
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
 * guest_pair() - fill the two descriptors of a request and its reply
 * @r: the ring
 * @i: number of the pair: descriptors 2i and 2i + 1
 * @in: what the device reads
 * @in_len: its length
 * @out: what the device writes
 * @out_len: its length
 */
void guest_pair(struct guest_ring *r, unsigned int i, uint64_t in, uint32_t in_len,
		uint64_t out, uint32_t out_len)
{
	guest_desc(r, 2 * i, in, in_len, VRING_DESC_F_NEXT, 2 * i + 1);
	guest_desc(r, 2 * i + 1, out, out_len, VRING_DESC_F_WRITE, 0);
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
	/* The device may look at once; what it asks for is read only after. */
	__atomic_store_n(&r->avail->idx, htole16(idx + 1), __ATOMIC_SEQ_CST);
}

/**
 * guest_used() - the used index
 * @r: the ring
 *
 * Return: how many chains were returned, modulo 2^16.
 */
uint16_t guest_used(const struct guest_ring *r)
{
	return le16toh(__atomic_load_n(&r->used->idx, __ATOMIC_ACQUIRE));
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
