# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The machine sleeps. The device is reset in each case, and what it knows of the
# driver afterwards, the driver told it again; but for the cases at the end, in which
# it keeps its state.

# --- ways to sleep -----------------------------------------------------------------

# The devices are suspended, and resumed after a while.
sleep_devices() {
	local failed=0
	echo devices >/sys/power/pm_test
	echo mem >/sys/power/state || failed=1
	echo none >/sys/power/pm_test
	return "$failed"
}

# The host wakes the machine, by the serial line or as a button does; User-Mode Linux by
# a signal.
sleep_idle() {
	serial_wakes || return
	tell asleep
	echo freeze >/sys/power/state
}

sleep_ram() {
	echo deep >/sys/power/mem_sleep || return
	tell asleep
	echo mem >/sys/power/state
}

serial_wakes() {
	local file=/sys/class/tty/ttyS0/power/wakeup
	[[ ! -e $file ]] || echo enabled >"$file"
}

# sleep_well HOW: as the host sees it, the device was reset on the way.
sleep_well() {
	local before
	before=$(ask seen 0 0 | wc -l)
	reset_stats || return
	"sleep_$1" 2>/tmp/sleep
	check "sleep" "$?: $(</tmp/sleep)" "0: " || return
	ON_THE_WAY=$(ask seen 0 0 | tail -n +$((before + 1)))
	check "resets of the device" "$(grep -c 'direction none' <<<"$ON_THE_WAY")" 1
}

# --- the cases ---------------------------------------------------------------------

a_case lines_devices "lines over a suspend of the devices" 5-pm sleep counts
lines_devices() {
	lines_over devices
}

a_case lines_idle "lines over suspend-to-idle" 5-pm sleep counts
lines_idle() {
	lines_over idle
}

a_case lines_ram "lines over suspend-to-RAM" 5-pm sleep ram counts
lines_ram() {
	lines_over ram
}

# lines_over HOW: the host drives the opposite of the outputs, so that these
# show that they are.
lines_over() {
	host set 0 0 >/dev/null
	host set 1 1 >/dev/null
	host set button 0 >/dev/null
	hold 0=1 1=0
	wait_for 1 direction output
	host pulse button 1s >/dev/null
	check "button before" "$(get 2)" 1 || return
	sleep_well "$1" || return
	show "host: get led-red; get led-green" "$(value_of 0) $(value_of 1)"
	check "outputs after" "$(field 0 direction) $(value_of 0) $(field 1 direction) $(value_of 1)" \
		"output 1 output 0" || return
	check "wrong levels on the way" "$(grep -c 'value 0 direction output' <<<"$ON_THE_WAY")" 0 || return
	check "button after" "$(get 2)" 0 || return
	host set button 1 >/dev/null
	check "button set after" "$(get 2)" 1 || return
	release
	hold 0=0 1=1
	host wait led-red 0 timeout 5s >/dev/null
	check "outputs set after" "$(value_of 0) $(value_of 1)" "0 1"
}

a_case edges_devices "edges after a suspend of the devices" 5-pm sleep counts irq
edges_devices() {
	edges_over devices
}

a_case edges_idle "edges after suspend-to-idle" 5-pm sleep counts irq
edges_idle() {
	edges_over idle
}

a_case edges_ram "edges after suspend-to-RAM" 5-pm sleep ram counts irq
edges_ram() {
	edges_over ram
}

# edges_over HOW: the program that watches for them sleeps, too.
edges_over() {
	host set door 0 >/dev/null
	hold 0=1
	record 3 /tmp/edges
	check "edges before" "$(host toggle door 4 rearm 5s)" ok || return
	sleep_well "$1" || return
	wait_for 3 trigger both
	check "edges after" "$(host toggle door 4 rearm 5s)" ok || return
	end_record 8
	show "host: toggle door 4; sleep; toggle door 4; guest: gpiomon $CHIP 3" \
		"$(cut -d' ' -f1 /tmp/edges | paste -sd' ')"
	check "edges of door" "$(wc -l </tmp/edges)" 8 || return
	check "edges out of order" "$(out_of_order /tmp/edges)" ''
}

a_case level_devices "a level's interrupt, enabled or held by its driver, over a suspend of the devices" 5-pm sleep users uio counts irq
level_devices() {
	wait_for_alarm || return
	asleep_with_output || return
	host set 2 1 >/dev/null
	interrupts_so_far 1 0 "a level that comes after" || return
	asleep_with_output || return
	interrupts_so_far 1 0 "a sleep with the interrupt held" || return
	want_next
	interrupts_so_far 2 0 "the level that stayed" || return
	host set 2 0 >/dev/null
	want_next
	interrupts_so_far 2 1 "its end"
}

# asleep_with_output: of the first device, which tells that it was reset.
asleep_with_output() {
	use_board 0
	hold 0=1
	wait_for 0 direction output
	sleep_well devices || return
	release
	HOLDER=
	use_board 2
	check "the trigger after" "$(field 2 trigger)" high
}

# --- a device that keeps its state -------------------------------------------------

# suspend_irqs: what the kernel does with interrupts for suspend-to-idle, for as long as
# pm_test lasts: 5 s under User-Mode Linux, 2 s in QEMU.
suspend_irqs() {
	echo platform >/sys/power/pm_test
	echo freeze >/sys/power/state
	check "suspend-to-idle" "$?" 0
	echo none >/sys/power/pm_test
}

# watch_over_idle: edges of line 3 before, while and after interrupts are suspended.
# From the first on, the device refuses to be told a trigger type, as some do with one
# that is set already.
watch_over_idle() {
	host set door 0 >/dev/null
	record 3 /tmp/edges
	check "edges before" "$(host toggle door 2 rearm 5s)" ok || return
	wait_until seen_edges 2
	fault error set_irq_type line 3 || return
	[[ ! ${1:-} ]] || host pulse door "$1" >/dev/null
	suspend_irqs || return
	check "edges after" "$(host toggle door 4 rearm 5s)" ok
}

seen_edges() {
	(($(wc -l </tmp/edges) >= $1))
}

a_case lines_kept "outputs stay as they are over suspend-to-idle, on a device that keeps its state" 5-pm kept counts
lines_kept() {
	kept_over freeze
}

a_case lines_kept_ram "outputs stay as they are over suspend-to-RAM, on a device that keeps its state" 5-pm kept deep ram counts
lines_kept_ram() {
	echo deep >/sys/power/mem_sleep
	kept_over mem
}

# kept_over STATE: of /sys/power/state.
kept_over() {
	local before
	host set door 0 >/dev/null
	host set button 1 >/dev/null
	hold 0=1 1=0
	host wait led-red 1 timeout 5s >/dev/null
	wait_for 1 direction output
	[[ $(lacks irq) ]] || record 3 /tmp/edges
	before=$(ask seen 0 0 1 | wc -l)
	serial_wakes
	tell asleep
	check "suspend" "$(write "$1" /sys/power/state)" '' || return
	check "changes of the outputs meanwhile" "$(ask seen 0 0 1 | tail -n +$((before + 1)))" '' || return
	check "button after" "$(get 2)" 1 || return
	release
	hold 0=0 1=1
	host wait led-green 1 timeout 5s >/dev/null
	check "outputs set after" "$(value_of 0) $(value_of 1)" "0 1" || return
	[[ ! $(lacks irq) ]] || return 0
	check "edges after" "$(host toggle door 4 rearm 5s)" ok || return
	end_record 4
	check "edges of door" "$(wc -l </tmp/edges)" 4
}

# may_wake enabled|disabled: whether the keys, and the device below, may wake the system.
may_wake() {
	local keys
	keys=$(dirname /sys/bus/platform/drivers/gpio-keys/*/driver)
	echo "$1" >"$keys/power/wakeup"
	[[ $KIND == qemu ]] || echo "$1" >"$(virtio_device)/power/wakeup"
}

# The input core releases keys for a sleep, and gpio-keys says that one was pressed that
# may wake the system, whatever its level is.
a_case key_kept "a key that may wake the system is seen after suspend-to-idle (gpio-keys)" 5-pm kept users irq
key_kept() {
	use_board 2
	watch_input gpio-keys
	may_wake enabled
	host pulse 0 4s >/dev/null
	wait_until test -s /tmp/case/input
	suspend_irqs || return
	wait_until eval '[[ $(input_events) == *"1 28 0"*"1 28 0" ]]'
	may_wake disabled
	show "host: pulse key-enter 4s; suspend-to-idle meanwhile; guest: type, code, value" "$(input_events)"
	check "type, code and value of the keys" "$(input_events)" "1 28 1
1 28 0
1 28 1
1 28 0"
}

a_case key_no_wakeup "a driver is told that its interrupt cannot wake the system (gpio-keys)" 5-pm suspend users irq
key_no_wakeup() {
	local why
	FORGIVEN='gpio-keys .*(wakeup|suspend| -6)'
	use_board 2
	watch_input gpio-keys
	may_wake enabled
	[[ $KIND != uml ]] || echo disabled >"$(virtio_device)/power/wakeup"
	tell asleep
	why=$(write freeze /sys/power/state)
	show "echo freeze >/sys/power/state" "$why"
	check "suspend-to-idle" "${why##*: }" 'No such device or address'
	may_wake disabled
	press 0 1 && press 0 0
	check "type, code and value of the keys" "$(input_events)" "1 28 1
1 28 0"
}

a_case edges_kept "edges after suspend-to-idle, from a device that keeps its state" 5-pm kept faults irq rearm
edges_kept() {
	watch_over_idle
	wait_until seen_edges 6
	no_fault
	end_record 6
	show "host: toggle door 2; suspend-to-idle; toggle door 4; guest: gpiomon $CHIP 3" \
		"$(cut -d' ' -f1 /tmp/edges | paste -sd' ')"
	check "edges of door" "$(wc -l </tmp/edges)" 6 || return
	check "edges out of order" "$(out_of_order /tmp/edges)" ''
}

a_case edge_while_idle "edges after one in suspend-to-idle, from a device that keeps its state" 5-pm kept faults irq rearm
edge_while_idle() {
	local during
	watch_over_idle 2s
	no_fault
	end_record 7
	during=$(($(wc -l </tmp/edges) - 6))
	show "host: toggle door 2; pulse door over suspend-to-idle; toggle door 4; guest: gpiomon $CHIP 3" \
		"$(cut -d' ' -f1 /tmp/edges | paste -sd' ')"
	check "edges of door, but those while it slept" "$((during >= 0 && during <= 2))" 1
}

# --- a machine that is paused ------------------------------------------------------

a_case paused "a virtual machine that is paused keeps its outputs, and uses them afterwards" counts
paused() {
	local answer i
	hold 0=1
	wait_for 0 direction output
	for i in 1 2; do
		answer=$(ask pause "$BOARD" get led-red)
		show "host: pauses the machine; get led-red" "$answer"
		check "led-red while the machine is paused" "$answer" 'ok 1' || return
		check "led-red afterwards" "$(value_of led-red)" 1 || return
	done
	release
	HOLDER=
	set_once 0=0
	check "led-red, set low again" "$(value_of led-red)" 0
}

a_case paused_edge "an edge made while a virtual machine is paused is seen afterwards" irq counts
paused_edge() {
	host set door 0 >/dev/null
	watch_door 2
	ask pause "$BOARD" set door 1 >/dev/null
	host set door 0 >/dev/null
	end_watch
	show "host: pauses the machine; set door 1" "$SEEN"
	check "edges of door" "$(wc -w <<<"$SEEN")" 2
}
