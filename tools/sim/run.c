/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "vgpio-sim run": runs scenarios at a simulator, and reports what came of them. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "junit.h"
#include "libvgpio.h"
#include "log.h"
#include "loop.h"
#include "run.h"

#define EXIT_NOT_RUN	2
#define NS_PER_SECOND	1000000000ull

static const char usage[] =
	"usage: vgpio-sim run [OPTION]... SCENARIO...\n"
	"\n"
	"Runs the tests of scenarios at a simulator that is running; see vgpio-sim(1).\n"
	"\n"
	"  --control SOCKET    the simulator's control socket; without it VGPIO_CONTROL says\n"
	"                      which\n"
	"  --board BOARD       name or number of the board\n"
	"  --timeout DURATION  the longest wait for the reply to a command (default 60s)\n"
	"  --tap               print what the Test Anything Protocol wants\n"
	"  --junit FILE        write a report in the format of JUnit\n"
	"  --help              print this text\n";

/**
 * struct run - what is to be run, and how
 * @control: the control socket, or NULL
 * @board: the board, or NULL
 * @junit: file for a report, or NULL
 * @report: the report, while it is not written; or NULL
 * @timeout_s: how long a reply may take
 * @tap: print TAP
 * @help: print the usage only
 * @list: the scenarios
 * @count: number of @list
 * @tests: number of tests
 * @done: number of tests that were run
 * @failed: number of those that failed
 */
struct run {
	const char *control;
	const char *board;
	const char *junit;
	FILE *report;
	unsigned int timeout_s;
	bool tap;
	bool help;
	struct scenario *list;
	size_t count;
	size_t tests;
	size_t done;
	size_t failed;
};

static int set_timeout(struct run *run, const char *text, struct errmsg *err)
{
	uint64_t ns;

	if (!parse_duration(text, &ns))
		return errmsg_set(err, "--timeout %.64s: must be a duration, such as 60s", text);
	run->timeout_s = (ns + NS_PER_SECOND - 1) / NS_PER_SECOND;
	return 0;
}

static int set_option(struct run *run, int option, char **argv, struct errmsg *err)
{
	switch (option) {
	case 'c':
		run->control = optarg;
		return 0;
	case 'b':
		run->board = optarg;
		return 0;
	case 'j':
		run->junit = optarg;
		return 0;
	case 'p':
		run->tap = true;
		return 0;
	case 'h':
		run->help = true;
		return 0;
	case 't':
		return set_timeout(run, optarg, err);
	default:
		return errmsg_set(err, "%.64s is no option, or lacks its value; see "
				  "\"vgpio-sim run --help\"", argv[optind - 1]);
	}
}

static int parse_options(struct run *run, int argc, char **argv, struct errmsg *err)
{
	static const struct option options[] = {
		{ "control", required_argument, NULL, 'c' },
		{ "board", required_argument, NULL, 'b' },
		{ "timeout", required_argument, NULL, 't' },
		{ "tap", no_argument, NULL, 'p' },
		{ "junit", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		if (set_option(run, option, argv, err))
			return -1;
	if (optind == argc && !run->help)
		return errmsg_set(err, "no scenario is named; see \"vgpio-sim run --help\"");
	return 0;
}

/* Before anything can go wrong that would leave the report of an earlier run. */
static int open_report(struct run *run, struct errmsg *err)
{
	if (!run->junit)
		return 0;
	run->report = junit_open(run->junit, err);
	return run->report ? 0 : -1;
}

static int read_scenarios(struct run *run, char **paths, size_t count, struct errmsg *err)
{
	run->list = calloc(count, sizeof(*run->list));
	if (!run->list)
		return errmsg_set(err, "out of memory for the scenarios");
	for (run->count = 0; run->count < count; run->count++) {
		struct scenario *s = &run->list[run->count];

		if (scenario_read(s, paths[run->count], err)) {
			scenario_free(s);
			return -1;
		}
		run->tests += s->count;
	}
	return 0;
}

static void fail_at(struct scenario_test *test, const struct scenario_step *step,
		    const char *error)
{
	test->failed = step;
	test->error = strdup(error);
	if (test->error)
		return;
	log_error("out of memory for what went wrong");
	exit(EXIT_NOT_RUN);
}

/* Its window begins with the test, for what it expects before a stimulus. */
static void run_steps(struct vgpio *sim, struct scenario_test *test)
{
	if (!sim || vgpio_mark(sim, test->name)) {
		fail_at(test, &test->steps[0], vgpio_error(sim));
		return;
	}
	for (size_t i = 0; i < test->count; i++) {
		if (!vgpio_command(sim, "%s", test->steps[i].text))
			continue;
		fail_at(test, &test->steps[i], vgpio_error(sim));
		return;
	}
}

static void print_lines(const char *prefix, const char *text)
{
	while (*text) {
		int len = strcspn(text, "\n");

		printf("%s%.*s\n", prefix, len, text);
		text += len + (text[len] == '\n');
	}
}

static void print_failure(const struct run *run, const struct scenario *s,
			  const struct scenario_test *test)
{
	const char *prefix = run->tap ? "# " : "  ";

	printf("%s%s:%u: %s\n", prefix, s->path, test->failed->number, test->failed->text);
	print_lines(prefix, test->error);
}

static void print_test(const struct run *run, const struct scenario *s,
		       const struct scenario_test *test)
{
	if (run->tap)
		printf("%s %zu - %s\n", test->failed ? "not ok" : "ok", run->done, test->name);
	else
		printf("%-5s %s (%.3f s)\n", test->failed ? "FAIL" : "ok", test->name,
		       test->seconds);
	if (test->failed)
		print_failure(run, s, test);
	fflush(stdout);
}

/*
 * A connection of its own, as what another test did, or how it lost its connection, is none
 * of its business. If the simulator is gone since the last one, that is reported of each test.
 */
static int run_test(struct run *run, const struct scenario *s, struct scenario_test *test,
		    struct errmsg *err)
{
	uint64_t began = loop_now();
	struct vgpio *sim = vgpio_connect(run->control, run->board, run->timeout_s);

	if (!sim && !run->done)
		return errmsg_set(err, "%.480s", vgpio_error(NULL));
	run_steps(sim, test);
	vgpio_close(sim);
	test->seconds = (loop_now() - began) / 1e9;
	run->done++;
	run->failed += test->failed != NULL;
	print_test(run, s, test);
	return 0;
}

static int run_scenario(struct run *run, struct scenario *s, struct errmsg *err)
{
	for (size_t i = 0; i < s->count; i++)
		if (run_test(run, s, &s->tests[i], err))
			return -1;
	return 0;
}

static int write_report(struct run *run, struct errmsg *err)
{
	FILE *report = run->report;

	run->report = NULL;
	return report ? junit_write(report, run->junit, run->list, run->count, err) : 0;
}

/* What was printed before is lost, too, if it could not be written. */
static int flush_output(struct errmsg *err)
{
	if (fflush(stdout) || ferror(stdout))
		return errmsg_set(err, "cannot write all to standard output");
	return 0;
}

static int print_usage(struct errmsg *err)
{
	fputs(usage, stdout);
	return flush_output(err);
}

static int run_all(struct run *run, struct errmsg *err)
{
	if (run->tap)
		printf("TAP version 13\n1..%zu\n", run->tests);
	for (size_t i = 0; i < run->count; i++)
		if (run_scenario(run, &run->list[i], err))
			return -1;
	if (!run->tap)
		printf("%zu passed, %zu failed\n", run->done - run->failed, run->failed);
	return write_report(run, err) ? -1 : flush_output(err);
}

/* The tests, from the files to the report. */
static int run_scenarios(struct run *run, char **paths, size_t count, struct errmsg *err)
{
	int ret = open_report(run, err);

	if (!ret)
		ret = read_scenarios(run, paths, count, err);
	if (!ret)
		ret = run_all(run, err);
	if (run->report)
		fclose(run->report);
	for (size_t i = 0; i < run->count; i++)
		scenario_free(&run->list[i]);
	free(run->list);
	return ret;
}

/**
 * run_main() - the "run" command
 * @argc: number of arguments
 * @argv: "run", then options and scenarios
 *
 * Return: exit status: 0 if all tests passed, 1 if one failed, 2 if not all could be
 * run or reported.
 */
int run_main(int argc, char **argv)
{
	struct run run = { .timeout_s = 60 };
	struct errmsg err;
	int ret = parse_options(&run, argc, argv, &err);

	if (!ret && run.help)
		ret = print_usage(&err);
	else if (!ret)
		ret = run_scenarios(&run, argv + optind, argc - optind, &err);
	if (ret) {
		log_error("%s", err.text);
		return EXIT_NOT_RUN;
	}
	return run.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
