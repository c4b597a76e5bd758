/* SPDX-License-Identifier: Apache-2.0 */
#include "stall.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint32_t cws_stall_note(struct cws_stall *stall, const struct cws_stall_look *look, uint64_t period, uint64_t limit)
{
	const struct cws_stall_look last = stall->last;

	stall->last = *look;
	if (look->place == 0 || last.place == 0 || look->call != last.call) {
		stall->held = 0;
		stall->wandered = false;
		return 0;
	}
	uint64_t elapsed = look->now - last.now, ran = look->cpu - last.cpu;
	bool in_time = elapsed < period + period / 2;

	/* A sleep is no fault of the machine's only where this thread, which slept as well, was woken in time. */
	stall->held += least(look->asleep && last.asleep && in_time ? elapsed : ran, period);
	stall->wandered = stall->wandered || look->place != last.place;
	if (stall->held < limit)
		return 0;
	return stall->wandered ? look->outer : look->place;
}
