/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the rings, and the device behind them, with a guest's memory that the
 * fuzzer fills. The input begins with SETUP bytes for the setup, then come
 * ACTIONS bytes with an action each, then the memory from its start on.
 */
#include <endian.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "faults.h"
#include "fuzz.h"
#include "vhost/memory.h"

#define LINES		4
#define GPA		0x1000u
#define UVA		0x7f0000000000ull
#define SETUP		4
#define ACTIONS		24

/* The region lies within its page, so that what is around it can be checked. */
#define PAGE		0x1000u
#define OFFSET		0x400u
#define SIZE		0x800u
#define RING		0x200u
#define AVAIL		0x100u
#define USED		0x140u
#define GUARD		0xa5

/**
 * struct target - what is made once
 * @page: all of the file, as the front end sees it
 * @mem: the region of it that is shared
 * @loop: its loop
 * @dev: the device
 * @rings: its queues
 */
static struct target {
	uint8_t *page;
	struct guest_mem mem;
	struct loop loop;
	struct device dev;
	struct virtqueue rings[DEVICE_QUEUES];
} target;

static void on_notify(void *ctx, enum device_queue queue)
{
	(void)ctx;
	(void)queue;
}

static void make_target(struct target *t)
{
	int fd = memfd_create("guest", 0);
	struct mem_request req = { .gpa = GPA, .uva = UVA, .size = SIZE, .offset = OFFSET,
				   .fd = fd };
	struct errmsg err;

	fuzz_check(fd >= 0 && !ftruncate(fd, PAGE), "memory can be made");
	t->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fuzz_check(t->page != MAP_FAILED, "memory can be mapped");
	fuzz_check(!mem_map(&t->mem, &req, &err), "memory can be shared");
	close(fd);
	fuzz_check(!device_init(&t->dev, LINES), "a device can be made");
	fuzz_check(!gpio_set_name(&t->dev.bank, 1, "Reset", &err), "a line can be named");
	fuzz_check(!gpio_build_names(&t->dev.bank, &err), "names can be built");
	t->dev.notify = on_notify;
	t->dev.loop = &t->loop;
	fuzz_no_faults(&t->dev);
}

static void start_ring(struct target *t, unsigned int queue, struct fuzz_input *in)
{
	uint8_t flags = fuzz_byte(in);
	uint64_t at = UVA + queue * RING;
	struct vring_setup setup = {
		.num = 1u << flags % 16 % 5, .event_idx = flags & 0x20, .indirect = flags & 0x40,
		.base = flags & 0x80 ? UINT16_MAX - fuzz_byte(in) % 4 : 0,
		.desc = at, .avail = at + AVAIL, .used = at + USED,
	};

	fuzz_check(!vring_start(&t->rings[queue], &setup, &t->mem), "a good ring starts");
	device_attach(&t->dev, queue, &t->rings[queue]);
}

static void stop_ring(struct target *t, unsigned int queue)
{
	device_forget(&t->dev, queue);
	vring_forget(&t->rings[queue]);
}

static void fill_memory(struct target *t, struct fuzz_input *in)
{
	size_t len = SIZE;
	const uint8_t *data = fuzz_bytes(in, &len);

	memset(t->page, GUARD, PAGE);
	memset(t->page + OFFSET, 0, SIZE);
	memcpy(t->page + OFFSET, data, len);
}

/* As a driver that makes one more chain available. */
static void offer(struct target *t, unsigned int queue)
{
	uint8_t *idx = t->page + OFFSET + queue * RING + AVAIL + 2;
	uint16_t value;

	memcpy(&value, idx, sizeof(value));
	value = htole16(le16toh(value) + 1);
	memcpy(idx, &value, sizeof(value));
}

static void serve(struct target *t, unsigned int queue)
{
	struct virtqueue *ring = t->dev.ring[queue];

	device_kicked(&t->dev, queue, 1);
	if (device_serve(&t->dev, queue) < 0) {
		fuzz_check(*ring->err.text, "a broken ring says why");
		stop_ring(t, queue);
	}
}

static void act(struct target *t, uint8_t action)
{
	unsigned int queue = action / 8 % DEVICE_QUEUES;

	switch (action % 8) {
	case 0:
		return serve(t, queue);
	case 1:
		offer(t, queue);
		return serve(t, queue);
	case 2:
		return device_set_level(&t->dev, action / 16 % LINES, action & 8);
	case 3:
		return device_detach(&t->dev, queue);
	case 4:
		if (vring_running(&t->rings[queue]))
			device_attach(&t->dev, queue, &t->rings[queue]);
		return;
	case 5:
		t->dev.bank.irq = !t->dev.bank.irq;
		return;
	case 6:
		return fuzz_fault(&t->dev, action / 8);
	default:
		return offer(t, queue);
	}
}

static bool is_guard(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != GUARD)
			return false;
	return true;
}

static void check_lines(const struct target *t)
{
	for (unsigned int i = 0; i < LINES; i++) {
		const struct gpio_line *line = &t->dev.bank.lines[i];

		fuzz_check(line->unmasked == (t->dev.parked[i].state == PARKED_WAITING),
			   "a line is unmasked when it has a buffer");
		fuzz_check(!line->latched || line->trigger, "only enabled interrupts are latched");
		fuzz_check(line->direction != VIRTIO_GPIO_DIRECTION_OUT || !line->trigger,
			   "outputs have no interrupt");
	}
}

static void reset(struct target *t)
{
	for (unsigned int queue = 0; queue < DEVICE_QUEUES; queue++)
		stop_ring(t, queue);
	device_reset(&t->dev);
	fuzz_check(!t->dev.held && !t->loop.timers, "no answer outlives its ring");
	fuzz_no_faults(&t->dev);
	for (unsigned int line = 0; line < LINES; line++)
		device_set_level(&t->dev, line, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size }, setup, actions;
	size_t len = SETUP;

	if (!target.page)
		make_target(&target);
	setup.data = fuzz_bytes(&in, &len);
	setup.size = len;
	len = ACTIONS;
	actions.data = fuzz_bytes(&in, &len);
	actions.size = len;
	fill_memory(&target, &in);
	target.dev.bank.irq = true;
	for (unsigned int queue = 0; queue < DEVICE_QUEUES; queue++)
		start_ring(&target, queue, &setup);
	while (actions.size) {
		act(&target, fuzz_byte(&actions));
		loop_run_once(&target.loop, false);
		check_lines(&target);
	}
	reset(&target);
	fuzz_check(is_guard(target.page, OFFSET) &&
		   is_guard(target.page + OFFSET + SIZE, PAGE - OFFSET - SIZE),
		   "memory around the region is not touched");
	return 0;
}
