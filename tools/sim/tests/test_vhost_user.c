/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vhost-user back end, driven by a tiny front end over a socket pair: the
 * protocol's messages, and requests and interrupts through real rings.
 */
#include "guest.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost_user.h"

#define NUM		8
#define LINES		4
#define REQUEST(i)	(GUEST_GPA + GUEST_DATA + (i) * 256)
#define RESPONSE(i)	(REQUEST(i) + 64)
#define BIT(n)		(1ull << (n))
#define FEATURES	(BIT(VIRTIO_F_VERSION_1) | BIT(VU_F_PROTOCOL_FEATURES) | \
			 BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_GPIO_F_IRQ))

/**
 * struct fixture - a back end, and the front end that drives it
 * @loop: the back end's loop
 * @dev: its device
 * @session: the session under test
 * @ended: number of times the session ended
 * @failed: it ended because the front end broke the rules
 * @fd: the front end's end of the connection
 * @guest: memory and rings
 * @kick: for each queue, its notifications to the device
 * @call: for each queue, its notifications to the driver
 */
struct fixture {
	struct loop loop;
	struct device dev;
	struct vu_session session;
	unsigned int ended;
	bool failed;
	int fd;
	struct guest guest;
	int kick[DEVICE_QUEUES];
	int call[DEVICE_QUEUES];
};

static void on_ended(void *ctx, bool failed)
{
	struct fixture *f = ctx;

	f->ended++;
	f->failed = failed;
}

static void set_up_device(struct fixture *f)
{
	struct errmsg err;

	assert_int_equal(device_init(&f->dev, LINES), 0);
	assert_int_equal(gpio_set_name(&f->dev.bank, 1, "Reset", &err), 0);
	assert_int_equal(gpio_build_names(&f->dev.bank, &err), 0);
}

static void open_session(struct fixture *f)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	f->fd = pair[0];
	f->session = (struct vu_session){
		.loop = &f->loop, .dev = &f->dev, .offer_irq = true,
		.ended = on_ended, .ended_ctx = f, .over = true,
	};
	vu_open(&f->session, pair[1]);
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	guest_init(&f->guest, NUM);
	set_up_device(f);
	open_session(f);
	for (unsigned int i = 0; i < DEVICE_QUEUES; i++) {
		f->kick[i] = eventfd(0, EFD_NONBLOCK);
		f->call[i] = eventfd(0, EFD_NONBLOCK);
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	vu_close(&f->session);
	close(f->fd);
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

/* Lets the back end do all that it can do now. */
static void run(struct fixture *f)
{
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(loop_run_once(&f->loop, false), 0);
}

static void send_bytes(struct fixture *f, const void *data, size_t len, const int *fds,
		       unsigned int count)
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)data, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(count * sizeof(int));
		CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), fds, count * sizeof(int));
	}
	assert_int_equal(sendmsg(f->fd, &mh, MSG_NOSIGNAL), len);
}

static void send_msg(struct fixture *f, uint32_t request, uint32_t flags, const void *payload,
		     uint32_t size, const int *fds, unsigned int count)
{
	struct vu_header header = { request, VU_VERSION | flags, size };
	uint8_t bytes[512];

	memcpy(bytes, &header, sizeof(header));
	if (size)
		memcpy(bytes + sizeof(header), payload, size);
	send_bytes(f, bytes, sizeof(header) + size, fds, count);
	run(f);
}

/* Receives a reply and returns the size of its payload. */
static uint32_t receive(struct fixture *f, uint32_t request, void *payload, size_t room)
{
	struct vu_header header;

	assert_int_equal(recv(f->fd, &header, sizeof(header), MSG_DONTWAIT), sizeof(header));
	assert_int_equal(header.request, request);
	assert_int_equal(header.flags, VU_VERSION | VU_FLAG_REPLY);
	assert_in_range(header.size, 0, room);
	if (header.size)
		assert_int_equal(recv(f->fd, payload, header.size, MSG_DONTWAIT), header.size);
	return header.size;
}

static void assert_silent(struct fixture *f)
{
	char byte;

	assert_int_equal(recv(f->fd, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void assert_ended(struct fixture *f, bool failed)
{
	run(f);
	assert_int_equal(f->ended, 1);
	assert_int_equal(f->failed, failed);
}

static uint64_t get_u64(struct fixture *f, uint32_t request)
{
	uint64_t value = 0;

	send_msg(f, request, 0, NULL, 0, NULL, 0);
	assert_int_equal(receive(f, request, &value, sizeof(value)), sizeof(value));
	return value;
}

static void set_u64(struct fixture *f, uint32_t request, uint64_t value)
{
	send_msg(f, request, 0, &value, sizeof(value), NULL, 0);
}

static void want_acks(struct fixture *f)
{
	set_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(VU_PROTOCOL_F_REPLY_ACK));
}

/* Sends with the wish for an acknowledgment, and returns it. */
static uint64_t acked(struct fixture *f, uint32_t request, const void *payload, uint32_t size,
		      const int *fds, unsigned int count)
{
	uint64_t value = 99;

	send_msg(f, request, VU_FLAG_NEED_REPLY, payload, size, fds, count);
	assert_int_equal(receive(f, request, &value, sizeof(value)), sizeof(value));
	return value;
}

static uint64_t acked_u64(struct fixture *f, uint32_t request, uint64_t value)
{
	return acked(f, request, &value, sizeof(value), NULL, 0);
}

static uint64_t acked_state(struct fixture *f, uint32_t request, uint32_t index, uint32_t num)
{
	struct vu_vring_state state = { index, num };

	return acked(f, request, &state, sizeof(state), NULL, 0);
}

static uint64_t share_memory(struct fixture *f)
{
	struct vu_mem_table table = {
		.count = 1,
		.regions[0] = { .gpa = GUEST_GPA, .size = GUEST_SIZE, .uva = GUEST_UVA },
	};

	return acked(f, VU_SET_MEM_TABLE, &table, 8 + sizeof(table.regions[0]), &f->guest.fd, 1);
}

static uint64_t set_addr(struct fixture *f, uint32_t index, const struct vring_setup *setup)
{
	struct vu_vring_addr addr = {
		.index = index, .desc = setup->desc, .used = setup->used, .avail = setup->avail,
	};

	return acked(f, VU_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0);
}

static uint64_t set_fd(struct fixture *f, uint32_t request, uint64_t index, int fd)
{
	return acked(f, request, &index, sizeof(index), &fd, 1);
}

static void start_queue(struct fixture *f, uint32_t index)
{
	const struct vring_setup *setup = &f->guest.rings[index].setup;

	assert_int_equal(acked_state(f, VU_SET_VRING_NUM, index, NUM), 0);
	assert_int_equal(acked_state(f, VU_SET_VRING_BASE, index, 0), 0);
	assert_int_equal(set_addr(f, index, setup), 0);
	assert_int_equal(set_fd(f, VU_SET_VRING_CALL, index, f->call[index]), 0);
	assert_int_equal(set_fd(f, VU_SET_VRING_KICK, index, f->kick[index]), 0);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, index, 1), 0);
}

/* All that a front end does up to the point where the driver takes over. */
static void start(struct fixture *f, uint64_t features)
{
	want_acks(f);
	assert_int_equal(acked_u64(f, VU_SET_FEATURES, features), 0);
	assert_int_equal(share_memory(f), 0);
	start_queue(f, DEVICE_REQUESTQ);
	start_queue(f, DEVICE_EVENTQ);
}

static uint64_t take_signals(int fd)
{
	uint64_t value = 0;

	return read(fd, &value, sizeof(value)) == sizeof(value) ? value : 0;
}

static void kick(struct fixture *f, enum device_queue queue)
{
	uint64_t one = 1;

	assert_int_equal(write(f->kick[queue], &one, sizeof(one)), sizeof(one));
	run(f);
}

/* Puts request i into the ring: descriptors 2i and 2i + 1. */
static void offer_request(struct fixture *f, unsigned int i, uint16_t type, uint16_t line,
			  uint32_t value)
{
	struct guest_ring *r = &f->guest.rings[DEVICE_REQUESTQ];
	struct virtio_gpio_request req = { htole16(type), htole16(line), htole32(value) };

	memcpy(guest_at(&f->guest, REQUEST(i)), &req, sizeof(req));
	memset(guest_at(&f->guest, RESPONSE(i)), 0xaa, 64);
	guest_desc(r, 2 * i, REQUEST(i), sizeof(req), VRING_DESC_F_NEXT, 2 * i + 1);
	guest_desc(r, 2 * i + 1, RESPONSE(i), 2, VRING_DESC_F_WRITE, 0);
	guest_offer(r, 2 * i);
}

static void assert_response(struct fixture *f, unsigned int i, uint8_t status, uint8_t value)
{
	uint8_t expected[3] = { status, value, 0xaa };

	assert_memory_equal(guest_at(&f->guest, RESPONSE(i)), expected, sizeof(expected));
}

static void request(struct fixture *f, uint16_t type, uint16_t line, uint32_t value)
{
	offer_request(f, 0, type, line, value);
	kick(f, DEVICE_REQUESTQ);
}

static void offer_event_buffer(struct fixture *f, unsigned int i, uint16_t line)
{
	struct guest_ring *r = &f->guest.rings[DEVICE_EVENTQ];
	uint16_t le = htole16(line);

	memcpy(guest_at(&f->guest, REQUEST(16 + i)), &le, sizeof(le));
	memset(guest_at(&f->guest, RESPONSE(16 + i)), 0xaa, 64);
	guest_desc(r, 2 * i, REQUEST(16 + i), sizeof(le), VRING_DESC_F_NEXT, 2 * i + 1);
	guest_desc(r, 2 * i + 1, RESPONSE(16 + i), 1, VRING_DESC_F_WRITE, 0);
	guest_offer(r, 2 * i);
}

static void assert_event(struct fixture *f, unsigned int i, uint8_t status)
{
	uint8_t expected[2] = { status, 0xaa };

	assert_memory_equal(guest_at(&f->guest, RESPONSE(16 + i)), expected, sizeof(expected));
}

static uint16_t used(struct fixture *f, enum device_queue queue)
{
	return guest_used(&f->guest.rings[queue]);
}

static void features_are_offered(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get_u64(f, VU_GET_FEATURES),
			 FEATURES | BIT(VIRTIO_RING_F_INDIRECT_DESC));
	f->session.offer_irq = false;
	assert_int_equal(get_u64(f, VU_GET_FEATURES) & BIT(VIRTIO_GPIO_F_IRQ), 0);
}

static void protocol_features_are_offered(void **state)
{
	struct fixture *f = *state;
	uint64_t features = get_u64(f, VU_GET_PROTOCOL_FEATURES);

	assert_true(features & BIT(VU_PROTOCOL_F_CONFIG));
	assert_true(features & BIT(VU_PROTOCOL_F_REPLY_ACK));
	assert_true(features & BIT(VU_PROTOCOL_F_BACKEND_REQ));
	assert_int_equal(get_u64(f, VU_GET_QUEUE_NUM), 2);
}

static void features_not_offered_are_refused(void **state)
{
	struct fixture *f = *state;

	want_acks(f);
	assert_int_equal(acked_u64(f, VU_SET_FEATURES, FEATURES | BIT(40)), 1);
	assert_int_equal(acked_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(1)), 1);
	assert_int_equal(f->ended, 0);
}

static void features_without_version_1_are_refused(void **state)
{
	struct fixture *f = *state;

	want_acks(f);
	assert_int_equal(acked_u64(f, VU_SET_FEATURES, BIT(VIRTIO_GPIO_F_IRQ)), 1);
}

static void config_tells_lines_and_names(void **state)
{
	static const uint8_t expected[] = { LINES, 0, 0, 0, 9, 0, 0, 0 };
	struct fixture *f = *state;
	struct vu_config config = { .size = 8 }, reply;

	send_msg(f, VU_GET_CONFIG, 0, &config, 12 + 8, NULL, 0);
	assert_int_equal(receive(f, VU_GET_CONFIG, &reply, sizeof(reply)), 12 + 8);
	assert_int_equal(reply.size, 8);
	assert_memory_equal(reply.data, expected, 8);
}

static void config_may_be_read_in_parts(void **state)
{
	struct fixture *f = *state;
	struct vu_config config = { .offset = 4, .size = 4 }, reply;

	send_msg(f, VU_GET_CONFIG, 0, &config, 12 + 4, NULL, 0);
	assert_int_equal(receive(f, VU_GET_CONFIG, &reply, sizeof(reply)), 12 + 4);
	assert_memory_equal(reply.data, "\x09\0\0\0", 4);
}

static void config_beyond_its_end_is_refused(void **state)
{
	static const uint32_t ranges[][2] = { { 0, 9 }, { 8, 1 }, { 4, 5 }, { UINT32_MAX, 2 },
					      { 2, UINT32_MAX } };
	struct fixture *f = *state;
	char reply[64];

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct vu_config config = { .offset = ranges[i][0], .size = ranges[i][1] };

		send_msg(f, VU_GET_CONFIG, 0, &config, 12 + 8, NULL, 0);
		assert_int_equal(receive(f, VU_GET_CONFIG, reply, sizeof(reply)), 0);
	}
}

static void config_is_read_only(void **state)
{
	struct fixture *f = *state;
	struct vu_config config = { .size = 2 };

	want_acks(f);
	assert_int_equal(acked(f, VU_SET_CONFIG, &config, 12 + 2, NULL, 0), 1);
}

static void acks_come_only_when_negotiated(void **state)
{
	struct fixture *f = *state;

	send_msg(f, VU_SET_OWNER, VU_FLAG_NEED_REPLY, NULL, 0, NULL, 0);
	assert_silent(f);
	assert_int_equal(acked_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(VU_PROTOCOL_F_REPLY_ACK)), 0);
	assert_int_equal(acked(f, VU_SET_OWNER, NULL, 0, NULL, 0), 0);
}

static void get_requests_are_answered_once(void **state)
{
	struct fixture *f = *state;
	uint64_t value;

	want_acks(f);
	send_msg(f, VU_GET_FEATURES, VU_FLAG_NEED_REPLY, NULL, 0, NULL, 0);
	assert_int_equal(receive(f, VU_GET_FEATURES, &value, sizeof(value)), 8);
	assert_true(value & BIT(VIRTIO_F_VERSION_1));
	assert_silent(f);
}

static void unknown_request_is_refused(void **state)
{
	struct fixture *f = *state;
	uint64_t value = 0;

	want_acks(f);
	assert_int_equal(acked(f, 99, &value, sizeof(value), NULL, 0), 1);
	assert_int_equal(acked(f, 0, NULL, 0, NULL, 0), 1);
	assert_int_equal(f->ended, 0);
}

static void unknown_request_without_ack_ends_the_session(void **state)
{
	struct fixture *f = *state;

	send_msg(f, 99, 0, NULL, 0, NULL, 0);
	assert_ended(f, true);
}

static void message_may_come_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	struct vu_header header = { VU_GET_FEATURES, VU_VERSION, 0 };
	uint64_t value;

	for (size_t i = 0; i < sizeof(header); i++) {
		assert_silent(f);
		send_bytes(f, (uint8_t *)&header + i, 1, NULL, 0);
		run(f);
	}
	assert_int_equal(receive(f, VU_GET_FEATURES, &value, sizeof(value)), 8);
}

static void messages_may_come_together(void **state)
{
	struct fixture *f = *state;
	struct vu_header headers[2] = { { VU_GET_FEATURES, VU_VERSION, 0 },
					{ VU_GET_QUEUE_NUM, VU_VERSION, 0 } };
	uint64_t value;

	send_bytes(f, headers, sizeof(headers), NULL, 0);
	run(f);
	assert_int_equal(receive(f, VU_GET_FEATURES, &value, sizeof(value)), 8);
	assert_int_equal(receive(f, VU_GET_QUEUE_NUM, &value, sizeof(value)), 8);
}

static void bad_headers_are_found(void **state)
{
	static const struct {
		struct vu_header header;
		const char *why;
	} bad[] = {
		{ { VU_GET_FEATURES, 0, 0 }, "protocol version 0" },
		{ { VU_GET_FEATURES, 2, 0 }, "protocol version 2" },
		{ { VU_GET_FEATURES, VU_VERSION | VU_FLAG_REPLY, 0 }, "reply" },
		{ { VU_GET_FEATURES, VU_VERSION, 8 }, "GET_FEATURES with 8 bytes" },
		{ { VU_SET_FEATURES, VU_VERSION, 0 }, "SET_FEATURES with 0 bytes" },
		{ { VU_SET_FEATURES, VU_VERSION, 7 }, "SET_FEATURES with 7 bytes" },
		{ { VU_SET_VRING_ADDR, VU_VERSION, 48 }, "SET_VRING_ADDR with 48 bytes" },
		{ { VU_SET_MEM_TABLE, VU_VERSION, 4 }, "SET_MEM_TABLE with 4 bytes" },
		{ { VU_SET_MEM_TABLE, VU_VERSION, 8 + 9 * 32 }, "SET_MEM_TABLE with 296 bytes" },
		{ { VU_GET_CONFIG, VU_VERSION, 11 }, "GET_CONFIG with 11 bytes" },
		{ { VU_GET_CONFIG, VU_VERSION, 12 + 257 }, "GET_CONFIG with 269 bytes" },
		{ { 99, VU_VERSION, 4096 }, "request 99 with 4096 bytes" },
		{ { 99, VU_VERSION, UINT32_MAX }, "request 99 with" },
	};
	struct errmsg err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(vu_check_header(&bad[i].header, &err), -1);
		assert_non_null(strstr(err.text, bad[i].why));
	}
}

static void good_headers_pass(void **state)
{
	static const struct vu_header good[] = {
		{ VU_GET_FEATURES, VU_VERSION, 0 },
		{ VU_SET_FEATURES, VU_VERSION | VU_FLAG_NEED_REPLY, 8 },
		{ VU_SET_MEM_TABLE, VU_VERSION, 40 },
		{ VU_GET_CONFIG, VU_VERSION, 13 },
		{ 99, VU_VERSION, 16 },
	};
	struct errmsg err;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(vu_check_header(&good[i], &err), 0);
}

static void bad_header_ends_the_session(void **state)
{
	struct fixture *f = *state;
	struct vu_header header = { VU_GET_FEATURES, 3, 0 };

	send_bytes(f, &header, sizeof(header), NULL, 0);
	assert_ended(f, true);
}

static void disconnecting_is_no_failure(void **state)
{
	struct fixture *f = *state;

	shutdown(f->fd, SHUT_RDWR);
	assert_ended(f, false);
}

static void disconnecting_within_a_message_is_a_failure(void **state)
{
	struct fixture *f = *state;
	struct vu_header header = { VU_SET_FEATURES, VU_VERSION, 8 };

	send_bytes(f, &header, 5, NULL, 0);
	shutdown(f->fd, SHUT_WR);
	assert_ended(f, true);
}

static unsigned int count_fds(void)
{
	unsigned int count = 0;

	for (int fd = 0; fd < 256; fd++)
		if (lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF)
			count++;
	return count;
}

static void unwanted_fds_are_refused_and_closed(void **state)
{
	struct fixture *f = *state;
	int fds[2] = { f->guest.fd, f->guest.fd };
	unsigned int before;

	want_acks(f);
	before = count_fds();
	assert_int_equal(acked(f, VU_SET_OWNER, NULL, 0, fds, 1), 1);
	assert_int_equal(acked(f, VU_SET_BACKEND_REQ_FD, NULL, 0, fds, 2), 1);
	assert_int_equal(count_fds(), before);
}

static void nothing_stays_open_after_a_session(void **state)
{
	struct fixture *f = *state;
	unsigned int before = count_fds();

	start(f, FEATURES);
	assert_int_equal(set_fd(f, VU_SET_VRING_ERR, 0, f->call[0]), 0);
	assert_int_equal(acked(f, VU_SET_BACKEND_REQ_FD, NULL, 0, &f->call[1], 1), 0);
	assert_true(count_fds() > before);
	vu_close(&f->session);
	assert_int_equal(count_fds(), before - 1);
}

static void too_many_fds_end_the_session(void **state)
{
	struct fixture *f = *state;
	struct vu_header header = { VU_SET_OWNER, VU_VERSION, 0 };
	int fds[VU_MAX_FDS + 2];
	unsigned int before;

	for (unsigned int i = 0; i < VU_MAX_FDS + 2; i++)
		fds[i] = f->guest.fd;
	before = count_fds();
	send_bytes(f, &header, sizeof(header), fds, VU_MAX_FDS + 2);
	assert_ended(f, true);
	assert_int_equal(count_fds(), before - 1);
}

static void missing_fds_are_refused(void **state)
{
	struct fixture *f = *state;

	want_acks(f);
	assert_int_equal(acked_u64(f, VU_SET_VRING_CALL, 0), 1);
	assert_int_equal(acked_u64(f, VU_SET_VRING_KICK, VU_VRING_NOFD), 1);
	assert_int_equal(acked(f, VU_SET_BACKEND_REQ_FD, NULL, 0, NULL, 0), 1);
	assert_int_equal(acked_u64(f, VU_SET_VRING_CALL, VU_VRING_NOFD), 0);
}

static void bad_queues_are_refused(void **state)
{
	struct fixture *f = *state;

	want_acks(f);
	assert_int_equal(acked_state(f, VU_SET_VRING_NUM, 2, NUM), 1);
	assert_int_equal(acked_state(f, VU_SET_VRING_BASE, UINT32_MAX, 0), 1);
	assert_int_equal(acked_state(f, VU_SET_VRING_BASE, 0, 65536), 1);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, 7, 1), 1);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, 0, 2), 1);
	assert_int_equal(set_addr(f, 2, &f->guest.rings[0].setup), 1);
	assert_int_equal(set_fd(f, VU_SET_VRING_CALL, 2, f->call[0]), 1);
	assert_int_equal(f->ended, 0);
}

static void queue_without_memory_does_not_start(void **state)
{
	struct fixture *f = *state;

	want_acks(f);
	assert_int_equal(set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 1);
	assert_int_equal(acked_state(f, VU_SET_VRING_NUM, 0, NUM), 0);
	assert_int_equal(set_addr(f, 0, &f->guest.rings[0].setup), 0);
	assert_int_equal(set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 1);
}

static void bad_memory_tables_are_refused(void **state)
{
	struct fixture *f = *state;
	struct vu_mem_table table = {
		.count = 1, .regions[0] = { .gpa = 0, .size = GUEST_SIZE + 1, .uva = 0 },
	};

	want_acks(f);
	assert_int_equal(acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 1);
	table.regions[0].size = GUEST_SIZE;
	assert_int_equal(acked(f, VU_SET_MEM_TABLE, &table, 40, NULL, 0), 1);
	table.count = 2;
	assert_int_equal(acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 1);
	table.count = 9;
	assert_int_equal(acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 1);
	assert_int_equal(f->session.mem.count, 0);
	table.count = 1;
	assert_int_equal(acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 0);
}

static void request_makes_the_round_trip(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	gpio_set_level(&f->dev.bank, 2, true);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, 2, 0);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 1);
	assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 1);
	assert_int_equal(le32toh(f->guest.rings[0].used->ring[0].len), 2);
	assert_int_equal(take_signals(f->call[DEVICE_REQUESTQ]), 1);
	assert_int_equal(take_signals(f->call[DEVICE_EVENTQ]), 0);
}

static void error_reply_is_complete(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, LINES, 0);
	assert_response(f, 0, VIRTIO_GPIO_STATUS_ERR, 0);
	assert_int_equal(le32toh(f->guest.rings[0].used->ring[0].len), 2);
	assert_int_equal(f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE].errors, 1);
}

static void batch_takes_one_notification(void **state)
{
	struct fixture *f = *state;
	const struct msg_stats *get = &f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE];
	const struct msg_stats *set = &f->dev.stats.msg[VIRTIO_GPIO_MSG_SET_DIRECTION];

	start(f, FEATURES);
	for (unsigned int i = 0; i < 3; i++)
		offer_request(f, i, VIRTIO_GPIO_MSG_GET_VALUE, i, 0);
	offer_request(f, 3, VIRTIO_GPIO_MSG_SET_DIRECTION, 3, VIRTIO_GPIO_DIRECTION_IN);
	kick(f, DEVICE_REQUESTQ);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 4);
	assert_int_equal(take_signals(f->call[DEVICE_REQUESTQ]), 1);
	assert_int_equal(get->requests, 3);
	assert_int_equal(get->notifications, 1);
	assert_int_equal(set->notifications, 1);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].notifications, 1);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].interrupts, 1);
}

static void single_requests_take_one_notification_each(void **state)
{
	struct fixture *f = *state;
	const struct msg_stats *get = &f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_VALUE];

	start(f, FEATURES & ~BIT(VIRTIO_RING_F_EVENT_IDX));
	for (unsigned int i = 0; i < 5; i++)
		request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(get->requests, 5);
	assert_int_equal(get->notifications, 5);
	assert_int_equal(take_signals(f->call[DEVICE_REQUESTQ]), 5);
}

static void requests_before_the_start_are_served_without_a_kick(void **state)
{
	struct fixture *f = *state;

	offer_request(f, 0, VIRTIO_GPIO_MSG_GET_DIRECTION, 0, 0);
	start(f, FEATURES);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 1);
	assert_int_equal(f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_DIRECTION].requests, 1);
	assert_int_equal(f->dev.stats.msg[VIRTIO_GPIO_MSG_GET_DIRECTION].notifications, 0);
}

static void names_fill_their_response(void **state)
{
	struct fixture *f = *state;
	struct guest_ring *r = &f->guest.rings[DEVICE_REQUESTQ];

	start(f, FEATURES);
	offer_request(f, 0, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0);
	guest_desc(r, 1, RESPONSE(0), 1 + 9, VRING_DESC_F_WRITE, 0);
	kick(f, DEVICE_REQUESTQ);
	assert_memory_equal(guest_at(&f->guest, RESPONSE(0)), "\0\0Reset\0\0\0\xaa", 11);
	assert_int_equal(le32toh(r->used->ring[0].len), 10);
}

static void names_in_a_short_response_are_an_error(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	request(f, VIRTIO_GPIO_MSG_GET_NAMES, 0, 0);
	assert_response(f, 0, VIRTIO_GPIO_STATUS_ERR, 0);
	assert_int_equal(f->dev.stats.violations, 1);
}

static void short_request_is_an_error(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	offer_request(f, 0, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	guest_desc(&f->guest.rings[0], 0, REQUEST(0), 7, VRING_DESC_F_NEXT, 1);
	kick(f, DEVICE_REQUESTQ);
	assert_response(f, 0, VIRTIO_GPIO_STATUS_ERR, 0);
	assert_int_equal(f->dev.stats.violations, 1);
}

static void request_without_room_for_the_reply_does_nothing(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	offer_request(f, 0, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
	guest_desc(&f->guest.rings[0], 0, REQUEST(0), 8, 0, 0);
	offer_request(f, 1, VIRTIO_GPIO_MSG_SET_DIRECTION, 1, VIRTIO_GPIO_DIRECTION_OUT);
	guest_desc(&f->guest.rings[0], 3, RESPONSE(1), 1, VRING_DESC_F_WRITE, 0);
	kick(f, DEVICE_REQUESTQ);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 2);
	assert_int_equal(le32toh(f->guest.rings[0].used->ring[0].len), 0);
	assert_int_equal(le32toh(f->guest.rings[0].used->ring[1].len), 1);
	assert_int_equal(f->dev.bank.lines[0].direction, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->dev.bank.lines[1].direction, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->dev.stats.violations, 2);
}

static void arm(struct fixture *f, uint16_t line, uint8_t type)
{
	request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, line, VIRTIO_GPIO_DIRECTION_IN);
	request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, line, type);
	assert_response(f, 0, VIRTIO_GPIO_STATUS_OK, 0);
	offer_event_buffer(f, line, line);
	kick(f, DEVICE_EVENTQ);
}

static void edge_makes_an_interrupt(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	arm(f, 2, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	assert_int_equal(used(f, DEVICE_EVENTQ), 0);
	device_set_level(&f->dev, 2, true);
	assert_int_equal(used(f, DEVICE_EVENTQ), 1);
	assert_event(f, 2, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_int_equal(le32toh(f->guest.rings[1].used->ring[0].id), 4);
	assert_int_equal(le32toh(f->guest.rings[1].used->ring[0].len), 1);
	assert_int_equal(take_signals(f->call[DEVICE_EVENTQ]), 1);
}

static void disabling_returns_the_buffer(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	arm(f, 1, VIRTIO_GPIO_IRQ_TYPE_LEVEL_HIGH);
	request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 1, VIRTIO_GPIO_IRQ_TYPE_NONE);
	assert_event(f, 1, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	assert_int_equal(take_signals(f->call[DEVICE_EVENTQ]), 1);
}

static void second_event_buffer_returns_at_once(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	arm(f, 1, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	offer_event_buffer(f, 3, 1);
	kick(f, DEVICE_EVENTQ);
	assert_event(f, 3, VIRTIO_GPIO_IRQ_STATUS_INVALID);
	assert_int_equal(f->dev.stats.violations, 1);
	device_set_level(&f->dev, 1, true);
	assert_event(f, 1, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void event_buffer_without_room_returns_at_once(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	offer_event_buffer(f, 0, 0);
	guest_desc(&f->guest.rings[1], 0, REQUEST(16), 2, 0, 0);
	kick(f, DEVICE_EVENTQ);
	assert_int_equal(used(f, DEVICE_EVENTQ), 1);
	assert_int_equal(f->dev.stats.violations, 1);
}

static void interrupts_wait_for_a_disabled_queue(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	arm(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, DEVICE_EVENTQ, 0), 0);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(used(f, DEVICE_EVENTQ), 0);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, DEVICE_EVENTQ, 1), 0);
	assert_int_equal(used(f, DEVICE_EVENTQ), 1);
	assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
}

static void undelivered_interrupts_do_not_outlive_a_reset(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	arm(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, DEVICE_EVENTQ, 0), 0);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(acked_u64(f, VU_SET_FEATURES, FEATURES), 0);
	f->guest.rings[DEVICE_EVENTQ].avail->idx = 0;
	start_queue(f, DEVICE_EVENTQ);
	assert_int_equal(used(f, DEVICE_EVENTQ), 0);
}

static void stopped_event_queue_takes_its_buffers_along(void **state)
{
	struct fixture *f = *state;
	struct vu_vring_state q = { .index = DEVICE_EVENTQ };

	start(f, FEATURES);
	arm(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	send_msg(f, VU_GET_VRING_BASE, 0, &q, sizeof(q), NULL, 0);
	assert_int_equal(receive(f, VU_GET_VRING_BASE, &q, sizeof(q)), sizeof(q));
	assert_int_equal(set_fd(f, VU_SET_VRING_KICK, DEVICE_EVENTQ, f->kick[DEVICE_EVENTQ]), 0);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(used(f, DEVICE_EVENTQ), 0);
	offer_event_buffer(f, 0, 0);
	kick(f, DEVICE_EVENTQ);
	assert_event(f, 0, VIRTIO_GPIO_IRQ_STATUS_VALID);
	assert_int_equal(f->dev.stats.violations, 0);
}

static void kicks_wait_for_a_disabled_queue(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, DEVICE_REQUESTQ, 0), 0);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 0);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].notifications, 0);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, DEVICE_REQUESTQ, 1), 0);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 1);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].notifications, 1);
}

static void queue_stops_where_it_is(void **state)
{
	struct fixture *f = *state;
	struct vu_vring_state q = { .index = DEVICE_REQUESTQ };

	start(f, FEATURES);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	send_msg(f, VU_GET_VRING_BASE, 0, &q, sizeof(q), NULL, 0);
	assert_int_equal(receive(f, VU_GET_VRING_BASE, &q, sizeof(q)), sizeof(q));
	assert_int_equal(q.num, 2);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 2);
	assert_int_equal(set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 0);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 3);
}

static void new_negotiation_resets_the_device(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	arm(f, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_RISING);
	assert_int_equal(acked_u64(f, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(f->dev.bank.lines[0].trigger, VIRTIO_GPIO_IRQ_TYPE_NONE);
	device_set_level(&f->dev, 0, true);
	assert_int_equal(used(f, DEVICE_EVENTQ), 0);
}

static void status_zero_resets_the_device(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	assert_int_equal(acked_u64(f, VU_SET_STATUS, 15), 0);
	assert_int_equal(get_u64(f, VU_GET_STATUS), 15);
	request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
	assert_int_equal(acked_u64(f, VU_SET_STATUS, 0), 0);
	assert_int_equal(f->dev.bank.lines[0].direction, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(f->ended, 0);
}

static void leaving_resets_the_device(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	request(f, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT);
	shutdown(f->fd, SHUT_RDWR);
	assert_ended(f, false);
	assert_int_equal(f->dev.bank.lines[0].direction, VIRTIO_GPIO_DIRECTION_NONE);
	device_set_level(&f->dev, 0, true);
}

static void irq_message_without_the_feature_is_an_error(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES & ~BIT(VIRTIO_GPIO_F_IRQ));
	request(f, VIRTIO_GPIO_MSG_IRQ_TYPE, 0, VIRTIO_GPIO_IRQ_TYPE_EDGE_BOTH);
	assert_response(f, 0, VIRTIO_GPIO_STATUS_ERR, 0);
	assert_int_equal(f->dev.stats.violations, 1);
}

static void broken_ring_ends_the_session(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	assert_int_equal(set_fd(f, VU_SET_VRING_ERR, 0, f->call[1]), 0);
	guest_offer(&f->guest.rings[0], NUM);
	kick(f, DEVICE_REQUESTQ);
	assert_ended(f, true);
	assert_int_equal(take_signals(f->call[1]), 1);
}

static void broken_ring_at_the_start_ends_the_session(void **state)
{
	struct fixture *f = *state;
	struct vu_vring_state q = { 0, 1 };

	start(f, FEATURES);
	assert_int_equal(acked_state(f, VU_SET_VRING_ENABLE, 0, 0), 0);
	guest_offer(&f->guest.rings[0], NUM);
	send_msg(f, VU_SET_VRING_ENABLE, VU_FLAG_NEED_REPLY, &q, sizeof(q), NULL, 0);
	assert_ended(f, true);
}

static void broken_kick_ends_the_session(void **state)
{
	struct fixture *f = *state;
	int pipes[2];

	start(f, FEATURES);
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(set_fd(f, VU_SET_VRING_KICK, 0, pipes[0]), 0);
	close(pipes[0]);
	assert_int_equal(f->ended, 0);
	close(pipes[1]);
	assert_ended(f, true);
}

static void full_call_descriptor_does_not_block(void **state)
{
	struct fixture *f = *state;
	uint64_t full = UINT64_MAX - 1;
	int fd = eventfd(0, 0);

	start(f, FEATURES);
	assert_int_equal(write(fd, &full, sizeof(full)), sizeof(full));
	assert_int_equal(set_fd(f, VU_SET_VRING_CALL, 0, fd), 0);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 1);
	close(fd);
}

static void memory_may_be_shared_anew(void **state)
{
	struct fixture *f = *state;

	start(f, FEATURES);
	assert_int_equal(share_memory(f), 0);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 1);
}

static void memory_without_the_rings_is_refused(void **state)
{
	struct fixture *f = *state;
	struct vu_mem_table table = {
		.count = 1,
		.regions[0] = { .gpa = GUEST_GPA, .size = 0x1000, .uva = GUEST_UVA },
	};

	start(f, FEATURES);
	assert_int_equal(acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 1);
	request(f, VIRTIO_GPIO_MSG_GET_VALUE, 0, 0);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 0);
}

/* A driver that makes the next chain available whenever a request is served. */
static void refill(void *ctx, unsigned int line)
{
	struct fixture *f = ctx;
	struct guest_ring *r = &f->guest.rings[DEVICE_REQUESTQ];

	(void)line;
	if (le16toh(r->avail->idx) < 3 * NUM)
		guest_offer(r, le16toh(r->avail->ring[(le16toh(r->avail->idx) - 2) % NUM]));
}

static void endless_requests_are_served_in_rounds(void **state)
{
	struct fixture *f = *state;
	struct device_listener refiller = { .changed = refill, .ctx = f };
	uint64_t one = 1;

	start(f, FEATURES);
	device_listen(&f->dev, &refiller);
	offer_request(f, 0, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_IN);
	offer_request(f, 1, VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_NONE);
	assert_int_equal(write(f->kick[0], &one, sizeof(one)), sizeof(one));
	device_set_level(&f->dev, 1, false);
	assert_int_equal(device_serve(&f->dev, DEVICE_REQUESTQ), 1);
	assert_int_equal(used(f, DEVICE_REQUESTQ), NUM);
	run(f);
	assert_int_equal(used(f, DEVICE_REQUESTQ), 3 * NUM);
	assert_int_equal(f->dev.stats.queue[DEVICE_REQUESTQ].notifications, 1);
	device_unlisten(&f->dev, &refiller);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(features_are_offered),
		TEST(protocol_features_are_offered),
		TEST(features_not_offered_are_refused),
		TEST(features_without_version_1_are_refused),
		TEST(config_tells_lines_and_names),
		TEST(config_may_be_read_in_parts),
		TEST(config_beyond_its_end_is_refused),
		TEST(config_is_read_only),
		TEST(acks_come_only_when_negotiated),
		TEST(get_requests_are_answered_once),
		TEST(unknown_request_is_refused),
		TEST(unknown_request_without_ack_ends_the_session),
		TEST(message_may_come_byte_by_byte),
		TEST(messages_may_come_together),
		TEST(bad_headers_are_found),
		TEST(good_headers_pass),
		TEST(bad_header_ends_the_session),
		TEST(disconnecting_is_no_failure),
		TEST(disconnecting_within_a_message_is_a_failure),
		TEST(unwanted_fds_are_refused_and_closed),
		TEST(nothing_stays_open_after_a_session),
		TEST(too_many_fds_end_the_session),
		TEST(missing_fds_are_refused),
		TEST(bad_queues_are_refused),
		TEST(queue_without_memory_does_not_start),
		TEST(bad_memory_tables_are_refused),
		TEST(request_makes_the_round_trip),
		TEST(error_reply_is_complete),
		TEST(batch_takes_one_notification),
		TEST(single_requests_take_one_notification_each),
		TEST(requests_before_the_start_are_served_without_a_kick),
		TEST(names_fill_their_response),
		TEST(names_in_a_short_response_are_an_error),
		TEST(short_request_is_an_error),
		TEST(request_without_room_for_the_reply_does_nothing),
		TEST(edge_makes_an_interrupt),
		TEST(disabling_returns_the_buffer),
		TEST(second_event_buffer_returns_at_once),
		TEST(event_buffer_without_room_returns_at_once),
		TEST(interrupts_wait_for_a_disabled_queue),
		TEST(undelivered_interrupts_do_not_outlive_a_reset),
		TEST(stopped_event_queue_takes_its_buffers_along),
		TEST(kicks_wait_for_a_disabled_queue),
		TEST(queue_stops_where_it_is),
		TEST(new_negotiation_resets_the_device),
		TEST(status_zero_resets_the_device),
		TEST(leaving_resets_the_device),
		TEST(irq_message_without_the_feature_is_an_error),
		TEST(broken_ring_ends_the_session),
		TEST(broken_ring_at_the_start_ends_the_session),
		TEST(broken_kick_ends_the_session),
		TEST(full_call_descriptor_does_not_block),
		TEST(memory_may_be_shared_anew),
		TEST(memory_without_the_rings_is_refused),
		TEST(endless_requests_are_served_in_rounds),
	};

	return cmocka_run_group_tests_name("vhost_user", tests, NULL, NULL);
}
