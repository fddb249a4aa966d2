// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver
 *
 * The driver runs against a model of a GPIO bank behind a mock virtio device.
 * The model behaves as the "GPIO Device" section of the virtio specification
 * says, unless a test tells it not to.
 */

#include <linux/array_size.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/container_of.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqchip/chained_irq.h>
#include <linux/irqdomain.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pm_wakeup.h>
#include <linux/prandom.h>
#include <linux/property.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_ids.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "../gpiolib.h"
#include "gpio_virtio_log.h"

#define BANK_REQUESTQ		0
#define BANK_EVENTQ		1
#define BANK_LOG		128
#define BANK_WAIT_MS		60000
#define BANK_POLL_US		USEC_PER_MSEC
/* How often the driver checks the device, which is less than it usually does */
#define BANK_DRIVER_POLL_MS	20

struct bank;

/**
 * typedef bank_override_t - deal with a request in place of the model
 * @bank: the device
 * @buf: the request's buffer
 * @req: what the driver asks for
 *
 * Return: true if @buf was pushed or kept, false to leave it to the model.
 */
typedef bool (*bank_override_t)(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req);

/**
 * struct bank_params - what a bank is like
 * @ngpio: number of lines
 * @features: feature bits beside those of the transport; 0 for interrupts and
 *	      indirect descriptors, BANK_PLAIN for neither
 * @requestq: number of entries of the requestq; 0 for 64, or BANK_NO_QUEUE
 * @eventq: number of entries of the eventq; 0 for 64, or BANK_NO_QUEUE
 * @names: names block
 * @names_size: size of the names block as the config space has it
 * @padding: what the padding in the config space is filled with
 */
struct bank_params {
	u16 ngpio;
	u64 features;
	u16 requestq;
	u16 eventq;
	const char *names;
	u32 names_size;
	u8 padding;
};

#define BANK_IRQ	BIT_ULL(VIRTIO_GPIO_F_IRQ)
#define BANK_INDIRECT	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
/* Not a feature bit that means anything */
#define BANK_PLAIN	BIT_ULL(23)
/* No size that a queue can have */
#define BANK_NO_QUEUE	U16_MAX

#define BANK_PARAMS(_ngpio, ...) \
	(&(const struct bank_params) { .ngpio = (_ngpio), __VA_ARGS__ })

/**
 * struct bank_line - a line of the bank
 * @direction: one of VIRTIO_GPIO_DIRECTION_*
 * @value: level of the line
 * @irq_type: one of VIRTIO_GPIO_IRQ_TYPE_*
 * @latched: an edge came while the interrupt was masked
 * @active: how often the interrupt's handler has to run until the line is calm.
 *	    Until then the interrupt fires whenever it is unmasked
 * @armed: the eventq's buffer for the line; NULL while it is masked
 * @late: the device takes its time to return @armed once the interrupt is
 *	  disabled
 * @retiring: the buffer that it has not returned yet
 * @crossing: the driver may have queued a buffer before it disabled the
 *	      interrupt, which the device finds after that
 * @fired: how often the device has reported the interrupt
 * @events: how often its handler has run
 */
struct bank_line {
	u8 direction;
	u8 value;
	u8 irq_type;
	bool latched;
	atomic_t active;
	struct kunit_virtio_buf *armed;
	bool late;
	struct kunit_virtio_buf *retiring;
	bool crossing;
	int fired;
	atomic_t events;
};

/**
 * struct bank - a GPIO device and the chip that the driver makes of it
 * @test: the running test
 * @params: what the bank is like
 * @kv: the mock device
 * @gdev: the chip's device
 * @gc: the chip
 * @lock: protects @lines and @log, which the device's threads share
 * @lines: the lines
 * @override: asked before the model; may be NULL
 * @override_data: for use by @override
 * @num_log: number of requests so far
 * @log: the first requests, as they came over the wire
 * @held: buffers that an override keeps back
 * @num_held: how many
 * @unmasks: number of buffers that came over the eventq
 * @events: interrupts that a handler has seen
 * @violation: the first rule for drivers that was broken, or NULL
 * @violations: how often one was
 */
struct bank {
	struct kunit *test;
	struct bank_params params;
	struct kunit_virtio *kv;
	struct gpio_device *gdev;
	struct gpio_chip *gc;

	spinlock_t lock; /* Protects @lines and the log */
	struct bank_line *lines;

	bank_override_t override;
	void *override_data;

	unsigned int num_log;
	struct virtio_gpio_request log[BANK_LOG];
	struct kunit_virtio_buf *held[BANK_LOG];
	unsigned int num_held;
	unsigned int unmasks;
	atomic_t events;
	const char *violation;
	atomic_t violations;
};

/* The model */

/* The test that the bank belongs to fails when it ends. */
static void bank_breach(struct bank *bank, const char *what)
{
	cmpxchg(&bank->violation, NULL, what);
	atomic_inc(&bank->violations);
}

static void bank_check(void *data)
{
	struct bank *bank = data;

	if (bank->violation)
		KUNIT_FAIL(bank->test, "driver broke a rule: %s (%d such)",
			   bank->violation, atomic_read(&bank->violations));
}

static void bank_push(struct kunit_virtio_buf *buf, const void *reply, u32 len)
{
	kunit_virtio_write(buf, reply, len);
	kunit_virtio_push(buf, len);
}

static void bank_reply(struct kunit_virtio_buf *buf, u8 status, u8 value)
{
	const struct virtio_gpio_response res = {
		.status = status, .value = value,
	};

	bank_push(buf, &res, sizeof(res));
}

static void bank_reply_names(struct bank *bank, struct kunit_virtio_buf *buf)
{
	size_t size = kunit_virtio_writable(buf);
	u8 *reply = kzalloc(size, GFP_KERNEL);

	if (!reply) {
		kunit_virtio_push(buf, 0);
		return;
	}

	if (bank->params.names)
		memcpy(reply + 1, bank->params.names, size - 1);
	bank_push(buf, reply, size);
	kfree(reply);
}

static struct kunit_virtio_buf *bank_disarm(struct bank *bank, u16 gpio)
{
	guard(spinlock_irqsave)(&bank->lock);

	return xchg(&bank->lines[gpio].armed, NULL);
}

static void bank_event(struct kunit_virtio_buf *buf, u8 status)
{
	if (buf)
		bank_push(buf, &status, sizeof(status));
}

static void bank_disable_irq(struct bank *bank, u16 gpio)
{
	struct bank_line *line = &bank->lines[gpio];
	struct kunit_virtio_buf *buf;

	scoped_guard(spinlock_irqsave, &bank->lock) {
		buf = xchg(&line->armed, NULL);
		line->irq_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		line->latched = false;
		line->crossing = !buf && !line->retiring;
		if (line->late && buf)
			line->retiring = xchg(&buf, NULL);
	}

	bank_event(buf, VIRTIO_GPIO_IRQ_STATUS_INVALID);
}

static bool bank_enable_irq(struct bank *bank, u16 gpio, u8 type)
{
	struct bank_line *line = &bank->lines[gpio];

	guard(spinlock_irqsave)(&bank->lock);
	if (line->irq_type) {
		if (line->irq_type != type)
			bank_breach(bank, "type of an enabled interrupt changed");
		return false;
	}

	line->irq_type = type;

	return true;
}

static bool bank_set_irq_type(struct bank *bank, u16 gpio, u32 type)
{
	struct bank_line *line = &bank->lines[gpio];

	if (!(bank->params.features & BANK_IRQ))
		bank_breach(bank, "IRQ message without the feature");
	if (line->direction == VIRTIO_GPIO_DIRECTION_OUT)
		bank_breach(bank, "IRQ message for an output");
	if (line->direction != VIRTIO_GPIO_DIRECTION_IN)
		return false;

	switch (type) {
	case VIRTIO_GPIO_IRQ_TYPE_NONE:
		bank_disable_irq(bank, gpio);
		return true;
	case VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING:
	case VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING:
	case VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH:
	case VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH:
	case VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW:
		return bank_enable_irq(bank, gpio, type);
	default:
		bank_breach(bank, "unknown trigger type");
		return false;
	}
}

static bool bank_set_direction(struct bank *bank, u16 gpio, u32 direction)
{
	struct bank_line *line = &bank->lines[gpio];

	if (direction > VIRTIO_GPIO_DIRECTION_IN) {
		bank_breach(bank, "unknown direction");
		return false;
	}

	if (direction == VIRTIO_GPIO_DIRECTION_NONE && line->irq_type) {
		bank_breach(bank, "line freed with its interrupt enabled");
		bank_disable_irq(bank, gpio);
	}
	if (direction == VIRTIO_GPIO_DIRECTION_NONE)
		line->value = 0;
	line->direction = direction;

	return true;
}

static bool bank_set_value(struct bank *bank, u16 gpio, u32 value)
{
	if (value > 1) {
		bank_breach(bank, "level that is neither low nor high");
		return false;
	}
	bank->lines[gpio].value = value;

	return true;
}

static void bank_model(struct bank *bank, struct kunit_virtio_buf *buf,
		       const struct virtio_gpio_request *req)
{
	u16 gpio = le16_to_cpu(req->gpio);
	u32 value = le32_to_cpu(req->value);
	struct bank_line *line = &bank->lines[gpio];
	bool ok = true;
	u8 res = 0;

	switch (le16_to_cpu(req->type)) {
	case VIRTIO_GPIO_MSG_GET_NAMES:
		bank_reply_names(bank, buf);
		return;
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		res = line->direction;
		break;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		ok = bank_set_direction(bank, gpio, value);
		break;
	case VIRTIO_GPIO_MSG_GET_VALUE:
		res = line->value;
		break;
	case VIRTIO_GPIO_MSG_SET_VALUE:
		ok = bank_set_value(bank, gpio, value);
		break;
	case VIRTIO_GPIO_MSG_IRQ_TYPE:
		ok = bank_set_irq_type(bank, gpio, value);
		break;
	default:
		bank_breach(bank, "unknown message");
		ok = false;
		break;
	}

	bank_reply(buf, ok ? VIRTIO_GPIO_STATUS_OK : VIRTIO_GPIO_STATUS_ERR,
		   res);
}

/* A device that was reset has nothing to read, nor to do. */
static bool bank_read(struct bank *bank, struct kunit_virtio_buf *buf,
		      void *req, size_t size)
{
	if (kunit_virtio_readable(buf) != size)
		bank_breach(bank, "request of a wrong size");
	if (kunit_virtio_read(buf, req, size) == size)
		return true;

	kunit_virtio_push(buf, 0);

	return false;
}

static void bank_request(struct kunit_virtio_buf *buf, void *data)
{
	struct virtio_gpio_request req = { };
	struct bank *bank = data;
	bank_override_t override;

	if (!bank_read(bank, buf, &req, sizeof(req)))
		return;

	scoped_guard(spinlock_irqsave, &bank->lock) {
		if (bank->num_log < BANK_LOG)
			bank->log[bank->num_log] = req;
		bank->num_log++;
		override = bank->override;
	}

	if (override && override(bank, buf, &req))
		return;
	if (le16_to_cpu(req.gpio) >= bank->params.ngpio) {
		bank_breach(bank, "message for a line that does not exist");
		bank_reply(buf, VIRTIO_GPIO_STATUS_ERR, 0);
		return;
	}
	bank_model(bank, buf, &req);
}

/* A line's buffer, if the interrupt fires now; the caller holds the lock. */
static struct kunit_virtio_buf *bank_take_armed(struct bank_line *line)
{
	if (!line->armed || !(line->latched || atomic_read(&line->active)))
		return NULL;

	line->latched = false;
	line->fired++;

	return xchg(&line->armed, NULL);
}

static void bank_fire(struct bank *bank, u16 gpio)
{
	struct kunit_virtio_buf *buf;

	scoped_guard(spinlock_irqsave, &bank->lock)
		buf = bank_take_armed(&bank->lines[gpio]);

	bank_event(buf, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

/* Returns false for a buffer that a driver must not queue. */
static bool bank_arm(struct bank *bank, struct bank_line *line,
		     struct kunit_virtio_buf *buf)
{
	guard(spinlock_irqsave)(&bank->lock);

	bank->unmasks++;
	if (line->armed || line->retiring) {
		bank_breach(bank, "second pair of buffers for a line");
		return false;
	}

	if (!line->irq_type) {
		if (!line->crossing)
			bank_breach(bank, "interrupt unmasked that is not enabled");
		line->crossing = false;
		return false;
	}

	WRITE_ONCE(line->armed, buf);

	return true;
}

/* The driver unmasks an interrupt. */
static void bank_unmask(struct kunit_virtio_buf *buf, void *data)
{
	struct virtio_gpio_irq_request req = { };
	struct bank *bank = data;
	u16 gpio;

	if (kunit_virtio_writable(buf) != sizeof(u8))
		bank_breach(bank, "response to an event of a wrong size");
	if (!bank_read(bank, buf, &req, sizeof(req)))
		return;

	gpio = le16_to_cpu(req.gpio);
	if (gpio >= bank->params.ngpio) {
		bank_breach(bank, "interrupt of a line that does not exist");
		bank_event(buf, VIRTIO_GPIO_IRQ_STATUS_INVALID);
		return;
	}

	if (bank_arm(bank, &bank->lines[gpio], buf))
		bank_fire(bank, gpio);
	else
		bank_event(buf, VIRTIO_GPIO_IRQ_STATUS_INVALID);
}

static bool bank_is_level(const struct bank_line *line)
{
	return line->irq_type == VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH ||
	       line->irq_type == VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW;
}

/*
 * An edge on a line, or a level that is over at once. It is latched while the
 * interrupt is masked if it is one for edges.
 */
static void bank_edge(struct bank *bank, u16 gpio)
{
	struct bank_line *line = &bank->lines[gpio];
	struct kunit_virtio_buf *buf;

	scoped_guard(spinlock_irqsave, &bank->lock) {
		line->latched = line->irq_type;
		buf = bank_take_armed(line);
		if (bank_is_level(line))
			line->latched = false;
	}

	bank_event(buf, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

/* A line that is active until the interrupt's handler has run so often */
static void bank_activate(struct bank *bank, u16 gpio, int times)
{
	atomic_set(&bank->lines[gpio].active, times);
	bank_fire(bank, gpio);
}

/* The device returns what it was late with. */
static void bank_return_late(struct bank *bank, u16 gpio, u8 status)
{
	struct kunit_virtio_buf *buf;

	scoped_guard(spinlock_irqsave, &bank->lock)
		buf = xchg(&bank->lines[gpio].retiring, NULL);

	bank_event(buf, status);
}

static void bank_set_override(struct bank *bank, bank_override_t override)
{
	guard(spinlock_irqsave)(&bank->lock);
	bank->override = override;
	bank->num_log = 0;
}

/* An override: the device keeps all requests and answers none. */
static bool bank_hold(struct bank *bank, struct kunit_virtio_buf *buf,
		      const struct virtio_gpio_request *req)
{
	guard(spinlock_irqsave)(&bank->lock);
	bank->held[bank->num_held % BANK_LOG] = buf;
	bank->num_held++;

	return true;
}

static bool bank_refuse(struct bank *bank, struct kunit_virtio_buf *buf,
			const struct virtio_gpio_request *req)
{
	bank_reply(buf, VIRTIO_GPIO_STATUS_ERR, 0);

	return true;
}

static unsigned int bank_num_held(struct bank *bank)
{
	guard(spinlock_irqsave)(&bank->lock);

	return bank->num_held;
}

/* Wait until the device holds so many requests. */
static bool bank_holds(struct bank *bank, unsigned int count)
{
	unsigned int num;

	return !read_poll_timeout(bank_num_held, num, num >= count, BANK_POLL_US,
				  BANK_WAIT_MS * USEC_PER_MSEC, false, bank);
}

/* Start and stop */

static void bank_set_params(struct bank *bank, const struct bank_params *p)
{
	bank->params = *p;
	if (!p->features)
		bank->params.features = BANK_IRQ | BANK_INDIRECT;
	bank->params.features &= ~BANK_PLAIN;
	bank->params.requestq = p->requestq ?: 64;
	bank->params.eventq = p->eventq ?: 64;
	if (p->requestq == BANK_NO_QUEUE)
		bank->params.requestq = 0;
	if (p->eventq == BANK_NO_QUEUE)
		bank->params.eventq = 0;
}

static struct kunit_virtio *bank_alloc_device(struct bank *bank)
{
	const struct bank_params *p = &bank->params;
	struct virtio_gpio_config config = {
		.ngpio = cpu_to_le16(p->ngpio),
		.padding = { p->padding, p->padding },
		.gpio_names_size = cpu_to_le32(p->names_size),
	};
	const u16 sizes[] = { p->requestq, p->eventq };
	const struct kunit_virtio_params params = {
		.device_id = VIRTIO_ID_GPIO,
		.features = p->features,
		.config = &config,
		.config_len = sizeof(config),
		.queue_sizes = sizes,
		.num_queues = p->features & BANK_IRQ ? 2 : 1,
	};

	return kunit_virtio_alloc(bank->test, &params);
}

static void bank_restore_poll(void *data)
{
	virtio_gpio_poll_ms = (unsigned long)data;
}

static void bank_shorten_poll(struct kunit *test)
{
	unsigned long poll_ms = virtio_gpio_poll_ms;

	virtio_gpio_poll_ms = BANK_DRIVER_POLL_MS;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, bank_restore_poll,
						  (void *)poll_ms));
}

static struct bank *bank_alloc(struct kunit *test, const struct bank_params *p)
{
	struct bank *bank;

	bank_shorten_poll(test);

	bank = kunit_kzalloc(test, sizeof(*bank), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bank);
	bank->test = test;
	bank_set_params(bank, p);
	bank->lines = kunit_kcalloc(test, max(p->ngpio, 1),
				    sizeof(*bank->lines), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bank->lines);
	spin_lock_init(&bank->lock);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, bank_check, bank));

	bank->kv = bank_alloc_device(bank);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bank->kv);
	kunit_virtio_serve(bank->kv, BANK_REQUESTQ, bank_request, bank);
	if (bank->params.features & BANK_IRQ)
		kunit_virtio_serve(bank->kv, BANK_EVENTQ, bank_unmask, bank);

	return bank;
}

KUNIT_DEFINE_ACTION_WRAPPER(bank_put_gdev, gpio_device_put,
			    struct gpio_device *);

static void bank_find_chip(struct bank *bank)
{
	struct kunit *test = bank->test;
	const char *label;

	label = dev_name(&kunit_virtio_vdev(bank->kv)->dev);
	bank->gdev = gpio_device_find_by_label(label);
	KUNIT_ASSERT_NOT_NULL(test, bank->gdev);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_put_gdev,
							   bank->gdev));
	bank->gc = gpio_device_get_chip(bank->gdev);
	KUNIT_ASSERT_NOT_NULL(test, bank->gc);
}

/* A bank with a driver, ready to use. Its log starts after the probe. */
static struct bank *bank_start(struct kunit *test, const struct bank_params *p)
{
	struct bank *bank = bank_alloc(test, p);

	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);
	bank_set_override(bank, NULL);

	return bank;
}

KUNIT_DEFINE_ACTION_WRAPPER(bank_free_desc, gpiochip_free_own_desc,
			    struct gpio_desc *);

static struct gpio_desc *bank_get_line(struct bank *bank, u16 gpio,
				       enum gpiod_flags flags)
{
	struct kunit *test = bank->test;
	struct gpio_desc *desc;

	desc = gpiochip_request_own_desc(bank->gc, gpio, "kunit",
					 GPIO_ACTIVE_HIGH, flags);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, desc);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_free_desc,
							   desc));

	return desc;
}

static void bank_put_line(struct bank *bank, struct gpio_desc *desc)
{
	kunit_release_action(bank->test, bank_free_desc, desc);
}

/* A call into the chip from a thread of its own */
struct bank_call {
	struct bank *bank;
	u16 gpio;
	unsigned int rounds;
	struct kunit_virtio_task *task;
};

/* As gpiolib calls operations of a chip: its removal waits for them */
#define bank_guard(bank) guard(srcu)(&(bank)->gc->gpiodev->srcu)

static int bank_call_get(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	return call->bank->gc->get(call->bank->gc, call->gpio);
}

static struct bank_call *bank_call(struct bank *bank, int (*fn)(void *),
				   u16 gpio)
{
	struct kunit *test = bank->test;
	struct bank_call *call;

	call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, call);
	call->bank = bank;
	call->gpio = gpio;
	call->rounds = 200;
	call->task = kunit_virtio_run(bank->kv, fn, call);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, call->task);

	return call;
}

static void bank_call_stop(void *data)
{
	struct bank_call *call = data;

	WRITE_ONCE(call->rounds, 0);
	kunit_virtio_task_wait(call->task, BANK_WAIT_MS);
}

/* A call that plays the device, so it has to end before the device does. */
static struct bank_call *bank_call_stoppable(struct bank *bank,
					     int (*fn)(void *), u16 gpio)
{
	struct bank_call *call = bank_call(bank, fn, gpio);

	KUNIT_ASSERT_EQ(bank->test, 0,
			kunit_add_action_or_reset(bank->test, bank_call_stop,
						  call));

	return call;
}

static void bank_call_expect(struct bank_call *call, int ret)
{
	struct kunit *test = call->bank->test;

	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(call->task,
						       BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(call->task), ret);
}

static void bank_expect_waiting(struct bank_call *call)
{
	KUNIT_EXPECT_FALSE(call->bank->test,
			   kunit_virtio_task_wait(call->task,
						  2 * virtio_gpio_poll_ms + 10));
}

/* The log holds all fields of each request, little endian, and no more. */
static void bank_expect_log(struct bank *bank, unsigned int index,
			    const char *bytes)
{
	struct kunit *test = bank->test;

	KUNIT_ASSERT_GT(test, bank->num_log, index);
	KUNIT_EXPECT_MEMEQ(test, &bank->log[index], bytes,
			   sizeof(bank->log[index]));
}

/* The bytes of each message, as the specification lays them out */

static void gpio_virtio_wire_get_value(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(0x120));

	bank->lines[0x111].value = 1;
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0x111), 1);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0x110), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x04\x00\x11\x01\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x04\x00\x10\x01\x00\x00\x00\x00");
}

static void gpio_virtio_wire_set_value(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 1);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x05\x00\x03\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 1, "\x05\x00\x03\x00\x00\x00\x00\x00");
}

static void gpio_virtio_wire_direction_input(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	KUNIT_EXPECT_EQ(test, bank->gc->direction_input(bank->gc, 7), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	bank_expect_log(bank, 0, "\x03\x00\x07\x00\x02\x00\x00\x00");
}

/* The value comes first, so that the line is never driven to a wrong level. */
static void gpio_virtio_wire_direction_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x05\x00\x02\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 1, "\x03\x00\x02\x00\x01\x00\x00\x00");
}

/* A value that the device refuses must not become a level. */
static void gpio_virtio_wire_output_value_refused(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_set_override(bank, bank_refuse);
	KUNIT_EXPECT_LT(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	bank_expect_log(bank, 0, "\x05\x00\x02\x00\x01\x00\x00\x00");
}

static void gpio_virtio_wire_free(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_OUT_HIGH);
	unsigned int num;

	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	bank_set_override(bank, NULL);
	bank_put_line(bank, desc);

	read_poll_timeout(READ_ONCE, num, num, BANK_POLL_US,
			  BANK_WAIT_MS * USEC_PER_MSEC, false, bank->num_log);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	bank_expect_log(bank, 0, "\x03\x00\x05\x00\x00\x00\x00\x00");
}

/* What the driver asks for before anybody uses a line */
static void gpio_virtio_wire_probe(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(2, .names = "a\0b",
							 .names_size = 4));

	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
	bank_expect_log(bank, 0, "\x01\x00\x00\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x02\x00\x00\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 2, "\x02\x00\x01\x00\x00\x00\x00\x00");
}

static bool bank_check_sizes(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	size_t *sizes = bank->override_data;

	sizes[0] = kunit_virtio_readable(buf);
	/* The reply with the names is the longest one. */
	sizes[1] = max(sizes[1], kunit_virtio_writable(buf));

	return false;
}

static void gpio_virtio_wire_sizes(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	size_t sizes[2] = { };

	bank->override_data = sizes;
	bank_set_override(bank, bank_check_sizes);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 0);
	KUNIT_EXPECT_EQ(test, sizes[0], 8);
	KUNIT_EXPECT_EQ(test, sizes[1], 2);
	bank_set_override(bank, NULL);
}

static void gpio_virtio_wire_sizes_names(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(1, .names = "name",
							 .names_size = 5));
	size_t sizes[2] = { };

	bank->override_data = sizes;
	bank->override = bank_check_sizes;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, sizes[0], 8);
	KUNIT_EXPECT_EQ(test, sizes[1], 1 + 5);
	bank_find_chip(bank);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "name");
}

static struct kunit_case gpio_virtio_wire_cases[] = {
	KUNIT_CASE(gpio_virtio_wire_get_value),
	KUNIT_CASE(gpio_virtio_wire_set_value),
	KUNIT_CASE(gpio_virtio_wire_direction_input),
	KUNIT_CASE(gpio_virtio_wire_direction_output),
	KUNIT_CASE(gpio_virtio_wire_output_value_refused),
	KUNIT_CASE(gpio_virtio_wire_free),
	KUNIT_CASE(gpio_virtio_wire_probe),
	KUNIT_CASE(gpio_virtio_wire_sizes),
	KUNIT_CASE(gpio_virtio_wire_sizes_names),
	{}
};

static struct kunit_suite gpio_virtio_wire_suite = {
	.name = "gpio_virtio_wire",
	.test_cases = gpio_virtio_wire_cases,
};

/* Config space and names */

static void gpio_virtio_config_chip(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(40));

	KUNIT_EXPECT_EQ(test, bank->gc->ngpio, 40);
	KUNIT_EXPECT_TRUE(test, bank->gc->can_sleep);
	KUNIT_EXPECT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

static void gpio_virtio_config_no_lines(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(0));

	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

static void gpio_virtio_config_no_queues(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	kunit_virtio_fail_find_vqs(bank->kv, -ENOENT);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

static void gpio_virtio_config_no_irq(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_PLAIN));
	struct gpio_desc *desc = bank_get_line(bank, 0, GPIOD_IN);

	KUNIT_EXPECT_LT(test, gpiod_to_irq(desc), 0);
}

/* Reserved for future use: what is there means nothing to this driver. */
static void gpio_virtio_config_padding(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .padding = 0xff));

	KUNIT_EXPECT_EQ(test, bank->gc->ngpio, 8);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 7, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 7), 1);
}

static void gpio_virtio_config_names(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(3,
						.names = "MMC-CD\0\0Red LED",
						.names_size = 16));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "MMC-CD");
	KUNIT_EXPECT_NULL(test, bank->gc->names[1]);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[2], "Red LED");
}

/*
 * One name too few: the string of the last line would start at the first byte
 * behind the block. With these sizes the reply fills its memory to the end, and
 * KASAN sees who reads on.
 */
static void gpio_virtio_config_names_too_few(struct kunit *test)
{
	static const u32 sizes[] = { 4, 39, 71 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct bank *bank;

		bank = bank_start(test, BANK_PARAMS(sizes[i] + 1,
						    .names_size = sizes[i]));
		KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
		KUNIT_EXPECT_NULL(test, bank->gc->names[sizes[i]]);
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 0);
	}
}

static void gpio_virtio_config_names_refused(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(2, .names = "a\0b",
							 .names_size = 4));

	bank->override = bank_refuse;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);
	KUNIT_EXPECT_NULL(test, bank->gc->names);
}

/*
 * The sum of the largest size and the status byte is zero in 32 bits; with the
 * other one the page allocator warns. Neither may reach the device.
 */
static void gpio_virtio_config_names_size_absurd(struct kunit *test)
{
	static const u32 sizes[] = { 0xffffffff, 0x10000000 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct bank *bank;

		bank = bank_alloc(test, BANK_PARAMS(8, .names_size = sizes[i]));
		KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
		KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
		bank_find_chip(bank);
		KUNIT_EXPECT_NULL(test, bank->gc->names);
		KUNIT_EXPECT_NE(test, le16_to_cpu(bank->log[0].type),
				VIRTIO_GPIO_MSG_GET_NAMES);
	}
}

/* As many lines as the config space can announce */
static void gpio_virtio_config_65535_lines(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(65535));

	KUNIT_EXPECT_EQ(test, bank->gc->ngpio, 65535);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 65534, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 65534), 1);
}

static struct kunit_case gpio_virtio_config_cases[] = {
	KUNIT_CASE(gpio_virtio_config_chip),
	KUNIT_CASE(gpio_virtio_config_no_lines),
	KUNIT_CASE(gpio_virtio_config_no_queues),
	KUNIT_CASE(gpio_virtio_config_no_irq),
	KUNIT_CASE(gpio_virtio_config_padding),
	KUNIT_CASE(gpio_virtio_config_names),
	KUNIT_CASE(gpio_virtio_config_names_too_few),
	KUNIT_CASE(gpio_virtio_config_names_refused),
	KUNIT_CASE(gpio_virtio_config_names_size_absurd),
	KUNIT_CASE_SLOW(gpio_virtio_config_65535_lines),
	{}
};

static struct kunit_suite gpio_virtio_config_suite = {
	.name = "gpio_virtio_config",
	.test_cases = gpio_virtio_config_cases,
};

/* Requests and replies */

static void gpio_virtio_request_out_of_order(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4));
	struct bank_call *call[4];
	int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < 4; i++) {
		call[i] = bank_call(bank, bank_call_get, i);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, i + 1));
	}

	for (i = 3; i >= 0; i--) {
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, i % 2);
		bank_call_expect(call[i], i % 2);
	}
}

static void gpio_virtio_request_late(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4));
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(call->task, 300));
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(call, 1);
}

/**
 * struct bad_reply - a reply that is not one
 * @name: what is wrong with it
 * @status: status byte
 * @len: used length; the right one is 2
 * @ret: what the caller gets
 */
struct bad_reply {
	const char *name;
	u8 status;
	u32 len;
	int ret;
};

static const struct bad_reply bad_replies[] = {
	{ "status ERR", VIRTIO_GPIO_STATUS_ERR, 2, -EINVAL },
	{ "unknown status", 0x80, 2, -EIO },
	{ "empty", VIRTIO_GPIO_STATUS_OK, 0, -EIO },
	{ "short", VIRTIO_GPIO_STATUS_OK, 1, -EIO },
	{ "over-long", VIRTIO_GPIO_STATUS_OK, 3, -EIO },
	{ "huge", VIRTIO_GPIO_STATUS_OK, U32_MAX, -EIO },
};

KUNIT_ARRAY_PARAM_DESC(bad_reply, bad_replies, name);

static bool bank_reply_badly(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	const struct bad_reply *bad = bank->override_data;
	const u8 reply[] = { bad->status, 1 };

	kunit_virtio_write(buf, reply, sizeof(reply));
	kunit_virtio_push(buf, bad->len);

	return true;
}

/* A bad reply is an error of its own request and of no other. */
static void gpio_virtio_request_bad_reply(struct kunit *test)
{
	const struct bad_reply *bad = test->param_value;
	struct bank *bank = bank_start(test, BANK_PARAMS(4));

	bank->lines[1].value = 1;
	bank->override_data = (void *)test->param_value;
	bank_set_override(bank, bank_reply_badly);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), bad->ret);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 1, 0), bad->ret);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_input(bank->gc, 1), bad->ret);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), 1);
}

/* A line is low or high. */
static void gpio_virtio_request_bad_level(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4));

	bank->lines[1].value = 2;
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), -EIO);
	bank->lines[1].value = 0xff;
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), -EIO);
}

/* A device that refuses everything does not flood the log. */
static void gpio_virtio_request_log_limited(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4));
	unsigned int i;

	bank_set_override(bank, bank_refuse);
	bank_watch_log(test);
	for (i = 0; i < 1000; i++)
		bank->gc->set(bank->gc, 1, 0);

	KUNIT_EXPECT_GT(test, bank_complaints_seen(test), 0);
	KUNIT_EXPECT_LT(test, bank_complaints_seen(test), 50);
}

static void bank_answer_first(void *data)
{
	struct bank *bank = data;
	struct kunit_virtio_buf *buf = xchg(&bank->held[0], NULL);

	if (buf)
		bank_reply(buf, VIRTIO_GPIO_STATUS_OK, 1);
}

/*
 * A reply arrives while another request is being added, if the driver lets it.
 * One request stays in the ring throughout. A driver that corrupts the list of
 * free descriptors hands out the descriptors of that one a second time, at the
 * latest when the list has come round.
 */
static void gpio_virtio_request_reply_during_add(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(3, .requestq = 8,
							 .features = BANK_PLAIN));
	struct bank_call *stays, *first, *second;
	struct kunit_virtio_buf *last;
	unsigned int i;

	bank_set_override(bank, bank_hold);
	stays = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	last = bank->held[0];

	for (i = 0; i < 8; i++) {
		bank->num_held = 0;
		first = bank_call(bank, bank_call_get, 0);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));

		kunit_virtio_irq_window(bank->kv, bank_answer_first, bank);
		second = bank_call(bank, bank_call_get, 1);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
		kunit_virtio_irq_window(bank->kv, NULL, NULL);

		bank_answer_first(bank);
		bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);
		bank_call_expect(first, 1);
		bank_call_expect(second, 0);
	}

	bank_reply(last, VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(stays, 1);
}

static int bank_call_hammer(void *data)
{
	struct bank_call *call = data;
	struct gpio_chip *gc = call->bank->gc;
	unsigned int i;
	int ret;

	bank_guard(call->bank);

	for (i = 0; i < call->rounds; i++) {
		ret = gc->set(gc, call->gpio, i & 1);
		if (ret)
			return ret;
		ret = gc->get(gc, call->gpio);
		if (ret != (i & 1))
			return ret < 0 ? ret : -EBADMSG;
	}

	return 0;
}

static void gpio_virtio_request_8_threads(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call[8];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_hammer, i);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 8 * 200 * 2);
}

static int bank_call_hammer_get(void *data)
{
	struct bank_call *call = data;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < call->rounds && ret >= 0; i++)
		ret = bank_call_get(call);

	return ret;
}

static void gpio_virtio_request_8_threads_1_line(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call[8];
	unsigned int i;

	bank->lines[3].value = 1;
	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_hammer_get, 3);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 1);
}

/**
 * struct queue_size - a requestq that is easily full
 * @name: what it is like
 * @size: number of entries
 * @features: feature bits
 */
struct queue_size {
	const char *name;
	u16 size;
	u64 features;
};

static const struct queue_size queue_sizes[] = {
	{ "2 direct", 2, BANK_PLAIN },
	{ "2 indirect", 2, BANK_INDIRECT },
	{ "4 direct", 4, BANK_PLAIN },
	{ "4 indirect", 4, BANK_INDIRECT },
	{ "64 indirect", 64, BANK_INDIRECT },
	{ "256 direct", 256, BANK_PLAIN },
	{ "2 indirect, event index", 2,
	  BANK_INDIRECT | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
};

KUNIT_ARRAY_PARAM_DESC(queue_size, queue_sizes, name);

/* A full queue makes callers wait and is not an error. */
static void gpio_virtio_request_full_queue(struct kunit *test)
{
	const struct queue_size *q = test->param_value;
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = q->size,
						.features = q->features));
	struct bank_call *call[8];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_hammer, i);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 0);
}

/*
 * A request that cannot be added, although there is room, waits for a reply to
 * another, or for the next poll. It fails if there is none to wait for.
 */
static void gpio_virtio_request_cannot_be_added(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *first, *second;

	kunit_virtio_fail_maps(bank->kv, 1);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), -ENOMEM);

	bank_set_override(bank, bank_hold);
	first = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_fail_maps(bank->kv, 1);
	second = bank_call(bank, bank_call_get, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(first, 1);
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);
	bank_call_expect(second, 0);
}

/* Who waits for a tag is served in order, and with one tag one at a time. */
static void gpio_virtio_request_tags_in_order(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *call[8];
	unsigned int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < ARRAY_SIZE(call); i++) {
		call[i] = bank_call(bank, bank_call_get, i);
		KUNIT_ASSERT_FALSE(test, kunit_virtio_task_wait(call[i]->task,
								10));
	}

	for (i = 0; i < ARRAY_SIZE(call); i++) {
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, i + 1));
		KUNIT_EXPECT_EQ(test, bank_num_held(bank), i + 1);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(bank->log[i].gpio), i);
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, i & 1);
		bank_call_expect(call[i], i & 1);
	}
}

/* Replies to requests that share a slot one after the other do not mix. */
static void gpio_virtio_request_slot_reuse(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	unsigned int i;

	for (i = 0; i < 8; i++)
		bank->lines[i].value = i & 1;
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, i % 8), i & 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* A request is two descriptors, and there is no other way to send it. */
static void gpio_virtio_request_queue_too_small(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8, .requestq = 1,
							 .features = BANK_PLAIN));

	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

/*
 * A waiter is killed, and the device answers after that. With a single tag, the
 * next request shows that the tag is not free before.
 */
static void gpio_virtio_request_killed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *killed, *next;

	bank_set_override(bank, bank_hold);
	killed = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(killed->task);
	bank_call_expect(killed, -EINTR);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 2);

	next = bank_call(bank, bank_call_get, 1);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(next->task, 50));
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 1);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(next->task, 50));
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);
	bank_call_expect(next, 0);
}

/* A waiter is killed before there was a tag for its request. */
static void gpio_virtio_request_killed_in_backlog(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *first, *killed, *last;

	bank_set_override(bank, bank_hold);
	first = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	killed = bank_call(bank, bank_call_get, 1);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(killed->task, 20));
	last = bank_call(bank, bank_call_get, 2);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(last->task, 20));

	kunit_virtio_task_kill(killed->task);
	bank_call_expect(killed, -EINTR);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 0);
	bank_call_expect(first, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(bank->log[1].gpio), 2);
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(last, 1);
}

/* The device returns a buffer that it never got, which breaks the queue. */
static void gpio_virtio_request_bogus_reply(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4));
	struct bank_call *call;
	u16 head;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	head = kunit_virtio_head(bank->held[0]);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(call, 1);

	call = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	kunit_virtio_push_raw(bank->kv, BANK_REQUESTQ, head ^ 1, 2);
	bank_call_expect(call, -ENODEV);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), -ENODEV);
}

/* Nothing new is in a full virtqueue, so the device is left alone. */
static void gpio_virtio_request_full_is_quiet(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *first, *second;
	unsigned int notifications;

	bank_set_override(bank, bank_hold);
	first = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	notifications = kunit_virtio_notifications(bank->kv, BANK_REQUESTQ);
	second = bank_call(bank, bank_call_get, 1);
	bank_expect_waiting(second);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(bank->kv, BANK_REQUESTQ),
			notifications);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(first, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);
	bank_call_expect(second, 0);
}

/* The reply is there when the wait ends, though its interrupt was lost. */
static void gpio_virtio_request_killed_with_reply(struct kunit *test)
{
	const struct virtio_gpio_response res = { .value = 1 };
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	virtio_gpio_poll_ms = 200;
	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_write(bank->held[0], &res, sizeof(res));
	kunit_virtio_push_quiet(bank->held[0], sizeof(res));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, 1);
}

/* Calls on a device that is broken do not wait to find that out. */
static void gpio_virtio_request_dead_at_once(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned long start;

	virtio_gpio_poll_ms = 1000;
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	start = jiffies;
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), -ENODEV);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start), 500);
}

static struct kunit_case gpio_virtio_request_cases[] = {
	KUNIT_CASE(gpio_virtio_request_out_of_order),
	KUNIT_CASE(gpio_virtio_request_late),
	KUNIT_CASE_PARAM(gpio_virtio_request_bad_reply, bad_reply_gen_params),
	KUNIT_CASE(gpio_virtio_request_bad_level),
	KUNIT_CASE(gpio_virtio_request_log_limited),
	KUNIT_CASE(gpio_virtio_request_reply_during_add),
	KUNIT_CASE(gpio_virtio_request_8_threads),
	KUNIT_CASE(gpio_virtio_request_8_threads_1_line),
	KUNIT_CASE_PARAM(gpio_virtio_request_full_queue, queue_size_gen_params),
	KUNIT_CASE(gpio_virtio_request_cannot_be_added),
	KUNIT_CASE(gpio_virtio_request_tags_in_order),
	KUNIT_CASE(gpio_virtio_request_slot_reuse),
	KUNIT_CASE(gpio_virtio_request_queue_too_small),
	KUNIT_CASE(gpio_virtio_request_killed),
	KUNIT_CASE(gpio_virtio_request_killed_in_backlog),
	KUNIT_CASE(gpio_virtio_request_bogus_reply),
	KUNIT_CASE(gpio_virtio_request_full_is_quiet),
	KUNIT_CASE(gpio_virtio_request_killed_with_reply),
	KUNIT_CASE(gpio_virtio_request_dead_at_once),
	{}
};

static struct kunit_suite gpio_virtio_request_suite = {
	.name = "gpio_virtio_request",
	.test_cases = gpio_virtio_request_cases,
};

/* Several lines at once */

#define BANK_LINES	300

/* A pattern in which no two neighbouring words are alike */
static bool bank_pattern(unsigned int gpio)
{
	return (gpio * 7 + gpio / 5) & 1;
}

static unsigned long *bank_bitmap(struct bank *bank)
{
	unsigned long *bits;

	bits = kunit_kcalloc(bank->test, BITS_TO_LONGS(bank->params.ngpio),
			     sizeof(*bits), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(bank->test, bits);

	return bits;
}

/**
 * struct bank_batch - a call for several lines
 * @bank: the bank
 * @mask: the lines
 * @bits: their levels
 */
struct bank_batch {
	struct bank *bank;
	unsigned long *mask;
	unsigned long *bits;
};

static struct bank_batch *bank_batch(struct bank *bank, unsigned int first,
				     unsigned int count)
{
	struct bank_batch *batch;

	batch = kunit_kzalloc(bank->test, sizeof(*batch), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(bank->test, batch);
	batch->bank = bank;
	batch->mask = bank_bitmap(bank);
	batch->bits = bank_bitmap(bank);
	bitmap_set(batch->mask, first, count);

	return batch;
}

static int bank_batch_get(void *data)
{
	struct bank_batch *batch = data;
	struct gpio_chip *gc = batch->bank->gc;

	bank_guard(batch->bank);

	return gc->get_multiple(gc, batch->mask, batch->bits);
}

static int bank_batch_set(void *data)
{
	struct bank_batch *batch = data;
	struct gpio_chip *gc = batch->bank->gc;

	bank_guard(batch->bank);

	return gc->set_multiple(gc, batch->mask, batch->bits);
}

static struct kunit_virtio_task *bank_batch_run(struct bank_batch *batch,
						int (*fn)(void *data))
{
	struct kunit_virtio_task *task;

	task = kunit_virtio_run(batch->bank->kv, fn, batch);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(batch->bank->test, task);

	return task;
}

/* One notification to read 64 lines, and one to set them */
static void gpio_virtio_batch_64_lines(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(80));
	struct bank_batch *batch = bank_batch(bank, 8, 64);
	unsigned int i, before;

	for (i = 0; i < 80; i++)
		bank->lines[i].value = bank_pattern(i);

	before = kunit_virtio_notifications(bank->kv, BANK_REQUESTQ);
	KUNIT_ASSERT_EQ(test, bank_batch_get(batch), 0);
	KUNIT_EXPECT_EQ(test, 1, -before +
			kunit_virtio_notifications(bank->kv, BANK_REQUESTQ));
	KUNIT_EXPECT_EQ(test, bank->num_log, 64);

	for (i = 0; i < 80; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, batch->bits),
				i >= 8 && i < 72 && bank_pattern(i));

	bitmap_complement(batch->bits, batch->bits, 80);
	KUNIT_ASSERT_EQ(test, bank_batch_set(batch), 0);
	KUNIT_EXPECT_EQ(test, 2, -before +
			kunit_virtio_notifications(bank->kv, BANK_REQUESTQ));
	KUNIT_EXPECT_EQ(test, bank->num_log, 128);
	for (i = 0; i < 80; i++)
		KUNIT_EXPECT_EQ(test, bank->lines[i].value, bank_pattern(i) ^
				(i >= 8 && i < 72));
}

static void gpio_virtio_batch_wire(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16));
	struct bank_batch *batch = bank_batch(bank, 3, 1);

	__set_bit(12, batch->mask);
	__set_bit(12, batch->bits);
	KUNIT_ASSERT_EQ(test, bank_batch_set(batch), 0);
	KUNIT_ASSERT_EQ(test, bank_batch_get(batch), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 4);
	bank_expect_log(bank, 0, "\x05\x00\x03\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x05\x00\x0c\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 2, "\x04\x00\x03\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 3, "\x04\x00\x0c\x00\x00\x00\x00\x00");
}

static void gpio_virtio_batch_no_lines(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16));
	struct bank_batch *batch = bank_batch(bank, 0, 0);

	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), 0);
	KUNIT_EXPECT_EQ(test, bank_batch_set(batch), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

/* What consumers call comes out as a batch. */
static void gpio_virtio_batch_gpiolib(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	DECLARE_BITMAP(levels, 8) = { };
	struct gpio_desc *desc[8];
	unsigned int i, before;

	for (i = 0; i < 8; i++) {
		desc[i] = bank_get_line(bank, i, GPIOD_IN);
		bank->lines[i].value = bank_pattern(i);
	}

	before = kunit_virtio_notifications(bank->kv, BANK_REQUESTQ);
	KUNIT_ASSERT_EQ(test, 0, gpiod_get_array_value_cansleep(8, desc, NULL,
								levels));
	KUNIT_EXPECT_EQ(test, 1, -before +
			kunit_virtio_notifications(bank->kv, BANK_REQUESTQ));
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, levels), bank_pattern(i));
}

/* More lines than tags, down to a queue that holds one request */
static void gpio_virtio_batch_larger_than_queue(struct kunit *test)
{
	const struct queue_size *q = test->param_value;
	struct bank *bank = bank_start(test, BANK_PARAMS(BANK_LINES,
							 .requestq = q->size,
							 .features = q->features));
	struct bank_batch *batch = bank_batch(bank, 0, BANK_LINES);
	unsigned int i;

	for (i = 0; i < BANK_LINES; i++)
		__assign_bit(i, batch->bits, bank_pattern(i));
	KUNIT_ASSERT_EQ(test, bank_batch_set(batch), 0);
	for (i = 0; i < BANK_LINES; i++)
		KUNIT_EXPECT_EQ(test, bank->lines[i].value, bank_pattern(i));

	bitmap_zero(batch->bits, BANK_LINES);
	KUNIT_ASSERT_EQ(test, bank_batch_get(batch), 0);
	for (i = 0; i < BANK_LINES; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, batch->bits), bank_pattern(i));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2 * BANK_LINES);
}

/* The caller wakes with the last reply, in whatever order they come. */
static void gpio_virtio_batch_out_of_order(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(32));
	struct bank_batch *batch = bank_batch(bank, 0, 32);
	struct kunit_virtio_task *task;
	int i;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 32));
	for (i = 31; i >= 0; i--) {
		KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(task, 0));
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK,
			   bank_pattern(i));
	}

	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
	for (i = 0; i < 32; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, batch->bits), bank_pattern(i));
}

/* One interrupt for all replies is enough. */
static void gpio_virtio_batch_one_interrupt(struct kunit *test)
{
	static const u8 reply[2] = { VIRTIO_GPIO_STATUS_OK, 1 };
	struct bank *bank = bank_start(test, BANK_PARAMS(32));
	struct bank_batch *batch = bank_batch(bank, 0, 32);
	struct kunit_virtio_task *task;
	unsigned int i;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 32));
	for (i = 0; i < 32; i++) {
		kunit_virtio_write(bank->held[i], reply, sizeof(reply));
		kunit_virtio_push_quiet(bank->held[i], sizeof(reply));
	}
	kunit_virtio_interrupt(bank->kv, BANK_REQUESTQ);

	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(batch->bits, 32), 32);
}

static bool bank_refuse_some(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	switch (le16_to_cpu(req->gpio)) {
	case 5:
		kunit_virtio_push(buf, 0);
		return true;
	case 9:
		return bank_refuse(bank, buf, req);
	default:
		return false;
	}
}

/* The first failure counts, and the other lines are set all the same. */
static void gpio_virtio_batch_some_fail(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16));
	struct bank_batch *batch = bank_batch(bank, 0, 16);
	unsigned int i;

	bank_set_override(bank, bank_refuse_some);
	bitmap_fill(batch->bits, 16);
	KUNIT_EXPECT_EQ(test, bank_batch_set(batch), -EIO);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, bank->lines[i].value, i != 5 && i != 9);

	__clear_bit(5, batch->mask);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), -EINVAL);
	__clear_bit(9, batch->mask);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), 0);
}

/*
 * The caller is killed with replies out and requests not sent yet. What comes
 * in later finds neither the batch nor the caller's bits.
 */
static void gpio_virtio_batch_killed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(32, .requestq = 8));
	struct bank_batch *batch = bank_batch(bank, 0, 32);
	struct kunit_virtio_task *task;
	unsigned int i;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 8));
	kunit_virtio_task_kill(task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -EINTR);

	bank_set_override(bank, NULL);
	for (i = 0; i < 8; i++)
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_EXPECT_EQ(test, bitmap_weight(batch->bits, 32), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), 0);
}

static void gpio_virtio_batch_break(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(32, .requestq = 8));
	struct bank_batch *batch = bank_batch(bank, 0, 32);
	struct kunit_virtio_task *task;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 8));
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -ENODEV);
}

static int bank_batch_hammer(void *data)
{
	struct bank_batch *batch = data;
	unsigned int round, i;
	int ret;

	for (round = 0; round < 20; round++) {
		for_each_set_bit(i, batch->mask, BANK_LINES)
			__assign_bit(i, batch->bits, bank_pattern(i + round));
		ret = bank_batch_set(batch);
		bitmap_zero(batch->bits, BANK_LINES);
		ret = ret ?: bank_batch_get(batch);
		if (ret)
			return ret;

		for_each_set_bit(i, batch->mask, BANK_LINES)
			if (test_bit(i, batch->bits) != bank_pattern(i + round))
				return -EBADMSG;
	}

	return 0;
}

/* Batches that compete for tags get their own replies all the same. */
static void gpio_virtio_batch_threads(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(BANK_LINES,
							 .requestq = 32));
	struct kunit_virtio_task *task[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(task); i++)
		task[i] = bank_batch_run(bank_batch(bank, i * 50, 50),
					 bank_batch_hammer);
	for (i = 0; i < ARRAY_SIZE(task); i++) {
		KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task[i],
							       BANK_WAIT_MS));
		KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task[i]), 0);
	}
}

/* A long virtqueue does not fill up with the requests of one call. */
static void gpio_virtio_batch_64_in_flight(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(80, .requestq = 256));
	struct bank_batch *batch = bank_batch(bank, 0, 64);
	struct kunit_virtio_task *task;
	struct bank_call *call;
	unsigned int i;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 64));
	call = bank_call(bank, bank_call_get, 64);
	bank_expect_waiting(call);
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 64);

	bank_set_override(bank, NULL);
	for (i = 0; i < 64; i++)
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
	bank_call_expect(call, 0);
}

static struct kunit_case gpio_virtio_batch_cases[] = {
	KUNIT_CASE(gpio_virtio_batch_64_lines),
	KUNIT_CASE(gpio_virtio_batch_64_in_flight),
	KUNIT_CASE(gpio_virtio_batch_wire),
	KUNIT_CASE(gpio_virtio_batch_no_lines),
	KUNIT_CASE(gpio_virtio_batch_gpiolib),
	KUNIT_CASE_PARAM(gpio_virtio_batch_larger_than_queue,
			 queue_size_gen_params),
	KUNIT_CASE(gpio_virtio_batch_out_of_order),
	KUNIT_CASE(gpio_virtio_batch_one_interrupt),
	KUNIT_CASE(gpio_virtio_batch_some_fail),
	KUNIT_CASE(gpio_virtio_batch_killed),
	KUNIT_CASE(gpio_virtio_batch_break),
	KUNIT_CASE(gpio_virtio_batch_threads),
	{}
};

static struct kunit_suite gpio_virtio_batch_suite = {
	.name = "gpio_virtio_batch",
	.test_cases = gpio_virtio_batch_cases,
};

/* Directions, which the driver remembers */

static int bank_direction(struct bank *bank, u16 gpio)
{
	return bank->gc->get_direction(bank->gc, gpio);
}

/* All lines in a batch, and gpiolib gets its answers without a request. */
static void gpio_virtio_direction_probe(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(64));
	unsigned int i;

	for (i = 0; i < 64; i++)
		bank->lines[i].direction = i % 3;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 64);
	KUNIT_EXPECT_EQ(test, 1, kunit_virtio_notifications(bank->kv,
							    BANK_REQUESTQ));

	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, bank_direction(bank, i),
				i % 3 == VIRTIO_GPIO_DIRECTION_OUT ?
				GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->num_log, 64);
}

/* Replies come in while requests of the batch are still to be sent. */
static void gpio_virtio_direction_probe_wire(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(16, .requestq = 2,
							 .features = BANK_PLAIN));
	char bytes[8] = { VIRTIO_GPIO_MSG_GET_DIRECTION };
	unsigned int i;

	for (i = 0; i < 16; i++)
		bank->lines[i].direction = 1 + i % 2;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 16);
	for (i = 0; i < 16; i++) {
		bytes[2] = i;
		bank_expect_log(bank, i, bytes);
	}
}

/* gpiolib asks whenever somebody requests a line. */
static void gpio_virtio_direction_no_round_trip(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 3, GPIOD_ASIS);

	KUNIT_EXPECT_EQ(test, gpiod_get_direction(desc),
			GPIO_LINE_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);

	KUNIT_ASSERT_EQ(test, gpiod_direction_output(desc, 1), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_direction(desc),
			GPIO_LINE_DIRECTION_OUT);
	KUNIT_ASSERT_EQ(test, gpiod_direction_input(desc), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_direction(desc),
			GPIO_LINE_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
}

/* "0 = none" is an answer and no error. */
static void gpio_virtio_direction_none(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 3, GPIOD_OUT_HIGH);

	bank_put_line(bank, desc);
	desc = bank_get_line(bank, 3, GPIOD_ASIS);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
	KUNIT_EXPECT_EQ(test, gpiod_get_direction(desc),
			GPIO_LINE_DIRECTION_IN);
}

/* What the driver cannot know, it asks for. */
static void gpio_virtio_direction_after_failure(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	bank_set_override(bank, bank_refuse);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_input(bank->gc, 3), -EINVAL);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 3), GPIO_LINE_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	bank_expect_log(bank, 0, "\x02\x00\x03\x00\x00\x00\x00\x00");
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 3), GPIO_LINE_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

static int bank_call_input(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	return call->bank->gc->direction_input(call->bank->gc, call->gpio);
}

static int bank_call_direction(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	return bank_direction(call->bank, call->gpio);
}

/*
 * A question is on its way when the direction changes, and who changed it is
 * killed before the answer. The answer to the question is out of date then.
 */
static void gpio_virtio_direction_abandoned(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *change, *ask;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	bank_set_override(bank, bank_refuse);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_input(bank->gc, 3), -EINVAL);

	bank_set_override(bank, bank_hold);
	ask = bank_call(bank, bank_call_direction, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	change = bank_call(bank, bank_call_input, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	kunit_virtio_task_kill(change->task);
	bank_call_expect(change, -EINTR);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK,
		   VIRTIO_GPIO_DIRECTION_OUT);
	bank_call_expect(ask, GPIO_LINE_DIRECTION_OUT);
	bank->lines[3].direction = VIRTIO_GPIO_DIRECTION_IN;
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 3), GPIO_LINE_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

static void gpio_virtio_direction_unknown(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank->lines[3].direction = 3;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 3), -EIO);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 4), GPIO_LINE_DIRECTION_IN);
}

/* A device that does not tell has a usable chip. */
static void gpio_virtio_direction_refused(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank->override = bank_refuse;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 8);
	bank_set_override(bank, NULL);
	bank_find_chip(bank);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 2), GPIO_LINE_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 3), GPIO_LINE_DIRECTION_OUT);
}

static struct kunit_case gpio_virtio_direction_cases[] = {
	KUNIT_CASE(gpio_virtio_direction_probe),
	KUNIT_CASE(gpio_virtio_direction_probe_wire),
	KUNIT_CASE(gpio_virtio_direction_no_round_trip),
	KUNIT_CASE(gpio_virtio_direction_none),
	KUNIT_CASE(gpio_virtio_direction_after_failure),
	KUNIT_CASE(gpio_virtio_direction_abandoned),
	KUNIT_CASE(gpio_virtio_direction_unknown),
	KUNIT_CASE(gpio_virtio_direction_refused),
	{}
};

static struct kunit_suite gpio_virtio_direction_suite = {
	.name = "gpio_virtio_direction",
	.test_cases = gpio_virtio_direction_cases,
};

/* Lines are freed without anybody waiting for the device. */

static bool bank_logs(struct bank *bank, unsigned int count)
{
	unsigned int num;

	return !read_poll_timeout(READ_ONCE, num, num >= count, BANK_POLL_US,
				  BANK_WAIT_MS * USEC_PER_MSEC, false,
				  bank->num_log);
}

static int bank_call_free(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	call->bank->gc->free(call->bank->gc, call->gpio);

	return 0;
}

static void gpio_virtio_free_does_not_wait(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_set_override(bank, bank_hold);
	bank_call_expect(bank_call(bank, bank_call_free, 3), 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_log(bank, 0, "\x03\x00\x03\x00\x00\x00\x00\x00");
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/*
 * No tag is free when lines are freed. They are deactivated as soon as there is
 * one, and before anything else happens to them.
 */
static void gpio_virtio_free_without_a_tag(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *first, *again;
	unsigned int i;

	bank_set_override(bank, bank_hold);
	first = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	again = bank_call(bank, bank_call_input, 6);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(again->task, 20));
	bank_call_expect(bank_call(bank, bank_call_free, 6), 0);
	bank_call_expect(bank_call(bank, bank_call_free, 2), 0);
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 1);

	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, i + 1));
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 0);
	}
	bank_call_expect(first, 0);
	bank_call_expect(again, 0);

	KUNIT_EXPECT_EQ(test, bank->num_log, 4);
	bank_expect_log(bank, 1, "\x03\x00\x06\x00\x02\x00\x00\x00");
	bank_expect_log(bank, 2, "\x03\x00\x06\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 3, "\x03\x00\x02\x00\x00\x00\x00\x00");
}

static void gpio_virtio_free_64_lines(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(64, .requestq = 16));
	unsigned int i;

	for (i = 0; i < 64; i++)
		KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, i), 0);
	bank_set_override(bank, NULL);
	for (i = 0; i < 64; i++)
		bank->gc->free(bank->gc, i);

	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 64));
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 65);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, bank->lines[i].direction,
				VIRTIO_GPIO_DIRECTION_NONE);
}

/* Freed and requested again at once: the device sees it in this order. */
static void gpio_virtio_free_and_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	for (i = 0; i < 100; i++) {
		bank->gc->free(bank->gc, 3);
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, 3, 1));
		KUNIT_ASSERT_EQ(test, bank->lines[3].direction,
				VIRTIO_GPIO_DIRECTION_OUT);
	}
}

/*
 * The direction of a line that is being freed is not that of its last user, and
 * afterwards it is known without asking.
 */
static void gpio_virtio_free_direction(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *ask;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_set_override(bank, bank_hold);
	bank->gc->free(bank->gc, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	ask = bank_call(bank, bank_call_direction, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 0);
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK,
		   VIRTIO_GPIO_DIRECTION_NONE);
	bank_call_expect(ask, GPIO_LINE_DIRECTION_IN);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 3), GPIO_LINE_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

/* The same while the request that deactivates the line waits for a tag */
static void gpio_virtio_free_direction_without_a_tag(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *first, *ask;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_set_override(bank, bank_hold);
	first = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_call_expect(bank_call(bank, bank_call_free, 3), 0);
	ask = bank_call(bank, bank_call_direction, 3);
	bank_expect_waiting(ask);

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, i + 1));
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 0);
	}
	bank_call_expect(first, 0);
	bank_call_expect(ask, GPIO_LINE_DIRECTION_IN);
}

/* Nobody hears of it but the log, and the line is as usable as before. */
static void gpio_virtio_free_cannot_be_added(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	/* It is sent with the next request, or after a while. */
	kunit_virtio_fail_maps(bank->kv, 1);
	bank->gc->free(bank->gc, 2);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
	kunit_virtio_fail_maps(bank->kv, 1);
	bank->gc->free(bank->gc, 2);
	KUNIT_EXPECT_TRUE(test, bank_logs(bank, 4));
}

/* Nobody gets the error, so it is in the log, and the direction is unknown. */
static void gpio_virtio_free_refused(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_set_override(bank, bank_refuse);
	bank_watch_log(test);
	bank->gc->free(bank->gc, 3);
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 1));
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 2);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 3), GPIO_LINE_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

static void gpio_virtio_free_on_broken_device(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(bank_call(bank, bank_call_free, 3), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

static struct kunit_case gpio_virtio_free_cases[] = {
	KUNIT_CASE(gpio_virtio_free_does_not_wait),
	KUNIT_CASE(gpio_virtio_free_without_a_tag),
	KUNIT_CASE(gpio_virtio_free_64_lines),
	KUNIT_CASE(gpio_virtio_free_and_request),
	KUNIT_CASE(gpio_virtio_free_direction),
	KUNIT_CASE(gpio_virtio_free_direction_without_a_tag),
	KUNIT_CASE(gpio_virtio_free_cannot_be_added),
	KUNIT_CASE(gpio_virtio_free_refused),
	KUNIT_CASE(gpio_virtio_free_on_broken_device),
	{}
};

static struct kunit_suite gpio_virtio_free_suite = {
	.name = "gpio_virtio_free",
	.test_cases = gpio_virtio_free_cases,
};

/* Interrupts */

static irqreturn_t bank_irq_handler(int irq, void *data)
{
	struct bank *bank = data;
	struct bank_line *line;

	line = &bank->lines[irqd_to_hwirq(irq_get_irq_data(irq))];
	atomic_dec_if_positive(&line->active);
	atomic_inc(&line->events);
	atomic_inc(&bank->events);

	return IRQ_HANDLED;
}

/**
 * struct bank_irq - an interrupt that a test has requested
 * @irq: its number
 * @bank: the bank
 */
struct bank_irq {
	int irq;
	struct bank *bank;
};

static void bank_free_irq(void *data)
{
	struct bank_irq *irq = data;

	free_irq(irq->irq, irq->bank);
}

/* A handler of NULL is one that wakes a thread. */
static struct bank_irq *bank_add_irq(struct bank *bank, int number,
				     irq_handler_t handler,
				     irq_handler_t thread_fn,
				     unsigned long flags)
{
	struct kunit *test = bank->test;
	struct bank_irq *irq;

	irq = kunit_kzalloc(test, sizeof(*irq), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, irq);
	irq->bank = bank;
	irq->irq = number;
	KUNIT_ASSERT_GT(test, number, 0);
	KUNIT_ASSERT_EQ(test, 0, request_threaded_irq(number, handler,
						      thread_fn, flags,
						      "kunit", bank));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_free_irq,
							   irq));

	return irq;
}

static struct bank_irq *bank_request_irq(struct bank *bank, u16 gpio,
					 unsigned long flags)
{
	struct gpio_desc *desc = bank_get_line(bank, gpio, GPIOD_IN);

	return bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL,
			    flags);
}

static void bank_release_irq(struct bank_irq *irq)
{
	kunit_release_action(irq->bank->test, bank_free_irq, irq);
}

/* The interrupt of a line that nobody has requested as a GPIO */
static int bank_to_irq(struct bank *bank, u16 gpio)
{
	return bank->gc->to_irq(bank->gc, gpio);
}

/* Most of what a test waits for takes less time than the shortest sleep. */
static void bank_pause(unsigned int turn)
{
	if (turn < 2000)
		cond_resched();
	else
		usleep_range(50, 100);
}

/* Wait until the driver has queued a line's buffer, or has it back. */
static bool bank_armed(struct bank *bank, u16 gpio, bool armed)
{
	unsigned long end = jiffies + msecs_to_jiffies(BANK_WAIT_MS);
	unsigned int turn = 0;

	do {
		if (!!READ_ONCE(bank->lines[gpio].armed) == armed)
			return true;
		bank_pause(turn++);
	} while (time_before(jiffies, end));

	return false;
}

/* Wait until a line's handler has run so often. Returns how often it has. */
static int bank_events(struct bank *bank, u16 gpio, int events)
{
	unsigned long end = jiffies + msecs_to_jiffies(BANK_WAIT_MS);
	atomic_t *count = &bank->lines[gpio].events;
	unsigned int turn = 0;

	while (atomic_read(count) < events && time_before(jiffies, end))
		bank_pause(turn++);

	return atomic_read(count);
}

/* Give what must not happen the time to happen. */
/* Longer than the driver waits before it acts by itself */
static void bank_settle(void)
{
	msleep(virtio_gpio_poll_ms + 20);
}

/* The line is armed, and the next event comes through, once. */
static void bank_expect_working(struct bank *bank, u16 gpio)
{
	struct kunit *test = bank->test;
	int events;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, gpio, true));
	events = atomic_read(&bank->lines[gpio].events) + 1;
	bank_edge(bank, gpio);
	KUNIT_ASSERT_EQ(test, bank_events(bank, gpio, events), events);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, gpio, true));
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[gpio].events), events);
}

static void bank_expect_masked(struct bank *bank, u16 gpio)
{
	bank_settle();
	KUNIT_EXPECT_NULL(bank->test, bank->lines[gpio].armed);
}

/* The messages of a kind in the log */
static unsigned int bank_count(struct bank *bank, u16 type)
{
	unsigned int i, count = 0;

	for (i = 0; i < min(bank->num_log, BANK_LOG); i++)
		count += bank->log[i].type == cpu_to_le16(type);

	return count;
}

/* The device refuses to enable an interrupt, while it still disables one. */
static bool bank_refuse_irq_type(struct bank *bank,
				 struct kunit_virtio_buf *buf,
				 const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) &&
	       req->value && bank_refuse(bank, buf, req);
}

static bool bank_hold_irq_type(struct bank *bank, struct kunit_virtio_buf *buf,
			       const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) &&
	       bank_hold(bank, buf, req);
}

/* The device does, late, what a request that it has held asks for. */
static void bank_answer_held(struct bank *bank, unsigned int index)
{
	struct virtio_gpio_request req = { };

	if (bank_read(bank, bank->held[index], &req, sizeof(req)))
		bank_model(bank, bank->held[index], &req);
}

static const struct irq_type {
	const char *name;
	unsigned int linux_type;
	u8 type;
} irq_types[] = {
	{ "rising", IRQF_TRIGGER_RISING, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING },
	{ "falling", IRQF_TRIGGER_FALLING, VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING },
	{ "both", IRQF_TRIGGER_RISING | IRQF_TRIGGER_FALLING,
	  VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH },
	{ "high", IRQF_TRIGGER_HIGH, VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH },
	{ "low", IRQF_TRIGGER_LOW, VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW },
};

KUNIT_ARRAY_PARAM_DESC(irq_type, irq_types, name);

static bool irq_type_is_level(const struct irq_type *type)
{
	return type->linux_type & IRQ_TYPE_LEVEL_MASK;
}

/* Enabled, unmasked, delivered, unmasked again, disabled */
static void gpio_virtio_irq_life(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;
	struct bank_irq *irq;
	int i;

	irq = bank_request_irq(bank, 6, type->linux_type);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	KUNIT_EXPECT_EQ(test, bank->lines[6].irq_type, type->type);

	for (i = 1; i <= 3; i++) {
		bank_edge(bank, 6);
		KUNIT_ASSERT_EQ(test, bank_events(bank, 6, i), i);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	}

	bank_release_irq(irq);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 6, false));
	KUNIT_EXPECT_EQ(test, bank->lines[6].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 3);
}

static int bank_call_edges(void *data)
{
	struct bank_call *call = data;
	unsigned int i;

	for (i = 0; i < READ_ONCE(call->rounds); i++) {
		if (!bank_armed(call->bank, call->gpio, true))
			return -ETIMEDOUT;
		bank_edge(call->bank, call->gpio);
	}

	return 0;
}

/*
 * Events on one line while another one's buffer is queued and taken back. It
 * takes two CPUs to do so at the same time.
 */
static void gpio_virtio_irq_event_during_add(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_IRQ,
							 .eventq = 8));
	struct bank_call *call;
	struct bank_irq *irq;
	unsigned int i;

	bank_request_irq(bank, 0, IRQF_TRIGGER_RISING);
	irq = bank_request_irq(bank, 1, IRQF_TRIGGER_RISING);
	kunit_virtio_slow_maps(bank->kv, 20);

	call = bank_call_stoppable(bank, bank_call_edges, 0);
	for (i = 0; i < call->rounds; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 1, true));
		free_irq(irq->irq, bank);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 1, false));
		KUNIT_ASSERT_EQ(test, 0, request_irq(irq->irq, bank_irq_handler,
						     IRQF_TRIGGER_RISING,
						     "kunit", bank));
	}

	bank_call_expect(call, 0);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 0, call->rounds), call->rounds);
}

/* The last line of the largest bank */
static void gpio_virtio_irq_line_65534(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(65535));

	bank_request_irq(bank, 65534, IRQF_TRIGGER_FALLING);
	bank_expect_working(bank, 65534);
}

/* A type that is set before the interrupt is requested */
static void gpio_virtio_irq_type_before_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 2, GPIOD_IN);
	int irq = gpiod_to_irq(desc);

	KUNIT_ASSERT_GT(test, irq, 0);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_EDGE_RISING), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);

	KUNIT_ASSERT_EQ(test, 0, request_irq(irq, bank_irq_handler, 0, "kunit",
					     bank));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	free_irq(irq, bank);
	KUNIT_EXPECT_TRUE(test, bank_logs(bank, 2));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x02\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x02\x00\x00\x00\x00\x00");
}

/*
 * The device refuses the trigger type, also after it was told to disable the
 * interrupt. That stays masked, with a word in the log as there is no way to tell
 * the caller, until it gets another type.
 */
static void gpio_virtio_irq_type_refused(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_set_override(bank, bank_refuse_irq_type);
	bank_watch_log(test);
	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 3);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 2);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_expect_working(bank, 2);
}

/* An interrupt that the device has never enabled needs no disabling. */
static void gpio_virtio_irq_type_refused_and_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_set_override(bank, bank_refuse_irq_type);
	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 3);
}

/* Without a trigger type there is nothing to enable yet. */
static void gpio_virtio_irq_no_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 2, GPIOD_IN);
	struct bank_irq *irq;

	bank_set_override(bank, NULL);
	irq = bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);

	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_RISING));
	bank_expect_working(bank, 2);
}

static void gpio_virtio_irq_no_type_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 2, GPIOD_IN);
	struct bank_irq *irq;

	bank_set_override(bank, NULL);
	irq = bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL, 0);
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
}

/* An interrupt that its user wants to enable himself, later */
static void gpio_virtio_irq_no_autoenable(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING | IRQF_NO_AUTOEN);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 0);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);

	enable_irq(irq->irq);
	bank_expect_working(bank, 2);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 1);
}

/* Types that there are not are refused, and the interrupt keeps its own. */
static void gpio_virtio_irq_type_unknown(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			irq_set_irq_type(irq->irq, IRQ_TYPE_EDGE_RISING |
						   IRQ_TYPE_LEVEL_HIGH));
	KUNIT_EXPECT_EQ(test, -EINVAL, irq_set_irq_type(irq->irq,
							IRQ_TYPE_LEVEL_MASK));
	KUNIT_EXPECT_EQ(test, -EINVAL, irq_set_irq_type(irq->irq, IRQ_TYPE_NONE));
	bank_expect_working(bank, 2);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

/*
 * Who uses a line for its interrupt alone has not made it an input. The driver
 * does, and deactivates it in the end.
 */
static void gpio_virtio_irq_only_user(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
	bank_release_irq(irq);

	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 4));
	KUNIT_EXPECT_EQ(test, bank->num_log, 4);
	bank_expect_log(bank, 0, "\x03\x00\x05\x00\x02\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x05\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 2, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 3, "\x03\x00\x05\x00\x00\x00\x00\x00");
}

/* A device that does not make the line an input is heard by the caller. */
static void gpio_virtio_irq_only_user_refused(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);

	bank_set_override(bank, bank_refuse);
	KUNIT_EXPECT_EQ(test, -EINVAL, request_irq(irq, bank_irq_handler,
						   IRQF_TRIGGER_RISING,
						   "kunit", bank));
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 0);

	bank_set_override(bank, NULL);
	bank_add_irq(bank, irq, bank_irq_handler, NULL, IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
}

static void gpio_virtio_irq_of_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);

	bank_get_line(bank, 5, GPIOD_OUT_HIGH);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, -EIO, request_irq(irq, bank_irq_handler,
						IRQF_TRIGGER_RISING, "kunit",
						bank));
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
}

/* An output that was freed is none, whatever its last user made of it. */
static void gpio_virtio_irq_of_former_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_put_line(bank, bank_get_line(bank, 5, GPIOD_OUT_HIGH));
	bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
		     IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
}

/* The line is in use until the last of its users has gone. */
static void gpio_virtio_irq_outlives_gpio(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_put_line(bank, desc);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_IN);
	bank_expect_working(bank, 5);

	bank_set_override(bank, NULL);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 2));
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x03\x00\x05\x00\x00\x00\x00\x00");
}

static void gpio_virtio_irq_gpio_outlives(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_set_override(bank, NULL);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 1));
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_IN);
}

static int bank_call_request_irq(void *data)
{
	struct bank_call *call = data;
	int irq = bank_to_irq(call->bank, call->gpio);
	int ret;

	ret = request_irq(irq, bank_irq_handler, IRQF_TRIGGER_RISING, "kunit",
			  call->bank);
	if (!ret)
		free_irq(irq, call->bank);

	return ret;
}

static int bank_call_release_irq(void *data)
{
	bank_release_irq(data);

	return 0;
}

/* No user of an interrupt has to wait until the device knows that he left. */
static void gpio_virtio_irq_free_does_not_wait(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct kunit_virtio_task *task;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, bank_hold);
	task = kunit_virtio_run(bank->kv, bank_call_release_irq, irq);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));

	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* Nor does it take a tag to leave, and the next user comes after that. */
static void gpio_virtio_irq_free_without_a_tag(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_IRQ,
							 .requestq = 2));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct bank_call *first, *again;
	struct kunit_virtio_task *task;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, bank_hold);
	first = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	task = kunit_virtio_run(bank->kv, bank_call_release_irq, irq);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	again = bank_call(bank, bank_call_request_irq, 5);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(again->task, 50));

	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_call_expect(first, 0);
	bank_call_expect(again, 0);
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 3));
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x05\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 2, "\x06\x00\x05\x00\x00\x00\x00\x00");
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
}

/*
 * The device is late to return the buffer of an interrupt that was freed. Who
 * requests it again gets it to work as soon as it does, and there is never more
 * than one buffer.
 */
static void gpio_virtio_irq_requested_before_return(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	bank_release_irq(irq);
	bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
		     IRQF_TRIGGER_FALLING);
	bank_expect_masked(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 1);

	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_working(bank, 5);
}

/* Nobody uses the interrupt any longer when the buffer returns. */
static void gpio_virtio_irq_freed_before_return(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	bank_release_irq(irq);
	bank_settle();
	KUNIT_ASSERT_NOT_NULL(test, bank->lines[5].retiring);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_VALID);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/*
 * Disabled and enabled again before a device that is late has returned the
 * buffer, if it was asked to.
 */
static void gpio_virtio_irq_enabled_before_return(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	bank_watch(test, "WARNING: ");
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_working(bank, 5);
}

/*
 * A device returns the buffer of an interrupt with another type as if that had
 * fired, after the driver has disabled it. Whether this is taken for an event
 * or not, the interrupt works with its new type.
 */
static void gpio_virtio_irq_returned_valid(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_VALID);
	bank_settle();
	KUNIT_EXPECT_LE(test, atomic_read(&bank->events), 1);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 3);
}

/**
 * struct bad_event - what a device should not return the buffer of a line with
 * @name: what is wrong with it
 * @status: status byte
 * @len: used length; the right one is 1
 */
struct bad_event {
	const char *name;
	u8 status;
	u32 len;
};

static const struct bad_event bad_events[] = {
	{ "empty", VIRTIO_GPIO_IRQ_STATUS_VALID, 0 },
	{ "over-long", VIRTIO_GPIO_IRQ_STATUS_VALID, 2 },
	{ "huge", VIRTIO_GPIO_IRQ_STATUS_VALID, U32_MAX },
	{ "status 2", 2, 1 },
	{ "status 0xff", 0xff, 1 },
};

KUNIT_ARRAY_PARAM_DESC(bad_event, bad_events, name);

static void bank_bad_event(struct bank *bank, u16 gpio,
			   const struct bad_event *bad)
{
	struct kunit_virtio_buf *buf = bank_disarm(bank, gpio);

	KUNIT_ASSERT_NOT_NULL(bank->test, buf);
	kunit_virtio_write(buf, &bad->status, sizeof(bad->status));
	kunit_virtio_push(buf, bad->len);
}

/* Reported, not taken for an event, and the interrupt goes on to work. */
static void gpio_virtio_irq_bad_event(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_watch_log(test);
	bank_bad_event(bank, 5, test->param_value);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	bank_expect_working(bank, 5);
}

/* A device that does not stop with it is asked once a poll, and may stop. */
static void gpio_virtio_irq_8_bad_events(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned long start = jiffies;
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_bad_event(bank, 5, test->param_value);
	}
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start),
			7 * virtio_gpio_poll_ms);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 9);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	bank_expect_working(bank, 5);
}

/* Not more than a few messages, as often as the interrupt is started again */
static void gpio_virtio_irq_bad_events_log_limited(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	unsigned int i;

	bank_watch_log(test);
	for (i = 0; i < 100; i++) {
		if (i % 8 == 0) {
			disable_irq(irq->irq);
			enable_irq(irq->irq);
		}
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_bad_event(bank, 5, &bad_events[i % ARRAY_SIZE(bad_events)]);
	}
	KUNIT_EXPECT_GT(test, bank_complaints_seen(test), 0);
	KUNIT_EXPECT_LT(test, bank_complaints_seen(test), 25);
}

/* A good event in between shows that the device is not that broken. */
static void gpio_virtio_irq_bad_events_not_in_a_row(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	for (i = 0; i < 40; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		if (i % 8 == 7)
			bank_edge(bank, 5);
		else
			bank_bad_event(bank, 5, &bad_events[0]);
	}
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 5), 5);
	bank_expect_working(bank, 5);
}

/* More lines than buffers fit: each has its turn when another one has fired. */
static void gpio_virtio_irq_full_queue(struct kunit *test)
{
	const struct queue_size *q = test->param_value;
	struct bank *bank = bank_start(test, BANK_PARAMS(64, .eventq = q->size,
						.features = q->features | BANK_IRQ));
	unsigned int i;
	int round;

	for (i = 0; i < 64; i++)
		bank_request_irq(bank, i, IRQF_TRIGGER_RISING);

	for (round = 1; round <= 4; round++) {
		for (i = 0; i < 64; i++)
			bank_edge(bank, i * 37 % 64);
		for (i = 0; i < 64; i++)
			KUNIT_ASSERT_EQ(test, bank_events(bank, i, round),
					round);
	}
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 4 * 64);
}

/* Have all lines fire until this one is heard: none keeps the buffer idle. */
static bool bank_has_its_turn(struct bank *bank, u16 gpio)
{
	unsigned long end = jiffies + msecs_to_jiffies(BANK_WAIT_MS);
	atomic_t *count = &bank->lines[gpio].events;
	int events = atomic_read(count);
	unsigned int turn = 0;
	u16 i;

	while (atomic_read(count) == events && time_before(jiffies, end)) {
		for (i = 1; i < bank->params.ngpio; i++)
			bank_edge(bank, i);
		bank_pause(turn++);
	}

	return atomic_read(count) != events;
}

/* A line that fires all the time does not have the only buffer for itself. */
static void gpio_virtio_irq_full_queue_storm(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_IRQ,
							 .eventq = 2));
	unsigned int i;
	int round;

	for (i = 0; i < 8; i++)
		bank_request_irq(bank, i, i ? IRQF_TRIGGER_RISING :
					      IRQF_TRIGGER_HIGH);

	for (round = 1; round <= 4; round++) {
		bank_activate(bank, 0, INT_MAX);
		for (i = 1; i < 8; i++)
			KUNIT_ASSERT_TRUE(test, bank_has_its_turn(bank, i));
		bank_activate(bank, 0, 0);
	}
}

static irqreturn_t bank_irq_handler_irqs_off(int irq, void *data)
{
	if (!irqs_disabled())
		bank_breach(data, "handler called with interrupts enabled");

	return bank_irq_handler(irq, data);
}

/*
 * A virtqueue's callback may be called with interrupts enabled, by transports
 * without an interrupt of their own and with PREEMPT_RT. A handler may not.
 */
static void gpio_virtio_irq_callback_in_thread(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	const u8 status = VIRTIO_GPIO_IRQ_STATUS_VALID;
	struct kunit_virtio_buf *buf;
	struct virtqueue *vq;

	bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler_irqs_off, NULL,
		     IRQF_TRIGGER_RISING | IRQF_NO_THREAD);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	buf = bank_disarm(bank, 5);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	kunit_virtio_write(buf, &status, sizeof(status));
	kunit_virtio_push_quiet(buf, sizeof(status));

	virtio_device_for_each_vq(kunit_virtio_vdev(bank->kv), vq)
		if (vq->index == BANK_EVENTQ)
			vring_interrupt(0, vq);
	/* The irq core disables them for good when it finds them enabled. */
	local_irq_enable();
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
}

/* As the irq core does when the system resumes: without locking the bus */
static void bank_resume_irq(int irq)
{
	struct irq_data *d = irq_get_irq_data(irq);
	struct irq_chip *chip = irq_data_get_irq_chip(d);
	unsigned long flags;

	local_irq_save(flags);
	if (chip->irq_enable)
		chip->irq_enable(d);
	else
		chip->irq_unmask(d);
	local_irq_restore(flags);
}

/* The event that came while the system was suspended has used up the buffer. */
static void gpio_virtio_irq_resume(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_expect_masked(bank, 5);

	bank_resume_irq(irq->irq);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));

	enable_irq(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 2);
}

/* The new type of an interrupt in use is the one that it has from then on. */
static void gpio_virtio_irq_type_change(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;
	struct bank_irq *irq;
	unsigned int i;

	irq = bank_request_irq(bank, 5, type->linux_type);
	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		if (&irq_types[i] == type)
			continue;

		KUNIT_EXPECT_EQ(test, 0,
				irq_set_irq_type(irq->irq,
						 irq_types[i].linux_type));
		bank_expect_working(bank, 5);
		KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
				irq_types[i].type);
		KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
							  type->linux_type));
		bank_expect_working(bank, 5);
		KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type, type->type);
	}
}

/* No buffer for the new type before the one for the old type is back */
static void gpio_virtio_irq_type_change_late(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_BOTH));
	bank_expect_masked(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);

	/* What comes meanwhile is latched. */
	bank_edge(bank, 5);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
}

/* An edge waits for the interrupt to be enabled. */
static void bank_disabled_edge(struct bank *bank, struct bank_irq *irq)
{
	struct kunit *test = bank->test;
	int i;

	for (i = 1; i <= 5; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		disable_irq(irq->irq);
		bank_edge(bank, 5);
		bank_settle();
		KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), i - 1);
		enable_irq(irq->irq);
		KUNIT_ASSERT_EQ(test, bank_events(bank, 5, i), i);
	}
}

/* A level that is still there is an event then; one that is gone is none. */
static void bank_disabled_level(struct bank *bank, struct bank_irq *irq)
{
	struct kunit *test = bank->test;

	disable_irq(irq->irq);
	bank_activate(bank, 5, 1);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	enable_irq(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	disable_irq(irq->irq);
	bank_activate(bank, 5, 1);
	bank_activate(bank, 5, 0);
	enable_irq(irq->irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
}

/* To disable and to enable an interrupt takes no requests and loses nothing. */
static void gpio_virtio_irq_disabled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;
	struct bank_irq *irq;

	irq = bank_request_irq(bank, 5, type->linux_type);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, NULL);
	if (irq_type_is_level(type))
		bank_disabled_level(bank, irq);
	else
		bank_disabled_edge(bank, irq);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

/* Wake the system on an event */
static void gpio_virtio_irq_wake(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct device *dev = &kunit_virtio_vdev(bank->kv)->dev;

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), -ENXIO);
	KUNIT_ASSERT_EQ(test, device_init_wakeup(dev, true), 0);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	device_init_wakeup(dev, false);
}

static void gpio_virtio_irq_immutable_chip(struct kunit *test)
{
	bank_watch(test, "not an immutable chip");
	bank_start(test, BANK_PARAMS(8));
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

/* The device takes its time with one line, and another one's thread ends. */
static void gpio_virtio_irq_slow_line(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_call *slow;
	struct bank_irq *irq;

	irq = bank_add_irq(bank, gpiod_to_irq(desc), NULL, bank_irq_handler,
			   IRQF_TRIGGER_RISING | IRQF_ONESHOT);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_get_line(bank, 6, GPIOD_IN);
	bank_set_override(bank, bank_hold_irq_type);
	slow = bank_call(bank, bank_call_request_irq, 6);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));

	bank_expect_working(bank, 5);
	bank_release_irq(irq);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(slow->task, 0));

	bank_set_override(bank, NULL);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_answer_held(bank, 0);
	bank_answer_held(bank, 1);
	bank_call_expect(slow, 0);
}

static int bank_irq_number(struct bank *bank, u16 gpio)
{
	return irq_find_mapping(bank->gc->irq.domain, gpio);
}

static int bank_call_set_type(void *data)
{
	struct bank_call *call = data;

	return irq_set_irq_type(bank_irq_number(call->bank, call->gpio),
				IRQ_TYPE_LEVEL_HIGH);
}

/* A handler that waits for the test, in the thread of an interrupt */
static DECLARE_COMPLETION(bank_irq_go);

static irqreturn_t bank_irq_waiting_thread(int irq, void *data)
{
	wait_for_completion(&bank_irq_go);

	return bank_irq_handler(irq, data);
}

static void bank_complete(void *data)
{
	complete_all(data);
}

static int bank_call_disable_irq(void *data)
{
	struct bank_call *call = data;
	int irq = bank_irq_number(call->bank, call->gpio);

	disable_irq_nosync(irq);
	synchronize_irq(irq);

	return 0;
}

/*
 * While one thread waits for the device, others may call what the irq core
 * offers in any context, for the same line. The thread of a handler ends with
 * such a call.
 */
static void gpio_virtio_irq_nosync(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_call *slow, *quick;
	struct bank_irq *irq;

	reinit_completion(&bank_irq_go);
	irq = bank_add_irq(bank, gpiod_to_irq(desc), NULL,
			   bank_irq_waiting_thread,
			   IRQF_TRIGGER_RISING | IRQF_ONESHOT);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_complete,
							   &bank_irq_go));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_edge(bank, 5);
	bank_set_override(bank, bank_hold_irq_type);
	slow = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));

	quick = bank_call(bank, bank_call_disable_irq, 5);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(quick->task, 20));
	complete_all(&bank_irq_go);
	bank_call_expect(quick, 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(slow->task, 0));

	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_answer_held(bank, 1);
	bank_call_expect(slow, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	enable_irq(irq->irq);
	bank_expect_working(bank, 5);
}

static int bank_call_resume_and_disable(void *data)
{
	struct bank_call *call = data;
	int irq = bank_irq_number(call->bank, call->gpio);

	bank_resume_irq(irq);
	disable_irq_nosync(irq);

	return 0;
}

/* The irq core asks for an event again when the system resumes. */
static void gpio_virtio_irq_retrigger(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct irq_data *d = irq_get_irq_data(irq->irq);

	/* What is from before the first event is not of this user. */
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_EQ(test, irq_data_get_irq_chip(d)->irq_retrigger(d), 1);
	bank_expect_working(bank, 5);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_EQ(test, irq_data_get_irq_chip(d)->irq_retrigger(d), 1);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 2), 2);
	bank_expect_working(bank, 5);
}

static void bank_retrigger_and_shutdown(int irq)
{
	struct irq_data *d = irq_get_irq_data(irq);
	struct irq_chip *chip = irq_data_get_irq_chip(d);

	chip->irq_bus_lock(d);
	chip->irq_retrigger(d);
	chip->irq_shutdown(d);
	chip->irq_bus_sync_unlock(d);
}

/* What the driver has kept for one user of an interrupt is not for the next. */
static void gpio_virtio_irq_retrigger_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int number = bank_to_irq(bank, 5);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, number, bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_retrigger_and_shutdown(number);
	bank_release_irq(irq);
	bank_add_irq(bank, number, bank_irq_handler, NULL, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	bank_expect_working(bank, 5);
}

/* A buffer that cannot be added is tried again, although nothing happens. */
static void gpio_virtio_irq_cannot_be_added(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	kunit_virtio_fail_maps(bank->kv, 1);
	bank_edge(bank, 5);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
}

/* A thread that has had the system resume may disable interrupts as well. */
static void gpio_virtio_irq_resume_nosync(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct bank_call *slow;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, bank_hold_irq_type);
	slow = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_call_expect(bank_call(bank, bank_call_resume_and_disable, 5), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(slow->task, 0));

	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_answer_held(bank, 1);
	bank_call_expect(slow, 0);
	enable_irq(irq->irq);
	bank_expect_working(bank, 5);
}

/* disable_irq_nosync() is for any context. */
static void gpio_virtio_irq_nosync_atomic(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	scoped_guard(irqsave)
		disable_irq_nosync(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[5].events), 0);
	enable_irq(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
}

/* What the device latched before it got the first buffer */
static bool bank_latch_on_type(struct bank *bank, struct kunit_virtio_buf *buf,
			       const struct virtio_gpio_request *req)
{
	u16 gpio = le16_to_cpu(req->gpio);

	if (req->type != cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE))
		return false;

	bank_set_irq_type(bank, gpio, le32_to_cpu(req->value));
	bank_edge(bank, gpio);
	bank_reply(buf, VIRTIO_GPIO_STATUS_OK, 0);

	return true;
}

static void gpio_virtio_irq_latched(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;
	int latched = !irq_type_is_level(type);

	bank_set_override(bank, bank_latch_on_type);
	bank_request_irq(bank, 5, type->linux_type);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, latched), latched);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), latched + 1);
}

/* The handler runs as long as there is something for it to do. */
static void gpio_virtio_irq_still_active(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const struct irq_type *type = test->param_value;

	bank_request_irq(bank, 5, type->linux_type);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_activate(bank, 5, 100);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 100), 100);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 101);
	KUNIT_EXPECT_EQ(test, bank->lines[5].fired, 101);
}

/* An interrupt that is masked until its thread has run */
static irqreturn_t bank_irq_thread(int irq, void *data)
{
	struct bank *bank = data;
	u16 gpio = irqd_to_hwirq(irq_get_irq_data(irq));

	usleep_range(900, 1100);
	if (READ_ONCE(bank->lines[gpio].armed))
		bank_breach(bank, "interrupt unmasked before its thread ended");

	return bank_irq_handler(irq, data);
}

static void gpio_virtio_irq_oneshot(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	const struct irq_type *type = test->param_value;

	bank_add_irq(bank, gpiod_to_irq(desc), NULL, bank_irq_thread,
		     type->linux_type | IRQF_ONESHOT);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_activate(bank, 5, 10);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 10), 10);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 11);
}

static int bank_call_irq_rounds(void *data)
{
	struct bank_call *call = data;
	struct bank *bank = call->bank;
	int irq = bank_to_irq(bank, call->gpio);
	bool ok = true;
	int i, ret;

	for (i = 1; ok && i <= 40 && READ_ONCE(call->rounds); i++) {
		ret = request_irq(irq, bank_irq_handler, IRQF_TRIGGER_RISING,
				  "kunit", bank);
		if (ret)
			return ret;
		ok = bank_armed(bank, call->gpio, true);
		bank_edge(bank, call->gpio);
		ok = ok && bank_events(bank, call->gpio, i) == i;
		free_irq(irq, bank);
	}

	return ok ? 0 : -EBADMSG;
}

/* The interrupts of different lines come and go, and do not mind each other. */
static void gpio_virtio_irq_8_threads(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 8,
							 .eventq = 8));
	struct bank_call *call[8];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call_stoppable(bank, bank_call_irq_rounds, i);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 0);
	bank_settle();
	for (i = 0; i < ARRAY_SIZE(call); i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[i].events),
				bank->lines[i].fired);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* Sixty-four lines fire at once, and one notification unmasks them all. */
static void gpio_virtio_irq_burst(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(64));
	const u8 status = VIRTIO_GPIO_IRQ_STATUS_VALID;
	unsigned int i, before;

	for (i = 0; i < 64; i++)
		bank_request_irq(bank, i, IRQF_TRIGGER_RISING | IRQF_NO_THREAD);
	for (i = 0; i < 64; i++)
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));

	before = kunit_virtio_notifications(bank->kv, BANK_EVENTQ);
	for (i = 0; i < 64; i++) {
		struct kunit_virtio_buf *buf = bank_disarm(bank, i);

		kunit_virtio_write(buf, &status, sizeof(status));
		kunit_virtio_push_quiet(buf, sizeof(status));
	}
	kunit_virtio_interrupt(bank->kv, BANK_EVENTQ);

	for (i = 0; i < 64; i++) {
		KUNIT_ASSERT_EQ(test, bank_events(bank, i, 1), 1);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
	}
	KUNIT_EXPECT_EQ(test, 1, -before +
			kunit_virtio_notifications(bank->kv, BANK_EVENTQ));
}

/* The device fires as fast as it can. Everything else goes on meanwhile. */
static void gpio_virtio_irq_storm(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_line *line = &bank->lines[0];
	const struct irq_type *type = test->param_value;
	int i, before;

	bank_request_irq(bank, 0, type->linux_type);
	bank_request_irq(bank, 1, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 0, true));
	bank_activate(bank, 0, INT_MAX);
	before = bank_events(bank, 0, 100);
	KUNIT_ASSERT_GE(test, before, 100);

	for (i = 1; i <= 20; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 1, true));
		bank_edge(bank, 1);
		KUNIT_ASSERT_EQ(test, bank_events(bank, 1, i), i);
		KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 2, i & 1), 0);
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), i & 1);
	}

	KUNIT_EXPECT_GT(test, bank_events(bank, 0, before + 1), before);
	atomic_set(&line->active, 0);
	bank_settle();
	bank_expect_working(bank, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&line->events), line->fired);
}

/* A storm ends when its interrupt is freed, and there may be another one. */
static void gpio_virtio_irq_storm_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_line *line = &bank->lines[0];
	struct bank_irq *irq;
	int events, i;

	irq = bank_request_irq(bank, 0, IRQF_TRIGGER_HIGH);
	for (i = 0; i < 10; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 0, true));
		bank_activate(bank, 0, INT_MAX);
		events = atomic_read(&line->events) + 20;
		KUNIT_ASSERT_GE(test, bank_events(bank, 0, events), events);
		bank_release_irq(irq);
		events = atomic_read(&line->events);
		bank_settle();
		KUNIT_EXPECT_EQ(test, line->irq_type,
				VIRTIO_GPIO_IRQ_TYPE_NONE);
		KUNIT_EXPECT_NULL(test, line->armed);
		KUNIT_EXPECT_EQ(test, atomic_read(&line->events), events);

		bank_activate(bank, 0, 0);
		irq = bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
				   IRQF_TRIGGER_HIGH);
	}
	bank_expect_working(bank, 0);
}

/**
 * struct bank_user - what is to be expected of a line's interrupt
 * @bank: the bank
 * @gpio: the line
 * @number: number of the interrupt
 * @irq: the interrupt; NULL while it is free
 * @type: its trigger type, an index
 * @depth: how often it was disabled
 * @latched: the device has an event that it could not report yet
 * @pending: the irq core has one that it could not report yet
 * @events: how often the handler has run
 */
struct bank_user {
	struct bank *bank;
	u16 gpio;
	int number;
	struct bank_irq *irq;
	unsigned int type;
	unsigned int depth;
	bool latched;
	bool pending;
	int events;
};

#define BANK_USERS	4

static void bank_add_users(struct bank *bank, struct bank_user *user)
{
	unsigned int i;

	for (i = 0; i < BANK_USERS; i++) {
		user[i].bank = bank;
		user[i].gpio = i;
		user[i].number = gpiod_to_irq(bank_get_line(bank, i, GPIOD_IN));
	}
}

static void bank_user_request(struct bank_user *user)
{
	user->irq = bank_add_irq(user->bank, user->number, bank_irq_handler,
				 NULL, irq_types[user->type].linux_type);
	user->depth = 0;
}

static void bank_user_free(struct bank_user *user)
{
	bank_release_irq(user->irq);
	user->irq = NULL;
}

static void bank_user_disable(struct bank_user *user)
{
	/* Both are the same where no handler is running. */
	if (user->depth++ & 1)
		disable_irq_nosync(user->number);
	else
		disable_irq(user->number);
}

static void bank_user_enable(struct bank_user *user)
{
	user->depth--;
	enable_irq(user->number);
}

/* There are three types for edges. */
static void bank_user_change_type(struct bank_user *user)
{
	user->type = (user->type + 1) % 3;
	KUNIT_EXPECT_EQ(user->bank->test, 0,
			irq_set_irq_type(user->number,
					 irq_types[user->type].linux_type));
}

/* One step of what the user of an interrupt may do at this point */
static void bank_user_step(struct bank_user *user, unsigned int step)
{
	switch (step % 4) {
	case 0:
		if (user->irq)
			bank_user_disable(user);
		break;
	case 1:
		if (user->irq && user->depth)
			bank_user_enable(user);
		break;
	case 2:
		bank_user_change_type(user);
		if (user->irq)
			user->latched = false;
		break;
	case 3:
		if (user->irq) {
			bank_user_free(user);
			user->latched = false;
		} else {
			bank_user_request(user);
		}
		break;
	}
}

/* One step of what the device may do */
static void bank_device_step(struct bank_user *user, unsigned int step)
{
	struct bank_line *line = &user->bank->lines[user->gpio];

	switch (step % 4) {
	case 0:
		line->late = !line->late;
		break;
	case 1:
		bank_return_late(user->bank, user->gpio,
				 VIRTIO_GPIO_IRQ_STATUS_INVALID);
		break;
	default:
		bank_edge(user->bank, user->gpio);
		if (user->irq)
			user->latched = true;
		break;
	}
}

/* Wait until the irq core has masked an interrupt that fires while disabled. */
static bool bank_masked(int number)
{
	struct irq_data *d = irq_get_irq_data(number);
	bool masked;

	return !read_poll_timeout(irqd_irq_masked, masked, masked, BANK_POLL_US,
				  BANK_WAIT_MS * USEC_PER_MSEC, false, d);
}

/*
 * Follow an event: the device reports it if it has a buffer for that, which
 * needs an interrupt that is not masked. The irq core masks one that fires
 * while it is disabled, and runs the handler when it is enabled again. It does
 * not forget that if the interrupt is freed, so the next user may get one more.
 */
static void bank_user_expect(struct bank_user *user, bool requested)
{
	struct bank_line *line = &user->bank->lines[user->gpio];
	struct kunit *test = user->bank->test;
	bool armed;
	int events;

	if (requested && user->pending) {
		bank_settle();
		events = atomic_read(&line->events);
		KUNIT_ASSERT_LE(test, events - user->events, 1);
		user->pending = false;
		user->events = max(user->events, events);
	}

	if (user->irq && !user->depth && user->pending) {
		user->pending = false;
		user->events++;
	}
	if (user->irq && user->latched && !user->pending && !line->retiring) {
		user->latched = false;
		user->pending = user->depth;
		user->events += !user->depth;
		/* A type that is changed before that drops the event. */
		if (user->pending)
			KUNIT_ASSERT_TRUE(test, bank_masked(user->number));
	}

	armed = user->irq && !user->pending && !line->retiring;
	KUNIT_ASSERT_EQ(test, bank_events(user->bank, user->gpio, user->events),
			user->events);
	KUNIT_ASSERT_TRUE_MSG(test, bank_armed(user->bank, user->gpio, armed),
			      "armed %d, depth %u, pending %d, retiring %d",
			      armed, user->depth, user->pending,
			      !!line->retiring);
}

static const unsigned int bank_seeds[] = { 1, 2, 3, 4, 5, 6 };

static void bank_seed_desc(const unsigned int *seed, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "seed %u", *seed);
}

KUNIT_ARRAY_PARAM(bank_seed, bank_seeds, bank_seed_desc);

/* Whatever was done to the interrupts, they are as good as new. */
static void bank_users_end(struct bank_user *user)
{
	unsigned int i;

	for (i = 0; i < BANK_USERS; i++) {
		user[i].bank->lines[i].late = false;
		bank_return_late(user[i].bank, i,
				 VIRTIO_GPIO_IRQ_STATUS_INVALID);
		if (!user[i].irq)
			bank_user_request(&user[i]);
		while (user[i].depth)
			bank_user_enable(&user[i]);
	}

	bank_settle();
	for (i = 0; i < BANK_USERS; i++)
		bank_expect_working(user->bank, i);
}

/*
 * Request, free, enable, disable, change the type, in any order, while events
 * come and the device is late to return buffers: no event gets lost, none comes
 * out of nothing, and the interrupt is armed whenever it should be.
 */
static void gpio_virtio_irq_any_order(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(BANK_USERS));
	const unsigned int *seed = test->param_value;
	struct bank_user user[BANK_USERS] = { };
	struct rnd_state rnd;
	unsigned int i;

	bank_add_users(bank, user);
	prandom_seed_state(&rnd, *seed);
	for (i = 0; i < 400; i++) {
		struct bank_user *u = &user[prandom_u32_state(&rnd) %
					    BANK_USERS];
		bool requested = !u->irq;

		if (prandom_u32_state(&rnd) & 1)
			bank_user_step(u, prandom_u32_state(&rnd) >> 8);
		else
			bank_device_step(u, prandom_u32_state(&rnd) >> 8);
		bank_user_expect(u, requested && u->irq);
	}

	bank_settle();
	for (i = 0; i < BANK_USERS; i++)
		KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[i].events),
				user[i].events);
	bank_users_end(user);
}

/* Edges on all lines, until somebody stops them */
static int bank_call_all_edges(void *data)
{
	struct bank_call *call = data;
	struct bank *bank = call->bank;
	unsigned int i;

	for (i = 0; READ_ONCE(call->rounds); i++) {
		bank_edge(bank, i % bank->params.ngpio);
		if (i % 7 == 0)
			usleep_range(20, 40);
		cond_resched();
	}

	return 0;
}

/* The same at once, with events that come at any time */
static void gpio_virtio_irq_any_order_at_once(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(BANK_USERS));
	const unsigned int *seed = test->param_value;
	struct bank_user user[BANK_USERS] = { };
	struct bank_call *edges;
	struct rnd_state rnd;
	unsigned int i;

	bank_add_users(bank, user);
	prandom_seed_state(&rnd, *seed);
	edges = bank_call_stoppable(bank, bank_call_all_edges, 0);
	for (i = 0; i < 1000; i++) {
		bank_user_step(&user[prandom_u32_state(&rnd) % BANK_USERS],
			       prandom_u32_state(&rnd) >> 8);
		if (prandom_u32_state(&rnd) % 8 == 0)
			usleep_range(100, 200);
	}
	bank_call_stop(edges);
	bank_call_expect(edges, 0);

	bank_users_end(user);
	for (i = 0; i < BANK_USERS; i++) {
		KUNIT_EXPECT_GT(test, atomic_read(&bank->lines[i].events), 1);
		KUNIT_EXPECT_LE(test, atomic_read(&bank->lines[i].events),
				bank->lines[i].fired);
	}
}

static struct kunit_case gpio_virtio_irq_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_irq_life, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_event_during_add),
	KUNIT_CASE(gpio_virtio_irq_type_before_request),
	KUNIT_CASE(gpio_virtio_irq_type_refused),
	KUNIT_CASE(gpio_virtio_irq_type_refused_and_freed),
	KUNIT_CASE(gpio_virtio_irq_no_type),
	KUNIT_CASE(gpio_virtio_irq_no_type_freed),
	KUNIT_CASE(gpio_virtio_irq_no_autoenable),
	KUNIT_CASE(gpio_virtio_irq_type_unknown),
	KUNIT_CASE(gpio_virtio_irq_only_user),
	KUNIT_CASE(gpio_virtio_irq_only_user_refused),
	KUNIT_CASE(gpio_virtio_irq_of_output),
	KUNIT_CASE(gpio_virtio_irq_of_former_output),
	KUNIT_CASE(gpio_virtio_irq_outlives_gpio),
	KUNIT_CASE(gpio_virtio_irq_gpio_outlives),
	KUNIT_CASE(gpio_virtio_irq_free_does_not_wait),
	KUNIT_CASE(gpio_virtio_irq_free_without_a_tag),
	KUNIT_CASE(gpio_virtio_irq_requested_before_return),
	KUNIT_CASE(gpio_virtio_irq_freed_before_return),
	KUNIT_CASE(gpio_virtio_irq_enabled_before_return),
	KUNIT_CASE(gpio_virtio_irq_returned_valid),
	KUNIT_CASE_PARAM(gpio_virtio_irq_bad_event, bad_event_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_irq_8_bad_events, bad_event_gen_params),
	KUNIT_CASE(gpio_virtio_irq_bad_events_log_limited),
	KUNIT_CASE(gpio_virtio_irq_bad_events_not_in_a_row),
	KUNIT_CASE_PARAM(gpio_virtio_irq_full_queue, queue_size_gen_params),
	KUNIT_CASE(gpio_virtio_irq_full_queue_storm),
	KUNIT_CASE(gpio_virtio_irq_callback_in_thread),
	KUNIT_CASE(gpio_virtio_irq_resume),
	KUNIT_CASE(gpio_virtio_irq_retrigger),
	KUNIT_CASE(gpio_virtio_irq_retrigger_freed),
	KUNIT_CASE(gpio_virtio_irq_cannot_be_added),
	KUNIT_CASE_PARAM(gpio_virtio_irq_type_change, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_type_change_late),
	KUNIT_CASE_PARAM(gpio_virtio_irq_disabled, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_wake),
	KUNIT_CASE(gpio_virtio_irq_immutable_chip),
	KUNIT_CASE(gpio_virtio_irq_slow_line),
	KUNIT_CASE(gpio_virtio_irq_nosync),
	KUNIT_CASE(gpio_virtio_irq_nosync_atomic),
	KUNIT_CASE(gpio_virtio_irq_resume_nosync),
	KUNIT_CASE_PARAM(gpio_virtio_irq_latched, irq_type_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_irq_still_active, irq_type_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_irq_oneshot, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_8_threads),
	KUNIT_CASE(gpio_virtio_irq_burst),
	KUNIT_CASE_PARAM(gpio_virtio_irq_storm, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_storm_freed),
	KUNIT_CASE_PARAM(gpio_virtio_irq_any_order, bank_seed_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_irq_any_order_at_once,
			 bank_seed_gen_params),
	KUNIT_CASE_SLOW(gpio_virtio_irq_line_65534),
	{}
};

static struct kunit_suite gpio_virtio_irq_suite = {
	.name = "gpio_virtio_irq",
	.test_cases = gpio_virtio_irq_cases,
};

/*
 * What the specification demands of drivers, one case for each sentence with a
 * MUST or a MUST NOT. Most of these rules the bank watches in all other cases
 * as well.
 */

#define BANK_NAMES	"one\0two\0\0four\0\0\0\0eight"
#define BANK_NAMES_SIZE	sizeof(BANK_NAMES)

/**
 * struct bank_seen - the requests that came over the requestq
 * @messages: bits of the message types
 * @readable: least and most bytes that the device may read of a request
 * @writable: least and most bytes that it may write to the reply
 */
struct bank_seen {
	unsigned long messages;
	size_t readable[2];
	size_t writable[2];
};

static void bank_widen(size_t range[2], size_t size)
{
	range[0] = min(range[0], size);
	range[1] = max(range[1], size);
}

static bool bank_watch_requests(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	struct bank_seen *seen = bank->override_data;
	size_t writable = kunit_virtio_writable(buf);

	/* The reply with the names is as long as these and a status. */
	if (req->type == cpu_to_le16(VIRTIO_GPIO_MSG_GET_NAMES))
		writable -= BANK_NAMES_SIZE - 1;

	__set_bit(le16_to_cpu(req->type) % BITS_PER_LONG, &seen->messages);
	bank_widen(seen->readable, kunit_virtio_readable(buf));
	bank_widen(seen->writable, writable);

	return false;
}

/* A bank of which everything was asked that there is to ask for */
static struct bank *bank_exercise(struct kunit *test, struct bank_seen *seen)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8, .names = BANK_NAMES,
						.names_size = BANK_NAMES_SIZE));
	struct bank_irq *irq;

	*seen = (struct bank_seen) {
		.readable = { SIZE_MAX, 0 }, .writable = { SIZE_MAX, 0 },
	};
	bank->override_data = seen;
	bank->override = bank_watch_requests;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);

	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
	irq = bank_request_irq(bank, 3, IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 3);
	bank_release_irq(irq);
	bank_settle();
	bank_set_override(bank, NULL);

	return bank;
}

/* requestq, first sentence: messages travel over the requestq. */
static void gpio_virtio_conformance_messages_on_requestq(struct kunit *test)
{
	struct bank_seen seen;
	struct bank *bank = bank_exercise(test, &seen);

	KUNIT_EXPECT_EQ(test, seen.messages,
			BIT(VIRTIO_GPIO_MSG_GET_NAMES) |
			BIT(VIRTIO_GPIO_MSG_GET_DIRECTION) |
			BIT(VIRTIO_GPIO_MSG_SET_DIRECTION) |
			BIT(VIRTIO_GPIO_MSG_GET_VALUE) |
			BIT(VIRTIO_GPIO_MSG_SET_VALUE) |
			BIT(VIRTIO_GPIO_MSG_IRQ_TYPE));
	/* To unmask the interrupt, twice, is all that went over the eventq. */
	KUNIT_EXPECT_EQ(test, bank->unmasks, 2);
}

/* Each message comes with room for the reply to it. */
static void gpio_virtio_conformance_request_and_response(struct kunit *test)
{
	struct bank_seen seen;

	bank_exercise(test, &seen);
	KUNIT_EXPECT_EQ(test, seen.readable[0],
			sizeof(struct virtio_gpio_request));
	KUNIT_EXPECT_EQ(test, seen.writable[0],
			sizeof(struct virtio_gpio_response));
}

/* The driver fills in all of a request, also what the message does not use. */
static void gpio_virtio_conformance_request_filled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
						.features = BANK_PLAIN));

	/* They share the only slot, where traces of the last one could stay. */
	bank->gc->set(bank->gc, 7, 1);
	bank->gc->get(bank->gc, 6);
	bank->gc->direction_input(bank->gc, 5);
	bank->gc->get(bank->gc, 4);
	KUNIT_EXPECT_EQ(test, bank->num_log, 4);
	bank_expect_log(bank, 0, "\x05\x00\x07\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 1, "\x04\x00\x06\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 2, "\x03\x00\x05\x00\x02\x00\x00\x00");
	bank_expect_log(bank, 3, "\x04\x00\x04\x00\x00\x00\x00\x00");
}

/* The device may read a request and may not write to it. */
static void gpio_virtio_conformance_request_read_only(struct kunit *test)
{
	struct bank_seen seen;
	struct bank *bank = bank_exercise(test, &seen);

	/* What may be written to is as large as the reply. */
	KUNIT_EXPECT_EQ(test, seen.writable[1],
			sizeof(struct virtio_gpio_response));
	/* And the rest is mapped for reading alone. */
	KUNIT_EXPECT_NULL(test, kunit_virtio_violation(bank->kv));
}

/* The reply is what the device makes of it. */
static void gpio_virtio_conformance_response_filled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
						.features = BANK_PLAIN));
	unsigned int i;

	for (i = 0; i < 8; i++) {
		bank->lines[i].value = !(i & 1);
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, i), !(i & 1));
	}
	bank_set_override(bank, bank_refuse);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), -EINVAL);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 1);
}

/* The device may write to the reply. */
static void gpio_virtio_conformance_response_writable(struct kunit *test)
{
	struct bank_seen seen;
	struct bank *bank = bank_exercise(test, &seen);

	/* What may be read is as large as the request. */
	KUNIT_EXPECT_EQ(test, seen.readable[1],
			sizeof(struct virtio_gpio_request));
	/* And the rest is mapped for writing. */
	KUNIT_EXPECT_NULL(test, kunit_virtio_violation(bank->kv));
	KUNIT_EXPECT_STREQ(test, bank->gc->names[7], "eight");
}

/* No IRQ messages to a device without interrupts */
static void gpio_virtio_conformance_no_irq_without_feature(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_PLAIN));
	struct gpio_desc *desc;

	desc = bank_get_line(bank, 5, GPIOD_IN);
	KUNIT_EXPECT_LT(test, gpiod_to_irq(desc), 0);
	bank_put_line(bank, desc);
	bank_put_line(bank, bank_get_line(bank, 5, GPIOD_OUT_HIGH));
	bank_settle();
	KUNIT_EXPECT_GT(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 0);
}

/* No IRQ messages for an output, whoever tries to make an interrupt of it */
static void gpio_virtio_conformance_no_irq_for_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_OUT_LOW);
	int irq = bank_to_irq(bank, 5);

	irq_set_irq_type(irq, IRQ_TYPE_EDGE_RISING);
	KUNIT_EXPECT_EQ(test, -EIO, request_irq(irq, bank_irq_handler,
						IRQF_TRIGGER_RISING, "kunit",
						bank));
	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 1), 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 0);
}

/*
 * Nor for a line that becomes an output while it has an interrupt. gpiolib lets
 * that happen while the interrupt is masked.
 */
static void gpio_virtio_conformance_no_irq_for_new_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 1), -EIO);
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	gpiod_direction_output(desc, 1);
	bank_settle();
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->violations), 0);
}

/* An interrupt is disabled at the device when the driver is through with it. */
static void gpio_virtio_conformance_type_none_when_done(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		struct bank_irq *irq;

		irq = bank_request_irq(bank, i, irq_types[i].linux_type);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
		bank_set_override(bank, NULL);
		bank_release_irq(irq);
		KUNIT_ASSERT_TRUE(test, bank_logs(bank, 1));
		KUNIT_EXPECT_TRUE(test, bank_armed(bank, i, false));
		KUNIT_EXPECT_EQ(test, bank_count(bank,
						 VIRTIO_GPIO_MSG_IRQ_TYPE), 1);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(bank->log[0].value), 0);
		KUNIT_EXPECT_EQ(test, bank->lines[i].irq_type,
				VIRTIO_GPIO_IRQ_TYPE_NONE);
	}
}

/* From one type to another by way of none */
static void gpio_virtio_conformance_disable_to_change_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_LEVEL_HIGH));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x05\x00\x04\x00\x00\x00");

	/* A masked interrupt is an enabled one as well. */
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	enable_irq(irq->irq);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x05\x00\x02\x00\x00\x00");
}

/* eventq, first sentence: an interrupt that is enabled and unmasked fires. */
static void gpio_virtio_conformance_enable_and_unmask(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		bank_request_irq(bank, i, irq_types[i].linux_type);
		bank_expect_working(bank, i);
		KUNIT_EXPECT_EQ(test, bank->lines[i].irq_type,
				irq_types[i].type);
	}
}

/* It is enabled first, as far as the device has said so. */
static void gpio_virtio_conformance_enable_before_unmask(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_get_line(bank, 5, GPIOD_IN);
	bank_set_override(bank, bank_hold_irq_type);
	call = bank_call(bank, bank_call_request_irq, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(bank->kv, BANK_EVENTQ),
			0);

	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 1);
}

/* Each line has a pair of buffers of its own. */
static void gpio_virtio_conformance_separate_pairs(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(32));
	unsigned int i, mappings;

	for (i = 0; i < 32; i++)
		bank_request_irq(bank, i, IRQF_TRIGGER_RISING);
	for (i = 0; i < 32; i++) {
		struct kunit_virtio_buf *buf;

		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
		buf = bank->lines[i].armed;
		KUNIT_EXPECT_EQ(test, kunit_virtio_readable(buf),
				sizeof(struct virtio_gpio_irq_request));
		KUNIT_EXPECT_EQ(test, kunit_virtio_writable(buf),
				sizeof(struct virtio_gpio_irq_response));
	}
	KUNIT_EXPECT_EQ(test, bank->unmasks, 32);

	/* An indirect table, a request and a reply for each */
	mappings = kunit_virtio_mappings(bank->kv);
	KUNIT_EXPECT_EQ(test, mappings, 3 * 32);
}

/* A line never has more than one, even if the device is late to return it. */
static void gpio_virtio_conformance_no_second_pair(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);

	bank->lines[5].late = true;
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_settle();
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);

	bank_release_irq(irq);
	bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
		     IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 1);

	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);
}

static struct kunit_case gpio_virtio_conformance_cases[] = {
	KUNIT_CASE(gpio_virtio_conformance_messages_on_requestq),
	KUNIT_CASE(gpio_virtio_conformance_request_and_response),
	KUNIT_CASE(gpio_virtio_conformance_request_filled),
	KUNIT_CASE(gpio_virtio_conformance_request_read_only),
	KUNIT_CASE(gpio_virtio_conformance_response_filled),
	KUNIT_CASE(gpio_virtio_conformance_response_writable),
	KUNIT_CASE(gpio_virtio_conformance_no_irq_without_feature),
	KUNIT_CASE(gpio_virtio_conformance_no_irq_for_output),
	KUNIT_CASE(gpio_virtio_conformance_no_irq_for_new_output),
	KUNIT_CASE(gpio_virtio_conformance_type_none_when_done),
	KUNIT_CASE(gpio_virtio_conformance_disable_to_change_type),
	KUNIT_CASE(gpio_virtio_conformance_enable_and_unmask),
	KUNIT_CASE(gpio_virtio_conformance_enable_before_unmask),
	KUNIT_CASE(gpio_virtio_conformance_separate_pairs),
	KUNIT_CASE(gpio_virtio_conformance_no_second_pair),
	{}
};

static struct kunit_suite gpio_virtio_conformance_suite = {
	.name = "gpio_virtio_conformance",
	.test_cases = gpio_virtio_conformance_cases,
};

/* The driver comes and goes */

static void gpio_virtio_life_rebind(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct device *dev = &kunit_virtio_vdev(bank->kv)->dev;

	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 1, 1), 0);
	device_release_driver(dev);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	KUNIT_ASSERT_EQ(test, device_attach(dev), 1);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), 1);
}

static void gpio_virtio_life_two_chips(struct kunit *test)
{
	struct bank *one = bank_start(test, BANK_PARAMS(8));
	struct bank *two = bank_start(test, BANK_PARAMS(8));

	KUNIT_EXPECT_EQ(test, one->gc->set(one->gc, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, two->gc->get(two->gc, 1), 0);
	kunit_virtio_unplug(one->kv);
	KUNIT_EXPECT_EQ(test, two->gc->set(two->gc, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, two->gc->get(two->gc, 1), 1);
}

/* Sixteen threads wait: some for a reply and some for a tag. */
static void bank_16_waiters(struct bank *bank, struct bank_call *call[16])
{
	unsigned int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < 16; i++)
		call[i] = bank_call(bank, bank_call_get, i % 8);
	KUNIT_ASSERT_TRUE(bank->test, bank_holds(bank, 8));
	KUNIT_EXPECT_FALSE(bank->test,
			   kunit_virtio_task_wait(call[15]->task, 50));
}

static void gpio_virtio_life_break_with_16_waiters(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 8));
	struct bank_call *call[16];
	unsigned int i;

	bank_16_waiters(bank, call);
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	for (i = 0; i < 16; i++)
		bank_call_expect(call[i], -ENODEV);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), -ENODEV);

	kunit_virtio_unplug(bank->kv);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

static int bank_call_unplug(void *data)
{
	struct bank_call *call = data;

	kunit_virtio_unplug(call->bank->kv);

	return 0;
}

static void gpio_virtio_life_unplug_with_16_waiters(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 8));
	struct bank_call *call[16], *unplug;
	unsigned int i;

	bank_16_waiters(bank, call);
	unplug = bank_call(bank, bank_call_unplug, 0);
	for (i = 0; i < 16; i++)
		bank_call_expect(call[i], -ENODEV);
	bank_call_expect(unplug, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

static int bank_call_unbind(void *data)
{
	struct bank_call *call = data;

	device_release_driver(&kunit_virtio_vdev(call->bank->kv)->dev);

	return 0;
}

static int bank_call_break(void *data)
{
	struct bank_call *call = data;

	virtio_break_device(kunit_virtio_vdev(call->bank->kv));

	return 0;
}

static int bank_call_shutdown(void *data)
{
	struct bank_call *call = data;
	struct device *dev = &kunit_virtio_vdev(call->bank->kv)->dev;

	dev->bus->shutdown(dev);

	return 0;
}

/**
 * struct device_end - a way in which a device comes to its end
 * @name: what it is called
 * @end: brings it there
 * @unbinds: the driver leaves the device
 */
struct device_end {
	const char *name;
	int (*end)(void *data);
	bool unbinds;
};

static const struct device_end device_ends[] = {
	{ "unplug", bank_call_unplug, true },
	{ "unbind", bank_call_unbind, true },
	{ "break", bank_call_break, false },
	{ "shutdown", bank_call_shutdown, false },
};

KUNIT_ARRAY_PARAM_DESC(device_end, device_ends, name);

/* Interrupts of lines that are used in no other way */
static void bank_arm_16_lines(struct bank *bank)
{
	struct kunit *test = bank->test;
	unsigned int i;
	int irq;

	for (i = 0; i < 16; i++) {
		irq = bank->gc->to_irq(bank->gc, i);
		KUNIT_ASSERT_GT(test, irq, 0);
		KUNIT_ASSERT_EQ(test, 0, request_irq(irq, bank_irq_handler,
						     irq_types[i % 5].linux_type,
						     "kunit", bank));
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
	}
}

static int bank_call_free_16_irqs(void *data)
{
	struct bank_call *call = data;
	struct gpio_chip *gc = call->bank->gc;
	unsigned int i;

	for (i = 0; i < 16; i++)
		free_irq(irq_find_mapping(gc->irq.domain, i), call->bank);

	return 0;
}

/* gpiolib frees interrupts that are in use when the chip goes. */
static void gpio_virtio_life_end_with_16_waiters(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16, .requestq = 8));
	const struct device_end *kind = test->param_value;
	struct bank_call *call[16];
	unsigned int i;

	bank_arm_16_lines(bank);
	bank_16_waiters(bank, call);
	bank_call_expect(bank_call(bank, kind->end, 0), 0);
	for (i = 0; i < 16; i++)
		bank_call_expect(call[i], -ENODEV);
	for (i = 0; i < 16; i++)
		bank_edge(bank, i);

	if (!kind->unbinds) {
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), -ENODEV);
		bank_call_expect(bank_call(bank, bank_call_free_16_irqs, 0), 0);
		kunit_virtio_unplug(bank->kv);
	}
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
}

static int bank_call_add(void *data)
{
	struct bank_call *call = data;

	return kunit_virtio_add(call->bank->kv);
}

/* A device that never answers the probe, with and without names to ask for */
static void gpio_virtio_life_break_in_probe(struct kunit *test)
{
	unsigned int names_size;

	for (names_size = 0; names_size <= 8; names_size += 8) {
		struct bank_call *add;
		struct bank *bank;

		bank = bank_alloc(test, BANK_PARAMS(8,
						    .names_size = names_size));
		bank->override = bank_hold;
		add = bank_call(bank, bank_call_add, 0);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
		KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(add->task, 50));

		virtio_break_device(kunit_virtio_vdev(bank->kv));
		bank_call_expect(add, 0);
		KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
		kunit_virtio_unplug(bank->kv);
		KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	}
}

static struct kunit_case gpio_virtio_life_cases[] = {
	KUNIT_CASE(gpio_virtio_life_rebind),
	KUNIT_CASE(gpio_virtio_life_two_chips),
	KUNIT_CASE(gpio_virtio_life_break_with_16_waiters),
	KUNIT_CASE(gpio_virtio_life_unplug_with_16_waiters),
	KUNIT_CASE_PARAM(gpio_virtio_life_end_with_16_waiters,
			 device_end_gen_params),
	KUNIT_CASE(gpio_virtio_life_break_in_probe),
	{}
};

static struct kunit_suite gpio_virtio_life_suite = {
	.name = "gpio_virtio_life",
	.test_cases = gpio_virtio_life_cases,
};

/*
 * Bugs of the driver of Linux 7.3 that are fixed for stable. The cases ask for
 * nothing that only a later driver does. The model is a strict device: it refuses
 * a trigger type for an interrupt that is enabled, with the same type or another.
 */

static void bank_expect_edges(struct bank *bank, u16 gpio, int edges)
{
	int i;

	for (i = 0; i < edges; i++)
		bank_expect_working(bank, gpio);
}

/* As the irq core does when the system suspends: without locking the bus */
static void bank_suspend_irq(int irq)
{
	struct irq_data *d = irq_get_irq_data(irq);
	struct irq_chip *chip = irq_data_get_irq_chip(d);

	guard(irqsave)();
	if (chip->irq_disable)
		chip->irq_disable(d);
	else
		chip->irq_mask(d);
}

/* Nothing is enabled yet, so nothing may be queued. */
static void gpio_virtio_fixes_type_after_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_RISING));
	bank_expect_edges(bank, 5, 3);
}

static void gpio_virtio_fixes_type_unchanged(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_RISING));
	bank_expect_edges(bank, 5, 3);
}

/* The thread of the handler is what tells the device after the resume. */
static void gpio_virtio_fixes_resume_threaded(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, gpiod_to_irq(desc), NULL, bank_irq_handler,
			   IRQF_TRIGGER_RISING | IRQF_ONESHOT);
	bank_expect_edges(bank, 5, 1);
	bank_watch(test, "WARNING: ");
	bank_suspend_irq(irq->irq);
	bank_settle();
	bank_resume_irq(irq->irq);
	bank_expect_edges(bank, 5, 3);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

/* The device takes the type, or another one, later. */
static void bank_refuse_first_type(struct kunit *test, unsigned int next)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_set_override(bank, bank_refuse_irq_type);
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq, next));
	bank_expect_edges(bank, 5, 3);
}

static void gpio_virtio_fixes_type_refused(struct kunit *test)
{
	bank_refuse_first_type(test, IRQ_TYPE_EDGE_FALLING);
}

static void gpio_virtio_fixes_type_refused_once(struct kunit *test)
{
	bank_refuse_first_type(test, IRQ_TYPE_EDGE_RISING);
}

/*
 * A device that does not know of resets has the interrupt enabled from before
 * probe, and refuses an unchanged type.
 */
static void gpio_virtio_fixes_type_from_before(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank->lines[5].irq_type = VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING;
	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_expect_edges(bank, 5, 3);
}

/* The model notes it if the line is freed while its interrupt is enabled. */
static void gpio_virtio_fixes_line_freed_first(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	int number = gpiod_to_irq(desc);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, number, bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_expect_edges(bank, 5, 1);
	bank_put_line(bank, desc);
	bank_expect_edges(bank, 5, 1);
	bank_release_irq(irq);

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_expect_edges(bank, 5, 3);
}

/* Somebody else looks at a line that is in use as an interrupt only. */
static void gpio_virtio_fixes_line_of_other(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 5), 0);
	bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
		     IRQF_TRIGGER_RISING);
	bank_expect_edges(bank, 5, 1);
	bank_put_line(bank, bank_get_line(bank, 5, GPIOD_IN));
	bank_expect_edges(bank, 5, 3);
}

/* The buffer for the old type comes back before the new type is set, or after. */
static void bank_change_type(struct kunit *test, bool late)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	bank->lines[5].late = late;
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_edges(bank, 5, 3);
}

static void gpio_virtio_fixes_type_changed(struct kunit *test)
{
	bank_change_type(test, true);
}

static void gpio_virtio_fixes_type_changed_returned(struct kunit *test)
{
	bank_change_type(test, false);
}

/* The device has no interrupts on falling edges. */
static bool bank_refuse_falling(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) &&
	       req->value == cpu_to_le32(VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING) &&
	       bank_refuse(bank, buf, req);
}

/* The interrupt keeps its type, also when it is disabled and enabled. */
static void bank_refuse_type_change(struct kunit *test, bool late)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	bank_set_override(bank, bank_refuse_falling);
	bank->lines[5].late = late;
	irq_set_irq_type(irq->irq, IRQ_TYPE_EDGE_FALLING);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_edges(bank, 5, 2);

	bank->lines[5].late = false;
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	bank_expect_edges(bank, 5, 2);
}

static void gpio_virtio_fixes_type_change_refused(struct kunit *test)
{
	bank_refuse_type_change(test, true);
}

static void gpio_virtio_fixes_type_change_refused_returned(struct kunit *test)
{
	bank_refuse_type_change(test, false);
}

/* The device keeps its state, and the system was woken by something else. */
static void gpio_virtio_fixes_edge_in_suspend(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	bank_suspend_irq(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	bank_resume_irq(irq->irq);
	bank_settle();
	bank_expect_edges(bank, 5, 2);
}

/* While the device has the buffer, and returns it in its own time */
static void gpio_virtio_fixes_disable_and_enable(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	bank->lines[5].late = true;
	bank_watch(test, "WARNING: ");
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_edges(bank, 5, 3);
}

static void gpio_virtio_fixes_returned_when_disabled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	bank_expect_edges(bank, 5, 1);
	disable_irq(irq->irq);
	bank_settle();
	enable_irq(irq->irq);
	bank_expect_edges(bank, 5, 3);
}

/* What a device that does not stop with it has to say, and how often it did */
struct bank_bad_events {
	struct bank *bank;
	const struct bad_event *bad;
	atomic_t returns;
	atomic_t good;
};

static void bank_return_badly(struct kunit_virtio_buf *buf, void *data)
{
	struct bank_bad_events *events = data;

	if (atomic_read(&events->good)) {
		bank_unmask(buf, events->bank);
		return;
	}
	atomic_inc(&events->returns);
	kunit_virtio_write(buf, &events->bad->status, sizeof(u8));
	kunit_virtio_push(buf, events->bad->len);
}

/* The driver stops at some time, and the interrupt can be enabled again. */
static void gpio_virtio_fixes_bad_event(struct kunit *test)
{
	struct bank_bad_events *events;
	struct bank_irq *irq;
	struct bank *bank;

	bank = bank_start(test, BANK_PARAMS(8));
	events = kunit_kzalloc(test, sizeof(*events), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, events);
	events->bank = bank;
	events->bad = test->param_value;
	kunit_virtio_serve(bank->kv, BANK_EVENTQ, bank_return_badly, events);

	bank_watch(test, "WARNING: ");
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_LE(test, atomic_read(&events->returns), 8);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);

	atomic_set(&events->good, 1);
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	bank_expect_edges(bank, 5, 3);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

/* A caller that waits for a reply, the first of several on its line */
static struct bank_call *bank_hold_call(struct bank *bank)
{
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 3);
	KUNIT_ASSERT_TRUE(bank->test, bank_holds(bank, 1));

	return call;
}

static void gpio_virtio_fixes_break_with_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call = bank_hold_call(bank);

	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(call, -ENODEV);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 3), -ENODEV);
}

static void gpio_virtio_fixes_unbind_with_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call = bank_hold_call(bank);

	bank_call_expect(bank_call(bank, bank_call_unbind, 0), 0);
	bank_call_expect(call, -ENODEV);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* The device has not returned the buffers of interrupts when it is reset. */
static void gpio_virtio_fixes_unbind_with_irq(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16));
	unsigned int i;

	for (i = 0; i < 16; i++) {
		KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, i), 0);
		bank->lines[i].late = true;
	}
	bank_arm_16_lines(bank);
	bank_call_expect(bank_call(bank, bank_call_unbind, 0), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
}

/* With the status byte that is 0 bytes in 32 bits, or too many for a warning. */
static void gpio_virtio_fixes_names_size(struct kunit *test)
{
	static const u32 sizes[] = { 0xffffffff, 0x10000000 };
	unsigned int i;

	bank_watch(test, "WARNING: ");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct bank *bank;

		bank = bank_alloc(test, BANK_PARAMS(8, .names_size = sizes[i]));
		KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
		KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
		bank_find_chip(bank);
		KUNIT_EXPECT_NULL(test, bank->gc->names);
		KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_GET_NAMES),
				0);
	}
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

static struct kunit_case gpio_virtio_fixes_cases[] = {
	KUNIT_CASE(gpio_virtio_fixes_names_size),
	KUNIT_CASE(gpio_virtio_fixes_type_after_request),
	KUNIT_CASE(gpio_virtio_fixes_type_unchanged),
	KUNIT_CASE(gpio_virtio_fixes_resume_threaded),
	KUNIT_CASE(gpio_virtio_fixes_type_refused),
	KUNIT_CASE(gpio_virtio_fixes_type_refused_once),
	KUNIT_CASE(gpio_virtio_fixes_type_from_before),
	KUNIT_CASE(gpio_virtio_fixes_line_freed_first),
	KUNIT_CASE(gpio_virtio_fixes_line_of_other),
	KUNIT_CASE(gpio_virtio_fixes_type_changed),
	KUNIT_CASE(gpio_virtio_fixes_type_changed_returned),
	KUNIT_CASE(gpio_virtio_fixes_type_change_refused),
	KUNIT_CASE(gpio_virtio_fixes_type_change_refused_returned),
	KUNIT_CASE(gpio_virtio_fixes_edge_in_suspend),
	KUNIT_CASE(gpio_virtio_fixes_disable_and_enable),
	KUNIT_CASE(gpio_virtio_fixes_returned_when_disabled),
	KUNIT_CASE_PARAM(gpio_virtio_fixes_bad_event, bad_event_gen_params),
	KUNIT_CASE(gpio_virtio_fixes_break_with_request),
	KUNIT_CASE(gpio_virtio_fixes_unbind_with_request),
	KUNIT_CASE(gpio_virtio_fixes_unbind_with_irq),
	{}
};

static struct kunit_suite gpio_virtio_fixes_suite = {
	.name = "gpio_virtio_fixes",
	.test_cases = gpio_virtio_fixes_cases,
};

/* A device that does not answer, or takes its time */

#define BANK_TIMEOUT_MS		200

static int gpio_virtio_timeout_init(struct kunit *test)
{
	test->priv = (void *)(unsigned long)virtio_gpio_timeout_ms;
	virtio_gpio_timeout_ms = BANK_TIMEOUT_MS;

	return 0;
}

static void gpio_virtio_timeout_exit(struct kunit *test)
{
	virtio_gpio_timeout_ms = (unsigned long)test->priv;
}

static void gpio_virtio_timeout_late_reply(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *next;

	bank_set_override(bank, bank_hold);
	bank_call_expect(bank_call(bank, bank_call_get, 0), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 2);

	/* The only tag is still the device's. */
	next = bank_call(bank, bank_call_get, 1);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(next->task, 100));
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);
	bank_call_expect(next, 0);
}

static void gpio_virtio_timeout_without_a_tag(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *call[3];
	unsigned int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_get, i);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 1);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 0);
}

/* As long as something happens, a device may take any time. */
static bool bank_be_slow(struct bank *bank, struct kunit_virtio_buf *buf,
			 const struct virtio_gpio_request *req)
{
	msleep(BANK_TIMEOUT_MS / 4);

	return false;
}

static void gpio_virtio_timeout_slow_device(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	struct bank_call *call;

	bank_set_override(bank, bank_be_slow);
	task = bank_batch_run(batch, bank_batch_get);
	call = bank_call(bank, bank_call_get, 3);
	bank_call_expect(call, 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
}

/* One timeout, whatever the device was to be asked, and then boot goes on. */
static void gpio_virtio_timeout_silent_probe(struct kunit *test)
{
	unsigned int names_size;

	for (names_size = 0; names_size <= 8; names_size += 8) {
		struct bank_call *add;
		struct bank *bank;

		bank = bank_alloc(test, BANK_PARAMS(8,
						    .names_size = names_size));
		bank->override = bank_hold;
		add = bank_call(bank, bank_call_add, 0);
		bank_call_expect(add, 0);
		KUNIT_EXPECT_EQ(test, bank->num_log, names_size ? 1 : 8);
		KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
		KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	}
}

/* Callers whose turn comes late, on a device that does one thing at a time */
static void gpio_virtio_timeout_many_callers(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16));
	struct bank_call *call[16];
	unsigned int i;

	bank_set_override(bank, bank_be_slow);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_get, i);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 0);
}

static bool bank_lose_line_0(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	return !req->gpio && bank_hold(bank, buf, req);
}

static int bank_call_busy(void *data)
{
	struct bank_call *call = data;
	int ret = 0;

	while (READ_ONCE(call->rounds) && ret >= 0)
		ret = bank_call_get(call);

	return ret;
}

/* A request is lost, while the device goes on to answer others. */
static void gpio_virtio_timeout_lost_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 8));
	struct bank_call *lost, *busy;

	bank_set_override(bank, bank_lose_line_0);
	lost = bank_call(bank, bank_call_get, 0);
	busy = bank_call(bank, bank_call_busy, 1);
	bank_call_expect(lost, -ETIMEDOUT);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(busy->task, 0));
	WRITE_ONCE(busy->rounds, 0);
	bank_call_expect(busy, 0);
}

static void gpio_virtio_timeout_none(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	virtio_gpio_timeout_ms = 0;
	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(call->task,
							3 * BANK_TIMEOUT_MS));
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(call, 1);
}

static struct kunit_case gpio_virtio_timeout_cases[] = {
	KUNIT_CASE(gpio_virtio_timeout_late_reply),
	KUNIT_CASE(gpio_virtio_timeout_without_a_tag),
	KUNIT_CASE(gpio_virtio_timeout_slow_device),
	KUNIT_CASE(gpio_virtio_timeout_many_callers),
	KUNIT_CASE(gpio_virtio_timeout_lost_request),
	KUNIT_CASE(gpio_virtio_timeout_silent_probe),
	KUNIT_CASE(gpio_virtio_timeout_none),
	{}
};

static struct kunit_suite gpio_virtio_timeout_suite = {
	.name = "gpio_virtio_timeout",
	.init = gpio_virtio_timeout_init,
	.exit = gpio_virtio_timeout_exit,
	.test_cases = gpio_virtio_timeout_cases,
};

/* Names, which come from the device or from firmware */

/**
 * struct names_block - a block of names for four lines
 * @name: what is wrong with it
 * @size: size in bytes
 * @block: the bytes
 * @kept: the names that lines have then
 */
struct names_block {
	const char *name;
	u32 size;
	const char *block;
	const char *kept[4];
};

static const struct names_block bad_names[] = {
	{ "a name too many", 10, "a\0b\0c\0d\0e", { "a", "b", "c", "d" } },
	{ "a name too few", 6, "a\0b\0c", { "a", "b", "c" } },
	{ "no end of the last name", 7, "a\0b\0c\0d", { "a", "b", "c" } },
	{ "no end of any name", 8, "abcdefgh", { } },
	{ "line feed", 9, "a\0b\0c\n\0d", { "a", "b", NULL, "d" } },
	{ "escape", 8, "a\0\033\0c\0d", { "a", NULL, "c", "d" } },
	{ "delete", 8, "\177\0b\0c\0d", { NULL, "b", "c", "d" } },
	{ "several things", 7, "a\0a\0\t\0d", { "a", "a" } },
};

KUNIT_ARRAY_PARAM_DESC(bad_names, bad_names, name);

/* These names are not used, all others are, and the log has a word on it. */
static void gpio_virtio_names_bad(struct kunit *test)
{
	const struct names_block *names = test->param_value;
	struct bank *bank;
	unsigned int i;

	bank_watch_log(test);
	bank = bank_start(test, BANK_PARAMS(4, .names = names->block,
					    .names_size = names->size));
	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_STREQ(test, bank->gc->names[i] ?: "",
				   names->kept[i] ?: "");
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 1), 0);
}

static void gpio_virtio_names_some(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4, .names = "a\0\0\0d",
							 .names_size = 6));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "a");
	KUNIT_EXPECT_NULL(test, bank->gc->names[1]);
	KUNIT_EXPECT_NULL(test, bank->gc->names[2]);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[3], "d");
}

/* A block without a name in it is right, and has no names all the same. */
static void gpio_virtio_names_none(struct kunit *test)
{
	struct bank *bank;
	unsigned int i;

	bank_watch_log(test);
	bank = bank_start(test, BANK_PARAMS(4, .names = "\0\0\0",
					    .names_size = 4));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_NULL(test, bank->gc->names ? bank->gc->names[i] :
							  NULL);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

/* What is odd about these is no reason to do without them. */
static void gpio_virtio_names_odd(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4,
						.names = "~\0 !\0%s%n\0a",
						.names_size = 12));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "~");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[1], " !");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[2], "%s%n");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[3], "a");
}

/* A block that the device has rounded up holds no more names. */
static void gpio_virtio_names_padded(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(2, .names = "a\0b\0\0\0\0",
							 .names_size = 8));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "a");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[1], "b");
}

/* As long as the driver takes them, and a byte longer */
static void gpio_virtio_names_long(struct kunit *test)
{
	char *names = kunit_kzalloc(test, 513, GFP_KERNEL);
	struct bank *bank;

	KUNIT_ASSERT_NOT_NULL(test, names);
	memset(names, 'a', 510);
	bank = bank_start(test, BANK_PARAMS(2, .names = names,
					    .names_size = 512));
	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_EQ(test, strlen(bank->gc->names[0]), 510);
	KUNIT_EXPECT_NULL(test, bank->gc->names[1]);
}

/* Lines without a name are not namesakes. */
static void gpio_virtio_names_no_collision(struct kunit *test)
{
	bank_watch(test, "Detected name collision");
	bank_start(test, BANK_PARAMS(4, .names = "a\0\0\0", .names_size = 5));
	bank_start(test, BANK_PARAMS(4, .names = "\0\0b\0", .names_size = 5));
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);

	/* These are. */
	bank_start(test, BANK_PARAMS(4, .names = "\0\0b\0", .names_size = 5));
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
}

static void bank_undescribe(void *data)
{
	struct device *dev = data;

	device_release_driver(dev);
	device_remove_software_node(dev);
}

/* A bank that firmware describes, which waits for a driver. */
static struct bank *bank_describe(struct kunit *test,
				  const struct bank_params *params,
				  const struct software_node *node)
{
	struct bank *bank = bank_alloc(test, params);
	struct device *dev = &kunit_virtio_vdev(bank->kv)->dev;

	kunit_virtio_fail_find_vqs(bank->kv, -ENOENT);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_ASSERT_FALSE(test, kunit_virtio_bound(bank->kv));
	kunit_virtio_fail_find_vqs(bank->kv, 0);

	KUNIT_ASSERT_EQ(test, device_add_software_node(dev, node), 0);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   bank_undescribe,
							   dev));

	return bank;
}

static int bank_attach(struct bank *bank)
{
	return device_attach(&kunit_virtio_vdev(bank->kv)->dev);
}

static const char * const bank_node_names[] = { "left", "", "right" };

static const struct property_entry bank_node_props[] = {
	PROPERTY_ENTRY_STRING_ARRAY("gpio-line-names", bank_node_names),
	{}
};

static const struct software_node bank_node = {
	.name = "kunit-gpio-names",
	.properties = bank_node_props,
};

/* Without good names of the device there are those of firmware. */
static void gpio_virtio_names_of_firmware(struct kunit *test)
{
	struct bank *bank = bank_describe(test,
					  BANK_PARAMS(4,
						      .names = "a\0a\0c\0d",
						      .names_size = 8),
					  &bank_node);
	static const char * const names[] = { "left", "a", "right", "d" };
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
	bank_find_chip(bank);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_STREQ(test, names[i] ?: "",
				   gpio_device_get_desc(bank->gdev, i)->name ?:
				   "");
}

static const struct property_entry bank_node_ngpios[] = {
	PROPERTY_ENTRY_U32("ngpios", 4),
	{}
};

static const struct software_node bank_node_lines = {
	.name = "kunit-gpio-lines",
	.properties = bank_node_ngpios,
};

/* Firmware cannot give a device lines that it does not have. */
static void gpio_virtio_names_of_no_lines(struct kunit *test)
{
	struct bank *bank = bank_describe(test, BANK_PARAMS(0), &bank_node_lines);

	KUNIT_EXPECT_NE(test, bank_attach(bank), 1);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

static struct kunit_case gpio_virtio_names_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_names_bad, bad_names_gen_params),
	KUNIT_CASE(gpio_virtio_names_some),
	KUNIT_CASE(gpio_virtio_names_none),
	KUNIT_CASE(gpio_virtio_names_odd),
	KUNIT_CASE(gpio_virtio_names_padded),
	KUNIT_CASE(gpio_virtio_names_long),
	KUNIT_CASE(gpio_virtio_names_no_collision),
	KUNIT_CASE(gpio_virtio_names_of_firmware),
	KUNIT_CASE(gpio_virtio_names_of_no_lines),
	{}
};

static struct kunit_suite gpio_virtio_names_suite = {
	.name = "gpio_virtio_names",
	.test_cases = gpio_virtio_names_cases,
};

/* A probe that fails leaves nothing behind. */

/* The driver has let go of the device, and would take it again. */
static void bank_expect_untouched(struct bank *bank)
{
	struct virtio_device *vdev = kunit_virtio_vdev(bank->kv);
	struct kunit *test = bank->test;

	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	KUNIT_EXPECT_FALSE(test, vdev->config->get_status(vdev) &
				 VIRTIO_CONFIG_S_DRIVER_OK);
	bank->gdev = gpio_device_find_by_label(dev_name(&vdev->dev));
	KUNIT_EXPECT_NULL(test, bank->gdev);
	if (bank->gdev)
		gpio_device_put(bank->gdev);
}

static void bank_expect_probed(struct bank *bank)
{
	struct kunit *test = bank->test;

	KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
	bank_find_chip(bank);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), 1);
}

static void gpio_virtio_probe_find_vqs_fails(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	kunit_virtio_fail_find_vqs(bank->kv, -EIO);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_expect_untouched(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);

	kunit_virtio_fail_find_vqs(bank->kv, 0);
	bank_expect_probed(bank);
}

/**
 * struct bad_queues - queues that the driver cannot work with
 * @name: what is wrong with them
 * @message: what the driver says of them
 * @params: the bank
 */
struct bad_queues {
	const char *name;
	const char *message;
	struct bank_params params;
};

static const struct bad_queues bad_queues[] = {
	{ "no requestq", "failed to find virtqueues",
	  { .ngpio = 8, .requestq = BANK_NO_QUEUE } },
	{ "no eventq", "failed to find virtqueues",
	  { .ngpio = 8, .eventq = BANK_NO_QUEUE } },
	{ "requestq too small", "requestq is too small",
	  { .ngpio = 8, .requestq = 1, .features = BANK_IRQ } },
	{ "eventq too small", "eventq is too small",
	  { .ngpio = 8, .eventq = 1, .features = BANK_IRQ } },
};

KUNIT_ARRAY_PARAM_DESC(bad_queues, bad_queues, name);

static void gpio_virtio_probe_bad_queues(struct kunit *test)
{
	const struct bad_queues *queues = test->param_value;
	struct bank *bank = bank_alloc(test, &queues->params);

	bank_watch(test, queues->message);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_expect_untouched(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
}

/* With an indirect descriptor an event takes one entry. */
static void gpio_virtio_probe_small_queues(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 1,
							 .eventq = 1));

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
}

static const u32 bank_hog_gpios[] = { 3, 0 };

static const struct property_entry bank_hog_props[] = {
	PROPERTY_ENTRY_BOOL("gpio-hog"),
	PROPERTY_ENTRY_U32_ARRAY("gpios", bank_hog_gpios),
	PROPERTY_ENTRY_BOOL("output-high"),
	{}
};

static const struct software_node bank_hog_parent = {
	.name = "kunit-gpio-hogs",
};

static const struct software_node bank_hog = {
	.name = "kunit-gpio-hog",
	.parent = &bank_hog_parent,
	.properties = bank_hog_props,
};

static const struct software_node *bank_hog_nodes[] = {
	&bank_hog_parent, &bank_hog, NULL
};

KUNIT_DEFINE_ACTION_WRAPPER(bank_unregister_nodes,
			    software_node_unregister_node_group,
			    const struct software_node * const *);

static bool bank_refuse_output(struct bank *bank, struct kunit_virtio_buf *buf,
			       const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_DIRECTION) &&
	       req->value == cpu_to_le32(VIRTIO_GPIO_DIRECTION_OUT) &&
	       bank_refuse(bank, buf, req);
}

/* gpiolib refuses a chip with a line that firmware wants as an output. */
static void gpio_virtio_probe_chip_fails(struct kunit *test)
{
	struct bank *bank;

	KUNIT_ASSERT_EQ(test, 0,
			software_node_register_node_group(bank_hog_nodes));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bank_unregister_nodes,
						  (void *)bank_hog_nodes));

	bank = bank_describe(test, BANK_PARAMS(8), &bank_hog_parent);
	bank_set_override(bank, bank_refuse_output);
	KUNIT_EXPECT_NE(test, bank_attach(bank), 1);
	KUNIT_EXPECT_GT(test, bank->num_log, 8);
	bank_expect_untouched(bank);

	bank_set_override(bank, NULL);
	bank_expect_probed(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 1);
}

#if defined(CONFIG_FAILSLAB) && defined(CONFIG_FAULT_INJECTION_DEBUG_FS)
/**
 * struct failslab_knob - a setting of failslab
 * @dentry: its file in debugfs
 * @size: size of the variable
 * @old: its value before the test
 */
struct failslab_knob {
	struct dentry *dentry;
	size_t size;
	unsigned long old;
};

static void *failslab_value(struct failslab_knob *knob)
{
	return d_inode(knob->dentry)->i_private;
}

static void failslab_restore(void *data)
{
	struct failslab_knob *knob = data;

	memcpy(failslab_value(knob), &knob->old, knob->size);
	dput(knob->dentry);
}

/* No kernel interface leads to this, and a test has no user space. */
static void failslab_clear(struct kunit *test, const char *name, size_t size)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL);
	struct failslab_knob *knob;

	knob = kunit_kzalloc(test, sizeof(*knob), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, knob);
	KUNIT_ASSERT_NOT_NULL(test, dir);
	knob->size = size;
	knob->dentry = debugfs_lookup(name, dir);
	dput(dir);
	KUNIT_ASSERT_NOT_NULL(test, knob->dentry);

	memcpy(&knob->old, failslab_value(knob), size);
	memset(failslab_value(knob), 0, size);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   failslab_restore,
							   knob));
}

/* Allocations that may sleep are to fail as well, without a stack trace. */
static void bank_init_nomem(struct kunit *test)
{
	failslab_clear(test, "ignore-gfp-wait", sizeof(bool));
	failslab_clear(test, "verbose", sizeof(unsigned long));
}

/* The allocation of this task that fails, counted from 1; 0 for none */
static void bank_fail_alloc(unsigned int nth)
{
	WRITE_ONCE(current->fail_nth, nth);
}

/* Returns whether there were fewer allocations than that. */
static bool bank_failed_no_alloc(void)
{
	return xchg(&current->fail_nth, 0);
}
#else
static void bank_init_nomem(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS");
}

static void bank_fail_alloc(unsigned int nth)
{
}

static bool bank_failed_no_alloc(void)
{
	return true;
}
#endif

/* More than any of the calls makes */
#define BANK_MAX_ALLOCS	2000

/* Each allocation fails in turn. The names are one that the driver survives. */
static void gpio_virtio_probe_nomem(struct kunit *test)
{
	struct bank *bank;
	unsigned int nth, failed = 0;
	bool through = false;
	int ret;

	bank_init_nomem(test);
	bank = bank_alloc(test, BANK_PARAMS(4, .names = "a\0b\0c\0d",
					    .names_size = 8));
	kunit_virtio_fail_find_vqs(bank->kv, -ENOENT);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	kunit_virtio_fail_find_vqs(bank->kv, 0);

	for (nth = 1; !through && nth < BANK_MAX_ALLOCS; nth++) {
		bank_fail_alloc(nth);
		ret = bank_attach(bank);
		through = bank_failed_no_alloc();

		if (ret == 1) {
			device_release_driver(&kunit_virtio_vdev(bank->kv)->dev);
		} else {
			KUNIT_ASSERT_FALSE(test, through);
			failed++;
		}
		bank_expect_untouched(bank);
	}

	KUNIT_EXPECT_TRUE(test, through);
	KUNIT_EXPECT_GT(test, failed, 20);
	bank_expect_probed(bank);
}

/* The caller hears of it, and may try again. */
static void gpio_virtio_probe_nomem_irq(struct kunit *test)
{
	unsigned int nth, failed = 0;
	bool through = false;
	struct bank *bank;
	int irq, ret;

	bank_init_nomem(test);
	bank = bank_start(test, BANK_PARAMS(4));
	irq = bank->gc->to_irq(bank->gc, 2);
	KUNIT_ASSERT_GT(test, irq, 0);

	for (nth = 1; !through && nth < BANK_MAX_ALLOCS; nth++) {
		bank_fail_alloc(nth);
		ret = request_irq(irq, bank_irq_handler, IRQF_TRIGGER_RISING,
				  "kunit", bank);
		through = bank_failed_no_alloc();

		if (!ret) {
			KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
			free_irq(irq, bank);
			KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, false));
		} else {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_ASSERT_FALSE(test, through);
			failed++;
		}
	}

	KUNIT_EXPECT_TRUE(test, through);
	KUNIT_EXPECT_GE(test, failed, 2);
	/* Lines are freed without waiting, but this comes after it. */
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

static struct kunit_case gpio_virtio_probe_cases[] = {
	KUNIT_CASE(gpio_virtio_probe_find_vqs_fails),
	KUNIT_CASE_PARAM(gpio_virtio_probe_bad_queues, bad_queues_gen_params),
	KUNIT_CASE(gpio_virtio_probe_small_queues),
	KUNIT_CASE(gpio_virtio_probe_chip_fails),
	KUNIT_CASE_SLOW(gpio_virtio_probe_nomem),
	KUNIT_CASE(gpio_virtio_probe_nomem_irq),
	{}
};

static struct kunit_suite gpio_virtio_probe_suite = {
	.name = "gpio_virtio_probe",
	.test_cases = gpio_virtio_probe_cases,
};

/* The system sleeps, or the device is reset, and the driver lives on. */

/**
 * struct sleep_kind - a way in which the device is reset under the driver
 * @name: what it is called
 * @down: tells the driver before
 * @up: tells it after
 */
struct sleep_kind {
	const char *name;
	int (*down)(struct kunit_virtio *kv);
	int (*up)(struct kunit_virtio *kv);
};

static const struct sleep_kind sleep_kinds[] = {
	{ "freeze", kunit_virtio_freeze, kunit_virtio_restore },
	{ "reset", kunit_virtio_reset_prepare, kunit_virtio_reset_done },
};

KUNIT_ARRAY_PARAM_DESC(sleep_kind, sleep_kinds, name);

static int gpio_virtio_sleep_init(struct kunit *test)
{
	const struct sleep_kind *kind = test->param_value;

	if (kind && kind->down == kunit_virtio_freeze &&
	    !IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no freeze without CONFIG_PM_SLEEP");

	return 0;
}

/*
 * An override that notes, beside the model, to which levels the device drives
 * each line, as BIT(0) and BIT(1).
 */
static bool bank_note_levels(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	u16 gpio = le16_to_cpu(req->gpio);
	u32 value = le32_to_cpu(req->value);
	u8 *levels = bank->override_data;
	struct bank_line *line;

	if (gpio >= bank->params.ngpio)
		return false;

	line = &bank->lines[gpio];
	levels += gpio;
	if (req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_DIRECTION) &&
	    value == VIRTIO_GPIO_DIRECTION_OUT)
		*levels |= BIT(line->value);
	if (req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE) &&
	    line->direction == VIRTIO_GPIO_DIRECTION_OUT)
		*levels |= BIT(value);

	return false;
}

/* After a reset the device drives nothing, while others go on to do so. */
static void bank_forget(void *data)
{
	struct bank *bank = data;
	unsigned int i;

	guard(spinlock_irqsave)(&bank->lock);
	for (i = 0; i < bank->params.ngpio; i++) {
		struct bank_line *line = &bank->lines[i];

		if (line->direction == VIRTIO_GPIO_DIRECTION_OUT)
			line->value = 0;
		line->direction = VIRTIO_GPIO_DIRECTION_NONE;
		line->irq_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		line->latched = false;
		line->armed = NULL;
		line->retiring = NULL;
		line->crossing = false;
	}
}

static void bank_make_forgetful(struct bank *bank)
{
	struct kunit *test = bank->test;

	bank->override_data = kunit_kzalloc(test, bank->params.ngpio,
					    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bank->override_data);
	kunit_virtio_on_reset(bank->kv, bank_forget, bank);
}

static struct bank *bank_start_forgetful(struct kunit *test,
					 const struct bank_params *params)
{
	struct bank *bank = bank_start(test, params);

	bank_make_forgetful(bank);

	return bank;
}

KUNIT_DEFINE_ACTION_WRAPPER(bank_flush, kunit_virtio_flush,
			    struct kunit_virtio *);

/* From here on the log has what the driver sends to come back. */
static void bank_is_down(struct bank *bank)
{
	struct kunit *test = bank->test;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_flush,
							   bank->kv));
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	bank_set_override(bank, bank_note_levels);
}

static void bank_down(struct bank *bank)
{
	const struct sleep_kind *kind = bank->test->param_value;

	KUNIT_ASSERT_EQ(bank->test, kind->down(bank->kv), 0);
	bank_is_down(bank);
}

static void bank_up(struct bank *bank)
{
	const struct sleep_kind *kind = bank->test->param_value;

	KUNIT_ASSERT_EQ(bank->test, kind->up(bank->kv), 0);
	kunit_remove_action(bank->test, bank_flush, bank->kv);
}

/* Lines are restored when the device has answered, long before waits end. */
static void bank_up_at_once(struct bank *bank)
{
	unsigned long start = jiffies;

	virtio_gpio_poll_ms = 200;
	bank_up(bank);
	KUNIT_EXPECT_LT(bank->test, jiffies_to_msecs(jiffies - start),
			5 * virtio_gpio_poll_ms);
}

static int bank_call_down(void *data)
{
	struct bank_call *call = data;
	const struct sleep_kind *kind = call->bank->test->param_value;

	return kind->down(call->bank->kv);
}

static int bank_call_up(void *data)
{
	struct bank_call *call = data;
	const struct sleep_kind *kind = call->bank->test->param_value;

	return kind->up(call->bank->kv);
}

/* What the driver sends to come back is in this order. */
static unsigned int bank_replay_rank(const struct virtio_gpio_request *req)
{
	switch (le16_to_cpu(req->type)) {
	case VIRTIO_GPIO_MSG_SET_VALUE:
		return 1;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		return 2;
	case VIRTIO_GPIO_MSG_IRQ_TYPE:
		return 3;
	default:
		return 0;
	}
}

/* The first so many requests, and no others, bring the lines back. */
static void bank_expect_replay(struct bank *bank, unsigned int num)
{
	struct kunit *test = bank->test;
	unsigned int i, rank, last = 1;

	KUNIT_ASSERT_GE(test, bank->num_log, num);
	for (i = 0; i < num; i++) {
		rank = bank_replay_rank(&bank->log[i]);
		KUNIT_EXPECT_GE(test, rank, last);
		last = rank;
	}
}

static void bank_expect_output(struct bank *bank, u16 gpio, u8 value)
{
	struct kunit *test = bank->test;
	u8 *levels = bank->override_data;

	KUNIT_EXPECT_EQ(test, bank->lines[gpio].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->lines[gpio].value, value);
	KUNIT_EXPECT_EQ(test, levels[gpio], BIT(value));
}

static bool bank_sees_events(struct bank *bank, int count)
{
	int events;

	read_poll_timeout(atomic_read, events, events >= count, BANK_POLL_US,
			  BANK_WAIT_MS * USEC_PER_MSEC, false, &bank->events);

	return events == count;
}

/* Outputs are back before anything else, at levels they had, and no others. */
static void gpio_virtio_sleep_outputs(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned int i;

	for (i = 0; i < 8; i++)
		KUNIT_ASSERT_EQ(test, 0, bank->gc->direction_output(bank->gc, i,
								    i & 1));
	bank_down(bank);
	bank_up(bank);
	bank_expect_replay(bank, 16);
	for (i = 0; i < 8; i++) {
		bank_expect_output(bank, i, i & 1);
		KUNIT_EXPECT_EQ(test, bank_direction(bank, i),
				GPIO_LINE_DIRECTION_OUT);
	}
	KUNIT_EXPECT_EQ(test, bank->num_log, 16);
}

/* More than the device takes at a time */
static void gpio_virtio_sleep_many_outputs(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test,
					BANK_PARAMS(BANK_LINES, .requestq = 4));
	unsigned int i;

	for (i = 0; i < BANK_LINES; i++)
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, i,
							   bank_pattern(i)));
	bank_down(bank);
	bank_up(bank);
	/* On a slow machine that is not all. */
	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 2 * BANK_LINES));
	bank_settle();
	for (i = 0; i < BANK_LINES; i++)
		bank_expect_output(bank, i, bank_pattern(i));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2 * BANK_LINES);
}

/* What the driver has not set it does not set now. */
static void gpio_virtio_sleep_inputs(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 3), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 5, 1), 0);
	bank_down(bank);
	bank->lines[1].value = 1;
	bank_up(bank);
	/* The levels that were accepted, and the inputs */
	KUNIT_EXPECT_EQ(test, bank->num_log, 4);
	bank_expect_log(bank, 2, "\x03\x00\x01\x00\x02\x00\x00\x00");
	bank_expect_log(bank, 3, "\x03\x00\x03\x00\x02\x00\x00\x00");
	bank_call_expect(bank_call(bank, bank_call_get, 1), 1);
}

static bool bank_refuse_line_3(struct bank *bank, struct kunit_virtio_buf *buf,
			       const struct virtio_gpio_request *req)
{
	return req->gpio == cpu_to_le16(3) && bank_refuse(bank, buf, req);
}

/* The level is that of the last request that the device has accepted. */
static void gpio_virtio_sleep_last_levels(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_batch *batch = bank_batch(bank, 2, 2);
	unsigned int i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, 0, bank->gc->direction_output(bank->gc, i,
								    i & 1));
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 0, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 1, 0), 0);
	bank_set_override(bank, bank_refuse_line_3);
	__set_bit(2, batch->bits);
	KUNIT_ASSERT_EQ(test, bank_batch_set(batch), -EINVAL);
	bank_set_override(bank, NULL);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 0, 1);
	bank_expect_output(bank, 1, 0);
	bank_expect_output(bank, 2, 1);
	bank_expect_output(bank, 3, 1);
}

/* The driver knows these directions, but somebody else has set them. */
static void gpio_virtio_sleep_foreign_directions(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));
	u8 *levels;

	bank->lines[1].direction = VIRTIO_GPIO_DIRECTION_OUT;
	bank->lines[2].direction = VIRTIO_GPIO_DIRECTION_IN;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	bank_make_forgetful(bank);
	levels = bank->override_data;
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 1), GPIO_LINE_DIRECTION_OUT);

	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, levels[1], 0);

	/* That of an output is gone, which the driver has to ask for. */
	bank_call_expect(bank_call(bank, bank_call_direction, 1),
			 GPIO_LINE_DIRECTION_IN);
}

/* A line that nobody uses any longer stays as the reset leaves it. */
static void gpio_virtio_sleep_freed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 2, GPIOD_OUT_HIGH);

	bank_put_line(bank, desc);
	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

static int bank_call_put_line(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	call->bank->gc->free(call->bank->gc, call->gpio);

	return 0;
}

/* Who frees a line does not wait for the device then either. */
static void gpio_virtio_sleep_freed_meanwhile(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 *levels = bank->override_data;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	bank_down(bank);
	bank_call_expect(bank_call(bank, bank_call_put_line, 2), 0);
	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 0), 0);
	KUNIT_EXPECT_EQ(test, levels[2], 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

static void gpio_virtio_sleep_names(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test,
						 BANK_PARAMS(2, .names = "a\0b",
							     .names_size = 4));
	const char *const *names = bank->gc->names;

	KUNIT_ASSERT_NOT_NULL(test, names);
	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_PTR_EQ(test, bank->gc->names, names);
	KUNIT_EXPECT_STREQ(test, names[0], "a");
	KUNIT_EXPECT_STREQ(test, names[1], "b");
}

/* A line with each trigger type. They are enabled before they are unmasked. */
static void gpio_virtio_sleep_irqs(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 7, 1), 0);
	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		bank_request_irq(bank, i, irq_types[i].linux_type);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
	}

	bank_down(bank);
	bank_up(bank);
	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
		KUNIT_EXPECT_EQ(test, bank->lines[i].irq_type,
				irq_types[i].type);
	}
	bank_expect_replay(bank, 12);
	bank_expect_output(bank, 7, 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 12);
	/* One pair for each: two buffers and a table. */
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3 * i);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);

	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		bank_edge(bank, i);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i + 1));
		KUNIT_EXPECT_TRUE(test, bank_armed(bank, i, true));
	}
}

static bool bank_enable_at_edge(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	struct bank_line *line = &bank->lines[le16_to_cpu(req->gpio)];

	if (req->type != cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE))
		return false;

	scoped_guard(spinlock_irqsave, &bank->lock) {
		line->irq_type = le32_to_cpu(req->value);
		line->latched = true;
	}
	bank_reply(buf, VIRTIO_GPIO_STATUS_OK, 0);

	return true;
}

/* An edge that comes as soon as it can is delivered as soon as it can. */
static void gpio_virtio_sleep_irq_at_once(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 5, IRQF_TRIGGER_FALLING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));

	bank_down(bank);
	bank_set_override(bank, bank_enable_at_edge);
	bank_up(bank);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 2));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 2));
}

/* A disabled interrupt sleeps on, and is told of what it missed. */
static void gpio_virtio_sleep_irq_disabled(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	disable_irq(irq->irq);
	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	bank_edge(bank, 2);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	enable_irq(irq->irq);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
}

static int bank_call_new_irq(void *data)
{
	struct bank_call *call = data;

	return request_irq(bank_irq_number(call->bank, call->gpio),
			   bank_irq_handler, IRQF_TRIGGER_RISING, "kunit",
			   call->bank);
}

static int bank_call_free_irq(void *data)
{
	struct bank_call *call = data;

	free_irq(bank_irq_number(call->bank, call->gpio), call->bank);

	return 0;
}

/* An interrupt of its own, that no action of the test frees */
static void bank_map_irq(struct bank *bank, u16 gpio)
{
	KUNIT_ASSERT_GT(bank->test, bank->gc->to_irq(bank->gc, gpio), 0);
}

/* An interrupt that is being handled is not unmasked by that. */
static void gpio_virtio_sleep_irq_masked(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	int irq;

	reinit_completion(&bank_irq_go);
	bank_map_irq(bank, 2);
	irq = bank_irq_number(bank, 2);
	KUNIT_ASSERT_EQ(test, 0,
			request_threaded_irq(irq, NULL, bank_irq_waiting_thread,
					     IRQF_TRIGGER_HIGH | IRQF_ONESHOT,
					     "kunit", bank));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_complete,
							   &bank_irq_go));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_edge(bank, 2);

	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	bank_settle();
	KUNIT_EXPECT_NULL(test, bank->lines[2].armed);

	complete_all(&bank_irq_go);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

static int bank_any_armed(struct bank *bank)
{
	unsigned int gpio;

	for (gpio = 0; gpio < bank->params.ngpio; gpio++)
		if (READ_ONCE(bank->lines[gpio].armed))
			return gpio;

	return -ENOENT;
}

static int bank_wait_any_armed(struct bank *bank)
{
	int gpio;

	read_poll_timeout(bank_any_armed, gpio, gpio >= 0, BANK_POLL_US,
			  BANK_WAIT_MS * USEC_PER_MSEC, false, bank);

	return gpio;
}

/* An eventq with room for one line, of which three want to be heard */
static void gpio_virtio_sleep_small_eventq(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(3,
							.eventq = 1));
	unsigned long seen = 0;
	unsigned int i;
	int gpio;

	for (i = 0; i < 3; i++) {
		bank_map_irq(bank, i);
		KUNIT_ASSERT_EQ(test, 0,
				request_irq(bank_irq_number(bank, i),
					    bank_irq_handler,
					    IRQF_TRIGGER_RISING, "kunit",
					    bank));
	}

	bank_down(bank);
	bank_up(bank);
	for (i = 1; i <= 3; i++) {
		gpio = bank_wait_any_armed(bank);
		KUNIT_ASSERT_GE(test, gpio, 0);
		__set_bit(gpio, &seen);
		bank_edge(bank, gpio);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i));
	}
	KUNIT_EXPECT_EQ(test, seen, 7);

	for (i = 0; i < 3; i++)
		bank_call_expect(bank_call(bank, bank_call_free_irq, i), 0);
}

static int bank_call_set(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	return call->bank->gc->set(call->bank->gc, call->gpio, 1);
}

/* Callers wait, and what they want comes after what had been before. */
static void gpio_virtio_sleep_callers(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *get, *set, *input;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	bank_down(bank);
	get = bank_call(bank, bank_call_get, 2);
	set = bank_call(bank, bank_call_set, 3);
	input = bank_call(bank, bank_call_input, 4);
	bank_expect_waiting(get);
	bank_expect_waiting(set);
	bank_expect_waiting(input);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	bank_up(bank);
	bank_call_expect(get, 1);
	bank_call_expect(set, 0);
	bank_call_expect(input, 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 4 + 3);
	bank_expect_replay(bank, 4);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[4].direction,
			VIRTIO_GPIO_DIRECTION_IN);
}

/*
 * The system does not go to sleep before a task has let go of what it holds, so
 * a call does not wait for the system to wake up.
 */
static void gpio_virtio_sleep_caller_gives_up(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_down(bank);
	bank_call_expect(bank_call(bank, bank_call_set, 2), -ESHUTDOWN);
	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 3), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

static void gpio_virtio_sleep_caller_killed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_down(bank);
	call = bank_call(bank, bank_call_get, 2);
	bank_expect_waiting(call);
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 3), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* Requests that the device has are given the time that they take. */
static void gpio_virtio_sleep_in_flight(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *get, *set;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 2, 0), 0);
	bank_set_override(bank, bank_hold);
	get = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	set = bank_call(bank, bank_call_set, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));

	/* What has no answer is asked for again. */
	bank_down(bank);
	bank_up_at_once(bank);
	bank_call_expect(get, 0);
	bank_call_expect(set, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].direction, VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->lines[2].value, 1);
}

/*
 * A device that does not answer does not keep the system awake. A reply that
 * comes after all has no effect.
 */
static void gpio_virtio_sleep_in_flight_lost(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *lost, *down;

	bank_set_override(bank, bank_hold);
	lost = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_call_expect(lost, -ESHUTDOWN);
	bank_is_down(bank);

	bank_up(bank);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(bank_call(bank, bank_call_set, 2), 0);
	bank_call_expect(bank_call(bank, bank_call_get, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].value, 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* The device has not answered when it is reset, and is asked again then. */
static void gpio_virtio_sleep_irq_lost(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *lost, *down;

	bank_map_irq(bank, 2);
	bank_set_override(bank, bank_hold_irq_type);
	lost = bank_call(bank, bank_call_new_irq, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_is_down(bank);

	bank_up(bank);
	bank_call_expect(lost, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

/* The device sleeps for longer than a caller waits, and is told afterwards. */
static void gpio_virtio_sleep_irq_given_up(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_map_irq(bank, 2);
	bank_call_expect(bank_call(bank, bank_call_new_irq, 2), 0);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));

	bank_down(bank);
	bank_call_expect(bank_call(bank, bank_call_set_type, 2), 0);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

/* An output that was one before the driver came */
static void gpio_virtio_sleep_output_as_is(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank->lines[1].direction = VIRTIO_GPIO_DIRECTION_OUT;
	bank->lines[2].direction = VIRTIO_GPIO_DIRECTION_OUT;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	bank_make_forgetful(bank);
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->set(bank->gc, 3, 1), 0);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 1, 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
}

/* What a reset has done is not asked for again. */
static void gpio_virtio_sleep_line_freed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8,
							.requestq = 2,
							.features = BANK_PLAIN));
	struct bank_call *lost, *down;

	bank_set_override(bank, bank_hold);
	lost = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_call_expect(bank_call(bank, bank_call_free, 2), 0);
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_call_expect(lost, -ESHUTDOWN);
	bank_is_down(bank);

	bank_up(bank);
	bank_call_expect(bank_call(bank, bank_call_get, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* Part of a batch is lost, so all of it has failed. */
static void gpio_virtio_sleep_batch_cut(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8,
							.requestq = 4));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	struct bank_call *down;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 4));
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_is_down(bank);
	bank_up(bank);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);

	bitmap_fill(batch->bits, 8);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(batch->bits, 8), 0);
}

/**
 * struct bank_at_reset - a call that comes when the device is being reset
 * @bank: the bank
 * @call: the call, once it was made
 */
struct bank_at_reset {
	struct bank *bank;
	struct bank_call *call;
};

static void bank_call_at_reset(void *data)
{
	struct bank_at_reset *at_reset = data;

	bank_forget(at_reset->bank);
	if (at_reset->call)
		return;

	at_reset->call = bank_call(at_reset->bank, bank_call_get, 1);
	bank_expect_waiting(at_reset->call);
	msleep(3 * virtio_gpio_poll_ms);
}

/* Nobody may make calls when the test ends and the driver goes. */
static void bank_only_forget(void *data)
{
	struct bank *bank = data;

	kunit_virtio_on_reset(bank->kv, bank_forget, bank);
}

/* The device does not work then, but that is no reason to give up. */
static void gpio_virtio_sleep_call_at_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_at_reset *at_reset;

	at_reset = kunit_kzalloc(test, sizeof(*at_reset), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, at_reset);
	at_reset->bank = bank;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, bank_only_forget,
						  bank));
	kunit_virtio_on_reset(bank->kv, bank_call_at_reset, at_reset);
	bank_down(bank);
	kunit_release_action(test, bank_only_forget, bank);
	bank->lines[1].value = 1;
	bank_up(bank);
	KUNIT_ASSERT_NOT_NULL(test, at_reset->call);
	bank_call_expect(at_reset->call, 1);
}

/* Whatever the device made of that request, the driver sends no other type. */
static void gpio_virtio_sleep_irq_type_lost(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *request, *down;
	unsigned int i;

	bank_map_irq(bank, 2);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 2), 0);
	bank_set_override(bank, bank_hold_irq_type);
	request = bank_call(bank, bank_call_new_irq, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	down = bank_call(bank, bank_call_down, 0);
	bank_call_expect(down, 0);
	bank_call_expect(request, 0);
	bank_is_down(bank);
	bank_up(bank);

	for (i = 0; i < bank->num_log; i++)
		if (bank->log[i].type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE))
			KUNIT_EXPECT_EQ(test, le32_to_cpu(bank->log[i].value),
					VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);

	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(bank_irq_number(bank, 2),
						  IRQ_TYPE_LEVEL_HIGH));
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
}

static void gpio_virtio_sleep_request_irq(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_map_irq(bank, 4);
	bank_down(bank);
	call = bank_call(bank, bank_call_new_irq, 4);
	bank_expect_waiting(call);
	bank_up(bank);
	bank_call_expect(call, 0);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 4, true));
	bank_edge(bank, 4);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
	bank_call_expect(bank_call(bank, bank_call_free_irq, 4), 0);
}

/* An interrupt that is freed meanwhile is not enabled again. */
static void gpio_virtio_sleep_free_irq(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 3, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 3, true));

	bank_down(bank);
	kunit_remove_action(test, bank_free_irq, irq);
	bank_call_expect(bank_call(bank, bank_call_free_irq, 2), 0);
	bank_up(bank);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 3, true));
	bank_call_expect(bank_call(bank, bank_call_get, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_NULL(test, bank->lines[2].armed);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);
}

static void gpio_virtio_sleep_set_type(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_down(bank);
	call = bank_call(bank, bank_call_set_type, 2);
	bank_expect_waiting(call);
	bank_up(bank);
	bank_call_expect(call, 0);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_EXPECT_EQ(test, bank->lines[2].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	/* The direction, and once the type */
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);
	bank_edge(bank, 2);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
}

static bool bank_hold_types(struct bank *bank, struct kunit_virtio_buf *buf,
			    const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) &&
	       bank_hold(bank, buf, req);
}

/* The device is coming back, and has been told the type of line 2. */
static struct bank_call *bank_up_to_types(struct bank *bank)
{
	struct kunit *test = bank->test;
	struct bank_call *up;

	bank_set_override(bank, bank_hold_types);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(up);

	return up;
}

/* From here on the log has what comes after that. */
static void bank_up_from_types(struct bank *bank, struct bank_call *up)
{
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_call_expect(up, 0);
	kunit_remove_action(bank->test, bank_flush, bank->kv);
}

/* A type that changes when the device was told the old one again */
static void gpio_virtio_sleep_change_type(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *up, *call;

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_down(bank);
	up = bank_up_to_types(bank);
	call = bank_call(bank, bank_call_set_type, 2);
	bank_expect_waiting(call);
	bank_up_from_types(bank, up);
	bank_call_expect(call, 0);

	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x02\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x02\x00\x04\x00\x00\x00");
	bank_edge(bank, 2);
	KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, 1));
}

/* Another user of the interrupt, with the same type, when it was told that */
static void gpio_virtio_sleep_change_user(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *up, *call;
	struct bank_irq *irq;

	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
	bank_down(bank);
	up = bank_up_to_types(bank);
	bank_release_irq(irq);
	call = bank_call(bank, bank_call_request_irq, 2);
	bank_expect_waiting(call);
	bank_up_from_types(bank, up);
	bank_call_expect(call, 0);

	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 3));
	bank_expect_log(bank, 0, "\x06\x00\x02\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x02\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 2, "\x06\x00\x02\x00\x00\x00\x00\x00");
}

static void gpio_virtio_sleep_again(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 *levels = bank->override_data;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	for (i = 1; i <= 5; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
		bank_down(bank);
		levels[1] = 0;
		bank_up(bank);
		bank_expect_output(bank, 1, 1);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
		KUNIT_EXPECT_EQ(test, bank->num_log, 4);
		bank_edge(bank, 2);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i));
	}
}

/* How long a caller has waited for a device that hangs does not count then. */
static void gpio_virtio_sleep_hung(struct kunit *test)
{
	struct bank_call *first, *second;
	struct bank *bank;

	bank = bank_start_forgetful(test, BANK_PARAMS(8, .requestq = 2,
						      .features = BANK_PLAIN));
	bank_set_override(bank, bank_hold);
	first = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	second = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_FALSE(test, kunit_virtio_task_wait(second->task, 1200));

	bank_down(bank);
	bank_call_expect(first, -ESHUTDOWN);
	bank_call_expect(second, -ESHUTDOWN);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
}

/* A reset of the device while the system is about to sleep */
static void gpio_virtio_sleep_twice(struct kunit *test)
{
	const struct sleep_kind *kind = test->param_value;
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	bank_down(bank);
	KUNIT_EXPECT_EQ(test, kind->down(bank->kv), 0);
	bank_up(bank);
	bank_expect_output(bank, 1, 1);
}

static int bank_call_toggle(void *data)
{
	struct bank_call *call = data;
	struct gpio_chip *gc = call->bank->gc;
	int ret, level = 0;

	bank_guard(call->bank);

	do {
		level = !level;
		ret = gc->set(gc, call->gpio, level);
		if (ret)
			return ret;
		ret = gc->get(gc, call->gpio);
		if (ret != level)
			return ret < 0 ? ret : -EBADMSG;
	} while (READ_ONCE(call->rounds));

	return 0;
}

/* Nobody notices: all requests are answered, levels kept and edges seen. */
static void gpio_virtio_sleep_busy(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8,
							.requestq = 4));
	struct bank_call *call[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(call); i++)
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, i, 0));
	bank_request_irq(bank, 7, IRQF_TRIGGER_RISING);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		call[i] = bank_call(bank, bank_call_toggle, i);

	for (i = 1; i <= 10; i++) {
		msleep(20);
		bank_down(bank);
		bank_up(bank);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 7, true));
		bank_edge(bank, 7);
		KUNIT_EXPECT_TRUE(test, bank_sees_events(bank, i));
	}

	for (i = 0; i < ARRAY_SIZE(call); i++)
		WRITE_ONCE(call[i]->rounds, 0);
	for (i = 0; i < ARRAY_SIZE(call); i++)
		bank_call_expect(call[i], 0);
}

static struct kunit_case gpio_virtio_sleep_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_sleep_outputs, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_many_outputs, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_inputs, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_foreign_directions,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_last_levels, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_freed, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_freed_meanwhile,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_names, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irqs, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_at_once, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_disabled, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_masked, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_small_eventq, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_callers, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_caller_gives_up,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_caller_killed,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_in_flight, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_in_flight_lost,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_lost, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_given_up, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_output_as_is, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_line_freed, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_batch_cut, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_call_at_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_irq_type_lost,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_request_irq, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_free_irq, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_set_type, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_change_type, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_change_user, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_again, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_hung, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_twice, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_sleep_busy, sleep_kind_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_sleep_suite = {
	.name = "gpio_virtio_sleep",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_sleep_cases,
};

/* The device does not come back, or the driver goes before it does. */

static int gpio_virtio_lost_init(struct kunit *test)
{
	gpio_virtio_timeout_init(test);

	return gpio_virtio_sleep_init(test);
}

/* A bank with all that there is to bring back, and somebody who waits for it */
static struct bank *bank_start_and_sleep(struct kunit *test,
					 struct bank_call **waits)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 2), 0);
	bank_map_irq(bank, 3);
	KUNIT_ASSERT_EQ(test, 0, request_irq(bank_irq_number(bank, 3),
					     bank_irq_handler,
					     IRQF_TRIGGER_RISING, "kunit",
					     bank));
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 3, true));

	bank_down(bank);
	*waits = bank_call(bank, bank_call_get, 2);
	bank_expect_waiting(*waits);

	return bank;
}

/* No use of the device is possible any more, but to get rid of it. */
static void bank_expect_lost(struct bank *bank, struct bank_call *waits,
			     int ret)
{
	struct virtio_device *vdev = kunit_virtio_vdev(bank->kv);
	struct kunit *test = bank->test;

	bank_call_expect(waits, ret);
	bank_call_expect(bank_call(bank, bank_call_get, 2), ret);
	bank_call_expect(bank_call(bank, bank_call_set, 1), ret);
	bank_call_expect(bank_call(bank, bank_call_put_line, 1), 0);
	bank_call_expect(bank_call(bank, bank_call_free_irq, 3), 0);
	if (ret == -ESHUTDOWN)
		KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	bank_call_expect(bank_call(bank, bank_call_unplug, 0), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	/* The driver has to reset a device when it goes. */
	KUNIT_EXPECT_FALSE(test, vdev->config->get_status(vdev) &
				 VIRTIO_CONFIG_S_DRIVER);
}

/* Everything is as it was, and the device can be used. */
static void bank_expect_back(struct bank *bank)
{
	struct kunit *test = bank->test;

	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[1].direction, VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->lines[1].value, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[2].direction, VIRTIO_GPIO_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), 1);
	bank_expect_working(bank, 3);
	bank_call_expect(bank_call(bank, bank_call_free_irq, 3), 0);
}

static void gpio_virtio_lost_queues(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);

	kunit_virtio_fail_find_vqs(bank->kv, -ENXIO);
	bank_call_expect(bank_call(bank, bank_call_up, 0), -ENXIO);
	bank_call_expect(waits, -ESHUTDOWN);
	/* The next time goes well. */
	kunit_virtio_fail_find_vqs(bank->kv, 0);
	kunit_remove_action(test, bank_flush, bank->kv);
	bank_down(bank);
	bank_up(bank);
	bank_expect_back(bank);
}

/* One timeout, however much there is to bring back */
static void gpio_virtio_lost_silent(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);

	bank_set_override(bank, bank_hold);
	bank_call_expect(bank_call(bank, bank_call_up, 0), 0);
	KUNIT_EXPECT_GE(test, bank->num_log, 1);
	bank_call_expect(waits, -ETIMEDOUT);
	/* It answers at last. */
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_expect_back(bank);
}

/* Not to be able to ask the device is not to be refused. */
static void gpio_virtio_lost_no_memory(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);

	kunit_virtio_fail_maps(bank->kv, 1);
	bank_call_expect(bank_call(bank, bank_call_up, 0), 0);
	bank_call_expect(waits, 0);
	bank_expect_back(bank);
}

static void gpio_virtio_lost_broken(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);
	struct bank_call *up;

	virtio_gpio_timeout_ms = 0;
	bank_set_override(bank, bank_hold);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(up);
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(up, -ENODEV);
	bank_expect_lost(bank, waits, -ENODEV);
}

static bool bank_refuse_value_1(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	bank_note_levels(bank, buf, req);

	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE) &&
	       req->gpio == cpu_to_le16(1) && bank_refuse(bank, buf, req);
}

/* A line whose level the device refuses must not drive another one. */
static void gpio_virtio_lost_level(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 *levels = bank->override_data;
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 1, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_refuse_value_1);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(up->task, BANK_WAIT_MS));
	KUNIT_EXPECT_GE(test, bank->num_log, 1);
	KUNIT_EXPECT_EQ(test, levels[1], 0);
}

static void gpio_virtio_lost_unplugged(struct kunit *test)
{
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);
	struct virtio_device *vdev = kunit_virtio_vdev(bank->kv);

	bank_call_expect(bank_call(bank, bank_call_unplug, 0), 0);
	bank_call_expect(waits, -ENODEV);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_FALSE(test, vdev->config->get_status(vdev) &
				 VIRTIO_CONFIG_S_DRIVER);
}

/* Nobody is there to be told when the system wakes up, until a driver comes. */
static void gpio_virtio_lost_unbound(struct kunit *test)
{
	const struct sleep_kind *kind = test->param_value;
	struct bank_call *waits;
	struct bank *bank = bank_start_and_sleep(test, &waits);

	bank_call_expect(bank_call(bank, bank_call_unbind, 0), 0);
	bank_call_expect(waits, -ENODEV);
	kind->up(bank->kv);
	bank_expect_untouched(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);

	bank_expect_probed(bank);
}

/* Each allocation on the way back fails in turn. */
static void gpio_virtio_lost_nomem(struct kunit *test)
{
	const struct sleep_kind *kind = test->param_value;
	unsigned int nth, failed = 0;
	bool through = false;
	struct bank *bank;
	int ret;

	bank_init_nomem(test);
	bank = bank_start_forgetful(test, BANK_PARAMS(4));
	for (nth = 1; !through && nth < BANK_MAX_ALLOCS; nth++) {
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, 1, 1));
		bank_map_irq(bank, 3);
		KUNIT_ASSERT_EQ(test, 0, request_irq(bank_irq_number(bank, 3),
						     bank_irq_handler,
						     IRQF_TRIGGER_RISING,
						     "kunit", bank));
		bank_down(bank);
		bank_fail_alloc(nth);
		ret = kind->up(bank->kv);
		through = bank_failed_no_alloc();
		kunit_remove_action(test, bank_flush, bank->kv);

		if (!ret) {
			bank_expect_output(bank, 1, 1);
			KUNIT_EXPECT_TRUE(test, bank_armed(bank, 3, true));
		} else {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1),
					-ESHUTDOWN);
			KUNIT_ASSERT_FALSE(test, through);
			failed++;
		}
		free_irq(bank_irq_number(bank, 3), bank);
		device_release_driver(&kunit_virtio_vdev(bank->kv)->dev);
		bank_expect_untouched(bank);
		KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
		bank_find_chip(bank);
	}

	KUNIT_EXPECT_TRUE(test, through);
	KUNIT_EXPECT_GT(test, failed, 4);
}

static struct kunit_case gpio_virtio_lost_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_lost_queues, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_silent, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_no_memory, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_broken, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_level, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_unplugged, sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_lost_unbound, sleep_kind_gen_params),
	KUNIT_CASE_PARAM_ATTR(gpio_virtio_lost_nomem, sleep_kind_gen_params,
			      {.speed = KUNIT_SPEED_SLOW}),
	{}
};

static struct kunit_suite gpio_virtio_lost_suite = {
	.name = "gpio_virtio_lost",
	.init = gpio_virtio_lost_init,
	.exit = gpio_virtio_timeout_exit,
	.test_cases = gpio_virtio_lost_cases,
};

/* However often a device does what it should not, the log stays short. */

#define BANK_FLOOD	64

static void bank_flood_release(struct bank *bank)
{
	unsigned int i;

	bank_set_override(bank, bank_refuse);
	for (i = 0; i < BANK_FLOOD; i++)
		bank->gc->free(bank->gc, i);
	KUNIT_ASSERT_TRUE(bank->test, bank_logs(bank, BANK_FLOOD));
}

static void bank_flood_direction(struct bank *bank)
{
	unsigned int i;

	for (i = 0; i < BANK_FLOOD; i++) {
		KUNIT_ASSERT_EQ(bank->test, 0,
				bank->gc->direction_input(bank->gc, i));
		bank_set_override(bank, bank_refuse);
		KUNIT_EXPECT_LT(bank->test,
				bank->gc->direction_input(bank->gc, i), 0);
		bank_set_override(bank, NULL);
		bank->lines[i].direction = 3;
		KUNIT_EXPECT_EQ(bank->test, bank_direction(bank, i), -EIO);
	}
}

/* Events with a length or a status that there is not, and some that are right */
static void bank_flood_event(struct bank *bank, const void *status, u32 len)
{
	unsigned int i;

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	for (i = 0; i < BANK_FLOOD; i++) {
		KUNIT_ASSERT_TRUE(bank->test, bank_armed(bank, 2, true));
		bank_push(bank_disarm(bank, 2), status, len);
		if (i % 4)
			continue;
		KUNIT_ASSERT_TRUE(bank->test, bank_armed(bank, 2, true));
		bank_edge(bank, 2);
	}
}

static void bank_flood_event_length(struct bank *bank)
{
	bank_flood_event(bank, "\x01", 0);
}

static void bank_flood_event_status(struct bank *bank)
{
	bank_flood_event(bank, "\x80", 1);
}

/* The device disables an interrupt that is in use, time and again. */
static void bank_flood_event_invalid(struct bank *bank)
{
	struct bank_irq *irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	unsigned int i;

	for (i = 0; i < BANK_FLOOD; i++) {
		KUNIT_ASSERT_TRUE(bank->test, bank_armed(bank, 2, true));
		bank_event(bank_disarm(bank, 2),
			   VIRTIO_GPIO_IRQ_STATUS_INVALID);
		disable_irq(irq->irq);
		enable_irq(irq->irq);
	}
}

static void bank_flood_irq_type(struct bank *bank)
{
	struct bank_irq *irq;
	unsigned int i;

	bank_set_override(bank, bank_refuse_irq_type);
	irq = bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	for (i = 0; i < BANK_FLOOD; i++)
		irq_set_irq_type(irq->irq, i & 1 ? IRQ_TYPE_EDGE_RISING :
						   IRQ_TYPE_EDGE_FALLING);
}

static void bank_flood_irq_input(struct bank *bank)
{
	int irq = bank->gc->to_irq(bank->gc, 2);
	unsigned int i;

	bank_set_override(bank, bank_refuse);
	for (i = 0; i < BANK_FLOOD; i++) {
		KUNIT_ASSERT_NE(bank->test, 0,
				request_irq(irq, bank_irq_handler,
					    IRQF_TRIGGER_RISING, "kunit",
					    bank));
	}
}

/**
 * struct flood - something that a device does too often
 * @name: what it does
 * @run: has it do so, BANK_FLOOD times
 */
struct flood {
	const char *name;
	void (*run)(struct bank *bank);
};

static const struct flood floods[] = {
	{ "lines not released", bank_flood_release },
	{ "unknown directions", bank_flood_direction },
	{ "events of a wrong length", bank_flood_event_length },
	{ "events of an unknown status", bank_flood_event_status },
	{ "events of a disabled interrupt", bank_flood_event_invalid },
	{ "trigger types refused", bank_flood_irq_type },
	{ "inputs for interrupts refused", bank_flood_irq_input },
};

KUNIT_ARRAY_PARAM_DESC(flood, floods, name);

static void gpio_virtio_flood_log(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(BANK_FLOOD));
	const struct flood *flood = test->param_value;

	bank_watch_log(test);
	flood->run(bank);
	KUNIT_EXPECT_GT(test, bank_complaints_seen(test), 0);
	KUNIT_EXPECT_LT(test, bank_complaints_seen(test), BANK_FLOOD / 2);
}

static struct kunit_case gpio_virtio_flood_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_flood_log, flood_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_flood_suite = {
	.name = "gpio_virtio_flood",
	.test_cases = gpio_virtio_flood_cases,
};

/* Faults that pass: the line or the request works again by itself */

static void gpio_virtio_recover_batch_over_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8,
							.requestq = 4));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	unsigned int i;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 4));
	bank_down(bank);
	for (i = 0; i < 8; i++)
		bank->lines[i].value = i & 1;
	bank_up(bank);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, test_bit(i, batch->bits), i & 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 8);
	/* Late replies to what was sent before the reset are of no effect. */
	for (i = 0; i < 4; i++)
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

static bool bank_hold_output(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_DIRECTION) &&
	       bank_hold(bank, buf, req);
}

static int bank_call_output_high(void *data)
{
	struct bank_call *call = data;
	struct gpio_chip *gc = call->bank->gc;

	bank_guard(call->bank);

	return gc->direction_output(gc, call->gpio, 1);
}

/* The level was accepted, the direction was not answered: no wrong level. */
static void gpio_virtio_recover_output_over_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold_output);
	call = bank_call(bank, bank_call_output_high, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_down(bank);
	bank->lines[2].value = 0;
	bank_up(bank);
	bank_call_expect(call, 0);
	bank_expect_output(bank, 2, 1);
}

/* The device has lost the interrupt: it works again without anybody's help. */
static void gpio_virtio_recover_lost_irq(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		/* As if a buffer had crossed the request */
		scoped_guard(spinlock_irqsave, &bank->lock) {
			bank->lines[5].irq_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
			bank->lines[5].crossing = true;
		}
		bank_event(bank_disarm(bank, 5), VIRTIO_GPIO_IRQ_STATUS_INVALID);
		bank_expect_working(bank, 5);
		KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
				VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	}
}

/* Freed while the driver is in backoff: the device is told at once. */
static void gpio_virtio_recover_backoff_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_event(bank_disarm(bank, 5), VIRTIO_GPIO_IRQ_STATUS_INVALID);
	}
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
		     IRQF_TRIGGER_FALLING);
	bank_expect_working(bank, 5);
}

/* Whoever asked was killed, and the device has done it all the same. */
static void gpio_virtio_recover_late_effect(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_set, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank_answer_held(bank, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
}

/* Callers who give up on a device that hangs leave nothing in the backlog. */
static void gpio_virtio_recover_abandoned_backlog(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *call[8];
	unsigned int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < 8; i++) {
		call[i] = bank_call(bank, bank_call_get, i);
		/* A thread that has not started yet ignores signals. */
		bank_expect_waiting(call[i]);
	}
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 1);
	for (i = 0; i < 8; i++)
		kunit_virtio_task_kill(call[i]->task);
	for (i = 0; i < 8; i++)
		bank_call_expect(call[i], -EINTR);
	bank_set_override(bank, NULL);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 3), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* The device returns buffers, and its interrupts are lost. */
static void gpio_virtio_recover_no_interrupt(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 1 };
	u8 valid = VIRTIO_GPIO_IRQ_STATUS_VALID;
	struct kunit_virtio_buf *event;
	struct bank_call *call;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	event = bank_disarm(bank, 5);
	kunit_virtio_write(event, &valid, sizeof(valid));
	kunit_virtio_push_quiet(event, sizeof(valid));

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_write(bank->held[0], reply, sizeof(reply));
	kunit_virtio_push_quiet(bank->held[0], sizeof(reply));
	bank_call_expect(call, 1);
	bank_set_override(bank, NULL);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
	bank_expect_working(bank, 5);
}

/* The device says that it has written a reply, and has not. */
static void gpio_virtio_recover_unwritten(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_push(bank->held[0], 2);
	bank_call_expect(call, -EINVAL);
}

/* The same of an event, after one that it has written */
static void gpio_virtio_recover_unwritten_event(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	kunit_virtio_push(bank_disarm(bank, 5), 1);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
	bank_expect_working(bank, 5);
}

/* The eventq can never be in order. */
static void gpio_virtio_recover_in_order(struct kunit *test)
{
	struct bank *bank;

	bank = bank_start(test, BANK_PARAMS(8, .features = BANK_IRQ |
						BIT_ULL(VIRTIO_F_IN_ORDER)));
	KUNIT_EXPECT_FALSE(test, virtio_has_feature(kunit_virtio_vdev(bank->kv),
						    VIRTIO_F_IN_ORDER));
}

/* Whoever finds no place in the eventq is told so, each line once. */
static void gpio_virtio_recover_starving(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .eventq = 4,
							 .features = BANK_IRQ));
	unsigned int i;

	bank_watch(test, "no room in the eventq");
	for (i = 0; i < 6; i++)
		bank_request_irq(bank, i, IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 4);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 7), 0);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 4);
}

static void bank_expect_driven(struct bank *bank, u16 gpio, u8 value)
{
	KUNIT_EXPECT_EQ(bank->test, bank->lines[gpio].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(bank->test, bank->lines[gpio].value, value);
}

static bool bank_refuse_0_hold_rest(struct bank *bank,
				    struct kunit_virtio_buf *buf,
				    const struct virtio_gpio_request *req)
{
	return req->gpio ? bank_hold(bank, buf, req) :
			   bank_refuse(bank, buf, req);
}

/* A restored level is refused, and the next one is answered late. */
static void gpio_virtio_recover_refused_then_silent(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_get_line(bank, 0, GPIOD_OUT_HIGH);
	bank_get_line(bank, 1, GPIOD_OUT_HIGH);
	bank_down(bank);
	bank_set_override(bank, bank_refuse_0_hold_rest);
	bank_up(bank);

	bank_set_override(bank, NULL);
	KUNIT_ASSERT_EQ(test, bank_num_held(bank), 1);
	bank_answer_held(bank, 0);
	bank_settle();
	bank_expect_driven(bank, 1, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[0].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

/* One failure of a restore is not final. */
static void gpio_virtio_recover_restore_again(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	kunit_virtio_fail_find_vqs(bank->kv, -ENOMEM);
	bank_call_expect(bank_call(bank, bank_call_up, 0), -ENOMEM);
	kunit_virtio_fail_find_vqs(bank->kv, 0);
	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 0), 0);
}

static void bank_push_event_noirq(struct bank *bank, u16 gpio)
{
	struct kunit_virtio_buf *buf = bank_disarm(bank, gpio);
	u8 status = VIRTIO_GPIO_IRQ_STATUS_VALID;

	KUNIT_ASSERT_NOT_NULL(bank->test, buf);
	kunit_virtio_write(buf, &status, sizeof(status));
	kunit_virtio_push_quiet(buf, sizeof(status));
}

/* The device has returned an event, and the driver has not seen it yet. */
static void gpio_virtio_recover_event_before_reset(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_push_event_noirq(bank, 5);
	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
}

/* An event whose interrupt was lost, while another line is in backoff */
static void gpio_virtio_recover_event_in_backoff(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 6, IRQF_TRIGGER_RISING);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_event(bank_disarm(bank, 5), 0x55);
	}
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	bank_push_event_noirq(bank, 6);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 6, 1), 1);
}

/* The interrupt of the first reply on the way back is lost. */
static void gpio_virtio_recover_restore_no_interrupt(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 0 };
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold);
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_set_override(bank, NULL);
	kunit_virtio_write(bank->held[0], reply, sizeof(reply));
	kunit_virtio_push_quiet(bank->held[0], sizeof(reply));
	bank_call_expect(up, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction, VIRTIO_GPIO_DIRECTION_OUT);
}

/* The device has set a level for a caller who was killed, just before. */
static void gpio_virtio_recover_reply_before_reset(struct kunit *test)
{
	struct virtio_gpio_response res = { };
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_set, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank_set_override(bank, NULL);
	kunit_virtio_write(bank->held[0], &res, sizeof(res));
	kunit_virtio_push_quiet(bank->held[0], sizeof(res));
	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 3, 1);
}

/* A late direction of a line that was freed is not restored. */
static void gpio_virtio_recover_late_direction_freed(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold_output);
	call = bank_call(bank, bank_call_input, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	bank->gc->free(bank->gc, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_answer_held(bank, 0);
	bank_set_override(bank, NULL);
	bank_down(bank);
	bank_up(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

static struct kunit_case gpio_virtio_recover_cases[] = {
	KUNIT_CASE(gpio_virtio_recover_no_interrupt),
	KUNIT_CASE(gpio_virtio_recover_unwritten),
	KUNIT_CASE(gpio_virtio_recover_unwritten_event),
	KUNIT_CASE(gpio_virtio_recover_in_order),
	KUNIT_CASE(gpio_virtio_recover_starving),
	KUNIT_CASE_PARAM(gpio_virtio_recover_batch_over_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_output_over_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_recover_lost_irq),
	KUNIT_CASE(gpio_virtio_recover_backoff_freed),
	KUNIT_CASE_PARAM(gpio_virtio_recover_late_effect, sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_recover_abandoned_backlog),
	KUNIT_CASE_PARAM(gpio_virtio_recover_refused_then_silent,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_restore_again,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_event_before_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_recover_event_in_backoff),
	KUNIT_CASE_PARAM(gpio_virtio_recover_restore_no_interrupt,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_reply_before_reset,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_recover_late_direction_freed,
			 sleep_kind_gen_params),
	{}
};

static struct kunit_suite gpio_virtio_recover_suite = {
	.name = "gpio_virtio_recover",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_recover_cases,
};

/* Interrupts in the contexts that their users have */

static struct task_struct *bank_enabling;
static bool bank_handler_in_caller;

static irqreturn_t bank_irq_context_handler(int irq, void *data)
{
	if (READ_ONCE(bank_enabling) == current && !in_hardirq())
		bank_handler_in_caller = true;

	return bank_irq_handler(irq, data);
}

/* enable_irq() with an edge pending does not call the handler by itself. */
static void gpio_virtio_context_enable(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_context_handler,
			   NULL, IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 5);
	bank_handler_in_caller = false;
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	WRITE_ONCE(bank_enabling, current);
	enable_irq(irq->irq);
	WRITE_ONCE(bank_enabling, NULL);
	KUNIT_EXPECT_FALSE(test, bank_handler_in_caller);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 2), 2);
}

static DEFINE_SPINLOCK(bank_user_lock);

/* As uio_pdrv_genirq: the handler takes the lock that its caller holds. */
static irqreturn_t bank_irq_locking_handler(int irq, void *data)
{
	scoped_guard(spinlock_irqsave, &bank_user_lock)
		disable_irq_nosync(irq);

	return bank_irq_handler(irq, data);
}

static void gpio_virtio_context_user_lock(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;
	unsigned int i;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_locking_handler,
			   NULL, IRQF_TRIGGER_RISING);
	for (i = 1; i <= 4; i++) {
		bank_settle();
		bank_edge(bank, 5);
		bank_settle();
		scoped_guard(spinlock_irqsave, &bank_user_lock)
			enable_irq(irq->irq);
	}
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 4), 4);
	disable_irq(irq->irq);
	while (irqd_irq_disabled(irq_get_irq_data(irq->irq)))
		enable_irq(irq->irq);
}

/* No handler takes this one. */
static DEFINE_SPINLOCK(bank_plain_lock);

/* enable_irq() with interrupts off does not make a later call sleep. */
static void gpio_virtio_context_stale_waiter(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING |
						IRQF_NO_AUTOEN);

	scoped_guard(irqsave)
		enable_irq(irq->irq);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	scoped_guard(spinlock, &bank_plain_lock)
		disable_irq_nosync(irq->irq);
	enable_irq(irq->irq);
	bank_expect_working(bank, 5);
}

static void bank_chained_handler(struct irq_desc *desc)
{
	struct irq_chip *chip = irq_desc_get_chip(desc);
	struct bank *bank = irq_desc_get_handler_data(desc);

	chained_irq_enter(chip, desc);
	atomic_inc(&bank->events);
	chained_irq_exit(chip, desc);
}

/* The device is told of chained handlers, which request no resources. */
static void gpio_virtio_context_chained(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);

	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq, IRQ_TYPE_EDGE_RISING), 0);
	irq_set_chained_handler_and_data(irq, bank_chained_handler, bank);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	bank_edge(bank, 5);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
	irq_set_chained_handler_and_data(irq, NULL, NULL);
}

/* An edge that was pending when an interrupt was freed is not for the next. */
static void gpio_virtio_context_next_user(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	bank_release_irq(irq);
	bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
		     IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[5].events), 0);
	bank_expect_working(bank, 5);
}

/* The reply to a type is seen before an event of the type before. */
static void gpio_virtio_context_old_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_push_event_noirq(bank, 5);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	kunit_virtio_interrupt(bank->kv, BANK_EVENTQ);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->lines[5].events), 0);
	bank_expect_working(bank, 5);
}

static bool bank_hold_type(struct bank *bank, struct kunit_virtio_buf *buf,
			   const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) &&
	       bank_hold(bank, buf, req);
}

static int bank_call_request_irq_only(void *data)
{
	struct bank_call *call = data;

	return request_irq(bank_irq_number(call->bank, call->gpio),
			   bank_irq_handler, IRQF_TRIGGER_RISING, "kunit",
			   call->bank);
}

/* request_irq() is killed or times out, and the device answers after that. */
static void gpio_virtio_context_late_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);
	struct bank_call *call;

	bank_set_override(bank, bank_hold_type);
	call = bank_call(bank, bank_call_request_irq_only, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, 0);
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_expect_working(bank, 5);
	free_irq(irq, bank);
}

/* As above, but freed before the answer: first the type, then the direction */
static void gpio_virtio_context_late_type_freed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);
	struct bank_call *call;

	bank_set_override(bank, bank_hold_type);
	call = bank_call(bank, bank_call_request_irq_only, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, 0);
	free_irq(irq, bank);
	call = bank_call(bank, bank_call_output_high, 5);
	bank_settle();
	/* Others do not have to wait. */
	KUNIT_EXPECT_EQ(test, bank->gc->direction_input(bank->gc, 6), 0);
	bank_expect_waiting(call);
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
}

/*
 * The device accepts a type, and has an edge for it right away. It uses the
 * buffers for that which it did not return when the interrupt was disabled.
 */
static bool bank_edge_at_type(struct bank *bank, struct kunit_virtio_buf *buf,
			      const struct virtio_gpio_request *req)
{
	if (req->type != cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) || !req->value)
		return false;

	bank_model(bank, buf, req);
	bank_return_late(bank, le16_to_cpu(req->gpio),
			 VIRTIO_GPIO_IRQ_STATUS_VALID);

	return true;
}

/* The event comes before the task that waits for the type runs. */
static void gpio_virtio_context_edge_at_accept(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank->lines[5].late = true;
	bank_set_override(bank, bank_edge_at_type);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_set_override(bank, NULL);
	bank->lines[5].late = false;
	bank_expect_working(bank, 5);
}

/* One line waits after bad events; what others do does not end that. */
static void gpio_virtio_context_backoff_of_others(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *other;
	unsigned long start;
	unsigned int i;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	other = bank_request_irq(bank, 6, IRQF_TRIGGER_RISING);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
		bank_event(bank_disarm(bank, 5), VIRTIO_GPIO_IRQ_STATUS_INVALID);
	}
	start = jiffies;
	scoped_guard(spinlock_irqsave, &bank_user_lock) {
		disable_irq_nosync(other->irq);
		enable_irq(other->irq);
	}
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 5, true));
	KUNIT_EXPECT_GE(test, jiffies_to_msecs(jiffies - start),
			virtio_gpio_poll_ms / 2);
}

/* The driver goes while a task waits for a type. */
static void gpio_virtio_context_unplug_in_set_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct bank_call *type;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, bank_hold_type);
	type = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(type);
	bank_release_irq(irq);
	bank_call_expect(bank_call(bank, bank_call_unplug, 0), 0);
	bank_call_expect(type, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* What waits for the device in the irq core ends with its next poll at the latest. */
static void bank_unplug_in(struct bank *bank, int (*fn)(void *data), int ret)
{
	struct kunit *test = bank->test;
	struct bank_call *call;

	bank_to_irq(bank, 5);
	virtio_gpio_poll_ms = 1000;
	bank_set_override(bank, bank_hold);
	call = bank_call(bank, fn, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_call_expect(bank_call(bank, bank_call_unplug, 0), 0);
	bank_call_expect(call, ret);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* As the device has refused to tell the direction, request_irq() asks again. */
static void gpio_virtio_context_unplug_in_request_irq(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank_set_override(bank, bank_refuse);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);
	bank_unplug_in(bank, bank_call_request_irq_only, -ENODEV);
}

static int bank_call_chain(void *data)
{
	struct bank_call *call = data;

	irq_set_chained_handler_and_data(bank_irq_number(call->bank, call->gpio),
					 bank_chained_handler, call->bank);

	return 0;
}

static void gpio_virtio_context_unplug_in_chained(struct kunit *test)
{
	bank_unplug_in(bank_start(test, BANK_PARAMS(8)), bank_call_chain, 0);
}

static struct kunit_case gpio_virtio_context_cases[] = {
	KUNIT_CASE(gpio_virtio_context_enable),
	KUNIT_CASE(gpio_virtio_context_user_lock),
	KUNIT_CASE(gpio_virtio_context_stale_waiter),
	KUNIT_CASE(gpio_virtio_context_chained),
	KUNIT_CASE(gpio_virtio_context_next_user),
	KUNIT_CASE(gpio_virtio_context_old_type),
	KUNIT_CASE(gpio_virtio_context_late_type),
	KUNIT_CASE(gpio_virtio_context_late_type_freed),
	KUNIT_CASE(gpio_virtio_context_edge_at_accept),
	KUNIT_CASE(gpio_virtio_context_backoff_of_others),
	KUNIT_CASE(gpio_virtio_context_unplug_in_set_type),
	KUNIT_CASE(gpio_virtio_context_unplug_in_request_irq),
	KUNIT_CASE(gpio_virtio_context_unplug_in_chained),
	{}
};

static struct kunit_suite gpio_virtio_context_suite = {
	.name = "gpio_virtio_context",
	.test_cases = gpio_virtio_context_cases,
};

/* Suspend, in which the device keeps its lines, instead of hibernation */

#ifdef pm_suspend_target_state
static int bank_suspend(struct bank *bank)
{
	kunit_skip(bank->test, "needs CONFIG_SUSPEND");
}
#else
static int bank_suspend(struct bank *bank)
{
	int ret;

	pm_suspend_target_state = PM_SUSPEND_TO_IDLE;
	ret = kunit_virtio_freeze(bank->kv);
	pm_suspend_target_state = PM_SUSPEND_ON;

	return ret;
}
#endif

static void bank_no_wakeup(void *data)
{
	device_init_wakeup(data, false);
}

static void bank_can_wake(struct bank *bank)
{
	struct device *dev = &kunit_virtio_vdev(bank->kv)->dev;
	struct kunit *test = bank->test;

	KUNIT_ASSERT_EQ(test, device_init_wakeup(dev, true), 0);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_no_wakeup,
							   dev));
}

/* Outputs keep their levels; only a line that may wake stays enabled. */
static void gpio_virtio_suspend_wake(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_can_wake(bank);
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_request_irq(bank, 6, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	bank_expect_driven(bank, 3, 1);
	KUNIT_EXPECT_EQ(test, bank->lines[6].irq_type, VIRTIO_GPIO_IRQ_TYPE_NONE);
	bank_expect_working(bank, 5);

	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bank->kv), 0);
	bank_expect_driven(bank, 3, 1);
	bank_expect_working(bank, 5);
	bank_expect_working(bank, 6);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
}

/* Nothing else of the system may wake it. */
static void gpio_virtio_suspend_no_wake(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), -ENXIO);
	bank_can_wake(bank);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
}

/* Consumers that are suspended later still use their lines. */
static void gpio_virtio_suspend_late_caller(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	unsigned long start;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	start = jiffies;
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 1), 0);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start),
			virtio_gpio_poll_ms);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 1);
	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bank->kv), 0);
	bank_expect_driven(bank, 3, 1);
}

/* An event that is in the ring when the system resumes is delivered. */
static void gpio_virtio_suspend_event_at_resume(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq;

	bank_can_wake(bank);
	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_EXPECT_EQ(test, enable_irq_wake(irq->irq), 0);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_push_event_noirq(bank, 5);
	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, disable_irq_wake(irq->irq), 0);
}

/* So is one that is there when it suspends. */
static void gpio_virtio_suspend_event_before(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_push_event_noirq(bank, 5);
	KUNIT_ASSERT_EQ(test, bank_suspend(bank), 0);
	KUNIT_EXPECT_EQ(test, bank_events(bank, 5, 1), 1);
	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bank->kv), 0);
	bank_expect_working(bank, 5);
}

/* The irq core enables a disabled interrupt for the time of the sleep. */
static void gpio_virtio_suspend_wake_disabled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	struct irq_data *d = irq_get_irq_data(irq->irq);

	KUNIT_EXPECT_TRUE(test, irq_data_get_irq_chip(d)->flags &
				IRQCHIP_ENABLE_WAKEUP_ON_SUSPEND);
}

static struct kunit_case gpio_virtio_suspend_cases[] = {
	KUNIT_CASE(gpio_virtio_suspend_wake),
	KUNIT_CASE(gpio_virtio_suspend_no_wake),
	KUNIT_CASE(gpio_virtio_suspend_late_caller),
	KUNIT_CASE(gpio_virtio_suspend_event_at_resume),
	KUNIT_CASE(gpio_virtio_suspend_event_before),
	KUNIT_CASE(gpio_virtio_suspend_wake_disabled),
	{}
};

static struct kunit_suite gpio_virtio_suspend_suite = {
	.name = "gpio_virtio_suspend",
	.test_cases = gpio_virtio_suspend_cases,
};

/* Requests and replies that meet others of the same line */

static bool bank_hold_set(struct bank *bank, struct kunit_virtio_buf *buf,
			  const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE) &&
	       bank_hold(bank, buf, req);
}

static int bank_call_set_low(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	return call->bank->gc->set(call->bank->gc, call->gpio, 0);
}

/* What a caller sets during a slow restore is not undone by it. */
static void gpio_virtio_order_newer_than_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(66,
							.requestq = 128));
	struct bank_call *call;
	unsigned int i;

	for (i = 0; i < 66; i++)
		KUNIT_ASSERT_EQ(test, 0,
				bank->gc->direction_output(bank->gc, i, 1));
	bank_down(bank);
	bank_set_override(bank, bank_hold_set);
	bank_up(bank);
	KUNIT_ASSERT_EQ(test, bank_num_held(bank), 64);

	/* Room for the caller first, then for the second part of the restore */
	call = bank_call(bank, bank_call_set_low, 65);
	bank_expect_waiting(call);
	bank_answer_held(bank, 0);
	bank_settle();
	for (i = 1; i < 64; i++)
		bank_answer_held(bank, i);
	bank_settle();
	bank_set_override(bank, NULL);
	for (i = 64; i < bank_num_held(bank); i++)
		bank_answer_held(bank, i);
	bank_call_expect(call, 0);
	bank_settle();
	bank_expect_driven(bank, 64, 1);
	bank_expect_driven(bank, 65, 0);
}

/* A type that the device has had is refused after the reset, but not for good. */
static void gpio_virtio_order_type_refused_later(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_down(bank);
	bank_set_override(bank, bank_refuse_irq_type);
	bank_up(bank);
	bank_settle();
	/* Once, and by way of none */
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 3);
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type, VIRTIO_GPIO_IRQ_TYPE_NONE);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, irq_set_irq_type(irq->irq, IRQ_TYPE_EDGE_FALLING), 0);
	bank_expect_working(bank, 5);
}

/* A restore that does not end, as a reply is lost, holds up few. */
static void gpio_virtio_order_lost_restore_reply(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 6), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold_set);
	bank_up(bank);
	KUNIT_ASSERT_EQ(test, bank_num_held(bank), 1);
	bank_set_override(bank, NULL);

	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 5, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 6), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get_direction(bank->gc, 6),
			GPIO_LINE_DIRECTION_IN);
	call = bank_call(bank, bank_call_set_low, 3);
	bank_expect_waiting(call);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 5, 0), 0);
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);

	bank_answer_held(bank, 0);
	bank_settle();
	bank_expect_driven(bank, 3, 1);
	bank_expect_driven(bank, 5, 0);
}

/* A line that is still to be restored has no direction, which says nothing. */
static void gpio_virtio_order_asked_in_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold_set);
	bank_up(bank);
	KUNIT_ASSERT_EQ(test, bank_num_held(bank), 1);
	bank_set_override(bank, NULL);

	KUNIT_EXPECT_EQ(test, bank->gc->get_direction(bank->gc, 3),
			GPIO_LINE_DIRECTION_OUT);
	bank_answer_held(bank, 0);
	bank_settle();
	bank_expect_driven(bank, 3, 1);
}

static bool bank_refuse_set(struct bank *bank, struct kunit_virtio_buf *buf,
			    const struct virtio_gpio_request *req)
{
	if (req->type != cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE))
		return false;
	bank_reply(buf, VIRTIO_GPIO_STATUS_ERR, 0);

	return true;
}

/* An output that one reset takes is asked for, and comes back with the next. */
static void gpio_virtio_order_given_up_once(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_refuse_set);
	bank_up(bank);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank->gc->get_direction(bank->gc, 3),
			GPIO_LINE_DIRECTION_IN);

	bank_down(bank);
	bank_up(bank);
	bank_expect_driven(bank, 3, 1);
}

static bool bank_hold_get(struct bank *bank, struct kunit_virtio_buf *buf,
			  const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_GET_VALUE) &&
	       bank_hold(bank, buf, req);
}

/* The system resumes when lines are restored, whatever callers do then. */
static void gpio_virtio_order_busy_after_restore(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold_get);
	call = bank_call(bank, bank_call_get, 5);
	bank_expect_waiting(call);
	bank_up_at_once(bank);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
}

/* Nor does it wait longer than a device takes that answers late. */
static void gpio_virtio_order_restored_late(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *up;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	bank_down(bank);
	bank_set_override(bank, bank_hold_set);
	virtio_gpio_poll_ms = 200;
	up = bank_call(bank, bank_call_up, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	KUNIT_EXPECT_TRUE(test, kunit_virtio_task_wait(up->task,
						       5 * virtio_gpio_poll_ms));
	bank_call_expect(up, 0);
	kunit_remove_action(test, bank_flush, bank->kv);
	bank_expect_driven(bank, 3, 1);
}

/* The time that a caller has waited does not count once the device is reset. */
static void gpio_virtio_order_reset_after_long_wait(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	msleep(15 * virtio_gpio_poll_ms);
	bank_down(bank);
	bank_expect_waiting(call);
	bank_up(bank);
	bank_call_expect(call, 0);
}

/*
 * A line is released when the device has disabled its interrupt, which takes
 * long. The next user's level is not forgotten with that.
 */
static void gpio_virtio_order_level_after_release(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));
	struct bank_call *call;
	struct bank_irq *irq;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_set_override(bank, bank_hold_irq_type);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	call = bank_call(bank, bank_call_output_high, 5);
	bank_expect_waiting(call);
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
	bank_expect_driven(bank, 5, 1);

	bank_down(bank);
	bank_up(bank);
	bank_expect_output(bank, 5, 1);
}

/* Who waits for that is killed, in the middle of a batch that does not. */
static void gpio_virtio_order_batch_killed(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_batch *batch = bank_batch(bank, 0, 8);
	struct kunit_virtio_task *task;
	struct bank_irq *irq;
	unsigned int i;

	irq = bank_add_irq(bank, bank_to_irq(bank, 5), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	bank_set_override(bank, bank_hold);
	bank_release_irq(irq);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	task = bank_batch_run(batch, bank_batch_set);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 8));
	kunit_virtio_task_kill(task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -EINTR);

	bank_set_override(bank, NULL);
	for (i = 0; i < 8; i++)
		bank_answer_held(bank, i);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_SET_VALUE), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* Lines are freed while there is nothing to send a request with. */
static void gpio_virtio_order_freed_without_queues(struct kunit *test)
{
	struct bank *bank = bank_start_forgetful(test, BANK_PARAMS(8));

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	KUNIT_ASSERT_EQ(test, bank->gc->direction_input(bank->gc, 4), 0);
	bank_down(bank);
	kunit_virtio_fail_find_vqs(bank->kv, -ENOMEM);
	bank_call_expect(bank_call(bank, bank_call_up, 0), -ENOMEM);
	kunit_virtio_fail_find_vqs(bank->kv, 0);
	bank->gc->free(bank->gc, 3);
	bank->gc->free(bank->gc, 4);
	bank_down(bank);
	bank_up(bank);
	/* Released by the reset, and nobody has them any more */
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_NONE);
}

static int bank_call_request_falling(void *data)
{
	struct bank_call *call = data;

	return request_irq(bank_irq_number(call->bank, call->gpio),
			   bank_irq_handler, IRQF_TRIGGER_FALLING, "kunit",
			   call->bank);
}

/* The type of the last user is accepted late, and is none of the next user's. */
static void gpio_virtio_order_late_type_of_other(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	int irq = bank_to_irq(bank, 5);
	struct bank_call *call;

	/* The line stays an input, so the next user need not wait to make it one. */
	bank_get_line(bank, 5, GPIOD_IN);
	bank_set_override(bank, bank_hold_irq_type);
	call = bank_call(bank, bank_call_request_irq_only, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, 0);
	free_irq(irq, bank);

	call = bank_call(bank, bank_call_request_falling, 5);
	bank_expect_waiting(call);
	bank_set_override(bank, bank_refuse_falling);
	bank_answer_held(bank, 0);
	bank_call_expect(call, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	free_irq(irq, bank);
}

/* An event of the former type is seen together with the replies to the new one. */
static void gpio_virtio_order_event_before_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	const u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 0 };
	struct bank_call *call;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, bank_hold_irq_type);
	call = bank_call(bank, bank_call_set_type, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_set_override(bank, NULL);
	bank_push_event_noirq(bank, 5);
	bank->lines[5].irq_type = VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH;
	kunit_virtio_write(bank->held[0], reply, sizeof(reply));
	kunit_virtio_push_quiet(bank->held[0], sizeof(reply));
	bank_push(bank->held[1], reply, sizeof(reply));
	bank_call_expect(call, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
	bank_expect_working(bank, 5);
}

static const struct bad_event bank_unused_event = {
	"unused", VIRTIO_GPIO_IRQ_STATUS_INVALID, 1,
};

/* One message for a row, whatever is wrong with its events */
static void gpio_virtio_order_mixed_bad_events(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i, unused;

	bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);
	bank_watch_log(test);
	for (unused = 0; unused < 2; unused++) {
		for (i = 0; i < 4; i++) {
			KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
			bank_bad_event(bank, 5, i == unused ? &bank_unused_event :
							      &bad_events[i]);
		}
		bank_expect_working(bank, 5);
		KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), unused + 1);
	}
}

/* Interrupts that are enabled at the same time, with room for one of them */
static void gpio_virtio_order_no_room_at_once(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .eventq = 2,
							 .features = BANK_IRQ));
	const u8 reply[] = { VIRTIO_GPIO_STATUS_OK, 0 };
	struct bank_call *call[3];
	unsigned int i;

	bank_watch(test, "no room in the eventq");
	bank_set_override(bank, bank_hold_irq_type);
	for (i = 0; i < 3; i++) {
		bank_to_irq(bank, i);
		call[i] = bank_call(bank, bank_call_request_irq_only, i);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, i + 1));
	}
	bank_set_override(bank, NULL);
	for (i = 0; i < 3; i++) {
		bank_enable_irq(bank, i, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
		kunit_virtio_write(bank->held[i], reply, sizeof(reply));
		kunit_virtio_push_quiet(bank->held[i], sizeof(reply));
	}
	for (i = 0; i < 3; i++)
		bank_call_expect(call[i], 0);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 2);
	for (i = 0; i < 3; i++)
		free_irq(bank_to_irq(bank, i), bank);
}

static bool bank_hold_or_refuse(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	return bank->override_data ? bank_hold(bank, buf, req) :
				     bank_refuse(bank, buf, req);
}

/* A line whose direction is not known, and a device that does not answer */
static void gpio_virtio_order_silent_request_irq(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank->override = bank_hold_or_refuse;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_find_chip(bank);
	bank_to_irq(bank, 5);
	bank->override_data = bank;
	bank->num_log = 0;
	call = bank_call(bank, bank_call_request_irq_only, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	kunit_virtio_task_kill(call->task);
	bank_call_expect(call, -EINTR);
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
}

/* Events cannot come any more; everything else works. */
static void gpio_virtio_order_broken_eventq(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank_to_irq(bank, 5);
	kunit_virtio_push_raw(bank->kv, BANK_EVENTQ, 1, 1);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
	bank_call_expect(bank_call(bank, bank_call_request_irq_only, 5), -ENODEV);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
}

/* As the irq core does when the system suspends: without locking the bus */
static void gpio_virtio_order_started_without_bus(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq;
	unsigned long start;
	struct irq_data *d;

	irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING | IRQF_NO_AUTOEN);
	d = irq_get_irq_data(irq->irq);
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_startup(d);
	bank_set_override(bank, bank_hold);
	start = jiffies;
	disable_irq_nosync(irq->irq);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start),
			virtio_gpio_poll_ms);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_set_override(bank, NULL);
	bank_answer_held(bank, 0);
	scoped_guard(irqsave)
		irq_data_get_irq_chip(d)->irq_shutdown(d);
}

static struct kunit_case gpio_virtio_order_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_order_newer_than_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_type_refused_later,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_lost_restore_reply,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_asked_in_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_given_up_once,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_busy_after_restore,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_restored_late,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_reset_after_long_wait,
			 sleep_kind_gen_params),
	KUNIT_CASE_PARAM(gpio_virtio_order_level_after_release,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_order_batch_killed),
	KUNIT_CASE_PARAM(gpio_virtio_order_freed_without_queues,
			 sleep_kind_gen_params),
	KUNIT_CASE(gpio_virtio_order_late_type_of_other),
	KUNIT_CASE(gpio_virtio_order_event_before_type),
	KUNIT_CASE(gpio_virtio_order_mixed_bad_events),
	KUNIT_CASE(gpio_virtio_order_no_room_at_once),
	KUNIT_CASE(gpio_virtio_order_silent_request_irq),
	KUNIT_CASE(gpio_virtio_order_broken_eventq),
	KUNIT_CASE(gpio_virtio_order_started_without_bus),
	{}
};

static struct kunit_suite gpio_virtio_order_suite = {
	.name = "gpio_virtio_order",
	.init = gpio_virtio_sleep_init,
	.test_cases = gpio_virtio_order_cases,
};

/* Errors of the transport, behind a line that the device refuses */

static void gpio_virtio_error_probe_silent(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank->override = bank_refuse_0_hold_rest;
	bank_call_expect(bank_call(bank, bank_call_add, 0), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

static void gpio_virtio_error_probe_broken(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));
	struct bank_call *add;

	bank->override = bank_refuse_0_hold_rest;
	add = bank_call(bank, bank_call_add, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 7));
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(add, 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

/* Who reads all lines is killed when so many requests are not answered. */
static void bank_expect_batch_killed(struct bank *bank, bank_override_t override,
				     unsigned int held)
{
	struct bank_batch *batch = bank_batch(bank, 0, bank->params.ngpio);
	struct kunit *test = bank->test;
	struct kunit_virtio_task *task;

	bank_set_override(bank, override);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, held));
	kunit_virtio_task_kill(task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -EINTR);
}

/* Whoever reads several lines is told that he was killed. */
static void gpio_virtio_error_batch_killed(struct kunit *test)
{
	bank_expect_batch_killed(bank_start(test, BANK_PARAMS(8)),
				 bank_refuse_0_hold_rest, 7);
}

static bool bank_refuse_0_hold_64(struct bank *bank, struct kunit_virtio_buf *buf,
				  const struct virtio_gpio_request *req)
{
	if (!req->gpio)
		return bank_refuse(bank, buf, req);

	return le16_to_cpu(req->gpio) >= 64 && bank_hold(bank, buf, req);
}

/* The same, when the first 64 lines are read and one of them is refused. */
static void gpio_virtio_error_second_batch_killed(struct kunit *test)
{
	bank_expect_batch_killed(bank_start(test, BANK_PARAMS(66)),
				 bank_refuse_0_hold_64, 2);
}

static int bank_call_get_alarmed(void *data)
{
	int ret;

	allow_signal(SIGALRM);
	send_sig(SIGALRM, current, 1);
	ret = bank_call_get(data);
	flush_signals(current);

	return ret;
}

/* A signal that does not kill the caller does not end the wait. */
static void gpio_virtio_error_alarm(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, bank_call_get_alarmed, 2);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_expect_waiting(call);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(call, 1);
}

static int bank_call_slow_reader(void *data)
{
	struct bank_call *call = data;
	int ret = 0;

	while (READ_ONCE(call->rounds) && ret >= 0) {
		ret = bank_call_get(call);
		msleep(virtio_gpio_timeout_ms / 2);
	}

	return ret;
}

/* One request is lost, and another line is read more often than the timeout. */
static void gpio_virtio_error_lost_request(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *lost, *busy;
	unsigned long start = jiffies;

	bank_set_override(bank, bank_lose_line_0);
	lost = bank_call(bank, bank_call_get, 0);
	busy = bank_call_stoppable(bank, bank_call_slow_reader, 1);
	bank_call_expect(lost, -ETIMEDOUT);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - start),
			4 * virtio_gpio_timeout_ms);
	WRITE_ONCE(busy->rounds, 0);
	bank_call_expect(busy, 0);
}

static const u32 bank_reserved[] = { 2, 3 };

static const struct property_entry bank_reserved_props[] = {
	PROPERTY_ENTRY_U32_ARRAY("gpio-reserved-ranges", bank_reserved),
	{}
};

static const struct software_node bank_reserved_node = {
	.name = "kunit-gpio-reserved",
	.properties = bank_reserved_props,
};

/* Lines that firmware reserves are not asked for anything. */
static void gpio_virtio_error_reserved(struct kunit *test)
{
	struct bank *bank = bank_describe(test, BANK_PARAMS(8),
					  &bank_reserved_node);
	unsigned int i, gpio;

	KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 5);
	for (i = 0; i < bank->num_log; i++) {
		gpio = le16_to_cpu(bank->log[i].gpio);
		KUNIT_EXPECT_TRUE(test, gpio < 2 || gpio > 4);
	}
}

/* Names that Linux 7.3 finds: in UTF-8, and twice the same */
static void gpio_virtio_error_names_kept(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(3,
				.names = "NC\0NC\0L\xc3\xbc" "fter",
				.names_size = 14));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "NC");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[1], "NC");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[2], "L\xc3\xbc" "fter");
}

static struct kunit_case gpio_virtio_error_cases[] = {
	KUNIT_CASE(gpio_virtio_error_probe_silent),
	KUNIT_CASE(gpio_virtio_error_probe_broken),
	KUNIT_CASE(gpio_virtio_error_batch_killed),
	KUNIT_CASE(gpio_virtio_error_second_batch_killed),
	KUNIT_CASE(gpio_virtio_error_alarm),
	KUNIT_CASE(gpio_virtio_error_lost_request),
	KUNIT_CASE(gpio_virtio_error_reserved),
	KUNIT_CASE(gpio_virtio_error_names_kept),
	{}
};

static struct kunit_suite gpio_virtio_error_suite = {
	.name = "gpio_virtio_error",
	.init = gpio_virtio_timeout_init,
	.exit = gpio_virtio_timeout_exit,
	.test_cases = gpio_virtio_error_cases,
};

kunit_test_suites(&gpio_virtio_recover_suite, &gpio_virtio_context_suite,
		  &gpio_virtio_suspend_suite, &gpio_virtio_order_suite,
		  &gpio_virtio_error_suite,
		  &gpio_virtio_wire_suite, &gpio_virtio_config_suite,
		  &gpio_virtio_names_suite, &gpio_virtio_probe_suite,
		  &gpio_virtio_sleep_suite, &gpio_virtio_lost_suite,
		  &gpio_virtio_flood_suite,
		  &gpio_virtio_request_suite, &gpio_virtio_batch_suite,
		  &gpio_virtio_direction_suite, &gpio_virtio_free_suite,
		  &gpio_virtio_irq_suite, &gpio_virtio_conformance_suite,
		  &gpio_virtio_life_suite, &gpio_virtio_fixes_suite,
		  &gpio_virtio_timeout_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the virtio GPIO driver");
MODULE_LICENSE("GPL");
