/* SPDX-License-Identifier: Apache-2.0 */
/* Long argument lists leave the kernel in chunks ahead of their CWS_EXEC: here they wait for it, in a bounded table. */
#ifndef CWS_JOIN_H
#define CWS_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#include "cws_event.h"

#define CWS_JOIN_SLOTS 128
#define CWS_JOIN_BYTES CWS_ARGV_MAX

struct cws_join_slot {
	uint64_t time; /* of the exec and so of its chunks; 0 = free */
	uint32_t tid;
	uint32_t used; /* bytes */
	bool gap;      /* a chunk is missing: what came after it is not kept */
};

struct cws_join {
	struct cws_join_slot slots[CWS_JOIN_SLOTS];
	uint8_t *bytes; /* CWS_JOIN_SLOTS times CWS_JOIN_BYTES, touched only when used */
	uint64_t evicted; /* lists that lost their place to a newer one, ever */
};

int cws_join_init(struct cws_join *join);
void cws_join_destroy(struct cws_join *join);

/* False when the chunk does not fit its own header. */
bool cws_join_add(struct cws_join *join, const struct cws_argv_chunk *chunk, uint32_t size);

/* The chunks of this exec, or NULL when none is left. */
struct cws_join_slot *cws_join_find(struct cws_join *join, const struct cws_header *exec);
const uint8_t *cws_join_text(const struct cws_join *join, const struct cws_join_slot *slot);
void cws_join_free(struct cws_join_slot *slot);

#endif
