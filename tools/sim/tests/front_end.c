/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A front end for the tests, which drives the back end over a socket pair. */
#include "front_end.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_ended(void *ctx, bool failed)
{
	struct front_end *f = ctx;

	f->ended++;
	f->failed = failed;
}

static void on_sent(void *ctx)
{
	fe_run(ctx);
}

static void set_up_device(struct front_end *f)
{
	struct errmsg err;

	assert_int_equal(device_init(&f->dev, LINES), 0);
	assert_int_equal(gpio_set_name(&f->dev.bank, 1, "Reset", &err), 0);
	assert_int_equal(gpio_build_names(&f->dev.bank, &err), 0);
}

/**
 * fe_connect() - connect, for the first time or again
 * @f: the front end
 */
void fe_connect(struct front_end *f)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	f->link = (struct vu_link){ .fd = pair[0], .acks = true, .sent = on_sent, .ctx = f };
	vu_open(&f->session, pair[1]);
}

/**
 * fe_set_up() - make a front end, connected to a back end of its own
 * @state: takes it
 *
 * Return: 0.
 */
int fe_set_up(void **state)
{
	struct front_end *f = test_calloc(1, sizeof(*f));

	guest_make(&f->guest, NUM);
	set_up_device(f);
	f->session = (struct vu_session){
		.loop = &f->loop, .dev = &f->dev, .offer_irq = true,
		.ended = on_ended, .ended_ctx = f, .over = true,
	};
	fe_connect(f);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		f->kick[i] = eventfd(0, EFD_NONBLOCK);
		f->call[i] = eventfd(0, EFD_NONBLOCK);
	}
	*state = f;
	return 0;
}

/**
 * fe_tear_down() - end both
 * @state: the front end
 *
 * Return: 0.
 */
int fe_tear_down(void **state)
{
	struct front_end *f = *state;

	vu_close(&f->session);
	close(f->link.fd);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		close(f->kick[i]);
		close(f->call[i]);
	}
	loop_free(&f->loop);
	device_free(&f->dev);
	guest_free(&f->guest);
	test_free(f);
	return 0;
}

/**
 * fe_run() - let the back end do all that it can do now
 * @f: the front end
 */
void fe_run(struct front_end *f)
{
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(loop_run_once(&f->loop, false), 0);
}

/**
 * fe_send_bytes() - send a part of a message
 * @f: the front end
 * @data: the part
 * @len: its length
 * @fds: descriptors that go with it
 * @count: their number
 */
void fe_send_bytes(struct front_end *f, const void *data, size_t len, const int *fds,
		   unsigned int count)
{
	assert_int_equal(vu_link_send_bytes(&f->link, data, len, fds, count), 0);
}

/**
 * fe_send_msg() - send a message and let it be handled
 * @f: the front end
 * @request: enum vu_request
 * @flags: VU_FLAG_*
 * @payload: its content
 * @size: length of the content
 * @fds: descriptors that go with it
 * @count: their number
 */
void fe_send_msg(struct front_end *f, uint32_t request, uint32_t flags, const void *payload,
		 uint32_t size, const int *fds, unsigned int count)
{
	assert_int_equal(vu_link_send(&f->link, request, flags, payload, size, fds, count), 0);
}

/**
 * fe_receive() - receive a reply
 * @f: the front end
 * @request: what it must answer
 * @payload: takes its content
 * @room: size of @payload
 *
 * Return: length of the content.
 */
uint32_t fe_receive(struct front_end *f, uint32_t request, void *payload, size_t room)
{
	int len = vu_link_receive(&f->link, request, payload, room);

	assert_in_range(len, 0, room);
	return len;
}

/**
 * fe_assert_silent() - there must be no reply
 * @f: the front end
 */
void fe_assert_silent(struct front_end *f)
{
	char byte;

	assert_int_equal(recv(f->link.fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

/**
 * fe_assert_ended() - the session must be over
 * @f: the front end
 * @failed: because the front end broke the rules
 */
void fe_assert_ended(struct front_end *f, bool failed)
{
	fe_run(f);
	assert_int_equal(f->ended, 1);
	assert_int_equal(f->failed, failed);
}

/**
 * fe_get_u64() - ask for a number
 * @f: the front end
 * @request: enum vu_request
 *
 * Return: the number.
 */
uint64_t fe_get_u64(struct front_end *f, uint32_t request)
{
	uint64_t value = 0;

	assert_int_equal(vu_link_ask_u64(&f->link, request, &value), 0);
	return value;
}

/**
 * fe_set_u64() - send a number
 * @f: the front end
 * @request: enum vu_request
 * @value: the number
 */
void fe_set_u64(struct front_end *f, uint32_t request, uint64_t value)
{
	fe_send_msg(f, request, 0, &value, sizeof(value), NULL, 0);
}

/**
 * fe_want_acks() - negotiate acknowledgments
 * @f: the front end
 */
void fe_want_acks(struct front_end *f)
{
	fe_set_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(VU_PROTOCOL_F_REPLY_ACK));
}

static uint64_t assert_answered(int ret)
{
	assert_in_range(ret, 0, 1);
	return ret;
}

/**
 * fe_acked() - send a message that is to be acknowledged
 * @f: the front end
 * @request: enum vu_request
 * @payload: its content
 * @size: length of the content
 * @fds: descriptors that go with it
 * @count: their number
 *
 * Return: 0, or 1 if it was refused.
 */
uint64_t fe_acked(struct front_end *f, uint32_t request, const void *payload, uint32_t size,
		  const int *fds, unsigned int count)
{
	return assert_answered(vu_link_tell(&f->link, request, payload, size, fds, count));
}

/**
 * fe_acked_u64() - fe_acked() with a number
 * @f: the front end
 * @request: enum vu_request
 * @value: the number
 *
 * Return: 0, or 1 if it was refused.
 */
uint64_t fe_acked_u64(struct front_end *f, uint32_t request, uint64_t value)
{
	return assert_answered(vu_link_tell_u64(&f->link, request, value));
}

/**
 * fe_acked_state() - fe_acked() with a number for a queue
 * @f: the front end
 * @request: enum vu_request
 * @index: the queue
 * @num: the number
 *
 * Return: 0, or 1 if it was refused.
 */
uint64_t fe_acked_state(struct front_end *f, uint32_t request, uint32_t index, uint32_t num)
{
	return assert_answered(vu_link_tell_state(&f->link, request, index, num));
}

/**
 * fe_share_memory() - share the guest's memory
 * @f: the front end
 *
 * Return: 0, or 1 if it was refused.
 */
uint64_t fe_share_memory(struct front_end *f)
{
	return assert_answered(vu_link_share(&f->link, &f->guest));
}

/**
 * fe_set_addr() - tell where a ring is
 * @f: the front end
 * @index: the queue
 * @setup: its addresses
 *
 * Return: 0, or 1 if it was refused.
 */
uint64_t fe_set_addr(struct front_end *f, uint32_t index, const struct vring_setup *setup)
{
	return assert_answered(vu_link_tell_addr(&f->link, index, setup));
}

/**
 * fe_set_fd() - give a queue a descriptor
 * @f: the front end
 * @request: enum vu_request
 * @index: the queue
 * @fd: the descriptor
 *
 * Return: 0, or 1 if it was refused.
 */
uint64_t fe_set_fd(struct front_end *f, uint32_t request, uint64_t index, int fd)
{
	return assert_answered(vu_link_tell_fd(&f->link, request, index, fd));
}

/**
 * fe_start_queue_at() - set a queue up and start it
 * @f: the front end
 * @index: the queue
 * @base: the index of the first available entry that the device has not seen
 */
void fe_start_queue_at(struct front_end *f, uint32_t index, uint32_t base)
{
	const struct vu_link_queue q = {
		.index = index, .ring = &f->guest.rings[index].setup, .base = base,
		.kick = f->kick[index], .call = f->call[index],
	};

	assert_int_equal(vu_link_start_queue(&f->link, &q), 0);
}

/**
 * fe_start_queue() - set a queue up and start it as after a reset
 * @f: the front end
 * @index: the queue
 */
void fe_start_queue(struct front_end *f, uint32_t index)
{
	fe_start_queue_at(f, index, 0);
}

/**
 * fe_start_with() - do all that comes before the driver takes over
 * @f: the front end
 * @features: virtio features
 * @protocol: features of the protocol, beside acknowledgments
 */
void fe_start_with(struct front_end *f, uint64_t features, uint64_t protocol)
{
	fe_set_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(VU_PROTOCOL_F_REPLY_ACK) | protocol);
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, features), 0);
	assert_int_equal(fe_share_memory(f), 0);
	fe_start_queue(f, DEVICE_REQUESTQ);
	fe_start_queue(f, DEVICE_EVENTQ);
}

/**
 * fe_start() - the same, with no more of the protocol than it takes
 * @f: the front end
 * @features: virtio features
 */
void fe_start(struct front_end *f, uint64_t features)
{
	fe_start_with(f, features, 0);
}

/**
 * fe_take_signals() - read an event descriptor
 * @fd: the descriptor
 *
 * Return: how often it was signalled.
 */
uint64_t fe_take_signals(int fd)
{
	uint64_t value = 0;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

/**
 * fe_kick() - notify the device
 * @f: the front end
 * @queue: of this queue
 */
void fe_kick(struct front_end *f, enum device_queue queue)
{
	uint64_t one = 1;

	assert_int_equal(write(f->kick[queue], &one, sizeof(one)), sizeof(one));
	fe_run(f);
}

/**
 * fe_offer_request() - put a request into the ring: descriptors 2i and 2i + 1
 * @f: the front end
 * @i: number of the request
 * @type: VIRTIO_GPIO_MSG_*
 * @line: the line
 * @value: depends on @type
 */
void fe_offer_request(struct front_end *f, unsigned int i, uint16_t type, uint16_t line,
		      uint32_t value)
{
	struct guest_ring *r = &f->guest.rings[DEVICE_REQUESTQ];
	struct virtio_gpio_request req = { htole16(type), htole16(line), htole32(value) };

	memcpy(guest_at(&f->guest, REQUEST(i)), &req, sizeof(req));
	memset(guest_at(&f->guest, RESPONSE(i)), 0xaa, 64);
	guest_pair(r, i, REQUEST(i), sizeof(req), RESPONSE(i), 2);
	guest_offer(r, 2 * i);
}

/**
 * fe_assert_response() - a request must have this response
 * @f: the front end
 * @i: number of the request
 * @status: VIRTIO_GPIO_STATUS_*
 * @value: depends on the request
 */
void fe_assert_response(struct front_end *f, unsigned int i, uint8_t status, uint8_t value)
{
	uint8_t expected[3] = { status, value, 0xaa };

	assert_memory_equal(guest_at(&f->guest, RESPONSE(i)), expected, sizeof(expected));
}

/**
 * fe_request() - make request 0 and have it served
 * @f: the front end
 * @type: VIRTIO_GPIO_MSG_*
 * @line: the line
 * @value: depends on @type
 */
void fe_request(struct front_end *f, uint16_t type, uint16_t line, uint32_t value)
{
	fe_offer_request(f, 0, type, line, value);
	fe_kick(f, DEVICE_REQUESTQ);
}

/**
 * fe_offer_event_buffer() - unmask a line
 * @f: the front end
 * @i: number of the buffer
 * @line: the line
 */
void fe_offer_event_buffer(struct front_end *f, unsigned int i, uint16_t line)
{
	struct guest_ring *r = &f->guest.rings[DEVICE_EVENTQ];
	uint16_t le = htole16(line);

	memcpy(guest_at(&f->guest, REQUEST(16 + i)), &le, sizeof(le));
	memset(guest_at(&f->guest, RESPONSE(16 + i)), 0xaa, 64);
	guest_pair(r, i, REQUEST(16 + i), sizeof(le), RESPONSE(16 + i), 1);
	guest_offer(r, 2 * i);
}

/**
 * fe_assert_event() - an event buffer must hold this
 * @f: the front end
 * @i: number of the buffer
 * @status: VIRTIO_GPIO_IRQ_STATUS_*
 */
void fe_assert_event(struct front_end *f, unsigned int i, uint8_t status)
{
	uint8_t expected[2] = { status, 0xaa };

	assert_memory_equal(guest_at(&f->guest, RESPONSE(16 + i)), expected, sizeof(expected));
}

/**
 * fe_used() - the used index
 * @f: the front end
 * @queue: of this queue
 *
 * Return: how many chains were returned.
 */
uint16_t fe_used(struct front_end *f, enum device_queue queue)
{
	return guest_used(&f->guest.rings[queue]);
}
