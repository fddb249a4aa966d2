/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_METER_H
#define VGPIO_METER_H

#include "part.h"

extern const struct part_kind meter_kind;

#endif
