# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Devices that go away while they are used.

a_case removed "a device is removed while programs use it: they get errors, and the rest goes on" unplug second
removed() {
	local gone=/tmp/case/gone
	# On Linux 5.10 whoever sets a line cannot be told, so the log is.
	! is_linux_5_10 || FORGIVEN='request 0x5 for line 3 failed: -(19|ENODEV)'
	use_board 1
	hold 2=1
	uapi_behind "$gone.input" ready gone input 0 || return
	uapi_behind "$gone.output" ready gone output 1 || return
	uapi toggle 3 1000000 >/tmp/case/load &
	PIDS+=($!)
	wait_for 3 direction output
	ask remove 1
	check "a program in the middle of a request" "$(ends_with "${PIDS[-1]}" /tmp/case/load)" \
		"ended: set ENODEV or get ENODEV" || return
	PIDS=("${PIDS[@]:0:2}")
	end_behind
	end_behind
	show "a program that has a line and the chip open, afterwards" "$(<"$gone.input")"
	check "errors for the holder of an input" "$(after_ready "$gone.input")" "$ALL_GONE" || return
	check "errors for the holder of an output" "$(after_ready "$gone.output")" "$ALL_GONE" || return
	check "the chip" "$(chip_with spare)" '' || return
	use_board 0
	check "lines of the other device" "$(uapi toggle 24 100)" "0 wrong of 100"
}

# ends_with PID FILE
ends_with() {
	wait_until eval "! kill -0 $1" || {
		echo "still runs"
		return
	}
	sed -E 's/^(get|set) ENODEV$/ended: set ENODEV or get ENODEV/' "$2"
}

after_ready() {
	sed 1d "$1"
}

ALL_GONE='line-poll hangup
chip-poll hangup
get ENODEV
set-config ENODEV
line-read ENODEV
chip-info ENODEV
line-info ENODEV
chip-read ENODEV
close ok'

# --- a device that comes back ------------------------------------------------------

a_case reconnected "a device that is killed and started again goes on for a guest in QEMU" reconnect counts
reconnected() {
	host set door 1 >/dev/null
	hold 0=1 5=0
	wait_for 5 direction output
	[[ $(lacks irq) ]] || record 2 /tmp/edges
	ask restart 0
	wait_for 0 direction output
	show "host: kills the device and starts it again; get led-red; get door" "$(value_of 0) $(value_of 3)"
	check "outputs afterwards" "$(field 0 direction) $(value_of 0) $(field 5 direction) $(value_of 5)" \
		"output 1 output 0" || return
	check "what the host drives afterwards" "$(value_of door)" 1 || return
	check "door" "$(get 3)" 1 || return
	release
	hold 0=0 5=1
	host wait led-red 0 timeout 5s >/dev/null
	check "outputs set afterwards" "$(value_of 0) $(value_of 5)" "0 1" || return
	[[ ! $(lacks irq) ]] || return 0
	check "edges afterwards" "$(host toggle button 4 rearm 5s)" ok || return
	end_record 4
	check "edges of button" "$(wc -l </tmp/edges)" 4
}
