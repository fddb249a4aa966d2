/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_SOCK_H
#define VGPIO_SOCK_H

#include "util.h"

int sock_listen(const char *path, struct errmsg *err);
int sock_connect(const char *path, struct errmsg *err);
int sock_accept(int listener);
int sock_set_nonblocking(int fd);
void close_fd(int *fd);

#endif
