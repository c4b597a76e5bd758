/* SPDX-License-Identifier: Apache-2.0 */
/* Where sources put their records: checked, joined from chunks, written to the queue. */
#ifndef CWS_SINK_H
#define CWS_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "images.h"
#include "join.h"
#include "loss.h"
#include "queue.h"

struct cws_sink {
	struct cws_queue *queue;
	struct cws_loss loss;
	struct cws_join join;
	struct cws_images images;
	uint64_t now;     /* ns, CLOCK_BOOTTIME, of this drain */
	uint64_t records; /* written, ever */
	uint64_t broken;  /* refused because the header did not fit the bytes, ever */
	bool doubtful;    /* a source had no room in this drain: whether records are lost is to be asked before what processes did is judged */
};

/* CWS_FULL: there is no room now; a source that can hold the record keeps it and offers it again, another tells cws_sink_lost. */
enum cws_put { CWS_TAKEN, CWS_FULL };

enum cws_put cws_sink_put(struct cws_sink *sink, const void *record, uint32_t size);
void cws_sink_lost(struct cws_sink *sink, enum cws_stage stage, uint16_t type, uint64_t count);
/* The same, where it is known since when (ns, CLOCK_BOOTTIME) they may be missing. */
void cws_sink_lost_since(struct cws_sink *sink, enum cws_stage stage, uint16_t type, uint64_t count, uint64_t since);

/* Records of before this drain may be missing. */
void cws_sink_doubt(struct cws_sink *sink);

#endif
