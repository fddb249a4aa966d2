# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# In the guest: talking to the host over a serial line, and one face for
# both generations of the libgpiod tools.

# --- the host -----------------------------------------------------------------

# The first serial line leads to the program that booted this guest. A line
# to it is a word and its text. 'ctl' and 'line' are answered, one line at a
# time for the sake of the small buffers on the way: '|' and a line of the
# reply, for 'next' another one, at last '=' and the status.
open_host_line() {
	exec {HOST}<>/dev/ttyS0
	stty -F /dev/ttyS0 raw -echo
}

tell() {
	printf '%s\n' "$*" >&"$HOST"
}

# ask WORD TEXT...: print the answer. What is there before is a late one to
# something else.
ask() {
	local line
	while read -t 0 -u "$HOST"; do
		IFS= read -r -t 1 -u "$HOST" line
	done
	tell "$@"
	while IFS= read -r -t 20 -u "$HOST" line; do
		case $line in
		'|'*)
			printf '%s\n' "${line#|}"
			tell next
			;;
		'='*) return "${line#=}" ;;
		esac
	done
	echo "no answer from the host"
	return 1
}

# host COMMAND...: a command to the control socket of the device BOARD.
host() {
	ask ctl "${BOARD:-0}" "$@"
}

# stat_of NAME: one of the device's counters.
stat_of() {
	ask stat "${BOARD:-0}" "$1"
}

# --- the tools ------------------------------------------------------------------

CHIP=gpiochip0 BOARD=0

# gpiod_v2: libgpiod 2 names the chip by an option.
gpiod_v2() {
	: "${GPIOD:=$(gpiodetect --version)}"
	[[ $GPIOD == *' v2.'* ]]
}

get() {
	if gpiod_v2; then
		gpioget --numeric -c "$CHIP" "$@"
	else
		gpioget "$CHIP" "$@"
	fi
}

# hold LINE=VALUE...: drive lines until 'release'.
hold() {
	if gpiod_v2; then
		gpioset -c "$CHIP" "$@" &
	else
		gpioset --mode=signal "$CHIP" "$@" &
	fi
	HOLDER=$!
}

# set_once LINE=VALUE: drive a line and let go of it at once.
set_once() {
	if gpiod_v2; then
		gpioset --toggle 0 -c "$CHIP" "$@"
	else
		gpioset "$CHIP" "$@"
	fi
}

release() {
	kill "$HOLDER" 2>/dev/null
	wait "$HOLDER" 2>/dev/null
}

# monitor COUNT LINE: print COUNT edges, each as 'rising' or 'falling'.
monitor() {
	if gpiod_v2; then
		timeout 10 gpiomon --num-events="$1" --format '%E' -c "$CHIP" "$2"
	else
		timeout 10 gpiomon --num-events="$1" --format '%e' "$CHIP" "$2"
	fi | sed 's/^1$/rising/; s/^0$/falling/'
}

# record LINE FILE: write every edge to FILE until 'end_record': 'rising' or
# 'falling', seconds, nanoseconds. Armed when this returns.
record() {
	if gpiod_v2; then
		gpiomon --format '%E %S' -c "$CHIP" "$1" >"$2" &
	else
		gpiomon --line-buffered --format '%e %s %n' "$CHIP" "$1" >"$2" &
	fi
	RECORDER=$! RECORD=$2
	wait_for "$1" trigger both
}

# end_record COUNT: when so many edges are there, or after twenty seconds, and
# once more than that had time to come.
end_record() {
	local i
	for ((i = 0; i < 200; i++)); do
		(($(wc -l <"$RECORD") < $1)) || break
		sleep 0.1
	done
	sleep 0.2
	kill "$RECORDER" 2>/dev/null
	wait "$RECORDER" 2>/dev/null
	RECORDER=
	sed -i 's/^1 /rising /; s/^0 /falling /; s/\./ /' "$RECORD"
}

info() {
	if gpiod_v2; then
		gpioinfo -c "$CHIP"
	else
		gpioinfo "$CHIP"
	fi
}
