/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_LOG_H
#define VGPIO_LOG_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct log_limit - budget of one kind of message
 * @window_ns: when the current one-second window began
 * @printed: messages printed in the window
 * @dropped: messages left out in the window
 */
struct log_limit {
	uint64_t window_ns;
	unsigned int printed;
	unsigned int dropped;
};

extern bool log_is_verbose;

void log_set_verbose(bool on);
void log_set_sink(void (*sink)(void *ctx, const char *text), void *ctx);
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What happens, for those who asked with --verbose; nothing is made ready for others. */
#define log_verbose(...) \
	do { \
		if (log_is_verbose) \
			log_detail(__VA_ARGS__); \
	} while (0)

bool log_allowed(struct log_limit *limit);

#endif
