/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For test programs in C: starts a simulator, or connects to one that is running,
 * and gives it the commands that vgpio-sim(1) describes.
 *
 *	struct vgpio *sim = vgpio_start("button.board");
 *
 *	vgpio_require(sim, vgpio_pulse(sim, "Button", "10ms"));
 *	vgpio_require(sim, vgpio_expect(sim, "LED", "rise within 500ms"));
 *	vgpio_close(sim);
 *
 * Calls return 0, or -1 and then vgpio_error() says why. The simulator ends when the
 * thread ends that called vgpio_start(): call it where the program lives, such as in main().
 */
#ifndef LIBVGPIO_H
#define LIBVGPIO_H

struct vgpio;

struct vgpio *vgpio_start(const char *board);
struct vgpio *vgpio_connect(const char *control, const char *board, unsigned int timeout_s);
void vgpio_close(struct vgpio *sim);
const char *vgpio_socket(const struct vgpio *sim);
void vgpio_set_timeout(struct vgpio *sim, unsigned int seconds);

int vgpio_set(struct vgpio *sim, const char *line, int level);
int vgpio_get(struct vgpio *sim, const char *line);
int vgpio_pulse(struct vgpio *sim, const char *line, const char *duration);
int vgpio_release(struct vgpio *sim, const char *line);
int vgpio_mark(struct vgpio *sim, const char *text);
int vgpio_expect(struct vgpio *sim, const char *line, const char *condition);
int vgpio_then(struct vgpio *sim, const char *line, const char *condition);
int vgpio_command(struct vgpio *sim, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

const char *vgpio_reply(const struct vgpio *sim);
const char *vgpio_details(const struct vgpio *sim);
const char *vgpio_error(const struct vgpio *sim);

void vgpio_require_at(const struct vgpio *sim, int result, const char *file, int line,
		      const char *call);

/* Ends the program with status 1 if a call failed, and says where and why. */
#define vgpio_require(sim, call) vgpio_require_at(sim, call, __FILE__, __LINE__, #call)

#endif
