/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control server: commands, replies, clients. */
#include "talk.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl.h"
#include "scratch.h"

static void several_commands_are_answered_in_order(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "set 1 1\nget 1\r\n\n# nothing\nget 0\n", "ok\nok 1\nok 0\n");
}

static void command_may_come_in_pieces(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "ge");
	talk_assert_reply(fd, "");
	talk_say(f, fd, "t 0\nget");
	talk_assert_reply(fd, "ok 0\n");
	talk_say(f, fd, " 1\n");
	talk_assert_reply(fd, "ok 0\n");
	close(fd);
}

static void unknown_commands_are_errors(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "sett 1 1\n", "error unknown command \"sett\"; did you mean \"set\"?\n");
	talk_assert(f, "jump 1\n", "error unknown command \"jump\"; try help\n");
	talk_assert(f, "set \"1 1\n", "error a quote (\") is not closed\n");
	talk_assert(f, "get \"1\"0\n",
			    "error a blank is missing after a closing quote (\")\n");
	talk_assert(f, "a b c d e f g h i j k l m n\n",
			    "error too many words (at most 13)\n");
}

static void overlong_command_closes_the_connection(void **state)
{
	struct talk *f = *state;
	char text[CONTROL_MAX_LINE + 1];
	int fd = talk_connect(f);

	memset(text, 'x', CONTROL_MAX_LINE);
	text[CONTROL_MAX_LINE] = '\0';
	talk_say(f, fd, text);
	talk_assert_reply(fd, "error command too long\n");
	talk_assert_closed(fd);
	close(fd);
}

static void reply_reaches_a_client_that_sends_no_more(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "wait 1 1\nget 1\n");
	shutdown(fd, SHUT_WR);
	talk_run(f);
	talk_assert(f, "set 1 1\n", OK);
	talk_assert_reply(fd, "ok\nok 1\n");
	talk_assert_closed(fd);
	close(fd);
}

static void stats_are_told_and_reset(void **state)
{
	struct talk *f = *state;
	char reply[8192];
	int fd = talk_connect(f);

	f->board.dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE] = (struct msg_stats){ 64, 2, 1 };
	f->board.dev.stats.queue[DEVICE_EVENTQ] = (struct queue_stats){ 5, 6, 7 };
	f->board.dev.stats.violations = 8;
	f->board.dev.bank.stats = (struct gpio_irq_stats){ 9, 10, 11, 12 };
	talk_say(f, fd, "stats\n");
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
	talk_say(f, fd, "stats reset\n");
	talk_assert_reply(fd, OK);
	assert_int_equal(f->board.dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE].requests, 0);
	assert_int_equal(f->board.dev.bank.stats.invalid, 0);
	talk_say(f, fd, "stats resett\n");
	talk_assert_reply(fd, "error after stats comes nothing, \"reset\" or \"line\" and a line\n");
	close(fd);
}

static void faults_are_set_listed_and_removed(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "fault\n", OK);
	talk_assert(f, "fault silence get_value line \"Red LED\" times 2\n", OK);
	talk_assert(f, "fault delay 5ms\n", OK);
	assert_non_null(fault_strikes(&f->board.dev.faults, FAULT_SILENCE, VIRTIO_GPIO_MSG_GET_VALUE,
				      0));
	talk_assert(f, "fault\n",
			    "fault silence get_value line 0 times 2 injected 1\n"
			    "fault delay 5000us injected 0\n" OK);
	talk_assert(f, "fault none silence\n", OK);
	talk_assert(f, "fault\n", "fault delay 5000us injected 0\n" OK);
	talk_assert(f, "fault none\n", OK);
	talk_assert(f, "fault\n", OK);
}

static void faults_by_chance_tell_the_seed(void **state)
{
	struct talk *f = *state;

	fault_seed(&f->board.dev.faults, 77);
	talk_assert(f, "fault silence 10%\n", "seed 77\n" OK);
	talk_assert(f, "fault\n", "fault silence 10% injected 0\nseed 77\n" OK);
}

static void bad_faults_are_refused(void **state)
{
	static const char no_fault[] =
		"error \"hang\" is no fault; there are silence, lose, delay, late, reorder, short, long, "
		"error, bad-status, bad-value, bad-id, unnotified, names-unterminated, "
		"names-nonascii, names-duplicate, names-few, names-many, storm, spurious, twice, "
		"close, no-lines, huge-names, early\n";
	struct talk *f = *state;

	talk_assert(f, "fault hang\n", no_fault);
	talk_assert(f, "fault none hang\n", no_fault);
	talk_assert(f, "fault bad-vaule\n",
			    "error \"bad-vaule\" is no fault; did you mean \"bad-value\"?\n");
	talk_assert(f, "fault none delay 1\n",
			    "error after \"none\" comes nothing, or a fault's name\n");
	assert_int_equal(f->board.dev.faults.count, 0);
}

static void faults_are_counted(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);
	char reply[8192];
	ssize_t len;

	f->board.dev.faults.injected[FAULT_STORM] = 12;
	talk_say(f, fd, "stats\n");
	len = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);
	assert_true(len > 0);
	reply[len] = '\0';
	assert_non_null(strstr(reply, "\nfault.storm 12\n"));
	assert_non_null(strstr(reply, "\nfault.silence 0\n"));
	talk_assert(f, "stats reset\n", OK);
	assert_int_equal(f->board.dev.faults.injected[FAULT_STORM], 0);
	close(fd);
}

static void stats_of_a_line_are_told(void **state)
{
	struct talk *f = *state;

	f->board.dev.line_stats[1] = (struct line_stats){ 5, 6, 7, 8 };
	talk_assert(f, "stats line 1\n",
			    "requests 5\nerrors 6\nevents 7\nchanges 8\n" OK);
	talk_assert(f, "stats line x\n", "error no line is numbered or named \"x\"\n");
}

static void scripts_are_played(void **state)
{
	struct talk *f = *state;
	char path[SCRATCH_PATH], text[128], reply[128];

	scratch_make(path);
	scratch_write(path, "at 1s set 1 1\n");
	snprintf(text, sizeof(text), "play %s\nplay\n", path);
	snprintf(reply, sizeof(reply), "ok\nok \"%s\" line 1 round 1\n", path);
	talk_assert(f, "play\n", "ok idle\n");
	talk_assert(f, text, reply);
	talk_assert(f, "play stop\nplay\n", "ok\nok idle\n");
	talk_assert(f, "play /nonexistent\n",
			    "error cannot read /nonexistent: No such file or directory\n");
	unlink(path);
}

static void help_names_every_command(void **state)
{
	static const char *const names[] = { "set ", "get ", "pulse ", "toggle ", "wait ",
					     "watch", "stats ", "release ", "fault ", "play ",
					     "part ", "help", "quit" };
	struct talk *f = *state;
	char reply[8192];
	int fd = talk_connect(f);

	talk_say(f, fd, "help\n");
	reply[recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT)] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_non_null(strstr(reply, names[i]));
	close(fd);
}

static void help_is_asked_for_in_any_way(void **state)
{
	static const char *const ways[] = { "help\n", "-h\n", "--help\n" };
	struct talk *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		char reply[8192];
		int fd = talk_connect(f);

		talk_say(f, fd, ways[i]);
		reply[recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT)] = '\0';
		assert_int_equal(strncmp(reply, "set LINE 0|1   ", 15), 0);
		close(fd);
	}
}

static void quit_is_passed_on(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "quit\n", OK);
	assert_int_equal(f->quits, 1);
}

static void clients_do_not_disturb_each_other(void **state)
{
	struct talk *f = *state;
	int a = talk_connect(f), b = talk_connect(f);

	talk_say(f, a, "wait 1 1\n");
	talk_say(f, b, "set 1 1\n");
	talk_assert_reply(b, OK);
	talk_assert_reply(a, OK);
	close(a);
	talk_say(f, b, "get 1\n");
	talk_assert_reply(b, "ok 1\n");
	close(b);
}

static void client_quotes_what_needs_it(void **state)
{
	char *words[] = { "set", "Red LED", "a\"b\\", "", "#1", "plain" };
	struct buffer out = { .max = 4096 };
	struct errmsg err;
	char *back[8], text[256] = "";

	(void)state;
	assert_int_equal(ctl_command(6, words, &out, &err), 0);
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
	assert_int_equal(ctl_command(2, words, &out, &err), -1);
	assert_non_null(strstr(err.text, "line break"));
	buffer_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(several_commands_are_answered_in_order),
		TEST(command_may_come_in_pieces),
		TEST(unknown_commands_are_errors),
		TEST(overlong_command_closes_the_connection),
		TEST(reply_reaches_a_client_that_sends_no_more),
		TEST(stats_are_told_and_reset),
		TEST(faults_are_set_listed_and_removed),
		TEST(faults_by_chance_tell_the_seed),
		TEST(bad_faults_are_refused),
		TEST(faults_are_counted),
		TEST(stats_of_a_line_are_told),
		TEST(scripts_are_played),
		TEST(help_names_every_command),
		TEST(help_is_asked_for_in_any_way),
		TEST(quit_is_passed_on),
		TEST(clients_do_not_disturb_each_other),
		TEST(client_quotes_what_needs_it),
		TEST(client_refuses_line_breaks),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
