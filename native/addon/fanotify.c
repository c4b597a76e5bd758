/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "fanotify.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cws_event.h"
#include "directories.h"
#include "fanotify_event.h"

enum {
	BUFFER = 64 * 1024,
	/* The longest event: two names with handles and the file's own. A read that leaves less room than this may have left events behind. */
	EVENT_MAX = 24 + 2 * (20 + CWS_HANDLE_MAX + 256) + 20 + CWS_HANDLE_MAX + 16,
	NAME_BYTES = 256,
	PATH_BYTES = CWS_DIRECTORY_PATH + NAME_BYTES,
};

static const unsigned int GROUP = FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK;
static const uint64_t CHANGES = FAN_CREATE | FAN_DELETE | FAN_MODIFY | FAN_ATTRIB | FAN_ONDIR | FAN_EVENT_ON_CHILD;

struct group {
	struct cws_source source;
	uint64_t mask;
	bool recursive;
	uint32_t number;
	pthread_mutex_t lock; /* guards the directories: marks come from JavaScript's thread */
	struct cws_directories directories;
	uint64_t since, empty, time; /* ns: what lies in the buffer came after since and before time; the queue was last empty then */
	uint32_t begin, end;         /* of what is left in the buffer */
	bool more;                   /* the kernel's queue was not emptied */
	uint8_t buffer[BUFFER];
	struct { /* the record being made: the fixed part, then two paths */
		struct cws_change change;
		uint8_t text[2 * ((PATH_BYTES + 7) & ~7)];
	} record;
	char path[PATH_BYTES];
};

static struct group *of(struct cws_source *source)
{
	return (struct group *)source;
}

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Level-triggered: poll says what is there. Only what is left in the buffer must not be slept over. */
static bool arm(struct cws_source *source)
{
	return of(source)->begin == of(source)->end;
}

static void disarm(struct cws_source *source)
{
	(void)source;
}

static bool gather(struct cws_source *source)
{
	struct group *group = of(source);

	if (group->begin != group->end)
		return false;
	uint64_t before = clock_ns();
	ssize_t got = read(source->fd, group->buffer, sizeof(group->buffer));
	group->begin = 0;
	group->end = got > 0 ? (uint32_t)got : 0;
	group->more = got > BUFFER - EVENT_MAX;
	group->since = group->empty;
	group->time = clock_ns();
	if (!group->more)
		group->empty = before;
	return got > 0;
}

/* Writes where an entry is to group->path. False when its directory is not known: then it holds the name alone. */
static bool locate(struct group *group, const struct cws_entry *entry, uint32_t *length, uint32_t *magic)
{
	const struct cws_directory *directory = cws_directories_find(&group->directories, &entry->directory);
	uint32_t at = 0, name = entry->length < NAME_BYTES - 1 ? entry->length : NAME_BYTES - 1;

	if (directory) {
		memcpy(group->path, directory->path, directory->length);
		at = directory->length;
		*magic = directory->magic;
		if (at == 0 || group->path[at - 1] != '/')
			group->path[at++] = '/';
	}
	memcpy(group->path + at, entry->name, name);
	at += name;
	group->path[at] = 0;
	*length = at;
	return directory != NULL;
}

static uint64_t ns_of(struct statx_timestamp time)
{
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* What is at group->path now, if it is that file. */
static void look(const struct group *group, const struct cws_handle *target, uint32_t magic, struct cws_file *file)
{
	struct statx about;

	file->flags |= CWS_FILE_ABSENT;
	if (statx(AT_FDCWD, group->path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID, &about))
		return;
	/* After the look: whatever was put in its place meanwhile is found out. */
	if (target->bytes && target->size > 0 && !cws_handle_is_at(target, group->path))
		return;
	file->flags &= ~(uint32_t)CWS_FILE_ABSENT;
	file->inode = about.stx_ino;
	file->mtime = ns_of(about.stx_mtime);
	file->ctime = ns_of(about.stx_ctime);
	file->size = about.stx_size;
	file->dev = about.stx_dev_major << 20 | about.stx_dev_minor;
	file->mode = about.stx_mode;
	file->uid = about.stx_uid;
	file->gid = about.stx_gid;
	file->nlink = about.stx_nlink;
	file->fs_magic = magic;
	file->mount_id = about.stx_mask & STATX_MNT_ID ? (uint32_t)about.stx_mnt_id : 0;
}

/* Fills one file of the record and appends its path. `there`: it should still be found under this name. */
static void describe(struct group *group, const struct cws_entry *entry, const struct cws_handle *target, bool there, struct cws_file *file)
{
	uint32_t length, magic = 0, at = group->record.change.h.size;

	if (!entry->name) {
		file->flags = CWS_FILE_ABSENT;
		return;
	}
	bool located = locate(group, entry, &length, &magic);
	if (!located)
		file->flags = CWS_FILE_PATH_TRUNCATED | CWS_FILE_ABSENT;
	else if (there)
		look(group, target, magic, file);
	else
		file->flags = CWS_FILE_ABSENT;
	memcpy((uint8_t *)&group->record + at, group->path, length);
	memset((uint8_t *)&group->record + at + length, 0, -length & 7);
	file->path = (struct cws_str){ .off = at, .len = length };
	group->record.change.h.size = at + ((length + 7) & ~7u);
}

/* The directory is marked that its path led to once, whatever becomes of the path meanwhile, and known before its first event can name it. */
static int mark(struct group *group, const char *path)
{
	int fd = cws_directory_open(path);

	if (fd < 0)
		return fd;
	int error = cws_directories_add(&group->directories, fd, path);
	if (!error && fanotify_mark(group->source.fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, group->mask, fd, NULL))
		error = -errno;
	close(fd);
	return error;
}

/* A directory that appeared where directories are watched is watched too: group->path is where. */
static bool follow(struct group *group, const struct cws_entry *entry)
{
	uint32_t length, magic;

	if (!locate(group, entry, &length, &magic) || length >= CWS_DIRECTORY_PATH)
		return false;
	int error = mark(group, group->path);
	return !error || error == -ENOENT || error == -ENOTDIR; /* gone again */
}

static void make_record(struct group *group, struct cws_fanotify_event *event)
{
	struct cws_change *change = &group->record.change;

	/* Kernels before 5.17 tell the two ends of a rename apart: nothing says which belong together. */
	if (event->mask & FAN_MOVED_TO && !event->renamed.name) {
		event->renamed = event->entry;
		event->entry = (struct cws_entry){ 0 };
	}
	const struct cws_entry *last = event->renamed.name ? &event->renamed : &event->entry;

	memset(change, 0, sizeof(*change));
	change->h = (struct cws_header){ .size = sizeof(*change), .type = CWS_CHANGE, .time = group->time, .pid = (uint32_t)event->pid, .tid = (uint32_t)event->pid };
	change->since = group->since;
	change->mask = event->mask;
	change->group = group->number;
	if (event->mask & FAN_ONDIR && event->mask & (FAN_RENAME | FAN_MOVED_FROM | FAN_MOVED_TO))
		cws_directories_pass(&group->directories);
	bool appeared = event->renamed.name || (event->mask & FAN_CREATE && event->entry.name);
	if (group->recursive && event->mask & FAN_ONDIR && appeared && !follow(group, last))
		change->h.flags |= CWS_F_UNWATCHED;
	describe(group, &event->entry, &event->target, !(event->mask & (FAN_RENAME | FAN_MOVED_FROM)), &change->file);
	describe(group, &event->renamed, &event->target, true, &change->destination);
}

static struct cws_drained drain(struct cws_source *source, struct cws_sink *sink)
{
	struct group *group = of(source);
	struct cws_drained result = { .fill = (double)(group->end - group->begin) / BUFFER };
	struct cws_fanotify_event event;

	if (group->begin == group->end)
		return result;
	pthread_mutex_lock(&group->lock);
	cws_directories_pass(&group->directories);
	while (group->begin < group->end) {
		uint32_t size = cws_fanotify_parse(group->buffer + group->begin, group->end - group->begin, &event);

		if (size == 0) {
			/* The rest of the buffer cannot be told apart any more. */
			sink->broken++;
			cws_sink_lost(sink, CWS_STAGE_RING, CWS_CHANGE, 1);
			group->begin = group->end;
			break;
		}
		if (event.fd >= 0)
			close(event.fd);
		bool self = event.entry.name && event.entry.length == 1 && event.entry.name[0] == '.';
		if (self && !(event.mask & FAN_Q_OVERFLOW)) {
			/* Of the marked directory itself: whoever wants that marks the one above. */
			group->begin += size;
			continue;
		}
		if (event.mask & FAN_Q_OVERFLOW) {
			cws_sink_lost(sink, CWS_STAGE_RING, CWS_CHANGE, 1);
		} else {
			make_record(group, &event);
			if (cws_sink_put(sink, &group->record, group->record.change.h.size) == CWS_FULL) {
				result.full = true;
				break;
			}
			result.records++;
		}
		group->begin += size;
	}
	pthread_mutex_unlock(&group->lock);
	result.more = group->more && !result.full;
	return result;
}

static void close_group(struct cws_source *source)
{
	struct group *group = of(source);

	if (source->fd >= 0)
		close(source->fd);
	cws_directories_destroy(&group->directories);
	pthread_mutex_destroy(&group->lock);
	free(group);
}

static const struct cws_source_ops OPS = { .arm = arm, .disarm = disarm, .gather = gather, .drain = drain, .close = close_group };

bool cws_is_fanotify(const struct cws_source *source)
{
	return source->ops == &OPS;
}

/* The best kind of group that this kernel has, or a negative errno. */
static int open_group(bool *target)
{
	int fd = fanotify_init(GROUP | FAN_REPORT_DFID_NAME_TARGET, O_RDONLY | O_CLOEXEC);

	*target = fd >= 0;
	if (fd < 0 && errno == EINVAL)
		fd = fanotify_init(GROUP | FAN_REPORT_DFID_NAME, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void cws_fanotify_probe(struct cws_fanotify_support *support)
{
	int fd = open_group(&support->target);

	support->error = fd < 0 ? fd : 0;
	if (fd >= 0)
		close(fd);
	/* Only who has the capability may ask for this. */
	fd = fanotify_init(GROUP | FAN_REPORT_DFID_NAME | FAN_UNLIMITED_MARKS, O_RDONLY | O_CLOEXEC);
	support->authors = fd >= 0;
	if (fd >= 0)
		close(fd);
}

int cws_fanotify_open(bool recursive, uint32_t number, struct cws_source **source)
{
	struct group *group = calloc(1, sizeof(*group));
	bool target;
	int error;

	if (!group)
		return -ENOMEM;
	group->source = (struct cws_source){ .ops = &OPS, .fd = -1 };
	group->recursive = recursive;
	group->number = number;
	pthread_mutex_init(&group->lock, NULL);
	error = cws_directories_init(&group->directories);
	if (!error) {
		group->source.fd = open_group(&target);
		error = group->source.fd < 0 ? group->source.fd : 0;
	}
	if (error) {
		close_group(&group->source);
		return error;
	}
	group->mask = CHANGES | (target ? FAN_RENAME : FAN_MOVED_FROM | FAN_MOVED_TO);
	group->empty = clock_ns();
	*source = &group->source;
	return 0;
}

int cws_fanotify_mark(struct cws_source *source, const char *path)
{
	struct group *group = of(source);

	pthread_mutex_lock(&group->lock);
	int error = mark(group, path);
	pthread_mutex_unlock(&group->lock);
	return error;
}

int cws_fanotify_unmark(struct cws_source *source, const char *path)
{
	struct group *group = of(source);

	if (fanotify_mark(source->fd, FAN_MARK_REMOVE | FAN_MARK_ONLYDIR | FAN_MARK_DONT_FOLLOW, group->mask, AT_FDCWD, path))
		return -errno;
	return 0;
}
