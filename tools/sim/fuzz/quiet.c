/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of a fuzzer: formats everything, prints nothing, never forgets. */
#include <stdarg.h>
#include <stdio.h>

#include "log.h"

static void discard(const char *fmt, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, args);
}

void log_set_verbose(bool on)
{
	(void)on;
}

void log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	discard(fmt, args);
	va_end(args);
}

bool log_is_verbose;

void log_detail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	discard(fmt, args);
	va_end(args);
}

bool log_allowed(struct log_limit *limit)
{
	(void)limit;
	return true;
}
