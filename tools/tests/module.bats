#!/usr/bin/env bats
# The verb 'module', and guests with a distribution's kernel: options, headers that will
# not do, packages, and what is checked of a module.

load helper

setup() {
	CALLS=$BATS_FILE_TMPDIR/test/calls
	common_setup make_headers
	HEADERS=$BATS_TEST_TMPDIR/headers
	MAGIC='7.3.4+deb13-amd64 SMP preempt mod_unload'
	fake modinfo <<<"echo '$MAGIC'"
}

# make_headers: of a small kernel, whose make 'builds' what the driver is made of; and the
# driver of the checkout.
make_headers() {
	local headers=$BATS_TEST_TMPDIR/headers
	mkdir -p "$headers"/{include/config,include/generated/uapi/linux,scripts,tools} \
		"$REPO"/{drivers/gpio,include/uapi/linux}
	printf '%s\n' CONFIG_X86_64=y CONFIG_CC_IS_GCC=y CONFIG_MODULES=y CONFIG_VIRTIO=m CONFIG_GPIOLIB=y \
		CONFIG_GPIOLIB_IRQCHIP=y 'CONFIG_CC_VERSION_TEXT="gcc (Debian 1) 1"' \
		'# CONFIG_GPIO_VIRTIO is not set' >"$headers/.config"
	touch "$headers/Module.symvers"
	echo 7.3.4+deb13-amd64 >"$headers/include/config/kernel.release"
	printf '#define LINUX_VERSION_%s\n' 'MAJOR 7' 'PATCHLEVEL 3' 'SUBLEVEL 4' \
		>"$headers/include/generated/uapi/linux/version.h"
	printf '%s\n' 'kernelversion:' $'\t@echo 7.3.4' 'modules:' $'\t@cat $(M)/Kbuild' \
		$'\t$(CC) -c -DCC=$(CC) -I$(M)/include -o $(M)/gpio-virtio.ko $(M)/gpio-virtio.c' >"$headers/Makefile"
	printf '%s\n' '#include "gpio-virtio.h"' '#include <uapi/linux/virtio_gpio.h>' \
		'int made_of_the_checkout;' >"$REPO/drivers/gpio/gpio-virtio.c"
	touch "$REPO/drivers/gpio/gpio-virtio.h" "$REPO/include/uapi/linux/virtio_gpio.h"
	# Nothing here is really built with these.
	sed -i -E 's/^[a-z]+:[^ ]+ +(kmod|libssl-dev|libelf-dev|dwarves)$/command:bash \1/' "$REPO/tools/lib/packages.sh"
}

# refused ARGUMENT...: before anything is built or fetched.
refused() {
	run vgpio "$@"
	[ "$status" -eq 1 ]
	one_line
	[ ! -e "$XDG_CACHE_HOME/vgpio/src" ]
	[ ! -e "$XDG_CACHE_HOME/vgpio/stock" ]
}

# stock_lib COMMAND...: a function of tools/lib.
stock_lib() {
	VGPIO_ROOT=$REPO bash -c 'for lib in common process jobs packages kernel series build stock; do
		. "$VGPIO_ROOT/tools/lib/$lib.sh"; done; "$@"' - "$@"
}

@test "options without a value, and what is none" {
	refused module --headers
	[[ $output == *"--headers needs a value"* ]]
	refused module --headers=
	refused module -o
	[[ $output == *"-o needs a value"* ]]
	refused module -o "$BATS_TEST_TMPDIR/nowhere"
	[[ $output == *"-o $BATS_TEST_TMPDIR/nowhere: no such folder"* ]]
	refused module --nonsense
	[[ $output == *"does not know '--nonsense'"* ]]
	refused module gpio-virtio.ko
	[[ $output == *"does not know 'gpio-virtio.ko'"* ]]
	LINUX='' refused module --headers "$HEADERS" --release 7.2
	[[ $output == *"--release 7.2: Linux 7.3.4+deb13-amd64 is asked for"* ]]
}

@test "modules are of mainline's driver" {
	cp -r "$REPO/patches/mainline" "$REPO/patches/linux-6.12.y"
	refused module --headers "$HEADERS" --series linux-6.12.y
	[[ $output == *"--series linux-6.12.y: modules are of the driver after all of mainline's patches"* ]]
	refused e2e --guest qemu --kernel linux-image-7.3.4+deb13-amd64 --series linux-6.12.y
	[[ $output == *"--series linux-6.12.y: modules are of the driver after all of mainline's patches"* ]]
}

@test "the running kernel has no headers" {
	fake uname <<<'case $1 in -r) echo 7.3.99-nothing ;; *) echo x86_64 ;; esac'
	refused module
	[[ $output == *"Linux 7.3.99-nothing, which runs here, has no headers in /lib/modules/7.3.99-nothing/build: install its package, linux-headers-7.3.99-nothing on Debian, or pass --headers"* ]]
}

@test "what is neither a folder nor a release" {
	refused module --headers /no/such/folder
	[[ $output == *"--headers /no/such/folder: is no folder and no release"* ]]
	refused module --headers linux-image-7.3.4+deb13-amd64
	[[ $output == *"is no folder and no release"* ]]
}

@test "a folder that is no headers, or has not all of them" {
	refused module --headers "$BATS_TEST_TMPDIR"
	[[ $output == *"--headers $BATS_TEST_TMPDIR: has no Makefile; pass the folder"* ]]
	local file
	for file in Module.symvers .config include/config/kernel.release include/generated/uapi/linux/version.h; do
		mv "$HEADERS/$file" "$BATS_TEST_TMPDIR/kept"
		refused module --headers "$HEADERS"
		[[ $output == *"has no $file; pass the folder"* ]]
		mv "$BATS_TEST_TMPDIR/kept" "$HEADERS/$file"
	done
	mv "$HEADERS" "$HEADERS:1"
	refused module --headers "$HEADERS:1"
	[[ $output == *"':' in the name of that folder"* ]]
}

@test "kernels that are too old or too new: why, and what there is instead" {
	cp -r "$REPO/patches/mainline" "$REPO/patches/linux-6.12.y"
	refused module --headers 6.12.95+deb12-amd64
	[[ $output == *"Linux 6.12.95+deb12-amd64: is older than 7.2, and has not all interfaces"*"that you build yourself there are: linux-6.12.y" ]]
	refused module --headers linux-headers-7.10.1-amd64
	[[ $output == *"Linux 7.10.1-amd64: is newer than 7.3, the last release that the driver was built and tested with"* ]]
	echo 7.1.9 >"$HEADERS/include/config/kernel.release"
	refused module --headers "$HEADERS"
	[[ $output == *"Linux 7.1.9: is older than 7.2"* ]]
}

@test "kernels that lack what the module needs, or have the driver" {
	local option
	for option in X86_64 CC_IS_GCC MODULES VIRTIO GPIOLIB GPIOLIB_IRQCHIP; do
		sed -i.kept "s/^CONFIG_$option=.*/# CONFIG_$option is not set/" "$HEADERS/.config"
		refused module --headers "$HEADERS"
		[[ $output == *"Linux 7.3.4+deb13-amd64: has no CONFIG_$option, which the module needs"* ]]
		mv "$HEADERS/.config.kept" "$HEADERS/.config"
	done
	echo CONFIG_GPIO_VIRTIO=y >>"$HEADERS/.config"
	refused module --headers "$HEADERS"
	[[ $output == *"has a driver built in (CONFIG_GPIO_VIRTIO=y), which no module can replace"* ]]
}

@test "the module is of the checkout's files, and its path is all that is printed" {
	run --separate-stderr vgpio module --headers "$HEADERS"
	[ "$status" -eq 0 ]
	[ "$output" = "$XDG_CACHE_HOME/vgpio/module/7.3.4+deb13-amd64/gpio-virtio.ko" ]
	nm "$output" | grep -q made_of_the_checkout
	grep -q '^gcc -c -DCC=gcc ' "$XDG_CACHE_HOME/vgpio/logs/module-build.log"
	# The kernel has an older header of this name.
	grep -qxF 'LINUXINCLUDE := -I$(src)/include $(LINUXINCLUDE)' "$XDG_CACHE_HOME/vgpio/logs/module-build.log"
	[[ $stderr != *signed* ]]
}

@test "a folder for the module, and a word where it must be signed" {
	mkdir "$BATS_TEST_TMPDIR/out"
	echo CONFIG_MODULE_SIG_FORCE=y >>"$HEADERS/.config"
	run --separate-stderr vgpio module --headers "$HEADERS" -o "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	[ "$output" = "$BATS_TEST_TMPDIR/out/gpio-virtio.ko" ]
	[ -s "$BATS_TEST_TMPDIR/out/gpio-virtio.ko" ]
	[[ $stderr == *"loads signed modules only"* ]]
	[ -z "$(compgen -G "$XDG_CACHE_HOME/vgpio/vgpio.*")" ]
}

@test "a module for another release is refused" {
	fake modinfo <<<'echo 7.3.5 SMP'
	run vgpio module --headers "$HEADERS" -o "$BATS_TEST_TMPDIR"
	[ "$status" -eq 1 ]
	[[ $output == *"the module is for Linux '7.3.5 SMP', and the headers are those of 7.3.4+deb13-amd64"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/gpio-virtio.ko" ]
}

@test "symbols that the kernel does not export are named" {
	printf '%s\n' 'kernelversion:' 'modules:' \
		$'\t@echo \'ERROR: modpost: "virtqueue_one" [gpio-virtio.ko] undefined!\'' \
		$'\t@echo \'ERROR: modpost: "irq_two" [gpio-virtio.ko] undefined!\'' $'\t@false' >"$HEADERS/Makefile"
	run vgpio module --headers "$HEADERS"
	[ "$status" -eq 1 ]
	[[ $output == *"does not build for Linux 7.3.4+deb13-amd64, which does not export: virtqueue_one irq_two; the log is "*module-build.log* ]]
}

@test "a source stands in for headers that cannot be used here, if it is the same" {
	local why
	for why in ldd compiler makefile; do
		cp -r "$HEADERS" "$HEADERS-$why"
	done
	sed -i 's/CC_VERSION_TEXT="gcc/CC_VERSION_TEXT="no-such-compiler/' "$HEADERS-compiler/.config"
	echo 'include /no/such/Makefile' >"$HEADERS-makefile/Makefile"
	fake ldd <<<'case $* in *headers-ldd*) echo "libc.so.6: version GLIBC_9 not found" >&2 ;; esac; exit 1'
	printf '#!/bin/sh\n' | tee "$HEADERS/scripts/program" >"$HEADERS-ldd/scripts/program"
	chmod +x "$HEADERS"*/scripts/program
	for why in ldd compiler makefile; do
		run vgpio module --headers "$HEADERS-$why"
		[ "$status" -eq 1 ]
		[[ $output == *"Linux 7.3.4+deb13-amd64: its headers are those of 7.3.4, and the source that there is, of 7.3.0; pass --headers of that version, or --linux with a tree of 7.3.4"* ]]
	done
	run vgpio module --headers "$HEADERS"
	[ "$status" -eq 0 ]
	sed -i 's/^SUBLEVEL = 0/SUBLEVEL = 4/' "$LINUX/Makefile"
	git -C "$LINUX" commit -qam 7.3.4
	run vgpio module --headers "$HEADERS-ldd"
	[ "$status" -eq 1 ]
	[[ $output == *"without the file vmlinux there nothing shows whether a module that is built otherwise fits"* ]]
}

@test "what a source needs to stand in is asked for only then" {
	lacks libssl-dev
	run vgpio module --headers "$HEADERS"
	[ "$status" -eq 0 ]
	run vgpio module --headers 7.3.4+deb13-amd64
	[ "$status" -eq 1 ]
	[[ $output == *no-such-package* ]]
	[ ! -e "$XDG_CACHE_HOME/vgpio/stock" ]
}

@test "types that the kernel lays out otherwise are seen" {
	# What the kernel has, and what the module has of the same and of its own
	fake pahole <<-'END'
		case $* in
		*vmlinux*) printf '%s\t%s\t%s\n' gpio_chip 400 2 module 1216 3 twice 8 0 twice 16 0 other 4 0 ;;
		*) cat "$SIZES" ;;
		esac
	END
	export SIZES=$BATS_TEST_TMPDIR/sizes
	odd() {
		printf '%s\t%s\t%s\n' "$@" >"$SIZES"
		stock_lib eval "HEADERS=$HEADERS MODULE=$BATS_TEST_TMPDIR/a.ko; odd_types"
	}
	[ -z "$(odd gpio_chip 400 2 module 1216 3 twice 16 0 virtio_gpio 10 1)" ]
	[ "$(odd gpio_chip 400 2 module 1208 3)" = module ]
	[ "$(odd gpio_chip 400 1 module 1216 3)" = gpio_chip ]
	[ "$(odd gpio_chip 400 2 twice 12 0)" = twice ]
	[ "$(odd virtio_gpio 10 1)" = "gpio_chip, which is not there" ]
}

# fake_debian PACKAGE PART...: a package manager that has these in one version.
fake_debian() {
	[[ $(. /etc/os-release && echo "$ID") == debian ]] || skip "not a Debian machine"
	local name root=$BATS_TEST_TMPDIR/deb
	for name; do
		rm -rf "$root"
		mkdir -p "$root/DEBIAN" "$root/usr/share/$name"
		printf 'Package: %s\nVersion: 7.3.4-1\nArchitecture: all\nMaintainer: a\nDescription: b\n' \
			"$name" >"$root/DEBIAN/control"
		dpkg-deb -b "$root" "$BATS_TEST_TMPDIR/$name.deb" >/dev/null
	done
	fake apt-cache <<-END
		case "\$*" in
		*"madison $1") printf ' $1 | %s | mirror sid/main\n' 7.3.4-1 7.3.4-1~bpo13+1 ;;
		*"show $1=7.3.4-1") echo 'Depends: dracut | initramfs-tools, linux-base (>= 4.12~), linux-base-1 (= 7.3.4-1), linux-modules-1 (= 7.3.4-1), linux-kbuild-1, linux-headers-1-common (= 7.3.4-1)' ;;
		esac
	END
	fake apt-get <<-END
		echo "\$*" >>"$CALLS"
		case "\$*" in
		*indextargets*) echo "- bookworm \$(. /etc/os-release && echo \$VERSION_CODENAME) mirror:/" ;;
		*download*)
			for name in \$(printf '%s\n' "\$@" | sed -n 's/=7.3.4-1\$//p'); do
				cp "$BATS_TEST_TMPDIR/\$name.deb" .
			done ;;
		esac
	END
}

# stock_of PREFIX RELEASE
stock_of() {
	run stock_lib eval "VERBOSE=0 BASE_VERSION=7.3; cache_init; provide_stock $1 $2; echo; echo \$STOCK"
}

@test "a package is fetched with the parts that it needs in its own version, and once" {
	fake_debian linux-image-7.3.4+a linux-base-1 linux-modules-1
	stock_of linux-image- 7.3.4+a
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "$XDG_CACHE_HOME/vgpio/stock/linux-image-7.3.4+a" ]
	[ "$(ls "${lines[-1]}/usr/share" | paste -sd' ')" = "linux-base-1 linux-image-7.3.4+a linux-modules-1" ]
	rm "$CALLS"
	stock_of linux-image- 7.3.4+a
	[ "$status" -eq 0 ]
	[ ! -e "$CALLS" ]
}

@test "packages that Debian does not have, or that break off: said, and nothing kept" {
	fake_debian linux-image-7.3.4+a linux-base-1
	stock_of linux-headers- 7.3.4+b
	[ "$status" -eq 1 ]
	[[ $output == *"cannot get linux-headers-7.3.4+b: Debian has no package of this name (any more)"* ]]
	stock_of linux-image- 7.3.4+a
	[ "$status" -eq 1 ]
	[[ $output == *"cannot get linux-image-7.3.4+a: the download of linux-image-7.3.4+a broke off"* ]]
	[ -z "$(ls "$XDG_CACHE_HOME/vgpio/stock")" ]
	fake apt-get <<<'[[ $* != *indextargets* ]] || echo "- bookworm $(. /etc/os-release && echo $VERSION_CODENAME) mirror:/"; [[ $* != *update* ]]'
	stock_of linux-image- 7.3.4+a
	[ "$status" -eq 1 ]
	[[ $output == *"the Debian mirror of this machine cannot be reached or has no trixie-backports"* ]]
}

@test "e2e --kernel: packages that no guest can have" {
	refused e2e --kernel linux-image-7.3.4+deb13-amd64
	[[ $output == *"--kernel linux-image-7.3.4+deb13-amd64: is the kernel of a PC; pass --guest qemu"* ]]
	refused e2e --guest microvm --kernel linux-image-7.3.4+deb13-amd64
	[[ $output == *"pass --guest qemu"* ]]
	refused e2e --guest qemu --kernel linux-image-6.1.0-50-amd64
	[[ $output == *"Linux 6.1.0-50-amd64: is older than 7.2"* ]]
	refused e2e --guest qemu --kernel linux-image-amd64
	[[ $output == *"--kernel 'linux-image-amd64': there is plain faulty kasan kcsan base linux-image-RELEASE"* ]]
	LINUX='' refused e2e --guest qemu --kernel linux-image-7.3.4+deb13-amd64 --release 7.2
	[[ $output == *"--release 7.2: Linux 7.3.4+deb13-amd64 is asked for"* ]]
}

@test "a guest gets what loads modules, and another clock than one that it must calibrate" {
	run stock_lib eval ". $REPO/tools/lib/guest.sh; . $REPO/tools/lib/qemu.sh
		SERIES=mainline RELEASE= LINUX= KIND=qemu GUEST_KERNEL=linux-image-7.3.4+deb13-amd64
		guest_initramfs() { :; }; guest_modules() { echo modules; }
		want_stock_guest; BUILD=/build IMAGE=/image GUEST=$BATS_TEST_TMPDIR
		exec_alone() { printf '%s\n' \"\$@\" >$BATS_TEST_TMPDIR/command; }; watch_guest() { wait \$1; }
		start_machine; echo \$RELEASE; guest_programs | grep -c insmod"
	[ "$status" -eq 0 ]
	[ "$output" = "modules
7.3
1" ]
	grep -A 1 -x -e -append "$BATS_TEST_TMPDIR/command" | grep -qw tsc=unstable
	grep -A 1 -x -e -kernel "$BATS_TEST_TMPDIR/command" | grep -qx /image
	grep -A 1 -x -e -m "$BATS_TEST_TMPDIR/command" | grep -qx 512M
}

@test "a guest gets the modules in the order in which they load, the driver last" {
	fake modinfo <<<'echo gpio-regmap,virtio'
	fake modprobe <<-'END'
		echo "$*" >&2
		printf '%s\n' 'builtin virtio' 'insmod /stock/virtio_ring.ko.xz ' 'insmod /stock/virtio_pci.ko.xz '
	END
	fake cp <<<'echo "${@: -2}"'
	mkdir -p "$BATS_TEST_TMPDIR/guest/guest"
	run stock_lib eval "GUEST=$BATS_TEST_TMPDIR/guest STOCK=/stock KERNEL=7.3 GUEST_KERNEL=linux-image-7.3 MODULE=/made/gpio-virtio.ko; guest_modules"
	[ "$status" -eq 0 ]
	local to=$BATS_TEST_TMPDIR/guest/guest/modules
	[ "$output" = "-d /stock -S 7.3 -a --show-depends gpio-regmap virtio virtio_pci
/stock/virtio_ring.ko.xz $to/100-virtio_ring.ko.xz
/stock/virtio_pci.ko.xz $to/101-virtio_pci.ko.xz
/made/gpio-virtio.ko $to/102-gpio-virtio.ko" ]
}

@test "a package without a module that the guest needs" {
	fake modinfo <<<'echo'
	fake modprobe <<<'exit 1'
	run stock_lib eval "GUEST=$BATS_TEST_TMPDIR STOCK=/stock KERNEL=7.3 GUEST_KERNEL=linux-image-7.3 MODULE=m; guest_modules"
	[ "$status" -eq 1 ]
	[[ $output == *"the package linux-image-7.3 has not all modules that the guest needs: virtio_pci"* ]]
}

@test "only a kernel of a distribution may lack version 1 of the interface" {
	lack_of() {
		KIND=qemu GUEST_KERNEL=$1 ANSWER=$2 bash -c '. "$0"; gpio-uapi() { echo "$ANSWER"; }; lacks v1' \
			"$REPO/tools/guest/cases.sh"
	}
	[ "$(lack_of linux-image-7.3.4 'info EINVAL')" = \
		"this kernel has no version 1 of the character device's interface (CONFIG_GPIO_CDEV_V1)" ]
	[ -z "$(lack_of linux-image-7.3.4 "name 'led-red' consumer ''")" ]
	[ -z "$(lack_of plain 'info EINVAL')" ]
}
