/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded queue between the native thread (producer) and the engine (consumer): records in one flat buffer that JavaScript allocated.
 * Positions only grow; a record never wraps: the gap at the end is filled with a CWS_PAD. The producer writes without the lock and takes
 * it once a batch to publish; when the consumer has eaten everything the positions jump to the buffer's start, so that a host with little
 * traffic touches few pages.
 */
#ifndef CWS_QUEUE_H
#define CWS_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct cws_queue {
	uint8_t *base;
	uint64_t size; /* bytes, a multiple of 8 */

	/* The producer's own. */
	uint64_t write; /* where the next record goes */
	uint64_t free_to; /* the producer may write below this position */

	pthread_mutex_t lock; /* guards what follows */
	uint64_t head, tail;
	bool announced; /* the consumer was told that there is something, and has not yet seen the queue empty */
	uint64_t peak; /* bytes, the most that ever waited */
};

struct cws_span {
	uint32_t start, end; /* offsets into the buffer */
};

int cws_queue_init(struct cws_queue *queue, uint8_t *base, uint64_t size);
void cws_queue_destroy(struct cws_queue *queue);

/* Producer: where to write `size` bytes (a multiple of 8), or NULL when there is no room. The record counts once cws_queue_push moved on. */
uint8_t *cws_queue_reserve(struct cws_queue *queue, uint32_t size);
void cws_queue_push(struct cws_queue *queue, uint32_t size);

/* Producer, before a batch: if everything is eaten the next record goes to the buffer's start, whose pages are in the caches. */
void cws_queue_refresh(struct cws_queue *queue);

/* Producer: makes everything pushed visible. True when the consumer must be told. */
bool cws_queue_publish(struct cws_queue *queue);

/* Consumer: the next contiguous run of whole records, at most `budget` bytes unless one record is larger. False when there is none:
 * the next publish then announces again. */
bool cws_queue_peek(struct cws_queue *queue, uint32_t budget, struct cws_span *span);

/* Consumer: records before `end` (an offset from the last span) are done with. True when more is waiting. */
bool cws_queue_ack(struct cws_queue *queue, uint32_t end);

#endif
