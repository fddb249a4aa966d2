// SPDX-License-Identifier: GPL-2.0
/*
 * GPIO device that acts at random, for KUnit tests of the virtio GPIO driver
 *
 * The device replies at random moments and in any order that the specification
 * allows.
 *
 * All that is random comes from a seed, which is printed and can be set. With
 * one thread, the same seed makes the same test. With several, each does the
 * same, and the scheduler decides when.
 */

#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/iopoll.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_ids.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "gpio_virtio_fuzz.h"

static unsigned int seed;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "seed that repeats a test; 0 for a random one (default 0)");

unsigned int fuzz_replies = 20000;
module_param_named(replies, fuzz_replies, uint, 0444);
MODULE_PARM_DESC(replies, "number of replies after which each test ends (default 20000)");

const struct fuzz_params fuzz_devices[] = {
	{ "64 entries", 64, true },
	{ "4 entries", 4, true },
	{ "256 entries, direct", 256, false },
	{ "8 entries, direct", 8, false },
};

/*
 * Only the test's own thread can use assertions. Once the device has stopped,
 * the mock device replies with zeroes, which is not to be checked.
 */
void fuzz_require(struct fuzz *f, bool ok, const char *what)
{
	if (!ok && !READ_ONCE(f->off))
		cmpxchg(&f->violation, NULL, what);
}

/* With a hostile device, this may fail. */
void fuzz_expect(struct fuzz *f, bool ok, const char *what)
{
	fuzz_require(f, ok || !READ_ONCE(f->honest), what);
}

static void fuzz_check(void *data)
{
	struct fuzz *f = data;

	if (f->violation)
		KUNIT_FAIL(f->test, "%s", f->violation);
}

/* A number below @end */
u32 fuzz_random(struct fuzz *f, u32 end)
{
	guard(spinlock_irqsave)(&f->lock);

	return prandom_u32_state(&f->rnd) % end;
}

void fuzz_seed(struct fuzz *f, struct rnd_state *rnd)
{
	prandom_seed_state(rnd, prandom_u32_state(&f->seeds));
}

/* The model of a GPIO bank. The caller holds the lock. */

static void fuzz_set_direction(struct fuzz *f, struct fuzz_line *line,
			       u32 direction)
{
	fuzz_expect(f, direction <= VIRTIO_GPIO_DIRECTION_IN,
		    "unknown direction");
	fuzz_expect(f, !line->irq_type ||
		    direction == VIRTIO_GPIO_DIRECTION_IN,
		    "direction changed while the interrupt is enabled");
	line->direction = direction;
}

/* A device may be late to return the buffer of a disabled interrupt. */
static void fuzz_set_irq_type(struct fuzz *f, struct fuzz_line *line, u32 type)
{
	fuzz_expect(f, line->direction == VIRTIO_GPIO_DIRECTION_IN,
		    "interrupt of a line that is no input");
	fuzz_expect(f, !line->irq_type || !type,
		    "type of an enabled interrupt changed");
	line->irq_type = type;
	line->latched = false;
	if (!type && !line->retiring)
		line->retiring = xchg(&line->armed, NULL);
}

static struct virtio_gpio_response fuzz_model(struct fuzz *f,
					      const struct fuzz_request *req)
{
	struct fuzz_line *line = &f->lines[req->gpio];
	struct virtio_gpio_response res = { .status = VIRTIO_GPIO_STATUS_OK };

	lockdep_assert_held(&f->lock);

	switch (req->type) {
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		res.value = line->direction;
		break;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		fuzz_set_direction(f, line, req->value);
		break;
	case VIRTIO_GPIO_MSG_GET_VALUE:
		res.value = line->value;
		break;
	case VIRTIO_GPIO_MSG_SET_VALUE:
		fuzz_expect(f, req->value <= 1, "unknown level");
		line->value = req->value;
		break;
	case VIRTIO_GPIO_MSG_IRQ_TYPE:
		fuzz_set_irq_type(f, line, req->value);
		break;
	default:
		/* Only a hostile device has names. */
		fuzz_require(f, req->type == VIRTIO_GPIO_MSG_GET_NAMES,
			     "unknown message");
		res.status = VIRTIO_GPIO_STATUS_ERR;
		break;
	}

	return res;
}

/* The device */

void fuzz_push(struct kunit_virtio_buf *buf, const void *reply, u32 len)
{
	kunit_virtio_write(buf, reply, len);
	kunit_virtio_push(buf, len);
}

static void fuzz_return(struct fuzz *f, unsigned int queue,
			struct kunit_virtio_buf *buf, const void *reply, u32 len)
{
	if (f->push)
		f->push(f, queue, buf, reply, len);
	else
		fuzz_push(buf, reply, len);
}

/* The device keeps the order of requests for a line, and of their replies. */
static bool fuzz_take(struct fuzz *f, struct fuzz_request *req,
		      struct virtio_gpio_response *res)
{
	unsigned int i, pick = fuzz_random(f, FUZZ_POOL);

	guard(spinlock_irqsave)(&f->lock);
	if (!f->num_pool)
		return false;

	pick %= f->num_pool;
	for (i = 0; f->pool[i].gpio != f->pool[pick].gpio; i++)
		;
	if (!f->honest)
		i = pick;
	else if (test_and_set_bit_lock(f->pool[i].gpio, f->answering))
		return false;

	*req = f->pool[i];
	*res = fuzz_model(f, req);
	f->num_pool--;
	memmove(&f->pool[i], &f->pool[i + 1],
		(f->num_pool - i) * sizeof(f->pool[i]));

	return true;
}

static void fuzz_answer(struct fuzz *f)
{
	struct virtio_gpio_response res;
	struct fuzz_request req;

	if (!fuzz_take(f, &req, &res))
		return;

	fuzz_return(f, FUZZ_REQUESTQ, req.buf, &res, sizeof(res));
	clear_bit_unlock(req.gpio, f->answering);
	atomic_inc(&f->replies);
}

/* The buffer of a line to be returned now, be it for an edge or not */
static struct kunit_virtio_buf *fuzz_take_event(struct fuzz *f,
						struct fuzz_line *line,
						bool edge, u8 *status)
{
	guard(spinlock_irqsave)(&f->lock);

	if (line->retiring) {
		*status = VIRTIO_GPIO_IRQ_STATUS_INVALID;
		return xchg(&line->retiring, NULL);
	}
	if (!edge || (!line->irq_type && f->honest))
		return NULL;

	*status = VIRTIO_GPIO_IRQ_STATUS_VALID;
	if (line->armed)
		line->fired++;
	line->latched = !line->armed &&
			line->irq_type <= VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH;

	return xchg(&line->armed, NULL);
}

void fuzz_event(struct fuzz *f, unsigned int gpio, bool edge)
{
	struct kunit_virtio_buf *buf;
	u8 status;

	buf = fuzz_take_event(f, &f->lines[gpio], edge, &status);
	if (buf)
		fuzz_return(f, FUZZ_EVENTQ, buf, &status, sizeof(status));
}

static void fuzz_ticks(struct fuzz *f, unsigned int num)
{
	while (num--) {
		fuzz_answer(f);
		if (!fuzz_random(f, 4))
			fuzz_event(f, FUZZ_IRQ +
				   fuzz_random(f, FUZZ_LINES - FUZZ_IRQ),
				   !READ_ONCE(f->calm));
	}
}

static u16 fuzz_gpio(struct fuzz *f, __le16 gpio)
{
	fuzz_require(f, le16_to_cpu(gpio) < FUZZ_LINES, "unknown line");

	return le16_to_cpu(gpio) % FUZZ_LINES;
}

bool fuzz_read(struct fuzz *f, struct kunit_virtio_buf *buf,
	       struct fuzz_request *req)
{
	struct virtio_gpio_request msg;

	if (kunit_virtio_read(buf, &msg, sizeof(msg)) != sizeof(msg))
		return false;

	req->buf = buf;
	req->type = le16_to_cpu(msg.type);
	req->gpio = fuzz_gpio(f, msg.gpio);
	req->value = le32_to_cpu(msg.value);

	return true;
}

/* The handler of the requestq replies at once, or leaves it to others. */
static void fuzz_request(struct kunit_virtio_buf *buf, void *data)
{
	struct fuzz_request req;
	struct fuzz *f = data;

	if (!fuzz_read(f, buf, &req) || READ_ONCE(f->num_pool) == FUZZ_POOL) {
		kunit_virtio_push(buf, 0);
		return;
	}

	scoped_guard(spinlock_irqsave, &f->lock)
		f->pool[f->num_pool++] = req;
	fuzz_ticks(f, fuzz_random(f, 2));
	wake_up(&f->wait);
}

/* Returns a buffer that the line has no use for. */
static struct kunit_virtio_buf *fuzz_arm(struct fuzz *f, struct fuzz_line *line,
					 struct kunit_virtio_buf *buf)
{
	guard(spinlock_irqsave)(&f->lock);

	fuzz_expect(f, !line->armed && !line->retiring,
		    "second pair of buffers for a line");
	/* The interrupt was disabled meanwhile. */
	if (!line->irq_type && f->honest)
		return buf;

	return xchg(&line->armed, buf);
}

static void fuzz_unmask(struct kunit_virtio_buf *buf, void *data)
{
	const u8 unused = VIRTIO_GPIO_IRQ_STATUS_INVALID;
	struct virtio_gpio_irq_request msg;
	struct fuzz *f = data;
	u16 gpio;

	if (kunit_virtio_read(buf, &msg, sizeof(msg)) != sizeof(msg)) {
		kunit_virtio_push(buf, 0);
		return;
	}

	gpio = fuzz_gpio(f, msg.gpio);
	buf = fuzz_arm(f, &f->lines[gpio], buf);
	if (buf)
		fuzz_push(buf, &unused, sizeof(unused));
	else if (READ_ONCE(f->lines[gpio].latched))
		fuzz_event(f, gpio, true);
}

static void fuzz_drop(struct kunit_virtio_buf *buf)
{
	if (buf)
		kunit_virtio_push_quiet(buf, 0);
}

/* Called when the device was reset: its buffers are not valid any more. */
void fuzz_forget(void *data)
{
	struct fuzz *f = data;
	unsigned int i;

	if (READ_ONCE(f->off))
		return;

	guard(spinlock_irqsave)(&f->lock);

	while (f->num_pool)
		fuzz_drop(f->pool[--f->num_pool].buf);
	for (i = 0; i < FUZZ_LINES; i++) {
		struct fuzz_line *line = &f->lines[i];

		line->direction = VIRTIO_GPIO_DIRECTION_NONE;
		fuzz_drop(xchg(&line->armed, NULL));
		fuzz_drop(xchg(&line->retiring, NULL));
		line->irq_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		line->latched = false;
	}
}

/* Most pauses are shorter than the shortest sleep. */
void fuzz_pause(u32 random)
{
	if (random % 256)
		cond_resched();
	else
		usleep_range(50, 100);
}

static int fuzz_device(void *data)
{
	struct fuzz *f = data;

	while (!READ_ONCE(f->off)) {
		wait_event_timeout(f->wait, READ_ONCE(f->num_pool) ||
				   READ_ONCE(f->off), 1);
		fuzz_pause(fuzz_random(f, U32_MAX));
		fuzz_ticks(f, 1 + fuzz_random(f, 8));
	}

	return 0;
}

static void fuzz_timer(struct timer_list *timer)
{
	struct fuzz *f = timer_container_of(f, timer, timer);

	fuzz_ticks(f, 1 + fuzz_random(f, 8));
	mod_timer(&f->timer, jiffies + 1 + fuzz_random(f, 2));
}

/* Has all threads return by themselves, before anything is freed. */
static void fuzz_stop(void *data)
{
	struct fuzz *f = data;

	WRITE_ONCE(f->quit, true);
	WRITE_ONCE(f->off, true);
	timer_shutdown_sync(&f->timer);
	wake_up(&f->wait);
	if (f->device)
		kunit_virtio_task_wait(f->device, FUZZ_WAIT_MS);
	f->device = NULL;
}

/* The test */

/* Runs a thread that returns when the test stops. */
struct kunit_virtio_task *fuzz_run(struct fuzz *f, int (*fn)(void *data),
				   void *data)
{
	struct kunit_virtio_task *task = kunit_virtio_run(f->kv, fn, data);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(f->test, task);
	KUNIT_ASSERT_EQ(f->test, 0,
			kunit_add_action_or_reset(f->test, fuzz_stop, f));

	return task;
}

/* Calls @fn in a thread: it may hang, which the test notices. */
void fuzz_do(struct fuzz *f, int (*fn)(void *data), const char *what)
{
	struct kunit_virtio_task *task = fuzz_run(f, fn, f);

	KUNIT_ASSERT_TRUE_MSG(f->test,
			      kunit_virtio_task_wait(task, FUZZ_WAIT_MS),
			      "driver hangs: %s", what);
	KUNIT_ASSERT_EQ_MSG(f->test, kunit_virtio_task_ret(task), 0, "%s", what);
}

int fuzz_add(void *data)
{
	struct fuzz *f = data;

	return kunit_virtio_add(f->kv);
}

static struct kunit_virtio *fuzz_alloc_device(struct fuzz *f)
{
	const struct virtio_gpio_config config = {
		.ngpio = cpu_to_le16(FUZZ_LINES),
	};
	const u16 sizes[] = {
		f->params->queue_size,
		f->params->queue_size / 2,
	};
	const struct kunit_virtio_params params = {
		.device_id = VIRTIO_ID_GPIO,
		.features = BIT_ULL(VIRTIO_GPIO_F_IRQ) |
			    (u64)f->params->indirect << VIRTIO_RING_F_INDIRECT_DESC,
		.config = &config,
		.config_len = sizeof(config),
		.queue_sizes = sizes,
		.num_queues = ARRAY_SIZE(sizes),
	};

	return kunit_virtio_alloc(f->test, &params);
}

/* Makes a device that does not reply to anything yet. */
void fuzz_init(struct fuzz *f, struct kunit *test,
	       const struct fuzz_params *params)
{
	u32 used = seed ?: get_random_u32();

	f->test = test;
	f->params = params;
	f->honest = true;
	spin_lock_init(&f->lock);
	init_rwsem(&f->irqs);
	init_rwsem(&f->shares);
	init_waitqueue_head(&f->wait);
	timer_setup(&f->timer, fuzz_timer, 0);

	kunit_info(test, "seed %u, to repeat: " KBUILD_MODNAME ".seed=%u\n",
		   used, used);
	prandom_seed_state(&f->seeds, used);
	fuzz_seed(f, &f->rnd);

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, fuzz_check, f));
	f->kv = fuzz_alloc_device(f);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->kv);
	kunit_virtio_on_reset(f->kv, fuzz_forget, f);
}

/* Makes an honest device and binds its driver. */
void fuzz_start(struct fuzz *f, struct kunit *test,
		const struct fuzz_params *params)
{
	fuzz_init(f, test, params);
	kunit_virtio_serve(f->kv, FUZZ_REQUESTQ, fuzz_request, f);
	kunit_virtio_serve(f->kv, FUZZ_EVENTQ, fuzz_unmask, f);

	f->device = fuzz_run(f, fuzz_device, f);
	mod_timer(&f->timer, jiffies + 1);

	fuzz_do(f, fuzz_add, "add the device");
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(f->kv));
}

/* Waits for the test's number of replies, and fails when none comes for long. */
void fuzz_wait_replies(struct fuzz *f)
{
	unsigned int seen = 0, idle = 0, now;

	while ((now = atomic_read(&f->replies)) < fuzz_replies &&
	       !READ_ONCE(f->violation) && idle < FUZZ_WAIT_MS) {
		idle = now == seen ? idle + 20 : 0;
		seen = now;
		msleep(20);
	}
	KUNIT_ASSERT_LT_MSG(f->test, idle, FUZZ_WAIT_MS,
			    "nothing happens after %u replies", now);
}

/* All requests were replied to, and the driver has all its buffers back. */
void fuzz_expect_idle(struct fuzz *f)
{
	unsigned int mappings;

	read_poll_timeout(kunit_virtio_mappings, mappings, !mappings,
			  20 * USEC_PER_MSEC, FUZZ_WAIT_MS * USEC_PER_MSEC,
			  false, f->kv);
	KUNIT_EXPECT_EQ(f->test, mappings, 0);
}

MODULE_DESCRIPTION("KUnit tests of the virtio GPIO driver with devices that act at random");
MODULE_LICENSE("GPL");
