/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the native thread rests between two drains. A wake-up for every record costs the workload far more than the programs that make the
 * records, so they are coalesced by rate, as network cards do: at once while records are sparse, on a timer while they flow.
 * The thresholds were measured: a storm of execs runs at 1.02-1.04 times its bare duration with them, at 1.17 with a wake-up a record. Up to
 * BUSY (1,000 fork+exec+exit a second, and what else a host does) a line may take a millisecond, of which the rest is 0.35 on average; in a
 * storm few, large batches cost the engine half the CPU of many small ones, since each begins with cold caches.
 */
#ifndef CWS_PACE_H
#define CWS_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define CWS_PACE_SPARSE 1000 /* records a second */
#define CWS_PACE_BUSY 4000
#define CWS_PACE_STORM 4800

struct cws_pace {
	uint64_t last;  /* ns */
	double level;   /* records in the window, older ones fading */
	double fill;    /* share of the fullest source's buffer that the last drain found used, 0..1 */
	bool saturated; /* no core of the host is idle */
	uint64_t period; /* ns, what was chosen last */
};

/* Notes one drain. */
void cws_pace_note(struct cws_pace *pace, uint64_t now, uint64_t records, double fill);

/* ns to rest before the next drain; 0: wait to be woken. */
uint64_t cws_pace_period(struct cws_pace *pace);

/* Records a second, averaged over about 50 ms. */
double cws_pace_rate(const struct cws_pace *pace);

#endif
