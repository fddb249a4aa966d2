// SPDX-License-Identifier: GPL-2.0+
/*
 * GPIO driver for virtio-based virtual GPIO controllers
 *
 * Copyright (C) 2021 metux IT consult
 * Enrico Weigelt, metux IT consult <info@metux.net>
 *
 * Copyright (C) 2021 Linaro.
 * Viresh Kumar <viresh.kumar@linaro.org>
 *
 * The driver keeps what each line and interrupt should be, and what the device
 * has accepted. virtio_gpio_sync_unlock() makes the second follow the first.
 * Sections are those of the virtio specification, version 1.2.
 *
 * An interrupt is                 It moves on when
 * off: device_type is NONE        it is started: changing
 * changing: open > 0              the replies are in: off or masked; changing
 *                                 again if the type was refused or is outdated
 * masked: device_type is wanted   it is unmasked, and the eventq has room: armed
 * armed: queued                   an event comes: masked until its handler has
 *                                 run; an invalid event: masked, queued again at
 *                                 once, and after a delay if it repeats
 * any of these                    the type changes or it is shut down: changing;
 *                                 the device is reset: off
 *
 * Wanted is the irq core's type from irq_startup() to irq_shutdown(), or if that
 * was refused, the last one that was accepted. It is NONE otherwise, and while
 * the system sleeps for a line that must not wake it. A type is changed by way of
 * NONE; events are dropped meanwhile, and the line is not queued twice.
 *
 * virtio_gpio.lock (irq-safe) protects what the device has: lines, messages, the
 * device's side of interrupts, and both virtqueues once they are set up, except
 * virtqueue_notify(), which is called under RCU. What the irq core wants of an
 * interrupt are atomic flags, and bytes that are read and written whole.
 *
 * irq_chip callbacks with a raw lock held: change these, and may queue the
 * irq_work.
 * irq_bus_sync_unlock(), unless interrupts are off; callbacks of virtqueues,
 * irq_work, work: take the lock.
 * Flow handlers: called by callbacks of virtqueues and irq_work, under RCU alone.
 * irq_bus_sync_unlock() in a task that has started the interrupt or changed its
 * type; irq_request_resources(); gpio_chip operations, but not request() and
 * free(): sleep until the device answers, a fatal signal or a timeout.
 *
 * A device that sends nonsense: the request fails with -EIO, messages are rate
 * limited. One that falls silent: a late reply still takes effect; waits end with
 * a timeout. One that is reset: lines are restored as it answers, and requests
 * without a reply are sent again, or end with -ESHUTDOWN if it is down for a
 * second. One that breaks or goes: -ENODEV within 100 ms. Memory that the device
 * may write to is freed after its reply or a reset.
 */

#include <linux/acpi.h>
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/ctype.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/llist.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/pm_wakeup.h>
#include <linux/property.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/suspend.h>
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

/* How often waiters check the device, as breaking it wakes nobody */
VISIBLE_IF_KUNIT unsigned int virtio_gpio_poll_ms = 100;
EXPORT_SYMBOL_IF_KUNIT(virtio_gpio_poll_ms);

#define VIRTIO_GPIO_POLL	msecs_to_jiffies(virtio_gpio_poll_ms)

/* Requests in flight; more would only wait in the device */
#define VIRTIO_GPIO_MAX_MSGS	64

/* How long to wait for a device that is reset */
#define VIRTIO_GPIO_HOLD_POLLS	10
#define VIRTIO_GPIO_HOLD	(VIRTIO_GPIO_HOLD_POLLS * VIRTIO_GPIO_POLL)

/*
 * Trigger types have the same values in the irq core and in the specification.
 * With this one, it is not known which type the device has.
 */
#define VIRTIO_GPIO_IRQ_TYPE_UNKNOWN	0xff

/**
 * enum virtio_gpio_state - state of the device
 * @VIRTIO_GPIO_DOWN: nothing can be sent
 * @VIRTIO_GPIO_RESTORE_LEVELS: levels are being restored
 * @VIRTIO_GPIO_RESTORE_DIRECTIONS: then directions
 * @VIRTIO_GPIO_UP: in use; interrupts follow the irq core
 *
 * A state in between is left when all requests of it are answered.
 */
enum virtio_gpio_state {
	VIRTIO_GPIO_DOWN,
	VIRTIO_GPIO_RESTORE_LEVELS,
	VIRTIO_GPIO_RESTORE_DIRECTIONS,
	VIRTIO_GPIO_UP,
};

/**
 * struct virtio_gpio_line - state of a line
 * @users: in use through gpiolib, as an interrupt, or both
 * @owned: the driver has set the direction
 * @out: the direction is output
 * @has_level: the device has accepted a level since the line was requested
 * @high: the last level that it has accepted
 * @dir_valid: @out is what the device has
 * @level_valid: @high is what the device has
 *
 * One byte, as there may be 65,535 lines.
 *
 * A reset of the device clears @dir_valid and @level_valid; the others say what
 * to restore.
 */
struct virtio_gpio_line {
	u8 users:2;
	u8 owned:1;
	u8 out:1;
	u8 has_level:1;
	u8 high:1;
	u8 dir_valid:1;
	u8 level_valid:1;
};

/**
 * struct virtio_gpio_msg - a request and the reply to it
 * @node: in a list of struct virtio_gpio; empty when answered
 * @call: the call that it is part of
 * @irq: the interrupt whose type it sets, or NULL if it is part of a call
 * @ret: the value of the reply, or -errno; valid when answered
 * @reply: where the device writes: @res, or status and names
 * @reply_len: size of @reply in bytes
 * @req: what the device reads
 *
 * The virtqueue hands back the address of a message with the reply, so replies
 * may come in any order.
 */
struct virtio_gpio_msg {
	struct list_head node;
	struct virtio_gpio_call *call;
	struct virtio_gpio_irq *irq;
	int ret;
	u8 *reply;
	size_t reply_len;
	struct virtio_gpio_request req;

	/* private: written by the device */
	__dma_from_device_group_begin(res);
	struct virtio_gpio_response res;
	__dma_from_device_group_end(res);
};

/**
 * struct virtio_gpio_call - messages that are sent together
 * @done: completed with the last reply
 * @open: messages without a reply
 * @async: nobody waits, so the last reply frees the call
 * @reported: an error was logged; one is enough for a call
 * @num: number of messages
 * @msg: the messages
 */
struct virtio_gpio_call {
	struct completion done;
	unsigned int open;
	bool async;
	bool reported;
	unsigned int num;
	struct virtio_gpio_msg msg[] __counted_by(num);
};

/**
 * enum virtio_gpio_irq_flag - flags of an interrupt
 * @VIRTIO_GPIO_IRQ_STARTED: to be enabled at the device
 * @VIRTIO_GPIO_IRQ_UNMASKED: to be unmasked at the device
 * @VIRTIO_GPIO_IRQ_WAKE: stays enabled while the system sleeps
 * @VIRTIO_GPIO_IRQ_RESTART: to be disabled once even if the type is the same
 * @VIRTIO_GPIO_IRQ_REQUESTED: in use, and not by a chained handler
 * @VIRTIO_GPIO_IRQ_PENDING: the flow handler is to be called
 * @VIRTIO_GPIO_IRQ_FRESH: started, and no event since
 * @VIRTIO_GPIO_IRQ_DEFERRED: in the list of deferred interrupts, or its flow
 *			      handler runs
 *
 * Bits of virtio_gpio_irq.flags. They are changed with atomic operations, since
 * the irq core holds a raw lock and may run on several CPUs.
 */
enum virtio_gpio_irq_flag {
	VIRTIO_GPIO_IRQ_STARTED,
	VIRTIO_GPIO_IRQ_UNMASKED,
	VIRTIO_GPIO_IRQ_WAKE,
	VIRTIO_GPIO_IRQ_RESTART,
	VIRTIO_GPIO_IRQ_REQUESTED,
	VIRTIO_GPIO_IRQ_PENDING,
	VIRTIO_GPIO_IRQ_FRESH,
	VIRTIO_GPIO_IRQ_DEFERRED,
};

/**
 * struct virtio_gpio_irq - state of an interrupt
 * @node: in a list of struct virtio_gpio
 * @deferred_node: in virtio_gpio.deferred
 * @bus_task: a task that will update the device in irq_bus_sync_unlock()
 * @waiter: the task that will wait for it there
 * @flags: bits of enum virtio_gpio_irq_flag
 * @type: trigger type of the irq core; written with the descriptor's lock held
 * @refused_type: trigger type that the device has refused, which is not sent
 *		  again until the irq core sets a type or starts the interrupt;
 *		  written with either lock held
 * @gpio: number of the line
 * @queued: the device has the buffers of an event
 * @no_room_reported: was logged once for lack of room in the eventq
 * @open: type messages without a reply
 * @device_type: trigger type that the device has accepted
 * @accepted_type: trigger type that it has accepted last since the start, which
 *		   the interrupt keeps if another one is refused; written with
 *		   either lock held
 * @refused: the device has refused the last type once
 * @bad_events: invalid events in a row, up to 2
 * @msg: to disable the interrupt, and to set its trigger type
 * @req: what the device reads of an event's buffers
 *
 * The device may return buffers late, so the object lives as long as the chip.
 */
struct virtio_gpio_irq {
	struct list_head node;
	struct llist_node deferred_node;
	struct task_struct *bus_task;
	struct task_struct *waiter;
	unsigned long flags;
	u8 type;
	u8 refused_type;
	u16 gpio;
	bool queued;
	bool no_room_reported;
	unsigned int open;
	u8 device_type;
	u8 accepted_type;
	bool refused;
	u8 bad_events;
	struct virtio_gpio_msg msg[2];
	struct virtio_gpio_irq_request req;

	/* private: written by the device */
	__dma_from_device_group_begin(event);
	struct virtio_gpio_irq_response event;
	__dma_from_device_group_end(event);
};

/**
 * struct virtio_gpio - a virtio GPIO device
 * @vdev: the virtio device
 * @gc: the GPIO chip
 * @off_in_suspend: the transport cannot reach the device in suspend
 * @prober: the task in gpiochip_add_data()
 * @restore_call: messages that restore lines; allocated at probe
 * @deferred: interrupts that virtio_gpio_irq_run_deferred() has to look at
 * @irq_work: runs it where the caller must not
 * @work: does what was put off
 * @ratelimit: limits messages about the device
 * @irq_ops: number of operations of the irq core that may wait for the device
 * @waitq: for waits that are not for a call
 * @lock: protects all that follows
 * @requestq: the virtqueue of requests, NULL while there is none
 * @eventq: the virtqueue of events, NULL while there is none
 * @urgent: messages of the driver itself, which go first
 * @pending: messages of callers, in the order of arrival
 * @sent: messages that the device has
 * @in_flight: number of messages in @sent
 * @replies: number of replies so far; may wrap around
 * @restarts: number of times that the device went down, and of replies that
 *	      restore lines; may wrap around
 * @stopped: the driver is being removed
 * @hold_calls: messages of callers are not sent
 * @suspended: the system sleeps, or is about to
 * @state: state of the device
 * @cursor: the next line to be restored
 * @lines: state of each line
 * @irqs: struct virtio_gpio_irq of the interrupts that are or were in use; it
 *	  has a lock of its own
 * @ready: interrupts whose buffers may have to be queued, in turn
 * @backoff: interrupts that wait for @work
 */
struct virtio_gpio {
	struct virtio_device *vdev;
	struct gpio_chip gc;
	bool off_in_suspend;
	struct task_struct *prober;
	struct virtio_gpio_call *restore_call;
	struct llist_head deferred;
	struct irq_work irq_work;
	struct delayed_work work;
	struct ratelimit_state ratelimit;
	atomic_t irq_ops;
	wait_queue_head_t waitq;
	spinlock_t lock; /* Protects all of the following */
	struct virtqueue *requestq;
	struct virtqueue *eventq;
	struct list_head urgent;
	struct list_head pending;
	struct list_head sent;
	unsigned int in_flight;
	unsigned int replies;
	unsigned int restarts;
	bool stopped;
	bool hold_calls;
	bool suspended;
	enum virtio_gpio_state state;
	unsigned int cursor;
	struct virtio_gpio_line *lines;
	struct xarray irqs;
	struct list_head ready;
	struct list_head backoff;
};

#define virtio_gpio_err(_vgpio, fmt, ...)				\
	do {								\
		struct virtio_gpio *__vgpio = (_vgpio);			\
									\
		if (__ratelimit(&__vgpio->ratelimit))			\
			dev_err(&__vgpio->vdev->dev, fmt, ##__VA_ARGS__); \
	} while (0)

static void virtio_gpio_report(struct virtio_gpio *vgpio, const struct virtio_gpio_msg *msg,
			       int ret)
{
	if (msg->call && msg->call->reported)
		return;
	if (msg->call)
		msg->call->reported = true;
	virtio_gpio_err(vgpio, "request %#x for line %u failed: %pe\n",
			le16_to_cpu(msg->req.type), le16_to_cpu(msg->req.gpio), ERR_PTR(ret));
}

/* A device whose queues are broken for a reset comes back, so it is not dead. */
static bool virtio_gpio_is_dead(struct virtio_gpio *vgpio)
{
	lockdep_assert_held(&vgpio->lock);

	return vgpio->stopped || (vgpio->state != VIRTIO_GPIO_DOWN &&
				  virtqueue_is_broken(vgpio->requestq));
}

/* Messages */

static void virtio_gpio_init_msg(struct virtio_gpio_msg *msg, u16 type, u16 gpio, u32 value)
{
	msg->req.type = cpu_to_le16(type);
	msg->req.gpio = cpu_to_le16(gpio);
	msg->req.value = cpu_to_le32(value);
	msg->reply = &msg->res.status;
	msg->reply_len = sizeof(msg->res);
}

static struct virtio_gpio_call *virtio_gpio_alloc_call(unsigned int num, gfp_t gfp)
{
	struct virtio_gpio_call *call;

	call = kzalloc_flex(*call, msg, num, gfp);
	if (!call)
		return NULL;

	call->num = num;
	call->open = num;
	init_completion(&call->done);
	for (unsigned int i = 0; i < num; i++)
		call->msg[i].call = call;

	return call;
}

static void virtio_gpio_retry(struct virtio_gpio *vgpio)
{
	queue_delayed_work(system_percpu_wq, &vgpio->work, VIRTIO_GPIO_POLL);
}

/* A pair of buffers takes two descriptors, unless they are indirect. */
static bool virtio_gpio_has_room(struct virtqueue *vq)
{
	return vq->num_free >= (virtio_has_feature(vq->vdev, VIRTIO_RING_F_INDIRECT_DESC) ? 1 : 2);
}

/*
 * Add a buffer that the device reads, and one that it writes to. If the virtqueue
 * is full, virtqueue_add_sgs() would add nothing, but notify the device.
 */
static int virtio_gpio_add_bufs(struct virtqueue *vq, void *req, size_t req_len,
				void *res, size_t res_len, void *token)
{
	struct scatterlist out, in, *sgs[] = { &out, &in };

	if (!virtio_gpio_has_room(vq))
		return -ENOSPC;

	sg_init_one(&out, req, req_len);
	sg_init_one(&in, res, res_len);

	return virtqueue_add_sgs(vq, sgs, 1, 1, token, GFP_ATOMIC);
}

/* The status is preset, since a device may return buffers without writing to them. */
static void virtio_gpio_submit(struct virtio_gpio *vgpio, struct virtio_gpio_msg *msg,
			       struct list_head *list)
{
	/* The direction is not known while a request to set it is out. */
	if (msg->req.type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_DIRECTION))
		vgpio->lines[le16_to_cpu(msg->req.gpio)].dir_valid = false;
	*msg->reply = VIRTIO_GPIO_STATUS_ERR;
	list_add_tail(&msg->node, list);
}

/* Interrupts at the device */

/* The trigger type that the device should have */
static u8 virtio_gpio_irq_wanted(struct virtio_gpio *vgpio, const struct virtio_gpio_irq *irq)
{
	u8 type;

	if (!test_bit_acquire(VIRTIO_GPIO_IRQ_STARTED, &irq->flags) ||
	    (vgpio->suspended && !test_bit(VIRTIO_GPIO_IRQ_WAKE, &irq->flags)))
		return VIRTIO_GPIO_IRQ_TYPE_NONE;

	type = READ_ONCE(irq->type);

	return type == READ_ONCE(irq->refused_type) ? READ_ONCE(irq->accepted_type) : type;
}

static bool virtio_gpio_irq_is_enabled(struct virtio_gpio *vgpio, const struct virtio_gpio_irq *irq)
{
	return !irq->open && irq->device_type != VIRTIO_GPIO_IRQ_TYPE_NONE &&
	       irq->device_type == virtio_gpio_irq_wanted(vgpio, irq);
}

/**
 * virtio_gpio_queue_events() - Queue the buffers of interrupts that are ready
 * @vgpio: the device
 *
 * The driver must not queue more than one pair of buffers for a line, nor
 * before the interrupt is enabled (section 5.18.7.2). It does not do so while a
 * flow handler runs, either. Lines that find no room have their turn when
 * buffers return.
 *
 * Context: Any context. The caller holds the lock.
 * Return: The virtqueue to notify, or NULL.
 */
static struct virtqueue *virtio_gpio_queue_events(struct virtio_gpio *vgpio)
{
	struct virtqueue *vq = vgpio->eventq;
	struct virtio_gpio_irq *irq, *next;
	bool added = false;

	if (!vq || virtqueue_is_broken(vq))
		return NULL;

	list_for_each_entry_safe(irq, next, &vgpio->ready, node) {
		if (!virtio_gpio_irq_is_enabled(vgpio, irq) ||
		    !test_bit(VIRTIO_GPIO_IRQ_UNMASKED, &irq->flags) ||
		    test_bit(VIRTIO_GPIO_IRQ_DEFERRED, &irq->flags)) {
			list_del_init(&irq->node);
			continue;
		}
		if (!virtio_gpio_has_room(vq)) {
			if (!irq->no_room_reported)
				virtio_gpio_err(vgpio, "no room in the eventq for line %u\n",
						irq->gpio);
			irq->no_room_reported = true;
			continue;
		}
		irq->req.gpio = cpu_to_le16(irq->gpio);
		irq->event.status = VIRTIO_GPIO_IRQ_STATUS_INVALID;
		if (virtio_gpio_add_bufs(vq, &irq->req, sizeof(irq->req),
					 &irq->event, sizeof(irq->event), irq)) {
			virtio_gpio_retry(vgpio);
			break;
		}
		list_del_init(&irq->node);
		irq->queued = true;
		added = true;
	}

	return added && virtqueue_kick_prepare(vq) ? vq : NULL;
}

static void virtio_gpio_irq_send_type(struct virtio_gpio *vgpio, struct virtio_gpio_irq *irq,
				      u8 type)
{
	struct virtio_gpio_msg *msg = &irq->msg[!!type];

	msg->irq = irq;
	virtio_gpio_init_msg(msg, VIRTIO_GPIO_MSG_IRQ_TYPE, irq->gpio, type);
	virtio_gpio_submit(vgpio, msg, &vgpio->urgent);
	irq->open++;
}

/**
 * virtio_gpio_irq_update() - Make the device follow the irq core
 * @vgpio: the device
 * @irq: the interrupt
 *
 * The driver must disable an interrupt before it sets another trigger type
 * (section 5.18.6.8). The device returns the buffers of an interrupt that is
 * disabled.
 *
 * Context: Any context. The caller holds the lock.
 */
static void virtio_gpio_irq_update(struct virtio_gpio *vgpio, struct virtio_gpio_irq *irq)
{
	bool restart;
	u8 type;

	lockdep_assert_held(&vgpio->lock);

	if (irq->open || vgpio->state != VIRTIO_GPIO_UP || vgpio->stopped)
		return;

	/* In this order, as irq_shutdown() asks for a restart last. */
	restart = test_and_clear_bit(VIRTIO_GPIO_IRQ_RESTART, &irq->flags);
	type = virtio_gpio_irq_wanted(vgpio, irq);
	if (irq->device_type != VIRTIO_GPIO_IRQ_TYPE_NONE &&
	    (restart || irq->device_type != type)) {
		virtio_gpio_irq_send_type(vgpio, irq, VIRTIO_GPIO_IRQ_TYPE_NONE);
		irq->device_type = VIRTIO_GPIO_IRQ_TYPE_UNKNOWN;
	}
	if (type != irq->device_type && type != VIRTIO_GPIO_IRQ_TYPE_NONE)
		virtio_gpio_irq_send_type(vgpio, irq, type);

	if (!irq->queued && list_empty(&irq->node))
		list_add_tail(&irq->node, &vgpio->ready);
}

static void virtio_gpio_update_irqs(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_irq *irq;
	unsigned long gpio;

	xa_for_each(&vgpio->irqs, gpio, irq)
		virtio_gpio_irq_update(vgpio, irq);
}

/*
 * Handle the reply to a type message. A type that is refused is sent once more
 * by way of NONE, in case the device has the interrupt enabled. If it is refused
 * again, the interrupt keeps the type that it had: irq_set_type() has returned.
 * Until VIRTIO_GPIO_IRQ_RESTART is cleared, replies are to types of an earlier start.
 */
static void virtio_gpio_irq_complete(struct virtio_gpio *vgpio, const struct virtio_gpio_msg *msg)
{
	u8 type = le32_to_cpu(msg->req.value);
	struct virtio_gpio_irq *irq = msg->irq;
	bool late = test_bit(VIRTIO_GPIO_IRQ_RESTART, &irq->flags);

	irq->open--;
	/* A change of the type explains one invalid event, but no more. */
	if (irq->bad_events < 2)
		irq->bad_events = 0;
	if (!msg->ret || type == VIRTIO_GPIO_IRQ_TYPE_NONE) {
		irq->device_type = type;
	} else if (late || !irq->refused) {
		irq->refused = !late;
		irq->device_type = VIRTIO_GPIO_IRQ_TYPE_UNKNOWN;
	} else {
		irq->refused = false;
		if (msg->ret != -EINVAL)
			irq->device_type = VIRTIO_GPIO_IRQ_TYPE_UNKNOWN;
		if (type == READ_ONCE(irq->accepted_type))
			WRITE_ONCE(irq->accepted_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
		if (type == READ_ONCE(irq->type))
			WRITE_ONCE(irq->refused_type, type);
	}
	if (irq->device_type == type && type != VIRTIO_GPIO_IRQ_TYPE_NONE) {
		irq->refused = false;
		if (!late)
			WRITE_ONCE(irq->accepted_type, type);
	}

	virtio_gpio_irq_update(vgpio, irq);
	if (!irq->open)
		wake_up_all(&vgpio->waitq);
}

/* Where flow handlers must not be called. Who adds the first one, calls all. */
static void virtio_gpio_irq_kick(struct virtio_gpio *vgpio, struct virtio_gpio_irq *irq)
{
	if (!test_and_set_bit(VIRTIO_GPIO_IRQ_DEFERRED, &irq->flags) &&
	    llist_add(&irq->deferred_node, &vgpio->deferred))
		irq_work_queue(&vgpio->irq_work);
}

/**
 * virtio_gpio_process_event() - Handle buffers that the device has returned
 * @vgpio: the device
 * @irq: the interrupt
 * @len: number of bytes that the device claims to have written
 *
 * A device may return the buffers of an enabled interrupt unused once, because
 * they have crossed a request. Buffers of an invalid event are queued again at
 * once, and after a delay if it repeats; if they were unused, the interrupt is
 * then disabled and enabled. One message is logged for a row of invalid events.
 *
 * Context: Any context. The caller holds the lock.
 */
static void virtio_gpio_process_event(struct virtio_gpio *vgpio, struct virtio_gpio_irq *irq,
				      unsigned int len)
{
	u8 status = READ_ONCE(irq->event.status);
	bool unused = len == sizeof(irq->event) && status == VIRTIO_GPIO_IRQ_STATUS_INVALID;

	irq->queued = false;
	if (!virtio_gpio_irq_is_enabled(vgpio, irq))
		return;

	if (len == sizeof(irq->event) && status == VIRTIO_GPIO_IRQ_STATUS_VALID) {
		irq->bad_events = 0;
		clear_bit(VIRTIO_GPIO_IRQ_FRESH, &irq->flags);
		set_bit(VIRTIO_GPIO_IRQ_PENDING, &irq->flags);
		if (!test_and_set_bit(VIRTIO_GPIO_IRQ_DEFERRED, &irq->flags))
			llist_add(&irq->deferred_node, &vgpio->deferred);
		return;
	}

	if (irq->bad_events == 1 || (!irq->bad_events && !unused))
		virtio_gpio_err(vgpio, "event for line %u has %u bytes, status %#x\n",
				irq->gpio, len, status);
	if (!irq->bad_events) {
		irq->bad_events = unused ? 1 : 2;
		virtio_gpio_irq_update(vgpio, irq);
		return;
	}

	irq->bad_events = 2;
	if (unused)
		set_bit(VIRTIO_GPIO_IRQ_RESTART, &irq->flags);
	list_move_tail(&irq->node, &vgpio->backoff);
	virtio_gpio_retry(vgpio);
}

/* Replies */

/* Note what the device has accepted, whether or not somebody still waits. */
static void virtio_gpio_update_line(struct virtio_gpio *vgpio, const struct virtio_gpio_msg *msg)
{
	struct virtio_gpio_line *line = &vgpio->lines[le16_to_cpu(msg->req.gpio)];
	u16 type = le16_to_cpu(msg->req.type);
	u32 value = le32_to_cpu(msg->req.value);

	if (type == VIRTIO_GPIO_MSG_SET_DIRECTION) {
		line->dir_valid = msg->ret >= 0;
		/* A reset counts as release, too, after late replies to other requests. */
		line->owned &= value != VIRTIO_GPIO_DIRECTION_NONE;
		line->has_level &= value != VIRTIO_GPIO_DIRECTION_NONE;
	}
	if (msg->ret < 0)
		return;

	switch (type) {
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		/* A reset took it away; what the driver has set is kept. */
		if (line->owned && msg->ret == VIRTIO_GPIO_DIRECTION_NONE)
			break;
		line->dir_valid = true;
		line->out = msg->ret == VIRTIO_GPIO_DIRECTION_OUT;
		break;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		line->out = value == VIRTIO_GPIO_DIRECTION_OUT;
		line->owned = value != VIRTIO_GPIO_DIRECTION_NONE;
		break;
	case VIRTIO_GPIO_MSG_SET_VALUE:
		line->high = value != 0;
		line->has_level = true;
		line->level_valid = true;
		/* It may have been an output since before probe. */
		line->owned = line->owned || (line->dir_valid && line->out);
		break;
	}
}

/* The device has answered a message, or will never do so. */
static void virtio_gpio_complete_msg(struct virtio_gpio *vgpio, struct virtio_gpio_msg *msg,
				     int ret)
{
	struct virtio_gpio_call *call = msg->call;

	msg->ret = ret;
	list_del_init(&msg->node);

	if (msg->irq) {
		virtio_gpio_irq_complete(vgpio, msg);
		return;
	}

	virtio_gpio_update_line(vgpio, msg);
	if (call == vgpio->restore_call)
		vgpio->restarts++;
	if (--call->open || call == vgpio->restore_call)
		return;
	if (call->async)
		kfree(call);
	else
		complete(&call->done);
}

/*
 * After a reset, what changes a line waits until the line is restored, or given
 * up, as that would undo it.
 *
 * The driver must not send type messages for an output (section 5.18.6.8), so a
 * line whose interrupt was freed keeps its direction until the device has
 * disabled the interrupt. Levels wait as well: the device forgets them when it
 * releases the line.
 */
static bool virtio_gpio_is_blocked(struct virtio_gpio *vgpio, const struct virtio_gpio_msg *msg)
{
	struct virtio_gpio_line *line = &vgpio->lines[le16_to_cpu(msg->req.gpio)];
	struct virtio_gpio_irq *irq;

	if (msg->req.type != cpu_to_le16(VIRTIO_GPIO_MSG_SET_DIRECTION) &&
	    msg->req.type != cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE))
		return false;
	if (vgpio->state != VIRTIO_GPIO_UP && ((line->has_level && !line->level_valid) ||
					       (line->owned && !line->dir_valid)))
		return true;
	irq = xa_load(&vgpio->irqs, le16_to_cpu(msg->req.gpio));

	return irq && !test_bit(VIRTIO_GPIO_IRQ_STARTED, &irq->flags) &&
	       (irq->open || irq->device_type != VIRTIO_GPIO_IRQ_TYPE_NONE);
}

static struct virtio_gpio_msg *virtio_gpio_next_msg(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_msg *msg;

	if (vgpio->in_flight == VIRTIO_GPIO_MAX_MSGS)
		return NULL;
	if (!list_empty(&vgpio->urgent))
		return list_first_entry(&vgpio->urgent, struct virtio_gpio_msg, node);
	if (vgpio->hold_calls)
		return NULL;

	list_for_each_entry(msg, &vgpio->pending, node)
		if (!virtio_gpio_is_blocked(vgpio, msg))
			return msg;

	return NULL;
}

/**
 * virtio_gpio_send_msgs() - Send messages as far as there is room
 * @vgpio: the device
 *
 * A message that cannot be added for another reason than lack of room waits for
 * the next reply. If none is to come, it fails.
 *
 * A message that nobody waits for does not fail, but is sent again later.
 *
 * Context: Any context. The caller holds the lock.
 * Return: The virtqueue to notify, or NULL.
 */
static struct virtqueue *virtio_gpio_send_msgs(struct virtio_gpio *vgpio)
{
	struct virtqueue *vq = vgpio->requestq;
	struct virtio_gpio_msg *msg;
	bool sent = false;
	int ret;

	while (vq && (msg = virtio_gpio_next_msg(vgpio))) {
		ret = virtio_gpio_add_bufs(vq, &msg->req, sizeof(msg->req),
					   msg->reply, msg->reply_len, msg);
		if (ret && (vgpio->in_flight || virtqueue_is_broken(vq)))
			break;
		if (ret && (msg->irq || msg->call->async)) {
			virtio_gpio_retry(vgpio);
			break;
		}
		if (ret) {
			virtio_gpio_report(vgpio, msg, ret);
			virtio_gpio_complete_msg(vgpio, msg, ret);
			continue;
		}

		list_move_tail(&msg->node, &vgpio->sent);
		vgpio->in_flight++;
		sent = true;
	}

	return sent && virtqueue_kick_prepare(vq) ? vq : NULL;
}

/* Whether the line needs a request in this state, which is filled in */
static bool virtio_gpio_restore_msg(struct virtio_gpio *vgpio, struct virtio_gpio_msg *msg,
				    u16 gpio)
{
	const struct virtio_gpio_line *line = &vgpio->lines[gpio];

	if (vgpio->state == VIRTIO_GPIO_RESTORE_LEVELS) {
		virtio_gpio_init_msg(msg, VIRTIO_GPIO_MSG_SET_VALUE, gpio, line->high);
		return line->has_level && !line->level_valid;
	}

	virtio_gpio_init_msg(msg, VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			     line->out ? VIRTIO_GPIO_DIRECTION_OUT : VIRTIO_GPIO_DIRECTION_IN);
	return line->owned && !line->dir_valid && (!line->out || line->level_valid);
}

/**
 * virtio_gpio_restore_lines() - Continue to restore lines after a reset
 * @vgpio: the device
 *
 * Levels come before directions. A line whose level was refused does not become
 * an output, as it would drive another level.
 *
 * Context: Any context. The caller holds the lock.
 */
static void virtio_gpio_restore_lines(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_call *call = vgpio->restore_call;
	struct virtio_gpio_msg *msg;

	while (vgpio->state < VIRTIO_GPIO_UP && !call->open) {
		while (vgpio->cursor < vgpio->gc.ngpio && call->open < call->num) {
			msg = &call->msg[call->open];
			if (!virtio_gpio_restore_msg(vgpio, msg, vgpio->cursor++))
				continue;
			virtio_gpio_submit(vgpio, msg, &vgpio->urgent);
			call->open++;
		}
		if (call->open)
			break;
		vgpio->cursor = 0;
		if (++vgpio->state == VIRTIO_GPIO_UP)
			virtio_gpio_update_irqs(vgpio);
	}

	if (vgpio->in_flight || !list_empty(&vgpio->urgent))
		return;
	if (!vgpio->suspended)
		vgpio->hold_calls = false;
	wake_up_all(&vgpio->waitq);
}

/**
 * virtio_gpio_parse_reply() - Check a reply
 * @msg: the message that the device has returned
 * @len: number of bytes that the device claims to have written
 *
 * Return: The value, -EINVAL if the device has refused the request, or -EIO if
 *	   the reply is malformed.
 */
static int virtio_gpio_parse_reply(const struct virtio_gpio_msg *msg, unsigned int len)
{
	u8 status = READ_ONCE(*msg->reply);
	u8 value = READ_ONCE(msg->reply[1]);

	if (len != msg->reply_len)
		return -EIO;
	if (status == VIRTIO_GPIO_STATUS_ERR)
		return -EINVAL;
	if (status != VIRTIO_GPIO_STATUS_OK)
		return -EIO;

	switch (le16_to_cpu(msg->req.type)) {
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		return value > VIRTIO_GPIO_DIRECTION_IN ? -EIO : value;
	case VIRTIO_GPIO_MSG_GET_VALUE:
		return value > 1 ? -EIO : value;
	default:
		return 0;
	}
}

static void virtio_gpio_process_reply(struct virtio_gpio *vgpio, struct virtio_gpio_msg *msg,
				      unsigned int len)
{
	int ret = virtio_gpio_parse_reply(msg, len);

	vgpio->in_flight--;
	vgpio->replies++;
	if (ret < 0)
		virtio_gpio_report(vgpio, msg, ret);
	virtio_gpio_complete_msg(vgpio, msg, ret);
}

static void virtio_gpio_process_events(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_irq *irq;
	unsigned int len;

	while (vgpio->eventq && (irq = virtqueue_get_buf(vgpio->eventq, &len)))
		virtio_gpio_process_event(vgpio, irq, len);
}

/**
 * virtio_gpio_process_used() - Handle all that the device has returned
 * @vgpio: the device
 *
 * An event that the device has sent before its reply to a type message is of
 * the former type. Once the reply is seen that event can be, and it has to be
 * handled first.
 *
 * Context: Any context. The caller holds the lock.
 */
static void virtio_gpio_process_used(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_msg *msg;
	unsigned int len;

	/* Interrupts may come before probe has the virtqueues. */
	while (vgpio->requestq && (msg = virtqueue_get_buf(vgpio->requestq, &len))) {
		if (msg->irq)
			virtio_gpio_process_events(vgpio);
		virtio_gpio_process_reply(vgpio, msg, len);
	}
	virtio_gpio_process_events(vgpio);
}

/* Where flow handlers must not be called, as the caller may hold their locks */
static void virtio_gpio_poll(struct virtio_gpio *vgpio)
{
	virtio_gpio_process_used(vgpio);
	if (!llist_empty(&vgpio->deferred))
		irq_work_queue(&vgpio->irq_work);
}

/**
 * virtio_gpio_sync_unlock() - Do what is due and release the lock
 * @vgpio: the device
 * @flags: as saved when the lock was taken
 *
 * A notification may take long, as the device may handle it at once, so it is
 * sent without the lock. RCU keeps virtqueues from being deleted.
 *
 * Context: Any context. The caller holds the lock.
 */
static void virtio_gpio_sync_unlock(struct virtio_gpio *vgpio, unsigned long flags)
	__releases(&vgpio->lock)
{
	struct virtqueue *requestq = NULL, *eventq = NULL;

	guard(rcu)();

	if (vgpio->state != VIRTIO_GPIO_DOWN) {
		if (vgpio->state != VIRTIO_GPIO_UP || vgpio->hold_calls || vgpio->suspended)
			virtio_gpio_restore_lines(vgpio);
		requestq = virtio_gpio_send_msgs(vgpio);
		eventq = virtio_gpio_queue_events(vgpio);
	}
	spin_unlock_irqrestore(&vgpio->lock, flags);

	if (requestq)
		virtqueue_notify(requestq);
	if (eventq)
		virtqueue_notify(eventq);
}

DEFINE_LOCK_GUARD_1(virtio_gpio_sync, struct virtio_gpio,
		    spin_lock_irqsave(&_T->lock->lock, _T->flags),
		    virtio_gpio_sync_unlock(_T->lock, _T->flags),
		    unsigned long flags)

/* Waiting */

/**
 * struct virtio_gpio_progress - what a waiter has seen of the device
 * @open: its messages without a reply
 * @ahead: messages that the device has had for longer
 * @replies: virtio_gpio.replies
 * @restarts: virtio_gpio.restarts
 * @idle_polls: polls since the last change that counts
 */
struct virtio_gpio_progress {
	unsigned int open;
	unsigned int ahead;
	unsigned int replies;
	unsigned int restarts;
	unsigned int idle_polls;
};

/**
 * virtio_gpio_check_progress() - Check whether to wait any longer
 * @vgpio: the device
 * @owner: the call or the interrupt whose messages are waited for
 * @open: its number of messages without a reply
 * @p: what was seen so far
 *
 * This also handles replies whose interrupt was lost.
 *
 * Progress is a reply to what was sent earlier, or to anything while there is
 * no room for the message, a reset, and a line that is restored. Replies to later
 * requests do not count, as a device may have lost just one.
 *
 * Time is counted in polls, so it stops while the machine does.
 *
 * Context: Process context.
 * Return:
 * * 0 - to wait
 * * -ENODEV - the device is gone
 * * -EINTR - the task is killed
 * * -ESHUTDOWN - the device is down for too long
 * * -ETIMEDOUT - there was no progress for too long
 */
static int virtio_gpio_check_progress(struct virtio_gpio *vgpio, const void *owner,
				      const unsigned int *open, struct virtio_gpio_progress *p)
{
	unsigned int timeout_ms = READ_ONCE(virtio_gpio_timeout_ms);
	struct virtio_gpio_msg *msg;
	unsigned int ahead = 0;
	bool sent = false;

	guard(virtio_gpio_sync)(vgpio);

	virtio_gpio_poll(vgpio);
	if (virtio_gpio_is_dead(vgpio))
		return -ENODEV;
	if (fatal_signal_pending(current))
		return -EINTR;

	list_for_each_entry(msg, &vgpio->sent, node) {
		sent = msg->call == owner || msg->irq == owner;
		if (sent)
			break;
		ahead++;
	}
	p->idle_polls++;
	if (*open != p->open || vgpio->restarts != p->restarts ||
	    (sent && ahead != p->ahead) ||
	    (!sent && vgpio->replies != p->replies &&
	     (vgpio->hold_calls || vgpio->in_flight == VIRTIO_GPIO_MAX_MSGS ||
	      !virtio_gpio_has_room(vgpio->requestq))))
		p->idle_polls = 0;
	p->open = *open;
	p->ahead = ahead;
	p->replies = vgpio->replies;
	p->restarts = vgpio->restarts;

	if (vgpio->state == VIRTIO_GPIO_DOWN)
		return p->idle_polls < VIRTIO_GPIO_HOLD_POLLS ? 0 : -ESHUTDOWN;
	if (timeout_ms && p->idle_polls > (timeout_ms - 1) / virtio_gpio_poll_ms)
		return -ETIMEDOUT;

	return 0;
}

/* Messages that were not sent are dropped; the last reply frees the call. */
static void virtio_gpio_abort_call(struct virtio_gpio *vgpio, struct virtio_gpio_call *call)
{
	struct virtio_gpio_msg *msg, *next;

	list_for_each_entry_safe(msg, next, &vgpio->pending, node) {
		if (msg->call != call)
			continue;
		list_del_init(&msg->node);
		call->open--;
	}
	call->async = true;
	if (!call->open)
		kfree(call);
}

/**
 * virtio_gpio_transact() - Send a call and wait for the replies
 * @vgpio: the device
 * @call: the call, which is the caller's again only if this returns 0
 *
 * A task that is killed may be about to switch something off, so it still waits
 * for one poll.
 *
 * Context: May sleep.
 * Return: 0 if all messages were answered, or -errno.
 */
static int virtio_gpio_transact(struct virtio_gpio *vgpio, struct virtio_gpio_call *call)
{
	struct virtio_gpio_progress p = { };
	struct virtio_gpio_msg *msg;
	int ret;

	scoped_guard(virtio_gpio_sync, vgpio) {
		if (virtio_gpio_is_dead(vgpio)) {
			kfree(call);
			return -ENODEV;
		}
		for (unsigned int i = 0; i < call->num; i++)
			virtio_gpio_submit(vgpio, &call->msg[i], &vgpio->pending);
	}

	do {
		if (wait_for_completion_timeout(&call->done, VIRTIO_GPIO_POLL))
			return 0;
		ret = virtio_gpio_check_progress(vgpio, call, &call->open, &p);
	} while (!ret);

	guard(spinlock_irqsave)(&vgpio->lock);
	if (!call->open)
		return 0;
	for (msg = call->msg; list_empty(&msg->node); msg++)
		;
	if (ret == -ETIMEDOUT || ret == -ESHUTDOWN)
		virtio_gpio_report(vgpio, msg, ret);
	virtio_gpio_abort_call(vgpio, call);

	return ret;
}

/*
 * One request, without a call to look into. Returns the value of the reply, or
 * -errno. May sleep.
 */
static int virtio_gpio_req(struct virtio_gpio *vgpio, u16 type, u16 gpio, u32 value)
{
	struct virtio_gpio_call *call;
	int ret;

	call = virtio_gpio_alloc_call(1, GFP_NOIO);
	if (!call)
		return -ENOMEM;

	virtio_gpio_init_msg(call->msg, type, gpio, value);
	ret = virtio_gpio_transact(vgpio, call);
	if (ret)
		return ret;

	ret = call->msg->ret;
	kfree(call);

	return ret;
}

/**
 * virtio_gpio_batch() - Send the same request for several lines
 * @vgpio: the device
 * @type: one of VIRTIO_GPIO_MSG_*
 * @mask: the lines
 * @levels: levels of the lines, to be set or as read
 *
 * Up to 64 lines take one notification and one wait; user space handles no more
 * at once. If one line fails, the others are not affected.
 *
 * Context: May sleep.
 * Return: 0 or -errno. An error of the transport takes precedence over one of a
 *	   line, -EINVAL or -EIO.
 */
static int virtio_gpio_batch(struct virtio_gpio *vgpio, u16 type,
			     const unsigned long *mask, unsigned long *levels)
{
	unsigned int left = bitmap_weight(mask, vgpio->gc.ngpio);
	bool set = type == VIRTIO_GPIO_MSG_SET_VALUE;
	struct virtio_gpio_call *call;
	unsigned int gpio = 0, num, i;
	int ret, err = 0;

	for (; left; left -= num) {
		num = min(left, VIRTIO_GPIO_MAX_MSGS);
		call = virtio_gpio_alloc_call(num, GFP_NOIO);
		if (!call)
			return -ENOMEM;
		for (i = 0; i < num; i++, gpio++) {
			gpio = find_next_bit(mask, vgpio->gc.ngpio, gpio);
			virtio_gpio_init_msg(&call->msg[i], type, gpio,
					     set && test_bit(gpio, levels));
		}

		ret = virtio_gpio_transact(vgpio, call);
		if (ret)
			return ret;

		for (i = 0; i < num; i++) {
			ret = call->msg[i].ret;
			if (type == VIRTIO_GPIO_MSG_GET_VALUE)
				__assign_bit(le16_to_cpu(call->msg[i].req.gpio), levels, ret > 0);
			if (ret < 0 && (!err || (ret != -EINVAL && ret != -EIO)))
				err = ret;
		}
		kfree(call);
	}

	return err;
}

static void virtio_gpio_work(struct work_struct *work)
{
	struct virtio_gpio *vgpio = container_of(to_delayed_work(work), struct virtio_gpio, work);
	struct virtio_gpio_irq *irq;

	guard(virtio_gpio_sync)(vgpio);
	while ((irq = list_first_entry_or_null(&vgpio->backoff, struct virtio_gpio_irq, node))) {
		list_del_init(&irq->node);
		virtio_gpio_irq_update(vgpio, irq);
	}
	/* Last, as it may move interrupts to the list. */
	virtio_gpio_poll(vgpio);
}

/* GPIO chip operations */

static bool virtio_gpio_irq_in_use(struct virtio_gpio *vgpio, unsigned int gpio)
{
	struct virtio_gpio_irq *irq = xa_load(&vgpio->irqs, gpio);

	return irq && (test_bit(VIRTIO_GPIO_IRQ_REQUESTED, &irq->flags) ||
		       test_bit(VIRTIO_GPIO_IRQ_STARTED, &irq->flags));
}

static int virtio_gpio_request(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);

	guard(spinlock_irqsave)(&vgpio->lock);
	vgpio->lines[gpio].users++;

	return 0;
}

/*
 * Deactivate a line that has no user any more. Nobody waits for the reply, as
 * the device handles requests for a line in order. gpiolib cannot be told of a
 * failure, so allocating memory must not fail.
 */
static void virtio_gpio_free(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct virtio_gpio_line *line = &vgpio->lines[gpio];
	struct virtio_gpio_call *call;
	bool used;

	call = virtio_gpio_alloc_call(1, GFP_NOIO | __GFP_NOFAIL);
	virtio_gpio_init_msg(call->msg, VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			     VIRTIO_GPIO_DIRECTION_NONE);
	call->async = true;

	guard(virtio_gpio_sync)(vgpio);

	line->users -= !!line->users;
	/* Chained handlers do not request the line. */
	used = line->users || virtio_gpio_irq_in_use(vgpio, gpio);
	if (!used) {
		line->owned = false;
		line->has_level = false;
	}
	/* A device without virtqueues was reset, which releases all lines. */
	if (used || !vgpio->requestq || virtio_gpio_is_dead(vgpio))
		kfree(call);
	else
		virtio_gpio_submit(vgpio, call->msg, &vgpio->pending);
}

/* A line without a direction drives nothing, so it counts as an input. */
static int virtio_gpio_get_direction(struct gpio_chip *gc, unsigned int gpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	struct virtio_gpio_line *line = &vgpio->lines[gpio];
	int ret;

	/* After a reset, report the direction that will be restored. */
	scoped_guard(spinlock_irqsave, &vgpio->lock)
		if (line->dir_valid || (line->owned && vgpio->state != VIRTIO_GPIO_UP))
			return line->out ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;

	/* virtio_gpio_init_valid_mask() has asked already, in vain. */
	if (READ_ONCE(vgpio->prober) == current)
		return -EIO;
	ret = virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_GET_DIRECTION, gpio, 0);
	if (ret < 0)
		return ret;

	/* It may have been set meanwhile. */
	guard(spinlock_irqsave)(&vgpio->lock);
	if (line->dir_valid ? line->out : ret == VIRTIO_GPIO_DIRECTION_OUT)
		return GPIO_LINE_DIRECTION_OUT;

	return GPIO_LINE_DIRECTION_IN;
}

/*
 * gpiochip_add_data() calls this without the reserved lines in the mask, and
 * then asks for the direction of each valid line. Ask for all of them at once.
 */
static int virtio_gpio_init_valid_mask(struct gpio_chip *gc, unsigned long *valid_mask,
				       unsigned int ngpio)
{
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	int ret;

	WRITE_ONCE(vgpio->prober, current);
	ret = virtio_gpio_batch(vgpio, VIRTIO_GPIO_MSG_GET_DIRECTION, valid_mask, NULL);

	/* A line whose direction is not known can be used. */
	return ret == -EINVAL || ret == -EIO ? 0 : ret;
}

static int virtio_gpio_direction_input(struct gpio_chip *gc, unsigned int gpio)
{
	return virtio_gpio_req(gpiochip_get_data(gc), VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			       VIRTIO_GPIO_DIRECTION_IN);
}

static int virtio_gpio_get(struct gpio_chip *gc, unsigned int gpio)
{
	return virtio_gpio_req(gpiochip_get_data(gc), VIRTIO_GPIO_MSG_GET_VALUE, gpio, 0);
}

static int virtio_gpio_set(struct gpio_chip *gc, unsigned int gpio, int value)
{
	return virtio_gpio_req(gpiochip_get_data(gc), VIRTIO_GPIO_MSG_SET_VALUE, gpio, value);
}

static int virtio_gpio_direction_output(struct gpio_chip *gc, unsigned int gpio, int value)
{
	/* gpiolib prevents this, but not for open drain and chained handlers. */
	if (virtio_gpio_irq_in_use(gpiochip_get_data(gc), gpio))
		return -EIO;

	return virtio_gpio_set(gc, gpio, value) ?:
	       virtio_gpio_req(gpiochip_get_data(gc), VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			       VIRTIO_GPIO_DIRECTION_OUT);
}

static int virtio_gpio_get_multiple(struct gpio_chip *gc, unsigned long *mask, unsigned long *bits)
{
	return virtio_gpio_batch(gpiochip_get_data(gc), VIRTIO_GPIO_MSG_GET_VALUE, mask, bits);
}

static int virtio_gpio_set_multiple(struct gpio_chip *gc, unsigned long *mask, unsigned long *bits)
{
	return virtio_gpio_batch(gpiochip_get_data(gc), VIRTIO_GPIO_MSG_SET_VALUE, mask, bits);
}

/* Interrupts: flow handlers */

/**
 * virtio_gpio_irq_run_deferred() - Look at interrupts that were deferred
 * @work: virtio_gpio.irq_work
 *
 * handle_level_irq() drops an event that meets a handler of the same line on
 * another CPU. So an interrupt stays deferred until its handler has returned.
 *
 * Context: As a handler of interrupts. The caller does not hold the lock.
 */
static void virtio_gpio_irq_run_deferred(struct irq_work *work)
{
	struct virtio_gpio *vgpio = container_of(work, struct virtio_gpio, irq_work);
	struct virtio_gpio_irq *irq, *next;
	struct llist_node *list;

	/* irq_work_sync() waits for one CPU only, so removal waits for RCU. */
	guard(rcu)();

	list = llist_reverse_order(llist_del_all(&vgpio->deferred));
	llist_for_each_entry(irq, list, deferred_node) {
		if (test_and_clear_bit(VIRTIO_GPIO_IRQ_PENDING, &irq->flags) &&
		    !READ_ONCE(vgpio->stopped))
			generic_handle_domain_irq_safe(vgpio->gc.irq.domain, irq->gpio);
	}

	guard(virtio_gpio_sync)(vgpio);
	llist_for_each_entry_safe(irq, next, list, deferred_node) {
		/* A full barrier: a later kick adds it again, an earlier one is seen here. */
		clear_and_wake_up_bit(VIRTIO_GPIO_IRQ_DEFERRED, &irq->flags);
		if (test_bit(VIRTIO_GPIO_IRQ_PENDING, &irq->flags))
			virtio_gpio_irq_kick(vgpio, irq);
		virtio_gpio_irq_update(vgpio, irq);
	}
}

/* Of both virtqueues. Flow handlers may be called from here. */
static void virtio_gpio_vq_callback(struct virtqueue *vq)
{
	struct virtio_gpio *vgpio = vq->vdev->priv;

	scoped_guard(virtio_gpio_sync, vgpio)
		virtio_gpio_process_used(vgpio);
	if (!llist_empty(&vgpio->deferred))
		virtio_gpio_irq_run_deferred(&vgpio->irq_work);
}

/* Interrupts: operations of the irq core */

static struct virtio_gpio *virtio_gpio_irq_to_vgpio(struct irq_data *d)
{
	return gpiochip_get_data(irq_data_get_irq_chip_data(d));
}

/* NULL if the interrupt was never in use */
static struct virtio_gpio_irq *virtio_gpio_irq_get(struct irq_data *d)
{
	return xa_load(&virtio_gpio_irq_to_vgpio(d)->irqs, irqd_to_hwirq(d));
}

static struct virtio_gpio_irq *virtio_gpio_irq_create(struct irq_data *d, gfp_t gfp)
{
	struct virtio_gpio *vgpio = virtio_gpio_irq_to_vgpio(d);
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);

	if (irq)
		return irq;
	irq = kzalloc_obj(*irq, gfp);
	if (!irq)
		return NULL;

	INIT_LIST_HEAD(&irq->node);
	irq->gpio = irqd_to_hwirq(d);
	if (xa_insert_irq(&vgpio->irqs, irq->gpio, irq, gfp))
		kfree(irq);

	return virtio_gpio_irq_get(d);
}

static void virtio_gpio_irq_mask(struct irq_data *d)
{
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);

	if (!irq)
		return;
	clear_bit(VIRTIO_GPIO_IRQ_UNMASKED, &irq->flags);
}

/* Flow handlers and resume_irqs() call this without the bus being locked. */
static void virtio_gpio_irq_unmask(struct irq_data *d)
{
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);

	if (!irq)
		return;
	set_bit(VIRTIO_GPIO_IRQ_UNMASKED, &irq->flags);
	if (!in_task() || READ_ONCE(irq->bus_task) != current)
		virtio_gpio_irq_kick(virtio_gpio_irq_to_vgpio(d), irq);
}

/*
 * An edge came while the interrupt was disabled. If no event came since the
 * start, the irq core has kept the edge from an earlier user, and it is dropped.
 */
static int virtio_gpio_irq_retrigger(struct irq_data *d)
{
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);

	if (irq && !test_bit(VIRTIO_GPIO_IRQ_FRESH, &irq->flags)) {
		set_bit(VIRTIO_GPIO_IRQ_PENDING, &irq->flags);
		virtio_gpio_irq_kick(virtio_gpio_irq_to_vgpio(d), irq);
	}

	return 1;
}

static unsigned int virtio_gpio_irq_startup(struct irq_data *d)
{
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);

	if (!irq) {
		virtio_gpio_err(virtio_gpio_irq_to_vgpio(d),
				"no memory for the interrupt of line %lu\n", irqd_to_hwirq(d));
		return 0;
	}

	/* In a handler, current is the task that it has interrupted. */
	if (in_task())
		WRITE_ONCE(irq->waiter, current);
	WRITE_ONCE(irq->type, irqd_get_trigger_type(d));
	WRITE_ONCE(irq->accepted_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
	set_bit(VIRTIO_GPIO_IRQ_FRESH, &irq->flags);
	WRITE_ONCE(irq->refused_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
	/* Pairs with test_bit_acquire() in virtio_gpio_irq_wanted(). */
	smp_mb__before_atomic();
	set_bit(VIRTIO_GPIO_IRQ_STARTED, &irq->flags);
	virtio_gpio_irq_unmask(d);

	return 0;
}

/* The next user gets neither a pending event nor an edge the device latched. */
static void virtio_gpio_irq_shutdown(struct irq_data *d)
{
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);

	if (!irq)
		return;
	clear_bit(VIRTIO_GPIO_IRQ_STARTED, &irq->flags);
	clear_bit(VIRTIO_GPIO_IRQ_PENDING, &irq->flags);
	set_bit(VIRTIO_GPIO_IRQ_RESTART, &irq->flags);
}

/* Called for an unchanged type as well, in any context */
static int virtio_gpio_irq_set_type(struct irq_data *d, unsigned int type)
{
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);

	if (!type || (type & IRQ_TYPE_LEVEL_MASK && !is_power_of_2(type)))
		return -EINVAL;

	if (!irq)
		return 0;
	if (in_task() && type != irq->type && test_bit(VIRTIO_GPIO_IRQ_STARTED, &irq->flags))
		WRITE_ONCE(irq->waiter, current);
	WRITE_ONCE(irq->type, type);
	WRITE_ONCE(irq->refused_type, VIRTIO_GPIO_IRQ_TYPE_NONE);

	return 0;
}

/* virtio_uml looks at power/wakeup, and virtio_mmio at the device tree. */
static int virtio_gpio_irq_set_wake(struct irq_data *d, unsigned int on)
{
	struct virtio_gpio *vgpio = virtio_gpio_irq_to_vgpio(d);
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);
	struct device *dev = &vgpio->vdev->dev;
	bool wakes = device_may_wakeup(dev) ||
		     of_property_read_bool(dev->parent->of_node, "wakeup-source");

	if (!irq || (on && (vgpio->off_in_suspend || !wakes)))
		return -ENXIO;
	assign_bit(VIRTIO_GPIO_IRQ_WAKE, &irq->flags, on);

	return 0;
}

/* For chained handlers, this is the first callback: no irq_request_resources(). */
static void virtio_gpio_irq_bus_lock(struct irq_data *d)
{
	struct virtio_gpio_irq *irq;

	irq = irqs_disabled() ? virtio_gpio_irq_get(d) :
				virtio_gpio_irq_create(d, GFP_ATOMIC | __GFP_NOWARN);
	if (!irq || !in_task())
		return;
	WRITE_ONCE(irq->bus_task, current);
	/* It may have started the interrupt without the bus, in suspend or resume. */
	cmpxchg(&irq->waiter, current, NULL);
}

static bool virtio_gpio_irq_is_settled(struct virtio_gpio *vgpio, struct virtio_gpio_irq *irq)
{
	guard(spinlock_irqsave)(&vgpio->lock);

	return vgpio->stopped || (vgpio->state == VIRTIO_GPIO_UP && !irq->open);
}

/* Devices refuse the trigger type of a line that is no input. */
static int virtio_gpio_irq_make_input(struct virtio_gpio *vgpio, u16 gpio)
{
	struct virtio_gpio_line *line = &vgpio->lines[gpio];

	/* After a reset, an input will be restored. */
	scoped_guard(spinlock_irqsave, &vgpio->lock)
		if (line->owned && !line->out &&
		    (line->dir_valid || vgpio->state != VIRTIO_GPIO_UP))
			return 0;

	/* Not through the chip, which may be being removed */
	return virtio_gpio_req(vgpio, VIRTIO_GPIO_MSG_SET_DIRECTION, gpio,
			       VIRTIO_GPIO_DIRECTION_IN);
}

/* Whatever the waiter does, the device is told as soon as it can be. */
static void virtio_gpio_irq_wait(struct virtio_gpio *vgpio, struct virtio_gpio_irq *irq)
{
	struct virtio_gpio_progress p = { };
	int ret = 0;

	while (!ret && !wait_event_timeout(vgpio->waitq, virtio_gpio_irq_is_settled(vgpio, irq),
					   VIRTIO_GPIO_POLL))
		ret = virtio_gpio_check_progress(vgpio, irq, &irq->open, &p);
	if (ret == -ETIMEDOUT || ret == -ESHUTDOWN)
		virtio_gpio_err(vgpio, "trigger type of line %u not set: %pe\n",
				irq->gpio, ERR_PTR(ret));
}

/**
 * virtio_gpio_irq_bus_sync_unlock() - Finish an operation of the irq core
 * @d: the interrupt
 *
 * Waits until the device has enabled the interrupt. Requests for different lines
 * are answered in any order, so an edge that another line makes right after
 * this would be lost otherwise.
 *
 * Context: May sleep if this task has started the interrupt or changed its type,
 *	    any context otherwise. With PREEMPT_RT, not under a raw lock unless
 *	    interrupts are off.
 */
static void virtio_gpio_irq_bus_sync_unlock(struct irq_data *d)
{
	struct virtio_gpio *vgpio = virtio_gpio_irq_to_vgpio(d);
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);
	bool wait;

	if (!irq)
		return;

	/* Chained handlers are removed without irq_shutdown(), and set again without a startup. */
	if (!test_bit(VIRTIO_GPIO_IRQ_REQUESTED, &irq->flags)) {
		if (!irq_desc_has_action(irq_data_to_desc(d)))
			virtio_gpio_irq_shutdown(d);
		else if (!test_bit(VIRTIO_GPIO_IRQ_STARTED, &irq->flags))
			virtio_gpio_irq_startup(d);
	}
	wait = in_task() && cmpxchg(&irq->waiter, current, NULL) == current && !irqs_disabled();
	if (wait) {
		atomic_inc(&vgpio->irq_ops);
		/* Chained handlers come without irq_request_resources(). */
		virtio_gpio_irq_make_input(vgpio, irq->gpio);
	}

	if (in_task())
		cmpxchg(&irq->bus_task, current, NULL);
	/* With PREEMPT_RT, the lock sleeps. */
	if (irqs_disabled()) {
		virtio_gpio_irq_kick(vgpio, irq);
		return;
	}
	scoped_guard(virtio_gpio_sync, vgpio)
		virtio_gpio_irq_update(vgpio, irq);

	if (!wait)
		return;
	virtio_gpio_irq_wait(vgpio, irq);
	atomic_dec_and_wake_up(&vgpio->irq_ops);
}

DEFINE_GUARD(virtio_gpio_irq_op, struct virtio_gpio *,
	     atomic_inc(&_T->irq_ops), atomic_dec_and_wake_up(&_T->irq_ops))

/* request_irq() can fail here, but not if the type is refused later. */
static int virtio_gpio_irq_request_resources(struct irq_data *d)
{
	struct gpio_chip *gc = irq_data_get_irq_chip_data(d);
	struct virtio_gpio *vgpio = gpiochip_get_data(gc);
	irq_hw_number_t gpio = irqd_to_hwirq(d);
	struct virtio_gpio_irq *irq;
	int ret;

	guard(virtio_gpio_irq_op)(vgpio);
	irq = virtio_gpio_irq_create(d, GFP_KERNEL);
	if (!irq)
		return -ENOMEM;

	scoped_guard(spinlock_irqsave, &vgpio->lock)
		if (vgpio->state == VIRTIO_GPIO_UP && virtqueue_is_broken(vgpio->eventq))
			return -ENODEV;

	/*
	 * gpiolib takes a line for an output after it was freed, until it asks
	 * for the direction. It then writes back all flags that it has read
	 * before, so the answer must be there already.
	 */
	ret = virtio_gpio_get_direction(gc, gpio);
	/* gpiolib would not mind if it is open drain. */
	if (ret == GPIO_LINE_DIRECTION_OUT)
		return -EIO;
	if (ret > 0)
		gpiod_get_direction(gpio_device_get_desc(gc->gpiodev, gpio));
	else if (ret != -EINVAL && ret != -EIO)
		return ret;

	ret = gpiochip_reqres_irq(gc, gpio);
	if (ret)
		return ret;

	set_bit(VIRTIO_GPIO_IRQ_REQUESTED, &irq->flags);
	virtio_gpio_request(gc, gpio);
	ret = virtio_gpio_irq_make_input(vgpio, gpio);
	if (ret) {
		clear_bit(VIRTIO_GPIO_IRQ_REQUESTED, &irq->flags);
		virtio_gpio_free(gc, gpio);
		gpiochip_relres_irq(gc, gpio);
	}

	return ret;
}

static void virtio_gpio_irq_release_resources(struct irq_data *d)
{
	struct virtio_gpio *vgpio = virtio_gpio_irq_to_vgpio(d);
	struct virtio_gpio_irq *irq = virtio_gpio_irq_get(d);

	/* Neither an event that met irq_shutdown() nor its handler is for the next user. */
	scoped_guard(spinlock_irqsave, &vgpio->lock)
		clear_bit(VIRTIO_GPIO_IRQ_PENDING, &irq->flags);
	wait_on_bit(&irq->flags, VIRTIO_GPIO_IRQ_DEFERRED, TASK_UNINTERRUPTIBLE);
	clear_bit(VIRTIO_GPIO_IRQ_REQUESTED, &irq->flags);
	virtio_gpio_free(&vgpio->gc, irq->gpio);
	gpiochip_relres_irq(&vgpio->gc, irq->gpio);
}

static void virtio_gpio_irq_print_chip(struct irq_data *d, struct seq_file *p)
{
	seq_puts(p, virtio_gpio_irq_to_vgpio(d)->gc.label);
}

/*
 * Without irq_disable(), the irq core disables interrupts lazily: that costs no
 * request, and no edge is lost. The device has a disabled interrupt enabled, so
 * the line must not become an output, and gpiochip_disable_irq() is not called.
 */
static const struct irq_chip virtio_gpio_irq_chip = {
	.name			= "virtio-gpio",
	.irq_startup		= virtio_gpio_irq_startup,
	.irq_shutdown		= virtio_gpio_irq_shutdown,
	.irq_mask		= virtio_gpio_irq_mask,
	.irq_unmask		= virtio_gpio_irq_unmask,
	.irq_retrigger		= virtio_gpio_irq_retrigger,
	.irq_set_type		= virtio_gpio_irq_set_type,
	.irq_set_wake		= virtio_gpio_irq_set_wake,
	.irq_bus_lock		= virtio_gpio_irq_bus_lock,
	.irq_bus_sync_unlock	= virtio_gpio_irq_bus_sync_unlock,
	.irq_request_resources	= virtio_gpio_irq_request_resources,
	.irq_release_resources	= virtio_gpio_irq_release_resources,
	.irq_print_chip		= virtio_gpio_irq_print_chip,
	.flags			= IRQCHIP_IMMUTABLE | IRQCHIP_ENABLE_WAKEUP_ON_SUSPEND,
};

/* Virtqueues */

/*
 * After a reset, requests without a reply are sent again if somebody waits.
 * They have the same effect when the device has handled them before.
 */
static void virtio_gpio_requeue_msgs(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_msg *msg, *next;
	LIST_HEAD(msgs);

	list_splice_init(&vgpio->pending, &msgs);
	list_splice_init(&vgpio->urgent, &msgs);
	list_splice_init(&vgpio->sent, &msgs);
	vgpio->in_flight = 0;
	vgpio->restore_call->open = 0;
	vgpio->restore_call->reported = false;

	list_for_each_entry_safe(msg, next, &msgs, node) {
		list_del_init(&msg->node);
		if (msg->irq || msg->call == vgpio->restore_call)
			continue;
		if (msg->call->async)
			virtio_gpio_complete_msg(vgpio, msg, -ESHUTDOWN);
		else
			virtio_gpio_submit(vgpio, msg, &vgpio->pending);
	}
}

/* Messages wait from now on. What has been answered is handled. */
static void virtio_gpio_set_down(struct virtio_gpio *vgpio)
{
	vgpio->state = VIRTIO_GPIO_DOWN;
	vgpio->hold_calls = true;
	vgpio->restarts++;
	virtio_gpio_poll(vgpio);
}

/* A device that was reset has no state. */
static void virtio_gpio_invalidate(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_irq *irq;
	unsigned long gpio;

	guard(spinlock_irqsave)(&vgpio->lock);

	for (gpio = 0; gpio < vgpio->gc.ngpio; gpio++) {
		vgpio->lines[gpio].dir_valid = false;
		vgpio->lines[gpio].level_valid = false;
	}
	virtio_gpio_requeue_msgs(vgpio);
	xa_for_each(&vgpio->irqs, gpio, irq) {
		irq->device_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		WRITE_ONCE(irq->refused_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
		irq->refused = false;
		irq->open = 0;
		irq->queued = false;
	}
}

/**
 * virtio_gpio_del_vqs() - Delete the virtqueues
 * @vgpio: the device
 * @reset: reset the device, unless that was done already
 *
 * What the device has returned is handled first. The reset ends the device's use
 * of all buffers.
 *
 * Context: May sleep.
 */
static void virtio_gpio_del_vqs(struct virtio_gpio *vgpio, bool reset)
{
	struct virtio_device *vdev = vgpio->vdev;
	struct virtqueue *requestq, *eventq;

	scoped_guard(virtio_gpio_sync, vgpio)
		virtio_gpio_set_down(vgpio);
	/* No callback runs after that, and no notification is under way. */
	virtio_break_device(vdev);
	virtio_synchronize_cbs(vdev);
	synchronize_rcu();
	if (reset)
		virtio_reset_device(vdev);

	scoped_guard(spinlock_irqsave, &vgpio->lock) {
		requestq = vgpio->requestq;
		eventq = vgpio->eventq;
		vgpio->requestq = NULL;
		vgpio->eventq = NULL;
	}
	/* Without a requestq there is nothing to delete. */
	if (!requestq)
		return;

	/* It takes long, so nobody else may find them meanwhile. */
	while (virtqueue_detach_unused_buf(requestq))
		;
	while (eventq && virtqueue_detach_unused_buf(eventq))
		;
	virtio_gpio_invalidate(vgpio);
	vdev->config->del_vqs(vdev);
}

/* Waits end with their next poll at the latest. */
static void virtio_gpio_stop(struct virtio_gpio *vgpio)
{
	guard(spinlock_irqsave)(&vgpio->lock);
	WRITE_ONCE(vgpio->stopped, true);
	wake_up_all(&vgpio->waitq);
}

static int virtio_gpio_find_vqs(struct virtio_gpio *vgpio)
{
	struct virtqueue_info vqs_info[] = {
		{ "requestq", virtio_gpio_vq_callback },
		{ "eventq", virtio_gpio_vq_callback },
	};
	struct virtio_device *vdev = vgpio->vdev;
	struct device *dev = &vdev->dev;
	struct virtqueue *vqs[2] = { };
	unsigned int i, num;
	int ret;

	num = virtio_has_feature(vdev, VIRTIO_GPIO_F_IRQ) ? 2 : 1;
	ret = virtio_find_vqs(vdev, num, vqs, vqs_info, NULL);
	if (ret)
		return dev_err_probe(dev, ret, "failed to find virtqueues\n");

	scoped_guard(spinlock_irqsave, &vgpio->lock) {
		vgpio->requestq = vqs[0];
		vgpio->eventq = vqs[1];
	}

	for (i = 0; i < num; i++)
		if (!virtio_gpio_has_room(vqs[i]))
			return dev_err_probe(dev, -ENOSPC, "%s is too small\n", vqs_info[i].name);

	return 0;
}

/* Probe and remove */

/* Valid names are used; returns whether the whole block is valid. */
static bool virtio_gpio_split_names(const char **names, unsigned int num,
				    const char *block, size_t size)
{
	bool good = true;
	unsigned int i;
	size_t len, j;

	for (i = 0; i < num; i++, block += len + 1, size -= len + 1) {
		len = strnlen(block, size);
		if (len == size)
			return false;
		for (j = 0; j < len && !iscntrl((unsigned char)block[j]);)
			j++;
		if (j < len)
			good = false;
		else if (len)
			names[i] = block;
	}

	return good && !size;
}

/* A chip works without names, so most failures are not passed on. */
static int virtio_gpio_read_names(struct virtio_gpio *vgpio)
{
	struct virtio_gpio_response_get_names *res;
	struct device *dev = &vgpio->vdev->dev;
	struct virtio_gpio_call *call;
	const char **names;
	u32 size;
	int ret;

	virtio_cread_le(vgpio->vdev, struct virtio_gpio_config, gpio_names_size, &size);
	if (!size)
		return 0;

	names = devm_kcalloc(dev, vgpio->gc.ngpio, sizeof(*names), GFP_KERNEL);
	res = devm_kzalloc(dev, struct_size(res, value, size), GFP_KERNEL | __GFP_NOWARN);
	call = virtio_gpio_alloc_call(1, GFP_KERNEL);
	if (!names || !res || !call) {
		dev_warn(dev, "no memory for %u bytes of names\n", size);
		kfree(call);
		return 0;
	}

	virtio_gpio_init_msg(call->msg, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0);
	call->msg->reply = &res->status;
	call->msg->reply_len = struct_size(res, value, size);
	ret = virtio_gpio_transact(vgpio, call);
	if (ret)
		return ret;

	if (!call->msg->ret) {
		if (!virtio_gpio_split_names(names, vgpio->gc.ngpio, res->value, size))
			dev_warn(dev, "malformed block of names\n");
		vgpio->gc.names = names;
	}
	kfree(call);

	return 0;
}

static void virtio_gpio_exit(void *data)
{
	struct virtio_gpio *vgpio = data;
	struct virtio_gpio_irq *irq;
	unsigned long gpio;

	disable_delayed_work_sync(&vgpio->work);
	irq_work_sync(&vgpio->irq_work);
	synchronize_rcu();
	xa_for_each(&vgpio->irqs, gpio, irq)
		kfree(irq);
	xa_destroy(&vgpio->irqs);
	kfree(vgpio->restore_call);
}

static int virtio_gpio_init(struct virtio_gpio *vgpio)
{
	struct device *dev = &vgpio->vdev->dev;
	int ret;

	init_llist_head(&vgpio->deferred);
	init_irq_work(&vgpio->irq_work, virtio_gpio_irq_run_deferred);
	INIT_DELAYED_WORK(&vgpio->work, virtio_gpio_work);
	ratelimit_state_init(&vgpio->ratelimit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	init_waitqueue_head(&vgpio->waitq);
	spin_lock_init(&vgpio->lock);
	INIT_LIST_HEAD(&vgpio->urgent);
	INIT_LIST_HEAD(&vgpio->pending);
	INIT_LIST_HEAD(&vgpio->sent);
	INIT_LIST_HEAD(&vgpio->ready);
	INIT_LIST_HEAD(&vgpio->backoff);
	xa_init_flags(&vgpio->irqs, XA_FLAGS_LOCK_IRQ);
	ret = devm_add_action_or_reset(dev, virtio_gpio_exit, vgpio);
	if (ret)
		return ret;

	/* virtio_pci_freeze() disables the PCI device. */
	vgpio->off_in_suspend = dev_is_pci(dev->parent);

	virtio_cread_le(vgpio->vdev, struct virtio_gpio_config, ngpio, &vgpio->gc.ngpio);
	if (!vgpio->gc.ngpio)
		return dev_err_probe(dev, -EINVAL, "the device has no lines\n");

	vgpio->lines = devm_kcalloc(dev, vgpio->gc.ngpio, sizeof(*vgpio->lines), GFP_KERNEL);
	vgpio->restore_call = virtio_gpio_alloc_call(VIRTIO_GPIO_MAX_MSGS, GFP_KERNEL);
	if (!vgpio->lines || !vgpio->restore_call)
		return -ENOMEM;
	/* Nobody waits for that call, and it is used again and again. */
	vgpio->restore_call->async = true;

	return 0;
}

static void virtio_gpio_init_chip(struct virtio_gpio *vgpio)
{
	struct device *dev = &vgpio->vdev->dev;

	vgpio->gc.request		= virtio_gpio_request;
	vgpio->gc.free			= virtio_gpio_free;
	vgpio->gc.get_direction		= virtio_gpio_get_direction;
	vgpio->gc.direction_input	= virtio_gpio_direction_input;
	vgpio->gc.direction_output	= virtio_gpio_direction_output;
	vgpio->gc.get			= virtio_gpio_get;
	vgpio->gc.set			= virtio_gpio_set;
	vgpio->gc.get_multiple		= virtio_gpio_get_multiple;
	vgpio->gc.set_multiple		= virtio_gpio_set_multiple;
	vgpio->gc.init_valid_mask	= virtio_gpio_init_valid_mask;
	vgpio->gc.base			= -1; /* Allocate base dynamically */
	vgpio->gc.label			= dev_name(dev);
	vgpio->gc.parent		= dev;
	vgpio->gc.owner			= THIS_MODULE;
	vgpio->gc.can_sleep		= true;
	/* ACPI describes the transport's device instead of the virtio device. */
	if (!dev_fwnode(dev) && has_acpi_companion(dev->parent))
		vgpio->gc.fwnode = dev_fwnode(dev->parent);

	if (!vgpio->eventq)
		return;

	/* The event comes from the outside so no parent handler */
	gpio_irq_chip_set_chip(&vgpio->gc.irq, &virtio_gpio_irq_chip);
	/*
	 * The device masks a line when it fires, and latches edges until it is
	 * unmasked, so edges are handled like levels.
	 */
	vgpio->gc.irq.handler		= handle_level_irq;
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
		goto err_del_vqs;

	/* Mark the device ready to perform operations from within probe() */
	virtio_device_ready(vdev);
	scoped_guard(spinlock_irq, &vgpio->lock)
		vgpio->state = VIRTIO_GPIO_UP;

	ret = virtio_gpio_read_names(vgpio);
	if (!ret) {
		virtio_gpio_init_chip(vgpio);
		ret = gpiochip_add_data(&vgpio->gc, vgpio);
		WRITE_ONCE(vgpio->prober, NULL);
	}
	if (ret) {
		dev_err_probe(&vdev->dev, ret, "failed to set up the GPIO chip\n");
		goto err_del_vqs;
	}

	return 0;

err_del_vqs:
	virtio_gpio_stop(vgpio);
	virtio_gpio_del_vqs(vgpio, true);

	return ret;
}

/* Events cannot be returned in order. */
static int virtio_gpio_validate(struct virtio_device *vdev)
{
	if (virtio_has_feature(vdev, VIRTIO_GPIO_F_IRQ))
		__virtio_clear_bit(vdev, VIRTIO_F_IN_ORDER);

	return 0;
}

/*
 * gpiochip_remove() frees the irq domain. By then all flow handlers must have
 * returned, and no more may be called.
 *
 * It frees descriptors as well, so no operation of the irq core may still wait
 * for the device.
 */
static void virtio_gpio_remove(struct virtio_device *vdev)
{
	struct virtio_gpio *vgpio = vdev->priv;

	virtio_gpio_stop(vgpio);
	virtio_break_device(vdev);
	virtio_synchronize_cbs(vdev);
	irq_work_sync(&vgpio->irq_work);
	synchronize_rcu();
	wait_var_event(&vgpio->irq_ops, !atomic_read_acquire(&vgpio->irq_ops));
	gpiochip_remove(&vgpio->gc);
	virtio_gpio_del_vqs(vgpio, true);
}

/* Sleep and reset */

/* Callers that were held may send requests at once, which are not waited for. */
static bool virtio_gpio_is_settled(struct virtio_gpio *vgpio)
{
	guard(spinlock_irqsave)(&vgpio->lock);

	return virtio_gpio_is_dead(vgpio) || vgpio->state == VIRTIO_GPIO_DOWN ||
	       (vgpio->state == VIRTIO_GPIO_UP &&
		((!vgpio->hold_calls && !vgpio->suspended) ||
		 (!vgpio->in_flight && list_empty(&vgpio->urgent))));
}

static int virtio_gpio_reset_prepare(struct virtio_device *vdev)
{
	virtio_gpio_del_vqs(vdev->priv, true);

	return 0;
}

/*
 * For hibernation, the device is reset, as it must not write to the memory of
 * another kernel. In suspend it keeps its lines, and interrupts that wake.
 */
static int virtio_gpio_freeze(struct virtio_device *vdev)
{
	struct virtio_gpio *vgpio = vdev->priv;

	if (!pm_suspend_in_progress())
		return virtio_gpio_reset_prepare(vdev);

	scoped_guard(virtio_gpio_sync, vgpio) {
		/* An event that has come already is not dropped. */
		virtio_gpio_poll(vgpio);
		vgpio->suspended = true;
		vgpio->hold_calls |= vgpio->off_in_suspend;
		virtio_gpio_update_irqs(vgpio);
	}
	wait_event_timeout(vgpio->waitq, virtio_gpio_is_settled(vgpio), VIRTIO_GPIO_HOLD);
	if (!vgpio->off_in_suspend)
		return 0;

	scoped_guard(virtio_gpio_sync, vgpio)
		virtio_gpio_set_down(vgpio);
	/* Wait for notifications that are under way. */
	synchronize_rcu();

	return 0;
}

/**
 * virtio_gpio_restore() - Bring the device back after a reset
 * @vdev: the virtio device
 *
 * Lines are restored as the device answers, so neither a slow device nor a
 * passing failure is final. Calls are held for a limited time; those that change
 * a line wait until it is restored.
 *
 * Context: May sleep.
 * Return: 0, or -errno if the device cannot be used before its next reset.
 */
static int virtio_gpio_restore(struct virtio_device *vdev)
{
	struct virtio_gpio *vgpio = vdev->priv;
	int ret;

	/* The virtqueues from before the reset may still be there. */
	if (vgpio->requestq)
		virtio_gpio_del_vqs(vgpio, false);

	ret = virtio_gpio_find_vqs(vgpio);
	if (ret)
		return ret;

	virtio_device_ready(vdev);

	scoped_guard(virtio_gpio_sync, vgpio) {
		vgpio->suspended = false;
		vgpio->cursor = 0;
		vgpio->state = VIRTIO_GPIO_RESTORE_LEVELS;
	}
	if (!wait_event_timeout(vgpio->waitq, virtio_gpio_is_settled(vgpio), VIRTIO_GPIO_HOLD))
		dev_err(&vdev->dev, "lines are not restored yet\n");

	guard(virtio_gpio_sync)(vgpio);
	virtio_gpio_poll(vgpio);
	vgpio->hold_calls = false;

	return virtio_gpio_is_dead(vgpio) ? -ENODEV : 0;
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
	.validate		= virtio_gpio_validate,
	.freeze			= pm_sleep_ptr(virtio_gpio_freeze),
	.restore		= pm_sleep_ptr(virtio_gpio_restore),
	.reset_prepare		= virtio_gpio_reset_prepare,
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
