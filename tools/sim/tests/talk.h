/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_TALK_H
#define VGPIO_TEST_TALK_H

#include "guest.h"

#include "control.h"
#include "wire.h"

#define LINES	3
#define OK	"ok\n"
#define LINE0	"line 0 name \"Red LED\" value 0 direction none trigger none unmasked 0 latched 0\n"
#define LINE1	"line 1 name \"\" value 0 direction none trigger none unmasked 0 latched 0\n"
#define LINE2	"line 2 name \"B\\\\\\\"x\" value 0 direction none trigger none unmasked 0 latched 0\n"

/**
 * struct talk - a control server
 * @loop: its loop
 * @board: its board
 * @wires: for parts on the board's lines
 * @control: the server under test
 * @quits: number of times a client asked for the end
 */
struct talk {
	struct loop loop;
	struct board board;
	struct wires wires;
	struct control control;
	unsigned int quits;
};

int talk_set_up(void **state);
int talk_tear_down(void **state);
void talk_run(struct talk *f);
int talk_connect(struct talk *f);
void talk_say(struct talk *f, int fd, const char *text);
void talk_assert_reply(int fd, const char *expected);
void talk_assert_change(int fd, uint64_t since, const char *line);
void talk_assert_closed(int fd);
void talk_assert(struct talk *f, const char *command, const char *expected);
void talk_guest_asks(struct talk *f, uint16_t type, uint16_t line, uint32_t value);
void talk_sleep_ms(unsigned int ms);
void talk_guest_arms(struct talk *f);
void talk_guest_wants_edges(struct talk *f);

#endif
