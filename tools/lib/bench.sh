# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Measures in guests: the base kernel and the series, built from the same
# configuration and booted in turn on the same devices. The guest tells figures
# (tools/bench/init); the devices tell what they have counted.

# Where guest and device run, how often each kernel is booted, how often times are
# measured in each boot, of how many samples, and how long threads run.
CPUS=same BENCH_BOOTS=3 BENCH_PASSES=5 BENCH_SAMPLES=300 BENCH_MILLISECONDS=400

# What is measured in each boot, by the kind of guest. The threads come last: the
# base may not survive them.
readonly BENCH_PARTS_UML='latency edges probe threads' BENCH_PARTS_QEMU='latency probe threads'

# --- kernels ---------------------------------------------------------------------

# build_bench KERNEL COMMIT: BUILD, with the module for the floor.
build_bench() {
	local config=bench-uml.config
	[[ $KIND == uml ]] || config=bench-x86_64.config ARCH=x86_64
	build_tree "$2"
	build_dir "bench-$KIND-$1"
	seed_build "bench-$KIND-base"
	kernel_config "$config" && kernel_make "bench-$KIND-$1" 1000 || exit 1
	build_floor
}

build_floor() {
	local log
	log_file log "${BUILD##*/}-floor"
	mkdir -p "$BUILD/floor"
	cp "$VGPIO_ROOT"/tools/bench/floor/* "$BUILD/floor"
	run_step 'building the floor' "$log" \
		make -C "$SRC" ARCH="$ARCH" O="$BUILD" M="$BUILD/floor" modules ||
		die "the module for the floor does not build; the log is $log"
}

# Which kernels are measured: where the base has no driver, there is only one.
BENCH_KERNELS=()

# build_benches: the kernels, the simulator, and the program that measures.
build_benches() {
	prepare
	provide_kernel
	series_head || die "$(am_failure); 'apply' leaves a work tree to look at"
	BENCH_KERNELS=(series)
	! cache_git -C "$BASE_REPO" cat-file -e "$BASE_COMMIT:drivers/gpio/gpio-virtio.c" 2>/dev/null ||
		BENCH_KERNELS=(base series)
	[[ ${BENCH_KERNELS[0]} == series ]] || build_bench base "$BASE_COMMIT"
	build_bench series "$SERIES_HEAD"
	build_sim
	scratch_dir RESULTS
	gcc -O2 -Wall -Wextra -Werror -pthread -o "$RESULTS/gpio-bench" \
		"$VGPIO_ROOT/tools/bench/gpio-bench.c" || die "tools/bench/gpio-bench.c does not compile"
}

# --- devices ----------------------------------------------------------------------

# choose_cpus: GUEST_CPUS and DEVICE_CPUS. How long this machine takes to wake a
# process depends on whether it must wake a processor, too, so each run stays with
# one of the two.
choose_cpus() {
	local last=$(($(nproc) - 1))
	GUEST_CPUS=$last DEVICE_CPUS=$last
	case $CPUS in
	apart)
		((last > 0)) || die "--cpus apart needs two processors, and this machine has one"
		DEVICE_CPUS=$((last - 1))
		;;
	any) GUEST_CPUS=0-$last DEVICE_CPUS=0-$last ;;
	esac
}

# choose_priority: PRIORITY, in front of guests and devices. Where that is allowed,
# nothing else takes their processors away.
choose_priority() {
	PRIORITY=()
	[[ $KIND == qemu ]] || ! chrt -f 10 true 2>/dev/null || PRIORITY=(chrt -f 10)
}

# What the devices are for, as tools/bench/init knows them: how many lines each has.
readonly BENCH_LINES=(64 64 1024 64 65535)

bench_boards() {
	local board
	for board in "${!BENCH_LINES[@]}"; do
		say "lines ${BENCH_LINES[board]}" >"$GUEST/guest/lines$board"
	done
	seq -f 'at 0ms toggle %g' 0 63 >"$GUEST/burst"
}

# start_measured BOARD: only the one for edges keeps a record, which takes time.
start_measured() {
	local options=(--once --socket "$GUEST/gpio$1" --control "$GUEST/ctl$1" --config "$GUEST/guest/lines$1")
	[[ $1 != 1 || -z $RECORD ]] || options+=(--trace "$RECORD")
	start_board "$1" "${PRIORITY[@]}" taskset -c "$DEVICE_CPUS" "$SIM" "${options[@]}"
}

# --- boots ------------------------------------------------------------------------

# bench_boot NUMBER KERNEL OPTIONS PART...: its figures are in RESULTS/figures. In a
# shell of its own, so that what it leaves is gone before the next one.
bench_boot() {
	BOOT=$1 KERNEL=$2 KERNEL_OPTIONS=$3
	build_dir "bench-$KIND-$KERNEL"
	(
		EXIT_COMMANDS=()
		trap run_exit_commands EXIT
		boot_and_measure "${@:4}"
	)
}

# boot_and_measure PART...
boot_and_measure() {
	GUEST_EXTRA=60 DEVICE=measured RECORD=
	guest_folder
	[[ " $* " != *' edges '* ]] || RECORD=$GUEST/trace
	bench_files "$@"
	bench_boards
	start_devices "${#BENCH_LINES[@]}"
	[[ -z $RECORD ]] || bench_clock
	"start_bench_$KIND"
	serve_guest bench_report || {
		say "broken $BOOT $KERNEL $GUEST_WHY" >>"$RESULTS/figures"
		keep_guest_logs
	}
	[[ -z $RECORD ]] || {
		bench_clock
		cp "$RECORD" "$RESULTS/trace-$BOOT-$KERNEL"
	}
}

# bench_clock: what the processor counts, by the clock that the devices have.
bench_clock() {
	say "clock $BOOT $KERNEL $("$RESULTS/gpio-bench" ticks)" >>"$RESULTS/figures"
}

# bench_files PART...: what runs in the guest.
bench_files() {
	cp "$VGPIO_ROOT/tools/bench/init" "$BUILD/floor/gpio-floor.ko" "$GUEST/guest"
	mkdir -p "$GUEST/guest/bin"
	cp "$RESULTS/gpio-bench" "$GUEST/guest/bin"
	printf 'PARTS=(%s) PASSES=%q SAMPLES=%q MILLISECONDS=%q\n' "$*" "$BENCH_PASSES" \
		"$BENCH_SAMPLES" "$BENCH_MILLISECONDS" >"$GUEST/guest/wish"
}

start_bench_uml() {
	local board uml=("$BUILD/linux" mem=256M uml_dir="$GUEST/uml" umid=guest quiet
		rootfstype=hostfs rootflags=/ ro init="$GUEST/guest/init"
		'con0=null,fd:1' con=null ssl=null 'ssl0=fd:3,fd:4')
	for board in "${!BOARDS[@]}"; do
		uml+=("virtio_uml.device=$GUEST/gpio$board:41")
	done
	[[ -z $KERNEL_OPTIONS ]] || uml+=("$KERNEL_OPTIONS")
	(exec_alone timeout -s KILL "$GUEST_SECONDS" "${PRIORITY[@]}" taskset -c "$GUEST_CPUS" "${uml[@]}" \
		3<>"$GUEST/to" 4<>"$GUEST/from" </dev/null >"$GUEST/console.log" 2>&1) &
	watch_guest $!
}

# start_bench_qemu: with nothing in the guest that uses the lines.
start_bench_qemu() {
	local board qemu=(-machine 'pc,memory-backend=mem' -smp 2)
	for board in "${!BOARDS[@]}"; do
		qemu+=(-chardev "socket,id=gpio$board,path=$GUEST/gpio$board"
			-device "vhost-user-gpio-pci,chardev=gpio$board")
	done
	[[ -z $COUNTED ]] || qemu+=(-dfilter "$COUNTED" -D "$GUEST/executed")
	start_machine "${qemu[@]}" -serial "pipe:$GUEST/line" -serial "file:$GUEST/console.log"
}

# bench_report WORD TEXT: what the guest says.
bench_report() {
	local words
	read -ra words <<<"$2"
	case $1 in
	mark)
		control "${words[0]}" stats reset >/dev/null
		[[ -z $COUNTED ]] || begin_count
		;;
	toggle) control "${words[0]}" toggle "${words[@]:1}" >/dev/null ;;
	burst) control "${words[0]}" play "$GUEST/burst" >/dev/null ;;
	figure)
		if [[ $COUNTED ]]; then
			end_count "${words[@]:1:2}"
		else
			keep_figure "${words[@]}"
		fi
		;;
	stamps)
		say "stamps $BOOT $KERNEL $2" >>"$RESULTS/figures"
		return
		;;
	*) return ;;
	esac
	ANSWER=('=0')
	answer
}

# keep_figure DEVICE NAME OPERATIONS VALUE...: with what the device has counted.
keep_figure() {
	local counts
	counts=$(control "$1" stats | awk '/^(requestq|eventq)\./ { printf " %s=%s", $1, $2 }')
	say "figure $BOOT $KERNEL ${*:2}$counts" >>"$RESULTS/figures"
}

# --- instructions ------------------------------------------------------------------

# Where the driver's instructions are, in a boot that counts these.
COUNTED=

# driver_text: where the text of the driver is in the kernel in BUILD, for QEMU.
driver_text() {
	local object=$BUILD/drivers/gpio/gpio-virtio.o first size
	first=$(objdump -t "$object" | awk '$3 == "F" && $4 == ".text"' | sort | awk 'NR == 1 { print $6 }')
	first=$(nm "$BUILD/vmlinux" | awk -v name="$first" '$3 == name { print $1 }')
	size=$(size -A -d "$object" | awk '$1 == ".text" { print $2 }')
	[[ $first && $first != *$'\n'* && $size ]] || die "cannot tell where the driver is in $BUILD/vmlinux"
	printf '0x%s+%#x' "$first" "$size"
}

# begin_count: log each instruction of the driver. Releases of QEMU have two names
# for the mode in which each stands alone.
begin_count() {
	printf '%s\n' 'singlestep on' 'one-insn-per-tb on' 'log exec,nochain' >&"$TO_MONITOR"
	sleep 0.5
	: >"$GUEST/executed"
}

# end_count NAME OPERATIONS
end_count() {
	printf '%s\n' 'log none' >&"$TO_MONITOR"
	sleep 0.5
	say "figure $BOOT $KERNEL instructions-$1 $2 counted instructions=$(grep -c ^Trace "$GUEST/executed")" \
		>>"$RESULTS/figures"
}

# run_count_boots: with few samples, as each instruction is written to a file.
run_count_boots() {
	local kernel BENCH_SAMPLES=30
	[[ $KIND == qemu ]] || return 0
	for kernel in "${BENCH_KERNELS[@]}"; do
		note "  instructions, $kernel"
		build_dir "bench-$KIND-$kernel"
		COUNTED=$(driver_text)
		bench_boot 1 "$kernel" '' count
	done
	COUNTED=
}

# --- rounds -----------------------------------------------------------------------

# run_boots: base and series in turn, which of them comes first in turn as well.
run_boots() {
	local boot kernel kernels parts
	parts=BENCH_PARTS_${KIND^^}
	for ((boot = 1; boot <= BENCH_BOOTS; boot++)); do
		kernels=("${BENCH_KERNELS[@]}")
		((boot % 2 || ${#kernels[@]} == 1)) || kernels=(series base)
		for kernel in "${kernels[@]}"; do
			note "  boot $boot of $BENCH_BOOTS, $kernel"
			# shellcheck disable=SC2086 # several words
			bench_boot "$boot" "$kernel" '' ${!parts}
		done
	done
}

# run_memory_boots: apart from the others, as counting takes time, which Linux 5.10
# cannot.
run_memory_boots() {
	local kernel
	[[ $KIND == uml ]] && grep -qx CONFIG_MEM_ALLOC_PROFILING=y "$BUILD/.config" || return 0
	for kernel in "${BENCH_KERNELS[@]}"; do
		note "  memory, $kernel"
		bench_boot 1 "$kernel" sysctl.vm.mem_profiling=1 memory
	done
}

# --- reports ----------------------------------------------------------------------

bench_py() {
	python3 "$VGPIO_ROOT/tools/lib/bench-report.py" "$@"
}

# bench_setting: what else belongs to figures, a name and a value a line.
bench_setting() {
	say "guest $KIND"
	say "cpus $CPUS"
	say "priority ${PRIORITY[*]:-normal}"
	say "boots $BENCH_BOOTS"
	say "passes $BENCH_PASSES"
	say "samples $BENCH_SAMPLES"
	say "machine $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs"
	say "host Linux $(uname -r)"
	say "kernel $BASE_SOURCE"
	say "date $(date -u +%Y-%m-%d)"
	say "load $BENCH_LOAD before, $(cut -d ' ' -f 1 /proc/loadavg) after"
	say "command $BENCH_COMMAND"
}

# measure FILE: FILE, with all figures as JSON.
measure() {
	build_benches
	choose_cpus
	choose_priority
	BENCH_LOAD=$(cut -d ' ' -f 1 /proc/loadavg)
	: >"$RESULTS/figures"
	run_boots
	run_memory_boots
	run_count_boots
	bench_setting >"$RESULTS/setting"
	bench_py collect "$RESULTS" >"$RESULTS/json" || die "the figures cannot be put together, see above"
	cp "$RESULTS/json" "$1" || die "--json $1: cannot be written"
}

# draw_plots JSON FOLDER
draw_plots() {
	local log
	log_file log bench-plots
	mkdir -p "$2" 2>/dev/null || die "--plots $2: cannot be made; pass a folder that can be written"
	scratch_dir PLOTS
	bench_py data "$1" "$PLOTS" || die "the figures of $1 cannot be drawn, see above"
	run_step 'drawing' "$log" gnuplot -e "data='$PLOTS'; out='$2'" "$VGPIO_ROOT/tools/bench/plots.gp" ||
		die "gnuplot failed; its log is $log"
	note "plots: $2"
}
