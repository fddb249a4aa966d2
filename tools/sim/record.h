/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_RECORD_H
#define VGPIO_RECORD_H

#include "text.h"

/**
 * struct record - a file that grows by whole entries
 * @fd: the file, or -1 if there is none
 * @path: its name, for messages
 * @written: length of the entries that are in the file
 * @entry: the next entry
 * @failed: the record ended before its time
 */
struct record {
	int fd;
	const char *path;
	uint64_t written;
	struct buffer entry;
	bool failed;
};

int record_open(struct record *r, const char *path, struct errmsg *err);
void record_write(struct record *r);
void record_close(struct record *r);

#endif
