/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several boards on one command line: options after a --socket belong to its
 * board, those before the first one to all boards.
 */
#include <stdlib.h>
#include <string.h>

#include "boards.h"

/* The value of a long option: behind a "=", or the next word. */
static const char *option_value(char **argv, int argc, int i, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(argv[i], name, len))
		return NULL;
	if (argv[i][len] == '=')
		return argv[i] + len + 1;
	return argv[i][len] || i + 1 >= argc ? NULL : argv[i + 1];
}

static bool begins_board(const char *word)
{
	static const char *const names[] = { "--socket", "--socket-path", "--fd" };
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (len == strlen(names[i]) && !strncmp(word, names[i], len))
			return true;
	return false;
}

/* An option's value may look like an option: it is stepped over. */
static int next_board(int argc, char **argv, int i)
{
	while (i < argc && !begins_board(argv[i]))
		i += config_takes_value(argv[i]) ? 2 : 1;
	return i < argc ? i : argc;
}

static const char *find_name(int argc, char **argv)
{
	const char *name = NULL;

	for (int i = 0; i < argc; i += config_takes_value(argv[i]) ? 2 : 1)
		name = option_value(argv, argc, i, "--board") ?: name;
	return name;
}

static int check_name(const struct boards *boards, const char *name, struct errmsg *err)
{
	if (!*name || strpbrk(name, " \t\"\\#@") || strspn(name, "0123456789") == strlen(name))
		return errmsg_set(err, "--board %.64s: a name has no blanks, quotes, # or @, and is "
				  "no number", name);
	if (boards_find(boards->names, boards->count, name) >= 0)
		return errmsg_set(err, "--board %.64s: two boards have this name", name);
	return 0;
}

static int add_name(struct boards *boards, int argc, char **argv, struct errmsg *err)
{
	const char *name = find_name(argc, argv);

	if (boards->count == BOARDS_MAX)
		return errmsg_set(err, "more than %d boards", BOARDS_MAX);
	if (name && check_name(boards, name, err))
		return -1;
	boards->names[boards->count++] = name;
	return 0;
}

static int find_boards(struct boards *boards, int argc, char **argv, int first,
		       struct errmsg *err)
{
	for (int i = first; i < argc; ) {
		int end = next_board(argc, argv, i + 1);

		if (add_name(boards, end - i, argv + i, err))
			return -1;
		i = end;
	}
	return boards->count ? 0 : add_name(boards, 0, NULL, err);
}

/* The words for all boards, then those for this one. */
static int parse_board(struct boards *boards, unsigned int i, char **argv, int common,
		       char **own, int own_count, struct errmsg *err)
{
	struct config *cfg = &boards->configs[i];
	char **words = calloc(common + own_count + 1, sizeof(*words));
	int ret;

	if (!words)
		return errmsg_set(err, "out of memory for the command line");
	memcpy(words, argv, common * sizeof(*words));
	if (own_count)
		memcpy(words + common, own, own_count * sizeof(*words));
	ret = config_parse_board(cfg, boards->names, boards->count, i, common + own_count, words,
				 err);
	free(words);
	return ret;
}

/* The files that all boards write, as one list; NULL for one that there is not. */
static const char *record_path(const struct boards *boards, unsigned int i)
{
	const struct config *cfg = &boards->configs[i / 3];
	const char *const paths[] = { cfg->trace, cfg->vcd, cfg->state };

	return paths[i % 3];
}

static int check_records(const struct boards *boards, struct errmsg *err)
{
	for (unsigned int i = 0; i < 3 * boards->count; i++) {
		const char *path = record_path(boards, i);

		for (unsigned int j = 0; path && j < i; j++)
			if (record_path(boards, j) && !strcmp(path, record_path(boards, j)))
				return errmsg_set(err, "%.256s would be two records; give each "
						  "--trace, --vcd and --state a file of its own, "
						  "after the --socket of its board", path);
	}
	return 0;
}

/**
 * boards_parse() - read the command line
 * @boards: what it says; for boards_free() also after an error
 * @argc: number of arguments
 * @argv: the arguments; must stay while @boards is used
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int boards_parse(struct boards *boards, int argc, char **argv, struct errmsg *err)
{
	int first = next_board(argc, argv, 1), at = first;

	boards->count = 0;
	if (find_boards(boards, argc, argv, first, err))
		return -1;
	for (unsigned int i = 0; i < boards->count; i++) {
		int end = at < argc ? next_board(argc, argv, at + 1) : argc;

		if (parse_board(boards, i, argv, first, argv + at, end - at, err))
			return -1;
		at = end;
	}
	return check_records(boards, err);
}

/**
 * boards_find() - the board that a word means
 * @names: the boards' names; NULL for one without
 * @count: number of boards
 * @text: a name or a number
 *
 * Return: its number, or -1 if there is none.
 */
int boards_find(const char *const *names, unsigned int count, const char *text)
{
	unsigned int number;

	for (unsigned int i = 0; i < count; i++)
		if (names[i] && !strcmp(names[i], text))
			return i;
	return parse_uint(text, &number) && number < count ? (int)number : -1;
}

/**
 * boards_free() - give the memory of all configurations back
 * @boards: the boards
 */
void boards_free(struct boards *boards)
{
	for (unsigned int i = 0; i < boards->count; i++)
		config_free(&boards->configs[i]);
}
