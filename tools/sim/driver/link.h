/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_DRIVER_LINK_H
#define VGPIO_DRIVER_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/guest.h"
#include "text.h"
#include "vhost/protocol.h"

/**
 * struct vu_link - the front end's end of a connection to a back end
 * @fd: the connection
 * @timeout_ms: how long the back end may take to answer
 * @acks: VU_PROTOCOL_F_REPLY_ACK is negotiated: it acknowledges what it is told
 * @closed: the back end closed it
 * @silent: the back end did not answer in time
 * @sent: called after each message, for a back end in the same process; or NULL
 * @ctx: for @sent
 * @err: why the last call failed
 */
struct vu_link {
	int fd;
	int timeout_ms;
	bool acks;
	bool closed;
	bool silent;
	void (*sent)(void *ctx);
	void *ctx;
	struct errmsg err;
};

/**
 * struct vu_link_queue - what a back end is told of a queue
 * @index: the queue
 * @ring: where its ring is
 * @base: the index of the first available entry that the device has not seen
 * @kick: notifications to the device
 * @call: notifications from it
 */
struct vu_link_queue {
	uint32_t index;
	const struct vring_setup *ring;
	uint32_t base;
	int kick;
	int call;
};

int vu_link_send_bytes(struct vu_link *link, const void *data, size_t len, const int *fds,
		       unsigned int count);
int vu_link_send(struct vu_link *link, uint32_t request, uint32_t flags, const void *payload,
		 uint32_t size, const int *fds, unsigned int count);
int vu_link_receive(struct vu_link *link, uint32_t request, void *payload, size_t room);

int vu_link_tell(struct vu_link *link, uint32_t request, const void *payload, uint32_t size,
		 const int *fds, unsigned int count);
int vu_link_tell_u64(struct vu_link *link, uint32_t request, uint64_t value);
int vu_link_tell_state(struct vu_link *link, uint32_t request, uint32_t index, uint32_t num);
int vu_link_tell_addr(struct vu_link *link, uint32_t index, const struct vring_setup *ring);
int vu_link_tell_fd(struct vu_link *link, uint32_t request, uint64_t index, int fd);
int vu_link_share(struct vu_link *link, const struct guest *g);
int vu_link_set_up_queue(struct vu_link *link, const struct vu_link_queue *q);
int vu_link_enable_queue(struct vu_link *link, uint32_t index);
int vu_link_start_queue(struct vu_link *link, const struct vu_link_queue *q);

int vu_link_ask_u64(struct vu_link *link, uint32_t request, uint64_t *value);
int vu_link_stop_queue(struct vu_link *link, uint32_t index, uint32_t *base);
int vu_link_read_config(struct vu_link *link, uint32_t offset, void *data, uint32_t size);

#endif
