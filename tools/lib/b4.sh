# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# b4 as Debian 13 packages it, unpacked in the cache: Debian 12 has 0.12, which
# cannot 'prep --check'. What it imports is installed, see packages.sh.

readonly B4_VERSION=0.14.2-2 B4_SUITE=trixie

# provide_b4: B4, where it is unpacked.
provide_b4() {
	B4=$CACHE/b4/$B4_VERSION
	[[ ! -e $B4/usr/bin/b4 ]] || return 0
	lock b4
	[[ -e $B4/usr/bin/b4 ]] || fetch_b4
	unlock b4
}

fetch_b4() {
	local mirror log dir
	mirror=$(debian_mirror)
	[[ $mirror ]] || die "b4 comes from Debian, and this machine's package sources name no mirror of it"
	log_file log b4
	mkdir -p "$CACHE/b4"
	scratch_dir dir "$CACHE/b4"
	private_apt "$mirror" "$B4_SUITE"
	step -l 600 "downloading b4 $B4_VERSION" "$log" download_b4 "$dir"
	unlock apt
	dpkg-deb -x "$dir"/b4_*.deb "$dir/b4"
	mv -T "$dir/b4" "$B4"
}

download_b4() {
	apt-get -q -c "$CACHE/apt/apt.conf" update &&
		env -C "$1" apt-get -q -c "$CACHE/apt/apt.conf" download "b4=$B4_VERSION"
}

# b4_in FOLDER ARGUMENT...: it asks no network. The python is Debian's, which has the
# packages, and not one that somebody put before it.
b4_in() {
	env -C "$1" PATH="/usr/bin:$PATH" PYTHONPATH="$B4/usr/lib/python3/dist-packages" PYTHONDONTWRITEBYTECODE=1 \
		"${B4_SETTINGS[@]}" /usr/bin/python3 -m b4.command --offline-mode "${@:2}"
}
B4_SETTINGS=()

# b4_settings NAME=VALUE...: of git's configuration, for b4 alone.
b4_settings() {
	local setting i=0
	B4_SETTINGS=()
	for setting; do
		B4_SETTINGS+=("GIT_CONFIG_KEY_$i=${setting%%=*}" "GIT_CONFIG_VALUE_$i=${setting#*=}")
		i=$((i + 1))
	done
	B4_SETTINGS+=("GIT_CONFIG_COUNT=$i")
}
