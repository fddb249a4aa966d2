/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CONTACT_H
#define VGPIO_CONTACT_H

#include "part.h"

extern const struct part_kind button_kind;
extern const struct part_kind encoder_kind;

#endif
