// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver
 *
 * The driver runs against a model of a GPIO bank behind a mock virtio device.
 * The model behaves as the "GPIO Device" section of the virtio specification
 * says, unless a test tells it not to.
 */

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_ids.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"

#define BANK_REQUESTQ		0
#define BANK_EVENTQ		1
#define BANK_LOG		128
#define BANK_WAIT_MS		5000

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
 * @requestq: number of entries of the requestq; 0 for 64
 * @eventq: number of entries of the eventq; 0 for 64
 * @names: names block
 * @names_size: size of the names block as the config space has it
 */
struct bank_params {
	u16 ngpio;
	u64 features;
	u16 requestq;
	u16 eventq;
	const char *names;
	u32 names_size;
};

#define BANK_IRQ	BIT_ULL(VIRTIO_GPIO_F_IRQ)
#define BANK_INDIRECT	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
/* Not a feature bit that means anything */
#define BANK_PLAIN	BIT_ULL(23)

#define BANK_PARAMS(_ngpio, ...) \
	(&(const struct bank_params) { .ngpio = (_ngpio), __VA_ARGS__ })

/**
 * struct bank_line - a line of the bank
 * @direction: one of VIRTIO_GPIO_DIRECTION_*
 * @value: level of the line
 * @irq_type: one of VIRTIO_GPIO_IRQ_TYPE_*
 * @latched: an edge came while the interrupt was masked
 * @armed: the eventq's buffer for the line; NULL while it is masked
 */
struct bank_line {
	u8 direction;
	u8 value;
	u8 irq_type;
	bool latched;
	struct kunit_virtio_buf *armed;
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
 * @events: interrupts that a handler has seen
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
	atomic_t events;
};

/* The model */

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

static void bank_set_irq_type(struct bank *bank, u16 gpio, u8 type)
{
	scoped_guard(spinlock_irqsave, &bank->lock) {
		bank->lines[gpio].irq_type = type;
		bank->lines[gpio].latched = false;
	}

	if (type == VIRTIO_GPIO_IRQ_TYPE_NONE)
		bank_event(bank_disarm(bank, gpio),
			   VIRTIO_GPIO_IRQ_STATUS_INVALID);
}

static void bank_model(struct bank *bank, struct kunit_virtio_buf *buf,
		       const struct virtio_gpio_request *req)
{
	u16 gpio = le16_to_cpu(req->gpio);
	u32 value = le32_to_cpu(req->value);
	struct bank_line *line = &bank->lines[gpio];
	u8 res = 0;

	switch (le16_to_cpu(req->type)) {
	case VIRTIO_GPIO_MSG_GET_NAMES:
		bank_reply_names(bank, buf);
		return;
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		res = line->direction;
		break;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		line->direction = value;
		break;
	case VIRTIO_GPIO_MSG_GET_VALUE:
		res = line->value;
		break;
	case VIRTIO_GPIO_MSG_SET_VALUE:
		line->value = value;
		break;
	case VIRTIO_GPIO_MSG_IRQ_TYPE:
		bank_set_irq_type(bank, gpio, value);
		break;
	default:
		bank_reply(buf, VIRTIO_GPIO_STATUS_ERR, 0);
		return;
	}

	bank_reply(buf, VIRTIO_GPIO_STATUS_OK, res);
}

static void bank_request(struct kunit_virtio_buf *buf, void *data)
{
	struct virtio_gpio_request req = { };
	struct bank *bank = data;
	bank_override_t override;

	kunit_virtio_read(buf, &req, sizeof(req));

	scoped_guard(spinlock_irqsave, &bank->lock) {
		if (bank->num_log < BANK_LOG)
			bank->log[bank->num_log] = req;
		bank->num_log++;
		override = bank->override;
	}

	if (override && override(bank, buf, &req))
		return;
	if (le16_to_cpu(req.gpio) >= bank->params.ngpio)
		bank_reply(buf, VIRTIO_GPIO_STATUS_ERR, 0);
	else
		bank_model(bank, buf, &req);
}

/* The driver unmasks an interrupt. */
static void bank_unmask(struct kunit_virtio_buf *buf, void *data)
{
	struct virtio_gpio_irq_request req = { };
	struct bank *bank = data;
	struct bank_line *line;
	u8 status;

	kunit_virtio_read(buf, &req, sizeof(req));
	line = &bank->lines[le16_to_cpu(req.gpio) % bank->params.ngpio];

	scoped_guard(spinlock_irqsave, &bank->lock) {
		if (line->irq_type && !line->latched) {
			line->armed = buf;
			return;
		}
		status = line->latched ? VIRTIO_GPIO_IRQ_STATUS_VALID :
					 VIRTIO_GPIO_IRQ_STATUS_INVALID;
		line->latched = false;
	}

	bank_event(buf, status);
}

/* An edge on a line whose interrupt is enabled. */
static void bank_edge(struct bank *bank, u16 gpio)
{
	struct kunit_virtio_buf *buf = bank_disarm(bank, gpio);

	if (buf)
		bank_event(buf, VIRTIO_GPIO_IRQ_STATUS_VALID);
	else
		bank->lines[gpio].latched = true;
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
	unsigned int i;

	for (i = 0; i < BANK_WAIT_MS; i++) {
		if (bank_num_held(bank) >= count)
			return true;
		usleep_range(900, 1100);
	}

	return false;
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
}

static struct kunit_virtio *bank_alloc_device(struct bank *bank)
{
	const struct bank_params *p = &bank->params;
	struct virtio_gpio_config config = {
		.ngpio = cpu_to_le16(p->ngpio),
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

static struct bank *bank_alloc(struct kunit *test, const struct bank_params *p)
{
	struct bank *bank;

	bank = kunit_kzalloc(test, sizeof(*bank), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bank);
	bank->test = test;
	bank_set_params(bank, p);
	bank->lines = kunit_kcalloc(test, max(p->ngpio, 1),
				    sizeof(*bank->lines), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bank->lines);
	spin_lock_init(&bank->lock);

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

static int bank_call_get(void *data)
{
	struct bank_call *call = data;

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

static void bank_call_expect(struct bank_call *call, int ret)
{
	struct kunit *test = call->bank->test;

	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(call->task,
						       BANK_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(call->task), ret);
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
	unsigned int i;

	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	bank_set_override(bank, NULL);
	bank_put_line(bank, desc);

	for (i = 0; i < BANK_WAIT_MS && !READ_ONCE(bank->num_log); i++)
		usleep_range(900, 1100);
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

static void gpio_virtio_config_names(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(3,
						.names = "MMC-CD\0\0Red LED",
						.names_size = 16));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "MMC-CD");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[2], "Red LED");
}

/* The last name is cut short rather than read to wherever a zero comes. */
static void gpio_virtio_config_names_unterminated(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(2, .names = "a\0bcd",
							 .names_size = 4));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[1], "b");
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
		KUNIT_EXPECT_NULL(test, bank->gc->names);
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
	static const u32 sizes[] = { 0xffffffff, 0x10000000, 8 * 256 + 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct bank *bank;

		bank = bank_alloc(test, BANK_PARAMS(8, .names_size = sizes[i]));
		KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
		KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
		bank_find_chip(bank);
		KUNIT_EXPECT_NULL(test, bank->gc->names);
		KUNIT_EXPECT_NE(test, bank->log[0].type,
				cpu_to_le16(VIRTIO_GPIO_MSG_GET_NAMES));
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
	KUNIT_CASE(gpio_virtio_config_names),
	KUNIT_CASE(gpio_virtio_config_names_unterminated),
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

static atomic_t bank_complaints;

static void bank_console_write(struct console *con, const char *text,
			       unsigned int len)
{
	if (strnstr(text, "gpio_virtio virtio", len))
		atomic_inc(&bank_complaints);
}

static struct console bank_console = {
	.name = "kunit",
	.write = bank_console_write,
	.index = -1,
};

static void bank_unwatch_log(void *data)
{
	unregister_console(data);
}

/* Count what the driver says of its devices from here on. */
static void bank_watch_log(struct kunit *test)
{
	atomic_set(&bank_complaints, 0);
	bank_console.flags = CON_ENABLED;
	register_console(&bank_console);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_unwatch_log,
							   &bank_console));
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

	KUNIT_EXPECT_GT(test, atomic_read(&bank_complaints), 0);
	KUNIT_EXPECT_LT(test, atomic_read(&bank_complaints), 50);
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
	KUNIT_CASE(gpio_virtio_request_tags_in_order),
	KUNIT_CASE(gpio_virtio_request_slot_reuse),
	KUNIT_CASE(gpio_virtio_request_queue_too_small),
	KUNIT_CASE(gpio_virtio_request_killed),
	KUNIT_CASE(gpio_virtio_request_killed_in_backlog),
	KUNIT_CASE(gpio_virtio_request_bogus_reply),
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

	return gc->get_multiple(gc, batch->mask, batch->bits);
}

static int bank_batch_set(void *data)
{
	struct bank_batch *batch = data;
	struct gpio_chip *gc = batch->bank->gc;

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

static struct kunit_case gpio_virtio_batch_cases[] = {
	KUNIT_CASE(gpio_virtio_batch_64_lines),
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

	return call->bank->gc->direction_input(call->bank->gc, call->gpio);
}

static int bank_call_direction(void *data)
{
	struct bank_call *call = data;

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
	KUNIT_EXPECT_EQ(test, bank->num_log, 1);
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
	unsigned int i;

	for (i = 0; i < BANK_WAIT_MS; i++) {
		if (READ_ONCE(bank->num_log) >= count)
			return true;
		usleep_range(900, 1100);
	}

	return false;
}

static int bank_call_free(void *data)
{
	struct bank_call *call = data;

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
	bank_expect_log(bank, 1, "\x03\x00\x02\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 2, "\x03\x00\x06\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 3, "\x03\x00\x06\x00\x02\x00\x00\x00");
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
	KUNIT_EXPECT_EQ(test, atomic_read(&bank_complaints), 2);

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

static struct bank_irq *bank_request_irq(struct bank *bank, u16 gpio,
					 unsigned long flags)
{
	struct gpio_desc *desc = bank_get_line(bank, gpio, GPIOD_IN);
	struct kunit *test = bank->test;
	struct bank_irq *irq;

	irq = kunit_kzalloc(test, sizeof(*irq), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, irq);
	irq->bank = bank;
	irq->irq = gpiod_to_irq(desc);
	KUNIT_ASSERT_GT(test, irq->irq, 0);
	KUNIT_ASSERT_EQ(test, 0, request_irq(irq->irq, bank_irq_handler, flags,
					     "kunit", bank));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_free_irq,
							   irq));

	return irq;
}

/* Wait until the driver has queued a line's buffer, or has it back. */
static bool bank_armed(struct bank *bank, u16 gpio, bool armed)
{
	unsigned long end = jiffies + msecs_to_jiffies(BANK_WAIT_MS);

	do {
		if (!!READ_ONCE(bank->lines[gpio].armed) == armed)
			return true;
		cond_resched();
	} while (time_before(jiffies, end));

	return false;
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
		KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), i);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 6, true));
	}

	kunit_release_action(test, bank_free_irq, irq);
	KUNIT_EXPECT_EQ(test, bank->lines[6].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_TRUE(test, bank_armed(bank, 6, false));
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 3);
}

static int bank_call_edges(void *data)
{
	struct bank_call *call = data;
	unsigned int i;

	for (i = 0; i < call->rounds; i++) {
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

	call = bank_call(bank, bank_call_edges, 0);
	for (i = 0; i < call->rounds; i++) {
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 1, true));
		free_irq(irq->irq, bank);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, 1, false));
		KUNIT_ASSERT_EQ(test, 0, request_irq(irq->irq, bank_irq_handler,
						     IRQF_TRIGGER_RISING,
						     "kunit", bank));
	}

	bank_call_expect(call, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), call->rounds);
}

/* The last line of the largest bank */
static void gpio_virtio_irq_line_65534(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(65535));

	bank_request_irq(bank, 65534, IRQF_TRIGGER_FALLING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 65534, true));
	bank_edge(bank, 65534);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 1);
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
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x02\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x02\x00\x00\x00\x00\x00");
}

static struct kunit_case gpio_virtio_irq_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_irq_life, irq_type_gen_params),
	KUNIT_CASE(gpio_virtio_irq_event_during_add),
	KUNIT_CASE(gpio_virtio_irq_type_before_request),
	KUNIT_CASE_SLOW(gpio_virtio_irq_line_65534),
	{}
};

static struct kunit_suite gpio_virtio_irq_suite = {
	.name = "gpio_virtio_irq",
	.test_cases = gpio_virtio_irq_cases,
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
	KUNIT_CASE(gpio_virtio_life_break_in_probe),
	{}
};

static struct kunit_suite gpio_virtio_life_suite = {
	.name = "gpio_virtio_life",
	.test_cases = gpio_virtio_life_cases,
};

/* A device that does not answer, or takes its time */

#define BANK_TIMEOUT_MS		400

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

kunit_test_suites(&gpio_virtio_wire_suite, &gpio_virtio_config_suite,
		  &gpio_virtio_request_suite, &gpio_virtio_batch_suite,
		  &gpio_virtio_direction_suite, &gpio_virtio_free_suite,
		  &gpio_virtio_irq_suite, &gpio_virtio_life_suite,
		  &gpio_virtio_timeout_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the virtio GPIO driver");
MODULE_LICENSE("GPL");
