/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CONTROL_H
#define VGPIO_CONTROL_H

#include "command.h"

#define CONTROL_MAX_CLIENTS	64
#define CONTROL_MAX_LINE	COMMAND_MAX_LINE
#define CONTROL_MAX_NAME	64
#define CONTROL_MAX_OUT		(128u << 10)

struct control;

/**
 * struct control_client - somebody who is connected
 * @source: the connection; its fd is -1 while the place is free
 * @server: the server
 * @board: the number of the board that it is for
 * @named: it said which one that is, or something else
 * @in: bytes that are no complete command yet
 * @out: replies on their way
 * @full: the connection takes no more for now
 * @job: what it waits for; later commands wait, too
 * @patience: when a watcher that reads too slowly is let go
 * @heard_ns: when it said something last
 * @input_ended: it sends no more; close when all is answered
 */
struct control_client {
	struct loop_source source;
	struct control *server;
	unsigned int board;
	bool named;
	struct buffer in;
	struct buffer out;
	bool full;
	struct job job;
	struct loop_timer patience;
	uint64_t heard_ns;
	bool input_ended;
};

/**
 * struct control_ear - what a board tells
 * @listener: for the board
 * @server: the server
 * @board: the board's number
 * @interested: a bit for each client who watches or waits: of many lines that change at
 *		once, each must take as little time as can be
 */
struct control_ear {
	struct device_listener listener;
	struct control *server;
	unsigned int board;
	uint64_t interested;
};

/**
 * struct control - all control clients
 * @loop: the loop
 * @boards: the boards
 * @names: their names; NULL for one without
 * @count: number of @boards
 * @ears: for each board
 * @clients: places for those who connect
 * @work: what clients want is done in small parts, when the guests had their turn
 * @turn: the client who goes on
 * @text: a change, as watchers are told of it
 * @complaints: keeps clients from flooding the log
 * @quit: called when a client asks the simulator to end
 * @quit_ctx: for @quit
 */
struct control {
	struct loop *loop;
	struct board *boards;
	const char *const *names;
	unsigned int count;
	struct control_ear *ears;
	struct control_client clients[CONTROL_MAX_CLIENTS];
	struct loop_timer work;
	unsigned int turn;
	struct buffer text;
	struct log_limit complaints;
	void (*quit)(void *ctx);
	void *quit_ctx;
};

int control_init(struct control *c, struct board *boards, const char *const *names,
		 unsigned int count);
void control_accept(struct control *c, unsigned int board, int fd);
void control_free(struct control *c);

#endif
