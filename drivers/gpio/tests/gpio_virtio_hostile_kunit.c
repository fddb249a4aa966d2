// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver with devices that act at random
 *
 * An honest device answers at random moments and in any order, as far as the
 * specification lets it, while threads use its lines in all ways there are, and
 * check what they read. A hostile one answers with anything besides, or not at
 * all, and is broken, reset and unbound meanwhile.
 *
 * All that is random comes from a seed, which is printed and can be set. With
 * one thread the same seed is the same test; with several, what they do is the
 * same, and when is up to the scheduler.
 */

#include <linux/array_size.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/crc32.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/prandom.h>
#include <linux/random.h>
#include <linux/rwsem.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/virtio.h>
#include <linux/virtio_ring.h>
#include <linux/wait.h>
#include <uapi/linux/virtio_gpio.h>
#include <uapi/linux/virtio_ids.h>

#include <kunit/device.h>
#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_log.h"

#define FUZZ_REQUESTQ		0
#define FUZZ_EVENTQ		1
#define FUZZ_WAIT_MS		15000

/* As many requests as the driver has in flight at most */
#define FUZZ_POOL		64
#define FUZZ_LOST		8

/* Lines that threads share, that one has for itself, and for interrupts */
#define FUZZ_SHARED		8
#define FUZZ_OWN		8
#define FUZZ_IRQ		12
#define FUZZ_LINES		16

static unsigned int fuzz_seed;
module_param_named(seed, fuzz_seed, uint, 0444);
MODULE_PARM_DESC(seed, "what a test did with this seed, it does again; 0 for a random one (default 0)");

static unsigned int fuzz_replies = 20000;
module_param_named(replies, fuzz_replies, uint, 0444);
MODULE_PARM_DESC(replies, "number of replies after which each test ends (default 20000)");

/**
 * struct fuzz_params - what a device is like
 * @name: what it is called
 * @requestq: number of entries of the requestq
 * @eventq: number of entries of the eventq
 * @indirect: whether it offers indirect descriptors
 */
struct fuzz_params {
	const char *name;
	u16 requestq;
	u16 eventq;
	bool indirect;
};

/**
 * struct fuzz_line - a line of the device
 * @direction: one of VIRTIO_GPIO_DIRECTION_*
 * @value: level of the line
 * @irq_type: one of VIRTIO_GPIO_IRQ_TYPE_*
 * @latched: an edge came that was not reported yet
 * @armed: the eventq's buffer for the line
 * @retiring: one that is to be returned since the interrupt was disabled
 * @fired: how often the device has reported the interrupt
 * @handled: how often a handler has run
 */
struct fuzz_line {
	u8 direction;
	u8 value;
	u8 irq_type;
	bool latched;
	struct kunit_virtio_buf *armed;
	struct kunit_virtio_buf *retiring;
	int fired;
	atomic_t handled;
};

/**
 * struct fuzz_request - a request that the device has
 * @buf: its buffer
 * @type: one of VIRTIO_GPIO_MSG_*
 * @gpio: the line
 * @value: the value
 */
struct fuzz_request {
	struct kunit_virtio_buf *buf;
	u16 type;
	u16 gpio;
	u32 value;
};

/**
 * struct fuzz_reply - what the device makes of a request
 * @bytes: status and value
 * @len: number of bytes that it says it has written
 */
struct fuzz_reply {
	u8 bytes[2];
	u32 len;
};

/**
 * struct fuzz_record - a request and its reply
 * @type: one of VIRTIO_GPIO_MSG_*
 * @gpio: the line
 * @reply: the reply
 */
struct fuzz_record {
	u16 type;
	u16 gpio;
	struct fuzz_reply reply;
};

struct fuzz;

/**
 * struct fuzz_user - a thread that uses the lines
 * @f: the test's data
 * @rnd: what it does
 * @line: its line, or the first one of several
 * @num: number of lines
 * @round: what it does again and again
 * @task: the thread
 */
struct fuzz_user {
	struct fuzz *f;
	struct rnd_state rnd;
	unsigned int line;
	unsigned int num;
	void (*round)(struct fuzz_user *user);
	struct kunit_virtio_task *task;
};

#define FUZZ_USERS	12

/**
 * struct fuzz - a device that acts at random, and those who use it
 * @test: the running test
 * @params: what the device is like
 * @kv: the mock device
 * @consumer: the device to which the lines are assigned
 * @seeds: seeds the generators of threads, in the order in which they start
 * @rnd_lock: protects @rnd
 * @rnd: what the device does
 * @lock: protects @lines, @pool, @num_pool, @lost, @records and @num_records
 * @lines: the lines
 * @answering: lines of which a reply is on its way, so others have to wait
 * @pool: requests that were not answered yet, in the order of arrival
 * @num_pool: how many
 * @lost: requests that are not answered for a long time
 * @records: requests since the last reset of @num_records, and their replies
 * @num_records: how many
 * @honest: the device does nothing that the specification does not allow
 * @calm: no events come by themselves
 * @badness: how many of 256 answers are bad ones
 * @wait: woken for a request
 * @timer: the device's, for what is to happen in interrupts
 * @device: the device's thread
 * @off: the device does nothing any more
 * @quit: users return
 * @replies: number of requests answered
 * @irqs: held by those who have an interrupt, which a driver that is unbound
 *	  would take away from them
 * @shares: protects @shared
 * @shared: lines that several threads use
 * @users: those threads
 * @num_users: how many
 * @gdev: the chip's device, if there is only one thread
 * @digest: of what the calls of the only thread have returned
 * @resets: how often the device was reset
 * @rebinds: how often the driver was unbound
 * @breaks: how often the device was broken
 * @breach: the first thing that was not as it should be, or NULL
 * @breaches: how often something was not
 */
struct fuzz {
	struct kunit *test;
	const struct fuzz_params *params;
	struct kunit_virtio *kv;
	struct device *consumer;
	struct rnd_state seeds;

	spinlock_t rnd_lock; /* Protects @rnd */
	struct rnd_state rnd;

	spinlock_t lock; /* Protects what the device remembers */
	struct fuzz_line lines[FUZZ_LINES];
	DECLARE_BITMAP(answering, FUZZ_LINES);
	struct fuzz_request pool[FUZZ_POOL];
	unsigned int num_pool;
	struct kunit_virtio_buf *lost[FUZZ_LOST];
	struct fuzz_record records[FUZZ_LINES];
	unsigned int num_records;

	bool honest;
	bool calm;
	unsigned int badness;
	wait_queue_head_t wait;
	struct timer_list timer;
	struct kunit_virtio_task *device;
	bool off;
	bool quit;
	atomic_t replies;

	struct rw_semaphore irqs;
	struct rw_semaphore shares;
	struct gpio_desc *shared[FUZZ_SHARED];
	struct fuzz_user users[FUZZ_USERS];
	unsigned int num_users;

	struct gpio_device *gdev;
	u32 digest;
	unsigned int resets;
	unsigned int rebinds;
	unsigned int breaks;
	const char *breach;
	atomic_t breaches;
};

/*
 * An assertion in another thread could not end the test. When that has failed
 * already, it is not the device that answers, and what follows is of no use.
 */
static void fuzz_expect(struct fuzz *f, bool ok, const char *what)
{
	if (ok || READ_ONCE(f->off))
		return;

	cmpxchg(&f->breach, NULL, what);
	atomic_inc(&f->breaches);
}

/* What is to be expected of an honest device only */
static void fuzz_expect_honest(struct fuzz *f, bool ok, const char *what)
{
	fuzz_expect(f, ok || !f->honest, what);
}

static void fuzz_check(void *data)
{
	struct fuzz *f = data;

	if (f->breach)
		KUNIT_FAIL(f->test, "%s (%d such)", f->breach,
			   atomic_read(&f->breaches));
}

/* A number below @end, for what the device does */
static u32 fuzz_random(struct fuzz *f, u32 end)
{
	guard(spinlock_irqsave)(&f->rnd_lock);

	return prandom_u32_state(&f->rnd) % end;
}

static u32 fuzz_user_random(struct fuzz_user *user, u32 end)
{
	return prandom_u32_state(&user->rnd) % end;
}

static u32 fuzz_new_seed(struct fuzz *f)
{
	return prandom_u32_state(&f->seeds);
}

/* The model of a GPIO bank. The caller holds the lock. */

static bool fuzz_set_direction(struct fuzz *f, struct fuzz_line *line,
			       u32 direction)
{
	fuzz_expect_honest(f, direction <= VIRTIO_GPIO_DIRECTION_IN,
			   "unknown direction");
	fuzz_expect_honest(f, !line->irq_type ||
			   direction == VIRTIO_GPIO_DIRECTION_IN,
			   "no input any more, with the interrupt enabled");
	line->direction = direction;

	return true;
}

static bool fuzz_set_value(struct fuzz *f, struct fuzz_line *line, u32 value)
{
	fuzz_expect_honest(f, value <= 1, "level that is neither low nor high");
	line->value = value;

	return true;
}

/* A device may be late to return the buffer of a disabled interrupt. */
static bool fuzz_set_irq_type(struct fuzz *f, struct fuzz_line *line, u32 type)
{
	fuzz_expect_honest(f, line->direction == VIRTIO_GPIO_DIRECTION_IN,
			   "interrupt of a line that is no input");
	fuzz_expect_honest(f, !line->irq_type || !type,
			   "type of an enabled interrupt changed");
	line->irq_type = type;
	line->latched = false;
	if (!type && !line->retiring)
		line->retiring = xchg(&line->armed, NULL);

	return true;
}

static struct fuzz_reply fuzz_model(struct fuzz *f,
				    const struct fuzz_request *req)
{
	struct fuzz_line *line = &f->lines[req->gpio % FUZZ_LINES];
	struct fuzz_reply reply = { .len = sizeof(reply.bytes) };
	bool ok = true;

	lockdep_assert_held(&f->lock);

	switch (req->type) {
	case VIRTIO_GPIO_MSG_GET_NAMES:
		/* Only a hostile device says that there are any. */
		break;
	case VIRTIO_GPIO_MSG_GET_DIRECTION:
		reply.bytes[1] = line->direction;
		break;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		ok = fuzz_set_direction(f, line, req->value);
		break;
	case VIRTIO_GPIO_MSG_GET_VALUE:
		reply.bytes[1] = line->value;
		break;
	case VIRTIO_GPIO_MSG_SET_VALUE:
		ok = fuzz_set_value(f, line, req->value);
		break;
	case VIRTIO_GPIO_MSG_IRQ_TYPE:
		ok = fuzz_set_irq_type(f, line, req->value);
		break;
	default:
		ok = false;
		break;
	}
	fuzz_expect(f, ok, "unknown message");
	reply.bytes[0] = ok ? VIRTIO_GPIO_STATUS_OK : VIRTIO_GPIO_STATUS_ERR;

	return reply;
}

/* The device */

static u32 fuzz_random_len(struct fuzz *f, u32 right)
{
	const u32 lens[] = { 0, 1, 2, 3, right, right + 1, U32_MAX, S32_MAX };

	if (fuzz_random(f, 4))
		return right;

	return lens[fuzz_random(f, ARRAY_SIZE(lens))];
}

/* What is nearly right goes further than what is not. */
static u8 fuzz_random_byte(struct fuzz *f)
{
	return fuzz_random(f, fuzz_random(f, 4) ? 3 : 256);
}

static struct fuzz_reply fuzz_random_reply(struct fuzz *f)
{
	struct fuzz_reply reply;

	reply.bytes[0] = fuzz_random(f, 4) ? 0 : fuzz_random_byte(f);
	reply.bytes[1] = fuzz_random_byte(f);
	reply.len = fuzz_random_len(f, sizeof(reply.bytes));

	return reply;
}

static void fuzz_push(struct fuzz *f, struct kunit_virtio_buf *buf,
		      const struct fuzz_reply *reply)
{
	kunit_virtio_write(buf, reply->bytes, sizeof(reply->bytes));
	kunit_virtio_push(buf, reply->len);
}

/* With indirect descriptors, that may be the end of a table that is in use. */
static u16 fuzz_random_head(struct fuzz *f, u16 head, u16 size)
{
	if (f->params->indirect)
		return size + fuzz_random(f, U16_MAX - size);
	if (fuzz_random(f, 2))
		return head;

	return fuzz_random(f, fuzz_random(f, 4) ? size : U16_MAX);
}

/* A buffer is returned once more, or one that was never offered. */
static void fuzz_push_bogus(struct fuzz *f, unsigned int index, u16 head)
{
	u16 size = index == FUZZ_EVENTQ ? f->params->eventq :
					  f->params->requestq;

	kunit_virtio_push_raw(f->kv, index, fuzz_random_head(f, head, size),
			      fuzz_random_len(f, 2));
}

/* Not for ever: there may be no room for another one. */
static void fuzz_lose(struct fuzz *f, struct kunit_virtio_buf *buf)
{
	unsigned int i = fuzz_random(f, FUZZ_LOST);
	struct fuzz_reply reply = fuzz_random_reply(f);

	scoped_guard(spinlock_irqsave, &f->lock)
		swap(f->lost[i], buf);
	if (buf)
		fuzz_push(f, buf, &reply);
}

static void fuzz_answer_badly(struct fuzz *f, struct kunit_virtio_buf *buf,
			      struct fuzz_reply *reply)
{
	u16 head = kunit_virtio_head(buf);

	switch (fuzz_random(f, 64)) {
	case 0:
		fuzz_lose(f, buf);
		return;
	case 1:
		fuzz_push(f, buf, reply);
		fuzz_push_bogus(f, FUZZ_REQUESTQ, head);
		return;
	case 2 ... 7:
		kunit_virtio_interrupt(f->kv, fuzz_random(f, 2));
		fuzz_push(f, buf, reply);
		return;
	case 8 ... 15:
		kunit_virtio_write(buf, reply->bytes, sizeof(reply->bytes));
		kunit_virtio_push_quiet(buf, reply->len);
		return;
	case 16 ... 23:
		kunit_virtio_push(buf, reply->len);
		return;
	default:
		*reply = fuzz_random_reply(f);
		fuzz_push(f, buf, reply);
		return;
	}
}

static void fuzz_answer(struct fuzz *f, const struct fuzz_request *req,
			struct fuzz_reply *reply)
{
	if (fuzz_random(f, 256) < READ_ONCE(f->badness))
		fuzz_answer_badly(f, req->buf, reply);
	else
		fuzz_push(f, req->buf, reply);

	clear_bit_unlock(req->gpio % FUZZ_LINES, f->answering);
	atomic_inc(&f->replies);
}

/*
 * An honest device keeps the order of requests for the same line, and that of
 * their replies.
 */
static bool fuzz_take(struct fuzz *f, struct fuzz_request *req,
		      struct fuzz_reply *reply)
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
	else if (test_and_set_bit_lock(f->pool[i].gpio % FUZZ_LINES,
				       f->answering))
		return false;

	*req = f->pool[i];
	*reply = fuzz_model(f, req);
	f->num_pool--;
	memmove(&f->pool[i], &f->pool[i + 1],
		(f->num_pool - i) * sizeof(f->pool[i]));

	return true;
}

/* The buffer that a line's interrupt needs to fire, if it does so now */
static struct kunit_virtio_buf *fuzz_take_armed(struct fuzz *f,
						struct fuzz_line *line)
{
	lockdep_assert_held(&f->lock);

	if (!line->irq_type && f->honest)
		return NULL;

	if (line->armed)
		line->fired++;
	line->latched = !line->armed &&
			line->irq_type <= VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH;

	return xchg(&line->armed, NULL);
}

/* A buffer of a line to be returned now, be it for an edge or not */
static struct kunit_virtio_buf *fuzz_take_event(struct fuzz *f,
						unsigned int gpio, bool edge,
						u8 *status)
{
	struct fuzz_line *line = &f->lines[gpio];

	guard(spinlock_irqsave)(&f->lock);

	if (line->retiring) {
		*status = VIRTIO_GPIO_IRQ_STATUS_INVALID;
		return xchg(&line->retiring, NULL);
	}
	*status = VIRTIO_GPIO_IRQ_STATUS_VALID;

	return edge ? fuzz_take_armed(f, line) : NULL;
}

static void fuzz_event(struct fuzz *f, unsigned int gpio, bool edge)
{
	struct kunit_virtio_buf *buf;
	u32 len = sizeof(u8);
	u8 status;
	u16 head;

	buf = fuzz_take_event(f, gpio, edge, &status);
	if (!buf)
		return;

	head = kunit_virtio_head(buf);
	if (fuzz_random(f, 256) < READ_ONCE(f->badness)) {
		status = fuzz_random_byte(f);
		len = fuzz_random_len(f, len);
	}
	kunit_virtio_write(buf, &status, sizeof(status));
	kunit_virtio_push(buf, len);

	/* It may be another line by now that is armed with this buffer. */
	if (fuzz_random(f, 64 * 256) < READ_ONCE(f->badness))
		fuzz_push_bogus(f, FUZZ_EVENTQ, head);
}

/* Something happens. */
static void fuzz_tick(struct fuzz *f)
{
	struct fuzz_request req;
	struct fuzz_reply reply;

	if (fuzz_take(f, &req, &reply))
		fuzz_answer(f, &req, &reply);
	if (!fuzz_random(f, 4))
		fuzz_event(f, FUZZ_IRQ + fuzz_random(f, FUZZ_LINES - FUZZ_IRQ),
			   !READ_ONCE(f->calm));
}

static void fuzz_ticks(struct fuzz *f, unsigned int num)
{
	while (num--)
		fuzz_tick(f);
}

static bool fuzz_read(struct kunit_virtio_buf *buf, struct fuzz_request *req)
{
	struct virtio_gpio_request msg;

	if (kunit_virtio_read(buf, &msg, sizeof(msg)) != sizeof(msg))
		return false;

	req->buf = buf;
	req->type = le16_to_cpu(msg.type);
	req->gpio = le16_to_cpu(msg.gpio);
	req->value = le32_to_cpu(msg.value);

	return true;
}

static bool fuzz_keep(struct fuzz *f, const struct fuzz_request *req)
{
	guard(spinlock_irqsave)(&f->lock);

	if (f->num_pool == FUZZ_POOL)
		return false;
	f->pool[f->num_pool++] = *req;

	return true;
}

/* The handler of the requestq: it comes with what it finds, or later. */
static void fuzz_request(struct kunit_virtio_buf *buf, void *data)
{
	struct fuzz_request req;
	struct fuzz *f = data;

	if (!fuzz_read(buf, &req) || !fuzz_keep(f, &req)) {
		kunit_virtio_push(buf, 0);
		return;
	}

	fuzz_ticks(f, fuzz_random(f, 2));
	wake_up(&f->wait);
}

/* Returns a buffer that the line has no use for. */
static struct kunit_virtio_buf *fuzz_arm(struct fuzz *f, unsigned int gpio,
					 struct kunit_virtio_buf *buf)
{
	struct fuzz_line *line = &f->lines[gpio % FUZZ_LINES];

	guard(spinlock_irqsave)(&f->lock);
	fuzz_expect_honest(f, gpio < FUZZ_LINES,
			   "interrupt of a line that does not exist");
	fuzz_expect_honest(f, !line->armed && !line->retiring,
			   "second pair of buffers for a line");

	/* What came too late for an interrupt that was disabled */
	if (!line->irq_type && f->honest)
		return buf;

	return xchg(&line->armed, buf);
}

static void fuzz_unmask(struct kunit_virtio_buf *buf, void *data)
{
	struct virtio_gpio_irq_request msg;
	const u8 status = VIRTIO_GPIO_IRQ_STATUS_INVALID;
	struct fuzz *f = data;
	u16 gpio;

	if (kunit_virtio_read(buf, &msg, sizeof(msg)) != sizeof(msg)) {
		kunit_virtio_push(buf, 0);
		return;
	}

	gpio = le16_to_cpu(msg.gpio);
	buf = fuzz_arm(f, gpio, buf);
	if (buf) {
		kunit_virtio_write(buf, &status, sizeof(status));
		kunit_virtio_push(buf, sizeof(status));
	} else if (READ_ONCE(f->lines[gpio % FUZZ_LINES].latched)) {
		fuzz_event(f, gpio % FUZZ_LINES, true);
	}
}

/* Any buffer that the device has, for it to forget; NULL if there is none */
static struct kunit_virtio_buf *fuzz_take_any(struct fuzz *f)
{
	struct kunit_virtio_buf *buf = NULL;
	unsigned int i;

	guard(spinlock_irqsave)(&f->lock);

	if (f->num_pool)
		return f->pool[--f->num_pool].buf;
	for (i = 0; i < FUZZ_LOST && !buf; i++)
		buf = xchg(&f->lost[i], NULL);
	for (i = 0; i < FUZZ_LINES && !buf; i++)
		buf = xchg(&f->lines[i].armed, NULL) ?:
		      xchg(&f->lines[i].retiring, NULL);

	return buf;
}

/* The device was reset. What it has had is not its any longer. */
static void fuzz_forget(void *data)
{
	struct kunit_virtio_buf *buf;
	struct fuzz *f = data;
	unsigned int i;

	if (READ_ONCE(f->off))
		return;

	while ((buf = fuzz_take_any(f)))
		kunit_virtio_push_quiet(buf, 0);

	guard(spinlock_irqsave)(&f->lock);
	for (i = 0; i < FUZZ_LINES; i++) {
		f->lines[i].direction = VIRTIO_GPIO_DIRECTION_NONE;
		f->lines[i].irq_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		f->lines[i].latched = false;
	}
}

/* Most of what anybody waits for takes less time than the shortest sleep. */
static void fuzz_pause(u32 random)
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

/* Threads return by themselves after this, before anything is freed. */
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

/* Start */

/* Tasks that follow return only when they are told to, before others do. */
static struct kunit_virtio_task *fuzz_run(struct fuzz *f, int (*fn)(void *data),
					  void *data)
{
	struct kunit_virtio_task *task = kunit_virtio_run(f->kv, fn, data);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(f->test, task);
	KUNIT_ASSERT_EQ(f->test, 0,
			kunit_add_action_or_reset(f->test, fuzz_stop, f));

	return task;
}

/* A call into the driver which may hang that, but not the test */
static void fuzz_do(struct fuzz *f, int (*fn)(void *data), const char *what)
{
	struct kunit_virtio_task *task = fuzz_run(f, fn, f);

	KUNIT_ASSERT_TRUE_MSG(f->test,
			      kunit_virtio_task_wait(task, FUZZ_WAIT_MS),
			      "driver hangs: %s", what);
	KUNIT_ASSERT_EQ_MSG(f->test, kunit_virtio_task_ret(task), 0, "%s", what);
}

static int fuzz_add(void *data)
{
	struct fuzz *f = data;

	return kunit_virtio_add(f->kv);
}

static struct kunit_virtio *fuzz_alloc_device(struct fuzz *f)
{
	const struct fuzz_params *p = f->params;
	struct virtio_gpio_config config = {
		.ngpio = cpu_to_le16(FUZZ_LINES),
	};
	const u16 sizes[] = { p->requestq, p->eventq };
	const struct kunit_virtio_params params = {
		.device_id = VIRTIO_ID_GPIO,
		.features = BIT_ULL(VIRTIO_GPIO_F_IRQ) |
			    (u64)p->indirect << VIRTIO_RING_F_INDIRECT_DESC,
		.config = &config,
		.config_len = sizeof(config),
		.queue_sizes = sizes,
		.num_queues = ARRAY_SIZE(sizes),
	};

	return kunit_virtio_alloc(f->test, &params);
}

static void fuzz_init(struct fuzz *f, struct kunit *test,
		      const struct fuzz_params *params)
{
	u32 seed = fuzz_seed ?: get_random_u32();

	f->test = test;
	f->params = params;
	spin_lock_init(&f->rnd_lock);
	spin_lock_init(&f->lock);
	init_rwsem(&f->irqs);
	init_rwsem(&f->shares);
	init_waitqueue_head(&f->wait);
	timer_setup(&f->timer, fuzz_timer, 0);

	kunit_info(test, "seed %u, for another run: " KBUILD_MODNAME ".seed=%u\n",
		   seed, seed);
	prandom_seed_state(&f->seeds, seed);
	prandom_seed_state(&f->rnd, fuzz_new_seed(f));
}

/* The mock device, with nobody to answer anything yet */
static struct fuzz *fuzz_alloc(struct kunit *test,
			       const struct fuzz_params *params)
{
	struct fuzz *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	fuzz_init(f, test, params);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action(test, fuzz_check, f));

	f->kv = fuzz_alloc_device(f);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->kv);
	kunit_virtio_on_reset(f->kv, fuzz_forget, f);

	return f;
}

static void fuzz_remove_lookup(void *data)
{
	gpiod_remove_lookup_table(data);
}

/* Lines are looked up as other drivers do, by a device that has them. */
static void fuzz_add_consumer(struct fuzz *f)
{
	const char *chip = dev_name(&kunit_virtio_vdev(f->kv)->dev);
	struct gpiod_lookup_table *lookup;
	struct kunit *test = f->test;
	unsigned int i;

	f->consumer = kunit_device_register(test, "gpio-user");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, f->consumer);

	lookup = kunit_kzalloc(test, struct_size(lookup, table, FUZZ_LINES + 1),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, lookup);
	lookup->dev_id = dev_name(f->consumer);
	for (i = 0; i < FUZZ_LINES; i++)
		lookup->table[i] = GPIO_LOOKUP_IDX(chip, i, "line", i,
						   GPIO_ACTIVE_HIGH);

	gpiod_add_lookup_table(lookup);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fuzz_remove_lookup,
						  lookup));
}

static struct gpio_desc *fuzz_get_line(struct fuzz *f, unsigned int line)
{
	return gpiod_get_index(f->consumer, "line", line, GPIOD_ASIS);
}

/* The lines that threads share, as outputs */
static void fuzz_get_shared(struct fuzz *f)
{
	unsigned int i;

	guard(rwsem_write)(&f->shares);

	for (i = 0; i < FUZZ_SHARED; i++) {
		if (!IS_ERR_OR_NULL(f->shared[i]))
			gpiod_put(f->shared[i]);
		f->shared[i] = fuzz_get_line(f, i);
		if (!IS_ERR(f->shared[i]))
			gpiod_direction_output(f->shared[i], 0);
		else
			fuzz_expect_honest(f, false, "shared line not to be had");
	}
}

static int fuzz_share(void *data)
{
	fuzz_get_shared(data);

	return 0;
}

static int fuzz_unshare(void *data)
{
	struct fuzz *f = data;
	unsigned int i;

	guard(rwsem_write)(&f->shares);

	for (i = 0; i < FUZZ_SHARED; i++) {
		if (!IS_ERR_OR_NULL(f->shared[i]))
			gpiod_put(f->shared[i]);
		f->shared[i] = NULL;
	}

	return 0;
}

/* A test that fails has left them, and nobody is there to answer. */
static void fuzz_drop_shared(void *data)
{
	struct fuzz *f = data;

	kunit_virtio_flush(f->kv);
	fuzz_unshare(f);
}

/* A device that is honest so far, with a driver */
static struct fuzz *fuzz_start(struct kunit *test,
			       const struct fuzz_params *params)
{
	struct fuzz *f = fuzz_alloc(test, params);

	f->honest = true;
	kunit_virtio_serve(f->kv, FUZZ_REQUESTQ, fuzz_request, f);
	kunit_virtio_serve(f->kv, FUZZ_EVENTQ, fuzz_unmask, f);

	f->device = fuzz_run(f, fuzz_device, f);
	mod_timer(&f->timer, jiffies + 1);

	fuzz_do(f, fuzz_add, "add the device");
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(f->kv));

	return f;
}

/* Those who use the lines */

static int fuzz_user_fn(void *data)
{
	struct fuzz_user *user = data;

	while (!READ_ONCE(user->f->quit)) {
		user->round(user);
		fuzz_pause(fuzz_user_random(user, U32_MAX));
		/* A thread that was killed goes on as another one. */
		flush_signals(current);
	}

	return 0;
}

static void fuzz_add_user(struct fuzz *f, void (*round)(struct fuzz_user *user),
			  unsigned int line, unsigned int num)
{
	struct fuzz_user *user = &f->users[f->num_users];

	KUNIT_ASSERT_LT(f->test, f->num_users, FUZZ_USERS);
	user->f = f;
	user->round = round;
	user->line = line;
	user->num = num;
	prandom_seed_state(&user->rnd, fuzz_new_seed(f));
	user->task = fuzz_run(f, fuzz_user_fn, user);
	f->num_users++;
}

/**
 * struct fuzz_desc - a line that a thread has for itself
 * @desc: the line
 * @direction: one of GPIO_LINE_DIRECTION_*, or -1
 * @level: the level that was set last, or -1
 */
struct fuzz_desc {
	struct gpio_desc *desc;
	int direction;
	int level;
};

static void fuzz_desc_output(struct fuzz_user *user, struct fuzz_desc *d)
{
	int level = fuzz_user_random(user, 2);
	int ret = gpiod_direction_output(d->desc, level);

	fuzz_expect_honest(user->f, !ret, "a line does not become an output");
	d->direction = GPIO_LINE_DIRECTION_OUT;
	d->level = level;
}

static void fuzz_desc_input(struct fuzz_user *user, struct fuzz_desc *d)
{
	int ret = gpiod_direction_input(d->desc);

	fuzz_expect_honest(user->f, !ret, "a line does not become an input");
	d->direction = GPIO_LINE_DIRECTION_IN;
	d->level = -1;
}

static void fuzz_desc_set(struct fuzz_user *user, struct fuzz_desc *d)
{
	int level = fuzz_user_random(user, 2);
	int ret;

	if (d->direction != GPIO_LINE_DIRECTION_OUT)
		return;

	ret = gpiod_set_value_cansleep(d->desc, level);
	fuzz_expect_honest(user->f, !ret, "a level cannot be set");
	d->level = level;
}

static void fuzz_desc_get(struct fuzz_user *user, struct fuzz_desc *d)
{
	int ret = gpiod_get_value_cansleep(d->desc);

	fuzz_expect(user->f, ret <= 1, "level that is neither low nor high");
	fuzz_expect_honest(user->f, ret >= 0, "a level cannot be read");
	fuzz_expect_honest(user->f, d->level < 0 || ret == d->level,
			   "a level that was not set");
}

static void fuzz_desc_get_direction(struct fuzz_user *user, struct fuzz_desc *d)
{
	int ret = gpiod_get_direction(d->desc);

	fuzz_expect(user->f, ret <= 1, "unknown direction");
	fuzz_expect_honest(user->f, d->direction < 0 || ret == d->direction,
			   "a direction that was not set");
}

/* A line is requested, used in all ways there are, and freed. */
static void fuzz_round_own(struct fuzz_user *user)
{
	static void (* const ops[])(struct fuzz_user *, struct fuzz_desc *) = {
		fuzz_desc_output, fuzz_desc_input, fuzz_desc_set,
		fuzz_desc_set, fuzz_desc_get, fuzz_desc_get,
		fuzz_desc_get_direction,
	};
	struct fuzz_desc d = { .direction = -1, .level = -1 };
	unsigned int i = fuzz_user_random(user, 32);

	d.desc = fuzz_get_line(user->f, user->line);
	if (IS_ERR(d.desc)) {
		fuzz_expect_honest(user->f, false, "a line is not to be had");
		usleep_range(900, 1100);
		return;
	}

	while (i--)
		ops[fuzz_user_random(user, ARRAY_SIZE(ops))](user, &d);
	gpiod_put(d.desc);
}

/*
 * Others set some of the lines as well. The first and the last one of all are
 * this thread's alone, so what it reads there is what it has set.
 */
static void fuzz_round_batch(struct fuzz_user *user)
{
	DECLARE_BITMAP(bits, FUZZ_SHARED) = { fuzz_user_random(user, 256) };
	DECLARE_BITMAP(seen, FUZZ_SHARED) = { };
	unsigned int own = user->line ? user->num - 1 : 0;
	struct fuzz *f = user->f;
	int ret;

	guard(rwsem_read)(&f->shares);
	if (IS_ERR(f->shared[user->line])) {
		usleep_range(900, 1100);
		return;
	}

	ret = gpiod_set_array_value_cansleep(user->num,
					     f->shared + user->line, NULL, bits);
	fuzz_expect_honest(f, !ret, "levels cannot be set");
	ret = gpiod_get_array_value_cansleep(user->num,
					     f->shared + user->line, NULL, seen);
	fuzz_expect_honest(f, !ret, "levels cannot be read");
	fuzz_expect_honest(f, test_bit(own, bits) == test_bit(own, seen),
			   "a level of a batch that was not set");
}

/* A line in the middle, which others set as well */
static void fuzz_round_shared(struct fuzz_user *user)
{
	struct gpio_desc *desc;
	struct fuzz *f = user->f;
	int ret;

	guard(rwsem_read)(&f->shares);
	desc = f->shared[user->line];
	if (IS_ERR(desc)) {
		usleep_range(900, 1100);
		return;
	}

	if (fuzz_user_random(user, 2)) {
		ret = gpiod_set_value_cansleep(desc, fuzz_user_random(user, 2));
		fuzz_expect_honest(f, !ret, "a level cannot be set");
	} else {
		ret = gpiod_get_value_cansleep(desc);
		fuzz_expect(f, ret <= 1, "level that is neither low nor high");
		fuzz_expect_honest(f, ret >= 0, "a level cannot be read");
	}
}

/**
 * struct fuzz_irq - an interrupt that a thread has
 * @irq: its number
 * @line: the line
 * @depth: how often it was disabled
 */
struct fuzz_irq {
	int irq;
	struct fuzz_line *line;
	unsigned int depth;
};

static irqreturn_t fuzz_irq_handler(int irq, void *data)
{
	struct fuzz_line *line = data;

	atomic_inc(&line->handled);

	return IRQ_HANDLED;
}

static const unsigned int fuzz_irq_types[] = {
	IRQ_TYPE_EDGE_RISING, IRQ_TYPE_EDGE_FALLING, IRQ_TYPE_EDGE_BOTH,
	IRQ_TYPE_LEVEL_HIGH, IRQ_TYPE_LEVEL_LOW,
};

static unsigned int fuzz_random_type(struct fuzz_user *user)
{
	return fuzz_irq_types[fuzz_user_random(user, ARRAY_SIZE(fuzz_irq_types))];
}

/* No handler runs where none may. */
static void fuzz_expect_quiet(struct fuzz_user *user, struct fuzz_line *line)
{
	int handled = atomic_read(&line->handled);
	unsigned int i = fuzz_user_random(user, 16);

	while (i--)
		cond_resched();
	fuzz_expect(user->f, atomic_read(&line->handled) == handled,
		    "handler of an interrupt that is disabled");
}

static void fuzz_irq_op(struct fuzz_user *user, struct fuzz_irq *irq)
{
	int ret;

	switch (fuzz_user_random(user, 6)) {
	case 0:
		disable_irq(irq->irq);
		irq->depth++;
		fuzz_expect_quiet(user, irq->line);
		break;
	case 1:
		disable_irq_nosync(irq->irq);
		irq->depth++;
		break;
	case 2 ... 3:
		if (!irq->depth)
			break;
		enable_irq(irq->irq);
		irq->depth--;
		break;
	case 4:
		ret = irq_set_irq_type(irq->irq, fuzz_random_type(user));
		fuzz_expect_honest(user->f, !ret, "type cannot be changed");
		break;
	default:
		fuzz_pause(fuzz_user_random(user, U32_MAX));
		break;
	}
}

static int fuzz_request_irq(struct fuzz_user *user, struct fuzz_irq *irq)
{
	unsigned long type = fuzz_random_type(user);

	if (fuzz_user_random(user, 2))
		return request_irq(irq->irq, fuzz_irq_handler, type, "kunit",
				   irq->line);

	return request_threaded_irq(irq->irq, NULL, fuzz_irq_handler,
				    type | IRQF_ONESHOT, "kunit", irq->line);
}

static void fuzz_use_irq(struct fuzz_user *user, struct gpio_desc *desc)
{
	struct fuzz_irq irq = {
		.irq = gpiod_to_irq(desc), .line = &user->f->lines[user->line],
	};
	unsigned int i = fuzz_user_random(user, 32);
	int ret;

	ret = irq.irq < 0 ? irq.irq : fuzz_request_irq(user, &irq);
	if (ret) {
		fuzz_expect_honest(user->f, false,
				   "an interrupt is not to be had");
		usleep_range(900, 1100);
		return;
	}

	while (i--)
		fuzz_irq_op(user, &irq);
	while (irq.depth--)
		enable_irq(irq.irq);
	free_irq(irq.irq, irq.line);
	fuzz_expect_quiet(user, irq.line);
}

static void fuzz_round_irq(struct fuzz_user *user)
{
	struct gpio_desc *desc;
	struct fuzz *f = user->f;

	guard(rwsem_read)(&f->irqs);

	desc = fuzz_get_line(f, user->line);
	if (IS_ERR(desc)) {
		fuzz_expect_honest(f, false, "a line is not to be had");
		usleep_range(900, 1100);
		return;
	}

	/* The irq core has a word to say on each request that fails. */
	if (gpiod_direction_input(desc)) {
		fuzz_expect_honest(f, false, "a line does not become an input");
		msleep(20);
	} else {
		fuzz_use_irq(user, desc);
	}
	gpiod_put(desc);
}

static void fuzz_add_users(struct fuzz *f)
{
	struct kunit *test = f->test;
	unsigned int i;

	fuzz_add_consumer(f);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fuzz_drop_shared, f));
	fuzz_do(f, fuzz_share, "share lines");

	fuzz_add_user(f, fuzz_round_batch, 0, 5);
	fuzz_add_user(f, fuzz_round_batch, 3, 5);
	fuzz_add_user(f, fuzz_round_shared, 3, 1);
	fuzz_add_user(f, fuzz_round_shared, 3, 1);
	for (i = FUZZ_OWN; i < FUZZ_OWN + 3; i++)
		fuzz_add_user(f, fuzz_round_own, i, 1);
	for (i = FUZZ_IRQ; i < FUZZ_LINES; i++)
		fuzz_add_user(f, fuzz_round_irq, i, 1);
}

/* The end */

/* Wait until the device has answered so much. It never stops to for long. */
static void fuzz_wait_replies(struct fuzz *f, unsigned int replies)
{
	unsigned long end = jiffies + msecs_to_jiffies(FUZZ_WAIT_MS);
	unsigned int seen = 0, now;

	do {
		now = atomic_read(&f->replies);
		if (now != seen)
			end = jiffies + msecs_to_jiffies(FUZZ_WAIT_MS);
		seen = now;
		msleep(20);
	} while (now < replies && !READ_ONCE(f->breach) &&
		 time_before(jiffies, end));

	KUNIT_ASSERT_TRUE_MSG(f->test, now >= replies || f->breach,
			      "nothing happens after %u replies", now);
}

static void fuzz_join_users(struct fuzz *f)
{
	unsigned int i;

	WRITE_ONCE(f->quit, true);
	for (i = 0; i < f->num_users; i++)
		KUNIT_ASSERT_TRUE_MSG(f->test,
				      kunit_virtio_task_wait(f->users[i].task,
							     FUZZ_WAIT_MS),
				      "user %u does not return", i);
}

/* All requests have been answered, and the driver has all its buffers back. */
static void fuzz_expect_idle(struct fuzz *f)
{
	unsigned int mappings;

	read_poll_timeout(kunit_virtio_mappings, mappings, !mappings,
			  20 * USEC_PER_MSEC, FUZZ_WAIT_MS * USEC_PER_MSEC,
			  false, f->kv);
	KUNIT_EXPECT_EQ(f->test, mappings, 0);
	kunit_info(f->test, "%u replies, %u resets, %u rebinds, %u breaks\n",
		   atomic_read(&f->replies), f->resets, f->rebinds, f->breaks);
}

static bool fuzz_armed(struct fuzz *f, unsigned int gpio)
{
	struct kunit_virtio_buf *buf;

	return !read_poll_timeout(READ_ONCE, buf, buf, USEC_PER_MSEC,
				  FUZZ_WAIT_MS * USEC_PER_MSEC, false,
				  f->lines[gpio].armed);
}

/* An edge comes through, once. */
static void fuzz_expect_edge(struct fuzz *f, unsigned int gpio)
{
	struct fuzz_line *line = &f->lines[gpio];
	struct kunit *test = f->test;
	int handled;

	KUNIT_EXPECT_TRUE(test, fuzz_armed(f, gpio));
	msleep(30);
	handled = atomic_read(&line->handled);
	fuzz_event(f, gpio, true);
	KUNIT_EXPECT_TRUE(test, fuzz_armed(f, gpio));
	msleep(30);
	KUNIT_EXPECT_EQ(test, atomic_read(&line->handled), handled + 1);
}

static void fuzz_expect_irq(struct fuzz *f, unsigned int gpio)
{
	struct gpio_desc *desc = fuzz_get_line(f, gpio);
	struct fuzz_line *line = &f->lines[gpio];
	struct kunit *test = f->test;
	int irq;

	KUNIT_EXPECT_FALSE(test, IS_ERR(desc));
	if (IS_ERR(desc))
		return;

	irq = gpiod_to_irq(desc);
	KUNIT_EXPECT_GT(test, irq, 0);
	KUNIT_EXPECT_EQ(test, gpiod_direction_input(desc), 0);
	if (request_irq(irq, fuzz_irq_handler, IRQF_TRIGGER_RISING, "kunit",
			line)) {
		KUNIT_FAIL(test, "no interrupt of line %u", gpio);
	} else {
		fuzz_expect_edge(f, gpio);
		free_irq(irq, line);
	}
	gpiod_put(desc);
}

static void fuzz_expect_output(struct fuzz *f, unsigned int gpio)
{
	struct gpio_desc *desc = fuzz_get_line(f, gpio);
	struct kunit *test = f->test;

	KUNIT_EXPECT_FALSE(test, IS_ERR(desc));
	if (IS_ERR(desc))
		return;

	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 1), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_value_cansleep(desc), 1);
	KUNIT_EXPECT_EQ(test, gpiod_set_value_cansleep(desc, 0), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_value_cansleep(desc), 0);
	gpiod_put(desc);
}

/* Whatever has happened, the lines are as good as new. */
static int fuzz_expect_working(void *data)
{
	struct fuzz *f = data;
	unsigned int i;

	WRITE_ONCE(f->calm, true);
	for (i = FUZZ_OWN; i < FUZZ_IRQ; i++)
		fuzz_expect_output(f, i);
	for (i = FUZZ_IRQ; i < FUZZ_LINES; i++)
		fuzz_expect_irq(f, i);

	return 0;
}

static void fuzz_params_desc(const struct fuzz_params *params, char *desc)
{
	strscpy(desc, params->name, KUNIT_PARAM_DESC_SIZE);
}

static const struct fuzz_params fuzz_devices[] = {
	{ "64 entries", 64, 64, true },
	{ "4 entries", 4, 2, true },
	{ "256 entries, direct", 256, 64, false },
	{ "8 entries, direct", 8, 4, false },
};

KUNIT_ARRAY_PARAM(fuzz_device, fuzz_devices, fuzz_params_desc);

/* An honest device: what is read is what was set, and no event gets lost. */
static void gpio_virtio_stress_threads(struct kunit *test)
{
	struct fuzz *f = fuzz_start(test, test->param_value);
	unsigned int i;

	bank_watch_log(test);
	fuzz_add_users(f);
	fuzz_wait_replies(f, fuzz_replies);
	fuzz_join_users(f);
	for (i = FUZZ_IRQ; i < FUZZ_LINES; i++)
		KUNIT_EXPECT_LE(test, atomic_read(&f->lines[i].handled),
				f->lines[i].fired);

	fuzz_do(f, fuzz_unshare, "free shared lines");
	fuzz_expect_idle(f);
	fuzz_do(f, fuzz_expect_working, "use each line");
	/* There may be too many lines for the eventq, each of which is named. */
	KUNIT_EXPECT_LE(test, bank_complaints_seen(test), FUZZ_LINES - FUZZ_IRQ);
	KUNIT_EXPECT_EQ(test, bank_splats_seen(test), 0);
}

static struct kunit_case gpio_virtio_stress_cases[] = {
	KUNIT_CASE_PARAM_ATTR(gpio_virtio_stress_threads,
			      fuzz_device_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite gpio_virtio_stress_suite = {
	.name = "gpio_virtio_stress",
	.test_cases = gpio_virtio_stress_cases,
};

/* One request at a time, so that it is known what has to come of the reply */

static void fuzz_answer_at_random(struct kunit_virtio_buf *buf, void *data)
{
	struct fuzz_request req;
	struct fuzz_reply reply;
	struct fuzz *f = data;

	if (!fuzz_read(buf, &req)) {
		kunit_virtio_push(buf, 0);
		return;
	}

	reply = fuzz_random_reply(f);
	atomic_inc(&f->replies);
	/* Nobody waits for the reply when a line is freed. */
	if (req.type != VIRTIO_GPIO_MSG_SET_DIRECTION || req.value)
		f->records[f->num_records++ % FUZZ_LINES] = (struct fuzz_record) {
			.type = req.type, .gpio = req.gpio, .reply = reply,
		};
	fuzz_push(f, buf, &reply);
}

/* What a caller is told, or the value that was read */
static int fuzz_record_ret(const struct fuzz_record *record)
{
	const struct fuzz_reply *reply = &record->reply;

	if (reply->len != sizeof(reply->bytes))
		return -EIO;
	if (reply->bytes[0] == VIRTIO_GPIO_STATUS_ERR)
		return -EINVAL;
	if (reply->bytes[0] != VIRTIO_GPIO_STATUS_OK)
		return -EIO;

	switch (record->type) {
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

/* The first error of several requests, or the last value */
static int fuzz_records_ret(struct fuzz *f)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < f->num_records && ret >= 0; i++)
		ret = fuzz_record_ret(&f->records[i]);

	return ret;
}

static void fuzz_expect_bits(struct fuzz *f, const unsigned long *bits)
{
	unsigned int i;

	for (i = 0; i < f->num_records; i++) {
		int ret = fuzz_record_ret(&f->records[i]);

		if (ret >= 0)
			KUNIT_EXPECT_EQ(f->test, ret,
					test_bit(f->records[i].gpio, bits));
	}
}

static int fuzz_get_multiple(struct fuzz *f, struct gpio_chip *gc,
			     struct rnd_state *rnd)
{
	DECLARE_BITMAP(mask, FUZZ_LINES) = {
		prandom_u32_state(rnd) % BIT(FUZZ_LINES)
	};
	DECLARE_BITMAP(bits, FUZZ_LINES) = { };
	int ret;

	ret = gc->get_multiple(gc, mask, bits);
	KUNIT_EXPECT_EQ(f->test, f->num_records, bitmap_weight(mask, FUZZ_LINES));
	KUNIT_EXPECT_EQ(f->test, ret, min(fuzz_records_ret(f), 0));
	fuzz_expect_bits(f, bits);

	return ret;
}

/* A direction that the driver remembers is no request. */
static int fuzz_get_direction(struct fuzz *f, struct gpio_chip *gc,
			      unsigned int gpio)
{
	int ret = gc->get_direction(gc, gpio);

	if (f->num_records)
		KUNIT_EXPECT_EQ(f->test, ret, fuzz_records_ret(f));
	else
		KUNIT_EXPECT_TRUE(f->test, ret == 0 || ret == 1);

	return ret;
}

static int fuzz_call(struct fuzz *f, struct gpio_chip *gc,
		     struct rnd_state *rnd)
{
	unsigned int gpio = prandom_u32_state(rnd) % FUZZ_LINES;
	int ret;

	f->num_records = 0;
	switch (prandom_u32_state(rnd) % 8) {
	case 0:
		gc->request(gc, gpio);
		gc->free(gc, gpio);
		return 0;
	case 1:
		return fuzz_get_multiple(f, gc, rnd);
	case 2:
		return fuzz_get_direction(f, gc, gpio);
	case 3:
		ret = gc->direction_input(gc, gpio);
		break;
	case 4:
		ret = gc->direction_output(gc, gpio, prandom_u32_state(rnd) & 1);
		break;
	case 5:
		ret = gc->set(gc, gpio, prandom_u32_state(rnd) & 1);
		break;
	default:
		ret = gc->get(gc, gpio);
		break;
	}
	KUNIT_EXPECT_EQ(f->test, ret, fuzz_records_ret(f));

	return ret;
}

KUNIT_DEFINE_ACTION_WRAPPER(fuzz_put_gdev, gpio_device_put,
			    struct gpio_device *);

static void fuzz_find_chip(struct fuzz *f)
{
	const char *label = dev_name(&kunit_virtio_vdev(f->kv)->dev);

	f->gdev = gpio_device_find_by_label(label);
	KUNIT_ASSERT_NOT_NULL(f->test, f->gdev);
	KUNIT_ASSERT_EQ(f->test, 0, kunit_add_action_or_reset(f->test,
							      fuzz_put_gdev,
							      f->gdev));
}

/* The driver complains ten times in five seconds, and not more. */
static void fuzz_expect_log(struct fuzz *f, unsigned long start,
			    unsigned int others)
{
	unsigned long seconds = (jiffies - start) / HZ;
	int seen = bank_complaints_seen(f->test);

	kunit_info(f->test, "%d lines of log in %lu s\n", seen, seconds);
	KUNIT_EXPECT_LE(f->test, seen, 10 * (seconds / 5 + 2) + others);
	KUNIT_EXPECT_EQ(f->test, bank_splats_seen(f->test), 0);
}

static int fuzz_calls(void *data)
{
	struct rnd_state rnd;
	struct fuzz *f = data;
	struct gpio_chip *gc;
	int ret;

	prandom_seed_state(&rnd, fuzz_new_seed(f));
	gc = gpio_device_get_chip(f->gdev);
	while (!READ_ONCE(f->quit) && atomic_read(&f->replies) < fuzz_replies) {
		ret = fuzz_call(f, gc, &rnd);
		f->digest = crc32_le(f->digest, (const void *)&ret, sizeof(ret));
		if (READ_ONCE(f->test->status) == KUNIT_FAILURE)
			break;
	}

	return 0;
}

/* Any bytes, of any length. The same seed makes the same digest. */
static void gpio_virtio_hostile_replies(struct kunit *test)
{
	struct fuzz *f = fuzz_alloc(test, &fuzz_devices[0]);
	struct kunit_virtio_task *task;
	unsigned long start = jiffies;

	kunit_virtio_serve(f->kv, FUZZ_REQUESTQ, fuzz_answer_at_random, f);
	bank_watch_log(test);
	fuzz_do(f, fuzz_add, "add the device");
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(f->kv));
	fuzz_find_chip(f);

	task = fuzz_run(f, fuzz_calls, f);
	fuzz_wait_replies(f, fuzz_replies);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, FUZZ_WAIT_MS));
	fuzz_expect_idle(f);
	fuzz_expect_log(f, start, 0);
	kunit_info(test, "digest %08x\n", f->digest);
}

/* Random config spaces, names and directions */

static void fuzz_random_bytes(struct fuzz *f, u8 *bytes, size_t len)
{
	bool text = fuzz_random(f, 2);

	while (len--)
		*bytes++ = text ? "abc\0"[fuzz_random(f, 4)] :
				  fuzz_random(f, 256);
}

/* The reply with the names may be long. */
static void fuzz_answer_probe(struct kunit_virtio_buf *buf, void *data)
{
	u8 *bytes __free(kvfree) = kvzalloc(kunit_virtio_writable(buf),
					    GFP_KERNEL);
	size_t len = kunit_virtio_writable(buf);
	struct fuzz *f = data;

	if (bytes) {
		fuzz_random_bytes(f, bytes, len);
		bytes[0] = fuzz_random(f, 4) ? 0 : fuzz_random_byte(f);
		kunit_virtio_write(buf, bytes, len);
	}
	kunit_virtio_push(buf, fuzz_random_len(f, len));
	atomic_inc(&f->replies);
}

/* For each name, gpiolib looks at all lines. So many lines have few names. */
static u16 fuzz_random_config(struct fuzz *f)
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

static void fuzz_probe(struct fuzz *f)
{
	struct device *dev = &kunit_virtio_vdev(f->kv)->dev;
	struct gpio_device *gdev;
	u16 ngpio;

	device_release_driver(dev);
	fuzz_expect(f, !kunit_virtio_mappings(f->kv), "memory left mapped");

	ngpio = fuzz_random_config(f);
	fuzz_expect(f, device_attach(dev) >= 0, "device cannot be attached");
	fuzz_expect(f, kunit_virtio_bound(f->kv) == !!ngpio,
		    "bound without lines, or not bound with some");

	gdev = gpio_device_find_by_label(dev_name(dev));
	if (gdev) {
		fuzz_expect(f, gpio_device_get_chip(gdev)->ngpio == ngpio,
			    "chip with a wrong number of lines");
		gpio_device_put(gdev);
	}

	/* It is no news to a driver that has read it. */
	fuzz_random_config(f);
}

static int fuzz_probe_again(void *data)
{
	struct fuzz *f = data;

	while (!READ_ONCE(f->quit) && atomic_read(&f->replies) < fuzz_replies) {
		fuzz_probe(f);
		f->rebinds++;
	}

	return 0;
}

static void gpio_virtio_hostile_probe(struct kunit *test)
{
	struct fuzz *f = fuzz_alloc(test, &fuzz_devices[0]);
	struct kunit_virtio_task *task;
	unsigned long start = jiffies;

	/* This device answers, however slow the machine is. */
	virtio_gpio_timeout_ms = 0;
	kunit_virtio_serve(f->kv, FUZZ_REQUESTQ, fuzz_answer_probe, f);
	bank_watch_log(test);
	fuzz_do(f, fuzz_add, "add the device");

	task = fuzz_run(f, fuzz_probe_again, f);
	fuzz_wait_replies(f, fuzz_replies);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, FUZZ_WAIT_MS));
	/* No lines, bad names, no names, no directions */
	fuzz_expect_log(f, start, 3 * f->rebinds);
}

/* All of it at once */

static struct device *fuzz_dev(struct fuzz *f)
{
	return &kunit_virtio_vdev(f->kv)->dev;
}

/*
 * A device that does not answer is let down by its driver, and one that was
 * broken as well. Whoever has an interrupt gives it back before.
 */
static void fuzz_rebind(struct fuzz *f)
{
	scoped_guard(rwsem_write, &f->irqs) {
		device_release_driver(fuzz_dev(f));
		fuzz_expect(f, !kunit_virtio_mappings(f->kv),
			    "memory left mapped");
		if (device_attach(fuzz_dev(f)) != 1) {
			WRITE_ONCE(f->badness, 0);
			fuzz_expect(f, device_attach(fuzz_dev(f)) == 1,
				    "driver does not take the device");
		}
	}
	f->rebinds++;
	fuzz_get_shared(f);
}

static void fuzz_reset(struct fuzz *f)
{
	f->resets++;
	if (kunit_virtio_reset_prepare(f->kv) ||
	    kunit_virtio_reset_done(f->kv))
		fuzz_rebind(f);
}

static void fuzz_sleep(struct fuzz *f)
{
	if (!IS_ENABLED(CONFIG_PM_SLEEP)) {
		fuzz_reset(f);
		return;
	}

	f->resets++;
	if (kunit_virtio_freeze(f->kv) || kunit_virtio_restore(f->kv))
		fuzz_rebind(f);
}

static void fuzz_break(struct fuzz *f)
{
	f->breaks++;
	virtio_break_device(kunit_virtio_vdev(f->kv));
	msleep(fuzz_random(f, 100));
	fuzz_reset(f);
}

static void fuzz_break_ring(struct fuzz *f)
{
	f->breaks++;
	fuzz_push_bogus(f, fuzz_random(f, 2), fuzz_random(f, U16_MAX));
	msleep(fuzz_random(f, 100));
	fuzz_reset(f);
}

static void fuzz_kill(struct fuzz *f)
{
	kunit_virtio_task_kill(f->users[fuzz_random(f, f->num_users)].task);
}

/* Not the number of lines, for those who use them */
static void fuzz_change_config(struct fuzz *f)
{
	__le32 names_size = cpu_to_le32(fuzz_random(f, 4) ? 0 :
					fuzz_random(f, FUZZ_LINES * 256));

	kunit_virtio_set_config(f->kv, offsetof(struct virtio_gpio_config,
						gpio_names_size),
				&names_size, sizeof(names_size));
}

/* What befalls the device, until the test is over */
static int fuzz_life(void *data)
{
	static void (* const ops[])(struct fuzz *f) = {
		fuzz_reset, fuzz_sleep, fuzz_break, fuzz_break_ring,
		fuzz_rebind, fuzz_kill, fuzz_kill, fuzz_change_config,
		fuzz_get_shared,
	};
	static const unsigned int badness[] = { 0, 8, 64, 256 };
	struct fuzz *f = data;

	while (!READ_ONCE(f->quit)) {
		WRITE_ONCE(f->badness,
			   badness[fuzz_random(f, ARRAY_SIZE(badness))]);
		msleep(fuzz_random(f, fuzz_random(f, 4) ? 60 : 600));
		ops[fuzz_random(f, ARRAY_SIZE(ops))](f);
	}

	return 0;
}

/* After a reset the device knows how to behave. */
static int fuzz_settle(void *data)
{
	struct fuzz *f = data;
	int ret;

	WRITE_ONCE(f->badness, 0);
	ret = kunit_virtio_reset_prepare(f->kv);
	if (ret)
		return ret;

	WRITE_ONCE(f->honest, true);

	return kunit_virtio_reset_done(f->kv);
}

static void gpio_virtio_hostile_everything(struct kunit *test)
{
	struct fuzz *f = fuzz_start(test, test->param_value);
	struct kunit_virtio_task *life;
	unsigned long start = jiffies;

	f->honest = false;
	bank_watch_log(test);
	fuzz_add_users(f);
	life = fuzz_run(f, fuzz_life, f);

	fuzz_wait_replies(f, fuzz_replies);
	fuzz_join_users(f);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(life, FUZZ_WAIT_MS));

	fuzz_do(f, fuzz_settle, "come to an end");
	fuzz_do(f, fuzz_unshare, "free shared lines");
	fuzz_expect_idle(f);
	fuzz_do(f, fuzz_expect_working, "use each line");
	/* Each driver counts anew. A ring and a reset may have a word to say. */
	fuzz_expect_log(f, start, 16 * f->rebinds + 2 * (f->resets + f->breaks));
}

#define FUZZ_TIMEOUT_MS		200
#define FUZZ_POLL_MS		20

static unsigned int fuzz_poll_ms;

static int gpio_virtio_hostile_init(struct kunit *test)
{
	test->priv = (void *)(unsigned long)virtio_gpio_timeout_ms;
	virtio_gpio_timeout_ms = FUZZ_TIMEOUT_MS;
	fuzz_poll_ms = virtio_gpio_poll_ms;
	virtio_gpio_poll_ms = FUZZ_POLL_MS;

	return 0;
}

static void gpio_virtio_hostile_exit(struct kunit *test)
{
	virtio_gpio_timeout_ms = (unsigned long)test->priv;
	virtio_gpio_poll_ms = fuzz_poll_ms;
}

static struct kunit_case gpio_virtio_hostile_cases[] = {
	KUNIT_CASE_SLOW(gpio_virtio_hostile_replies),
	KUNIT_CASE_SLOW(gpio_virtio_hostile_probe),
	KUNIT_CASE_PARAM_ATTR(gpio_virtio_hostile_everything,
			      fuzz_device_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite gpio_virtio_hostile_suite = {
	.name = "gpio_virtio_hostile",
	.init = gpio_virtio_hostile_init,
	.exit = gpio_virtio_hostile_exit,
	.test_cases = gpio_virtio_hostile_cases,
};

kunit_test_suites(&gpio_virtio_stress_suite, &gpio_virtio_hostile_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the virtio GPIO driver with devices that act at random");
MODULE_LICENSE("GPL");
