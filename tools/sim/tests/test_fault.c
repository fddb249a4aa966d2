/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults: their grammar, their dice, and the names that they spoil. */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#include "fault.h"

#define LINES		4
#define THROWS		10000
#define GET_VALUE	VIRTIO_GPIO_MSG_GET_VALUE
#define GET_NAMES	VIRTIO_GPIO_MSG_GET_NAMES

/**
 * struct fixture - faults, and the device that has the lines
 * @bank: the device
 * @set: the faults
 * @err: why the last call failed
 */
struct fixture {
	struct gpio_bank bank;
	struct fault_set set;
	struct errmsg err;
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	assert_int_equal(gpio_init(&f->bank, LINES, NULL, NULL), 0);
	assert_int_equal(gpio_set_name(&f->bank, 1, "Red LED", &f->err), 0);
	assert_int_equal(gpio_set_name(&f->bank, 3, "Reset", &f->err), 0);
	assert_int_equal(gpio_build_names(&f->bank, &f->err), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	gpio_free(&f->bank);
	test_free(f);
	return 0;
}

static int parse(struct fixture *f, const char *text, struct fault *fault)
{
	char copy[256], *words[16];
	int count;

	strcpy(copy, text);
	count = split_words(copy, words, ARRAY_SIZE(words), &f->err);
	assert_in_range(count, 1, ARRAY_SIZE(words));
	return fault_parse(fault, words, count, &f->bank, &f->err);
}

static void add(struct fixture *f, const char *text)
{
	struct fault fault;

	assert_int_equal(parse(f, text, &fault), 0);
	assert_int_equal(fault_add(&f->set, &fault, &f->err), 0);
}

static unsigned int count_strikes(struct fixture *f, enum fault_kind kind, unsigned int type,
				  unsigned int line, unsigned int throws)
{
	unsigned int strikes = 0;

	for (unsigned int i = 0; i < throws; i++)
		strikes += fault_strikes(&f->set, kind, type, line) != NULL;
	return strikes;
}

/* The fault is described as @expected, which means the same. */
static void assert_means(struct fixture *f, const char *text, const char *expected)
{
	struct buffer out = { .max = 256 };
	struct fault fault;

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(parse(f, i ? expected : text, &fault), 0);
		fault_describe(&out, &fault);
		buffer_add(&out, "", 1);
		assert_string_equal(out.data, expected);
		buffer_free(&out);
	}
}

static void faults_are_understood(void **state)
{
	struct fixture *f = *state;

	assert_means(f, "silence", "silence");
	assert_means(f, "silence 10% get_value line 3", "silence 10% get_value line 3");
	assert_means(f, "silence line \"Red LED\" times 2 event after 5 0.5%",
		     "silence 0.5% event line 1 after 5 times 2");
	assert_means(f, "delay 20ms", "delay 20000us");
	assert_means(f, "late", "late 1");
	assert_means(f, "late 1s", "late 1000000us");
	assert_means(f, "late 3", "late 3");
	assert_means(f, "reorder", "reorder 10000us");
	assert_means(f, "short", "short 0");
	assert_means(f, "long 70000 set_value", "long 70000 set_value");
	assert_means(f, "bad-status 100% unknown", "bad-status 7 unknown");
	assert_means(f, "names-few", "names-few get_names");
	assert_means(f, "storm 0.0001%", "storm 0.0001% event");
	assert_means(f, "huge-names 5", "huge-names 5");
	assert_means(f, "twice line 3", "twice event line 3");
	assert_means(f, "early times 2", "early times 2");
}

static void every_kind_can_be_asked_for(void **state)
{
	struct fixture *f = *state;
	char text[64];
	struct fault fault;

	for (unsigned int i = 0; i < FAULT_KINDS; i++) {
		strcpy(text, fault_name(i));
		strcat(text, i == FAULT_DELAY ? " 1ms" : "");
		assert_int_equal(parse(f, text, &fault), 0);
		assert_int_equal(fault.kind, i);
	}
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "silense", "\"silense\" is no fault" },
		{ "silence 0%", "must be above 0% and at most 100%" },
		{ "silence 101%", "at most 100%" },
		{ "silence 100.1%", "at most 100%" },
		{ "silence 10%%", "at most 100%" },
		{ "silence -1%", "at most 100%" },
		{ "silence %", "at most 100%" },
		{ "silence 5", "\"5\" cannot follow in \"silence\"; a chance such as 10%, one "
		  "message such as get_value, \"line LINE\", \"after N\" and \"times N\" can" },
		{ "silence get_valu", "\"get_valu\" cannot follow in \"silence\"; did you mean "
		  "\"get_value\"?" },
		{ "nonsense", "\"nonsense\" is no fault; there are silence, lose, delay, " },
		{ "silence get_value set_value", "\"set_value\" cannot follow" },
		{ "silence line", "missing after \"line\"" },
		{ "silence line 4", "no line is numbered or named \"4\"" },
		{ "silence times 0", "must be a number above 0" },
		{ "silence after x", "must be a number above 0" },
		{ "delay", "needs a duration" },
		{ "delay 5", "\"5\" cannot follow" },
		{ "late 0", "needs a number above 0" },
		{ "names-few get_value", "cannot befall such a message, only get_names" },
		{ "names-few line 1", "is not about a line" },
		{ "storm get_value", "cannot befall such a message, only event" },
		{ "bad-value event", "cannot befall such a message, only requests" },
		{ "no-lines get_value", "cannot befall such a message, only the configuration "
		  "space" },
		{ "no-lines line 1", "is not about a line" },
	};
	struct fixture *f = *state;
	struct fault fault;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(f, bad[i][0], &fault), -1);
		assert_non_null(strstr(f->err.text, bad[i][1]));
	}
}

static void only_what_is_meant_is_struck(void **state)
{
	struct fixture *f = *state;

	add(f, "silence get_value line 3");
	assert_non_null(fault_strikes(&f->set, FAULT_SILENCE, GET_VALUE, 3));
	assert_null(fault_strikes(&f->set, FAULT_SILENCE, GET_VALUE, 2));
	assert_null(fault_strikes(&f->set, FAULT_SILENCE, GET_NAMES, 3));
	assert_null(fault_strikes(&f->set, FAULT_SILENCE, FAULT_EVENT, 3));
	assert_null(fault_strikes(&f->set, FAULT_SHORT, GET_VALUE, 3));
	assert_int_equal(f->set.injected[FAULT_SILENCE], 1);
}

static void requests_are_meant_if_nothing_is_said(void **state)
{
	struct fixture *f = *state;

	add(f, "silence");
	for (unsigned int type = 0; type < GPIO_MSG_TYPES; type++)
		assert_non_null(fault_strikes(&f->set, FAULT_SILENCE, type, 0));
	assert_null(fault_strikes(&f->set, FAULT_SILENCE, FAULT_EVENT, 0));
	assert_null(fault_strikes(&f->set, FAULT_SILENCE, FAULT_CONFIG, 0));
}

static void after_and_times_are_counted(void **state)
{
	struct fixture *f = *state;

	add(f, "error after 3 times 2");
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(fault_strikes(&f->set, FAULT_ERROR, GET_VALUE, 0) != NULL,
				 i == 3 || i == 4);
}

static void close_counts_anew_in_each_session(void **state)
{
	struct fixture *f = *state;

	add(f, "close after 3");
	add(f, "silence after 3");
	assert_int_equal(count_strikes(f, FAULT_CLOSE, GET_VALUE, 0, 4), 1);
	assert_int_equal(count_strikes(f, FAULT_SILENCE, GET_VALUE, 0, 4), 1);
	fault_new_session(&f->set);
	assert_int_equal(count_strikes(f, FAULT_CLOSE, GET_VALUE, 0, 4), 1);
	assert_int_equal(count_strikes(f, FAULT_SILENCE, GET_VALUE, 0, 4), 4);
}

static void chance_is_kept(void **state)
{
	struct fixture *f = *state;
	unsigned int strikes;

	fault_seed(&f->set, 42);
	add(f, "silence 10%");
	strikes = count_strikes(f, FAULT_SILENCE, GET_VALUE, 0, THROWS);
	assert_in_range(strikes, THROWS / 10 - 150, THROWS / 10 + 150);
	assert_int_equal(f->set.injected[FAULT_SILENCE], strikes);
}

static void seed_repeats_what_happened(void **state)
{
	struct fixture *f = *state;
	bool first[200];
	unsigned int same = 0;

	add(f, "silence 50%");
	fault_seed(&f->set, 7);
	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		first[i] = fault_strikes(&f->set, FAULT_SILENCE, GET_VALUE, 0);
	fault_seed(&f->set, 7);
	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		assert_int_equal(first[i],
				 fault_strikes(&f->set, FAULT_SILENCE, GET_VALUE, 0) != NULL);
	fault_seed(&f->set, 8);
	for (size_t i = 0; i < ARRAY_SIZE(first); i++)
		same += first[i] == (fault_strikes(&f->set, FAULT_SILENCE, GET_VALUE, 0) != NULL);
	assert_in_range(same, 50, 150);
}

static void faults_are_removed(void **state)
{
	struct fixture *f = *state;

	add(f, "silence");
	add(f, "error 5%");
	add(f, "silence event");
	assert_true(fault_by_chance(&f->set));
	fault_remove(&f->set, FAULT_SILENCE);
	assert_int_equal(f->set.count, 1);
	assert_int_equal(f->set.list[0].kind, FAULT_ERROR);
	fault_remove(&f->set, FAULT_KINDS);
	assert_int_equal(f->set.count, 0);
	assert_false(fault_by_chance(&f->set));
}

static void too_many_faults_are_refused(void **state)
{
	struct fixture *f = *state;
	struct fault fault;

	for (unsigned int i = 0; i < FAULT_MAX; i++)
		add(f, "silence");
	assert_int_equal(parse(f, "silence", &fault), 0);
	assert_int_equal(fault_add(&f->set, &fault, &f->err), -1);
	assert_int_equal(f->set.count, FAULT_MAX);
}

static void assert_spoilt(struct fixture *f, enum fault_kind kind, const char *expected)
{
	char *names = fault_spoil_names(kind, &f->bank);

	assert_non_null(names);
	assert_memory_equal(names, expected, f->bank.names_size);
	free(names);
}

static void names_are_spoilt(void **state)
{
	struct fixture *f = *state;

	assert_memory_equal(f->bank.names, "\0Red LED\0\0Reset\0", f->bank.names_size);
	assert_spoilt(f, FAULT_NAMES_UNTERMINATED, "\0Red LED\0\0Resetx");
	assert_spoilt(f, FAULT_NAMES_NONASCII, "\0\303ed LED\0\0Reset");
	assert_spoilt(f, FAULT_NAMES_DUPLICATE, "d\0d\0\0xxxxxxxxxx");
	assert_spoilt(f, FAULT_NAMES_FEW, "xRed LED\0\0Reset");
	assert_spoilt(f, FAULT_NAMES_MANY, "\0\0ed LED\0\0Reset");
}

static void names_that_cannot_be_spoilt_are_left(void **state)
{
	struct fixture *f = *state;
	struct gpio_bank one;

	assert_int_equal(gpio_init(&one, 1, NULL, NULL), 0);
	assert_int_equal(gpio_set_name(&one, 0, "A", &f->err), 0);
	assert_int_equal(gpio_build_names(&one, &f->err), 0);
	assert_null(fault_spoil_names(FAULT_NAMES_DUPLICATE, &one));
	assert_null(fault_spoil_names(FAULT_NAMES_FEW, &one));
	gpio_free(&one);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(faults_are_understood),
		TEST(every_kind_can_be_asked_for),
		TEST(nonsense_is_refused),
		TEST(only_what_is_meant_is_struck),
		TEST(requests_are_meant_if_nothing_is_said),
		TEST(after_and_times_are_counted),
		TEST(close_counts_anew_in_each_session),
		TEST(chance_is_kept),
		TEST(seed_repeats_what_happened),
		TEST(faults_are_removed),
		TEST(too_many_faults_are_refused),
		TEST(names_are_spoilt),
		TEST(names_that_cannot_be_spoilt_are_left),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
