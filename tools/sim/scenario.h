/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_SCENARIO_H
#define VGPIO_SCENARIO_H

#include "text.h"

#define SCENARIO_MAX_LINE	4096

/**
 * struct scenario_step - a command
 * @text: the command
 * @number: its line in the file
 */
struct scenario_step {
	char *text;
	unsigned int number;
};

/**
 * struct scenario_test - a test, and what came of it
 * @name: its name
 * @steps: its commands
 * @count: number of @steps
 * @failed: the step that failed, or NULL
 * @error: why
 * @seconds: how long it took
 */
struct scenario_test {
	char *name;
	struct scenario_step *steps;
	size_t count;
	const struct scenario_step *failed;
	char *error;
	double seconds;
};

/**
 * struct scenario - a file with tests
 * @path: the file
 * @tests: the tests
 * @count: number of @tests
 */
struct scenario {
	const char *path;
	struct scenario_test *tests;
	size_t count;
};

int scenario_read(struct scenario *s, const char *path, struct errmsg *err);
void scenario_free(struct scenario *s);

#endif
