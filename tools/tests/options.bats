#!/usr/bin/env bats
# The front door: verbs, series and --linux, right and wrong.

load helper

setup() {
	common_setup
}

refused() {
	run vgpio "$@"
	[ "$status" -eq 1 ]
	one_line
	[ ! -e "$XDG_CACHE_HOME/vgpio/tree" ] || [ -z "$(ls "$XDG_CACHE_HOME/vgpio/tree")" ]
}

@test "help lists every verb but itself, each with an example, by what it is for" {
	run vgpio help
	[ "$status" -eq 0 ]
	[ "$(grep -E '^[a-z]+$' <<<"$output" | paste -sd' ')" = "try change test send" ]
	local file
	for file in "$REPO"/tools/cmd/*; do
		[[ $output == *"  $(basename "$file") "* || $file == */help ]]
		grep -q '^# summary: .' "$file"
		grep -q '^# example: .*tools/vgpio '"$(basename "$file")" "$file"
	done
	[ "$(grep -c '\$ .*tools/vgpio' <<<"$output")" -eq $(($(ls "$REPO/tools/cmd" | wc -l) - 1)) ]
}

@test "no verb is help" {
	[ "$(vgpio)" = "$(vgpio help)" ]
}

@test "every verb has its own help" {
	local file verb
	for file in "$REPO"/tools/cmd/*; do
		verb=$(basename "$file")
		run vgpio "$verb" --help
		[ "$status" -eq 0 ]
		[[ $output == *"example: "*"tools/vgpio $verb"* ]]
	done
}

@test "what follows -- is not for the front door" {
	run vgpio guest --series nonsense -- sh -v
	[ "$status" -eq 1 ]
	[[ $output == *"no series 'nonsense'"* ]]
	run vgpio guest -- ./none --series nonsense -v --linux
	[ "$status" -eq 1 ]
	[[ $output == *"'./none' is no program"* ]]
}

@test "a wrong verb" {
	refused nonsense
	[[ $output == *"no verb 'nonsense'"* ]]
}

@test "a path is no verb" {
	refused ../lib/common.sh
	[[ $output == *"no verb"* ]]
}

@test "a wrong series, and which there are" {
	refused kernel --series nonsense
	[[ $output == *"no series 'nonsense'"*"there is: mainline" ]]
}

# folders_of TREE FOLDER...: empty ones.
folders_of() {
	mkdir -p "$REPO/patches/$1"
	cp -n "$REPO/patches/mainline/BASE" "$REPO/patches/$1/BASE"
	for folder in "${@:2}"; do mkdir "$REPO/patches/$1/$folder"; done
}

@test "a wrong folder, and which there are" {
	local name
	folders_of mainline 1-fixes 2-tests
	folders_of linux-7.1.y 1-fixes 4-more
	for name in 3-none mainline/4-more linux-7.1.y/2-tests linux-9.9.y/1-fixes mainline/../mainline \
		'*' 1-fixes/ /1-fixes 4-more; do
		refused kernel --series "$name"
		[[ $output == *"no series '$name'"*"there is: linux-7.1.y linux-7.1.y/1-fixes linux-7.1.y/4-more mainline mainline/1-fixes mainline/2-tests" ]]
	done
}

@test "a base that is missing is said to be" {
	folders_of mainline 1-fixes
	folders_of linux-7.1.y 1-fixes
	rm "$REPO"/patches/mainline/BASE
	for name in mainline mainline/1-fixes 1-fixes; do
		refused kernel --series "$name"
		[[ $output == *"patches/mainline/BASE is missing"* ]]
	done
}

@test "a folder is mainline's, or of the tree that is named with it" {
	chosen() {
		bash -c 'VGPIO_ROOT=$1 SERIES=$2; . "$1/tools/lib/common.sh"; . "$1/tools/lib/series.sh"
			choose_series; echo "$TREE:$FOLDER:${FOLDERS[*]}:${CHOSEN_FOLDERS[*]}"' - "$REPO" "$1"
	}
	folders_of mainline 1-fixes 2-tests
	folders_of linux-7.1.y 1-fixes 4-more
	[ "$(chosen mainline)" = "mainline::1-fixes 2-tests:1-fixes 2-tests" ]
	[ "$(chosen 1-fixes)" = "mainline:1-fixes:1-fixes:1-fixes" ]
	[ "$(chosen mainline/2-tests)" = "mainline:2-tests:1-fixes 2-tests:2-tests" ]
	[ "$(chosen linux-7.1.y/1-fixes)" = "linux-7.1.y:1-fixes:1-fixes:1-fixes" ]
	[ "$(chosen linux-7.1.y/4-more)" = "linux-7.1.y:4-more:1-fixes 4-more:4-more" ]
	rm -r "$REPO"/patches/linux-7.1.y/[14]-*
	[ "$(chosen linux-7.1.y)" = "linux-7.1.y:::" ]
}

@test "an option without its value" {
	refused kernel --series
	[[ $output == *"--series needs a value"* ]]
}

@test "an option that a verb does not know" {
	refused verify --nonsense
	[[ $output == *"does not know '--nonsense'"* ]]
}

@test "--linux: no such folder" {
	LINUX=/no/such/folder refused kernel
	[[ $output == *"no such folder"* ]]
}

@test "--linux: no git tree" {
	mkdir "$BATS_TEST_TMPDIR/plain"
	LINUX=$BATS_TEST_TMPDIR/plain refused kernel
	[[ $output == *"is no git tree"* ]]
}

@test "--linux: a git tree of something else" {
	LINUX=$BATS_TEST_TMPDIR/other
	git init -q "$LINUX"
	git -C "$LINUX" commit -q --allow-empty -m empty
	refused kernel
	[[ $output == *"is no kernel tree"* ]]
}

@test "--linux: a git tree without a commit" {
	LINUX=$BATS_TEST_TMPDIR/other
	git init -q "$LINUX"
	refused kernel
	[[ $output == *"is no kernel tree"* ]]
}

@test "--linux: a folder inside a kernel tree" {
	LINUX=$LINUX/drivers refused kernel
	[[ $output == *"pass its top, $BATS_TEST_TMPDIR/linux"* ]]
}

@test "--linux: uncommitted changes" {
	echo change >>"$LINUX/Makefile"
	refused kernel
	[[ $output == *"has uncommitted changes"* ]]
}

@test "--linux: too old" {
	LINUX=$BATS_TEST_TMPDIR/old
	make_linux "$LINUX" 1
	refused kernel
	[[ $output == *"is Linux 7.1, too old"*"7.2 or newer"* ]]
}

@test "--linux: the oldest and a newer release are taken" {
	local level
	for level in 2 11; do
		make_linux "$BATS_TEST_TMPDIR/linux-$level" "$level"
		run "$REPO/tools/vgpio" kernel --linux "$BATS_TEST_TMPDIR/linux-$level"
		[ "$status" -eq 0 ]
		[[ $output == *"kernel: Linux 7.$level at "* ]]
	done
}

@test "--linux: a bare repository is taken" {
	git clone -q --bare "$LINUX" "$BATS_TEST_TMPDIR/bare.git"
	LINUX=$BATS_TEST_TMPDIR/bare.git run vgpio kernel
	[ "$status" -eq 0 ]
}

@test "--linux: a shallow clone is taken" {
	git -C "$LINUX" commit -q --allow-empty -m second
	git clone -q --depth=1 "file://$LINUX" "$BATS_TEST_TMPDIR/shallow"
	LINUX=$BATS_TEST_TMPDIR/shallow run vgpio apply
	[ "$status" -eq 0 ]
}

@test "--linux and --release exclude each other" {
	refused kernel --release 7.2
	[[ $output == *"pass one of them"* ]]
}

@test "--release: too old, or no release" {
	LINUX=''
	refused kernel --release 6.1
	[[ $output == *"too old"* ]]
	refused kernel --release latest
	[[ $output == *"not of the form X.Y"* ]]
}

@test "a tree passed with --linux is never written to" {
	local before
	before=$(fingerprint "$LINUX")
	make_series
	run vgpio verify
	[ "$status" -eq 0 ]
	[ "$(fingerprint "$LINUX")" = "$before" ]
	[ "$(git -C "$LINUX" worktree list | wc -l)" -eq 1 ]
}

@test "setup --check names what is missing" {
	lacks qemu-system-x86
	run vgpio setup --check
	[ "$status" -eq 0 ]
	[ "$output" = "nothing is missing" ]
	lacks gcc
	run vgpio setup --check
	[ "$status" -eq 1 ]
	[ "$output" = "missing: no-such-package" ]
}

@test "setup: QEMU is asked for only where it is used" {
	lacks qemu-system-x86
	run vgpio setup --check
	[ "$output" = "nothing is missing" ]
	run vgpio setup --qemu --check
	[ "$status" -eq 1 ]
	[ "$output" = "missing: no-such-package" ]
	local verb
	for verb in 'kunit --rt' 'e2e --guest qemu' 'test kunit-rt'; do
		# shellcheck disable=SC2086 # a verb and its option
		run vgpio $verb
		[ "$status" -eq 1 ]
		[[ $output == *no-such-package* ]]
	done
}

@test "the compiler of ACPI tables is asked for where a guest has users of lines" {
	lacks acpica-tools
	run vgpio setup --check
	[ "$output" = "nothing is missing" ]
	run vgpio setup --qemu --check
	[ "$status" -eq 1 ]
	[ "$output" = "missing: no-such-package" ]
	run vgpio e2e --guest qemu lamp
	[ "$status" -eq 1 ]
	[[ $output == *no-such-package* ]]
}

@test "the fuzzers' needs: asked for by setup and test only" {
	lacks libclang-rt-dev
	run vgpio setup --check
	[ "$status" -eq 1 ]
	[ "$output" = "missing: no-such-package" ]
	run vgpio test tools
	[ "$status" -eq 1 ]
	[[ $output == *no-such-package* ]]
	run vgpio kernel
	[[ $output != *no-such-package* ]]
}

@test "kunit: one configuration at a time" {
	refused kunit --debug --rt
	[[ $output == *"pass one of them"* ]]
}

@test "kunit: modes that exclude each other, and values that are none" {
	local options
	for options in '--each --isolate' '--each --worktree' '--on base --each' '--on base --worktree' '--isolate --rt'; do
		# shellcheck disable=SC2086 # several words
		refused kunit $options
		[[ $output == *"pass "* ]]
	done
	refused kunit --limit 5
	[[ $output == *"--limit goes with --isolate"* ]]
	for options in 0 x -1; do
		refused kunit --isolate --limit "$options"
		[[ $output == *"--limit '$options': is no number of seconds"* ]]
	done
	refused kunit --on
	[[ $output == *"--on needs a value"* ]]
}

@test "kunit --rt: KVM is not asked for" {
	fake qemu-system-x86_64 <<<'echo "$*"'
	PATH=$REPO/tools/lib/tcg:$PATH run qemu-system-x86_64 -m 1 -accel kvm -accel hvf -accel tcg -append 'a  b'
	[ "$output" = "-m 1 -accel tcg -append a  b" ]
}

@test "what cannot be installed is named" {
	lacks gcc
	run vgpio kernel
	[ "$status" -eq 1 ]
	[[ $output == *no-such-package* ]]
}

@test "a clone with core.autocrlf has the files as they are" {
	local root=$BATS_TEST_DIRNAME/../.. clone=$BATS_TEST_TMPDIR/clone
	mkdir -p "$BATS_TEST_TMPDIR/from/tools" "$BATS_TEST_TMPDIR/from/patches"
	cp "$root/.gitattributes" "$BATS_TEST_TMPDIR/from"
	cp "$root/tools/vgpio" "$BATS_TEST_TMPDIR/from/tools"
	cp "$root"/patches/mainline/1-fixes/0001-*.patch "$BATS_TEST_TMPDIR/from/patches"
	git init -q "$BATS_TEST_TMPDIR/from"
	git -C "$BATS_TEST_TMPDIR/from" add .
	git -C "$BATS_TEST_TMPDIR/from" commit -qm files
	git -c core.autocrlf=true clone -q "$BATS_TEST_TMPDIR/from" "$clone"
	cmp "$root/tools/vgpio" "$clone/tools/vgpio"
	cmp "$root"/patches/mainline/1-fixes/0001-*.patch "$clone"/patches/0001-*.patch
}
