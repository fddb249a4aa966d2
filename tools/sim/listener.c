/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets that others connect to. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "listener.h"
#include "log.h"
#include "sock.h"

#define ACCEPT_RETRY_NS	1000000000ull

static void watch(struct listener *l)
{
	loop_want(l->loop, &l->source, l->wanted && !l->retry.armed ? EPOLLIN : 0);
}

static void retry_listening(void *ctx)
{
	watch(ctx);
}

static void on_connection(void *ctx, uint32_t events)
{
	struct listener *l = ctx;
	int fd = sock_accept(l->source.fd);

	(void)events;
	if (fd >= 0) {
		l->connected(l->ctx, fd);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	log_error("cannot accept a connection on %s: %s; trying again in a second", l->path,
		  strerror(errno));
	loop_timer_start(l->loop, &l->retry, ACCEPT_RETRY_NS);
	watch(l);
}

/**
 * listener_open() - let others connect
 * @l: the listener
 * @loop: the loop
 * @path: the socket's file; the text must stay
 * @connected: called with a new connection
 * @ctx: for @connected
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int listener_open(struct listener *l, struct loop *loop, const char *path,
		  void (*connected)(void *ctx, int fd), void *ctx, struct errmsg *err)
{
	int fd = sock_listen(path, err);

	if (fd < 0)
		return -1;
	*l = (struct listener){
		.path = path, .loop = loop, .wanted = true, .connected = connected, .ctx = ctx,
		.source = { .fd = fd, .events = EPOLLIN, .ready = on_connection, .ctx = l },
		.retry = { .expired = retry_listening, .ctx = l },
	};
	loop_add(loop, &l->source);
	return 0;
}

/**
 * listener_want() - let others connect, or have them wait
 * @l: the listener
 * @wanted: they may connect
 */
void listener_want(struct listener *l, bool wanted)
{
	l->wanted = wanted;
	watch(l);
}

/**
 * listener_close() - let nobody connect any more, and remove the file
 * @l: the listener; nothing happens if it was not opened
 */
void listener_close(struct listener *l)
{
	if (!l->path)
		return;
	loop_del(l->loop, &l->source);
	loop_timer_stop(l->loop, &l->retry);
	unlink(l->path);
	close(l->source.fd);
	l->path = NULL;
}
