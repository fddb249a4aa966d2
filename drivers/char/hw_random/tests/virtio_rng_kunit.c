// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio entropy driver, which includes this file
 *
 * The device is the mock of Documentation/dev-tools/kunit/api/virtio.rst. Its
 * n-th random byte is n.
 */

#include <linux/jiffies.h>
#include <linux/string.h>
#include <linux/virtio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#define RNG_SIZE	sizeof_field(struct virtrng_info, data)
#define RNG_WAIT_MS	2000

/**
 * struct rng - a device, and a reader
 * @test: the running test
 * @kv: the device
 * @next: the next random byte
 * @buf: where to read to
 */
struct rng {
	struct kunit *test;
	struct kunit_virtio *kv;
	u8 next;
	u8 buf[4 * RNG_SIZE];
};

static void rng_reply(struct rng *rng, struct kunit_virtio_buf *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++, rng->next++)
		kunit_virtio_write_at(buf, i, &rng->next, 1);
	kunit_virtio_push(buf, len);
}

static void rng_device(struct kunit_virtio_buf *buf, void *data)
{
	rng_reply(data, buf, kunit_virtio_writable(buf));
}

static struct kunit_virtio_buf *rng_pop(struct rng *rng)
{
	struct kunit_virtio_buf *buf;

	buf = kunit_virtio_pop_timeout(rng->kv, 0, RNG_WAIT_MS);
	KUNIT_ASSERT_NOT_NULL(rng->test, buf);
	KUNIT_ASSERT_EQ(rng->test, kunit_virtio_writable(buf), RNG_SIZE);

	return buf;
}

static int rng_read(struct rng *rng, size_t size, bool wait)
{
	struct virtrng_info *vi = kunit_virtio_vdev(rng->kv)->priv;

	memset(rng->buf, 0xee, sizeof(rng->buf));

	return virtio_read(&vi->hwrng, rng->buf, size, wait);
}

static int rng_read_waiting(void *data)
{
	struct rng *rng = data;

	return rng_read(rng, RNG_SIZE, true);
}

static struct kunit_virtio_task *rng_run(struct rng *rng)
{
	struct kunit_virtio_task *task;

	task = kunit_virtio_run(rng->kv, rng_read_waiting, rng);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(rng->test, task);

	return task;
}

static void rng_expect_bytes(struct rng *rng, u8 first, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		KUNIT_ASSERT_EQ(rng->test, rng->buf[i], (u8)(first + i));
}

static struct rng *rng_start(struct kunit *test)
{
	static const u16 queue_size = 8;
	static const struct kunit_virtio_params params = {
		.device_id = VIRTIO_ID_RNG,
		.queue_sizes = &queue_size,
		.num_queues = 1,
	};
	struct rng *rng = kunit_kzalloc(test, sizeof(*rng), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, rng);
	rng->test = test;
	rng->kv = kunit_virtio_alloc(test, &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, rng->kv);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(rng->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(rng->kv));

	return rng;
}

static void virtio_rng_read_in_one(struct kunit *test)
{
	struct rng *rng = rng_start(test);

	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), 0);
	rng_reply(rng, rng_pop(rng), RNG_SIZE);
	KUNIT_ASSERT_EQ(test, rng_read(rng, RNG_SIZE, false), RNG_SIZE);
	rng_expect_bytes(rng, 0, RNG_SIZE);
}

/* No random byte is dropped. */
static void virtio_rng_read_in_parts(struct kunit *test)
{
	struct rng *rng = rng_start(test);
	size_t done;

	rng_reply(rng, rng_pop(rng), RNG_SIZE);
	for (done = 0; done < RNG_SIZE; done += 8) {
		KUNIT_ASSERT_EQ(test, rng_read(rng, 8, false), 8);
		rng_expect_bytes(rng, done, 8);
	}
	KUNIT_EXPECT_EQ(test, rng_read(rng, 8, false), 0);
}

static void virtio_rng_read_short_reply(struct kunit *test)
{
	struct rng *rng = rng_start(test);

	rng_reply(rng, rng_pop(rng), 5);
	KUNIT_ASSERT_EQ(test, rng_read(rng, 3, false), 3);
	rng_expect_bytes(rng, 0, 3);
	KUNIT_ASSERT_EQ(test, rng_read(rng, RNG_SIZE, false), 2);
	rng_expect_bytes(rng, 3, 2);
}

/* A device that says that it has written more than there is room for */
static void virtio_rng_read_long_reply(struct kunit *test)
{
	struct rng *rng = rng_start(test);
	struct kunit_virtio_buf *buf = rng_pop(rng);
	size_t done;

	for (done = 0; done < RNG_SIZE; done++, rng->next++)
		kunit_virtio_write_at(buf, done, &rng->next, 1);
	kunit_virtio_push(buf, 0x10000);
	KUNIT_ASSERT_EQ(test, rng_read(rng, 8, false), 8);
	KUNIT_ASSERT_EQ(test, rng_read(rng, 2 * RNG_SIZE, false), RNG_SIZE - 8);
	rng_expect_bytes(rng, 8, RNG_SIZE - 8);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), 0);
}

static void rng_expect_read(struct rng *rng, struct kunit_virtio_task *task)
{
	KUNIT_ASSERT_TRUE(rng->test, kunit_virtio_task_wait(task, RNG_WAIT_MS));
	KUNIT_EXPECT_EQ(rng->test, kunit_virtio_task_ret(task), RNG_SIZE);
}

/* What the device has not written is not waited for. */
static void virtio_rng_read_waits_after_long_reply(struct kunit *test)
{
	struct rng *rng = rng_start(test);
	struct kunit_virtio_task *task;

	rng_reply(rng, rng_pop(rng), 5);
	task = rng_run(rng);
	kunit_virtio_push(rng_pop(rng), 0x10000);
	rng_expect_read(rng, task);

	task = rng_run(rng);
	rng_reply(rng, rng_pop(rng), RNG_SIZE);
	rng_expect_read(rng, task);
}

static void virtio_rng_read_waits(struct kunit *test)
{
	struct rng *rng = rng_start(test);

	kunit_virtio_serve(rng->kv, 0, rng_device, rng);
	KUNIT_ASSERT_EQ(test, rng_read(rng, sizeof(rng->buf), true),
			sizeof(rng->buf));
	rng_expect_bytes(rng, 0, sizeof(rng->buf));
}

/* A device that has no data at first is asked again. */
static void virtio_rng_read_empty_reply(struct kunit *test)
{
	struct rng *rng = rng_start(test);

	rng_reply(rng, rng_pop(rng), 0);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), 0);
	rng_reply(rng, rng_pop(rng), RNG_SIZE);
	KUNIT_ASSERT_EQ(test, rng_read(rng, RNG_SIZE, false), RNG_SIZE);
	rng_expect_bytes(rng, 0, RNG_SIZE);
}

static void rng_no_entropy(struct kunit_virtio_buf *buf, void *data)
{
	kunit_virtio_push(buf, 0);
}

/* A reader who waits does not ask again and again. */
static void virtio_rng_read_no_entropy(struct kunit *test)
{
	struct rng *rng = rng_start(test);
	unsigned long start = jiffies;

	kunit_virtio_serve(rng->kv, 0, rng_no_entropy, NULL);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, true), 0);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, true), 0);
	KUNIT_EXPECT_GE(test, jiffies - start, HZ / 10);
}

static void virtio_rng_read_after_failed_request(struct kunit *test)
{
	struct rng *rng = rng_start(test);

	rng_reply(rng, rng_pop(rng), RNG_SIZE);
	kunit_virtio_fail_maps(rng->kv, 2);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), RNG_SIZE);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), -ENOMEM);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), 0);
	rng_reply(rng, rng_pop(rng), RNG_SIZE);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), RNG_SIZE);
}

static void virtio_rng_reader_killed(struct kunit *test)
{
	struct rng *rng = rng_start(test);
	struct kunit_virtio_task *task = rng_run(rng);

	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(task, 10));
	kunit_virtio_task_kill(task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, RNG_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -ERESTARTSYS);

	rng_reply(rng, rng_pop(rng), RNG_SIZE);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), RNG_SIZE);
}

static void virtio_rng_broken(struct kunit *test)
{
	struct rng *rng = rng_start(test);
	struct kunit_virtio_task *task = rng_run(rng);

	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(task, 10));
	virtio_break_device(kunit_virtio_vdev(rng->kv));
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, RNG_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -ENODEV);
}

/* The request that is always pending does not stay mapped. */
static void virtio_rng_unplug(struct kunit *test)
{
	struct rng *rng = rng_start(test);

	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(rng->kv), 1);
	kunit_virtio_unplug(rng->kv);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(rng->kv), 0);
}

static void virtio_rng_sleep(struct kunit *test)
{
	struct rng *rng = rng_start(test);

	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no freeze without CONFIG_PM_SLEEP");

	KUNIT_ASSERT_EQ(test, kunit_virtio_freeze(rng->kv), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(rng->kv), 0);
	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(rng->kv), 0);
	rng_reply(rng, rng_pop(rng), RNG_SIZE);
	KUNIT_EXPECT_EQ(test, rng_read(rng, RNG_SIZE, false), RNG_SIZE);
}

static void virtio_rng_unplug_after_failed_restore(struct kunit *test)
{
	struct rng *rng = rng_start(test);

	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no freeze without CONFIG_PM_SLEEP");

	KUNIT_ASSERT_EQ(test, kunit_virtio_freeze(rng->kv), 0);
	kunit_virtio_fail_find_vqs(rng->kv, -ENOSPC);
	KUNIT_EXPECT_EQ(test, kunit_virtio_restore(rng->kv), -ENOSPC);
	kunit_virtio_unplug(rng->kv);
	KUNIT_EXPECT_NULL(test, kunit_virtio_vdev(rng->kv)->priv);
}

/* Of two equals the core reads the first, so it leaves the other to the test. */
static int rng_read_nothing(struct hwrng *rng, void *buf, size_t size, bool wait)
{
	return 0;
}

static struct hwrng rng_of_the_core = {
	.name = "virtio_rng_kunit",
	.read = rng_read_nothing,
};

static int virtio_rng_suite_init(struct kunit_suite *suite)
{
	return hwrng_register(&rng_of_the_core);
}

static void virtio_rng_suite_exit(struct kunit_suite *suite)
{
	hwrng_unregister(&rng_of_the_core);
}

static struct kunit_case virtio_rng_cases[] = {
	KUNIT_CASE(virtio_rng_read_in_one),
	KUNIT_CASE(virtio_rng_read_in_parts),
	KUNIT_CASE(virtio_rng_read_short_reply),
	KUNIT_CASE(virtio_rng_read_long_reply),
	KUNIT_CASE(virtio_rng_read_waits_after_long_reply),
	KUNIT_CASE(virtio_rng_read_waits),
	KUNIT_CASE(virtio_rng_read_empty_reply),
	KUNIT_CASE(virtio_rng_read_no_entropy),
	KUNIT_CASE(virtio_rng_read_after_failed_request),
	KUNIT_CASE(virtio_rng_reader_killed),
	KUNIT_CASE(virtio_rng_broken),
	KUNIT_CASE(virtio_rng_unplug),
	KUNIT_CASE(virtio_rng_sleep),
	KUNIT_CASE(virtio_rng_unplug_after_failed_restore),
	{}
};

static struct kunit_suite virtio_rng_suite = {
	.name = "virtio_rng",
	.suite_init = virtio_rng_suite_init,
	.suite_exit = virtio_rng_suite_exit,
	.test_cases = virtio_rng_cases,
};

kunit_test_suite(virtio_rng_suite);
