#!/usr/bin/env bats
# kunit: what is built for it, and what it makes of what a kernel says. The kernel is a
# script, which the Makefile of the small kernel puts in place.

load helper

setup() {
	common_setup make_suites
}

# make_suites: a kernel that has some, and a series.
make_suites() {
	cp -r "$BATS_TEST_DIRNAME/../../kunit" "$REPO"
	mkdir -p "$LINUX/tools/testing/kunit"
	printf 'all:\n\t%s\n\t%s\n\t%s\n' '! grep broken drivers/gpio/gpio-virtio.c' \
		'cp tools/linux drivers/gpio/gpio-virtio.c $(O)' 'touch $(O)/vmlinux' >>"$LINUX/Makefile"
	printf '\t@echo "$(CFLAGS_gpio_virtio_bank.o)" >$(O)/flags\n' >>"$LINUX/Makefile"
	printf 'allnoconfig:\n\tcp $(KCONFIG_ALLCONFIG) $(O)/.config\n' >>"$LINUX/Makefile"
	mkdir -p "$LINUX/tools/testing/kunit/configs"
	echo CONFIG_UML_OF_KUNIT=y >"$LINUX/tools/testing/kunit/configs/arch_uml.config"
	printf 'config %s\n' GPIOLIB GPIO_VIRTIO >"$LINUX/drivers/gpio/Kconfig"
	a_kernel >"$LINUX/tools/linux"
	chmod +x "$LINUX/tools/linux"
	a_kunit >"$LINUX/tools/testing/kunit/kunit.py"
	git -C "$LINUX" add .
	git -C "$LINUX" commit -qm suites
	make_series
}

# a_kunit: a kunit.py that has no configuration to make.
a_kunit() {
	cat <<-'END'
		import sys  # knows --kunitconfig
		if sys.argv[1] == "config":
		    sys.exit("--kunitconfig is not asked for a lean kernel")
	END
}

# configured BUILD: the options of the suites in the build of that name.
configured() {
	sed '1,/CONFIG_UML_OF_KUNIT/d' "$XDG_CACHE_HOME"/vgpio/build/*/"$1"/.config | paste -sd' '
}

# all_there: to the tools, all that they need is installed.
all_there() {
	sed -i -E 's/^[a-z]+:[^ ]+ +/command:bash /' "$REPO/tools/lib/packages.sh"
}

# a_kernel: one whose cases do as their names say; 'five' wants the driver of 1-fixes.
a_kernel() {
	cat <<-'END'
		#!/bin/bash
		glob='*'
		for arg; do [[ $arg != kunit.filter_glob=* ]] || glob=${arg#*=}; done
		if [[ " $* " == *' kunit.action=list '* ]]; then
			for name in good bad hangs dies skips warns five leaves; do
				[[ suite.$name != $glob ]] || printf 'suite.%s\r\n' "$name"
			done
			exit
		fi
		result='ok 1'
		case ${glob#*.} in
		bad) result='not ok 1' ;;
		hangs) exec sleep 60 ;;
		dies) echo 'Kernel panic - not syncing: BUG!'; exit 1 ;;
		leaves) exit 0 ;;
		warns) echo 'WARNING: lib/list_debug.c:1 at list_del' ;;
		five) grep -q 'return 5;' "$(dirname "$0")/gpio-virtio.c" || result='not ok 1' ;;
		esac
		printf '1..1\n    1..1\n    %s %s%s\n%s suite\n' "$result" "${glob#*.}" \
			"$([[ $glob != *.skips ]] || echo ' # SKIP no')" "$result"
	END
}

@test "kunit --isolate: what comes of each case" {
	run vgpio kunit --isolate --limit 1
	[ "$status" -eq 1 ]
	local line
	for line in 'good +ok' 'bad +FAIL' 'hangs +hang' 'dies +crash +Kernel panic - not syncing: BUG!' 'skips +skip' \
		'warns +FAIL +WARNING: lib/list_debug.c' 'five +ok' 'leaves +crash'; do
		grep -qE "^suite.$line" <<<"$output"
	done
	[ "$(grep -c '^suite\.' <<<"$output")" -eq 8 ]
	[[ $output == *"2 passed, 5 failed, 1 skipped"* ]]
}

@test "kunit --isolate: a filter, and one that nothing fits" {
	run vgpio kunit --isolate 'suite.[gs]*'
	[ "$status" -eq 0 ]
	[ "$(grep -c '^suite\.' <<<"$output")" -eq 2 ]
	[[ $output == *"1 passed, 0 failed, 1 skipped"* ]]
	run vgpio kunit --isolate none
	[ "$status" -eq 1 ]
	[[ $output == *"there is no case to run, none is as none"*"0 passed, 1 failed"* ]]
}

@test "kunit --on: the suites of the end on the driver of a folder, and nothing stays" {
	run vgpio kunit --on base --isolate suite.five
	[ "$status" -eq 1 ]
	[[ $output == *"0 passed, 1 failed"* ]]
	run vgpio kunit --on 1-fixes --isolate suite.five
	[ "$status" -eq 0 ]
	run vgpio kunit --on mainline/1-fixes --debug --isolate suite.five
	[ "$status" -eq 0 ]
	vgpio kunit --on base --isolate suite.good
	run vgpio kunit --isolate suite.five
	[ "$status" -eq 0 ]
	[[ $output == *"1 passed, 0 failed"* ]]
	[ "$(basename -a "$XDG_CACHE_HOME"/vgpio/build/*/* | paste -sd' ')" = "kunit-on-debug kunit-on-plain kunit-plain" ]
}

@test "kunit --on: the suites are told that the driver is older" {
	vgpio kunit --on 1-fixes --isolate suite.good
	local build
	build=$(echo "$XDG_CACHE_HOME"/vgpio/build/*/kunit-on-plain)
	grep -qxF -- "-include $build/older-driver.h" "$build/flags"
	cmp "$REPO/kunit/older-driver.h" "$build/older-driver.h"
	vgpio kunit --isolate suite.good
	[ -z "$(<"$(echo "$XDG_CACHE_HOME"/vgpio/build/*/kunit-plain/flags)")" ]
}

@test "kunit --on: a folder that there is not, and one that comes later" {
	run vgpio kunit --on 3-none
	[ "$status" -eq 1 ]
	one_line
	[[ $output == *"--on 3-none: there is base 1-fixes 2-tests" ]]
	run vgpio kunit --series 1-fixes --on 2-tests
	[ "$status" -eq 1 ]
	[[ $output == *"--on 2-tests: there is base 1-fixes" ]]
}

@test "kunit: a tree without suites is built, and says so" {
	run vgpio kunit --series 1-fixes
	[ "$status" -eq 0 ]
	[[ $output == *"builds; this tree has no suites up to 1-fixes"*"1 passed, 0 failed"* ]]
	[ "$(configured kunit-plain)" = "CONFIG_GPIOLIB=y CONFIG_GPIO_VIRTIO=y" ]
	mkdir "$REPO/patches/linux-7.2.y"
	cp -r "$REPO"/patches/mainline/{BASE,1-fixes} "$REPO/patches/linux-7.2.y"
	run vgpio kunit --series linux-7.2.y
	[ "$status" -eq 0 ]
	[[ $output == *"builds; this tree has no suites"*"1 passed, 0 failed"* && $output != *"up to"* ]]
	vgpio kunit --series linux-7.2.y/1-fixes --debug
	[ "$(configured kunit-debug)" = "CONFIG_GPIOLIB=y CONFIG_GPIO_VIRTIO=y" ]
}

@test "kunit --build: no case is run, and nothing that goes with cases is taken" {
	run vgpio kunit --build
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} == "1 passed, 0 failed" && $output != *suite* ]]
	local options
	for options in 'suite.good' --isolate '--on base'; do
		# shellcheck disable=SC2086 # several words
		run vgpio kunit --build $options
		[ "$status" -eq 1 ]
		[[ $output == *"--build runs nothing: pass it without "* ]]
	done
}

@test "kunit: a tree with suites gets the options that it has up to the folder" {
	vgpio kunit --series 2-tests --isolate suite.good
	[ "$(configured kunit-plain)" = "CONFIG_GPIOLIB=y CONFIG_GPIO_VIRTIO=y" ]
	vgpio kunit --isolate suite.good
	[ "$(configured kunit-plain)" = "$(sed /PCI=/d "$REPO/kunit/gpio-virtio.kunitconfig" | paste -sd' ')" ]
}

@test "kunit: a tree without suites must build the driver" {
	sed -i '/^CONFIG_GPIO_VIRTIO=/d' "$REPO"/kunit/{gpio-virtio.kunitconfig,demo-uml.config}
	run vgpio kunit --series 1-fixes
	[ "$status" -eq 1 ]
	[[ $output == *"failed: the driver is not built: "*"0 passed, 1 failed" && $output != *builds* ]]
}

@test "kunit: an option that the kernel does not take is named" {
	sed -i 's/^\tcp $(KCONFIG_ALLCONFIG) /\tgrep -v GPIOLIB $(KCONFIG_ALLCONFIG) > /' "$LINUX/Makefile"
	git -C "$LINUX" commit -qam 'no GPIO'
	run vgpio kunit
	[ "$status" -eq 1 ]
	[[ $output == *"this kernel does not take CONFIG_GPIOLIB=y"*"0 passed, 1 failed" ]]
}

@test "kunit: the suites of gpiolib run before there are others" {
	touch "$LINUX/drivers/gpio/gpiolib-kunit.c"
	git -C "$LINUX" add .
	git -C "$LINUX" commit -qm suites
	run vgpio kunit --series 1-fixes --isolate suite.good
	[ "$status" -eq 0 ]
	[[ $output != *"no suites"* ]]
}

@test "kunit: what only suites can do is refused where there is none" {
	local options
	all_there
	for options in 'gpio*' --isolate --rt '--on base'; do
		# shellcheck disable=SC2086 # several words
		run vgpio kunit --series 1-fixes $options
		[ "$status" -eq 1 ]
		[[ $output == *"no suites up to 1-fixes, so there is nothing to run; leave out FILTER, --isolate, --rt and --on" ]]
	done
}

@test "kunit: options that a commit does not know go, in place as well" {
	printf 'CONFIG_%s=y\n' GPIO_VIRTIO NONE >"$BATS_TEST_TMPDIR/config"
	git -C "$LINUX" config color.ui always
	run -1 bash -c 'SRC=$2 VGPIO_ROOT=$2 LINUX=; . "$1/git.sh"; shield_git; . "$1/build.sh"; known_options HEAD "$3" "$3"' - "$REPO/tools/lib" "$LINUX" \
		"$BATS_TEST_TMPDIR/config"
	[ "$(<"$BATS_TEST_TMPDIR/config")" = CONFIG_GPIO_VIRTIO=y ]
}

@test "kunit: a tree without suites that does not build" {
	echo broken >>"$WORK/drivers/gpio/gpio-virtio.c"
	git -C "$WORK" commit -qa --fixup=HEAD~1
	GIT_SEQUENCE_EDITOR=true git -C "$WORK" rebase -q -i --autosquash vgpio-base
	vgpio export
	run vgpio kunit --series 1-fixes
	[ "$status" -eq 1 ]
	[[ $output == *"0 passed, 1 failed"* && $output != *builds* ]]
}

@test "kunit --each: a line for each patch, with its folder" {
	run vgpio kunit --each
	[ "$status" -eq 0 ]
	[[ $output == *"1-fixes/0001-gpio-virtio-Return-five "*"1-fixes/0002-gpio-virtio-Return-thirty "*"2-tests/0001-gpio-virtio-Add-tests "*"3 passed, 0 failed"* ]]
	run vgpio kunit --each --series 2-tests
	[ "$status" -eq 0 ]
	[[ $output == *"2-tests/0001-gpio-virtio-Add-tests "*"1 passed, 0 failed"* && $output != *1-fixes/* ]]
}
