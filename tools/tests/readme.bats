#!/usr/bin/env bats
# What the READMEs name is there.

setup() {
	TOP=$BATS_TEST_DIRNAME/../..
	READMES=("$TOP/README.md" "$TOP/tools/README.md")
}

@test "README: no longer than a few screens" {
	[ "$(wc -l <"$TOP/README.md")" -le 120 ]
}

@test "README: the KUnit cases are there" {
	local name count=0
	while read -r name; do
		grep -qE "KUNIT_CASE[A-Z_]*\(${name%\*}" "$TOP"/drivers/gpio/tests/*.c
		count=$((count + 1))
	done < <(grep -ohE '`gpio_virtio_[a-z0-9_]+\*?`' "${READMES[@]}" | tr -d '`' | grep -v '^gpio_virtio_fixes\*$' | sort -u)
	[ "$count" -gt 5 ]
	grep -q '"gpio_virtio_fixes' "$TOP"/drivers/gpio/tests/*.c
}

@test "README: the verbs and their options are there" {
	local verb option
	while read -r verb; do
		[ -f "$TOP/tools/cmd/$verb" ]
	done < <(grep -ohE 'tools/vgpio( --series [a-z0-9.-]+)? [a-z][a-z0-9]+' "${READMES[@]}" | awk '{ print $NF }' | sort -u)
	while read -r verb option; do
		grep -qE -- "(^|[ |(])$option([ |)=]|\$)" "$TOP/tools/cmd/$verb" "$TOP/tools/vgpio"
	done < <(grep -ohE 'tools/vgpio [a-z0-9]+ [^`#]*' "${READMES[@]}" |
		awk '{ for (i = 3; i <= NF; i++) if ($i ~ /^--/) print $2, $i }' | sort -u)
}

@test "README: links lead to files" {
	local readme link
	for readme in "${READMES[@]}" "$TOP/tools/sim/README.md"; do
		while read -r link; do
			[ -e "$(dirname "$readme")/$link" ]
		done < <(grep -oE '\]\([^)#:]+\)' "$readme" | sed 's/^](//; s/)$//')
	done
}
