/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control socket tells about a device, as text. */
#include "report.h"

#define NS_PER_SECOND	1000000000ull

static void describe_line(struct buffer *out, const struct gpio_bank *bank, unsigned int number)
{
	const struct gpio_line *line = &bank->lines[number];

	buffer_printf(out, "line %u name ", number);
	buffer_quote(out, line->name ?: "");
	buffer_printf(out, " value %d direction %s trigger %s unmasked %d latched %d",
		      gpio_value(bank, number), gpio_direction_name(line->direction),
		      gpio_trigger_name(line->trigger), line->unmasked, line->latched);
}

/**
 * report_line() - a line in words
 * @out: takes the text
 * @bank: the device
 * @number: the line
 */
void report_line(struct buffer *out, const struct gpio_bank *bank, unsigned int number)
{
	describe_line(out, bank, number);
	buffer_add(out, "\n", 1);
}

/**
 * report_change() - a line in words, and since when
 * @out: takes the text
 * @bank: the device
 * @number: the line
 * @ns: when, by the clock of loop_now()
 */
void report_change(struct buffer *out, const struct gpio_bank *bank, unsigned int number,
		   uint64_t ns)
{
	describe_line(out, bank, number);
	buffer_printf(out, " at %llu.%09llu\n", (unsigned long long)(ns / NS_PER_SECOND),
		      (unsigned long long)(ns % NS_PER_SECOND));
}

static void print_queue(struct buffer *out, const char *name, const struct queue_stats *q)
{
	buffer_printf(out, "%s.notifications %llu\n", name, (unsigned long long)q->notifications);
	buffer_printf(out, "%s.requests %llu\n", name, (unsigned long long)q->requests);
	buffer_printf(out, "%s.interrupts %llu\n", name, (unsigned long long)q->interrupts);
}

static void print_message(struct buffer *out, const char *name, const struct msg_stats *m)
{
	buffer_printf(out, "%s.requests %llu\n", name, (unsigned long long)m->requests);
	buffer_printf(out, "%s.errors %llu\n", name, (unsigned long long)m->errors);
	buffer_printf(out, "%s.notifications %llu\n", name,
		      (unsigned long long)m->notifications);
}

static void print_irq(struct buffer *out, const struct gpio_irq_stats *s)
{
	buffer_printf(out, "irq.delivered %llu\n", (unsigned long long)s->delivered);
	buffer_printf(out, "irq.latched %llu\n", (unsigned long long)s->latched);
	buffer_printf(out, "irq.coalesced %llu\n", (unsigned long long)s->coalesced);
	buffer_printf(out, "irq.invalid %llu\n", (unsigned long long)s->invalid);
}

static void print_faults(struct buffer *out, const struct fault_set *set)
{
	for (unsigned int i = 0; i < FAULT_KINDS; i++)
		buffer_printf(out, "fault.%s %llu\n", fault_name(i),
			      (unsigned long long)set->injected[i]);
}

/**
 * report_stats() - all counts of a device
 * @out: takes the text
 * @dev: the device
 */
void report_stats(struct buffer *out, const struct device *dev)
{
	print_queue(out, "requestq", &dev->stats.queue[DEVICE_REQUESTQ]);
	print_queue(out, "eventq", &dev->stats.queue[DEVICE_EVENTQ]);
	for (unsigned int i = 0; i < GPIO_MSG_TYPES; i++)
		print_message(out, gpio_message_name(i), &dev->stats.msg[i]);
	print_irq(out, &dev->bank.stats);
	buffer_printf(out, "violations %llu\n", (unsigned long long)dev->stats.violations);
	buffer_printf(out, "sessions %llu\n", (unsigned long long)dev->stats.sessions);
	print_faults(out, &dev->faults);
}

/**
 * report_line_stats() - the counts of one line
 * @out: takes the text
 * @dev: the device
 * @line: the line
 */
void report_line_stats(struct buffer *out, const struct device *dev, unsigned int line)
{
	const struct line_stats *s = &dev->line_stats[line];

	buffer_printf(out, "requests %llu\n", (unsigned long long)s->requests);
	buffer_printf(out, "errors %llu\n", (unsigned long long)s->errors);
	buffer_printf(out, "events %llu\n", (unsigned long long)s->events);
	buffer_printf(out, "changes %llu\n", (unsigned long long)s->changes);
}

/**
 * report_faults() - the faults that are in use
 * @out: takes the text
 * @set: the faults
 */
void report_faults(struct buffer *out, const struct fault_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		buffer_printf(out, "fault ");
		fault_describe(out, &set->list[i]);
		buffer_printf(out, " injected %u\n", set->list[i].injected);
	}
}

/**
 * report_seed() - what repeats the faults, if they come by chance
 * @out: takes the text
 * @set: the faults
 */
void report_seed(struct buffer *out, const struct fault_set *set)
{
	if (fault_by_chance(set))
		buffer_printf(out, "seed %llu\n", (unsigned long long)set->seed);
}
