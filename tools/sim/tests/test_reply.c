/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replies on real rings: each fault as the driver meets it. */
#include "guest.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "reply.h"
#include "command.h"
#include "host.h"

#define NUM		16
#define LINES		4
#define REQUEST(i)	(GUEST_GPA + GUEST_DATA + (i) * 256)
#define RESPONSE(i)	(REQUEST(i) + 64)
#define GET_VALUE	VIRTIO_GPIO_MSG_GET_VALUE
#define GET_DIRECTION	VIRTIO_GPIO_MSG_GET_DIRECTION
#define GET_NAMES	VIRTIO_GPIO_MSG_GET_NAMES
#define UNTOUCHED	0xaa

/**
 * struct fixture - a device on two rings
 * @guest: memory and rings, from the driver's side
 * @mem: the same from the device's side
 * @rings: the rings from the device's side
 * @host: the device under test, and what the host does with it
 * @listener: is told of replies
 * @notified: notifications to the driver
 * @told: replies that a listener was told of
 * @last: the last of them
 * @err: why the last call failed
 */
struct fixture {
	struct guest guest;
	struct guest_mem mem;
	struct virtqueue rings[DEVICE_QUEUES];
	struct host host;
	struct device_listener listener;
	unsigned int notified;
	unsigned int told;
	struct reply last;
	struct errmsg err;
};

static void on_notify(void *ctx, enum device_queue queue)
{
	struct fixture *f = ctx;

	(void)queue;
	f->notified++;
}

static void on_replied(void *ctx, const struct reply *reply)
{
	struct fixture *f = ctx;

	f->told++;
	f->last = *reply;
}

static void set_up_device(struct fixture *f)
{
	host_init(&f->host, LINES);
	host_name(&f->host, 1, "Reset");
	assert_int_equal(gpio_build_names(&f->host.board.dev.bank, &f->err), 0);
	f->host.board.dev.bank.irq = true;
	f->host.board.dev.notify = on_notify;
	f->host.board.dev.notify_ctx = f;
	f->listener = (struct device_listener){ .replied = on_replied, .ctx = f };
	device_listen(&f->host.board.dev, &f->listener);
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	guest_make(&f->guest, NUM);
	guest_share(&f->guest, &f->mem);
	set_up_device(f);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		assert_int_equal(vring_start(&f->rings[i], &f->guest.rings[i].setup, &f->mem), 0);
		device_attach(&f->host.board.dev, i, &f->rings[i]);
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	device_reset(&f->host.board.dev);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		vring_forget(&f->rings[i]);
	host_free(&f->host);
	mem_clear(&f->mem);
	guest_free(&f->guest);
	test_free(f);
	return 0;
}

static void fault(struct fixture *f, const char *text)
{
	char command[128];

	snprintf(command, sizeof(command), "fault %s", text);
	assert_int_equal(command_script(&f->host.board, command, false, &f->err), 0);
}

static void offer(struct fixture *f, enum device_queue queue, unsigned int i, const void *req,
		  size_t len, size_t room)
{
	struct guest_ring *r = &f->guest.rings[queue];

	memcpy(guest_at(&f->guest, REQUEST(i)), req, len);
	memset(guest_at(&f->guest, RESPONSE(i)), UNTOUCHED, 64);
	guest_pair(r, i % 8, REQUEST(i), len, RESPONSE(i), room);
	guest_offer(r, 2 * (i % 8));
}

/* Request i, of at most 8 at a time; the device is asked to look. */
static void request(struct fixture *f, unsigned int i, uint16_t type, uint16_t line,
		    uint32_t value)
{
	struct virtio_gpio_request req = { htole16(type), htole16(line), htole32(value) };

	offer(f, DEVICE_REQUESTQ, i, &req, sizeof(req), 32);
	assert_int_equal(device_serve(&f->host.board.dev, DEVICE_REQUESTQ), 0);
}

static void offer_event(struct fixture *f, uint16_t line)
{
	uint16_t le = htole16(line);

	offer(f, DEVICE_EVENTQ, 8, &le, sizeof(le), 1);
	assert_int_equal(device_serve(&f->host.board.dev, DEVICE_EVENTQ), 0);
}

/* Line 0 has an enabled and unmasked interrupt. */
static void arm(struct fixture *f)
{
	request(f, 0, VIRTIO_GPIO_MSG_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	offer_event(f, 0);
}

/* Request i is for the value of the line that the i-th digit names. */
static void get_values(struct fixture *f, const char *lines)
{
	for (unsigned int i = 0; lines[i]; i++)
		request(f, i, GET_VALUE, lines[i] - '0', 0);
}

static uint8_t *response(struct fixture *f, unsigned int i)
{
	return guest_at(&f->guest, RESPONSE(i));
}

static uint16_t used(struct fixture *f)
{
	return guest_used(&f->guest.rings[DEVICE_REQUESTQ]);
}

static uint16_t events(struct fixture *f)
{
	return guest_used(&f->guest.rings[DEVICE_EVENTQ]);
}

static const struct vring_used_elem *used_elem(struct fixture *f, enum device_queue queue,
					       unsigned int i)
{
	return &f->guest.rings[queue].used->ring[i];
}

/* Chain n came back as the i-th reply. */
static void assert_used(struct fixture *f, unsigned int i, unsigned int n)
{
	assert_int_equal(le32toh(used_elem(f, DEVICE_REQUESTQ, i)->id), 2 * n);
}

/* So many replies came back, for the requests that the digits name. */
static void assert_order(struct fixture *f, const char *order)
{
	assert_int_equal(used(f), strlen(order));
	for (unsigned int i = 0; order[i]; i++)
		assert_used(f, i, order[i] - '0');
}

static void assert_len(struct fixture *f, unsigned int i, uint32_t len)
{
	assert_int_equal(le32toh(used_elem(f, DEVICE_REQUESTQ, i)->len), len);
}

static void let_pass(struct fixture *f, unsigned int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000l };

	nanosleep(&ts, NULL);
	assert_int_equal(loop_run_once(&f->host.loop, false), 0);
}

static void answers_are_told(void **state)
{
	struct fixture *f = *state;

	device_set_level(&f->host.board.dev, 2, true);
	request(f, 0, GET_VALUE, 2, 0);
	assert_int_equal(f->told, 1);
	assert_int_equal(f->last.type, GET_VALUE);
	assert_int_equal(f->last.line, 2);
	assert_int_equal(f->last.reply.value, 1);
	assert_int_equal(f->last.used_len, 2);
	assert_true(f->last.sent && f->last.sent_ns >= f->last.taken_ns && !f->last.faults);
}

static void silence_never_answers(void **state)
{
	struct fixture *f = *state;

	fault(f, "silence get_value");
	request(f, 0, GET_VALUE, 0, 0);
	request(f, 1, GET_DIRECTION, 0, 0);
	assert_order(f, "1");
	assert_int_equal(response(f, 0)[0], UNTOUCHED);
	assert_int_equal(f->told, 2);
}

static void silence_comes_after_the_effect(void **state)
{
	struct fixture *f = *state;

	fault(f, "silence");
	request(f, 0, VIRTIO_GPIO_MSG_SET_VALUE, 0, 1);
	assert_order(f, "");
	assert_true(f->host.board.dev.bank.lines[0].output);
}

static void lost_request_has_no_effect(void **state)
{
	struct fixture *f = *state;

	fault(f, "lose times 1");
	request(f, 0, VIRTIO_GPIO_MSG_SET_VALUE, 0, 1);
	assert_order(f, "");
	assert_int_equal(response(f, 0)[0], UNTOUCHED);
	assert_false(f->host.board.dev.bank.lines[0].output);
	assert_false(f->last.sent);
	assert_int_equal(f->last.faults, 1u << FAULT_LOSE);
	request(f, 1, VIRTIO_GPIO_MSG_SET_VALUE, 0, 1);
	assert_order(f, "1");
	assert_true(f->host.board.dev.bank.lines[0].output);
}

static void silence_is_told(void **state)
{
	struct fixture *f = *state;

	fault(f, "silence");
	request(f, 0, GET_VALUE, 0, 0);
	assert_false(f->last.sent);
	assert_int_equal(f->last.faults, 1u << FAULT_SILENCE);
	assert_int_equal(f->host.board.dev.faults.injected[FAULT_SILENCE], 1);
}

static void delay_keeps_the_order_of_a_line(void **state)
{
	struct fixture *f = *state;

	fault(f, "delay 100ms times 1");
	request(f, 0, GET_VALUE, 0, 0);
	request(f, 1, GET_DIRECTION, 0, 0);
	request(f, 2, GET_VALUE, 1, 0);
	assert_order(f, "2");
	assert_int_equal(response(f, 0)[0], UNTOUCHED);
	let_pass(f, 110);
	assert_order(f, "201");
	assert_int_equal(response(f, 0)[0], VIRTIO_GPIO_STATUS_OK);
	assert_true(f->notified >= 2);
}

static void answers_that_would_exhaust_the_host_do_not_wait(void **state)
{
	struct fixture *f = *state;

	fault(f, "delay 1s");
	request(f, 0, GET_VALUE, 0, 0);
	assert_int_equal(used(f), 0);
	assert_int_equal(f->host.board.dev.held_count, 1);
	assert_int_equal(f->host.board.dev.held_segs, 2);
	f->host.board.dev.held_count = DEVICE_MAX_HELD;
	request(f, 1, GET_VALUE, 1, 0);
	assert_int_equal(used(f), 1);
	f->host.board.dev.held_count = 1;
	f->host.board.dev.held_segs = DEVICE_MAX_HELD_SEGS - 1;
	request(f, 2, GET_VALUE, 2, 0);
	assert_int_equal(used(f), 2);
	f->host.board.dev.held_segs = 2;
	reply_forget(&f->host.board.dev, DEVICE_REQUESTQ);
	assert_int_equal(f->host.board.dev.held_count, 0);
	assert_int_equal(f->host.board.dev.held_segs, 0);
}

static void delay_leaves_the_other_queue_alone(void **state)
{
	struct fixture *f = *state;

	arm(f);
	fault(f, "delay 1s");
	request(f, 1, GET_VALUE, 0, 0);
	device_set_level(&f->host.board.dev, 0, true);
	assert_int_equal(used(f), 1);
	assert_int_equal(events(f), 1);
}

static void delayed_answers_end_with_their_queue(void **state)
{
	struct fixture *f = *state;

	fault(f, "delay 5ms");
	request(f, 0, GET_NAMES, 0, 0);
	device_forget(&f->host.board.dev, DEVICE_REQUESTQ);
	let_pass(f, 10);
	assert_int_equal(used(f), 0);
	assert_null(f->host.board.dev.held);
}

static void delayed_answers_wait_for_their_queue(void **state)
{
	struct fixture *f = *state;

	fault(f, "delay 5ms");
	request(f, 0, GET_VALUE, 0, 0);
	device_detach(&f->host.board.dev, DEVICE_REQUESTQ);
	let_pass(f, 10);
	assert_int_equal(used(f), 0);
	device_attach(&f->host.board.dev, DEVICE_REQUESTQ, &f->rings[0]);
	assert_int_equal(used(f), 1);
}

static void on_answered_slowly(void *ctx, const struct reply *reply)
{
	struct timespec ts = { .tv_nsec = 3000000 };

	on_replied(ctx, reply);
	nanosleep(&ts, NULL);
}

static void delayed_answers_come_though_sending_others_takes_time(void **state)
{
	struct fixture *f = *state;

	fault(f, "delay 5ms line 0");
	fault(f, "delay 6ms line 1");
	f->listener.replied = on_answered_slowly;
	get_values(f, "01");
	while (f->host.loop.timers)
		assert_int_equal(loop_run_once(&f->host.loop, true), 0);
	assert_order(f, "01");
}

static void late_comes_after_so_many(void **state)
{
	struct fixture *f = *state;

	fault(f, "late 2 times 1");
	get_values(f, "00");
	assert_order(f, "1");
	request(f, 2, GET_VALUE, 1, 0);
	assert_order(f, "120");
}

static void late_comes_after_a_time(void **state)
{
	struct fixture *f = *state;

	fault(f, "late 5ms times 1");
	get_values(f, "00");
	let_pass(f, 10);
	assert_order(f, "10");
}

static void reorder_spares_the_order_of_a_line(void **state)
{
	struct fixture *f = *state;

	fault(f, "reorder 1s times 1");
	get_values(f, "00");
	assert_order(f, "");
	request(f, 2, GET_VALUE, 1, 0);
	assert_order(f, "201");
}

static void reorder_swaps_neighbours(void **state)
{
	struct fixture *f = *state;

	fault(f, "reorder 1s");
	get_values(f, "0123");
	assert_order(f, "1032");
	assert_int_equal(f->host.board.dev.faults.injected[FAULT_REORDER], 2);
}

static void reorder_waits_for_another_line(void **state)
{
	struct fixture *f = *state;

	fault(f, "late 5ms times 1");
	fault(f, "reorder 1s");
	get_values(f, "00");
	let_pass(f, 10);
	assert_order(f, "0");
}

static void reorder_does_not_wait_for_ever(void **state)
{
	struct fixture *f = *state;

	fault(f, "reorder");
	get_values(f, "0");
	assert_order(f, "");
	let_pass(f, 15);
	assert_order(f, "0");
}

static void short_and_long_lie_about_the_length(void **state)
{
	struct fixture *f = *state;

	fault(f, "short times 1");
	request(f, 0, GET_VALUE, 0, 0);
	assert_len(f, 0, 0);
	assert_int_equal(response(f, 0)[0], UNTOUCHED);
	fault(f, "none");
	fault(f, "short 1");
	request(f, 1, GET_VALUE, 0, 0);
	assert_len(f, 1, 1);
	assert_int_equal(response(f, 1)[0], VIRTIO_GPIO_STATUS_OK);
	assert_int_equal(response(f, 1)[1], UNTOUCHED);
	fault(f, "none");
	fault(f, "long 3");
	request(f, 2, GET_VALUE, 0, 0);
	assert_len(f, 2, 3);
	assert_int_equal(response(f, 2)[2], UNTOUCHED);
}

static void short_cuts_names(void **state)
{
	struct fixture *f = *state;

	fault(f, "short 4");
	request(f, 0, GET_NAMES, 0, 0);
	assert_len(f, 0, 4);
	assert_memory_equal(response(f, 0), "\0\0Re\xaa", 5);
}

static void status_and_value_are_bad(void **state)
{
	struct fixture *f = *state;

	fault(f, "bad-status 5 get_value");
	fault(f, "bad-value get_direction");
	request(f, 0, GET_VALUE, 0, 0);
	request(f, 1, GET_DIRECTION, 0, 0);
	assert_int_equal(response(f, 0)[0], 5);
	assert_int_equal(response(f, 1)[0], VIRTIO_GPIO_STATUS_OK);
	assert_int_equal(response(f, 1)[1], 9);
}

static void error_has_no_effect(void **state)
{
	struct fixture *f = *state;

	fault(f, "error set_direction");
	request(f, 0, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
	assert_int_equal(response(f, 0)[0], VIRTIO_GPIO_STATUS_ERR);
	assert_int_equal(f->host.board.dev.bank.lines[0].direction, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->host.board.dev.stats.msg[VIRTIO_GPIO_MSG_SET_DIRECTION].errors, 1);
	assert_int_equal(f->host.board.dev.line_stats[0].errors, 1);
}

static void id_is_bad(void **state)
{
	struct fixture *f = *state;

	fault(f, "bad-id 1234");
	request(f, 0, GET_VALUE, 0, 0);
	assert_int_equal(used(f), 1);
	assert_int_equal(le32toh(used_elem(f, DEVICE_REQUESTQ, 0)->id), 1234);
}

static void notification_is_lost(void **state)
{
	struct fixture *f = *state;

	fault(f, "unnotified get_value times 1");
	request(f, 0, GET_VALUE, 0, 0);
	assert_int_equal(used(f), 1);
	assert_int_equal(f->notified, 0);
	assert_int_equal(f->host.board.dev.stats.queue[DEVICE_REQUESTQ].interrupts, 0);
	request(f, 1, GET_VALUE, 0, 0);
	assert_int_equal(f->notified, 1);
}

static void names_are_bad(void **state)
{
	struct fixture *f = *state;

	fault(f, "names-unterminated");
	request(f, 0, GET_NAMES, 0, 0);
	assert_memory_equal(response(f, 0), "\0\0Reset\0\0x", 10);
}

static void late_names_are_kept(void **state)
{
	struct fixture *f = *state;

	fault(f, "names-nonascii");
	fault(f, "late 1 get_names");
	request(f, 0, GET_NAMES, 0, 0);
	assert_int_equal(used(f), 0);
	request(f, 1, GET_VALUE, 1, 0);
	assert_memory_equal(response(f, 0), "\0\0\303eset\0\0", 10);
}

static void close_ends_the_session(void **state)
{
	struct fixture *f = *state;
	struct virtio_gpio_request req = { htole16(GET_VALUE), 0, 0 };

	fault(f, "close after 1");
	request(f, 0, GET_VALUE, 0, 0);
	offer(f, DEVICE_REQUESTQ, 1, &req, sizeof(req), 2);
	assert_int_equal(device_serve(&f->host.board.dev, DEVICE_REQUESTQ), -1);
	assert_non_null(strstr(f->rings[0].err.text, "close"));
	assert_int_equal(f->last.faults, 1u << FAULT_CLOSE);
	assert_false(f->last.sent);
	assert_int_equal(used(f), 1);
	device_session(&f->host.board.dev, true);
	request(f, 2, GET_VALUE, 0, 0);
	assert_int_equal(used(f), 2);
}

static void config_is_bad(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(le16toh(device_config(&f->host.board.dev).ngpio), LINES);
	assert_int_equal(le32toh(device_config(&f->host.board.dev).gpio_names_size), 9);
	fault(f, "no-lines times 1");
	fault(f, "huge-names times 1");
	assert_int_equal(device_config(&f->host.board.dev).ngpio, 0);
	assert_int_equal(le32toh(device_config(&f->host.board.dev).gpio_names_size), 9);
	assert_int_equal(le16toh(device_config(&f->host.board.dev).ngpio), LINES);
}

static void lost_events_leave_the_line_armed(void **state)
{
	struct fixture *f = *state;

	arm(f);
	fault(f, "silence event times 1");
	device_set_level(&f->host.board.dev, 0, true);
	assert_int_equal(events(f), 0);
	assert_int_equal(f->last.faults, 1u << FAULT_SILENCE);
	assert_true(f->host.board.dev.bank.lines[0].unmasked);
	assert_int_equal(f->host.board.dev.bank.stats.delivered, 0);
	device_set_level(&f->host.board.dev, 0, false);
	assert_int_equal(events(f), 1);
	assert_int_equal(response(f, 8)[0], VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void events_are_bad(void **state)
{
	struct fixture *f = *state;

	fault(f, "bad-status 9 event");
	fault(f, "long 77 event");
	fault(f, "bad-id 99 event");
	arm(f);
	device_set_level(&f->host.board.dev, 0, true);
	assert_int_equal(response(f, 8)[0], 9);
	assert_int_equal(le32toh(used_elem(f, DEVICE_EVENTQ, 0)->len), 77);
	assert_int_equal(le32toh(used_elem(f, DEVICE_EVENTQ, 0)->id), 99);
	assert_int_equal(response(f, 0)[0], VIRTIO_GPIO_STATUS_OK);
}

static void short_events_leave_the_status(void **state)
{
	struct fixture *f = *state;

	fault(f, "short event");
	arm(f);
	device_set_level(&f->host.board.dev, 0, true);
	assert_int_equal(events(f), 1);
	assert_int_equal(le32toh(used_elem(f, DEVICE_EVENTQ, 0)->len), 0);
	assert_int_equal(response(f, 8)[0], UNTOUCHED);
}

static void delayed_events_come(void **state)
{
	struct fixture *f = *state;

	fault(f, "delay 5ms event");
	arm(f);
	device_set_level(&f->host.board.dev, 0, true);
	assert_int_equal(events(f), 0);
	let_pass(f, 10);
	assert_int_equal(events(f), 1);
	assert_int_equal(response(f, 8)[0], VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void storm_fires_as_fast_as_it_is_armed(void **state)
{
	struct fixture *f = *state;

	fault(f, "storm line 0 times 3");
	arm(f);
	for (unsigned int i = 1; i <= 4; i++) {
		assert_int_equal(events(f), i < 4 ? i : 3);
		if (i < 4)
			offer_event(f, 0);
	}
	assert_true(f->host.board.dev.bank.lines[0].unmasked);
	assert_int_equal(f->last.faults, 1u << FAULT_STORM);
}

static void spurious_events_come_for_disabled_interrupts(void **state)
{
	struct fixture *f = *state;

	fault(f, "spurious");
	arm(f);
	request(f, 1, VIRTIO_GPIO_MSG_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_NONE);
	assert_int_equal(events(f), 1);
	assert_int_equal(response(f, 8)[0], VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void lines_are_counted(void **state)
{
	struct fixture *f = *state;

	arm(f);
	device_set_level(&f->host.board.dev, 0, true);
	request(f, 1, GET_VALUE, 0, 0);
	request(f, 2, GET_VALUE, 77, 0);
	assert_int_equal(f->host.board.dev.line_stats[0].requests, 2);
	assert_int_equal(f->host.board.dev.line_stats[0].events, 1);
	assert_int_equal(f->host.board.dev.line_stats[0].changes, 2);
	assert_int_equal(f->host.board.dev.line_stats[1].requests, 0);
	device_reset_stats(&f->host.board.dev);
	assert_int_equal(f->host.board.dev.line_stats[0].requests, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_are_told),
		TEST(silence_never_answers),
		TEST(silence_comes_after_the_effect),
		TEST(lost_request_has_no_effect),
		TEST(silence_is_told),
		TEST(delay_keeps_the_order_of_a_line),
		TEST(answers_that_would_exhaust_the_host_do_not_wait),
		TEST(delay_leaves_the_other_queue_alone),
		TEST(delayed_answers_end_with_their_queue),
		TEST(delayed_answers_wait_for_their_queue),
		TEST(delayed_answers_come_though_sending_others_takes_time),
		TEST(late_comes_after_so_many),
		TEST(late_comes_after_a_time),
		TEST(reorder_spares_the_order_of_a_line),
		TEST(reorder_swaps_neighbours),
		TEST(reorder_waits_for_another_line),
		TEST(reorder_does_not_wait_for_ever),
		TEST(short_and_long_lie_about_the_length),
		TEST(short_cuts_names),
		TEST(status_and_value_are_bad),
		TEST(error_has_no_effect),
		TEST(id_is_bad),
		TEST(notification_is_lost),
		TEST(names_are_bad),
		TEST(late_names_are_kept),
		TEST(close_ends_the_session),
		TEST(config_is_bad),
		TEST(lost_events_leave_the_line_armed),
		TEST(events_are_bad),
		TEST(short_events_leave_the_status),
		TEST(delayed_events_come),
		TEST(storm_fires_as_fast_as_it_is_armed),
		TEST(spurious_events_come_for_disabled_interrupts),
		TEST(lines_are_counted),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
