/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays scripts: stimuli at times that the loop's timers keep. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "log.h"
#include "player.h"

static void step_due(void *ctx);

/**
 * player_init() - make a player
 * @p: the player
 * @bench: who carries out the steps
 */
void player_init(struct player *p, struct bench *bench)
{
	*p = (struct player){
		.bench = bench, .timer = { .expired = step_due, .ctx = p }, .rounds = 1,
	};
}

/**
 * player_stop() - play no more, and forget the script
 * @p: the player
 */
void player_stop(struct player *p)
{
	if (!p->bench)
		return;
	loop_timer_stop(p->bench->loop, &p->timer);
	for (size_t i = 0; i < p->count; i++)
		free(p->steps[i].text);
	free(p->steps);
	free(p->path);
	player_init(p, p->bench);
}

static void start_timer(struct player *p)
{
	uint64_t now = loop_now(), due = p->began_ns + p->steps[p->next].at_ns;

	loop_timer_start(p->bench->loop, &p->timer, due > now ? due - now : 0);
}

static void run_step(struct player *p, const struct player_step *step)
{
	struct errmsg err;
	char *copy = strdup(step->text);
	int ret = copy ? bench_command(p->bench, copy, false, &err) :
			 errmsg_set(&err, "out of memory");

	if (ret)
		log_error("%s:%u: %s", p->path, step->number, err.text);
	free(copy);
}

/* Rounds follow each other by the clock, however late a step was. */
static void step_due(void *ctx)
{
	struct player *p = ctx;

	run_step(p, &p->steps[p->next]);
	if (++p->next == p->count) {
		p->next = 0;
		p->began_ns += p->period_ns;
		if (++p->round == p->rounds) {
			player_stop(p);
			return;
		}
	}
	start_timer(p);
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

static int read_repeat(struct player *p, char **words, int count, struct errmsg *err)
{
	bool forever = count > 1 && !strcmp(words[1], "forever");

	p->rounds = 0;
	if (count < 2 || (!forever && (!parse_uint(words[1], &p->rounds) || !p->rounds)))
		return errmsg_set(err, "after \"repeat\" comes a number above 0, or \"forever\"");
	if (count == 2)
		return 0;
	if (count == 4 && !strcmp(words[2], "every") && parse_duration(words[3], &p->period_ns))
		return 0;
	return errmsg_set(err, "after \"repeat %.32s\" comes nothing, or \"every\" and a duration",
			  words[1]);
}

static int add_step(struct player *p, const struct player_step *step, const char *command,
		    struct errmsg *err)
{
	struct player_step *steps;

	if (p->count == PLAYER_MAX_STEPS)
		return errmsg_set(err, "more than %d steps", PLAYER_MAX_STEPS);
	steps = reallocarray(p->steps, p->count + 1, sizeof(*steps));
	if (!steps)
		return errmsg_set(err, "out of memory for the script");
	p->steps = steps;
	steps[p->count] = *step;
	steps[p->count].text = strdup(command);
	if (!steps[p->count].text)
		return errmsg_set(err, "out of memory for the script");
	p->count++;
	return 0;
}

/**
 * struct script_line - a line of a script being read
 * @number: its number
 * @text: what it says
 * @last_ns: time of the step before
 */
struct script_line {
	unsigned int number;
	char *text;
	uint64_t last_ns;
};

/* "at TIME COMMAND" and "after TIME COMMAND"; the command is checked only. */
static int read_step(struct player *p, struct script_line *line, struct errmsg *err)
{
	struct player_step step = { .number = line->number };
	char word[2][32] = { "", "" };
	int used = 0;
	uint64_t ns;

	sscanf(line->text, " %31s %31s %n", word[0], word[1], &used);
	if (strcmp(word[0], "at") && strcmp(word[0], "after"))
		return errmsg_set(err, "cannot understand \"%.31s\"; use \"at TIME COMMAND\", "
				  "\"after TIME COMMAND\" or \"repeat N\"", word[0]);
	if (!used || !parse_time(word[1], &ns))
		return errmsg_set(err, "after \"%s\" comes a time, such as 10ms, and a command",
				  word[0]);
	step.at_ns = strcmp(word[0], "at") ? line->last_ns + ns : ns;
	line->last_ns = step.at_ns;
	if (add_step(p, &step, line->text + used, err))
		return -1;
	if (step.at_ns > p->end_ns)
		p->end_ns = step.at_ns;
	return bench_command(p->bench, line->text + used, true, err);
}

static int read_line(struct player *p, struct script_line *line, struct errmsg *err)
{
	char copy[128], *words[8], first[16] = "";
	int count;

	line->text[strcspn(line->text, "\r\n")] = '\0';
	sscanf(line->text, " %15s", first);
	if (!*first || *first == '#')
		return 0;
	if (strcmp(first, "repeat"))
		return read_step(p, line, err);
	snprintf(copy, sizeof(copy), "%s", line->text);
	count = split_words(copy, words, ARRAY_SIZE(words), err);
	return count < 0 ? -1 : read_repeat(p, words, count, err);
}

static int read_script(struct player *p, FILE *file, struct errmsg *err)
{
	struct script_line line = { .text = NULL };
	struct errmsg why;
	size_t room = 0;
	int ret = 0;

	while (!ret && getline(&line.text, &room, file) >= 0) {
		line.number++;
		if (read_line(p, &line, &why))
			ret = errmsg_set(err, "%.200s:%u: %.256s", p->path, line.number, why.text);
	}
	if (!ret && ferror(file))
		ret = errmsg_set(err, "cannot read %.256s: %s", p->path, strerror(errno));
	free(line.text);
	return ret;
}

static int compare_steps(const void *a, const void *b)
{
	const struct player_step *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->number < y->number ? -1 : 1;
}

static int finish_script(struct player *p, struct errmsg *err)
{
	if (!p->count)
		return errmsg_set(err, "%.256s: there are no steps", p->path);
	if (!p->period_ns)
		p->period_ns = p->end_ns;
	if (p->rounds != 1 && (!p->period_ns || p->period_ns < p->end_ns))
		return errmsg_set(err, "%.256s: a round takes %llu us; repeat it with \"every\" and "
				  "at least that, above 0", p->path,
				  (unsigned long long)p->end_ns / 1000);
	qsort(p->steps, p->count, sizeof(*p->steps), compare_steps);
	return 0;
}

/* Only a regular file: nothing else may make the loop wait. */
static FILE *open_script(const char *path, struct errmsg *err)
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

static int load(struct player *p, const char *path, struct errmsg *err)
{
	FILE *file = open_script(path, err);
	int ret;

	if (!file)
		return -1;
	p->path = strdup(path);
	ret = p->path ? 0 : errmsg_set(err, "out of memory for the script");
	if (!ret)
		ret = read_script(p, file, err);
	fclose(file);
	return ret ? ret : finish_script(p, err);
}

/**
 * player_play() - play a script from now on
 * @p: the player
 * @path: the script's file
 * @err: what is wrong and where, if so
 *
 * Return: 0 or -1.
 */
int player_play(struct player *p, const char *path, struct errmsg *err)
{
	if (p->playing)
		return errmsg_set(err, "%.256s is being played; \"play stop\" ends it", p->path);
	if (load(p, path, err)) {
		player_stop(p);
		return -1;
	}
	p->playing = true;
	p->began_ns = loop_now();
	start_timer(p);
	return 0;
}

/**
 * player_describe() - how far a script is
 * @out: takes a word, or several
 * @p: the player
 */
void player_describe(struct buffer *out, const struct player *p)
{
	if (!p->playing) {
		buffer_printf(out, "idle");
		return;
	}
	buffer_quote(out, p->path);
	buffer_printf(out, " line %u round %u", p->steps[p->next].number, p->round + 1);
}
