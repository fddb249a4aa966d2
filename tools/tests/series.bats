#!/usr/bin/env bats
# apply, export and verify.

load helper

setup() {
	common_setup
	make_series
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
	[[ $output == *"mainline: 3 patches apply"* ]]
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
	[ "$(ls "$REPO"/patches/mainline/*.patch | wc -l)" -eq 3 ]
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

@test "a person's git settings change nothing" {
	local before
	before=$(fingerprint "$REPO")
	git config --global diff.noprefix true
	git config --global diff.algorithm histogram
	git config --global diff.context 1
	git config --global format.subjectPrefix 'PATCH v9'
	git config --global format.signature me
	git config --global am.threeWay true
	git config --global commit.gpgSign true
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/other-cache
	vgpio apply
	vgpio export
	[ "$(fingerprint "$REPO")" = "$before" ]
}

@test "plain git am takes the patches" {
	git clone -q "$LINUX" "$BATS_TEST_TMPDIR/clone"
	git -C "$BATS_TEST_TMPDIR/clone" am -q "$REPO"/patches/mainline/*.patch
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

@test "verify: a deleted patch, the last one too" {
	local name
	for name in 0002-gpio-virtio-Add-tests.patch 0003-gpio-virtio-Return-thirty.patch; do
		mv "$REPO/patches/mainline/$name" "$BATS_TEST_TMPDIR/$name"
		says "patches/mainline/$name is missing"
		mv "$BATS_TEST_TMPDIR/$name" "$REPO/patches/mainline/$name"
	done
}

@test "verify: a renamed patch" {
	cd "$REPO/patches/mainline"
	mv 0002-gpio-virtio-Add-tests.patch 0002-other.patch
	says "patches/mainline/0002-gpio-virtio-Add-tests.patch was renamed to 0002-other.patch"
}

@test "verify: a renamed patch and its line in the list too" {
	cd "$REPO/patches/mainline"
	mv 0002-gpio-virtio-Add-tests.patch 0002-other.patch
	sed -i 's/^0002-.*/0002-other.patch/' series
	says "patches/mainline/0002-other.patch should be named 0002-gpio-virtio-Add-tests.patch"
}

@test "verify: a gap in the numbers" {
	cd "$REPO/patches/mainline"
	mv 0003-gpio-virtio-Return-thirty.patch 0004-gpio-virtio-Return-thirty.patch
	sed -i 's/^0003/0004/' series
	says "0004-gpio-virtio-Return-thirty.patch stands where number 0003 should"
}

@test "verify: a stray file among the patches" {
	touch "$REPO/patches/mainline/notes.txt"
	says "patches/mainline/notes.txt does not belong here"
	rm "$REPO/patches/mainline/notes.txt"
	touch "$REPO/patches/notes.txt"
	says "patches/notes.txt belongs to no series"
}

@test "verify: a patch edited by hand" {
	sed -i 's/^Subject: .*Return five/&, or so/' "$REPO"/patches/mainline/0001-*.patch
	says "patches/mainline/0001-gpio-virtio-Return-five.patch should be named"
}

@test "verify: a blank more at the end of a line of a patch" {
	sed -i '/^+int line_5/s/$/ /' "$REPO"/patches/mainline/0001-*.patch
	run vgpio verify
	[ "$status" -eq 1 ]
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
	rm "$REPO/patches/mainline/series"
	says "patches/mainline/series is missing"
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
	says "0003-gpio-virtio-Return-thirty.patch does not apply to drivers/gpio/gpio-virtio.c"
	run vgpio apply
	[ "$status" -eq 1 ]
	[[ $output == *"0003-gpio-virtio-Return-thirty.patch does not apply to drivers/gpio/gpio-virtio.c"*"in $WORK" ]]
	[ "$(git -C "$WORK" log -1 --format=%s)" = 'gpio: virtio: Add tests' ]
	git -C "$WORK" am --show-current-patch | grep -q 'Return thirty'
}

@test "a patch that applies with fuzz only is refused" {
	sed -i '29s/0/1/' "$LINUX/drivers/gpio/gpio-virtio.c"
	git -C "$LINUX" commit -qam 'in the context'
	says "0003-gpio-virtio-Return-thirty.patch does not apply"
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
	[[ $output == *"fixup! gpio: virtio: Return thirty"*autosquash* ]]
}

@test "export without a work tree says what to run" {
	rm -rf "$WORK"
	run vgpio export
	[ "$status" -eq 1 ]
	[[ $output == *"run 'apply' first"* ]]
}

@test "export removes a patch and a mirrored file that are no more" {
	git -C "$WORK" reset -q --hard HEAD~2
	vgpio export
	[ "$(ls "$REPO"/patches/mainline/*.patch | wc -l)" -eq 1 ]
	[ ! -e "$REPO/drivers/gpio/tests" ]
	[ -f "$REPO/patches/mainline/cover-letter.txt" ]
	run vgpio verify
	[ "$status" -eq 0 ]
}

@test "a work tree that is gone is made again" {
	rm -rf "$WORK"
	run vgpio apply
	[ "$status" -eq 0 ]
	[ -f "$WORK/drivers/gpio/tests/cases.c" ]
}
