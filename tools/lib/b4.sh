# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# b4 of PATH where it is new enough: an older one cannot 'prep --check'. Else, on Debian,
# that of Debian 13, unpacked in the cache. What that one imports is installed, see
# packages.sh.

readonly B4_OLDEST=0.14 B4_VERSION=0.14.2-2 B4_SUITE=trixie

# choose_b4: B4, the command; empty until provide_b4 if it is Debian's. Fails with
# B4_PROBLEM.
choose_b4() {
	local version=''
	B4=()
	! command -v b4 >/dev/null || version=$(b4 --version 2>/dev/null | tail -n 1)
	if [[ $version =~ ^[0-9]+\.[0-9] ]] && version_ge "$version" "$B4_OLDEST"; then
		B4=("$(command -v b4)")
		note "b4: $version, ${B4[0]}"
	elif is_debian; then
		need_more b4
	else
		B4_PROBLEM="needs b4 $B4_OLDEST or newer${version:+, and there is $version}; install it, for instance with 'pipx install b4'"
		return 1
	fi
}

# provide_b4: after choose_b4.
provide_b4() {
	local dir=$CACHE/b4/$B4_VERSION
	((!${#B4[@]})) || return 0
	lock b4
	[[ -e $dir/usr/bin/b4 ]] || fetch_b4 "$dir"
	unlock b4
	# The python is Debian's, which has the packages, and not one that stands before it.
	B4=(env "PYTHONPATH=$dir/usr/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m b4.command)
	note "b4: $B4_VERSION, Debian's"
}

# fetch_b4 FOLDER
fetch_b4() {
	local log dir mirror
	mirror=$(debian_mirror)
	[[ $mirror ]] || die "b4 comes from Debian, and this machine's package sources name no mirror of it"
	log_file log b4
	mkdir -p "$CACHE/b4"
	scratch_dir dir "$CACHE/b4"
	private_apt "$mirror" "$B4_SUITE"
	step -l 600 "downloading b4 $B4_VERSION" "$log" download_b4 "$dir"
	unlock apt
	dpkg-deb -x "$dir"/b4_*.deb "$dir/b4"
	/usr/bin/python3 -m compileall -q "$dir/b4"
	mv -T "$dir/b4" "$1"
}

download_b4() {
	apt-get -q -c "$CACHE/apt/apt.conf" update &&
		env -C "$1" apt-get -q -c "$CACHE/apt/apt.conf" download "b4=$B4_VERSION"
}

# b4_in FOLDER ARGUMENT...: it asks no network, and does not look for a terminal's width.
# The scripts of the kernel find Debian's python, which has what they import.
b4_in() {
	env -C "$1" -u COLUMNS PATH="/usr/bin:$PATH" "${B4[@]}" --offline-mode "${@:2}"
}
