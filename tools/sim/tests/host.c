/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board for the tests, without a front end. */
#include "guest.h"

#include "command.h"
#include "host.h"

/**
 * host_init() - make a board
 * @h: the host, zeroed
 * @lines: number of lines
 */
void host_init(struct host *h, unsigned int lines)
{
	struct errmsg err;

	assert_int_equal(board_init(&h->board, &h->loop, lines, NULL, &err), 0);
	script_init(&h->board.script, &h->loop, command_script, &h->board);
}

/**
 * host_free() - give the board back
 * @h: the host
 */
void host_free(struct host *h)
{
	board_free(&h->board);
	loop_free(&h->loop);
}

/**
 * host_name() - name a line
 * @h: the host
 * @line: the line
 * @name: its name
 */
void host_name(struct host *h, unsigned int line, const char *name)
{
	struct errmsg err;

	assert_int_equal(gpio_set_name(&h->board.dev.bank, line, name, &err), 0);
}
