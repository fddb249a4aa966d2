/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CHIP_H
#define VGPIO_CHIP_H

#include "device.h"

int chip_attach(struct device *dev, unsigned int line, const char *text, struct errmsg *err);
int chip_set_bias(struct device *dev, unsigned int line, const char *text, struct errmsg *err);
int chip_set_active(struct device *dev, unsigned int line, const char *text, struct errmsg *err);

#endif
