/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and interrupts through real rings, set up by a front end. */
#include "front_end.h"

#include <endian.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void request_makes_the_round_trip(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	gpio_set_level(&f->dev.bank, 2, true);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 2, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 1);
	assert_int_equal(le32toh(f->guest.rings[0].used->ring[0].len), 2);
	assert_int_equal(fe_take_signals(f->call[DEVICE_REQUESTQ]), 1);
	assert_int_equal(fe_take_signals(f->call[DEVICE_EVENTQ]), 0);
}

static void error_reply_is_complete(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, LINES, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_ERR, 0);
	assert_int_equal(le32toh(f->guest.rings[0].used->ring[0].len), 2);
	assert_int_equal(f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE].errors, 1);
}

static void batch_takes_one_notification(void **state)
{
	struct front_end *f = *state;
	const struct msg_stats *get = &f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE];
	const struct msg_stats *set = &f->dev.stats.msg[VIRTIO_GPIO_MSG_SET_DIRECTION];

	fe_start(f, FEATURES);
	for (unsigned int i = 0; i < 3; i++)
		fe_offer_request(f, i, VIRTIO_GPIO_MSG_GET_VALUE, i, 0);
	fe_offer_request(f, 3, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_IN);
	fe_kick(f, DEVICE_REQUESTQ);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 4);
	assert_int_equal(fe_take_signals(f->call[DEVICE_REQUESTQ]), 1);
	assert_int_equal(get->requests, 3);
	assert_int_equal(get->notifications, 1);
	assert_int_equal(set->notifications, 1);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].notifications, 1);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].interrupts, 1);
}

static void single_requests_take_one_notification_each(void **state)
{
	struct front_end *f = *state;
	const struct msg_stats *get = &f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE];

	fe_start(f, FEATURES & ~BIT(VIRTIO_RING_F_EVENT_IDX));
	for (unsigned int i = 0; i < 5; i++)
		fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(get->requests, 5);
	assert_int_equal(get->notifications, 5);
	assert_int_equal(fe_take_signals(f->call[DEVICE_REQUESTQ]), 5);
}

static void requests_before_the_start_are_served_without_a_kick(void **state)
{
	struct front_end *f = *state;

	fe_offer_request(f, 0, VIRTIO_GPIO_MSG_GET_DIRECTION, 0, 0);
	fe_start(f, FEATURES);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
	assert_int_equal(f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_DIRECTION].requests, 1);
	assert_int_equal(f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_DIRECTION].notifications, 0);
}

static void names_fill_their_response(void **state)
{
	struct front_end *f = *state;
	struct guest_ring *r = &f->guest.rings[DEVICE_REQUESTQ];

	fe_start(f, FEATURES);
	fe_offer_request(f, 0, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0);
	guest_desc(r, 1, RESPONSE(0), 1 + 9, VRING_DESC_F_WRITE, 0);
	fe_kick(f, DEVICE_REQUESTQ);
	assert_memory_equal(guest_at(&f->guest, RESPONSE(0)), "\0\0Reset\0\0\0\xaa", 11);
	assert_int_equal(le32toh(r->used->ring[0].len), 10);
}

static void names_in_a_short_response_are_an_error(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_ERR, 0);
	assert_int_equal(f->dev.stats.violations, 1);
}

static void short_request_is_an_error(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_offer_request(f, 0, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	guest_desc(&f->guest.rings[0], 0, REQUEST(0), 7, VRING_DESC_F_NEXT, 1);
	fe_kick(f, DEVICE_REQUESTQ);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_ERR, 0);
	assert_int_equal(f->dev.stats.violations, 1);
}

static void request_without_room_for_the_reply_does_nothing(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_offer_request(f, 0, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
	guest_desc(&f->guest.rings[0], 0, REQUEST(0), 8, 0, 0);
	fe_offer_request(f, 1, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_OUT);
	guest_desc(&f->guest.rings[0], 3, RESPONSE(1), 1, VRING_DESC_F_WRITE, 0);
	fe_kick(f, DEVICE_REQUESTQ);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 2);
	assert_int_equal(le32toh(f->guest.rings[0].used->ring[0].len), 0);
	assert_int_equal(le32toh(f->guest.rings[0].used->ring[1].len), 1);
	assert_int_equal(f->dev.bank.lines[0].direction, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->dev.bank.lines[1].direction, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->dev.stats.violations, 2);
}

static void arm(struct front_end *f, uint16_t line, uint8_t type)
{
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_IN);
	fe_request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, line, type);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 0);
	fe_offer_event_buffer(f, line, line);
	fe_kick(f, DEVICE_EVENTQ);
}

static void edge_makes_an_interrupt(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	arm(f, 2, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 0);
	device_set_level(&f->dev, 2, true);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	fe_assert_event(f, 2, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_int_equal(le32toh(f->guest.rings[1].used->ring[0].id), 4);
	assert_int_equal(le32toh(f->guest.rings[1].used->ring[0].len), 1);
	assert_int_equal(fe_take_signals(f->call[DEVICE_EVENTQ]), 1);
}

static void disabling_returns_the_buffer(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	arm(f, 1, VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	fe_request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_NONE);
	fe_assert_event(f, 1, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	assert_int_equal(fe_take_signals(f->call[DEVICE_EVENTQ]), 1);
}

static void second_event_buffer_returns_at_once(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	arm(f, 1, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	fe_offer_event_buffer(f, 3, 1);
	fe_kick(f, DEVICE_EVENTQ);
	fe_assert_event(f, 3, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	assert_int_equal(f->dev.stats.violations, 1);
	device_set_level(&f->dev, 1, true);
	fe_assert_event(f, 1, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void event_buffer_without_room_returns_at_once(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_offer_event_buffer(f, 0, 0);
	guest_desc(&f->guest.rings[1], 0, REQUEST(16), 2, 0, 0);
	fe_kick(f, DEVICE_EVENTQ);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	assert_int_equal(f->dev.stats.violations, 1);
}

static void interrupts_wait_for_a_disabled_queue(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	arm(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, DEVICE_EVENTQ, 0), 0);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 0);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, DEVICE_EVENTQ, 1), 0);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void undelivered_interrupts_do_not_outlive_a_reset(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	arm(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, DEVICE_EVENTQ, 0), 0);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, FEATURES), 0);
	f->guest.rings[DEVICE_EVENTQ].avail->idx = 0;
	fe_start_queue(f, DEVICE_EVENTQ);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 0);
}

static void stopped_event_queue_keeps_its_buffers(void **state)
{
	struct front_end *f = *state;
	struct vu_vring_state q = { .index = DEVICE_EVENTQ };

	fe_start(f, FEATURES);
	arm(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	fe_send_msg(f, VU_GET_VRING_BASE, 0, &q, sizeof(q), NULL, 0);
	assert_int_equal(fe_receive(f, VU_GET_VRING_BASE, &q, sizeof(q)), sizeof(q));
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, DEVICE_EVENTQ, f->kick[DEVICE_EVENTQ]), 0);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 0);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_int_equal(f->dev.stats.violations, 0);
}

static void kicks_wait_for_a_disabled_queue(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, DEVICE_REQUESTQ, 0), 0);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 0);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].notifications, 0);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, DEVICE_REQUESTQ, 1), 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].notifications, 1);
}

static void queue_stops_where_it_is(void **state)
{
	struct front_end *f = *state;
	struct vu_vring_state q = { .index = DEVICE_REQUESTQ };

	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	fe_send_msg(f, VU_GET_VRING_BASE, 0, &q, sizeof(q), NULL, 0);
	assert_int_equal(fe_receive(f, VU_GET_VRING_BASE, &q, sizeof(q)), sizeof(q));
	assert_int_equal(q.num, 2);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 2);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 3);
}

static void new_negotiation_keeps_everything(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	arm(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(f->dev.bank.lines[0].trigger, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
}

static void status_zero_resets_the_device(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	assert_int_equal(fe_acked_u64(f, VU_SET_STATUS, 15), 0);
	assert_int_equal(fe_get_u64(f, VU_GET_STATUS), 15);
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
	assert_int_equal(fe_acked_u64(f, VU_SET_STATUS, 0), 0);
	assert_int_equal(f->dev.bank.lines[0].direction, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->ended, 0);
}

static void leaving_resets_the_device(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
	shutdown(f->link.fd, SHUT_RDWR);
	fe_assert_ended(f, false);
	assert_int_equal(f->dev.bank.lines[0].direction, VIRTIO_GPIO_DIRECTION_NONE);
	device_set_level(&f->dev, 0, true);
}

static void irq_message_without_the_feature_is_an_error(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES & ~BIT(VIRTIO_GPIO_F_IRQ));
	fe_request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_ERR, 0);
	assert_int_equal(f->dev.stats.violations, 1);
}

static void broken_ring_ends_the_session(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_ERR, 0, f->call[1]), 0);
	guest_offer(&f->guest.rings[0], NUM);
	fe_kick(f, DEVICE_REQUESTQ);
	fe_assert_ended(f, true);
	assert_int_equal(fe_take_signals(f->call[1]), 1);
}

static void reset_that_is_not_told_does_not_end_the_session(void **state)
{
	struct front_end *f = *state;
	struct vring_avail *avail = f->guest.rings[DEVICE_REQUESTQ].avail;

	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	avail->idx = 0;
	fe_kick(f, DEVICE_REQUESTQ);
	assert_int_equal(f->ended, 0);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, DEVICE_REQUESTQ, 0), 0);
	fe_start_queue(f, DEVICE_REQUESTQ);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE].requests, 2);
}

/* With the status, a front end tells of resets. */
static void index_that_goes_back_ends_the_session(void **state)
{
	struct front_end *f = *state;

	fe_start_with(f, FEATURES, BIT(VU_PROTOCOL_F_STATUS));
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	f->guest.rings[DEVICE_REQUESTQ].avail->idx = 0;
	fe_kick(f, DEVICE_REQUESTQ);
	fe_assert_ended(f, true);
}

static void broken_ring_at_the_start_ends_the_session(void **state)
{
	struct front_end *f = *state;
	struct vu_vring_state q = { 0, 1 };

	fe_start(f, FEATURES);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, 0, 0), 0);
	guest_offer(&f->guest.rings[0], NUM);
	fe_send_msg(f, VU_SET_VRING_ENABLE, VU_FLAG_NEED_REPLY, &q, sizeof(q), NULL, 0);
	fe_assert_ended(f, true);
}

static void new_kick_descriptor_does_not_restart_the_queue(void **state)
{
	struct front_end *f = *state;
	int fd = eventfd(0, EFD_NONBLOCK);

	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, fd), 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
	close(f->kick[0]);
	f->kick[0] = fd;
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 2);
}

static void full_call_descriptor_does_not_block(void **state)
{
	struct front_end *f = *state;
	uint64_t full = UINT64_MAX - 1;
	int fd = eventfd(0, 0);

	fe_start(f, FEATURES);
	assert_int_equal(write(fd, &full, sizeof(full)), sizeof(full));
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_CALL, 0, fd), 0);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
	close(fd);
}

static void memory_may_be_shared_anew(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	assert_int_equal(fe_share_memory(f), 0);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
}

static void memory_without_the_rings_is_refused(void **state)
{
	struct front_end *f = *state;
	struct vu_mem_table table = {
		.count = 1,
		.regions[0] = { .gpa = GUEST_GPA, .size = 0x1000, .uva = GUEST_UVA },
	};

	fe_start(f, FEATURES);
	assert_int_equal(fe_acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 1);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 0);
}

/* A driver that makes the next chain available whenever a request is served. */
static void refill(void *ctx, unsigned int line)
{
	struct front_end *f = ctx;
	struct guest_ring *r = &f->guest.rings[DEVICE_REQUESTQ];

	(void)line;
	if (le16toh(r->avail->idx) < 3 * NUM)
		guest_offer(r, le16toh(r->avail->ring[(le16toh(r->avail->idx) - 2) % NUM]));
}

static void endless_requests_are_served_in_rounds(void **state)
{
	struct front_end *f = *state;
	struct device_listener refiller = { .changed = refill, .ctx = f };
	uint64_t one = 1;

	fe_start(f, FEATURES);
	device_listen(&f->dev, &refiller);
	fe_offer_request(f, 0, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_IN);
	fe_offer_request(f, 1, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(write(f->kick[0], &one, sizeof(one)), sizeof(one));
	device_set_level(&f->dev, 1, false);
	assert_int_equal(device_serve(&f->dev, DEVICE_REQUESTQ), 1);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), NUM);
	fe_run(f);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 3 * NUM);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].notifications, 1);
	device_unlisten(&f->dev, &refiller);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fe_set_up, fe_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request_makes_the_round_trip),
		TEST(error_reply_is_complete),
		TEST(batch_takes_one_notification),
		TEST(single_requests_take_one_notification_each),
		TEST(requests_before_the_start_are_served_without_a_kick),
		TEST(names_fill_their_response),
		TEST(names_in_a_short_response_are_an_error),
		TEST(short_request_is_an_error),
		TEST(request_without_room_for_the_reply_does_nothing),
		TEST(edge_makes_an_interrupt),
		TEST(disabling_returns_the_buffer),
		TEST(second_event_buffer_returns_at_once),
		TEST(event_buffer_without_room_returns_at_once),
		TEST(interrupts_wait_for_a_disabled_queue),
		TEST(undelivered_interrupts_do_not_outlive_a_reset),
		TEST(stopped_event_queue_keeps_its_buffers),
		TEST(kicks_wait_for_a_disabled_queue),
		TEST(queue_stops_where_it_is),
		TEST(new_negotiation_keeps_everything),
		TEST(status_zero_resets_the_device),
		TEST(leaving_resets_the_device),
		TEST(irq_message_without_the_feature_is_an_error),
		TEST(broken_ring_ends_the_session),
		TEST(reset_that_is_not_told_does_not_end_the_session),
		TEST(index_that_goes_back_ends_the_session),
		TEST(broken_ring_at_the_start_ends_the_session),
		TEST(new_kick_descriptor_does_not_restart_the_queue),
		TEST(full_call_descriptor_does_not_block),
		TEST(memory_may_be_shared_anew),
		TEST(memory_without_the_rings_is_refused),
		TEST(endless_requests_are_served_in_rounds),
	};

	return cmocka_run_group_tests_name("queues", tests, NULL, NULL);
}
