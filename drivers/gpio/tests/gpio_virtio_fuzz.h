/* SPDX-License-Identifier: GPL-2.0 */
/*
 * GPIO device that acts at random, for KUnit tests of the virtio GPIO driver
 */
#ifndef _GPIO_VIRTIO_FUZZ_H
#define _GPIO_VIRTIO_FUZZ_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/prandom.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/wait.h>

#define FUZZ_REQUESTQ		0
#define FUZZ_EVENTQ		1
#define FUZZ_WAIT_MS		15000

/* The driver has at most so many requests in flight. */
#define FUZZ_POOL		64

/* Of the lines, the first few are each used by one thread alone. */
#define FUZZ_LINES		16
#define FUZZ_OWN		4
/* These are shared by threads. */
#define FUZZ_SHARED		4
#define FUZZ_NUM_SHARED		8
/* The last ones are used for interrupts. */
#define FUZZ_IRQ		12

#define FUZZ_USERS		12

struct fuzz;
struct gpio_desc;
struct kunit;
struct kunit_virtio;
struct kunit_virtio_buf;
struct kunit_virtio_task;

/**
 * struct fuzz_params - properties of a device
 * @name: name of the test case
 * @queue_size: number of entries of the requestq; the eventq has half as many
 * @indirect: whether the device offers indirect descriptors
 */
struct fuzz_params {
	const char *name;
	u16 queue_size;
	bool indirect;
};

extern const struct fuzz_params fuzz_devices[4];
extern unsigned int fuzz_replies;

/**
 * struct fuzz_line - state of a line
 * @direction: one of VIRTIO_GPIO_DIRECTION_*
 * @value: level of the line
 * @irq_type: one of VIRTIO_GPIO_IRQ_TYPE_*
 * @latched: an edge came while no buffer was queued
 * @armed: the eventq's buffer for the line
 * @retiring: the buffer to be returned because the interrupt was disabled
 * @fired: number of interrupts that the device has reported
 * @handled: number of interrupts that were handled
 */
struct fuzz_line {
	u8 direction;
	u8 value;
	u8 irq_type;
	bool latched;
	struct kunit_virtio_buf *armed;
	struct kunit_virtio_buf *retiring;
	int fired;
	atomic_t handled;
};

/**
 * struct fuzz_request - a request without a reply
 * @buf: its buffer
 * @type: one of VIRTIO_GPIO_MSG_*
 * @gpio: the line
 * @value: the value
 */
struct fuzz_request {
	struct kunit_virtio_buf *buf;
	u16 type;
	u16 gpio;
	u32 value;
};

/**
 * struct fuzz_user - a thread that uses lines
 * @f: the device
 * @rnd: generator for this thread
 * @first: its first line
 * @round: called again and again; false to be called later
 * @task: the thread
 */
struct fuzz_user {
	struct fuzz *f;
	struct rnd_state rnd;
	unsigned int first;
	bool (*round)(struct fuzz_user *user);
	struct kunit_virtio_task *task;
};

/**
 * struct fuzz - a device that acts at random, and the threads that use it
 * @test: the running test
 * @params: properties of the device
 * @kv: the mock device
 * @consumer: the device to which the lines are assigned
 * @seeds: generator of the seeds of other generators
 * @lock: protects @rnd, @lines, @pool and @num_pool
 * @rnd: generator for the device
 * @lines: the lines
 * @answering: lines with a reply under way, which holds up further ones
 * @pool: requests without a reply, in the order of arrival
 * @num_pool: how many
 * @honest: the device does only what the specification allows
 * @push: returns a buffer in place of fuzz_push(); may be NULL
 * @calm: the device reports no interrupts by itself
 * @wait: woken for a request
 * @timer: replies in interrupt context
 * @device: replies in process context
 * @off: the device has stopped
 * @quit: threads have to return
 * @replies: number of replies
 * @irqs: held by threads that use interrupts, for reading
 * @shares: protects @shared
 * @shared: lines that threads share
 * @users: the threads
 * @num_users: how many
 * @violation: the first thing that went wrong, or NULL
 */
struct fuzz {
	struct kunit *test;
	const struct fuzz_params *params;
	struct kunit_virtio *kv;
	struct device *consumer;
	struct rnd_state seeds;

	spinlock_t lock; /* Protects @rnd, @lines and @pool */
	struct rnd_state rnd;
	struct fuzz_line lines[FUZZ_LINES];
	DECLARE_BITMAP(answering, FUZZ_LINES);
	struct fuzz_request pool[FUZZ_POOL];
	unsigned int num_pool;

	bool honest;
	void (*push)(struct fuzz *f, unsigned int queue,
		     struct kunit_virtio_buf *buf, const void *reply, u32 len);
	bool calm;
	wait_queue_head_t wait;
	struct timer_list timer;
	struct kunit_virtio_task *device;
	bool off;
	bool quit;
	atomic_t replies;

	struct rw_semaphore irqs;
	struct rw_semaphore shares;
	struct gpio_desc *shared[FUZZ_NUM_SHARED];
	struct fuzz_user users[FUZZ_USERS];
	unsigned int num_users;

	const char *violation;
};

/* Checks in threads other than the test's, and random numbers */

void fuzz_require(struct fuzz *f, bool ok, const char *what);
void fuzz_expect(struct fuzz *f, bool ok, const char *what);
u32 fuzz_random(struct fuzz *f, u32 end);
void fuzz_seed(struct fuzz *f, struct rnd_state *rnd);
void fuzz_pause(u32 random);

/* The device */

bool fuzz_read(struct fuzz *f, struct kunit_virtio_buf *buf,
	       struct fuzz_request *req);
void fuzz_push(struct kunit_virtio_buf *buf, const void *reply, u32 len);
void fuzz_forget(void *data);
void fuzz_event(struct fuzz *f, unsigned int gpio, bool edge);

/* The test */

struct kunit_virtio_task *fuzz_run(struct fuzz *f, int (*fn)(void *data),
				   void *data);
void fuzz_do(struct fuzz *f, int (*fn)(void *data), const char *what);
int fuzz_add(void *data);
void fuzz_init(struct fuzz *f, struct kunit *test,
	       const struct fuzz_params *params);
void fuzz_start(struct fuzz *f, struct kunit *test,
		const struct fuzz_params *params);
void fuzz_wait_replies(struct fuzz *f);
void fuzz_expect_idle(struct fuzz *f);

/* The users of lines */

void fuzz_add_users(struct fuzz *f);
void fuzz_join_users(struct fuzz *f);
int fuzz_share(void *data);
int fuzz_unshare(void *data);
int fuzz_expect_working(void *data);

#endif
