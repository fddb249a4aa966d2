# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What has to be installed: the one place that knows it.

# Each line: how to see that it is there, and the Debian package that has it.
readonly NEEDS='
command:gcc             gcc
file:/usr/include/stdio.h libc6-dev
command:make            make
command:flex            flex
command:bison           bison
command:bc              bc
command:perl            perl
command:python3         python3
command:git             git
command:xz              xz-utils
command:flock           util-linux
command:pkg-config      pkg-config
pkgconfig:cmocka        libcmocka-dev
pkgconfig:ncursesw      libncurses-dev
command:gpiodetect      gpiod
command:bats            bats
command:mandoc          mandoc
file:/etc/ssl/certs/ca-certificates.crt ca-certificates
'

# The same for kernels that run in QEMU.
readonly QEMU_NEEDS='
command:qemu-system-x86_64 qemu-system-x86
file:/usr/include/gelf.h libelf-dev
'

# The same for guests there that are told of what uses their lines.
readonly ACPI_NEEDS='
command:iasl            acpica-tools
'

# The same for the simulator's fuzzers.
readonly FUZZ_NEEDS='
command:clang           clang
command:llvm-symbolizer llvm
glob:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a libclang-rt-dev
'

# The same to see which lines ran, and for the rows of 'matrix', by the names that
# kunit/matrix has for them.
readonly LCOV_NEEDS='
command:lcov            lcov
'
readonly POWERPC_NEEDS='
command:powerpc-linux-gnu-gcc gcc-powerpc-linux-gnu
command:qemu-system-ppc qemu-system-ppc
'
readonly ARM64_NEEDS='
command:aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
command:qemu-system-aarch64 qemu-system-arm
'
readonly CLANG_NEEDS='
command:clang-19        clang-19
'

# The same for the checks, by the names in the heads of tools/checks, and for
# 'submit': what Debian 13's b4 needs.
readonly SPARSE_NEEDS='
command:sparse          sparse
'
readonly COCCINELLE_NEEDS='
command:spatch          coccinelle
'
readonly CODESPELL_NEEDS='
command:codespell       codespell
'
readonly CHECKPATCH_NEEDS='
file:/usr/lib/python3/dist-packages/ply python3-ply
file:/usr/lib/python3/dist-packages/git python3-git
command:codespell       codespell
'
readonly PAHOLE_NEEDS='
command:pahole          dwarves
command:g++             g++
'
readonly B4_NEEDS='
file:/usr/lib/python3/dist-packages/patatt python3-patatt
file:/usr/lib/python3/dist-packages/dkim python3-dkim
file:/usr/lib/python3/dist-packages/dns python3-dnspython
file:/usr/lib/python3/dist-packages/requests python3-requests
command:git-filter-repo git-filter-repo
'

# The same for 'bench' and its plots.
readonly BENCH_NEEDS='
command:gnuplot         gnuplot-nox
command:taskset         util-linux
'

# need_more NAME, need_qemu, need_fuzz: these count as well from now on.
MORE_NEEDS=
need_more() {
	local needs=${1^^}_NEEDS
	[[ ${!needs:-} ]] || die "tools/lib/packages.sh does not know what '$1' is"
	MORE_NEEDS+=${!needs}
}

need_qemu() {
	need_more qemu
}
need_fuzz() {
	need_more fuzz
}

# have CHECK: whether what CHECK names is there.
have() {
	local name=${1#*:}
	case $1 in
	command:*) command -v "$name" >/dev/null ;;
	pkgconfig:*) pkg-config --exists "$name" 2>/dev/null ;;
	file:*) [[ -e $name ]] ;;
	glob:*) compgen -G "$name" >/dev/null ;;
	esac
}

# missing_packages: the Debian packages to install, one a line.
missing_packages() {
	local check package
	while read -r check package; do
		[[ -z $check ]] || have "$check" || say "$package"
	done < <(sort -u <<<"$NEEDS$MORE_NEEDS")
}

# as_root COMMAND...: as root, without asking for a password; fails where
# that cannot be.
as_root() {
	if ((EUID == 0)); then
		"$@"
	else
		sudo -n "$@"
	fi
}

may_be_root() {
	((EUID == 0)) || sudo -n true 2>/dev/null
}

# apt_install PACKAGE...: the package list may be stale or empty, and a
# refresh takes seconds, so it comes first.
apt_install() {
	local log
	log_file log setup
	run_step 'refreshing the package list' "$log" as_root apt-get -q update ||
		note "  the package list could not be refreshed; trying with the old one"
	step -l 1800 "installing $*" "$log" as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "$@"
}

# ensure_packages: install what is missing, or say what to install.
ensure_packages() {
	local missing
	mapfile -t missing < <(missing_packages)
	((${#missing[@]})) || return 0
	command -v apt-get >/dev/null ||
		die "install what Debian packages as: ${missing[*]}"
	may_be_root ||
		die "as root, run: apt-get install ${missing[*]}"
	apt_install "${missing[@]}"
	mapfile -t missing < <(missing_packages)
	((${#missing[@]} == 0)) || die "still missing after the install: ${missing[*]}"
}
