/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_LINES_H
#define VGPIO_LINES_H

#include "fault.h"
#include "model.h"
#include "log.h"
#include "loop.h"
#include "vhost/ring.h"

/* Most replies that wait, and their buffers: a driver must not exhaust the host. */
#define DEVICE_MAX_HELD		4096
#define DEVICE_MAX_HELD_SEGS	(1u << 20)

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
	struct msg_stats msg[GPIO_MSG_TYPES];
	uint64_t violations;
	uint64_t sessions;
};

/**
 * struct line_stats - counts of one line
 * @requests: messages about it
 * @errors: those that were refused
 * @events: interrupts delivered
 * @changes: of value, direction or trigger
 */
struct line_stats {
	uint64_t requests;
	uint64_t errors;
	uint64_t events;
	uint64_t changes;
};

/**
 * struct reply - a chain on its way back to the driver
 * @queue: its queue
 * @type: VIRTIO_GPIO_MSG_* or FAULT_EVENT
 * @line: the line that it is about
 * @value: the message's
 * @reply: what the model replied; for an event its status
 * @names: with @reply.names: the block to send
 * @spoilt: @names is to be freed
 * @chain: the buffers; its segs are valid as long as the ring's last chain
 * @limit: most bytes to write
 * @used_id: the chain as the used ring names it
 * @used_len: length as the used ring tells it, unless @exact
 * @exact: @used_len is the number of bytes written
 * @sent: the driver gets it; false if it never will
 * @taken_ns: when the device took the chain
 * @sent_ns: when it gave it back
 * @faults: bit for each FAULT_* that befell it
 */
struct reply {
	enum device_queue queue;
	unsigned int type;
	unsigned int line;
	uint32_t value;
	struct gpio_reply reply;
	const char *names;
	bool spoilt;
	struct vring_chain chain;
	uint64_t limit;
	uint32_t used_id;
	uint32_t used_len;
	bool exact;
	bool sent;
	uint64_t taken_ns;
	uint64_t sent_ns;
	uint32_t faults;
};

/**
 * struct held_reply - a reply that waits
 * @reply: the reply, with memory of its own
 * @due_ns: when it goes
 * @overtakers: number of later replies that make it go before
 * @ordered: replies for the same line must not pass each other
 * @other_lines: only replies for other lines count for @overtakers
 * @next: the device's list, in the order of their coming
 */
struct held_reply {
	struct reply reply;
	uint64_t due_ns;
	uint64_t overtakers;
	bool ordered;
	bool other_lines;
	struct held_reply *next;
};

/**
 * struct device_listener - somebody who is told what happens; any may be NULL
 * @changed: value, direction or trigger of a line changed
 * @armed: a line is ready for an interrupt. It must not drive a line: the
 *	   queue is being served.
 * @replied: a reply went out, or never will
 * @session: a front end connected or left
 * @marked: somebody set a mark, with this text
 * @ctx: for all of them
 * @next: the device's list
 */
struct device_listener {
	void (*changed)(void *ctx, unsigned int line);
	void (*armed)(void *ctx, unsigned int line);
	void (*replied)(void *ctx, const struct reply *reply);
	void (*session)(void *ctx, bool begins);
	void (*marked)(void *ctx, const char *text);
	void *ctx;
	struct device_listener *next;
};

/**
 * struct parked - the buffer pair that waits for a line's interrupt
 * @state: what is known about it
 * @status: the VIRTIO_GPIO_IRQ_STATUS_* to return, once decided
 * @head: names the chain
 * @status_gpa: where the status goes
 * @taken_ns: when the device took it
 * @faults: bit for each FAULT_* that befell it
 */
struct parked {
	enum { PARKED_NONE, PARKED_WAITING, PARKED_DECIDED } state;
	uint8_t status;
	uint16_t head;
	uint64_t status_gpa;
	uint64_t taken_ns;
	uint32_t faults;
};

/**
 * struct ring_kept - how far a queue is, so that another simulator can go on
 * @num: its size; 0 if it was not used yet
 * @last_avail: index of the next available entry to take
 * @used_idx: index of the next used entry to write
 */
struct ring_kept {
	uint32_t num;
	uint16_t last_avail;
	uint16_t used_idx;
};

/**
 * struct device_memory - what outlives the simulator
 * @lines: the lines
 * @parked: for each line, its event buffer
 * @kept: for each queue
 */
struct device_memory {
	struct gpio_line *lines;
	struct parked *parked;
	struct ring_kept *kept;
};

struct wires;
struct part;

/**
 * struct device - the GPIO device between its queues and its model
 * @bank: the model
 * @parked: for each line, its event buffer
 * @kept: for each queue, how far it is; NULL if nothing outlives the simulator
 * @decided: number of @parked that could not be returned yet
 * @ring: the queues that may be used now; NULL for the others
 * @unnotified: the queues whose next notification is lost
 * @strict: also note what the driver must not do, though the device can live with it
 * @rules: how the driver keeps to the rules
 * @stats: what happened
 * @line_stats: for each line
 * @faults: how it misbehaves
 * @loop: for replies that wait; they need one
 * @held: replies that wait
 * @held_count: number of @held
 * @held_segs: number of buffers in @held
 * @held_timer: when the next of them goes
 * @kick_seen: for each message type: counted for the notification being served
 * @served: a notification is being served
 * @violation_limit: keeps the guest from flooding the log
 * @notify: send a notification for a queue to the driver
 * @notify_ctx: for @notify
 * @listeners: who is told what happens
 * @recorded: one of them is told of replies, and so wants their times
 * @wires: the wires that its lines may be on; NULL if there are none
 * @parts: what is on its lines, a list
 * @changed_ns: when a line changed that a listener is being told of, if that is known; or 0
 */
struct device {
	struct gpio_bank bank;
	struct parked *parked;
	struct ring_kept *kept;
	unsigned int decided;
	struct virtqueue *ring[DEVICE_QUEUES];
	bool unnotified[DEVICE_QUEUES];
	bool strict;
	struct rules rules;
	struct device_stats stats;
	struct line_stats *line_stats;
	struct fault_set faults;
	struct loop *loop;
	struct held_reply *held;
	size_t held_count;
	size_t held_segs;
	struct loop_timer held_timer;
	bool kick_seen[GPIO_MSG_TYPES];
	bool served;
	struct log_limit violation_limit;
	void (*notify)(void *ctx, enum device_queue queue);
	void *notify_ctx;
	struct device_listener *listeners;
	bool recorded;
	struct wires *wires;
	struct part *parts;
	uint64_t changed_ns;
};

/**
 * device_change_time() - when did a line change, of which a listener is told?
 * @dev: the device
 *
 * Return: nanoseconds, by the clock of loop_now(): now, or the host's kernel noticed before.
 */
static inline uint64_t device_change_time(const struct device *dev)
{
	return dev->changed_ns ?: loop_now();
}

/**
 * device_time() - the time that replies are told with
 * @dev: the device
 *
 * Return: nanoseconds, or 0 if nobody is told: to read the clock takes time itself.
 */
static inline uint64_t device_time(const struct device *dev)
{
	return dev->recorded ? loop_now() : 0;
}

#endif
