# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Long-running commands: a log, a limit, progress, and an end that leaves
# nothing behind.

# How often a line of progress is printed where it cannot be redrawn.
readonly PROGRESS_SECONDS=20

# How long to wait before each look at a step, the last one from then on: most take
# no time.
readonly PAUSES=(0.01 0.02 0.04 0.08 0.2)

# descendants PID: PID and everything below it. User-Mode Linux starts a
# session of its own, so a process group would miss it. Processes come and
# go while this reads, so a file that is gone is no error.
descendants() {
	grep -Hs '^PPid:' /proc/[0-9]*/status | awk -v root="$1" '
		{ split($1, path, "/"); parent[path[3]] = $2 }
		END {
			for (p in parent) {
				q = p
				while (q != "" && q != root)
					q = parent[q]
				if (q == root)
					print p
			}
		}'
}

# kill_tree SIGNAL PID
kill_tree() {
	local pids
	mapfile -t pids < <(descendants "$2")
	((${#pids[@]} == 0)) || kill "-$1" "${pids[@]}" 2>/dev/null || true
}

# end_process PID: TERM, some time to clean up, then KILL for all of it.
# The list is taken first: orphans would no longer be found below PID.
end_process() {
	local pids i
	kill -0 "$1" 2>/dev/null || return 0
	mapfile -t pids < <(descendants "$1")
	kill -TERM "$1" 2>/dev/null || true
	for ((i = 0; i < 50; i++)); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "${pids[@]}" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
}

STEP_PID=
end_step() {
	[[ -z $STEP_PID ]] || end_process "$STEP_PID"
	STEP_PID=
}

# how_far LOG TOTAL: the progress so far, by the number of log lines where
# TOTAL is known, and the last thing that the command said.
how_far() {
	local last lines
	last=$(tail -c 400 "$1" 2>/dev/null | tr '\r\t' '\n ' | tr -cd '\40-\176\n' |
		awk 'NF { $1 = $1; line = $0 } END { print line }')
	if (($2 > 0)); then
		lines=$(wc -l <"$1")
		((lines < $2)) || lines=$(($2 - 1))
		printf '%d%% ' $((lines * 100 / $2))
	fi
	printf '%s' "${last:0:60}"
}

show_progress() {
	printf '\r\e[K  %s: %s, %s' "$1" "$2" "$3" >&2
}

clear_progress() {
	[[ ! -t 2 ]] || printf '\r\e[K' >&2
}

# run_step [-l LIMIT] [-n LINES | -m MEASURE] LABEL LOG COMMAND...: run
# COMMAND with its output in LOG and show how far it is. LIMIT is in
# seconds; LINES is how many lines COMMAND usually prints; MEASURE prints
# the progress where the log does not tell. Returns COMMAND's status, 137
# when the limit ended it, and its time in STEP_SECONDS.
run_step() {
	local limit=3600 total=0 measure=
	while [[ $1 == -[lnm] ]]; do
		case $1 in
		-l) limit=$2 ;;
		-n) total=$2 ;;
		-m) measure=$2 ;;
		esac
		shift 2
	done
	local label=$1 log=$2 start=$SECONDS next=$PROGRESS_SECONDS took rc=0 look=0
	shift 2
	: >"$log"
	debug "\$ $*"
	"$@" </dev/null >>"$log" 2>&1 &
	STEP_PID=$!
	while kill -0 "$STEP_PID" 2>/dev/null; do
		took=$((SECONDS - start))
		if ((took >= limit)); then
			say "vgpio: ended after its limit of $limit s" >>"$log"
			kill_tree KILL "$STEP_PID"
		elif [[ -t 2 ]]; then
			show_progress "$label" "$(elapsed "$took")" "$(${measure:-how_far} "$log" "$total")"
		elif ((took >= next)); then
			note "  $label: $(elapsed "$took"), $(${measure:-how_far} "$log" "$total")"
			next=$((took + PROGRESS_SECONDS))
		fi
		sleep "${PAUSES[look]}"
		((look == ${#PAUSES[@]} - 1)) || look=$((look + 1))
	done
	wait "$STEP_PID" || rc=$?
	STEP_PID=
	clear_progress
	STEP_SECONDS=$((SECONDS - start))
	((rc == 0)) || note_full "${log%/*}"
	return "$rc"
}

# note_full FOLDER: say so where a log could not be written to its end.
note_full() {
	[[ $(df -Pk "$1" | awk 'NR == 2 { print $4 }') != 0 ]] ||
		note "  the disk of $1 is full: make room, and run it again"
}

# step [OPTIONS of run_step] LABEL LOG COMMAND...: as run_step, with a line
# at the end, and the end of the run when COMMAND fails.
step() {
	local args=("$@")
	while [[ $1 == -[lnm] ]]; do shift 2; done
	run_step "${args[@]}" || {
		tail -n 30 "$2" >&2
		die "$1 failed; its log is $2"
	}
	note "  $1: done in $(elapsed "$STEP_SECONDS")"
}

# log_file VARIABLE NAME: a log kept below the cache, or in $VGPIO_LOGS.
log_file() {
	local dir=${VGPIO_LOGS:-$CACHE/logs}
	mkdir -p "$dir"
	printf -v "$1" '%s' "$dir/$2.log"
}
