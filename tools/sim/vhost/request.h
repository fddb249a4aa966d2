/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_VHOST_REQUEST_H
#define VGPIO_VHOST_REQUEST_H

#include "vhost/data.h"

/**
 * enum vu_outcome - how a message was answered
 * @VU_DONE: it was carried out; the front end is told if it asked
 * @VU_REPLY: the payload now holds the answer
 * @VU_REFUSED: it cannot be carried out
 */
enum vu_outcome {
	VU_DONE,
	VU_REPLY,
	VU_REFUSED,
};

int vu_check_header(const struct vu_header *header, struct errmsg *err);
enum vu_outcome vu_request(struct vu_session *s, struct vu_msg *msg, struct errmsg *err);
enum vu_outcome vu_reply_u64(struct vu_msg *msg, uint64_t value);

#endif
