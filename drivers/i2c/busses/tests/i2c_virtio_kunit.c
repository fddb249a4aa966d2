// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio I2C adapter driver
 *
 * The device is the mock of Documentation/dev-tools/kunit/api/virtio.rst, the
 * tests call the driver by i2c_transfer().
 */

#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/module.h>
#include <linux/signal.h>
#include <linux/virtio.h>
#include <linux/virtio_i2c.h>
#include <linux/virtio_ids.h>

#include <kunit/resource.h>
#include <kunit/test.h>
#include <kunit/virtio.h>

#define BUS_ADDR	0x42
#define BUS_WAIT_MS	2000
#define BUS_SLOW_MS	300

/**
 * struct bus - a device with its adapter, and a transfer
 * @test: the running test
 * @kv: the device
 * @adap: the adapter
 * @status: what the device replies with
 * @served: how many messages the device has replied to
 * @hdr: the last message's header
 * @msgs: the messages: a write of two bytes, and a read of four
 * @reg: what is written
 * @value: where to read to
 */
struct bus {
	struct kunit *test;
	struct kunit_virtio *kv;
	struct i2c_adapter *adap;
	u8 status;
	unsigned int served;
	struct virtio_i2c_out_hdr hdr;
	struct i2c_msg msgs[2];
	u8 reg[2];
	u8 value[4];
};

KUNIT_DEFINE_ACTION_WRAPPER(bus_put_adapter, i2c_put_adapter,
			    struct i2c_adapter *);

/* A read gets "data", the status comes last. */
static void bus_reply(struct bus *bus, struct kunit_virtio_buf *buf)
{
	size_t len = kunit_virtio_writable(buf);

	kunit_virtio_read(buf, &bus->hdr, sizeof(bus->hdr));
	kunit_virtio_write(buf, "data", len - 1);
	kunit_virtio_write_at(buf, len - 1, &bus->status, 1);
	bus->served++;
	kunit_virtio_push(buf, len);
}

static void bus_device(struct kunit_virtio_buf *buf, void *data)
{
	bus_reply(data, buf);
}

static struct kunit_virtio_buf *bus_pop(struct bus *bus)
{
	struct kunit_virtio_buf *buf;

	buf = kunit_virtio_pop_timeout(bus->kv, 0, BUS_WAIT_MS);
	KUNIT_ASSERT_NOT_NULL(bus->test, buf);

	return buf;
}

static int bus_transfer(void *data)
{
	struct bus *bus = data;

	return i2c_transfer(bus->adap, bus->msgs, 2);
}

static int bus_read(void *data)
{
	struct bus *bus = data;

	return i2c_transfer(bus->adap, &bus->msgs[1], 1);
}

static struct kunit_virtio_task *bus_run(struct bus *bus, int (*fn)(void *data))
{
	struct kunit_virtio_task *task = kunit_virtio_run(bus->kv, fn, bus);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(bus->test, task);

	return task;
}

static void bus_expect_ret(struct bus *bus, struct kunit_virtio_task *task,
			   int ret)
{
	KUNIT_ASSERT_TRUE(bus->test, kunit_virtio_task_wait(task, BUS_WAIT_MS));
	KUNIT_EXPECT_EQ(bus->test, kunit_virtio_task_ret(task), ret);
}

static int bus_take_adapter(struct device *dev, void *data)
{
	struct i2c_adapter *adap = i2c_verify_adapter(dev);
	struct bus *bus = data;

	if (adap)
		bus->adap = i2c_get_adapter(adap->nr);

	return 0;
}

/* Whoever uses an adapter has a reference to it, until it goes if it does. */
static int bus_use_until_gone(void *data)
{
	struct bus *bus = data;
	int ret = bus_transfer(bus);

	kunit_release_action(bus->test, bus_put_adapter, bus->adap);

	return ret;
}

static struct bus *bus_start(struct kunit *test, u16 size)
{
	const struct kunit_virtio_params params = {
		.device_id = VIRTIO_ID_I2C_ADAPTER,
		.features = BIT_ULL(VIRTIO_I2C_F_ZERO_LENGTH_REQUEST),
		.queue_sizes = &size,
		.num_queues = 1,
	};
	struct bus *bus = kunit_kzalloc(test, sizeof(*bus), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bus);
	bus->test = test;
	bus->msgs[0] = (struct i2c_msg) {
		.addr = BUS_ADDR, .len = sizeof(bus->reg), .buf = bus->reg,
	};
	bus->msgs[1] = (struct i2c_msg) {
		.addr = BUS_ADDR, .flags = I2C_M_RD,
		.len = sizeof(bus->value), .buf = bus->value,
	};

	bus->kv = kunit_virtio_alloc(test, &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bus->kv);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bus->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bus->kv));
	device_for_each_child(&kunit_virtio_vdev(bus->kv)->dev, bus,
			      bus_take_adapter);
	KUNIT_ASSERT_NOT_NULL(test, bus->adap);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, bus_put_adapter,
							bus->adap), 0);

	return bus;
}

static struct bus *bus_start_served(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);

	kunit_virtio_serve(bus->kv, 0, bus_device, bus);

	return bus;
}

static void i2c_virtio_write_and_read(struct kunit *test)
{
	struct bus *bus = bus_start_served(test);

	KUNIT_EXPECT_EQ(test, bus_transfer(bus), 2);
	KUNIT_EXPECT_EQ(test, bus->served, 2);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(bus->hdr.addr), BUS_ADDR << 1);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(bus->hdr.flags),
			VIRTIO_I2C_FLAGS_M_RD);
	KUNIT_EXPECT_MEMEQ(test, bus->value, "data", 4);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(bus->kv, 0), 1);
}

static void i2c_virtio_zero_length(struct kunit *test)
{
	struct bus *bus = bus_start_served(test);

	bus->msgs[0].len = 0;
	KUNIT_EXPECT_EQ(test, i2c_transfer(bus->adap, bus->msgs, 1), 1);
	KUNIT_EXPECT_EQ(test, bus->served, 1);
}

static void i2c_virtio_refused(struct kunit *test)
{
	struct bus *bus = bus_start_served(test);

	bus->status = VIRTIO_I2C_MSG_ERR;
	KUNIT_EXPECT_EQ(test, bus_transfer(bus), -EIO);
}

static void i2c_virtio_second_refused(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task = bus_run(bus, bus_transfer);

	bus_reply(bus, bus_pop(bus));
	bus->status = VIRTIO_I2C_MSG_ERR;
	bus_reply(bus, bus_pop(bus));
	bus_expect_ret(bus, task, 1);
}

/* A device that returns a message without having written its status */
static void i2c_virtio_empty_reply(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task = bus_run(bus, bus_read);

	kunit_virtio_push(bus_pop(bus), 0);
	bus_expect_ret(bus, task, -EIO);
}

/* The same, but it has written the data and says so. */
static void i2c_virtio_reply_without_status(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task = bus_run(bus, bus_read);
	struct kunit_virtio_buf *buf = bus_pop(bus);

	kunit_virtio_push(buf, kunit_virtio_write(buf, "data", 4));
	bus_expect_ret(bus, task, -EIO);
}

static void i2c_virtio_cannot_add(struct kunit *test)
{
	struct bus *bus = bus_start_served(test);

	kunit_virtio_fail_maps(bus->kv, 1);
	KUNIT_EXPECT_EQ(test, bus_transfer(bus), -ENOMEM);
	KUNIT_EXPECT_EQ(test, bus_transfer(bus), 2);
}

/* The device is notified once, also if only some messages find room. */
static void i2c_virtio_no_room(struct kunit *test)
{
	struct bus *bus = bus_start(test, 4);

	kunit_virtio_serve(bus->kv, 0, bus_device, bus);
	KUNIT_EXPECT_EQ(test, bus_transfer(bus), 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(bus->kv, 0), 1);
}

static void bus_reply_at_once(void *data)
{
	struct bus *bus = data;
	struct kunit_virtio_buf *buf = kunit_virtio_pop(bus->kv, 0);

	if (buf)
		bus_reply(bus, buf);
}

/* A device that polls replies to the first message while the next is added. */
static void i2c_virtio_reply_during_add(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);

	kunit_virtio_irq_window(bus->kv, bus_reply_at_once, bus);
	kunit_virtio_serve(bus->kv, 0, bus_device, bus);
	KUNIT_EXPECT_EQ(test, bus_transfer(bus), 2);
	kunit_virtio_irq_window(bus->kv, NULL, NULL);
}

/* The device may write to the buffers of a caller who was interrupted. */
static void i2c_virtio_interrupted(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task = bus_run(bus, bus_transfer);
	struct kunit_virtio_buf *bufs[2];

	bufs[0] = bus_pop(bus);
	bufs[1] = bus_pop(bus);
	kunit_virtio_task_signal(task, SIGINT);
	bus_expect_ret(bus, task, -EINTR);

	bus_reply(bus, bufs[0]);
	bus_reply(bus, bufs[1]);
	KUNIT_EXPECT_EQ(test, bus->value[0], 0);

	kunit_virtio_serve(bus->kv, 0, bus_device, bus);
	KUNIT_EXPECT_EQ(test, bus_transfer(bus), 2);
}

/* It has the second message for longer than the first, which it refuses. */
static void i2c_virtio_refused_early(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task = bus_run(bus, bus_transfer);
	struct kunit_virtio_buf *bufs[2];

	bus->status = VIRTIO_I2C_MSG_ERR;
	bufs[0] = bus_pop(bus);
	bufs[1] = bus_pop(bus);
	bus_reply(bus, bufs[0]);
	bus_expect_ret(bus, task, -EIO);
	bus_reply(bus, bufs[1]);
}

static void i2c_virtio_broken(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task = bus_run(bus, bus_transfer);

	bus_pop(bus);
	virtio_break_device(kunit_virtio_vdev(bus->kv));
	bus_expect_ret(bus, task, -ENODEV);
	KUNIT_EXPECT_EQ(test, bus_transfer(bus), -EIO);
}

/* Removal ends a transfer that the device does not reply to. */
static void i2c_virtio_unplug(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task = bus_run(bus, bus_use_until_gone);

	bus_pop(bus);
	kunit_virtio_unplug(bus->kv);
	bus_expect_ret(bus, task, -ENODEV);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bus->kv), 0);
}

static int bus_unplug(void *data)
{
	struct bus *bus = data;

	kunit_virtio_unplug(bus->kv);

	return 0;
}

/* A device that is slow can still reply while it is removed. */
static void i2c_virtio_unplug_slow(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task, *unplug;
	struct kunit_virtio_buf *bufs[2];

	/* Longer than the test takes on any machine */
	bus->adap->timeout = 60 * HZ;
	task = bus_run(bus, bus_use_until_gone);
	bufs[0] = bus_pop(bus);
	bufs[1] = bus_pop(bus);
	unplug = bus_run(bus, bus_unplug);
	msleep(BUS_SLOW_MS);
	bus_reply(bus, bufs[0]);
	bus_reply(bus, bufs[1]);
	bus_expect_ret(bus, task, 2);
	bus_expect_ret(bus, unplug, 0);
}

static void i2c_virtio_unplug_after_signal(struct kunit *test)
{
	struct bus *bus = bus_start(test, 16);
	struct kunit_virtio_task *task = bus_run(bus, bus_use_until_gone);

	bus_pop(bus);
	kunit_virtio_task_kill(task);
	bus_expect_ret(bus, task, -EINTR);
	KUNIT_EXPECT_NE(test, kunit_virtio_mappings(bus->kv), 0);
	kunit_virtio_unplug(bus->kv);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bus->kv), 0);
}

static void i2c_virtio_sleep(struct kunit *test)
{
	struct bus *bus = bus_start_served(test);

	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no freeze without CONFIG_PM_SLEEP");

	KUNIT_ASSERT_EQ(test, kunit_virtio_freeze(bus->kv), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bus->kv), 0);
	/* The I2C core says that a client's driver is at fault. */
	kunit_warning_suppress(test)
		KUNIT_EXPECT_EQ(test, bus_transfer(bus), -ESHUTDOWN);
	KUNIT_ASSERT_EQ(test, kunit_virtio_restore(bus->kv), 0);
	KUNIT_EXPECT_EQ(test, bus_transfer(bus), 2);
}

static void i2c_virtio_needs_zero_length(struct kunit *test)
{
	static const u16 size = 16;
	static const struct kunit_virtio_params params = {
		.device_id = VIRTIO_ID_I2C_ADAPTER,
		.queue_sizes = &size,
		.num_queues = 1,
	};
	struct kunit_virtio *kv = kunit_virtio_alloc(test, &params);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, kv);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(kv));
}

static struct kunit_case i2c_virtio_cases[] = {
	KUNIT_CASE(i2c_virtio_write_and_read),
	KUNIT_CASE(i2c_virtio_zero_length),
	KUNIT_CASE(i2c_virtio_refused),
	KUNIT_CASE(i2c_virtio_second_refused),
	KUNIT_CASE(i2c_virtio_empty_reply),
	KUNIT_CASE(i2c_virtio_reply_without_status),
	KUNIT_CASE(i2c_virtio_cannot_add),
	KUNIT_CASE(i2c_virtio_no_room),
	KUNIT_CASE(i2c_virtio_reply_during_add),
	KUNIT_CASE(i2c_virtio_interrupted),
	KUNIT_CASE(i2c_virtio_refused_early),
	KUNIT_CASE(i2c_virtio_broken),
	KUNIT_CASE(i2c_virtio_unplug),
	KUNIT_CASE(i2c_virtio_unplug_slow),
	KUNIT_CASE(i2c_virtio_unplug_after_signal),
	KUNIT_CASE(i2c_virtio_sleep),
	KUNIT_CASE(i2c_virtio_needs_zero_length),
	{}
};

static struct kunit_suite i2c_virtio_suite = {
	.name = "i2c_virtio",
	.test_cases = i2c_virtio_cases,
};

kunit_test_suite(i2c_virtio_suite);

MODULE_DESCRIPTION("KUnit tests of the virtio I2C adapter driver");
MODULE_LICENSE("GPL");
