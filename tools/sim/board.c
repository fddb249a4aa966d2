/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A board in the terminal: shows all lines, and lets a person drive them. */
#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "board.h"

#define REDRAW_NS	20000000ull
#define PULSE_NS	100000000ull
#define STORM_EDGES	1000
#define STORM_NS	100000ull
#define HEADER_ROWS	2
#define FOOTER_ROWS	2
#define OTHER_COLUMNS	67
#define MIN_NAME	6
#define MAX_NAME	40
#define KEY_ESCAPE_MS	25

/**
 * struct board - the board
 * @bench: what it shows and drives
 * @screen: the terminal
 * @keys: the keyboard
 * @resized: SIGWINCH
 * @redraw: gathers changes for a while before they are shown
 * @storm: the next edge of a storm
 * @storm_line: its line
 * @storm_left: edges to come
 * @listener: what the device tells
 * @began_ns: when the board was opened
 * @changed_ns: for each line, its last change; 0 if there was none
 * @cursor: the chosen line
 * @top: the first line that is shown
 * @connected: a guest is there
 * @message: the last message of the simulator
 * @quit: called when the person ends it
 * @quit_ctx: for @quit
 */
struct board {
	struct bench *bench;
	SCREEN *screen;
	struct loop_source keys;
	struct loop_source resized;
	struct loop_timer redraw;
	struct loop_timer storm;
	unsigned int storm_line;
	unsigned int storm_left;
	struct device_listener listener;
	uint64_t began_ns;
	uint64_t *changed_ns;
	unsigned int cursor;
	unsigned int top;
	bool connected;
	char message[256];
	void (*quit)(void *ctx);
	void *quit_ctx;
};

/* What a signal handler needs to leave the terminal as it was. */
static struct {
	bool changed;
	struct termios modes;
	char text[64];
} terminal;

static const int fatal_signals[] = { SIGSEGV, SIGABRT, SIGILL, SIGFPE };

static struct gpio_bank *bank_of(const struct board *b)
{
	return &b->bench->dev->bank;
}

static void need_redraw(struct board *b)
{
	if (!b->redraw.armed)
		loop_timer_start(b->bench->loop, &b->redraw, REDRAW_NS);
}

static unsigned int rows(void)
{
	return LINES > HEADER_ROWS + FOOTER_ROWS ? LINES - HEADER_ROWS - FOOTER_ROWS : 1;
}

static int name_width(void)
{
	int room = COLS - OTHER_COLUMNS;

	if (room < MIN_NAME)
		return MIN_NAME;
	return room < MAX_NAME ? room : MAX_NAME;
}

static void draw_text(int y, const char *text)
{
	mvaddnstr(y, 0, text, COLS);
}

static void draw_header(const struct board *b)
{
	char text[512];

	snprintf(text, sizeof(text), "vgpio-sim: %u lines, %s", bank_of(b)->count,
		 b->connected ? "guest connected" : "no guest");
	attron(A_BOLD);
	draw_text(0, text);
	snprintf(text, sizeof(text), "%5s  %-*s  %-9s  %-5s  %-7s  %-7s  %-8s  %s", "line",
		 name_width(), "name", "direction", "value", "trigger", "irq", "driver",
		 "changed");
	draw_text(1, text);
	attroff(A_BOLD);
}

static const char *irq_state(const struct gpio_line *line)
{
	if (line->latched)
		return "latched";
	return line->unmasked ? "armed" : "-";
}

static void describe_driver(char *text, size_t size, const struct gpio_bank *bank,
			    unsigned int number)
{
	const struct gpio_line *source = bank->lines[number].source;
	enum gpio_driver driver = gpio_driver(bank, number);

	if (driver == GPIO_LOOP)
		snprintf(text, size, "line %td", source - bank->lines);
	else
		snprintf(text, size, "%s", gpio_driver_name(driver));
}

static void describe_change(const struct board *b, unsigned int number, char *text, size_t size)
{
	uint64_t at = b->changed_ns[number];

	if (at)
		snprintf(text, size, "%.3f s", (at - b->began_ns) / 1e9);
	else
		snprintf(text, size, "-");
}

static void draw_line(const struct board *b, int y, unsigned int number)
{
	const struct gpio_line *line = &bank_of(b)->lines[number];
	attr_t attr = (number == b->cursor ? A_REVERSE : 0) | (line->value ? A_BOLD : 0);
	char text[512], driver[32], changed[32];
	int width = name_width();

	describe_driver(driver, sizeof(driver), bank_of(b), number);
	describe_change(b, number, changed, sizeof(changed));
	snprintf(text, sizeof(text), "%5u  %-*.*s  %-9s  %-5d  %-7s  %-7s  %-8s  %s", number,
		 width, width, line->name ?: "", gpio_direction_name(line->direction),
		 line->value, gpio_trigger_name(line->trigger), irq_state(line), driver, changed);
	attron(attr);
	draw_text(y, text);
	attroff(attr);
}

static void draw_footer(const struct board *b)
{
	char text[64] = "";

	draw_text(LINES - 2, b->message);
	if (b->storm_left)
		snprintf(text, sizeof(text), "[storm on line %u] ", b->storm_line);
	draw_text(LINES - 1, text);
	addnstr("arrows move  space toggle  0/1 set  r release  p pulse  s storm  q quit",
		COLS - getcurx(stdscr));
}

/* Keeps the chosen line in sight. */
static void scroll_to_cursor(struct board *b)
{
	if (b->cursor < b->top)
		b->top = b->cursor;
	if (b->cursor >= b->top + rows())
		b->top = b->cursor - rows() + 1;
}

static void draw(void *ctx)
{
	struct board *b = ctx;

	scroll_to_cursor(b);
	erase();
	draw_header(b);
	for (unsigned int i = 0; i < rows() && b->top + i < bank_of(b)->count; i++)
		draw_line(b, HEADER_ROWS + i, b->top + i);
	draw_footer(b);
	refresh();
}

static void on_changed(void *ctx, unsigned int line)
{
	struct board *b = ctx;

	b->changed_ns[line] = loop_now();
	need_redraw(b);
}

static void on_armed(void *ctx, unsigned int line)
{
	(void)line;
	need_redraw(ctx);
}

static void on_answered(void *ctx, const struct answer *answer)
{
	if (answer->queue == DEVICE_EVENTQ)
		need_redraw(ctx);
}

static void on_session(void *ctx, bool begins)
{
	struct board *b = ctx;

	b->connected = begins;
	need_redraw(b);
}

static void on_message(void *ctx, const char *text)
{
	struct board *b = ctx;

	snprintf(b->message, sizeof(b->message), "%.255s", text);
	need_redraw(b);
}

static void move_cursor(struct board *b, long by)
{
	long to = (long)b->cursor + by, last = bank_of(b)->count - 1;

	if (to < 0)
		to = 0;
	b->cursor = to < last ? to : last;
}

static void storm_edge(void *ctx)
{
	struct board *b = ctx;

	bench_toggle(b->bench, b->storm_line);
	if (--b->storm_left)
		loop_timer_start(b->bench->loop, &b->storm, STORM_NS);
	else
		need_redraw(b);
}

/* Begins a storm on the chosen line, or ends the one that is under way. */
static void toggle_storm(struct board *b)
{
	if (b->storm_left) {
		loop_timer_stop(b->bench->loop, &b->storm);
		b->storm_left = 0;
		return;
	}
	b->storm_line = b->cursor;
	b->storm_left = STORM_EDGES;
	storm_edge(b);
}

static void pulse(struct board *b)
{
	struct errmsg err;

	if (bench_pulse(b->bench, b->cursor, PULSE_NS, &err))
		on_message(b, err.text);
}

static bool move_key(struct board *b, int key)
{
	long all = bank_of(b)->count, page = rows();
	const struct {
		int keys[2];
		long by;
	} moves[] = {
		{ { KEY_UP, 'k' }, -1 }, { { KEY_DOWN, 'j' }, 1 }, { { KEY_PPAGE, 'b' }, -page },
		{ { KEY_NPAGE, 'f' }, page }, { { KEY_HOME, 'g' }, -all }, { { KEY_END, 'G' }, all },
	};

	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		if (key != moves[i].keys[0] && key != moves[i].keys[1])
			continue;
		move_cursor(b, moves[i].by);
		return true;
	}
	return false;
}

static void drive_key(struct board *b, int key)
{
	switch (key) {
	case ' ':
	case '\n':
		return bench_toggle(b->bench, b->cursor);
	case '0':
	case '1':
		return bench_set(b->bench, b->cursor, key == '1');
	case 'r':
		return bench_release(b->bench, b->cursor);
	case 'p':
		return pulse(b);
	case 's':
		return toggle_storm(b);
	case 'q':
		return b->quit(b->quit_ctx);
	case '\f':
		clearok(curscr, TRUE);
	}
}

static void on_keys(void *ctx, short revents)
{
	struct board *b = ctx;
	int key;

	if (!(revents & POLLIN)) {
		b->quit(b->quit_ctx);
		return;
	}
	while ((key = getch()) != ERR)
		if (!move_key(b, key))
			drive_key(b, key);
	draw(b);
}

static void on_resize(void *ctx, short revents)
{
	struct signalfd_siginfo info;
	struct board *b = ctx;
	struct winsize size;

	(void)revents;
	if (read(b->resized.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		resizeterm(size.ws_row, size.ws_col);
	draw(b);
}

/**
 * board_restore_terminal() - leave the terminal as it was
 *
 * Context: also from a handler of a signal that ends the process.
 */
void board_restore_terminal(void)
{
	if (!terminal.changed)
		return;
	terminal.changed = false;
	tcsetattr(STDIN_FILENO, TCSANOW, &terminal.modes);
	if (write(STDOUT_FILENO, terminal.text, strlen(terminal.text)) < 0)
		return;
}

static void on_fatal_signal(int signo)
{
	board_restore_terminal();
	raise(signo);
}

static void set_fatal_handlers(void (*handler)(int signo))
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESETHAND };

	for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
		sigaction(fatal_signals[i], &action, NULL);
}

static void add_capability(const char *name)
{
	const char *text = tigetstr((char *)name);
	size_t used = strlen(terminal.text);

	if (text && text != (char *)-1)
		snprintf(terminal.text + used, sizeof(terminal.text) - used, "%s", text);
}

static int open_screen(struct board *b, const struct termios *modes, struct errmsg *err)
{
	b->screen = newterm(NULL, stdout, stdin);
	if (!b->screen)
		return errmsg_set(err, "--interactive: the terminal \"%.64s\" is not known; set "
				  "TERM", getenv("TERM") ?: "");
	terminal.modes = *modes;
	terminal.text[0] = '\0';
	add_capability("cnorm");
	add_capability("rmkx");
	add_capability("rmcup");
	terminal.changed = true;
	set_fatal_handlers(on_fatal_signal);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(KEY_ESCAPE_MS);
	curs_set(0);
	return 0;
}

static int watch_size(struct board *b, struct errmsg *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return errmsg_set(err, "cannot watch for signals: %s", strerror(errno));
	b->resized = (struct loop_source){
		.fd = fd, .events = POLLIN, .ready = on_resize, .ctx = b,
	};
	loop_add(b->bench->loop, &b->resized);
	return 0;
}

static struct board *new_board(struct bench *bench)
{
	struct board *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	*b = (struct board){
		.bench = bench, .resized.fd = -1, .began_ns = loop_now(),
		.keys = { .fd = STDIN_FILENO, .events = POLLIN, .ready = on_keys, .ctx = b },
		.redraw = { .expired = draw, .ctx = b },
		.storm = { .expired = storm_edge, .ctx = b },
		.listener = { .changed = on_changed, .armed = on_armed,
			      .answered = on_answered, .session = on_session, .ctx = b },
	};
	b->changed_ns = calloc(bench->dev->bank.count, sizeof(*b->changed_ns));
	if (b->changed_ns)
		return b;
	free(b);
	return NULL;
}

/**
 * board_open() - show the board in the terminal
 * @bench: what it shows and drives
 * @quit: called when the person ends it
 * @quit_ctx: for @quit
 * @err: what is wrong, if so
 *
 * Return: the board, or NULL.
 */
struct board *board_open(struct bench *bench, void (*quit)(void *ctx), void *quit_ctx,
			 struct errmsg *err)
{
	struct termios modes;
	struct board *b;

	if (tcgetattr(STDIN_FILENO, &modes) || !isatty(STDOUT_FILENO)) {
		errmsg_store(err, "--interactive needs a terminal for input and output");
		return NULL;
	}
	b = new_board(bench);
	if (!b) {
		errmsg_store(err, "out of memory for the board");
		return NULL;
	}
	b->quit = quit;
	b->quit_ctx = quit_ctx;
	device_listen(bench->dev, &b->listener);
	loop_add(bench->loop, &b->keys);
	if (watch_size(b, err) || open_screen(b, &modes, err)) {
		board_close(b);
		return NULL;
	}
	log_set_sink(on_message, b);
	draw(b);
	return b;
}

/**
 * board_close() - give the terminal back
 * @b: the board, or NULL
 */
void board_close(struct board *b)
{
	if (!b)
		return;
	log_set_sink(NULL, NULL);
	loop_del(b->bench->loop, &b->keys);
	loop_del(b->bench->loop, &b->resized);
	loop_timer_stop(b->bench->loop, &b->redraw);
	loop_timer_stop(b->bench->loop, &b->storm);
	device_unlisten(b->bench->dev, &b->listener);
	if (b->resized.fd >= 0)
		close(b->resized.fd);
	if (b->screen) {
		endwin();
		delscreen(b->screen);
		terminal.changed = false;
		set_fatal_handlers(SIG_DFL);
	}
	free(b->changed_ns);
	free(b);
}
