# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Building and running kernels. Builds happen in a work tree of their own that
# moves from commit to commit by checkout, so that only what differs gets a new
# time and is compiled again.

# What is built: User-Mode Linux, or a PC for QEMU.
ARCH=um

# Whether this run alone may move the work tree for builds.
MOVES_TREE=''

# build_tree COMMIT: SRC, the work tree for builds, at COMMIT. This run alone may move it.
build_tree() {
	source_tree
	lock "build-$BASE_ID"
	MOVES_TREE=yes
	move_tree "$1"
}

# use_tree COMMIT: SRC at COMMIT, where it stays while other runs use it, too.
use_tree() {
	source_tree
	if [[ $MOVES_TREE ]]; then
		move_tree "$1"
		return
	fi
	while share "build-$BASE_ID" && ! is_tree_at "$1"; do
		unlock "build-$BASE_ID"
		lock "build-$BASE_ID"
		move_tree "$1"
		unlock "build-$BASE_ID"
	done
}

# source_tree: SRC
source_tree() {
	[[ $(uname -m) == x86_64 ]] || die "the builds need an x86_64 machine, this is $(uname -m)"
	SRC=$CACHE/src/$BASE_ID
}

# is_tree_at COMMIT: whether SRC is, and nothing in it has changed.
is_tree_at() {
	[[ -e $SRC.ready && $(cache_git -C "$SRC" rev-parse -q --verify HEAD 2>/dev/null) == "$1" ]] &&
		cache_git -C "$SRC" diff --quiet HEAD
}

# move_tree COMMIT
move_tree() {
	local log gitdir
	log_file log build-tree
	if [[ ! -e $SRC.ready || ! -d $SRC ]]; then
		need_space "$CACHE" $((KERNEL_MIB / 2))
		rm -rf "$SRC" "$SRC.ready"
		mkdir -p "$CACHE/src"
		cache_git -C "$BASE_REPO" worktree prune
		step 'checking out the kernel' "$log" \
			cache_git -C "$BASE_REPO" worktree add --detach "$SRC" "$1"
		touch "$SRC.ready"
	fi
	gitdir=$(cache_git -C "$SRC" rev-parse --absolute-git-dir)
	rm -f "$gitdir/index.lock"
	cache_git -C "$SRC" checkout -q -f --detach "$1"
}

# build_dir NAME: where the build named NAME goes, and stays for the next.
build_dir() {
	[[ $ARCH != um ]] || choose_memory_folder
	BUILD=$CACHE/build/$BASE_ID/$1
	mkdir -p "$BUILD"
}

# What User-Mode Linux may use of the folder for its memory, in MiB
readonly UML_MIB=1024

# choose_memory_folder: User-Mode Linux maps its memory from a file in TMPDIR, or else
# in /dev/shm, to execute it. Where that cannot be, TMPDIR is another folder from now on.
choose_memory_folder() {
	local dir first=${TMPDIR:-/dev/shm}
	for dir in "$first" /dev/shm /tmp /var/tmp "$CACHE"; do
		holds_memory "$dir" || continue
		[[ $dir == "$first" ]] || {
			note "  User-Mode Linux has its memory in $dir, as $first has no room for it or may not be executed from"
			export TMPDIR=$dir
		}
		return
	done
	die "User-Mode Linux needs a folder with $UML_MIB MiB free that is not mounted noexec; set TMPDIR to one"
}

# holds_memory FOLDER: whether it can hold that of User-Mode Linux.
holds_memory() {
	local file free status=0
	file=$(mktemp "$1/vgpio.XXXXXX" 2>/dev/null) || return
	printf '#!/bin/sh\n' >"$file"
	chmod +x "$file"
	"$file" 2>/dev/null || status=1
	rm -f "$file"
	free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
	((status == 0 && free >= UML_MIB))
}

# included NAME: the arguments for gcc that have it include kunit/NAME first. What is
# named there has no blank in its path, as a checkout may have.
included() {
	cp -p "$VGPIO_ROOT/kunit/$1" "$BUILD"
	say "-include $BUILD/$1"
}

# seed_build NAME: a first build in BUILD begins with what the build named NAME has,
# where there is one, as most of it is the same. The commands it was made by name
# its folder.
seed_build() {
	local from=$CACHE/build/$BASE_ID/$1
	[[ ! -e $BUILD/vmlinux && -e $from/vmlinux && ! $from -ef $BUILD ]] || return 0
	cp -a "$from/." "$BUILD"
	find "$BUILD" -name '*.cmd' -exec sed -i "s|$from|$BUILD|g" {} +
}

# use_series FLAVOUR [build_tree]: SRC at the last of the checked-in patches, and BUILD.
use_series() {
	series_head || die "$(am_failure); 'apply' leaves a work tree to look at"
	"${2:-use_tree}" "$SERIES_HEAD"
	build_dir "kunit-$1"
}

# lock_build, unlock_build: nobody else makes what is in BUILD meanwhile.
lock_build() {
	lock "make-$BASE_ID-${BUILD##*/}"
}

unlock_build() {
	unlock "make-$BASE_ID-${BUILD##*/}"
}

# arch_name: ARCH, for the person.
arch_name() {
	case $ARCH in
	um) say 'User-Mode Linux' ;;
	*) say "Linux for $ARCH" ;;
	esac
}

# choose_clang: CLANG, the newest one, which must be new enough for the kernel, where
# that says so; Linux 5.10 does not.
choose_clang() {
	local version oldest
	read -r version CLANG < <(newest_clang)
	oldest=$(cache_git -C "$BASE_REPO" show "$BASE_COMMIT:scripts/min-tool-version.sh" 2>/dev/null |
		sh -s llvm) || return 0
	version_ge "$version" "$oldest" ||
		die "$CLANG is version $version, too old for this kernel; install clang $oldest or newer"
}

# How kernels are made, with variables where a build needs some.
KERNEL_MAKE=(make)

# kernel_make FLAVOUR LINES: progress as a share of the lines that a build
# from cold prints; a later one builds less than that.
kernel_make() {
	local log lines=0 status=0
	log_file log "${BUILD##*/}-build"
	[[ -e $BUILD/vmlinux ]] || lines=$2
	lock_build
	run_step -l 3000 -n "$lines" "building $(arch_name) ($1)" "$log" \
		"${KERNEL_MAKE[@]}" -C "$SRC" ARCH="$ARCH" O="$BUILD" -j "$(nproc)" all || status=$?
	unlock_build
	((status)) || return 0
	grep -E -m 5 -A 3 '(: (fatal )?error: |undefined reference|^make.* Error )' "$log" >&2 || tail -n 20 "$log" >&2
	note "  the build failed; its log is $log"
	return 1
}

# kernel_config FILE...: BUILD configured by these, which are in kunit/ unless they
# have a path, on top of allnoconfig.
kernel_config() {
	local log config=$BUILD/all.config option name status=0
	log_file log "${BUILD##*/}-config"
	lock_build
	for name; do
		[[ $name == */* ]] || name=$(series_config "$name")
		cat "$name"
	done >"$config"
	run_step "configuring (${BUILD##*/})" "$log" env KCONFIG_ALLCONFIG="$config" \
		"${KERNEL_MAKE[@]}" -C "$SRC" ARCH="$ARCH" O="$BUILD" allnoconfig || status=$?
	unlock_build
	((status == 0)) || {
		note "  the configuration failed; its log is $log"
		return 1
	}
	while read -r option; do
		grep -qxF "$option" "$BUILD/.config" || {
			note "  this kernel does not take $option, which is in one of: ${*##*/}"
			return 1
		}
	done < <(grep '^CONFIG_' "$config")
}

# --- KUnit ----------------------------------------------------------------------

# How long the tests themselves may take, in seconds; further arguments for
# kunit.py, and for its runs; what stands before its PATH, and the lines that a
# build prints.
KUNIT_SECONDS=420 KUNIT_ARGS=() KUNIT_RUN_ARGS=() KUNIT_PATH='' KUNIT_LINES=1190

# kunit_in_qemu: the suites run there, with two emulated CPUs, which take their
# time for what is random.
kunit_in_qemu() {
	need_qemu
	ARCH=x86_64
	[[ $VGPIO_ROOT != *:* ]] || die "$VGPIO_ROOT has a colon in its name, which no PATH can have; move the checkout"
	KUNIT_ARGS=(--arch="$ARCH" --qemu_args='-smp 2')
	KUNIT_PATH=$VGPIO_ROOT/tools/lib/tcg:
	KUNIT_RUN_ARGS=(--kernel_args gpio_virtio_hostile_kunit.replies=1000)
	KUNIT_SECONDS=900 KUNIT_LINES=1900
}

# kunit_py COMMAND ARGUMENT...
kunit_py() {
	local command=$1
	shift
	env -C "$SRC" PATH="$KUNIT_PATH$PATH" PYTHONDONTWRITEBYTECODE=1 \
		python3 tools/testing/kunit/kunit.py "$command" "${KUNIT_ARGS[@]}" "$@"
}

# known_options COMMIT FROM TO: TO, which may be FROM, without the options that
# COMMIT does not have yet; fails when there were such.
known_options() {
	local names known status=0
	names=$(sed -n 's/^CONFIG_\([A-Z0-9_]*\)=.*/\1/p' "$2" | paste -sd'|')
	known=$(cache_git -C "$SRC" grep -hE "^[[:space:]]*(menu)?config ($names)\$" "$1" -- '*Kconfig*' |
		awk '{ print $2 }')
	awk -v known="$known" '
		BEGIN { n = split(known, list); for (i = 1; i <= n; i++) have[list[i]] = 1 }
		/^CONFIG_/ { name = $0; sub(/^CONFIG_/, "", name); sub(/=.*/, "", name) }
		/^CONFIG_/ && !(name in have) { dropped = 1; next }
		{ print }
		END { exit dropped }' "$2" >"$3.new" || status=$?
	mv "$3.new" "$3"
	return "$status"
}

# kunit_is_old: whether the tree's kunit.py takes no configuration and no filter, and
# knows neither QEMU nor skipped cases. Linux 5.10 is such a tree: its suites run
# without it.
kunit_is_old() {
	! grep -q -e --kunitconfig "$SRC/tools/testing/kunit/kunit.py"
}

# debugs_in_qemu: whether the tree has no KASAN on User-Mode Linux.
debugs_in_qemu() {
	[[ -e $VGPIO_ROOT/kunit/$TREE/suites-x86_64.config ]]
}

# is_lean FLAVOUR: whether its kernel has no more than it needs, which builds in a
# fraction of the time. Else kunit.py configures, who takes the defaults of Linux.
is_lean() {
	[[ $ARCH == um && $1 == *@(plain|debug) && ${#KUNIT_ARGS[@]} == 0 ]] && ! kunit_is_old
}

# kunit_config FLAVOUR CONFIG...: configure BUILD. The plain kernel is the guest's, too.
kunit_config() {
	local log config=() file dir base=()
	if kunit_is_old; then
		kernel_config "suites-${ARCH/%um/uml}.config" "${@:2}"
		return
	fi
	if is_lean "$1"; then
		scratch_dir dir
		known_options HEAD "$VGPIO_ROOT/kunit/suites-uml.config" "$dir/suites-uml.config" || :
		[[ $1 == *debug ]] || base=(demo-uml.config guest-uml.config)
		# No suite has a device behind PCI.
		sed '/PCI=/d' "$SRC/tools/testing/kunit/configs/arch_uml.config" "${@:2}" >"$dir/suites.config"
		kernel_config "${base[@]}" "$dir/suites-uml.config" "$dir/suites.config"
		return
	fi
	for file in "${@:2}"; do config+=(--kunitconfig="$file"); done
	log_file log "kunit-$1-config"
	run_step "configuring ($1)" "$log" kunit_py config --build_dir="$BUILD" "${config[@]}" || {
		tail -n 15 "$log" >&2
		note "  the configuration failed; its log is $log"
		return 1
	}
}

# kunit_build FLAVOUR CONFIG...: configure and build in SRC and BUILD.
kunit_build() {
	kunit_config "$@" && kernel_make "$1" "$KUNIT_LINES"
}

# kunit_run FLAVOUR FILTER CONFIG...: build, and run what was built. Sets
# KUNIT_PASSED, KUNIT_FAILED, KUNIT_SKIPPED and KUNIT_DETAIL. Returns 1 when it
# does not build or the run did not end by itself.
kunit_run() {
	local flavour=$1 filter=$2 log json=$BUILD/kunit.json args=("${KUNIT_RUN_ARGS[@]}")
	shift 2
	[[ -z $filter ]] || ! kunit_is_old ||
		die "the KUnit of this tree runs all suites, so it takes no filter"
	KUNIT_PASSED=0 KUNIT_FAILED=0 KUNIT_SKIPPED=0 KUNIT_DETAIL=''
	kunit_build "$flavour" "$@" || return
	if kunit_is_old; then
		kunit_run_old "$flavour"
		return
	fi

	! is_lean "$flavour" || args+=(--kernel_args time-travel)
	rm -f "$json"
	log_file log "kunit-$flavour"
	run_step -l $((KUNIT_SECONDS + 60)) "running KUnit ($flavour)" "$log" \
		kunit_py exec --build_dir="$BUILD" \
		--timeout="$KUNIT_SECONDS" --json="$json" "${args[@]}" ${filter:+"$filter"} || true
	cp -f "$BUILD/test.log" "${log%.log}-kernel.log" 2>/dev/null || true
	kunit_counts "$json" || {
		tail -n 30 "$log" >&2
		note "  KUnit did not come to an end; its log is $log"
		return 1
	}
	kunit_splats "$BUILD/test.log"
}

# kunit_run_old FLAVOUR: the suites that are built in run when the kernel starts, which
# has nothing else to do then. What it prints is all that there is.
kunit_run_old() {
	local log
	log_file log "kunit-$1"
	run_step -l $((KUNIT_SECONDS + 60)) "running KUnit ($1)" "$log" "boot_old_$ARCH" || true
	cp -f "$log" "${log%.log}-kernel.log"
	python3 "$VGPIO_ROOT/tools/lib/kunit-tap.py" "$log" >"$BUILD/kunit.json"
	kunit_counts "$BUILD/kunit.json" || {
		tail -n 30 "$log" >&2
		note "  KUnit did not come to an end; its log is $log"
		return 1
	}
	kunit_splats "$log"
}

# Time travel of that User-Mode Linux ends in "time goes backwards" now and then.
boot_old_um() {
	"$BUILD/linux" mem=1G console=tty
}

# The arguments are those for kunit.py.
boot_old_x86_64() {
	local args=() append=() word
	for word in "${KUNIT_ARGS[@]}"; do
		# shellcheck disable=SC2206 # several words
		[[ $word != --qemu_args=* ]] || args+=(${word#*=})
	done
	for word in "${KUNIT_RUN_ARGS[@]}"; do
		[[ $word == --kernel_args ]] || append+=("${word#--kernel_args=}")
	done
	qemu-system-x86_64 -accel tcg -nodefaults -display none -no-reboot -m 1024 -serial stdio "${args[@]}" \
		-kernel "$BUILD/arch/x86/boot/bzImage" -append "console=ttyS0 panic=-1 ${append[*]-}"
}

# kunit_counts JSON
kunit_counts() {
	[[ -s $1 ]] || return
	local report
	report=$(python3 "$VGPIO_ROOT/tools/lib/kunit-report.py" "$1") || return
	read -r KUNIT_PASSED KUNIT_FAILED KUNIT_SKIPPED <<<"$report"
	KUNIT_DETAIL=$(tail -n +2 <<<"$report")
}

# A kernel that KUnit does not shut down ends because it has no root, or nothing there: an
# extended regular expression
readonly KUNIT_END='Kernel panic - not syncing: (VFS: Unable to mount root|No working init found)'

# What the kernel complains with, as an extended regular expression
readonly KUNIT_SPLAT='((WARNING|BUG|UBSAN): |BUG [a-z]|INFO: (task|rcu)|Kernel panic).*'

# kunit_splats LOG: count the kernel's own complaints as failed. No case does so
# because of them, and after one of lockdep's there is no lockdep any more. KUNIT_FORGIVE
# is an extended regular expression for those that are known, and not of the series.
kunit_splats() {
	local splats
	mapfile -t splats < <(grep -aoE "$KUNIT_SPLAT" "$1" | grep -vE "$KUNIT_END" |
		grep -vE "${KUNIT_FORGIVE:-^$}")
	((${#splats[@]})) || return 0
	KUNIT_FAILED=$((KUNIT_FAILED + ${#splats[@]}))
	KUNIT_DETAIL+=${KUNIT_DETAIL:+$'\n'}$(printf 'failed: kernel log: %s\n' "${splats[@]:0:10}")
}
