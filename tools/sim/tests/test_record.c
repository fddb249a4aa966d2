/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traces and waveforms: what is written, and that it is there at once. */
#include "guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "reply.h"
#include "host.h"
#include "scratch.h"

#define LINES	50
#define MAX_FILE (32u << 10)

/**
 * struct fixture - a device that is recorded
 * @host: the device and what records it
 * @file: the record
 * @text: what is in it
 * @err: why the last call failed
 */
struct fixture {
	struct host host;
	char file[SCRATCH_PATH];
	char text[MAX_FILE];
	struct errmsg err;
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	scratch_make(f->file);
	host_init(&f->host, LINES);
	host_name(&f->host, 1, "Red \"LED\" \\");
	host_name(&f->host, 2, "Reset_n");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	host_free(&f->host);
	unlink(f->file);
	test_free(f);
	return 0;
}

static void trace(struct fixture *f)
{
	assert_int_equal(board_record(&f->host.board, f->file, NULL, &f->err), 0);
}

static void waves(struct fixture *f)
{
	assert_int_equal(board_record(&f->host.board, NULL, f->file, &f->err), 0);
}

/* Reads the file while the recorder has it open. */
static void read_file(struct fixture *f)
{
	FILE *file = fopen(f->file, "r");
	size_t len;

	assert_non_null(file);
	len = fread(f->text, 1, sizeof(f->text) - 1, file);
	f->text[len] = '\0';
	fclose(file);
	assert_true(len && f->text[len - 1] == '\n');
}

static unsigned long long number_after(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 10);
}

/* The last line says this after its time, and before @key if there is one. */
static void assert_last(struct fixture *f, const char *expected)
{
	char *line, *comma;

	read_file(f);
	f->text[strlen(f->text) - 1] = '\0';
	line = strrchr(f->text, '\n') + 1;
	number_after(line, "{\"t\":");
	comma = strchr(line, ',');
	assert_non_null(comma);
	assert_string_equal(comma, expected);
}

static void trace_begins_with_the_board(void **state)
{
	struct fixture *f = *state;
	uint64_t before = loop_now();
	unsigned long long start;

	fault_seed(&f->host.board.dev.faults, 5);
	trace(f);
	read_file(f);
	assert_int_equal(sscanf(f->text, "{\"t\":0,\"event\":\"start\",\"lines\":50,\"seed\":5,"
				"\"monotonic\":%llu}\n", &start), 1);
	assert_in_range(start, before, loop_now());
}

static void marks_are_traced(void **state)
{
	struct fixture *f = *state;

	trace(f);
	device_mark(&f->host.board.dev, "a \"mark\"");
	assert_last(f, ",\"event\":\"mark\",\"text\":\"a \\\"mark\\\"\"}");
}

/* The longest one, of bytes that are all escaped. */
static void marks_are_traced_as_a_whole(void **state)
{
	char text[COMMAND_MAX_LINE] = "mark ";
	struct fixture *f = *state;
	size_t len = sizeof(text) - 1 - strlen(text), count = 0;

	memset(text + strlen(text), 0xff, len);
	trace(f);
	assert_int_equal(command_script(&f->host.board, text, false, &f->err), 0);
	read_file(f);
	for (const char *at = f->text; (at = strstr(at, "\\u00ff")); at++)
		count++;
	assert_int_equal(count, len);
}

static void transactions_are_traced(void **state)
{
	struct fixture *f = *state;
	struct reply reply = {
		.type = VIRTIO_GPIO_MSG_GET_VALUE, .line = 2, .value = 0,
		.reply = { .status = 0, .value = 1 }, .used_len = 2, .sent = true,
	};

	trace(f);
	reply.taken_ns = loop_now();
	reply.sent_ns = reply.taken_ns + 1500;
	reply_tell(&f->host.board.dev, &reply);
	assert_last(f, ",\"event\":\"transaction\",\"queue\":\"requestq\",\"type\":\"get_value\","
		       "\"line\":2,\"name\":\"Reset_n\",\"value\":0,\"status\":0,\"reply\":1,"
		       "\"length\":2,\"latency\":1500}");
}

static void silence_and_faults_are_traced(void **state)
{
	struct fixture *f = *state;
	struct reply reply = {
		.type = VIRTIO_GPIO_MSG_SET_VALUE, .line = 77, .value = 1,
		.faults = 1u << FAULT_SILENCE | 1u << FAULT_BAD_STATUS,
	};

	trace(f);
	reply.taken_ns = reply.sent_ns = loop_now();
	reply_tell(&f->host.board.dev, &reply);
	assert_last(f, ",\"event\":\"transaction\",\"queue\":\"requestq\",\"type\":\"set_value\","
		       "\"line\":77,\"value\":1,\"status\":null,\"reply\":null,\"length\":null,"
		       "\"latency\":0,\"faults\":[\"silence\",\"bad-status\"]}");
}

static void events_are_traced(void **state)
{
	struct fixture *f = *state;
	struct reply reply = {
		.queue = DEVICE_EVENTQ, .type = FAULT_EVENT, .line = 0,
		.reply.status = VIRTIO_GPIO_IRQ_STATUS_VALID, .used_len = 1, .sent = true,
	};

	trace(f);
	reply.taken_ns = reply.sent_ns = loop_now();
	reply_tell(&f->host.board.dev, &reply);
	assert_last(f, ",\"event\":\"transaction\",\"queue\":\"eventq\",\"type\":\"event\","
		       "\"line\":0,\"status\":1,\"reply\":null,\"length\":1,\"latency\":0}");
}

static void changes_are_traced_with_names_escaped(void **state)
{
	struct fixture *f = *state;

	trace(f);
	board_set(&f->host.board, 1, true);
	assert_last(f, ",\"event\":\"change\",\"line\":1,\"name\":\"Red \\\"LED\\\" \\\\\","
		       "\"value\":1,\"direction\":\"none\",\"trigger\":\"none\","
		       "\"driver\":\"host\"}");
}

static void sessions_are_traced(void **state)
{
	struct fixture *f = *state;

	trace(f);
	device_session(&f->host.board.dev, true);
	assert_last(f, ",\"event\":\"session-begin\"}");
	device_session(&f->host.board.dev, false);
	assert_last(f, ",\"event\":\"session-end\"}");
}

static void full_disk_ends_the_trace_only(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(board_record(&f->host.board, "/dev/full", NULL, &f->err), 0);
	assert_true(board_failed(&f->host.board));
	board_set(&f->host.board, 1, true);
	assert_true(gpio_value(&f->host.board.dev.bank, 1));
}

/* The file may have @bytes more, no matter what is written. */
static void limit_file(struct fixture *f, struct rlimit *before, unsigned int bytes)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, before), 0);
	read_file(f);
	limit = (struct rlimit){ strlen(f->text) + bytes, before->rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void assert_cut_to_whole(struct fixture *f)
{
	char before[MAX_FILE];
	struct rlimit limit;

	read_file(f);
	strcpy(before, f->text);
	assert_false(board_failed(&f->host.board));
	limit_file(f, &limit, 2);
	board_set(&f->host.board, 1, true);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	board_set(&f->host.board, 1, false);
	assert_true(board_failed(&f->host.board));
	read_file(f);
	assert_string_equal(f->text, before);
}

static void full_disk_leaves_whole_objects(void **state)
{
	trace(*state);
	assert_cut_to_whole(*state);
}

static void full_disk_leaves_whole_changes(void **state)
{
	waves(*state);
	assert_cut_to_whole(*state);
}

static void nobody_who_reads_a_pipe_is_an_error(void **state)
{
	struct fixture *f = *state;

	unlink(f->file);
	assert_int_equal(mkfifo(f->file, 0600), 0);
	assert_int_equal(board_record(&f->host.board, f->file, NULL, &f->err), -1);
	assert_non_null(strstr(f->err.text, "cannot write"));
}

static void full_pipe_ends_the_record_only(void **state)
{
	struct fixture *f = *state;
	int reader;

	unlink(f->file);
	assert_int_equal(mkfifo(f->file, 0600), 0);
	reader = open(f->file, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	trace(f);
	for (unsigned int i = 0; i < 10000; i++)
		board_toggle(&f->host.board, 1);
	assert_true(board_failed(&f->host.board));
	close(reader);
}

static void records_need_a_file(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(board_record(&f->host.board, "/nonexistent/t", NULL, &f->err), -1);
	assert_non_null(strstr(f->err.text, "cannot write /nonexistent/t: No such file"));
	assert_int_equal(board_record(&f->host.board, NULL, "/nonexistent/v", &f->err), -1);
	assert_non_null(strstr(f->err.text, "cannot write /nonexistent/v: No such file"));
}

static void waves_have_a_header(void **state)
{
	struct fixture *f = *state;

	board_set(&f->host.board, 2, true);
	waves(f);
	read_file(f);
	assert_int_equal(strncmp(f->text,
				 "$version vgpio-sim $end\n$timescale 1 us $end\n"
				 "$scope module value $end\n$var wire 1 ! line0 $end\n"
				 "$var wire 1 # Red__LED_____1 $end\n"
				 "$var wire 1 % Reset_n $end\n", 150), 0);
	assert_non_null(strstr(f->text, "$var wire 1 !\" line47 $end\n"));
	assert_non_null(strstr(f->text, "$upscope $end\n$scope module output $end\n"
					"$var wire 1 \" line0_output $end\n"));
	assert_non_null(strstr(f->text, "$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n"
					"0!\n0\"\n0#\n0$\n1%\n0&\n"));
}

/* What follows the first values. */
static const char *changes(struct fixture *f)
{
	char *at;

	read_file(f);
	at = strstr(f->text, "$dumpvars\n");
	assert_non_null(at);
	at = strstr(at, "$end\n");
	assert_non_null(at);
	return at + strlen("$end\n");
}

/* Names that generated ones, and those of the scope "output", could have. */
static void waves_names_are_unique(void **state)
{
	static const char *const names[] = { "line5", "A", "A_output", "B C", "B_C__9", "B_C",
					     "A__6", "line7" };
	struct fixture *f = *state;
	char *name[2 * LINES], *at;
	size_t count = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		host_name(&f->host, 6 + i, names[i]);
	waves(f);
	read_file(f);
	for (at = f->text; (at = strstr(at, "$var wire 1 ")); at++) {
		assert_true(count < ARRAY_SIZE(name));
		name[count++] = strchr(at + strlen("$var wire 1 "), ' ') + 1;
	}
	assert_int_equal(count, 2 * LINES);
	for (size_t i = 0; i < count; i++) {
		*strchr(name[i], ' ') = '\0';
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(name[i], name[j]);
	}
}

static void waves_show_values_and_directions(void **state)
{
	struct fixture *f = *state;
	struct gpio_request out = { VIRTIO_GPIO_MSG_SET_DIRECTION, 0, VIRTIO_GPIO_DIRECTION_OUT };
	const char *text;
	unsigned long long first, second;

	waves(f);
	board_set(&f->host.board, 0, true);
	gpio_handle(&f->host.board.dev.bank, &out);
	text = changes(f);
	assert_int_equal(text[0], '#');
	first = number_after(text, "#");
	text = strchr(text, '\n');
	assert_int_equal(strncmp(text, "\n1!\n#", 5), 0);
	second = number_after(text, "1!\n#");
	assert_true(second > first);
	assert_string_equal(strchr(text + 4, '\n'), "\n0!\n1\"\n");
}

static void waves_keep_short_pulses(void **state)
{
	struct fixture *f = *state;
	unsigned int count = 0;

	waves(f);
	for (unsigned int i = 0; i < 100; i++)
		board_toggle(&f->host.board, 3);
	for (const char *at = changes(f); (at = strchr(at, '#')); at++)
		count++;
	assert_int_equal(count, 100);
}

/* As if both edges came within the microsecond that was written last. */
static void waves_tell_edges_of_one_time_apart(void **state)
{
	struct fixture *f = *state;

	waves(f);
	f->host.board.vcd.now = 1000000000;
	board_toggle(&f->host.board, 3);
	board_toggle(&f->host.board, 3);
	board_toggle(&f->host.board, 4);
	assert_string_equal(changes(f), "1'\n#1000000001\n0'\n1)\n");
}

static void waves_end_with_the_time(void **state)
{
	struct fixture *f = *state;
	struct timespec ts = { .tv_nsec = 2000000 };

	waves(f);
	nanosleep(&ts, NULL);
	board_free(&f->host.board);
	assert_true(number_after(changes(f), "#") >= 2000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(trace_begins_with_the_board),
		TEST(marks_are_traced),
		TEST(marks_are_traced_as_a_whole),
		TEST(transactions_are_traced),
		TEST(silence_and_faults_are_traced),
		TEST(events_are_traced),
		TEST(changes_are_traced_with_names_escaped),
		TEST(sessions_are_traced),
		TEST(full_disk_ends_the_trace_only),
		TEST(full_disk_leaves_whole_objects),
		TEST(full_disk_leaves_whole_changes),
		TEST(nobody_who_reads_a_pipe_is_an_error),
		TEST(full_pipe_ends_the_record_only),
		TEST(waves_names_are_unique),
		TEST(records_need_a_file),
		TEST(waves_have_a_header),
		TEST(waves_show_values_and_directions),
		TEST(waves_keep_short_pulses),
		TEST(waves_tell_edges_of_one_time_apart),
		TEST(waves_end_with_the_time),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
