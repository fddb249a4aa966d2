# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Git as everybody has it: what a person, a tree or the environment says of signing,
# diffs, hooks and the like must not change what these tools read and write.

# What a tree's own configuration, or a person's for the mails, may say otherwise.
# The value is git's default, or switches the setting off. format.noprefix is of git 2.41 and
# newer.
readonly SHIELD='
am.keepcr false
am.messageId false
am.threeWay false
apply.ignoreWhitespace no
apply.whitespace warn
color.diff false
color.ui false
commit.gpgSign false
core.abbrev auto
core.attributesFile /dev/null
core.autocrlf false
core.eol lf
core.excludesFile /dev/null
core.fsmonitor false
core.hooksPath /dev/null
core.quotePath true
diff.algorithm histogram
diff.context 3
diff.indentHeuristic true
diff.interHunkContext 0
diff.noprefix false
diff.orderFile /dev/null
diff.renames true
diff.statGraphWidth 0
diff.suppressBlankEmpty false
format.coverLetter false
format.encodeEmailHeaders true
format.filenameMaxLength 64
format.from false
format.noprefix false
format.notes false
format.signOff false
format.subjectPrefix PATCH
format.suffix .patch
format.thread false
format.useAutoBase false
i18n.commitEncoding UTF-8
i18n.logOutputEncoding UTF-8
log.mailmap false
mailinfo.scissors false
mailmap.file
status.showUntrackedFiles normal
'

# What stays the person's: who they are, which trees they trust, how they reach a
# server, and how they have lines end in files, see as_checked_out.
readonly KEPT='^(user\.(name|email)|safe\.directory|(http|url)\..*|sendemail\..*|core\.(autocrlf|eol|attributesfile))$'

# shield_git: all other configuration counts for nothing from here on, in whatever
# program calls git.
shield_git() {
	local key value kept=() where=$VGPIO_ROOT
	[[ ! -d $LINUX ]] || where=$LINUX
	read_person "$where"
	unset "${!GIT_@}" LANGUAGE
	export LC_ALL=C.UTF-8 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_ATTR_NOSYSTEM=1 GIT_CONFIG_COUNT=0
	while read -r key value; do
		[[ ! $key ]] || set_git "$key" "$value"
	done <<<"$SHIELD"
	set_git ${kept[@]+"${kept[@]}"}
}

# read_person TREE: PERSON, what KEPT says; kept, of these, what every git is to know. A
# tree may say who somebody is, and not that it is to be trusted.
declare -A PERSON=()
read_person() {
	local scope entry key value
	while IFS= read -r -d '' scope && IFS= read -r -d '' entry; do
		key=${entry%%$'\n'*} value=true
		[[ $entry != *$'\n'* ]] || value=${entry#*$'\n'}
		[[ $scope != @(local|worktree) || $key == @(user|sendemail).* ]] || continue
		PERSON[$key]=$value
		[[ $key != @(user|safe|http|url).* ]] || kept+=("$key" "$value")
	done < <(env -u GIT_DIR git -C "$1" config -z --show-scope --get-regexp "$KEPT" 2>/dev/null)
}

# set_git KEY VALUE...: for every git from here on.
set_git() {
	while (($#)); do
		export "GIT_CONFIG_KEY_$GIT_CONFIG_COUNT=$1" "GIT_CONFIG_VALUE_$GIT_CONFIG_COUNT=$2"
		GIT_CONFIG_COUNT=$((GIT_CONFIG_COUNT + 1))
		shift 2
	done
}

# as_checked_out TREE ARGUMENT...: git where files are compared with what the person's
# own git has checked out; nothing is written, as the index would be.
as_checked_out() {
	local key value options=()
	for key in core.autocrlf core.eol core.attributesFile; do
		value=$(git -C "$1" config --local "$key") || value=${PERSON[${key,,}]:-}
		case $key=$value in
		core.eol=) value=native ;;
		core.attributesFile=) value=${XDG_CONFIG_HOME:-~/.config}/git/attributes ;;
		esac
		options+=(-c "$key=$value")
	done
	GIT_OPTIONAL_LOCKS=0 git -C "$1" "${options[@]}" "${@:2}"
}

# cache_git ARGUMENT...: git that commits in the name of these tools, so that the same
# patches give the same commits whoever applies them.
cache_git() {
	GIT_COMMITTER_NAME=vgpio GIT_COMMITTER_EMAIL=vgpio@localhost \
		GIT_AUTHOR_NAME=vgpio GIT_AUTHOR_EMAIL=vgpio@localhost git "$@"
}
