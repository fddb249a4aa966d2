/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TRACE_H
#define VGPIO_TRACE_H

#include <stdio.h>

#include "device.h"

/**
 * struct trace - a record of all that happens, one JSON object a line
 * @file: where it goes; NULL if there is none
 * @path: its name, for messages
 * @dev: the device
 * @listener: what the device tells
 * @start_ns: when the record began
 * @line: the object being written
 */
struct trace {
	FILE *file;
	const char *path;
	struct device *dev;
	struct device_listener listener;
	uint64_t start_ns;
	struct buffer line;
};

int trace_open(struct trace *t, const char *path, struct device *dev, struct errmsg *err);
void trace_close(struct trace *t);

#endif
