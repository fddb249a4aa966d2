# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Messages, the cache and its locks, and what is undone at exit.

if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' CYAN=$'\e[36m' PLAIN=$'\e[0m'
else
	BOLD='' DIM='' RED='' GREEN='' CYAN='' PLAIN=''
fi

# say TEXT: a line for the person.
say() {
	printf '%s\n' "$*"
}

# note TEXT: what is going on, on stderr so that a verb's output stays clean.
note() {
	printf '%s%s%s\n' "$DIM" "$*" "$PLAIN" >&2
}

# debug TEXT: shown with -v only.
debug() {
	((VERBOSE)) && note "$*"
	return 0
}

# die TEXT: one line on what is wrong and what to do; ends the run.
die() {
	printf '%svgpio%s: %s%s\n' "$RED" "${VERB:+ $VERB}" "$*" "$PLAIN" >&2
	exit 1
}

# elapsed SECONDS: as m:ss.
elapsed() {
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# verb_summary FILE, verb_example FILE: the two lines 'help' shows.
verb_summary() {
	sed -n 's/^# summary: //p' "$1"
}

verb_example() {
	sed -n 's/^# example: //p' "$1"
}

# verb_help FILE: the whole text at the head of a verb's file.
verb_help() {
	say "${BOLD}tools/vgpio ${1##*/}${PLAIN}: $(verb_summary "$1")"
	say "example: $(verb_example "$1")"
	sed -n '/^# example: /,/^[^#]/{/^# example: /d;s/^#$//p;s/^# //p}' "$1"
}

# no_more_args ARG...: for a verb that takes none.
no_more_args() {
	(($# == 0)) || die "does not know '$1'; see 'tools/vgpio $VERB --help'"
}

# at_exit COMMAND...: run COMMAND when the run ends, however it ends, the
# last one first.
EXIT_COMMANDS=()
at_exit() {
	local quoted
	printf -v quoted '%q ' "$@"
	EXIT_COMMANDS=("$quoted" ${EXIT_COMMANDS[@]+"${EXIT_COMMANDS[@]}"})
}

run_exit_commands() {
	local command
	trap '' INT TERM HUP
	end_step
	for command in ${EXIT_COMMANDS[@]+"${EXIT_COMMANDS[@]}"}; do
		eval "$command" || true
	done
}

trap run_exit_commands EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# What make, the shell below it, or sed would not take for a part of a path
readonly ODD_CHARACTERS=$'[][:space:]:#$%&;|<>(){}*?!~`\'"\\\\[]'

# cache_init: CACHE, the folder that outlives a run. Kernels are built in it.
cache_init() {
	[[ ${XDG_CACHE_HOME:-} || ${HOME:-} ]] || die "neither HOME nor XDG_CACHE_HOME is set; set one of them"
	CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/vgpio
	[[ $CACHE == /* ]] || die "XDG_CACHE_HOME is '$XDG_CACHE_HOME'; set it to an absolute path"
	[[ ! $CACHE =~ $ODD_CHARACTERS ]] ||
		die "no kernel can be built in $CACHE, which has '${BASH_REMATCH[0]}' in its name; set XDG_CACHE_HOME to another folder"
	mkdir -p "$CACHE/lock" 2>/dev/null && [[ -w $CACHE && -w $CACHE/lock ]] ||
		die "cannot write to $CACHE; set XDG_CACHE_HOME to a folder that can be written"
	[[ -O $CACHE ]] ||
		die "$CACHE is another user's; set XDG_CACHE_HOME to a folder of your own"
}

# check_temporary: the folder for what a run needs only for a while. The command line
# of a kernel cannot quote, so no blank may be in its name.
check_temporary() {
	local dir=${TMPDIR:-/tmp}
	[[ $dir == /* && -d $dir && -w $dir ]] ||
		die "cannot write to TMPDIR, $dir; set it to a folder that can be written, as an absolute path"
	[[ $dir != *[[:space:]]* ]] || die "TMPDIR has a blank in its name: $dir; set it to another folder"
}

# scratch_dir VARIABLE [PARENT]: a folder that is removed when the run ends.
# VARIABLE is not 'made', which would be the local one.
scratch_dir() {
	local made
	made=$(mktemp -d "${2:-${TMPDIR:-/tmp}}/vgpio.XXXXXX") ||
		die "cannot make a folder in ${2:-${TMPDIR:-/tmp}}: is it full?"
	at_exit rm -rf "$made"
	printf -v "$1" '%s' "$made"
}

# lock NAME: hold NAME until 'unlock' or the end of the run; a second run waits here.
# Taking a lock that this run holds already is a no-op.
declare -A LOCKS=()
lock() {
	[[ -n ${LOCKS[$1]:-} ]] || take_lock "$1" --exclusive
}

# share NAME: the same, but others may share it.
share() {
	[[ -n ${LOCKS[$1]:-} ]] || take_lock "$1" --shared
}

# take_lock NAME MODE
take_lock() {
	local fd
	exec {fd}>"$CACHE/lock/$1"
	if ! flock "$2" --nonblock "$fd"; then
		note "waiting for another run that uses $1"
		flock "$2" "$fd"
	fi
	LOCKS[$1]=$fd
}

# unlock NAME
unlock() {
	local fd=${LOCKS[$1]}
	exec {fd}>&-
	unset "LOCKS[$1]"
}

# prepare: what every verb that does work needs first.
prepare() {
	cache_init
	check_temporary
	ensure_packages
}

# need_space FOLDER MIB: end the run when the disk is too full.
need_space() {
	local free
	free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
	((free >= $2)) ||
		die "$1 has $free MiB free and this needs $2: make room or point XDG_CACHE_HOME elsewhere"
}
