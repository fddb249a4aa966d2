/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations of scripts, whose steps come at their times and wait for nothing. One
 * that fails is told in the log, and by the exit status.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "verdict.h"

/**
 * struct verdict - an expectation that nobody waits for
 * @expect: the expectation
 * @all: what it is one of
 * @where: file and line
 * @next: the list
 */
struct verdict {
	struct expect expect;
	struct verdicts *all;
	char where[VERDICT_MAX_WHERE];
	struct verdict *next;
};

static void log_drawing(const struct expect *e)
{
	struct buffer out = { .max = 4096 };
	char *text, *line;

	expect_draw(&out, e);
	buffer_add(&out, "", 1);
	text = buffer_head(&out);
	while (text && (line = strsep(&text, "\n")))
		if (*line)
			log_error("%s", line);
	buffer_free(&out);
}

static void remove_verdict(struct verdict *verdict)
{
	struct verdict **link = &verdict->all->open;

	while (*link != verdict)
		link = &(*link)->next;
	*link = verdict->next;
	verdict->all->count--;
	expect_end(&verdict->expect);
	free(verdict);
}

static void tell(struct verdict *verdict)
{
	const struct expect *e = &verdict->expect;

	if (e->verdict == EXPECT_FAILED) {
		verdict->all->failed = true;
		log_error("%s: expected %s: %s", verdict->where, e->said.text, e->why.text);
		log_drawing(e);
	}
	remove_verdict(verdict);
}

static void on_decided(void *ctx)
{
	tell(ctx);
}

/**
 * verdict_begin() - expect something
 * @v: those under way
 * @expect: the expectation
 * @h: where edges come from
 * @from: where the window begins, unless the expectation says it
 * @where: file and line, for the message
 * @err: why not, if so, which counts as a failure
 *
 * Return: 0 or -1.
 */
int verdict_begin(struct verdicts *v, const struct expect *expect, struct history *h,
		  const struct moment *from, const char *where, struct errmsg *err)
{
	struct verdict *verdict = NULL;

	if (v->count < VERDICT_MAX_OPEN)
		verdict = calloc(1, sizeof(*verdict));
	if (!verdict) {
		v->failed = true;
		return errmsg_set(err, "no room for one more expectation; %u are open, and at most "
				  "%d can be", v->count, VERDICT_MAX_OPEN);
	}
	*verdict = (struct verdict){ .expect = *expect, .all = v, .next = v->open };
	snprintf(verdict->where, sizeof(verdict->where), "%s", where);
	verdict->expect.decided = on_decided;
	verdict->expect.ctx = verdict;
	v->open = verdict;
	v->count++;
	if (expect_begin(&verdict->expect, h, from, err)) {
		v->failed = true;
		remove_verdict(verdict);
		return -1;
	}
	if (verdict->expect.verdict != EXPECT_OPEN)
		tell(verdict);
	return 0;
}

/**
 * verdict_free() - nothing more will come
 * @v: those under way, which failed
 */
void verdict_free(struct verdicts *v)
{
	while (v->open) {
		v->failed = true;
		log_error("%s: expected %s: the end came before the verdict", v->open->where,
			  v->open->expect.said.text);
		remove_verdict(v->open);
	}
}
