/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_SOCK_H
#define VGPIO_SOCK_H

#include "loop.h"
#include "util.h"

/**
 * struct listener - a socket that others connect to
 * @path: its file, or NULL while there is none
 * @loop: the loop
 * @source: the socket
 * @retry: takes up listening again after descriptors ran out
 * @wanted: somebody may connect now
 * @connected: called with a new connection
 * @ctx: for @connected
 */
struct listener {
	const char *path;
	struct loop *loop;
	struct loop_source source;
	struct loop_timer retry;
	bool wanted;
	void (*connected)(void *ctx, int fd);
	void *ctx;
};

int sock_listen(const char *path, struct errmsg *err);
int sock_connect(const char *path, struct errmsg *err);
int sock_accept(int listener);
int sock_set_nonblocking(int fd);
void close_fd(int *fd);

int listener_open(struct listener *l, struct loop *loop, const char *path,
		  void (*connected)(void *ctx, int fd), void *ctx, struct errmsg *err);
void listener_want(struct listener *l, bool wanted);
void listener_close(struct listener *l);

#endif
