/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another simulator goes on with boards that a wire joins: nobody caused an edge meanwhile. */
#include "simulator.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"
#include "state.h"

#define LINES	2

static const struct gpio_line output = {
	.direction = VIRTIO_GPIO_DIRECTION_OUT, .output = true, .value = true,
};

/* Its guest had the interrupt for the edge already. */
static const struct gpio_line input = {
	.direction = VIRTIO_GPIO_DIRECTION_IN, .value = true,
	.trigger = VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH,
};

/**
 * struct restart - files for a simulator with two boards
 * @config: what its boards are like
 * @left: the state of a board
 * @right: the state of the other one
 */
struct restart {
	char config[SCRATCH_PATH];
	char left[SCRATCH_PATH];
	char right[SCRATCH_PATH];
};

static void make_files(struct restart *r, const char *config)
{
	scratch_make(r->config);
	scratch_write(r->config, config);
	scratch_make(r->left);
	scratch_make(r->right);
}

static void remove_files(const struct restart *r)
{
	unlink(r->config);
	unlink(r->left);
	unlink(r->right);
}

/* As a simulator that was killed left it. */
static void leave_line(const char *path, unsigned int number, const struct gpio_line *line)
{
	struct state left;
	struct errmsg err;

	assert_int_equal(state_open(&left, path, LINES, &err), 0);
	if (left.old)
		memcpy(left.memory.lines, left.old->lines, LINES * sizeof(*line));
	left.memory.lines[number] = *line;
	state_close(&left);
}

static int start(struct simulator *f, struct restart *r)
{
	char *argv[] = {
		getenv("VGPIO_SIM"), "--config", r->config, "--control", f->control,
		"--socket", f->socket, "--board", "left", "--state", r->left,
		"--socket", f->other, "--board", "right", "--state", r->right, NULL,
	};
	int fd = sim_spawn(f, argv);

	sim_read_until(f, fd, f->other);
	return fd;
}

/* Without a line, the reply is about all lines. */
static void assert_says(struct simulator *f, const char *board, const char *command,
			const char *line, const char *what)
{
	assert_int_equal(sim_run(f, "ctl", f->control, board, command, line, NULL), 0);
	sim_assert_says(f, what);
}

static void assert_no_edge(struct simulator *f, const char *board, const char *line)
{
	assert_says(f, board, "edges", line, "ok 0\n");
	assert_says(f, board, "get", line, "ok 1\n");
	assert_says(f, board, "get", NULL, "latched 0");
	assert_null(strstr(f->output, "latched 1"));
}

static void end(struct simulator *f, int fd)
{
	assert_int_equal(sim_run(f, "ctl", f->control, "quit", NULL), 0);
	assert_int_equal(sim_exit_status(f), 0);
	close(fd);
}

static void two_boards_go_on(struct simulator *f, const char *config)
{
	struct restart r;
	int fd;

	make_files(&r, config);
	leave_line(r.left, 0, &input);
	leave_line(r.right, 0, &output);
	fd = start(f, &r);
	assert_no_edge(f, "@left", "0");
	assert_no_edge(f, "@right", "0");
	end(f, fd);
	leave_line(r.left, 0, &output);
	leave_line(r.right, 0, &input);
	fd = start(f, &r);
	assert_no_edge(f, "@left", "0");
	assert_no_edge(f, "@right", "0");
	end(f, fd);
	remove_files(&r);
}

static void wire_makes_no_edge(void **state)
{
	two_boards_go_on(*state, "lines 2\nwire X\nline 0 wire X\n");
}

static void wire_with_a_delay_makes_no_edge(void **state)
{
	two_boards_go_on(*state, "lines 2\nwire X delay 1ms\nline 0 wire X\n");
}

static void wire_of_one_board_makes_no_edge(void **state)
{
	struct simulator *f = *state;
	struct restart r;
	int fd;

	make_files(&r, "lines 2\nwire X delay 1ms\nboard left\nline 0 wire X\nline 1 wire X\n");
	leave_line(r.left, 0, &output);
	leave_line(r.left, 1, &input);
	fd = start(f, &r);
	assert_no_edge(f, "@left", "0");
	assert_no_edge(f, "@left", "1");
	end(f, fd);
	remove_files(&r);
}

/* What the other board did not keep is gone: that is an edge. */
static void lost_level_is_an_edge(void **state)
{
	struct simulator *f = *state;
	struct restart r;
	int fd;

	make_files(&r, "lines 2\nwire X\nline 0 wire X\n");
	leave_line(r.left, 0, &input);
	fd = start(f, &r);
	assert_says(f, "@left", "edges", "0", "ok 1\n");
	assert_says(f, "@left", "get", "0", "ok 0\n");
	assert_says(f, "@left", "get", NULL, "latched 1");
	end(f, fd);
	remove_files(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sim_set_up, sim_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wire_makes_no_edge),
		TEST(wire_with_a_delay_makes_no_edge),
		TEST(wire_of_one_board_makes_no_edge),
		TEST(lost_level_is_an_edge),
	};

	return cmocka_run_group_tests_name("restart", tests, NULL, NULL);
}
