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
		GUEST=$2 KIND=uml DEVICE=sim GUEST_KERNEL=plain
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
	[ "$(sed -E 's/ in [0-9]+ms/ in Nms/' "$LOG")" = $'1..3\nok 1 - a in Nms\nok 2 - b # SKIP no\nnot ok 3 - c in Nms # why\n# alone: tools/vgpio e2e --guest uml --device sim c_name' ]
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
	[ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
}

@test "a step that fails does not keep the next from running" {
	common_setup
	fake bats <<<'echo "not ok 1 - broken"; exit 1'
	run vgpio test tools kernel
	[ "$status" -eq 1 ]
	[[ $output == *"FAIL tools"*"not ok 1 - broken"* && $output == *"ok   kernel"* ]]
	[ "${lines[-1]}" = "1 passed, 1 failed, 0 skipped" ]
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
	[[ $(command_of sim) == *"make -C /root/tools/sim O=/sim-check check lint count_tap" ]]
	[ "$(command_of fuzz)" = "make -C /root/tools/sim O=/sim-check SECONDS=60 fuzz-check count_one" ]
}

# chosen [ARGUMENT...]: the steps that cmd/test would run.
chosen() {
	bash -c 'die() { echo "$*"; exit 1; }
		. "$1/cmd/test"; read_steps; choose_steps "${@:2}"; echo "${WAITING[*]}"' - "$BATS_TEST_DIRNAME/.." "$@"
}

@test "steps: those without a name, all, and one with what it needs" {
	[[ $(chosen application) == "kernel build-debug build "*" guest application" ]]
	[[ " $(chosen application) " != *" "@(guest-qemu|sleep|kunit-5.10|check)" "* ]]
	[[ $(chosen check) == "kernel "*" guest application mails guest-qemu "*" kunit-rt "*" check" ]]
	[[ " $(chosen check) " != *" "@(mutate|matrix|coverage|reference)" "* ]]
	[ "$(chosen application kunit sim)" = "kernel build sim kunit" ]
	[ "$(chosen application mutate)" = mutate ]
}

@test "steps: each in the help, with a command, a lane and needs that there are" {
	local step steps
	steps=$(bash -c '. "$1/cmd/test"; read_steps
		for s in "${STEPS[@]}"; do echo "$s" "${LANE[$s]}" "${STEP_NEEDS[$s]}"; done' - "$BATS_TEST_DIRNAME/..")
	while read -r step lane needs; do
		grep -q "^#   $step  " "$BATS_TEST_DIRNAME/../cmd/test"
		[[ $(command_of "$step") == *" count_"* && $lane == @(build|run|fill) ]]
		[[ ! $needs ]] || grep -q "^$needs build" <<<"$steps"
	done <<<"$steps"
}

@test "steps: one build at a time, and the others beside it" {
	may() {
		bash -c '. "$1/cmd/test"; read_steps; nproc() { echo 2; }; declare -A JOB_PID=() JOB_STATUS=()
			for name in $3; do JOB_PID[$name]=1; done
			for name in $4; do JOB_STATUS[$name]=0; done
			may_start "$2"' - "$BATS_TEST_DIRNAME/.." "$@"
	}
	may kernel '' ''
	run ! may build 'build-debug' 'kernel'
	run ! may kunit 'build-debug' 'kernel'
	may kunit 'build-debug sim' 'kernel build'
	may kunit 'sim kunit-debug' 'kernel build'
	run ! may kunit 'guest kunit-debug' 'kernel build'
	run ! may fuzz 'sim' ''
}

@test "the five cases that took longest" {
	mkdir -p "$BATS_TEST_TMPDIR/kunit"
	printf 'ok 1 - a b in 1500ms\nok 2 skipped in 2ms # skip no\nnot ok 3 c in 20000ms # why\nok 4 none\n' >"$BATS_TEST_TMPDIR/tools.log"
	: >"$BATS_TEST_TMPDIR/kunit.log"
	cat >"$BATS_TEST_TMPDIR/kunit/kunit-plain.log" <<-'END'
		[23:59:50] ================= suite (3 subtests) =================
		[23:59:51] [PASSED] quick
		[00:00:03] [PASSED] over midnight
		[00:00:07] [FAILED] 256 entries, direct
	END
	seq -f 'ok %g - one of many, each with a long name in 0ms' 20000 >"$BATS_TEST_TMPDIR/guest.log"
	run bash -c 'set -euo pipefail; LOGS=$2; . "$1/lib/common.sh"; . "$1/lib/process.sh"; . "$1/cmd/test"
		slowest_cases' - \
		"$BATS_TEST_DIRNAME/.." "$BATS_TEST_TMPDIR"
	[ "$output" = "slowest:
   20.0 s  tools: c
   12.0 s  kunit: suite.over midnight
    4.0 s  kunit: suite.256 entries, direct
    1.5 s  tools: a b
    1.0 s  kunit: suite.quick" ]
	[ "$status" -eq 0 ]
}

@test "a step that hangs is ended, and its log says why" {
	run bash -c '. "$1/lib/common.sh"; . "$1/lib/process.sh"; . "$1/lib/jobs.sh"; VERBOSE=0
		start_job slow 1 "$2" sleep 60
		until reap_jobs; ((${#ENDED[@]})); do sleep 0.1; done
		echo "${ENDED[*]} ${JOB_STATUS[slow]}"' - "$BATS_TEST_DIRNAME/.." "$LOG"
	[ "${lines[-1]}" = "slow 137" ]
	grep -q "ended after its limit of 1 s" "$LOG"
}
