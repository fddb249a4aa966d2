/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line, and the configuration file that it may name. */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boards.h"
#include "config.h"

#define MAX_WORDS	12
#define FAULT_MAX_TEXT	1024

static int no_memory(struct errmsg *err)
{
	return errmsg_set(err, "out of memory for the configuration");
}

static struct config_origin option(const char *name)
{
	return (struct config_origin){ .where = name };
}

/* The same error, with its place. */
static int wrong_at(struct config_origin origin, const struct errmsg *why, struct errmsg *err)
{
	if (origin.number)
		return errmsg_set(err, "%.200s:%u: %.256s", origin.where, origin.number, why->text);
	return errmsg_set(err, "%s: %.256s", origin.where, why->text);
}

static int reserve_said(struct config *cfg, struct errmsg *err)
{
	struct config_line *said;

	if (cfg->said_count == CONFIG_MAX_SAID)
		return errmsg_set(err, "more than %u properties of lines", CONFIG_MAX_SAID);
	if (cfg->said_count < cfg->said_room)
		return 0;
	said = reallocarray(cfg->said, 2 * cfg->said_room + 16, sizeof(*said));
	if (!said)
		return no_memory(err);
	cfg->said = said;
	cfg->said_room = 2 * cfg->said_room + 16;
	return 0;
}

/* Adds a copy of @line with a copy of its text. */
static int add_said(struct config *cfg, const struct config_line *line, struct config_origin origin,
		    struct errmsg *err)
{
	struct config_line *said;

	if (reserve_said(cfg, err))
		return -1;
	said = &cfg->said[cfg->said_count];
	*said = *line;
	said->origin = origin;
	said->text = line->text ? strdup(line->text) : NULL;
	if (line->text && !said->text)
		return no_memory(err);
	cfg->said_count++;
	return 0;
}

static int add_name(struct config *cfg, unsigned int line, const char *name, struct config_origin origin,
		    struct errmsg *err)
{
	struct config_line said = { .line = line, .property = CONFIG_NAME, .text = (char *)name };

	return add_said(cfg, &said, origin, err);
}

static int add_level(struct config *cfg, unsigned int line, bool level, struct config_origin origin,
		     struct errmsg *err)
{
	struct config_line said = { .line = line, .property = CONFIG_LEVEL, .level = level };

	return add_said(cfg, &said, origin, err);
}

static int add_fault(struct config *cfg, const char *text, struct config_origin origin,
		     struct errmsg *err)
{
	struct config_fault *faults;

	if (cfg->fault_count == FAULT_MAX)
		return errmsg_set(err, "more than %d faults", FAULT_MAX);
	faults = reallocarray(cfg->faults, cfg->fault_count + 1, sizeof(*faults));
	if (!faults)
		return no_memory(err);
	cfg->faults = faults;
	faults += cfg->fault_count;
	faults->origin = origin;
	faults->text = strdup(text);
	if (!faults->text)
		return no_memory(err);
	cfg->fault_count++;
	return 0;
}

static int set_seed(struct config *cfg, const char *text, struct errmsg *err)
{
	char *end;

	errno = 0;
	cfg->seed = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || errno || *end)
		return errmsg_set(err, "\"%.64s\" is no seed; it must be a number from 0 to "
				  "18446744073709551615", text);
	cfg->seeded = true;
	return 0;
}

static int set_lines(struct config *cfg, const char *text, struct errmsg *err)
{
	if (!parse_uint(text, &cfg->lines) || !cfg->lines || cfg->lines > GPIO_MAX_LINES)
		return errmsg_set(err, "\"%.64s\" is no number of lines; it must be 1 to %d", text,
				  GPIO_MAX_LINES);
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

static int option_lines(struct config *cfg, const char *arg, struct errmsg *err)
{
	struct errmsg why;

	if (set_lines(cfg, arg, &why))
		return errmsg_set(err, "--lines: %s", why.text);
	return 0;
}

static int option_name(struct config *cfg, const char *arg, struct errmsg *err)
{
	unsigned int line;
	const char *name = cut_line_number(arg, &line);

	if (!name)
		return errmsg_set(err, "--name %.64s: must be LINE=NAME, such as 3=Reset", arg);
	return add_name(cfg, line, name, option("--name"), err);
}

static int option_level(struct config *cfg, const char *arg, struct errmsg *err)
{
	unsigned int line;
	const char *text = cut_line_number(arg, &line);
	bool level;

	if (!text || !parse_level(text, &level))
		return errmsg_set(err, "--level %.64s: must be LINE=0 or LINE=1", arg);
	return add_level(cfg, line, level, option("--level"), err);
}

static int option_names(struct config *cfg, const char *arg, struct errmsg *err)
{
	char *copy = strdup(arg), *rest = copy, *name;
	int ret = copy ? 0 : no_memory(err);

	for (unsigned int line = 0; !ret && (name = strsep(&rest, ",")); line++)
		if (*name)
			ret = add_name(cfg, line, name, option("--names"), err);
	free(copy);
	return ret;
}

static int option_fault(struct config *cfg, const char *arg, struct errmsg *err)
{
	return add_fault(cfg, arg, option("--fault"), err);
}

static int option_seed(struct config *cfg, const char *arg, struct errmsg *err)
{
	struct errmsg why;

	if (set_seed(cfg, arg, &why))
		return errmsg_set(err, "--seed: %.256s", why.text);
	return 0;
}

static int option_socket(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)err;
	cfg->socket = arg;
	return 0;
}

static int set_fd(int *fd, const char *name, const char *arg, struct errmsg *err)
{
	unsigned int number;

	if (!parse_uint(arg, &number) || number > INT_MAX)
		return errmsg_set(err, "%s %.64s: must be the number of a descriptor", name, arg);
	*fd = number;
	return 0;
}

static int option_fd(struct config *cfg, const char *arg, struct errmsg *err)
{
	return set_fd(&cfg->fd, "--fd", arg, err);
}

static int option_ready_fd(struct config *cfg, const char *arg, struct errmsg *err)
{
	return set_fd(&cfg->ready_fd, "--ready-fd", arg, err);
}

static int set_mode(unsigned int *mode, const char *name, const char *arg, struct errmsg *err)
{
	char *end;

	*mode = strtoul(arg, &end, 8);
	if (*arg < '0' || *arg > '7' || *end || *mode > 0777)
		return errmsg_set(err, "%s %.64s: must be octal, 0 to 777, such as 660", name, arg);
	return 0;
}

static int option_socket_mode(struct config *cfg, const char *arg, struct errmsg *err)
{
	return set_mode(&cfg->socket_mode, "--socket-mode", arg, err);
}

static int option_control_mode(struct config *cfg, const char *arg, struct errmsg *err)
{
	return set_mode(&cfg->control_mode, "--control-mode", arg, err);
}

static int option_group(struct config *cfg, const char *arg, struct errmsg *err)
{
	const struct group *group = getgrnam(arg);

	if (group)
		cfg->group = group->gr_gid;
	else if (!parse_uint(arg, &cfg->group))
		return errmsg_set(err, "--group %.64s: there is no such group", arg);
	return 0;
}

static int option_print_capabilities(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)arg;
	(void)err;
	cfg->action = CONFIG_CAPABILITIES;
	return 0;
}

/* Names are looked for before all else: see boards.c. */
static int option_board(struct config *cfg, const char *arg, struct errmsg *err)
{
	if (cfg->names && cfg->names[cfg->board])
		return 0;
	return errmsg_set(err, "--board %.64s: comes after the --socket of its board", arg);
}

static int option_control(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)err;
	cfg->control = arg;
	return 0;
}

static int option_trace(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)err;
	cfg->trace = arg;
	return 0;
}

static int option_vcd(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)err;
	cfg->vcd = arg;
	return 0;
}

static int option_state(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)err;
	cfg->state = arg;
	return 0;
}

static int option_play(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)err;
	cfg->play = arg;
	return 0;
}

static int option_interactive(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)arg;
	(void)err;
	cfg->interactive = true;
	return 0;
}

static int option_no_irq(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)arg;
	(void)err;
	cfg->no_irq = true;
	return 0;
}

static int option_once(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)arg;
	(void)err;
	cfg->once = true;
	return 0;
}

static int option_verbose(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)arg;
	(void)err;
	cfg->verbose = true;
	return 0;
}

static int option_help(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)arg;
	(void)err;
	cfg->action = CONFIG_HELP;
	return 0;
}

static int option_version(struct config *cfg, const char *arg, struct errmsg *err)
{
	(void)arg;
	(void)err;
	cfg->action = CONFIG_VERSION;
	return 0;
}

/**
 * struct option_entry - an option of the command line
 * @name: without the dashes
 * @has_arg: required_argument or no_argument
 * @handle: what it does
 */
struct option_entry {
	const char *name;
	int has_arg;
	int (*handle)(struct config *cfg, const char *arg, struct errmsg *err);
};

static const struct option_entry entries[] = {
	{ "socket", required_argument, option_socket },
	{ "socket-path", required_argument, option_socket },
	{ "fd", required_argument, option_fd },
	{ "socket-mode", required_argument, option_socket_mode },
	{ "board", required_argument, option_board },
	{ "control", required_argument, option_control },
	{ "control-mode", required_argument, option_control_mode },
	{ "group", required_argument, option_group },
	{ "lines", required_argument, option_lines },
	{ "name", required_argument, option_name },
	{ "names", required_argument, option_names },
	{ "level", required_argument, option_level },
	/* The file is read first, whatever its place, so that options win. */
	{ "config", required_argument, NULL },
	{ "fault", required_argument, option_fault },
	{ "seed", required_argument, option_seed },
	{ "trace", required_argument, option_trace },
	{ "vcd", required_argument, option_vcd },
	{ "state", required_argument, option_state },
	{ "play", required_argument, option_play },
	{ "interactive", no_argument, option_interactive },
	{ "ready-fd", required_argument, option_ready_fd },
	{ "print-capabilities", no_argument, option_print_capabilities },
	{ "no-irq", no_argument, option_no_irq },
	{ "once", no_argument, option_once },
	{ "verbose", no_argument, option_verbose },
	{ "help", no_argument, option_help },
	{ "version", no_argument, option_version },
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
	if (files && !entry->handle)
		return config_read_file(cfg, optarg, err);
	return !files && entry->handle ? entry->handle(cfg, optarg, err) : 0;
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

/**
 * config_where() - where a board's front ends come from, for messages
 * @cfg: its configuration
 *
 * Return: a path, or words.
 */
const char *config_where(const struct config *cfg)
{
	return cfg->socket ?: "the descriptor of --fd";
}

/**
 * config_takes_value() - is the next word the value of an option?
 * @word: a word of the command line
 *
 * Return: true if @word is an option that has its value in the next word.
 */
bool config_takes_value(const char *word)
{
	const struct option_entry *entry = find_option(word);

	return entry && entry->has_arg == required_argument && !strchr(word, '=');
}

/**
 * config_parse_board() - read a board's part of the command line, and the file
 *			  that it names
 * @cfg: what they say; for config_free() also after an error
 * @names: the names of all boards; must stay while @cfg is used
 * @boards: number of boards
 * @board: which of them this is
 * @argc: number of arguments
 * @argv: the arguments; the strings must stay while @cfg is used
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_parse_board(struct config *cfg, const char *const *names, unsigned int boards,
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

/**
 * config_parse() - config_parse_board() for the only board
 * @cfg: what the command line says; for config_free() also after an error
 * @argc: number of arguments
 * @argv: the arguments; must stay while @cfg is used
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_parse(struct config *cfg, int argc, char **argv, struct errmsg *err)
{
	return config_parse_board(cfg, NULL, 1, 0, argc, argv, err);
}

static int file_pull(const char *value, bool *up, struct errmsg *err)
{
	*up = !strcmp(value, "up");
	if (*up || !strcmp(value, "down"))
		return 0;
	return errmsg_set(err, "pull \"%.64s\" must be up or down", value);
}

static int file_line_property(struct config *cfg, unsigned int line, char **words,
			      struct config_origin origin, struct errmsg *err)
{
	static const char *const keys[] = {
		[CONFIG_NAME] = "name", [CONFIG_LEVEL] = "level", [CONFIG_PULL] = "pull",
		[CONFIG_STUCK] = "stuck", [CONFIG_LOOP] = "loop",
	};
	struct config_line said = { .line = line, .text = NULL };
	const char *key = words[0], *value = words[1];

	while (said.property < ARRAY_SIZE(keys) && strcmp(key, keys[said.property]))
		said.property++;
	if (said.property == ARRAY_SIZE(keys))
		return errmsg_set(err, "\"%.64s\" is not known; use name, level, pull, stuck "
				  "or loop", key);
	if (said.property == CONFIG_NAME || said.property == CONFIG_LOOP)
		said.text = words[1];
	else if (said.property == CONFIG_PULL && file_pull(value, &said.level, err))
		return -1;
	else if (said.property != CONFIG_PULL && !parse_level(value, &said.level))
		return errmsg_set(err, "%s \"%.64s\" must be 0 or 1", key, value);
	return add_said(cfg, &said, origin, err);
}

static int file_line(struct config *cfg, char **words, int count, struct config_origin origin,
		     struct errmsg *err)
{
	unsigned int line;

	if (!parse_uint(words[1], &line))
		return errmsg_set(err, "\"%.64s\" is no line number", words[1]);
	if (count % 2)
		return errmsg_set(err, "\"%.64s\" has no value", words[count - 1]);
	for (int i = 2; i < count; i += 2)
		if (file_line_property(cfg, line, words + i, origin, err))
			return -1;
	return 0;
}

/* Keeps the words as one text: lines have no names yet. */
static int file_fault(struct config *cfg, char **words, int count, struct config_origin origin,
		      struct errmsg *err)
{
	struct buffer text = { .max = FAULT_MAX_TEXT };
	int ret;

	for (int i = 1; i < count; i++) {
		buffer_quote(&text, words[i]);
		buffer_add(&text, i + 1 < count ? " " : "\0", 1);
	}
	if (text.overflow)
		ret = errmsg_set(err, "the fault has more than %d characters", FAULT_MAX_TEXT);
	else
		ret = add_fault(cfg, text.data, origin, err);
	buffer_free(&text);
	return ret;
}

static int file_board(struct config *cfg, const char *name, struct errmsg *err)
{
	int board = cfg->names ? boards_find(cfg->names, cfg->boards, name) : -1;

	if (board < 0)
		return errmsg_set(err, "no --board is named \"%.64s\"", name);
	cfg->other_board = (unsigned int)board != cfg->board;
	return 0;
}

static int file_statement(struct config *cfg, char **words, int count, struct config_origin origin,
			  struct errmsg *err)
{
	if (count == 2 && !strcmp(words[0], "board"))
		return file_board(cfg, words[1], err);
	if (!count || cfg->other_board)
		return 0;
	if (!strcmp(words[0], "lines") && count == 2)
		return set_lines(cfg, words[1], err);
	if (!strcmp(words[0], "line") && count >= 4)
		return file_line(cfg, words, count, origin, err);
	if (!strcmp(words[0], "fault") && count >= 2)
		return file_fault(cfg, words, count, origin, err);
	if (!strcmp(words[0], "seed") && count == 2)
		return set_seed(cfg, words[1], err);
	return errmsg_set(err, "cannot understand \"%.64s\"; use \"lines N\", \"line N "
			  "PROPERTY VALUE\", \"fault NAME\" or \"seed N\"", words[0]);
}

static int file_line_of_text(struct config *cfg, char *text, struct config_origin origin,
			     struct errmsg *err)
{
	char *words[MAX_WORDS];
	struct errmsg why;
	int count = split_words(text, words, MAX_WORDS, &why);

	if (count < 0 || file_statement(cfg, words, count, origin, &why))
		return wrong_at(origin, &why, err);
	return 0;
}

/**
 * config_read_file() - read a configuration file
 * @cfg: takes what it says
 * @path: the file; the text must stay while @cfg is used
 * @err: what is wrong and in which line, if so
 *
 * Return: 0 or -1.
 */
int config_read_file(struct config *cfg, const char *path, struct errmsg *err)
{
	FILE *file = fopen(path, "re");
	struct config_origin origin = { .where = path };
	char text[CONFIG_MAX_LINE];
	int ret;

	if (!file)
		return errmsg_set(err, "cannot read %.256s: %s", path, strerror(errno));
	cfg->other_board = false;
	do {
		ret = text_line(file, path, &origin.number, text, sizeof(text), err);
		if (ret > 0 && file_line_of_text(cfg, text, origin, err))
			ret = -1;
	} while (ret > 0);
	fclose(file);
	return ret;
}

static int apply_loop(const struct config_line *said, struct gpio_bank *bank,
		      struct errmsg *err)
{
	int to = gpio_find(bank, said->text);

	if (to < 0)
		return errmsg_set(err, "no line is numbered or named \"%.255s\"", said->text);
	return gpio_set_loop(bank, said->line, to, err);
}

static int apply_property(const struct config_line *said, struct gpio_bank *bank,
			  struct errmsg *err)
{
	switch (said->property) {
	case CONFIG_LEVEL:
		gpio_set_level(bank, said->line, said->level);
		return 0;
	case CONFIG_PULL:
		gpio_set_pull(bank, said->line, said->level);
		return 0;
	case CONFIG_STUCK:
		gpio_set_stuck(bank, said->line, said->level);
		return 0;
	case CONFIG_LOOP:
		return apply_loop(said, bank, err);
	default:
		return gpio_set_name(bank, said->line, said->text, err);
	}
}

static int apply_said(const struct config *cfg, const struct config_line *said,
		      struct device *dev, struct errmsg *err)
{
	struct errmsg why;

	if (said->line >= cfg->lines)
		errmsg_store(&why, "line %u does not exist; there are lines 0 to %u", said->line,
			     cfg->lines - 1);
	else if (!apply_property(said, &dev->bank, &why))
		return 0;
	return wrong_at(said->origin, &why, err);
}

/* Names first: the rest may use them. */
static int apply_lines(const struct config *cfg, bool names, struct device *dev,
		       struct errmsg *err)
{
	for (size_t i = 0; i < cfg->said_count; i++)
		if ((cfg->said[i].property == CONFIG_NAME) == names &&
		    apply_said(cfg, &cfg->said[i], dev, err))
			return -1;
	return 0;
}

/* The place of the second of two equal names. */
static int build_names(const struct config *cfg, struct gpio_bank *bank, struct errmsg *err)
{
	const struct config_line *said = NULL;
	struct errmsg why;

	if (!gpio_build_names(bank, &why))
		return 0;
	for (size_t i = 0; i < cfg->said_count; i++)
		if (cfg->said[i].property == CONFIG_NAME &&
		    (int)cfg->said[i].line == gpio_duplicate(bank))
			said = &cfg->said[i];
	if (said)
		return wrong_at(said->origin, &why, err);
	*err = why;
	return -1;
}

static int apply_fault(const struct config_fault *said, struct device *dev, struct errmsg *err)
{
	char text[FAULT_MAX_TEXT + 1], *words[MAX_WORDS];
	struct fault fault;
	struct errmsg why;
	int count;

	snprintf(text, sizeof(text), "%s", said->text);
	count = split_words(text, words, MAX_WORDS, &why);
	if (!count)
		errmsg_store(&why, "a fault's name is missing");
	if (count <= 0 || fault_parse(&fault, words, count, &dev->bank, &why) ||
	    fault_add(&dev->faults, &fault, &why))
		return wrong_at(said->origin, &why, err);
	return 0;
}

static void tell_seed(const struct config *cfg, const struct device *dev)
{
	bool several = cfg->boards > 1;

	log_error("%s%sfaults by chance; to repeat them: --seed %llu", several ? config_where(cfg) : "",
		  several ? ": " : "", (unsigned long long)dev->faults.seed);
}

/**
 * config_apply() - give the device its names, wires and faults
 * @cfg: what was said
 * @dev: the device, with @cfg->lines lines
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_apply(const struct config *cfg, struct device *dev, struct errmsg *err)
{
	if (apply_lines(cfg, true, dev, err) || build_names(cfg, &dev->bank, err) ||
	    apply_lines(cfg, false, dev, err))
		return -1;
	fault_seed(&dev->faults, cfg->seeded ? cfg->seed : loop_now());
	for (size_t i = 0; i < cfg->fault_count; i++)
		if (apply_fault(&cfg->faults[i], dev, err))
			return -1;
	if (fault_by_chance(&dev->faults))
		tell_seed(cfg, dev);
	return 0;
}

/**
 * config_free() - give the configuration's memory back
 * @cfg: the configuration
 */
void config_free(struct config *cfg)
{
	for (size_t i = 0; i < cfg->said_count; i++)
		free(cfg->said[i].text);
	for (size_t i = 0; i < cfg->fault_count; i++)
		free(cfg->faults[i].text);
	free(cfg->said);
	free(cfg->faults);
	cfg->said = NULL;
	cfg->said_count = 0;
	cfg->said_room = 0;
	cfg->faults = NULL;
	cfg->fault_count = 0;
}
