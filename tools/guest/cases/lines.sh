# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Lines and their values, with the tools of libgpiod.

a_case chip "the guest has the chip"
chip() {
	local out
	out=$(gpiodetect)
	show gpiodetect "$out"
	check "lines of $CHIP" "$(sed -n "s/^$CHIP .*(\([0-9]*\) lines)$/\1/p" <<<"$out")" "$LINES_COUNT"
}

a_case names "lines have the names that the device gives them"
names() {
	local out
	out=$(info | sed -n '2,5p' | tr -s '\t ' ' ' | sed 's/^ *//')
	show "gpioinfo (first four lines)" "$out"
	check "names" "$(grep -oE 'led-red|led-green|button|door' <<<"$out" | paste -sd' ')" \
		"led-red led-green button door"
}

a_case output "an output set in the guest is seen on the host"
output() {
	local value
	for value in 1 0; do
		hold 0=$value
		wait_for 0 direction output
		host wait led-red $value timeout 5s >/dev/null
		show "guest: gpioset $CHIP 0=$value; host: get led-red" "$(value_of led-red)"
		check "led-red on the host" "$(value_of led-red)" $value || return
		check "direction of led-red" "$(field 0 direction)" output || return
		release
		HOLDER=
	done
}

a_case input "an input set on the host is read in the guest"
input() {
	local value out
	for value in 1 0 1; do
		host set button $value >/dev/null
		out=$(get 2)
		show "host: set button $value; guest: gpioget $CHIP 2" "$out"
		check "button in the guest" "$out" $value || return
	done
}

a_case all_lines "64 lines are read in one call, with one notification" counts 3-requests
all_lines() {
	local i want=() out requests notifications
	for i in $ALL_LINES; do
		want[i]=$((i % 3 == 0))
		host set "$i" "${want[i]}" >/dev/null
	done
	reset_stats || return
	# shellcheck disable=SC2086 # one argument for each line
	out=$(get $ALL_LINES)
	requests=$(stat_of get_value.requests)
	notifications=$(stat_of get_value.notifications)
	show "gpioget $CHIP 0 1 ... 63" "$out"
	show "host: stats" "get_value.requests $requests, get_value.notifications $notifications"
	check "values" "$out" "${want[*]}" || return
	check "requests" "$requests" "$LINES_COUNT" || return
	check "notifications" "$notifications" 1
}

a_case all_outputs "64 outputs are set in one call, and the host sees each"
all_outputs() {
	local i settings=() expected='' got
	for i in $ALL_LINES; do
		settings+=("$i=$((i % 5 == 0))")
		expected+=$((i % 5 == 0))
	done
	hold "${settings[@]}"
	wait_for 63 direction output
	got=$(host get | sed -n 's/^line .* value \([01]\).*/\1/p' | tr -d '\n')
	show "gpioset $CHIP 0=1 1=0 ... 63=0" "host: $got"
	check "outputs" "$got" "$expected"
}

a_case line_returned "a line that nobody uses any more is returned to the device"
line_returned() {
	hold 1=1
	wait_for 1 direction output
	check "direction while used" "$(field 1 direction)" output || return
	release
	HOLDER=
	wait_for 1 direction none
	check "direction after use" "$(field 1 direction)" none
}

a_case parallel "16 programs read and write a line each at the same time"
parallel() {
	local i pids=() errors=0
	for ((i = 16; i < 32; i++)); do
		hammer "$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || errors=$((errors + 1))
	done
	show "16 times: 10 x gpioget, 10 x gpioset" "$errors programs had errors"
	check "programs with errors" "$errors" 0
}

# hammer LINE
hammer() {
	local i
	for ((i = 0; i < 10; i++)); do
		get "$1" >/dev/null || return
		set_once "$1=$((i % 2))" || return
	done
}

a_case distribution "the distribution's tools of libgpiod, of whatever version, drive and list lines, too" distribution
distribution() {
	local PATH=/usr/sbin:/usr/bin:/sbin:/bin GPIOD='' value
	show "gpiodetect --version" "$(gpiodetect --version | head -n 1)"
	for value in 1 0; do
		hold 1=$value
		wait_for 1 direction output
		host wait led-green $value timeout 5s >/dev/null
		check "led-green on the host" "$(value_of 1)" $value || return
		check "led-green in the list" "$(info | grep -c 'led-green.*gpioset.*output\|led-green.*output.*gpioset')" 1 || return
		release
		HOLDER=
	done
	check "lines of $CHIP" "$(gpiodetect | sed -n "s/^$CHIP .*(\([0-9]*\) lines)$/\1/p")" "$LINES_COUNT"
}
