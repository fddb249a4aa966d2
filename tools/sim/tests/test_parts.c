/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts on lines: what a guest sees of them, and they of it. */
#include "guest.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "parts.h"

#define LINES	8
#define SCL	4
#define SDA	5
#define OUT	VIRTIO_GPIO_DIRECTION_OUT
#define IN	VIRTIO_GPIO_DIRECTION_IN
#define OK	VIRTIO_GPIO_STATUS_OK

/**
 * struct fixture - a board with parts
 * @loop: its loop
 * @wires: its wires
 * @dev: its device
 * @out: what parts replied
 * @err: why the last call failed
 * @edges: the levels of lines 0 and 1 after each change of one of them
 * @listener: notes them
 */
struct fixture {
	struct loop loop;
	struct wires wires;
	struct device dev;
	struct buffer out;
	struct errmsg err;
	char edges[64];
	struct device_listener listener;
};

static void note_edge(void *ctx, unsigned int line)
{
	struct fixture *f = ctx;
	size_t len = strlen(f->edges);

	if (line > 1 || len + 4 > sizeof(f->edges))
		return;
	snprintf(f->edges + len, sizeof(f->edges) - len, "%s%d%d", len ? " " : "",
		 gpio_value(&f->dev.bank, 0), gpio_value(&f->dev.bank, 1));
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	assert_int_equal(device_init(&f->dev, LINES), 0);
	assert_int_equal(gpio_set_name(&f->dev.bank, SDA, "sda", &f->err), 0);
	f->wires.loop = &f->loop;
	f->dev.loop = &f->loop;
	f->dev.wires = &f->wires;
	f->out.max = 4096;
	f->listener = (struct device_listener){ .changed = note_edge, .ctx = f };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	parts_free(&f->dev);
	device_free(&f->dev);
	wires_free(&f->wires);
	assert_int_equal(f->loop.timers, 0);
	loop_free(&f->loop);
	buffer_free(&f->out);
	test_free(f);
	return 0;
}

static int split(char *text, const char *what, char **words)
{
	struct errmsg err;

	strcpy(text, what);
	return split_words(text, words, 12, &err);
}

static int try_add(struct fixture *f, const char *what)
{
	char text[256], *words[12];
	int count = split(text, what, words);

	f->err.text[0] = '\0';
	return parts_add(&f->dev, words, count, &f->err);
}

static void add(struct fixture *f, const char *what)
{
	try_add(f, what);
	assert_string_equal(f->err.text, "");
	device_listen(&f->dev, &f->listener);
}

static int try_act(struct fixture *f, const char *what, bool check)
{
	char text[256], *words[12];
	int count = split(text, what, words);
	struct part_call call = {
		.words = words + 1, .count = count - 1, .check = check, .out = &f->out,
		.err = &f->err,
	};

	f->err.text[0] = '\0';
	return parts_act(&f->dev, words[0], &call);
}

static void act(struct fixture *f, const char *what)
{
	try_act(f, what, false);
	assert_string_equal(f->err.text, "");
}

static void assert_refused(struct fixture *f, const char *what, const char *why)
{
	assert_int_equal(try_act(f, what, false), -1);
	assert_string_equal(f->err.text, why);
	assert_int_equal(try_act(f, what, true), -1);
	assert_string_equal(f->err.text, why);
}

static void assert_said(struct fixture *f, const char *text)
{
	buffer_add(&f->out, "\0", 1);
	assert_string_equal(buffer_head(&f->out), text);
	buffer_take(&f->out, f->out.len);
}

static void assert_is(struct fixture *f, const char *name, const char *text)
{
	assert_int_equal(parts_describe(&f->dev, name, &f->out, &f->err), 0);
	assert_said(f, text);
}

/* Until no part moves any more. */
static void run(struct fixture *f)
{
	while (f->loop.timers)
		assert_int_equal(loop_run_once(&f->loop, true), 0);
}

static void ask(struct fixture *f, uint16_t type, uint16_t line, uint32_t value)
{
	struct gpio_request req = { type, line, value };

	assert_int_equal(gpio_handle(&f->dev.bank, &req).status, OK);
}

static bool level(struct fixture *f, unsigned int line)
{
	return gpio_value(&f->dev.bank, line);
}

static void button_pulls_its_line(void **state)
{
	struct fixture *f = *state;

	add(f, "start button line 0");
	assert_true(level(f, 0));
	act(f, "start press");
	assert_false(level(f, 0));
	assert_is(f, "start", "part \"start\" button pressed 1\n");
	act(f, "start press");
	act(f, "start release");
	assert_true(level(f, 0));
	assert_is(f, NULL, "part \"start\" button pressed 0\n");
	assert_string_equal(f->edges, "00 10");
}

static void button_to_the_other_level(void **state)
{
	struct fixture *f = *state;

	add(f, "start button line 0 active high");
	assert_false(level(f, 0));
	act(f, "start press 5ms");
	assert_true(level(f, 0));
	run(f);
	assert_false(level(f, 0));
}

static void button_bounces(void **state)
{
	struct fixture *f = *state;

	add(f, "start button line 0 bounce 6ms");
	act(f, "start press");
	assert_false(level(f, 0));
	run(f);
	assert_string_equal(f->edges, "00 10 00 10 00 10 00");
	act(f, "start release");
	run(f);
	assert_string_equal(f->edges, "00 10 00 10 00 10 00 10 00 10 00 10 00 10");
}

/* A hand that is faster than the contact has the last word. */
static void button_released_while_it_bounces(void **state)
{
	struct fixture *f = *state;

	add(f, "start button line 0 bounce 6ms");
	act(f, "start press");
	act(f, "start release");
	run(f);
	assert_true(level(f, 0));
	act(f, "start press 1ms");
	run(f);
	assert_true(level(f, 0));
}

static void buttons_refuse_nonsense(void **state)
{
	struct fixture *f = *state;

	add(f, "start button line 0");
	assert_refused(f, "start turn", "a button can \"press [DURATION]\" and \"release\"");
	assert_refused(f, "start press now",
		       "after \"press\" comes nothing, or a duration such as 100ms");
	assert_refused(f, "start release 1ms", "after \"release\" comes nothing");
	assert_refused(f, "stop press", "no part is named \"stop\"; \"part\" lists them");
	assert_int_equal(try_act(f, "start press", true), 0);
	assert_true(level(f, 0));
}

static void encoder_turns_both_ways(void **state)
{
	struct fixture *f = *state;

	add(f, "knob encoder a 0 b 1 pause 500us");
	assert_true(level(f, 0) && level(f, 1));
	act(f, "knob turn 1");
	assert_is(f, "knob", "part \"knob\" encoder edge 0 to 4\n");
	run(f);
	assert_string_equal(f->edges, "01 00 10 11");
	f->edges[0] = '\0';
	act(f, "knob turn -1");
	run(f);
	assert_string_equal(f->edges, "10 00 01 11");
	f->edges[0] = '\0';
	act(f, "knob turn 2");
	act(f, "knob turn -1");
	run(f);
	assert_is(f, "knob", "part \"knob\" encoder edge 4 to 4\n");
}

static void encoders_refuse_nonsense(void **state)
{
	static const char why[] = "an encoder can \"turn STEPS\": -1000 to 1000, and not 0";
	struct fixture *f = *state;

	add(f, "knob encoder a 0 b 1");
	assert_refused(f, "knob turn", why);
	assert_refused(f, "knob turn 0", why);
	assert_refused(f, "knob turn -1001", why);
	assert_refused(f, "knob turn --1", why);
	assert_refused(f, "knob press", why);
}

static void assert_near(double value, double expected, double tolerance)
{
	assert_true(value > expected * (1 - tolerance) && value < expected * (1 + tolerance));
}

/* Drives line 3, and returns when. */
static uint64_t drive(struct fixture *f, bool bit)
{
	uint64_t now = loop_now();

	ask(f, VIRTIO_GPIO_MSG_SET_VALUE, 3, bit);
	return now;
}

static void pause_ms(unsigned int ms)
{
	poll(NULL, 0, ms);
}

static void meter_measures(void **state)
{
	uint64_t first, last, high_ns = 0;
	double frequency, duty;
	struct fixture *f = *state;
	unsigned int pulses;

	add(f, "fan meter line 3");
	ask(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, OUT);
	assert_is(f, "fan", "part \"fan\" meter pulses 0 frequency 0.000 Hz duty 0.00 %\n");
	first = last = drive(f, 1);
	for (unsigned int i = 0; i < 10; i++) {
		pause_ms(2);
		high_ns += drive(f, 0) - last;
		pause_ms(4);
		last = drive(f, 1);
	}
	assert_int_equal(parts_describe(&f->dev, "fan", &f->out, &f->err), 0);
	buffer_add(&f->out, "\0", 1);
	assert_int_equal(sscanf(buffer_head(&f->out),
				"part \"fan\" meter pulses %u frequency %lf Hz duty %lf", &pulses,
				&frequency, &duty), 3);
	buffer_take(&f->out, f->out.len);
	assert_int_equal(pulses, 11);
	assert_near(frequency, 10 * 1e9 / (last - first), 0.1);
	assert_near(duty, 100.0 * high_ns / (last - first), 0.1);
	act(f, "fan reset");
	drive(f, 0);
	drive(f, 1);
	assert_is(f, "fan", "part \"fan\" meter pulses 1 frequency 0.000 Hz duty 100.00 %\n");
	assert_refused(f, "fan turn 1", "a meter can \"reset\"; it measures by itself");
}

/* --- a master of the bus, as i2c-gpio is one ----------------------------------- */

/* It drives 0, or lets go. */
static void put(struct fixture *f, unsigned int line, bool bit)
{
	ask(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, bit ? IN : OUT);
}

static void start(struct fixture *f)
{
	put(f, SDA, 1);
	put(f, SCL, 1);
	put(f, SDA, 0);
	put(f, SCL, 0);
}

static void stop(struct fixture *f)
{
	put(f, SDA, 0);
	put(f, SCL, 1);
	put(f, SDA, 1);
}

static bool clock_bit(struct fixture *f, bool bit)
{
	bool seen;

	put(f, SDA, bit);
	put(f, SCL, 1);
	seen = level(f, SDA);
	put(f, SCL, 0);
	return seen;
}

/* Whether it was acknowledged. */
static bool send_byte(struct fixture *f, uint8_t byte)
{
	for (int i = 7; i >= 0; i--)
		clock_bit(f, byte >> i & 1);
	return !clock_bit(f, 1);
}

static uint8_t receive_byte(struct fixture *f, bool more)
{
	uint8_t byte = 0;

	for (int i = 0; i < 8; i++)
		byte = byte << 1 | clock_bit(f, 1);
	clock_bit(f, !more);
	return byte;
}

static void eeprom_is_read(void **state)
{
	struct fixture *f = *state;

	add(f, "rom eeprom scl 4 sda sda");
	act(f, "rom put 16 0x12 0x34 255");
	start(f);
	assert_true(send_byte(f, 0xa0));
	assert_true(send_byte(f, 16));
	start(f);
	assert_true(send_byte(f, 0xa1));
	assert_int_equal(receive_byte(f, true), 0x12);
	assert_int_equal(receive_byte(f, true), 0x34);
	assert_int_equal(receive_byte(f, false), 0xff);
	stop(f);
	assert_is(f, "rom", "part \"rom\" eeprom reads 3 writes 0\n");
}

/* What comes after the last byte is the first one. */
static void eeprom_goes_round(void **state)
{
	struct fixture *f = *state;

	add(f, "rom eeprom scl 4 sda 5 size 12");
	act(f, "rom put 11 0x0b");
	act(f, "rom put 0 0x0a");
	start(f);
	send_byte(f, 0xa0);
	send_byte(f, 11);
	start(f);
	send_byte(f, 0xa1);
	assert_int_equal(receive_byte(f, true), 0x0b);
	assert_int_equal(receive_byte(f, false), 0x0a);
	stop(f);
}

static void eeprom_is_written(void **state)
{
	struct fixture *f = *state;

	add(f, "rom eeprom scl 4 sda 5 address 0x57");
	start(f);
	assert_true(send_byte(f, 0xae));
	assert_true(send_byte(f, 6));
	assert_true(send_byte(f, 0x66));
	assert_true(send_byte(f, 0x77));
	assert_true(send_byte(f, 0x88));
	stop(f);
	act(f, "rom get 6");
	assert_said(f, "byte 0x66\n");
	act(f, "rom get 7");
	assert_said(f, "byte 0x77\n");
	act(f, "rom get 0");
	assert_said(f, "byte 0x88\n");
	act(f, "rom get 8");
	assert_said(f, "byte 0xff\n");
}

static void eeprom_minds_its_address(void **state)
{
	struct fixture *f = *state;

	add(f, "rom eeprom scl 4 sda 5");
	start(f);
	assert_false(send_byte(f, 0xa2));
	assert_false(send_byte(f, 0x00));
	stop(f);
	start(f);
	assert_true(send_byte(f, 0xa0));
	stop(f);
}

static void two_eeproms_share_a_bus(void **state)
{
	struct fixture *f = *state;

	add(f, "one eeprom scl 4 sda 5 address 0x50");
	device_unlisten(&f->dev, &f->listener);
	add(f, "two eeprom scl 4 sda 5 address 0x51");
	assert_is(f, NULL, "part \"one\" eeprom reads 0 writes 0\n"
			   "part \"two\" eeprom reads 0 writes 0\n");
	act(f, "one put 0 1");
	act(f, "two put 0 2");
	start(f);
	assert_true(send_byte(f, 0xa3));
	assert_int_equal(receive_byte(f, false), 2);
	stop(f);
	start(f);
	assert_true(send_byte(f, 0xa1));
	assert_int_equal(receive_byte(f, false), 1);
	stop(f);
}

static void eeproms_refuse_nonsense(void **state)
{
	struct fixture *f = *state;

	add(f, "rom eeprom scl 4 sda 5 size 16");
	assert_refused(f, "rom erase",
		       "an eeprom can \"get ADDRESS\" and \"put ADDRESS BYTE...\" up to 8 bytes");
	assert_refused(f, "rom get 16", "\"16\" must be an address, 0 to 15");
	assert_refused(f, "rom get -1", "\"-1\" must be an address, 0 to 15");
	assert_refused(f, "rom put 0", "an address, and bytes up to the 16 there are, must follow");
	assert_refused(f, "rom put 15 1 2",
		       "an address, and bytes up to the 16 there are, must follow");
	assert_refused(f, "rom put 0 0x100", "\"0x100\" must be a byte, 0 to 0xff");
}

static void bad_parts_are_refused(void **state)
{
	static const struct { const char *what, *why; } bad[] = {
		{ "start", "after \"part\" come a name and a kind of part" },
		{ "start lever line 0", "\"lever\" is no kind of part; there are button, encoder, "
		  "meter and eeprom" },
		{ "start button", "a part that is a button needs \"line\"" },
		{ "start button line", "\"line\" has no value" },
		{ "start button line 8", "no line is numbered or named \"8\"" },
		{ "start button line 0 bounce 5", "bounce \"5\" must be a duration above 0, with "
		  "us, ms or s" },
		{ "start button line 0 active 1", "active \"1\" must be low or high" },
		{ "start button pin 0", "\"pin\" is nothing that is said about a button; use line, "
		  "active, bounce" },
		{ "rom eeprom scl 4 sda 5 address 0x80",
		  "address \"0x80\" must be a number from 0 to 127" },
		{ "rom eeprom scl 4 sda 5 size 0", "an eeprom's size must be 1 to 256" },
		{ "rom eeprom scl 4", "a part that is an eeprom needs \"sda\"" },
		{ "knob encoder a 0 b 9", "no line is numbered or named \"9\"" },
		{ "\"\" button line 0", "a part has an empty name; it needs another one" },
		{ "start button line 0 line 1", "\"line\" is said twice; say it once" },
		{ "start button line 0 bounce 1ms bounce 1ms",
		  "\"bounce\" is said twice; say it once" },
		{ "knob encoder a 0 b 0",
		  "\"a\" and \"b\" are both line 0; each needs a line of its own" },
		{ "rom eeprom sda sda scl 5",
		  "\"scl\" and \"sda\" are both line 5; each needs a line of its own" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(try_add(f, bad[i].what), -1);
		assert_string_equal(f->err.text, bad[i].why);
	}
	assert_null(f->dev.parts);
	add(f, "start button line 0");
	assert_int_equal(try_add(f, "start meter line 0"), -1);
	assert_string_equal(f->err.text, "two parts are named \"start\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(button_pulls_its_line),
		TEST(button_to_the_other_level),
		TEST(button_bounces),
		TEST(button_released_while_it_bounces),
		TEST(buttons_refuse_nonsense),
		TEST(encoder_turns_both_ways),
		TEST(encoders_refuse_nonsense),
		TEST(meter_measures),
		TEST(eeprom_is_read),
		TEST(eeprom_goes_round),
		TEST(eeprom_is_written),
		TEST(eeprom_minds_its_address),
		TEST(two_eeproms_share_a_bus),
		TEST(eeproms_refuse_nonsense),
		TEST(bad_parts_are_refused),
	};

	return cmocka_run_group_tests_name("parts", tests, NULL, NULL);
}
