// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver with many threads
 *
 * Threads use lines while an honest device replies at random moments, and check
 * that they read what they have set and that no interrupt is lost.
 */

#include <linux/array_size.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/defs.h>
#include <linux/gpio/driver.h>
#include <linux/gpio/machine.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/virtio.h>

#include <kunit/device.h>
#include <kunit/test.h>
#include <kunit/virtio.h>

#include "gpio_virtio_fuzz.h"
#include "gpio_virtio_bank.h"

static u32 fuzz_user_random(struct fuzz_user *user, u32 end)
{
	return prandom_u32_state(&user->rnd) % end;
}

static int fuzz_user_fn(void *data)
{
	struct fuzz_user *user = data;

	while (!READ_ONCE(user->f->quit)) {
		if (!user->round(user))
			usleep_range(900, 1100);
		fuzz_pause(fuzz_user_random(user, U32_MAX));
		/* A thread that was killed goes on. */
		flush_signals(current);
	}

	return 0;
}

static void fuzz_add_user(struct fuzz *f, bool (*round)(struct fuzz_user *user),
			  unsigned int first)
{
	struct fuzz_user *user = &f->users[f->num_users];

	KUNIT_ASSERT_LT(f->test, f->num_users, FUZZ_USERS);
	user->f = f;
	user->round = round;
	user->first = first;
	fuzz_seed(f, &user->rnd);
	user->task = fuzz_run(f, fuzz_user_fn, user);
	f->num_users++;
}

KUNIT_DEFINE_ACTION_WRAPPER(fuzz_remove_lookup, gpiod_remove_lookup_table,
			    struct gpiod_lookup_table *);

/* Lines are looked up, as other drivers do. */
static void fuzz_add_consumer(struct fuzz *f)
{
	struct virtio_device *vdev = kunit_virtio_vdev(f->kv);
	const char *chip = dev_name(&vdev->dev);
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

/* Returns NULL if a hostile device or its removal keeps the line away. */
static struct gpio_desc *fuzz_get_line(struct fuzz *f, unsigned int gpio)
{
	struct gpio_desc *desc;

	desc = gpiod_get_index(f->consumer, "line", gpio, GPIOD_ASIS);
	fuzz_expect(f, !IS_ERR(desc), "request of a line failed");

	return IS_ERR(desc) ? NULL : desc;
}

/* What was read is @want, or anything valid if that is negative. */
static void fuzz_expect_value(struct fuzz *f, int ret, int want)
{
	fuzz_require(f, ret <= 1, "unknown level or direction");
	fuzz_expect(f, ret >= 0, "read failed");
	fuzz_expect(f, want < 0 || ret == want,
		    "level or direction that was not set");
}

/* Lines that one thread uses alone */

/**
 * struct fuzz_own - a requested line
 * @desc: the line
 * @direction: one of GPIO_LINE_DIRECTION_*, or -1
 * @level: the level that was set last, or -1
 */
struct fuzz_own {
	struct gpio_desc *desc;
	int direction;
	int level;
};

static void fuzz_use_own(struct fuzz_user *user, struct fuzz_own *own)
{
	int level = fuzz_user_random(user, 2);
	int ret = 0;

	switch (fuzz_user_random(user, 7)) {
	case 0:
		own->direction = GPIO_LINE_DIRECTION_IN;
		own->level = -1;
		ret = gpiod_direction_input(own->desc);
		break;
	case 1:
		own->direction = GPIO_LINE_DIRECTION_OUT;
		own->level = level;
		ret = gpiod_direction_output(own->desc, level);
		break;
	case 2 ... 3:
		if (own->direction != GPIO_LINE_DIRECTION_OUT)
			break;
		own->level = level;
		ret = gpiod_set_value_cansleep(own->desc, level);
		break;
	case 4 ... 5:
		fuzz_expect_value(user->f, gpiod_get_value_cansleep(own->desc),
				  own->level);
		break;
	default:
		fuzz_expect_value(user->f, gpiod_get_direction(own->desc),
				  own->direction);
		break;
	}
	fuzz_expect(user->f, !ret, "set of a line failed");
}

static bool fuzz_round_own(struct fuzz_user *user)
{
	struct fuzz_own own = { .direction = -1, .level = -1 };
	unsigned int i = fuzz_user_random(user, 32);

	own.desc = fuzz_get_line(user->f, user->first);
	if (!own.desc)
		return false;

	while (i--)
		fuzz_use_own(user, &own);
	gpiod_put(own.desc);

	return true;
}

/* Lines that threads share */

/* Requests them anew, as outputs. */
int fuzz_share(void *data)
{
	struct fuzz *f = data;
	unsigned int i;

	guard(rwsem_write)(&f->shares);

	for (i = 0; i < FUZZ_NUM_SHARED; i++) {
		gpiod_put(f->shared[i]);
		f->shared[i] = fuzz_get_line(f, FUZZ_SHARED + i);
		if (f->shared[i])
			gpiod_direction_output(f->shared[i], 0);
	}

	return 0;
}

int fuzz_unshare(void *data)
{
	struct fuzz *f = data;
	unsigned int i;

	guard(rwsem_write)(&f->shares);

	for (i = 0; i < FUZZ_NUM_SHARED; i++) {
		gpiod_put(f->shared[i]);
		f->shared[i] = NULL;
	}

	return 0;
}

/* After a failure, there is no device to reply any more. */
static void fuzz_drop_shared(void *data)
{
	struct fuzz *f = data;

	kunit_virtio_flush(f->kv);
	fuzz_unshare(f);
}

#define FUZZ_BATCH	5

/*
 * Two threads set lines 0 to 4 and 3 to 7, so what they have set can only be
 * expected of the first and the last one.
 */
static bool fuzz_round_batch(struct fuzz_user *user)
{
	DECLARE_BITMAP(bits, FUZZ_BATCH) = { fuzz_user_random(user, 32) };
	DECLARE_BITMAP(seen, FUZZ_BATCH) = { };
	unsigned int own = user->first ? FUZZ_BATCH - 1 : 0;
	struct fuzz *f = user->f;
	struct gpio_desc **descs = f->shared + user->first;
	int ret;

	guard(rwsem_read)(&f->shares);
	if (!*descs)
		return false;

	ret = gpiod_set_array_value_cansleep(FUZZ_BATCH, descs, NULL, bits);
	fuzz_expect(f, !ret, "set of a batch failed");
	ret = gpiod_get_array_value_cansleep(FUZZ_BATCH, descs, NULL, seen);
	fuzz_expect(f, !ret, "read of a batch failed");
	fuzz_expect(f, test_bit(own, bits) == test_bit(own, seen),
		    "level of a batch that was not set");

	return true;
}

/* A line that is part of both batches */
static bool fuzz_round_shared(struct fuzz_user *user)
{
	struct fuzz *f = user->f;
	struct gpio_desc *desc;
	int ret;

	guard(rwsem_read)(&f->shares);
	desc = f->shared[user->first];
	if (!desc)
		return false;

	if (fuzz_user_random(user, 2)) {
		ret = gpiod_set_value_cansleep(desc, fuzz_user_random(user, 2));
		fuzz_expect(f, !ret, "set of a line failed");
	} else {
		fuzz_expect_value(f, gpiod_get_value_cansleep(desc), -1);
	}

	return true;
}

/* Interrupts */

/**
 * struct fuzz_irq - a requested interrupt
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

static unsigned int fuzz_random_type(struct fuzz_user *user)
{
	static const unsigned int types[] = {
		IRQ_TYPE_EDGE_RISING, IRQ_TYPE_EDGE_FALLING, IRQ_TYPE_EDGE_BOTH,
		IRQ_TYPE_LEVEL_HIGH, IRQ_TYPE_LEVEL_LOW,
	};

	return types[fuzz_user_random(user, ARRAY_SIZE(types))];
}

static void fuzz_expect_quiet(struct fuzz_user *user, struct fuzz_line *line)
{
	int handled = atomic_read(&line->handled);
	unsigned int i = fuzz_user_random(user, 16);

	while (i--)
		cond_resched();
	fuzz_require(user->f, atomic_read(&line->handled) == handled,
		     "handler of a disabled interrupt was called");
}

static void fuzz_use_irq(struct fuzz_user *user, struct fuzz_irq *irq)
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
		fuzz_expect(user->f, !ret, "type cannot be changed");
		break;
	default:
		fuzz_pause(fuzz_user_random(user, U32_MAX));
		break;
	}
}

/* A threaded handler leaves the interrupt masked until it returns. */
static int fuzz_request_irq(struct fuzz_user *user, struct fuzz_irq *irq)
{
	unsigned long type = fuzz_random_type(user);

	if (fuzz_user_random(user, 2))
		return request_irq(irq->irq, fuzz_irq_handler, type, "kunit",
				   irq->line);

	return request_threaded_irq(irq->irq, NULL, fuzz_irq_handler,
				    type | IRQF_ONESHOT, "kunit", irq->line);
}

static bool fuzz_use_input(struct fuzz_user *user, struct gpio_desc *desc)
{
	struct fuzz_irq irq = { .line = &user->f->lines[user->first] };
	unsigned int i = fuzz_user_random(user, 32);
	int ret = gpiod_direction_input(desc);

	if (!ret) {
		irq.irq = gpiod_to_irq(desc);
		ret = irq.irq < 0 ? irq.irq : fuzz_request_irq(user, &irq);
	}
	fuzz_expect(user->f, !ret, "request of an interrupt failed");
	if (ret)
		return false;

	while (i--)
		fuzz_use_irq(user, &irq);
	while (irq.depth--)
		enable_irq(irq.irq);
	free_irq(irq.irq, irq.line);
	fuzz_expect_quiet(user, irq.line);

	return true;
}

static bool fuzz_round_irq(struct fuzz_user *user)
{
	struct gpio_desc *desc;
	bool used;

	/* The interrupt must be freed before the driver is unbound. */
	guard(rwsem_read)(&user->f->irqs);

	desc = fuzz_get_line(user->f, user->first);
	if (!desc)
		return false;

	used = fuzz_use_input(user, desc);
	gpiod_put(desc);

	return used;
}

void fuzz_add_users(struct fuzz *f)
{
	struct kunit *test = f->test;
	unsigned int i;

	fuzz_add_consumer(f);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, fuzz_drop_shared, f));
	fuzz_do(f, fuzz_share, "share lines");

	for (i = 0; i < FUZZ_OWN; i++)
		fuzz_add_user(f, fuzz_round_own, i);
	fuzz_add_user(f, fuzz_round_batch, 0);
	fuzz_add_user(f, fuzz_round_batch, FUZZ_NUM_SHARED - FUZZ_BATCH);
	fuzz_add_user(f, fuzz_round_shared, FUZZ_BATCH - 1);
	fuzz_add_user(f, fuzz_round_shared, FUZZ_BATCH - 1);
	for (i = FUZZ_IRQ; i < FUZZ_LINES; i++)
		fuzz_add_user(f, fuzz_round_irq, i);
}

void fuzz_join_users(struct fuzz *f)
{
	unsigned int i;

	WRITE_ONCE(f->quit, true);
	for (i = 0; i < f->num_users; i++)
		KUNIT_ASSERT_TRUE_MSG(f->test,
				      kunit_virtio_task_wait(f->users[i].task,
							     FUZZ_WAIT_MS),
				      "user %u does not return", i);
}

/* Each line works in the end. */

static void fuzz_expect_output(struct fuzz *f, struct gpio_desc *desc)
{
	struct kunit *test = f->test;

	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 1), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_value_cansleep(desc), 1);
	KUNIT_EXPECT_EQ(test, gpiod_set_value_cansleep(desc, 0), 0);
	KUNIT_EXPECT_EQ(test, gpiod_get_value_cansleep(desc), 0);
}

static bool fuzz_armed(struct fuzz_line *line)
{
	struct kunit_virtio_buf *buf;

	return !read_poll_timeout(READ_ONCE, buf, buf, USEC_PER_MSEC,
				  FUZZ_WAIT_MS * USEC_PER_MSEC, false,
				  line->armed);
}

static void fuzz_expect_edge(struct fuzz *f, unsigned int gpio)
{
	struct fuzz_line *line = &f->lines[gpio];
	struct kunit *test = f->test;
	int handled;

	KUNIT_EXPECT_TRUE(test, fuzz_armed(line));
	msleep(30);
	handled = atomic_read(&line->handled);
	fuzz_event(f, gpio, true);
	KUNIT_EXPECT_TRUE(test, fuzz_armed(line));
	msleep(30);
	KUNIT_EXPECT_EQ(test, atomic_read(&line->handled), handled + 1);
}

static void fuzz_expect_irq(struct fuzz *f, struct gpio_desc *desc,
			    unsigned int gpio)
{
	int irq = gpiod_to_irq(desc);
	int ret;

	KUNIT_EXPECT_GT(f->test, irq, 0);
	KUNIT_EXPECT_EQ(f->test, gpiod_direction_input(desc), 0);
	ret = request_irq(irq, fuzz_irq_handler, IRQF_TRIGGER_RISING, "kunit",
			  &f->lines[gpio]);
	KUNIT_EXPECT_EQ(f->test, ret, 0);
	if (ret)
		return;

	fuzz_expect_edge(f, gpio);
	free_irq(irq, &f->lines[gpio]);
}

int fuzz_expect_working(void *data)
{
	struct gpio_desc *desc;
	struct fuzz *f = data;
	unsigned int i;

	WRITE_ONCE(f->calm, true);
	for (i = 0; i < FUZZ_LINES; i++) {
		desc = fuzz_get_line(f, i);
		if (!desc)
			return -ENODEV;
		fuzz_expect_output(f, desc);
		if (i >= FUZZ_IRQ)
			fuzz_expect_irq(f, desc, i);
		gpiod_put(desc);
	}

	return 0;
}

KUNIT_ARRAY_PARAM_DESC(fuzz_device, fuzz_devices, name);

static void gpio_virtio_stress_threads(struct kunit *test)
{
	struct fuzz *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	fuzz_start(f, test, test->param_value);
	bank_watch_log(test);
	fuzz_add_users(f);
	fuzz_wait_replies(f);
	fuzz_join_users(f);
	for (i = FUZZ_IRQ; i < FUZZ_LINES; i++)
		KUNIT_EXPECT_LE(test, atomic_read(&f->lines[i].handled),
				f->lines[i].fired);

	fuzz_do(f, fuzz_unshare, "free shared lines");
	fuzz_expect_idle(f);
	fuzz_do(f, fuzz_expect_working, "use each line");
	/* The driver reports each line that the eventq has no room for. */
	KUNIT_EXPECT_LE(test, bank_complaints_seen(test), FUZZ_LINES - FUZZ_IRQ);
	KUNIT_EXPECT_EQ(test, bank_splats_seen(test), 0);
}

static struct kunit_case gpio_virtio_stress_cases[] = {
	KUNIT_CASE_PARAM_ATTR(gpio_virtio_stress_threads, fuzz_device_gen_params,
			      { .speed = KUNIT_SPEED_SLOW }),
	{}
};

static struct kunit_suite gpio_virtio_stress_suite = {
	.name = "gpio_virtio_stress",
	.test_cases = gpio_virtio_stress_cases,
};

kunit_test_suite(gpio_virtio_stress_suite);
