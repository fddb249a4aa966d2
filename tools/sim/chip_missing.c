/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the host where libgpiod 2 is missing. */
#include "chip.h"

static int no_libgpiod(struct errmsg *err)
{
	return errmsg_set(err, "this vgpio-sim was built without libgpiod 2, which lines of the "
			  "host need; install libgpiod-dev, version 2, and build it again");
}

/**
 * chip_attach() - cannot make a line one of the host's
 * @dev: a device
 * @line: a line
 * @text: a line of the host
 * @err: why
 *
 * Return: -1.
 */
int chip_attach(struct device *dev, unsigned int line, const char *text, struct errmsg *err)
{
	(void)dev;
	(void)line;
	(void)text;
	return no_libgpiod(err);
}

/**
 * chip_set_bias() - cannot set the bias of a line of the host
 * @dev: a device
 * @line: a line
 * @text: a bias
 * @err: why
 *
 * Return: -1.
 */
int chip_set_bias(struct device *dev, unsigned int line, const char *text, struct errmsg *err)
{
	return chip_attach(dev, line, text, err);
}

/**
 * chip_set_active() - cannot invert a line of the host
 * @dev: a device
 * @line: a line
 * @text: a level
 * @err: why
 *
 * Return: -1.
 */
int chip_set_active(struct device *dev, unsigned int line, const char *text, struct errmsg *err)
{
	return chip_attach(dev, line, text, err);
}
