// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a byte from a device on an I2C bus, in one try. The byte is printed, or what
 * the kernel says, an error by its name, and judged by the case.
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

static int fail(const char *what)
{
	printf("%s %s\n", what, strerrorname_np(errno));
	return 1;
}

int main(int argc, char **argv)
{
	unsigned char byte;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: i2c-read BUS ADDRESS\n");
		return 2;
	}
	fd = open(argv[1], O_RDWR);
	if (fd < 0)
		return fail("open");
	if (ioctl(fd, I2C_SLAVE, strtoul(argv[2], NULL, 0)) < 0)
		return fail("address");
	if (ioctl(fd, I2C_RETRIES, 0UL) < 0)
		return fail("retries");
	if (read(fd, &byte, 1) < 0)
		return fail("read");
	printf("0x%02x\n", byte);
	return 0;
}
