# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What has to be installed: the one place that knows it.

# Each line: how to see that it is there, which 'have' explains, and the Debian package
# that has it. Linux's make calls gcc by this name, so another compiler does not do.
readonly NEEDS='
command:gcc             gcc
header:stdio.h          libc6-dev
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
python:pytest           python3-pytest
command:gpiodetect      gpiod
command:bats            bats
command:mandoc          mandoc
certificates:of-authorities ca-certificates
'

# The same for kernels that run in QEMU.
readonly QEMU_NEEDS='
command:qemu-system-x86_64 qemu-system-x86
header:gelf.h           libelf-dev
'

# The same for guests there that are told of what uses their lines.
readonly ACPI_NEEDS='
command:iasl            acpica-tools
'

# The same for the simulator's fuzzers.
readonly FUZZ_NEEDS='
command:clang           clang
command:llvm-symbolizer llvm
fuzzer:clang            libclang-rt-dev
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
clang:17                clang-19
'

# The same for the checks, by the names in the heads of tools/checks, and for
# 'mails': what Debian 13's b4 needs.
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
python:ply              python3-ply
python:git              python3-git
command:codespell       codespell
'
readonly PAHOLE_NEEDS='
command:pahole          dwarves
command:g++             g++
'
readonly B4_NEEDS='
python:patatt           python3-patatt
python:dkim             python3-dkim
python:dns              python3-dnspython
python:requests         python3-requests
command:git-filter-repo git-filter-repo
'

# The same for modules, and for sources that stand in for headers: with what they were
# configured, so that they stay so.
readonly MODULE_NEEDS='
command:modinfo         kmod
command:strip           binutils
'
readonly STAND_IN_NEEDS='
header:openssl/bio.h    libssl-dev
header:gelf.h           libelf-dev
command:pahole          dwarves
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

# have CHECK: whether what CHECK names is there: by what it does, as its place differs
# between distributions. The number of clang is its oldest release that will do.
have() {
	local name=${1#*:}
	case $1 in
	command:*) command -v "$name" ;;
	pkgconfig:*) pkg-config --exists "$name" ;;
	header:*) gcc -E -x c -o /dev/null - <<<"#include <$name>" ;;
	python:*) system_python -c "import $name" ;;
	certificates:*) have_certificates ;;
	fuzzer:*) "$name" -fsanitize=fuzzer -x c -o /dev/null - <<<"$A_FUZZER" ;;
	clang:*) version_ge "$(newest_clang | cut -d' ' -f1)" "$name" ;;
	esac >/dev/null 2>&1
}

readonly A_FUZZER='int LLVMFuzzerTestOneInput(void) { return 0; }'

# system_python ARGUMENT...: not one that somebody put before it, which has not what
# the distribution packages.
system_python() {
	PATH=/usr/bin:$PATH python3 "$@"
}

# have_certificates: one of the files that distributions keep them in is there.
have_certificates() {
	local file
	for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt \
		/etc/ssl/ca-bundle.pem /etc/ssl/certs/ca-bundle.crt /etc/ssl/cert.pem; do
		[[ ! -e $file ]] || return 0
	done
	return 1
}

# newest_clang: of those in PATH, its version and its name.
newest_clang() {
	local name
	for name in $(compgen -c clang | grep -xE 'clang(-[0-9]+)?' | sort -u); do
		say "$("$name" -dumpversion 2>/dev/null) $name"
	done | sort -V | tail -n 1
}

# missing_needs: what is missing, one a line: how that was seen, and the Debian package.
missing_needs() {
	local check package
	while read -r check package; do
		[[ -z $check ]] || have "$check" || say "$check $package"
	done < <(sort -u <<<"$NEEDS$MORE_NEEDS")
}

# missing_packages: the Debian packages to install, one a line.
missing_packages() {
	missing_needs | cut -d' ' -f2 | sort -u
}

# explain_missing: in one line, each package and what was looked for.
explain_missing() {
	missing_needs | sed -E 's/^([a-z]+):([^ ]*) (.*)/\3 (\1 \2)/' | paste -sd, | sed 's/,/, /g'
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
		die "install what Debian packages as: $(explain_missing)"
	may_be_root ||
		die "as root, run: apt-get install ${missing[*]}"
	apt_install "${missing[@]}"
	mapfile -t missing < <(missing_packages)
	((${#missing[@]} == 0)) || die "still missing after the install: $(explain_missing)"
}
