/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unix stream sockets, and what to do about files that others left behind. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sock.h"

#define SOCK_BACKLOG	16

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

/**
 * sock_connect() - connect to a listening socket
 * @path: its file
 * @err: what is wrong, if so
 *
 * Return: a blocking descriptor, or -1 with errno set.
 */
int sock_connect(const char *path, struct errmsg *err)
{
	struct sockaddr_un addr;
	int fd, saved;

	if (fill_address(&addr, path, err))
		return -1;
	fd = open_socket(err);
	if (fd < 0)
		return -1;
	if (!connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return fd;
	saved = errno;
	errmsg_store(err, "cannot connect to %s: %s", path, strerror(errno));
	close(fd);
	errno = saved;
	return -1;
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
	if (errno != ECONNREFUSED)
		return errmsg_set(err, "%s exists and cannot be examined: %s", path,
				  strerror(errno));
	if (unlink(path) && errno != ENOENT)
		return errmsg_set(err, "cannot replace the stale socket %s: %s", path,
				  strerror(errno));
	return 0;
}

/**
 * sock_listen() - listen on a new socket file
 * @path: the file; replaced if it is a socket that nobody listens on
 * @err: what is wrong, if so
 *
 * Return: a descriptor that does not block, or -1.
 */
int sock_listen(const char *path, struct errmsg *err)
{
	struct sockaddr_un addr;
	int fd;

	if (fill_address(&addr, path, err) || remove_stale(path, err))
		return -1;
	fd = open_socket(err);
	if (fd < 0)
		return -1;
	if (!bind(fd, (struct sockaddr *)&addr, sizeof(addr)) &&
	    !listen(fd, SOCK_BACKLOG) && !sock_set_nonblocking(fd))
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
