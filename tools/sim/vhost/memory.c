/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory. Every access goes through here, so that nothing outside the
 * regions that the front end shared is ever touched.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vhost/memory.h"

/* All that have regions: a signal handler has no other way to know them. */
static struct guest_mem *mapped;

/* Called when memory vanished that is no guest's. */
static void (*before_crash)(void);

static struct mem_region *find_mapping(struct guest_mem *mem, const uint8_t *at)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		uint8_t *map = mem->regions[i].map;

		if (at >= map && at < map + mem->regions[i].map_size)
			return &mem->regions[i];
	}
	return NULL;
}

static bool replace_mapping(const struct mem_region *region)
{
	return mmap(region->map, region->map_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED;
}

/*
 * The file behind guest memory ends before the access that is under way. Zeros
 * take its place, so that the access can end; the session is ended afterwards.
 */
static void on_sigbus(int signo, siginfo_t *info, void *context)
{
	int saved = errno;

	(void)context;
	for (struct guest_mem *mem = mapped; mem; mem = mem->next) {
		struct mem_region *region = find_mapping(mem, info->si_addr);

		if (!region || !replace_mapping(region))
			continue;
		mem->lost = true;
		errno = saved;
		return;
	}
	signal(signo, SIG_DFL);
	if (before_crash)
		before_crash();
}

/**
 * mem_survive_loss() - from now on, guest memory that vanishes is no crash
 * @otherwise: called when other memory vanished, before the crash; or NULL
 *
 * Return: 0, or -1 with errno set.
 */
int mem_survive_loss(void (*otherwise)(void))
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	before_crash = otherwise;
	return sigaction(SIGBUS, &action, NULL);
}

static void list_add(struct guest_mem *mem)
{
	mem->next = mapped;
	mapped = mem;
}

static void list_del(struct guest_mem *mem)
{
	struct guest_mem **link = &mapped;

	while (*link != mem)
		link = &(*link)->next;
	*link = mem->next;
}

static bool ranges_overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a < b + b_len && b < a + a_len;
}

static int check_overlap(const struct guest_mem *mem, const struct mem_request *req,
			 struct errmsg *err)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		const struct mem_region *r = &mem->regions[i];

		if (ranges_overlap(r->gpa, r->size, req->gpa, req->size))
			return errmsg_set(err, "memory regions overlap at 0x%" PRIx64, req->gpa);
		if (ranges_overlap(r->uva, r->size, req->uva, req->size))
			return errmsg_set(err, "memory regions overlap in the front end at 0x%"
					  PRIx64, req->uva);
	}
	return 0;
}

static int check_range(const struct guest_mem *mem, const struct mem_request *req,
		       struct errmsg *err)
{
	uint64_t end;

	if (mem->count == MEM_MAX_REGIONS)
		return errmsg_set(err, "more than %d memory regions", MEM_MAX_REGIONS);
	if (!req->size)
		return errmsg_set(err, "memory region of size 0");
	if (__builtin_add_overflow(req->gpa, req->size, &end) ||
	    __builtin_add_overflow(req->uva, req->size, &end) ||
	    __builtin_add_overflow(req->offset, req->size, &end))
		return errmsg_set(err, "memory region wraps around: address 0x%" PRIx64
				  ", size 0x%" PRIx64, req->gpa, req->size);
	return check_overlap(mem, req, err);
}

/* A mapping beyond the end of the file would be a SIGBUS at the first access. */
static int check_file(const struct mem_request *req, struct errmsg *err)
{
	struct stat st;

	if (fstat(req->fd, &st))
		return errmsg_set(err, "memory region without a usable file descriptor: %s",
				  strerror(errno));
	if (!S_ISREG(st.st_mode))
		return errmsg_set(err, "memory region's descriptor is not a file");
	if ((uint64_t)st.st_size < req->offset + req->size)
		return errmsg_set(err, "memory region ends at 0x%" PRIx64
				  ", but its file has only 0x%" PRIx64 " bytes",
				  req->offset + req->size, (uint64_t)st.st_size);
	return 0;
}

/**
 * mem_map() - make a region accessible
 * @mem: all regions so far
 * @req: the region; the file descriptor stays the caller's
 * @err: what is wrong, if so
 *
 * Return: 0, or -1 with @mem unchanged.
 */
int mem_map(struct guest_mem *mem, const struct mem_request *req, struct errmsg *err)
{
	uint64_t slack = req->offset % sysconf(_SC_PAGESIZE);
	struct mem_region *region = &mem->regions[mem->count];
	void *map;

	if (check_range(mem, req, err) || check_file(req, err))
		return -1;
	map = mmap(NULL, req->size + slack, PROT_READ | PROT_WRITE, MAP_SHARED, req->fd,
		   req->offset - slack);
	if (map == MAP_FAILED)
		return errmsg_set(err, "cannot map 0x%" PRIx64 " bytes of guest memory: %s",
				  req->size, strerror(errno));
	*region = (struct mem_region){
		.gpa = req->gpa, .uva = req->uva, .size = req->size,
		.host = (uint8_t *)map + slack, .map = map, .map_size = req->size + slack,
	};
	if (!mem->count)
		list_add(mem);
	mem->count++;
	return 0;
}

static struct mem_region *find_region(struct guest_mem *mem, const struct mem_request *req)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		struct mem_region *r = &mem->regions[i];

		if (r->gpa == req->gpa && r->uva == req->uva && r->size == req->size)
			return r;
	}
	return NULL;
}

/**
 * mem_unmap() - give up a region
 * @mem: all regions
 * @req: the region as it was mapped; the file does not matter
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int mem_unmap(struct guest_mem *mem, const struct mem_request *req, struct errmsg *err)
{
	struct mem_region *region = find_region(mem, req);

	if (!region)
		return errmsg_set(err, "no memory region of 0x%" PRIx64 " bytes is at 0x%" PRIx64,
				  req->size, req->gpa);
	munmap(region->map, region->map_size);
	*region = mem->regions[--mem->count];
	if (!mem->count)
		list_del(mem);
	return 0;
}

/**
 * mem_clear() - give up all regions
 * @mem: the regions
 */
void mem_clear(struct guest_mem *mem)
{
	if (mem->count)
		list_del(mem);
	for (unsigned int i = 0; i < mem->count; i++)
		munmap(mem->regions[i].map, mem->regions[i].map_size);
	mem->count = 0;
	mem->lost = false;
}

/**
 * mem_from_uva() - find ring memory
 * @mem: the regions
 * @uva: address in the front end
 * @len: length in bytes
 *
 * Return: where it is seen here, or NULL if it is not within one region.
 */
void *mem_from_uva(const struct guest_mem *mem, uint64_t uva, uint64_t len)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		const struct mem_region *r = &mem->regions[i];

		if (uva >= r->uva && uva - r->uva < r->size && len <= r->size - (uva - r->uva))
			return r->host + (uva - r->uva);
	}
	return NULL;
}

/* What is at @gpa, and how many of @len bytes are there without a break. */
static uint8_t *mem_at(const struct guest_mem *mem, uint64_t gpa, uint64_t *len)
{
	for (unsigned int i = 0; i < mem->count; i++) {
		const struct mem_region *r = &mem->regions[i];
		uint64_t offset = gpa - r->gpa;

		if (gpa < r->gpa || offset >= r->size)
			continue;
		if (*len > r->size - offset)
			*len = r->size - offset;
		return r->host + offset;
	}
	return NULL;
}

/**
 * mem_find() - a range that is in one region
 * @mem: the regions
 * @gpa: guest physical address
 * @len: length in bytes
 *
 * Return: where it is seen here, or NULL if it is not within one region.
 */
uint8_t *mem_find(const struct guest_mem *mem, uint64_t gpa, uint64_t len)
{
	uint64_t part = len;
	uint8_t *host = mem_at(mem, gpa, &part);

	return part == len ? host : NULL;
}

/**
 * mem_contains() - is a range guest memory from its first to its last byte?
 * @mem: the regions
 * @gpa: guest physical address
 * @len: length in bytes
 *
 * Return: true if all of it may be accessed.
 */
bool mem_contains(const struct guest_mem *mem, uint64_t gpa, uint64_t len)
{
	while (len) {
		uint64_t part = len;

		if (!mem_at(mem, gpa, &part))
			return false;
		gpa += part;
		len -= part;
	}
	return true;
}

/**
 * mem_read() - copy from the guest
 * @mem: the regions
 * @gpa: guest physical address
 * @buf: where to
 * @len: how much
 *
 * Return: false, with nothing copied, unless all of it is guest memory.
 */
bool mem_read(const struct guest_mem *mem, uint64_t gpa, void *buf, size_t len)
{
	uint8_t *out = buf;

	if (!mem_contains(mem, gpa, len))
		return false;
	while (len) {
		uint64_t part = len;

		memcpy(out, mem_at(mem, gpa, &part), part);
		gpa += part;
		out += part;
		len -= part;
	}
	return true;
}

/**
 * mem_write() - copy to the guest
 * @mem: the regions
 * @gpa: guest physical address
 * @buf: where from
 * @len: how much
 *
 * Return: false, with nothing copied, unless all of it is guest memory.
 */
bool mem_write(const struct guest_mem *mem, uint64_t gpa, const void *buf, size_t len)
{
	const uint8_t *in = buf;

	if (!mem_contains(mem, gpa, len))
		return false;
	while (len) {
		uint64_t part = len;
		uint8_t *at = mem_at(mem, gpa, &part);

		memcpy(at, in, part);
		gpa += part;
		in += part;
		len -= part;
	}
	return true;
}
