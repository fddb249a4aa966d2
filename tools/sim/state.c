/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a device in a file. The device works in the file's memory, so
 * that all is there even if the simulator is killed. Only the program that wrote
 * a file can read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sock.h"
#include "state.h"

/**
 * struct state_header - what a file begins with
 * @magic: says what it is
 * @line_size: size of a line, which differs between versions
 * @parked_size: the same of an event buffer
 * @lines: number of lines
 * @kept: for each queue
 */
struct state_header {
	char magic[16];
	uint32_t line_size;
	uint32_t parked_size;
	uint32_t lines;
	struct ring_kept kept[DEVICE_QUEUES];
};

/* The lines come first after it: they have pointers. */
#define HEADER_SIZE	128

_Static_assert(sizeof(struct state_header) <= HEADER_SIZE, "the header has room");

static struct state_header header_for(unsigned int lines)
{
	return (struct state_header){
		.magic = "vgpio-sim state", .line_size = sizeof(struct gpio_line),
		.parked_size = sizeof(struct parked), .lines = lines,
	};
}

static size_t size_for(unsigned int lines)
{
	return HEADER_SIZE + lines * (sizeof(struct gpio_line) + sizeof(struct parked));
}

/* The parts of the file, or of a copy. */
static struct device_memory parts(void *map, unsigned int lines)
{
	struct state_header *header = map;
	struct gpio_line *first = (void *)((char *)map + HEADER_SIZE);

	return (struct device_memory){
		.lines = first, .parked = (void *)(first + lines), .kept = header->kept,
	};
}

static int open_file(struct state *s, const char *path, struct stat *st, struct errmsg *err)
{
	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (s->fd < 0 || fstat(s->fd, st))
		return errmsg_set(err, "cannot use %.256s: %s", path, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return errmsg_set(err, "cannot use %.256s: it is no regular file", path);
	if (flock(s->fd, LOCK_EX | LOCK_NB))
		return errmsg_set(err, "%.256s is in use by another process", path);
	return 0;
}

static int map_file(struct state *s, const char *path, struct errmsg *err)
{
	/* A full disk is noticed now, and not when a line changes. */
	int ret = posix_fallocate(s->fd, 0, s->size);

	if (ret)
		return errmsg_set(err, "no room for %.256s: %s", path, strerror(ret));
	s->map = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (s->map != MAP_FAILED)
		return 0;
	s->map = NULL;
	return errmsg_set(err, "cannot use %.256s: %s", path, strerror(errno));
}

static bool is_ours(const struct state *s, unsigned int lines)
{
	struct state_header here = header_for(lines);

	return !memcmp(s->map, &here, offsetof(struct state_header, kept));
}

static int keep_copy(struct state *s, unsigned int lines, struct errmsg *err)
{
	char *copy = malloc(sizeof(*s->old) + s->size);

	if (!copy)
		return errmsg_set(err, "out of memory for the state");
	s->old = (void *)copy;
	memcpy(copy + sizeof(*s->old), s->map, s->size);
	*s->old = parts(copy + sizeof(*s->old), lines);
	return 0;
}

static int use_file(struct state *s, const char *path, unsigned int lines, bool found,
		    struct errmsg *err)
{
	struct state_header header = header_for(lines);

	if (map_file(s, path, err))
		return -1;
	if (found && !is_ours(s, lines))
		return errmsg_set(err, "%.256s is no state of a board with %u lines, or of another "
				  "version; remove it, or name another file", path, lines);
	if (found && keep_copy(s, lines, err))
		return -1;
	memset(s->map, 0, s->size);
	memcpy(s->map, &header, sizeof(header));
	s->memory = parts(s->map, lines);
	return 0;
}

/**
 * state_open() - use a file, and look what is in it
 * @s: the state; for state_close() also after an error
 * @path: the file, made if it is not there
 * @lines: number of lines
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int state_open(struct state *s, const char *path, unsigned int lines, struct errmsg *err)
{
	struct stat st;

	*s = (struct state){ .fd = -1, .size = size_for(lines) };
	if (open_file(s, path, &st, err))
		return -1;
	if (st.st_size && (size_t)st.st_size != s->size)
		return errmsg_set(err, "%.256s is no state of a board with %u lines, or of another "
				  "version; remove it, or name another file", path, lines);
	return use_file(s, path, lines, st.st_size, err);
}

/**
 * state_restore() - have a device go on as another simulator left it
 * @s: the state; nothing happens if nothing was left
 * @dev: the device, in @s->memory, with all that its configuration says
 *
 * gpio_settle() must follow, once all devices that wires join were restored.
 */
void state_restore(struct state *s, struct device *dev)
{
	if (s->old)
		device_restore(dev, s->old);
	free(s->old);
	s->old = NULL;
}

/**
 * state_close() - use a file no longer
 * @s: the state, whose device is gone
 */
void state_close(struct state *s)
{
	free(s->old);
	if (s->map)
		munmap(s->map, s->size);
	if (s->size)
		close_fd(&s->fd);
	*s = (struct state){ .fd = -1 };
}
