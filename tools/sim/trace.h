/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TRACE_H
#define VGPIO_TRACE_H

#include "device.h"
#include "record.h"

/**
 * struct trace - a record of all that happens, one JSON object a line
 * @record: where it goes
 * @dev: the device; NULL if there is no trace
 * @listener: what the device tells
 * @start_ns: when the record began
 */
struct trace {
	struct record record;
	struct device *dev;
	struct device_listener listener;
	uint64_t start_ns;
};

int trace_open(struct trace *t, const char *path, struct device *dev, struct errmsg *err);
void trace_close(struct trace *t);

#endif
