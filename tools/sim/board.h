/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_BOARD_H
#define VGPIO_BOARD_H

#include "bench.h"
#include "config.h"
#include "control.h"
#include "device.h"
#include "listener.h"
#include "vhost_user.h"

/**
 * struct board - a device and those who use it
 * @config: what the user asked for
 * @loop: the loop
 * @dev: the device
 * @bench: what the host does with it
 * @front: where front ends connect
 * @session: the front end that is connected
 * @control: the control clients
 * @done: nobody else may connect
 * @failed: the last front end broke the protocol
 * @left: called when a front end has left
 * @quit: called when a control client asks the simulator to end
 * @ctx: for both
 */
struct board {
	const struct config *config;
	struct loop *loop;
	struct device dev;
	struct bench bench;
	struct listener front;
	struct vu_session session;
	struct control control;
	bool done;
	bool failed;
	void (*left)(void *ctx);
	void (*quit)(void *ctx);
	void *ctx;
};

int board_open(struct board *b, struct errmsg *err);
void board_close(struct board *b);

#endif
