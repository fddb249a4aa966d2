/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a reply back to the driver: at once as a rule, or as a fault
 * has it: later, in another order, spoilt, never.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"

#define NEVER	UINT64_MAX

static const struct fault *befall(struct device *dev, struct reply *a, enum fault_kind kind)
{
	const struct fault *fault = fault_strikes(&dev->faults, kind, a->type, a->line);

	if (fault)
		a->faults |= 1u << kind;
	return fault;
}

/* Names that cannot be spoilt in some way leave that fault for another time. */
static void spoil_names(struct device *dev, struct reply *a)
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

static void spoil_content(struct device *dev, struct reply *a)
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

static void spoil_frame(struct device *dev, struct reply *a)
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
	befall(dev, a, FAULT_UNNOTIFIED);
}

/* Writes what fits of one piece of the reply, after @done bytes. */
static uint64_t write_piece(struct device *dev, const struct reply *a, uint64_t done,
			    const void *data, uint64_t len)
{
	if (done >= a->limit)
		return done;
	if (len > a->limit - done)
		len = a->limit - done;
	return done + vring_chain_write(dev->ring[a->queue], &a->chain, done, data, len);
}

static uint64_t write_reply(struct device *dev, const struct reply *a)
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
 * reply_tell() - tell the listeners of a reply
 * @dev: the device
 * @reply: the reply
 */
void reply_tell(struct device *dev, const struct reply *reply)
{
	for (struct device_listener *l = dev->listeners; l; l = l->next)
		if (l->replied)
			l->replied(l->ctx, reply);
}

static void finish(struct device *dev, struct reply *a)
{
	a->sent_ns = device_time(dev);
	reply_tell(dev, a);
	if (a->spoilt)
		free((char *)a->names);
}

static void push_reply(struct device *dev, struct reply *a)
{
	struct virtqueue *ring = dev->ring[a->queue];
	uint64_t written = write_reply(dev, a);

	if (a->exact)
		a->used_len = written;
	vring_push(ring, a->chain.head, a->used_len);
	if (a->used_id != a->chain.head)
		forge_id(ring, a->used_id);
	if (a->faults & 1u << FAULT_UNNOTIFIED)
		dev->unnotified[a->queue] = true;
	a->sent = true;
	finish(dev, a);
}

static bool same_line(const struct reply *a, const struct reply *b)
{
	return a->queue == b->queue && a->line == b->line;
}

/* A reply passed those that wait in its queue. */
static void count_overtaking(struct device *dev, const struct reply *a)
{
	for (struct held_reply *h = dev->held; h; h = h->next) {
		if (h->reply.queue != a->queue || !h->overtakers ||
		    (h->other_lines && h->reply.line == a->line))
			continue;
		if (!--h->overtakers)
			h->due_ns = 0;
	}
}

static bool waits_in_order(const struct device *dev, const struct reply *a,
			   const struct held_reply *before)
{
	for (const struct held_reply *h = dev->held; h != before; h = h->next)
		if (h->ordered && same_line(&h->reply, a))
			return true;
	return false;
}

static bool may_go(const struct device *dev, const struct held_reply *h, uint64_t now)
{
	return h->due_ns <= now && !(h->ordered && waits_in_order(dev, &h->reply, h));
}

/* When the first reply may go. One that waits for another goes with that one. */
static uint64_t next_due(const struct device *dev)
{
	uint64_t next = NEVER;

	for (const struct held_reply *h = dev->held; h; h = h->next)
		if (dev->ring[h->reply.queue] && h->due_ns < next && may_go(dev, h, h->due_ns))
			next = h->due_ns;
	return next;
}

static void drop_held(struct device *dev, struct held_reply *h)
{
	dev->held_count--;
	dev->held_segs -= h->reply.chain.count;
	free((void *)h->reply.chain.segs);
	free(h);
}

/* Sends the first reply of a queue whose time has come, if there is one. */
static bool release_one(struct device *dev, enum device_queue queue, uint64_t now)
{
	struct held_reply **link = &dev->held, *h;

	while (*link && ((*link)->reply.queue != queue || !may_go(dev, *link, now)))
		link = &(*link)->next;
	h = *link;
	if (!h)
		return false;
	*link = h->next;
	push_reply(dev, &h->reply);
	count_overtaking(dev, &h->reply);
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

static bool has_room(const struct device *dev, const struct reply *a)
{
	return dev->held_count < DEVICE_MAX_HELD &&
	       dev->held_segs + a->chain.count <= DEVICE_MAX_HELD_SEGS;
}

/* Keeps a reply; @plan says for how long. False if there is no memory for it. */
static bool hold(struct device *dev, const struct reply *a, const struct held_reply *plan)
{
	struct held_reply *h = malloc(sizeof(*h)), **link = &dev->held;
	size_t size = a->chain.count * sizeof(*a->chain.segs);
	struct vring_seg *segs = has_room(dev, a) ? malloc(size) : NULL;

	if (!h || !segs) {
		free(h);
		free(segs);
		return false;
	}
	*h = *plan;
	h->reply = *a;
	memcpy(segs, a->chain.segs, size);
	h->reply.chain.segs = segs;
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

static void plan_late(const struct fault *fault, uint64_t now, struct held_reply *plan)
{
	if (fault->is_time) {
		plan->due_ns = now + fault->number;
		return;
	}
	plan->due_ns = NEVER;
	plan->overtakers = fault->number;
}

/* A reply for another line waits to be overtaken: this one does it. */
static bool is_overtaker(const struct device *dev, const struct reply *a)
{
	for (const struct held_reply *h = dev->held; h; h = h->next)
		if (h->reply.queue == a->queue && h->other_lines && h->overtakers &&
		    h->reply.line != a->line)
			return true;
	return false;
}

/* Whether the reply has to wait, and how. */
static bool must_wait(struct device *dev, struct reply *a, struct held_reply *plan)
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
 * reply_deliver() - give a chain back to the driver, or let a fault have it
 * @dev: the device; the reply's queue may be used
 * @reply: the reply: queue, type, line, value, reply, chain, taken_ns
 */
void reply_deliver(struct device *dev, struct reply *reply)
{
	struct held_reply plan = { .due_ns = 0 };

	reply->names = dev->bank.names;
	reply->limit = UINT64_MAX;
	reply->used_id = reply->chain.head;
	reply->exact = true;
	if (!dev->faults.count && !dev->held)
		return push_reply(dev, reply);
	spoil_content(dev, reply);
	spoil_frame(dev, reply);
	/* Silence about an event is the device's: it keeps the buffer. */
	if (reply->type != FAULT_EVENT && befall(dev, reply, FAULT_SILENCE)) {
		finish(dev, reply);
		return;
	}
	if (must_wait(dev, reply, &plan) && hold(dev, reply, &plan))
		return;
	push_reply(dev, reply);
	count_overtaking(dev, reply);
	if (dev->held)
		release_queue(dev, reply->queue);
}

/**
 * reply_release() - send the replies that waited long enough
 * @dev: the device
 */
void reply_release(struct device *dev)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		release_queue(dev, i);
	start_timer(dev);
}

/**
 * reply_forget() - drop the replies that wait in a queue
 * @dev: the device
 * @queue: the queue
 */
void reply_forget(struct device *dev, enum device_queue queue)
{
	struct held_reply **link = &dev->held, *h;

	while ((h = *link)) {
		if (h->reply.queue != queue) {
			link = &h->next;
			continue;
		}
		*link = h->next;
		if (h->reply.spoilt)
			free((char *)h->reply.names);
		drop_held(dev, h);
	}
	if (!dev->held && dev->loop)
		loop_timer_stop(dev->loop, &dev->held_timer);
}
