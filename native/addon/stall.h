/* SPDX-License-Identifier: Apache-2.0 */
/* When a call of a plugin has held the engine up for too long: from looks at it, now and then, by another thread. */
#ifndef CWS_STALL_H
#define CWS_STALL_H

#include <stdbool.h>
#include <stdint.h>

struct cws_stall_look {
	uint64_t now;   /* ns, a clock that does not stand still while this thread runs */
	uint64_t cpu;   /* ns that the engine's thread has run, ever */
	bool asleep;    /* the engine's thread waits for something other than a processor or a disk */
	uint32_t call;  /* number of the outermost call of a plugin */
	uint32_t place; /* innermost place that runs; 0 = none */
	uint32_t outer; /* place of the outermost call */
};

struct cws_stall {
	struct cws_stall_look last;
	uint64_t held;  /* ns that count against the call */
	bool wandered;  /* it was not always the same place that ran */
};

/*
 * The place to blame when the call has lasted for `limit` ns, else 0. What counts is what the call took itself: what it ran, and what it slept
 * while the looks came when they should, every `period` ns. A machine that is suspended, stopped or has no processor to give counts for nothing.
 */
uint32_t cws_stall_note(struct cws_stall *stall, const struct cws_stall_look *look, uint64_t period, uint64_t limit);

#endif
