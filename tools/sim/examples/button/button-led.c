// SPDX-License-Identifier: GPL-2.0-or-later
/* An application to be tested: a button switches an LED on for a while. */
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LIT_MS	200

static void die(const char *what)
{
	fprintf(stderr, "button-led: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

static uint32_t find_line(int chip, const char *name)
{
	struct gpio_v2_line_info info = { .offset = 0 };

	for (; !ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &info); info.offset++)
		if (!strcmp(info.name, name))
			return info.offset;
	errno = ENOENT;
	die(name);
	return 0;
}

static int request_line(int chip, const char *name, uint64_t flags)
{
	struct gpio_v2_line_request request = {
		.offsets = { find_line(chip, name) }, .num_lines = 1, .config.flags = flags,
		.consumer = "button-led",
	};

	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request))
		die(name);
	return request.fd;
}

static void light(int led, bool on)
{
	struct gpio_v2_line_values values = { .bits = on, .mask = 1 };

	if (ioctl(led, GPIO_V2_LINE_SET_VALUES_IOCTL, &values))
		die("LED");
}

/* Waits for the button, for so many milliseconds; -1 for ever. */
static bool is_pressed(int button, int64_t ms)
{
	struct pollfd pfd = { .fd = button, .events = POLLIN };
	struct gpio_v2_line_event event;
	int ready = poll(&pfd, 1, ms);

	if (ready < 0 || (ready && read(button, &event, sizeof(event)) != sizeof(event)))
		die("Button");
	return ready;
}

int main(int argc, char **argv)
{
	int chip = open(argc > 1 ? argv[1] : "/dev/gpiochip0", O_RDONLY | O_CLOEXEC);
	int button, led;
	bool lit = false;
	int64_t end = 0;

	if (chip < 0)
		die(argc > 1 ? argv[1] : "/dev/gpiochip0");
	button = request_line(chip, "Button",
			      GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING);
	/* Last, as it shows to others that the button is watched. */
	led = request_line(chip, "LED", GPIO_V2_LINE_FLAG_OUTPUT);
	for (;;) {
		int64_t left = end - now_ms();

		lit = is_pressed(button, !lit ? -1 : left > 0 ? left : 0);
		light(led, lit);
		end = now_ms() + LIT_MS;
	}
}
