// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a PC in QEMU is told of its third device, as guest.dts tells User-Mode
 * Linux: the lines that belong to drivers of the kernel. QEMU's own tables
 * describe the PCI slots.
 */
DefinitionBlock ("", "SSDT", 2, "VGPIO", "USERS", 1)
{
	External (\_SB.PCI0.S30, DeviceObj)

	Scope (\_SB)
	{
		Device (KEYS)
		{
			Name (_HID, "PRP0001")
			Name (_CRS, ResourceTemplate ()
			{
				GpioIo (Exclusive, PullDefault, 0, 0, IoRestrictionInputOnly,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 0, 4 }
			})
			Name (_DSD, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "compatible", "gpio-keys" },
					Package () { "label", "keys" },
				},
				ToUUID ("dbb8e3e6-5886-4ba6-8795-1319f52a966b"),
				Package ()
				{
					Package () { "enter", "ENTR" },
					Package () { "bouncy", "BNCY" },
				}
			})
			Name (ENTR, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "label", "enter" },
					Package () { "linux,code", 28 },
					Package () { "debounce-interval", 0 },
					Package () { "gpios", Package () { ^KEYS, 0, 0, 0 } },
					Package () { "wakeup-source", 1 },
				}
			})
			Name (BNCY, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "label", "bouncy" },
					Package () { "linux,code", 48 },
					Package () { "debounce-interval", 400 },
					Package () { "gpios", Package () { ^KEYS, 0, 1, 0 } },
				}
			})
		}

		Device (LEDS)
		{
			Name (_HID, "PRP0001")
			Name (_CRS, ResourceTemplate ()
			{
				GpioIo (Exclusive, PullDefault, 0, 0, IoRestrictionOutputOnly,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 1 }
			})
			Name (_DSD, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "compatible", "gpio-leds" },
				},
				ToUUID ("dbb8e3e6-5886-4ba6-8795-1319f52a966b"),
				Package ()
				{
					Package () { "lamp", "LAMP" },
				}
			})
			Name (LAMP, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "label", "lamp" },
					Package () { "gpios", Package () { ^LEDS, 0, 0, 0 } },
				}
			})
		}

		Device (ALRM)
		{
			Name (_HID, "PRP0001")
			Name (_CRS, ResourceTemplate ()
			{
				GpioInt (Level, ActiveHigh, Exclusive, PullDefault, 0,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 2 }
			})
			Name (_DSD, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "compatible", "generic-uio" },
					Package () { "linux,uio-name", "alarm" },
				}
			})
		}

		Device (BELL)
		{
			Name (_HID, "PRP0001")
			Name (_CRS, ResourceTemplate ()
			{
				GpioInt (Edge, ActiveHigh, Exclusive, PullDefault, 0,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 3 }
			})
			Name (_DSD, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "compatible", "generic-uio" },
					Package () { "linux,uio-name", "bell" },
				}
			})
		}

		Device (KNOB)
		{
			Name (_HID, "PRP0001")
			Name (_CRS, ResourceTemplate ()
			{
				GpioIo (Exclusive, PullDefault, 0, 0, IoRestrictionInputOnly,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 5, 6 }
			})
			Name (_DSD, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "compatible", "rotary-encoder" },
					Package () { "gpios", Package () { ^KNOB, 0, 0, 0, ^KNOB, 0, 1, 0 } },
					Package () { "linux,axis", 0 },
					Package () { "rotary-encoder,relative-axis", 1 },
					Package () { "rotary-encoder,steps-per-period", 4 },
				}
			})
		}

		Device (I2CG)
		{
			Name (_HID, "PRP0001")
			Name (_CRS, ResourceTemplate ()
			{
				GpioIo (Exclusive, PullDefault, 0, 0, IoRestrictionNone,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 7, 8 }
			})
			Name (_DSD, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "compatible", "i2c-gpio" },
					Package () { "sda-gpios", Package () { ^I2CG, 0, 0, 0 } },
					Package () { "scl-gpios", Package () { ^I2CG, 0, 1, 0 } },
				}
			})
		}

		Device (PPS0)
		{
			Name (_HID, "PRP0001")
			Name (_CRS, ResourceTemplate ()
			{
				GpioIo (Exclusive, PullDefault, 0, 0, IoRestrictionInputOnly,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 9 }
			})
			Name (_DSD, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "compatible", "pps-gpio" },
					Package () { "gpios", Package () { ^PPS0, 0, 0, 0 } },
				}
			})
		}

		Device (KPAD)
		{
			Name (_HID, "PRP0001")
			Name (_CRS, ResourceTemplate ()
			{
				GpioIo (Exclusive, PullDefault, 0, 0, IoRestrictionOutputOnly,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 11 }
				GpioIo (Exclusive, PullDefault, 0, 0, IoRestrictionInputOnly,
					"\\_SB.PCI0.S30", 0, ResourceConsumer) { 12, 13 }
			})
			Name (_DSD, Package ()
			{
				ToUUID ("daffd814-6eba-4d8c-8a91-bc9bbf4aa301"),
				Package ()
				{
					Package () { "compatible", "gpio-matrix-keypad" },
					Package () { "col-gpios", Package () { ^KPAD, 0, 0, 0 } },
					Package () { "row-gpios", Package () { ^KPAD, 1, 0, 0, ^KPAD, 1, 1, 0 } },
					Package () { "debounce-delay-ms", 10 },
					Package () { "linux,keymap", Package () { 0x00000010, 0x0100001f } },
					Package () { "linux,no-autorepeat", 1 },
				}
			})
		}
	}
}
