/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fanotify_test parse SEED ROUNDS: events as the kernel writes them, whole and damaged, each in memory of its own length: nothing beyond it is
 * read, and what is whole comes out as it went in.
 * fanotify_test storm FOLDER ROUNDS (root): the whole path from the kernel to the queue while another thread creates, writes, renames and
 * deletes: each name arrives with its path.
 * fanotify_test listed FOLDER ROUNDS (root): files whose opens are told, while they come, go and change their names.
 * fanotify_test gone FOLDER ROUNDS (root): what was mounted and is not any more does not count against the bound. In a mount namespace of its own.
 * All are built with ASan and UBSan.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fanotify.h>
#include <stdio.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "cws_event.h"
#include "drain.h"
#include "fanotify.h"
#include "directories.h"
#include "fanotify_event.h"
#include "listed.h"
#include "mounts.h"

enum { ROOM = 4096, QUEUE = 8 * 1024 * 1024 };

/* Appends an info of a file; returns the end. */
static uint32_t put_info(uint8_t *to, uint32_t at, uint8_t type, uint64_t *random, const char *name)
{
	uint32_t handle = random_below(random, CWS_HANDLE_MAX + 1), length = 20 + handle + (name ? (uint32_t)strlen(name) + 1 : 0);
	struct fanotify_event_info_header header = { .info_type = type, .len = (uint16_t)((length + 3) & ~3u) };
	int32_t kind = 1;

	memcpy(to + at, &header, sizeof(header));
	memset(to + at + 4, 7, 8);
	memcpy(to + at + 12, &handle, sizeof(handle));
	memcpy(to + at + 16, &kind, sizeof(kind));
	memset(to + at + 20, 9, handle);
	memset(to + at + 20 + handle, 0, header.len - 20 - handle);
	if (name)
		memcpy(to + at + 20 + handle, name, strlen(name));
	return at + header.len;
}

static void parse_round(uint64_t *random)
{
	uint8_t whole[ROOM];
	struct cws_fanotify_event event;
	char old_name[256] = { 0 }, new_name[256] = { 0 };
	bool rename = random_below(random, 2), target = random_below(random, 2);

	for (uint32_t i = 0, n = 1 + random_below(random, 255); i < n; i++)
		old_name[i] = (char)(1 + random_below(random, 255));
	for (uint32_t i = 0, n = 1 + random_below(random, 255); i < n; i++)
		new_name[i] = (char)(1 + random_below(random, 255));
	uint32_t end = sizeof(struct fanotify_event_metadata);
	end = put_info(whole, end, rename ? FAN_EVENT_INFO_TYPE_OLD_DFID_NAME : FAN_EVENT_INFO_TYPE_DFID_NAME, random, old_name);
	if (rename)
		end = put_info(whole, end, FAN_EVENT_INFO_TYPE_NEW_DFID_NAME, random, new_name);
	if (target)
		end = put_info(whole, end, FAN_EVENT_INFO_TYPE_FID, random, NULL);
	struct fanotify_event_metadata metadata = { .event_len = end, .vers = FANOTIFY_METADATA_VERSION, .metadata_len = sizeof(metadata), .mask = FAN_CREATE, .fd = FAN_NOFD, .pid = 42 };
	memcpy(whole, &metadata, sizeof(metadata));

	CHECK(cws_fanotify_parse(whole, end, &event) == end);
	CHECK(event.pid == 42 && event.mask == FAN_CREATE && event.fd == FAN_NOFD);
	CHECK(event.entry.length == strlen(old_name) && memcmp(event.entry.name, old_name, event.entry.length) == 0);
	CHECK((event.renamed.name != NULL) == rename);
	CHECK(!rename || (event.renamed.length == strlen(new_name) && memcmp(event.renamed.name, new_name, event.renamed.length) == 0));
	CHECK((event.target.bytes != NULL) == target);

	/* Cut, and with bytes changed; in memory that ends where the bytes do. */
	uint32_t size = random_below(random, 4) ? end : random_below(random, end);
	uint8_t *damaged = malloc(size ? size : 1);
	CHECK(damaged);
	memcpy(damaged, whole, size);
	for (uint32_t i = 0, n = random_below(random, 6); size && i < n; i++)
		damaged[random_below(random, size)] = (uint8_t)next_random(random);
	/* Lengths that lie: one info begins within another, ends beyond the event, or has no length at all. */
	for (uint32_t i = 0, n = random_below(random, 3); size >= 4 && i < n; i++) {
		static const uint32_t lies[] = { 0, 1, 3, 4, 19, 20, 24, 127, 128, 129, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff };
		uint32_t lie = lies[random_below(random, sizeof(lies) / sizeof(*lies))];

		memcpy(damaged + random_below(random, size / 2 - 1) * 2, &lie, random_below(random, 2) ? 2 : 4);
	}
	uint32_t used = cws_fanotify_parse(damaged, size, &event);
	CHECK(used <= size);
	for (const struct cws_entry *entry = &event.entry; used; entry = &event.renamed) {
		if (entry->name && entry->length != 1) /* "." is the parser's own */
			CHECK((const uint8_t *)entry->name >= damaged && (const uint8_t *)entry->name + entry->length < damaged + used);
		if (entry->directory.bytes)
			CHECK(entry->directory.size <= CWS_HANDLE_MAX && entry->directory.bytes + entry->directory.size <= damaged + used);
		if (entry == &event.renamed)
			break;
	}
	free(damaged);
}

struct storm {
	const char *folder;
	uint32_t rounds;
};

static void *rage(void *argument)
{
	const struct storm *storm = argument;
	char from[4096], to[4096];

	for (uint32_t i = 0; i < storm->rounds; i++) {
		snprintf(from, sizeof(from), "%s/a%u\n\xff", storm->folder, i);
		snprintf(to, sizeof(to), "%s/b%u", storm->folder, i);
		int fd = open(from, O_CREAT | O_WRONLY | O_EXCL, 0600);
		CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
		CHECK(rename(from, to) == 0 && chmod(to, 0640) == 0 && unlink(to) == 0);
	}
	return NULL;
}

static void notify(void *context)
{
	(void)context;
}

/* Counts what is about each kind; checks each path. */
static void look(const struct cws_queue *queue, struct cws_span span, const char *folder, uint32_t *created, uint32_t *renamed, uint32_t *deleted)
{
	size_t length = strlen(folder);

	for (uint32_t at = span.start; at < span.end; at += ((const struct cws_header *)(queue->base + at))->size) {
		const struct cws_change *change = (const struct cws_change *)(queue->base + at);

		CHECK(change->h.type == CWS_CHANGE && change->group == 7);
		CHECK(change->since < change->h.time && change->h.pid == (uint32_t)getpid());
		CHECK(change->file.path.off >= sizeof(*change) && change->file.path.off + change->file.path.len <= change->h.size);
		CHECK(change->file.path.len > length && memcmp((const uint8_t *)change + change->file.path.off, folder, length) == 0);
		*created += (change->mask & FAN_CREATE) != 0;
		*deleted += (change->mask & FAN_DELETE) != 0;
		if (change->mask & FAN_RENAME) {
			(*renamed)++;
			CHECK(change->destination.path.len > length + 1 && ((const char *)change)[change->destination.path.off + length + 1] == 'b');
		}
	}
}

static void storm(const char *folder, uint32_t rounds)
{
	struct cws_drain *drain = calloc(1, sizeof(*drain));
	uint8_t *buffer = malloc(QUEUE);
	const struct cws_drain_options options = { .buffer = buffer, .buffer_bytes = QUEUE, .max_sleep_ms = 100, .notify = notify };
	struct storm argument = { folder, rounds };
	struct cws_source *source;
	struct cws_span span;
	uint32_t created = 0, renamed = 0, deleted = 0;
	pthread_t thread;

	struct cws_patterns *patterns = cws_patterns_open();
	CHECK(patterns && cws_patterns_add(patterns, folder, strlen(folder), false) == 0);
	CHECK(drain && buffer && cws_drain_open(drain, &options) == 0);
	CHECK(cws_fanotify_open(&(struct cws_change_options){ .number = 7, .ordered = true, .max_marks = 100, .patterns = patterns }, &source) == 0 && cws_drain_add(drain, source) == 0);
	cws_patterns_release(patterns);
	CHECK(source->ops->mark(source, folder, false) == 0);
	CHECK(source->ops->mark(source, "/nowhere/at/all", false) == -EINVAL);
	CHECK(pthread_create(&thread, NULL, rage, &argument) == 0);
	for (int round = 0; (created < rounds || renamed < rounds || deleted < rounds) && round < 20000; round++) {
		while (cws_queue_peek(&drain->queue, 256 * 1024, &span)) {
			look(&drain->queue, span, folder, &created, &renamed, &deleted);
			cws_queue_ack(&drain->queue, span.end);
		}
		usleep(1000);
	}
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(created == rounds && renamed == rounds && deleted == rounds);
	CHECK(cws_drain_remove(drain, source) == 0);
	cws_drain_stop(drain);
	cws_drain_destroy(drain);
	free(buffer);
	free(drain);
}

/* Files that come, go, are linked and renamed: never more than may be are listed, and each is known by the last path that it was listed by. */
static void listed(const char *folder, uint32_t rounds)
{
	enum { NAMES = 12, MOST = 8 };
	struct cws_listed *files = cws_listed_open(MOST);
	struct cws_mounts mounts;
	int group = fanotify_init(FAN_CLASS_NOTIF | FAN_NONBLOCK | FAN_REPORT_FID, O_RDONLY);
	uint64_t random = (uint64_t)time(NULL) + 1;

	CHECK(files && group >= 0 && cws_mounts_init(&mounts) == 0);
	cws_listed_group(files, group);
	for (uint32_t i = 0; i < rounds; i++) {
		char path[4096], other[4096], told[CWS_DIRECTORY_PATH];
		uint8_t bytes[CWS_HANDLE_MAX];
		struct cws_handle handle = { .bytes = bytes };
		uint32_t magic, length = 0;

		snprintf(path, sizeof(path), "%s/n%u", folder, random_below(&random, NAMES));
		snprintf(other, sizeof(other), "%s/n%u", folder, random_below(&random, NAMES));
		int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		int known = fd >= 0 ? cws_handle_of(fd, &handle, bytes, &magic) : -1;
		switch (random_below(&random, 5)) {
		case 0:
			close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
			break;
		case 1:
			if (known == 0 && unlink(path) == 0)
				cws_listed_forget(files, &mounts, &handle, path, (uint32_t)strlen(path));
			break;
		case 2:
			if (rename(path, other))
				CHECK(errno == ENOENT);
			else if (random_below(&random, 2) && link(other, path))
				CHECK(errno == EEXIST);
			break;
		default:
			if (known == 0) {
				int error = cws_listed_mark(files, &mounts, fd, path, (uint32_t)strlen(path));

				CHECK(error == 0 || error == -EDQUOT);
				CHECK(cws_listed_path(files, &handle, told, &length) == (error == 0));
			}
		}
		CHECK(cws_listed_count(files) <= MOST);
		if (fd >= 0)
			close(fd);
		cws_mounts_rest(&mounts);
	}
	cws_mounts_destroy(&mounts);
	cws_listed_release(files);
	close(group);
}

static void gone(const char *folder, uint32_t rounds)
{
	enum { MOST = 5 };
	struct cws_patterns *patterns = cws_patterns_open();
	struct cws_change_counts counts;
	struct cws_source *source;
	char mounted[4096], inside[4104];

	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(patterns && cws_patterns_add(patterns, folder, strlen(folder), false) == 0);
	CHECK(cws_fanotify_open(&(struct cws_change_options){ .number = 7, .max_marks = MOST, .patterns = patterns }, &source) == 0);
	cws_patterns_release(patterns);
	snprintf(mounted, sizeof(mounted), "%s/mounted", folder);
	snprintf(inside, sizeof(inside), "%s/inside", mounted);
	CHECK(mkdir(mounted, 0700) == 0 && source->ops->mark(source, folder, false) == 0);
	for (uint32_t i = 0; i < rounds; i++) {
		CHECK(mount("none", mounted, "tmpfs", 0, NULL) == 0 && mkdir(inside, 0700) == 0);
		CHECK(source->ops->mark(source, mounted, false) == 0 && source->ops->mark(source, inside, false) == 0);
		CHECK(umount(mounted) == 0);
	}
	/* What is still there keeps counting. */
	source->ops->counts(source, &counts);
	CHECK(counts.marks == 3);
	CHECK(mkdir(inside, 0700) == 0 && source->ops->mark(source, inside, false) == 0);
	source->ops->counts(source, &counts);
	CHECK(counts.marks == 2);
	source->ops->close(source);
}

int main(int argc, char **argv)
{
	CHECK(argc == 4);
	uint32_t rounds = (uint32_t)atoi(argv[3]);
	if (strcmp(argv[1], "storm") == 0) {
		storm(argv[2], rounds);
	} else if (strcmp(argv[1], "listed") == 0) {
		listed(argv[2], rounds);
	} else if (strcmp(argv[1], "gone") == 0) {
		gone(argv[2], rounds);
	} else {
		uint64_t random = strtoull(argv[2], NULL, 10) * 2654435761u + 1;

		for (uint32_t i = 0; i < rounds; i++)
			parse_round(&random);
	}
	printf("%u rounds\n", rounds);
	return 0;
}
