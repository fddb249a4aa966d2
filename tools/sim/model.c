/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPIO device of the virtio specification as a pure model: a request goes
 * in, a reply comes out; a level changes, an event comes out. No I/O.
 */
#include <stdlib.h>
#include <string.h>

#include "model.h"

/**
 * gpio_init_in() - make a device in memory of somebody else
 * @bank: the device
 * @lines: the memory, zeros; must stay
 * @count: number of lines, 1 to GPIO_MAX_LINES
 * @ops: whom to tell about events
 * @ctx: for @ops
 *
 * Return: 0.
 */
int gpio_init_in(struct gpio_bank *bank, struct gpio_line *lines, unsigned int count,
		 const struct gpio_ops *ops, void *ctx)
{
	*bank = (struct gpio_bank){
		.lines = lines, .borrowed = true, .count = count, .ops = ops, .ctx = ctx,
	};
	return 0;
}

/**
 * gpio_init() - make a device
 * @bank: the device
 * @count: number of lines, 1 to GPIO_MAX_LINES
 * @ops: whom to tell about events
 * @ctx: for @ops
 *
 * Return: 0, or -1 if there is not enough memory.
 */
int gpio_init(struct gpio_bank *bank, unsigned int count, const struct gpio_ops *ops, void *ctx)
{
	*bank = (struct gpio_bank){ .count = count, .ops = ops, .ctx = ctx };
	bank->lines = calloc(count, sizeof(*bank->lines));
	return bank->lines ? 0 : -1;
}

/**
 * gpio_free() - give the device's memory back
 * @bank: the device
 */
void gpio_free(struct gpio_bank *bank)
{
	for (unsigned int i = 0; bank->lines && i < bank->count; i++) {
		if (bank->lines[i].peer)
			bank->lines[i].peer->ops->free(bank->lines[i].peer);
		free(bank->lines[i].name);
	}
	if (!bank->borrowed)
		free(bank->lines);
	free(bank->sorted);
	free(bank->names);
	*bank = (struct gpio_bank){ 0 };
}

static bool name_is_printable(const char *name)
{
	for (; *name; name++)
		if (*name < ' ' || *name > '~')
			return false;
	return true;
}

/**
 * gpio_set_name() - name a line
 * @bank: the device
 * @line: the line
 * @name: its name, printable 7-bit ASCII; replaces an earlier one
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int gpio_set_name(struct gpio_bank *bank, unsigned int line, const char *name,
		  struct errmsg *err)
{
	char *copy;

	if (!*name)
		return errmsg_set(err, "the name of line %u is empty", line);
	if (strlen(name) > GPIO_MAX_NAME)
		return errmsg_set(err, "the name of line %u is longer than %d characters", line,
				  GPIO_MAX_NAME);
	if (!name_is_printable(name))
		return errmsg_set(err, "the name of line %u is not printable 7-bit ASCII", line);
	copy = strdup(name);
	if (!copy)
		return errmsg_set(err, "out of memory for the names");
	free(bank->sorted);
	bank->sorted = NULL;
	free(bank->lines[line].name);
	bank->lines[line].name = copy;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct gpio_line *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int sort_names(struct gpio_bank *bank, struct errmsg *err)
{
	free(bank->sorted);
	bank->named = 0;
	bank->sorted = calloc(bank->count, sizeof(*bank->sorted));
	if (!bank->sorted)
		return errmsg_set(err, "out of memory for the names");
	for (unsigned int i = 0; i < bank->count; i++)
		if (bank->lines[i].name)
			bank->sorted[bank->named++] = &bank->lines[i];
	qsort(bank->sorted, bank->named, sizeof(*bank->sorted), compare_names);
	return 0;
}

/**
 * gpio_duplicate() - find a name that two lines have
 * @bank: the device, after gpio_build_names()
 *
 * Return: the second of these lines, or -1 if there is none.
 */
int gpio_duplicate(const struct gpio_bank *bank)
{
	for (size_t i = 1; i < bank->named; i++) {
		const struct gpio_line *a = bank->sorted[i - 1], *b = bank->sorted[i];

		if (!strcmp(a->name, b->name))
			return (a > b ? a : b) - bank->lines;
	}
	return -1;
}

static size_t names_block_size(const struct gpio_bank *bank)
{
	size_t chars = 0;

	for (unsigned int i = 0; i < bank->count; i++)
		if (bank->lines[i].name)
			chars += strlen(bank->lines[i].name);
	return chars ? chars + bank->count : 0;
}

/**
 * gpio_build_names() - check the names and lay out the gpio-names memory block
 * @bank: the device, with all its names set
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int gpio_build_names(struct gpio_bank *bank, struct errmsg *err)
{
	char *at;

	if (sort_names(bank, err))
		return -1;
	if (gpio_duplicate(bank) >= 0)
		return errmsg_set(err, "two lines are named \"%s\"; names must be unique",
				  bank->lines[gpio_duplicate(bank)].name);
	bank->names_size = names_block_size(bank);
	if (!bank->names_size)
		return 0;
	free(bank->names);
	bank->names = malloc(bank->names_size);
	if (!bank->names)
		return errmsg_set(err, "out of memory for the names");
	at = bank->names;
	for (unsigned int i = 0; i < bank->count; i++)
		at = stpcpy(at, bank->lines[i].name ?: "") + 1;
	return 0;
}

static int find_sorted(const struct gpio_bank *bank, const char *text)
{
	const struct gpio_line wanted = { .name = (char *)text }, *key = &wanted;
	struct gpio_line **found = bsearch(&key, bank->sorted, bank->named, sizeof(*bank->sorted),
					   compare_names);

	return found ? *found - bank->lines : -1;
}

/**
 * gpio_find() - find a line as a person names it
 * @bank: the device
 * @text: a line's number or name; what could be both is a number
 *
 * Return: the line, or -1 if there is none.
 */
int gpio_find(const struct gpio_bank *bank, const char *text)
{
	unsigned int line;

	if (parse_uint(text, &line) && line < bank->count)
		return line;
	if (bank->sorted)
		return find_sorted(bank, text);
	for (line = 0; line < bank->count; line++)
		if (bank->lines[line].name && !strcmp(bank->lines[line].name, text))
			return line;
	return -1;
}

static void tell_changed(struct gpio_bank *bank, struct gpio_line *line)
{
	bank->ops->changed(bank->ctx, line - bank->lines);
}

static uint8_t refuse_violation(struct gpio_bank *bank, struct gpio_line *line,
				enum driver_rule rule, const char *what)
{
	bank->ops->violation(bank->ctx, line - bank->lines, rule, what);
	return VIRTIO_GPIO_STATUS_ERR;
}

/* Returning the buffer masks the interrupt. */
static void return_buffer(struct gpio_bank *bank, struct gpio_line *line, uint8_t status)
{
	line->unmasked = false;
	if (status == VIRTIO_GPIO_IRQ_STATUS_VALID)
		bank->stats.delivered++;
	else
		bank->stats.invalid++;
	bank->ops->event(bank->ctx, line - bank->lines, status);
}

static bool level_active(const struct gpio_line *line)
{
	return line->trigger == (line->value ? VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH :
					       VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW);
}

static bool edge_active(const struct gpio_line *line)
{
	uint8_t edge = line->value ? VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING :
				     VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING;

	return line->trigger & edge;
}

static void latch_edge(struct gpio_bank *bank, struct gpio_line *line)
{
	if (line->latched)
		bank->stats.coalesced++;
	else
		bank->stats.latched++;
	line->latched = true;
	bank->ops->latched(bank->ctx, line - bank->lines);
}

/* The level just changed: an edge. Only edges are remembered while masked. */
static void sense_edge(struct gpio_bank *bank, struct gpio_line *line)
{
	if (line->unmasked && !line->bursts && (edge_active(line) || level_active(line)))
		return_buffer(bank, line, VIRTIO_GPIO_IRQ_STATUS_VALID);
	else if (edge_active(line))
		latch_edge(bank, line);
}

static bool is_output(const struct gpio_line *line)
{
	return line->direction == VIRTIO_GPIO_DIRECTION_OUT;
}

/* The level that the other end decides, or -1. */
static int peer_level(const struct gpio_line *line)
{
	return line->peer ? line->peer->ops->level(line->peer) : -1;
}

static enum gpio_driver line_driver(const struct gpio_line *line)
{
	if (line->stuck)
		return GPIO_STUCK;
	if (peer_level(line) >= 0)
		return line->peer->ops->driver;
	if (is_output(line))
		return GPIO_GUEST;
	if (line->source && is_output(line->source))
		return GPIO_LOOP;
	if (line->driven)
		return GPIO_HOST;
	return line->pulled ? GPIO_PULL : GPIO_NOBODY;
}

static bool driven_value(const struct gpio_line *line)
{
	switch (line_driver(line)) {
	case GPIO_STUCK:
		return line->stuck_at;
	case GPIO_CHIP:
	case GPIO_WIRE:
		return peer_level(line);
	case GPIO_GUEST:
		return line->output;
	case GPIO_LOOP:
		return line->source->value;
	case GPIO_HOST:
		return line->level;
	case GPIO_PULL:
		return line->pull;
	default:
		return false;
	}
}

/* Whether the value is another one than before. */
static bool update_value(struct gpio_line *line)
{
	bool before = line->value;

	line->value = driven_value(line);
	line->edges += line->value != before;
	return line->value != before;
}

/* Whoever drives the line may have changed. */
static void settle(struct gpio_bank *bank, struct gpio_line *line)
{
	if (!update_value(line))
		return;
	tell_changed(bank, line);
	sense_edge(bank, line);
}

static void settle_targets(struct gpio_bank *bank, struct gpio_line *line)
{
	for (struct gpio_line *to = line->targets; to; to = to->sibling)
		settle(bank, to);
}

static void tell_peer(struct gpio_line *line)
{
	if (line->peer && line->peer->ops->driven)
		line->peer->ops->driven(line->peer);
}

/* The guest drives the line in another way: others may depend on it. */
static void spread(struct gpio_bank *bank, struct gpio_line *line)
{
	settle_targets(bank, line);
	tell_peer(line);
}

/* May the guest have the line like this? It may always let it go. */
static bool ask_peer(struct gpio_line *line, uint8_t direction, bool level)
{
	return !line->peer || !line->peer->ops->request ||
	       line->peer->ops->request(line->peer, direction, level);
}

static void disable_irq(struct gpio_bank *bank, struct gpio_line *line)
{
	line->trigger = VIRTIO_GPIO_IRQ_TYPE_NONE;
	line->latched = false;
	if (line->unmasked)
		return_buffer(bank, line, VIRTIO_GPIO_IRQ_STATUS_INVALID);
}

static uint8_t get_names(struct gpio_bank *bank, struct gpio_line *line, uint32_t value,
			 struct gpio_reply *reply)
{
	(void)line;
	(void)value;
	if (!bank->names_size)
		return VIRTIO_GPIO_STATUS_ERR;
	reply->names = true;
	return VIRTIO_GPIO_STATUS_OK;
}

static uint8_t get_direction(struct gpio_bank *bank, struct gpio_line *line, uint32_t value,
			     struct gpio_reply *reply)
{
	(void)bank;
	(void)value;
	reply->value = line->direction;
	return VIRTIO_GPIO_STATUS_OK;
}

/* A line without direction keeps nothing of what the driver told about it. */
static void deactivate(struct gpio_bank *bank, struct gpio_line *line)
{
	disable_irq(bank, line);
	line->direction = VIRTIO_GPIO_DIRECTION_NONE;
	line->output = false;
}

static uint8_t set_direction(struct gpio_bank *bank, struct gpio_line *line, uint32_t value,
			     struct gpio_reply *reply)
{
	struct gpio_line before = *line;

	(void)reply;
	if (value > VIRTIO_GPIO_DIRECTION_IN)
		return VIRTIO_GPIO_STATUS_ERR;
	if (value == VIRTIO_GPIO_DIRECTION_OUT && line->trigger)
		return refuse_violation(bank, line, RULE_DONE,
					"output direction while the interrupt is enabled");
	if (!ask_peer(line, value, line->output))
		return VIRTIO_GPIO_STATUS_ERR;
	if (value == VIRTIO_GPIO_DIRECTION_NONE)
		deactivate(bank, line);
	line->direction = value;
	if (update_value(line) || line->direction != before.direction ||
	    line->trigger != before.trigger)
		tell_changed(bank, line);
	spread(bank, line);
	return VIRTIO_GPIO_STATUS_OK;
}

static uint8_t get_value(struct gpio_bank *bank, struct gpio_line *line, uint32_t value,
			 struct gpio_reply *reply)
{
	(void)value;
	if (line->peer && line->peer->ops->measure) {
		if (!line->peer->ops->measure(line->peer))
			return VIRTIO_GPIO_STATUS_ERR;
		settle(bank, line);
	}
	reply->value = line->value;
	return VIRTIO_GPIO_STATUS_OK;
}

static uint8_t set_value(struct gpio_bank *bank, struct gpio_line *line, uint32_t value,
			 struct gpio_reply *reply)
{
	(void)reply;
	if (value > 1 || (is_output(line) && !ask_peer(line, line->direction, value)))
		return VIRTIO_GPIO_STATUS_ERR;
	line->output = value;
	if (update_value(line))
		tell_changed(bank, line);
	spread(bank, line);
	return VIRTIO_GPIO_STATUS_OK;
}

static uint8_t enable_irq(struct gpio_bank *bank, struct gpio_line *line, uint8_t trigger)
{
	if (line->trigger == trigger)
		return VIRTIO_GPIO_STATUS_OK;
	if (line->trigger)
		return refuse_violation(bank, line, RULE_LIVE_CHANGE,
					"trigger type changed while the interrupt is enabled");
	if (line->peer && line->peer->ops->watch && !line->peer->ops->watch(line->peer))
		return VIRTIO_GPIO_STATUS_ERR;
	line->trigger = trigger;
	tell_changed(bank, line);
	return VIRTIO_GPIO_STATUS_OK;
}

static uint8_t set_irq_type(struct gpio_bank *bank, struct gpio_line *line, uint32_t value,
			    struct gpio_reply *reply)
{
	bool enabled = line->trigger;

	(void)reply;
	if (!bank->irq)
		return refuse_violation(bank, line, RULE_FEATURE,
					"interrupt message without VIRTIO_GPIO_F_IRQ");
	if (!gpio_trigger_name(value) || value > UINT8_MAX)
		return VIRTIO_GPIO_STATUS_ERR;
	if (is_output(line))
		return refuse_violation(bank, line, RULE_OUTPUT,
					"interrupt message for an output line");
	if (value != VIRTIO_GPIO_IRQ_TYPE_NONE)
		return enable_irq(bank, line, value);
	disable_irq(bank, line);
	if (enabled)
		tell_changed(bank, line);
	return VIRTIO_GPIO_STATUS_OK;
}

typedef uint8_t (*message_fn)(struct gpio_bank *bank, struct gpio_line *line, uint32_t value,
			      struct gpio_reply *reply);

static const message_fn messages[] = {
	[VIRTIO_GPIO_MSG_GET_NAMES]	= get_names,
	[VIRTIO_GPIO_MSG_GET_DIRECTION]	= get_direction,
	[VIRTIO_GPIO_MSG_SET_DIRECTION]	= set_direction,
	[VIRTIO_GPIO_MSG_GET_VALUE]	= get_value,
	[VIRTIO_GPIO_MSG_SET_VALUE]	= set_value,
	[VIRTIO_GPIO_MSG_IRQ_TYPE]	= set_irq_type,
};

/**
 * gpio_handle() - do what a message of the driver says
 * @bank: the device
 * @req: the message
 *
 * Return: the reply, which never carries a value along with an error.
 */
struct gpio_reply gpio_handle(struct gpio_bank *bank, const struct gpio_request *req)
{
	struct gpio_reply reply = { .status = VIRTIO_GPIO_STATUS_ERR };

	if (req->type >= ARRAY_SIZE(messages) || !messages[req->type])
		return reply;
	if (req->line >= bank->count)
		return reply;
	reply.status = messages[req->type](bank, &bank->lines[req->line], req->value, &reply);
	return reply;
}

/**
 * gpio_may_unmask() - can a buffer for a line's interrupt be taken?
 * @bank: the device
 * @number: the line, as the driver gave it
 *
 * Return: false for a line that does not exist or that has a buffer already,
 * both of which count as a violation.
 */
bool gpio_may_unmask(struct gpio_bank *bank, unsigned int number)
{
	if (number >= bank->count)
		bank->ops->violation(bank->ctx, number, RULE_FIELDS,
				     "event buffer for a line that does not exist");
	else if (bank->lines[number].unmasked)
		bank->ops->violation(bank->ctx, number, RULE_ONE_BUFFER,
				     "second event buffer for the same line");
	else
		return true;
	bank->stats.invalid++;
	return false;
}

/* What the driver is told as soon as it can be: whether there was anything. */
static bool return_for_what_was(struct gpio_bank *bank, struct gpio_line *line)
{
	if (!line->latched && !level_active(line))
		return false;
	line->latched = false;
	return_buffer(bank, line, VIRTIO_GPIO_IRQ_STATUS_VALID);
	return true;
}

/**
 * gpio_unmask() - the driver queued a buffer for a line's interrupt
 * @bank: the device; its event() is called if there is something to tell,
 *	  else its armed()
 * @number: a line for which gpio_may_unmask() is true
 */
void gpio_unmask(struct gpio_bank *bank, unsigned int number)
{
	struct gpio_line *line = &bank->lines[number];

	line->unmasked = true;
	if (!line->trigger)
		return_buffer(bank, line, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	else if (!line->bursts && !return_for_what_was(bank, line))
		bank->ops->armed(bank->ctx, number);
}

/**
 * gpio_begin_burst() - the edges from now on come as if at once
 * @bank: the device
 * @number: the line; bursts on it add up
 */
void gpio_begin_burst(struct gpio_bank *bank, unsigned int number)
{
	bank->lines[number].bursts++;
}

/**
 * gpio_end_burst() - the edges of a burst all came
 * @bank: the device
 * @number: the line
 */
void gpio_end_burst(struct gpio_bank *bank, unsigned int number)
{
	struct gpio_line *line = &bank->lines[number];

	if (--line->bursts || !line->unmasked)
		return;
	if (!return_for_what_was(bank, line))
		bank->ops->armed(bank->ctx, number);
}

/**
 * gpio_fire() - an interrupt without a cause
 * @bank: the device
 * @number: the line; nothing happens if its interrupt is masked
 */
void gpio_fire(struct gpio_bank *bank, unsigned int number)
{
	struct gpio_line *line = &bank->lines[number];

	if (line->unmasked)
		return_buffer(bank, line, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

/**
 * gpio_lose_event() - the event being told does not reach the driver
 * @bank: the device, in a call of its event()
 * @number: the line; its buffer waits on
 * @status: the event's
 */
void gpio_lose_event(struct gpio_bank *bank, unsigned int number, uint8_t status)
{
	bank->lines[number].unmasked = true;
	if (status == VIRTIO_GPIO_IRQ_STATUS_VALID)
		bank->stats.delivered--;
	else
		bank->stats.invalid--;
}

/**
 * gpio_mask_all() - the queue with the driver's event buffers is gone
 * @bank: the device
 */
void gpio_mask_all(struct gpio_bank *bank)
{
	for (unsigned int i = 0; i < bank->count; i++)
		bank->lines[i].unmasked = false;
}

/**
 * gpio_reset() - forget everything that the driver did
 * @bank: the device; names and the host's levels stay, no event is sent
 */
void gpio_reset(struct gpio_bank *bank)
{
	gpio_mask_all(bank);
	for (unsigned int i = 0; i < bank->count; i++) {
		struct gpio_line *line = &bank->lines[i];
		bool used = line->direction || line->trigger;

		if (line->direction)
			ask_peer(line, VIRTIO_GPIO_DIRECTION_NONE, false);
		deactivate(bank, line);
		if (update_value(line) || used)
			tell_changed(bank, line);
		tell_peer(line);
	}
	gpio_settle(bank);
}

/**
 * gpio_settle() - whoever drives the lines may have changed
 * @bank: the device
 */
void gpio_settle(struct gpio_bank *bank)
{
	for (unsigned int i = 0; i < bank->count; i++)
		settle(bank, &bank->lines[i]);
}

/**
 * gpio_settle_line() - whoever drives a line may have changed, or its other end
 * @bank: the device
 * @line: the line
 */
void gpio_settle_line(struct gpio_bank *bank, unsigned int line)
{
	settle(bank, &bank->lines[line]);
	settle_targets(bank, &bank->lines[line]);
}

/**
 * gpio_drive() - how the guest or the host drives a line
 * @line: the line
 *
 * Return: 0, 1, or -1 if neither does. What comes from elsewhere, such as a loop, does not
 * count: wires never feed back what they brought.
 */
int gpio_drive(const struct gpio_line *line)
{
	if (line->stuck)
		return line->stuck_at;
	if (is_output(line))
		return line->output;
	return line->driven ? line->level : -1;
}

/**
 * gpio_set_peer() - connect a line
 * @bank: the device
 * @line: the line
 * @peer: its other end, freed with the device from now on; unless there is an error
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int gpio_set_peer(struct gpio_bank *bank, unsigned int line, struct gpio_peer *peer,
		  struct errmsg *err)
{
	if (bank->lines[line].peer)
		return errmsg_set(err, "line %u is on a wire, or a line of the host, already",
				  line);
	if (bank->lines[line].source)
		return errmsg_set(err, "line %u is the end of a loop already", line);
	bank->lines[line].peer = peer;
	return 0;
}

/* A byte from a file need not be 0 or 1. */
static bool was_set(const bool *old)
{
	return *(const uint8_t *)old;
}

/**
 * gpio_restore() - a line was left like this; gpio_settle() must follow
 * @bank: the device
 * @number: the line; wires, pulls and defects stay
 * @old: the line then; anything, if it was not written by us
 */
void gpio_restore(struct gpio_bank *bank, unsigned int number, const struct gpio_line *old)
{
	struct gpio_line *line = &bank->lines[number];

	if (old->direction > VIRTIO_GPIO_DIRECTION_IN || !gpio_trigger_name(old->trigger) ||
	    (is_output(old) && old->trigger))
		return;
	line->direction = old->direction;
	line->output = was_set(&old->output);
	line->level = was_set(&old->level);
	line->driven = was_set(&old->driven);
	line->value = was_set(&old->value);
	line->trigger = old->trigger;
	line->latched = old->trigger && was_set(&old->latched);
	if (line->direction)
		ask_peer(line, line->direction, line->output);
	tell_peer(line);
}

/**
 * gpio_set_level() - the host drives a line
 * @bank: the device
 * @number: the line
 * @level: the level; a line that the guest drives shows it when that ends
 */
void gpio_set_level(struct gpio_bank *bank, unsigned int number, bool level)
{
	struct gpio_line *line = &bank->lines[number];

	line->level = level;
	line->driven = true;
	settle(bank, line);
	tell_peer(line);
}

/**
 * gpio_release() - the host drives a line no longer
 * @bank: the device
 * @number: the line
 */
void gpio_release(struct gpio_bank *bank, unsigned int number)
{
	bank->lines[number].driven = false;
	settle(bank, &bank->lines[number]);
	tell_peer(&bank->lines[number]);
}

/**
 * gpio_set_pull() - put a resistor to a line
 * @bank: the device
 * @number: the line
 * @up: its level while nobody drives it
 */
void gpio_set_pull(struct gpio_bank *bank, unsigned int number, bool up)
{
	bank->lines[number].pulled = true;
	bank->lines[number].pull = up;
	settle(bank, &bank->lines[number]);
}

/**
 * gpio_set_stuck() - break a line
 * @bank: the device
 * @number: the line
 * @value: its value from now on, whoever drives it
 */
void gpio_set_stuck(struct gpio_bank *bank, unsigned int number, bool value)
{
	bank->lines[number].stuck = true;
	bank->lines[number].stuck_at = value;
	settle(bank, &bank->lines[number]);
	spread(bank, &bank->lines[number]);
}

/**
 * gpio_set_loop() - wire a line to another one
 * @bank: the device
 * @from: the line that drives the other one while it is an output
 * @to: the other one
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int gpio_set_loop(struct gpio_bank *bank, unsigned int from, unsigned int to,
		  struct errmsg *err)
{
	struct gpio_line *source = &bank->lines[from], *target = &bank->lines[to];

	if (from == to)
		return errmsg_set(err, "line %u cannot be looped to itself", from);
	if (target->source)
		return errmsg_set(err, "line %u is the end of a loop from line %td already", to,
				  target->source - bank->lines);
	if (target->peer)
		return errmsg_set(err, "line %u is on a wire, or a line of the host, and cannot "
				  "end a loop", to);
	target->source = source;
	target->sibling = source->targets;
	source->targets = target;
	settle(bank, target);
	return 0;
}

/**
 * gpio_value() - what can be measured on a line
 * @bank: the device
 * @line: the line
 *
 * Return: the value, which gpio_driver() decides.
 */
bool gpio_value(const struct gpio_bank *bank, unsigned int line)
{
	return bank->lines[line].value;
}

/**
 * gpio_driver() - who decides the value of a line?
 * @bank: the device
 * @line: the line
 *
 * Return: who.
 */
enum gpio_driver gpio_driver(const struct gpio_bank *bank, unsigned int line)
{
	return line_driver(&bank->lines[line]);
}

/**
 * gpio_driver_name() - who drives a line, in a word
 * @driver: who
 *
 * Return: the word.
 */
const char *gpio_driver_name(enum gpio_driver driver)
{
	static const char *const names[] = {
		[GPIO_STUCK]	= "stuck",
		[GPIO_CHIP]	= "chip",
		[GPIO_WIRE]	= "wire",
		[GPIO_GUEST]	= "guest",
		[GPIO_LOOP]	= "loop",
		[GPIO_HOST]	= "host",
		[GPIO_PULL]	= "pull",
		[GPIO_NOBODY]	= "nobody",
	};

	return names[driver];
}

/**
 * gpio_message_name() - a type of message in a word
 * @type: VIRTIO_GPIO_MSG_*
 *
 * Return: the word, which is "unknown" for a type that is none.
 */
const char *gpio_message_name(unsigned int type)
{
	static const char *const names[GPIO_MSG_TYPES] = {
		[0]				= "unknown",
		[VIRTIO_GPIO_MSG_GET_NAMES]	= "get_names",
		[VIRTIO_GPIO_MSG_GET_DIRECTION]	= "get_direction",
		[VIRTIO_GPIO_MSG_SET_DIRECTION]	= "set_direction",
		[VIRTIO_GPIO_MSG_GET_VALUE]	= "get_value",
		[VIRTIO_GPIO_MSG_SET_VALUE]	= "set_value",
		[VIRTIO_GPIO_MSG_IRQ_TYPE]	= "set_irq_type",
	};

	return names[type < GPIO_MSG_TYPES ? type : 0];
}

/**
 * gpio_direction_name() - a direction in words
 * @direction: VIRTIO_GPIO_DIRECTION_*
 *
 * Return: the word.
 */
const char *gpio_direction_name(uint8_t direction)
{
	static const char *const names[] = {
		[VIRTIO_GPIO_DIRECTION_NONE]	= "none",
		[VIRTIO_GPIO_DIRECTION_OUT]	= "output",
		[VIRTIO_GPIO_DIRECTION_IN]	= "input",
	};

	return names[direction];
}

/**
 * gpio_trigger_name() - a trigger type in words
 * @trigger: a number
 *
 * Return: the word, or NULL if the number is no VIRTIO_GPIO_IRQ_TYPE_*.
 */
const char *gpio_trigger_name(uint8_t trigger)
{
	static const char *const names[] = {
		[VIRTIO_GPIO_IRQ_TYPE_NONE]		= "none",
		[VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING]	= "rising",
		[VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING]	= "falling",
		[VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH]	= "both",
		[VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH]	= "high",
		[VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW]	= "low",
	};

	return trigger < ARRAY_SIZE(names) ? names[trigger] : NULL;
}
