# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The character device's own interface, version 2: what programs ask of lines,
# and what this device cannot do for them.

# uapi COMMAND ARGUMENT...: to CHIP, no longer than PATIENCE.
uapi() {
	timeout -s KILL "$PATIENCE" gpio-uapi "/dev/$CHIP" "$@" 2>&1
}

# uapi_behind FILE WORD COMMAND ARGUMENT...: the same in the background, with its
# output in FILE; goes on when the first line there begins with WORD.
uapi_behind() {
	: >"$1" # What it said the last time is no answer.
	gpio-uapi "/dev/$CHIP" "${@:3}" <>/tmp/case/no-end >"$1" 2>&1 &
	PIDS+=($!)
	wait_until grep -qm 1 "^$2" "$1" ||
		check "${*:3}" "$(<"$1")" "$2 ..."
}

# end_behind: the last of those, which ends by itself.
end_behind() {
	local i
	for ((i = 0; i < PATIENCE * 10; i++)); do
		kill -0 "${PIDS[-1]}" 2>/dev/null || break
		sleep 0.1
	done
	kill "${PIDS[-1]}" 2>/dev/null
	wait "${PIDS[-1]}" 2>/dev/null
	unset 'PIDS[-1]'
}

# flags_of LINE
flags_of() {
	uapi info "$1" | sed 's/.* flags//; s/^ //'
}

a_case busy "a line in use is refused to the next program, and free when the first one ends"
busy() {
	uapi_behind /tmp/case/first set set output 1 5 || return
	show "gpio-uapi: get input 5" "$(uapi get input 5)"
	check "a second program" "$(uapi get input 5)" "request EBUSY" || return
	check "one that wants another line, too" "$(uapi get input 6 5)" "request EBUSY" || return
	check "the other line by itself" "$(can_be_read 6)" yes || return
	check "who has the line" "$(uapi info 5)" "name '' consumer 'gpio-uapi' flags used output" || return
	kill "${PIDS[-1]}"
	end_behind
	check "the line afterwards" "$(can_be_read 5)" yes
}

# can_be_read LINE [FLAG]: whatever its level is.
can_be_read() {
	uapi get "input${2:+,$2}" "$1" | sed 's/^0x[01]$/yes/'
}

a_case subset "some lines of a request are read and written, the others stay"
subset() {
	local wanted
	for wanted in 0x5 0xa 0xf 0x0; do
		uapi_behind /tmp/case/set set set output "$wanted" 40 41 42 43 || return
		check "lines 40 to 43 on the host" "$(values_of 43 42 41 40)" "$(bits "$wanted")" || return
		kill "${PIDS[-1]}"
		end_behind
	done
	host set 50 1 >/dev/null
	host set 51 0 >/dev/null
	host set 52 1 >/dev/null
	check "lines 50 to 52" "$(uapi get input 50 51 52)" 0x5 || return
	check "lines 52, 51 and 50" "$(uapi get input 52 51)" 0x1
}

# values_of LINE...: what the host sees on them.
values_of() {
	local line
	for line; do
		value_of "$line"
	done | paste -sd' ' | tr -d ' '
}

# bits NUMBER: its last four.
bits() {
	printf '%d%d%d%d' $(($1 >> 3 & 1)) $(($1 >> 2 & 1)) $(($1 >> 1 & 1)) $(($1 & 1))
}

a_case all_64 "one request holds all 64 lines: outputs and inputs in any pattern"
all_64() {
	local pattern=0xdeadbeef01234567 line
	# shellcheck disable=SC2086 # one argument for each line
	uapi_behind /tmp/case/set set set output $pattern $ALL_LINES || return
	check "outputs on the host" "$(host get | values_in_reply)" "$pattern" || return
	kill "${PIDS[-1]}"
	end_behind
	for line in $ALL_LINES; do
		host set "$line" $((~pattern >> line & 1)) >/dev/null
	done
	# shellcheck disable=SC2086
	check "inputs in the guest" "$(uapi get input $ALL_LINES)" 0x21524110fedcba98
}

# values_in_reply: of all lines, as one number.
values_in_reply() {
	sed -n 's/^line .* value \([01]\).*/\1/p' | {
		local value number=0 i=0
		while read -r value; do
			number=$((number | value << i++))
		done
		printf '%#x\n' "$number"
	}
}

a_case active_low "an active-low line is inverted, both ways"
active_low() {
	host set 8 1 >/dev/null
	check "active-low input at 1" "$(uapi get input,active-low 8)" 0x0 || return
	host set 8 0 >/dev/null
	check "active-low input at 0" "$(uapi get input,active-low 8)" 0x1 || return
	uapi_behind /tmp/case/set set set output,active-low 1 8 || return
	check "active-low output on the host" "$(value_of 8)" 0
}

a_case no_bias "a pull or no bias is nothing the device can do: the line works without"
no_bias() {
	local flag
	for flag in pull-up pull-down bias-disabled; do
		show "gpio-uapi: get input,$flag 9" "$(uapi get "input,$flag" 9)"
		check "an input with $flag" "$(can_be_read 9 "$flag")" yes || return
		uapi_behind /tmp/case/held set set "output,$flag" 0 9 || return
		check "what the kernel says of it" "$(flags_of 9)" "used output $flag" || return
		kill "${PIDS[-1]}"
		end_behind
	done
}

a_case open_drain "open drain and open source are done by gpiolib, which lets go of the line"
open_drain() {
	driven_or_not open-drain 0 1 || return
	driven_or_not open-source 1 0
}

# driven_or_not FLAG DRIVEN RELEASED: at one value the line is an output, at the
# other one an input with the level that is there.
driven_or_not() {
	host set 10 "$2" >/dev/null
	uapi_behind /tmp/case/held set set "output,$1" "$2" 10 || return
	check "$1 at $2" "$(field 10 direction) $(value_of 10)" "output $2" || return
	kill "${PIDS[-1]}"
	end_behind
	host set 10 "$3" >/dev/null
	uapi_behind /tmp/case/held set set "output,$1" "$3" 10 || return
	show "gpio-uapi: set output,$1 $3 10; host: direction" "$(field 10 direction)"
	check "$1 at $3" "$(field 10 direction)" input || return
	check "its value in the guest" "$(value_of 10)" "$3" || return
	kill "${PIDS[-1]}"
	end_behind
}

a_case debounce "debouncing is done by gpiolib: a glitch is no edge, a level that stays is" irq
debounce() {
	host set 11 0 >/dev/null
	uapi_behind /tmp/case/edges armed edges input,rising,falling,debounce=100000 1 11 || return
	check "what the kernel says of it" "$(flags_of 11)" \
		"used input rising falling debounce=100000" || return
	host pulse 11 10ms >/dev/null
	sleep 0.5
	check "edges of a glitch" "$(grep -c ' line 11 ' /tmp/case/edges)" 0 || return
	host set 11 1 >/dev/null
	end_behind
	show "debounce 100 ms; host: pulse 11 10ms; set 11 1" "$(grep ' line 11 ' /tmp/case/edges)"
	check "edges of a level that stays" "$(grep -o '^rising line 11 ' /tmp/case/edges)" "rising line 11 "
}

a_case stamps "edges carry a number and a time that the clock agrees with" clock irq rearm
stamps() {
	local clock clocks=('' ,realtime)
	# The other clock came with Linux 5.11.
	! is_linux_5_10 || clocks=('')
	for clock in "${clocks[@]}"; do
		host set 12 0 >/dev/null
		uapi_behind /tmp/case/edges armed edges "input,rising,falling$clock" 20 12 || return
		wait_for 12 trigger both
		check "edges" "$(host toggle 12 20 pause 2ms rearm 5s)" ok || return
		end_behind
		show "host: toggle 12 20 pause 2ms; guest: the first and the last of them" \
			"$(sed -n '2p;21p' /tmp/case/edges)"
		check "edges" "$(grep -c ' line 12 ' /tmp/case/edges)" 20 || return
		check "what is wrong with one" "$(wrong_edge /tmp/case/edges)" '' || return
		check "edges that are too close" "$(too_close /tmp/case/edges)" '' || return
	done
}

# wrong_edge FILE: the first line that is earlier than the one before it, is
# not its opposite or has not the next number. Between are the times of the clock.
wrong_edge() {
	awk '
		function bad() { print NR ": " $0; exit }
		/^armed|^done/ { if (NR > 1 && $3 + 0 < time) bad(); time = $3 + 0; next }
		{
			if ($1 != (NR % 2 ? "falling" : "rising")) bad()
			if ($7 != NR - 1 || $NF != NR - 1) bad()
			if ($5 + 0 < time) bad()
			time = $5 + 0
		}' "$1"
}

# too_close FILE: edges less than a millisecond after the one before them.
too_close() {
	awk '/ line / { if (time && $5 - time < 1000000) print; time = $5 }' "$1"
}

a_case one_edge "a request for one kind of edge gets no other" irq rearm
one_edge() {
	local edge other
	while read -r edge other; do
		host set 13 0 >/dev/null
		uapi_behind /tmp/case/edges armed edges "input,$edge" 3 13 || return
		wait_for 13 trigger "$edge"
		check "trigger on the host" "$(field 13 trigger)" "$edge" || return
		host toggle 13 7 pause 2ms rearm 200ms >/dev/null
		end_behind
		check "$edge edges" "$(grep -c "^$edge line" /tmp/case/edges)" 3 || return
		check "$other edges" "$(grep -c "^$other line" /tmp/case/edges)" 0 || return
	done <<-'END'
		rising falling
		falling rising
	END
}

# rounds: of a program among many; emulated processors are slow.
rounds() {
	if [[ $KIND == uml ]]; then
		echo 2000
	else
		echo 200
	fi
}

a_case under_load "edges of 8 lines arrive while 8 programs read and write" irq rearm
under_load() {
	local line
	for line in 16 17 18 19 20 21 22 23; do
		host set "$line" 0 >/dev/null
		uapi toggle $((line + 8)) "$(rounds)" >"/tmp/case/load$line" &
		PIDS+=($!)
	done
	uapi_behind /tmp/case/edges armed edges input,rising,falling 160 16 17 18 19 20 21 22 23 || return
	for line in 16 17 18 19 20 21 22 23; do
		wait_for "$line" trigger both
		check "edges of $line" "$(host toggle "$line" 20 rearm 5s)" ok || return
	done
	end_behind
	check "edges" "$(grep -c ' line ' /tmp/case/edges)" 160 || return
	check "edges of line 20" "$(grep -c ' line 20 at' /tmp/case/edges)" 20 || return
	wait "${PIDS[@]}"
	PIDS=()
	show "8 programs, $(rounds) times set and get each; 160 edges" "$(sort /tmp/case/load* | uniq -c)"
	check "what the programs read" "$(sort -u /tmp/case/load*)" "0 wrong of $(rounds)"
}

a_case parallel_raw "16 programs set and read back a line each, again and again"
parallel_raw() {
	local line
	for ((line = 16; line < 32; line++)); do
		uapi toggle "$line" "$(rounds)" >"/tmp/case/load$line" &
		PIDS+=($!)
	done
	wait "${PIDS[@]}"
	PIDS=()
	check "what the programs read" "$(sort /tmp/case/load* | uniq -c | sed 's/^ *//')" \
		"16 0 wrong of $(rounds)"
}

a_case line_info "who watches a line's info sees it requested, changed and released"
line_info() {
	uapi_behind /tmp/case/changes name watch 4 14 || return
	uapi reconfigure 14 input output >/dev/null
	end_behind
	show "gpio-uapi: watch 4 14, while a program uses it" "$(</tmp/case/changes)"
	# Which direction a released line has is gpiolib's affair.
	check "changes" "$(sed -n 's/^\([a-z]*\) name .* flags/\1/p' /tmp/case/changes | sed 's/^released .*/released/')" \
		"requested used input
changed used input
changed used output
released"
}

a_case reconfigured "a request changes from input to output and back, with edges between" irq
reconfigured() {
	local out
	host set 15 0 >/dev/null
	out=$(uapi reconfigure 15 input output input,rising output input,falling input | sed 's/.* flags //')
	show "gpio-uapi: reconfigure 15 input output input,rising output ..." "$out"
	check "flags" "$out" "used input
used output
used input rising
used output
used input falling
used input" || return
	wait_for 15 direction none
	check "on the host afterwards" "$(field 15 direction) $(field 15 trigger)" "none none"
}

a_case no_sense "requests that make no sense are refused, and leave no trace"
no_sense() {
	local wanted request
	while read -r wanted request; do
		# shellcheck disable=SC2086 # a command and its arguments
		check "$request" "$(uapi $request)" "request $wanted" || return
	done <<-'END'
		EINVAL get input 64
		EINVAL get input 1000000
		EINVAL get input,output 5
		EINVAL get output,rising 5
		EINVAL get input,open-drain 5
		EINVAL get open-drain,open-source,output 5
		EINVAL get input,pull-up,pull-down 5
		EINVAL get rising 5
		EBUSY get input 5 5
		EINVAL get input 5 64
	END
	check "line 5" "$(flags_of 5)" input
}

a_case no_irq "where the device has no interrupts, who asks for edges is told so" without_irq
no_irq() {
	show "gpio-uapi: edges input,rising 1 12" "$(uapi edges input,rising 1 12)"
	check "a request for edges" "$(uapi edges input,rising 1 12)" "request ENXIO" || return
	check "the line afterwards" "$(can_be_read 12)" yes
}
