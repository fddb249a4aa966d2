/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waveforms as a value change dump (IEEE 1364), which GTKWave, PulseView and
 * sigrok-cli read: a value for each line, and whether the guest drives it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vcd.h"

#define NS_PER_TICK	1000
#define MAX_TEXT	4096
#define CODE_FIRST	'!'
#define CODES		('~' - '!' + 1)

enum vcd_signal {
	VCD_VALUE,
	VCD_OUTPUT,
	VCD_SIGNALS,
};

/* A disk that is full ends the waveforms, not the simulator. */
static void flush(struct vcd *v)
{
	if (v->file && v->text.len &&
	    fwrite(buffer_head(&v->text), v->text.len, 1, v->file) != 1) {
		log_error("cannot write %s: %s; the waveforms end here", v->path,
			  strerror(errno));
		fclose(v->file);
		v->file = NULL;
	}
	buffer_take(&v->text, v->text.len);
}

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

/* Readers take letters, digits and '_'. A name that loses others gets its number. */
static void add_name(struct buffer *out, unsigned int number, const char *name)
{
	bool changed = false;

	if (!name) {
		buffer_printf(out, "line%u", number);
		return;
	}
	for (; *name; name++) {
		buffer_printf(out, "%c", is_plain(*name) ? *name : '_');
		changed |= !is_plain(*name);
	}
	if (changed)
		buffer_printf(out, "_%u", number);
}

/* The suffix tells signals apart in readers that drop the scopes. */
static void write_scope(struct vcd *v, const char *name, enum vcd_signal signal,
			const char *suffix)
{
	const struct gpio_bank *bank = &v->dev->bank;

	buffer_printf(&v->text, "$scope module %s $end\n", name);
	for (unsigned int i = 0; i < bank->count; i++) {
		buffer_printf(&v->text, "$var wire 1 ");
		add_code(&v->text, i, signal);
		buffer_printf(&v->text, " ");
		add_name(&v->text, i, bank->lines[i].name);
		buffer_printf(&v->text, "%s $end\n", suffix);
		flush(v);
	}
	buffer_printf(&v->text, "$upscope $end\n");
}

static void write_signal(struct vcd *v, unsigned int line, enum vcd_signal signal, bool level)
{
	buffer_printf(&v->text, "%d", level);
	add_code(&v->text, line, signal);
	buffer_printf(&v->text, "\n");
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
	buffer_printf(&v->text, "$version vgpio-sim $end\n$timescale 1 us $end\n");
	write_scope(v, "value", VCD_VALUE, "");
	write_scope(v, "output", VCD_OUTPUT, "_output");
	buffer_printf(&v->text, "$enddefinitions $end\n#0\n$dumpvars\n");
	for (unsigned int i = 0; i < v->dev->bank.count; i++) {
		v->shown[i] = look(v, i);
		write_signal(v, i, VCD_VALUE, v->shown[i].value);
		write_signal(v, i, VCD_OUTPUT, v->shown[i].output);
		flush(v);
	}
	buffer_printf(&v->text, "$end\n");
	flush(v);
}

static uint64_t ticks(const struct vcd *v)
{
	return (loop_now() - v->start_ns) / NS_PER_TICK;
}

/* Two changes of a line never share a time: the first would not be seen. */
static void write_time(struct vcd *v, const struct vcd_line *shown)
{
	uint64_t now = ticks(v), earliest = shown->at == v->now ? v->now + 1 : v->now;

	if (now < earliest)
		now = earliest;
	if (now > v->now)
		buffer_printf(&v->text, "#%llu\n", (unsigned long long)now);
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
	flush(v);
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
	struct vcd_line *shown = calloc(dev->bank.count, sizeof(*shown));
	FILE *file = shown ? fopen(path, "we") : NULL;

	if (!file) {
		free(shown);
		return errmsg_set(err, "cannot write %.256s: %s", path, strerror(errno));
	}
	setvbuf(file, NULL, _IOLBF, BUFSIZ);
	*v = (struct vcd){
		.file = file, .path = path, .dev = dev, .start_ns = loop_now(), .shown = shown,
		.text = { .max = MAX_TEXT }, .listener = { .changed = on_changed, .ctx = v },
	};
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
	buffer_printf(&v->text, "#%llu\n", (unsigned long long)ticks(v) + 1);
	flush(v);
	if (v->file)
		fclose(v->file);
	free(v->shown);
	buffer_free(&v->text);
	*v = (struct vcd){ .file = NULL };
}
