/* SPDX-License-Identifier: Apache-2.0 */
/* Whether any core of the host has time left: asked only during storms, when a drain on a busy core preempts the workload. */
#ifndef CWS_SATURATION_H
#define CWS_SATURATION_H

#include <stdbool.h>
#include <stdint.h>

struct cws_saturation {
	int fd; /* /proc/uptime, or -1: then never saturated */
	uint64_t asked; /* ns */
	double idle;    /* s, over all cores, at that time */
	long cores;
	bool verdict;
};

void cws_saturation_open(struct cws_saturation *saturation);
void cws_saturation_close(struct cws_saturation *saturation);

/* Answers from a reading at most 200 ms old. */
bool cws_saturated(struct cws_saturation *saturation, uint64_t now);

#endif
