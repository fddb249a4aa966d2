/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CHECK_PLAN_H
#define VGPIO_CHECK_PLAN_H

#include <stdbool.h>

/**
 * struct plan - what the user asked for
 * @socket: where the back end listens
 * @line: the line to try things with
 * @wired: outputs of line @from are seen on line @to
 * @from: see @wired
 * @to: see @wired
 * @set: a command that sets the level of a line from outside, or NULL
 * @timeout_ms: how long what must come may take
 * @strict: what should be must be
 * @only: the checks to run, separated by commas, or NULL for all
 * @tap: report in the Test Anything Protocol
 * @junit: write a report in XML to this file, or NULL
 */
struct plan {
	const char *socket;
	unsigned int line;
	bool wired;
	unsigned int from;
	unsigned int to;
	const char *set;
	int timeout_ms;
	bool strict;
	const char *only;
	bool tap;
	const char *junit;
};

#endif
