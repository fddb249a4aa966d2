/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "vgpio-sim ctl": sends one command to a control socket, prints the reply. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "ctl.h"
#include "log.h"
#include "sock.h"

#define EXIT_ERROR_REPLY	1
#define EXIT_NO_REPLY		2

static void add_word(struct buffer *out, const char *word)
{
	if (*word && !strpbrk(word, " \t\"\\#"))
		buffer_add(out, word, strlen(word));
	else
		buffer_quote(out, word);
}

/**
 * ctl_command() - put a command's words into a line
 * @argc: number of words
 * @argv: the words; those with blanks are quoted
 * @out: takes the line, with its newline
 * @err: what is wrong, if so
 *
 * Return: 0 or -1.
 */
int ctl_command(int argc, char **argv, struct buffer *out, struct errmsg *err)
{
	for (int i = 0; i < argc; i++) {
		if (strpbrk(argv[i], "\r\n"))
			return errmsg_set(err, "a command must not contain a line break");
		if (i)
			buffer_add(out, " ", 1);
		add_word(out, argv[i]);
	}
	buffer_add(out, "\n", 1);
	if (out->overflow)
		return errmsg_set(err, "the command is too long");
	return 0;
}

static int send_all(int fd, struct buffer *out, struct errmsg *err)
{
	while (out->len) {
		ssize_t len = send(fd, buffer_head(out), out->len, MSG_NOSIGNAL);

		if (len < 0 && errno == EINTR)
			continue;
		/* Who is refused may read why. */
		if (len < 0 && (errno == EPIPE || errno == ECONNRESET))
			return 0;
		if (len < 0)
			return errmsg_set(err, "cannot send the command: %s", strerror(errno));
		buffer_take(out, len);
	}
	return 0;
}

static bool starts_with_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && (line[len] == ' ' || line[len] == '\n');
}

/* Prints lines up to the one that ends the reply; watching never ends. */
static int print_reply(FILE *in, bool watching)
{
	char *line = NULL;
	size_t room = 0;
	int ret = EXIT_NO_REPLY;

	while (ret == EXIT_NO_REPLY && getline(&line, &room, in) > 0) {
		bool error = starts_with_word(line, "error");

		fputs(line, error ? stderr : stdout);
		fflush(stdout);
		if (error)
			ret = EXIT_ERROR_REPLY;
		else if (!watching && starts_with_word(line, "ok"))
			ret = EXIT_SUCCESS;
	}
	free(line);
	if (ret == EXIT_NO_REPLY)
		log_error("the simulator closed the connection");
	return ret;
}

static int talk(int fd, int argc, char **argv, struct errmsg *err)
{
	struct buffer out = { .max = CONTROL_MAX_LINE };
	FILE *in = NULL;
	int ret = EXIT_NO_REPLY;

	if (!ctl_command(argc, argv, &out, err) && !send_all(fd, &out, err)) {
		in = fdopen(fd, "r");
		if (in)
			ret = print_reply(in, !strcmp(argv[0], "watch"));
		else
			errmsg_store(err, "out of memory for the reply");
	}
	buffer_free(&out);
	if (in)
		fclose(in);
	else
		close(fd);
	return ret;
}

/**
 * ctl_main() - the "ctl" command
 * @argc: number of arguments after "ctl"
 * @argv: the control socket, then the command's words
 *
 * Return: exit status: 0 for an ok, 1 for an error, 2 if there is no reply.
 */
int ctl_main(int argc, char **argv)
{
	struct errmsg err = { "" };
	int fd, ret = EXIT_NO_REPLY;

	if (argc && (!strcmp(argv[0], "-h") || !strcmp(argv[0], "--help") ||
		     !strcmp(argv[0], "help"))) {
		puts("usage: vgpio-sim ctl CONTROL_SOCKET COMMAND...\n\n"
		     "Gives a command to a simulator and prints the reply; \"help\" is a command.");
		return EXIT_SUCCESS;
	}
	if (argc < 2) {
		log_error("usage: vgpio-sim ctl CONTROL_SOCKET COMMAND...; try the command help");
		return EXIT_NO_REPLY;
	}
	fd = sock_connect(argv[0], &err);
	if (fd >= 0)
		ret = talk(fd, argc - 1, argv + 1, &err);
	if (*err.text)
		log_error("%s", err.text);
	return ret;
}
