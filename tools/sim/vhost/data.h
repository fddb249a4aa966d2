/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VHOST_DATA_H
#define VGPIO_VHOST_DATA_H

#include "device.h"
#include "loop.h"
#include "vhost/memory.h"
#include "vhost/protocol.h"
#include "vhost/ring.h"

/**
 * struct vu_msg - a message
 * @header: its beginning
 * @payload: its content
 * @fds: file descriptors that came with it; -1 once somebody took them
 * @fd_count: number of @fds
 */
struct vu_msg {
	struct vu_header header;
	union {
		uint64_t u64;
		struct vu_vring_state state;
		struct vu_vring_addr addr;
		struct vu_mem_table mem;
		struct vu_mem_slot slot;
		struct vu_config config;
	} payload;
	int fds[VU_MAX_FDS];
	unsigned int fd_count;
};

struct vu_session;

/**
 * struct vu_queue - what the front end said about a queue
 * @setup: sizes and addresses of its ring
 * @have_addr: the addresses are known
 * @ring: its ring
 * @enabled: the front end wants it to be served
 * @kick: the driver's notifications; @kick.fd is -1 while the queue is stopped
 * @again: serves the rest of a queue after the other descriptors had their turn
 * @call_fd: where to notify the driver, or -1
 * @err_fd: where to report a broken ring, or -1
 * @session: whose queue it is
 */
struct vu_queue {
	struct vring_setup setup;
	bool have_addr;
	struct virtqueue ring;
	bool enabled;
	struct loop_source kick;
	struct loop_timer again;
	int call_fd;
	int err_fd;
	struct vu_session *session;
};

/**
 * struct vu_session - a connected front end
 * @loop: the loop
 * @dev: the device that it drives
 * @source: the connection
 * @socket: the socket's path for messages, or NULL if there is only one
 * @offer_irq: offer VIRTIO_GPIO_F_IRQ
 * @features: negotiated virtio features
 * @protocol_features: negotiated protocol features
 * @status: device status, where the front end tells it
 * @mem: guest memory
 * @queues: the queues
 * @backend_fd: channel for requests of ours, or -1. None is ever sent: it is
 *		kept because its end tells the front end that we are gone.
 * @msg: the message that is coming in
 * @received: bytes of it that are here
 * @out: a reply that the socket did not take at once
 * @errors: keeps front ends from flooding the log; lasts across sessions
 * @broken: ends the session when a ring is broken
 * @ended: called when the session is over; the session itself must stay
 * @ended_ctx: for @ended
 * @over: the session is over
 */
struct vu_session {
	struct loop *loop;
	struct device *dev;
	struct loop_source source;
	const char *socket;
	bool offer_irq;
	uint64_t features;
	uint64_t protocol_features;
	uint8_t status;
	struct guest_mem mem;
	struct vu_queue queues[DEVICE_QUEUES];
	int backend_fd;
	struct vu_msg msg;
	size_t received;
	struct buffer out;
	struct log_limit errors;
	void (*broken)(struct vu_session *s);
	void (*ended)(void *ctx, bool failed);
	void *ended_ctx;
	bool over;
};

#endif
