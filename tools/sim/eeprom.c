/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An EEPROM on an I2C bus, such as a 24C02: up to 256 bytes in pages of 8. It is always
 * ready, as it writes at once.
 */
#include <stdlib.h>
#include <string.h>

#include "eeprom.h"

#define MAX_SIZE	256
#define PAGE		8
#define MAX_BYTES	8

/**
 * enum phase - what the bits on the bus are
 * @OTHERS: nothing for us, until the next start condition
 * @ADDRESS: an address of the bus, and whether to read
 * @POINTER: where to write or read next
 * @WRITE: bytes to write
 * @READ: bytes that we send
 */
enum phase {
	OTHERS,
	ADDRESS,
	POINTER,
	WRITE,
	READ,
};

/**
 * struct eeprom - bytes on a bus
 * @part: for the list
 * @scl_line: the line of the clock
 * @sda_line: the line of the data
 * @address: its address on the bus
 * @size: number of bytes
 * @scl_end: where it is on the clock
 * @sda_end: where it is on the data
 * @scl: the clock as it was seen last
 * @sda: the data as it was seen last
 * @phase: what the bits are
 * @next: what they are after the acknowledgment under way
 * @bits: clock pulses of this byte; the ninth is the acknowledgment
 * @shift: the byte so far
 * @acked: whoever reads wants another byte
 * @pointer: where to write or read next
 * @reads: bytes that were read
 * @writes: bytes that were written
 * @bytes: what is in it
 */
struct eeprom {
	struct part part;
	unsigned int scl_line;
	unsigned int sda_line;
	unsigned int address;
	unsigned int size;
	struct wire_end *scl_end;
	struct wire_end *sda_end;
	bool scl;
	bool sda;
	enum phase phase;
	enum phase next;
	unsigned int bits;
	uint8_t shift;
	bool acked;
	unsigned int pointer;
	unsigned int reads;
	unsigned int writes;
	uint8_t bytes[MAX_SIZE];
};

static struct eeprom *eeprom_of(struct part *part)
{
	return (struct eeprom *)part;
}

/* Nobody drives 1 on the bus. */
static void put_bit(struct eeprom *e, bool bit)
{
	wire_drive(e->sda_end, bit ? WIRE_NOT_DRIVEN : 0);
	e->sda = wire_level(e->sda_end);
}

static void begin(struct eeprom *e, enum phase phase)
{
	e->phase = phase;
	e->bits = 0;
	e->shift = 0;
	put_bit(e, true);
}

/* Writing goes round in its page. */
static void store(struct eeprom *e, uint8_t byte)
{
	unsigned int next = (e->pointer & ~(PAGE - 1u)) | ((e->pointer + 1) % PAGE);

	e->bytes[e->pointer] = byte;
	e->pointer = next < e->size ? next : e->pointer & ~(PAGE - 1u);
	e->writes++;
}

/* A whole byte: whether it is acknowledged, and what follows. */
static bool take_byte(struct eeprom *e)
{
	bool ours = e->phase != ADDRESS || e->shift >> 1 == e->address;

	e->next = e->phase == ADDRESS ? POINTER : WRITE;
	if (e->phase == ADDRESS && e->shift & 1)
		e->next = READ;
	if (e->phase == POINTER)
		e->pointer = e->shift % e->size;
	else if (e->phase == WRITE)
		store(e, e->shift);
	return ours;
}

static void put_next_bit(struct eeprom *e)
{
	put_bit(e, e->bytes[e->pointer] >> (7 - e->bits) & 1);
}

static void byte_was_read(struct eeprom *e)
{
	e->reads++;
	e->pointer = (e->pointer + 1) % e->size;
	begin(e, e->acked ? READ : OTHERS);
	if (e->acked)
		put_next_bit(e);
}

static void send_on(struct eeprom *e)
{
	if (e->bits < 8)
		put_next_bit(e);
	else if (e->bits == 8)
		put_bit(e, true);
	else
		byte_was_read(e);
}

static void receive_on(struct eeprom *e)
{
	if (e->bits == 8) {
		if (take_byte(e))
			put_bit(e, false);
		else
			begin(e, OTHERS);
	} else if (e->bits > 8) {
		begin(e, e->next);
		if (e->phase == READ)
			put_next_bit(e);
	}
}

/* What is on the data line changes while the clock is low. */
static void clock_fell(struct eeprom *e)
{
	if (e->phase == READ)
		send_on(e);
	else if (e->phase != OTHERS)
		receive_on(e);
}

static void clock_rose(struct eeprom *e)
{
	if (e->phase == READ && e->bits == 8)
		e->acked = !e->sda;
	else if (e->phase != READ && e->bits < 8)
		e->shift = e->shift << 1 | e->sda;
	e->bits++;
}

/* Data that changes while the clock is high begins a message, or ends it. */
static void data_changed(struct eeprom *e)
{
	if (e->scl)
		begin(e, e->sda ? OTHERS : ADDRESS);
}

static void bus_changed(void *ctx)
{
	struct eeprom *e = ctx;
	bool scl = wire_level(e->scl_end), sda = wire_level(e->sda_end);
	bool clock = scl != e->scl, data = sda != e->sda;

	e->sda = sda;
	if (data && !clock)
		data_changed(e);
	e->scl = scl;
	if (clock && scl)
		clock_rose(e);
	else if (clock)
		clock_fell(e);
}

static void eeprom_defaults(struct part *part)
{
	struct eeprom *e = eeprom_of(part);

	e->address = 0x50;
	e->size = MAX_SIZE;
	memset(e->bytes, 0xff, sizeof(e->bytes));
}

static int connect_eeprom(struct part *part, struct errmsg *err)
{
	struct eeprom *e = eeprom_of(part);
	struct wires *wires = part->dev->wires;

	if (!e->size)
		return errmsg_set(err, "an eeprom's size must be 1 to %d", MAX_SIZE);
	e->scl_end = wire_tap(wires, part->dev, e->scl_line, bus_changed, e, err);
	if (!e->scl_end)
		return -1;
	e->sda_end = wire_tap(wires, part->dev, e->sda_line, bus_changed, e, err);
	if (!e->sda_end)
		return -1;
	wire_pull(e->scl_end, true);
	wire_pull(e->sda_end, true);
	e->scl = wire_level(e->scl_end);
	e->sda = wire_level(e->sda_end);
	return 0;
}

static bool parse_number(const char *text, unsigned int limit, unsigned int *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 0);

	*number = value;
	return *text >= '0' && *text <= '9' && !*end && value < limit;
}

static int set_bytes(struct eeprom *e, const struct part_call *call, unsigned int at)
{
	uint8_t bytes[MAX_BYTES];
	unsigned int byte;
	int count = call->count - 2;

	for (int i = 0; i < count; i++) {
		if (!parse_number(call->words[i + 2], 256, &byte))
			return errmsg_set(call->err, "\"%.32s\" must be a byte, 0 to 0xff",
					  call->words[i + 2]);
		bytes[i] = byte;
	}
	if (!count || at + count > e->size)
		return errmsg_set(call->err, "an address, and bytes up to the %u there are, must "
				  "follow", e->size);
	if (!call->check)
		memcpy(e->bytes + at, bytes, count);
	return 0;
}

static int act_eeprom(struct part *part, const struct part_call *call)
{
	struct eeprom *e = eeprom_of(part);
	bool put = !strcmp(call->words[0], "put"), get = !strcmp(call->words[0], "get");
	unsigned int at;

	if ((!put && !get) || call->count < 2 || call->count > (get ? 2 : 2 + MAX_BYTES))
		return errmsg_set(call->err, "an eeprom can \"get ADDRESS\" and \"put ADDRESS "
				  "BYTE...\" up to %d bytes", MAX_BYTES);
	if (!parse_number(call->words[1], e->size, &at))
		return errmsg_set(call->err, "\"%.32s\" must be an address, 0 to %u",
				  call->words[1], e->size - 1);
	if (put)
		return set_bytes(e, call, at);
	if (!call->check)
		buffer_printf(call->out, "byte 0x%02x\n", e->bytes[at]);
	return 0;
}

static void describe_eeprom(const struct part *part, struct buffer *out)
{
	const struct eeprom *e = (const struct eeprom *)part;

	buffer_printf(out, " reads %u writes %u", e->reads, e->writes);
}

static void disconnect_eeprom(struct part *part)
{
	struct eeprom *e = eeprom_of(part);

	if (e->scl_end)
		wire_untap(e->scl_end);
	if (e->sda_end)
		wire_untap(e->sda_end);
}

static const struct part_property eeprom_properties[] = {
	{ "scl", PART_LINE, true, 0, offsetof(struct eeprom, scl_line) },
	{ "sda", PART_LINE, true, 0, offsetof(struct eeprom, sda_line) },
	{ "address", PART_NUMBER, false, 0x7f, offsetof(struct eeprom, address) },
	{ "size", PART_NUMBER, false, MAX_SIZE, offsetof(struct eeprom, size) },
	{ NULL },
};

const struct part_kind eeprom_kind = {
	.name = "eeprom", .size = sizeof(struct eeprom), .properties = eeprom_properties,
	.defaults = eeprom_defaults, .connect = connect_eeprom, .act = act_eeprom,
	.describe = describe_eeprom, .disconnect = disconnect_eeprom,
};
