# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The end-to-end cases: which of them, in which guest, on which device.

readonly GUEST_KINDS=(uml qemu q35 microvm) DEVICE_KINDS=(sim reference) KERNEL_KINDS=(plain faulty kasan kcsan base)

# What a guest runs in, and what its devices are.
KIND=uml DEVICE=sim

# case_table: a line for each case, its parts separated by tabs: name, group,
# needs, title. The cases' own names stay out of this shell.
case_table() (
	# shellcheck source=tools/guest/cases.sh
	. "$VGPIO_ROOT/tools/guest/cases.sh"
	read_cases "$VGPIO_ROOT/tools/guest"
	for name in "${CASES[@]}"; do
		printf '%s\t%s\t%s\t%s\n' "$name" "${GROUP_OF[$name]}" "${NEEDED[$name]:--}" "${TITLES[$name]}"
	done
)

# list_cases: for the person.
list_cases() {
	local name group needs title last=
	while IFS=$'\t' read -r name group needs title; do
		[[ $group == "$last" ]] || say "$BOLD$group$PLAIN"
		last=$group
		printf '  %-22s %s%s\n' "$name" "$title" \
			"$([[ $needs == - ]] || say " (needs: $needs)")"
	done < <(case_table)
}

# choose_cases [NAME...]: CHOSEN, in the list's order: the cases and groups of
# that name, or all.
choose_cases() {
	local wanted table
	table=$(case_table)
	for wanted; do
		cut -f 1,2 <<<"$table" | tr '\t' '\n' | grep -qxF -- "$wanted" ||
			die "no case or group of cases '$wanted'; 'tools/vgpio e2e --list' lists them"
	done
	mapfile -t CHOSEN < <(awk -F '\t' -v names="$*" '
		BEGIN { n = split(names, list, " "); for (i = 1; i <= n; i++) want[list[i]] = 1 }
		n == 0 || $1 in want || $2 in want { print $1 }' <<<"$table")
}

# devices_wanted: how many the chosen cases need.
devices_wanted() {
	local name needs
	while IFS=$'\t' read -r name _ needs _; do
		[[ " ${CHOSEN[*]-} " != *" $name "* || " $needs " != *\ @(second|users)\ * ]] || {
			say 3
			return
		}
	done < <(case_table)
	say 1
}

# one_of WHAT VALUE NAME...: end the run unless VALUE is one of the names.
one_of() {
	[[ " ${*:3} " == *" $2 "* ]] || die "$1 '$2': there is ${*:3}"
}

# build_guest: the kernel for it, with the series, and what its devices need.
build_guest() {
	! is_stock || want_stock_guest
	prepare
	build_early
	provide_kernel
	finish_job early
	is_stock || use_whole_series
	"build_$KIND"
	build_sim
	[[ $DEVICE == sim ]] || "build_$DEVICE"
}

use_whole_series() {
	series_head || die "$(am_failure); 'apply' leaves a work tree to look at"
	use_tree "$SERIES_HEAD"
}

# build_early: to fetch a kernel, where there is none yet, keeps one processor busy.
# Meanwhile the other one makes what a guest needs besides. What fails there is done
# again, and then explained.
build_early() {
	local log
	[[ ! -d $CACHE/tree ]] || return 0
	log_file log guest-early
	start_job early 4500 "$log" own_run early_parts
}

early_parts() {
	build_sim
	provide_libgpiod
}

# ready_guest CASE-OR-GROUP...: all that is built before it can boot.
ready_guest() {
	choose_cases "$@"
	GUEST_SECONDS=$((300 + OPERATIONS / 250))
	[[ $KIND == uml ]] || emulate
	watched_kernel
	[[ $DEVICE == sim ]] || need_reference
	build_guest
}

only_build_guest() {
	ready_guest
	provide_libgpiod || note "libgpiod: none, as $NO_LIBGPIOD"
	say "built: $BUILD"
}

# run_guest HOW CASE-OR-GROUP...: build a guest, boot it and run the cases.
run_guest() {
	ready_guest "${@:2}"
	guest_folder
	guest_wish
	guest_helpers
	guest_tools
	GUEST_EXTRA=60
	start_devices "$(devices_wanted)"
	watch_devices
	local status=0
	run_cases "$1" "start_$KIND" || status=1
	((STRICT == 0)) || report_rules || status=1
	return "$status"
}

# watch_devices: keep what devices report, for cases that look at what has happened. Of
# the first one that would be too much where a case asks for much of it.
watch_devices() {
	local board
	[[ $DEVICE == sim ]] || return 0
	for board in "${!BOARDS[@]}"; do
		if ((board > 0)) || recorded; then
			watch_device "$board"
		fi
	done
}

# emulate: processors are slow then.
emulate() {
	need_qemu
	[[ $KIND != qemu || $(devices_wanted) == 1 ]] || need_more acpi
	GUEST_SECONDS=$((600 + OPERATIONS / 100))
}

# watched_kernel: one that watches itself is slow, and what it knows takes memory.
watched_kernel() {
	case $GUEST_KERNEL in
	kasan | kcsan) GUEST_SECONDS=$((GUEST_SECONDS * 4)) GUEST_MIB=512 ;;
	*) return 0 ;;
	esac
	[[ $GUEST_KERNEL$KIND != kcsanuml ]] ||
		die "--kernel kcsan: User-Mode Linux has no KCSAN; pass --guest qemu"
}

# any_seed: a number that --seed takes.
any_seed() {
	say $(((RANDOM << 15 | RANDOM) % 999999999 + 1))
}

# How much the stress asks for, where its dice begin, and from where on the
# records of a device would be too large.
OPERATIONS=20000 SEED=$(any_seed)
readonly MOST_RECORDED=100000

# stress_wish OPTION VALUE
stress_wish() {
	[[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || die "--$1 '$2': a number from 1 to 999999999 is needed"
	case $1 in
	ops) OPERATIONS=$2 ;;
	seed) SEED=$2 ;;
	esac
}

# recorded: whether the records of devices stay small.
recorded() {
	((OPERATIONS <= MOST_RECORDED))
}

# guest_wish: what the guest shall do, for tools/guest/init.
guest_wish() {
	local qemu=none folders="${FOLDERS[*]}"
	[[ $KIND == uml ]] || qemu=$(qemu_version)
	# Without the series all cases run, to see what it is worth.
	[[ $GUEST_KERNEL != base ]] || folders=
	printf 'KIND=%q QEMU=%q DEVICE=%q GUEST_KERNEL=%q OPERATIONS=%d SEED=%d CHOSEN=(%s) FOLDERS=%q\n' "$KIND" "$qemu" \
		"$DEVICE" "$GUEST_KERNEL" "$OPERATIONS" "$SEED" "${CHOSEN[*]-}" "$folders" >"$GUEST/guest/wish"
}

# The kernel's own programs for lines that its guest gets, below its tools.
readonly KERNEL_PROGRAMS=(gpio/lsgpio gpio/gpio-event-mon gpio/gpio-hammer
	testing/selftests/gpio/gpio-chip-info testing/selftests/gpio/gpio-line-name
	testing/selftests/gpio/gpio-mockup-cdev)

# guest_helpers: GUEST/guest/bin, programs that ask what libgpiod's do not.
guest_helpers() {
	local log
	log_file log guest-helpers
	mkdir -p "$GUEST/guest/bin"
	run_step 'building the helpers of the guest' "$log" compile_helpers ||
		die "the helpers of the guest do not build; the log is $log"
}

compile_helpers() {
	local program utils=$SRC/tools/gpio/gpio-utils
	for program in gpio-uapi gpio-stress gpio-handshake fail-nth i2c-read; do
		gcc -O2 -Wall -Wextra -Werror -pthread -o "$GUEST/guest/bin/$program" "$GUEST/guest/$program.c" || return
	done
	gcc -O2 -D_GNU_SOURCE -c -o "$GUEST/gpio-utils.o" "$utils.c" || return
	for program in "${KERNEL_PROGRAMS[@]}"; do
		# Not every kernel has all of them.
		[[ -e $SRC/tools/$program.c ]] || continue
		gcc -O2 -D_GNU_SOURCE -I"${utils%/*}" -o "$GUEST/guest/bin/${program##*/}" \
			"$SRC/tools/$program.c" "$GUEST/gpio-utils.o" || return
	done
}

# guest_tools: libgpiod 2 where it can be had, in front of the distribution's.
guest_tools() {
	if provide_libgpiod; then
		cp "$LIBGPIOD"/bin/gpio* "$GUEST/guest/bin"
		[[ $KIND != uml ]] || guest_tests
	else
		note "libgpiod: the distribution's tools only, as $NO_LIBGPIOD"
	fi
}

# guest_tests: the simulator's tests of lines of a host, which the guest is for them. They
# need the libraries of this machine.
guest_tests() {
	local log
	log_file log guest-tests
	run_step "building the simulator's tests for the guest" "$log" make -C "$VGPIO_ROOT/tools/sim" \
		O="$(sim_folder)" PKG_CONFIG="env PKG_CONFIG_PATH=$LIBGPIOD/lib/pkgconfig pkg-config" guest-tests ||
		die "the simulator's tests for the guest do not build; the log is $log"
	cp "$(sim_folder)/guest/test_chip" "$GUEST/guest/bin"
}

# Which of the devices that these tell of are for programs (CONFIG_UIO).
readonly UIO_OPTION=uio_pdrv_genirq.of_id=generic-uio

# guest_acpi: GUEST/guest.aml, a table in addition to QEMU's.
guest_acpi() {
	local log
	log_file log guest-acpi
	iasl -p "$GUEST/guest" "$GUEST/guest/guest.asl" >"$log" 2>&1 ||
		die "the ACPI table of the guest does not compile; the log is $log"
}

# guest_devicetree: GUEST/guest.dtb, with the compiler that came with the kernel.
guest_devicetree() {
	local log
	log_file log guest-devicetree
	sed "s|@SOCKET@|$GUEST/gpio2|" "$GUEST/guest/guest.dts" |
		"$BUILD/scripts/dtc/dtc" -I dts -O dtb -o "$GUEST/guest.dtb" >"$log" 2>&1 ||
		die "the device tree of the guest does not compile; the log is $log"
}
