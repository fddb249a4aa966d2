/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boards in the terminal: shows their lines, and lets a person drive them. */
#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "tui.h"

#define REDRAW_NS	20000000ull
#define PULSE		"100ms"
#define STORM		"1000 pause 100us"
#define HEADER_ROWS	2
#define FOOTER_ROWS	2
#define OTHER_COLUMNS	67
#define MIN_NAME	6
#define MAX_NAME	40
#define KEY_ESCAPE_MS	25

/**
 * struct view - a board as the terminal shows it
 * @tui: the terminal
 * @board: what is shown and driven
 * @name: what it is called
 * @keys: what keys ask for
 * @storm: a storm, if it is busy
 * @storm_work: when some of it is due
 * @reply: what the last command had to say
 * @listener: what the device tells
 * @changed_ns: for each line, its last change; 0 if there was none
 * @cursor: the chosen line
 * @top: the first line that is shown
 * @connected: a guest is there
 */
struct view {
	struct tui *tui;
	struct board *board;
	char name[TUI_MAX_NAME];
	struct job keys;
	struct job storm;
	struct loop_timer storm_work;
	struct buffer reply;
	struct device_listener listener;
	uint64_t *changed_ns;
	unsigned int cursor;
	unsigned int top;
	bool connected;
};

/**
 * struct tui - boards in the terminal, one of them in sight
 * @loop: the loop
 * @views: the boards
 * @count: number of @views
 * @shown: the one in sight
 * @screen: the terminal
 * @keys: the keyboard
 * @resized: SIGWINCH
 * @redraw: gathers changes for a while before they are shown
 * @began_ns: when the terminal was opened
 * @message: the last message of the simulator
 * @quit: called when the person ends it
 * @quit_ctx: for @quit
 */
struct tui {
	struct loop *loop;
	struct view *views;
	unsigned int count;
	unsigned int shown;
	SCREEN *screen;
	struct loop_source keys;
	struct loop_source resized;
	struct loop_timer redraw;
	uint64_t began_ns;
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

static struct gpio_bank *bank_of(const struct view *v)
{
	return &v->board->dev.bank;
}

static struct view *shown_view(struct tui *p)
{
	return &p->views[p->shown];
}

static void need_redraw(struct tui *p)
{
	if (!p->redraw.armed)
		loop_timer_start(p->loop, &p->redraw, REDRAW_NS);
}

static void view_altered(struct view *v)
{
	if (v == shown_view(v->tui))
		need_redraw(v->tui);
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

static void describe_board(const struct view *v, char *text, size_t size)
{
	const struct tui *p = v->tui;

	text[0] = '\0';
	if (p->count > 1)
		snprintf(text, size, "%s (%u of %u), ", v->name, p->shown + 1, p->count);
}

static void draw_header(const struct view *v)
{
	char text[512], board[128];

	describe_board(v, board, sizeof(board));
	snprintf(text, sizeof(text), "vgpio-sim: %s%u lines, %s", board, bank_of(v)->count,
		 v->connected ? "guest connected" : "no guest");
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

static void describe_change(const struct view *v, unsigned int number, char *text, size_t size)
{
	uint64_t at = v->changed_ns[number];

	/* The kernel may have noticed an edge before the terminal was opened. */
	if (at)
		snprintf(text, size, "%.3f s", (int64_t)(at - v->tui->began_ns) / 1e9);
	else
		snprintf(text, size, "-");
}

static void draw_line(const struct view *v, int y, unsigned int number)
{
	const struct gpio_line *line = &bank_of(v)->lines[number];
	attr_t attr = (number == v->cursor ? A_REVERSE : 0) | (line->value ? A_BOLD : 0);
	char text[512], driver[32], changed[32];
	int width = name_width();

	describe_driver(driver, sizeof(driver), bank_of(v), number);
	describe_change(v, number, changed, sizeof(changed));
	snprintf(text, sizeof(text), "%5u  %-*.*s  %-9s  %-5d  %-7s  %-7s  %-8s  %s", number,
		 width, width, line->name ?: "", gpio_direction_name(line->direction),
		 line->value, gpio_trigger_name(line->trigger), irq_state(line), driver, changed);
	attron(attr);
	draw_text(y, text);
	attroff(attr);
}

static void draw_footer(const struct view *v)
{
	const char *tab = v->tui->count > 1 ? "Tab board  " : "";
	char text[64] = "";

	draw_text(LINES - 2, v->tui->message);
	if (job_busy(&v->storm))
		snprintf(text, sizeof(text), "[storm on line %u] ", v->storm.line);
	draw_text(LINES - 1, text);
	addnstr(tab, COLS - getcurx(stdscr));
	addnstr("arrows move  space toggle  0/1 set  r release  p pulse  s storm  q quit",
		COLS - getcurx(stdscr));
}

/* Keeps the chosen line in sight. */
static void scroll_to_cursor(struct view *v)
{
	if (v->cursor < v->top)
		v->top = v->cursor;
	if (v->cursor >= v->top + rows())
		v->top = v->cursor - rows() + 1;
}

static void draw(void *ctx)
{
	struct view *v = shown_view(ctx);

	scroll_to_cursor(v);
	erase();
	draw_header(v);
	for (unsigned int i = 0; i < rows() && v->top + i < bank_of(v)->count; i++)
		draw_line(v, HEADER_ROWS + i, v->top + i);
	draw_footer(v);
	refresh();
}

static void on_changed(void *ctx, unsigned int line)
{
	struct view *v = ctx;

	v->changed_ns[line] = device_change_time(&v->board->dev);
	view_altered(v);
}

static void on_armed(void *ctx, unsigned int line)
{
	(void)line;
	view_altered(ctx);
}

static void on_replied(void *ctx, const struct reply *reply)
{
	if (reply->queue == DEVICE_EVENTQ)
		view_altered(ctx);
}

static void on_session(void *ctx, bool begins)
{
	struct view *v = ctx;

	v->connected = begins;
	view_altered(v);
}

static void on_message(void *ctx, const char *text)
{
	struct tui *p = ctx;

	snprintf(p->message, sizeof(p->message), "%.255s", text);
	need_redraw(p);
}

static void move_cursor(struct view *v, long by)
{
	long to = (long)v->cursor + by, last = bank_of(v)->count - 1;

	if (to < 0)
		to = 0;
	v->cursor = to < last ? to : last;
}

/* A key's command either says "ok" or what is wrong, in a line. */
static void show_reply(struct view *v)
{
	static const char error[] = "error ";
	char *text = buffer_head(&v->reply);

	text[v->reply.len - 1] = '\0';
	if (!strncmp(text, error, strlen(error)))
		on_message(v->tui, text + strlen(error));
	buffer_take(&v->reply, v->reply.len);
}

static void run_command(struct view *v, struct job *job, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void run_command(struct view *v, struct job *job, const char *fmt, ...)
{
	char text[64];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	command_run(job, text);
	if (!job_busy(job))
		show_reply(v);
}

/* The work of a storm goes on once the device is not at work. */
static void storm_can_go_on(void *ctx)
{
	struct view *v = ctx;

	loop_timer_start(v->board->loop, &v->storm_work, 0);
}

static void work_on_storm(void *ctx)
{
	struct view *v = ctx;

	job_step(&v->storm);
	if (!job_busy(&v->storm)) {
		show_reply(v);
		view_altered(v);
	}
}

/* Begins a storm on the chosen line, or ends the one that is under way. */
static void toggle_storm(struct view *v)
{
	if (job_busy(&v->storm))
		job_end(&v->storm);
	else
		run_command(v, &v->storm, "toggle %u " STORM, v->cursor);
}

static bool move_key(struct view *v, int key)
{
	long all = bank_of(v)->count, page = rows();
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
		move_cursor(v, moves[i].by);
		return true;
	}
	return false;
}

static void drive_key(struct view *v, int key)
{
	switch (key) {
	case ' ':
	case '\n':
		return run_command(v, &v->keys, "toggle %u", v->cursor);
	case '0':
	case '1':
		return run_command(v, &v->keys, "set %u %c", v->cursor, key);
	case 'r':
		return run_command(v, &v->keys, "release %u", v->cursor);
	case 'p':
		return run_command(v, &v->keys, "pulse %u " PULSE, v->cursor);
	case 's':
		return toggle_storm(v);
	}
}

static void tui_key(struct tui *p, int key)
{
	switch (key) {
	case '\t':
		p->shown = (p->shown + 1) % p->count;
		return;
	case KEY_BTAB:
		p->shown = (p->shown + p->count - 1) % p->count;
		return;
	case 'q':
		return p->quit(p->quit_ctx);
	case '\f':
		clearok(curscr, TRUE);
		return;
	default:
		if (!move_key(shown_view(p), key))
			drive_key(shown_view(p), key);
	}
}

static void on_keys(void *ctx, uint32_t events)
{
	struct tui *p = ctx;
	int key;

	if (!(events & EPOLLIN)) {
		p->quit(p->quit_ctx);
		return;
	}
	while ((key = getch()) != ERR)
		tui_key(p, key);
	draw(p);
}

static void on_resize(void *ctx, uint32_t events)
{
	struct signalfd_siginfo info;
	struct tui *p = ctx;
	struct winsize size;

	(void)events;
	if (read(p->resized.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		resizeterm(size.ws_row, size.ws_col);
	draw(p);
}

/**
 * tui_restore_terminal() - leave the terminal as it was
 *
 * Context: also from a handler of a signal that ends the process.
 */
void tui_restore_terminal(void)
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
	tui_restore_terminal();
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

static int open_screen(struct tui *p, const struct termios *modes, struct errmsg *err)
{
	p->screen = newterm(NULL, stdout, stdin);
	if (!p->screen)
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

static int watch_size(struct tui *p, struct errmsg *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return errmsg_set(err, "cannot watch for signals: %s", strerror(errno));
	p->resized = (struct loop_source){
		.fd = fd, .events = EPOLLIN, .ready = on_resize, .ctx = p,
	};
	loop_add(p->loop, &p->resized);
	return 0;
}

static bool add_view(struct tui *p, const struct tui_board *board)
{
	struct view *v = &p->views[p->count];

	*v = (struct view){
		.tui = p, .board = board->board,
		.storm_work = { .expired = work_on_storm, .ctx = v }, .reply = { .max = 4096 },
		.listener = { .changed = on_changed, .armed = on_armed,
			      .replied = on_replied, .session = on_session, .ctx = v },
	};
	snprintf(v->name, sizeof(v->name), "%s", board->name);
	v->changed_ns = calloc(bank_of(v)->count, sizeof(*v->changed_ns));
	if (!v->changed_ns)
		return false;
	job_init(&v->keys, v->board, &v->reply, storm_can_go_on, v);
	job_init(&v->storm, v->board, &v->reply, storm_can_go_on, v);
	device_listen(&v->board->dev, &v->listener);
	p->count++;
	return true;
}

static void remove_view(struct view *v)
{
	job_end(&v->storm);
	loop_timer_stop(v->board->loop, &v->storm_work);
	buffer_free(&v->reply);
	device_unlisten(&v->board->dev, &v->listener);
	free(v->changed_ns);
}

static void free_tui(struct tui *p)
{
	for (unsigned int i = 0; i < p->count; i++)
		remove_view(&p->views[i]);
	free(p->views);
	free(p);
}

static struct tui *new_tui(const struct tui_board *boards, unsigned int count)
{
	struct tui *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	*p = (struct tui){
		.loop = boards[0].board->loop, .resized.fd = -1, .began_ns = loop_now(),
		.keys = { .fd = STDIN_FILENO, .events = EPOLLIN, .ready = on_keys, .ctx = p },
		.redraw = { .expired = draw, .ctx = p },
		.views = calloc(count, sizeof(*p->views)),
	};
	while (p->views && p->count < count && add_view(p, &boards[p->count]))
		;
	if (p->count == count)
		return p;
	free_tui(p);
	return NULL;
}

/**
 * tui_open() - show boards in the terminal
 * @boards: the boards, in one loop
 * @count: number of @boards, at least 1
 * @quit: called when the person ends it
 * @quit_ctx: for @quit
 * @err: what is wrong, if so
 *
 * Return: the terminal, or NULL.
 */
struct tui *tui_open(const struct tui_board *boards, unsigned int count,
			 void (*quit)(void *ctx), void *quit_ctx, struct errmsg *err)
{
	struct termios modes;
	struct tui *p;

	if (tcgetattr(STDIN_FILENO, &modes) || !isatty(STDOUT_FILENO)) {
		errmsg_store(err, "--interactive needs a terminal for input and output");
		return NULL;
	}
	p = new_tui(boards, count);
	if (!p) {
		errmsg_store(err, "out of memory for --interactive");
		return NULL;
	}
	p->quit = quit;
	p->quit_ctx = quit_ctx;
	loop_add(p->loop, &p->keys);
	if (watch_size(p, err) || open_screen(p, &modes, err)) {
		tui_close(p);
		return NULL;
	}
	log_set_sink(on_message, p);
	draw(p);
	return p;
}

/**
 * tui_close() - give the terminal back
 * @p: the terminal, or NULL
 */
void tui_close(struct tui *p)
{
	if (!p)
		return;
	log_set_sink(NULL, NULL);
	loop_del(p->loop, &p->keys);
	loop_del(p->loop, &p->resized);
	loop_timer_stop(p->loop, &p->redraw);
	if (p->resized.fd >= 0)
		close(p->resized.fd);
	if (p->screen) {
		endwin();
		delscreen(p->screen);
		terminal.changed = false;
		set_fatal_handlers(SIG_DFL);
	}
	free_tui(p);
}
