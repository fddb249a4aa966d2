/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver for the device under test: brings it up as the specification says,
 * queues requests and event buffers, and watches what the device does with the
 * queues beyond what it was asked for.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "check/dut.h"
#include "loop.h"
#include "model.h"
#include "sock.h"

/* In the block of each pair: the request, its reply, and a table for both. */
#define REQUEST_AT	16
#define RESPONSE_AT	128
#define TABLE_AT	192
#define GUARD		0x5a
#define NAMES		(GUEST_GPA + 0x40000)
#define NAMES_GUARD	0x1000
#define MEMORY		(0x40000 + DUT_MAX_NAMES + 0x10000)

#define LOOK_MS		20
#define CLEAN_UP_MS	1000

/* --- what was sent, and what came back --------------------------------------- */

/**
 * dut_tell() - note what was sent or what came back
 * @d: the device
 * @fmt: as for printf()
 */
void dut_tell(struct dut *d, const char *fmt, ...)
{
	va_list args;

	if (d->leaving)
		return;
	va_start(args, fmt);
	vsnprintf(d->told[d->told_count++ % DUT_TOLD], sizeof(d->told[0]), fmt, args);
	va_end(args);
}

static void name_message(const struct pair *p, char *name, size_t size)
{
	if (p->type && p->type < GPIO_MSG_TYPES)
		snprintf(name, size, "%s line %u", gpio_message_name(p->type), p->line);
	else
		snprintf(name, size, "message %u, line %u", p->type, p->line);
}

/**
 * dut_name() - a request in words
 * @p: the request
 * @name: takes the words
 * @size: size of @name
 */
void dut_name(const struct pair *p, char *name, size_t size)
{
	char message[64];

	if (p->queue == DUT_EVENTQ) {
		snprintf(name, size, "event buffer for line %u", p->line);
		return;
	}
	name_message(p, message, sizeof(message));
	if (p->value || p->type == VIRTIO_GPIO_MSG_SET_VALUE)
		snprintf(name, size, "%s value %u", message, p->value);
	else
		snprintf(name, size, "%s", message);
}

static const char *status_name(const struct pair *p, uint8_t status)
{
	if (p->queue == DUT_EVENTQ && status <= VIRTIO_GPIO_IRQ_STATUS_VALID)
		return status ? " VALID" : " INVALID";
	if (p->queue == DUT_REQUESTQ && status <= VIRTIO_GPIO_STATUS_ERR)
		return status ? " ERR" : " OK";
	return "";
}

static void tell_returned(struct dut *d, const struct pair *p)
{
	const uint8_t *response = dut_response(d, p);
	char name[96];

	dut_name(p, name, sizeof(name));
	if (p->queue == DUT_EVENTQ || p->room > 2)
		dut_tell(d, "%s: status %u%s, length %u", name, response[0],
			 status_name(p, response[0]), p->used_len);
	else
		dut_tell(d, "%s: status %u%s, value %u, length %u", name, response[0],
			 status_name(p, response[0]), response[1], p->used_len);
}

/**
 * dut_tell_missing() - note what did not come back
 * @d: the device
 */
void dut_tell_missing(struct dut *d)
{
	char name[96];

	for (unsigned int i = 0; i < DUT_QUEUES * DUT_PAIRS; i++) {
		const struct pair *p = &d->pairs[i / DUT_PAIRS][i % DUT_PAIRS];

		if (!p->out)
			continue;
		dut_name(p, name, sizeof(name));
		dut_tell(d, "%s: nothing", name);
	}
	if (d->lost)
		dut_tell(d, "the back end closed the connection");
}

__attribute__((format(printf, 2, 3)))
static void note_breach(struct dut *d, const char *fmt, ...)
{
	va_list args;

	if (*d->breach)
		return;
	va_start(args, fmt);
	vsnprintf(d->breach, sizeof(d->breach), fmt, args);
	va_end(args);
}

/* --- to bring it up ------------------------------------------------------------- */

/* Connects, and sees who is there. */
static int meet(struct dut *d)
{
	d->link.closed = false;
	d->link.fd = sock_connect_within(d->plan->socket, d->plan->timeout_ms, &d->link.err);
	if (d->link.fd < 0) {
		d->link.closed = errno == ECONNREFUSED || errno == ENOENT;
		return -1;
	}
	if (!vu_link_ask_u64(&d->link, VU_GET_FEATURES, &d->offered))
		return 0;
	if (d->link.silent)
		errmsg_store(&d->link.err, "the back end says nothing for %d ms; is another front "
			     "end connected to it?", d->link.timeout_ms);
	close_fd(&d->link.fd);
	return -1;
}

/* Some back ends close their socket, and open it anew, after each connection. */
static int meet_again(struct dut *d)
{
	uint64_t deadline = loop_now() + d->plan->timeout_ms * 1000000ull;

	while (meet(d)) {
		if (!d->link.closed || loop_now() > deadline)
			return -1;
		poll(NULL, 0, LOOK_MS);
	}
	return 0;
}

static int negotiate_protocol(struct dut *d)
{
	const uint64_t useful = DUT_BIT(VU_PROTOCOL_F_CONFIG) | DUT_BIT(VU_PROTOCOL_F_REPLY_ACK) |
				DUT_BIT(VU_PROTOCOL_F_MQ);
	struct vu_link *link = &d->link;
	uint64_t protocol;

	if (!(d->offered & DUT_BIT(VU_F_PROTOCOL_FEATURES)))
		return errmsg_set(&link->err, "the back end has no protocol features: a GPIO device "
				  "needs VHOST_USER_PROTOCOL_F_CONFIG");
	if (vu_link_ask_u64(link, VU_GET_PROTOCOL_FEATURES, &protocol))
		return -1;
	if (!(protocol & DUT_BIT(VU_PROTOCOL_F_CONFIG)))
		return errmsg_set(&link->err, "the back end has no configuration space "
				  "(VHOST_USER_PROTOCOL_F_CONFIG): it is no GPIO device");
	if (vu_link_tell_u64(link, VU_SET_PROTOCOL_FEATURES, protocol & useful))
		return -1;
	link->acks = protocol & DUT_BIT(VU_PROTOCOL_F_REPLY_ACK);
	return vu_link_tell(link, VU_SET_OWNER, NULL, 0, NULL, 0);
}

/**
 * dut_connect() - connect, and find out whether it can be a GPIO device
 * @d: takes the device; for dut_close() also after an error
 * @plan: what the user asked for
 * @patient: it was there before, and may need a moment
 *
 * Return: 0, or -1 with the link's error text set.
 */
int dut_connect(struct dut *d, const struct plan *plan, bool patient)
{
	*d = (struct dut){
		.plan = plan, .link = { .fd = -1, .timeout_ms = plan->timeout_ms },
		.guest = { .fd = -1 }, .kick = { -1, -1 }, .call = { -1, -1 }, .fill = 0xaa,
	};
	if (patient ? meet_again(d) : meet(d))
		return -1;
	return negotiate_protocol(d);
}

static int read_config(struct dut *d)
{
	struct virtio_gpio_config config = { 0 };

	if (vu_link_read_config(&d->link, 0, &config, sizeof(config)))
		return -1;
	d->lines = le16toh(config.ngpio);
	d->names_size = le32toh(config.gpio_names_size);
	return 0;
}

static int make_guest(struct dut *d)
{
	if (guest_init(&d->guest, DUT_NUM, MEMORY) || guest_seal(&d->guest))
		return errmsg_set(&d->link.err, "no memory for a guest: %s", strerror(errno));
	memset(guest_at(&d->guest, GUEST_GPA + GUEST_DATA), GUARD,
	       DUT_QUEUES * DUT_PAIRS * DUT_BLOCK);
	for (unsigned int i = 0; i < DUT_QUEUES; i++) {
		d->kick[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		d->call[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (d->kick[i] < 0 || d->call[i] < 0)
			return errmsg_set(&d->link.err, "no event descriptor: %s", strerror(errno));
	}
	return 0;
}

static bool irq_in_use(const struct dut *d)
{
	return d->features & DUT_BIT(VIRTIO_GPIO_F_IRQ);
}

static unsigned int queues_in_use(const struct dut *d)
{
	return irq_in_use(d) ? DUT_QUEUES : 1;
}

static struct vu_link_queue queue_at(const struct dut *d, unsigned int i, uint32_t base)
{
	return (struct vu_link_queue){
		.index = i, .ring = &d->guest.rings[i].setup, .base = base,
		.kick = d->kick[i], .call = d->call[i],
	};
}

/**
 * dut_start_queues() - start all queues
 * @d: the device
 * @base: for each queue, the index of the first available entry that it has not seen
 *
 * Return: 0, or -1 with the link's error text set.
 */
int dut_start_queues(struct dut *d, const uint32_t *base)
{
	for (unsigned int i = 0; i < queues_in_use(d); i++) {
		const struct vu_link_queue q = queue_at(d, i, base[i]);

		if (vu_link_start_queue(&d->link, &q))
			return -1;
	}
	return 0;
}

static int set_up_queues(struct dut *d)
{
	for (unsigned int i = 0; i < queues_in_use(d); i++) {
		const struct vu_link_queue q = queue_at(d, i, 0);

		if (vu_link_set_up_queue(&d->link, &q))
			return -1;
	}
	return 0;
}

/**
 * dut_enable_queues() - have all queues served, after dut_open_disabled()
 * @d: the device
 *
 * Return: 0, or -1 with the link's error text set.
 */
int dut_enable_queues(struct dut *d)
{
	for (unsigned int i = 0; i < queues_in_use(d); i++)
		if (vu_link_enable_queue(&d->link, i))
			return -1;
	/* One that acknowledges nothing has read all that it was told once it answers. */
	return d->link.acks ? 0 : vu_link_ask_u64(&d->link, VU_GET_FEATURES, &d->offered);
}

/* All that comes before the queues. */
static int prepare(struct dut *d, const struct plan *plan, uint64_t wanted)
{
	if (dut_connect(d, plan, true) || read_config(d) || make_guest(d))
		return -1;
	d->features = d->offered & wanted;
	if (vu_link_tell_u64(&d->link, VU_SET_FEATURES,
			     d->features | DUT_BIT(VU_F_PROTOCOL_FEATURES)) ||
	    vu_link_share(&d->link, &d->guest))
		return -1;
	return 0;
}

/**
 * dut_open() - connect, and do all that a driver does before it uses a device
 * @d: takes the device; for dut_close() also after an error
 * @plan: what the user asked for
 * @wanted: features to use, of those that are offered
 *
 * Return: 0, or -1 with the link's error text set.
 */
int dut_open(struct dut *d, const struct plan *plan, uint64_t wanted)
{
	static const uint32_t begin[DUT_QUEUES];

	return prepare(d, plan, wanted) || dut_start_queues(d, begin) ? -1 : 0;
}

/**
 * dut_open_disabled() - dut_open(), but for dut_enable_queues()
 * @d: takes the device; for dut_close() also after an error
 * @plan: what the user asked for
 * @wanted: features to use, of those that are offered
 *
 * Return: 0, or -1 with the link's error text set.
 */
int dut_open_disabled(struct dut *d, const struct plan *plan, uint64_t wanted)
{
	return prepare(d, plan, wanted) || set_up_queues(d) ? -1 : 0;
}

/**
 * dut_stop_queues() - stop all queues
 * @d: the device
 * @base: takes for each queue where it stopped, for dut_start_queues()
 *
 * Return: 0, or -1 with the link's error text set.
 */
int dut_stop_queues(struct dut *d, uint32_t *base)
{
	for (unsigned int i = 0; i < queues_in_use(d); i++)
		if (vu_link_stop_queue(&d->link, i, &base[i]))
			return -1;
	return 0;
}

static bool clean_up(struct dut *d, unsigned int type, unsigned int line)
{
	struct pair *p = dut_send(d, type, line, 0, PAIR_PLAIN);

	dut_kick(d, DUT_REQUESTQ);
	return dut_wait(d, p, CLEAN_UP_MS);
}

/* A line is left without trigger and direction, as far as the device still hears. */
static void leave_lines(struct dut *d)
{
	for (unsigned int i = 0; i < d->touched_count; i++) {
		const struct touched_line t = d->touched[i];

		if (t.trigger && t.direction != VIRTIO_GPIO_DIRECTION_OUT && irq_in_use(d) &&
		    !clean_up(d, VIRTIO_GPIO_MSG_IRQ_TYPE, t.line))
			return;
		if (t.direction && !clean_up(d, VIRTIO_GPIO_MSG_SET_DIRECTION, t.line))
			return;
	}
}

/**
 * dut_close() - leave the device
 * @d: the device
 */
void dut_close(struct dut *d)
{
	d->leaving = true;
	if (d->link.fd >= 0 && !d->lost)
		leave_lines(d);
	close_fd(&d->link.fd);
	if (d->guest.fd >= 0)
		guest_free(&d->guest);
	d->guest.fd = -1;
	for (unsigned int i = 0; i < DUT_QUEUES; i++) {
		close_fd(&d->kick[i]);
		close_fd(&d->call[i]);
	}
}

/* --- requests ------------------------------------------------------------------- */

static void note_touched(struct dut *d, const struct pair *p)
{
	struct touched_line *t = d->touched;

	if (p->type != VIRTIO_GPIO_MSG_SET_DIRECTION && p->type != VIRTIO_GPIO_MSG_IRQ_TYPE)
		return;
	while (t < d->touched + d->touched_count && t->line != p->line)
		t++;
	if (t == d->touched + DUT_TOUCHED)
		return;
	if (t == d->touched + d->touched_count)
		d->touched[d->touched_count++] = (struct touched_line){ .line = p->line };
	if (p->type == VIRTIO_GPIO_MSG_IRQ_TYPE)
		t->trigger = p->value;
	else
		t->direction = p->value;
}

static unsigned int pair_number(const struct dut *d, const struct pair *p)
{
	return p - d->pairs[p->queue];
}

static uint64_t block_of(const struct dut *d, const struct pair *p)
{
	return GUEST_GPA + GUEST_DATA + (p->queue * DUT_PAIRS + pair_number(d, p)) * DUT_BLOCK;
}

static struct pair *next_pair(struct dut *d, unsigned int queue)
{
	struct pair *p;

	do
		p = &d->pairs[queue][d->next[queue]++ % DUT_PAIRS];
	while (p->out);
	*p = (struct pair){ .queue = queue, .fill = d->fill };
	p->response = block_of(d, p) + RESPONSE_AT;
	return p;
}

/* The request from its second byte on, and the reply too, have descriptors of their own. */
static void describe_split(struct dut *d, const struct pair *p, uint64_t request, uint32_t len)
{
	struct guest_ring *r = &d->guest.rings[p->queue];
	unsigned int i = 2 * pair_number(d, p), lent = 2 * (d->next[p->queue]++ % DUT_PAIRS);

	/* The next pair lends its two; it is not in use, as they are taken in turn. */
	guest_desc(r, i, request, 1, VRING_DESC_F_NEXT, i + 1);
	guest_desc(r, i + 1, request + 1, len - 1, VRING_DESC_F_NEXT, lent);
	guest_desc(r, lent, p->response, 1, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, lent + 1);
	guest_desc(r, lent + 1, p->response + 1, p->room - 1, VRING_DESC_F_WRITE, 0);
}

static void describe_indirect(struct dut *d, const struct pair *p, uint64_t request,
			      uint32_t len)
{
	uint64_t at = block_of(d, p) + TABLE_AT;
	struct guest_ring table = { .desc = guest_at(&d->guest, at) };

	guest_pair(&table, 0, request, len, p->response, p->room);
	guest_desc(&d->guest.rings[p->queue], 2 * pair_number(d, p), at,
		   2 * sizeof(struct vring_desc), VRING_DESC_F_INDIRECT, 0);
}

static void describe(struct dut *d, const struct pair *p, uint64_t request, uint32_t len,
		     enum pair_layout layout)
{
	if (layout == PAIR_SPLIT)
		describe_split(d, p, request, len);
	else if (layout == PAIR_INDIRECT)
		describe_indirect(d, p, request, len);
	else
		guest_pair(&d->guest.rings[p->queue], pair_number(d, p), request, len, p->response,
			   p->room);
}

/* Names are too long for a block: their reply is elsewhere, and guarded there. */
static bool in_block(const struct dut *d, const struct pair *p)
{
	return p->response == block_of(d, p) + RESPONSE_AT;
}

static void *behind_response(const struct dut *d, const struct pair *p)
{
	return guest_at(&d->guest, p->response + p->room);
}

static void offer(struct dut *d, struct pair *p, const void *request, uint32_t len,
		  enum pair_layout layout)
{
	uint64_t block = block_of(d, p);

	memset(guest_at(&d->guest, block), GUARD, DUT_BLOCK);
	memset(guest_at(&d->guest, p->response), p->fill, p->room);
	if (!in_block(d, p))
		memset(behind_response(d, p), GUARD, NAMES_GUARD);
	memcpy(guest_at(&d->guest, block + REQUEST_AT), request, len);
	describe(d, p, block + REQUEST_AT, len, layout);
	p->length = len;
	memcpy(p->block, guest_at(&d->guest, block), DUT_BLOCK);
	p->out = true;
	p->sent_ns = loop_now();
	d->out[p->queue]++;
	guest_offer(&d->guest.rings[p->queue], 2 * pair_number(d, p));
}

static struct pair *send_message(struct dut *d, struct pair *p, enum pair_layout layout)
{
	const struct virtio_gpio_request request = {
		.type = htole16(p->type), .gpio = htole16(p->line), .value = htole32(p->value),
	};

	note_touched(d, p);
	offer(d, p, &request, sizeof(request), layout);
	return p;
}

/**
 * dut_send() - queue a message; dut_kick() must follow
 * @d: the device
 * @type: VIRTIO_GPIO_MSG_*
 * @line: the line
 * @value: depends on @type
 * @layout: how it is described
 *
 * Return: the request.
 */
struct pair *dut_send(struct dut *d, unsigned int type, unsigned int line, uint32_t value,
		      enum pair_layout layout)
{
	struct pair *p = next_pair(d, DUT_REQUESTQ);

	p->type = type;
	p->line = line;
	p->value = value;
	p->room = sizeof(struct virtio_gpio_response);
	return send_message(d, p, layout);
}

/**
 * dut_send_names() - queue a request for the names; dut_kick() must follow
 * @d: the device, with at most DUT_MAX_NAMES of them
 *
 * Return: the request.
 */
struct pair *dut_send_names(struct dut *d)
{
	struct pair *p = next_pair(d, DUT_REQUESTQ);

	p->type = VIRTIO_GPIO_MSG_GET_NAMES;
	p->response = NAMES;
	p->room = 1 + d->names_size;
	return send_message(d, p, PAIR_PLAIN);
}

/**
 * dut_arm() - queue an event buffer; dut_kick() must follow
 * @d: the device
 * @line: the line
 *
 * Return: the buffer.
 */
struct pair *dut_arm(struct dut *d, unsigned int line)
{
	const struct virtio_gpio_irq_request request = { .gpio = htole16(line) };
	struct pair *p = next_pair(d, DUT_EVENTQ);

	p->line = line;
	p->room = sizeof(struct virtio_gpio_irq_response);
	offer(d, p, &request, sizeof(request), PAIR_PLAIN);
	dut_tell(d, "event buffer for line %u: queued", line);
	return p;
}

/**
 * dut_kick() - notify the device
 * @d: the device
 * @queue: of this queue
 */
void dut_kick(struct dut *d, unsigned int queue)
{
	struct pollfd pfd = { .fd = d->kick[queue], .events = POLLOUT };

	memcpy(d->table[queue], d->guest.rings[queue].desc, sizeof(d->table[queue]));
	/*
	 * Without room for one more, a notification is pending. That is looked at first, as
	 * the back end can make the descriptor one that waits for room.
	 */
	if (poll(&pfd, 1, 0) > 0 && eventfd_write(d->kick[queue], 1) && errno != EAGAIN)
		d->lost = true;
}

/**
 * dut_response() - what came back
 * @d: the device
 * @p: the request
 *
 * Return: the reply, of @p->room bytes.
 */
const uint8_t *dut_response(const struct dut *d, const struct pair *p)
{
	return guest_at(&d->guest, p->response);
}

/* --- what comes back ------------------------------------------------------------- */

/* Is a part of the block as the device got it? */
static bool is_untouched(const struct dut *d, const struct pair *p, uint32_t from, uint32_t to)
{
	const uint8_t *block = guest_at(&d->guest, block_of(d, p));

	return !memcmp(block + from, p->block + from, to - from);
}

static bool is_guard(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != GUARD)
			return false;
	return true;
}

/* Nothing but the reply may have changed. */
static void check_memory(struct dut *d, const struct pair *p)
{
	uint32_t request_end = REQUEST_AT + p->length;
	uint32_t end = RESPONSE_AT + (in_block(d, p) ? p->room : 0);
	char name[96];

	dut_name(p, name, sizeof(name));
	if (!is_untouched(d, p, REQUEST_AT, request_end))
		note_breach(d, "%s: it was written, and the device must only read it", name);
	if (!is_untouched(d, p, 0, REQUEST_AT) ||
	    !is_untouched(d, p, request_end, RESPONSE_AT) ||
	    !is_untouched(d, p, end, DUT_BLOCK) ||
	    (!in_block(d, p) && !is_guard(behind_response(d, p), NAMES_GUARD)))
		note_breach(d, "%s: memory beside its buffers was written", name);
	if (memcmp(d->table[p->queue], d->guest.rings[p->queue].desc, sizeof(d->table[0])))
		note_breach(d, "%s: the descriptor table was written", name);
	if (p->used_len > p->room)
		note_breach(d, "%s: the used ring tells of %u bytes written, its buffer has %u",
			    name, p->used_len, p->room);
}

static struct pair *only_one_out(struct dut *d, unsigned int queue)
{
	for (unsigned int i = 0; d->out[queue] == 1 && i < DUT_PAIRS; i++)
		if (d->pairs[queue][i].out)
			return &d->pairs[queue][i];
	return NULL;
}

/* Under a wrong name, what comes back can only be the one that is out. */
static struct pair *find_returned(struct dut *d, unsigned int queue, uint32_t id)
{
	if (!(id % 2) && id / 2 < DUT_PAIRS && d->pairs[queue][id / 2].out)
		return &d->pairs[queue][id / 2];
	note_breach(d, "the used ring of queue %u names chain %u, which the device does not have",
		    queue, id);
	return only_one_out(d, queue);
}

static void take_one(struct dut *d, unsigned int queue)
{
	const struct guest_ring *r = &d->guest.rings[queue];
	const struct vring_used_elem *elem = &r->used->ring[d->seen[queue] % DUT_NUM];
	struct pair *p = find_returned(d, queue, le32toh(elem->id));

	if (p) {
		p->out = false;
		p->place = d->seen[queue];
		p->used_len = le32toh(elem->len);
		d->out[queue]--;
		check_memory(d, p);
		tell_returned(d, p);
	}
	d->seen[queue]++;
}

static void take_returned(struct dut *d)
{
	for (unsigned int i = 0; i < queues_in_use(d); i++) {
		uint16_t used = guest_used(&d->guest.rings[i]);

		if ((uint16_t)(used - d->seen[i]) > DUT_NUM) {
			note_breach(d, "the used index of queue %u went from %u to %u", i, d->seen[i],
				    used);
			d->seen[i] = used;
		}
		while (d->seen[i] != used)
			take_one(d, i);
	}
}

static bool connection_ended(const struct dut *d)
{
	struct pollfd pfd = { .fd = d->link.fd, .events = POLLRDHUP };

	return poll(&pfd, 1, 0) > 0 && pfd.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static void note_time(struct dut *d, const struct pair *p)
{
	uint64_t took = loop_now() - p->sent_ns;

	if (p->queue == DUT_REQUESTQ && took > d->slowest_ns)
		d->slowest_ns = took;
}

/* Waits for a notification, not longer than it takes to miss one; what came is not taken. */
static void wait_for_call(struct dut *d, unsigned int queue, int ms)
{
	struct pollfd pfd = { .fd = d->call[queue], .events = POLLIN };
	eventfd_t count;

	poll(&pfd, 1, ms < LOOK_MS ? ms : LOOK_MS);
	d->notified[queue] |= !eventfd_read(d->call[queue], &count);
	d->lost = connection_ended(d);
}

/**
 * dut_wait() - wait until a request comes back
 * @d: the device
 * @p: the request
 * @ms: how long at most
 *
 * What is in the used ring counts, also where the device does not notify.
 *
 * Return: true if it did.
 */
bool dut_wait(struct dut *d, const struct pair *p, int ms)
{
	uint64_t deadline = loop_now() + ms * 1000000ull;
	bool late = false;

	for (;;) {
		take_returned(d);
		if (!p->out) {
			note_time(d, p);
			return true;
		}
		if (late || d->lost)
			return false;
		wait_for_call(d, p->queue, ms);
		late = loop_now() >= deadline;
	}
}

/**
 * dut_wait_used() - wait until a queue's used ring goes on, whatever comes back
 * @d: the device
 * @queue: the queue
 * @seen: @d->seen of it, from where on it counts
 * @ms: how long at most
 *
 * Return: true if it did.
 */
bool dut_wait_used(struct dut *d, unsigned int queue, uint16_t seen, int ms)
{
	uint64_t deadline = loop_now() + ms * 1000000ull;
	bool late = false;

	for (;;) {
		take_returned(d);
		if (d->seen[queue] != seen)
			return true;
		if (late || d->lost)
			return false;
		wait_for_call(d, queue, ms);
		late = loop_now() >= deadline;
	}
}

/**
 * dut_notified() - did the device notify?
 * @d: the device
 * @queue: of this queue, since it was asked last
 * @ms: how long to wait for it
 *
 * Return: true if it did.
 */
bool dut_notified(struct dut *d, unsigned int queue, int ms)
{
	struct pollfd pfd = { .fd = d->call[queue], .events = POLLIN };
	bool notified = d->notified[queue];
	eventfd_t count;

	if (!notified)
		notified = poll(&pfd, 1, ms) > 0 && !eventfd_read(d->call[queue], &count);
	d->notified[queue] = false;
	return notified;
}
