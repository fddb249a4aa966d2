/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit tests of the virtio GPIO driver make the kernel say
 */
#ifndef _GPIO_VIRTIO_LOG_H
#define _GPIO_VIRTIO_LOG_H

#include <linux/atomic.h>
#include <linux/console.h>
#include <linux/iopoll.h>
#include <linux/printk.h>
#include <linux/string.h>

#include <kunit/resource.h>
#include <kunit/test.h>

#define BANK_LOG_MARK	KBUILD_MODNAME ": so far"
#define BANK_LOG_WAIT_MS	15000

static const char *bank_watched;
static atomic_t bank_complaints;
static atomic_t bank_splats;
static atomic_t bank_marks;

/* What the kernel says of itself when something is wrong with it */
static bool bank_is_splat(const char *text, unsigned int len)
{
	return strnstr(text, "WARNING: ", len) || strnstr(text, "BUG: ", len) ||
	       strnstr(text, "UBSAN: ", len) || strnstr(text, "INFO: ", len);
}

static void bank_console_write(struct console *con, const char *text,
			       unsigned int len)
{
	if (strnstr(text, bank_watched, len))
		atomic_inc(&bank_complaints);
	if (bank_is_splat(text, len))
		atomic_inc(&bank_splats);
	if (strnstr(text, BANK_LOG_MARK, len))
		atomic_inc(&bank_marks);
}

static struct console bank_console = {
	.name = "kunit",
	.write = bank_console_write,
	.index = -1,
};

static void bank_unwatch_log(void *data)
{
	unregister_console(data);
}

/* Count the messages with some text in them, and the splats, from here on. */
static inline void bank_watch(struct kunit *test, const char *text)
{
	bank_watched = text;
	atomic_set(&bank_complaints, 0);
	atomic_set(&bank_splats, 0);
	bank_console.flags = CON_ENABLED;
	register_console(&bank_console);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_unwatch_log,
							   &bank_console));
}

/* Count what the driver says of its devices from here on. */
static inline void bank_watch_log(struct kunit *test)
{
	bank_watch(test, "gpio_virtio virtio");
}

/* Messages may take a while to get to a console, but they do so in order. */
static inline int bank_complaints_seen(struct kunit *test)
{
	int marks = atomic_read(&bank_marks);
	int now;

	pr_warn("%s\n", BANK_LOG_MARK);
	KUNIT_EXPECT_EQ(test, 0,
			read_poll_timeout(atomic_read, now, now != marks,
					  USEC_PER_MSEC,
					  BANK_LOG_WAIT_MS * USEC_PER_MSEC,
					  false, &bank_marks));

	return atomic_read(&bank_complaints);
}

static inline int bank_splats_seen(struct kunit *test)
{
	bank_complaints_seen(test);

	return atomic_read(&bank_splats);
}

#endif
