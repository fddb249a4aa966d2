# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What holds at the end, whatever has run.

a_case no_violation "the device saw no violation of the specification by the driver" counts
no_violation() {
	check violations "$VIOLATIONS" 0
}

a_case clean_log "the guest's kernel log has no warning" 3-requests
clean_log() {
	local bad
	bad=$(dmesg | unforgiven "$EXCUSED" | head -n 3)
	check "kernel log" "$bad" ''
}
