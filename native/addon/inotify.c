/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "inotify.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "boottime.h"
#include "inotify_group.h"

/* A read that leaves less room than the longest event may have left events behind. */
enum { BUFFER = CWS_INOTIFY_BUFFER, EVENT_MAX = sizeof(struct inotify_event) + CWS_NAME_MAX + 1 };

static struct cws_inotify_group *of(struct cws_source *source)
{
	return (struct cws_inotify_group *)source;
}

/* Level-triggered: poll says what is there. Only what is left here must not be slept over; a rename that waits may take a sleep. */
static bool arm(struct cws_source *source)
{
	return of(source)->begin == of(source)->end && !of(source)->held;
}

static void disarm(struct cws_source *source)
{
	(void)source;
}

static void fill_buffer(struct cws_inotify_group *group)
{
	if (group->begin != group->end)
		return;
	uint64_t before = cws_boottime_ns();
	ssize_t got = read(group->source.fd, group->buffer, sizeof(group->buffer));
	group->begin = 0;
	group->end = got > 0 ? (uint32_t)got : 0;
	group->more = got > BUFFER - EVENT_MAX;
	group->since = group->empty;
	group->time = cws_boottime_ns();
	if (!group->more)
		group->empty = before;
}

/* The record leaves; false when there is no room for it. */
static bool offer(struct cws_inotify_group *group, struct cws_sink *sink, struct cws_drained *result)
{
	if (!group->held)
		return true;
	if (cws_sink_put(sink, &group->record, group->record.change.h.size) == CWS_FULL) {
		result->full = true;
		return false;
	}
	group->held = false;
	result->records++;
	return true;
}

/* Of the queue or of a watch, not of what is in a directory. */
static void take_notice(struct cws_inotify_group *group, const struct cws_inotify_event *event, struct cws_sink *sink)
{
	if (event->mask & IN_Q_OVERFLOW) {
		cws_sink_lost_since(sink, CWS_STAGE_RING, CWS_CHANGE, 1, group->since);
		cws_inotify_leave(group);
		cws_watches_overflowed(&group->watches);
		group->sweep = 0;
	}
	if (event->mask & IN_UNMOUNT)
		group->held = cws_inotify_unmounted(group, event->wd);
	if (event->mask & IN_IGNORED) {
		cws_inotify_leave(group);
		cws_watches_ignored(&group->watches, event->wd);
	}
}

/* The buffer's events, each record in its turn. False when there was no room for one. */
static bool take_events(struct cws_inotify_group *group, struct cws_sink *sink, struct cws_drained *result)
{
	struct cws_inotify_event event;

	while (offer(group, sink, result)) {
		if (group->begin == group->end)
			return true;
		uint32_t size = cws_inotify_parse(group->buffer + group->begin, group->end - group->begin, &event);

		if (size == 0) {
			/* The rest of the buffer cannot be told apart any more. */
			sink->broken++;
			cws_sink_lost_since(sink, CWS_STAGE_RING, CWS_CHANGE, 1, group->since);
			group->begin = group->end;
		} else if (event.mask & (IN_Q_OVERFLOW | IN_UNMOUNT | IN_IGNORED)) {
			take_notice(group, &event, sink);
			group->begin += size;
		} else if (cws_inotify_change(group, &event, &group->held)) {
			group->begin += size;
		}
	}
	return false;
}

/* What was mounted meanwhile is to be looked through. */
static bool take_mounts(struct cws_inotify_group *group, struct cws_sink *sink, struct cws_drained *result)
{
	struct cws_mount *mount;

	while (offer(group, sink, result)) {
		if (!(mount = cws_mounts_new(&group->mounts)))
			return true;
		group->held = cws_change_mounted(&group->record, CWS_CHANGE, group->patterns, group->number, mount->path, group->since, group->time);
		mount->told = true;
	}
	return false;
}

/* Records of renames that lead away. */
static bool take_departures(struct cws_inotify_group *group, bool any, struct cws_sink *sink, struct cws_drained *result)
{
	while (offer(group, sink, result))
		if (!cws_inotify_depart(group, any, &group->held))
			return true;
	return false;
}

static struct cws_drained drain(struct cws_source *source, struct cws_sink *sink)
{
	struct cws_inotify_group *group = of(source);
	struct cws_drained result = { 0 };

	pthread_mutex_lock(&group->lock);
	fill_buffer(group);
	/* This drain began before the queue was read: what was read is not of the future. */
	group->now = sink->now > group->time ? sink->now : group->time;
	cws_mounts_refresh(&group->mounts);
	result.fill = (double)(group->end - group->begin) / BUFFER;
	/* Not while the queue holds more: the second halves may be there. */
	if (take_mounts(group, sink, &result) && take_events(group, sink, &result) && !group->more && take_departures(group, false, sink, &result)) {
		uint64_t since = cws_inotify_review(group);

		if (since)
			cws_sink_lost_since(sink, CWS_STAGE_RING, CWS_CHANGE, 1, since);
	}
	cws_inotify_leave(group);
	cws_mounts_rest(&group->mounts);
	pthread_mutex_unlock(&group->lock);
	result.more = group->more && !result.full;
	return result;
}

static void finish(struct cws_source *source, struct cws_sink *sink)
{
	struct cws_inotify_group *group = of(source);
	struct cws_drained result = { 0 };

	pthread_mutex_lock(&group->lock);
	while (!take_departures(group, true, sink, &result)) {
		cws_sink_lost(sink, CWS_STAGE_QUEUE, CWS_CHANGE, 1);
		group->held = false;
	}
	cws_inotify_leave(group);
	cws_mounts_rest(&group->mounts);
	pthread_mutex_unlock(&group->lock);
}

static void close_group(struct cws_source *source)
{
	struct cws_inotify_group *group = of(source);

	if (source->fd >= 0)
		close(source->fd);
	cws_watches_destroy(&group->watches);
	cws_mounts_destroy(&group->mounts);
	cws_patterns_release(group->patterns);
	pthread_mutex_destroy(&group->lock);
	free(group->moves);
	free(group);
}

static int mark(struct cws_source *source, const char *path, bool beyond)
{
	struct cws_inotify_group *group = of(source);

	pthread_mutex_lock(&group->lock);
	int error = cws_inotify_watch_at(group, path, beyond);
	cws_mounts_rest(&group->mounts);
	pthread_mutex_unlock(&group->lock);
	return error;
}

static int open_at(struct cws_source *source, const char *path, uint64_t flags)
{
	struct cws_inotify_group *group = of(source);

	pthread_mutex_lock(&group->lock);
	int fd = cws_mounts_open_at(&group->mounts, path, flags);
	cws_mounts_rest(&group->mounts);
	pthread_mutex_unlock(&group->lock);
	return fd;
}

static void counts(struct cws_source *source, struct cws_change_counts *to)
{
	struct cws_inotify_group *group = of(source);

	pthread_mutex_lock(&group->lock);
	*to = (struct cws_change_counts){ .filtered = group->filtered, .marks = group->watches.count };
	pthread_mutex_unlock(&group->lock);
}

static int alarm_of(struct cws_source *source)
{
	return of(source)->mounts.alarm;
}

static const struct cws_source_ops OPS = {
	.arm = arm, .disarm = disarm, .drain = drain, .finish = finish, .close = close_group, .alarm = alarm_of,
	.mark = mark, .open_at = open_at, .counts = counts,
};

int cws_inotify_open(const struct cws_change_options *options, struct cws_source **source)
{
	struct cws_inotify_group *group = calloc(1, sizeof(*group));

	if (!group)
		return -ENOMEM;
	group->source = (struct cws_source){ .ops = &OPS, .fd = -1 };
	group->number = options->number;
	group->max_marks = options->max_marks;
	group->patterns = options->patterns;
	if (group->patterns)
		cws_patterns_hold(group->patterns);
	pthread_mutex_init(&group->lock, NULL);
	group->moves = calloc(CWS_INOTIFY_MOVES, sizeof(*group->moves));
	int error = cws_mounts_init(&group->mounts);
	if (!error)
		error = group->moves ? cws_watches_init(&group->watches, cws_inotify_unwatch, group) : -ENOMEM;
	if (!error) {
		group->source.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		error = group->source.fd < 0 ? -errno : 0;
	}
	if (error) {
		close_group(&group->source);
		return error;
	}
	group->sweep = UINT32_MAX;
	group->now = group->empty = cws_boottime_ns();
	*source = &group->source;
	return 0;
}

int cws_inotify_probe(void)
{
	const struct cws_change_options options = { .max_marks = 1 };
	struct cws_source *source;
	int error = cws_inotify_open(&options, &source);

	if (error)
		return error;
	error = mark(source, "/", true);
	source->ops->close(source);
	return error;
}
