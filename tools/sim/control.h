/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CONTROL_H
#define VGPIO_CONTROL_H

#include "bench.h"
#include "device.h"
#include "loop.h"

#define CONTROL_MAX_CLIENTS	64
#define CONTROL_MAX_LINE	4096
#define CONTROL_MAX_OUT		(32u << 20)
#define CONTROL_MAX_EDGES	100000

struct control;

/**
 * struct control_toggle - edges that a client asked for
 * @timer: ends the time that is waited now
 * @unarmed: that is the wait for the line to be armed, else the pause
 * @line: the line
 * @count: edges to make
 * @done: edges made
 * @pause_ns: pause before each edge
 * @rearm_ns: longest wait for the line to be armed; 0 not to wait for it
 */
struct control_toggle {
	struct loop_timer timer;
	bool unarmed;
	unsigned int line;
	unsigned int count;
	unsigned int done;
	uint64_t pause_ns;
	uint64_t rearm_ns;
};

/**
 * struct control_client - somebody who is connected
 * @source: the connection; its fd is -1 while the place is free
 * @server: the server
 * @in: bytes that are no complete command yet
 * @out: replies on their way
 * @watching: wants every change
 * @waiting: a wait command is not answered yet; later commands wait, too
 * @wait_line: the line it waits for
 * @wait_level: the value it waits for
 * @timeout: ends the wait
 * @toggling: as @waiting, for a toggle command
 * @toggle: what it asked for
 * @input_ended: the client sends no more; close when all is answered
 */
struct control_client {
	struct loop_source source;
	struct control *server;
	struct buffer in;
	struct buffer out;
	bool watching;
	bool waiting;
	unsigned int wait_line;
	bool wait_level;
	struct loop_timer timeout;
	bool toggling;
	struct control_toggle toggle;
	bool input_ended;
};

/**
 * struct control - the control socket
 * @loop: the loop
 * @dev: the device
 * @bench: what the host does with it
 * @listener: what the device tells
 * @clients: places for those who connect
 * @quit: called when a client asks the simulator to end
 * @quit_ctx: for @quit
 */
struct control {
	struct loop *loop;
	struct device *dev;
	struct bench *bench;
	struct device_listener listener;
	struct control_client clients[CONTROL_MAX_CLIENTS];
	void (*quit)(void *ctx);
	void *quit_ctx;
};

void control_init(struct control *c, struct bench *bench);
void control_accept(struct control *c, int fd);
void control_free(struct control *c);

#endif
