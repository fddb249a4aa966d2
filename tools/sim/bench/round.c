/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long a round takes: so many requests in a queue, one notification, and the
 * wait for the last reply. The simulator is compared with a back end that does
 * nothing else, in turn and on the same processor.
 *
 *   round PROGRAM
 *
 * Then, how long a request has to wait at most, also beside clients that mean harm.
 *
 * Fails if a target is missed: a round of 64 requests in at most twice the time of
 * that back end, of one request in at most 1.4 times; no client makes a request wait
 * for more than 5 ms.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_gpio.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver/link.h"
#include "sock.h"

#define NUM		128
#define SIZE		0x20000u
#define REQUESTS	(GUEST_GPA + GUEST_DATA)
#define RESPONSES	(REQUESTS + 0x8000u)
#define STRIDE		64
#define PAIRS		101
#define FRONT_END_FD	3
#define CLIENTS		64
#define WAITS_US	2e6

/* Rounds in a block, of which the mean counts: about a millisecond. */
#define ROUNDS		64

/**
 * struct back_end - who answers, and what its driver has
 * @pid: the process
 * @guest: memory and rings, of which the first is used
 * @ring: that one
 * @kick: notifications to it
 * @call: notifications from it
 * @avail: requests made available
 */
struct back_end {
	pid_t pid;
	struct guest guest;
	struct guest_ring *ring;
	int kick;
	int call;
	uint16_t avail;
};

static void die(const char *what)
{
	fprintf(stderr, "round: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void fill_ring(struct back_end *b)
{
	for (unsigned int i = 0; i < NUM / 2; i++) {
		struct virtio_gpio_request *req = guest_at(&b->guest, REQUESTS + i * STRIDE);

		*req = (struct virtio_gpio_request){ .type = htole16(VIRTIO_GPIO_MSG_GET_VALUE),
						     .gpio = htole16(i) };
		guest_pair(b->ring, i, REQUESTS + i * STRIDE, sizeof(*req), RESPONSES + i * STRIDE,
			   2);
	}
}

static void make(struct back_end *b)
{
	if (guest_init(&b->guest, NUM, SIZE))
		die("no memory");
	b->ring = &b->guest.rings[0];
	b->kick = eventfd(0, EFD_CLOEXEC);
	b->call = eventfd(0, EFD_CLOEXEC);
	if (b->kick < 0 || b->call < 0)
		die("no memory");
	fill_ring(b);
}

/* Answers one request, without looking twice at anything. */
static void answer_one(struct back_end *b, uint16_t idx, uint16_t used)
{
	uint16_t head = le16toh(b->ring->avail->ring[idx % NUM]);
	const struct vring_desc *in = &b->ring->desc[head];
	const struct vring_desc *out = &b->ring->desc[le16toh(in->next)];
	struct virtio_gpio_request req;
	uint8_t response[2] = { VIRTIO_GPIO_STATUS_OK, 0 };

	memcpy(&req, guest_at(&b->guest, le64toh(in->addr)), sizeof(req));
	response[1] = le16toh(req.gpio) & 1;
	memcpy(guest_at(&b->guest, le64toh(out->addr)), response, sizeof(response));
	b->ring->used->ring[used % NUM] = (struct vring_used_elem){ htole32(head), htole32(2) };
}

/* The floor: waits for a notification, answers all requests, notifies once. */
static void serve_only(struct back_end *b)
{
	uint16_t seen = 0;
	uint64_t count, one = 1;

	while (read(b->kick, &count, sizeof(count)) == sizeof(count)) {
		uint16_t idx = __atomic_load_n(&b->ring->avail->idx, __ATOMIC_ACQUIRE);

		for (; seen != le16toh(idx); seen++)
			answer_one(b, seen, seen);
		__atomic_store_n(&b->ring->used->idx, htole16(seen), __ATOMIC_RELEASE);
		if (write(b->call, &one, sizeof(one)) != sizeof(one))
			break;
	}
	_exit(0);
}

static void start_floor(struct back_end *b)
{
	make(b);
	b->pid = fork();
	if (b->pid < 0)
		die("cannot fork");
	if (b->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	serve_only(b);
}

static void set_up_queue(struct back_end *b, int sock)
{
	struct vu_link link = { .fd = sock };
	struct vu_link_queue q = {
		.ring = &b->ring->setup, .kick = b->kick, .call = b->call,
	};

	if (vu_link_tell_u64(&link, VU_SET_FEATURES,
			     1ull << VIRTIO_F_VERSION_1 | 1ull << VIRTIO_RING_F_EVENT_IDX) ||
	    vu_link_share(&link, &b->guest) || vu_link_start_queue(&link, &q))
		die(link.err.text);
}

static void exec_simulator(const char *program, int sock, const char *control)
{
	int null = open("/dev/null", O_WRONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(null, STDOUT_FILENO);
	dup2(sock, FRONT_END_FD);
	execl(program, program, "--lines", "64", "--fd", "3", "--control", control, NULL);
	_exit(127);
}

static void start_simulator(struct back_end *b, const char *program, const char *control)
{
	int pair[2];

	make(b);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		die("no socket");
	b->pid = fork();
	if (b->pid < 0)
		die("cannot fork");
	if (!b->pid)
		exec_simulator(program, pair[1], control);
	close(pair[1]);
	set_up_queue(b, pair[0]);
}

/* The simulator made the descriptor one that does not block. */
static void wait_for_notification(const struct back_end *b)
{
	struct pollfd pfd = { .fd = b->call, .events = POLLIN };
	uint64_t count;

	if (poll(&pfd, 1, 10000) != 1 || read(b->call, &count, sizeof(count)) != sizeof(count))
		die("no notification");
}

static void one_round(struct back_end *b, unsigned int count)
{
	struct vring_avail *avail = b->ring->avail;
	uint64_t one = 1;

	for (unsigned int i = 0; i < count; i++)
		avail->ring[(uint16_t)(b->avail + i) % NUM] = htole16(2 * i);
	b->avail += count;
	/* The interrupt is wanted for the last reply. */
	avail->ring[NUM] = htole16(b->avail - 1);
	__atomic_store_n(&avail->idx, htole16(b->avail), __ATOMIC_SEQ_CST);
	if (write(b->kick, &one, sizeof(one)) != sizeof(one))
		die("cannot notify");
	while (guest_used(b->ring) != b->avail)
		wait_for_notification(b);
}

/* The mean of a block of rounds, in nanoseconds. */
static double block(struct back_end *b, unsigned int count)
{
	struct timespec from, to;

	one_round(b, count);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned int i = 0; i < ROUNDS; i++)
		one_round(b, count);
	clock_gettime(CLOCK_MONOTONIC, &to);
	return ((to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec)) / ROUNDS;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
	qsort(values, PAIRS, sizeof(*values), compare);
	return values[PAIRS / 2];
}

/* One after the other, so that both see the same of what else goes on. */
static bool measure(struct back_end *floor, struct back_end *sim, unsigned int count, double most)
{
	double floors[PAIRS], sims[PAIRS], ratios[PAIRS], ratio;

	for (unsigned int i = 0; i < PAIRS; i++) {
		floors[i] = block(floor, count);
		sims[i] = block(sim, count);
		ratios[i] = sims[i] / floors[i];
	}
	ratio = median(ratios);
	printf("%2u requests: %6.2f us, the floor %6.2f us, %.2f times (target %.1f)\n", count,
	       median(sims) / 1000, median(floors) / 1000, ratio, most);
	return ratio <= most;
}

static int connect_client(const char *control)
{
	struct errmsg err;
	int fd = sock_connect(control, &err);

	if (fd < 0)
		die(err.text);
	return fd;
}

static void say(int fd, const char *command)
{
	if (send(fd, command, strlen(command), MSG_NOSIGNAL) < 0)
		die("a client cannot talk");
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

/* Microseconds that the slowest of all requests took in a while. */
static double longest_wait(struct back_end *sim)
{
	double end = now_us() + WAITS_US, longest = 0;

	while (now_us() < end) {
		double from = now_us(), took;

		one_round(sim, 1);
		took = now_us() - from;
		if (took > longest)
			longest = took;
	}
	return longest;
}

/*
 * Watchers that do not read, and clients that make edges without end. What the rest
 * of the machine takes is seen without them.
 */
static bool measure_waits(struct back_end *sim, const char *control)
{
	double alone = longest_wait(sim), among;
	int fds[CLIENTS];

	for (unsigned int i = 0; i < CLIENTS; i++) {
		fds[i] = connect_client(control);
		say(fds[i], i ? "watch\n" : "toggle 1 100000\ntoggle 1 100000\ntoggle 1 100000\n");
	}
	among = longest_wait(sim);
	for (unsigned int i = 0; i < CLIENTS; i++)
		close(fds[i]);
	printf("longest wait: %.0f us, with 63 watchers that do not read and a client that makes "
	       "edges %.0f us (target 5000 more)\n", alone, among);
	return among <= alone + 5000;
}

static void stay_on_one_processor(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	CPU_ZERO(&set);
	CPU_SET(cpu < 0 ? 0 : cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("cannot stay on one processor");
	/* Ahead of other processes, where that is allowed; the back ends inherit it. */
	if (setpriority(PRIO_PROCESS, 0, -20))
		fprintf(stderr, "round: other processes may come between: %s\n", strerror(errno));
}

static void end(struct back_end *b)
{
	kill(b->pid, SIGKILL);
	waitpid(b->pid, NULL, 0);
}

int main(int argc, char **argv)
{
	struct back_end floor = { .pid = 0 }, sim = { .pid = 0 };
	char control[64];
	bool met;

	if (argc != 2) {
		fprintf(stderr, "usage: round PROGRAM\n");
		return 2;
	}
	stay_on_one_processor();
	start_floor(&floor);
	snprintf(control, sizeof(control), "/tmp/vgpio-sim-round-%d", getpid());
	start_simulator(&sim, argv[1], control);
	met = measure(&floor, &sim, 64, 2.0);
	met = measure(&floor, &sim, 1, 1.4) && met;
	met = measure_waits(&sim, control) && met;
	end(&floor);
	end(&sim);
	unlink(control);
	return !met;
}
