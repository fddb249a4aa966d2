/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest reboots, in each of the ways that a front end may tell us: what the
 * guest did is forgotten, what the host did stays, and all works again. Or it
 * is paused, of which a front end tells in almost the same way: all stays.
 */
#include "front_end.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT		0
#define INPUT		1
#define HIGH		2
#define DELAY_NS	10000000ull

/* A guest at work: an output, an interrupt that is armed, one that is latched. */
static void use_lines(struct front_end *f)
{
	device_set_level(&f->dev, HIGH, true);
	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_SET_VALUE, OUTPUT, 1);
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, OUTPUT, VIRTIO_GPIO_DIRECTION_OUT);
	for (uint16_t line = INPUT; line <= HIGH; line++) {
		fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_IN);
		fe_request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, line, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	}
	fe_offer_event_buffer(f, 0, INPUT);
	fe_kick(f, DEVICE_EVENTQ);
	device_set_level(&f->dev, HIGH, false);
	device_set_level(&f->dev, HIGH, true);
	assert_true(f->dev.bank.lines[HIGH].latched);
	assert_true(gpio_value(&f->dev.bank, OUTPUT));
}

static void assert_forgotten(struct front_end *f)
{
	for (unsigned int i = 0; i < LINES; i++) {
		const struct gpio_line *line = &f->dev.bank.lines[i];

		assert_int_equal(line->direction, VIRTIO_GPIO_DIRECTION_NONE);
		assert_int_equal(line->trigger, VIRTIO_GPIO_IRQ_TYPE_NONE);
		assert_false(line->unmasked || line->latched);
		assert_int_equal(gpio_value(&f->dev.bank, i), i == HIGH);
	}
	assert_string_equal(f->dev.bank.lines[1].name, "Reset");
}

/* The guest's memory is as after power-on, and its driver begins anew. */
static void assert_works_again(struct front_end *f)
{
	uint64_t before = f->dev.stats.violations;

	memset(f->guest.ram, 0, GUEST_SIZE);
	fe_start(f, FEATURES);
	assert_forgotten(f);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, HIGH, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 1);
	fe_request(f, VIRTIO_GPIO_MSG_GET_DIRECTION, OUTPUT, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, VIRTIO_GPIO_DIRECTION_NONE);
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, INPUT, VIRTIO_GPIO_DIRECTION_IN);
	fe_request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, INPUT, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	fe_offer_event_buffer(f, 0, INPUT);
	fe_kick(f, DEVICE_EVENTQ);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 0);
	device_set_level(&f->dev, INPUT, true);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_int_equal(f->dev.stats.violations, before);
	assert_int_equal(f->ended, 0);
}

static uint32_t get_base(struct front_end *f, uint32_t index)
{
	struct vu_vring_state q = { .index = index };

	fe_send_msg(f, VU_GET_VRING_BASE, 0, &q, sizeof(q), NULL, 0);
	assert_int_equal(fe_receive(f, VU_GET_VRING_BASE, &q, sizeof(q)), sizeof(q));
	return q.num;
}

static void new_connection(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	close(f->link.fd);
	fe_assert_ended(f, false);
	assert_forgotten(f);
	f->ended = 0;
	fe_connect(f);
	assert_works_again(f);
	assert_int_equal(f->dev.stats.sessions, 2);
}

static void new_connection_after_a_crash(void **state)
{
	struct front_end *f = *state;
	static const char half_a_message[] = "\x05";

	use_lines(f);
	fe_send_bytes(f, half_a_message, 1, NULL, 0);
	close(f->link.fd);
	fe_assert_ended(f, true);
	assert_forgotten(f);
	f->ended = 0;
	fe_connect(f);
	assert_works_again(f);
}

static void status_zero(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	assert_int_equal(fe_acked_u64(f, VU_SET_STATUS, 0), 0);
	assert_forgotten(f);
	assert_works_again(f);
}

static void reset_owner(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	assert_int_equal(fe_acked(f, VU_RESET_OWNER, NULL, 0, NULL, 0), 0);
	assert_forgotten(f);
	assert_works_again(f);
}

static void reset_device(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	assert_int_equal(fe_acked(f, VU_RESET_DEVICE, NULL, 0, NULL, 0), 0);
	assert_forgotten(f);
	assert_works_again(f);
}

/* As QEMU does where it does not tell the status. */
static void stopped_queues(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		get_base(f, i);
	assert_works_again(f);
}

/* As User-Mode Linux does when a driver is unbound. */
static void disabled_queues(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, i, 0), 0);
	assert_works_again(f);
}

/* As QEMU does for "stop" and "cont", and for a reboot but for the index. */
static void stop_all(struct front_end *f, uint32_t *bases)
{
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		bases[i] = get_base(f, i);
}

static void start_all(struct front_end *f, const uint32_t *bases)
{
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(fe_share_memory(f), 0);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		fe_start_queue_at(f, i, bases[i]);
}

static void assert_kept(struct front_end *f)
{
	const struct gpio_line *lines = f->dev.bank.lines;

	assert_int_equal(lines[OUTPUT].direction, VIRTIO_GPIO_DIRECTION_OUT);
	assert_true(gpio_value(&f->dev.bank, OUTPUT));
	assert_int_equal(lines[INPUT].trigger, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	assert_true(lines[HIGH].latched);
}

static void pause_keeps_everything(void **state)
{
	struct front_end *f = *state;
	uint32_t bases[DEVICE_QUEUES];

	use_lines(f);
	stop_all(f, bases);
	assert_kept(f);
	start_all(f, bases);
	assert_kept(f);
	assert_true(f->dev.bank.lines[INPUT].unmasked);
	device_set_level(&f->dev, INPUT, true);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, OUTPUT, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 1);
	assert_int_equal(f->dev.stats.violations, 0);
	assert_int_equal(f->ended, 0);
}

static void edge_in_a_pause_arrives_after_it(void **state)
{
	struct front_end *f = *state;
	uint32_t bases[DEVICE_QUEUES];

	use_lines(f);
	stop_all(f, bases);
	device_set_level(&f->dev, INPUT, true);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 0);
	start_all(f, bases);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_true(fe_take_signals(f->call[DEVICE_EVENTQ]) > 0);
}

/* The answer is due in the pause; its chain is still with the device. */
static void answer_in_a_pause_arrives_after_it(void **state)
{
	struct front_end *f = *state;
	uint32_t bases[DEVICE_QUEUES];
	struct fault delay = {
		.kind = FAULT_DELAY, .number = DELAY_NS, .chance = FAULT_ALWAYS, .times = 1,
		.type = VIRTIO_GPIO_MSG_GET_VALUE, .line = FAULT_ANY_LINE,
	};
	struct timespec ts = { .tv_nsec = 2 * DELAY_NS };
	struct errmsg err;
	uint16_t before;

	use_lines(f);
	before = fe_used(f, DEVICE_REQUESTQ);
	f->dev.loop = &f->loop;
	assert_int_equal(fault_add(&f->dev.faults, &delay, &err), 0);
	fe_offer_request(f, 0, VIRTIO_GPIO_MSG_GET_VALUE, OUTPUT, 0);
	device_serve(&f->dev, DEVICE_REQUESTQ);
	/* Memory is mapped anew in a pause: where it was must not be kept. */
	assert_null(f->dev.held->reply.chain.segs[0].host);
	stop_all(f, bases);
	nanosleep(&ts, NULL);
	fe_run(f);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), before);
	start_all(f, bases);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), before + 1);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 1);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, OUTPUT, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 1);
}

static void many_pauses_keep_everything(void **state)
{
	struct front_end *f = *state;
	uint32_t bases[DEVICE_QUEUES];

	use_lines(f);
	for (unsigned int i = 0; i < 50; i++) {
		stop_all(f, bases);
		start_all(f, bases);
	}
	assert_kept(f);
	stop_all(f, bases);
	assert_works_again(f);
}

/* One ring that starts elsewhere is enough: a driver may not have used the other. */
static void event_queue_that_starts_elsewhere_is_a_reset(void **state)
{
	struct front_end *f = *state;
	uint32_t bases[DEVICE_QUEUES];

	use_lines(f);
	stop_all(f, bases);
	bases[DEVICE_EVENTQ] = 0;
	start_all(f, bases);
	assert_forgotten(f);
}

static void ring_of_another_size_is_a_reset(void **state)
{
	struct front_end *f = *state;
	uint32_t bases[DEVICE_QUEUES];

	use_lines(f);
	stop_all(f, bases);
	f->guest.rings[DEVICE_REQUESTQ].setup.num = NUM / 2;
	start_all(f, bases);
	assert_forgotten(f);
}

static void many_times(void **state)
{
	struct front_end *f = *state;

	for (unsigned int i = 0; i < 50; i++) {
		memset(f->guest.ram, 0, GUEST_SIZE);
		device_set_level(&f->dev, INPUT, false);
		use_lines(f);
		close(f->link.fd);
		fe_run(f);
		assert_forgotten(f);
		fe_connect(f);
	}
	assert_int_equal(f->ended, 50);
	assert_int_equal(f->dev.stats.sessions, 51);
}

/* A queue that starts again without a new index begins at 0 after a reset. */
static void reset_takes_the_index_back(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	assert_int_equal(fe_acked_u64(f, VU_SET_STATUS, 0), 0);
	memset(f->guest.ram, 0, GUEST_SIZE);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 0);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, HIGH, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fe_set_up, fe_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_connection),
		TEST(new_connection_after_a_crash),
		TEST(status_zero),
		TEST(reset_owner),
		TEST(reset_device),
		TEST(stopped_queues),
		TEST(disabled_queues),
		TEST(pause_keeps_everything),
		TEST(edge_in_a_pause_arrives_after_it),
		TEST(answer_in_a_pause_arrives_after_it),
		TEST(many_pauses_keep_everything),
		TEST(event_queue_that_starts_elsewhere_is_a_reset),
		TEST(ring_of_another_size_is_a_reset),
		TEST(many_times),
		TEST(reset_takes_the_index_back),
	};

	return cmocka_run_group_tests_name("reconnect", tests, NULL, NULL);
}
