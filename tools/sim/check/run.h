/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CHECK_RUN_H
#define VGPIO_CHECK_RUN_H

#include "check/dut.h"

/**
 * enum verdict - what a check says of a device
 * @PASSED: it does what is required
 * @WARNED: it does not do what should be
 * @FAILED: it does not do what must be
 * @SKIPPED: there was nothing to check, or nothing to check it with
 * @BLOCKED: what had to come before did not work, so nothing is known
 * @VERDICTS: their number
 */
enum verdict {
	PASSED,
	WARNED,
	FAILED,
	SKIPPED,
	BLOCKED,
	VERDICTS,
};

/**
 * struct names_block - the names as the device told them
 * @data: the bytes, or NULL while they are not known
 * @size: their number as the configuration tells it
 * @lines: number of lines
 * @status: the reply's status
 * @length: bytes that were written, with the status
 */
struct names_block {
	char *data;
	uint32_t size;
	unsigned int lines;
	uint8_t status;
	uint32_t length;
};

/**
 * struct run - a check under way
 * @plan: what the user asked for
 * @dut: the device
 * @names: its names, for all checks that ask for them
 * @breach: how the device broke the rules of its queues in any check so far, or ""
 * @breach_in: the check that it happened in
 * @inverse: the device tells the inverse of levels, as a check found out
 * @verdict: what the check says
 * @why: why it does not pass
 */
struct run {
	const struct plan *plan;
	struct dut dut;
	struct names_block names;
	char breach[256];
	const char *breach_in;
	bool inverse;
	enum verdict verdict;
	char why[512];
};

bool run_fail(struct run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool run_warn(struct run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool run_skip(struct run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool run_block(struct run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

bool run_reopen(struct run *run, uint64_t wanted);
bool run_reopen_disabled(struct run *run);
bool run_has_stimulus(const struct run *run);
unsigned int run_input(const struct run *run);

bool run_wait(struct run *run, const struct pair *p);
struct pair *run_ask(struct run *run, unsigned int type, unsigned int line, uint32_t value);
bool run_ask_ok(struct run *run, unsigned int type, unsigned int line, uint32_t value);
bool run_ask_value(struct run *run, unsigned int type, unsigned int line, uint8_t *value);
struct pair *run_arm(struct run *run, unsigned int line);
bool run_stays_out(struct run *run, const struct pair *p, bool *came);
bool run_is_left(struct run *run, unsigned int queue, uint16_t seen, bool *went_on);
bool run_is_event(struct run *run, const struct pair *p, uint8_t status);

bool run_prepare_input(struct run *run);
bool run_enable(struct run *run, unsigned int trigger);
bool run_drive(struct run *run, bool level);
void run_recall_buffers(struct run *run);

#endif
