# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The simulator and a guest under User-Mode Linux that is wired to it. The
# guest's first serial line ends here: it reports its cases on it and asks
# for commands to the simulator's control socket (tools/guest/lib.sh).

# The whole of a guest's life, in seconds.
readonly GUEST_SECONDS=180

# build_uml: BUILD/linux, as small as the end-to-end cases allow.
build_uml() {
	build_dir demo
	kernel_config demo-uml.config
	kernel_make demo 900 || exit 1
}

# sim_folder: where this checkout's simulator is built.
sim_folder() {
	say "$CACHE/build/sim-$(sha256sum <<<"$VGPIO_ROOT" | head -c 8)"
}

# build_sim: SIM, the simulator's binary.
build_sim() {
	local log out
	out=$(sim_folder)
	lock "$(basename "$out")"
	mkdir -p "$out"
	log_file log sim-build
	run_step 'building the simulator' "$log" make -C "$VGPIO_ROOT/tools/sim" O="$out" || {
		tail -n 20 "$log" >&2
		die "the simulator does not build; the log is $log"
	}
	unlock "$(basename "$out")"
	SIM=$out/vgpio-sim
	[[ -x $SIM ]] || die "the simulator's build left no $SIM"
}

# exec_alone COMMAND...: in place of this shell, without the locks: what
# outlives a killed run must not keep the next one waiting.
exec_alone() {
	local fd
	for fd in "${LOCKS[@]}"; do
		exec {fd}>&-
	done
	exec "$@"
}

# start_sim FOLDER: SIM_PID; listening when this returns.
start_sim() {
	local i
	(exec_alone timeout -s KILL $((GUEST_SECONDS + GUEST_EXTRA)) "$SIM" --once \
		--socket "$1/gpio.sock" --control "$1/ctl" \
		--config "$VGPIO_ROOT/tools/guest/lines" </dev/null >"$1/sim.log" 2>&1) &
	SIM_PID=$!
	disown "$SIM_PID"
	at_exit end_process "$SIM_PID"
	for ((i = 0; i < 100; i++)); do
		grep -qs '^listening on ' "$1/sim.log" && return
		kill -0 "$SIM_PID" 2>/dev/null || break
		sleep 0.1
	done
	die "the simulator does not start: $(tail -n 1 "$1/sim.log")"
}

# guest_folder: GUEST, with the sockets, the pipes and what runs inside.
# The kernel's command line cannot quote, so no blank may be in its name.
guest_folder() {
	[[ ${TMPDIR:-/tmp} != *[[:space:]]* ]] || die "TMPDIR has a blank in its name: ${TMPDIR}"
	scratch_dir GUEST
	mkfifo "$GUEST/to" "$GUEST/from"
	cp -r "$VGPIO_ROOT/tools/guest" "$GUEST/guest"
	chmod +x "$GUEST/guest/init"
	exec {TO_GUEST}<>"$GUEST/to" {FROM_GUEST}<>"$GUEST/from"
}

# uml_arguments MODE CONSOLE
uml_arguments() {
	UML=("$BUILD/linux" mem=128M uml_dir="$GUEST/uml" umid=guest quiet
		rootfstype=hostfs rootflags=/ ro init="$GUEST/guest/init" vgpio_mode="$1"
		"con0=$2" con=null ssl=null 'ssl0=fd:3,fd:4'
		"virtio_uml.device=$GUEST/gpio.sock:41")
}

# start_guest: GUEST_PID, with its console in a log.
start_guest() {
	uml_arguments cases null,fd:1
	(exec_alone timeout -s KILL "$GUEST_SECONDS" "${UML[@]}" \
		3<>"$GUEST/to" 4<>"$GUEST/from" </dev/null >"$GUEST/console.log" 2>&1) &
	watch_guest $!
}

# start_guest_shell: GUEST_PID, with its console on this terminal, which it
# puts into raw mode.
start_guest_shell() {
	local tty
	tty=$(stty -g)
	uml_arguments shell fd:0,fd:1
	(exec_alone timeout --foreground -s KILL "$GUEST_EXTRA" "${UML[@]}" \
		3<>"$GUEST/to" 4<>"$GUEST/from") <&0 &
	at_exit stty "$tty"
	watch_guest $!
}

watch_guest() {
	GUEST_PID=$1
	disown "$GUEST_PID"
	at_exit kill_tree KILL "$GUEST_PID"
}

# serve_guest REPORT: answer the guest until it says 'end'; REPORT is called
# with each word that is not for us. Fails, with GUEST_WHY, when one of the
# two ends before that.
serve_guest() {
	local line='' part
	ASLEEP=
	while both_alive; do
		if IFS= read -r -t 1 -u "$FROM_GUEST" part; then
			line+=$part
			ASLEEP=
			case $line in
			ctl\ *) ask_sim "${line#ctl }" ;;
			line\ *) ask_line "${line#line }" ;;
			seen\ *) ask_watch "${line#seen }" ;;
			asleep) ASLEEP=0 ;;
			next) answer ;;
			end) return 0 ;;
			*) "$1" "${line%% *}" "${line#* }" ;;
			esac
			line=''
		else
			line+=$part
			[[ -z $ASLEEP ]] || wake_guest
		fi
	done
	return 1
}

# ask_sim COMMAND: put it to the simulator.
ask_sim() {
	local words text status=0
	read -ra words <<<"$1"
	text=$(timeout -s KILL 15 "$SIM" ctl "$GUEST/ctl" "${words[@]}" 2>&1) || status=$?
	mapfile -t ANSWER < <([[ -z $text ]] || sed 's/^/|/' <<<"$text")
	ANSWER+=("=$status")
	answer
}

# ask_line NUMBER: what the simulator knows of one line.
ask_line() {
	mapfile -t ANSWER < <(timeout -s KILL 15 "$SIM" ctl "$GUEST/ctl" get | sed -n "s/^line $1 /|&/p")
	ANSWER+=('=0')
	answer
}

# watch_sim: keep every change of a line from now on in GUEST/watch.log.
watch_sim() {
	(exec_alone timeout -s KILL $((GUEST_SECONDS + GUEST_EXTRA)) "$SIM" ctl "$GUEST/ctl" watch \
		</dev/null >"$GUEST/watch.log" 2>&1) &
	at_exit end_process $!
	disown $!
}

# ask_watch NUMBER: how the line has changed.
ask_watch() {
	mapfile -t ANSWER < <(sed -n "s/^line $1 /|&/p" "$GUEST/watch.log")
	ANSWER+=('=0')
	answer
}

# answer: the next line of ANSWER.
answer() {
	say "${ANSWER[0]}" >&"$TO_GUEST"
	ANSWER=("${ANSWER[@]:1}")
}

# wake_guest: from the third second in which it says nothing. It may sleep so
# that any character wakes it, and this line is no answer to anything, or so
# that QEMU must.
wake_guest() {
	ASLEEP=$((ASLEEP + 1))
	((ASLEEP >= 3)) || return 0
	say wake >&"$TO_GUEST"
	say system_wakeup >&"$TO_MONITOR"
}

both_alive() {
	if ! kill -0 "$GUEST_PID" 2>/dev/null; then
		GUEST_WHY='the guest ended before its time'
		GUEST_LOG=$GUEST/console.log
	elif ! kill -0 "$SIM_PID" 2>/dev/null; then
		GUEST_WHY='the simulator ended before its time'
		GUEST_LOG=$GUEST/sim.log
	else
		return 0
	fi
	return 1
}

# keep_guest_logs: out of the scratch folder, for afterwards.
keep_guest_logs() {
	local name log
	for name in console sim; do
		log_file log "$VERB-$name"
		cp -f "$GUEST/$name.log" "$log" 2>/dev/null || true
	done
}

# --- what the guest tells --------------------------------------------------------

# run_cases HOW START...: narrate or tap what the guest that START starts does.
# Not to come to the end is a failure too.
run_cases() {
	PLANNED=0 PASSED=0 FAILED=0 SKIPPED=0 GUEST_WHY='the guest left cases out'
	"${@:2}"
	if ! serve_guest "$1" || ((PLANNED == 0 || PASSED + FAILED + SKIPPED < PLANNED)); then
		FAILED=$((FAILED + 1))
		"$1" bail "$GUEST_WHY"
		tail -n 25 "${GUEST_LOG:-$GUEST/console.log}" >&2
	fi
	keep_guest_logs
	say "$PASSED passed, $FAILED failed$( ((SKIPPED == 0)) || printf ', %d skipped' "$SKIPPED")"
	((FAILED == 0))
}

count_report() {
	case $1 in
	plan) PLANNED=$2 ;;
	case) TITLE=$2 ;;
	pass) PASSED=$((PASSED + 1)) ;;
	fail) FAILED=$((FAILED + 1)) ;;
	skip) SKIPPED=$((SKIPPED + 1)) ;;
	esac
}

# case_number: of the case that came to its end last.
case_number() {
	say $((PASSED + FAILED + SKIPPED))
}

tap() {
	count_report "$@"
	case $1 in
	plan) say "1..$2" ;;
	pass) say "ok $(case_number) - $TITLE" ;;
	fail) say "not ok $(case_number) - $TITLE # $2" ;;
	skip) say "ok $(case_number) - $TITLE # SKIP $2" ;;
	bail) say "Bail out! $2" ;;
	esac
}

narrate() {
	count_report "$@"
	case $1 in
	case) say "$BOLD$(($(case_number) + 1)). $2$PLAIN" ;;
	show) say "   $CYAN\$ $2$PLAIN" ;;
	out) say "     $2" ;;
	pass) say "   ${GREEN}ok$PLAIN" ;;
	fail) say "   ${RED}failed: $2$PLAIN" ;;
	skip) say "   skipped: $2" ;;
	bail) say "${RED}$2; the end of its log:$PLAIN" ;;
	esac
}
