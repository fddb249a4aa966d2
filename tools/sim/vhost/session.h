/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VHOST_SESSION_H
#define VGPIO_VHOST_SESSION_H

#include "vhost/data.h"

void vu_open(struct vu_session *s, int fd);
void vu_close(struct vu_session *s);
void vu_check_memory(struct vu_session *s);

#endif
