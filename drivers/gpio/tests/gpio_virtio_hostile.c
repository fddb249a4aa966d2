// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver with a hostile device
 *
 * The device returns buffers with any contents, twice, without an interrupt, or
 * after a long time.
 * It is broken, reset and unbound meanwhile.
 */

#include <linux/array_size.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/container_of.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/iopoll.h>
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_fuzz.h"
#include "gpio_virtio_bank.h"

/**
 * struct hostile_reply - a random reply
 * @bytes: status and value
 * @len: used length
 */
struct hostile_reply {
	u8 bytes[2];
	u32 len;
};

#define HOSTILE_LOST	8

/**
 * struct hostile - a hostile device
 * @f: the device
 * @badness: how many of 256 buffers are not returned as they should be
 * @lost: requests that get no reply for long
 * @rnd: generator for the calls of the only thread
 * @requests: requests of a call
 * @replies: their replies
 * @num_requests: how many
 * @digest: digest of the return values of all calls
 * @ops: number of resets and the like so far
 * @resets: number of resets of the device
 * @rebinds: number of times that the driver was unbound
 * @breaks: number of times that the device was broken
 */
struct hostile {
	struct fuzz f;
	unsigned int badness;
	struct kunit_virtio_buf *lost[HOSTILE_LOST];
	struct rnd_state rnd;
	struct fuzz_request requests[FUZZ_LINES];
	struct hostile_reply replies[FUZZ_LINES];
	unsigned int num_requests;
	u32 digest;
	unsigned int ops;
	unsigned int resets;
	unsigned int rebinds;
	unsigned int breaks;
};

static struct device *hostile_dev(struct hostile *h)
{
	return &kunit_virtio_vdev(h->f.kv)->dev;
}

static u32 hostile_len(struct fuzz *f, u32 right)
{
	const u32 lens[] = { 0, 1, 2, 3, right, right + 1, U32_MAX, S32_MAX };

	if (fuzz_random(f, 4))
		return right;

	return lens[fuzz_random(f, ARRAY_SIZE(lens))];
}

/* What is nearly right gets further than what is not. */
static u8 hostile_byte(struct fuzz *f)
{
	return fuzz_random(f, fuzz_random(f, 4) ? 3 : 256);
}

static struct hostile_reply hostile_reply(struct fuzz *f, u32 len)
{
	struct hostile_reply reply;

	reply.bytes[0] = fuzz_random(f, 4) ? 0 : hostile_byte(f);
	reply.bytes[1] = hostile_byte(f);
	reply.len = hostile_len(f, len);

	return reply;
}

/* An indirect descriptor's table is freed when its buffer is returned. */
static u16 hostile_head(struct fuzz *f, u16 head, u16 size)
{
	if (f->params->indirect)
		return size + fuzz_random(f, U16_MAX - size);
	if (fuzz_random(f, 2))
		return head;

	return fuzz_random(f, fuzz_random(f, 4) ? size : U16_MAX);
}

/* Returns a buffer again, or one that was never queued. */
static void hostile_push_bogus(struct fuzz *f, unsigned int queue, u16 head)
{
	u16 size = f->params->queue_size / (queue == FUZZ_EVENTQ ? 2 : 1);

	kunit_virtio_push_raw(f->kv, queue, hostile_head(f, head, size),
			      hostile_len(f, 2));
}

static void hostile_push_reply(struct kunit_virtio_buf *buf,
			       const struct hostile_reply *reply)
{
	kunit_virtio_write(buf, reply->bytes, sizeof(reply->bytes));
	kunit_virtio_push(buf, reply->len);
}

/* A lost request is answered when its place is needed, so that the requestq has room. */
static void hostile_lose(struct fuzz *f, struct kunit_virtio_buf *buf)
{
	struct hostile *h = container_of(f, struct hostile, f);
	struct hostile_reply reply = hostile_reply(f, sizeof(reply.bytes));

	buf = xchg(&h->lost[fuzz_random(f, HOSTILE_LOST)], buf);
	if (buf)
		hostile_push_reply(buf, &reply);
}

static void hostile_forget(void *data)
{
	struct hostile *h = data;
	struct kunit_virtio_buf *buf;
	unsigned int i;

	if (READ_ONCE(h->f.off))
		return;

	for (i = 0; i < HOSTILE_LOST; i++) {
		buf = xchg(&h->lost[i], NULL);
		if (buf)
			kunit_virtio_push_quiet(buf, 0);
	}
	fuzz_forget(&h->f);
}

static void hostile_push_badly(struct fuzz *f, unsigned int queue,
			       struct kunit_virtio_buf *buf,
			       const void *reply, u32 len)
{
	u16 head = kunit_virtio_head(buf);
	struct hostile_reply other;

	if (queue == FUZZ_REQUESTQ && !fuzz_random(f, 64)) {
		hostile_lose(f, buf);
		return;
	}

	switch (fuzz_random(f, 64)) {
	case 0:
		fuzz_push(buf, reply, len);
		hostile_push_bogus(f, queue, head);
		break;
	case 1 ... 6:
		kunit_virtio_interrupt(f->kv, fuzz_random(f, 2));
		fuzz_push(buf, reply, len);
		break;
	case 7 ... 14:
		kunit_virtio_write(buf, reply, len);
		kunit_virtio_push_quiet(buf, len);
		break;
	case 15 ... 22:
		kunit_virtio_push(buf, len);
		break;
	default:
		other = hostile_reply(f, len);
		hostile_push_reply(buf, &other);
		break;
	}
}

static void hostile_push(struct fuzz *f, unsigned int queue,
			 struct kunit_virtio_buf *buf, const void *reply, u32 len)
{
	struct hostile *h = container_of(f, struct hostile, f);

	if (fuzz_random(f, 256) < READ_ONCE(h->badness))
		hostile_push_badly(f, queue, buf, reply, len);
	else
		fuzz_push(buf, reply, len);
}

/* The driver logs at most ten errors in five seconds. */
static void hostile_expect_log(struct hostile *h, unsigned long start,
			       unsigned int others)
{
	unsigned long seconds = (jiffies - start) / HZ;
	int seen = bank_complaints_seen(h->f.test);

	kunit_info(h->f.test, "%d lines of log in %lu s; %u resets, %u rebinds, %u breaks\n",
		   seen, seconds, h->resets, h->rebinds, h->breaks);
	KUNIT_EXPECT_LE(h->f.test, seen, 10 * (seconds / 5 + 2) + others);
	KUNIT_EXPECT_EQ(h->f.test, bank_splats_seen(h->f.test), 0);
}

static bool hostile_goes_on(struct hostile *h)
{
	return !READ_ONCE(h->f.quit) && atomic_read(&h->f.replies) < fuzz_replies;
}

/* Replies to one thread, so it is known what each call has to return */

static void hostile_answer(struct kunit_virtio_buf *buf, void *data)
{
	struct hostile *h = data;
	unsigned int i = h->num_requests % FUZZ_LINES;
	struct fuzz_request req;
	struct hostile_reply reply;

	if (!fuzz_read(&h->f, buf, &req)) {
		kunit_virtio_push(buf, 0);
		return;
	}

	reply = hostile_reply(&h->f, sizeof(reply.bytes));
	atomic_inc(&h->f.replies);
	/* Nobody waits for the reply when a line is freed. */
	if (req.type != VIRTIO_GPIO_MSG_SET_DIRECTION || req.value) {
		h->requests[i] = req;
		h->replies[i] = reply;
		h->num_requests++;
	}
	hostile_push_reply(buf, &reply);
}

/* The error, or the value that was read */
static int hostile_ret(const struct fuzz_request *req,
		       const struct hostile_reply *reply)
{
	if (reply->len != sizeof(reply->bytes))
		return -EIO;
	if (reply->bytes[0] == VIRTIO_GPIO_STATUS_ERR)
		return -EINVAL;
	if (reply->bytes[0] != VIRTIO_GPIO_STATUS_OK)
		return -EIO;

	switch (req->type) {
	case VIRTIO_GPIO_MSG_GET_VALUE:
		return reply->bytes[1] > 1 ? -EIO : reply->bytes[1];
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		if (reply->bytes[1] > VIRTIO_GPIO_DIRECTION_IN)
			return -EIO;
		return reply->bytes[1] == VIRTIO_GPIO_DIRECTION_OUT ?
			GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
	default:
		return 0;
	}
}

/* The first error, or the last value */
static int hostile_call_ret(struct hostile *h)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < h->num_requests && ret >= 0; i++)
		ret = hostile_ret(&h->requests[i], &h->replies[i]);

	return ret;
}

static int hostile_get_multiple(struct hostile *h, struct gpio_chip *gc)
{
	DECLARE_BITMAP(mask, FUZZ_LINES) = {
		prandom_u32_state(&h->rnd) % BIT(FUZZ_LINES)
	};
	DECLARE_BITMAP(bits, FUZZ_LINES) = { };
	struct kunit *test = h->f.test;
	unsigned int i;
	int ret, value;

	ret = gc->get_multiple(gc, mask, bits);
	KUNIT_EXPECT_EQ(test, h->num_requests, bitmap_weight(mask, FUZZ_LINES));
	KUNIT_EXPECT_EQ(test, ret, min(hostile_call_ret(h), 0));
	for (i = 0; i < h->num_requests; i++) {
		value = hostile_ret(&h->requests[i], &h->replies[i]);
		if (value >= 0)
			KUNIT_EXPECT_EQ(test, value,
					test_bit(h->requests[i].gpio, bits));
	}

	return ret;
}

/* A direction that the driver has cached takes no request. */
static int hostile_get_direction(struct hostile *h, struct gpio_chip *gc,
				 unsigned int gpio)
{
	int ret = gc->get_direction(gc, gpio);

	if (h->num_requests)
		KUNIT_EXPECT_EQ(h->f.test, ret, hostile_call_ret(h));
	else
		KUNIT_EXPECT_TRUE(h->f.test, ret == 0 || ret == 1);

	return ret;
}

static int hostile_call(struct hostile *h, struct gpio_chip *gc)
{
	unsigned int gpio = prandom_u32_state(&h->rnd) % FUZZ_LINES;
	int level = prandom_u32_state(&h->rnd) & 1;
	int ret;

	h->num_requests = 0;
	switch (prandom_u32_state(&h->rnd) % 8) {
	case 0:
		gc->request(gc, gpio);
		gc->free(gc, gpio);
		return 0;
	case 1:
		return hostile_get_multiple(h, gc);
	case 2:
		return hostile_get_direction(h, gc, gpio);
	case 3:
		ret = gc->direction_input(gc, gpio);
		break;
	case 4:
		ret = gc->direction_output(gc, gpio, level);
		break;
	case 5:
		ret = gc->set(gc, gpio, level);
		break;
	default:
		ret = gc->get(gc, gpio);
		break;
	}
	KUNIT_EXPECT_EQ(h->f.test, ret, hostile_call_ret(h));

	return ret;
}

static int hostile_calls(void *data)
{
	struct hostile *h = data;
	struct gpio_device *gdev __free(gpio_device_put) =
		gpio_device_find_by_label(dev_name(hostile_dev(h)));
	struct gpio_chip *gc;

	if (!gdev)
		return -ENODEV;

	gc = gpio_device_get_chip(gdev);
	while (hostile_goes_on(h) &&
	       READ_ONCE(h->f.test->status) != KUNIT_FAILURE)
		h->digest = jhash_1word(hostile_call(h, gc), h->digest);

	return 0;
}

/* Waits for all replies to the only thread, which runs @fn. */
static void hostile_run(struct hostile *h, int (*fn)(void *data))
{
	struct kunit_virtio_task *task = fuzz_run(&h->f, fn, h);
	struct kunit *test = h->f.test;
	bool done;
	int seen;

	fuzz_wait_replies(&h->f);
	/* A last probe of many lines asks for each, which may take long. */
	do {
		seen = atomic_read(&h->f.replies);
		done = kunit_virtio_task_wait(task, FUZZ_WAIT_MS);
	} while (!done && atomic_read(&h->f.replies) != seen);
	KUNIT_ASSERT_TRUE(test, done);
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
}

/* A seed repeats the digest. */
static void gpio_virtio_hostile_replies(struct kunit *test)
{
	struct hostile *h = test->priv;
	unsigned long start = jiffies;

	fuzz_init(&h->f, test, &fuzz_devices[0]);
	fuzz_seed(&h->f, &h->rnd);
	kunit_virtio_serve(h->f.kv, FUZZ_REQUESTQ, hostile_answer, h);
	bank_watch_log(test);
	fuzz_do(&h->f, fuzz_add, "add the device");
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(h->f.kv));

	hostile_run(h, hostile_calls);
	fuzz_expect_idle(&h->f);
	hostile_expect_log(h, start, 0);
	kunit_info(test, "digest %08x\n", h->digest);
}

/* Random config spaces, names and directions */

static void hostile_answer_probe(struct kunit_virtio_buf *buf, void *data)
{
	u8 *bytes __free(kvfree) = kvzalloc(kunit_virtio_writable(buf),
					    GFP_KERNEL);
	size_t i, len = kunit_virtio_writable(buf);
	struct hostile *h = data;
	struct fuzz *f = &h->f;
	bool text = fuzz_random(f, 2);

	for (i = 0; bytes && i < len; i++)
		bytes[i] = text ? "abc\0"[fuzz_random(f, 4)] :
				  fuzz_random(f, 256);
	if (bytes) {
		bytes[0] = fuzz_random(f, 4) ? 0 : hostile_byte(f);
		kunit_virtio_write(buf, bytes, len);
	}
	kunit_virtio_push(buf, hostile_len(f, len));
	atomic_inc(&f->replies);
}

/* gpiolib compares each name with all others, so many lines have few names. */
static u16 hostile_config(struct fuzz *f)
{
	u16 ngpio = fuzz_random(f, fuzz_random(f, 64) ? 80 : U16_MAX);
	u32 names_size = min_t(u32, ngpio, 80) * 4;
	struct virtio_gpio_config config = {
		.ngpio = cpu_to_le16(ngpio),
		.padding = { fuzz_random(f, 256), fuzz_random(f, 256) },
		.gpio_names_size = cpu_to_le32(fuzz_random(f, 4) ?
					       fuzz_random(f, names_size + 1) :
					       fuzz_random(f, U32_MAX)),
	};

	kunit_virtio_set_config(f->kv, 0, &config, sizeof(config));

	return ngpio;
}

static void hostile_probe(struct hostile *h)
{
	struct device *dev = hostile_dev(h);
	struct fuzz *f = &h->f;
	u16 ngpio;

	device_release_driver(dev);
	fuzz_require(f, !kunit_virtio_mappings(f->kv), "memory left mapped");

	ngpio = hostile_config(f);
	fuzz_require(f, device_attach(dev) >= 0, "device cannot be attached");
	fuzz_require(f, kunit_virtio_bound(f->kv) == !!ngpio,
		     "bound without lines, or not bound with some");

	struct gpio_device *gdev __free(gpio_device_put) =
		gpio_device_find_by_label(dev_name(dev));
	fuzz_require(f, !gdev || gpio_device_get_chip(gdev)->ngpio == ngpio,
		     "chip with a wrong number of lines");

	/* A change after probe has no effect. */
	hostile_config(f);
}

static int hostile_probe_again(void *data)
{
	struct hostile *h = data;

	for (; hostile_goes_on(h); h->rebinds++)
		hostile_probe(h);

	return 0;
}

static void gpio_virtio_hostile_probe(struct kunit *test)
{
	struct hostile *h = test->priv;
	unsigned long start = jiffies;

	/* This device replies, however slow the machine is. */
	virtio_gpio_timeout_ms = 0;
	fuzz_init(&h->f, test, &fuzz_devices[0]);
	kunit_virtio_serve(h->f.kv, FUZZ_REQUESTQ, hostile_answer_probe, h);
	bank_watch_log(test);
	fuzz_do(&h->f, fuzz_add, "add the device");

	hostile_run(h, hostile_probe_again);
	/* No lines, malformed names, no names, no directions */
	hostile_expect_log(h, start, 3 * h->rebinds);
}

/* All of it at once */

/* So many, if they come soon: a fast device is done before much has happened. */
#define HOSTILE_OPS	4

static void hostile_rebind(struct hostile *h)
{
	struct device *dev = hostile_dev(h);
	struct fuzz *f = &h->f;

	scoped_guard(rwsem_write, &f->irqs) {
		device_release_driver(dev);
		fuzz_require(f, !kunit_virtio_mappings(f->kv),
			     "memory left mapped");
		if (device_attach(dev) != 1) {
			WRITE_ONCE(h->badness, 0);
			fuzz_require(f, device_attach(dev) == 1,
				     "driver does not take the device");
		}
	}
	h->rebinds++;
	fuzz_share(f);
}

static void hostile_reset(struct hostile *h)
{
	struct kunit_virtio *kv = h->f.kv;
	int ret;

	h->resets++;
	if (fuzz_random(&h->f, 2))
		ret = kunit_virtio_freeze(kv) ?: kunit_virtio_restore(kv);
	else
		ret = kunit_virtio_reset_prepare(kv) ?: kunit_virtio_reset_done(kv);
	if (ret)
		hostile_rebind(h);
}

static void hostile_break(struct hostile *h)
{
	h->breaks++;
	if (fuzz_random(&h->f, 2))
		virtio_break_device(kunit_virtio_vdev(h->f.kv));
	else
		hostile_push_bogus(&h->f, fuzz_random(&h->f, 2),
				   fuzz_random(&h->f, U16_MAX));
	msleep(fuzz_random(&h->f, 100));
	hostile_reset(h);
}

static void hostile_kill(struct hostile *h)
{
	unsigned int i = fuzz_random(&h->f, h->f.num_users);

	kunit_virtio_task_kill(h->f.users[i].task);
}

/* Lines are in use, so their number stays. */
static void hostile_change_config(struct hostile *h)
{
	__le32 names_size = cpu_to_le32(fuzz_random(&h->f, 4) ? 0 :
					fuzz_random(&h->f, FUZZ_LINES * 256));

	kunit_virtio_set_config(h->f.kv, offsetof(struct virtio_gpio_config,
						  gpio_names_size),
				&names_size, sizeof(names_size));
}

static int hostile_life(void *data)
{
	static void (* const ops[])(struct hostile *h) = {
		hostile_reset, hostile_reset, hostile_break, hostile_break,
		hostile_rebind, hostile_kill, hostile_kill,
		hostile_change_config,
	};
	static const unsigned int badness[] = { 0, 8, 64, 256 };
	struct hostile *h = data;
	struct fuzz *f = &h->f;

	while (!READ_ONCE(f->quit)) {
		WRITE_ONCE(h->badness,
			   badness[fuzz_random(f, ARRAY_SIZE(badness))]);
		msleep(fuzz_random(f, fuzz_random(f, 4) ? 60 : 600));
		ops[fuzz_random(f, ARRAY_SIZE(ops))](h);
		if (!fuzz_random(f, ARRAY_SIZE(ops)))
			fuzz_share(f);
		WRITE_ONCE(h->ops, h->ops + 1);
	}

	return 0;
}

/* After this reset, the device is honest. */
static int hostile_settle(void *data)
{
	struct hostile *h = container_of(data, struct hostile, f);
	int ret;

	WRITE_ONCE(h->badness, 0);
	ret = kunit_virtio_reset_prepare(h->f.kv);
	if (ret)
		return ret;

	WRITE_ONCE(h->f.honest, true);

	return kunit_virtio_reset_done(h->f.kv);
}

KUNIT_ARRAY_PARAM_DESC(fuzz_device, fuzz_devices, name);

static void gpio_virtio_hostile_everything(struct kunit *test)
{
	struct hostile *h = test->priv;
	struct kunit_virtio_task *life;
	unsigned long start = jiffies;
	struct fuzz *f = &h->f;
	unsigned int ops;

	fuzz_start(f, test, test->param_value);
	f->honest = false;
	f->push = hostile_push;
	kunit_virtio_on_reset(f->kv, hostile_forget, h);
	bank_watch_log(test);
	fuzz_add_users(f);
	life = fuzz_run(f, hostile_life, h);

	fuzz_wait_replies(f);
	read_poll_timeout(READ_ONCE, ops, ops >= HOSTILE_OPS,
			  20 * USEC_PER_MSEC, FUZZ_WAIT_MS * USEC_PER_MSEC,
			  false, h->ops);
	/* The last calls return as well. */
	WRITE_ONCE(h->badness, 256);
	fuzz_join_users(f);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(life, FUZZ_WAIT_MS));

	fuzz_do(f, hostile_settle, "reset the device");
	fuzz_do(f, fuzz_unshare, "free shared lines");
	fuzz_expect_idle(f);
	fuzz_do(f, fuzz_expect_working, "use each line");
	/* Each probe starts a new limit. Rings and resets log on their own. */
	hostile_expect_log(h, start, 16 * h->rebinds + 2 * (h->resets + h->breaks));
}

static unsigned int hostile_timeout_ms;
static unsigned int hostile_poll_ms;

static int gpio_virtio_hostile_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct hostile), GFP_KERNEL);
	if (!test->priv)
		return -ENOMEM;

	hostile_timeout_ms = virtio_gpio_timeout_ms;
	virtio_gpio_timeout_ms = 200;
	hostile_poll_ms = virtio_gpio_poll_ms;
	virtio_gpio_poll_ms = 20;

	return 0;
}

static void gpio_virtio_hostile_exit(struct kunit *test)
{
	virtio_gpio_timeout_ms = hostile_timeout_ms;
	virtio_gpio_poll_ms = hostile_poll_ms;
}

static struct kunit_case gpio_virtio_hostile_cases[] = {
	KUNIT_CASE_SLOW(gpio_virtio_hostile_replies),
	KUNIT_CASE_SLOW(gpio_virtio_hostile_probe),
	KUNIT_CASE_PARAM_ATTR(gpio_virtio_hostile_everything, fuzz_device_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite gpio_virtio_hostile_suite = {
	.name = "gpio_virtio_hostile",
	.init = gpio_virtio_hostile_init,
	.exit = gpio_virtio_hostile_exit,
	.test_cases = gpio_virtio_hostile_cases,
};

kunit_test_suite(gpio_virtio_hostile_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
