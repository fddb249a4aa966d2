/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that take time: toggle and wait. */
#include "talk.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void toggle_makes_edges_at_once(void **state)
{
	struct talk *f = *state;

	talk_guest_wants_edges(f);
	talk_assert(f, "toggle 1 5\n", OK);
	assert_true(gpio_value(&f->board.dev.bank, 1));
	assert_int_equal(f->board.dev.bank.stats.latched, 1);
	assert_int_equal(f->board.dev.bank.stats.coalesced, 4);
	talk_assert(f, "toggle \"Red LED\" 2\n", OK);
	assert_false(gpio_value(&f->board.dev.bank, 0));
}

static void toggle_without_a_count_makes_one_edge(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "toggle 1\nget 1\n", OK "ok 1\n");
}

static void toggle_pauses_before_each_edge(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "toggle 1 2 pause 30ms\nget 0\n");
	assert_false(gpio_value(&f->board.dev.bank, 1));
	talk_sleep_ms(35);
	talk_run(f);
	assert_true(gpio_value(&f->board.dev.bank, 1));
	talk_assert_reply(fd, "");
	talk_sleep_ms(35);
	talk_run(f);
	assert_false(gpio_value(&f->board.dev.bank, 1));
	talk_assert_reply(fd, "ok\nok 0\n");
	assert_int_equal(f->loop.timers, 0);
	close(fd);
}

static void toggle_waits_for_the_guest(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	talk_say(f, fd, "toggle 1 2 rearm 10s\n");
	assert_false(gpio_value(&f->board.dev.bank, 1));
	talk_guest_arms(f);
	assert_true(gpio_value(&f->board.dev.bank, 1));
	talk_guest_arms(f);
	assert_false(gpio_value(&f->board.dev.bank, 1));
	talk_assert_reply(fd, "");
	talk_guest_arms(f);
	assert_false(gpio_value(&f->board.dev.bank, 1));
	talk_assert_reply(fd, OK);
	assert_int_equal(f->board.dev.bank.stats.delivered, 2);
	assert_int_equal(f->board.dev.bank.stats.latched, 0);
	assert_int_equal(f->loop.timers, 0);
	close(fd);
}

/* A guest that has seen its last edge lets go of the line at once. */
static void toggle_sees_that_the_guest_was_ready(void **state)
{
	struct talk *f = *state;
	struct gpio_request none = { VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_NONE };
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	talk_guest_arms(f);
	talk_say(f, fd, "toggle 1 1 rearm 10s\n");
	talk_assert_reply(fd, "");
	gpio_unmask(&f->board.dev.bank, 1);
	gpio_handle(&f->board.dev.bank, &none);
	talk_run(f);
	talk_assert_reply(fd, OK);
	close(fd);
}

static void toggle_pauses_when_the_guest_is_ready(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	talk_say(f, fd, "toggle 1 1 rearm 10s pause 30ms\n");
	talk_guest_arms(f);
	assert_false(gpio_value(&f->board.dev.bank, 1));
	talk_sleep_ms(35);
	talk_run(f);
	assert_true(gpio_value(&f->board.dev.bank, 1));
	talk_assert_reply(fd, "");
	close(fd);
}

static void toggle_ends_when_the_guest_lets_go(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	talk_guest_arms(f);
	talk_say(f, fd, "toggle 1 1 rearm 10s\n");
	talk_assert_reply(fd, "");
	talk_guest_asks(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_NONE);
	talk_run(f);
	talk_assert_reply(fd, "ok\n");
	close(fd);
}

static void toggle_tells_that_the_guest_is_not_ready(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	talk_guest_arms(f);
	talk_say(f, fd, "toggle 1 3 rearm 5ms\nget 1\n");
	assert_true(gpio_value(&f->board.dev.bank, 1));
	talk_assert_reply(fd, "");
	talk_sleep_ms(10);
	talk_run(f);
	talk_assert_reply(fd, "error timeout: line 1 is not armed after 1 of 3 edges\nok 1\n");
	talk_guest_arms(f);
	assert_true(gpio_value(&f->board.dev.bank, 1));
	close(fd);
}

static void toggle_minds_its_own_line(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	talk_say(f, fd, "toggle 0 1 rearm 10s\n");
	talk_guest_arms(f);
	assert_false(gpio_value(&f->board.dev.bank, 0));
	talk_assert_reply(fd, "");
	close(fd);
}

static void toggle_ends_a_pulse(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "pulse 1 5ms\n", OK);
	talk_assert(f, "toggle 1 2\n", OK);
	talk_sleep_ms(10);
	talk_run(f);
	assert_true(gpio_value(&f->board.dev.bank, 1));
}

static void toggling_client_may_leave(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	talk_say(f, fd, "toggle 1 1 rearm 10s\n");
	close(fd);
	talk_run(f);
	assert_int_equal(f->loop.timers, 0);
	talk_guest_arms(f);
	assert_false(gpio_value(&f->board.dev.bank, 1));
}

static void toggle_refuses_nonsense(void **state)
{
	static const char *const wrong[] = {
		"toggle 1 0\n", "toggle 1 x\n", "toggle 1 100001\n", "toggle 1 2 pause\n",
		"toggle 1 2 pause 0ms\n", "toggle 1 2 break 1ms\n",
		"toggle 1 2 pause 1ms rearm\n",
	};
	struct talk *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		talk_assert(f, wrong[i], "error after the line comes a count up to "
				    "100000, then maybe \"pause\", \"rearm\", each with a "
				    "duration such as 1ms\n");
	talk_assert(f, "toggle\n", "error wrong number of words; use \"toggle LINE [COUNT] "
			    "[pause DURATION] [rearm DURATION]\"\n");
	talk_assert(f, "toggle 9 1\n", "error no line is numbered or named \"9\"\n");
	assert_false(gpio_value(&f->board.dev.bank, 1));
}

static void wait_is_answered_at_once_if_true(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "wait 1 0\n", OK);
	talk_assert(f, "wait 1 0 timeout 1ms\n", OK);
}

static void wait_is_answered_by_the_change(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "wait 1 1 timeout 10s\nget 1\n");
	talk_assert_reply(fd, "");
	talk_assert(f, "set 0 1\n", OK);
	talk_assert_reply(fd, "");
	talk_assert(f, "set 1 1\n", OK);
	talk_assert_reply(fd, "ok\nok 1\n");
	assert_int_equal(f->loop.timers, 0);
	close(fd);
}

static void wait_sees_even_a_short_change(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "wait 1 1\n");
	device_set_level(&f->board.dev, 1, true);
	device_set_level(&f->board.dev, 1, false);
	talk_run(f);
	talk_assert_reply(fd, OK);
	close(fd);
}

/* The stimulus comes first: what it did may be over when the wait begins. */
static void wait_sees_what_is_over(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "edges 1\n", "ok 0\n");
	talk_assert(f, "toggle 1 2\nedges 1\n", OK "ok 2\n");
	talk_assert(f, "wait 1 1 after 0 timeout 1ms\n", OK);
	talk_assert(f, "wait 1 0 after 0 timeout 1ms\n", OK);
	talk_assert(f, "wait 1 0 after 1 timeout 1ms\n", OK);
	talk_assert(f, "toggle 1\nwait 1 1 after 2\nedges 1\n", OK OK "ok 3\n");
}

static void wait_for_an_edge_is_not_content_with_the_value(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f), other = talk_connect(f);

	talk_assert(f, "set 1 1\n", OK);
	talk_say(f, fd, "wait 1 1 after 1 timeout 10s\n");
	talk_say(f, other, "wait 1 1 after 4 timeout 5ms\n");
	talk_assert_reply(fd, "");
	talk_assert(f, "set 1 0\n", OK);
	talk_assert_reply(fd, "");
	talk_assert(f, "set 1 1\n", OK);
	talk_assert_reply(fd, OK);
	talk_sleep_ms(10);
	talk_run(f);
	talk_assert_reply(other, "error timeout: line 1 had no edge to 1\n");
	close(fd);
	close(other);
}

static void wait_times_out(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "wait 1 1 timeout 5ms\nget 0\n");
	talk_sleep_ms(10);
	talk_run(f);
	talk_assert_reply(fd, "error timeout: line 1 is still 0\nok 0\n");
	close(fd);
}

static void wait_sees_that_the_guest_is_ready(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f), hasty = talk_connect(f);

	talk_guest_wants_edges(f);
	talk_say(f, fd, "wait 1 armed timeout 10s\nget 1\n");
	talk_say(f, hasty, "wait 1 armed timeout 5ms\n");
	talk_assert(f, "set 1 1\nset 1 0\n", OK OK);
	talk_sleep_ms(10);
	talk_run(f);
	talk_assert_reply(hasty, "error timeout: line 1 is not armed\n");
	talk_assert_reply(fd, "");
	gpio_unmask(&f->board.dev.bank, 1);
	talk_guest_arms(f);
	talk_assert_reply(fd, "ok\nok 0\n");
	assert_int_equal(f->loop.timers, 0);
	talk_say(f, fd, "wait 1 armed\n");
	talk_assert_reply(fd, OK);
	close(fd);
	close(hasty);
}

static void wait_sees_the_direction(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f), other = talk_connect(f);

	talk_say(f, fd, "wait 1 output timeout 10s\n");
	talk_say(f, other, "wait 1 output timeout 5ms\n");
	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_IN);
	talk_assert_reply(fd, "");
	talk_sleep_ms(10);
	talk_run(f);
	talk_assert_reply(other, "error timeout: line 1 is not output\n");
	talk_assert(f, "wait 1 input\n", OK);
	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_OUT);
	talk_assert_reply(fd, OK);
	close(fd);
	close(other);
}

static void wait_refuses_nonsense(void **state)
{
	static const char why[] = "error after the value comes nothing, \"after\" and the number "
				  "of an edge, or \"timeout\" and a duration such as 5s\n";
	struct talk *f = *state;

	talk_assert(f, "wait 1 1 timeout\n", why);
	talk_assert(f, "wait 1 1 timeout x\n", why);
	talk_assert(f, "wait 1 1 after 5s\n", why);
	talk_assert(f, "wait 1 1 since 5\n", why);
	talk_assert(f, "wait 1 1 after\n", why);
	talk_assert(f, "wait 1 x\n", "error \"x\" must be 0, 1, \"armed\", \"output\" or \"input\"\n");
	talk_assert(f, "wait 1 armed after 1\n", why);
	talk_assert(f, "wait 9 1\n", "error no line is numbered or named \"9\"\n");
}

static void waiting_client_may_leave(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "wait 1 1 timeout 10s\n");
	close(fd);
	talk_run(f);
	assert_int_equal(f->loop.timers, 0);
	assert_int_equal(f->control.clients[0].source.fd, -1);
	talk_assert(f, "set 1 1\n", OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(toggle_makes_edges_at_once),
		TEST(toggle_without_a_count_makes_one_edge),
		TEST(toggle_pauses_before_each_edge),
		TEST(toggle_waits_for_the_guest),
		TEST(toggle_sees_that_the_guest_was_ready),
		TEST(toggle_pauses_when_the_guest_is_ready),
		TEST(toggle_ends_when_the_guest_lets_go),
		TEST(toggle_tells_that_the_guest_is_not_ready),
		TEST(toggle_minds_its_own_line),
		TEST(toggle_ends_a_pulse),
		TEST(toggling_client_may_leave),
		TEST(toggle_refuses_nonsense),
		TEST(wait_is_answered_at_once_if_true),
		TEST(wait_is_answered_by_the_change),
		TEST(wait_sees_even_a_short_change),
		TEST(wait_sees_what_is_over),
		TEST(wait_for_an_edge_is_not_content_with_the_value),
		TEST(wait_times_out),
		TEST(wait_sees_that_the_guest_is_ready),
		TEST(wait_sees_the_direction),
		TEST(wait_refuses_nonsense),
		TEST(waiting_client_may_leave),
	};

	return cmocka_run_group_tests_name("control waits", tests, NULL, NULL);
}
