/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The split virtqueue: what is legal works, the rest is refused. */
#include "ring.h"

#include <endian.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void assert_setup_refused(struct ring *f, const struct vring_setup *setup,
				 const char *why)
{
	struct virtqueue vr = { .held = NULL };

	assert_int_equal(vring_start(&vr, setup, &f->mem), -1);
	assert_non_null(strstr(vr.err.text, why));
	assert_false(vring_running(&vr));
	vring_forget(&vr);
}

/* Makes a request of 8 bytes and a response of 2 available at descriptor i. */
static void offer_pair(struct ring *f, unsigned int i)
{
	guest_desc(f->r, i, DATA(i * 64), 8, NEXT, i + 1);
	guest_desc(f->r, i + 1, DATA(i * 64 + 32), 2, WRITE, 0);
	guest_offer(f->r, i);
}

static void empty_ring_has_nothing(void **state)
{
	struct ring *f = *state;

	assert_int_equal(vring_pop(&f->vr, &f->chain), 0);
	assert_false(vring_publish(&f->vr));
}

static void direct_chain_is_read_and_written(void **state)
{
	struct ring *f = *state;
	char in[9] = "";

	offer_pair(f, 2);
	memcpy(guest_at(&f->guest, DATA(128)), "abcdefgh", 8);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(f->chain.head, 2);
	assert_int_equal(f->chain.read_len, 8);
	assert_int_equal(f->chain.write_len, 2);
	assert_int_equal(vring_chain_read(&f->vr, &f->chain, in, 8), 8);
	assert_string_equal(in, "abcdefgh");
	assert_int_equal(vring_chain_write(&f->vr, &f->chain, 0, "xyz", 3), 2);
	assert_memory_equal(guest_at(&f->guest, DATA(160)), "xy\0", 3);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 0);
}

static void chain_may_be_cut_anywhere(void **state)
{
	struct ring *f = *state;
	char in[9] = "";

	guest_desc(f->r, 0, DATA(0), 3, NEXT, 5);
	guest_desc(f->r, 5, DATA(16), 5, NEXT, 1);
	guest_desc(f->r, 1, DATA(32), 1, NEXT | WRITE, 4);
	guest_desc(f->r, 4, DATA(48), 4, WRITE, 0);
	memcpy(guest_at(&f->guest, DATA(0)), "abc", 3);
	memcpy(guest_at(&f->guest, DATA(16)), "defgh", 5);
	guest_offer(f->r, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(vring_chain_read(&f->vr, &f->chain, in, 8), 8);
	assert_string_equal(in, "abcdefgh");
	assert_int_equal(vring_chain_write(&f->vr, &f->chain, 0, "1", 1), 1);
	assert_int_equal(vring_chain_write(&f->vr, &f->chain, 1, "23456", 5), 4);
	assert_memory_equal(guest_at(&f->guest, DATA(32)), "1\0", 2);
	assert_memory_equal(guest_at(&f->guest, DATA(48)), "2345\0", 5);
}

static void write_may_begin_within_a_buffer(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, DATA(0), 4, NEXT | WRITE, 1);
	guest_desc(f->r, 1, DATA(16), 4, WRITE, 0);
	guest_offer(f->r, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(vring_chain_write(&f->vr, &f->chain, 3, "abc", 3), 3);
	assert_memory_equal(guest_at(&f->guest, DATA(0)), "\0\0\0a\0", 5);
	assert_memory_equal(guest_at(&f->guest, DATA(16)), "bc\0\0", 4);
}

static void used_entry_tells_head_and_length(void **state)
{
	struct ring *f = *state;

	offer_pair(f, 4);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	vring_push(&f->vr, f->chain.head, 2);
	assert_int_equal(guest_used(f->r), 0);
	assert_true(vring_publish(&f->vr));
	assert_int_equal(guest_used(f->r), 1);
	assert_int_equal(le32toh(f->r->used->ring[0].id), 4);
	assert_int_equal(le32toh(f->r->used->ring[0].len), 2);
}

static void chains_may_return_out_of_order(void **state)
{
	struct ring *f = *state;

	offer_pair(f, 0);
	offer_pair(f, 2);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	vring_push(&f->vr, 2, 2);
	vring_push(&f->vr, 0, 2);
	assert_true(vring_publish(&f->vr));
	assert_int_equal(le32toh(f->r->used->ring[0].id), 2);
	assert_int_equal(le32toh(f->r->used->ring[1].id), 0);
}

static void indices_wrap_around(void **state)
{
	struct ring *f = *state;

	f->r->setup.base = 65530;
	f->r->avail->idx = htole16(65530);
	f->r->used->idx = htole16(65530);
	ring_restart(f);
	for (unsigned int i = 0; i < 20; i++) {
		offer_pair(f, i % 4 * 2);
		assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
		assert_int_equal(f->chain.head, i % 4 * 2);
		vring_push(&f->vr, f->chain.head, 2);
		assert_true(vring_publish(&f->vr));
		assert_int_equal(guest_used(f->r), (uint16_t)(65531 + i));
	}
}

static void full_ring_is_taken_whole(void **state)
{
	struct ring *f = *state;

	for (unsigned int i = 0; i < NUM; i++) {
		guest_desc(f->r, i, DATA(i * 8), 8, 0, 0);
		guest_offer(f->r, i);
	}
	for (unsigned int i = 0; i < NUM; i++)
		assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 0);
}

static void loop_is_refused(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, DATA(0), 8, NEXT, 1);
	guest_desc(f->r, 1, DATA(8), 8, NEXT, 0);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "loop");
}

static void head_beyond_table_is_refused(void **state)
{
	struct ring *f = *state;

	guest_offer(f->r, NUM);
	ring_assert_refused(f, "names descriptor 8 in a queue of 8");
}

static void next_beyond_table_is_refused(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, DATA(0), 8, NEXT, 65535);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "descriptor 65535 is beyond its table of 8");
}

static void jumping_index_is_refused(void **state)
{
	struct ring *f = *state;

	f->r->avail->idx = htole16(NUM + 1);
	ring_assert_refused(f, "available index jumped from 0 to 9");
}

static void index_going_back_is_refused(void **state)
{
	struct ring *f = *state;

	offer_pair(f, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	f->r->avail->idx = 0;
	ring_assert_refused(f, "available index jumped from 1 to 0");
}

static void index_goes_back_after_a_reset_nobody_told_of(void **state)
{
	struct ring *f = *state;

	f->vr.setup.untold_resets = true;
	offer_pair(f, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	f->r->avail->idx = 0;
	assert_false(vring_wait_for_kick(&f->vr));
	assert_int_equal(vring_pop(&f->vr, &f->chain), 0);
	f->r->avail->idx = htole16(NUM + 2);
	ring_assert_refused(f, "available index jumped from 1 to 10");
}

static void held_chain_offered_again_is_refused(void **state)
{
	struct ring *f = *state;

	offer_pair(f, 0);
	guest_offer(f->r, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	ring_assert_refused(f, "descriptor 0 was made available again");
}

static void returned_chain_may_be_offered_again(void **state)
{
	struct ring *f = *state;

	offer_pair(f, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	vring_push(&f->vr, 0, 2);
	guest_offer(f->r, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
}

static void buffer_outside_memory_is_refused(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, GUEST_GPA + GUEST_SIZE - 4, 8, 0, 0);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "outside guest memory");
}

static void buffer_before_memory_is_refused(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, GUEST_GPA - 1, 8, 0, 0);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "outside guest memory");
}

static void buffer_at_end_of_address_space_is_refused(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, UINT64_MAX - 3, 8, 0, 0);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "outside guest memory");
}

static void front_end_address_is_no_buffer_address(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, GUEST_UVA + GUEST_DATA, 8, 0, 0);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "outside guest memory");
}

static void zero_length_is_refused(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, DATA(0), 0, 0, 0);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "zero length");
}

static void readable_after_writable_is_refused(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, DATA(0), 2, NEXT | WRITE, 1);
	guest_desc(f->r, 1, DATA(8), 8, 0, 0);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "readable buffer after a writable one");
}

static void read_only_buffer_is_never_written(void **state)
{
	struct ring *f = *state;

	memcpy(guest_at(&f->guest, DATA(0)), "keep", 4);
	guest_desc(f->r, 0, DATA(0), 4, 0, 0);
	guest_offer(f->r, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(vring_chain_write(&f->vr, &f->chain, 0, "lose", 4), 0);
	assert_memory_equal(guest_at(&f->guest, DATA(0)), "keep", 4);
}

static void interrupt_flag_is_respected(void **state)
{
	struct ring *f = *state;

	f->r->avail->flags = htole16(VRING_AVAIL_F_NO_INTERRUPT);
	offer_pair(f, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	vring_push(&f->vr, 0, 2);
	assert_false(vring_publish(&f->vr));
	assert_int_equal(guest_used(f->r), 1);
}

static bool return_pair(struct ring *f)
{
	offer_pair(f, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	vring_push(&f->vr, 0, 2);
	return vring_publish(&f->vr);
}

static void event_index_is_respected(void **state)
{
	struct ring *f = *state;

	f->r->setup.event_idx = true;
	ring_restart(f);
	f->r->avail->flags = htole16(VRING_AVAIL_F_NO_INTERRUPT);
	*guest_used_event(f->r) = htole16(2);
	/* The first is always signalled: nothing is known before it. */
	assert_true(return_pair(f));
	assert_false(return_pair(f));
	assert_true(return_pair(f));
	assert_false(return_pair(f));
	*guest_used_event(f->r) = htole16(4);
	assert_true(return_pair(f));
}

static void event_index_wraps_around(void **state)
{
	struct ring *f = *state;

	f->r->setup.event_idx = true;
	f->r->setup.base = 65534;
	f->r->avail->idx = htole16(65534);
	f->r->used->idx = htole16(65534);
	ring_restart(f);
	*guest_used_event(f->r) = 0;
	assert_true(return_pair(f));
	assert_false(return_pair(f));
	assert_true(return_pair(f));
	assert_int_equal(guest_used(f->r), 1);
}

static void several_at_once_pass_the_event_index(void **state)
{
	struct ring *f = *state;

	f->r->setup.event_idx = true;
	ring_restart(f);
	assert_true(return_pair(f));
	*guest_used_event(f->r) = htole16(2);
	for (unsigned int i = 0; i < 3; i++) {
		offer_pair(f, i * 2);
		assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
		vring_push(&f->vr, f->chain.head, 2);
	}
	assert_true(vring_publish(&f->vr));
	assert_int_equal(guest_used(f->r), 4);
}

static void kicks_are_asked_for(void **state)
{
	struct ring *f = *state;

	f->r->setup.event_idx = true;
	ring_restart(f);
	offer_pair(f, 0);
	assert_true(vring_wait_for_kick(&f->vr));
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_false(vring_wait_for_kick(&f->vr));
	assert_int_equal(le16toh(*guest_avail_event(f->r)), 1);
}

#define BIG_SIZE	(2u << 20)

/* A ring of any size, in memory of its own. */
static struct guest_ring place_ring(uint8_t *ram, unsigned int num)
{
	return (struct guest_ring){
		.num = num,
		.desc = (void *)ram,
		.avail = (void *)(ram + num * 16),
		.used = (void *)(ram + num * 20 + 8),
		.setup = { .num = num, .avail = num * 16, .used = num * 20 + 8,
			   .event_idx = true },
	};
}

/* One chain as long as the queue allows, then as many chains as it holds. */
static void use_whole_ring(struct guest_ring *r, const struct guest_mem *mem)
{
	struct vring_chain chain;
	struct virtqueue vr;

	assert_int_equal(vring_start(&vr, &r->setup, mem), 0);
	for (unsigned int i = 0; i < r->num; i++)
		guest_desc(r, i, i, 1, i + 1 < r->num ? NEXT : WRITE, i + 1);
	guest_offer(r, 0);
	assert_int_equal(vring_pop(&vr, &chain), 1);
	assert_int_equal(chain.count, r->num);
	vring_push(&vr, 0, 1);
	for (unsigned int i = 0; i < r->num; i++) {
		guest_desc(r, i, i, 1, WRITE, 0);
		guest_offer(r, i);
	}
	while (vring_pop(&vr, &chain) == 1)
		vring_push(&vr, chain.head, 1);
	assert_string_equal(vr.err.text, "");
	assert_true(vring_publish(&vr));
	assert_int_equal(guest_used(r), r->num + 1);
	assert_int_equal(le32toh(r->used->ring[0].id), r->num - 1);
	assert_false(vring_wait_for_kick(&vr));
	assert_int_equal(le16toh(*guest_avail_event(r)), r->num + 1);
	vring_forget(&vr);
}

static void rings_of_every_size_work(void **state)
{
	int fd = memfd_create("ring", MFD_CLOEXEC);
	struct mem_request req = { .size = BIG_SIZE, .fd = fd };
	struct guest_mem mem = { .count = 0 };
	struct errmsg err;

	(void)state;
	assert_int_equal(ftruncate(fd, BIG_SIZE), 0);
	assert_int_equal(mem_map(&mem, &req, &err), 0);
	for (unsigned int num = 1; num <= VRING_MAX_SIZE; num *= 2) {
		struct guest_ring r = place_ring(mem.regions[0].host, num);

		memset(mem.regions[0].host, 0, BIG_SIZE);
		use_whole_ring(&r, &mem);
	}
	mem_clear(&mem);
	close(fd);
}

static void bad_sizes_are_refused(void **state)
{
	static const unsigned int sizes[] = { 0, 3, 6, 32769, 65536 };
	struct ring *f = *state;
	struct vring_setup setup = f->r->setup;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		setup.num = sizes[i];
		assert_setup_refused(f, &setup, "not a power of two");
	}
}

static void misaligned_rings_are_refused(void **state)
{
	struct ring *f = *state;
	struct vring_setup setup = f->r->setup;

	setup.desc += 8;
	assert_setup_refused(f, &setup, "misaligned");
	setup = f->r->setup;
	setup.avail += 1;
	assert_setup_refused(f, &setup, "misaligned");
	setup = f->r->setup;
	setup.used += 2;
	assert_setup_refused(f, &setup, "misaligned");
}

static void rings_outside_memory_are_refused(void **state)
{
	struct ring *f = *state;
	struct vring_setup setup = f->r->setup;

	setup.desc = GUEST_UVA + GUEST_SIZE - 16;
	assert_setup_refused(f, &setup, "outside guest memory");
	setup = f->r->setup;
	setup.avail = GUEST_UVA + GUEST_SIZE - 4;
	assert_setup_refused(f, &setup, "outside guest memory");
	setup = f->r->setup;
	setup.used = GUEST_UVA - 64;
	assert_setup_refused(f, &setup, "outside guest memory");
}

static void buffer_may_span_two_regions(void **state)
{
	struct ring *f = *state;
	struct mem_request req = {
		.gpa = GUEST_GPA + GUEST_SIZE, .size = 0x1000, .uva = GUEST_UVA + GUEST_SIZE,
		.fd = f->guest.fd,
	};
	struct errmsg err;
	char in[8];

	assert_int_equal(mem_map(&f->mem, &req, &err), 0);
	guest_desc(f->r, 0, GUEST_GPA + GUEST_SIZE - 4, 8, WRITE, 0);
	guest_offer(f->r, 0);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(vring_chain_write(&f->vr, &f->chain, 0, "abcdefgh", 8), 8);
	assert_memory_equal(f->guest.ram + GUEST_SIZE - 4, "abcd", 4);
	assert_memory_equal(f->guest.ram, "efgh", 4);
	assert_true(mem_read(&f->mem, GUEST_GPA + GUEST_SIZE - 4, in, 8));
	assert_memory_equal(in, "abcdefgh", 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ring_set_up, ring_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_ring_has_nothing),
		TEST(direct_chain_is_read_and_written),
		TEST(chain_may_be_cut_anywhere),
		TEST(write_may_begin_within_a_buffer),
		TEST(used_entry_tells_head_and_length),
		TEST(chains_may_return_out_of_order),
		TEST(indices_wrap_around),
		TEST(full_ring_is_taken_whole),
		TEST(loop_is_refused),
		TEST(head_beyond_table_is_refused),
		TEST(next_beyond_table_is_refused),
		TEST(jumping_index_is_refused),
		TEST(index_going_back_is_refused),
		TEST(index_goes_back_after_a_reset_nobody_told_of),
		TEST(held_chain_offered_again_is_refused),
		TEST(returned_chain_may_be_offered_again),
		TEST(buffer_outside_memory_is_refused),
		TEST(buffer_before_memory_is_refused),
		TEST(buffer_at_end_of_address_space_is_refused),
		TEST(front_end_address_is_no_buffer_address),
		TEST(zero_length_is_refused),
		TEST(readable_after_writable_is_refused),
		TEST(read_only_buffer_is_never_written),
		TEST(interrupt_flag_is_respected),
		TEST(event_index_is_respected),
		TEST(event_index_wraps_around),
		TEST(several_at_once_pass_the_event_index),
		TEST(kicks_are_asked_for),
		TEST(rings_of_every_size_work),
		TEST(bad_sizes_are_refused),
		TEST(misaligned_rings_are_refused),
		TEST(rings_outside_memory_are_refused),
		TEST(buffer_may_span_two_regions),
	};

	return cmocka_run_group_tests_name("vring", tests, NULL, NULL);
}
