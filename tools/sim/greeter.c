/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A control connection is for the board whose socket it came by, unless it
 * begins with "@" and the name or number of another.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "greeter.h"
#include "log.h"

static int let_go(struct greeter_guest *guest)
{
	int fd = guest->source.fd;

	loop_del(guest->greeter->loop, &guest->source);
	guest->source.fd = -1;
	return fd;
}

static void refuse(int fd, const char *what, const char *name)
{
	char text[128];
	int len = snprintf(text, sizeof(text), "error %s%s\n", what, name);

	if (send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_verbose("cannot refuse a control client: %s", strerror(errno));
	close(fd);
}

static void choose(struct greeter_guest *guest, int board)
{
	struct greeter *g = guest->greeter;
	int fd = let_go(guest);

	if (board < 0)
		refuse(fd, "no board is numbered or named ", guest->name + 1);
	else
		g->chosen(g->ctx, board, fd);
}

static bool ends_name(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Takes one character of the name; what follows it is for the board. */
static void take_character(struct greeter_guest *guest)
{
	struct greeter *g = guest->greeter;
	char c;

	if (recv(guest->source.fd, &c, 1, MSG_DONTWAIT) != 1)
		return;
	if (guest->len == sizeof(guest->name) - 1)
		return refuse(let_go(guest), "the name of the board is too long", "");
	guest->name[guest->len] = '\0';
	if (ends_name(c))
		return choose(guest, g->find(g->ctx, guest->name + 1));
	guest->name[guest->len++] = c;
}

static void on_guest(void *ctx, uint32_t events)
{
	struct greeter_guest *guest = ctx;
	char c;
	ssize_t len = recv(guest->source.fd, &c, 1, MSG_DONTWAIT | MSG_PEEK);

	(void)events;
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0)
		close(let_go(guest));
	else if (!guest->len && c != '@')
		choose(guest, guest->board);
	else
		take_character(guest);
}

/**
 * greeter_init() - make a greeter
 * @g: the greeter; the caller sets its find, chosen and ctx afterwards
 * @loop: the loop
 */
void greeter_init(struct greeter *g, struct loop *loop)
{
	*g = (struct greeter){ .loop = loop };
	for (size_t i = 0; i < GREETER_MAX_GUESTS; i++)
		g->guests[i].source.fd = -1;
}

/**
 * greeter_accept() - find out whom a new connection is for
 * @g: the greeter
 * @board: the board unless it says otherwise
 * @fd: the connection; the greeter's, and then the board's
 */
void greeter_accept(struct greeter *g, unsigned int board, int fd)
{
	for (size_t i = 0; i < GREETER_MAX_GUESTS; i++) {
		struct greeter_guest *guest = &g->guests[i];

		if (guest->source.fd >= 0)
			continue;
		*guest = (struct greeter_guest){
			.greeter = g, .board = board,
			.source = { .fd = fd, .events = EPOLLIN, .ready = on_guest, .ctx = guest },
		};
		loop_add(g->loop, &guest->source);
		return;
	}
	refuse(fd, "too many clients", "");
}

/**
 * greeter_free() - let go of all who did not say what they want
 * @g: the greeter
 */
void greeter_free(struct greeter *g)
{
	for (size_t i = 0; i < GREETER_MAX_GUESTS; i++)
		if (g->guests[i].source.fd >= 0)
			close(let_go(&g->guests[i]));
}
