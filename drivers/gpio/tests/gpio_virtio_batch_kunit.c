// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what the virtio GPIO driver does with lines: requests for
 * several of them at once, directions, and lines that are freed.
 */

#include <linux/array_size.h>
#include <linux/bitmap.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/property.h>
#include <linux/virtio.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

/* Several lines at once */

KUNIT_ARRAY_PARAM_DESC(queue_size, queue_sizes, name);

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

	bank_task_expect(bank, task, 0);
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
	for (i = 0; i < 32; i++)
		bank_push_noirq(bank->held[i], reply, sizeof(reply));
	kunit_virtio_interrupt(bank->kv, BANK_REQUESTQ);

	bank_task_expect(bank, task, 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(batch->bits, 32), 32);
}

/**
 * struct two_failures - lines for which requests fail
 * @name: which comes first
 * @empty: gets an empty reply
 * @refused: is refused
 * @ret: what a caller for both gets
 */
struct two_failures {
	const char *name;
	u16 empty;
	u16 refused;
	int ret;
};

static const struct two_failures two_failures[] = {
	{ "malformed first", 5, 9, -EIO },
	{ "refused first", 9, 5, -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(two_failures, two_failures, name);

static bool bank_refuse_some(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	const struct two_failures *lines = bank->override_data;
	u16 gpio = le16_to_cpu(req->gpio);

	if (gpio == lines->empty)
		kunit_virtio_push(buf, 0);

	return gpio == lines->empty ||
	       (gpio == lines->refused && bank_refuse(bank, buf, req));
}

/* The first failure counts, and the other lines are set all the same. */
static void gpio_virtio_batch_some_fail(struct kunit *test)
{
	const struct two_failures *lines = test->param_value;
	struct bank *bank = bank_start(test, BANK_PARAMS(16));
	struct bank_batch *batch = bank_batch(bank, 0, 16);
	unsigned int i;

	bank->override_data = (void *)lines;
	bank_set_override(bank, bank_refuse_some);
	bitmap_fill(batch->bits, 16);
	KUNIT_EXPECT_EQ(test, bank_batch_set(batch), lines->ret);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_EQ(test, bank->lines[i].value,
				i != lines->empty && i != lines->refused);

	__clear_bit(lines->empty, batch->mask);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), -EINVAL);
	__clear_bit(lines->refused, batch->mask);
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
	bank_task_expect(bank, task, -EINTR);

	bank_set_override(bank, NULL);
	for (i = 0; i < 8; i++)
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 1);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(batch->bits, 32), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 32);
}

/* Who reads all lines is killed when so many requests are not answered. */
static void bank_expect_batch_killed(struct bank *bank, bank_override_t override,
				     unsigned int held)
{
	struct bank_batch *batch = bank_batch(bank, 0, bank->params.ngpio);
	struct kunit *test = bank->test;
	struct kunit_virtio_task *task;

	bank_set_override(bank, override);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, held));
	kunit_virtio_task_kill(task);
	bank_task_expect(bank, task, -EINTR);
}

/* Whoever reads several lines is told that he was killed. */
static void gpio_virtio_batch_refused_and_killed(struct kunit *test)
{
	bank_expect_batch_killed(bank_start(test, BANK_PARAMS(8)),
				 bank_refuse_0_hold_rest, 7);
}

static bool bank_refuse_0_hold_64(struct bank *bank, struct kunit_virtio_buf *buf,
				  const struct virtio_gpio_request *req)
{
	if (!req->gpio)
		return bank_refuse(bank, buf, req);

	return le16_to_cpu(req->gpio) >= 64 && bank_hold(bank, buf, req);
}

/* The same, when the first 64 lines are read and one of them is refused. */
static void gpio_virtio_batch_second_killed(struct kunit *test)
{
	bank_expect_batch_killed(bank_start(test, BANK_PARAMS(66)),
				 bank_refuse_0_hold_64, 2);
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
	bank_task_expect(bank, task, -ENODEV);
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
	for (i = 0; i < ARRAY_SIZE(task); i++)
		bank_task_expect(bank, task[i], 0);
}

/* A long virtqueue does not fill up with the requests of one call. */
static void gpio_virtio_batch_64_in_flight(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(80, .requestq = 256));
	struct bank_batch *batch = bank_batch(bank, 0, 64);
	struct kunit_virtio_task *task;
	struct bank_call *call;
	unsigned int i;

	bank_set_override(bank, bank_hold);
	task = bank_batch_run(batch, bank_batch_get);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 64));
	call = bank_call(bank, bank_call_get, 64);
	bank_expect_waiting(call);
	KUNIT_EXPECT_EQ(test, bank_num_held(bank), 64);

	bank_set_override(bank, NULL);
	for (i = 0; i < 64; i++)
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 0);
	bank_task_expect(bank, task, 0);
	bank_call_expect(call, 0);
}

static struct kunit_case gpio_virtio_batch_cases[] = {
	KUNIT_CASE(gpio_virtio_batch_64_lines),
	KUNIT_CASE(gpio_virtio_batch_64_in_flight),
	KUNIT_CASE(gpio_virtio_batch_wire),
	KUNIT_CASE(gpio_virtio_batch_no_lines),
	KUNIT_CASE(gpio_virtio_batch_gpiolib),
	KUNIT_CASE_PARAM(gpio_virtio_batch_larger_than_queue,
			 queue_size_gen_params),
	KUNIT_CASE(gpio_virtio_batch_out_of_order),
	KUNIT_CASE(gpio_virtio_batch_one_interrupt),
	KUNIT_CASE_PARAM(gpio_virtio_batch_some_fail, two_failures_gen_params),
	KUNIT_CASE(gpio_virtio_batch_killed),
	KUNIT_CASE(gpio_virtio_batch_refused_and_killed),
	KUNIT_CASE(gpio_virtio_batch_second_killed),
	KUNIT_CASE(gpio_virtio_batch_break),
	KUNIT_CASE(gpio_virtio_batch_threads),
	{}
};

static struct kunit_suite gpio_virtio_batch_suite = {
	.name = "gpio_virtio_batch",
	.test_cases = gpio_virtio_batch_cases,
};

/* Directions, which the driver remembers */

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

/* The driver asks for a direction, and somebody changes it meanwhile. */
static struct bank_call *bank_ask_and_change(struct bank *bank, struct bank_call **change)
{
	struct kunit *test = bank->test;
	struct bank_call *ask;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 0), 0);
	bank_set_override(bank, bank_refuse);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_input(bank->gc, 3), -EINVAL);

	ask = bank_call_held(bank, bank_call_direction, 3);
	*change = bank_call(bank, bank_call_input, 3);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 2));

	return ask;
}

/*
 * A question is on its way when the direction changes, and who changed it is
 * killed before the answer. The answer to the question is out of date then.
 */
static void gpio_virtio_direction_abandoned(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *change, *ask;

	ask = bank_ask_and_change(bank, &change);
	kunit_virtio_task_kill(change->task);
	bank_call_expect(change, -EINTR);

	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK,
		   VIRTIO_GPIO_DIRECTION_OUT);
	bank_call_expect(ask, GPIO_LINE_DIRECTION_OUT);
	bank->lines[3].direction = VIRTIO_GPIO_DIRECTION_IN;
	bank_reply(bank->held[1], VIRTIO_GPIO_STATUS_OK, 0);

	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank_direction(bank, 3), GPIO_LINE_DIRECTION_IN);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
}

/* As above, but the change fails, and nobody knows what the device has done. */
static void gpio_virtio_direction_malformed_change(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *change, *ask;

	ask = bank_ask_and_change(bank, &change);
	bank_reply(bank->held[0], VIRTIO_GPIO_STATUS_OK,
		   VIRTIO_GPIO_DIRECTION_OUT);
	bank_call_expect(ask, GPIO_LINE_DIRECTION_OUT);
	bank->lines[3].direction = VIRTIO_GPIO_DIRECTION_IN;
	kunit_virtio_push(bank->held[1], 0);
	bank_call_expect(change, -EIO);

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

static const u32 bank_reserved[] = { 2, 3 };

static const struct property_entry bank_reserved_props[] = {
	PROPERTY_ENTRY_U32_ARRAY("gpio-reserved-ranges", bank_reserved),
	{}
};

static const struct software_node bank_reserved_node = {
	.name = "kunit-gpio-reserved",
	.properties = bank_reserved_props,
};

/* Lines that firmware reserves are not asked for anything. */
static void gpio_virtio_direction_reserved(struct kunit *test)
{
	struct bank *bank = bank_describe(test, BANK_PARAMS(8),
					  &bank_reserved_node);
	unsigned int i, gpio;

	KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
	KUNIT_EXPECT_EQ(test, bank->num_log, 5);
	for (i = 0; i < bank->num_log; i++) {
		gpio = le16_to_cpu(bank->log[i].gpio);
		KUNIT_EXPECT_TRUE(test, gpio < 2 || gpio > 4);
	}
}

static struct kunit_case gpio_virtio_direction_cases[] = {
	KUNIT_CASE(gpio_virtio_direction_probe),
	KUNIT_CASE(gpio_virtio_direction_probe_wire),
	KUNIT_CASE(gpio_virtio_direction_no_round_trip),
	KUNIT_CASE(gpio_virtio_direction_none),
	KUNIT_CASE(gpio_virtio_direction_after_failure),
	KUNIT_CASE(gpio_virtio_direction_abandoned),
	KUNIT_CASE(gpio_virtio_direction_malformed_change),
	KUNIT_CASE(gpio_virtio_direction_unknown),
	KUNIT_CASE(gpio_virtio_direction_refused),
	KUNIT_CASE(gpio_virtio_direction_reserved),
	{}
};

static struct kunit_suite gpio_virtio_direction_suite = {
	.name = "gpio_virtio_direction",
	.test_cases = gpio_virtio_direction_cases,
};

/* Lines are freed without anybody waiting for the device. */

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

	first = bank_call_held(bank, bank_call_get, 0);
	again = bank_call(bank, bank_call_input, 6);
	KUNIT_ASSERT_TRUE(test, bank_call_sleeps(again));
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
	bank_expect_log(bank, 1, "\x03\x00\x06\x00\x02\x00\x00\x00");
	bank_expect_log(bank, 2, "\x03\x00\x06\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 3, "\x03\x00\x02\x00\x00\x00\x00\x00");
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

/* The same while the request that deactivates the line waits for a tag */
static void gpio_virtio_free_direction_without_a_tag(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
							 .features = BANK_PLAIN));
	struct bank_call *first, *ask;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank->gc->direction_output(bank->gc, 3, 1), 0);
	first = bank_call_held(bank, bank_call_get, 0);
	bank_call_expect(bank_call(bank, bank_call_free, 3), 0);
	ask = bank_call(bank, bank_call_direction, 3);
	bank_expect_waiting(ask);

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, i + 1));
		bank_reply(bank->held[i], VIRTIO_GPIO_STATUS_OK, 0);
	}
	bank_call_expect(first, 0);
	bank_call_expect(ask, GPIO_LINE_DIRECTION_IN);
}

/* It is sent with the next request, or after a while. */
static void gpio_virtio_free_cannot_be_added(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));

	virtio_gpio_poll_ms = 1000;
	kunit_virtio_fail_maps(bank->kv, 1);
	bank->gc->free(bank->gc, 2);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->num_log, 3);
	kunit_virtio_fail_maps(bank->kv, 1);
	bank->gc->free(bank->gc, 2);
	KUNIT_EXPECT_TRUE(test, bank_logs(bank, 4));
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
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 2);

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
	KUNIT_CASE(gpio_virtio_free_direction_without_a_tag),
	KUNIT_CASE(gpio_virtio_free_cannot_be_added),
	KUNIT_CASE(gpio_virtio_free_refused),
	KUNIT_CASE(gpio_virtio_free_on_broken_device),
	{}
};

static struct kunit_suite gpio_virtio_free_suite = {
	.name = "gpio_virtio_free",
	.test_cases = gpio_virtio_free_cases,
};

kunit_test_suites(&gpio_virtio_batch_suite, &gpio_virtio_direction_suite,
		  &gpio_virtio_free_suite);
