/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop: sources that come and go, and timers. */
#include "guest.h"

#include <time.h>
#include <unistd.h>

#include "loop.h"

#define MS	1000000ull

struct fixture;

/**
 * struct reader - what a source is about
 * @fixture: whose it is
 * @source: the source
 * @calls: how often it was called
 */
struct reader {
	struct fixture *fixture;
	struct loop_source source;
	unsigned int calls;
};

/**
 * struct fixture - a loop with two readable sources that count their calls
 * @loop: the loop
 * @pipes: one pipe for each source
 * @readers: the sources
 * @order: the timers that expired, in order
 * @expired: their number
 * @remove_self: a source that is called is removed
 * @remove_other: the other one is
 */
struct fixture {
	struct loop loop;
	int pipes[2][2];
	struct reader readers[2];
	char order[8];
	unsigned int expired;
	bool remove_self;
	bool remove_other;
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

static void on_ready(void *ctx, uint32_t events)
{
	struct reader *r = ctx;
	struct fixture *f = r->fixture;

	assert_true(events & EPOLLIN);
	r->calls++;
	if (f->remove_self)
		loop_del(&f->loop, &r->source);
	if (f->remove_other)
		loop_del(&f->loop, &f->readers[r == &f->readers[0]].source);
}

static unsigned int calls(const struct fixture *f)
{
	return f->readers[0].calls + f->readers[1].calls;
}

static void on_expired(void *ctx)
{
	struct named_timer *t = ctx;

	t->fixture->order[t->fixture->expired++] = t->name;
}

static void count_expired(void *ctx)
{
	struct fixture *f = ctx;

	f->expired++;
}

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(pipe(f->pipes[i]), 0);
		assert_int_equal(write(f->pipes[i][1], "x", 1), 1);
		f->readers[i] = (struct reader){
			.fixture = f,
			.source = { .fd = f->pipes[i][0], .events = EPOLLIN, .ready = on_ready,
				    .ctx = &f->readers[i] },
		};
		loop_add(&f->loop, &f->readers[i].source);
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
	assert_int_equal(calls(f), 2);
	run(f);
	assert_int_equal(calls(f), 4);
}

/* Not even its end is told of, which would come again and again. */
static void end_of_a_resting_source_is_not_told(void **state)
{
	struct fixture *f = *state;

	loop_want(&f->loop, &f->readers[0].source, 0);
	close(f->pipes[0][1]);
	f->pipes[0][1] = -1;
	run(f);
	assert_int_equal(f->readers[0].calls, 0);
	loop_want(&f->loop, &f->readers[0].source, EPOLLIN);
	run(f);
	assert_int_equal(f->readers[0].calls, 1);
}

static void what_cannot_be_watched_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct loop_source closed = { .fd = 12345, .events = EPOLLIN, .ready = on_ready };

	loop_add(&f->loop, &closed);
	assert_int_equal(loop_run_once(&f->loop, false), -1);
}

/* In any order, some stopped: what is left comes in order, and not all in one round. */
static void many_timers_expire_in_order(void **state)
{
	static struct loop_timer timers[1000];
	struct fixture *f = *state;
	uint64_t last = 0;
	unsigned int rounds = 0;

	for (unsigned int i = 0; i < 1000; i++) {
		timers[i] = (struct loop_timer){ .expired = count_expired, .ctx = f };
		loop_timer_start(&f->loop, &timers[i], i * 7919 % 1000);
	}
	for (unsigned int i = 0; i < 1000; i += 3)
		loop_timer_stop(&f->loop, &timers[i]);
	while (f->loop.timers) {
		uint64_t first = f->loop.heap[0]->deadline;

		assert_true(first >= last);
		last = first;
		for (size_t i = 1; i < f->loop.timers; i++)
			assert_true(f->loop.heap[i]->deadline >= first);
		run(f);
		rounds++;
	}
	assert_int_equal(f->expired, 666);
	assert_true(rounds >= 666 / 64);
}

static void resting_source_is_not_called(void **state)
{
	struct fixture *f = *state;

	loop_want(&f->loop, &f->readers[0].source, 0);
	run(f);
	assert_int_equal(calls(f), 1);
}

static void removed_source_is_not_called(void **state)
{
	struct fixture *f = *state;

	loop_del(&f->loop, &f->readers[0].source);
	loop_del(&f->loop, &f->readers[0].source);
	run(f);
	assert_int_equal(calls(f), 1);
}

static void source_removed_in_the_same_round_is_not_called(void **state)
{
	struct fixture *f = *state;

	f->remove_other = true;
	run(f);
	assert_int_equal(calls(f), 1);
}

static void source_may_remove_itself(void **state)
{
	struct fixture *f = *state;

	f->remove_self = true;
	run(f);
	run(f);
	assert_int_equal(calls(f), 2);
	assert_int_equal(f->loop.sources, 0);
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

	loop_want(&f->loop, &f->readers[0].source, 0);
	loop_want(&f->loop, &f->readers[1].source, 0);
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
		TEST(end_of_a_resting_source_is_not_told),
		TEST(what_cannot_be_watched_is_an_error),
		TEST(many_timers_expire_in_order),
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
