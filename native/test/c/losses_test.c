/* SPDX-License-Identifier: Apache-2.0 */
/* What is lost of processes is told ahead of what was gathered meanwhile, for it may have been one of them that did it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "drain.h"

/* A source that had no room for a record, and one whose records were gathered before. */
static int losses_read;

static struct cws_drained crowded_drain(struct cws_source *source, struct cws_sink *sink)
{
	(void)source;
	cws_sink_doubt(sink);
	return (struct cws_drained){ 0 };
}

static void crowded_lost(struct cws_source *source, struct cws_sink *sink)
{
	(void)source;
	if (losses_read++ == 0)
		cws_sink_lost(sink, CWS_STAGE_RING, CWS_EXEC, 1);
}

static void no_disarm(struct cws_source *source)
{
	(void)source;
}

static void no_bell(void *context)
{
	(void)context;
}

static bool quiet_arm(struct cws_source *source)
{
	(void)source;
	return true;
}

static bool gathered_gather(struct cws_source *source)
{
	(void)source;
	return true;
}

static struct cws_drained gathered_drain(struct cws_source *source, struct cws_sink *sink)
{
	const struct cws_header change = { .size = sizeof(change), .type = CWS_CHANGE };

	(void)source;
	CHECK(cws_sink_put(sink, &change, sizeof(change)) == CWS_TAKEN);
	return (struct cws_drained){ .records = 1 };
}

static void no_close(struct cws_source *source)
{
	(void)source;
}

int main(void)
{
	static const struct cws_source_ops crowded = { .arm = quiet_arm, .disarm = no_disarm, .drain = crowded_drain, .losses = crowded_lost, .close = no_close };
	static const struct cws_source_ops gathered = { .arm = quiet_arm, .disarm = no_disarm, .gather = gathered_gather, .drain = gathered_drain, .close = no_close };
	struct cws_source first = { .ops = &gathered, .fd = -1 }, second = { .ops = &crowded, .fd = -1 };
	struct cws_drain *drain = calloc(1, sizeof(*drain));
	uint8_t *buffer = malloc(65536);
	struct cws_span span;

	CHECK(drain && buffer);
	const struct cws_drain_options options = { .buffer = buffer, .buffer_bytes = 65536, .max_sleep_ms = 1000, .notify = no_bell };
	CHECK(cws_drain_open(drain, &options) == 0);
	CHECK(cws_drain_add(drain, &second) == 0 && cws_drain_add(drain, &first) == 0);
	cws_drain_stop(drain);
	CHECK(cws_queue_peek(&drain->queue, 65536, &span));
	CHECK(((const struct cws_header *)(buffer + span.start))->type == CWS_LOST);
	CHECK(((const struct cws_header *)(buffer + span.start + sizeof(struct cws_lost)))->type == CWS_CHANGE);
	cws_drain_destroy(drain);
	free(drain);
	free(buffer);
	puts("lost first");
	return 0;
}
