# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Memory runs out, at each place where the kernel takes some for what is done: it is
# done nevertheless, or fails with ENOMEM. What is lost meanwhile kmemleak finds.

readonly DEBUGFS=/sys/kernel/debug KMEMLEAK=/sys/kernel/debug/kmemleak
# More allocations than anything here makes.
readonly MOST_ALLOCATIONS=5000

# any_allocation: may fail, also one that could wait for memory, and in silence.
any_allocation() {
	local name
	for name in failslab fail_page_alloc; do
		write 0 "$DEBUGFS/$name/verbose" || return
		write N "$DEBUGFS/$name/ignore-gfp-wait" || return
	done
	write 0 "$DEBUGFS/fail_page_alloc/min-order"
}

# each_allocation AFTER COMMAND...: COMMAND again and again, of whose allocations one
# more goes well each time, until all do. AFTER is called after each, with how it went.
# FAILING is how many there were.
each_allocation() {
	local nth out
	any_allocation
	FAILING=0
	for ((nth = 1; nth < MOST_ALLOCATIONS; nth++)); do
		out=$(fail-nth "$nth" "${@:2}" 2>&1)
		"$1" "${out%, *}" || return
		[[ $out != 'ok, no failure' ]] || break
		[[ $out != *', a failure' ]] || FAILING=$((FAILING + 1))
	done
	show "fail-nth 1, 2, ... $2" "$FAILING allocations failed, one at a time; then: $out"
	check "with no failure" "$out" "ok, no failure" || return
	check "failures, at least some" $((FAILING > 5)) 1
}

# forget_leaks: what there is now.
forget_leaks() {
	write clear "$KMEMLEAK"
}

# check_leaks: what has been lost since. What is younger than five seconds is not looked
# at, and what looks lost once may be on its way.
check_leaks() {
	sleep 6
	check "two scans by kmemleak" "$(write scan "$KMEMLEAK" && write scan "$KMEMLEAK")" '' || return
	check "memory that was lost" "$(grep -A 12 '^unreferenced' "$KMEMLEAK" | head -n 40)" ''
}

a_case memory_probe "memory runs out when the device is probed" failing
memory_probe() {
	local device
	FORGIVEN='probe with driver gpio_virtio failed with error -(12|22)$|driver_sysfs_add failed|-(12|22): failed to|failed to (register|add)|kobject_add_internal failed'
	[[ $KIND != uml ]] || FORGIVEN+="|$UML_NEWS"
	device=$(virtio_device)
	forget_leaks
	write "${device##*/}" /sys/bus/virtio/drivers/gpio_virtio/unbind
	PROBED=$device
	each_allocation after_probe write /sys/bus/virtio/drivers/gpio_virtio/bind "${device##*/}" || {
		put_back
		return 1
	}
	put_back
	check "the chip afterwards" "$(chip_with led-red)" "$CHIP" || return
	check "a line afterwards" "$(can_be_read 1)" yes || return
	check_leaks
}

# put_back: the driver, for good.
put_back() {
	local i
	for ((i = 0; i < 5; i++)); do
		again "$PROBED" >/dev/null
		[[ ! -d $PROBED/$CHIP ]] || break
		take_number
	done
}

# after_probe OUTCOME: a device that was probed is let go. gpiolib has another error for
# want of memory if that was for the domain of interrupts, and says so.
after_probe() {
	case $KIND:$1 in
	*:ok) write "${PROBED##*/}" /sys/bus/virtio/drivers/gpio_virtio/unbind ;;
	uml:*EALREADY) take_number ;;
	uml:*EINVAL) ;;
	*EINVAL) check "the last chip" "$(dmesg | grep 'failed to register' | tail -n 1 | grep -o 'register, .*')" "register, -22" ;;
	*) check "the probe" "${1#* }" ENOMEM ;;
	esac
}

# User-Mode Linux itself does not get over all of it. A device whose configuration it
# has no memory to ask for has no lines. When request_irq() fails it goes on to know
# the file of the host that it was for, and refuses the next one of that number.
readonly UML_NEWS='the device has no lines|failed with error -(22|114)$|error -114: failed to find'
TAKEN=0

# take_number: by one more open file of the host, so that others have other numbers.
take_number() {
	local files=(/usr/bin/*) file
	exec {file}<"${files[TAKEN++]}"
	check "files that were taken, at most" $((TAKEN < 600)) 1
}

a_case memory_request "memory runs out when lines are requested, used, and armed" failing irq
memory_request() {
	forget_leaks
	each_allocation after_request request "/dev/$CHIP" 16 17 18 19 || return
	check_leaks
}

# after_request OUTCOME: the lines can be had, whatever became of them.
after_request() {
	[[ $1 == ok ]] || check "the request" "${1#* }" ENOMEM || return
	check "a line after '$1'" "$(uapi toggle 17 2)" "0 wrong of 2"
}

# How long the kernel waits, in seconds, before it wakes up from a sleep that is a test.
readonly SLEPT_FOR=/sys/module/suspend/parameters/pm_test_delay

a_case memory_restore "memory runs out when the device comes back after sleep" failing sleep 5-pm
memory_restore() {
	local device
	FORGIVEN='failed to come back: -(12|ENOMEM)|PM: .*(error|failed)|probe with driver|request 0x'
	device=$(virtio_device)
	forget_leaks
	echo 0 >/sys/power/pm_async
	echo devices >/sys/power/pm_test
	echo 0 >"$SLEPT_FOR"
	RESTORED=$device
	each_allocation after_restore write /sys/power/state mem || return
	echo none >/sys/power/pm_test
	echo 2 >"$SLEPT_FOR"
	check_leaks
}

# after_restore OUTCOME: a device that did not come back does after a reset, and the line
# to the host, which may have had no memory either, when it is opened again.
after_restore() {
	: <>/dev/ttyS0
	[[ $1 == ok ]] || check "the sleep" "${1#* }" ENOMEM || return
	[[ $(can_be_read 17) == yes ]] || again "$RESTORED"
	check "a line after '$1'" "$(uapi toggle 17 2)" "0 wrong of 2"
}
