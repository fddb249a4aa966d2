#!/usr/bin/env bats
# Where the kernel comes from, and what can go wrong on the way.

load helper

setup() {
	CALLS=$BATS_FILE_TMPDIR/test/calls
	common_setup fake_mirror
	LINUX=''
	TREE=$XDG_CACHE_HOME/vgpio/tree
	# kernel.org is out of reach
	export https_proxy=http://127.0.0.1:9
}

# fake_mirror: a package manager whose one package holds the small kernel.
fake_mirror() {
	[[ $(. /etc/os-release && echo "$ID") == debian ]] || skip "not a Debian machine"
	local root=$BATS_TEST_TMPDIR/deb
	mkdir -p "$root"/{DEBIAN,usr/src}
	printf 'Package: linux-source-7.3\nVersion: 7.3.4-1\nArchitecture: all\nMaintainer: a\nDescription: b\n' \
		>"$root/DEBIAN/control"
	printf '#\n/*\n!/debian/\n' >"$BATS_TEST_TMPDIR/linux/.gitignore"
	tar -cJf "$root/usr/src/linux-source-7.3.tar.xz" -C "$BATS_TEST_TMPDIR" \
		--exclude=.git --transform 's/^linux/linux-source-7.3/' linux
	dpkg-deb -b "$root" "$BATS_TEST_TMPDIR/good.deb" >/dev/null
	fake apt-cache <<-END
		case "\$*" in
		*pkgnames*) echo linux-source-7.3 ;;
		*madison*) echo "linux-source-7.3 | ${1:-7.3.4-1} | mirror sid/main" ;;
		esac
	END
	serve cp "$BATS_TEST_TMPDIR/good.deb" linux-source.deb
}

# serve COMMAND...: what 'apt-get download' does in its folder.
serve() {
	fake apt-get <<-END
		echo "\$*" >>"$CALLS"
		case "\$*" in
		*indextargets*) echo "- bookworm \$(. /etc/os-release && echo \$VERSION_CODENAME) mirror:/" ;;
		*download*) $* ;;
		esac
	END
}

@test "the package is unpacked, committed and kept" {
	run vgpio kernel
	[ "$status" -eq 0 ]
	[[ $output == *"Debian's linux-source-7.3"* ]]
	[ "$(ls "$TREE")" = 7.3_7.3.4-1.git ]
	git -C "$TREE/7.3_7.3.4-1.git" cat-file -e refs/vgpio/base:drivers/gpio/gpio-virtio.c
}

@test "what was unpacked is the work tree for builds, and clean" {
	vgpio kernel
	local tree=$XDG_CACHE_HOME/vgpio/src/7.3_7.3.4-1
	[ -f "$tree.ready" ]
	[ -f "$tree/drivers/gpio/gpio-virtio.c" ]
	[ -z "$(git -C "$tree" status --porcelain)" ]
}

@test "the second run takes the cache" {
	vgpio kernel
	rm "$CALLS"
	run vgpio kernel
	[ "$status" -eq 0 ]
	[ ! -e "$CALLS" ]
}

@test "new files are not hidden by the package's .gitignore" {
	local work
	work=$(vgpio apply)
	touch "$work/drivers/gpio/new.c"
	git -C "$work" status --porcelain | grep -q 'drivers/gpio/new.c'
}

@test "on the version that BASE names, verify compares byte by byte" {
	make_series
	run vgpio verify
	[ "$status" -eq 0 ]
	sed -i '0,/^index ....../s//index 123456/' "$FIXES"/0001-*.patch
	run vgpio verify
	[ "$status" -eq 1 ]
	[[ $output == *"0001-gpio-virtio-Return-five.patch is not as 'export' writes it: first in line "* ]]
}

@test "on the version that BASE names, a change that is pending upstream must change something" {
	make_series
	printf 'drivers/gpio/gpio-virtio.c\ts/nothing/x/\tnames change\n' >"$REPO/patches/mainline/pending"
	run vgpio verify
	[ "$status" -eq 1 ]
	[[ $output == *"patches/mainline/pending: names change: changes nothing in drivers/gpio/gpio-virtio.c"* ]]
	sed -i 's/gpio-virtio.c/none.c/' "$REPO/patches/mainline/pending"
	run vgpio verify
	[ "$status" -eq 1 ]
	[[ $output == *"names change: this kernel has no drivers/gpio/none.c"* ]]
}

@test "a truncated package is not used" {
	serve head -c 600 "$BATS_TEST_TMPDIR/good.deb" '>linux-source.deb'
	run vgpio kernel
	[ "$status" -eq 1 ]
	one_line
	[[ $output == *"damaged, so it is not used"* ]]
	[ -z "$(ls "$TREE")" ]
}

@test "after a download that broke off, the next run starts anew" {
	serve head -c 600 "$BATS_TEST_TMPDIR/good.deb" '>linux-source.deb; exit 100'
	run vgpio kernel
	[ "$status" -eq 1 ]
	[[ $output == *"the download of linux-source-7.3 broke off"* ]]
	[ -z "$(ls "$TREE")" ]
	serve cp "$BATS_TEST_TMPDIR/good.deb" linux-source.deb
	run vgpio kernel
	[ "$status" -eq 0 ]
}

@test "after a run that was killed, the next one starts anew" {
	serve cp "$BATS_TEST_TMPDIR/good.deb" 'linux-source.deb; sleep 30'
	"$REPO/tools/vgpio" kernel 3>&- &
	local pid=$! i
	for ((i = 0; i < 100; i++)); do
		[ ! -e "$TREE/new-7.3/linux-source.deb" ] || break
		sleep 0.1
	done
	[ -e "$TREE/new-7.3/linux-source.deb" ]
	local below
	below=$(bash -c '. "$1"; descendants "$2"' - "$REPO/tools/lib/process.sh" "$pid")
	# shellcheck disable=SC2086 # one argument for each process
	kill -KILL $below
	wait "$pid" || true
	[ -e "$TREE/new-7.3" ]
	serve cp "$BATS_TEST_TMPDIR/good.deb" linux-source.deb
	run vgpio kernel
	[ "$status" -eq 0 ]
	[ "$(ls "$TREE")" = 7.3_7.3.4-1.git ]
}

@test "a run that is ended by a signal removes what it began" {
	serve sleep 30
	"$REPO/tools/vgpio" kernel 3>&- &
	local pid=$! i
	for ((i = 0; i < 100; i++)); do
		[ ! -d "$TREE/new-7.3" ] || break
		sleep 0.1
	done
	sleep 0.5
	kill -TERM "$pid"
	local status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	[ -z "$(ls "$TREE")" ]
}

@test "no network: one line, and what to pass instead" {
	fake apt-get <<-'END'
		case "$*" in
		*indextargets*) echo "- - $(. /etc/os-release && echo $VERSION_CODENAME) mirror:/" ;;
		*update*) exit 100 ;;
		esac
	END
	run vgpio kernel
	[ "$status" -eq 1 ]
	one_line
	[[ $output == *"cannot be reached"*"git.kernel.org did not give v7.3"*"pass --linux PATH"* ]]
	[ -z "$(ls "$TREE")" ]
}

@test "without the package, kernel.org is cloned" {
	fake apt-cache <<<'exit 0'
	git -C "$BATS_TEST_TMPDIR/linux" tag v7.3
	export GIT_CONFIG_COUNT=1
	export GIT_CONFIG_KEY_0=url.file://$BATS_TEST_TMPDIR/linux.insteadOf
	export GIT_CONFIG_VALUE_0=https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git
	run vgpio apply
	[ "$status" -eq 0 ]
	[[ $output == *"Linux v7.3, cloned from kernel.org"* ]]
	[ "$(ls "$TREE")" = 7.3_git.git ]
}

@test "an older package than the series wants is not taken" {
	fake_mirror 7.3.2-1
	run vgpio kernel
	[ "$status" -eq 1 ]
	[[ $output == *"no linux-source-7.3"* ]]
}

@test "a newer package than the series names is taken" {
	fake_mirror 7.3.9-1
	run vgpio kernel
	[ "$status" -eq 0 ]
	[ "$(ls "$TREE")" = 7.3_7.3.9-1.git ]
}

@test "a full disk is said before anything is fetched" {
	fake df <<-'END'
		echo header
		echo "disk 100 50 2048 50% /"
	END
	run vgpio kernel
	[ "$status" -eq 1 ]
	one_line
	[[ $output == *"has 2 MiB free"* ]]
	run ! grep -q download "$CALLS"
}

@test "two runs at once: the second waits and takes the first one's tree" {
	serve sleep 2 \; cp "$BATS_TEST_TMPDIR/good.deb" linux-source.deb
	"$REPO/tools/vgpio" kernel >"$BATS_TEST_TMPDIR/first" 2>&1 3>&- &
	local pid=$! i
	for ((i = 0; i < 100; i++)); do
		[ ! -d "$TREE/new-7.3" ] || break
		sleep 0.1
	done
	run vgpio kernel
	[ "$status" -eq 0 ]
	[[ $output == *"waiting for another run"* ]]
	wait "$pid"
	[ "$(grep -c download "$CALLS")" -eq 1 ]
}

# all_at_once NUMBER: as many runs, each of which says that it has TREE_GIT.
all_at_once() {
	local pids=() pid i
	for ((i = 0; i < $1; i++)); do
		vgpio kernel >"$BATS_TEST_TMPDIR/run$i" 2>&1 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	[ "$(grep -lxF "$TREE_GIT" "$BATS_TEST_TMPDIR"/run* | wc -l)" -eq "$1" ]
	rm "$BATS_TEST_TMPDIR"/run*
}

@test "many runs at once, on a cache of before: each gets the tree" {
	local round
	TREE_GIT=$TREE/7.3_7.3.4-1.git
	vgpio kernel
	for round in 1 2 3; do
		# What a run puts right where it finds it.
		git -C "$TREE_GIT" config core.bare true
		all_at_once 4
	done
}

@test "each release comes from the suite of Debian that has it" {
	suites_of() {
		bash -c '. "$1/common.sh"; . "$1/kernel.sh"; suites "$2"' - "$REPO/tools/lib" "$1"
	}
	[ "$(suites_of 5.10)" = bullseye ]
	[ "$(suites_of 6.1)" = bookworm ]
	[ "$(suites_of 6.12)" = trixie ]
	[[ $(suites_of 7.3) == trixie-backports* ]]
}
