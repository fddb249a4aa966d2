/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files for a test, which removes them. */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"

/**
 * scratch_make() - make an empty file
 * @path: takes its name, SCRATCH_PATH characters at the most
 */
void scratch_make(char *path)
{
	int fd;

	strcpy(path, "/tmp/vgpio-sim-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
}

/**
 * scratch_write() - replace what is in a file
 * @path: the file
 * @text: what to write
 */
void scratch_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}
