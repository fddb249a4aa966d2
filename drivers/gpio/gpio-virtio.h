/* SPDX-License-Identifier: GPL-2.0+ */
#ifndef _GPIO_VIRTIO_H
#define _GPIO_VIRTIO_H

#include <linux/kconfig.h>

/* What the KUnit tests of the driver have to know of it */
#if IS_ENABLED(CONFIG_KUNIT)
extern unsigned int virtio_gpio_timeout_ms;
extern unsigned int virtio_gpio_poll_ms;
#endif

#endif
