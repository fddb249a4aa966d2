/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_EXPECT_H
#define VGPIO_EXPECT_H

#include "history.h"
#include "range.h"

#define EXPECT_MAX_LEVELS	8
#define EXPECT_MAX_TEXT		128

/**
 * enum expect_kind - what is expected
 * @EXPECT_EDGE: an edge
 * @EXPECT_PULSE: a pulse of some length
 * @EXPECT_COUNT: a number of edges
 * @EXPECT_FREQUENCY: a frequency
 * @EXPECT_DUTY: a duty cycle
 * @EXPECT_QUIET: no edge
 * @EXPECT_LEVELS: values of lines at one instant
 */
enum expect_kind {
	EXPECT_EDGE,
	EXPECT_PULSE,
	EXPECT_COUNT,
	EXPECT_FREQUENCY,
	EXPECT_DUTY,
	EXPECT_QUIET,
	EXPECT_LEVELS,
};

/**
 * struct expect_level - a line and its value
 * @line: the line
 * @wanted: the value that it shall have
 * @value: the value that it has
 */
struct expect_level {
	unsigned int line;
	bool wanted;
	bool value;
};

/**
 * enum expect_verdict - what came of it
 * @EXPECT_OPEN: not known yet
 * @EXPECT_MET: what was expected came
 * @EXPECT_FAILED: it cannot come any more
 */
enum expect_verdict {
	EXPECT_OPEN,
	EXPECT_MET,
	EXPECT_FAILED,
};

/**
 * struct expect_text - an expectation in words
 * @text: the words, cut where they are too many
 */
struct expect_text {
	char text[EXPECT_MAX_TEXT];
};

/**
 * struct expect - what somebody expects of the edges in a window
 * @kind: what is expected
 * @line: of which line; HISTORY_NO_LINE for all
 * @rises: rising edges count
 * @falls: falling edges count
 * @range: what may be measured
 * @levels: the values at one instant
 * @level_count: number of @levels
 * @window_ns: length of the window
 * @since: it begins after change @since_seq, not at a moment that the caller knows
 * @since_seq: see @since
 * @said: the expectation, as it was said
 * @history: where edges come from
 * @reader: follows it
 * @timer: the end
 * @decided: called when the verdict is known, but by expect_begin()
 * @ctx: for @decided
 * @from: where the window begins
 * @end_ns: when the verdict is due
 * @last: the last change that was looked at
 * @seen: edges that count
 * @first_ns: when the first of them came
 * @last_ns: when the last of them came
 * @high_ns: how long the line was high before @last_ns, since @first_ns
 * @fallen_ns: the same, with the pulse after @last_ns
 * @verdict: what came of it
 * @met: where it was met
 * @measured: what was measured
 * @why: why it failed
 */
struct expect {
	enum expect_kind kind;
	unsigned int line;
	bool rises;
	bool falls;
	struct range range;
	struct expect_level levels[EXPECT_MAX_LEVELS];
	unsigned int level_count;
	uint64_t window_ns;
	bool since;
	uint64_t since_seq;
	struct expect_text said;

	struct history *history;
	struct history_reader reader;
	struct loop_timer timer;
	void (*decided)(void *ctx);
	void *ctx;
	struct moment from;
	uint64_t end_ns;
	uint64_t last;
	uint64_t seen;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t high_ns;
	uint64_t fallen_ns;
	enum expect_verdict verdict;
	struct moment met;
	uint64_t measured;
	struct errmsg why;
};

int expect_parse(struct expect *e, const struct gpio_bank *bank, char **words, int count,
		 struct errmsg *err);
int expect_begin(struct expect *e, struct history *h, const struct moment *from,
		 struct errmsg *err);
void expect_end(struct expect *e);
void expect_measured(struct buffer *out, const struct expect *e);
void expect_draw(struct buffer *out, const struct expect *e);

#endif
