#!/usr/bin/env bats
# An application in a guest under User-Mode Linux: its tests pass, and say what is wrong
# with one that is broken. This builds a kernel, where there is none yet.

bats_require_minimum_version 1.5.0

setup_file() {
	unset "${!GIT_@}"
}

setup() {
	TOP=$BATS_TEST_DIRNAME/../..
	BUTTON=$TOP/tools/sim/examples/button
	cd "$BATS_TEST_TMPDIR" || return
}

# application [SED-SCRIPT]: ./button-led, with a change that must be one.
application() {
	sed "${1:-}" "$BUTTON/button-led.c" >button-led.c
	[[ ! ${1:-} ]] || ! cmp -s button-led.c "$BUTTON/button-led.c"
	gcc -O2 -Wall -Wextra -Werror -o button-led button-led.c
}

# guest ARGUMENT...
guest() {
	timeout -s KILL 600 "$TOP/tools/vgpio" guest "$@"
}

# tested FILE: the application, with a report.
tested() {
	run guest --board "$BUTTON/button.board" --test "$BUTTON/$1" --junit report.xml --console console -- ./button-led
	echo "$output"
}

# report: what a parser of JUnit makes of the report: for each test its name and, after a
# failure, the first line of it.
report() {
	python3 - report.xml <<-'END'
		import sys, xml.etree.ElementTree as tree
		for case in tree.parse(sys.argv[1]).iter('testcase'):
		    assert float(case.get('time')) >= 0
		    failures = [failure.get('message').split('\n')[0] for failure in case]
		    print(case.get('name'), *failures, sep=': ')
	END
}

# broken SED-SCRIPT WHY TEST: both kinds of tests fail, the one that is number TEST first.
broken() {
	local names
	application "$1"
	tested button.scn
	[ "$status" -eq 1 ]
	[[ $output == *"$2"* ]]
	[[ $output =~ button\.scn:[0-9]+:\ expect\ .*$'\n  expected '.*$'\n    LED   ' ]]
	mapfile -t names < <(report)
	[[ ${names[$3]} == *": expected "*"$2"* ]]
	tested test_button.py
	[ "$status" -eq 1 ]
	[[ $output == *"E "*"ExpectationFailed: expected "*"$2"* ]]
	[[ $output =~ E\ +LED\ +[_~/\\]+\| ]]
	mapfile -t names < <(report)
	[[ ${names[$3]} == *"ExpectationFailed: expected "*"$2"* ]]
}

@test "tests of an application: at most ten lines" {
	local file
	for file in "$BUTTON"/{button.scn,test_button.py}; do
		[ "$(wc -l <"$file")" -le 10 ]
	done
}

@test "the application passes as a scenario and with pytest" {
	application
	tested button.scn
	[ "$status" -eq 0 ]
	[ "$(report)" = "the button lights the LED for a while
nothing happens without the button" ]
	tested test_button.py
	[ "$status" -eq 0 ]
	[ "$(report)" = "test_button_lights_led_for_a_while
test_nothing_happens_without_the_button" ]
}

# indented FILE...: as documentation shows them.
indented() {
	sed 's/^\(.\)/    \1/' "$@"
}

@test "documentation shows the tests as they are" {
	local readme file
	readme=$(<"$TOP/tools/sim/examples/README.md")
	for file in button/button.scn button/test_button.py; do
		[[ $readme == *"$(indented "$TOP/tools/sim/examples/$file")"* ]]
	done
	[[ $readme == *"$(indented <(tail -n +3 "$TOP/tools/sim/examples/labgrid/test_labgrid.py"))"* ]]
}

# ci_commands: what the job runs, but for the clone.
ci_commands() {
	sed -n 's/^ *- run: //p' "$TOP/tools/sim/examples/README.md" | grep -v '^git clone '
}

@test "the CI job passes, and has its reports" {
	cp "$BUTTON"/* .
	ln -s "$(realpath "$TOP")" virtio-gpio
	[ "$(ci_commands | wc -l)" -eq 3 ]
	run timeout -s KILL 600 bash -euxc "$(ci_commands)"
	echo "$output"
	[ "$status" -eq 0 ]
	mv scenario.xml report.xml
	[ "$(report | wc -l)" -eq 2 ]
	mv pytest.xml report.xml
	[ "$(report | wc -l)" -eq 2 ]
}

# installed PACKAGE...: VENV, with these.
installed() {
	VENV=$PWD/venv
	{ python3 -m venv "$VENV" && "$VENV/bin/pip" -q install "$@"; } ||
		skip "pip cannot install $* here: it needs python3-venv and the net"
}

@test "pip installs the client from the repository, and pytest knows its fixture" {
	cp -r "$TOP/tools/sim/python" client
	installed ./client pytest
	make -s -C "$TOP/tools/sim" O="$PWD/sim"
	printf 'def test_line(sim):\n\tsim["LED"].set(1)\n\tsim.expect({"LED": 1})\n' >test_line.py
	run env VGPIO_SIM="$PWD/sim/vgpio-sim" "$VENV/bin/python" -m pytest --vgpio-board "$BUTTON/button.board" test_line.py
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"1 passed"* ]]
}

@test "lines of the simulator are digital outputs of labgrid" {
	installed labgrid pytest
	application
	cp "$TOP"/tools/sim/examples/labgrid/* .
	PATH=$VENV/bin:$PATH PYTEST_ADDOPTS="--lg-env env.yaml" \
		run guest --board "$BUTTON/button.board" --test test_labgrid.py -- ./button-led
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"1 passed"* ]]
}

@test "broken: it does not see the button" {
	broken 's/return ready;/return 0;/' 'no rise in 2s since pulse Button 10ms; LED is 0' 0
}

@test "broken: the LED stays on" {
	broken 's/light(led, lit)/light(led, true)/' 'the pulse is longer than 1s' 0
}

@test "broken: the LED flashes by itself" {
	broken 's/!lit ? -1 :/!lit ? (int64_t)10 :/; s|light(led, lit)|light(led, now_ms() / 50 % 2)|' ' of LED after ' 1
}

@test "broken: the application does not start" {
	application 's/"Button"/"Knob"/'
	run guest --board "$BUTTON/button.board" --test <(echo 'wait LED output timeout 1s') --console console -- ./button-led
	[ "$status" -eq 1 ]
	[[ $output == *"--test '/dev/fd/"*"there is no such file"* ]]
	echo 'wait LED output timeout 2s' >start.scn
	run guest --board "$BUTTON/button.board" --test start.scn --console console -- ./button-led
	echo "$output"
	[ "$status" -eq 1 ]
	[[ $output == *"start.scn:1: wait LED output timeout 2s"*"timeout: line 1 is not output"* ]]
	[[ $output == *"the test failed, and the program ended with status 1; the console is in console"*"button-led: Knob: No such file or directory"* ]]
}

@test "the status and the output of a program, in its own folder" {
	run --separate-stderr guest --console console -- /bin/sh -c 'pwd; echo "one  two"; cat /dev/stdin; exit 7'
	[ "$status" -eq 7 ]
	[[ $output == *"$PWD"$'\n'"one  two" ]]
	grep -qx 'one  two' console
	run guest -- /bin/sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ]
}

@test "options after -- are the program's" {
	run guest --console console -- /bin/sh -c 'echo "$@"' sh -v --series x --
	[ "$status" -eq 0 ]
	[[ $output == *'-v --series x --'* ]]
}

@test "a guest that is too slow is ended, and that is said" {
	run guest --timeout 15 -- /bin/sleep 60
	[ "$status" -eq 125 ]
	[[ $output == *"the guest was ended after 15 s; --timeout allows more"* ]]
}

@test "a guest that ends before its program is said" {
	run guest -- /usr/bin/python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'
	[ "$status" -eq 125 ]
	[[ $output == *"the guest ended before the program did; the console is in "* ]]
}
