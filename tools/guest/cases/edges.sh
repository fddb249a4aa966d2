# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Edges, with the tools of libgpiod.

a_case edges "an edge made on the host is seen by gpiomon" irq
edges() {
	host set door 0 >/dev/null
	watch_door 2
	host pulse door 50ms >/dev/null
	end_watch
	show "host: pulse door 50ms; guest: gpiomon $CHIP 3" "$SEEN"
	check "edges of door" "${SEEN//$'\n'/ }" "rising falling"
}

a_case burst_of_edges "twenty edges in turn are all seen, in order" irq
burst_of_edges() {
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

a_case many_edges "10,000 edges, each after the guest is ready for it, are all seen, in order" irq counts
many_edges() {
	local i reply start=$SECONDS
	host set door 0 >/dev/null
	uapi_behind /tmp/case/edges armed edges input,rising,falling 10000 3 || return
	wait_for 3 trigger both
	reset_stats || return
	for ((i = 1; i <= 10; i++)); do
		reply=$(host toggle door 1000 rearm 5s)
		check "ready for the edges" "$reply" ok || return
		wait_until eval "(( \$(wc -l </tmp/case/edges) > $i * 1000 ))"
	done
	end_behind
	show "host: 10 x toggle door 1000 rearm 5s; guest: gpio-uapi edges" \
		"$(grep -c ' line 3 ' /tmp/case/edges) edges in $((SECONDS - start)) s"
	check "edges of door" "$(grep -c ' line 3 ' /tmp/case/edges)" 10000 || return
	check "the first that is out of order" "$(wrong_edge /tmp/case/edges)" '' || return
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

a_case edges_too_fast "of edges that come too fast the first is seen, and one for all others" irq counts
edges_too_fast() {
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
	reset_stats || return
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
