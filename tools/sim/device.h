/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_DEVICE_H
#define VGPIO_DEVICE_H

#include "lines.h"

int device_init_in(struct device *dev, unsigned int lines, const struct device_memory *memory);
int device_init(struct device *dev, unsigned int lines);
void device_free(struct device *dev);
void device_reset(struct device *dev);
void device_restore(struct device *dev, const struct device_memory *old);
bool device_resume(struct device *dev, enum device_queue queue, struct virtqueue *ring);
void device_leave(struct device *dev);
struct virtio_gpio_config device_config(struct device *dev);
void device_listen(struct device *dev, struct device_listener *listener);
void device_unlisten(struct device *dev, struct device_listener *listener);
void device_session(struct device *dev, bool begins);
void device_mark(struct device *dev, const char *text);

void device_attach(struct device *dev, enum device_queue queue, struct virtqueue *ring);
void device_detach(struct device *dev, enum device_queue queue);
void device_forget(struct device *dev, enum device_queue queue);
bool device_is_early(struct device *dev, enum device_queue queue);
void device_kicked(struct device *dev, enum device_queue queue, uint64_t notifications);
int device_serve(struct device *dev, enum device_queue queue);

void device_settle(struct device *dev, unsigned int line, uint64_t ns);
void device_set_level(struct device *dev, unsigned int line, bool level);
void device_end_burst(struct device *dev, unsigned int line);
void device_release(struct device *dev, unsigned int line);
void device_reset_stats(struct device *dev);

#endif
