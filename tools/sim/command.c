/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands of control clients, of scripts and of keys. What takes time is a
 * job that is done in small parts, so that nobody has to wait for it.
 */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "parts.h"
#include "report.h"

/* Edges to make, and lines to tell of, in a row. */
#define ROUND_EDGES	16
#define ROUND_LINES	16

/**
 * struct call - a command that somebody gave
 * @board: what it is about
 * @job: for what takes time; NULL in a script
 * @words: the command
 * @count: number of @words
 * @line: the line that it names, if it has one
 * @check: only see if it could be carried out
 * @out: takes what comes before the "ok"
 * @err: what is wrong, if so
 */
struct call {
	struct board *board;
	struct job *job;
	char *words[COMMAND_MAX_WORDS];
	int count;
	unsigned int line;
	bool check;
	struct buffer *out;
	struct errmsg *err;
};

/* How a command ended, if not with an error: -1. */
enum {
	OK,
	REPLIED,
};

static struct gpio_bank *bank_of(const struct job *job)
{
	return &job->board->dev.bank;
}

static void time_over(void *ctx)
{
	struct job *job = ctx;

	job->over = true;
	job->wake(job->ctx);
}

/**
 * job_init() - nothing is to be done yet
 * @job: the job
 * @board: what the commands will be about
 * @out: takes the replies; must stay
 * @wake: called when job_step() can go on
 * @ctx: for @wake
 */
void job_init(struct job *job, struct board *board, struct buffer *out,
	      void (*wake)(void *ctx), void *ctx)
{
	*job = (struct job){
		.board = board, .out = out, .wake = wake, .ctx = ctx,
		.timer = { .expired = time_over, .ctx = job },
	};
}

/**
 * job_busy() - is there work left?
 * @job: the job
 *
 * Return: true if the last command is not answered yet.
 */
bool job_busy(const struct job *job)
{
	return job->step;
}

static bool step_toggle(struct job *job);
static bool step_wait(struct job *job);
static bool step_play(struct job *job);

/**
 * job_makes_edges() - does the work drive a line?
 * @job: the job
 *
 * Return: true if it does.
 */
bool job_makes_edges(const struct job *job)
{
	return job->step == step_toggle;
}

/**
 * job_watches() - does somebody want to know the changes of a line?
 * @job: the job
 * @line: the line
 *
 * Return: true if so.
 */
bool job_watches(const struct job *job, unsigned int line)
{
	for (unsigned int i = 0; job->watching && i < job->watched_count; i++)
		if (job->watched[i] == line)
			return true;
	return job->watching && !job->watched_count;
}

/**
 * job_step() - do some of the work
 * @job: the job
 *
 * Return: false if there is nothing to do now.
 */
bool job_step(struct job *job)
{
	return job->step && job->step(job);
}

static void start_timer(struct job *job, uint64_t ns)
{
	job->over = false;
	loop_timer_start(job->board->loop, &job->timer, ns);
}

static void finish(struct job *job)
{
	loop_timer_stop(job->board->loop, &job->timer);
	if (job->burst)
		device_end_burst(&job->board->dev, job->line);
	job->burst = false;
	job->arming = false;
	job->step = NULL;
}

static bool finish_ok(struct job *job)
{
	finish(job);
	buffer_printf(job->out, "ok\n");
	return true;
}

/**
 * struct line_state - what a line can be besides high and low
 * @word: the word for it
 * @holds: tells whether it is
 */
struct line_state {
	const char *word;
	bool (*holds)(const struct gpio_line *line);
};

static bool is_armed(const struct gpio_line *line)
{
	return line->unmasked;
}

static bool is_output(const struct gpio_line *line)
{
	return line->direction == VIRTIO_GPIO_DIRECTION_OUT;
}

static bool is_input(const struct gpio_line *line)
{
	return line->direction == VIRTIO_GPIO_DIRECTION_IN;
}

static const struct line_state line_states[] = {
	{ "armed", is_armed }, { "output", is_output }, { "input", is_input },
};

static const struct line_state *find_state(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(line_states); i++)
		if (!strcmp(line_states[i].word, word))
			return &line_states[i];
	return NULL;
}

/* Edges alternate: of two, one was to the level. */
static bool is_met(const struct job *job)
{
	const struct gpio_line *line = &bank_of(job)->lines[job->line];
	bool there = line->value == job->level;

	if (job->state)
		return job->state->holds(line);
	if (!job->after)
		return there;
	return line->edges > job->since && (there || line->edges > job->since + 1);
}

/* After the last edge, a guest may let go of the line instead of getting ready. */
static bool has_let_go(const struct job *job)
{
	return job->done == job->count &&
	       bank_of(job)->lines[job->line].trigger == VIRTIO_GPIO_IRQ_TYPE_NONE;
}

/**
 * job_changed() - a line has another value, direction or trigger
 * @job: the job
 * @line: the line
 */
void job_changed(struct job *job, unsigned int line)
{
	if (job->line != line)
		return;
	if (job->step == step_wait ? !is_met(job) : !job->arming || !has_let_go(job))
		return;
	job->met = true;
	job->wake(job->ctx);
}

/**
 * job_armed() - a line is ready for an interrupt
 * @job: the job
 * @line: the line
 */
void job_armed(struct job *job, unsigned int line)
{
	if (job->line != line)
		return;
	if (job->step == step_wait ? !job->state || !is_met(job) : !job->arming)
		return;
	job->met = true;
	job->wake(job->ctx);
}

/**
 * job_end() - do no more
 * @job: the job
 */
void job_end(struct job *job)
{
	if (job->step == step_play)
		script_stop(&job->board->script);
	finish(job);
	expect_end(&job->expect);
	job->watching = false;
}

static int find_line(const struct call *c, const char *word, unsigned int *line)
{
	int found = gpio_find(&c->board->dev.bank, word);

	if (found < 0)
		return errmsg_set(c->err, "no line is numbered or named \"%.255s\"", word);
	*line = found;
	return 0;
}

static int find_level(const struct call *c, const char *word, bool *level)
{
	if (parse_level(word, level))
		return 0;
	return errmsg_set(c->err, "\"%.64s\" must be 0 or 1", word);
}

/* Words of the command from @first on, cut where they are too many. */
static void join_words(const struct call *c, int first, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (int i = first; i < c->count && len < size; i++)
		len += snprintf(text + len, size - len, "%s%s", i > first ? " " : "", c->words[i]);
}

static struct moment moment_now(const struct history *history, const char *what)
{
	char text[HISTORY_MAX_TEXT];

	text_shorten(text, sizeof(text), what);
	return history_now(history, text);
}

/* The moment before the command does something. */
static struct moment window_now(const struct call *c)
{
	char text[COMMAND_MAX_LINE];

	join_words(c, 0, text, sizeof(text));
	return moment_now(&c->board->history, text);
}

/* What comes next is expected after this; without a job, by the script. */
static void begin_window_at(struct board *board, struct job *job, const struct moment *at)
{
	struct moment *own = job ? &job->window : &board->window;

	*own = *at;
	board->history.stimulus = *at;
	if (job)
		job->met_at = (struct moment){ 0 };
}

static void begin_window(struct call *c)
{
	struct moment now = window_now(c);

	begin_window_at(c->board, c->job, &now);
}

static int command_set(struct call *c)
{
	bool level;

	if (find_level(c, c->words[2], &level))
		return -1;
	if (c->check)
		return OK;
	begin_window(c);
	board_set(c->board, c->line, level);
	return OK;
}

static int command_release(struct call *c)
{
	if (c->check)
		return OK;
	begin_window(c);
	board_release(c->board, c->line);
	return OK;
}

static bool step_list(struct job *job)
{
	unsigned int end = job->done + ROUND_LINES;

	if (end > bank_of(job)->count)
		end = bank_of(job)->count;
	while (job->done < end)
		report_line(job->out, bank_of(job), job->done++);
	return end < bank_of(job)->count || finish_ok(job);
}

static int command_get(struct call *c)
{
	unsigned int lines[COMMAND_MAX_WORDS];

	if (c->count == 1) {
		c->job->done = 0;
		c->job->step = step_list;
		return REPLIED;
	}
	for (int i = 1; i < c->count; i++)
		if (find_line(c, c->words[i], &lines[i]))
			return -1;
	buffer_printf(c->out, "ok");
	for (int i = 1; i < c->count; i++)
		buffer_printf(c->out, " %d", gpio_value(&c->board->dev.bank, lines[i]));
	buffer_printf(c->out, "\n");
	return REPLIED;
}

/* One that is refused is no stimulus. */
static int command_pulse(struct call *c)
{
	struct moment before;
	uint64_t ns;

	if (!parse_duration(c->words[2], &ns))
		return errmsg_set(c->err, "the duration must be above 0, with us, ms or s");
	if (c->check)
		return OK;
	before = window_now(c);
	if (board_pulse(c->board, c->line, ns, c->err))
		return -1;
	begin_window_at(c->board, c->job, &before);
	return OK;
}

/* Edges at once: the guest is told of a burst when all of them were made. */
static bool step_burst(struct job *job)
{
	for (unsigned int i = 0; i < ROUND_EDGES && job->done < job->count; i++) {
		board_toggle(job->board, job->line);
		job->done++;
	}
	if (job->done == job->count)
		return finish_ok(job);
	if (!job->burst)
		gpio_begin_burst(bank_of(job), job->line);
	job->burst = true;
	return true;
}

/* The guest is ready, or was, which is as good. */
static bool go_on(struct job *job)
{
	job->arming = false;
	if (job->done == job->count)
		return finish_ok(job);
	start_timer(job, job->pause_ns);
	return true;
}

/* What follows an edge: the guest must be ready, then comes the pause. */
static bool follow_edge(struct job *job)
{
	job->arming = job->rearm_ns && !bank_of(job)->lines[job->line].unmasked &&
		      !has_let_go(job);
	job->met = false;
	if (!job->arming)
		return go_on(job);
	start_timer(job, job->rearm_ns);
	return true;
}

static bool not_armed(struct job *job)
{
	finish(job);
	buffer_printf(job->out, "error timeout: line %u is not armed after %u of %u edges\n",
		      job->line, job->done, job->count);
	return true;
}

static bool step_toggle(struct job *job)
{
	if (!job->pause_ns && !job->rearm_ns)
		return step_burst(job);
	if (job->arming && job->met)
		return go_on(job);
	if (!job->over)
		return false;
	if (job->arming)
		return not_armed(job);
	board_toggle(job->board, job->line);
	job->done++;
	return follow_edge(job);
}

static bool parse_count(const struct call *c, unsigned int *count)
{
	return parse_uint(c->words[2], count) && *count && *count <= COMMAND_MAX_EDGES;
}

static bool parse_toggle(const struct call *c, unsigned int *count, uint64_t *pause_ns,
			 uint64_t *rearm_ns)
{
	if (c->count > 2 && !parse_count(c, count))
		return false;
	for (int i = 3; i < c->count; i += 2) {
		uint64_t *ns = !strcmp(c->words[i], "pause") ? pause_ns : rearm_ns;

		if (ns == rearm_ns && strcmp(c->words[i], "rearm"))
			return false;
		if (i + 1 == c->count || !parse_duration(c->words[i + 1], ns))
			return false;
	}
	return true;
}

static int command_toggle(struct call *c)
{
	uint64_t pause_ns = 0, rearm_ns = 0;
	struct job *job = c->job;
	unsigned int count = 1;

	if (!parse_toggle(c, &count, &pause_ns, &rearm_ns))
		return errmsg_set(c->err, "after the line comes a count up to %d, then maybe "
				  "\"pause\", \"rearm\", each with a duration such as 1ms",
				  COMMAND_MAX_EDGES);
	if (!job && c->count > 2)
		return errmsg_set(c->err, "in a script \"toggle LINE\" makes one edge; "
				  "\"repeat\" makes more");
	if (c->check)
		return OK;
	begin_window(c);
	if (c->count == 2) {
		board_toggle(c->board, c->line);
		return OK;
	}
	job->line = c->line;
	job->count = count;
	job->done = 0;
	job->pause_ns = pause_ns;
	job->rearm_ns = rearm_ns;
	job->step = step_toggle;
	if (pause_ns || rearm_ns)
		follow_edge(job);
	return REPLIED;
}

static bool step_wait(struct job *job)
{
	if (job->met)
		return finish_ok(job);
	if (!job->over)
		return false;
	finish(job);
	if (job->state)
		buffer_printf(job->out, "error timeout: line %u is not %s\n", job->line,
			      job->state->word);
	else if (job->after)
		buffer_printf(job->out, "error timeout: line %u had no edge to %d\n", job->line,
			      job->level);
	else
		buffer_printf(job->out, "error timeout: line %u is still %d\n", job->line,
			      !job->level);
	return true;
}

static bool parse_wait(const struct call *c, uint64_t *ns)
{
	struct job *job = c->job;
	unsigned int since;

	*ns = 0;
	job->after = false;
	for (int i = 3; i < c->count; i += 2) {
		if (i + 1 == c->count)
			return false;
		if (!job->state && !strcmp(c->words[i], "after") &&
		    parse_uint(c->words[i + 1], &since)) {
			job->after = true;
			job->since = since;
		} else if (strcmp(c->words[i], "timeout") || !parse_duration(c->words[i + 1], ns)) {
			return false;
		}
	}
	return true;
}

static int command_wait(struct call *c)
{
	struct job *job = c->job;
	uint64_t ns;

	job->state = find_state(c->words[2]);
	if (!job->state && !parse_level(c->words[2], &job->level))
		return errmsg_set(c->err, "\"%.64s\" must be 0, 1, \"armed\", \"output\" or "
				  "\"input\"", c->words[2]);
	if (!parse_wait(c, &ns))
		return errmsg_set(c->err, "after the value comes nothing, \"after\" and the number "
				  "of an edge, or \"timeout\" and a duration such as 5s");
	job->line = c->line;
	job->met = is_met(job);
	job->over = false;
	job->step = step_wait;
	if (ns)
		start_timer(job, ns);
	return REPLIED;
}

static int command_edges(struct call *c)
{
	buffer_printf(c->out, "ok %llu\n",
		      (unsigned long long)c->board->dev.bank.lines[c->line].edges);
	return REPLIED;
}

static int command_mark(struct call *c)
{
	char text[COMMAND_MAX_LINE];

	if (c->check)
		return OK;
	join_words(c, 1, text, sizeof(text));
	device_mark(&c->board->dev, text);
	begin_window(c);
	buffer_printf(c->out, "ok %llu\n", (unsigned long long)c->board->history.last);
	return REPLIED;
}

/* Who gave no stimulus yet takes the last one of anybody. */
static struct moment find_window(const struct call *c)
{
	const struct history *history = &c->board->history;
	const struct moment *own = c->job ? &c->job->window : &c->board->window;

	if (*own->what)
		return *own;
	return *history->stimulus.what ? history->stimulus : history_now(history, "this command");
}

static void expectation_decided(void *ctx)
{
	struct job *job = ctx;

	job->wake(job->ctx);
}

static bool step_expect(struct job *job)
{
	const struct expect *e = &job->expect;

	if (e->verdict == EXPECT_OPEN)
		return false;
	finish(job);
	if (e->verdict == EXPECT_MET) {
		job->met_at = e->met;
		buffer_printf(job->out, "ok ");
		expect_measured(job->out, e);
		buffer_printf(job->out, "\n");
	} else {
		expect_draw(job->out, e);
		buffer_printf(job->out, "error expected %s: %s\n", e->said.text, e->why.text);
	}
	return true;
}

/* A script does not wait for the verdict. */
static int expect_from(struct call *c, const struct moment *from)
{
	struct job *job = c->job;
	struct expect expect;
	char where[VERDICT_MAX_WHERE];

	if (expect_parse(&expect, &c->board->dev.bank, c->words + 1, c->count - 1, c->err))
		return -1;
	if (c->check)
		return OK;
	if (!job) {
		script_where(&c->board->script, where, sizeof(where));
		return verdict_begin(&c->board->verdicts, &expect, &c->board->history, from, where,
				     c->err);
	}
	job->expect = expect;
	job->expect.decided = expectation_decided;
	job->expect.ctx = job;
	if (expect_begin(&job->expect, &c->board->history, from, c->err))
		return -1;
	job->step = step_expect;
	return REPLIED;
}

static int command_expect(struct call *c)
{
	struct moment from = find_window(c);

	return expect_from(c, &from);
}

static int command_then(struct call *c)
{
	struct moment from = c->job->met_at;

	if (!*from.what)
		return errmsg_set(c->err, "\"then\" begins where an expectation was met, and none was "
				  "since the last stimulus");
	return expect_from(c, &from);
}

static bool step_pause(struct job *job)
{
	return job->over && finish_ok(job);
}

static int command_pause(struct call *c)
{
	uint64_t ns;

	if (!parse_duration(c->words[1], &ns))
		return errmsg_set(c->err, "the duration must be above 0, with us, ms or s");
	c->job->step = step_pause;
	start_timer(c->job, ns);
	return REPLIED;
}

static int command_watch(struct call *c)
{
	unsigned int lines[COMMAND_MAX_WATCHED];

	for (int i = 1; i < c->count; i++)
		if (find_line(c, c->words[i], &lines[i - 1]))
			return -1;
	c->job->watching = true;
	c->job->watched_count = c->count - 1;
	memcpy(c->job->watched, lines, c->job->watched_count * sizeof(*lines));
	return OK;
}

/* No step was carried out yet. */
static void begin_window_of_script(struct job *job)
{
	struct board *board = job->board;
	char text[COMMAND_MAX_LINE];
	struct moment now;

	snprintf(text, sizeof(text), "play %s", board->script.path);
	now = moment_now(&board->history, text);
	begin_window_at(board, job, &now);
}

static bool step_play(struct job *job)
{
	struct errmsg err;
	int ret = script_read(&job->board->script, &err);

	if (ret > 0)
		return true;
	job->step = NULL;
	if (ret) {
		buffer_printf(job->out, "error %s\n", err.text);
		return true;
	}
	begin_window_of_script(job);
	buffer_printf(job->out, "ok\n");
	return true;
}

static int command_play(struct call *c)
{
	struct script *script = &c->board->script;

	if (c->count == 1) {
		buffer_printf(c->out, "ok ");
		script_describe(c->out, script);
		buffer_printf(c->out, "\n");
		return REPLIED;
	}
	if (!strcmp(c->words[1], "stop")) {
		script_stop(script);
		return OK;
	}
	if (script_open(script, c->words[1], c->err))
		return -1;
	c->job->step = step_play;
	return REPLIED;
}

static int command_stats(struct call *c)
{
	struct device *dev = &c->board->dev;
	unsigned int line;

	if (c->count == 1) {
		report_stats(c->out, dev);
	} else if (c->count == 2 && !strcmp(c->words[1], "reset")) {
		device_reset_stats(dev);
	} else if (c->count == 3 && !strcmp(c->words[1], "line")) {
		if (find_line(c, c->words[2], &line))
			return -1;
		report_line_stats(c->out, dev, line);
	} else {
		return errmsg_set(c->err, "after stats comes nothing, \"reset\" or \"line\" "
				  "and a line");
	}
	return OK;
}

static int remove_faults(struct call *c)
{
	const char *name = c->count == 3 ? c->words[2] : NULL;
	enum fault_kind kind = FAULT_KINDS;

	if (c->count > 3)
		return errmsg_set(c->err, "after \"none\" comes nothing, or a fault's name");
	if (name && fault_find(name, &kind, c->err))
		return -1;
	if (!c->check)
		fault_remove(&c->board->dev.faults, kind);
	return OK;
}

static int change_faults(struct call *c)
{
	struct device *dev = &c->board->dev;
	struct fault fault;

	if (!strcmp(c->words[1], "none"))
		return remove_faults(c);
	if (fault_parse(&fault, c->words + 1, c->count - 1, &dev->bank, c->err))
		return -1;
	return c->check ? OK : fault_add(&dev->faults, &fault, c->err);
}

static int command_fault(struct call *c)
{
	const struct fault_set *faults = &c->board->dev.faults;

	if (c->count == 1 && !c->job)
		return errmsg_set(c->err, "after \"fault\" comes a fault's name, or \"none\"");
	if (c->count > 1 && change_faults(c))
		return -1;
	if (c->count == 1)
		report_faults(c->out, faults);
	report_seed(c->out, faults);
	return OK;
}

/* Who only reads a byte, or is refused, has not given a stimulus. */
static int command_act(struct call *c, const struct part_call *call)
{
	struct moment before = window_now(c);

	if (parts_act(&c->board->dev, c->words[1], call))
		return -1;
	if (!c->check && strcmp(call->words[0], "get"))
		begin_window_at(c->board, c->job, &before);
	return OK;
}

static int command_part(struct call *c)
{
	struct part_call call = {
		.words = c->words + 2, .count = c->count - 2, .check = c->check, .out = c->out,
		.err = c->err,
	};

	if (call.count > 0)
		return command_act(c, &call);
	if (!c->job)
		return errmsg_set(c->err, "after \"part\" come a part's name and what it is to do");
	return parts_describe(&c->board->dev, c->count == 2 ? c->words[1] : NULL, c->out, c->err);
}

static int command_help(struct call *c);

static int command_quit(struct call *c)
{
	c->job->quit = true;
	return OK;
}

/**
 * struct command - one command
 * @name: its first word
 * @min: fewest words, the name counted
 * @max: most words
 * @line: the second word, if it is there, is a line
 * @script: a script may have it
 * @run: carries it out, or begins a job
 * @usage: how it is used
 * @help: what it does, for help
 */
struct command {
	const char *name;
	int min;
	int max;
	bool line;
	bool script;
	int (*run)(struct call *c);
	const char *usage;
	const char *help;
};

static const struct command commands[] = {
	{ "set", 3, 3, true, true, command_set, "set LINE 0|1", "drive a line" },
	{ "release", 2, 2, true, true, command_release, "release LINE",
	  "drive it no longer: a pull or nothing decides" },
	{ "get", 1, COMMAND_MAX_WORDS, false, false, command_get, "get [LINE...]",
	  "values of lines; or all about all lines" },
	{ "pulse", 3, 3, true, true, command_pulse, "pulse LINE DURATION",
	  "invert a line for a time, such as 10ms" },
	{ "toggle", 2, 7, true, true, command_toggle,
	  "toggle LINE [COUNT] [pause DURATION] [rearm DURATION]",
	  "invert a line, once or so often: with a pause\n"
	  "before each edge; with rearm, each when the guest\n"
	  "is ready for it, or an error if that takes longer" },
	{ "edges", 2, 2, true, false, command_edges, "edges LINE",
	  "how many edges the line had so far" },
	{ "wait", 3, 7, true, false, command_wait,
	  "wait LINE 0|1|armed|output|input [after N] [timeout DURATION]",
	  "answer when a line has a value, or had an edge to it\n"
	  "after its edge N, which may be over; or when the\n"
	  "guest is ready for an interrupt of it, or has it\n"
	  "in this direction" },
	{ "mark", 1, COMMAND_MAX_WORDS, false, true, command_mark, "mark [TEXT]",
	  "begin a window of expectations; the reply has a\n"
	  "sequence number" },
	{ "expect", 2, COMMAND_MAX_WORDS, false, true, command_expect,
	  "expect CONDITION [within DURATION] [since N]",
	  "answer when it is met, or cannot be any more; the\n"
	  "window begins with the last stimulus, or change N" },
	{ "then", 2, COMMAND_MAX_WORDS, false, false, command_then, "then CONDITION [within DURATION]",
	  "the same, from where the last one was met" },
	{ "pause", 2, 2, false, false, command_pause, "pause DURATION", "answer after a time" },
	{ "play", 1, 2, false, false, command_play, "play [FILE | stop]",
	  "play a script; how far it is; end it" },
	{ "watch", 1, 1 + COMMAND_MAX_WATCHED, false, false, command_watch, "watch [LINE]...",
	  "report every change from now on, and when it came" },
	{ "stats", 1, 3, false, false, command_stats, "stats [reset | line LINE]",
	  "what happened so far" },
	{ "fault", 1, COMMAND_MAX_WORDS, false, true, command_fault,
	  "fault [NAME [ARGUMENT] [CHANCE%] [MESSAGE] [line LINE] [after N] [times N]]",
	  "misbehave from now on, as listed below; or the faults\n"
	  "that are in use" },
	{ "fault", 2, 3, false, true, command_fault, "fault none [NAME]", "behave again" },
	{ "part", 1, COMMAND_MAX_WORDS, false, true, command_part, "part [NAME [ACTION]]",
	  "have a part do something; how it is; or all parts" },
	{ "help", 1, 1, false, false, command_help, "help", "this text" },
	{ "quit", 1, 1, false, false, command_quit, "quit", "end the simulator" },
};

#define USAGE_WIDTH	35

static const char help_text[] =
	"LINE is a number or a name; DURATION a number with us, ms or s; MESSAGE is\n"
	"get_names, get_direction, set_direction, get_value, set_value, set_irq_type,\n"
	"unknown or event, and all requests if it is left out. A connection that begins\n"
	"with @BOARD is for that board, a number or a name. CONDITION is one of\n"
	"LINE rise|fall|edge, LINE high|low RANGE, LINE COUNT edges|rises|falls,\n"
	"LINE frequency|duty RANGE, LINE=0|1 ... and [LINE] quiet DURATION. RANGE is\n"
	"MIN..MAX, MIN.., ..MAX or VALUE+-N%. Faults:\n";

/* The help stands beside the usage, or below one that is long. */
static void help_command(struct buffer *out, const struct command *command)
{
	int column = strlen(command->usage);

	buffer_printf(out, "%s", command->usage);
	if (column >= USAGE_WIDTH) {
		buffer_printf(out, "\n");
		column = 0;
	}
	for (const char *text = command->help; text; column = 0) {
		int len = strcspn(text, "\n");

		buffer_printf(out, "%*s%.*s\n", USAGE_WIDTH - column, "", len, text);
		text = text[len] ? text + len + 1 : NULL;
	}
}

static int command_help(struct call *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		help_command(c->out, &commands[i]);
	buffer_add(c->out, help_text, sizeof(help_text) - 1);
	fault_help(c->out);
	return OK;
}

static const struct command *find_command(const char *name)
{
	if (!strcmp(name, "-h") || !strcmp(name, "--help"))
		name = "help";
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int unknown_command(const struct call *c)
{
	const char *known[ARRAY_SIZE(commands)], *nearest;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		known[i] = commands[i].name;
	nearest = text_nearest(c->words[0], known, ARRAY_SIZE(known));
	if (nearest)
		return errmsg_set(c->err, "unknown command \"%.32s\"; did you mean \"%s\"?",
				  c->words[0], nearest);
	return errmsg_set(c->err, "unknown command \"%.32s\"; try help", c->words[0]);
}

/* What a person cannot drive is the line of a real chip. */
static int check_drive(const struct call *c)
{
	const struct gpio_peer *peer = c->board->dev.bank.lines[c->line].peer;

	if (peer && peer->ops->driver == GPIO_CHIP)
		return errmsg_set(c->err, "line %u is a line of the host, whose chip decides its "
				  "level", c->line);
	return 0;
}

static int carry_out(struct call *c)
{
	const struct command *command = find_command(c->words[0]);

	if (!command)
		return unknown_command(c);
	if (!c->job && !command->script)
		return errmsg_set(c->err, "a script cannot \"%s\"; it has set, release, toggle, "
				  "pulse, part, mark, expect and fault", command->name);
	if (c->count < command->min || c->count > command->max)
		return errmsg_set(c->err, "wrong number of words; use \"%s\"", command->usage);
	if (command->line && c->count > 1 && find_line(c, c->words[1], &c->line))
		return -1;
	/* Of those about a line, scripts have just the ones that drive it. */
	if (command->line && command->script && check_drive(c))
		return -1;
	return command->run(c);
}

/**
 * command_run() - carry a command out, or begin to
 * @job: takes the reply; it is not busy. Its work comes in job_step().
 * @text: the command; changed
 */
void command_run(struct job *job, char *text)
{
	struct errmsg err;
	struct call c = { .board = job->board, .job = job, .out = job->out, .err = &err };
	int ret;

	c.count = split_words(text, c.words, COMMAND_MAX_WORDS, &err);
	if (!c.count)
		return;
	ret = c.count < 0 ? -1 : carry_out(&c);
	if (ret < 0)
		buffer_printf(job->out, "error %s\n", err.text);
	else if (ret == OK)
		buffer_printf(job->out, "ok\n");
}

/**
 * command_script() - carry a script's command out
 * @board: the board
 * @text: the command; changed
 * @check: only see if it could be carried out
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int command_script(void *board, char *text, bool check, struct errmsg *err)
{
	struct buffer out = { .max = 256 };
	struct call c = { .board = board, .check = check, .out = &out, .err = err };
	int ret;

	/* It is being read: what the script before did is none of its business. */
	if (check)
		c.board->window = (struct moment){ 0 };
	c.count = split_words(text, c.words, COMMAND_MAX_WORDS, err);
	if (!c.count)
		return errmsg_set(err, "a command is missing");
	ret = c.count < 0 ? -1 : carry_out(&c);
	buffer_free(&out);
	return ret < 0 ? -1 : 0;
}
