/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversations with a control server. */
#include "talk.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void talk_on_quit(void *ctx)
{
	struct talk *f = ctx;

	f->quits++;
}

int talk_set_up(void **state)
{
	static const char *const no_names[1];
	struct talk *f = test_calloc(1, sizeof(*f));
	struct errmsg err;

	assert_int_equal(board_init(&f->board, &f->loop, LINES, NULL, &err), 0);
	script_init(&f->board.script, &f->loop, command_script, &f->board);
	assert_int_equal(gpio_set_name(&f->board.dev.bank, 0, "Red LED", &err), 0);
	assert_int_equal(gpio_set_name(&f->board.dev.bank, 2, "B\\\"x", &err), 0);
	f->board.dev.bank.irq = true;
	f->wires.loop = &f->loop;
	f->board.dev.wires = &f->wires;
	assert_int_equal(control_init(&f->control, &f->board, no_names, 1), 0);
	f->control.quit = talk_on_quit;
	f->control.quit_ctx = f;
	*state = f;
	return 0;
}

int talk_tear_down(void **state)
{
	struct talk *f = *state;

	control_free(&f->control);
	board_free(&f->board);
	wires_free(&f->wires);
	loop_free(&f->loop);
	test_free(f);
	return 0;
}

void talk_run(struct talk *f)
{
	for (unsigned int i = 0; i < 5; i++)
		assert_int_equal(loop_run_once(&f->loop, false), 0);
}

int talk_connect(struct talk *f)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	control_accept(&f->control, 0, pair[1]);
	return pair[0];
}

void talk_say(struct talk *f, int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	talk_run(f);
}

void talk_assert_reply(int fd, const char *expected)
{
	char reply[8192];
	ssize_t len = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);

	reply[len > 0 ? len : 0] = '\0';
	assert_string_equal(reply, expected);
}

/* One change of a line was told, with a time between then and now. */
void talk_assert_change(int fd, uint64_t since, const char *line)
{
	unsigned long long s, ns;
	size_t len = strlen(line);
	char text[1024] = "";
	int used = 0;

	assert_true(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
	assert_memory_equal(text, line, len);
	assert_int_equal(sscanf(text + len, " at %llu.%9llu\n%n", &s, &ns, &used), 2);
	assert_int_equal(text[len + used], '\0');
	assert_in_range(s * 1000000000ull + ns, since, loop_now());
}

void talk_assert_closed(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT), 0);
}

void talk_assert(struct talk *f, const char *command, const char *expected)
{
	int fd = talk_connect(f);

	talk_say(f, fd, command);
	talk_assert_reply(fd, expected);
	close(fd);
	talk_run(f);
}

void talk_guest_asks(struct talk *f, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_request req = { type, line, value };

	assert_int_equal(gpio_handle(&f->board.dev.bank, &req).status, VIRTIO_GPIO_STATUS_OK);
	talk_run(f);
}

void talk_sleep_ms(unsigned int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000l };

	nanosleep(&ts, NULL);
}

void talk_guest_arms(struct talk *f)
{
	gpio_unmask(&f->board.dev.bank, 1);
	talk_run(f);
}

void talk_guest_wants_edges(struct talk *f)
{
	talk_guest_asks(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_IN);
	talk_guest_asks(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
}
