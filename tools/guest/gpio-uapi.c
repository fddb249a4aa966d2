// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the end-to-end cases ask of the character device's interface, version 2,
 * that no tool of libgpiod asks, and whether there is version 1. One command a
 * run; what the kernel says is printed, an error by its name, and judged by the
 * case.
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
#include <time.h>
#include <unistd.h>

#define WAIT_MS 20000
#define EVENTS_KEPT 1024
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name;
	unsigned long long bit;
} flag_names[] = {
	{ "used", GPIO_V2_LINE_FLAG_USED },
	{ "active-low", GPIO_V2_LINE_FLAG_ACTIVE_LOW },
	{ "input", GPIO_V2_LINE_FLAG_INPUT },
	{ "output", GPIO_V2_LINE_FLAG_OUTPUT },
	{ "rising", GPIO_V2_LINE_FLAG_EDGE_RISING },
	{ "falling", GPIO_V2_LINE_FLAG_EDGE_FALLING },
	{ "open-drain", GPIO_V2_LINE_FLAG_OPEN_DRAIN },
	{ "open-source", GPIO_V2_LINE_FLAG_OPEN_SOURCE },
	{ "pull-up", GPIO_V2_LINE_FLAG_BIAS_PULL_UP },
	{ "pull-down", GPIO_V2_LINE_FLAG_BIAS_PULL_DOWN },
	{ "bias-disabled", GPIO_V2_LINE_FLAG_BIAS_DISABLED },
	{ "realtime", GPIO_V2_LINE_FLAG_EVENT_CLOCK_REALTIME },
};

static void fail(const char *what)
{
	printf("%s %s\n", what, strerrorname_np(errno));
	exit(1);
}

static void usage(const char *what)
{
	fprintf(stderr, "gpio-uapi: %s\n", what);
	exit(2);
}

/* --- requests ---------------------------------------------------------------- */

static unsigned long long flag_bit(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (!strcmp(flag_names[i].name, name))
			return flag_names[i].bit;
	usage("no such flag");
	return 0;
}

static void add_attribute(struct gpio_v2_line_config *config,
			  struct gpio_v2_line_attribute attr,
			  unsigned int lines)
{
	struct gpio_v2_line_config_attribute *new;

	new = &config->attrs[config->num_attrs++];
	new->attr = attr;
	new->mask = lines == 64 ? ~0ULL : (1ULL << lines) - 1;
}

/* FLAG,FLAG,...; debounce=MICROSECONDS is one, too */
static void parse_flags(struct gpio_v2_line_config *config, char *text,
			unsigned int lines)
{
	struct gpio_v2_line_attribute debounce = {
		.id = GPIO_V2_LINE_ATTR_ID_DEBOUNCE,
	};
	char *flag;

	for (flag = strtok(text, ","); flag; flag = strtok(NULL, ",")) {
		if (sscanf(flag, "debounce=%u", &debounce.debounce_period_us) == 1)
			add_attribute(config, debounce, lines);
		else if (strcmp(flag, "as-is"))
			config->flags |= flag_bit(flag);
	}
}

static void parse_lines(struct gpio_v2_line_request *request, char **lines)
{
	for (; *lines; lines++) {
		if (request->num_lines == GPIO_V2_LINES_MAX)
			usage("too many lines");
		request->offsets[request->num_lines++] = strtoul(*lines, NULL, 0);
	}
}

static int request_lines(int chip, char *flags, char **lines)
{
	struct gpio_v2_line_request request = {
		.consumer = "gpio-uapi",
		.event_buffer_size = EVENTS_KEPT,
	};

	parse_lines(&request, lines);
	parse_flags(&request.config, flags, request.num_lines);
	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request))
		fail("request");
	return request.fd;
}

/* --- events -------------------------------------------------------------------- */

static void wait_readable(int fd, const char *what)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	if (poll(&poller, 1, WAIT_MS) > 0)
		return;
	errno = ETIME;
	fail(what);
}

static unsigned long long now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static void print_edge(int fd)
{
	struct gpio_v2_line_event event;

	wait_readable(fd, "event");
	if (read(fd, &event, sizeof(event)) != sizeof(event))
		fail("event");
	printf("%s line %u at %llu number %u of line %u\n",
	       event.id == GPIO_V2_LINE_EVENT_RISING_EDGE ? "rising" : "falling",
	       event.offset, (unsigned long long)event.timestamp_ns, event.seqno,
	       event.line_seqno);
}

/* edges FLAGS COUNT LINE...: 'armed', then COUNT edges between two times */
static void edges(int chip, char **args)
{
	clockid_t clock = strstr(args[0], "realtime") ? CLOCK_REALTIME : CLOCK_MONOTONIC;
	unsigned long count = strtoul(args[1], NULL, 0);
	int fd = request_lines(chip, args[0], args + 2);

	printf("armed at %llu\n", now(clock));
	while (count--)
		print_edge(fd);
	printf("done at %llu\n", now(clock));
}

static void print_flags(const struct gpio_v2_line_info *info)
{
	size_t i;

	printf("name '%s' consumer '%s' flags", info->name, info->consumer);
	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (info->flags & flag_names[i].bit)
			printf(" %s", flag_names[i].name);
	for (i = 0; i < info->num_attrs; i++)
		if (info->attrs[i].id == GPIO_V2_LINE_ATTR_ID_DEBOUNCE)
			printf(" debounce=%u", info->attrs[i].debounce_period_us);
	putchar('\n');
}

static void read_info(int chip, unsigned int request, char *line)
{
	struct gpio_v2_line_info info = { .offset = strtoul(line, NULL, 0) };

	if (ioctl(chip, request, &info))
		fail("info");
	print_flags(&info);
}

/* info LINE */
static void info(int chip, char **args)
{
	read_info(chip, GPIO_V2_GET_LINEINFO_IOCTL, args[0]);
}

/* info-v1 LINE: by version 1 of the interface, which a kernel may lack */
static void info_v1(int chip, char **args)
{
	struct gpioline_info info = { .line_offset = strtoul(args[0], NULL, 0) };

	if (ioctl(chip, GPIO_GET_LINEINFO_IOCTL, &info))
		fail("info");
	printf("name '%s' consumer '%s'\n", info.name, info.consumer);
}

static void print_change(int chip)
{
	static const char * const types[] = { "", "requested", "released", "changed" };
	struct gpio_v2_line_info_changed change;

	wait_readable(chip, "change");
	if (read(chip, &change, sizeof(change)) != sizeof(change))
		fail("change");
	printf("%s ", types[change.event_type & 3]);
	print_flags(&change.info);
}

/* watch COUNT LINE...: the lines as they are, then COUNT changes */
static void watch(int chip, char **args)
{
	unsigned long count = strtoul(args[0], NULL, 0);

	for (args++; *args; args++)
		read_info(chip, GPIO_V2_GET_LINEINFO_WATCH_IOCTL, *args);
	while (count--)
		print_change(chip);
}

/* --- values ---------------------------------------------------------------------- */

static unsigned long long all_of(char **lines)
{
	unsigned int count = 0;

	while (lines[count])
		count++;
	return count == 64 ? ~0ULL : (1ULL << count) - 1;
}

static unsigned long long get_values(int fd, unsigned long long mask)
{
	struct gpio_v2_line_values values = { .mask = mask };

	if (ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values))
		fail("get");
	return values.bits;
}

static void set_values(int fd, unsigned long long mask, unsigned long long bits)
{
	struct gpio_v2_line_values values = { .mask = mask, .bits = bits };

	if (ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values))
		fail("set");
}

/* get FLAGS LINE...: the values as one number, the first line its lowest bit */
static void get(int chip, char **args)
{
	int fd = request_lines(chip, args[0], args + 1);

	printf("0x%llx\n", get_values(fd, all_of(args + 1)));
}

/* set FLAGS VALUES LINE...: 'set', and the lines are held to standard input's end */
static void set(int chip, char **args)
{
	int fd = request_lines(chip, args[0], args + 2);
	char end;

	set_values(fd, all_of(args + 2), strtoull(args[1], NULL, 0));
	puts("set");
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
}

/* reconfigure LINE FLAGS...: one request, its flags changed again and again */
static void reconfigure(int chip, char **args)
{
	char as_is[] = "as-is", *line[] = { args[0], NULL };
	int fd = request_lines(chip, as_is, line);
	char **flags;

	for (flags = args + 1; *flags; flags++) {
		struct gpio_v2_line_config config = { };

		parse_flags(&config, *flags, 1);
		if (ioctl(fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &config))
			printf("refused %s: ", strerrorname_np(errno));
		read_info(chip, GPIO_V2_GET_LINEINFO_IOCTL, args[0]);
	}
}

/* toggle LINE ROUNDS: an output set and read back; how often it was not as set */
static void toggle(int chip, char **args)
{
	char flags[] = "output", *line[] = { args[0], NULL };
	unsigned long i, rounds = strtoul(args[1], NULL, 0), wrong = 0;
	int fd = request_lines(chip, flags, line);

	for (i = 0; i < rounds; i++) {
		set_values(fd, 1, i & 1);
		wrong += get_values(fd, 1) != (i & 1);
	}
	printf("%lu wrong of %lu\n", wrong, rounds);
	exit(wrong != 0);
}

/* --- a chip that goes ------------------------------------------------------------ */

static void outcome(const char *what, long status)
{
	printf("%s %s\n", what, status < 0 ? strerrorname_np(errno) : "ok");
}

static void wait_hangup(int fd, const char *what)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };

	if (poll(&poller, 1, WAIT_MS) <= 0)
		poller.revents = 0;
	printf("%s %s\n", what, poller.revents & (POLLHUP | POLLERR) ? "hangup" : "nothing");
}

static void use_chip_that_went(int chip)
{
	struct gpiochip_info chip_info;
	struct gpio_v2_line_info line_info = { };
	char buffer[1024];

	outcome("chip-info", ioctl(chip, GPIO_GET_CHIPINFO_IOCTL, &chip_info));
	outcome("line-info", ioctl(chip, GPIO_V2_GET_LINEINFO_IOCTL, &line_info));
	outcome("chip-read", read(chip, buffer, sizeof(buffer)));
}

static void use_line_that_went(int line)
{
	struct gpio_v2_line_values values = { .mask = 1 };
	struct gpio_v2_line_config config = { .flags = GPIO_V2_LINE_FLAG_INPUT };
	char buffer[1024];

	outcome("get", ioctl(line, GPIO_V2_LINE_GET_VALUES_IOCTL, &values));
	outcome("set-config", ioctl(line, GPIO_V2_LINE_SET_CONFIG_IOCTL, &config));
	outcome("line-read", read(line, buffer, sizeof(buffer)));
}

/* gone FLAGS LINE: 'ready', and when the chip has gone, what still works of it */
static void gone(int chip, char **args)
{
	int line = request_lines(chip, args[0], args + 1);

	puts("ready");
	wait_hangup(line, "line-poll");
	wait_hangup(chip, "chip-poll");
	use_line_that_went(line);
	use_chip_that_went(chip);
	outcome("close", close(line));
}

/* --- commands ----------------------------------------------------------------------- */

static const struct {
	const char *name;
	int least;
	void (*run)(int fd, char **args);
} commands[] = {
	{ "info", 1, info }, { "get", 2, get }, { "set", 3, set },
	{ "edges", 3, edges }, { "watch", 2, watch }, { "gone", 2, gone },
	{ "reconfigure", 2, reconfigure }, { "toggle", 2, toggle }, { "info-v1", 1, info_v1 },
};

int main(int argc, char **argv)
{
	size_t i;
	int chip;

	setlinebuf(stdout);
	if (argc < 3)
		usage("CHIP COMMAND ARGUMENT...");
	chip = open(argv[1], O_RDWR | O_CLOEXEC);
	if (chip < 0)
		fail("open");
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[2], commands[i].name) || argc - 3 < commands[i].least)
			continue;
		commands[i].run(chip, argv + 3);
		return 0;
	}
	usage("no such command, or too few arguments");
}
