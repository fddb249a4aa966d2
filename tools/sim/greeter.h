/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_GREETER_H
#define VGPIO_GREETER_H

#include "loop.h"

#define GREETER_MAX_GUESTS	64
#define GREETER_MAX_NAME	64

struct greeter;

/**
 * struct greeter_guest - a connection that did not say whom it wants
 * @source: the connection; its fd is -1 while the place is free
 * @greeter: whose guest it is
 * @board: the board it wants unless it names another
 * @name: "@" and a board's name, as far as it is here
 * @len: number of characters in @name
 */
struct greeter_guest {
	struct loop_source source;
	struct greeter *greeter;
	unsigned int board;
	char name[GREETER_MAX_NAME];
	unsigned int len;
};

/**
 * struct greeter - asks new control connections which board they want
 * @loop: the loop
 * @guests: places for those who did not answer yet
 * @find: the board that a word means, or -1
 * @chosen: takes a connection for a board
 * @ctx: for both
 */
struct greeter {
	struct loop *loop;
	struct greeter_guest guests[GREETER_MAX_GUESTS];
	int (*find)(void *ctx, const char *text);
	void (*chosen)(void *ctx, unsigned int board, int fd);
	void *ctx;
};

void greeter_init(struct greeter *g, struct loop *loop);
void greeter_accept(struct greeter *g, unsigned int board, int fd);
void greeter_free(struct greeter *g);

#endif
