# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The end-to-end cases: one list for all guests and devices, of which 'demo'
# shows a part. Each case is a function, announced by a_case with its title;
# 'show' tells the person, 'check' asserts. The host's side is in
# tools/lib/guest.sh, the lines in tools/guest/lines.

# A file of tools/guest/cases each, in the order in which they run.
GROUPS_OF_CASES=(lines edges requests kernel consumers chips sleep faults stress hostile memory removal whole breakage)

LINES_COUNT=64
ALL_LINES=$(seq 0 $((LINES_COUNT - 1)))

# What a case may make the kernel or a tool wait for.
readonly PATIENCE=20

CASES=()
declare -A TITLES NEEDED GROUP_OF

# a_case NAME TITLE [NEED...]: the function NAME, where nothing it needs is
# lacking.
a_case() {
	CASES+=("$1")
	TITLES[$1]=$2
	NEEDED[$1]=${*:3}
	GROUP_OF[$1]=$GROUP
}

# read_cases FOLDER: CASES and what is known of them.
read_cases() {
	for GROUP in "${GROUPS_OF_CASES[@]}"; do
		# shellcheck source=/dev/null
		. "$1/cases/$GROUP.sh"
	done
}

# shellcheck source=tools/guest/exceptions.sh
. "${BASH_SOURCE[0]%/*}/exceptions.sh"

# --- what a guest and its device can do --------------------------------------------

# lacks NEED: why it cannot be had here; nothing when it can.
lacks() {
	case $1 in
	irq) [[ $(<"$(virtio_device)/features") == 1* ]] || why_no_irq ;;
	without_irq) [[ $(<"$(virtio_device)/features") != 1* ]] || say_lack "the device has interrupts" ;;
	rearm) [[ $DEVICE == sim ]] || say_lack "this device does not tell when the guest is ready for an edge" ;;
	faults) [[ $DEVICE == sim ]] || say_lack "this device does nothing wrong on command" ;;
	config) [[ $KIND == uml ]] || say_lack "QEMU reads the configuration of the device once" ;;
	counts) [[ $DEVICE == sim ]] || say_lack "this device does not tell what it was asked" ;;
	second) [[ $(chip_with spare) ]] || say_lack "there is one device only" ;;
	mmio) [[ $KIND == microvm ]] || say_lack "only the guest microvm has it" ;;
	breaks) why_no_breaks ;;
	reconnect) why_no_reconnect ;;
	sleep) [[ $KIND == qemu ]] || say_lack "only the guest qemu resets devices when it sleeps" ;;
	kept) [[ $KIND == @(uml|q35) && -e /sys/power/pm_test ]] || say_lack "only the guests uml and q35 sleep without a reset of the device, if they can suspend" ;;
	deep) [[ $(</sys/power/mem_sleep) == *deep* ]] || say_lack "this machine cannot suspend to RAM" ;;
	suspend) [[ -e /sys/power/state ]] || say_lack "this kernel does not sleep" ;;
	ram) [[ $GUEST_KERNEL != kcsan ]] || say_lack "Linux with KCSAN does not come back from suspend-to-RAM, with or without a GPIO device" ;;
	msix) why_no_msix ;;
	intx) why_no_intx ;;
	replug) ! is_linux_5_10 || say_lack "gpiolib of Linux 5.10 does not survive that a chip goes whose lines are in use" ;;
	uio) why_no_uio ;;
	unplug) why_no_unplug ;;
	failing) [[ -e /proc/self/fail-nth ]] || say_lack "this kernel's memory does not run out; that of --kernel faulty does" ;;
	clock) [[ $(</sys/devices/system/clocksource/clocksource0/current_clocksource) != *jiffies ]] ||
		say_lack "the only clock of this guest is its tick" ;;
	cpus) (($(nproc) > 1)) || say_lack "this guest has one processor" ;;
	partner) [[ $KIND$DEVICE == umlsim ]] || say_lack "only the guest uml has another guest beside it, on the simulator's wires" ;;
	gpio_sim) why_no_gpio_sim ;;
	v1) why_no_v1 ;;
	distribution) [[ $(/usr/bin/gpiodetect --version) == *' v2.'* ]] || why_no_v1 ;;
	selftests) type -P gpio-mockup-cdev >/dev/null || say_lack "the selftests of this kernel have no program for this" ;;
	virtuser) [[ -d /sys/bus/platform/drivers/gpio-virtuser ]] || say_lack "this kernel has no gpio-virtuser" ;;
	supply) compgen -G '/sys/bus/platform/drivers/reg-userspace-consumer/*/state' >/dev/null || say_lack "nothing tells this guest of a regulator and its user" ;;
	[0-9]-*) [[ ! $FOLDERS || " $FOLDERS " == *" $1 "* ]] || say_lack "this kernel is without the patches of $1" ;;
	users) [[ $(chip_with key-enter) && -d /sys/class/leds/lamp ]] || say_lack "nothing tells this guest of keys and LEDs on its lines" ;;
	esac
}

is_linux_5_10() {
	[[ $(</proc/version) == 'Linux version 5.10.'* ]]
}

say_lack() {
	printf '%s\n' "$*"
}

why_no_irq() {
	if [[ $KIND == uml ]]; then
		say_lack "the device offers no interrupts"
	else
		say_lack "this QEMU hides the interrupts of the device"
	fi
}

why_no_breaks() {
	if [[ $KIND != uml ]]; then
		say_lack "QEMU keeps a device whose process ended"
	else
		why_no_unplug
	fi
}

# From QEMU 9.0 on, vub_disconnect() ends the use of a device by vhost_dev_cleanup(), and
# vub_connect() starts the next one without vhost_dev_init(). What QEMU 10.0 says then is
# "hw/virtio/vhost.c:2018: vhost_dev_start: Assertion `hdev->vhost_ops' failed."
why_no_reconnect() {
	if [[ $KIND == uml ]]; then
		say_lack "User-Mode Linux does not connect again"
	elif [[ $DEVICE != sim ]]; then
		say_lack "this device keeps no state"
	elif ((${QEMU%%.*} >= 9)); then
		say_lack "QEMU $QEMU ends with an assertion of vhost_dev_start() when it connects again"
	fi
}

why_no_unplug() {
	if [[ $KIND == microvm ]]; then
		say_lack "nothing on virtio-mmio can be unplugged"
	elif [[ $KIND == q35 ]]; then
		say_lack "the guest's kernel takes nothing out of PCI Express"
	elif [[ $KIND == uml ]] && is_linux_5_10; then
		say_lack "virtio_uml of Linux 5.10 takes a device away twice if it goes while it is used"
	fi
}

why_no_gpio_sim() {
	if ! type -P test_chip >/dev/null; then
		say_lack "the simulator's tests of lines of a host are for the guest uml, with libgpiod 2"
	elif [[ ! -d /sys/kernel/config/gpio-sim ]]; then
		say_lack "this kernel has no gpio-sim"
	fi
}

# Each kernel that the tools configure has it.
why_no_v1() {
	[[ $GUEST_KERNEL != linux-image-* || $(gpio-uapi "/dev/$CHIP" info-v1 0) == "name "* ]] ||
		say_lack "this kernel has no version 1 of the character device's interface (CONFIG_GPIO_CDEV_V1)"
}

why_no_uio() {
	if [[ ! -d /sys/class/uio ]]; then
		say_lack "uio_pdrv_genirq of this kernel knows no ACPI"
	fi
}

why_no_msix() {
	if [[ $KIND != @(qemu|q35) ]]; then
		say_lack "only the PCs of QEMU have PCI"
	elif (($(msix_vectors) < 3)); then
		say_lack "this QEMU gives the device $(msix_vectors) MSI-X vector, and it takes 3"
	fi
}

why_no_intx() {
	if [[ $KIND != @(qemu|q35) ]]; then
		say_lack "only the PCs of QEMU have PCI"
	elif (($(msix_vectors) >= 3)); then
		say_lack "this QEMU gives the device all MSI-X vectors that it takes"
	fi
}

# what_lacks CASE: the first reason not to run it.
what_lacks() {
	local need why
	why=$(exception "$1")
	[[ -z $why ]] || {
		printf '%s\n' "$why"
		return
	}
	for need in ${NEEDED[$1]}; do
		why=$(lacks "$need")
		[[ -z $why ]] || {
			printf '%s\n' "$why"
			return
		}
	done
}

# --- running them --------------------------------------------------------------------

# run_cases NAME...: one after the other.
run_cases() {
	local name
	VIOLATIONS=0 EXCUSED=$(excused_at_boot)
	mkdir /tmp/case
	mkfifo /tmp/case/no-end
	tell plan $#
	for name; do
		run_case "$name"
	done
}

# use_board NUMBER: the device that 'host' and the tools speak of from now on, told
# from others by the name of its first line.
use_board() {
	BOARD=$1 CHIP=$(chip_with "${FIRST_LINES[$1]}")
	[[ $CHIP ]]
}
FIRST_LINES=(led-red spare key-enter)

# chip_with NAME: the chip that has a line of that name.
chip_with() {
	local CHIP file
	for file in /dev/gpiochip*; do
		CHIP=${file#/dev/}
		[[ $(info 2>/dev/null) != *"\"$1\""* ]] || {
			printf '%s\n' "$CHIP"
			return
		}
	done
}

# virtio_device: of CHIP, its folder in sysfs.
virtio_device() {
	readlink -f "/sys/bus/gpio/devices/$CHIP/.."
}

# run_case NAME: a failing check ends it. Whatever a case is about, the kernel
# has no cause to complain, and neither has the device.
run_case() {
	local skip
	FAILURE='' HOLDER='' RECORDER='' PIDS=() FORGIVEN=''
	use_board 0
	echo "vgpio: case $1" >/dev/kmsg
	tell case "$1" "${TITLES[$1]}"
	skip=$(what_lacks "$1")
	if [[ $skip ]]; then
		tell skip "$skip"
		return
	fi
	"$1"
	[[ $BOARD == 0 || $FAILURE ]] || no_new_violation
	clean_up
	[[ -z $FORGIVEN ]] || EXCUSED+="|$FORGIVEN"
	[[ $FAILURE ]] || check "the kernel's log" "$(complaints "$1")" ''
	[[ $FAILURE ]] || no_new_violation
	if [[ $FAILURE ]]; then
		log_of "$1" | tail -n 40 | tell_each log
		tell fail "$FAILURE"
	else
		tell pass
	fi
}

clean_up() {
	[[ -z $HOLDER ]] || release
	[[ -z $RECORDER ]] || end_record 0
	((${#PIDS[@]} == 0)) || {
		kill "${PIDS[@]}" 2>/dev/null
		wait "${PIDS[@]}" 2>/dev/null
	}
	use_board 0
	[[ $(lacks faults) ]] || host fault none >/dev/null
}

# log_of CASE: what the kernel has said since it began.
log_of() {
	dmesg | sed -n "/vgpio: case $1\$/,\$p" | tail -n +2
}

# complaints CASE: of the kernel, the first three; none that the case forgives.
complaints() {
	log_of "$1" | unforgiven "${FORGIVEN:-^$}" | head -n 3
}

# unforgiven REGEX: bad news in a log, but no line like this; and nothing of a warning
# or a report of KASAN that begins with such a line.
unforgiven() {
	[[ $KIND != uml ]] || set -- "$1|$UML_WARNINGS"
	! is_linux_5_10 || set -- "$1|$NEWS_OF_5_10"
	races_of_others | FORGIVE=$1 awk '
		/\[ cut here \]/ { inside = 1; dropped = 0 }
		inside && /WARNING: / { dropped = $0 ~ ENVIRON["FORGIVE"] }
		/BUG: KASAN: / { inside = 1; dropped = $0 ~ ENVIRON["FORGIVE"] }
		/====================/ { inside = 0 }
		!(inside && dropped) && $0 !~ ENVIRON["FORGIVE"]
		/\[ end trace / { inside = 0 }' | grep -E "$BAD_NEWS"
}
# Its transport goes on for a while to use the descriptors of a device that has gone.
readonly UML_WARNINGS='WARNING: arch/um/drivers/virtio_uml[.]c'
# gpio_chrdev_release() frees the list of lines before it takes off the notifier that
# looks at it.
readonly NEWS_OF_5_10='KASAN: use-after-free in lineinfo_changed_notify|KCSAN: .* lineinfo_changed_notify'
BAD_NEWS='WARNING|BUG|Oops|not a head|Call Trace|gpio.*(error|fail)'

# races_of_others: a log without the titles of those data races that KCSAN reports
# elsewhere in the kernel, neither of whose two stacks begins near a line or a virtqueue.
races_of_others() {
	awk -v near='gpio|virtio|virtqueue|vring' '
		function tell() {
			if (title != "" && mine) print title
			title = ""
		}
		/BUG: KCSAN: / { tell(); title = $0; mine = title ~ near; frames = 0; next }
		/ by (task|interrupt)/ { frames = 5 }
		--frames > 0 && $0 ~ near { mine = 1 }
		/====================/ { tell() }
		{ print }
		END { tell() }'
}

# no_new_violation: nor one that 'reset_stats' has put aside.
no_new_violation() {
	[[ ! $(lacks counts) ]] || return 0
	reset_stats
}

# reset_stats: the violations that are forgotten by it are not.
reset_stats() {
	local violations
	violations=$(stat_of violations)
	VIOLATIONS=$((VIOLATIONS + violations))
	host stats reset >/dev/null
	check "violations of the specification by the driver" "$violations" 0
}

# show COMMAND OUTPUT: what was typed and what came.
show() {
	tell show "$1"
	tell_each out <<<"$2"
}

# tell_each WORD: each line of standard input.
tell_each() {
	local line
	while IFS= read -r line; do
		tell "$1" "$line"
	done
}

# check WHAT GOT WANTED
check() {
	[[ $2 != "$3" ]] || return 0
	[[ $FAILURE ]] || FAILURE="$1: got '${2//$'\n'/ / }', wanted '${3//$'\n'/ / }'"
	return 1
}

# write TEXT FILE: print what is wrong with it, if anything.
write() {
	{ printf '%s\n' "$1" >"$2"; } 2>&1
}

# value_of LINE: what the host sees on the line.
value_of() {
	host get "$1" | sed -n 's/^ok //p'
}

# field LINE FIELD: what else the host knows of it, LINE being a number.
field() {
	ask line "$BOARD" "$1" | sed -n "s/^line .* $2 \([a-z0-9-]*\).*/\1/p"
}

# wait_for LINE FIELD VALUE: until the host sees it, as long as PATIENCE lasts.
wait_for() {
	local i
	for ((i = 0; i < PATIENCE * 10; i++)); do
		[[ $(field "$1" "$2") != "$3" ]] || return 0
		sleep 0.1
	done
}

# wait_until COMMAND...: until it is true, as long as PATIENCE lasts.
wait_until() {
	local i
	for ((i = 0; i < PATIENCE * 10; i++)); do
		! "$@" 2>/dev/null || return 0
		sleep 0.1
	done
	return 1
}
