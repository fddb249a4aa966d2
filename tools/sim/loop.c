/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The poll loop: file descriptors and timers, nothing else ever waits. */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "loop.h"

#define NS_PER_SECOND	1000000000ull

/**
 * loop_now() - the clock of the timers
 *
 * Return: nanoseconds since some fixed moment.
 */
uint64_t loop_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
}

/**
 * loop_add() - watch a descriptor
 * @loop: the loop
 * @source: the descriptor and what to call; must stay until loop_del()
 */
void loop_add(struct loop *loop, struct loop_source *source)
{
	source->next = loop->sources;
	loop->sources = source;
}

/**
 * loop_del() - watch a descriptor no longer
 * @loop: the loop
 * @source: what loop_add() got; nothing happens if it is not there
 *
 * Context: also from a source's own function; none of the removed source's
 * events is reported afterwards.
 */
void loop_del(struct loop *loop, struct loop_source *source)
{
	struct loop_source **link = &loop->sources;

	while (*link && *link != source)
		link = &(*link)->next;
	if (*link)
		*link = source->next;
	for (size_t i = 0; i < loop->count; i++)
		if (loop->polled[i] == source)
			loop->polled[i] = NULL;
}

/**
 * loop_timer_stop() - forget a timer
 * @loop: the loop
 * @timer: the timer, armed or not
 */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer **link = &loop->timers;

	while (*link && *link != timer)
		link = &(*link)->next;
	if (*link)
		*link = timer->next;
	timer->armed = false;
}

/**
 * loop_timer_start() - call a function later
 * @loop: the loop
 * @timer: the timer; one that is armed starts anew
 * @ns: how much later
 */
void loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t ns)
{
	loop_timer_stop(loop, timer);
	timer->deadline = loop_now() + ns;
	timer->armed = true;
	timer->next = loop->timers;
	loop->timers = timer;
}

static struct loop_timer *loop_next_timer(struct loop *loop)
{
	struct loop_timer *first = loop->timers;

	for (struct loop_timer *t = first; t; t = t->next)
		if (t->deadline < first->deadline)
			first = t;
	return first;
}

static void loop_run_timers(struct loop *loop)
{
	uint64_t now = loop_now();
	struct loop_timer *timer;

	while ((timer = loop_next_timer(loop)) && timer->deadline <= now) {
		loop_timer_stop(loop, timer);
		timer->expired(timer->ctx);
	}
}

static int loop_reserve(struct loop *loop, size_t need)
{
	struct loop_source **polled;
	struct pollfd *fds;

	if (need <= loop->room)
		return 0;
	need += 16;
	polled = realloc(loop->polled, need * sizeof(*polled));
	if (!polled)
		return -1;
	loop->polled = polled;
	fds = realloc(loop->fds, need * sizeof(*fds));
	if (!fds)
		return -1;
	loop->fds = fds;
	loop->room = need;
	return 0;
}

static int loop_collect(struct loop *loop)
{
	loop->count = 0;
	for (struct loop_source *s = loop->sources; s; s = s->next) {
		if (!s->events)
			continue;
		if (loop_reserve(loop, loop->count + 1))
			return -1;
		loop->polled[loop->count] = s;
		loop->fds[loop->count] = (struct pollfd){ .fd = s->fd, .events = s->events };
		loop->count++;
	}
	return 0;
}

/* Time until the next timer; NULL to sleep as long as it takes. */
static struct timespec *loop_timeout(struct loop *loop, bool may_sleep, struct timespec *ts)
{
	struct loop_timer *timer = loop_next_timer(loop);
	uint64_t now, ns = 0;

	if (may_sleep) {
		if (!timer)
			return NULL;
		now = loop_now();
		ns = timer->deadline > now ? timer->deadline - now : 0;
	}
	*ts = (struct timespec){ ns / NS_PER_SECOND, ns % NS_PER_SECOND };
	return ts;
}

static void loop_dispatch(struct loop *loop)
{
	for (size_t i = 0; i < loop->count; i++) {
		struct loop_source *source = loop->polled[i];

		if (source && loop->fds[i].revents)
			source->ready(source->ctx, loop->fds[i].revents);
	}
	loop->count = 0;
}

/**
 * loop_run_once() - wait for events and timers, and handle them
 * @loop: the loop
 * @may_sleep: wait if there is nothing to do; else only look
 *
 * Return: 0, or -1 with errno set if waiting is not possible.
 */
int loop_run_once(struct loop *loop, bool may_sleep)
{
	struct timespec ts, *timeout;

	if (loop_collect(loop))
		return -1;
	timeout = loop_timeout(loop, may_sleep, &ts);
	if (ppoll(loop->fds, loop->count, timeout, NULL) < 0) {
		loop->count = 0;
		return errno == EINTR ? 0 : -1;
	}
	loop_dispatch(loop);
	loop_run_timers(loop);
	return 0;
}

/**
 * loop_free() - give the loop's memory back
 * @loop: the loop; its sources and timers belong to others
 */
void loop_free(struct loop *loop)
{
	free(loop->polled);
	free(loop->fds);
	*loop = (struct loop){ 0 };
}
