# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Settings of git that nobody's tools should depend on.

# signs: a gpg that works, but not for the tools.
signs() {
	fake gpg-here <<-'END'
		[[ ! $VGPIO_LINUX ]] || exit 1
		cat >/dev/null
		printf '\n[GNUPG:] SIG_CREATED \n' >&2
		printf -- '-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n'
	END
}

# hooks FOLDER: they fail the tools.
hooks() {
	local hook
	mkdir -p "$1"
	for hook in applypatch-msg pre-applypatch post-applypatch pre-commit prepare-commit-msg \
		commit-msg post-checkout post-rewrite post-index-change reference-transaction; do
		printf '#!/bin/bash\n[[ ! $VGPIO_LINUX ]]\n' >"$1/$hook"
	done
	# It says that no file has changed, once it lies.
	printf '#!/bin/bash\n[[ -e %q ]] && printf "token\\0"\n' "$1/lies" >"$1/fsmonitor"
	chmod +x "$1"/*
}

# settings FILE: all that could matter.
settings() {
	local dir=$BATS_TEST_TMPDIR/settings key value
	signs
	hooks "$dir/hooks"
	printf '*.txt\ndrivers/*\nlib/*\n' >"$dir/order"
	echo '*.txt -diff' >"$dir/attributes"
	printf '*.new\n' >"$dir/excludes"
	echo template >"$dir/template"
	while read -r key value; do
		git config --file "$1" "$key" "$value"
	done <<-END
		am.keepcr true
		am.messageId true
		am.threeWay true
		apply.ignoreWhitespace change
		apply.whitespace fix
		color.diff always
		color.ui always
		commit.cleanup scissors
		commit.gpgSign true
		commit.template $dir/template
		commit.verbose true
		core.abbrev 40
		core.attributesFile $dir/attributes
		core.autocrlf true
		core.editor false
		core.eol crlf
		core.excludesFile $dir/excludes
		core.fsmonitor $dir/hooks/fsmonitor
		core.hooksPath $dir/hooks
		core.quotePath false
		diff.algorithm patience
		diff.context 1
		diff.dstPrefix to/
		diff.external false
		diff.indentHeuristic false
		diff.interHunkContext 9
		diff.mnemonicPrefix true
		diff.noprefix true
		diff.orderFile $dir/order
		diff.renames false
		diff.srcPrefix from/
		diff.suppressBlankEmpty true
		format.attach true
		format.cc cc@example.org
		format.coverLetter true
		format.encodeEmailHeaders false
		format.filenameMaxLength 20
		format.from true
		format.headers X-Header: 1
		format.noprefix true
		format.notes true
		format.numbered true
		format.signature me
		format.signOff true
		format.subjectPrefix PATCH v9
		format.suffix .mail
		format.thread deep
		format.to to@example.org
		format.useAutoBase true
		gpg.program $BATS_TEST_TMPDIR/bin/gpg-here
		i18n.logOutputEncoding ISO-8859-1
		log.mailmap true
		log.showSignature true
		mailinfo.scissors true
		rebase.autoSquash true
		status.showUntrackedFiles no
		tag.gpgSign true
	END
}
