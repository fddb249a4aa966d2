// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Threads that use the lines of a device all at once, by the character device's
 * interface, version 2, and check every value that they read: lines of their own,
 * lines of one request that they share, a line that they fight for, lines that are
 * wired to others, and edges of these. One line at the end tells how it went.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <linux/gpio.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Which lines are for what; those of OWN_FIRST on belong to one thread each. */
#define OWN_FIRST	4
#define SHARED_FIRST	16
#define SHARED_PART	8
#define SHARED_THREADS	4
#define SHARED_LINES	(SHARED_PART * SHARED_THREADS + 1)
#define FIGHT_LINE	50
/* From here on, an even line is wired to the odd one after it. */
#define WIRED_FIRST	58
#define EDGES_FIRST	60

#define PATIENCE_MS	20000
/* A device that does wrong may lose an edge. */
#define FAULTY_EDGE_MS	20
#define SAID_MOST	10
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static struct {
	const char *device;
	unsigned long operations;
	uint64_t seed;
	bool faulty;
	/* How often a thread takes the driver off and puts it back; 0 for never */
	unsigned int replug_ms;
	bool edges;
} options = { .operations = 20000, .edges = true };

/* @refused is what may be: a line is busy, or the device does wrong. */
static atomic_ulong operations, errors, refused, gone, replugs;

struct thread {
	pthread_t id;
	void (*run)(struct thread *self);
	unsigned int number;
	uint64_t dice;
};

/* --- what happens ------------------------------------------------------------ */

static bool is_over(void)
{
	return atomic_load(&operations) >= options.operations;
}

static void report(const char *what, unsigned int line, const char *why)
{
	if (atomic_fetch_add(&errors, 1) < SAID_MOST)
		fprintf(stderr, "%s of line %u: %s\n", what, line, why);
}

/* What errno says of it */
static void judge(const char *what, unsigned int line, int may_be)
{
	if (errno == ENODEV && options.replug_ms)
		atomic_fetch_add(&gone, 1);
	else if (errno == may_be || options.faulty)
		atomic_fetch_add(&refused, 1);
	else
		report(what, line, strerrorname_np(errno));
}

static int ask(int fd, unsigned long request, void *argument, const char *what,
	       unsigned int line)
{
	int ret = ioctl(fd, request, argument);

	atomic_fetch_add(&operations, 1);
	if (ret)
		judge(what, line, 0);
	return ret;
}

static void compare(const char *what, unsigned int line, uint64_t got, uint64_t wanted)
{
	char why[64];

	if (got == wanted || options.faulty)
		return;
	snprintf(why, sizeof(why), "%#llx instead of %#llx",
		 (unsigned long long)got, (unsigned long long)wanted);
	report(what, line, why);
}

/* SplitMix64, as the simulator has it */
static uint64_t throw_dice(struct thread *self)
{
	uint64_t z = self->dice += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/* --- requests ------------------------------------------------------------------ */

static void nap(void)
{
	usleep(1000);
}

/* The chip has another number when its device comes back. */
static int try_chip(void)
{
	char path[512];
	glob_t found;
	int fd = -1;

	snprintf(path, sizeof(path), "%s/gpiochip*", options.device);
	if (glob(path, 0, NULL, &found))
		return -1;
	snprintf(path, sizeof(path), "/dev/%s", strrchr(found.gl_pathv[0], '/') + 1);
	fd = open(path, O_RDWR | O_CLOEXEC);
	globfree(&found);
	return fd;
}

/* Return: the chip, or -1 once all is over: nobody brings it back then. */
static int open_chip(void)
{
	unsigned int i;
	int fd;

	for (i = 0; i < PATIENCE_MS; i++) {
		fd = try_chip();
		if (fd >= 0 || is_over())
			return fd;
		if (!options.replug_ms)
			break;
		nap();
	}
	fprintf(stderr, "gpio-stress: %s has no chip\n", options.device);
	exit(1);
}

static void release(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Return: what the lines are used by, or -1 if it cannot be. */
static int request_from(int chip, unsigned int first, unsigned int count, uint64_t flags,
			int may_be)
{
	struct gpio_v2_line_request request = {
		.consumer = "gpio-stress", .num_lines = count, .config.flags = flags,
	};
	unsigned int i;

	if (chip < 0)
		return -1;
	for (i = 0; i < count; i++)
		request.offsets[i] = first + i;
	if (ioctl(chip, GPIO_V2_GET_LINE_IOCTL, &request)) {
		judge("request", first, may_be);
		request.fd = -1;
	}
	atomic_fetch_add(&operations, 1);
	return request.fd;
}

static int request_lines(unsigned int first, unsigned int count, uint64_t flags, int may_be)
{
	int chip = open_chip();
	int fd = request_from(chip, first, count, flags, may_be);

	release(&chip);
	return fd;
}

static int set_values(int fd, uint64_t mask, uint64_t bits, unsigned int line)
{
	struct gpio_v2_line_values values = { .mask = mask, .bits = bits };

	return ask(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values, "set", line);
}

static int get_values(int fd, uint64_t mask, uint64_t *bits, unsigned int line)
{
	struct gpio_v2_line_values values = { .mask = mask };
	int ret = ask(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values, "get", line);

	*bits = values.bits;
	return ret;
}

static int configure(int fd, uint64_t flags, unsigned int line)
{
	struct gpio_v2_line_config config = { .flags = flags };

	return ask(fd, GPIO_V2_LINE_SET_CONFIG_IOCTL, &config, "configuration", line);
}

/* Set on one line, read on the same one or on one that is wired to it. */
static int set_and_get(int out, int in, unsigned int value, unsigned int line)
{
	uint64_t got;

	if (set_values(out, 1, value, line) || get_values(in, 1, &got, line))
		return -1;
	compare("value", line, got, value);
	return 0;
}

/* --- what the threads do --------------------------------------------------------- */

/* A line of its own: again and again, and now and then an input in between */
static void use_own(struct thread *self)
{
	unsigned int line = OWN_FIRST + self->number;
	int fd = -1;

	while (!is_over()) {
		uint64_t dice = throw_dice(self);

		if (fd < 0)
			fd = request_lines(line, 1, GPIO_V2_LINE_FLAG_OUTPUT, 0);
		if (fd < 0)
			continue;
		if (set_and_get(fd, fd, dice & 1, line) ||
		    (dice % 16 == 2 && (configure(fd, GPIO_V2_LINE_FLAG_INPUT, line) ||
					configure(fd, GPIO_V2_LINE_FLAG_OUTPUT, line))) ||
		    dice % 64 == 5)
			release(&fd);
	}
	release(&fd);
}

/* One request of which each thread has a part, and all the last line. */
static struct {
	pthread_rwlock_t lock;
	int fd;
} shared = { .lock = PTHREAD_RWLOCK_INITIALIZER, .fd = -1 };

static void renew_shared(int fd)
{
	pthread_rwlock_wrlock(&shared.lock);
	if (shared.fd == fd) {
		release(&shared.fd);
		shared.fd = request_lines(SHARED_FIRST, SHARED_LINES,
					  GPIO_V2_LINE_FLAG_OUTPUT, 0);
	}
	pthread_rwlock_unlock(&shared.lock);
}

/* All lines are read, so that batches overlap, as they do where they are set. */
static int use_part(int fd, uint64_t part, uint64_t dice)
{
	const uint64_t all = (1ULL << SHARED_LINES) - 1, last = 1ULL << (SHARED_LINES - 1);
	uint64_t bits = dice & (part | last), got;

	if (set_values(fd, part | last, bits, SHARED_FIRST) ||
	    get_values(fd, all, &got, SHARED_FIRST))
		return -1;
	compare("values", SHARED_FIRST, got & part, bits & part);
	return 0;
}

static void use_shared(struct thread *self)
{
	uint64_t part = ((1ULL << SHARED_PART) - 1) << (self->number * SHARED_PART);
	int fd, ret;

	while (!is_over()) {
		uint64_t dice = throw_dice(self);

		pthread_rwlock_rdlock(&shared.lock);
		fd = shared.fd;
		ret = fd < 0 ? -1 : use_part(fd, part, dice);
		pthread_rwlock_unlock(&shared.lock);
		if (ret)
			renew_shared(fd);
	}
}

/* A line that others want, too */
static void use_contested(struct thread *self)
{
	while (!is_over()) {
		int fd = request_lines(FIGHT_LINE, 1, GPIO_V2_LINE_FLAG_OUTPUT, EBUSY);
		unsigned int i, rounds = throw_dice(self) % 8;

		if (fd < 0) {
			nap();
			continue;
		}
		for (i = 0; i < rounds; i++)
			if (set_and_get(fd, fd, throw_dice(self) & 1, FIGHT_LINE))
				break;
		release(&fd);
	}
}

static void use_wired(struct thread *self)
{
	unsigned int line = WIRED_FIRST + 2 * self->number;
	int out = -1, in = -1;

	while (!is_over()) {
		if (out < 0)
			out = request_lines(line, 1, GPIO_V2_LINE_FLAG_OUTPUT, 0);
		if (in < 0)
			in = request_lines(line + 1, 1, GPIO_V2_LINE_FLAG_INPUT, 0);
		if (out < 0 || in < 0)
			continue;
		if (set_and_get(out, in, throw_dice(self) & 1, line)) {
			release(&out);
			release(&in);
		}
	}
	release(&out);
	release(&in);
}

/* --- edges ------------------------------------------------------------------------ */

/*
 * gpiolib frees the interrupts of a chip that goes. If the kernel is still about to
 * request one of them it waits for ever for that one's thread, so nobody does then.
 */
static pthread_rwlock_t arming = PTHREAD_RWLOCK_INITIALIZER;

static int request_edges(unsigned int line, uint64_t flags)
{
	/* The chip may be long in coming, and the lock is needed to bring it back. */
	int chip = open_chip(), fd;

	pthread_rwlock_rdlock(&arming);
	fd = request_from(chip, line, 1, flags, 0);
	pthread_rwlock_unlock(&arming);
	release(&chip);
	return fd;
}

static int wait_edge(int fd, unsigned int line)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int ret = poll(&poller, 1, options.faulty ? FAULTY_EDGE_MS : PATIENCE_MS);

	if (ret > 0 && !(poller.revents & POLLIN))
		errno = ENODEV;
	else if (ret > 0)
		return 0;
	else
		errno = ETIME;
	judge("edge", line, 0);
	return -1;
}

/*
 * To tell the edges of a line from each other the kernel reads it, and takes an error
 * for a rising one, so a chip that is going does not count.
 */
static int check_edge(int out, unsigned int line, unsigned int rising, unsigned int level)
{
	uint64_t unused;

	if (rising != level && get_values(out, 1, &unused, line - 1))
		return -1;
	compare("edge", line, rising, level);
	return 0;
}

/* The next edge, which @out has made by going to @level */
static int read_edge(int in, int out, unsigned int line, unsigned int level)
{
	struct gpio_v2_line_event event;

	if (wait_edge(in, line))
		return -1;
	if (read(in, &event, sizeof(event)) != sizeof(event)) {
		judge("edge", line, 0);
		return -1;
	}
	atomic_fetch_add(&operations, 1);
	return check_edge(out, line, event.id == GPIO_V2_LINE_EVENT_RISING_EDGE, level);
}

/* Armed, some edges, and released */
static int make_edges(struct thread *self, int out, unsigned int line)
{
	static const uint64_t edges[2] = {
		GPIO_V2_LINE_FLAG_EDGE_FALLING, GPIO_V2_LINE_FLAG_EDGE_RISING,
	};
	uint64_t kinds = throw_dice(self) % 3 + 1, flags = GPIO_V2_LINE_FLAG_INPUT;
	unsigned int i, rounds = throw_dice(self) % 8;
	int in, ret = 0;

	flags |= (kinds & 1 ? edges[0] : 0) | (kinds & 2 ? edges[1] : 0);
	in = request_edges(line + 1, flags);
	if (in < 0)
		return -1;
	for (i = 0; i < 2 * rounds && !ret; i++) {
		unsigned int level = ~i & 1;

		ret = set_values(out, 1, level, line);
		if (!ret && flags & edges[level])
			ret = read_edge(in, out, line + 1, level);
	}
	release(&in);
	return ret;
}

static void use_edges(struct thread *self)
{
	unsigned int line = EDGES_FIRST + 2 * self->number;
	int out = -1;

	while (!is_over()) {
		if (out < 0)
			out = request_lines(line, 1, GPIO_V2_LINE_FLAG_OUTPUT, 0);
		if (out >= 0 && make_edges(self, out, line))
			release(&out);
	}
	release(&out);
}

/* --- the driver comes and goes ----------------------------------------------------- */

static void tell_driver(const char *what, const char *device)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/virtio/drivers/gpio_virtio/%s", what);
	file = fopen(path, "w");
	if (!file || fputs(device, file) < 0 || fflush(file)) {
		if (!options.faulty)
			atomic_fetch_add(&errors, 1);
		fprintf(stderr, "%s: %s\n", path, strerrorname_np(errno));
	}
	if (file)
		fclose(file);
}

static void replug(struct thread *self)
{
	const char *device = strrchr(options.device, '/') + 1;

	(void)self;
	while (!is_over()) {
		usleep(options.replug_ms * 1000);
		pthread_rwlock_wrlock(&arming);
		tell_driver("unbind", device);
		pthread_rwlock_unlock(&arming);
		tell_driver("bind", device);
		atomic_fetch_add(&replugs, 1);
	}
}

/* --- all of them -------------------------------------------------------------------- */

static const struct {
	void (*run)(struct thread *self);
	unsigned int threads;
} kinds[] = {
	{ use_own, 4 }, { use_shared, SHARED_THREADS }, { use_contested, 3 },
	{ use_wired, 1 }, { use_edges, 2 }, { replug, 1 },
};

static void *run_thread(void *argument)
{
	struct thread *self = argument;

	self->run(self);
	return NULL;
}

static void start(struct thread *thread)
{
	if (pthread_create(&thread->id, NULL, run_thread, thread)) {
		fputs("gpio-stress: cannot start a thread\n", stderr);
		exit(1);
	}
}

static bool is_wanted(void (*run)(struct thread *self))
{
	return (run != use_edges || options.edges) && (run != replug || options.replug_ms);
}

static unsigned int start_threads(struct thread *threads)
{
	unsigned int i, number, count = 0;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!is_wanted(kinds[i].run))
			continue;
		for (number = 0; number < kinds[i].threads; number++) {
			threads[count] = (struct thread){
				.run = kinds[i].run, .number = number,
				.dice = options.seed + count,
			};
			start(&threads[count++]);
		}
	}
	return count;
}

static void print_result(const char *end)
{
	printf("%s: %lu operations, %lu errors, %lu refused, %lu gone, %lu replugs, seed %llu\n",
	       end, operations, errors, refused, gone, replugs,
	       (unsigned long long)options.seed);
	fflush(stdout);
}

/* A thread that waits for ever cannot be joined, so look whether they go on. */
static void watch_progress(void)
{
	unsigned long last = 0;
	unsigned int same = 0;

	for (; !is_over(); nap()) {
		same = last == operations ? same + 1 : 0;
		last = operations;
		if (same >= 2 * PATIENCE_MS) {
			print_result("stuck");
			_exit(1);
		}
	}
}

static void watch_end(struct thread *self)
{
	(void)self;
	sleep(2 * PATIENCE_MS / 1000);
	print_result("stuck at the end");
	_exit(1);
}

static void parse_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:s:fr:E")) >= 0) {
		switch (option) {
		case 'n':
			options.operations = strtoul(optarg, NULL, 0);
			break;
		case 's':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 'f':
			options.faulty = true;
			break;
		case 'r':
			options.replug_ms = strtoul(optarg, NULL, 0);
			break;
		case 'E':
			options.edges = false;
			break;
		default:
			exit(2);
		}
	}
	options.device = argv[optind];
	if (options.device && !argv[optind + 1])
		return;
	fputs("usage: gpio-stress [-n OPERATIONS] [-s SEED] [-f] [-r MS] [-E] FOLDER\n"
	      "FOLDER is the device in sysfs. -f: it does wrong; -r: its driver comes and goes\n"
	      "every so many milliseconds; -E: it has no interrupts\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	struct thread threads[16], end = { .run = watch_end };
	unsigned int i, count;

	parse_options(argc, argv);
	count = start_threads(threads);
	watch_progress();
	start(&end);
	for (i = 0; i < count; i++)
		pthread_join(threads[i].id, NULL);
	print_result("done");
	return errors != 0;
}
