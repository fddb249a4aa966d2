# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Users of lines inside the guest's kernel.

a_case virtuser "a driver in the kernel drives lines, reads them and counts edges (gpio-virtuser)" irq rearm virtuser
virtuser() {
	local user
	add_virtuser 32 33 34 || return
	user=/sys/kernel/debug/gpio-virtuser/$(<"$VIRTUSER/dev_name")
	use_by_driver "$user" && count_by_driver "$user"
	remove_virtuser
}
VIRTUSER=/sys/kernel/config/gpio-virtuser/user

# add_virtuser LINE...: a device that has these lines, in this order.
add_virtuser() {
	local line dir
	mkdir "$VIRTUSER" "$VIRTUSER/foo"
	for line; do
		dir=$VIRTUSER/foo/$line
		mkdir "$dir"
		basename "$(virtio_device)" >"$dir/key"
		echo "$line" >"$dir/offset"
	done
	check "a virtual user" "$(write 1 "$VIRTUSER/live")" ''
}

remove_virtuser() {
	echo 0 >"$VIRTUSER/live"
	rmdir "$VIRTUSER"/foo/* "$VIRTUSER/foo" "$VIRTUSER"
}

# use_by_driver USER: one line and all of them.
use_by_driver() {
	local value
	check "who has line 32" "$(uapi get input 32)" "request EBUSY" || return
	for value in 1 0; do
		host set 32 "$value" >/dev/null
		check "line 32 in the driver" "$(<"$1/gpiod:foo:0/value")" "$value" || return
	done
	for value in 0 1 2; do
		echo output-low >"$1/gpiod:foo:$value/direction"
	done
	for value in 101 010; do
		echo "$value" >"$1/gpiod:foo/values"
		check "lines 32 to 34 on the host" "$(values_of 32 33 34)" "$value" || return
		check "the same in the driver" "$(<"$1/gpiod:foo/values")" "$value" || return
	done
}

# count_by_driver USER
count_by_driver() {
	echo input >"$1/gpiod:foo:1/direction"
	host set 33 0 >/dev/null
	echo 1 >"$1/gpiod:foo:1/interrupts"
	wait_for 33 trigger both
	check "ready for the edges" "$(host toggle 33 50 rearm 5s)" ok || return
	show "host: toggle 33 50; gpio-virtuser counts" "$(<"$1/gpiod:foo:1/interrupts")"
	check "edges that the driver counted" "$(<"$1/gpiod:foo:1/interrupts")" 50 || return
	echo 0 >"$1/gpiod:foo:1/interrupts"
	wait_for 33 trigger none
	check "trigger afterwards" "$(field 33 trigger)" none
}

a_case aggregator "lines in a chip of their own are the same lines (gpio-aggregator)"
aggregator() {
	local driver=/sys/bus/platform/drivers/gpio-aggregator label device
	label=$(basename "$(virtio_device)")
	check "a new chip" "$(write "$label 36-39" "$driver/new_device")" '' || return
	device=$(basename "$driver"/gpio-aggregator.*)
	CHIP=$(basename "$driver/$device"/gpiochip*)
	use_aggregate
	echo "$device" >"$driver/delete_device"
}

# use_aggregate: CHIP, whose lines are 36 to 39 of another one.
use_aggregate() {
	local i
	for i in 36 37 38 39; do
		host set "$i" $((i & 1)) >/dev/null
	done
	show "host: set 36 0, 37 1, 38 0, 39 1; gpioget $CHIP 0 1 2 3" "$(get 0 1 2 3)"
	check "inputs" "$(get 0 1 2 3)" "0 1 0 1" || return
	hold 0=1 1=0 2=0 3=1
	wait_for 39 direction output
	check "outputs on the host" "$(values_of 36 37 38 39)" 1001
}

a_case key "a key on a line is a key of the input system (gpio-keys)" users irq
key() {
	local device value events
	use_board 2
	device=$(dirname "$(grep -lx keys /sys/class/input/event*/device/name)")
	device=/dev/input/$(basename "$(dirname "$device")")
	check "who has the line" "$(uapi info 0 | sed "s/.*consumer '\\([^']*\\)'.*/\\1/")" enter || return
	# What happens from here on can be read; each key is followed by an end.
	exec {events}<"$device"
	for value in 1 0; do
		host set 0 "$value" >/dev/null
		timeout -s KILL "$PATIENCE" od -v -An -w24 -t u2 -N 48 <&"$events"
	done >/tmp/case/keys
	exec {events}<&-
	show "host: set key-enter 1, set key-enter 0; guest: type, code, value" "$(awk '$9 == 1 { print $9, $10, $11 }' /tmp/case/keys)"
	check "type, code and value of the keys" "$(awk '$9 == 1 { print $9, $10, $11 }' /tmp/case/keys)" "1 28 1
1 28 0"
}

a_case level "a driver that holds a level's interrupt gets one each time it wants to know, until the level is gone (uio_pdrv_genirq)" users uio irq counts
level() {
	wait_for_alarm || return
	host set 2 1 >/dev/null
	interrupts_so_far 1 0 "the level" || return
	want_next
	interrupts_so_far 2 0 "a level that stays" || return
	host set 2 0 >/dev/null
	want_next
	interrupts_so_far 2 1 "a level that is gone" || return
	host set 2 1 >/dev/null
	interrupts_so_far 3 0 "the next level" || return
	host set 2 0 >/dev/null
	want_next
	interrupts_so_far 3 1 "the end of that" || return
	reset_stats
}

# wait_for_alarm: the driver does, from now on.
wait_for_alarm() {
	use_board 2
	UIO=$(dirname "$(grep -lx alarm /sys/class/uio/*/name)")
	wait_for 2 unmasked 1
	check "what the driver waits for" "$(field 2 trigger) $(field 2 unmasked)" "high 1" || return
	reset_stats || return
	EVENTS=$(<"$UIO/event")
}

# want_next: the interrupt is disabled by the driver until a program says so.
want_next() {
	printf '\1\0\0\0' >"/dev/${UIO##*/}"
}

# interrupts_so_far COUNT ENABLED WHAT: those that the driver and the device have
# counted, and whether the device may send another one.
interrupts_so_far() {
	wait_until eval "((\$(<$UIO/event) >= EVENTS + $1))"
	wait_for 2 unmasked "$2"
	sleep 0.2
	show "$3: /sys/class/uio/${UIO##*/}/event" "$(<"$UIO/event")"
	check "interrupts seen and sent, and whether one may come, after $3" \
		"$(($(<"$UIO/event") - EVENTS)) $(stat_of irq.delivered) $(field 2 unmasked)" "$1 $1 $2"
}

# lamp_is VALUE
lamp_is() {
	[[ $(value_of 1) == "$1" ]]
}

a_case lamp "an LED of the kernel is a line on the host (leds-gpio)" users
lamp() {
	local value
	use_board 2
	for value in 1 0 1; do
		echo "$value" >/sys/class/leds/lamp/brightness
		# The kernel does so later, as the line may sleep.
		wait_until lamp_is "$value"
		check "lamp on the host" "$(value_of 1) $(field 1 direction)" "$value output" || return
	done
	check "a program that wants it" "$(uapi get input 1)" "request EBUSY"
}
