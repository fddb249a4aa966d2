/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _KUNIT_VIRTIO_H
#define _KUNIT_VIRTIO_H

#include <linux/signal.h>
#include <linux/types.h>

struct kunit;
struct kunit_virtio;
struct kunit_virtio_buf;
struct kunit_virtio_task;
struct virtio_device;

/**
 * typedef kunit_virtio_handler_t - what the device does with a buffer
 * @buf: the buffer, taken off the ring and owned by the handler, which gives
 *	 it back with kunit_virtio_push(), now or later, or never
 * @data: what was passed to kunit_virtio_serve()
 *
 * Context: A thread of the device. May sleep.
 */
typedef void (*kunit_virtio_handler_t)(struct kunit_virtio_buf *buf, void *data);

/**
 * struct kunit_virtio_params - what a mock device offers to its driver
 * @device_id: virtio device ID, one of VIRTIO_ID_*
 * @features: feature bits; VIRTIO_F_VERSION_1 and VIRTIO_F_ACCESS_PLATFORM
 *	      are always added to them
 * @config: initial contents of the config space
 * @config_len: size of the config space in bytes
 * @queue_sizes: number of entries of each virtqueue, powers of two; 0 for a
 *		 virtqueue that the device does not have
 * @num_queues: number of virtqueues
 * @config_read: called when the driver reads the config space, with what it
 *		 says there in @buf, which the function may change; or NULL
 * @config_write: called when the driver has written to the config space; or
 *		  NULL
 * @config_data: passed to both; must outlive the device, so allocate it before
 *
 * A driver may access the config space in any context, but for @config_read and
 * @config_write the context is the driver's own: they may sleep if it may.
 */
struct kunit_virtio_params {
	u32 device_id;
	u64 features;
	const void *config;
	size_t config_len;
	const u16 *queue_sizes;
	unsigned int num_queues;
	void (*config_read)(void *data, unsigned int offset, void *buf,
			    unsigned int len);
	void (*config_write)(void *data, unsigned int offset, const void *buf,
			     unsigned int len);
	void *config_data;
};

struct kunit_virtio *
kunit_virtio_alloc(struct kunit *test, const struct kunit_virtio_params *params);
int kunit_virtio_add(struct kunit_virtio *kv);
void kunit_virtio_unplug(struct kunit_virtio *kv);
int kunit_virtio_freeze(struct kunit_virtio *kv);
int kunit_virtio_restore(struct kunit_virtio *kv);
int kunit_virtio_reset_prepare(struct kunit_virtio *kv);
int kunit_virtio_reset_done(struct kunit_virtio *kv);
void kunit_virtio_on_reset(struct kunit_virtio *kv, void (*fn)(void *data),
			   void *data);
void kunit_virtio_set_config(struct kunit_virtio *kv, size_t offset,
			     const void *src, size_t len);
struct virtio_device *kunit_virtio_vdev(struct kunit_virtio *kv);
bool kunit_virtio_bound(struct kunit_virtio *kv);
void kunit_virtio_flush(struct kunit_virtio *kv);

struct kunit_virtio_buf *
kunit_virtio_pop_timeout(struct kunit_virtio *kv, unsigned int index,
			 unsigned int timeout_ms);
size_t kunit_virtio_read_at(struct kunit_virtio_buf *buf, size_t offset,
			    void *dst, size_t len);
size_t kunit_virtio_write_at(struct kunit_virtio_buf *buf, size_t offset,
			     const void *src, size_t len);
size_t kunit_virtio_readable(struct kunit_virtio_buf *buf);
size_t kunit_virtio_writable(struct kunit_virtio_buf *buf);
void kunit_virtio_push(struct kunit_virtio_buf *buf, u32 len);
u16 kunit_virtio_head(struct kunit_virtio_buf *buf);
void kunit_virtio_push_quiet(struct kunit_virtio_buf *buf, u32 len);
void kunit_virtio_push_raw(struct kunit_virtio *kv, unsigned int index,
			   u16 head, u32 len);
void kunit_virtio_interrupt(struct kunit_virtio *kv, unsigned int index);
void kunit_virtio_serve(struct kunit_virtio *kv, unsigned int index,
			kunit_virtio_handler_t handler, void *data);

/**
 * kunit_virtio_pop() - Take the next available buffer off a ring
 * @kv: the device
 * @index: the virtqueue
 *
 * Context: Any context.
 * Return: The buffer, which the caller gives back with kunit_virtio_push(), or
 *	   NULL if the driver has made none available.
 */
static inline struct kunit_virtio_buf *
kunit_virtio_pop(struct kunit_virtio *kv, unsigned int index)
{
	return kunit_virtio_pop_timeout(kv, index, 0);
}

/**
 * kunit_virtio_read() - Read the beginning of what the driver put into a buffer
 * @buf: the buffer
 * @dst: where to copy its device-readable part
 * @len: room at @dst in bytes
 *
 * Context: Any context.
 * Return: As kunit_virtio_read_at().
 */
static inline size_t kunit_virtio_read(struct kunit_virtio_buf *buf, void *dst,
				       size_t len)
{
	return kunit_virtio_read_at(buf, 0, dst, len);
}

/**
 * kunit_virtio_write() - Write to the beginning of a buffer
 * @buf: the buffer
 * @src: what to copy to its device-writable part
 * @len: bytes at @src; what the buffer has no room for is left out
 *
 * Context: Any context.
 * Return: As kunit_virtio_write_at().
 */
static inline size_t kunit_virtio_write(struct kunit_virtio_buf *buf,
					const void *src, size_t len)
{
	return kunit_virtio_write_at(buf, 0, src, len);
}

void kunit_virtio_fail_find_vqs(struct kunit_virtio *kv, int err);
void kunit_virtio_irq_window(struct kunit_virtio *kv, void (*hook)(void *data),
			     void *data);
void kunit_virtio_slow_maps(struct kunit_virtio *kv, unsigned int delay_us);
void kunit_virtio_fail_maps(struct kunit_virtio *kv, unsigned int count);

unsigned int kunit_virtio_waiting(struct kunit_virtio *kv, unsigned int index);
unsigned int kunit_virtio_notifications(struct kunit_virtio *kv,
					unsigned int index);
unsigned int kunit_virtio_interrupts(struct kunit_virtio *kv,
				     unsigned int index);
unsigned int kunit_virtio_mappings(struct kunit_virtio *kv);
const char *kunit_virtio_violation(struct kunit_virtio *kv);

struct kunit_virtio_task *
kunit_virtio_run(struct kunit_virtio *kv, int (*fn)(void *data), void *data);
bool kunit_virtio_task_wait(struct kunit_virtio_task *task,
			    unsigned int timeout_ms);
int kunit_virtio_task_ret(struct kunit_virtio_task *task);
void kunit_virtio_task_signal(struct kunit_virtio_task *task, int sig);

/**
 * kunit_virtio_task_kill() - Send a thread a fatal signal
 * @task: the thread
 *
 * What happens to a process that waits for the driver when it is killed.
 *
 * Context: Any context.
 */
static inline void kunit_virtio_task_kill(struct kunit_virtio_task *task)
{
	kunit_virtio_task_signal(task, SIGKILL);
}

#endif
