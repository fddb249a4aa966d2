/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays scripts: stimuli at times that the loop's timers keep. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "script.h"

/* Lines to read in a row: others must get their turn. */
#define ROUND_LINES	8

static void step_due(void *ctx);

/**
 * script_init() - there is no script yet
 * @s: the script
 * @loop: the loop
 * @run: carries out a command, or only checks it: 0, or -1 with what is wrong
 * @ctx: for @run
 */
void script_init(struct script *s, struct loop *loop,
		 int (*run)(void *ctx, char *text, bool check, struct errmsg *err), void *ctx)
{
	*s = (struct script){
		.loop = loop, .run = run, .ctx = ctx, .rounds = 1,
		.timer = { .expired = step_due, .ctx = s },
	};
}

static void close_file(struct script *s)
{
	if (s->file)
		fclose(s->file);
	s->file = NULL;
}

/**
 * script_stop() - play no more, and forget the script
 * @s: the script
 */
void script_stop(struct script *s)
{
	if (!s->loop)
		return;
	loop_timer_stop(s->loop, &s->timer);
	close_file(s);
	for (size_t i = 0; i < s->count; i++)
		free(s->steps[i].text);
	free(s->steps);
	free(s->path);
	script_init(s, s->loop, s->run, s->ctx);
}

static void start_timer(struct script *s)
{
	uint64_t now = loop_now(), due = s->began_ns + s->steps[s->next].at_ns;

	loop_timer_start(s->loop, &s->timer, due > now ? due - now : 0);
}

static void run_step(struct script *s, const struct script_step *step)
{
	char text[SCRIPT_MAX_LINE];
	struct errmsg err;

	strcpy(text, step->text);
	if (s->run(s->ctx, text, false, &err))
		log_error("%s:%u: %s", s->path, step->number, err.text);
}

/* Rounds follow each other by the clock, however late a step was. */
static void step_due(void *ctx)
{
	struct script *s = ctx;

	run_step(s, &s->steps[s->next]);
	if (++s->next == s->count) {
		s->next = 0;
		s->began_ns += s->period_ns;
		if (++s->round == s->rounds) {
			script_stop(s);
			return;
		}
	}
	start_timer(s);
}

static bool parse_time(const char *word, uint64_t *ns)
{
	static const char *const zero[] = { "0", "0us", "0ms", "0s" };

	for (size_t i = 0; i < ARRAY_SIZE(zero); i++) {
		if (!strcmp(word, zero[i])) {
			*ns = 0;
			return true;
		}
	}
	return parse_duration(word, ns);
}

static int read_repeat(struct script *s, char **words, int count, struct errmsg *err)
{
	bool forever = count > 1 && !strcmp(words[1], "forever");

	s->rounds = 0;
	if (count < 2 || (!forever && (!parse_uint(words[1], &s->rounds) || !s->rounds)))
		return errmsg_set(err, "after \"repeat\" comes a number above 0, or \"forever\"");
	if (count == 2)
		return 0;
	if (count == 4 && !strcmp(words[2], "every") && parse_duration(words[3], &s->period_ns))
		return 0;
	return errmsg_set(err, "after \"repeat %.32s\" comes nothing, or \"every\" and a duration",
			  words[1]);
}

static int reserve_step(struct script *s, struct errmsg *err)
{
	struct script_step *steps;

	if (s->count == SCRIPT_MAX_STEPS)
		return errmsg_set(err, "more than %d steps", SCRIPT_MAX_STEPS);
	if (s->count < s->room)
		return 0;
	steps = reallocarray(s->steps, 2 * s->room + 16, sizeof(*steps));
	if (!steps)
		return errmsg_set(err, "out of memory for the script");
	s->steps = steps;
	s->room = 2 * s->room + 16;
	return 0;
}

/* Steps of one time keep their order. Most come in the order of their times. */
static int add_step(struct script *s, uint64_t at_ns, const char *command, struct errmsg *err)
{
	size_t at = s->count;
	char *text;

	s->text_size += strlen(command) + 1;
	if (s->text_size > SCRIPT_MAX_TEXT)
		return errmsg_set(err, "more than %u MiB of commands", SCRIPT_MAX_TEXT >> 20);
	if (reserve_step(s, err))
		return -1;
	text = strdup(command);
	if (!text)
		return errmsg_set(err, "out of memory for the script");
	for (; at && s->steps[at - 1].at_ns > at_ns; at--)
		s->steps[at] = s->steps[at - 1];
	s->steps[at] = (struct script_step){ .at_ns = at_ns, .text = text, .number = s->number };
	s->count++;
	return 0;
}

/* "at TIME COMMAND" and "after TIME COMMAND"; the command is checked only. */
static int read_step(struct script *s, char *text, struct errmsg *err)
{
	char word[2][32] = { "", "" };
	int used = 0;
	uint64_t ns;

	sscanf(text, " %31s %31s %n", word[0], word[1], &used);
	if (strcmp(word[0], "at") && strcmp(word[0], "after"))
		return errmsg_set(err, "cannot understand \"%.31s\"; use \"at TIME COMMAND\", "
				  "\"after TIME COMMAND\" or \"repeat N\"", word[0]);
	if (!used || !parse_time(word[1], &ns))
		return errmsg_set(err, "after \"%s\" comes a time, such as 10ms, and a command",
				  word[0]);
	s->last_ns = strcmp(word[0], "at") ? s->last_ns + ns : ns;
	if (add_step(s, s->last_ns, text + used, err))
		return -1;
	return s->run(s->ctx, text + used, true, err);
}

static int read_line(struct script *s, char *text, struct errmsg *err)
{
	char *words[8], first[16] = "";
	int count;

	sscanf(text, " %15s", first);
	if (!*first || *first == '#')
		return 0;
	if (strcmp(first, "repeat"))
		return read_step(s, text, err);
	count = split_words(text, words, ARRAY_SIZE(words), err);
	return count < 0 ? -1 : read_repeat(s, words, count, err);
}

/* 1 if there was a line, 0 at the end, -1 with what is wrong. */
static int next_line(struct script *s, struct errmsg *err)
{
	char text[SCRIPT_MAX_LINE];
	struct errmsg why;
	int ret = text_line(s->file, s->path, &s->number, text, sizeof(text), err);

	if (ret > 0 && read_line(s, text, &why))
		return errmsg_set(err, "%.200s:%u: %.256s", s->path, s->number, why.text);
	return ret;
}

static int check_rounds(struct script *s, struct errmsg *err)
{
	uint64_t end_ns = s->count ? s->steps[s->count - 1].at_ns : 0;

	if (!s->count)
		return errmsg_set(err, "%.256s: there are no steps", s->path);
	if (!s->period_ns)
		s->period_ns = end_ns;
	if (s->rounds != 1 && (!s->period_ns || s->period_ns < end_ns))
		return errmsg_set(err, "%.256s: a round takes %llu us; repeat it with \"every\" and "
				  "at least that, above 0", s->path,
				  (unsigned long long)end_ns / 1000);
	return 0;
}

/* Only a regular file: nothing else may make the loop wait. */
static FILE *open_regular(const char *path, struct errmsg *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		errmsg_store(err, "cannot read %.256s: %s", path, strerror(errno));
		return NULL;
	}
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fdopen(fd, "r");
	errmsg_store(err, "cannot read %.256s: it is no regular file", path);
	close(fd);
	return NULL;
}

/**
 * script_open() - begin to read a script
 * @s: the script
 * @path: its file
 * @err: what is wrong, if so
 *
 * Return: 0; then comes script_read(). Or -1.
 */
int script_open(struct script *s, const char *path, struct errmsg *err)
{
	FILE *file;

	if (s->path)
		return errmsg_set(err, "%.256s is being played; \"play stop\" ends it", s->path);
	file = open_regular(path, err);
	if (!file)
		return -1;
	s->file = file;
	s->path = strdup(path);
	if (s->path)
		return 0;
	script_stop(s);
	return errmsg_set(err, "out of memory for the script");
}

/* 1 if there are more lines, 0 if all are read, -1 with what is wrong. */
static int read_some(struct script *s, struct errmsg *err)
{
	int ret = 1;

	for (unsigned int i = 0; i < ROUND_LINES && ret > 0; i++)
		ret = next_line(s, err);
	return ret ? ret : check_rounds(s, err);
}

/**
 * script_read() - read some lines of a script; after the last one it plays
 * @s: the script, opened
 * @err: what is wrong and where, if so
 *
 * Return: 1 if there are more, 0 if it plays now, -1 if it is forgotten.
 */
int script_read(struct script *s, struct errmsg *err)
{
	int ret = read_some(s, err);

	if (ret > 0)
		return ret;
	if (ret < 0) {
		script_stop(s);
		return ret;
	}
	close_file(s);
	s->playing = true;
	s->began_ns = loop_now();
	start_timer(s);
	return 0;
}

/**
 * script_play() - read all of a script at once, and play it
 * @s: the script
 * @path: its file
 * @err: what is wrong and where, if so
 *
 * Return: 0 or -1.
 */
int script_play(struct script *s, const char *path, struct errmsg *err)
{
	int ret = script_open(s, path, err);

	if (ret)
		return ret;
	do {
		ret = script_read(s, err);
	} while (ret > 0);
	return ret;
}

/**
 * script_where() - file and line of the step that is carried out
 * @s: the script
 * @text: takes them
 * @size: room in @text
 */
void script_where(const struct script *s, char *text, size_t size)
{
	snprintf(text, size, "%s:%u", s->path, s->steps[s->next].number);
}

/**
 * script_describe() - how far a script is
 * @out: takes a word, or several
 * @s: the script
 */
void script_describe(struct buffer *out, const struct script *s)
{
	if (!s->playing) {
		buffer_printf(out, "idle");
		return;
	}
	buffer_quote(out, s->path);
	buffer_printf(out, " line %u round %u", s->steps[s->next].number, s->round + 1);
}
