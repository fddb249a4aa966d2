# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The cases that vhost-device-gpio 0.1.0 cannot do, and why. After a '/' stands
# the only guest of which that is true.

INVERTED="this device tells the inverse of a line's level"
IGNORED="this device refuses the value of a line that is an input, so that no output can follow"
STUCK="this device answers nothing about a line with an interrupt before its next edge"
EDGES_ONLY="this device refuses levels as triggers"
SILENT="this device has no channel on which User-Mode Linux would see that it ended"

declare -A EXCEPTIONS=(
	[input]=$INVERTED
	[edges]=$INVERTED
	[burst_of_edges]=$INVERTED
	[subset]=$INVERTED
	[all_64]=$INVERTED
	[active_low]=$INVERTED
	[both_versions]=$INVERTED
	[aggregator]=$INVERTED
	[two_chips]=$INVERTED
	[key]=$INVERTED
	[key_bouncy]=$INVERTED
	[keypad]=$INVERTED
	[knob]=$INVERTED
	[parallel_raw]=$INVERTED
	[processors]=$INVERTED
	[removed]=$INVERTED
	[open_drain]=$IGNORED
	[line_info]=$IGNORED
	[reconfigured]=$IGNORED
	[debounce]=$STUCK
	[level]=$EDGES_ONLY
	[broken/uml]=$SILENT
)

# excused_at_boot: what the kernel says where a device cannot serve its users of
# lines, as an extended regular expression.
excused_at_boot() {
	printf '^$'
	[[ $DEVICE != reference ]] || printf '|request 0x6 for line 2 failed: -22'
	[[ ! $(lacks irq) ]] || printf '|gpio-keys .*Unable to get irq number for GPIO|pps-gpio .*failed (to map GPIO to IRQ|with error -22)'
}

# exception CASE: why the device cannot do it; nothing when it can.
exception() {
	[[ $DEVICE != reference ]] ||
		printf '%s' "${EXCEPTIONS[$1]:-${EXCEPTIONS[$1/$KIND]:-}}"
}
