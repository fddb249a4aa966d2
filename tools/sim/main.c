/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgpio-sim: a GPIO device for virtual machines, as a vhost-user back end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "board.h"
#include "boards.h"
#include "client.h"
#include "greeter.h"
#include "log.h"
#include "loop.h"
#include "panel.h"

#define VGPIO_SIM_VERSION	"0.1"

static const char usage[] =
	"usage: vgpio-sim [OPTION]... --socket PATH [OPTION]... [--socket PATH [OPTION]...]...\n"
	"       vgpio-sim ctl CONTROL_SOCKET COMMAND...\n"
	"\n"
	"Simulates a GPIO device for a virtual machine (vhost-user, virtio ID 41).\n"
	"\n"
	"  --socket PATH     where the virtual machine connects\n"
	"  --board NAME      a name for the board, where there are several\n"
	"  --control PATH    where \"vgpio-sim ctl\" connects; its command help lists the rest\n"
	"  --lines N         number of lines, 1 to 65535 (default 8)\n"
	"  --name LINE=NAME  name one line\n"
	"  --names A,B,,C    name lines from 0 on; an empty name leaves a line out\n"
	"  --level LINE=0|1  the level that a line begins with (default 0)\n"
	"  --config FILE     read a board from a file; see vgpio-sim(1)\n"
	"  --fault SPEC      misbehave, such as \"silence 10% get_value line 3\"; \"vgpio-sim\n"
	"                    ctl CONTROL_SOCKET help\" lists all faults; may be repeated\n"
	"  --seed N          the dice for faults by chance; without it they differ each time\n"
	"  --trace FILE      record everything, one JSON object a line\n"
	"  --vcd FILE        record waveforms for GTKWave, PulseView or sigrok-cli\n"
	"  --play FILE       play a script of stimuli, such as \"at 10ms set 3 1\"\n"
	"  --interactive     show the lines in the terminal; keys drive them, and Tab shows\n"
	"                    the next board\n"
	"  --no-irq          do not offer interrupts\n"
	"  --once            end when the first virtual machine disconnects (of every board)\n"
	"  --verbose         tell every message and request\n"
	"  --help            print this text\n"
	"  --version         print the version\n"
	"\n"
	"Each --socket makes a board: options after it are for this board, options before\n"
	"the first one for all boards.\n"
	"\n"
	"Example: vgpio-sim --socket /tmp/gpio.sock --control /tmp/ctl.sock --names LED,Button\n";

struct server;

/**
 * struct desk - a control socket, and the board that it is for
 * @listener: the socket
 * @board: the board's number
 * @server: the simulator that it is part of
 */
struct desk {
	struct listener listener;
	unsigned int board;
	struct server *server;
};

/**
 * struct server - the whole simulator
 * @config: what the user asked for
 * @loop: the loop
 * @boards: the boards, @config.count of them
 * @desks: for each board, where its control clients connect
 * @greeter: finds out which board a control client wants
 * @panel: the boards in the terminal, or NULL
 * @signals: SIGINT and SIGTERM
 * @quit: it is time to end
 * @status: the exit status then
 */
struct server {
	struct boards config;
	struct loop loop;
	struct board *boards;
	struct desk *desks;
	struct greeter greeter;
	struct panel *panel;
	struct loop_source signals;
	bool quit;
	int status;
};

static int fail(const struct errmsg *err)
{
	log_error("%s", err->text);
	return -1;
}

static void request_quit(void *ctx)
{
	struct server *server = ctx;

	server->quit = true;
}

static void on_signal(void *ctx, uint32_t events)
{
	(void)events;
	request_quit(ctx);
}

/* With --once on every board the simulator ends when all have served. */
static void front_end_left(void *ctx)
{
	struct server *server = ctx;
	bool all_done = true;

	for (unsigned int i = 0; i < server->config.count; i++) {
		const struct board *board = &server->boards[i];

		all_done = all_done && board->done;
		if (board->done && board->failed)
			server->status = EXIT_FAILURE;
	}
	server->quit = server->quit || all_done;
}

static void control_connected(void *ctx, int fd)
{
	struct desk *desk = ctx;

	greeter_accept(&desk->server->greeter, desk->board, fd);
}

static int find_board(void *ctx, const char *text)
{
	const struct server *server = ctx;

	return boards_find(server->config.names, server->config.count, text);
}

static void board_chosen(void *ctx, unsigned int board, int fd)
{
	struct server *server = ctx;

	control_accept(&server->boards[board].control, fd);
}

static int set_up_signals(struct server *server)
{
	struct errmsg err;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0 || mem_survive_loss(panel_restore_terminal)) {
		errmsg_store(&err, "cannot watch for signals: %s", strerror(errno));
		return fail(&err);
	}
	server->signals = (struct loop_source){
		.fd = fd, .events = EPOLLIN, .ready = on_signal, .ctx = server,
	};
	loop_add(&server->loop, &server->signals);
	return 0;
}

/* A control socket for all boards is the first one's. */
static bool has_control(const struct server *server, unsigned int i)
{
	const char *path = server->config.configs[i].control;

	return path && (!i || path != server->config.configs[0].control);
}

static int open_board(struct server *server, unsigned int i, struct errmsg *err)
{
	struct board *board = &server->boards[i];
	struct desk *desk = &server->desks[i];

	*board = (struct board){
		.config = &server->config.configs[i], .loop = &server->loop,
		.left = front_end_left, .quit = request_quit, .ctx = server,
	};
	*desk = (struct desk){ .board = i, .server = server };
	if (board_open(board, err))
		return -1;
	if (!has_control(server, i))
		return 0;
	return listener_open(&desk->listener, &server->loop, board->config->control,
			     control_connected, desk, err);
}

static int open_boards(struct server *server)
{
	struct errmsg err = { "out of memory for the boards" };

	server->boards = calloc(server->config.count, sizeof(*server->boards));
	server->desks = calloc(server->config.count, sizeof(*server->desks));
	if (!server->boards || !server->desks)
		return fail(&err);
	for (unsigned int i = 0; i < server->config.count; i++)
		if (open_board(server, i, &err))
			return fail(&err);
	return 0;
}

static void name_board(const struct server *server, unsigned int i, char *name, size_t size)
{
	if (server->config.names[i])
		snprintf(name, size, "board %.64s", server->config.names[i]);
	else
		snprintf(name, size, "board %u", i);
}

/* The panel has the boards that asked for it. */
static int open_panel(struct server *server)
{
	struct panel_board shown[BOARDS_MAX];
	unsigned int count = 0;
	struct errmsg err;

	for (unsigned int i = 0; i < server->config.count; i++) {
		if (!server->config.configs[i].interactive)
			continue;
		shown[count].bench = &server->boards[i].bench;
		name_board(server, i, shown[count].name, sizeof(shown[count].name));
		count++;
	}
	if (!count)
		return 0;
	server->panel = panel_open(shown, count, request_quit, server, &err);
	return server->panel ? 0 : fail(&err);
}

static void set_up_greeter(struct server *server)
{
	greeter_init(&server->greeter, &server->loop);
	server->greeter.find = find_board;
	server->greeter.chosen = board_chosen;
	server->greeter.ctx = server;
}

static void check_memory(struct server *server)
{
	for (unsigned int i = 0; i < server->config.count; i++)
		vu_check_memory(&server->boards[i].session);
}

static void run(struct server *server)
{
	for (unsigned int i = 0; i < server->config.count; i++)
		printf("listening on %s\n", server->config.configs[i].socket);
	fflush(stdout);
	if (open_panel(server)) {
		server->status = EXIT_FAILURE;
		return;
	}
	while (!server->quit) {
		if (loop_run_once(&server->loop, true)) {
			log_error("cannot wait for events: %s", strerror(errno));
			server->status = EXIT_FAILURE;
			return;
		}
		check_memory(server);
	}
}

/* The last entries are written now: a record may fail in the end, too. */
static void close_boards(struct server *server)
{
	for (unsigned int i = 0; i < server->config.count; i++) {
		if (server->desks)
			listener_close(&server->desks[i].listener);
		if (server->boards)
			board_close(&server->boards[i]);
		if (server->boards && bench_lost_records(&server->boards[i].bench))
			server->status = EXIT_FAILURE;
	}
	free(server->desks);
	free(server->boards);
}

static void clean_up(struct server *server)
{
	panel_close(server->panel);
	greeter_free(&server->greeter);
	close_boards(server);
	if (server->signals.fd >= 0)
		close(server->signals.fd);
	loop_free(&server->loop);
}

static int serve(struct server *server)
{
	for (unsigned int i = 0; i < server->config.count; i++)
		if (server->config.configs[i].verbose)
			log_set_verbose(true);
	set_up_greeter(server);
	if (!set_up_signals(server) && !open_boards(server))
		run(server);
	else
		server->status = EXIT_FAILURE;
	clean_up(server);
	return server->status;
}

static bool asks_for(const struct server *server, enum config_action action)
{
	for (unsigned int i = 0; i < server->config.count; i++)
		if (server->config.configs[i].action == action)
			return true;
	return false;
}

static int start(int argc, char **argv)
{
	static struct server server = { .signals.fd = -1 };
	struct errmsg err;
	int status = EXIT_FAILURE;

	if (boards_parse(&server.config, argc, argv, &err))
		fail(&err);
	else if (asks_for(&server, CONFIG_HELP))
		status = fputs(usage, stdout) < 0;
	else if (asks_for(&server, CONFIG_VERSION))
		status = puts("vgpio-sim " VGPIO_SIM_VERSION) < 0;
	else
		status = serve(&server);
	boards_free(&server.config);
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "ctl"))
		return client_main(argc - 2, argv + 2);
	return start(argc, argv);
}
