/* SPDX-License-Identifier: Apache-2.0 */
#include "join.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int cws_join_init(struct cws_join *join)
{
	memset(join, 0, sizeof(*join));
	void *bytes = mmap(NULL, (size_t)CWS_JOIN_SLOTS * CWS_JOIN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	join->bytes = bytes;
	return 0;
}

void cws_join_destroy(struct cws_join *join)
{
	if (join->bytes)
		munmap(join->bytes, (size_t)CWS_JOIN_SLOTS * CWS_JOIN_BYTES);
	join->bytes = NULL;
}

static uint8_t *text(const struct cws_join *join, const struct cws_join_slot *slot)
{
	return join->bytes + (size_t)(slot - join->slots) * CWS_JOIN_BYTES;
}

const uint8_t *cws_join_text(const struct cws_join *join, const struct cws_join_slot *slot)
{
	return text(join, slot);
}

struct cws_join_slot *cws_join_find(struct cws_join *join, const struct cws_header *record)
{
	for (struct cws_join_slot *slot = join->slots; slot < join->slots + CWS_JOIN_SLOTS; slot++)
		if (slot->time == record->time && slot->tid == record->tid && slot->time)
			return slot;
	return NULL;
}

/* That of an earlier exec of the same task whose record never came, else a free slot, else that of the list that has waited longest: its exec will be told that chunks are missing. */
static struct cws_join_slot *claim(struct cws_join *join, const struct cws_header *record)
{
	struct cws_join_slot *oldest = join->slots;

	for (struct cws_join_slot *slot = join->slots; slot < join->slots + CWS_JOIN_SLOTS; slot++) {
		if (slot->time && slot->tid == record->tid) {
			oldest = slot;
			break;
		}
		if (slot->time < oldest->time)
			oldest = slot;
	}
	if (oldest->time)
		join->evicted++;
	*oldest = (struct cws_join_slot){ .time = record->time, .tid = record->tid };
	return oldest;
}

bool cws_join_add(struct cws_join *join, const struct cws_argv_chunk *chunk, uint32_t size)
{
	if (size < sizeof(*chunk) || chunk->len > size - sizeof(*chunk) || chunk->h.time == 0)
		return false;
	struct cws_join_slot *slot = cws_join_find(join, &chunk->h);
	if (!slot)
		slot = claim(join, &chunk->h);
	if (slot->gap || chunk->offset != slot->used || chunk->len > CWS_JOIN_BYTES - slot->used) {
		slot->gap = true;
		return true;
	}
	memcpy(text(join, slot) + slot->used, (const uint8_t *)(chunk + 1), chunk->len);
	slot->used += chunk->len;
	return true;
}

void cws_join_free(struct cws_join_slot *slot)
{
	slot->time = 0;
}
