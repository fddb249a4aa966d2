/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_TEST_FRONT_END_H
#define VGPIO_TEST_FRONT_END_H

#include "driver/link.h"
#include "guest.h"
#include "vhost/session.h"

#define NUM		8
#define LINES		4
#define REQUEST(i)	(GUEST_GPA + GUEST_DATA + (i) * 256)
#define RESPONSE(i)	(REQUEST(i) + 64)
#define BIT(n)		(1ull << (n))
#define FEATURES	(BIT(VIRTIO_F_VERSION_1) | BIT(VU_F_PROTOCOL_FEATURES) | \
			 BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_GPIO_F_IRQ))

/**
 * struct front_end - a back end, and the front end that drives it
 * @loop: the back end's loop
 * @dev: its device
 * @session: the session under test
 * @ended: number of times the session ended
 * @failed: it ended because the front end broke the rules
 * @link: the front end's end of the connection
 * @guest: memory and rings
 * @kick: for each queue, its notifications to the device
 * @call: for each queue, its notifications to the driver
 */
struct front_end {
	struct loop loop;
	struct device dev;
	struct vu_session session;
	unsigned int ended;
	bool failed;
	struct vu_link link;
	struct guest guest;
	int kick[DEVICE_QUEUES];
	int call[DEVICE_QUEUES];
};

void fe_connect(struct front_end *f);
int fe_set_up(void **state);
int fe_tear_down(void **state);
void fe_run(struct front_end *f);
void fe_send_bytes(struct front_end *f, const void *data, size_t len, const int *fds,
		   unsigned int count);
void fe_send_msg(struct front_end *f, uint32_t request, uint32_t flags, const void *payload,
		 uint32_t size, const int *fds, unsigned int count);
uint32_t fe_receive(struct front_end *f, uint32_t request, void *payload, size_t room);
void fe_assert_silent(struct front_end *f);
void fe_assert_ended(struct front_end *f, bool failed);
uint64_t fe_get_u64(struct front_end *f, uint32_t request);
void fe_set_u64(struct front_end *f, uint32_t request, uint64_t value);
void fe_want_acks(struct front_end *f);
uint64_t fe_acked(struct front_end *f, uint32_t request, const void *payload, uint32_t size,
		  const int *fds, unsigned int count);
uint64_t fe_acked_u64(struct front_end *f, uint32_t request, uint64_t value);
uint64_t fe_acked_state(struct front_end *f, uint32_t request, uint32_t index, uint32_t num);
uint64_t fe_share_memory(struct front_end *f);
uint64_t fe_set_addr(struct front_end *f, uint32_t index, const struct vring_setup *setup);
uint64_t fe_set_fd(struct front_end *f, uint32_t request, uint64_t index, int fd);
void fe_start_queue_at(struct front_end *f, uint32_t index, uint32_t base);
void fe_start_queue(struct front_end *f, uint32_t index);
void fe_start_with(struct front_end *f, uint64_t features, uint64_t protocol);
void fe_start(struct front_end *f, uint64_t features);
uint64_t fe_take_signals(int fd);
void fe_kick(struct front_end *f, enum device_queue queue);
void fe_offer_request(struct front_end *f, unsigned int i, uint16_t type, uint16_t line,
		      uint32_t value);
void fe_assert_response(struct front_end *f, unsigned int i, uint8_t status, uint8_t value);
void fe_request(struct front_end *f, uint16_t type, uint16_t line, uint32_t value);
void fe_offer_event_buffer(struct front_end *f, unsigned int i, uint16_t line);
void fe_assert_event(struct front_end *f, unsigned int i, uint8_t status);
uint16_t fe_used(struct front_end *f, enum device_queue queue);

#endif
