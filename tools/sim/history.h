/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_HISTORY_H
#define VGPIO_HISTORY_H

#include "device.h"

#define HISTORY_SIZE		4096
#define HISTORY_MAX_TEXT	48

/* Stands for no line. */
#define HISTORY_NO_LINE		(~0u)

/**
 * struct moment - a place in the history of a board
 * @seq: the change that came last
 * @ns: when it was
 * @what: what happened then, for a person; empty for a moment that is not set
 */
struct moment {
	uint64_t seq;
	uint64_t ns;
	char what[HISTORY_MAX_TEXT];
};

/**
 * struct history_change - an edge of a line, or a mark
 * @ns: when it was, never before the change with the number before. It may be before a
 *	moment with a lower number: the host's kernel tells of edges a little late.
 * @line: the line; HISTORY_NO_LINE for a mark
 * @value: the line's value since then
 * @commanded: a command drives this line
 */
struct history_change {
	uint64_t ns;
	unsigned int line;
	bool value;
	bool commanded;
};

/**
 * struct history_reader - somebody who follows the history
 * @changed: called with each change, after it was recorded. It may remove its own
 *	     reader, but no other.
 * @ctx: for @changed
 * @next: the history's list
 */
struct history_reader {
	void (*changed)(void *ctx, const struct history_change *change);
	void *ctx;
	struct history_reader *next;
};

/**
 * struct history - the last changes of a board, in order
 * @dev: the device
 * @listener: what the device tells
 * @ring: change N is at N modulo HISTORY_SIZE
 * @last: number of the last change; the first one is 1
 * @oldest: number of the oldest change that is kept
 * @values: for each line, its value after the last change
 * @commanded: the line that a command drives at this instant, or HISTORY_NO_LINE
 * @stimulus: the last stimulus of anybody
 * @readers: who follows
 */
struct history {
	struct device *dev;
	struct device_listener listener;
	struct history_change *ring;
	uint64_t last;
	uint64_t oldest;
	bool *values;
	unsigned int commanded;
	struct moment stimulus;
	struct history_reader *readers;
};

int history_open(struct history *h, struct device *dev);
void history_begin(struct history *h);
void history_close(struct history *h);
void history_follow(struct history *h, struct history_reader *reader);
void history_leave(struct history *h, struct history_reader *reader);
struct moment history_now(const struct history *h, const char *what);
int history_find(const struct history *h, uint64_t seq, struct moment *found,
		 struct errmsg *err);
const struct history_change *history_change(const struct history *h, uint64_t seq);
bool history_value_at(const struct history *h, unsigned int line, uint64_t seq);

#endif
