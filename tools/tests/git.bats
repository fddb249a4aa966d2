#!/usr/bin/env bats
# What a person, a tree or the environment says to git changes nothing.

load helper
load settings

setup() {
	common_setup
	export GIT_AUTHOR_DATE='2001-01-01T00:00:00Z'
	git config --global user.name Person
	git config --global user.email person@example.org
	more_files
}

# more_files: what shows in a patch how diffs are made.
more_files() {
	mkdir -p "$LINUX/lib"
	printf '%s\n' c c c b c a c '' x y z >"$LINUX/lib/a.txt"
	printf '%s\n' '}' 'f()' 'f()' 'f()' 'f()' '  x' >"$LINUX/lib/indent"
	seq 20 >"$LINUX/lib/moved"
	echo 1 >"$LINUX/lib/ü"
	echo '*.txt text' >>"$LINUX/.gitattributes"
	git -C "$LINUX" add .
	git -C "$LINUX" commit -qm more
}

# edit_files: in WORK, two commits, the last with a name, a message and a note that are
# not plain.
edit_files() {
	sed -i '5s/0/5/; 14s/0/14/' "$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qam 'gpio: virtio: Return five'
	cd "$WORK/lib"
	printf '%s\n' b c c a c c a '' x 'blank at the end ' y z >a.txt
	sed -i '2s/^/f()\n/' indent
	git mv moved removed
	echo 2 >ü
	sed -i '6s/0/6/' ../drivers/gpio/gpio-virtio.c
	git add :/
	git commit -qm $'lib: Grüße\n\nAbove\n\n-- >8 --\nbelow' --author='Jürgen <j@example.org>'
	cd - >/dev/null
	GIT_SEQUENCE_EDITOR=true git -C "$WORK" rebase -q -i --force-rebase vgpio-base
	git -C "$WORK" notes add -m note
	end_folder 1-fixes
	check_out_again
}

# check_out_again: a file of the person's tree, as their git does it; git has to look into
# it and into those of WORK to tell whether they have changed.
check_out_again() {
	rm "$LINUX/Makefile"
	git -C "$LINUX" checkout -q Makefile
	find "$WORK" "$LINUX" -name .git -prune -o -type f -exec touch {} +
}

# work_on FILE...: what a person does, with these settings in a configuration file; it
# ends in patches and a work tree that is made again, WORK.
work_on() {
	local file
	WORK=$(vgpio apply)
	for file; do settings "$file"; done
	edit_files
	vgpio export
	FIXES=$REPO/patches/mainline/1-fixes
	cover "$FIXES" 'Subject: [PATCH 00/02] gpio: virtio: Fixes'
	for file; do git config --file "$file" i18n.commitEncoding ISO-8859-1; done
	vgpio apply --force >/dev/null
	vgpio verify
	vgpio kernel
	rm -r "$WORK"
	WORK=$(vgpio apply)
}

# plain: the patches without any setting; and the configurations of the work trees' repository.
plain() {
	(
		XDG_CACHE_HOME=$BATS_TEST_TMPDIR/plain
		work_on
		git -C "$WORK" rev-parse HEAD >"$BATS_TEST_TMPDIR/head"
		cp -r "$REPO" "$BATS_TEST_TMPDIR/plain-repo"
	)
	rm -r "$REPO"
	make_repo
}

# changed_nothing: the patches, the commits and the files are those of 'plain'.
changed_nothing() {
	diff -r "$BATS_TEST_TMPDIR/plain-repo" "$REPO"
	[ "$(git -C "$WORK" rev-parse HEAD)" = "$(<"$BATS_TEST_TMPDIR/head")" ]
	run ! grep -rq $'\r' "$WORK" --exclude-dir=.git
}

# notices_work: what is not in patches/ is seen.
notices_work() {
	local file
	touch "$BATS_TEST_TMPDIR/settings/hooks/lies"
	git -C "$WORK" status >/dev/null
	for file in "$WORK/Makefile" "$WORK/more.new"; do
		echo more >>"$file"
		run vgpio export
		[ "$status" -eq 1 ]
		[[ $output == *"has uncommitted changes"* ]]
		git -C "$WORK" -c core.fsmonitor=false checkout -q Makefile
		rm -f "$WORK/more.new"
	done
}

# refuses_inexact: a patch that does not apply to the letter.
refuses_inexact() {
	local script
	for script in '2s/0/9/' '4s/return/return  /'; do
		sed -i "$script" "$LINUX/drivers/gpio/gpio-virtio.c"
		GIT_CONFIG_GLOBAL=/dev/null git -C "$LINUX" -c commit.gpgSign=false -c core.hooksPath=/dev/null commit -qm change drivers/gpio/gpio-virtio.c
		run vgpio verify
		[ "$status" -eq 1 ]
		[[ $output == *"0001-gpio-virtio-Return-five.patch does not apply"* ]]
		run vgpio apply --force
		[[ $output == *"0001-gpio-virtio-Return-five.patch does not apply"* ]]
		git -C "$WORK" am --show-current-patch >/dev/null
		GIT_CONFIG_GLOBAL=/dev/null git -C "$LINUX" -c core.hooksPath=/dev/null reset -q --hard HEAD~1
	done
}

# takes_carriage_returns: git am takes mails as mail servers make them.
takes_carriage_returns() {
	sed -i 's/$/\r/' "$FIXES"/*.patch
	vgpio apply --force
}

@test "a person's settings change nothing" {
	plain
	git config --global diff.cpp.xfuncname .
	work_on "$HOME/.gitconfig"
	changed_nothing
	notices_work
	refuses_inexact
	takes_carriage_returns
}

@test "the settings of a tree and of its work tree change nothing" {
	plain
	vgpio kernel >/dev/null
	work_on "$LINUX/.git/config" "$(vgpio kernel)/config"
	changed_nothing
	notices_work
	refuses_inexact
	takes_carriage_returns
}

@test "the environment changes nothing" {
	local before
	work_on
	before=$(fingerprint "$REPO")
	mkdir -p "$BATS_TEST_TMPDIR/template/hooks"
	hooks "$BATS_TEST_TMPDIR/template/hooks"
	export GIT_DIR=/nowhere GIT_INDEX_FILE=/nowhere GIT_DIFF_OPTS=-u1 GIT_CONFIG_COUNT=1 \
		GIT_CONFIG_KEY_0=diff.noprefix GIT_CONFIG_VALUE_0=true GIT_TEMPLATE_DIR=$BATS_TEST_TMPDIR/template
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/other-cache
	vgpio apply
	vgpio export
	vgpio verify
	[ "$(fingerprint "$REPO")" = "$before" ]
}

# of_somebody_else: git takes LINUX for that.
of_somebody_else() {
	local git
	git=$(command -v git)
	fake git <<-END
		[[ " \$* " != *" $LINUX "* ]] || export GIT_TEST_ASSUME_DIFFERENT_OWNER=1
		exec "$git" "\$@"
	END
}

@test "a tree of somebody else is read if the person says so, and not if the tree does" {
	of_somebody_else
	git config --file "$LINUX/.git/config" safe.directory '*'
	run vgpio kernel
	[ "$status" -eq 1 ]
	one_line
	[[ $output == *"belongs to somebody else; to have git read it all the same, run: git config --global --add safe.directory $LINUX" ]]
	git config --global --add safe.directory "$LINUX"
	run vgpio kernel
	[ "$status" -eq 0 ]
}
