// SPDX-License-Identifier: GPL-2.0
/*
 * Helpers of the KUnit tests of the virtio GPIO driver: interrupts, probe and
 * removal
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/gpio/consumer.h>
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/property.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_gpio.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

#include "../gpio-virtio.h"
#include "gpio_virtio_bank.h"

irqreturn_t bank_irq_handler(int irq, void *data)
{
	struct bank *bank = data;
	struct bank_line *line;

	line = &bank->lines[irqd_to_hwirq(irq_get_irq_data(irq))];
	atomic_dec_if_positive(&line->active);
	atomic_inc(&line->events);
	atomic_inc(&bank->events);

	return IRQ_HANDLED;
}

void bank_free_irq(void *data)
{
	struct bank_irq *irq = data;

	free_irq(irq->irq, irq->bank);
}

/* A handler of NULL is one that wakes a thread. */
struct bank_irq *bank_add_irq(struct bank *bank, int number,
			      irq_handler_t handler, irq_handler_t thread_fn,
			      unsigned long flags)
{
	struct kunit *test = bank->test;
	struct bank_irq *irq;

	irq = kunit_kzalloc(test, sizeof(*irq), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, irq);
	irq->bank = bank;
	irq->irq = number;
	KUNIT_ASSERT_GT(test, number, 0);
	KUNIT_ASSERT_EQ(test, 0, request_threaded_irq(number, handler,
						      thread_fn, flags,
						      "kunit", bank));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, bank_free_irq,
							   irq));

	return irq;
}

struct bank_irq *bank_request_irq(struct bank *bank, u16 gpio,
				  unsigned long flags)
{
	struct gpio_desc *desc = bank_get_line(bank, gpio, GPIOD_IN);

	return bank_add_irq(bank, gpiod_to_irq(desc), bank_irq_handler, NULL,
			    flags);
}

void bank_release_irq(struct bank_irq *irq)
{
	kunit_release_action(irq->bank->test, bank_free_irq, irq);
}

/* The interrupt of a line that nobody has requested as a GPIO */
int bank_to_irq(struct bank *bank, u16 gpio)
{
	return bank->gc->to_irq(bank->gc, gpio);
}

int bank_irq_number(struct bank *bank, u16 gpio)
{
	return irq_find_mapping(bank->gc->irq.domain, gpio);
}

/* Most of what a test waits for takes less time than the shortest sleep. */
void bank_pause(unsigned int turn)
{
	if (turn < 2000)
		cond_resched();
	else
		usleep_range(50, 100);
}

/* Wait until the driver has queued a line's buffer, or has it back. */
bool bank_armed(struct bank *bank, u16 gpio, bool armed)
{
	unsigned long end = jiffies + msecs_to_jiffies(BANK_WAIT_MS);
	unsigned int turn = 0;

	do {
		if (!!READ_ONCE(bank->lines[gpio].armed) == armed)
			return true;
		bank_pause(turn++);
	} while (time_before(jiffies, end));

	return false;
}

/* Wait until a line's handler has run so often. Returns how often it has. */
int bank_events(struct bank *bank, u16 gpio, int events)
{
	unsigned long end = jiffies + msecs_to_jiffies(BANK_WAIT_MS);
	atomic_t *count = &bank->lines[gpio].events;
	unsigned int turn = 0;

	while (atomic_read(count) < events && time_before(jiffies, end))
		bank_pause(turn++);

	return atomic_read(count);
}

/*
 * Give what must not happen the time to happen: longer than the driver waits
 * before it acts by itself.
 */
void bank_settle(void)
{
	msleep(virtio_gpio_poll_ms + 20);
}

/* A line's handler has run so often, and does not run again. */
void bank_expect_events(struct bank *bank, u16 gpio, int events)
{
	bank_events(bank, gpio, events);
	bank_settle();
	KUNIT_EXPECT_EQ(bank->test, atomic_read(&bank->lines[gpio].events), events);
}

/* The line is armed, and the next event comes through, once. */
void bank_expect_working(struct bank *bank, u16 gpio)
{
	struct kunit *test = bank->test;
	int events;

	KUNIT_ASSERT_TRUE(test, bank_armed(bank, gpio, true));
	events = atomic_read(&bank->lines[gpio].events) + 1;
	bank_edge(bank, gpio);
	KUNIT_ASSERT_EQ(test, bank_events(bank, gpio, events), events);
	KUNIT_ASSERT_TRUE(test, bank_armed(bank, gpio, true));
	bank_expect_events(bank, gpio, events);
}

/* The messages of a kind in the log */
unsigned int bank_count(struct bank *bank, u16 type)
{
	unsigned int i, count = 0;

	for (i = 0; i < min(bank->num_log, BANK_LOG); i++)
		count += bank->log[i].type == cpu_to_le16(type);

	return count;
}

/* The device refuses to enable an interrupt, while it still disables one. */
bool bank_refuse_irq_type(struct bank *bank, struct kunit_virtio_buf *buf,
			  const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) &&
	       req->value && bank_refuse(bank, buf, req);
}

/* The device has no interrupts on falling edges. */
bool bank_refuse_falling(struct bank *bank, struct kunit_virtio_buf *buf,
			 const struct virtio_gpio_request *req)
{
	return req->type == cpu_to_le16(VIRTIO_GPIO_MSG_IRQ_TYPE) &&
	       req->value == cpu_to_le32(VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING) &&
	       bank_refuse(bank, buf, req);
}

/* The device does, late, what a request that it has held asks for. */
void bank_answer_held(struct bank *bank, unsigned int index)
{
	struct virtio_gpio_request req = { };

	if (bank_read(bank, bank->held[index], &req, sizeof(req)))
		bank_model(bank, bank->held[index], &req);
}

/* All that it holds, and from now on it answers at once. */
void bank_answer_all(struct bank *bank)
{
	unsigned int i;

	bank_set_override(bank, NULL);
	for (i = 0; i < bank->num_held; i++)
		bank_answer_held(bank, i);
}

const struct irq_type irq_types[] = {
	{ "rising", IRQF_TRIGGER_RISING, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING },
	{ "falling", IRQF_TRIGGER_FALLING, VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING },
	{ "both", IRQF_TRIGGER_RISING | IRQF_TRIGGER_FALLING,
	  VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH },
	{ "high", IRQF_TRIGGER_HIGH, VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH },
	{ "low", IRQF_TRIGGER_LOW, VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW },
};

int bank_call_request_irq(void *data)
{
	struct bank_call *call = data;
	int irq = bank_to_irq(call->bank, call->gpio);
	int ret;

	ret = request_irq(irq, bank_irq_handler, IRQF_TRIGGER_RISING, "kunit",
			  call->bank);
	if (!ret)
		free_irq(irq, call->bank);

	return ret;
}

int bank_call_request_irq_only(void *data)
{
	struct bank_call *call = data;

	return request_irq(bank_irq_number(call->bank, call->gpio),
			   bank_irq_handler, IRQF_TRIGGER_RISING, "kunit",
			   call->bank);
}

int bank_call_set_type(void *data)
{
	struct bank_call *call = data;

	return irq_set_irq_type(bank_irq_number(call->bank, call->gpio),
				IRQ_TYPE_LEVEL_HIGH);
}

int bank_call_output_high(void *data)
{
	struct bank_call *call = data;

	CLASS(gpio_chip_guard, chip)(call->bank->gdev->descs);

	return chip.gc ? chip.gc->direction_output(chip.gc, call->gpio, 1) : -ENODEV;
}

const struct bad_event bad_events[] = {
	{ "empty", VIRTIO_GPIO_IRQ_STATUS_VALID, 0 },
	{ "over-long", VIRTIO_GPIO_IRQ_STATUS_VALID, 2 },
	{ "huge", VIRTIO_GPIO_IRQ_STATUS_VALID, U32_MAX },
	{ "status 2", 2, 1 },
	{ "status 0xff", 0xff, 1 },
};

void bank_bad_event(struct bank *bank, u16 gpio, const struct bad_event *bad)
{
	struct kunit_virtio_buf *buf = bank_disarm(bank, gpio);

	KUNIT_ASSERT_NOT_NULL(bank->test, buf);
	kunit_virtio_write(buf, &bad->status, sizeof(bad->status));
	kunit_virtio_push(buf, bad->len);
}

void bank_push_event_noirq(struct bank *bank, u16 gpio)
{
	struct kunit_virtio_buf *buf = bank_disarm(bank, gpio);
	u8 status = VIRTIO_GPIO_IRQ_STATUS_VALID;

	KUNIT_ASSERT_NOT_NULL(bank->test, buf);
	bank_push_noirq(buf, &status, sizeof(status));
}

/* As the irq core does when the system resumes: without locking the bus */
void bank_resume_irq(int irq)
{
	struct irq_data *d = irq_get_irq_data(irq);
	struct irq_chip *chip = irq_data_get_irq_chip(d);
	unsigned long flags;

	local_irq_save(flags);
	if (chip->irq_enable)
		chip->irq_enable(d);
	else
		chip->irq_unmask(d);
	local_irq_restore(flags);
}

/* A handler that waits for the test, in the thread of an interrupt */
DECLARE_COMPLETION(bank_irq_go);

irqreturn_t bank_irq_waiting_thread(int irq, void *data)
{
	wait_for_completion(&bank_irq_go);

	return bank_irq_handler(irq, data);
}

void bank_complete(void *data)
{
	complete_all(data);
}

/* Probe and removal */

int bank_call_add(void *data)
{
	struct bank_call *call = data;

	return kunit_virtio_add(call->bank->kv);
}

int bank_call_unplug(void *data)
{
	struct bank_call *call = data;

	kunit_virtio_unplug(call->bank->kv);

	return 0;
}

int bank_call_unbind(void *data)
{
	struct bank_call *call = data;

	device_release_driver(&kunit_virtio_vdev(call->bank->kv)->dev);

	return 0;
}

/* Interrupts of lines that are used in no other way */
void bank_arm_16_lines(struct bank *bank)
{
	struct kunit *test = bank->test;
	unsigned int i;
	int irq;

	for (i = 0; i < 16; i++) {
		irq = bank->gc->to_irq(bank->gc, i);
		KUNIT_ASSERT_GT(test, irq, 0);
		KUNIT_ASSERT_EQ(test, 0, request_irq(irq, bank_irq_handler,
						     irq_types[i % 5].linux_type,
						     "kunit", bank));
		KUNIT_ASSERT_TRUE(test, bank_armed(bank, i, true));
	}
}

/* The driver has let go of the device, and would take it again. */
void bank_expect_untouched(struct bank *bank)
{
	struct virtio_device *vdev = kunit_virtio_vdev(bank->kv);
	struct kunit *test = bank->test;

	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(bank->kv));
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(bank->kv), 0);
	KUNIT_EXPECT_FALSE(test, vdev->config->get_status(vdev) &
				 VIRTIO_CONFIG_S_DRIVER_OK);
	bank->gdev = gpio_device_find_by_label(dev_name(&vdev->dev));
	KUNIT_EXPECT_NULL(test, bank->gdev);
	if (bank->gdev)
		gpio_device_put(bank->gdev);
}

void bank_expect_probed(struct bank *bank)
{
	struct kunit *test = bank->test;

	KUNIT_ASSERT_EQ(test, bank_attach(bank), 1);
	bank_find_chip(bank);
	KUNIT_EXPECT_EQ(test, bank->gc->set(bank->gc, 1, 1), 0);
	KUNIT_EXPECT_EQ(test, bank->gc->get(bank->gc, 1), 1);
}

#if defined(CONFIG_FAILSLAB) && defined(CONFIG_FAULT_INJECTION_DEBUG_FS)
/**
 * struct failslab_knob - a setting of failslab
 * @dentry: its file in debugfs
 * @size: size of the variable
 * @old: its value before the test
 */
struct failslab_knob {
	struct dentry *dentry;
	size_t size;
	unsigned long old;
};

static void *failslab_value(struct failslab_knob *knob)
{
	return d_inode(knob->dentry)->i_private;
}

static void failslab_restore(void *data)
{
	struct failslab_knob *knob = data;

	memcpy(failslab_value(knob), &knob->old, knob->size);
	dput(knob->dentry);
}

/* No kernel interface leads to this, and a test has no user space. */
static void failslab_clear(struct kunit *test, const char *name, size_t size)
{
	struct dentry *dir = debugfs_lookup("failslab", NULL);
	struct failslab_knob *knob;

	knob = kunit_kzalloc(test, sizeof(*knob), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, knob);
	KUNIT_ASSERT_NOT_NULL(test, dir);
	knob->size = size;
	knob->dentry = debugfs_lookup(name, dir);
	dput(dir);
	KUNIT_ASSERT_NOT_NULL(test, knob->dentry);

	memcpy(&knob->old, failslab_value(knob), size);
	memset(failslab_value(knob), 0, size);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test,
							   failslab_restore,
							   knob));
}

/* Allocations that may sleep are to fail as well, without a stack trace. */
void bank_init_nomem(struct kunit *test)
{
	failslab_clear(test, "ignore-gfp-wait", sizeof(bool));
	failslab_clear(test, "verbose", sizeof(unsigned long));
}

/* The allocation of this task that fails, counted from 1; 0 for none */
void bank_fail_alloc(unsigned int nth)
{
	WRITE_ONCE(current->fail_nth, nth);
}

/* Returns whether there were fewer allocations than that. */
bool bank_failed_no_alloc(void)
{
	return xchg(&current->fail_nth, 0);
}
#else
void bank_init_nomem(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS");
}

void bank_fail_alloc(unsigned int nth)
{
}

bool bank_failed_no_alloc(void)
{
	return true;
}
#endif
