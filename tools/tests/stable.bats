#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The fixes for older kernels, as far as they can be looked at without a kernel.

bats_require_minimum_version 1.5.0

setup() {
	PATCHES=$BATS_TEST_DIRNAME/../../patches
}

# listed FOLDER: its patches, in order.
listed() {
	sed "s|^|$PATCHES/$1/|" "$PATCHES/$1/series"
}

# but_last: standard input without its last line.
but_last() {
	head -n -1
}

# ids: of each patch that standard input names, what it changes, whatever the line
# numbers.
ids() {
	local patch
	while read -r patch; do
		git patch-id --stable <"$patch" | cut -d' ' -f1
	done
}

# texts: of each patch that standard input names, the message.
texts() {
	local patch
	while read -r patch; do
		sed -n '/^Subject: /,/^---$/p' "$patch"
	done
}

# changes FOLDER: the lines that its last patch takes away and adds, but for comments.
changes() {
	sed -n '/^diff/,$p' "$(listed "$1" | tail -n 1)" | grep '^[-+]' | grep -v '^--- \|^+++ \|/\*'
}

@test "the fixes for 6.12 are those for mainline" {
	[ "$(listed mainline/1-fixes | ids | wc -l)" -ge 2 ]
	diff "$PATCHES"/{mainline,linux-6.12.y}/1-fixes/series
	diff <(listed mainline/1-fixes | ids) <(listed linux-6.12.y/1-fixes | ids)
	diff <(listed mainline/1-fixes | texts) <(listed linux-6.12.y/1-fixes | texts)
}

@test "the fixes for 6.1 are those for mainline but for the last, which waits for callers as well" {
	diff "$PATCHES"/{mainline,linux-6.1.y}/1-fixes/series
	diff <(listed mainline/1-fixes | but_last | ids) <(listed linux-6.1.y/1-fixes | but_last | ids)
	diff <(listed mainline/1-fixes | but_last | texts) <(listed linux-6.1.y/1-fixes | but_last | texts)
	[ "$(changes mainline/1-fixes | wc -l)" -gt 0 ]
	run diff <(changes mainline/1-fixes) <(changes linux-6.1.y/1-fixes)
	[ "$status" -eq 1 ]
	[[ $output == *'> +	synchronize_srcu(&vgpio->srcu);'* ]]
	run ! grep -q '^<' <<<"$output"
}
