/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vhost-user protocol, from the front end's side. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/link.h"
#include "loop.h"

static const char *request_name(uint32_t request)
{
	static const char *const names[] = {
		[VU_GET_FEATURES]		= "GET_FEATURES",
		[VU_SET_FEATURES]		= "SET_FEATURES",
		[VU_SET_OWNER]			= "SET_OWNER",
		[VU_SET_MEM_TABLE]		= "SET_MEM_TABLE",
		[VU_SET_VRING_NUM]		= "SET_VRING_NUM",
		[VU_SET_VRING_ADDR]		= "SET_VRING_ADDR",
		[VU_SET_VRING_BASE]		= "SET_VRING_BASE",
		[VU_GET_VRING_BASE]		= "GET_VRING_BASE",
		[VU_SET_VRING_KICK]		= "SET_VRING_KICK",
		[VU_SET_VRING_CALL]		= "SET_VRING_CALL",
		[VU_GET_PROTOCOL_FEATURES]	= "GET_PROTOCOL_FEATURES",
		[VU_SET_PROTOCOL_FEATURES]	= "SET_PROTOCOL_FEATURES",
		[VU_GET_QUEUE_NUM]		= "GET_QUEUE_NUM",
		[VU_SET_VRING_ENABLE]		= "SET_VRING_ENABLE",
		[VU_GET_CONFIG]			= "GET_CONFIG",
	};

	return request < ARRAY_SIZE(names) && names[request] ? names[request] : "a message";
}

/**
 * vu_link_send_bytes() - send a message, or a part of one
 * @link: the connection
 * @data: the bytes
 * @len: their number
 * @fds: descriptors that go with them
 * @count: their number
 *
 * Return: 0 or -1.
 */
int vu_link_send_bytes(struct vu_link *link, const void *data, size_t len, const int *fds,
		       unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (count) {
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(count * sizeof(int));
		CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), fds, count * sizeof(int));
	}
	sent = sendmsg(link->fd, &mh, MSG_NOSIGNAL);
	if (sent < 0)
		return errmsg_set(&link->err, "the back end does not take a message: %s",
				  strerror(errno));
	return sent == (ssize_t)len ? 0 : errmsg_set(&link->err, "the back end takes no more");
}

/**
 * vu_link_send() - send a message
 * @link: the connection
 * @request: enum vu_request
 * @flags: VU_FLAG_*
 * @payload: its content
 * @size: length of the content, as one of the protocol has it
 * @fds: descriptors that go with it
 * @count: their number
 *
 * Return: 0 or -1.
 */
int vu_link_send(struct vu_link *link, uint32_t request, uint32_t flags, const void *payload,
		 uint32_t size, const int *fds, unsigned int count)
{
	struct vu_header header = { request, VU_VERSION | flags, size };
	uint8_t bytes[sizeof(header) + sizeof(struct vu_mem_table) + sizeof(struct vu_config)];

	if (size > sizeof(bytes) - sizeof(header))
		return errmsg_set(&link->err, "%s of %u bytes", request_name(request), size);
	memcpy(bytes, &header, sizeof(header));
	if (size)
		memcpy(bytes + sizeof(header), payload, size);
	if (vu_link_send_bytes(link, bytes, sizeof(header) + size, fds, count))
		return -1;
	if (link->sent)
		link->sent(link->ctx);
	return 0;
}

/* Reads so many bytes, or fails when the time is over. */
static int receive_bytes(struct vu_link *link, uint32_t request, void *data, size_t len)
{
	uint64_t deadline = loop_now() + link->timeout_ms * 1000000ull;
	size_t done = 0;

	while (done < len) {
		struct pollfd pfd = { .fd = link->fd, .events = POLLIN };
		int64_t left = deadline - loop_now();
		ssize_t got;

		link->silent = poll(&pfd, 1, left > 0 ? left / 1000000 : 0) <= 0;
		if (link->silent)
			return errmsg_set(&link->err, "no answer to %s within %d ms",
					  request_name(request), link->timeout_ms);
		got = recv(link->fd, (char *)data + done, len - done, MSG_DONTWAIT);
		link->closed = got <= 0;
		if (link->closed)
			return errmsg_set(&link->err, "the back end closed the connection after %s",
					  request_name(request));
		done += got;
	}
	return 0;
}

/**
 * vu_link_receive() - receive an answer
 * @link: the connection
 * @request: what it must answer
 * @payload: takes its content
 * @room: size of @payload
 *
 * Return: length of the content, or -1.
 */
int vu_link_receive(struct vu_link *link, uint32_t request, void *payload, size_t room)
{
	struct vu_header header;

	if (receive_bytes(link, request, &header, sizeof(header)))
		return -1;
	if (header.request != request || header.size > room ||
	    (header.flags & (VU_VERSION_MASK | VU_FLAG_REPLY)) != (VU_VERSION | VU_FLAG_REPLY))
		return errmsg_set(&link->err, "what came after %s is no answer to it: message %u, "
				  "flags 0x%x, %u bytes", request_name(request), header.request,
				  header.flags, header.size);
	if (receive_bytes(link, request, payload, header.size))
		return -1;
	return header.size;
}

/**
 * vu_link_tell() - send a message that has no answer but an acknowledgment
 * @link: the connection
 * @request: enum vu_request
 * @payload: its content
 * @size: length of the content
 * @fds: descriptors that go with it
 * @count: their number
 *
 * Return: 0, 1 if it was refused, or -1.
 */
int vu_link_tell(struct vu_link *link, uint32_t request, const void *payload, uint32_t size,
		 const int *fds, unsigned int count)
{
	uint64_t refused = 0;

	if (vu_link_send(link, request, link->acks ? VU_FLAG_NEED_REPLY : 0, payload, size, fds,
			 count))
		return -1;
	if (!link->acks)
		return 0;
	if (vu_link_receive(link, request, &refused, sizeof(refused)) != sizeof(refused))
		return -1;
	if (refused)
		errmsg_store(&link->err, "the back end refuses %s", request_name(request));
	return refused != 0;
}

/**
 * vu_link_tell_u64() - vu_link_tell() with a number
 * @link: the connection
 * @request: enum vu_request
 * @value: the number
 *
 * Return: 0, 1 if it was refused, or -1.
 */
int vu_link_tell_u64(struct vu_link *link, uint32_t request, uint64_t value)
{
	return vu_link_tell(link, request, &value, sizeof(value), NULL, 0);
}

/**
 * vu_link_tell_state() - vu_link_tell() with a number for a queue
 * @link: the connection
 * @request: enum vu_request
 * @index: the queue
 * @num: the number
 *
 * Return: 0, 1 if it was refused, or -1.
 */
int vu_link_tell_state(struct vu_link *link, uint32_t request, uint32_t index, uint32_t num)
{
	struct vu_vring_state state = { index, num };

	return vu_link_tell(link, request, &state, sizeof(state), NULL, 0);
}

/**
 * vu_link_tell_addr() - tell where a ring is
 * @link: the connection
 * @index: the queue
 * @ring: its addresses
 *
 * Return: 0, 1 if it was refused, or -1.
 */
int vu_link_tell_addr(struct vu_link *link, uint32_t index, const struct vring_setup *ring)
{
	struct vu_vring_addr addr = {
		.index = index, .desc = ring->desc, .used = ring->used, .avail = ring->avail,
	};

	return vu_link_tell(link, VU_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0);
}

/**
 * vu_link_tell_fd() - give a queue a descriptor
 * @link: the connection
 * @request: enum vu_request
 * @index: the queue
 * @fd: the descriptor
 *
 * Return: 0, 1 if it was refused, or -1.
 */
int vu_link_tell_fd(struct vu_link *link, uint32_t request, uint64_t index, int fd)
{
	return vu_link_tell(link, request, &index, sizeof(index), &fd, 1);
}

/**
 * vu_link_share() - share a guest's memory
 * @link: the connection
 * @g: the guest
 *
 * Return: 0, 1 if it was refused, or -1.
 */
int vu_link_share(struct vu_link *link, const struct guest *g)
{
	struct vu_mem_table table = {
		.count = 1,
		.regions[0] = { .gpa = GUEST_GPA, .size = g->size, .uva = GUEST_UVA },
	};

	return vu_link_tell(link, VU_SET_MEM_TABLE, &table, 8 + sizeof(table.regions[0]), &g->fd,
			    1);
}

/**
 * vu_link_set_up_queue() - set a queue up; it is not enabled by that
 * @link: the connection
 * @q: the queue
 *
 * Return: 0, 1 if the back end refused some of it, or -1.
 */
int vu_link_set_up_queue(struct vu_link *link, const struct vu_link_queue *q)
{
	int ret = vu_link_tell_state(link, VU_SET_VRING_NUM, q->index, q->ring->num);

	ret = ret ?: vu_link_tell_state(link, VU_SET_VRING_BASE, q->index, q->base);
	ret = ret ?: vu_link_tell_addr(link, q->index, q->ring);
	ret = ret ?: vu_link_tell_fd(link, VU_SET_VRING_CALL, q->index, q->call);
	return ret ?: vu_link_tell_fd(link, VU_SET_VRING_KICK, q->index, q->kick);
}

/**
 * vu_link_enable_queue() - have a queue served
 * @link: the connection
 * @index: the queue, which was set up
 *
 * Return: 0, 1 if it was refused, or -1.
 */
int vu_link_enable_queue(struct vu_link *link, uint32_t index)
{
	return vu_link_tell_state(link, VU_SET_VRING_ENABLE, index, 1);
}

/**
 * vu_link_start_queue() - set a queue up and have it served
 * @link: the connection
 * @q: the queue
 *
 * Return: 0, 1 if the back end refused some of it, or -1.
 */
int vu_link_start_queue(struct vu_link *link, const struct vu_link_queue *q)
{
	return vu_link_set_up_queue(link, q) ?: vu_link_enable_queue(link, q->index);
}

/**
 * vu_link_ask_u64() - ask for a number
 * @link: the connection
 * @request: enum vu_request
 * @value: takes the number
 *
 * Return: 0 or -1.
 */
int vu_link_ask_u64(struct vu_link *link, uint32_t request, uint64_t *value)
{
	if (vu_link_send(link, request, 0, NULL, 0, NULL, 0))
		return -1;
	return vu_link_receive(link, request, value, sizeof(*value)) == sizeof(*value) ? 0 : -1;
}

/**
 * vu_link_stop_queue() - stop a queue
 * @link: the connection
 * @index: the queue
 * @base: takes the index of the first available entry that the device has not seen
 *
 * Return: 0 or -1.
 */
int vu_link_stop_queue(struct vu_link *link, uint32_t index, uint32_t *base)
{
	struct vu_vring_state state = { index, 0 };

	if (vu_link_send(link, VU_GET_VRING_BASE, 0, &state, sizeof(state), NULL, 0) ||
	    vu_link_receive(link, VU_GET_VRING_BASE, &state, sizeof(state)) != sizeof(state))
		return -1;
	*base = state.num;
	return 0;
}

/**
 * vu_link_read_config() - read a part of the configuration space
 * @link: the connection
 * @offset: where it begins
 * @data: what is sent along, and takes what came back
 * @size: its length
 *
 * Return: 0, 1 if it was refused, or -1.
 */
int vu_link_read_config(struct vu_link *link, uint32_t offset, void *data, uint32_t size)
{
	struct vu_config config = { .offset = offset, .size = size };
	uint32_t head = offsetof(struct vu_config, data);
	int got;

	memcpy(config.data, data, size);
	if (vu_link_send(link, VU_GET_CONFIG, 0, &config, head + size, NULL, 0))
		return -1;
	got = vu_link_receive(link, VU_GET_CONFIG, &config, sizeof(config));
	if (got < 0)
		return -1;
	if (got != (int)(head + size)) {
		errmsg_store(&link->err, "the back end refuses to tell %u bytes of the "
			     "configuration at %u", size, offset);
		return 1;
	}
	memcpy(data, config.data, size);
	return 0;
}
