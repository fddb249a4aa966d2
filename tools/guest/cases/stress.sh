# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Many threads at once, for long: OPERATIONS of them, and SEED is where their dice
# begin.

# stress OPTION...: on the device of BOARD, from here or behind; how it went is in
# /tmp/case/stress.
stress() {
	local options=("$@")
	[[ ! $(lacks irq) ]] || options+=(-E)
	gpio-stress -n "$OPERATIONS" -s "$SEED" "${options[@]}" "$(virtio_device)" >/tmp/case/stress 2>&1
}

# check_stress: it came to its end without an error.
check_stress() {
	show "gpio-stress -s $SEED" "$(tail -n 3 /tmp/case/stress)"
	check "the stress" "$(sed -n 's/^\([a-z ]*\): [0-9]* operations, \([0-9]* errors\), .*/\1, \2/p' /tmp/case/stress)" \
		"done, 0 errors" || check "its first error" "$(head -n 1 /tmp/case/stress)" ''
}

# stress_count WORD: how often the stress saw that, once it is over.
stress_count() {
	grep -oE "[0-9]+ $1" /tmp/case/stress | cut -d' ' -f1
}

a_case stress_lines "threads use lines of their own and lines that they share, and read what is right" faults
stress_lines() {
	stress
	check_stress || return
	check "operations, at least as many" $(($(stress_count operations) >= OPERATIONS)) 1
}

# gpiolib has freed the interrupts of a chip that went before their users do.
a_case stress_replug "the same while the driver is taken off the device and put back" faults replug
stress_replug() {
	local device
	FORGIVEN='request 0x[0-9a-f]* for line [0-9]* failed: -(19|ENODEV)|WARNING: .* at free_irq'
	device=$(virtio_device)
	stress -r 50
	CHIP=$(cd "$device" && echo gpiochip*)
	check_stress || return
	check "the driver was taken off and put back, at least once" $(($(stress_count replugs) > 0)) 1 || return
	check "threads that lost their lines, at least some" $(($(stress_count gone) > 0)) 1 || return
	OPERATIONS=1000 stress
	check_stress
}
