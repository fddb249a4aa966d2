/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest reboots, in each of the ways that a front end may tell us: what the
 * guest did is forgotten, what the host did stays, and all works again.
 */
#include "front_end.h"

#include <string.h>
#include <unistd.h>

#define OUTPUT		0
#define INPUT		1
#define HIGH		2

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

static void get_base(struct front_end *f, uint32_t index)
{
	struct vu_vring_state q = { .index = index };

	fe_send_msg(f, VU_GET_VRING_BASE, 0, &q, sizeof(q), NULL, 0);
	assert_int_equal(fe_receive(f, VU_GET_VRING_BASE, &q, sizeof(q)), sizeof(q));
}

static void new_connection(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	close(f->fd);
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
	close(f->fd);
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

/* A kernel that another one boots without a word to the device. */
static void nothing_but_new_features(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	assert_works_again(f);
}

static void many_times(void **state)
{
	struct front_end *f = *state;

	for (unsigned int i = 0; i < 50; i++) {
		memset(f->guest.ram, 0, GUEST_SIZE);
		device_set_level(&f->dev, INPUT, false);
		use_lines(f);
		close(f->fd);
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
		TEST(nothing_but_new_features),
		TEST(many_times),
		TEST(reset_takes_the_index_back),
	};

	return cmocka_run_group_tests_name("reconnect", tests, NULL, NULL);
}
