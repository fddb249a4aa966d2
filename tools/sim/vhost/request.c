/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of the vhost-user protocol, and what each of them does. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "sock.h"
#include "vhost/queue.h"
#include "vhost/request.h"

#define BIT(n)		(1ull << (n))

#define VU_PROTOCOL_FEATURES	(BIT(VU_PROTOCOL_F_MQ) | BIT(VU_PROTOCOL_F_REPLY_ACK) | \
				 BIT(VU_PROTOCOL_F_BACKEND_REQ) | BIT(VU_PROTOCOL_F_CONFIG) | \
				 BIT(VU_PROTOCOL_F_RESET_DEVICE) | \
				 BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS) | \
				 BIT(VU_PROTOCOL_F_STATUS))

_Static_assert(offsetof(struct vu_mem_table, regions) == 8, "memory table as on the wire");
_Static_assert(offsetof(struct vu_config, data) == 12, "config as on the wire");

static int take_fd(struct vu_msg *msg)
{
	int fd = msg->fds[0];

	msg->fds[0] = -1;
	return fd;
}

/**
 * vu_reply_u64() - answer with a number
 * @msg: the message; takes the answer
 * @value: the number
 *
 * Return: how to answer.
 */
enum vu_outcome vu_reply_u64(struct vu_msg *msg, uint64_t value)
{
	msg->payload.u64 = value;
	msg->header.size = sizeof(value);
	return VU_REPLY;
}

static uint64_t offered_features(const struct vu_session *s)
{
	uint64_t features = BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_RING_F_INDIRECT_DESC) |
			    BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VU_F_PROTOCOL_FEATURES);

	return s->offer_irq ? features | BIT(VIRTIO_GPIO_F_IRQ) : features;
}

static enum vu_outcome refuse(struct errmsg *err, const char *why)
{
	errmsg_store(err, "%s", why);
	return VU_REFUSED;
}

static struct vu_queue *find_queue(struct vu_session *s, uint32_t index, struct errmsg *err)
{
	if (index < DEVICE_QUEUES)
		return &s->queues[index];
	errmsg_store(err, "queue %u does not exist", index);
	return NULL;
}

/* What is in use cannot change; a queue that is not enabled is not in use. */
static struct vu_queue *find_idle_queue(struct vu_session *s, uint32_t index, struct errmsg *err)
{
	struct vu_queue *q = find_queue(s, index, err);

	if (!q || !vring_running(&q->ring))
		return q;
	if (q->enabled) {
		errmsg_store(err, "queue %u is running; stop it with GET_VRING_BASE first", index);
		return NULL;
	}
	vu_queue_stop(q);
	return q;
}

static enum vu_outcome get_features(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	(void)err;
	return vu_reply_u64(msg, offered_features(s));
}

static enum vu_outcome set_features(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	uint64_t features = msg->payload.u64;

	if (features & ~offered_features(s))
		return refuse(err, "features that were not offered");
	if (!(features & BIT(VIRTIO_F_VERSION_1)))
		return refuse(err, "a GPIO device needs VIRTIO_F_VERSION_1");
	/* They come again after a pause: only how a ring starts tells of a reset. */
	s->features = features;
	s->dev->bank.irq = features & BIT(VIRTIO_GPIO_F_IRQ);
	for (unsigned int i = 0; i < DEVICE_QUEUES && !s->over; i++)
		if (!(features & BIT(VU_F_PROTOCOL_FEATURES)))
			vu_queue_enable(&s->queues[i], true);
	return VU_DONE;
}

static enum vu_outcome set_owner(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	(void)s;
	(void)msg;
	(void)err;
	return VU_DONE;
}

static enum vu_outcome reset(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	(void)msg;
	(void)err;
	vu_reset(s);
	return VU_DONE;
}

static int map_regions(struct vu_session *s, const struct vu_msg *msg, struct errmsg *err)
{
	for (unsigned int i = 0; i < msg->payload.mem.count; i++) {
		const struct vu_mem_region *r = &msg->payload.mem.regions[i];
		struct mem_request req = {
			.gpa = r->gpa, .size = r->size, .uva = r->uva, .offset = r->offset,
			.fd = msg->fds[i],
		};

		if (mem_map(&s->mem, &req, err))
			return -1;
	}
	return 0;
}

/* The rings are where the regions are now, or nowhere. */
static int move_queues(struct vu_session *s, struct errmsg *err)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		struct vu_queue *q = &s->queues[i];

		if (!vring_running(&q->ring))
			continue;
		if (vring_remap(&q->ring)) {
			*err = q->ring.err;
			return -1;
		}
	}
	return 0;
}

static enum vu_outcome set_mem_table(struct vu_session *s, struct vu_msg *msg,
				     struct errmsg *err)
{
	const struct vu_mem_table *table = &msg->payload.mem;

	if (table->count > VU_MAX_TABLE || table->count != msg->fd_count ||
	    msg->header.size < offsetof(struct vu_mem_table, regions) +
			       table->count * sizeof(table->regions[0]))
		return refuse(err, "memory table's count, size and descriptors do not agree");
	mem_clear(&s->mem);
	if (map_regions(s, msg, err) || move_queues(s, err)) {
		vu_reset(s);
		mem_clear(&s->mem);
		return VU_REFUSED;
	}
	return VU_DONE;
}

static enum vu_outcome get_max_mem_slots(struct vu_session *s, struct vu_msg *msg,
					 struct errmsg *err)
{
	(void)s;
	(void)err;
	return vu_reply_u64(msg, MEM_MAX_REGIONS);
}

static struct mem_request slot_request(const struct vu_msg *msg)
{
	const struct vu_mem_region *r = &msg->payload.slot.region;

	return (struct mem_request){
		.gpa = r->gpa, .size = r->size, .uva = r->uva, .offset = r->offset,
		.fd = msg->fd_count ? msg->fds[0] : -1,
	};
}

static enum vu_outcome add_mem_reg(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	struct mem_request req = slot_request(msg);

	return mem_map(&s->mem, &req, err) ? VU_REFUSED : VU_DONE;
}

static enum vu_outcome rem_mem_reg(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	struct mem_request req = slot_request(msg);

	if (mem_unmap(&s->mem, &req, err))
		return VU_REFUSED;
	if (move_queues(s, err)) {
		vu_reset(s);
		return VU_REFUSED;
	}
	return VU_DONE;
}

static enum vu_outcome set_vring_num(struct vu_session *s, struct vu_msg *msg,
				     struct errmsg *err)
{
	struct vu_queue *q = find_idle_queue(s, msg->payload.state.index, err);

	if (!q)
		return VU_REFUSED;
	q->setup.num = msg->payload.state.num;
	return VU_DONE;
}

static enum vu_outcome set_vring_addr(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	const struct vu_vring_addr *addr = &msg->payload.addr;
	struct vu_queue *q = find_idle_queue(s, addr->index, err);

	if (!q)
		return VU_REFUSED;
	q->setup.desc = addr->desc;
	q->setup.avail = addr->avail;
	q->setup.used = addr->used;
	q->have_addr = true;
	return VU_DONE;
}

static enum vu_outcome set_vring_base(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	struct vu_queue *q = find_idle_queue(s, msg->payload.state.index, err);

	if (!q)
		return VU_REFUSED;
	if (msg->payload.state.num > UINT16_MAX)
		return refuse(err, "ring index above 65535");
	q->setup.base = msg->payload.state.num;
	return VU_DONE;
}

static enum vu_outcome get_vring_base(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	struct vu_queue *q = find_queue(s, msg->payload.state.index, err);

	if (!q)
		return VU_REFUSED;
	vu_queue_stop(q);
	msg->payload.state.num = q->setup.base;
	msg->header.size = sizeof(msg->payload.state);
	return VU_REPLY;
}

static struct vu_queue *find_fd_queue(struct vu_session *s, const struct vu_msg *msg,
				      struct errmsg *err)
{
	bool no_fd = msg->payload.u64 & VU_VRING_NOFD;

	if (no_fd == !msg->fd_count)
		return find_queue(s, msg->payload.u64 & VU_VRING_INDEX_MASK, err);
	errmsg_store(err, "file descriptor missing, or not announced");
	return NULL;
}

static enum vu_outcome set_vring_kick(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	struct vu_queue *q = find_fd_queue(s, msg, err);

	if (!q)
		return VU_REFUSED;
	if (!msg->fd_count)
		return refuse(err, "queues without a notification descriptor cannot be served");
	if (!q->have_addr)
		return refuse(err, "the queue is started before its addresses are known");
	return vu_queue_start(q, take_fd(msg), err) ? VU_REFUSED : VU_DONE;
}

static enum vu_outcome set_signal(struct vu_msg *msg, int *place, struct errmsg *err)
{
	if (vu_queue_set_signal(place, msg->fd_count ? msg->fds[0] : -1, err))
		return VU_REFUSED;
	take_fd(msg);
	return VU_DONE;
}

static enum vu_outcome set_vring_call(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	struct vu_queue *q = find_fd_queue(s, msg, err);

	return q ? set_signal(msg, &q->call_fd, err) : VU_REFUSED;
}

static enum vu_outcome set_vring_err(struct vu_session *s, struct vu_msg *msg,
				     struct errmsg *err)
{
	struct vu_queue *q = find_fd_queue(s, msg, err);

	return q ? set_signal(msg, &q->err_fd, err) : VU_REFUSED;
}

static enum vu_outcome set_vring_enable(struct vu_session *s, struct vu_msg *msg,
					struct errmsg *err)
{
	struct vu_queue *q = find_queue(s, msg->payload.state.index, err);

	if (!q)
		return VU_REFUSED;
	if (msg->payload.state.num > 1)
		return refuse(err, "a queue is enabled with 1 and disabled with 0");
	vu_queue_enable(q, msg->payload.state.num);
	return VU_DONE;
}

static enum vu_outcome get_protocol_features(struct vu_session *s, struct vu_msg *msg,
					     struct errmsg *err)
{
	(void)s;
	(void)err;
	return vu_reply_u64(msg, VU_PROTOCOL_FEATURES);
}

static enum vu_outcome set_protocol_features(struct vu_session *s, struct vu_msg *msg,
					     struct errmsg *err)
{
	if (msg->payload.u64 & ~VU_PROTOCOL_FEATURES)
		return refuse(err, "protocol features that were not offered");
	s->protocol_features = msg->payload.u64;
	return VU_DONE;
}

static enum vu_outcome get_queue_num(struct vu_session *s, struct vu_msg *msg,
				     struct errmsg *err)
{
	(void)s;
	(void)err;
	return vu_reply_u64(msg, DEVICE_QUEUES);
}

static enum vu_outcome set_backend_req_fd(struct vu_session *s, struct vu_msg *msg,
					  struct errmsg *err)
{
	if (!msg->fd_count)
		return refuse(err, "file descriptor missing");
	close_fd(&s->backend_fd);
	s->backend_fd = take_fd(msg);
	return VU_DONE;
}

/* An empty payload tells the front end that there is no such configuration. */
static enum vu_outcome get_config(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	struct virtio_gpio_config config = device_config(s->dev);
	struct vu_config *want = &msg->payload.config;

	(void)err;
	if (want->offset > sizeof(config) || want->size > sizeof(config) - want->offset) {
		msg->header.size = 0;
		return VU_REPLY;
	}
	memcpy(want->data, (uint8_t *)&config + want->offset, want->size);
	msg->header.size = offsetof(struct vu_config, data) + want->size;
	return VU_REPLY;
}

static enum vu_outcome set_config(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	(void)s;
	(void)msg;
	return refuse(err, "the configuration is read-only");
}

static enum vu_outcome set_status(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	(void)err;
	s->status = msg->payload.u64;
	if (!s->status)
		vu_reset(s);
	return VU_DONE;
}

static enum vu_outcome get_status(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	(void)err;
	return vu_reply_u64(msg, s->status);
}

/**
 * struct vu_handler - one request of the protocol
 * @name: as the protocol calls it
 * @handle: what to do; whoever wants a file descriptor takes it out of the
 *	    message
 * @min: smallest payload
 * @max: largest payload
 * @fds: most file descriptors
 */
struct vu_handler {
	const char *name;
	enum vu_outcome (*handle)(struct vu_session *s, struct vu_msg *msg, struct errmsg *err);
	uint32_t min;
	uint32_t max;
	unsigned int fds;
};

#define PAYLOAD_NONE	0, 0
#define PAYLOAD(field)	sizeof(((struct vu_msg *)0)->payload.field), \
			sizeof(((struct vu_msg *)0)->payload.field)
#define PAYLOAD_MEM	offsetof(struct vu_mem_table, regions), sizeof(struct vu_mem_table)
#define PAYLOAD_CONFIG	offsetof(struct vu_config, data), sizeof(struct vu_config)

static const struct vu_handler handlers[] = {
	[VU_GET_FEATURES] = { "GET_FEATURES", get_features, PAYLOAD_NONE, 0 },
	[VU_SET_FEATURES] = { "SET_FEATURES", set_features, PAYLOAD(u64), 0 },
	[VU_SET_OWNER] = { "SET_OWNER", set_owner, PAYLOAD_NONE, 0 },
	[VU_RESET_OWNER] = { "RESET_OWNER", reset, PAYLOAD_NONE, 0 },
	[VU_SET_MEM_TABLE] = { "SET_MEM_TABLE", set_mem_table, PAYLOAD_MEM, VU_MAX_FDS },
	[VU_SET_VRING_NUM] = { "SET_VRING_NUM", set_vring_num, PAYLOAD(state), 0 },
	[VU_SET_VRING_ADDR] = { "SET_VRING_ADDR", set_vring_addr, PAYLOAD(addr), 0 },
	[VU_SET_VRING_BASE] = { "SET_VRING_BASE", set_vring_base, PAYLOAD(state), 0 },
	[VU_GET_VRING_BASE] = { "GET_VRING_BASE", get_vring_base, PAYLOAD(state), 0 },
	[VU_SET_VRING_KICK] = { "SET_VRING_KICK", set_vring_kick, PAYLOAD(u64), 1 },
	[VU_SET_VRING_CALL] = { "SET_VRING_CALL", set_vring_call, PAYLOAD(u64), 1 },
	[VU_SET_VRING_ERR] = { "SET_VRING_ERR", set_vring_err, PAYLOAD(u64), 1 },
	[VU_GET_PROTOCOL_FEATURES] = { "GET_PROTOCOL_FEATURES", get_protocol_features,
				       PAYLOAD_NONE, 0 },
	[VU_SET_PROTOCOL_FEATURES] = { "SET_PROTOCOL_FEATURES", set_protocol_features,
				       PAYLOAD(u64), 0 },
	[VU_GET_QUEUE_NUM] = { "GET_QUEUE_NUM", get_queue_num, PAYLOAD_NONE, 0 },
	[VU_SET_VRING_ENABLE] = { "SET_VRING_ENABLE", set_vring_enable, PAYLOAD(state), 0 },
	[VU_SET_BACKEND_REQ_FD] = { "SET_BACKEND_REQ_FD", set_backend_req_fd, PAYLOAD_NONE, 1 },
	[VU_GET_CONFIG] = { "GET_CONFIG", get_config, PAYLOAD_CONFIG, 0 },
	[VU_SET_CONFIG] = { "SET_CONFIG", set_config, PAYLOAD_CONFIG, 0 },
	[VU_RESET_DEVICE] = { "RESET_DEVICE", reset, PAYLOAD_NONE, 0 },
	[VU_GET_MAX_MEM_SLOTS] = { "GET_MAX_MEM_SLOTS", get_max_mem_slots, PAYLOAD_NONE, 0 },
	[VU_ADD_MEM_REG] = { "ADD_MEM_REG", add_mem_reg, PAYLOAD(slot), 1 },
	[VU_REM_MEM_REG] = { "REM_MEM_REG", rem_mem_reg, PAYLOAD(slot), 1 },
	[VU_SET_STATUS] = { "SET_STATUS", set_status, PAYLOAD(u64), 0 },
	[VU_GET_STATUS] = { "GET_STATUS", get_status, PAYLOAD_NONE, 0 },
};

static const struct vu_handler *find_handler(uint32_t request)
{
	if (request < ARRAY_SIZE(handlers) && handlers[request].handle)
		return &handlers[request];
	return NULL;
}

/**
 * vu_check_header() - can the rest of a message be received?
 * @header: its header
 * @err: what is wrong, if so
 *
 * A request that is not known can be received, and then be refused.
 *
 * Return: 0 or -1.
 */
int vu_check_header(const struct vu_header *header, struct errmsg *err)
{
	const struct vu_handler *h = find_handler(header->request);

	if ((header->flags & VU_VERSION_MASK) != VU_VERSION)
		return errmsg_set(err, "protocol version %u, supported is %u",
				  header->flags & VU_VERSION_MASK, VU_VERSION);
	if (header->flags & VU_FLAG_REPLY)
		return errmsg_set(err, "a reply where a request was expected");
	if (h && (header->size < h->min || header->size > h->max))
		return errmsg_set(err, "%s with %u bytes of payload", h->name, header->size);
	if (header->size > sizeof(((struct vu_msg *)0)->payload))
		return errmsg_set(err, "request %u with %u bytes of payload", header->request,
				  header->size);
	return 0;
}

/**
 * vu_request() - do what a message says
 * @s: the session; may be over afterwards
 * @msg: the message; takes the answer
 * @err: why it was refused, if so
 *
 * Return: how to answer.
 */
enum vu_outcome vu_request(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	const struct vu_handler *h = find_handler(msg->header.request);

	if (!h) {
		errmsg_store(err, "request %u is not supported", msg->header.request);
		return VU_REFUSED;
	}
	log_verbose("front end: %s", h->name);
	if (msg->fd_count > h->fds)
		return refuse(err, "more file descriptors than the request has");
	return h->handle(s, msg, err);
}
