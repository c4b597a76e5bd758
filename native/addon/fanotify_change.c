/* SPDX-License-Identifier: Apache-2.0 */
/* From one event to its record: where it was, whether anybody wants it, what is there now. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fanotify_group.h"

static const uint64_t RENAMED = FAN_RENAME | FAN_MOVED_FROM | FAN_MOVED_TO;

static void locate(struct cws_fanotify_group *group, const struct cws_entry *entry, struct cws_place *place)
{
	uint32_t at = 0, name = entry->length < CWS_FANOTIFY_NAME - 1 ? entry->length : CWS_FANOTIFY_NAME - 1;

	place->named = entry->name != NULL;
	place->located = false;
	if (!place->named)
		return;
	const struct cws_directory *directory = cws_directories_find(&group->directories, &entry->directory);
	if (directory) {
		memcpy(place->path, directory->path, directory->length);
		at = directory->length;
		place->magic = directory->magic;
		place->mount_id = directory->mount_id;
		place->reach = directory->reach;
		if (at == 0 || place->path[at - 1] != '/')
			place->path[at++] = '/';
	}
	memcpy(place->path + at, entry->name, name);
	at += name;
	place->path[at] = 0;
	place->length = at;
	place->located = directory != NULL;
}

enum interest { NOBODY, ASIDE, WANTED };

/* A directory that was renamed takes along all that is below it: whoever wants that wants to know. */
static enum interest interest_in(const struct cws_fanotify_group *group, const struct cws_place *place, uint64_t mask)
{
	if (!place->named)
		return NOBODY;
	/* Without a place nothing says that it does not concern: it is told with what is known of it. */
	if (!group->patterns || !place->located || cws_patterns_match(group->patterns, place->path, place->length))
		return WANTED;
	if (!(mask & FAN_ONDIR) || !(mask & (FAN_CREATE | FAN_DELETE | RENAMED)) || !cws_patterns_reach(group->patterns, place->path, place->length))
		return NOBODY;
	return mask & RENAMED ? WANTED : ASIDE;
}

/* The directory lies where nothing is wanted, as one does that was moved away: its mark goes. */
static void leave_unwanted(struct cws_fanotify_group *group, const struct cws_entry *entry, const struct cws_place *place)
{
	if (place->located && !place->reach)
		cws_fanotify_leave(group, &entry->directory);
}

static uint64_t ns_of(struct statx_timestamp time)
{
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* A descriptor of the file that changed, by its handle: no path is walked, and nothing that was put in its place is taken for it. */
static int open_changed(struct cws_fanotify_group *group, const struct cws_place *place, const struct cws_handle *target)
{
	bool named = target->bytes && target->size > 0;
	int fd = named ? cws_mounts_open_handle(&group->directories.mounts, target) : -EOPNOTSUPP;

	if (fd != -EOPNOTSUPP)
		return fd;
	return named ? cws_directories_open_if(&group->directories, place->path, target) : cws_mounts_open_at(&group->directories.mounts, place->path, O_PATH);
}

/* What the file is like now, if it is still there. */
static void look(struct cws_fanotify_group *group, const struct cws_place *place, const struct cws_handle *target, struct cws_file *file)
{
	struct statx about;
	int fd = open_changed(group, place, target);

	if (fd < 0)
		return;
	int failed = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &about);
	close(fd);
	if (failed || about.stx_nlink == 0)
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
	file->fs_magic = place->magic;
	file->mount_id = (uint32_t)place->mount_id;
}

/* Fills one file of the record and appends its path. `there`: it should still be found under this name. */
static void describe(struct cws_fanotify_group *group, const struct cws_place *place, const struct cws_handle *target, bool there, struct cws_file *file)
{
	uint32_t at = group->record.change.h.size;

	file->flags = CWS_FILE_ABSENT;
	if (!place->named)
		return;
	if (!place->located)
		file->flags |= CWS_FILE_PATH_TRUNCATED;
	else if (there)
		look(group, place, target, file);
	memcpy((uint8_t *)&group->record + at, place->path, place->length);
	memset((uint8_t *)&group->record + at + place->length, 0, -place->length & 7);
	file->path = (struct cws_str){ .off = at, .len = place->length };
	group->record.change.h.size = at + ((place->length + 7) & ~7u);
}

/* A directory that appeared where something below it is wanted is watched at once. False when it cannot be. */
static bool follow(struct cws_fanotify_group *group, const struct cws_place *place)
{
	if (!place->located || place->length >= CWS_DIRECTORY_PATH)
		return false;
	if (!cws_patterns_reach(group->patterns, place->path, place->length))
		return true;
	int error = cws_fanotify_mark_at(group, place->path, false);
	return !error || error == -ENOENT || error == -ENOTDIR; /* gone again */
}

bool cws_fanotify_mounted(struct cws_fanotify_group *group, const struct cws_mount *mount)
{
	struct cws_change *change = &group->record.change;
	struct cws_place *place = &group->from;

	if (!group->patterns || !cws_patterns_reach(group->patterns, mount->path, mount->path_length) || mount->path_length >= CWS_FANOTIFY_PATH)
		return false;
	*change = (struct cws_change){ .since = group->since, .until = group->time, .group = group->number };
	change->h = (struct cws_header){ .size = sizeof(*change), .type = CWS_CHANGE, .time = group->time, .flags = CWS_F_ASIDE | CWS_F_MOUNTED };
	place->named = place->located = true;
	place->length = mount->path_length;
	memcpy(place->path, mount->path, place->length + 1);
	describe(group, place, &(struct cws_handle){ 0 }, false, &change->file);
	change->destination.flags = CWS_FILE_ABSENT;
	return true;
}

/* When it was done, as narrow as the execs of its process allow to tell. */
static void set_time(struct cws_fanotify_group *group, struct cws_images *images, const struct cws_fanotify_event *event)
{
	struct cws_span_of_time time = { .since = group->since, .until = group->time, .last = group->time };

	if (event->pid > 0)
		cws_order_narrow(&group->order, images, (uint32_t)event->pid, group->position, group->empty, &time);
	group->record.change.since = time.since;
	/* The kernel merges what one process does to one name: that open, too, and then it may have come first. */
	group->record.change.until = event->mask & FAN_OPEN_EXEC ? time.last : time.until;
	group->record.change.h.time = time.last;
}

bool cws_fanotify_change(struct cws_fanotify_group *group, struct cws_images *images, struct cws_fanotify_event *event)
{
	struct cws_change *change = &group->record.change;

	/* Kernels before 5.17 tell the two ends of a rename apart: nothing says which belong together. */
	if (event->mask & FAN_MOVED_TO && !event->renamed.name) {
		event->renamed = event->entry;
		event->entry = (struct cws_entry){ 0 };
	}
	if (event->mask & FAN_ONDIR && event->mask & RENAMED)
		cws_directories_pass(&group->directories);
	if (event->mask & FAN_ONDIR && event->mask & FAN_DELETE && event->target.size > 0)
		cws_marks_remove(&group->marks, &event->target);
	locate(group, &event->entry, &group->from);
	locate(group, &event->renamed, &group->to);
	enum interest from = interest_in(group, &group->from, event->mask), to = interest_in(group, &group->to, event->mask);

	if (from != WANTED && to != WANTED)
		group->filtered++;
	if (from == NOBODY && to == NOBODY) {
		leave_unwanted(group, &event->entry, &group->from);
		leave_unwanted(group, &event->renamed, &group->to);
		return false;
	}
	memset(change, 0, sizeof(*change));
	change->h = (struct cws_header){ .size = sizeof(*change), .type = CWS_CHANGE, .pid = (uint32_t)event->pid, .tid = (uint32_t)event->pid };
	set_time(group, images, event);
	change->mask = event->mask & ~(uint64_t)FAN_OPEN_EXEC;
	change->group = group->number;
	if (from != WANTED && to != WANTED)
		change->h.flags |= CWS_F_ASIDE;
	const struct cws_place *last = group->to.named ? &group->to : &group->from;
	bool appeared = group->to.named || event->mask & FAN_CREATE;
	if (group->patterns && event->mask & FAN_ONDIR && appeared && !follow(group, last))
		change->h.flags |= CWS_F_UNWATCHED;
	describe(group, &group->from, &event->target, !(event->mask & (FAN_RENAME | FAN_MOVED_FROM | FAN_DELETE)), &change->file);
	describe(group, &group->to, &event->target, true, &change->destination);
	return true;
}
