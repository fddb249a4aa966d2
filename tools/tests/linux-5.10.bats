#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The series for linux-5.10.y, as far as it can be looked at without a kernel.

bats_require_minimum_version 1.5.0

# Faults in lines that the driver of 5.10 does not have
readonly NOT_THERE='in-order-accepted'

setup() {
	REPO=$BATS_TEST_DIRNAME/../..
	PATCHES=$REPO/patches/linux-5.10.y
}

# header_of_5_10 FOLDER: the uapi header as the series makes it, below FOLDER.
header_of_5_10() {
	git init -q "$1"
	git -C "$1" apply --include=include/uapi/linux/virtio_gpio.h "$PATCHES"/0*.patch
}

# interface HEADER: the value of each macro, and the layout of each structure.
interface() {
	local name
	{
		printf '#include <stddef.h>\n#include <stdio.h>\n#include "%s"\n' "$1"
		echo 'int main(void) {'
		while read -r name; do
			printf '\tprintf("%s %%#x\\n", (unsigned int)(%s));\n' "$name" "$name"
		done < <(sed -n 's/^#define \(VIRTIO_GPIO_[A-Z0-9_]*\)[[:space:]].*/\1/p' "$1" | sort)
		awk '
			/^struct .* \{$/ {
				type = $1 " " $2
				printf "\tprintf(\"%s %%zu\\n\", sizeof(%s));\n", type, type
			}
			/^}/ { type = "" }
			type && /;$/ {
				member = $2
				sub(/[[;].*/, "", member)
				printf "\tprintf(\"%s %s.%s %%zu\\n\", offsetof(%s, %s));\n", $1, type, member, type, member
			}' "$1"
		echo '}'
	} >"$BATS_TEST_TMPDIR/interface.c"
	gcc -Wall -Wextra -Werror -o "$BATS_TEST_TMPDIR/interface" "$BATS_TEST_TMPDIR/interface.c"
	"$BATS_TEST_TMPDIR/interface"
}

@test "the uapi header of 5.10 has the names and values of mainline's" {
	header_of_5_10 "$BATS_TEST_TMPDIR/tree"
	ours=$(interface "$BATS_TEST_TMPDIR/tree/include/uapi/linux/virtio_gpio.h")
	theirs=$(interface "$REPO/include/uapi/linux/virtio_gpio.h")
	(($(wc -l <<<"$ours") >= 30))
	[[ $ours == *"VIRTIO_GPIO_MSG_IRQ_TYPE 0x6"* ]]
	[[ $ours == *"__le32 struct virtio_gpio_config.gpio_names_size 4"* ]]
	diff <(echo "$ours") <(echo "$theirs")
}

# file_of_5_10 NAME FOLDER: a file that the series adds, below FOLDER.
file_of_5_10() {
	git init -q "$2"
	git -C "$2" apply --include="$1" "$PATCHES"/0*.patch
}

# cases FOLDER: the cases of all suites below it, by name.
cases() {
	cat "$1"/drivers/{gpio,virtio}/tests/*.c | grep -oE '\bKUNIT_CASE[A-Z_]*\(\w+' | cut -d'(' -f2 | sort
}

@test "the suites of 5.10 have the cases of mainline's" {
	git init -q "$BATS_TEST_TMPDIR/tree"
	git -C "$BATS_TEST_TMPDIR/tree" apply --include='drivers/*/tests/*' "$PATCHES"/0*.patch
	(($(cases "$REPO" | wc -l) >= 300))
	diff <(cases "$REPO") <(cases "$BATS_TEST_TMPDIR/tree")
}

# counts: what kunit-tap.py makes of a log, as kunit-report.py counts it.
counts() {
	python3 "$REPO/tools/lib/kunit-tap.py" /dev/stdin >"$BATS_TEST_TMPDIR/json"
	python3 "$REPO/tools/lib/kunit-report.py" "$BATS_TEST_TMPDIR/json"
}

@test "kunit-tap: cases, parameters and skipped ones are counted" {
	run -0 counts <<-'END'
		TAP version 14
		1..2
		    # Subtest: one
		    1..3
		    ok 1 - a
		    # b: ok 1 - first
		    # b: not ok 2 - second
		    # b: ok 3 - third # SKIP for a reason
		    not ok 2 - b
		    ok 3 - c # SKIP for another
		not ok 1 - one
		    # Subtest: two
		    1..1
		    ok 1 - d
		ok 2 - two
	END
	[ "$output" = $'3 1 2\nfailed: one.b.second\nskipped: one.c\nskipped: one.b.third' ]
}

@test "kunit-tap: a run that breaks off has failed" {
	run -0 counts <<-'END'
		1..2
		    # Subtest: one
		    1..2
		    ok 1 - a
	END
	[[ $output == '1 1 0'* ]]
	run -0 counts <<<'nothing'
	[[ $output == '0 1 0'* ]]
}

# convert <FROM >TO
convert() {
	python3 "$REPO/tools/lib/convert-linux-5.10.y.py"
}

# differences [--show]: between the folders one and two, of the file 'file'.
differences() {
	python3 "$REPO/tools/lib/differences.py" "$@" list one two file
}

# make_list: one difference, with its reason.
make_list() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir one two
	seq 20 >one/file
	seq 20 | sed '5s/.*/other/' >two/file
	printf '# a comment\n\nwhy: it is so\n' >list
	differences >new 2>/dev/null || true
	sed 's/ ?  / why/' new >list
	differences >/dev/null
}

@test "differences: each has its reason, and the list is written again as it is" {
	make_list
	run -0 differences
	[[ $output == "$(<list)" && $output == *$'=== file\n'*"-1 +1     why"* ]]
	run -0 differences --show
	[[ $output == *$'# it is so\n-5\n+other' ]]
}

@test "differences: a line that is changed, added, removed or moved has no reason" {
	make_list
	cp two/file good
	for change in '5s/.*/another/' '12a\more' '12d' '5{h;d};6G'; do
		sed "$change" good >two/file
		run -1 differences
		[[ $output == *'a difference that has no reason'* && $output == *' ?  '* ]]
	done
}

@test "differences: a reason stays while the lines are the same" {
	make_list
	sed -i '3s/.*/new/' one/file two/file
	run -0 differences
	[[ $output == *' why '* && $output != "$(<list)" ]]
}

@test "differences: a list that is none is refused" {
	make_list
	sed 's/ why / who /' list >other && mv other list
	run -1 differences
	[[ $output == *"has no reason 'who'; they are: why"* ]]
	sed 's/^why: .*/why/' list >other && mv other list
	run -1 differences
	[[ $output == *"list:3: is no reason; one is 'name: why'"* ]]
}

@test "differences: a reason for nothing fails" {
	make_list
	sed '3a\old: it was so' list >other && mv other list
	run -1 differences
	[[ $output == *'explains nothing: old'* ]]
}

# becomes WANTED: whether standard input does.
becomes() {
	run -0 convert
	[[ $output == "$1" ]] || {
		echo "$output"
		return 1
	}
}

@test "a guard becomes lock and unlock on each way out" {
	becomes 'static int f(struct s *s)
{
	int n = 0;
	int ret;

	spin_lock(&s->a);
	if (s->n) {
		ret = s->n;
		spin_unlock(&s->a);
		return ret;
	}
	spin_unlock(&s->a);

	rcu_read_lock();
	g(n);
	rcu_read_unlock();

	return n;
}' <<'END'
static int f(struct s *s)
{
	int n = 0;

	scoped_guard(spinlock, &s->a)
		if (s->n)
			return s->n;

	guard(rcu)();
	g(n);

	return n;
}
END
}

@test "a guard that is left in many places has one where it is released" {
	becomes 'static bool f(struct s *s)
{
	unsigned long flags;
	bool ret;

	spin_lock_irqsave(&s->lock, flags);
	if (s->a) {
		ret = false;
		goto out;
	}
	if (s->b) {
		ret = s->c;
		goto out;
	}
	ret = true;
out:
	spin_unlock_irqrestore(&s->lock, flags);

	return ret;
}' <<'END'
static bool f(struct s *s)
{
	guard(spinlock_irqsave)(&s->lock);
	if (s->a)
		return false;
	if (s->b)
		return s->c;

	return true;
}
END
}

@test "a guard that the script does not know, or that is left by a jump, is refused" {
	run -1 convert <<<$'static int f(void)\n{\n\tguard(mutex)(&m);\n\n\treturn 0;\n}'
	[[ $output == *"static int f(void): does not know the guard 'mutex'"* ]]
	run -1 convert <<<$'static int f(void)\n{\n\tguard(rcu)();\n\tgoto out;\nout:\n\treturn 0;\n}'
	[[ $output == *"goto out;: leaves a guard"* ]]
}

# listed FOLDER: the part of the list about the driver, as it is in FOLDER.
listed() {
	python3 "$REPO/tools/lib/differences.py" "$PATCHES/differences" "$WHERE/one" "$1" "$DRIVER" 2>/dev/null
}

# put_in NAME DIR: the driver of 5.10 with that fault of kunit/mutants, below DIR. It has
# the lines of mainline's, or what becomes of these.
put_in() {
	local list=("$REPO/tools/lib/mutants.py" "$REPO/kunit/mutants")
	python3 "${list[@]}" "$WHERE/two/$DRIVER" apply "$1" >"$2/$DRIVER" 2>/dev/null && return
	python3 "${list[@]}" "$REPO/$DRIVER" apply "$1" |
		python3 "$REPO/tools/lib/convert-linux-5.10.y.py" >"$2/converted"
	git merge-file -p "$WHERE/two/$DRIVER" "$WHERE/one/$DRIVER" "$2/converted" >"$2/$DRIVER" 2>/dev/null
}

# fault NAME: whether 'verify' notices that one, in WHERE/NAME.verdict.
fault() {
	local dir=$WHERE/$1 verdict='not noticed'
	mkdir -p "$dir/drivers/gpio"
	if ! put_in "$1" "$dir" || cmp -s "$dir/$DRIVER" "$WHERE/two/$DRIVER"; then
		verdict='not there'
	elif [[ $(listed "$dir") != "$(<"$WHERE/listed")" ]]; then
		verdict=noticed
	fi
	echo "$verdict" >"$dir.verdict"
	rm -r "$dir"
}

@test "each fault of kunit/mutants in the driver of 5.10 is noticed" {
	export REPO PATCHES DRIVER=drivers/gpio/gpio-virtio.c WHERE=$BATS_TEST_TMPDIR
	export -f fault listed put_in
	mkdir -p "$WHERE/one/drivers/gpio"
	convert <"$REPO/$DRIVER" >"$WHERE/one/$DRIVER"
	file_of_5_10 "$DRIVER" "$WHERE/two"
	listed "$WHERE/two" >"$WHERE/listed" || true
	grep -q callers "$WHERE/listed"
	! grep -F ' ? ' "$WHERE/listed"
	python3 "$REPO/tools/lib/mutants.py" "$REPO/kunit/mutants" - list | cut -f 1 >"$WHERE/names"

	xargs -P "$(nproc)" -I{} bash -c 'fault {}' <"$WHERE/names"
	(($(cat "$WHERE"/*.verdict | wc -l) == $(wc -l <"$WHERE/names")))
	run ! grep -l 'not noticed' "$WHERE"/*.verdict
	# They are in what this tree does not have, or does otherwise.
	run bash -c 'cd "$WHERE" && grep -l "not there" *.verdict | sed s/.verdict// | paste -sd " "'
	[[ $output == "$NOT_THERE" ]]
}
