# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The kernel's own programs for lines: tools/gpio, and what its selftests use.
# The selftests themselves ask for a chip of gpio-sim, which they make and
# remove; 'removed' does to ours what gpio-cdev-uaf does to that one.

a_case lsgpio "lsgpio, gpio-chip-info and gpio-line-name know the chip and its lines" selftests
lsgpio() {
	local out
	out=$(command lsgpio -n "$CHIP")
	show "lsgpio -n $CHIP (first lines)" "$(head -n 5 <<<"$out")"
	check "lines that lsgpio lists" "$(grep -c '^[[:space:]]*line ' <<<"$out")" "$LINES_COUNT" || return
	check "lines that gpio-chip-info tells of" "$(gpio-chip-info "/dev/$CHIP" num-lines)" "$LINES_COUNT" || return
	check "label that gpio-chip-info tells" "$(gpio-chip-info "/dev/$CHIP" label)" \
		"$(basename "$(virtio_device)")" || return
	check "name that gpio-line-name tells" "$(gpio-line-name "/dev/$CHIP" 3)" door
}

a_case both_versions "the selftests' helper reads and writes a line by both versions of the interface" selftests v1
both_versions() {
	local version value
	for version in 1 2; do
		for value in 1 0; do
			host set 45 "$value" >/dev/null
			gpio-mockup-cdev -u "$version" "/dev/$CHIP" 45
			check "an input, version $version" $? "$value" || return
			gpio-mockup-cdev -u "$version" -s "$value" "/dev/$CHIP" 46 &
			PIDS+=($!)
			wait_for 46 direction output
			check "an output, version $version" "$(value_of 46)" "$value" || return
			kill "${PIDS[-1]}"
			end_behind
			wait_for 46 direction none
		done
	done
}

a_case event_mon "gpio-event-mon sees edges, and gpio-hammer makes outputs blink" irq rearm
event_mon() {
	host set 47 0 >/dev/null
	gpio-event-mon -n "$CHIP" -o 47 -r -f -c 10 >/tmp/case/edges 2>&1 &
	PIDS+=($!)
	wait_for 47 trigger both
	check "ready for the edges" "$(host toggle 47 10 rearm 5s)" ok || return
	end_behind
	check "rising edges" "$(grep -c 'rising edge' /tmp/case/edges)" 5 || return
	check "falling edges" "$(grep -c 'falling edge' /tmp/case/edges)" 5 || return
	gpio-hammer -n "$CHIP" -o 48 -o 49 -c 3 >/tmp/case/hammer 2>&1
	check "gpio-hammer" "$?" 0 || return
	check "lines that it hammers" "$(grep -c 'Hammer lines \[48, 49\]' /tmp/case/hammer)" 1
}
