/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages for the person who runs the simulator. They go to standard error,
 * which leaves standard output to the one line that says it is ready.
 */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "log.h"

#define LOG_PER_SECOND	10
#define NS_PER_SECOND	1000000000ull

#define LOG_MAX_TEXT	1024

bool log_is_verbose;
static void (*log_sink)(void *ctx, const char *text);
static void *log_sink_ctx;

/**
 * log_set_verbose() - turn the messages of log_verbose() on or off
 * @on: print them
 */
void log_set_verbose(bool on)
{
	log_is_verbose = on;
}

/**
 * log_set_sink() - let messages go elsewhere than to standard error
 * @sink: called with each; NULL for standard error again
 * @ctx: for @sink
 */
void log_set_sink(void (*sink)(void *ctx, const char *text), void *ctx)
{
	log_sink = sink;
	log_sink_ctx = ctx;
}

static void log_line(const char *fmt, va_list args)
{
	char text[LOG_MAX_TEXT];

	if (log_sink) {
		vsnprintf(text, sizeof(text), fmt, args);
		log_sink(log_sink_ctx, text);
		return;
	}
	fputs("vgpio-sim: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

/**
 * log_error() - say what went wrong
 * @fmt: printf format, without prefix and newline
 */
void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(fmt, args);
	va_end(args);
}

/**
 * log_detail() - say what happens; log_verbose() asks first whether to
 * @fmt: printf format, without prefix and newline
 */
void log_detail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_line(fmt, args);
	va_end(args);
}

static uint64_t log_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NS_PER_SECOND + ts.tv_nsec;
}

/**
 * log_allowed() - may a message that a guest can provoke be printed now?
 * @limit: the budget of this kind of message
 *
 * Return: true for the first few calls of every second.
 */
bool log_allowed(struct log_limit *limit)
{
	uint64_t now = log_now();

	if (now - limit->window_ns >= NS_PER_SECOND) {
		if (limit->dropped)
			log_error("%u messages of the same kind left out", limit->dropped);
		*limit = (struct log_limit){ .window_ns = now };
	}
	if (limit->printed < LOG_PER_SECOND) {
		limit->printed++;
		return true;
	}
	limit->dropped++;
	return false;
}
