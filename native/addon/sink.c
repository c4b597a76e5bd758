/* SPDX-License-Identifier: Apache-2.0 */
#include "sink.h"

#include <string.h>

#include "cws_event.h"

static uint32_t round8(uint32_t size)
{
	return (size + 7) & ~7u;
}

void cws_sink_lost(struct cws_sink *sink, enum cws_stage stage, uint16_t type, uint64_t count)
{
	cws_sink_lost_since(sink, stage, type, count, sink->now);
}

void cws_sink_lost_since(struct cws_sink *sink, enum cws_stage stage, uint16_t type, uint64_t count, uint64_t since)
{
	cws_loss_add(&sink->loss, stage, type, count, since);
}

void cws_sink_doubt(struct cws_sink *sink)
{
	cws_images_doubt(&sink->images, sink->now);
	sink->doubtful = true;
}

/* Room for `size` bytes behind what is still to be told about losses. */
static uint8_t *reserve(struct cws_sink *sink, uint32_t size)
{
	cws_loss_tell(&sink->loss, sink->queue, sink->now);
	return sink->loss.any ? NULL : cws_queue_reserve(sink->queue, size);
}

static enum cws_put no_room(struct cws_sink *sink, uint16_t type, uint32_t size)
{
	/* What the empty queue could not hold either would wait forever. */
	if (size <= sink->queue->size / 4)
		return CWS_FULL;
	cws_images_doubt(&sink->images, sink->now);
	cws_sink_lost(sink, CWS_STAGE_QUEUE, type, 1);
	return CWS_TAKEN;
}

/* Appends the chunks to the record: argv then lies at its end. */
static enum cws_put put_joined(struct cws_sink *sink, const struct cws_exec *exec, uint32_t size)
{
	struct cws_join_slot *slot = cws_join_find(&sink->join, &exec->h);
	uint32_t extra = slot ? round8(slot->used) : 0;
	uint8_t *to = reserve(sink, size + extra);

	if (!to)
		return no_room(sink, CWS_EXEC, size + extra);
	memcpy(to, exec, size);
	struct cws_exec *out = (struct cws_exec *)to;
	out->h.size = size + extra;
	out->h.flags &= (uint16_t)~CWS_F_CHUNKED;
	uint32_t whole = exec->argv_len < CWS_ARGV_MAX ? exec->argv_len : CWS_ARGV_MAX;
	if (!slot || slot->gap || (slot->used < whole && !(exec->h.flags & CWS_F_ARGV_TRUNCATED)))
		out->h.flags |= CWS_F_CHUNK_LOST | CWS_F_ARGV_TRUNCATED;
	if (slot) {
		memcpy(to + size, cws_join_text(&sink->join, slot), slot->used);
		memset(to + size + slot->used, 0, extra - slot->used);
		out->argv = (struct cws_str){ .off = size, .len = slot->used };
		cws_join_free(slot);
	}
	cws_queue_push(sink->queue, size + extra);
	cws_images_note(&sink->images, &exec->h);
	sink->records++;
	return CWS_TAKEN;
}

enum cws_put cws_sink_put(struct cws_sink *sink, const void *record, uint32_t size)
{
	const struct cws_header *header = record;

	if (size < sizeof(*header) || header->size < sizeof(*header) || header->size > size || header->size % 8 != 0) {
		sink->broken++;
		return CWS_TAKEN;
	}
	size = header->size; /* a reservation in the ring may be larger than the record in it */
	if (header->type == CWS_ARGV_CHUNK) {
		if (!cws_join_add(&sink->join, record, size))
			sink->broken++;
		return CWS_TAKEN;
	}
	if (header->type == CWS_EXEC && (header->flags & CWS_F_CHUNKED) && size >= sizeof(struct cws_exec))
		return put_joined(sink, record, size);

	uint8_t *to = reserve(sink, size);
	if (!to)
		return no_room(sink, header->type, size);
	memcpy(to, record, size);
	cws_queue_push(sink->queue, size);
	cws_images_note(&sink->images, header);
	sink->records++;
	return CWS_TAKEN;
}
