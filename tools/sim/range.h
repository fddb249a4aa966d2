/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_RANGE_H
#define VGPIO_RANGE_H

#include "text.h"

/**
 * enum quantity - what a range is about, and in which unit it is kept
 * @QUANTITY_TIME: nanoseconds
 * @QUANTITY_FREQUENCY: thousandths of a hertz
 * @QUANTITY_DUTY: thousandths of a percent
 * @QUANTITY_COUNT: a plain number
 */
enum quantity {
	QUANTITY_TIME,
	QUANTITY_FREQUENCY,
	QUANTITY_DUTY,
	QUANTITY_COUNT,
};

/**
 * struct range - what a measured value may be
 * @min: the least
 * @max: the most; UINT64_MAX for any
 */
struct range {
	uint64_t min;
	uint64_t max;
};

int range_parse(const char *text, enum quantity quantity, struct range *range,
		struct errmsg *err);
bool range_has(const struct range *range, uint64_t value);
const char *quantity_text(char *text, size_t size, enum quantity quantity, uint64_t value);

#endif
