#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   lint.sh SIMULATOR CHECKER
#
# Checks the manual pages: their language, and that they describe every option,
# control command, fault and check that the programs tell of. Names all that is
# wrong, and fails then.

program=$1
checker=$2
page=vgpio-sim.1
wrong=0
folder=$(mktemp -d) || exit 1
"$program" --socket "$folder/gpio" --control "$folder/ctl" >"$folder/log" 2>&1 &
simulator=$!
trap 'kill "$simulator" 2>/dev/null; wait; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

# check_language: no complaint may depend on what else is installed here.
check_language() {
	"${MANDOC:-mandoc}" -I os=Linux -T lint -W style "$page" >"$folder/lint" 2>&1
	status=$?
	grep -v -e ': referenced manual not found: ' -e ': outdated mandoc.db ' "$folder/lint" &&
		wrong=1
	[ "$status" -le 4 ] || exit 1
}

# await_control: the simulator needs a moment.
await_control() {
	tries=100
	until "$program" ctl "$folder/ctl" help >"$folder/help" 2>/dev/null; do
		tries=$((tries - 1))
		if [ "$tries" -eq 0 ] || ! kill -0 "$simulator" 2>/dev/null; then
			echo "$program does not start:" >&2
			cat "$folder/log" >&2
			exit 1
		fi
		sleep 0.1
	done
}

# require WHAT MACRO PREFIX NAME...: the page has a list entry for each name.
require() {
	what=$1 macro=$2 prefix=$3
	shift 3
	if [ $# -eq 0 ]; then
		echo "nothing tells of a $what" >&2
		exit 1
	fi
	for name in "$@"; do
		grep -q "^\.It $macro $prefix$name\( .*\)\?$" "$page" && continue
		echo "$page does not describe the $what $name" >&2
		wrong=1
	done
}

# options PROGRAM
options() {
	"$1" --help | sed -n 's/^  --\([a-z-]*\).*/\1/p'
}

# Commands come first in the text; a paragraph follows, then the faults.
commands() {
	sed -n '/^LINE is/q; s/^\([a-z]*\)\( .*\)*$/\1/p' "$folder/help" | sort -u
}

faults() {
	sed -n '/Faults:$/,$ s/^  \([a-z-]*\) .*/\1/p' "$folder/help"
}

checks() {
	"$checker" --list | sed -n 's/^\([A-Z][0-9]*\) .*/\1/p'
}

check_language
await_control
# shellcheck disable=SC2046 # names have no blanks
require option Fl - $(options "$program")
# shellcheck disable=SC2046
require command Ic '' $(commands)
# shellcheck disable=SC2046
require fault Cm '' $(faults)
page=vgpio-check.1
check_language
# shellcheck disable=SC2046
require option Fl - $(options "$checker")
# shellcheck disable=SC2046
require check Cm '' $(checks)
exit "$wrong"
