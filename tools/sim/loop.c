/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop: file descriptors and timers, nothing else ever waits. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

#define NS_PER_SECOND	1000000000ull

/* Most timers to serve in a row, so that the descriptors get their turn. */
#define ROUND_TIMERS	64

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

static int open_epoll(struct loop *loop)
{
	if (loop->open)
		return 0;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->open = loop->epoll >= 0;
	return loop->open ? 0 : -1;
}

/* What cannot be watched makes the next loop_run_once() fail. */
static void watch(struct loop *loop, struct loop_source *source, int how)
{
	struct epoll_event event = { .events = source->events, .data.ptr = source };

	if (open_epoll(loop) || epoll_ctl(loop->epoll, how, source->fd, &event))
		loop->error = errno;
	else
		loop->sources += (how == EPOLL_CTL_ADD) - (how == EPOLL_CTL_DEL);
}

/**
 * loop_add() - watch a descriptor
 * @loop: the loop
 * @source: the descriptor and what to call; must stay until loop_del()
 */
void loop_add(struct loop *loop, struct loop_source *source)
{
	uint32_t events = source->events;

	source->events = 0;
	loop_want(loop, source, events);
}

static void forget_ready(struct loop *loop, const struct loop_source *source)
{
	for (size_t i = 0; i < loop->ready_count; i++)
		if (loop->ready[i] == source)
			loop->ready[i] = NULL;
}

/**
 * loop_want() - watch a descriptor for other events
 * @loop: the loop
 * @source: what loop_add() got
 * @events: EPOLL*; 0 lets it rest
 */
void loop_want(struct loop *loop, struct loop_source *source, uint32_t events)
{
	uint32_t before = source->events;

	if (events == before)
		return;
	source->events = events;
	if (!events)
		forget_ready(loop, source);
	watch(loop, source, !before ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL);
}

/**
 * loop_del() - watch a descriptor no longer
 * @loop: the loop
 * @source: what loop_add() got; nothing happens if it is not there
 *
 * Context: before the descriptor is closed, as others may have it, too. Also
 * from a source's own function; none of the removed source's events is reported
 * afterwards.
 */
void loop_del(struct loop *loop, struct loop_source *source)
{
	loop_want(loop, source, 0);
}

static void put(struct loop *loop, size_t place, struct loop_timer *timer)
{
	loop->heap[place] = timer;
	timer->place = place;
}

static void move_up(struct loop *loop, struct loop_timer *timer, size_t place)
{
	while (place && timer->deadline < loop->heap[(place - 1) / 2]->deadline) {
		put(loop, place, loop->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	put(loop, place, timer);
}

/* The child that ends first, or the number of timers if there is none. */
static size_t first_child(const struct loop *loop, size_t place)
{
	size_t child = 2 * place + 1;

	if (child + 1 < loop->timers &&
	    loop->heap[child + 1]->deadline < loop->heap[child]->deadline)
		return child + 1;
	return child < loop->timers ? child : loop->timers;
}

static void move_down(struct loop *loop, struct loop_timer *timer, size_t place)
{
	size_t child = first_child(loop, place);

	while (child < loop->timers && loop->heap[child]->deadline < timer->deadline) {
		put(loop, place, loop->heap[child]);
		place = child;
		child = first_child(loop, place);
	}
	move_up(loop, timer, place);
}

static int reserve_timer(struct loop *loop)
{
	struct loop_timer **heap;

	if (loop->timers < loop->room)
		return 0;
	heap = reallocarray(loop->heap, 2 * loop->room + 16, sizeof(*heap));
	if (!heap)
		return -1;
	loop->heap = heap;
	loop->room = 2 * loop->room + 16;
	return 0;
}

/**
 * loop_timer_stop() - forget a timer
 * @loop: the loop
 * @timer: the timer, armed or not
 */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
	struct loop_timer *last;

	if (!timer->armed)
		return;
	timer->armed = false;
	last = loop->heap[--loop->timers];
	if (last != timer)
		move_down(loop, last, timer->place);
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
	if (reserve_timer(loop)) {
		loop->error = ENOMEM;
		return;
	}
	timer->deadline = loop_now() + ns;
	timer->armed = true;
	move_up(loop, timer, loop->timers++);
}

static void run_timers(struct loop *loop)
{
	uint64_t now = loop->timers ? loop_now() : 0;

	for (unsigned int i = 0; i < ROUND_TIMERS && loop->timers; i++) {
		struct loop_timer *timer = loop->heap[0];

		if (timer->deadline > now)
			return;
		loop_timer_stop(loop, timer);
		timer->expired(timer->ctx);
	}
}

/* epoll knows only milliseconds. */
static int sleep_until_next_timer(const struct loop *loop)
{
	struct pollfd pfd = { .fd = loop->epoll, .events = POLLIN };
	uint64_t now = loop_now(), deadline = loop->heap[0]->deadline;
	uint64_t ns = deadline > now ? deadline - now : 0;
	struct timespec ts = { ns / NS_PER_SECOND, ns % NS_PER_SECOND };

	return ns ? ppoll(&pfd, 1, &ts, NULL) : 0;
}

static int wait_for_events(const struct loop *loop, bool may_sleep, struct epoll_event *events)
{
	bool timers = loop->timers;

	if (may_sleep && timers && sleep_until_next_timer(loop) < 0)
		return -1;
	return epoll_wait(loop->epoll, events, LOOP_MAX_READY, may_sleep && !timers ? -1 : 0);
}

static void call_ready(struct loop *loop, const struct epoll_event *events, int count)
{
	loop->ready_count = count;
	for (int i = 0; i < count; i++)
		loop->ready[i] = events[i].data.ptr;
	for (int i = 0; i < count; i++)
		if (loop->ready[i])
			loop->ready[i]->ready(loop->ready[i]->ctx, events[i].events);
	loop->ready_count = 0;
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
	struct epoll_event events[LOOP_MAX_READY];
	int count;

	if (loop->error || open_epoll(loop)) {
		errno = loop->error ?: errno;
		return -1;
	}
	count = wait_for_events(loop, may_sleep, events);
	if (count < 0)
		return errno == EINTR ? 0 : -1;
	call_ready(loop, events, count);
	run_timers(loop);
	return 0;
}

/**
 * loop_free() - give the loop's memory back
 * @loop: the loop; its sources and timers belong to others
 */
void loop_free(struct loop *loop)
{
	if (loop->open)
		close(loop->epoll);
	free(loop->heap);
	*loop = (struct loop){ 0 };
}
