/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_STRICT_H
#define VGPIO_STRICT_H

#include "model.h"

const char *strict_message(const struct gpio_bank *bank, const struct gpio_request *req,
			   enum driver_rule *rule);
const char *strict_event_buffer(const struct gpio_bank *bank, unsigned int line,
				enum driver_rule *rule);

#endif
