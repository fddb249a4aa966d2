/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports in the format of JUnit, which CI systems read. */
#include <errno.h>
#include <string.h>

#include "junit.h"

/* May XML have this character? */
static bool is_allowed(uint32_t code)
{
	if (code < ' ')
		return code == '\n' || code == '\t';
	if (code >= 0xd800 && code <= 0xdfff)
		return false;
	return code <= 0x10ffff && code != 0xfffe && code != 0xffff;
}

/* Length of the character in UTF-8, or 0 if it is none that XML may have. */
static size_t character(const unsigned char *text)
{
	/* How the first byte begins, and the least code that needs this length. */
	static const struct {
		unsigned char mask;
		unsigned char lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};

	for (size_t len = 1; len <= ARRAY_SIZE(forms); len++) {
		uint32_t code = *text & ~forms[len - 1].mask;

		if ((*text & forms[len - 1].mask) != forms[len - 1].lead)
			continue;
		for (size_t i = 1; i < len; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (text[i] & 0x3f);
		}
		return code >= forms[len - 1].least && is_allowed(code) ? len : 0;
	}
	return 0;
}

static void write_text(FILE *file, const char *text)
{
	static const char special[] = "&<>\"";
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;" };

	for (size_t len; *text; text += len ?: 1) {
		const char *found = strchr(special, *text);

		len = character((const unsigned char *)text);
		if (found)
			fputs(entities[found - special], file);
		else if (len)
			fwrite(text, 1, len, file);
		else
			fputc('?', file);
	}
}

static void write_attribute(FILE *file, const char *name, const char *text, size_t len)
{
	char value[SCENARIO_MAX_LINE];

	snprintf(value, sizeof(value), "%.*s", (int)len, text);
	fprintf(file, " %s=\"", name);
	write_text(file, value);
	fputc('"', file);
}

static void write_failure(FILE *file, const struct scenario *s, const struct scenario_test *test)
{
	fputs("      <failure type=\"expectation\"", file);
	write_attribute(file, "message", test->error, strcspn(test->error, "\n"));
	fputc('>', file);
	write_text(file, s->path);
	fprintf(file, ":%u: ", test->failed->number);
	write_text(file, test->failed->text);
	fputc('\n', file);
	write_text(file, test->error);
	fputs("</failure>\n", file);
}

static void write_test(FILE *file, const struct scenario *s, const struct scenario_test *test)
{
	fputs("    <testcase", file);
	write_attribute(file, "classname", s->path, strlen(s->path));
	write_attribute(file, "name", test->name, strlen(test->name));
	write_attribute(file, "file", s->path, strlen(s->path));
	fprintf(file, " line=\"%u\" time=\"%.3f\"%s>\n", test->steps[0].number, test->seconds,
		test->failed ? "" : "/");
	if (!test->failed)
		return;
	write_failure(file, s, test);
	fputs("    </testcase>\n", file);
}

static void write_suite(FILE *file, const struct scenario *s)
{
	double seconds = 0;
	size_t failed = 0;

	for (size_t i = 0; i < s->count; i++) {
		failed += s->tests[i].failed != NULL;
		seconds += s->tests[i].seconds;
	}
	fputs("  <testsuite", file);
	write_attribute(file, "name", s->path, strlen(s->path));
	fprintf(file, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"0\" time=\"%.3f\">\n",
		s->count, failed, seconds);
	for (size_t i = 0; i < s->count; i++)
		write_test(file, s, &s->tests[i]);
	fputs("  </testsuite>\n", file);
}

/**
 * junit_open() - begin a report, so that none of an earlier run is left
 * @path: its file, replaced if it is there
 * @err: what is wrong, if so
 *
 * Return: the report, for junit_write() or fclose(); or NULL.
 */
FILE *junit_open(const char *path, struct errmsg *err)
{
	FILE *file = fopen(path, "we");

	if (!file)
		errmsg_store(err, "cannot write %.256s: %s", path, strerror(errno));
	return file;
}

/**
 * junit_write() - write a report, and close its file
 * @file: the report
 * @path: its file
 * @list: scenarios that were run
 * @count: number of @list
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int junit_write(FILE *file, const char *path, const struct scenario *list, size_t count,
		struct errmsg *err)
{
	bool failed;

	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", file);
	for (size_t i = 0; i < count; i++)
		write_suite(file, &list[i]);
	fputs("</testsuites>\n", file);
	failed = ferror(file);
	if (fclose(file) || failed)
		return errmsg_set(err, "cannot write %.256s: %s", path, strerror(errno));
	return 0;
}
