/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_PART_H
#define VGPIO_PART_H

#include "wire.h"

/**
 * enum part_type - what follows a property of a part
 * @PART_LINE: a line, by its number or name
 * @PART_TIME: a duration
 * @PART_LEVEL: "low" or "high"
 * @PART_NUMBER: a number, decimal or hexadecimal
 */
enum part_type {
	PART_LINE,
	PART_TIME,
	PART_LEVEL,
	PART_NUMBER,
};

/**
 * struct part_property - what can be said about a kind of part
 * @key: its word; NULL ends a list
 * @type: what follows
 * @needed: it has to be said
 * @max: the largest number
 * @place: where it goes: an unsigned int for a line or a number, a uint64_t for a
 *	   duration, a bool for a level
 */
struct part_property {
	const char *key;
	enum part_type type;
	bool needed;
	unsigned int max;
	size_t place;
};

/**
 * struct part_call - what a part is told to do
 * @words: the action, and what belongs to it
 * @count: number of @words
 * @check: only see if it could be done
 * @out: takes a reply
 * @err: what is wrong, if so
 */
struct part_call {
	char **words;
	int count;
	bool check;
	struct buffer *out;
	struct errmsg *err;
};

struct part;

/**
 * struct part_kind - a kind of part
 * @name: its name
 * @size: size of one, which begins with a struct part
 * @properties: what can be said about it
 * @defaults: sets what need not be said
 * @connect: puts it on its lines: 0 or -1
 * @act: has it do something: 0 or -1
 * @describe: tells how it is, after a blank
 * @disconnect: takes it off its lines, also if @connect failed
 */
struct part_kind {
	const char *name;
	size_t size;
	const struct part_property *properties;
	void (*defaults)(struct part *part);
	int (*connect)(struct part *part, struct errmsg *err);
	int (*act)(struct part *part, const struct part_call *call);
	void (*describe)(const struct part *part, struct buffer *out);
	void (*disconnect)(struct part *part);
};

/**
 * struct part - something that is on lines of a device
 * @kind: what it is
 * @name: its name
 * @dev: the device
 * @next: the device's list
 */
struct part {
	const struct part_kind *kind;
	char *name;
	struct device *dev;
	struct part *next;
};

#endif
