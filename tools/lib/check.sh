# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the files of tools/checks build on. Each says in its head what it proves,
# and defines check_main, which calls 'finding' for all that is wrong and at its
# very end 'proved'. Lines in the head:
#   # proves: SENTENCE
#   # needs: NAMES       of tools/lib/packages.sh
#   # fast               takes seconds; part of 'check --fast'

# The order in which checks run: what is cheap, and tells most, comes first.
readonly CHECKS=(apply needs messages cover-letter sizes checkpatch spelling kernel-doc maintainers kconfig-order exports
	includes uapi vq-lock coccicheck sparse build-each build-module build-clang suites-each folders)

# check_head NAME KEY: what its head says.
check_head() {
	sed -n "/^[^#]/q; s/^# $2:* *//p" "$VGPIO_ROOT/tools/checks/$1"
}

is_fast() {
	grep -qx '# fast' "$VGPIO_ROOT/tools/checks/$1"
}

# finding WHERE TEXT: something that is wrong.
finding() {
	printf '%s: %s\n' "$1" "$2" >>"$FINDINGS"
}

# findings_from WHERE: one for each line of standard input.
findings_from() {
	local line
	while IFS= read -r line; do
		finding "$1" "$line"
	done
}

# proved TEXT: the check came to its end.
proved() {
	say "$*" >"$PROVED"
}

# --- the patches in question --------------------------------------------------

# choose_patches FIRST LAST: COMMITS and NUMBERS of these patches, BEFORE and AFTER
# them, and OWN, the files that they add or change.
choose_patches() {
	local all i
	mapfile -t all < <(git -C "$BASE_REPO" rev-list --reverse "$START_COMMIT..$SERIES_HEAD")
	COMMITS=() NUMBERS=()
	for ((i = $1; i <= $2; i++)); do
		COMMITS+=("${all[i - 1]}")
		NUMBERS+=("$i")
	done
	BEFORE=$(git -C "$BASE_REPO" rev-parse "${COMMITS[0]}^")
	AFTER=${COMMITS[-1]}
	mapfile -t OWN < <(git -C "$BASE_REPO" diff --no-renames --name-only --diff-filter=d \
		"$BEFORE" "$AFTER")
}

# patch_file NUMBER
patch_file() {
	say "${PATCHES[$1 - 1]}"
}

# label NUMBER: how findings name the patch.
label() {
	patch_label "$(patch_file "$1")"
}

# for_each_patch COMMAND: COMMAND NUMBER COMMIT for each, to its end.
for_each_patch() {
	local i
	for i in "${!COMMITS[@]}"; do
		"$1" "${NUMBERS[i]}" "${COMMITS[i]}"
	done
}

# own_files SUFFIX...: those of OWN with such a name, one a line.
own_files() {
	local file suffix
	for file in "${OWN[@]}"; do
		for suffix; do
			[[ $file != *"$suffix" ]] || say "$file"
		done
	done
}

# touches COMMIT PATHSPEC...: whether the patch changes such files.
touches() {
	! git -C "$BASE_REPO" diff-tree -r --quiet "$1^" "$1" -- "${@:2}"
}

# has_file COMMIT FILE
has_file() {
	git -C "$BASE_REPO" cat-file -e "$1:$2" 2>/dev/null
}

# at COMMIT: SRC is that from now on.
at() {
	git -C "$SRC" checkout -q -f --detach "$1"
}

# --- before and after -----------------------------------------------------------

# new_lines BEFORE AFTER: lines of the file AFTER that are not in BEFORE, or not as
# often. Line numbers do not count, as what stands above moves them, nor does what is
# in brackets at the end.
new_lines() {
	awk '
		{ key = $0; sub(/ \[.*\]$/, "", key); gsub(/:[0-9]+(-[0-9]+)?(:[0-9]+(-[0-9]+)?)?/, "", key) }
		FILENAME == ARGV[1] { old[key]++; next }
		old[key]-- <= 0' "$1" "$2"
}

# compare_trees COMMAND: what COMMAND prints of the files in question, as lines,
# after the patches and not before.
compare_trees() {
	at "$BEFORE" && "$1" >"$CHECK_TMP/before"
	at "$AFTER" && "$1" >"$CHECK_TMP/after"
	new_lines "$CHECK_TMP/before" "$CHECK_TMP/after"
}

# present FILE...: those that SRC has, one a line.
present() {
	local file
	for file; do
		[[ ! -f $SRC/$file ]] || say "$file"
	done
}

# --- builds ------------------------------------------------------------------------

# options_of COMMIT FILE: FILE with the options that COMMIT knows of kunit's.
options_of() {
	known_options "$1" "$(series_config gpio-virtio.kunitconfig)" "$2" || :
}

# as_modules FILE: the drivers, the mock and the tests become modules, but for those
# tests that are a part of a driver. No commit in the version, so that less is built again.
as_modules() {
	sed -i -E '/^CONFIG_HW_RANDOM_VIRTIO_KUNIT_TEST=/!s/^(CONFIG_((GPIO|I2C|HW_RANDOM)_VIRTIO|[A-Z0-9_]*VIRTIO[A-Z_]*_TEST))=y/\1=m/' "$1"
	printf '%s\n' 'CONFIG_MODULES=y' '# CONFIG_LOCALVERSION_AUTO is not set' >>"$1"
}

# configure_at COMMIT: BUILD, where the options that COMMIT knows have changed.
configure_at() {
	local config=(--kunitconfig="$CHECK_TMP/options")
	options_of "$1" "$CHECK_TMP/options"
	[[ $CHECK_BUILD != module ]] || as_modules "$CHECK_TMP/options"
	! cmp -s "$CHECK_TMP/options" "$BUILD/.options" || [[ ! -e $BUILD/.config ]] || return 0
	rm -f "$BUILD/.options"
	! kunit_is_old || {
		cp "$CHECK_TMP/options" "$BUILD/.kunitconfig"
		config=()
	}
	kunit_py config --build_dir="$BUILD" "${config[@]}" &&
		cp "$CHECK_TMP/options" "$BUILD/.options"
}

# objects_at COMMIT: of the C files in question that COMMIT has.
objects_at() {
	local file
	while read -r file; do
		! has_file "$1" "$file" || is_included "$1" "$file" || say "${file%.c}.o"
	done < <(own_files .c)
}

# is_included COMMIT FILE: whether a file one folder up is compiled with FILE in it.
is_included() {
	git -C "$BASE_REPO" grep -qF "#include \"${2#"$(dirname "$(dirname "$2")")/"}\"" "$1" -- \
		":(glob)$(dirname "$(dirname "$2")")/*.c"
}

# make_at COMMIT ARGUMENT...: make these, with what compilers say in
# CHECK_TMP/said.
make_at() {
	at "$1" && configure_at "$1" || return
	"${KERNEL_MAKE[@]}" -C "$SRC" ARCH="$ARCH" O="$BUILD" -j "$(nproc)" "${@:2}" 2>&1 |
		tee "$CHECK_TMP/said"
	return "${PIPESTATUS[0]}"
}

# complaints: what stands in CHECK_TMP/said, without the tree's own folder.
complaints() {
	sed "s|$SRC/||g; s|^\(\.\./\)*||" "$CHECK_TMP/said" | grep -E '(warning|error|ERROR|WARNING): ' |
		own_complaints
}

# own_complaints: no warning of a file that the series leaves alone, as clang has of a
# header for User-Mode Linux, and make W=1 of all that .gitignore hides, in lines that
# may be cut; nor of the tree's own arguments for the compiler, nor that .gitignore hides
# a .kunitconfig, as that of a distribution may hide each.
own_complaints() {
	local line file
	while IFS= read -r line; do
		file=${line%%:*}
		[[ $line == *'warning: '* && " ${OWN[*]} " != *" $file "* &&
			($file == */* || $line == *'ignored by one of the .gitignore files'* ||
			$line == *'[-Wmissing-include-dirs]' || $line == *'[-Wunused-command-line-argument]') ||
			$line == *'.kunitconfig: warning: ignored by one of the .gitignore files' ]] ||
			say "$line"
	done
}

# build_patches WHAT ARGUMENT...: make the objects, or with WHAT the modules, at
# each of the patches; findings are new complaints, and builds that fail.
build_patches() {
	local i file reason
	while read -r file; do
		rm -f "$BUILD/${file%.c}.o"
	done < <(own_files .c)
	build_one "$BEFORE" "$@" || return
	complaints >"$CHECK_TMP/before"
	BUILT=0
	for i in "${!COMMITS[@]}"; do
		touches "${COMMITS[i]}" '*.[ch]' '*Kconfig' '*Makefile' || continue
		BUILT=$((BUILT + 1))
		build_one "${COMMITS[i]}" "$@" || {
			reason=$(complaints | head -n 1)
			finding "$(label "${NUMBERS[i]}")" "does not build: ${reason:-it cannot be configured}"
		}
		complaints >"$CHECK_TMP/after"
		new_lines "$CHECK_TMP/before" "$CHECK_TMP/after" | findings_from "$(label "${NUMBERS[i]}")"
		mv "$CHECK_TMP/after" "$CHECK_TMP/before"
	done
}

# Nothing selects the helpers before the first suite, and an object that is not selected
# Linux 5.10 does not build, not even by itself.
readonly HELPERS_ARE_WANTED=CONFIG_VIRTIO_KUNIT_HELPERS=y

# build_one COMMIT WHAT ARGUMENT...
build_one() {
	local objects=("$2")
	: >"$CHECK_TMP/said"
	if [[ $2 == objects ]]; then
		mapfile -t objects < <(objects_at "$1")
		((${#objects[@]})) || return 0
		objects+=("$HELPERS_ARE_WANTED")
	fi
	make_at "$1" "${@:3}" "${objects[@]}"
}

# --- text ----------------------------------------------------------------------------

# codespell_words: the list of misspelled words that comes with it.
codespell_words() {
	system_python -c 'import codespell_lib, os; print(os.path.dirname(codespell_lib.__file__) + "/data/dictionary.txt")'
}

# message_of NUMBER: the subject without its prefix, an empty line, and the text up
# to the cut line.
message_of() {
	patch_title "$(patch_file "$1")"
	say
	git mailinfo -u -b "$CHECK_TMP/message" /dev/null <"$(patch_file "$1")" >/dev/null
	cat "$CHECK_TMP/message"
}

# The words that a cover letter may have
readonly COVER_WORDS=350

# cover_words FILE: its words, those of the subject too; what has changed since the last
# revision, below the line, does not count.
cover_words() {
	sed '/^---$/,$d' "$1" | wc -w
}

# added_lines NUMBER: the lines that the patch adds, without their '+'.
added_lines() {
	sed -n '/^diff --git /,$p' "$(patch_file "$1")" | sed -n '/^+++ /d; s/^+//p'
}
