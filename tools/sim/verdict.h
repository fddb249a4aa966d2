/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VERDICT_H
#define VGPIO_VERDICT_H

#include "expect.h"

#define VERDICT_MAX_OPEN	64
#define VERDICT_MAX_WHERE	256

struct verdict;

/**
 * struct verdicts - expectations that nobody waits for
 * @open: those without a verdict
 * @count: number of @open
 * @failed: one failed
 */
struct verdicts {
	struct verdict *open;
	unsigned int count;
	bool failed;
};

int verdict_begin(struct verdicts *v, const struct expect *expect, struct history *h,
		  const struct moment *from, const char *where, struct errmsg *err);
void verdict_free(struct verdicts *v);

#endif
