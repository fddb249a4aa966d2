# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# patches/<tree>: from patches to commits and back, byte by byte. A tree has a
# folder for each series of mails, in the order in which they apply; or its
# patches lie directly in it, which counts as one folder without a name.

# The folders that mirror what the mainline series owns.
readonly MIRRORS=(drivers include Documentation)

# Files of mainline that the series rewrites so far that they are its own;
# of other files that it merely changes there is no mirror.
readonly OWNED=(drivers/gpio/gpio-virtio.c include/uapi/linux/virtio_gpio.h)

# The form of a folder's name. One with a t has the KUnit tests of the series before it,
# which need another tree than that.
readonly FOLDER_NAME='^[0-9]t?-[a-z0-9-]+$'

# tree_names: the trees that this checkout has.
tree_names() {
	local base
	for base in "$VGPIO_ROOT"/patches/*/BASE; do
		base=${base%/BASE}
		[[ ! -d $base ]] || say "${base##*/}"
	done
}

# folder_names TREE: its folders, in order, which is that of the shell's globs.
folder_names() {
	local folder
	for folder in "$VGPIO_ROOT/patches/$1"/*/; do
		folder=${folder%/} folder=${folder##*/}
		[[ ! $folder =~ $FOLDER_NAME ]] || say "$folder"
	done
}

# series_names: all that --series takes.
series_names() {
	local tree
	for tree in $(tree_names); do
		say "$tree"
		folder_names "$tree" | sed "s|^|$tree/|"
	done
}

# full_name NAME: of a series; a folder alone is one of mainline.
full_name() {
	series_names | grep -xF -e "$1" -e "mainline/$1"
}

# no_series: why --series names none.
no_series() {
	local tree
	for tree in "${SERIES%%/*}" mainline; do
		[[ ! $tree =~ ^[a-z] || ! -d $VGPIO_ROOT/patches/$tree || -e $VGPIO_ROOT/patches/$tree/BASE ]] ||
			die "patches/$tree/BASE is missing, which says what kernel the series is for"
	done
	die "no series '$SERIES' in patches/; there is: $(series_names | paste -sd' ')"
}

# refuse_odd_folders: one that has no name of a folder would be left out silently.
refuse_odd_folders() {
	local folder odd=()
	for folder in "$TREE_DIR"/*/; do
		folder=${folder%/} folder=${folder##*/}
		[[ $folder =~ $FOLDER_NAME || $folder == '*' ]] || odd+=("$folder")
	done
	((${#odd[@]} == 0)) ||
		die "patches/$TREE has folders whose names are none: ${odd[*]}; they are as 4-name or 4t-name, in small letters"
}

# choose_series: TREE and TREE_DIR; FOLDER, the folder that --series names, or
# nothing for all of the tree; FOLDERS, the tree's folders up to that one;
# CHOSEN_FOLDERS, FOLDER alone or all of them; and PATCHES, the files of these.
choose_series() {
	local name
	name=$(full_name "$SERIES") || no_series
	TREE=${name%%/*} FOLDER=''
	[[ $name != */* ]] || FOLDER=${name#*/}
	TREE_DIR=$VGPIO_ROOT/patches/$TREE
	refuse_odd_folders
	mapfile -t FOLDERS < <(folder_names "$TREE" | sed "${FOLDER:+/^$FOLDER\$/q}")
	((${#FOLDERS[@]})) || FOLDERS=('')
	CHOSEN_FOLDERS=("${FOLDERS[@]}")
	[[ ! $FOLDER ]] || CHOSEN_FOLDERS=("$FOLDER")
	list_patches "${CHOSEN_FOLDERS[@]}"
}

# choose_whole_tree: the tree that --series has to do with, with all its folders.
choose_whole_tree() {
	SERIES=$TREE
	choose_series
}

# series_config NAME: the kernel configuration of that name: one below kunit/ that
# is for this tree, or that for all.
series_config() {
	local own=$VGPIO_ROOT/kunit/$TREE/$1
	if [[ -e $own ]]; then
		say "$own"
	else
		say "$VGPIO_ROOT/kunit/$1"
	fi
}

# folder_patches FOLDER: its files in order, one a line.
folder_patches() {
	local file
	for file in "$TREE_DIR${1:+/$1}"/[0-9][0-9][0-9][0-9]-*.patch; do
		[[ ! -e $file ]] || say "$file"
	done
}

# list_patches FOLDER...: PATCHES, the files of these in order.
list_patches() {
	local folder
	mapfile -t PATCHES < <(for folder; do folder_patches "$folder"; done)
}

# patch_title FILE: the subject without its prefix.
patch_title() {
	git mailinfo -u -b /dev/null /dev/null <"$1" 2>/dev/null | sed -n 's/^Subject: \(\[[^]]*\] \)*//p'
}

# last_title FOLDER: of the patch that stands last in its list; nothing when that is
# not there.
last_title() {
	local file
	file=$TREE_DIR/$1/$(tail -n 1 "$TREE_DIR/$1/series" 2>/dev/null || :)
	[[ ! -f $file ]] || patch_title "$file"
}

# patch_name FILE: below the tree, without the suffix.
patch_name() {
	local name=${1#"$TREE_DIR/"}
	say "${name%.patch}"
}

# patch_label FILE: its number, behind the folder if it is in one.
patch_label() {
	local name=${1##*/}
	patch_name "${1%"$name"}${name%%-*}"
}

# count_patches: how many, and how many in each folder.
count_patches() {
	local folder counts=''
	for folder in "${FOLDERS[@]}"; do
		[[ ! $folder ]] || counts+=", $folder $(folder_patches "$folder" | wc -l)"
	done
	say "${#PATCHES[@]} patches${counts:+ (${counts#, })}"
}

# --- patches to commits ---------------------------------------------------

# bare_worktree VARIABLE COMMIT: a scratch work tree with an index and no
# files. git am and format-patch need no more, and it takes no time.
bare_worktree() {
	local parent
	scratch_dir parent "$CACHE"
	# The last first: git forgets a work tree once its folder is gone.
	at_exit git -C "$BASE_REPO" worktree prune
	at_exit rm -rf "$parent"
	git -C "$BASE_REPO" worktree add -q --no-checkout --detach "$parent/tree" "$2"
	git -C "$parent/tree" read-tree "$2"
	printf -v "$1" '%s' "$parent/tree"
}

# am_patches WORKTREE FILE...: git am without fuzz. The same patches on the same
# base give the same commits.
am_patches() {
	AM_PATCHES=("${@:2}")
	log_file AM_LOG "am-$TREE"
	cache_git -C "$1" am -q --committer-date-is-author-date \
		"${AM_PATCHES[@]}" >"$AM_LOG" 2>&1
}

# am_failure: which patch and which file, from what git am said.
am_failure() {
	local number file
	number=$(sed -n 's/^Patch failed at 0*\([0-9]*\) .*/\1/p' "$AM_LOG" | head -n 1)
	file=$(sed -n 's/^error: patch failed: \(.*\):[0-9]*$/\1/p; s/^error: \([^ :]*\): .*/\1/p' "$AM_LOG" | head -n 1)
	if [[ $number ]]; then
		printf '%s does not apply' "${AM_PATCHES[number - 1]#"$TREE_DIR/"}"
	else
		printf 'the patches do not apply (%s)' "$(head -n 1 "$AM_LOG")"
	fi
	[[ -z $file ]] || printf ' to %s' "$file"
}

# folder_heads COMMIT: HEADS, the commit after the last patch of each of FOLDERS, on
# top of COMMIT. When a patch does not apply, these are of the folders before.
folder_heads() {
	local head=$1 folder status=0
	HEADS=()
	lock "series-$TREE"
	for folder in "${FOLDERS[@]}"; do
		folder_head "$head" "$folder" || {
			status=1
			break
		}
		HEADS+=("$head")
	done
	unlock "series-$TREE"
	return "$status"
}

# folder_head COMMIT FOLDER: sets head, the commit after that folder's last patch,
# kept in the repository by a ref that is named after its content.
folder_head() {
	local ref scratch patches
	mapfile -t patches < <(folder_patches "$2")
	((${#patches[@]})) || return 0
	ref=refs/vgpio/series/$({
		say "$1"
		cat "${patches[@]}"
	} | sha256sum | head -c 40)
	head=$(git -C "$BASE_REPO" rev-parse -q --verify "$ref^{commit}") && return
	bare_worktree scratch "$1"
	am_patches "$scratch" "${patches[@]}" || return
	head=$(git -C "$scratch" rev-parse HEAD)
	git -C "$BASE_REPO" update-ref "$ref" "$head"
}

# series_head: START_COMMIT and SERIES_HEAD, the commits before the first and after
# the last of PATCHES.
series_head() {
	folder_heads "$BASE_COMMIT" || return
	START_COMMIT=$BASE_COMMIT SERIES_HEAD=${HEADS[-1]}
	[[ ! $FOLDER || ${#HEADS[@]} == 1 ]] || START_COMMIT=${HEADS[-2]}
}

# --- commits to patches -----------------------------------------------------

# render_series WORKTREE BASE OUT: all that 'export' writes of FOLDERS, which end at
# HEADS, below OUT as it lies below the repository.
render_series() {
	local i from=$2
	for i in "${!FOLDERS[@]}"; do
		render_folder "$1" "$from" "${HEADS[i]}" "$3/patches/$TREE${FOLDERS[i]:+/${FOLDERS[i]}}"
		from=${HEADS[i]}
	done
	[[ $TREE == mainline ]] || {
		render_differences "$1" "$2" "$from" "$3"
		return
	}
	render_mirrors "$1" "$2" "$from" "$3"
	render_maintainers "$1" "$2" "$from" >"$3/MAINTAINERS.fragment"
}

# render_folder WORKTREE BASE HEAD OUT: the patches, and their list.
render_folder() {
	mkdir -p "$4"
	git -C "$1" format-patch -q --zero-commit --full-index --no-signature -N \
		--no-add-header --no-attach -o "$4" "$2..$3"
	(cd "$4" && find . -name '*.patch' -printf '%f\n' | LC_ALL=C sort) >"$4/series"
}

# mirrored_files WORKTREE BASE HEAD
mirrored_files() {
	git -C "$1" diff --no-renames --name-only --diff-filter=A "$2" "$3" -- "${MIRRORS[@]}"
	git -C "$1" diff --no-renames --name-only --diff-filter=M "$2" "$3" -- "${OWNED[@]}"
}

render_mirrors() {
	local file
	while read -r file; do
		mkdir -p "$4/$(dirname "$file")"
		git -C "$1" show "$3:$file" >"$4/$file"
	done < <(mirrored_files "$1" "$2" "$3")
}

# The mirrored files that a tree written from mainline's has not: the patches of other
# drivers.
readonly NOT_FOLLOWED='^drivers/(char|i2c)/'

# is_converted: whether the files of TREE are written from mainline's, by a script and
# by hand.
is_converted() {
	[[ -e $VGPIO_ROOT/tools/lib/convert-$TREE.py ]]
}

# convert_mirrors FROM TO: the mirrored files below FROM, as TREE can compile them as
# far as a script can do that, below TO.
convert_mirrors() {
	local file
	while read -r file; do
		mkdir -p "$2/$(dirname "$file")"
		python3 "$VGPIO_ROOT/tools/lib/convert-$TREE.py" <"$1/$file" >"$2/$file" ||
			die "$file cannot be converted for $TREE, see above"
	done < <(files_below "$1" "${MIRRORS[@]}" | grep -vE "$NOT_FOLLOWED")
}

# compared_files WORKTREE BASE HEAD MAINLINE OTHER: sets compared, the names of the
# mirrored files, and of those that the series adds in the same folders; those of HEAD
# are put below OTHER.
compared_files() {
	local file
	mapfile -t compared < <({
		files_below "$4" "${MIRRORS[@]}"
		git -C "$1" diff --no-renames --name-only --diff-filter=A "$2" "$3" -- "${MIRRORS[@]}"
	} | LC_ALL=C sort -u)
	for file in "${compared[@]}"; do
		mkdir -p "$5/$(dirname "$file")"
		git -C "$1" show "$3:$file" >"$5/$file" 2>/dev/null || rm "$5/$file"
	done
}

# compare_with_mainline WORKTREE BASE HEAD [--show]: the list of how the files of this
# tree differ from the mirrored ones, each difference with its reason; or the differences
# themselves. Fails for one without a reason.
compare_with_mainline() {
	local mainline other compared
	scratch_dir mainline
	convert_mirrors "$VGPIO_ROOT" "$mainline"
	scratch_dir other
	compared_files "$1" "$2" "$3" "$mainline" "$other"
	python3 "$VGPIO_ROOT/tools/lib/differences.py" ${4:+"$4"} "$TREE_DIR/differences" \
		"$mainline" "$other" "${compared[@]}"
}

# render_differences WORKTREE BASE HEAD OUT
render_differences() {
	! is_converted || compare_with_mainline "$1" "$2" "$3" >"$4/patches/$TREE/differences"
}

# render_maintainers WORKTREE BASE HEAD: the lines the series adds to
# MAINTAINERS, each group below the title of its section.
render_maintainers() {
	git -C "$1" diff-tree -p -U1000000 "$2" "$3" -- MAINTAINERS | awk '
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

# work_tree: WORK, its path; one for each tree and kernel.
work_tree() {
	WORK=$CACHE/work/$TREE
	if [[ $LINUX ]]; then
		WORK+=-own-${BASE_ID##*-}
	elif [[ $RELEASE && $RELEASE != "$BASE_VERSION" ]]; then
		WORK+=-$RELEASE
	fi
}

# work_branch: the branch that 'apply' puts WORK on.
work_branch() {
	say "${WORK##*/}"
}

# branch_of FOLDER: the branch at its last commit.
branch_of() {
	say "vgpio/$TREE/$1"
}

# branched_folders: those that have a branch.
branched_folders() {
	git -C "$BASE_REPO" for-each-ref --format='%(refname)' "refs/heads/vgpio/$TREE/" |
		sed "s|^refs/heads/vgpio/$TREE/||"
}

# work_state: where HEAD, the branch of WORK and those of the folders stand.
work_state() {
	git -C "$WORK" rev-parse HEAD
	git -C "$BASE_REPO" for-each-ref --format='%(objectname) %(refname)' \
		"refs/heads/$(work_branch)" "refs/heads/vgpio/$TREE/"
}

# remember_state: what patches/ has; work_state tells whether that has changed.
remember_state() {
	work_state >"$(git -C "$WORK" rev-parse --absolute-git-dir)/vgpio-state"
}

# take_layout: FOLDERS and HEADS as the branches of WORK have them. Fails with
# LAYOUT_PROBLEM, what is wrong with the branches and what to do.
take_layout() {
	local folder last=vgpio-base
	HEADS=()
	mapfile -t FOLDERS < <({ folder_names "$TREE" && branched_folders; } | LC_ALL=C sort -u)
	((${#FOLDERS[@]})) || {
		FOLDERS=('')
		HEADS=("$(git -C "$WORK" rev-parse HEAD)")
		return
	}
	for folder in "${FOLDERS[@]}"; do
		! LAYOUT_PROBLEM=$(branch_problem "$folder" "$last") || return 1
		last=$(branch_of "$folder")
		HEADS+=("$(git -C "$WORK" rev-parse "$last")")
	done
	[[ ${HEADS[-1]} == "$(git -C "$WORK" rev-parse HEAD)" ]] || {
		LAYOUT_PROBLEM="has commits after the last folder's branch; move it with 'git branch -f $last', or make a branch for a new folder"
		return 1
	}
}

# branch_wanted FOLDER: what to do where it has no branch.
branch_wanted() {
	local title
	title=$(last_title "$1")
	[[ ! $title ]] || title=", '$title'"
	say "'git branch $(branch_of "$1") COMMIT' at the folder's last commit$title"
}

# branch_astray BRANCH: what is wrong where it is not below HEAD; HEADS are those of
# the folders before.
branch_astray() {
	local i head
	head=$(git -C "$WORK" rev-parse HEAD)
	for i in "${!HEADS[@]}"; do
		if [[ ${HEADS[i]} == "$head" ]] && ! is_on_branch; then
			say "has HEAD at $(branch_of "${FOLDERS[i]}"); check out $(work_branch)"
			return
		fi
	done
	say "has $1 at a commit that is not below HEAD; take it in with 'git rebase $1', or move it to the folder's last one with 'git branch -f $1 COMMIT'"
}

# is_on_branch: whether HEAD is on the branch of WORK.
is_on_branch() {
	[[ $(git -C "$WORK" symbolic-ref -q HEAD) == "refs/heads/$(work_branch)" ]]
}

# branch_problem FOLDER BEFORE: says what is wrong with its branch, where BEFORE is
# that of the folder before; fails when nothing is.
branch_problem() {
	local branch
	branch=$(branch_of "$1")
	if [[ ! $1 =~ $FOLDER_NAME ]]; then
		say "has the branch $branch, and no folder can be named so; use 'git branch -m' to name it as 4-name"
	elif [[ ${2##*/} == "${1%%-*}"-* ]]; then
		say "has $2 and $branch, and two folders cannot have one number; use 'git branch -m'"
	elif ! is_commit "refs/heads/$branch"; then
		say "has no branch $branch; make it with $(branch_wanted "$1"), or remove patches/$TREE/$1"
	elif ! is_ancestor "$branch" HEAD; then
		branch_astray "$branch"
	elif ! is_ancestor "$2" "$branch"; then
		say "has $branch before $2; move them to the last commits of their folders with 'git branch -f $branch COMMIT'"
	elif is_ancestor "$branch" "$2"; then
		say "has no commit between $2 and $branch; move that one with 'git branch -f $branch COMMIT', or delete it and patches/$TREE/$1"
	else
		return 1
	fi
}

# is_commit NAME, is_ancestor A B: in WORK.
is_commit() {
	git -C "$WORK" rev-parse -q --verify "$1^{commit}" >/dev/null
}

is_ancestor() {
	git -C "$WORK" merge-base --is-ancestor "$1" "$2"
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
	files_below "$VGPIO_ROOT" "$@"
}

# files_below ROOT FOLDER...
files_below() {
	local folder
	for folder in "${@:2}"; do
		[[ ! -d $1/$folder ]] || (cd "$1" && find "$folder" ! -type d | LC_ALL=C sort)
	done
}
