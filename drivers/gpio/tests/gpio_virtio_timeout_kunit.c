// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the virtio GPIO driver with devices that do not answer, or take
 * their time.
 */

#include <linux/array_size.h>
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/jiffies.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

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
	bank_expect_waiting(next);
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
	bank_task_expect(bank, task, 0);
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
	call = bank_call_held(bank, bank_call_get, 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(call->task,
							3 * BANK_TIMEOUT_MS));
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(call, 1);
}

static void gpio_virtio_timeout_refused_probe(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	bank->override = bank_refuse_0_hold_rest;
	bank_call_expect(bank_call(bank, bank_call_add, 0), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
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
static void gpio_virtio_timeout_lost_of_two(struct kunit *test)
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

static struct kunit_case gpio_virtio_timeout_cases[] = {
	KUNIT_CASE(gpio_virtio_timeout_late_reply),
	KUNIT_CASE(gpio_virtio_timeout_without_a_tag),
	KUNIT_CASE(gpio_virtio_timeout_slow_device),
	KUNIT_CASE(gpio_virtio_timeout_silent_probe),
	KUNIT_CASE(gpio_virtio_timeout_many_callers),
	KUNIT_CASE(gpio_virtio_timeout_lost_request),
	KUNIT_CASE(gpio_virtio_timeout_none),
	KUNIT_CASE(gpio_virtio_timeout_refused_probe),
	KUNIT_CASE(gpio_virtio_timeout_lost_of_two),
	{}
};

static struct kunit_suite gpio_virtio_timeout_suite = {
	.name = "gpio_virtio_timeout",
	.init = bank_shorten_timeout,
	.test_cases = gpio_virtio_timeout_cases,
};

kunit_test_suites(&gpio_virtio_timeout_suite);
