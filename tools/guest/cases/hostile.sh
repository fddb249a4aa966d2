# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A device that does wrong all the time, by chance, under the stress. Errors are
# what programs get then, and nothing worse: no hang, no complaint of the kernel, no
# flood in its log, and no request is lost once the device is reset.

# What each may befall, and how often. A request that is never answered keeps its
# memory, so of these there are few, or a reset comes soon. A device that refuses to
# disable an interrupt calls the next trigger type a violation, so it does not.
readonly WRONG_REPLIES='delay 2ms 5%
late 3 5%
late 300ms 0.5%
reorder 2ms 5%
short 3%
short 1 3%
long 3%
error 5% get_direction
error 5% set_direction
error 5% get_value
error 5% set_value
bad-status 3%
bad-value 3%
short 3% event
long 3% event
bad-status 3% event
bad-status 0 3% event
delay 2ms 5% event
late 1 5% event
silence 1% event
spurious 10% event
storm 1% event'

readonly WRONG_STARTS='names-unterminated 10%
names-nonascii 10%
names-duplicate 10%
names-few 10%
names-many 10%
error 10% get_names
bad-id 0.01%
bad-id 0.01% event'

readonly WRONG_CONFIG='no-lines 10%
huge-names 10%'

# What the driver says of such a device
readonly COMPLAINT='gpio_virtio|virtio_gpio|virtio[0-9]*: '

# wrong_by_chance: each line of standard input is a fault from now on.
wrong_by_chance() {
	local spec
	while read -r spec; do
		# shellcheck disable=SC2086 # the words of a fault
		fault_by_chance $spec || return
	done
}

fault_by_chance() {
	check "the simulator about the fault '$*'" "$(host fault "$@" | tail -n 1)" ok
}

# impatient: the driver gives up soon on what is not answered; 'patient' ends it.
impatient() {
	BEFORE=$(<"$TIMEOUT_MS") BEGAN=$SECONDS
	write 200 "$TIMEOUT_MS"
}

patient() {
	write "$BEFORE" "$TIMEOUT_MS"
}

# hostile_stress OPTION...: less of it, as much of what is asked is asked in vain.
hostile_stress() {
	local OPERATIONS=$((OPERATIONS / 4 + 1))
	stress -f "$@"
}

# show_replies: how much the device had to answer, and what it did wrong, as it began.
show_replies() {
	show "host: $(host fault | grep -c '^fault') faults by chance, seed $SEED" \
		"$(stat_of requestq.requests) requests, $(stat_of irq.delivered) interrupts"
}

# check_log CASE: the driver said no more than ten things in five seconds, but some.
check_log() {
	local lines seconds=$((SECONDS - BEGAN + 1))
	lines=$(log_of "$1" | grep -vE 'callbacks suppressed' | grep -cE "$COMPLAINT")
	show "guest: dmesg" "$lines complaints in $seconds s"
	check "complaints, some, at most ten in five seconds" $((lines > 0 && lines <= 10 * (seconds / 5 + 1))) 1
}

# check_recovery DEVICE: once it does right and was reset.
check_recovery() {
	patient
	no_fault
	again "$1"
	use_board 0
	check "names after a reset" "$(chip_with led-red)" "$CHIP" || return
	# shellcheck disable=SC2086 # one argument for each line
	check "64 lines after a reset" "$(get $ALL_LINES | wc -w)" "$LINES_COUNT" || return
	check "an output after a reset" "$(uapi toggle 24 100)" "0 wrong of 100" || return
	[[ $(lacks irq) ]] || check_edges_again
}

# check_edges_again: an edge of line 59, wired to 58.
check_edges_again() {
	uapi_behind /tmp/case/edges armed edges input,rising,falling 1 59 || return
	check "an output that is wired to an input" "$(uapi set output 1 58 </dev/null)" set || return
	end_behind
	check "its edge" "$(sed -n 's/^\(rising line 59\) .*/\1/p' /tmp/case/edges)" "rising line 59"
}

a_case hostile_replies "a device that answers at random: programs get errors, and it works after a reset" faults 7-timeout
hostile_replies() {
	local device
	FORGIVEN='request 0x|late reply|event for line|interrupt of line|callbacks suppressed'
	device=$(virtio_device)
	wrong_by_chance <<<"$WRONG_REPLIES" || return
	fault_by_chance silence 0.2% times 40 || return
	reset_stats || return
	impatient
	hostile_stress
	check_stress || return
	show_replies
	check "requests that failed, at least some" $(($(stress_count refused) > 0)) 1 || return
	check_log hostile_replies || return
	check_recovery "$device"
}

a_case hostile_replug "a device that answers at random, from its names on, while it is reset again and again" faults 7-timeout replug
hostile_replug() {
	local device
	FORGIVEN='request 0x|late reply|event for line|interrupt of line|callbacks suppressed|id [0-9]+ out of range|the device has no lines|probe with driver gpio_virtio failed|failed to (add|set up) the GPIO chip|GPIOs .* failed to register|WARNING: .* at free_irq'
	device=$(virtio_device)
	wrong_by_chance <<<"$WRONG_REPLIES"$'\n'"$WRONG_STARTS"$'\n'"silence 0.1%" || return
	[[ $(lacks config) ]] || wrong_by_chance <<<"$WRONG_CONFIG" || return
	reset_stats || return
	impatient
	hostile_stress -r 500
	check_stress || return
	show_replies
	show "the driver was taken off and put back" "$(stress_count replugs) times"
	check_recovery "$device"
}
