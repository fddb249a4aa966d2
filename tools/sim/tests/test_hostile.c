/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A front end that means harm: whatever it does, it is refused or its session
 * ends, nothing outside the shared memory is touched, and nobody waits for it.
 */
#include "front_end.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static struct vu_mem_region part(uint64_t gpa, uint64_t size, uint64_t uva, uint64_t offset)
{
	return (struct vu_mem_region){ .gpa = gpa, .size = size, .uva = uva, .offset = offset };
}

/* Shares two parts of the guest's memory, or only one if the second has no size. */
static uint64_t share_parts(struct front_end *f, struct vu_mem_region a, struct vu_mem_region b)
{
	struct vu_mem_table table = { .count = b.size ? 2 : 1, .regions = { a, b } };
	int fds[2] = { f->guest.fd, f->guest.fd };

	return fe_acked(f, VU_SET_MEM_TABLE, &table, 8 + table.count * sizeof(a), fds,
			table.count);
}

static const struct vu_mem_region nothing;

static void running_queue_cannot_change(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_NUM, 0, 2 * NUM), 1);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_BASE, 0, 5), 1);
	assert_int_equal(fe_set_addr(f, 0, &f->guest.rings[1].setup), 1);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
	assert_int_equal(f->ended, 0);
}

static void disabled_queue_may_change(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, 0, 0), 0);
	fe_start_queue(f, 0);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
}

static void bad_queue_sizes_do_not_start(void **state)
{
	static const uint32_t sizes[] = { 0, 3, 65536, UINT32_MAX };
	struct front_end *f = *state;

	fe_want_acks(f);
	assert_int_equal(fe_share_memory(f), 0);
	assert_int_equal(fe_set_addr(f, 0, &f->guest.rings[0].setup), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		assert_int_equal(fe_acked_state(f, VU_SET_VRING_NUM, 0, sizes[i]), 0);
		assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 1);
		assert_false(vring_running(&f->session.queues[0].ring));
	}
	assert_int_equal(f->ended, 0);
}

/* Each of them would make the loop spin or wait. */
static void only_event_descriptors_notify_us(void **state)
{
	struct front_end *f = *state;
	int pipes[2];
	int fds[] = {
		f->guest.fd, open("/dev/zero", O_RDWR), socket(AF_UNIX, SOCK_STREAM, 0),
		timerfd_create(CLOCK_MONOTONIC, 0), epoll_create1(0), -1,
	};

	assert_int_equal(pipe(pipes), 0);
	fds[5] = pipes[0];
	fe_start(f, FEATURES);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_true(fds[i] >= 0);
		assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, fds[i]), 1);
		if (i)
			close(fds[i]);
	}
	close(pipes[1]);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
	assert_int_equal(f->ended, 0);
}

static void files_are_never_signalled(void **state)
{
	struct front_end *f = *state;
	int zero = open("/dev/zero", O_RDWR);

	fe_start(f, FEATURES);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_CALL, 0, f->guest.fd), 1);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_CALL, 0, zero), 1);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_ERR, 0, f->guest.fd), 1);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_take_signals(f->call[0]), 1);
	close(zero);
}

/* Signals an end that nobody empties, and then one that nobody has. */
static void fill_and_close(struct front_end *f, const int *ends)
{
	char byte = 0;

	fe_start(f, FEATURES & ~BIT(VIRTIO_RING_F_EVENT_IDX));
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_CALL, 0, ends[1]), 0);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_take_signals(ends[0]), 1);
	while (write(ends[1], &byte, 1) == 1)
		continue;
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 2);
	close(ends[0]);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 3);
	close(ends[1]);
}

static void pipes_may_be_signalled_until_they_are_full(void **state)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	fill_and_close(*state, ends);
}

/* These are what User-Mode Linux has. */
static void sockets_may_be_signalled_until_they_are_full(void **state)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	fill_and_close(*state, ends);
}

/* The front end may read the descriptor itself between our look and our read. */
static void notification_that_is_gone_is_not_waited_for(void **state)
{
	struct front_end *f = *state;
	int fd = eventfd(0, 0);

	fe_start(f, FEATURES);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, fd), 0);
	f->session.queues[0].kick.ready(&f->session.queues[0], EPOLLIN);
	assert_int_equal(f->ended, 0);
	assert_int_equal(f->dev.stats.queue[0].notifications, 0);
	close(fd);
}

static void huge_notification_counts_once(void **state)
{
	struct front_end *f = *state;
	uint64_t huge = UINT64_MAX - 1;

	fe_start(f, FEATURES);
	assert_int_equal(write(f->kick[0], &huge, sizeof(huge)), sizeof(huge));
	fe_run(f);
	assert_int_equal(f->dev.stats.queue[0].notifications, 1);
}

static void overlapping_regions_are_refused(void **state)
{
	struct front_end *f = *state;

	fe_want_acks(f);
	assert_int_equal(share_parts(f, part(0, 0x2000, 0, 0), part(0x1000, 0x1000, 0x9000, 0)), 1);
	assert_int_equal(share_parts(f, part(0, 0x2000, 0, 0), part(0x9000, 0x1000, 0x1fff, 0)), 1);
	assert_int_equal(share_parts(f, part(UINT64_MAX - 1, 2, 0, 0), nothing), 1);
	assert_int_equal(share_parts(f, part(0, 2, UINT64_MAX - 1, 0), nothing), 1);
	assert_int_equal(share_parts(f, part(0, UINT64_MAX, 0, 1), nothing), 1);
	assert_int_equal(f->session.mem.count, 0);
	assert_int_equal(share_parts(f, part(0, 0x1000, 0, 0), part(0x1000, 0x1000, 0x1000, 0)), 0);
}

static void ring_across_regions_does_not_start(void **state)
{
	struct front_end *f = *state;
	struct vring_setup setup = f->guest.rings[0].setup;

	fe_want_acks(f);
	assert_int_equal(share_parts(f, part(GUEST_GPA, 0x8000, GUEST_UVA, 0),
				     part(GUEST_GPA + 0x8000, 0x8000, GUEST_UVA + 0x8000, 0x8000)),
			 0);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_NUM, 0, NUM), 0);
	setup.desc = GUEST_UVA + 0x8000 - 16;
	assert_int_equal(fe_set_addr(f, 0, &setup), 0);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 1);
}

/* The addresses are as they should be, but the memory behind them is not. */
static void ring_in_a_crooked_region_does_not_start(void **state)
{
	struct front_end *f = *state;

	fe_want_acks(f);
	assert_int_equal(share_parts(f, part(GUEST_GPA, 0x8000, GUEST_UVA, 1), nothing), 0);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_NUM, 0, NUM), 0);
	assert_int_equal(fe_set_addr(f, 0, &f->guest.rings[0].setup), 0);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 1);
}

/* The file has more than what was shared of it: that is none of our business. */
static void memory_around_a_region_is_not_touched(void **state)
{
	static const uint64_t outside[] = {
		GUEST_GPA + GUEST_DATA - 1, GUEST_GPA + GUEST_DATA, GUEST_GPA - 1, GUEST_UVA, 0,
		UINT64_MAX - 1,
	};
	struct front_end *f = *state;
	struct guest_ring *r = &f->guest.rings[0];

	memset(f->guest.ram + GUEST_DATA, 0xaa, GUEST_SIZE - GUEST_DATA);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		fe_want_acks(f);
		assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, FEATURES), 0);
		assert_int_equal(share_parts(f, part(GUEST_GPA, GUEST_DATA, GUEST_UVA, 0),
					     nothing), 0);
		memset(f->guest.ram, 0, GUEST_DATA);
		fe_start_queue(f, 0);
		guest_desc(r, 0, GUEST_GPA + 0x8000, 8, VRING_DESC_F_NEXT, 1);
		guest_desc(r, 1, outside[i], 2, VRING_DESC_F_WRITE, 0);
		guest_offer(r, 0);
		fe_kick(f, DEVICE_REQUESTQ);
		assert_int_equal(f->ended, i + 1);
		assert_true(f->failed);
		assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 0);
		close(f->link.fd);
		fe_connect(f);
	}
	for (unsigned int i = GUEST_DATA; i < GUEST_SIZE; i++)
		assert_int_equal(f->guest.ram[i], 0xaa);
}

/* The buffer that waits for an interrupt is in memory that is shared no more. */
static void event_buffer_that_is_shared_no_more_is_not_written(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_IN);
	fe_request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	fe_offer_event_buffer(f, 0, 0);
	fe_kick(f, DEVICE_EVENTQ);
	assert_int_equal(share_parts(f, part(GUEST_GPA, GUEST_DATA, GUEST_UVA, 0), nothing), 0);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	fe_assert_event(f, 0, 0xaa);
}

/* As the program does; the test runner has a handler of its own before. */
static void shorten_memory(struct front_end *f, off_t size)
{
	assert_int_equal(mem_survive_loss(NULL), 0);
	assert_int_equal(ftruncate(f->guest.fd, size), 0);
}

static void memory_that_vanishes_ends_the_session(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	shorten_memory(f, 0);
	fe_kick(f, DEVICE_REQUESTQ);
	assert_true(f->session.mem.lost);
	vu_check_memory(&f->session);
	fe_assert_ended(f, true);
	close(f->link.fd);
	assert_int_equal(ftruncate(f->guest.fd, GUEST_SIZE), 0);
	fe_connect(f);
	vu_check_memory(&f->session);
	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
	assert_int_equal(f->ended, 1);
}

static void vanished_event_buffer_does_not_stop_the_host(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_IN);
	fe_request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	fe_offer_event_buffer(f, 0, 0);
	fe_kick(f, DEVICE_EVENTQ);
	shorten_memory(f, GUEST_DATA);
	device_set_level(&f->dev, 0, true);
	assert_true(f->session.mem.lost);
	vu_check_memory(&f->session);
	fe_assert_ended(f, true);
	assert_true(gpio_value(&f->dev.bank, 0));
}

static void refusals_do_not_flood_the_log(void **state)
{
	struct front_end *f = *state;

	fe_want_acks(f);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(fe_acked(f, 99, NULL, 0, NULL, 0), 1);
	assert_int_equal(f->ended, 0);
	assert_true(f->session.errors.dropped > 0);
}

/* A broken ring ends the session within the message that starts it. */
static void descriptor_of_a_queue_that_breaks_at_once_is_closed_once(void **state)
{
	struct front_end *f = *state;
	uint64_t queue = 0;
	int canary;

	fe_want_acks(f);
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, FEATURES & ~BIT(VU_F_PROTOCOL_FEATURES)),
			 0);
	assert_int_equal(fe_share_memory(f), 0);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_NUM, 0, NUM), 0);
	assert_int_equal(fe_set_addr(f, 0, &f->guest.rings[0].setup), 0);
	guest_offer(&f->guest.rings[0], NUM);
	canary = dup(f->guest.fd);
	fe_send_msg(f, VU_SET_VRING_KICK, 0, &queue, sizeof(queue), &f->kick[0], 1);
	fe_assert_ended(f, true);
	assert_int_equal(close(canary), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fe_set_up, fe_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(running_queue_cannot_change),
		TEST(disabled_queue_may_change),
		TEST(bad_queue_sizes_do_not_start),
		TEST(only_event_descriptors_notify_us),
		TEST(files_are_never_signalled),
		TEST(pipes_may_be_signalled_until_they_are_full),
		TEST(sockets_may_be_signalled_until_they_are_full),
		TEST(notification_that_is_gone_is_not_waited_for),
		TEST(huge_notification_counts_once),
		TEST(overlapping_regions_are_refused),
		TEST(ring_across_regions_does_not_start),
		TEST(ring_in_a_crooked_region_does_not_start),
		TEST(memory_around_a_region_is_not_touched),
		TEST(event_buffer_that_is_shared_no_more_is_not_written),
		TEST(memory_that_vanishes_ends_the_session),
		TEST(vanished_event_buffer_does_not_stop_the_host),
		TEST(refusals_do_not_flood_the_log),
		TEST(descriptor_of_a_queue_that_breaks_at_once_is_closed_once),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
