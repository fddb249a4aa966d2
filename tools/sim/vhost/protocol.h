/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VHOST_PROTOCOL_H
#define VGPIO_VHOST_PROTOCOL_H

#include <linux/virtio_config.h>
#include <stdint.h>

#include "device.h"
#include "loop.h"
#include "vhost/memory.h"
#include "vhost/ring.h"

/* Requests of the vhost-user protocol, those that a GPIO device can meet. */
enum vu_request {
	VU_GET_FEATURES			= 1,
	VU_SET_FEATURES			= 2,
	VU_SET_OWNER			= 3,
	VU_RESET_OWNER			= 4,
	VU_SET_MEM_TABLE		= 5,
	VU_SET_VRING_NUM		= 8,
	VU_SET_VRING_ADDR		= 9,
	VU_SET_VRING_BASE		= 10,
	VU_GET_VRING_BASE		= 11,
	VU_SET_VRING_KICK		= 12,
	VU_SET_VRING_CALL		= 13,
	VU_SET_VRING_ERR		= 14,
	VU_GET_PROTOCOL_FEATURES	= 15,
	VU_SET_PROTOCOL_FEATURES	= 16,
	VU_GET_QUEUE_NUM		= 17,
	VU_SET_VRING_ENABLE		= 18,
	VU_SET_BACKEND_REQ_FD		= 21,
	VU_GET_CONFIG			= 24,
	VU_SET_CONFIG			= 25,
	VU_RESET_DEVICE			= 34,
	VU_GET_MAX_MEM_SLOTS		= 36,
	VU_ADD_MEM_REG			= 37,
	VU_REM_MEM_REG			= 38,
	VU_SET_STATUS			= 39,
	VU_GET_STATUS			= 40,
};

#define VU_VERSION			1u
#define VU_VERSION_MASK			3u
#define VU_FLAG_REPLY			(1u << 2)
#define VU_FLAG_NEED_REPLY		(1u << 3)

#define VU_F_PROTOCOL_FEATURES		30
#define VU_PROTOCOL_F_MQ		0
#define VU_PROTOCOL_F_REPLY_ACK		3
#define VU_PROTOCOL_F_BACKEND_REQ	5
#define VU_PROTOCOL_F_CONFIG		9
#define VU_PROTOCOL_F_RESET_DEVICE	13
#define VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS 15
#define VU_PROTOCOL_F_STATUS		16

#define VU_VRING_INDEX_MASK		0xffu
#define VU_VRING_NOFD			(1u << 8)

/* Most regions in one message; others come one by one. */
#define VU_MAX_TABLE			8
#define VU_MAX_FDS			VU_MAX_TABLE
#define VU_MAX_CONFIG			256

/**
 * struct vu_header - what every message begins with, in host byte order
 * @request: enum vu_request
 * @flags: version, VU_FLAG_*
 * @size: length of the payload in bytes
 */
struct vu_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size;
};

struct vu_vring_state {
	uint32_t index;
	uint32_t num;
};

struct vu_vring_addr {
	uint32_t index;
	uint32_t flags;
	uint64_t desc;
	uint64_t used;
	uint64_t avail;
	uint64_t log;
};

struct vu_mem_region {
	uint64_t gpa;
	uint64_t size;
	uint64_t uva;
	uint64_t offset;
};

struct vu_mem_table {
	uint32_t count;
	uint32_t padding;
	struct vu_mem_region regions[VU_MAX_TABLE];
};

struct vu_mem_slot {
	uint64_t padding;
	struct vu_mem_region region;
};

struct vu_config {
	uint32_t offset;
	uint32_t size;
	uint32_t flags;
	uint8_t data[VU_MAX_CONFIG];
};

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
