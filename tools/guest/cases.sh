# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The end-to-end cases: what 'demo' shows and 'test' asserts. Each is a
# function of CASES; 'title' and 'show' tell the person, 'check' asserts.
# The host's side is in tools/lib/guest.sh, the lines in tools/guest/lines.

CASES=(chip names output input edges burst_of_edges many_edges edges_too_fast
	all_lines all_outputs line_returned parallel no_violation clean_log)

LINES_COUNT=64
ALL_LINES=$(seq 0 $((LINES_COUNT - 1)))

# run_cases: one after the other; a failing check ends its case, and so does
# a reason to skip it in SKIP.
run_cases() {
	local name
	tell plan "${#CASES[@]}"
	for name in "${CASES[@]}"; do
		FAILURE='' HOLDER='' RECORDER='' SKIP=''
		"$name"
		[[ -z $HOLDER ]] || release
		[[ -z $RECORDER ]] || end_record 0
		if [[ $FAILURE ]]; then
			tell fail "$FAILURE"
		elif [[ $SKIP ]]; then
			tell skip "$SKIP"
		else
			tell pass
		fi
	done
}

title() {
	tell case "$*"
}

# show COMMAND OUTPUT: what was typed and what came.
show() {
	tell show "$1"
	while IFS= read -r line; do
		tell out "$line"
	done <<<"$2"
}

# check WHAT GOT WANTED
check() {
	[[ $2 == "$3" ]] || {
		FAILURE="$1: got '${2//$'\n'/ / }', wanted '$3'"
		return 1
	}
}

# value_of LINE: what the host sees on the line.
value_of() {
	host get "$1" | sed -n 's/^ok //p'
}

# field LINE FIELD: what else the host knows of it, LINE being a number.
field() {
	ask line "$1" | sed -n "s/^line .* $2 \([a-z-]*\).*/\1/p"
}

# wait_for LINE FIELD VALUE: until the host sees it, for five seconds.
wait_for() {
	local i
	for ((i = 0; i < 50; i++)); do
		[[ $(field "$1" "$2") != "$3" ]] || return 0
		sleep 0.1
	done
}

# --- the cases ---------------------------------------------------------------------

chip() {
	title "the guest has the chip"
	local out
	out=$(gpiodetect)
	show gpiodetect "$out"
	check "lines of $CHIP" "$(sed -n "s/^$CHIP .*(\([0-9]*\) lines)$/\1/p" <<<"$out")" "$LINES_COUNT"
}

names() {
	title "lines have the names that the device gives them"
	local out
	out=$(info | sed -n '2,5p' | tr -s '\t ' ' ' | sed 's/^ *//')
	show "gpioinfo (first four lines)" "$out"
	check "names" "$(grep -oE 'led-red|led-green|button|door' <<<"$out" | paste -sd' ')" \
		"led-red led-green button door"
}

output() {
	title "an output set in the guest is seen on the host"
	local value
	for value in 1 0; do
		hold 0=$value
		wait_for 0 direction output
		host wait led-red $value timeout 5s >/dev/null
		show "guest: gpioset $CHIP 0=$value; host: get led-red" "$(value_of led-red)"
		check "led-red on the host" "$(value_of led-red)" $value || return
		check "direction of led-red" "$(field 0 direction)" output || return
		release
		HOLDER=
	done
}

input() {
	title "an input set on the host is read in the guest"
	local value out
	for value in 1 0 1; do
		host set button $value >/dev/null
		out=$(get 2)
		show "host: set button $value; guest: gpioget $CHIP 2" "$out"
		check "button in the guest" "$out" $value || return
	done
}

edges() {
	title "an edge made on the host is seen by gpiomon"
	host set door 0 >/dev/null
	watch_door 2
	host pulse door 50ms >/dev/null
	end_watch
	show "host: pulse door 50ms; guest: gpiomon $CHIP 3" "$SEEN"
	check "edges of door" "${SEEN//$'\n'/ }" "rising falling"
}

burst_of_edges() {
	title "twenty edges in turn are all seen, in order"
	local i want=
	host set door 0 >/dev/null
	watch_door 20
	for ((i = 0; i < 10; i++)); do
		host set door 1 >/dev/null
		host set door 0 >/dev/null
		want+="rising falling "
	done
	end_watch
	check "edges of door" "${SEEN//$'\n'/ } " "$want"
}

# watch_door COUNT: gpiomon in the background, armed when this returns.
watch_door() {
	monitor "$1" 3 >/tmp/edges &
	MONITOR=$!
	wait_for 3 trigger both
}

end_watch() {
	wait "$MONITOR"
	SEEN=$(</tmp/edges)
}

many_edges() {
	title "10,000 edges, each after the guest is ready for it, are all seen, in order"
	local i reply start=$SECONDS
	host set door 0 >/dev/null
	record 3 /tmp/edges
	host stats reset >/dev/null
	for ((i = 0; i < 10; i++)); do
		reply=$(host toggle door 1000 pause 300us rearm 5s)
		check "ready for the edges" "$reply" ok || break
	done
	end_record 10000
	show "host: 10 x toggle door 1000 pause 300us rearm 5s; guest: gpiomon $CHIP 3" \
		"$(wc -l </tmp/edges) edges in $((SECONDS - start)) s"
	[[ -z $FAILURE ]] || return
	check "edges of door" "$(wc -l </tmp/edges)" 10000 || return
	check "edges out of order" "$(out_of_order /tmp/edges)" '' || return
	check "interrupts" "$(stat_of irq.delivered)" 10000 || return
	check "edges that came too early" "$(stat_of irq.latched)" 0
}

# out_of_order FILE: the first edge that is not the opposite of the one before
# it, or not later.
out_of_order() {
	awk '
		$1 != (NR % 2 ? "rising" : "falling") { bad = 1 }
		$2 < s || $2 == s && $3 <= ns { bad = 1 }
		bad { print NR ": " $0; exit }
		{ s = $2; ns = $3 }' "$1"
}

edges_too_fast() {
	title "of edges that come too fast the first is seen, and one for all others"
	edges_without_rearm 2 1001 || return
	edges_without_rearm 1001 1001 pause 20us
}

# edges_without_rearm MOST COUNT OPTION...: COUNT, an odd number, of edges are
# MOST interrupts or less; the value at the end is right.
edges_without_rearm() {
	local most=$1 count=$2 seen delivered coalesced
	shift
	host set door 0 >/dev/null
	record 3 /tmp/edges
	host stats reset >/dev/null
	host toggle door "$@" >/dev/null
	end_record 2
	seen=$(wc -l </tmp/edges)
	delivered=$(stat_of irq.delivered)
	coalesced=$(stat_of irq.coalesced)
	show "host: toggle door $*; guest: gpiomon $CHIP 3" \
		"$delivered interrupts, $seen edges, at the end $(get 3)"
	check "at least two interrupts" $((delivered >= 2)) 1 || return
	check "at most $most interrupts" $((delivered <= most)) 1 || return
	check "edges with and without an interrupt" $((delivered + coalesced)) "$count" || return
	check "edges seen, of $delivered" "$((seen >= 2 && seen <= delivered))" 1 || return
	check "door at the end" "$(get 3)" 1
}

all_lines() {
	title "64 lines are read in one call, with one notification"
	local i want=() out requests notifications
	for i in $ALL_LINES; do
		want[i]=$((i % 3 == 0))
		host set "$i" "${want[i]}" >/dev/null
	done
	host stats reset >/dev/null
	# shellcheck disable=SC2086 # one argument for each line
	out=$(get $ALL_LINES)
	requests=$(stat_of get_value.requests)
	notifications=$(stat_of get_value.notifications)
	show "gpioget $CHIP 0 1 ... 63" "$out"
	show "host: stats" "get_value.requests $requests, get_value.notifications $notifications"
	check "values" "$out" "${want[*]}" || return
	check "requests" "$requests" "$LINES_COUNT" || return
	check "notifications" "$notifications" 1
}

all_outputs() {
	title "64 outputs are set in one call, and the host sees each"
	local i settings=() expected='' got
	for i in $ALL_LINES; do
		settings+=("$i=$((i % 5 == 0))")
		expected+=$((i % 5 == 0))
	done
	hold "${settings[@]}"
	wait_for 63 direction output
	got=$(host get | sed -n 's/^line .* value \([01]\).*/\1/p' | tr -d '\n')
	show "gpioset $CHIP 0=1 1=0 ... 63=0" "host: $got"
	check "outputs" "$got" "$expected"
}

line_returned() {
	title "a line that nobody uses any more is returned to the device"
	hold 1=1
	wait_for 1 direction output
	check "direction while used" "$(field 1 direction)" output || return
	release
	HOLDER=
	wait_for 1 direction none
	check "direction after use" "$(field 1 direction)" none
}

parallel() {
	title "16 programs read and write a line each at the same time"
	local i pids=() errors=0
	for ((i = 16; i < 32; i++)); do
		hammer "$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || errors=$((errors + 1))
	done
	show "16 times: 10 x gpioget, 10 x gpioset" "$errors programs had errors"
	check "programs with errors" "$errors" 0
}

# hammer LINE
hammer() {
	local i
	for ((i = 0; i < 10; i++)); do
		get "$1" >/dev/null || return
		set_once "$1=$((i % 2))" || return
	done
}

no_violation() {
	title "the device saw no violation of the specification by the driver"
	check violations "$(stat_of violations)" 0
}

clean_log() {
	title "the guest's kernel log has no warning"
	local bad
	bad=$(dmesg | grep -E 'WARNING|BUG|Oops|not a head|Call Trace|gpio.*(error|fail)' | head -n 3)
	check "kernel log" "$bad" ''
}
