/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core_test SEED ROUNDS: the parts of the drain that know neither the kernel nor JavaScript, under a random stream of records, some of them
 * broken, against what is obviously true: whatever is not counted as lost or refused arrives once, whole and in order. Built with ASan and UBSan.
 */
#include <string.h>

#include "check.h"
#include "drain.h"
#include "pace.h"
#include "stall.h"
#include "sink.h"

enum { SCRATCH = 160 * 1024 };

/* The stream a source would make: every record carries its number in `start`, and bytes that follow from it. */
struct stream {
	uint64_t random, next;
	uint8_t record[SCRATCH];
	uint32_t size;
	uint8_t argv[CWS_ARGV_MAX];
};

static uint8_t pattern(uint64_t number, uint32_t at)
{
	return (uint8_t)(number * 31 + at * 7 + (at >> 8) * 13 + (at >> 14) * 5 + 1);
}

static void plain(struct stream *stream)
{
	struct cws_header *header = (struct cws_header *)stream->record;
	uint32_t size = (uint32_t)sizeof(*header) + 8 * random_below(&stream->random, random_below(&stream->random, 20) ? 40 : 600);

	*header = (struct cws_header){ .size = size, .type = CWS_FORK, .time = 1, .start = stream->next };
	for (uint32_t at = sizeof(*header); at < size; at++)
		stream->record[at] = pattern(stream->next, at);
	stream->size = size;
}

/* What the consumer has seen. */
struct reader {
	uint64_t arrived, last, lost[CWS_STAGES], execs, gaps;
};

static void read_exec(struct reader *reader, const uint8_t *at, const struct cws_header *header)
{
	const struct cws_exec *exec = (const struct cws_exec *)at;

	reader->execs++;
	CHECK(!(header->flags & CWS_F_CHUNKED));
	CHECK((uint64_t)exec->argv.off + exec->argv.len <= header->size);
	for (uint32_t i = 0; i < exec->argv.len; i++)
		CHECK(at[exec->argv.off + i] == pattern(header->start, i));
	if (header->flags & CWS_F_CHUNK_LOST)
		reader->gaps++;
	else
		CHECK(exec->argv.len == exec->argv_len);
}

static void read_span(struct reader *reader, const struct cws_queue *queue, struct cws_span span)
{
	for (uint32_t at = span.start; at < span.end;) {
		const struct cws_header *header = (const struct cws_header *)(queue->base + at);

		CHECK(header->size >= sizeof(*header) && header->size % 8 == 0 && header->size <= span.end - at);
		if (header->type == CWS_LOST) {
			const struct cws_lost *lost = (const struct cws_lost *)header;

			CHECK(lost->stage > 0 && lost->stage < CWS_STAGES && lost->count > 0);
			reader->lost[lost->stage] += lost->count;
		} else {
			CHECK(header->type == CWS_FORK || header->type == CWS_EXEC);
			CHECK(header->start > reader->last);
			reader->last = header->start;
			reader->arrived++;
			if (header->type == CWS_EXEC)
				read_exec(reader, queue->base + at, header);
			else
				for (uint32_t i = sizeof(*header); i < header->size; i++)
					CHECK(queue->base[at + i] == pattern(header->start, i));
		}
		at += header->size;
	}
}

static bool consume(struct reader *reader, struct cws_queue *queue, uint32_t budget)
{
	struct cws_span span;

	if (!cws_queue_peek(queue, budget, &span))
		return false;
	CHECK(span.start < span.end && span.end <= queue->size);
	CHECK(span.end - span.start <= budget || ((const struct cws_header *)(queue->base + span.start))->size == span.end - span.start);
	read_span(reader, queue, span);
	return cws_queue_ack(queue, span.end);
}

/* An exec whose argv comes in chunks, some of which may be missing, doubled or cut. Returns how often the sink refused one. */
static void chunks(struct stream *stream, struct cws_sink *sink, uint32_t argv_len, bool damage)
{
	uint8_t bytes[sizeof(struct cws_argv_chunk) + CWS_ARGV_CHUNK_MAX + 8];
	struct cws_argv_chunk *chunk = (struct cws_argv_chunk *)bytes;

	for (uint32_t offset = 0; offset < argv_len; offset += CWS_ARGV_CHUNK_MAX) {
		uint32_t len = argv_len - offset < CWS_ARGV_CHUNK_MAX ? argv_len - offset : CWS_ARGV_CHUNK_MAX;

		if (damage && random_below(&stream->random, 3) == 0)
			continue;
		*chunk = (struct cws_argv_chunk){
			.h = { .size = (uint32_t)(sizeof(*chunk) + len + 7) & ~7u, .type = CWS_ARGV_CHUNK, .time = stream->next, .tid = (uint32_t)(stream->next % 300) },
			.offset = offset,
			.len = len,
		};
		for (uint32_t i = 0; i < len; i++)
			bytes[sizeof(*chunk) + i] = pattern(stream->next, offset + i);
		if (damage && random_below(&stream->random, 4) == 0)
			chunk->len = random_below(&stream->random, 80000);
		CHECK(cws_sink_put(sink, chunk, chunk->h.size) == CWS_TAKEN);
	}
}

static void chunked(struct stream *stream, struct cws_sink *sink, bool damage)
{
	struct cws_exec *exec = (struct cws_exec *)stream->record;
	uint32_t argv_len = 1 + random_below(&stream->random, CWS_ARGV_MAX);

	chunks(stream, sink, argv_len, damage);
	*exec = (struct cws_exec){
		.h = { .size = sizeof(*exec), .type = CWS_EXEC, .flags = CWS_F_CHUNKED, .time = stream->next, .tid = (uint32_t)(stream->next % 300), .start = stream->next },
		.argv_len = argv_len,
	};
	stream->size = sizeof(*exec);
}

/* Headers that lie about their size, and sizes below a header. */
static void garbage(struct stream *stream, struct cws_sink *sink)
{
	uint64_t broken = sink->broken;
	uint32_t size = random_below(&stream->random, 64);
	struct cws_header *header = (struct cws_header *)stream->record;

	uint32_t lie = random_below(&stream->random, 2) ? size + 1 + random_below(&stream->random, 100000) : random_below(&stream->random, sizeof(*header));
	*header = (struct cws_header){ .size = random_below(&stream->random, 2) ? (lie + 7) & ~7u : lie | 1, .type = CWS_FORK };
	if (header->size >= sizeof(*header) && header->size <= size)
		header->size = 0;
	CHECK(cws_sink_put(sink, stream->record, size) == CWS_TAKEN);
	CHECK(sink->broken == broken + 1);
}

static void random_stream(uint64_t seed, uint32_t records)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct cws_sink *sink = calloc(1, sizeof(*sink));
	struct cws_queue queue;
	struct reader reader = { 0 };
	uint64_t offered = 0, refused = 0, ring_lost = 0;

	stream->random = seed * 2654435761u + 1;
	uint32_t size = 4096u << random_below(&stream->random, 8);
	uint8_t *buffer = malloc(size); /* of its own: ASan sees a byte beyond */
	CHECK(stream && sink && buffer);
	CHECK(cws_queue_init(&queue, buffer, size) == 0);
	CHECK(cws_join_init(&sink->join) == 0);
	sink->queue = &queue;
	uint32_t appetite = 2 + random_below(&stream->random, 60);
	bool told = false;
	for (uint32_t i = 0; i < records; i++) {
		uint32_t what = random_below(&stream->random, 100);

		sink->now++;
		stream->next++;
		if (what < 3) {
			garbage(stream, sink);
			continue;
		}
		if (what < 5) {
			cws_sink_lost(sink, CWS_STAGE_RING, CWS_EXIT, 7);
			ring_lost += 7;
			continue;
		}
		if (what < 20)
			chunked(stream, sink, what < 10);
		else
			plain(stream);
		offered++;
		enum cws_put put = cws_sink_put(sink, stream->record, stream->size);
		if (put == CWS_FULL)
			refused++; /* a ring would offer it again; here it is simply known */
		if (random_below(&stream->random, 4) == 0) {
			bool tell = cws_queue_publish(&queue);

			CHECK(!(tell && told)); /* never told twice without having seen it empty */
			told |= tell;
		}
		if (told && random_below(&stream->random, appetite) == 0 && !consume(&reader, &queue, 8 * random_below(&stream->random, size / 4)))
			told = false;
	}
	do {
		while (cws_queue_publish(&queue), consume(&reader, &queue, 4096))
			;
		cws_loss_tell(&sink->loss, &queue, sink->now);
	} while (cws_queue_publish(&queue) || sink->loss.any);
	CHECK(reader.lost[CWS_STAGE_RING] == ring_lost);
	CHECK(reader.arrived + refused + reader.lost[CWS_STAGE_QUEUE] == offered);
	CHECK(queue.peak <= size);
	cws_join_destroy(&sink->join);
	cws_queue_destroy(&queue);
	free(buffer);
	free(sink);
	free(stream);
}

/* A source that makes a number of records, then nothing. */
struct maker {
	struct cws_source source;
	struct stream stream;
	uint64_t limit;
	bool offered; /* the record in the stream was refused: offer it again */
};

static bool maker_arm(struct cws_source *source)
{
	return ((struct maker *)source)->stream.next == ((struct maker *)source)->limit;
}

static void maker_disarm(struct cws_source *source)
{
	(void)source;
}

static struct cws_drained maker_drain(struct cws_source *source, struct cws_sink *sink)
{
	struct maker *maker = (struct maker *)source;
	struct cws_drained result = { .fill = maker->stream.next < maker->limit ? 0.5 : 0 };

	for (uint32_t i = 0; i < 100 && (maker->offered || maker->stream.next < maker->limit); i++) {
		if (!maker->offered) {
			maker->stream.next++;
			plain(&maker->stream);
		}
		maker->offered = cws_sink_put(sink, maker->stream.record, maker->stream.size) == CWS_FULL;
		if (maker->offered) {
			result.full = true;
			return result;
		}
		result.records++;
	}
	result.more = maker->stream.next < maker->limit;
	return result;
}

static void maker_close(struct cws_source *source)
{
	free(source);
}

static const struct cws_source_ops MAKER = { .arm = maker_arm, .disarm = maker_disarm, .drain = maker_drain, .close = maker_close };

struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	int count;
};

static void ring_bell(void *context)
{
	struct bell *bell = context;

	pthread_mutex_lock(&bell->lock);
	bell->count++;
	pthread_cond_signal(&bell->rung);
	pthread_mutex_unlock(&bell->lock);
}

/* The thread itself, with a slow and a quick consumer and a source that waits for room. */
static void threaded(uint64_t seed)
{
	const uint64_t limit = 30000;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER, .rung = PTHREAD_COND_INITIALIZER };
	struct cws_drain *drain = calloc(1, sizeof(*drain));
	struct maker *maker = calloc(1, sizeof(*maker));
	uint8_t *buffer = malloc(65536);
	struct reader reader = { 0 };
	struct cws_drain_stats stats;

	CHECK(drain && maker && buffer);
	maker->source = (struct cws_source){ .ops = &MAKER, .fd = -1 };
	maker->stream.random = seed + 1;
	maker->limit = limit;
	const struct cws_drain_options options = { .buffer = buffer, .buffer_bytes = 65536, .max_sleep_ms = 100, .notify = ring_bell, .context = &bell };
	CHECK(cws_drain_open(drain, &options) == 0);
	CHECK(cws_drain_add(drain, &maker->source) == 0);
	while (reader.arrived < limit) {
		pthread_mutex_lock(&bell.lock);
		while (bell.count == 0)
			pthread_cond_wait(&bell.rung, &bell.lock);
		bell.count--;
		pthread_mutex_unlock(&bell.lock);
		while (consume(&reader, &drain->queue, 4096))
			;
	}
	cws_drain_stats(drain, &stats);
	CHECK(stats.records == limit && stats.lost_queue == 0 && stats.broken == 0);
	CHECK(cws_drain_remove(drain, &maker->source) == 0);
	cws_drain_stop(drain);
	cws_drain_stop(drain);
	CHECK(cws_drain_add(drain, NULL) != 0);
	cws_drain_destroy(drain);
	free(drain);
	free(buffer);
}

static void rewound(void)
{
	struct cws_queue queue;
	struct cws_span span;
	const struct cws_header record = { .size = sizeof(record), .type = CWS_EXIT };
	uint8_t *buffer = malloc(4096);

	CHECK(buffer && cws_queue_init(&queue, buffer, 4096) == 0);
	for (int i = 0; i < 3; i++) {
		cws_queue_refresh(&queue);
		for (int records = 0; records < 2; records++) {
			uint8_t *to = cws_queue_reserve(&queue, sizeof(record));

			CHECK(to == buffer + records * sizeof(record)); /* empty: from the start again */
			memcpy(to, &record, sizeof(record));
			cws_queue_push(&queue, sizeof(record));
			/* What waits, published or not, is not written over. */
			cws_queue_refresh(&queue);
		}
		CHECK(cws_queue_publish(&queue) && cws_queue_peek(&queue, 4096, &span) && span.start == 0);
		CHECK(!cws_queue_ack(&queue, span.end));
	}
	cws_queue_destroy(&queue);
	free(buffer);
}

static void paced(void)
{
	struct cws_pace pace = { 0 };
	uint64_t now = 1000000000;

	CHECK(cws_pace_period(&pace) == 0);
	/* 3,000 records a second: the tier of short rests, reached within 50 ms. */
	for (int i = 0; i < 50; i++)
		cws_pace_note(&pace, now += 1000000, 3, 0.001);
	CHECK(cws_pace_period(&pace) == 700000);
	pace.saturated = true;
	CHECK(cws_pace_period(&pace) == 2500000);
	for (int i = 0; i < 200; i++)
		cws_pace_note(&pace, now += 1000000, 30, 0.001);
	CHECK(cws_pace_period(&pace) == 20000000);
	/* A ring found half full shortens the rest. */
	uint64_t before = pace.period;
	cws_pace_note(&pace, now += 1000000, 30, 0.5);
	CHECK(cws_pace_period(&pace) < before);
	/* Silence: back to waiting within half a second. */
	for (int i = 0; i < 100; i++)
		cws_pace_note(&pace, now += 5000000, 0, 0);
	CHECK(cws_pace_period(&pace) == 0);
}

enum { PERIOD = 500000000 };

/* Looks at a call, one after another; returns at which one it is blamed, 0 = never. `blamed` gets who. */
static uint32_t looks(uint32_t count, struct cws_stall_look each, const uint32_t *places, uint32_t *blamed)
{
	struct cws_stall stall = { 0 };
	struct cws_stall_look look = { .now = 1, .cpu = 1, .call = 4294967295u, .outer = places[0], .asleep = each.asleep };

	for (uint32_t i = 1; i <= count; i++) {
		look.now += each.now;
		look.cpu += each.cpu;
		look.call += each.call;
		look.place = places[i % 2];
		*blamed = cws_stall_note(&stall, &look, PERIOD, 10ull * PERIOD);
		if (*blamed)
			return i;
	}
	return 0;
}

static void stalled(void)
{
	const uint32_t one[] = { 7, 7 }, within[] = { 7, 9 }, between[] = { 0, 7 };
	uint32_t blamed;

	/* It runs, or it sleeps: the first look begins the count. */
	CHECK(looks(20, (struct cws_stall_look){ .now = PERIOD, .cpu = PERIOD }, one, &blamed) == 11 && blamed == 7);
	CHECK(looks(20, (struct cws_stall_look){ .now = PERIOD, .asleep = true }, one, &blamed) == 11 && blamed == 7);
	/* What it calls changes: it is the caller that does not return. */
	CHECK(looks(20, (struct cws_stall_look){ .now = PERIOD, .cpu = PERIOD }, within, &blamed) == 11 && blamed == 7);
	/* Each look finds another call, or none. */
	CHECK(looks(1000, (struct cws_stall_look){ .now = PERIOD, .cpu = PERIOD, .call = 1 }, one, &blamed) == 0);
	CHECK(looks(1000, (struct cws_stall_look){ .now = PERIOD, .cpu = PERIOD }, between, &blamed) == 0);
	/* A machine that stands still, is suspended, or has little to give: only what it ran counts, and of one look not more than a period. */
	CHECK(looks(1000, (struct cws_stall_look){ .now = 20ull * PERIOD, .asleep = true }, one, &blamed) == 0);
	CHECK(looks(1000, (struct cws_stall_look){ .now = PERIOD }, one, &blamed) == 0);
	CHECK(looks(1000, (struct cws_stall_look){ .now = PERIOD, .cpu = PERIOD / 10 }, one, &blamed) == 101);
	CHECK(looks(1000, (struct cws_stall_look){ .now = 60ull * PERIOD, .cpu = 60ull * PERIOD }, one, &blamed) == 11);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 10;

	rewound();
	paced();
	stalled();
	for (uint64_t i = 0; i < rounds; i++) {
		random_stream(seed + i, 3000);
		threaded(seed + i);
	}
	printf("seed %llu: %llu rounds\n", (unsigned long long)seed, (unsigned long long)rounds);
	return 0;
}
