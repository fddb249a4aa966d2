/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: which regions are taken, and that nothing else is touched. */
#include "guest.h"

#include <string.h>
#include <unistd.h>

/**
 * struct fixture - a guest whose memory is shared
 * @guest: the guest
 * @mem: the device's view of its memory
 */
struct fixture {
	struct guest guest;
	struct guest_mem mem;
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	guest_make(&f->guest, 8);
	guest_share(&f->guest, &f->mem);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	mem_clear(&f->mem);
	guest_free(&f->guest);
	test_free(f);
	return 0;
}

static struct mem_request region(const struct fixture *f, uint64_t gpa, uint64_t size)
{
	return (struct mem_request){
		.gpa = gpa, .size = size, .uva = GUEST_UVA + 0x10000000 + gpa,
		.fd = f->guest.fd,
	};
}

static void assert_region_refused(struct fixture *f, struct mem_request req, const char *why)
{
	struct errmsg err;
	unsigned int before = f->mem.count;

	assert_int_equal(mem_map(&f->mem, &req, &err), -1);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(f->mem.count, before);
}

static void bad_regions_are_refused(void **state)
{
	struct fixture *f = *state;
	struct mem_request req = region(f, 0x200000, GUEST_SIZE);
	int pipes[2];

	assert_region_refused(f, region(f, 0x200000, 0), "size 0");
	assert_region_refused(f, region(f, 0x200000, GUEST_SIZE + 1), "file has only");
	assert_region_refused(f, region(f, UINT64_MAX - 10, 100), "wraps around");
	assert_region_refused(f, region(f, GUEST_GPA + GUEST_SIZE - 1, 0x1000), "overlap");
	req.offset = 0x1000;
	assert_region_refused(f, req, "file has only");
	req.offset = UINT64_MAX;
	assert_region_refused(f, req, "wraps around");
	req = region(f, 0x200000, 16);
	req.fd = -1;
	assert_region_refused(f, req, "usable file descriptor");
	assert_int_equal(pipe(pipes), 0);
	req.fd = pipes[0];
	assert_region_refused(f, req, "not a file");
	close(pipes[0]);
	close(pipes[1]);
}

static void too_many_regions_are_refused(void **state)
{
	struct fixture *f = *state;
	struct errmsg err;

	for (unsigned int i = 1; i < MEM_MAX_REGIONS; i++) {
		struct mem_request req = region(f, 0x200000 + i * 0x1000, 0x1000);

		assert_int_equal(mem_map(&f->mem, &req, &err), 0);
	}
	assert_region_refused(f, region(f, 0x900000, 0x1000), "more than 509 memory regions");
}

static void access_beyond_memory_copies_nothing(void **state)
{
	struct fixture *f = *state;
	char in[8] = "keep";

	assert_false(mem_write(&f->mem, GUEST_GPA + GUEST_SIZE - 4, "abcdefgh", 8));
	assert_memory_equal(f->guest.ram + GUEST_SIZE - 4, "\0\0\0\0", 4);
	assert_false(mem_read(&f->mem, GUEST_GPA + GUEST_SIZE - 4, in, 8));
	assert_string_equal(in, "keep");
	assert_false(mem_write(&f->mem, GUEST_GPA - 1, "a", 1));
	assert_true(mem_write(&f->mem, GUEST_GPA + GUEST_SIZE - 4, "abcd", 4));
}

static void region_may_begin_within_a_page(void **state)
{
	struct fixture *f = *state;
	struct mem_request req = region(f, 0x400010, 0x100);
	struct errmsg err;
	char in[2];

	req.offset = GUEST_DATA + 0x10;
	memcpy(f->guest.ram + GUEST_DATA + 0x10, "ok", 2);
	assert_int_equal(mem_map(&f->mem, &req, &err), 0);
	assert_true(mem_read(&f->mem, 0x400010, in, 2));
	assert_memory_equal(in, "ok", 2);
	assert_false(mem_read(&f->mem, 0x40000f, in, 2));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bad_regions_are_refused),
		TEST(too_many_regions_are_refused),
		TEST(access_beyond_memory_copies_nothing),
		TEST(region_may_begin_within_a_page),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
