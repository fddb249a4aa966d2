/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_REPORT_H
#define VGPIO_REPORT_H

#include "device.h"

void report_line(struct buffer *out, const struct gpio_bank *bank, unsigned int number);
void report_change(struct buffer *out, const struct gpio_bank *bank, unsigned int number,
		   uint64_t ns);
void report_stats(struct buffer *out, const struct device *dev);
void report_line_stats(struct buffer *out, const struct device *dev, unsigned int line);
void report_faults(struct buffer *out, const struct fault_set *set);
void report_seed(struct buffer *out, const struct fault_set *set);

#endif
