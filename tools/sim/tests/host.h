/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_HOST_H
#define VGPIO_TEST_HOST_H

#include "bench.h"

/**
 * struct host - a device, and what the host does with it
 * @loop: its loop
 * @dev: the device
 * @bench: pulses, scripts and records
 */
struct host {
	struct loop loop;
	struct device dev;
	struct bench bench;
};

void host_init(struct host *h, unsigned int lines);
void host_free(struct host *h);
void host_name(struct host *h, unsigned int line, const char *name);

#endif
