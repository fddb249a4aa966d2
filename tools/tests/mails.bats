#!/usr/bin/env bats
# mails: what it asks for and refuses; what it writes is in mails-b4.bats.

load helper
load mails

# a_folder: 1-fixes, without b4.
a_folder() {
	make_series
	fake b4 <<<'echo 0.14'
}

@test "mails: where they go" {
	a_folder
	refused mails --series 1-fixes
	[[ $output == *"pass -o DIR, where the mails go" ]]
	refused mails --series 1-fixes -o
	refused mails --series 1-fixes -o /proc/no
	touch "$BATS_TEST_TMPDIR/file"
	run vgpio mails --series 1-fixes -o "$BATS_TEST_TMPDIR"
	[[ $status -eq 1 && $output == *"is not empty; pass a new folder" ]]
}

@test "mails: options that exclude each other, or lack a value" {
	refused mails --assisted-by sparse --unassisted -o "$MAILS"
	[[ $output == *"pass one of them"* ]]
	refused mails -o "$MAILS" --assisted-by ' '
	[[ $output == *"--assisted-by needs a value of one line"* ]]
	refused mails -o "$MAILS" --assisted-by $'sparse\nAcked-by: Somebody <s@example.org>'
}

@test "mails: a cover letter without a subject, one folder alone, somebody without a name" {
	a_folder
	echo cover >"$FIXES/cover-letter.txt"
	refused mails --series 1-fixes -o "$MAILS"
	[[ $output == *"patches/mainline/1-fixes/cover-letter.txt: the first line is not 'Subject: "* ]]
	refused mails -o "$MAILS"
	[[ $output == *"each folder of patches/mainline is sent by itself; pass --series with one of: 1-fixes 2-tests"* ]]
	git config --global --unset user.name
	refused mails --series 1-fixes -o "$MAILS"
	[[ $output == *"git knows no user.name and user.email of yours"* ]]
}

@test "verbs that have another name now" {
	refused submit --series 1-fixes
	[[ $output == *"'submit' is now 'tools/vgpio mails'; see 'tools/vgpio mails --help'" ]]
	refused suspend
	[[ $output == *"'suspend' is now 'tools/vgpio e2e --guest qemu chip sleep whole'; see 'tools/vgpio e2e --help'" ]]
}

# chosen_b4 DISTRIBUTION: what choose_b4 makes of PATH there.
chosen_b4() {
	DISTRIBUTION=$1 run bash -c 'for lib in common process kernel b4; do . "$1/$lib.sh"; done
		need_more() { echo "installs what $1 needs"; }
		is_debian() { [[ $DISTRIBUTION == debian ]]; }
		choose_b4 || die "$B4_PROBLEM"' - "$REPO/tools/lib"
}

@test "mails: b4 of PATH if it is new enough, else Debian's, else what to install" {
	fake b4 <<<'echo 0.14.2'
	chosen_b4 debian
	[ "$output" = "b4: 0.14.2, $BATS_TEST_TMPDIR/bin/b4" ]
	fake b4 <<<'echo 0.9.1'
	chosen_b4 debian
	[ "$output" = "installs what b4 needs" ]
	chosen_b4 other
	[[ $status -eq 1 && $output == *"needs b4 0.14 or newer, and there is 0.9.1; install it, for instance with 'pipx install b4'" ]]
	fake b4 <<<'echo broken >&2; exit 1'
	chosen_b4 other
	[[ $status -eq 1 && $output == *"needs b4 0.14 or newer; install it"* ]]
}

@test "mails: the changes of earlier revisions are kept, each once, and the link to what was sent" {
	changes() {
		bash -c '. "$1/cmd/mails"; COVER_LOG=$2; older_changes' - "$REPO/tools" "$1"
	}
	run changes $'Changes in v4:\n- four\n\nChanges in v3:\n- three, said better' \
		<<<$'Title\n\nText\n---\nChanges in v3:\n- three\n\nChanges in v2:\n- two\n--- b4-submit-tracking ---\nx'
	[ "$output" = $'Changes in v2:\n- two' ]
	run changes $'Changes in v2:\n- two' <<<$'Title\n\nText\n---\nChanges in v2:\n- EDITME\n- Link to v1: https://example.org'
	[ "$output" = '- Link to v1: https://example.org' ]
}
