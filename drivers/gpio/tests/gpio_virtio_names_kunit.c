// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of what the virtio GPIO driver makes of the config space of a
 * device, and of the names of lines.
 */

#include <linux/array_size.h>
#include <linux/bitops.h>
#include <linux/container_of.h>
#include <linux/gfp.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/property.h>
#include <linux/string.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpiolib.h"
#include "gpio_virtio_bank.h"

/* Config space and names */

static void gpio_virtio_config_chip(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(40));

	KUNIT_EXPECT_EQ(test, bank->gc->ngpio, 40);
	KUNIT_EXPECT_TRUE(test, bank->gc->can_sleep);
	KUNIT_EXPECT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
}

static void gpio_virtio_config_no_lines(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(0));

	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

static void gpio_virtio_config_no_queues(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(8));

	kunit_virtio_fail_find_vqs(bank->kv, -ENOENT);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

/* Reserved for future use: what is there means nothing to this driver. */
static void gpio_virtio_config_padding(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(8, .padding = 0xff));

	KUNIT_EXPECT_EQ(test, bank->gc->ngpio, 8);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 7, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 7), 1);
}

static void gpio_virtio_config_names(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(3,
						.names = "MMC-CD\0\0Red LED",
						.names_size = 16));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "MMC-CD");
	KUNIT_EXPECT_NULL(test, bank->gc->names[1]);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[2], "Red LED");
}

/*
 * One name too few: the string of the last line would start at the first byte
 * behind the block. With these sizes the reply fills its memory to the end, and
 * KASAN sees who reads on.
 */
static void gpio_virtio_config_names_too_few(struct kunit *test)
{
	static const u32 sizes[] = { 4, 39, 71 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct bank *bank;

		bank = bank_start(test, BANK_PARAMS(sizes[i] + 1,
						    .names_size = sizes[i]));
		KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
		KUNIT_EXPECT_NULL(test, bank->gc->names[sizes[i]]);
		KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 0), 0);
	}
}

static void gpio_virtio_config_names_refused(struct kunit *test)
{
	struct bank *bank = bank_alloc(test, BANK_PARAMS(2, .names = "a\0b",
							 .names_size = 4));

	bank->override = bank_refuse;
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(bank->kv), 0);
	KUNIT_EXPECT_TRUE(test, kunit_virtio_bound(bank->kv));
	bank_find_chip(bank);
	KUNIT_EXPECT_NULL(test, bank->gc->names);
}

/* As many lines as the config space can announce */
static void gpio_virtio_config_65535_lines(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(65535));

	KUNIT_EXPECT_EQ(test, bank->gc->ngpio, 65535);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 65534, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 65534), 1);
}

static struct kunit_case gpio_virtio_config_cases[] = {
	KUNIT_CASE(gpio_virtio_config_chip),
	KUNIT_CASE(gpio_virtio_config_no_lines),
	KUNIT_CASE(gpio_virtio_config_no_queues),
	KUNIT_CASE(gpio_virtio_config_padding),
	KUNIT_CASE(gpio_virtio_config_names),
	KUNIT_CASE(gpio_virtio_config_names_too_few),
	KUNIT_CASE(gpio_virtio_config_names_refused),
	KUNIT_CASE_SLOW(gpio_virtio_config_65535_lines),
	{}
};

static struct kunit_suite gpio_virtio_config_suite = {
	.name = "gpio_virtio_config",
	.test_cases = gpio_virtio_config_cases,
};

/* Names, which come from the device or from firmware */

/**
 * struct names_block - a block of names for four lines
 * @name: what is wrong with it
 * @size: size in bytes
 * @block: the bytes
 * @kept: the names that lines have then
 */
struct names_block {
	const char *name;
	u32 size;
	const char *block;
	const char *kept[4];
};

static const struct names_block bad_names[] = {
	{ "a name too many", 10, "a\0b\0c\0d\0e", { "a", "b", "c", "d" } },
	{ "a name too few", 6, "a\0b\0c", { "a", "b", "c" } },
	{ "no end of the last name", 7, "a\0b\0c\0d", { "a", "b", "c" } },
	{ "no end of any name", 8, "abcdefgh", { } },
	{ "line feed", 9, "a\0b\0c\n\0d", { "a", "b", NULL, "d" } },
	{ "escape", 8, "a\0\033\0c\0d", { "a", NULL, "c", "d" } },
	{ "delete", 8, "\177\0b\0c\0d", { NULL, "b", "c", "d" } },
	{ "several things", 7, "a\0a\0\t\0d", { "a", "a" } },
};

KUNIT_ARRAY_PARAM_DESC(bad_names, bad_names, name);

/* These names are not used, all others are, and the log has a word on it. */
static void gpio_virtio_names_bad(struct kunit *test)
{
	const struct names_block *names = test->param_value;
	struct bank *bank;
	unsigned int i;

	bank_watch_log(test);
	bank = bank_start(test, BANK_PARAMS(4, .names = names->block,
					    .names_size = names->size));
	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_STREQ(test, bank->gc->names[i] ?: "",
				   names->kept[i] ?: "");
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 3, 1), 0);
}

static void gpio_virtio_names_some(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4, .names = "a\0\0\0d",
							 .names_size = 6));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "a");
	KUNIT_EXPECT_NULL(test, bank->gc->names[1]);
	KUNIT_EXPECT_NULL(test, bank->gc->names[2]);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[3], "d");
}

/* A block without a name in it is right, and has no names all the same. */
static void gpio_virtio_names_none(struct kunit *test)
{
	struct bank *bank;
	unsigned int i;

	bank_watch_log(test);
	bank = bank_start(test, BANK_PARAMS(4, .names = "\0\0\0",
					    .names_size = 4));
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_NULL(test, bank->gc->names ? bank->gc->names[i] :
							  NULL);
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);
}

/* What is odd about these is no reason to do without them. */
static void gpio_virtio_names_odd(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(4,
						.names = "~\0 !\0%s%n\0a",
						.names_size = 12));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "~");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[1], " !");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[2], "%s%n");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[3], "a");
}

/* Names that Linux 7.3 finds: in UTF-8, and twice the same */
static void gpio_virtio_names_kept(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(3,
				.names = "NC\0NC\0L\xc3\xbcster",
				.names_size = 14));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "NC");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[1], "NC");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[2], "L\xc3\xbcster");
}

/* A block that the device has rounded up holds no more names. */
static void gpio_virtio_names_padded(struct kunit *test)
{
	struct bank *bank = bank_start(test, BANK_PARAMS(2, .names = "a\0b\0\0\0\0",
							 .names_size = 8));

	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_STREQ(test, bank->gc->names[0], "a");
	KUNIT_EXPECT_STREQ(test, bank->gc->names[1], "b");
}

/* A long name is kept whole. */
static void gpio_virtio_names_long(struct kunit *test)
{
	char *names = kunit_kzalloc(test, 513, GFP_KERNEL);
	struct bank *bank;

	KUNIT_ASSERT_NOT_NULL(test, names);
	memset(names, 'a', 510);
	bank = bank_start(test, BANK_PARAMS(2, .names = names,
					    .names_size = 512));
	KUNIT_ASSERT_NOT_NULL(test, bank->gc->names);
	KUNIT_EXPECT_EQ(test, strlen(bank->gc->names[0]), 510);
	KUNIT_EXPECT_NULL(test, bank->gc->names[1]);
}

/* Lines without a name are not namesakes. */
static void gpio_virtio_names_no_collision(struct kunit *test)
{
	bank_watch(test, "Detected name collision");
	bank_start(test, BANK_PARAMS(4, .names = "a\0\0\0", .names_size = 5));
	bank_start(test, BANK_PARAMS(4, .names = "\0\0b\0", .names_size = 5));
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 0);

	/* These are. */
	bank_start(test, BANK_PARAMS(4, .names = "\0\0b\0", .names_size = 5));
	KUNIT_EXPECT_EQ(test, bank_complaints_seen(test), 1);
}

static const char * const bank_node_names[] = { "left", "", "right" };

static const struct property_entry bank_node_props[] = {
	PROPERTY_ENTRY_STRING_ARRAY("gpio-line-names", bank_node_names),
	{}
};

static const struct software_node bank_node = {
	.name = "kunit-gpio-names",
	.properties = bank_node_props,
};

/* Without good names of the device there are those of firmware. */
static void gpio_virtio_names_of_firmware(struct kunit *test)
{
	struct bank *bank = bank_describe(test,
					  BANK_PARAMS(4,
						      .names = "a\0a\0c\0d",
						      .names_size = 8),
					  &bank_node);
	static const char * const names[] = { "left", "a", "right", "d" };
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
	bank_find_chip(bank);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_STREQ(test, names[i] ?: "",
				   gpio_device_get_desc(bank->gdev, i)->name ?:
				   "");
}

static const struct property_entry bank_node_ngpios[] = {
	PROPERTY_ENTRY_U32("ngpios", 4),
	{}
};

static const struct software_node bank_node_lines = {
	.name = "kunit-gpio-lines",
	.properties = bank_node_ngpios,
};

/* Firmware cannot give a device lines that it does not have. */
static void gpio_virtio_names_of_no_lines(struct kunit *test)
{
	struct bank *bank = bank_describe(test, BANK_PARAMS(0), &bank_node_lines);

	KUNIT_EXPECT_NE(test, bank_attach(bank), 1);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
}

static struct kunit_case gpio_virtio_names_cases[] = {
	KUNIT_CASE_PARAM(gpio_virtio_names_bad, bad_names_gen_params),
	KUNIT_CASE(gpio_virtio_names_some),
	KUNIT_CASE(gpio_virtio_names_none),
	KUNIT_CASE(gpio_virtio_names_odd),
	KUNIT_CASE(gpio_virtio_names_kept),
	KUNIT_CASE(gpio_virtio_names_padded),
	KUNIT_CASE(gpio_virtio_names_long),
	KUNIT_CASE(gpio_virtio_names_no_collision),
	KUNIT_CASE(gpio_virtio_names_of_firmware),
	KUNIT_CASE(gpio_virtio_names_of_no_lines),
	{}
};

static struct kunit_suite gpio_virtio_names_suite = {
	.name = "gpio_virtio_names",
	.test_cases = gpio_virtio_names_cases,
};

kunit_test_suites(&gpio_virtio_config_suite, &gpio_virtio_names_suite);
