/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts on the lines of a device: what is said about them, and what they are told. */
#include <stdlib.h>
#include <string.h>

#include "contact.h"
#include "eeprom.h"
#include "meter.h"
#include "parts.h"

static const struct part_kind *const kinds[] = {
	&button_kind, &encoder_kind, &meter_kind, &eeprom_kind,
};

static const struct part_kind *find_kind(const char *name, struct errmsg *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	errmsg_store(err, "\"%.64s\" is no kind of part; there are button, encoder, meter and "
		     "eeprom", name);
	return NULL;
}

static struct part *find_part(const struct device *dev, const char *name)
{
	struct part *part = dev->parts;

	while (part && strcmp(part->name, name))
		part = part->next;
	return part;
}

static struct part *need_part(const struct device *dev, const char *name, struct errmsg *err)
{
	struct part *part = find_part(dev, name);

	if (!part)
		errmsg_store(err, "no part is named \"%.64s\"; \"part\" lists them", name);
	return part;
}

static const struct part_property *find_property(const struct part_kind *kind, const char *key)
{
	const struct part_property *property = kind->properties;

	while (property->key && strcmp(property->key, key))
		property++;
	return property->key ? property : NULL;
}

static const char *article(const struct part_kind *kind)
{
	return strchr("aeiou", *kind->name) ? "an" : "a";
}

static int unknown_property(const struct part_kind *kind, const char *key, struct errmsg *err)
{
	char known[128] = "";

	for (const struct part_property *p = kind->properties; p->key; p++) {
		strcat(known, *known ? ", " : "");
		strcat(known, p->key);
	}
	return errmsg_set(err, "\"%.64s\" is nothing that is said about %s %s; use %s", key,
			  article(kind), kind->name, known);
}

static bool parse_number(const struct part_property *property, const char *text,
			 unsigned int *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	*number = value;
	return *text >= '0' && *text <= '9' && !*end && value <= property->max;
}

static bool parse_active(const char *text, bool *high)
{
	*high = !strcmp(text, "high");
	return *high || !strcmp(text, "low");
}

static int set_line(const struct part *part, const char *text, unsigned int *line,
		    struct errmsg *err)
{
	int found = gpio_find(&part->dev->bank, text);

	if (found < 0)
		return errmsg_set(err, "no line is numbered or named \"%.255s\"", text);
	*line = found;
	return 0;
}

static int set_property(struct part *part, const struct part_property *property, const char *text,
			struct errmsg *err)
{
	void *field = (char *)part + property->place;

	switch (property->type) {
	case PART_LINE:
		return set_line(part, text, field, err);
	case PART_TIME:
		if (parse_duration(text, field))
			return 0;
		return errmsg_set(err, "%s \"%.64s\" must be a duration above 0, with us, ms or s",
				  property->key, text);
	case PART_LEVEL:
		if (parse_active(text, field))
			return 0;
		return errmsg_set(err, "%s \"%.64s\" must be low or high", property->key, text);
	default:
		if (parse_number(property, text, field))
			return 0;
		return errmsg_set(err, "%s \"%.64s\" must be a number from 0 to %u",
				  property->key, text, property->max);
	}
}

/* Each word is a property, the next one its value. */
static bool is_said(char **words, int count, const char *key)
{
	for (int i = 0; i < count; i += 2)
		if (!strcmp(words[i], key))
			return true;
	return false;
}

static int set_properties(struct part *part, char **words, int count, struct errmsg *err)
{
	for (int i = 0; i < count; i += 2) {
		const struct part_property *property = find_property(part->kind, words[i]);

		if (!property)
			return unknown_property(part->kind, words[i], err);
		if (is_said(words, i, words[i]))
			return errmsg_set(err, "\"%.64s\" is said twice; say it once", words[i]);
		if (i + 1 == count)
			return errmsg_set(err, "\"%.64s\" has no value", words[i]);
		if (set_property(part, property, words[i + 1], err))
			return -1;
	}
	return 0;
}

static int check_needed(const struct part_kind *kind, char **words, int count, struct errmsg *err)
{
	for (const struct part_property *p = kind->properties; p->key; p++)
		if (p->needed && !is_said(words, count, p->key))
			return errmsg_set(err, "a part that is %s %s needs \"%s\"", article(kind),
					  kind->name, p->key);
	return 0;
}

static unsigned int line_of(const struct part *part, const struct part_property *property)
{
	return *(const unsigned int *)((const char *)part + property->place);
}

/* Of a part whose lines are all known; a line may be said by number and by name. */
static int check_lines(const struct part *part, struct errmsg *err)
{
	const struct part_property *p, *other;

	for (p = part->kind->properties; p->key; p++)
		for (other = part->kind->properties; other < p; other++)
			if (p->type == PART_LINE && other->type == PART_LINE &&
			    line_of(part, p) == line_of(part, other))
				return errmsg_set(err, "\"%s\" and \"%s\" are both line %u; each "
						  "needs a line of its own", other->key, p->key,
						  line_of(part, p));
	return 0;
}

static struct part *make_part(const struct part_kind *kind, struct device *dev, const char *name)
{
	struct part *part = calloc(1, kind->size);

	if (!part)
		return NULL;
	part->kind = kind;
	part->dev = dev;
	part->name = strdup(name);
	if (!part->name) {
		free(part);
		return NULL;
	}
	if (kind->defaults)
		kind->defaults(part);
	return part;
}

static void free_part(struct part *part)
{
	free(part->name);
	free(part);
}

static int connect_part(struct part *part, char **words, int count, struct errmsg *err)
{
	if (set_properties(part, words, count, err) ||
	    check_needed(part->kind, words, count, err) || check_lines(part, err))
		return -1;
	if (!part->kind->connect(part, err))
		return 0;
	part->kind->disconnect(part);
	return -1;
}

static void append(struct device *dev, struct part *part)
{
	struct part **link = &dev->parts;

	while (*link)
		link = &(*link)->next;
	*link = part;
}

/**
 * parts_add() - put a part on lines
 * @dev: the device
 * @words: its name, its kind, then properties and their values
 * @count: number of @words
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int parts_add(struct device *dev, char **words, int count, struct errmsg *err)
{
	const struct part_kind *kind;
	struct part *part;

	if (count < 2)
		return errmsg_set(err, "after \"part\" come a name and a kind of part");
	if (!*words[0])
		return errmsg_set(err, "a part has an empty name; it needs another one");
	if (find_part(dev, words[0]))
		return errmsg_set(err, "two parts are named \"%.64s\"", words[0]);
	kind = find_kind(words[1], err);
	if (!kind)
		return -1;
	part = make_part(kind, dev, words[0]);
	if (!part)
		return errmsg_set(err, "out of memory for the parts");
	if (connect_part(part, words + 2, count - 2, err)) {
		free_part(part);
		return -1;
	}
	append(dev, part);
	return 0;
}

/**
 * parts_act() - have a part do something
 * @dev: the device
 * @name: the part
 * @call: what it is told
 *
 * Return: 0 or -1.
 */
int parts_act(struct device *dev, const char *name, const struct part_call *call)
{
	struct part *part = need_part(dev, name, call->err);

	return part ? part->kind->act(part, call) : -1;
}

static void describe(const struct part *part, struct buffer *out)
{
	buffer_printf(out, "part ");
	buffer_quote(out, part->name);
	buffer_printf(out, " %s", part->kind->name);
	part->kind->describe(part, out);
	buffer_add(out, "\n", 1);
}

/**
 * parts_describe() - tell how a part is, or all
 * @dev: the device
 * @name: the part, or NULL for all
 * @out: takes a line for each
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int parts_describe(struct device *dev, const char *name, struct buffer *out, struct errmsg *err)
{
	const struct part *part = name ? need_part(dev, name, err) : dev->parts;

	if (name && !part)
		return -1;
	for (; part; part = name ? NULL : part->next)
		describe(part, out);
	return 0;
}

/**
 * parts_free() - take all parts off the lines
 * @dev: the device
 */
void parts_free(struct device *dev)
{
	while (dev->parts) {
		struct part *part = dev->parts;

		dev->parts = part->next;
		part->kind->disconnect(part);
		free_part(part);
	}
}
