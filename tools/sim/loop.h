/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_LOOP_H
#define VGPIO_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#define LOOP_MAX_READY	64

/**
 * struct loop_source - a file descriptor that the loop watches
 * @fd: the descriptor, owned by the user
 * @events: EPOLL* wanted, for loop_add(); loop_want() changes them. 0 lets it
 *	    rest: then not even its end is told of.
 * @ready: called with the events that came
 * @ctx: for @ready
 */
struct loop_source {
	int fd;
	uint32_t events;
	void (*ready)(void *ctx, uint32_t events);
	void *ctx;
};

/**
 * struct loop_timer - a function to call once, later
 * @deadline: when, on the clock of loop_now()
 * @armed: it is still to come
 * @expired: called then
 * @ctx: for @expired
 * @place: where it is in the loop's heap
 */
struct loop_timer {
	uint64_t deadline;
	bool armed;
	void (*expired)(void *ctx);
	void *ctx;
	size_t place;
};

/**
 * struct loop - the one place where the simulator sleeps
 * @epoll: watches the sources, if @open
 * @open: there is @epoll
 * @error: the errno of the last failure, or 0
 * @sources: number of sources that do not rest
 * @ready: sources that are being called; NULL where one was removed
 * @ready_count: number of @ready
 * @heap: armed timers; none ends before its parent, which is at half its place
 * @timers: number of @heap
 * @room: size of @heap
 */
struct loop {
	int epoll;
	bool open;
	int error;
	size_t sources;
	struct loop_source *ready[LOOP_MAX_READY];
	size_t ready_count;
	struct loop_timer **heap;
	size_t timers;
	size_t room;
};

uint64_t loop_now(void);
void loop_add(struct loop *loop, struct loop_source *source);
void loop_want(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_del(struct loop *loop, struct loop_source *source);
void loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t ns);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);
int loop_run_once(struct loop *loop, bool may_sleep);
void loop_free(struct loop *loop);

#endif
