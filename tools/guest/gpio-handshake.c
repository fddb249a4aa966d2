// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One of two guests that shake hands over four lines: a request and data of the one that
 * asks, an acknowledgment and an echo of the one that answers. An inverter is in the
 * echo's way. Each step waits for an edge.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WAIT_MS 20000

enum { REQUEST, ACK, DATA, ECHO };

static void fail(const char *what)
{
	printf("%s %s\n", what, strerrorname_np(errno));
	exit(1);
}

/* Two lines from a first one on, two apart: what the outputs, or the inputs, of a side are */
static int take_lines(int chip, unsigned int first, unsigned long long flags)
{
	struct gpio_v2_line_request request = {
		.consumer = "gpio-handshake",
		.offsets = { first, first + 2 },
		.num_lines = 2,
		.config.flags = flags,
	};

	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request))
		fail("request");
	return request.fd;
}

/* An edge on the first of the two inputs; those on the second do not matter */
static void await(int inputs, unsigned int line, int level, int wait_ms)
{
	int id = level ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE;
	struct pollfd poller = { .fd = inputs, .events = POLLIN };
	struct gpio_v2_line_event event;

	do {
		errno = ETIME;
		if (poll(&poller, 1, wait_ms) != 1 ||
		    read(inputs, &event, sizeof(event)) != sizeof(event))
			fail("await");
	} while (event.offset != line || (int)event.id != id);
}

/* The second of the two inputs */
static int look(int inputs)
{
	struct gpio_v2_line_values values = { .mask = 2 };

	if (ioctl(inputs, GPIO_V2_LINE_GET_VALUES_IOCTL, &values))
		fail("get");
	return !!(values.bits & 2);
}

static void set(int outputs, int line, int level)
{
	struct gpio_v2_line_values values = {
		.mask = 1 << line, .bits = (unsigned int)level << line,
	};

	if (ioctl(outputs, GPIO_V2_LINE_SET_VALUES_IOCTL, &values))
		fail("set");
}

/* Returns how many echoes were right */
static int ask(int outputs, int inputs, unsigned int first, int rounds)
{
	int i, bit, right = 0;

	for (i = 0; i < rounds; i++) {
		bit = i % 3 == 0;
		set(outputs, 1, bit);
		set(outputs, 0, 1);
		await(inputs, first + ACK, 1, WAIT_MS);
		right += look(inputs) == !bit;
		set(outputs, 0, 0);
		await(inputs, first + ACK, 0, WAIT_MS);
	}
	return right;
}

/* Ends with its guest */
static void answer(int outputs, int inputs, unsigned int first)
{
	for (;;) {
		await(inputs, first + REQUEST, 1, -1);
		set(outputs, 1, look(inputs));
		set(outputs, 0, 1);
		await(inputs, first + REQUEST, 0, -1);
		set(outputs, 0, 0);
	}
}

int main(int argc, char **argv)
{
	unsigned long long edges = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
				   GPIO_V2_LINE_FLAG_EDGE_FALLING;
	int chip, outputs, inputs, asks, rounds;
	unsigned int first;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: gpio-handshake CHIP FIRST-LINE ask ROUNDS | answer\n");
		return 2;
	}
	first = strtoul(argv[2], NULL, 0);
	asks = !strcmp(argv[3], "ask");
	rounds = argc == 5 ? atoi(argv[4]) : 0;
	chip = open(argv[1], O_RDWR);
	if (chip < 0)
		fail("open");
	outputs = take_lines(chip, first + (asks ? REQUEST : ACK), GPIO_V2_LINE_FLAG_OUTPUT);
	inputs = take_lines(chip, first + (asks ? ACK : REQUEST), edges);
	if (asks)
		printf("%d of %d\n", ask(outputs, inputs, first, rounds), rounds);
	else
		answer(outputs, inputs, first);
	return 0;
}
