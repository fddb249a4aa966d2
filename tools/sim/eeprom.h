/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_EEPROM_H
#define VGPIO_EEPROM_H

#include "part.h"

extern const struct part_kind eeprom_kind;

#endif
