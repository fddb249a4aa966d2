/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Model of a GPIO bank for the KUnit tests of the virtio GPIO driver
 */
#ifndef _GPIO_VIRTIO_BANK_H
#define _GPIO_VIRTIO_BANK_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/cleanup.h>
#include <linux/gpio/consumer.h>
#include <linux/interrupt.h>
#include <linux/limits.h>
#include <linux/spinlock.h>
#include <linux/time.h>
#include <linux/types.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_gpio.h>

#include "../gpiolib.h"

#define BANK_REQUESTQ		0
#define BANK_EVENTQ		1
#define BANK_LOG		128
#define BANK_WAIT_MS		60000
#define BANK_POLL_US		USEC_PER_MSEC

struct bank;
struct completion;
struct gpio_chip;
struct gpio_device;
struct kunit;
struct kunit_virtio;
struct kunit_virtio_buf;
struct kunit_virtio_task;
struct software_node;
struct task_struct;

/**
 * typedef bank_override_t - deal with a request in place of the model
 * @bank: the device
 * @buf: the request's buffer
 * @req: what the driver asks for
 *
 * Return: true if @buf was pushed or kept, false to leave it to the model.
 */
typedef bool (*bank_override_t)(struct bank *bank, struct kunit_virtio_buf *buf,
				const struct virtio_gpio_request *req);

/**
 * struct bank_params - what a bank is like
 * @ngpio: number of lines
 * @features: feature bits beside those of the transport; 0 for interrupts and
 *	      indirect descriptors, BANK_PLAIN for neither
 * @requestq: number of entries of the requestq; 0 for 64, or BANK_NO_QUEUE
 * @eventq: number of entries of the eventq; 0 for 64, or BANK_NO_QUEUE
 * @names: names block
 * @names_size: size of the names block as the config space has it
 * @padding: what the padding in the config space is filled with
 */
struct bank_params {
	u16 ngpio;
	u64 features;
	u16 requestq;
	u16 eventq;
	const char *names;
	u32 names_size;
	u8 padding;
};

#define BANK_IRQ	BIT_ULL(VIRTIO_GPIO_F_IRQ)
#define BANK_INDIRECT	BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC)
/* Not a feature bit that means anything */
#define BANK_PLAIN	BIT_ULL(23)
/* No size that a queue can have */
#define BANK_NO_QUEUE	U16_MAX

#define BANK_PARAMS(_ngpio, ...) \
	(&(const struct bank_params) { .ngpio = (_ngpio), __VA_ARGS__ })

/**
 * struct bank_line - a line of the bank
 * @direction: one of VIRTIO_GPIO_DIRECTION_*
 * @value: level of the line
 * @driven: levels that it was driven to as an output, as BIT(0) and BIT(1)
 * @irq_type: one of VIRTIO_GPIO_IRQ_TYPE_*
 * @latched: an edge came while the interrupt was masked
 * @active: how often the interrupt's handler has to run until the line is calm.
 *	    Until then the interrupt fires whenever it is unmasked
 * @armed: the eventq's buffer for the line; NULL while it is masked
 * @late: the device takes its time to return @armed once the interrupt is
 *	  disabled
 * @retiring: the buffer that it has not returned yet
 * @crossing: the driver may have queued a buffer before it disabled the
 *	      interrupt, which the device finds after that
 * @fired: how often the device has reported the interrupt
 * @events: how often its handler has run
 */
struct bank_line {
	u8 direction;
	u8 value;
	u8 driven;
	u8 irq_type;
	bool latched;
	atomic_t active;
	struct kunit_virtio_buf *armed;
	bool late;
	struct kunit_virtio_buf *retiring;
	bool crossing;
	int fired;
	atomic_t events;
};

/**
 * struct bank - a GPIO device and the chip that the driver makes of it
 * @test: the running test
 * @params: what the bank is like
 * @kv: the mock device
 * @gdev: the chip's device
 * @gc: the chip
 * @lock: protects @lines and @log, which the device's threads share
 * @lines: the lines
 * @override: asked before the model; may be NULL
 * @override_type: the type of message that it is asked for; 0 for all
 * @override_data: for use by @override
 * @num_log: number of requests so far
 * @log: the first requests, as they came over the wire
 * @held: buffers that an override keeps back
 * @num_held: how many
 * @unmasks: number of buffers that came over the eventq
 * @events: interrupts that a handler has seen
 * @violation: the first rule for drivers that was broken, or NULL
 * @violations: how often one was
 */
struct bank {
	struct kunit *test;
	struct bank_params params;
	struct kunit_virtio *kv;
	struct gpio_device *gdev;
	struct gpio_chip *gc;

	spinlock_t lock; /* Protects @lines and the log */
	struct bank_line *lines;

	bank_override_t override;
	u16 override_type;
	void *override_data;

	unsigned int num_log;
	struct virtio_gpio_request log[BANK_LOG];
	struct kunit_virtio_buf *held[BANK_LOG];
	unsigned int num_held;
	unsigned int unmasks;
	atomic_t events;
	const char *violation;
	atomic_t violations;
};

/* The model */

bool bank_read(struct bank *bank, struct kunit_virtio_buf *buf,
	       void *req, size_t size);
void bank_breach(struct bank *bank, const char *what);
void bank_push(struct kunit_virtio_buf *buf, const void *reply, u32 len);
void bank_push_noirq(struct kunit_virtio_buf *buf, const void *reply, u32 len);
void bank_reply(struct kunit_virtio_buf *buf, u8 status, u8 value);

/* The model's interrupts */

struct kunit_virtio_buf *bank_disarm(struct bank *bank, u16 gpio);
void bank_event(struct kunit_virtio_buf *buf, u8 status);
bool bank_enable_irq(struct bank *bank, u16 gpio, u8 type);
bool bank_set_irq_type(struct bank *bank, u16 gpio, u32 type);
void bank_unmask(struct kunit_virtio_buf *buf, void *data);
void bank_edge(struct bank *bank, u16 gpio);
void bank_activate(struct bank *bank, u16 gpio, int times);
void bank_return_late(struct bank *bank, u16 gpio, u8 status);

/* The model's requests */

void bank_model(struct bank *bank, struct kunit_virtio_buf *buf,
		const struct virtio_gpio_request *req);
void bank_set_override(struct bank *bank, bank_override_t override);
void bank_override_type(struct bank *bank, bank_override_t override, u16 type);
bool bank_hold(struct bank *bank, struct kunit_virtio_buf *buf,
	       const struct virtio_gpio_request *req);
bool bank_refuse(struct bank *bank, struct kunit_virtio_buf *buf,
		 const struct virtio_gpio_request *req);
bool bank_refuse_0_hold_rest(struct bank *bank, struct kunit_virtio_buf *buf,
			     const struct virtio_gpio_request *req);
unsigned int bank_num_held(struct bank *bank);
bool bank_holds(struct bank *bank, unsigned int count);

/* Start and stop */

struct bank *bank_alloc(struct kunit *test, const struct bank_params *p);
void bank_find_chip(struct bank *bank);
struct bank *bank_start(struct kunit *test, const struct bank_params *p);
struct gpio_desc *bank_get_line(struct bank *bank, u16 gpio,
				enum gpiod_flags flags);
void bank_put_line(struct bank *bank, struct gpio_desc *desc);
struct bank *bank_describe(struct kunit *test, const struct bank_params *params,
			   const struct software_node *node);
int bank_attach(struct bank *bank);

/* Calls into the chip, and what the device sees of them */

/**
 * struct bank_call - a call into the chip from a thread of its own
 * @bank: the bank
 * @gpio: the line
 * @rounds: how often to repeat it
 * @fn: the call
 * @thread: the thread, once it runs
 * @task: the mock device's handle of it
 */
struct bank_call {
	struct bank *bank;
	u16 gpio;
	unsigned int rounds;
	int (*fn)(void *data);
	struct task_struct *thread;
	struct kunit_virtio_task *task;
};

/**
 * struct queue_size - a requestq that is easily full
 * @name: what it is like
 * @size: number of entries
 * @features: feature bits
 */
struct queue_size {
	const char *name;
	u16 size;
	u64 features;
};

extern const struct queue_size queue_sizes[7];

int bank_call_get(void *data);
struct bank_call *bank_call(struct bank *bank, int (*fn)(void *), u16 gpio);
struct bank_call *bank_call_held(struct bank *bank, int (*fn)(void *), u16 gpio);
void bank_call_stop(void *data);
struct bank_call *bank_call_stoppable(struct bank *bank,
				      int (*fn)(void *), u16 gpio);
bool bank_call_sleeps(struct bank_call *call);
void bank_task_expect(struct bank *bank, struct kunit_virtio_task *task, int ret);
void bank_call_expect(struct bank_call *call, int ret);
void bank_expect_waiting(struct bank_call *call);
void bank_expect_log(struct bank *bank, unsigned int index, const char *bytes);
bool bank_logs(struct bank *bank, unsigned int count);
int bank_direction(struct bank *bank, u16 gpio);
int bank_call_input(void *data);
int bank_call_direction(void *data);
int bank_call_free(void *data);

/* The log of the kernel */

void bank_watch(struct kunit *test, const char *text);
void bank_watch_log(struct kunit *test);
int bank_complaints_seen(struct kunit *test);
int bank_splats_seen(struct kunit *test);

/* Several lines at once */

#define BANK_LINES	300

/**
 * struct bank_batch - a call for several lines
 * @bank: the bank
 * @mask: the lines
 * @bits: their levels
 */
struct bank_batch {
	struct bank *bank;
	unsigned long *mask;
	unsigned long *bits;
};

bool bank_pattern(unsigned int gpio);
struct bank_batch *bank_batch(struct bank *bank, unsigned int first,
			      unsigned int count);
int bank_batch_get(void *data);
int bank_batch_set(void *data);
struct kunit_virtio_task *bank_batch_run(struct bank_batch *batch,
					 int (*fn)(void *data));

/* Interrupts */

/**
 * struct bank_irq - an interrupt that a test has requested
 * @irq: its number
 * @bank: the bank
 */
struct bank_irq {
	int irq;
	struct bank *bank;
};

struct irq_type {
	const char *name;
	unsigned int linux_type;
	u8 type;
};

/**
 * struct bad_event - what a device should not return the buffer of a line with
 * @name: what is wrong with it
 * @status: status byte
 * @len: used length; the right one is 1
 */
struct bad_event {
	const char *name;
	u8 status;
	u32 len;
};

extern const struct irq_type irq_types[5];
extern const struct bad_event bad_events[5];
extern struct completion bank_irq_go;

irqreturn_t bank_irq_handler(int irq, void *data);
void bank_free_irq(void *data);
struct bank_irq *bank_add_irq(struct bank *bank, int number,
			      irq_handler_t handler, irq_handler_t thread_fn,
			      unsigned long flags);
struct bank_irq *bank_request_irq(struct bank *bank, u16 gpio,
				  unsigned long flags);
void bank_release_irq(struct bank_irq *irq);
int bank_to_irq(struct bank *bank, u16 gpio);
int bank_irq_number(struct bank *bank, u16 gpio);
void bank_pause(unsigned int turn);
bool bank_armed(struct bank *bank, u16 gpio, bool armed);
int bank_events(struct bank *bank, u16 gpio, int events);
void bank_expect_events(struct bank *bank, u16 gpio, int events);
void bank_settle(void);
void bank_expect_working(struct bank *bank, u16 gpio);
unsigned int bank_count(struct bank *bank, u16 type);
bool bank_refuse_irq_type(struct bank *bank, struct kunit_virtio_buf *buf,
			  const struct virtio_gpio_request *req);
bool bank_refuse_falling(struct bank *bank, struct kunit_virtio_buf *buf,
			 const struct virtio_gpio_request *req);
void bank_answer_held(struct bank *bank, unsigned int index);
void bank_answer_all(struct bank *bank);
int bank_call_request_irq(void *data);
int bank_call_request_irq_only(void *data);
int bank_call_set_type(void *data);
int bank_call_output_high(void *data);
void bank_bad_event(struct bank *bank, u16 gpio, const struct bad_event *bad);
void bank_push_event_noirq(struct bank *bank, u16 gpio);
void bank_resume_irq(int irq);
irqreturn_t bank_irq_waiting_thread(int irq, void *data);
void bank_complete(void *data);

/* Probe and removal */

/* More than any of the calls makes */
#define BANK_MAX_ALLOCS	2000

int bank_call_add(void *data);
int bank_call_unplug(void *data);
int bank_call_unbind(void *data);
void bank_arm_16_lines(struct bank *bank);
void bank_expect_untouched(struct bank *bank);
void bank_expect_probed(struct bank *bank);
void bank_init_nomem(struct kunit *test);
void bank_fail_alloc(unsigned int nth);
bool bank_failed_no_alloc(void);

/* Waits that time out */

#define BANK_TIMEOUT_MS		200

int bank_shorten_timeout(struct kunit *test);

/* Sleep and reset */

/**
 * struct sleep_kind - a way in which the device is reset under the driver
 * @name: what it is called
 * @down: tells the driver before
 * @up: tells it after
 */
struct sleep_kind {
	const char *name;
	int (*down)(struct kunit_virtio *kv);
	int (*up)(struct kunit_virtio *kv);
};

extern const struct sleep_kind sleep_kinds[2];

int gpio_virtio_sleep_init(struct kunit *test);
void bank_forget(void *data);
void bank_make_forgetful(struct bank *bank);
struct bank *bank_start_forgetful(struct kunit *test,
				  const struct bank_params *params);
void bank_flush(void *data);
void bank_is_down(struct bank *bank);
void bank_down(struct bank *bank);
void bank_up_late(struct bank *bank);
int bank_restore(struct bank *bank, int (*up)(struct kunit_virtio *kv));
void bank_up(struct bank *bank);
void bank_up_at_once(struct bank *bank);
int bank_call_down(void *data);
int bank_call_up(void *data);
void bank_expect_output(struct bank *bank, u16 gpio, u8 value);
void bank_expect_driven(struct bank *bank, u16 gpio, u8 value);
void bank_expect_replay(struct bank *bank, unsigned int num);
bool bank_sees_events(struct bank *bank, int count);
int bank_call_set(void *data);
void bank_map_irq(struct bank *bank, u16 gpio);
int bank_call_free_irq(void *data);

#endif
