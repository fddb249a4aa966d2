/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks of interrupts. */
#include "check/checks.h"
#include "model.h"

#define VALID	VIRTIO_GPIO_IRQ_STATUS_VALID
#define INVALID	VIRTIO_GPIO_IRQ_STATUS_INVALID
#define RISING	VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING
#define HIGH	VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH
#define DISABLE	VIRTIO_GPIO_IRQ_TYPE_NONE

/* An event must not come; anything else that does says nothing of it. */
static bool no_event(struct run *run, const struct pair *p, const char *why)
{
	bool came;

	if (!run_stays_out(run, p, &came))
		return false;
	if (!came)
		return true;
	if (run_is_event(run, p, VALID))
		return run_fail(run, "%s", why);
	return run_block(run, "the event buffer came back with status %u, though the interrupt is "
			 "enabled", dut_response(&run->dut, p)[0]);
}

/* An event has to come, or what is to be checked after it cannot be. */
static bool first_event(struct run *run, const struct pair *p)
{
	return run_wait(run, p) &&
	       (run_is_event(run, p, VALID) ||
		run_block(run, "the event buffer came back with status %u, not with an interrupt",
			  dut_response(&run->dut, p)[0]));
}

/*
 * An event buffer that the device has taken and keeps. It is only then that the level may
 * change: the message that does it is in another queue, and may be served before.
 */
static const struct pair *arm_before_event(struct run *run)
{
	const struct pair *p = run_arm(run, run_input(run));
	bool came;

	if (!run_stays_out(run, p, &came))
		return NULL;
	if (!came)
		return p;
	run_block(run, "the event buffer came back with status %u before there was an interrupt",
		  dut_response(&run->dut, p)[0]);
	return NULL;
}

/* An event must come. */
static bool must_come(struct run *run, const struct pair *p, const char *why)
{
	if (!run_wait(run, p))
		return run_fail(run, "%s", why);
	return run_is_event(run, p, VALID) ||
	       run_fail(run, "%s: the event buffer came back with status %u and length %u", why,
			dut_response(&run->dut, p)[0], p->used_len);
}

bool check_irq_not_negotiated(struct run *run)
{
	const struct pair *p;

	if (!run_reopen(run, DUT_FEATURES & ~DUT_BIT(VIRTIO_GPIO_F_IRQ)) ||
	    !run_ask_ok(run, VIRTIO_GPIO_MSG_SET_DIRECTION, run_input(run),
			VIRTIO_GPIO_DIRECTION_IN))
		return false;
	p = run_ask(run, VIRTIO_GPIO_MSG_IRQ_TYPE, run_input(run), RISING);
	if (!p)
		return false;
	return dut_response(&run->dut, p)[0] == VIRTIO_GPIO_STATUS_ERR ||
	       run_fail(run, "VIRTIO_GPIO_F_IRQ is not negotiated, and an interrupt is enabled");
}

/* Also with an edge, where there is a stimulus. */
bool check_not_enabled(struct run *run)
{
	const struct pair *p;
	bool came;

	if (!run_prepare_input(run))
		return false;
	p = run_arm(run, run_input(run));
	if (run_has_stimulus(run) && !run_drive(run, true))
		return false;
	if (!run_stays_out(run, p, &came))
		return false;
	return !came || !run_is_event(run, p, VALID) ||
	       run_fail(run, "the interrupt of line %u is not enabled, and is told", run_input(run));
}

bool check_unmasked_not_enabled(struct run *run)
{
	const struct pair *p;

	if (!run_prepare_input(run))
		return false;
	p = run_arm(run, run_input(run));
	if (!run_wait(run, p))
		return run_warn(run, "the event buffer of line %u, whose interrupt is not enabled, does "
				"not come back", run_input(run));
	return run_is_event(run, p, INVALID) ||
	       run_warn(run, "the event buffer of line %u, whose interrupt is not enabled, comes back "
			"with status %u", run_input(run), dut_response(&run->dut, p)[0]);
}

bool check_event(struct run *run)
{
	const struct pair *p;

	if (!run_prepare_input(run) || !run_enable(run, RISING))
		return false;
	p = run_arm(run, run_input(run));
	return no_event(run, p, "the interrupt is told without an edge") && run_drive(run, true) &&
	       must_come(run, p, "the interrupt is enabled and unmasked, and an edge is not told");
}

/* "Late" is another thing to mend than "never". */
static bool tell_whether_late(struct run *run, const struct pair *p)
{
	bool came = run_has_stimulus(run) && run_drive(run, true) &&
		    dut_wait(&run->dut, p, run->plan->timeout_ms);

	return run_fail(run, "the interrupt of line %u is disabled, and its buffer does not come back "
			"within %d ms%s", run_input(run), run->plan->timeout_ms,
			came ? ", but with the next edge" : "");
}

bool check_disabled(struct run *run)
{
	const struct pair *p;
	bool came;

	if (!run_prepare_input(run) || !run_enable(run, RISING))
		return false;
	p = run_arm(run, run_input(run));
	if (!run_stays_out(run, p, &came))
		return false;
	if (came)
		return run_block(run, "the event buffer came back before the interrupt was disabled");
	if (!run_ask_ok(run, VIRTIO_GPIO_MSG_IRQ_TYPE, run_input(run), DISABLE))
		return false;
	if (!dut_wait(&run->dut, p, run->plan->timeout_ms))
		return tell_whether_late(run, p);
	return run_is_event(run, p, INVALID) ||
	       run_fail(run, "the interrupt of line %u is disabled, and its buffer comes back with "
			"status %u and length %u", run_input(run), dut_response(&run->dut, p)[0],
			p->used_len);
}

/* The first event masks the interrupt; the next edge comes then. */
bool check_edge_latched(struct run *run)
{
	const struct pair *p;

	if (!run_prepare_input(run) || !run_enable(run, RISING) || !run_drive(run, true) ||
	    !must_come(run, run_arm(run, run_input(run)),
		       "an edge that came while the interrupt was enabled and not yet unmasked is "
		       "not told"))
		return false;
	if (!run_drive(run, false) || !run_drive(run, true))
		return false;
	p = run_arm(run, run_input(run));
	return must_come(run, p, "an edge that came while the interrupt was masked by an event is not "
			 "told");
}

bool check_latched_from_type_on(struct run *run)
{
	const struct pair *p;
	bool came;

	if (!run_prepare_input(run) || !run_drive(run, true) || !run_enable(run, RISING))
		return false;
	p = run_arm(run, run_input(run));
	if (!run_stays_out(run, p, &came))
		return false;
	return !came || run_warn(run, "an edge that came before the interrupt was enabled is told");
}

bool check_level_not_latched(struct run *run)
{
	const struct pair *p;

	if (!run_prepare_input(run) || !run_enable(run, HIGH) || !run_drive(run, true) ||
	    !run_drive(run, false))
		return false;
	p = run_arm(run, run_input(run));
	if (!no_event(run, p, "a level that was there and went while the interrupt was masked is "
		      "told"))
		return false;
	/* That nothing came means something only if something can. */
	return run_drive(run, true) && first_event(run, p);
}

bool check_level_again(struct run *run)
{
	const struct pair *p;

	if (!run_prepare_input(run) || !run_enable(run, HIGH))
		return false;
	p = arm_before_event(run);
	if (!p || !run_drive(run, true) || !first_event(run, p))
		return false;
	p = run_arm(run, run_input(run));
	if (!run_wait(run, p))
		return run_warn(run, "the interrupt is unmasked again while its level is still there, "
				"and is not told again");
	return run_is_event(run, p, VALID) ||
	       run_warn(run, "the second event buffer came back with status %u",
			dut_response(&run->dut, p)[0]);
}

bool check_latched_dropped(struct run *run)
{
	const struct pair *p;

	if (!run_prepare_input(run) || !run_enable(run, RISING) || !run_drive(run, true) ||
	    !run_ask_ok(run, VIRTIO_GPIO_MSG_IRQ_TYPE, run_input(run), DISABLE) ||
	    !run_enable(run, RISING))
		return false;
	p = run_arm(run, run_input(run));
	if (!no_event(run, p, "an edge that was latched before the interrupt was disabled is told "
		      "when it is enabled again"))
		return false;
	return run_drive(run, false) && run_drive(run, true) && first_event(run, p);
}

/*
 * An event that comes while the interrupt is masked has no buffer: it can only be told with
 * one that came back before. What is wrong with that is told here, not by the check of the
 * queues.
 */
bool check_masked(struct run *run)
{
	struct dut *d = &run->dut;
	const struct pair *p;
	bool clean, went_on;
	uint16_t seen;

	if (!run_prepare_input(run) || !run_enable(run, RISING))
		return false;
	p = arm_before_event(run);
	if (!p || !run_drive(run, true) || !first_event(run, p))
		return false;
	clean = !*d->breach;
	seen = d->seen[DUT_EVENTQ];
	if (!run_drive(run, false) || !run_drive(run, true) ||
	    !run_is_left(run, DUT_EVENTQ, seen, &went_on))
		return false;
	if (!went_on)
		return true;
	if (clean)
		*d->breach = '\0';
	return run_fail(run, "an edge that came while the interrupt was masked by an event is told");
}
