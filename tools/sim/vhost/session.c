/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The back end of the vhost-user protocol: a session with a front end, whose
 * messages come in and whose replies go out through a socket.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock.h"
#include "vhost/session.h"
#include "vhost/queue.h"
#include "vhost/request.h"

#define BIT(n)		(1ull << (n))

static void notify_driver(void *ctx, enum device_queue queue)
{
	struct vu_session *s = ctx;

	vu_queue_notify(&s->queues[queue]);
}

static void end_session(struct vu_session *s, bool failed)
{
	vu_close(s);
	s->ended(s->ended_ctx, failed);
}

static void on_broken(struct vu_session *s)
{
	end_session(s, true);
}

static void drop_fds(struct vu_msg *msg)
{
	for (unsigned int i = 0; i < msg->fd_count; i++)
		close_fd(&msg->fds[i]);
	msg->fd_count = 0;
}

static void protocol_error(struct vu_session *s, const char *why)
{
	vu_complain(s, why, "; closing the connection");
	end_session(s, true);
}

/* While a reply is on its way out, nothing more is read in. */
static void send_pending(struct vu_session *s)
{
	ssize_t len = send(s->source.fd, buffer_head(&s->out), s->out.len,
			   MSG_DONTWAIT | MSG_NOSIGNAL);

	if (len < 0 && errno != EAGAIN && errno != EINTR) {
		log_verbose("the front end went away: %s", strerror(errno));
		end_session(s, false);
		return;
	}
	if (len > 0)
		buffer_take(&s->out, len);
	loop_want(s->loop, &s->source, s->out.len ? EPOLLOUT : EPOLLIN);
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

static void handle_message(struct vu_session *s)
{
	struct vu_msg *msg = &s->msg;
	struct errmsg err = { "" };
	enum vu_outcome outcome = vu_request(s, msg, &err);
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
		vu_complain(s, err.text, "");
	if (outcome != VU_REPLY && ack)
		outcome = vu_reply_u64(msg, outcome == VU_REFUSED);
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
		end_session(s, false);
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

static void on_socket(void *ctx, uint32_t events)
{
	struct vu_session *s = ctx;

	if (s->out.len)
		send_pending(s);
	else if (events)
		on_readable(s);
}

/**
 * vu_open() - begin a session with a front end
 * @s: the session, with its loop, device, offer_irq and ended set
 * @fd: the connection; the session's from now on
 */
void vu_open(struct vu_session *s, int fd)
{
	s->features = 0;
	s->dev->bank.irq = false;
	s->protocol_features = 0;
	s->status = 0;
	s->mem.count = 0;
	s->backend_fd = -1;
	s->msg.fd_count = 0;
	s->received = 0;
	s->out = (struct buffer){ .max = 4096 };
	s->over = false;
	s->broken = on_broken;
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		vu_queue_init(s, &s->queues[i]);
	s->dev->notify = notify_driver;
	s->dev->notify_ctx = s;
	device_session(s->dev, true);
	s->source = (struct loop_source){
		.fd = fd, .events = EPOLLIN, .ready = on_socket, .ctx = s,
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
	if (s->dev->kept)
		vu_leave(s);
	else
		vu_reset(s);
	device_session(s->dev, false);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		vu_queue_close(&s->queues[i]);
	mem_clear(&s->mem);
	close_fd(&s->backend_fd);
	drop_fds(&s->msg);
	buffer_free(&s->out);
	loop_del(s->loop, &s->source);
	close_fd(&s->source.fd);
}

/**
 * vu_check_memory() - end a session whose memory vanished
 * @s: the session; to be called after anything that may touch memory
 */
void vu_check_memory(struct vu_session *s)
{
	if (!s->over && s->mem.lost)
		protocol_error(s, "guest memory vanished: its file was made shorter while in use");
}
