/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "ring.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cws_event.h"
#include "cws_shared.h"

#define RECORDS_A_PASS 4096
#define RECORDS_A_RELEASE 64

struct ring {
	struct cws_source source;
	uint64_t *consumer;       /* our position, in a page of its own */
	const uint64_t *producer; /* the kernel's, then a page later the data */
	const uint8_t *data;      /* once: mapped twice in a row, as the kernel offers, it would count twice as memory of the process */
	uint8_t *round;           /* CWS_RECORD_MAX bytes: a record that goes round the end, in one piece */
	uint64_t size, page;
	uint64_t noted; /* the kernel's position when others gathered */
	struct cws_wake *wake;
	int counters_fd;
	uint32_t counters;
	int cpus;
	struct cws_counter *counter; /* one a CPU */
	uint64_t lost[CWS_COUNTERS]; /* already told */
};

static struct ring *of(struct cws_source *source)
{
	return (struct ring *)source;
}

static bool arm(struct cws_source *source)
{
	struct ring *ring = of(source);

	if (ring->wake)
		__atomic_store_n(&ring->wake->sleeping, 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) == *ring->consumer;
}

static void disarm(struct cws_source *source)
{
	struct ring *ring = of(source);

	if (ring->wake)
		__atomic_store_n(&ring->wake->sleeping, 0, __ATOMIC_RELAXED);
}

static void note(struct cws_source *source)
{
	of(source)->noted = __atomic_load_n(of(source)->producer, __ATOMIC_ACQUIRE);
}

static bool noted_taken(struct cws_source *source)
{
	/* Positions only grow; they may wrap. */
	return (int64_t)(*of(source)->consumer - of(source)->noted) >= 0;
}

static double fill(struct cws_source *source)
{
	struct ring *ring = of(source);

	return (double)(__atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - *ring->consumer) / (double)ring->size;
}

/* Up to here all is taken. So full as the ring is before that, there may have been no room for a record since the last time. */
static void release(struct ring *ring, struct cws_sink *sink, uint64_t at)
{
	uint64_t used = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - *ring->consumer;

	if (ring->size - used < CWS_RECORD_MAX + BPF_RINGBUF_HDR_SZ)
		cws_sink_doubt(sink);
	__atomic_store_n(ring->consumer, at, __ATOMIC_RELEASE);
}

/* The record behind the header at `at`. What is longer than any of ours is cut: the sink finds it to be none. */
static const uint8_t *record_at(struct ring *ring, uint64_t at, uint32_t *length)
{
	uint64_t from = (at + BPF_RINGBUF_HDR_SZ) & (ring->size - 1), left = ring->size - from;

	if (*length <= left)
		return ring->data + from;
	if (*length > CWS_RECORD_MAX)
		*length = CWS_RECORD_MAX;
	uint64_t first = *length < left ? *length : left;
	memcpy(ring->round, ring->data + from, first);
	memcpy(ring->round + first, ring->data, *length - first);
	return ring->round;
}

static struct cws_drained drain(struct cws_source *source, struct cws_sink *sink)
{
	struct ring *ring = of(source);
	struct cws_drained result = { 0 };
	uint64_t at = *ring->consumer, end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	result.fill = (double)(end - at) / (double)ring->size;
	while (at != end) {
		const uint8_t *slot = ring->data + (at & (ring->size - 1));
		uint32_t header = __atomic_load_n((const uint32_t *)slot, __ATOMIC_ACQUIRE);
		uint32_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			break;
		if (result.records == RECORDS_A_PASS) {
			result.more = true;
			break;
		}
		if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
			uint32_t size = length;
			const uint8_t *record = record_at(ring, at, &size);

			if (cws_sink_put(sink, record, size) == CWS_FULL) {
				result.full = true;
				break;
			}
			result.records++;
		}
		at += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7ull;
		if (result.records % RECORDS_A_RELEASE == 0)
			release(ring, sink, at);
	}
	release(ring, sink, at);
	return result;
}

static void losses(struct cws_source *source, struct cws_sink *sink)
{
	struct ring *ring = of(source);

	for (uint32_t type = 1; type < ring->counters; type++) {
		uint64_t lost = 0;

		if (bpf_map_lookup_elem(ring->counters_fd, &type, ring->counter))
			continue;
		for (int cpu = 0; cpu < ring->cpus; cpu++)
			lost += ring->counter[cpu].lost;
		if (lost > ring->lost[type])
			cws_sink_lost(sink, CWS_STAGE_RING, (uint16_t)type, lost - ring->lost[type]);
		ring->lost[type] = lost;
	}
}

static void close_ring(struct cws_source *source)
{
	struct ring *ring = of(source);

	if (ring->wake) {
		__atomic_store_n(&ring->wake->sleeping, 0, __ATOMIC_RELAXED);
		munmap(ring->wake, ring->page);
	}
	if (ring->producer)
		munmap((void *)ring->producer, ring->page + ring->size);
	if (ring->consumer)
		munmap(ring->consumer, ring->page);
	if (ring->counters_fd >= 0)
		close(ring->counters_fd);
	if (ring->source.fd >= 0)
		close(ring->source.fd);
	free(ring->round);
	free(ring->counter);
	free(ring);
}

static const struct cws_source_ops OPS = { .arm = arm, .disarm = disarm, .note = note, .noted_taken = noted_taken, .fill = fill, .drain = drain, .losses = losses, .close = close_ring };

bool cws_is_ring(const struct cws_source *source)
{
	return source->ops == &OPS;
}

static void *map(int fd, size_t length, int protection, off_t offset)
{
	void *at = mmap(NULL, length, protection, MAP_SHARED, fd, offset);

	return at == MAP_FAILED ? NULL : at;
}

static int map_ring(struct ring *ring, const struct cws_ring_options *options)
{
	ring->source.fd = fcntl(options->ring_fd, F_DUPFD_CLOEXEC, 0);
	if (ring->source.fd < 0)
		return -errno;
	ring->consumer = map(ring->source.fd, ring->page, PROT_READ | PROT_WRITE, 0);
	if (!ring->consumer)
		return -errno;
	ring->producer = map(ring->source.fd, ring->page + ring->size, PROT_READ, (off_t)ring->page);
	if (!ring->producer)
		return -errno;
	ring->data = (const uint8_t *)ring->producer + ring->page;
	ring->round = malloc(CWS_RECORD_MAX);
	if (!ring->round)
		return -ENOMEM;
	if (options->wake_fd >= 0) {
		ring->wake = map(options->wake_fd, ring->page, PROT_READ | PROT_WRITE, 0);
		if (!ring->wake)
			return -errno;
	}
	if (options->counters_fd < 0)
		return 0;
	ring->counters_fd = fcntl(options->counters_fd, F_DUPFD_CLOEXEC, 0);
	ring->cpus = libbpf_num_possible_cpus();
	ring->counters = options->counters < CWS_COUNTERS ? options->counters : CWS_COUNTERS;
	if (ring->counters_fd < 0 || ring->cpus <= 0)
		return -EIO;
	ring->counter = calloc((size_t)ring->cpus, sizeof(*ring->counter));
	return ring->counter ? 0 : -ENOMEM;
}

void cws_ring_wake_on(struct cws_source *source, uint32_t wake_mask)
{
	struct ring *ring = of(source);

	/* Through the mapping: an update of the map's value would also write `sleeping`. */
	if (ring->wake)
		__atomic_store_n(&ring->wake->wake_mask, wake_mask, __ATOMIC_SEQ_CST);
}

bool cws_ring_counters_fit(uint32_t key_size, uint32_t value_size)
{
	return key_size == sizeof(uint32_t) && value_size == sizeof(struct cws_counter);
}

int cws_ring_open(const struct cws_ring_options *options, struct cws_source **source)
{
	struct ring *ring;
	int error;

	/* The kernel insists on a power of two; the position arithmetic relies on it. */
	if (options->ring_bytes == 0 || (options->ring_bytes & (options->ring_bytes - 1)) != 0)
		return -EINVAL;
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	ring->source = (struct cws_source){ .ops = &OPS, .fd = -1 };
	ring->counters_fd = -1;
	ring->size = options->ring_bytes;
	ring->page = (uint64_t)sysconf(_SC_PAGESIZE);
	error = map_ring(ring, options);
	if (error) {
		close_ring(&ring->source);
		return error;
	}
	cws_ring_wake_on(&ring->source, options->wake_mask);
	*source = &ring->source;
	return 0;
}
