// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers of the KUnit tests of the virtio GPIO driver: sleep and reset
 */

#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/jiffies.h>
#include <linux/property.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

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

/*
 * An override that notes, beside the model, to which levels the device drives
 * each line, as BIT(0) and BIT(1).
 */
bool bank_note_levels(struct bank *bank, struct kunit_virtio_buf *buf,
		      const struct virtio_gpio_request *req)
{
	u16 gpio = le16_to_cpu(req->gpio);
	u32 value = le32_to_cpu(req->value);
	u8 *levels = bank->override_data;
	struct bank_line *line;

	if (gpio >= bank->params.ngpio)
		return false;

	line = &bank->lines[gpio];
	levels += gpio;
	if (req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_DIRECTION) &&
	    value == VIRTIO_GPIO_DIRECTION_OUT)
		*levels |= BIT(line->value);
	if (req->type == cpu_to_le16(VIRTIO_GPIO_MSG_SET_VALUE) &&
	    line->direction == VIRTIO_GPIO_DIRECTION_OUT)
		*levels |= BIT(value);

	return false;
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
		line->irq_type = VIRTIO_GPIO_IRQ_TYPE_NONE;
		line->latched = false;
		line->armed = NULL;
		line->retiring = NULL;
		line->crossing = false;
	}
}

void bank_make_forgetful(struct bank *bank)
{
	struct kunit *test = bank->test;

	bank->override_data = kunit_kzalloc(test, bank->params.ngpio,
					    GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bank->override_data);
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
	bank_set_override(bank, bank_note_levels);
}

void bank_down(struct bank *bank)
{
	const struct sleep_kind *kind = bank->test->param_value;

	KUNIT_ASSERT_EQ(bank->test, kind->down(bank->kv), 0);
	bank_is_down(bank);
}

void bank_up(struct bank *bank)
{
	const struct sleep_kind *kind = bank->test->param_value;

	KUNIT_ASSERT_EQ(bank->test, kind->up(bank->kv), 0);
	kunit_remove_action(bank->test, bank_flush, bank->kv);
}

/* Lines are restored when the device has answered, long before waits end. */
void bank_up_at_once(struct bank *bank)
{
	unsigned long start = jiffies;

	virtio_gpio_poll_ms = 200;
	bank_up(bank);
	KUNIT_EXPECT_LT(bank->test, jiffies_to_msecs(jiffies - start),
			5 * virtio_gpio_poll_ms);
}

int bank_call_up(void *data)
{
	struct bank_call *call = data;
	const struct sleep_kind *kind = call->bank->test->param_value;

	return kind->up(call->bank->kv);
}

void bank_expect_output(struct bank *bank, u16 gpio, u8 value)
{
	struct kunit *test = bank->test;
	u8 *levels = bank->override_data;

	KUNIT_EXPECT_EQ(test, bank->lines[gpio].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(test, bank->lines[gpio].value, value);
	KUNIT_EXPECT_EQ(test, levels[gpio], BIT(value));
}

void bank_expect_driven(struct bank *bank, u16 gpio, u8 value)
{
	KUNIT_EXPECT_EQ(bank->test, bank->lines[gpio].direction,
			VIRTIO_GPIO_DIRECTION_OUT);
	KUNIT_EXPECT_EQ(bank->test, bank->lines[gpio].value, value);
}

int bank_call_set(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	return call->bank->gc->set(call->bank->gc, call->gpio, 1);
}

int bank_call_put_line(void *data)
{
	struct bank_call *call = data;

	bank_guard(call->bank);

	call->bank->gc->free(call->bank->gc, call->gpio);

	return 0;
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

bool bank_refuse_0_hold_rest(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req)
{
	return req->gpio ? bank_hold(bank, buf, req) :
			   bank_refuse(bank, buf, req);
}
