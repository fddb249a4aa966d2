/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */

#ifndef _LINUX_VIRTIO_GPIO_H
#define _LINUX_VIRTIO_GPIO_H

#include <linux/types.h>

/**
 * DOC: virtio GPIO features
 *
 * ``VIRTIO_GPIO_F_IRQ`` (0)
 *   The device has interrupts, and so it has an eventq beside the requestq.
 *   Section 5.18.3 of the virtio specification, version 1.2, as all sections
 *   below.
 */

/* Virtio GPIO Feature bits */
#define VIRTIO_GPIO_F_IRQ			0

/**
 * DOC: virtio GPIO requests
 *
 * The driver adds a &struct virtio_gpio_request to the requestq, for the device
 * to read, and a &struct virtio_gpio_response for it to write, or a
 * &struct virtio_gpio_response_get_names. The device keeps the order of requests
 * for the same line only (section 5.18.6).
 *
 * ==================================  ========  ==============================
 * Type                                Section   Value of the request, and of
 *                                               the response
 * ==================================  ========  ==============================
 * ``VIRTIO_GPIO_MSG_GET_NAMES``       5.18.6.1  0, and the names of all lines
 * ``VIRTIO_GPIO_MSG_GET_DIRECTION``   5.18.6.2  0, and
 *                                               ``VIRTIO_GPIO_DIRECTION_*``
 * ``VIRTIO_GPIO_MSG_SET_DIRECTION``   5.18.6.3  ``VIRTIO_GPIO_DIRECTION_*``,
 *                                               and 0
 * ``VIRTIO_GPIO_MSG_GET_VALUE``       5.18.6.4  0, and the level: 0 or 1
 * ``VIRTIO_GPIO_MSG_SET_VALUE``       5.18.6.5  the level: 0 or 1, and 0
 * ``VIRTIO_GPIO_MSG_IRQ_TYPE``        5.18.6.6  ``VIRTIO_GPIO_IRQ_TYPE_*``,
 *                                               and 0
 * ==================================  ========  ==============================
 *
 * The direction ``VIRTIO_GPIO_DIRECTION_NONE`` is that of a line which nobody
 * uses: the device deactivates it. ``VIRTIO_GPIO_IRQ_TYPE_NONE`` disables the
 * interrupt of a line. The driver sends it before it sets another type. The line
 * must not be an output then.
 */

/* Virtio GPIO request types */
#define VIRTIO_GPIO_MSG_GET_NAMES		0x0001
#define VIRTIO_GPIO_MSG_GET_DIRECTION		0x0002
#define VIRTIO_GPIO_MSG_SET_DIRECTION		0x0003
#define VIRTIO_GPIO_MSG_GET_VALUE		0x0004
#define VIRTIO_GPIO_MSG_SET_VALUE		0x0005
#define VIRTIO_GPIO_MSG_IRQ_TYPE		0x0006

/* Possible values of the status field */
#define VIRTIO_GPIO_STATUS_OK			0x0
#define VIRTIO_GPIO_STATUS_ERR			0x1

/* Direction types */
#define VIRTIO_GPIO_DIRECTION_NONE		0x00
#define VIRTIO_GPIO_DIRECTION_OUT		0x01
#define VIRTIO_GPIO_DIRECTION_IN		0x02

/* Virtio GPIO IRQ types */
#define VIRTIO_GPIO_IRQ_TYPE_NONE		0x00
#define VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING	0x01
#define VIRTIO_GPIO_IRQ_TYPE_EDGE_FALLING	0x02
#define VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH		0x03
#define VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH		0x04
#define VIRTIO_GPIO_IRQ_TYPE_LEVEL_LOW		0x08

/**
 * struct virtio_gpio_config - the configuration space (section 5.18.4)
 * @ngpio: number of lines, which are numbered from 0
 * @padding: 0
 * @gpio_names_size: size in bytes of the block with the names of the lines; 0 if
 *		     they have none
 */
struct virtio_gpio_config {
	__le16 ngpio;
	__u8 padding[2];
	__le32 gpio_names_size;
};

/**
 * struct virtio_gpio_request - what the driver wants (section 5.18.6)
 * @type: one of VIRTIO_GPIO_MSG_*
 * @gpio: number of the line; 0 for %VIRTIO_GPIO_MSG_GET_NAMES
 * @value: depends on @type
 */
struct virtio_gpio_request {
	__le16 type;
	__le16 gpio;
	__le32 value;
};

/**
 * struct virtio_gpio_response - the reply to a request (section 5.18.6)
 * @status: one of VIRTIO_GPIO_STATUS_*
 * @value: depends on the type of the request
 */
struct virtio_gpio_response {
	__u8 status;
	__u8 value;
};

/**
 * struct virtio_gpio_response_get_names - all names (section 5.18.6.1)
 * @status: one of VIRTIO_GPIO_STATUS_*
 * @value: for each line a name in 7-bit ASCII and a zero, in as many bytes as
 *	   the configuration space says. A line without a name has an empty one.
 *	   All other names differ
 */
struct virtio_gpio_response_get_names {
	__u8 status;
	__u8 value[];
};

/**
 * DOC: virtio GPIO events
 *
 * When the interrupt of a line is enabled, the driver unmasks it: it adds a
 * &struct virtio_gpio_irq_request to the eventq, for the device to read, and a
 * &struct virtio_gpio_irq_response for it to write, one pair for a line at most
 * (section 5.18.7). The device returns them when the interrupt fires, which masks
 * it until they are added again. An edge that comes meanwhile is not lost. The
 * device returns them as well when the interrupt is disabled.
 */

/**
 * struct virtio_gpio_irq_request - unmask an interrupt (section 5.18.7)
 * @gpio: number of the line
 */
struct virtio_gpio_irq_request {
	__le16 gpio;
};

/**
 * struct virtio_gpio_irq_response - an interrupt (section 5.18.7)
 * @status: VIRTIO_GPIO_IRQ_STATUS_VALID if it fired,
 *	    VIRTIO_GPIO_IRQ_STATUS_INVALID if it was disabled
 */
struct virtio_gpio_irq_response {
	__u8 status;
};

/* Possible values of the interrupt status field */
#define VIRTIO_GPIO_IRQ_STATUS_INVALID		0x0
#define VIRTIO_GPIO_IRQ_STATUS_VALID		0x1

#endif /* _LINUX_VIRTIO_GPIO_H */
