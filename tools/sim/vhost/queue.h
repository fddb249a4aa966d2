/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VHOST_QUEUE_H
#define VGPIO_VHOST_QUEUE_H

#include "vhost/data.h"

void vu_complain(struct vu_session *s, const char *what, const char *then);
void vu_queue_init(struct vu_session *s, struct vu_queue *q);
void vu_queue_close(struct vu_queue *q);
int vu_queue_start(struct vu_queue *q, int kick_fd, struct errmsg *err);
void vu_queue_stop(struct vu_queue *q);
void vu_reset(struct vu_session *s);
void vu_leave(struct vu_session *s);
void vu_queue_enable(struct vu_queue *q, bool on);
int vu_queue_set_signal(int *place, int fd, struct errmsg *err);
void vu_queue_notify(struct vu_queue *q);

#endif
