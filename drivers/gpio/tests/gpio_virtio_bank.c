// SPDX-License-Identifier: GPL-2.0
/*
 * Model of a GPIO bank for the KUnit tests of the virtio GPIO driver
 *
 * The driver runs against a model of a GPIO bank behind a mock virtio device.
 * The model behaves as the "GPIO Device" section of the virtio specification
 * says, unless a test tells it not to.
 */

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/iopoll.h>
#include <linux/kmsg_dump.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_ids.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

/* How often the driver checks the device, which is less than it usually does */
#define BANK_DRIVER_POLL_MS	20

/* The model */

/* The test that the bank belongs to fails when it ends. */
void bank_breach(struct bank *bank, const char *what)
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

void bank_push(struct kunit_virtio_buf *buf, const void *reply, u32 len)
{
	kunit_virtio_write(buf, reply, len);
	kunit_virtio_push(buf, len);
}

/* The interrupt is lost, or comes later. */
void bank_push_noirq(struct kunit_virtio_buf *buf, const void *reply, u32 len)
{
	kunit_virtio_write(buf, reply, len);
	kunit_virtio_push_quiet(buf, len);
}

void bank_reply(struct kunit_virtio_buf *buf, u8 status, u8 value)
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

/* A device that was reset has nothing to read, nor to do. */
bool bank_read(struct bank *bank, struct kunit_virtio_buf *buf,
	       void *req, size_t size)
{
	if (kunit_virtio_readable(buf) != size)
		bank_breach(bank, "request of a wrong size");
	if (kunit_virtio_read(buf, req, size) == size)
		return true;

	kunit_virtio_push(buf, 0);

	return false;
}

/* The model's interrupts */

struct kunit_virtio_buf *bank_disarm(struct bank *bank, u16 gpio)
{
	guard(spinlock_irqsave)(&bank->lock);

	return xchg(&bank->lines[gpio].armed, NULL);
}

void bank_event(struct kunit_virtio_buf *buf, u8 status)
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

bool bank_enable_irq(struct bank *bank, u16 gpio, u8 type)
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

bool bank_set_irq_type(struct bank *bank, u16 gpio, u32 type)
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
void bank_unmask(struct kunit_virtio_buf *buf, void *data)
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
void bank_edge(struct bank *bank, u16 gpio)
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
void bank_activate(struct bank *bank, u16 gpio, int times)
{
	atomic_set(&bank->lines[gpio].active, times);
	bank_fire(bank, gpio);
}

/* The device returns what it was late with. */
void bank_return_late(struct bank *bank, u16 gpio, u8 status)
{
	struct kunit_virtio_buf *buf;

	scoped_guard(spinlock_irqsave, &bank->lock)
		buf = xchg(&bank->lines[gpio].retiring, NULL);

	bank_event(buf, status);
}

/* The model's requests */

static void bank_drive(struct bank_line *line)
{
	if (line->direction == VIRTIO_GPIO_DIRECTION_OUT)
		line->driven |= BIT(line->value);
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
	bank_drive(line);

	return true;
}

static bool bank_set_value(struct bank *bank, u16 gpio, u32 value)
{
	if (value > 1) {
		bank_breach(bank, "level that is neither low nor high");
		return false;
	}
	bank->lines[gpio].value = value;
	bank_drive(&bank->lines[gpio]);

	return true;
}

void bank_model(struct bank *bank, struct kunit_virtio_buf *buf,
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

static void bank_request(struct kunit_virtio_buf *buf, void *data)
{
	struct virtio_gpio_request req = { };
	struct bank *bank = data;
	bank_override_t override = NULL;

	if (!bank_read(bank, buf, &req, sizeof(req)))
		return;

	scoped_guard(spinlock_irqsave, &bank->lock) {
		if (bank->num_log < BANK_LOG)
			bank->log[bank->num_log] = req;
		bank->num_log++;
		if (!bank->override_type ||
		    bank->override_type == le16_to_cpu(req.type))
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

void bank_override_type(struct bank *bank, bank_override_t override, u16 type)
{
	guard(spinlock_irqsave)(&bank->lock);
	bank->override = override;
	bank->override_type = type;
	bank->num_log = 0;
}

void bank_set_override(struct bank *bank, bank_override_t override)
{
	bank_override_type(bank, override, 0);
}

/* An override: the device keeps requests and does not answer them. */
bool bank_hold(struct bank *bank, struct kunit_virtio_buf *buf,
	       const struct virtio_gpio_request *req)
{
	guard(spinlock_irqsave)(&bank->lock);
	bank->held[bank->num_held % BANK_LOG] = buf;
	bank->num_held++;

	return true;
}

bool bank_refuse(struct bank *bank, struct kunit_virtio_buf *buf,
		 const struct virtio_gpio_request *req)
{
	bank_reply(buf, VIRTIO_GPIO_STATUS_ERR, 0);

	return true;
}

bool bank_refuse_0_hold_rest(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	return req->gpio ? bank_hold(bank, buf, req) :
			   bank_refuse(bank, buf, req);
}

unsigned int bank_num_held(struct bank *bank)
{
	guard(spinlock_irqsave)(&bank->lock);

	return bank->num_held;
}

/* Wait until the device holds so many requests. */
bool bank_holds(struct bank *bank, unsigned int count)
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

struct bank *bank_alloc(struct kunit *test, const struct bank_params *p)
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

void bank_find_chip(struct bank *bank)
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
struct bank *bank_start(struct kunit *test, const struct bank_params *p)
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

struct gpio_desc *bank_get_line(struct bank *bank, u16 gpio,
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

void bank_put_line(struct bank *bank, struct gpio_desc *desc)
{
	kunit_release_action(bank->test, bank_free_desc, desc);
}

static void bank_undescribe(void *data)
{
	struct device *dev = data;

	device_release_driver(dev);
	device_remove_software_node(dev);
}

/* A bank that firmware describes, which waits for a driver. */
struct bank *bank_describe(struct kunit *test, const struct bank_params *params,
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

int bank_attach(struct bank *bank)
{
	return device_attach(&kunit_virtio_vdev(bank->kv)->dev);
}

/* Calls into the chip, and what the device sees of them */

int bank_call_get(void *data)
{
	struct bank_call *call = data;

	/* As gpiolib does: removal waits for this, and there is no chip after it. */
	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);

	return chip.gc ? chip.gc->get(chip.gc, call->gpio) : -ENODEV;
}

static int bank_call_run(void *data)
{
	struct bank_call *call = data;

	WRITE_ONCE(call->thread, current);

	return call->fn(call);
}

struct bank_call *bank_call(struct bank *bank, int (*fn)(void *), u16 gpio)
{
	struct kunit *test = bank->test;
	struct bank_call *call;

	call = kunit_kzalloc(test, sizeof(*call), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, call);
	call->bank = bank;
	call->gpio = gpio;
	call->rounds = 200;
	call->fn = fn;
	call->task = kunit_virtio_run(bank->kv, bank_call_run, call);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, call->task);

	return call;
}

/* A call whose first request the device keeps, and all that follow */
struct bank_call *bank_call_held(struct bank *bank, int (*fn)(void *), u16 gpio)
{
	unsigned int num = bank_num_held(bank);
	struct bank_call *call;

	bank_set_override(bank, bank_hold);
	call = bank_call(bank, fn, gpio);
	KUNIT_ASSERT_TRUE(bank->test, bank_holds(bank, num + 1));

	return call;
}

void bank_call_stop(void *data)
{
	struct bank_call *call = data;

	WRITE_ONCE(call->rounds, 0);
	kunit_virtio_task_wait(call->task, BANK_WAIT_MS);
}

/* A call that plays the device, so it has to end before the device does. */
struct bank_call *bank_call_stoppable(struct bank *bank,
				      int (*fn)(void *), u16 gpio)
{
	struct bank_call *call = bank_call(bank, fn, gpio);

	KUNIT_ASSERT_EQ(bank->test, 0,
			kunit_add_action_or_reset(bank->test, bank_call_stop,
						  call));

	return call;
}

static bool bank_call_is_asleep(struct bank_call *call)
{
	struct task_struct *thread = READ_ONCE(call->thread);

	return thread && READ_ONCE(thread->__state) & TASK_UNINTERRUPTIBLE;
}

/*
 * Wait until a call waits for the device: what it sends now is in its place. The
 * call wakes up now and then, and each wait here ends with a tick. To look once in
 * two ticks could always meet it awake, so look after each.
 */
bool bank_call_sleeps(struct bank_call *call)
{
	bool asleep;

	read_poll_timeout(bank_call_is_asleep, asleep,
			  asleep || kunit_virtio_task_wait(call->task, 0) ||
			  (asleep = bank_call_is_asleep(call)),
			  BANK_POLL_US, BANK_WAIT_MS * USEC_PER_MSEC, false, call);

	return asleep;
}

void bank_task_expect(struct bank *bank, struct kunit_virtio_task *task, int ret)
{
	KUNIT_ASSERT_TRUE(bank->test, kunit_virtio_task_wait(task, BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(bank->test, kunit_virtio_task_ret(task), ret);
}

void bank_call_expect(struct bank_call *call, int ret)
{
	bank_task_expect(call->bank, call->task, ret);
}

void bank_expect_waiting(struct bank_call *call)
{
	KUNIT_EXPECT_TRUE(call->bank->test, bank_call_sleeps(call));
	KUNIT_EXPECT_FALSE(call->bank->test,
			   kunit_virtio_task_wait(call->task,
						  2 * BANK_DRIVER_POLL_MS + 10));
}

/* The log holds all fields of each request, little endian, and no more. */
void bank_expect_log(struct bank *bank, unsigned int index, const char *bytes)
{
	struct kunit *test = bank->test;

	KUNIT_ASSERT_GT(test, bank->num_log, index);
	KUNIT_EXPECT_MEMEQ(test, &bank->log[index], bytes,
			   sizeof(bank->log[index]));
}

bool bank_logs(struct bank *bank, unsigned int count)
{
	unsigned int num;

	return !read_poll_timeout(READ_ONCE, num, num >= count, BANK_POLL_US,
				  BANK_WAIT_MS * USEC_PER_MSEC, false,
				  bank->num_log);
}

int bank_direction(struct bank *bank, u16 gpio)
{
	return bank->gc->get_direction(bank->gc, gpio);
}

int bank_call_input(void *data)
{
	struct bank_call *call = data;

	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);

	return chip.gc ? chip.gc->direction_input(chip.gc, call->gpio) : -ENODEV;
}

int bank_call_direction(void *data)
{
	struct bank_call *call = data;

	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);

	return chip.gc ? chip.gc->get_direction(chip.gc, call->gpio) : -ENODEV;
}

int bank_call_free(void *data)
{
	struct bank_call *call = data;

	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);
	if (!chip.gc)
		return -ENODEV;
	chip.gc->free(chip.gc, call->gpio);

	return 0;
}

const struct queue_size queue_sizes[] = {
	{ "2 direct", 2, BANK_PLAIN },
	{ "2 indirect", 2, BANK_INDIRECT },
	{ "4 direct", 4, BANK_PLAIN },
	{ "4 indirect", 4, BANK_INDIRECT },
	{ "64 indirect", 64, BANK_INDIRECT },
	{ "256 direct", 256, BANK_PLAIN },
	{ "2 indirect, event index", 2,
	  BANK_INDIRECT | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) },
};

/* The log of the kernel. Consoles would be late, and do not get all of it. */

static struct kmsg_dump_iter bank_log;
static const char *bank_watched;
static int bank_complaints;
static int bank_splats;

/* What the kernel says of itself when something is wrong with it */
static bool bank_is_splat(const char *line)
{
	return strstr(line, "WARNING: ") || strstr(line, "BUG: ") ||
	       strstr(line, "UBSAN: ") || strstr(line, "INFO: ");
}

static void bank_read_log(void)
{
	static char line[1024];
	size_t len;

	while (kmsg_dump_get_line(&bank_log, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		bank_complaints += !!strstr(line, bank_watched);
		bank_splats += bank_is_splat(line);
	}
}

/* Count the messages with some text in them, and the splats, from here on. */
void bank_watch(struct kunit *test, const char *text)
{
	bank_watched = text;
	kmsg_dump_rewind(&bank_log);
	bank_read_log();
	bank_complaints = 0;
	bank_splats = 0;
}

/* Count what the driver says of its devices from here on. */
void bank_watch_log(struct kunit *test)
{
	bank_watch(test, "gpio_virtio virtio");
}
EXPORT_SYMBOL_GPL(bank_watch_log);

int bank_complaints_seen(struct kunit *test)
{
	bank_read_log();

	return bank_complaints;
}
EXPORT_SYMBOL_GPL(bank_complaints_seen);

int bank_splats_seen(struct kunit *test)
{
	bank_read_log();

	return bank_splats;
}
EXPORT_SYMBOL_GPL(bank_splats_seen);

/* Several lines at once */

/* A pattern in which no two neighbouring words are alike */
bool bank_pattern(unsigned int gpio)
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

struct bank_batch *bank_batch(struct bank *bank, unsigned int first,
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

int bank_batch_get(void *data)
{
	struct bank_batch *batch = data;

	CLASS(gpio_chip_guard, chip)(batch->bank->gdev->descs);

	return chip.gc ? chip.gc->get_multiple(chip.gc, batch->mask, batch->bits) :
			 -ENODEV;
}

int bank_batch_set(void *data)
{
	struct bank_batch *batch = data;

	CLASS(gpio_chip_guard, chip)(batch->bank->gdev->descs);

	return chip.gc ? chip.gc->set_multiple(chip.gc, batch->mask, batch->bits) :
			 -ENODEV;
}

struct kunit_virtio_task *bank_batch_run(struct bank_batch *batch,
					 int (*fn)(void *data))
{
	struct kunit_virtio_task *task;

	task = kunit_virtio_run(batch->bank->kv, fn, batch);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(batch->bank->test, task);

	return task;
}

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the virtio GPIO driver");
MODULE_LICENSE("GPL");

static void bank_restore_timeout(void *timeout_ms)
{
	virtio_gpio_timeout_ms = (unsigned long)timeout_ms;
}

/* For a case, or as the init() of a suite */
int bank_shorten_timeout(struct kunit *test)
{
	unsigned long timeout_ms = virtio_gpio_timeout_ms;

	virtio_gpio_timeout_ms = BANK_TIMEOUT_MS;

	return kunit_add_action_or_reset(test, bank_restore_timeout, (void *)timeout_ms);
}
