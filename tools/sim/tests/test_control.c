/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: every command, its errors, and clients that misbehave. */
#include "guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "control.h"

#define LINES	3
#define OK	"ok\n"
#define LINE0	"line 0 name \"Red LED\" value 0 direction none trigger none unmasked 0 latched 0\n"
#define LINE1	"line 1 name \"\" value 0 direction none trigger none unmasked 0 latched 0\n"
#define LINE2	"line 2 name \"B\\\\\\\"x\" value 0 direction none trigger none unmasked 0 latched 0\n"

/**
 * struct fixture - a control server
 * @loop: its loop
 * @dev: its device
 * @bench: what the host does with it
 * @control: the server under test
 * @quits: number of times a client asked for the end
 */
struct fixture {
	struct loop loop;
	struct device dev;
	struct bench bench;
	struct control control;
	unsigned int quits;
};

static void on_quit(void *ctx)
{
	struct fixture *f = ctx;

	f->quits++;
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	struct errmsg err;

	assert_int_equal(device_init(&f->dev, LINES), 0);
	assert_int_equal(gpio_set_name(&f->dev.bank, 0, "Red LED", &err), 0);
	assert_int_equal(gpio_set_name(&f->dev.bank, 2, "B\\\"x", &err), 0);
	f->dev.bank.irq = true;
	bench_init(&f->bench, &f->loop, &f->dev);
	control_init(&f->control, &f->bench);
	f->control.quit = on_quit;
	f->control.quit_ctx = f;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	control_free(&f->control);
	bench_free(&f->bench);
	loop_free(&f->loop);
	device_free(&f->dev);
	test_free(f);
	return 0;
}

static void run(struct fixture *f)
{
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(loop_run_once(&f->loop, false), 0);
}

static int connect_client(struct fixture *f)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	control_accept(&f->control, pair[1]);
	return pair[0];
}

static void say(struct fixture *f, int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	run(f);
}

/* Everything that was answered so far is exactly this. */
static void assert_reply(int fd, const char *expected)
{
	char reply[8192];
	ssize_t len = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);

	reply[len > 0 ? len : 0] = '\0';
	assert_string_equal(reply, expected);
}

static void assert_closed(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

static void assert_conversation(struct fixture *f, const char *command, const char *expected)
{
	int fd = connect_client(f);

	say(f, fd, command);
	assert_reply(fd, expected);
	close(fd);
	run(f);
}

/* The guest speaks: straight to the model, without rings. */
static void guest_says(struct fixture *f, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_request req = { type, line, value };

	assert_int_equal(gpio_handle(&f->dev.bank, &req).status, VIRTIO_GPIO_STATUS_OK);
	run(f);
}

static void sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000l };

	nanosleep(&ts, NULL);
}

static void set_drives_a_line(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "set 1 1\n", OK);
	assert_true(gpio_value(&f->dev.bank, 1));
	assert_conversation(f, "set 1 0\n", OK);
	assert_false(gpio_value(&f->dev.bank, 1));
}

static void set_takes_a_name(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "set \"Red LED\" 1\n", OK);
	assert_true(gpio_value(&f->dev.bank, 0));
	assert_conversation(f, "set \"B\\\\\\\"x\" 1\n", OK);
	assert_true(gpio_value(&f->dev.bank, 2));
}

static void set_refuses_nonsense(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "set 3 1\n", "error no line is numbered or named \"3\"\n");
	assert_conversation(f, "set x 1\n", "error no line is numbered or named \"x\"\n");
	assert_conversation(f, "set 1 2\n", "error \"2\" must be 0 or 1\n");
	assert_conversation(f, "set 1\n", "error wrong number of words; try help\n");
	assert_conversation(f, "set 1 1 1\n", "error wrong number of words; try help\n");
	assert_false(gpio_value(&f->dev.bank, 1));
}

static void get_tells_one_value(void **state)
{
	struct fixture *f = *state;

	gpio_set_level(&f->dev.bank, 1, true);
	assert_conversation(f, "get 0\n", "ok 0\n");
	assert_conversation(f, "get 1\n", "ok 1\n");
	assert_conversation(f, "get \"Red LED\"\n", "ok 0\n");
	assert_conversation(f, "get nosuch\n", "error no line is numbered or named \"nosuch\"\n");
}

static void get_tells_what_the_guest_drives(void **state)
{
	struct fixture *f = *state;

	guest_says(f, VIRTIO_GPIO_MSG_SET_VALUE, 1, 1);
	assert_conversation(f, "get 1\n", "ok 0\n");
	guest_says(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_OUT);
	assert_conversation(f, "get 1\n", "ok 1\n");
	assert_conversation(f, "set 1 0\n", OK);
	assert_conversation(f, "get 1\n", "ok 1\n");
}

static void get_tells_all(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "get\n", LINE0 LINE1 LINE2 OK);
}

static void several_commands_are_answered_in_order(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "set 1 1\nget 1\r\n\n# nothing\nget 0\n", "ok\nok 1\nok 0\n");
}

static void command_may_come_in_pieces(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "ge");
	assert_reply(fd, "");
	say(f, fd, "t 0\nget");
	assert_reply(fd, "ok 0\n");
	say(f, fd, " 1\n");
	assert_reply(fd, "ok 0\n");
	close(fd);
}

static void unknown_commands_are_errors(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "sett 1 1\n", "error unknown command; try help\n");
	assert_conversation(f, "set \"1 1\n", "error a quote (\") is not closed\n");
	assert_conversation(f, "get \"1\"0\n",
			    "error a blank is missing after a closing quote (\")\n");
	assert_conversation(f, "a b c d e f g h i j k l m\n",
			    "error too many words (at most 12)\n");
}

static void overlong_command_closes_the_connection(void **state)
{
	struct fixture *f = *state;
	char text[CONTROL_MAX_LINE + 1];
	int fd = connect_client(f);

	memset(text, 'x', CONTROL_MAX_LINE);
	text[CONTROL_MAX_LINE] = '\0';
	say(f, fd, text);
	assert_reply(fd, "error command too long\n");
	assert_closed(fd);
	close(fd);
}

static void pulse_inverts_for_a_time(void **state)
{
	struct fixture *f = *state;

	gpio_set_level(&f->dev.bank, 1, true);
	assert_conversation(f, "pulse 1 20ms\n", OK);
	assert_false(gpio_value(&f->dev.bank, 1));
	sleep_ms(25);
	run(f);
	assert_true(gpio_value(&f->dev.bank, 1));
	assert_null(f->bench.pulses);
}

static void pulses_do_not_overlap_on_a_line(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "pulse 1 10s\n", OK);
	assert_conversation(f, "pulse 1 1ms\n", "error a pulse is under way on this line\n");
	assert_conversation(f, "pulse 0 10s\n", OK);
	assert_true(gpio_value(&f->dev.bank, 0));
	assert_true(gpio_value(&f->dev.bank, 1));
}

static void set_ends_a_pulse(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "pulse 1 5ms\n", OK);
	assert_conversation(f, "set 1 1\n", OK);
	sleep_ms(10);
	run(f);
	assert_true(gpio_value(&f->dev.bank, 1));
}

static void pulse_refuses_bad_durations(void **state)
{
	static const char *const durations[] = {
		"10", "ms", "0ms", "-1ms", "1h", "10 ms", "1.5ms", "86401s", "99999999999s",
	};
	struct fixture *f = *state;
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		assert_false(parse_duration(durations[i], &ns));
	assert_conversation(f, "pulse 1 10\n",
			    "error the duration must be above 0, with us, ms or s\n");
	assert_false(gpio_value(&f->dev.bank, 1));
}

static void durations_are_read(void **state)
{
	uint64_t ns;

	(void)state;
	assert_true(parse_duration("7us", &ns));
	assert_int_equal(ns, 7000);
	assert_true(parse_duration("10ms", &ns));
	assert_int_equal(ns, 10000000);
	assert_true(parse_duration("86400s", &ns));
	assert_int_equal(ns, 86400000000000ull);
}

/* The guest waits for an interrupt of line 1. */
static void guest_arms(struct fixture *f)
{
	gpio_unmask(&f->dev.bank, 1);
	run(f);
}

static void guest_wants_edges(struct fixture *f)
{
	guest_says(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_IN);
	guest_says(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
}

static void toggle_makes_edges_at_once(void **state)
{
	struct fixture *f = *state;

	guest_wants_edges(f);
	assert_conversation(f, "toggle 1 5\n", OK);
	assert_true(gpio_value(&f->dev.bank, 1));
	assert_int_equal(f->dev.bank.stats.latched, 1);
	assert_int_equal(f->dev.bank.stats.coalesced, 4);
	assert_conversation(f, "toggle \"Red LED\" 2\n", OK);
	assert_false(gpio_value(&f->dev.bank, 0));
}

static void toggle_pauses_before_each_edge(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "toggle 1 2 pause 30ms\nget 0\n");
	assert_false(gpio_value(&f->dev.bank, 1));
	sleep_ms(35);
	run(f);
	assert_true(gpio_value(&f->dev.bank, 1));
	assert_reply(fd, "");
	sleep_ms(35);
	run(f);
	assert_false(gpio_value(&f->dev.bank, 1));
	assert_reply(fd, "ok\nok 0\n");
	assert_null(f->loop.timers);
	close(fd);
}

static void toggle_waits_for_the_guest(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	guest_wants_edges(f);
	say(f, fd, "toggle 1 2 rearm 10s\n");
	assert_false(gpio_value(&f->dev.bank, 1));
	guest_arms(f);
	assert_true(gpio_value(&f->dev.bank, 1));
	guest_arms(f);
	assert_false(gpio_value(&f->dev.bank, 1));
	assert_reply(fd, "");
	guest_arms(f);
	assert_false(gpio_value(&f->dev.bank, 1));
	assert_reply(fd, OK);
	assert_int_equal(f->dev.bank.stats.delivered, 2);
	assert_int_equal(f->dev.bank.stats.latched, 0);
	assert_null(f->loop.timers);
	close(fd);
}

static void toggle_pauses_when_the_guest_is_ready(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	guest_wants_edges(f);
	say(f, fd, "toggle 1 1 rearm 10s pause 30ms\n");
	guest_arms(f);
	assert_false(gpio_value(&f->dev.bank, 1));
	sleep_ms(35);
	run(f);
	assert_true(gpio_value(&f->dev.bank, 1));
	assert_reply(fd, "");
	close(fd);
}

static void toggle_tells_that_the_guest_is_not_ready(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	guest_wants_edges(f);
	guest_arms(f);
	say(f, fd, "toggle 1 3 rearm 5ms\nget 1\n");
	assert_true(gpio_value(&f->dev.bank, 1));
	assert_reply(fd, "");
	sleep_ms(10);
	run(f);
	assert_reply(fd, "error timeout: line 1 is not armed after 1 of 3 edges\nok 1\n");
	guest_arms(f);
	assert_true(gpio_value(&f->dev.bank, 1));
	close(fd);
}

static void toggle_minds_its_own_line(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	guest_wants_edges(f);
	say(f, fd, "toggle 0 1 rearm 10s\n");
	guest_arms(f);
	assert_false(gpio_value(&f->dev.bank, 0));
	assert_reply(fd, "");
	close(fd);
}

static void toggle_ends_a_pulse(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "pulse 1 5ms\n", OK);
	assert_conversation(f, "toggle 1 2\n", OK);
	sleep_ms(10);
	run(f);
	assert_true(gpio_value(&f->dev.bank, 1));
}

static void toggling_client_may_leave(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	guest_wants_edges(f);
	say(f, fd, "toggle 1 1 rearm 10s\n");
	close(fd);
	run(f);
	assert_null(f->loop.timers);
	guest_arms(f);
	assert_false(gpio_value(&f->dev.bank, 1));
}

static void toggle_refuses_nonsense(void **state)
{
	static const char *const wrong[] = {
		"toggle 1 0\n", "toggle 1 x\n", "toggle 1 100001\n", "toggle 1 2 pause\n",
		"toggle 1 2 pause 0ms\n", "toggle 1 2 break 1ms\n",
		"toggle 1 2 pause 1ms rearm\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_conversation(f, wrong[i], "error after the line comes a count up to "
				    "100000, then maybe \"pause\", \"rearm\", each with a "
				    "duration such as 1ms\n");
	assert_conversation(f, "toggle 1\n", "error wrong number of words; try help\n");
	assert_conversation(f, "toggle 9 1\n", "error no line is numbered or named \"9\"\n");
	assert_false(gpio_value(&f->dev.bank, 1));
}

static void watch_reports_changes(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "watch\n");
	assert_reply(fd, OK);
	assert_conversation(f, "set 1 1\n", OK);
	assert_reply(fd, "line 1 name \"\" value 1 direction none trigger none unmasked 0 "
		     "latched 0\n");
	guest_says(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_IN);
	assert_reply(fd, "line 1 name \"\" value 1 direction input trigger none unmasked 0 "
		     "latched 0\n");
	guest_says(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	assert_reply(fd, "line 1 name \"\" value 1 direction input trigger both unmasked 0 "
		     "latched 0\n");
	assert_conversation(f, "set 1 1\n", OK);
	assert_reply(fd, "");
	close(fd);
}

static void watch_and_commands_go_together(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "watch\nset 0 1\n");
	assert_reply(fd, OK "line 0 name \"Red LED\" value 1 direction none trigger none "
		     "unmasked 0 latched 0\n" OK);
	close(fd);
}

static void wait_is_answered_at_once_if_true(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "wait 1 0\n", OK);
	assert_conversation(f, "wait 1 0 timeout 1ms\n", OK);
}

static void wait_is_answered_by_the_change(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "wait 1 1 timeout 10s\nget 1\n");
	assert_reply(fd, "");
	assert_conversation(f, "set 0 1\n", OK);
	assert_reply(fd, "");
	assert_conversation(f, "set 1 1\n", OK);
	assert_reply(fd, "ok\nok 1\n");
	assert_null(f->loop.timers);
	close(fd);
}

static void wait_sees_even_a_short_change(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "wait 1 1\n");
	device_set_level(&f->dev, 1, true);
	device_set_level(&f->dev, 1, false);
	run(f);
	assert_reply(fd, OK);
	close(fd);
}

static void wait_times_out(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "wait 1 1 timeout 5ms\nget 0\n");
	sleep_ms(10);
	run(f);
	assert_reply(fd, "error timeout: line 1 is still 0\nok 0\n");
	close(fd);
}

static void wait_refuses_nonsense(void **state)
{
	static const char why[] = "error after the value comes nothing, or \"timeout\" and a "
				  "duration such as 5s\n";
	struct fixture *f = *state;

	assert_conversation(f, "wait 1 1 timeout\n", why);
	assert_conversation(f, "wait 1 1 timeout x\n", why);
	assert_conversation(f, "wait 1 1 after 5s\n", why);
	assert_conversation(f, "wait 1 x\n", "error \"x\" must be 0 or 1\n");
	assert_conversation(f, "wait 9 1\n", "error no line is numbered or named \"9\"\n");
}

static void waiting_client_may_leave(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "wait 1 1 timeout 10s\n");
	close(fd);
	run(f);
	assert_null(f->loop.timers);
	assert_int_equal(f->control.clients[0].source.fd, -1);
	assert_conversation(f, "set 1 1\n", OK);
}

static void reply_reaches_a_client_that_sends_no_more(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "wait 1 1\nget 1\n");
	shutdown(fd, SHUT_WR);
	run(f);
	assert_conversation(f, "set 1 1\n", OK);
	assert_reply(fd, "ok\nok 1\n");
	assert_closed(fd);
	close(fd);
}

static void stats_are_told_and_reset(void **state)
{
	struct fixture *f = *state;
	char reply[8192];
	int fd = connect_client(f);

	f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE] = (struct msg_stats){ 64, 2, 1 };
	f->dev.stats.queue[DEVICE_EVENTQ] = (struct queue_stats){ 5, 6, 7 };
	f->dev.stats.violations = 8;
	f->dev.bank.stats = (struct gpio_irq_stats){ 9, 10, 11, 12 };
	say(f, fd, "stats\n");
	reply[recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT)] = '\0';
	assert_non_null(strstr(reply, "get_value.requests 64\n"));
	assert_non_null(strstr(reply, "get_value.errors 2\n"));
	assert_non_null(strstr(reply, "get_value.notifications 1\n"));
	assert_non_null(strstr(reply, "eventq.notifications 5\n"));
	assert_non_null(strstr(reply, "eventq.requests 6\n"));
	assert_non_null(strstr(reply, "eventq.interrupts 7\n"));
	assert_non_null(strstr(reply, "violations 8\n"));
	assert_non_null(strstr(reply, "irq.delivered 9\n"));
	assert_non_null(strstr(reply, "irq.latched 10\n"));
	assert_non_null(strstr(reply, "irq.coalesced 11\n"));
	assert_non_null(strstr(reply, "irq.invalid 12\n"));
	assert_string_equal(reply + strlen(reply) - 4, "\nok\n");
	say(f, fd, "stats reset\n");
	assert_reply(fd, OK);
	assert_int_equal(f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE].requests, 0);
	assert_int_equal(f->dev.bank.stats.invalid, 0);
	say(f, fd, "stats resett\n");
	assert_reply(fd, "error after stats comes nothing, \"reset\" or \"line\" and a line\n");
	close(fd);
}

static void faults_are_set_listed_and_removed(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "fault\n", OK);
	assert_conversation(f, "fault silence get_value line \"Red LED\" times 2\n", OK);
	assert_conversation(f, "fault delay 5ms\n", OK);
	assert_non_null(fault_strikes(&f->dev.faults, FAULT_SILENCE, VIRTIO_GPIO_MSG_GET_VALUE,
				      0));
	assert_conversation(f, "fault\n",
			    "fault silence get_value line 0 times 2 injected 1\n"
			    "fault delay 5000us injected 0\n" OK);
	assert_conversation(f, "fault none silence\n", OK);
	assert_conversation(f, "fault\n", "fault delay 5000us injected 0\n" OK);
	assert_conversation(f, "fault none\n", OK);
	assert_conversation(f, "fault\n", OK);
}

static void faults_by_chance_tell_the_seed(void **state)
{
	struct fixture *f = *state;

	fault_seed(&f->dev.faults, 77);
	assert_conversation(f, "fault silence 10%\n", "seed 77\n" OK);
	assert_conversation(f, "fault\n", "fault silence 10% injected 0\nseed 77\n" OK);
}

static void bad_faults_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "fault hang\n", "error \"hang\" is no fault; see help\n");
	assert_conversation(f, "fault none hang\n", "error \"hang\" is no fault; see help\n");
	assert_conversation(f, "fault none delay 1\n",
			    "error after \"none\" comes nothing, or a fault's name\n");
	assert_int_equal(f->dev.faults.count, 0);
}

static void faults_are_counted(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);
	char reply[8192];
	ssize_t len;

	f->dev.faults.injected[FAULT_STORM] = 12;
	say(f, fd, "stats\n");
	len = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);
	assert_true(len > 0);
	reply[len] = '\0';
	assert_non_null(strstr(reply, "\nfault.storm 12\n"));
	assert_non_null(strstr(reply, "\nfault.silence 0\n"));
	assert_conversation(f, "stats reset\n", OK);
	assert_int_equal(f->dev.faults.injected[FAULT_STORM], 0);
	close(fd);
}

static void stats_of_a_line_are_told(void **state)
{
	struct fixture *f = *state;

	f->dev.line_stats[1] = (struct line_stats){ 5, 6, 7, 8 };
	assert_conversation(f, "stats line 1\n",
			    "requests 5\nerrors 6\nevents 7\nchanges 8\n" OK);
	assert_conversation(f, "stats line x\n", "error no line is numbered or named \"x\"\n");
}

static void release_lets_the_pull_decide(void **state)
{
	struct fixture *f = *state;

	gpio_set_pull(&f->dev.bank, 1, true);
	assert_conversation(f, "set 1 0\nget 1\nrelease 1\nget 1\n", OK "ok 0\n" OK "ok 1\n");
	assert_conversation(f, "release 9\n", "error no line is numbered or named \"9\"\n");
}

static void pulse_gives_a_pulled_line_back(void **state)
{
	struct fixture *f = *state;

	gpio_set_pull(&f->dev.bank, 1, true);
	assert_conversation(f, "pulse 1 5ms\nget 1\n", OK "ok 0\n");
	sleep_ms(10);
	run(f);
	assert_true(gpio_value(&f->dev.bank, 1));
	assert_int_equal(gpio_driver(&f->dev.bank, 1), GPIO_PULL);
}

static void scripts_are_played(void **state)
{
	struct fixture *f = *state;
	char path[] = "/tmp/vgpio-sim-test-XXXXXX", text[128], reply[128];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "at 1s set 1 1\n", 14), 14);
	close(fd);
	snprintf(text, sizeof(text), "play %s\nplay\n", path);
	snprintf(reply, sizeof(reply), "ok\nok \"%s\" line 1 round 1\n", path);
	assert_conversation(f, "play\n", "ok idle\n");
	assert_conversation(f, text, reply);
	assert_conversation(f, "play stop\nplay\n", "ok\nok idle\n");
	assert_conversation(f, "play /nonexistent\n",
			    "error cannot read /nonexistent: No such file or directory\n");
	unlink(path);
}

static void help_names_every_command(void **state)
{
	static const char *const names[] = { "set ", "get ", "pulse ", "toggle ", "wait ",
					     "watch", "stats ", "release ", "fault ", "play ", "help",
					     "quit" };
	struct fixture *f = *state;
	char reply[8192];
	int fd = connect_client(f);

	say(f, fd, "help\n");
	reply[recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT)] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_non_null(strstr(reply, names[i]));
	close(fd);
}

static void quit_is_passed_on(void **state)
{
	struct fixture *f = *state;

	assert_conversation(f, "quit\n", OK);
	assert_int_equal(f->quits, 1);
}

static void clients_do_not_disturb_each_other(void **state)
{
	struct fixture *f = *state;
	int a = connect_client(f), b = connect_client(f);

	say(f, a, "wait 1 1\n");
	say(f, b, "set 1 1\n");
	assert_reply(b, OK);
	assert_reply(a, OK);
	close(a);
	say(f, b, "get 1\n");
	assert_reply(b, "ok 1\n");
	close(b);
}

static void too_many_clients_are_refused(void **state)
{
	struct fixture *f = *state;
	int fds[CONTROL_MAX_CLIENTS], more;

	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		fds[i] = connect_client(f);
	more = connect_client(f);
	assert_reply(more, "error too many clients\n");
	assert_closed(more);
	close(fds[3]);
	run(f);
	assert_conversation(f, "get 0\n", "ok 0\n");
	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		if (i != 3)
			close(fds[i]);
	close(more);
}

static void client_that_does_not_read_is_dropped(void **state)
{
	struct fixture *f = *state;
	int fd = connect_client(f);

	say(f, fd, "watch\n");
	f->control.clients[0].out.max = 64 * 1024;
	for (unsigned int i = 0; i < 20000; i++) {
		device_set_level(&f->dev, 1, i % 2 == 0);
		loop_run_once(&f->loop, false);
		if (f->control.clients[0].source.fd < 0)
			break;
	}
	assert_int_equal(f->control.clients[0].source.fd, -1);
	assert_conversation(f, "get 0\n", "ok 0\n");
	close(fd);
}

static void client_quotes_what_needs_it(void **state)
{
	char *words[] = { "set", "Red LED", "a\"b\\", "", "#1", "plain" };
	struct buffer out = { .max = 4096 };
	struct errmsg err;
	char *back[8], text[256] = "";

	(void)state;
	assert_int_equal(client_command(6, words, &out, &err), 0);
	memcpy(text, buffer_head(&out), out.len);
	assert_string_equal(text, "set \"Red LED\" \"a\\\"b\\\\\" \"\" \"#1\" plain\n");
	text[strlen(text) - 1] = '\0';
	assert_int_equal(split_words(text, back, 8, &err), 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_string_equal(back[i], words[i]);
	buffer_free(&out);
}

static void client_refuses_line_breaks(void **state)
{
	char *words[] = { "set", "a\nset 1 1" };
	struct buffer out = { .max = 4096 };
	struct errmsg err;

	(void)state;
	assert_int_equal(client_command(2, words, &out, &err), -1);
	assert_non_null(strstr(err.text, "line break"));
	buffer_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(set_drives_a_line),
		TEST(set_takes_a_name),
		TEST(set_refuses_nonsense),
		TEST(get_tells_one_value),
		TEST(get_tells_what_the_guest_drives),
		TEST(get_tells_all),
		TEST(several_commands_are_answered_in_order),
		TEST(command_may_come_in_pieces),
		TEST(unknown_commands_are_errors),
		TEST(overlong_command_closes_the_connection),
		TEST(pulse_inverts_for_a_time),
		TEST(pulses_do_not_overlap_on_a_line),
		TEST(set_ends_a_pulse),
		TEST(pulse_refuses_bad_durations),
		TEST(durations_are_read),
		TEST(toggle_makes_edges_at_once),
		TEST(toggle_pauses_before_each_edge),
		TEST(toggle_waits_for_the_guest),
		TEST(toggle_pauses_when_the_guest_is_ready),
		TEST(toggle_tells_that_the_guest_is_not_ready),
		TEST(toggle_minds_its_own_line),
		TEST(toggle_ends_a_pulse),
		TEST(toggling_client_may_leave),
		TEST(toggle_refuses_nonsense),
		TEST(watch_reports_changes),
		TEST(watch_and_commands_go_together),
		TEST(wait_is_answered_at_once_if_true),
		TEST(wait_is_answered_by_the_change),
		TEST(wait_sees_even_a_short_change),
		TEST(wait_times_out),
		TEST(wait_refuses_nonsense),
		TEST(waiting_client_may_leave),
		TEST(reply_reaches_a_client_that_sends_no_more),
		TEST(stats_are_told_and_reset),
		TEST(faults_are_set_listed_and_removed),
		TEST(faults_by_chance_tell_the_seed),
		TEST(bad_faults_are_refused),
		TEST(faults_are_counted),
		TEST(stats_of_a_line_are_told),
		TEST(release_lets_the_pull_decide),
		TEST(pulse_gives_a_pulled_line_back),
		TEST(scripts_are_played),
		TEST(help_names_every_command),
		TEST(quit_is_passed_on),
		TEST(clients_do_not_disturb_each_other),
		TEST(too_many_clients_are_refused),
		TEST(client_that_does_not_read_is_dropped),
		TEST(client_quotes_what_needs_it),
		TEST(client_refuses_line_breaks),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
