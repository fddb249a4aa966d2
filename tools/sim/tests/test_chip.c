/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of the host, on chips that the kernel's gpio-sim plays: a front end uses them as
 * a guest would. Needs root, and a kernel with gpio-sim; a guest of tools/vgpio has both.
 */
#include "front_end.h"

#include <errno.h>
#include <fcntl.h>
#include <gpiod.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chip.h"

#define GPIO_SIM	"/sys/kernel/config/gpio-sim"
#define OK		VIRTIO_GPIO_STATUS_OK
#define ERR		VIRTIO_GPIO_STATUS_ERR
#define OUT		VIRTIO_GPIO_DIRECTION_OUT
#define IN		VIRTIO_GPIO_DIRECTION_IN
#define NONE		VIRTIO_GPIO_DIRECTION_NONE
#define REAL		2
#define PATIENCE_MS	5000

/**
 * struct real - a chip of the kernel's gpio-sim, and a front end
 * @fe: the front end
 * @folder: where the chip is configured
 * @chip: its name in /dev
 * @lines: where its lines are driven and read
 * @said: the last message of the simulator
 * @changed_ns: when its line changed last, for a listener
 */
struct real {
	struct front_end *fe;
	char folder[96];
	char chip[32];
	char lines[256];
	char said[1024];
	uint64_t changed_ns;
};

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[384];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void read_file(const char *folder, const char *name, char *text, size_t size)
{
	char path[384];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	len = read(fd, text, size - 1);
	assert_true(len > 0);
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	close(fd);
}

static void make_folder(const char *folder, const char *name)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void make_chip(struct real *f)
{
	char device[64];

	snprintf(f->folder, sizeof(f->folder), GPIO_SIM "/vgpio-sim-%d", getpid());
	make_folder(f->folder, "");
	make_folder(f->folder, "bank");
	write_file(f->folder, "bank/num_lines", "4");
	make_folder(f->folder, "bank/line2");
	write_file(f->folder, "bank/line2/name", "door");
	write_file(f->folder, "live", "1");
	read_file(f->folder, "bank/chip_name", f->chip, sizeof(f->chip));
	read_file(f->folder, "dev_name", device, sizeof(device));
	snprintf(f->lines, sizeof(f->lines), "/sys/devices/platform/%s/%s", device, f->chip);
}

static void remove_folder(const char *folder, const char *name)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(rmdir(path), 0);
}

static void remove_chip(struct real *f)
{
	write_file(f->folder, "live", "0");
	remove_folder(f->folder, "bank/line2");
	remove_folder(f->folder, "bank");
	remove_folder(f->folder, "");
}

static void keep_message(void *ctx, const char *text)
{
	struct real *f = ctx;

	snprintf(f->said, sizeof(f->said), "%s", text);
}

static int set_up(void **state)
{
	struct real *f = test_calloc(1, sizeof(*f));
	void *front_end;

	*state = f;
	if (access(GPIO_SIM, W_OK))
		return 0;
	make_chip(f);
	assert_int_equal(fe_set_up(&front_end), 0);
	f->fe = front_end;
	f->fe->dev.loop = &f->fe->loop;
	log_set_sink(keep_message, f);
	fe_start(f->fe, FEATURES);
	return 0;
}

static int tear_down(void **state)
{
	struct real *f = *state;
	void *front_end = f->fe;

	if (f->fe) {
		log_set_sink(NULL, NULL);
		assert_int_equal(fe_tear_down(&front_end), 0);
		remove_chip(f);
	}
	test_free(f);
	return 0;
}

/* The chip, where there can be one. */
static struct real *real(void **state)
{
	struct real *f = *state;

	if (!f->fe) {
		print_message("%s cannot be used: this needs root, and a kernel with gpio-sim\n",
			      GPIO_SIM);
		skip();
	}
	return f;
}

/* Makes line 2 of the device a line of the chip. */
static int attach(struct real *f, const char *line, struct errmsg *err)
{
	char text[64];

	snprintf(text, sizeof(text), "%s:%s", f->chip, line);
	return chip_attach(&f->fe->dev, REAL, text, err);
}

static void use_line(struct real *f, const char *line)
{
	struct errmsg err = { "" };

	if (attach(f, line, &err))
		print_message("%s\n", err.text);
	assert_string_equal(err.text, "");
}

static void assert_reply(struct real *f, uint16_t type, uint32_t value, uint8_t status,
			 uint8_t reply)
{
	fe_request(f->fe, type, REAL, value);
	fe_assert_response(f->fe, 0, status, reply);
}

static void direct(struct real *f, uint32_t direction)
{
	assert_reply(f, VIRTIO_GPIO_MSG_SET_DIRECTION, direction, OK, 0);
}

static void assert_value(struct real *f, uint8_t value)
{
	assert_reply(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, OK, value);
}

static void pull(struct real *f, unsigned int line, const char *how)
{
	char name[32];

	snprintf(name, sizeof(name), "sim_gpio%u/pull", line);
	write_file(f->lines, name, how);
}

/* The kernel tells of an edge a little later, as of an interrupt. */
static void await_edges(struct real *f, uint64_t count)
{
	const struct gpio_line *line = &f->fe->dev.bank.lines[REAL];

	for (unsigned int i = 0; i < PATIENCE_MS && line->edges < count; i++) {
		poll(NULL, 0, 1);
		fe_run(f->fe);
	}
	assert_int_equal(line->edges, count);
}

static void assert_real(struct real *f, unsigned int line, const char *value)
{
	char name[32], text[8];

	snprintf(name, sizeof(name), "sim_gpio%u/value", line);
	read_file(f->lines, name, text, sizeof(text));
	assert_string_equal(text, value);
}

static void guest_drives_the_line(void **state)
{
	struct real *f = real(state);

	use_line(f, "1");
	assert_reply(f, VIRTIO_GPIO_MSG_SET_VALUE, 1, OK, 0);
	direct(f, OUT);
	assert_real(f, 1, "1");
	assert_value(f, 1);
	assert_reply(f, VIRTIO_GPIO_MSG_SET_VALUE, 0, OK, 0);
	assert_real(f, 1, "0");
	assert_value(f, 0);
	assert_int_equal(gpio_driver(&f->fe->dev.bank, REAL), GPIO_GUEST);
}

static void guest_reads_the_line(void **state)
{
	struct real *f = real(state);

	use_line(f, "door");
	pull(f, 2, "pull-up");
	direct(f, IN);
	assert_value(f, 1);
	pull(f, 2, "pull-down");
	assert_value(f, 0);
	assert_int_equal(gpio_driver(&f->fe->dev.bank, REAL), GPIO_CHIP);
}

static void note_time(void *ctx, unsigned int line)
{
	struct real *f = ctx;

	assert_int_equal(line, REAL);
	f->changed_ns = device_change_time(&f->fe->dev);
}

static void guest_sees_edges(void **state)
{
	struct real *f = real(state);

	use_line(f, "1");
	direct(f, IN);
	assert_reply(f, VIRTIO_GPIO_MSG_IRQ_TYPE, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING, OK, 0);
	fe_offer_event_buffer(f->fe, 0, REAL);
	fe_kick(f->fe, DEVICE_EVENTQ);
	assert_int_equal(fe_used(f->fe, DEVICE_EVENTQ), 0);
	pull(f, 1, "pull-up");
	await_edges(f, 1);
	assert_int_equal(fe_used(f->fe, DEVICE_EVENTQ), 1);
	fe_assert_event(f->fe, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	pull(f, 1, "pull-down");
	await_edges(f, 2);
	pull(f, 1, "pull-up");
	await_edges(f, 3);
}

/* The simulator has something else to do meanwhile. */
static void edges_have_the_time_of_the_kernel(void **state)
{
	struct real *f = real(state);
	struct device_listener listener = { .changed = note_time, .ctx = f };
	uint64_t before, after;

	use_line(f, "1");
	direct(f, IN);
	device_listen(&f->fe->dev, &listener);
	before = loop_now();
	pull(f, 1, "pull-up");
	poll(NULL, 0, 200);
	after = loop_now();
	await_edges(f, 1);
	assert_in_range(f->changed_ns, before, after);
	device_unlisten(&f->fe->dev, &listener);
}

static void bias_is_the_hosts(void **state)
{
	struct real *f = real(state);
	struct errmsg err;

	use_line(f, "1");
	assert_int_equal(chip_set_bias(&f->fe->dev, REAL, "pull-up", &err), 0);
	direct(f, IN);
	assert_value(f, 1);
	direct(f, NONE);
	assert_int_equal(chip_set_bias(&f->fe->dev, REAL, "pull-down", &err), 0);
	direct(f, IN);
	assert_value(f, 0);
	assert_int_equal(chip_set_bias(&f->fe->dev, REAL, "up", &err), -1);
	assert_string_equal(err.text, "bias \"up\" must be pull-up, pull-down or disabled");
}

static void active_low_inverts(void **state)
{
	struct real *f = real(state);
	struct errmsg err;

	use_line(f, "1");
	assert_int_equal(chip_set_active(&f->fe->dev, REAL, "low", &err), 0);
	pull(f, 1, "pull-up");
	direct(f, IN);
	assert_value(f, 0);
	pull(f, 1, "pull-down");
	await_edges(f, 1);
	assert_true(gpio_value(&f->fe->dev.bank, REAL));
	direct(f, OUT);
	assert_real(f, 1, "1");
	assert_int_equal(chip_set_active(&f->fe->dev, REAL, "0", &err), -1);
	assert_string_equal(err.text, "active \"0\" must be low or high");
	assert_int_equal(chip_set_active(&f->fe->dev, 0, "low", &err), -1);
	assert_string_equal(err.text, "line 0 has no \"host\", which \"active\" is for");
}

/* Somebody else's request for a line of the chip. */
static struct gpiod_line_request *request_elsewhere(struct real *f, unsigned int line)
{
	struct gpiod_line_settings *settings = gpiod_line_settings_new();
	struct gpiod_line_config *config = gpiod_line_config_new();
	struct gpiod_line_request *request;
	struct gpiod_chip *chip;
	char path[64];

	snprintf(path, sizeof(path), "/dev/%s", f->chip);
	chip = gpiod_chip_open(path);
	assert_non_null(chip);
	assert_int_equal(gpiod_line_config_add_line_settings(config, &line, 1, settings), 0);
	request = gpiod_chip_request_lines(chip, NULL, config);
	gpiod_chip_close(chip);
	gpiod_line_config_free(config);
	gpiod_line_settings_free(settings);
	return request;
}

static void line_of_somebody_else_is_refused(void **state)
{
	struct real *f = real(state);
	struct gpiod_line_request *other;

	use_line(f, "1");
	other = request_elsewhere(f, 1);
	assert_non_null(other);
	assert_reply(f, VIRTIO_GPIO_MSG_SET_DIRECTION, IN, ERR, 0);
	assert_non_null(strstr(f->said, "line 2 cannot be an input"));
	assert_non_null(strstr(f->said, ":1: Device or resource busy"));
	assert_reply(f, VIRTIO_GPIO_MSG_SET_DIRECTION, OUT, ERR, 0);
	assert_reply(f, VIRTIO_GPIO_MSG_GET_DIRECTION, 0, OK, NONE);
	assert_reply(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, ERR, 0);
	gpiod_line_request_release(other);
	direct(f, IN);
}

static void assert_free(struct real *f, unsigned int line, bool expected)
{
	struct gpiod_line_request *other = request_elsewhere(f, line);

	assert_int_equal(other != NULL, expected);
	if (other)
		gpiod_line_request_release(other);
}

static void line_is_let_go(void **state)
{
	struct real *f = real(state);

	use_line(f, "1");
	assert_free(f, 1, true);
	direct(f, OUT);
	assert_free(f, 1, false);
	direct(f, IN);
	assert_free(f, 1, false);
	assert_value(f, 0);
	direct(f, NONE);
	assert_free(f, 1, true);
	direct(f, IN);
	assert_free(f, 1, false);
	device_reset(&f->fe->dev);
	assert_free(f, 1, true);
}

static void chip_that_vanished_is_refused(void **state)
{
	struct real *f = real(state);

	use_line(f, "1");
	pull(f, 1, "pull-up");
	direct(f, IN);
	write_file(f->folder, "live", "0");
	fe_run(f->fe);
	assert_non_null(strstr(f->said, "line 2 cannot be watched"));
	assert_non_null(strstr(f->said, "No such device"));
	assert_reply(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, ERR, 0);
	assert_true(gpio_value(&f->fe->dev.bank, REAL));
	assert_reply(f, VIRTIO_GPIO_MSG_SET_DIRECTION, OUT, ERR, 0);
	write_file(f->folder, "live", "1");
	direct(f, IN);
	assert_value(f, 0);
}

static void output_of_a_chip_that_vanished_is_refused(void **state)
{
	struct real *f = real(state);

	use_line(f, "1");
	direct(f, OUT);
	write_file(f->folder, "live", "0");
	assert_reply(f, VIRTIO_GPIO_MSG_SET_VALUE, 1, ERR, 0);
	write_file(f->folder, "live", "1");
}

static void lines_that_are_not_there_are_refused(void **state)
{
	struct real *f = real(state);
	struct errmsg err;

	assert_int_equal(attach(f, "4", &err), -1);
	assert_non_null(strstr(err.text, " has lines 0 to 3, and none is named \"4\""));
	assert_int_equal(attach(f, "", &err), -1);
	assert_non_null(strstr(err.text, " must be CHIP:LINE, such as gpiochip0:5"));
	assert_int_equal(chip_attach(&f->fe->dev, REAL, "gpiochip99:1", &err), -1);
	assert_string_equal(err.text, "cannot use the chip /dev/gpiochip99: "
			    "No such file or directory");
	assert_int_equal(chip_attach(&f->fe->dev, REAL, "/dev/null:1", &err), -1);
	assert_non_null(strstr(err.text, "cannot use the chip /dev/null: "));
	use_line(f, "1");
	assert_int_equal(attach(f, "3", &err), -1);
	assert_string_equal(err.text, "line 2 is on a wire, or a line of the host, already");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(guest_drives_the_line),
		TEST(guest_reads_the_line),
		TEST(guest_sees_edges),
		TEST(edges_have_the_time_of_the_kernel),
		TEST(bias_is_the_hosts),
		TEST(active_low_inverts),
		TEST(line_of_somebody_else_is_refused),
		TEST(line_is_let_go),
		TEST(chip_that_vanished_is_refused),
		TEST(output_of_a_chip_that_vanished_is_refused),
		TEST(lines_that_are_not_there_are_refused),
	};

	return cmocka_run_group_tests_name("chip", tests, NULL, NULL);
}
