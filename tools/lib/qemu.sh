# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A guest in QEMU that is wired to the simulator, as tools/lib/guest.sh wires
# one under User-Mode Linux. It sleeps as a PC does, and its devices are reset
# then. Processors are emulated, so that it is the same everywhere.

# What the guest takes of this machine, with the libraries these need.
readonly GUEST_PROGRAMS=(awk basename bash cat cut dirname dmesg gpiodetect gpioget gpioinfo gpiomon gpioset
	grep head ln ls mkdir mkfifo mount nproc od paste readlink rmdir sed seq sleep sort stty sync tail taskset
	timeout tr uniq wc)

# guest_programs: a line of gen_init_cpio for each file.
guest_programs() {
	local name
	for name in "${GUEST_PROGRAMS[@]}" "${STOCK_PROGRAMS[@]}"; do
		with_libraries "/usr/bin/$name" "$(readlink -f "$(command -v "$name")")"
	done | sort -u
}

# with_libraries NAME FILE: lines of gen_init_cpio for a program and what it is linked to.
with_libraries() {
	say "file $1 $2 0755 0 0"
	{ ldd "$2" 2>/dev/null || :; } |
		sed -nE 's/.*[[:space:]](\/[^ ]+) \(.*/file \1 \1 0755 0 0/p'
}

# with_folders: the same lines, after those for the folders they need.
with_folders() {
	awk '
		{ lines[NR] = $0; n = split($2, part, "/"); path = "" }
		{
			for (i = 2; i < n; i++) {
				path = path "/" part[i]
				if (!seen[path]++)
					print "dir " path " 0755 0 0"
			}
		}
		END { for (i = 1; i <= NR; i++) print lines[i] }'
}

# guest_initramfs: GUEST/initramfs, with the programs and GUEST/guest.
guest_initramfs() {
	local name
	{
		{
			guest_programs
			program_files
		} | sort -u
		(cd "$GUEST" && find guest -type f) | while read -r name; do
			say "file /$name $GUEST/$name 0755 0 0"
		done
		for name in proc sys tmp run; do
			say "dir /$name 0755 0 0"
		done
		say 'slink /bin usr/bin 0777 0 0'
		say 'nod /dev/console 0600 0 0 c 5 1'
	} | with_folders >"$GUEST/initramfs.list"
	"$BUILD/usr/gen_init_cpio" "$GUEST/initramfs.list" >"$GUEST/initramfs" ||
		die "the guest's file system cannot be packed"
}

# build_qemu: BUILD, the kernel for it.
build_qemu() {
	if is_stock; then
		build_stock_guest
		return
	fi
	ARCH=x86_64
	build_guest_kernel guest-x86_64 1500 guest-x86_64.config
}

# The same for a machine without PCI.
build_microvm() {
	build_qemu
}

# And for one with PCI Express.
build_q35() {
	qemu-system-x86_64 -device vhost-user-gpio-pci,help | grep no-soft-reset >/dev/null ||
		die "--guest q35: needs QEMU 9.1 or newer, as older ones reset all devices after a sleep"
	build_qemu
}

# qemu_version: of the QEMU in PATH.
qemu_version() {
	qemu-system-x86_64 --version | sed -nE 's/^QEMU emulator version ([0-9]+[.][0-9]+).*/\1/p'
}

# board_socket BOARD: where QEMU finds a device; again once a second when that ended. From
# 9.0 on, QEMU begins to use one before it is connected if it is to connect again.
board_socket() {
	local again=''
	version_ge "$(qemu_version)" 9.0 || again=,reconnect=1
	say "socket,id=gpio$1,path=$GUEST/gpio$1$again"
}

# start_qemu: GUEST_PID, a PC with its devices on PCI, in slots that ACPI tables
# can name.
start_qemu() {
	local board qemu=(-machine 'pc,memory-backend=mem' -smp 2)
	for board in "${!BOARDS[@]}"; do
		qemu+=(-chardev "$(board_socket "$board")"
			-device "vhost-user-gpio-pci,id=gpio$board,chardev=gpio$board,addr=$((4 + board))")
	done
	((${#BOARDS[@]} == 1)) || {
		guest_acpi
		qemu+=(-acpitable "file=$GUEST/guest.aml")
	}
	start_machine "${qemu[@]}" -serial "pipe:$GUEST/line" -serial "file:$GUEST/console.log"
}

# start_q35: GUEST_PID, a PC whose devices keep their state while it sleeps.
start_q35() {
	local board qemu=(-machine 'q35,memory-backend=mem' -smp 2)
	for board in "${!BOARDS[@]}"; do
		qemu+=(-device "pcie-root-port,id=port$board,chassis=$board"
			-chardev "$(board_socket "$board")"
			-device "vhost-user-gpio-pci,id=gpio$board,chardev=gpio$board,bus=port$board,x-pcie-pm-no-soft-reset=on")
	done
	start_machine "${qemu[@]}" -serial "pipe:$GUEST/line" -serial "file:$GUEST/console.log"
}

# start_microvm: GUEST_PID, a machine with its devices on virtio-mmio. With ACPI
# it has no clock that a kernel could measure an emulated processor by.
start_microvm() {
	local board qemu=(-machine 'microvm,acpi=off,memory-backend=mem'
		-global virtio-mmio.force-legacy=false)
	for board in "${!BOARDS[@]}"; do
		qemu+=(-chardev "$(board_socket "$board")"
			-device "vhost-user-gpio-device,chardev=gpio$board")
	done
	start_machine "${qemu[@]}" -serial "pipe:$GUEST/line" \
		-chardev "file,id=console,path=$GUEST/console.log" \
		-device isa-serial,index=1,chardev=console
}

# What the kernel of each machine is told: where its console is; that a panic ends it, in a
# way that one without ACPI knows, too; and not to check its timer, as an emulated processor
# is too slow for that on a busy machine.
readonly MACHINE_OPTIONS='console=ttyS1 panic=-1 reboot=t no_timer_check no_console_suspend quiet log_buf_len=4M suspend.pm_test_delay=2'

# start_machine ARGUMENT...: with its console in a log. The serial line for the
# cases comes first, as under User-Mode Linux.
start_machine() {
	local qemu=(qemu-system-x86_64 -nodefaults -no-reboot -display none -accel tcg -m "${GUEST_MIB}M"
		-object "memory-backend-memfd,id=mem,size=${GUEST_MIB}M,share=on"
		-kernel "${IMAGE:-$BUILD/arch/x86/boot/bzImage}" -initrd "$GUEST/initramfs"
		-append "$MACHINE_OPTIONS $STOCK_OPTIONS $UIO_OPTION rdinit=/guest/init"
		-monitor "pipe:$GUEST/monitor")
	! is_stock || guest_modules
	guest_initramfs
	ln -s to "$GUEST/line.in"
	ln -s from "$GUEST/line.out"
	mkfifo "$GUEST"/monitor.{in,out}
	exec {TO_MONITOR}<>"$GUEST/monitor.in"
	(exec_alone timeout -s KILL "$GUEST_SECONDS" "${qemu[@]}" "$@" \
		</dev/null >"$GUEST/qemu.log" 2>&1) &
	watch_guest $!
}
