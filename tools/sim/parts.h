/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_PARTS_H
#define VGPIO_PARTS_H

#include "part.h"

int parts_add(struct device *dev, char **words, int count, struct errmsg *err);
int parts_act(struct device *dev, const char *name, const struct part_call *call);
int parts_describe(struct device *dev, const char *name, struct buffer *out, struct errmsg *err);
void parts_free(struct device *dev);

#endif
