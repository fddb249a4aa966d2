#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The series for linux-5.10.y, as far as it can be looked at without a kernel.

setup() {
	REPO=$BATS_TEST_DIRNAME/../..
	PATCHES=$REPO/patches/linux-5.10.y
}

# header_of_5_10 FOLDER: the uapi header as the series makes it, below FOLDER.
header_of_5_10() {
	git init -q "$1"
	git -C "$1" apply --include=include/uapi/linux/virtio_gpio.h "$PATCHES"/0*.patch
}

# interface HEADER: the value of each macro, and the layout of each structure.
interface() {
	local name
	{
		printf '#include <stddef.h>\n#include <stdio.h>\n#include "%s"\n' "$1"
		echo 'int main(void) {'
		while read -r name; do
			printf '\tprintf("%s %%#x\\n", (unsigned int)(%s));\n' "$name" "$name"
		done < <(sed -n 's/^#define \(VIRTIO_GPIO_[A-Z0-9_]*\)[[:space:]].*/\1/p' "$1" | sort)
		awk '
			/^struct .* \{$/ {
				type = $1 " " $2
				printf "\tprintf(\"%s %%zu\\n\", sizeof(%s));\n", type, type
			}
			/^}/ { type = "" }
			type && /;$/ {
				member = $2
				sub(/[[;].*/, "", member)
				printf "\tprintf(\"%s %s.%s %%zu\\n\", offsetof(%s, %s));\n", $1, type, member, type, member
			}' "$1"
		echo '}'
	} >"$BATS_TEST_TMPDIR/interface.c"
	gcc -Wall -Wextra -Werror -o "$BATS_TEST_TMPDIR/interface" "$BATS_TEST_TMPDIR/interface.c"
	"$BATS_TEST_TMPDIR/interface"
}

@test "the uapi header of 5.10 has the names and values of mainline's" {
	header_of_5_10 "$BATS_TEST_TMPDIR/tree"
	ours=$(interface "$BATS_TEST_TMPDIR/tree/include/uapi/linux/virtio_gpio.h")
	theirs=$(interface "$REPO/include/uapi/linux/virtio_gpio.h")
	(($(wc -l <<<"$ours") >= 30))
	[[ $ours == *"VIRTIO_GPIO_MSG_IRQ_TYPE 0x6"* ]]
	[[ $ours == *"__le32 struct virtio_gpio_config.gpio_names_size 4"* ]]
	diff <(echo "$ours") <(echo "$theirs")
}

differences() {
	python3 "$REPO/tools/lib/differences.py" rules one two file
}

@test "differences: each has its reason, and one without fails" {
	cd "$BATS_TEST_TMPDIR"
	mkdir one two
	printf 'int f(void)\n{\n\tguard(x);\n}\n' >one/file
	printf 'int f(void)\n{\n\tlock(x);\n}\n' >two/file
	printf '# a comment\nguard\tlocks by hand\n' >rules
	run differences
	[[ $status == 0 && $output == *$'@@ int f(void)\n# locks by hand\n-\tguard(x);\n+\tlock(x);'* ]]

	printf 'int h;\n\n\n\n\n\n\nint f(void)\n{\n\tguard(x);\n}\n' >two/file
	run differences
	[[ $status == 1 && $output == *"no rule explains"*"+int h;"* ]]
}

@test "differences: rules that are none are refused" {
	cd "$BATS_TEST_TMPDIR"
	mkdir one two
	echo 'no tab' >rules
	run differences
	[[ $status != 0 && $output == *"rules:1: has no tab"* ]]
	printf '(\twhy\n' >rules
	run differences
	[[ $status != 0 && $output == *"rules:1: is no regular expression"* ]]
}
