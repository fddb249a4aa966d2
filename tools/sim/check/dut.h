/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CHECK_DUT_H
#define VGPIO_CHECK_DUT_H

#include <linux/virtio_gpio.h>

#include "check/plan.h"
#include "driver/link.h"

#define DUT_REQUESTQ	0
#define DUT_EVENTQ	1
#define DUT_QUEUES	2
#define DUT_NUM		128
#define DUT_PAIRS	(DUT_NUM / 2)
#define DUT_BLOCK	256
#define DUT_MAX_NAMES	(1u << 24)
#define DUT_TOLD	16
#define DUT_TOUCHED	16

#define DUT_BIT(n)	(1ull << (n))
#define DUT_FEATURES	(DUT_BIT(VIRTIO_F_VERSION_1) | DUT_BIT(VIRTIO_GPIO_F_IRQ))

/**
 * enum pair_layout - how a request and its reply are described to the device
 * @PAIR_PLAIN: a descriptor each
 * @PAIR_SPLIT: two descriptors each
 * @PAIR_INDIRECT: in a table elsewhere
 */
enum pair_layout {
	PAIR_PLAIN,
	PAIR_SPLIT,
	PAIR_INDIRECT,
};

/**
 * struct pair - a request and room for its reply
 * @queue: its queue
 * @type: the message's type; of an event buffer 0
 * @line: the line
 * @value: the message's value
 * @response: where the reply goes
 * @room: length of that
 * @fill: what that was filled with
 * @length: length of the request
 * @block: memory around both, as the device got it
 * @out: the device has it
 * @place: how many came back before it
 * @used_len: as the used ring told it
 * @sent_ns: when the device got it
 */
struct pair {
	unsigned int queue;
	unsigned int type;
	unsigned int line;
	uint32_t value;
	uint64_t response;
	uint32_t room;
	uint8_t fill;
	uint32_t length;
	uint8_t block[DUT_BLOCK];
	bool out;
	unsigned int place;
	uint32_t used_len;
	uint64_t sent_ns;
};

/**
 * struct touched_line - a line that is to be left as it was found
 * @line: the line
 * @direction: set last
 * @trigger: set last
 */
struct touched_line {
	unsigned int line;
	uint32_t direction;
	uint32_t trigger;
};

/**
 * struct dut - the device under test, and a driver for it
 * @plan: what the user asked for
 * @link: the connection; @link.fd is -1 while there is none
 * @lost: the back end closed it
 * @guest: memory and rings
 * @table: for each queue, its descriptors as they were given to the device
 * @kick: for each queue, notifications to the device
 * @call: for each queue, notifications from it
 * @offered: features of the device
 * @features: those in use
 * @lines: number of lines
 * @names_size: size of the names
 * @fill: what the room for replies is filled with
 * @pairs: for each queue, its requests
 * @next: for each queue, the pair to use next
 * @out: for each queue, how many pairs the device has
 * @seen: for each queue, used entries that were seen
 * @notified: for each queue, the device notified since dut_notified() was called
 * @slowest_ns: the longest time that the device took to answer, while it did
 * @touched: lines that are to be left as they were found
 * @touched_count: their number
 * @told: what was sent and what came back, the last of it
 * @told_count: how much that was
 * @leaving: what happens now is not told
 * @breach: how the device broke the rules of its queues first, or ""
 */
struct dut {
	const struct plan *plan;
	struct vu_link link;
	bool lost;
	struct guest guest;
	struct vring_desc table[DUT_QUEUES][DUT_NUM];
	int kick[DUT_QUEUES];
	int call[DUT_QUEUES];
	uint64_t offered;
	uint64_t features;
	unsigned int lines;
	uint32_t names_size;
	uint8_t fill;
	struct pair pairs[DUT_QUEUES][DUT_PAIRS];
	unsigned int next[DUT_QUEUES];
	unsigned int out[DUT_QUEUES];
	uint16_t seen[DUT_QUEUES];
	bool notified[DUT_QUEUES];
	uint64_t slowest_ns;
	struct touched_line touched[DUT_TOUCHED];
	unsigned int touched_count;
	char told[DUT_TOLD][128];
	unsigned int told_count;
	bool leaving;
	char breach[256];
};

int dut_connect(struct dut *d, const struct plan *plan, bool patient);
int dut_open(struct dut *d, const struct plan *plan, uint64_t wanted);
int dut_open_disabled(struct dut *d, const struct plan *plan, uint64_t wanted);
int dut_enable_queues(struct dut *d);
void dut_close(struct dut *d);
int dut_start_queues(struct dut *d, const uint32_t *base);
int dut_stop_queues(struct dut *d, uint32_t *base);

struct pair *dut_send(struct dut *d, unsigned int type, unsigned int line, uint32_t value,
		      enum pair_layout layout);
struct pair *dut_send_names(struct dut *d);
struct pair *dut_arm(struct dut *d, unsigned int line);
void dut_kick(struct dut *d, unsigned int queue);
bool dut_wait(struct dut *d, const struct pair *p, int ms);
bool dut_wait_used(struct dut *d, unsigned int queue, uint16_t seen, int ms);
bool dut_notified(struct dut *d, unsigned int queue, int ms);
const uint8_t *dut_response(const struct dut *d, const struct pair *p);

void dut_tell(struct dut *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void dut_tell_missing(struct dut *d);
void dut_name(const struct pair *p, char *name, size_t size);

#endif
