/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The messages of the vhost-user protocol, good ones and bad ones. */
#include "front_end.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vhost/request.h"

static void features_are_offered(void **state)
{
	struct front_end *f = *state;

	assert_int_equal(fe_get_u64(f, VU_GET_FEATURES),
			 FEATURES | BIT(VIRTIO_RING_F_INDIRECT_DESC));
	f->session.offer_irq = false;
	assert_int_equal(fe_get_u64(f, VU_GET_FEATURES) & BIT(VIRTIO_GPIO_F_IRQ), 0);
}

static void protocol_features_are_offered(void **state)
{
	struct front_end *f = *state;
	uint64_t features = fe_get_u64(f, VU_GET_PROTOCOL_FEATURES);

	assert_true(features & BIT(VU_PROTOCOL_F_CONFIG));
	assert_true(features & BIT(VU_PROTOCOL_F_REPLY_ACK));
	assert_true(features & BIT(VU_PROTOCOL_F_BACKEND_REQ));
	assert_int_equal(fe_get_u64(f, VU_GET_QUEUE_NUM), 2);
}

static void features_not_offered_are_refused(void **state)
{
	struct front_end *f = *state;

	fe_want_acks(f);
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, FEATURES | BIT(40)), 1);
	assert_int_equal(fe_acked_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(1)), 1);
	assert_int_equal(f->ended, 0);
}

static void features_without_version_1_are_refused(void **state)
{
	struct front_end *f = *state;

	fe_want_acks(f);
	assert_int_equal(fe_acked_u64(f, VU_SET_FEATURES, BIT(VIRTIO_GPIO_F_IRQ)), 1);
}

static void config_tells_lines_and_names(void **state)
{
	static const uint8_t expected[] = { LINES, 0, 0, 0, 9, 0, 0, 0 };
	struct front_end *f = *state;
	struct vu_config config = { .size = 8 }, reply;

	fe_send_msg(f, VU_GET_CONFIG, 0, &config, 12 + 8, NULL, 0);
	assert_int_equal(fe_receive(f, VU_GET_CONFIG, &reply, sizeof(reply)), 12 + 8);
	assert_int_equal(reply.size, 8);
	assert_memory_equal(reply.data, expected, 8);
}

static void config_may_be_read_in_parts(void **state)
{
	struct front_end *f = *state;
	struct vu_config config = { .offset = 4, .size = 4 }, reply;

	fe_send_msg(f, VU_GET_CONFIG, 0, &config, 12 + 4, NULL, 0);
	assert_int_equal(fe_receive(f, VU_GET_CONFIG, &reply, sizeof(reply)), 12 + 4);
	assert_memory_equal(reply.data, "\x09\0\0\0", 4);
}

static void config_beyond_its_end_is_refused(void **state)
{
	static const uint32_t ranges[][2] = { { 0, 9 }, { 8, 1 }, { 4, 5 }, { UINT32_MAX, 2 },
					      { 2, UINT32_MAX } };
	struct front_end *f = *state;
	char reply[64];

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct vu_config config = { .offset = ranges[i][0], .size = ranges[i][1] };

		fe_send_msg(f, VU_GET_CONFIG, 0, &config, 12 + 8, NULL, 0);
		assert_int_equal(fe_receive(f, VU_GET_CONFIG, reply, sizeof(reply)), 0);
	}
}

static void config_is_read_only(void **state)
{
	struct front_end *f = *state;
	struct vu_config config = { .size = 2 };

	fe_want_acks(f);
	assert_int_equal(fe_acked(f, VU_SET_CONFIG, &config, 12 + 2, NULL, 0), 1);
}

static void acks_come_only_when_negotiated(void **state)
{
	struct front_end *f = *state;

	fe_send_msg(f, VU_SET_OWNER, VU_FLAG_NEED_REPLY, NULL, 0, NULL, 0);
	fe_assert_silent(f);
	assert_int_equal(fe_acked_u64(f, VU_SET_PROTOCOL_FEATURES, BIT(VU_PROTOCOL_F_REPLY_ACK)), 0);
	assert_int_equal(fe_acked(f, VU_SET_OWNER, NULL, 0, NULL, 0), 0);
}

static void get_requests_are_answered_once(void **state)
{
	struct front_end *f = *state;
	uint64_t value;

	fe_want_acks(f);
	fe_send_msg(f, VU_GET_FEATURES, VU_FLAG_NEED_REPLY, NULL, 0, NULL, 0);
	assert_int_equal(fe_receive(f, VU_GET_FEATURES, &value, sizeof(value)), 8);
	assert_true(value & BIT(VIRTIO_F_VERSION_1));
	fe_assert_silent(f);
}

static void unknown_request_is_refused(void **state)
{
	struct front_end *f = *state;
	uint64_t value = 0;

	fe_want_acks(f);
	assert_int_equal(fe_acked(f, 99, &value, sizeof(value), NULL, 0), 1);
	assert_int_equal(fe_acked(f, 0, NULL, 0, NULL, 0), 1);
	assert_int_equal(f->ended, 0);
}

static void unknown_request_without_ack_ends_the_session(void **state)
{
	struct front_end *f = *state;

	fe_send_msg(f, 99, 0, NULL, 0, NULL, 0);
	fe_assert_ended(f, true);
}

static void message_may_come_byte_by_byte(void **state)
{
	struct front_end *f = *state;
	struct vu_header header = { VU_GET_FEATURES, VU_VERSION, 0 };
	uint64_t value;

	for (size_t i = 0; i < sizeof(header); i++) {
		fe_assert_silent(f);
		fe_send_bytes(f, (uint8_t *)&header + i, 1, NULL, 0);
		fe_run(f);
	}
	assert_int_equal(fe_receive(f, VU_GET_FEATURES, &value, sizeof(value)), 8);
}

static void messages_may_come_together(void **state)
{
	struct front_end *f = *state;
	struct vu_header headers[2] = { { VU_GET_FEATURES, VU_VERSION, 0 },
					{ VU_GET_QUEUE_NUM, VU_VERSION, 0 } };
	uint64_t value;

	fe_send_bytes(f, headers, sizeof(headers), NULL, 0);
	fe_run(f);
	assert_int_equal(fe_receive(f, VU_GET_FEATURES, &value, sizeof(value)), 8);
	assert_int_equal(fe_receive(f, VU_GET_QUEUE_NUM, &value, sizeof(value)), 8);
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
	struct front_end *f = *state;
	struct vu_header header = { VU_GET_FEATURES, 3, 0 };

	fe_send_bytes(f, &header, sizeof(header), NULL, 0);
	fe_assert_ended(f, true);
}

static void disconnecting_is_no_failure(void **state)
{
	struct front_end *f = *state;

	shutdown(f->link.fd, SHUT_RDWR);
	fe_assert_ended(f, false);
}

static void disconnecting_within_a_message_is_a_failure(void **state)
{
	struct front_end *f = *state;
	struct vu_header header = { VU_SET_FEATURES, VU_VERSION, 8 };

	fe_send_bytes(f, &header, 5, NULL, 0);
	shutdown(f->link.fd, SHUT_WR);
	fe_assert_ended(f, true);
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
	struct front_end *f = *state;
	int fds[2] = { f->guest.fd, f->guest.fd };
	unsigned int before;

	fe_want_acks(f);
	before = count_fds();
	assert_int_equal(fe_acked(f, VU_SET_OWNER, NULL, 0, fds, 1), 1);
	assert_int_equal(fe_acked(f, VU_SET_BACKEND_REQ_FD, NULL, 0, fds, 2), 1);
	assert_int_equal(count_fds(), before);
}

static void nothing_stays_open_after_a_session(void **state)
{
	struct front_end *f = *state;
	unsigned int before = count_fds();

	fe_start(f, FEATURES);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_ERR, 0, f->call[0]), 0);
	assert_int_equal(fe_acked(f, VU_SET_BACKEND_REQ_FD, NULL, 0, &f->call[1], 1), 0);
	assert_true(count_fds() > before);
	vu_close(&f->session);
	assert_int_equal(count_fds(), before - 1);
}

static void too_many_fds_end_the_session(void **state)
{
	struct front_end *f = *state;
	struct vu_header header = { VU_SET_OWNER, VU_VERSION, 0 };
	int fds[VU_MAX_FDS + 2];
	unsigned int before;

	for (unsigned int i = 0; i < VU_MAX_FDS + 2; i++)
		fds[i] = f->guest.fd;
	before = count_fds();
	fe_send_bytes(f, &header, sizeof(header), fds, VU_MAX_FDS + 2);
	fe_assert_ended(f, true);
	assert_int_equal(count_fds(), before - 1);
}

static void missing_fds_are_refused(void **state)
{
	struct front_end *f = *state;

	fe_want_acks(f);
	assert_int_equal(fe_acked_u64(f, VU_SET_VRING_CALL, 0), 1);
	assert_int_equal(fe_acked_u64(f, VU_SET_VRING_KICK, VU_VRING_NOFD), 1);
	assert_int_equal(fe_acked(f, VU_SET_BACKEND_REQ_FD, NULL, 0, NULL, 0), 1);
	assert_int_equal(fe_acked_u64(f, VU_SET_VRING_CALL, VU_VRING_NOFD), 0);
}

static void bad_queues_are_refused(void **state)
{
	struct front_end *f = *state;

	fe_want_acks(f);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_NUM, 2, NUM), 1);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_BASE, UINT32_MAX, 0), 1);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_BASE, 0, 65536), 1);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, 7, 1), 1);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_ENABLE, 0, 2), 1);
	assert_int_equal(fe_set_addr(f, 2, &f->guest.rings[0].setup), 1);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_CALL, 2, f->call[0]), 1);
	assert_int_equal(f->ended, 0);
}

static void queue_without_memory_does_not_start(void **state)
{
	struct front_end *f = *state;

	fe_want_acks(f);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 1);
	assert_int_equal(fe_acked_state(f, VU_SET_VRING_NUM, 0, NUM), 0);
	assert_int_equal(fe_set_addr(f, 0, &f->guest.rings[0].setup), 0);
	assert_int_equal(fe_set_fd(f, VU_SET_VRING_KICK, 0, f->kick[0]), 1);
}

static void bad_memory_tables_are_refused(void **state)
{
	struct front_end *f = *state;
	struct vu_mem_table table = {
		.count = 1, .regions[0] = { .gpa = 0, .size = GUEST_SIZE + 1, .uva = 0 },
	};

	fe_want_acks(f);
	assert_int_equal(fe_acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 1);
	table.regions[0].size = GUEST_SIZE;
	assert_int_equal(fe_acked(f, VU_SET_MEM_TABLE, &table, 40, NULL, 0), 1);
	table.count = 2;
	assert_int_equal(fe_acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 1);
	table.count = 9;
	assert_int_equal(fe_acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 1);
	assert_int_equal(f->session.mem.count, 0);
	table.count = 1;
	assert_int_equal(fe_acked(f, VU_SET_MEM_TABLE, &table, 40, &f->guest.fd, 1), 0);
}

static struct vu_mem_slot slot(unsigned int page)
{
	return (struct vu_mem_slot){ .region = {
		.gpa = GUEST_GPA + page * 0x1000, .size = 0x1000, .uva = GUEST_UVA + page * 0x1000,
		.offset = page * 0x1000 % GUEST_SIZE,
	} };
}

static uint64_t change_slot(struct front_end *f, uint32_t request, unsigned int page)
{
	struct vu_mem_slot s = slot(page);

	return fe_acked(f, request, &s, sizeof(s), &f->guest.fd, request == VU_ADD_MEM_REG);
}

static void memory_comes_and_goes_in_slots(void **state)
{
	struct front_end *f = *state;
	unsigned int most = fe_get_u64(f, VU_GET_MAX_MEM_SLOTS);

	assert_true(fe_get_u64(f, VU_GET_PROTOCOL_FEATURES) &
		    BIT(VU_PROTOCOL_F_CONFIGURE_MEM_SLOTS));
	assert_true(most >= 509);
	fe_want_acks(f);
	for (unsigned int i = 0; i < most; i++)
		assert_int_equal(change_slot(f, VU_ADD_MEM_REG, i), 0);
	assert_int_equal(change_slot(f, VU_ADD_MEM_REG, most), 1);
	assert_int_equal(change_slot(f, VU_REM_MEM_REG, 5), 0);
	assert_false(mem_contains(&f->session.mem, slot(5).region.gpa, 1));
	assert_true(mem_contains(&f->session.mem, slot(6).region.gpa, 1));
	assert_int_equal(change_slot(f, VU_REM_MEM_REG, 5), 1);
	assert_int_equal(change_slot(f, VU_ADD_MEM_REG, most), 0);
	for (unsigned int i = 0; i <= most; i++)
		assert_int_equal(change_slot(f, VU_REM_MEM_REG, i), i == 5);
	assert_int_equal(f->session.mem.count, 0);
	assert_int_equal(f->ended, 0);
}

static void slots_need_a_file(void **state)
{
	struct front_end *f = *state;
	struct vu_mem_slot s = slot(0);

	fe_want_acks(f);
	assert_int_equal(fe_acked(f, VU_ADD_MEM_REG, &s, sizeof(s), NULL, 0), 1);
	assert_int_equal(f->session.mem.count, 0);
}

static void ring_does_not_outlive_its_slot(void **state)
{
	struct front_end *f = *state;
	struct vu_mem_slot all = { .region = {
		.gpa = GUEST_GPA, .size = GUEST_SIZE, .uva = GUEST_UVA,
	} };

	fe_start(f, FEATURES);
	assert_int_equal(fe_acked(f, VU_REM_MEM_REG, &all, sizeof(all), NULL, 0), 1);
	assert_false(vring_running(&f->session.queues[0].ring));
	device_set_level(&f->dev, 0, true);
	assert_int_equal(f->ended, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fe_set_up, fe_tear_down)

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
		TEST(memory_comes_and_goes_in_slots),
		TEST(slots_need_a_file),
		TEST(ring_does_not_outlive_its_slot),
	};

	return cmocka_run_group_tests_name("vhost_user", tests, NULL, NULL);
}
