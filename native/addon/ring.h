/* SPDX-License-Identifier: Apache-2.0 */
/* A BPF ring buffer as a source, mapped and consumed here: libbpf's own reader cannot stop half-way. */
#ifndef CWS_RING_SOURCE_H
#define CWS_RING_SOURCE_H

#include "source.h"

struct cws_ring_options {
	int ring_fd, wake_fd, counters_fd; /* of the maps; wake and counters may be -1. They stay the caller's. */
	uint32_t ring_bytes;
	uint32_t counters; /* entries of the counters map */
	uint32_t wake_mask; /* bit n: records of type n wake the reader */
};

/* Whether a map of counters has the form of cws_shared.h. */
bool cws_is_ring(const struct cws_source *source);

bool cws_ring_counters_fit(uint32_t key_size, uint32_t value_size);

/* Changes what wakes, while the programs run. */
void cws_ring_wake_on(struct cws_source *ring, uint32_t wake_mask);

/* Returns 0 or a negative errno. */
int cws_ring_open(const struct cws_ring_options *options, struct cws_source **source);

#endif
