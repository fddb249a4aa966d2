/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Split virtqueue, from the device's side. The driver is not trusted: every
 * index and address is checked, and each is read from shared memory only once.
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "vhost/ring.h"

static uint64_t avail_size(unsigned int num)
{
	return sizeof(struct vring_avail) + (num + 1) * sizeof(uint16_t);
}

static uint64_t used_size(unsigned int num)
{
	return sizeof(struct vring_used) + num * sizeof(struct vring_used_elem) +
	       sizeof(uint16_t);
}

/* The used_event field follows the available ring. */
static uint16_t *used_event(const struct virtqueue *vr)
{
	return &vr->avail->ring[vr->setup.num];
}

/* The avail_event field follows the used ring. */
static uint16_t *avail_event(const struct virtqueue *vr)
{
	return (uint16_t *)&vr->used->ring[vr->setup.num];
}

static int check_size(struct virtqueue *vr)
{
	unsigned int num = vr->setup.num;

	if (!num || num > VRING_MAX_SIZE || (num & (num - 1)))
		return errmsg_set(&vr->err, "queue size %u is not a power of two up to %d", num,
				  VRING_MAX_SIZE);
	return 0;
}

/* A region may begin anywhere, so it takes a look at where the ring is here. */
static bool is_aligned(const struct virtqueue *vr)
{
	return !((uintptr_t)vr->desc % VRING_DESC_ALIGN_SIZE ||
		 (uintptr_t)vr->avail % VRING_AVAIL_ALIGN_SIZE ||
		 (uintptr_t)vr->used % VRING_USED_ALIGN_SIZE);
}

static int check_place(struct virtqueue *vr)
{
	const struct vring_setup *s = &vr->setup;

	if (!vr->desc || !vr->avail || !vr->used)
		return errmsg_set(&vr->err, "ring outside guest memory: descriptors 0x%" PRIx64
				  ", available 0x%" PRIx64 ", used 0x%" PRIx64,
				  s->desc, s->avail, s->used);
	if (!is_aligned(vr))
		return errmsg_set(&vr->err, "misaligned ring: descriptors 0x%" PRIx64
				  ", available 0x%" PRIx64 ", used 0x%" PRIx64,
				  s->desc, s->avail, s->used);
	return 0;
}

/**
 * vring_remap() - find the ring's memory, at first or when the regions changed
 * @vr: the ring
 *
 * Return: 0, or -1 with @vr->err set.
 */
int vring_remap(struct virtqueue *vr)
{
	const struct vring_setup *s = &vr->setup;

	vr->desc = mem_from_uva(vr->mem, s->desc, s->num * sizeof(*vr->desc));
	vr->avail = mem_from_uva(vr->mem, s->avail, avail_size(s->num));
	vr->used = mem_from_uva(vr->mem, s->used, used_size(s->num));
	if (!check_place(vr))
		return 0;
	vr->used = NULL;
	return -1;
}

/**
 * vring_resumes() - would a ring go on where it stopped?
 * @vr: the ring, zeroed or stopped
 * @setup: what the front end says about it now
 *
 * Return: true if the chains that are with the device still are.
 */
bool vring_resumes(const struct virtqueue *vr, const struct vring_setup *setup)
{
	return vr->held && setup->num == vr->setup.num && setup->base == vr->last_avail;
}

static int hold_nothing(struct virtqueue *vr)
{
	vring_forget(vr);
	vr->held = calloc(vr->setup.num, sizeof(*vr->held));
	vr->segs = calloc(vr->setup.num, sizeof(*vr->segs));
	if (vr->held && vr->segs)
		return 0;
	vring_forget(vr);
	return errmsg_set(&vr->err, "out of memory for a ring of %u", vr->setup.num);
}

/**
 * vring_start() - begin to use a ring
 * @vr: the ring, zeroed or stopped; it goes on if vring_resumes()
 * @setup: what the front end said about it
 * @mem: guest memory; must stay
 *
 * Return: 0, or -1 with @vr->err set and the ring stopped.
 */
int vring_start(struct virtqueue *vr, const struct vring_setup *setup, const struct guest_mem *mem)
{
	bool resumes = vring_resumes(vr, setup);

	*vr = (struct virtqueue){
		.setup = *setup, .mem = mem, .last_avail = setup->base, .held = vr->held,
		.segs = vr->segs,
	};
	if (check_size(vr) || (!resumes && hold_nothing(vr)) || vring_remap(vr))
		return -1;
	vr->used_idx = le16toh(__atomic_load_n(&vr->used->idx, __ATOMIC_ACQUIRE));
	vr->published = vr->used_idx;
	return 0;
}

/**
 * vring_stop() - use a ring no longer, for a while or for ever
 * @vr: the ring, running or not; chains that are with the device stay there
 */
void vring_stop(struct virtqueue *vr)
{
	vr->used = NULL;
}

/**
 * vring_forget() - stop a ring, and let go of what was in it
 * @vr: the ring, running or not
 */
void vring_forget(struct virtqueue *vr)
{
	vring_stop(vr);
	free(vr->held);
	free(vr->segs);
	vr->held = NULL;
	vr->segs = NULL;
}

/**
 * vring_running() - may the ring be used?
 * @vr: the ring
 *
 * Return: true between vring_start() and vring_stop().
 */
bool vring_running(const struct virtqueue *vr)
{
	return vr->used != NULL;
}

static struct vring_desc desc_to_host(const struct vring_desc *le)
{
	return (struct vring_desc){
		.addr = le64toh(le->addr), .len = le32toh(le->len),
		.flags = le16toh(le->flags), .next = le16toh(le->next),
	};
}

/**
 * struct desc_table - where the descriptors of a chain are
 * @gpa: guest physical address of an indirect table; unused for the ring's own
 * @count: number of descriptors in the table
 * @indirect: it is an indirect table
 */
struct desc_table {
	uint64_t gpa;
	unsigned int count;
	bool indirect;
};

static int table_read(struct virtqueue *vr, const struct desc_table *table, unsigned int index,
		      struct vring_desc *desc)
{
	struct vring_desc le;

	if (index >= table->count)
		return errmsg_set(&vr->err, "descriptor %u is beyond its table of %u", index,
				  table->count);
	if (!table->indirect)
		memcpy(&le, &vr->desc[index], sizeof(le));
	else if (!mem_read(vr->mem, table->gpa + index * sizeof(le), &le, sizeof(le)))
		return errmsg_set(&vr->err, "indirect table at 0x%" PRIx64
				  " is outside guest memory", table->gpa);
	*desc = desc_to_host(&le);
	return 0;
}

static int enter_indirect(struct virtqueue *vr, const struct vring_desc *desc,
			  struct desc_table *table)
{
	if (!vr->setup.indirect)
		return errmsg_set(&vr->err, "indirect descriptor, which was not negotiated");
	if (table->indirect)
		return errmsg_set(&vr->err, "indirect descriptor within an indirect table");
	if (desc->flags & VRING_DESC_F_NEXT)
		return errmsg_set(&vr->err, "indirect descriptor with a next one");
	if (!desc->len || desc->len % sizeof(*desc))
		return errmsg_set(&vr->err, "indirect table of %u bytes", desc->len);
	if (!mem_contains(vr->mem, desc->addr, desc->len))
		return errmsg_set(&vr->err, "indirect table at 0x%" PRIx64
				  " is outside guest memory", (uint64_t)desc->addr);
	*table = (struct desc_table){
		.gpa = desc->addr, .count = desc->len / sizeof(*desc), .indirect = true,
	};
	return 0;
}

static int add_seg(struct virtqueue *vr, struct vring_chain *chain, const struct vring_desc *desc)
{
	bool writable = desc->flags & VRING_DESC_F_WRITE;
	uint8_t *host = mem_find(vr->mem, desc->addr, desc->len);

	if (chain->count == vr->setup.num)
		return errmsg_set(&vr->err, "chain at %u is a loop, or longer than the queue",
				  chain->head);
	if (!desc->len)
		return errmsg_set(&vr->err, "buffer of zero length in the chain at %u",
				  chain->head);
	if (!host && !mem_contains(vr->mem, desc->addr, desc->len))
		return errmsg_set(&vr->err, "buffer at 0x%" PRIx64 ", %u bytes, is outside guest "
				  "memory", (uint64_t)desc->addr, desc->len);
	if (!writable && chain->count > chain->readable)
		return errmsg_set(&vr->err, "readable buffer after a writable one in the chain "
				  "at %u", chain->head);
	vr->segs[chain->count++] = (struct vring_seg){
		.gpa = desc->addr, .host = host, .len = desc->len,
	};
	if (writable) {
		chain->write_len += desc->len;
	} else {
		chain->read_len += desc->len;
		chain->readable++;
	}
	return 0;
}

static int walk_chain(struct virtqueue *vr, struct vring_chain *chain)
{
	struct desc_table table = { .count = vr->setup.num };
	unsigned int index = chain->head;
	struct vring_desc desc;

	for (;;) {
		if (table_read(vr, &table, index, &desc))
			return -1;
		if (desc.flags & VRING_DESC_F_INDIRECT) {
			if (enter_indirect(vr, &desc, &table))
				return -1;
			index = 0;
			continue;
		}
		if (add_seg(vr, chain, &desc))
			return -1;
		if (!(desc.flags & VRING_DESC_F_NEXT))
			return 0;
		index = desc.next;
	}
}

/*
 * Once a driver has reset the device it takes back what was not returned, and the
 * index with it. Nothing new comes until the queue is set up again.
 */
static bool was_reset(const struct virtqueue *vr, uint16_t idx)
{
	uint16_t taken_back = vr->last_avail - idx;

	return vr->setup.untold_resets && taken_back <= vr->setup.num;
}

/* How many entries wait, or -1 if the driver's index cannot be right. */
static int count_available(struct virtqueue *vr)
{
	uint16_t idx = le16toh(__atomic_load_n(&vr->avail->idx, __ATOMIC_ACQUIRE));
	uint16_t waiting = idx - vr->last_avail;

	if (was_reset(vr, idx))
		return 0;
	if (waiting > vr->setup.num)
		return errmsg_set(&vr->err, "available index jumped from %u to %u in a queue "
				  "of %u", vr->last_avail, idx, vr->setup.num);
	return waiting;
}

static int take_head(struct virtqueue *vr, uint16_t *head)
{
	unsigned int slot = vr->last_avail & (vr->setup.num - 1);

	*head = le16toh(__atomic_load_n(&vr->avail->ring[slot], __ATOMIC_RELAXED));
	if (*head >= vr->setup.num)
		return errmsg_set(&vr->err, "available entry names descriptor %u in a queue of "
				  "%u", *head, vr->setup.num);
	if (vr->held[*head])
		return errmsg_set(&vr->err, "descriptor %u was made available again while the "
				  "device holds it", *head);
	vr->last_avail++;
	vr->held[*head] = true;
	return 0;
}

/**
 * vring_go_on() - go on behind what another simulator took
 * @vr: the ring, just started
 * @last_avail: index of the next available entry to take
 *
 * Return: false, with nothing changed, if the driver is not that far.
 */
bool vring_go_on(struct virtqueue *vr, uint16_t last_avail)
{
	uint16_t idx = le16toh(__atomic_load_n(&vr->avail->idx, __ATOMIC_ACQUIRE));

	if ((uint16_t)(idx - last_avail) > vr->setup.num)
		return false;
	vr->last_avail = last_avail;
	return true;
}

/**
 * vring_hold() - a chain that another simulator took is with the device
 * @vr: the ring
 * @head: the chain
 *
 * Return: false if there can be no such chain.
 */
bool vring_hold(struct virtqueue *vr, uint16_t head)
{
	if (head >= vr->setup.num || vr->held[head])
		return false;
	vr->held[head] = true;
	return true;
}

/**
 * vring_let_go() - no chain is with the device
 * @vr: the ring, running
 */
void vring_let_go(struct virtqueue *vr)
{
	memset(vr->held, 0, vr->setup.num * sizeof(*vr->held));
}

/**
 * vring_pop() - take the next chain that the driver made available
 * @vr: the ring
 * @chain: the chain; its buffers are valid until the next call
 *
 * Return: 1 if there was one, 0 if not, -1 with @vr->err set if the driver
 * broke the rules; the ring must then not be used further.
 */
int vring_pop(struct virtqueue *vr, struct vring_chain *chain)
{
	int waiting = vr->broken ? -1 : count_available(vr);

	if (waiting <= 0)
		return waiting;
	*chain = (struct vring_chain){ .segs = vr->segs };
	vr->broken = take_head(vr, &chain->head) || walk_chain(vr, chain);
	return vr->broken ? -1 : 1;
}

/**
 * vring_push() - return a chain to the driver, seen with vring_publish()
 * @vr: the ring
 * @head: the chain
 * @len: number of bytes written into it
 */
void vring_push(struct virtqueue *vr, uint16_t head, uint32_t len)
{
	struct vring_used_elem *elem = &vr->used->ring[vr->used_idx & (vr->setup.num - 1)];

	elem->id = htole32(head);
	elem->len = htole32(len);
	vr->used_idx++;
	vr->held[head] = false;
}

static bool driver_wants_interrupt(struct virtqueue *vr)
{
	uint16_t old = vr->signalled;
	bool valid = vr->signalled_valid;

	if (!vr->setup.event_idx)
		return !(le16toh(__atomic_load_n(&vr->avail->flags, __ATOMIC_RELAXED)) &
			 VRING_AVAIL_F_NO_INTERRUPT);
	vr->signalled = vr->used_idx;
	vr->signalled_valid = true;
	if (!valid)
		return true;
	return vring_need_event(le16toh(__atomic_load_n(used_event(vr), __ATOMIC_RELAXED)),
				vr->used_idx, old);
}

/**
 * vring_publish() - let the driver see all chains returned so far
 * @vr: the ring
 *
 * Return: true if the driver wants to be notified of them.
 */
bool vring_publish(struct virtqueue *vr)
{
	if (vr->published == vr->used_idx)
		return false;
	vr->published = vr->used_idx;
	__atomic_store_n(&vr->used->idx, htole16(vr->used_idx), __ATOMIC_RELEASE);
	/* The index must be visible before the driver's wish is read. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return driver_wants_interrupt(vr);
}

/**
 * vring_wait_for_kick() - ask the driver for a notification of new chains
 * @vr: the ring
 *
 * Return: true if vring_pop() has something to say first: then ask again.
 */
bool vring_wait_for_kick(struct virtqueue *vr)
{
	if (vr->setup.event_idx)
		__atomic_store_n(avail_event(vr), htole16(vr->last_avail), __ATOMIC_RELAXED);
	/* The wish must be visible before the index is read again. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return count_available(vr) != 0;
}

/**
 * vring_chain_read() - copy from a chain's readable buffers
 * @vr: the ring
 * @chain: the chain
 * @buf: where to
 * @len: at most how much
 *
 * Return: number of bytes copied.
 */
size_t vring_chain_read(const struct virtqueue *vr, const struct vring_chain *chain, void *buf,
			size_t len)
{
	uint8_t *out = buf;
	size_t done = 0;

	for (unsigned int i = 0; i < chain->readable && done < len; i++) {
		const struct vring_seg *seg = &chain->segs[i];
		size_t part = seg->len < len - done ? seg->len : len - done;

		if (seg->host)
			memcpy(out + done, seg->host, part);
		else if (!mem_read(vr->mem, seg->gpa, out + done, part))
			break;
		done += part;
	}
	return done;
}

/**
 * vring_chain_write() - copy into a chain's writable buffers
 * @vr: the ring
 * @chain: the chain
 * @offset: how many of their bytes to leave alone at the front
 * @buf: where from
 * @len: how much
 *
 * Return: number of bytes copied, less than @len if the buffers end before.
 */
size_t vring_chain_write(const struct virtqueue *vr, const struct vring_chain *chain, size_t offset,
			 const void *buf, size_t len)
{
	const uint8_t *in = buf;
	size_t done = 0;

	for (unsigned int i = chain->readable; i < chain->count && done < len; i++) {
		const struct vring_seg *seg = &chain->segs[i];
		size_t part;

		if (offset >= seg->len) {
			offset -= seg->len;
			continue;
		}
		part = seg->len - offset < len - done ? seg->len - offset : len - done;
		if (seg->host)
			memcpy(seg->host + offset, in + done, part);
		else if (!mem_write(vr->mem, seg->gpa + offset, in + done, part))
			break;
		done += part;
		offset = 0;
	}
	return done;
}
