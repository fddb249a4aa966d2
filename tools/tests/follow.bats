#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A tree whose files are written from mainline's: export, verify and follow.

bats_require_minimum_version 1.5.0

load helper

setup() {
	common_setup make_followed
}

# old ARGUMENT...: the tool, of that tree.
old() {
	VGPIO_LINUX=$LINUX "$REPO/tools/vgpio" --series linux-5.10.y "$@"
}

# make_followed: a mirrored file with a guard, and a series that adds it as the script
# writes it, with one difference by hand.
make_followed() {
	DRIVER=drivers/gpio/new.c LIST=$REPO/patches/linux-5.10.y/differences
	mkdir -p "$REPO/drivers/gpio" "${LIST%/*}"
	printf 'tag v5.10\npackage linux-source-5.10 5.10.223-1\noldest v5.10\n' >"${LIST%/*}/BASE"
	printf 'int %s(void)\n{\n\tguard(rcu)();\n\tone(1);\n\n\treturn 0;\n}\n\n' a b c d >"$REPO/$DRIVER"
	printf '# a list\n\nown: it is done otherwise here\n' >"$LIST"
	WORK=$(old apply 2>/dev/null)
	python3 "$REPO/tools/lib/convert-linux-5.10.y.py" <"$REPO/$DRIVER" | sed '0,/one(1)/s//two(2)/' >"$WORK/$DRIVER"
	git -C "$WORK" add .
	git -C "$WORK" commit -qm 'gpio: Add a driver'
	printf 'F:\tdrivers/gpio/new.c\n' >>"$WORK/MAINTAINERS"
	git -C "$WORK" commit -qam 'gpio: Say who'
	old export 2>/dev/null
	sed -i 's/ ?  / own/' "$LIST"
	cover "${LIST%/*}" 'Subject: [PATCH 5.10 00/02] gpio: A driver'
	git -C "$REPO" init -q
	git -C "$REPO" add -f .
	git -C "$REPO" commit -qm 'it agrees'
}

@test "verify passes when each difference has its reason" {
	run -0 old verify
	[[ $output == *"linux-5.10.y: 2 patches apply, and all"* ]]
	run -0 old verify --differences
	[[ $output == *$'# it is done otherwise here\n-\tone(1);\n+\ttwo(2);'* ]]
	run -1 vgpio verify --differences
	[[ $output == *"the files of mainline are not converted from mainline's"* ]]
}

@test "verify fails for a difference that is not listed" {
	sed -i '$a int e;' "$WORK/drivers/gpio/new.c"
	git -C "$WORK" commit -qam 'gpio: More'
	run -0 old export
	[[ $output == *"a reason is missing in patches/linux-5.10.y/differences"* ]]
	run -1 old verify
	[[ $output == *"patches/linux-5.10.y/differences gives no reason"* ]]
}

@test "what has changed in mainline is noticed, and follow brings it" {
	sed -i '16,$s/return 0/return g()/' "$REPO/drivers/gpio/new.c"
	run -1 old verify
	[[ $output == *"differ from mainline's"* ]]

	run -0 old follow
	[[ $output == *"1 files have followed mainline since"* ]]
	[ "$(git -C "$WORK" log --format=%s vgpio-base..)" = $'gpio: Say who\ngpio: Add a driver' ]
	old export
	run -0 old verify
	[ "$(grep -c 'ret = g();' "$WORK/drivers/gpio/new.c")" -eq 2 ]
	grep -q 'two(2)' "$WORK/drivers/gpio/new.c"
}

@test "follow: a change of what is written by hand is left to a person" {
	sed -i 's/one(1)/three(3)/' "$REPO/drivers/gpio/new.c"
	run -1 old follow
	[[ $output == *"cannot be merged, see the markers in $WORK: drivers/gpio/new.c"* ]]
	grep -q '^<<<<<<< linux-5.10.y$' "$WORK/drivers/gpio/new.c"
	[ "$(git -C "$WORK" log --format=%s vgpio-base..)" = $'gpio: Say who\ngpio: Add a driver' ]
}

@test "follow: what it cannot work with is named" {
	run -1 vgpio follow
	[[ $output == *"the files of mainline are not written from mainline's; pass --series linux-5.10.y"* ]]
	run -1 old follow nowhere
	[[ $output == *"has no commit 'nowhere'"* ]]
	echo >>"$WORK/drivers/gpio/new.c"
	run -1 old follow
	[[ $output == *"has uncommitted changes"* ]]
}
