/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of all records. */
#ifndef CWS_BOOTTIME_H
#define CWS_BOOTTIME_H

#include <stdint.h>
#include <time.h>

/* ns since boot, what the machine slept included. */
static inline uint64_t cws_boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#endif
