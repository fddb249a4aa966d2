# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# libgpiod 2, which Debian 12 does not have: its source as Debian 13 packages
# it, built once and kept in the cache.

readonly LIBGPIOD_VERSION=2.2.1 LIBGPIOD_SUITE=trixie

# provide_libgpiod: LIBGPIOD, the folder with its bin, include and lib. Fails
# with NO_LIBGPIOD.
provide_libgpiod() {
	LIBGPIOD=$CACHE/libgpiod/$LIBGPIOD_VERSION
	NO_LIBGPIOD=''
	[[ ! -e $LIBGPIOD.ready ]] || return 0
	lock libgpiod
	[[ -e $LIBGPIOD.ready ]] || { fetch_libgpiod && build_libgpiod; } || return
	unlock libgpiod
}

# private_sources MIRROR SUITE: as private_apt, for sources.
private_sources() {
	private_apt "$1" "$2"
	sed -i 's/^deb \[target=Packages /deb-src [target=Sources /' "$CACHE/apt/sources.list"
}

# fetch_libgpiod: LIBGPIOD_SOURCE, which the package manager has checked against
# the signed hashes.
fetch_libgpiod() {
	local mirror log
	mirror=$(debian_mirror)
	[[ $mirror ]] || {
		NO_LIBGPIOD="this machine's package sources name no Debian mirror"
		return 1
	}
	scratch_dir LIBGPIOD_SOURCE "$CACHE"
	log_file log libgpiod-download
	private_sources "$mirror" "$LIBGPIOD_SUITE"
	run_step -l 600 "downloading libgpiod $LIBGPIOD_VERSION" "$log" download_libgpiod || {
		NO_LIBGPIOD="Debian's mirror does not give the source of libgpiod (log: $log)"
		return 1
	}
	unlock apt
}

download_libgpiod() {
	apt-get -q -c "$CACHE/apt/apt.conf" update &&
		env -C "$LIBGPIOD_SOURCE" apt-get -q -c "$CACHE/apt/apt.conf" source \
			--download-only --tar-only libgpiod
}

# build_libgpiod: static, so that a guest needs nothing but its tools.
build_libgpiod() {
	local log
	log_file log libgpiod-build
	run_step 'building libgpiod' "$log" make_libgpiod || {
		NO_LIBGPIOD="libgpiod does not build (log: $log)"
		return 1
	}
	touch "$LIBGPIOD.ready"
}

make_libgpiod() {
	rm -rf "$LIBGPIOD"
	mkdir -p "$LIBGPIOD" "$LIBGPIOD_SOURCE/build" &&
		tar -xJf "$LIBGPIOD_SOURCE/libgpiod_$LIBGPIOD_VERSION.orig.tar.xz" \
			-C "$LIBGPIOD_SOURCE/build" --strip-components=1 &&
		cd "$LIBGPIOD_SOURCE/build" &&
		./configure --prefix="$LIBGPIOD" --enable-tools --disable-shared --enable-static &&
		make -j "$(nproc)" install
}
