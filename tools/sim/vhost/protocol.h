/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VHOST_PROTOCOL_H
#define VGPIO_VHOST_PROTOCOL_H

#include <linux/virtio_config.h>
#include <stdint.h>

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

#endif
