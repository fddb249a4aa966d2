# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the tests of 'mails' begin with: a person who has a name.

setup() {
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	common_setup
	# What checkpatch.pl needs is not installed for these tests.
	sed -i '/need_more checkpatch/d' "$REPO/tools/cmd/mails"
	git config --global user.name Sender
	git config --global user.email sender@example.org
	MAILS=$BATS_TEST_TMPDIR/mails STATE=$XDG_STATE_HOME/vgpio/mails
	READY=(--signoff --unassisted)
}

refused() {
	run vgpio "$@"
	[ "$status" -eq 1 ]
	one_line
}
