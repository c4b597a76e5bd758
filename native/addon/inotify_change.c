/* SPDX-License-Identifier: Apache-2.0 */
/* From events to records: where it was, whether anybody wants it, what is there now; both ends of a rename in one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inotify_group.h"

/* The bits that records carry are those of fanotify; inotify's are the same. */
_Static_assert(IN_MODIFY == FAN_MODIFY && IN_ATTRIB == FAN_ATTRIB && IN_CREATE == FAN_CREATE && IN_DELETE == FAN_DELETE && IN_ISDIR == FAN_ONDIR,
	       "bits of inotify are bits of fanotify");

/*
 * ns: for so long the second half of a rename is waited for. The kernel queues it right behind the first, but whoever renames may be put to rest
 * between the two, on a busy machine for long.
 */
static const uint64_t WAIT = 200 * 1000000ull;

static struct cws_watch *watched(const struct cws_inotify_group *group, int32_t wd)
{
	struct cws_watch *watch = cws_watches_find(&group->watches, wd);

	return watch && watch->placed && watch->due == 0 ? watch : NULL;
}

/* The directory must be under hand. */
static void locate(const struct cws_inotify_group *group, const char *name, uint32_t length, struct cws_place *place)
{
	uint32_t at = group->here.length;

	place->named = true;
	place->located = at > 0 && at + 1 + length < sizeof(place->path);
	place->magic = group->here.watch->magic;
	place->mount_id = 0;
	if (!place->located)
		at = 0;
	memcpy(place->path, group->here.path, at);
	if (at > 0 && place->path[at - 1] != '/')
		place->path[at++] = '/';
	memcpy(place->path + at, name, length);
	place->length = at + length;
	place->path[place->length] = 0;
}

/* What has this name in the directory under hand now. */
static const struct statx *look(struct cws_inotify_group *group, struct cws_place *place, const char *name, struct statx *about)
{
	int fd = group->here.fd >= 0 ? cws_inotify_open_in(group->here.fd, name, 0) : -1;

	if (fd < 0)
		return NULL;
	int failed = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | STATX_MNT_ID, about);
	close(fd);
	place->mount_id = about->stx_mask & STATX_MNT_ID ? about->stx_mnt_id : 0;
	return failed ? NULL : about;
}

/* Nothing in the directory of this entry, nor below it, is wanted, as where one was moved away: it is watched no longer. */
static void leave_unwanted(struct cws_inotify_group *group, const struct cws_place *place, uint32_t name, int32_t wd)
{
	struct cws_watch *watch = watched(group, wd);
	uint32_t length = place->length - name;

	if (!group->patterns || !place->named || !place->located || !watch || cws_patterns_reach(group->patterns, place->path, length - (length > 1)))
		return;
	cws_inotify_leave(group);
	cws_watches_forget(&group->watches, watch);
}

/* group->record of group->from and group->to. False when nobody wants it. */
static bool record(struct cws_inotify_group *group, uint64_t mask, uint64_t since, uint64_t time, const struct statx *about, bool watched_too)
{
	struct cws_change *change = &group->record.change;
	enum cws_interest from = cws_interest_in(group->patterns, &group->from, mask), to = cws_interest_in(group->patterns, &group->to, mask);
	bool wanted = from == CWS_WANTED || to == CWS_WANTED;

	group->filtered += !wanted;
	if (from == CWS_NOBODY && to == CWS_NOBODY)
		return false;
	memset(change, 0, sizeof(*change));
	change->h = (struct cws_header){ .size = sizeof(*change), .type = CWS_CHANGE, .time = time };
	change->since = since;
	change->until = time;
	change->mask = mask;
	change->group = group->number;
	if (!wanted)
		change->h.flags |= CWS_F_ASIDE;
	if (!watched_too)
		change->h.flags |= CWS_F_UNWATCHED;
	cws_change_file(&group->record, &group->from, group->to.named ? NULL : about, &change->file);
	cws_change_file(&group->record, &group->to, about, &change->destination);
	return true;
}

/* Watches the directory that appeared under this name in the one under hand. False when it cannot be. Afterwards none is under hand. */
static bool follow(struct cws_inotify_group *group, const struct cws_place *place, const char *name, uint32_t length)
{
	struct cws_watch *parent = group->here.watch;

	if (!group->patterns)
		return true;
	if (!place->located)
		return false;
	unsigned int reach = cws_patterns_reach(group->patterns, place->path, place->length);
	if (!reach || group->here.fd < 0)
		return true;
	int fd = cws_inotify_open_in(group->here.fd, name, O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR; /* gone again */
	int error = cws_inotify_watch(group, fd, parent, name, length, reach, false);
	close(fd);
	return !error;
}

/* A known directory has moved under this name into the one under hand: what the table has of it goes along. */
static bool bring(struct cws_inotify_group *group, int32_t wd, const struct cws_place *place, const char *name, uint32_t length)
{
	struct cws_watch *parent = group->here.watch;

	if (group->patterns && place->located && !cws_patterns_reach(group->patterns, place->path, place->length)) {
		cws_inotify_leave(group);
		cws_watches_forget(&group->watches, cws_watches_find(&group->watches, wd));
		return true;
	}
	int32_t into = parent->wd;
	if (group->patterns && !follow(group, place, name, length))
		return false;
	/* If another has the name already the rest of its way is in the queue: step by step. */
	struct cws_watch *watch = watched(group, wd);
	parent = watched(group, into);
	if (watch && parent && !cws_watches_child(&group->watches, parent, name, length)) {
		cws_inotify_leave(group);
		cws_watches_put(&group->watches, wd, parent, name, length, group->now);
	}
	return true;
}

static const char *name_of(const struct cws_move *move)
{
	return move->from.path + move->name;
}

/* The watched directory that has the name which a move took away; -1: none. */
static int32_t moved(const struct cws_inotify_group *group, const struct cws_move *move)
{
	const struct cws_watch *parent = watched(group, move->wd);
	const struct cws_watch *watch = parent ? cws_watches_child(&group->watches, parent, name_of(move), move->from.length - move->name) : NULL;

	return watch && watch->due == 0 ? watch->wd : -1;
}

/* A rename whose new name did not come: it leads to where nothing is watched. */
static bool depart(struct cws_inotify_group *group, struct cws_move *move)
{
	struct cws_watch *watch = move->mask & FAN_ONDIR ? watched(group, moved(group, move)) : NULL;

	/* Unless another has its name by now. */
	if (watch && !cws_inotify_enter(group, watch)) {
		cws_inotify_leave(group);
		cws_watches_forget(&group->watches, watch);
	}
	move->used = false;
	group->moving--;
	group->from = move->from;
	group->to.named = false;
	bool made = record(group, move->mask, move->since, move->time, NULL, true);
	if (!made)
		leave_unwanted(group, &group->from, move->from.length - move->name, move->wd);
	return made;
}

bool cws_inotify_depart(struct cws_inotify_group *group, bool any, bool *made)
{
	for (int i = 0; group->moving > 0 && i < CWS_INOTIFY_MOVES; i++) {
		struct cws_move *move = &group->moves[i];

		if (!move->used || (!any && group->now - move->time < WAIT))
			continue;
		*made = depart(group, move);
		return true;
	}
	return false;
}

/* The first half of a rename waits for the second. False when the place that it takes had to be emptied first. */
static bool set_out(struct cws_inotify_group *group, const struct cws_inotify_event *event, bool *made)
{
	struct cws_move *move = &group->moves[group->next_move];

	if (move->used) {
		*made = depart(group, move);
		return false;
	}
	group->next_move = (group->next_move + 1) % CWS_INOTIFY_MOVES;
	group->moving++;
	locate(group, event->name, event->length, &move->from);
	move->used = true;
	move->cookie = event->cookie;
	move->wd = event->wd;
	move->mask = FAN_RENAME | (event->mask & IN_ISDIR);
	move->since = group->since;
	move->time = group->time;
	move->name = move->from.length - event->length;
	return true;
}

/* The first half, also of one that was told as leading away: it was late, but has both names. */
static struct cws_move *move_of(const struct cws_inotify_group *group, uint32_t cookie)
{
	for (struct cws_move *move = group->moves; cookie && move < group->moves + CWS_INOTIFY_MOVES; move++)
		if (move->cookie == cookie)
			return move;
	return NULL;
}

static bool arrive(struct cws_inotify_group *group, const struct cws_inotify_event *event)
{
	struct cws_move *move = move_of(group, event->cookie);
	uint64_t mask = FAN_RENAME | (event->mask & IN_ISDIR);
	int32_t wd = move && event->mask & IN_ISDIR ? moved(group, move) : -1;
	struct statx buffer;
	bool watched_too = true;

	locate(group, event->name, event->length, &group->to);
	const struct statx *about = look(group, &group->to, group->to.path + group->to.length - event->length, &buffer);
	if (event->mask & IN_ISDIR) {
		const char *name = group->to.path + group->to.length - event->length;

		watched_too = wd >= 0 ? bring(group, wd, &group->to, name, event->length) : follow(group, &group->to, name, event->length);
	}
	group->from.named = false;
	if (move) {
		group->from = move->from;
		group->moving -= move->used;
		move->used = false;
		move->cookie = 0;
	}
	return record(group, mask, move ? move->since : group->since, group->time, about, watched_too);
}

/* What is neither half of a rename. */
static bool happen(struct cws_inotify_group *group, const struct cws_inotify_event *event)
{
	const uint64_t mask = event->mask & (IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_ISDIR);
	struct statx buffer;
	bool watched_too = true;

	locate(group, event->name, event->length, &group->from);
	group->to.named = false;
	const char *name = group->from.path + group->from.length - event->length;
	const struct statx *about = mask & IN_DELETE ? NULL : look(group, &group->from, name, &buffer);
	if (mask & IN_ISDIR && mask & IN_CREATE)
		watched_too = follow(group, &group->from, name, event->length);
	return record(group, mask, group->since, group->time, about, watched_too);
}

bool cws_inotify_change(struct cws_inotify_group *group, const struct cws_inotify_event *event, bool *made)
{
	struct cws_watch *watch = watched(group, event->wd);

	*made = false;
	if (!watch || !event->name)
		return true;
	/* What had this name and left comes first. */
	for (struct cws_move *move = group->moves; group->moving > 0 && move < group->moves + CWS_INOTIFY_MOVES; move++) {
		bool same = move->used && move->wd == event->wd && move->from.length - move->name == event->length &&
			    memcmp(name_of(move), event->name, event->length) == 0;

		if (same && !(event->mask & IN_MOVED_TO && event->cookie == move->cookie)) {
			*made = depart(group, move);
			return false;
		}
	}
	cws_inotify_enter(group, watch);
	if (event->mask & IN_MOVED_FROM)
		return set_out(group, event, made);
	*made = event->mask & IN_MOVED_TO ? arrive(group, event) : happen(group, event);
	if (!*made)
		leave_unwanted(group, event->mask & IN_MOVED_TO ? &group->to : &group->from, event->length, event->wd);
	return true;
}

bool cws_inotify_unmounted(struct cws_inotify_group *group, int32_t wd)
{
	struct cws_watch *watch = watched(group, wd);
	char path[CWS_WATCH_PATH + 1];

	/* Each watch on it is told: that of its root is the one whose parent lies elsewhere. */
	if (!watch || !watch->parent || watch->parent->dev == watch->dev)
		return false;
	path[cws_watch_path(watch, path, CWS_WATCH_PATH)] = 0;
	return cws_change_mounted(&group->record, CWS_CHANGE, group->patterns, group->number, path, group->since, group->time);
}
