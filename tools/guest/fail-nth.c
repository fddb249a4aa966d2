// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The N-th allocation of memory that the kernel makes for this program, while it does
 * one thing, fails: fail-nth N THING. Prints 'ok', or what failed and how, and
 * then whether there were as many allocations at all.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int nth_file;

static void die(const char *what)
{
	fprintf(stderr, "fail-nth: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* From now on the kernel counts; 0 for it not to. */
static void set_nth(const char *nth)
{
	if (pwrite(nth_file, nth, strlen(nth), 0) < 0)
		die("/proc/thread-self/fail-nth");
}

/* Return: how many more allocations there might have been. */
static long rest(void)
{
	char text[32] = "";

	if (pread(nth_file, text, sizeof(text) - 1, 0) < 0)
		die("/proc/thread-self/fail-nth");
	return atol(text);
}

static const char *failed;

/* Return: whether the call failed, which is remembered. */
static int fails(const char *what, long ret)
{
	static char text[64];

	if (ret >= 0)
		return 0;
	snprintf(text, sizeof(text), "%s %s", what, strerrorname_np(errno));
	failed = text;
	return 1;
}

/* write FILE TEXT: a file of sysfs, say */
static void write_file(char **args)
{
	int fd = open(args[0], O_WRONLY | O_CLOEXEC);

	if (fails("open", fd))
		return;
	fails("write", write(fd, args[1], strlen(args[1])));
	close(fd);
}

static void use_lines(int fd, unsigned int count)
{
	struct gpio_v2_line_values values = { .mask = count == 64 ? ~0ULL : (1ULL << count) - 1 };
	struct gpio_v2_line_config config = {
		.flags = GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
			 GPIO_V2_LINE_FLAG_EDGE_FALLING,
	};

	if (fails("set", ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values)) ||
	    fails("get", ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values)))
		return;
	fails("edges", ioctl(fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &config));
}

/* request CHIP LINE...: outputs, set and read, and then inputs with edges */
static void request(char **args)
{
	struct gpio_v2_line_request lines = {
		.consumer = "fail-nth", .config.flags = GPIO_V2_LINE_FLAG_OUTPUT,
	};
	int chip = open(args[0], O_RDWR | O_CLOEXEC);

	if (fails("open", chip))
		return;
	for (args++; *args && lines.num_lines < GPIO_V2_LINES_MAX; args++)
		lines.offsets[lines.num_lines++] = strtoul(*args, NULL, 0);
	if (!fails("request", ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &lines))) {
		use_lines(lines.fd, lines.num_lines);
		close(lines.fd);
	}
	close(chip);
}

static const struct {
	const char *name;
	void (*run)(char **args);
} things[] = {
	{ "write", write_file }, { "request", request },
};

int main(int argc, char **argv)
{
	size_t i;
	long left;

	nth_file = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_file < 0)
		die("/proc/thread-self/fail-nth");
	for (i = 0; i < ARRAY_SIZE(things); i++) {
		if (argc < 5 || strcmp(argv[2], things[i].name))
			continue;
		set_nth(argv[1]);
		things[i].run(argv + 3);
		left = rest();
		set_nth("0");
		printf("%s, %s\n", failed ? failed : "ok", left ? "no failure" : "a failure");
		return 0;
	}
	fputs("usage: fail-nth N write FILE TEXT | fail-nth N request CHIP LINE...\n", stderr);
	return 2;
}
