/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes what people write. The first line of the input says which it is:
 * "config", "play", "fault" or "control"; the text follows.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "board.h"
#include "config.h"
#include "control.h"
#include "fuzz.h"
#include "parts.h"

#define LINES	4
#define ROUNDS	16

/**
 * struct target - what a text is about
 * @loop: the loop
 * @board: the board
 */
struct target {
	struct loop loop;
	struct board board;
};

static void open_target(struct target *t)
{
	struct errmsg err;

	*t = (struct target){ .loop = { .open = false } };
	fuzz_check(!board_init(&t->board, &t->loop, LINES, NULL, &err), "a board can be made");
	script_init(&t->board.script, &t->loop, command_script, &t->board);
	fuzz_check(!gpio_set_name(&t->board.dev.bank, 1, "Red LED", &err), "a line can be named");
	fuzz_check(!gpio_build_names(&t->board.dev.bank, &err), "names can be built");
}

static void close_target(struct target *t)
{
	board_free(&t->board);
	fuzz_check(!t->loop.timers && !t->loop.sources, "nothing is waited for in the end");
	loop_free(&t->loop);
}

static void let_it_run(struct target *t)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		loop_run_once(&t->loop, false);
}

/* A file with the text; returns its descriptor. */
static int make_file(const char *text, size_t len, char *path, size_t size)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	fuzz_check(fd >= 0 && write(fd, text, len) == (ssize_t)len, "a file can be made");
	snprintf(path, size, "/proc/self/fd/%d", fd);
	return fd;
}

static void fuzz_config(const char *path)
{
	static const char *const names[] = { "left", "right" };
	struct config cfg = { .lines = LINES, .names = names, .boards = 2, .socket = "/s" };
	struct loop loop = { .open = false };
	struct wires wires = { .loop = &loop };
	struct errmsg err = { "" };
	struct device dev;

	if (config_read_file(&cfg, path, &err)) {
		fuzz_check(*err.text, "a bad file is told of");
	} else {
		fuzz_check(!device_init(&dev, cfg.lines), "a device can be made");
		dev.loop = &loop;
		dev.wires = &wires;
		if (config_apply(&cfg, &dev, &err) || wires_check(&wires, &err))
			fuzz_check(*err.text, "a bad board is told of");
		parts_free(&dev);
		device_free(&dev);
		wires_free(&wires);
		fuzz_check(!loop.timers, "nothing is waited for in the end");
		loop_free(&loop);
	}
	config_free(&cfg);
}

static void fuzz_play(const char *path)
{
	struct errmsg err = { "" };
	struct target t;

	open_target(&t);
	if (script_play(&t.board.script, path, &err))
		fuzz_check(*err.text && !t.board.script.steps, "a bad script is told of");
	let_it_run(&t);
	close_target(&t);
}

static bool parse_fault(struct fault *fault, char *text, const struct gpio_bank *bank)
{
	struct errmsg err = { "" };
	char *words[16];
	int count = split_words(text, words, ARRAY_SIZE(words), &err);

	if (count > 0 && !fault_parse(fault, words, count, bank, &err))
		return true;
	fuzz_check(!count || *err.text, "a bad fault is told of");
	return false;
}

static const char *describe(const struct fault *fault, struct buffer *out)
{
	*out = (struct buffer){ .max = 4096 };
	fault_describe(out, fault);
	buffer_add(out, "\0", 1);
	return buffer_head(out);
}

/* What a fault is described as means the same fault. */
static void fuzz_fault_text(char *text)
{
	struct buffer said, again;
	struct fault fault;
	struct target t;
	char *copy;

	open_target(&t);
	if (parse_fault(&fault, text, &t.board.dev.bank)) {
		copy = strdup(describe(&fault, &said));
		fuzz_check(parse_fault(&fault, copy, &t.board.dev.bank), "a description is a fault");
		fuzz_check(!strcmp(describe(&fault, &again), buffer_head(&said)),
			   "a description means the same fault");
		buffer_free(&said);
		buffer_free(&again);
		free(copy);
	}
	close_target(&t);
}

static void on_quit(void *ctx)
{
	(void)ctx;
}

static void fuzz_control(const char *text, size_t len)
{
	static const char *const no_names[1];
	struct control *control = calloc(1, sizeof(*control));
	char reply[4096];
	struct target t;
	int pair[2];

	fuzz_check(control && !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
		   "a client can be made");
	open_target(&t);
	fuzz_check(!control_init(control, &t.board, no_names, 1), "a server can be made");
	control->quit = on_quit;
	control_accept(control, 0, pair[1]);
	if (send(pair[0], text, len, MSG_NOSIGNAL) < 0)
		fuzz_check(!len, "a client can talk");
	shutdown(pair[0], SHUT_WR);
	let_it_run(&t);
	while (recv(pair[0], reply, sizeof(reply), 0) > 0)
		continue;
	let_it_run(&t);
	close(pair[0]);
	control_free(control);
	free(control);
	close_target(&t);
}

static void fuzz_file(const char *text, size_t len, void (*use)(const char *path))
{
	char path[64];
	int fd = make_file(text, len, path, sizeof(path));

	use(path);
	close(fd);
}

static void dispatch(const char *kind, char *text, size_t len)
{
	if (!strcmp(kind, "config"))
		fuzz_file(text, len, fuzz_config);
	else if (!strcmp(kind, "play"))
		fuzz_file(text, len, fuzz_play);
	else if (!strcmp(kind, "fault"))
		fuzz_fault_text(text);
	else if (!strcmp(kind, "control"))
		fuzz_control(text, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *kind = calloc(1, size + 2), *text;

	fuzz_check(kind != NULL, "there is memory");
	memcpy(kind, data, size);
	text = kind + strcspn(kind, "\n");
	*text++ = '\0';
	if ((size_t)(text - kind) <= size)
		dispatch(kind, text, size - (text - kind));
	free(kind);
	return 0;
}
