/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulator ends, in any way, while a guest runs: another one goes on with
 * its lines, or says that it cannot.
 */
#include "front_end.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"
#include "state.h"

#define OUTPUT		0
#define ARMED		1
#define LATCHED		2

static char path[SCRATCH_PATH];
static struct state kept;
static char said[1024];

static void on_message(void *ctx, const char *text)
{
	(void)ctx;
	snprintf(said, sizeof(said), "%s", text);
}

/* As the simulator does when it starts. */
static void start_simulator(struct front_end *f)
{
	struct errmsg err;

	assert_int_equal(state_open(&kept, path, LINES, &err), 0);
	assert_int_equal(device_init_in(&f->dev, LINES, &kept.memory), 0);
	assert_int_equal(gpio_set_name(&f->dev.bank, 1, "Reset", &err), 0);
	assert_int_equal(gpio_build_names(&f->dev.bank, &err), 0);
	state_restore(&kept, &f->dev);
	gpio_settle(&f->dev.bank);
	f->ended = 0;
	fe_connect(f);
}

static void end_simulator(struct front_end *f)
{
	vu_close(&f->session);
	close(f->link.fd);
	device_free(&f->dev);
	state_close(&kept);
}

static int set_up(void **state)
{
	struct front_end *f;

	fe_set_up(state);
	f = *state;
	end_simulator(f);
	scratch_make(path);
	start_simulator(f);
	said[0] = '\0';
	log_set_sink(on_message, NULL);
	return 0;
}

static int tear_down(void **state)
{
	log_set_sink(NULL, NULL);
	fe_tear_down(state);
	state_close(&kept);
	unlink(path);
	return 0;
}

/* An output that is high; an interrupt that is armed, and one that is latched. */
static void use_lines(struct front_end *f)
{
	fe_start(f, FEATURES);
	fe_request(f, VIRTIO_GPIO_MSG_SET_VALUE, OUTPUT, 1);
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, OUTPUT, VIRTIO_GPIO_DIRECTION_OUT);
	for (uint16_t line = ARMED; line <= LATCHED; line++) {
		fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_IN);
		fe_request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, line, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	}
	fe_offer_event_buffer(f, 1, LATCHED);
	fe_offer_event_buffer(f, 0, ARMED);
	fe_kick(f, DEVICE_EVENTQ);
	device_set_level(&f->dev, LATCHED, true);
	device_set_level(&f->dev, LATCHED, false);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
}

/* As QEMU does with "reconnect": it only knows what was returned. */
static void reconnect(struct front_end *f)
{
	fe_set_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(VU_PROTOCOL_F_REPLY_ACK));
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(fe_share_memory(f), 0);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++)
		fe_start_queue_at(f, i, fe_used(f, i));
}

static void assert_goes_on(struct front_end *f)
{
	const struct gpio_line *lines = f->dev.bank.lines;
	uint16_t before = fe_used(f, DEVICE_EVENTQ);

	assert_int_equal(lines[OUTPUT].direction, VIRTIO_GPIO_DIRECTION_OUT);
	assert_true(gpio_value(&f->dev.bank, OUTPUT));
	assert_true(lines[LATCHED].latched);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, OUTPUT, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 1);
	device_set_level(&f->dev, ARMED, !gpio_value(&f->dev.bank, ARMED));
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), before + 1);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	fe_offer_event_buffer(f, 1, LATCHED);
	fe_kick(f, DEVICE_EVENTQ);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), before + 2);
	fe_assert_event(f, 1, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_int_equal(f->dev.stats.violations, 0);
	assert_int_equal(f->ended, 0);
}

static void assert_forgotten(struct front_end *f)
{
	for (unsigned int i = 0; i < LINES; i++) {
		const struct gpio_line *line = &f->dev.bank.lines[i];

		assert_int_equal(line->direction, VIRTIO_GPIO_DIRECTION_NONE);
		assert_int_equal(line->trigger, VIRTIO_GPIO_IRQ_TYPE_NONE);
		assert_false(line->unmasked || line->latched);
	}
}

static void restart_goes_on(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	end_simulator(f);
	start_simulator(f);
	assert_true(gpio_value(&f->dev.bank, OUTPUT));
	reconnect(f);
	assert_string_equal(said, "");
	assert_goes_on(f);
}

static void lost_connection_goes_on(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	close(f->link.fd);
	fe_run(f);
	assert_true(gpio_value(&f->dev.bank, OUTPUT));
	fe_connect(f);
	f->ended = 0;
	reconnect(f);
	assert_goes_on(f);
}

static void many_restarts_go_on(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	for (unsigned int i = 0; i < 20; i++) {
		end_simulator(f);
		start_simulator(f);
		reconnect(f);
	}
	assert_goes_on(f);
}

/* The host drives a line before the guest is back. */
static void edge_before_the_guest_is_back_arrives(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	end_simulator(f);
	start_simulator(f);
	device_set_level(&f->dev, ARMED, true);
	end_simulator(f);
	start_simulator(f);
	reconnect(f);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 2);
	fe_assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void another_guest_begins_anew(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	end_simulator(f);
	memset(f->guest.ram, 0, GUEST_SIZE);
	start_simulator(f);
	fe_start(f, FEATURES);
	assert_forgotten(f);
	assert_string_equal(said, "");
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, OUTPUT, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 0);
	fe_offer_event_buffer(f, 0, ARMED);
	fe_kick(f, DEVICE_EVENTQ);
	assert_int_equal(fe_used(f, DEVICE_EVENTQ), 1);
	assert_int_equal(f->dev.stats.violations, 0);
}

/* Its event queue returned nothing: only what is available tells them apart. */
static void another_guest_with_quiet_interrupts_begins_anew(void **state)
{
	struct front_end *f = *state;

	fe_start(f, FEATURES);
	fe_offer_event_buffer(f, 0, ARMED);
	f->dev.bank.lines[ARMED].trigger = VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH;
	fe_kick(f, DEVICE_EVENTQ);
	end_simulator(f);
	memset(f->guest.ram, 0, GUEST_SIZE);
	start_simulator(f);
	fe_start(f, FEATURES);
	assert_forgotten(f);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, OUTPUT, 0);
	assert_int_equal(fe_used(f, DEVICE_REQUESTQ), 1);
}

/* It may use one queue before it starts the other. */
static void another_guest_is_reset_once(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	end_simulator(f);
	memset(f->guest.ram, 0, GUEST_SIZE);
	start_simulator(f);
	fe_set_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(VU_PROTOCOL_F_REPLY_ACK));
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(fe_share_memory(f), 0);
	fe_start_queue(f, DEVICE_REQUESTQ);
	fe_request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, ARMED, VIRTIO_GPIO_DIRECTION_IN);
	fe_start_queue(f, DEVICE_EVENTQ);
	assert_int_equal(f->dev.bank.lines[ARMED].direction, VIRTIO_GPIO_DIRECTION_IN);
}

static void buffer_that_is_held_cannot_come_again(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	end_simulator(f);
	start_simulator(f);
	reconnect(f);
	fe_offer_event_buffer(f, 0, 3);
	fe_kick(f, DEVICE_EVENTQ);
	fe_assert_ended(f, true);
	assert_non_null(strstr(said, "while the device holds it"));
}

static void unknown_guest_is_told_of(void **state)
{
	struct front_end *f = *state;

	use_lines(f);
	end_simulator(f);
	unlink(path);
	start_simulator(f);
	reconnect(f);
	assert_non_null(strstr(said, "the guest ran before it connected here"));
	assert_non_null(strstr(said, "restart it"));
	assert_forgotten(f);
	fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, OUTPUT, 0);
	fe_assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 0);
}

static void files_of_others_are_kept(void **state)
{
	struct front_end *f = *state;
	struct state other;
	struct errmsg err;
	char text[8] = "";
	int fd;

	(void)f;
	assert_int_equal(state_open(&other, path, LINES, &err), -1);
	assert_non_null(strstr(err.text, "in use by another process"));
	state_close(&other);
	end_simulator(f);
	assert_int_equal(state_open(&other, path, LINES + 1, &err), -1);
	assert_non_null(strstr(err.text, "no state of a board with 5 lines"));
	state_close(&other);
	start_simulator(f);
	assert_int_equal(state_open(&other, "/dev/zero", LINES, &err), -1);
	assert_non_null(strstr(err.text, "it is no regular file"));
	state_close(&other);
	end_simulator(f);
	scratch_write(path, "letter\n");
	assert_int_equal(state_open(&other, path, LINES, &err), -1);
	state_close(&other);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, text, 7), 7);
	assert_string_equal(text, "letter\n");
	close(fd);
	unlink(path);
	start_simulator(f);
}

/* Whatever is in the file, nothing outside of it is touched. */
static void damaged_file_does_no_harm(void **state)
{
	struct front_end *f = *state;
	size_t size = kept.size;

	use_lines(f);
	for (unsigned int i = 0; i < 200; i++) {
		uint8_t byte = 0xff;
		int fd;

		end_simulator(f);
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite(fd, &byte, 1, 28 + (i * 7919) % (size - 28)), 1);
		close(fd);
		start_simulator(f);
		reconnect(f);
		device_set_level(&f->dev, ARMED, i % 2);
		fe_request(f, VIRTIO_GPIO_MSG_GET_VALUE, OUTPUT, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(restart_goes_on),
		TEST(lost_connection_goes_on),
		TEST(many_restarts_go_on),
		TEST(edge_before_the_guest_is_back_arrives),
		TEST(another_guest_begins_anew),
		TEST(another_guest_with_quiet_interrupts_begins_anew),
		TEST(another_guest_is_reset_once),
		TEST(buffer_that_is_held_cannot_come_again),
		TEST(unknown_guest_is_told_of),
		TEST(files_of_others_are_kept),
		TEST(damaged_file_does_no_harm),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
