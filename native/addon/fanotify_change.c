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
	uint32_t at = 0, name = entry->length < CWS_NAME_BYTES - 1 ? entry->length : CWS_NAME_BYTES - 1;

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

/* The directory lies where nothing is wanted, as one does that was moved away: its mark goes. */
static void leave_unwanted(struct cws_fanotify_group *group, const struct cws_entry *entry, const struct cws_place *place)
{
	if (place->located && !place->reach && !group->whole)
		cws_fanotify_leave(group, &entry->directory);
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
static const struct statx *look(struct cws_fanotify_group *group, const struct cws_place *place, const struct cws_handle *target, struct statx *about)
{
	int fd = place->named && place->located ? open_changed(group, place, target) : -1;

	if (fd < 0)
		return NULL;
	int failed = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, about);
	close(fd);
	return failed || about->stx_nlink == 0 ? NULL : about;
}

/* A directory that appeared where something below it is wanted is watched at once. False when it cannot be. */
static bool follow(struct cws_fanotify_group *group, const struct cws_place *place, uint64_t fsid)
{
	const struct cws_handle whole = { .fsid = fsid };

	if (!place->located || place->length >= CWS_DIRECTORY_PATH)
		return false;
	if ((group->whole && cws_marks_have(&group->marks, &whole)) || !cws_patterns_reach(group->patterns, place->path, place->length))
		return true;
	int error = cws_fanotify_mark_at(group, place->path, false);
	return !error || error == -ENOENT || error == -ENOTDIR; /* gone again */
}

void cws_fanotify_learn(struct cws_fanotify_group *group)
{
	enum { MOST = 64 };
	uint32_t found[MOST], count = 0, size;
	struct cws_fanotify_event event;

	for (uint32_t at = group->begin; at < group->end; at += size) {
		size = cws_fanotify_parse(group->buffer + at, group->end - at, &event);
		if (size == 0)
			break;
		if (event.mask & FAN_ONDIR && event.mask & FAN_DELETE && event.entry.name && event.target.size > 0)
			found[count++ % MOST] = at;
	}
	/* The last first: a directory goes after those in it. */
	for (uint32_t i = 0; i < count && i < MOST; i++) {
		uint32_t at = found[(count - 1 - i) % MOST];

		cws_fanotify_parse(group->buffer + at, group->end - at, &event);
		const struct cws_directory *parent = cws_directories_find(&group->directories, &event.entry.directory);
		if (parent) {
			/* Its slot may be given to the other. */
			struct cws_directory copy = *parent;

			cws_directories_add_gone(&group->directories, &event.target, &copy, event.entry.name, event.entry.length);
		}
	}
}

/* Of a whole file system an event may be from anywhere: without a place it is nobody's. */
static enum cws_interest interest_in(const struct cws_fanotify_group *group, const struct cws_place *place, uint64_t mask)
{
	return group->whole && !place->located ? CWS_NOBODY : cws_interest_in(group->patterns, place, mask);
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

static void begin_record(struct cws_fanotify_group *group, struct cws_images *images, const struct cws_fanotify_event *event)
{
	struct cws_change *change = &group->record.change;

	memset(change, 0, sizeof(*change));
	change->h = (struct cws_header){ .size = sizeof(*change), .type = group->type, .pid = (uint32_t)event->pid, .tid = (uint32_t)event->pid };
	set_time(group, images, event);
	change->mask = event->mask & ~(uint64_t)FAN_OPEN_EXEC;
	change->group = group->number;
}

/* A listed file was opened, by whatever path. */
static bool opened(struct cws_fanotify_group *group, struct cws_images *images, const struct cws_fanotify_event *event)
{
	struct cws_place *place = &group->from;
	struct statx about;

	place->named = place->located = true;
	place->magic = 0;
	place->mount_id = 0;
	if (!group->listed || !cws_listed_path(group->listed, &event->target, place->path, &place->length)) {
		group->filtered++;
		return false;
	}
	place->path[place->length] = 0;
	begin_record(group, images, event);
	cws_change_file(&group->record, place, look(group, place, &event->target, &about), &group->record.change.file);
	group->record.change.destination.flags = CWS_FILE_ABSENT;
	return true;
}

/* A name of a file came or went where listed files are looked for. True when it should be listed and cannot be: the record says so. */
static bool follow_listed(struct cws_fanotify_group *group, const struct cws_fanotify_event *event, bool from, bool to)
{
	struct cws_mounts *mounts = &group->directories.mounts;
	const struct cws_place *place = group->to.named ? &group->to : &group->from;
	bool appeared = place->located && (group->to.named ? to : from && event->mask & FAN_CREATE);
	int fd = appeared ? open_changed(group, place, &event->target) : -ENOENT;
	int error = fd < 0 ? fd : cws_listed_mark(group->listed, mounts, fd, place->path, place->length);

	if (fd >= 0)
		close(fd);
	/* A file that was moved to where nobody lists it stays listed by the name it had. */
	if (from && (group->to.named ? to && !error : event->mask & FAN_DELETE && (fd < 0 || !appeared)))
		cws_listed_forget(group->listed, mounts, &event->target, group->from.path, group->from.length);
	if (error != -EDQUOT && error != -ENOSPC)
		return false;
	group->record.change = (struct cws_change){ .since = group->since, .until = group->time, .group = group->number, .file.flags = CWS_FILE_ABSENT, .destination.flags = CWS_FILE_ABSENT };
	group->record.change.h = (struct cws_header){ .size = sizeof(struct cws_change), .type = group->type, .time = group->time, .flags = CWS_F_ASIDE | CWS_F_UNWATCHED };
	return true;
}

bool cws_fanotify_change(struct cws_fanotify_group *group, struct cws_images *images, struct cws_fanotify_event *event)
{
	struct cws_change *change = &group->record.change;

	if (event->mask & FAN_OPEN)
		return opened(group, images, event);

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
	enum cws_interest from = interest_in(group, &group->from, event->mask), to = interest_in(group, &group->to, event->mask);
	bool wanted = from == CWS_WANTED || to == CWS_WANTED;
	struct statx about;

	if (group->listed && !(event->mask & FAN_ONDIR))
		return follow_listed(group, event, from == CWS_WANTED, to == CWS_WANTED);
	group->filtered += !wanted;
	if (from == CWS_NOBODY && to == CWS_NOBODY) {
		leave_unwanted(group, &event->entry, &group->from);
		leave_unwanted(group, &event->renamed, &group->to);
		return false;
	}
	begin_record(group, images, event);
	if (!wanted)
		change->h.flags |= CWS_F_ASIDE;
	const struct cws_place *last = group->to.named ? &group->to : &group->from;
	bool appeared = group->to.named || event->mask & FAN_CREATE;
	if (group->patterns && event->mask & FAN_ONDIR && appeared && !follow(group, last, group->to.named ? event->renamed.directory.fsid : event->entry.directory.fsid))
		change->h.flags |= CWS_F_UNWATCHED;
	bool there = !(event->mask & (FAN_RENAME | FAN_MOVED_FROM | FAN_DELETE)); /* under the first name */
	cws_change_file(&group->record, &group->from, there ? look(group, &group->from, &event->target, &about) : NULL, &change->file);
	cws_change_file(&group->record, &group->to, look(group, &group->to, &event->target, &about), &change->destination);
	return true;
}
