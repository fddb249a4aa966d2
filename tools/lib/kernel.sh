# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The kernel that a series applies to. Every source ends as a bare git
# repository in the cache; work trees hang off that one, so a tree of the
# user's own is never written to.

readonly KERNEL_GIT=https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git

# What the unpacked tree, its objects, a work tree and the builds take.
readonly KERNEL_MIB=7000

# version_ge A B: whether release A is B or newer.
version_ge() {
	[[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]
}

# read_base: BASE_VERSION and the packaged version the series was last
# verified on, BASE_OLDEST the oldest release it applies to.
read_base() {
	local file=$VGPIO_ROOT/patches/$TREE/BASE key value more
	BASE_VERSION='' BASE_PACKAGE='' BASE_PACKAGE_VERSION='' BASE_OLDEST=''
	while read -r key value more; do
		case $key in
		tag) BASE_VERSION=${value#v} ;;
		package) BASE_PACKAGE=$value BASE_PACKAGE_VERSION=$more ;;
		oldest) BASE_OLDEST=${value#v} ;;
		'' | '#'*) ;;
		*) die "patches/$TREE/BASE: does not know '$key'; lines are 'tag vX.Y', 'package NAME VERSION', 'oldest vX.Y'" ;;
		esac
	done <"$file"
	[[ $BASE_VERSION =~ ^[0-9]+\.[0-9]+$ ]] || die "patches/$TREE/BASE: has no line 'tag vX.Y'"
	[[ $BASE_PACKAGE && $BASE_PACKAGE_VERSION ]] ||
		die "patches/$TREE/BASE: has no line 'package NAME VERSION'"
	: "${BASE_OLDEST:=$BASE_VERSION}"
}

# provide_kernel: BASE_REPO, a bare repository in the cache; BASE_COMMIT in
# it; BASE_ID, a name for its work trees; BASE_SOURCE, where it came from;
# BASE_EXACT, whether it is the very version that BASE names.
provide_kernel() {
	BASE_EXACT=0
	choose_series
	read_base
	[[ -z $LINUX || -z $RELEASE ]] ||
		die "--release takes a packaged kernel and --linux a tree of yours: pass one of them"
	if [[ -n $LINUX ]]; then
		use_own_tree
	else
		use_cached_tree "${RELEASE:-$BASE_VERSION}"
	fi
	note "kernel: $BASE_SOURCE"
	# What two runs change at once, git refuses the one or the other.
	lock "repository-$BASE_ID"
	keep_bare_apart "$BASE_REPO"
	take_attributes
	unlock "repository-$BASE_ID"
}

# --- a tree of the user's own -------------------------------------------

# Optional locks off: even 'git status' would otherwise rewrite the index.
own_git() {
	GIT_OPTIONAL_LOCKS=0 git -C "$LINUX" "$@"
}

# own_version: the release of its HEAD, by its Makefile.
own_version() {
	own_git cat-file blob HEAD:Makefile 2>/dev/null | awk '
		/^VERSION = /    { version = $3 }
		/^PATCHLEVEL = / { level = $3 }
		END { if (version != "" && level != "") print version "." level }'
}

# why_no_tree TEXT: of what git said.
why_no_tree() {
	local advice
	advice=$(sed -n 's/^[[:space:]]*\(git config --global --add safe\.directory .*\)/\1/p' <<<"$1")
	if [[ $advice ]]; then
		say "belongs to somebody else; to have git read it all the same, run: $advice"
	else
		say "is no git tree (${1##*fatal: })"
	fi
}

check_own_tree() {
	local why version
	[[ -d $LINUX ]] || die "--linux $LINUX: no such folder"
	why=$(own_git rev-parse --git-dir 2>&1 >/dev/null) ||
		die "--linux $LINUX: $(why_no_tree "$why")"
	[[ -z $(own_git rev-parse --show-prefix 2>/dev/null) ]] ||
		die "--linux $LINUX: lies inside a git tree; pass its top, $(own_git rev-parse --show-toplevel)"
	version=$(own_version || true)
	[[ $version && $(own_git ls-tree HEAD drivers/gpio) ]] ||
		die "--linux $LINUX: is no kernel tree; pass a git tree of Linux $BASE_OLDEST or newer"
	version_ge "$version" "$BASE_OLDEST" ||
		die "--linux $LINUX: is Linux $version, too old for the series $TREE; check out $BASE_OLDEST or newer"
	[[ $(own_git rev-parse --is-bare-repository) == true ]] ||
		[[ -z $(as_checked_out "$LINUX" status --porcelain --untracked-files=no) ]] ||
		die "--linux $LINUX: has uncommitted changes; commit or stash them first"
	[[ -z $(own_git config --get-regexp '^remote\..*\.promisor$') ]] ||
		die "--linux $LINUX: is a partial clone; pass a full or a shallow one"
	OWN_VERSION=$version
}

# use_own_tree: a repository without objects of its own borrows those of
# the user's tree, which is only ever read.
use_own_tree() {
	local objects
	check_own_tree
	objects=$(realpath "$(own_git rev-parse --path-format=absolute --git-path objects)")
	BASE_ID=$TREE-own-$(sha256sum <<<"$objects" | head -c 8)
	BASE_REPO=$CACHE/tree/$BASE_ID.git
	BASE_COMMIT=$(own_git rev-parse HEAD)
	BASE_SOURCE="Linux $OWN_VERSION at ${BASE_COMMIT:0:12} of $LINUX, which is only read"
	lock "tree-$BASE_ID"
	[[ -d $BASE_REPO ]] || borrow_objects "$objects"
	copy_shallow
	git -C "$BASE_REPO" update-ref refs/vgpio/base "$BASE_COMMIT"
	unlock "tree-$BASE_ID"
}

borrow_objects() {
	local dir
	mkdir -p "$CACHE/tree"
	scratch_dir dir "$CACHE/tree"
	new_repo "$dir/git"
	say "$1" >"$dir/git/objects/info/alternates"
	mv -T "$dir/git" "$BASE_REPO"
}

# A shallow clone's boundary must be known here too.
copy_shallow() {
	local shallow
	shallow=$(own_git rev-parse --path-format=absolute --git-path shallow)
	if [[ -s $shallow ]]; then
		cp "$shallow" "$BASE_REPO/shallow"
	else
		rm -f "$BASE_REPO/shallow"
	fi
}

# What git prints behind a hunk's line numbers depends on the attributes of the
# tree. Not every command runs where the tree is checked out. Another run may be
# reading them, so they are put there whole.
take_attributes() {
	local file=$BASE_REPO/info/attributes
	mkdir -p "$BASE_REPO/info"
	git -C "$BASE_REPO" show "$BASE_COMMIT:.gitattributes" \
		>"$file.new" 2>/dev/null || :
	mv "$file.new" "$file"
}

# keep_bare_apart REPOSITORY: GitPython, and scripts/spdxcheck.py with it, takes a
# work tree of a bare repository for bare, unless the word is the repository's own.
keep_bare_apart() {
	[[ $(git config --file "$1/config" core.bare) == true ]] || return 0
	git -C "$1" config extensions.worktreeConfig true
	git -C "$1" config --worktree core.bare true
	git -C "$1" config --unset core.bare
}

# new_repo FOLDER: a bare repository. A person without an identity of their
# own must be able to commit in its work trees.
new_repo() {
	git init -q --bare "$1"
	configure_repo "$1"
}

configure_repo() {
	git -C "$1" config gc.auto 0
	[[ ${PERSON[user.email]:-} ]] || {
		git -C "$1" config user.name vgpio
		git -C "$1" config user.email vgpio@localhost
	}
}

# --- a tree in the cache --------------------------------------------------

# use_cached_tree RELEASE: fetched on first use. The folder gets its name
# when it is complete, so what has one is good.
use_cached_tree() {
	[[ $1 =~ ^[0-9]+\.[0-9]+$ ]] || die "--release $1: is not of the form X.Y"
	version_ge "$1" "$BASE_OLDEST" ||
		die "--release $1: too old for the series $TREE, which needs $BASE_OLDEST or newer"
	mkdir -p "$CACHE/tree"
	lock "tree-$1"
	find_cached_tree "$1" || {
		fetch_tree "$1"
		find_cached_tree "$1" || die "the tree just made is not in $CACHE/tree: was it removed?"
	}
	BASE_COMMIT=$(git -C "$BASE_REPO" rev-parse refs/vgpio/base)
	BASE_SOURCE=$(<"$BASE_REPO/vgpio-source")
	[[ $(<"$BASE_REPO/vgpio-version") != "$BASE_PACKAGE_VERSION" ]] || BASE_EXACT=1
	unlock "tree-$1"
}

# find_cached_tree RELEASE: one that is not older than the series wants.
find_cached_tree() {
	local repo version
	for repo in "$CACHE/tree/$1"_*.git; do
		[[ -d $repo ]] || continue
		version=$(<"$repo/vgpio-version")
		[[ $1 != "$BASE_VERSION" || $version == git ]] ||
			dpkg --compare-versions "$version" ge "$BASE_PACKAGE_VERSION" || continue
		BASE_REPO=$repo
		BASE_ID=$(basename "$repo" .git)
		return 0
	done
	return 1
}

# fetch_tree RELEASE: from Debian's package, else from kernel.org.
fetch_tree() {
	local dir=$CACHE/tree/new-$1
	need_space "$CACHE" "$KERNEL_MIB"
	# A killed run may have left it.
	rm -rf "$dir"
	mkdir "$dir"
	at_exit rm -rf "$dir"
	NO_PACKAGE='' NO_CLONE=''
	if fetch_package "$1" "$dir"; then
		import_package "$1" "$dir"
	elif clone_tag "v$1" "$dir"; then
		keep_tree "$1" "$dir" git "Linux v$1, cloned from kernel.org"
	else
		die "cannot get Linux $1: $NO_PACKAGE; $NO_CLONE. Without a network pass --linux PATH, a git tree of Linux $BASE_OLDEST or newer"
	fi
}

# keep_tree RELEASE FOLDER VERSION SOURCE: the last step: it becomes visible.
keep_tree() {
	local name=${3//[^A-Za-z0-9.+-]/_}
	configure_repo "$2/git"
	say "$3" >"$2/git/vgpio-version"
	say "$4" >"$2/git/vgpio-source"
	mv -T "$2/git" "$CACHE/tree/${1}_$name.git"
}

# --- Debian's package ------------------------------------------------------

# suites RELEASE: where Debian keeps that kernel's source, the smallest
# package list first.
suites() {
	case $1 in
	5.10) say bullseye ;;
	6.1) say bookworm ;;
	6.12) say trixie ;;
	*) say trixie-backports sid ;;
	esac
}

# is_debian: whether this machine is.
is_debian() {
	# shellcheck source=/dev/null
	[[ $(. /etc/os-release && say "$ID") == debian ]] && command -v apt-get >/dev/null
}

# debian_mirror: the one this machine's own sources name; none before the first
# 'apt-get update'.
debian_mirror() {
	local codename
	is_debian || return 0
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && say "${VERSION_CODENAME:-sid}")
	# shellcheck disable=SC2016 # the format's own variables
	apt-get indextargets --format '$(CODENAME) $(SUITE) $(RELEASE) $(SITE)' \
		'Identifier: Packages' 2>/dev/null |
		awk -v name="$codename" '$1 == name || $2 == name || $3 ~ "^(" name "|stable)$" { print $NF; exit }'
}

# private_apt MIRROR SUITE...: a configuration and lists of our own, so
# that the machine's sources stay as they are.
private_apt() {
	local mirror=$1 apt=$CACHE/apt suite
	shift
	lock apt
	mkdir -p "$apt"/{lists/partial,state,cache/archives/partial}
	: >"$apt/status"
	cat >"$apt/apt.conf" <<-END
		Dir::State "$apt/state";
		Dir::State::status "$apt/status";
		Dir::State::lists "$apt/lists";
		Dir::Cache "$apt/cache";
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
		Acquire::PDiffs "false";
		Acquire::Retries "2";
		Acquire::http::Timeout "30";
		Acquire::https::Timeout "30";
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	END
	# Old suites are signed, but no longer refreshed.
	for suite; do
		say "deb [target=Packages check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main"
	done >"$apt/sources.list"
}

# packaged_kernels: "version package" of each kernel source on offer.
packaged_kernels() {
	local names
	mapfile -t names < <(apt-cache -c "$CACHE/apt/apt.conf" pkgnames linux-source- |
		grep -E '^linux-source-[0-9]+\.[0-9]+$')
	((${#names[@]} == 0)) ||
		apt-cache -c "$CACHE/apt/apt.conf" madison "${names[@]}" | awk '{ print $3, $1 }'
}

# choose_package RELEASE STRICT: PACKAGE and PACKAGE_VERSION: what BASE
# names, else the newest of that release; with STRICT=0 a newer release
# rather than none.
choose_package() {
	local version package pattern=" linux-source-$1\$"
	(($2)) || pattern=' linux-source-'
	while read -r version package; do
		if [[ $1 == "$BASE_VERSION" ]]; then
			dpkg --compare-versions "$version" ge "$BASE_PACKAGE_VERSION" || continue
		fi
		PACKAGE=$package PACKAGE_VERSION=$version
		[[ $version != "$BASE_PACKAGE_VERSION" ]] || return 0
	done < <(packaged_kernels | grep -E "$pattern" | sort -V)
	[[ $PACKAGE ]]
}

# search_suites RELEASE CHOOSE...: suite by suite, to read no more package lists than
# needed, until CHOOSE finds PACKAGE there. Returns 1 when none of them has it, and 2 with
# NO_PACKAGE when they cannot be read.
search_suites() {
	local suite tried=() log
	PACKAGE='' PACKAGE_VERSION=''
	log_file log kernel-apt
	for suite in $(suites "$1"); do
		tried+=("$suite")
		private_apt "$MIRROR" "${tried[@]}"
		run_step -l 600 "reading Debian's package list ($suite)" "$log" \
			apt-get -q -c "$CACHE/apt/apt.conf" update || {
			NO_PACKAGE="the Debian mirror of this machine cannot be reached or has no $suite (log: $log)"
			return 2
		}
		"${@:2}" && return 0
	done
	return 1
}

# find_package RELEASE: of the series' own one, a newer kernel rather than none.
find_package() {
	local status=0
	search_suites "$1" choose_package "$1" 1 || status=$?
	((status == 1)) || return "$status"
	NO_PACKAGE="Debian has no linux-source-$1 (any more)"
	[[ $1 == "$BASE_VERSION" ]] && choose_package "$1" 0
}

download_progress() {
	du -sm "$DOWNLOAD_DIR" | awk '{ printf "%d MB so far", $1 }'
}

# find_mirror: MIRROR. Fails with NO_PACKAGE.
find_mirror() {
	command -v apt-get >/dev/null || {
		NO_PACKAGE="this machine has no apt-get"
		return 1
	}
	MIRROR=$(debian_mirror)
	[[ $MIRROR ]] || {
		NO_PACKAGE="this machine's package sources name no Debian mirror"
		return 1
	}
}

# fetch_package RELEASE FOLDER: FOLDER/*.deb, which the package manager has
# checked against the signed hashes. Fails with NO_PACKAGE.
fetch_package() {
	local status=0
	find_mirror || return
	lock apt
	{ find_package "$1" && download_package "$2" "$PACKAGE=$PACKAGE_VERSION"; } || status=$?
	unlock apt
	return "$status"
}

# download_package FOLDER PACKAGE=VERSION...
download_package() {
	local log
	log_file log kernel-download
	DOWNLOAD_DIR=$1
	run_step -l 3600 -m download_progress "downloading $PACKAGE $PACKAGE_VERSION" "$log" \
		env -C "$1" apt-get -q -c "$CACHE/apt/apt.conf" download "${@:2}" || {
		NO_PACKAGE="the download of $PACKAGE broke off (log: $log)"
		return 1
	}
}

# unpack_package DEB FOLDER
unpack_package() {
	set -o pipefail
	dpkg-deb --fsys-tarfile "$1" |
		tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		tar -xJv --strip-components=1 -C "$2"
}

# commit_tree REPOSITORY FOLDER MESSAGE: one commit of FOLDER, the same
# bytes wherever it is made. Debian's .gitignore hides all of the tree from
# git, new files of a series too: those lines go.
commit_tree() {
	sed -i '/^\/\*$/d;/^!\/debian\/$/d' "$2/.gitignore"
	new_repo "$1"
	# To compress them takes longer than all the rest.
	git -c core.looseCompression=0 --git-dir="$1" --work-tree="$2" add -fv .
	GIT_AUTHOR_DATE='2000-01-01T00:00:00Z' GIT_COMMITTER_DATE='2000-01-01T00:00:00Z' \
		cache_git --git-dir="$1" commit-tree -m "$3" \
		"$(git --git-dir="$1" write-tree)" >"$1/vgpio-commit"
	git --git-dir="$1" update-ref refs/vgpio/base "$(<"$1/vgpio-commit")"
	rm "$1/vgpio-commit"
}

# import_package RELEASE FOLDER
import_package() {
	local log deb
	deb=$(find "$2" -maxdepth 1 -name '*.deb')
	[[ -s $deb ]] || die "the download of $PACKAGE left no package; run it again"
	log_file log kernel-unpack
	mkdir "$2/src"
	run_step -n 102000 "unpacking $PACKAGE" "$log" unpack_package "$deb" "$2/src" ||
		die "the package of $PACKAGE is damaged, so it is not used; run it again (log: $log)"
	log_file log kernel-import
	step -n 96000 "committing $PACKAGE to git" "$log" \
		commit_tree "$2/git" "$2/src" "$PACKAGE $PACKAGE_VERSION"
	keep_tree "$1" "$2" "$PACKAGE_VERSION" "Linux $PACKAGE_VERSION, Debian's $PACKAGE"
	find_cached_tree "$1"
	adopt_build_tree "$2/src"
	rm -rf "$2"
}

# adopt_build_tree FOLDER: what was unpacked becomes the work tree for
# builds, rather than being written a second time.
adopt_build_tree() {
	local tree=$CACHE/src/$BASE_ID
	rm -rf "$tree" "$tree.ready"
	mkdir -p "$CACHE/src"
	git -C "$BASE_REPO" worktree add -q --no-checkout --detach "$tree" refs/vgpio/base
	mv "$tree/.git" "$1/.git"
	rmdir "$tree"
	mv -T "$1" "$tree"
	git -C "$tree" read-tree refs/vgpio/base
	git -C "$tree" update-index -q --refresh
	touch "$tree.ready"
}

# --- kernel.org ---------------------------------------------------------------

# clone_tag TAG FOLDER: fails with NO_CLONE.
clone_tag() {
	local log
	log_file log kernel-clone
	run_step -l 3600 "cloning $1 from kernel.org" "$log" \
		git clone -q --progress --bare --depth=1 --branch "$1" "$KERNEL_GIT" "$2/git" || {
		NO_CLONE="git.kernel.org did not give $1 (log: $log)"
		return 1
	}
	git -C "$2/git" update-ref refs/vgpio/base "refs/tags/$1^{commit}"
}
