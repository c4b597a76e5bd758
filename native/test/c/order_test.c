/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order_test SEED ROUNDS: processes that fork, execute and change things, as a fanotify group and a ring would tell of them, read at random
 * moments, with merges: whatever time is told of a change, it was made then. Built with ASan and UBSan.
 */
#define _GNU_SOURCE
#include <linux/fanotify.h>
#include <linux/magic.h>
#include <string.h>

#include "check.h"
#include "order.h"

enum { BUFFER = 64 * 1024, PIDS = 3, PROGRAMS = 4, INTERPRETER = 90, IN_VAIN = 100, DEV = 7, UNMARKED = 8, EVENTS = 512 };

/* An event in the kernel's queue. */
struct queued {
	uint64_t mask, first, last; /* first, last: when the first and the last of what was merged was done */
	uint32_t pid, file;
};

struct world {
	uint64_t random, now;
	struct cws_order order;
	struct cws_images images;
	struct queued queue[EVENTS];
	int queued;
	bool alive[PIDS];
	bool silent; /* of the interpreter nobody is told that it is opened */
	uint64_t empty, changes, narrowed;
	uint8_t buffer[BUFFER];
};

static uint32_t chance(struct world *world, uint32_t among)
{
	return random_below(&world->random, among);
}

/* The kernel merges what one process does to one file while it waits to be read. */
static void happens(struct world *world, uint32_t pid, uint32_t file, uint64_t mask)
{
	world->now += 1 + chance(world, 5);
	if (world->silent && file == INTERPRETER && mask == FAN_OPEN_EXEC)
		return;
	for (int i = 0; i < world->queued; i++) {
		if (world->queue[i].pid == pid && world->queue[i].file == file) {
			world->queue[i].mask |= mask;
			world->queue[i].last = world->now;
			return;
		}
	}
	CHECK(world->queued < EVENTS);
	world->queue[world->queued++] = (struct queued){ .mask = mask, .first = world->now, .last = world->now, .pid = pid, .file = file };
}

static uint32_t put(uint8_t *to, const struct queued *event)
{
	uint32_t handle[2] = { event->file, 1 }, at = sizeof(struct fanotify_event_metadata), size = sizeof(handle);
	struct fanotify_event_info_header info = { .info_type = FAN_EVENT_INFO_TYPE_FID, .len = sizeof(info) + 8 + 8 + sizeof(handle) };
	struct fanotify_event_metadata metadata = { .event_len = at + info.len, .vers = FANOTIFY_METADATA_VERSION, .metadata_len = (uint16_t)at,
		.mask = event->mask, .fd = FAN_NOFD, .pid = (int32_t)event->pid };
	uint64_t fsid = event->file < 1000 ? DEV : UNMARKED;
	int32_t type = 1;

	memcpy(to, &metadata, at);
	memcpy(to + at, &info, sizeof(info));
	memcpy(to + at + 4, &fsid, 8);
	memcpy(to + at + 12, &size, 4);
	memcpy(to + at + 16, &type, 4);
	memcpy(to + at + 20, handle, size);
	return metadata.event_len;
}

/* Reads all, or only the first half. */
static void read_queue(struct world *world)
{
	int count = chance(world, 8) ? world->queued : world->queued / 2;
	uint64_t position = world->order.position, before = world->now, since = world->empty;
	uint32_t size = 0;

	for (int i = 0; i < count; i++)
		size += put(world->buffer + size, &world->queue[i]);
	world->now++;
	if (count == world->queued)
		world->empty = before;
	cws_order_note(&world->order, world->buffer, size, world->now);
	for (int i = 0; i < count; i++) {
		const struct queued *event = &world->queue[i];
		struct cws_span_of_time time = { .since = since, .until = world->now, .last = world->now };

		if (!(event->mask & FAN_MODIFY))
			continue;
		cws_order_narrow(&world->order, &world->images, event->pid, position + (uint64_t)i, world->empty, &time);
		world->changes++;
		world->narrowed += time.since > since || time.until < world->now;
		CHECK(event->first > time.since);
		/* Where the open of a program was merged with the change, its time is not that of the event's first. */
		CHECK(event->mask & FAN_OPEN_EXEC || event->first <= time.until);
		CHECK(event->last <= time.last);
	}
	memmove(world->queue, world->queue + count, sizeof(world->queue[0]) * (size_t)(world->queued - count));
	world->queued -= count;
}

static void note(struct world *world, uint16_t type, uint32_t pid, uint32_t inode, uint32_t dev, uint16_t flags)
{
	struct cws_exec record = { .h = { .size = sizeof(record), .type = type, .flags = flags, .pid = pid, .time = ++world->now }, .file = { .inode = inode, .dev = dev } };

	cws_images_note(&world->images, &record.h);
}

static void execute(struct world *world, uint32_t pid)
{
	uint32_t program = chance(world, 6) ? 1 + chance(world, PROGRAMS) : INTERPRETER;
	bool seen = chance(world, 5), threads = chance(world, 6) == 0;

	if (chance(world, 4) == 0 && seen)
		happens(world, pid, 50, FAN_OPEN_EXEC); /* a script */
	if (seen)
		happens(world, pid, program, FAN_OPEN_EXEC);
	if (program % 2)
		happens(world, pid, INTERPRETER, FAN_OPEN_EXEC);
	if (threads && chance(world, 2))
		happens(world, pid, 200 + chance(world, 20), FAN_MODIFY);
	note(world, CWS_EXEC, pid, program, seen ? DEV : UNMARKED, threads ? CWS_F_THREADS : 0);
}

static void step(struct world *world, uint32_t pid)
{
	bool *alive = &world->alive[pid - 1];

	if (!*alive) {
		note(world, CWS_FORK, pid, 0, 0, 0);
		*alive = true;
		return;
	}
	switch (chance(world, 9)) {
	case 0:
		note(world, CWS_EXIT, pid, 0, 0, 0);
		*alive = false;
		break;
	case 1: case 2: case 3:
		execute(world, pid);
		break;
	case 4:
		happens(world, pid, IN_VAIN + chance(world, 3), FAN_OPEN_EXEC);
		break;
	default:
		/* Also programs themselves are changed. */
		happens(world, pid, chance(world, 6) ? 200 + chance(world, 20) : 1 + chance(world, PROGRAMS), FAN_MODIFY);
	}
}

int main(int argc, char **argv)
{
	static struct world world;
	uint64_t seed = argc > 2 ? strtoull(argv[1], NULL, 10) : 1;
	int rounds = argc > 2 ? atoi(argv[2]) : 100;

	world.random = seed;
	world.now = 1000;
	CHECK(cws_order_init(&world.order, world.now) == 0 && cws_images_want(&world.images) == 0);
	cws_images_doubt(&world.images, world.now);
	cws_order_filesystem(&world.order, DEV, DEV, EXT4_SUPER_MAGIC, world.now);
	world.silent = seed % 2;
	if (world.silent)
		CHECK(cws_order_loader(&world.order, DEV, INTERPRETER));
	for (int i = 0; i < rounds; i++) {
		step(&world, 1 + chance(&world, PIDS));
		if (chance(&world, 12) == 0 || world.queued > EVENTS - 8)
			read_queue(&world);
	}
	CHECK(world.changes > (uint64_t)rounds / 8 && world.narrowed > world.changes / 4);
	cws_order_destroy(&world.order);
	cws_images_destroy(&world.images);
	printf("seed %llu: %d steps\n", (unsigned long long)seed, rounds);
	return 0;
}
