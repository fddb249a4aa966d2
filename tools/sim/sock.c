/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unix stream sockets, what to do about files that others left behind, and
 * listening for those who connect.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "sock.h"

#define SOCK_BACKLOG	16
#define CONNECT_S	2
#define ACCEPT_RETRY_NS	1000000000ull

static int fill_address(struct sockaddr_un *addr, const char *path, struct errmsg *err)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*path)
		return errmsg_set(err, "the path of a socket is empty");
	if (strlen(path) >= sizeof(addr->sun_path))
		return errmsg_set(err, "%s: a socket's path must be shorter than %zu characters",
				  path, sizeof(addr->sun_path));
	strcpy(addr->sun_path, path);
	return 0;
}

static int open_socket(struct errmsg *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		errmsg_store(err, "cannot make a socket: %s", strerror(errno));
	return fd;
}

/* Linux waits so long in connect(), too, where the queue of those who connect is full. */
static int limit_waits(int fd, int ms)
{
	struct timeval limit = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static int connect_within(int fd, const struct sockaddr_un *addr, int ms)
{
	int ret;

	if (limit_waits(fd, ms))
		return -1;
	/* A limited wait is not resumed after a signal. */
	do
		ret = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	while (ret && errno == EINTR);
	return ret;
}

/**
 * sock_connect_within() - connect to a listening socket, or give up
 * @path: its file
 * @ms: how long to wait for it, and for room in each write later; 0 for ever
 * @err: what is wrong, if so
 *
 * Return: a blocking descriptor, or -1 with errno set.
 */
int sock_connect_within(const char *path, int ms, struct errmsg *err)
{
	struct sockaddr_un addr;
	int fd, saved;

	if (fill_address(&addr, path, err))
		return -1;
	fd = open_socket(err);
	if (fd < 0)
		return -1;
	if (!connect_within(fd, &addr, ms))
		return fd;
	saved = errno;
	if (errno == EAGAIN)
		errmsg_store(err, "cannot connect to %s: nobody accepts within %d ms", path, ms);
	else
		errmsg_store(err, "cannot connect to %s: %s", path, strerror(errno));
	close(fd);
	errno = saved;
	return -1;
}

/**
 * sock_connect() - connect to a listening socket
 * @path: its file
 * @err: what is wrong, if so
 *
 * One whose owner accepts nobody, as it is stopped or hangs, is given up soon. Writes later
 * may take any time.
 *
 * Return: a blocking descriptor, or -1 with errno set.
 */
int sock_connect(const char *path, struct errmsg *err)
{
	int fd = sock_connect_within(path, CONNECT_S * 1000, err);

	if (fd >= 0)
		limit_waits(fd, 0);
	else if (errno == EAGAIN)
		errmsg_store(err, "cannot connect to %s: its owner accepted nobody for %d s; let it "
			     "go on if it is stopped, or end it", path, CONNECT_S);
	return fd;
}

/* Removes a socket file behind which nobody listens; keeps anything else. */
static int remove_stale(const char *path, struct errmsg *err)
{
	struct stat st;
	int fd;

	if (lstat(path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return errmsg_set(err, "%s exists and is not a socket; remove it or choose "
				  "another path", path);
	fd = sock_connect(path, NULL);
	if (fd >= 0) {
		close(fd);
		return errmsg_set(err, "%s is in use by another process; choose another path",
				  path);
	}
	if (errno == EAGAIN)
		return errmsg_set(err, "%s is in use by another process, which accepted nobody for "
				  "%d s; end that one or choose another path", path, CONNECT_S);
	if (errno != ECONNREFUSED)
		return errmsg_set(err, "%s exists and cannot be examined: %s", path,
				  strerror(errno));
	if (unlink(path) && errno != ENOENT)
		return errmsg_set(err, "cannot replace the stale socket %s: %s", path,
				  strerror(errno));
	return 0;
}

/* Nobody may connect before the file is as it should be. */
static int bind_for(int fd, const struct sockaddr_un *addr, const struct sock_access *access)
{
	mode_t before = umask(0777);
	int ret = bind(fd, (const struct sockaddr *)addr, sizeof(*addr));
	unsigned int mode = access->mode == SOCK_UMASK ? 0777 & ~before : access->mode;

	umask(before);
	if (ret)
		return ret;
	if (access->group != (gid_t)-1 && chown(addr->sun_path, -1, access->group))
		return -1;
	return chmod(addr->sun_path, mode);
}

/**
 * sock_check_connected() - may a descriptor that we were given be a front end?
 * @fd: the descriptor
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int sock_check_connected(int fd, struct errmsg *err)
{
	struct sockaddr_un peer;
	socklen_t len = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &len) || peer.sun_family != AF_UNIX)
		return errmsg_set(err, "--fd %d: must be a connected Unix socket", fd);
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) || sock_set_nonblocking(fd))
		return errmsg_set(err, "--fd %d: %s", fd, strerror(errno));
	return 0;
}

/**
 * sock_listen() - listen on a new socket file
 * @path: the file; replaced if it is a socket that nobody listens on
 * @access: who may connect
 * @err: what is wrong, if so
 *
 * Return: a descriptor that does not block, or -1.
 */
int sock_listen(const char *path, const struct sock_access *access, struct errmsg *err)
{
	struct sockaddr_un addr;
	int fd;

	if (fill_address(&addr, path, err) || remove_stale(path, err))
		return -1;
	fd = open_socket(err);
	if (fd < 0)
		return -1;
	if (!bind_for(fd, &addr, access) && !listen(fd, SOCK_BACKLOG) && !sock_set_nonblocking(fd))
		return fd;
	errmsg_store(err, "cannot listen on %s: %s", path, strerror(errno));
	close(fd);
	return -1;
}

/**
 * sock_accept() - take a connection
 * @listener: from sock_listen()
 *
 * Return: a descriptor that does not block, or -1 with errno set.
 */
int sock_accept(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/**
 * sock_set_nonblocking() - never wait in reads and writes
 * @fd: the descriptor
 *
 * Return: 0, or -1 with errno set.
 */
int sock_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/**
 * close_fd() - close a descriptor, if there is one
 * @fd: the descriptor; -1 afterwards
 */
void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void watch(struct listener *l)
{
	bool rest = l->retry.armed || (!l->wanted && l->announced);

	loop_want(l->loop, &l->source, rest ? 0 : EPOLLIN);
}

static void announce(struct listener *l)
{
	l->announced = true;
	watch(l);
	log_error("%s serves one front end at a time; another one waits until it leaves", l->path);
}

static void retry_listening(void *ctx)
{
	watch(ctx);
}

static void on_connection(void *ctx, uint32_t events)
{
	struct listener *l = ctx;
	int fd;

	(void)events;
	if (!l->wanted)
		return announce(l);
	fd = sock_accept(l->source.fd);
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
 * @access: who may connect
 * @connected: called with a new connection
 * @ctx: for @connected
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int listener_open(struct listener *l, struct loop *loop, const char *path,
		  const struct sock_access *access, void (*connected)(void *ctx, int fd), void *ctx,
		  struct errmsg *err)
{
	int fd = sock_listen(path, access, err);

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
 * @l: the listener; nothing happens if it was not opened
 * @wanted: they may connect; that others wait is said once
 */
void listener_want(struct listener *l, bool wanted)
{
	if (!l->path)
		return;
	l->wanted = wanted;
	l->announced = false;
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
