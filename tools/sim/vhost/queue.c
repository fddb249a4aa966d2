/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A queue as the front end sets it up: its ring, and the descriptors by which
 * both ends notify each other. Those come from the front end: none may make
 * the simulator wait.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sock.h"
#include "vhost/queue.h"

static enum device_queue queue_index(const struct vu_queue *q)
{
	return q - q->session->queues;
}

/* Without a /proc to ask, any of the kernel's anonymous files is believed. */
static bool is_eventfd(int fd)
{
	char path[32], name[32];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, name, sizeof(name) - 1);
	if (len < 0)
		return true;
	name[len] = '\0';
	return !strcmp(name, "anon_inode:[eventfd]");
}

/*
 * Anonymous files have no type: an event descriptor is one of them. User-Mode
 * Linux takes its notifications by a socket.
 */
static bool may_signal(int fd, bool pipe_too)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return pipe_too;
	return !(st.st_mode & S_IFMT) && is_eventfd(fd);
}

/*
 * Signals a descriptor that the front end gave. One that is full needs no
 * signal, and must not block us: the front end may take O_NONBLOCK back. One
 * whose other end is closed would be a SIGPIPE.
 */
static void signal_fd(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	uint64_t one = 1;

	if (poll(&pfd, 1, 0) != 1 || pfd.revents != POLLOUT)
		return;
	if (write(fd, &one, sizeof(one)) != sizeof(one))
		log_verbose("cannot signal the front end: %s", strerror(errno));
}

static void stop_kicks(struct vu_queue *q)
{
	loop_timer_stop(q->session->loop, &q->again);
	loop_del(q->session->loop, &q->kick);
	close_fd(&q->kick.fd);
}

/**
 * vu_complain() - say what a front end did wrong, not too often
 * @s: the session
 * @what: what it did
 * @then: what follows from it
 */
void vu_complain(struct vu_session *s, const char *what, const char *then)
{
	if (!log_allowed(&s->errors))
		return;
	if (s->socket)
		log_error("front end of %s: %s%s", s->socket, what, then);
	else
		log_error("front end: %s%s", what, then);
}

static void queue_broken(struct vu_queue *q)
{
	struct errmsg what;

	errmsg_store(&what, "queue %d: %.400s", queue_index(q), q->ring.err.text);
	vu_complain(q->session, what.text, "; closing the connection");
	signal_fd(q->err_fd);
	q->session->broken(q->session);
}

static void serve_queue(struct vu_queue *q)
{
	int ret = device_serve(q->session->dev, queue_index(q));

	if (ret > 0)
		loop_timer_start(q->session->loop, &q->again, 0);
	if (ret < 0)
		queue_broken(q);
}

static void serve_again(void *ctx)
{
	serve_queue(ctx);
}

/* Makes the device use the queue, or not, as the front end wants it now. */
static void update_queue(struct vu_queue *q)
{
	bool usable = vring_running(&q->ring) &&
		      (q->enabled || device_is_early(q->session->dev, queue_index(q)));

	loop_want(q->session->loop, &q->kick, usable ? EPOLLIN : 0);
	if (!usable) {
		device_detach(q->session->dev, queue_index(q));
		return;
	}
	device_attach(q->session->dev, queue_index(q), &q->ring);
	serve_queue(q);
}

/* One that counts up to its limit is no count of notifications. */
static uint64_t count_kicks(uint64_t value)
{
	return value <= UINT16_MAX ? value : 1;
}

static void on_kick(void *ctx, uint32_t events)
{
	struct vu_queue *q = ctx;
	uint64_t value = 0;
	ssize_t len = 0;

	if (events & EPOLLIN)
		len = read(q->kick.fd, &value, sizeof(value));
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len != sizeof(value)) {
		errmsg_store(&q->ring.err, "the notification descriptor is broken");
		queue_broken(q);
		return;
	}
	device_kicked(q->session->dev, queue_index(q), count_kicks(value));
	serve_queue(q);
}

/**
 * vu_queue_init() - a queue that the front end said nothing about yet
 * @s: the session
 * @q: one of its queues
 */
void vu_queue_init(struct vu_session *s, struct vu_queue *q)
{
	*q = (struct vu_queue){
		.session = s, .call_fd = -1, .err_fd = -1,
		.kick = { .fd = -1, .ready = on_kick, .ctx = q },
		.again = { .expired = serve_again, .ctx = q },
	};
}

/**
 * vu_queue_close() - the session of a queue is over
 * @q: the queue, stopped
 */
void vu_queue_close(struct vu_queue *q)
{
	close_fd(&q->call_fd);
	close_fd(&q->err_fd);
}

static int check_kick(int fd, struct errmsg *err)
{
	if (!may_signal(fd, false) || sock_set_nonblocking(fd))
		return errmsg_set(err, "the notification descriptor is no event descriptor");
	return 0;
}

/* A ring that nobody set up anew begins at 0. */
static void forget_ring(struct vu_queue *q)
{
	bool untouched = vring_resumes(&q->ring, &q->setup);

	vring_forget(&q->ring);
	if (untouched)
		q->setup.base = 0;
}

/* The device is reset as a ring is started: those that run go on, empty. */
static void reset_others(struct vu_session *s)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		if (vring_running(&s->queues[i].ring))
			vring_let_go(&s->queues[i].ring);
		else
			forget_ring(&s->queues[i]);
	}
	device_reset(s->dev);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		if (s->queues[i].enabled && vring_running(&s->queues[i].ring))
			device_attach(s->dev, i, &s->queues[i].ring);
}

/* What would have helped. */
static const char *without_state(const struct vu_queue *q)
{
	return q->session->dev->kept ? "" : ", and use --state FILE to go on next time";
}

static int start_ring(struct vu_queue *q, struct errmsg *err)
{
	uint64_t features = q->session->features;

	bool first = !q->ring.held, resumes = vring_resumes(&q->ring, &q->setup);

	if (vring_running(&q->ring))
		return 0;
	q->setup.event_idx = features & (1ull << VIRTIO_RING_F_EVENT_IDX);
	q->setup.indirect = features & (1ull << VIRTIO_RING_F_INDIRECT_DESC);
	/* As does User-Mode Linux. */
	q->setup.untold_resets =
		!(q->session->protocol_features & (1ull << VU_PROTOCOL_F_STATUS));
	if (vring_start(&q->ring, &q->setup, &q->session->mem))
		return errmsg_set(err, "%s", q->ring.err.text);
	if (first)
		resumes = device_resume(q->session->dev, queue_index(q), &q->ring);
	if (first && !resumes && q->setup.base && queue_index(q) == DEVICE_REQUESTQ)
		vu_complain(q->session, "the guest ran before it connected here, and what it did to "
			    "its lines is not known; restart it", without_state(q));
	if (!resumes)
		reset_others(q->session);
	return 0;
}

/**
 * vu_queue_start() - begin to use a queue's ring
 * @q: the queue; one that runs goes on with the new descriptor
 * @kick_fd: where the driver notifies us; the queue's from now on
 * @err: what is wrong, if so
 *
 * The session may be over afterwards: the ring is served at once.
 *
 * Return: 0 or -1.
 */
int vu_queue_start(struct vu_queue *q, int kick_fd, struct errmsg *err)
{
	if (check_kick(kick_fd, err) || start_ring(q, err)) {
		close_fd(&kick_fd);
		return -1;
	}
	stop_kicks(q);
	q->kick.fd = kick_fd;
	loop_add(q->session->loop, &q->kick);
	update_queue(q);
	return 0;
}

/**
 * vu_queue_stop() - use a queue's ring no longer
 * @q: the queue, running or not; it goes on where it stops
 *
 * A front end stops rings when the virtual machine is paused, and when it is
 * reset. Only how they start again tells which it was.
 */
void vu_queue_stop(struct vu_queue *q)
{
	if (vring_running(&q->ring))
		q->setup.base = q->ring.last_avail;
	device_detach(q->session->dev, queue_index(q));
	stop_kicks(q);
	vring_stop(&q->ring);
}

/**
 * vu_reset() - as the driver's reset of the device
 * @s: the session; its queues stop
 */
void vu_reset(struct vu_session *s)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		vu_queue_stop(&s->queues[i]);
		forget_ring(&s->queues[i]);
	}
	device_reset(s->dev);
}

/**
 * vu_leave() - the session ends; the driver may go on in another one
 * @s: the session; its queues stop
 */
void vu_leave(struct vu_session *s)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		vu_queue_stop(&s->queues[i]);
		vring_forget(&s->queues[i].ring);
	}
	device_leave(s->dev);
}

/**
 * vu_queue_enable() - the front end wants a queue to be served, or not
 * @q: the queue; the session may be over afterwards
 * @on: serve it
 */
void vu_queue_enable(struct vu_queue *q, bool on)
{
	q->enabled = on;
	update_queue(q);
}

/**
 * vu_queue_set_signal() - take a descriptor by which we signal the front end
 * @place: where it is kept; one that was there before is closed
 * @fd: the descriptor, or -1 to signal no more; @place's from now on, unless
 *	there is an error
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int vu_queue_set_signal(int *place, int fd, struct errmsg *err)
{
	if (fd >= 0 && (!may_signal(fd, true) || sock_set_nonblocking(fd)))
		return errmsg_set(err, "the descriptor is no event descriptor, pipe or socket");
	close_fd(place);
	*place = fd;
	return 0;
}

/**
 * vu_queue_notify() - send the driver a notification
 * @q: the queue
 */
void vu_queue_notify(struct vu_queue *q)
{
	signal_fd(q->call_fd);
}
