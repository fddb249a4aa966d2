/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgpio-sim: a GPIO device for virtual machines, as a vhost-user back end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "board.h"
#include "options.h"
#include "control.h"
#include "ctl.h"
#include "log.h"
#include "loop.h"
#include "run.h"
#include "tui.h"
#include "wire.h"

#define VGPIO_SIM_VERSION	"0.1"

static const char usage[] =
	"usage: vgpio-sim [OPTION]... --socket PATH [OPTION]... [--socket PATH [OPTION]...]...\n"
	"       vgpio-sim ctl CONTROL_SOCKET COMMAND...\n"
	"       vgpio-sim run [OPTION]... SCENARIO...\n"
	"\n"
	"Simulates a GPIO device for a virtual machine (vhost-user, virtio ID 41).\n"
	"\n"
	"  --socket PATH     where the virtual machine connects; also --socket-path\n"
	"  --fd N            it is connected already, on this descriptor\n"
	"  --socket-mode N   permissions of that socket, in octal (default: by the umask)\n"
	"  --board NAME      a name for the board, where there are several\n"
	"  --control PATH    where \"vgpio-sim ctl\" connects; its command help lists the rest\n"
	"  --control-mode N  permissions of that socket (default 600)\n"
	"  --group NAME      the group of both sockets\n"
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
	"  --state FILE      what the guest did to its lines outlives the simulator here\n"
	"  --play FILE       play a script of stimuli, such as \"at 10ms set 3 1\"\n"
	"  --interactive     show the lines in the terminal; keys drive them, and Tab shows\n"
	"                    the next board\n"
	"  --no-irq          do not offer interrupts\n"
	"  --once            end when the first virtual machine disconnects (of every board)\n"
	"  --strict          hold the guest's driver against the specification: TAP at the end,\n"
	"                    and exit status 1 if it broke a rule\n"
	"  --ready-fd N      write a line to this descriptor when all is ready, and close it\n"
	"  --print-capabilities  say in JSON what this back end is, for management software\n"
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
 * struct control_port - a socket for control clients
 * @listener: the socket
 * @board: the board that it is for
 * @server: the simulator that it is part of
 */
struct control_port {
	struct listener listener;
	unsigned int board;
	struct server *server;
};

/**
 * struct server - the whole simulator
 * @config: what the user asked for
 * @loop: the loop
 * @wires: the wires between boards
 * @boards: the boards, @config.count of them
 * @ports: for each board, where its control clients connect
 * @control: the control clients
 * @tui: the boards in the terminal, or NULL
 * @signals: SIGINT and SIGTERM
 * @quit: it is time to end
 * @status: the exit status then
 */
struct server {
	struct options config;
	struct loop loop;
	struct wires wires;
	struct board *boards;
	struct control_port *ports;
	struct control control;
	struct tui *tui;
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
	struct control_port *port = ctx;

	control_accept(&port->server->control, port->board, fd);
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
	if (fd < 0 || mem_survive_loss(tui_restore_terminal)) {
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

static int make_board(struct server *server, unsigned int i, struct errmsg *err)
{
	struct board *board = &server->boards[i];

	const struct config *config = &server->config.configs[i];

	if (board_init(board, &server->loop, config->lines, config->state, err))
		return -1;
	board->dev.wires = &server->wires;
	script_init(&board->script, &server->loop, command_script, board);
	board->left = front_end_left;
	board->ctx = server;
	return 0;
}

static int make_boards(struct server *server, struct errmsg *err)
{
	unsigned int count = server->config.count;

	server->boards = calloc(count, sizeof(*server->boards));
	server->ports = calloc(count, sizeof(*server->ports));
	if (!server->boards || !server->ports)
		return errmsg_set(err, "out of memory for the boards");
	for (unsigned int i = 0; i < count; i++)
		if (make_board(server, i, err))
			return -1;
	if (control_init(&server->control, server->boards, server->config.names, count))
		return errmsg_set(err, "out of memory for control clients");
	server->control.quit = request_quit;
	server->control.quit_ctx = server;
	return 0;
}

static int open_board(struct server *server, unsigned int i, struct errmsg *err)
{
	const struct config *config = &server->config.configs[i];
	struct sock_access access = { .mode = config->control_mode, .group = config->group };
	struct control_port *port = &server->ports[i];

	if (board_serve(&server->boards[i], err))
		return -1;
	if (!has_control(server, i))
		return 0;
	port->board = i;
	port->server = server;
	return listener_open(&port->listener, &server->loop, config->control, &access,
			     control_connected, port, err);
}

/*
 * A wire joins boards: no line may settle before all of them are as they were left, or it
 * would see edges that nobody caused.
 */
static int set_up_boards(struct server *server, struct errmsg *err)
{
	unsigned int count = server->config.count;

	server->wires = (struct wires){ .loop = &server->loop, .setting_up = true };
	for (unsigned int i = 0; i < count; i++)
		if (board_configure(&server->boards[i], &server->config.configs[i], err))
			return -1;
	if (wires_check(&server->wires, err))
		return -1;
	for (unsigned int i = 0; i < count; i++)
		state_restore(&server->boards[i].state, &server->boards[i].dev);
	for (unsigned int i = 0; i < count; i++)
		gpio_settle(&server->boards[i].dev.bank);
	wires_begin(&server->wires);
	return 0;
}

static int open_boards(struct server *server)
{
	struct errmsg err;

	if (make_boards(server, &err) || set_up_boards(server, &err))
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

/* The terminal shows the boards that asked for it. */
static int open_terminal(struct server *server)
{
	struct tui_board shown[OPTIONS_MAX_BOARDS];
	unsigned int count = 0;
	struct errmsg err;

	for (unsigned int i = 0; i < server->config.count; i++) {
		if (!server->config.configs[i].interactive)
			continue;
		shown[count].board = &server->boards[i];
		name_board(server, i, shown[count].name, sizeof(shown[count].name));
		count++;
	}
	if (!count)
		return 0;
	server->tui = tui_open(shown, count, request_quit, server, &err);
	return server->tui ? 0 : fail(&err);
}

static void check_memory(struct server *server)
{
	for (unsigned int i = 0; i < server->config.count; i++)
		vu_check_memory(&server->boards[i].session);
}

/* As sd_notify(3) describes it; nothing happens where nobody asked for it. */
static void notify_service_manager(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	/* An "@" stands for the zero byte of an abstract name. */
	if (*path == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&addr,
		   offsetof(struct sockaddr_un, sun_path) + len) < 0)
		log_error("cannot notify %s: %s", path, strerror(errno));
	close_fd(&fd);
}

static void tell_ready_fd(int fd)
{
	if (fd < 0)
		return;
	if (write(fd, "\n", 1) != 1)
		log_error("--ready-fd %d: %s", fd, strerror(errno));
	close_fd(&fd);
}

static void tell_ready(const struct server *server)
{
	for (unsigned int i = 0; i < server->config.count; i++)
		printf("listening on %s\n", config_where(&server->config.configs[i]));
	fflush(stdout);
	notify_service_manager();
	tell_ready_fd(server->config.configs[0].ready_fd);
}

/* In the end: how the drivers of all boards with --strict kept to the rules. */
static void report_rules(struct server *server)
{
	struct rules sum = { 0 };
	bool wanted = false;

	for (unsigned int i = 0; i < server->config.count; i++) {
		if (!server->config.configs[i].strict)
			continue;
		wanted = true;
		rules_add(&sum, &server->boards[i].dev.rules);
	}
	if (!wanted)
		return;
	rules_report(&sum, stdout);
	if (fflush(stdout) || !rules_kept(&sum))
		server->status = EXIT_FAILURE;
}

static void run(struct server *server)
{
	tell_ready(server);
	if (open_terminal(server)) {
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
	report_rules(server);
}

/* The last entries are written now: a record may fail in the end, or an expectation. */
static void close_boards(struct server *server)
{
	for (unsigned int i = 0; i < server->config.count; i++) {
		if (server->ports)
			listener_close(&server->ports[i].listener);
		if (!server->boards)
			continue;
		board_free(&server->boards[i]);
		if (board_failed(&server->boards[i]))
			server->status = EXIT_FAILURE;
	}
	free(server->ports);
	free(server->boards);
}

static void clean_up(struct server *server)
{
	tui_close(server->tui);
	control_free(&server->control);
	close_boards(server);
	wires_free(&server->wires);
	if (server->signals.fd >= 0)
		close(server->signals.fd);
	loop_free(&server->loop);
}

static int serve(struct server *server)
{
	for (unsigned int i = 0; i < server->config.count; i++)
		if (server->config.configs[i].verbose)
			log_set_verbose(true);
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

static int print_usage(void)
{
	return fputs(usage, stdout) < 0;
}

static int start(int argc, char **argv)
{
	static struct server server = { .signals.fd = -1 };
	struct errmsg err;
	int status = EXIT_FAILURE;

	if (options_parse(&server.config, argc, argv, &err))
		fail(&err);
	else if (asks_for(&server, CONFIG_HELP))
		status = print_usage();
	else if (asks_for(&server, CONFIG_CAPABILITIES))
		status = puts("{\"type\":\"gpio\"}") < 0;
	else if (asks_for(&server, CONFIG_VERSION))
		status = puts("vgpio-sim " VGPIO_SIM_VERSION) < 0;
	else
		status = serve(&server);
	options_free(&server.config);
	return status;
}

/* Else a socket or a record would take the place, and messages go there. */
static void open_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	close_fd(&fd);
}

int main(int argc, char **argv)
{
	open_standard_streams();
	if (argc > 1 && !strcmp(argv[1], "help"))
		return print_usage();
	if (argc > 1 && !strcmp(argv[1], "ctl"))
		return ctl_main(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "run"))
		return run_main(argc - 1, argv + 1);
	return start(argc, argv);
}
