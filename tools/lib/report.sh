# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the guest tells of its cases, told to a person or as TAP.

# run_cases HOW START...: narrate or tap what the guest that START starts does.
# Not to come to the end is a failure too.
run_cases() {
	PLANNED=0 PASSED=0 FAILED=0 SKIPPED=0 GUEST_WHY='the guest left cases out'
	CASE='' TITLE='' CASE_LOG=() CASE_START=0
	"${@:2}"
	if ! serve_guest "$1" || ((PLANNED == 0 || PASSED + FAILED + SKIPPED < PLANNED)); then
		end_early "$1"
	fi
	keep_guest_logs
	say "$PASSED passed, $FAILED failed$( ((SKIPPED == 0)) || printf ', %d skipped' "$SKIPPED")"
	((FAILED == 0))
}

# end_early HOW: cases are missing. A processor that cannot do it is no fault.
end_early() {
	if registers_too_large; then
		"$1" lack "User-Mode Linux of this kernel cannot hand over all floating-point registers of this processor; 'e2e --guest qemu' needs none of that"
		return
	fi
	FAILED=$((FAILED + 1))
	"$1" bail "$GUEST_WHY${CASE:+ (in the case $CASE)}"
	tail -n 25 "${GUEST_LOG:-$GUEST/console.log}" >&2
}

# registers_too_large: Linux 6.1 and older have room for those of AVX-512, not of AMX.
registers_too_large() {
	[[ $KIND == uml ]] && grep -qs 'ptrace set fp regs failed, errno = 14' "$GUEST/console.log"
}

count_report() {
	case $1 in
	plan) PLANNED=$2 ;;
	case) begin_case "${2%% *}" "${2#* }" ;;
	log) CASE_LOG+=("$2") ;;
	pass) PASSED=$((PASSED + 1)) ;;
	fail) FAILED=$((FAILED + 1)) ;;
	skip) SKIPPED=$((SKIPPED + 1)) ;;
	esac
}

# begin_case NAME TITLE
begin_case() {
	CASE=$1 TITLE=$2 CASE_LOG=() CASE_START=${EPOCHREALTIME//[!0-9]/}
	local file
	for file in "$GUEST"/{device*.log,watch*.log,trace*.json}; do
		[[ ! -e $file ]] || LOG_AT[$file]=$(stat -c %s "$file")
	done
}

# How long the files were before the case in which are what the devices have said,
# how their lines have changed, and what they were asked.
declare -A LOG_AT=()

# device_logs: since it began.
device_logs() {
	local file name
	for file in "${!LOG_AT[@]}"; do
		name=${file##*/}
		tail -c +$((LOG_AT[$file] + 1)) "$file" | tail -n 40 | sed "s/^/${name%.*}: /"
	done | sort -s -t : -k 1,1
}

# case_number: of the case that came to its end last.
case_number() {
	say $((PASSED + FAILED + SKIPPED))
}

# case_ms: how long it took.
case_ms() {
	say $(((${EPOCHREALTIME//[!0-9]/} - CASE_START) / 1000))
}

# case_details: what helps with a case that failed.
case_details() {
	local line
	for line in "${CASE_LOG[@]}"; do
		say "guest: $line"
	done
	device_logs
	say "alone: tools/vgpio e2e --guest $KIND --device $DEVICE$([[ $GUEST_KERNEL == plain ]] || say " --kernel $GUEST_KERNEL") $CASE"
}

tap() {
	count_report "$@"
	case $1 in
	plan) say "1..$2" ;;
	pass) say "ok $(case_number) - $TITLE in $(case_ms)ms" ;;
	fail)
		say "not ok $(case_number) - $TITLE in $(case_ms)ms # $2"
		case_details | sed 's/^/# /'
		;;
	skip) say "ok $(case_number) - $TITLE # SKIP $2" ;;
	lack)
		SKIPPED=$((SKIPPED + 1))
		say "ok $(case_number) - the guest # SKIP $2"
		;;
	bail) say "Bail out! $2" ;;
	esac
}

narrate() {
	count_report "$@"
	case $1 in
	case) say "$BOLD$(($(case_number) + 1)). $TITLE$PLAIN" ;;
	show) say "   $CYAN\$ $2$PLAIN" ;;
	out) say "     $2" ;;
	pass) say "   ${GREEN}ok$PLAIN" ;;
	fail)
		say "   ${RED}failed: $2$PLAIN"
		case_details | sed 's/^/     /'
		;;
	skip) say "   skipped: $2" ;;
	lack)
		FAILED=$((FAILED + 1))
		say "$RED$2$PLAIN"
		;;
	bail) say "${RED}$2; the end of its log:$PLAIN" ;;
	esac
}
