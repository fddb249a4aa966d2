/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_MODEL_H
#define VGPIO_MODEL_H

#include <linux/virtio_gpio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules.h"
#include "text.h"

#define GPIO_MAX_LINES	65535
#define GPIO_MAX_NAME	255
#define GPIO_MSG_TYPES	(VIRTIO_GPIO_MSG_IRQ_TYPE + 1)

/**
 * enum gpio_driver - who decides the value of a line, the strongest first
 * @GPIO_STUCK: a defect: the value never changes
 * @GPIO_CHIP: a line of the host's own that this one is
 * @GPIO_WIRE: others on the wire that this line is on
 * @GPIO_GUEST: the guest, as the line is an output
 * @GPIO_LOOP: the guest, by the output that this line is wired to
 * @GPIO_HOST: the host set a level
 * @GPIO_PULL: a resistor
 * @GPIO_NOBODY: the line floats, and reads 0
 */
enum gpio_driver {
	GPIO_STUCK,
	GPIO_CHIP,
	GPIO_WIRE,
	GPIO_GUEST,
	GPIO_LOOP,
	GPIO_HOST,
	GPIO_PULL,
	GPIO_NOBODY,
};

struct gpio_peer;

/**
 * struct gpio_peer_ops - what is at the other end of a line
 * @driver: who decides while @level tells a level
 * @level: the level that the line has, 0 or 1, whatever drives it on this side; -1 leaves
 *	   that to this side
 * @driven: this side drives the line in another way; NULL if that does not matter
 * @request: the guest asks for this VIRTIO_GPIO_DIRECTION_* and level; false refuses it.
 *	     NULL if all is possible, as for the next two.
 * @measure: the guest asks for the value: false if it cannot be had; if it is another one
 *	     than before, @level tells so from now on
 * @watch: the guest asks for interrupts; false if there can be none
 * @free: the device goes
 */
struct gpio_peer_ops {
	enum gpio_driver driver;
	int (*level)(const struct gpio_peer *peer);
	void (*driven)(struct gpio_peer *peer);
	bool (*request)(struct gpio_peer *peer, uint8_t direction, bool level);
	bool (*measure)(struct gpio_peer *peer);
	bool (*watch)(struct gpio_peer *peer);
	void (*free)(struct gpio_peer *peer);
};

/**
 * struct gpio_peer - the other end of a line: a wire, or a line of the host
 * @ops: what it is
 */
struct gpio_peer {
	const struct gpio_peer_ops *ops;
};

/**
 * struct gpio_line - one line
 * @name: its name, or NULL
 * @direction: VIRTIO_GPIO_DIRECTION_*
 * @output: the value the guest drives, or will drive as an output
 * @level: the level the host drives, seen while the guest drives none
 * @driven: the host drives @level
 * @pulled: a resistor pulls the line to @pull while nobody drives it
 * @pull: see @pulled
 * @stuck: the line has the value @stuck_at, whoever drives it
 * @stuck_at: see @stuck
 * @value: what can be measured
 * @edges: how often that changed
 * @trigger: VIRTIO_GPIO_IRQ_TYPE_*: other than NONE enables the interrupt
 * @unmasked: the driver queued a buffer for the next interrupt
 * @latched: an edge came while the interrupt was masked
 * @bursts: edges that are to come as if at once are still to come; until then no
 *	    buffer that the driver queues is returned for an edge or a level
 * @source: the line that drives this one while it is an output, or NULL
 * @targets: the first line whose @source this one is
 * @sibling: the next line with the same @source
 * @peer: the other end of the line, or NULL; the line's own
 */
struct gpio_line {
	char *name;
	uint8_t direction;
	bool output;
	bool level;
	bool driven;
	bool pulled;
	bool pull;
	bool stuck;
	bool stuck_at;
	bool value;
	uint64_t edges;
	uint8_t trigger;
	bool unmasked;
	bool latched;
	unsigned int bursts;
	struct gpio_line *source;
	struct gpio_line *targets;
	struct gpio_line *sibling;
	struct gpio_peer *peer;
};

/**
 * struct gpio_ops - what the model tells its user
 * @event: the line's buffer goes back to the driver, with this
 *	   VIRTIO_GPIO_IRQ_STATUS_*
 * @changed: value, direction or trigger of a line changed
 * @armed: the line's buffer waits for the next interrupt
 * @latched: an edge of the line is kept until its interrupt can be told
 * @violation: the driver did what the specification forbids
 */
struct gpio_ops {
	void (*event)(void *ctx, unsigned int line, uint8_t status);
	void (*changed)(void *ctx, unsigned int line);
	void (*armed)(void *ctx, unsigned int line);
	void (*latched)(void *ctx, unsigned int line);
	void (*violation)(void *ctx, unsigned int line, enum driver_rule rule, const char *what);
};

/**
 * struct gpio_irq_stats - what became of interrupts
 * @delivered: buffers returned VALID
 * @latched: edges kept for later because the interrupt was masked
 * @coalesced: edges that found one latched already
 * @invalid: buffers returned INVALID
 */
struct gpio_irq_stats {
	uint64_t delivered;
	uint64_t latched;
	uint64_t coalesced;
	uint64_t invalid;
};

/**
 * struct gpio_bank - the whole device
 * @lines: the lines
 * @borrowed: @lines are somebody else's memory
 * @count: their number
 * @irq: VIRTIO_GPIO_F_IRQ is negotiated
 * @sorted: the lines with names, in the order of these, once gpio_build_names() was called
 * @named: number of @sorted
 * @names: the gpio-names memory block, once asked for
 * @names_size: its size, 0 if no line has a name
 * @stats: counts since the last reset of the statistics
 * @ops: whom to tell
 * @ctx: for @ops
 */
struct gpio_bank {
	struct gpio_line *lines;
	bool borrowed;
	unsigned int count;
	bool irq;
	struct gpio_line **sorted;
	size_t named;
	char *names;
	size_t names_size;
	struct gpio_irq_stats stats;
	const struct gpio_ops *ops;
	void *ctx;
};

/**
 * struct gpio_request - a message of the driver, in host byte order
 * @type: VIRTIO_GPIO_MSG_*
 * @line: the line
 * @value: depends on @type
 */
struct gpio_request {
	uint16_t type;
	uint16_t line;
	uint32_t value;
};

/**
 * struct gpio_reply - the answer
 * @status: VIRTIO_GPIO_STATUS_*
 * @value: depends on the message
 * @names: instead of @value, the names block follows the status
 */
struct gpio_reply {
	uint8_t status;
	uint8_t value;
	bool names;
};

int gpio_init_in(struct gpio_bank *bank, struct gpio_line *lines, unsigned int count,
		 const struct gpio_ops *ops, void *ctx);
int gpio_init(struct gpio_bank *bank, unsigned int count, const struct gpio_ops *ops, void *ctx);
void gpio_free(struct gpio_bank *bank);
int gpio_set_name(struct gpio_bank *bank, unsigned int line, const char *name,
		  struct errmsg *err);
int gpio_build_names(struct gpio_bank *bank, struct errmsg *err);
int gpio_duplicate(const struct gpio_bank *bank);
int gpio_find(const struct gpio_bank *bank, const char *text);

struct gpio_reply gpio_handle(struct gpio_bank *bank, const struct gpio_request *req);
bool gpio_may_unmask(struct gpio_bank *bank, unsigned int line);
void gpio_unmask(struct gpio_bank *bank, unsigned int line);
void gpio_fire(struct gpio_bank *bank, unsigned int line);
void gpio_lose_event(struct gpio_bank *bank, unsigned int line, uint8_t status);
void gpio_begin_burst(struct gpio_bank *bank, unsigned int line);
void gpio_end_burst(struct gpio_bank *bank, unsigned int line);
void gpio_mask_all(struct gpio_bank *bank);
void gpio_reset(struct gpio_bank *bank);
void gpio_restore(struct gpio_bank *bank, unsigned int line, const struct gpio_line *old);
void gpio_settle(struct gpio_bank *bank);

void gpio_set_level(struct gpio_bank *bank, unsigned int line, bool level);
void gpio_release(struct gpio_bank *bank, unsigned int line);
void gpio_set_pull(struct gpio_bank *bank, unsigned int line, bool up);
void gpio_set_stuck(struct gpio_bank *bank, unsigned int line, bool value);
int gpio_set_peer(struct gpio_bank *bank, unsigned int line, struct gpio_peer *peer,
		  struct errmsg *err);
void gpio_settle_line(struct gpio_bank *bank, unsigned int line);
int gpio_drive(const struct gpio_line *line);
int gpio_set_loop(struct gpio_bank *bank, unsigned int from, unsigned int to,
		  struct errmsg *err);
bool gpio_value(const struct gpio_bank *bank, unsigned int line);
enum gpio_driver gpio_driver(const struct gpio_bank *bank, unsigned int line);
const char *gpio_driver_name(enum gpio_driver driver);
const char *gpio_message_name(unsigned int type);
const char *gpio_direction_name(uint8_t direction);
const char *gpio_trigger_name(uint8_t trigger);

#endif
