/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CHECK_REPORT_H
#define VGPIO_CHECK_REPORT_H

#include <stdio.h>

#include "check/catalogue.h"

/**
 * struct report - where verdicts go
 * @plan: what the user asked for
 * @junit: the file for XML, or NULL
 * @cases: what goes into it between its first and its last line
 * @text: the storage of @cases
 * @length: its length
 * @total: number of checks that are to run
 * @done: number of checks that ran
 * @counts: for each verdict, how many
 */
struct report {
	const struct plan *plan;
	FILE *junit;
	FILE *cases;
	char *text;
	size_t length;
	unsigned int total;
	unsigned int done;
	unsigned int counts[VERDICTS];
};

int report_open(struct report *report, const struct plan *plan, unsigned int total,
		struct errmsg *err);
void report_add(struct report *report, const struct check *check, const struct run *run,
		double seconds);
int report_close(struct report *report, struct errmsg *err);

#endif
