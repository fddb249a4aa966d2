/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_STATE_H
#define VGPIO_STATE_H

#include "device.h"

/**
 * struct state - a file that a device lives in, so that it outlives the simulator
 * @fd: the file, or -1 if there is none
 * @map: the file, as it is seen here
 * @size: its length
 * @memory: the device's part of it
 * @old: what an earlier simulator left there, or NULL
 */
struct state {
	int fd;
	void *map;
	size_t size;
	struct device_memory memory;
	struct device_memory *old;
};

int state_open(struct state *s, const char *path, unsigned int lines, struct errmsg *err);
void state_restore(struct state *s, struct device *dev);
void state_close(struct state *s);

#endif
