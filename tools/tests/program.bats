#!/usr/bin/env bats
# The verb 'guest' up to the boot of one: its options, and what the guest is told.

load helper

setup() {
	common_setup
	printf '#!/bin/sh\n' >"$BATS_TEST_TMPDIR/app"
	chmod +x "$BATS_TEST_TMPDIR/app"
}

# refused ARGUMENT...: before anything is built.
refused() {
	run vgpio guest "$@"
	[ "$status" -eq 1 ]
	one_line
	[ ! -e "$XDG_CACHE_HOME/vgpio/src" ]
}

@test "a program that there is not" {
	refused
	[[ $output == *"names no program; see 'tools/vgpio guest --help'"* ]]
	refused --
	[[ $output == *"names no program"* ]]
	refused app
	[[ $output == *"'app' stands before '--'; the program comes after it"* ]]
	refused -- ./none
	[[ $output == *"'./none' is no program; name a file that can be executed"* ]]
	refused -- "$BATS_TEST_TMPDIR"
	[[ $output == *"is no program"* ]]
	touch "$BATS_TEST_TMPDIR/text"
	refused -- "$BATS_TEST_TMPDIR/text"
	[[ $output == *"is no program"* ]]
	mv "$BATS_TEST_TMPDIR/app" "$BATS_TEST_TMPDIR/my app"
	refused --guest qemu -- "$BATS_TEST_TMPDIR/my app"
	[[ $output == *"has a blank in its name, which no guest but uml can take"* ]]
}

@test "options that are wrong" {
	refused --guest xen -- true
	[[ $output == *"--guest 'xen': there is uml qemu q35 microvm"* ]]
	refused --board none -- true
	[[ $output == *"--board 'none': there is no such file that can be read"* ]]
	refused --test=none -- true
	[[ $output == *"--test 'none': there is no such file that can be read"* ]]
	refused --junit x -- true
	[[ $output == *"--junit is for a --test"* ]]
	local number
	for number in 0 -1 x 1000000 1m; do
		refused --timeout "$number" -- true
		[[ $output == *"--timeout '$number': a number of seconds from 1 to 999999 is needed"* ]]
	done
	refused --frob -- true
	[[ $output == *"does not know '--frob'"* ]]
	refused --board
	[[ $output == *"--board needs a value"* ]]
}

# program_lib COMMAND...: with what the verb has read.
program_lib() {
	bash -euc 'lib=$1; shift; . "$lib/common.sh"; . "$lib/qemu.sh"; . "$lib/program.sh"
		STEP_PID=; end_step() { :; }; KIND=uml GUEST=$BATS_TEST_TMPDIR/g; eval "$@"' - "$REPO/tools/lib" "$@"
}

@test "the guest finds the program, its words and its folder" {
	mkdir -p "$BATS_TEST_TMPDIR/g/guest" "$BATS_TEST_TMPDIR/my folder"
	cd "$BATS_TEST_TMPDIR/my folder"
	program_lib 'PROGRAM=(../app "two words" "it'"'"'s" "\$x"); find_program; program_wish'
	. "$BATS_TEST_TMPDIR/g/guest/wish"
	[ "${#PROGRAM[@]}" -eq 4 ]
	[[ ${PROGRAM[0]} == *"$BATS_TEST_TMPDIR/app" ]]
	[ "${PROGRAM[1]}|${PROGRAM[2]}|${PROGRAM[3]}" = "two words|it's|\$x" ]
	[[ $WORK == *"$PWD" ]]
	rm "$BATS_TEST_TMPDIR/g/guest/wish"
	program_lib 'KIND=qemu PROGRAM=(../app x); find_program; program_wish'
	. "$BATS_TEST_TMPDIR/g/guest/wish"
	[ "${PROGRAM[*]} $WORK" = "/program/app x /tmp" ]
}

@test "what is in /tmp and /run has another name under User-Mode Linux" {
	run program_lib 'for name in /tmp/a /run/b /tmp /tmpx/a /home/a; do by_host "$name"; done'
	[ "$(paste -sd' ' <<<"$output")" = "/run/host/tmp/a /run/host/run/b /run/host/tmp /tmpx/a /home/a" ]
}

@test "a program goes into QEMU's guest with its libraries and its interpreter" {
	run program_lib 'PROGRAM=(/bin/ls); program_files'
	[[ $output == *"file /program/ls "*"/ls 0755 0 0"* ]]
	[[ $output == *"/libc.so.6 "* ]]
	printf '#!%s -f\n' "$(command -v awk)" >"$BATS_TEST_TMPDIR/app"
	run program_lib 'PROGRAM=($BATS_TEST_TMPDIR/app); program_files'
	[[ $output == *"file /program/app $BATS_TEST_TMPDIR/app 0755 0 0"* ]]
	[[ $output == *"file $(command -v awk) "* ]]
	[ -z "$(program_lib 'PROGRAM=(); program_files')" ]
}

@test "the status of a run is the program's, or says that there is none" {
	cd "$BATS_TEST_TMPDIR"
	program_lib 'CONSOLE_FILE=c TEST_FILE= GUEST_SECONDS=10; note() { echo "$*"; }
		PROGRAM_STATUS=0 TEST_STATUS=; program_verdict 5
		PROGRAM_STATUS=3; program_verdict 5 || echo "status $?"
		PROGRAM_STATUS=; program_verdict 5 || echo "status $?"
		program_verdict 10 || echo "status $?"' >said
	[ "$(<said)" = "vgpio guest: the program ended with status 3; the console is in c
status 3
vgpio guest: the guest ended before the program did; the console is in c
status 125
vgpio guest: the guest was ended after 10 s; --timeout allows more; the console is in c
status 125" ]
}

@test "the status of a run with a test is the test's, or else the program's" {
	cd "$BATS_TEST_TMPDIR"
	seq 20 >c
	program_lib 'CONSOLE_FILE=c TEST_FILE=t GUEST_SECONDS=10; note() { echo "$*"; }
		PROGRAM_STATUS= TEST_STATUS=0; program_verdict 5
		PROGRAM_STATUS=3; program_verdict 5 || echo "status $?"
		TEST_STATUS=1; program_verdict 5 || echo "status $?"
		PROGRAM_STATUS=; program_verdict 5 || echo "status $?"
		PROGRAM_STATUS=0 TEST_STATUS=; program_verdict 5 || echo "status $?"' >said 2>&1
	[ "$(sed '/^  /d' said)" = "vgpio guest: the program ended with status 3; the console is in c
status 3
vgpio guest: the test failed, and the program ended with status 3; the console is in c
status 1
vgpio guest: the test failed; the console is in c
status 1
vgpio guest: the guest ended before the test of the program did; the console is in c
status 125" ]
	[ "$(grep -cx '  20' said)" -eq 4 ]
}
