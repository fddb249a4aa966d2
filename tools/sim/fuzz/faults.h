/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VGPIO_FUZZ_FAULTS_H
#define VGPIO_FUZZ_FAULTS_H

#include "device.h"
#include "fuzz.h"

#define FUZZ_FAULT_CHANCE	"50%"

/* Lets the device misbehave in the way that a byte says, every other time. */
static inline void fuzz_fault(struct device *dev, uint8_t which)
{
	const char *name = fault_name(which % FAULT_KINDS);
	char *with[] = { (char *)name, "1us", FUZZ_FAULT_CHANCE };
	char *without[] = { (char *)name, FUZZ_FAULT_CHANCE };
	struct errmsg err;
	struct fault fault;

	if (fault_parse(&fault, without, ARRAY_SIZE(without), &dev->bank, &err) &&
	    fault_parse(&fault, with, ARRAY_SIZE(with), &dev->bank, &err) &&
	    fault_parse(&fault, with, 1, &dev->bank, &err))
		fuzz_check(0, "every fault can be used");
	if (fault_add(&dev->faults, &fault, &err))
		fuzz_check(dev->faults.count == FAULT_MAX, "faults can be added");
}

/* All faults end, and the dice begin anew, so that an input always does the same. */
static inline void fuzz_no_faults(struct device *dev)
{
	fault_remove(&dev->faults, FAULT_KINDS);
	fault_seed(&dev->faults, 1);
}

#endif
