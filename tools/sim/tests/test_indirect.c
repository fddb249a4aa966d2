/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indirect descriptors: what is legal works, the rest is refused. */
#include "ring.h"

#include <endian.h>

static void put_indirect(struct ring *f, unsigned int i, uint64_t gpa, uint32_t len,
			 uint16_t flags, uint16_t next)
{
	struct vring_desc *table = guest_at(&f->guest, DATA(0x1000));

	table[i] = (struct vring_desc){
		.addr = htole64(gpa), .len = htole32(len), .flags = htole16(flags),
		.next = htole16(next),
	};
}

static void offer_indirect(struct ring *f, uint32_t len, uint16_t flags)
{
	guest_desc(f->r, 0, DATA(0x1000), len, flags, 3);
	guest_offer(f->r, 0);
}

static void indirect_chain_is_followed(void **state)
{
	struct ring *f = *state;

	put_indirect(f, 0, DATA(0), 8, NEXT, 2);
	put_indirect(f, 2, DATA(32), 2, WRITE, 0);
	/* A device must ignore the write flag of the descriptor of the table. */
	offer_indirect(f, 3 * 16, INDIRECT | WRITE);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(f->chain.head, 0);
	assert_int_equal(f->chain.read_len, 8);
	assert_int_equal(f->chain.write_len, 2);
}

static void indirect_table_may_end_a_chain(void **state)
{
	struct ring *f = *state;

	put_indirect(f, 0, DATA(32), 2, WRITE, 0);
	guest_desc(f->r, 1, DATA(0), 8, NEXT, 0);
	guest_desc(f->r, 0, DATA(0x1000), 16, INDIRECT, 0);
	guest_offer(f->r, 1);
	assert_int_equal(vring_pop(&f->vr, &f->chain), 1);
	assert_int_equal(f->chain.head, 1);
	assert_int_equal(f->chain.count, 2);
}

static void indirect_needs_negotiation(void **state)
{
	struct ring *f = *state;

	f->r->setup.indirect = false;
	ring_restart(f);
	offer_indirect(f, 16, INDIRECT);
	ring_assert_refused(f, "not negotiated");
}

static void indirect_with_next_is_refused(void **state)
{
	struct ring *f = *state;

	offer_indirect(f, 16, INDIRECT | NEXT);
	ring_assert_refused(f, "indirect descriptor with a next");
}

static void indirect_in_indirect_is_refused(void **state)
{
	struct ring *f = *state;

	put_indirect(f, 0, DATA(0x1000), 16, INDIRECT, 0);
	offer_indirect(f, 16, INDIRECT);
	ring_assert_refused(f, "within an indirect table");
}

static void indirect_table_of_odd_size_is_refused(void **state)
{
	struct ring *f = *state;

	offer_indirect(f, 24, INDIRECT);
	ring_assert_refused(f, "indirect table of 24 bytes");
}

static void empty_indirect_table_is_refused(void **state)
{
	struct ring *f = *state;

	offer_indirect(f, 0, INDIRECT);
	ring_assert_refused(f, "indirect table of 0 bytes");
}

static void indirect_table_outside_memory_is_refused(void **state)
{
	struct ring *f = *state;

	guest_desc(f->r, 0, GUEST_GPA + GUEST_SIZE - 16, 32, INDIRECT, 0);
	guest_offer(f->r, 0);
	ring_assert_refused(f, "outside guest memory");
}

static void next_beyond_indirect_table_is_refused(void **state)
{
	struct ring *f = *state;

	put_indirect(f, 0, DATA(0), 8, NEXT, 1);
	offer_indirect(f, 16, INDIRECT);
	ring_assert_refused(f, "descriptor 1 is beyond its table of 1");
}

static void indirect_loop_is_refused(void **state)
{
	struct ring *f = *state;

	put_indirect(f, 0, DATA(0), 8, NEXT, 0);
	offer_indirect(f, 16, INDIRECT);
	ring_assert_refused(f, "loop");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, ring_set_up, ring_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(indirect_chain_is_followed),
		TEST(indirect_table_may_end_a_chain),
		TEST(indirect_needs_negotiation),
		TEST(indirect_with_next_is_refused),
		TEST(indirect_in_indirect_is_refused),
		TEST(indirect_table_of_odd_size_is_refused),
		TEST(empty_indirect_table_is_refused),
		TEST(indirect_table_outside_memory_is_refused),
		TEST(next_beyond_indirect_table_is_refused),
		TEST(indirect_loop_is_refused),
	};

	return cmocka_run_group_tests_name("indirect", tests, NULL, NULL);
}
