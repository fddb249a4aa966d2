/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wires: lines of one or several boards that are connected, and parts on them. A line
 * drives a wire by what its guest or the host does, never by what came over a wire or a
 * loop, so that nothing goes round in circles.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "loop.h"
#include "wire.h"

/**
 * struct change - how an end is driven, as the others will see it
 * @due_ns: when
 * @level: 0, 1 or WIRE_NOT_DRIVEN
 */
struct change {
	uint64_t due_ns;
	int level;
};

/**
 * struct wire_end - a line, or a part, on a wire
 * @peer: for the model of a line
 * @wire: the wire
 * @dev: the device of a line; NULL for a part
 * @line: its line
 * @inverted: it is connected by an inverter
 * @driven: how it is driven, as the wire has it
 * @sent: the same as the others see it, after the delay
 * @under_way: changes of @sent to come, a ring
 * @first: the first of @under_way
 * @count: number of @under_way
 * @timer: when the first is due
 * @seen: the level that a part was told of
 * @changed: tells a part that the level is another one
 * @ctx: for @changed
 * @next: the wire's list
 */
struct wire_end {
	struct gpio_peer peer;
	struct wire *wire;
	struct device *dev;
	unsigned int line;
	bool inverted;
	int driven;
	int sent;
	struct change under_way[WIRE_MAX_UNDER_WAY];
	unsigned int first;
	unsigned int count;
	struct loop_timer timer;
	bool seen;
	void (*changed)(void *ctx);
	void *ctx;
	struct wire_end *next;
};

/**
 * struct wire - a wire
 * @wires: all of them
 * @name: its name; NULL for one between a line and parts
 * @traits: what it is like
 * @ends: what is on it
 * @count: number of @ends
 * @shorted: it is driven to 0 and to 1
 * @complaints: keeps that from flooding the log
 * @next: the list
 */
struct wire {
	struct wires *wires;
	char *name;
	struct wire_traits traits;
	struct wire_end *ends;
	unsigned int count;
	bool shorted;
	struct log_limit complaints;
	struct wire *next;
};

/* How an end drives the wire if its own side is at a level. */
static int through(const struct wire_end *end, int level)
{
	if (level >= 0)
		level ^= end->inverted;
	return level == 1 && end->wire->traits.kind == WIRE_OPEN_DRAIN ? WIRE_NOT_DRIVEN : level;
}

static int own_drive(const struct wire_end *end)
{
	return end->dev ? through(end, gpio_drive(&end->dev->bank.lines[end->line])) : end->driven;
}

static int others_drive(const struct wire_end *end)
{
	int level = WIRE_NOT_DRIVEN;

	for (const struct wire_end *other = end->wire->ends; other; other = other->next)
		if (other != end && other->sent >= 0)
			level = level == 0 ? 0 : other->sent;
	return level;
}

/* The level of the wire at an end; WIRE_NOT_DRIVEN if only the end itself decides it. */
static int level_at(const struct wire_end *end)
{
	int own = own_drive(end), others = others_drive(end);

	if (own < 0)
		return others < 0 ? end->wire->traits.pull : others;
	return others < 0 || (own & others) == own ? WIRE_NOT_DRIVEN : own & others;
}

static int line_level(const struct gpio_peer *peer)
{
	const struct wire_end *end = (const struct wire_end *)peer;
	int level = level_at(end);

	return level < 0 ? level : level ^ end->inverted;
}

/**
 * wire_level() - the level that a part sees
 * @end: where the part is
 *
 * Return: the level; false if nobody drives the wire.
 */
bool wire_level(const struct wire_end *end)
{
	int level = level_at(end);

	if (level < 0)
		level = end->driven;
	return level < 0 ? false : level ^ end->inverted;
}

static void tell_part(struct wire_end *end)
{
	bool before = end->seen;

	end->seen = wire_level(end);
	if (end->seen != before)
		end->changed(end->ctx);
}

static void tell_others(struct wire *wire, const struct wire_end *from)
{
	for (struct wire_end *end = wire->ends; end; end = end->next) {
		if (end == from)
			continue;
		if (end->dev)
			device_settle(end->dev, end->line, 0);
		else
			tell_part(end);
	}
}

static void look_for_short(struct wire *wire)
{
	bool before = wire->shorted, low = false, high = false;

	for (const struct wire_end *end = wire->ends; end; end = end->next) {
		low |= end->sent == 0;
		high |= end->sent == 1;
	}
	wire->shorted = low && high && wire->traits.kind == WIRE_PLAIN;
	if (wire->shorted && !before && log_allowed(&wire->complaints))
		log_error("wire %s is driven to 0 and to 1 at once; 0 wins",
			  wire->name ?: "of a part");
}

static void send_change(struct wire_end *end, int level)
{
	end->sent = level;
	look_for_short(end->wire);
	tell_others(end->wire, end);
}

static void start_timer(struct wire_end *end)
{
	uint64_t now = loop_now(), due = end->under_way[end->first].due_ns;

	loop_timer_start(end->wire->wires->loop, &end->timer, due > now ? due - now : 0);
}

static void change_due(void *ctx)
{
	struct wire_end *end = ctx;
	int level = end->under_way[end->first].level;

	end->first = (end->first + 1) % WIRE_MAX_UNDER_WAY;
	if (--end->count)
		start_timer(end);
	send_change(end, level);
}

/* Of more changes than there is room for, the last one matters. */
static void put_under_way(struct wire_end *end, int level)
{
	unsigned int last = (end->first + end->count - 1) % WIRE_MAX_UNDER_WAY;

	if (end->count == WIRE_MAX_UNDER_WAY) {
		end->under_way[last].level = level;
		return;
	}
	end->under_way[(last + 1) % WIRE_MAX_UNDER_WAY] = (struct change){
		loop_now() + end->wire->traits.delay_ns, level,
	};
	if (!end->count++)
		start_timer(end);
}

static void set_driven(struct wire_end *end, int level)
{
	if (level == end->driven)
		return;
	end->driven = level;
	if (end->wire->wires->setting_up)
		end->sent = level;
	else if (end->wire->traits.delay_ns)
		put_under_way(end, level);
	else
		send_change(end, level);
}

static void line_driven(struct gpio_peer *peer)
{
	struct wire_end *end = (struct wire_end *)peer;

	set_driven(end, own_drive(end));
}

/**
 * wire_drive() - a part drives its wire
 * @end: where the part is
 * @level: 0, 1 or WIRE_NOT_DRIVEN
 */
void wire_drive(struct wire_end *end, int level)
{
	set_driven(end, through(end, level));
	end->seen = wire_level(end);
}

/**
 * wire_pull() - a part pulls its wire; nothing happens if something pulls it already
 * @end: where the part is
 * @up: to which level
 */
void wire_pull(struct wire_end *end, bool up)
{
	if (end->wire->traits.pull != WIRE_NOT_DRIVEN)
		return;
	end->wire->traits.pull = up ^ end->inverted;
	tell_others(end->wire, NULL);
}

/**
 * wire_untap() - take a part, or a line, off its wire
 * @end: where it is; freed
 */
void wire_untap(struct wire_end *end)
{
	struct wire_end **link = &end->wire->ends;

	loop_timer_stop(end->wire->wires->loop, &end->timer);
	while (*link != end)
		link = &(*link)->next;
	*link = end->next;
	end->wire->count--;
	free(end);
}

static void line_free(struct gpio_peer *peer)
{
	wire_untap((struct wire_end *)peer);
}

static const struct gpio_peer_ops line_ops = {
	.driver = GPIO_WIRE, .level = line_level, .driven = line_driven, .free = line_free,
};

static struct wire *add_wire(struct wires *wires, const char *name, struct errmsg *err)
{
	struct wire *wire;
	char *copy;

	if (wires->count == WIRES_MAX) {
		errmsg_store(err, "more than %d wires, those of parts counted", WIRES_MAX);
		return NULL;
	}
	wire = calloc(1, sizeof(*wire));
	copy = name ? strdup(name) : NULL;
	if (!wire || (name && !copy)) {
		errmsg_store(err, "out of memory for the wires");
		free(copy);
		free(wire);
		return NULL;
	}
	*wire = (struct wire){
		.wires = wires, .name = copy, .traits.pull = WIRE_NOT_DRIVEN, .next = wires->first,
	};
	wires->first = wire;
	wires->count++;
	return wire;
}

static struct wire *find_wire(const struct wires *wires, const char *name)
{
	struct wire *wire = wires->first;

	while (wire && (!wire->name || strcmp(wire->name, name)))
		wire = wire->next;
	return wire;
}

static struct wire_end *add_end(struct wire *wire, const struct wire_end *like, struct errmsg *err)
{
	struct wire_end *end;

	if (wire->count == WIRE_MAX_ENDS) {
		errmsg_store(err, "wire %s has %d ends already, and cannot have more",
			     wire->name ?: "of a part", WIRE_MAX_ENDS);
		return NULL;
	}
	end = calloc(1, sizeof(*end));
	if (!end) {
		errmsg_store(err, "out of memory for the wires");
		return NULL;
	}
	*end = *like;
	end->wire = wire;
	end->driven = WIRE_NOT_DRIVEN;
	end->sent = WIRE_NOT_DRIVEN;
	end->timer = (struct loop_timer){ .expired = change_due, .ctx = end };
	end->next = wire->ends;
	wire->ends = end;
	wire->count++;
	return end;
}

static struct wire_end *join(struct wire *wire, struct device *dev, unsigned int line,
			     bool inverted, struct errmsg *err)
{
	struct wire_end like = {
		.peer.ops = &line_ops, .dev = dev, .line = line, .inverted = inverted,
	};
	struct wire_end *end = add_end(wire, &like, err);

	if (!end)
		return NULL;
	if (gpio_set_peer(&dev->bank, line, &end->peer, err)) {
		wire_untap(end);
		return NULL;
	}
	line_driven(&end->peer);
	device_settle(dev, line, 0);
	return end;
}

/**
 * wires_describe() - say what a wire is like
 * @wires: the wires
 * @name: its name; what is on it may have been said before
 * @traits: what it is like
 * @err: what is wrong, if so
 *
 * The same place may say it several times, as a file is read for each board. What pulls
 * the wire already goes on if nothing is said of that.
 *
 * Return: 0 or -1.
 */
int wires_describe(struct wires *wires, const char *name, const struct wire_traits *traits,
		   struct errmsg *err)
{
	struct wire *wire = find_wire(wires, name) ?: add_wire(wires, name, err);
	int pull = traits->pull;

	if (!wire)
		return -1;
	if (wire->traits.place.file && (strcmp(wire->traits.place.file, traits->place.file) ||
					wire->traits.place.number != traits->place.number))
		return errmsg_set(err, "wire \"%.64s\" is described at %.128s:%u already", name,
				  wire->traits.place.file, wire->traits.place.number);
	if (traits->pull == WIRE_NOT_DRIVEN)
		pull = wire->traits.pull;
	wire->traits = *traits;
	wire->traits.pull = pull;
	for (struct wire_end *end = wire->ends; end; end = end->next)
		if (end->dev)
			line_driven(&end->peer);
	tell_others(wire, NULL);
	return 0;
}

/**
 * wires_join() - put a line on a wire
 * @wires: the wires
 * @name: the wire's name; it is made if there is none
 * @dev: the device
 * @line: the line
 * @inverted: by an inverter
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int wires_join(struct wires *wires, const char *name, struct device *dev, unsigned int line,
	       bool inverted, struct errmsg *err)
{
	struct wire *wire = find_wire(wires, name) ?: add_wire(wires, name, err);

	return wire && join(wire, dev, line, inverted, err) ? 0 : -1;
}

/**
 * wires_check() - does each wire lead somewhere?
 * @wires: the wires, when all was said
 * @err: which one does not, if so
 *
 * Return: 0 or -1.
 */
int wires_check(const struct wires *wires, struct errmsg *err)
{
	for (const struct wire *wire = wires->first; wire; wire = wire->next)
		if (wire->name && wire->count < 2)
			return errmsg_set(err, "wire \"%.64s\" has %s end; it takes lines, or "
					  "parts, at two ends", wire->name,
					  wire->count ? "one" : "no");
	return 0;
}

/**
 * wires_begin() - all is set up: from now on, changes come over the wires
 * @wires: the wires, whose lines have settled
 */
void wires_begin(struct wires *wires)
{
	wires->setting_up = false;
	for (struct wire *wire = wires->first; wire; wire = wire->next) {
		look_for_short(wire);
		tell_others(wire, NULL);
	}
}

/**
 * wires_free() - give the memory of wires back
 * @wires: the wires, when the devices and parts are gone
 */
void wires_free(struct wires *wires)
{
	while (wires->first) {
		struct wire *wire = wires->first;

		wires->first = wire->next;
		free(wire->name);
		free(wire);
	}
	wires->count = 0;
}

/**
 * wire_tap() - put a part where a line is
 * @wires: the wires
 * @dev: the device
 * @line: the line; it gets a wire of its own if it is on none
 * @changed: tells the part that wire_level() is another one; it may call wire_drive()
 * @ctx: for @changed
 * @err: what is wrong, if so
 *
 * Return: the end for the part, or NULL.
 */
struct wire_end *wire_tap(struct wires *wires, struct device *dev, unsigned int line,
			  void (*changed)(void *ctx), void *ctx, struct errmsg *err)
{
	struct gpio_peer *peer = dev->bank.lines[line].peer;
	struct wire_end *at = (struct wire_end *)peer, like = { .changed = changed, .ctx = ctx };
	struct wire_end *end;
	struct wire *wire;

	if (peer && peer->ops != &line_ops) {
		errmsg_store(err, "line %u is a line of the host, which no part can be on", line);
		return NULL;
	}
	if (!at) {
		wire = add_wire(wires, NULL, err);
		at = wire ? join(wire, dev, line, false, err) : NULL;
	}
	if (!at)
		return NULL;
	like.inverted = at->inverted;
	end = add_end(at->wire, &like, err);
	if (end)
		end->seen = wire_level(end);
	return end;
}
