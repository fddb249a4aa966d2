/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_SIMULATOR_H
#define VGPIO_TEST_SIMULATOR_H

#include "guest.h"

#include <stdarg.h>
#include <sys/types.h>

/**
 * struct simulator - a running simulator
 * @dir: a directory for its sockets
 * @socket: the front end's socket
 * @control: the control socket
 * @other: another front end's socket
 * @pid: the simulator, or 0
 * @output: what it said on both outputs, or a client's
 */
struct simulator {
	char dir[64];
	char socket[96];
	char control[96];
	char other[96];
	pid_t pid;
	char output[8192];
};

int sim_set_up(void **state);
int sim_tear_down(void **state);
int sim_spawn(struct simulator *f, char **argv);
void sim_read_until(struct simulator *f, int fd, const char *text);
int sim_exit_status(struct simulator *f);
int sim_run(struct simulator *f, ...);
int sim_check(struct simulator *f, ...);
int sim_start(struct simulator *f, ...);
bool sim_file_exists(const char *path);
void sim_assert_says(const struct simulator *f, const char *what);
void sim_assert_sockets_gone(const struct simulator *f);
int sim_connect(const struct simulator *f);
void sim_assert_alive(int fd);

#endif
