/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations of edges that came already, at times that the test decides. */
#include "guest.h"

#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "host.h"

#define LINES	4
#define MS	1000000ull
#define SECOND	(1000 * MS)

/**
 * struct fixture - a board whose edges are long over
 * @host: the board
 * @from: where windows begin
 * @expect: the last expectation
 * @text: what was said of it
 * @err: why it could not be read
 */
struct fixture {
	struct host host;
	struct moment from;
	struct expect expect;
	char text[4096];
	struct errmsg err;
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	host_init(&f->host, LINES);
	host_name(&f->host, 0, "LED");
	host_name(&f->host, 1, "Red LED");
	f->from = (struct moment){ .ns = loop_now() - 100 * SECOND, .what = "a test" };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	host_free(&f->host);
	test_free(f);
	return 0;
}

/* An edge, so many microseconds after the window began. */
static void edge_at(struct fixture *f, uint64_t us, unsigned int line)
{
	struct history *h = &f->host.board.history;

	h->values[line] = !h->values[line];
	h->ring[++h->last % HISTORY_SIZE] = (struct history_change){
		.ns = f->from.ns + us * 1000, .line = line, .value = h->values[line],
	};
}

/* Edges of a line: the first one rises. */
static void edges_at(struct fixture *f, unsigned int line, size_t count, const uint64_t *ms)
{
	for (size_t i = 0; i < count; i++)
		edge_at(f, ms[i] * 1000, line);
}

#define EDGES(f, line, ...) \
	edges_at(f, line, sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), \
		 (uint64_t[]){ __VA_ARGS__ })

static int parse(struct fixture *f, const char *text)
{
	char copy[256], *words[12];
	int count;

	strcpy(copy, text);
	count = split_words(copy, words, ARRAY_SIZE(words), &f->err);
	assert_true(count > 0);
	return expect_parse(&f->expect, &f->host.board.dev.bank, words, count, &f->err);
}

static enum expect_verdict verdict(struct fixture *f, const char *text)
{
	assert_int_equal(parse(f, text), 0);
	assert_int_equal(expect_begin(&f->expect, &f->host.board.history, &f->from, &f->err), 0);
	return f->expect.verdict;
}

/* What was measured, and after which change. */
static void assert_met(struct fixture *f, const char *text, const char *measured)
{
	struct buffer out = { .max = 256 };

	assert_int_equal(verdict(f, text), EXPECT_MET);
	expect_measured(&out, &f->expect);
	buffer_add(&out, "", 1);
	assert_string_equal(buffer_head(&out), measured);
	buffer_free(&out);
}

static void assert_failed(struct fixture *f, const char *text, const char *why)
{
	assert_int_equal(verdict(f, text), EXPECT_FAILED);
	assert_string_equal(f->expect.why.text, why);
}

static void edges_in_the_window_count(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 20, 30, 600);
	assert_met(f, "LED rise within 500ms", "1 20ms");
	assert_met(f, "LED fall", "2 30ms");
	assert_met(f, "0 edge", "1 20ms");
	assert_failed(f, "LED fall within 29ms",
		      "no fall in 29ms since a test; LED is 1");
	assert_met(f, "LED fall within 30ms", "2 30ms");
	assert_failed(f, "\"Red LED\" edge", "no edge in 1s since a test; Red LED is 0");
	assert_failed(f, "2 rise within 2s", "no rise in 2s since a test; line 2 is 0");
}

static void what_came_before_the_window_does_not_count(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 1, 2);
	f->from.seq = 2;
	assert_failed(f, "LED rise", "no rise in 1s since a test; LED is 0");
	EDGES(f, 0, 3);
	assert_met(f, "LED rise", "3 3ms");
	assert_met(f, "LED fall since 1", "2 1ms");
}

static void pulses_are_measured(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 100, 150, 200, 290);
	assert_met(f, "LED high 40ms..60ms", "2 50ms");
	assert_met(f, "LED high 50ms+-1%", "2 50ms");
	assert_met(f, "LED high 50ms..51ms within 100ms", "2 50ms");
	assert_met(f, "LED low 50ms..60ms", "3 50ms");
	assert_failed(f, "LED high 51ms..60ms", "the pulse had 50ms");
	assert_failed(f, "LED high ..49ms", "the pulse is longer than 49ms");
	assert_met(f, "LED high 30ms..", "1 30ms");
	assert_failed(f, "LED high 60ms..", "the pulse had 50ms");
	assert_failed(f, "LED high 40ms..60ms within 99ms",
		      "no rise in 99ms since a test; LED is 0");
	assert_failed(f, "2 low 40ms..60ms", "no fall in 1s since a test; line 2 is 0");
}

static void pulses_may_end_after_the_window(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 100, 5100);
	assert_met(f, "LED high 4s..6s within 200ms", "2 5s");
}

static void edges_are_counted(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 1, 2, 3, 4, 5);
	assert_met(f, "LED 5 edges", "5 5");
	assert_met(f, "LED 3 rises", "5 3");
	assert_met(f, "LED 2 falls", "5 2");
	assert_met(f, "LED 2..3 rises", "5 3");
	assert_met(f, "LED 3.. edges", "3 3");
	assert_met(f, "LED 0 edges within 900us", "0 0");
	assert_failed(f, "LED 6 edges within 2s", "5 edges in 2s since a test");
	assert_failed(f, "LED 4 edges", "edge number 5 after 5ms");
	assert_failed(f, "LED ..2 rises", "rise number 3 after 5ms");
	assert_failed(f, "LED 2.. rises within 1ms", "1 rise in 1ms since a test");
}

static void frequency_and_duty_are_measured(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 20; i++) {
		edge_at(f, 3000 + i * 10000, 0);
		edge_at(f, 3000 + i * 10000 + 2500, 0);
	}
	assert_met(f, "LED frequency 100Hz+-1%", "40 100Hz");
	assert_met(f, "LED duty 25%+-1%", "40 25%");
	assert_met(f, "LED frequency 100Hz..101Hz within 15ms", "3 100Hz");
	assert_failed(f, "LED frequency 101Hz..", "100Hz in 1s since a test");
	assert_failed(f, "LED duty ..24.9%", "25% in 1s since a test");
	assert_failed(f, "LED duty 25%+-1% within 10ms",
		      "1 rise in 10ms since a test, two at different times are needed; "
		      "LED is 0");
	assert_failed(f, "2 frequency 1Hz..2Hz",
		      "0 rises in 1s since a test, two at different times are needed; line 2 is "
		      "0");
}

/* The clock of a machine may be coarse. */
static void edges_may_have_the_same_time(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 5, 5, 5, 5);
	assert_failed(f, "LED frequency 1Hz..",
		      "2 rises in 1s since a test, two at different times are needed; LED is 0");
	assert_met(f, "LED high ..1ms", "2 0us");
}

/* The line is high already when the window begins. */
static void duty_begins_with_a_rise(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 1, 80, 100, 150, 200);
	f->from.seq = 1;
	assert_met(f, "LED duty 49%..51%", "5 50%");
}

static void quiet_lines_have_no_edge(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 100);
	EDGES(f, 2, 200);
	assert_met(f, "quiet 99ms", "0 99ms");
	assert_met(f, "\"Red LED\" quiet 5s", "2 5s");
	assert_met(f, "2 quiet 199ms", "1 199ms");
	assert_failed(f, "quiet 100ms", "a rise of LED after 100ms");
	assert_failed(f, "2 quiet 300ms", "a rise of line 2 after 200ms");
}

/* A button that is pressed is no noise. */
static void quiet_does_not_mind_commands(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 100);
	f->host.board.history.ring[1].commanded = true;
	assert_met(f, "quiet 1s", "1 1s");
	assert_failed(f, "LED quiet 1s", "a rise of LED after 100ms");
}

static void levels_hold_at_one_instant(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 10);
	EDGES(f, 1, 20);
	EDGES(f, 0, 30);
	EDGES(f, 1, 40);
	assert_met(f, "LED=1 \"Red LED=1\"", "2 20ms");
	assert_met(f, "LED=0 \"Red LED=1\" 3=0", "3 30ms");
	assert_met(f, "LED=0 \"Red LED=0\"", "0 0us");
	assert_failed(f, "LED=1 3=1 within 2s",
		      "at no instant in 2s since a test; the values are 00");
	assert_failed(f, "LED=1 \"Red LED=1\" within 9ms",
		      "at no instant in 9ms since a test; the values are 00");
}

/* What the ring has no room for any more is not guessed. */
/**
 * struct host_line - a line of the host
 * @peer: for the model
 * @level: its level
 */
struct host_line {
	struct gpio_peer peer;
	bool level;
};

static int host_line_level(const struct gpio_peer *peer)
{
	return ((const struct host_line *)peer)->level;
}

static void host_line_free(struct gpio_peer *peer)
{
	((struct host_line *)peer)->level = false;
}

static const struct gpio_peer_ops host_line_ops = {
	.driver = GPIO_CHIP, .level = host_line_level, .free = host_line_free,
};

static struct host_line host_line;

static void use_host_line(struct fixture *f, unsigned int line)
{
	host_line = (struct host_line){ .peer.ops = &host_line_ops };
	assert_int_equal(gpio_set_peer(&f->host.board.dev.bank, line, &host_line.peer, &f->err), 0);
}

/* An edge that the kernel noticed so many microseconds after the window began. */
static void kernel_notices(struct fixture *f, unsigned int line, int64_t us)
{
	host_line.level = !host_line.level;
	device_settle(&f->host.board.dev, line, f->from.ns + us * 1000);
}

static void edges_of_the_host_have_the_time_of_the_kernel(void **state)
{
	struct fixture *f = *state;

	use_host_line(f, 0);
	kernel_notices(f, 0, 20000);
	kernel_notices(f, 0, 50000);
	assert_met(f, "LED rise within 500ms", "1 20ms");
	assert_met(f, "LED high 29ms..31ms", "2 30ms");
	assert_failed(f, "LED fall within 40ms", "no fall in 40ms since a test; LED is 1");
}

static void late_edge_is_not_before_an_earlier_change(void **state)
{
	struct fixture *f = *state;

	use_host_line(f, 0);
	edge_at(f, 20000, 2);
	kernel_notices(f, 0, 10000);
	assert_met(f, "2 rise", "1 20ms");
	assert_met(f, "LED rise", "2 20ms");
	assert_met(f, "LED=1 2=1", "2 20ms");
}

static void late_edge_is_not_before_its_window(void **state)
{
	struct fixture *f = *state;

	use_host_line(f, 0);
	kernel_notices(f, 0, -5);
	kernel_notices(f, 0, 3000);
	assert_met(f, "LED rise", "1 0us");
	assert_met(f, "LED high 2ms..4ms", "2 3ms");
	assert_failed(f, "LED quiet 5ms", "a rise of LED after 0us");
}

static void forgotten_changes_are_an_error(void **state)
{
	struct fixture *f = *state;
	struct history *h = &f->host.board.history;

	for (unsigned int i = 0; i < HISTORY_SIZE + 1; i++)
		device_set_level(&f->host.board.dev, 0, !gpio_value(&f->host.board.dev.bank, 0));
	assert_int_equal(h->oldest, 2);
	assert_int_equal(parse(f, "LED fall"), 0);
	assert_int_equal(expect_begin(&f->expect, h, &f->from, &f->err), -1);
	assert_string_equal(f->err.text, "the window needs change 1, which is not kept any more; "
					 "\"mark\" begins a new window");
	assert_int_equal(parse(f, "LED fall since 1"), 0);
	assert_int_equal(expect_begin(&f->expect, h, &f->from, &f->err), -1);
	assert_string_equal(f->err.text,
			    "change 1 is not kept any more; the oldest one is 2");
	f->from.seq = 1;
	assert_int_equal(parse(f, "LED fall within 1000s"), 0);
	assert_int_equal(expect_begin(&f->expect, h, &f->from, &f->err), 0);
	assert_int_equal(f->expect.met.seq, 2);
}

static void assert_drawn(struct fixture *f, const char *expected)
{
	struct buffer out = { .max = sizeof(f->text) };

	expect_draw(&out, &f->expect);
	buffer_add(&out, "", 1);
	assert_string_equal(buffer_head(&out), expected);
	buffer_free(&out);
}

static void waveforms_show_the_last_changes(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 10, 60);
	EDGES(f, 1, 70);
	verdict(f, "LED high 70ms..80ms");
	assert_drawn(f, "                      10ms       60ms       60ms\n"
			"  LED               __/~~~~~~~~~~\\__________|\n");
	verdict(f, "2 rise within 100ms");
	assert_drawn(f, "                      10ms       60ms       70ms       100ms\n"
			"  line 2            ___________________________________|\n"
			"  Red LED           ________________________/~~~~~~~~~~|\n"
			"  LED               __/~~~~~~~~~~\\_____________________|\n");
}

/* A change after the verdict is not drawn, nor its value. */
static void waveforms_end_with_the_verdict(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 300);
	verdict(f, "LED rise within 200ms");
	assert_drawn(f, "                      200ms\n  LED               __|\n");
}

/* Six columns, the last ones; a time before the window has a sign. */
static void waveforms_have_bounds(void **state)
{
	struct fixture *f = *state;

	EDGES(f, 0, 1, 2, 3, 4, 5, 6, 7, 8);
	f->from.ns += 5 * MS;
	f->from.seq = 4;
	verdict(f, "LED 99 edges within 3ms");
	assert_drawn(f, "                      -2ms       -1ms       0us        1ms        2ms        "
			"3ms        3ms\n"
			"  LED               __/~~~~~~~~~~\\__________/~~~~~~~~~~\\__________/~~~~~~~~~~"
			"\\__________|\n");
}

static void assert_refused(struct fixture *f, const char *text, const char *why)
{
	assert_int_equal(parse(f, text), -1);
	assert_non_null(strstr(f->err.text, why));
}

static void nonsense_is_refused(void **state)
{
	static const char usage[] = "use LINE rise|fall|edge, LINE high|low RANGE, LINE COUNT "
				    "edges|rises|falls, LINE frequency|duty RANGE, LINE=0|1 ... "
				    "or [LINE] quiet DURATION";
	struct fixture *f = *state;

	assert_refused(f, "LED", usage);
	assert_refused(f, "LED rose", usage);
	assert_refused(f, "LED rise 40ms..60ms", usage);
	assert_refused(f, "LED high", usage);
	assert_refused(f, "LED 10 blinks", usage);
	assert_refused(f, "LED rise until 5s", usage);
	assert_refused(f, "lamp rise", "no line is numbered or named \"lamp\"");
	assert_refused(f, "lamp=1", "no line is numbered or named \"lamp\"");
	assert_refused(f, "LED=2 2=1", "no line is numbered or named \"LED=2\"");
	assert_refused(f, "0=1 1=1 2=1 3=1 0=0 1=0 2=0 3=0 LED=1", "9 lines; at most 8");
	assert_refused(f, "LED rise within 5", "after \"within\" comes a duration");
	assert_refused(f, "LED rise within 5s within 5s", "after \"within\" comes a duration, such "
							  "as 500ms, once");
	assert_refused(f, "LED rise since x", "after \"since\" comes the number of a change");
	assert_refused(f, "LED rise since 1 since 2", "once");
	assert_refused(f, "quiet 0ms", "after \"quiet\" comes a duration");
	assert_refused(f, "quiet 5ms within 5s", "\"quiet\" has a duration, and no \"within\"");
	assert_refused(f, "LED quiet 5ms within 5s",
		       "\"quiet\" has a duration, and no \"within\"");
	assert_refused(f, "LED high 60ms", "will not be met exactly");
	assert_refused(f, "LED duty 20..30", "must be MIN..MAX");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(edges_in_the_window_count),
		TEST(what_came_before_the_window_does_not_count),
		TEST(pulses_are_measured),
		TEST(pulses_may_end_after_the_window),
		TEST(edges_are_counted),
		TEST(frequency_and_duty_are_measured),
		TEST(edges_may_have_the_same_time),
		TEST(duty_begins_with_a_rise),
		TEST(quiet_lines_have_no_edge),
		TEST(quiet_does_not_mind_commands),
		TEST(levels_hold_at_one_instant),
		TEST(edges_of_the_host_have_the_time_of_the_kernel),
		TEST(late_edge_is_not_before_an_earlier_change),
		TEST(late_edge_is_not_before_its_window),
		TEST(forgotten_changes_are_an_error),
		TEST(waveforms_show_the_last_changes),
		TEST(waveforms_end_with_the_verdict),
		TEST(waveforms_have_bounds),
		TEST(nonsense_is_refused),
	};

	return cmocka_run_group_tests_name("expectations", tests, NULL, NULL);
}
