/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expectations of control clients: windows, sequences, and waits that end. */
#include "talk.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "parts.h"
#include "scratch.h"

static void drive(struct talk *f, unsigned int line, bool level)
{
	device_set_level(&f->board.dev, line, level);
	talk_run(f);
}

/* What came since the last reply: it begins and ends so. */
static void assert_reply_has(int fd, const char *begin, const char *end)
{
	char reply[8192];
	ssize_t len = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);

	assert_true(len > 0);
	reply[len] = '\0';
	assert_int_equal(strncmp(reply, begin, strlen(begin)), 0);
	assert_true((size_t)len >= strlen(end));
	assert_string_equal(reply + len - strlen(end), end);
}

static void assert_says(int fd, const char *text)
{
	char reply[8192];
	ssize_t len = recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT);

	assert_true(len > 0);
	reply[len] = '\0';
	assert_non_null(strstr(reply, text));
}

static void edge_before_the_expectation_counts(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "set 1 1\n");
	drive(f, 0, true);
	drive(f, 0, false);
	talk_say(f, fd, "expect \"Red LED\" rise\n");
	assert_reply_has(fd, "ok\nok 2 ", "s\n");
	talk_say(f, fd, "expect \"Red LED\" fall within 1s\n");
	assert_reply_has(fd, "ok 3 ", "s\n");
	assert_int_equal(f->loop.timers, 0);
	close(fd);
}

static void edge_after_the_expectation_ends_the_wait(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f), other = talk_connect(f);

	talk_say(f, fd, "mark\nexpect 0 rise within 10s\nget 1\n");
	talk_say(f, other, "mark\nexpect 0 2 edges within 10s\n");
	talk_assert_reply(fd, "ok 1\n");
	talk_assert_reply(other, "ok 2\n");
	drive(f, 1, true);
	talk_assert_reply(fd, "");
	drive(f, 0, true);
	assert_reply_has(fd, "ok 4 ", "s\nok 1\n");
	talk_assert_reply(other, "");
	assert_int_equal(f->loop.timers, 1);
	close(fd);
	close(other);
	talk_run(f);
	assert_int_equal(f->loop.timers, 0);
	assert_null(f->board.history.readers);
}

static void all_clients_can_expect_at_once(void **state)
{
	struct talk *f = *state;
	int fds[CONTROL_MAX_CLIENTS];

	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++) {
		fds[i] = talk_connect(f);
		talk_say(f, fds[i], i % 2 ? "expect 0 rise within 10s\n" : "expect 0 fall within 10s\n");
	}
	assert_int_equal(f->loop.timers, CONTROL_MAX_CLIENTS);
	drive(f, 0, true);
	for (unsigned int i = 1; i < CONTROL_MAX_CLIENTS; i += 2)
		assert_reply_has(fds[i], "ok 1 ", "s\n");
	drive(f, 0, false);
	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i += 2)
		assert_reply_has(fds[i], "ok 2 ", "s\n");
	for (unsigned int i = 0; i < CONTROL_MAX_CLIENTS; i++)
		close(fds[i]);
}

static void end_of_the_window_is_an_error(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "set 1 1\nexpect \"Red LED\" rise within 5ms\nget 0\n");
	talk_sleep_ms(10);
	talk_run(f);
	assert_reply_has(fd, "ok\n    ",
			 "  Red LED           _____________|\n"
			 "  line 1            __/~~~~~~~~~~|\n"
			 "error expected Red LED rise within 5ms: no rise in 5ms since set 1 1; "
			 "Red LED is 0\nok 0\n");
	close(fd);
}

/* The edge is in time, though the client got to ask when the window was over. */
static void late_question_does_not_change_the_verdict(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "mark\n");
	drive(f, 0, true);
	talk_sleep_ms(350);
	drive(f, 1, true);
	talk_say(f, fd, "expect 0 rise within 300ms\nexpect 1 rise within 300ms\n");
	assert_reply_has(fd, "ok 1\nok 2 ", "error expected 1 rise within 300ms: no rise in 300ms "
					   "since mark; line 1 is 0\n");
	close(fd);
}

static void pulse_that_began_is_waited_for(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "mark\nexpect 0 high 1ms..10s within 300ms\n");
	drive(f, 0, true);
	talk_sleep_ms(350);
	talk_run(f);
	talk_assert_reply(fd, "ok 1\n");
	drive(f, 0, false);
	assert_reply_has(fd, "ok 3 ", "s\n");
	close(fd);
}

static void pulse_without_a_maximum_need_not_end(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "mark\nexpect 0 high 5ms.. within 10s\n");
	drive(f, 0, true);
	talk_sleep_ms(10);
	talk_run(f);
	talk_assert_reply(fd, "ok 1\nok 2 5ms\n");
	close(fd);
}

static void then_goes_on_where_the_last_was_met(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "set 1 1\n");
	for (unsigned int i = 0; i < 4; i++)
		drive(f, 0, i % 2 == 0);
	talk_say(f, fd, "expect 0 rise\nthen 0 rise\nthen 0 fall\n");
	assert_reply_has(fd, "ok\nok 2 ", "s\n");
	talk_say(f, fd, "then 0 edge within 1ms\n");
	talk_sleep_ms(5);
	talk_run(f);
	assert_reply_has(fd, "    ", "since 0 fall; Red LED is 0\n");
	talk_say(f, fd, "then 0 quiet 1ms\n");
	assert_reply_has(fd, "ok 5 ", "1ms\n");
	close(fd);
}

static void eight_levels_have_a_window(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "mark\nset 0 1\nexpect 0=1 1=0 2=0 0=1 1=0 2=0 0=1 1=0 within 1s since 1\n");
	assert_reply_has(fd, "ok 1\nok\nok 2 ", "s\n");
	close(fd);
}

static void then_needs_something_to_follow(void **state)
{
#define WHY	"error \"then\" begins where an expectation was met, and none was since the " \
		"last stimulus\n"
	struct talk *f = *state;

	talk_assert(f, "then 0 rise\n", WHY);
	talk_assert(f, "mark\nexpect 0=0\nset 1 1\nthen 0 rise\n", "ok 1\nok 1 0us\nok\n" WHY);
}

/* Each connection of "ctl" gives one command. */
static void client_without_a_stimulus_takes_the_last_one(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_assert(f, "pulse 1 10s\n", OK);
	drive(f, 0, true);
	talk_say(f, fd, "expect 0 rise\n");
	assert_reply_has(fd, "ok 2 ", "s\n");
	talk_say(f, fd, "mark\nexpect 0 rise within 1us\n");
	talk_sleep_ms(5);
	talk_run(f);
	assert_reply_has(fd, "ok 3\n", "no rise in 1us since mark; Red LED is 1\n");
	close(fd);
}

/* Nobody drove anything yet: the window begins now. */
static void window_may_begin_with_the_command(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	drive(f, 0, true);
	talk_say(f, fd, "expect 0 edge within 5ms\n");
	talk_sleep_ms(10);
	talk_run(f);
	assert_reply_has(fd, "    ", "no edge in 5ms since this command; Red LED is 1\n");
	close(fd);
}

static void window_may_begin_with_a_change(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_assert(f, "mark one\nmark\nset 0 1\nset 0 0\n", "ok 1\nok 2\nok\nok\n");
	talk_assert(f, "expect 0 rise since 5\n",
		    "error there is no change 5 yet; the last one is 4\n");
	talk_say(f, fd, "expect 0 rise since 1\n");
	assert_reply_has(fd, "ok 3 ", "s\n");
	talk_say(f, fd, "expect 0 fall since 3\n");
	assert_reply_has(fd, "ok 4 ", "s\n");
	talk_say(f, fd, "expect 0 rise within 1us since 3\n");
	talk_sleep_ms(5);
	talk_run(f);
	assert_reply_has(fd, "    ", "no rise in 1us since change 3; Red LED is 1\n");
	close(fd);
}

static void every_stimulus_begins_a_window(void **state)
{
	static const struct {
		const char *command;
		const char *said;
	} stimuli[] = {
		{ "set 1 1\n", "no fall in 1us since set 1 1; " },
		{ "toggle 1 # comment\n", "no fall in 1us since toggle 1; " },
		{ "pulse \"Red LED\" 10s\n", "no fall in 1us since pulse Red LED 10s; " },
		{ "release 1\n", "no fall in 1us since release 1; " },
		{ "mark it has a long name that does not fit into it\n",
		  "no fall in 1us since mark it has a long name that does not fit into ; " },
		{ "mark 46 bytes, and then an umlaut that has 2: \xc3\xbc\n",
		  "no fall in 1us since mark 46 bytes, and then an umlaut that has 2: ; " },
	};
	struct talk *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(stimuli); i++) {
		int fd = talk_connect(f);

		talk_say(f, fd, stimuli[i].command);
		talk_say(f, fd, "expect 2 fall within 1us\n");
		talk_sleep_ms(2);
		talk_run(f);
		assert_says(fd, stimuli[i].said);
		close(fd);
	}
}

static void add_button(struct talk *f)
{
	char *words[] = { "knob", "button", "line", "1" };
	struct errmsg err;

	assert_int_equal(parts_add(&f->board.dev, words, ARRAY_SIZE(words), &err), 0);
}

static void actions_of_a_part_begin_a_window(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	add_button(f);
	talk_say(f, fd, "mark\npart knob press\nexpect 0 rise within 1us\n");
	talk_sleep_ms(2);
	talk_run(f);
	assert_says(fd, "no rise in 1us since part knob press; ");
	close(fd);
}

static void refused_stimulus_begins_no_window(void **state)
{
	static const struct {
		const char *command;
		const char *why;
	} refused[] = {
		{ "pulse 1 1ms", "error a pulse is under way on this line\n" },
		{ "part knob turn 1", "error a button can \"press [DURATION]\" and \"release\"\n" },
		{ "part none press", "error no part is named \"none\"" },
		{ "play /dev/null", "error cannot read /dev/null: it is no regular file\n" },
	};
	struct talk *f = *state;
	int fd = talk_connect(f);
	char text[128];

	add_button(f);
	talk_say(f, fd, "pulse 1 10s\n");
	talk_assert_reply(fd, OK);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		snprintf(text, sizeof(text), "%s\n", refused[i].command);
		talk_say(f, fd, text);
		assert_says(fd, refused[i].why);
		talk_say(f, fd, "expect 0 rise within 1us\n");
		talk_sleep_ms(2);
		talk_run(f);
		assert_says(fd, "no rise in 1us since pulse 1 10s; ");
	}
	close(fd);
}

static void script_begins_a_window_if_it_plays(void **state)
{
	char path[SCRATCH_PATH], text[128];
	struct talk *f = *state;
	int fd = talk_connect(f);

	scratch_make(path);
	scratch_write(path, "at 0 blink 1\n");
	snprintf(text, sizeof(text), "play %s\nexpect 0 rise within 1us\n", path);
	talk_say(f, fd, "mark\n");
	talk_say(f, fd, text);
	talk_sleep_ms(2);
	talk_run(f);
	assert_says(fd, "no rise in 1us since mark; ");
	scratch_write(path, "at 0 set 1 1\n");
	talk_say(f, fd, text);
	talk_sleep_ms(2);
	talk_run(f);
	assert_says(fd, "no rise in 1us since play /tmp/");
	unlink(path);
	close(fd);
}

/* A pulse ends by itself; the line that it drives is not quiet, the board is. */
static void quiet_board_does_not_mind_the_stimulus(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "pulse 1 2ms\nexpect quiet 300ms\n");
	talk_sleep_ms(5);
	talk_run(f);
	talk_sleep_ms(350);
	talk_run(f);
	talk_assert_reply(fd, "ok\nok 2 300ms\n");
	talk_say(f, fd, "expect 1 quiet 300ms\n");
	assert_reply_has(fd, "    ", "s\n");
	talk_say(f, fd, "mark\nexpect quiet 10s\n");
	drive(f, 2, true);
	assert_reply_has(fd, "ok 3\n", "s\n");
	close(fd);
}

/* Only the line that a command names is its own. */
static void quiet_board_minds_what_a_command_does_elsewhere(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);
	struct errmsg err;

	assert_int_equal(wires_join(&f->wires, "w", &f->board.dev, 0, false, &err), 0);
	assert_int_equal(wires_join(&f->wires, "w", &f->board.dev, 2, false, &err), 0);
	add_button(f);
	talk_say(f, fd, "set 0 1\nexpect quiet 10s\n");
	assert_says(fd, "error expected quiet 10s: a rise of B");
	talk_say(f, fd, "part knob press\nexpect quiet 10s\n");
	assert_says(fd, "error expected quiet 10s: a fall of line 1 ");
	close(fd);
}

static void values_of_several_lines_are_of_one_instant(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "set 1 1\nget 0 1 2\nget 1\nget 1 x\n",
		    "ok\nok 0 1 0\nok 1\nerror no line is numbered or named \"x\"\n");
}

static void pause_is_answered_later(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "pause 5ms\nget 0\n");
	talk_assert_reply(fd, "");
	talk_sleep_ms(10);
	talk_run(f);
	talk_assert_reply(fd, "ok\nok 0\n");
	talk_assert(f, "pause 5\n", "error the duration must be above 0, with us, ms or s\n");
	close(fd);
}

static void client_that_leaves_expects_nothing(void **state)
{
	struct talk *f = *state;
	int fd = talk_connect(f);

	talk_say(f, fd, "expect 0 rise within 10s\n");
	assert_non_null(f->board.history.readers);
	close(fd);
	talk_run(f);
	assert_null(f->board.history.readers);
	assert_int_equal(f->loop.timers, 0);
	drive(f, 0, true);
}

static void bad_expectations_are_refused(void **state)
{
	struct talk *f = *state;

	talk_assert(f, "expect\n", "error wrong number of words; use \"expect CONDITION "
				   "[within DURATION] [since N]\"\n");
	talk_assert(f, "expect 9 rise\n", "error no line is numbered or named \"9\"\n");
	talk_assert(f, "expect 0 high 40..60\n",
		    "error \"40..60\" must be MIN..MAX, MIN.., ..MAX or VALUE+-N%, such as "
		    "40ms..60ms\n");
	assert_null(f->board.history.readers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(edge_before_the_expectation_counts),
		TEST(edge_after_the_expectation_ends_the_wait),
		TEST(all_clients_can_expect_at_once),
		TEST(end_of_the_window_is_an_error),
		TEST(late_question_does_not_change_the_verdict),
		TEST(pulse_that_began_is_waited_for),
		TEST(pulse_without_a_maximum_need_not_end),
		TEST(then_goes_on_where_the_last_was_met),
		TEST(eight_levels_have_a_window),
		TEST(then_needs_something_to_follow),
		TEST(client_without_a_stimulus_takes_the_last_one),
		TEST(window_may_begin_with_the_command),
		TEST(window_may_begin_with_a_change),
		TEST(every_stimulus_begins_a_window),
		TEST(actions_of_a_part_begin_a_window),
		TEST(refused_stimulus_begins_no_window),
		TEST(script_begins_a_window_if_it_plays),
		TEST(quiet_board_does_not_mind_the_stimulus),
		TEST(quiet_board_minds_what_a_command_does_elsewhere),
		TEST(values_of_several_lines_are_of_one_instant),
		TEST(pause_is_answered_later),
		TEST(client_that_leaves_expects_nothing),
		TEST(bad_expectations_are_refused),
	};

	return cmocka_run_group_tests_name("control expectations", tests, NULL, NULL);
}
