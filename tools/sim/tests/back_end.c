/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A back end for what the simulator's faults cannot do: to harm its front end. It knows
 * directions and values of lines, and gives event buffers back at once.
 */
#include "back_end.h"

#include <endian.h>
#include <fcntl.h>
#include <linux/virtio_gpio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock.h"
#include "vhost/protocol.h"
#include "vhost/ring.h"

#define LINES		8
#define QUEUES		2
#define NAMES		"a\0b\0c\0d\0e\0f\0g\0h"
#define FEATURES	(1ull << VIRTIO_F_VERSION_1 | 1ull << VU_F_PROTOCOL_FEATURES | \
			 1ull << VIRTIO_RING_F_INDIRECT_DESC | 1ull << VIRTIO_GPIO_F_IRQ)

/**
 * struct back_end - a back end and its front end
 * @habit: what it does wrong
 * @fd: the connection
 * @memory: the guest's memory
 * @mem: where that is seen here
 * @setup: for each queue, what the front end said of it
 * @vr: the queues
 * @enabled: for each queue, whether the front end wants it to be served
 * @kick: for each queue, notifications to it, or -1
 * @call: for each queue, notifications from it
 * @direction: of each line
 * @value: of each line
 */
struct back_end {
	enum back_end_habit habit;
	int fd;
	int memory;
	struct guest_mem mem;
	struct vring_setup setup[QUEUES];
	struct virtqueue vr[QUEUES];
	bool enabled[QUEUES];
	int kick[QUEUES];
	int call[QUEUES];
	uint8_t direction[LINES];
	uint8_t value[LINES];
};

/**
 * union content - what comes with a message
 * @u64: a number, or a queue
 * @state: a number for a queue
 * @addr: where a ring is
 * @table: where memory is
 * @config: a part of the configuration space
 */
union content {
	uint64_t u64;
	struct vu_vring_state state;
	struct vu_vring_addr addr;
	struct vu_mem_table table;
	struct vu_config config;
};

/* --- queues -------------------------------------------------------------------- */

static bool has_names(const struct back_end *b)
{
	return b->habit == BACK_END_WRITES_BEHIND;
}

static uint8_t answer(struct back_end *b, const struct virtio_gpio_request *request, uint8_t *value)
{
	unsigned int line = le16toh(request->gpio);

	if (line >= LINES || (b->habit == BACK_END_DISCARDS && !b->enabled[0]))
		return VIRTIO_GPIO_STATUS_ERR;
	switch (le16toh(request->type)) {
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		*value = b->direction[line];
		return VIRTIO_GPIO_STATUS_OK;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		b->direction[line] = le32toh(request->value);
		return VIRTIO_GPIO_STATUS_OK;
	case VIRTIO_GPIO_MSG_GET_VALUE:
		*value = b->value[line] ^ (b->habit == BACK_END_INVERTS);
		return VIRTIO_GPIO_STATUS_OK;
	case VIRTIO_GPIO_MSG_SET_VALUE:
		b->value[line] = le32toh(request->value);
		return VIRTIO_GPIO_STATUS_OK;
	default:
		return VIRTIO_GPIO_STATUS_ERR;
	}
}

/* Writes where a device must only read. */
static void harm_chain(struct back_end *b, unsigned int queue, const struct vring_chain *chain)
{
	const struct vring_desc *head = &b->vr[queue].desc[chain->head];
	uint8_t *request = mem_find(&b->mem, chain->segs[0].gpa, chain->segs[0].len);

	if (b->habit == BACK_END_WRITES_REQUEST && !queue)
		memset(request, 0xff, chain->segs[0].len);
	if (b->habit == BACK_END_WRITES_EVENT && queue)
		memset(request + sizeof(struct virtio_gpio_irq_request), 0xff, 6);
	if (b->habit == BACK_END_WRITES_TABLE && le16toh(head->flags) & VRING_DESC_F_INDIRECT)
		memset(mem_find(&b->mem, le64toh(head->addr), 8), 0xff, 8);
}

static void serve_names(struct back_end *b, const struct vring_chain *chain)
{
	static const uint8_t response[] = "\0" NAMES;
	uint64_t gpa = chain->segs[chain->readable].gpa;

	vring_chain_write(&b->vr[0], chain, 0, response, sizeof(response));
	*(uint8_t *)mem_find(&b->mem, gpa + sizeof(response), 1) = 0;
	vring_push(&b->vr[0], chain->head, sizeof(response));
}

static void serve_request(struct back_end *b, const struct vring_chain *chain)
{
	struct virtio_gpio_request request = { 0 };
	uint8_t response[2] = { 0, 0 };

	vring_chain_read(&b->vr[0], chain, &request, sizeof(request));
	if (has_names(b) && le16toh(request.type) == VIRTIO_GPIO_MSG_GET_NAMES)
		return serve_names(b, chain);
	response[0] = answer(b, &request, &response[1]);
	harm_chain(b, 0, chain);
	vring_chain_write(&b->vr[0], chain, 0, response, sizeof(response));
	vring_push(&b->vr[0], chain->head, sizeof(response));
}

static void serve_event(struct back_end *b, const struct vring_chain *chain)
{
	static const uint8_t status = VIRTIO_GPIO_IRQ_STATUS_INVALID;

	harm_chain(b, 1, chain);
	vring_chain_write(&b->vr[1], chain, 0, &status, sizeof(status));
	vring_push(&b->vr[1], chain->head, sizeof(status));
}

/* Without its memory, the guest's driver is not there to see any more. */
static void harm_guest(struct back_end *b, unsigned int queue)
{
	if (b->habit == BACK_END_CUTS_MEMORY && !ftruncate(b->memory, 0))
		_exit(0);
	if (b->habit == BACK_END_FILLS_KICK && !fcntl(b->kick[queue], F_SETFL, 0) &&
	    !eventfd_write(b->kick[queue], UINT64_MAX - 1))
		close_fd(&b->kick[queue]);
}

/* Returns false if the back end leaves. */
static bool serve(struct back_end *b, unsigned int queue)
{
	struct vring_chain chain;
	eventfd_t count;

	eventfd_read(b->kick[queue], &count);
	while (vring_pop(&b->vr[queue], &chain) > 0) {
		if (queue && b->habit == BACK_END_LEAVES)
			return false;
		if (queue)
			serve_event(b, &chain);
		else
			serve_request(b, &chain);
	}
	vring_publish(&b->vr[queue]);
	harm_guest(b, queue);
	eventfd_write(b->call[queue], 1);
	return true;
}

/* --- messages ------------------------------------------------------------------ */

static void take_memory(struct back_end *b, const struct vu_mem_table *table, int fd)
{
	const struct vu_mem_region *region = &table->regions[0];
	struct mem_request req = {
		.gpa = region->gpa, .size = region->size, .uva = region->uva, .fd = fd,
	};
	struct errmsg err;

	if (mem_map(&b->mem, &req, &err))
		_exit(1);
	b->memory = fd;
}

static void take_addresses(struct back_end *b, const struct vu_vring_addr *addr)
{
	struct vring_setup *setup = &b->setup[addr->index];

	setup->desc = addr->desc;
	setup->avail = addr->avail;
	setup->used = addr->used;
	setup->indirect = true;
}

static void start_queue(struct back_end *b, unsigned int queue, int kick)
{
	b->kick[queue] = kick;
	if (vring_start(&b->vr[queue], &b->setup[queue], &b->mem))
		_exit(1);
}

static void stop_queue(struct back_end *b, struct vu_vring_state *state)
{
	state->num = b->habit == BACK_END_LOSES_BASE ? 0 : b->vr[state->index].last_avail;
	vring_stop(&b->vr[state->index]);
	close_fd(&b->kick[state->index]);
}

static void fill_config(const struct back_end *b, struct vu_config *config)
{
	const struct virtio_gpio_config gpio = {
		.ngpio = htole16(LINES),
		.gpio_names_size = htole32(has_names(b) ? sizeof(NAMES) : 0),
	};

	if (config->size <= sizeof(gpio) && config->offset <= sizeof(gpio) - config->size)
		memcpy(config->data, (const uint8_t *)&gpio + config->offset, config->size);
}

/* Returns the length of the answer, which is where the message was; 0 for none. */
static uint32_t take_message(struct back_end *b, const struct vu_header *header,
			     union content *c, int fd)
{
	switch (header->request) {
	case VU_GET_FEATURES:
		c->u64 = FEATURES;
		return sizeof(c->u64);
	case VU_GET_PROTOCOL_FEATURES:
		c->u64 = 1ull << VU_PROTOCOL_F_CONFIG;
		return sizeof(c->u64);
	case VU_GET_CONFIG:
		fill_config(b, &c->config);
		return header->size;
	case VU_SET_MEM_TABLE:
		take_memory(b, &c->table, fd);
		return 0;
	case VU_SET_VRING_NUM:
		b->setup[c->state.index].num = c->state.num;
		return 0;
	case VU_SET_VRING_BASE:
		b->setup[c->state.index].base = c->state.num;
		return 0;
	case VU_SET_VRING_ADDR:
		take_addresses(b, &c->addr);
		return 0;
	case VU_SET_VRING_CALL:
		b->call[c->u64] = fd;
		return 0;
	case VU_SET_VRING_KICK:
		start_queue(b, c->u64, fd);
		return 0;
	case VU_SET_VRING_ENABLE:
		b->enabled[c->state.index] = c->state.num;
		return 0;
	case VU_GET_VRING_BASE:
		stop_queue(b, &c->state);
		return sizeof(c->state);
	default:
		return 0;
	}
}

/* The descriptor that came with a message, or -1. */
static int find_fd(struct msghdr *mh)
{
	const struct cmsghdr *cmsg = CMSG_FIRSTHDR(mh);
	int fd = -1;

	if (cmsg)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Returns false if there is none. */
static bool receive(const struct back_end *b, struct vu_header *header, union content *c, int *fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { header, sizeof(*header) };
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	if (recvmsg(b->fd, &mh, 0) != sizeof(*header) || header->size > sizeof(*c))
		return false;
	*fd = find_fd(&mh);
	return !header->size || recv(b->fd, c, header->size, MSG_WAITALL) == header->size;
}

/* Returns false if the front end left. */
static bool serve_message(struct back_end *b)
{
	struct vu_header header;
	union content c;
	int fd;

	if (!receive(b, &header, &c, &fd))
		return false;
	header.size = take_message(b, &header, &c, fd);
	header.flags = VU_VERSION | VU_FLAG_REPLY;
	return !header.size ||
	       (send(b->fd, &header, sizeof(header), MSG_NOSIGNAL) == sizeof(header) &&
		send(b->fd, &c, header.size, MSG_NOSIGNAL) == header.size);
}

/* --- front ends ------------------------------------------------------------------ */

static void serve_front_end(struct back_end *b)
{
	for (;;) {
		struct pollfd pfds[] = {
			{ .fd = b->fd, .events = POLLIN },
			{ .fd = b->kick[0], .events = POLLIN },
			{ .fd = b->kick[1], .events = POLLIN },
		};

		poll(pfds, ARRAY_SIZE(pfds), -1);
		if (pfds[0].revents && !serve_message(b))
			return;
		for (unsigned int i = 0; i < QUEUES; i++)
			if (pfds[1 + i].revents && b->kick[i] == pfds[1 + i].fd && !serve(b, i))
				return;
	}
}

static void leave(struct back_end *b)
{
	for (unsigned int i = 0; i < QUEUES; i++) {
		vring_forget(&b->vr[i]);
		close_fd(&b->kick[i]);
		close_fd(&b->call[i]);
	}
	mem_clear(&b->mem);
	close_fd(&b->memory);
	close_fd(&b->fd);
}

static void serve_all(int listener, enum back_end_habit habit)
{
	for (;;) {
		struct back_end b = {
			.habit = habit, .fd = accept(listener, NULL, NULL), .memory = -1,
			.kick = { -1, -1 }, .call = { -1, -1 },
		};

		serve_front_end(&b);
		leave(&b);
	}
}

/**
 * back_end_start() - start a back end
 * @f: takes the process; it listens where the simulator would
 * @habit: what it does wrong
 */
void back_end_start(struct simulator *f, enum back_end_habit habit)
{
	struct sock_access access = { .mode = 0600, .group = -1 };
	struct errmsg err;
	int listener = sock_listen(f->socket, &access, &err);

	assert_true(listener >= 0);
	/* The back end waits in accept(). */
	assert_int_equal(fcntl(listener, F_SETFL, 0), 0);
	f->pid = fork();
	assert_true(f->pid >= 0);
	if (!f->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_all(listener, habit);
	}
	close(listener);
}
