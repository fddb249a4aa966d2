/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waveforms as a value change dump (IEEE 1364), which GTKWave, PulseView and
 * sigrok-cli read: a value for each line, and whether the guest drives it.
 */
#include <stdlib.h>
#include <string.h>

#include "vcd.h"

#define NS_PER_TICK	1000
#define CODE_FIRST	'!'
#define CODES		('~' - '!' + 1)

enum vcd_signal {
	VCD_VALUE,
	VCD_OUTPUT,
	VCD_SIGNALS,
};

/* The short name by which a signal goes: a number in the base of all codes. */
static void add_code(struct buffer *out, unsigned int line, enum vcd_signal signal)
{
	unsigned int number = line * VCD_SIGNALS + signal;

	do {
		buffer_printf(out, "%c", CODE_FIRST + number % CODES);
		number /= CODES;
	} while (number);
}

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_';
}

/* A signal of another line, or of another scope, could have such a name. */
static bool could_be_another(const char *name)
{
	const char *end = strrchr(name, '_');

	if (!strncmp(name, "line", 4) && name[4] && !name[4 + strspn(name + 4, "0123456789")])
		return true;
	if (!end)
		return false;
	return !strcmp(end, "_output") ||
	       (end > name && end[-1] == '_' && end[1] && !end[1 + strspn(end + 1, "0123456789")]);
}

/*
 * Readers take letters, digits and '_', and some drop the scopes. A name that
 * loses others, or that a signal of another line could have, gets its number.
 */
static void add_name(struct buffer *out, unsigned int number, const char *name)
{
	bool numbered;

	if (!name) {
		buffer_printf(out, "line%u", number);
		return;
	}
	numbered = could_be_another(name);
	for (; *name; name++) {
		buffer_printf(out, "%c", is_plain(*name) ? *name : '_');
		numbered |= !is_plain(*name);
	}
	if (numbered)
		buffer_printf(out, "__%u", number);
}

/* The suffix tells signals apart in readers that drop the scopes. */
static void write_scope(struct vcd *v, const char *name, enum vcd_signal signal,
			const char *suffix)
{
	const struct gpio_bank *bank = &v->dev->bank;

	buffer_printf(&v->record.entry, "$scope module %s $end\n", name);
	for (unsigned int i = 0; i < bank->count; i++) {
		buffer_printf(&v->record.entry, "$var wire 1 ");
		add_code(&v->record.entry, i, signal);
		buffer_printf(&v->record.entry, " ");
		add_name(&v->record.entry, i, bank->lines[i].name);
		buffer_printf(&v->record.entry, "%s $end\n", suffix);
		record_write(&v->record);
	}
	buffer_printf(&v->record.entry, "$upscope $end\n");
}

static void write_signal(struct vcd *v, unsigned int line, enum vcd_signal signal, bool level)
{
	buffer_printf(&v->record.entry, "%d", level);
	add_code(&v->record.entry, line, signal);
	buffer_printf(&v->record.entry, "\n");
}

static struct vcd_line look(const struct vcd *v, unsigned int number)
{
	const struct gpio_line *line = &v->dev->bank.lines[number];

	return (struct vcd_line){
		.value = line->value, .output = line->direction == VIRTIO_GPIO_DIRECTION_OUT,
	};
}

static void write_header(struct vcd *v)
{
	buffer_printf(&v->record.entry, "$version vgpio-sim $end\n$timescale 1 us $end\n");
	write_scope(v, "value", VCD_VALUE, "");
	write_scope(v, "output", VCD_OUTPUT, "_output");
	buffer_printf(&v->record.entry, "$enddefinitions $end\n#0\n$dumpvars\n");
	for (unsigned int i = 0; i < v->dev->bank.count; i++) {
		v->shown[i] = look(v, i);
		write_signal(v, i, VCD_VALUE, v->shown[i].value);
		write_signal(v, i, VCD_OUTPUT, v->shown[i].output);
		record_write(&v->record);
	}
	buffer_printf(&v->record.entry, "$end\n");
	record_write(&v->record);
}

static uint64_t ticks(const struct vcd *v, uint64_t ns)
{
	return ns > v->start_ns ? (ns - v->start_ns) / NS_PER_TICK : 0;
}

/* Two changes of a line never share a time: the first would not be seen. */
static void write_time(struct vcd *v, const struct vcd_line *shown)
{
	uint64_t earliest = shown->at == v->now ? v->now + 1 : v->now;
	uint64_t now = ticks(v, device_change_time(v->dev));

	if (now < earliest)
		now = earliest;
	if (now > v->now)
		buffer_printf(&v->record.entry, "#%llu\n", (unsigned long long)now);
	v->now = now;
}

static void on_changed(void *ctx, unsigned int number)
{
	struct vcd *v = ctx;
	struct vcd_line *shown = &v->shown[number], seen = look(v, number);

	if (seen.value == shown->value && seen.output == shown->output)
		return;
	write_time(v, shown);
	if (seen.value != shown->value)
		write_signal(v, number, VCD_VALUE, seen.value);
	if (seen.output != shown->output)
		write_signal(v, number, VCD_OUTPUT, seen.output);
	record_write(&v->record);
	*shown = seen;
	shown->at = v->now;
}

/**
 * vcd_open() - begin waveforms
 * @v: the waveforms
 * @path: their file, replaced if it is there; the text must stay
 * @dev: the device
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int vcd_open(struct vcd *v, const char *path, struct device *dev, struct errmsg *err)
{
	*v = (struct vcd){
		.start_ns = loop_now(), .shown = calloc(dev->bank.count, sizeof(*v->shown)),
		.listener = { .changed = on_changed, .ctx = v },
	};
	if (!v->shown)
		return errmsg_set(err, "out of memory for the waveforms");
	if (record_open(&v->record, path, err)) {
		free(v->shown);
		return -1;
	}
	v->dev = dev;
	device_listen(dev, &v->listener);
	write_header(v);
	return 0;
}

/**
 * vcd_close() - end waveforms
 * @v: the waveforms; nothing happens if there are none
 */
void vcd_close(struct vcd *v)
{
	if (!v->dev)
		return;
	device_unlisten(v->dev, &v->listener);
	buffer_printf(&v->record.entry, "#%llu\n", (unsigned long long)ticks(v, loop_now()) + 1);
	record_write(&v->record);
	record_close(&v->record);
	free(v->shown);
	v->dev = NULL;
}
