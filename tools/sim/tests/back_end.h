/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_BACK_END_H
#define VGPIO_TEST_BACK_END_H

#include "simulator.h"

/**
 * enum back_end_habit - what a back end does wrong
 * @BACK_END_CUTS_MEMORY: makes the guest's memory shorter after a reply
 * @BACK_END_FILLS_KICK: leaves no room for a notification after a reply
 * @BACK_END_LEAVES: closes the connection when it gets an event buffer
 * @BACK_END_WRITES_REQUEST: writes to the requests that it answers
 * @BACK_END_WRITES_EVENT: writes to the padding of event buffers
 * @BACK_END_WRITES_TABLE: writes to indirect tables
 * @BACK_END_WRITES_BEHIND: has names, and writes a byte behind them
 * @BACK_END_LOSES_BASE: tells 0 for where its queues stopped
 * @BACK_END_INVERTS: tells the inverse of every value
 * @BACK_END_DISCARDS: refuses what comes before its queue is enabled, which is right; all
 *		       others carry it out
 */
enum back_end_habit {
	BACK_END_CUTS_MEMORY,
	BACK_END_FILLS_KICK,
	BACK_END_LEAVES,
	BACK_END_WRITES_REQUEST,
	BACK_END_WRITES_EVENT,
	BACK_END_WRITES_TABLE,
	BACK_END_WRITES_BEHIND,
	BACK_END_LOSES_BASE,
	BACK_END_INVERTS,
	BACK_END_DISCARDS,
};

void back_end_start(struct simulator *f, enum back_end_habit habit);

#endif
