# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# patches/<series>: from patches to commits and back, byte by byte.

# The folders that mirror what the mainline series owns.
readonly MIRRORS=(drivers include Documentation)

# Files of mainline that the series rewrites so far that they are its own;
# of other files that it merely changes there is no mirror.
readonly OWNED=(drivers/gpio/gpio-virtio.c include/uapi/linux/virtio_gpio.h)

# series_names: those this checkout has.
series_names() {
	local base
	for base in "$VGPIO_ROOT"/patches/*/BASE; do
		[[ ! -e $base ]] || basename "$(dirname "$base")"
	done
}

check_series() {
	PATCH_DIR=$VGPIO_ROOT/patches/$SERIES
	local names
	names=$(series_names | paste -sd' ')
	series_names | grep -xF -- "$SERIES" >/dev/null ||
		die "no series '$SERIES' in patches/; there is: ${names:-none}"
}

# series_config NAME: the kernel configuration of that name: one below kunit/ that
# is for this series, or that for all.
series_config() {
	local own=$VGPIO_ROOT/kunit/$SERIES/$1
	if [[ -e $own ]]; then
		say "$own"
	else
		say "$VGPIO_ROOT/kunit/$1"
	fi
}

# list_patches: PATCHES, the files in order.
list_patches() {
	shopt -s nullglob
	PATCHES=("$PATCH_DIR"/[0-9][0-9][0-9][0-9]-*.patch)
	shopt -u nullglob
}

# --- patches to commits ---------------------------------------------------

# bare_worktree VARIABLE COMMIT: a scratch work tree with an index and no
# files. git am and format-patch need no more, and it takes no time.
bare_worktree() {
	local parent
	scratch_dir parent "$CACHE"
	# The last first: git forgets a work tree once its folder is gone.
	at_exit cache_git -C "$BASE_REPO" worktree prune
	at_exit rm -rf "$parent"
	cache_git -C "$BASE_REPO" worktree add -q --no-checkout --detach "$parent/tree" "$2"
	cache_git -C "$parent/tree" read-tree "$2"
	printf -v "$1" '%s' "$parent/tree"
}

# am_patches WORKTREE: git am without fuzz. The same patches on the same
# base give the same commits.
am_patches() {
	list_patches
	log_file AM_LOG "am-$SERIES"
	cache_git -C "$1" am -q --no-3way --no-gpg-sign --committer-date-is-author-date \
		"${PATCHES[@]}" >"$AM_LOG" 2>&1
}

# am_failure: which patch and which file, from what git am said.
am_failure() {
	local number file
	number=$(sed -n 's/^Patch failed at 0*\([0-9]*\) .*/\1/p' "$AM_LOG" | head -n 1)
	file=$(sed -n 's/^error: patch failed: \(.*\):[0-9]*$/\1/p; s/^error: \([^ :]*\): .*/\1/p' "$AM_LOG" | head -n 1)
	if [[ $number ]]; then
		printf '%s does not apply' "$(basename "${PATCHES[number - 1]}")"
	else
		printf 'the patches do not apply (%s)' "$(head -n 1 "$AM_LOG")"
	fi
	[[ -z $file ]] || printf ' to %s' "$file"
}

# series_head: SERIES_HEAD, the commit after the last patch, kept in the
# repository by a ref that is named after its content.
series_head() {
	local ref scratch
	list_patches
	SERIES_HEAD=$BASE_COMMIT
	((${#PATCHES[@]})) || return 0
	lock "series-$SERIES"
	ref=refs/vgpio/series/$({
		say "$BASE_COMMIT"
		cat /dev/null ${PATCHES[@]+"${PATCHES[@]}"}
	} | sha256sum | head -c 40)
	SERIES_HEAD=$(cache_git -C "$BASE_REPO" rev-parse -q --verify "$ref^{commit}") && return
	bare_worktree scratch "$BASE_COMMIT"
	am_patches "$scratch" || return
	SERIES_HEAD=$(cache_git -C "$scratch" rev-parse HEAD)
	cache_git -C "$BASE_REPO" update-ref "$ref" "$SERIES_HEAD"
}

# --- commits to patches -----------------------------------------------------

# render_series WORKTREE BASE HEAD FOLDER: all that 'export' writes, below
# FOLDER as it lies below the repository.
render_series() {
	local patches=$4/patches/$SERIES
	mkdir -p "$patches"
	cache_git -C "$1" format-patch -q --zero-commit --full-index --no-signature -N \
		-o "$patches" "$2..$3"
	(cd "$patches" && find . -name '*.patch' -printf '%f\n' | LC_ALL=C sort) >"$patches/series"
	[[ $SERIES == mainline ]] || {
		render_differences "$1" "$3" "$4"
		return
	}
	render_mirrors "$1" "$2" "$3" "$4"
	render_maintainers "$1" "$2" "$3" >"$4/MAINTAINERS.fragment"
}

# mirrored_files WORKTREE BASE HEAD
mirrored_files() {
	cache_git -C "$1" diff --no-renames --name-only --diff-filter=A "$2" "$3" -- "${MIRRORS[@]}"
	cache_git -C "$1" diff --no-renames --name-only --diff-filter=M "$2" "$3" -- "${OWNED[@]}"
}

render_mirrors() {
	local file
	while read -r file; do
		mkdir -p "$4/$(dirname "$file")"
		cache_git -C "$1" show "$3:$file" >"$4/$file"
	done < <(mirrored_files "$1" "$2" "$3")
}

# compared_files: those of mainline that another series has as well, as far as it is
# to be compared.
compared_files() {
	on_disk "${MIRRORS[@]}" | grep -v /Makefile
}

# render_differences WORKTREE HEAD FOLDER: how the files of this series differ from
# the mirrored ones, each difference with its reason. Fails for one without.
render_differences() {
	local file other files
	[[ -e $PATCH_DIR/rules ]] || return 0
	mapfile -t files < <(compared_files)
	scratch_dir other
	for file in "${files[@]}"; do
		mkdir -p "$other/$(dirname "$file")"
		cache_git -C "$1" show "$2:$file" >"$other/$file" 2>/dev/null || rm "$other/$file"
	done
	python3 "$VGPIO_ROOT/tools/lib/differences.py" "$PATCH_DIR/rules" "$VGPIO_ROOT" "$other" \
		"${files[@]}" >"$3/patches/$SERIES/differences"
}

# render_maintainers WORKTREE BASE HEAD: the lines the series adds to
# MAINTAINERS, each group below the title of its section.
render_maintainers() {
	cache_git -C "$1" diff -U1000000 "$2" "$3" -- MAINTAINERS | awk '
		function flush() {
			if (changed)
				printf "%s%s%s", printed++ ? "\n" : "", title, added
			title = added = changed = ""
		}
		/^@@/ { body = 1; next }
		!body || /^-/ { next }
		/^.$/ { flush(); next }
		{ line = substr($0, 2) "\n" }
		/^\+/ { changed = 1 }
		title == "" { title = line; next }
		/^\+/ { added = added line }
		END { flush() }'
}

# --- the work tree that a person edits ---------------------------------------

# work_tree: WORK, its path; one for each series and kernel.
work_tree() {
	WORK=$CACHE/work/$SERIES
	if [[ $LINUX ]]; then
		WORK+=-own-${BASE_ID##*-}
	elif [[ $RELEASE && $RELEASE != "$BASE_VERSION" ]]; then
		WORK+=-$RELEASE
	fi
}

# unfinished GITDIR: says so when a rebase or an am is under way there.
unfinished() {
	if [[ -d $1/rebase-merge || -f $1/rebase-apply/rebasing ]]; then
		say "has a rebase under way"
	elif [[ -d $1/rebase-apply ]]; then
		say "has a git am under way"
	else
		return 1
	fi
}

# on_disk FOLDER...: the files below these folders of the repository.
on_disk() {
	local folder
	for folder; do
		[[ ! -d $VGPIO_ROOT/$folder ]] ||
			(cd "$VGPIO_ROOT" && find "$folder" ! -type d | LC_ALL=C sort)
	done
}
