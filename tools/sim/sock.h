/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_SOCK_H
#define VGPIO_SOCK_H

#include <sys/types.h>

#include "loop.h"
#include "text.h"

#define SOCK_UMASK	(~0u)

/**
 * struct sock_access - who may connect
 * @mode: permissions of the file; SOCK_UMASK for those of any new file
 * @group: its group; -1 for that of any new file
 */
struct sock_access {
	unsigned int mode;
	gid_t group;
};

/**
 * struct listener - a socket that others connect to
 * @path: its file, or NULL while there is none
 * @loop: the loop
 * @source: the socket
 * @retry: takes up listening again after descriptors ran out
 * @wanted: somebody may connect now
 * @announced: while not, it was said that somebody waits
 * @connected: called with a new connection
 * @ctx: for @connected
 */
struct listener {
	const char *path;
	struct loop *loop;
	struct loop_source source;
	struct loop_timer retry;
	bool wanted;
	bool announced;
	void (*connected)(void *ctx, int fd);
	void *ctx;
};

int sock_listen(const char *path, const struct sock_access *access, struct errmsg *err);
int sock_check_connected(int fd, struct errmsg *err);
int sock_connect_within(const char *path, int ms, struct errmsg *err);
int sock_connect(const char *path, struct errmsg *err);
int sock_accept(int listener);
int sock_set_nonblocking(int fd);
void close_fd(int *fd);

int listener_open(struct listener *l, struct loop *loop, const char *path,
		  const struct sock_access *access, void (*connected)(void *ctx, int fd),
		  void *ctx, struct errmsg *err);
void listener_want(struct listener *l, bool wanted);
void listener_close(struct listener *l);

#endif
