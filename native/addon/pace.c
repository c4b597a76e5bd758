/* SPDX-License-Identifier: Apache-2.0 */
#include "pace.h"

static const double WINDOW = 50e6; /* ns */
static const double MS = 1e6;      /* ns */
static const double LONGEST = 20e6; /* ns */
static const double SPARSE = CWS_PACE_SPARSE, BUSY = CWS_PACE_BUSY, STORM = CWS_PACE_STORM; /* records a second */

void cws_pace_note(struct cws_pace *pace, uint64_t now, uint64_t records, double fill)
{
	double past = now > pace->last ? (double)(now - pace->last) : 0;

	pace->level = pace->level / (1 + past / WINDOW) + (double)records;
	pace->last = now;
	pace->fill = fill;
}

double cws_pace_rate(const struct cws_pace *pace)
{
	return pace->level / (WINDOW / 1e9);
}

uint64_t cws_pace_period(struct cws_pace *pace)
{
	double rate = cws_pace_rate(pace), period = 0;

	if (rate >= SPARSE) {
		/* When every core is busy each drain preempts the workload. */
		period = pace->saturated ? 2.5 * MS : 0.7 * MS;
		if (rate >= BUSY)
			period += (rate < STORM ? (rate - BUSY) / (STORM - BUSY) : 1) * (LONGEST - period);
	}

	/* Long records fill a ring long before their number says storm: never let it get beyond a quarter between two drains. */
	if (pace->fill > 0.25 && pace->period > 0) {
		double fitting = (double)pace->period * 0.2 / pace->fill;

		if (period == 0 || period > fitting)
			period = fitting < MS / 4 ? MS / 4 : fitting;
	}
	pace->period = (uint64_t)period;
	return pace->period;
}
