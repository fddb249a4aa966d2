/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line. Options after a --socket belong to its board, those before
 * the first one to all boards.
 */
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/**
 * struct option_entry - an option of the command line
 * @name: without the dashes
 * @has_arg: required_argument or no_argument
 * @handle: what it does; NULL for the file, which is read before all else
 * @place: the field of the configuration that it sets
 */
struct option_entry {
	const char *name;
	int has_arg;
	int (*handle)(struct config *cfg, const struct option_entry *option, const char *arg,
		      struct errmsg *err);
	size_t place;
};

static void *field(struct config *cfg, const struct option_entry *option)
{
	return (char *)cfg + option->place;
}

static struct config_origin origin_of(const struct option_entry *option)
{
	return (struct config_origin){ .where = option->name };
}

static int set_text(struct config *cfg, const struct option_entry *option, const char *arg,
		    struct errmsg *err)
{
	(void)err;
	*(const char **)field(cfg, option) = arg;
	return 0;
}

static int set_flag(struct config *cfg, const struct option_entry *option, const char *arg,
		    struct errmsg *err)
{
	(void)arg;
	(void)err;
	*(bool *)field(cfg, option) = true;
	return 0;
}

static int set_fd(struct config *cfg, const struct option_entry *option, const char *arg,
		  struct errmsg *err)
{
	unsigned int number;

	if (!parse_uint(arg, &number) || number > INT_MAX)
		return errmsg_set(err, "--%s %.64s: must be the number of a descriptor",
				  option->name, arg);
	*(int *)field(cfg, option) = number;
	return 0;
}

static int set_mode(struct config *cfg, const struct option_entry *option, const char *arg,
		    struct errmsg *err)
{
	char *end;
	unsigned long mode = strtoul(arg, &end, 8);

	if (*arg < '0' || *arg > '7' || *end || mode > 0777)
		return errmsg_set(err, "--%s %.64s: must be octal, 0 to 777, such as 660",
				  option->name, arg);
	*(unsigned int *)field(cfg, option) = mode;
	return 0;
}

/* The place is none: it is what to do. */
static int set_action(struct config *cfg, const struct option_entry *option, const char *arg,
		      struct errmsg *err)
{
	(void)arg;
	(void)err;
	cfg->action = option->place;
	return 0;
}

/* Cuts "LINE=VALUE" and returns VALUE. */
static const char *cut_line_number(const char *text, unsigned int *line)
{
	size_t digits = strspn(text, "0123456789");
	char number[12];

	if (text[digits] != '=' || digits >= sizeof(number))
		return NULL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	return parse_uint(number, line) ? text + digits + 1 : NULL;
}

static int set_lines(struct config *cfg, const struct option_entry *option, const char *arg,
		     struct errmsg *err)
{
	struct errmsg why;

	(void)option;
	if (config_set_lines(cfg, arg, &why))
		return errmsg_set(err, "--lines: %s", why.text);
	return 0;
}

static int set_name(struct config *cfg, const struct option_entry *option, const char *arg,
		    struct errmsg *err)
{
	unsigned int line;
	const char *name = cut_line_number(arg, &line);

	if (!name)
		return errmsg_set(err, "--name %.64s: must be LINE=NAME, such as 3=Reset", arg);
	return config_add_name(cfg, line, name, origin_of(option), err);
}

static int set_level(struct config *cfg, const struct option_entry *option, const char *arg,
		     struct errmsg *err)
{
	unsigned int line;
	const char *text = cut_line_number(arg, &line);
	bool level;

	if (!text || !parse_level(text, &level))
		return errmsg_set(err, "--level %.64s: must be LINE=0 or LINE=1", arg);
	return config_add_level(cfg, line, level, origin_of(option), err);
}

static int set_names(struct config *cfg, const struct option_entry *option, const char *arg,
		     struct errmsg *err)
{
	char *copy = strdup(arg), *rest = copy, *name;
	int ret = copy ? 0 : errmsg_set(err, "out of memory for the names");

	for (unsigned int line = 0; !ret && (name = strsep(&rest, ",")); line++)
		if (*name)
			ret = config_add_name(cfg, line, name, origin_of(option), err);
	free(copy);
	return ret;
}

static int set_fault(struct config *cfg, const struct option_entry *option, const char *arg,
		     struct errmsg *err)
{
	return config_add_fault(cfg, arg, origin_of(option), err);
}

static int set_seed(struct config *cfg, const struct option_entry *option, const char *arg,
		    struct errmsg *err)
{
	struct errmsg why;

	(void)option;
	if (config_set_seed(cfg, arg, &why))
		return errmsg_set(err, "--seed: %.256s", why.text);
	return 0;
}

static int set_group(struct config *cfg, const struct option_entry *option, const char *arg,
		     struct errmsg *err)
{
	const struct group *group = getgrnam(arg);

	(void)option;
	if (group)
		cfg->group = group->gr_gid;
	else if (!parse_uint(arg, &cfg->group))
		return errmsg_set(err, "--group %.64s: there is no such group", arg);
	return 0;
}

/* Names are looked for before all else: see find_name(). */
static int set_board(struct config *cfg, const struct option_entry *option, const char *arg,
		     struct errmsg *err)
{
	(void)option;
	if (cfg->names && cfg->names[cfg->board])
		return 0;
	return errmsg_set(err, "--board %.64s: comes after the --socket of its board", arg);
}

#define TEXT(field)	set_text, offsetof(struct config, field)
#define FLAG(field)	set_flag, offsetof(struct config, field)
#define FD(field)	set_fd, offsetof(struct config, field)
#define MODE(field)	set_mode, offsetof(struct config, field)

static const struct option_entry entries[] = {
	{ "socket", required_argument, TEXT(socket) },
	{ "socket-path", required_argument, TEXT(socket) },
	{ "fd", required_argument, FD(fd) },
	{ "socket-mode", required_argument, MODE(socket_mode) },
	{ "board", required_argument, set_board, 0 },
	{ "control", required_argument, TEXT(control) },
	{ "control-mode", required_argument, MODE(control_mode) },
	{ "group", required_argument, set_group, 0 },
	{ "lines", required_argument, set_lines, 0 },
	{ "name", required_argument, set_name, 0 },
	{ "names", required_argument, set_names, 0 },
	{ "level", required_argument, set_level, 0 },
	/* The file is read first, whatever its place, so that options win. */
	{ "config", required_argument, NULL, 0 },
	{ "fault", required_argument, set_fault, 0 },
	{ "seed", required_argument, set_seed, 0 },
	{ "trace", required_argument, TEXT(trace) },
	{ "vcd", required_argument, TEXT(vcd) },
	{ "state", required_argument, TEXT(state) },
	{ "play", required_argument, TEXT(play) },
	{ "interactive", no_argument, FLAG(interactive) },
	{ "ready-fd", required_argument, FD(ready_fd) },
	{ "no-irq", no_argument, FLAG(no_irq) },
	{ "once", no_argument, FLAG(once) },
	{ "strict", no_argument, FLAG(strict) },
	{ "verbose", no_argument, FLAG(verbose) },
	{ "print-capabilities", no_argument, set_action, CONFIG_CAPABILITIES },
	{ "help", no_argument, set_action, CONFIG_HELP },
	{ "version", no_argument, set_action, CONFIG_VERSION },
};

static void fill_options(struct option *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		options[i] = (struct option){ .name = entries[i].name,
					      .has_arg = entries[i].has_arg };
	options[ARRAY_SIZE(entries)] = (struct option){ 0 };
}

static int unknown_option(const char *word, struct errmsg *err)
{
	const char *known[ARRAY_SIZE(entries)], *nearest;
	char name[32] = "";

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		known[i] = entries[i].name;
	sscanf(word, "--%31[^=]", name);
	nearest = text_nearest(name, known, ARRAY_SIZE(known));
	if (nearest)
		return errmsg_set(err, "%.64s is no option; did you mean --%s?", word, nearest);
	return errmsg_set(err, "%.64s is no option; see --help", word);
}

static const struct option_entry *find_option(const char *word)
{
	size_t len = strcspn(word, "=");

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		if (!strncmp(word, "--", 2) && len == strlen(entries[i].name) + 2 &&
		    !strncmp(word + 2, entries[i].name, len - 2))
			return &entries[i];
	return NULL;
}

/* What getopt_long() would take, or not tell from another error. */
static int check_option(const char *word, struct errmsg *err)
{
	const struct option_entry *entry = find_option(word);

	if (word[0] != '-' || !word[1] || !strcmp(word, "--") || !strcmp(word, "-h"))
		return 0;
	if (!entry)
		return unknown_option(word, err);
	if (strchr(word, '=') && entry->has_arg == no_argument)
		return errmsg_set(err, "--%s takes no value", entry->name);
	return 0;
}

static int use_option(struct config *cfg, const struct option_entry *entry, bool files,
		      struct errmsg *err)
{
	if (files && !entry->handle) {
		cfg->file = optarg;
		return config_read_file(cfg, optarg, err);
	}
	return !files && entry->handle ? entry->handle(cfg, entry, optarg, err) : 0;
}

/* Walks the command line once: for the file, or for everything else. */
static int walk_options(struct config *cfg, int argc, char **argv, bool files,
			struct errmsg *err)
{
	struct option options[ARRAY_SIZE(entries) + 1];
	int result = 0, index = 0;

	fill_options(options);
	optind = 0;
	opterr = 0;
	while (result != -1) {
		const char *word = argv[optind ?: 1];

		if (word && check_option(word, err))
			return -1;
		result = getopt_long(argc, argv, "+:h", options, &index);
		if (result == ':')
			return errmsg_set(err, "%.64s needs a value; see --help", word);
		if (result == 'h')
			cfg->action = CONFIG_HELP;
		if (!result && use_option(cfg, &entries[index], files, err))
			return -1;
	}
	if (optind < argc)
		return errmsg_set(err, "unexpected argument \"%.64s\"; see --help", argv[optind]);
	return 0;
}

static bool takes_value(const char *word)
{
	const struct option_entry *entry = find_option(word);

	return entry && entry->has_arg == required_argument && !strchr(word, '=');
}

/* A board's part of the command line, and the file that it names. */
static int parse_part(struct config *cfg, const char *const *names, unsigned int boards,
		      unsigned int board, int argc, char **argv, struct errmsg *err)
{
	*cfg = (struct config){
		.lines = CONFIG_DEFAULT_LINES, .names = names, .boards = boards, .board = board,
		.fd = -1, .ready_fd = -1, .socket_mode = CONFIG_NO_MODE, .control_mode = 0600,
		.group = -1,
	};
	if (walk_options(cfg, argc, argv, true, err) || walk_options(cfg, argc, argv, false, err))
		return -1;
	if (cfg->action == CONFIG_RUN && !cfg->socket && cfg->fd < 0)
		return errmsg_set(err, "--socket PATH is missing; see --help");
	return 0;
}

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
		i += takes_value(argv[i]) ? 2 : 1;
	return i < argc ? i : argc;
}

static const char *find_name(int argc, char **argv)
{
	const char *name = NULL;

	for (int i = 0; i < argc; i += takes_value(argv[i]) ? 2 : 1)
		name = option_value(argv, argc, i, "--board") ?: name;
	return name;
}

static int check_name(const struct options *options, const char *name, struct errmsg *err)
{
	if (!*name || strpbrk(name, " \t\"\\#@") || strspn(name, "0123456789") == strlen(name))
		return errmsg_set(err, "--board %.64s: a name has no blanks, quotes, # or @, and is "
				  "no number", name);
	if (config_find_board(options->names, options->count, name) >= 0)
		return errmsg_set(err, "--board %.64s: two boards have this name", name);
	return 0;
}

static int add_board(struct options *options, int argc, char **argv, struct errmsg *err)
{
	const char *name = find_name(argc, argv);

	if (options->count == OPTIONS_MAX_BOARDS)
		return errmsg_set(err, "more than %d boards", OPTIONS_MAX_BOARDS);
	if (name && check_name(options, name, err))
		return -1;
	options->names[options->count++] = name;
	return 0;
}

static int find_boards(struct options *options, int argc, char **argv, int first,
		       struct errmsg *err)
{
	for (int i = first; i < argc; ) {
		int end = next_board(argc, argv, i + 1);

		if (add_board(options, end - i, argv + i, err))
			return -1;
		i = end;
	}
	return options->count ? 0 : add_board(options, 0, NULL, err);
}

/* The words for all boards, then those for this one. */
static int parse_board(struct options *options, unsigned int i, char **argv, int common,
		       char **own, int own_count, struct errmsg *err)
{
	struct config *cfg = &options->configs[i];
	char **words = calloc(common + own_count + 1, sizeof(*words));
	int ret;

	if (!words)
		return errmsg_set(err, "out of memory for the command line");
	memcpy(words, argv, common * sizeof(*words));
	if (own_count)
		memcpy(words + common, own, own_count * sizeof(*words));
	ret = parse_part(cfg, options->names, options->count, i, common + own_count, words,
				 err);
	free(words);
	return ret;
}

/* The files that all boards write, as one list; NULL for one that there is not. */
static const char *record_path(const struct options *options, unsigned int i)
{
	const struct config *cfg = &options->configs[i / 3];
	const char *const paths[] = { cfg->trace, cfg->vcd, cfg->state };

	return paths[i % 3];
}

static bool is_read(const struct options *options, const char *path)
{
	for (unsigned int i = 0; i < options->count; i++) {
		const struct config *cfg = &options->configs[i];

		if ((cfg->file && !strcmp(path, cfg->file)) ||
		    (cfg->play && !strcmp(path, cfg->play)))
			return true;
	}
	return false;
}

static int check_records(const struct options *options, struct errmsg *err)
{
	for (unsigned int i = 0; i < 3 * options->count; i++) {
		const char *path = record_path(options, i);

		if (path && is_read(options, path))
			return errmsg_set(err, "%.256s would be read and replaced; give --trace, --vcd "
					  "and --state other files than --config and --play", path);
		for (unsigned int j = 0; path && j < i; j++)
			if (record_path(options, j) && !strcmp(path, record_path(options, j)))
				return errmsg_set(err, "%.256s would be two records; give each "
						  "--trace, --vcd and --state a file of its own, "
						  "after the --socket of its board", path);
	}
	return 0;
}

/**
 * options_parse() - read the command line
 * @options: what it says; for options_free() also after an error
 * @argc: number of arguments
 * @argv: the arguments; must stay while @options is used
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int options_parse(struct options *options, int argc, char **argv, struct errmsg *err)
{
	int first = next_board(argc, argv, 1), at = first;

	options->count = 0;
	if (find_boards(options, argc, argv, first, err))
		return -1;
	for (unsigned int i = 0; i < options->count; i++) {
		int end = at < argc ? next_board(argc, argv, at + 1) : argc;

		if (parse_board(options, i, argv, first, argv + at, end - at, err))
			return -1;
		at = end;
	}
	return check_records(options, err);
}

/**
 * options_free() - give the memory of all configurations back
 * @options: the boards
 */
void options_free(struct options *options)
{
	for (unsigned int i = 0; i < options->count; i++)
		config_free(&options->configs[i]);
}
