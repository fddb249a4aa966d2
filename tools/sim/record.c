/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that records go to. An entry is written at once and as a whole, so that
 * what is there is readable whenever the simulator ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "record.h"
#include "sock.h"

/* The longest is a mark, a line of a client or a script of bytes that are all escaped. */
#define MAX_ENTRY	(32u << 10)

/**
 * record_open() - begin a record
 * @r: the record
 * @path: its file, replaced if it is there; the text must stay
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int record_open(struct record *r, const char *path, struct errmsg *err)
{
	/* A pipe whose reader is slow must not make the guest wait. */
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666);

	if (fd < 0)
		return errmsg_set(err, "cannot write %.256s: %s", path, strerror(errno));
	*r = (struct record){ .fd = fd, .path = path, .entry = { .max = MAX_ENTRY } };
	return 0;
}

/* Half an entry helps nobody. What cannot be cut, such as a pipe, keeps it. */
static void fail(struct record *r, const char *why)
{
	log_error("cannot write %s: %s; the record ends here", r->path, why);
	if (ftruncate(r->fd, r->written))
		log_verbose("cannot cut %s: %s", r->path, strerror(errno));
	close_fd(&r->fd);
	r->failed = true;
}

static ssize_t write_again(int fd, const char *data, size_t len)
{
	ssize_t ret;

	do {
		ret = write(fd, data, len);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

/**
 * record_write() - write the entry, and begin the next one
 * @r: the record; a full disk ends it, not the simulator
 */
void record_write(struct record *r)
{
	const char *head = buffer_head(&r->entry);
	size_t len = r->entry.len, done = 0;

	if (r->fd >= 0 && r->entry.overflow)
		fail(r, "out of memory");
	while (r->fd >= 0 && done < len) {
		ssize_t part = write_again(r->fd, head + done, len - done);

		if (part < 0)
			fail(r, strerror(errno));
		else
			done += part;
	}
	if (r->fd >= 0)
		r->written += len;
	buffer_take(&r->entry, len);
}

/**
 * record_close() - end a record
 * @r: the record; nothing happens if it ended already
 */
void record_close(struct record *r)
{
	close_fd(&r->fd);
	buffer_free(&r->entry);
}
