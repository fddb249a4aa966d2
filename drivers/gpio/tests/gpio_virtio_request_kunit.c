// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the requests of the virtio GPIO driver: their bytes, replies
 * in any order and of any kind, virtqueues that are full, and callers that are
 * killed.
 */

#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/gpio/driver.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/virtio.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

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
	KUNIT_EXPECT_EQ(test, bank->lines[2].driven, BIT(1));
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

	KUNIT_EXPECT_EQ(test, bank->lines[5].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	bank_set_override(bank, NULL);
	bank_put_line(bank, desc);

	KUNIT_ASSERT_TRUE(test, bank_logs(bank, 1));
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

/*
 * Room for what an override notes. Requests may come until the device is gone,
 * so it has to be allocated before.
 */
static size_t *bank_alloc_sizes(struct kunit *test)
{
	size_t *sizes = kunit_kcalloc(test, 2, sizeof(*sizes), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sizes);

	return sizes;
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
	size_t *sizes = bank_alloc_sizes(test);
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	bank->override_data = sizes;
	bank_set_override(bank, bank_check_sizes);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 0);
	KUNIT_EXPECT_EQ(test, sizes[0], 8);
	KUNIT_EXPECT_EQ(test, sizes[1], 2);
	bank_set_override(bank, NULL);
}

static void gpio_virtio_wire_sizes_names(struct kunit *test)
{
	size_t *sizes = bank_alloc_sizes(test);
	struct bank *bank = bank_alloc(test, BANK_PARAMS(1, .names = "name",
							 .names_size = 5));

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

	call = bank_call_held(bank, bank_call_get, 0);
	bank_expect_waiting(call);
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
	bool held;

	stays = bank_call_held(bank, bank_call_get, 2);
	last = bank->held[0];

	for (i = 0; i < 8; i++) {
		bank->num_held = 0;
		first = bank_call(bank, bank_call_get, 0);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));

		kunit_virtio_irq_window(bank->kv, bank_answer_first, bank);
		second = bank_call(bank, bank_call_get, 1);
		held = bank_holds(bank, 2);
		kunit_virtio_irq_window(bank->kv, NULL, NULL);
		KUNIT_ASSERT_TRUE(test, held);

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
	unsigned int i;
	int ret;

	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);
	if (!chip.gc)
		return -ENODEV;

	for (i = 0; i < call->rounds; i++) {
		ret = chip.gc->set(chip.gc, call->gpio, i & 1);
		if (ret)
			return ret;
		ret = bank_call_get(call);
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

	first = bank_call_held(bank, bank_call_get, 2);
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
		KUNIT_ASSERT_TRUE(test, bank_call_sleeps(call[i]));
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

	killed = bank_call_held(bank, bank_call_get, 0);
	kunit_virtio_task_kill(killed->task);
	bank_call_expect(killed, -EINTR);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 2);

	next = bank_call(bank, bank_call_get, 1);
	bank_expect_waiting(next);
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 1);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	bank_expect_waiting(next);
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);
	bank_call_expect(next, 0);
}

/* A waiter is killed before there was a tag for its request. */
static void gpio_virtio_request_killed_in_backlog(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *first, *killed, *last;

	first = bank_call_held(bank, bank_call_get, 0);
	killed = bank_call(bank, bank_call_get, 1);
	KUNIT_ASSERT_TRUE(test, bank_call_sleeps(killed));
	last = bank_call(bank, bank_call_get, 2);
	KUNIT_ASSERT_TRUE(test, bank_call_sleeps(last));

	kunit_virtio_task_kill(killed->task);
	bank_call_expect(killed, -EINTR);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 0);
	bank_call_expect(first, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));
	KUNIT_EXPECT_EQ(test, le16_to_cpu(bank->log[1].gpio), 2);
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(last, 1);
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
static void gpio_virtio_request_alarm(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	call = bank_call_held(bank, bank_call_get_alarmed, 2);
	bank_expect_waiting(call);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK, 1);
	bank_call_expect(call, 1);
}

/* The device returns a buffer that it never got, which breaks the queue. */
static void gpio_virtio_request_bogus_reply(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4));
	struct bank_call *call;
	u16 head;

	call = bank_call_held(bank, bank_call_get, 0);
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

	first = bank_call_held(bank, bank_call_get, 0);
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
	call = bank_call_held(bank, bank_call_get, 2);
	bank_push_noirq(bank->held[0], &res, sizeof(res));
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
	KUNIT_CASE(gpio_virtio_request_alarm),
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

kunit_test_suites(&gpio_virtio_wire_suite, &gpio_virtio_request_suite);
