/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: commands of one line each, by which people and scripts
 * drive and watch the lines. No client can make the device wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "report.h"

#define MAX_WORDS	12

static const char help_text[] =
	"set LINE 0|1                       drive a line\n"
	"release LINE                       drive it no longer: a pull or nothing decides\n"
	"get [LINE]                         the value of a line; or all about all lines\n"
	"pulse LINE DURATION                invert a line for a time, such as 10ms\n"
	"toggle LINE COUNT [pause DURATION] [rearm DURATION]\n"
	"                                   invert a line so often: with a pause before each\n"
	"                                   edge; with rearm, each when the guest is ready for\n"
	"                                   it, or an error if that takes longer\n"
	"wait LINE 0|1 [timeout DURATION]   answer when a line has a value\n"
	"play [FILE | stop]                 play a script; how far it is; end it\n"
	"watch                              report every change from now on\n"
	"stats [reset | line LINE]          what happened so far\n"
	"fault                              the faults that are in use\n"
	"fault NAME [ARGUMENT] [CHANCE%] [MESSAGE] [line LINE] [after N] [times N]\n"
	"                                   misbehave from now on; the names are below\n"
	"fault none [NAME]                  behave again\n"
	"help                               this text\n"
	"quit                               end the simulator\n"
	"LINE is a number or a name; DURATION a number with us, ms or s; MESSAGE is\n"
	"get_names, get_direction, set_direction, get_value, set_value, set_irq_type,\n"
	"unknown or event, and all requests if it is left out. A connection that begins\n"
	"with @BOARD is for that board, a number or a name. Faults:\n";

static struct gpio_bank *bank_of(const struct control_client *client)
{
	return &client->server->dev->bank;
}

static void reply_ok(struct control_client *client)
{
	buffer_printf(&client->out, "ok\n");
}

static void reply_error(struct control_client *client, const char *what)
{
	buffer_printf(&client->out, "error %s\n", what);
}

/* The line that a word means, or -1 after an error reply. */
static int find_line(struct control_client *client, const char *word)
{
	int line = gpio_find(bank_of(client), word);

	if (line < 0)
		buffer_printf(&client->out, "error no line is numbered or named \"%.255s\"\n",
			      word);
	return line;
}

static bool find_level(struct control_client *client, const char *word, bool *level)
{
	if (parse_level(word, level))
		return true;
	buffer_printf(&client->out, "error \"%.64s\" must be 0 or 1\n", word);
	return false;
}

static void command_set(struct control_client *client, char **words, int count)
{
	int line = find_line(client, words[1]);
	bool level;

	(void)count;
	if (line < 0 || !find_level(client, words[2], &level))
		return;
	bench_set(client->server->bench, line, level);
	reply_ok(client);
}

static void command_release(struct control_client *client, char **words, int count)
{
	int line = find_line(client, words[1]);

	(void)count;
	if (line < 0)
		return;
	bench_release(client->server->bench, line);
	reply_ok(client);
}

static void command_get(struct control_client *client, char **words, int count)
{
	const struct gpio_bank *bank = bank_of(client);
	int line;

	if (count == 2) {
		line = find_line(client, words[1]);
		if (line >= 0)
			buffer_printf(&client->out, "ok %d\n", gpio_value(bank, line));
		return;
	}
	for (unsigned int i = 0; i < bank->count; i++)
		report_line(&client->out, bank, i);
	reply_ok(client);
}

/* The reply to a command that either was carried out or explains why not. */
static void reply_result(struct control_client *client, int result, const struct errmsg *err)
{
	if (result)
		reply_error(client, err->text);
	else
		reply_ok(client);
}

static void command_pulse(struct control_client *client, char **words, int count)
{
	int line = find_line(client, words[1]);
	struct errmsg err;
	uint64_t ns;

	(void)count;
	if (line < 0)
		return;
	if (!parse_duration(words[2], &ns))
		return reply_error(client, "the duration must be above 0, with us, ms or s");
	reply_result(client, bench_pulse(client->server->bench, line, ns, &err), &err);
}

static void command_fault(struct control_client *client, char **words, int count)
{
	struct bench *bench = client->server->bench;
	struct errmsg err;

	if (count > 1 && bench_fault(bench, words + 1, count - 1, &err))
		return reply_error(client, err.text);
	if (count == 1)
		report_faults(&client->out, &bench->dev->faults);
	report_seed(&client->out, &bench->dev->faults);
	reply_ok(client);
}

static void command_play(struct control_client *client, char **words, int count)
{
	struct player *player = &client->server->bench->player;
	struct errmsg err;

	if (count == 2 && strcmp(words[1], "stop"))
		return reply_result(client, player_play(player, words[1], &err), &err);
	if (count == 2) {
		player_stop(player);
		return reply_ok(client);
	}
	buffer_printf(&client->out, "ok ");
	player_describe(&client->out, player);
	buffer_printf(&client->out, "\n");
}

static void command_watch(struct control_client *client, char **words, int count)
{
	(void)words;
	(void)count;
	client->watching = true;
	reply_ok(client);
}

static void send_pending(struct control_client *client);
static void run_commands(struct control_client *client);

static void end_wait(struct control_client *client)
{
	client->waiting = false;
	loop_timer_stop(client->server->loop, &client->timeout);
}

static void wait_timed_out(void *ctx)
{
	struct control_client *client = ctx;

	end_wait(client);
	buffer_printf(&client->out, "error timeout: line %u is still %d\n", client->wait_line,
		      !client->wait_level);
	run_commands(client);
	send_pending(client);
}

static bool parse_timeout(char **words, int count, uint64_t *ns)
{
	*ns = 0;
	if (count == 3)
		return true;
	return count == 5 && !strcmp(words[3], "timeout") && parse_duration(words[4], ns);
}

static void command_wait(struct control_client *client, char **words, int count)
{
	int line = find_line(client, words[1]);
	bool level;
	uint64_t ns;

	if (line < 0 || !find_level(client, words[2], &level))
		return;
	if (!parse_timeout(words, count, &ns))
		return reply_error(client, "after the value comes nothing, or \"timeout\" and a "
				   "duration such as 5s");
	if (gpio_value(bank_of(client), line) == level)
		return reply_ok(client);
	client->waiting = true;
	client->wait_line = line;
	client->wait_level = level;
	if (ns)
		loop_timer_start(client->server->loop, &client->timeout, ns);
}

/* Later commands of the client wait until this one is answered. */
static bool is_busy(const struct control_client *client)
{
	return client->waiting || client->toggling;
}

static void end_toggle(struct control_client *client)
{
	client->toggling = false;
	loop_timer_stop(client->server->loop, &client->toggle.timer);
}

static void make_edge(struct control_client *client)
{
	struct control_toggle *t = &client->toggle;

	t->done++;
	bench_toggle(client->server->bench, t->line);
}

/* What follows an edge: the guest must be ready, then comes the pause. */
static void continue_toggle(struct control_client *client)
{
	struct control_toggle *t = &client->toggle;
	struct loop *loop = client->server->loop;

	t->unarmed = t->rearm_ns && !bank_of(client)->lines[t->line].unmasked;
	if (t->unarmed) {
		loop_timer_start(loop, &t->timer, t->rearm_ns);
	} else if (t->done < t->count) {
		loop_timer_start(loop, &t->timer, t->pause_ns);
	} else {
		end_toggle(client);
		reply_ok(client);
	}
}

static void toggle_time_over(void *ctx)
{
	struct control_client *client = ctx;
	struct control_toggle *t = &client->toggle;

	if (t->unarmed) {
		end_toggle(client);
		buffer_printf(&client->out, "error timeout: line %u is not armed after %u of "
			      "%u edges\n", t->line, t->done, t->count);
	} else {
		make_edge(client);
		continue_toggle(client);
	}
	run_commands(client);
	send_pending(client);
}

static bool parse_toggle(char **words, int count, struct control_toggle *t)
{
	uint64_t *ns;

	if (!parse_uint(words[2], &t->count) || !t->count || t->count > CONTROL_MAX_EDGES)
		return false;
	for (int i = 3; i < count; i += 2) {
		if (!strcmp(words[i], "pause"))
			ns = &t->pause_ns;
		else if (!strcmp(words[i], "rearm"))
			ns = &t->rearm_ns;
		else
			return false;
		if (i + 1 == count || !parse_duration(words[i + 1], ns))
			return false;
	}
	return true;
}

static void command_toggle(struct control_client *client, char **words, int count)
{
	struct control_toggle *t = &client->toggle;
	int line = find_line(client, words[1]);

	if (line < 0)
		return;
	*t = (struct control_toggle){ .timer = t->timer, .line = line };
	if (!parse_toggle(words, count, t))
		return reply_error(client, "after the line comes a count up to 100000, then maybe "
				   "\"pause\", \"rearm\", each with a duration such as 1ms");
	if (t->pause_ns || t->rearm_ns) {
		client->toggling = true;
		return continue_toggle(client);
	}
	while (t->done < t->count)
		make_edge(client);
	reply_ok(client);
}

static void command_stats(struct control_client *client, char **words, int count)
{
	struct device *dev = client->server->dev;
	int line;

	if (count == 1) {
		report_stats(&client->out, dev);
	} else if (count == 2 && !strcmp(words[1], "reset")) {
		device_reset_stats(dev);
	} else if (count == 3 && !strcmp(words[1], "line")) {
		line = find_line(client, words[2]);
		if (line < 0)
			return;
		report_line_stats(&client->out, dev, line);
	} else {
		return reply_error(client, "after stats comes nothing, \"reset\" or \"line\" "
				   "and a line");
	}
	reply_ok(client);
}

static void command_help(struct control_client *client, char **words, int count)
{
	(void)words;
	(void)count;
	buffer_add(&client->out, help_text, sizeof(help_text) - 1);
	fault_help(&client->out);
	reply_ok(client);
}

static void command_quit(struct control_client *client, char **words, int count)
{
	(void)words;
	(void)count;
	reply_ok(client);
	client->server->quit(client->server->quit_ctx);
}

/**
 * struct command - one command
 * @name: its first word
 * @run: what it does; replies, unless the reply comes later
 * @min: fewest words, the name counted
 * @max: most words
 */
struct command {
	const char *name;
	void (*run)(struct control_client *client, char **words, int count);
	int min;
	int max;
};

static const struct command commands[] = {
	{ "set", command_set, 3, 3 },
	{ "release", command_release, 2, 2 },
	{ "get", command_get, 1, 2 },
	{ "pulse", command_pulse, 3, 3 },
	{ "toggle", command_toggle, 3, 7 },
	{ "wait", command_wait, 3, 5 },
	{ "play", command_play, 1, 2 },
	{ "watch", command_watch, 1, 1 },
	{ "stats", command_stats, 1, 3 },
	{ "fault", command_fault, 1, MAX_WORDS },
	{ "help", command_help, 1, 1 },
	{ "quit", command_quit, 1, 1 },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void run_command(struct control_client *client, char *text)
{
	const struct command *command;
	char *words[MAX_WORDS];
	struct errmsg err;
	int count = split_words(text, words, MAX_WORDS, &err);

	if (count < 0)
		return reply_error(client, err.text);
	if (!count)
		return;
	command = find_command(words[0]);
	if (!command)
		return reply_error(client, "unknown command; try help");
	if (count < command->min || count > command->max)
		return reply_error(client, "wrong number of words; try help");
	command->run(client, words, count);
}

static void close_client(struct control_client *client)
{
	end_wait(client);
	end_toggle(client);
	loop_del(client->server->loop, &client->source);
	close(client->source.fd);
	client->source.fd = -1;
	client->watching = false;
	buffer_free(&client->in);
	buffer_free(&client->out);
}

/* Runs the complete commands that are here, up to one that has to wait. */
static void run_commands(struct control_client *client)
{
	char text[CONTROL_MAX_LINE + 1];

	while (!is_busy(client) && client->in.len) {
		char *head = buffer_head(&client->in);
		char *end = memchr(head, '\n', client->in.len);
		size_t len = end ? (size_t)(end - head) : client->in.len;

		if (!end)
			return;
		memcpy(text, head, len);
		text[len] = '\0';
		text[strcspn(text, "\r")] = '\0';
		buffer_take(&client->in, len + 1);
		run_command(client, text);
	}
}

/* EPOLLERR asks for nothing, but lets the loop tell that the client is gone. */
static void update_events(struct control_client *client)
{
	bool room = client->in.len < CONTROL_MAX_LINE;

	uint32_t events = EPOLLERR;

	if (room && !client->input_ended)
		events |= EPOLLIN;
	if (client->out.len)
		events |= EPOLLOUT;
	loop_want(client->server->loop, &client->source, events);
}

static void send_pending(struct control_client *client)
{
	ssize_t len = 0;

	if (client->out.overflow) {
		log_error("a control client reads too slowly; closing its connection");
		return close_client(client);
	}
	if (client->out.len)
		len = send(client->source.fd, buffer_head(&client->out), client->out.len,
			   MSG_DONTWAIT | MSG_NOSIGNAL);
	if (len < 0 && errno != EAGAIN && errno != EINTR)
		return close_client(client);
	if (len > 0)
		buffer_take(&client->out, len);
	if (client->input_ended && !client->out.len && !is_busy(client) && !client->watching)
		return close_client(client);
	update_events(client);
}

static void input_ended(struct control_client *client)
{
	client->input_ended = true;
	send_pending(client);
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
	if (!len)
		return input_ended(client);
	buffer_add(&client->in, data, len);
	run_commands(client);
	if (!is_busy(client) && client->in.len == CONTROL_MAX_LINE) {
		reply_error(client, "command too long");
		client->in.len = 0;
		client->input_ended = true;
	}
	send_pending(client);
}

static void on_client(void *ctx, uint32_t events)
{
	struct control_client *client = ctx;

	if (events & EPOLLIN) {
		receive(client);
	} else if (events & EPOLLOUT) {
		run_commands(client);
		send_pending(client);
	} else {
		close_client(client);
	}
}

static bool wait_is_over(const struct control_client *client, unsigned int line)
{
	return client->waiting && client->wait_line == line &&
	       gpio_value(bank_of(client), line) == client->wait_level;
}

static void tell_client(struct control_client *client, unsigned int line)
{
	if (client->watching)
		report_line(&client->out, bank_of(client), line);
	if (wait_is_over(client, line)) {
		end_wait(client);
		reply_ok(client);
	}
}

/*
 * Only fills buffers: it may be called from within a command, and commands
 * that the end of a wait releases must not run within another one.
 */
static void on_changed(void *ctx, unsigned int line)
{
	struct control *c = ctx;

	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++) {
		struct control_client *client = &c->clients[i];

		if (client->source.fd < 0 || (!client->watching && !client->waiting))
			continue;
		tell_client(client, line);
		if (client->out.len)
			loop_want(c->loop, &client->source, client->source.events | EPOLLOUT);
		/* Makes the loop report the client, which is then closed. */
		if (client->out.overflow)
			shutdown(client->source.fd, SHUT_RDWR);
	}
}

/* As on_changed(): only starts a timer or fills a buffer. */
static void on_armed(void *ctx, unsigned int line)
{
	struct control *c = ctx;

	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++) {
		struct control_client *client = &c->clients[i];

		if (!client->toggling || !client->toggle.unarmed || client->toggle.line != line)
			continue;
		continue_toggle(client);
		if (client->out.len)
			loop_want(c->loop, &client->source, client->source.events | EPOLLOUT);
	}
}

static void init_client(struct control *c, struct control_client *client)
{
	*client = (struct control_client){
		.source = { .fd = -1, .ready = on_client, .ctx = client },
		.server = c,
		.in = { .max = CONTROL_MAX_LINE },
		.out = { .max = CONTROL_MAX_OUT },
		.timeout = { .expired = wait_timed_out, .ctx = client },
		.toggle.timer = { .expired = toggle_time_over, .ctx = client },
	};
}

/**
 * control_init() - make a control server
 * @c: the server; the caller sets its quit afterwards
 * @bench: the bench and its device
 */
void control_init(struct control *c, struct bench *bench)
{
	*c = (struct control){ .loop = bench->loop, .dev = bench->dev, .bench = bench };
	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++)
		init_client(c, &c->clients[i]);
	c->listener = (struct device_listener){
		.changed = on_changed, .armed = on_armed, .ctx = c,
	};
	device_listen(c->dev, &c->listener);
}

static void refuse_client(int fd)
{
	static const char text[] = "error too many clients\n";

	if (send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_verbose("cannot refuse a control client: %s", strerror(errno));
	close(fd);
}

/**
 * control_accept() - serve one more client
 * @c: the server
 * @fd: the connection; the server's from now on
 */
void control_accept(struct control *c, int fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++) {
		struct control_client *client = &c->clients[i];

		if (client->source.fd >= 0)
			continue;
		init_client(c, client);
		client->source.fd = fd;
		client->source.events = EPOLLIN;
		loop_add(c->loop, &client->source);
		return;
	}
	refuse_client(fd);
}

/**
 * control_free() - let go of all clients
 * @c: the server
 */
void control_free(struct control *c)
{
	device_unlisten(c->dev, &c->listener);
	for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++)
		if (c->clients[i].source.fd >= 0)
			close_client(&c->clients[i]);
}
