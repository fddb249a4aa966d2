/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small helpers: error texts, parsing of words and numbers, byte buffers. */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define DURATION_MAX_S	86400ull

/**
 * errmsg_store() - store an error text
 * @err: where to; may be NULL
 * @fmt: printf format
 */
void errmsg_store(struct errmsg *err, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
}

/**
 * text_line() - read a line of a file that a person wrote
 * @file: the file
 * @path: its name, for messages
 * @number: number of the line before; counted up
 * @line: takes the line, without its end
 * @size: room in @line
 * @err: what is wrong and where, if so
 *
 * Return: 1 if there was a line, 0 at the end, -1 if there is something wrong.
 */
int text_line(FILE *file, const char *path, unsigned int *number, char *line, size_t size,
	      struct errmsg *err)
{
	size_t len;

	if (!fgets(line, size, file)) {
		if (ferror(file))
			return errmsg_set(err, "cannot read %.256s: %s", path, strerror(errno));
		return 0;
	}
	++*number;
	len = strlen(line);
	if ((!len || line[len - 1] != '\n') && !feof(file))
		return errmsg_set(err, "%.200s:%u: a line is text of at most %zu characters", path,
				  *number, size - 2);
	line[strcspn(line, "\r\n")] = '\0';
	return 1;
}

/**
 * parse_uint() - read a decimal number that fills the whole text
 * @text: digits only, no sign or blank
 * @value: the number
 *
 * Return: false, with @value untouched, if the text is no such number.
 */
bool parse_uint(const char *text, unsigned int *value)
{
	unsigned long long number;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || number > UINT_MAX)
		return false;
	*value = number;
	return true;
}

/**
 * parse_level() - read a line level
 * @text: "0" or "1"
 * @level: the level
 *
 * Return: false if the text is neither.
 */
bool parse_level(const char *text, bool *level)
{
	if ((text[0] != '0' && text[0] != '1') || text[1])
		return false;
	*level = text[0] == '1';
	return true;
}

/**
 * parse_duration() - read a duration
 * @text: a decimal number with one of the units us, ms, s
 * @ns: the duration in nanoseconds
 *
 * Return: false if the text is no duration, is zero, or is longer than a day.
 */
bool parse_duration(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {
		{ "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 },
	};
	size_t digits = strspn(text, "0123456789");
	char number[12];
	unsigned int count;

	if (digits >= sizeof(number))
		return false;
	memcpy(number, text, digits);
	number[digits] = '\0';
	if (!parse_uint(number, &count) || !count)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(text + digits, units[i].unit))
			continue;
		*ns = count * units[i].ns;
		return *ns <= DURATION_MAX_S * 1000000000ull;
	}
	return false;
}

#define MAX_TYPED	32

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many characters have to be changed, added or left out (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	size_t row[MAX_TYPED + 1], len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t above = row[j];

			row[j] = least(diagonal + (a[i - 1] != b[j - 1]),
				       least(above, row[j - 1]) + 1);
			diagonal = above;
		}
	}
	return row[len];
}

/**
 * text_nearest() - what a person may have meant
 * @word: a word that is not known
 * @known: the words that are; each has at most 32 characters
 * @count: number of @known
 *
 * Return: the nearest one, or NULL if none is near.
 */
const char *text_nearest(const char *word, const char *const *known, size_t count)
{
	size_t len = strlen(word), best = 1 + len / 5;
	const char *nearest = NULL;

	for (size_t i = 0; i < count && len <= MAX_TYPED; i++) {
		size_t far = distance(word, known[i]);

		if (far < best + !nearest) {
			best = far;
			nearest = known[i];
		}
	}
	return nearest;
}

/**
 * text_shorten() - copy as much of a text as fits, in whole characters of UTF-8
 * @to: takes the copy
 * @size: room in @to
 * @text: the text
 */
void text_shorten(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		for (len = size - 1; len && (text[len] & 0xc0) == 0x80; len--)
			;
	memcpy(to, text, len);
	to[len] = '\0';
}

/* Removes the quotes of the word at *pos and moves *pos behind it. */
static int take_quoted(char **pos, struct errmsg *err)
{
	char *in = *pos + 1, *out = *pos;

	while (*in && *in != '"') {
		if (*in == '\\' && in[1])
			in++;
		*out++ = *in++;
	}
	if (!*in)
		return errmsg_set(err, "a quote (\") is not closed");
	in++;
	if (*in && *in != ' ' && *in != '\t')
		return errmsg_set(err, "a blank is missing after a closing quote (\")");
	*pos = *in ? in + 1 : in;
	*out = '\0';
	return 0;
}

static void take_plain(char **pos)
{
	char *end = *pos + strcspn(*pos, " \t");

	*pos = *end ? end + 1 : end;
	*end = '\0';
}

/**
 * split_words() - cut a line into words, in place
 * @line: the line; words are separated by blanks and may be quoted with ",
 *	  where a backslash keeps the next character; '#' begins a comment
 * @words: the words
 * @max: room in @words
 * @err: what is wrong, if so
 *
 * Return: number of words, or -1.
 */
int split_words(char *line, char **words, int max, struct errmsg *err)
{
	int count = 0;

	for (;;) {
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			return count;
		if (count == max)
			return errmsg_set(err, "too many words (at most %d)", max);
		words[count++] = line;
		if (*line != '"')
			take_plain(&line);
		else if (take_quoted(&line, err))
			return -1;
	}
}

/**
 * buffer_add() - append bytes
 * @buf: the buffer; @buf->overflow is set if they do not fit
 * @data: the bytes
 * @len: their number
 */
void buffer_add(struct buffer *buf, const void *data, size_t len)
{
	if (buf->overflow || !len)
		return;
	if (!buf->data)
		buf->data = malloc(buf->max);
	if (!buf->data || len > buf->max - buf->len) {
		buf->overflow = true;
		return;
	}
	if (buf->start + buf->len + len > buf->max) {
		memmove(buf->data, buf->data + buf->start, buf->len);
		buf->start = 0;
	}
	memcpy(buf->data + buf->start + buf->len, data, len);
	buf->len += len;
}

/**
 * buffer_printf() - append formatted text
 * @buf: the buffer
 * @fmt: printf format; the result must be shorter than 1024 bytes
 */
void buffer_printf(struct buffer *buf, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text))
		buf->overflow = true;
	else
		buffer_add(buf, text, len);
}

/**
 * buffer_quote() - append a word as split_words() reads it back
 * @buf: the buffer
 * @text: the word
 */
void buffer_quote(struct buffer *buf, const char *text)
{
	buffer_add(buf, "\"", 1);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_add(buf, "\\", 1);
		buffer_add(buf, text, 1);
	}
	buffer_add(buf, "\"", 1);
}

/**
 * buffer_take() - drop bytes from the front
 * @buf: the buffer
 * @len: how many, at most @buf->len
 */
void buffer_take(struct buffer *buf, size_t len)
{
	buf->start += len;
	buf->len -= len;
	if (!buf->len)
		buf->start = 0;
}

/**
 * buffer_free() - give the storage back
 * @buf: the buffer, empty afterwards
 */
void buffer_free(struct buffer *buf)
{
	free(buf->data);
	*buf = (struct buffer){ .max = buf->max };
}
