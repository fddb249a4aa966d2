/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_ANSWER_H
#define VGPIO_ANSWER_H

#include "device.h"

void answer_deliver(struct device *dev, struct answer *answer);
void answer_tell(struct device *dev, const struct answer *answer);
void answer_release(struct device *dev);
void answer_forget(struct device *dev, enum device_queue queue);

#endif
