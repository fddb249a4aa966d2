# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The simulator and a guest under User-Mode Linux that is wired to it. The
# guest's first serial line ends here: it reports its cases on it and asks
# for commands to the simulator's control socket (tools/guest/lib.sh).

# The whole of a guest's life, in seconds.
GUEST_SECONDS=300

# Its memory, in MiB.
GUEST_MIB=256

# The kernel of a guest: 'plain'; 'base', without the series; or the name of a file of
# kunit/ with more options.
GUEST_KERNEL=plain

# build_guest_kernel NAME LINES CONFIG...: BUILD, as for kernel_make.
build_guest_kernel() {
	local name=$1 lines=$2 configs=("${@:3}")
	case $GUEST_KERNEL in
	plain) ;;
	base)
		[[ $(cache_git -C "$BASE_REPO" ls-tree "$BASE_COMMIT" drivers/gpio/gpio-virtio.c) ]] ||
			die "--kernel base: $BASE_SOURCE has no virtio GPIO driver"
		use_tree "$BASE_COMMIT"
		name+=-base
		;;
	*) name+=-$GUEST_KERNEL configs+=("$GUEST_KERNEL.config") ;;
	esac
	build_dir "$name"
	kernel_config "${configs[@]}" && kernel_make "$name" "$lines" || exit 1
}

# Whether the guest has to do no more than what the demo shows.
ONLY_DEMO=0

# build_uml: BUILD/linux. The plain kernel has the suites, too, so that both need one
# build; it runs them only when it is asked to. Until there is one, the demo does with
# less, which builds in little more than half of the time.
build_uml() {
	local dir options
	if ((ONLY_DEMO)) && [[ ! -e $CACHE/build/$BASE_ID/kunit-plain/linux &&
		! -e $CACHE/build/$BASE_ID/guest/linux ]]; then
		build_guest_kernel demo 700 demo-uml.config
		return
	fi
	if [[ $GUEST_KERNEL != plain ]] || kunit_is_old; then
		build_guest_kernel guest 1100 demo-uml.config guest-uml.config
		return
	fi
	scratch_dir dir
	options=$dir/gpio-virtio.kunitconfig
	known_options HEAD "$(series_config gpio-virtio.kunitconfig)" "$options" || :
	build_dir kunit-plain
	kunit_build plain "$options" || exit 1
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

# start_devices COUNT: that many, each behind a socket of its own: BOARDS, their
# processes. The guest's list begins with the first.
start_devices() {
	local board
	BOARDS=()
	for ((board = 0; board < $1; board++)); do
		"start_$DEVICE" "$board"
		wait_for_device "$board"
	done
}

# Whether the simulator holds the driver against the specification.
STRICT=0

# start_sim BOARD: the second one has a board for the partner of the guest, too.
start_sim() {
	local options=(--control "$GUEST/ctl$1" --state "$GUEST/state$1")
	! recorded || options+=(--trace "$GUEST/trace$1.json")
	((STRICT == 0)) || options+=(--strict)
	[[ $1 != 1 ]] || options+=(--board spare --socket "$GUEST/partner" --board partner)
	start_board "$1" "$SIM" --once --config "$GUEST/guest/lines$1" --seed "$SEED" \
		--socket "$GUEST/gpio$1" "${options[@]}"
}

# report_rules: what the simulators say of the driver when they end. Fails if it broke
# a rule of the specification.
report_rules() {
	local board kept=0
	for board in "${!BOARDS[@]}"; do
		"$SIM" ctl "$GUEST/ctl$board" quit >/dev/null 2>&1 || :
		wait_until_gone "${BOARDS[board]}"
		say "the driver and device $board:"
		sed -n '/^TAP version/,$p' "$GUEST/device$board.log"
		! grep -q '^not ok' "$GUEST/device$board.log" || kept=1
	done
	return "$kept"
}

# wait_until_gone PID: for five seconds at most.
wait_until_gone() {
	local tries
	for ((tries = 50; tries > 0; tries--)); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.1
	done
}

# start_board BOARD COMMAND...: the process that is the device.
start_board() {
	(exec_alone timeout -s KILL $((GUEST_SECONDS + GUEST_EXTRA)) "${@:2}" \
		</dev/null >>"$GUEST/device$1.log" 2>&1) &
	BOARDS[$1]=$!
	disown $!
	at_exit end_process $!
}

# wait_for_device BOARD: until its socket is there.
wait_for_device() {
	local i
	for ((i = 0; i < 100; i++)); do
		[[ ! -S $GUEST/gpio$1 ]] || return 0
		kill -0 "${BOARDS[$1]}" 2>/dev/null || break
		sleep 0.1
	done
	die "the device does not start: $(tail -n 1 "$GUEST/device$1.log")"
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

# uml_machine NAME MODE CONSOLE: UML, without devices.
uml_machine() {
	UML=("$BUILD/linux" mem="${GUEST_MIB}M" uml_dir="$GUEST/uml" umid="$1" quiet log_buf_len=4M
		rootfstype=hostfs rootflags=/ ro init="$GUEST/guest/init" vgpio_mode="$2" "con0=$3" con=null ssl=null)
}

# uml_arguments MODE CONSOLE
uml_arguments() {
	uml_machine guest "$@"
	UML+=("$UIO_OPTION" 'ssl0=fd:3,fd:4' "virtio_uml.device=$GUEST/gpio0:41")
	((${#BOARDS[@]} == 1)) || more_uml_devices
}

# more_uml_devices: only one that no device tree tells of can be removed. A kernel
# that came without the compiler of device trees cannot be told of any.
more_uml_devices() {
	UML+=("virtio_uml.device=$GUEST/gpio1:41")
	[[ -x $BUILD/scripts/dtc/dtc ]] || return 0
	guest_devicetree
	UML+=("dtb=$GUEST/guest.dtb")
}

# start_uml: GUEST_PID, with its console in a log.
start_uml() {
	uml_arguments cases null,fd:1
	(exec_alone timeout -s KILL "$GUEST_SECONDS" "${UML[@]}" \
		3<>"$GUEST/to" 4<>"$GUEST/from" </dev/null >"$GUEST/console.log" 2>&1) &
	watch_guest $!
}

# start_partner: PARTNER, another guest, which answers handshakes.
start_partner() {
	uml_machine partner partner null,fd:1
	(exec_alone timeout -s KILL "$GUEST_SECONDS" "${UML[@]}" "virtio_uml.device=$GUEST/partner:41" \
		</dev/null >"$GUEST/partner.log" 2>&1) &
	PARTNER=$!
	disown "$PARTNER"
	at_exit kill_tree KILL "$PARTNER"
}

# serve_partner start|end
serve_partner() {
	if [[ $1 == start ]]; then
		start_partner
	else
		kill_tree KILL "$PARTNER"
	fi
	ANSWER=('=0')
	answer
}

# start_uml_shell: GUEST_PID, with its console on this terminal, which it
# puts into raw mode.
start_uml_shell() {
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
	ASLEEP='' ANSWER=()
	while both_alive; do
		if IFS= read -r -t 1 -u "$FROM_GUEST" part; then
			line+=$part
			ASLEEP=
			case $line in
			ctl\ *) ask_device "${line#ctl }" ;;
			line\ *) ask_line "${line#line }" ;;
			stat\ *) ask_stat "${line#stat }" ;;
			seen\ *) ask_watch "${line#seen }" ;;
			remove\ *) remove_device "${line#remove }" ;;
			restart\ *) restart_device "${line#restart }" ;;
			pause\ *) pause_guest "${line#pause }" ;;
			partner\ *) serve_partner "${line#partner }" ;;
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

# control BOARD COMMAND...: put it to the device.
control() {
	timeout -s KILL 15 "$SIM" ctl "$GUEST/ctl$1" "${@:2}" 2>&1
}

# ask_device BOARD-AND-COMMAND
ask_device() {
	local words text status=0
	read -ra words <<<"$1"
	text=$(control "${words[@]}") || status=$?
	mapfile -t ANSWER < <([[ -z $text ]] || sed 's/^/|/' <<<"$text")
	ANSWER+=("=$status")
	answer
}

# ask_line BOARD-AND-NUMBER: what the device knows of one line.
ask_line() {
	mapfile -t ANSWER < <(control "${1% *}" get | sed -n "s/^line ${1#* } /|&/p")
	ANSWER+=('=0')
	answer
}

# ask_stat BOARD-AND-NAME: one of the device's counters.
ask_stat() {
	mapfile -t ANSWER < <(control "${1% *}" stats | awk -v name="${1#* }" '$1 == name { print "|" $2 }')
	ANSWER+=('=0')
	answer
}

# remove_device BOARD: for good. QEMU takes it out as a person would, and under
# User-Mode Linux the process behind it ends.
remove_device() {
	if [[ $KIND == uml ]]; then
		end_process "${BOARDS[$1]}"
		unset "BOARDS[$1]"
	else
		say "device_del gpio$1" >&"$TO_MONITOR"
	fi
	ANSWER=('=0')
	answer
}

# restart_device BOARD: it is killed, and the next one goes on with its state.
restart_device() {
	kill_tree KILL "${BOARDS[$1]}"
	rm -f "$GUEST/gpio$1"
	"start_$DEVICE" "$1"
	wait_for_device "$1"
	# Its record begins anew, and nobody watches it.
	LOG_AT["$GUEST/trace$1.json"]=0
	[[ ! -e $GUEST/watch$1.log ]] || watch_device "$1"
	ANSWER=('=0')
	answer
}

# pause_guest BOARD-AND-COMMAND: the answer of the device while the guest stands still, as
# when a person pauses a virtual machine.
pause_guest() {
	guest_runs stop STOP
	sleep 0.5
	ask_device "$1"
	sleep 0.5
	guest_runs cont CONT
}

# guest_runs COMMAND SIGNAL: by QEMU's monitor, or of User-Mode Linux's process.
guest_runs() {
	if [[ $KIND == uml ]]; then
		kill "-$2" "$(<"$GUEST/uml/guest/pid")"
	else
		say "$1" >&"$TO_MONITOR"
	fi
}

# watch_device BOARD: keep every change of a line of it from now on.
watch_device() {
	(exec_alone timeout -s KILL $((GUEST_SECONDS + GUEST_EXTRA)) "$SIM" ctl "$GUEST/ctl$1" watch \
		</dev/null >>"$GUEST/watch$1.log" 2>&1) &
	at_exit end_process $!
	disown $!
}

# ask_watch BOARD-AND-NUMBERS: how these lines of it have changed, in order.
ask_watch() {
	local lines=${1#* }
	mapfile -t ANSWER < <(sed -nE "s/^line (${lines// /|}) /|&/p" "$GUEST/watch${1%% *}.log")
	ANSWER+=('=0')
	answer
}

# answer: the next line of ANSWER. Where there is none, the guest takes for an
# answer what came too late for its last question.
answer() {
	say "${ANSWER[0]:-=1}" >&"$TO_GUEST"
	ANSWER=("${ANSWER[@]:1}")
}

# wake_guest: from the third second in which it says nothing. User-Mode Linux is
# woken by a signal. A PC may sleep so that any character wakes it, and this line
# is no answer to anything, or so that QEMU must.
wake_guest() {
	ASLEEP=$((ASLEEP + 1))
	((ASLEEP >= 3)) || return 0
	if [[ $KIND == uml ]]; then
		kill -USR1 "$(<"$GUEST/uml/guest/pid")"
		return
	fi
	say wake >&"$TO_GUEST"
	say system_wakeup >&"$TO_MONITOR"
}

both_alive() {
	local board
	if ! kill -0 "$GUEST_PID" 2>/dev/null; then
		GUEST_WHY='the guest ended before its time'
		GUEST_LOG=$GUEST/console.log
		return 1
	fi
	for board in "${!BOARDS[@]}"; do
		kill -0 "${BOARDS[board]}" 2>/dev/null || {
			GUEST_WHY="device $board ended before its time"
			GUEST_LOG=$GUEST/device$board.log
			return 1
		}
	done
}

# keep_guest_logs: out of the scratch folder, for afterwards.
keep_guest_logs() {
	local name log
	for name in console qemu partner device{0,1,2} watch{0,1,2}; do
		[[ -e $GUEST/$name.log ]] || continue
		log_file log "$VERB-$name"
		cp -f "$GUEST/$name.log" "$log" 2>/dev/null || true
	done
}
