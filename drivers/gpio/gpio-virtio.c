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

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/gpio/driver.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/ratelimit.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
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
 * what @bits points to, until @done is completed.
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
 * struct virtio_gpio_requestq - the queue of requests
 * @vq: the virtqueue
 * @lock: protects everything here, and what it says on struct virtio_gpio_batch
 * @slots: as many as the virtqueue can hold requests, which fits the memory
 *	   to the depth of the queue rather than to the number of lines
 * @num_slots: number of @slots
 * @free: tags that are not in use
 * @backlog: batches that wait for a tag, first come first served
 * @replies: number of replies so far
 * @stopped: the device is going, so nobody may wait for it any longer
 * @num_lines: number of lines of the device
 * @released: lines to set the direction of to none, before the backlog's turn
 * @num_released: number of lines in @released
 * @known: lines whose direction the driver knows, as only it can change that
 * @output: which of these are outputs
 */
struct virtio_gpio_requestq {
	struct virtqueue *vq;
	spinlock_t lock; /* Protects all of this */
	struct virtio_gpio_slot *slots;
	unsigned int num_slots;
	DECLARE_BITMAP(free, VIRTIO_GPIO_MAX_SLOTS);
	struct list_head backlog;
	unsigned int replies;
	bool stopped;
	unsigned int num_lines;
	unsigned long *released;
	unsigned int num_released;
	unsigned long *known;
	unsigned long *output;
};

/**
 * struct virtio_gpio_irq_buf - memory that an event of a line travels in
 *
 * It is for the device: what the driver queues to unmask the interrupt, and
 * what the device answers when that fires.
 */
struct virtio_gpio_irq_buf {
	/* private: */
	__dma_from_device_group_begin();
	struct virtio_gpio_irq_request ireq;
	struct virtio_gpio_irq_response ires;
	__dma_from_device_group_end();
};

/**
 * struct vgpio_irq_line - state of a line's interrupt
 * @buf: memory for its events; NULL until the interrupt is used
 * @type: one of VIRTIO_GPIO_IRQ_TYPE_*
 * @device_type: the type that the device has, as far as is known
 * @disabled: not enabled by the irq core
 * @masked: not unmasked by the irq core
 * @queued: the device has @buf
 * @update_pending: the device does not know of @type and @disabled yet
 * @queue_pending: @buf is to be queued once it does
 */
struct vgpio_irq_line {
	struct virtio_gpio_irq_buf *buf;
	u8 type;
	u8 device_type;
	bool disabled;
	bool masked;
	bool queued;
	bool update_pending;
	bool queue_pending;
};

struct virtio_gpio {
	struct virtio_device *vdev;
	struct gpio_chip gc;
	struct virtio_gpio_requestq requestq;
	struct ratelimit_state complaints; /* Limits messages about the device */
	bool probing; /* The device was asked for all directions just now */

	/* irq support */
	struct virtqueue *event_vq;
	struct mutex irq_lock; /* Protects irq operation */
	raw_spinlock_t eventq_lock; /* Protects event_vq and irq_lines */
	struct vgpio_irq_line *irq_lines;
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

	if (test_bit(slot->gpio, q->released))
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

/* Deactivate a line that was freed. */
static int virtio_gpio_send_release(struct virtio_gpio *vgpio,
				    struct virtio_gpio_slot *slot)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	u16 gpio = find_first_bit(q->released, q->num_lines);
	int ret;

	virtio_gpio_fill_slot(slot, VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			      VIRTIO_GPIO_DIRECTION_NONE);

	ret = virtio_gpio_send_slot(q, slot);
	if (ret == -EAGAIN)
		return ret;

	__clear_bit(gpio, q->released);
	q->num_released--;
	if (ret)
		virtio_gpio_complain(vgpio, slot->type, gpio, ret);

	return ret;
}

/**
 * virtio_gpio_send() - Send what waits to be sent, as far as tags allow
 * @vgpio: the device
 *
 * Lines that were freed come first, as whoever requests one again must find it
 * deactivated.
 *
 * Context: Any context. The caller holds the lock of the requestq.
 * Return: true if the caller is to notify the device, without the lock.
 */
static bool virtio_gpio_send(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtio_gpio_slot *slot;
	bool sent = false;
	int ret;

	lockdep_assert_held(&q->lock);

	while (!q->stopped &&
	       (q->num_released || !list_empty(&q->backlog))) {
		slot = virtio_gpio_claim_slot(q);
		if (!slot)
			break;

		if (q->num_released)
			ret = virtio_gpio_send_release(vgpio, slot);
		else
			ret = virtio_gpio_send_next(q, slot);
		if (ret == -EAGAIN)
			break;
		if (!ret)
			sent = true;
	}

	return sent && virtqueue_kick_prepare(q->vq);
}

static bool virtio_gpio_gone(struct virtio_gpio_requestq *q)
{
	return READ_ONCE(q->stopped) || virtqueue_is_broken(q->vq);
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
			q->slots[tag].batch = NULL;
			q->slots[tag].abandoned = true;
		}
	}
	batch->in_flight = 0;
	virtio_gpio_batch_fail(batch, batch->gpio, ret);
	complete(&batch->done);
}

/**
 * virtio_gpio_idle() - Whether there is no sign that a batch gets on
 * @q: the requestq
 * @batch: the batch
 * @seen: number of replies when this was asked last; updated
 *
 * A reply to anybody is a sign, as the device may do one thing after the other.
 * But when it has answered more requests than it can have had before those of
 * the batch, it has lost them.
 *
 * Context: Any context. Takes the lock of @q.
 */
static bool virtio_gpio_idle(struct virtio_gpio_requestq *q,
			     const struct virtio_gpio_batch *batch,
			     unsigned int *seen)
{
	bool idle;

	guard(spinlock_irqsave)(&q->lock);

	idle = *seen == q->replies ||
	       (batch->in_flight && q->replies - batch->replies > q->num_slots);
	*seen = q->replies;

	return idle;
}

/* The time is counted in looks, so that it stands still with the machine. */
static bool virtio_gpio_overdue(unsigned int idle_looks)
{
	unsigned int timeout_ms = READ_ONCE(virtio_gpio_timeout_ms);

	return timeout_ms &&
	       idle_looks >= DIV_ROUND_UP(timeout_ms,
					  jiffies_to_msecs(VIRTIO_GPIO_POLL));
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
 *	   no sense; -EINTR; -ENODEV; -ETIMEDOUT.
 */
static int virtio_gpio_wait(struct virtio_gpio_requestq *q,
			    struct virtio_gpio_batch *batch)
{
	unsigned int seen = READ_ONCE(q->replies);
	unsigned int idle = 0;
	int ret = 0;
	long left;

	do {
		left = wait_for_completion_killable_timeout(&batch->done,
							    VIRTIO_GPIO_POLL);
		if (left > 0)
			return batch->ret;

		idle = virtio_gpio_idle(q, batch, &seen) ? idle + 1 : 0;
		if (left < 0)
			ret = -EINTR;
		else if (virtio_gpio_gone(q))
			ret = -ENODEV;
		else if (virtio_gpio_overdue(idle))
			ret = -ETIMEDOUT;
	} while (!ret);

	guard(spinlock_irqsave)(&q->lock);
	virtio_gpio_give_up(q, batch, ret);

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
	bool notify;
	int ret;

	init_completion(&batch->done);

	scoped_guard(spinlock_irqsave, &q->lock) {
		if (virtio_gpio_gone(q))
			return -ENODEV;
		list_add_tail(&batch->node, &q->backlog);
		notify = virtio_gpio_send(vgpio);
	}
	if (notify)
		virtqueue_notify(q->vq);

	ret = virtio_gpio_wait(q, batch);
	if (ret && ret != -ENODEV && ret != -EINTR)
		virtio_gpio_complain(vgpio, batch->type, batch->failed, ret);

	return ret;
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
	batch->in_flight--;
	batch->replies = q->replies;
	virtio_gpio_batch_update(batch);
}

static void virtio_gpio_complete_release(struct virtio_gpio *vgpio,
					 struct virtio_gpio_slot *slot, int ret)
{
	if (ret)
		virtio_gpio_complain(vgpio, slot->type, slot->gpio, ret);
	else
		virtio_gpio_learn_direction(&vgpio->requestq, slot,
					    slot->value);
}

static void virtio_gpio_report_late(struct virtio_gpio *vgpio,
				    const struct virtio_gpio_slot *slot)
{
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

	q->replies++;
	virtio_gpio_forget_direction(q, slot);
	if (slot->batch)
		virtio_gpio_complete_batch(q, slot, ret);
	else if (slot->abandoned)
		virtio_gpio_report_late(vgpio, slot);
	else
		virtio_gpio_complete_release(vgpio, slot, ret);
	virtio_gpio_release_slot(q, slot);
}

static void virtio_gpio_request_vq(struct virtqueue *vq)
{
	struct virtio_gpio *vgpio = vq->vdev->priv;
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtio_gpio_slot *slot;
	unsigned int len;
	bool notify;

	scoped_guard(spinlock_irqsave, &q->lock) {
		while ((slot = virtqueue_get_buf(vq, &len)))
			virtio_gpio_complete(vgpio, slot, len);
		notify = virtio_gpio_send(vgpio);
	}
	if (notify)
		virtqueue_notify(vq);
}

/* GPIO chip operations */

/*
 * Nobody needs the answer, and the device keeps requests for the same line in
 * order, so this does not wait: neither for the reply nor for a tag.
 */
static void virtio_gpio_free(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	bool notify;

	scoped_guard(spinlock_irqsave, &q->lock) {
		if (virtio_gpio_gone(q))
			return;
		__clear_bit(gpio, q->known);
		if (!__test_and_set_bit(gpio, q->released))
			q->num_released++;
		notify = virtio_gpio_send(vgpio);
	}
	if (notify)
		virtqueue_notify(q->vq);
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

	if (vgpio->probing)
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

/* Several lines at once take about as long as one does. */
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

/* Interrupt handling */
static void virtio_gpio_irq_prepare(struct virtio_gpio *vgpio, u16 gpio)
{
	struct vgpio_irq_line *irq_line = &vgpio->irq_lines[gpio];
	struct virtio_gpio_irq_request *ireq = &irq_line->buf->ireq;
	struct virtio_gpio_irq_response *ires = &irq_line->buf->ires;
	struct scatterlist *sgs[2], req_sg, res_sg;
	int ret;

	if (WARN_ON(irq_line->queued || irq_line->masked || irq_line->disabled))
		return;
	if (!irq_line->buf)
		return;

	ireq->gpio = cpu_to_le16(gpio);
	sg_init_one(&req_sg, ireq, sizeof(*ireq));
	sg_init_one(&res_sg, ires, sizeof(*ires));
	sgs[0] = &req_sg;
	sgs[1] = &res_sg;

	ret = virtqueue_add_sgs(vgpio->event_vq, sgs, 1, 1, irq_line, GFP_ATOMIC);
	if (ret) {
		dev_err(&vgpio->vdev->dev, "failed to add request to eventq\n");
		return;
	}

	irq_line->queued = true;
	virtqueue_kick(vgpio->event_vq);
}

static void virtio_gpio_irq_enable(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct vgpio_irq_line *irq_line = &vgpio->irq_lines[d->hwirq];

	raw_spin_lock(&vgpio->eventq_lock);
	irq_line->disabled = false;
	irq_line->masked = false;
	irq_line->queue_pending = true;
	raw_spin_unlock(&vgpio->eventq_lock);

	irq_line->update_pending = true;
}

static void virtio_gpio_irq_disable(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct vgpio_irq_line *irq_line = &vgpio->irq_lines[d->hwirq];

	raw_spin_lock(&vgpio->eventq_lock);
	irq_line->disabled = true;
	irq_line->masked = true;
	irq_line->queue_pending = false;
	raw_spin_unlock(&vgpio->eventq_lock);

	irq_line->update_pending = true;
}

static void virtio_gpio_irq_mask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct vgpio_irq_line *irq_line = &vgpio->irq_lines[d->hwirq];

	raw_spin_lock(&vgpio->eventq_lock);
	irq_line->masked = true;
	raw_spin_unlock(&vgpio->eventq_lock);
}

static void virtio_gpio_irq_unmask(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct vgpio_irq_line *irq_line = &vgpio->irq_lines[d->hwirq];

	raw_spin_lock(&vgpio->eventq_lock);
	irq_line->masked = false;

	/* Queue the buffer unconditionally on unmask */
	virtio_gpio_irq_prepare(vgpio, d->hwirq);
	raw_spin_unlock(&vgpio->eventq_lock);
}

static int virtio_gpio_irq_set_type(struct irq_data *d, unsigned int type)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct vgpio_irq_line *irq_line = &vgpio->irq_lines[d->hwirq];

	switch (type) {
	case IRQ_TYPE_EDGE_RISING:
		type = VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING;
		break;
	case IRQ_TYPE_EDGE_FALLING:
		type = VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING;
		break;
	case IRQ_TYPE_EDGE_BOTH:
		type = VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH;
		break;
	case IRQ_TYPE_LEVEL_LOW:
		type = VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW;
		break;
	case IRQ_TYPE_LEVEL_HIGH:
		type = VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH;
		break;
	default:
		dev_err(&vgpio->vdev->dev, "unsupported irq type: %u\n", type);
		return -EINVAL;
	}

	irq_line->type = type;
	irq_line->update_pending = true;

	return 0;
}

static void virtio_gpio_irq_bus_lock(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);

	mutex_lock(&vgpio->irq_lock);
}

/*
 * Only here may the driver sleep after the irq core has asked for the
 * interrupt, and no buffer is queued before.
 */
static void virtio_gpio_irq_alloc_buf(struct virtio_gpio *vgpio,
				      struct vgpio_irq_line *irq_line)
{
	if (irq_line->buf || irq_line->disabled)
		return;

	irq_line->buf = devm_kzalloc(&vgpio->vdev->dev, sizeof(*irq_line->buf),
				     GFP_KERNEL);
}

static void virtio_gpio_irq_bus_sync_unlock(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct vgpio_irq_line *irq_line = &vgpio->irq_lines[d->hwirq];
	u8 type = irq_line->disabled ? VIRTIO_GPIO_IRQ_TYPE_NONE : irq_line->type;
	unsigned long flags;
	int ret = 0;

	if (irq_line->update_pending) {
		irq_line->update_pending = false;
		virtio_gpio_irq_alloc_buf(vgpio, irq_line);

		/* The irq core sets a type before it enables the interrupt. */
		if (type || irq_line->device_type)
			ret = virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_IRQ_TYPE,
					      d->hwirq, type, NULL);
		if (!ret)
			irq_line->device_type = type;

		/* Queue the buffer only after interrupt is enabled */
		raw_spin_lock_irqsave(&vgpio->eventq_lock, flags);
		if (irq_line->queue_pending) {
			irq_line->queue_pending = false;
			if (!ret)
				virtio_gpio_irq_prepare(vgpio, d->hwirq);
		}
		raw_spin_unlock_irqrestore(&vgpio->eventq_lock, flags);
	}

	mutex_unlock(&vgpio->irq_lock);
}

static struct vgpio_irq_line *virtio_gpio_get_event(struct virtio_gpio *vgpio,
						    unsigned int *len)
{
	struct vgpio_irq_line *irq_line;
	unsigned long flags;

	raw_spin_lock_irqsave(&vgpio->eventq_lock, flags);
	irq_line = virtqueue_get_buf(vgpio->event_vq, len);
	raw_spin_unlock_irqrestore(&vgpio->eventq_lock, flags);

	return irq_line;
}

static bool ignore_irq(struct virtio_gpio *vgpio, int gpio,
		       struct vgpio_irq_line *irq_line)
{
	bool ignore = false;

	raw_spin_lock(&vgpio->eventq_lock);
	irq_line->queued = false;

	/* Interrupt is disabled currently */
	if (irq_line->masked || irq_line->disabled) {
		ignore = true;
		goto unlock;
	}

	/*
	 * Buffer is returned as the interrupt was disabled earlier, but is
	 * enabled again now. Requeue the buffers.
	 */
	if (irq_line->buf->ires.status == VIRTIO_GPIO_IRQ_STATUS_INVALID) {
		virtio_gpio_irq_prepare(vgpio, gpio);
		ignore = true;
		goto unlock;
	}

	if (WARN_ON(irq_line->buf->ires.status != VIRTIO_GPIO_IRQ_STATUS_VALID))
		ignore = true;

unlock:
	raw_spin_unlock(&vgpio->eventq_lock);

	return ignore;
}

static void virtio_gpio_event_vq(struct virtqueue *vq)
{
	struct virtio_gpio *vgpio = vq->vdev->priv;
	struct device *dev = &vgpio->vdev->dev;
	struct vgpio_irq_line *irq_line;
	int gpio, ret;
	unsigned int len;

	while (true) {
		irq_line = virtio_gpio_get_event(vgpio, &len);
		if (!irq_line)
			break;

		if (len != sizeof(irq_line->buf->ires)) {
			dev_err(dev, "irq with incorrect length (%u : %u)\n",
				len, (unsigned int)sizeof(irq_line->buf->ires));
			continue;
		}

		/*
		 * Find GPIO line number from the offset of irq_line within the
		 * irq_lines block. We can also get GPIO number from
		 * irq-request, but better not to rely on a buffer returned by
		 * remote.
		 */
		gpio = irq_line - vgpio->irq_lines;
		WARN_ON(gpio >= vgpio->gc.ngpio);

		if (unlikely(ignore_irq(vgpio, gpio, irq_line)))
			continue;

		ret = generic_handle_domain_irq(vgpio->gc.irq.domain, gpio);
		if (ret)
			dev_err(dev, "failed to handle interrupt: %d\n", ret);
	}
}

/*
 * The reset ends the device's use of all buffers, and taking them back unmaps
 * those that it had. Callbacks must not meet that: not every transport waits
 * for them in a reset, but none calls them for a broken queue.
 */
static void virtio_gpio_free_vqs(struct virtio_gpio *vgpio)
{
	struct virtio_device *vdev = vgpio->vdev;
	struct virtqueue *vq;

	virtio_gpio_stop(vgpio);
	virtio_break_device(vdev);
	virtio_synchronize_cbs(vdev);
	virtio_reset_device(vdev);

	virtio_device_for_each_vq(vdev, vq)
		while (virtqueue_detach_unused_buf(vq))
			;
	vdev->config->del_vqs(vdev);
}

/**
 * virtio_gpio_alloc_slots() - Make slots for what the requestq can hold
 * @vgpio: the device, with its virtqueues
 *
 * A request takes one entry of the ring with an indirect descriptor, else two.
 *
 * Context: May sleep.
 * Return: 0, -ENOSPC if the ring has no room for a request, or -ENOMEM.
 */
static int virtio_gpio_alloc_slots(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_requestq *q = &vgpio->requestq;
	struct virtio_device *vdev = vgpio->vdev;
	unsigned int num = virtqueue_get_vring_size(q->vq);

	if (!virtio_has_feature(vdev, VIRTIO_RING_F_INDIRECT_DESC))
		num /= 2;
	if (!num)
		return dev_err_probe(&vdev->dev, -ENOSPC,
				     "requestq is too small for a request\n");

	q->num_slots = min(num, VIRTIO_GPIO_MAX_SLOTS);
	q->slots = devm_kcalloc(&vdev->dev, q->num_slots, sizeof(*q->slots),
				GFP_KERNEL);
	if (!q->slots)
		return -ENOMEM;

	bitmap_fill(q->free, q->num_slots);

	q->num_lines = vgpio->gc.ngpio;
	q->released = devm_bitmap_zalloc(&vdev->dev, q->num_lines, GFP_KERNEL);
	q->known = devm_bitmap_zalloc(&vdev->dev, q->num_lines, GFP_KERNEL);
	q->output = devm_bitmap_zalloc(&vdev->dev, q->num_lines, GFP_KERNEL);

	return q->released && q->known && q->output ? 0 : -ENOMEM;
}

static int virtio_gpio_alloc_vqs(struct virtio_gpio *vgpio,
				 struct virtio_device *vdev)
{
	struct virtqueue_info vqs_info[] = {
		{ "requestq", virtio_gpio_request_vq },
		{ "eventq", virtio_gpio_event_vq },
	};
	struct virtqueue *vqs[2] = { NULL, NULL };
	int ret;

	ret = virtio_find_vqs(vdev, vgpio->irq_lines ? 2 : 1, vqs,
			      vqs_info, NULL);
	if (ret) {
		dev_err(&vdev->dev, "failed to find vqs: %d\n", ret);
		return ret;
	}

	if (!vqs[0]) {
		dev_err(&vdev->dev, "failed to find requestq vq\n");
		goto out;
	}
	vgpio->requestq.vq = vqs[0];

	if (vgpio->irq_lines && !vqs[1]) {
		dev_err(&vdev->dev, "failed to find eventq vq\n");
		goto out;
	}
	vgpio->event_vq = vqs[1];

	return 0;

out:
	if (vqs[0] || vqs[1]) {
		virtio_reset_device(vdev);
		vdev->config->del_vqs(vdev);
	}

	return -ENODEV;
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

static const char **virtio_gpio_get_names(struct virtio_gpio *vgpio,
					  u32 gpio_names_size, u16 ngpio)
{
	struct virtio_gpio_batch batch = {
		.type = VIRTIO_GPIO_MSG_GET_NAMES, .end = 1,
	};
	struct virtio_gpio_response_get_names *res;
	struct device *dev = &vgpio->vdev->dev;
	u8 *gpio_names, *str;
	const char **names;
	size_t len;
	int i, ret;

	if (!gpio_names_size)
		return NULL;

	if (gpio_names_size > ngpio * VIRTIO_GPIO_NAME_MAX) {
		dev_warn(dev, "ignoring %u bytes of names for %u lines\n",
			 gpio_names_size, ngpio);
		return NULL;
	}

	len = struct_size(res, value, gpio_names_size);
	res = devm_kzalloc(dev, len, GFP_KERNEL | __GFP_NOWARN);
	if (!res)
		return NULL;
	gpio_names = res->value;

	batch.reply = res;
	batch.reply_len = len;
	ret = virtio_gpio_transact(vgpio, &batch);
	if (virtio_gpio_is_fatal(ret))
		return ERR_PTR(ret);
	if (ret) {
		dev_err(dev, "Failed to get GPIO names: %d\n", ret);
		return NULL;
	}

	names = devm_kcalloc(dev, ngpio, sizeof(*names), GFP_KERNEL);
	if (!names)
		return NULL;

	/* NULL terminate the string instead of checking it */
	gpio_names[gpio_names_size - 1] = '\0';

	for (i = 0, str = gpio_names; i < ngpio; i++) {
		if (str >= gpio_names + gpio_names_size) {
			dev_err(dev, "gpio_names block is too short (%d)\n", i);
			return NULL;
		}

		names[i] = str;
		str += strlen(str) + 1; /* zero-length strings are allowed */
	}

	return names;
}

static void virtio_gpio_free_irq_lines(void *data)
{
	struct virtio_gpio *vgpio = data;

	kvfree(vgpio->irq_lines);
}

static int virtio_gpio_alloc_irq_lines(struct virtio_gpio *vgpio, u16 ngpio)
{
	vgpio->irq_lines = kvcalloc(ngpio, sizeof(*vgpio->irq_lines),
				    GFP_KERNEL);
	if (!vgpio->irq_lines)
		return -ENOMEM;

	return devm_add_action_or_reset(&vgpio->vdev->dev,
					virtio_gpio_free_irq_lines, vgpio);
}

static int virtio_gpio_probe(struct virtio_device *vdev)
{
	struct device *dev = &vdev->dev;
	struct virtio_gpio *vgpio;
	struct irq_chip *gpio_irq_chip;
	u32 gpio_names_size;
	u16 ngpio;
	int ret, i;

	vgpio = devm_kzalloc(dev, sizeof(*vgpio), GFP_KERNEL);
	if (!vgpio)
		return -ENOMEM;

	/* Read configuration */
	gpio_names_size =
		virtio_cread32(vdev, offsetof(struct virtio_gpio_config,
					      gpio_names_size));
	ngpio =  virtio_cread16(vdev, offsetof(struct virtio_gpio_config,
					       ngpio));
	if (!ngpio) {
		dev_err(dev, "Number of GPIOs can't be zero\n");
		return -EINVAL;
	}

	ratelimit_state_init(&vgpio->complaints, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	spin_lock_init(&vgpio->requestq.lock);
	INIT_LIST_HEAD(&vgpio->requestq.backlog);
	vdev->priv = vgpio;

	vgpio->vdev			= vdev;
	vgpio->gc.free			= virtio_gpio_free;
	vgpio->gc.get_direction		= virtio_gpio_get_direction;
	vgpio->gc.direction_input	= virtio_gpio_direction_input;
	vgpio->gc.direction_output	= virtio_gpio_direction_output;
	vgpio->gc.get			= virtio_gpio_get;
	vgpio->gc.set			= virtio_gpio_set;
	vgpio->gc.get_multiple		= virtio_gpio_get_multiple;
	vgpio->gc.set_multiple		= virtio_gpio_set_multiple;
	vgpio->gc.ngpio			= ngpio;
	vgpio->gc.base			= -1; /* Allocate base dynamically */
	vgpio->gc.label			= dev_name(dev);
	vgpio->gc.parent		= dev;
	vgpio->gc.owner			= THIS_MODULE;
	vgpio->gc.can_sleep		= true;

	/* Interrupt support */
	if (virtio_has_feature(vdev, VIRTIO_GPIO_F_IRQ)) {
		ret = virtio_gpio_alloc_irq_lines(vgpio, ngpio);
		if (ret)
			return ret;

		gpio_irq_chip = devm_kzalloc(dev, sizeof(*gpio_irq_chip), GFP_KERNEL);
		if (!gpio_irq_chip)
			return -ENOMEM;

		gpio_irq_chip->name = dev_name(dev);
		gpio_irq_chip->irq_enable = virtio_gpio_irq_enable;
		gpio_irq_chip->irq_disable = virtio_gpio_irq_disable;
		gpio_irq_chip->irq_mask = virtio_gpio_irq_mask;
		gpio_irq_chip->irq_unmask = virtio_gpio_irq_unmask;
		gpio_irq_chip->irq_set_type = virtio_gpio_irq_set_type;
		gpio_irq_chip->irq_bus_lock = virtio_gpio_irq_bus_lock;
		gpio_irq_chip->irq_bus_sync_unlock = virtio_gpio_irq_bus_sync_unlock;

		/* The event comes from the outside so no parent handler */
		vgpio->gc.irq.parent_handler	= NULL;
		vgpio->gc.irq.num_parents	= 0;
		vgpio->gc.irq.parents		= NULL;
		vgpio->gc.irq.default_type	= IRQ_TYPE_NONE;
		vgpio->gc.irq.handler		= handle_level_irq;
		vgpio->gc.irq.chip		= gpio_irq_chip;

		for (i = 0; i < ngpio; i++) {
			vgpio->irq_lines[i].type = VIRTIO_GPIO_IRQ_TYPE_NONE;
			vgpio->irq_lines[i].disabled = true;
			vgpio->irq_lines[i].masked = true;
		}

		mutex_init(&vgpio->irq_lock);
		raw_spin_lock_init(&vgpio->eventq_lock);
	}

	ret = virtio_gpio_alloc_vqs(vgpio, vdev);
	if (ret)
		return ret;

	ret = virtio_gpio_alloc_slots(vgpio);
	if (ret)
		goto err_free_vqs;

	/* Mark the device ready to perform operations from within probe() */
	virtio_device_ready(vdev);

	vgpio->gc.names = virtio_gpio_get_names(vgpio, gpio_names_size, ngpio);
	if (IS_ERR(vgpio->gc.names)) {
		ret = PTR_ERR(vgpio->gc.names);
		goto err_free_vqs;
	}

	ret = virtio_gpio_read_directions(vgpio);
	if (ret)
		goto err_free_vqs;

	vgpio->probing = true;
	ret = gpiochip_add_data(&vgpio->gc, vgpio);
	vgpio->probing = false;
	if (ret) {
		dev_err(dev, "Failed to add virtio-gpio controller\n");
		goto err_free_vqs;
	}

	return 0;

err_free_vqs:
	virtio_gpio_free_vqs(vgpio);

	return ret;
}

static void virtio_gpio_remove(struct virtio_device *vdev)
{
	struct virtio_gpio *vgpio = vdev->priv;

	virtio_gpio_stop(vgpio);
	gpiochip_remove(&vgpio->gc);
	virtio_gpio_free_vqs(vgpio);
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
	.driver			= {
		.name		= KBUILD_MODNAME,
	},
};
module_virtio_driver(virtio_gpio_driver);

MODULE_AUTHOR("Enrico Weigelt, metux IT consult <info@metux.net>");
MODULE_AUTHOR("Viresh Kumar <viresh.kumar@linaro.org>");
MODULE_DESCRIPTION("VirtIO GPIO driver");
MODULE_LICENSE("GPL");
