/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last changes of a board, with numbers and times: who asks for an edge later
 * than it came finds it here.
 */
#include <stdlib.h>

#include "history.h"

static void record(struct history *h, const struct history_change *change)
{
	struct history_reader *next;

	h->ring[++h->last % HISTORY_SIZE] = *change;
	if (h->last - h->oldest == HISTORY_SIZE)
		h->oldest++;
	for (struct history_reader *reader = h->readers; reader; reader = next) {
		next = reader->next;
		reader->changed(reader->ctx, change);
	}
}

/* The kernel may have noticed an edge before a change that was recorded already. */
static uint64_t edge_time(const struct history *h)
{
	uint64_t ns = device_change_time(h->dev), before = h->ring[h->last % HISTORY_SIZE].ns;

	return h->last && ns < before ? before : ns;
}

/* The direction or the trigger may have changed, which is no edge. */
static void on_changed(void *ctx, unsigned int line)
{
	struct history *h = ctx;
	bool value = gpio_value(&h->dev->bank, line);

	if (value == h->values[line])
		return;
	h->values[line] = value;
	record(h, &(struct history_change){
		.ns = edge_time(h), .line = line, .value = value,
		.commanded = line == h->commanded,
	});
}

static void on_marked(void *ctx, const char *text)
{
	(void)text;
	record(ctx, &(struct history_change){ .ns = loop_now(), .line = HISTORY_NO_LINE });
}

/**
 * history_open() - record what happens from now on
 * @h: the history
 * @dev: the device
 *
 * Return: 0, or -1 if there is not enough memory: history_close() is due then, too.
 */
int history_open(struct history *h, struct device *dev)
{
	*h = (struct history){
		.dev = dev, .listener = { .changed = on_changed, .marked = on_marked, .ctx = h },
		.ring = calloc(HISTORY_SIZE, sizeof(*h->ring)), .oldest = 1,
		.values = calloc(dev->bank.count, sizeof(*h->values)),
		.commanded = HISTORY_NO_LINE,
	};
	if (!h->ring || !h->values)
		return -1;
	device_listen(dev, &h->listener);
	return 0;
}

/**
 * history_begin() - forget how the board got its first values
 * @h: the history
 */
void history_begin(struct history *h)
{
	for (unsigned int i = 0; i < h->dev->bank.count; i++)
		h->values[i] = gpio_value(&h->dev->bank, i);
	h->last = 0;
	h->oldest = 1;
}

/**
 * history_close() - record no more
 * @h: the history, also after a failure of history_open()
 */
void history_close(struct history *h)
{
	if (!h->dev)
		return;
	device_unlisten(h->dev, &h->listener);
	free(h->ring);
	free(h->values);
	h->dev = NULL;
}

/**
 * history_follow() - tell somebody of each change
 * @h: the history
 * @reader: who; must stay until history_leave()
 */
void history_follow(struct history *h, struct history_reader *reader)
{
	reader->next = h->readers;
	h->readers = reader;
}

/**
 * history_leave() - tell somebody nothing more
 * @h: the history
 * @reader: who; nothing happens if it does not follow
 */
void history_leave(struct history *h, struct history_reader *reader)
{
	struct history_reader **link = &h->readers;

	while (*link && *link != reader)
		link = &(*link)->next;
	if (*link)
		*link = reader->next;
}

/**
 * history_now() - the moment before what comes next
 * @h: the history
 * @what: what comes next
 *
 * Return: the moment.
 */
struct moment history_now(const struct history *h, const char *what)
{
	struct moment now = { .seq = h->last, .ns = loop_now() };

	snprintf(now.what, sizeof(now.what), "%s", what);
	return now;
}

/**
 * history_find() - the moment of a change
 * @h: the history
 * @seq: the change
 * @found: the moment
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int history_find(const struct history *h, uint64_t seq, struct moment *found,
		 struct errmsg *err)
{
	if (seq > h->last)
		return errmsg_set(err, "there is no change %llu yet; the last one is %llu",
				  (unsigned long long)seq, (unsigned long long)h->last);
	if (seq < h->oldest)
		return errmsg_set(err, "change %llu is not kept any more; the oldest one is %llu",
				  (unsigned long long)seq, (unsigned long long)h->oldest);
	*found = (struct moment){ .seq = seq, .ns = history_change(h, seq)->ns };
	snprintf(found->what, sizeof(found->what), "change %llu", (unsigned long long)seq);
	return 0;
}

/**
 * history_change() - what happened
 * @h: the history
 * @seq: number of the change, from @h->oldest to @h->last
 *
 * Return: the change.
 */
const struct history_change *history_change(const struct history *h, uint64_t seq)
{
	return &h->ring[seq % HISTORY_SIZE];
}

/**
 * history_value_at() - the value of a line in the past
 * @h: the history
 * @line: the line
 * @seq: the change after which it had the value; all later ones must be kept
 *
 * Return: the value.
 */
bool history_value_at(const struct history *h, unsigned int line, uint64_t seq)
{
	for (uint64_t i = seq + 1; i <= h->last; i++)
		if (history_change(h, i)->line == line)
			return !history_change(h, i)->value;
	return h->values[line];
}
