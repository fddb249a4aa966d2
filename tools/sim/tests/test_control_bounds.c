/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clients may cost: none makes the guest wait, or the simulator grow, and
 * none keeps the others out.
 */
#include "talk.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ALL		CONTROL_MAX_CLIENTS
#define EDGES		100000
#define MANY_LINES	20000

/* Neighbours of a processor slow it down, so that one of several times counts. */
#define ATTEMPTS	5

/* With sanitizers all takes longer. */
#define TURN_LIMIT_NS	5000000ull

/* The same for all lines at once, which take 4 ms without sanitizers and 18 with them. */
#define MANY_LIMIT_NS	100000000ull

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t longest_turn_ns;

/* A turn of the loop is how long a guest's request may have to wait. */
static void run_a_turn(struct talk *f)
{
	uint64_t before = cpu_ns(), took;

	assert_int_equal(loop_run_once(&f->loop, false), 0);
	took = cpu_ns() - before;
	if (took > longest_turn_ns)
		longest_turn_ns = took;
}

static void turns_are_short(void **state)
{
	const CMUnitTestFunction talk = *state;

	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		void *f;

		longest_turn_ns = 0;
		assert_int_equal(talk_set_up(&f), 0);
		talk(&f);
		assert_int_equal(talk_tear_down(&f), 0);
		if (longest_turn_ns < TURN_LIMIT_NS)
			return;
	}
	fail_msg("a turn took %llu ns", (unsigned long long)longest_turn_ns);
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void connect_all(struct talk *f, int *fds, unsigned int count, const char *command)
{
	for (unsigned int i = 0; i < count; i++) {
		fds[i] = talk_connect(f);
		say(fds[i], command);
	}
	talk_run(f);
}

static void close_all(int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
}

static size_t kept_for_clients(const struct talk *f)
{
	size_t sum = 0;

	for (unsigned int i = 0; i < ALL; i++)
		sum += (f->control.clients[i].in.data ? CONTROL_MAX_LINE : 0) +
		       (f->control.clients[i].out.data ? CONTROL_MAX_OUT : 0);
	return sum;
}

static bool is_ready(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) == 1;
}

/* 63 watchers that do not read, and a client that makes edges as fast as it can. */
static void watchers_who_do_not_read_are_let_go(void **state)
{
	struct talk *f = *state;
	int fds[ALL - 1], fd;

	connect_all(f, fds, ALL - 1, "watch\n");
	fd = talk_connect(f);
	say(fd, "toggle 1 100000\n");
	while (!is_ready(fd)) {
		run_a_turn(f);
		assert_true(kept_for_clients(f) <= 32u << 20);
	}
	talk_assert_reply(fd, OK);
	for (unsigned int i = 0; i < ALL - 1; i++)
		assert_int_equal(f->control.clients[i].source.fd, -1);
	close_all(fds, ALL - 1);
	close(fd);
}

static void guests_who_change_lines_do_not_wait_for_watchers(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "watch\n");
	for (unsigned int i = 0; i < 20000 && f->control.clients[0].source.fd >= 0; i++) {
		device_set_level(&f->board.dev, 1, i % 2 == 0);
		run_a_turn(f);
		assert_true(kept_for_clients(f) <= 1u << 20);
	}
	assert_int_equal(f->control.clients[0].source.fd, -1);
	talk_assert(f, "get 0\n", "ok 0\n");
	close(fd);
}

/* The same conversation about a board with as many lines as there can be. */
static void grow(struct talk *f)
{
	static const char *const no_names[1];
	struct errmsg err;

	control_free(&f->control);
	board_free(&f->board);
	assert_int_equal(board_init(&f->board, &f->loop, GPIO_MAX_LINES, NULL, &err), 0);
	assert_int_equal(control_init(&f->control, &f->board, no_names, 1), 0);
}

static void guest_resets_all_lines(struct talk *f)
{
	gpio_reset(&f->board.dev.bank);
}

static void guest_drives_the_line_that_all_others_hang_on(struct talk *f)
{
	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_VALUE, 0, 1);
}

static void ask_all_lines(struct talk *f, uint32_t direction)
{
	for (unsigned int i = 0; i < f->board.dev.bank.count; i++)
		gpio_handle(&f->board.dev.bank, &(struct gpio_request){
			VIRTIO_GPIO_MSG_SET_DIRECTION, i, direction });
}

static void guest_takes_all_lines_back(struct talk *f)
{
	ask_all_lines(f, VIRTIO_GPIO_DIRECTION_IN);
}

static void guest_drives_it_low(struct talk *f)
{
	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_VALUE, 0, 0);
}

/* Many lines change at once, with 63 watchers, so that none can follow. */
static uint64_t change_watched(struct talk *f, void (*change)(struct talk *f))
{
	int fds[ALL - 1];
	uint64_t before, took;

	connect_all(f, fds, ALL - 1, "watch\n");
	before = cpu_ns();
	change(f);
	took = cpu_ns() - before;
	assert_true(kept_for_clients(f) <= 16u << 20);
	talk_run(f);
	for (unsigned int i = 0; i < ALL - 1; i++)
		assert_int_equal(f->control.clients[i].source.fd, -1);
	close_all(fds, ALL - 1);
	return took;
}

static void assert_short(struct talk *f, void (*change)(struct talk *f),
			 void (*undo)(struct talk *f))
{
	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		if (change_watched(f, change) < MANY_LIMIT_NS)
			return;
		undo(f);
	}
	fail();
}

static void reset_of_all_lines_is_short(void **state)
{
	struct talk *f = *state;

	grow(f);
	guest_takes_all_lines_back(f);
	assert_short(f, guest_resets_all_lines, guest_takes_all_lines_back);
}

static void line_with_many_loops_is_short(void **state)
{
	struct talk *f = *state;
	struct errmsg err;

	grow(f);
	for (unsigned int i = 1; i < f->board.dev.bank.count; i++)
		assert_int_equal(gpio_set_loop(&f->board.dev.bank, 0, i, &err), 0);
	guest_takes_all_lines_back(f);
	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
	assert_short(f, guest_drives_the_line_that_all_others_hang_on, guest_drives_it_low);
}

static unsigned int count_lines(int fd)
{
	unsigned int lines = 0;
	char text[65536];
	ssize_t len;

	while ((len = recv(fd, text, sizeof(text), MSG_DONTWAIT)) > 0)
		for (ssize_t i = 0; i < len; i++)
			lines += text[i] == '\n';
	return lines;
}

static void watcher_who_reads_sees_every_edge(void **state)
{
	struct talk *f = *state;
	int watcher = talk_connect(f), fd = talk_connect(f);
	unsigned int seen = 0;

	talk_say(f, watcher, "watch\n");
	talk_assert_reply(watcher, OK);
	say(fd, "toggle 1 100000\n");
	while (!is_ready(fd)) {
		run_a_turn(f);
		seen += count_lines(watcher);
	}
	talk_assert_reply(fd, OK);
	for (unsigned int i = 0; i < 100; i++) {
		talk_run(f);
		seen += count_lines(watcher);
	}
	assert_int_equal(seen, EDGES);
	close(watcher);
	close(fd);
}

static void clients_who_toggle_share_the_time(void **state)
{
	struct talk *f = *state;
	int fds[ALL];

	for (unsigned int i = 0; i < ALL; i++)
		fds[i] = talk_connect(f);
	for (unsigned int i = 0; i < ALL; i++)
		say(fds[i], "toggle 1 1000\n");
	for (unsigned int i = 0; i < ALL; i++) {
		while (!is_ready(fds[i]))
			run_a_turn(f);
		talk_assert_reply(fds[i], OK);
	}
	assert_int_equal(f->board.dev.line_stats[1].changes, ALL * 1000);
	close_all(fds, ALL);
}

/* The guest gets ready amid the edges, and is told of the rest when all were made. */
static void edges_of_a_burst_are_at_once_for_the_guest(void **state)
{
	struct talk *f = *state;
	const struct job *job = &f->control.clients[0].job;
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	gpio_unmask(&f->board.dev.bank, 1);
	say(fd, "toggle 1 100000\n");
	run_a_turn(f);
	assert_true(job_busy(job));
	assert_int_equal(f->board.dev.bank.stats.delivered, 1);
	gpio_unmask(&f->board.dev.bank, 1);
	while (job_busy(job)) {
		assert_int_equal(f->board.dev.bank.stats.delivered, 1);
		run_a_turn(f);
	}
	assert_int_equal(f->board.dev.bank.stats.delivered, 2);
	talk_guest_arms(f);
	assert_int_equal(f->board.dev.bank.stats.delivered, 2);
	talk_assert_reply(fd, OK);
	close(fd);
}

static void burst_of_a_client_who_leaves_ends(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_guest_wants_edges(f);
	say(fd, "toggle 1 100000\n");
	run_a_turn(f);
	run_a_turn(f);
	close(fd);
	talk_run(f);
	talk_guest_arms(f);
	assert_int_equal(f->board.dev.bank.lines[1].bursts, 0);
	assert_int_equal(f->board.dev.bank.stats.delivered, 1);
}

static void silent_clients_make_room(void **state)
{
	struct talk *f = *state;
	int fds[ALL], more;

	connect_all(f, fds, ALL, "get 0\n");
	for (unsigned int i = 0; i < ALL; i++)
		talk_assert_reply(fds[i], "ok 0\n");
	talk_say(f, fds[0], "get 0\n");
	talk_assert_reply(fds[0], "ok 0\n");
	more = talk_connect(f);
	talk_say(f, more, "get 1\n");
	talk_assert_reply(more, "ok 0\n");
	talk_assert_closed(fds[1]);
	talk_say(f, fds[0], "get 0\n");
	talk_assert_reply(fds[0], "ok 0\n");
	close_all(fds, ALL);
	close(more);
}

static void clients_who_wait_make_no_room(void **state)
{
	struct talk *f = *state;
	int fds[ALL], more;

	connect_all(f, fds, ALL, "wait 1 1\n");
	more = talk_connect(f);
	talk_assert_reply(more, "error too many clients\n");
	talk_assert_closed(more);
	talk_say(f, fds[3], "");
	close(fds[3]);
	talk_run(f);
	talk_assert(f, "get 0\n", "ok 0\n");
	close_all(fds, 3);
	close_all(fds + 4, ALL - 4);
	close(more);
}

static void long_list_is_told_in_parts(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f), other = talk_connect(f);
	struct board *big = test_calloc(1, sizeof(*big)), small = f->board;
	unsigned int told = 0;
	struct errmsg err;

	assert_int_equal(board_init(big, &f->loop, MANY_LINES, NULL, &err), 0);
	f->board = *big;
	say(fd, "get\n");
	run_a_turn(f);
	run_a_turn(f);
	assert_true(kept_for_clients(f) <= 1u << 20);
	talk_say(f, other, "get 0\n");
	talk_assert_reply(other, "ok 0\n");
	while (told < MANY_LINES + 1) {
		run_a_turn(f);
		told += count_lines(fd);
	}
	assert_int_equal(told, MANY_LINES + 1);
	close(fd);
	close(other);
	talk_run(f);
	f->board = small;
	board_free(big);
	test_free(big);
}

/* Commands that nobody reads the replies of do not pile up. */
static void client_who_does_not_read_gets_no_more(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	while (send(fd, "help\n", 5, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
		run_a_turn(f);
		assert_true(kept_for_clients(f) <= 1u << 20);
	}
	assert_true(f->control.clients[0].source.fd >= 0);
	talk_assert(f, "get 0\n", "ok 0\n");
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)
#define TURNS(name) { #name, turns_are_short, NULL, NULL, name }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TURNS(watchers_who_do_not_read_are_let_go),
		TURNS(guests_who_change_lines_do_not_wait_for_watchers),
		TEST(reset_of_all_lines_is_short),
		TEST(line_with_many_loops_is_short),
		TURNS(watcher_who_reads_sees_every_edge),
		TURNS(clients_who_toggle_share_the_time),
		TURNS(edges_of_a_burst_are_at_once_for_the_guest),
		TURNS(burst_of_a_client_who_leaves_ends),
		TEST(silent_clients_make_room),
		TEST(clients_who_wait_make_no_room),
		TURNS(long_list_is_told_in_parts),
		TURNS(client_who_does_not_read_gets_no_more),
	};

	return cmocka_run_group_tests_name("control bounds", tests, NULL, NULL);
}
