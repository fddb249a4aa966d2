/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CLIENT_H
#define VGPIO_CLIENT_H

#include "util.h"

int client_command(int argc, char **argv, struct buffer *out, struct errmsg *err);
int client_main(int argc, char **argv);

#endif
