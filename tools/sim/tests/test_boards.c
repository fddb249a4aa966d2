/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines with several options. */
#include "guest.h"

#include <string.h>
#include <unistd.h>

#include "options.h"
#include "scratch.h"

#define MAX_ARGS	24

static struct options options;
static struct errmsg err;

static int parse(const char *first, ...)
{
	char *argv[MAX_ARGS] = { "vgpio-sim", (char *)first };
	int argc = first ? 2 : 1;
	va_list args;

	va_start(args, first);
	while (first && (argv[argc] = va_arg(args, char *)))
		assert_true(++argc < MAX_ARGS);
	va_end(args);
	return options_parse(&options, argc, argv, &err);
}

static int tear_down(void **state)
{
	(void)state;
	options_free(&options);
	return 0;
}

static void assert_refused(const char *why)
{
	assert_non_null(strstr(err.text, why));
}

static void one_socket_is_one_board(void **state)
{
	(void)state;
	assert_int_equal(parse("--lines", "3", "--socket", "/s", "--no-irq", NULL), 0);
	assert_int_equal(options.count, 1);
	assert_string_equal(options.configs[0].socket, "/s");
	assert_int_equal(options.configs[0].lines, 3);
	assert_true(options.configs[0].no_irq);
}

static void no_socket_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL), -1);
	assert_refused("--socket PATH is missing");
	assert_int_equal(parse("--lines", "3", NULL), -1);
	assert_refused("--socket PATH is missing");
}

static void options_belong_to_the_socket_before_them(void **state)
{
	(void)state;
	assert_int_equal(parse("--lines", "3", "--once", "--socket", "/a", "--level", "0=1",
			       "--socket=/b", "--lines", "5", "--no-irq", NULL), 0);
	assert_int_equal(options.count, 2);
	assert_string_equal(options.configs[0].socket, "/a");
	assert_int_equal(options.configs[0].lines, 3);
	assert_int_equal(options.configs[0].said_count, 1);
	assert_false(options.configs[0].no_irq);
	assert_string_equal(options.configs[1].socket, "/b");
	assert_int_equal(options.configs[1].lines, 5);
	assert_int_equal(options.configs[1].said_count, 0);
	assert_true(options.configs[1].no_irq);
	assert_true(options.configs[0].once && options.configs[1].once);
}

static void values_are_no_options(void **state)
{
	(void)state;
	assert_int_equal(parse("--socket", "/a", "--control", "--socket", "--lines", "2", NULL), 0);
	assert_int_equal(options.count, 1);
	assert_string_equal(options.configs[0].control, "--socket");
}

static void boards_are_found_by_name_and_number(void **state)
{
	(void)state;
	assert_int_equal(parse("--socket", "/a", "--board", "left", "--socket", "/b", "--socket",
			       "/c", "--board=right", NULL), 0);
	assert_int_equal(config_find_board(options.names, options.count, "left"), 0);
	assert_int_equal(config_find_board(options.names, options.count, "1"), 1);
	assert_int_equal(config_find_board(options.names, options.count, "right"), 2);
	assert_int_equal(config_find_board(options.names, options.count, "2"), 2);
	assert_int_equal(config_find_board(options.names, options.count, "3"), -1);
	assert_int_equal(config_find_board(options.names, options.count, "up"), -1);
	assert_int_equal(config_find_board(options.names, options.count, ""), -1);
}

static void bad_names_are_refused(void **state)
{
	static const char *const names[] = { "", "7", "a b", "a@b", "#a" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(parse("--socket", "/a", "--board", names[i], NULL), -1);
		assert_refused("a name has no blanks");
	}
	assert_int_equal(parse("--socket", "/a", "--board", "x", "--socket", "/b", "--board", "x",
			       NULL), -1);
	assert_refused("two boards have this name");
	assert_int_equal(parse("--board", "x", "--socket", "/a", NULL), -1);
	assert_refused("comes after the --socket");
}

static void too_many_boards_are_refused(void **state)
{
	char *argv[2 * (OPTIONS_MAX_BOARDS + 1) + 1] = { "vgpio-sim" };

	(void)state;
	for (int i = 0; i <= OPTIONS_MAX_BOARDS; i++) {
		argv[2 * i + 1] = "--socket";
		argv[2 * i + 2] = "/s";
	}
	assert_int_equal(options_parse(&options, ARRAY_SIZE(argv), argv, &err), -1);
	assert_refused("more than 64 boards");
}

static void file_has_a_part_for_each_board(void **state)
{
	char path[SCRATCH_PATH];

	(void)state;
	scratch_make(path);
	scratch_write(path, "lines 4\nboard left\nline 0 name A\nboard right # numbers do as well\n"
			 "lines 6\nboard 0\nline 1 level 1\n");
	assert_int_equal(parse("--config", path, "--socket", "/a", "--board", "left", "--socket",
			       "/b", "--board", "right", NULL), 0);
	assert_int_equal(options.configs[0].lines, 4);
	assert_int_equal(options.configs[0].said_count, 2);
	assert_int_equal(options.configs[1].lines, 6);
	assert_int_equal(options.configs[1].said_count, 0);
	unlink(path);
}

static void file_has_faults_for_each_board(void **state)
{
	char path[SCRATCH_PATH];

	(void)state;
	scratch_make(path);
	scratch_write(path, "fault error\nboard left\nfault delay 1ms\nline 1 pull up\nboard right\n"
			 "seed 5\nfault \"silence\"\n");
	assert_int_equal(parse("--config", path, "--socket", "/a", "--board", "left", "--socket",
			       "/b", "--board", "right", "--fault", "late", NULL), 0);
	assert_int_equal(options.configs[0].kept[CONFIG_FAULTS].count, 2);
	assert_string_equal(options.configs[0].kept[CONFIG_FAULTS].list[1].text,
			    "\"delay\" \"1ms\"");
	assert_int_equal(options.configs[0].said_count, 1);
	assert_false(options.configs[0].seeded);
	assert_int_equal(options.configs[1].kept[CONFIG_FAULTS].count, 3);
	assert_string_equal(options.configs[1].kept[CONFIG_FAULTS].list[1].text, "\"silence\"");
	assert_int_equal(options.configs[1].said_count, 0);
	assert_int_equal(options.configs[1].seed, 5);
	unlink(path);
}

static void records_have_files_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(parse("--socket", "/a", "--trace", "/t", "--socket", "/b", "--trace", "/u",
			       "--vcd", "/v", NULL), 0);
	options_free(&options);
	assert_int_equal(parse("--trace", "/t", "--socket", "/a", "--socket", "/b", NULL), -1);
	assert_refused("/t would be two records");
	options_free(&options);
	assert_int_equal(parse("--socket", "/a", "--trace", "/t", "--vcd", "/t", NULL), -1);
	assert_refused("/t would be two records");
	options_free(&options);
	assert_int_equal(parse("--state", "/s", "--socket", "/a", "--socket", "/b", NULL), -1);
	assert_refused("/s would be two records");
}

static void files_of_a_person_are_not_replaced(void **state)
{
	(void)state;
	assert_int_equal(parse("--socket", "/a", "--play", "/p", "--trace", "/p", NULL), -1);
	assert_refused("/p would be read and replaced");
	options_free(&options);
	assert_int_equal(parse("--config", "/dev/null", "--socket", "/a", "--socket", "/b", "--vcd",
			       "/dev/null", NULL), -1);
	assert_refused("/dev/null would be read and replaced");
}

static void file_about_a_board_that_does_not_exist_is_refused(void **state)
{
	char path[SCRATCH_PATH];

	(void)state;
	scratch_make(path);
	scratch_write(path, "lines 4\nboard up\n");
	assert_int_equal(parse("--config", path, "--socket", "/a", NULL), -1);
	assert_refused(":2: no --board is named \"up\"");
	unlink(path);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_socket_is_one_board),
		TEST(no_socket_is_an_error),
		TEST(options_belong_to_the_socket_before_them),
		TEST(values_are_no_options),
		TEST(boards_are_found_by_name_and_number),
		TEST(bad_names_are_refused),
		TEST(too_many_boards_are_refused),
		TEST(file_has_a_part_for_each_board),
		TEST(file_has_faults_for_each_board),
		TEST(records_have_files_of_their_own),
		TEST(files_of_a_person_are_not_replaced),
		TEST(file_about_a_board_that_does_not_exist_is_refused),
	};

	return cmocka_run_group_tests_name("boards", tests, NULL, NULL);
}
