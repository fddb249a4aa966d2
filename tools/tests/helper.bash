# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A small checkout, a small "kernel" and an empty cache for each test, so
# that none of them needs a network or a build.

bats_require_minimum_version 1.5.0

# make_linux FOLDER [PATCHLEVEL]: a git tree with what the tools look at.
make_linux() {
	mkdir -p "$1"/{drivers/gpio,include/uapi/linux,Documentation}
	cd "$1" || return
	printf 'VERSION = 7\nPATCHLEVEL = %s\nSUBLEVEL = 0\n' "${2:-3}" >Makefile
	printf 'obj-$(CONFIG_GPIO_VIRTIO) += gpio-virtio.o\n' >drivers/gpio/Makefile
	seq -f 'int line_%g(void) { return 0; }' 40 >drivers/gpio/gpio-virtio.c
	printf '*.[ch] diff=cpp\n' >.gitattributes
	cat >MAINTAINERS <<-END
		List of maintainers

		VIRTIO GPIO DRIVER
		M:	Somebody <s@example.org>
		F:	drivers/gpio/gpio-virtio.c

		VIRTIO HOST (VHOST)
		M:	Other <o@example.org>
	END
	git init -q .
	git add .
	git commit -q -m 'a kernel'
	cd - >/dev/null || return
}

# make_repo: REPO, with the tools under test and a tree without patches.
make_repo() {
	mkdir -p "$REPO/patches/mainline" "$REPO/tools"
	cp -r "$BATS_TEST_DIRNAME"/../{vgpio,cmd,lib,guest,checks} "$REPO/tools"
	printf 'tag v7.3\npackage linux-source-7.3 7.3.4-1\noldest v7.2\n' \
		>"$REPO/patches/mainline/BASE"
}

# common_setup [FUNCTION]: a small checkout, kernel and home, then what FUNCTION makes
# of them. A file makes this once, and each test gets a copy: in one place, as git's
# files have absolute paths.
common_setup() {
	local made=$BATS_FILE_TMPDIR/made-${1:-basics}
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR/test
	set_names
	cd "$BATS_FILE_TMPDIR" || return
	rm -rf "$BATS_TEST_TMPDIR"
	if [[ -d $made ]]; then
		cp -a "$made" "$BATS_TEST_TMPDIR"
	else
		make_basics
		${1:+"$1"}
		cp -a "$BATS_TEST_TMPDIR" "$made"
	fi
	for WORK in "$XDG_CACHE_HOME"/vgpio/work/*; do :; done
}

# set_names: where everything is, and who commits. A new repository gets no samples of
# hooks.
set_names() {
	unset "${!GIT_@}"
	export HOME=$BATS_TEST_TMPDIR/home XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
	export GIT_AUTHOR_NAME=Author GIT_AUTHOR_EMAIL=a@example.org
	export GIT_COMMITTER_NAME=Committer GIT_COMMITTER_EMAIL=c@example.org
	export GIT_TEMPLATE_DIR=
	unset VGPIO_LINUX VGPIO_LOGS http_proxy https_proxy
	PATH=$BATS_TEST_TMPDIR/bin:${PATH#"$BATS_TEST_TMPDIR/bin:"}
	LINUX=$BATS_TEST_TMPDIR/linux REPO=$BATS_TEST_TMPDIR/repo
	FIXES=$REPO/patches/mainline/1-fixes TESTS=$REPO/patches/mainline/2-tests
}

make_basics() {
	mkdir -p "$HOME"
	make_linux "$LINUX"
	make_repo
}

# vgpio ARGUMENT...: the tool, on the small kernel.
vgpio() {
	VGPIO_LINUX=$LINUX "$REPO/tools/vgpio" "$@"
}

# lacks PACKAGE: to the tools, all that they need is installed but this, whatever this
# machine has; apt-get cannot install it. Its name is no-such-package for them.
lacks() {
	sed -i -E 's/^[a-z]+:[^ ]+ +([a-z0-9.+-]+)$/command:bash \1/' \
		"$REPO/tools/lib/packages.sh"
	grep -q " $1\$" "$REPO/tools/lib/packages.sh"
	sed -i "s/^command:bash $1\$/command:no-such-tool no-such-package/" "$REPO/tools/lib/packages.sh"
	fake sudo <<<'exit 1'
	fake apt-get <<<'exit 100'
}

# make_series: two folders, the first with two patches and the other with one,
# exported; WORK is the work tree.
make_series() {
	WORK=$(vgpio apply 2>/dev/null)
	sed -i '5s/0/5/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'gpio: virtio: Return five'
	sed -i '30s/0/30/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'gpio: virtio: Return thirty'
	end_folder 1-fixes
	mkdir -p "$WORK/drivers/gpio/tests"
	echo '/* cases */' >"$WORK/drivers/gpio/tests/cases.c"
	sed -i '/^F:.*gpio-virtio.c/a F:	drivers/gpio/tests/' "$WORK/MAINTAINERS"
	git -C "$WORK" add .
	git -C "$WORK" commit -qm 'gpio: virtio: Add tests'
	end_folder 2-tests
	vgpio export 2>/dev/null
	cover "$FIXES" 'Subject: [PATCH 00/02] gpio: virtio: Fixes'
	cover "$TESTS" 'Subject: [PATCH 00/01] gpio: virtio: Tests'
}

# end_folder NAME: the last commit of WORK is that of the folder.
end_folder() {
	git -C "$WORK" branch -f "vgpio/mainline/$1"
}

# cover FOLDER LINE...: a cover letter with its subject, a text, and further lines.
cover() {
	printf '%s\n' "$2" '' 'Text.' "${@:3}" >"$1/cover-letter.txt"
}

# one_line: the failure was said in one line.
one_line() {
	[[ $(grep -c '^vgpio' <<<"$output") == 1 ]]
}

# fingerprint FOLDER: content and names of all that is below it.
fingerprint() {
	(cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
}

# fake NAME: a program that stands in front of the real one; its text is
# read from standard input.
fake() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	{
		echo '#!/bin/bash'
		cat
	} >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
	hash -r
}
