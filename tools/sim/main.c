/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgpio-sim: a GPIO device for virtual machines, as a vhost-user back end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "bench.h"
#include "board.h"
#include "client.h"
#include "config.h"
#include "control.h"
#include "device.h"
#include "log.h"
#include "loop.h"
#include "sock.h"
#include "vhost_user.h"

#define VGPIO_SIM_VERSION	"0.1"
#define ACCEPT_RETRY_NS		1000000000ull

static const char usage[] =
	"usage: vgpio-sim --socket PATH [OPTION]...\n"
	"       vgpio-sim ctl CONTROL_SOCKET COMMAND...\n"
	"\n"
	"Simulates a GPIO device for a virtual machine (vhost-user, virtio ID 41).\n"
	"\n"
	"  --socket PATH     where the virtual machine connects\n"
	"  --control PATH    where \"vgpio-sim ctl\" connects; its command help lists the rest\n"
	"  --lines N         number of lines, 1 to 65535 (default 8)\n"
	"  --name LINE=NAME  name one line\n"
	"  --names A,B,,C    name lines from 0 on; an empty name leaves a line out\n"
	"  --level LINE=0|1  the level that a line begins with (default 0)\n"
	"  --config FILE     read a board from a file; see README.md\n"
	"  --fault SPEC      misbehave, such as \"silence 10% get_value line 3\"; \"vgpio-sim\n"
	"                    ctl CONTROL_SOCKET help\" lists all faults; may be repeated\n"
	"  --seed N          the dice for faults by chance; without it they differ each time\n"
	"  --trace FILE      record everything, one JSON object a line\n"
	"  --vcd FILE        record waveforms for GTKWave, PulseView or sigrok-cli\n"
	"  --play FILE       play a script of stimuli, such as \"at 10ms set 3 1\"\n"
	"  --interactive     show the lines in the terminal; keys drive them\n"
	"  --no-irq          do not offer interrupts\n"
	"  --once            end when the first virtual machine disconnects\n"
	"  --verbose         tell every message and request\n"
	"  --help            print this text\n"
	"  --version         print the version\n"
	"\n"
	"Example: vgpio-sim --socket /tmp/gpio.sock --control /tmp/ctl.sock --names LED,Button\n";

struct server;

/**
 * struct listener - a socket that others connect to
 * @path: its file, or NULL while there is none
 * @source: the socket; its fd is -1 while there is none
 * @retry: takes up listening again after descriptors ran out
 * @connected: called with a new connection
 * @server: for @connected
 */
struct listener {
	const char *path;
	struct loop_source source;
	struct loop_timer retry;
	void (*connected)(struct server *server, int fd);
	struct server *server;
};

/**
 * struct server - the whole simulator
 * @config: what the user asked for
 * @loop: the poll loop
 * @dev: the device
 * @bench: what the host does with it
 * @front: where front ends connect
 * @ctl: where control clients connect
 * @board: the board in the terminal, or NULL
 * @session: the front end that is connected
 * @control: the control clients
 * @signals: SIGINT and SIGTERM
 * @quit: it is time to end
 * @status: the exit status then
 */
struct server {
	struct config config;
	struct loop loop;
	struct device dev;
	struct bench bench;
	struct listener front;
	struct listener ctl;
	struct board *board;
	struct vu_session session;
	struct control control;
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

static void on_signal(void *ctx, short revents)
{
	(void)revents;
	request_quit(ctx);
}

static void retry_listening(void *ctx)
{
	struct listener *l = ctx;

	l->source.events = POLLIN;
}

static void on_connection(void *ctx, short revents)
{
	struct listener *l = ctx;
	int fd = sock_accept(l->source.fd);

	(void)revents;
	if (fd >= 0) {
		l->connected(l->server, fd);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	log_error("cannot accept a connection on %s: %s; trying again in a second", l->path,
		  strerror(errno));
	l->source.events = 0;
	loop_timer_start(&l->server->loop, &l->retry, ACCEPT_RETRY_NS);
}

static void front_end_connected(struct server *server, int fd)
{
	/* The next one waits in the queue of the socket until this one leaves. */
	server->front.source.events = 0;
	vu_open(&server->session, fd);
	log_verbose("a front end connected");
}

static void front_end_left(void *ctx, bool failed)
{
	struct server *server = ctx;

	server->front.source.events = POLLIN;
	if (!server->config.once)
		return;
	server->quit = true;
	server->status = failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void control_connected(struct server *server, int fd)
{
	control_accept(&server->control, fd);
}

static int start_listening(struct server *server, struct listener *l, const char *path,
			   void (*connected)(struct server *server, int fd))
{
	struct errmsg err;
	int fd = sock_listen(path, &err);

	if (fd < 0)
		return fail(&err);
	*l = (struct listener){
		.path = path, .connected = connected, .server = server,
		.source = { .fd = fd, .events = POLLIN, .ready = on_connection, .ctx = l },
		.retry = { .expired = retry_listening, .ctx = l },
	};
	loop_add(&server->loop, &l->source);
	return 0;
}

static void stop_listening(struct listener *l)
{
	if (!l->path)
		return;
	unlink(l->path);
	close(l->source.fd);
	l->path = NULL;
}

static void on_sigbus(int signo)
{
	static const char text[] =
		"vgpio-sim: guest memory vanished: its file was made shorter while in use\n";

	(void)signo;
	board_restore_terminal();
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(3);
	_exit(EXIT_FAILURE);
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
	signal(SIGBUS, on_sigbus);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		errmsg_store(&err, "cannot watch for signals: %s", strerror(errno));
		return fail(&err);
	}
	server->signals = (struct loop_source){
		.fd = fd, .events = POLLIN, .ready = on_signal, .ctx = server,
	};
	loop_add(&server->loop, &server->signals);
	return 0;
}

static int set_up_device(struct server *server)
{
	struct errmsg err;

	if (device_init(&server->dev, server->config.lines)) {
		errmsg_store(&err, "out of memory for %u lines", server->config.lines);
		return fail(&err);
	}
	if (config_apply(&server->config, &server->dev, &err))
		return fail(&err);
	bench_init(&server->bench, &server->loop, &server->dev);
	control_init(&server->control, &server->bench);
	server->control.quit = request_quit;
	server->control.quit_ctx = server;
	server->session = (struct vu_session){
		.loop = &server->loop, .dev = &server->dev,
		.offer_irq = !server->config.no_irq,
		.ended = front_end_left, .ended_ctx = server, .over = true,
	};
	if (bench_record(&server->bench, server->config.trace, server->config.vcd, &err))
		return fail(&err);
	if (server->config.play &&
	    player_play(&server->bench.player, server->config.play, &err))
		return fail(&err);
	return 0;
}

static int set_up_sockets(struct server *server)
{
	const struct config *cfg = &server->config;

	if (start_listening(server, &server->front, cfg->socket, front_end_connected))
		return -1;
	if (!cfg->control)
		return 0;
	return start_listening(server, &server->ctl, cfg->control, control_connected);
}

static int open_board(struct server *server)
{
	struct errmsg err;

	if (!server->config.interactive)
		return 0;
	server->board = board_open(&server->bench, request_quit, server, &err);
	return server->board ? 0 : fail(&err);
}

static int run(struct server *server)
{
	printf("listening on %s\n", server->config.socket);
	fflush(stdout);
	if (open_board(server))
		return EXIT_FAILURE;
	while (!server->quit) {
		if (loop_run_once(&server->loop, true)) {
			log_error("cannot wait for events: %s", strerror(errno));
			return EXIT_FAILURE;
		}
	}
	return server->status;
}

static void clean_up(struct server *server)
{
	board_close(server->board);
	if (server->control.dev) {
		vu_close(&server->session);
		control_free(&server->control);
		bench_free(&server->bench);
	}
	stop_listening(&server->front);
	stop_listening(&server->ctl);
	if (server->signals.fd >= 0)
		close(server->signals.fd);
	device_free(&server->dev);
	loop_free(&server->loop);
}

static int serve(struct server *server)
{
	int status = EXIT_FAILURE;

	log_set_verbose(server->config.verbose);
	if (!set_up_signals(server) && !set_up_device(server) && !set_up_sockets(server))
		status = run(server);
	clean_up(server);
	return status;
}

static int start(int argc, char **argv)
{
	static struct server server = { .signals.fd = -1 };
	struct errmsg err;
	int status = EXIT_FAILURE;

	if (config_parse(&server.config, argc, argv, &err))
		fail(&err);
	else if (server.config.action == CONFIG_HELP)
		status = fputs(usage, stdout) < 0;
	else if (server.config.action == CONFIG_VERSION)
		status = puts("vgpio-sim " VGPIO_SIM_VERSION) < 0;
	else
		status = serve(&server);
	config_free(&server.config);
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "ctl"))
		return client_main(argc - 2, argv + 2);
	return start(argc, argv);
}
