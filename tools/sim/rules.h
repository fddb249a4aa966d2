/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_RULES_H
#define VGPIO_RULES_H

#include <stdbool.h>
#include <stdio.h>

/**
 * enum driver_rule - what the specification demands of a driver
 * @DRIVER_RULES: their number
 */
enum driver_rule {
	RULE_WHOLE,
	RULE_FIELDS,
	RULE_FEATURE,
	RULE_OUTPUT,
	RULE_DONE,
	RULE_LIVE_CHANGE,
	RULE_ENABLE_FIRST,
	RULE_ONE_BUFFER,
	RULE_RINGS,
	DRIVER_RULES,
};

/* What rules are about: bit VIRTIO_GPIO_MSG_* for messages, 0 for unknown ones, and this. */
#define RULES_EVENT_BUFFER	31

/**
 * struct rules - how a driver keeps to the rules
 * @occasions: bits of what the driver sent so far
 * @broken: for each rule, how often it was broken
 * @first: for each rule, how it was broken first
 */
struct rules {
	unsigned int occasions;
	unsigned int broken[DRIVER_RULES];
	char first[DRIVER_RULES][128];
};

void rules_note(struct rules *rules, enum driver_rule rule, const char *how);
void rules_add(struct rules *sum, const struct rules *rules);
bool rules_kept(const struct rules *rules);
const char *rules_sentence(enum driver_rule rule);
void rules_report(const struct rules *rules, FILE *file);

#endif
