#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The fixes for older kernels, as far as they can be looked at without a kernel.

setup() {
	PATCHES=$BATS_TEST_DIRNAME/../../patches
}

# ids FOLDER: of each patch, what it changes, whatever the line numbers.
ids() {
	local patch
	for patch in "$PATCHES/$1"/0*.patch; do
		git patch-id --stable <"$patch" | cut -d' ' -f1
	done
}

# texts FOLDER: of each patch, the message.
texts() {
	local patch
	for patch in "$PATCHES/$1"/0*.patch; do
		sed -n '/^Subject: /,/^---$/p' "$patch"
	done
}

@test "the fixes for 6.12 are those for mainline" {
	[ "$(ids mainline/1-fixes | wc -l)" -eq 10 ]
	diff <(ids mainline/1-fixes) <(ids linux-6.12.y/1-fixes)
	diff <(texts mainline/1-fixes) <(texts linux-6.12.y/1-fixes)
}

@test "the fixes for 6.1 are those for mainline but for the last, which waits for callers as well" {
	local last=0010-gpio-virtio-Fail-pending-requests-on-break-and-remov.patch
	diff <(ids mainline/1-fixes | head -n 9) <(ids linux-6.1.y/1-fixes | head -n 9)
	[ "$(ids linux-6.1.y/1-fixes | wc -l)" -eq 10 ]
	run diff <(sed -n '/^diff/,$s/^[+-]//p' "$PATCHES/mainline/1-fixes/$last" | grep -v '/drivers/\|/\*') \
		<(sed -n '/^diff/,$s/^[+-]//p' "$PATCHES/linux-6.1.y/1-fixes/$last" | grep -v '/drivers/\|/\*')
	[ "$status" -eq 1 ]
	[[ $output == *'> 	synchronize_srcu(&vgpio->srcu);'* ]]
	! grep -q '^<' <<<"$output"
}
