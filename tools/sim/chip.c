/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the host's own chips, by libgpiod 2. Such a line is requested while the guest
 * gives it a direction, so that nobody else can use it. What the host's kernel refuses,
 * the guest is refused.
 */
#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

#include "chip.h"

#define CONSUMER	"vgpio-sim"

/* Edges to take in a row: others must get their turn. */
#define ROUND_EVENTS	16

/**
 * struct chip_line - a line that is one of the host's
 * @peer: for the model
 * @dev: the device
 * @line: its line
 * @path: the chip's device
 * @offset: the line there
 * @settings: how it is requested; bias and active-low stay
 * @request: it is ours; NULL while it is not
 * @direction: VIRTIO_GPIO_DIRECTION_*, as the guest has it
 * @edges: its edges are told of
 * @level: as it was read last
 * @source: tells of edges
 * @events: room for edges
 * @complaints: keeps a line from flooding the log
 */
struct chip_line {
	struct gpio_peer peer;
	struct device *dev;
	unsigned int line;
	char *path;
	unsigned int offset;
	struct gpiod_line_settings *settings;
	struct gpiod_line_request *request;
	uint8_t direction;
	bool edges;
	bool level;
	struct loop_source source;
	struct gpiod_edge_event_buffer *events;
	struct log_limit complaints;
};

static struct chip_line *chip_of(struct gpio_peer *peer)
{
	return (struct chip_line *)peer;
}

/* Always false, so that a caller can return it at once. */
static bool complain(struct chip_line *l, const char *what, int why)
{
	if (log_allowed(&l->complaints))
		log_error("line %u cannot be %s: %s:%u: %s", l->line, what, l->path, l->offset,
			  strerror(why));
	return false;
}

static void let_go(struct chip_line *l)
{
	if (!l->request)
		return;
	loop_del(l->dev->loop, &l->source);
	gpiod_line_request_release(l->request);
	l->request = NULL;
	l->edges = false;
}

/* The chip was unplugged, or its driver unbound: what was measured last stays. */
static bool lose(struct chip_line *l, const char *what)
{
	int why = errno;

	if (why == ENODEV)
		let_go(l);
	return complain(l, what, why);
}

static void on_event(struct chip_line *l, struct gpiod_edge_event *event)
{
	l->level = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE;
	device_settle(l->dev, l->line, gpiod_edge_event_get_timestamp_ns(event));
}

static void on_ready(void *ctx, uint32_t events)
{
	struct chip_line *l = ctx;
	int count = -1;

	errno = ENODEV;
	if (events & EPOLLIN)
		count = gpiod_line_request_read_edge_events(l->request, l->events, ROUND_EVENTS);
	if (count < 0)
		lose(l, "watched");
	for (int i = 0; i < count; i++)
		on_event(l, gpiod_edge_event_buffer_get_event(l->events, i));
}

static struct gpiod_line_config *make_config(const struct chip_line *l)
{
	struct gpiod_line_config *config = gpiod_line_config_new();

	if (!config || !gpiod_line_config_add_line_settings(config, &l->offset, 1, l->settings))
		return config;
	gpiod_line_config_free(config);
	return NULL;
}

static struct gpiod_line_request *request_line(const struct chip_line *l,
					       struct gpiod_line_config *config)
{
	struct gpiod_request_config *how = gpiod_request_config_new();
	struct gpiod_chip *chip = gpiod_chip_open(l->path);
	struct gpiod_line_request *request = NULL;
	int saved;

	if (how && chip) {
		gpiod_request_config_set_consumer(how, CONSUMER);
		request = gpiod_chip_request_lines(chip, how, config);
	}
	saved = errno;
	if (chip)
		gpiod_chip_close(chip);
	gpiod_request_config_free(how);
	errno = saved;
	return request;
}

static bool take(struct chip_line *l, struct gpiod_line_config *config)
{
	l->request = request_line(l, config);
	if (!l->request)
		return false;
	l->source = (struct loop_source){
		.fd = gpiod_line_request_get_fd(l->request), .events = EPOLLIN, .ready = on_ready,
		.ctx = l,
	};
	loop_add(l->dev->loop, &l->source);
	return true;
}

/* Has the line be as the settings say; on failure it is as before. */
static bool configure(struct chip_line *l, bool edges)
{
	struct gpiod_line_config *config;
	bool done;
	int saved;

	gpiod_line_settings_set_edge_detection(l->settings, edges ? GPIOD_LINE_EDGE_BOTH :
							     GPIOD_LINE_EDGE_NONE);
	config = make_config(l);
	done = config && (l->request ? !gpiod_line_request_reconfigure_lines(l->request, config) :
				       take(l, config));
	saved = errno;
	gpiod_line_config_free(config);
	errno = saved;
	l->edges = done ? edges : l->edges;
	return done;
}

static bool read_level(struct chip_line *l)
{
	enum gpiod_line_value value = gpiod_line_request_get_value(l->request, l->offset);

	if (value == GPIOD_LINE_VALUE_ERROR)
		return lose(l, "read");
	l->level = value == GPIOD_LINE_VALUE_ACTIVE;
	return true;
}

/* Whether it may be that a line cannot be had with its edges, but without. */
static bool edges_may_be_why(void)
{
	return errno != EBUSY && errno != ENODEV && errno != ENOENT && errno != EACCES;
}

/* A chip need not be able to tell of edges. */
static bool make_input(struct chip_line *l)
{
	gpiod_line_settings_set_direction(l->settings, GPIOD_LINE_DIRECTION_INPUT);
	if (!configure(l, true) && (!edges_may_be_why() || !configure(l, false)))
		return lose(l, "an input");
	return read_level(l);
}

static bool make_output(struct chip_line *l, bool level)
{
	enum gpiod_line_value value = level ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;

	if (l->request && l->direction == VIRTIO_GPIO_DIRECTION_OUT)
		return !gpiod_line_request_set_value(l->request, l->offset, value) ||
		       lose(l, "set");
	gpiod_line_settings_set_direction(l->settings, GPIOD_LINE_DIRECTION_OUTPUT);
	gpiod_line_settings_set_output_value(l->settings, value);
	return configure(l, false) || lose(l, "an output");
}

static bool chip_request(struct gpio_peer *peer, uint8_t direction, bool level)
{
	struct chip_line *l = chip_of(peer);
	bool done = true;

	if (direction == VIRTIO_GPIO_DIRECTION_OUT)
		done = make_output(l, level);
	else if (direction == VIRTIO_GPIO_DIRECTION_IN)
		done = make_input(l);
	else
		let_go(l);
	if (done)
		l->direction = direction;
	return done;
}

static bool chip_measure(struct gpio_peer *peer)
{
	struct chip_line *l = chip_of(peer);

	return l->request && read_level(l);
}

static bool chip_watch(struct gpio_peer *peer)
{
	struct chip_line *l = chip_of(peer);

	return l->edges || complain(l, "watched", EOPNOTSUPP);
}

static int chip_level(const struct gpio_peer *peer)
{
	const struct chip_line *l = (const struct chip_line *)peer;

	return l->direction == VIRTIO_GPIO_DIRECTION_IN ? l->level : -1;
}

static void chip_free(struct gpio_peer *peer)
{
	struct chip_line *l = chip_of(peer);

	let_go(l);
	gpiod_line_settings_free(l->settings);
	gpiod_edge_event_buffer_free(l->events);
	free(l->path);
	free(l);
}

static const struct gpio_peer_ops chip_ops = {
	.driver = GPIO_CHIP, .level = chip_level, .request = chip_request,
	.measure = chip_measure, .watch = chip_watch, .free = chip_free,
};

/* The line of a chip that a number or a name means. */
static int find_offset(struct chip_line *l, struct gpiod_chip *chip, const char *text,
		       struct errmsg *err)
{
	struct gpiod_chip_info *info = gpiod_chip_get_info(chip);
	unsigned int lines = info ? gpiod_chip_info_get_num_lines(info) : 0;
	int offset;

	gpiod_chip_info_free(info);
	if (parse_uint(text, &l->offset) && l->offset < lines)
		return 0;
	offset = gpiod_chip_get_line_offset_from_name(chip, text);
	if (offset < 0)
		return errmsg_set(err, "%.128s has lines 0 to %d, and none is named \"%.64s\"",
				  l->path, (int)lines - 1, text);
	l->offset = offset;
	return 0;
}

static int find_line(struct chip_line *l, const char *text, struct errmsg *err)
{
	struct gpiod_chip *chip = gpiod_chip_open(l->path);
	int ret;

	if (!chip)
		return errmsg_set(err, "cannot use the chip %.256s: %s", l->path, strerror(errno));
	ret = find_offset(l, chip, text, err);
	gpiod_chip_close(chip);
	return ret;
}

/* "gpiochip0" is in /dev; another place has its whole path. */
static char *chip_path(const char *text, size_t len)
{
	char *path = NULL;

	if (asprintf(&path, "%s%.*s", *text == '/' ? "" : "/dev/", (int)len, text) < 0)
		return NULL;
	return path;
}

static struct chip_line *make_line(struct device *dev, unsigned int line, char *path)
{
	struct chip_line *l = calloc(1, sizeof(*l));

	if (!l) {
		free(path);
		return NULL;
	}
	*l = (struct chip_line){
		.peer.ops = &chip_ops, .dev = dev, .line = line, .path = path,
		.settings = gpiod_line_settings_new(),
		.events = gpiod_edge_event_buffer_new(ROUND_EVENTS),
	};
	if (path && l->settings && l->events)
		return l;
	chip_free(&l->peer);
	return NULL;
}

/**
 * chip_attach() - make a line one of the host's
 * @dev: the device
 * @line: the line
 * @text: a chip, a ":" and a line of it, such as "gpiochip0:5"
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int chip_attach(struct device *dev, unsigned int line, const char *text, struct errmsg *err)
{
	const char *colon = strrchr(text, ':');
	struct chip_line *l;

	if (!colon || colon == text || !colon[1])
		return errmsg_set(err, "host \"%.64s\" must be CHIP:LINE, such as gpiochip0:5",
				  text);
	l = make_line(dev, line, chip_path(text, colon - text));
	if (!l)
		return errmsg_set(err, "out of memory for the lines of the host");
	if (!find_line(l, colon + 1, err) && !gpio_set_peer(&dev->bank, line, &l->peer, err))
		return 0;
	chip_free(&l->peer);
	return -1;
}

static struct chip_line *find_attached(struct device *dev, unsigned int line, const char *what,
				       struct errmsg *err)
{
	struct gpio_peer *peer = dev->bank.lines[line].peer;

	if (peer && peer->ops == &chip_ops)
		return chip_of(peer);
	errmsg_store(err, "line %u has no \"host\", which \"%s\" is for", line, what);
	return NULL;
}

/**
 * chip_set_bias() - have the host pull a line, or not
 * @dev: the device
 * @line: the line, of the host
 * @text: "pull-up", "pull-down" or "disabled"
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int chip_set_bias(struct device *dev, unsigned int line, const char *text, struct errmsg *err)
{
	static const struct {
		const char *name;
		enum gpiod_line_bias bias;
	} known[] = {
		{ "pull-up", GPIOD_LINE_BIAS_PULL_UP },
		{ "pull-down", GPIOD_LINE_BIAS_PULL_DOWN },
		{ "disabled", GPIOD_LINE_BIAS_DISABLED },
	};
	struct chip_line *l = find_attached(dev, line, "bias", err);

	if (!l)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(text, known[i].name))
			return gpiod_line_settings_set_bias(l->settings, known[i].bias);
	return errmsg_set(err, "bias \"%.64s\" must be pull-up, pull-down or disabled", text);
}

/**
 * chip_set_active() - invert a line of the host, or not
 * @dev: the device
 * @line: the line, of the host
 * @text: "low" or "high"
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int chip_set_active(struct device *dev, unsigned int line, const char *text, struct errmsg *err)
{
	struct chip_line *l = find_attached(dev, line, "active", err);
	bool low = !strcmp(text, "low");

	if (!l)
		return -1;
	if (!low && strcmp(text, "high"))
		return errmsg_set(err, "active \"%.64s\" must be low or high", text);
	gpiod_line_settings_set_active_low(l->settings, low);
	return 0;
}
