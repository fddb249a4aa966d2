// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What 'bench' measures in a guest. One command a run; the times are those of a
 * program that uses the character device's interface, version 2, so they begin
 * and end in user space. A row of samples is printed as its median, its 99th
 * percentile and its least, in nanoseconds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP		20
#define WAIT_MS		10000
#define CALIBRATION_US	50000
#define MAX_THREADS	64
#define MAX_FLOOR	64
#define EVENTS_KEPT	1024
#define STAMPS_IN_LINE	8
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

typedef unsigned long long u64;

static void fail(const char *what)
{
	printf("%s %s\n", what, strerrorname_np(errno));
	exit(1);
}

static void usage(const char *what)
{
	fprintf(stderr, "gpio-bench: %s\n", what);
	exit(2);
}

static u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static unsigned long number(const char *text, unsigned long least, unsigned long most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	if (!*text || *end || value < least || value > most)
		usage("a number is wrong");
	return value;
}

/* --- samples ------------------------------------------------------------------ */

/* A system call of User-Mode Linux takes longer than some of what is measured. */
static u64 ticks(void)
{
	return __builtin_ia32_rdtsc();
}

static double ns_in_tick(void)
{
	u64 from_ticks = ticks(), from = now();

	usleep(CALIBRATION_US);
	return (double)(now() - from) / (ticks() - from_ticks);
}

struct samples {
	u64 *ticks;
	unsigned long count;
	unsigned long warm_up;
};

static struct samples new_samples(unsigned long count)
{
	struct samples samples = { .ticks = calloc(count, sizeof(u64)), .warm_up = WARM_UP };

	if (!samples.ticks)
		fail("memory");
	return samples;
}

/* The first ones warm caches up, and do not count. */
static void add_sample(struct samples *samples, u64 taken)
{
	if (samples->warm_up)
		samples->warm_up--;
	else
		samples->ticks[samples->count++] = taken;
}

static int compare(const void *left, const void *right)
{
	u64 a = *(const u64 *)left, b = *(const u64 *)right;

	return a < b ? -1 : a > b;
}

static void print_samples(const char *name, struct samples *samples)
{
	unsigned long n = samples->count;
	double ns = ns_in_tick();

	qsort(samples->ticks, n, sizeof(u64), compare);
	printf("%s %.0f %.0f %.0f\n", name, samples->ticks[n / 2] * ns,
	       samples->ticks[n - 1 - n / 100] * ns, samples->ticks[0] * ns);
}

/* What the devices count begins and ends while the lines are in use. */
static void wait_for_word(const char *word)
{
	char line[16];

	puts(word);
	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

/* --- lines ---------------------------------------------------------------------- */

static int open_chip(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fail("open");
	return fd;
}

static int request_lines(int chip, unsigned int first, unsigned int count, u64 flags)
{
	struct gpio_v2_line_request request = {
		.consumer = "gpio-bench",
		.config.flags = flags,
		.num_lines = count,
		.event_buffer_size = EVENTS_KEPT,
	};
	unsigned int i;

	for (i = 0; i < count; i++)
		request.offsets[i] = first + i;
	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request))
		fail("request");
	return request.fd;
}

static u64 mask_of(unsigned int lines)
{
	return lines == 64 ? ~0ULL : (1ULL << lines) - 1;
}

static int transfer(int fd, unsigned long request, u64 mask, u64 bits)
{
	struct gpio_v2_line_values values = { .mask = mask, .bits = bits };

	return ioctl(fd, request, &values);
}

static void measure_values(char **args, unsigned long request, u64 flags)
{
	unsigned int lines = number(args[1], 1, 64);
	unsigned long rounds = number(args[2], 1, 1000000);
	int fd = request_lines(open_chip(args[0]), 0, lines, flags);
	struct samples samples = new_samples(rounds);
	unsigned long i = 0;
	u64 begin;

	wait_for_word("ready");
	while (samples.count < rounds) {
		begin = ticks();
		if (transfer(fd, request, mask_of(lines), i++ & 1 ? ~0ULL : 0))
			fail("values");
		add_sample(&samples, ticks() - begin);
	}
	print_samples("ns", &samples);
	wait_for_word("done");
}

/* get CHIP LINES ROUNDS */
static void get(char **args)
{
	measure_values(args, GPIO_V2_LINE_GET_VALUES_IOCTL, GPIO_V2_LINE_FLAG_INPUT);
}

/* set CHIP LINES ROUNDS: all of them, to the inverse of what they were */
static void set(char **args)
{
	measure_values(args, GPIO_V2_LINE_SET_VALUES_IOCTL, GPIO_V2_LINE_FLAG_OUTPUT);
}

/* request CHIP LINES ROUNDS: lines as inputs, and their release */
static void request(char **args)
{
	unsigned int lines = number(args[1], 1, 64);
	unsigned long rounds = number(args[2], 1, 1000000);
	struct samples requests = new_samples(rounds), releases = new_samples(rounds);
	int fd, chip = open_chip(args[0]);
	u64 begin;

	while (releases.count < rounds) {
		begin = ticks();
		fd = request_lines(chip, 0, lines, GPIO_V2_LINE_FLAG_INPUT);
		add_sample(&requests, ticks() - begin);
		begin = ticks();
		close(fd);
		add_sample(&releases, ticks() - begin);
	}
	print_samples("request", &requests);
	print_samples("release", &releases);
}

/* --- threads -------------------------------------------------------------------- */

struct worker {
	pthread_t thread;
	int fd;
	atomic_ulong done;
	atomic_ulong failed;
};

static struct worker workers[MAX_THREADS];
static atomic_bool over;

static void *work(void *arg)
{
	struct worker *worker = arg;

	while (!over) {
		if (transfer(worker->fd, GPIO_V2_LINE_GET_VALUES_IOCTL, 1, 0))
			worker->failed++;
		worker->done++;
	}
	return NULL;
}

/* A thread that never comes back from the kernel does not end with the program. */
static bool join(struct worker *worker)
{
	struct timespec limit;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += WAIT_MS / 1000;
	return !pthread_timedjoin_np(worker->thread, NULL, &limit);
}

static void print_work(unsigned long threads, u64 ns, bool hung)
{
	u64 done = 0, failed = 0;
	unsigned long i;

	for (i = 0; i < threads; i++) {
		done += workers[i].done;
		failed += workers[i].failed;
	}
	printf("rate %llu %llu %s\n", (done - failed) * 1000000000ULL / ns, failed,
	       hung ? "hung" : "ended");
	fflush(stdout);
}

/* threads CHIP THREADS MS: each reads a line of its own as fast as it can */
static void threads(char **args)
{
	unsigned long i, count = number(args[1], 1, MAX_THREADS), ms = number(args[2], 1, 600000);
	int chip = open_chip(args[0]);
	bool hung = false;
	u64 begin, ns;

	for (i = 0; i < count; i++)
		workers[i].fd = request_lines(chip, i, 1, GPIO_V2_LINE_FLAG_INPUT);
	begin = now();
	for (i = 0; i < count; i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			fail("thread");
	usleep(ms * 1000);
	over = true;
	ns = now() - begin;
	for (i = 0; i < count && !hung; i++)
		hung = !join(&workers[i]);
	print_work(count, ns, hung);
	_exit(0);
}

/* --- interrupts ------------------------------------------------------------------ */

static unsigned int read_events(int fd, struct gpio_v2_line_event *events)
{
	ssize_t size = read(fd, events, sizeof(*events) * EVENTS_KEPT);

	if (size < (ssize_t)sizeof(*events))
		fail("event");
	return size / sizeof(*events);
}

static void print_stamps(const u64 *stamps, unsigned long count)
{
	unsigned long i;

	for (i = 0; i < count; i++)
		printf("%llu%c", stamps[i],
		       (i + 1) % STAMPS_IN_LINE && i + 1 < count ? ' ' : '\n');
}

/* edges CHIP LINE LINES COUNT: 'armed', then when each arrived here, in ticks */
static void edges(char **args)
{
	static struct gpio_v2_line_event events[EVENTS_KEPT];
	unsigned long lines = number(args[2], 1, 64), count = number(args[3], 1, 1000000);
	u64 stamp, *stamps = new_samples(count + EVENTS_KEPT).ticks;
	unsigned long seen = 0;
	unsigned int more;
	int fd = request_lines(open_chip(args[0]), number(args[1], 0, 65535), lines,
			       GPIO_V2_LINE_FLAG_INPUT | GPIO_V2_LINE_FLAG_EDGE_RISING |
			       GPIO_V2_LINE_FLAG_EDGE_FALLING);

	puts("armed");
	while (seen < count) {
		more = read_events(fd, events);
		for (stamp = ticks(); more; more--)
			stamps[seen++] = stamp;
	}
	print_stamps(stamps, count);
}

/*
 * ticks: the processor's counter and the clock, at the same time. A program under
 * User-Mode Linux reads the counter of the host.
 */
static void print_ticks(char **args)
{
	u64 before = ticks(), ns = now();

	(void)args;
	printf("%llu %llu\n", before + (ticks() - before) / 2, ns);
}

/* --- the floor, and the driver itself ------------------------------------------- */

/* floor DEVICE REQUESTS ROUNDS: one read is so many requests with one notification */
static void floor_of(char **args)
{
	unsigned long requests = number(args[1], 1, MAX_FLOOR);
	unsigned long rounds = number(args[2], 1, 1000000);
	struct samples samples = new_samples(rounds);
	int fd = open_chip(args[0]);
	char values[MAX_FLOOR];
	u64 begin;

	while (samples.count < rounds) {
		begin = ticks();
		if (read(fd, values, requests) != (ssize_t)requests)
			fail("read");
		add_sample(&samples, ticks() - begin);
	}
	print_samples("ns", &samples);
}

static void tell(const char *folder, const char *file, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(file);
	close(fd);
}

/* probe DRIVER DEVICE ROUNDS: how long the driver takes to bind to the device */
static void probe(char **args)
{
	unsigned long rounds = number(args[2], 1, 1000);
	struct samples samples = new_samples(rounds);
	u64 begin;

	samples.warm_up = 0;
	while (samples.count < rounds) {
		begin = ticks();
		tell(args[0], "bind", args[1]);
		add_sample(&samples, ticks() - begin);
		tell(args[0], "unbind", args[1]);
	}
	print_samples("ns", &samples);
}

/* load MODULE */
static void load(char **args)
{
	if (syscall(SYS_finit_module, open(args[0], O_RDONLY | O_CLOEXEC), "", 0))
		fail("load");
}

/* --- commands -------------------------------------------------------------------- */

static const struct {
	const char *name;
	int args;
	void (*run)(char **args);
} commands[] = {
	{ "get", 3, get }, { "set", 3, set }, { "request", 3, request },
	{ "threads", 3, threads }, { "edges", 4, edges }, { "ticks", 0, print_ticks },
	{ "floor", 3, floor_of }, { "probe", 3, probe }, { "load", 1, load },
};

int main(int argc, char **argv)
{
	size_t i;

	setlinebuf(stdout);
	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name) || argc - 2 != commands[i].args)
			continue;
		commands[i].run(argv + 2);
		return 0;
	}
	usage("no such command, or not its number of arguments");
}
