/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CTL_H
#define VGPIO_CTL_H

#include "text.h"

int ctl_command(int argc, char **argv, struct buffer *out, struct errmsg *err);
int ctl_main(int argc, char **argv);

#endif
