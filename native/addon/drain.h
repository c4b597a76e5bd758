/* SPDX-License-Identifier: Apache-2.0 */
/* The native thread: drains every source into the queue, rests as the pace says, and tells the engine when there is something new. */
#ifndef CWS_DRAIN_H
#define CWS_DRAIN_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "pace.h"
#include "saturation.h"
#include "sink.h"
#include "source.h"

#define CWS_DRAIN_SOURCES 8

struct cws_drain_options {
	uint8_t *buffer;
	uint64_t buffer_bytes;
	uint32_t max_sleep_ms; /* the longest rest, whether or not anybody wakes */
	void (*notify)(void *context); /* called on the native thread when the consumer must be told */
	void *context;
};

struct cws_drain_stats {
	uint64_t records;  /* written to the queue */
	uint64_t broken;   /* refused: header and bytes disagree */
	uint64_t evicted;  /* argument lists whose chunks were dropped for newer ones */
	uint64_t lost_ring, lost_queue;
	uint64_t drains, sleeps;
	uint64_t queue_peak; /* bytes */
	uint64_t period;     /* ns, 0 = waiting to be woken */
	double rate;         /* records a second, over about 50 ms */
};

struct cws_drain {
	struct cws_drain_options options;
	struct cws_queue queue;
	struct cws_sink sink;
	struct cws_pace pace;
	pthread_mutex_t lock; /* guards the sources, the sink, the pace and stop; held for the length of a drain */
	struct cws_source *sources[CWS_DRAIN_SOURCES];
	int source_count;
	bool stop;
	int control_fd;  /* eventfd: look at the list of sources again */
	struct cws_saturation saturation;
	uint64_t losses_read, losses_after; /* ns: when, and how long after it again; 0 = nothing new to learn */
	uint64_t drains, sleeps;
	pthread_t thread;
	bool running;
};

/* All return 0 or a negative errno. */
int cws_drain_open(struct cws_drain *drain, const struct cws_drain_options *options);
int cws_drain_add(struct cws_drain *drain, struct cws_source *source);
/* Removes and closes the source. */
int cws_drain_remove(struct cws_drain *drain, struct cws_source *source);
/* Drains a last time, ends the thread, closes the sources. What is in the queue stays readable. */
void cws_drain_stop(struct cws_drain *drain);
/* After stop. */
void cws_drain_destroy(struct cws_drain *drain);
void cws_drain_stats(struct cws_drain *drain, struct cws_drain_stats *stats);

#endif
