/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring of the kernel in plain memory: where it may have had no room, that is noticed, also when the kernel writes while it is drained; a record
 * that goes round its end comes in one piece.
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "cws_event.h"
#include "ring.h"

enum { SIZE = 1 << 20, RECORD = 56, SLOT = RECORD + BPF_RINGBUF_HDR_SZ };

static int taken, doubts;
static uint32_t expected;   /* bytes of a record */
static bool counted_up;     /* each of its bytes is one more than the one before */
static uint64_t *producer, jump; /* how far the kernel gets while the first record is taken */

int bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	(void)fd, (void)key, (void)value;
	return -1;
}

int libbpf_num_possible_cpus(void)
{
	return 1;
}

void cws_sink_lost(struct cws_sink *sink, enum cws_stage stage, uint16_t type, uint64_t count)
{
	(void)sink, (void)stage, (void)type, (void)count;
}

void cws_sink_doubt(struct cws_sink *sink)
{
	(void)sink;
	doubts++;
}

enum cws_put cws_sink_put(struct cws_sink *sink, const void *record, uint32_t size)
{
	(void)sink;
	CHECK(size == expected);
	for (uint32_t i = 1; counted_up && i < size; i++)
		CHECK(((const uint8_t *)record)[i] == (uint8_t)(((const uint8_t *)record)[i - 1] + 1));
	if (taken++ == 0)
		*producer += jump;
	return CWS_TAKEN;
}

/* Doubts of a pass that begins with so many records, while the kernel writes so many more. */
static int doubts_of(uint64_t before, uint64_t meanwhile)
{
	struct cws_sink *sink = calloc(1, sizeof(*sink));
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	int fd = memfd_create("ring", MFD_CLOEXEC);
	struct cws_source *source;

	CHECK(sink && fd >= 0 && ftruncate(fd, (off_t)(2 * page + SIZE)) == 0);
	uint8_t *memory = mmap(NULL, 2 * page + SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	for (uint32_t at = 0; at + SLOT <= SIZE; at += SLOT)
		memcpy(memory + 2 * page + at, &(uint32_t){ RECORD }, sizeof(uint32_t));
	producer = (uint64_t *)(void *)(memory + page);
	*producer = before * SLOT;
	jump = meanwhile * SLOT;
	taken = doubts = 0;
	expected = RECORD;
	counted_up = false;
	const struct cws_ring_options options = { .ring_fd = fd, .wake_fd = -1, .counters_fd = -1, .ring_bytes = SIZE };
	CHECK(cws_ring_open(&options, &source) == 0);
	source->ops->drain(source, sink);
	CHECK((uint64_t)taken == before);
	source->ops->close(source);
	munmap(memory, 2 * page + SIZE);
	close(fd);
	free(sink);
	return doubts;
}

/* One record of so many bytes that begins so many before the end, its header included; of what is too long `expected` bytes are handed over. */
static void goes_round(uint64_t before_end, uint32_t length, uint32_t handed_over)
{
	struct cws_sink *sink = calloc(1, sizeof(*sink));
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), at = SIZE - before_end;
	int fd = memfd_create("ring", MFD_CLOEXEC);
	struct cws_source *source;

	/* No more than the kernel has: whoever reads behind the end dies. */
	CHECK(sink && fd >= 0 && ftruncate(fd, (off_t)(2 * page + SIZE)) == 0);
	uint8_t *memory = mmap(NULL, 2 * page + SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	uint8_t *data = memory + 2 * page;
	memcpy(data + at, &length, sizeof(length));
	for (uint32_t i = 0; i < length; i++)
		data[(at + BPF_RINGBUF_HDR_SZ + i) % SIZE] = (uint8_t)i;
	*(uint64_t *)(void *)memory = 3 * (uint64_t)SIZE + at;
	producer = (uint64_t *)(void *)(memory + page);
	*producer = 3 * (uint64_t)SIZE + at + BPF_RINGBUF_HDR_SZ + ((length + 7) & ~7u);
	jump = 0;
	taken = 0;
	expected = handed_over;
	counted_up = true;
	const struct cws_ring_options options = { .ring_fd = fd, .wake_fd = -1, .counters_fd = -1, .ring_bytes = SIZE };
	CHECK(cws_ring_open(&options, &source) == 0);
	source->ops->drain(source, sink);
	CHECK(taken == 1);
	CHECK(*(uint64_t *)(void *)memory == *producer);
	source->ops->close(source);
	munmap(memory, 2 * page + SIZE);
	close(fd);
	free(sink);
}

int main(void)
{
	const uint64_t whole = SIZE / SLOT;

	CHECK(doubts_of(1000, 0) == 0);
	CHECK(doubts_of(1000, 1000) == 0);
	/* It fills up before any of it is given back. */
	CHECK(doubts_of(1000, whole - 1000) > 0);
	for (uint64_t before_end = 8; before_end <= 4096; before_end += 8) {
		goes_round(before_end, 56, 56);
		goes_round(before_end, 3001, 3001);
	}
	goes_round(8, CWS_RECORD_MAX, CWS_RECORD_MAX);
	goes_round(CWS_RECORD_MAX, CWS_RECORD_MAX, CWS_RECORD_MAX);
	goes_round(16, CWS_RECORD_MAX + 8, CWS_RECORD_MAX);
	goes_round(CWS_RECORD_MAX + 8, 2 * CWS_RECORD_MAX, CWS_RECORD_MAX);
	puts("ring");
	return 0;
}
