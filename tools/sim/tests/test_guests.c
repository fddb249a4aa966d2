/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program and its virtual machines: one board, and several. */
#include "simulator.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock.h"
#include "vhost/session.h"

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

static void send_message(int sock, uint32_t request, const void *payload, uint32_t size, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct vu_header header = { request, VU_VERSION, size };
	struct iovec iov[2] = { { &header, sizeof(header) }, { (void *)payload, size } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };

	if (fd >= 0) {
		mh.msg_control = &control;
		mh.msg_controllen = sizeof(control);
		CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), &fd, sizeof(fd));
	}
	assert_int_equal(sendmsg(sock, &mh, MSG_NOSIGNAL), sizeof(header) + size);
}

/* A front end that takes the memory away before it starts the ring in it. */
static void take_memory_away(int sock)
{
	struct vu_mem_table table = {
		.count = 1,
		.regions[0] = { .gpa = GUEST_GPA, .size = GUEST_SIZE, .uva = GUEST_UVA },
	};
	struct vu_vring_state num = { 0, 8 };
	struct vu_vring_addr addr;
	struct guest guest;
	uint64_t queue = 0;
	int kick = eventfd(0, EFD_CLOEXEC);

	guest_init(&guest, 8);
	addr = (struct vu_vring_addr){
		.desc = guest.rings[0].setup.desc, .avail = guest.rings[0].setup.avail,
		.used = guest.rings[0].setup.used,
	};
	send_message(sock, VU_SET_MEM_TABLE, &table, 8 + sizeof(table.regions[0]), guest.fd);
	send_message(sock, VU_SET_VRING_NUM, &num, sizeof(num), -1);
	send_message(sock, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1);
	sim_assert_alive(sock);
	assert_int_equal(ftruncate(guest.fd, 0), 0);
	send_message(sock, VU_SET_VRING_KICK, &queue, sizeof(queue), kick);
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
