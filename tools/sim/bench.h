/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_BENCH_H
#define VGPIO_BENCH_H

#include "device.h"
#include "loop.h"
#include "player.h"
#include "trace.h"
#include "vcd.h"

/**
 * struct bench_pulse - a level that will be taken back
 * @timer: when
 * @bench: the bench
 * @line: the line
 * @driven: the host drove the line before
 * @level: the level to return to
 * @next: the bench's list
 */
struct bench_pulse {
	struct loop_timer timer;
	struct bench *bench;
	unsigned int line;
	bool driven;
	bool level;
	struct bench_pulse *next;
};

/**
 * struct bench - the host's hands on a device
 * @loop: the loop
 * @dev: the device
 * @pulses: pulses under way
 * @trace: the record of all that happens, if one is kept
 * @vcd: waveforms, if they are kept
 * @player: a script of stimuli
 */
struct bench {
	struct loop *loop;
	struct device *dev;
	struct bench_pulse *pulses;
	struct trace trace;
	struct vcd vcd;
	struct player player;
};

void bench_init(struct bench *b, struct loop *loop, struct device *dev);
int bench_record(struct bench *b, const char *trace, const char *vcd, struct errmsg *err);
bool bench_lost_records(const struct bench *b);
void bench_free(struct bench *b);

void bench_set(struct bench *b, unsigned int line, bool level);
void bench_release(struct bench *b, unsigned int line);
void bench_toggle(struct bench *b, unsigned int line);
int bench_pulse(struct bench *b, unsigned int line, uint64_t ns, struct errmsg *err);
int bench_fault(struct bench *b, char **words, int count, struct errmsg *err);
int bench_command(struct bench *b, char *text, bool check, struct errmsg *err);

#endif
