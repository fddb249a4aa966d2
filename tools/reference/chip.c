// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A GPIO chip for a program that knows nothing of it: preloaded, this answers
 * for /dev/gpiochip0 as the kernel's character device does, version 2, as far as
 * a back end for virtual machines asks. VGPIO_CHIP_LINES names a file with the
 * lines, as vgpio-sim takes it; on the socket VGPIO_CHIP_CONTROL some of the
 * commands of vgpio-sim are understood.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CHIP_PATH	"/dev/gpiochip0"
#define SUBSYSTEM_PATH	"/sys/dev/char/254:0/subsystem"
#define CHIP_DEVICE	makedev(254, 0)
#define MOST_LINES	64
#define WAIT_MS		5000

#define EDGES	(GPIO_V2_LINE_FLAG_EDGE_RISING | GPIO_V2_LINE_FLAG_EDGE_FALLING)

/*
 * @level: what is outside of the chip
 * @output: what the holder of the line drives
 * @flags: of the request that holds it
 * @request: its file descriptor, or -1
 * @events: the other end of it
 */
struct line {
	char name[GPIO_MAX_NAME_SIZE];
	bool level, output;
	unsigned long long flags;
	int request, events;
	unsigned int seqno;
};

static struct line lines[MOST_LINES];
static unsigned int line_count;
static int chip_fd = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

/* --- the lines -------------------------------------------------------------------- */

static bool value_of(const struct line *line)
{
	return line->flags & GPIO_V2_LINE_FLAG_OUTPUT ? line->output : line->level;
}

static void send_edge(struct line *line, unsigned int offset, bool rising)
{
	struct gpio_v2_line_event event = {
		.id = rising ? GPIO_V2_LINE_EVENT_RISING_EDGE : GPIO_V2_LINE_EVENT_FALLING_EDGE,
		.offset = offset,
		.seqno = ++line->seqno,
		.line_seqno = line->seqno,
	};
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	event.timestamp_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	/* A request that reads no events may be full of them */
	if (write(line->events, &event, sizeof(event)) < 0 && errno != EAGAIN)
		warn("line %u: event", offset);
}

static void set_level(unsigned int offset, bool level)
{
	struct line *line = &lines[offset];
	unsigned long long edge = level ? GPIO_V2_LINE_FLAG_EDGE_RISING :
					  GPIO_V2_LINE_FLAG_EDGE_FALLING;

	pthread_mutex_lock(&lock);
	if (line->level != level && line->flags & edge)
		send_edge(line, offset, level);
	line->level = level;
	pthread_mutex_unlock(&lock);
}

/* --- what the kernel would answer ------------------------------------------------- */

static int chip_info(struct gpiochip_info *info)
{
	memset(info, 0, sizeof(*info));
	strcpy(info->name, "gpiochip0");
	strcpy(info->label, "preloaded");
	info->lines = line_count;
	return 0;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int line_info(struct gpio_v2_line_info *info)
{
	const struct line *line;

	if (info->offset >= line_count)
		return fail(EINVAL);
	line = &lines[info->offset];
	strcpy(info->name, line->name);
	info->flags = line->flags ?: GPIO_V2_LINE_FLAG_INPUT;
	if (line->request >= 0)
		info->flags |= GPIO_V2_LINE_FLAG_USED;
	return 0;
}

/* Where an attribute says nothing of a line, @otherwise */
static unsigned long long attribute(const struct gpio_v2_line_config *config, unsigned int id,
				    unsigned int index, unsigned long long otherwise)
{
	unsigned int i;

	for (i = 0; i < config->num_attrs; i++)
		if (config->attrs[i].attr.id == id && config->attrs[i].mask >> index & 1)
			return config->attrs[i].attr.flags;
	return otherwise;
}

static void configure(struct line *line, const struct gpio_v2_line_config *config,
		      unsigned int index)
{
	unsigned long long values;

	line->flags = attribute(config, GPIO_V2_LINE_ATTR_ID_FLAGS, index, config->flags);
	values = attribute(config, GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES, index, 0);
	if (line->flags & GPIO_V2_LINE_FLAG_OUTPUT)
		line->output = values >> index & 1;
}

/* One line for each request is all that the back end asks for */
static int request_line(struct gpio_v2_line_request *request)
{
	struct line *line = &lines[request->offsets[0]];
	int ends[2];

	if (request->num_lines != 1 || request->offsets[0] >= line_count)
		return fail(EINVAL);
	if (line->request >= 0)
		return fail(EBUSY);
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		return -1;
	line->request = request->fd = ends[0];
	line->events = ends[1];
	configure(line, &request->config, 0);
	return 0;
}

static int chip_ioctl(unsigned long command, void *arg)
{
	switch ((unsigned int)command) {
	case GPIO_GET_CHIPINFO_IOCTL:
		return chip_info(arg);
	case GPIO_V2_GET_LINEINFO_IOCTL:
		return line_info(arg);
	case GPIO_V2_GET_LINE_IOCTL:
		return request_line(arg);
	}
	return fail(ENOTTY);
}

static int line_ioctl(struct line *line, unsigned long command, void *arg)
{
	struct gpio_v2_line_values *values = arg;

	switch ((unsigned int)command) {
	case GPIO_V2_LINE_GET_VALUES_IOCTL:
		values->bits = value_of(line);
		return 0;
	case GPIO_V2_LINE_SET_VALUES_IOCTL:
		if (!(line->flags & GPIO_V2_LINE_FLAG_OUTPUT))
			return fail(EPERM);
		line->output = values->bits & 1;
		return 0;
	case GPIO_V2_LINE_SET_CONFIG_IOCTL:
		configure(line, arg, 0);
		return 0;
	}
	return fail(ENOTTY);
}

static struct line *line_of(int fd)
{
	unsigned int i;

	for (i = 0; fd >= 0 && i < line_count; i++)
		if (lines[i].request == fd)
			return &lines[i];
	return NULL;
}

static void release(struct line *line)
{
	REAL(close)(line->events);
	line->request = -1;
	line->flags &= GPIO_V2_LINE_FLAG_OUTPUT;
}

/* --- in place of the C library ----------------------------------------------------- */

int open(const char *path, int flags, ...)
{
	va_list more;
	mode_t mode;

	va_start(more, flags);
	mode = va_arg(more, mode_t);
	va_end(more);
	if (strcmp(path, CHIP_PATH))
		return REAL(open)(path, flags, mode);
	chip_fd = eventfd(0, EFD_CLOEXEC);
	return chip_fd;
}

int close(int fd)
{
	struct line *line;

	pthread_mutex_lock(&lock);
	line = line_of(fd);
	if (line)
		release(line);
	if (fd == chip_fd)
		chip_fd = -1;
	pthread_mutex_unlock(&lock);
	return REAL(close)(fd);
}

int ioctl(int fd, unsigned long command, ...)
{
	struct line *line;
	int status, error;
	va_list more;
	void *arg;

	va_start(more, command);
	arg = va_arg(more, void *);
	va_end(more);
	pthread_mutex_lock(&lock);
	line = line_of(fd);
	if (!line && (fd < 0 || fd != chip_fd)) {
		pthread_mutex_unlock(&lock);
		return ((int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl"))(fd, command, arg);
	}
	status = line ? line_ioctl(line, command, arg) : chip_ioctl(command, arg);
	error = errno;
	pthread_mutex_unlock(&lock);
	errno = error;
	return status;
}

static int chip_stat(struct stat *stat)
{
	memset(stat, 0, sizeof(*stat));
	stat->st_mode = S_IFCHR | 0600;
	stat->st_rdev = CHIP_DEVICE;
	return 0;
}

int stat(const char *path, struct stat *buffer)
{
	return strcmp(path, CHIP_PATH) ? REAL(stat)(path, buffer) : chip_stat(buffer);
}

int lstat(const char *path, struct stat *buffer)
{
	return strcmp(path, CHIP_PATH) ? REAL(lstat)(path, buffer) : chip_stat(buffer);
}

char *realpath(const char *path, char *resolved)
{
	if (strcmp(path, SUBSYSTEM_PATH) || resolved)
		return REAL(realpath)(path, resolved);
	return strdup("/sys/bus/gpio");
}

/* --- from outside ------------------------------------------------------------------- */

/* A number or a name */
static int find_line(const char *text)
{
	unsigned int i;
	char *end;

	i = strtoul(text, &end, 10);
	if (end != text && !*end)
		return i < line_count ? (int)i : -1;
	for (i = 0; i < line_count; i++)
		if (!strcmp(lines[i].name, text))
			return i;
	return -1;
}

static const char *direction_of(const struct line *line)
{
	if (line->request < 0)
		return "none";
	return line->flags & GPIO_V2_LINE_FLAG_OUTPUT ? "output" : "input";
}

static const char *trigger_of(const struct line *line)
{
	switch (line->flags & EDGES) {
	case 0:
		return "none";
	case EDGES:
		return "both";
	case GPIO_V2_LINE_FLAG_EDGE_RISING:
		return "rising";
	}
	return "falling";
}

static void tell_lines(FILE *client)
{
	unsigned int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < line_count; i++)
		fprintf(client, "line %u name \"%s\" value %d direction %s trigger %s\n", i,
			lines[i].name, value_of(&lines[i]), direction_of(&lines[i]),
			trigger_of(&lines[i]));
	pthread_mutex_unlock(&lock);
}

static const char *wait_value(unsigned int offset, bool value)
{
	int i;

	for (i = 0; i < WAIT_MS; i++) {
		if (value_of(&lines[offset]) == value)
			return "ok";
		usleep(1000);
	}
	return "error timeout";
}

static const char *pulse(unsigned int offset, unsigned int ms)
{
	bool level = lines[offset].level;

	set_level(offset, !level);
	usleep(ms * 1000);
	set_level(offset, level);
	return "ok";
}

static const char *command(FILE *client, char *text)
{
	char verb[16] = "", name[GPIO_MAX_NAME_SIZE] = "";
	unsigned int number = 0;
	int words = sscanf(text, "%15s \"%31[^\"]\" %u", verb, name, &number), offset;

	if (words < 2)
		words = sscanf(text, "%15s %31s %u", verb, name, &number);
	if (words == 1 && !strcmp(verb, "get")) {
		tell_lines(client);
		return "ok";
	}
	offset = find_line(name);
	if (offset < 0)
		return "error no such line";
	if (words == 2 && !strcmp(verb, "get"))
		return value_of(&lines[offset]) ? "ok 1" : "ok 0";
	if (words == 3 && !strcmp(verb, "wait"))
		return wait_value(offset, number);
	if (words == 3 && !strcmp(verb, "pulse"))
		return pulse(offset, number);
	if (words != 3 || strcmp(verb, "set"))
		return "error no such command";
	set_level(offset, number);
	return "ok";
}

static void serve_client(int fd)
{
	FILE *client = fdopen(fd, "r+");
	char text[256];

	while (client && fgets(text, sizeof(text), client)) {
		fprintf(client, "%s\n", command(client, text));
		fflush(client);
	}
	if (client)
		fclose(client);
}

static void *serve(void *listener)
{
	int client;

	while ((client = accept((int)(long)listener, NULL, NULL)) >= 0)
		serve_client(client);
	return NULL;
}

static void listen_on(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t thread;

	if (strlen(path) >= sizeof(address.sun_path))
		errx(1, "%s: too long for a socket", path);
	strcpy(address.sun_path, path);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 4))
		err(1, "%s", path);
	if (pthread_create(&thread, NULL, serve, (void *)(long)listener))
		err(1, "a thread for %s", path);
}

static void read_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	char text[256], name[GPIO_MAX_NAME_SIZE];
	unsigned int number;

	if (!file)
		err(1, "%s", path);
	while (fgets(text, sizeof(text), file)) {
		sscanf(text, "lines %u", &line_count);
		if (sscanf(text, "line %u name \"%31[^\"]", &number, name) == 2 &&
		    number < MOST_LINES)
			strcpy(lines[number].name, name);
	}
	fclose(file);
	if (!line_count || line_count > MOST_LINES)
		errx(1, "%s: 'lines N', N from 1 to %d, is not there", path, MOST_LINES);
}

__attribute__((constructor)) static void start(void)
{
	const char *control = getenv("VGPIO_CHIP_CONTROL");
	const char *path = getenv("VGPIO_CHIP_LINES");
	unsigned int i;

	if (!control || !path)
		errx(1, "VGPIO_CHIP_LINES and VGPIO_CHIP_CONTROL must be set");
	for (i = 0; i < MOST_LINES; i++)
		lines[i].request = -1;
	read_lines(path);
	signal(SIGPIPE, SIG_IGN);
	listen_on(control);
}
