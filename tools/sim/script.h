/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_SCRIPT_H
#define VGPIO_SCRIPT_H

#include <stdio.h>

#include "loop.h"
#include "text.h"

#define SCRIPT_MAX_STEPS	100000
#define SCRIPT_MAX_LINE		4096
#define SCRIPT_MAX_TEXT		(8u << 20)

/**
 * struct script_step - something to do at a time
 * @at_ns: when, since the round began
 * @text: the command
 * @number: its line in the file
 */
struct script_step {
	uint64_t at_ns;
	char *text;
	unsigned int number;
};

/**
 * struct script - stimuli in time, and how far they are
 * @loop: the loop
 * @run: carries out a command, or only checks it
 * @ctx: for @run
 * @timer: the next step
 * @path: the script's file; NULL if there is no script
 * @file: the same while it is being read
 * @number: the line that was read last
 * @last_ns: time of the step in it
 * @text_size: length of all commands
 * @steps: the steps, in the order of their times
 * @count: number of @steps
 * @room: size of @steps
 * @next: the next one
 * @rounds: rounds to play; 0 for ever
 * @round: rounds played
 * @period_ns: time from round to round
 * @began_ns: when the round began
 * @playing: it is under way
 */
struct script {
	struct loop *loop;
	int (*run)(void *ctx, char *text, bool check, struct errmsg *err);
	void *ctx;
	struct loop_timer timer;
	char *path;
	FILE *file;
	unsigned int number;
	uint64_t last_ns;
	size_t text_size;
	struct script_step *steps;
	size_t count;
	size_t room;
	size_t next;
	unsigned int rounds;
	unsigned int round;
	uint64_t period_ns;
	uint64_t began_ns;
	bool playing;
};

void script_init(struct script *s, struct loop *loop,
		 int (*run)(void *ctx, char *text, bool check, struct errmsg *err), void *ctx);
int script_open(struct script *s, const char *path, struct errmsg *err);
int script_read(struct script *s, struct errmsg *err);
int script_play(struct script *s, const char *path, struct errmsg *err);
void script_stop(struct script *s);
void script_where(const struct script *s, char *text, size_t size);
void script_describe(struct buffer *out, const struct script *s);

#endif
