#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Other people's machines: folders, compilers, distributions. Not tested:
# - a compiler that is not called gcc: Linux's own make calls it so;
# - a network that is not there, a cache that is full: see kernel.bats;
# - a --linux tree of another user: see git.bats.

load helper

setup() {
	common_setup make_suite
}

# make_suite: a series; and a kernel that writes to 'told' what it is run with.
make_suite() {
	cp -r "$BATS_TEST_DIRNAME/../../kunit" "$REPO"
	mkdir -p "$LINUX/tools/testing/kunit/configs" "$LINUX/scripts"
	printf 'all:\n\tcp tools/linux $(O)\n\ttouch $(O)/vmlinux\n' >>"$LINUX/Makefile"
	printf 'allnoconfig:\n\tcp $(KCONFIG_ALLCONFIG) $(O)/.config\n' >>"$LINUX/Makefile"
	touch "$LINUX/tools/testing/kunit/configs/arch_uml.config"
	printf 'config %s\n' GPIOLIB GPIO_VIRTIO >"$LINUX/drivers/gpio/Kconfig"
	cat >"$LINUX/tools/linux" <<-END
		#!/bin/bash
		echo "TMPDIR=\$TMPDIR" >"$BATS_TEST_TMPDIR/told"
		[[ " \$* " != *' kunit.action=list '* ]] || { echo suite.good; exit; }
		printf '1..1\n    1..1\n    ok 1 good\nok 1 suite\n'
	END
	chmod +x "$LINUX/tools/linux"
	echo '# --kunitconfig' >"$LINUX/tools/testing/kunit/kunit.py"
	printf '[ "$1" = llvm ] && echo 18.1.0\n' >"$LINUX/scripts/min-tool-version.sh"
	git -C "$LINUX" add .
	git -C "$LINUX" commit -qm suite
	make_series
}

# one_case: the fake kernel is built and run.
one_case() {
	vgpio kunit --isolate suite.good
}

# refused TEXT: in one line, before there is a kernel.
refused() {
	[ "$status" -eq 1 ]
	one_line
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"$1"* ]]
}

# in_namespace SCRIPT: as root with mounts of its own.
in_namespace() {
	local as=(unshare -m)
	((EUID == 0)) || as=(unshare -rm)
	"${as[@]}" true 2>/dev/null || skip "this machine allows no mount namespace"
	REPO=$REPO VGPIO_LINUX=$LINUX run "${as[@]}" bash -euc "$1"
	echo "$output"
}

# --- folders ----------------------------------------------------------------------

@test "a cache that no kernel can be built in is refused at once" {
	local name
	for name in 'a b' a:b 'a#b' 'a$b' "a'b" a%b $'a\tb'; do
		XDG_CACHE_HOME=$BATS_TEST_TMPDIR/$name run vgpio apply
		refused "has '${name:1:1}' in its name; set XDG_CACHE_HOME to another folder"
		[ ! -e "$BATS_TEST_TMPDIR/$name" ]
		HOME=$BATS_TEST_TMPDIR/$name XDG_CACHE_HOME='' run vgpio apply
		refused "set XDG_CACHE_HOME to another folder"
		[ ! -e "$BATS_TEST_TMPDIR/$name" ]
	done
	XDG_CACHE_HOME=cache run vgpio apply
	refused "XDG_CACHE_HOME is 'cache'; set it to an absolute path"
}

@test "blanks and colons in HOME, blanks in the checkout's path" {
	export HOME="$BATS_TEST_TMPDIR/my: home"
	mkdir "$HOME"
	mv "$REPO" "$BATS_TEST_TMPDIR/my repo"
	REPO="$BATS_TEST_TMPDIR/my repo"
	local verb
	for verb in apply export verify 'kunit --isolate suite.good' 'kunit --on 1-fixes --isolate suite.good' \
		'check apply exports'; do
		sed -i '/^# needs: /d' "$REPO"/tools/checks/*
		# shellcheck disable=SC2086 # several words
		run vgpio $verb
		[ "$status" -eq 0 ]
	done
}

@test "a checkout with a colon in its path: refused where PATH must name it" {
	mv "$REPO" "$BATS_TEST_TMPDIR/a:b"
	REPO=$BATS_TEST_TMPDIR/a:b
	run vgpio kunit --rt
	refused "has a colon in its name, which no PATH can have; move the checkout"
	one_case
}

@test "names that are not ASCII, whatever the locale" {
	local locale
	mv "$REPO" "$BATS_TEST_TMPDIR/vérification"
	REPO=$BATS_TEST_TMPDIR/vérification
	for locale in C C.UTF-8; do
		export LC_ALL=$locale XDG_CACHE_HOME=$BATS_TEST_TMPDIR/кэш-$locale HOME=$BATS_TEST_TMPDIR/家
		mkdir -p "$HOME"
		vgpio apply
		vgpio export
		vgpio verify
		one_case
	done
}

@test "a temporary folder that is not there, or has a blank in its name" {
	mkdir "$BATS_TEST_TMPDIR/a b"
	TMPDIR="$BATS_TEST_TMPDIR/a b" run vgpio verify
	refused "TMPDIR has a blank in its name"
	TMPDIR=$BATS_TEST_TMPDIR/none run vgpio verify
	refused "cannot write to TMPDIR, $BATS_TEST_TMPDIR/none; set it"
}

@test "neither HOME nor XDG_CACHE_HOME" {
	unset HOME XDG_CACHE_HOME
	run vgpio verify
	refused "neither HOME nor XDG_CACHE_HOME is set; set one of them"
}

@test "a HOME that cannot be written to" {
	export HOME=/proc/none
	vgpio apply
	vgpio export
	vgpio verify
	XDG_CACHE_HOME='' run vgpio verify
	refused "cannot write to /proc/none/.cache/vgpio; set XDG_CACHE_HOME to a folder that can be written"
}

@test "another user's cache" {
	((EUID == 0)) || skip "only root can give a folder away"
	chown 12345 "$XDG_CACHE_HOME/vgpio"
	run vgpio verify
	refused "$XDG_CACHE_HOME/vgpio is another user's; set XDG_CACHE_HOME to a folder of your own"
}

@test "umask 077: the same content, patches and modes" {
	local before head
	before=$(fingerprint "$REPO")
	head=$(git -C "$WORK" rev-parse 'HEAD^{tree}')
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/other-cache
	umask 077
	WORK=$(vgpio apply)
	rm "$REPO/drivers/gpio/gpio-virtio.c"
	vgpio export
	vgpio verify
	[ "$(fingerprint "$REPO")" = "$before" ]
	[ "$(git -C "$WORK" rev-parse 'HEAD^{tree}')" = "$head" ]
	[ -x "$WORK/tools/linux" ]
	one_case
}

# --- the memory of User-Mode Linux ----------------------------------------------------

@test "/dev/shm that may be executed from is used: TMPDIR stays as it is" {
	in_namespace 'mount -t tmpfs -o size=1100m none /dev/shm
		unset TMPDIR
		"$REPO/tools/vgpio" kunit --isolate suite.good'
	[ "$status" -eq 0 ]
	[ "$(<"$BATS_TEST_TMPDIR/told")" = TMPDIR= ]
}

@test "/dev/shm that cannot be executed from or written to, or is too small: another folder" {
	local how
	for how in 'mount -t tmpfs -o noexec none /dev/shm' 'mount -t tmpfs -o size=64m none /dev/shm' \
		'mount -t tmpfs -o ro none /dev/shm'; do
		in_namespace "$how
			unset TMPDIR
			\"\$REPO/tools/vgpio\" kunit --isolate suite.good"
		[ "$status" -eq 0 ]
		[[ $output == *"has its memory in /tmp, as /dev/shm has no room for it or may not be executed from"* ]]
		[ "$(<"$BATS_TEST_TMPDIR/told")" = TMPDIR=/tmp ]
	done
}

@test "no folder for the memory of User-Mode Linux is said before the build" {
	# The first to ask is the checkout of the kernel.
	fake df <<-END
		echo header
		echo "disk 100 50 \$([ -e "$BATS_TEST_TMPDIR/asked" ] && echo 1048575 || echo 9999999) 50% /"
		touch "$BATS_TEST_TMPDIR/asked"
	END
	run one_case
	[ "$status" -eq 1 ]
	one_line
	[[ $output == *"needs a folder with 1024 MiB free that is not mounted noexec; set TMPDIR to one"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/told" ]
}

# --- distributions and compilers --------------------------------------------------------

@test "what is missing is named once, with what was looked for" {
	lacks libelf-dev
	sed -i 's/^command:no-such-tool no-such-package/header:no\/such.h no-such-package\n&/' "$REPO/tools/lib/packages.sh"
	grep -q no/such.h "$REPO/tools/lib/packages.sh"
	only_without apt-get
	rm "$BATS_TEST_TMPDIR/bin/apt-get"
	PATH=$ONLY run vgpio kunit --rt
	refused "install what Debian packages as: no-such-package (command no-such-tool), no-such-package (header no/such.h)"
}

# only_without NAME: ONLY, a PATH of all fakes and programs but these, NAME as find takes it.
only_without() {
	mkdir "$BATS_TEST_TMPDIR/only"
	ln -s /usr/bin/* /usr/sbin/* "$BATS_TEST_TMPDIR/only" 2>/dev/null || true
	find "$BATS_TEST_TMPDIR/only" -name "$1" -delete
	ONLY=$BATS_TEST_TMPDIR/bin:$BATS_TEST_TMPDIR/only
}

@test "somebody who is not root and has no sudo is told what root must run" {
	lacks gcc
	unshare -U true 2>/dev/null || skip "this machine allows no user namespace"
	VGPIO_LINUX=$LINUX run unshare -U "$REPO/tools/vgpio" setup
	refused "as root, run: apt-get install no-such-package"
}

# have CHECK: as packages.sh has it.
have() {
	PATH=${ONLY:-$PATH} bash -c 'for lib in common process packages kernel; do . "$1/$lib.sh"; done
		STEP_PID=; have "$2"' - "$REPO/tools/lib" "$1"
}

@test "what is needed is looked for by what it does" {
	have header:stdio.h
	run ! have header:no/such.h
	have python:json
	run ! have python:no_such
	have command:bash
	run ! have command:no-such-tool
	fake gcc <<<'exit 1'
	run ! have header:stdio.h
}

# a_clang NAME VERSION
a_clang() {
	fake "$1" <<<"[ \$1 = -dumpversion ] && echo $2"
}

@test "clang: the newest one that there is, under whatever name" {
	only_without 'clang*'
	run ! have clang:17
	a_clang clang 14.0.6
	a_clang clang-9 9.0.1
	run ! have clang:17
	a_clang clang-20 20.1.2
	a_clang clang-format-21 21.0.0
	have clang:17
	[ "$(chosen_clang)" = clang-20 ]
	a_clang clang 21.1.0
	[ "$(chosen_clang)" = clang ]
	a_clang clang 17.0.6
	rm "$BATS_TEST_TMPDIR/bin/clang-20"
	run chosen_clang
	[ "$status" -eq 1 ]
	[[ $output == *"clang is version 17.0.6, too old for this kernel; install clang 18.1.0 or newer"* ]]
}

# chosen_clang: what kernels are built with.
chosen_clang() {
	PATH=${ONLY:-$PATH} bash -c 'VGPIO_ROOT=$1 BASE_REPO=$2 BASE_COMMIT=HEAD
		for lib in common git process packages kernel build; do . "$1/tools/lib/$lib.sh"; done
		choose_clang; echo "$CLANG"' - "$REPO" "$LINUX"
}

@test "nothing but packages.sh and choose_clang knows the version of a clang" {
	run grep -rnE 'clang-[0-9]' "$REPO"/tools/{cmd,checks,lib} "$REPO/kunit"
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"packages.sh"*"clang:17 "*clang-19 ]]
}

# --- the log ------------------------------------------------------------------------------

@test "a full disk for the log is said, and nothing is lost" {
	local before
	before=$(fingerprint "$REPO")
	in_namespace "mkdir -p '$BATS_TEST_TMPDIR/small'
		mount -t tmpfs -o size=64k none '$BATS_TEST_TMPDIR/small'
		head -c 1m /dev/zero >'$BATS_TEST_TMPDIR/small/fill' 2>/dev/null || :
		export VGPIO_LOGS='$BATS_TEST_TMPDIR/small'
		sed -i 's/^all:/all:\n\tseq 99999/' \"\$VGPIO_LINUX/Makefile\"
		git -C \"\$VGPIO_LINUX\" commit -qam seq
		\"\$REPO/tools/vgpio\" kunit --isolate suite.good"
	[ "$status" -eq 1 ]
	[[ $output == *"the disk of $BATS_TEST_TMPDIR/small is full"* ]]
	[ "$(fingerprint "$REPO")" = "$before" ]
}
