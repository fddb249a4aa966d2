# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What ends with a complaint of the machine itself, and hence comes last.

a_case broken "a device breaks under the kernel's own users: they get errors, and all goes on" users breaks
broken() {
	use_board 2
	uapi_behind /tmp/case/changes name watch 1 15 || return
	ask remove 2
	check "lines of the broken device" "$(wait_until refused && uapi get input 15)" "request ENODEV" || return
	check "the LED" "$(write 1 /sys/class/leds/lamp/brightness)" '' || return
	use_board 0
	check "lines of the other device" "$(uapi toggle 24 100)" "0 wrong of 100"
}

refused() {
	[[ $(uapi get input 15) == *ENODEV ]]
}
