#!/usr/bin/env bats
# How results are counted: what did not run must not pass.

load helper

setup() {
	REPORT=$BATS_TEST_DIRNAME/../lib/kunit-report.py
	JSON=$BATS_TEST_TMPDIR/kunit.json
	LOG=$BATS_TEST_TMPDIR/log
}

# group CASES: a suite as kunit.py writes it.
group() {
	printf '{"name": "all", "test_cases": [], "misc": {"errors": %d}, "sub_groups": [
		{"name": "suite", "test_cases": [%s], "sub_groups": []}]}' "${2:-0}" "$1" >"$JSON"
}

@test "KUnit: passed, failed, crashed and skipped cases" {
	group '{"name": "a", "status": "PASS"}, {"name": "b", "status": "FAIL"},
		{"name": "c", "status": "SKIP"}, {"name": "d", "status": "ERROR"}'
	run python3 "$REPORT" "$JSON"
	[ "${lines[0]}" = "1 2 1" ]
	[[ $output == *"failed: suite.b"*"failed: suite.d"*"skipped: suite.c"* ]]
}

@test "KUnit: an error outside of any case is a failure" {
	group '{"name": "a", "status": "PASS"}' 1
	run python3 "$REPORT" "$JSON"
	[ "${lines[0]}" = "1 1 0" ]
}

@test "KUnit: no case at all" {
	group ''
	run python3 "$REPORT" "$JSON"
	[ "${lines[0]}" = "0 0 0" ]
}

@test "KUnit: what the kernel complains of is a failure" {
	cat >"$LOG" <<-END
		    ok 1 gpio_virtio_a
		[ BUG: Invalid wait context ]
		WARNING: kernel/softirq.c:289 at __local_bh_enable_ip+0x9f/0x140
		    # a: a WARNING is expected here
	END
	run bash -c '. "$1/lib/build.sh"; KUNIT_FAILED=1 KUNIT_DETAIL="failed: b"
		kunit_splats "$2"; echo "$KUNIT_FAILED"; echo "$KUNIT_DETAIL"' - "$BATS_TEST_DIRNAME/.." "$LOG"
	[ "${lines[0]}" = 3 ]
	[ "${lines[1]}" = "failed: b" ]
	[ "${lines[2]}" = "failed: kernel log: BUG: Invalid wait context ]" ]
	[ "${#lines[@]}" -eq 4 ]
}

# leaks: what the row that scans makes of LOG.
leaks() {
	bash -c '. "$1/cmd/matrix"; KUNIT_FAILED=0 KUNIT_DETAIL=
		kunit_leaks "$2"; echo "$KUNIT_FAILED"; echo "$KUNIT_DETAIL"' - "$BATS_TEST_DIRNAME/.." "$LOG"
}

@test "KMEMLEAK: what was lost is a failure, and so is not to have looked" {
	printf 'ok 1 all\nkmemleak: looked at all\n' >"$LOG"
	[ "$(leaks)" = 0 ]
	printf 'kmemleak: unreferenced object 0x60 (size 8):\nkmemleak: looked at all\n' >"$LOG"
	[ "$(leaks)" = $'1\nfailed: kmemleak: unreferenced object 0x60 (size 8):' ]
	printf 'ok 1 all\n' >"$LOG"
	[ "$(leaks)" = $'1\nfailed: kmemleak did not look, or not to the end' ]
}

@test "KMEMLEAK: what a row forgives is an object, and not those beside it" {
	printf 'kmemleak: %s\n' 'unreferenced object 0x1 (size 8):' '  6c 69  li' \
		'unreferenced object 0x2 (size 8):' '  6c 70  lp' 'looked at all' >"$LOG"
	[ "$(leaks | head -n 1)" = 2 ]
	[ "$(KUNIT_FORGIVE=' li$' leaks)" = $'1\nfailed: kmemleak: unreferenced object 0x2 (size 8):' ]
}

# count FUNCTION [STATUS]: the counters of cmd/test on LOG.
count() {
	bash -c '. "$1/cmd/test"; "$2" "$3" "$4"; echo "$PASSED $FAILED $SKIPPED"' - \
		"$BATS_TEST_DIRNAME/.." "$1" "$LOG" "${2:-0}"
}

@test "TAP: skipped is not passed" {
	printf '1..4\nok 1 - a\nok 2 - b # SKIP no\nnot ok 3 - c\nok 4 - d\n' >"$LOG"
	[ "$(count count_tap)" = "2 1 1" ]
}

# tell WORD TEXT...: what a guest tells, as TAP.
tell_tap() {
	bash -c '. "$1/lib/common.sh"; . "$1/lib/process.sh"
		. "$1/lib/report.sh"; PASSED=0 FAILED=0 SKIPPED=0
		GUEST=$2 KIND=uml DEVICE=sim
		while read -r word text; do tap "$word" "$text"; done' - \
		"$BATS_TEST_DIRNAME/.." "$BATS_TEST_TMPDIR" >"$LOG"
}

@test "TAP: the cases of a guest are numbered, skipped ones too" {
	tell_tap <<-END
		plan 3
		case a_name a
		pass
		case b_name b
		skip no
		case c_name c
		fail why
	END
	[ "$(<"$LOG")" = $'1..3\nok 1 - a\nok 2 - b # SKIP no\nnot ok 3 - c # why\n# alone: tools/vgpio e2e --guest uml --device sim c_name' ]
	[ "$(count count_tap)" = "1 1 1" ]
}

# run_with CONSOLE HOW: the verdict on a guest that ends before it tells of a case.
run_with() {
	echo "$1" >"$BATS_TEST_TMPDIR/console.log"
	run bash -c '. "$1/lib/common.sh"; . "$1/lib/process.sh"; . "$1/lib/report.sh"
		serve_guest() { return 1; }
		keep_guest_logs() { :; }
		GUEST=$2 KIND=${4:-uml} DEVICE=sim
		run_cases "$3" true' - "$BATS_TEST_DIRNAME/.." "$BATS_TEST_TMPDIR" "${@:2}" 2>/dev/null
}

@test "a processor whose registers are too large for the kernel is no fault of the cases" {
	local panic='userspace - ptrace set fp regs failed, errno = 14'
	run_with "$panic" tap
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == "ok 1 - the guest # SKIP User-Mode Linux of this kernel cannot "* ]]
	[ "${lines[1]}" = "0 passed, 0 failed, 1 skipped" ]
	run_with "$panic" narrate
	[ "$status" -eq 1 ]
	[[ $output == *"e2e --guest qemu"*"0 passed, 1 failed" ]]
	run_with "$panic" tap qemu
	[ "$status" -eq 1 ]
	run_with 'Kernel panic' tap
	[ "$status" -eq 1 ]
	[[ $output == "Bail out! "*"0 passed, 1 failed" ]]
}

@test "a step of which all is skipped does not fail, and counts as skipped" {
	common_setup
	fake bats <<<'echo "ok 1 - a # SKIP why"'
	run vgpio test tools
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "0 passed, 0 failed, 1 skipped" ]
}

@test "closing line: with and without skipped ones" {
	printf 'noise\n7 passed, 2 failed\n' >"$LOG"
	[ "$(count count_closing_line)" = "7 2 0" ]
	printf '7 passed, 0 failed, 3 skipped\n' >"$LOG"
	[ "$(count count_closing_line)" = "7 0 3" ]
	: >"$LOG"
	[ "$(count count_closing_line)" = "0 0 0" ]
}

@test "a step that runs no test fails, and so does the whole" {
	common_setup
	mkdir -p "$REPO/tools/tests"
	fake bats <<<'echo 1..0'
	run vgpio test tools
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "0 passed, 1 failed" ]
}

@test "a step that fails does not keep the next from running" {
	common_setup
	fake bats <<<'echo "not ok 1 - broken"; exit 1'
	run vgpio test tools kernel
	[ "$status" -eq 1 ]
	[[ $output == *"FAIL tools"*"not ok 1 - broken"*"ok   kernel"* ]]
	[ "${lines[-1]}" = "1 passed, 1 failed" ]
}

@test "a step that does not exist" {
	common_setup
	run vgpio test nonsense
	[ "$status" -eq 1 ]
	[[ $output == *"has no step 'nonsense'"* ]]
}

# command_of STEP: what cmd/test runs for it.
command_of() {
	VGPIO_ROOT=/root SERIES=s LINUX='' RELEASE='' bash -c '. "$1/cmd/test"
		sim_folder() { echo /sim; }
		step_command "$2"; echo "${COMMAND[*]} $COUNT"' - "$BATS_TEST_DIRNAME/.." "$1"
}

@test "the simulator: unit tests and manual page, and fuzzers for a minute" {
	[[ $(command_of sim) == *"make -C /root/tools/sim O=/sim check lint count_tap" ]]
	[ "$(command_of fuzz)" = "make -C /root/tools/sim O=/sim SECONDS=60 fuzz-check count_one" ]
}

@test "steps in QEMU run when they are named, and only then" {
	local step
	for step in kunit-rt suspend; do
		bash -c '. "$1/cmd/test"; [[ " ${STEPS[*]} " != *" $2 "* && " ${MORE_STEPS[*]} " == *" $2 "* ]]' - \
			"$BATS_TEST_DIRNAME/.." "$step"
	done
}
