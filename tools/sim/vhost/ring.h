/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VHOST_RING_H
#define VGPIO_VHOST_RING_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

#include "vhost/memory.h"
#include "text.h"

#define VRING_MAX_SIZE	32768

/**
 * struct vring_setup - what the front end says about a ring
 * @num: number of descriptors
 * @base: index of the first available entry that was not yet seen
 * @desc: the descriptor table's address in the front end
 * @avail: the available ring's
 * @used: the used ring's
 * @event_idx: VIRTIO_RING_F_EVENT_IDX is negotiated
 * @indirect: VIRTIO_RING_F_INDIRECT_DESC is negotiated
 * @untold_resets: the front end does not tell when the driver resets the device
 */
struct vring_setup {
	unsigned int num;
	uint16_t base;
	uint64_t desc;
	uint64_t avail;
	uint64_t used;
	bool event_idx;
	bool indirect;
	bool untold_resets;
};

/**
 * struct vring_seg - one buffer of a chain
 * @gpa: guest physical address
 * @host: where it is seen here; NULL if that is to be looked for again
 * @len: length in bytes
 */
struct vring_seg {
	uint64_t gpa;
	uint8_t *host;
	uint32_t len;
};

/**
 * struct vring_chain - what the driver made available with one entry
 * @head: index of the first descriptor: names the chain when it is returned
 * @segs: the buffers, readable ones first
 * @readable: number of readable buffers
 * @count: number of all buffers
 * @read_len: bytes in the readable ones
 * @write_len: bytes in the writable ones
 */
struct vring_chain {
	uint16_t head;
	const struct vring_seg *segs;
	unsigned int readable;
	unsigned int count;
	uint64_t read_len;
	uint64_t write_len;
};

/**
 * struct virtqueue - a split virtqueue, from the device's side
 * @setup: what the front end said
 * @mem: where buffers may be
 * @desc: the descriptor table
 * @avail: the available ring
 * @used: the used ring
 * @last_avail: index of the next available entry to take
 * @used_idx: index of the next used entry to write
 * @published: @used_idx as the driver knows it
 * @signalled: @used_idx at the last publication, for the event index
 * @signalled_valid: @signalled means something
 * @broken: a chain made no sense, so that nothing is taken any more
 * @held: for each descriptor: it heads a chain that is with the device
 * @segs: buffers of the chain taken last
 * @err: why the last call failed
 */
struct virtqueue {
	struct vring_setup setup;
	const struct guest_mem *mem;
	const struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	uint16_t last_avail;
	uint16_t used_idx;
	uint16_t published;
	uint16_t signalled;
	bool signalled_valid;
	bool broken;
	bool *held;
	struct vring_seg *segs;
	struct errmsg err;
};

bool vring_resumes(const struct virtqueue *vr, const struct vring_setup *setup);
int vring_start(struct virtqueue *vr, const struct vring_setup *setup, const struct guest_mem *mem);
int vring_remap(struct virtqueue *vr);
bool vring_go_on(struct virtqueue *vr, uint16_t last_avail);
bool vring_hold(struct virtqueue *vr, uint16_t head);
void vring_let_go(struct virtqueue *vr);
void vring_stop(struct virtqueue *vr);
void vring_forget(struct virtqueue *vr);
bool vring_running(const struct virtqueue *vr);
int vring_pop(struct virtqueue *vr, struct vring_chain *chain);
void vring_push(struct virtqueue *vr, uint16_t head, uint32_t len);
bool vring_publish(struct virtqueue *vr);
bool vring_wait_for_kick(struct virtqueue *vr);
size_t vring_chain_read(const struct virtqueue *vr, const struct vring_chain *chain, void *buf,
			size_t len);
size_t vring_chain_write(const struct virtqueue *vr, const struct vring_chain *chain, size_t offset,
			 const void *buf, size_t len);

#endif
