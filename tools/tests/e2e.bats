#!/usr/bin/env bats
# The verb 'e2e': its options, its list of cases, and what it tells of them.

load helper

setup() {
	common_setup
}

# refused ARGUMENT...: before anything is built.
refused() {
	run vgpio e2e "$@"
	[ "$status" -eq 1 ]
	one_line
	[ ! -e "$XDG_CACHE_HOME/vgpio/src" ]
}

@test "the list has every case, with its title, and each is a function" {
	run vgpio e2e --list
	[ "$status" -eq 0 ]
	local name count=0
	while read -r name; do
		[[ $output == *"  $name "* ]]
		grep -q "^$name() {\$" "$REPO"/tools/guest/cases/*.sh
		count=$((count + 1))
	done < <(sed -n 's/^a_case \([a-z0-9_]*\) ".*".*/\1/p' "$REPO"/tools/guest/cases/*.sh)
	[ "$count" -gt 40 ]
	[ "$count" -eq "$(grep -c '^a_case' <(cat "$REPO"/tools/guest/cases/*.sh))" ]
	[ "$count" -eq "$(grep -c '^  ' <<<"$output")" ]
}

@test "every case asserts something" {
	local file
	for file in "$REPO"/tools/guest/cases/*.sh; do
		[ "$(grep -c '^a_case' "$file")" -le "$(grep -c 'check \|_over ' "$file")" ]
	done
}

@test "every need of a case is one that can be told to be lacking" {
	local need
	while read -r need; do
		[ -d "$BATS_TEST_DIRNAME/../../patches/mainline/$need" ] || grep -q "^	$need) " "$REPO/tools/guest/cases.sh"
	done < <(sed -n 's/^a_case [a-z0-9_]* ".*" //p' "$REPO"/tools/guest/cases/*.sh | tr ' ' '\n' | sort -u)
}

@test "every exception is of a case that there is" {
	local name
	while read -r name; do
		grep -q "^a_case $name " "$REPO"/tools/guest/cases/*.sh
	done < <(sed -n 's/^	\[\([a-z0-9_]\+\).*/\1/p' "$REPO/tools/guest/exceptions.sh")
}

@test "what only the simulator can say is not asked of another device" {
	refused --strict --device reference
	[[ $output == *"--strict: only the simulator can say it, not --device reference"* ]]
}

@test "the driver's report is that of each device, and fails with a rule that was broken" {
	GUEST=$BATS_TEST_TMPDIR SIM=true
	printf 'listening\nTAP version 13\n1..1\nok 1 - D1\n' >"$GUEST/device0.log"
	cp "$GUEST/device0.log" "$GUEST/device1.log"
	# shellcheck source=/dev/null
	. "$REPO/tools/lib/guest.sh"
	say() { echo "$*"; }
	wait_until_gone() { :; }
	BOARDS=(1 1)
	run report_rules
	[ "$status" -eq 0 ]
	[ "$(grep -c '^ok 1 - D1$' <<<"$output")" -eq 2 ]
	[[ $output != *listening* ]]
	echo 'not ok 2 - D2' >>"$GUEST/device1.log"
	run report_rules
	[ "$status" -eq 1 ]
}

@test "a guest or a device that there is not" {
	refused --guest xen
	[[ $output == *"--guest 'xen': there is uml qemu q35 microvm"* ]]
	refused --device=none
	[[ $output == *"--device 'none': there is sim reference"* ]]
	refused --guest
	[[ $output == *"--guest needs a value"* ]]
}

@test "a kernel, a number or a seed that there is not" {
	refused --kernel none
	[[ $output == *"--kernel 'none': there is plain faulty kasan kcsan base"* ]]
	refused --kernel kcsan
	[[ $output == *"User-Mode Linux has no KCSAN; pass --guest qemu"* ]]
	local number
	for number in 0 -1 many 1000000000 1e6; do
		refused --ops "$number"
		[[ $output == *"--ops '$number': a number from 1 to 999999999 is needed"* ]]
	done
	refused --seed=1000000000
	refused --seed=x
	[[ $output == *"--seed 'x': a number"* ]]
}

@test "the guest is told how much is asked of it, and a long run is not recorded" {
	mkdir -p "$BATS_TEST_TMPDIR/guest/guest"
	run e2e_lib eval "GUEST=$BATS_TEST_TMPDIR/guest CHOSEN=(stress_lines) FOLDERS=(1-fixes 3-requests)
		stress_wish ops 1000000; stress_wish seed 7; guest_wish; recorded || echo not recorded"
	[ "$output" = "not recorded" ]
	[ "$(<"$BATS_TEST_TMPDIR/guest/guest/wish")" = \
		"KIND=uml QEMU=none DEVICE=sim GUEST_KERNEL=plain OPERATIONS=1000000 SEED=7 CHOSEN=(stress_lines) FOLDERS=1-fixes\\ 3-requests" ]
	run e2e_lib eval 'recorded && echo "${#SEED}"'
	[[ $output == [1-9]* ]]
}

@test "a case is skipped where its patches are not applied, and nowhere else" {
	lack() {
		bash -c 'FOLDERS=$1; . "$2"; lacks 4-interrupts' - "$1" "$REPO/tools/guest/cases.sh"
	}
	[ "$(lack "1-fixes 3-requests")" = "this kernel is without the patches of 4-interrupts" ]
	[ ! "$(lack "3-requests 4-interrupts 5-pm")" ]
	[ ! "$(lack "")" ]
}

@test "a kernel without the series skips no case for that" {
	mkdir -p "$BATS_TEST_TMPDIR/guest/guest"
	run e2e_lib eval "GUEST=$BATS_TEST_TMPDIR/guest CHOSEN=() FOLDERS=(1-fixes) GUEST_KERNEL=base; guest_wish"
	[[ "$(<"$BATS_TEST_TMPDIR/guest/guest/wish")" == *" FOLDERS=''" ]]
}

@test "of the data races in a log only those near lines and virtqueues are told" {
	races() {
		bash -c 'KIND=qemu GUEST_KERNEL=kcsan; . "$1"; unforgiven "${2:-^$}"' - "$REPO/tools/guest/cases.sh" "$@"
	}
	cat >"$BATS_TEST_TMPDIR/log" <<-'END'
		BUG: KCSAN: data-race in set_nlink / set_nlink

		read to 0xffff888000442600 of 4 bytes by task 357 on cpu 0:
		 set_nlink+0x12/0x30
		 kernfs_refresh_inode+0x40/0x90
		 kernfs_iop_permission+0x30/0x60
		 virtio_gpio_far_away+0x30/0x60
		==================================================================
		BUG: KCSAN: data-race in _find_next_bit / strlen

		write to 0xffff888000442602 of 8 bytes by interrupt on cpu 1:
		 _find_next_bit+0x12/0x30
		 virtio_gpio_send+0x40/0x90
		==================================================================
		BUG: KCSAN: data-race in one / another
		==================================================================
		BUG: something else
		BUG: KCSAN: data-race in vring_one / another
	END
	run races <"$BATS_TEST_TMPDIR/log"
	[ "$output" = "BUG: KCSAN: data-race in _find_next_bit / strlen
BUG: something else
BUG: KCSAN: data-race in vring_one / another" ]
	run races _find_next_bit <"$BATS_TEST_TMPDIR/log"
	[ "${#lines[@]}" -eq 2 ]
}

@test "of a report that is forgiven nothing is told, of the next one all" {
	cat >"$BATS_TEST_TMPDIR/log" <<-'END'
		==================================================================
		BUG: KASAN: use-after-free in lineinfo_changed_notify+0xcb/0x190
		Call Trace:
		 lineinfo_changed_notify+0xcb/0x190
		==================================================================
		BUG: KASAN: use-after-free in virtio_gpio_wait+0xcb/0x190
		Call Trace:
		==================================================================
	END
	run bash -c 'KIND=qemu GUEST_KERNEL=kasan; . "$1"; unforgiven lineinfo_changed' - \
		"$REPO/tools/guest/cases.sh" <"$BATS_TEST_TMPDIR/log"
	[ "$output" = "BUG: KASAN: use-after-free in virtio_gpio_wait+0xcb/0x190
Call Trace:" ]
}

@test "whatever seed a run takes can be asked for" {
	run e2e_lib eval 'for ((i = 0; i < 200; i++)); do stress_wish seed "$(any_seed)"; done'
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "what the guest's programs do not understand" {
	local program
	for program in gpio-stress fail-nth i2c-read; do
		gcc -Wall -Wextra -Werror -pthread -o "$BATS_TEST_TMPDIR/$program" "$REPO/tools/guest/$program.c"
	done
	run "$BATS_TEST_TMPDIR/gpio-stress" -n 10
	[ "$status" -eq 2 ]
	[[ $output == usage:* ]]
	run "$BATS_TEST_TMPDIR/gpio-stress" /nowhere
	[ "$status" -eq 1 ]
	[[ $output == *"/nowhere has no chip"* ]]
	run "$BATS_TEST_TMPDIR/fail-nth" 1 nonsense
	[ "$status" -eq 2 ]
	run "$BATS_TEST_TMPDIR/i2c-read" /dev/null
	[ "$status" -eq 2 ]
	[[ $output == usage:* ]]
	run "$BATS_TEST_TMPDIR/i2c-read" /nowhere 0x50
	[ "$status" -eq 1 ]
	[ "$output" = "open ENOENT" ]
}

@test "a case that there is not" {
	refused all_lines nonsense
	[[ $output == *"no case or group of cases 'nonsense'"*"--list"* ]]
	refused --list all_lines
	[[ $output == *"--list takes no case"* ]]
	refused --nonsense
	[[ $output == *"does not know '--nonsense'"* ]]
}

# e2e_lib COMMAND...: a function of tools/lib/e2e.sh or report.sh.
e2e_lib() {
	VGPIO_ROOT=$REPO bash -c 'for lib in common guest report e2e; do . "$VGPIO_ROOT/tools/lib/$lib.sh"; done
		STEP_PID=; end_step() { :; }; "$@"' - "$@"
}

@test "cases and groups are chosen by name, in the list's order" {
	[ "$(e2e_lib eval 'choose_cases whole names chip; echo ${CHOSEN[*]}')" = "chip names no_violation clean_log" ]
	[ "$(e2e_lib eval 'choose_cases; echo ${#CHOSEN[@]}')" -eq "$(vgpio e2e --list | grep -c '^  ')" ]
}

@test "devices are started only where a case needs them" {
	[ "$(e2e_lib eval 'choose_cases lines; devices_wanted')" = 1 ]
	[ "$(e2e_lib eval 'choose_cases removed; devices_wanted')" = 3 ]
}

# reported TEXT: what TAP makes of what a guest tells.
reported() {
	local guest=$BATS_TEST_TMPDIR/guest
	mkdir -p "$guest"
	printf 'old\n' | tee "$guest/device0.log" >"$guest/trace0.json"
	e2e_lib eval "
		GUEST=$guest PASSED=0 FAILED=0 SKIPPED=0 CASE_LOG=()
		while read -r word text; do
			case \$word in
			device) echo \"\$text\" >>\$GUEST/device0.log ;;
			trace) echo \"\$text\" >>\$GUEST/trace0.json ;;
			*) tap \$word \"\$text\" ;;
			esac
		done"
}

@test "a failed case brings the guest's log, the device's, and how to run it alone" {
	run reported <<-'END'
		plan 2
		case chip the guest has the chip
		pass
		case names lines have names
		device something odd
		log gpio_virtio: oh
		fail names: got 'a', wanted 'b'
	END
	[ "$(sed -E 's/ in [0-9]+ms/ in Nms/' <<<"$output")" = "1..2
ok 1 - the guest has the chip in Nms
not ok 2 - lines have names in Nms # names: got 'a', wanted 'b'
# guest: gpio_virtio: oh
# device0: something odd
# alone: tools/vgpio e2e --guest uml --device sim names" ]
}

@test "what runs a failed case alone names its kernel" {
	run e2e_lib eval "GUEST=$BATS_TEST_TMPDIR GUEST_KERNEL=linux-image-7.3.4 KIND=qemu CASE=names; case_details"
	[ "$output" = "alone: tools/vgpio e2e --guest qemu --device sim --kernel linux-image-7.3.4 names" ]
}

@test "a failed case brings the last 40 transactions of each device, none of the case before" {
	local i traces=
	for i in {1..41}; do
		traces+="trace {\"t\":$i}"$'\n'
	done
	run reported <<-END
		plan 2
		case chip the guest has the chip
		trace {"t":0}
		fail one
		case names lines have names
		$traces
		fail two
	END
	[ "${lines[2]}" = '# trace0: {"t":0}' ]
	[[ ${lines[4]} == "not ok 2 - lines have names in "*"ms # two" ]]
	[ "${lines[5]}" = '# trace0: {"t":2}' ]
	[ "$(grep -c '^# trace0: ' <<<"$output")" -eq 41 ]
	[[ $output != *old* ]]
}

@test "the preloaded chip has its lines, its socket, and edges" {
	local dir=$BATS_TEST_TMPDIR
	gcc -Wall -Wextra -Werror -shared -fPIC -o "$dir/chip.so" "$BATS_TEST_DIRNAME/../reference/chip.c" -ldl -lpthread
	gcc -Wall -Wextra -Werror -o "$dir/gpio-uapi" "$REPO/tools/guest/gpio-uapi.c"
	local preloaded=(timeout 20 env VGPIO_CHIP_LINES="$REPO/tools/guest/lines0" VGPIO_CHIP_CONTROL="$dir/ctl"
		LD_PRELOAD="$dir/chip.so" "$dir/gpio-uapi" /dev/gpiochip0)
	chip() {
		rm -f "$dir/ctl"
		"${preloaded[@]}" "$@"
	}
	run chip info 3
	[ "$output" = "name 'door' consumer '' flags input" ]
	run chip info 64
	[ "$output" = "info EINVAL" ]
	[ "$(chip toggle 5 10)" = "0 wrong of 10" ]
	run chip get input 3 4
	[ "$output" = "request EINVAL" ]
	rm -f "$dir/ctl"
	"${preloaded[@]}" edges input,rising,falling 3 3 3>&- >"$dir/edges" &
	until grep -qs armed "$dir/edges"; do sleep 0.1; done
	printf 'set door 1\nset 3 0\nset 99 1\nget 3\nnonsense 3\n' | python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
f = s.makefile("rw")
for line in sys.stdin:
    f.write(line); f.flush()
    print(f.readline().strip())' "$dir/ctl" >"$dir/replies"
	local chip=$!
	until [ "$(wc -l <"$dir/edges")" -eq 3 ]; do sleep 0.1; done
	kill "$chip"
	[ "$(paste -sd, "$dir/replies")" = "ok,ok,error no such line,ok 0,error no such command" ]
	[ "$(grep -oE '^(rising|falling) line 3' "$dir/edges" | paste -sd,)" = "rising line 3,falling line 3" ]
}
