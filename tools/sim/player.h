/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_PLAYER_H
#define VGPIO_PLAYER_H

#include "loop.h"
#include "util.h"

#define PLAYER_MAX_STEPS	100000

struct bench;

/**
 * struct player_step - something to do at a time
 * @at_ns: when, since the round began
 * @text: the command
 * @number: its line in the file
 */
struct player_step {
	uint64_t at_ns;
	char *text;
	unsigned int number;
};

/**
 * struct player - a script of stimuli, and how far it is
 * @bench: who carries them out
 * @timer: the next step
 * @path: the script's file
 * @steps: the steps, in the order of their times
 * @count: number of @steps
 * @next: the next one
 * @rounds: rounds to play; 0 for ever
 * @round: rounds played
 * @period_ns: time from round to round
 * @end_ns: time of the last step
 * @began_ns: when the round began
 * @playing: it is under way
 */
struct player {
	struct bench *bench;
	struct loop_timer timer;
	char *path;
	struct player_step *steps;
	size_t count;
	size_t next;
	unsigned int rounds;
	unsigned int round;
	uint64_t period_ns;
	uint64_t end_ns;
	uint64_t began_ns;
	bool playing;
};

void player_init(struct player *p, struct bench *bench);
int player_play(struct player *p, const char *path, struct errmsg *err);
void player_stop(struct player *p);
void player_describe(struct buffer *out, const struct player *p);

#endif
