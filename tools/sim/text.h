/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEXT_H
#define VGPIO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct errmsg - room for one line that says what is wrong and what to do
 * @text: the line, without a newline
 */
struct errmsg {
	char text[512];
};

void errmsg_store(struct errmsg *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Stores an error text and is -1, so that a caller can return it at once. */
#define errmsg_set(...)	(errmsg_store(__VA_ARGS__), -1)

int text_line(FILE *file, const char *path, unsigned int *number, char *line, size_t size,
	      struct errmsg *err);
bool parse_uint(const char *text, unsigned int *value);
bool parse_level(const char *text, bool *level);
bool parse_duration(const char *text, uint64_t *ns);
const char *text_nearest(const char *word, const char *const *known, size_t count);
void text_shorten(char *to, size_t size, const char *text);
int split_words(char *line, char **words, int max, struct errmsg *err);

/**
 * struct buffer - bytes that are added at the end and taken from the front
 * @data: the storage, of @max bytes; NULL while there was nothing to store
 * @start: offset of the first byte that is still wanted
 * @len: number of wanted bytes
 * @max: most bytes it may hold
 * @overflow: bytes had to be refused; the content is not to be trusted
 */
struct buffer {
	char *data;
	size_t start;
	size_t len;
	size_t max;
	bool overflow;
};

void buffer_add(struct buffer *buf, const void *data, size_t len);
void buffer_printf(struct buffer *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void buffer_quote(struct buffer *buf, const char *text);
void buffer_take(struct buffer *buf, size_t len);
void buffer_free(struct buffer *buf);

/**
 * buffer_head() - the first wanted byte
 * @buf: the buffer
 *
 * Return: a pointer to @buf->len bytes; NULL if nothing was ever added.
 */
static inline char *buffer_head(struct buffer *buf)
{
	return buf->data ? buf->data + buf->start : NULL;
}

#endif
