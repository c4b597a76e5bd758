/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "fanotify.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "boottime.h"
#include "exec_marks.h"
#include "fanotify_group.h"

/* The longest event: two names with handles and the file's own. A read that leaves less room than this may have left events behind. */
enum { BUFFER = CWS_FANOTIFY_BUFFER, EVENT_MAX = 24 + 2 * (20 + CWS_HANDLE_MAX + 256) + 20 + CWS_HANDLE_MAX + 16 };

static const unsigned int GROUP = FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK;
static const uint64_t PASSED = FAN_CREATE | FAN_DELETE | FAN_ONDIR;
static const uint64_t CHANGES = PASSED | FAN_MODIFY | FAN_ATTRIB | FAN_EVENT_ON_CHILD;

static struct cws_fanotify_group *of(struct cws_source *source)
{
	return (struct cws_fanotify_group *)source;
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
	struct cws_fanotify_group *group = of(source);

	if (group->begin != group->end)
		return false;
	uint64_t before = cws_boottime_ns();
	ssize_t got = read(source->fd, group->buffer, sizeof(group->buffer));
	group->begin = 0;
	group->end = got > 0 ? (uint32_t)got : 0;
	group->more = got > BUFFER - EVENT_MAX;
	group->since = group->empty;
	group->time = cws_boottime_ns();
	if (!group->more)
		group->empty = before;
	group->fresh = got > 0;
	group->position = group->order.position;
	cws_order_note(&group->order, group->buffer, group->end, group->time);
	return got > 0;
}

int cws_fanotify_mark_at(struct cws_fanotify_group *group, const char *path, bool beyond)
{
	uint8_t bytes[CWS_HANDLE_MAX];
	struct cws_handle handle = { .bytes = bytes };
	uint64_t mask = group->mask;
	uint32_t magic;

	if (group->patterns) {
		unsigned int reach = cws_patterns_reach(group->patterns, path, strlen(path));

		mask = reach & CWS_REACH_ENTRIES ? group->mask : group->passed;
		if (!reach)
			return -EINVAL;
	}
	/* The directory is marked that its path led to once, whatever becomes of the path meanwhile, and known before its first event can name it. */
	int fd = cws_mounts_open_at(&group->directories.mounts, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	int error = cws_handle_of(fd, &handle, bytes, &magic);
	if (!error && !beyond && group->marks.count >= group->max_marks && !cws_marks_have(&group->marks, &handle))
		error = -EDQUOT;
	if (!error)
		error = cws_directories_add(&group->directories, &handle, magic, path);
	if (!error)
		error = cws_marks_add(&group->marks, &handle);
	if (!error && fanotify_mark(group->source.fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, mask, fd, NULL)) {
		error = -errno;
		cws_marks_remove(&group->marks, &handle);
	}
	close(fd);
	return error;
}

void cws_fanotify_leave(struct cws_fanotify_group *group, const struct cws_handle *directory)
{
	int fd = cws_mounts_open_handle(&group->directories.mounts, directory);

	if (fd < 0)
		return;
	char path[32];
	/* Marks are set and removed by path; an O_PATH descriptor will not do. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fanotify_mark(group->source.fd, FAN_MARK_REMOVE | FAN_MARK_ONLYDIR, group->mask, AT_FDCWD, path) == 0)
		cws_marks_remove(&group->marks, directory);
	close(fd);
}

static struct cws_drained drain(struct cws_source *source, struct cws_sink *sink)
{
	struct cws_fanotify_group *group = of(source);
	struct cws_drained result = { .fill = (double)(group->end - group->begin) / BUFFER };
	struct cws_fanotify_event event;

	pthread_mutex_lock(&group->lock);
	if (cws_mounts_refresh(&group->directories.mounts))
		group->recheck = true;
	cws_exec_marks_refresh(&group->order, &group->directories.mounts, source->fd);
	for (struct cws_mount *mount; !result.full && (mount = cws_mounts_new(&group->directories.mounts)); mount->told = !result.full)
		result.full = cws_change_mounted(&group->record, group->type, group->patterns, group->number, mount->path, group->since, group->time) && cws_sink_put(sink, &group->record, group->record.change.h.size) == CWS_FULL;
	/* Of a whole file system every rename comes, and is a pass of its own. */
	if (group->begin < group->end && (!group->whole || group->recheck))
		cws_directories_pass(&group->directories);
	group->recheck = false;
	if (group->whole && group->fresh)
		cws_fanotify_learn(group);
	group->fresh = false;
	while (group->begin < group->end && !result.full) {
		uint32_t size = cws_fanotify_parse(group->buffer + group->begin, group->end - group->begin, &event);

		if (size == 0) {
			/* The rest of the buffer cannot be told apart any more. */
			sink->broken++;
			cws_sink_lost_since(sink, CWS_STAGE_RING, group->type, 1, group->since);
			group->begin = group->end;
			break;
		}
		if (event.fd >= 0)
			close(event.fd);
		bool self = event.entry.name && event.entry.length == 1 && event.entry.name[0] == '.';
		/* Of the marked directory itself: whoever wants that marks the one above. And what tells of an exec alone. */
		if ((self || event.mask == FAN_OPEN_EXEC) && !(event.mask & FAN_Q_OVERFLOW)) {
			group->begin += size;
			group->position++;
			continue;
		}
		if (event.mask & FAN_Q_OVERFLOW) {
			group->recheck = true;
			cws_sink_lost_since(sink, CWS_STAGE_RING, group->type, 1, group->since);
		} else if (cws_fanotify_change(group, &sink->images, &event)) {
			if (cws_sink_put(sink, &group->record, group->record.change.h.size) == CWS_FULL) {
				result.full = true;
				break;
			}
			result.records++;
		}
		group->begin += size;
		group->position++;
	}
	cws_mounts_rest(&group->directories.mounts);
	pthread_mutex_unlock(&group->lock);
	result.more = group->more && !result.full;
	return result;
}

static void close_group(struct cws_source *source)
{
	struct cws_fanotify_group *group = of(source);

	if (group->listed && !group->patterns)
		cws_listed_group(group->listed, -1);
	if (source->fd >= 0)
		close(source->fd);
	cws_directories_destroy(&group->directories);
	cws_marks_destroy(&group->marks);
	cws_order_destroy(&group->order);
	cws_patterns_release(group->patterns);
	cws_listed_release(group->listed);
	pthread_mutex_destroy(&group->lock);
	free(group);
}

static int alarm_of(struct cws_source *source)
{
	return of(source)->directories.mounts.alarm;
}

static int mark(struct cws_source *source, const char *path, bool beyond)
{
	struct cws_fanotify_group *group = of(source);

	pthread_mutex_lock(&group->lock);
	int error = cws_fanotify_mark_at(group, path, beyond);
	cws_mounts_rest(&group->directories.mounts);
	pthread_mutex_unlock(&group->lock);
	return error;
}

/* Marks the file system of the directory. Again is harmless, and needed: one that was unmounted and mounted anew has the same id and no mark. */
static int mark_fs(struct cws_fanotify_group *group, const char *path)
{
	uint8_t bytes[CWS_HANDLE_MAX];
	struct cws_handle handle = { .bytes = bytes }, whole = { .bytes = bytes };
	uint32_t magic;
	int fd = cws_mounts_open_at(&group->directories.mounts, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);

	if (fd < 0)
		return fd;
	int error = cws_handle_of(fd, &handle, bytes, &magic);
	whole.fsid = handle.fsid;
	if (!error)
		error = cws_directories_add(&group->directories, &handle, magic, path);
	if (!error)
		error = fanotify_mark(group->source.fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, group->mask & ~(uint64_t)FAN_EVENT_ON_CHILD, fd, NULL) ? -errno : 0;
	if (!error)
		error = cws_marks_add(&group->marks, &whole);
	close(fd);
	return error;
}

static int mark_whole(struct cws_source *source, const char *path)
{
	struct cws_fanotify_group *group = of(source);

	pthread_mutex_lock(&group->lock);
	int error = group->whole ? mark_fs(group, path) : -EINVAL;
	cws_mounts_rest(&group->directories.mounts);
	pthread_mutex_unlock(&group->lock);
	return error;
}

static char *mounts(struct cws_source *source, size_t *size)
{
	struct cws_fanotify_group *group = of(source);
	const struct cws_mounts *all = &group->directories.mounts;
	size_t room = 0;

	*size = 0;
	pthread_mutex_lock(&group->lock);
	for (uint32_t i = 0; i < all->count; i++)
		room += all->list[i].path_length + 1;
	char *paths = group->patterns ? malloc(room + 1) : NULL;
	for (uint32_t i = 0; i < all->count && paths; i++) {
		const struct cws_mount *one = &all->list[i];

		if (one->kind != CWS_MOUNT_PSEUDO && cws_patterns_reach(group->patterns, one->path, one->path_length)) {
			memcpy(paths + *size, one->path, one->path_length + 1);
			*size += one->path_length + 1;
		}
	}
	pthread_mutex_unlock(&group->lock);
	return paths;
}

static int list(struct cws_source *source, const char *path)
{
	struct cws_fanotify_group *group = of(source);

	if (!group->listed || !group->patterns)
		return -EINVAL;
	pthread_mutex_lock(&group->lock);
	int fd = cws_mounts_open_at(&group->directories.mounts, path, O_PATH);
	int error = fd < 0 ? fd : cws_listed_mark(group->listed, &group->directories.mounts, fd, path, (uint32_t)strlen(path));
	if (fd >= 0)
		close(fd);
	cws_mounts_rest(&group->directories.mounts);
	pthread_mutex_unlock(&group->lock);
	return error;
}

static int open_at(struct cws_source *source, const char *path, uint64_t flags)
{
	struct cws_fanotify_group *group = of(source);

	pthread_mutex_lock(&group->lock);
	int fd = cws_mounts_open_at(&group->directories.mounts, path, flags);
	cws_mounts_rest(&group->directories.mounts);
	pthread_mutex_unlock(&group->lock);
	return fd;
}

static void counts(struct cws_source *source, struct cws_change_counts *to)
{
	struct cws_fanotify_group *group = of(source);

	pthread_mutex_lock(&group->lock);
	*to = (struct cws_change_counts){ .filtered = group->filtered, .marks = group->marks.count };
	pthread_mutex_unlock(&group->lock);
}

static const struct cws_source_ops OPS = {
	.alarm = alarm_of, .arm = arm, .disarm = disarm, .gather = gather, .drain = drain, .close = close_group,
	.mark = mark, .list = list, .open_at = open_at, .counts = counts, .mark_whole = mark_whole, .mounts = mounts,
};

/* The kernel took its marks away when it was unmounted. */
static void gone(void *context, uint64_t fsid)
{
	struct cws_fanotify_group *group = context;

	cws_marks_remove_all(&group->marks, fsid);
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

int cws_fanotify_open(const struct cws_change_options *options, struct cws_source **source)
{
	struct cws_fanotify_group *group = calloc(1, sizeof(*group));
	bool target;
	int error;

	if (!group)
		return -ENOMEM;
	group->source = (struct cws_source){ .ops = &OPS, .fd = -1 };
	group->number = options->number;
	group->max_marks = options->max_marks;
	group->whole = options->whole && options->patterns;
	group->patterns = options->patterns;
	group->listed = options->listed;
	group->type = options->listed ? CWS_OPEN : CWS_CHANGE;
	if (group->patterns)
		cws_patterns_hold(group->patterns);
	if (group->listed)
		cws_listed_hold(group->listed);
	/* A file that took the place of a listed one is listed at once. */
	group->source.urgent = group->listed && group->patterns;
	pthread_mutex_init(&group->lock, NULL);
	error = cws_directories_init(&group->directories, group->patterns);
	group->directories.mounts.gone = gone;
	group->directories.mounts.context = group;
	if (!error) {
		group->source.fd = open_group(&target);
		error = group->source.fd < 0 ? group->source.fd : 0;
	}
	group->empty = cws_boottime_ns();
	if (!error && options->ordered)
		error = cws_order_init(&group->order, group->empty);
	if (error) {
		close_group(&group->source);
		return error;
	}
	const uint64_t renames = target ? FAN_RENAME : FAN_MOVED_FROM | FAN_MOVED_TO;
	group->mask = (group->listed ? PASSED : CHANGES) | renames;
	if (group->listed && !group->patterns)
		cws_listed_group(group->listed, group->source.fd);
	group->passed = PASSED | renames;
	cws_exec_marks_refresh(&group->order, &group->directories.mounts, group->source.fd);
	cws_mounts_rest(&group->directories.mounts);
	*source = &group->source;
	return 0;
}
