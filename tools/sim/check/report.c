/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks say: for people, in TAP, and in the XML of JUnit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/report.h"

static const char *const verdict_words[VERDICTS] = {
	[PASSED] = "pass", [WARNED] = "warn", [FAILED] = "FAIL", [SKIPPED] = "skip",
	[BLOCKED] = "BLOCKED",
};

static bool is_blamed(const struct run *run)
{
	return run->verdict == FAILED || run->verdict == WARNED;
}

/* --- details ---------------------------------------------------------------------- */

static const char *told_line(const struct dut *d, unsigned int i)
{
	return d->told[i % DUT_TOLD];
}

static unsigned int first_told(const struct dut *d)
{
	return d->told_count > DUT_TOLD ? d->told_count - DUT_TOLD : 0;
}

/* What was sent and what came back, and what the specification says of it. */
static void print_details(const char *prefix, const struct check *check, const struct run *run)
{
	const struct dut *d = &run->dut;

	printf("%swrong: %s\n", prefix, run->why);
	if (first_told(d))
		printf("%s  (the last %u of %u)\n", prefix, DUT_TOLD, d->told_count);
	for (unsigned int i = first_told(d); i < d->told_count; i++)
		printf("%s  %s\n", prefix, told_line(d, i));
	printf("%s%s:\n%s  %s%s%s\n", prefix, check->section, prefix, catalogue_quote(check),
	       check->sentence, catalogue_quote(check));
}

/* --- for people -------------------------------------------------------------------- */

static void print_text(const struct check *check, const struct run *run)
{
	printf("%-8s%-5s%s\n", verdict_words[run->verdict], check->id, check->what);
	if (is_blamed(run))
		print_details("             ", check, run);
	else if (run->verdict != PASSED)
		printf("             %s\n", run->why);
}

/* --- TAP ----------------------------------------------------------------------------- */

static void print_tap(const struct report *report, const struct check *check,
		      const struct run *run)
{
	bool good = run->verdict != FAILED && run->verdict != BLOCKED;

	printf("%s %u - %s %s", good ? "ok" : "not ok", report->done, check->id, check->what);
	if (run->verdict == SKIPPED)
		printf(" # SKIP %s", run->why);
	putchar('\n');
	if (is_blamed(run))
		print_details("# ", check, run);
	else if (run->verdict == BLOCKED)
		printf("# blocked: %s\n", run->why);
}

/* --- JUnit ----------------------------------------------------------------------------- */

static void put_xml_char(FILE *file, char c)
{
	static const struct { char c; const char *name; } names[] = {
		{ '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '"', "&quot;" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (c == names[i].c) {
			fputs(names[i].name, file);
			return;
		}
	}
	fputc(c, file);
}

static void put_xml(FILE *file, const char *text)
{
	for (; *text; text++)
		put_xml_char(file, *text);
}

static void put_junit_details(FILE *file, const struct check *check, const struct run *run)
{
	const struct dut *d = &run->dut;

	for (unsigned int i = first_told(d); i < d->told_count; i++) {
		put_xml(file, told_line(d, i));
		fputc('\n', file);
	}
	put_xml(file, check->section);
	fputs(": ", file);
	put_xml(file, check->sentence);
}

static void put_junit_element(FILE *file, const char *element, const struct check *check,
			      const struct run *run)
{
	fprintf(file, "<%s message=\"", element);
	put_xml(file, run->why);
	fputs("\">", file);
	if (run->verdict == FAILED)
		put_junit_details(file, check, run);
	fprintf(file, "</%s>", element);
}

static void put_junit_warning(FILE *file, const struct check *check, const struct run *run)
{
	fputs("<system-out>warning: ", file);
	put_xml(file, run->why);
	fputc('\n', file);
	put_junit_details(file, check, run);
	fputs("</system-out>", file);
}

static void put_junit(FILE *file, const struct check *check, const struct run *run,
		      double seconds)
{
	static const char *const elements[VERDICTS] = {
		[FAILED] = "failure", [SKIPPED] = "skipped", [BLOCKED] = "error",
	};

	fprintf(file, "<testcase classname=\"vgpio-check\" name=\"%s ", check->id);
	put_xml(file, check->what);
	fprintf(file, "\" time=\"%.3f\">", seconds);
	if (elements[run->verdict])
		put_junit_element(file, elements[run->verdict], check, run);
	else if (run->verdict == WARNED)
		put_junit_warning(file, check, run);
	fputs("</testcase>\n", file);
}

/* --- all ------------------------------------------------------------------------------- */

/* Its head has the counts, so that it is written at the end; that it can be, before. */
static int open_junit(struct report *report, struct errmsg *err)
{
	report->junit = fopen(report->plan->junit, "we");
	if (!report->junit)
		return errmsg_set(err, "cannot write %s: %s", report->plan->junit, strerror(errno));
	report->cases = open_memstream(&report->text, &report->length);
	return report->cases ? 0 : errmsg_set(err, "no memory for %s", report->plan->junit);
}

static int write_junit(struct report *report)
{
	const unsigned int *n = report->counts;
	bool bad = fclose(report->cases);

	fprintf(report->junit, "<?xml version=\"1.0\"?>\n<testsuite name=\"vgpio-check\" "
		"tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", report->done,
		n[FAILED], n[BLOCKED], n[SKIPPED]);
	fwrite(report->text, 1, report->length, report->junit);
	fputs("</testsuite>\n", report->junit);
	free(report->text);
	bad = ferror(report->junit) || bad;
	return fclose(report->junit) || bad ? -1 : 0;
}

/**
 * report_open() - begin a report
 * @report: the report
 * @plan: what the user asked for
 * @total: number of checks that are to run
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int report_open(struct report *report, const struct plan *plan, unsigned int total,
		struct errmsg *err)
{
	*report = (struct report){ .plan = plan, .total = total };
	if (plan->junit && open_junit(report, err))
		return -1;
	if (plan->tap)
		printf("TAP version 13\n1..%u\n", total);
	return 0;
}

/**
 * report_add() - add the verdict of a check
 * @report: the report
 * @check: the check
 * @run: how it went
 * @seconds: how long it took
 */
void report_add(struct report *report, const struct check *check, const struct run *run,
		double seconds)
{
	report->done++;
	report->counts[run->verdict]++;
	if (report->plan->tap)
		print_tap(report, check, run);
	else
		print_text(check, run);
	fflush(stdout);
	if (report->cases)
		put_junit(report->cases, check, run, seconds);
}

/**
 * report_close() - end a report
 * @report: the report
 * @err: what is wrong, if so
 *
 * Return: 0, or -1 if not all of it could be written.
 */
int report_close(struct report *report, struct errmsg *err)
{
	const unsigned int *n = report->counts;

	printf("%s%u passed, %u failed, %u blocked, %u with a warning, %u skipped\n",
	       report->plan->tap ? "# " : "", n[PASSED], n[FAILED], n[BLOCKED], n[WARNED],
	       n[SKIPPED]);
	if (fflush(stdout))
		return errmsg_set(err, "cannot write the report: %s", strerror(errno));
	if (report->junit && write_junit(report))
		return errmsg_set(err, "cannot write %s: %s", report->plan->junit, strerror(errno));
	return 0;
}
