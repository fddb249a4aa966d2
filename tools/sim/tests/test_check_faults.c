/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vgpio-check, held against the simulator's faults: each of them, once, is found by the
 * check that is for it and by no other, and each check finds one.
 */
#include "checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What comes does so at once; what does not takes this long. */
#define TIMEOUT		"2s"

#define AT_A_TIME	8

/* The lines of the output that tell of anything but "pass" and "skip": "FAIL R6 ". */
static void collect_findings(const struct simulator *f, char *found, size_t size)
{
	static const char *const words[] = { "FAIL", "BLOCKED", "warn" };
	char copy[sizeof(f->output)], *rest = copy;
	size_t len = 0;

	found[0] = '\0';
	strcpy(copy, f->output);
	for (char *line; (line = strsep(&rest, "\n"));) {
		char word[16], id[16];

		if (line[0] == ' ' || sscanf(line, "%15s %15s", word, id) != 2)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (!strcmp(word, words[i]))
				len += snprintf(found + len, size - len, "%s %s ", word, id);
		assert_true(len < size);
	}
}

/**
 * struct row - a fault, and what is found of it
 * @fault: the fault; a count after "after" is of what other checks ask for before
 * @found: verdicts other than "pass" and "skip"
 */
struct row {
	const char *fault;
	const char *found;
};

static const struct row rows[] = {
	{ "delay 20ms get_value line 0 times 1", "" },
	{ "delay 20ms event line 1 after 2 times 1", "" },
	{ "reorder get_direction line 2 times 1", "" },
	{ "late 20ms event line 1 after 2 times 1", "" },
	{ "no-lines times 1", "FAIL R2 " },
	{ "huge-names times 1", "FAIL R2 " },
	{ "huge-names 200", "FAIL R4 " },
	{ "names-unterminated times 1", "FAIL R4 " },
	{ "names-duplicate times 1", "FAIL R4 " },
	{ "names-few times 1", "FAIL R4 " },
	{ "names-many times 1", "FAIL R4 " },
	{ "names-nonascii times 1", "FAIL M15 " },
	{ "error get_direction line 0 times 1", "FAIL M14 " },
	{ "bad-status get_direction line 0 times 1", "FAIL M14 " },
	{ "bad-status 0 unknown line 0 times 1", "FAIL M14 " },
	{ "short get_direction line 0 after 1 times 1", "FAIL R1 " },
	{ "silence get_direction line 3 times 1", "FAIL R6 " },
	{ "lose get_direction line 3 times 1", "FAIL R6 " },
	{ "close get_direction line 3 times 1", "FAIL R6 " },
	{ "bad-value get_value line 0 times 1", "FAIL M13 " },
	{ "late set_value line 0 after 3 times 1", "FAIL R5 " },
	{ "bad-status 0 set_irq_type line 1 times 1", "FAIL M16 " },
	{ "spurious line 1 times 1", "FAIL R11 " },
	{ "spurious line 1 after 1 times 1", "warn S17 " },
	{ "storm line 1 times 1", "FAIL M23 " },
	{ "silence event line 1 after 2 times 1", "FAIL M23 " },
	{ "late event line 1 after 2 times 1", "FAIL M23 " },
	{ "short event line 1 after 2 times 1", "FAIL M23 " },
	{ "bad-status 9 event line 1 after 2 times 1", "FAIL M23 " },
	{ "spurious line 1 after 2 times 1", "FAIL R12 " },
	{ "silence event line 1 after 3 times 1", "FAIL R12 " },
	{ "spurious line 1 after 3 times 1", "FAIL R7 " },
	{ "bad-value 2 get_direction line 0 after 5 times 1", "FAIL R7 " },
	{ "silence event line 1 after 5 times 1", "FAIL R8 " },
	{ "silence event line 1 after 6 times 1", "FAIL R8 " },
	{ "storm line 1 after 3 times 1", "warn S19 " },
	{ "storm line 1 after 4 times 1", "FAIL R9 " },
	{ "silence event line 1 after 10 times 1", "warn S18 " },
	{ "storm line 1 after 6 times 1", "FAIL R10 " },
	{ "twice line 1 after 1 times 1", "FAIL R25 " },
	{ "unnotified get_direction line 0 after 6 times 1", "FAIL V21 " },
	{ "error get_direction line 0 after 10 times 1", "FAIL V24 " },
	{ "error get_direction line 0 after 11 times 1", "FAIL V23 " },
	{ "silence event line 1 after 13 times 1", "warn V22 " },
	{ "early", "FAIL V26 " },
	{ "long get_direction line 0 times 1", "FAIL V20 " },
	{ "long event line 1 times 1", "FAIL V20 " },
	{ "bad-id get_direction line 0 times 1", "FAIL V20 " },
	{ "bad-id event line 1 times 1", "FAIL V20 " },
};

/**
 * struct job - a simulator and the checker that it is held against
 * @sim: the simulator
 * @out: its outputs
 * @checker: the checker
 * @report: its output
 * @found: its verdicts other than "pass" and "skip"
 * @status: its exit status
 * @struck: the fault came into play
 */
struct job {
	struct simulator *sim;
	int out;
	struct simulator *checker;
	int report;
	char found[512];
	int status;
	bool struck;
};

static void start_job(struct job *job, const char *board, const struct row *row)
{
	char *argv[] = {
		getenv("VGPIO_CHECK"), "--wire", "0:1", "--timeout", TIMEOUT, NULL, NULL,
	};

	assert_non_null(argv[0]);
	assert_int_equal(sim_set_up((void **)&job->sim), 0);
	assert_int_equal(sim_set_up((void **)&job->checker), 0);
	job->out = checker_start(job->sim, board, row->fault);
	argv[5] = job->sim->socket;
	job->report = sim_spawn(job->checker, argv);
}

static void end_job(struct job *job)
{
	struct simulator *sim = job->sim, *checker = job->checker;

	sim_read_until(checker, job->report, NULL);
	job->status = sim_exit_status(checker);
	collect_findings(checker, job->found, sizeof(job->found));
	job->struck = !sim_run(sim, "ctl", sim->control, "fault", NULL) &&
		      !strstr(sim->output, "injected 0\n");
	close(job->report);
	close(job->out);
	sim_tear_down((void **)&sim);
}

static void judge_job(struct job *job, const struct row *row)
{
	if (strcmp(job->found, row->found))
		print_error("%s: %s\n%s", row->fault, job->found, job->checker->output);
	assert_string_equal(job->found, row->found);
	assert_int_equal(job->status, strstr(row->found, "FAIL") != NULL);
	assert_true(job->struck);
	sim_tear_down((void **)&job->checker);
}

/* They mostly wait, so that many of them do it at a time. */
static void try_faults(const char *board, const struct row *list, size_t count)
{
	struct job *jobs = test_calloc(count, sizeof(*jobs));

	for (size_t i = 0; i < count; i++)
		start_job(&jobs[i], board, &list[i]);
	for (size_t i = 0; i < count; i++)
		end_job(&jobs[i]);
	for (size_t i = 0; i < count; i++)
		judge_job(&jobs[i], &list[i]);
	test_free(jobs);
}

static void each_fault_fails_the_check_for_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i += AT_A_TIME) {
		size_t left = ARRAY_SIZE(rows) - i;

		try_faults(checker_board, rows + i, left < AT_A_TIME ? left : AT_A_TIME);
	}
}

/* Without names there is one more thing to do wrong. */
static void names_that_are_not_there_must_be_refused(void **state)
{
	static const struct row row = { "bad-status 0 get_names times 1", "FAIL R3 " };

	(void)state;
	try_faults("lines 8\nline 0 loop 1\n", &row, 1);
}

/* Each check is in a row above, or it may be one that never fails. */
static void each_check_has_a_fault_that_it_finds(void **state)
{
	struct simulator *f = *state;
	char *rest = f->output;
	unsigned int checks = 0;

	assert_int_equal(sim_check(f, "--list", NULL), 0);
	for (char *line; (line = strsep(&rest, "\n"));) {
		char id[16], word[20];
		bool found = line[0] == ' ' || !line[0];

		if (!found) {
			checks++;
			assert_int_equal(sscanf(line, "%15s", id), 1);
			snprintf(word, sizeof(word), " %s ", id);
			found = !strcmp(id, "R3");
		}
		for (size_t i = 0; i < ARRAY_SIZE(rows) && !found; i++)
			found = strstr(rows[i].found, word);
		assert_true(found);
	}
	assert_int_equal(checks, 27);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_fails_the_check_for_it),
		cmocka_unit_test(names_that_are_not_there_must_be_refused),
		cmocka_unit_test_setup_teardown(each_check_has_a_fault_that_it_finds, sim_set_up,
						sim_tear_down),
	};

	return cmocka_run_group_tests_name("check_faults", tests, NULL, NULL);
}
