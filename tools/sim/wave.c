/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last changes as waveforms in text, a column for each. */
#include <string.h>

#include "range.h"
#include "wave.h"

#define MAX_COLUMNS	6
#define MAX_ROWS	10
#define MAX_OTHERS	3
#define COLUMN_WIDTH	11
#define MAX_NAME	16

/**
 * struct wave - a drawing
 * @history: where changes come from
 * @from: the time 0
 * @until_ns: the end
 * @last: the last change before it
 * @rows: the lines
 * @row_count: number of @rows
 * @columns: the changes, the last one first
 * @column_count: number of @columns
 */
struct wave {
	const struct history *history;
	const struct moment *from;
	uint64_t until_ns;
	uint64_t last;
	unsigned int rows[MAX_ROWS];
	unsigned int row_count;
	uint64_t columns[MAX_COLUMNS];
	unsigned int column_count;
};

static bool has_row(const struct wave *w, unsigned int line)
{
	for (unsigned int i = 0; i < w->row_count; i++)
		if (w->rows[i] == line)
			return true;
	return false;
}

static uint64_t find_last(const struct history *h, uint64_t until_ns)
{
	uint64_t seq = h->last;

	while (seq >= h->oldest && history_change(h, seq)->ns > until_ns)
		seq--;
	return seq;
}

/* The edge before @seq, or 0. */
static uint64_t edge_before(const struct wave *w, uint64_t seq)
{
	while (--seq >= w->history->oldest)
		if (history_change(w->history, seq)->line != HISTORY_NO_LINE)
			return seq;
	return 0;
}

/* Of the other lines, those that changed last in the window. */
static void add_other_rows(struct wave *w)
{
	unsigned int others = 0;

	for (uint64_t seq = edge_before(w, w->last + 1);
	     seq > w->from->seq && others < MAX_OTHERS && w->row_count < MAX_ROWS;
	     seq = edge_before(w, seq)) {
		unsigned int line = history_change(w->history, seq)->line;

		if (has_row(w, line))
			continue;
		w->rows[w->row_count++] = line;
		others++;
	}
}

static void choose_columns(struct wave *w)
{
	for (uint64_t seq = edge_before(w, w->last + 1); seq && w->column_count < MAX_COLUMNS;
	     seq = edge_before(w, seq))
		if (has_row(w, history_change(w->history, seq)->line))
			w->columns[w->column_count++] = seq;
}

static void draw_time(struct buffer *out, const struct wave *w, uint64_t ns, int width)
{
	char text[24];
	bool before = ns < w->from->ns;

	quantity_text(text, sizeof(text), QUANTITY_TIME,
		      before ? w->from->ns - ns : ns - w->from->ns);
	buffer_printf(out, "%s%-*s", before ? "-" : "", width - before, text);
}

static void draw_times(struct buffer *out, const struct wave *w)
{
	buffer_printf(out, "  %*s", MAX_NAME + 4, "");
	for (unsigned int i = w->column_count; i--; )
		draw_time(out, w, history_change(w->history, w->columns[i])->ns, COLUMN_WIDTH);
	draw_time(out, w, w->until_ns, 0);
	buffer_printf(out, "\n");
}

static void draw_name(struct buffer *out, const struct wave *w, unsigned int line)
{
	const char *name = w->history->dev->bank.lines[line].name;

	if (name)
		buffer_printf(out, "  %-*.*s  ", MAX_NAME, MAX_NAME, name);
	else
		buffer_printf(out, "  line %-*u  ", MAX_NAME - 5, line);
}

static void draw_level(struct buffer *out, bool value, int width)
{
	while (width--)
		buffer_add(out, value ? "~" : "_", 1);
}

static void draw_row(struct buffer *out, const struct wave *w, unsigned int line)
{
	uint64_t first = w->column_count ? w->columns[w->column_count - 1] : w->last + 1;
	bool value = history_value_at(w->history, line, first - 1);

	draw_name(out, w, line);
	draw_level(out, value, 2);
	for (unsigned int i = w->column_count; i--; ) {
		const struct history_change *change = history_change(w->history, w->columns[i]);
		bool edge = change->line == line;

		if (edge) {
			value = change->value;
			buffer_add(out, value ? "/" : "\\", 1);
		}
		draw_level(out, value, COLUMN_WIDTH - edge);
	}
	buffer_printf(out, "|\n");
}

/**
 * wave_draw() - draw the last changes
 * @out: takes lines of text, indented
 * @h: the history
 * @lines: lines to show; others that changed are shown below them
 * @count: number of @lines, at most 8
 * @from: the time 0
 * @until_ns: changes after it are not shown
 */
void wave_draw(struct buffer *out, const struct history *h, const unsigned int *lines,
	       unsigned int count, const struct moment *from, uint64_t until_ns)
{
	struct wave w = {
		.history = h, .from = from, .until_ns = until_ns, .last = find_last(h, until_ns),
	};

	for (unsigned int i = 0; i < count; i++)
		if (!has_row(&w, lines[i]))
			w.rows[w.row_count++] = lines[i];
	add_other_rows(&w);
	choose_columns(&w);
	draw_times(out, &w);
	for (unsigned int i = 0; i < w.row_count; i++)
		draw_row(out, &w, w.rows[i]);
}
