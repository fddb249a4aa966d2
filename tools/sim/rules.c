/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the specification demands of a driver, and whether a driver did it. */
#include <linux/virtio_gpio.h>

#include "rules.h"

#define REQUESTQ	"GPIO Device, requestq Operation, driver requirements"
#define EVENTQ		"GPIO Device, eventq Operation, driver requirements"

#define ANY		(~0u)
#define EVENT_BUFFER	(1u << RULES_EVENT_BUFFER)
#define MESSAGE		(~EVENT_BUFFER)
#define SET_IRQ_TYPE	(1u << VIRTIO_GPIO_MSG_IRQ_TYPE)

/**
 * struct rule - a requirement
 * @id: its name
 * @what: it in our words
 * @section: where the specification says it
 * @sentence: what it says there
 * @about: bits of what a driver has to send to break it
 */
struct rule {
	const char *id;
	const char *what;
	const char *section;
	const char *sentence;
	unsigned int about;
};

static const struct rule table[DRIVER_RULES] = {
	[RULE_WHOLE] = { "D1", "requests are whole, and replies have room", REQUESTQ,
		"The driver MUST queue both struct virtio_gpio_request and virtio_gpio_response for "
		"every message sent to the device.", ANY },
	[RULE_FIELDS] = { "D2", "the fields of a message are what its type has",
		"GPIO Device, requestq Operation: Message Flow",
		"The driver enqueues struct virtio_gpio_request and virtio_gpio_response buffers to "
		"the requestq virtqueue, after filling all fields of the struct virtio_gpio_request "
		"buffer as defined by the specific message type.", ANY },
	[RULE_FEATURE] = { "D3", "no interrupts without VIRTIO_GPIO_F_IRQ", REQUESTQ,
		"The driver MUST NOT send IRQ messages if the VIRTIO_GPIO_F_IRQ feature has not been "
		"negotiated.", MESSAGE },
	[RULE_OUTPUT] = { "D4", "no interrupts of outputs", REQUESTQ,
		"The driver MUST NOT send IRQ messages for a GPIO line configured for output.",
		SET_IRQ_TYPE },
	[RULE_DONE] = { "D5", "interrupts are disabled when they are used no longer", REQUESTQ,
		"The driver MUST set the IRQ trigger type to VIRTIO_GPIO_IRQ_TYPE_NONE once it is "
		"done using the GPIO line configured for interrupts.", SET_IRQ_TYPE },
	[RULE_LIVE_CHANGE] = { "D6", "an enabled interrupt is disabled before its type changes",
		REQUESTQ,
		"In order to change the trigger type of an already enabled interrupt, the driver MUST "
		"first disable the interrupt and then re-enable it with appropriate trigger type.",
		SET_IRQ_TYPE },
	[RULE_ENABLE_FIRST] = { "D7", "an interrupt is enabled before it is unmasked", EVENTQ,
		"The driver MUST enable the interrupt before unmasking it.", EVENT_BUFFER },
	[RULE_ONE_BUFFER] = { "D8", "a line has one event buffer at a time", EVENTQ,
		"The driver MUST NOT add multiple pairs of buffers for the same GPIO line on the "
		"eventq virtqueue.", EVENT_BUFFER },
	[RULE_RINGS] = { "D9", "queues are used as all virtio drivers have to",
		"Basic Facilities, Split Virtqueues, driver requirements",
		"(Many; what was wrong is in the message before the connection was closed.)", ANY },
};

/**
 * rules_note() - the driver broke a rule
 * @rules: takes it
 * @rule: the rule
 * @how: how, in a line
 */
void rules_note(struct rules *rules, enum driver_rule rule, const char *how)
{
	if (!rules->broken[rule]++)
		snprintf(rules->first[rule], sizeof(rules->first[rule]), "%s", how);
}

/**
 * rules_add() - count what another driver did, too
 * @sum: takes it
 * @rules: that driver's
 */
void rules_add(struct rules *sum, const struct rules *rules)
{
	sum->occasions |= rules->occasions;
	for (unsigned int i = 0; i < DRIVER_RULES; i++) {
		unsigned int before = sum->broken[i];

		if (rules->broken[i])
			rules_note(sum, i, rules->first[i]);
		sum->broken[i] = before + rules->broken[i];
	}
}

/**
 * rules_kept() - did the driver break no rule?
 * @rules: the driver's
 *
 * Return: true if so.
 */
bool rules_kept(const struct rules *rules)
{
	for (unsigned int i = 0; i < DRIVER_RULES; i++)
		if (rules->broken[i])
			return false;
	return true;
}

/**
 * rules_sentence() - what the specification says
 * @rule: of this
 *
 * Return: its sentence.
 */
const char *rules_sentence(enum driver_rule rule)
{
	return table[rule].sentence;
}

/* A rule that the driver had no occasion to break is not one that it kept. */
static void report_one(const struct rules *rules, enum driver_rule i, FILE *file)
{
	const struct rule *rule = &table[i];
	const char *quote = *rule->sentence == '(' ? "" : "\"";

	fprintf(file, "%s %u - %s %s", rules->broken[i] ? "not ok" : "ok", i + 1, rule->id,
		rule->what);
	if (!rules->broken[i]) {
		fputs(rules->occasions & rule->about ? "\n" : " # SKIP nothing like that was sent\n",
		      file);
		return;
	}
	fprintf(file, "\n# broken %u times, first: %s\n# %s:\n#   %s%s%s\n", rules->broken[i],
		rules->first[i], rule->section, quote, rule->sentence, quote);
}

/**
 * rules_report() - how the driver kept to the rules, in TAP
 * @rules: the driver's
 * @file: where to write it
 */
void rules_report(const struct rules *rules, FILE *file)
{
	fprintf(file, "TAP version 13\n1..%u\n", DRIVER_RULES);
	for (unsigned int i = 0; i < DRIVER_RULES; i++)
		report_one(rules, i, file);
}
