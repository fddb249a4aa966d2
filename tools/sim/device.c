/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The GPIO device: takes messages and event buffers from the queues, lets the
 * model decide, and returns them. Counts what happens.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

static void return_parked(struct device *dev, struct parked *p)
{
	struct virtqueue *ring = dev->ring[DEVICE_EVENTQ];

	mem_write(ring->mem, p->status_gpa, &p->status, sizeof(p->status));
	vring_push(ring, p->head, sizeof(p->status));
	p->state = PARKED_NONE;
}

/* The model decided what a line's event buffer returns with. */
static void on_event(void *ctx, unsigned int line, uint8_t status)
{
	struct device *dev = ctx;
	struct parked *p = &dev->parked[line];

	p->status = status;
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

	if (dev->changed)
		dev->changed(dev->changed_ctx, line);
}

static void on_armed(void *ctx, unsigned int line)
{
	struct device *dev = ctx;

	if (dev->armed)
		dev->armed(dev->armed_ctx, line);
}

static void on_violation(void *ctx, unsigned int line, const char *what)
{
	struct device *dev = ctx;

	dev->stats.violations++;
	if (log_allowed(&dev->violation_limit))
		log_error("violation by the driver, line %u: %s", line, what);
}

static const struct gpio_ops device_gpio_ops = {
	.event		= on_event,
	.changed	= on_changed,
	.armed		= on_armed,
	.violation	= on_violation,
};

/**
 * device_init() - make a device
 * @dev: the device
 * @lines: number of lines
 *
 * Return: 0, or -1 if there is not enough memory.
 */
int device_init(struct device *dev, unsigned int lines)
{
	*dev = (struct device){ 0 };
	if (gpio_init(&dev->bank, lines, &device_gpio_ops, dev))
		return -1;
	dev->parked = calloc(lines, sizeof(*dev->parked));
	return dev->parked ? 0 : -1;
}

/**
 * device_free() - give the device's memory back
 * @dev: the device
 */
void device_free(struct device *dev)
{
	gpio_free(&dev->bank);
	free(dev->parked);
	dev->parked = NULL;
}

/**
 * device_config() - the configuration space
 * @dev: the device
 *
 * Return: all of it, in little endian.
 */
struct virtio_gpio_config device_config(const struct device *dev)
{
	return (struct virtio_gpio_config){
		.ngpio = htole16(dev->bank.count),
		.gpio_names_size = htole32(dev->bank.names_size),
	};
}

/* Publishes what was returned on a queue and notifies the driver if it wants. */
static void flush_queue(struct device *dev, enum device_queue queue)
{
	if (!dev->ring[queue] || !vring_publish(dev->ring[queue]))
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

static void malformed(struct device *dev, const char *what, uint64_t len, uint64_t need)
{
	dev->stats.violations++;
	if (log_allowed(&dev->violation_limit))
		log_error("violation by the driver: %s of %llu bytes, needed are %llu", what,
			  (unsigned long long)len, (unsigned long long)need);
}

static void count_request(struct device *dev, unsigned int type, uint8_t status)
{
	struct msg_stats *stats = &dev->stats.msg[type < DEVICE_MSG_TYPES ? type : 0];
	bool *seen = &dev->kick_seen[type < DEVICE_MSG_TYPES ? type : 0];

	stats->requests++;
	if (status != VIRTIO_GPIO_STATUS_OK)
		stats->errors++;
	if (dev->served && !*seen)
		stats->notifications++;
	*seen = true;
}

static const struct gpio_reply reply_error = { .status = VIRTIO_GPIO_STATUS_ERR };

/* Returns how many bytes of the reply the driver gets. */
static size_t write_reply(struct device *dev, const struct vring_chain *chain,
			  const struct gpio_reply *reply)
{
	struct virtqueue *ring = dev->ring[DEVICE_REQUESTQ];
	size_t len;

	len = vring_chain_write(ring, chain, 0, &reply->status, 1);
	if (reply->names)
		return len + vring_chain_write(ring, chain, 1, dev->bank.names,
					       dev->bank.names_size);
	return len + vring_chain_write(ring, chain, 1, &reply->value, 1);
}

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

static struct gpio_reply handle_request(struct device *dev, const struct vring_chain *chain)
{
	struct virtio_gpio_request le;
	struct gpio_request req;
	struct gpio_reply reply;

	vring_chain_read(dev->ring[DEVICE_REQUESTQ], chain, &le, sizeof(le));
	req = (struct gpio_request){ le16toh(le.type), le16toh(le.gpio), le32toh(le.value) };
	reply = gpio_handle(&dev->bank, &req);
	if (reply.names && chain->write_len < 1 + dev->bank.names_size) {
		malformed(dev, "response buffer", chain->write_len, 1 + dev->bank.names_size);
		reply = reply_error;
	}
	count_request(dev, req.type, reply.status);
	log_verbose("request type %u line %u value %u: status %u value %u", req.type, req.line,
		    req.value, reply.status, reply.value);
	return reply;
}

static void serve_request(struct device *dev, const struct vring_chain *chain)
{
	struct gpio_reply reply = reply_error;

	if (request_is_whole(dev, chain))
		reply = handle_request(dev, chain);
	vring_push(dev->ring[DEVICE_REQUESTQ], chain->head, write_reply(dev, chain, &reply));
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

static void serve_event(struct device *dev, const struct vring_chain *chain)
{
	struct virtio_gpio_irq_request le;
	unsigned int line;

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
	dev->parked[line] = (struct parked){
		.state = PARKED_WAITING, .head = chain->head,
		.status_gpa = chain->segs[chain->readable].gpa,
	};
	gpio_unmask(&dev->bank, line);
}

static int serve_chains(struct device *dev, enum device_queue queue)
{
	struct virtqueue *ring = dev->ring[queue];
	struct vring_chain chain;
	int got;

	/* One round of the ring at a time, so that the host gets its turn. */
	for (unsigned int i = 0; i < ring->setup.num; i++) {
		got = vring_pop(ring, &chain);
		if (got <= 0)
			return got;
		dev->stats.queue[queue].requests++;
		if (queue == DEVICE_REQUESTQ)
			serve_request(dev, &chain);
		else
			serve_event(dev, &chain);
	}
	return 0;
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
 * device_serve() - take what a queue holds, and answer
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
	dev->bank.irq = false;
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
 * device_reset_stats() - count from zero
 * @dev: the device
 */
void device_reset_stats(struct device *dev)
{
	dev->stats = (struct device_stats){ 0 };
	dev->bank.stats = (struct gpio_irq_stats){ 0 };
}
