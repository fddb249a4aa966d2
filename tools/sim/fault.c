/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults: how a device misbehaves, what it befalls, and when. They are thrown
 * with dice that a seed makes repeatable. No I/O.
 */
#include <stdlib.h>
#include <string.h>

#include "fault.h"

#define DEFAULT_REORDER_NS	10000000ull

/**
 * enum fault_scope - what a kind of fault can befall
 * @SCOPE_REQUESTS: messages
 * @SCOPE_BOTH: messages, or events if "event" is said
 * @SCOPE_NAMES: the reply with the names only
 * @SCOPE_EVENTS: events only
 * @SCOPE_CONFIG: the configuration space
 * @SCOPE_QUEUE: the queue of the messages
 */
enum fault_scope {
	SCOPE_REQUESTS,
	SCOPE_BOTH,
	SCOPE_NAMES,
	SCOPE_EVENTS,
	SCOPE_CONFIG,
	SCOPE_QUEUE,
};

#define TAKES_NOTHING	0
#define TAKES_COUNT	1
#define TAKES_TIME	2

/**
 * struct fault_type - a kind of fault
 * @name: its name
 * @scope: what it can befall
 * @takes: the kinds of argument that it takes
 * @number: the argument if none is given
 * @required: there is no such default
 * @help: what it does
 */
struct fault_type {
	const char *name;
	enum fault_scope scope;
	unsigned int takes;
	uint64_t number;
	bool required;
	const char *help;
};

static const struct fault_type types[FAULT_KINDS] = {
	[FAULT_SILENCE] = { "silence", SCOPE_BOTH, TAKES_NOTHING, 0, false,
		"the request is carried out and never answered; the event is lost" },
	[FAULT_LOSE] = { "lose", SCOPE_REQUESTS, TAKES_NOTHING, 0, false,
		"the request has no effect and is never answered" },
	[FAULT_DELAY] = { "delay", SCOPE_BOTH, TAKES_TIME, 0, true,
		"DURATION: comes so much later, in order on its line" },
	[FAULT_LATE] = { "late", SCOPE_BOTH, TAKES_COUNT | TAKES_TIME, 1, false,
		"[N|DURATION]: comes after N (1) later ones, or so late, in no order" },
	[FAULT_REORDER] = { "reorder", SCOPE_REQUESTS, TAKES_TIME, DEFAULT_REORDER_NS, false,
		"[DURATION]: the next reply for another line overtakes, up to 10ms" },
	[FAULT_SHORT] = { "short", SCOPE_BOTH, TAKES_COUNT, 0, false,
		"[BYTES]: only so many bytes (0) are written, and said to be" },
	[FAULT_LONG] = { "long", SCOPE_BOTH, TAKES_COUNT, 4096, false,
		"[BYTES]: so many bytes (4096) are said to be written" },
	[FAULT_ERROR] = { "error", SCOPE_REQUESTS, TAKES_NOTHING, 0, false,
		"the request is refused" },
	[FAULT_BAD_STATUS] = { "bad-status", SCOPE_BOTH, TAKES_COUNT, 7, false,
		"[N]: this status (7)" },
	[FAULT_BAD_VALUE] = { "bad-value", SCOPE_REQUESTS, TAKES_COUNT, 9, false,
		"[N]: this value (9)" },
	[FAULT_BAD_ID] = { "bad-id", SCOPE_BOTH, TAKES_COUNT, UINT32_MAX, false,
		"[N]: the used ring names this chain (4294967295)" },
	[FAULT_UNNOTIFIED] = { "unnotified", SCOPE_BOTH, TAKES_NOTHING, 0, false,
		"it comes, but the driver is not notified" },
	[FAULT_NAMES_UNTERMINATED] = { "names-unterminated", SCOPE_NAMES, TAKES_NOTHING, 0, false,
		"the last name does not end" },
	[FAULT_NAMES_NONASCII] = { "names-nonascii", SCOPE_NAMES, TAKES_NOTHING, 0, false,
		"a name has a byte above 127" },
	[FAULT_NAMES_DUPLICATE] = { "names-duplicate", SCOPE_NAMES, TAKES_NOTHING, 0, false,
		"two lines have the same name" },
	[FAULT_NAMES_FEW] = { "names-few", SCOPE_NAMES, TAKES_NOTHING, 0, false,
		"one name less than lines" },
	[FAULT_NAMES_MANY] = { "names-many", SCOPE_NAMES, TAKES_NOTHING, 0, false,
		"one name more than lines" },
	[FAULT_STORM] = { "storm", SCOPE_EVENTS, TAKES_NOTHING, 0, false,
		"an event without an edge as soon as the interrupt is armed" },
	[FAULT_SPURIOUS] = { "spurious", SCOPE_EVENTS, TAKES_NOTHING, 0, false,
		"a disabled interrupt's buffer comes back as an event" },
	[FAULT_TWICE] = { "twice", SCOPE_EVENTS, TAKES_NOTHING, 0, false,
		"an edge of a masked interrupt is told with the last event's buffer" },
	[FAULT_CLOSE] = { "close", SCOPE_REQUESTS, TAKES_NOTHING, 0, false,
		"the connection ends instead of a reply; \"after\" counts in each session" },
	[FAULT_NO_LINES] = { "no-lines", SCOPE_CONFIG, TAKES_NOTHING, 0, false,
		"the device says that it has 0 lines" },
	[FAULT_HUGE_NAMES] = { "huge-names", SCOPE_CONFIG, TAKES_COUNT, UINT32_MAX, false,
		"[BYTES]: the names are said to need so much (4294967295)" },
	[FAULT_EARLY] = { "early", SCOPE_QUEUE, TAKES_NOTHING, 0, false,
		"requests are carried out though their queue is not enabled" },
};

/**
 * fault_seed() - begin with other dice
 * @set: the faults
 * @seed: the same seed throws the same numbers
 */
void fault_seed(struct fault_set *set, uint64_t seed)
{
	set->seed = seed;
	set->state = seed;
}

/* SplitMix64: one multiplication chain a number, and any seed is good. */
static uint64_t throw_dice(struct fault_set *set)
{
	uint64_t z = set->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static bool parse_chance(const char *word, unsigned int *chance)
{
	unsigned int whole = 0, part = 0, unit = FAULT_ALWAYS / 100;
	const char *c = word;

	for (; *c >= '0' && *c <= '9' && whole <= 100; c++)
		whole = whole * 10 + (*c - '0');
	if (c == word || whole > 100)
		return false;
	if (*c == '.')
		for (c++; *c >= '0' && *c <= '9' && unit >= 10; c++)
			part += (*c - '0') * (unit /= 10);
	*chance = whole * (FAULT_ALWAYS / 100) + part;
	return c[0] == '%' && !c[1] && *chance && *chance <= FAULT_ALWAYS;
}

static bool parse_type(const char *word, unsigned int *type)
{
	unsigned int found = FAULT_EVENT;

	for (unsigned int i = 0; i < GPIO_MSG_TYPES; i++)
		if (!strcmp(word, gpio_message_name(i)))
			found = i;
	if (found == FAULT_EVENT && strcmp(word, "event"))
		return false;
	*type = found;
	return true;
}

static bool parse_number(struct fault *fault, const char *word)
{
	unsigned int takes = types[fault->kind].takes, count;

	fault->is_time = (takes & TAKES_TIME) && parse_duration(word, &fault->number);
	if (fault->is_time)
		return true;
	if (!(takes & TAKES_COUNT) || !parse_uint(word, &count))
		return false;
	fault->number = count;
	return true;
}

static int parse_count(unsigned int *number, const char *word, const char *what,
		       struct errmsg *err)
{
	if (parse_uint(word, number) && *number)
		return 0;
	return errmsg_set(err, "\"%.32s\" after \"%s\" must be a number above 0", word, what);
}

/* A clause of two words, such as "line 3". Returns 1 if it is none. */
static int parse_clause(struct fault *fault, char **words, int left,
			const struct gpio_bank *bank, struct errmsg *err)
{
	const char *what = words[0];
	int line;

	if (strcmp(what, "line") && strcmp(what, "times") && strcmp(what, "after"))
		return 1;
	if (left < 2)
		return errmsg_set(err, "something is missing after \"%s\"", what);
	if (!strcmp(what, "times"))
		return parse_count(&fault->times, words[1], what, err);
	if (!strcmp(what, "after"))
		return parse_count(&fault->after, words[1], what, err);
	line = gpio_find(bank, words[1]);
	if (line < 0)
		return errmsg_set(err, "no line is numbered or named \"%.255s\"", words[1]);
	fault->line = line;
	return 0;
}

/**
 * struct fault_parser - what was found of a fault so far
 * @fault: the fault
 * @type: a message was named
 * @number: an argument was given
 */
struct fault_parser {
	struct fault *fault;
	bool type;
	bool number;
};

static int cannot_follow(const struct fault_parser *p, const char *word, struct errmsg *err)
{
	static const char *const others[] = { "event", "line", "after", "times" };
	const char *known[GPIO_MSG_TYPES + ARRAY_SIZE(others)], *nearest;

	for (unsigned int i = 0; i < GPIO_MSG_TYPES; i++)
		known[i] = gpio_message_name(i);
	memcpy(known + GPIO_MSG_TYPES, others, sizeof(others));
	nearest = text_nearest(word, known, ARRAY_SIZE(known));
	if (nearest && strcmp(nearest, word))
		return errmsg_set(err, "\"%.64s\" cannot follow in \"%s\"; did you mean \"%s\"?",
				  word, fault_name(p->fault->kind), nearest);
	return errmsg_set(err, "\"%.64s\" cannot follow in \"%s\"; a chance such as 10%%, one "
			  "message such as get_value, \"line LINE\", \"after N\" and \"times N\" can",
			  word, fault_name(p->fault->kind));
}

static int parse_word(struct fault_parser *p, const char *word, struct errmsg *err)
{
	if (strchr(word, '%')) {
		if (parse_chance(word, &p->fault->chance))
			return 0;
		return errmsg_set(err, "\"%.32s\" must be above 0%% and at most 100%%", word);
	}
	if (!p->type && parse_type(word, &p->fault->type)) {
		p->type = true;
		return 0;
	}
	if (!p->number && parse_number(p->fault, word)) {
		p->number = true;
		return 0;
	}
	return cannot_follow(p, word, err);
}

static bool scope_has(enum fault_scope scope, unsigned int type)
{
	switch (scope) {
	case SCOPE_BOTH:
		return true;
	case SCOPE_NAMES:
		return type == VIRTIO_GPIO_MSG_GET_NAMES;
	case SCOPE_EVENTS:
		return type == FAULT_EVENT;
	case SCOPE_REQUESTS:
		return type != FAULT_EVENT;
	default:
		return false;
	}
}

static const char *scope_words(enum fault_scope scope)
{
	switch (scope) {
	case SCOPE_NAMES:
		return "get_names";
	case SCOPE_EVENTS:
		return "event";
	case SCOPE_REQUESTS:
		return "requests";
	case SCOPE_QUEUE:
		return "a queue";
	default:
		return "the configuration space";
	}
}

static unsigned int scope_default(enum fault_scope scope)
{
	switch (scope) {
	case SCOPE_NAMES:
		return VIRTIO_GPIO_MSG_GET_NAMES;
	case SCOPE_EVENTS:
		return FAULT_EVENT;
	case SCOPE_CONFIG:
		return FAULT_CONFIG;
	case SCOPE_QUEUE:
		return FAULT_QUEUE;
	default:
		return FAULT_ANY_REQUEST;
	}
}

/* What was said must make sense together. */
static int check_parsed(const struct fault_parser *p, struct errmsg *err)
{
	const struct fault_type *type = &types[p->fault->kind];

	if (type->required && !p->number)
		return errmsg_set(err, "\"%s\" needs a duration, such as 10ms", type->name);
	if (p->fault->kind == FAULT_LATE && !p->fault->number)
		return errmsg_set(err, "\"late\" needs a number above 0, or a duration");
	if (p->type && !scope_has(type->scope, p->fault->type))
		return errmsg_set(err, "\"%s\" cannot befall such a message, only %s", type->name,
				  scope_words(type->scope));
	if (p->fault->line != FAULT_ANY_LINE &&
	    (type->scope == SCOPE_NAMES || type->scope == SCOPE_CONFIG ||
	     type->scope == SCOPE_QUEUE))
		return errmsg_set(err, "\"%s\" is not about a line", type->name);
	return 0;
}

/**
 * fault_parse() - understand a fault
 * @fault: the fault
 * @words: its name; then, in any order, an argument, a chance such as "10%",
 *	   a message's name or "event", "line LINE", "after N", "times N"
 * @count: number of words, at least 1
 * @bank: has the lines
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int fault_parse(struct fault *fault, char **words, int count, const struct gpio_bank *bank,
		struct errmsg *err)
{
	struct fault_parser p = { .fault = fault };
	enum fault_kind kind;

	if (fault_find(words[0], &kind, err))
		return -1;
	*fault = (struct fault){
		.kind = kind, .number = types[kind].number, .chance = FAULT_ALWAYS,
		.is_time = types[kind].takes == TAKES_TIME,
		.type = scope_default(types[kind].scope), .line = FAULT_ANY_LINE,
	};
	for (int i = 1; i < count; i++) {
		int ret = parse_clause(fault, words + i, count - i, bank, err);

		if (ret < 0 || (ret > 0 && parse_word(&p, words[i], err)))
			return -1;
		i += ret == 0;
	}
	return check_parsed(&p, err);
}

/**
 * fault_add() - one more fault from now on
 * @set: the faults
 * @fault: the new one
 * @err: why not, if so
 *
 * Return: 0 or -1.
 */
int fault_add(struct fault_set *set, const struct fault *fault, struct errmsg *err)
{
	if (set->count == FAULT_MAX)
		return errmsg_set(err, "there are %d faults already; remove some with \"none\"",
				  FAULT_MAX);
	set->list[set->count++] = *fault;
	return 0;
}

/**
 * fault_remove() - behave again
 * @set: the faults
 * @kind: which ones; FAULT_KINDS for all
 */
void fault_remove(struct fault_set *set, enum fault_kind kind)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++)
		if (kind != FAULT_KINDS && set->list[i].kind != kind)
			set->list[kept++] = set->list[i];
	set->count = kept;
}

/**
 * fault_new_session() - a front end connected
 * @set: the faults
 */
void fault_new_session(struct fault_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].kind == FAULT_CLOSE)
			set->list[i].spared = 0;
}

/**
 * fault_by_chance() - do the dice matter?
 * @set: the faults
 *
 * Return: true if the seed is needed to repeat what happens.
 */
bool fault_by_chance(const struct fault_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->list[i].chance < FAULT_ALWAYS)
			return true;
	return false;
}

static bool befalls(const struct fault *fault, unsigned int type, unsigned int line)
{
	if (fault->line != FAULT_ANY_LINE && fault->line != line)
		return false;
	if (fault->type == FAULT_ANY_REQUEST)
		return type < GPIO_MSG_TYPES;
	return fault->type == type;
}

static bool strikes(struct fault_set *set, struct fault *fault)
{
	if (fault->times && fault->injected == fault->times)
		return false;
	if (fault->spared < fault->after) {
		fault->spared++;
		return false;
	}
	if (fault->chance < FAULT_ALWAYS && throw_dice(set) % FAULT_ALWAYS >= fault->chance)
		return false;
	fault->injected++;
	set->injected[fault->kind]++;
	return true;
}

/**
 * fault_strikes() - does something go wrong now?
 * @set: the faults
 * @kind: how
 * @type: with what: VIRTIO_GPIO_MSG_*, FAULT_EVENT, FAULT_CONFIG or FAULT_QUEUE
 * @line: with which line
 *
 * Return: the fault, which is counted now, or NULL.
 */
const struct fault *fault_strikes(struct fault_set *set, enum fault_kind kind, unsigned int type,
				  unsigned int line)
{
	for (size_t i = 0; i < set->count; i++) {
		struct fault *fault = &set->list[i];

		if (fault->kind == kind && befalls(fault, type, line) && strikes(set, fault))
			return fault;
	}
	return NULL;
}

/**
 * fault_name() - a kind of fault in a word
 * @kind: the kind
 *
 * Return: the word.
 */
const char *fault_name(enum fault_kind kind)
{
	return types[kind].name;
}

static int unknown_fault(const char *name, struct errmsg *err)
{
	const char *known[FAULT_KINDS], *nearest;
	char all[FAULT_KINDS * 24] = "";

	for (unsigned int i = 0; i < FAULT_KINDS; i++) {
		known[i] = types[i].name;
		strcat(strcat(all, i ? ", " : ""), known[i]);
	}
	nearest = text_nearest(name, known, FAULT_KINDS);
	if (nearest)
		return errmsg_set(err, "\"%.64s\" is no fault; did you mean \"%s\"?", name,
				  nearest);
	return errmsg_set(err, "\"%.64s\" is no fault; there are %s", name, all);
}

/**
 * fault_find() - the kind that a word means
 * @name: the word
 * @kind: takes it
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int fault_find(const char *name, enum fault_kind *kind, struct errmsg *err)
{
	for (*kind = 0; *kind < FAULT_KINDS; (*kind)++)
		if (!strcmp(types[*kind].name, name))
			return 0;
	return unknown_fault(name, err);
}

static void describe_number(struct buffer *out, const struct fault *fault)
{
	if (fault->is_time)
		buffer_printf(out, " %lluus", (unsigned long long)fault->number / 1000);
	else if (types[fault->kind].takes)
		buffer_printf(out, " %llu", (unsigned long long)fault->number);
}

static void describe_type(struct buffer *out, unsigned int type)
{
	if (type == FAULT_EVENT)
		buffer_printf(out, " event");
	else if (type < GPIO_MSG_TYPES)
		buffer_printf(out, " %s", gpio_message_name(type));
}

/**
 * fault_describe() - a fault as fault_parse() reads it
 * @out: takes the text
 * @fault: the fault
 */
void fault_describe(struct buffer *out, const struct fault *fault)
{
	buffer_printf(out, "%s", fault_name(fault->kind));
	describe_number(out, fault);
	if (fault->chance < FAULT_ALWAYS)
		buffer_printf(out, " %g%%", fault->chance * 100.0 / FAULT_ALWAYS);
	describe_type(out, fault->type);
	if (fault->line != FAULT_ANY_LINE)
		buffer_printf(out, " line %u", fault->line);
	if (fault->after)
		buffer_printf(out, " after %u", fault->after);
	if (fault->times)
		buffer_printf(out, " times %u", fault->times);
}

/**
 * fault_help() - all kinds of fault
 * @out: takes a line for each
 */
void fault_help(struct buffer *out)
{
	for (unsigned int i = 0; i < FAULT_KINDS; i++)
		buffer_printf(out, "  %-20s%s\n", types[i].name, types[i].help);
}

static size_t first_name(const struct gpio_bank *bank)
{
	size_t at = 0;

	while (!bank->names[at])
		at++;
	return at;
}

/* The first two lines share a name; the last one gets what room is left. */
static bool spoil_duplicate(char *names, const struct gpio_bank *bank)
{
	size_t chars = bank->names_size - bank->count, shared = bank->count == 2 ? chars / 2 : 1;

	if (bank->count < 2 || chars < 2 || (bank->count == 2 && chars % 2))
		return false;
	memset(names, 0, bank->names_size);
	memset(names, 'd', shared);
	memset(names + shared + 1, 'd', shared);
	if (bank->count > 2)
		memset(names + bank->names_size - 1 - (chars - 2), 'x', chars - 2);
	return true;
}

static bool spoil(enum fault_kind kind, char *names, const struct gpio_bank *bank)
{
	size_t first = first_name(bank);

	switch (kind) {
	case FAULT_NAMES_UNTERMINATED:
		names[bank->names_size - 1] = 'x';
		return true;
	case FAULT_NAMES_NONASCII:
		names[first] = (char)0xc3;
		return true;
	case FAULT_NAMES_DUPLICATE:
		return spoil_duplicate(names, bank);
	case FAULT_NAMES_FEW:
		names[strlen(names)] = 'x';
		return bank->count > 1;
	case FAULT_NAMES_MANY:
		names[first] = '\0';
		return true;
	default:
		return false;
	}
}

/**
 * fault_spoil_names() - names as a broken device sends them
 * @kind: what is wrong with them
 * @bank: the device; it has names
 *
 * Return: a block of the same size, for free(); NULL if these names cannot be
 * spoilt like this, or if there is not enough memory.
 */
char *fault_spoil_names(enum fault_kind kind, const struct gpio_bank *bank)
{
	char *names = malloc(bank->names_size);

	if (!names)
		return NULL;
	memcpy(names, bank->names, bank->names_size);
	if (spoil(kind, names, bank))
		return names;
	free(names);
	return NULL;
}
