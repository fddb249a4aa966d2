/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_WIRE_H
#define VGPIO_WIRE_H

#include "device.h"

#define WIRES_MAX		4096
#define WIRE_MAX_ENDS		64
#define WIRE_MAX_UNDER_WAY	64
#define WIRE_NOT_DRIVEN		(-1)

/**
 * enum wire_kind - what becomes of a wire that is driven by several
 * @WIRE_PLAIN: they must agree; 0 wins, and that is said
 * @WIRE_AND: 0 wins
 * @WIRE_OPEN_DRAIN: nobody drives 1: the pull does
 */
enum wire_kind {
	WIRE_PLAIN,
	WIRE_AND,
	WIRE_OPEN_DRAIN,
};

/**
 * struct wire_place - where a wire was described
 * @file: the file; must stay
 * @number: the line in it
 */
struct wire_place {
	const char *file;
	unsigned int number;
};

/**
 * struct wire_traits - what a wire is like
 * @kind: what becomes of it if several drive it
 * @pull: the level while nobody does, or WIRE_NOT_DRIVEN
 * @delay_ns: how long a change takes to the other ends
 * @place: where that was said
 */
struct wire_traits {
	enum wire_kind kind;
	int pull;
	uint64_t delay_ns;
	struct wire_place place;
};

struct wire;
struct wire_end;

/**
 * struct wires - the wires between the lines of all boards, and to parts
 * @loop: for delays
 * @first: the list
 * @count: number of them
 * @setting_up: until wires_begin(), levels take no time, and no end is told of those of
 *		others
 */
struct wires {
	struct loop *loop;
	struct wire *first;
	unsigned int count;
	bool setting_up;
};

int wires_describe(struct wires *wires, const char *name, const struct wire_traits *traits,
		   struct errmsg *err);
int wires_join(struct wires *wires, const char *name, struct device *dev, unsigned int line,
	       bool inverted, struct errmsg *err);
int wires_check(const struct wires *wires, struct errmsg *err);
void wires_begin(struct wires *wires);
void wires_free(struct wires *wires);

struct wire_end *wire_tap(struct wires *wires, struct device *dev, unsigned int line,
			  void (*changed)(void *ctx), void *ctx, struct errmsg *err);
void wire_untap(struct wire_end *end);
void wire_drive(struct wire_end *end, int level);
bool wire_level(const struct wire_end *end);
void wire_pull(struct wire_end *end, bool up);

#endif
