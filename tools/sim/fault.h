/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_FAULT_H
#define VGPIO_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"
#include "text.h"

/**
 * enum fault_kind - ways to misbehave; fault_help() says what each does
 * @FAULT_KINDS: their number
 */
enum fault_kind {
	FAULT_SILENCE,
	FAULT_LOSE,
	FAULT_DELAY,
	FAULT_LATE,
	FAULT_REORDER,
	FAULT_SHORT,
	FAULT_LONG,
	FAULT_ERROR,
	FAULT_BAD_STATUS,
	FAULT_BAD_VALUE,
	FAULT_BAD_ID,
	FAULT_UNNOTIFIED,
	FAULT_NAMES_UNTERMINATED,
	FAULT_NAMES_NONASCII,
	FAULT_NAMES_DUPLICATE,
	FAULT_NAMES_FEW,
	FAULT_NAMES_MANY,
	FAULT_STORM,
	FAULT_SPURIOUS,
	FAULT_TWICE,
	FAULT_CLOSE,
	FAULT_NO_LINES,
	FAULT_HUGE_NAMES,
	FAULT_EARLY,
	FAULT_KINDS,
};

/* What a fault befalls: a VIRTIO_GPIO_MSG_*, 0 for unknown ones, or one of these. */
#define FAULT_EVENT		GPIO_MSG_TYPES
#define FAULT_CONFIG		(GPIO_MSG_TYPES + 1)
#define FAULT_QUEUE		(GPIO_MSG_TYPES + 2)
#define FAULT_ANY_REQUEST	(GPIO_MSG_TYPES + 3)

#define FAULT_ANY_LINE		UINT32_MAX
#define FAULT_ALWAYS		1000000
#define FAULT_MAX		256

/**
 * struct fault - a fault as somebody asked for it
 * @kind: what happens
 * @number: depends on @kind; see fault_help()
 * @is_time: @number is a time in nanoseconds
 * @chance: how often, in millionths
 * @type: which messages it befalls
 * @line: which line, or FAULT_ANY_LINE
 * @after: so many that it could befall are spared first
 * @times: how often at most; 0 for ever
 * @spared: how many were spared so far
 * @injected: how often it happened
 */
struct fault {
	enum fault_kind kind;
	uint64_t number;
	bool is_time;
	unsigned int chance;
	unsigned int type;
	unsigned int line;
	unsigned int after;
	unsigned int times;
	unsigned int spared;
	unsigned int injected;
};

/**
 * struct fault_set - all faults of a device
 * @list: the faults
 * @count: their number
 * @seed: what the dice began with
 * @state: the dice
 * @injected: for each kind, how often it happened since the last reset
 */
struct fault_set {
	struct fault list[FAULT_MAX];
	size_t count;
	uint64_t seed;
	uint64_t state;
	uint64_t injected[FAULT_KINDS];
};

void fault_seed(struct fault_set *set, uint64_t seed);
int fault_parse(struct fault *fault, char **words, int count, const struct gpio_bank *bank,
		struct errmsg *err);
int fault_add(struct fault_set *set, const struct fault *fault, struct errmsg *err);
void fault_remove(struct fault_set *set, enum fault_kind kind);
void fault_new_session(struct fault_set *set);
bool fault_by_chance(const struct fault_set *set);
const struct fault *fault_strikes(struct fault_set *set, enum fault_kind kind, unsigned int type,
				  unsigned int line);

const char *fault_name(enum fault_kind kind);
int fault_find(const char *name, enum fault_kind *kind, struct errmsg *err);
void fault_describe(struct buffer *out, const struct fault *fault);
void fault_help(struct buffer *out);

char *fault_spoil_names(enum fault_kind kind, const struct gpio_bank *bank);

#endif
