// SPDX-License-Identifier: GPL-2.0
/*
 * Mock virtio transport for KUnit tests of virtio drivers
 *
 * A device that exists in the kernel only: its virtqueues are real vrings,
 * and vringh, the kernel's own device side of a vring, is at their other end.
 * The driver under test cannot tell it from hardware, and the test decides
 * what the device does with each buffer, and when.
 */

#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/sprintf.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <linux/vringh.h>
#include <linux/workqueue.h>

#include <trace/events/kmem.h>

#include <kunit/device.h>
#include <kunit/resource.h>
#include <kunit/test.h>
#include <kunit/virtio.h>

#define KUNIT_VIRTIO_IOVS	4

/* How long a driver may take to return once the device has answered it. */
#define KUNIT_VIRTIO_END	(10 * HZ)

/* How long a driver may wait for the device when the test is over. */
#define KUNIT_VIRTIO_PATIENCE	HZ

/* How many callers of what broke a rule are kept. */
#define KUNIT_VIRTIO_TRACE	24

/* vringh has neither kind of ring. */
#define KUNIT_VIRTIO_REFUSED	(BIT_ULL(VIRTIO_F_RING_PACKED) | \
				 BIT_ULL(VIRTIO_F_IN_ORDER))

/**
 * struct kunit_virtio_map - memory that the driver lets the device access
 * @node: in the list of all mappings
 * @q: the virtqueue
 * @addr: its address, for the device as well as for the CPU
 * @size: in bytes
 * @dir: what the device may do with it
 */
struct kunit_virtio_map {
	struct list_head node;
	struct kunit_virtio_queue *q;
	dma_addr_t addr;
	size_t size;
	enum dma_data_direction dir;
};

/* Memory of all devices that is mapped, as whoever frees it knows no device. */
static LIST_HEAD(kunit_virtio_maps);
static DEFINE_RAW_SPINLOCK(kunit_virtio_map_lock);

/**
 * struct kunit_virtio_queue - the device's end of a virtqueue
 * @kv: the device
 * @lock: protects @vrh, @live, @raw and @held, and the memory of the buffers in
 *	  @held against a reset of the device
 * @vq: the driver's end; NULL if the driver did not set the queue up
 * @vrh: walks the ring
 * @live: the device may use the ring
 * @raw: the device has returned what it may not have had, or has still. So the
 *	 driver may have taken back anything, and is not to blame for it
 * @held: buffers that were popped and not pushed yet
 * @kicked: completed once for each notification
 * @work: runs @handler
 * @handler: what happens to an available buffer; NULL leaves it in the ring
 * @data: passed to @handler
 * @size: number of entries
 * @users: how many contexts are adding a buffer or taking one back
 * @notifications: how often the driver notified the device
 * @interrupts: how often the device interrupted the driver
 * @pending: interrupts that the callback has to see yet; whoever makes it
 *	     nonzero calls it, so that it runs on one CPU at a time
 */
struct kunit_virtio_queue {
	struct kunit_virtio *kv;
	spinlock_t lock; /* Protects @vrh, @live, @raw, @held */
	struct virtqueue *vq;
	struct vringh vrh;
	bool live;
	bool raw;
	struct list_head held;
	struct completion kicked;
	struct work_struct work;
	kunit_virtio_handler_t handler;
	void *data;
	u16 size;
	atomic_t users;
	atomic_t notifications;
	atomic_t interrupts;
	atomic_t pending;
};

/**
 * struct kunit_virtio - a mock device
 * @vdev: the device as its driver sees it
 * @test: the test that it belongs to
 * @wq: the device's own threads
 * @known: @vdev was handed to the core, which counts references to it
 * @added: @vdev is registered
 * @released: nobody refers to @vdev any longer
 * @flush: answers every buffer with zeroes, again and again
 * @stuck: a thread never returned from the driver, so nothing can be freed
 * @status: device status field
 * @features: feature bits offered
 * @find_vqs_err: what find_vqs() fails with, or 0
 * @resume: gets the driver going again that was told to pause; NULL if it was
 *	    not
 * @on_reset: called when the device was reset
 * @on_reset_data: passed to @on_reset
 * @violation: the first rule of virtio that the driver broke, or NULL
 * @where: the function in which that was, or 0
 * @trace: its callers
 * @trace_len: number of entries in @trace
 * @report: @violation and @trace in words
 * @num_maps: number of mappings
 * @hook: called where an interrupt could arrive while the ring is changing
 * @hook_data: passed to @hook
 * @map_delay: how long to map or to unmap memory takes, in microseconds
 * @fail_maps: how many attempts to map memory are to fail
 * @num_queues: number of queues
 * @queues: the queues
 * @params: for what the device does when its config space is accessed
 * @config_lock: protects what is in @config
 * @config_len: size of @config in bytes
 * @config: config space
 */
struct kunit_virtio {
	struct virtio_device vdev;
	struct kunit *test;
	struct workqueue_struct *wq;
	bool known;
	bool added;
	struct completion released;
	struct delayed_work flush;
	bool stuck;
	u8 status;
	u64 features;
	int find_vqs_err;
	int (*resume)(struct virtio_device *vdev);
	void (*on_reset)(void *data);
	void *on_reset_data;
	const char *violation;
	unsigned long where;
	unsigned long trace[KUNIT_VIRTIO_TRACE];
	unsigned int trace_len;
	char report[1024];
	unsigned int num_maps;
	void (*hook)(void *data);
	void *hook_data;
	unsigned int map_delay;
	atomic_t fail_maps;

	unsigned int num_queues;
	struct kunit_virtio_queue *queues;
	struct kunit_virtio_params params;
	spinlock_t config_lock; /* Protects the contents of @config */
	size_t config_len;
	u8 *config;
};

/**
 * struct kunit_virtio_buf - a buffer that the device took off a ring
 * @node: in the queue's list of held buffers
 * @q: the queue
 * @stale: the device was reset since, so the memory is not the device's
 * @head: head of the descriptor chain
 * @riov: the part that the device may read
 * @wiov: the part that the device may write
 * @rvec: room for @riov
 * @wvec: room for @wiov
 */
struct kunit_virtio_buf {
	struct list_head node;
	struct kunit_virtio_queue *q;
	bool stale;
	u16 head;
	struct vringh_kiov riov;
	struct vringh_kiov wiov;
	struct kvec rvec[KUNIT_VIRTIO_IOVS];
	struct kvec wvec[KUNIT_VIRTIO_IOVS];
};

/**
 * struct kunit_virtio_task - a thread that calls into the driver
 * @kv: the device whose driver it calls
 * @task: the thread
 * @fn: what it runs
 * @data: passed to @fn
 * @ret: what @fn returned
 * @ready: signals reach the thread
 * @done: @fn returned
 */
struct kunit_virtio_task {
	struct kunit_virtio *kv;
	struct task_struct *task;
	int (*fn)(void *data);
	void *data;
	int ret;
	struct completion ready;
	struct completion done;
};

static struct kunit_virtio *to_kunit_virtio(struct virtio_device *vdev)
{
	return container_of(vdev, struct kunit_virtio, vdev);
}

/*
 * Rules are broken in any context, while a KUnit assertion may sleep. So the
 * first violation is noted here and reported when the test ends. Not all
 * architectures can walk the stack without frame pointers, so the place is
 * passed in @where if it is known otherwise.
 */
static void kunit_virtio_violate_at(struct kunit_virtio *kv, const char *what,
				    unsigned long where)
{
	if (cmpxchg(&kv->violation, NULL, what))
		return;

	kv->where = where;
#ifdef CONFIG_STACKTRACE
	kv->trace_len = stack_trace_save(kv->trace, KUNIT_VIRTIO_TRACE, 2);
#endif
}

static void kunit_virtio_violate(struct kunit_virtio *kv, const char *what)
{
	kunit_virtio_violate_at(kv, what, 0);
}

/* Memory that the device may access: an address is its own mapping. */

static struct kunit_virtio_queue *map_to_queue(union virtio_map map)
{
	return (struct kunit_virtio_queue *)map.group;
}

/*
 * An interrupt arrives whenever interrupts are enabled. With PREEMPT_RT a
 * virtqueue's callback is a thread, which waits for the lock's owner instead.
 */
static void kunit_virtio_call_hook(struct kunit_virtio *kv)
{
	void (*hook)(void *data);

	scoped_guard(rcu) {
		/* Pairs with the release in kunit_virtio_irq_window(). */
		hook = smp_load_acquire(&kv->hook);
		if (hook && !irqs_disabled() && !IS_ENABLED(CONFIG_PREEMPT_RT))
			hook(kv->hook_data);
	}
	if (kv->map_delay)
		udelay(kv->map_delay);
}

/*
 * The core maps memory when a driver adds a buffer to a virtqueue, and unmaps
 * it when the driver takes one back. Its callers have to serialize the two.
 */
static void kunit_virtio_enter(struct kunit_virtio_queue *q)
{
	if (atomic_inc_return(&q->users) > 1)
		kunit_virtio_violate_at(q->kv,
					"virtqueue changed in two contexts at once",
					atomic_read(&q->pending) ?
					(unsigned long)q->vq->callback : 0);
	kunit_virtio_call_hook(q->kv);
}

static void kunit_virtio_leave(struct kunit_virtio_queue *q)
{
	atomic_dec(&q->users);
}

static int kunit_virtio_add_map(struct kunit_virtio_queue *q, dma_addr_t addr,
				size_t size, enum dma_data_direction dir)
{
	struct kunit_virtio_map *map;

	if (atomic_add_unless(&q->kv->fail_maps, -1, 0))
		return -ENOMEM;

	map = kmalloc_obj(*map, GFP_ATOMIC);
	if (!map)
		return -ENOMEM;

	*map = (struct kunit_virtio_map) {
		.q = q, .addr = addr, .size = size, .dir = dir,
	};
	guard(raw_spinlock_irqsave)(&kunit_virtio_map_lock);
	list_add(&map->node, &kunit_virtio_maps);
	q->kv->num_maps++;

	return 0;
}

static struct kunit_virtio_map *
kunit_virtio_take_map(struct kunit_virtio_queue *q, dma_addr_t addr,
		      size_t size, enum dma_data_direction dir)
{
	struct kunit_virtio_map *map;

	guard(raw_spinlock_irqsave)(&kunit_virtio_map_lock);
	list_for_each_entry(map, &kunit_virtio_maps, node) {
		if (map->q == q && map->addr == addr && map->size == size &&
		    map->dir == dir) {
			list_del(&map->node);
			q->kv->num_maps--;
			return map;
		}
	}

	return NULL;
}

static dma_addr_t kunit_virtio_map_page(union virtio_map map, struct page *page,
					unsigned long offset, size_t size,
					enum dma_data_direction dir,
					unsigned long attrs)
{
	struct kunit_virtio_queue *q = map_to_queue(map);
	dma_addr_t addr = (unsigned long)page_address(page) + offset;
	int ret;

	kunit_virtio_enter(q);
	ret = kunit_virtio_add_map(q, addr, size, dir);
	kunit_virtio_leave(q);

	return ret ? DMA_MAPPING_ERROR : addr;
}

static void kunit_virtio_unmap_page(union virtio_map map, dma_addr_t addr,
				    size_t size, enum dma_data_direction dir,
				    unsigned long attrs)
{
	struct kunit_virtio_queue *q = map_to_queue(map);
	struct kunit_virtio_map *old;

	kunit_virtio_enter(q);
	old = kunit_virtio_take_map(q, addr, size, dir);
	kunit_virtio_leave(q);

	if (!old)
		kunit_virtio_violate(q->kv,
				     "memory unmapped that was not mapped like that");
	kfree(old);
}

static void *kunit_virtio_alloc_coherent(union virtio_map map, size_t size,
					 dma_addr_t *addr, gfp_t gfp)
{
	void *mem = alloc_pages_exact(size, gfp | __GFP_ZERO);

	*addr = (unsigned long)mem;

	return mem;
}

static void kunit_virtio_free_coherent(union virtio_map map, size_t size,
				       void *mem, dma_addr_t addr,
				       unsigned long attrs)
{
	free_pages_exact(mem, size);
}

static void kunit_virtio_sync_single(union virtio_map map, dma_addr_t addr,
				     size_t size, enum dma_data_direction dir)
{
}

static bool kunit_virtio_need_sync(union virtio_map map, dma_addr_t addr)
{
	return false;
}

static int kunit_virtio_mapping_error(union virtio_map map, dma_addr_t addr)
{
	return addr == DMA_MAPPING_ERROR;
}

static size_t kunit_virtio_max_mapping_size(union virtio_map map)
{
	return SIZE_MAX;
}

static const struct virtio_map_ops kunit_virtio_map_ops = {
	.map_page		= kunit_virtio_map_page,
	.unmap_page		= kunit_virtio_unmap_page,
	.sync_single_for_cpu	= kunit_virtio_sync_single,
	.sync_single_for_device	= kunit_virtio_sync_single,
	.alloc			= kunit_virtio_alloc_coherent,
	.free			= kunit_virtio_free_coherent,
	.need_sync		= kunit_virtio_need_sync,
	.mapping_error		= kunit_virtio_mapping_error,
	.max_mapping_size	= kunit_virtio_max_mapping_size,
};

static bool kunit_virtio_mapped(struct kunit_virtio_queue *q,
				const struct kvec *vec,
				enum dma_data_direction dir)
{
	unsigned long addr = (unsigned long)vec->iov_base;
	const struct kunit_virtio_map *map;

	lockdep_assert_held(&kunit_virtio_map_lock);

	list_for_each_entry(map, &kunit_virtio_maps, node)
		if (map->q == q && map->dir == dir && addr >= map->addr &&
		    addr - map->addr + vec->iov_len <= map->size)
			return true;

	return false;
}

static bool kunit_virtio_iov_mapped(struct kunit_virtio_queue *q,
				    const struct vringh_kiov *iov,
				    enum dma_data_direction dir)
{
	unsigned int i;

	for (i = 0; i < iov->used; i++)
		if (!kunit_virtio_mapped(q, &iov->iov[i], dir))
			return false;

	return true;
}

#ifdef CONFIG_TRACEPOINTS
/* Memory that is freed while it is mapped, seen without KASAN */

static void kunit_virtio_check_freed(const void *mem, size_t size,
				     unsigned long caller)
{
	unsigned long addr = (unsigned long)mem;
	const struct kunit_virtio_map *map;

	if (list_empty(&kunit_virtio_maps))
		return;

	guard(raw_spinlock_irqsave)(&kunit_virtio_map_lock);
	list_for_each_entry(map, &kunit_virtio_maps, node)
		if (map->addr < addr + size && addr < map->addr + map->size)
			kunit_virtio_violate_at(map->q->kv,
						"memory freed that the device may access",
						caller);
}

static void kunit_virtio_on_kfree(void *data, unsigned long caller,
				  const void *mem)
{
	if (mem && !list_empty(&kunit_virtio_maps))
		kunit_virtio_check_freed(mem, ksize(mem), caller);
}

static void kunit_virtio_on_cache_free(void *data, unsigned long caller,
				       const void *mem,
				       const struct kmem_cache *cache)
{
	kunit_virtio_check_freed(mem, kmem_cache_size((void *)cache),
				 caller);
}

static int __init kunit_virtio_module_init(void)
{
	int ret = register_trace_kfree(kunit_virtio_on_kfree, NULL);

	if (ret)
		return ret;

	ret = register_trace_kmem_cache_free(kunit_virtio_on_cache_free, NULL);
	if (ret)
		unregister_trace_kfree(kunit_virtio_on_kfree, NULL);

	return ret;
}
module_init(kunit_virtio_module_init);

static void __exit kunit_virtio_module_exit(void)
{
	unregister_trace_kmem_cache_free(kunit_virtio_on_cache_free, NULL);
	unregister_trace_kfree(kunit_virtio_on_kfree, NULL);
	tracepoint_synchronize_unregister();
}
module_exit(kunit_virtio_module_exit);
#endif /* CONFIG_TRACEPOINTS */

/* The device's end of the rings */

static bool kunit_virtio_buf_mapped(struct kunit_virtio_buf *buf)
{
	return kunit_virtio_iov_mapped(buf->q, &buf->riov, DMA_TO_DEVICE) &&
	       kunit_virtio_iov_mapped(buf->q, &buf->wiov, DMA_FROM_DEVICE);
}

/*
 * Whether a buffer is still the device's. It is so for as long as the caller
 * has the lock for mappings, which the driver needs to take the memory back.
 */
static bool kunit_virtio_may_access(struct kunit_virtio_buf *buf)
{
	struct kunit_virtio_queue *q = buf->q;

	lockdep_assert_held(&q->lock);

	if (buf->stale)
		return false;
	if (kunit_virtio_buf_mapped(buf))
		return true;
	if (!q->raw)
		kunit_virtio_violate(q->kv,
				     "buffer unmapped while the device has it");

	return false;
}

static void kunit_virtio_free_buf(struct kunit_virtio_buf *buf)
{
	vringh_kiov_cleanup(&buf->riov);
	vringh_kiov_cleanup(&buf->wiov);
	kfree(buf);
}

static struct kunit_virtio_buf *
kunit_virtio_getdesc(struct kunit_virtio_queue *q)
{
	struct kunit_virtio_buf *buf;
	int ret;

	lockdep_assert_held(&q->lock);

	buf = kzalloc_obj(*buf, GFP_ATOMIC);
	if (!buf)
		return ERR_PTR(-ENOMEM);

	buf->q = q;
	vringh_kiov_init(&buf->riov, buf->rvec, KUNIT_VIRTIO_IOVS);
	vringh_kiov_init(&buf->wiov, buf->wvec, KUNIT_VIRTIO_IOVS);

	ret = vringh_getdesc_kern(&q->vrh, &buf->riov, &buf->wiov, &buf->head,
				  GFP_ATOMIC);
	if (ret > 0)
		return buf;

	if (ret < 0 && !q->raw)
		kunit_virtio_violate(q->kv, "descriptor chain is malformed");
	kunit_virtio_free_buf(buf);

	return NULL;
}

/* The next buffer, unless the device has returned it before it had it */
static struct kunit_virtio_buf *
kunit_virtio_getbuf(struct kunit_virtio_queue *q)
{
	struct kunit_virtio_buf *buf = kunit_virtio_getdesc(q);

	if (IS_ERR_OR_NULL(buf))
		return buf;

	scoped_guard(raw_spinlock_irqsave, &kunit_virtio_map_lock)
		if (kunit_virtio_buf_mapped(buf))
			return buf;

	if (!q->raw) {
		kunit_virtio_violate(q->kv, "buffer is not mapped for the device");
		return buf;
	}

	kunit_virtio_free_buf(buf);

	return NULL;
}

static struct kunit_virtio_buf *
kunit_virtio_pop_queue(struct kunit_virtio_queue *q)
{
	struct kunit_virtio_buf *buf;

	guard(spinlock_irqsave)(&q->lock);
	if (!q->live)
		return NULL;

	do {
		buf = kunit_virtio_getbuf(q);
	} while (!buf && !vringh_notify_enable_kern(&q->vrh));
	if (IS_ERR_OR_NULL(buf))
		return NULL;
	list_add_tail(&buf->node, &q->held);

	return buf;
}

/**
 * kunit_virtio_pop_timeout() - Wait for the driver to make a buffer available
 * @kv: the device
 * @index: the virtqueue, counted as the device does
 * @timeout_ms: how long to wait, in milliseconds
 *
 * Context: May sleep if @timeout_ms is not 0.
 * Return: The buffer, which the caller gives back with kunit_virtio_push(), or
 *	   NULL after @timeout_ms.
 */
struct kunit_virtio_buf *
kunit_virtio_pop_timeout(struct kunit_virtio *kv, unsigned int index,
			 unsigned int timeout_ms)
{
	unsigned long left = timeout_ms ? msecs_to_jiffies(timeout_ms) + 1 : 0;
	struct kunit_virtio_queue *q = &kv->queues[index];
	struct kunit_virtio_buf *buf;

	for (;;) {
		buf = kunit_virtio_pop_queue(q);
		if (buf || !left)
			return buf;
		left = wait_for_completion_timeout(&q->kicked, left);
	}
}
EXPORT_SYMBOL_GPL(kunit_virtio_pop_timeout);

/* Copies a part of a buffer; @to_buf says into which direction. */
static size_t kunit_virtio_copy(const struct vringh_kiov *iov, size_t offset,
				void *data, size_t len, bool to_buf)
{
	size_t done = 0, part;
	unsigned int i;
	void *mem;

	for (i = 0; i < iov->used && done < len; i++) {
		if (offset >= iov->iov[i].iov_len) {
			offset -= iov->iov[i].iov_len;
			continue;
		}
		mem = iov->iov[i].iov_base + offset;
		part = min(len - done, iov->iov[i].iov_len - offset);
		if (to_buf)
			memcpy(mem, data + done, part);
		else
			memcpy(data + done, mem, part);
		done += part;
		offset = 0;
	}

	return done;
}

/**
 * kunit_virtio_read_at() - Read what the driver put into a buffer
 * @buf: the buffer
 * @offset: where to begin in its device-readable part, in bytes
 * @dst: where to copy that to
 * @len: room at @dst in bytes
 *
 * Context: Any context.
 * Return: The number of bytes copied; 0 if the device was reset meanwhile, or
 *	   has returned the buffer with kunit_virtio_push_raw().
 */
size_t kunit_virtio_read_at(struct kunit_virtio_buf *buf, size_t offset,
			    void *dst, size_t len)
{
	guard(spinlock_irqsave)(&buf->q->lock);
	guard(raw_spinlock)(&kunit_virtio_map_lock);
	if (!kunit_virtio_may_access(buf))
		return 0;

	return kunit_virtio_copy(&buf->riov, offset, dst, len, false);
}
EXPORT_SYMBOL_GPL(kunit_virtio_read_at);

/**
 * kunit_virtio_write_at() - Write into a buffer
 * @buf: the buffer
 * @offset: where to begin in its device-writable part, in bytes
 * @src: what to copy there
 * @len: bytes at @src; what the buffer has no room for is left out
 *
 * Context: Any context.
 * Return: The number of bytes copied, as kunit_virtio_read_at().
 */
size_t kunit_virtio_write_at(struct kunit_virtio_buf *buf, size_t offset,
			     const void *src, size_t len)
{
	guard(spinlock_irqsave)(&buf->q->lock);
	guard(raw_spinlock)(&kunit_virtio_map_lock);
	if (!kunit_virtio_may_access(buf))
		return 0;

	return kunit_virtio_copy(&buf->wiov, offset, (void *)src, len, true);
}
EXPORT_SYMBOL_GPL(kunit_virtio_write_at);

/**
 * kunit_virtio_readable() - Size of a buffer's device-readable part
 * @buf: the buffer
 *
 * Context: Any context.
 * Return: Size in bytes.
 */
size_t kunit_virtio_readable(struct kunit_virtio_buf *buf)
{
	return vringh_kiov_length(&buf->riov);
}
EXPORT_SYMBOL_GPL(kunit_virtio_readable);

/**
 * kunit_virtio_writable() - Size of a buffer's device-writable part
 * @buf: the buffer
 *
 * Context: Any context.
 * Return: Size in bytes.
 */
size_t kunit_virtio_writable(struct kunit_virtio_buf *buf)
{
	return vringh_kiov_length(&buf->wiov);
}
EXPORT_SYMBOL_GPL(kunit_virtio_writable);

/**
 * kunit_virtio_head() - Index of the first descriptor of a buffer
 * @buf: the buffer
 *
 * Context: Any context.
 * Return: The index, by which the used ring names the buffer.
 */
u16 kunit_virtio_head(struct kunit_virtio_buf *buf)
{
	return buf->head;
}
EXPORT_SYMBOL_GPL(kunit_virtio_head);

/* Buffers that the driver made available and the device has not popped */
static unsigned int kunit_virtio_waiting_in(struct kunit_virtio_queue *q)
{
	__virtio16 idx;

	guard(spinlock_irqsave)(&q->lock);
	if (!q->live)
		return 0;

	idx = READ_ONCE(q->vrh.vring.avail->idx);

	return (u16)(virtio16_to_cpu(&q->kv->vdev, idx) -
		     q->vrh.last_avail_idx);
}

/**
 * kunit_virtio_waiting() - Count the buffers that wait for the device
 * @kv: the device
 * @index: the virtqueue
 *
 * For a test that goes on once the driver has sent so many requests.
 *
 * Context: Any context.
 * Return: How many buffers the driver has made available that the device has
 *	   not popped yet.
 */
unsigned int kunit_virtio_waiting(struct kunit_virtio *kv, unsigned int index)
{
	return kunit_virtio_waiting_in(&kv->queues[index]);
}
EXPORT_SYMBOL_GPL(kunit_virtio_waiting);

/* As an interrupt of hardware does, or the thread of one with PREEMPT_RT */
static void kunit_virtio_call_vq(struct virtqueue *vq)
{
	unsigned long flags;

	if (IS_ENABLED(CONFIG_PREEMPT_RT)) {
		local_bh_disable();
		vring_interrupt(0, vq);
		local_bh_enable();
		return;
	}

	local_irq_save(flags);
	__irq_enter_raw();
	/* As that of a transport, this one would be a thread's on PREEMPT_RT. */
	lockdep_hardirq_threaded();
	vring_interrupt(0, vq);
	__irq_exit_raw();
	local_irq_restore(flags);
}

/*
 * A reset waits for a grace period after it cleared @live, so that no callback
 * runs once it has returned.
 */
static void kunit_virtio_interrupt_queue(struct kunit_virtio_queue *q)
{
	int seen;

	guard(rcu)();
	if (!READ_ONCE(q->live))
		return;

	atomic_inc(&q->interrupts);
	if (atomic_inc_return(&q->pending) > 1)
		return;

	do {
		seen = atomic_read(&q->pending);
		kunit_virtio_call_vq(q->vq);
	} while (atomic_sub_return(seen, &q->pending));
}

/**
 * kunit_virtio_interrupt() - Interrupt the driver
 * @kv: the device
 * @index: the virtqueue whose callback to call
 *
 * The callback runs as it would from hardware: in hard interrupt context with
 * interrupts disabled, or with PREEMPT_RT as an interrupt thread does, and on
 * one CPU at a time. It has returned when this function does, unless another
 * CPU is running it, which then calls it once more. Nothing happens while the
 * device is reset.
 *
 * Context: Any context in which an interrupt could arrive.
 */
void kunit_virtio_interrupt(struct kunit_virtio *kv, unsigned int index)
{
	kunit_virtio_interrupt_queue(&kv->queues[index]);
}
EXPORT_SYMBOL_GPL(kunit_virtio_interrupt);

/* Returns whether the driver wants to be interrupted. */
static bool kunit_virtio_complete(struct kunit_virtio_buf *buf, u32 len)
{
	struct kunit_virtio_queue *q = buf->q;
	bool wanted = false;

	scoped_guard(spinlock_irqsave, &q->lock) {
		list_del(&buf->node);
		if (!buf->stale) {
			vringh_complete_kern(&q->vrh, buf->head, len);
			wanted = vringh_need_notify_kern(&q->vrh) > 0;
		}
	}

	kunit_virtio_free_buf(buf);

	return wanted;
}

/**
 * kunit_virtio_push() - Give a buffer back and interrupt the driver
 * @buf: the buffer; not valid any more afterwards
 * @len: how many bytes the device says it has written, right or wrong
 *
 * The virtqueue's callback runs as it would from hardware: in hard interrupt
 * context with interrupts disabled, or with PREEMPT_RT as an interrupt thread
 * does, and on one CPU at a time. It has returned when this function does,
 * unless another CPU is running it, which then calls it once more. There is no
 * interrupt if the driver has suppressed it.
 *
 * Context: Any context in which an interrupt could arrive.
 */
void kunit_virtio_push(struct kunit_virtio_buf *buf, u32 len)
{
	struct kunit_virtio_queue *q = buf->q;

	if (kunit_virtio_complete(buf, len))
		kunit_virtio_interrupt_queue(q);
}
EXPORT_SYMBOL_GPL(kunit_virtio_push);

/**
 * kunit_virtio_push_quiet() - Give a buffer back without an interrupt
 * @buf: the buffer; not valid any more afterwards
 * @len: how many bytes the device says it has written, right or wrong
 *
 * For several buffers with one interrupt, or for a device that forgets it.
 *
 * Context: Any context.
 */
void kunit_virtio_push_quiet(struct kunit_virtio_buf *buf, u32 len)
{
	kunit_virtio_complete(buf, len);
}
EXPORT_SYMBOL_GPL(kunit_virtio_push_quiet);

/**
 * kunit_virtio_push_raw() - Write any entry to the used ring and interrupt
 * @kv: the device
 * @index: the virtqueue
 * @head: the buffer's head, which need not be one that the driver offered
 * @len: number of bytes written
 *
 * What a broken device may do: return a buffer twice, or one that it never got.
 * Until the device is reset, nothing comes then of reading and writing a buffer
 * that the driver has taken back, and it is not a rule that the driver broke.
 *
 * With indirect descriptors, @head must not be one that the driver has offered
 * and the device not popped: the driver frees its table, which pop would walk.
 *
 * Context: Any context in which an interrupt could arrive.
 */
void kunit_virtio_push_raw(struct kunit_virtio *kv, unsigned int index,
			   u16 head, u32 len)
{
	struct kunit_virtio_queue *q = &kv->queues[index];

	scoped_guard(spinlock_irqsave, &q->lock) {
		q->raw = true;
		if (q->live)
			vringh_complete_kern(&q->vrh, head, len);
	}

	kunit_virtio_interrupt_queue(q);
}
EXPORT_SYMBOL_GPL(kunit_virtio_push_raw);

/*
 * Calls the handler for as many buffers as the ring has entries at a time: a
 * driver may make a buffer available whenever it gets one back.
 */
static void kunit_virtio_work(struct work_struct *work)
{
	struct kunit_virtio_queue *q =
		container_of(work, struct kunit_virtio_queue, work);
	kunit_virtio_handler_t handler;
	struct kunit_virtio_buf *buf;
	unsigned int i = 0;

	do {
		/* Pairs with the release in kunit_virtio_serve(). */
		handler = smp_load_acquire(&q->handler);
		if (!handler)
			return;
		buf = kunit_virtio_pop_queue(q);
		if (!buf)
			return;
		handler(buf, q->data);
	} while (++i < q->size);

	queue_work(q->kv->wq, &q->work);
}

/* After this, the thread of the queue is not in a handler of the test. */
static void kunit_virtio_stop_serving(struct kunit_virtio_queue *q)
{
	WRITE_ONCE(q->handler, NULL);
	flush_work(&q->work);
}

/**
 * kunit_virtio_serve() - Let a function answer the buffers of a virtqueue
 * @kv: the device
 * @index: the virtqueue
 * @handler: called for each buffer, in the order in which the driver made them
 *	     available; NULL leaves them in the ring for kunit_virtio_pop()
 * @data: passed to @handler; must outlive the device, so allocate it before
 *
 * Context: May sleep.
 */
void kunit_virtio_serve(struct kunit_virtio *kv, unsigned int index,
			kunit_virtio_handler_t handler, void *data)
{
	struct kunit_virtio_queue *q = &kv->queues[index];

	kunit_virtio_stop_serving(q);

	q->data = data;
	/* Whoever sees @handler sees its @data. */
	smp_store_release(&q->handler, handler);
	queue_work(kv->wq, &q->work);
}
EXPORT_SYMBOL_GPL(kunit_virtio_serve);

static void kunit_virtio_zero(struct kunit_virtio_buf *buf)
{
	unsigned int i;

	guard(spinlock_irqsave)(&buf->q->lock);
	guard(raw_spinlock)(&kunit_virtio_map_lock);
	if (!kunit_virtio_may_access(buf))
		return;

	for (i = 0; i < buf->wiov.used; i++)
		memset(buf->wiov.iov[i].iov_base, 0, buf->wiov.iov[i].iov_len);
}

static void kunit_virtio_answer_zeroes(struct kunit_virtio_buf *buf)
{
	size_t len = kunit_virtio_writable(buf);

	kunit_virtio_zero(buf);
	kunit_virtio_push(buf, len);
}

/* Once around the ring, as a driver may offer what it gets back at once */
static void kunit_virtio_flush_queue(struct kunit_virtio_queue *q)
{
	struct kunit_virtio_buf *buf;
	unsigned int i;

	/* A handler may be at a buffer of another queue than its own. */
	kunit_virtio_stop_serving(q);
	for (i = 0; i < q->size; i++) {
		scoped_guard(spinlock_irqsave, &q->lock)
			buf = list_first_entry_or_null(&q->held,
						       struct kunit_virtio_buf,
						       node);
		if (!buf)
			buf = kunit_virtio_pop_queue(q);
		if (!buf)
			return;
		kunit_virtio_answer_zeroes(buf);
	}
}

static void kunit_virtio_flush_work(struct work_struct *work)
{
	struct kunit_virtio *kv =
		container_of(work, struct kunit_virtio, flush.work);
	unsigned int i;

	for (i = 0; i < kv->num_queues; i++)
		kunit_virtio_flush_queue(&kv->queues[i]);
	queue_delayed_work(kv->wq, &kv->flush, 1);
}

/* A driver that was told to pause is told to go on. */
static void kunit_virtio_resume(struct kunit_virtio *kv)
{
	int (*resume)(struct virtio_device *vdev);

	resume = xchg(&kv->resume, NULL);
	if (resume)
		resume(&kv->vdev);
}

/**
 * kunit_virtio_flush() - Answer everything, from now on, to let the driver go
 * @kv: the device
 *
 * All buffers that the device holds or gets come back filled with zeroes, so
 * that nobody waits for the device any longer. A driver that was frozen, or
 * prepared for a reset, is told to go on. The test must not use a buffer after
 * this. It happens by itself when the test ends while a thread of
 * kunit_virtio_run() is in the driver, also by a failed assertion.
 *
 * Context: May sleep.
 */
void kunit_virtio_flush(struct kunit_virtio *kv)
{
	unsigned int i;

	for (i = 0; i < kv->num_queues; i++)
		kunit_virtio_stop_serving(&kv->queues[i]);
	mod_delayed_work(kv->wq, &kv->flush, 0);
	kunit_virtio_resume(kv);
}
EXPORT_SYMBOL_GPL(kunit_virtio_flush);

/* The transport, as the virtio core sees it */

static bool kunit_virtio_notify(struct virtqueue *vq)
{
	struct kunit_virtio_queue *q = vq->priv;
	struct kunit_virtio *kv = q->kv;

	atomic_inc(&q->notifications);

	if (!(READ_ONCE(kv->status) & VIRTIO_CONFIG_S_DRIVER_OK)) {
		kunit_virtio_violate(kv, "device notified before DRIVER_OK");
		return true;
	}

	complete(&q->kicked);
	if (READ_ONCE(q->handler))
		queue_work(kv->wq, &q->work);

	return true;
}

static void kunit_virtio_get(struct virtio_device *vdev, unsigned int offset,
			     void *buf, unsigned int len)
{
	struct kunit_virtio *kv = to_kunit_virtio(vdev);

	memset(buf, 0xff, len);
	if (offset + len > kv->config_len) {
		kunit_virtio_violate(kv, "read past the end of the config space");
		return;
	}

	scoped_guard(spinlock_irqsave, &kv->config_lock)
		memcpy(buf, kv->config + offset, len);
	if (kv->params.config_read)
		kv->params.config_read(kv->params.config_data, offset, buf, len);
}

static void kunit_virtio_set(struct virtio_device *vdev, unsigned int offset,
			     const void *buf, unsigned int len)
{
	struct kunit_virtio *kv = to_kunit_virtio(vdev);

	if (offset + len > kv->config_len) {
		kunit_virtio_violate(kv, "write past the end of the config space");
		return;
	}

	scoped_guard(spinlock_irqsave, &kv->config_lock)
		memcpy(kv->config + offset, buf, len);
	if (kv->params.config_write)
		kv->params.config_write(kv->params.config_data, offset, buf, len);
}

static u8 kunit_virtio_get_status(struct virtio_device *vdev)
{
	return READ_ONCE(to_kunit_virtio(vdev)->status);
}

static void kunit_virtio_set_status(struct virtio_device *vdev, u8 status)
{
	struct kunit_virtio *kv = to_kunit_virtio(vdev);

	if (status & VIRTIO_CONFIG_S_FEATURES_OK &&
	    vdev->features & KUNIT_VIRTIO_REFUSED) {
		kunit_err(kv->test, "the mock has no packed and no in-order rings");
		status &= ~VIRTIO_CONFIG_S_FEATURES_OK;
	}
	WRITE_ONCE(kv->status, status);
}

static u64 kunit_virtio_get_features(struct virtio_device *vdev)
{
	return to_kunit_virtio(vdev)->features;
}

static int kunit_virtio_finalize_features(struct virtio_device *vdev)
{
	vring_transport_features(vdev);

	return 0;
}

static void kunit_virtio_synchronize_cbs(struct virtio_device *vdev)
{
	synchronize_rcu_expedited();
}

/* The device forgets the rings and what it holds of them. */
static void kunit_virtio_stop_queue(struct kunit_virtio_queue *q)
{
	struct kunit_virtio_buf *buf;

	guard(spinlock_irqsave)(&q->lock);
	WRITE_ONCE(q->live, false);
	list_for_each_entry(buf, &q->held, node)
		buf->stale = true;
}

/* What the device's threads are about to do belongs to before the reset. */
static void kunit_virtio_reset(struct virtio_device *vdev)
{
	struct kunit_virtio *kv = to_kunit_virtio(vdev);
	unsigned int i;

	WRITE_ONCE(kv->status, 0);
	for (i = 0; i < kv->num_queues; i++)
		kunit_virtio_stop_queue(&kv->queues[i]);
	kunit_virtio_synchronize_cbs(vdev);
	for (i = 0; i < kv->num_queues; i++)
		flush_work(&kv->queues[i].work);

	if (kv->on_reset)
		kv->on_reset(kv->on_reset_data);
}

/* A device that was not told DRIVER_OK does not use its virtqueues. */
static void kunit_virtio_del_vqs(struct virtio_device *vdev)
{
	struct kunit_virtio *kv = to_kunit_virtio(vdev);
	unsigned int i;

	for (i = 0; i < kv->num_queues; i++) {
		struct kunit_virtio_queue *q = &kv->queues[i];

		if (!q->vq)
			continue;

		if (q->live && kv->status & VIRTIO_CONFIG_S_DRIVER_OK)
			kunit_virtio_violate(kv, "queue deleted without a reset");
		kunit_virtio_stop_queue(q);
		kunit_virtio_synchronize_cbs(vdev);
		vring_del_virtqueue(q->vq);
		q->vq = NULL;
	}
}

static int kunit_virtio_setup_vq(struct kunit_virtio_queue *q,
				 const struct virtqueue_info *info)
{
	union virtio_map map = { .group = (struct vduse_vq_group *)q };
	struct virtio_device *vdev = &q->kv->vdev;
	const struct vring *vring;
	struct virtqueue *vq;
	int ret;

	if (!q->size)
		return -ENOENT;
	if (q->vq) {
		kunit_virtio_violate(q->kv, "queue set up twice");
		return -EBUSY;
	}

	/* The core passes the map on to the map operations without looking. */
	vq = vring_create_virtqueue_map(q - q->kv->queues, q->size, PAGE_SIZE,
					vdev, true, false, info->ctx,
					kunit_virtio_notify, info->callback,
					info->name, map);
	if (!vq)
		return -ENOMEM;

	vq->num_max = q->size;
	vq->priv = q;
	q->vq = vq;

	vring = virtqueue_get_vring(vq);
	ret = vringh_init_kern(&q->vrh, vdev->features, q->size, true,
			       vring->desc, vring->avail, vring->used);
	if (ret)
		return ret;

	scoped_guard(spinlock_irqsave, &q->lock) {
		vringh_notify_enable_kern(&q->vrh);
		q->raw = false;
		WRITE_ONCE(q->live, true);
	}

	return 0;
}

/* A queue without a name is one that the driver knows and the device lacks. */
static int kunit_virtio_find_vqs(struct virtio_device *vdev, unsigned int nvqs,
				 struct virtqueue *vqs[],
				 struct virtqueue_info vqs_info[],
				 struct irq_affinity *desc)
{
	struct kunit_virtio *kv = to_kunit_virtio(vdev);
	unsigned int i, index = 0;
	int ret = 0;

	if (kv->find_vqs_err)
		return kv->find_vqs_err;

	for (i = 0; i < nvqs && !ret; i++) {
		vqs[i] = NULL;
		if (!vqs_info[i].name)
			continue;
		if (index == kv->num_queues) {
			ret = -ENOENT;
			break;
		}
		ret = kunit_virtio_setup_vq(&kv->queues[index], &vqs_info[i]);
		vqs[i] = kv->queues[index++].vq;
	}
	/* The queues that another call has set up are in use. */
	if (ret && ret != -EBUSY)
		kunit_virtio_del_vqs(vdev);

	return ret;
}

static const char *kunit_virtio_bus_name(struct virtio_device *vdev)
{
	return "kunit";
}

static const struct virtio_config_ops kunit_virtio_config_ops = {
	.get			= kunit_virtio_get,
	.set			= kunit_virtio_set,
	.get_status		= kunit_virtio_get_status,
	.set_status		= kunit_virtio_set_status,
	.reset			= kunit_virtio_reset,
	.find_vqs		= kunit_virtio_find_vqs,
	.del_vqs		= kunit_virtio_del_vqs,
	.synchronize_cbs	= kunit_virtio_synchronize_cbs,
	.get_features		= kunit_virtio_get_features,
	.finalize_features	= kunit_virtio_finalize_features,
	.bus_name		= kunit_virtio_bus_name,
};

/**
 * kunit_virtio_notifications() - Count the driver's notifications
 * @kv: the device
 * @index: the virtqueue
 *
 * Context: Any context.
 * Return: How often the driver has notified the device of available buffers.
 */
unsigned int kunit_virtio_notifications(struct kunit_virtio *kv,
					unsigned int index)
{
	return atomic_read(&kv->queues[index].notifications);
}
EXPORT_SYMBOL_GPL(kunit_virtio_notifications);

/**
 * kunit_virtio_interrupts() - Count the device's interrupts
 * @kv: the device
 * @index: the virtqueue
 *
 * Context: Any context.
 * Return: How often the device has interrupted the driver for the virtqueue.
 */
unsigned int kunit_virtio_interrupts(struct kunit_virtio *kv,
				     unsigned int index)
{
	return atomic_read(&kv->queues[index].interrupts);
}
EXPORT_SYMBOL_GPL(kunit_virtio_interrupts);

/**
 * kunit_virtio_mappings() - Count the pieces of memory that the device may use
 * @kv: the device
 *
 * Context: Any context.
 * Return: The number of live mappings: those of each buffer in a virtqueue and
 *	   one more for each indirect descriptor table.
 */
unsigned int kunit_virtio_mappings(struct kunit_virtio *kv)
{
	return READ_ONCE(kv->num_maps);
}
EXPORT_SYMBOL_GPL(kunit_virtio_mappings);

/**
 * kunit_virtio_violation() - The first rule that the driver broke
 * @kv: the device
 *
 * For tests of the mock itself: asking takes the violation off the record, so
 * that the test does not fail for it.
 *
 * Context: May sleep.
 * Return: A description with the function in which that was, and below it its
 *	   callers, as far as they are known; or NULL.
 */
const char *kunit_virtio_violation(struct kunit_virtio *kv)
{
	const char *what = xchg(&kv->violation, NULL);
	unsigned int i, len;

	if (!what)
		return NULL;

	len = scnprintf(kv->report, sizeof(kv->report), "%s", what);
	if (kv->where)
		len += scnprintf(kv->report + len, sizeof(kv->report) - len,
				 " in %pS", (void *)kv->where);
	for (i = 0; i < kv->trace_len; i++)
		len += scnprintf(kv->report + len, sizeof(kv->report) - len,
				 "\n  %pS", (void *)kv->trace[i]);

	return kv->report;
}
EXPORT_SYMBOL_GPL(kunit_virtio_violation);

/* Life of the device */

static void kunit_virtio_dev_release(struct device *dev)
{
	complete(&to_kunit_virtio(dev_to_virtio(dev))->released);
}

static void kunit_virtio_drop_maps(struct kunit_virtio *kv)
{
	struct kunit_virtio_map *map, *next;
	LIST_HEAD(left);

	scoped_guard(raw_spinlock_irqsave, &kunit_virtio_map_lock)
		list_for_each_entry_safe(map, next, &kunit_virtio_maps, node)
			if (map->q->kv == kv)
				list_move(&map->node, &left);

	list_for_each_entry_safe(map, next, &left, node)
		kfree(map);
}

static void kunit_virtio_free(struct kunit_virtio *kv)
{
	kunit_virtio_drop_maps(kv);
	kfree(kv->config);
	kfree(kv->queues);
	kfree(kv);
}

static void kunit_virtio_drop_held(struct kunit_virtio_queue *q)
{
	struct kunit_virtio_buf *buf, *next;

	list_for_each_entry_safe(buf, next, &q->held, node)
		kunit_virtio_free_buf(buf);
}

/*
 * Test actions run in reverse order, so whatever the test has added after it
 * allocated the device is gone when this runs. The device answers as before
 * while the driver goes, and everything if the driver waits for more than that.
 */
static void kunit_virtio_destroy(void *data)
{
	struct kunit_virtio *kv = data;
	const char *violation;
	unsigned int i;

	if (kv->stuck)
		return;

	mod_delayed_work(kv->wq, &kv->flush, KUNIT_VIRTIO_PATIENCE);
	kunit_virtio_resume(kv);
	kunit_virtio_unplug(kv);
	cancel_delayed_work_sync(&kv->flush);
	for (i = 0; i < kv->num_queues; i++)
		kunit_virtio_stop_serving(&kv->queues[i]);
	destroy_workqueue(kv->wq);
	for (i = 0; i < kv->num_queues; i++)
		kunit_virtio_drop_held(&kv->queues[i]);

	violation = kunit_virtio_violation(kv);
	if (violation)
		KUNIT_FAIL(kv->test, "driver broke a rule: %s", violation);
	KUNIT_EXPECT_EQ_MSG(kv->test, kv->num_maps, 0,
			    "driver left memory mapped for the device");

	if (kv->known && !wait_for_completion_timeout(&kv->released,
						      KUNIT_VIRTIO_END))
		KUNIT_FAIL(kv->test, "driver kept a reference to the device");
	else
		kunit_virtio_free(kv);
}

static void kunit_virtio_init_queue(struct kunit_virtio_queue *q,
				    struct kunit_virtio *kv, u16 size)
{
	q->kv = kv;
	q->size = size;
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->held);
	init_completion(&q->kicked);
	INIT_WORK(&q->work, kunit_virtio_work);
}

static int kunit_virtio_init(struct kunit_virtio *kv,
			     const struct kunit_virtio_params *params)
{
	unsigned int i;

	spin_lock_init(&kv->config_lock);
	init_completion(&kv->released);
	INIT_DELAYED_WORK(&kv->flush, kunit_virtio_flush_work);
	kv->features = params->features | BIT_ULL(VIRTIO_F_VERSION_1) |
		       BIT_ULL(VIRTIO_F_ACCESS_PLATFORM);

	kv->queues = kzalloc_objs(*kv->queues, params->num_queues);
	if (!kv->queues)
		return -ENOMEM;

	kv->num_queues = params->num_queues;
	for (i = 0; i < kv->num_queues; i++)
		kunit_virtio_init_queue(&kv->queues[i], kv,
					params->queue_sizes[i]);

	kv->params = *params;
	kv->config_len = params->config_len;
	kv->config = kmemdup(params->config, params->config_len, GFP_KERNEL);
	if (!kv->config)
		return -ENOMEM;

	kv->wq = alloc_workqueue("kunit_virtio", WQ_UNBOUND, 0);

	return kv->wq ? 0 : -ENOMEM;
}

/* A device on the KUnit bus has a driver of its own, so its name is unique. */
static struct device *kunit_virtio_parent(struct kunit *test)
{
	static atomic_t serial = ATOMIC_INIT(-1);
	const size_t size = 32;
	char *name;

	name = kunit_kzalloc(test, size, GFP_KERNEL);
	if (!name)
		return ERR_PTR(-ENOMEM);

	snprintf(name, size, "kunit_virtio.%d", atomic_inc_return(&serial));

	return kunit_device_register(test, name);
}

/**
 * kunit_virtio_alloc() - Make a mock virtio device
 * @test: the test that it belongs to
 * @params: what the device offers; copied
 *
 * The driver does not see the device before kunit_virtio_add(). It goes with
 * the test, which fails then if the driver has left memory mapped or has
 * broken a rule of virtio that the device could notice.
 *
 * Context: May sleep.
 * Return: The device or an ERR_PTR().
 */
struct kunit_virtio *
kunit_virtio_alloc(struct kunit *test, const struct kunit_virtio_params *params)
{
	struct device *parent;
	struct kunit_virtio *kv;
	int ret;

	parent = kunit_virtio_parent(test);
	if (IS_ERR(parent))
		return ERR_CAST(parent);

	kv = kzalloc_obj(*kv);
	if (!kv)
		return ERR_PTR(-ENOMEM);

	kv->test = test;
	kv->vdev.dev.parent = parent;
	kv->vdev.dev.release = kunit_virtio_dev_release;
	kv->vdev.id.device = params->device_id;
	kv->vdev.id.vendor = VIRTIO_DEV_ANY_ID;
	kv->vdev.config = &kunit_virtio_config_ops;
	kv->vdev.map = &kunit_virtio_map_ops;

	ret = kunit_virtio_init(kv, params);
	if (ret) {
		kunit_virtio_free(kv);
		return ERR_PTR(ret);
	}

	ret = kunit_add_action_or_reset(test, kunit_virtio_destroy, kv);

	return ret ? ERR_PTR(ret) : kv;
}
EXPORT_SYMBOL_GPL(kunit_virtio_alloc);

/**
 * kunit_virtio_add() - Register the device, which makes its driver probe it
 * @kv: the device
 *
 * Returns after the probe, so either a handler answers what the driver asks
 * for there, or the call is made by kunit_virtio_run().
 *
 * Context: May sleep.
 * Return: 0 or -errno. It is not an error if the driver refuses the device,
 *	   see kunit_virtio_bound().
 */
int kunit_virtio_add(struct kunit_virtio *kv)
{
	int ret;

	kv->known = true;
	ret = register_virtio_device(&kv->vdev);
	if (ret)
		put_device(&kv->vdev.dev);
	else
		WRITE_ONCE(kv->added, true);

	return ret;
}
EXPORT_SYMBOL_GPL(kunit_virtio_add);

/**
 * kunit_virtio_unplug() - Unregister the device, which makes its driver go
 * @kv: the device
 *
 * This happens by itself when the test ends.
 *
 * Context: May sleep.
 */
void kunit_virtio_unplug(struct kunit_virtio *kv)
{
	if (!kv->added)
		return;

	WRITE_ONCE(kv->added, false);
	WRITE_ONCE(kv->resume, NULL);
	unregister_virtio_device(&kv->vdev);
}
EXPORT_SYMBOL_GPL(kunit_virtio_unplug);

#ifndef CONFIG_PM_SLEEP
static int virtio_device_freeze(struct virtio_device *vdev)
{
	return -EOPNOTSUPP;
}

static int virtio_device_restore(struct virtio_device *vdev)
{
	return -EOPNOTSUPP;
}
#endif

static int kunit_virtio_pause(struct kunit_virtio *kv,
			      int (*pause)(struct virtio_device *vdev),
			      int (*resume)(struct virtio_device *vdev))
{
	int ret = pause(&kv->vdev);

	if (!ret)
		WRITE_ONCE(kv->resume, resume);

	return ret;
}

/**
 * kunit_virtio_freeze() - Tell the driver that the system is going to sleep
 * @kv: the device, which was added
 *
 * What a transport does then. Whatever waits for the system to wake up, waits
 * until kunit_virtio_restore() or, if the test fails before that, until
 * kunit_virtio_flush().
 *
 * Context: May sleep.
 * Return: 0, what the driver returns, or -EOPNOTSUPP in a kernel without
 *	   CONFIG_PM_SLEEP.
 */
int kunit_virtio_freeze(struct kunit_virtio *kv)
{
	return kunit_virtio_pause(kv, virtio_device_freeze,
				  virtio_device_restore);
}
EXPORT_SYMBOL_GPL(kunit_virtio_freeze);

/**
 * kunit_virtio_restore() - Tell the driver that the system has woken up
 * @kv: the device
 *
 * The device is reset and its features are negotiated before. The driver sets
 * the virtqueues up again, so what kunit_virtio_serve() has set stays in force.
 * Buffers of the old ones are not the device's any longer: nothing comes of
 * reading, writing and pushing them.
 *
 * Context: May sleep.
 * Return: 0, what the driver returns, or -EOPNOTSUPP in a kernel without
 *	   CONFIG_PM_SLEEP.
 */
int kunit_virtio_restore(struct kunit_virtio *kv)
{
	WRITE_ONCE(kv->resume, NULL);

	return virtio_device_restore(&kv->vdev);
}
EXPORT_SYMBOL_GPL(kunit_virtio_restore);

/**
 * kunit_virtio_reset_prepare() - Tell the driver that the device will be reset
 * @kv: the device, which was added
 *
 * What a transport does before a reset that the driver did not ask for, as
 * that of a PCI function. It ends with kunit_virtio_reset_done(), or as
 * kunit_virtio_freeze() does if the test fails before that.
 *
 * Context: May sleep.
 * Return: 0, what the driver returns, or -EOPNOTSUPP if it is not prepared for
 *	   such a thing.
 */
int kunit_virtio_reset_prepare(struct kunit_virtio *kv)
{
	return kunit_virtio_pause(kv, virtio_device_reset_prepare,
				  virtio_device_reset_done);
}
EXPORT_SYMBOL_GPL(kunit_virtio_reset_prepare);

/**
 * kunit_virtio_reset_done() - Tell the driver that the device was reset
 * @kv: the device
 *
 * As kunit_virtio_restore().
 *
 * Context: May sleep.
 * Return: 0, what the driver returns, or -EOPNOTSUPP if it is not prepared for
 *	   such a thing.
 */
int kunit_virtio_reset_done(struct kunit_virtio *kv)
{
	WRITE_ONCE(kv->resume, NULL);

	return virtio_device_reset_done(&kv->vdev);
}
EXPORT_SYMBOL_GPL(kunit_virtio_reset_done);

/**
 * kunit_virtio_on_reset() - Have a reset of the device noticed
 * @kv: the device
 * @fn: called each time that the driver or the core has reset the device, for a
 *	model of it to forget its state; NULL for nothing
 * @data: passed to @fn; must outlive the device, so allocate it before
 *
 * Handlers have returned when @fn is called, and none is called again before
 * the driver has set up virtqueues.
 *
 * Context: May sleep. The device must not be reset meanwhile.
 */
void kunit_virtio_on_reset(struct kunit_virtio *kv, void (*fn)(void *data),
			   void *data)
{
	kv->on_reset_data = data;
	kv->on_reset = fn;
}
EXPORT_SYMBOL_GPL(kunit_virtio_on_reset);

/**
 * kunit_virtio_set_config() - Change what the config space says
 * @kv: the device
 * @offset: where, in bytes from its beginning
 * @src: the new contents
 * @len: how many bytes; what is past the end of the config space is left out
 *
 * The driver of a device that was added is told, if it wants to know. A driver
 * that is reading the config space meanwhile may see some of the fields as they
 * were, and some as they are.
 *
 * Context: Any context in which an interrupt could arrive.
 */
void kunit_virtio_set_config(struct kunit_virtio *kv, size_t offset,
			     const void *src, size_t len)
{
	if (offset >= kv->config_len)
		return;

	scoped_guard(spinlock_irqsave, &kv->config_lock)
		memcpy(kv->config + offset, src,
		       min(len, kv->config_len - offset));

	if (READ_ONCE(kv->added))
		virtio_config_changed(&kv->vdev);
}
EXPORT_SYMBOL_GPL(kunit_virtio_set_config);

/**
 * kunit_virtio_vdev() - The device as its driver sees it
 * @kv: the device
 *
 * Context: Any context.
 * Return: The virtio device, valid until the test ends.
 */
struct virtio_device *kunit_virtio_vdev(struct kunit_virtio *kv)
{
	return &kv->vdev;
}
EXPORT_SYMBOL_GPL(kunit_virtio_vdev);

/**
 * kunit_virtio_bound() - Whether a driver has the device
 * @kv: the device
 *
 * Context: May sleep.
 * Return: true after kunit_virtio_add(), if the probe has succeeded, and until
 *	   the driver is unbound or the device is unplugged.
 */
bool kunit_virtio_bound(struct kunit_virtio *kv)
{
	if (!kv->added)
		return false;

	guard(device)(&kv->vdev.dev);

	return device_is_bound(&kv->vdev.dev);
}
EXPORT_SYMBOL_GPL(kunit_virtio_bound);

/**
 * kunit_virtio_fail_find_vqs() - Refuse to set up virtqueues
 * @kv: the device
 * @err: what to fail with, a negative errno, or 0 to stop failing
 *
 * Context: Any context.
 */
void kunit_virtio_fail_find_vqs(struct kunit_virtio *kv, int err)
{
	kv->find_vqs_err = err;
}
EXPORT_SYMBOL_GPL(kunit_virtio_fail_find_vqs);

/**
 * kunit_virtio_irq_window() - Do something at the worst possible moment
 * @kv: the device
 * @hook: called while the driver adds a buffer to a virtqueue or takes one
 *	  back, if interrupts are enabled there; NULL for nothing
 * @data: passed to @hook
 *
 * A driver that changes a virtqueue where its callback can come between has a
 * race that is hard to hit. A @hook that pushes a buffer hits it every time,
 * and the test fails if the callback takes the buffer back meanwhile. @hook is
 * never called if the driver does without the race. Virtqueue callbacks are
 * threads with PREEMPT_RT, where @hook is not called at all.
 *
 * Context: May sleep.
 */
void kunit_virtio_irq_window(struct kunit_virtio *kv, void (*hook)(void *data),
			     void *data)
{
	WRITE_ONCE(kv->hook, NULL);
	synchronize_rcu_expedited();
	kv->hook_data = data;
	/* Whoever sees @hook sees its @data. */
	smp_store_release(&kv->hook, hook);
}
EXPORT_SYMBOL_GPL(kunit_virtio_irq_window);

/**
 * kunit_virtio_slow_maps() - Widen a race between CPUs
 * @kv: the device
 * @delay_us: how long to map or to unmap memory shall take, in microseconds
 *
 * To map memory is a part of adding a buffer to a virtqueue, and to unmap it of
 * taking one back. Two of these at a time are a race that is lost more often
 * the longer they take.
 *
 * Context: Any context.
 */
void kunit_virtio_slow_maps(struct kunit_virtio *kv, unsigned int delay_us)
{
	kv->map_delay = delay_us;
}
EXPORT_SYMBOL_GPL(kunit_virtio_slow_maps);

/**
 * kunit_virtio_fail_maps() - Have buffers not added to a virtqueue
 * @kv: the device
 * @count: how many of the next attempts to map memory fail
 *
 * Bounce buffers may all be in use, for instance. A buffer of which a part
 * cannot be mapped is not added, and the driver gets an error other than the one
 * for a full virtqueue.
 *
 * Context: Any context.
 */
void kunit_virtio_fail_maps(struct kunit_virtio *kv, unsigned int count)
{
	atomic_set(&kv->fail_maps, count);
}
EXPORT_SYMBOL_GPL(kunit_virtio_fail_maps);

/* Threads that call into the driver while the test is the device */

static int kunit_virtio_task_fn(void *data)
{
	struct kunit_virtio_task *task = data;
	int sig;

	/* A kernel thread ignores signals unless it asks for them. */
	for (sig = 1; sig < SIGRTMIN; sig++)
		allow_signal(sig);
	complete(&task->ready);
	task->ret = task->fn(task->data);
	complete_all(&task->done);

	return 0;
}

static void kunit_virtio_task_end(void *data)
{
	struct kunit_virtio_task *task = data;
	bool done = completion_done(&task->done);

	if (!done) {
		kunit_virtio_flush(task->kv);
		done = wait_for_completion_timeout(&task->done, KUNIT_VIRTIO_END);
		cancel_delayed_work_sync(&task->kv->flush);
	}

	/* Leak it all rather than hang, and rather than free what is in use. */
	if (!done) {
		task->kv->stuck = true;
		KUNIT_FAIL(task->kv->test, "driver hangs");
		return;
	}

	kthread_stop_put(task->task);
	kfree(task);
}

/**
 * kunit_virtio_run() - Call into the driver from a thread of its own
 * @kv: the device that the driver drives
 * @fn: what to run
 * @data: passed to @fn; the test must have allocated it before this call
 *
 * A test cannot wait for the device and be the device at a time. If @fn still
 * runs when the test ends, the device answers everything until @fn returns.
 *
 * Context: May sleep.
 * Return: The thread or an ERR_PTR().
 */
struct kunit_virtio_task *
kunit_virtio_run(struct kunit_virtio *kv, int (*fn)(void *data), void *data)
{
	struct kunit_virtio_task *task;
	int ret;

	task = kzalloc_obj(*task);
	if (!task)
		return ERR_PTR(-ENOMEM);

	task->kv = kv;
	task->fn = fn;
	task->data = data;
	init_completion(&task->ready);
	init_completion(&task->done);

	task->task = kthread_create(kunit_virtio_task_fn, task, "kunit_virtio");
	if (IS_ERR(task->task)) {
		ret = PTR_ERR(task->task);
		kfree(task);
		return ERR_PTR(ret);
	}

	get_task_struct(task->task);
	wake_up_process(task->task);
	wait_for_completion(&task->ready);

	ret = kunit_add_action_or_reset(kv->test, kunit_virtio_task_end, task);

	return ret ? ERR_PTR(ret) : task;
}
EXPORT_SYMBOL_GPL(kunit_virtio_run);

/**
 * kunit_virtio_task_wait() - Wait until a thread is through
 * @task: the thread
 * @timeout_ms: how long to wait, in milliseconds
 *
 * Context: May sleep.
 * Return: false if it still runs after @timeout_ms.
 */
bool kunit_virtio_task_wait(struct kunit_virtio_task *task,
			    unsigned int timeout_ms)
{
	return wait_for_completion_timeout(&task->done,
					   msecs_to_jiffies(timeout_ms) + 1);
}
EXPORT_SYMBOL_GPL(kunit_virtio_task_wait);

/**
 * kunit_virtio_task_ret() - What a thread's function has returned
 * @task: the thread, after a successful kunit_virtio_task_wait()
 *
 * Context: Any context.
 * Return: The return value of the function.
 */
int kunit_virtio_task_ret(struct kunit_virtio_task *task)
{
	return task->ret;
}
EXPORT_SYMBOL_GPL(kunit_virtio_task_ret);

/**
 * kunit_virtio_task_signal() - Send a thread a signal
 * @task: the thread
 * @sig: the signal, below SIGRTMIN
 *
 * What happens to a process that waits for the driver when it gets a signal:
 * SIGKILL is fatal, all others are not.
 *
 * Context: Any context.
 */
void kunit_virtio_task_signal(struct kunit_virtio_task *task, int sig)
{
	send_sig(sig, task->task, 1);
}
EXPORT_SYMBOL_GPL(kunit_virtio_task_signal);

MODULE_DESCRIPTION("Mock virtio transport for KUnit tests");
MODULE_LICENSE("GPL");
