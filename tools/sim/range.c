/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ranges of times, frequencies, duty cycles and counts, as people write them. */
#include <string.h>

#include "range.h"

/* Digits before the point; what is larger is a mistake. */
#define MAX_DIGITS	9
#define MAX_DECIMALS	3
#define PERCENT		100000

/**
 * struct unit - a unit, and what it is worth
 * @name: the unit
 * @worth: in the unit that the quantity is kept in
 */
struct unit {
	const char *name;
	uint64_t worth;
};

/**
 * struct quantity_info - how a quantity is written
 * @units: the units, the smallest first; the end has no name
 * @example: a range
 */
struct quantity_info {
	struct unit units[4];
	const char *example;
};

static const struct quantity_info quantities[] = {
	[QUANTITY_TIME] = {
		{ { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } }, "40ms..60ms",
	},
	[QUANTITY_FREQUENCY] = {
		{ { "Hz", 1000 }, { "kHz", 1000000 }, { "MHz", 1000000000 } }, "50Hz+-2%",
	},
	[QUANTITY_DUTY] = { { { "%", 1000 } }, "20%..30%" },
	[QUANTITY_COUNT] = { { { "", 1 } }, "9..11" },
};

/* Digits up to @max of them; false if there are none, or more. */
static bool take_digits(const char **text, size_t max, uint64_t *value, size_t *count)
{
	*count = strspn(*text, "0123456789");
	*value = 0;
	if (!*count || *count > max)
		return false;
	for (size_t i = 0; i < *count; i++)
		*value = *value * 10 + *(*text)++ - '0';
	return true;
}

/* A number in thousandths. */
static bool take_number(const char **text, uint64_t *thousandths)
{
	uint64_t decimals = 0;
	size_t count;

	if (!take_digits(text, MAX_DIGITS, thousandths, &count))
		return false;
	*thousandths *= 1000;
	if ((*text)[0] != '.' || (*text)[1] == '.')
		return true;
	++*text;
	if (!take_digits(text, MAX_DECIMALS, &decimals, &count))
		return false;
	for (; count < MAX_DECIMALS; count++)
		decimals *= 10;
	*thousandths += decimals;
	return true;
}

static const struct unit *take_unit(const char **text, enum quantity quantity)
{
	for (const struct unit *unit = quantities[quantity].units; unit->name; unit++) {
		size_t len = strlen(unit->name);

		if (strncmp(*text, unit->name, len) ||
		    ((*text)[len] && !strchr(".+", (*text)[len])))
			continue;
		*text += len;
		return unit;
	}
	return NULL;
}

static bool take_value(const char **text, enum quantity quantity, uint64_t *value)
{
	const struct unit *unit;
	uint64_t thousandths;

	if (!take_number(text, &thousandths))
		return false;
	unit = take_unit(text, quantity);
	if (!unit || (unit->worth < 1000 && thousandths % 1000))
		return false;
	*value = unit->worth < 1000 ? thousandths / 1000 * unit->worth :
				      thousandths * (unit->worth / 1000);
	return true;
}

/* What follows a value: "+-N%". */
static bool take_tolerance(const char **text, struct range *range)
{
	uint64_t percent, by;

	*text += strlen("+-");
	if (!take_value(text, QUANTITY_DUTY, &percent) || percent > PERCENT)
		return false;
	by = (unsigned __int128)range->min * percent / PERCENT;
	range->max = range->min + by;
	range->min -= by;
	return true;
}

static bool take_range(const char **text, enum quantity quantity, struct range *range)
{
	*range = (struct range){ 0, UINT64_MAX };
	if (strncmp(*text, "..", 2)) {
		if (!take_value(text, quantity, &range->min))
			return false;
		if (!strncmp(*text, "+-", 2))
			return take_tolerance(text, range);
		range->max = range->min;
	} else if (!(*text)[2]) {
		return false;
	}
	if (strncmp(*text, "..", 2))
		return true;
	*text += strlen("..");
	range->max = UINT64_MAX;
	return !**text || take_value(text, quantity, &range->max);
}

/**
 * range_parse() - read a range
 * @text: MIN..MAX, MIN.., ..MAX, VALUE+-N%, or a count
 * @quantity: what it is about
 * @range: the range
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int range_parse(const char *text, enum quantity quantity, struct range *range,
		struct errmsg *err)
{
	const struct quantity_info *info = &quantities[quantity];
	const char *end = text;

	if (!take_range(&end, quantity, range) || *end)
		return errmsg_set(err, "\"%.64s\" must be MIN..MAX, MIN.., ..MAX or VALUE+-N%%, "
				  "such as %s", text, info->example);
	if (range->min > range->max)
		return errmsg_set(err, "\"%.64s\" begins above its end", text);
	if (range->min == range->max && quantity != QUANTITY_COUNT)
		return errmsg_set(err, "\"%.64s\" will not be met exactly; give a range, such as "
				  "%s", text, info->example);
	return 0;
}

/**
 * range_has() - is a value as it should be?
 * @range: the range
 * @value: the value
 *
 * Return: true if it is.
 */
bool range_has(const struct range *range, uint64_t value)
{
	return value >= range->min && value <= range->max;
}

/* The largest unit of which there is one. */
static const struct unit *fitting_unit(enum quantity quantity, uint64_t value)
{
	const struct unit *unit = quantities[quantity].units;

	while (unit[1].name && value >= unit[1].worth)
		unit++;
	return unit;
}

/**
 * quantity_text() - a value as people write it
 * @text: takes it
 * @size: room in @text
 * @quantity: what it is
 * @value: the value
 *
 * Return: @text.
 */
const char *quantity_text(char *text, size_t size, enum quantity quantity, uint64_t value)
{
	const struct unit *unit = fitting_unit(quantity, value);
	int len = snprintf(text, size, "%llu.%03llu", (unsigned long long)(value / unit->worth),
			   (unsigned long long)(value % unit->worth * 1000 / unit->worth));

	while (text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	snprintf(text + len, size - len, "%s", unit->name);
	return text;
}
