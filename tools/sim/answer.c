/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of an answer back to the driver: at once as a rule, or as a fault
 * has it: later, in another order, spoilt, never.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"

#define NEVER	UINT64_MAX

static const struct fault *befall(struct device *dev, struct answer *a, enum fault_kind kind)
{
	const struct fault *fault = fault_strikes(&dev->faults, kind, a->type, a->line);

	if (fault)
		a->faults |= 1u << kind;
	return fault;
}

/* Names that cannot be spoilt in some way leave that fault for another time. */
static void spoil_names(struct device *dev, struct answer *a)
{
	for (unsigned int k = FAULT_NAMES_UNTERMINATED; k <= FAULT_NAMES_MANY; k++) {
		char *names = dev->faults.count ? fault_spoil_names(k, &dev->bank) : NULL;

		if (names && befall(dev, a, k)) {
			a->names = names;
			a->spoilt = true;
			return;
		}
		free(names);
	}
}

static void spoil_content(struct device *dev, struct answer *a)
{
	const struct fault *fault;

	if (a->reply.names)
		spoil_names(dev, a);
	fault = befall(dev, a, FAULT_BAD_STATUS);
	if (fault)
		a->reply.status = fault->number;
	fault = a->reply.names ? NULL : befall(dev, a, FAULT_BAD_VALUE);
	if (fault)
		a->reply.value = fault->number;
}

static void spoil_frame(struct device *dev, struct answer *a)
{
	const struct fault *fault;

	fault = befall(dev, a, FAULT_SHORT);
	if (fault)
		a->limit = fault->number;
	fault = befall(dev, a, FAULT_LONG);
	if (fault) {
		a->exact = false;
		a->used_len = fault->number;
	}
	fault = befall(dev, a, FAULT_BAD_ID);
	if (fault)
		a->used_id = fault->number;
}

/* Writes what fits of one piece of the answer, after @done bytes. */
static uint64_t write_piece(struct device *dev, const struct answer *a, uint64_t done,
			    const void *data, uint64_t len)
{
	if (done >= a->limit)
		return done;
	if (len > a->limit - done)
		len = a->limit - done;
	return done + vring_chain_write(dev->ring[a->queue], &a->chain, done, data, len);
}

static uint64_t write_answer(struct device *dev, const struct answer *a)
{
	const uint8_t both[2] = { a->reply.status, a->reply.value };
	uint64_t done;

	if (a->type == FAULT_EVENT)
		return write_piece(dev, a, 0, both, 1);
	if (!a->reply.names)
		return write_piece(dev, a, 0, both, 2);
	done = write_piece(dev, a, 0, both, 1);
	return write_piece(dev, a, done, a->names, dev->bank.names_size);
}

/* The used ring's last entry names another chain. */
static void forge_id(struct virtqueue *ring, uint32_t id)
{
	unsigned int slot = (uint16_t)(ring->used_idx - 1) & (ring->setup.num - 1);

	ring->used->ring[slot].id = htole32(id);
}

/**
 * answer_tell() - tell the listeners of an answer
 * @dev: the device
 * @answer: the answer
 */
void answer_tell(struct device *dev, const struct answer *answer)
{
	for (struct device_listener *l = dev->listeners; l; l = l->next)
		if (l->answered)
			l->answered(l->ctx, answer);
}

static void finish(struct device *dev, struct answer *a)
{
	a->sent_ns = device_time(dev);
	answer_tell(dev, a);
	if (a->spoilt)
		free((char *)a->names);
}

static void send_answer(struct device *dev, struct answer *a)
{
	struct virtqueue *ring = dev->ring[a->queue];
	uint64_t written = write_answer(dev, a);

	if (a->exact)
		a->used_len = written;
	vring_push(ring, a->chain.head, a->used_len);
	if (a->used_id != a->chain.head)
		forge_id(ring, a->used_id);
	a->sent = true;
	finish(dev, a);
}

static bool same_line(const struct answer *a, const struct answer *b)
{
	return a->queue == b->queue && a->line == b->line;
}

/* An answer passed those that wait in its queue. */
static void count_overtaking(struct device *dev, const struct answer *a)
{
	for (struct held_answer *h = dev->held; h; h = h->next) {
		if (h->answer.queue != a->queue || !h->overtakers ||
		    (h->other_lines && h->answer.line == a->line))
			continue;
		if (!--h->overtakers)
			h->due_ns = 0;
	}
}

static bool waits_in_order(const struct device *dev, const struct answer *a,
			   const struct held_answer *before)
{
	for (const struct held_answer *h = dev->held; h != before; h = h->next)
		if (h->ordered && same_line(&h->answer, a))
			return true;
	return false;
}

static bool may_go(const struct device *dev, const struct held_answer *h, uint64_t now)
{
	return h->due_ns <= now && !(h->ordered && waits_in_order(dev, &h->answer, h));
}

/* When the first answer may go. One that waits for another goes with that one. */
static uint64_t next_due(const struct device *dev)
{
	uint64_t next = NEVER;

	for (const struct held_answer *h = dev->held; h; h = h->next)
		if (dev->ring[h->answer.queue] && h->due_ns < next && may_go(dev, h, h->due_ns))
			next = h->due_ns;
	return next;
}

static void drop_held(struct device *dev, struct held_answer *h)
{
	dev->held_count--;
	dev->held_segs -= h->answer.chain.count;
	free((void *)h->answer.chain.segs);
	free(h);
}

/* Sends the first answer of a queue whose time has come, if there is one. */
static bool release_one(struct device *dev, enum device_queue queue, uint64_t now)
{
	struct held_answer **link = &dev->held, *h;

	while (*link && ((*link)->answer.queue != queue || !may_go(dev, *link, now)))
		link = &(*link)->next;
	h = *link;
	if (!h)
		return false;
	*link = h->next;
	send_answer(dev, &h->answer);
	count_overtaking(dev, &h->answer);
	drop_held(dev, h);
	return true;
}

static void release_queue(struct device *dev, enum device_queue queue)
{
	uint64_t now = loop_now();

	while (dev->ring[queue] && release_one(dev, queue, now))
		;
}

/* Some may be due already: since the others were released, time has passed. */
static void start_timer(struct device *dev)
{
	uint64_t now = loop_now(), next = next_due(dev);

	if (next != NEVER)
		loop_timer_start(dev->loop, &dev->held_timer, next > now ? next - now : 0);
}

static bool has_room(const struct device *dev, const struct answer *a)
{
	return dev->held_count < DEVICE_MAX_HELD &&
	       dev->held_segs + a->chain.count <= DEVICE_MAX_HELD_SEGS;
}

/* Keeps an answer; @plan says for how long. False if there is no memory for it. */
static bool hold(struct device *dev, const struct answer *a, const struct held_answer *plan)
{
	struct held_answer *h = malloc(sizeof(*h)), **link = &dev->held;
	size_t size = a->chain.count * sizeof(*a->chain.segs);
	struct vring_seg *segs = has_room(dev, a) ? malloc(size) : NULL;

	if (!h || !segs) {
		free(h);
		free(segs);
		return false;
	}
	*h = *plan;
	h->answer = *a;
	memcpy(segs, a->chain.segs, size);
	h->answer.chain.segs = segs;
	/* Memory may be mapped elsewhere by then. */
	for (unsigned int i = 0; i < a->chain.count; i++)
		segs[i].host = NULL;
	while (*link)
		link = &(*link)->next;
	*link = h;
	dev->held_count++;
	dev->held_segs += a->chain.count;
	start_timer(dev);
	return true;
}

static void plan_late(const struct fault *fault, uint64_t now, struct held_answer *plan)
{
	if (fault->is_time) {
		plan->due_ns = now + fault->number;
		return;
	}
	plan->due_ns = NEVER;
	plan->overtakers = fault->number;
}

/* An answer for another line waits to be overtaken: this one does it. */
static bool is_overtaker(const struct device *dev, const struct answer *a)
{
	for (const struct held_answer *h = dev->held; h; h = h->next)
		if (h->answer.queue == a->queue && h->other_lines && h->overtakers &&
		    h->answer.line != a->line)
			return true;
	return false;
}

/* Whether the answer has to wait, and how. */
static bool must_wait(struct device *dev, struct answer *a, struct held_answer *plan)
{
	uint64_t now = loop_now();
	const struct fault *fault = befall(dev, a, FAULT_LATE);

	if (fault) {
		plan_late(fault, now, plan);
		return true;
	}
	plan->ordered = true;
	fault = is_overtaker(dev, a) ? NULL : befall(dev, a, FAULT_REORDER);
	if (fault) {
		plan->overtakers = 1;
		plan->other_lines = true;
	} else {
		fault = befall(dev, a, FAULT_DELAY);
	}
	if (fault)
		plan->due_ns = now + fault->number;
	return fault || waits_in_order(dev, a, NULL);
}

/**
 * answer_deliver() - give a chain back to the driver, or let a fault have it
 * @dev: the device; the answer's queue may be used
 * @answer: the answer: queue, type, line, value, reply, chain, taken_ns
 */
void answer_deliver(struct device *dev, struct answer *answer)
{
	struct held_answer plan = { .due_ns = 0 };

	answer->names = dev->bank.names;
	answer->limit = UINT64_MAX;
	answer->used_id = answer->chain.head;
	answer->exact = true;
	if (!dev->faults.count && !dev->held)
		return send_answer(dev, answer);
	spoil_content(dev, answer);
	spoil_frame(dev, answer);
	/* Silence about an event is the device's: it keeps the buffer. */
	if (answer->type != FAULT_EVENT && befall(dev, answer, FAULT_SILENCE)) {
		finish(dev, answer);
		return;
	}
	if (must_wait(dev, answer, &plan) && hold(dev, answer, &plan))
		return;
	send_answer(dev, answer);
	count_overtaking(dev, answer);
	if (dev->held)
		release_queue(dev, answer->queue);
}

/**
 * answer_release() - send the answers that waited long enough
 * @dev: the device
 */
void answer_release(struct device *dev)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		release_queue(dev, i);
	start_timer(dev);
}

/**
 * answer_forget() - drop the answers that wait in a queue
 * @dev: the device
 * @queue: the queue
 */
void answer_forget(struct device *dev, enum device_queue queue)
{
	struct held_answer **link = &dev->held, *h;

	while ((h = *link)) {
		if (h->answer.queue != queue) {
			link = &h->next;
			continue;
		}
		*link = h->next;
		if (h->answer.spoilt)
			free((char *)h->answer.names);
		drop_held(dev, h);
	}
	if (!dev->held && dev->loop)
		loop_timer_stop(dev->loop, &dev->held_timer);
}
