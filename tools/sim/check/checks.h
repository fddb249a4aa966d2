/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_CHECK_CHECKS_H
#define VGPIO_CHECK_CHECKS_H

#include "check/run.h"

/* Each returns true if the device passes; otherwise the verdict is in the run. */
bool check_config(struct run *run);
bool check_no_names(struct run *run);
bool check_names(struct run *run);
bool check_names_ascii(struct run *run);
bool check_status(struct run *run);
bool check_reply_fields(struct run *run);
bool check_other_lines(struct run *run);
bool check_value_before_direction(struct run *run);
bool check_order(struct run *run);
bool check_no_state(struct run *run);

bool check_irq_not_negotiated(struct run *run);
bool check_not_enabled(struct run *run);
bool check_unmasked_not_enabled(struct run *run);
bool check_event(struct run *run);
bool check_disabled(struct run *run);
bool check_edge_latched(struct run *run);
bool check_latched_from_type_on(struct run *run);
bool check_level_not_latched(struct run *run);
bool check_level_again(struct run *run);
bool check_latched_dropped(struct run *run);
bool check_masked(struct run *run);

bool check_queues(struct run *run);
bool check_notifications(struct run *run);
bool check_indirect(struct run *run);
bool check_framing(struct run *run);
bool check_restart(struct run *run);
bool check_not_enabled_queue(struct run *run);

#endif
