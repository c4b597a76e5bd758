/* SPDX-License-Identifier: Apache-2.0 */
#include "marks.h"

#include <errno.h>
#include <stdlib.h>

enum { SIZE_FIRST = 256 };

static uint64_t hash_of(const struct cws_handle *handle)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ handle->fsid ^ (uint64_t)(uint32_t)handle->type << 32;

	for (uint32_t i = 0; i < handle->size; i++)
		hash = (hash ^ handle->bytes[i]) * 0x100000001b3ull;
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	return hash ? hash : 1;
}

/* The place of this hash, or the free one where it would go. */
static uint32_t place(const struct cws_mark *slots, uint32_t size, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> 32) & (size - 1);

	while (slots[at].hash && slots[at].hash != hash)
		at = (at + 1) & (size - 1);
	return at;
}

void cws_marks_destroy(struct cws_marks *marks)
{
	free(marks->slots);
	*marks = (struct cws_marks){ 0 };
}

bool cws_marks_have(const struct cws_marks *marks, const struct cws_handle *handle)
{
	return marks->size && marks->slots[place(marks->slots, marks->size, hash_of(handle))].hash;
}

static int grow(struct cws_marks *marks)
{
	uint32_t size = marks->size ? marks->size * 2 : SIZE_FIRST;
	struct cws_mark *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < marks->size; i++)
		if (marks->slots[i].hash)
			slots[place(slots, size, marks->slots[i].hash)] = marks->slots[i];
	free(marks->slots);
	marks->slots = slots;
	marks->size = size;
	return 0;
}

int cws_marks_add(struct cws_marks *marks, const struct cws_handle *handle)
{
	if (marks->count >= marks->size / 2) {
		int error = grow(marks);

		if (error)
			return error;
	}
	uint64_t hash = hash_of(handle);
	struct cws_mark *slot = &marks->slots[place(marks->slots, marks->size, hash)];
	marks->count += !slot->hash;
	*slot = (struct cws_mark){ .hash = hash, .fsid = handle->fsid };
	return 0;
}

static void remove_at(struct cws_marks *marks, uint32_t hole)
{
	uint32_t mask = marks->size - 1;

	marks->slots[hole] = (struct cws_mark){ 0 };
	marks->count--;
	/* What was put behind it for want of its place moves up. */
	for (uint32_t at = (hole + 1) & mask; marks->slots[at].hash; at = (at + 1) & mask) {
		uint32_t home = (uint32_t)(marks->slots[at].hash >> 32) & mask;

		if (((at - home) & mask) >= ((at - hole) & mask)) {
			marks->slots[hole] = marks->slots[at];
			marks->slots[at] = (struct cws_mark){ 0 };
			hole = at;
		}
	}
}

void cws_marks_remove(struct cws_marks *marks, const struct cws_handle *handle)
{
	if (cws_marks_have(marks, handle))
		remove_at(marks, place(marks->slots, marks->size, hash_of(handle)));
}

void cws_marks_remove_all(struct cws_marks *marks, uint64_t fsid)
{
	for (uint32_t i = 0; i < marks->size; i++)
		while (marks->slots[i].hash && marks->slots[i].fsid == fsid)
			remove_at(marks, i);
}
