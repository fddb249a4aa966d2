# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Several devices, and how they are wired.

a_case two_chips "two devices at once: each has its own lines" second
two_chips() {
	local other
	host set 5 1 >/dev/null
	BOARD=1 host set 5 0 >/dev/null
	check "line 5 of the first" "$(get 5)" 1 || return
	hold 0=1
	use_board 1
	check "line 5 of the second" "$(get 5)" 0 || return
	other=$HOLDER
	hold 0=0 6=1
	wait_for 6 direction output
	check "outputs of the second" "$(values_of 0 6)" 01 || return
	release
	HOLDER=$other
	use_board 0
	check "outputs of the first" "$(values_of 0)" 1
}

a_case two_chips_busy "two devices at once: edges of one while the other is read and written" second irq rearm
two_chips_busy() {
	local i
	uapi toggle 24 "$(rounds)" >/tmp/case/load &
	PIDS+=($!)
	use_board 1
	host set 3 0 >/dev/null
	uapi_behind /tmp/case/edges armed edges input,rising,falling 200 3 || return
	wait_for 3 trigger both
	check "edges of the second" "$(host toggle 3 200 rearm 5s)" ok || return
	end_behind
	check "edges of the second" "$(grep -c ' line 3 ' /tmp/case/edges)" 200 || return
	wait "${PIDS[@]}"
	PIDS=()
	check "lines of the first" "$(</tmp/case/load)" "0 wrong of $(rounds)"
}

a_case vectors "each queue has an MSI-X vector of its own, which counts" msix irq
vectors() {
	local name
	name=$(basename "$(virtio_device)")
	show "/proc/interrupts" "$(grep "$name-" /proc/interrupts)"
	check "vectors" "$(grep -c "MSI.*$name-\(requestq\|eventq\)\$" /proc/interrupts)" 2 || return
	count_interrupts "$name-requestq" "$name-eventq"
}

a_case intx "a PCI device without enough vectors has one interrupt for its queues, which counts" intx irq rearm
intx() {
	local name
	name=$(basename "$(virtio_device)")
	show "/proc/interrupts" "$(grep "$name\$" /proc/interrupts)"
	check "interrupts" "$(grep "$name\$" /proc/interrupts | grep -vc MSI)" 1 || return
	count_interrupts "$name" "$name"
}

# count_interrupts REQUESTQ EVENTQ: as they are named in /proc/interrupts.
count_interrupts() {
	local before after
	before=$(interrupts_of "$1")
	uapi toggle 24 50 >/dev/null
	after=$(interrupts_of "$1")
	check "interrupts for 100 requests" $((after - before >= 100)) 1 || return
	before=$(interrupts_of "$2")
	host set 3 0 >/dev/null
	record 3 /tmp/case/edges
	host toggle 3 10 rearm 5s >/dev/null
	end_record 10
	after=$(interrupts_of "$2")
	check "interrupts for 10 events" $((after - before >= 10)) 1
}

# msix_vectors: that the PCI function of CHIP offers: a byte and a half in the
# capability 0x11 of its configuration.
msix_vectors() {
	od -v -An -w1 -t u1 "$(virtio_device)/../config" | awk '
		{ byte[NR - 1] = $1 }
		END {
			for (at = byte[52]; at; at = byte[at + 1])
				if (byte[at] == 17)
					print byte[at + 2] + byte[at + 3] % 8 * 256 + 1
		}'
}

# interrupts_of NAME: on all processors.
interrupts_of() {
	awk -v name="$1" '$NF == name { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}

a_case processors "programs on two processors use lines of one device at the same time" cpus
processors() {
	local i
	for ((i = 0; i < 8; i++)); do
		taskset -c $((i & 1)) timeout -s KILL 60 gpio-uapi "/dev/$CHIP" toggle $((16 + i)) 500 \
			>"/tmp/case/load$i" 2>&1 &
		PIDS+=($!)
	done
	wait "${PIDS[@]}"
	PIDS=()
	check "what the programs read" "$(sort /tmp/case/load[0-7] | uniq -c | sed 's/^ *//')" "8 0 wrong of 500"
}

a_case transport "the device sits on virtio-mmio" mmio
transport() {
	check "bus" "$(readlink -f "$(virtio_device)/../driver" | sed 's|.*/||')" virtio-mmio
}

a_case real_lines "the simulator passes on lines of real chips, which gpio-sim plays here" gpio_sim
real_lines() {
	local said
	said=$(timeout -s KILL 60 test_chip 2>&1)
	show "test_chip" "$(grep -E '^\[ +(OK|PASSED|FAILED|SKIPPED|ERROR) +\]' <<<"$said")"
	check "tests that fail or are left out" "$(grep -E '^\[ +(FAILED|SKIPPED|ERROR|LINE) +\]' <<<"$said")" '' || return
	check "tests that pass" "$(sed -n 's/^\[  PASSED  \] //p' <<<"$said")" \
		"$(sed -n 's/^\[=*\] Running \(.*\)/\1/p' <<<"$said")"
}

a_case handshake "two guests shake hands over four wires between their boards" second irq partner
handshake() {
	local said line rounds=500
	use_board 1
	# What the host drives would hold the wires.
	for line in 4 5 6 7; do
		host release "$line" >/dev/null
	done
	ask partner start
	check "the other guest" "$(wait_until partner_ready && echo ready)" ready || return
	said=$(timeout -s KILL 60 gpio-handshake "/dev/$CHIP" 4 ask "$rounds" 2>&1)
	show "gpio-handshake /dev/$CHIP 4 ask $rounds" "$said"
	check "rounds with the right echo" "$said" "$rounds of $rounds" || return
	ask partner end
	check "what the other guest let go of" "$(wait_until partner_gone && echo gone)" gone
}

# partner_line LINE: what the host knows of one of the other guest's.
partner_line() {
	host @partner get | grep "^line $1 "
}

partner_ready() {
	[[ $(partner_line 4) == *"trigger both unmasked 1"* ]]
}

partner_gone() {
	[[ $(partner_line 5) == *"direction none"* ]]
}
