/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tiny guest for the tests. */
#include "guest.h"

/**
 * guest_make() - make a guest
 * @g: the guest
 * @num: size of its rings
 */
void guest_make(struct guest *g, unsigned int num)
{
	assert_int_equal(guest_init(g, num, GUEST_SIZE), 0);
}

/**
 * guest_share() - map the guest's memory as the device does
 * @g: the guest
 * @mem: takes the one region
 */
void guest_share(const struct guest *g, struct guest_mem *mem)
{
	struct mem_request req = {
		.gpa = GUEST_GPA, .size = GUEST_SIZE, .uva = GUEST_UVA, .fd = g->fd,
	};
	struct errmsg err;

	assert_int_equal(mem_map(mem, &req, &err), 0);
}
