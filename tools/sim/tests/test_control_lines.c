/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that drive and watch lines. */
#include "talk.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void set_drives_a_line(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "set 1 1\n", OK);
	assert_true(gpio_value(&f->board.dev.bank, 1));
	talk_assert(f, "set 1 0\n", OK);
	assert_false(gpio_value(&f->board.dev.bank, 1));
}

static void set_takes_a_name(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "set \"Red LED\" 1\n", OK);
	assert_true(gpio_value(&f->board.dev.bank, 0));
	talk_assert(f, "set \"B\\\\\\\"x\" 1\n", OK);
	assert_true(gpio_value(&f->board.dev.bank, 2));
}

static void set_refuses_nonsense(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "set 3 1\n", "error no line is numbered or named \"3\"\n");
	talk_assert(f, "set x 1\n", "error no line is numbered or named \"x\"\n");
	talk_assert(f, "set 1 2\n", "error \"2\" must be 0 or 1\n");
	talk_assert(f, "set 1\n", "error wrong number of words; use \"set LINE 0|1\"\n");
	talk_assert(f, "set 1 1 1\n", "error wrong number of words; use \"set LINE 0|1\"\n");
	assert_false(gpio_value(&f->board.dev.bank, 1));
}

static void get_tells_one_value(void **state)
{
	struct talk *f = *state;

	gpio_set_level(&f->board.dev.bank, 1, true);
	talk_assert(f, "get 0\n", "ok 0\n");
	talk_assert(f, "get 1\n", "ok 1\n");
	talk_assert(f, "get \"Red LED\"\n", "ok 0\n");
	talk_assert(f, "get nosuch\n", "error no line is numbered or named \"nosuch\"\n");
}

static void get_tells_what_the_guest_drives(void **state)
{
	struct talk *f = *state;

	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_VALUE, 1, 1);
	talk_assert(f, "get 1\n", "ok 0\n");
	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_OUT);
	talk_assert(f, "get 1\n", "ok 1\n");
	talk_assert(f, "set 1 0\n", OK);
	talk_assert(f, "get 1\n", "ok 1\n");
}

static void get_tells_all(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "get\n", LINE0 LINE1 LINE2 OK);
}

static void pulse_inverts_for_a_time(void **state)
{
	struct talk *f = *state;

	gpio_set_level(&f->board.dev.bank, 1, true);
	talk_assert(f, "pulse 1 20ms\n", OK);
	assert_false(gpio_value(&f->board.dev.bank, 1));
	talk_sleep_ms(25);
	talk_run(f);
	assert_true(gpio_value(&f->board.dev.bank, 1));
	assert_null(f->board.pulses[1]);
}

static void pulses_do_not_overlap_on_a_line(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "pulse 1 10s\n", OK);
	talk_assert(f, "pulse 1 1ms\n", "error a pulse is under way on this line\n");
	talk_assert(f, "pulse 0 10s\n", OK);
	assert_true(gpio_value(&f->board.dev.bank, 0));
	assert_true(gpio_value(&f->board.dev.bank, 1));
}

static void set_ends_a_pulse(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "pulse 1 5ms\n", OK);
	talk_assert(f, "set 1 1\n", OK);
	talk_sleep_ms(10);
	talk_run(f);
	assert_true(gpio_value(&f->board.dev.bank, 1));
}

static void pulse_refuses_bad_durations(void **state)
{
	static const char *const durations[] = {
		"10", "ms", "0ms", "-1ms", "1h", "10 ms", "1.5ms", "86401s", "99999999999s",
	};
	struct talk *f = *state;
	uint64_t ns;

	for (size_t i = 0; i < ARRAY_SIZE(durations); i++)
		assert_false(parse_duration(durations[i], &ns));
	talk_assert(f, "pulse 1 10\n",
			    "error the duration must be above 0, with us, ms or s\n");
	assert_false(gpio_value(&f->board.dev.bank, 1));
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

static void watch_reports_changes(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);
	uint64_t since = loop_now();

	talk_say(f, fd, "watch\n");
	talk_assert_reply(fd, OK);
	talk_assert(f, "set 1 1\n", OK);
	talk_assert_change(fd, since, "line 1 name \"\" value 1 direction none trigger none "
			   "unmasked 0 latched 0");
	since = loop_now();
	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_IN);
	talk_assert_change(fd, since, "line 1 name \"\" value 1 direction input trigger none "
			   "unmasked 0 latched 0");
	talk_guest_asks(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	talk_assert_change(fd, since, "line 1 name \"\" value 1 direction input trigger both "
			   "unmasked 0 latched 0");
	talk_assert(f, "set 1 1\n", OK);
	talk_assert_reply(fd, "");
	close(fd);
}

static void watch_and_commands_go_together(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);
	char text[256] = "", *change = text + strlen(OK);

	talk_say(f, fd, "watch\nset 0 1\n");
	assert_true(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	assert_memory_equal(text, OK "line 0 name \"Red LED\" value 1 ", strlen(OK) + 29);
	assert_string_equal(strchr(change, '\n') + 1, OK);
	close(fd);
}

static void watch_takes_the_lines_that_matter(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);
	uint64_t since = loop_now();

	talk_say(f, fd, "watch 2 \"Red LED\"\n");
	talk_assert_reply(fd, OK);
	talk_assert(f, "set 1 1\n", OK);
	talk_assert_reply(fd, "");
	talk_assert(f, "set 0 1\n", OK);
	talk_assert_change(fd, since, "line 0 name \"Red LED\" value 1 direction none trigger none "
			   "unmasked 0 latched 0");
	talk_say(f, fd, "watch 1\n");
	talk_assert_reply(fd, OK);
	talk_assert(f, "set 0 0\n", OK);
	talk_assert_reply(fd, "");
	talk_say(f, fd, "watch 1 Green\n");
	talk_assert_reply(fd, "error no line is numbered or named \"Green\"\n");
	talk_assert(f, "set 0 1\n", OK);
	talk_assert_reply(fd, "");
	talk_say(f, fd, "watch 0 1 2 0 1 2 0 1 2 0 1 2 0\n");
	talk_assert_reply(fd, "error too many words (at most 13)\n");
	close(fd);
}

static int no_level(const struct gpio_peer *peer)
{
	(void)peer;
	return -1;
}

static void stay(struct gpio_peer *peer)
{
	(void)peer;
}

static void lines_of_the_host_are_not_driven(void **state)
{
	static const struct gpio_peer_ops ops = {
		.driver = GPIO_CHIP, .level = no_level, .free = stay,
	};
	static const char *const commands[] = {
		"set 1 1\n", "release 1\n", "pulse 1 1ms\n", "toggle 1\n",
	};
	static struct gpio_peer peer = { &ops };
	struct talk *f = *state;
	struct errmsg err;

	assert_int_equal(gpio_set_peer(&f->board.dev.bank, 1, &peer, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		talk_assert(f, commands[i],
			    "error line 1 is a line of the host, whose chip decides its level\n");
	talk_assert(f, "get 1\n", "ok 0\n");
	talk_assert(f, "set 0 1\n", OK);
}

static void release_lets_the_pull_decide(void **state)
{
	struct talk *f = *state;

	gpio_set_pull(&f->board.dev.bank, 1, true);
	talk_assert(f, "set 1 0\nget 1\nrelease 1\nget 1\n", OK "ok 0\n" OK "ok 1\n");
	talk_assert(f, "release 9\n", "error no line is numbered or named \"9\"\n");
}

static void pulse_gives_a_pulled_line_back(void **state)
{
	struct talk *f = *state;

	gpio_set_pull(&f->board.dev.bank, 1, true);
	talk_assert(f, "pulse 1 5ms\nget 1\n", OK "ok 0\n");
	talk_sleep_ms(10);
	talk_run(f);
	assert_true(gpio_value(&f->board.dev.bank, 1));
	assert_int_equal(gpio_driver(&f->board.dev.bank, 1), GPIO_PULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(set_drives_a_line),
		TEST(set_takes_a_name),
		TEST(set_refuses_nonsense),
		TEST(get_tells_one_value),
		TEST(get_tells_what_the_guest_drives),
		TEST(get_tells_all),
		TEST(pulse_inverts_for_a_time),
		TEST(pulses_do_not_overlap_on_a_line),
		TEST(set_ends_a_pulse),
		TEST(pulse_refuses_bad_durations),
		TEST(durations_are_read),
		TEST(watch_reports_changes),
		TEST(watch_and_commands_go_together),
		TEST(watch_takes_the_lines_that_matter),
		TEST(lines_of_the_host_are_not_driven),
		TEST(release_lets_the_pull_decide),
		TEST(pulse_gives_a_pulled_line_back),
	};

	return cmocka_run_group_tests_name("control lines", tests, NULL, NULL);
}
