// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of how the virtio GPIO driver comes and goes: of a probe that
 * fails, and of removal while lines are in use.
 */

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irqdomain.h>
#include <linux/property.h>
#include <linux/virtio.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "gpio_virtio_bank.h"

/* A probe that fails leaves nothing behind. */

static void gpio_virtio_probe_find_vqs_fails(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	kunit_virtio_fail_find_vqs(bank->kv, -EIO);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_expect_untouched(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);

	kunit_virtio_fail_find_vqs(bank->kv, 0);
	bank_expect_probed(bank);
}

/**
 * struct bad_queues - queues that the driver cannot work with
 * @name: what is wrong with them
 * @message: what the driver says of them
 * @params: the bank
 */
struct bad_queues {
	const char *name;
	const char *message;
	struct bank_params params;
};

static const struct bad_queues bad_queues[] = {
	{ "no requestq", "failed to find virtqueues",
	  { .ngpio = 8, .requestq = BANK_NO_QUEUE } },
	{ "no eventq", "failed to find virtqueues",
	  { .ngpio = 8, .eventq = BANK_NO_QUEUE } },
	{ "requestq too small", "requestq is too small",
	  { .ngpio = 8, .requestq = 1, .features = BANK_IRQ } },
	{ "eventq too small", "eventq is too small",
	  { .ngpio = 8, .eventq = 1, .features = BANK_IRQ } },
};

KUNIT_ARRAY_PARAM_DESC(bad_queues, bad_queues, name);

static void gpio_virtio_probe_bad_queues(struct kunit *test)
{
	const struct bad_queues *queues = test->param_value;
	struct bank *bank = bank_alloc(test, &queues->params);

	bank_watch(test, queues->message);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	bank_expect_untouched(bank);
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
}

/* With an indirect descriptor an event takes one entry. */
static void gpio_virtio_probe_small_queues(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 1,
							 .eventq = 1));

	bank_request_irq(bank, 2, IRQF_TRIGGER_RISING);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, 2, true));
}

static const u32 bank_hog_gpios[] = { 3, 0 };

static const struct property_entry bank_hog_props[] = {
	PROPERTY_ENTRY_BOOL("gpio-hog"),
	PROPERTY_ENTRY_U32_ARRAY("gpios", bank_hog_gpios),
	PROPERTY_ENTRY_BOOL("output-high"),
	{}
};

static const struct software_node bank_hog_parent = {
	.name = "kunit-gpio-hogs",
};

static const struct software_node bank_hog = {
	.name = "kunit-gpio-hog",
	.parent = &bank_hog_parent,
	.properties = bank_hog_props,
};

static const struct software_node *bank_hog_nodes[] = {
	&bank_hog_parent, &bank_hog, NULL
};

KUNIT_DEFINE_ACTION_WRAPPER(bank_unregister_nodes,
			    software_node_unregister_node_group,
			    const struct software_node * const *);

/* gpiolib refuses a chip with a line that firmware wants as an output. */
static void gpio_virtio_probe_chip_fails(struct kunit *test)
{
	struct bank *bank;

	KUNIT_ASSERT_EQ(test, 0,
			software_node_register_node_group(bank_hog_nodes));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, bank_unregister_nodes,
						  (void *)bank_hog_nodes));

	bank = bank_describe(test, BANK_PARAMS(8), &bank_hog_parent);
	bank_override_type(bank, bank_refuse, VIRTIO_GPIO_MSG_SET_DIRECTION);
	KUNIT_EXPECT_NE(test, bank_attach(bank), 1);
	KUNIT_EXPECT_GT(test, bank->num_log, 8);
	bank_expect_untouched(bank);

	bank_set_override(bank, NULL);
	bank_expect_probed(bank);
	KUNIT_EXPECT_EQ(test, bank->lines[3].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->lines[3].value, 1);
}

/* Each allocation fails in turn. The names are one that the driver survives. */
static void gpio_virtio_probe_nomem(struct kunit *test)
{
	struct bank *bank;
	unsigned int nth, failed = 0;
	bool through = false;
	int ret;

	bank_init_nomem(test);
	bank = bank_alloc(test, BANK_PARAMS(4, .names = "a\0b\0c\0d",
					    .names_size = 8));
	kunit_virtio_fail_find_vqs(bank->kv, -ENOENT);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	kunit_virtio_fail_find_vqs(bank->kv, 0);

	for (nth = 1; !through && nth < BANK_MAX_ALLOCS; nth++) {
		bank_fail_alloc(nth);
		ret = bank_attach(bank);
		through = bank_failed_no_alloc();

		if (ret == 1) {
			device_release_driver(&kunit_virtio_vdev(bank->kv)->dev);
		} else {
			KUNIT_ASSERT_FALSE(test, through);
			failed++;
		}
		bank_expect_untouched(bank);
	}

	KUNIT_EXPECT_TRUE(test, through);
	KUNIT_EXPECT_GT(test, failed, 20);
	bank_expect_probed(bank);
}

/* The caller hears of it, and may try again. */
static void gpio_virtio_probe_nomem_irq(struct kunit *test)
{
	unsigned int nth, failed = 0;
	bool through = false;
	struct bank *bank;
	int irq, ret;

	bank_init_nomem(test);
	bank = bank_start(test, BANK_PARAMS(4));
	irq = bank->gc->to_irq(bank->gc, 2);
	KUNIT_ASSERT_GT(test, irq, 0);

	for (nth = 1; !through && nth < BANK_MAX_ALLOCS; nth++) {
		bank_fail_alloc(nth);
		ret = request_irq(irq, bank_irq_handler, IRQF_TRIGGER_RISING,
				  "kunit", bank);
		through = bank_failed_no_alloc();

		if (!ret) {
			KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, true));
			free_irq(irq, bank);
			KUNIT_EXPECT_TRUE(test, bank_armed(bank, 2, false));
		} else {
			KUNIT_EXPECT_EQ(test, ret, -ENOMEM);
			KUNIT_ASSERT_FALSE(test, through);
			failed++;
		}
	}

	KUNIT_EXPECT_TRUE(test, through);
	KUNIT_EXPECT_GE(test, failed, 2);
	/* Lines are freed without waiting, but this comes after it. */
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

/* Callers hear of it as well, and nothing is sent. */
static void gpio_virtio_probe_nomem_request(struct kunit *test)
{
	struct bank_batch *batch;
	struct bank *bank;

	bank_init_nomem(test);
	bank = bank_start(test, BANK_PARAMS(8));
	batch = bank_batch(bank, 0, 8);
	bank_fail_alloc(1);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 2), -ENOMEM);
	KUNIT_EXPECT_FALSE(test, bank_failed_no_alloc());
	bank_fail_alloc(1);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), -ENOMEM);
	KUNIT_EXPECT_FALSE(test, bank_failed_no_alloc());
	KUNIT_EXPECT_EQ(test, bank->num_log, 0);
	KUNIT_EXPECT_EQ(test, bank_batch_get(batch), 0);
}

static struct kunit_case gpio_virtio_probe_cases[] = {
	KUNIT_CASE(gpio_virtio_probe_find_vqs_fails),
	KUNIT_CASE_PARAM(gpio_virtio_probe_bad_queues, bad_queues_gen_params),
	KUNIT_CASE(gpio_virtio_probe_small_queues),
	KUNIT_CASE(gpio_virtio_probe_chip_fails),
	KUNIT_CASE_SLOW(gpio_virtio_probe_nomem),
	KUNIT_CASE(gpio_virtio_probe_nomem_irq),
	KUNIT_CASE(gpio_virtio_probe_nomem_request),
	{}
};

static struct kunit_suite gpio_virtio_probe_suite = {
	.name = "gpio_virtio_probe",
	.test_cases = gpio_virtio_probe_cases,
};

/* The driver comes and goes */

static void gpio_virtio_life_rebind(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8));
	struct device *dev = &kunit_virtio_vdev(bank->kv)->dev;

	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 1, 1), 0);
	device_release_driver(dev);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);

	KUNIT_ASSERT_EQ(test, device_attach(dev), 1);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), 1);
}

static void gpio_virtio_life_two_chips(struct kunit *test)
{
	struct bank *one = bank_start(test, BANK_PARAMS(8));
	struct bank *two = bank_start(test, BANK_PARAMS(8));

	KUNIT_EXPECT_EQ(test, one->gc->set(one->gc, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, two->gc->get(two->gc, 1), 0);
	kunit_virtio_unplug(one->kv);
	KUNIT_EXPECT_EQ(test, two->gc->set(two->gc, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, two->gc->get(two->gc, 1), 1);
}

/* Sixteen threads wait: some for a reply and some for a tag. */
static void bank_16_waiters(struct bank *bank, struct bank_call *call[16])
{
	unsigned int i;

	bank_set_override(bank, bank_hold);
	for (i = 0; i < 16; i++)
		call[i] = bank_call(bank, bank_call_get, i % 8);
	KUNIT_ASSERT_TRUE(bank->test, bank_holds(bank, 8));
	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_TRUE(bank->test, bank_call_sleeps(call[i]));
}

static void gpio_virtio_life_unplug_with_16_waiters(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .requestq = 8));
	struct bank_call *call[16], *unplug;
	unsigned int i;

	bank_16_waiters(bank, call);
	unplug = bank_call(bank, bank_call_unplug, 0);
	for (i = 0; i < 16; i++)
		bank_call_expect(call[i], -ENODEV);
	bank_call_expect(unplug, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

static int bank_call_break(void *data)
{
	struct bank_call *call = data;

	virtio_break_device(kunit_virtio_vdev(call->bank->kv));

	return 0;
}

static int bank_call_shutdown(void *data)
{
	struct bank_call *call = data;
	struct device *dev = &kunit_virtio_vdev(call->bank->kv)->dev;

	dev->bus->shutdown(dev);

	return 0;
}

/**
 * struct device_end - a way in which a device comes to its end
 * @name: what it is called
 * @end: brings it there
 * @unbinds: the driver leaves the device
 */
struct device_end {
	const char *name;
	int (*end)(void *data);
	bool unbinds;
};

static const struct device_end device_ends[] = {
	{ "unplug", bank_call_unplug, true },
	{ "unbind", bank_call_unbind, true },
	{ "break", bank_call_break, false },
	{ "shutdown", bank_call_shutdown, false },
};

KUNIT_ARRAY_PARAM_DESC(device_end, device_ends, name);

static int bank_call_free_16_irqs(void *data)
{
	struct bank_call *call = data;
	struct gpio_chip *gc = call->bank->gc;
	unsigned int i;

	for (i = 0; i < 16; i++)
		free_irq(irq_find_mapping(gc->irq.domain, i), call->bank);

	return 0;
}

/* gpiolib frees interrupts that are in use when the chip goes. */
static void gpio_virtio_life_end_with_16_waiters(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(16, .requestq = 8));
	const struct device_end *kind = test->param_value;
	struct bank_call *call[16];
	unsigned int i;

	bank_arm_16_lines(bank);
	bank_16_waiters(bank, call);
	bank_call_expect(bank_call(bank, kind->end, 0), 0);
	for (i = 0; i < 16; i++)
		bank_call_expect(call[i], -ENODEV);
	for (i = 0; i < 16; i++)
		bank_edge(bank, i);

	if (!kind->unbinds) {
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), -ENODEV);
		bank_call_expect(bank_call(bank, bank_call_free_16_irqs, 0), 0);
		kunit_virtio_unplug(bank->kv);
	}
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&bank->events), 0);
}

/* A device that never answers the probe, with and without names to ask for */
static void gpio_virtio_life_break_in_probe(struct kunit *test)
{
	unsigned int names_size;

	for (names_size = 0; names_size <= 8; names_size += 8) {
		struct bank_call *add;
		struct bank *bank;

		bank = bank_alloc(test, BANK_PARAMS(8,
						    .names_size = names_size));
		bank->override = bank_hold;
		add = bank_call(bank, bank_call_add, 0);
		KUNIT_ASSERT_TRUE(test, bank_holds(bank, 1));
		bank_expect_waiting(add);

		virtio_break_device(kunit_virtio_vdev(bank->kv));
		bank_call_expect(add, 0);
		KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
		kunit_virtio_unplug(bank->kv);
		KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	}
}

/* The error of the device, not that of the line that was refused before */
static void gpio_virtio_life_break_after_refusal(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));
	struct bank_call *add;

	bank->override = bank_refuse_0_hold_rest;
	add = bank_call(bank, bank_call_add, 0);
	KUNIT_ASSERT_TRUE(test, bank_holds(bank, 7));
	virtio_break_device(kunit_virtio_vdev(bank->kv));
	bank_call_expect(add, 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

static struct kunit_case gpio_virtio_life_cases[] = {
	KUNIT_CASE(gpio_virtio_life_rebind),
	KUNIT_CASE(gpio_virtio_life_two_chips),
	KUNIT_CASE(gpio_virtio_life_unplug_with_16_waiters),
	KUNIT_CASE_PARAM(gpio_virtio_life_end_with_16_waiters,
			 device_end_gen_params),
	KUNIT_CASE(gpio_virtio_life_break_in_probe),
	KUNIT_CASE(gpio_virtio_life_break_after_refusal),
	{}
};

static struct kunit_suite gpio_virtio_life_suite = {
	.name = "gpio_virtio_life",
	.test_cases = gpio_virtio_life_cases,
};

kunit_test_suites(&gpio_virtio_probe_suite, &gpio_virtio_life_suite);
