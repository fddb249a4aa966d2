/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A part that measures the frequency and the duty cycle of a line. */
#include <string.h>

#include "meter.h"

/**
 * struct meter - what was measured, from the first rising edge to the last one
 * @part: for the list
 * @line: its line
 * @end: where it is
 * @rises: number of rising edges
 * @first_ns: when the first one was
 * @last_ns: when the last one was
 * @high_ns: how long the level was high between them
 * @pulse_ns: the same since the last one, if that pulse is over
 */
struct meter {
	struct part part;
	unsigned int line;
	struct wire_end *end;
	uint64_t rises;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t high_ns;
	uint64_t pulse_ns;
};

static void rose(struct meter *m, uint64_t now)
{
	if (!m->rises++)
		m->first_ns = now;
	m->high_ns += m->pulse_ns;
	m->pulse_ns = 0;
	m->last_ns = now;
}

static void level_changed(void *ctx)
{
	struct meter *m = ctx;
	uint64_t now = loop_now();

	if (wire_level(m->end))
		rose(m, now);
	else if (m->rises)
		m->pulse_ns = now - m->last_ns;
}

static int connect_meter(struct part *part, struct errmsg *err)
{
	struct meter *m = (struct meter *)part;

	m->end = wire_tap(part->dev->wires, part->dev, m->line, level_changed, m, err);
	return m->end ? 0 : -1;
}

static int act_meter(struct part *part, const struct part_call *call)
{
	struct meter *m = (struct meter *)part;

	if (strcmp(call->words[0], "reset") || call->count != 1)
		return errmsg_set(call->err, "a meter can \"reset\"; it measures by itself");
	if (call->check)
		return 0;
	m->rises = 0;
	m->high_ns = 0;
	m->pulse_ns = 0;
	return 0;
}

/* It takes two rising edges to measure something. */
static void describe_meter(const struct part *part, struct buffer *out)
{
	const struct meter *m = (const struct meter *)part;
	double span = m->rises > 1 ? m->last_ns - m->first_ns : 0;
	double frequency = span ? (m->rises - 1) * 1e9 / span : 0;
	double duty = span ? m->high_ns * 100 / span : wire_level(m->end) * 100.0;

	buffer_printf(out, " pulses %llu frequency %.3f Hz duty %.2f %%",
		      (unsigned long long)m->rises, frequency, duty);
}

static void disconnect_meter(struct part *part)
{
	struct meter *m = (struct meter *)part;

	if (m->end)
		wire_untap(m->end);
}

static const struct part_property meter_properties[] = {
	{ "line", PART_LINE, true, 0, offsetof(struct meter, line) },
	{ NULL },
};

const struct part_kind meter_kind = {
	.name = "meter", .size = sizeof(struct meter), .properties = meter_properties,
	.connect = connect_meter, .act = act_meter, .describe = describe_meter,
	.disconnect = disconnect_meter,
};
