#!/usr/bin/env bats
# mails: what it writes with b4, and keeps. That takes as long as all other tests of the
# tools, so it is a step of 'test --all'.

load helper
load mails
load settings

# b4 as the tools find it, which fetch it where they can.
setup_file() {
	REAL_B4=$(bash -c '
		set -euo pipefail
		VGPIO_ROOT=$1 VERBOSE=0
		for lib in common process packages kernel b4; do . "$1/tools/lib/$lib.sh"; done
		cache_init
		choose_b4 || die "$B4_PROBLEM"
		lacking=$(missing_packages)
		[[ ! $lacking ]] || die "what b4 needs is not installed:" $lacking
		provide_b4
		printf "%q " "${B4[@]}"
	' - "$BATS_TEST_DIRNAME/../.." 2>"$BATS_FILE_TMPDIR/why") || REAL_B4=''
	export REAL_B4
}

# with_b4: the real one, and a tree with the scripts that it runs.
with_b4() {
	[[ $REAL_B4 ]] || skip "$(tail -n 1 "$BATS_FILE_TMPDIR/why")"
	fake b4 <<<"exec $REAL_B4 \"\$@\""
	mkdir -p "$LINUX/scripts"
	printf '#!/bin/sh\necho linux-gpio@vger.kernel.org\n' >"$LINUX/scripts/get_maintainer.pl"
	printf '#!/bin/sh\n' >"$LINUX/scripts/checkpatch.pl"
	chmod +x "$LINUX"/scripts/*
	touch "$LINUX/Kconfig"
	echo 'Mapped <mapped@example.org> <a@example.org>' >"$LINUX/.mailmap"
	git -C "$LINUX" add .
	git -C "$LINUX" commit -qm scripts
	make_series
}

@test "mails: git am makes the series of them; no tree of a person is written to" {
	local before
	with_b4
	before=$(fingerprint "$LINUX")
	run vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS"
	[ "$status" -eq 0 ]
	[[ $output == *"[PATCH 0/2] gpio: virtio: Fixes"*"[PATCH 2/2] gpio: virtio: Return thirty"* ]]
	[[ $output == *"From: Sender <sender@example.org>"*"To: linux-gpio@vger.kernel.org"* ]]
	[[ $output == *"Nothing was sent"*"$STATE/virtio-gpio-fixes:"*" send"* ]]
	[ "$(fingerprint "$LINUX")" = "$before" ]
	git clone -q "$LINUX" "$BATS_TEST_TMPDIR/clone"
	git -C "$BATS_TEST_TMPDIR/clone" am -q "$MAILS"/000[12]*
	cmp "$BATS_TEST_TMPDIR/clone/drivers/gpio/gpio-virtio.c" "$REPO/drivers/gpio/gpio-virtio.c"
	grep -q '^change-id: ' "$MAILS"/0000*
}

@test "mails: a mail that makes something else is found" {
	with_b4
	fake b4 <<-END
		$REAL_B4 "\$@" || exit
		[[ " \$* " != *" send "* ]] || sed -i 's/thirty/30/' "\${@: -1}"/0002*
	END
	run vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS"
	[[ $status -eq 1 && $output == *"git am makes something else than the series"* ]]
	[[ ! -e $MAILS && ! -e $STATE/virtio-gpio-fixes ]]
}

@test "mails: the sign-off and the tools that helped, after the other trailers, where they are asked for" {
	local want
	with_b4
	git -C "$WORK" commit -q --amend -m $'gpio: virtio: Add tests\n\nText: more.\n\nLink: https://example.org'
	end_folder 2-tests
	vgpio export
	run vgpio mails --series 2-tests --signoff --assisted-by 'coccinelle sparse' --assisted-by smatch -o "$MAILS"
	[ "$status" -eq 0 ]
	want=$'\nText: more.\n\nLink: https://example.org\nAssisted-by: coccinelle sparse\nAssisted-by: smatch\nSigned-off-by: Sender <sender@example.org>\n---\n'
	[[ $(<"$MAILS"/0001*) == *"$want"* ]]
	run vgpio mails --series 1-fixes --signoff --assisted-by 'coccinelle sparse' -o "$MAILS-1"
	[[ $(<"$MAILS-1"/0000*) == *$'\n\nText.\n\nAssisted-by: coccinelle sparse\n---\n'* ]]
	[[ $(<"$MAILS-1"/0001*) == *$'\n\nAssisted-by: coccinelle sparse\nSigned-off-by: Sender <sender@example.org>\n---\n'* ]]
	run vgpio mails --series 1-fixes --signoff --unassisted -o "$MAILS-2"
	[ "$status" -eq 0 ]
	run ! grep -qi '^Assisted-by' "$MAILS-2"/*
}

@test "mails: what Linux asks for and was not said; nothing is kept then" {
	local options
	with_b4
	for options in '' --signoff --unassisted '--assisted-by sparse'; do
		# shellcheck disable=SC2086 # options and their values
		run vgpio mails --series 1-fixes $options -o "$MAILS$options"
		[ "$status" -eq 2 ]
		[ -e "$MAILS$options"/0002* ]
		[[ $output == *"are there to be read"* && $output != *"Nothing was sent"* && $output != *" send"* ]]
		if [[ $options == --signoff ]]; then
			[[ $output != *"--signoff, see"* ]]
		else
			[[ $output == *"--signoff, see 'Sign your work'"* ]]
			run ! grep -rqi '^Signed-off-by' "$MAILS$options"
		fi
		[ ! -e "$STATE/virtio-gpio-fixes" ]
	done
	run vgpio mails --series 1-fixes --signoff -o "$MAILS-last"
	[[ $output == *"--assisted-by TEXT or --unassisted, see 'Using Assisted-by' in Documentation/process/submitting-patches.rst"* ]]
}

@test "mails: the words of the cover letter and of each message" {
	with_b4
	run vgpio mails --series 1-fixes -o "$MAILS"
	[[ $output == *"words of the cover letter: 7, of at most 350"* ]]
	[[ $output == *$'\n   4  [PATCH 1/2] gpio: virtio: Return five\n'* ]]
}

@test "mails: a folder after the first goes on top of those before, with no base that nobody has" {
	with_b4
	git -C "$LINUX" tag v7.3
	vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS"
	grep -q '^base-commit: ' "$MAILS"/0000*
	run vgpio mails --series 2-tests "${READY[@]}" -o "$MAILS-2"
	[ "$status" -eq 0 ]
	[[ $output == *"[PATCH] gpio: virtio: Add tests"*"From: Sender"* ]]
	[ "$(ls "$MAILS-2" | wc -l)" -eq 1 ]
	grep -qx 'Text.' "$MAILS-2"/0001*
	run ! grep -q '^base-commit: ' "$MAILS-2"/0001*
	git clone -q "$LINUX" "$BATS_TEST_TMPDIR/clone"
	git -C "$BATS_TEST_TMPDIR/clone" am -q "$MAILS"/000[12]* "$MAILS-2"/0001*
	cmp "$BATS_TEST_TMPDIR/clone/drivers/gpio/tests/cases.c" "$REPO/drivers/gpio/tests/cases.c"
}

# change_line N: of the first patch, and the cover letter says so as vN.
change_line() {
	sed -i "${1}s/return .;/return 9;/" "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qa --fixup=HEAD~1
	GIT_SEQUENCE_EDITOR=true git -C "$WORK" rebase -q -i --autosquash vgpio-base
	vgpio export
	cover "$FIXES" 'Subject: [PATCH 00/02] gpio: virtio: Fixes' --- "Changes in v$1:" "- change $1"
}

@test "mails --reroll: the next revision, its changes and those before, and a range-diff" {
	local number
	with_b4
	run vgpio mails --series 1-fixes "${READY[@]}" --reroll -o "$MAILS"
	[[ $status -eq 1 && $output == *"no revision is there yet"* ]]
	vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS"
	run vgpio mails --series 1-fixes "${READY[@]}" --reroll -o "$MAILS-2"
	[[ $status -eq 1 && $output == *"as 'Changes in v2:'"* ]]
	for number in 2 3; do
		change_line "$number"
		vgpio mails --series 1-fixes "${READY[@]}" --reroll -o "$MAILS-$number"
		grep -q '^    + *+\|^ *++' "$MAILS-$number/range-diff.txt"
	done
	grep -q '^Subject: \[PATCH v3 0/2\]' "$MAILS"-3/0000*
	[[ $(<"$MAILS"-3/0000*) == *$'\nText.\n\n---\nChanges in v3:\n- change 3\n\nChanges in v2:\n- change 2\n\n---\n'* ]]
	grep -q '^To: linux-gpio@vger.kernel.org' "$MAILS"-3/0002*
	[ "$(grep -c '^Changes in v' "$MAILS"-3/0000*)" -eq 2 ]
	[ "$(change_id "$MAILS-3")" = "$(change_id "$MAILS")" ]
	vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS-again"
	grep -q '^Subject: \[PATCH v3 0/2\]' "$MAILS"-again/0000*
}

change_id() {
	sed -n 's/^change-id: //p' "$1"/0000*
}

@test "mails: a revision that b4 has sent is not written again" {
	with_b4
	git config --global sendemail.smtpserver "$BATS_TEST_TMPDIR/bin/post"
	fake post <<<"cat >>'$BATS_TEST_TMPDIR/sent'"
	vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS"
	(cd "$STATE/virtio-gpio-fixes" && yes '' | b4 --offline-mode send)
	grep -q '^Subject: \[PATCH 2/2\]' "$BATS_TEST_TMPDIR/sent"
	run vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS-2"
	[[ $status -eq 1 && $output == *"v1 was sent; pass --reroll for v2"* ]]
	change_line 2
	vgpio mails --series 1-fixes "${READY[@]}" --reroll -o "$MAILS-2"
	[[ $(<"$MAILS-2"/0000*) == *$'Changes in v2:\n- change 2\n- Link to v1: http'* ]]
	run ! grep -q EDITME "$MAILS-2"/0000*
	git config --global b4.send-same-thread yes
	(cd "$STATE/virtio-gpio-fixes" && b4 --offline-mode send -o "$MAILS-3")
	run ! grep -q '^In-Reply-To:' "$MAILS-3"/0000*
}

# other_settings: of somebody who has those of 'settings' and some for b4.
other_settings() {
	local key value
	settings "$HOME/.gitconfig"
	echo other >"$BATS_TEST_TMPDIR/cover-template"
	echo '<other@example.org> <linux-gpio@vger.kernel.org>' >"$BATS_TEST_TMPDIR/mailmap"
	while read -r key value; do
		git config --global "$key" "$value"
	done <<-END
		b4.email-exclude *gpio*
		b4.prep-cover-template $BATS_TEST_TMPDIR/cover-template
		b4.send-me-too no
		b4.send-prefixes RFC
		b4.send-presubject other
		b4.send-same-thread shallow
		b4.send-series-cc cc@example.org
		b4.send-series-to to@example.org
		b4.sendemail-identity other
		diff.statGraphWidth 1
		mailmap.file $BATS_TEST_TMPDIR/mailmap
		sendemail.from Other <other@example.org>
		sendemail.identity other
		sendemail.mailmap true
		sendemail.other.from Third <third@example.org>
		user.email other@example.org
		user.name Other
	END
}

# same_mails DIR DIR: but for their dates, their identifiers, and when b4's tracking was packed.
same_mails() {
	local dir
	for dir in "$@"; do
		python3 - "$dir" >"$dir.plain" <<-'END'
			import base64, glob, gzip, re, sys
			for name in sorted(glob.glob(sys.argv[1] + "/*.eml")):
			    text = open(name, encoding="utf-8", newline="").read()
			    text = re.sub(r"(?m)^X-B4-Tracking: v=1; b=((?:.|\n )*)$", lambda m: str(gzip.decompress(
			        base64.b64decode(re.sub(r"\s", "", m[1])))), text, count=1)
			    text = re.sub(r"(?m)^Date: .*$", "Date:", text, count=1)
			    text = re.sub(r"<[0-9]{8}-[^ <>]*-[0-9a-f]{12}@", "<ID@", text)
			    print(name.rsplit("/")[-1], text)
		END
	done
	[ -s "$1.plain" ] && diff "$1.plain" "$2.plain"
}

@test "mails: 'b4 send' by hand writes what was checked, whatever the person's settings are by then" {
	local folder
	with_b4
	git config --global sendemail.smtpserver localhost
	for folder in fixes tests; do
		vgpio mails --series "$(ls "$REPO/patches/mainline" | grep "$folder")" "${READY[@]}" -o "$MAILS-$folder"
	done
	other_settings
	for folder in fixes tests; do
		(cd "$STATE/virtio-gpio-$folder" && b4 --offline-mode send -o "$MAILS-$folder-later")
		same_mails "$MAILS-$folder" "$MAILS-$folder-later"
	done
}

@test "mails: the same whatever the settings are when they are written" {
	with_b4
	git config --global sendemail.smtpserver localhost
	vgpio mails --series 1-fixes --unassisted -o "$MAILS" || [ $? -eq 2 ]
	other_settings
	git config --global --unset sendemail.identity
	git config --global sendemail.from 'Sender <sender@example.org>'
	git config --global user.name Sender
	git config --global user.email sender@example.org
	settings "$(vgpio kernel)/config"
	vgpio mails --series 1-fixes --unassisted -o "$MAILS-2" || [ $? -eq 2 ]
	sed -i 's/fixes-[0-9a-f]\{12\}/fixes-ID/' "$MAILS"/* "$MAILS-2"/*
	sed -i '/^X-B4-Tracking/,/^X-Change/d' "$MAILS"/* "$MAILS-2"/*
	same_mails "$MAILS" "$MAILS-2"
}

# --- a run that ends early ---------------------------------------------------------

# fails_at N: b4 fails at its Nth call, half-way through.
fails_at() {
	echo 0 >"$BATS_TEST_TMPDIR/calls"
	fake b4 <<-END
		[[ \$1 != --version ]] || exec $REAL_B4 --version
		count=\$((\$(<"$BATS_TEST_TMPDIR/calls") + 1))
		echo "\$count" >"$BATS_TEST_TMPDIR/calls"
		$REAL_B4 "\$@" && ((count != $1))
	END
}

@test "mails: a run that fails leaves what was there, and the next one is whole" {
	local call before='' reroll=''
	with_b4
	for reroll in '' --reroll; do
		for ((call = 1; ; call++)); do
			fails_at "$call"
			[ ! -e "$STATE/virtio-gpio-fixes" ] || before=$(fingerprint "$STATE/virtio-gpio-fixes")
			# shellcheck disable=SC2086 # nothing, or an option
			run vgpio mails --series 1-fixes "${READY[@]}" $reroll -o "$MAILS$reroll"
			((status)) || break
			[[ ! -e $MAILS$reroll && ! -e $STATE/virtio-gpio-fixes.new ]]
			if [[ $before ]]; then
				[ "$(fingerprint "$STATE/virtio-gpio-fixes")" = "$before" ]
			else
				[ ! -e "$STATE/virtio-gpio-fixes" ]
			fi
		done
		[ "$call" -eq 5 ]
		[ -e "$MAILS$reroll"/0002* ]
		cover "$FIXES" 'Subject: [PATCH 00/02] gpio: virtio: Fixes' --- "Changes in v2:" "- none"
	done
	grep -q '^Subject: \[PATCH v2 0/2\]' "$MAILS"--reroll/0000*
	[ "$(change_id "$MAILS")" = "$(change_id "$MAILS--reroll")" ]
}

@test "mails: a run that was killed while it kept the revision" {
	with_b4
	vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS"
	cp -r "$STATE/virtio-gpio-fixes" "$STATE/virtio-gpio-fixes.new"
	mv "$STATE/virtio-gpio-fixes" "$STATE/virtio-gpio-fixes.old"
	vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS-2"
	[ "$(change_id "$MAILS")" = "$(change_id "$MAILS-2")" ]
	[ "$(ls "$STATE" | grep fixes)" = virtio-gpio-fixes ]
}

@test "mails: revisions outlive the cache, and the kernel that they were for" {
	with_b4
	vgpio mails --series 1-fixes "${READY[@]}" -o "$MAILS"
	rm -rf "$XDG_CACHE_HOME"
	cover "$FIXES" 'Subject: [PATCH 00/02] gpio: virtio: Fixes' --- "Changes in v2:" "- none"
	vgpio mails --series 1-fixes "${READY[@]}" --reroll -o "$MAILS-2"
	[ -s "$MAILS-2/range-diff.txt" ]
	rm -rf "$XDG_CACHE_HOME"
	mv "$LINUX" "$LINUX-2"
	LINUX=$LINUX-2
	cover "$FIXES" 'Subject: [PATCH 00/02] gpio: virtio: Fixes' --- "Changes in v3:" "- none"
	sed -i '40s/0/40/' "$LINUX/drivers/gpio/gpio-virtio.c"
	git -C "$LINUX" commit -qa --amend -m 'another kernel'
	git -C "$LINUX" reflog expire --expire=now --all
	git -C "$LINUX" gc -q --prune=now
	run vgpio mails --series 1-fixes "${READY[@]}" --reroll -o "$MAILS-3"
	[ "$status" -eq 0 ]
	[[ $output == *"no range-diff: the kernel that v2 was for is gone; provide it with 'kernel' or --linux, and write the mails again"* ]]
	grep -q '^Subject: \[PATCH v3 0/2\]' "$MAILS"-3/0000*
	[ "$(change_id "$MAILS")" = "$(change_id "$MAILS-3")" ]
}
