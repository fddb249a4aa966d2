/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_BANK_H
#define VGPIO_TEST_BANK_H

#include "guest.h"

#include "model.h"

#define LINES	6
#define OK	VIRTIO_GPIO_STATUS_OK
#define ERR	VIRTIO_GPIO_STATUS_ERR

/**
 * struct bank - the device model, and what it told
 * @bank: the device
 * @events: number of events
 * @status: the last event's status
 * @line: the last event's line
 * @changes: for each line, number of changes
 * @armed: number of times a line was ready for an interrupt
 * @latched: number of edges kept for later
 * @violations: number of violations
 * @rule: what the last violation was of
 */
struct bank {
	struct gpio_bank bank;
	unsigned int events;
	uint8_t status;
	unsigned int line;
	unsigned int changes[LINES];
	unsigned int armed;
	unsigned int latched;
	unsigned int violations;
	enum driver_rule rule;
};

int bank_set_up(void **state);
int bank_tear_down(void **state);
struct gpio_reply bank_ask(struct bank *f, uint16_t type, uint16_t line, uint32_t value);
uint8_t bank_status_of(struct bank *f, uint16_t type, uint16_t line, uint32_t value);
uint8_t bank_set_direction(struct bank *f, uint16_t line, uint32_t direction);
uint8_t bank_set_value(struct bank *f, uint16_t line, uint32_t value);
uint8_t bank_set_type(struct bank *f, uint16_t line, uint32_t type);
uint8_t bank_value_of(struct bank *f, uint16_t line);
uint8_t bank_direction_of(struct bank *f, uint16_t line);

#endif
