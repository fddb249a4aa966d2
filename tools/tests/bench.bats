#!/usr/bin/env bats
# The verb 'bench': its options, what it makes of figures, and its targets.

load helper

setup() {
	common_setup benchmarks
	RESULTS=$BATS_TEST_TMPDIR/results JSON=$BATS_TEST_TMPDIR/figures.json
	mkdir "$RESULTS"
	printf 'guest uml\nboots 2\npasses 1\nmachine a machine, 2 CPUs\n' >"$RESULTS/setting"
}

benchmarks() {
	cp -r "$BATS_TEST_DIRNAME/../bench" "$REPO/tools"
}

# refused ARGUMENT...: before anything is built.
refused() {
	run vgpio bench "$@"
	[ "$status" -eq 1 ]
	one_line
	[ ! -e "$XDG_CACHE_HOME/vgpio/src" ]
}

# told: what guests have told, on standard input, becomes JSON.
told() {
	cat >"$RESULTS/figures"
	python3 "$REPO/tools/lib/bench-report.py" collect "$RESULTS" >"$JSON"
}

# value KERNEL NAME FIELD: of each boot.
value() {
	python3 -c 'import json, sys
print(*json.load(open(sys.argv[1]))["figures"][sys.argv[3]][sys.argv[2]][sys.argv[4]])' "$JSON" "$@"
}

# targets: from standard input.
targets() {
	cat >"$REPO/tools/bench/targets"
}

two_boots() {
	told <<-'END'
		figure 1 base get-1 100 ns 30000 90000 29000 requestq.notifications=100 requestq.interrupts=100
		figure 1 series get-1 100 ns 31000 90000 29000 requestq.notifications=100 requestq.interrupts=100
		figure 2 series get-1 100 ns 62000 90000 29000 requestq.notifications=100 requestq.interrupts=100
		figure 2 base get-1 100 ns 60000 90000 29000 requestq.notifications=100 requestq.interrupts=100
		figure 1 base get-64 100 ns 900000 990000 880000 requestq.notifications=6400 requestq.interrupts=6400
		figure 1 series get-64 100 ns 40000 90000 39000 requestq.notifications=100 requestq.interrupts=100
		figure 1 series floor-1 100 ns 29000 31000 28000
		figure 2 base floor-1 100 ns 58000 61000 57000
	END
}

@test "what cannot be measured is refused" {
	refused --guest xen
	[[ $output == *"--guest 'xen': there is uml qemu"* ]]
	refused --cpus none
	[[ $output == *"--cpus 'none': there is same apart any"* ]]
	refused --boots 0
	[[ $output == *"--boots 0: is no number from 1 to 99"* ]]
	refused --json
	[[ $output == *"--json needs a value"* ]]
	refused --nonsense
	[[ $output == *"does not know '--nonsense'"* ]]
}

@test "figures that cannot be read are refused" {
	refused --from /no/such/file
	[[ $output == *"--from /no/such/file: cannot be read"* ]]
	echo '{}' >"$JSON"
	refused --from "$JSON" --json "$JSON.new"
	[[ $output == *"exclude each other"* ]]
	run vgpio bench --from "$JSON"
	[ "$status" -eq 1 ]
	[[ $output == *"has no figures of 'bench'"* ]]
}

@test "counts are those of one operation" {
	two_boots
	[ "$(value base get-64 notifications)" = "64.0 None" ]
	[ "$(value series get-64 notifications)" = "1.0 None" ]
	[ "$(value base get-1 ns)" = "30000 60000" ]
}

@test "of several passes the quickest counts" {
	told <<-'END'
		figure 1 base get-1 100 ns 30000 90000 29000 requestq.notifications=100
		figure 1 base get-1 100 ns 20000 80000 19000 requestq.notifications=200
		figure 1 base get-1 100 ns 25000 70000 18000 requestq.notifications=100
	END
	[ "$(value base get-1 ns)" = "20000 None" ]
	[ "$(value base get-1 p99)" = "80000 None" ]
	[ "$(value base get-1 notifications)" = "2.0 None" ]
}

@test "an error or a hang in one pass is not made up for by another" {
	told <<-'END'
		figure 1 base threads-4 1 rate 1000 3 ended
		figure 1 base threads-4 1 rate 2000 0 ended
		figure 1 base threads-4 1 rate 1500 0 ended
		figure 2 base threads-4 1 rate 1500 0 ended
		figure 1 base threads-1 1 rate 1000 0 ended
		figure 1 base threads-1 1 rate 900 1 hung
	END
	[ "$(value base threads-4 rate)" = "2000 1500" ]
	[ "$(value base threads-4 failed)" = "3 0" ]
	run vgpio bench --from "$JSON"
	[[ $output =~ "reads/s, 1 thread"\ +hangs ]]
}

@test "the table has medians, spreads, ratios of neighbours, and the floor" {
	two_boots
	run vgpio bench --from "$JSON"
	[ "$status" -eq 0 ]
	[[ $output =~ "read 1 line, us"\ +"45.0 ±33%"\ +"46.5 ±33%"\ +0.97\ +"43.5 ±33%" ]]
	[[ $output =~ "read 64 lines, us"\ +900\ +40.0\ +22\ + ]]
	[[ $output =~ "notifications to read 64 lines"\ +64\ +1\ +64 ]]
	[[ $output == *"machine: a machine, 2 CPUs"* ]]
}

@test "a series whose base has no driver is held against the floor" {
	told <<-'END'
		figure 1 series get-1 100 ns 30000 90000 29000 requestq.notifications=100
		figure 2 series get-1 100 ns 36000 90000 29000 requestq.notifications=100
		figure 1 series set-1 100 nothing
		figure 1 series floor-1 100 ns 30000 31000 28000
		figure 1 series burst-64 10 open ENOENT eventq.notifications=0 eventq.interrupts=0
	END
	run vgpio bench --from "$JSON"
	[ "$status" -eq 0 ]
	[[ $output == *"series"*"floor  of the floor"* && $output != *base* ]]
	[[ $output =~ "read 1 line, us"\ +"33.0 ±9%"\ +30.0\ +1.10 ]]
	[[ $output =~ "set 1 line, us"\ +hangs\ +30.0 ]]
	[[ $output =~ "interrupts for 64 edges at once"\ +ENOENT ]]
}

@test "what a kernel did not bear is said, and is no figure" {
	told <<-'END'
		figure 1 base threads-16 1 rate 12 3 hung requestq.notifications=9
		figure 1 series threads-16 1 rate 2000 0 ended requestq.notifications=9
		figure 1 base probe-65535 2 bind ENOMEM requestq.notifications=0
		figure 1 series probe-65535 2 ns 5000 5000 5000 requestq.notifications=9
		figure 2 base threads-1 1 requestq.notifications=9
		broken 2 base the guest ended before its time
	END
	run vgpio bench --from "$JSON"
	[ "$status" -eq 0 ]
	[[ $output =~ "reads/s, 16 threads"\ +hangs\ +2,000\ +- ]]
	[[ $output =~ "probe 65,535 lines, us"\ +ENOMEM\ +5.0\ +- ]]
	[[ $output =~ "reads/s, 1 thread"\ +hangs\ +- ]]
	[[ $output == *"not to its end: boot 2, base: the guest ended before its time"* ]]
}

@test "memory that the base does not have is estimated, and marked so" {
	told <<-'END'
		figure 1 base memory-64 1 bytes 6400 9000
		figure 1 base memory-1024 1 bytes 102400 105000
		figure 1 base memory-65535 1 bind out of memory
	END
	[ "$(value base memory-65535 driver)" = 6553500.0 ]
	run vgpio bench --from "$JSON"
	[[ $output == *"~6,399.9"* ]]
}

@test "edges: from the device's record to user space, by the processor's counter" {
	printf '%s\n' '{"t":0,"event":"start","monotonic":5000}' \
		'{"t":1000,"event":"change","line":3,"value":1}' \
		'{"t":1500,"event":"change","line":3,"value":1}' \
		'{"t":1700,"event":"change","line":4,"value":1}' \
		'{"t":2000,"event":"change","line":3,"value":0}' >"$RESULTS/trace-1-base"
	told <<-'END'
		clock 1 base 100 5000
		stamps 1 base edge-latency 2600
		stamps 1 base edge-latency 4700
		stamps 1 base edge-rate 1000 2000 3000
		clock 1 base 20100 15000
	END
	[ "$(value base edge-latency ns)" = "275.0 None" ]
	[ "$(value base edge-rate rate)" = "2000000.0 None" ]
}

@test "--check: targets that are met, missed and not measured" {
	two_boots
	targets <<-'END'
		# a comment

		one line: series.get-1.ns / base.get-1.ns <= 1.05
		64 lines: base.get-64.ns / series.get-64.ns >= 20
	END
	run vgpio bench --from "$JSON" --check
	[ "$status" -eq 0 ]
	[[ $output == *"ok     one line: 1.03, target <= 1.05"* ]]
	[[ $output == *"2 passed, 0 failed" ]]
	targets <<<'64 lines: base.get-64.ns / series.get-64.ns >= 23'
	run vgpio bench --from "$JSON" --check
	[ "$status" -eq 1 ]
	[[ $output == *"MISSED 64 lines: 22.50, target >= 23"*"0 passed, 1 failed" ]]
	targets <<<'threads: series.threads-16.failed <= 0'
	run vgpio bench --from "$JSON" --check
	[ "$status" -eq 1 ]
	[[ $output == *"MISSED threads: not measured"* ]]
}

@test "--check: targets that cannot be read, or are none" {
	two_boots
	targets <<<'nonsense'
	run vgpio bench --from "$JSON" --check
	[ "$status" -eq 1 ]
	[[ $output == *"targets:1: a target is 'TITLE: FIGURE"* ]]
	targets <<<'one line: other.get-1.ns <= 1'
	run vgpio bench --from "$JSON" --check
	[ "$status" -eq 1 ]
	[[ $output == *"'other.get-1.ns' is no figure"* ]]
	targets <<<'# nothing'
	run vgpio bench --from "$JSON" --check
	[ "$status" -eq 1 ]
	[[ $output == *"0 passed, 0 failed" ]]
}

@test "every target is of a figure that is measured" {
	local name
	while read -r name; do
		grep -qE "\b(${name%-*}|$name)\b" "$REPO/tools/bench/init"
	done < <(grep -oE '(base|series)\.[a-z0-9-]+\.' "$REPO/tools/bench/targets" | cut -d. -f2)
}

@test "the program that measures refuses what it does not know" {
	local bench=$BATS_TEST_TMPDIR/gpio-bench
	gcc -O2 -Wall -Wextra -Werror -pthread -o "$bench" "$REPO/tools/bench/gpio-bench.c"
	local words
	for words in '' nonsense 'get /dev/null 1' 'get /dev/null 65 1' 'get /dev/null 1x 1'; do
		# shellcheck disable=SC2086 # several words
		run "$bench" $words
		[ "$status" -eq 2 ]
	done
	run "$bench" request /no/such/chip 1 1
	[ "$status" -eq 1 ]
	[ "$output" = "open ENOENT" ]
}
