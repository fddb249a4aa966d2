/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line and the configuration file: what they mean, what they refuse. */
#include "guest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "parts.h"
#include "scratch.h"

#define MAX_ARGS	16

/**
 * struct fixture - a configuration and the device that it is for
 * @options: the command line
 * @loop: its loop
 * @wires: what its lines may be on
 * @dev: the device, once made
 * @err: why the last call failed
 * @file: a file for configurations
 * @argc: number of arguments
 * @argv: the command line
 */
struct fixture {
	struct options options;
	struct loop loop;
	struct wires wires;
	struct device dev;
	struct errmsg err;
	char file[SCRATCH_PATH];
	int argc;
	char *argv[MAX_ARGS];
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	scratch_make(f->file);
	f->wires.loop = &f->loop;
	*state = f;
	return 0;
}

static void free_device(struct fixture *f)
{
	parts_free(&f->dev);
	device_free(&f->dev);
	wires_free(&f->wires);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	unlink(f->file);
	options_free(&f->options);
	free_device(f);
	loop_free(&f->loop);
	test_free(f);
	return 0;
}

/* Parses "vgpio-sim" with the given arguments, up to NULL. */
static int parse(struct fixture *f, ...)
{
	va_list args;

	options_free(&f->options);
	f->argc = 0;
	f->argv[f->argc++] = "vgpio-sim";
	va_start(args, f);
	while ((f->argv[f->argc] = va_arg(args, char *)))
		f->argc++;
	va_end(args);
	return options_parse(&f->options, f->argc, f->argv, &f->err);
}

static int apply(struct fixture *f)
{
	free_device(f);
	assert_int_equal(device_init(&f->dev, f->options.configs[0].lines), 0);
	f->dev.loop = &f->loop;
	f->dev.wires = &f->wires;
	return config_apply(&f->options.configs[0], &f->dev, &f->err);
}

static int parse_file(struct fixture *f, const char *text)
{
	scratch_write(f->file, text);
	return parse(f, "--socket", "s", "--config", f->file, NULL);
}

static void assert_says(const struct fixture *f, const char *what)
{
	assert_non_null(strstr(f->err.text, what));
	assert_null(strchr(f->err.text, '\n'));
}

static void assert_file_refused(struct fixture *f, const char *text, int line, const char *why)
{
	char where[96];

	assert_int_equal(parse_file(f, text), -1);
	snprintf(where, sizeof(where), "%s:%d: ", f->file, line);
	assert_says(f, where);
	assert_says(f, why);
}

static void defaults_are_sane(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", NULL), 0);
	assert_string_equal(f->options.configs[0].socket, "s");
	assert_null(f->options.configs[0].control);
	assert_int_equal(f->options.configs[0].lines, 8);
	assert_false(f->options.configs[0].no_irq || f->options.configs[0].once || f->options.configs[0].verbose);
	assert_int_equal(f->options.configs[0].action, CONFIG_RUN);
}

static void all_options_are_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket=s", "--control", "c", "--lines", "65535", "--no-irq",
			       "--once", "--verbose", NULL), 0);
	assert_string_equal(f->options.configs[0].control, "c");
	assert_int_equal(f->options.configs[0].lines, 65535);
	assert_true(f->options.configs[0].no_irq && f->options.configs[0].once && f->options.configs[0].verbose);
}

static void help_needs_no_socket(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--help", NULL), 0);
	assert_int_equal(f->options.configs[0].action, CONFIG_HELP);
	assert_int_equal(parse(f, "--version", NULL), 0);
	assert_int_equal(f->options.configs[0].action, CONFIG_VERSION);
}

static void socket_is_needed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--lines", "4", NULL), -1);
	assert_says(f, "--socket PATH is missing");
}

static void options_are_not_abbreviated(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--soc", "s", NULL), -1);
	assert_says(f, "--soc is no option");
	assert_int_equal(parse(f, "--socket", "s", "--tarce", "t", NULL), -1);
	assert_says(f, "--tarce is no option; did you mean --trace?");
	assert_int_equal(parse(f, "--socket", "s", "--once=1", NULL), -1);
	assert_says(f, "--once takes no value");
	assert_int_equal(parse(f, "--socket", "s", "--lines", NULL), -1);
	assert_says(f, "--lines needs a value");
}

static void sockets_have_permissions(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket-path=s", NULL), 0);
	assert_string_equal(f->options.configs[0].socket, "s");
	assert_int_equal(f->options.configs[0].socket_mode, CONFIG_NO_MODE);
	assert_int_equal(f->options.configs[0].control_mode, 0600);
	assert_int_equal(parse(f, "--socket", "s", "--socket-mode", "660", "--control-mode", "0666",
			       "--group", "root", NULL), 0);
	assert_int_equal(f->options.configs[0].socket_mode, 0660);
	assert_int_equal(f->options.configs[0].control_mode, 0666);
	assert_int_equal(f->options.configs[0].group, 0);
	assert_int_equal(parse(f, "--socket", "s", "--socket-mode", "888", NULL), -1);
	assert_says(f, "--socket-mode 888: must be octal");
	assert_int_equal(parse(f, "--socket", "s", "--socket-mode", "1777", NULL), -1);
	assert_int_equal(parse(f, "--socket", "s", "--group", "no such", NULL), -1);
	assert_says(f, "--group no such: there is no such group");
	assert_int_equal(parse(f, "--fd", "x", NULL), -1);
	assert_says(f, "--fd x: must be the number of a descriptor");
}

static void help_is_asked_for_in_any_way(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "-h", NULL), 0);
	assert_int_equal(f->options.configs[0].action, CONFIG_HELP);
	assert_int_equal(parse(f, "--lines", "4", "--help", NULL), 0);
	assert_int_equal(f->options.configs[0].action, CONFIG_HELP);
}

/* 1,000,000 statements, and a file that never ends. */
static void endless_files_are_refused(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(f->file, "w");

	assert_non_null(file);
	for (unsigned int i = 0; i < 1000000; i++)
		assert_true(fputs("line 0 level 1\n", file) >= 0);
	fclose(file);
	assert_int_equal(parse(f, "--socket", "s", "--config", f->file, NULL), -1);
	assert_says(f, ":524281: more than 524280 properties of lines");
	assert_int_equal(parse(f, "--socket", "s", "--config", "/dev/zero", NULL), -1);
	assert_says(f, "/dev/zero:1: a line is text of at most");
}

static void too_many_faults_are_refused(void **state)
{
	struct fixture *f = *state;
	FILE *file = fopen(f->file, "w");

	assert_non_null(file);
	for (unsigned int i = 0; i < 1000; i++)
		assert_true(fputs("fault error\n", file) >= 0);
	fclose(file);
	assert_int_equal(parse(f, "--socket", "s", "--config", f->file, NULL), -1);
	assert_says(f, ":257: more than 256 faults");
}

static void equal_names_are_told_with_the_place(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_file(f, "line 5 name A\nline 2 name B\nline 3 name A\n"), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, ":1: two lines are named \"A\"");
}

static void unknown_options_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", "--bogus", NULL), -1);
	assert_says(f, "--bogus");
	assert_int_equal(parse(f, "--socket", NULL), -1);
	assert_says(f, "--socket needs a value");
	assert_int_equal(parse(f, "--socket", "s", "--once=1", NULL), -1);
	assert_says(f, "--once takes no value");
	assert_int_equal(parse(f, "--socket", "s", "extra", NULL), -1);
	assert_says(f, "unexpected argument \"extra\"");
	assert_int_equal(parse(f, "-x", NULL), -1);
	assert_says(f, "-x");
}

static void bad_numbers_of_lines_are_refused(void **state)
{
	static char *const bad[] = { "0", "65536", "-1", "8x", "", " 8", "0x8", "99999999999" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(f, "--socket", "s", "--lines", bad[i], NULL), -1);
		assert_says(f, "it must be 1 to 65535");
	}
}

static void name_options_name_lines(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", "--names", "A,B,,D", "--name", "5=x=y,z",
			       NULL), 0);
	assert_int_equal(apply(f), 0);
	assert_string_equal(f->dev.bank.lines[0].name, "A");
	assert_string_equal(f->dev.bank.lines[1].name, "B");
	assert_null(f->dev.bank.lines[2].name);
	assert_string_equal(f->dev.bank.lines[3].name, "D");
	assert_string_equal(f->dev.bank.lines[5].name, "x=y,z");
}

static void later_names_win(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", "--names", "A,B", "--name", "0=B", "--name",
			       "1=A", NULL), 0);
	assert_int_equal(apply(f), 0);
	assert_string_equal(f->dev.bank.lines[0].name, "B");
	assert_string_equal(f->dev.bank.lines[1].name, "A");
}

static void bad_names_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", "--name", "Reset", NULL), -1);
	assert_says(f, "LINE=NAME");
	assert_int_equal(parse(f, "--socket", "s", "--name", "x=Reset", NULL), -1);
	assert_says(f, "LINE=NAME");
	assert_int_equal(parse(f, "--socket", "s", "--name", "1=", NULL), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, "--name: the name of line 1 is empty");
	assert_int_equal(parse(f, "--socket", "s", "--name", "1=\xc3\xa9", NULL), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, "7-bit ASCII");
	assert_int_equal(parse(f, "--socket", "s", "--names", "A,A", NULL), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, "two lines are named \"A\"");
}

static void lines_that_do_not_exist_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", "--name", "8=A", NULL), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, "--name: line 8 does not exist; there are lines 0 to 7");
	assert_int_equal(parse(f, "--socket", "s", "--names", "A,B,C", "--lines", "2", NULL), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, "--names: line 2");
	assert_int_equal(parse(f, "--socket", "s", "--level", "9=1", NULL), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, "--level: line 9");
}

static void levels_are_set(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", "--level", "3=1", "--level", "4=1", "--level",
			       "4=0", NULL), 0);
	assert_int_equal(apply(f), 0);
	assert_true(gpio_value(&f->dev.bank, 3));
	assert_false(gpio_value(&f->dev.bank, 4));
	assert_false(gpio_value(&f->dev.bank, 0));
}

static void bad_levels_are_refused(void **state)
{
	static char *const bad[] = { "3", "3=2", "3=", "=1", "x=1", "3=11", "99999999999=1" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(f, "--socket", "s", "--level", bad[i], NULL), -1);
		assert_says(f, "LINE=0 or LINE=1");
	}
}

static void file_is_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_file(f,
				    "# a board\n"
				    "\n"
				    "lines 12   # many\n"
				    "line 0 name \"Red LED\" level 1\r\n"
				    "\tline 11 level 1 name #comment follows\n"), -1);
	assert_says(f, ":5: \"name\" has no value");
	assert_int_equal(parse_file(f,
				    "lines 12\n"
				    "line 0 name \"Red LED\" level 1\r\n"
				    "line 11 level 1\n"
				    "line 10 name Door"), 0);
	assert_int_equal(f->options.configs[0].lines, 12);
	assert_int_equal(apply(f), 0);
	assert_string_equal(f->dev.bank.lines[0].name, "Red LED");
	assert_string_equal(f->dev.bank.lines[10].name, "Door");
	assert_true(gpio_value(&f->dev.bank, 0));
	assert_true(gpio_value(&f->dev.bank, 11));
}

static void options_win_over_the_file(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->file, "lines 4\nline 0 name File level 1\n");
	assert_int_equal(parse(f, "--lines", "6", "--name", "0=Option", "--socket", "s",
			       "--config", f->file, NULL), 0);
	assert_int_equal(f->options.configs[0].lines, 6);
	assert_int_equal(apply(f), 0);
	assert_string_equal(f->dev.bank.lines[0].name, "Option");
	assert_true(gpio_value(&f->dev.bank, 0));
}

static void file_errors_name_the_line(void **state)
{
	struct fixture *f = *state;

	assert_file_refused(f, "lines 8\nlins 8\n", 2, "cannot understand \"lins\"");
	assert_file_refused(f, "lines\n", 1, "cannot understand \"lines\"");
	assert_file_refused(f, "lines 0\n", 1, "must be 1 to 65535");
	assert_file_refused(f, "\nline x name A\n", 2, "\"x\" is no line number");
	assert_file_refused(f, "line 0 colour red\n", 1, "\"colour\" is not known");
	assert_file_refused(f, "line 0 level 2\n", 1, "level \"2\" must be 0 or 1");
	assert_file_refused(f, "line 0 name\n", 1, "cannot understand \"line\"");
	assert_file_refused(f, "line 0 name \"A\n", 1, "not closed");
	assert_file_refused(f, "line 0 name A B C D E F G H I J K\n", 1, "too many words");
}

static void file_errors_found_later_name_the_line(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_file(f, "lines 4\n\nline 4 name A\n"), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, ":3: line 4 does not exist");
	assert_int_equal(parse_file(f, "line 1 name \"\"\n"), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, ":1: the name of line 1 is empty");
}

static void missing_file_is_an_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", "--config", "/nonexistent/x", NULL), -1);
	assert_says(f, "cannot read /nonexistent/x: No such file");
	assert_int_equal(parse(f, "--socket", "s", "--config", "/", NULL), -1);
	assert_says(f, "cannot read /: Is a directory");
}

static void wires_are_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_file(f,
				    "line 4 loop Button\n"
				    "line 5 name Button pull up\n"
				    "line 6 stuck 1 pull down\n"), 0);
	assert_int_equal(apply(f), 0);
	assert_ptr_equal(f->dev.bank.lines[5].source, &f->dev.bank.lines[4]);
	assert_int_equal(gpio_driver(&f->dev.bank, 5), GPIO_PULL);
	assert_true(gpio_value(&f->dev.bank, 5));
	assert_int_equal(gpio_driver(&f->dev.bank, 6), GPIO_STUCK);
	assert_true(gpio_value(&f->dev.bank, 6));
}

static void bad_wires_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_file_refused(f, "line 0 pull 1\n", 1, "pull \"1\" must be up or down");
	assert_file_refused(f, "line 0 stuck up\n", 1, "stuck \"up\" must be 0 or 1");
	assert_int_equal(parse_file(f, "\nline 0 loop 8\n"), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, ":2: no line is numbered or named \"8\"");
	assert_int_equal(parse_file(f, "line 0 loop 0\n"), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, ":1: line 0 cannot be looped to itself");
}

static void wires_and_parts_are_read(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse_file(f,
				    "wire BUS open-drain delay 5us\n"
				    "line 0 wire BUS\n"
				    "line 1 inverter BUS\n"
				    "line 2 name Start\n"
				    "part start button line Start bounce 5ms\n"), 0);
	assert_int_equal(apply(f), 0);
	assert_int_equal(wires_check(&f->wires, &f->err), 0);
	assert_true(gpio_value(&f->dev.bank, 0));
	assert_false(gpio_value(&f->dev.bank, 1));
	assert_true(gpio_value(&f->dev.bank, 2));
	assert_non_null(f->dev.parts);
}

static void assert_not_applied(struct fixture *f, const char *text, const char *why)
{
	assert_int_equal(parse_file(f, text), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, why);
}

static void bad_wires_and_parts_are_refused(void **state)
{
	static const char trait[] = " says nothing about a wire; use open-drain, wired-and, "
				    "\"pull up\", \"pull down\" or \"delay\" and a duration such "
				    "as 5us";
	struct fixture *f = *state;
	char text[256];

	snprintf(text, sizeof(text), ":1: \"fast\"%s", trait);
	assert_not_applied(f, "wire BUS fast\n", text);
	snprintf(text, sizeof(text), ":1: \"delay\"%s", trait);
	assert_not_applied(f, "wire BUS delay\n", text);
	assert_not_applied(f, "wire BUS delay 5\n", text);
	assert_not_applied(f, "wire BUS pull 1\n", ":1: pull \"1\" must be up or down");
	assert_not_applied(f, "\nline 0 wire A\nline 0 wire B\n",
			   ":3: line 0 is on a wire, or a line of the host, already");
	assert_not_applied(f, "wire A\n\nwire A\n", ":3: wire \"A\" is described at ");
	assert_not_applied(f, "\npart start lever line 0\n", ":2: \"lever\" is no kind of part");
	assert_not_applied(f, "\npart \"\" button line 0\n", ":2: a part has an empty name");
	assert_not_applied(f, "\npart start button line 0 line 1\n", ":2: \"line\" is said twice");
	assert_file_refused(f, "wire\n", 1, "cannot understand \"wire\"; use \"lines N\"");
	assert_file_refused(f, "wires A\n", 1,
			    "cannot understand \"wires\" (did you mean \"wire\"?); use");
	assert_int_equal(parse_file(f, "line 0 wire A\n"), 0);
	assert_int_equal(apply(f), 0);
	assert_int_equal(wires_check(&f->wires, &f->err), -1);
	assert_says(f, "wire \"A\" has one end");
}

/* Also without libgpiod 2, which is another reason. */
static void bad_lines_of_the_host_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_file_refused(f, "line 0 hosts gpiochip0:1\n", 1,
			    "\"hosts\" is not known (did you mean \"host\"?); use name, level, "
			    "pull, stuck, loop, host, bias, active, wire or inverter");
	assert_int_equal(parse_file(f, "\nline 0 host gpiochip99:1\n"), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, ":2: ");
	assert_true(strstr(f->err.text, "/dev/gpiochip99") ||
		    strstr(f->err.text, "without libgpiod 2"));
	assert_int_equal(parse_file(f, "line 0 bias pull-up\n"), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, ":1: ");
	assert_true(strstr(f->err.text, "line 0 has no \"host\", which \"bias\" is for") ||
		    strstr(f->err.text, "without libgpiod 2"));
}

static void faults_are_read(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->file, "seed 5\nline 3 name \"Red LED\"\n"
		      "fault silence 10% get_value line \"Red LED\" times 4\n");
	assert_int_equal(parse(f, "--socket", "s", "--config", f->file, "--fault",
			       "delay 5ms line 2", "--seed", "18446744073709551615", NULL), 0);
	assert_int_equal(apply(f), 0);
	assert_int_equal(f->dev.faults.count, 2);
	assert_int_equal(f->dev.faults.list[0].kind, FAULT_SILENCE);
	assert_int_equal(f->dev.faults.list[0].line, 3);
	assert_int_equal(f->dev.faults.list[1].number, 5000000);
	assert_true(f->dev.faults.seed == UINT64_MAX);
}

static void seeds_differ_unless_given(void **state)
{
	struct fixture *f = *state;
	uint64_t first;

	assert_int_equal(parse(f, "--socket", "s", NULL), 0);
	assert_int_equal(apply(f), 0);
	first = f->dev.faults.seed;
	assert_int_equal(apply(f), 0);
	assert_true(first != f->dev.faults.seed);
}

static void bad_faults_are_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(parse(f, "--socket", "s", "--fault", "silense", NULL), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, "--fault: \"silense\" is no fault");
	assert_int_equal(parse(f, "--socket", "s", "--fault", " ", NULL), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, "--fault: a fault's name is missing");
	assert_int_equal(parse(f, "--socket", "s", "--seed", "-1", NULL), -1);
	assert_says(f, "--seed: \"-1\" is no seed");
	assert_file_refused(f, "seed x\n", 1, "\"x\" is no seed");
	assert_file_refused(f, "fault\n", 1, "cannot understand \"fault\"");
	assert_int_equal(parse_file(f, "\nfault silence line 8\n"), 0);
	assert_int_equal(apply(f), -1);
	assert_says(f, ":2: no line is numbered or named \"8\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(defaults_are_sane),
		TEST(all_options_are_read),
		TEST(help_needs_no_socket),
		TEST(socket_is_needed),
		TEST(options_are_not_abbreviated),
		TEST(sockets_have_permissions),
		TEST(help_is_asked_for_in_any_way),
		TEST(endless_files_are_refused),
		TEST(too_many_faults_are_refused),
		TEST(equal_names_are_told_with_the_place),
		TEST(unknown_options_are_refused),
		TEST(bad_numbers_of_lines_are_refused),
		TEST(name_options_name_lines),
		TEST(later_names_win),
		TEST(bad_names_are_refused),
		TEST(lines_that_do_not_exist_are_refused),
		TEST(levels_are_set),
		TEST(bad_levels_are_refused),
		TEST(file_is_read),
		TEST(options_win_over_the_file),
		TEST(file_errors_name_the_line),
		TEST(file_errors_found_later_name_the_line),
		TEST(missing_file_is_an_error),
		TEST(wires_are_read),
		TEST(bad_wires_are_refused),
		TEST(wires_and_parts_are_read),
		TEST(bad_wires_and_parts_are_refused),
		TEST(bad_lines_of_the_host_are_refused),
		TEST(faults_are_read),
		TEST(seeds_differ_unless_given),
		TEST(bad_faults_are_refused),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
