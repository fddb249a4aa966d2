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
	use_board 2
	check "who has the line" "$(uapi info 0 | sed "s/.*consumer '\\([^']*\\)'.*/\\1/")" enter || return
	watch_input gpio-keys
	press 0 1 && press 0 0
	show "host: set key-enter 1, set key-enter 0; guest: type, code, value" "$(input_events)"
	check "type, code and value of the keys" "$(input_events)" "1 28 1
1 28 0"
}

# watch_input DRIVER: what its input device tells from here on.
watch_input() {
	exec {INPUT}<"/dev/input/$(basename "/sys/bus/platform/drivers/$1"/*/input/input*/event*)"
	# Empty from here on, and not from when the program has started
	: >/tmp/case/input
	cat <&"$INPUT" >>/tmp/case/input &
	PIDS+=($!)
	exec {INPUT}<&-
}

# input_events: type, code and value of each, but for those that end a report or tell
# where on a keypad a key is.
input_events() {
	od -v -An -w24 -t d2 /tmp/case/input | awk '$9 && $9 != 4 { print $9, $10, $11 }'
}

# press LINE VALUE: until the input device tells of it, which it does in whole reports.
press() {
	local before
	before=$(wc -c </tmp/case/input)
	check "host: set $1 $2" "$(host set "$1" "$2")" ok || return
	wait_until eval "((\$(wc -c </tmp/case/input) > before))"
}

a_case key_bouncy "a glitch is no key where keys have to stay for a time (gpio-keys)" users irq
key_bouncy() {
	use_board 2
	watch_input gpio-keys
	host pulse 4 40ms >/dev/null
	sleep 1
	check "keys of a glitch" "$(input_events)" '' || return
	press 4 1 && press 4 0
	show "host: pulse key-bouncy 40ms, set key-bouncy 1, set key-bouncy 0" "$(input_events)"
	check "type, code and value of the keys" "$(input_events)" "1 48 1
1 48 0"
}

a_case keypad "keys where rows and columns cross: a row's handler disables the interrupts of all rows (gpio-matrix-keypad)" users irq 4-interrupts
keypad() {
	local line
	use_board 2
	watch_input matrix-keypad
	for line in 12 13; do
		press "$line" 1 || break
		press "$line" 0 || break
	done
	check "type, code and value of the keys" "$(input_events)" "1 16 1
1 16 0
1 31 1
1 31 0" || return
	check "the column" "$(value_of 11) $(field 11 direction)" "1 output"
}

a_case knob "the quarters of a turn are told by two lines, both ways (rotary-encoder)" users irq
knob() {
	local line value
	use_board 2
	watch_input rotary-encoder
	while read -r line value; do
		press "$line" "$value" || break
	done <<-'END'
		6 1
		5 1
		6 0
		5 0
		5 1
		6 1
		5 0
		6 0
	END
	show "host: set knob-b 1, knob-a 1, knob-b 0, knob-a 0; knob-a 1, knob-b 1, knob-a 0, knob-b 0" "$(input_events)"
	check "type, axis and direction of the turns" "$(input_events)" "2 0 1
2 0 1
2 0 1
2 0 1
2 0 -1
2 0 -1
2 0 -1
2 0 -1"
}

a_case level "a driver that holds a level's interrupt gets one each time it wants to know, until the level is gone (uio_pdrv_genirq)" users uio irq counts 4-interrupts
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
	interrupts_so_far 3 1 "the end of that"
}

a_case edge_held "a driver that holds an edge's interrupt gets one for those that come meanwhile (uio_pdrv_genirq)" users uio irq counts 4-interrupts
edge_held() {
	wait_for_uio bell 3 rising || return
	host set 3 1 >/dev/null
	interrupts_so_far 1 0 "an edge" || return
	host toggle 3 4 >/dev/null
	interrupts_so_far 1 0 "two more that must wait" || return
	want_next
	interrupts_so_far 2 0 "these" || return
	want_next
	interrupts_so_far 2 1 "a wish for more" || return
	host set 3 0 >/dev/null
	interrupts_so_far 2 1 "an edge of the other kind"
}

# wait_for_alarm: the driver does, from now on.
wait_for_alarm() {
	wait_for_uio alarm 2 high
}

# wait_for_uio NAME LINE TRIGGER: the driver of the device NAME waits for it from now on.
wait_for_uio() {
	use_board 2
	UIO=$(dirname "$(grep -lx "$1" /sys/class/uio/*/name)") UIO_LINE=$2
	wait_for "$2" unmasked 1
	check "what the driver waits for" "$(field "$2" trigger) $(field "$2" unmasked)" "$3 1" || return
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
	wait_for "$UIO_LINE" unmasked "$2"
	sleep 0.2
	show "$3: /sys/class/uio/${UIO##*/}/event" "$(<"$UIO/event")"
	check "interrupts seen and sent, and whether one may come, after $3" \
		"$(($(<"$UIO/event") - EVENTS)) $(stat_of irq.delivered) $(field "$UIO_LINE" unmasked)" "$1 $1 $2"
}

a_case pulses "pulses are counted, and timed in the handler of the interrupt (pps-gpio)" users irq rearm
pulses() {
	local before start=$EPOCHSECONDS after second
	use_board 2
	host set 9 0 >/dev/null
	before=$(pulses_so_far)
	check "ready for the edges" "$(host toggle 9 20 rearm 5s)" ok || return
	wait_until eval "((\$(pulses_so_far) >= $before + 10))"
	after=$(</sys/class/pps/pps0/assert)
	show "host: toggle second 20; guest: /sys/class/pps/pps0/assert" "$after"
	check "pulses" $((${after#*#} - before)) 10 || return
	second=${after%%.*}
	check "the last one is of now" "$((start <= second && second <= EPOCHSECONDS))" 1
}

pulses_so_far() {
	sed 's/.*#//' /sys/class/pps/pps0/assert
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

a_case blink "a timer, which must not sleep, switches an LED (leds-gpio)" users counts
blink() {
	local lamp=/sys/class/leds/lamp
	use_board 2
	BEFORE=$(ask seen 2 1 | wc -l)
	echo timer >"$lamp/trigger"
	echo 50 >"$lamp/delay_on"
	echo 50 >"$lamp/delay_off"
	wait_until blinked 10
	echo none >"$lamp/trigger"
	wait_until lamp_is 0
	check "the lamp has changed" "$(blinked 10 && echo often)" often || return
	check "the lamp afterwards" "$(value_of 1)" 0
}

# blinked COUNT: the lamp has, so often.
blinked() {
	(($(ask seen 2 1 | wc -l) >= BEFORE + $1))
}

a_case supply "a regulator switches its line (regulator-fixed)" users supply
supply() {
	local value state=(/sys/bus/platform/drivers/reg-userspace-consumer/*/state)
	use_board 2
	for value in 1 0 1 0; do
		check "the regulator" "$(write "$value" "${state[0]}")" '' || return
		check "supply on the host" "$(value_of 10) $(field 10 direction)" "$value output" || return
	done
}

a_case bus "a bus of two open-drain lines is driven bit by bit, and read (i2c-gpio)" users counts
bus() {
	local nobody=S101000011P
	use_board 2
	check "what the kernel says of lines that may sleep" "$(dmesg | grep -c 'i2c-gpio.*Slow GPIO pins')" 1 || return
	BEFORE=$(ask seen 2 7 8 | wc -l)
	check "who is not there" "$(read_bus 0x50)" "read ENXIO" || return
	wait_until bus_saw "$nobody"
	show "i2c-read /dev/i2c-0 0x50; host: watch sda and scl" "$(on_the_bus)"
	check "start, address, read, no answer, stop" "$(on_the_bus)" "$nobody" || return
	host set sda 0 >/dev/null
	check "a byte of zeros" "$(read_bus 0x50)" 0x00 || return
	host release sda >/dev/null
	check "who is not there any more" "$(read_bus 0x50)" "read ENXIO"
}

# read_bus ADDRESS [BYTE...]: after these were written.
read_bus() {
	timeout -s KILL "$PATIENCE" i2c-read /dev/i2c-0 "$@" 2>&1
}

a_case eeprom "an EEPROM that the simulator plays is read and written over that bus (i2c-gpio)" users counts
eeprom() {
	local at
	use_board 2
	check "a byte from the host" "$(host part rom put 0x10 0x12 0x34)" ok || return
	check "the byte in the guest" "$(read_bus 0x52 0x10)" 0x12 || return
	check "the next one" "$(read_bus 0x52)" 0x34 || return
	check "what follows two that are written" "$(read_bus 0x52 0x20 0xab 0xcd)" 0xff || return
	for at in 0x20:0xab 0x21:0xcd; do
		check "the byte at ${at%:*} on the host" "$(host part rom get "${at%:*}")" "byte ${at#*:}
ok" || return
	done
	show "host: part rom" "$(host part rom)"
	check "who is not there" "$(read_bus 0x51)" "read ENXIO"
}

# on_the_bus: what the host has seen on it since BEFORE: S and P for start and stop,
# and each bit.
on_the_bus() {
	ask seen 2 7 8 | awk -v before="$BEFORE" '
		BEGIN { sda = scl = 1 }
		NR <= before { next }
		$2 == 7 && $6 != sda {
			sda = $6
			if (scl) { printf sda ? "P" : "S"; bit = "" }
		}
		$2 == 8 && $6 != scl {
			scl = $6
			if (scl) bit = sda
			else printf "%s", bit
		}'
}

bus_saw() {
	[[ $(on_the_bus) == "$1" ]]
}
