/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPIO device: takes messages and event buffers from the queues, lets the
 * model decide, and returns them. Counts what happens.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"
#include "device.h"
#include "strict.h"

/* Most buffers to look at in a row: chains may be as long as the ring. */
#define ROUND_BUFFERS	4096

static void return_parked(struct device *dev, struct parked *p)
{
	struct vring_seg seg = { .gpa = p->status_gpa, .len = 1 };
	struct reply reply = {
		.queue = DEVICE_EVENTQ, .type = FAULT_EVENT, .line = p - dev->parked,
		.reply.status = p->status, .taken_ns = p->taken_ns, .faults = p->faults,
		.chain = { .head = p->head, .segs = &seg, .count = 1, .write_len = 1 },
	};

	p->state = PARKED_NONE;
	reply_deliver(dev, &reply);
}

/* Tells the listeners of an event that is lost; its buffer stays. */
static void lose_event(struct device *dev, struct parked *p)
{
	struct reply reply = {
		.queue = DEVICE_EVENTQ, .type = FAULT_EVENT, .line = p - dev->parked,
		.reply.status = p->status, .taken_ns = p->taken_ns, .sent_ns = device_time(dev),
		.faults = p->faults | 1u << FAULT_SILENCE,
	};

	gpio_lose_event(&dev->bank, reply.line, p->status);
	reply_tell(dev, &reply);
}

static bool event_fault(struct device *dev, struct parked *p, enum fault_kind kind)
{
	if (!fault_strikes(&dev->faults, kind, FAULT_EVENT, p - dev->parked))
		return false;
	p->faults |= 1u << kind;
	return true;
}

/* The model decided what a line's event buffer returns with. */
static void on_event(void *ctx, unsigned int line, uint8_t status)
{
	struct device *dev = ctx;
	struct parked *p = &dev->parked[line];

	p->status = status;
	if (status == VIRTIO_GPIO_IRQ_STATUS_INVALID && event_fault(dev, p, FAULT_SPURIOUS))
		p->status = VIRTIO_GPIO_IRQ_STATUS_VALID;
	if (fault_strikes(&dev->faults, FAULT_SILENCE, FAULT_EVENT, line)) {
		lose_event(dev, p);
		return;
	}
	if (status == VIRTIO_GPIO_IRQ_STATUS_VALID)
		dev->line_stats[line].events++;
	if (dev->ring[DEVICE_EVENTQ]) {
		return_parked(dev, p);
		return;
	}
	p->state = PARKED_DECIDED;
	dev->decided++;
}

static void on_changed(void *ctx, unsigned int line)
{
	struct device *dev = ctx;

	dev->line_stats[line].changes++;
	for (struct device_listener *l = dev->listeners; l; l = l->next)
		if (l->changed)
			l->changed(l->ctx, line);
}

static void on_armed(void *ctx, unsigned int line)
{
	struct device *dev = ctx;

	if (event_fault(dev, &dev->parked[line], FAULT_STORM)) {
		gpio_fire(&dev->bank, line);
		return;
	}
	for (struct device_listener *l = dev->listeners; l; l = l->next)
		if (l->armed)
			l->armed(l->ctx, line);
}

/* The last event came with a buffer, which the driver has back. */
static bool has_told_event(const struct device *dev, const struct parked *p)
{
	const struct virtqueue *ring = dev->ring[DEVICE_EVENTQ];

	return ring && p->state == PARKED_NONE && p->status_gpa &&
	       p->status == VIRTIO_GPIO_IRQ_STATUS_VALID && !ring->held[p->head];
}

/* Only the used ring is written: the memory of the buffer is the driver's again. */
static void return_twice(struct device *dev, unsigned int line)
{
	uint64_t now = device_time(dev);
	struct reply reply = {
		.queue = DEVICE_EVENTQ, .type = FAULT_EVENT, .line = line,
		.reply.status = VIRTIO_GPIO_IRQ_STATUS_VALID, .used_len = 1, .sent = true,
		.taken_ns = now, .sent_ns = now, .faults = 1u << FAULT_TWICE,
	};

	vring_push(dev->ring[DEVICE_EVENTQ], dev->parked[line].head, reply.used_len);
	reply_tell(dev, &reply);
}

static void on_latched(void *ctx, unsigned int line)
{
	struct device *dev = ctx;

	if (has_told_event(dev, &dev->parked[line]) &&
	    fault_strikes(&dev->faults, FAULT_TWICE, FAULT_EVENT, line))
		return_twice(dev, line);
}

static void note_violation(struct device *dev, enum driver_rule rule, const char *how)
{
	dev->stats.violations++;
	rules_note(&dev->rules, rule, how);
	if (!log_allowed(&dev->violation_limit))
		return;
	if (dev->strict && dev->rules.broken[rule] == 1)
		log_error("violation by the driver, %s (%s)", how, rules_sentence(rule));
	else
		log_error("violation by the driver, %s", how);
}

static void on_violation(void *ctx, unsigned int line, enum driver_rule rule, const char *what)
{
	char how[128];

	snprintf(how, sizeof(how), "line %u: %s", line, what);
	note_violation(ctx, rule, how);
}

/* Publishes what was returned on a queue and notifies the driver if it wants. */
static void flush_queue(struct device *dev, enum device_queue queue)
{
	struct virtqueue *ring = dev->ring[queue];
	bool wanted = ring && vring_publish(ring);

	if (ring && dev->kept)
		dev->kept[queue] = (struct ring_kept){
			ring->setup.num, ring->last_avail, ring->used_idx,
		};
	if (wanted && dev->unnotified[queue])
		wanted = dev->unnotified[queue] = false;
	if (!wanted)
		return;
	dev->stats.queue[queue].interrupts++;
	dev->notify(dev->notify_ctx, queue);
}

/*
 * The events go first: when a message disables an interrupt, its buffer is
 * back before the driver reads the reply.
 */
static void flush_queues(struct device *dev)
{
	flush_queue(dev, DEVICE_EVENTQ);
	flush_queue(dev, DEVICE_REQUESTQ);
}

/* The time of a reply that waited has come. */
static void release_held(void *ctx)
{
	struct device *dev = ctx;

	reply_release(dev);
	flush_queues(dev);
}

static const struct gpio_ops device_gpio_ops = {
	.event		= on_event,
	.changed	= on_changed,
	.armed		= on_armed,
	.latched	= on_latched,
	.violation	= on_violation,
};

/**
 * device_init_in() - make a device that outlives the simulator
 * @dev: the device
 * @lines: number of lines
 * @memory: where it is, all zeros; NULL if it need not outlive anything
 *
 * Return: 0, or -1 if there is not enough memory.
 */
int device_init_in(struct device *dev, unsigned int lines, const struct device_memory *memory)
{
	*dev = (struct device){ .held_timer = { .expired = release_held, .ctx = dev } };
	if (memory ? gpio_init_in(&dev->bank, memory->lines, lines, &device_gpio_ops, dev) :
		     gpio_init(&dev->bank, lines, &device_gpio_ops, dev))
		return -1;
	dev->parked = memory ? memory->parked : calloc(lines, sizeof(*dev->parked));
	dev->kept = memory ? memory->kept : NULL;
	dev->line_stats = calloc(lines, sizeof(*dev->line_stats));
	return dev->parked && dev->line_stats ? 0 : -1;
}

/**
 * device_init() - make a device
 * @dev: the device
 * @lines: number of lines
 *
 * Return: 0, or -1 if there is not enough memory.
 */
int device_init(struct device *dev, unsigned int lines)
{
	return device_init_in(dev, lines, NULL);
}

/**
 * device_free() - give the device's memory back
 * @dev: the device
 */
void device_free(struct device *dev)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		reply_forget(dev, i);
	gpio_free(&dev->bank);
	if (!dev->kept)
		free(dev->parked);
	free(dev->line_stats);
	dev->parked = NULL;
	dev->line_stats = NULL;
}

/**
 * device_listen() - tell somebody what happens
 * @dev: the device
 * @listener: who; must stay until device_unlisten()
 */
void device_listen(struct device *dev, struct device_listener *listener)
{
	listener->next = dev->listeners;
	dev->listeners = listener;
	dev->recorded |= listener->replied != NULL;
}

/**
 * device_unlisten() - tell somebody nothing more
 * @dev: the device
 * @listener: who; nothing happens if it does not listen
 */
void device_unlisten(struct device *dev, struct device_listener *listener)
{
	struct device_listener **link = &dev->listeners;

	while (*link && *link != listener)
		link = &(*link)->next;
	if (*link)
		*link = listener->next;
	dev->recorded = false;
	for (struct device_listener *l = dev->listeners; l; l = l->next)
		dev->recorded |= l->replied != NULL;
}

/**
 * device_session() - a front end connected or left
 * @dev: the device
 * @begins: it connected
 */
void device_session(struct device *dev, bool begins)
{
	if (begins) {
		dev->stats.sessions++;
		fault_new_session(&dev->faults);
	}
	for (struct device_listener *l = dev->listeners; l; l = l->next)
		if (l->session)
			l->session(l->ctx, begins);
}

/**
 * device_mark() - somebody sets a mark
 * @dev: the device
 * @text: what it is for
 */
void device_mark(struct device *dev, const char *text)
{
	for (struct device_listener *l = dev->listeners; l; l = l->next)
		if (l->marked)
			l->marked(l->ctx, text);
}

/**
 * device_config() - the configuration space
 * @dev: the device
 *
 * Return: all of it, in little endian.
 */
struct virtio_gpio_config device_config(struct device *dev)
{
	struct virtio_gpio_config config = {
		.ngpio = htole16(dev->bank.count),
		.gpio_names_size = htole32(dev->bank.names_size),
	};
	const struct fault *huge = fault_strikes(&dev->faults, FAULT_HUGE_NAMES, FAULT_CONFIG, 0);

	if (huge)
		config.gpio_names_size = htole32(huge->number);
	if (fault_strikes(&dev->faults, FAULT_NO_LINES, FAULT_CONFIG, 0))
		config.ngpio = 0;
	return config;
}

static void malformed(struct device *dev, const char *what, uint64_t len, uint64_t need)
{
	char how[128];

	snprintf(how, sizeof(how), "%s of %llu bytes, needed are %llu", what,
		 (unsigned long long)len, (unsigned long long)need);
	note_violation(dev, RULE_WHOLE, how);
}

/* 0 stands for all that are not known. */
static unsigned int message_type(const struct gpio_request *req)
{
	return req->type < GPIO_MSG_TYPES ? req->type : 0;
}

static void count_request(struct device *dev, const struct gpio_request *req, bool error)
{
	unsigned int type = message_type(req);
	struct msg_stats *stats = &dev->stats.msg[type];

	dev->rules.occasions |= 1u << type;
	stats->requests++;
	stats->errors += error;
	if (dev->served && !dev->kick_seen[type])
		stats->notifications++;
	dev->kick_seen[type] = true;
	if (req->line >= dev->bank.count)
		return;
	dev->line_stats[req->line].requests++;
	dev->line_stats[req->line].errors += error;
}

static int serve_chains(struct device *dev, enum device_queue queue);

static const struct gpio_reply reply_error = { .status = VIRTIO_GPIO_STATUS_ERR };

/* The reply must fit before the message is carried out, not after. */
static bool request_is_whole(struct device *dev, const struct vring_chain *chain)
{
	if (chain->read_len < sizeof(struct virtio_gpio_request)) {
		malformed(dev, "request", chain->read_len, sizeof(struct virtio_gpio_request));
		return false;
	}
	if (chain->write_len < sizeof(struct virtio_gpio_response)) {
		malformed(dev, "response buffer", chain->write_len,
			  sizeof(struct virtio_gpio_response));
		return false;
	}
	return true;
}

static void check_message(struct device *dev, const struct gpio_request *req)
{
	enum driver_rule rule;
	const char *wrong = strict_message(&dev->bank, req, &rule);

	if (wrong)
		on_violation(dev, req->line, rule, wrong);
}

/*
 * The driver may have unmasked an interrupt before it disables it, but a device looks at
 * one queue after the other. What is wrong with the queue of events is told at its turn.
 */
static void take_events_before(struct device *dev, const struct gpio_request *req)
{
	if (req->type == VIRTIO_GPIO_MSG_IRQ_TYPE && req->value == VIRTIO_GPIO_IRQ_TYPE_NONE &&
	    dev->ring[DEVICE_EVENTQ])
		serve_chains(dev, DEVICE_EVENTQ);
}

static struct gpio_reply ask_model(struct device *dev, const struct vring_chain *chain,
				   const struct gpio_request *req)
{
	struct gpio_reply reply;

	if (dev->strict) {
		take_events_before(dev, req);
		check_message(dev, req);
	}
	reply = gpio_handle(&dev->bank, req);
	if (!reply.names || chain->write_len >= 1 + dev->bank.names_size)
		return reply;
	malformed(dev, "response buffer", chain->write_len, 1 + dev->bank.names_size);
	return reply_error;
}

static struct gpio_request read_request(struct device *dev, const struct vring_chain *chain)
{
	struct virtio_gpio_request le;

	vring_chain_read(dev->ring[DEVICE_REQUESTQ], chain, &le, sizeof(le));
	return (struct gpio_request){ le16toh(le.type), le16toh(le.gpio), le32toh(le.value) };
}

static void note_request(struct device *dev, const struct gpio_request *req,
			 const struct gpio_reply *reply)
{
	count_request(dev, req, reply->status != VIRTIO_GPIO_STATUS_OK);
	log_verbose("request type %u line %u value %u: status %u value %u", req->type, req->line,
		    req->value, reply->status, reply->value);
}

static bool request_fault(struct device *dev, struct reply *reply, enum fault_kind kind)
{
	if (!fault_strikes(&dev->faults, kind, reply->type, reply->line))
		return false;
	reply->faults |= 1u << kind;
	return true;
}

static void handle_request(struct device *dev, struct reply *reply)
{
	struct gpio_request req = read_request(dev, &reply->chain);

	reply->type = message_type(&req);
	reply->line = req.line;
	reply->value = req.value;
	if (request_fault(dev, reply, FAULT_LOSE))
		return;
	if (!request_fault(dev, reply, FAULT_ERROR))
		reply->reply = ask_model(dev, &reply->chain, &req);
	note_request(dev, &req, &reply->reply);
}

/* Nothing can go wrong with the reply, and nobody is told of it. */
static bool is_plain(const struct device *dev)
{
	return !dev->faults.count && !dev->held && !dev->recorded;
}

static void serve_plain(struct device *dev, const struct vring_chain *chain)
{
	struct virtqueue *ring = dev->ring[DEVICE_REQUESTQ];
	struct gpio_reply reply = reply_error;
	struct gpio_request req;
	size_t len;

	if (request_is_whole(dev, chain)) {
		req = read_request(dev, chain);
		reply = ask_model(dev, chain, &req);
		note_request(dev, &req, &reply);
	}
	len = vring_chain_write(ring, chain, 0, (uint8_t[]){ reply.status, reply.value },
				reply.names ? 1 : 2);
	if (reply.names)
		len += vring_chain_write(ring, chain, 1, dev->bank.names, dev->bank.names_size);
	vring_push(ring, chain->head, len);
}

/* The driver gets no reply. */
static void never_reply(struct device *dev, struct reply *reply)
{
	reply->sent_ns = device_time(dev);
	reply_tell(dev, reply);
}

/* Returns -1 if a fault ends the session. */
static int serve_request(struct device *dev, const struct vring_chain *chain)
{
	struct reply reply = {
		.queue = DEVICE_REQUESTQ, .chain = *chain, .reply = reply_error,
		.taken_ns = device_time(dev),
	};

	if (request_is_whole(dev, chain))
		handle_request(dev, &reply);
	if (request_fault(dev, &reply, FAULT_CLOSE)) {
		never_reply(dev, &reply);
		return errmsg_set(&dev->ring[DEVICE_REQUESTQ]->err, "the fault \"close\" struck");
	}
	if (reply.faults & 1u << FAULT_LOSE)
		never_reply(dev, &reply);
	else
		reply_deliver(dev, &reply);
	return 0;
}

static void refuse_event(struct device *dev, const struct vring_chain *chain)
{
	uint8_t status = VIRTIO_GPIO_IRQ_STATUS_INVALID;
	size_t len = vring_chain_write(dev->ring[DEVICE_EVENTQ], chain, 0, &status, 1);

	vring_push(dev->ring[DEVICE_EVENTQ], chain->head, len);
}

static bool event_is_whole(struct device *dev, const struct vring_chain *chain)
{
	if (chain->read_len < sizeof(struct virtio_gpio_irq_request)) {
		malformed(dev, "event request", chain->read_len,
			  sizeof(struct virtio_gpio_irq_request));
		return false;
	}
	if (!chain->write_len) {
		malformed(dev, "event response buffer", 0,
			  sizeof(struct virtio_gpio_irq_response));
		return false;
	}
	return true;
}

static void check_event_buffer(struct device *dev, unsigned int line)
{
	enum driver_rule rule;
	const char *wrong = strict_event_buffer(&dev->bank, line, &rule);

	if (wrong)
		on_violation(dev, line, rule, wrong);
}

static void serve_event(struct device *dev, const struct vring_chain *chain)
{
	struct virtio_gpio_irq_request le;
	unsigned int line;

	dev->rules.occasions |= 1u << RULES_EVENT_BUFFER;
	if (!event_is_whole(dev, chain)) {
		refuse_event(dev, chain);
		return;
	}
	vring_chain_read(dev->ring[DEVICE_EVENTQ], chain, &le, sizeof(le));
	line = le16toh(le.gpio);
	if (!gpio_may_unmask(&dev->bank, line)) {
		refuse_event(dev, chain);
		return;
	}
	if (dev->strict)
		check_event_buffer(dev, line);
	dev->parked[line] = (struct parked){
		.state = PARKED_WAITING, .head = chain->head,
		.status_gpa = chain->segs[chain->readable].gpa, .taken_ns = device_time(dev),
	};
	gpio_unmask(&dev->bank, line);
}

static int serve_chains(struct device *dev, enum device_queue queue)
{
	struct virtqueue *ring = dev->ring[queue];
	struct vring_chain chain;
	unsigned int buffers = 0;
	int got;

	/* One round of the ring at a time, so that the others get their turn. */
	for (unsigned int i = 0; i < ring->setup.num && buffers < ROUND_BUFFERS; i++) {
		got = vring_pop(ring, &chain);
		if (got <= 0)
			return got;
		buffers += chain.count;
		dev->stats.queue[queue].requests++;
		if (queue == DEVICE_EVENTQ)
			serve_event(dev, &chain);
		else if (is_plain(dev))
			serve_plain(dev, &chain);
		else if (serve_request(dev, &chain))
			return -1;
	}
	return 0;
}

/**
 * device_is_early() - does the device use a queue that the front end did not enable?
 * @dev: the device
 * @queue: the queue, which is started
 *
 * Return: true if it does, as a fault has it.
 */
bool device_is_early(struct device *dev, enum device_queue queue)
{
	return queue == DEVICE_REQUESTQ &&
	       fault_strikes(&dev->faults, FAULT_EARLY, FAULT_QUEUE, 0);
}

/**
 * device_kicked() - the driver sent notifications
 * @dev: the device
 * @queue: for which queue
 * @notifications: how many
 */
void device_kicked(struct device *dev, enum device_queue queue, uint64_t notifications)
{
	dev->stats.queue[queue].notifications += notifications;
	if (queue != DEVICE_REQUESTQ)
		return;
	memset(dev->kick_seen, 0, sizeof(dev->kick_seen));
	dev->served = true;
}

/**
 * device_serve() - take what a queue holds, and reply
 * @dev: the device
 * @queue: the queue
 *
 * Return: 0 if nothing is left, 1 if there is more, -1 with the ring's error
 * text set if the driver broke the rules of the ring.
 */
int device_serve(struct device *dev, enum device_queue queue)
{
	bool more;
	int ret;

	if (!dev->ring[queue])
		return 0;
	ret = serve_chains(dev, queue);
	/*
	 * Before the replies go out: a driver that sends its next request when
	 * it has a reply then always notifies, which makes the counts exact.
	 */
	more = ret == 0 && vring_wait_for_kick(dev->ring[queue]);
	flush_queues(dev);
	if (queue == DEVICE_REQUESTQ && !more)
		dev->served = false;
	return ret < 0 ? -1 : more;
}

/**
 * device_attach() - a queue may be used
 * @dev: the device
 * @queue: the queue
 * @ring: its ring, running
 */
void device_attach(struct device *dev, enum device_queue queue, struct virtqueue *ring)
{
	dev->ring[queue] = ring;
	if (dev->held)
		release_held(dev);
	if (queue != DEVICE_EVENTQ)
		return;
	for (unsigned int i = 0; dev->decided && i < dev->bank.count; i++) {
		if (dev->parked[i].state != PARKED_DECIDED)
			continue;
		return_parked(dev, &dev->parked[i]);
		dev->decided--;
	}
	flush_queue(dev, DEVICE_EVENTQ);
}

/**
 * device_detach() - a queue may not be used for now
 * @dev: the device; keeps the buffers that it holds
 * @queue: the queue
 */
void device_detach(struct device *dev, enum device_queue queue)
{
	dev->ring[queue] = NULL;
}

/**
 * device_forget() - a queue is gone, and with it the buffers in it
 * @dev: the device
 * @queue: the queue
 */
void device_forget(struct device *dev, enum device_queue queue)
{
	device_detach(dev, queue);
	reply_forget(dev, queue);
	if (queue != DEVICE_EVENTQ)
		return;
	gpio_mask_all(&dev->bank);
	memset(dev->parked, 0, dev->bank.count * sizeof(*dev->parked));
	dev->decided = 0;
}

/**
 * device_reset() - as the driver's reset of the device
 * @dev: the device; forgets all that the driver did, not what the host did
 */
void device_reset(struct device *dev)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		device_forget(dev, i);
	gpio_reset(&dev->bank);
	if (dev->kept)
		memset(dev->kept, 0, DEVICE_QUEUES * sizeof(*dev->kept));
}

static void restore_parked(struct device *dev, unsigned int line, const struct parked *old)
{
	struct parked *p = &dev->parked[line];

	if (old->state != PARKED_WAITING && old->state != PARKED_DECIDED)
		return;
	*p = *old;
	p->taken_ns = device_time(dev);
	dev->bank.lines[line].unmasked = old->state == PARKED_WAITING;
	dev->decided += old->state == PARKED_DECIDED;
}

/**
 * device_restore() - go on as another simulator left it; gpio_settle() must follow
 * @dev: the device, with names and wires, and without a driver
 * @old: what it left
 */
void device_restore(struct device *dev, const struct device_memory *old)
{
	memcpy(dev->kept, old->kept, DEVICE_QUEUES * sizeof(*dev->kept));
	for (unsigned int i = 0; i < dev->bank.count; i++) {
		gpio_restore(&dev->bank, i, &old->lines[i]);
		restore_parked(dev, i, &old->parked[i]);
	}
}

/* Takes the event buffers into the ring that they came from. */
static bool hold_parked(struct device *dev, struct virtqueue *ring)
{
	for (unsigned int i = 0; i < dev->bank.count; i++)
		if (dev->parked[i].state != PARKED_NONE && !vring_hold(ring, dev->parked[i].head))
			return false;
	return true;
}

/**
 * device_resume() - does the driver go on that another simulator, or session, had?
 * @dev: the device
 * @queue: the queue
 * @ring: its ring, just started for the first time
 *
 * A front end that lost the other one has the ring start at what was returned.
 *
 * Return: true if it does, or if nothing was left of this queue.
 */
bool device_resume(struct device *dev, enum device_queue queue, struct virtqueue *ring)
{
	const struct ring_kept *kept = dev->kept ? &dev->kept[queue] : NULL;
	uint16_t base = ring->setup.base;

	if (!kept || !kept->num)
		return !base;
	if (ring->setup.num != kept->num || ring->used_idx != kept->used_idx ||
	    (base != kept->used_idx && base != kept->last_avail))
		return false;
	return vring_go_on(ring, kept->last_avail) &&
	       (queue != DEVICE_EVENTQ || hold_parked(dev, ring));
}

/**
 * device_leave() - the front end is gone; its guest may come back
 * @dev: the device, with kept state
 */
void device_leave(struct device *dev)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		device_detach(dev, i);
		reply_forget(dev, i);
	}
}

/**
 * device_settle() - the other end of a line may have another level
 * @dev: the device
 * @line: the line
 * @ns: since when, by the clock of loop_now(); 0 for now
 */
void device_settle(struct device *dev, unsigned int line, uint64_t ns)
{
	uint64_t before = dev->changed_ns;

	dev->changed_ns = ns;
	gpio_settle_line(&dev->bank, line);
	dev->changed_ns = before;
	flush_queue(dev, DEVICE_EVENTQ);
}

/**
 * device_set_level() - the host drives a line
 * @dev: the device
 * @line: the line
 * @level: its level
 */
void device_set_level(struct device *dev, unsigned int line, bool level)
{
	gpio_set_level(&dev->bank, line, level);
	flush_queue(dev, DEVICE_EVENTQ);
}

/**
 * device_release() - the host drives a line no longer
 * @dev: the device
 * @line: the line
 */
void device_release(struct device *dev, unsigned int line)
{
	gpio_release(&dev->bank, line);
	flush_queue(dev, DEVICE_EVENTQ);
}

/**
 * device_end_burst() - the edges of a burst all came
 * @dev: the device
 * @line: the line, after gpio_begin_burst()
 */
void device_end_burst(struct device *dev, unsigned int line)
{
	gpio_end_burst(&dev->bank, line);
	flush_queue(dev, DEVICE_EVENTQ);
}

/**
 * device_reset_stats() - count from zero
 * @dev: the device
 */
void device_reset_stats(struct device *dev)
{
	dev->stats = (struct device_stats){ 0 };
	dev->bank.stats = (struct gpio_irq_stats){ 0 };
	memset(dev->line_stats, 0, dev->bank.count * sizeof(*dev->line_stats));
	memset(dev->faults.injected, 0, sizeof(dev->faults.injected));
}
