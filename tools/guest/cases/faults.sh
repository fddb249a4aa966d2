# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A device that does wrong, on command: who asks is told, nothing hangs, and all
# is well when it is over.

# fault SPEC...: from now on, until 'no_fault'.
fault() {
	check "the simulator about the fault '$*'" "$(host fault "$@" | tail -n 1)" ok
}

no_fault() {
	host fault none >/dev/null
}

readonly TIMEOUT_MS=/sys/module/gpio_virtio/parameters/timeout_ms

a_case bad_replies "a reply that makes no sense is an error, and the next request works" faults 3-requests
bad_replies() {
	local error name got
	FORGIVEN='request 0x4 for line 5 failed'
	host set 5 1 >/dev/null
	while read -r error name; do
		# shellcheck disable=SC2086 # the name of a fault and its argument
		fault $name get_value line 5 times 1 || return
		got=$(uapi get input 5)
		show "host: fault $name get_value line 5; guest: gpio-uapi get input 5" "$got"
		check "with the fault $name" "$got" "get $error" || return
		check "after the fault $name" "$(uapi get input 5)" 0x1 || return
	done <<-END
		EINVAL error
		EIO short
		EIO short 1
		EIO long
		EIO bad-status
		EIO bad-value
	END
	no_fault
}

a_case refused_requests "what a device refuses is refused to whoever asks" faults 3-requests
refused_requests() {
	FORGIVEN='request 0x[35] for line 5 failed'
	fault error set_direction line 5 times 1 || return
	check "a direction" "$(uapi get input 5)" "request EINVAL" || return
	fault error set_value line 5 times 1 || return
	check "a value" "$(uapi set output 1 5 </dev/null)" "request EINVAL" || return
	no_fault
	check "the line afterwards" "$(can_be_read 5)" yes
}

a_case silence "who waits for a device that does not answer gives up, others do not notice" faults 7-timeout
silence() {
	local before
	FORGIVEN='request 0x4 for line 5 failed|late reply to request 0x4 for line 5'
	before=$(<"$TIMEOUT_MS")
	write 1000 "$TIMEOUT_MS"
	host set 5 1 >/dev/null
	silent silence || return
	silent late 3s || return
	sleep 3
	check "the line after what came too late" "$(uapi get input 5)" 0x1
	write "$before" "$TIMEOUT_MS"
}

# silent FAULT...: line 5 does not answer once.
silent() {
	fault "$@" get_value line 5 times 1 || return
	check "with the fault $*" "$(uapi get input 5)" "get ETIMEDOUT" || return
	check "another line" "$(can_be_read 6)" yes || return
	check "the same line" "$(uapi get input 5)" 0x1
}

a_case any_order "replies that come late and in any order find those who wait for them" faults
any_order() {
	local i want=()
	for i in $ALL_LINES; do
		want[i]=$((i % 7 < 3))
		host set "$i" "${want[i]}" >/dev/null
	done
	fault reorder 20ms 60% get_value || return
	fault delay 3ms 30% || return
	for i in 1 2 3 4; do
		# shellcheck disable=SC2086 # one argument for each line
		check "values of all lines" "$(get $ALL_LINES)" "${want[*]}" || return
	done
	check "32 outputs, each set and read back" "$(all_toggle)" "$(printf '0 wrong of 10\n%.0s' {1..32})"
	no_fault
}

# all_toggle: 32 programs with an output each.
all_toggle() {
	local line
	for line in $(seq 16 47); do
		uapi toggle "$line" 10 &
	done
	wait
}

a_case bad_events "an event that makes no sense does not keep the next one from coming" faults irq rearm 4-interrupts
bad_events() {
	local name
	FORGIVEN='event for line 3 '
	for name in short long bad-status; do
		fault $name event line 3 times 1 || return
		uapi_behind /tmp/case/edges armed edges input,rising,falling 1 3 || return
		check "an edge with the fault $name" "$(host toggle 3 1 rearm 5s)" ok || return
		check "an edge after it" "$(host toggle 3 1 rearm 5s)" ok || return
		end_behind
		check "the program that waits for one" "$(tail -n 1 /tmp/case/edges | cut -d' ' -f1)" "done" || return
		no_fault
	done
}

a_case spurious "an event of an interrupt that is disabled is none for whoever enables it next" faults irq rearm
spurious() {
	local i
	host set 3 0 >/dev/null
	fault spurious event line 3 || return
	for i in 1 2 3; do
		uapi_behind /tmp/case/edges armed edges input,rising 1 3 || return
		check "an edge" "$(host toggle 3 1 rearm 5s)" ok || return
		end_behind
		check "the program that waits for one" "$(tail -n 1 /tmp/case/edges | cut -d' ' -f1)" "done" || return
		host set 3 0 >/dev/null
	done
	check "such events, at least two" "$(($(stat_of fault.spurious) >= 2))" 1 || return
	no_fault
}

a_case storm "a line that fires as fast as it can leaves others alone" faults irq rearm
storm() {
	fault storm event line 3 || return
	uapi_behind /tmp/case/storm armed edges input,rising 1000000000 3 || return
	uapi_behind /tmp/case/edges armed edges input,rising,falling 20 4 || return
	check "20 edges of another line" "$(host toggle 4 20 pause 1ms rearm 10s)" ok || return
	end_behind
	no_fault
	check "edges that were seen" "$(grep -cE '^(rising|falling)' /tmp/case/edges)" 20 || return
	check "edges of the storm, at least as many" "$(($(stat_of fault.storm) >= 20))" 1 || return
	kill "${PIDS[-1]}"
	end_behind
}

# again: take the driver off the device of BOARD, and back; CHIP is the new one.
again() {
	local device name
	device=${1:-$(virtio_device)}
	name=${device##*/}
	write "$name" /sys/bus/virtio/drivers/gpio_virtio/unbind >/dev/null
	write "$name" /sys/bus/virtio/drivers/gpio_virtio/bind
	CHIP=$(cd "$device" && echo gpiochip*)
}

a_case bad_id "a device that breaks its queue is given up, and works once it is reset" faults second
bad_id() {
	local device
	FORGIVEN='id [0-9]+ out of range|request 0x'
	use_board 1
	device=$(virtio_device)
	fault bad-id get_value times 1 || return
	check "a value" "$(uapi get input 1)" "get ENODEV" || return
	check "another one" "$(uapi get input 2)" "request ENODEV" || return
	no_fault
	again "$device"
	check "the chip after a reset" "$(chip_with spare)" "$CHIP" || return
	check "a value after that" "$(can_be_read 1)" yes
}

a_case bad_names "of names that make no sense those are used that do" faults second 3-requests
bad_names() {
	local name device
	declare -A left=([unterminated]='"spare"' [nonascii]=$'"\303pare"' [duplicate]='"d" "d" "xxx"'
		[few]='"sparex"' [many]='"pare"')
	use_board 1
	device=$(virtio_device)
	for name in "${!left[@]}"; do
		fault "names-$name" || return
		again "$device"
		check "lines with the fault names-$name" "$(lines_of_chip)" 8 || return
		check "names with the fault names-$name" "$(names_of_chip)" "${left[$name]}" || return
		no_fault
	done
	again "$device"
	check "the chip that has the names again" "$(chip_with spare)" "$CHIP"
}

names_of_chip() {
	info | grep -o '"[^"]*"' | tr '\n' ' ' | sed 's/ $//'
}

lines_of_chip() {
	gpiodetect | sed -n "s/^$CHIP .*(\([0-9]*\) lines)$/\1/p"
}

a_case bad_config "a device that has no lines, or names beyond measure, does no harm" faults second config
bad_config() {
	local device
	FORGIVEN='the device has no lines|probe with driver gpio_virtio failed|gpio_virtio: probe of .* failed'
	use_board 1
	device=$(virtio_device)
	fault no-lines || return
	again "$device" >/dev/null
	check "the chip of a device without lines" "$CHIP" 'gpiochip*' || return
	no_fault
	fault huge-names || return
	again "$device"
	check "lines with too many names" "$(lines_of_chip)" 8 || return
	no_fault
	again "$device"
	check "the chip that has the names again" "$(chip_with spare)" "$CHIP"
}
