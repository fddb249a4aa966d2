/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All checks, in the order in which they run. That is such that a fault which a device
 * has once is met by the check that is for it: what a check asks for on the way to its
 * own subject was asked for before, by the check whose subject it is.
 */
#include <string.h>

#include "check/catalogue.h"
#include "check/checks.h"
#include "text.h"

#define REQUESTQ	"GPIO Device, requestq Operation, device requirements"
#define EVENTQ		"GPIO Device, eventq Operation, device requirements"
#define SET_IRQ_TYPE	"GPIO Device, requestq Operation: Set IRQ Type"

const struct check catalogue[] = {
	{ "R2", "every field of the configuration is set, the padding to zero", REQUESTQ,
	  "The device MUST set all the fields of the struct virtio_gpio_config on receiving a "
	  "configuration request from the driver.",
	  false, 0, check_config },
	{ "R3", "without names, their size is 0 and they are refused", REQUESTQ,
	  "The device MUST set the gpio_names_size field as zero in the struct virtio_gpio_config, "
	  "if it doesn't implement names for individual GPIO lines.",
	  false, 0, check_no_names },
	{ "R4", "as many unique, terminated names as lines are in gpio_names_size bytes", REQUESTQ,
	  "The strings MUST be zero-terminated and an unique (if available) within the GPIO device.",
	  false, NEEDS_LINE, check_names },
	{ "M15", "names are 7-bit ASCII", "GPIO Device, requestq Operation: Get Line Names",
	  "The names of the GPIO lines are encoded in 7-bit ASCII.",
	  false, NEEDS_LINE, check_names_ascii },
	{ "M14", "the status is OK on success and ERR on failure",
	  "GPIO Device, requestq Operation: Message Flow",
	  "The status must be set to VIRTIO_GPIO_STATUS_OK on success and VIRTIO_GPIO_STATUS_ERR on "
	  "failure.",
	  false, NEEDS_LINE, check_status },
	{ "R1", "every field of a reply is set", REQUESTQ,
	  "The device MUST set all the fields of the struct virtio_gpio_response before sending it "
	  "back to the driver.",
	  false, NEEDS_LINE, check_reply_fields },
	{ "R6", "messages for different lines are all answered, in any order", REQUESTQ,
	  "The device MAY process messages, for different GPIO lines, out of order and in parallel, "
	  "and MAY send message's response to the driver out of order.",
	  false, NEEDS_LINE, check_other_lines },
	{ "M13", "a value that is set before the direction is the output's",
	  "GPIO Device, requestq Operation: Set Value",
	  "The line may already be configured for output or may get configured to output later, at "
	  "which point this output value must be used by the device for the line.",
	  false, NEEDS_LINE, check_value_before_direction },
	{ "R5", "messages for one line are carried out and answered in order", REQUESTQ,
	  "The device MUST process multiple messages, for the same GPIO line, sequentially and "
	  "respond to them in the order they were received on the virtqueue.",
	  false, NEEDS_LINE | NEEDS_LEVELS, check_order },
	{ "M16", "no interrupts without VIRTIO_GPIO_F_IRQ", SET_IRQ_TYPE,
	  "This request is allowed only if the VIRTIO_GPIO_F_IRQ feature has been negotiated.",
	  false, NEEDS_LINE, check_irq_not_negotiated },
	{ "R11", "no event of an interrupt that is not enabled", EVENTQ,
	  "The device MUST NOT send an interrupt event to the driver for a GPIO line unless the "
	  "interrupt has been both unmasked and enabled by the driver.",
	  false, NEEDS_LINE | NEEDS_IRQ | NEEDS_LEVELS, check_not_enabled },
	{ "S17", "a buffer for an interrupt that is not enabled comes back INVALID", SET_IRQ_TYPE,
	  "If the interrupt is disabled by the driver, [...] or the interrupt is unmasked without "
	  "being enabled first, the device should return any unused pair of buffers for the GPIO "
	  "line, over the eventq virtqueue, after setting the status field to "
	  "VIRTIO_GPIO_IRQ_STATUS_INVALID.",
	  true, NEEDS_LINE | NEEDS_IRQ | NEEDS_LEVELS, check_unmasked_not_enabled },
	{ "M23", "an enabled and unmasked interrupt is told with an edge, and not without",
	  "GPIO Device, eventq Operation: Message Flow",
	  "The device, on sensing an active interrupt on the GPIO line, finds the matching buffers "
	  "[...] and update its struct virtio_gpio_irq_response buffer's status with "
	  "VIRTIO_GPIO_IRQ_STATUS_VALID and returns the pair of buffers [...].",
	  false, NEEDS_LINE | NEEDS_IRQ | NEEDS_STIMULUS | NEEDS_LEVELS, check_event },
	{ "R12", "the buffer of an interrupt that is disabled comes back INVALID", EVENTQ,
	  "On receiving VIRTIO_GPIO_MSG_SET_IRQ_TYPE message, with VIRTIO_GPIO_IRQ_TYPE_NONE trigger "
	  "type, the device MUST return the buffers, if they were received earlier, after setting "
	  "the status field to VIRTIO_GPIO_IRQ_STATUS_INVALID.",
	  false, NEEDS_LINE | NEEDS_IRQ | NEEDS_LEVELS, check_disabled },
	{ "R7", "a line without direction keeps no state", REQUESTQ,
	  "The device MUST discard all state information corresponding to a GPIO line, once the "
	  "driver has requested to set its direction to VIRTIO_GPIO_DIRECTION_NONE.",
	  false, NEEDS_LINE | NEEDS_LEVELS, check_no_state },
	{ "R8", "an edge is latched while the interrupt is enabled and masked", REQUESTQ,
	  "The device MUST latch an edge interrupt if the interrupt is enabled but still masked.",
	  false, NEEDS_LINE | NEEDS_IRQ | NEEDS_STIMULUS | NEEDS_LEVELS, check_edge_latched },
	{ "S19", "no edge is latched before the interrupt is enabled", SET_IRQ_TYPE,
	  "For edge trigger type, the device should latch the interrupt events from this point "
	  "onward and notify it to the driver once the interrupt is unmasked.",
	  true, NEEDS_LINE | NEEDS_IRQ | NEEDS_STIMULUS | NEEDS_LEVELS, check_latched_from_type_on },
	{ "R9", "a level is not latched while the interrupt is masked", REQUESTQ,
	  "The device MUST NOT latch an level interrupt if the interrupt is enabled but still "
	  "masked.",
	  false, NEEDS_LINE | NEEDS_IRQ | NEEDS_STIMULUS | NEEDS_LEVELS, check_level_not_latched },
	{ "S18", "a level that is still there is told again",
	  "GPIO Device, eventq Operation: Message Flow",
	  "Once the interrupt is unmasked again and the interrupt on the line is still active, the "
	  "device shall notify the driver again.",
	  true, NEEDS_LINE | NEEDS_IRQ | NEEDS_STIMULUS | NEEDS_LEVELS, check_level_again },
	{ "R10", "a latched edge is dropped when the interrupt is disabled", REQUESTQ,
	  "The device MUST discard any latched interrupt for a GPIO line, once interrupt is disabled "
	  "for the same.",
	  false, NEEDS_LINE | NEEDS_IRQ | NEEDS_STIMULUS | NEEDS_LEVELS, check_latched_dropped },
	{ "R25", "no event of an interrupt that is masked", EVENTQ,
	  "The device MUST NOT send an interrupt event to the driver for a GPIO line unless the "
	  "interrupt has been both unmasked and enabled by the driver.",
	  false, NEEDS_LINE | NEEDS_IRQ | NEEDS_STIMULUS | NEEDS_LEVELS, check_masked },
	{ "V21", "the device notifies when it has to, and not when it should not",
	  "Basic Facilities, Used Buffer Notification Suppression, device requirements",
	  "If flags is 0, the device MUST send a notification. [...] If the idx field in the used "
	  "ring [...] was equal to used_event, the device MUST send a notification.",
	  false, NEEDS_LINE, check_notifications },
	{ "V24", "a request may be in an indirect table",
	  "Basic Facilities, Indirect Descriptors, device requirements",
	  "The device MUST handle the case of zero or more normal chained descriptors followed by a "
	  "single descriptor with flags&VIRTQ_DESC_F_INDIRECT.",
	  false, NEEDS_LINE, check_indirect },
	{ "V23", "a request may have any number of descriptors",
	  "Basic Facilities, Message Framing, device requirements",
	  "The device MUST NOT make assumptions about the particular arrangement of descriptors.",
	  false, NEEDS_LINE, check_framing },
	{ "V22", "lines and event buffers survive a stop and start of the queues",
	  "vhost-user protocol, GET_VRING_BASE",
	  "(No sentence says so in these words. A virtual machine that is paused stops its queues "
	  "like this, and its driver does not learn of it. A queue that goes on elsewhere than where "
	  "it stopped loses requests, or carries them out again.)",
	  true, NEEDS_LINE | NEEDS_LEVELS, check_restart },
	{ "V26", "a message has no effect before its queue is enabled",
	  "vhost-user protocol, Ring states",
	  "started but disabled: the back-end must process the ring without causing any side "
	  "effects.",
	  false, NEEDS_LINE, check_not_enabled_queue },
	{ "V20", "used buffers are those that the device was given, and no more is written",
	  "Basic Facilities, The Virtqueue Descriptor Table and Used Ring, device requirements",
	  "The device MUST write at least len bytes to descriptor, beginning at the first "
	  "device-writable buffer, prior to updating the used idx. [...] A device MUST NOT write to a "
	  "device-readable buffer [...].",
	  false, NEEDS_LINE, check_queues },
};

const size_t catalogue_size = ARRAY_SIZE(catalogue);

/**
 * catalogue_quote() - what to put around a check's sentence
 * @check: the check
 *
 * Return: quotes, if it is one of the specification.
 */
const char *catalogue_quote(const struct check *check)
{
	return *check->sentence == '(' ? "" : "\"";
}

/**
 * catalogue_has() - is there such a check?
 * @id: its name
 * @len: length of the name
 *
 * Return: true if there is.
 */
bool catalogue_has(const char *id, size_t len)
{
	for (size_t i = 0; i < catalogue_size; i++)
		if (strlen(catalogue[i].id) == len && !strncmp(catalogue[i].id, id, len))
			return true;
	return false;
}

/**
 * catalogue_chosen() - is a check to run?
 * @list: names, separated by commas; NULL for all
 * @check: the check
 *
 * Return: true if so.
 */
bool catalogue_chosen(const char *list, const struct check *check)
{
	while (list && *list) {
		size_t len = strcspn(list, ",");

		if (strlen(check->id) == len && !strncmp(list, check->id, len))
			return true;
		list += len + (list[len] == ',');
	}
	return !list;
}

/* True if the check has what it needs. */
static bool has_needs(struct run *run, const struct check *check)
{
	const struct plan *plan = run->plan;
	unsigned int most = plan->line;

	if (plan->wired && plan->from > most)
		most = plan->from;
	if (plan->wired && plan->to > most)
		most = plan->to;
	if ((check->needs & NEEDS_LINE) && most >= run->dut.lines)
		return run_block(run, "there is no line %u: the device has %u", most, run->dut.lines);
	if ((check->needs & NEEDS_IRQ) && !(run->dut.offered & DUT_BIT(VIRTIO_GPIO_F_IRQ)))
		return run_skip(run, "VIRTIO_GPIO_F_IRQ is not offered");
	if ((check->needs & NEEDS_STIMULUS) && !run_has_stimulus(run))
		return run_skip(run, "nothing changes an input: give --wire or --set");
	return true;
}

/* Can a check that was chosen be wrong about levels? */
static bool needs_levels(const char *only)
{
	for (size_t i = 0; i < catalogue_size; i++)
		if (catalogue_chosen(only, &catalogue[i]) && (catalogue[i].needs & NEEDS_LEVELS))
			return true;
	return false;
}

/* The check that finds out whether levels are told inverted. */
static const struct check *levels_check(void)
{
	const struct check *c = catalogue;

	while (c->run != check_value_before_direction)
		c++;
	return c;
}

static void keep_breach(struct run *run, const struct check *check)
{
	if (*run->breach || !*run->dut.breach)
		return;
	memcpy(run->breach, run->dut.breach, sizeof(run->breach));
	run->breach_in = check->id;
}

/**
 * catalogue_run() - run a check on a connection of its own
 * @run: takes the verdict; has what others found out
 * @check: the check
 */
void catalogue_run(struct run *run, const struct check *check)
{
	run->verdict = PASSED;
	run->why[0] = '\0';
	if (dut_open(&run->dut, run->plan, DUT_FEATURES))
		run_block(run, "%s", run->dut.link.err.text);
	else if (has_needs(run, check))
		check->run(run);
	if (run->verdict == WARNED && run->plan->strict)
		run->verdict = FAILED;
	dut_tell_missing(&run->dut);
	run_recall_buffers(run);
	dut_close(&run->dut);
	keep_breach(run, check);
}

/**
 * catalogue_prepare() - find out what checks need to know that another one finds out
 * @run: takes it, unless that one is among those that were chosen
 */
void catalogue_prepare(struct run *run)
{
	const char *only = run->plan->only;

	if (needs_levels(only) && !catalogue_chosen(only, levels_check()))
		catalogue_run(run, levels_check());
}
