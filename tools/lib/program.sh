# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A guest that runs a program of the person's, and a test beside it.

# The program with its arguments; the board's file and the test, if any; where the test
# reports to; where the console goes. The program is a file in the guest, too, by another
# name where its own is taken.
PROGRAM=() BOARD_FILE='' TEST_FILE='' JUNIT_FILE='' CONSOLE_FILE=''

# The status of the run, where the program has none.
readonly NO_STATUS=125

# find_program: PROGRAM by its whole name. It may be a link whose name says what it does.
find_program() {
	local file
	file=$(command -v -- "${PROGRAM[0]}") || file=
	[[ -f $file && -x $file ]] ||
		die "'${PROGRAM[0]}' is no program; name a file that can be executed, after '--'"
	PROGRAM[0]=$(cd "$(dirname "$file")" && pwd)/${file##*/}
	[[ ${PROGRAM[0]} != *[[:space:]]* || $KIND == uml ]] ||
		die "'${PROGRAM[0]}' has a blank in its name, which no guest but uml can take"
}

# readable OPTION FILE
readable() {
	[[ -f $2 && -r $2 ]] || die "$1 '$2': there is no such file that can be read"
}

# by_host NAME: a file or folder of the host, as User-Mode Linux has it.
by_host() {
	case $1 in
	/tmp | /tmp/* | /run | /run/*) say "/run/host$1" ;;
	*) say "$1" ;;
	esac
}

# program_wish: what the guest shall run, for tools/guest/init.
program_wish() {
	local run=("${PROGRAM[@]}") work=/tmp
	if [[ $KIND == uml ]]; then
		run[0]=$(by_host "${run[0]}") work=$(by_host "$PWD")
	else
		run[0]=/program/${run[0]##*/}
	fi
	say "PROGRAM=(${run[*]@Q}) WORK=${work@Q}" >>"$GUEST/guest/wish"
}

# program_files: lines of gen_init_cpio for the program, its libraries and the interpreter
# of a script.
program_files() {
	local line interpreter
	((${#PROGRAM[@]})) || return 0
	with_libraries "/program/${PROGRAM[0]##*/}" "$(realpath "${PROGRAM[0]}")"
	IFS= read -r line <"${PROGRAM[0]}" 2>/dev/null || :
	[[ ${line//$'\0'/} == '#!'* ]] || return 0
	read -r interpreter _ <<<"${line#'#!'}"
	[[ $interpreter == */@(bash|env|sh) ]] || with_libraries "$interpreter" "$(realpath "$interpreter")"
}

# run_program: build a guest, boot it with the program, and end as it does.
run_program() {
	CHOSEN=()
	[[ $KIND == uml ]] || need_qemu
	build_guest
	guest_folder
	: >"$GUEST/guest/lines0"
	[[ -z $BOARD_FILE ]] || cp "$BOARD_FILE" "$GUEST/guest/lines0"
	guest_wish
	program_wish
	GUEST_EXTRA=60
	start_devices 1
	"start_$KIND"
	[[ $TEST_FILE ]] || show_console
	serve_program
}

# show_console: as it grows, until the guest ends.
show_console() {
	touch "$GUEST/console.log"
	(exec_alone tail -s 0.1 -n +1 -f --pid="$GUEST_PID" "$GUEST/console.log") &
	CONSOLE_PID=$!
}

# serve_program: until the program or the test has ended; the status of the run.
serve_program() {
	local status=0 began=$SECONDS
	PROGRAM_STATUS='' TEST_STATUS='' TEST_PID='' CONSOLE_PID=${CONSOLE_PID:-}
	until program_is_over; do
		both_alive || break
		hear_program
	done
	kill_tree KILL "$GUEST_PID"
	[[ -z $CONSOLE_PID ]] || wait "$CONSOLE_PID" || :
	keep_console
	program_verdict $((SECONDS - began)) || status=$?
	return "$status"
}

program_is_over() {
	if [[ $TEST_FILE ]]; then
		[[ $TEST_PID ]] && ! kill -0 "$TEST_PID" 2>/dev/null || return
		wait "$TEST_PID" && TEST_STATUS=0 || TEST_STATUS=$?
	else
		[[ $PROGRAM_STATUS ]]
	fi
}

# hear_program: what the guest says, for a moment.
HEARD=''
hear_program() {
	local part
	IFS= read -r -t 0.1 -u "$FROM_GUEST" part || {
		HEARD+=$part
		return 0
	}
	HEARD+=$part
	case $HEARD in
	started) [[ -z $TEST_FILE ]] || start_test ;;
	status\ *) PROGRAM_STATUS=${HEARD#status } ;;
	esac
	HEARD=''
}

# start_test: TEST_PID, a scenario or a pytest, by its name.
start_test() {
	local run=("$SIM" run)
	[[ -z $JUNIT_FILE ]] || run+=(--junit "$JUNIT_FILE")
	if [[ $TEST_FILE == *.py ]]; then
		run=(env PYTHONPATH="$VGPIO_ROOT/tools/sim/python${PYTHONPATH:+:$PYTHONPATH}" "$(pytest_python)"
			-m pytest -p vgpio_sim -p no:cacheprovider ${JUNIT_FILE:+"--junitxml=$JUNIT_FILE"})
	fi
	(exec_alone env PYTHONDONTWRITEBYTECODE=1 VGPIO_CONTROL="$GUEST/ctl0" VGPIO_SIM="$SIM" \
		timeout -s KILL "$GUEST_SECONDS" "${run[@]}" "$TEST_FILE" </dev/null) &
	TEST_PID=$!
	at_exit kill_tree KILL "$TEST_PID"
}

# pytest_python: one that has it; packages.sh has seen to it that the system's does.
pytest_python() {
	if python3 -c 'import pytest' 2>/dev/null; then
		say python3
	else
		say /usr/bin/python3
	fi
}

# keep_console: CONSOLE_FILE, or a log.
keep_console() {
	[[ $CONSOLE_FILE ]] || log_file CONSOLE_FILE guest-console
	cp "$GUEST/console.log" "$CONSOLE_FILE" || die "the console cannot be written to $CONSOLE_FILE"
}

# program_verdict SECONDS: the status of the run, and what there is to say of it.
program_verdict() {
	local awaited=$PROGRAM_STATUS ended=
	[[ ${PROGRAM_STATUS:-0} == 0 ]] || ended="the program ended with status $PROGRAM_STATUS"
	[[ -z $TEST_FILE ]] || awaited=$TEST_STATUS
	if [[ ${TEST_STATUS:-0} != 0 ]]; then
		# Perhaps because the program did: 127 is one that cannot be run at all.
		program_note "the test failed${ended:+, and $ended}"
		return "$TEST_STATUS"
	fi
	if [[ ! $awaited ]]; then
		program_note "$(no_status "$1")"
		return "$NO_STATUS"
	fi
	[[ -z $ended ]] || program_note "$ended"
	return "${PROGRAM_STATUS:-0}"
}

# no_status SECONDS: why there is none.
no_status() {
	if (($1 >= GUEST_SECONDS)); then
		say "the guest was ended after $GUEST_SECONDS s; --timeout allows more"
	else
		say "the guest ended before the ${TEST_FILE:+test of the }program did"
	fi
}

# program_note TEXT: what went wrong, with the end of what the guest has said where
# nobody has seen it.
program_note() {
	note "vgpio guest: $1; the console is in $CONSOLE_FILE"
	[[ ! $TEST_FILE ]] || tail -n 10 "$CONSOLE_FILE" | sed 's/^/  /' >&2
}
