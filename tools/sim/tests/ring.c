/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtqueue, as both of its ends see it. */
#include "ring.h"

#include <string.h>

/**
 * ring_set_up() - make a guest and start its ring, for cmocka
 * @state: takes the struct ring
 *
 * Return: 0.
 */
int ring_set_up(void **state)
{
	struct ring *f = test_calloc(1, sizeof(*f));

	guest_make(&f->guest, NUM);
	guest_share(&f->guest, &f->mem);
	f->r = &f->guest.rings[0];
	assert_int_equal(vring_start(&f->vr, &f->r->setup, &f->mem), 0);
	*state = f;
	return 0;
}

/**
 * ring_tear_down() - free it, for cmocka
 * @state: the struct ring
 *
 * Return: 0.
 */
int ring_tear_down(void **state)
{
	struct ring *f = *state;

	vring_forget(&f->vr);
	mem_clear(&f->mem);
	guest_free(&f->guest);
	test_free(f);
	return 0;
}

/**
 * ring_restart() - start the ring again, as it is set up now
 * @f: the ring
 */
void ring_restart(struct ring *f)
{
	vring_forget(&f->vr);
	assert_int_equal(vring_start(&f->vr, &f->r->setup, &f->mem), 0);
}

/**
 * ring_assert_refused() - what is available is no chain
 * @f: the ring
 * @why: what the error says, among other things
 */
void ring_assert_refused(struct ring *f, const char *why)
{
	assert_int_equal(vring_pop(&f->vr, &f->chain), -1);
	assert_non_null(strstr(f->vr.err.text, why));
}
