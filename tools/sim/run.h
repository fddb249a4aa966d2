/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_RUN_H
#define VGPIO_RUN_H

int run_main(int argc, char **argv);

#endif
