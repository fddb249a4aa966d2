/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A simulator for vgpio-check. */
#include "checker.h"

#include <stdio.h>

const char checker_board[] =
	"lines 32\n"
	"line 0 name A loop 1\n"
	"line 1 name \"B B\"\n"
	"line 31 name Z\n";

/**
 * checker_write_file() - write a text
 * @path: the file
 * @text: the text
 */
void checker_write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/**
 * checker_start() - start the simulator
 * @f: the simulator; its file for another socket has the board
 * @board: what the board is like
 * @fault: how it misbehaves, or NULL
 *
 * Return: the reading end of its outputs.
 */
int checker_start(struct simulator *f, const char *board, const char *fault)
{
	checker_write_file(f->other, board);
	if (fault)
		return sim_start(f, "--config", f->other, "--fault", fault, NULL);
	return sim_start(f, "--config", f->other, NULL);
}
