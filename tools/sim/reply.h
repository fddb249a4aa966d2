/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_REPLY_H
#define VGPIO_REPLY_H

#include "lines.h"

void reply_deliver(struct device *dev, struct reply *reply);
void reply_tell(struct device *dev, const struct reply *reply);
void reply_release(struct device *dev);
void reply_forget(struct device *dev, enum device_queue queue);

#endif
