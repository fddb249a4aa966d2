/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_COMMAND_H
#define VGPIO_COMMAND_H

#include "board.h"

#define COMMAND_MAX_EDGES	100000
#define COMMAND_MAX_LINE	4096
/* "expect" with eight levels, "within" and "since". */
#define COMMAND_MAX_WORDS	13
#define COMMAND_MAX_WATCHED	(COMMAND_MAX_WORDS - 1)

struct line_state;

/**
 * struct job - what somebody who gives commands waits for
 * @board: what the commands are about
 * @out: takes the replies
 * @wake: called when job_step() can go on. It must not call that: the device is
 *	  at work.
 * @ctx: for @wake
 * @step: does some of the work and tells whether it did; NULL while there is none
 * @line: the line that it is about
 * @state: what the line is waited to be; NULL for @level
 * @level: the level that is waited for
 * @after: only an edge to it after @since counts
 * @since: number of an edge
 * @met: what is waited for was seen
 * @count: edges to make
 * @done: edges made, or lines told
 * @pause_ns: pause before each edge
 * @rearm_ns: longest wait for the line to be armed; 0 not to wait for it
 * @arming: that is the wait that is under way, else the pause
 * @burst: edges are being made as if at once
 * @timer: ends the time that is waited now
 * @over: that time is over
 * @window: where the window of expectations begins; not set before the first stimulus
 * @met_at: where the last expectation in it was met; not set before
 * @expect: what is expected
 * @watching: wants to know every change
 * @watched: of these lines
 * @watched_count: number of @watched; 0 if it is about all lines
 * @quit: the simulator is to end
 */
struct job {
	struct board *board;
	struct buffer *out;
	void (*wake)(void *ctx);
	void *ctx;
	bool (*step)(struct job *job);
	unsigned int line;
	const struct line_state *state;
	bool level;
	bool after;
	uint64_t since;
	bool met;
	unsigned int count;
	unsigned int done;
	uint64_t pause_ns;
	uint64_t rearm_ns;
	bool arming;
	bool burst;
	struct loop_timer timer;
	bool over;
	struct moment window;
	struct moment met_at;
	struct expect expect;
	bool watching;
	unsigned int watched[COMMAND_MAX_WATCHED];
	unsigned int watched_count;
	bool quit;
};

void job_init(struct job *job, struct board *board, struct buffer *out,
	      void (*wake)(void *ctx), void *ctx);
bool job_busy(const struct job *job);
bool job_makes_edges(const struct job *job);
bool job_watches(const struct job *job, unsigned int line);
bool job_step(struct job *job);
void job_changed(struct job *job, unsigned int line);
void job_armed(struct job *job, unsigned int line);
void job_end(struct job *job);

void command_run(struct job *job, char *text);
int command_script(void *board, char *text, bool check, struct errmsg *err);

#endif
