// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the mock virtio transport
 *
 * The mock is tested with a driver that does next to nothing: it sends eight
 * bytes and waits for eight bytes. What the driver does wrong on request, the
 * mock has to notice.
 */

#include <linux/array_size.h>
#include <linux/cleanup.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/hardirq.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>

#include <kunit/test.h>
#include <kunit/virtio.h>

/* Not an ID that the specification assigns, so no other driver matches. */
#define ECHO_DEVICE_ID		0xec40

#define ECHO_BYTES		8
#define ECHO_REQUESTS		8
#define ECHO_WAIT_MS		2000

/**
 * enum echo_flaw - what the driver does wrong
 * @ECHO_NO_FLAW: nothing
 * @ECHO_FAIL_PROBE: fails in probe before DRIVER_OK, which is no flaw
 * @ECHO_KICK_EARLY: notifies the device before DRIVER_OK
 * @ECHO_READ_CONFIG_PAST_END: reads more config space than there is
 * @ECHO_REPLY_READ_ONLY: lets the device only read the reply
 * @ECHO_KEEP_MAPPED: leaves buffers in the queue when it goes
 * @ECHO_NO_RESET: deletes the queue while the device may use it
 * @ECHO_RACY: adds buffers without a lock against the callback
 * @ECHO_BUSY: refuses to pause
 * @ECHO_KEEP_QUEUE: does not delete the queue when it pauses
 */
enum echo_flaw {
	ECHO_NO_FLAW,
	ECHO_FAIL_PROBE,
	ECHO_KICK_EARLY,
	ECHO_READ_CONFIG_PAST_END,
	ECHO_REPLY_READ_ONLY,
	ECHO_KEEP_MAPPED,
	ECHO_NO_RESET,
	ECHO_RACY,
	ECHO_BUSY,
	ECHO_KEEP_QUEUE,
};

/**
 * struct echo_request - a message and its reply
 * @done: the reply is in
 * @len: number of bytes that the device says it has written
 * @out: for the device to read
 * @in: for the device to write
 */
struct echo_request {
	struct completion done;
	unsigned int len;
	u8 out[ECHO_BYTES];
	u8 in[ECHO_BYTES];
};

/**
 * struct echo - the driver's view of a device, and the test's
 * @test: the running test
 * @kv: the mock device
 * @vq: the queue; NULL while there is none
 * @without_first: the driver leaves the first of its two queues out
 * @receives: the driver offers the memory of replies again at once
 * @received: how often it did
 * @pieces: how many parts each half of a message has; 0 for one
 * @find_vqs_err: what find_vqs() has returned
 * @remove_ms: how long the driver takes until it resets the device
 * @lock: protects @vq
 * @flaw: what the driver does wrong
 * @in_hardirq: the callback was called in hard interrupt context
 * @window: how often an interrupt could have come at a bad time
 * @served: how many buffers the handler has answered
 * @resets: how often the device was reset
 * @config_changes: how often the config space has changed
 * @selected: what the driver has written to the config space
 * @resumed: the driver goes on after a pause
 * @req: the messages
 */
struct echo {
	struct kunit *test;
	struct kunit_virtio *kv;
	struct virtqueue *vq;
	bool without_first;
	bool receives;
	unsigned int received;
	unsigned int pieces;
	int find_vqs_err;
	unsigned int remove_ms;
	spinlock_t lock; /* Protects @vq */
	enum echo_flaw flaw;
	bool in_hardirq;
	unsigned int window;
	unsigned int served;
	unsigned int resets;
	unsigned int config_changes;
	u8 selected;
	struct completion resumed;
	struct echo_request req[ECHO_REQUESTS];
};

/* The driver's probe() has no other way to find the test that it runs for. */
static struct echo *echo_current;

static void echo_init_sg(struct echo *echo, struct scatterlist *sg, u8 *mem)
{
	unsigned int i, num = echo->pieces ?: 1, size = ECHO_BYTES / num;

	sg_init_table(sg, num);
	for (i = 0; i < num; i++)
		sg_set_buf(&sg[i], mem + i * size, size);
}

static int echo_add(struct echo *echo, struct echo_request *req)
{
	struct scatterlist out[ECHO_BYTES], in[ECHO_BYTES], *sgs[] = { out, in };
	unsigned int num_in = echo->flaw == ECHO_REPLY_READ_ONLY ? 0 : 1;

	echo_init_sg(echo, out, req->out);
	echo_init_sg(echo, in, req->in);
	if (echo->receives)
		return virtqueue_add_inbuf(echo->vq, in, 1, req, GFP_ATOMIC);

	return virtqueue_add_sgs(echo->vq, sgs, 2 - num_in, num_in, req,
				 GFP_ATOMIC);
}

static void echo_callback(struct virtqueue *vq)
{
	struct echo *echo = vq->vdev->priv;
	struct echo_request *req;
	unsigned int len;

	echo->in_hardirq = in_hardirq();

	guard(spinlock_irqsave)(&echo->lock);
	while ((req = virtqueue_get_buf(vq, &len))) {
		req->len = len;
		complete(&req->done);
		if (echo->receives && !echo_add(echo, req)) {
			echo->received++;
			virtqueue_kick(vq);
		}
	}
}

static int echo_add_and_kick(struct echo *echo, struct echo_request *req)
{
	int ret = echo_add(echo, req);

	if (!ret)
		virtqueue_kick(echo->vq);

	return ret;
}

/* Adds a message without waiting for its reply. */
static int echo_post(struct echo *echo, struct echo_request *req)
{
	if (echo->flaw == ECHO_RACY)
		return echo_add_and_kick(echo, req);

	guard(spinlock_irqsave)(&echo->lock);

	return echo_add_and_kick(echo, req);
}

/* The call into the driver that tests make. */
static int echo_send(void *data)
{
	struct echo *echo = data;
	int ret;

	ret = echo_post(echo, &echo->req[0]);
	if (ret)
		return ret;

	return wait_for_completion_killable(&echo->req[0].done);
}

static int echo_send_interruptible(void *data)
{
	struct echo *echo = data;
	int ret;

	ret = echo_post(echo, &echo->req[0]);
	if (ret)
		return ret;

	return wait_for_completion_interruptible(&echo->req[0].done);
}

static int echo_find_vqs(struct echo *echo, struct virtio_device *vdev)
{
	struct virtqueue_info infos[] = {
		{ .name = NULL },
		{ .name = "echo", .callback = echo_callback },
	};
	unsigned int first = echo->without_first ? 0 : 1;
	struct virtqueue *vqs[2] = {};
	int ret;

	ret = virtio_find_vqs(vdev, 2 - first, vqs, infos + first, NULL);
	echo->vq = ret ? NULL : vqs[1 - first];
	echo->find_vqs_err = ret;

	return ret;
}

static int echo_probe(struct virtio_device *vdev)
{
	struct echo *echo = echo_current;
	int ret;

	vdev->priv = echo;
	ret = echo_find_vqs(echo, vdev);
	if (ret)
		return ret;

	if (echo->flaw == ECHO_FAIL_PROBE) {
		vdev->config->del_vqs(vdev);
		return -EIO;
	}
	if (echo->flaw == ECHO_READ_CONFIG_PAST_END)
		virtio_cread32(vdev, 2);
	if (echo->flaw == ECHO_KICK_EARLY)
		echo_post(echo, &echo->req[0]);

	virtio_device_ready(vdev);

	return 0;
}

static void echo_remove(struct virtio_device *vdev)
{
	struct echo *echo = vdev->priv;

	msleep(echo->remove_ms);
	if (echo->flaw != ECHO_NO_RESET)
		virtio_reset_device(vdev);
	if (echo->vq && echo->flaw != ECHO_KEEP_MAPPED)
		while (virtqueue_detach_unused_buf(echo->vq))
			;
	vdev->config->del_vqs(vdev);
	echo->vq = NULL;
	virtio_reset_device(vdev);
}

static int echo_pause(struct virtio_device *vdev)
{
	struct echo *echo = vdev->priv;

	if (echo->flaw == ECHO_BUSY)
		return -EBUSY;
	if (echo->flaw != ECHO_KEEP_QUEUE)
		echo_remove(vdev);

	return 0;
}

static int echo_resume(struct virtio_device *vdev)
{
	struct echo *echo = vdev->priv;
	int ret;

	ret = echo_find_vqs(echo, vdev);
	if (ret)
		return ret;

	virtio_device_ready(vdev);
	complete(&echo->resumed);

	return 0;
}

static void echo_config_changed(struct virtio_device *vdev)
{
	struct echo *echo = vdev->priv;

	echo->config_changes++;
}

static const struct virtio_device_id echo_ids[] = {
	{ ECHO_DEVICE_ID, VIRTIO_DEV_ANY_ID },
	{}
};

static struct virtio_driver echo_driver = {
	.id_table = echo_ids,
	.probe = echo_probe,
	.remove = echo_remove,
	.config_changed = echo_config_changed,
	.freeze = echo_pause,
	.restore = echo_resume,
	.reset_prepare = echo_pause,
	.reset_done = echo_resume,
	.driver = {
		.name = "kunit_virtio_echo",
	},
};

/* The device: returns what it reads. */
static void echo_device(struct kunit_virtio_buf *buf, void *data)
{
	struct echo *echo = data;
	u8 bytes[ECHO_BYTES];
	size_t len;

	len = kunit_virtio_read(buf, bytes, sizeof(bytes));
	echo->served++;
	kunit_virtio_push(buf, kunit_virtio_write(buf, bytes, len));
}

/* What is read past the first byte depends on what was written there. */
static void echo_config_read(void *data, unsigned int offset, void *buf,
			     unsigned int len)
{
	struct echo *echo = data;

	if (offset && echo->selected)
		memset(buf, echo->selected, len);
}

static void echo_config_write(void *data, unsigned int offset, const void *buf,
			      unsigned int len)
{
	struct echo *echo = data;

	if (!offset)
		memcpy(&echo->selected, buf, 1);
}

static void echo_alloc(struct kunit *test, u64 features, u16 size)
{
	static const u8 config[] = { 1, 2, 3, 4 };
	const u16 sizes[] = { size, size };
	struct echo *echo = test->priv;
	const struct kunit_virtio_params params = {
		.device_id = ECHO_DEVICE_ID,
		.features = features,
		.config = config,
		.config_len = sizeof(config),
		.queue_sizes = sizes,
		.num_queues = ARRAY_SIZE(sizes),
		.config_read = echo_config_read,
		.config_write = echo_config_write,
		.config_data = echo,
	};

	echo->kv = kunit_virtio_alloc(test, &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, echo->kv);
}

static struct echo *echo_start(struct kunit *test, u64 features, u16 size)
{
	struct echo *echo = test->priv;

	echo_alloc(test, features, size);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(echo->kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(echo->kv));

	return echo;
}

static struct kunit_virtio_buf *echo_pop(struct echo *echo)
{
	struct kunit_virtio_buf *buf;

	buf = kunit_virtio_pop_timeout(echo->kv, 0, ECHO_WAIT_MS);
	KUNIT_ASSERT_NOT_NULL(echo->test, buf);

	return buf;
}

static bool echo_answered(struct echo_request *req)
{
	return wait_for_completion_timeout(&req->done,
					   msecs_to_jiffies(ECHO_WAIT_MS));
}

/* begin of the example in the documentation */

/* The device: returns what it reads. */
static void example_device(struct kunit_virtio_buf *buf, void *data)
{
	unsigned int *served = data;
	u8 bytes[ECHO_BYTES];
	size_t len;

	len = kunit_virtio_read(buf, bytes, sizeof(bytes));
	len = kunit_virtio_write(buf, bytes, len);
	/* The driver goes on as soon as it has the buffer back. */
	(*served)++;
	kunit_virtio_push(buf, len);
}

static const u16 example_queue_sizes[] = { 16 };

static const struct kunit_virtio_params example_params = {
	.device_id = ECHO_DEVICE_ID,
	.queue_sizes = example_queue_sizes,
	.num_queues = ARRAY_SIZE(example_queue_sizes),
};

static void virtio_kunit_example(struct kunit *test)
{
	struct echo *echo = test->priv;
	struct kunit_virtio *kv;
	unsigned int *served;

	/* Before the device, as it must outlive that. */
	served = kunit_kzalloc(test, sizeof(*served), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, served);

	kv = kunit_virtio_alloc(test, &example_params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, kv);
	kunit_virtio_serve(kv, 0, example_device, served);

	/* The driver's probe runs here, and its remove when the test ends. */
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(kv), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_bound(kv));

	KUNIT_EXPECT_EQ(test, echo_send(echo), 0);
	KUNIT_EXPECT_EQ(test, echo->req[0].len, ECHO_BYTES);
	KUNIT_EXPECT_EQ(test, *served, 1);
}

/* end of the example */

static const char *echo_expect_violation(struct echo *echo, const char *what)
{
	const char *report = kunit_virtio_violation(echo->kv);

	KUNIT_ASSERT_NOT_NULL(echo->test, report);
	KUNIT_EXPECT_TRUE_MSG(echo->test, strstarts(report, what), "%s", report);

	return report;
}

/* The report says where it happened. */
static void echo_expect_violation_in(struct echo *echo, const char *what,
				     const char *function)
{
	const char *report = echo_expect_violation(echo, what);

	if (IS_ENABLED(CONFIG_KALLSYMS))
		KUNIT_EXPECT_NOT_NULL_MSG(echo->test, strstr(report, function),
					  "%s", report);
}

static void virtio_kunit_binds_and_resets(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct virtio_device *vdev = kunit_virtio_vdev(echo->kv);

	KUNIT_EXPECT_TRUE(test, vdev->config->get_status(vdev) &
				VIRTIO_CONFIG_S_DRIVER_OK);
	KUNIT_EXPECT_TRUE(test, virtio_has_feature(vdev, VIRTIO_F_VERSION_1));
	KUNIT_EXPECT_EQ(test, virtqueue_get_vring_size(echo->vq), 4);

	kunit_virtio_unplug(echo->kv);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(echo->kv));
	KUNIT_EXPECT_FALSE(test, vdev->config->get_status(vdev) &
				 VIRTIO_CONFIG_S_DRIVER_OK);
}

static void virtio_kunit_find_vqs_fails(struct kunit *test)
{
	struct echo *echo = test->priv;

	echo_alloc(test, 0, 4);
	kunit_virtio_fail_find_vqs(echo->kv, -ENOSPC);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(echo->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(echo->kv));
	KUNIT_EXPECT_EQ(test, echo->find_vqs_err, -ENOSPC);
}

static void virtio_kunit_no_such_queue(struct kunit *test)
{
	struct echo *echo = test->priv;

	echo_alloc(test, 0, 0);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(echo->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(echo->kv));
	KUNIT_EXPECT_EQ(test, echo->find_vqs_err, -ENOENT);
}

/* As with any transport, a queue without a name is not counted. */
static void virtio_kunit_queue_left_out(struct kunit *test)
{
	struct echo *echo = test->priv;

	echo->without_first = true;
	echo_start(test, 0, 4);
	KUNIT_EXPECT_EQ(test, echo->vq->index, 0);
	kunit_virtio_serve(echo->kv, 0, echo_device, echo);
	KUNIT_EXPECT_EQ(test, echo_send(echo), 0);
	KUNIT_EXPECT_EQ(test, echo->served, 1);
}

/* Until DRIVER_OK a driver may delete its queues without a reset. */
static void virtio_kunit_probe_fails(struct kunit *test)
{
	struct echo *echo = test->priv;

	echo->flaw = ECHO_FAIL_PROBE;
	echo_alloc(test, 0, 4);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(echo->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(echo->kv));
	KUNIT_EXPECT_NULL(test, kunit_virtio_violation(echo->kv));
}

static void virtio_kunit_handler_answers(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	unsigned int i;

	kunit_virtio_serve(echo->kv, 0, echo_device, echo);
	for (i = 0; i < 20; i++) {
		memset(echo->req[0].out, i, ECHO_BYTES);
		KUNIT_ASSERT_EQ(test, echo_send(echo), 0);
		KUNIT_EXPECT_EQ(test, echo->req[0].len, ECHO_BYTES);
		KUNIT_EXPECT_MEMEQ(test, echo->req[0].in, echo->req[0].out,
				   ECHO_BYTES);
	}

	KUNIT_EXPECT_EQ(test, echo->served, 20);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(echo->kv, 0), 20);
	KUNIT_EXPECT_EQ(test, kunit_virtio_interrupts(echo->kv, 0), 20);
}

/* A handler gets what was made available before it was there. */
static void virtio_kunit_handler_late(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	KUNIT_EXPECT_FALSE(test, completion_done(&echo->req[0].done));
	kunit_virtio_serve(echo->kv, 0, echo_device, echo);
	KUNIT_EXPECT_TRUE(test, echo_answered(&echo->req[0]));
}

static void virtio_kunit_pop_and_push(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	static const u8 reply[ECHO_BYTES] = "replied";
	struct kunit_virtio_buf *buf;
	u8 bytes[ECHO_BYTES];

	KUNIT_EXPECT_NULL(test, kunit_virtio_pop(echo->kv, 0));
	KUNIT_EXPECT_NULL(test, kunit_virtio_pop_timeout(echo->kv, 0, 1));

	memcpy(echo->req[0].out, "request", ECHO_BYTES);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	buf = echo_pop(echo);
	KUNIT_EXPECT_EQ(test, kunit_virtio_readable(buf), ECHO_BYTES);
	KUNIT_EXPECT_EQ(test, kunit_virtio_writable(buf), ECHO_BYTES);
	KUNIT_EXPECT_EQ(test, kunit_virtio_read(buf, bytes, sizeof(bytes)),
			ECHO_BYTES);
	KUNIT_EXPECT_MEMEQ(test, bytes, "request", ECHO_BYTES);

	/* The driver believes the length, whatever was written. */
	KUNIT_EXPECT_EQ(test, kunit_virtio_write(buf, reply, 3), 3);
	kunit_virtio_push(buf, 77);
	KUNIT_EXPECT_TRUE(test, completion_done(&echo->req[0].done));
	KUNIT_EXPECT_EQ(test, echo->req[0].len, 77);
	KUNIT_EXPECT_MEMEQ(test, echo->req[0].in, "rep\0\0\0\0", ECHO_BYTES);
}

static void virtio_kunit_out_of_order(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 16);
	struct kunit_virtio_buf *buf[3];
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[i]), 0);
		buf[i] = echo_pop(echo);
	}

	for (i = 2; i >= 0; i--) {
		KUNIT_EXPECT_FALSE(test, completion_done(&echo->req[i].done));
		kunit_virtio_push(buf[i], i);
		KUNIT_EXPECT_TRUE(test, completion_done(&echo->req[i].done));
		KUNIT_EXPECT_EQ(test, echo->req[i].len, i);
	}
}

/* Chains of 8 pieces in one entry of the ring each, read and written in parts. */
static void virtio_kunit_pieces(struct kunit *test)
{
	struct echo *echo = echo_start(test, BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC),
				       2);
	struct kunit_virtio_buf *buf;
	u8 bytes[4];

	echo->pieces = ECHO_BYTES / 2;
	memcpy(echo->req[0].out, "abcdefgh", ECHO_BYTES);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[1]), 0);
	buf = echo_pop(echo);
	KUNIT_EXPECT_EQ(test, kunit_virtio_readable(buf), ECHO_BYTES);
	KUNIT_EXPECT_EQ(test, kunit_virtio_read_at(buf, 3, bytes, 4), 4);
	KUNIT_EXPECT_MEMEQ(test, bytes, "defg", 4);
	KUNIT_EXPECT_EQ(test, kunit_virtio_read_at(buf, 6, bytes, 4), 2);
	KUNIT_EXPECT_EQ(test, kunit_virtio_read_at(buf, 8, bytes, 4), 0);

	KUNIT_EXPECT_EQ(test, kunit_virtio_write_at(buf, 5, "xyz!", 4), 3);
	kunit_virtio_push(buf, ECHO_BYTES);
	KUNIT_EXPECT_MEMEQ(test, echo->req[0].in, "\0\0\0\0\0xyz", ECHO_BYTES);
}

/* Several replies with one interrupt. */
static void virtio_kunit_push_quiet(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 16);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[i]), 0);
		kunit_virtio_push_quiet(echo_pop(echo), 0);
		KUNIT_EXPECT_FALSE(test, completion_done(&echo->req[i].done));
	}

	kunit_virtio_interrupt(echo->kv, 0);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, completion_done(&echo->req[i].done));
	KUNIT_EXPECT_EQ(test, kunit_virtio_interrupts(echo->kv, 0), 1);
}

static void virtio_kunit_callback_context(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	kunit_virtio_push(echo_pop(echo), 0);
	KUNIT_EXPECT_EQ(test, echo->in_hardirq,
			!IS_ENABLED(CONFIG_PREEMPT_RT));
	KUNIT_EXPECT_FALSE(test, in_hardirq());
}

/* With an indirect table a buffer takes one entry and one more mapping. */
static void virtio_kunit_indirect(struct kunit *test)
{
	struct echo *echo = echo_start(test, BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC),
				       2);
	u8 bytes[ECHO_BYTES] = "indirect";
	unsigned int i;

	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[i]), 0);
	KUNIT_EXPECT_EQ(test, echo->vq->num_free, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 6);

	for (i = 0; i < 2; i++) {
		struct kunit_virtio_buf *buf = echo_pop(echo);

		kunit_virtio_push(buf, kunit_virtio_write(buf, bytes, 8));
		KUNIT_EXPECT_MEMEQ(test, echo->req[i].in, bytes, 8);
	}
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 0);
}

static void virtio_kunit_direct(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[1]), 0);
	KUNIT_EXPECT_EQ(test, echo->vq->num_free, 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 4);
	KUNIT_EXPECT_EQ(test, echo_post(echo, &echo->req[2]), -ENOSPC);
}

/* A part of a buffer that cannot be mapped leaves nothing of the others. */
static void virtio_kunit_fail_maps(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);

	kunit_virtio_fail_maps(echo->kv, 1);
	KUNIT_EXPECT_EQ(test, echo_post(echo, &echo->req[0]), -ENOMEM);
	KUNIT_EXPECT_EQ(test, echo->vq->num_free, 4);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(echo->kv, 0), 0);

	KUNIT_EXPECT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 2);
}

/* The device asks for a notification each time that it has seen all. */
static void virtio_kunit_event_idx(struct kunit *test)
{
	struct echo *echo = echo_start(test, BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
				       16);
	unsigned int i;

	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[i]), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(echo->kv, 0), 1);

	for (i = 0; i < 3; i++)
		kunit_virtio_push(echo_pop(echo), 0);
	KUNIT_EXPECT_NULL(test, kunit_virtio_pop(echo->kv, 0));
	KUNIT_EXPECT_TRUE(test, completion_done(&echo->req[2].done));

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[3]), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(echo->kv, 0), 2);
}

/* A reset takes the buffers away from the device. */
static void virtio_kunit_reset_makes_stale(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_buf *buf;
	u8 byte = 0xff;

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	buf = echo_pop(echo);
	kunit_virtio_unplug(echo->kv);

	KUNIT_EXPECT_EQ(test, kunit_virtio_read(buf, &byte, 1), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_write(buf, &byte, 1), 0);
	kunit_virtio_push(buf, 1);
	KUNIT_EXPECT_EQ(test, echo->req[0].in[0], 0);
	KUNIT_EXPECT_FALSE(test, completion_done(&echo->req[0].done));
	KUNIT_EXPECT_NULL(test, kunit_virtio_pop(echo->kv, 0));
	KUNIT_EXPECT_EQ(test, kunit_virtio_interrupts(echo->kv, 0), 0);
}

/* The core takes a used buffer that it never offered for a broken device. */
static void virtio_kunit_push_raw(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);

	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(echo->vq));
	kunit_virtio_push_raw(echo->kv, 0, 3, 1);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(echo->vq));
}

/* Buffers are returned that the device has still, or has not popped yet. */
static void virtio_kunit_push_raw_offered(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_buf *buf;
	u8 bytes[ECHO_BYTES];

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	buf = echo_pop(echo);
	kunit_virtio_push_raw(echo->kv, 0, kunit_virtio_head(buf), 3);
	KUNIT_ASSERT_TRUE(test, echo_answered(&echo->req[0]));
	KUNIT_EXPECT_EQ(test, echo->req[0].len, 3);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_read(buf, bytes, sizeof(bytes)), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_write(buf, "x", 1), 0);

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[1]), 0);
	kunit_virtio_push_raw(echo->kv, 0, kunit_virtio_head(buf), 3);
	KUNIT_EXPECT_TRUE(test, echo_answered(&echo->req[1]));
	KUNIT_EXPECT_NULL(test, kunit_virtio_pop(echo->kv, 0));
	KUNIT_EXPECT_NULL(test, kunit_virtio_violation(echo->kv));

	KUNIT_EXPECT_FALSE(test, virtqueue_is_broken(echo->vq));
	kunit_virtio_push(buf, 3);
	KUNIT_EXPECT_TRUE(test, virtqueue_is_broken(echo->vq));
}

/* A reset ends the time in which the driver is not to blame. */
static void virtio_kunit_push_raw_reset(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_buf *buf;

	kunit_virtio_push_raw(echo->kv, 0, 3, 1);
	KUNIT_ASSERT_EQ(test, kunit_virtio_reset_prepare(echo->kv), 0);
	KUNIT_ASSERT_EQ(test, kunit_virtio_reset_done(echo->kv), 0);

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	buf = echo_pop(echo);
	virtqueue_detach_unused_buf(echo->vq);
	KUNIT_EXPECT_EQ(test, kunit_virtio_write(buf, "x", 1), 0);
	echo_expect_violation(echo, "buffer unmapped while the device has it");
	kunit_virtio_unplug(echo->kv);
}

static void virtio_kunit_set_config(struct kunit *test)
{
	struct echo *echo = test->priv;
	struct virtio_device *vdev;
	u8 config[4];

	echo_alloc(test, 0, 4);
	kunit_virtio_set_config(echo->kv, 0, "\x05", 1);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(echo->kv), 0);
	KUNIT_EXPECT_EQ(test, echo->config_changes, 0);

	vdev = kunit_virtio_vdev(echo->kv);
	kunit_virtio_set_config(echo->kv, 2, "\x07\x08\x09", 3);
	KUNIT_EXPECT_EQ(test, echo->config_changes, 1);
	vdev->config->get(vdev, 0, config, sizeof(config));
	KUNIT_EXPECT_MEMEQ(test, config, "\x05\x02\x07\x08", sizeof(config));

	kunit_virtio_unplug(echo->kv);
	kunit_virtio_set_config(echo->kv, 0, "\x01", 1);
	KUNIT_EXPECT_EQ(test, echo->config_changes, 1);
}

static void virtio_kunit_config_callbacks(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct virtio_device *vdev = kunit_virtio_vdev(echo->kv);

	KUNIT_EXPECT_EQ(test, virtio_cread8(vdev, 1), 2);
	virtio_cwrite8(vdev, 0, 9);
	KUNIT_EXPECT_EQ(test, virtio_cread8(vdev, 0), 9);
	KUNIT_EXPECT_EQ(test, virtio_cread8(vdev, 1), 9);
	virtio_cwrite8(vdev, 1, 5);
	KUNIT_EXPECT_EQ(test, echo->selected, 9);
}

/* A receiver offers what it gets back at once, and does not keep a CPU busy. */
static void virtio_kunit_flush_receiver(struct kunit *test)
{
	struct echo *echo = test->priv;
	unsigned long start;

	echo->receives = true;
	echo_start(test, 0, 4);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	start = jiffies;
	kunit_virtio_flush(echo->kv);
	msleep(50);
	KUNIT_EXPECT_GT(test, echo->received, 0);
	KUNIT_EXPECT_LE(test, echo->received, 4 * (2 + jiffies - start));
}

/* A thread that waits for the device can be waited for, and be killed. */
static void virtio_kunit_task(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_task *task;

	task = kunit_virtio_run(echo->kv, echo_send, echo);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(task, 10));
	kunit_virtio_push(echo_pop(echo), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, ECHO_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
}

static void virtio_kunit_task_kill(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_task *task;

	task = kunit_virtio_run(echo->kv, echo_send, echo);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	echo_pop(echo);
	kunit_virtio_task_kill(task);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, ECHO_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -ERESTARTSYS);
}

static void virtio_kunit_task_signal(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_task *task;

	task = kunit_virtio_run(echo->kv, echo_send_interruptible, echo);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	echo_pop(echo);
	kunit_virtio_task_signal(task, SIGALRM);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, ECHO_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -ERESTARTSYS);
}

/* A signal is not lost if it is sent before the thread has run. */
static void virtio_kunit_task_signal_early(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_task *task;

	task = kunit_virtio_run(echo->kv, echo_send_interruptible, echo);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kunit_virtio_task_signal(task, SIGALRM);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, ECHO_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), -ERESTARTSYS);
}

/* A signal that is not fatal does not end a wait that only such ones end. */
static void virtio_kunit_task_not_killed(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_task *task;

	task = kunit_virtio_run(echo->kv, echo_send, echo);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	kunit_virtio_task_signal(task, SIGALRM);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(task, 10));
	kunit_virtio_push(echo_pop(echo), 0);
	KUNIT_ASSERT_TRUE(test, kunit_virtio_task_wait(task, ECHO_WAIT_MS));
	KUNIT_EXPECT_EQ(test, kunit_virtio_task_ret(task), 0);
}

/* What happens at the end of a test is seen on one that is not run. */
static struct kunit *echo_fake_test(struct kunit *test)
{
	struct kunit *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	kunit_init_test(fake, "fake", NULL);
	fake->priv = test->priv;
	fake->status = KUNIT_SUCCESS;

	return fake;
}

/* Nobody waits at the end, so nobody is answered: a receiver offers it again. */
static void virtio_kunit_ends_receiver(struct kunit *test)
{
	struct kunit *fake = echo_fake_test(test);
	struct echo *echo = test->priv;

	echo->receives = true;
	echo->remove_ms = 50;
	echo_start(fake, 0, 4);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	kunit_cleanup(fake);
	KUNIT_EXPECT_EQ(test, echo->received, 0);
	KUNIT_EXPECT_EQ(test, fake->status, KUNIT_SUCCESS);
}

/* What keeps a failed assertion from hanging the run. */
static void virtio_kunit_flush(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 16);
	struct kunit_virtio_task *task;

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[1]), 0);
	echo_pop(echo);
	memset(echo->req[1].in, 0xff, ECHO_BYTES);
	task = kunit_virtio_run(echo->kv, echo_send, echo);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(task, 10));

	kunit_virtio_flush(echo->kv);
	KUNIT_EXPECT_TRUE(test, kunit_virtio_task_wait(task, ECHO_WAIT_MS));
	KUNIT_EXPECT_TRUE(test, completion_done(&echo->req[1].done));
	KUNIT_EXPECT_EQ(test, echo->req[1].len, ECHO_BYTES);
	KUNIT_EXPECT_MEMEQ(test, echo->req[1].in, "\0\0\0\0\0\0\0", ECHO_BYTES);
}

/**
 * struct pause_kind - a way to have the driver pause
 * @name: what it is called
 * @pause: tells the driver to pause
 * @resume: tells it to go on
 */
struct pause_kind {
	const char *name;
	int (*pause)(struct kunit_virtio *kv);
	int (*resume)(struct kunit_virtio *kv);
};

static const struct pause_kind pause_kinds[] = {
	{ "freeze", kunit_virtio_freeze, kunit_virtio_restore },
	{ "reset", kunit_virtio_reset_prepare, kunit_virtio_reset_done },
};

KUNIT_ARRAY_PARAM_DESC(pause_kind, pause_kinds, name);

static const struct pause_kind *echo_pause_kind(struct kunit *test)
{
	const struct pause_kind *kind = test->param_value;

	if (kind->pause == kunit_virtio_freeze && !IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no freeze without CONFIG_PM_SLEEP");

	return kind;
}

static void virtio_kunit_pause(struct kunit *test)
{
	const struct pause_kind *kind = echo_pause_kind(test);
	struct echo *echo = echo_start(test, BIT_ULL(VIRTIO_RING_F_EVENT_IDX),
				       4);
	struct virtio_device *vdev = kunit_virtio_vdev(echo->kv);
	unsigned int i;

	kunit_virtio_serve(echo->kv, 0, echo_device, echo);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, echo_send(echo), 0);
		KUNIT_ASSERT_EQ(test, kind->pause(echo->kv), 0);
		KUNIT_EXPECT_EQ(test, vdev->config->get_status(vdev), 0);
		KUNIT_ASSERT_EQ(test, kind->resume(echo->kv), 0);
		KUNIT_EXPECT_TRUE(test, vdev->config->get_status(vdev) &
					VIRTIO_CONFIG_S_DRIVER_OK);
	}

	KUNIT_ASSERT_EQ(test, echo_send(echo), 0);
	KUNIT_EXPECT_EQ(test, echo->served, 4);
	KUNIT_EXPECT_EQ(test, kunit_virtio_notifications(echo->kv, 0), 4);
}

/* What the device holds of the old queue has no effect on the new one. */
static void virtio_kunit_pause_makes_stale(struct kunit *test)
{
	const struct pause_kind *kind = echo_pause_kind(test);
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_buf *old[2], *new;
	u8 byte = 0xff;

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	old[0] = echo_pop(echo);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[1]), 0);
	old[1] = echo_pop(echo);
	KUNIT_ASSERT_EQ(test, kind->pause(echo->kv), 0);
	kunit_virtio_push(old[0], 1);
	KUNIT_ASSERT_EQ(test, kind->resume(echo->kv), 0);

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[2]), 0);
	new = echo_pop(echo);
	KUNIT_EXPECT_EQ(test, kunit_virtio_read(old[1], &byte, 1), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_write(old[1], &byte, 1), 0);
	kunit_virtio_push(old[1], 1);
	KUNIT_EXPECT_EQ(test, kunit_virtio_interrupts(echo->kv, 0), 0);
	KUNIT_EXPECT_EQ(test, echo->req[1].in[0], 0);

	kunit_virtio_push(new, 1);
	KUNIT_EXPECT_FALSE(test, completion_done(&echo->req[0].done));
	KUNIT_EXPECT_FALSE(test, completion_done(&echo->req[1].done));
	KUNIT_EXPECT_TRUE(test, completion_done(&echo->req[2].done));
}

static void virtio_kunit_pause_refused(struct kunit *test)
{
	const struct pause_kind *kind = echo_pause_kind(test);
	struct echo *echo = echo_start(test, 0, 4);

	echo->flaw = ECHO_BUSY;
	KUNIT_EXPECT_EQ(test, kind->pause(echo->kv), -EBUSY);
	kunit_virtio_serve(echo->kv, 0, echo_device, echo);
	KUNIT_EXPECT_EQ(test, echo_send(echo), 0);

	/* It has not paused, so it is not told to go on either. */
	kunit_virtio_flush(echo->kv);
	KUNIT_EXPECT_FALSE(test, completion_done(&echo->resumed));
}

static void virtio_kunit_resume_fails(struct kunit *test)
{
	const struct pause_kind *kind = echo_pause_kind(test);
	struct echo *echo = echo_start(test, 0, 4);
	struct virtio_device *vdev = kunit_virtio_vdev(echo->kv);

	KUNIT_ASSERT_EQ(test, kind->pause(echo->kv), 0);
	kunit_virtio_fail_find_vqs(echo->kv, -ENOSPC);
	KUNIT_EXPECT_EQ(test, kind->resume(echo->kv), -ENOSPC);
	KUNIT_EXPECT_TRUE(test, vdev->config->get_status(vdev) &
				VIRTIO_CONFIG_S_FAILED);

	kunit_virtio_fail_find_vqs(echo->kv, 0);
	KUNIT_EXPECT_EQ(test, kind->resume(echo->kv), 0);
}

static int echo_wait_resumed(void *data)
{
	struct echo *echo = data;

	wait_for_completion(&echo->resumed);

	return 0;
}

/* Nor does a failed assertion hang the run while the driver pauses. */
static void virtio_kunit_flush_resumes(struct kunit *test)
{
	const struct pause_kind *kind = echo_pause_kind(test);
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_task *task;

	KUNIT_ASSERT_EQ(test, kind->pause(echo->kv), 0);
	task = kunit_virtio_run(echo->kv, echo_wait_resumed, echo);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_task_wait(task, 10));
	kunit_virtio_flush(echo->kv);
	KUNIT_EXPECT_TRUE(test, kunit_virtio_task_wait(task, ECHO_WAIT_MS));
}

static void virtio_kunit_unplug_paused(struct kunit *test)
{
	const struct pause_kind *kind = echo_pause_kind(test);
	struct echo *echo = echo_start(test, 0, 4);

	KUNIT_ASSERT_EQ(test, kind->pause(echo->kv), 0);
	kunit_virtio_unplug(echo->kv);
	kunit_virtio_flush(echo->kv);
	KUNIT_EXPECT_FALSE(test, completion_done(&echo->resumed));
}

static void virtio_kunit_no_pm_sleep(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);

	if (IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "CONFIG_PM_SLEEP is there");

	KUNIT_EXPECT_EQ(test, kunit_virtio_freeze(echo->kv), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kunit_virtio_restore(echo->kv), -EOPNOTSUPP);
}

static void echo_count_reset(void *data)
{
	struct echo *echo = data;

	echo->resets++;
}

static void echo_device_slowly(struct kunit_virtio_buf *buf, void *data)
{
	msleep(50);
	echo_device(buf, data);
}

/* Nothing that the device does for a buffer comes after the reset. */
static void virtio_kunit_on_reset(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct virtio_device *vdev = kunit_virtio_vdev(echo->kv);

	kunit_virtio_on_reset(echo->kv, echo_count_reset, echo);
	kunit_virtio_serve(echo->kv, 0, echo_device_slowly, echo);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	msleep(20);
	virtio_reset_device(vdev);
	KUNIT_EXPECT_EQ(test, echo->resets, 1);
	KUNIT_EXPECT_EQ(test, echo->served, 1);
	KUNIT_EXPECT_FALSE(test, completion_done(&echo->req[0].done));

	kunit_virtio_on_reset(echo->kv, NULL, NULL);
	kunit_virtio_unplug(echo->kv);
	KUNIT_EXPECT_EQ(test, echo->resets, 1);
}

static void echo_window(void *data)
{
	struct echo *echo = data;

	echo->window++;
}

static void virtio_kunit_irq_window(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 16);

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "no interrupts to come between with PREEMPT_RT");

	kunit_virtio_irq_window(echo->kv, echo_window, echo);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	KUNIT_EXPECT_EQ(test, echo->window, 0);

	echo->flaw = ECHO_RACY;
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[1]), 0);
	KUNIT_EXPECT_GT(test, echo->window, 0);
	kunit_virtio_irq_window(echo->kv, NULL, NULL);
}

/* Two mappings are a part of adding the message. Delays are not exact. */
static void virtio_kunit_slow_maps(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 16);
	ktime_t start = ktime_get();

	mdelay(1);
	if (!ktime_us_delta(ktime_get(), start))
		kunit_skip(test, "no time passes in mdelay()");

	start = ktime_get();
	kunit_virtio_slow_maps(echo->kv, 1000);
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	KUNIT_EXPECT_GE(test, ktime_us_delta(ktime_get(), start), 100);
}

static void echo_push_held(void *data)
{
	struct kunit_virtio_buf **held = data;

	if (*held)
		kunit_virtio_push(xchg(held, NULL), 0);
}

/* The callback takes a buffer back while the driver adds another. */
static void virtio_kunit_notices_two_contexts(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 16);
	struct kunit_virtio_buf *held;

	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kunit_skip(test, "no interrupts to come between with PREEMPT_RT");

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	held = echo_pop(echo);
	kunit_virtio_irq_window(echo->kv, echo_push_held, &held);
	echo->flaw = ECHO_RACY;
	echo_post(echo, &echo->req[1]);
	kunit_virtio_irq_window(echo->kv, NULL, NULL);
	KUNIT_EXPECT_NULL(test, held);
	echo_expect_violation_in(echo, "virtqueue changed in two contexts at once",
				 "echo_callback");
}

static void virtio_kunit_notices_early_kick(struct kunit *test)
{
	struct echo *echo = test->priv;

	echo->flaw = ECHO_KICK_EARLY;
	echo_start(test, 0, 4);
	echo_expect_violation(echo, "device notified before DRIVER_OK");
	KUNIT_EXPECT_NULL(test, kunit_virtio_violation(echo->kv));
}

static void virtio_kunit_notices_config_overrun(struct kunit *test)
{
	struct echo *echo = test->priv;

	echo->flaw = ECHO_READ_CONFIG_PAST_END;
	echo_start(test, 0, 4);
	echo_expect_violation(echo, "read past the end of the config space");
}

static void virtio_kunit_reply_read_only(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_buf *buf;

	echo->flaw = ECHO_REPLY_READ_ONLY;
	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	buf = echo_pop(echo);
	KUNIT_EXPECT_EQ(test, kunit_virtio_readable(buf), 2 * ECHO_BYTES);
	KUNIT_EXPECT_EQ(test, kunit_virtio_writable(buf), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_write(buf, "x", 1), 0);
}

/* Buffers that are mapped before they are added are mapped by the driver. */
static dma_addr_t echo_map_reply(struct echo *echo, enum dma_data_direction dir)
{
	dma_addr_t addr;

	addr = virtqueue_map_single_attrs(echo->vq, echo->req[0].in, ECHO_BYTES,
					  dir, 0);
	KUNIT_ASSERT_EQ(echo->test,
			virtqueue_map_mapping_error(echo->vq, addr), 0);

	return addr;
}

static void virtio_kunit_notices_wrong_direction(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct scatterlist sg;

	sg_init_one(&sg, echo->req[0].in, ECHO_BYTES);
	sg_dma_address(&sg) = echo_map_reply(echo, DMA_TO_DEVICE);
	sg_dma_len(&sg) = ECHO_BYTES;
	KUNIT_ASSERT_EQ(test, virtqueue_add_inbuf_premapped(echo->vq, &sg, 1,
							    &echo->req[0], NULL,
							    GFP_KERNEL), 0);
	virtqueue_kick(echo->vq);
	echo_pop(echo);
	echo_expect_violation(echo, "buffer is not mapped for the device");

	virtqueue_unmap_single_attrs(echo->vq, sg_dma_address(&sg), ECHO_BYTES,
				     DMA_TO_DEVICE, 0);
	kunit_virtio_unplug(echo->kv);
}

static void virtio_kunit_notices_wrong_unmap(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	dma_addr_t addr = echo_map_reply(echo, DMA_FROM_DEVICE);

	virtqueue_unmap_single_attrs(echo->vq, addr, ECHO_BYTES, DMA_TO_DEVICE,
				     0);
	echo_expect_violation(echo,
			      "memory unmapped that was not mapped like that");
	virtqueue_unmap_single_attrs(echo->vq, addr, ECHO_BYTES,
				     DMA_FROM_DEVICE, 0);
}

/* The driver takes a buffer back by force while the device holds it. */
static void virtio_kunit_notices_early_unmap(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kunit_virtio_buf *buf;

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	buf = echo_pop(echo);
	virtqueue_detach_unused_buf(echo->vq);
	KUNIT_EXPECT_EQ(test, kunit_virtio_write(buf, "x", 1), 0);
	echo_expect_violation(echo, "buffer unmapped while the device has it");

	/* The ring makes no sense to the device any longer. */
	kunit_virtio_unplug(echo->kv);
}

static void virtio_kunit_notices_kept_mapping(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct virtio_device *vdev = kunit_virtio_vdev(echo->kv);

	KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 2);
	virtio_reset_device(vdev);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 2);
	virtqueue_detach_unused_buf(echo->vq);
	KUNIT_EXPECT_EQ(test, kunit_virtio_mappings(echo->kv), 0);
}

static void virtio_kunit_notices_missing_reset(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);

	echo->flaw = ECHO_NO_RESET;
	kunit_virtio_unplug(echo->kv);
	echo_expect_violation(echo, "queue deleted without a reset");
}

static void virtio_kunit_notices_freed_memory(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct echo_request *req;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "no kfree() to be seen without CONFIG_TRACEPOINTS");

	req = kzalloc_obj(*req);
	KUNIT_ASSERT_NOT_NULL(test, req);
	KUNIT_EXPECT_EQ(test, echo_post(echo, req), 0);
	kfree(req);
	virtqueue_detach_unused_buf(echo->vq);
	echo_expect_violation_in(echo, "memory freed that the device may access",
				 __func__);
}

static void virtio_kunit_notices_freed_object(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 4);
	struct kmem_cache *cache;
	struct echo_request *req;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "no kmem_cache_free() to be seen without CONFIG_TRACEPOINTS");

	cache = KMEM_CACHE(echo_request, 0);
	KUNIT_ASSERT_NOT_NULL(test, cache);
	req = kmem_cache_zalloc(cache, GFP_KERNEL | __GFP_NOFAIL);
	KUNIT_EXPECT_EQ(test, echo_post(echo, req), 0);
	kmem_cache_free(cache, req);
	virtqueue_detach_unused_buf(echo->vq);
	kmem_cache_destroy(cache);
	echo_expect_violation_in(echo, "memory freed that the device may access",
				 __func__);
}

static void virtio_kunit_waiting(struct kunit *test)
{
	struct echo *echo = echo_start(test, 0, 16);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, kunit_virtio_waiting(echo->kv, 0), i);
		KUNIT_ASSERT_EQ(test, echo_post(echo, &echo->req[i]), 0);
	}
	echo_pop(echo);
	KUNIT_EXPECT_EQ(test, kunit_virtio_waiting(echo->kv, 0), 2);
	virtio_reset_device(kunit_virtio_vdev(echo->kv));
	KUNIT_EXPECT_EQ(test, kunit_virtio_waiting(echo->kv, 0), 0);
}

static const u64 refused_features[] = {
	BIT_ULL(VIRTIO_F_RING_PACKED),
	BIT_ULL(VIRTIO_F_IN_ORDER),
};

KUNIT_ARRAY_PARAM(refused, refused_features, NULL);

/* No ring that the mock does not have is agreed upon. */
static void virtio_kunit_refuses_feature(struct kunit *test)
{
	const u64 *features = test->param_value;
	struct echo *echo = test->priv;

	echo_alloc(test, *features, 4);
	KUNIT_ASSERT_EQ(test, kunit_virtio_add(echo->kv), 0);
	KUNIT_EXPECT_FALSE(test, kunit_virtio_bound(echo->kv));
}

static void virtio_kunit_notices_kept_queue(struct kunit *test)
{
	const struct pause_kind *kind = echo_pause_kind(test);
	struct echo *echo = echo_start(test, 0, 4);

	echo->flaw = ECHO_KEEP_QUEUE;
	KUNIT_ASSERT_EQ(test, kind->pause(echo->kv), 0);
	KUNIT_EXPECT_EQ(test, kind->resume(echo->kv), -EBUSY);
	echo_expect_violation(echo, "queue set up twice");
}

static void virtio_kunit_fails_the_test(struct kunit *test)
{
	struct kunit *fake = echo_fake_test(test);
	struct echo *echo = test->priv;

	echo_start(fake, 0, 4);
	echo->flaw = ECHO_KEEP_MAPPED;
	echo->remove_ms = 50;
	KUNIT_EXPECT_EQ(test, echo_post(echo, &echo->req[0]), 0);
	KUNIT_EXPECT_EQ(test, fake->status, KUNIT_SUCCESS);

	kunit_info(test, "a failure of 'fake' is expected here");
	kunit_cleanup(fake);
	KUNIT_EXPECT_EQ(test, fake->status, KUNIT_FAILURE);
}

static int virtio_kunit_init(struct kunit *test)
{
	struct echo *echo = kunit_kzalloc(test, sizeof(*echo), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, echo);
	echo->test = test;
	spin_lock_init(&echo->lock);
	init_completion(&echo->resumed);
	for (i = 0; i < ECHO_REQUESTS; i++)
		init_completion(&echo->req[i].done);

	echo_current = echo;
	test->priv = echo;

	return 0;
}

static int virtio_kunit_suite_init(struct kunit_suite *suite)
{
	return register_virtio_driver(&echo_driver);
}

static void virtio_kunit_suite_exit(struct kunit_suite *suite)
{
	unregister_virtio_driver(&echo_driver);
}

static struct kunit_case virtio_kunit_cases[] = {
	KUNIT_CASE(virtio_kunit_example),
	KUNIT_CASE(virtio_kunit_binds_and_resets),
	KUNIT_CASE(virtio_kunit_find_vqs_fails),
	KUNIT_CASE(virtio_kunit_no_such_queue),
	KUNIT_CASE(virtio_kunit_queue_left_out),
	KUNIT_CASE(virtio_kunit_probe_fails),
	KUNIT_CASE(virtio_kunit_handler_answers),
	KUNIT_CASE(virtio_kunit_handler_late),
	KUNIT_CASE(virtio_kunit_pop_and_push),
	KUNIT_CASE(virtio_kunit_out_of_order),
	KUNIT_CASE(virtio_kunit_pieces),
	KUNIT_CASE(virtio_kunit_push_quiet),
	KUNIT_CASE(virtio_kunit_callback_context),
	KUNIT_CASE(virtio_kunit_indirect),
	KUNIT_CASE(virtio_kunit_direct),
	KUNIT_CASE(virtio_kunit_fail_maps),
	KUNIT_CASE(virtio_kunit_event_idx),
	KUNIT_CASE(virtio_kunit_reset_makes_stale),
	KUNIT_CASE(virtio_kunit_push_raw),
	KUNIT_CASE(virtio_kunit_push_raw_offered),
	KUNIT_CASE(virtio_kunit_push_raw_reset),
	KUNIT_CASE(virtio_kunit_set_config),
	KUNIT_CASE(virtio_kunit_config_callbacks),
	KUNIT_CASE(virtio_kunit_task),
	KUNIT_CASE(virtio_kunit_task_kill),
	KUNIT_CASE(virtio_kunit_task_signal),
	KUNIT_CASE(virtio_kunit_task_signal_early),
	KUNIT_CASE(virtio_kunit_task_not_killed),
	KUNIT_CASE(virtio_kunit_ends_receiver),
	KUNIT_CASE(virtio_kunit_flush),
	KUNIT_CASE(virtio_kunit_flush_receiver),
	KUNIT_CASE_PARAM(virtio_kunit_pause, pause_kind_gen_params),
	KUNIT_CASE_PARAM(virtio_kunit_pause_makes_stale, pause_kind_gen_params),
	KUNIT_CASE_PARAM(virtio_kunit_pause_refused, pause_kind_gen_params),
	KUNIT_CASE_PARAM(virtio_kunit_resume_fails, pause_kind_gen_params),
	KUNIT_CASE_PARAM(virtio_kunit_flush_resumes, pause_kind_gen_params),
	KUNIT_CASE_PARAM(virtio_kunit_unplug_paused, pause_kind_gen_params),
	KUNIT_CASE(virtio_kunit_no_pm_sleep),
	KUNIT_CASE(virtio_kunit_on_reset),
	KUNIT_CASE(virtio_kunit_irq_window),
	KUNIT_CASE(virtio_kunit_slow_maps),
	KUNIT_CASE(virtio_kunit_waiting),
	KUNIT_CASE_PARAM(virtio_kunit_refuses_feature, refused_gen_params),
	KUNIT_CASE(virtio_kunit_notices_early_kick),
	KUNIT_CASE(virtio_kunit_notices_config_overrun),
	KUNIT_CASE(virtio_kunit_reply_read_only),
	KUNIT_CASE(virtio_kunit_notices_wrong_direction),
	KUNIT_CASE(virtio_kunit_notices_wrong_unmap),
	KUNIT_CASE(virtio_kunit_notices_early_unmap),
	KUNIT_CASE(virtio_kunit_notices_kept_mapping),
	KUNIT_CASE(virtio_kunit_notices_missing_reset),
	KUNIT_CASE(virtio_kunit_notices_freed_memory),
	KUNIT_CASE(virtio_kunit_notices_freed_object),
	KUNIT_CASE(virtio_kunit_notices_two_contexts),
	KUNIT_CASE_PARAM(virtio_kunit_notices_kept_queue, pause_kind_gen_params),
	KUNIT_CASE(virtio_kunit_fails_the_test),
	{}
};

static struct kunit_suite virtio_kunit_suite = {
	.name = "virtio_kunit",
	.init = virtio_kunit_init,
	.suite_init = virtio_kunit_suite_init,
	.suite_exit = virtio_kunit_suite_exit,
	.test_cases = virtio_kunit_cases,
};

kunit_test_suite(virtio_kunit_suite);

MODULE_DESCRIPTION("KUnit tests of the mock virtio transport");
MODULE_LICENSE("GPL");
