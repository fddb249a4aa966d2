/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program and its virtual machines: one board, and several. */
#include "simulator.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/link.h"
#include "sock.h"

static void front_ends_take_turns(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, NULL), first, second;

	first = sim_connect(f);
	sim_assert_alive(first);
	second = sim_connect(f);
	sim_assert_alive(first);
	close(first);
	sim_assert_alive(second);
	close(second);
	close(out);
}

static void once_ends_with_the_first_front_end(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, "--once", NULL), fd = sim_connect(f);

	sim_assert_alive(fd);
	close(fd);
	assert_int_equal(sim_exit_status(f), 0);
	sim_assert_sockets_gone(f);
	close(out);
}

static void once_fails_with_a_broken_front_end(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, "--once", NULL), fd = sim_connect(f);

	assert_int_equal(send(fd, "nonsense nonsense", 17, MSG_NOSIGNAL), 17);
	assert_int_equal(sim_exit_status(f), 1);
	sim_read_until(f, out, "closing the connection");
	close(fd);
	close(out);
}

/* Starts a second board, named right, besides the one of sim_start(). */
static int start_two(struct simulator *f)
{
	return sim_start(f, "--socket", f->other, "--board", "right", "--lines", "3", "--once", NULL);
}

static void boards_have_lines_of_their_own(void **state)
{
	struct simulator *f = *state;
	int out = start_two(f);

	assert_int_equal(sim_run(f, "ctl", f->control, "@right", "set", "2", "1", NULL), 0);
	assert_int_equal(sim_run(f, "ctl", f->control, "@0", "get", "2", NULL), 0);
	assert_string_equal(f->output, "ok 1\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "get", "2", NULL), 0);
	assert_string_equal(f->output, "ok 0\n");
	assert_int_equal(sim_run(f, "ctl", f->control, "@right", "get", "3", NULL), 1);
	sim_assert_says(f, "no line is numbered");
	assert_int_equal(sim_run(f, "ctl", f->control, "@up", "get", "2", NULL), 1);
	assert_string_equal(f->output, "error no board is numbered or named up\n");
	close(out);
}

/* A front end that takes the memory away before it starts the ring in it. */
static void take_memory_away(int sock)
{
	struct vu_link link = { .fd = sock };
	struct guest guest;
	int kick = eventfd(0, EFD_CLOEXEC);

	guest_make(&guest, 8);
	assert_int_equal(vu_link_share(&link, &guest), 0);
	assert_int_equal(vu_link_tell_state(&link, VU_SET_VRING_NUM, 0, 8), 0);
	assert_int_equal(vu_link_tell_addr(&link, 0, &guest.rings[0].setup), 0);
	sim_assert_alive(sock);
	assert_int_equal(ftruncate(guest.fd, 0), 0);
	assert_int_equal(vu_link_tell_fd(&link, VU_SET_VRING_KICK, 0, kick), 0);
	close(kick);
	guest_free(&guest);
}

static void boards_have_front_ends_of_their_own(void **state)
{
	struct simulator *f = *state;
	struct errmsg err;
	int out = start_two(f), left, right;

	left = sim_connect(f);
	right = sock_connect(f->other, &err);
	sim_assert_alive(left);
	sim_assert_alive(right);
	take_memory_away(right);
	sim_read_until(f, out, "guest memory vanished");
	sim_assert_says(f, f->other);
	sim_assert_alive(left);
	close(left);
	close(right);
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	/* The board with --once ended badly. */
	assert_int_equal(sim_exit_status(f), 1);
	assert_false(sim_file_exists(f->other));
	sim_assert_sockets_gone(f);
	close(out);
}

static void once_waits_for_every_board(void **state)
{
	struct simulator *f = *state;
	struct errmsg err;
	int out = sim_start(f, "--once", "--socket", f->other, NULL), left, right;

	left = sim_connect(f);
	sim_assert_alive(left);
	close(left);
	right = sock_connect(f->other, &err);
	sim_assert_alive(right);
	assert_int_equal(send(right, "nonsense nonsense", 17, MSG_NOSIGNAL), 17);
	assert_int_equal(sim_exit_status(f), 1);
	close(right);
	close(out);
}

static void vanishing_memory_ends_the_session_only(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, NULL), sock = sim_connect(f);

	take_memory_away(sock);
	sim_read_until(f, out, "guest memory vanished");
	close(sock);
	sock = sim_connect(f);
	sim_assert_alive(sock);
	close(sock);
	close(out);
}

static void once_fails_with_vanishing_memory(void **state)
{
	struct simulator *f = *state;
	int out = sim_start(f, "--once", NULL), sock = sim_connect(f);

	take_memory_away(sock);
	assert_int_equal(sim_exit_status(f), 1);
	sim_assert_sockets_gone(f);
	close(sock);
	close(out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_set_up, sim_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(front_ends_take_turns),
		TEST(once_ends_with_the_first_front_end),
		TEST(once_fails_with_a_broken_front_end),
		TEST(boards_have_lines_of_their_own),
		TEST(boards_have_front_ends_of_their_own),
		TEST(once_waits_for_every_board),
		TEST(vanishing_memory_ends_the_session_only),
		TEST(once_fails_with_vanishing_memory),
	};

	return cmocka_run_group_tests_name("guests", tests, NULL, NULL);
}
