/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a board is to be like: what was said about it, in a file or elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chip.h"
#include "config.h"
#include "parts.h"

#define MAX_WORDS	12
#define MAX_TEXT	1024

static int no_memory(struct errmsg *err)
{
	return errmsg_set(err, "out of memory for the configuration");
}

/* The same error, with its place. */
static int wrong_at(struct config_origin origin, const struct errmsg *why, struct errmsg *err)
{
	if (origin.number)
		return errmsg_set(err, "%.200s:%u: %.256s", origin.where, origin.number, why->text);
	return errmsg_set(err, "--%s: %.256s", origin.where, why->text);
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

/**
 * config_add_name() - a line is to have a name
 * @cfg: takes it
 * @line: the line
 * @name: its name
 * @origin: where it was said
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_add_name(struct config *cfg, unsigned int line, const char *name, struct config_origin origin,
		    struct errmsg *err)
{
	struct config_line said = { .line = line, .property = CONFIG_NAME, .text = (char *)name };

	return add_said(cfg, &said, origin, err);
}

/**
 * config_add_level() - the host is to drive a line at first
 * @cfg: takes it
 * @line: the line
 * @level: the level
 * @origin: where it was said
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_add_level(struct config *cfg, unsigned int line, bool level, struct config_origin origin,
		     struct errmsg *err)
{
	struct config_line said = { .line = line, .property = CONFIG_LEVEL, .level = level };

	return add_said(cfg, &said, origin, err);
}

static int keep_words(struct config_list *kept, const char *text, struct config_origin origin,
		      struct errmsg *err)
{
	struct config_words *list;

	list = reallocarray(kept->list, kept->count + 1, sizeof(*list));
	if (!list)
		return no_memory(err);
	kept->list = list;
	list += kept->count;
	list->origin = origin;
	list->text = strdup(text);
	if (!list->text)
		return no_memory(err);
	kept->count++;
	return 0;
}

/**
 * config_add_fault() - the device is to misbehave
 * @cfg: takes it
 * @text: how, as fault_parse() reads it
 * @origin: where it was said
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_add_fault(struct config *cfg, const char *text, struct config_origin origin,
		     struct errmsg *err)
{
	if (cfg->kept[CONFIG_FAULTS].count == FAULT_MAX)
		return errmsg_set(err, "more than %d faults", FAULT_MAX);
	return keep_words(&cfg->kept[CONFIG_FAULTS], text, origin, err);
}

static int add_kept(struct config *cfg, enum config_subject subject, const char *text,
		    struct config_origin origin, struct errmsg *err)
{
	if (subject == CONFIG_FAULTS)
		return config_add_fault(cfg, text, origin, err);
	if (cfg->kept[subject].count == CONFIG_MAX_KEPT)
		return errmsg_set(err, "more than %d %s", CONFIG_MAX_KEPT,
				  subject == CONFIG_WIRES ? "wires" : "parts");
	return keep_words(&cfg->kept[subject], text, origin, err);
}

/**
 * config_set_seed() - begin with these dice
 * @cfg: takes the seed
 * @text: a number
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_set_seed(struct config *cfg, const char *text, struct errmsg *err)
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

/**
 * config_set_lines() - the board is to have so many lines
 * @cfg: takes the number
 * @text: a number
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_set_lines(struct config *cfg, const char *text, struct errmsg *err)
{
	if (!parse_uint(text, &cfg->lines) || !cfg->lines || cfg->lines > GPIO_MAX_LINES)
		return errmsg_set(err, "\"%.64s\" is no number of lines; it must be 1 to %d", text,
				  GPIO_MAX_LINES);
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

static int file_pull(const char *value, bool *up, struct errmsg *err)
{
	*up = !strcmp(value, "up");
	if (*up || !strcmp(value, "down"))
		return 0;
	return errmsg_set(err, "pull \"%.64s\" must be up or down", value);
}

/**
 * struct property - what can be said about a line
 * @key: its word
 * @turn: in which turn it is carried out: later ones may need those before
 * @text: any text follows; else a level
 * @apply: carries it out
 */
struct property {
	const char *key;
	unsigned int turn;
	bool text;
	int (*apply)(const struct config_line *said, struct device *dev, struct errmsg *err);
};

static const struct property properties[CONFIG_PROPERTIES];

static enum config_property find_property(const char *key)
{
	enum config_property property = 0;

	while (property < CONFIG_PROPERTIES && strcmp(key, properties[property].key))
		property++;
	return property;
}

/* What a person may have meant, as part of a message; nothing if there is no such word. */
static void suggest(char *text, size_t size, const char *word, const char *const *known,
		    size_t count)
{
	const char *nearest = text_nearest(word, known, count);

	*text = '\0';
	if (nearest && strcmp(nearest, word))
		snprintf(text, size, " (did you mean \"%s\"?)", nearest);
}

static int unknown_property(const char *key, struct errmsg *err)
{
	const char *known[CONFIG_PROPERTIES];
	char meant[64];

	for (size_t i = 0; i < CONFIG_PROPERTIES; i++)
		known[i] = properties[i].key;
	suggest(meant, sizeof(meant), key, known, CONFIG_PROPERTIES);
	return errmsg_set(err, "\"%.64s\" is not known%s; use name, level, pull, stuck, loop, "
			  "host, bias, active, wire or inverter", key, meant);
}

static int unknown_statement(const char *word, struct errmsg *err)
{
	static const char *const known[] = {
		"lines", "line", "wire", "part", "fault", "seed", "board",
	};
	char meant[64];

	suggest(meant, sizeof(meant), word, known, ARRAY_SIZE(known));
	return errmsg_set(err, "cannot understand \"%.64s\"%s; use \"lines N\", \"line N "
			  "PROPERTY VALUE\", \"wire NAME\", \"part NAME KIND\", \"fault NAME\", "
			  "\"seed N\" or \"board NAME\"", word, meant);
}

static int file_line_property(struct config *cfg, unsigned int line, char **words,
			      struct config_origin origin, struct errmsg *err)
{
	const char *key = words[0], *value = words[1];
	struct config_line said = { .line = line, .property = find_property(key) };

	if (said.property == CONFIG_PROPERTIES)
		return unknown_property(key, err);
	if (properties[said.property].text)
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
static int file_words(struct config *cfg, enum config_subject subject, char **words, int count,
		      struct config_origin origin, struct errmsg *err)
{
	struct buffer text = { .max = MAX_TEXT };
	int ret;

	for (int i = 1; i < count; i++) {
		buffer_quote(&text, words[i]);
		buffer_add(&text, i + 1 < count ? " " : "\0", 1);
	}
	if (text.overflow)
		ret = errmsg_set(err, "the %s has more than %d characters", words[0], MAX_TEXT);
	else
		ret = add_kept(cfg, subject, text.data, origin, err);
	buffer_free(&text);
	return ret;
}

/**
 * config_find_board() - the board that a word means
 * @names: the boards' names; NULL for one without
 * @count: number of boards
 * @text: a name or a number
 *
 * Return: its number, or -1 if there is none.
 */
int config_find_board(const char *const *names, unsigned int count, const char *text)
{
	unsigned int number;

	for (unsigned int i = 0; i < count; i++)
		if (names[i] && !strcmp(names[i], text))
			return i;
	return parse_uint(text, &number) && number < count ? (int)number : -1;
}

static int file_board(struct config *cfg, const char *name, struct errmsg *err)
{
	int board = cfg->names ? config_find_board(cfg->names, cfg->boards, name) : -1;

	if (board < 0)
		return errmsg_set(err, "no --board is named \"%.64s\"", name);
	cfg->other_board = (unsigned int)board != cfg->board;
	return 0;
}

static int file_statement(struct config *cfg, char **words, int count, struct config_origin origin,
			  struct errmsg *err)
{
	static const struct { const char *word; enum config_subject subject; } kept[] = {
		{ "fault", CONFIG_FAULTS }, { "part", CONFIG_PARTS }, { "wire", CONFIG_WIRES },
	};

	if (count == 2 && !strcmp(words[0], "board"))
		return file_board(cfg, words[1], err);
	if (!count || cfg->other_board)
		return 0;
	if (!strcmp(words[0], "lines") && count == 2)
		return config_set_lines(cfg, words[1], err);
	if (!strcmp(words[0], "line") && count >= 4)
		return file_line(cfg, words, count, origin, err);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (!strcmp(words[0], kept[i].word) && count >= 2)
			return file_words(cfg, kept[i].subject, words, count, origin, err);
	if (!strcmp(words[0], "seed") && count == 2)
		return config_set_seed(cfg, words[1], err);
	return unknown_statement(words[0], err);
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

static int apply_name(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	return gpio_set_name(&dev->bank, said->line, said->text, err);
}

static int apply_level(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	(void)err;
	gpio_set_level(&dev->bank, said->line, said->level);
	return 0;
}

static int apply_pull(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	(void)err;
	gpio_set_pull(&dev->bank, said->line, said->level);
	return 0;
}

static int apply_stuck(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	(void)err;
	gpio_set_stuck(&dev->bank, said->line, said->level);
	return 0;
}

static int apply_loop(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	int to = gpio_find(&dev->bank, said->text);

	if (to < 0)
		return errmsg_set(err, "no line is numbered or named \"%.255s\"", said->text);
	return gpio_set_loop(&dev->bank, said->line, to, err);
}

static int apply_host(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	return chip_attach(dev, said->line, said->text, err);
}

static int apply_bias(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	return chip_set_bias(dev, said->line, said->text, err);
}

static int apply_active(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	return chip_set_active(dev, said->line, said->text, err);
}

static int apply_wire(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	return wires_join(dev->wires, said->text, dev, said->line, false, err);
}

static int apply_inverter(const struct config_line *said, struct device *dev, struct errmsg *err)
{
	return wires_join(dev->wires, said->text, dev, said->line, true, err);
}

enum { TURN_NAMES, TURN_ENDS, TURN_REST, TURNS };

static const struct property properties[CONFIG_PROPERTIES] = {
	[CONFIG_NAME]	= { "name", TURN_NAMES, true, apply_name },
	[CONFIG_LEVEL]	= { "level", TURN_REST, false, apply_level },
	[CONFIG_PULL]	= { "pull", TURN_REST, false, apply_pull },
	[CONFIG_STUCK]	= { "stuck", TURN_REST, false, apply_stuck },
	[CONFIG_LOOP]	= { "loop", TURN_REST, true, apply_loop },
	[CONFIG_HOST]	= { "host", TURN_ENDS, true, apply_host },
	[CONFIG_BIAS]	= { "bias", TURN_REST, true, apply_bias },
	[CONFIG_ACTIVE]	= { "active", TURN_REST, true, apply_active },
	[CONFIG_WIRE]	= { "wire", TURN_ENDS, true, apply_wire },
	[CONFIG_INVERTER] = { "inverter", TURN_ENDS, true, apply_inverter },
};

static int apply_said(const struct config *cfg, const struct config_line *said,
		      struct device *dev, struct errmsg *err)
{
	struct errmsg why;

	if (said->line >= cfg->lines)
		errmsg_store(&why, "line %u does not exist; there are lines 0 to %u", said->line,
			     cfg->lines - 1);
	else if (!properties[said->property].apply(said, dev, &why))
		return 0;
	return wrong_at(said->origin, &why, err);
}

static int apply_turn(const struct config *cfg, unsigned int turn, struct device *dev,
		      struct errmsg *err)
{
	for (size_t i = 0; i < cfg->said_count; i++)
		if (properties[cfg->said[i].property].turn == turn &&
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

/* Names first: the rest may use them. */
static int apply_lines(const struct config *cfg, struct device *dev, struct errmsg *err)
{
	if (apply_turn(cfg, TURN_NAMES, dev, err) || build_names(cfg, &dev->bank, err))
		return -1;
	for (unsigned int turn = TURN_NAMES + 1; turn < TURNS; turn++)
		if (apply_turn(cfg, turn, dev, err))
			return -1;
	return 0;
}

static int apply_fault(char **words, int count, struct device *dev, struct errmsg *err)
{
	struct fault fault;

	if (!count)
		return errmsg_set(err, "a fault's name is missing");
	if (fault_parse(&fault, words, count, &dev->bank, err))
		return -1;
	return fault_add(&dev->faults, &fault, err);
}

static int parse_pull(struct wire_traits *traits, const char *text, struct errmsg *err)
{
	bool up;

	if (file_pull(text, &up, err))
		return -1;
	traits->pull = up;
	return 2;
}

/* How many words were about a wire, or -1. */
static int parse_trait(struct wire_traits *traits, char **words, int left, struct errmsg *err)
{
	if (!strcmp(words[0], "open-drain"))
		traits->kind = WIRE_OPEN_DRAIN;
	else if (!strcmp(words[0], "wired-and"))
		traits->kind = WIRE_AND;
	else if (left > 1 && !strcmp(words[0], "pull"))
		return parse_pull(traits, words[1], err);
	else if (left > 1 && !strcmp(words[0], "delay") &&
		 parse_duration(words[1], &traits->delay_ns))
		return 2;
	else
		return errmsg_set(err, "\"%.64s\" says nothing about a wire; use open-drain, "
				  "wired-and, \"pull up\", \"pull down\" or \"delay\" and a "
				  "duration such as 5us", words[0]);
	return 1;
}

/* An open-drain wire without a pull would never be 1. */
static int apply_traits(char **words, int count, struct config_origin origin, struct device *dev,
			struct errmsg *err)
{
	struct wire_traits traits = {
		.pull = WIRE_NOT_DRIVEN, .place = { origin.where, origin.number },
	};
	int used;

	for (int i = 1; i < count; i += used) {
		used = parse_trait(&traits, words + i, count - i, err);
		if (used < 0)
			return -1;
	}
	if (traits.kind == WIRE_OPEN_DRAIN && traits.pull == WIRE_NOT_DRIVEN)
		traits.pull = 1;
	return wires_describe(dev->wires, words[0], &traits, err);
}

static int apply_words(const struct config_words *said, enum config_subject subject,
		       struct device *dev, struct errmsg *err)
{
	char text[MAX_TEXT + 1], *words[MAX_WORDS];
	struct errmsg why;
	int count, ret;

	snprintf(text, sizeof(text), "%s", said->text);
	count = split_words(text, words, MAX_WORDS, &why);
	if (count < 0)
		ret = -1;
	else if (subject == CONFIG_FAULTS)
		ret = apply_fault(words, count, dev, &why);
	else if (subject == CONFIG_PARTS)
		ret = parts_add(dev, words, count, &why);
	else
		ret = apply_traits(words, count, said->origin, dev, &why);
	return ret ? wrong_at(said->origin, &why, err) : 0;
}

static int apply_kept(const struct config *cfg, enum config_subject subject, struct device *dev,
		      struct errmsg *err)
{
	for (size_t i = 0; i < cfg->kept[subject].count; i++)
		if (apply_words(&cfg->kept[subject].list[i], subject, dev, err))
			return -1;
	return 0;
}

static void tell_seed(const struct config *cfg, const struct device *dev)
{
	bool several = cfg->boards > 1;

	log_error("%s%sfaults by chance; to repeat them: --seed %llu", several ? config_where(cfg) : "",
		  several ? ": " : "", (unsigned long long)dev->faults.seed);
}

/**
 * config_apply() - give the device its names, wires, parts and faults
 * @cfg: what was said
 * @dev: the device, with @cfg->lines lines, a loop, and the wires that it may use
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int config_apply(const struct config *cfg, struct device *dev, struct errmsg *err)
{
	if (apply_kept(cfg, CONFIG_WIRES, dev, err) || apply_lines(cfg, dev, err) ||
	    apply_kept(cfg, CONFIG_PARTS, dev, err))
		return -1;
	fault_seed(&dev->faults, cfg->seeded ? cfg->seed : loop_now());
	if (apply_kept(cfg, CONFIG_FAULTS, dev, err))
		return -1;
	if (fault_by_chance(&dev->faults))
		tell_seed(cfg, dev);
	return 0;
}

static void free_words(struct config_list *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		free(kept->list[i].text);
	free(kept->list);
	*kept = (struct config_list){ NULL };
}

/**
 * config_free() - give the configuration's memory back
 * @cfg: the configuration
 */
void config_free(struct config *cfg)
{
	for (size_t i = 0; i < cfg->said_count; i++)
		free(cfg->said[i].text);
	for (unsigned int i = 0; i < CONFIG_SUBJECTS; i++)
		free_words(&cfg->kept[i]);
	free(cfg->said);
	cfg->said = NULL;
	cfg->said_count = 0;
	cfg->said_room = 0;
}
