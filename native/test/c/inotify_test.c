/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inotify_test parse SEED ROUNDS: events as the kernel writes them, whole and damaged, each in memory of its own length: nothing beyond it is
 * read, and what is whole comes out as it went in.
 * inotify_test stream SEED ROUNDS: a whole source that reads whatever bytes come instead of the kernel's.
 * inotify_test late FOLDER ROUNDS: the second half of a rename that comes after the first was told alone has both names all the same.
 * inotify_test storm FOLDER ROUNDS: from the kernel to the queue while another thread creates, writes, renames and deletes files, and renames
 * the folders above them: each name arrives with its path. All are built with ASan and UBSan; none needs root.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "cws_event.h"
#include "drain.h"
#include "inotify.h"
#include "inotify_group.h"

enum { QUEUE = 8 * 1024 * 1024 };

/* Appends an event; returns the end. */
static uint32_t put_event(uint8_t *to, uint32_t at, int32_t wd, uint32_t mask, uint32_t cookie, const char *name)
{
	struct inotify_event event = { .wd = wd, .mask = mask, .cookie = cookie, .len = name ? (uint32_t)((strlen(name) + 16) & ~15ul) : 0 };

	memcpy(to + at, &event, sizeof(event));
	memset(to + at + sizeof(event), 0, event.len);
	if (name)
		memcpy(to + at + sizeof(event), name, strlen(name));
	return at + (uint32_t)sizeof(event) + event.len;
}

static void random_name(uint64_t *random, char name[256])
{
	uint32_t length = random_below(random, 4) ? 1 + random_below(random, 12) : 1 + random_below(random, 255);

	for (uint32_t i = 0; i < length; i++) {
		name[i] = (char)(1 + random_below(random, 255));
		if (name[i] == '/')
			name[i] = '\n';
	}
	name[length] = 0;
}

static void parse_round(uint64_t *random)
{
	uint8_t whole[1024];
	char name[256];
	bool named = random_below(random, 8);
	struct cws_inotify_event event;

	random_name(random, name);
	uint32_t end = put_event(whole, 0, 42, IN_MOVED_TO, 7, named ? name : NULL);
	CHECK(cws_inotify_parse(whole, end, &event) == end);
	CHECK(event.wd == 42 && event.mask == IN_MOVED_TO && event.cookie == 7 && (event.name != NULL) == named);
	CHECK(!named || (event.length == strlen(name) && memcmp(event.name, name, event.length) == 0));

	/* Cut, and with bytes changed; in memory that ends where the bytes do. */
	uint32_t size = random_below(random, 4) ? end : random_below(random, end);
	uint8_t *damaged = malloc(size ? size : 1);
	CHECK(damaged);
	memcpy(damaged, whole, size);
	for (uint32_t i = 0, n = random_below(random, 6); size && i < n; i++)
		damaged[random_below(random, size)] = (uint8_t)next_random(random);
	uint32_t used = cws_inotify_parse(damaged, size, &event);
	CHECK(used <= size);
	if (used && event.name) {
		CHECK((const uint8_t *)event.name >= damaged && (const uint8_t *)event.name + event.length < damaged + used);
		CHECK(event.length > 0 && event.length <= CWS_NAME_MAX && !memchr(event.name, '/', event.length) && event.name[event.length] == 0);
	}
	free(damaged);
}

static void notify(void *context)
{
	(void)context;
}

/* Eats what is in the queue: every record must hold together. Returns how many of a type there were. */
static uint32_t eat(struct cws_queue *queue, uint16_t type)
{
	struct cws_span span;
	uint32_t count = 0;

	cws_queue_publish(queue);
	while (cws_queue_peek(queue, 256 * 1024, &span)) {
		for (uint32_t at = span.start; at < span.end; at += ((const struct cws_header *)(queue->base + at))->size) {
			const struct cws_change *change = (const struct cws_change *)(queue->base + at);

			count += change->h.type == type;
			if (change->h.type != CWS_CHANGE)
				continue;
			for (const struct cws_file *file = &change->file; file <= &change->destination; file++)
				CHECK(file->path.off == 0 ? file->path.len == 0 : file->path.off >= sizeof(*change) && file->path.off + file->path.len <= change->h.size);
			CHECK(change->file.path.len + change->destination.path.len > 0);
		}
		cws_queue_ack(queue, span.end);
	}
	return count;
}

/* Bytes of anybody instead of the kernel's; the table knows some directories. */
static void stream_round(uint64_t *random)
{
	const struct cws_change_options options = { .number = 7, .max_marks = 100 };
	const uint32_t masks[] = { IN_CREATE, IN_DELETE, IN_MODIFY, IN_ATTRIB, IN_MOVED_FROM, IN_MOVED_TO, IN_IGNORED, IN_UNMOUNT, IN_Q_OVERFLOW };
	struct cws_source *source;
	struct cws_queue queue;
	struct cws_sink *sink = calloc(1, sizeof(*sink));
	uint32_t size = 8192u << random_below(random, 6);
	uint8_t *buffer = malloc(size), bytes[4096];
	int ends[2];

	CHECK(sink && buffer && cws_queue_init(&queue, buffer, size) == 0 && cws_join_init(&sink->join) == 0);
	sink->queue = &queue;
	CHECK(cws_inotify_open(&options, &source) == 0 && pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
	struct cws_inotify_group *group = (struct cws_inotify_group *)source;
	close(source->fd);
	source->fd = ends[0];
	for (int32_t wd = 0; wd < 8; wd++) {
		struct cws_watch *parent = wd ? cws_watches_find(&group->watches, (int32_t)random_below(random, (uint32_t)wd)) : NULL;
		char name[32];

		snprintf(name, sizeof(name), "%s%d", parent ? "" : "/tmp/nowhere", wd);
		CHECK(cws_watches_put(&group->watches, wd, parent, name, strlen(name), 1));
	}
	for (int i = 0; i < 40; i++) {
		uint32_t end = 0;

		for (int n = 0; n < 6; n++) {
			uint32_t mask = masks[random_below(random, 9)] | (random_below(random, 2) ? IN_ISDIR : 0);
			char name[256] = "a";

			if (random_below(random, 2))
				random_name(random, name);
			end = put_event(bytes, end, (int32_t)random_below(random, 10) - 1, mask, random_below(random, 3), random_below(random, 8) ? name : NULL);
		}
		for (uint32_t n = random_below(random, 4) ? 0 : random_below(random, 20); n > 0; n--)
			bytes[random_below(random, end)] = (uint8_t)next_random(random);
		CHECK(write(ends[1], bytes, random_below(random, 8) ? end : random_below(random, end)) >= 0);
		sink->now = group->now + random_below(random, 2) * 2000000000ull;
		source->ops->drain(source, sink);
		if (random_below(random, 2))
			eat(&queue, CWS_CHANGE);
	}
	eat(&queue, CWS_CHANGE);
	source->ops->drain(source, sink);
	source->ops->finish(source, sink);
	source->ops->close(source);
	close(ends[1]);
	cws_join_destroy(&sink->join);
	cws_queue_destroy(&queue);
	free(buffer);
	free(sink);
}

/* The names of the one record of a rename that is in the queue. */
static void expect_rename(struct cws_queue *queue, const char *from, const char *to)
{
	struct cws_span span;

	cws_queue_publish(queue);
	CHECK(cws_queue_peek(queue, 256 * 1024, &span));
	const struct cws_change *change = (const struct cws_change *)(queue->base + span.start);
	const char *names = (const char *)change;

	CHECK(span.start + change->h.size == span.end && change->h.type == CWS_CHANGE && change->mask == FAN_RENAME);
	CHECK(change->file.path.len == strlen(from) && memcmp(names + change->file.path.off, from, strlen(from)) == 0);
	CHECK(change->destination.path.len == strlen(to) && memcmp(names + change->destination.path.off, to, strlen(to)) == 0);
	cws_queue_ack(queue, span.end);
}

static void late(const char *folder, uint32_t rounds)
{
	const struct cws_change_options options = { .number = 7, .max_marks = 100 };
	struct cws_source *source;
	struct cws_queue queue;
	struct cws_sink *sink = calloc(1, sizeof(*sink));
	uint8_t *buffer = malloc(65536), bytes[256];
	char from[4200], to[4200];
	int ends[2];

	CHECK(sink && buffer && cws_queue_init(&queue, buffer, 65536) == 0 && cws_join_init(&sink->join) == 0);
	sink->queue = &queue;
	CHECK(cws_inotify_open(&options, &source) == 0 && pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
	const struct cws_inotify_group *group = (const struct cws_inotify_group *)source;
	/* The folder is watched indeed; what is read of it is ours. */
	CHECK(source->ops->mark(source, folder, true) == 0 && dup2(ends[0], source->fd) == source->fd);
	snprintf(from, sizeof(from), "%s/a", folder);
	snprintf(to, sizeof(to), "%s/b", folder);
	for (uint32_t i = 0; i < rounds; i++) {
		/* Began before what it reads was queued, as all drains. */
		sink->now = 1;
		uint32_t end = put_event(bytes, 0, 1, IN_MOVED_FROM, i + 1, "a");

		CHECK(write(ends[1], bytes, end) == (ssize_t)end);
		source->ops->drain(source, sink);
		CHECK(eat(&queue, CWS_CHANGE) == 0);
		sink->now = group->now + 10000000000ull;
		source->ops->drain(source, sink);
		expect_rename(&queue, from, "");
		end = put_event(bytes, 0, 1, IN_MOVED_TO, i + 1, "b");
		CHECK(write(ends[1], bytes, end) == (ssize_t)end);
		source->ops->drain(source, sink);
		expect_rename(&queue, from, to);
		/* But no third time: this one is of somebody else. */
		CHECK(write(ends[1], bytes, end) == (ssize_t)end);
		source->ops->drain(source, sink);
		expect_rename(&queue, "", to);
	}
	source->ops->close(source);
	close(ends[0]);
	close(ends[1]);
	cws_join_destroy(&sink->join);
	cws_queue_destroy(&queue);
	free(buffer);
	free(sink);
}

struct storm {
	const char *folder;
	uint32_t rounds;
};

/* Files in a folder that is renamed meanwhile, and that ends where it began. */
static void *rage(void *argument)
{
	const struct storm *storm = argument;
	char from[4200], to[4200], folder[4096], other[4200];

	snprintf(folder, sizeof(folder), "%s/up/low", storm->folder);
	for (uint32_t i = 0; i < storm->rounds; i++) {
		snprintf(from, sizeof(from), "%s/a%u\n\xff", folder, i);
		snprintf(to, sizeof(to), "%s/b%u", folder, i);
		int fd = open(from, O_CREAT | O_WRONLY | O_EXCL, 0600);
		CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
		CHECK(rename(from, to) == 0 && chmod(to, 0640) == 0 && unlink(to) == 0);
		if (i % 10 == 9) {
			snprintf(from, sizeof(from), "%s/up", storm->folder);
			snprintf(other, sizeof(other), "%s/other", storm->folder);
			CHECK(rename(from, other) == 0 && rename(other, from) == 0);
		}
	}
	return NULL;
}

/* Counts what is about each kind; checks that each path is one that the file had. */
static void look(const struct cws_queue *queue, struct cws_span span, const char *folder, uint32_t counts[3])
{
	char places[2][4096];

	snprintf(places[0], sizeof(places[0]), "%s/up/low/", folder);
	snprintf(places[1], sizeof(places[1]), "%s/other/low/", folder);
	for (uint32_t at = span.start; at < span.end; at += ((const struct cws_header *)(queue->base + at))->size) {
		const struct cws_change *change = (const struct cws_change *)(queue->base + at);
		const char *path = (const char *)change + change->file.path.off;

		CHECK(change->h.type == CWS_CHANGE && change->group == 7 && change->h.pid == 0);
		CHECK(change->since < change->h.time && change->file.path.off >= sizeof(*change) && change->file.path.off + change->file.path.len <= change->h.size);
		if (change->mask & FAN_ONDIR)
			continue;
		CHECK(strncmp(path, places[0], strlen(places[0])) == 0 || strncmp(path, places[1], strlen(places[1])) == 0);
		counts[0] += (change->mask & FAN_CREATE) != 0;
		counts[2] += (change->mask & FAN_DELETE) != 0;
		if (change->mask & FAN_RENAME) {
			counts[1]++;
			CHECK(change->destination.path.len > 0 && !strncmp(path, (const char *)change + change->destination.path.off, strlen(places[0])));
		}
	}
}

static void storm(const char *folder, uint32_t rounds)
{
	struct cws_drain *drain = calloc(1, sizeof(*drain));
	uint8_t *buffer = malloc(QUEUE);
	const struct cws_drain_options options = { .buffer = buffer, .buffer_bytes = QUEUE, .max_sleep_ms = 100, .notify = notify };
	const struct cws_change_options watch = { .number = 7, .max_marks = 100 };
	struct storm argument = { folder, rounds };
	struct cws_source *source;
	struct cws_span span;
	uint32_t counts[3] = { 0 };
	pthread_t thread;
	char path[4096], link[4096];

	CHECK(drain && buffer && cws_inotify_probe() == 0 && cws_drain_open(drain, &options) == 0);
	CHECK(cws_inotify_open(&watch, &source) == 0 && cws_drain_add(drain, source) == 0);
	snprintf(link, sizeof(link), "%s/link", folder);
	CHECK(symlink("up", link) == 0);
	for (int i = 0; i < 3; i++) {
		const char *names[] = { "", "/up", "/up/low" };

		snprintf(path, sizeof(path), "%s%s", folder, names[i]);
		CHECK((i == 0 || mkdir(path, 0700) == 0) && source->ops->mark(source, path, true) == 0);
	}
	CHECK(source->ops->mark(source, link, true) == -ENOTDIR);
	snprintf(link, sizeof(link), "%s/link/low", folder);
	CHECK(source->ops->mark(source, link, true) == -ELOOP);
	CHECK(source->ops->mark(source, "/nowhere/at/all", true) == -ENOENT);

	CHECK(pthread_create(&thread, NULL, rage, &argument) == 0);
	for (int round = 0; (counts[0] < rounds || counts[1] < rounds || counts[2] < rounds) && round < 20000; round++) {
		while (cws_queue_peek(&drain->queue, 256 * 1024, &span)) {
			look(&drain->queue, span, folder, counts);
			cws_queue_ack(&drain->queue, span.end);
		}
		usleep(1000);
	}
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(counts[0] == rounds && counts[1] == rounds && counts[2] == rounds);
	CHECK(cws_drain_remove(drain, source) == 0);
	cws_drain_stop(drain);
	cws_drain_destroy(drain);
	free(buffer);
	free(drain);
}

int main(int argc, char **argv)
{
	CHECK(argc == 4);
	uint32_t rounds = (uint32_t)atoi(argv[3]);
	uint64_t random = strtoull(argv[2], NULL, 10) * 2654435761u + 1;

	if (strcmp(argv[1], "storm") == 0)
		storm(argv[2], rounds);
	if (strcmp(argv[1], "late") == 0)
		late(argv[2], rounds);
	for (uint32_t i = 0; strcmp(argv[1], "parse") == 0 && i < rounds; i++)
		parse_round(&random);
	for (uint32_t i = 0; strcmp(argv[1], "stream") == 0 && i < rounds; i++)
		stream_round(&random);
	printf("%u rounds\n", rounds);
	return 0;
}
