/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts that a hand moves: a button, whose contact bounces, and a rotary encoder. */
#include <stdlib.h>
#include <string.h>

#include "contact.h"

/* A contact that closes opens again three times, in equal parts of its time. */
#define BOUNCES		3

#define STEP_EDGES	4
#define MAX_STEPS	1000

/**
 * struct button - a contact to a level
 * @part: for the list
 * @line: its line
 * @active_high: the level while it is closed; the line is pulled to the other one
 * @bounce_ns: how long the contact bounces
 * @end: where it is
 * @pressed: a hand presses it
 * @edges: how often the contact still changes
 * @bounce: when it changes next
 * @hand: when the hand lets go
 */
struct button {
	struct part part;
	unsigned int line;
	bool active_high;
	uint64_t bounce_ns;
	struct wire_end *end;
	bool pressed;
	unsigned int edges;
	struct loop_timer bounce;
	struct loop_timer hand;
};

static struct button *button_of(struct part *part)
{
	return (struct button *)part;
}

/* After an even number of edges to come the contact is as the hand has it. */
static void set_contact(struct button *b)
{
	bool closed = b->pressed ^ (b->edges % 2);

	wire_drive(b->end, closed ? b->active_high : WIRE_NOT_DRIVEN);
	if (b->edges)
		loop_timer_start(b->part.dev->loop, &b->bounce, b->bounce_ns / (2 * BOUNCES));
}

static void bounced(void *ctx)
{
	struct button *b = ctx;

	b->edges--;
	set_contact(b);
}

static void move_button(struct button *b, bool pressed)
{
	loop_timer_stop(b->part.dev->loop, &b->hand);
	if (b->pressed == pressed)
		return;
	b->pressed = pressed;
	b->edges = b->bounce_ns ? 2 * BOUNCES : 0;
	set_contact(b);
}

static void hand_lets_go(void *ctx)
{
	move_button(ctx, false);
}

static void nothing_changed(void *ctx)
{
	(void)ctx;
}

static int connect_button(struct part *part, struct errmsg *err)
{
	struct button *b = button_of(part);

	b->bounce = (struct loop_timer){ .expired = bounced, .ctx = b };
	b->hand = (struct loop_timer){ .expired = hand_lets_go, .ctx = b };
	b->end = wire_tap(part->dev->wires, part->dev, b->line, nothing_changed, b, err);
	if (!b->end)
		return -1;
	wire_pull(b->end, !b->active_high);
	return 0;
}

static int act_button(struct part *part, const struct part_call *call)
{
	struct button *b = button_of(part);
	bool press = !strcmp(call->words[0], "press");
	uint64_t ns = 0;

	if (!press && strcmp(call->words[0], "release"))
		return errmsg_set(call->err, "a button can \"press [DURATION]\" and \"release\"");
	if (call->count > 1 + press || (call->count == 2 && !parse_duration(call->words[1], &ns)))
		return errmsg_set(call->err, "after \"%s\" comes nothing%s", call->words[0],
				  press ? ", or a duration such as 100ms" : "");
	if (call->check)
		return 0;
	move_button(b, press);
	if (ns)
		loop_timer_start(part->dev->loop, &b->hand, ns);
	return 0;
}

static void describe_button(const struct part *part, struct buffer *out)
{
	buffer_printf(out, " pressed %d", ((const struct button *)part)->pressed);
}

static void disconnect_button(struct part *part)
{
	struct button *b = button_of(part);

	loop_timer_stop(part->dev->loop, &b->bounce);
	loop_timer_stop(part->dev->loop, &b->hand);
	if (b->end)
		wire_untap(b->end);
}

static const struct part_property button_properties[] = {
	{ "line", PART_LINE, true, 0, offsetof(struct button, line) },
	{ "active", PART_LEVEL, false, 0, offsetof(struct button, active_high) },
	{ "bounce", PART_TIME, false, 0, offsetof(struct button, bounce_ns) },
	{ NULL },
};

const struct part_kind button_kind = {
	.name = "button", .size = sizeof(struct button), .properties = button_properties,
	.connect = connect_button, .act = act_button, .describe = describe_button,
	.disconnect = disconnect_button,
};

/**
 * struct encoder - two contacts that open and close in turn
 * @part: for the list
 * @lines: its lines
 * @edge_ns: pause between edges
 * @ends: where it is
 * @position: edges since the start
 * @target: @position at the end of all turns
 * @timer: when the next edge comes
 */
struct encoder {
	struct part part;
	unsigned int lines[2];
	uint64_t edge_ns;
	struct wire_end *ends[2];
	int64_t position;
	int64_t target;
	struct loop_timer timer;
};

static struct encoder *encoder_of(struct part *part)
{
	return (struct encoder *)part;
}

/* The second contact follows the first by a quarter of a step; between steps both are open. */
static void set_contacts(struct encoder *e)
{
	for (int i = 0; i < 2; i++)
		wire_drive(e->ends[i], (e->position + 1 - i) & 2 ? 0 : 1);
}

static void turned(void *ctx)
{
	struct encoder *e = ctx;

	e->position += e->target > e->position ? 1 : -1;
	set_contacts(e);
	if (e->position != e->target)
		loop_timer_start(e->part.dev->loop, &e->timer, e->edge_ns);
}

static void encoder_defaults(struct part *part)
{
	encoder_of(part)->edge_ns = 1000000;
}

static int connect_encoder(struct part *part, struct errmsg *err)
{
	struct encoder *e = encoder_of(part);

	e->timer = (struct loop_timer){ .expired = turned, .ctx = e };
	for (int i = 0; i < 2; i++) {
		e->ends[i] = wire_tap(part->dev->wires, part->dev, e->lines[i], nothing_changed, e,
				      err);
		if (!e->ends[i])
			return -1;
	}
	set_contacts(e);
	return 0;
}

static int act_encoder(struct part *part, const struct part_call *call)
{
	struct encoder *e = encoder_of(part);
	bool back = call->count == 2 && *call->words[1] == '-';
	unsigned int steps;

	if (strcmp(call->words[0], "turn") || call->count != 2 ||
	    !parse_uint(call->words[1] + back, &steps) || !steps || steps > MAX_STEPS)
		return errmsg_set(call->err, "an encoder can \"turn STEPS\": -%d to %d, and not 0",
				  MAX_STEPS, MAX_STEPS);
	if (call->check)
		return 0;
	if (e->position == e->target)
		loop_timer_start(part->dev->loop, &e->timer, e->edge_ns);
	e->target += STEP_EDGES * (int64_t)steps * (back ? -1 : 1);
	return 0;
}

static void describe_encoder(const struct part *part, struct buffer *out)
{
	const struct encoder *e = (const struct encoder *)part;

	buffer_printf(out, " edge %lld to %lld", (long long)e->position, (long long)e->target);
}

static void disconnect_encoder(struct part *part)
{
	struct encoder *e = encoder_of(part);

	loop_timer_stop(part->dev->loop, &e->timer);
	for (int i = 0; i < 2; i++)
		if (e->ends[i])
			wire_untap(e->ends[i]);
}

static const struct part_property encoder_properties[] = {
	{ "a", PART_LINE, true, 0, offsetof(struct encoder, lines[0]) },
	{ "b", PART_LINE, true, 0, offsetof(struct encoder, lines[1]) },
	{ "pause", PART_TIME, false, 0, offsetof(struct encoder, edge_ns) },
	{ NULL },
};

const struct part_kind encoder_kind = {
	.name = "encoder", .size = sizeof(struct encoder), .properties = encoder_properties,
	.defaults = encoder_defaults, .connect = connect_encoder, .act = act_encoder,
	.describe = describe_encoder, .disconnect = disconnect_encoder,
};
