/* SPDX-License-Identifier: Apache-2.0 */
/* From one event to its record: where it was, whether anybody wants it, what is there now. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>

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
static void leave_unwanted(struct cws_fanotify_group *group, const struct cws_entry *entry, struct cws_place *place)
{
	if (!place->located)
		return;
	uint32_t length = place->length - entry->length;

	length -= length > 1;
	if (cws_patterns_reach(group->patterns, place->path, length))
		return;
	place->path[length] = 0;
	cws_fanotify_leave(group, &entry->directory, place->path);
}

/* What is at the place now, if it is that file. */
static const struct statx *look(const struct cws_place *place, const struct cws_handle *target, struct statx *about)
{
	const int flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;

	if (!place->named || !place->located || statx(AT_FDCWD, place->path, flags, STATX_BASIC_STATS | STATX_MNT_ID, about))
		return NULL;
	/* After the look: whatever was put in its place meanwhile is found out. */
	return target->bytes && target->size > 0 && !cws_handle_is_at(target, place->path) ? NULL : about;
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

bool cws_fanotify_change(struct cws_fanotify_group *group, struct cws_fanotify_event *event)
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
	enum cws_interest from = cws_interest_in(group->patterns, &group->from, event->mask), to = cws_interest_in(group->patterns, &group->to, event->mask);
	bool wanted = from == CWS_WANTED || to == CWS_WANTED;
	struct statx buffer;

	group->filtered += !wanted;
	if (from == CWS_NOBODY && to == CWS_NOBODY) {
		leave_unwanted(group, &event->entry, &group->from);
		leave_unwanted(group, &event->renamed, &group->to);
		return false;
	}
	memset(change, 0, sizeof(*change));
	change->h = (struct cws_header){ .size = sizeof(*change), .type = CWS_CHANGE, .time = group->time, .pid = (uint32_t)event->pid, .tid = (uint32_t)event->pid };
	change->since = group->since;
	change->mask = event->mask;
	change->group = group->number;
	if (!wanted)
		change->h.flags |= CWS_F_ASIDE;
	const struct cws_place *last = group->to.named ? &group->to : &group->from;
	bool appeared = group->to.named || event->mask & FAN_CREATE;
	if (group->patterns && event->mask & FAN_ONDIR && appeared && !follow(group, last))
		change->h.flags |= CWS_F_UNWATCHED;
	bool there = !(event->mask & (FAN_RENAME | FAN_MOVED_FROM)); /* under the first name */
	cws_change_file(&group->record, &group->from, there ? look(&group->from, &event->target, &buffer) : NULL, &change->file);
	cws_change_file(&group->record, &group->to, look(&group->to, &event->target, &buffer), &change->destination);
	return true;
}
