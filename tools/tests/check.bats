#!/usr/bin/env bats
# check: what it finds, and what it refuses.

load helper

setup() {
	common_setup make_work
}

# make_work: what the checks need is not installed for these tests; and WORK.
make_work() {
	sed -i '/^# needs: /d' "$REPO"/tools/checks/*
	WORK=$(vgpio apply 2>/dev/null)
}

# make_folders: that with a series.
make_folders() {
	make_work
	make_series
}

refused() {
	run vgpio "$@"
	[ "$status" -eq 1 ]
	one_line
}

# series MESSAGE [LINE]: a folder with one patch with this message, which adds LINE.
series() {
	printf '%s\n' "${2:-int more;}" >>"$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam "$1"
	one_folder
}

# one_folder: what is in WORK is that of 1-fixes.
one_folder() {
	end_folder 1-fixes
	vgpio export 2>/dev/null
	FIXES=$REPO/patches/mainline/1-fixes
	cover "$FIXES" 'Subject: [PATCH 00/01] gpio: virtio: Fixes'
}

# finds CHECK TEXT...: it fails, and says each of these.
finds() {
	local text
	run vgpio check "$1"
	[ "$status" -eq 1 ]
	[[ $output == *"FAIL $1 "* ]]
	for text in "${@:2}"; do [[ $output == *"$text"* ]]; done
}

readonly GOOD=$'gpio: virtio: Return more\n\nThere is more to return.'

@test "check --list: every check, and what it proves" {
	local file
	run vgpio check --list
	[ "$status" -eq 0 ]
	for file in "$REPO"/tools/checks/*; do
		[[ $file != *.* ]] || continue
		grep -q '^# proves: .' "$file"
		[[ $output == *"$(basename "$file") "*"$(sed -n 's/^# proves: //p' "$file")"* ]]
	done
	[ "${#lines[@]}" -eq "$(find "$REPO/tools/checks" -type f ! -name '*.*' | wc -l)" ]
}

@test "check: setup --send knows what each check needs" {
	local need
	sed -n 's/^# needs: //p' "$BATS_TEST_DIRNAME"/../checks/* | tr ' ' '\n' | while read -r need; do
		grep -q "for more in .*\b$need\b.*b4;" "$REPO/tools/cmd/setup"
		grep -q "^readonly ${need^^}_NEEDS=" "$REPO/tools/lib/packages.sh"
	done
}

@test "check: what it does not know" {
	series "$GOOD"
	refused check nonsense
	[[ $output == *"no check 'nonsense'; they are: apply "* ]]
	refused check --nonsense
	refused check --fast apply
	refused check --patch
	run vgpio check --patch 2
	[[ $status -eq 1 && $output == *"--patch 2: the series has patches 1 to 1"* ]]
	run vgpio check --patch 2-x
	[[ $status -eq 1 && $output == *"--patch 2-x: is neither"* ]]
}

@test "check: a series that is as it should be" {
	series "$GOOD"
	run vgpio check apply messages exports kconfig-order
	[ "$status" -eq 0 ]
	[[ $output == *"4 passed, 0 failed" ]]
}

@test "check: it stops at what fails, or goes on" {
	series 'gpio: virtio: Return more.'
	run vgpio check messages exports
	[ "$status" -eq 1 ]
	[[ $output == *"not run after the failure: exports"*"0 passed, 1 failed" ]]
	run vgpio check --keep-going messages exports
	[ "$status" -eq 1 ]
	[[ $output == *"1 passed, 1 failed" ]]
}

@test "check --patch: only that one counts, of those that --series names" {
	common_setup make_folders
	git -C "$WORK" commit -q --amend -m 'Returned'
	end_folder 2-tests
	vgpio export 2>/dev/null
	run vgpio check --patch 1-2 --keep-going messages
	[[ $output == *"1-fixes/0001: "* && $output != *2-tests* ]]
	run vgpio check --patch 3 messages
	[[ $output == *"2-tests/0001: the subject names no subsystem"* && $output != *1-fixes* ]]
	run vgpio check --series 2-tests messages
	[[ $output == *"2-tests/0001: the subject names no subsystem"* && $output != *1-fixes* ]]
	run vgpio check --series 2-tests --patch 2 messages
	[[ $status -eq 1 && $output == *"--patch 2: the series has patches 1 to 1"* ]]
}

@test "check: a folder is looked at on top of those before it" {
	common_setup make_folders
	run vgpio check --series 2-tests apply exports
	[ "$status" -eq 0 ]
	[[ $output == *"1 patches apply, with nothing moved"* ]]
	run vgpio check apply exports
	[ "$status" -eq 0 ]
	[[ $output == *"3 patches apply, with nothing moved"* ]]
}

# table FOLDER NEEDS...: the README's, for each folder with what it needs.
table() {
	printf '  %-12s  1  tree   %s\n' "$@" >"$REPO/patches/mainline/README"
}

@test "needs: a folder that does not apply to what it says it needs" {
	common_setup make_folders
	sed -i '5s/5/6/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'gpio: virtio: Return six'
	end_folder 2-tests
	vgpio export 2>/dev/null
	table 1-fixes - 2-tests 1
	run vgpio check needs
	[ "$status" -eq 0 ]
	[[ $output == *"2 folders, each with what it needs"* ]]
	table 1-fixes - 2-tests '-; alone'
	finds needs "2-tests: does not apply to what it needs: error: patch failed: drivers/gpio/gpio-virtio.c:"
	table 1-fixes -
	finds needs "2-tests: is not in the table of patches/mainline/README"
	rm "$REPO/patches/mainline/README"
	finds needs "1-fixes: is not in the table"
}

# words NUMBER: as many.
words() {
	seq -f 'word%g' "$1" | paste -sd' '
}

@test "cover-letter: at most 350 words, and the right number of patches" {
	common_setup make_folders
	cover "$FIXES" 'Subject: [PATCH 00/02] gpio: virtio: Fixes' "$(words 343)" --- "$(words 99)"
	run vgpio check cover-letter
	[ "$status" -eq 0 ]
	cover "$FIXES" 'Subject: [PATCH 00/02] gpio: virtio: Fixes' "$(words 344)"
	finds cover-letter "1-fixes/cover-letter.txt: has 351 words, 350 are the limit"
	cover "$FIXES" 'Subject: [PATCH 00/03] gpio: virtio: Fixes'
	finds cover-letter "1-fixes/cover-letter.txt: says 3 patches, and there are 2"
	cover "$FIXES" 'gpio: virtio: Fixes'
	finds cover-letter "1-fixes/cover-letter.txt: the first line is not 'Subject: [PATCH 00/02] title'"
	run vgpio check --series 2-tests cover-letter
	[ "$status" -eq 0 ]
}

@test "cover-letter: that of a tree without folders may be long, and is there" {
	series "$GOOD"
	cp -r "$FIXES" "$REPO/patches/linux-7.3.y"
	cp "$REPO/patches/mainline/BASE" "$REPO/patches/linux-7.3.y"
	cover "$REPO/patches/linux-7.3.y" 'Subject: [PATCH 00/01] gpio: virtio: More' "$(words 999)"
	run vgpio check --series linux-7.3.y cover-letter
	[ "$status" -eq 0 ]
	rm "$REPO/patches/linux-7.3.y/cover-letter.txt" "$FIXES/cover-letter.txt"
	run vgpio check --series linux-7.3.y cover-letter
	[[ $status -eq 1 && $output == *" cover-letter.txt: is missing"* && $output != *"first line"* ]]
	finds cover-letter "1-fixes/cover-letter.txt: is missing"
}

# a_codespell: knows one word only.
a_codespell() {
	fake codespell <<-'END'
		! grep -rno teh "${@: -1}" | sed 's/teh$/ teh ==> the/' | grep . || exit 65
	END
}

@test "spelling: a patch, and the letter of each folder, which must be there" {
	common_setup make_folders
	a_codespell
	run vgpio check spelling
	[ "$status" -eq 0 ]
	cover "$TESTS" 'Subject: [PATCH 00/01] gpio: virtio: Tests' 'This is teh text.'
	finds spelling "2-tests/cover: teh ==> the"
	run vgpio check --series 1-fixes spelling
	[ "$status" -eq 0 ]
	rm "$TESTS/cover-letter.txt"
	finds spelling "2-tests/cover-letter.txt: is missing"
}

@test "spelling: a message" {
	a_codespell
	series "$GOOD All teh time."
	finds spelling "1-fixes/0001: teh ==> the"
}

@test "check: a check that dies does not pass" {
	series "$GOOD"
	sed -i 's/proved /false || return; proved /' "$REPO/tools/checks/exports"
	finds exports "did not come to its end"
}

@test "apply: a space too many" {
	series "$GOOD" 'int more; '
	finds apply "1-fixes/0001: does not apply"
}

@test "sizes: a patch that is too large, unless it is excepted, and too many patches" {
	local i
	series "$GOOD" "$(seq -f 'int a%g;' 300)"
	finds sizes "1-fixes/0001: changes 300 lines and adds 0 to tests; 250 and 600 are the limits" \
		"nothing needs the line: 3t-requests"
	[[ $output == *"  300     0  1-fixes/0001 gpio: virtio: Return more"* ]]
	printf '1-fixes gpio-virtio-Return\n\t= Why.\n' >"$REPO/tools/checks/sizes.exceptions"
	run vgpio check sizes
	[ "$status" -eq 0 ]
	for i in {2..11}; do series "$GOOD $i"; done
	finds sizes "1-fixes: has 11 patches, 10 are the limit"
}

@test "sizes: lines that a later patch takes out" {
	: >"$REPO/tools/checks/sizes.exceptions"
	series "$GOOD"
	printf '%s\n' int\ a{1..20}\; >>"$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam "$GOOD 2"
	sed -i '/int a[1-9];/d' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam "$GOOD 3"
	end_folder 3-more
	vgpio export 2>/dev/null
	finds sizes "29 lines changed for 11, 263 %; 115 % is the limit"
}

# Their verbs use the tree that the run holds, at another patch.
@test "folders: the suites and a guest at the end of each" {
	local verb
	common_setup make_folders
	for verb in kunit e2e; do
		cat >"$REPO/tools/cmd/$verb" <<-'END'
			verb_main() {
				provide_kernel
				series_head
				use_tree "$SERIES_HEAD"
				say "$FOLDER $(git -C "$SRC" show -s --format=%s): 2 passed, 0 failed"
			}
		END
	done
	VGPIO_LINUX=$LINUX run timeout -s KILL 60 "$REPO/tools/vgpio" check folders
	[ "$status" -eq 0 ]
	[[ $output == *"1-fixes "*"debug 1-fixes "*": 2 passed, 0 failed, guest 1-fixes "* ]]
	[[ $output == *"2-tests "*"debug 2-tests "*": 2 passed, 0 failed, guest 2-tests "* ]]
}

@test "messages: subjects" {
	series $'gpio: virtio: Adds a very long subject that goes on and on until it has too many columns.'
	finds messages "columns, 75 are the limit" "ends with a full stop" "not in the imperative" "says nothing"
}

@test "messages: lines and trailers" {
	series "$GOOD $(printf 'x%.0s' {1..70})

Fixes: 3a29355 (gpio: Add)
Cc: Stable <stable@kernel.org>
Reviewed-by: Somebody <s@example.org>"
	finds messages "a line has" "not of the form 'Fixes:" "line for stable" "nobody gave: Reviewed-by:"
}

@test "messages: Fixes: names a commit that is there" {
	local commit
	commit=$(git -C "$LINUX" rev-parse --short=12 HEAD)
	series "$GOOD

Fixes: $commit (\"another subject\")
Cc: stable@vger.kernel.org"
	finds messages "$commit has another subject"
}

@test "messages: what is for stable fixes something" {
	series "$GOOD

Cc: stable@vger.kernel.org"
	finds messages "is for stable, and has no Fixes:"
}

@test "messages: a fix that is not to be picked for stable says why" {
	local fixes='Fixes: 3a29355a22c0 ("gpio: Add virtio-gpio driver")'
	series "$GOOD

$fixes
Cc: <stable+noautosel@kernel.org> # needs another series"
	run vgpio check messages
	[ "$status" -eq 0 ]
	series "$GOOD

$fixes
Cc: <stable+noautosel@kernel.org>"
	finds messages "line for stable"
}

@test "messages: what is for stable is short, and so is its message" {
	local fixes='Fixes: 3a29355a22c0 ("gpio: Add virtio-gpio driver")'
	series "$GOOD

$fixes
Cc: stable@vger.kernel.org # 6.1+"
	run vgpio check messages
	[ "$status" -eq 0 ]
	series "$GOOD
$(seq -f 'line %g' 12)

$fixes
Cc: stable@vger.kernel.org # 6.1+" "$(seq -f 'int more_%g;' 101)"
	finds messages "its message has 13 lines, 12 are the limit" "changes 101 lines, 100 are the limit"
}

# a_checkpatch MESSAGE: the tree's, which says this of every patch.
a_checkpatch() {
	mkdir -p "$LINUX/scripts"
	printf 'print "$ARGV[-1]:3: %s\\n";' "$1" >"$LINUX/scripts/checkpatch.pl"
	git -C "$LINUX" add .
	git -C "$LINUX" commit -qm checkpatch
}

@test "checkpatch: what it says is found, unless it is excepted with a reason" {
	a_checkpatch 'ERROR:CODE_INDENT: code indent should use tabs'
	series "$GOOD"
	rm "$REPO/tools/checks/checkpatch.mainline.exceptions"
	: >"$REPO/tools/checks/checkpatch.exceptions"
	finds checkpatch "1-fixes/0001: 3: ERROR:CODE_INDENT: code indent"
	printf 'CODE_INDENT\n' >"$REPO/tools/checks/checkpatch.exceptions"
	finds checkpatch "each exception needs a reason"
	printf 'CODE_INDENT\n\t= As it is.\n' >"$REPO/tools/checks/checkpatch.exceptions"
	run vgpio check checkpatch
	[ "$status" -eq 0 ]
	printf 'CODE_INDENT\n\t= As it is.\nGONE\n\t= No.\n' >"$REPO/tools/checks/checkpatch.exceptions"
	finds checkpatch "nothing says GONE any more"
	run vgpio check --series 1-fixes checkpatch
	[ "$status" -eq 0 ]
	printf 'CODE_INDENT\n\t= As it is.\n' >"$REPO/tools/checks/checkpatch.exceptions"
	printf 'GONE\n\t= No.\n' >"$REPO/tools/checks/checkpatch.mainline.exceptions"
	finds checkpatch "nothing says GONE any more"
	mv "$REPO/tools/checks/checkpatch."{mainline,other}.exceptions
	run vgpio check checkpatch
	[ "$status" -eq 0 ]
}

@test "checkpatch: 'python' is there for it, and is the system's" {
	mkdir -p "$LINUX/scripts" "$BATS_TEST_TMPDIR/other"
	printf 'print "$ARGV[-1]:3: ERROR:PYTHON: " . `python -c "print(6 * 7)"`;' >"$LINUX/scripts/checkpatch.pl"
	git -C "$LINUX" add .
	git -C "$LINUX" commit -qm checkpatch
	series "$GOOD"
	printf '#!/bin/sh\necho 41\n' >"$BATS_TEST_TMPDIR/other/python"
	chmod +x "$BATS_TEST_TMPDIR/other/python"
	PATH=$BATS_TEST_TMPDIR/other:$PATH finds checkpatch "ERROR:PYTHON: 42"
}

@test "checkpatch: a script that it calls and that fails is found" {
	a_checkpatch 'Traceback (most recent call last):\nAssertionError'
	series "$GOOD"
	finds checkpatch "1-fixes/0001: a script that checkpatch.pl calls failed: AssertionError"
}

@test "exports: a symbol that nobody else uses" {
	series "$GOOD" 'EXPORT_SYMBOL_GPL(more_of_it);'
	finds exports "more_of_it is exported"
}

@test "kconfig-order: an entry out of place" {
	printf 'config %s\n' A C D E G >"$LINUX/drivers/gpio/Kconfig"
	git -C "$LINUX" add .
	git -C "$LINUX" commit -qm Kconfig
	WORK=$(vgpio apply 2>/dev/null)
	sed -i 's/config C/config F\n&/' "$WORK/drivers/gpio/Kconfig"
	git -C "$WORK" commit -qam "$GOOD"
	one_folder
	finds kconfig-order "drivers/gpio/Kconfig: F stands above C"
}

@test "warnings of files that the series leaves alone are not complaints" {
	. "$REPO/tools/lib/check.sh"
	say() { printf '%s\n' "$*"; }
	OWN=(drivers/gpio/gpio-virtio.c drivers/gpio/tests/.kunitconfig)
	run own_complaints <<'SAID'
drivers/gpio/tests/.kunitconfig: warning: ignored by one of the .gitignore files
include/linux/slab.h:1:2: warning: old
drivers/gpio/gpio-virtio.c:1:2: warning: new
.mailmap: warning: ignored by one of the .gitignore files
ore: warning: ignored by one of the .gitignore files
cc1: warning: arch/um/include/uapi: No such file or directory [-Wmissing-include-dirs]
clang-19: warning: argument unused during compilation: '-mno-global-merge' [-Wunused-command-line-argument]
drivers/gpio/gpio-virtio.c: warning: ignored by one of the .gitignore files
ld: warning: no file has this
SAID
	[ "$output" = "drivers/gpio/gpio-virtio.c:1:2: warning: new
drivers/gpio/gpio-virtio.c: warning: ignored by one of the .gitignore files
ld: warning: no file has this" ]
}

@test "as modules: the drivers and tests, but not those that are a part of a driver" {
	local config=$BATS_TEST_TMPDIR/config
	. "$REPO/tools/lib/check.sh"
	printf 'CONFIG_%s=y\n' {GPIO,HW_RANDOM}_VIRTIO{,_KUNIT_TEST} >"$config"
	as_modules "$config"
	grep -qx 'CONFIG_GPIO_VIRTIO=m' "$config"
	grep -qx 'CONFIG_GPIO_VIRTIO_KUNIT_TEST=m' "$config"
	grep -qx 'CONFIG_HW_RANDOM_VIRTIO=m' "$config"
	grep -qx 'CONFIG_HW_RANDOM_VIRTIO_KUNIT_TEST=y' "$config"
	grep -qx '# CONFIG_LOCALVERSION_AUTO is not set' "$config"
}

@test "what was there before does not count, wherever it stands now" {
	cd "$BATS_TEST_TMPDIR"
	printf '%s\n' 'a.c:1:2: warning: old' >before
	printf '%s\n' 'a.c:9:2: warning: old' 'a.c:10:2: warning: old' 'b.c:1: warning: new' >after
	run bash -c '. "$1/check.sh"; new_lines before after' - "$REPO/tools/lib"
	[ "$output" = $'a.c:10:2: warning: old\nb.c:1: warning: new' ]
	: >before
	run bash -c '. "$1/check.sh"; new_lines before after' - "$REPO/tools/lib"
	[ "${#lines[@]}" -eq 3 ]
}
