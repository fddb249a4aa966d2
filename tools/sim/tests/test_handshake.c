/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two guests, each with a front end and rings of its own, shake hands over four wires. */
#include "front_end.h"

#include <string.h>

#include "wire.h"

#define OK	VIRTIO_GPIO_STATUS_OK
#define OUT	VIRTIO_GPIO_DIRECTION_OUT
#define IN	VIRTIO_GPIO_DIRECTION_IN
#define ROUNDS	100

/* The wires; each is on the line of its number on both boards. */
enum { REQUEST_LINE, ACK_LINE, DATA_LINE, ECHO_LINE };

/**
 * struct pair - two guests
 * @wires: between them
 * @left: drives the request and the data
 * @right: drives the acknowledgment and the echo, which an inverter brings
 */
struct pair {
	struct wires wires;
	struct front_end *left;
	struct front_end *right;
};

static void join(struct pair *p, const char *name, unsigned int line, bool inverted)
{
	struct errmsg err;

	assert_int_equal(wires_join(&p->wires, name, &p->left->dev, line, inverted, &err), 0);
	assert_int_equal(wires_join(&p->wires, name, &p->right->dev, line, false, &err), 0);
}

static int set_up(void **state)
{
	struct pair *p = test_calloc(1, sizeof(*p));
	void *left, *right;

	assert_int_equal(fe_set_up(&left), 0);
	assert_int_equal(fe_set_up(&right), 0);
	p->left = left;
	p->right = right;
	p->wires.loop = &p->left->loop;
	join(p, "REQUEST", REQUEST_LINE, false);
	join(p, "ACK", ACK_LINE, false);
	join(p, "DATA", DATA_LINE, false);
	join(p, "ECHO", ECHO_LINE, true);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *p = *state;
	void *left = p->left, *right = p->right;

	assert_int_equal(fe_tear_down(&left), 0);
	assert_int_equal(fe_tear_down(&right), 0);
	wires_free(&p->wires);
	test_free(p);
	return 0;
}

static void ask(struct front_end *f, uint16_t type, uint16_t line, uint32_t value)
{
	fe_request(f, type, line, value);
	fe_assert_response(f, 0, OK, 0);
}

static void direct(struct front_end *f, uint16_t line, uint32_t direction)
{
	ask(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, direction);
}

static void output(struct front_end *f, uint16_t line, bool level)
{
	ask(f, VIRTIO_GPIO_MSG_SET_VALUE, line, level);
}

static void assert_input(struct front_end *f, uint16_t line, bool level)
{
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, line, 0);
	fe_assert_response(f, 0, OK, level);
}

/* Wants a signal for the next event. */
static void arm(struct front_end *f, uint16_t line)
{
	struct guest_ring *r = &f->guest.rings[DEVICE_EVENTQ];

	*guest_used_event(r) = guest_used(r);
	fe_offer_event_buffer(f, 0, line);
	fe_kick(f, DEVICE_EVENTQ);
	fe_take_signals(f->call[DEVICE_EVENTQ]);
}

/* The other guest was told of an edge, and by a signal, and is ready for the next one. */
static void assert_edge(struct front_end *f, uint16_t line)
{
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_int_equal(fe_take_signals(f->call[DEVICE_EVENTQ]), 1);
	arm(f, line);
}

static void begin(struct front_end *f, uint16_t line)
{
	direct(f, line, IN);
	ask(f, VIRTIO_GPIO_MSG_IRQ_TYPE, line, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	arm(f, line);
}

static void set_lines_up(struct pair *p)
{
	fe_start(p->left, FEATURES);
	fe_start(p->right, FEATURES);
	direct(p->left, REQUEST_LINE, OUT);
	direct(p->left, DATA_LINE, OUT);
	direct(p->left, ECHO_LINE, IN);
	direct(p->right, ACK_LINE, OUT);
	direct(p->right, ECHO_LINE, OUT);
	direct(p->right, DATA_LINE, IN);
	begin(p->left, ACK_LINE);
	begin(p->right, REQUEST_LINE);
}

/* One bit there, and its echo back. */
static void shake_hands(struct pair *p, bool bit)
{
	output(p->left, DATA_LINE, bit);
	output(p->left, REQUEST_LINE, 1);
	assert_edge(p->right, REQUEST_LINE);
	assert_input(p->right, DATA_LINE, bit);
	output(p->right, ECHO_LINE, bit);
	output(p->right, ACK_LINE, 1);
	assert_edge(p->left, ACK_LINE);
	assert_input(p->left, ECHO_LINE, !bit);
	output(p->left, REQUEST_LINE, 0);
	assert_edge(p->right, REQUEST_LINE);
	output(p->right, ACK_LINE, 0);
	assert_edge(p->left, ACK_LINE);
}

static void two_guests_shake_hands(void **state)
{
	struct pair *p = *state;

	set_lines_up(p);
	for (unsigned int i = 0; i < ROUNDS; i++)
		shake_hands(p, i % 3 == 0);
	assert_int_equal(fe_used(p->left, DEVICE_EVENTQ), 2 * ROUNDS);
	assert_int_equal(fe_used(p->right, DEVICE_EVENTQ), 2 * ROUNDS);
}

/* A guest that leaves lets its lines go, which the other sees. */
static void guest_that_leaves_lets_go(void **state)
{
	struct pair *p = *state;

	set_lines_up(p);
	output(p->left, REQUEST_LINE, 1);
	assert_edge(p->right, REQUEST_LINE);
	device_reset(&p->left->dev);
	assert_edge(p->right, REQUEST_LINE);
	assert_input(p->right, REQUEST_LINE, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_guests_shake_hands),
		TEST(guest_that_leaves_lets_go),
	};

	return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
