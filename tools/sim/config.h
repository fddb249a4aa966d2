/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CONFIG_H
#define VGPIO_CONFIG_H

#include <sys/types.h>

#include "device.h"
#include "text.h"

#define CONFIG_DEFAULT_LINES	8
#define CONFIG_MAX_LINE		4096
#define CONFIG_MAX_SAID		(8 * GPIO_MAX_LINES)
#define CONFIG_MAX_KEPT		1024
#define CONFIG_NO_MODE		(~0u)

/**
 * enum config_action - what a command line asks for
 * @CONFIG_RUN: run the simulator
 * @CONFIG_HELP: print the help text
 * @CONFIG_VERSION: print the version
 * @CONFIG_CAPABILITIES: print what a management layer wants to know
 */
enum config_action {
	CONFIG_RUN,
	CONFIG_HELP,
	CONFIG_VERSION,
	CONFIG_CAPABILITIES,
};

/**
 * enum config_property - what can be said about a line
 * @CONFIG_NAME: its name
 * @CONFIG_LEVEL: the level that the host drives at first
 * @CONFIG_PULL: the level while nobody drives it
 * @CONFIG_STUCK: the value that it always has
 * @CONFIG_LOOP: the line that it drives while it is an output
 * @CONFIG_HOST: the line of the host that it is
 * @CONFIG_BIAS: how the host pulls that
 * @CONFIG_ACTIVE: the level of that which stands for 1
 * @CONFIG_WIRE: the wire that it is on
 * @CONFIG_INVERTER: the same, by an inverter
 */
enum config_property {
	CONFIG_NAME,
	CONFIG_LEVEL,
	CONFIG_PULL,
	CONFIG_STUCK,
	CONFIG_LOOP,
	CONFIG_HOST,
	CONFIG_BIAS,
	CONFIG_ACTIVE,
	CONFIG_WIRE,
	CONFIG_INVERTER,
	CONFIG_PROPERTIES,
};

/**
 * struct config_origin - where something was said
 * @where: the option without its dashes, or the file; must stay
 * @number: the line in the file; 0 for an option
 */
struct config_origin {
	const char *where;
	unsigned int number;
};

/**
 * struct config_line - something said about a line
 * @line: the line
 * @property: what it is about
 * @text: what was said, or NULL if it was a level
 * @level: see @text
 * @origin: where it was said, for error messages
 */
struct config_line {
	unsigned int line;
	enum config_property property;
	char *text;
	bool level;
	struct config_origin origin;
};

/**
 * enum config_subject - what a statement is about that is kept as its words, as it may
 *			 name lines
 * @CONFIG_WIRES: a wire
 * @CONFIG_PARTS: a part
 * @CONFIG_FAULTS: a fault
 */
enum config_subject {
	CONFIG_WIRES,
	CONFIG_PARTS,
	CONFIG_FAULTS,
	CONFIG_SUBJECTS,
};

/**
 * struct config_words - a statement that is kept as its words
 * @text: the words
 * @origin: where it was said, for error messages
 */
struct config_words {
	char *text;
	struct config_origin origin;
};

/**
 * struct config_list - statements that are kept
 * @list: them, in order
 * @count: number of @list
 */
struct config_list {
	struct config_words *list;
	size_t count;
};

/**
 * struct config - all that the command line and the configuration file say
 * @action: what to do
 * @names: the names of all boards, or NULL if there is only this one
 * @boards: number of boards
 * @board: which of them this is
 * @other_board: the part of the file that is being read is about another
 * @socket: where front ends connect, or NULL
 * @fd: a front end that is connected already, if there is no @socket; or -1
 * @socket_mode: permissions of @socket, or CONFIG_NO_MODE for the umask's
 * @control: where control clients connect, or NULL
 * @control_mode: permissions of @control
 * @group: the group that both sockets are for, or -1 for the user's
 * @ready_fd: where to tell that all is ready, or -1
 * @file: the configuration file that was read last, or NULL
 * @trace: file for a trace, or NULL
 * @vcd: file for waveforms, or NULL
 * @state: file for the state, or NULL
 * @play: script to play, or NULL
 * @lines: number of lines
 * @no_irq: do not offer interrupts
 * @interactive: show a board in the terminal
 * @once: end when the first front end leaves
 * @strict: tell in the end how the driver kept to the rules
 * @verbose: tell what happens
 * @said: what was said about lines, in order; later ones win
 * @said_count: number of @said
 * @said_room: size of @said
 * @kept: for each subject, what was said
 * @seed: for faults by chance
 * @seeded: @seed was given
 */
struct config {
	enum config_action action;
	const char *const *names;
	unsigned int boards;
	unsigned int board;
	bool other_board;
	const char *socket;
	int fd;
	unsigned int socket_mode;
	const char *control;
	unsigned int control_mode;
	gid_t group;
	int ready_fd;
	const char *file;
	const char *trace;
	const char *vcd;
	const char *state;
	const char *play;
	unsigned int lines;
	bool no_irq;
	bool interactive;
	bool once;
	bool strict;
	bool verbose;
	struct config_line *said;
	size_t said_count;
	size_t said_room;
	struct config_list kept[CONFIG_SUBJECTS];
	uint64_t seed;
	bool seeded;
};

int config_set_lines(struct config *cfg, const char *text, struct errmsg *err);
int config_set_seed(struct config *cfg, const char *text, struct errmsg *err);
int config_add_name(struct config *cfg, unsigned int line, const char *name,
		    struct config_origin origin, struct errmsg *err);
int config_add_level(struct config *cfg, unsigned int line, bool level,
		     struct config_origin origin, struct errmsg *err);
int config_add_fault(struct config *cfg, const char *text, struct config_origin origin,
		     struct errmsg *err);
int config_find_board(const char *const *names, unsigned int count, const char *text);
const char *config_where(const struct config *cfg);
int config_read_file(struct config *cfg, const char *path, struct errmsg *err);
int config_apply(const struct config *cfg, struct device *dev, struct errmsg *err);
void config_free(struct config *cfg);

#endif
