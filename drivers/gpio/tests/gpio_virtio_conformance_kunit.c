// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what the specification demands of virtio GPIO drivers, one
 * case for each sentence with a MUST or a MUST NOT. Most of these rules the
 * bank watches in all other cases as well.
 */

#include <linux/array_size.h>
#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/minmax.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "gpio_virtio_bank.h"

#define BANK_NAMES	"one\0two\0\0four\0\0\0\0eight"
#define BANK_NAMES_SIZE	sizeof(BANK_NAMES)

/**
 * struct bank_seen - the requests that came over the requestq
 * @messages: bits of the message types
 * @readable: least and most bytes that the device may read of a request
 * @writable: least and most bytes that it may write to the reply
 */
struct bank_seen {
	unsigned long messages;
	size_t readable[2];
	size_t writable[2];
};

static void bank_widen(size_t range[2], size_t size)
{
	range[0] = min(range[0], size);
	range[1] = max(range[1], size);
}

static bool bank_watch_requests(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req)
{
	struct bank_seen *seen = bank->override_data;
	size_t writable = kunit_virtio_writable(buf);

	/* The reply with the names is as long as these and a status. */
	if (req->type == cpu_to_le16(VIRTIO_GPIO_MSG_GET_NAMES))
		writable -= BANK_NAMES_SIZE - 1;

	__set_bit(le16_to_cpu(req->type) % BITS_PER_LONG, &seen->messages);
	bank_widen(seen->readable, kunit_virtio_readable(buf));
	bank_widen(seen->writable, writable);

	return false;
}

/*
 * A bank of which everything was asked that there is to ask for. Requests may
 * come until it is gone, so what notes them is allocated before.
 */
static struct bank *bank_exercise(struct kunit *test)
{
	struct bank_seen *seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);
	struct bank_irq *irq;
	struct bank *bank;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	seen->readable[0] = SIZE_MAX;
	seen->writable[0] = SIZE_MAX;
	bank = bank_alloc(test, BANK_PARAMS(8, .names = BANK_NAMES,
					    .names_size = BANK_NAMES_SIZE));
	bank->override_data = seen;
	bank->override = bank_watch_requests;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);

	KUNIT_EXPECT_EQ(test, bank->gc->direction_output(bank->gc, 2, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 2, 0), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
	irq = bank_request_irq(bank, 3, IRQF_TRIGGER_RISING);
	bank_expect_working(bank, 3);
	bank_release_irq(irq);
	bank_settle();
	bank_set_override(bank, NULL);

	return bank;
}

/* requestq, first sentence: messages travel over the requestq. */
static void gpio_virtio_conformance_messages_on_requestq(struct kunit *test)
{
	struct bank *bank = bank_exercise(test);
	struct bank_seen *seen = bank->override_data;

	KUNIT_EXPECT_EQ(test, seen->messages,
			BIT(VIRTIO_GPIO_MSG_GET_NAMES) |
			BIT(VIRTIO_GPIO_MSG_GET_DIRECTION) |
			BIT(VIRTIO_GPIO_MSG_SET_DIRECTION) |
			BIT(VIRTIO_GPIO_MSG_GET_VALUE) |
			BIT(VIRTIO_GPIO_MSG_SET_VALUE) |
			BIT(VIRTIO_GPIO_MSG_IRQ_TYPE));
	/* To unmask the interrupt, twice, is all that went over the eventq. */
	KUNIT_EXPECT_EQ(test, bank->unmasks, 2);
}

/* Each message comes with room for the reply to it. */
static void gpio_virtio_conformance_request_and_response(struct kunit *test)
{
	struct bank_seen *seen = bank_exercise(test)->override_data;

	KUNIT_EXPECT_EQ(test, seen->readable[0],
			sizeof(struct virtio_gpio_request));
	KUNIT_EXPECT_EQ(test, seen->writable[0],
			sizeof(struct virtio_gpio_response));
}

/* The driver fills in all of a request, also what the message does not use. */
static void gpio_virtio_conformance_request_filled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
						.features = BANK_PLAIN));

	/* They share the only slot, where traces of the last one could stay. */
	bank->gc->set(bank->gc, 7, 1);
	bank->gc->get(bank->gc, 6);
	bank->gc->direction_input(bank->gc, 5);
	bank->gc->get(bank->gc, 4);
	KUNIT_EXPECT_EQ(test, bank->num_log, 4);
	bank_expect_log(bank, 0, "\x05\x00\x07\x00\x01\x00\x00\x00");
	bank_expect_log(bank, 1, "\x04\x00\x06\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 2, "\x03\x00\x05\x00\x02\x00\x00\x00");
	bank_expect_log(bank, 3, "\x04\x00\x04\x00\x00\x00\x00\x00");
}

/* The device may read a request and may not write to it. */
static void gpio_virtio_conformance_request_read_only(struct kunit *test)
{
	struct bank *bank = bank_exercise(test);
	struct bank_seen *seen = bank->override_data;

	/* What may be written to is as large as the reply. */
	KUNIT_EXPECT_EQ(test, seen->writable[1],
			sizeof(struct virtio_gpio_response));
	/* And the rest is mapped for reading alone. */
	KUNIT_EXPECT_NULL(test, kunit_virtio_violation(bank->kv));
}

/* The reply is what the device makes of it. */
static void gpio_virtio_conformance_response_filled(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 2,
						.features = BANK_PLAIN));
	unsigned int i;

	for (i = 0; i < 8; i++) {
		bank->lines[i].value = !(i & 1);
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, i), !(i & 1));
	}
	bank_set_override(bank, bank_refuse);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), -EINVAL);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 1);
}

/* The device may write to the reply. */
static void gpio_virtio_conformance_response_writable(struct kunit *test)
{
	struct bank *bank = bank_exercise(test);
	struct bank_seen *seen = bank->override_data;

	/* What may be read is as large as the request. */
	KUNIT_EXPECT_EQ(test, seen->readable[1],
			sizeof(struct virtio_gpio_request));
	/* And the rest is mapped for writing. */
	KUNIT_EXPECT_NULL(test, kunit_virtio_violation(bank->kv));
	KUNIT_EXPECT_STREQ(test, bank->gc->names[7], "eight");
}

/* No IRQ messages to a device without interrupts */
static void gpio_virtio_conformance_no_irq_without_feature(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .features = BANK_PLAIN));
	struct gpio_desc *desc;

	desc = bank_get_line(bank, 5, GPIOD_IN);
	KUNIT_EXPECT_LT(test, gpiod_to_irq(desc), 0);
	bank_put_line(bank, desc);
	bank_put_line(bank, bank_get_line(bank, 5, GPIOD_OUT_HIGH));
	bank_settle();
	KUNIT_EXPECT_GT(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 0);
}

/* No IRQ messages for an output, whoever tries to make an interrupt of it */
static void gpio_virtio_conformance_no_irq_for_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_OUT_LOW);
	int irq = bank_to_irq(bank, 5);

	irq_set_irq_type(irq, IRQ_TYPE_EDGE_RISING);
	KUNIT_EXPECT_EQ(test, -EIO, request_irq(irq, bank_irq_handler,
						IRQF_TRIGGER_RISING, "kunit",
						bank));
	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 1), 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank_count(bank, VIRTIO_GPIO_MSG_IRQ_TYPE), 0);
}

/* A line with an interrupt does not become an output, even if that is disabled. */
static void gpio_virtio_conformance_no_irq_for_new_output(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct gpio_desc *desc = bank_get_line(bank, 5, GPIOD_IN);
	struct bank_irq *irq;

	irq = bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL,
			   IRQF_TRIGGER_RISING);
	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 1), -EIO);
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_settle();
	KUNIT_EXPECT_EQ(test, gpiod_direction_output(desc, 1), -EIO);
	bank_release_irq(irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->lines[5].irq_type,
			VIRTIO_GPIO_IRQ_TYPE_NONE);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->violations), 0);
}

/* An interrupt is disabled at the device when the driver is through with it. */
static void gpio_virtio_conformance_type_none_when_done(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		struct bank_irq *irq;

		irq = bank_request_irq(bank, i, irq_types[i].linux_type);
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
		bank_set_override(bank, NULL);
		bank_release_irq(irq);
		KUNIT_ASSERT_TRUE(test, bank_logs(bank, 1));
		KUNIT_EXPECT_TRUE(test, bank_armed(bank, i, false));
		KUNIT_EXPECT_EQ(test, bank_count(bank,
						 VIRTIO_GPIO_MSG_IRQ_TYPE), 1);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(bank->log[0].value), 0);
		KUNIT_EXPECT_EQ(test, bank->lines[i].irq_type,
				VIRTIO_GPIO_IRQ_TYPE_NONE);
	}
}

/* From one type to another by way of none */
static void gpio_virtio_conformance_disable_to_change_type(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_LEVEL_HIGH));
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x05\x00\x04\x00\x00\x00");

	/* A masked interrupt is an enabled one as well. */
	disable_irq(irq->irq);
	bank_edge(bank, 5);
	bank_set_override(bank, NULL);
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	enable_irq(irq->irq);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, bank->num_log, 2);
	bank_expect_log(bank, 0, "\x06\x00\x05\x00\x00\x00\x00\x00");
	bank_expect_log(bank, 1, "\x06\x00\x05\x00\x02\x00\x00\x00");
}

/* eventq, first sentence: an interrupt that is enabled and unmasked fires. */
static void gpio_virtio_conformance_enable_and_unmask(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irq_types); i++) {
		bank_request_irq(bank, i, irq_types[i].linux_type);
		bank_expect_working(bank, i);
		KUNIT_EXPECT_EQ(test, bank->lines[i].irq_type,
				irq_types[i].type);
	}
}

/* It is enabled first, as far as the device has said so. */
static void gpio_virtio_conformance_enable_before_unmask(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_call *call;

	bank_get_line(bank, 5, GPIOD_IN);
	bank_override_type(bank, bank_hold, VIRTIO_GPIO_MSG_IRQ_TYPE);
	call = bank_call(bank, bank_call_request_irq, 5);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(bank->kv, BANK_EVENTQ),
			0);

	bank_answer_all(bank);
	bank_call_expect(call, 0);
	bank_settle();
	KUNIT_EXPECT_EQ(test, bank->unmasks, 1);
}

/* Each line has a pair of buffers of its own. */
static void gpio_virtio_conformance_separate_pairs(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(32));
	unsigned int i, mappings;

	for (i = 0; i < 32; i++)
		bank_request_irq(bank, i, IRQF_TRIGGER_RISING);
	for (i = 0; i < 32; i++) {
		struct kunit_virtio_buf *buf;

		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
		buf = bank->lines[i].armed;
		KUNIT_EXPECT_EQ(test, kunit_virtio_readable(buf),
				sizeof(struct virtio_gpio_irq_request));
		KUNIT_EXPECT_EQ(test, kunit_virtio_writable(buf),
				sizeof(struct virtio_gpio_irq_response));
	}
	KUNIT_EXPECT_EQ(test, bank->unmasks, 32);

	/* An indirect table, a request and a reply for each */
	mappings = kunit_virtio_mappings(bank->kv);
	KUNIT_EXPECT_EQ(test, mappings, 3 * 32);
}

/* A line never has more than one, even if the device is late to return it. */
static void gpio_virtio_conformance_no_second_pair(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct bank_irq *irq = bank_request_irq(bank, 5, IRQF_TRIGGER_RISING);

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 5, true));
	disable_irq(irq->irq);
	enable_irq(irq->irq);
	bank_settle();
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);

	bank->lines[5].late = true;
	KUNIT_EXPECT_EQ(test, 0, irq_set_irq_type(irq->irq,
						  IRQ_TYPE_EDGE_FALLING));
	bank_settle();
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);

	bank_release_irq(irq);
	bank_add_irq(bank, irq->irq, bank_irq_handler, NULL,
		     IRQF_TRIGGER_RISING);
	bank_settle();
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);
	KUNIT_EXPECT_EQ(test, bank->unmasks, 1);

	bank_return_late(bank, 5, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	bank_expect_working(bank, 5);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 3);
}

static struct kunit_case gpio_virtio_conformance_cases[] = {
	KUNIT_CASE(gpio_virtio_conformance_messages_on_requestq),
	KUNIT_CASE(gpio_virtio_conformance_request_and_response),
	KUNIT_CASE(gpio_virtio_conformance_request_filled),
	KUNIT_CASE(gpio_virtio_conformance_request_read_only),
	KUNIT_CASE(gpio_virtio_conformance_response_filled),
	KUNIT_CASE(gpio_virtio_conformance_response_writable),
	KUNIT_CASE(gpio_virtio_conformance_no_irq_without_feature),
	KUNIT_CASE(gpio_virtio_conformance_no_irq_for_output),
	KUNIT_CASE(gpio_virtio_conformance_no_irq_for_new_output),
	KUNIT_CASE(gpio_virtio_conformance_type_none_when_done),
	KUNIT_CASE(gpio_virtio_conformance_disable_to_change_type),
	KUNIT_CASE(gpio_virtio_conformance_enable_and_unmask),
	KUNIT_CASE(gpio_virtio_conformance_enable_before_unmask),
	KUNIT_CASE(gpio_virtio_conformance_separate_pairs),
	KUNIT_CASE(gpio_virtio_conformance_no_second_pair),
	{}
};

static struct kunit_suite gpio_virtio_conformance_suite = {
	.name = "gpio_virtio_conformance",
	.test_cases = gpio_virtio_conformance_cases,
};

kunit_test_suites(&gpio_virtio_conformance_suite);
