/* SPDX-License-Identifier: Apache-2.0 */
/* Losses not yet told: counted by record type, sent as CWS_LOST records once the queue has room again. */
#ifndef CWS_LOSS_H
#define CWS_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "queue.h"

enum cws_stage { CWS_STAGE_RING = 1, CWS_STAGE_QUEUE = 2, CWS_STAGES };

struct cws_loss {
	struct {
		uint64_t count, since;
	} pending[CWS_STAGES][256];
	bool any;
	uint64_t total[CWS_STAGES]; /* ever, told or not */
};

/* since: ns, when the first of them may have been lost. */
void cws_loss_add(struct cws_loss *loss, enum cws_stage stage, uint16_t type, uint64_t count, uint64_t since);

/* Writes what fits; the rest stays pending. */
void cws_loss_tell(struct cws_loss *loss, struct cws_queue *queue, uint64_t now);

#endif
