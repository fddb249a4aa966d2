#!/usr/bin/env bats
# apply, export and verify.

load helper

setup() {
	common_setup make_series
}

# says TEXT: verify fails and names it.
says() {
	run vgpio verify
	[ "$status" -eq 1 ]
	[[ $output == *"$1"* ]]
}

@test "verify passes on what export wrote" {
	run vgpio verify
	[ "$status" -eq 0 ]
	[[ $output == *"mainline: 3 patches apply, and all"* ]]
}

@test "the work tree is bare to nobody, the repository itself to git" {
	local repo
	repo=$(echo "$XDG_CACHE_HOME"/vgpio/tree/*.git)
	run git config --file "$repo/config" core.bare
	[ "$status" -eq 1 ]
	[ "$(git --git-dir="$repo" rev-parse --is-bare-repository)" = true ]
	[ "$(git -C "$WORK" rev-parse --is-bare-repository)" = false ]
}

@test "export writes patches, mirrored files and the fragment" {
	[ "$(<"$FIXES/series")" = $'0001-gpio-virtio-Return-five.patch\n0002-gpio-virtio-Return-thirty.patch' ]
	[ "$(<"$TESTS/series")" = 0001-gpio-virtio-Add-tests.patch ]
	[ "$(ls "$REPO"/patches/mainline/*/*.patch | wc -l)" -eq 3 ]
	cmp "$REPO/drivers/gpio/gpio-virtio.c" "$WORK/drivers/gpio/gpio-virtio.c"
	cmp "$REPO/drivers/gpio/tests/cases.c" "$WORK/drivers/gpio/tests/cases.c"
	[ ! -e "$REPO/drivers/gpio/Makefile" ]
	[ "$(<"$REPO/MAINTAINERS.fragment")" = $'VIRTIO GPIO DRIVER\nF:\tdrivers/gpio/tests/' ]
}

@test "the round trip is byte-identical, in another cache too" {
	local before
	before=$(fingerprint "$REPO")
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/other-cache
	vgpio apply
	vgpio export
	[ "$(fingerprint "$REPO")" = "$before" ]
}

@test "plain git am takes the patches" {
	git clone -q "$LINUX" "$BATS_TEST_TMPDIR/clone"
	git -C "$BATS_TEST_TMPDIR/clone" am -q "$REPO"/patches/mainline/*/*.patch
	[ "$(git -C "$BATS_TEST_TMPDIR/clone" log --format=%s HEAD~3..)" = "$(git -C "$WORK" log --format=%s vgpio-base..)" ]
	cmp "$BATS_TEST_TMPDIR/clone/drivers/gpio/gpio-virtio.c" "$REPO/drivers/gpio/gpio-virtio.c"
}

@test "verify: a mirrored file edited by hand" {
	echo 'int more;' >>"$REPO/drivers/gpio/gpio-virtio.c"
	says "drivers/gpio/gpio-virtio.c is not what the patches make it"
}

@test "verify: the fragment edited by hand" {
	echo more >>"$REPO/MAINTAINERS.fragment"
	says "MAINTAINERS.fragment is not what the patches make it"
}

@test "verify: a mirrored file deleted" {
	rm "$REPO/drivers/gpio/tests/cases.c"
	says "drivers/gpio/tests/cases.c is missing"
}

@test "verify: a stray file among the mirrored ones" {
	touch "$REPO/drivers/gpio/gpio-other.c"
	says "drivers/gpio/gpio-other.c does not belong here"
}

@test "verify: a patch that is listed and missing, the last one too" {
	local name
	for name in 1-fixes/0001-gpio-virtio-Return-five.patch 1-fixes/0002-gpio-virtio-Return-thirty.patch \
		2-tests/0001-gpio-virtio-Add-tests.patch; do
		mv "$REPO/patches/mainline/$name" "$BATS_TEST_TMPDIR/away"
		says "patches/mainline/$name is missing"
		mv "$BATS_TEST_TMPDIR/away" "$REPO/patches/mainline/$name"
	done
}

@test "verify: a patch that no list has" {
	cp "$TESTS"/0001-* "$TESTS/0002-more.patch"
	says "patches/mainline/2-tests/0002-more.patch does not belong here: 'series' does not list it"
}

@test "verify: a renamed patch" {
	cd "$FIXES"
	mv 0002-gpio-virtio-Return-thirty.patch 0002-other.patch
	says "patches/mainline/1-fixes/0002-gpio-virtio-Return-thirty.patch was renamed to 0002-other.patch"
}

@test "verify: a renamed patch and its line in the list too" {
	cd "$FIXES"
	mv 0002-gpio-virtio-Return-thirty.patch 0002-other.patch
	sed -i 's/^0002-.*/0002-other.patch/' series
	says "patches/mainline/1-fixes/0002-other.patch should be named 0002-gpio-virtio-Return-thirty.patch"
}

@test "verify: a list in another order" {
	tac "$FIXES/series" >"$BATS_TEST_TMPDIR/list"
	cp "$BATS_TEST_TMPDIR/list" "$FIXES/series"
	says "patches/mainline/1-fixes/series is not as 'export' writes it"
}

@test "verify: a gap in the numbers of a folder" {
	cd "$FIXES"
	mv 0002-gpio-virtio-Return-thirty.patch 0003-gpio-virtio-Return-thirty.patch
	sed -i 's/^0002/0003/' series
	says "patches/mainline/1-fixes/0003-gpio-virtio-Return-thirty.patch stands where number 0002 should"
}

@test "verify: a stray file, wherever it is" {
	local name
	for name in 'mainline/2-tests/notes.txt does not belong here' \
		'mainline/notes.txt does not belong here: patches lie in folders' \
		'mainline/0001-more.patch does not belong here: patches lie in folders' \
		'notes.txt belongs to no series'; do
		touch "$REPO/patches/${name%% *}"
		says "patches/$name"
		rm "$REPO/patches/${name%% *}"
	done
}

@test "verify: a folder whose name is none" {
	local name
	for name in fixes 10-more 3_more 3-More 3x-more; do
		cp -r "$TESTS" "$REPO/patches/mainline/$name"
		says "patches/mainline has folders whose names are none: $name; they are as 4-name or 4t-name"
		rm -r "$REPO/patches/mainline/$name"
	done
	cp -r "$TESTS" "$REPO/patches/mainline/2-more"
	says "patches/mainline has two folders with one number, 2-more and 2-tests"
}

@test "no verb leaves out a folder whose name is none, or says that there is nothing" {
	local verb
	mv "$TESTS" "$REPO/patches/mainline/10-tests"
	sed -i '/^# needs: /d' "$REPO"/tools/checks/*
	for verb in apply export verify check; do
		run vgpio "$verb"
		[ "$status" -eq 1 ]
		one_line
		[[ $output == *"patches/mainline has folders whose names are none: 10-tests; they are as 4-name or 4t-name"* ]]
	done
	mv "$FIXES" "$REPO/patches/mainline/fixes"
	says "patches/mainline has folders whose names are none: 10-tests fixes; they are as 4-name or 4t-name"
}

@test "verify: a folder without a cover letter" {
	rm "$TESTS/cover-letter.txt"
	says "patches/mainline/2-tests/cover-letter.txt is missing"
}

@test "verify: a folder without patches" {
	mkdir "$REPO/patches/mainline/3-none"
	says "patches/mainline/3-none/series is missing"
	cp "$TESTS/cover-letter.txt" "$REPO/patches/mainline/3-none"
	touch "$REPO/patches/mainline/3-none/series"
	says "patches/mainline/3-none has no patch"
}

@test "verify: one folder, on top of those before it" {
	rm "$TESTS/cover-letter.txt"
	run vgpio verify --series 1-fixes
	[ "$status" -eq 0 ]
	[[ $output == *"mainline/1-fixes: 2 patches apply, and are as 'export' writes them" ]]
	run vgpio verify --series mainline/2-tests
	[ "$status" -eq 1 ]
	cover "$TESTS" 'Subject: [PATCH 00/01] tests'
	run vgpio verify --series mainline/2-tests
	[ "$status" -eq 0 ]
	[[ $output == *"mainline/2-tests: 1 patches apply"* ]]
}

# pending SCRIPT: a change of the driver, pending upstream.
pending() {
	printf '# a comment\n\ndrivers/gpio/gpio-virtio.c\t%s\tnames change\n' "$1" >"$REPO/patches/mainline/pending"
}

@test "verify: a change that is pending upstream, in the way of a patch or not" {
	pending 's/line_18\(/line_eighteen(/'
	run vgpio verify
	[ "$status" -eq 0 ]
	pending 's/line_29\(/line_twentynine(/'
	says "1-fixes/0002-gpio-virtio-Return-thirty.patch does not apply to drivers/gpio/gpio-virtio.c after a change that is pending upstream: names change"
	run vgpio verify
	[[ $output != *"is not what the patches make it"* ]]
}

@test "verify: a list of pending changes that ends without a newline" {
	printf 'drivers/gpio/gpio-virtio.c\ts/line_29\(/line_x(/\tnames change' >"$REPO/patches/mainline/pending"
	says "does not apply to drivers/gpio/gpio-virtio.c after a change that is pending upstream: names change"
}

@test "verify: a line of the pending changes that cannot be read or done is wrong on any kernel" {
	local line
	for line in 'drivers/gpio/gpio-virtio.c s/0/1/ names change' $'drivers/gpio/gpio-virtio.c\ts/0/1/' \
		$'drivers/gpio/gpio-virtio.c\t\tnames change'; do
		echo "$line" >"$REPO/patches/mainline/pending"
		says "patches/mainline/pending: '$line': is no file, sed script and what that is"
	done
	pending 's/0/'
	says "patches/mainline/pending: names change: sed: -e expression"
	printf 'drivers/gpio/none.c\ts/0/1/\tnames change\n' >"$REPO/patches/mainline/pending"
	says "patches/mainline/pending: names change: this kernel has no drivers/gpio/none.c"
	pending 's/nothing/x/'
	run vgpio verify
	[ "$status" -eq 0 ]
}

@test "verify: a patch edited by hand" {
	sed -i 's/^Subject: .*Return five/&, or so/' "$FIXES"/0001-*.patch
	says "patches/mainline/1-fixes/0001-gpio-virtio-Return-five.patch should be named"
}

@test "verify: a blank more at the end of a line of a patch" {
	sed -i '/^+int line_5/s/$/ /' "$FIXES"/0001-*.patch
	run vgpio verify
	[ "$status" -eq 1 ]
	[[ $output == *"drivers/gpio/gpio-virtio.c is not what the patches make it"* ]]
}

@test "verify: another kernel, where the series' files have changed elsewhere" {
	sed -i '18s/0/1/' "$LINUX/drivers/gpio/gpio-virtio.c"
	sed -i '1s/^/Head\n/' "$LINUX/MAINTAINERS"
	git -C "$LINUX" commit -qam 'next release'
	run vgpio verify
	echo "$output"
	[ "$status" -eq 0 ]
	echo 'int more;' >>"$REPO/drivers/gpio/gpio-virtio.c"
	says "drivers/gpio/gpio-virtio.c is not what the patches make it"
}

@test "verify: no list of the patches" {
	rm "$FIXES/series"
	says "patches/mainline/1-fixes/series is missing"
}

@test "verify leaves the work tree and the checkout as they are" {
	local repo work
	echo edit >>"$WORK/Makefile"
	repo=$(fingerprint "$REPO")
	work=$(fingerprint "$WORK")
	run vgpio verify
	[ "$status" -eq 0 ]
	[ "$(fingerprint "$REPO")" = "$repo" ]
	[ "$(fingerprint "$WORK")" = "$work" ]
	[ -z "$(find "$XDG_CACHE_HOME/vgpio" -maxdepth 1 -name 'vgpio.*')" ]
}

@test "a patch that does not apply: which, to which file, and where to look" {
	sed -i '30s/0/1/' "$LINUX/drivers/gpio/gpio-virtio.c"
	git -C "$LINUX" commit -qam 'in the way'
	says "1-fixes/0002-gpio-virtio-Return-thirty.patch does not apply to drivers/gpio/gpio-virtio.c"
	run vgpio apply
	[ "$status" -eq 1 ]
	[[ $output == *"1-fixes/0002-gpio-virtio-Return-thirty.patch does not apply to drivers/gpio/gpio-virtio.c"*"in $WORK; then 'git branch vgpio/mainline/1-fixes COMMIT' at the folder's last commit, 'gpio: virtio: Return thirty'; then 'git branch vgpio/mainline/2-tests COMMIT' at the folder's last commit, 'gpio: virtio: Add tests'" ]]
	[ "$(git -C "$WORK" log -1 --format=%s)" = 'gpio: virtio: Return five' ]
	git -C "$WORK" am --show-current-patch | grep -q 'Return thirty'
}

@test "after a patch that did not apply, branches where apply says lead to an export" {
	sed -i '30s/0/1/' "$LINUX/drivers/gpio/gpio-virtio.c"
	git -C "$LINUX" commit -qam 'in the way'
	run vgpio apply
	[ "$status" -eq 1 ]
	sed -i '30s/1/30/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" add .
	git -C "$WORK" am -q --continue
	refuses "has no branch vgpio/mainline/1-fixes; make it with 'git branch vgpio/mainline/1-fixes COMMIT' at the folder's last commit, 'gpio: virtio: Return thirty', or remove"
	git -C "$WORK" branch vgpio/mainline/1-fixes HEAD~1
	git -C "$WORK" branch vgpio/mainline/2-tests
	vgpio export
	run vgpio verify
	[ "$status" -eq 0 ]
}

@test "a patch that applies with fuzz only is refused" {
	sed -i '29s/0/1/' "$LINUX/drivers/gpio/gpio-virtio.c"
	git -C "$LINUX" commit -qam 'in the context'
	says "1-fixes/0002-gpio-virtio-Return-thirty.patch does not apply"
}

@test "apply again takes what export wrote" {
	local head
	head=$(git -C "$WORK" rev-parse 'HEAD^{tree}')
	run vgpio apply
	[ "$status" -eq 0 ]
	[ "$(git -C "$WORK" rev-parse 'HEAD^{tree}')" = "$head" ]
}

@test "apply gives the same commits every time" {
	local first
	vgpio apply
	first=$(git -C "$WORK" rev-parse HEAD)
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/other-cache
	WORK=$(vgpio apply)
	[ "$(git -C "$WORK" rev-parse HEAD)" = "$first" ]
}

@test "apply does not throw away commits, changes or a rebase" {
	git -C "$WORK" commit -q --allow-empty -m 'not empty-handed'
	echo x >>"$WORK/Makefile"
	git -C "$WORK" commit -qam 'kept'
	run vgpio apply
	[ "$status" -eq 1 ]
	[[ $output == *"has commits that patches/mainline has not"* ]]
	echo x >>"$WORK/Makefile"
	run vgpio apply
	[ "$status" -eq 1 ]
	[[ $output == *"has uncommitted changes"* ]]
	grep -q x "$WORK/Makefile"
	run vgpio apply --force
	[ "$status" -eq 0 ]
	run ! grep -q x "$WORK/Makefile"
}

@test "apply does not throw away commits on the branch that it made when that is not checked out" {
	git -C "$WORK" checkout -q "$(basename "$WORK")"
	echo x >>"$WORK/Makefile"
	git -C "$WORK" commit -qam 'kept'
	git -C "$WORK" checkout -q --detach HEAD~1
	for _ in 1 2; do
		run vgpio apply
		[ "$status" -eq 1 ]
		one_line
		[[ $output == *"has commits on its branch $(basename "$WORK") that are not below HEAD; 'export' it or pass --force"* ]]
		vgpio export
	done
	vgpio apply --force
	run ! grep -q x "$WORK/Makefile"
}

@test "apply again when nothing but commits' dates has changed, with all that is written by hand" {
	pending 's/line_18\(/line_eighteen(/'
	GIT_COMMITTER_DATE='2001-01-01T00:00:00Z' git -C "$WORK" commit -q --amend --no-edit
	end_folder 2-tests
	run vgpio apply
	[ "$status" -eq 0 ]
}

# killed_at WORDS [AFTER]: apply is killed before git is called with these, or after it.
killed_at() {
	local git
	git=$(command -v git)
	fake git <<-END
		[[ " \$* " != *" $1 "* ]] || { ${2:+"$git" "\$@";} kill -KILL \$(cat "$BATS_TEST_TMPDIR/pid") \$PPID; exit 1; }
		exec "$git" "\$@"
	END
	VGPIO_LINUX=$LINUX bash -c 'echo $$ >"$1"; exec "$2" apply' - "$BATS_TEST_TMPDIR/pid" "$REPO/tools/vgpio" || true
	rm "$BATS_TEST_TMPDIR/bin/git"
	hash -r
}

@test "apply that is killed: what it leaves is whole, or refused" {
	local before
	vgpio apply
	cp -r "$REPO/patches" "$BATS_TEST_TMPDIR/first"
	git -C "$WORK" branch -f vgpio/mainline/1-fixes HEAD~2
	vgpio export
	rm -r "$REPO/patches"
	cp -r "$BATS_TEST_TMPDIR/first" "$REPO/patches"
	before=$(fingerprint "$REPO")
	killed_at 'checkout -f' after
	vgpio export
	[ "$(fingerprint "$REPO")" = "$before" ]
	rm -r "$TESTS" "$REPO/drivers/gpio/tests"
	killed_at 'checkout -f'
	refuses "has uncommitted changes"
	run vgpio apply
	[ "$status" -eq 1 ]
	vgpio apply --force
	[ "$(git -C "$WORK" log -1 --format=%s)" = 'gpio: virtio: Return thirty' ]
}

@test "apply and export see an untracked file" {
	echo new >"$WORK/drivers/gpio/new.c"
	run vgpio apply
	[ "$status" -eq 1 ]
	run vgpio export
	[ "$status" -eq 1 ]
	[[ $output == *"has uncommitted changes"* ]]
}

@test "export refuses a rebase under way" {
	GIT_SEQUENCE_EDITOR='sed -i 1s/pick/edit/' git -C "$WORK" rebase -q -i vgpio-base
	run vgpio export
	[ "$status" -eq 1 ]
	[[ $output == *"has a rebase under way"* ]]
}

@test "export refuses a fixup that was not squashed" {
	echo x >>"$WORK/Makefile"
	git -C "$WORK" commit -qa --fixup=HEAD
	run vgpio export
	[ "$status" -eq 1 ]
	[[ $output == *"fixup! gpio: virtio: Add tests"*autosquash* ]]
}

@test "export without a work tree says what to run" {
	rm -rf "$WORK"
	run vgpio export
	[ "$status" -eq 1 ]
	[[ $output == *"run 'apply' first"* ]]
}

@test "export removes a patch and a mirrored file that are no more" {
	GIT_SEQUENCE_EDITOR='sed -i 1d' git -C "$WORK" rebase -q -i vgpio-base
	vgpio export
	[ "$(<"$FIXES/series")" = 0001-gpio-virtio-Return-thirty.patch ]
	[ "$(ls "$FIXES")" = $'0001-gpio-virtio-Return-thirty.patch\ncover-letter.txt\nseries' ]
	rm -r "$TESTS"
	git -C "$WORK" reset -q --hard HEAD~1
	git -C "$WORK" branch -qD vgpio/mainline/2-tests
	vgpio export
	[ ! -e "$REPO/drivers/gpio/tests" ]
	run vgpio verify
	[ "$status" -eq 0 ]
	[[ $output == *"mainline: 1 patches apply"* ]]
}

# --- folders and their branches -----------------------------------------------------

# refuses TEXT: export does, and says it in one line; patches/ stays as it is.
refuses() {
	local before
	before=$(fingerprint "$REPO")
	run vgpio export
	[ "$status" -eq 1 ]
	one_line
	[[ $output == *"$1"* ]]
	[ "$(fingerprint "$REPO")" = "$before" ]
}

@test "apply makes a branch for each folder, and lists them" {
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/other-cache
	run vgpio apply --series 1-fixes
	[ "$status" -eq 0 ]
	[[ $output == *"3 patches (1-fixes 2, 2-tests 1) on the tag vgpio-base"* ]]
	WORK=${lines[-1]}
	[ "$(git -C "$WORK" rev-parse vgpio/mainline/1-fixes)" = "$(git -C "$WORK" rev-parse HEAD~1)" ]
	[ "$(git -C "$WORK" rev-parse vgpio/mainline/2-tests)" = "$(git -C "$WORK" rev-parse HEAD)" ]
	[ "$(git -C "$WORK" config rebase.updateRefs)" = true ]
}

@test "branches follow fixups of a rebase, and export loses no folder" {
	local file
	vgpio apply
	sed -i '10s/return 0/return 10/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'fixup! gpio: virtio: Return five'
	sed -i '20s/return 0/return 20/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'fixup! gpio: virtio: Return thirty'
	echo '/* more */' >>"$WORK/drivers/gpio/tests/cases.c"
	git -C "$WORK" commit -qam 'fixup! gpio: virtio: Add tests'
	GIT_SEQUENCE_EDITOR=true git -C "$WORK" rebase -q -i --autosquash vgpio-base
	run vgpio export --series 1-fixes
	[ "$status" -eq 0 ]
	[[ $output == *"3 patches (1-fixes 2, 2-tests 1) in patches/mainline"* ]]
	grep -q '^+.*return 10;' "$FIXES"/0001-*
	grep -q '^+.*return 20;' "$FIXES"/0002-*
	grep -q '^+.. more' "$TESTS"/0001-*
	grep -q 'gpio: virtio: Tests' "$TESTS/cover-letter.txt"
	run vgpio verify
	[ "$status" -eq 0 ]
}

@test "a branch of one's own makes a folder" {
	echo '/* more */' >>"$WORK/drivers/gpio/tests/cases.c"
	git -C "$WORK" commit -qam 'gpio: virtio: Test more'
	refuses "has commits after the last folder's branch; move it with 'git branch -f vgpio/mainline/2-tests'"
	end_folder 4-foo
	run vgpio export
	[ "$status" -eq 0 ]
	[[ $output == *"patches/mainline/4-foo/cover-letter.txt is still to be written"*"(1-fixes 2, 2-tests 1, 4-foo 1)"* ]]
	[ "$(<"$REPO/patches/mainline/4-foo/series")" = 0001-gpio-virtio-Test-more.patch ]
	git -C "$WORK" branch -f vgpio/mainline/2-tests
	refuses "has no commit between vgpio/mainline/2-tests and vgpio/mainline/4-foo"
}

@test "a commit goes to the folder before by moving its branch" {
	git -C "$WORK" branch -f vgpio/mainline/1-fixes HEAD~2
	run vgpio apply
	[ "$status" -eq 1 ]
	[[ $output == *"has commits that patches/mainline has not, or other folders"* ]]
	vgpio export
	[ "$(<"$FIXES/series")" = 0001-gpio-virtio-Return-five.patch ]
	[ "$(<"$TESTS/series")" = $'0001-gpio-virtio-Return-thirty.patch\n0002-gpio-virtio-Add-tests.patch' ]
	run vgpio verify
	[ "$status" -eq 0 ]
}

@test "export refuses branches that are missing, astray or out of order" {
	local branch=vgpio/mainline/1-fixes at
	at=$(git -C "$WORK" rev-parse "$branch")
	git -C "$WORK" branch -qD "$branch"
	refuses "has no branch $branch; make it with 'git branch $branch COMMIT'"
	git -C "$WORK" branch "$branch" "$(git -C "$WORK" commit-tree -m astray "HEAD^{tree}")"
	refuses "has $branch at a commit that is not below HEAD; take it in with 'git rebase $branch', or move it to the folder's last one with 'git branch -f $branch COMMIT'"
	git -C "$WORK" branch -f "$branch" HEAD
	git -C "$WORK" branch -f vgpio/mainline/2-tests HEAD~1
	refuses "has vgpio/mainline/2-tests before $branch; move them"
	git -C "$WORK" branch -f "$branch" vgpio-base
	refuses "has no commit between vgpio-base and $branch"
	git -C "$WORK" branch -f "$branch" "$at"
	git -C "$WORK" branch -f vgpio/mainline/2-tests HEAD
	git -C "$WORK" branch vgpio/mainline/tests HEAD
	refuses "has the branch vgpio/mainline/tests, and no folder can be named so"
	git -C "$WORK" branch -m vgpio/mainline/tests vgpio/mainline/2-zests
	refuses "two folders cannot have one number"
	git -C "$WORK" branch -D vgpio/mainline/2-zests
	run vgpio export
	[ "$status" -eq 0 ]
}

@test "export says to leave the branch of an earlier folder" {
	local work
	work=$(git -C "$WORK" symbolic-ref --short HEAD)
	git -C "$WORK" checkout -q vgpio/mainline/1-fixes
	refuses "has HEAD at vgpio/mainline/1-fixes; check out $work"
	sed -i '10s/return 0/return 10/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'gpio: virtio: Return ten'
	refuses "has HEAD at vgpio/mainline/1-fixes; check out $work"
	git -C "$WORK" checkout -q --detach
	refuses "has HEAD at vgpio/mainline/1-fixes; check out $work"
	git -C "$WORK" checkout -q "$work"
	refuses "take it in with 'git rebase vgpio/mainline/1-fixes'"
	git -C "$WORK" rebase -q vgpio/mainline/1-fixes
	run vgpio export
	[ "$status" -eq 0 ]
	[[ $output == *"(1-fixes 3, 2-tests 1)"* ]]
	git -C "$WORK" reset -q --hard HEAD~1
	refuses "take it in with 'git rebase vgpio/mainline/2-tests'"
}

@test "export refuses to write nothing" {
	git -C "$WORK" reset -q --hard vgpio-base
	refuses "has no commits on top of vgpio-base"
}

@test "apply again removes the branches of folders that are no more" {
	rm -r "$TESTS"
	vgpio apply
	[ "$(git -C "$WORK" branch --list 'vgpio/*' --format='%(refname:short)')" = vgpio/mainline/1-fixes ]
}

@test "a tree without folders" {
	local before flat=$REPO/patches/linux-7.3.y
	mkdir "$flat"
	cp "$REPO/patches/mainline/BASE" "$flat"
	WORK=$(vgpio apply --series linux-7.3.y)
	[ "$(basename "$WORK")" != "$(basename "$(vgpio apply)")" ]
	sed -i '9s/0/9/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'gpio: virtio: Return nine'
	vgpio export --series linux-7.3.y
	cover "$flat" 'Subject: [PATCH 7.3 00/01] gpio: virtio: Nine'
	[ "$(ls "$flat")" = $'0001-gpio-virtio-Return-nine.patch\nBASE\ncover-letter.txt\nseries' ]
	before=$(fingerprint "$REPO")
	vgpio apply --series linux-7.3.y
	run vgpio verify --series linux-7.3.y
	[ "$status" -eq 0 ]
	[[ $output == *"linux-7.3.y: 1 patches apply"* ]]
	[ "$(fingerprint "$REPO")" = "$before" ]
	touch "$flat/notes.txt"
	run vgpio verify --series linux-7.3.y
	[ "$status" -eq 1 ]
	[[ $output == *"patches/linux-7.3.y/notes.txt does not belong here"* ]]
}

@test "a tree without folders gets some: no patch stays beside them" {
	local flat=$REPO/patches/linux-7.3.y
	mkdir "$flat"
	cp "$REPO/patches/mainline/BASE" "$flat"
	WORK=$(vgpio apply --series linux-7.3.y)
	sed -i '9s/0/9/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'gpio: virtio: Return nine'
	vgpio export --series linux-7.3.y
	cover "$flat" 'Subject: [PATCH 7.3 00/01] gpio: virtio: Nine'
	git -C "$WORK" branch vgpio/linux-7.3.y/1-nine
	run vgpio export --series linux-7.3.y
	[ "$status" -eq 0 ]
	[[ $output == *"removed patches/linux-7.3.y/0001-gpio-virtio-Return-nine.patch"*"patches/linux-7.3.y/cover-letter.txt is still to be moved to a folder"* ]]
	mv "$flat/cover-letter.txt" "$flat/1-nine"
	[ "$(ls "$flat")" = $'1-nine\nBASE' ]
	run vgpio verify --series linux-7.3.y
	[ "$status" -eq 0 ]
}

@test "a work tree that is gone is made again" {
	rm -rf "$WORK"
	run vgpio apply
	[ "$status" -eq 0 ]
	[ -f "$WORK/drivers/gpio/tests/cases.c" ]
}
