/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device for the tests, without a front end. */
#include "guest.h"

#include "host.h"

/**
 * host_init() - make a device
 * @h: the host, zeroed
 * @lines: number of lines
 */
void host_init(struct host *h, unsigned int lines)
{
	assert_int_equal(device_init(&h->dev, lines), 0);
	bench_init(&h->bench, &h->loop, &h->dev);
}

/**
 * host_free() - give the device back
 * @h: the host
 */
void host_free(struct host *h)
{
	bench_free(&h->bench);
	device_free(&h->dev);
	loop_free(&h->loop);
}

/**
 * host_name() - name a line
 * @h: the host
 * @line: the line
 * @name: its name
 */
void host_name(struct host *h, unsigned int line, const char *name)
{
	struct errmsg err;

	assert_int_equal(gpio_set_name(&h->dev.bank, line, name, &err), 0);
}
