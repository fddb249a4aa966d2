/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CHECK_CATALOGUE_H
#define VGPIO_CHECK_CATALOGUE_H

#include <stddef.h>

#include "check/run.h"

/* What a check needs, or is skipped or blocked without. */
#define NEEDS_LINE	1
#define NEEDS_IRQ	2
#define NEEDS_STIMULUS	4

/* It compares levels: whether the device tells their inverse must be known. */
#define NEEDS_LEVELS	8

/**
 * struct check - a requirement, and how to find out whether a device meets it
 * @id: its name
 * @what: it in our words
 * @section: where the specification says it
 * @sentence: what it says there; in brackets, why nothing is said
 * @should: it says "should": not to do it is worth a warning
 * @needs: NEEDS_*
 * @run: finds out; true if the device passes
 */
struct check {
	const char *id;
	const char *what;
	const char *section;
	const char *sentence;
	bool should;
	unsigned int needs;
	bool (*run)(struct run *run);
};

extern const struct check catalogue[];
extern const size_t catalogue_size;

const char *catalogue_quote(const struct check *check);
bool catalogue_has(const char *list, size_t len);
bool catalogue_chosen(const char *list, const struct check *check);
void catalogue_prepare(struct run *run);
void catalogue_run(struct run *run, const struct check *check);

#endif
