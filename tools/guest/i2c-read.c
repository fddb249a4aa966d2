// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a byte from a device on an I2C bus, in one try, after bytes that are to be
 * written. The byte is printed, or what the kernel says, an error by its name, and judged
 * by the case.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_BYTES 8

static int fail(const char *what)
{
	printf("%s %s\n", what, strerrorname_np(errno));
	return 1;
}

int main(int argc, char **argv)
{
	unsigned char byte, before[MAX_BYTES];
	int fd, i;

	if (argc < 3 || argc > 3 + MAX_BYTES) {
		fprintf(stderr, "usage: i2c-read BUS ADDRESS [BYTE]...\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		return fail("open");
	if (ioctl(fd, I2C_SLAVE, strtoul(argv[2], NULL, 0)) < 0)
		return fail("address");
	if (ioctl(fd, I2C_RETRIES, 0UL) < 0)
		return fail("retries");
	for (i = 3; i < argc; i++)
		before[i - 3] = strtoul(argv[i], NULL, 0);
	if (argc > 3 && write(fd, before, argc - 3) < 0)
		return fail("write");
	if (read(fd, &byte, 1) < 0)
		return fail("read");
	printf("0x%02x\n", byte);
	return 0;
}
