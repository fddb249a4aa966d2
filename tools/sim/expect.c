/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Expectations: what they say, and whether edges meet them. Each edge is looked at
 * once, when it comes, or from the history if it came before; its own time decides,
 * not when somebody got to look.
 */
#include <stdarg.h>
#include <string.h>

#include "expect.h"
#include "wave.h"

#define DEFAULT_WINDOW_NS	1000000000ull
#define MAX_TIME		24

static const char *time_text(char *text, uint64_t ns)
{
	return quantity_text(text, MAX_TIME, QUANTITY_TIME, ns);
}

static const struct gpio_bank *bank_of(const struct expect *e)
{
	return &e->history->dev->bank;
}

/* --- verdicts ------------------------------------------------------------------- */

static void meet(struct expect *e, uint64_t ns, uint64_t measured)
{
	e->verdict = EXPECT_MET;
	e->met = (struct moment){ .seq = e->last, .ns = ns };
	snprintf(e->met.what, sizeof(e->met.what), "%.*s", HISTORY_MAX_TEXT - 1, e->said.text);
	e->measured = measured;
}

static void miss(struct expect *e, uint64_t ns, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void miss(struct expect *e, uint64_t ns, const char *fmt, ...)
{
	va_list args;

	e->verdict = EXPECT_FAILED;
	e->met.ns = ns;
	va_start(args, fmt);
	vsnprintf(e->why.text, sizeof(e->why.text), fmt, args);
	va_end(args);
}

/* Name and value of the line, for a failure. */
static const char *line_text(const struct expect *e, struct expect_text *text)
{
	const struct gpio_bank *bank = bank_of(e);
	bool value = history_value_at(e->history, e->line, e->last);

	if (bank->lines[e->line].name)
		snprintf(text->text, sizeof(text->text), "%.96s is %d",
			 bank->lines[e->line].name, value);
	else
		snprintf(text->text, sizeof(text->text), "line %u is %d", e->line, value);
	return text->text;
}

/* The window, for a failure. */
static const char *window_text(const struct expect *e, struct expect_text *text)
{
	char length[MAX_TIME];

	snprintf(text->text, sizeof(text->text), "in %s since %s",
		 time_text(length, e->window_ns), e->from.what);
	return text->text;
}

static const char *edges_word(const struct expect *e)
{
	if (e->rises && e->falls)
		return "edge";
	return e->rises ? "rise" : "fall";
}

/* --- an edge, and the end of the window, for each kind ------------------------------ */

static void edge_came(struct expect *e, const struct history_change *change)
{
	meet(e, change->ns, change->ns - e->from.ns);
}

static void no_edge_came(struct expect *e)
{
	struct expect_text window, line;

	miss(e, e->end_ns, "no %s %s; %s", edges_word(e), window_text(e, &window),
	     line_text(e, &line));
}

/* A pulse that has begun has until its greatest length, or the least if there is none. */
static void pulse_begins(struct expect *e, const struct history_change *change)
{
	uint64_t length = e->range.max == UINT64_MAX ? e->range.min : e->range.max;

	e->first_ns = change->ns;
	e->end_ns = change->ns + length;
}

static void pulse_ends(struct expect *e, const struct history_change *change)
{
	uint64_t length = change->ns - e->first_ns;
	char text[MAX_TIME];

	if (range_has(&e->range, length))
		meet(e, change->ns, length);
	else
		miss(e, change->ns, "the pulse had %s", time_text(text, length));
}

static void pulse_edge(struct expect *e, const struct history_change *change)
{
	if (e->first_ns)
		pulse_ends(e, change);
	else if (change->value == e->rises)
		pulse_begins(e, change);
}

static void pulse_is_over(struct expect *e)
{
	char text[MAX_TIME];

	if (!e->first_ns)
		no_edge_came(e);
	else if (e->range.max == UINT64_MAX)
		meet(e, e->end_ns, e->range.min);
	else
		miss(e, e->end_ns, "the pulse is longer than %s",
		     time_text(text, e->range.max));
}

static void count_edge(struct expect *e, const struct history_change *change)
{
	char text[MAX_TIME];

	if (e->range.max == UINT64_MAX && e->seen >= e->range.min)
		meet(e, change->ns, e->seen);
	else if (e->seen > e->range.max)
		miss(e, change->ns, "%s number %llu after %s", edges_word(e),
		     (unsigned long long)e->seen, time_text(text, change->ns - e->from.ns));
}

static void count_is_over(struct expect *e)
{
	struct expect_text window;

	if (range_has(&e->range, e->seen))
		meet(e, e->end_ns, e->seen);
	else
		miss(e, e->end_ns, "%llu %s%s %s", (unsigned long long)e->seen, edges_word(e),
		     e->seen == 1 ? "" : "s", window_text(e, &window));
}

/* Whole periods are measured, from the first to the last rise. */
static void period_edge(struct expect *e, const struct history_change *change)
{
	if (!change->value) {
		if (e->seen)
			e->fallen_ns += change->ns - e->last_ns;
		return;
	}
	if (!e->seen++)
		e->first_ns = change->ns;
	e->last_ns = change->ns;
	e->high_ns = e->fallen_ns;
}

static void judge(struct expect *e, enum quantity quantity, uint64_t measured)
{
	struct expect_text window;
	char text[MAX_TIME];

	if (range_has(&e->range, measured))
		meet(e, e->end_ns, measured);
	else
		miss(e, e->end_ns, "%s %s", quantity_text(text, sizeof(text), quantity, measured),
		     window_text(e, &window));
}

static bool has_periods(struct expect *e)
{
	struct expect_text window, line;

	if (e->last_ns > e->first_ns)
		return true;
	miss(e, e->end_ns, "%llu rise%s %s, two at different times are needed; %s",
	     (unsigned long long)e->seen,
	     e->seen == 1 ? "" : "s", window_text(e, &window), line_text(e, &line));
	return false;
}

static void frequency_is_over(struct expect *e)
{
	if (has_periods(e))
		judge(e, QUANTITY_FREQUENCY, (unsigned __int128)(e->seen - 1) * 1000000000000ull /
					     (e->last_ns - e->first_ns));
}

static void duty_is_over(struct expect *e)
{
	if (has_periods(e))
		judge(e, QUANTITY_DUTY, (unsigned __int128)e->high_ns * 100000 /
					(e->last_ns - e->first_ns));
}

static void quiet_edge(struct expect *e, const struct history_change *change)
{
	const struct gpio_line *line = &bank_of(e)->lines[change->line];
	char text[MAX_TIME];

	if (e->line == HISTORY_NO_LINE && change->commanded)
		return;
	time_text(text, change->ns - e->from.ns);
	if (line->name)
		miss(e, change->ns, "a %s of %.96s after %s", change->value ? "rise" : "fall",
		     line->name, text);
	else
		miss(e, change->ns, "a %s of line %u after %s", change->value ? "rise" : "fall",
		     change->line, text);
}

static void quiet_is_over(struct expect *e)
{
	meet(e, e->end_ns, e->window_ns);
}

static bool has_levels(const struct expect *e)
{
	for (unsigned int i = 0; i < e->level_count; i++)
		if (e->levels[i].value != e->levels[i].wanted)
			return false;
	return true;
}

static void levels_edge(struct expect *e, const struct history_change *change)
{
	for (unsigned int i = 0; i < e->level_count; i++)
		if (e->levels[i].line == change->line)
			e->levels[i].value = change->value;
	if (has_levels(e))
		meet(e, change->ns, change->ns - e->from.ns);
}

static void levels_are_over(struct expect *e)
{
	struct expect_text window;
	char values[EXPECT_MAX_LEVELS + 1] = "";

	for (unsigned int i = 0; i < e->level_count; i++)
		values[i] = '0' + e->levels[i].value;
	miss(e, e->end_ns, "at no instant %s; the values are %s", window_text(e, &window),
	     values);
}

/**
 * struct kind_ops - how a kind is decided
 * @edge: an edge came that may count
 * @over: the window ended
 * @all_edges: @edge gets edges of the line in both directions
 * @quantity: what is measured
 */
struct kind_ops {
	void (*edge)(struct expect *e, const struct history_change *change);
	void (*over)(struct expect *e);
	bool all_edges;
	enum quantity quantity;
};

static const struct kind_ops kinds[] = {
	[EXPECT_EDGE]	   = { edge_came, no_edge_came, false, QUANTITY_TIME },
	[EXPECT_PULSE]	   = { pulse_edge, pulse_is_over, true, QUANTITY_TIME },
	[EXPECT_COUNT]	   = { count_edge, count_is_over, false, QUANTITY_COUNT },
	[EXPECT_FREQUENCY] = { period_edge, frequency_is_over, true, QUANTITY_FREQUENCY },
	[EXPECT_DUTY]	   = { period_edge, duty_is_over, true, QUANTITY_DUTY },
	[EXPECT_QUIET]	   = { quiet_edge, quiet_is_over, true, QUANTITY_TIME },
	[EXPECT_LEVELS]	   = { levels_edge, levels_are_over, true, QUANTITY_TIME },
};

/* --- a change after the other ----------------------------------------------------- */

static bool is_about(const struct expect *e, const struct history_change *change)
{
	if (change->line == HISTORY_NO_LINE)
		return false;
	return e->line == HISTORY_NO_LINE || e->line == change->line;
}

/* As it counts: an edge that the kernel told of late is not before its window. */
static struct history_change in_window(const struct expect *e, const struct history_change *change)
{
	struct history_change counted = *change;

	if (counted.ns < e->from.ns)
		counted.ns = e->from.ns;
	return counted;
}

static void look_at(struct expect *e, const struct history_change *recorded, uint64_t seq)
{
	const struct history_change counted = in_window(e, recorded), *change = &counted;
	const struct kind_ops *ops = &kinds[e->kind];

	if (change->ns > e->end_ns) {
		ops->over(e);
		return;
	}
	e->last = seq;
	if (!is_about(e, change))
		return;
	if (e->kind == EXPECT_COUNT && (change->value ? e->rises : e->falls))
		e->seen++;
	if (ops->all_edges || (change->value ? e->rises : e->falls))
		ops->edge(e, change);
}

static void wait_for_end(struct expect *e)
{
	uint64_t now = loop_now();

	loop_timer_start(e->history->dev->loop, &e->timer, e->end_ns > now ? e->end_ns - now : 0);
}

static void decide(struct expect *e)
{
	expect_end(e);
	e->decided(e->ctx);
}

static void on_change(void *ctx, const struct history_change *change)
{
	struct expect *e = ctx;
	uint64_t end_ns = e->end_ns;

	look_at(e, change, e->history->last);
	if (e->verdict != EXPECT_OPEN)
		decide(e);
	else if (e->end_ns != end_ns)
		wait_for_end(e);
}

static void on_end(void *ctx)
{
	struct expect *e = ctx;

	kinds[e->kind].over(e);
	decide(e);
}

static int find_window(struct expect *e, const struct moment *from, struct errmsg *err)
{
	const struct history *h = e->history;

	if (e->since) {
		if (history_find(h, e->since_seq, &e->from, err))
			return -1;
	} else {
		e->from = *from;
	}
	if (e->from.seq + 1 < h->oldest)
		return errmsg_set(err, "the window needs change %llu, which is not kept any more; "
				  "\"mark\" begins a new window",
				  (unsigned long long)e->from.seq + 1);
	return 0;
}

static void look_at_start(struct expect *e)
{
	for (unsigned int i = 0; i < e->level_count; i++)
		e->levels[i].value = history_value_at(e->history, e->levels[i].line, e->from.seq);
	if (e->kind == EXPECT_LEVELS && has_levels(e))
		meet(e, e->from.ns, 0);
}

/**
 * expect_begin() - see whether what is expected came, or comes
 * @e: the expectation, with decided and ctx set
 * @h: where edges come from
 * @from: where the window begins, unless the expectation says it
 * @err: what is wrong, if so
 *
 * Return: 0, then @e->verdict is known or @e->decided will be called; or -1 if the
 * history does not tell.
 */
int expect_begin(struct expect *e, struct history *h, const struct moment *from,
		 struct errmsg *err)
{
	e->history = h;
	if (find_window(e, from, err))
		return -1;
	e->end_ns = e->from.ns + e->window_ns;
	e->last = e->from.seq;
	look_at_start(e);
	for (uint64_t seq = e->last + 1; seq <= h->last && e->verdict == EXPECT_OPEN; seq++)
		look_at(e, history_change(h, seq), seq);
	if (e->verdict == EXPECT_OPEN && loop_now() > e->end_ns)
		kinds[e->kind].over(e);
	if (e->verdict != EXPECT_OPEN)
		return 0;
	e->reader = (struct history_reader){ .changed = on_change, .ctx = e };
	e->timer = (struct loop_timer){ .expired = on_end, .ctx = e };
	history_follow(h, &e->reader);
	wait_for_end(e);
	return 0;
}

/**
 * expect_end() - look no more
 * @e: the expectation; nothing happens if it did not begin, or has its verdict
 */
void expect_end(struct expect *e)
{
	if (!e->history)
		return;
	history_leave(e->history, &e->reader);
	loop_timer_stop(e->history->dev->loop, &e->timer);
}

/**
 * expect_measured() - what was measured, in words
 * @out: takes the text
 * @e: the expectation, met
 */
void expect_measured(struct buffer *out, const struct expect *e)
{
	char text[MAX_TIME];

	buffer_printf(out, "%llu %s", (unsigned long long)e->met.seq,
		      quantity_text(text, sizeof(text), kinds[e->kind].quantity, e->measured));
}

/**
 * expect_draw() - the last changes up to the verdict
 * @out: takes lines of text
 * @e: the expectation, with a verdict
 */
void expect_draw(struct buffer *out, const struct expect *e)
{
	unsigned int lines[EXPECT_MAX_LEVELS], count = 0;

	for (; count < e->level_count; count++)
		lines[count] = e->levels[count].line;
	if (e->kind != EXPECT_LEVELS && e->line != HISTORY_NO_LINE)
		lines[count++] = e->line;
	wave_draw(out, e->history, lines, count, &e->from, e->met.ns);
}

/* --- what people write --------------------------------------------------------------- */

/**
 * struct condition - how a kind is said
 * @word: after the line
 * @kind: the kind
 * @rises: rising edges count
 * @falls: falling edges count
 * @ranged: a range of the kind's quantity follows
 */
struct condition {
	const char *word;
	enum expect_kind kind;
	bool rises;
	bool falls;
	bool ranged;
};

static const struct condition conditions[] = {
	{ "rise", EXPECT_EDGE, true, false, false },
	{ "fall", EXPECT_EDGE, false, true, false },
	{ "edge", EXPECT_EDGE, true, true, false },
	{ "high", EXPECT_PULSE, true, false, true },
	{ "low", EXPECT_PULSE, false, true, true },
	{ "frequency", EXPECT_FREQUENCY, true, true, true },
	{ "duty", EXPECT_DUTY, true, true, true },
};

/* These come after a count. */
static const struct condition counts[] = {
	{ "rises", EXPECT_COUNT, true, false, false },
	{ "falls", EXPECT_COUNT, false, true, false },
	{ "edges", EXPECT_COUNT, true, true, false },
};

static const char usage[] =
	"use LINE rise|fall|edge, LINE high|low RANGE, LINE COUNT edges|rises|falls, "
	"LINE frequency|duty RANGE, LINE=0|1 ... or [LINE] quiet DURATION";

static const struct condition *find_condition(const struct condition *list, size_t count,
					      const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i].word, word))
			return &list[i];
	return NULL;
}

static void use_condition(struct expect *e, const struct condition *condition)
{
	e->kind = condition->kind;
	e->rises = condition->rises;
	e->falls = condition->falls;
}

static int find_line(const struct gpio_bank *bank, const char *word, unsigned int *line,
		     struct errmsg *err)
{
	int found = gpio_find(bank, word);

	if (found < 0)
		return errmsg_set(err, "no line is numbered or named \"%.255s\"", word);
	*line = found;
	return 0;
}

/* "LINE=0" and "LINE=1" */
static char *level_sign(char *word)
{
	char *sign = strrchr(word, '=');
	bool level;

	return sign && parse_level(sign + 1, &level) ? sign : NULL;
}

static bool are_levels(char **words, int count)
{
	for (int i = 0; i < count; i++)
		if (!level_sign(words[i]))
			return false;
	return count;
}

static int parse_levels(struct expect *e, const struct gpio_bank *bank, char **words, int count,
			struct errmsg *err)
{
	e->kind = EXPECT_LEVELS;
	e->line = HISTORY_NO_LINE;
	if (count > EXPECT_MAX_LEVELS)
		return errmsg_set(err, "%d lines; at most %d can be looked at at once", count,
				  EXPECT_MAX_LEVELS);
	for (int i = 0; i < count; i++) {
		struct expect_level *level = &e->levels[e->level_count++];
		char *sign = level_sign(words[i]);

		level->wanted = sign[1] == '1';
		*sign = '\0';
		if (find_line(bank, words[i], &level->line, err))
			return -1;
	}
	return 0;
}

static int parse_quiet(struct expect *e, const char *duration, struct errmsg *err)
{
	e->kind = EXPECT_QUIET;
	e->rises = true;
	e->falls = true;
	if (e->window_ns)
		return errmsg_set(err, "\"quiet\" has a duration, and no \"within\"");
	if (!parse_duration(duration, &e->window_ns))
		return errmsg_set(err, "after \"quiet\" comes a duration, such as 100ms");
	return 0;
}

static int parse_condition(struct expect *e, char **words, int count, struct errmsg *err)
{
	const struct condition *condition;

	condition = find_condition(conditions, ARRAY_SIZE(conditions), words[1]);
	if (condition && count == 2 + condition->ranged) {
		use_condition(e, condition);
		return condition->ranged ? range_parse(words[2], kinds[e->kind].quantity,
						       &e->range, err) : 0;
	}
	if (count == 3 && !strcmp(words[1], "quiet"))
		return parse_quiet(e, words[2], err);
	condition = count == 3 ? find_condition(counts, ARRAY_SIZE(counts), words[2]) : NULL;
	if (!condition)
		return errmsg_set(err, "%s", usage);
	use_condition(e, condition);
	return range_parse(words[1], QUANTITY_COUNT, &e->range, err);
}

/* "within DURATION" and "since N" at the end; returns how many words are before, or -1. */
static int parse_window(struct expect *e, char **words, int count, struct errmsg *err)
{
	for (; count > 2; count -= 2) {
		const char *word = words[count - 2], *value = words[count - 1];
		unsigned int seq;

		if (!strcmp(word, "within")) {
			if (e->window_ns || !parse_duration(value, &e->window_ns))
				return errmsg_set(err, "after \"within\" comes a duration, such as "
						  "500ms, once");
		} else if (!strcmp(word, "since")) {
			if (e->since || !parse_uint(value, &seq))
				return errmsg_set(err, "after \"since\" comes the number of a "
						  "change, once");
			e->since = true;
			e->since_seq = seq;
		} else {
			break;
		}
	}
	return count;
}

static void keep_text(struct expect *e, char **words, int count)
{
	size_t len = 0;

	for (int i = 0; i < count && len < sizeof(e->said.text); i++)
		len += snprintf(e->said.text + len, sizeof(e->said.text) - len, "%s%s",
				i ? " " : "", words[i]);
}

/**
 * expect_parse() - read an expectation
 * @e: the expectation; its decided and ctx are not set
 * @bank: the lines
 * @words: what was said; changed
 * @count: number of @words
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int expect_parse(struct expect *e, const struct gpio_bank *bank, char **words, int count,
		 struct errmsg *err)
{
	*e = (struct expect){ .line = HISTORY_NO_LINE };
	keep_text(e, words, count);
	count = parse_window(e, words, count, err);
	if (count < 0)
		return -1;
	if (count == 2 && !strcmp(words[0], "quiet"))
		return parse_quiet(e, words[1], err);
	if (!e->window_ns && !(count == 3 && !strcmp(words[1], "quiet")))
		e->window_ns = DEFAULT_WINDOW_NS;
	if (are_levels(words, count))
		return parse_levels(e, bank, words, count, err);
	if (count < 2)
		return errmsg_set(err, "%s", usage);
	return find_line(bank, words[0], &e->line, err) ? -1 :
	       parse_condition(e, words, count, err);
}
