// SPDX-License-Identifier: GPL-2.0+
/*
 * GPIO driver for virtio-based virtual GPIO controllers
 *
 * Copyright (C) 2021 metux IT consult
 * Enrico Weigelt, metux IT consult <info@metux.net>
 *
 * Copyright (C) 2021 Linaro.
 * Viresh Kumar <viresh.kumar@linaro.org>
 */

#include <linux/acpi.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/ctype.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/pm.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/wait.h>
#include <linux/wait_bit.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_ids.h>

#include <kunit/visibility.h>

#include "gpio-virtio.h"

VISIBLE_IF_KUNIT unsigned int virtio_gpio_timeout_ms = 10000;
EXPORT_SYMBOL_IF_KUNIT(virtio_gpio_timeout_ms);
module_param_named(timeout_ms, virtio_gpio_timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms, "how long to wait for a device that does not answer, in ms; 0 for no limit (default 10000)");

/*
 * The size of the names block comes from the device. This many bytes for each
 * line is far more than any board's schematic has asked for.
 */
#define VIRTIO_GPIO_NAME_MAX	256

/*
 * More requests in flight than this help nobody: user space handles at most
 * 64 lines at once.
 */
#define VIRTIO_GPIO_MAX_SLOTS	64

/* Nothing tells a driver that its device broke, so a waiter has a look. */
#define VIRTIO_GPIO_POLL	(HZ / 10)

/*
 * How long requests in flight may hold up a freeze or a reset, and how long
 * others wait for that to be over
 */
#define VIRTIO_GPIO_DRAIN	HZ

/* How long to wait before a buffer that could not be queued is tried again */
#define VIRTIO_GPIO_RETRY	(HZ / 10)

/* So many senseless events in a row and the interrupt is not unmasked again. */
#define VIRTIO_GPIO_IRQ_MAX_ERRORS	8

/* The device may or may not have accepted the last trigger type. */
#define VIRTIO_GPIO_IRQ_TYPE_UNKNOWN	0xff

/*
 * The irq core and the specification number the trigger types alike, so a type
 * is passed on as it is.
 */
static_assert(VIRTIO_GPIO_IRQ_TYPE_NONE == IRQ_TYPE_NONE);
static_assert(VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING == IRQ_TYPE_EDGE_RISING);
static_assert(VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING == IRQ_TYPE_EDGE_FALLING);
static_assert(VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH == IRQ_TYPE_EDGE_BOTH);
static_assert(VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH == IRQ_TYPE_LEVEL_HIGH);
static_assert(VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW == IRQ_TYPE_LEVEL_LOW);

/**
 * struct virtio_gpio_batch - requests whose caller waits for the replies
 * @node: in the backlog of the requestq while a request has no tag yet
 * @done: completed when all replies are in
 * @type: one of VIRTIO_GPIO_MSG_*
 * @gpio: the line of the next request
 * @end: the line before which the batch ends
 * @mask: the lines from @gpio to @end that take part; NULL for all
 * @bits: the levels of the lines in @mask, to set or as read
 * @value: the value of each request, unless @bits has it
 * @result: the value of the last reply
 * @reply: where the device writes its reply; NULL for the slot's own buffer.
 *	   It belongs to the device until that has returned it or was reset
 * @reply_len: size of @reply in bytes
 * @replay: brings a device back that was reset, so others let it go first
 * @accepted: a bit for each line, set if its request succeeds; or NULL
 * @in_flight: requests that the device has
 * @replies: value of the requestq's counter when something happened to one of
 *	     them last
 * @failed: the line of the first request that failed, if @ret is not 0
 * @ret: 0 or the first -errno, once @done is completed
 *
 * The requests differ in their lines only. They take a tag each, are added at
 * once as far as there are tags, with one notification, and wake the caller
 * once. If one of them fails, the others do not care.
 *
 * Lives on the stack of the caller. The lock of the requestq protects it, and
 * what @bits and @accepted point to, until @done is completed.
 */
struct virtio_gpio_batch {
	struct list_head node;
	struct completion done;
	u16 type;
	u32 gpio;
	u32 end;
	const unsigned long *mask;
	unsigned long *bits;
	u32 value;
	u8 result;
	void *reply;
	size_t reply_len;
	bool replay;
	unsigned long *accepted;
	unsigned int in_flight;
	unsigned int replies;
	u16 failed;
	int ret;
};

/**
 * struct virtio_gpio_slot - memory that a request and its reply travel in
 * @batch: whose request it is; NULL if nobody waits for the reply. Either
 *	   nobody ever did, or the caller has given up, and the request is
 *	   abandoned. The tag is not free even then, and the memory is not
 *	   touched, until the device returns it or is reset
 * @abandoned: the caller has given up
 * @type: one of VIRTIO_GPIO_MSG_*
 * @gpio: the line
 * @value: the value of the request
 *
 * What follows is for the device: the request, and the reply to it, unless the
 * batch has a buffer for that.
 *
 * The index of a slot is the tag of its request. Its address is what the
 * virtqueue returns together with the reply, so a reply finds its request in
 * whichever order the device answers.
 */
struct virtio_gpio_slot {
	struct virtio_gpio_batch *batch;
	bool abandoned;
	u16 type;
	u16 gpio;
	u32 value;

	/* private: */
	__dma_from_device_group_begin();
	struct virtio_gpio_request req;
	struct virtio_gpio_response res;
	__dma_from_device_group_end();
};

/**
 * enum virtio_gpio_post - requests that nobody waits for
 * @VIRTIO_GPIO_POST_IRQ_NONE: disable the interrupt of a line
 * @VIRTIO_GPIO_POST_RELEASE: deactivate a line
 * @VIRTIO_GPIO_NUM_POSTS: number of the above
 *
 * In the order in which they are sent if a line is due for more than one.
 */
enum virtio_gpio_post {
	VIRTIO_GPIO_POST_IRQ_NONE,
	VIRTIO_GPIO_POST_RELEASE,
	VIRTIO_GPIO_NUM_POSTS,
};

/**
 * struct virtio_gpio_requestq - the queue of requests
 * @vq: the virtqueue; NULL while there is none
 * @lock: protects everything here, and what it says on struct virtio_gpio_batch
 * @slots: as many as the virtqueue can hold requests, which fits the memory
 *	   to the depth of the queue rather than to the number of lines
 * @num_slots: number of @slots
 * @free: tags that are not in use
 * @drained: woken when the last tag returns to a suspended queue
 * @backlog: batches that wait for a tag, first come first served
 * @replies: number of replies so far
 * @late: how many of them nobody waited for any longer
 * @timeouts: number of callers who gave up on the device
 * @stopped: the device is going, so nobody may wait for it any longer
 * @suspended: the device is about to be reset or was just now. Requests wait,
 *	       except for those that bring it back to where it was
 * @posted: lines by enum virtio_gpio_post that have such a request to be sent,
 *	    before the backlog's turn
 * @num_posted: number of bits in @posted
 * @requested: lines in use by way of gpiolib
 * @interrupts: lines in use by way of the irq core
 * @known: lines whose direction the driver knows, as only it can change that
 * @output: which of these are outputs
 * @active: lines whose direction the driver has set, or the level of as outputs
 * @value: levels that the driver has set last
 *
 * All bitmaps but @free have a bit for each line.
 */
struct virtio_gpio_requestq {
	struct virtqueue *vq;
	spinlock_t lock; /* Protects all of this */
	struct virtio_gpio_slot *slots;
	unsigned int num_slots;
	DECLARE_BITMAP(free, VIRTIO_GPIO_MAX_SLOTS);
	wait_queue_head_t drained;
	struct list_head backlog;
	unsigned int replies;
	unsigned long late;
	unsigned long timeouts;
	bool stopped;
	bool suspended;
	unsigned long *posted[VIRTIO_GPIO_NUM_POSTS];
	unsigned int num_posted;
	unsigned long *requested;
	unsigned long *interrupts;
	unsigned long *known;
	unsigned long *output;
	unsigned long *active;
	unsigned long *value;
};

/**
 * struct virtio_gpio_irq - the interrupt of a line that somebody uses
 * @gpio: the line
 * @used: the irq core uses it. When that ends, the device may be late to
 *	  return the buffers, and they live on until it does
 * @type: trigger type that the device has accepted, one of
 *	  VIRTIO_GPIO_IRQ_TYPE_*
 * @wanted: trigger type that it should have, to bring it back after a reset
 * @stale: the buffers that the device has were queued before the interrupt was
 *	   disabled last, so it is to return them
 * @errors: number of events in a row that made no sense
 * @changer: the task in which the irq core has changed what the device is to be
 *	     told, until it is about to do that
 * @rcu: frees it
 *
 * What follows is for the device: what the driver queues to unmask the
 * interrupt, and what the device answers when that fires.
 */
struct virtio_gpio_irq {
	u16 gpio;
	bool used;
	u8 type;
	u8 wanted;
	bool stale;
	u8 errors;
	struct task_struct *changer;
	struct rcu_head rcu;

	/* private: */
	__dma_from_device_group_begin();
	struct virtio_gpio_irq_request req;
	struct virtio_gpio_irq_response res;
	__dma_from_device_group_end();
};

/**
 * struct virtio_gpio_eventq - the queue of events, and the lines' interrupts
 * @vq: the virtqueue; NULL while there is none
 * @lock: protects @vq, @next, @queued, @num_queued, @was_full, @resets,
 *	  and what is in @irqs with its removal, but not @changer. Bits of
 *	  @enabled are set with it
 * @irqs: struct virtio_gpio_irq of the lines whose interrupt is in use
 * @next: the line whose turn it is when not all fit into the virtqueue
 * @enabled: lines whose trigger type the device has accepted, and of which the
 *	     irq core wants events
 * @queued: lines whose buffers the device has
 * @num_queued: number of lines in @queued
 * @was_full: it was said that not all lines fit
 * @resets: number of times that the device has lost what it was told
 * @busy: lines that the irq core does something with, after which @ready and
 *	  @pending are taken care of
 * @locked: lines of which the device is being told something. What is used in
 *	    @irqs stays meanwhile
 * @unmasked: lines that the irq core wants to hear of
 * @ready: lines whose buffers may have to be queued
 * @pending: lines with an event that the irq core has not been told of
 * @handling: lines with an event that it is being told of
 * @work: takes care of @ready and @pending where nobody else does
 *
 * The irq core calls the driver with a raw lock held, where a virtqueue must
 * not be touched: its operations take locks that sleep with PREEMPT_RT, and
 * allocate memory. So bits are all that changes there, atomically, in those
 * bitmaps that @lock does not protect. Buffers are queued afterwards.
 */
struct virtio_gpio_eventq {
	struct virtqueue *vq;
	spinlock_t lock; /* Protects the virtqueue and what it says above */
	struct xarray irqs;
	unsigned int next;
	unsigned long *enabled;
	unsigned long *queued;
	unsigned int num_queued;
	bool was_full;
	unsigned int resets;
	unsigned long *busy;
	unsigned long *locked;
	unsigned long *unmasked;
	unsigned long *ready;
	unsigned long *pending;
	unsigned long *handling;
	struct delayed_work work;
};

/**
 * struct virtio_gpio - a virtio GPIO device
 * @vdev: the device on the virtio bus
 * @gc: the GPIO chip
 * @names_size: size of the block with the lines' names in bytes
 * @requestq: the queue of requests
 * @eventq: the queue of events, if the device offers interrupts
 * @complaints: limits messages about the device
 * @probing: the device was asked for all directions just now
 */
struct virtio_gpio {
	struct virtio_device *vdev;
	struct gpio_chip gc;
	u32 names_size;
	struct virtio_gpio_requestq requestq;
	struct virtio_gpio_eventq eventq;
	struct ratelimit_state complaints;
	bool probing;
};

/* Requests */

static void virtio_gpio_complain(struct virtio_gpio *vgpio, u16 type, u16 gpio,
				 int ret)
{
	if (__ratelimit(&vgpio->complaints))
		dev_err(&vgpio->vdev->dev,
			"request %#x for line %u failed: %pe\n", type, gpio,
			ERR_PTR(ret));
}

static struct virtio_gpio_slot *
virtio_gpio_claim_slot(struct virtio_gpio_requestq *q)
{
	unsigned int tag = find_first_bit(q->free, q->num_slots);

	if (tag == q->num_slots)
		return NULL;

	__clear_bit(tag, q->free);

	return &q->slots[tag];
}

static void virtio_gpio_release_slot(struct virtio_gpio_requestq *q,
				     struct virtio_gpio_slot *slot)
{
	slot->batch = NULL;
	slot->abandoned = false;
	__set_bit(slot - q->slots, q->free);
}

static void virtio_gpio_batch_fail(struct virtio_gpio_batch *batch, u16 gpio,
				   int ret)
{
	if (batch->ret)
		return;

	batch->failed = gpio;
	batch->ret = ret;
}

/* The batch ends with its last reply, if no request of it is left to send. */
static void virtio_gpio_batch_update(struct virtio_gpio_batch *batch)
{
	if (!batch->in_flight && list_empty(&batch->node))
		complete(&batch->done);
}

/* Move on to the next line, and out of the backlog after the last one. */
static void virtio_gpio_batch_advance(struct virtio_gpio_batch *batch)
{
	batch->gpio++;
	if (batch->mask)
		batch->gpio = find_next_bit(batch->mask, batch->end,
					    batch->gpio);
	if (batch->gpio >= batch->end)
		list_del_init(&batch->node);
}

static void virtio_gpio_fill_slot(struct virtio_gpio_slot *slot, u16 type,
				  u16 gpio, u32 value)
{
	slot->type = type;
	slot->gpio = gpio;
	slot->value = value;
	slot->req.type = cpu_to_le16(type);
	slot->req.gpio = cpu_to_le16(gpio);
	slot->req.value = cpu_to_le32(value);
}

/*
 * A line's direction is unknown from when somebody asks to change it until the
 * reply to the last such request is in. The device answers requests for the
 * same line in order, so what it said of the line before that does not count.
 */
static void virtio_gpio_forget_direction(struct virtio_gpio_requestq *q,
					 const struct virtio_gpio_slot *slot)
{
	if (slot->type == VIRTIO_GPIO_MSG_SET_DIRECTION)
		__clear_bit(slot->gpio, q->known);
}

/* Whether another request to change the direction of a slot's line is out */
static bool virtio_gpio_is_outdated(struct virtio_gpio_requestq *q,
				    const struct virtio_gpio_slot *slot)
{
	const struct virtio_gpio_slot *other;
	unsigned int tag;

	if (test_bit(slot->gpio, q->posted[VIRTIO_GPIO_POST_RELEASE]))
		return true;

	for_each_clear_bit(tag, q->free, q->num_slots) {
		other = &q->slots[tag];
		if (other != slot && other->gpio == slot->gpio &&
		    other->type == VIRTIO_GPIO_MSG_SET_DIRECTION)
			return true;
	}

	return false;
}

static void virtio_gpio_learn_direction(struct virtio_gpio_requestq *q,
					const struct virtio_gpio_slot *slot,
					u32 direction)
{
	if (virtio_gpio_is_outdated(q, slot))
		return;

	__assign_bit(slot->gpio, q->output,
		     direction == VIRTIO_GPIO_DIRECTION_OUT);
	__set_bit(slot->gpio, q->known);
	if (slot->type == VIRTIO_GPIO_MSG_SET_DIRECTION)
		__assign_bit(slot->gpio, q->active,
			     direction != VIRTIO_GPIO_DIRECTION_NONE);
}

/* An output may be one since before the driver came. */
static void virtio_gpio_learn_level(struct virtio_gpio_requestq *q,
				    const struct virtio_gpio_slot *slot)
{
	__assign_bit(slot->gpio, q->value, slot->value);
	if (test_bit(slot->gpio, q->known) && test_bit(slot->gpio, q->output))
		__set_bit(slot->gpio, q->active);
}

/**
 * virtio_gpio_add_request() - Put a slot into the virtqueue
 * @q: the requestq
 * @slot: the slot, filled in
 *
 * Context: Any context. The caller holds the lock of @q.
 * Return: 0 or the error of virtqueue_add_sgs().
 */
static int virtio_gpio_add_request(struct virtio_gpio_requestq *q,
				   struct virtio_gpio_slot *slot)
{
	struct virtio_gpio_batch *batch = slot->batch;
	struct scatterlist req, res, *sgs[] = { &req, &res };

	sg_init_one(&req, &slot->req, sizeof(slot->req));
	if (batch && batch->reply)
		sg_init_one(&res, batch->reply, batch->reply_len);
	else
		sg_init_one(&res, &slot->res, sizeof(slot->res));

	return virtqueue_add_sgs(q->vq, sgs, 1, 1, slot, GFP_ATOMIC);
}

/**
 * virtio_gpio_send_slot() - Send a slot, or find out that it cannot be sent
 * @q: the requestq
 * @slot: the slot, filled in
 *
 * A request that does not fit, although there was a tag for it, is to wait for
 * another one to return. If there is none to wait for, it has failed.
 *
 * Context: Any context. The caller holds the lock of @q.
 * Return: 0, -EAGAIN if the request has to wait, or another -errno.
 */
static int virtio_gpio_send_slot(struct virtio_gpio_requestq *q,
				 struct virtio_gpio_slot *slot)
{
	int ret;

	ret = virtio_gpio_add_request(q, slot);
	if (!ret) {
		virtio_gpio_forget_direction(q, slot);
		return 0;
	}

	virtio_gpio_release_slot(q, slot);

	return bitmap_full(q->free, q->num_slots) ? ret : -EAGAIN;
}

/* Send a batch's next request. */
static int virtio_gpio_send_next(struct virtio_gpio_requestq *q,
				 struct virtio_gpio_slot *slot)
{
	struct virtio_gpio_batch *batch;
	u32 value;
	int ret;

	batch = list_first_entry(&q->backlog, struct virtio_gpio_batch, node);
	value = batch->value;
	if (batch->type == VIRTIO_GPIO_MSG_SET_VALUE && batch->bits)
		value = test_bit(batch->gpio, batch->bits);

	slot->batch = batch;
	virtio_gpio_fill_slot(slot, batch->type, batch->gpio, value);

	ret = virtio_gpio_send_slot(q, slot);
	if (ret == -EAGAIN)
		return ret;

	if (ret) {
		/* There is no reason why the next one should fare better. */
		virtio_gpio_batch_fail(batch, batch->gpio, ret);
		list_del_init(&batch->node);
	} else {
		batch->in_flight++;
		batch->replies = q->replies;
		virtio_gpio_batch_advance(batch);
	}
	virtio_gpio_batch_update(batch);

	return ret;
}

static const struct {
	u16 type;
	u32 value;
} virtio_gpio_posts[VIRTIO_GPIO_NUM_POSTS] = {
	[VIRTIO_GPIO_POST_IRQ_NONE] = {
		VIRTIO_GPIO_MSG_IRQ_TYPE, VIRTIO_GPIO_IRQ_TYPE_NONE,
	},
	[VIRTIO_GPIO_POST_RELEASE] = {
		VIRTIO_GPIO_MSG_SET_DIRECTION, VIRTIO_GPIO_DIRECTION_NONE,
	},
};

/* Send a request that nobody waits for. */
static int virtio_gpio_send_post(struct virtio_gpio *vgpio,
				 struct virtio_gpio_slot *slot)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	unsigned int post = 0;
	unsigned long gpio;
	int ret;

	do {
		gpio = find_first_bit(q->posted[post], vgpio->gc.ngpio);
	} while (gpio == vgpio->gc.ngpio && ++post < VIRTIO_GPIO_NUM_POSTS);

	virtio_gpio_fill_slot(slot, virtio_gpio_posts[post].type, gpio,
			      virtio_gpio_posts[post].value);

	ret = virtio_gpio_send_slot(q, slot);
	if (ret == -EAGAIN)
		return ret;

	__clear_bit(gpio, q->posted[post]);
	q->num_posted--;
	if (ret)
		virtio_gpio_complain(vgpio, slot->type, gpio, ret);

	return ret;
}

static bool virtio_gpio_has_to_send(struct virtio_gpio_requestq *q)
{
	const struct virtio_gpio_batch *first;

	first = list_first_entry_or_null(&q->backlog, struct virtio_gpio_batch,
					 node);

	if (q->stopped)
		return false;
	if (q->suspended)
		return first && first->replay;

	return first || q->num_posted;
}

/**
 * virtio_gpio_send() - Send what waits to be sent, as far as tags allow
 * @vgpio: the device
 *
 * What nobody waits for comes first: whoever requests a line again must find
 * it deactivated, and a trigger type is set after the old one was disabled.
 *
 * Context: Any context. The caller holds the lock of the requestq, and is in
 *	    an RCU read-side critical section until it has notified the device.
 * Return: The virtqueue of which the caller is to notify the device, without
 *	   the lock; or NULL.
 */
static struct virtqueue *virtio_gpio_send(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtio_gpio_slot *slot;
	bool sent = false;
	int ret;

	lockdep_assert_held(&q->lock);

	while (virtio_gpio_has_to_send(q)) {
		slot = virtio_gpio_claim_slot(q);
		if (!slot)
			break;

		if (q->num_posted && !q->suspended)
			ret = virtio_gpio_send_post(vgpio, slot);
		else
			ret = virtio_gpio_send_next(q, slot);
		if (ret == -EAGAIN)
			break;
		if (!ret)
			sent = true;
	}

	return sent && virtqueue_kick_prepare(q->vq) ? q->vq : NULL;
}

static void virtio_gpio_notify(struct virtqueue *vq)
{
	if (vq)
		virtqueue_notify(vq);
}

static bool virtio_gpio_broken(struct virtio_gpio_requestq *q)
{
	return q->vq && virtqueue_is_broken(q->vq);
}

/* A device that is reset on purpose, and broken meanwhile, comes back. */
static bool virtio_gpio_gone(struct virtio_gpio_requestq *q)
{
	lockdep_assert_held(&q->lock);

	return q->stopped || (!q->suspended && virtio_gpio_broken(q));
}

/**
 * virtio_gpio_give_up() - End a batch although replies are missing
 * @q: the requestq
 * @batch: the batch
 * @ret: what its caller is told, unless the last reply came in just now
 *
 * No reply finds the batch after this, so it may go out of scope.
 *
 * Context: Any context. The caller holds the lock of @q.
 */
static void virtio_gpio_give_up(struct virtio_gpio_requestq *q,
				struct virtio_gpio_batch *batch, int ret)
{
	unsigned int tag;

	lockdep_assert_held(&q->lock);

	if (completion_done(&batch->done))
		return;

	list_del_init(&batch->node);
	for (tag = 0; tag < q->num_slots; tag++) {
		if (q->slots[tag].batch == batch) {
			virtio_gpio_batch_fail(batch, q->slots[tag].gpio, ret);
			q->slots[tag].batch = NULL;
			q->slots[tag].abandoned = true;
		}
	}
	batch->in_flight = 0;
	virtio_gpio_batch_fail(batch, batch->gpio, ret);
	complete(&batch->done);
}

/**
 * struct virtio_gpio_progress - what a caller has seen of the device
 * @replies: number of replies when it looked last
 * @idle_looks: how often it has looked without seeing progress
 */
struct virtio_gpio_progress {
	unsigned int replies;
	unsigned int idle_looks;
};

/*
 * A reply to anybody is a sign, as the device may do one thing after the other.
 * But when it has answered more requests than it can have had before those of
 * the batch, it has lost them.
 */
static bool virtio_gpio_idle(struct virtio_gpio_requestq *q,
			     const struct virtio_gpio_batch *batch,
			     struct virtio_gpio_progress *progress)
{
	unsigned int seen = progress->replies;

	progress->replies = q->replies;

	return seen == q->replies ||
	       (batch->in_flight && q->replies - batch->replies > q->num_slots);
}

/* The time is counted in looks, so that it stands still with the machine. */
static bool virtio_gpio_overdue(const struct virtio_gpio_progress *progress)
{
	unsigned int timeout_ms = READ_ONCE(virtio_gpio_timeout_ms);

	return timeout_ms && progress->idle_looks >
	       (timeout_ms - 1) / jiffies_to_msecs(VIRTIO_GPIO_POLL);
}

/**
 * virtio_gpio_look() - See whether it is worth waiting for a batch
 * @q: the requestq
 * @batch: the batch
 * @progress: what was seen so far; updated
 *
 * A caller that is killed may be about to switch something off, so it hears
 * out a device that answers soon. A device that was reset on the way to sleep
 * does not come back before the machine does, and that may be waiting for the
 * caller.
 *
 * Context: Process context. The caller holds the lock of @q.
 * Return: 0 or an error, see virtio_gpio_wait().
 */
static int virtio_gpio_look(struct virtio_gpio_requestq *q,
			    const struct virtio_gpio_batch *batch,
			    struct virtio_gpio_progress *progress)
{
	bool held_back = q->suspended && !batch->replay;

	if (virtio_gpio_gone(q) || (batch->replay && virtio_gpio_broken(q)))
		return -ENODEV;
	if (fatal_signal_pending(current) && !batch->replay)
		return -EINTR;

	/* This is soon to be over, and what was before does not count then. */
	if (held_back && q->vq) {
		progress->idle_looks = 0;
		return 0;
	}

	if (virtio_gpio_idle(q, batch, progress))
		progress->idle_looks++;
	else
		progress->idle_looks = 0;

	if (held_back)
		return progress->idle_looks < VIRTIO_GPIO_DRAIN / VIRTIO_GPIO_POLL ?
		       0 : -ESHUTDOWN;

	if (virtio_gpio_overdue(progress)) {
		q->timeouts++;
		return -ETIMEDOUT;
	}

	return 0;
}

/**
 * virtio_gpio_wait() - Wait for the replies to a batch
 * @q: the requestq
 * @batch: the batch, which was submitted
 *
 * The wait ends early if the caller is killed, if the device breaks or goes,
 * and if it does not answer for timeout_ms. What is on its way is abandoned
 * then.
 *
 * Context: May sleep.
 * Return: 0; -EINVAL if the device refuses the request, -EIO if its reply makes
 *	   no sense; -EINTR; -ENODEV; -ESHUTDOWN if it sleeps or was reset
 *	   before it replied; -EAGAIN if it is back and may have been told the
 *	   trigger type meanwhile; -ETIMEDOUT; or why the request could not be
 *	   added to the virtqueue.
 */
static int virtio_gpio_wait(struct virtio_gpio_requestq *q,
			    struct virtio_gpio_batch *batch)
{
	struct virtio_gpio_progress progress = {
		.replies = READ_ONCE(q->replies),
	};
	int ret;

	do {
		if (wait_for_completion_timeout(&batch->done, VIRTIO_GPIO_POLL))
			return batch->ret;

		guard(spinlock_irqsave)(&q->lock);
		ret = virtio_gpio_look(q, batch, &progress);
		if (ret)
			virtio_gpio_give_up(q, batch, ret);
	} while (!ret);

	return batch->ret;
}

/* Errors after which there is no point in asking the device anything else. */
static bool virtio_gpio_is_fatal(int ret)
{
	return ret == -ENODEV || ret == -EINTR || ret == -ETIMEDOUT;
}

/**
 * virtio_gpio_transact() - Send requests and wait for the replies
 * @vgpio: the device
 * @batch: what to send, from @type to @reply_len, with @gpio one of its lines
 *
 * Context: May sleep.
 * Return: 0 or -errno, see also virtio_gpio_wait().
 */
static int virtio_gpio_transact(struct virtio_gpio *vgpio,
				struct virtio_gpio_batch *batch)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtqueue *vq;
	int ret;

	init_completion(&batch->done);

	scoped_guard(rcu) {
		scoped_guard(spinlock_irqsave, &q->lock) {
			if (virtio_gpio_gone(q))
				return -ENODEV;
			if (batch->replay)
				list_add(&batch->node, &q->backlog);
			else
				list_add_tail(&batch->node, &q->backlog);
			vq = virtio_gpio_send(vgpio);
		}
		virtio_gpio_notify(vq);
	}

	ret = virtio_gpio_wait(q, batch);
	if (ret && ret != -ENODEV && ret != -EINTR && ret != -EAGAIN)
		virtio_gpio_complain(vgpio, batch->type, batch->failed, ret);

	return ret;
}

/**
 * virtio_gpio_post() - Have a request sent that nobody waits for
 * @vgpio: the device
 * @post: the request
 * @gpio: the line
 *
 * The device keeps requests for the same line in order, so there is no need to
 * wait: neither for the reply nor for a tag.
 *
 * Context: Any context. The caller holds the lock of the requestq, and is in
 *	    an RCU read-side critical section until it has notified the device.
 * Return: As virtio_gpio_send().
 */
static struct virtqueue *virtio_gpio_post(struct virtio_gpio *vgpio,
					  enum virtio_gpio_post post,
					  unsigned int gpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;

	if (virtio_gpio_gone(q))
		return NULL;

	if (!__test_and_set_bit(gpio, q->posted[post]))
		q->num_posted++;

	return virtio_gpio_send(vgpio);
}

/**
 * virtio_gpio_stop() - Wake all who wait for the device, for good
 * @vgpio: the device
 *
 * gpiochip_remove() waits for calls into the driver to return, so they must
 * not wait for the device when it is called.
 *
 * Context: Any context.
 */
static void virtio_gpio_stop(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtio_gpio_batch *batch, *next;
	unsigned int tag;

	guard(spinlock_irqsave)(&q->lock);
	q->stopped = true;

	list_for_each_entry_safe(batch, next, &q->backlog, node)
		virtio_gpio_give_up(q, batch, -ENODEV);
	for (tag = 0; tag < q->num_slots; tag++)
		if (q->slots[tag].batch)
			virtio_gpio_give_up(q, q->slots[tag].batch, -ENODEV);
}

static int virtio_gpio_req(struct virtio_gpio *vgpio, u16 type, u16 gpio,
			   u8 txvalue, u8 *rxvalue)
{
	struct virtio_gpio_batch batch = {
		.type = type, .gpio = gpio, .end = gpio + 1, .value = txvalue,
	};
	int ret;

	ret = virtio_gpio_transact(vgpio, &batch);
	if (!ret && rxvalue)
		*rxvalue = batch.result;

	return ret;
}

/**
 * virtio_gpio_check_reply() - Tell what came of a request
 * @slot: the slot, back from the device
 * @len: number of bytes that the device says it has written
 *
 * Context: Any context. The caller holds the lock of the requestq.
 * Return: 0, -EINVAL if the device refuses the request, or -EIO if the reply
 *	   has a length or a status that the specification does not.
 */
static int virtio_gpio_check_reply(struct virtio_gpio_slot *slot,
				   unsigned int len)
{
	struct virtio_gpio_batch *batch = slot->batch;
	const u8 *status = &slot->res.status;
	size_t expected = sizeof(slot->res);

	if (batch && batch->reply) {
		status = batch->reply;
		expected = batch->reply_len;
	}

	if (len != expected)
		return -EIO;

	switch (READ_ONCE(*status)) {
	case VIRTIO_GPIO_STATUS_OK:
		return 0;
	case VIRTIO_GPIO_STATUS_ERR:
		return -EINVAL;
	default:
		return -EIO;
	}
}

/**
 * virtio_gpio_take_value() - Make use of the value of a good reply
 * @q: the requestq
 * @slot: the slot of a batch, back from the device
 *
 * Context: Any context. The caller holds the lock of @q.
 * Return: 0, or -EIO if there is no such value.
 */
static int virtio_gpio_take_value(struct virtio_gpio_requestq *q,
				  struct virtio_gpio_slot *slot)
{
	struct virtio_gpio_batch *batch = slot->batch;
	u8 value = READ_ONCE(slot->res.value);

	switch (slot->type) {
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		if (value > VIRTIO_GPIO_DIRECTION_IN)
			return -EIO;
		virtio_gpio_learn_direction(q, slot, value);
		break;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		virtio_gpio_learn_direction(q, slot, slot->value);
		break;
	case VIRTIO_GPIO_MSG_GET_VALUE:
		if (value > 1)
			return -EIO;
		if (batch->bits)
			__assign_bit(slot->gpio, batch->bits, value);
		break;
	default:
		break;
	}

	batch->result = value;

	return 0;
}

static void virtio_gpio_complete_batch(struct virtio_gpio_requestq *q,
				       struct virtio_gpio_slot *slot, int ret)
{
	struct virtio_gpio_batch *batch = slot->batch;

	if (!ret)
		ret = virtio_gpio_take_value(q, slot);
	if (ret)
		virtio_gpio_batch_fail(batch, slot->gpio, ret);
	else if (batch->accepted)
		__set_bit(slot->gpio, batch->accepted);
	batch->in_flight--;
	batch->replies = q->replies;
	virtio_gpio_batch_update(batch);
}

static void virtio_gpio_complete_post(struct virtio_gpio *vgpio,
				      struct virtio_gpio_slot *slot, int ret)
{
	if (ret)
		virtio_gpio_complain(vgpio, slot->type, slot->gpio, ret);
	else if (slot->type == VIRTIO_GPIO_MSG_SET_DIRECTION)
		virtio_gpio_learn_direction(&vgpio->requestq, slot,
					    slot->value);
}

static void virtio_gpio_report_late(struct virtio_gpio *vgpio,
				    const struct virtio_gpio_slot *slot)
{
	vgpio->requestq.late++;
	if (__ratelimit(&vgpio->complaints))
		dev_warn(&vgpio->vdev->dev,
			 "late reply to request %#x for line %u\n", slot->type,
			 slot->gpio);
}

static void virtio_gpio_complete(struct virtio_gpio *vgpio,
				 struct virtio_gpio_slot *slot,
				 unsigned int len)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	int ret = virtio_gpio_check_reply(slot, len);

	/* Who begins to wait reads it without the lock. */
	WRITE_ONCE(q->replies, q->replies + 1);
	virtio_gpio_forget_direction(q, slot);
	if (!ret && slot->type == VIRTIO_GPIO_MSG_SET_VALUE)
		virtio_gpio_learn_level(q, slot);

	if (slot->batch)
		virtio_gpio_complete_batch(q, slot, ret);
	else if (slot->abandoned)
		virtio_gpio_report_late(vgpio, slot);
	else
		virtio_gpio_complete_post(vgpio, slot, ret);
	virtio_gpio_release_slot(q, slot);
}

static void virtio_gpio_request_vq(struct virtqueue *vq)
{
	struct virtio_gpio *vgpio = vq->vdev->priv;
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtio_gpio_slot *slot;
	struct virtqueue *notify;
	unsigned int len;

	guard(rcu)();

	scoped_guard(spinlock_irqsave, &q->lock) {
		/* A device may interrupt before anybody knows of the queue. */
		if (!q->vq)
			return;
		while ((slot = virtqueue_get_buf(vq, &len)))
			virtio_gpio_complete(vgpio, slot, len);
		notify = virtio_gpio_send(vgpio);
		if (q->suspended)
			wake_up(&q->drained);
	}
	virtio_gpio_notify(notify);
}

/* GPIO chip operations */

static int virtio_gpio_request(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct virtio_gpio_requestq *q = &vgpio->requestq;

	guard(spinlock_irqsave)(&q->lock);
	__set_bit(gpio, q->requested);

	return 0;
}

/**
 * virtio_gpio_put_line() - End one of the two ways to use a line
 * @vgpio: the device
 * @users: the bitmap of the lines that are used this way
 * @gpio: the line
 *
 * A line that is used in no way is deactivated. To do that any earlier would
 * have the device forget about the interrupt as well.
 *
 * Context: Any context. Takes the lock of the requestq.
 */
static void virtio_gpio_put_line(struct virtio_gpio *vgpio,
				 unsigned long *users, unsigned int gpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtqueue *vq = NULL;

	guard(rcu)();

	scoped_guard(spinlock_irqsave, &q->lock) {
		__clear_bit(gpio, users);
		if (test_bit(gpio, q->requested) ||
		    test_bit(gpio, q->interrupts))
			break;
		__clear_bit(gpio, q->known);
		__clear_bit(gpio, q->active);
		vq = virtio_gpio_post(vgpio, VIRTIO_GPIO_POST_RELEASE, gpio);
	}
	virtio_gpio_notify(vq);
}

static void virtio_gpio_free(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);

	virtio_gpio_put_line(vgpio, vgpio->requestq.requested, gpio);
}

/*
 * A line without a direction is deactivated. It drives nothing, and that is
 * what an input is to gpiolib.
 */
static int virtio_gpio_get_direction(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	u8 direction;
	int ret;

	scoped_guard(spinlock_irqsave, &q->lock)
		if (test_bit(gpio, q->known))
			return test_bit(gpio, q->output) ?
				GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;

	if (READ_ONCE(vgpio->probing))
		return -EIO;

	ret = virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_GET_DIRECTION, gpio, 0,
			      &direction);
	if (ret)
		return ret;

	return direction == VIRTIO_GPIO_DIRECTION_OUT ?
		GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int virtio_gpio_direction_input(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);

	return virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			       VIRTIO_GPIO_DIRECTION_IN, NULL);
}

static int virtio_gpio_direction_output(struct gpio_chip *gc, unsigned int gpio,
					int value)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	int ret;

	ret = virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_SET_VALUE, gpio, value, NULL);
	if (ret)
		return ret;

	return virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			       VIRTIO_GPIO_DIRECTION_OUT, NULL);
}

static int virtio_gpio_get(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	u8 value;
	int ret;

	ret = virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_GET_VALUE, gpio, 0, &value);
	return ret ? ret : value;
}

static int virtio_gpio_set(struct gpio_chip *gc, unsigned int gpio, int value)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);

	return virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_SET_VALUE, gpio, value,
			       NULL);
}

/* Several lines at once take one notification, and one wait. */
static int virtio_gpio_multiple(struct gpio_chip *gc, u16 type,
				const unsigned long *mask, unsigned long *bits)
{
	struct virtio_gpio_batch batch = {
		.type = type,
		.gpio = find_first_bit(mask, gc->ngpio),
		.end = gc->ngpio,
		.mask = mask,
		.bits = bits,
	};

	if (batch.gpio == batch.end)
		return 0;

	return virtio_gpio_transact(gpiochip_get_data(gc), &batch);
}

static int virtio_gpio_get_multiple(struct gpio_chip *gc, unsigned long *mask,
				    unsigned long *bits)
{
	return virtio_gpio_multiple(gc, VIRTIO_GPIO_MSG_GET_VALUE, mask, bits);
}

static int virtio_gpio_set_multiple(struct gpio_chip *gc, unsigned long *mask,
				    unsigned long *bits)
{
	return virtio_gpio_multiple(gc, VIRTIO_GPIO_MSG_SET_VALUE, mask, bits);
}

/* Interrupts */

static bool virtio_gpio_has_irq(const struct virtio_gpio *vgpio)
{
	return virtio_has_feature(vgpio->vdev, VIRTIO_GPIO_F_IRQ);
}

/**
 * virtio_gpio_queue_irq() - Queue the buffers of a line
 * @q: the eventq
 * @gpio: the line
 *
 * Context: Any context. The caller holds the lock of @q.
 * Return: 0 or the error of virtqueue_add_sgs().
 */
static int virtio_gpio_queue_irq(struct virtio_gpio_eventq *q, u16 gpio)
{
	struct virtio_gpio_irq *irq = xa_load(&q->irqs, gpio);
	struct scatterlist req, res, *sgs[] = { &req, &res };
	int ret;

	irq->req.gpio = cpu_to_le16(gpio);
	sg_init_one(&req, &irq->req, sizeof(irq->req));
	sg_init_one(&res, &irq->res, sizeof(irq->res));

	ret = virtqueue_add_sgs(q->vq, sgs, 1, 1, irq, GFP_ATOMIC);
	if (ret)
		return ret;

	__set_bit(gpio, q->queued);
	q->num_queued++;

	return 0;
}

/* A line must never have more than one pair of buffers in the eventq. */
static bool virtio_gpio_wants_queueing(const struct virtio_gpio_eventq *q,
				       unsigned int gpio)
{
	return test_bit(gpio, q->enabled) && test_bit(gpio, q->unmasked) &&
	       !test_bit(gpio, q->queued);
}

/**
 * virtio_gpio_keep_ready() - Have a line queued later, as it could not be now
 * @vgpio: the device
 * @gpio: the line
 * @ret: the error
 *
 * Lines that do not fit are taken up again, in turn, when others return. After
 * an error that is of no use, and without others, it is done after a while.
 *
 * Context: Any context. The caller holds the lock of the eventq.
 */
static void virtio_gpio_keep_ready(struct virtio_gpio *vgpio,
				   unsigned long gpio, int ret)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;

	set_bit(gpio, q->ready);
	q->next = gpio;

	if (virtqueue_is_broken(q->vq))
		return;

	if (ret != -ENOSPC || !q->num_queued) {
		queue_delayed_work(system_percpu_wq, &q->work,
				   VIRTIO_GPIO_RETRY);
	} else if (!q->was_full) {
		dev_warn(&vgpio->vdev->dev,
			 "the eventq has room for %u lines, others take turns\n",
			 q->num_queued);
		q->was_full = true;
	}
}

/**
 * virtio_gpio_queue_ready() - Queue the buffers of all lines that are ready
 * @vgpio: the device
 *
 * Context: Any context. The caller holds the lock of the eventq.
 * Return: true if the caller is to notify the device, without the lock.
 */
static bool virtio_gpio_queue_ready(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	unsigned int start = q->next;
	bool added = false;
	unsigned long gpio;
	int ret;

	for_each_set_bit_wrap(gpio, q->ready, vgpio->gc.ngpio, start) {
		clear_bit(gpio, q->ready);
		/* Pairs with the one before @ready in virtio_gpio_irq_unmask(). */
		smp_mb__after_atomic();
		if (!virtio_gpio_wants_queueing(q, gpio))
			continue;

		/* To find out the hard way costs a notification. */
		ret = q->vq->num_free ? virtio_gpio_queue_irq(q, gpio) : -ENOSPC;
		if (ret) {
			virtio_gpio_keep_ready(vgpio, gpio, ret);
			break;
		}
		added = true;
	}

	return added && virtqueue_kick_prepare(q->vq);
}

/* Unmask interrupts for which the irq core, or an event, has asked. */
static void virtio_gpio_unmask_ready(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtqueue *vq = NULL;

	guard(rcu)();

	scoped_guard(spinlock_irqsave, &q->lock)
		if (q->vq && virtio_gpio_queue_ready(vgpio))
			vq = q->vq;
	virtio_gpio_notify(vq);
}

/**
 * virtio_gpio_deliver() - Tell the irq core of an event
 * @vgpio: the device
 * @gpio: the line, which may have a pending event or not
 *
 * The irq core drops an event that comes while it handles one of the same line
 * on another CPU. That can be when it asks for an event again which came while
 * the interrupt was disabled. So the one that handles the first takes care of
 * the second as well.
 *
 * Context: Any context that may take the locks of an irq handler. The caller
 *	    has virtio_gpio_unmask_ready() called afterwards.
 */
static void virtio_gpio_deliver(struct virtio_gpio *vgpio, unsigned long gpio)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	int ret = 0;

	/* Others leave their events to this CPU, so it must not go to sleep. */
	guard(irqsave)();

	while (test_bit(gpio, q->pending) &&
	       !test_and_set_bit_lock(gpio, q->handling)) {
		if (test_and_clear_bit(gpio, q->pending))
			ret = generic_handle_domain_irq_safe(vgpio->gc.irq.domain,
							     gpio);
		clear_bit_unlock(gpio, q->handling);
		/* Who sets a bit sees that this is over, or is seen here. */
		smp_mb__after_atomic();
	}

	if (ret && __ratelimit(&vgpio->complaints))
		dev_err(&vgpio->vdev->dev,
			"event for line %lu was not handled: %pe\n", gpio,
			ERR_PTR(ret));
}

static void virtio_gpio_free_irq(struct virtio_gpio_eventq *q,
				 struct virtio_gpio_irq *irq)
{
	xa_erase(&q->irqs, irq->gpio);
	kfree_rcu(irq, rcu);
}

/* The device does not do what it should, so do not unmask the line again. */
static void virtio_gpio_park_irq(struct virtio_gpio *vgpio,
				 struct virtio_gpio_irq *irq, const char *why)
{
	clear_bit(irq->gpio, vgpio->eventq.enabled);
	irq->type = VIRTIO_GPIO_IRQ_TYPE_UNKNOWN;

	if (__ratelimit(&vgpio->complaints))
		dev_err(&vgpio->vdev->dev, "interrupt of line %u stopped: %s\n",
			irq->gpio, why);
}

/*
 * An event that makes no sense may have been one that does, so ask for more,
 * but not for ever.
 */
static void virtio_gpio_bad_event(struct virtio_gpio *vgpio,
				  struct virtio_gpio_irq *irq, unsigned int len)
{
	if (__ratelimit(&vgpio->complaints))
		dev_err(&vgpio->vdev->dev,
			"event for line %u has %u bytes, status %#x\n",
			irq->gpio, len, READ_ONCE(irq->res.status));

	if (++irq->errors < VIRTIO_GPIO_IRQ_MAX_ERRORS)
		set_bit(irq->gpio, vgpio->eventq.ready);
	else
		virtio_gpio_park_irq(vgpio, irq, "too many bad events");
}

/**
 * virtio_gpio_take_event() - Find out what it means that buffers return
 * @vgpio: the device
 * @irq: whose buffers they are; may be freed
 * @len: number of bytes that the device says it has written
 *
 * Context: Any context. The caller holds the lock of the eventq.
 * Return: true if there is an event for the irq core.
 */
static bool virtio_gpio_take_event(struct virtio_gpio *vgpio,
				   struct virtio_gpio_irq *irq,
				   unsigned int len)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	u8 status = READ_ONCE(irq->res.status);
	bool stale = irq->stale;

	lockdep_assert_held(&q->lock);

	__clear_bit(irq->gpio, q->queued);
	q->num_queued--;
	irq->stale = false;

	if (!irq->used) {
		virtio_gpio_free_irq(q, irq);
		return false;
	}

	if (!test_bit(irq->gpio, q->enabled))
		return false;

	if (len != sizeof(irq->res) || status > VIRTIO_GPIO_IRQ_STATUS_VALID) {
		virtio_gpio_bad_event(vgpio, irq, len);
		return false;
	}

	irq->errors = 0;
	if (status == VIRTIO_GPIO_IRQ_STATUS_VALID)
		return true;

	if (stale)
		set_bit(irq->gpio, q->ready);
	else
		virtio_gpio_park_irq(vgpio, irq, "the device has disabled it");

	return false;
}

/* Returns false when there is no event left. */
static bool virtio_gpio_next_event(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtio_gpio_irq *irq;
	unsigned int len;
	u16 gpio;

	scoped_guard(spinlock_irqsave, &q->lock) {
		/* A device may interrupt before anybody knows of the queue. */
		if (!q->vq)
			return false;
		irq = virtqueue_get_buf(q->vq, &len);
		if (!irq)
			return false;

		gpio = irq->gpio;
		if (!virtio_gpio_take_event(vgpio, irq, len))
			return true;

		set_bit(gpio, q->pending);
	}

	/* Pairs with the one in virtio_gpio_deliver(). */
	smp_mb();
	virtio_gpio_deliver(vgpio, gpio);

	return true;
}

/* Buffers are queued again at the end, with one notification for all. */
static void virtio_gpio_event_vq(struct virtqueue *vq)
{
	struct virtio_gpio *vgpio = vq->vdev->priv;

	while (virtio_gpio_next_event(vgpio))
		;
	virtio_gpio_unmask_ready(vgpio);
}

static void virtio_gpio_irq_work(struct work_struct *work)
{
	struct virtio_gpio *vgpio = container_of(to_delayed_work(work),
						 struct virtio_gpio,
						 eventq.work);
	unsigned long gpio;

	for_each_set_bit(gpio, vgpio->eventq.pending, vgpio->gc.ngpio)
		virtio_gpio_deliver(vgpio, gpio);
	virtio_gpio_unmask_ready(vgpio);
}

/* The irq chip */

static void virtio_gpio_irq_mask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);

	clear_bit(irqd_to_hwirq(d), vgpio->eventq.unmasked);
}

/*
 * Whoever handles an event, or is busy with the line, is going to queue its
 * buffers. The irq core does neither when it resumes.
 */
static void virtio_gpio_irq_unmask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	irq_hw_number_t gpio = irqd_to_hwirq(d);

	set_bit(gpio, q->unmasked);
	/* Who takes it as ready must see that it is unmasked. */
	smp_mb__before_atomic();
	set_bit(gpio, q->ready);
	/* Pairs with those after @handling and after @busy were cleared. */
	smp_mb__after_atomic();
	if (!test_bit(gpio, q->handling) && !test_bit(gpio, q->busy))
		mod_delayed_work(system_percpu_wq, &q->work, 0);
}

/*
 * Remember in which task the device is to be told, once that may sleep. A call
 * of the irq core that changes nothing comes in any context: it unmasks when a
 * handler's thread has run, which may be with bottom halves disabled, and
 * disable_irq_nosync() is for handlers as well.
 */
static void virtio_gpio_irq_change(struct virtio_gpio *vgpio,
				   irq_hw_number_t gpio)
{
	struct virtio_gpio_irq *irq;

	guard(rcu)();

	irq = xa_load(&vgpio->eventq.irqs, gpio);
	if (irq)
		WRITE_ONCE(irq->changer, current);
}

/*
 * If another task has made a change since, it is the one to tell the device of
 * both.
 */
static bool virtio_gpio_irq_was_changed(struct virtio_gpio *vgpio,
					irq_hw_number_t gpio)
{
	struct virtio_gpio_irq *irq;

	/* What an interrupt has on top of the task is not of that task. */
	if (!in_task())
		return false;

	guard(rcu)();

	irq = xa_load(&vgpio->eventq.irqs, gpio);

	return irq && cmpxchg(&irq->changer, current, NULL) == current;
}

/* When the system resumes, nothing follows that could tell the device. */
static void virtio_gpio_irq_enable(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	irq_hw_number_t gpio = irqd_to_hwirq(d);

	if (!irqd_is_started(d) || test_bit(gpio, vgpio->eventq.busy))
		virtio_gpio_irq_change(vgpio, gpio);
	virtio_gpio_irq_unmask(d);
}

/*
 * An event that the driver has kept must not be for the next one who requests
 * the interrupt.
 */
static void virtio_gpio_irq_shutdown(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	irq_hw_number_t gpio = irqd_to_hwirq(d);

	clear_bit(gpio, vgpio->eventq.unmasked);
	clear_bit(gpio, vgpio->eventq.enabled);
	clear_bit(gpio, vgpio->eventq.pending);
	virtio_gpio_irq_change(vgpio, gpio);
}

/*
 * An edge came after the irq core had disabled the interrupt without telling
 * the driver, and it has been enabled again.
 */
static int virtio_gpio_irq_retrigger(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	irq_hw_number_t gpio = irqd_to_hwirq(d);

	set_bit(gpio, q->pending);
	/* Pairs with the one in virtio_gpio_irq_bus_sync_unlock(). */
	smp_mb__after_atomic();
	if (!test_bit(gpio, q->busy))
		mod_delayed_work(system_percpu_wq, &q->work, 0);

	return 1;
}

/* The device is told in virtio_gpio_irq_bus_sync_unlock(). */
static int virtio_gpio_irq_set_type(struct irq_data *d, unsigned int type)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);

	switch (type) {
	case IRQ_TYPE_EDGE_RISING:
	case IRQ_TYPE_EDGE_FALLING:
	case IRQ_TYPE_EDGE_BOTH:
	case IRQ_TYPE_LEVEL_LOW:
	case IRQ_TYPE_LEVEL_HIGH:
		virtio_gpio_irq_change(gpiochip_get_data(gc), irqd_to_hwirq(d));
		return 0;
	default:
		return -EINVAL;
	}
}

static void virtio_gpio_irq_bus_lock(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);

	set_bit(irqd_to_hwirq(d), vgpio->eventq.busy);
}

/*
 * The lock is held while the device answers. One for each line keeps lines
 * that the device is slow with from stalling others.
 */
static void virtio_gpio_lock_line(struct virtio_gpio *vgpio,
				  unsigned long gpio)
{
	wait_on_bit_lock(vgpio->eventq.locked + BIT_WORD(gpio),
			 gpio % BITS_PER_LONG, TASK_UNINTERRUPTIBLE);
}

static void virtio_gpio_unlock_line(struct virtio_gpio *vgpio,
				    unsigned long gpio)
{
	clear_and_wake_up_bit(gpio % BITS_PER_LONG,
			      vgpio->eventq.locked + BIT_WORD(gpio));
}

/*
 * Whether the device has buffers makes no difference here, as it returns them.
 * If it does so with an event when the interrupt is enabled again, that is
 * taken for one: a device that has kept the buffers has no other way.
 *
 * Both locks are held at once so that whoever brings interrupts back sees an
 * interrupt as it was, or disabled with a request for that.
 */
static void virtio_gpio_disable_irq(struct virtio_gpio *vgpio,
				    struct virtio_gpio_irq *irq)
{
	struct virtio_gpio_requestq *requestq = &vgpio->requestq;
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtqueue *vq;

	guard(rcu)();
	scoped_guard(spinlock_irqsave, &q->lock) {
		if (irq->type == VIRTIO_GPIO_IRQ_TYPE_NONE)
			return;

		clear_bit(irq->gpio, q->enabled);
		irq->stale = test_bit(irq->gpio, q->queued);
		irq->type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		scoped_guard(spinlock, &requestq->lock)
			vq = virtio_gpio_post(vgpio, VIRTIO_GPIO_POST_IRQ_NONE,
					      irq->gpio);
	}
	virtio_gpio_notify(vq);
}

/* Called with the lock of the eventq when the wait for an answer is over */
static void virtio_gpio_type_was_set(struct virtio_gpio_eventq *q,
				     struct virtio_gpio_irq *irq, u8 type,
				     int ret)
{
	lockdep_assert_held(&q->lock);

	switch (ret) {
	case 0:
		irq->type = type;
		irq->errors = 0;
		set_bit(irq->gpio, q->enabled);
		set_bit(irq->gpio, q->ready);
		break;
	case -EINVAL:
		irq->type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		break;
	default:
		irq->type = VIRTIO_GPIO_IRQ_TYPE_UNKNOWN;
		break;
	}
}

/**
 * virtio_gpio_send_type() - Have the device know of the trigger type
 * @vgpio: the device
 * @irq: the line's interrupt
 * @type: the type it should have, one of VIRTIO_GPIO_IRQ_TYPE_*
 *
 * Context: May sleep. The caller has locked the line.
 * Return: 0 or what virtio_gpio_wait() returns.
 */
static int virtio_gpio_send_type(struct virtio_gpio *vgpio,
				 struct virtio_gpio_irq *irq, u8 type)
{
	virtio_gpio_disable_irq(vgpio, irq);
	if (type == VIRTIO_GPIO_IRQ_TYPE_NONE)
		return 0;

	return virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_IRQ_TYPE, irq->gpio, type,
			       NULL);
}

/**
 * virtio_gpio_try_type() - Tell the device the trigger type of an interrupt
 * @vgpio: the device
 * @irq: the line's interrupt
 * @type: the type it should have, one of VIRTIO_GPIO_IRQ_TYPE_*
 *
 * A type that is lost, as the device was reset or sleeps, is among those that it
 * is told when it comes back, if it was not too late for that.
 *
 * Context: May sleep. The caller has locked the line.
 * Return: 0 or what virtio_gpio_wait() returns.
 */
static int virtio_gpio_try_type(struct virtio_gpio *vgpio,
				struct virtio_gpio_irq *irq, u8 type)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	unsigned int resets;
	int ret;

	do {
		scoped_guard(spinlock_irqsave, &q->lock) {
			irq->wanted = type;
			if (irq->type == type)
				return 0;
			resets = q->resets;
		}

		ret = virtio_gpio_send_type(vgpio, irq, type);
		if (type == VIRTIO_GPIO_IRQ_TYPE_NONE)
			return 0;
	} while (ret == -EAGAIN);

	guard(spinlock_irqsave)(&q->lock);
	if (ret != -ESHUTDOWN && resets == q->resets)
		virtio_gpio_type_was_set(q, irq, type, ret);

	return ret;
}

/**
 * virtio_gpio_update_irq() - Update the trigger type of an interrupt
 * @vgpio: the device
 * @irq: the line's interrupt
 * @type: the type it should have, one of VIRTIO_GPIO_IRQ_TYPE_*
 *
 * If the device refuses the type, the interrupt keeps the one that it had. genirq
 * has no way to tell the caller. If it had none, the device may have one from
 * before probe, and gets to disable that first.
 *
 * Context: May sleep. The caller has locked the line.
 */
static void virtio_gpio_update_irq(struct virtio_gpio *vgpio,
				   struct virtio_gpio_irq *irq, u8 type)
{
	bool enabled;
	u8 old;

	scoped_guard(spinlock_irqsave, &vgpio->eventq.lock)
		old = irq->type;

	if (virtio_gpio_try_type(vgpio, irq, type) != -EINVAL)
		return;

	enabled = old != VIRTIO_GPIO_IRQ_TYPE_NONE &&
		  old != VIRTIO_GPIO_IRQ_TYPE_UNKNOWN;
	if (!enabled) {
		scoped_guard(spinlock_irqsave, &vgpio->eventq.lock)
			irq->type = VIRTIO_GPIO_IRQ_TYPE_UNKNOWN;
	}
	virtio_gpio_try_type(vgpio, irq, enabled ? old : type);
}

/* What is not used any more goes with its last event, locked or not. */
static struct virtio_gpio_irq *virtio_gpio_get_irq(struct virtio_gpio *vgpio,
						   irq_hw_number_t gpio)
{
	struct virtio_gpio_irq *irq;

	guard(spinlock_irqsave)(&vgpio->eventq.lock);
	irq = xa_load(&vgpio->eventq.irqs, gpio);

	return irq && irq->used ? irq : NULL;
}

static void virtio_gpio_tell_changes(struct virtio_gpio *vgpio,
				     struct irq_data *d)
{
	irq_hw_number_t gpio = irqd_to_hwirq(d);
	struct virtio_gpio_irq *irq;

	virtio_gpio_lock_line(vgpio, gpio);
	irq = virtio_gpio_get_irq(vgpio, gpio);
	if (irq)
		virtio_gpio_update_irq(vgpio, irq, irqd_is_started(d) ?
				       irqd_get_trigger_type(d) :
				       VIRTIO_GPIO_IRQ_TYPE_NONE);
	virtio_gpio_unlock_line(vgpio, gpio);
}

/**
 * virtio_gpio_irq_bus_sync_unlock() - Finish a call of the irq core
 * @d: the interrupt
 *
 * Context: May sleep if the type was changed, or the interrupt enabled or shut
 *	    down. Else any context.
 */
static void virtio_gpio_irq_bus_sync_unlock(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	irq_hw_number_t gpio = irqd_to_hwirq(d);

	clear_bit(gpio, q->busy);
	/* Who sets a bit sees that this is over, or is seen here. */
	smp_mb__after_atomic();

	if (virtio_gpio_irq_was_changed(vgpio, gpio))
		virtio_gpio_tell_changes(vgpio, d);
	virtio_gpio_deliver(vgpio, gpio);
	if (!test_bit(gpio, q->ready))
		return;

	/* A handler on PREEMPT_RT must not take the lock. */
	if (irqs_disabled())
		mod_delayed_work(system_percpu_wq, &q->work, 0);
	else
		virtio_gpio_unmask_ready(vgpio);
}

/* The buffers of an earlier user may be there still. */
static int virtio_gpio_add_irq(struct virtio_gpio *vgpio, u16 gpio)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtio_gpio_irq *irq;
	int ret;

	scoped_guard(spinlock_irqsave, &q->lock) {
		irq = xa_load(&q->irqs, gpio);
		if (irq) {
			irq->used = true;
			return 0;
		}
	}

	irq = kzalloc_obj(*irq);
	if (!irq)
		return -ENOMEM;
	irq->gpio = gpio;
	irq->used = true;

	ret = xa_insert_irq(&q->irqs, gpio, irq, GFP_KERNEL);
	if (ret)
		kfree(irq);

	return ret;
}

static void virtio_gpio_remove_irq(struct virtio_gpio *vgpio, u16 gpio)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtio_gpio_irq *irq;

	virtio_gpio_lock_line(vgpio, gpio);
	irq = virtio_gpio_get_irq(vgpio, gpio);
	virtio_gpio_update_irq(vgpio, irq, VIRTIO_GPIO_IRQ_TYPE_NONE);
	scoped_guard(spinlock_irqsave, &q->lock) {
		irq->used = false;
		if (!test_bit(gpio, q->queued))
			virtio_gpio_free_irq(q, irq);
	}
	virtio_gpio_unlock_line(vgpio, gpio);

	virtio_gpio_put_line(vgpio, vgpio->requestq.interrupts, gpio);
}

/* The line of an interrupt has to be an input, and nobody else may see to it. */
static int virtio_gpio_irq_make_input(struct virtio_gpio *vgpio, u16 gpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;

	scoped_guard(spinlock_irqsave, &q->lock) {
		__set_bit(gpio, q->interrupts);
		if (test_bit(gpio, q->known) && test_bit(gpio, q->active) &&
		    !test_bit(gpio, q->output))
			return 0;
	}

	return virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			       VIRTIO_GPIO_DIRECTION_IN, NULL);
}

/**
 * virtio_gpio_irq_request_resources() - Get a line ready for its interrupt
 * @d: the interrupt
 *
 * This is where a failure can still be reported to whoever requests the
 * interrupt.
 *
 * Context: May sleep. Calls for the same line do not overlap.
 * Return: 0; -EIO if the line is an output; -ENOMEM; or what
 *	   virtio_gpio_wait() returns.
 */
static int virtio_gpio_irq_request_resources(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	irq_hw_number_t gpio = irqd_to_hwirq(d);
	int ret;

	/*
	 * gpiolib does not notice that an output which was freed is none. It
	 * writes the flags of the line back after it has asked, so there should
	 * be no round trip in between.
	 */
	virtio_gpio_get_direction(gc, gpio);
	gpiod_get_direction(gpio_device_get_desc(gc->gpiodev, gpio));

	ret = gpiochip_reqres_irq(gc, gpio);
	if (ret)
		return ret;

	ret = virtio_gpio_add_irq(vgpio, gpio);
	if (ret)
		goto err_relres;

	ret = virtio_gpio_irq_make_input(vgpio, gpio);
	if (ret)
		goto err_remove;

	return 0;

err_remove:
	virtio_gpio_remove_irq(vgpio, gpio);
err_relres:
	gpiochip_relres_irq(gc, gpio);

	return ret;
}

static void virtio_gpio_irq_release_resources(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);

	virtio_gpio_remove_irq(gpiochip_get_data(gc), irqd_to_hwirq(d));
	gpiochip_relres_irq(gc, irqd_to_hwirq(d));
}

static void virtio_gpio_irq_print_chip(struct irq_data *d, struct seq_file *p)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);

	seq_puts(p, dev_name(gc->parent));
}

/*
 * A device that is not reset on the way to sleep goes on watching its lines, so
 * there is nothing to do for a line that is to wake the system. Whether it does
 * is up to the transport, which has the interrupt.
 *
 * There is no irq_disable: the irq core then disables an interrupt when an
 * event comes, which costs no requests, and it does not lose that event. The
 * device has the interrupt enabled all the time, so gpiolib is not told that
 * the line might become an output.
 */
static const struct irq_chip virtio_gpio_irq_chip = {
	.name			= "virtio-gpio",
	.irq_enable		= virtio_gpio_irq_enable,
	.irq_mask		= virtio_gpio_irq_mask,
	.irq_unmask		= virtio_gpio_irq_unmask,
	.irq_shutdown		= virtio_gpio_irq_shutdown,
	.irq_retrigger		= virtio_gpio_irq_retrigger,
	.irq_set_type		= virtio_gpio_irq_set_type,
	.irq_bus_lock		= virtio_gpio_irq_bus_lock,
	.irq_bus_sync_unlock	= virtio_gpio_irq_bus_sync_unlock,
	.irq_request_resources	= virtio_gpio_irq_request_resources,
	.irq_release_resources	= virtio_gpio_irq_release_resources,
	.irq_print_chip		= virtio_gpio_irq_print_chip,
	.flags			= IRQCHIP_IMMUTABLE | IRQCHIP_SKIP_SET_WAKE,
};

/* Debugging */

static void virtio_gpio_dbg_show_queues(struct virtio_gpio *vgpio,
					struct seq_file *s)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	unsigned int tag, abandoned = 0;

	guard(spinlock_irqsave)(&q->lock);

	for (tag = 0; tag < q->num_slots; tag++)
		abandoned += q->slots[tag].abandoned;

	seq_printf(s, " requests: %u in flight, %u of them abandoned, %zu waiting; %u answered, %lu timed out, %lu late\n",
		   q->num_slots - bitmap_weight(q->free, q->num_slots),
		   abandoned, list_count_nodes(&q->backlog) + q->num_posted,
		   q->replies, q->timeouts, q->late);
	if (q->stopped || q->suspended)
		seq_printf(s, " %s\n", q->stopped ? "stopped" : "suspended");
}

/* What the driver knows, without a question to the device */
static const char *virtio_gpio_dbg_direction(struct virtio_gpio *vgpio,
					     unsigned int gpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;

	guard(spinlock_irqsave)(&q->lock);

	if (!test_bit(gpio, q->known))
		return "?  ?";
	if (!test_bit(gpio, q->output))
		return "in ?";
	if (!test_bit(gpio, q->active))
		return "out ?";

	return test_bit(gpio, q->value) ? "out hi" : "out lo";
}

static void virtio_gpio_dbg_irq(struct virtio_gpio *vgpio, unsigned int gpio,
				struct seq_file *s)
{
	static const char * const types[] = {
		[VIRTIO_GPIO_IRQ_TYPE_NONE] = "none",
		[VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING] = "edge-rising",
		[VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING] = "edge-falling",
		[VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH] = "edge-both",
		[VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH] = "level-high",
		[VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW] = "level-low",
	};
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtio_gpio_irq *irq;

	guard(spinlock_irqsave)(&q->lock);

	irq = xa_load(&q->irqs, gpio);
	if (!irq || !irq->used)
		return;

	seq_printf(s, " irq %s%s%s",
		   irq->type < ARRAY_SIZE(types) ? types[irq->type] : "stopped",
		   test_bit(gpio, q->unmasked) ? "" : " masked",
		   test_bit(gpio, q->queued) ? " armed" : "");
}

static void virtio_gpio_dbg_show(struct seq_file *s, struct gpio_chip *gc)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	unsigned int gpio;

	virtio_gpio_dbg_show_queues(vgpio, s);

	for (gpio = 0; gpio < gc->ngpio; gpio++) {
		char *label __free(kfree) = gpiochip_dup_line_label(gc, gpio);

		if (IS_ERR(label))
			return;
		if (!label && !gpiochip_line_is_irq(gc, gpio))
			continue;

		seq_printf(s, " line-%-5u (%s|%s) %s", gpio,
			   gc->names && gc->names[gpio] ? gc->names[gpio] : "",
			   label ?: "", virtio_gpio_dbg_direction(vgpio, gpio));
		if (virtio_gpio_has_irq(vgpio))
			virtio_gpio_dbg_irq(vgpio, gpio, s);
		seq_putc(s, '\n');
	}
}

/* Virtqueues */

static int virtio_gpio_find_vqs(struct virtio_gpio *vgpio)
{
	struct virtqueue_info vqs_info[] = {
		{ "requestq", virtio_gpio_request_vq },
		{ "eventq", virtio_gpio_event_vq },
	};
	unsigned int num = virtio_gpio_has_irq(vgpio) ? 2 : 1;
	struct virtio_device *vdev = vgpio->vdev;
	struct virtqueue *vqs[2] = { };
	int ret;

	ret = virtio_find_vqs(vdev, num, vqs, vqs_info, NULL);
	if (ret)
		return ret;

	scoped_guard(spinlock_irqsave, &vgpio->requestq.lock)
		vgpio->requestq.vq = vqs[0];
	scoped_guard(spinlock_irqsave, &vgpio->eventq.lock)
		vgpio->eventq.vq = vqs[1];

	return 0;
}

/* The device does not have the requests any more, nor will it answer them. */
static void virtio_gpio_cancel_requests(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtio_gpio_slot *slot;
	unsigned int tag, post;

	guard(spinlock_irqsave)(&q->lock);

	while (virtqueue_detach_unused_buf(q->vq))
		;
	q->vq = NULL;

	for_each_clear_bit(tag, q->free, q->num_slots) {
		slot = &q->slots[tag];
		if (slot->batch)
			virtio_gpio_complete_batch(q, slot, -ESHUTDOWN);
		virtio_gpio_release_slot(q, slot);
	}

	/* A reset does what these ask for. */
	for (post = 0; post < VIRTIO_GPIO_NUM_POSTS; post++)
		bitmap_zero(q->posted[post], vgpio->gc.ngpio);
	q->num_posted = 0;
	bitmap_zero(q->known, vgpio->gc.ngpio);
}

static void virtio_gpio_cancel_events(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtio_gpio_irq *irq;
	unsigned long gpio;

	guard(spinlock_irqsave)(&q->lock);

	if (!q->vq)
		return;

	while (virtqueue_detach_unused_buf(q->vq))
		;
	q->vq = NULL;

	bitmap_zero(q->queued, vgpio->gc.ngpio);
	q->num_queued = 0;
	q->resets++;

	xa_for_each(&q->irqs, gpio, irq) {
		clear_bit(gpio, q->enabled);
		irq->stale = false;
		irq->type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		if (!irq->used)
			virtio_gpio_free_irq(q, irq);
	}
}

/**
 * virtio_gpio_del_vqs() - Reset the device and delete its virtqueues
 * @vgpio: the device
 *
 * The reset ends the device's use of all buffers, and taking them back unmaps
 * those that it had. Callbacks must not meet that: not every transport waits
 * for them in a reset, but none calls them for a broken queue. Nobody may be
 * about to notify the device either, which is done without a lock.
 *
 * Context: May sleep.
 */
static void virtio_gpio_del_vqs(struct virtio_gpio *vgpio)
{
	struct virtio_device *vdev = vgpio->vdev;

	virtio_break_device(vdev);
	virtio_synchronize_cbs(vdev);
	synchronize_rcu();
	virtio_reset_device(vdev);

	/* If the device did not come back there are no queues. */
	if (!vgpio->requestq.vq)
		return;

	virtio_gpio_cancel_events(vgpio);
	virtio_gpio_cancel_requests(vgpio);
	vdev->config->del_vqs(vdev);
}

/* Probe */

/* A pair of buffers takes an entry with an indirect descriptor, else two. */
static unsigned int virtio_gpio_num_pairs(struct virtio_gpio *vgpio,
					  struct virtqueue *vq)
{
	unsigned int num = virtqueue_get_vring_size(vq);

	return virtio_has_feature(vgpio->vdev, VIRTIO_RING_F_INDIRECT_DESC) ?
	       num : num / 2;
}

static int virtio_gpio_check_vqs(struct virtio_gpio *vgpio)
{
	struct device *dev = &vgpio->vdev->dev;

	if (!virtio_gpio_num_pairs(vgpio, vgpio->requestq.vq))
		return dev_err_probe(dev, -ENOSPC,
				     "requestq is too small for a request\n");

	if (virtio_gpio_has_irq(vgpio) &&
	    !virtio_gpio_num_pairs(vgpio, vgpio->eventq.vq))
		return dev_err_probe(dev, -ENOSPC,
				     "eventq is too small for an event\n");

	return 0;
}

static int virtio_gpio_alloc_slots(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	unsigned int num;

	num = min(virtio_gpio_num_pairs(vgpio, q->vq), VIRTIO_GPIO_MAX_SLOTS);
	q->slots = devm_kcalloc(&vgpio->vdev->dev, num, sizeof(*q->slots),
				GFP_KERNEL);
	if (!q->slots)
		return -ENOMEM;

	q->num_slots = num;
	bitmap_fill(q->free, num);

	return 0;
}

static int virtio_gpio_alloc_bitmaps(struct virtio_gpio *vgpio,
				     unsigned long **bitmaps[],
				     unsigned int num)
{
	while (num--) {
		*bitmaps[num] = devm_bitmap_zalloc(&vgpio->vdev->dev,
						   vgpio->gc.ngpio, GFP_KERNEL);
		if (!*bitmaps[num])
			return -ENOMEM;
	}

	return 0;
}

static int virtio_gpio_init_requestq(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	unsigned long **bitmaps[] = {
		&q->posted[VIRTIO_GPIO_POST_IRQ_NONE],
		&q->posted[VIRTIO_GPIO_POST_RELEASE],
		&q->requested, &q->interrupts, &q->known, &q->output,
		&q->active, &q->value,
	};

	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->backlog);
	init_waitqueue_head(&q->drained);

	return virtio_gpio_alloc_bitmaps(vgpio, bitmaps, ARRAY_SIZE(bitmaps));
}

static void virtio_gpio_exit_eventq(void *data)
{
	struct virtio_gpio_eventq *q = data;
	struct virtio_gpio_irq *irq;
	unsigned long gpio;

	disable_delayed_work_sync(&q->work);
	xa_for_each(&q->irqs, gpio, irq)
		kfree(irq);
	xa_destroy(&q->irqs);
}

static int virtio_gpio_init_eventq(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	unsigned long **bitmaps[] = {
		&q->enabled, &q->queued, &q->busy, &q->locked, &q->unmasked,
		&q->ready, &q->pending, &q->handling,
	};
	int ret;

	spin_lock_init(&q->lock);
	if (!virtio_gpio_has_irq(vgpio))
		return 0;

	ret = virtio_gpio_alloc_bitmaps(vgpio, bitmaps, ARRAY_SIZE(bitmaps));
	if (ret)
		return ret;

	xa_init_flags(&q->irqs, XA_FLAGS_LOCK_IRQ);
	INIT_DELAYED_WORK(&q->work, virtio_gpio_irq_work);

	return devm_add_action_or_reset(&vgpio->vdev->dev,
					virtio_gpio_exit_eventq, q);
}

static int virtio_gpio_read_config(struct virtio_gpio *vgpio)
{
	struct virtio_device *vdev = vgpio->vdev;
	u16 ngpio;

	virtio_cread_le(vdev, struct virtio_gpio_config, ngpio, &ngpio);
	virtio_cread_le(vdev, struct virtio_gpio_config, gpio_names_size,
			&vgpio->names_size);
	if (!ngpio)
		return dev_err_probe(&vdev->dev, -EINVAL,
				     "the device has no lines\n");

	vgpio->gc.ngpio = ngpio;

	return 0;
}

/**
 * virtio_gpio_read_directions() - Ask for the direction of each line
 * @vgpio: the device
 *
 * gpiolib wants to know when the chip is added, line by line. What the device
 * does not tell now it is not asked for then, only when somebody uses the line.
 *
 * Context: May sleep.
 * Return: 0, also if the device does not tell; -ENODEV, -EINTR or -ETIMEDOUT.
 */
static int virtio_gpio_read_directions(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_batch batch = {
		.type = VIRTIO_GPIO_MSG_GET_DIRECTION,
		.end = vgpio->gc.ngpio,
	};
	int ret;

	ret = virtio_gpio_transact(vgpio, &batch);

	return virtio_gpio_is_fatal(ret) ? ret : 0;
}

/* Names */

/* By name, and lines of the same name by number */
static int virtio_gpio_cmp_names(const void *a, const void *b)
{
	const char **line_a = *(const char ** const *)a;
	const char **line_b = *(const char ** const *)b;

	return strcmp(*line_a, *line_b) ?: (line_a < line_b ? -1 : 1);
}

/**
 * virtio_gpio_drop_duplicates() - Leave a name to the first line that has it
 * @names: the name of each line, or NULL
 * @sorted: room for as many
 * @num: number of lines
 *
 * Whoever looks for a line by its name finds the first one. gpiolib would say
 * a word on each of the others.
 *
 * Return: whether there were any.
 */
static bool virtio_gpio_drop_duplicates(const char **names,
					const char ***sorted, unsigned int num)
{
	unsigned int i, count = 0;
	bool dropped = false;

	for (i = 0; i < num; i++)
		if (names[i])
			sorted[count++] = &names[i];
	sort(sorted, count, sizeof(*sorted), virtio_gpio_cmp_names, NULL);

	for (i = count; i-- > 1;) {
		if (!strcmp(*sorted[i - 1], *sorted[i])) {
			*sorted[i] = NULL;
			dropped = true;
		}
	}

	return dropped;
}

static bool virtio_gpio_name_valid(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isascii(name[i]) || !isprint(name[i]))
			return false;

	return true;
}

/**
 * virtio_gpio_split_names() - Find the name of each line
 * @names: where to put them, all NULL; stays so for a line that has none
 * @sorted: room for as many pointers
 * @num: number of lines
 * @block: what the device has sent
 * @size: size of @block
 *
 * Return: NULL, or what is wrong with @block, whose other names are good.
 */
static const char *virtio_gpio_split_names(const char **names,
					   const char ***sorted,
					   unsigned int num, const char *block,
					   size_t size)
{
	const char *wrong = NULL;
	unsigned int i;
	size_t len;

	for (i = 0; i < num; i++, block += len + 1, size -= len + 1) {
		len = strnlen(block, size);
		if (len == size)
			break;

		if (!virtio_gpio_name_valid(block, len))
			wrong = "a name that is not printable ASCII";
		else if (len)
			names[i] = block;
	}

	if (virtio_gpio_drop_duplicates(names, sorted, num))
		wrong = "a name that is not unique";

	if (i < num)
		return size ? "a name without an end" :
			      "fewer names than lines";

	return memchr_inv(block, 0, size) ? "more names than lines" : wrong;
}

/**
 * virtio_gpio_fetch_names() - Have the device send its block of names
 * @vgpio: the device
 *
 * Context: May sleep.
 * Return: The reply, NULL if there is none that is good, or an error that
 *	   virtio_gpio_is_fatal().
 */
static struct virtio_gpio_response_get_names *
virtio_gpio_fetch_names(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_batch batch = {
		.type = VIRTIO_GPIO_MSG_GET_NAMES, .end = 1,
	};
	struct virtio_gpio_response_get_names *res;
	struct device *dev = &vgpio->vdev->dev;
	int ret;

	if (vgpio->names_size > vgpio->gc.ngpio * VIRTIO_GPIO_NAME_MAX) {
		dev_warn(dev, "ignoring %u bytes of names for %u lines\n",
			 vgpio->names_size, vgpio->gc.ngpio);
		return NULL;
	}

	batch.reply_len = struct_size(res, value, vgpio->names_size);
	res = devm_kzalloc(dev, batch.reply_len, GFP_KERNEL | __GFP_NOWARN);
	if (!res) {
		dev_warn(dev, "no memory for the names of lines\n");
		return NULL;
	}

	batch.reply = res;
	ret = virtio_gpio_transact(vgpio, &batch);
	if (virtio_gpio_is_fatal(ret))
		return ERR_PTR(ret);

	if (ret) {
		devm_kfree(dev, res);
		return NULL;
	}

	return res;
}

/**
 * virtio_gpio_read_names() - Find out what the lines are called
 * @vgpio: the device
 *
 * A line without a name is as good as others, so no more than a warning comes
 * of a name that is not as it should be.
 *
 * Context: May sleep.
 * Return: 0; -ENODEV, -EINTR or -ETIMEDOUT.
 */
static int virtio_gpio_read_names(struct virtio_gpio *vgpio)
{
	const char ***sorted __free(kvfree) = NULL;
	unsigned int num = vgpio->gc.ngpio;
	struct virtio_gpio_response_get_names *res;
	struct device *dev = &vgpio->vdev->dev;
	const char **names, *wrong;

	if (!vgpio->names_size)
		return 0;

	res = virtio_gpio_fetch_names(vgpio);
	if (IS_ERR_OR_NULL(res))
		return PTR_ERR_OR_ZERO(res);

	names = devm_kcalloc(dev, num, sizeof(*names), GFP_KERNEL);
	sorted = kvmalloc_array(num, sizeof(*sorted), GFP_KERNEL);
	if (!names || !sorted) {
		dev_warn(dev, "no memory for the names of lines\n");
		return 0;
	}

	wrong = virtio_gpio_split_names(names, sorted, num, res->value,
					vgpio->names_size);
	if (wrong)
		dev_warn(dev, "device has %s\n", wrong);
	vgpio->gc.names = names;

	return 0;
}

/* The chip */

static void virtio_gpio_init_chip(struct virtio_gpio *vgpio)
{
	struct device *dev = &vgpio->vdev->dev;
	struct gpio_chip *gc = &vgpio->gc;

	gc->request = virtio_gpio_request;
	gc->free = virtio_gpio_free;
	gc->get_direction = virtio_gpio_get_direction;
	gc->direction_input = virtio_gpio_direction_input;
	gc->direction_output = virtio_gpio_direction_output;
	gc->get = virtio_gpio_get;
	gc->set = virtio_gpio_set;
	gc->get_multiple = virtio_gpio_get_multiple;
	gc->set_multiple = virtio_gpio_set_multiple;
	gc->dbg_show = virtio_gpio_dbg_show;
	gc->base = -1; /* Allocate base dynamically */
	gc->label = dev_name(dev);
	gc->parent = dev;
	gc->owner = THIS_MODULE;
	gc->can_sleep = true;

	if (!virtio_gpio_has_irq(vgpio))
		return;

	/* The event comes from the outside so no parent handler */
	gpio_irq_chip_set_chip(&gc->irq, &virtio_gpio_irq_chip);
	gc->irq.default_type = IRQ_TYPE_NONE;
	/*
	 * The device masks a line when it fires, and latches an edge until it
	 * is unmasked, so edges as well take the way of levels.
	 */
	gc->irq.handler = handle_level_irq;
}

static int virtio_gpio_add_chip(struct virtio_gpio *vgpio)
{
	int ret;

	ret = virtio_gpio_read_names(vgpio);
	if (ret)
		return ret;

	ret = virtio_gpio_read_directions(vgpio);
	if (ret)
		return ret;

	WRITE_ONCE(vgpio->probing, true);
	ret = gpiochip_add_data(&vgpio->gc, vgpio);
	WRITE_ONCE(vgpio->probing, false);

	return ret;
}

static void virtio_gpio_clear_companion(void *dev)
{
	ACPI_COMPANION_SET((struct device *)dev, NULL);
}

/*
 * Firmware describes the device that the virtio device is a function of, and
 * refers to lines by that node. Without ACPI, the bus has found the node.
 */
static int virtio_gpio_set_companion(struct device *dev)
{
	if (dev_fwnode(dev) || !has_acpi_companion(dev->parent))
		return 0;

	ACPI_COMPANION_SET(dev, ACPI_COMPANION(dev->parent));

	return devm_add_action_or_reset(dev, virtio_gpio_clear_companion, dev);
}

static int virtio_gpio_init(struct virtio_gpio *vgpio)
{
	int ret;

	ratelimit_state_init(&vgpio->complaints, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);

	ret = virtio_gpio_set_companion(&vgpio->vdev->dev);
	if (ret)
		return ret;

	ret = virtio_gpio_read_config(vgpio);
	if (ret)
		return ret;

	ret = virtio_gpio_init_requestq(vgpio);
	if (ret)
		return ret;

	ret = virtio_gpio_init_eventq(vgpio);
	if (ret)
		return ret;

	virtio_gpio_init_chip(vgpio);

	return 0;
}

static int virtio_gpio_probe(struct virtio_device *vdev)
{
	struct virtio_gpio *vgpio;
	int ret;

	vgpio = devm_kzalloc(&vdev->dev, sizeof(*vgpio), GFP_KERNEL);
	if (!vgpio)
		return -ENOMEM;

	vgpio->vdev = vdev;
	vdev->priv = vgpio;

	ret = virtio_gpio_init(vgpio);
	if (ret)
		return ret;

	ret = virtio_gpio_find_vqs(vgpio);
	if (ret)
		return dev_err_probe(&vdev->dev, ret,
				     "failed to find virtqueues\n");

	ret = virtio_gpio_check_vqs(vgpio);
	if (!ret)
		ret = virtio_gpio_alloc_slots(vgpio);
	if (ret)
		goto err_del_vqs;

	/* Mark the device ready to perform operations from within probe() */
	virtio_device_ready(vdev);

	ret = virtio_gpio_add_chip(vgpio);
	if (ret) {
		dev_err_probe(&vdev->dev, ret, "failed to add the GPIO chip\n");
		goto err_del_vqs;
	}

	return 0;

err_del_vqs:
	virtio_gpio_stop(vgpio);
	virtio_gpio_del_vqs(vgpio);

	return ret;
}

/* Freeze, restore and reset */

static bool virtio_gpio_is_drained(struct virtio_gpio_requestq *q)
{
	guard(spinlock_irqsave)(&q->lock);

	return bitmap_full(q->free, q->num_slots) || q->stopped ||
	       virtio_gpio_broken(q);
}

/*
 * The device is about to be reset. Requests that it does not answer soon have
 * failed, those that it does not have yet wait for it to be back, as long.
 */
static int virtio_gpio_freeze(struct virtio_device *vdev)
{
	struct virtio_gpio *vgpio = vdev->priv;
	struct virtio_gpio_requestq *q = &vgpio->requestq;

	scoped_guard(spinlock_irqsave, &q->lock)
		q->suspended = true;
	wait_event_timeout(q->drained, virtio_gpio_is_drained(q),
			   VIRTIO_GPIO_DRAIN);
	virtio_gpio_del_vqs(vgpio);

	return 0;
}

/**
 * virtio_gpio_replay() - Send the same request for several lines
 * @vgpio: the device
 * @mask: the lines
 * @type: one of VIRTIO_GPIO_MSG_*
 * @value: the value for all of them, but levels are those that they had last
 * @accepted: a bit for each line, set if the device does as it is told; or NULL
 *
 * Context: May sleep.
 * Return: 0, also if the device refuses or its reply makes no sense; or another
 *	   error of virtio_gpio_wait().
 */
static int virtio_gpio_replay(struct virtio_gpio *vgpio,
			      const unsigned long *mask, u16 type, u32 value,
			      unsigned long *accepted)
{
	struct virtio_gpio_batch batch = {
		.type = type,
		.gpio = find_first_bit(mask, vgpio->gc.ngpio),
		.end = vgpio->gc.ngpio,
		.mask = mask,
		.value = value,
		.replay = true,
		.accepted = accepted,
	};
	int ret;

	if (type == VIRTIO_GPIO_MSG_SET_VALUE)
		batch.bits = vgpio->requestq.value;
	if (batch.gpio == batch.end)
		return 0;

	ret = virtio_gpio_transact(vgpio, &batch);

	return ret == -EINVAL || ret == -EIO ? 0 : ret;
}

/*
 * Levels come before directions, and a line becomes no output without, so that
 * it drives no wrong level.
 */
static int virtio_gpio_replay_outputs(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	unsigned int num = vgpio->gc.ngpio;
	unsigned long *outputs, *accepted;
	int ret = -ENOMEM;

	outputs = bitmap_alloc(num, GFP_KERNEL);
	accepted = bitmap_zalloc(num, GFP_KERNEL);
	if (!outputs || !accepted)
		goto out;

	scoped_guard(spinlock_irqsave, &q->lock)
		bitmap_and(outputs, q->active, q->output, num);

	ret = virtio_gpio_replay(vgpio, outputs, VIRTIO_GPIO_MSG_SET_VALUE, 0,
				 accepted);
	if (!ret)
		ret = virtio_gpio_replay(vgpio, accepted,
					 VIRTIO_GPIO_MSG_SET_DIRECTION,
					 VIRTIO_GPIO_DIRECTION_OUT, NULL);
out:
	bitmap_free(outputs);
	bitmap_free(accepted);

	return ret;
}

static int virtio_gpio_replay_inputs(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	unsigned int num = vgpio->gc.ngpio;
	unsigned long *inputs;
	int ret;

	inputs = bitmap_alloc(num, GFP_KERNEL);
	if (!inputs)
		return -ENOMEM;

	scoped_guard(spinlock_irqsave, &q->lock)
		bitmap_andnot(inputs, q->active, q->output, num);

	ret = virtio_gpio_replay(vgpio, inputs, VIRTIO_GPIO_MSG_SET_DIRECTION,
				 VIRTIO_GPIO_DIRECTION_IN, NULL);
	bitmap_free(inputs);

	return ret;
}

/*
 * An interrupt that is to be disabled first, when everything is back, has
 * somebody who tells the device the type after that.
 */
static bool virtio_gpio_wants_type(struct virtio_gpio *vgpio,
				   const struct virtio_gpio_irq *irq, u8 type)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;

	lockdep_assert_held(&vgpio->eventq.lock);
	guard(spinlock)(&q->lock);

	return irq->used && irq->wanted == type &&
	       !test_bit(irq->gpio, q->posted[VIRTIO_GPIO_POST_IRQ_NONE]);
}

/* Until the device answers, it may have been told or not. */
static void virtio_gpio_find_irqs(struct virtio_gpio *vgpio, u8 type,
				  unsigned long *lines)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtio_gpio_irq *irq;
	unsigned long gpio;

	guard(spinlock_irqsave)(&q->lock);

	xa_for_each(&q->irqs, gpio, irq) {
		if (virtio_gpio_wants_type(vgpio, irq, type)) {
			irq->type = VIRTIO_GPIO_IRQ_TYPE_UNKNOWN;
			__set_bit(gpio, lines);
		}
	}
}

/*
 * Whoever has locked a line may be waiting for the device to come back, so this
 * does without.
 */
static void virtio_gpio_types_were_set(struct virtio_gpio *vgpio, u8 type,
				       const unsigned long *lines,
				       const unsigned long *accepted)
{
	struct virtio_gpio_eventq *q = &vgpio->eventq;
	struct virtio_gpio_irq *irq;
	unsigned long gpio;

	guard(spinlock_irqsave)(&q->lock);

	for_each_set_bit(gpio, lines, vgpio->gc.ngpio) {
		irq = xa_load(&q->irqs, gpio);
		if (irq && virtio_gpio_wants_type(vgpio, irq, type))
			virtio_gpio_type_was_set(q, irq, type,
						 test_bit(gpio, accepted) ?
						 0 : -EIO);
	}
}

static int virtio_gpio_replay_type(struct virtio_gpio *vgpio, u8 type)
{
	unsigned int num = vgpio->gc.ngpio;
	unsigned long *lines, *accepted;
	int ret = -ENOMEM;

	lines = bitmap_zalloc(num, GFP_KERNEL);
	accepted = bitmap_zalloc(num, GFP_KERNEL);
	if (!lines || !accepted)
		goto out;

	virtio_gpio_find_irqs(vgpio, type, lines);
	ret = virtio_gpio_replay(vgpio, lines, VIRTIO_GPIO_MSG_IRQ_TYPE, type,
				 accepted);
	if (!ret)
		virtio_gpio_types_were_set(vgpio, type, lines, accepted);
out:
	bitmap_free(lines);
	bitmap_free(accepted);

	return ret;
}

static int virtio_gpio_replay_irqs(struct virtio_gpio *vgpio)
{
	static const u8 types[] = {
		VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING,
		VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING,
		VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH,
		VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH,
		VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW,
	};
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(types) && !ret; i++)
		ret = virtio_gpio_replay_type(vgpio, types[i]);

	return ret;
}

/* Those who wait to tell a type look whether the device knows it by now. */
static void virtio_gpio_return_types(struct virtio_gpio_requestq *q)
{
	struct virtio_gpio_batch *batch, *next;

	lockdep_assert_held(&q->lock);

	list_for_each_entry_safe(batch, next, &q->backlog, node) {
		if (batch->type == VIRTIO_GPIO_MSG_IRQ_TYPE)
			virtio_gpio_give_up(q, batch, -EAGAIN);
	}
}

static void virtio_gpio_resume(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtqueue *vq;

	scoped_guard(rcu) {
		scoped_guard(spinlock_irqsave, &q->lock) {
			virtio_gpio_return_types(q);
			q->suspended = false;
			vq = virtio_gpio_send(vgpio);
		}
		virtio_gpio_notify(vq);
	}

	if (virtio_gpio_has_irq(vgpio))
		virtio_gpio_unmask_ready(vgpio);
}

static int virtio_gpio_restore(struct virtio_device *vdev)
{
	struct virtio_gpio *vgpio = vdev->priv;
	int ret;

	ret = virtio_gpio_find_vqs(vgpio);
	if (ret)
		goto err_stop;

	virtio_device_ready(vdev);

	ret = virtio_gpio_replay_outputs(vgpio);
	if (!ret)
		ret = virtio_gpio_replay_inputs(vgpio);
	if (!ret && virtio_gpio_has_irq(vgpio))
		ret = virtio_gpio_replay_irqs(vgpio);
	if (ret)
		goto err_stop;

	virtio_gpio_resume(vgpio);

	return 0;

err_stop:
	dev_err(&vdev->dev, "failed to come back: %pe\n", ERR_PTR(ret));
	virtio_gpio_stop(vgpio);
	virtio_gpio_del_vqs(vgpio);

	return ret;
}

/* No event may come when there is no irq domain any more to look it up in. */
static void virtio_gpio_remove(struct virtio_device *vdev)
{
	struct virtio_gpio *vgpio = vdev->priv;

	virtio_gpio_stop(vgpio);
	virtio_break_device(vdev);
	virtio_synchronize_cbs(vdev);
	if (virtio_gpio_has_irq(vgpio))
		disable_delayed_work_sync(&vgpio->eventq.work);
	gpiochip_remove(&vgpio->gc);
	virtio_gpio_del_vqs(vgpio);
}

static const struct virtio_device_id id_table[] = {
	{ VIRTIO_ID_GPIO, VIRTIO_DEV_ANY_ID },
	{},
};
MODULE_DEVICE_TABLE(virtio, id_table);

static const unsigned int features[] = {
	VIRTIO_GPIO_F_IRQ,
};

static struct virtio_driver virtio_gpio_driver = {
	.feature_table		= features,
	.feature_table_size	= ARRAY_SIZE(features),
	.id_table		= id_table,
	.probe			= virtio_gpio_probe,
	.remove			= virtio_gpio_remove,
	.freeze			= pm_sleep_ptr(virtio_gpio_freeze),
	.restore		= pm_sleep_ptr(virtio_gpio_restore),
	.reset_prepare		= virtio_gpio_freeze,
	.reset_done		= virtio_gpio_restore,
	.driver			= {
		.name		= KBUILD_MODNAME,
	},
};
module_virtio_driver(virtio_gpio_driver);

MODULE_AUTHOR("Enrico Weigelt, metux IT consult <info@metux.net>");
MODULE_AUTHOR("Viresh Kumar <viresh.kumar@linaro.org>");
MODULE_DESCRIPTION("VirtIO GPIO driver");
MODULE_LICENSE("GPL");
