# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Kernels that a distribution has built without the driver: the driver as a module
# for one of them, and their image for a guest.

# What the names of Debian's packages begin with; the rest is the kernel's release.
readonly HEADERS_PACKAGE=linux-headers- IMAGE_PACKAGE=linux-image-

# The form of a release, as 7.3.4+deb13-amd64
readonly STOCK_RELEASE='^[0-9]+\.[0-9]+[0-9A-Za-z.+~_-]*$'

# version_of RELEASE: its first two numbers.
version_of() {
	[[ ! $1 =~ ^[0-9]+\.[0-9]+ ]] || say "${BASH_REMATCH[0]}"
}

# choose_driver: mainline's, as this checkout has it after the last patch.
choose_driver() {
	[[ $SERIES == mainline ]] ||
		die "--series $SERIES: modules are of the driver after all of mainline's patches; others are built with their kernel"
	choose_series
	read_base
}

# check_version RELEASE: end the run unless the driver is for that kernel.
check_version() {
	local version
	version=$(version_of "$1")
	version_ge "$version" "$BASE_OLDEST" ||
		die "Linux $1: is older than $BASE_OLDEST, and has not all interfaces of gpiolib and virtio that the driver uses; for kernels that you build yourself there are: $(tree_names | grep -vxF "$TREE" | paste -sd' ')"
	version_ge "$BASE_VERSION" "$version" ||
		die "Linux $1: is newer than $BASE_VERSION, the last release that the driver was built and tested with"
}

# choose_version RELEASE: of the kernel source, that of this kernel.
choose_version() {
	[[ -z $RELEASE ]] || die "--release $RELEASE: Linux $1 is asked for, which has its version; leave --release out"
	[[ -n $LINUX ]] || RELEASE=$(version_of "$1")
}

# --- packages ------------------------------------------------------------------------

# What the modules of a kernel take, packed and unpacked, in MiB
readonly STOCK_MIB=500

# provide_stock PREFIX RELEASE: STOCK, the folder with the files of that package.
provide_stock() {
	STOCK=$CACHE/stock/$1$2
	lock stock
	[[ -d $STOCK ]] || fetch_stock "$1$2" "$(version_of "$2")"
	unlock stock
}

# fetch_stock PACKAGE VERSION: the folder gets its name when it is complete.
fetch_stock() {
	local dir log
	mkdir -p "$CACHE/stock"
	need_space "$CACHE" "$STOCK_MIB"
	scratch_dir dir "$CACHE/stock"
	download_stock "$1" "$2" "$dir" || die "cannot get $1: $NO_PACKAGE"
	log_file log stock-unpack
	step "unpacking $1" "$log" unpack_stock "$dir"
	mv -T "$dir/files" "$STOCK"
}

# download_stock PACKAGE VERSION FOLDER: FOLDER/*.deb, which the package manager has
# checked against the signed hashes. Fails with NO_PACKAGE.
download_stock() {
	local status=0 parts
	find_mirror || return
	lock apt
	search_suites "$2" offered "$1" || status=$?
	case $status in
	0)
		mapfile -t parts < <(package_parts)
		download_package "$3" "${parts[@]}" || status=$?
		;;
	1) NO_PACKAGE="Debian has no package of this name (any more)" ;;
	esac
	unlock apt
	return "$status"
}

# offered NAME: PACKAGE and PACKAGE_VERSION, the newest one.
offered() {
	PACKAGE=$1
	PACKAGE_VERSION=$(apt-cache -c "$CACHE/apt/apt.conf" madison "$1" | awk '{ print $3 }' | sort -V | tail -n 1)
	[[ $PACKAGE_VERSION ]]
}

# package_parts: PACKAGE=VERSION, and the same of those that an image is divided into.
package_parts() {
	say "$PACKAGE=$PACKAGE_VERSION"
	apt-cache -c "$CACHE/apt/apt.conf" show "$PACKAGE=$PACKAGE_VERSION" | sed -n 's/^Depends: //p' |
		tr ',' '\n' | sed -nE 's/^ *(linux-(base|binary|modules)-[^ ]+) \(= ([^)]+)\)$/\1=\3/p'
}

# unpack_stock FOLDER: below FOLDER/files. What reads modules looks for them in lib, and
# for the list of them that an installation makes.
unpack_stock() {
	local deb dir
	for deb in "$1"/*.deb; do
		dpkg-deb -x "$deb" "$1/files" || return
	done
	[[ -e $1/files/lib ]] || ln -s usr/lib "$1/files/lib"
	for dir in "$1"/files/lib/modules/*/kernel; do
		[[ ! -d $dir ]] || depmod -b "$1/files" "$(basename "${dir%/kernel}")" || return
	done
}

# --- headers --------------------------------------------------------------------------

# choose_headers WISH: KERNEL, the release of a kernel; HEADERS, the folder with its
# headers, or nothing where these are to be had as a package; and STAND_IN, whether
# modules must be built by something else.
choose_headers() {
	local wish=${1#"$HEADERS_PACKAGE"} running
	HEADERS='' STAND_IN=''
	if [[ -z $1 ]]; then
		running=$(uname -r)
		HEADERS=/lib/modules/$running/build
		[[ -d $HEADERS ]] || die "Linux $running, which runs here, has no headers in $HEADERS: install its package, $HEADERS_PACKAGE$running on Debian, or pass --headers"
	elif [[ -d $1 ]]; then
		HEADERS=$(realpath "$1")
	elif [[ $wish =~ $STOCK_RELEASE ]]; then
		packaged_headers "$wish"
		return
	else
		die "--headers $1: is no folder and no release of Debian's kernels, as 7.3.4+deb13-amd64"
	fi
	check_headers
	can_build || STAND_IN=yes
}

# packaged_headers RELEASE: the same of a package, which is not installed here and so has
# the wrong paths.
packaged_headers() {
	KERNEL=$1 HEADERS='' STAND_IN=yes
	check_version "$KERNEL"
}

# What a folder with headers has, and what of a kernel the driver needs
readonly HEADER_FILES=(Makefile Module.symvers .config include/config/kernel.release
	include/generated/uapi/linux/version.h)
readonly HEADER_OPTIONS=(X86_64 CC_IS_GCC MODULES VIRTIO GPIOLIB GPIOLIB_IRQCHIP)

# header_option NAME: its value in the configuration of the kernel.
header_option() {
	sed -n "s/^CONFIG_$1=//p" "$HEADERS/.config" | tr -d '"'
}

# check_headers: KERNEL, the release of those in HEADERS.
check_headers() {
	local name
	[[ ! $HEADERS =~ $ODD_CHARACTERS ]] ||
		die "--headers $HEADERS: no module can be built with '${BASH_REMATCH[0]}' in the name of that folder; move it"
	for name in "${HEADER_FILES[@]}"; do
		[[ -e $HEADERS/$name ]] ||
			die "--headers $HEADERS: has no $name; pass the folder that a kernel was built in, or that of its package, as /usr/src/${HEADERS_PACKAGE}7.3.4+deb13-amd64"
	done
	KERNEL=$(<"$HEADERS/include/config/kernel.release")
	check_version "$KERNEL"
	for name in "${HEADER_OPTIONS[@]}"; do
		[[ $(header_option "$name") == [ym] ]] || die "Linux $KERNEL: has no CONFIG_$name, which the module needs"
	done
	[[ $(header_option GPIO_VIRTIO) != y ]] ||
		die "Linux $KERNEL: has a driver built in (CONFIG_GPIO_VIRTIO=y), which no module can replace"
}

# provide_headers: HEADERS, fetched if it must be.
provide_headers() {
	[[ -z $HEADERS ]] || return 0
	provide_stock "$HEADERS_PACKAGE" "$KERNEL"
	HEADERS=$STOCK/usr/src/$HEADERS_PACKAGE$KERNEL
	check_headers
}

# headers_compiler: what the kernel was built by.
headers_compiler() {
	local text
	text=$(header_option CC_VERSION_TEXT)
	say "${text%% *}"
}

# can_build: whether the headers lie where they belong, and what they bring along runs
# here, and so does their compiler.
can_build() {
	make -s -C "$HEADERS" kernelversion >/dev/null 2>&1 || return
	command -v "$(headers_compiler)" >/dev/null || return
	! { find -L "$HEADERS/scripts" "$HEADERS/tools" -type f -perm -u+x -exec ldd {} + 2>&1 || :; } |
		grep 'not found' >/dev/null
}

# --- a stand-in for them ----------------------------------------------------------------

# provide_stand_in: BUILD and SRC, the source of the same kernel with its configuration,
# as far as the compiler of this machine goes along.
provide_stand_in() {
	use_tree "$BASE_COMMIT"
	check_source
	ARCH=x86_64
	build_dir "module-$KERNEL"
	lock_build
	cmp -s "$HEADERS/.config" "$BUILD/headers.config" || configure_stand_in
	cp -p "$HEADERS/Module.symvers" "$BUILD"
	stand_in_step 'preparing the kernel source' modules_prepare
	unlock_build
}

configure_stand_in() {
	cp "$HEADERS/.config" "$BUILD/.config"
	stand_in_step 'configuring the kernel source' olddefconfig
	cp "$HEADERS/.config" "$BUILD/headers.config"
}

# stand_in_make ARGUMENT...
stand_in_make() {
	make -C "$SRC" ARCH="$ARCH" O="$BUILD" KERNELRELEASE="$KERNEL" "$@"
}

# stand_in_step LABEL TARGET
stand_in_step() {
	local log
	log_file log "${BUILD##*/}-$2"
	step "$1" "$log" stand_in_make -j "$(nproc)" "$2"
}

# headers_version, source_version: all three numbers.
headers_version() {
	sed -nE 's/^#define LINUX_VERSION_(MAJOR|PATCHLEVEL|SUBLEVEL) +([0-9]+)$/\2/p' \
		"$HEADERS/include/generated/uapi/linux/version.h" | paste -sd.
}

source_version() {
	sed -nE 's/^(VERSION|PATCHLEVEL|SUBLEVEL) = ([0-9]+)$/\2/p' "$SRC/Makefile" | paste -sd.
}

# check_source: another version has other types.
check_source() {
	local wanted got
	wanted=$(headers_version)
	got=$(source_version)
	[[ $got == "$wanted" ]] ||
		die "Linux $KERNEL: its headers are those of $wanted, and the source that there is, of $got; pass --headers of that version, or --linux with a tree of $wanted"
	[[ -e $HEADERS/vmlinux ]] ||
		die "Linux $KERNEL: programs of its headers do not run on this machine, and without the file vmlinux there nothing shows whether a module that is built otherwise fits; build it on the system that the headers are for"
}

# odd_types: those that MODULE lays out otherwise than the kernel, by their sizes and the
# number of holes in them.
odd_types() {
	awk '
		NR == FNR { kernel[$0]; name[$1]; next }
		$1 in name { compared[$1] }
		$1 in name && !($0 in kernel) { print $1 }
		END { if (!("gpio_chip" in compared)) print "gpio_chip, which is not there" }' \
		<(pahole -F btf --sizes "$HEADERS/vmlinux" 2>/dev/null) <(pahole --sizes "$MODULE")
}

# --- the module ---------------------------------------------------------------------------

# build_module: MODULE, for KERNEL by HEADERS or what stands in for them.
build_module() {
	local dir log make=(make -C "$HEADERS" CC="$(headers_compiler)")
	scratch_dir dir "$CACHE"
	module_source "$dir"
	[[ ! $STAND_IN ]] || make=(stand_in_make)
	log_file log module-build
	run_step "building the module for Linux $KERNEL" "$log" "${make[@]}" M="$dir" modules || {
		tail -n 20 "$log" >&2
		die "the module does not build for Linux $KERNEL$(missing_symbols "$log"); the log is $log"
	}
	MODULE=$dir/gpio-virtio.ko
	check_module
	strip --strip-debug "$MODULE"
}

# module_source FOLDER: what the module is made of. The kernel's own header of the same
# name is an older one.
module_source() {
	mkdir -p "$1/include/uapi/linux"
	cp "$VGPIO_ROOT"/drivers/gpio/gpio-virtio.[ch] "$1"
	cp "$VGPIO_ROOT/include/uapi/linux/virtio_gpio.h" "$1/include/uapi/linux"
	# shellcheck disable=SC2016 # variables of make
	printf '%s\n' 'obj-m := gpio-virtio.o' 'LINUXINCLUDE := -I$(src)/include $(LINUXINCLUDE)' >"$1/Kbuild"
}

# missing_symbols LOG: that the kernel does not export.
missing_symbols() {
	sed -nE 's/^ERROR: modpost: "([^"]+)" .* undefined!$/\1/p' "$1" | paste -sd' ' | sed 's/^./, which does not export: &/'
}

# check_module: that the kernel will load it, and the two agree on their types.
check_module() {
	local magic odd
	magic=$(modinfo -F vermagic "$MODULE")
	[[ ${magic%% *} == "$KERNEL" ]] ||
		die "the module is for Linux '$magic', and the headers are those of $KERNEL: are they complete?"
	[[ $STAND_IN ]] || return 0
	odd=$(odd_types | head -n 5 | paste -sd' ')
	[[ -z $odd ]] ||
		die "the module lays out types otherwise than Linux $KERNEL: $odd; build it on the system that the headers are for"
}

# need_module: what it takes to build one counts as needed. Some of it is not in the PATH
# of a person.
need_module() {
	PATH+=:/usr/sbin:/sbin
	need_more module
	[[ ! $STAND_IN ]] || need_more stand_in
}

# provide_module: MODULE, for KERNEL.
provide_module() {
	provide_headers
	[[ ! $STAND_IN ]] || provide_stand_in
	build_module
}

# --- a guest ----------------------------------------------------------------------------

# is_stock: whether the kernel of the guest is a distribution's.
is_stock() {
	[[ $GUEST_KERNEL == "$IMAGE_PACKAGE"[0-9]* ]]
}

# Modules that a guest needs, where they are not built in; what loads them; and what its
# kernel is told: on a busy machine it would find a frequency of the time stamp counter
# that is wrong by far, and use it as its clock.
readonly STOCK_MODULES=(virtio_pci)
STOCK_PROGRAMS=() STOCK_OPTIONS=''

# want_stock_guest: what is known before anything is fetched.
want_stock_guest() {
	local release=${GUEST_KERNEL#"$IMAGE_PACKAGE"}
	[[ $KIND == @(qemu|q35) ]] ||
		die "--kernel $GUEST_KERNEL: is the kernel of a PC; pass --guest qemu"
	choose_driver
	packaged_headers "$release"
	choose_version "$release"
	need_module
	STOCK_PROGRAMS=(insmod) STOCK_OPTIONS=tsc=unstable GUEST_MIB=512
}

# build_stock_guest: IMAGE, and STOCK with its modules; MODULE; and what packs the
# guest's file system in BUILD.
build_stock_guest() {
	provide_module
	provide_stock "$IMAGE_PACKAGE" "$KERNEL"
	IMAGE=$STOCK/lib/modules/$KERNEL/vmlinuz
	[[ -e $IMAGE ]] || die "the package $GUEST_KERNEL has no vmlinuz in lib/modules"
	mkdir -p "$BUILD/usr"
	gcc -O2 -o "$BUILD/usr/gen_init_cpio" "$SRC/usr/gen_init_cpio.c" ||
		die "usr/gen_init_cpio.c of the kernel does not compile"
}

# guest_modules: GUEST/guest/modules, numbered in the order in which they load.
guest_modules() {
	local wanted loads number=100 file
	IFS=, read -ra wanted < <(modinfo -F depends "$MODULE")
	wanted+=("${STOCK_MODULES[@]}")
	loads=$(modprobe -d "$STOCK" -S "$KERNEL" -a --show-depends "${wanted[@]}") ||
		die "the package $GUEST_KERNEL has not all modules that the guest needs: ${wanted[*]}"
	mkdir "$GUEST/guest/modules"
	for file in $(awk '$1 == "insmod" { print $2 }' <<<"$loads") "$MODULE"; do
		cp "$file" "$GUEST/guest/modules/$((number++))-${file##*/}"
	done
}
