/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scenarios: files with tests, which are lists of commands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

#define BLANKS	" \t"

static int out_of_memory(struct errmsg *err)
{
	return errmsg_set(err, "out of memory for the scenario");
}

static int add_test(struct scenario *s, const char *name, struct errmsg *err)
{
	struct scenario_test *tests = reallocarray(s->tests, s->count + 1, sizeof(*tests));

	if (!tests)
		return out_of_memory(err);
	s->tests = tests;
	tests[s->count] = (struct scenario_test){ .name = strdup(name) };
	return tests[s->count++].name ? 0 : out_of_memory(err);
}

static int add_step(struct scenario *s, const char *text, unsigned int number, struct errmsg *err)
{
	struct scenario_test *test = &s->tests[s->count - 1];
	struct scenario_step *steps = reallocarray(test->steps, test->count + 1, sizeof(*steps));

	if (!steps)
		return out_of_memory(err);
	test->steps = steps;
	steps[test->count] = (struct scenario_step){ .text = strdup(text), .number = number };
	return steps[test->count++].text ? 0 : out_of_memory(err);
}

/* The name is the rest of the line, without a comment. */
static int read_test(struct scenario *s, char *name, struct errmsg *err)
{
	size_t len;

	name[strcspn(name, "#")] = '\0';
	name += strspn(name, BLANKS);
	for (len = strlen(name); len && strchr(BLANKS, name[len - 1]); len--)
		name[len - 1] = '\0';
	if (!*name)
		return errmsg_set(err, "after \"test\" comes the name of a test");
	return add_test(s, name, err);
}

/* The reply to "watch" has no end, and the end of the simulator is no test. */
static int check_command(const char *text, struct errmsg *err)
{
	char copy[SCENARIO_MAX_LINE], *words[SCENARIO_MAX_LINE / 2];
	const char *word;

	strcpy(copy, text);
	if (split_words(copy, words, ARRAY_SIZE(words), err) < 0)
		return -1;
	word = words[0];
	if (!strcmp(word, "at") || !strcmp(word, "after"))
		return errmsg_set(err, "a scenario has no times; \"pause DURATION\" waits");
	if (!strcmp(word, "watch") || !strcmp(word, "quit"))
		return errmsg_set(err, "a scenario cannot \"%s\"", word);
	return 0;
}

static int read_line(struct scenario *s, char *text, unsigned int number, struct errmsg *err)
{
	char word[16] = "";

	text += strspn(text, BLANKS);
	if (!*text || *text == '#')
		return 0;
	sscanf(text, "%15s", word);
	if (!strcmp(word, "test"))
		return read_test(s, text + strlen("test"), err);
	if (check_command(text, err))
		return -1;
	if (!s->count && add_test(s, s->path, err))
		return -1;
	return add_step(s, text, number, err);
}

static int read_lines(struct scenario *s, FILE *file, struct errmsg *err)
{
	char text[SCENARIO_MAX_LINE];
	unsigned int number = 0;
	struct errmsg why;
	int ret;

	while ((ret = text_line(file, s->path, &number, text, sizeof(text), err)) > 0)
		if (read_line(s, text, number, &why))
			return errmsg_set(err, "%.200s:%u: %.256s", s->path, number, why.text);
	return ret;
}

static int check_tests(const struct scenario *s, struct errmsg *err)
{
	if (!s->count)
		return errmsg_set(err, "%.256s: there are no commands", s->path);
	for (size_t i = 0; i < s->count; i++)
		if (!s->tests[i].count)
			return errmsg_set(err, "%.200s: the test \"%.200s\" has no commands",
					  s->path, s->tests[i].name);
	return 0;
}

/**
 * scenario_read() - read a scenario
 * @s: the scenario; for scenario_free() also after an error
 * @path: its file; must stay
 * @err: what is wrong and where, if so
 *
 * Return: 0 or -1.
 */
int scenario_read(struct scenario *s, const char *path, struct errmsg *err)
{
	FILE *file = fopen(path, "re");
	int ret;

	*s = (struct scenario){ .path = path };
	if (!file)
		return errmsg_set(err, "cannot read %.256s: %s", path, strerror(errno));
	ret = read_lines(s, file, err);
	fclose(file);
	return ret ? ret : check_tests(s, err);
}

static void free_test(struct scenario_test *test)
{
	for (size_t i = 0; i < test->count; i++)
		free(test->steps[i].text);
	free(test->steps);
	free(test->name);
	free(test->error);
}

/**
 * scenario_free() - give the memory of a scenario back
 * @s: the scenario
 */
void scenario_free(struct scenario *s)
{
	for (size_t i = 0; i < s->count; i++)
		free_test(&s->tests[i]);
	free(s->tests);
}
