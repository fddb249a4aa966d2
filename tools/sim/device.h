/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_DEVICE_H
#define VGPIO_DEVICE_H

#include "gpio.h"
#include "log.h"
#include "vring.h"

/**
 * enum device_queue - the device's queues
 * @DEVICE_REQUESTQ: messages and their replies
 * @DEVICE_EVENTQ: buffers for interrupts
 * @DEVICE_QUEUES: their number
 */
enum device_queue {
	DEVICE_REQUESTQ,
	DEVICE_EVENTQ,
	DEVICE_QUEUES,
};

#define DEVICE_MSG_TYPES	(VIRTIO_GPIO_MSG_IRQ_TYPE + 1)

/**
 * struct queue_stats - counts of one queue
 * @notifications: the driver's
 * @requests: chains that the driver made available
 * @interrupts: notifications sent to the driver
 */
struct queue_stats {
	uint64_t notifications;
	uint64_t requests;
	uint64_t interrupts;
};

/**
 * struct msg_stats - counts of one type of message
 * @requests: messages
 * @errors: those that were refused
 * @notifications: the driver's notifications that brought at least one
 */
struct msg_stats {
	uint64_t requests;
	uint64_t errors;
	uint64_t notifications;
};

/**
 * struct device_stats - counts since the last reset of the statistics
 * @queue: for each queue
 * @msg: for each VIRTIO_GPIO_MSG_*; [0] is for unknown ones
 * @violations: breaches of the specification by the driver
 * @sessions: front ends that connected
 */
struct device_stats {
	struct queue_stats queue[DEVICE_QUEUES];
	struct msg_stats msg[DEVICE_MSG_TYPES];
	uint64_t violations;
	uint64_t sessions;
};

/**
 * struct parked - the buffer pair that waits for a line's interrupt
 * @state: what is known about it
 * @status: the VIRTIO_GPIO_IRQ_STATUS_* to return, once decided
 * @head: names the chain
 * @status_gpa: where the status goes
 */
struct parked {
	enum { PARKED_NONE, PARKED_WAITING, PARKED_DECIDED } state;
	uint8_t status;
	uint16_t head;
	uint64_t status_gpa;
};

/**
 * struct device - the GPIO device between its queues and its model
 * @bank: the model
 * @parked: for each line, its event buffer
 * @decided: number of @parked that could not be returned yet
 * @ring: the queues that may be used now; NULL for the others
 * @stats: what happened
 * @kick_seen: for each message type: counted for the notification being served
 * @served: a notification is being served
 * @violation_limit: keeps the guest from flooding the log
 * @notify: send a notification for a queue to the driver
 * @notify_ctx: for @notify
 * @changed: a line changed; may be NULL
 * @changed_ctx: for @changed
 * @armed: a line is ready for an interrupt; may be NULL. It must not drive
 *	   a line: the queue is being served.
 * @armed_ctx: for @armed
 */
struct device {
	struct gpio_bank bank;
	struct parked *parked;
	unsigned int decided;
	struct virtqueue *ring[DEVICE_QUEUES];
	struct device_stats stats;
	bool kick_seen[DEVICE_MSG_TYPES];
	bool served;
	struct log_limit violation_limit;
	void (*notify)(void *ctx, enum device_queue queue);
	void *notify_ctx;
	void (*changed)(void *ctx, unsigned int line);
	void *changed_ctx;
	void (*armed)(void *ctx, unsigned int line);
	void *armed_ctx;
};

int device_init(struct device *dev, unsigned int lines);
void device_free(struct device *dev);
void device_reset(struct device *dev);
struct virtio_gpio_config device_config(const struct device *dev);

void device_attach(struct device *dev, enum device_queue queue, struct virtqueue *ring);
void device_detach(struct device *dev, enum device_queue queue);
void device_forget(struct device *dev, enum device_queue queue);
void device_kicked(struct device *dev, enum device_queue queue, uint64_t notifications);
int device_serve(struct device *dev, enum device_queue queue);

void device_set_level(struct device *dev, unsigned int line, bool level);
void device_reset_stats(struct device *dev);

#endif
