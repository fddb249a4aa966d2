/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control clients: people and scripts, who give commands of one line each. No
 * client can make a guest wait: all of them together have a part of each turn
 * of the loop, and what they do not read is bounded.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "report.h"
#include "sock.h"

/* What clients may do in a turn of the loop. */
#define TURN_NS		1000000ull

/* A watcher that is so far behind has so long to catch up. */
#define MAX_BEHIND	(CONTROL_MAX_OUT / 2)
#define PATIENCE_NS	1000000000ull

_Static_assert(CONTROL_MAX_CLIENTS <= 64, "there is a bit for each client");

static bool is_free(const struct control_client *client)
{
	return client->source.fd < 0;
}

/* Has the work go on when the guests had their turn. */
static void wake(void *ctx)
{
	struct control_client *client = ctx;
	struct control *c = client->server;

	if (!c->work.armed)
		loop_timer_start(c->loop, &c->work, 0);
}

/* One whose replies were too many is let go soon. */
static void update_interest(struct control_client *client)
{
	struct control *c = client->server;
	uint64_t bit = 1ull << (client - c->clients);

	if (!client->out.overflow && (client->job.watching || job_busy(&client->job)))
		c->ears[client->board].interested |= bit;
	else
		c->ears[client->board].interested &= ~bit;
}

static void close_client(struct control_client *client)
{
	struct loop *loop = client->server->loop;

	job_end(&client->job);
	update_interest(client);
	loop_timer_stop(loop, &client->patience);
	loop_del(loop, &client->source);
	close_fd(&client->source.fd);
	buffer_free(&client->in);
	buffer_free(&client->out);
	/* Somebody may have waited for this one to read. */
	wake(client);
}

static void drop_slow(void *ctx)
{
	struct control_client *client = ctx;

	if (log_allowed(&client->server->complaints))
		log_error("a control client reads too slowly; closing its connection");
	close_client(client);
}

static bool is_behind(const struct control_client *client)
{
	return client->job.watching && client->out.len > MAX_BEHIND;
}

static void update_patience(struct control_client *client)
{
	struct loop *loop = client->server->loop;

	if (!is_behind(client))
		loop_timer_stop(loop, &client->patience);
	else if (!client->patience.armed)
		loop_timer_start(loop, &client->patience, PATIENCE_NS);
}

/* Errors are told of in any case: a client that is gone is noticed. */
static void update_events(struct control_client *client)
{
	uint32_t events = EPOLLERR;

	if (client->in.len < CONTROL_MAX_LINE && !client->input_ended)
		events |= EPOLLIN;
	if (client->full)
		events |= EPOLLOUT;
	loop_want(client->server->loop, &client->source, events);
}

static void reply_error(struct control_client *client, const char *what)
{
	buffer_printf(&client->out, "error %s\n", what);
}

static void send_some(struct control_client *client)
{
	ssize_t len = send(client->source.fd, buffer_head(&client->out), client->out.len,
			   MSG_DONTWAIT | MSG_NOSIGNAL);

	if (len < 0 && errno != EAGAIN && errno != EINTR)
		return close_client(client);
	client->full = len < (ssize_t)client->out.len;
	if (len > 0)
		buffer_take(&client->out, len);
	update_patience(client);
	update_events(client);
}

static void choose_board(struct control_client *client, int board, const char *name)
{
	if (board >= 0) {
		client->board = board;
		client->job.board = &client->server->boards[board];
		return;
	}
	buffer_printf(&client->out, "error no board is numbered or named %.64s\n", name);
	client->input_ended = true;
	client->in.len = 0;
}

/*
 * A connection is for the board whose socket it came by, unless it begins with
 * "@" and another's name or number. False if that is not all here yet.
 */
static bool find_board(struct control_client *client)
{
	const struct control *c = client->server;
	const char *head = buffer_head(&client->in);
	size_t len = 0;
	char name[CONTROL_MAX_NAME];

	client->named = *head != '@';
	if (client->named)
		return true;
	while (len < client->in.len && !memchr(" \t\r\n", head[len], 4))
		len++;
	if (len == client->in.len && len < sizeof(name))
		return false;
	client->named = true;
	memcpy(name, head + 1, len < sizeof(name) ? len - 1 : sizeof(name) - 1);
	name[len < sizeof(name) ? len - 1 : sizeof(name) - 1] = '\0';
	buffer_take(&client->in, len < client->in.len ? len + 1 : len);
	choose_board(client, config_find_board(c->names, c->count, name), name);
	return true;
}

/* False if no command is complete. */
static bool next_command(struct control_client *client)
{
	char text[CONTROL_MAX_LINE + 1], *head = buffer_head(&client->in);
	char *end = client->in.len ? memchr(head, '\n', client->in.len) : NULL;

	if (!end && client->in.len == CONTROL_MAX_LINE) {
		reply_error(client, "command too long");
		client->in.len = 0;
		client->input_ended = true;
		return true;
	}
	if (!end)
		return false;
	memcpy(text, head, end - head);
	text[end - head] = '\0';
	text[strcspn(text, "\r")] = '\0';
	buffer_take(&client->in, end - head + 1);
	command_run(&client->job, text);
	if (client->job.quit)
		client->server->quit(client->server->quit_ctx);
	return true;
}

/* Those who watch must be able to follow the edges, but not for ever. */
static bool must_wait_for_watchers(const struct control_client *client)
{
	const struct control *c = client->server;

	if (!job_makes_edges(&client->job))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++)
		if (!is_free(&c->clients[i]) && c->clients[i].board == client->board &&
		    is_behind(&c->clients[i]))
			return true;
	return false;
}

/* Some of what a client wants; false if there is nothing to do now. */
static bool work_some(struct control_client *client)
{
	/* One who does not read its replies gets no more of them. */
	if (client->out.len > MAX_BEHIND)
		return false;
	if (job_busy(&client->job))
		return !must_wait_for_watchers(client) && job_step(&client->job);
	if (client->in.len && !client->named)
		return find_board(client);
	return next_command(client);
}

static bool is_done(const struct control_client *client)
{
	return client->input_ended && !client->out.len && !job_busy(&client->job) &&
	       !client->job.watching;
}

/* One step for a client; false if there is nothing to do now. */
static bool step(struct control_client *client)
{
	bool worked = true;

	if (is_free(client))
		return false;
	if (client->out.overflow) {
		drop_slow(client);
		return false;
	}
	if (client->out.len && !client->full)
		send_some(client);
	else
		worked = work_some(client);
	if (is_free(client))
		return false;
	update_interest(client);
	if (!worked && is_done(client))
		close_client(client);
	else if (!worked)
		update_events(client);
	return worked;
}

/* All clients in turn, until nothing is left to do or the time is over. */
static void work(void *ctx)
{
	struct control *c = ctx;
	uint64_t end = loop_now() + TURN_NS;

	for (unsigned int idle = 0; idle < CONTROL_MAX_CLIENTS; ) {
		idle = step(&c->clients[c->turn]) ? 0 : idle + 1;
		c->turn = (c->turn + 1) % CONTROL_MAX_CLIENTS;
		if (!idle && loop_now() >= end) {
			loop_timer_start(c->loop, &c->work, 0);
			return;
		}
	}
}

static void receive(struct control_client *client)
{
	char data[CONTROL_MAX_LINE];
	ssize_t len = recv(client->source.fd, data, CONTROL_MAX_LINE - client->in.len,
			   MSG_DONTWAIT);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len < 0)
		return close_client(client);
	if (len)
		buffer_add(&client->in, data, len);
	else
		client->input_ended = true;
	client->heard_ns = loop_now();
	update_events(client);
	wake(client);
}

static void on_client(void *ctx, uint32_t events)
{
	struct control_client *client = ctx;

	if (events & EPOLLIN) {
		receive(client);
	} else if (events & EPOLLOUT) {
		client->full = false;
		update_events(client);
		wake(client);
	} else {
		close_client(client);
	}
}

static void tell(struct control_client *client, unsigned int line)
{
	struct control *c = client->server;
	const struct device *dev = &c->boards[client->board].dev;

	if (!c->text.len)
		report_change(&c->text, &dev->bank, line, device_change_time(dev));
	buffer_add(&client->out, buffer_head(&c->text), c->text.len);
	update_interest(client);
	update_patience(client);
	wake(client);
}

/*
 * Only fills buffers: it may be called from within a command, and commands
 * that the end of a wait releases must not run within another one.
 */
static void on_changed(void *ctx, unsigned int line)
{
	struct control_ear *ear = ctx;
	struct control *c = ear->server;

	for (uint64_t left = ear->interested; left; left &= left - 1) {
		struct control_client *client = &c->clients[__builtin_ctzll(left)];

		if (job_watches(&client->job, line))
			tell(client, line);
		job_changed(&client->job, line);
	}
	buffer_take(&c->text, c->text.len);
}

static void on_armed(void *ctx, unsigned int line)
{
	struct control_ear *ear = ctx;
	struct control *c = ear->server;

	for (uint64_t left = ear->interested; left; left &= left - 1)
		job_armed(&c->clients[__builtin_ctzll(left)].job, line);
}

/**
 * control_init() - make a control server
 * @c: the server; the caller sets its quit afterwards
 * @boards: the boards, which are in one loop
 * @names: their names; NULL for one without
 * @count: number of @boards
 *
 * Return: 0, or -1 if there is not enough memory: control_free() is due then, too.
 */
int control_init(struct control *c, struct board *boards, const char *const *names,
		 unsigned int count)
{
	*c = (struct control){
		.loop = boards->loop, .boards = boards, .names = names, .count = count,
		.ears = calloc(count, sizeof(*c->ears)), .text = { .max = 1024 },
		.work = { .expired = work, .ctx = c },
	};
	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++)
		c->clients[i] = (struct control_client){ .source.fd = -1, .server = c };
	for (unsigned int i = 0; c->ears && i < count; i++) {
		c->ears[i] = (struct control_ear){
			.listener = { .changed = on_changed, .armed = on_armed,
				      .ctx = &c->ears[i] },
			.server = c, .board = i,
		};
		device_listen(&boards[i].dev, &c->ears[i].listener);
	}
	return c->ears ? 0 : -1;
}

static void refuse_client(int fd)
{
	static const char text[] = "error too many clients\n";

	if (send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_verbose("cannot refuse a control client: %s", strerror(errno));
	close(fd);
}

static bool is_idle(const struct control_client *client)
{
	return !job_busy(&client->job) && !client->job.watching && !client->out.len;
}

/* A place that is free, or else that of the one who was silent for the longest time. */
static struct control_client *find_place(struct control *c)
{
	struct control_client *longest = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++) {
		struct control_client *client = &c->clients[i];

		if (is_free(client))
			return client;
		if (is_idle(client) && (!longest || client->heard_ns < longest->heard_ns))
			longest = client;
	}
	if (longest)
		close_client(longest);
	return longest;
}

/**
 * control_accept() - serve one more client
 * @c: the server
 * @board: the board that it is for unless it says otherwise
 * @fd: the connection; the server's from now on
 */
void control_accept(struct control *c, unsigned int board, int fd)
{
	struct control_client *client = find_place(c);

	if (!client)
		return refuse_client(fd);
	*client = (struct control_client){
		.source = { .fd = fd, .events = EPOLLIN | EPOLLERR, .ready = on_client,
			    .ctx = client },
		.server = c, .board = board, .heard_ns = loop_now(),
		.in = { .max = CONTROL_MAX_LINE }, .out = { .max = CONTROL_MAX_OUT },
		.patience = { .expired = drop_slow, .ctx = client },
	};
	job_init(&client->job, &c->boards[board], &client->out, wake, client);
	loop_add(c->loop, &client->source);
}

/**
 * control_free() - let go of all clients
 * @c: the server; nothing happens if control_init() was not called
 */
void control_free(struct control *c)
{
	if (!c->loop)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++)
		if (!is_free(&c->clients[i]))
			close_client(&c->clients[i]);
	for (unsigned int i = 0; c->ears && i < c->count; i++)
		device_unlisten(&c->boards[i].dev, &c->ears[i].listener);
	loop_timer_stop(c->loop, &c->work);
	free(c->ears);
	buffer_free(&c->text);
	c->loop = NULL;
}
