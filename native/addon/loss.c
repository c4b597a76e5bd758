/* SPDX-License-Identifier: Apache-2.0 */
#include "loss.h"

#include <string.h>

#include "cws_event.h"

void cws_loss_add(struct cws_loss *loss, enum cws_stage stage, uint16_t type, uint64_t count, uint64_t since)
{
	if (count == 0)
		return;
	if (type > 255)
		type = 0;
	if (loss->pending[stage][type].count == 0 || since < loss->pending[stage][type].since)
		loss->pending[stage][type].since = since;
	loss->pending[stage][type].count += count;
	loss->total[stage] += count;
	loss->any = true;
}

void cws_loss_tell(struct cws_loss *loss, struct cws_queue *queue, uint64_t now)
{
	if (!loss->any)
		return;
	for (int stage = CWS_STAGE_RING; stage < CWS_STAGES; stage++) {
		for (int type = 0; type < 256; type++) {
			if (loss->pending[stage][type].count == 0)
				continue;
			uint8_t *to = cws_queue_reserve(queue, sizeof(struct cws_lost));
			if (!to)
				return;
			struct cws_lost record = {
				.h = { .size = sizeof(record), .type = CWS_LOST, .time = now, .start = loss->pending[stage][type].since },
				.count = loss->pending[stage][type].count,
				.lost_type = (uint32_t)type,
				.stage = (uint32_t)stage,
			};
			memcpy(to, &record, sizeof(record));
			cws_queue_push(queue, sizeof(record));
			loss->pending[stage][type].count = 0;
		}
	}
	loss->any = false;
}
