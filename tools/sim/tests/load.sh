#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   load.sh SIMULATOR CHECKER RUNS
#
# Runs the checker so many times while other processes take all processors, and
# fails if a verdict is ever another one than in the first run: without faults, and
# with a fault that is found.

simulator=$1
checker=$2
runs=$3
folder=$(mktemp -d) || exit 1
pids=
trap 'kill $pids 2>/dev/null; wait; rm -rf "$folder"' EXIT
trap 'exit 1' HUP INT TERM

# start NAME FAULT...
start() {
	name=$1
	shift
	"$simulator" --socket "$folder/$name" --config "$folder/board" "$@" >/dev/null 2>&1 &
	pids="$pids $!"
	tries=100
	until [ -S "$folder/$name" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || exit 1
		sleep 0.1
	done
}

# verdicts NAME: of one run.
verdicts() {
	"$checker" --wire 0:1 "$folder/$1" | grep -v '^ '
}

# compare NAME: one run with the first one.
compare() {
	verdicts "$1" >"$folder/$1.now"
	[ -e "$folder/$1.first" ] || cp "$folder/$1.now" "$folder/$1.first"
	diff "$folder/$1.first" "$folder/$1.now" && return
	changed=$((changed + 1))
}

printf 'lines 32\nline 0 name A loop 1\n' >"$folder/board"
start good
start bad --fault 'bad-value 0 get_value line 0' --fault 'spurious line 1'
for _ in $(seq $((2 * $(nproc)))); do
	while :; do :; done &
	pids="$pids $!"
done
changed=0
for run in $(seq "$runs"); do
	compare good
	compare bad
done
tail -n 1 "$folder/good.first" "$folder/bad.first"
echo "$run runs of each, $changed with another verdict"
[ "$changed" -eq 0 ]
