/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of the configuration and of messages. */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "check/checks.h"
#include "model.h"

#define OK	VIRTIO_GPIO_STATUS_OK
#define ERR	VIRTIO_GPIO_STATUS_ERR
#define NONE	VIRTIO_GPIO_DIRECTION_NONE
#define OUT	VIRTIO_GPIO_DIRECTION_OUT
#define IN	VIRTIO_GPIO_DIRECTION_IN

#define OTHER_LINES	8

/* --- the configuration ---------------------------------------------------------- */

static bool read_part(struct run *run, uint32_t offset, void *data, uint32_t size, int *ret)
{
	*ret = vu_link_read_config(&run->dut.link, offset, data, size);
	return *ret >= 0 || run_block(run, "%s", run->dut.link.err.text);
}

/* Reads all of it over bytes that have no meaning. */
static bool read_over(struct run *run, uint8_t fill, struct virtio_gpio_config *config)
{
	int ret;

	memset(config, fill, sizeof(*config));
	if (!read_part(run, 0, config, sizeof(*config), &ret))
		return false;
	if (ret)
		return run_fail(run, "%s", run->dut.link.err.text);
	dut_tell(&run->dut, "configuration, over 0x%02x: ngpio %u, padding %02x %02x, "
		 "gpio_names_size %u", fill, le16toh(config->ngpio), config->padding[0],
		 config->padding[1], le32toh(config->gpio_names_size));
	return true;
}

/* A back end need not give it in pieces; if it does, they are the same. */
static bool read_pieces(struct run *run, const struct virtio_gpio_config *whole)
{
	static const struct { uint32_t offset, size; } pieces[] = { { 0, 2 }, { 2, 2 }, { 4, 4 } };
	uint8_t data[4];

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		int ret;

		memset(data, 0x55, sizeof(data));
		if (!read_part(run, pieces[i].offset, data, pieces[i].size, &ret))
			return false;
		if (!ret && memcmp(data, (const uint8_t *)whole + pieces[i].offset, pieces[i].size))
			return run_fail(run, "%u bytes at %u are others when they are read alone",
					pieces[i].size, pieces[i].offset);
	}
	return true;
}

bool check_config(struct run *run)
{
	struct virtio_gpio_config first, second;

	if (!read_over(run, 0xaa, &first) || !read_over(run, 0x55, &second))
		return false;
	if (first.padding[0] || first.padding[1] || second.padding[0] || second.padding[1])
		return run_fail(run, "the padding is not zero; is this a GPIO device at all?");
	if (memcmp(&first, &second, sizeof(first)))
		return run_fail(run, "the configuration is another one when it is read again");
	if (le16toh(first.ngpio) != run->dut.lines ||
	    le32toh(first.gpio_names_size) != run->dut.names_size)
		return run_fail(run, "the configuration was another one when it was read first: "
				"ngpio %u, gpio_names_size %u", run->dut.lines, run->dut.names_size);
	return read_pieces(run, &first);
}

/* --- names -------------------------------------------------------------------------- */

bool check_no_names(struct run *run)
{
	const struct pair *p;

	if (run->dut.names_size)
		return run_skip(run, "the device has names");
	p = run_ask(run, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0);
	if (!p)
		return false;
	if (dut_response(&run->dut, p)[0] != ERR)
		return run_fail(run, "gpio_names_size is 0, but the names are not refused");
	return true;
}

static bool keep_names(struct run *run, const struct pair *p)
{
	struct names_block *names = &run->names;

	free(names->data);
	names->data = malloc(run->dut.names_size);
	if (!names->data)
		return run_block(run, "no memory for %u bytes of names", run->dut.names_size);
	memcpy(names->data, dut_response(&run->dut, p) + 1, run->dut.names_size);
	names->size = run->dut.names_size;
	names->lines = run->dut.lines;
	names->status = dut_response(&run->dut, p)[0];
	names->length = p->used_len;
	return true;
}

/* The names are asked for once, as a driver does. */
static bool have_names(struct run *run)
{
	const struct pair *p;

	if (!run->dut.names_size)
		return run_skip(run, "the device has no names");
	if (run->dut.names_size > DUT_MAX_NAMES)
		return run_skip(run, "gpio_names_size is %u; up to %u is tried",
				run->dut.names_size, DUT_MAX_NAMES);
	if (run->names.data)
		return true;
	p = dut_send_names(&run->dut);
	dut_kick(&run->dut, DUT_REQUESTQ);
	return run_wait(run, p) && keep_names(run, p);
}

static unsigned int count_strings(const struct names_block *names)
{
	unsigned int count = 0;

	for (uint32_t i = 0; i < names->size; i++)
		count += !names->data[i];
	return count;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool names_are_unique(struct run *run)
{
	const struct names_block *names = &run->names;
	const char **sorted = calloc(names->lines, sizeof(*sorted)), *at = names->data;
	unsigned int count = 0;
	bool unique = true;

	if (!sorted)
		return run_block(run, "no memory for %u names", names->lines);
	for (unsigned int i = 0; i < names->lines; i++, at += strlen(at) + 1)
		if (*at)
			sorted[count++] = at;
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (unsigned int i = 1; i < count && unique; i++)
		if (!strcmp(sorted[i - 1], sorted[i]))
			unique = run_fail(run, "two lines have the name \"%.64s\"", sorted[i]);
	free(sorted);
	return unique;
}

bool check_names(struct run *run)
{
	const struct names_block *names = &run->names;

	if (!have_names(run))
		return false;
	if (names->status != OK)
		return run_fail(run, "gpio_names_size is %u, but the names are refused with status %u",
				names->size, names->status);
	if (names->length != 1 + names->size)
		return run_fail(run, "gpio_names_size is %u, but a status and %d bytes were written",
				names->size, (int)names->length - 1);
	if (names->data[names->size - 1])
		return run_fail(run, "the last name is not terminated");
	if (count_strings(names) != names->lines)
		return run_fail(run, "there are %u names for %u lines", count_strings(names),
				names->lines);
	return names_are_unique(run);
}

bool check_names_ascii(struct run *run)
{
	const struct names_block *names = &run->names;

	if (!have_names(run))
		return false;
	if (names->status != OK)
		return run_block(run, "the device refuses the names");
	for (uint32_t i = 0; i < names->size && i + 1 < names->length; i++)
		if (names->data[i] & 0x80)
			return run_fail(run, "byte %u of the names is 0x%02x", i,
					(uint8_t)names->data[i]);
	return true;
}

/* --- replies -------------------------------------------------------------------------- */

/**
 * struct bad_message - what has no meaning
 * @type: the message
 * @past: the line is so many after the last one; the line to try things with if -1
 * @value: its value
 * @irq: only with VIRTIO_GPIO_F_IRQ
 */
struct bad_message {
	unsigned int type;
	int past;
	uint32_t value;
	bool irq;
};

static const struct bad_message bad_messages[] = {
	{ 0, -1, 0, false },
	{ 7, -1, 0, false },
	{ 0xffff, -1, 0, false },
	{ VIRTIO_GPIO_MSG_SET_DIRECTION, -1, 7, false },
	{ VIRTIO_GPIO_MSG_SET_DIRECTION, -1, 0x100 | IN, false },
	{ VIRTIO_GPIO_MSG_IRQ_TYPE, -1, 16, true },
	{ VIRTIO_GPIO_MSG_IRQ_TYPE, -1, 0x10000 | VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING, true },
	{ VIRTIO_GPIO_MSG_GET_DIRECTION, 0, 0, false },
	{ VIRTIO_GPIO_MSG_GET_VALUE, 0, 0, false },
	{ VIRTIO_GPIO_MSG_SET_DIRECTION, 0, IN, false },
	{ VIRTIO_GPIO_MSG_SET_VALUE, 0, 0, false },
	{ VIRTIO_GPIO_MSG_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING, true },
};

/* No answer is no status, either. A device that may have died gets another chance. */
static bool is_answered(struct run *run, const struct pair *p)
{
	char name[96];

	if (dut_wait(&run->dut, p, run->plan->timeout_ms))
		return true;
	dut_name(p, name, sizeof(name));
	run_fail(run, "%s is not answered", name);
	dut_tell_missing(&run->dut);
	return false;
}

/* Returns false if the check cannot go on. */
static bool judge_bad_message(struct run *run, const struct bad_message *bad)
{
	unsigned int line = bad->past < 0 ? run->plan->line : run->dut.lines + bad->past;
	const struct pair *p;
	char name[96];
	uint8_t status;

	if ((bad->irq && !(run->dut.features & DUT_BIT(VIRTIO_GPIO_F_IRQ))) || line > UINT16_MAX)
		return true;
	p = dut_send(&run->dut, bad->type, line, bad->value, PAIR_PLAIN);
	dut_kick(&run->dut, DUT_REQUESTQ);
	if (!is_answered(run, p))
		return run_reopen(run, DUT_FEATURES);
	status = dut_response(&run->dut, p)[0];
	dut_name(p, name, sizeof(name));
	if (status != ERR)
		run_fail(run, "%s has no meaning, and gets status %u", name, status);
	return true;
}

bool check_status(struct run *run)
{
	struct pair *p = dut_send(&run->dut, VIRTIO_GPIO_MSG_GET_DIRECTION, run->plan->line, 0,
				  PAIR_PLAIN);
	const uint8_t *response = dut_response(&run->dut, p);

	dut_kick(&run->dut, DUT_REQUESTQ);
	if (!is_answered(run, p))
		return false;
	if (response[0] != OK)
		return run_fail(run, "the direction of line %u is asked for, and gets status %u",
				run->plan->line, response[0]);
	if (response[1] > IN)
		return run_fail(run, "the direction of line %u is %u", run->plan->line,
				response[1]);
	for (size_t i = 0; i < ARRAY_SIZE(bad_messages); i++)
		if (!judge_bad_message(run, &bad_messages[i]))
			return false;
	return run->verdict == PASSED;
}

/**
 * struct left_alone - which bytes of a reply were as they were filled, every time
 * @status: so was the status
 * @value: so was the value
 */
struct left_alone {
	bool status;
	bool value;
};

static bool look_at_fields(struct run *run, unsigned int type, struct left_alone *left)
{
	const struct pair *p = run_ask(run, type, run->plan->line, 0);

	if (!p)
		return false;
	if (p->used_len < sizeof(struct virtio_gpio_response))
		return run_fail(run, "the used ring tells of %u bytes written, not of 2",
				p->used_len);
	left->status &= dut_response(&run->dut, p)[0] == p->fill;
	left->value &= dut_response(&run->dut, p)[1] == p->fill;
	return true;
}

static bool fields_are_set(struct run *run, unsigned int type)
{
	static const uint8_t fills[] = { 0xaa, 0x55 };
	struct left_alone left = { true, true };

	for (size_t i = 0; i < ARRAY_SIZE(fills); i++) {
		run->dut.fill = fills[i];
		if (!look_at_fields(run, type, &left))
			return false;
	}
	if (left.status || left.value)
		return run_fail(run, "the %s of a reply to message %u is not set",
				left.status ? "status" : "value", type);
	return true;
}

bool check_reply_fields(struct run *run)
{
	return fields_are_set(run, VIRTIO_GPIO_MSG_GET_DIRECTION) && fields_are_set(run, 7);
}

bool check_other_lines(struct run *run)
{
	struct pair *pairs[OTHER_LINES];
	unsigned int count = run->dut.lines < OTHER_LINES ? run->dut.lines : OTHER_LINES;

	for (unsigned int i = 0; i < count; i++)
		pairs[i] = dut_send(&run->dut, VIRTIO_GPIO_MSG_GET_DIRECTION, i, 0, PAIR_PLAIN);
	dut_kick(&run->dut, DUT_REQUESTQ);
	for (unsigned int i = 0; i < count; i++)
		if (!run_wait(run, pairs[i]))
			return run_fail(run, "of %u messages in one notification, that for line %u is "
					"not answered", count, i);
	return true;
}

/* --- directions and values ------------------------------------------------------------ */

static bool value_as_output(struct run *run, uint8_t value, uint8_t *now)
{
	unsigned int line = run->plan->line;

	return run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, NONE) &&
	       run_ask_ok(run, VIRTIO_GPIO_MSG_SET_VALUE, line, value) &&
	       run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, OUT) &&
	       run_ask_value(run, VIRTIO_GPIO_MSG_GET_VALUE, line, now);
}

/* A device that always tells the inverse can still be checked for all else. */
bool check_value_before_direction(struct run *run)
{
	static const uint8_t values[] = { 1, 0, 1 };
	uint8_t now[ARRAY_SIZE(values)];
	size_t wrong = 0, inverse = 0;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (!value_as_output(run, values[i], &now[i]))
			return false;
		wrong += now[i] != values[i];
		inverse += now[i] == !values[i];
	}
	run->inverse = inverse == ARRAY_SIZE(values);
	if (run->inverse)
		return run_fail(run, "line %u is told to be 0 when it is set to 1 and to be 1 when it "
				"is set to 0, before it becomes an output", run->plan->line);
	return !wrong || run_fail(run, "line %u was set to 1, 0 and 1 before it became an output, and "
				  "was %u, %u and %u then", run->plan->line, now[0], now[1], now[2]);
}

/**
 * struct step - one of many messages for the same line
 * @type: VIRTIO_GPIO_MSG_*
 * @value: its value, or what the reply must have
 */
struct step {
	unsigned int type;
	uint8_t value;
};

static const struct step steps[] = {
	{ VIRTIO_GPIO_MSG_SET_VALUE, 1 },
	{ VIRTIO_GPIO_MSG_SET_DIRECTION, OUT },
	{ VIRTIO_GPIO_MSG_GET_VALUE, 1 },
	{ VIRTIO_GPIO_MSG_SET_VALUE, 0 },
	{ VIRTIO_GPIO_MSG_GET_VALUE, 0 },
	{ VIRTIO_GPIO_MSG_SET_VALUE, 1 },
	{ VIRTIO_GPIO_MSG_GET_VALUE, 1 },
	{ VIRTIO_GPIO_MSG_SET_VALUE, 0 },
	{ VIRTIO_GPIO_MSG_GET_VALUE, 0 },
	{ VIRTIO_GPIO_MSG_SET_VALUE, 1 },
	{ VIRTIO_GPIO_MSG_GET_VALUE, 1 },
	{ VIRTIO_GPIO_MSG_GET_DIRECTION, OUT },
	{ VIRTIO_GPIO_MSG_SET_VALUE, 0 },
	{ VIRTIO_GPIO_MSG_GET_VALUE, 0 },
};

static bool is_question(const struct step *step)
{
	return step->type == VIRTIO_GPIO_MSG_GET_VALUE ||
	       step->type == VIRTIO_GPIO_MSG_GET_DIRECTION;
}

static uint8_t expected(const struct run *run, const struct step *step)
{
	bool inverse = run->inverse && step->type == VIRTIO_GPIO_MSG_GET_VALUE;

	return inverse ? !step->value : step->value;
}

static bool judge_step(struct run *run, size_t i, const struct pair *p)
{
	const uint8_t *response = dut_response(&run->dut, p);

	if (response[0] != OK)
		return run_block(run, "the device refuses %s of line %u; try another --line",
				 gpio_message_name(p->type), p->line);
	if (p->place != i)
		return run_fail(run, "message %zu of %zu for line %u is answered as number %u", i + 1,
				ARRAY_SIZE(steps), p->line, p->place + 1);
	if (is_question(&steps[i]) && response[1] != expected(run, &steps[i]))
		return run_fail(run, "message %zu of %zu for line %u says %u, not %u", i + 1,
				ARRAY_SIZE(steps), p->line, response[1], expected(run, &steps[i]));
	return true;
}

bool check_order(struct run *run)
{
	const struct pair *pairs[ARRAY_SIZE(steps)];

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		pairs[i] = dut_send(&run->dut, steps[i].type, run->plan->line,
				    is_question(&steps[i]) ? 0 : steps[i].value, PAIR_PLAIN);
	dut_kick(&run->dut, DUT_REQUESTQ);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (!run_wait(run, pairs[i]))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (!judge_step(run, i, pairs[i]))
			return false;
	return true;
}

static bool direction_is_forgotten(struct run *run)
{
	unsigned int line = run->plan->line;
	uint8_t direction;

	if (!run_ask_ok(run, VIRTIO_GPIO_MSG_SET_VALUE, line, 1) ||
	    !run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, OUT) ||
	    !run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, NONE) ||
	    !run_ask_value(run, VIRTIO_GPIO_MSG_GET_DIRECTION, line, &direction))
		return false;
	return !direction || run_fail(run, "line %u was deactivated, and its direction is %u", line,
				      direction);
}

/* Another trigger type is accepted only if the one before was forgotten. */
static bool trigger_is_forgotten(struct run *run)
{
	unsigned int line = run_input(run);
	const struct pair *p;

	if (!run_prepare_input(run) || !run_enable(run, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING) ||
	    !run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, NONE) ||
	    !run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, IN))
		return false;
	p = run_ask(run, VIRTIO_GPIO_MSG_IRQ_TYPE, line, VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING);
	if (!p)
		return false;
	return dut_response(&run->dut, p)[0] == OK ||
	       run_fail(run, "line %u was deactivated, and its trigger type is in the way of "
			"another one", line);
}

static bool arm_and_deactivate(struct run *run, const struct pair **event)
{
	unsigned int line = run_input(run);
	bool came;

	if (!run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, NONE) || !run_prepare_input(run) ||
	    !run_enable(run, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING))
		return false;
	*event = run_arm(run, line);
	if (!run_stays_out(run, *event, &came))
		return false;
	if (came)
		return run_block(run, "the event buffer came back before line %u was deactivated",
				 line);
	return run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, NONE);
}

static bool event_buffer_is_forgotten(struct run *run)
{
	unsigned int line = run_input(run);
	const struct pair *event, *p;
	bool came;

	if (!arm_and_deactivate(run, &event))
		return false;
	p = run_ask(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, IN);
	if (!p)
		return false;
	if (dut_response(&run->dut, p)[0] != OK)
		return run_fail(run, "line %u was deactivated with an event buffer queued, and cannot "
				"become an input again", line);
	if ((run_has_stimulus(run) && !run_drive(run, true)) || !run_stays_out(run, event, &came))
		return false;
	return !came || !run_is_event(run, event, VIRTIO_GPIO_IRQ_STATUS_VALID) ||
	       run_fail(run, "line %u was deactivated, and its interrupt is told", line);
}

/* All that is kept is told of. */
bool check_no_state(struct run *run)
{
	bool passed = direction_is_forgotten(run);

	if (!(run->dut.features & DUT_BIT(VIRTIO_GPIO_F_IRQ)) || run->verdict == BLOCKED)
		return passed;
	passed = trigger_is_forgotten(run) && passed;
	if (run->verdict == BLOCKED)
		return false;
	return event_buffer_is_forgotten(run) && passed;
}
