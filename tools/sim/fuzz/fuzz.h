/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_FUZZ_H
#define VGPIO_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * struct fuzz_input - what is left of the fuzzer's bytes
 * @data: the next byte
 * @size: their number
 */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};

/* The next byte, or 0 at the end. */
static inline uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (!in->size)
		return 0;
	in->size--;
	return *in->data++;
}

/* Up to @len bytes; @len becomes what there is. */
static inline const uint8_t *fuzz_bytes(struct fuzz_input *in, size_t *len)
{
	const uint8_t *data = in->data;

	if (*len > in->size)
		*len = in->size;
	in->data += *len;
	in->size -= *len;
	return data;
}

static inline void fuzz_check(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
