#!/usr/bin/env bats
# The guest in QEMU: what goes into its file system, and who wakes it.

load helper

# qemu_lib COMMAND...: a function of tools/lib/qemu.sh or guest.sh.
qemu_lib() {
	bash -c '. "$0/common.sh"; . "$0/guest.sh"; . "$0/stock.sh"; . "$0/qemu.sh"; STEP_PID=; end_step() { :; }
		"$@"' "$BATS_TEST_DIRNAME/../lib" "$@"
}

@test "a folder comes before what is in it, and once" {
	run qemu_lib with_folders <<-'END'
		file /a/b/one /x 0755 0 0
		file /a/two /x 0755 0 0
		dir /proc 0755 0 0
	END
	[ "$output" = "dir /a 0755 0 0
dir /a/b 0755 0 0
file /a/b/one /x 0755 0 0
file /a/two /x 0755 0 0
dir /proc 0755 0 0" ]
}

@test "every program goes in, with its libraries and their loader" {
	run qemu_lib guest_programs
	[ "$status" -eq 0 ]
	[[ $output == *"file /usr/bin/gpiomon /"* ]]
	[[ $output == *"/libc.so.6 "* ]]
	[[ $output == *"/ld-linux-"* ]]
	local name file
	while read -r _ name file _; do
		[ -f "$file" ]
		[[ $name == /* ]]
	done <<<"$output"
}

@test "a kernel that panics ends its machine, which is too slow to check its timer" {
	local dir=$BATS_TEST_TMPDIR
	run qemu_lib eval "
		GUEST=$dir BUILD=/build TO_MONITOR=
		guest_initramfs() { :; }
		exec_alone() { printf '%s\n' \"\$@\" >$dir/command; }
		watch_guest() { wait \$1; }
		start_machine -machine pc"
	[ "$status" -eq 0 ]
	grep -qx -e -no-reboot "$dir/command"
	grep -A 1 -x -e -append "$dir/command" | grep -qw 'panic=-1 reboot=t no_timer_check'
	grep -A 1 -x -e -kernel "$dir/command" | grep -qx /build/arch/x86/boot/bzImage
}

# serve SECONDS: with a guest that says what is read, and how it is woken; no longer
# than until it is.
serve() {
	local dir=$BATS_TEST_TMPDIR
	mkfifo "$dir/from"
	qemu_lib eval "
		both_alive() { ((SECONDS < $1)) && [[ ! -s $dir/monitor ]]; }
		exec {FROM_GUEST}<>$dir/from {TO_GUEST}>$dir/to {TO_MONITOR}>$dir/monitor
		cat >$dir/from
		serve_guest :"
}

@test "a guest that asks for more of an answer than there is gets its end" {
	serve 5 <<<$'next\nend'
	[ "$(<"$BATS_TEST_TMPDIR/to")" = "=1" ]
}

@test "a guest that sleeps is woken, one that is busy is not" {
	serve 6 <<<'asleep' || true
	grep -qx wake "$BATS_TEST_TMPDIR/to"
	grep -qx system_wakeup "$BATS_TEST_TMPDIR/monitor"
	rm "$BATS_TEST_TMPDIR"/*
	serve 6 <<<$'asleep\nplan 1' || true
	[ ! -s "$BATS_TEST_TMPDIR/to" ]
	[ ! -s "$BATS_TEST_TMPDIR/monitor" ]
}
