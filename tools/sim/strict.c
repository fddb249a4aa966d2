/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a driver must not do, though a device can live with it: refused with an error, or
 * answered with INVALID, as a rule.
 */
#include "strict.h"

static const char *check_value(const struct gpio_request *req)
{
	switch (req->type) {
	case VIRTIO_GPIO_MSG_GET_NAMES:
		if (req->line)
			return "names of a line; they are of line 0";
		return req->value ? "names with a value" : NULL;
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
	case VIRTIO_GPIO_MSG_GET_VALUE:
		return req->value ? "question with a value" : NULL;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		return req->value > VIRTIO_GPIO_DIRECTION_IN ? "direction that there is not" : NULL;
	case VIRTIO_GPIO_MSG_SET_VALUE:
		return req->value > 1 ? "value other than 0 and 1" : NULL;
	case VIRTIO_GPIO_MSG_IRQ_TYPE:
		if (req->value > UINT8_MAX || !gpio_trigger_name(req->value))
			return "trigger type that there is not";
		return NULL;
	default:
		return "message that there is not";
	}
}

/**
 * strict_message() - is a message one that no driver may send?
 * @bank: the device, before the message
 * @req: the message
 * @rule: takes the rule that it breaks
 *
 * The model finds what it must refuse itself.
 *
 * Return: what is wrong with it, or NULL.
 */
const char *strict_message(const struct gpio_bank *bank, const struct gpio_request *req,
			   enum driver_rule *rule)
{
	const char *wrong = check_value(req);

	*rule = RULE_FIELDS;
	if (wrong)
		return wrong;
	if (req->line >= bank->count)
		return "line that there is not";
	*rule = RULE_DONE;
	if (req->type == VIRTIO_GPIO_MSG_SET_DIRECTION && !req->value &&
	    bank->lines[req->line].trigger)
		return "deactivated while the interrupt is enabled";
	return NULL;
}

/**
 * strict_event_buffer() - is an event buffer one that no driver may queue?
 * @bank: the device
 * @line: the buffer's line, one that there is
 * @rule: takes the rule that it breaks
 *
 * Return: what is wrong with it, or NULL.
 */
const char *strict_event_buffer(const struct gpio_bank *bank, unsigned int line,
				enum driver_rule *rule)
{
	*rule = RULE_ENABLE_FIRST;
	return bank->lines[line].trigger ? NULL : "unmasked before it is enabled";
}
