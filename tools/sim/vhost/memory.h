/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VHOST_MEMORY_H
#define VGPIO_VHOST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/* As many as other back ends have; QEMU has 512 at the most for all of memory. */
#define MEM_MAX_REGIONS	509

/**
 * struct mem_region - a piece of guest memory that the front end shares
 * @gpa: its guest physical address, used in descriptors
 * @uva: its address in the front end, used for the rings
 * @size: its length in bytes
 * @host: where it is seen here
 * @map: what mmap() returned
 * @map_size: length of the mapping
 */
struct mem_region {
	uint64_t gpa;
	uint64_t uva;
	uint64_t size;
	uint8_t *host;
	void *map;
	size_t map_size;
};

/**
 * struct guest_mem - all guest memory that may be touched
 * @regions: the pieces, overlapping in neither kind of address
 * @count: their number
 * @lost: a file was made shorter while in use; what it held is zeros now
 * @next: list of all that have regions
 */
struct guest_mem {
	struct mem_region regions[MEM_MAX_REGIONS];
	unsigned int count;
	volatile bool lost;
	struct guest_mem *next;
};

/**
 * struct mem_request - a piece that the front end asks us to map
 * @gpa: guest physical address
 * @size: length in bytes
 * @uva: address in the front end
 * @offset: where the piece begins in the file
 * @fd: the file
 */
struct mem_request {
	uint64_t gpa;
	uint64_t size;
	uint64_t uva;
	uint64_t offset;
	int fd;
};

int mem_survive_loss(void (*otherwise)(void));
int mem_map(struct guest_mem *mem, const struct mem_request *req, struct errmsg *err);
int mem_unmap(struct guest_mem *mem, const struct mem_request *req, struct errmsg *err);
void mem_clear(struct guest_mem *mem);
void *mem_from_uva(const struct guest_mem *mem, uint64_t uva, uint64_t len);
uint8_t *mem_find(const struct guest_mem *mem, uint64_t gpa, uint64_t len);
bool mem_contains(const struct guest_mem *mem, uint64_t gpa, uint64_t len);
bool mem_read(const struct guest_mem *mem, uint64_t gpa, void *buf, size_t len);
bool mem_write(const struct guest_mem *mem, uint64_t gpa, const void *buf, size_t len);

#endif
