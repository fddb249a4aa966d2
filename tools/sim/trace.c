/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records transactions, changes and sessions. */
#include "trace.h"

static void add_string(struct buffer *out, const char *text)
{
	buffer_add(out, "\"", 1);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_printf(out, "\\%c", *text);
		else if (*text < ' ' || *text > '~')
			buffer_printf(out, "\\u%04x", (unsigned char)*text);
		else
			buffer_add(out, text, 1);
	}
	buffer_add(out, "\"", 1);
}

static void begin(struct trace *t, uint64_t ns, const char *event)
{
	uint64_t since = ns > t->start_ns ? ns - t->start_ns : 0;

	buffer_printf(&t->record.entry, "{\"t\":%llu,\"event\":\"%s\"",
		      (unsigned long long)since, event);
}

static void end(struct trace *t)
{
	buffer_add(&t->record.entry, "}\n", 2);
	record_write(&t->record);
}

static void add_line(struct trace *t, unsigned int number)
{
	const struct gpio_bank *bank = &t->dev->bank;

	buffer_printf(&t->record.entry, ",\"line\":%u", number);
	if (number >= bank->count || !bank->lines[number].name)
		return;
	buffer_printf(&t->record.entry, ",\"name\":");
	add_string(&t->record.entry, bank->lines[number].name);
}

/* What the driver gets; null where it gets nothing of the kind. */
static void add_reply(struct trace *t, const struct reply *a)
{
	if (!a->sent) {
		buffer_printf(&t->record.entry, ",\"status\":null,\"reply\":null,\"length\":null");
		return;
	}
	buffer_printf(&t->record.entry, ",\"status\":%u", a->reply.status);
	if (a->type == FAULT_EVENT || a->reply.names)
		buffer_printf(&t->record.entry, ",\"reply\":null");
	else
		buffer_printf(&t->record.entry, ",\"reply\":%u", a->reply.value);
	buffer_printf(&t->record.entry, ",\"length\":%u", a->used_len);
}

static void add_faults(struct trace *t, uint32_t faults)
{
	const char *separator = "";

	if (!faults)
		return;
	buffer_printf(&t->record.entry, ",\"faults\":[");
	for (unsigned int i = 0; i < FAULT_KINDS; i++) {
		if (!(faults & 1u << i))
			continue;
		buffer_printf(&t->record.entry, "%s\"%s\"", separator, fault_name(i));
		separator = ",";
	}
	buffer_printf(&t->record.entry, "]");
}

static void on_replied(void *ctx, const struct reply *a)
{
	bool event = a->type == FAULT_EVENT;
	struct trace *t = ctx;

	begin(t, a->sent_ns, "transaction");
	buffer_printf(&t->record.entry, ",\"queue\":\"%s\",\"type\":\"%s\"",
		      a->queue == DEVICE_EVENTQ ? "eventq" : "requestq",
		      event ? "event" : gpio_message_name(a->type));
	add_line(t, a->line);
	if (!event)
		buffer_printf(&t->record.entry, ",\"value\":%u", a->value);
	add_reply(t, a);
	buffer_printf(&t->record.entry, ",\"latency\":%llu",
		      (unsigned long long)(a->sent_ns - a->taken_ns));
	add_faults(t, a->faults);
	end(t);
}

static void on_changed(void *ctx, unsigned int number)
{
	struct trace *t = ctx;
	const struct gpio_line *line = &t->dev->bank.lines[number];

	begin(t, device_change_time(t->dev), "change");
	add_line(t, number);
	buffer_printf(&t->record.entry, ",\"value\":%d,\"direction\":\"%s\",\"trigger\":\"%s\"",
		      line->value, gpio_direction_name(line->direction),
		      gpio_trigger_name(line->trigger));
	buffer_printf(&t->record.entry, ",\"driver\":\"%s\"",
		      gpio_driver_name(gpio_driver(&t->dev->bank, number)));
	end(t);
}

static void on_session(void *ctx, bool begins)
{
	struct trace *t = ctx;

	begin(t, loop_now(), begins ? "session-begin" : "session-end");
	end(t);
}

static void on_marked(void *ctx, const char *text)
{
	struct trace *t = ctx;

	begin(t, loop_now(), "mark");
	buffer_printf(&t->record.entry, ",\"text\":");
	add_string(&t->record.entry, text);
	end(t);
}

/**
 * trace_open() - begin a record
 * @t: the record
 * @path: its file, replaced if it is there; the text must stay
 * @dev: the device
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int trace_open(struct trace *t, const char *path, struct device *dev, struct errmsg *err)
{
	*t = (struct trace){
		.dev = dev, .start_ns = loop_now(),
		.listener = { .changed = on_changed, .replied = on_replied,
			      .session = on_session, .marked = on_marked, .ctx = t },
	};
	if (record_open(&t->record, path, err)) {
		t->dev = NULL;
		return -1;
	}
	device_listen(dev, &t->listener);
	begin(t, t->start_ns, "start");
	buffer_printf(&t->record.entry, ",\"lines\":%u,\"seed\":%llu,\"monotonic\":%llu",
		      dev->bank.count, (unsigned long long)dev->faults.seed,
		      (unsigned long long)t->start_ns);
	end(t);
	return 0;
}

/**
 * trace_close() - end a record
 * @t: the record; nothing happens if there is none
 */
void trace_close(struct trace *t)
{
	if (!t->dev)
		return;
	device_unlisten(t->dev, &t->listener);
	record_close(&t->record);
	t->dev = NULL;
}
