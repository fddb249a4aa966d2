/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device model without a ring: the driver's requests, and what is told of them. */
#include "bank.h"

static void on_event(void *ctx, unsigned int line, uint8_t status)
{
	struct bank *f = ctx;

	f->events++;
	f->line = line;
	f->status = status;
}

static void on_changed(void *ctx, unsigned int line)
{
	struct bank *f = ctx;

	f->changes[line]++;
}

static void on_armed(void *ctx, unsigned int line)
{
	struct bank *f = ctx;

	(void)line;
	f->armed++;
}

static void on_latched(void *ctx, unsigned int line)
{
	struct bank *f = ctx;

	(void)line;
	f->latched++;
}

static void on_violation(void *ctx, unsigned int line, enum driver_rule rule,
			 const char *what)
{
	struct bank *f = ctx;

	(void)line;
	(void)what;
	f->violations++;
	f->rule = rule;
}

static const struct gpio_ops ops = {
	.event = on_event, .changed = on_changed, .armed = on_armed, .latched = on_latched,
	.violation = on_violation,
};

/**
 * bank_set_up() - make a device with interrupts, for cmocka
 * @state: takes the struct bank
 *
 * Return: 0.
 */
int bank_set_up(void **state)
{
	struct bank *f = test_calloc(1, sizeof(*f));

	assert_int_equal(gpio_init(&f->bank, LINES, &ops, f), 0);
	f->bank.irq = true;
	*state = f;
	return 0;
}

/**
 * bank_tear_down() - free it, for cmocka
 * @state: the struct bank
 *
 * Return: 0.
 */
int bank_tear_down(void **state)
{
	struct bank *f = *state;

	gpio_free(&f->bank);
	test_free(f);
	return 0;
}

/**
 * bank_ask() - send a request
 * @f: the device
 * @type: its type
 * @line: the line
 * @value: its value
 *
 * Return: the reply.
 */
struct gpio_reply bank_ask(struct bank *f, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_request req = { .type = type, .line = line, .value = value };

	return gpio_handle(&f->bank, &req);
}

/**
 * bank_status_of() - send a request that has nothing but a status for a reply
 * @f: the device
 * @type: its type
 * @line: the line
 * @value: its value
 *
 * Return: the status.
 */
uint8_t bank_status_of(struct bank *f, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_reply reply = bank_ask(f, type, line, value);

	assert_int_equal(reply.value, 0);
	assert_false(reply.names);
	return reply.status;
}

/**
 * bank_set_direction() - ask for a direction
 * @f: the device
 * @line: the line
 * @direction: VIRTIO_GPIO_DIRECTION_*
 *
 * Return: the status.
 */
uint8_t bank_set_direction(struct bank *f, uint16_t line, uint32_t direction)
{
	return bank_status_of(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, direction);
}

/**
 * bank_set_value() - ask for an output's value
 * @f: the device
 * @line: the line
 * @value: the value
 *
 * Return: the status.
 */
uint8_t bank_set_value(struct bank *f, uint16_t line, uint32_t value)
{
	return bank_status_of(f, VIRTIO_GPIO_MSG_SET_VALUE, line, value);
}

/**
 * bank_set_type() - ask for a trigger type
 * @f: the device
 * @line: the line
 * @type: VIRTIO_GPIO_IRQ_TYPE_*
 *
 * Return: the status.
 */
uint8_t bank_set_type(struct bank *f, uint16_t line, uint32_t type)
{
	return bank_status_of(f, VIRTIO_GPIO_MSG_IRQ_TYPE, line, type);
}

/**
 * bank_value_of() - read a value
 * @f: the device
 * @line: the line
 *
 * Return: the value.
 */
uint8_t bank_value_of(struct bank *f, uint16_t line)
{
	struct gpio_reply reply = bank_ask(f, VIRTIO_GPIO_MSG_GET_VALUE, line, 0);

	assert_int_equal(reply.status, OK);
	return reply.value;
}

/**
 * bank_direction_of() - read a direction
 * @f: the device
 * @line: the line
 *
 * Return: the direction.
 */
uint8_t bank_direction_of(struct bank *f, uint16_t line)
{
	struct gpio_reply reply = bank_ask(f, VIRTIO_GPIO_MSG_GET_DIRECTION, line, 0);

	assert_int_equal(reply.status, OK);
	return reply.value;
}
