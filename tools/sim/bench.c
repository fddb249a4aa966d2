/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host does with the lines of a device, whoever asks for it. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/**
 * bench_init() - make a bench
 * @b: the bench
 * @loop: the poll loop
 * @dev: the device
 */
void bench_init(struct bench *b, struct loop *loop, struct device *dev)
{
	*b = (struct bench){ .loop = loop, .dev = dev };
	dev->loop = loop;
}

/**
 * bench_record() - keep what happens from now on
 * @b: the bench
 * @trace: file for a trace, or NULL
 * @vcd: file for waveforms, or NULL
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int bench_record(struct bench *b, const char *trace, const char *vcd, struct errmsg *err)
{
	if (trace && trace_open(&b->trace, trace, b->dev, err))
		return -1;
	if (vcd && vcd_open(&b->vcd, vcd, b->dev, err))
		return -1;
	return 0;
}

static struct bench_pulse **find_pulse(struct bench *b, unsigned int line)
{
	struct bench_pulse **link = &b->pulses;

	while (*link && (*link)->line != line)
		link = &(*link)->next;
	return link;
}

static void remove_pulse(struct bench *b, unsigned int line)
{
	struct bench_pulse **link = find_pulse(b, line), *pulse = *link;

	if (!pulse)
		return;
	*link = pulse->next;
	loop_timer_stop(b->loop, &pulse->timer);
	free(pulse);
}

/**
 * bench_free() - take the hands away
 * @b: the bench
 */
void bench_free(struct bench *b)
{
	while (b->pulses)
		remove_pulse(b, b->pulses->line);
	trace_close(&b->trace);
	vcd_close(&b->vcd);
}

/**
 * bench_set() - drive a line; a pulse on it ends
 * @b: the bench
 * @line: the line
 * @level: its level
 */
void bench_set(struct bench *b, unsigned int line, bool level)
{
	remove_pulse(b, line);
	device_set_level(b->dev, line, level);
}

/**
 * bench_release() - drive a line no longer; a pulse on it ends
 * @b: the bench
 * @line: the line
 */
void bench_release(struct bench *b, unsigned int line)
{
	remove_pulse(b, line);
	device_release(b->dev, line);
}

/* What the host drives; what the line shows, while it drives nothing. */
static bool host_level(const struct bench *b, unsigned int number)
{
	const struct gpio_line *line = &b->dev->bank.lines[number];

	return line->driven ? line->level : line->value;
}

/**
 * bench_toggle() - invert a line; a pulse on it ends
 * @b: the bench
 * @line: the line
 */
void bench_toggle(struct bench *b, unsigned int line)
{
	bench_set(b, line, !host_level(b, line));
}

static void pulse_over(void *ctx)
{
	struct bench_pulse pulse = *(struct bench_pulse *)ctx;

	remove_pulse(pulse.bench, pulse.line);
	if (pulse.driven)
		device_set_level(pulse.bench->dev, pulse.line, pulse.level);
	else
		device_release(pulse.bench->dev, pulse.line);
}

/**
 * bench_pulse() - invert a line for a time
 * @b: the bench
 * @line: the line
 * @ns: how long
 * @err: why not, if so
 *
 * Return: 0 or -1.
 */
int bench_pulse(struct bench *b, unsigned int line, uint64_t ns, struct errmsg *err)
{
	struct bench_pulse *pulse;

	if (*find_pulse(b, line))
		return errmsg_set(err, "a pulse is under way on this line");
	pulse = calloc(1, sizeof(*pulse));
	if (!pulse)
		return errmsg_set(err, "out of memory");
	*pulse = (struct bench_pulse){
		.timer = { .expired = pulse_over, .ctx = pulse }, .bench = b, .line = line,
		.driven = b->dev->bank.lines[line].driven, .level = host_level(b, line),
		.next = b->pulses,
	};
	b->pulses = pulse;
	loop_timer_start(b->loop, &pulse->timer, ns);
	device_set_level(b->dev, line, !pulse->level);
	return 0;
}

static int remove_faults(struct bench *b, const char *name, struct errmsg *err)
{
	enum fault_kind kind = name ? fault_find(name) : FAULT_KINDS;

	if (name && kind == FAULT_KINDS)
		return errmsg_set(err, "\"%.64s\" is no fault; see help", name);
	fault_remove(&b->dev->faults, kind);
	return 0;
}

/**
 * bench_fault() - let the device misbehave, or behave again
 * @b: the bench
 * @words: as for fault_parse(); or "none", with a fault's name or without
 * @count: number of words, at least 1
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int bench_fault(struct bench *b, char **words, int count, struct errmsg *err)
{
	struct fault fault;

	if (!strcmp(words[0], "none")) {
		if (count > 2)
			return errmsg_set(err, "after \"none\" comes nothing, or a fault's name");
		return remove_faults(b, count == 2 ? words[1] : NULL, err);
	}
	if (fault_parse(&fault, words, count, &b->dev->bank, err))
		return -1;
	return fault_add(&b->dev->faults, &fault, err);
}
