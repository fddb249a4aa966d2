/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The poll loop: sources that come and go, and timers. */
#include "guest.h"

#include <time.h>
#include <unistd.h>

#include "loop.h"

#define MS	1000000ull

/**
 * struct fixture - a loop with two readable sources that count their calls
 * @loop: the loop
 * @pipes: one pipe for each source
 * @sources: the sources
 * @calls: calls of all sources together
 * @order: the timers that expired, in order
 * @expired: their number
 * @remove: the source to remove when a source is called, or NULL
 */
struct fixture {
	struct loop loop;
	int pipes[2][2];
	struct loop_source sources[2];
	unsigned int calls;
	char order[8];
	unsigned int expired;
	struct loop_source *remove;
};

/**
 * struct named_timer - a timer that leaves its name
 * @timer: the timer
 * @fixture: where
 * @name: the name
 */
struct named_timer {
	struct loop_timer timer;
	struct fixture *fixture;
	char name;
};

static void on_ready(void *ctx, short revents)
{
	struct fixture *f = ctx;

	assert_true(revents & POLLIN);
	f->calls++;
	if (f->remove)
		loop_del(&f->loop, f->remove);
}

static void on_expired(void *ctx)
{
	struct named_timer *t = ctx;

	t->fixture->order[t->fixture->expired++] = t->name;
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(pipe(f->pipes[i]), 0);
		assert_int_equal(write(f->pipes[i][1], "x", 1), 1);
		f->sources[i] = (struct loop_source){
			.fd = f->pipes[i][0], .events = POLLIN, .ready = on_ready, .ctx = f,
		};
		loop_add(&f->loop, &f->sources[i]);
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 4; i++)
		close(f->pipes[i / 2][i % 2]);
	loop_free(&f->loop);
	test_free(f);
	return 0;
}

static void run(struct fixture *f)
{
	assert_int_equal(loop_run_once(&f->loop, false), 0);
}

static struct named_timer named(struct fixture *f, char name)
{
	return (struct named_timer){ .fixture = f, .name = name };
}

static void start(struct named_timer *t, uint64_t ns)
{
	t->timer.expired = on_expired;
	t->timer.ctx = t;
	loop_timer_start(&t->fixture->loop, &t->timer, ns);
}

static void ready_sources_are_called(void **state)
{
	struct fixture *f = *state;

	run(f);
	assert_int_equal(f->calls, 2);
	run(f);
	assert_int_equal(f->calls, 4);
}

static void resting_source_is_not_called(void **state)
{
	struct fixture *f = *state;

	f->sources[0].events = 0;
	run(f);
	assert_int_equal(f->calls, 1);
}

static void removed_source_is_not_called(void **state)
{
	struct fixture *f = *state;

	loop_del(&f->loop, &f->sources[0]);
	loop_del(&f->loop, &f->sources[0]);
	run(f);
	assert_int_equal(f->calls, 1);
}

static void source_removed_in_the_same_round_is_not_called(void **state)
{
	struct fixture *f = *state;

	/* Sources are called in the order in which they are listed. */
	f->remove = f->loop.sources->next;
	run(f);
	assert_int_equal(f->calls, 1);
}

static void source_may_remove_itself(void **state)
{
	struct fixture *f = *state;

	f->remove = f->loop.sources;
	run(f);
	assert_int_equal(f->calls, 2);
	run(f);
	assert_int_equal(f->calls, 3);
}

static void timers_expire_in_order(void **state)
{
	struct fixture *f = *state;
	struct named_timer a = named(f, 'a'), b = named(f, 'b'), c = named(f, 'c');
	struct timespec ts = { .tv_nsec = 5 * MS };

	start(&b, 2 * MS);
	start(&c, 3 * MS);
	start(&a, 1 * MS);
	nanosleep(&ts, NULL);
	run(f);
	assert_string_equal(f->order, "abc");
	run(f);
	assert_int_equal(f->expired, 3);
}

static void stopped_timer_does_not_expire(void **state)
{
	struct fixture *f = *state;
	struct named_timer a = named(f, 'a'), b = named(f, 'b');

	start(&a, 0);
	start(&b, 0);
	loop_timer_stop(&f->loop, &a.timer);
	assert_false(a.timer.armed);
	run(f);
	assert_string_equal(f->order, "b");
}

static void restarted_timer_expires_once(void **state)
{
	struct fixture *f = *state;
	struct named_timer a = named(f, 'a');

	start(&a, 0);
	start(&a, 0);
	run(f);
	run(f);
	assert_string_equal(f->order, "a");
}

static void loop_sleeps_until_the_next_timer(void **state)
{
	struct fixture *f = *state;
	struct named_timer a = named(f, 'a');
	uint64_t before = loop_now();

	f->sources[0].events = 0;
	f->sources[1].events = 0;
	start(&a, 20 * MS);
	while (!f->expired)
		assert_int_equal(loop_run_once(&f->loop, true), 0);
	assert_true(loop_now() - before >= 20 * MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ready_sources_are_called),
		TEST(resting_source_is_not_called),
		TEST(removed_source_is_not_called),
		TEST(source_removed_in_the_same_round_is_not_called),
		TEST(source_may_remove_itself),
		TEST(timers_expire_in_order),
		TEST(stopped_timer_does_not_expire),
		TEST(restarted_timer_expires_once),
		TEST(loop_sleeps_until_the_next_timer),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
