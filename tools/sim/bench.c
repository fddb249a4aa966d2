/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host does with the lines of a device, whoever asks for it. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define BENCH_MAX_WORDS	12

/**
 * bench_init() - make a bench
 * @b: the bench
 * @loop: the loop
 * @dev: the device
 */
void bench_init(struct bench *b, struct loop *loop, struct device *dev)
{
	*b = (struct bench){ .loop = loop, .dev = dev };
	dev->loop = loop;
	player_init(&b->player, b);
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

/**
 * bench_lost_records() - did a record end before its time?
 * @b: the bench, also after bench_free()
 *
 * Return: true if what happened is not all in the files.
 */
bool bench_lost_records(const struct bench *b)
{
	return b->trace.record.failed || b->vcd.record.failed;
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
	player_stop(&b->player);
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

static int remove_faults(struct bench *b, const char *name, bool check, struct errmsg *err)
{
	enum fault_kind kind = name ? fault_find(name) : FAULT_KINDS;

	if (name && kind == FAULT_KINDS)
		return errmsg_set(err, "\"%.64s\" is no fault; see help", name);
	if (!check)
		fault_remove(&b->dev->faults, kind);
	return 0;
}

static int change_faults(struct bench *b, char **words, int count, bool check,
			 struct errmsg *err)
{
	struct fault fault;

	if (!strcmp(words[0], "none")) {
		if (count > 2)
			return errmsg_set(err, "after \"none\" comes nothing, or a fault's name");
		return remove_faults(b, count == 2 ? words[1] : NULL, check, err);
	}
	if (fault_parse(&fault, words, count, &b->dev->bank, err))
		return -1;
	return check ? 0 : fault_add(&b->dev->faults, &fault, err);
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
	return change_faults(b, words, count, false, err);
}

/**
 * struct command - a command of a script, in parts
 * @words: its words
 * @count: their number
 * @line: the line that it is about
 * @check: it must not be carried out
 */
struct command {
	char *words[BENCH_MAX_WORDS];
	int count;
	unsigned int line;
	bool check;
};

static int command_set(struct bench *b, const struct command *c, struct errmsg *err)
{
	bool level;

	if (!parse_level(c->words[2], &level))
		return errmsg_set(err, "\"%.64s\" must be 0 or 1", c->words[2]);
	if (!c->check)
		bench_set(b, c->line, level);
	return 0;
}

static int command_release(struct bench *b, const struct command *c, struct errmsg *err)
{
	(void)err;
	if (!c->check)
		bench_release(b, c->line);
	return 0;
}

static int command_toggle(struct bench *b, const struct command *c, struct errmsg *err)
{
	(void)err;
	if (!c->check)
		bench_toggle(b, c->line);
	return 0;
}

static int command_pulse(struct bench *b, const struct command *c, struct errmsg *err)
{
	uint64_t ns;

	if (!parse_duration(c->words[2], &ns))
		return errmsg_set(err, "the duration must be above 0, with us, ms or s");
	return c->check ? 0 : bench_pulse(b, c->line, ns, err);
}

static const struct {
	const char *name;
	int words;
	int (*run)(struct bench *b, const struct command *c, struct errmsg *err);
} commands[] = {
	{ "set", 3, command_set },
	{ "release", 2, command_release },
	{ "toggle", 2, command_toggle },
	{ "pulse", 3, command_pulse },
};

static int line_command(struct bench *b, struct command *c, struct errmsg *err)
{
	size_t i = 0;
	int line;

	while (i < ARRAY_SIZE(commands) && strcmp(c->words[0], commands[i].name))
		i++;
	if (i == ARRAY_SIZE(commands))
		return errmsg_set(err, "\"%.32s\" is no command; use \"set LINE 0|1\", \"release "
				  "LINE\", \"toggle LINE\", \"pulse LINE DURATION\" or \"fault\"",
				  c->words[0]);
	if (c->count != commands[i].words)
		return errmsg_set(err, "wrong number of words for \"%s\"", c->words[0]);
	line = gpio_find(&b->dev->bank, c->words[1]);
	if (line < 0)
		return errmsg_set(err, "no line is numbered or named \"%.255s\"", c->words[1]);
	c->line = line;
	return commands[i].run(b, c, err);
}

/**
 * bench_command() - do what a line of a script says
 * @b: the bench
 * @text: the command; changed
 * @check: only see if it could be done
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int bench_command(struct bench *b, char *text, bool check, struct errmsg *err)
{
	struct command c = { .check = check };

	c.count = split_words(text, c.words, BENCH_MAX_WORDS, err);
	if (c.count < 0)
		return -1;
	if (!c.count)
		return errmsg_set(err, "a command is missing");
	if (strcmp(c.words[0], "fault"))
		return line_command(b, &c, err);
	if (c.count == 1)
		return errmsg_set(err, "after \"fault\" comes a fault's name, or \"none\"");
	return change_faults(b, c.words + 1, c.count - 1, check, err);
}
