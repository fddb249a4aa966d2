#!/usr/bin/env bats
# check, coverage, mutate and matrix: how they judge, and what they refuse.

load helper

setup() {
	LIB=$BATS_TEST_DIRNAME/../lib
	TEMP=$BATS_TEST_TMPDIR
}

# with_kunit: a small checkout that has the lists, too.
with_kunit() {
	common_setup lists
}

lists() {
	cp -r "$BATS_TEST_DIRNAME/../../kunit" "$REPO"
}

refused() {
	run vgpio "$@"
	[ "$status" -eq 1 ]
	one_line
}

# --- check --------------------------------------------------------------------------

# told OLD: what kunit.py is told when a check configures, and the options that it is to use.
told() {
	local CHECK_TMP=$TEMP/tmp BUILD=$TEMP/build CHECK_BUILD=gcc
	mkdir -p "$CHECK_TMP" "$BUILD"
	. "$LIB/check.sh"
	options_of() { echo CONFIG_I2C=y >"$2"; }
	eval "kunit_is_old() { $1; }"
	kunit_py() {
		echo "$*"
		cat "$BUILD/.kunitconfig" "$CHECK_TMP/options" 2>/dev/null
	}
	set -e
	configure_at HEAD
}

@test "check: what is built has the options of the suites" {
	[ "$(told false)" = "config --build_dir=$TEMP/build --kunitconfig=$TEMP/tmp/options
CONFIG_I2C=y" ]
	rm -r "$TEMP/build"
	[ "$(told true)" = "config --build_dir=$TEMP/build
CONFIG_I2C=y
CONFIG_I2C=y" ]
}

@test "check: a pattern finds files in folders" {
	local BASE_REPO=$TEMP/repo
	git init -q "$BASE_REPO"
	git -C "$BASE_REPO" config user.name virtio-gpio
	git -C "$BASE_REPO" config user.email virtio-gpio@example.org
	git -C "$BASE_REPO" commit -q --allow-empty -m first
	mkdir -p "$BASE_REPO/drivers/gpio"
	touch "$BASE_REPO/drivers/gpio/a.c"
	git -C "$BASE_REPO" add .
	git -C "$BASE_REPO" commit -qm second
	# shellcheck source=tools/lib/check.sh
	. "$LIB/check.sh"
	touches HEAD '*.[ch]'
	run touches HEAD '*.rst'
	[ "$status" -eq 1 ]
}

# --- coverage ---------------------------------------------------------------------

# record COUNT TAKEN: lcov's record of a source file of two functions.
record() {
	mkdir -p "$TEMP/src"
	printf '%s\n' 'int one(void)' '{' '	return 1;' '}' 'int two(void)' '{' '	if (x)' \
		'		return -ENOMEM;' '	return 2;' '}' >"$TEMP/src/a.c"
	cat >"$TEMP/info" <<-END2
		SF:$TEMP/src/a.c
		DA:1,1
		FN:2,one
		FN:5,two
		DA:3,4
		DA:7,4
		DA:8,$1
		DA:9,4
		BRDA:7,0,0,$2
		BRDA:7,0,1,4
		end_of_record
	END2
}

report() {
	run python3 "$LIB/coverage-report.py" "$TEMP/info" "$TEMP/list" "$@" src/a.c
}

@test "coverage: everything ran" {
	record 1 1
	: >"$TEMP/list"
	report 100 100
	[ "$status" -eq 0 ]
	[[ $output == *"lines 5/5 100.0 %   branches 2/2 100.0 %"* ]]
}

@test "coverage: a line that did not run needs a reason" {
	record 0 1
	: >"$TEMP/list"
	report 80 50
	[ "$status" -eq 1 ]
	[ "${lines[1]}" = "failed: src/a.c:8: two() did not run: return -ENOMEM;" ]
	printf 'src/a.c two\n\treturn  -ENOMEM;\n\t= No memory.\n' >"$TEMP/list"
	report 80 50
	[ "$status" -eq 0 ]
}

@test "coverage: the list is held to what it says" {
	record 1 1
	printf 'src/a.c two\n\treturn -EIO;\n\t= Why.\n' >"$TEMP/list"
	report 0 0
	[ "$status" -eq 1 ]
	[[ $output == *"has not: return -EIO;"* ]]
	printf 'src/a.c two\n\treturn -ENOMEM;\n' >"$TEMP/list"
	report 0 0
	[ "$status" -eq 1 ]
	[[ $output == *"no reason for src/a.c two"* ]]
}

@test "coverage: too little is too little" {
	record 0 -
	printf 'src/a.c two\n\treturn -ENOMEM;\n\t= Why.\n' >"$TEMP/list"
	report 81 51
	[ "$status" -eq 1 ]
	[[ $output == *"4 of 5 lines ran, 80.0 %, and 81 % must"* ]]
	[[ $output == *"1 of 2 branches ran, 50.0 %, and 51 % must"* ]]
}

@test "coverage: a file of which nothing was recorded" {
	record 1 1
	: >"$TEMP/list"
	run python3 "$LIB/coverage-report.py" "$TEMP/info" "$TEMP/list" 0 0 src/b.c
	[ "$status" -eq 1 ]
	[[ $output == *"src/b.c: nothing was recorded"* ]]
}

@test "coverage: --html needs a folder that can be written" {
	with_kunit
	refused coverage --html
	refused coverage --html /proc/no
	[[ $output == *"--html /proc/no: cannot be made"* ]]
}

# --- mutate -----------------------------------------------------------------------

# mutants COMMAND NAME...: with the list on standard input.
mutants() {
	printf '%s\n' 'static int f(int x)' '{' '	if (x)' '		return 1;' '	return 2;' '}' \
		'static int g(int x)' '{' '	if (x)' '		return 1;' '	x++;' '	x++;' '}' >"$TEMP/c"
	cat >"$TEMP/mutants"
	run python3 "$LIB/mutants.py" "$TEMP/mutants" "$TEMP/c" "$@"
}

@test "mutate: a fault goes into the function that it names" {
	mutants apply a <<<$'a: Is wrong.\n\tin g\n\t- if (x)\n\t- return 1;\n\t+ return 3;'
	[ "$status" -eq 0 ]
	[ "${lines[2]}" = $'\tif (x)' ]
	[ "${lines[8]}" = $'\treturn 3;' ]
	[ "${#lines[@]}" -eq 12 ]
}

@test "mutate: a fault that does not fit is an error" {
	mutants check a <<<$'a: Is wrong.\n\tin f\n\t- x++;'
	[ "$status" -eq 1 ]
	[[ $output == "a: 0 places in f() "* ]]
	mutants check a <<<$'a: Is wrong.\n\tin g\n\t- x++;'
	[ "$status" -eq 1 ]
	[[ $output == "a: 2 places in g() "* ]]
	mutants check a <<<$'a: Is wrong.\n\tin h\n\t- x++;'
	[ "$status" -eq 1 ]
	[[ $output == "a: the source has no h()"* ]]
	mutants check a <<<$'a: Is wrong.\n\tfor g\n'
	[ "$status" -eq 1 ]
	[[ $output == "a: does not know 'for'"* ]]
}

@test "mutate: there are 40 faults and more, and all fit the driver" {
	local names file=$BATS_TEST_DIRNAME/../../drivers/gpio/gpio-virtio.c
	names=$(python3 "$LIB/mutants.py" "$BATS_TEST_DIRNAME/../../kunit/mutants" "$file" list | cut -f 1)
	[ "$(wc -l <<<"$names")" -ge 40 ]
	# shellcheck disable=SC2086 # one argument for each
	python3 "$LIB/mutants.py" "$BATS_TEST_DIRNAME/../../kunit/mutants" "$file" check $names
}

@test "mutate: what the console says is what is noticed" {
	verdict() {
		printf '%s\n' "$@" >"$TEMP/console"
		bash -c '. "$1/lib/build.sh"; . "$1/cmd/mutate"; say() { echo "$*"; }; mutant_verdict "$2"' - \
			"$LIB/.." "$TEMP/console"
	}
	[ "$(verdict 1..1 '    ok 1 a' 'ok 1 suite')" = survived ]
	[ "$(verdict 1..2 '    ok 1 a' '    not ok 2 b' 'not ok 1 suite')" = b ]
	[ "$(verdict 1..1 '    ok 1 a' '        # Subtest: b' '        not ok 1 c d')" = "b: c d" ]
	[ "$(verdict 1..2 '    ok 1 a' 'ok 1 suite')" = "no end, after suite" ]
	[ "$(verdict 1..1 '    ok 1 a' 'BUG: bad thing' 'ok 1 suite')" = "BUG: bad thing" ]
}

@test "mutate: a name that there is not, and all that there are" {
	with_kunit
	refused mutate nonsense
	[[ $output == *"no fault 'nonsense'"*"--list"* ]]
	refused mutate --nonsense
	run vgpio mutate --list
	[ "$status" -eq 0 ]
	[[ $output == *"no-notification: "* ]]
}

# --- matrix -----------------------------------------------------------------------

@test "matrix: the rows, and one that there is not" {
	with_kunit
	run vgpio matrix --list
	[ "$status" -eq 0 ]
	[[ $output == *"powerpc "* ]]
	refused matrix nonsense
	[[ $output == *"no row 'nonsense'; they are: uml "* ]]
	refused matrix --junit
}

@test "matrix: a line of the list that makes no sense" {
	with_kunit
	printf 'more: A row.\n\tconfg gpio-virtio\n' >>"$REPO/kunit/matrix"
	refused matrix --list
	[[ $output == *"row more: does not know 'confg gpio-virtio'"* ]]
}

@test "matrix: what rows need, setup installs" {
	with_kunit
	local need
	sed -n "s/^\tneeds //p" "$REPO/kunit/matrix" | while read -r need; do
		bash -c '. "$1/packages.sh"; die() { exit 1; }; need_more "$2"' - "$LIB" "$need"
		grep -q "for more in .*\b$need\b" "$REPO/tools/cmd/setup"
	done
}

@test "matrix: the report has each case, and what belongs to none" {
	printf '{"name": "all", "sub_groups": [{"name": "suite", "test_cases": [
		{"name": "a", "status": "PASS"}, {"name": "b", "status": "FAIL"},
		{"name": "c", "status": "SKIP"}]}]}' >"$TEMP/one.json"
	echo '7 2' >"$TEMP/one"
	echo 'failed: kernel log: BUG: <bad>' >"$TEMP/one.detail"
	echo '3 0' >"$TEMP/two"
	: >"$TEMP/two.detail"
	run python3 "$LIB/matrix-junit.py" "$TEMP" one two
	[ "$status" -eq 0 ]
	[[ $output == *'<testsuite name="one" time="7" tests="4" failures="2" skipped="1">'* ]]
	[[ $output == *'BUG: &lt;bad&gt;'* ]]
	[[ $output == *'<testsuite name="two" time="3" tests="1" failures="0" skipped="0">'* ]]
}
