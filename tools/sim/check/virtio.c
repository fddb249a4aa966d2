/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of what every virtio device has to do: queues, notifications, descriptors. */
#include <endian.h>

#include "check/checks.h"

#define GET_DIRECTION	VIRTIO_GPIO_MSG_GET_DIRECTION
#define UNWANTED_MS	50

/* The queues were watched in all checks; this one asks a little itself. */
bool check_queues(struct run *run)
{
	if (!(run->dut.offered & DUT_BIT(VIRTIO_F_VERSION_1)))
		return run_fail(run, "VIRTIO_F_VERSION_1 is not offered");
	if (!run_ask(run, GET_DIRECTION, run->plan->line, 0) || !run_ask(run, 7, 0, 0))
		return false;
	if (*run->breach)
		return run_fail(run, "in check %s: %s", run->breach_in, run->breach);
	return !*run->dut.breach || run_fail(run, "%s", run->dut.breach);
}

/* --- notifications ------------------------------------------------------------------ */

/* Has a request answered; was there a notification in so many ms after it? */
static bool ask_notified(struct run *run, int ms, bool *notified)
{
	struct dut *d = &run->dut;
	const struct pair *p = dut_send(d, GET_DIRECTION, run->plan->line, 0, PAIR_PLAIN);

	dut_notified(d, DUT_REQUESTQ, 0);
	dut_kick(d, DUT_REQUESTQ);
	if (!run_wait(run, p))
		return false;
	*notified = dut_notified(d, DUT_REQUESTQ, ms);
	return true;
}

static bool must_notify(struct run *run, const char *when)
{
	bool notified;

	if (!ask_notified(run, run->plan->timeout_ms, &notified))
		return false;
	return notified || run_fail(run, "%s, and the device does not notify", when);
}

static bool should_not_notify(struct run *run, const char *when)
{
	bool notified;

	if (!ask_notified(run, UNWANTED_MS, &notified))
		return false;
	return !notified || run_warn(run, "%s, and the device notifies", when);
}

static bool flags_are_honoured(struct run *run)
{
	struct vring_avail *avail = run->dut.guest.rings[DUT_REQUESTQ].avail;

	if (!must_notify(run, "the available ring's flags are 0"))
		return false;
	avail->flags = htole16(VRING_AVAIL_F_NO_INTERRUPT);
	return should_not_notify(run, "the available ring's flags are 1");
}

static bool event_index_is_honoured(struct run *run)
{
	uint16_t *used_event = guest_used_event(&run->dut.guest.rings[DUT_REQUESTQ]);

	*used_event = htole16(run->dut.seen[DUT_REQUESTQ]);
	if (!must_notify(run, "used_event is the index of the next used entry"))
		return false;
	*used_event = htole16(run->dut.seen[DUT_REQUESTQ] + 1000);
	return should_not_notify(run, "used_event is far away");
}

bool check_notifications(struct run *run)
{
	if (!flags_are_honoured(run))
		return false;
	if (!(run->dut.offered & DUT_BIT(VIRTIO_RING_F_EVENT_IDX)))
		return true;
	return run_reopen(run, DUT_FEATURES | DUT_BIT(VIRTIO_RING_F_EVENT_IDX)) &&
	       event_index_is_honoured(run);
}

/* --- descriptors -------------------------------------------------------------------- */

static bool is_served(struct run *run, enum pair_layout layout, const char *how)
{
	const struct pair *p = dut_send(&run->dut, GET_DIRECTION, run->plan->line, 0, layout);

	dut_kick(&run->dut, DUT_REQUESTQ);
	if (!run_wait(run, p))
		return run_fail(run, "a request %s is not answered", how);
	return dut_response(&run->dut, p)[0] == VIRTIO_GPIO_STATUS_OK ||
	       run_fail(run, "a request %s is refused", how);
}

bool check_indirect(struct run *run)
{
	if (!(run->dut.offered & DUT_BIT(VIRTIO_RING_F_INDIRECT_DESC)))
		return run_skip(run, "VIRTIO_RING_F_INDIRECT_DESC is not offered");
	return run_reopen(run, DUT_FEATURES | DUT_BIT(VIRTIO_RING_F_INDIRECT_DESC)) &&
	       is_served(run, PAIR_INDIRECT, "in an indirect table");
}

bool check_framing(struct run *run)
{
	return is_served(run, PAIR_SPLIT, "whose two parts have two descriptors each");
}

/* --- a queue that is not enabled ------------------------------------------------------ */

/* A line without direction is an input once the message was carried out. */
static bool is_without_effect(struct run *run)
{
	unsigned int line = run->plan->line;
	uint8_t direction;

	if (!run_ask_value(run, GET_DIRECTION, line, &direction))
		return false;
	return !direction || run_fail(run, "the request queue is started and not enabled, and a "
				      "message in it gives line %u the direction %u", line,
				      direction);
}

/* Some back ends forget a notification that comes before they serve the queue. */
static bool enable_queues(struct run *run)
{
	dut_tell(&run->dut, "queues enabled");
	if (dut_enable_queues(&run->dut))
		return run_block(run, "%s", run->dut.link.err.text);
	dut_kick(&run->dut, DUT_REQUESTQ);
	return true;
}

/* A device may leave the message alone, or give it back without having done what it says. */
bool check_not_enabled_queue(struct run *run)
{
	unsigned int line = run->plan->line;
	const struct pair *p;
	bool came;

	if (!run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_NONE) ||
	    !run_reopen_disabled(run))
		return false;
	p = dut_send(&run->dut, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_IN,
		     PAIR_PLAIN);
	dut_kick(&run->dut, DUT_REQUESTQ);
	if (!run_is_left(run, DUT_REQUESTQ, 0, &came) || !enable_queues(run))
		return false;
	if (came)
		return is_without_effect(run);
	return run_wait(run, p) ||
	       run_fail(run, "a message that waited until its queue was enabled is not answered");
}

/* --- a pause ------------------------------------------------------------------------- */

/* The device gave all requests back, so that it has seen all that are available. */
static bool is_right_base(struct run *run, uint32_t base)
{
	uint16_t idx = le16toh(run->dut.guest.rings[DUT_REQUESTQ].avail->idx);

	return base == idx || run_fail(run, "the request queue is told to have stopped at index %u; "
				       "it answered all requests before index %u", base, idx);
}

static bool restart(struct run *run)
{
	struct dut *d = &run->dut;
	uint32_t base[DUT_QUEUES];

	if (dut_stop_queues(d, base))
		return run_block(run, "%s", d->link.err.text);
	if (!is_right_base(run, base[DUT_REQUESTQ]))
		return false;
	dut_tell(d, "queues stopped and started again");
	return !dut_start_queues(d, base) || run_block(run, "%s", d->link.err.text);
}

static bool output_survives(struct run *run)
{
	unsigned int line = run->plan->wired ? run->plan->from : run->plan->line;
	uint8_t value;

	if (!run_ask_ok(run, VIRTIO_GPIO_MSG_SET_VALUE, line, 1) ||
	    !run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_OUT) ||
	    !restart(run) || !run_ask_value(run, VIRTIO_GPIO_MSG_GET_VALUE, line, &value))
		return false;
	return value == !run->inverse ||
	       run_warn(run, "output %u, set to 1, is not so after the queues were stopped and "
			"started", line);
}

static bool armed_buffer_survives(struct run *run)
{
	const struct pair *p;
	bool came;

	if (!run_prepare_input(run) || !run_enable(run, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING))
		return false;
	p = run_arm(run, run_input(run));
	if (!run_stays_out(run, p, &came))
		return false;
	if (came)
		return run_block(run, "the event buffer came back without an edge");
	if (!restart(run) || !run_drive(run, true))
		return false;
	return (run_wait(run, p) && run_is_event(run, p, VIRTIO_GPIO_IRQ_STATUS_VALID)) ||
	       run_warn(run, "after the queues were stopped and started, an edge is not told");
}

bool check_restart(struct run *run)
{
	if (!output_survives(run))
		return false;
	return !run_has_stimulus(run) || !(run->dut.features & DUT_BIT(VIRTIO_GPIO_F_IRQ)) ||
	       armed_buffer_survives(run);
}
