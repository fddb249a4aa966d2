/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included in front of the driver's suite by 'kunit --on': what the suites ask of the
 * driver, for one that does not have it.
 */
unsigned int virtio_gpio_timeout_ms __attribute__((weak));
unsigned int virtio_gpio_poll_ms __attribute__((weak));
