// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers of the KUnit tests of the virtio GPIO driver: sleep and reset
 */

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/jiffies.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

#define BANK_UP_POLL_MS		1000
#define BANK_DOWN_POLL_MS	200

const struct sleep_kind sleep_kinds[] = {
	{ "freeze", kunit_virtio_freeze, kunit_virtio_restore },
	{ "reset", kunit_virtio_reset_prepare, kunit_virtio_reset_done },
};

int gpio_virtio_sleep_init(struct kunit *test)
{
	const struct sleep_kind *kind = test->param_value;

	if (kind && kind->down == kunit_virtio_freeze &&
	    !IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no freeze without CONFIG_PM_SLEEP");

	return 0;
}

/* After a reset the device drives nothing, while others go on to do so. */
void bank_forget(void *data)
{
	struct bank *bank = data;
	unsigned int i;

	guard(spinlock_irqsave)(&bank->lock);
	for (i = 0; i < bank->params.ngpio; i++) {
		struct bank_line *line = &bank->lines[i];

		if (line->direction == VIRTIO_GPIO_DIRECTION_OUT)
			line->value = 0;
		line->direction = VIRTIO_GPIO_DIRECTION_NONE;
		line->driven = 0;
		line->irq_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		line->latched = false;
		line->armed = NULL;
		line->retiring = NULL;
		line->crossing = false;
	}
}

void bank_make_forgetful(struct bank *bank)
{
	kunit_virtio_on_reset(bank->kv, bank_forget, bank);
}

struct bank *bank_start_forgetful(struct kunit *test,
				  const struct bank_params *params)
{
	struct bank *bank = bank_start(test, params);

	bank_make_forgetful(bank);

	return bank;
}

void bank_flush(void *data)
{
	kunit_virtio_flush(data);
}

/* From here on the log has what the driver sends to come back. */
void bank_is_down(struct bank *bank)
{
	struct kunit *test = bank->test;

	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_flush,
							   bank->kv));
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	bank_set_override(bank, NULL);
}

int bank_call_down(void *data)
{
	struct bank_call *call = data;
	const struct sleep_kind *kind = call->bank->test->param_value;

	return kind->down(call->bank->kv);
}

/* Callers give up after ten polls. Long ones leave a test time on any machine. */
void bank_down(struct bank *bank)
{
	bank_call_expect(bank_call(bank, bank_call_down, 0), 0);
	virtio_gpio_poll_ms = BANK_DOWN_POLL_MS;
	bank_is_down(bank);
}

/* For devices that hold requests: the driver stops waiting after 10 polls. */
void bank_up_late(struct bank *bank)
{
	const struct sleep_kind *kind = bank->test->param_value;

	KUNIT_ASSERT_EQ(bank->test, kind->up(bank->kv), 0);
	kunit_remove_action(bank->test, bank_flush, bank->kv);
}

/* Polls are long, so that lines are restored when this returns on any machine. */
int bank_restore(struct bank *bank, int (*up)(struct kunit_virtio *kv))
{
	unsigned int poll_ms = virtio_gpio_poll_ms;
	int ret;

	virtio_gpio_poll_ms = BANK_UP_POLL_MS;
	ret = up(bank->kv);
	virtio_gpio_poll_ms = poll_ms;

	return ret;
}

void bank_up(struct bank *bank)
{
	const struct sleep_kind *kind = bank->test->param_value;

	KUNIT_ASSERT_EQ(bank->test, bank_restore(bank, kind->up), 0);
	kunit_remove_action(bank->test, bank_flush, bank->kv);
}

/* Lines are restored when the device has answered, long before waits end. */
void bank_up_at_once(struct bank *bank)
{
	unsigned long start = jiffies;

	bank_up(bank);
	KUNIT_EXPECT_LT(bank->test, jiffies_to_msecs(jiffies - start),
			5 * BANK_UP_POLL_MS);
}

int bank_call_up(void *data)
{
	struct bank_call *call = data;
	const struct sleep_kind *kind = call->bank->test->param_value;

	return kind->up(call->bank->kv);
}

/* The line is an output again, with this level now. */
void bank_expect_driven(struct bank *bank, u16 gpio, u8 value)
{
	KUNIT_EXPECT_EQ(bank->test, bank->lines[gpio].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(bank->test, bank->lines[gpio].value, value);
}

/* And it has had no other since the reset. */
void bank_expect_output(struct bank *bank, u16 gpio, u8 value)
{
	bank_expect_driven(bank, gpio, value);
	KUNIT_EXPECT_EQ(bank->test, bank->lines[gpio].driven, BIT(value));
}

int bank_call_set(void *data)
{
	struct bank_call *call = data;

	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);

	return chip.gc ? chip.gc->set(chip.gc, call->gpio, 1) : -ENODEV;
}

/* An interrupt of its own, that no action of the test frees */
void bank_map_irq(struct bank *bank, u16 gpio)
{
	KUNIT_ASSERT_GT(bank->test, bank->gc->to_irq(bank->gc, gpio), 0);
}

int bank_call_free_irq(void *data)
{
	struct bank_call *call = data;

	free_irq(bank_irq_number(call->bank, call->gpio), call->bank);

	return 0;
}

/* What the driver sends to come back is in this order. */
static unsigned int bank_replay_rank(const struct virtio_gpio_request *req)
{
	switch (le16_to_cpu(req->type)) {
	case VIRTIO_GPIO_MSG_SET_VALUE:
		return 1;
	case VIRTIO_GPIO_MSG_SET_DIRECTION:
		return 2;
	case VIRTIO_GPIO_MSG_IRQ_TYPE:
		return 3;
	default:
		return 0;
	}
}

/* The first so many requests bring the lines back, in this order. */
void bank_expect_replay(struct bank *bank, unsigned int num)
{
	struct kunit *test = bank->test;
	unsigned int i, rank, last = 1;

	KUNIT_ASSERT_GE(test, bank->num_log, num);
	for (i = 0; i < num; i++) {
		rank = bank_replay_rank(&bank->log[i]);
		KUNIT_EXPECT_GE(test, rank, last);
		last = rank;
	}
}

bool bank_sees_events(struct bank *bank, int count)
{
	int events;

	read_poll_timeout(atomic_read, events, events >= count, BANK_POLL_US,
			  BANK_WAIT_MS * USEC_PER_MSEC, false, &bank->events);

	return events == count;
}
