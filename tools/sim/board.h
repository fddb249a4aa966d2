/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_BOARD_H
#define VGPIO_BOARD_H

#include "config.h"
#include "device.h"
#include "history.h"
#include "script.h"
#include "sock.h"
#include "state.h"
#include "trace.h"
#include "vcd.h"
#include "verdict.h"
#include "vhost/session.h"

struct board;

/**
 * struct pulse - a level that will be taken back
 * @timer: when
 * @board: the board
 * @line: the line
 * @driven: the host drove the line before
 * @level: the level to return to
 */
struct pulse {
	struct loop_timer timer;
	struct board *board;
	unsigned int line;
	bool driven;
	bool level;
};

/**
 * struct board - a device with all that belongs to it
 * @loop: the loop
 * @dev: the device
 * @history: its last changes
 * @state: the file that @dev lives in, if it has one
 * @pulses: for each line, the pulse that is under way on it, or NULL
 * @trace: the record of all that happens, if one is kept
 * @vcd: waveforms, if they are kept
 * @script: stimuli in time
 * @window: where the window of the script's expectations begins; not set before its
 *	    first stimulus
 * @verdicts: the script's expectations
 * @config: what the user asked for
 * @front: where front ends connect
 * @session: the front end that is connected
 * @done: nobody else may connect
 * @failed: the last front end broke the protocol
 * @left: called when a front end has left
 * @ctx: for @left
 */
struct board {
	struct loop *loop;
	struct device dev;
	struct history history;
	struct state state;
	struct pulse **pulses;
	struct trace trace;
	struct vcd vcd;
	struct script script;
	struct moment window;
	struct verdicts verdicts;
	const struct config *config;
	struct listener front;
	struct vu_session session;
	bool done;
	bool failed;
	void (*left)(void *ctx);
	void *ctx;
};

int board_init(struct board *b, struct loop *loop, unsigned int lines, const char *state,
	       struct errmsg *err);
int board_record(struct board *b, const char *trace, const char *vcd, struct errmsg *err);
bool board_failed(const struct board *b);
int board_configure(struct board *b, const struct config *config, struct errmsg *err);
int board_serve(struct board *b, struct errmsg *err);
void board_free(struct board *b);

void board_set(struct board *b, unsigned int line, bool level);
void board_release(struct board *b, unsigned int line);
void board_toggle(struct board *b, unsigned int line);
int board_pulse(struct board *b, unsigned int line, uint64_t ns, struct errmsg *err);

#endif
