/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_LOOP_H
#define VGPIO_LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct loop_source - a file descriptor that the loop watches
 * @fd: the descriptor, owned by the user
 * @events: poll events wanted now; 0 lets it rest
 * @ready: called with the events that came
 * @ctx: for @ready
 * @next: the loop's list
 */
struct loop_source {
	int fd;
	short events;
	void (*ready)(void *ctx, short revents);
	void *ctx;
	struct loop_source *next;
};

/**
 * struct loop_timer - a function to call once, later
 * @deadline: when, on the clock of loop_now()
 * @armed: it is still to come
 * @expired: called then
 * @ctx: for @expired
 * @next: the loop's list of armed timers
 */
struct loop_timer {
	uint64_t deadline;
	bool armed;
	void (*expired)(void *ctx);
	void *ctx;
	struct loop_timer *next;
};

/**
 * struct loop - the one place where the simulator sleeps
 * @sources: all watched descriptors
 * @timers: all armed timers
 * @polled: sources of the poll in progress; NULL where one was removed
 * @fds: the poll's array
 * @room: size of @polled and @fds
 * @count: entries in use in @polled and @fds
 */
struct loop {
	struct loop_source *sources;
	struct loop_timer *timers;
	struct loop_source **polled;
	struct pollfd *fds;
	size_t room;
	size_t count;
};

uint64_t loop_now(void);
void loop_add(struct loop *loop, struct loop_source *source);
void loop_del(struct loop *loop, struct loop_source *source);
void loop_timer_start(struct loop *loop, struct loop_timer *timer, uint64_t ns);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);
int loop_run_once(struct loop *loop, bool may_sleep);
void loop_free(struct loop *loop);

#endif
