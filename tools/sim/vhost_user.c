/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The back end of the vhost-user protocol: sets up guest memory and queues as
 * the front end says, and connects them with the device.
 */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost_user.h"

#define BIT(n)		(1ull << (n))

#define VU_PROTOCOL_FEATURES	(BIT(VU_PROTOCOL_F_MQ) | BIT(VU_PROTOCOL_F_REPLY_ACK) | \
				 BIT(VU_PROTOCOL_F_BACKEND_REQ) | BIT(VU_PROTOCOL_F_CONFIG) | \
				 BIT(VU_PROTOCOL_F_RESET_DEVICE) | BIT(VU_PROTOCOL_F_STATUS))

_Static_assert(sizeof(struct vu_header) == 12, "header as on the wire");
_Static_assert(offsetof(struct vu_mem_table, regions) == 8, "memory table as on the wire");
_Static_assert(offsetof(struct vu_config, data) == 12, "config as on the wire");

/**
 * enum vu_outcome - how a message was answered
 * @VU_DONE: it was carried out; the front end is told if it asked
 * @VU_REPLY: the payload now holds the answer
 * @VU_REFUSED: it cannot be carried out
 */
enum vu_outcome {
	VU_DONE,
	VU_REPLY,
	VU_REFUSED,
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int take_fd(struct vu_msg *msg)
{
	int fd = msg->fds[0];

	msg->fds[0] = -1;
	return fd;
}

static enum vu_outcome reply_u64(struct vu_msg *msg, uint64_t value)
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

static void stop_kicks(struct vu_queue *q)
{
	loop_timer_stop(q->session->loop, &q->again);
	loop_del(q->session->loop, &q->kick);
	close_fd(&q->kick.fd);
}

static enum device_queue queue_index(const struct vu_queue *q)
{
	return q - q->session->queues;
}

static void stop_queue(struct vu_queue *q)
{
	device_forget(q->session->dev, queue_index(q));
	stop_kicks(q);
	vring_stop(&q->ring);
}

static void reset_device(struct vu_session *s)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		stop_queue(&s->queues[i]);
	device_reset(s->dev);
}

static void session_end(struct vu_session *s, bool failed)
{
	vu_close(s);
	s->ended(s->ended_ctx, failed);
}

/*
 * Signals an event descriptor that the front end gave. One that is full needs
 * no signal, and must not block us; its flags are the front end's to set.
 */
static void signal_fd(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	uint64_t one = 1;

	if (poll(&pfd, 1, 0) != 1 || !(pfd.revents & POLLOUT))
		return;
	if (write(fd, &one, sizeof(one)) != sizeof(one))
		log_verbose("cannot signal the front end: %s", strerror(errno));
}

static void notify_driver(void *ctx, enum device_queue queue)
{
	struct vu_session *s = ctx;

	signal_fd(s->queues[queue].call_fd);
}

static void queue_broken(struct vu_queue *q)
{
	log_error("queue %d: %s; closing the connection", queue_index(q), q->ring.err.text);
	signal_fd(q->err_fd);
	session_end(q->session, true);
}

/* False if the session is over. */
static bool serve_queue(struct vu_queue *q)
{
	int ret = device_serve(q->session->dev, queue_index(q));

	if (ret > 0)
		loop_timer_start(q->session->loop, &q->again, 0);
	if (ret < 0)
		queue_broken(q);
	return ret >= 0;
}

static void serve_again(void *ctx)
{
	serve_queue(ctx);
}

/* Makes the device use the queue, or not, as the front end wants it now. */
static void update_queue(struct vu_queue *q)
{
	bool usable = vring_running(&q->ring) && q->enabled;

	q->kick.events = usable ? POLLIN : 0;
	if (!usable) {
		device_detach(q->session->dev, queue_index(q));
		return;
	}
	device_attach(q->session->dev, queue_index(q), &q->ring);
	serve_queue(q);
}

/*
 * An event descriptor counts the notifications since it was read last. Any
 * other kind of descriptor is worth one a read.
 */
static uint64_t count_kicks(uint64_t value)
{
	return value && value <= UINT16_MAX ? value : 1;
}

static void on_kick(void *ctx, short revents)
{
	struct vu_queue *q = ctx;
	uint64_t value = 0;
	ssize_t len = 0;

	if (revents & POLLIN)
		len = read(q->kick.fd, &value, sizeof(value));
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		errmsg_store(&q->ring.err, "the notification descriptor is broken");
		queue_broken(q);
		return;
	}
	device_kicked(q->session->dev, queue_index(q), count_kicks(value));
	serve_queue(q);
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

static enum vu_outcome get_features(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	(void)err;
	return reply_u64(msg, offered_features(s));
}

static enum vu_outcome set_features(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	uint64_t features = msg->payload.u64;

	if (features & ~offered_features(s))
		return refuse(err, "features that were not offered");
	if (!(features & BIT(VIRTIO_F_VERSION_1)))
		return refuse(err, "a GPIO device needs VIRTIO_F_VERSION_1");
	/* Drivers negotiate at the start only: also after a reset nobody told us of. */
	reset_device(s);
	s->features = features;
	s->dev->bank.irq = features & BIT(VIRTIO_GPIO_F_IRQ);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		s->queues[i].enabled = !(features & BIT(VU_F_PROTOCOL_FEATURES));
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
	reset_device(s);
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

/* The rings are where the new regions are, or nowhere. */
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

	if (table->count > MEM_MAX_REGIONS || table->count != msg->fd_count ||
	    msg->header.size < offsetof(struct vu_mem_table, regions) +
			       table->count * sizeof(table->regions[0]))
		return refuse(err, "memory table's count, size and descriptors do not agree");
	mem_clear(&s->mem);
	if (map_regions(s, msg, err) || move_queues(s, err)) {
		reset_device(s);
		mem_clear(&s->mem);
		return VU_REFUSED;
	}
	return VU_DONE;
}

static enum vu_outcome set_vring_num(struct vu_session *s, struct vu_msg *msg,
				     struct errmsg *err)
{
	struct vu_queue *q = find_queue(s, msg->payload.state.index, err);

	if (!q)
		return VU_REFUSED;
	stop_queue(q);
	q->setup.num = msg->payload.state.num;
	return VU_DONE;
}

static enum vu_outcome set_vring_addr(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	const struct vu_vring_addr *addr = &msg->payload.addr;
	struct vu_queue *q = find_queue(s, addr->index, err);

	if (!q)
		return VU_REFUSED;
	stop_queue(q);
	q->setup.desc = addr->desc;
	q->setup.avail = addr->avail;
	q->setup.used = addr->used;
	q->have_addr = true;
	return VU_DONE;
}

static enum vu_outcome set_vring_base(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	struct vu_queue *q = find_queue(s, msg->payload.state.index, err);

	if (!q)
		return VU_REFUSED;
	if (msg->payload.state.num > UINT16_MAX)
		return refuse(err, "ring index above 65535");
	stop_queue(q);
	q->setup.base = msg->payload.state.num;
	return VU_DONE;
}

static enum vu_outcome get_vring_base(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	struct vu_queue *q = find_queue(s, msg->payload.state.index, err);

	if (!q)
		return VU_REFUSED;
	if (vring_running(&q->ring))
		q->setup.base = q->ring.last_avail;
	stop_queue(q);
	msg->payload.state.num = q->setup.base;
	msg->header.size = sizeof(msg->payload.state);
	return VU_REPLY;
}

/* Puts the message's descriptor, if it has one, in the place of an earlier one. */
static enum vu_outcome replace_fd(struct vu_msg *msg, int *fd)
{
	close_fd(fd);
	if (!(msg->payload.u64 & VU_VRING_NOFD))
		*fd = take_fd(msg);
	return VU_DONE;
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
	stop_queue(q);
	q->setup.event_idx = s->features & BIT(VIRTIO_RING_F_EVENT_IDX);
	q->setup.indirect = s->features & BIT(VIRTIO_RING_F_INDIRECT_DESC);
	if (vring_start(&q->ring, &q->setup, &s->mem))
		return refuse(err, q->ring.err.text);
	q->kick.fd = take_fd(msg);
	loop_add(s->loop, &q->kick);
	update_queue(q);
	return VU_DONE;
}

static enum vu_outcome set_vring_call(struct vu_session *s, struct vu_msg *msg,
				      struct errmsg *err)
{
	struct vu_queue *q = find_fd_queue(s, msg, err);

	return q ? replace_fd(msg, &q->call_fd) : VU_REFUSED;
}

static enum vu_outcome set_vring_err(struct vu_session *s, struct vu_msg *msg,
				     struct errmsg *err)
{
	struct vu_queue *q = find_fd_queue(s, msg, err);

	return q ? replace_fd(msg, &q->err_fd) : VU_REFUSED;
}

static enum vu_outcome set_vring_enable(struct vu_session *s, struct vu_msg *msg,
					struct errmsg *err)
{
	struct vu_queue *q = find_queue(s, msg->payload.state.index, err);

	if (!q)
		return VU_REFUSED;
	if (msg->payload.state.num > 1)
		return refuse(err, "a queue is enabled with 1 and disabled with 0");
	q->enabled = msg->payload.state.num;
	update_queue(q);
	return VU_DONE;
}

static enum vu_outcome get_protocol_features(struct vu_session *s, struct vu_msg *msg,
					     struct errmsg *err)
{
	(void)s;
	(void)err;
	return reply_u64(msg, VU_PROTOCOL_FEATURES);
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
	return reply_u64(msg, DEVICE_QUEUES);
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
		reset_device(s);
	return VU_DONE;
}

static enum vu_outcome get_status(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
{
	(void)err;
	return reply_u64(msg, s->status);
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

static void drop_fds(struct vu_msg *msg)
{
	for (unsigned int i = 0; i < msg->fd_count; i++)
		close_fd(&msg->fds[i]);
	msg->fd_count = 0;
}

static void protocol_error(struct vu_session *s, const char *why)
{
	log_error("front end: %s; closing the connection", why);
	session_end(s, true);
}

/* While a reply is on its way out, nothing more is read in. */
static void send_pending(struct vu_session *s)
{
	ssize_t len = send(s->source.fd, buffer_head(&s->out), s->out.len,
			   MSG_DONTWAIT | MSG_NOSIGNAL);

	if (len < 0 && errno != EAGAIN && errno != EINTR) {
		log_verbose("the front end went away: %s", strerror(errno));
		session_end(s, false);
		return;
	}
	if (len > 0)
		buffer_take(&s->out, len);
	s->source.events = s->out.len ? POLLOUT : POLLIN;
}

static void send_reply(struct vu_session *s, struct vu_msg *msg)
{
	msg->header.flags = VU_VERSION | VU_FLAG_REPLY;
	buffer_add(&s->out, &msg->header, sizeof(msg->header));
	buffer_add(&s->out, &msg->payload, msg->header.size);
	if (s->out.overflow)
		protocol_error(s, "out of memory for a reply");
	else
		send_pending(s);
}

static enum vu_outcome run_handler(struct vu_session *s, struct vu_msg *msg, struct errmsg *err)
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

static void handle_message(struct vu_session *s)
{
	struct vu_msg *msg = &s->msg;
	struct errmsg err = { "" };
	enum vu_outcome outcome = run_handler(s, msg, &err);
	bool ack;

	if (s->over)
		return;
	/* Asked only now: the request that negotiates it may want it already. */
	ack = (msg->header.flags & VU_FLAG_NEED_REPLY) &&
	      (s->protocol_features & BIT(VU_PROTOCOL_F_REPLY_ACK));
	drop_fds(msg);
	s->received = 0;
	if (outcome == VU_REFUSED && !ack) {
		protocol_error(s, err.text);
		return;
	}
	if (outcome == VU_REFUSED)
		log_error("front end: %s", err.text);
	if (outcome != VU_REPLY && ack)
		outcome = reply_u64(msg, outcome == VU_REFUSED);
	if (outcome == VU_REPLY)
		send_reply(s, msg);
}

static int add_fds(struct vu_msg *msg, const int *fds, size_t count)
{
	int ret = 0;

	for (size_t i = 0; i < count; i++) {
		if (msg->fd_count < VU_MAX_FDS) {
			msg->fds[msg->fd_count++] = fds[i];
		} else {
			close(fds[i]);
			ret = -1;
		}
	}
	return ret;
}

static int collect_fds(struct vu_msg *msg, struct msghdr *mh)
{
	int fds[VU_MAX_FDS], ret = mh->msg_flags & MSG_CTRUNC ? -1 : 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t size = c->cmsg_len - CMSG_LEN(0);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds, CMSG_DATA(c), size);
		if (add_fds(msg, fds, size / sizeof(int)))
			ret = -1;
	}
	return ret;
}

/* Where the next byte of the message goes, and how many are missing there. */
static struct iovec next_part(struct vu_session *s)
{
	struct vu_msg *msg = &s->msg;
	size_t in_payload;

	if (s->received < sizeof(msg->header))
		return (struct iovec){ (uint8_t *)&msg->header + s->received,
				       sizeof(msg->header) - s->received };
	in_payload = s->received - sizeof(msg->header);
	return (struct iovec){ (uint8_t *)&msg->payload + in_payload,
			       msg->header.size - in_payload };
}

/* Bytes received, 0 if there are none now, -1 if the session is over. */
static ssize_t receive_part(struct vu_session *s)
{
	union {
		char bytes[CMSG_SPACE(VU_MAX_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = next_part(s);
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(s->source.fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len <= 0 && s->received) {
		protocol_error(s, "connection lost in the middle of a message");
		return -1;
	}
	if (len <= 0) {
		log_verbose("the front end disconnected");
		session_end(s, false);
		return -1;
	}
	if (collect_fds(&s->msg, &mh)) {
		protocol_error(s, "too many file descriptors");
		return -1;
	}
	return len;
}

static void on_readable(struct vu_session *s)
{
	const size_t header_size = sizeof(s->msg.header);
	struct errmsg err;
	ssize_t len = receive_part(s);

	if (len <= 0)
		return;
	s->received += len;
	if (s->received < header_size)
		return;
	if (s->received == header_size && vu_check_header(&s->msg.header, &err)) {
		protocol_error(s, err.text);
		return;
	}
	if (s->received == header_size + s->msg.header.size)
		handle_message(s);
}

static void on_socket(void *ctx, short revents)
{
	struct vu_session *s = ctx;

	if (s->out.len)
		send_pending(s);
	else if (revents)
		on_readable(s);
}

static void init_queue(struct vu_session *s, struct vu_queue *q)
{
	*q = (struct vu_queue){
		.session = s, .call_fd = -1, .err_fd = -1,
		.kick = { .fd = -1, .ready = on_kick, .ctx = q },
		.again = { .expired = serve_again, .ctx = q },
	};
}

/**
 * vu_open() - begin a session with a front end
 * @s: the session, with its loop, device, offer_irq and ended set
 * @fd: the connection; the session's from now on
 */
void vu_open(struct vu_session *s, int fd)
{
	s->features = 0;
	s->protocol_features = 0;
	s->status = 0;
	s->mem.count = 0;
	s->backend_fd = -1;
	s->msg.fd_count = 0;
	s->received = 0;
	s->out = (struct buffer){ .max = 4096 };
	s->over = false;
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		init_queue(s, &s->queues[i]);
	s->dev->notify = notify_driver;
	s->dev->notify_ctx = s;
	device_session(s->dev, true);
	s->source = (struct loop_source){
		.fd = fd, .events = POLLIN, .ready = on_socket, .ctx = s,
	};
	loop_add(s->loop, &s->source);
}

/**
 * vu_close() - end a session
 * @s: the session; the device is reset, @s->ended is not called
 */
void vu_close(struct vu_session *s)
{
	if (s->over)
		return;
	s->over = true;
	reset_device(s);
	device_session(s->dev, false);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		close_fd(&s->queues[i].call_fd);
		close_fd(&s->queues[i].err_fd);
	}
	mem_clear(&s->mem);
	close_fd(&s->backend_fd);
	drop_fds(&s->msg);
	buffer_free(&s->out);
	loop_del(s->loop, &s->source);
	close_fd(&s->source.fd);
}
