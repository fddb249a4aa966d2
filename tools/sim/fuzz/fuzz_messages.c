/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes a whole session: bytes and descriptors on the front end's socket,
 * changes of the guest's memory, and notifications, in any order.
 *
 * The input is a row of actions. Each begins with a byte: the number of an
 * action below, times 16, plus a parameter; then a byte that is the length of
 * the data that follows.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faults.h"
#include "fuzz.h"
#include "vhost/session.h"

#define LINES		4
#define MEMORY		0x10000
#define ROUNDS		4

enum action {
	SEND,		/* the parameter is a number of descriptors of the memory */
	SEND_KICK,	/* event descriptors that KICK signals */
	SEND_CALL,	/* event descriptors that nobody reads */
	SEND_PIPE,	/* the writing end of a pipe that is full */
	SEND_EMPTY,	/* descriptors of an empty file */
	WRITE,		/* the data goes to the memory, at 4096 times the parameter */
	KICK,
	LEVEL,		/* the host drives a line */
	SHORTEN,	/* the memory, to 4096 times the parameter */
	RECONNECT,
	FAULT,		/* the one that the length names */
	ACTIONS,
};

/**
 * struct target - what is made once
 * @loop: the loop
 * @dev: the device
 * @session: the session
 * @fd: the front end's end
 * @fds: for SEND to SEND_EMPTY, the descriptors to send
 * @memory: the guest's memory, as the front end sees it
 */
static struct target {
	struct loop loop;
	struct device dev;
	struct vu_session session;
	int fd;
	int fds[WRITE];
	uint8_t *memory;
} target;

static void fill_pipe(int fd)
{
	char bytes[4096] = { 0 };

	while (write(fd, bytes, sizeof(bytes)) > 0)
		continue;
}

static void on_ended(void *ctx, bool failed)
{
	(void)ctx;
	(void)failed;
}

static void make_descriptors(struct target *t)
{
	int pipes[2];

	fuzz_check(!pipe2(pipes, O_NONBLOCK), "a pipe can be made");
	fill_pipe(pipes[1]);
	t->fds[SEND] = memfd_create("guest", 0);
	t->fds[SEND_KICK] = eventfd(0, EFD_NONBLOCK);
	t->fds[SEND_CALL] = eventfd(0, EFD_NONBLOCK);
	t->fds[SEND_PIPE] = pipes[1];
	t->fds[SEND_EMPTY] = memfd_create("empty", 0);
	t->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, t->fds[SEND], 0);
	fuzz_check(t->memory != MAP_FAILED, "memory can be mapped");
}

static void make_target(struct target *t)
{
	struct errmsg err;

	make_descriptors(t);
	fuzz_check(!device_init(&t->dev, LINES), "a device can be made");
	t->dev.loop = &t->loop;
	fuzz_no_faults(&t->dev);
	fuzz_check(!gpio_set_name(&t->dev.bank, 1, "Reset", &err), "a line can be named");
	fuzz_check(!gpio_build_names(&t->dev.bank, &err), "names can be built");
	fuzz_check(!mem_survive_loss(NULL), "a signal handler can be set");
	t->session = (struct vu_session){
		.loop = &t->loop, .dev = &t->dev, .offer_irq = true, .ended = on_ended,
		.over = true,
	};
}

static void connect_front_end(struct target *t)
{
	int pair[2];

	fuzz_check(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
		   "a socket pair can be made");
	t->fd = pair[0];
	vu_open(&t->session, pair[1]);
}

static void disconnect(struct target *t)
{
	vu_close(&t->session);
	close(t->fd);
}

/* The program's loop: whatever happened, memory is looked at afterwards. */
static void let_it_run(struct target *t)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		loop_run_once(&t->loop, false);
		vu_check_memory(&t->session);
	}
}

static void drop_replies(struct target *t)
{
	char bytes[4096];

	while (recv(t->fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
}

static void send_bytes(struct target *t, int fd, unsigned int count, struct iovec iov)
{
	union {
		char bytes[CMSG_SPACE(16 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (count) {
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE(count * sizeof(int));
		CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(count * sizeof(int));
		for (unsigned int i = 0; i < count; i++)
			((int *)CMSG_DATA(CMSG_FIRSTHDR(&mh)))[i] = fd;
	}
	if (iov.iov_len && sendmsg(t->fd, &mh, MSG_NOSIGNAL) < 0)
		fuzz_check(errno == EPIPE || errno == ECONNRESET || errno == EAGAIN,
			   "messages can be sent");
}

static void write_memory(struct target *t, unsigned int page, const uint8_t *data, size_t len)
{
	if (pwrite(t->fds[SEND], data, len, page * 4096) < 0)
		fuzz_check(0, "memory can be written");
	if (ftruncate(t->fds[SEND], MEMORY))
		fuzz_check(0, "memory can be made whole");
}

static void kick(struct target *t)
{
	uint64_t one = 1;

	if (write(t->fds[SEND_KICK], &one, sizeof(one)) < 0)
		fuzz_check(errno == EAGAIN, "event descriptors can be signalled");
}

static void act(struct target *t, struct fuzz_input *in)
{
	unsigned int what = fuzz_byte(in), parameter = what % 16;
	size_t len = fuzz_byte(in);
	const uint8_t *data = fuzz_bytes(in, &len);

	switch (what / 16 % ACTIONS) {
	case WRITE:
		return write_memory(t, parameter, data, len);
	case KICK:
		return kick(t);
	case LEVEL:
		return device_set_level(&t->dev, parameter % LINES, parameter / LINES % 2);
	case SHORTEN:
		fuzz_check(!ftruncate(t->fds[SEND], parameter * 4096), "memory can be shortened");
		return;
	case RECONNECT:
		disconnect(t);
		return connect_front_end(t);
	case FAULT:
		return fuzz_fault(&t->dev, len);
	default:
		send_bytes(t, t->fds[what / 16 % ACTIONS], parameter,
			   (struct iovec){ (void *)data, len });
	}
}

static void clear_memory(struct target *t)
{
	fuzz_check(!ftruncate(t->fds[SEND], 0) && !ftruncate(t->fds[SEND], MEMORY),
		   "memory can be cleared");
}

static void check_session_left_nothing(const struct target *t)
{
	fuzz_check(!t->loop.sources && !t->loop.timers, "a closed session is not waited for");
	fuzz_check(!t->session.mem.count, "a closed session has no memory");
	for (unsigned int i = 0; i < LINES; i++)
		fuzz_check(!t->dev.bank.lines[i].direction && !t->dev.bank.lines[i].trigger &&
			   !t->dev.bank.lines[i].unmasked, "a closed session leaves no state");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint64_t signals;

	if (!target.memory)
		make_target(&target);
	clear_memory(&target);
	connect_front_end(&target);
	while (in.size) {
		act(&target, &in);
		let_it_run(&target);
		drop_replies(&target);
	}
	disconnect(&target);
	fuzz_no_faults(&target.dev);
	check_session_left_nothing(&target);
	for (unsigned int line = 0; line < LINES; line++)
		device_set_level(&target.dev, line, false);
	while (read(target.fds[SEND_KICK], &signals, sizeof(signals)) > 0)
		continue;
	return 0;
}
