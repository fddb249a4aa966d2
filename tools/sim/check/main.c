/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vgpio-check: holds a vhost-user GPIO back end against the virtio specification. */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/catalogue.h"
#include "check/report.h"
#include "loop.h"

#define VGPIO_CHECK_VERSION	"0.1"

#define NO_LINE		UINT_MAX

#define EXIT_FAILED	1
#define EXIT_TROUBLE	2

static const char usage[] =
	"usage: vgpio-check [OPTION]... SOCKET\n"
	"\n"
	"Plays a driver for the GPIO device (virtio ID 41) of a vhost-user back end that\n"
	"listens on SOCKET, and holds it against the virtio specification. Each check is a\n"
	"connection of its own: the back end has to take one after the other.\n"
	"\n"
	"  --line N          the line to try things with, input and output (default OUT of\n"
	"                    --wire, or 0)\n"
	"  --wire OUT:IN     line IN is wired to line OUT: what OUT drives is read on IN\n"
	"  --set COMMAND     a shell command that sets a line's level from outside, where\n"
	"                    {line} and {value} are put in\n"
	"  --only LIST       only these checks, such as R8,R9\n"
	"  --strict          what should be must be: a warning is a failure\n"
	"  --timeout TIME    how long what must come may take, such as 500ms (default 10s)\n"
	"  --tap             report in the Test Anything Protocol\n"
	"  --junit FILE      report in XML, too, as JUnit does\n"
	"  --list            list the checks, with what the specification says\n"
	"  --help            print this text; also -h\n"
	"  --version         print the version\n"
	"\n"
	"Without --wire or --set, checks that need an input to change are skipped.\n"
	"\n"
	"The exit status is 0 if no check failed, 1 if one did, 2 if checks could not be run.\n"
	"\n"
	"Example: vgpio-check --line 1 \\\n"
	"             --set 'vgpio-sim ctl /tmp/ctl.sock set {line} {value}' /tmp/gpio.sock\n";

enum option_number {
	OPTION_LINE = 256,
	OPTION_WIRE,
	OPTION_SET,
	OPTION_ONLY,
	OPTION_STRICT,
	OPTION_TIMEOUT,
	OPTION_TAP,
	OPTION_JUNIT,
	OPTION_LIST,
	OPTION_VERSION,
};

static const struct option options[] = {
	{ "line",	required_argument,	NULL, OPTION_LINE },
	{ "wire",	required_argument,	NULL, OPTION_WIRE },
	{ "set",	required_argument,	NULL, OPTION_SET },
	{ "only",	required_argument,	NULL, OPTION_ONLY },
	{ "strict",	no_argument,		NULL, OPTION_STRICT },
	{ "timeout",	required_argument,	NULL, OPTION_TIMEOUT },
	{ "tap",	no_argument,		NULL, OPTION_TAP },
	{ "junit",	required_argument,	NULL, OPTION_JUNIT },
	{ "list",	no_argument,		NULL, OPTION_LIST },
	{ "help",	no_argument,		NULL, 'h' },
	{ "version",	no_argument,		NULL, OPTION_VERSION },
	{ NULL,		0,			NULL, 0 },
};

/* --- the command line --------------------------------------------------------------- */

static int parse_line(const char *text, unsigned int *line, struct errmsg *err)
{
	if (parse_uint(text, line) && *line < UINT16_MAX)
		return 0;
	return errmsg_set(err, "\"%.32s\" is no line: a number from 0 to 65534 is needed", text);
}

static int parse_wire(struct plan *plan, const char *text, struct errmsg *err)
{
	char from[16] = "";
	const char *colon = strchr(text, ':');

	if (!colon || (size_t)(colon - text) >= sizeof(from))
		return errmsg_set(err, "--wire %.32s: two lines are needed, such as 0:1", text);
	memcpy(from, text, colon - text);
	if (parse_line(from, &plan->from, err) || parse_line(colon + 1, &plan->to, err))
		return -1;
	if (plan->from == plan->to)
		return errmsg_set(err, "--wire %.32s: a line cannot be wired to itself", text);
	plan->wired = true;
	return 0;
}

static int parse_timeout(struct plan *plan, const char *text, struct errmsg *err)
{
	uint64_t ns;

	if (!parse_duration(text, &ns) || ns < 1000000 || ns > 3600000000000ull)
		return errmsg_set(err, "--timeout %.32s: a time from 1ms to 3600s is needed", text);
	plan->timeout_ms = ns / 1000000;
	return 0;
}

static int parse_only(struct plan *plan, const char *text, struct errmsg *err)
{
	plan->only = text;
	do {
		size_t len = strcspn(text, ",");

		if (!catalogue_has(text, len))
			return errmsg_set(err, "--only: there is no check \"%.*s\"; --list lists them",
					  (int)(len < 32 ? len : 32), text);
		text += len;
	} while (*text++);
	return 0;
}

static int parse_set(struct plan *plan, const char *text, struct errmsg *err)
{
	if (!strstr(text, "{value}"))
		return errmsg_set(err, "--set: {value} is missing in \"%.64s\"", text);
	plan->set = text;
	return 0;
}

static void list_checks(void)
{
	for (size_t i = 0; i < catalogue_size; i++) {
		const struct check *c = &catalogue[i];

		printf("%-5s%s%s\n     %s:\n     %s%s%s\n", c->id, c->what,
		       c->should ? " (a \"should\")" : "", c->section, catalogue_quote(c),
		       c->sentence, catalogue_quote(c));
	}
}

static int unknown_option(const char *word, int result, struct errmsg *err)
{
	if (result == ':')
		return errmsg_set(err, "%.64s needs a value; see --help", word);
	return errmsg_set(err, "%.64s is no option, or takes no value; see --help", word);
}

/* Returns 1 if there is nothing more to do. */
static int use_option(struct plan *plan, int option, struct errmsg *err)
{
	switch (option) {
	case OPTION_LINE:
		return parse_line(optarg, &plan->line, err);
	case OPTION_WIRE:
		return parse_wire(plan, optarg, err);
	case OPTION_SET:
		return parse_set(plan, optarg, err);
	case OPTION_ONLY:
		return parse_only(plan, optarg, err);
	case OPTION_STRICT:
		plan->strict = true;
		return 0;
	case OPTION_TIMEOUT:
		return parse_timeout(plan, optarg, err);
	case OPTION_TAP:
		plan->tap = true;
		return 0;
	case OPTION_JUNIT:
		plan->junit = optarg;
		return 0;
	case OPTION_LIST:
		list_checks();
		return 1;
	case OPTION_VERSION:
		printf("vgpio-check %s\n", VGPIO_CHECK_VERSION);
		return 1;
	default:
		fputs(usage, stdout);
		return 1;
	}
}

static int parse_command_line(struct plan *plan, int argc, char **argv, struct errmsg *err)
{
	*plan = (struct plan){ .timeout_ms = 10000, .line = NO_LINE };
	opterr = 0;
	for (;;) {
		const char *word = argv[optind];
		int option = getopt_long(argc, argv, ":h", options, NULL), ret;

		if (option == -1)
			break;
		if (option == ':' || option == '?')
			return unknown_option(word, option, err);
		ret = use_option(plan, option, err);
		if (ret)
			return ret;
	}
	if (optind + 1 != argc)
		return errmsg_set(err, optind < argc ? "more than one socket; see --help" :
				  "the back end's socket is missing; see --help");
	plan->socket = argv[optind];
	if (plan->wired && plan->set)
		return errmsg_set(err, "--wire and --set: one of them is enough");
	if (plan->line == NO_LINE)
		plan->line = plan->wired ? plan->from : 0;
	return 0;
}

/* --- the checks ----------------------------------------------------------------------- */

static unsigned int count_chosen(const struct plan *plan)
{
	unsigned int count = 0;

	for (size_t i = 0; i < catalogue_size; i++)
		count += catalogue_chosen(plan->only, &catalogue[i]);
	return count;
}

static void run_chosen(const struct plan *plan, struct report *report)
{
	static struct run run;

	run.plan = plan;
	catalogue_prepare(&run);
	for (size_t i = 0; i < catalogue_size; i++) {
		uint64_t begin = loop_now();

		if (!catalogue_chosen(plan->only, &catalogue[i]))
			continue;
		catalogue_run(&run, &catalogue[i]);
		report_add(report, &catalogue[i], &run, (loop_now() - begin) / 1e9);
	}
	free(run.names.data);
}

/* Is there anything to check? */
static int reach_back_end(const struct plan *plan, struct errmsg *err)
{
	static struct dut dut;
	int ret = dut_connect(&dut, plan, false);

	*err = dut.link.err;
	dut_close(&dut);
	return ret;
}

static int check_back_end(const struct plan *plan, struct errmsg *err)
{
	struct report report;

	if (reach_back_end(plan, err) || report_open(&report, plan, count_chosen(plan), err))
		return -1;
	run_chosen(plan, &report);
	if (report_close(&report, err))
		return -1;
	if (report.counts[FAILED])
		return EXIT_FAILED;
	return report.counts[BLOCKED] ? EXIT_TROUBLE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct errmsg err;
	struct plan plan;
	int ret = parse_command_line(&plan, argc, argv, &err);

	signal(SIGPIPE, SIG_IGN);
	if (ret > 0)
		return EXIT_SUCCESS;
	if (!ret)
		ret = check_back_end(&plan, &err);
	if (ret < 0) {
		fprintf(stderr, "vgpio-check: %s\n", err.text);
		return EXIT_TROUBLE;
	}
	return ret;
}
