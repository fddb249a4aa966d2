/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VCD_H
#define VGPIO_VCD_H

#include "device.h"
#include "record.h"

/**
 * struct vcd_line - what the waveforms show of a line
 * @value: its value
 * @output: the guest drives it
 * @at: when that changed last
 */
struct vcd_line {
	bool value;
	bool output;
	uint64_t at;
};

/**
 * struct vcd - waveforms of all lines, as a value change dump
 * @record: where they go
 * @dev: the device; NULL if there are no waveforms
 * @listener: what the device tells
 * @start_ns: when the waveforms began
 * @now: the last time written, in microseconds since then
 * @shown: for each line, what the file says last
 */
struct vcd {
	struct record record;
	struct device *dev;
	struct device_listener listener;
	uint64_t start_ns;
	uint64_t now;
	struct vcd_line *shown;
};

int vcd_open(struct vcd *v, const char *path, struct device *dev, struct errmsg *err);
void vcd_close(struct vcd *v);

#endif
