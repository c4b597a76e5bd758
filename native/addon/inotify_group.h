/* SPDX-License-Identifier: Apache-2.0 */
/* An inotify source from within: what inotify.c (queue), inotify_watch.c (directories) and inotify_change.c (records) share. */
#ifndef CWS_INOTIFY_GROUP_H
#define CWS_INOTIFY_GROUP_H

#include <pthread.h>

#include "change.h"
#include "inotify_event.h"
#include "mounts.h"
#include "watches.h"

enum {
	CWS_INOTIFY_BUFFER = 64 * 1024,
	/* Renames of which the new name is not known yet: it comes right behind the old one, or never. */
	CWS_INOTIFY_MOVES = 64,
};

struct cws_move {
	bool used;       /* it waits; else it was told, or there is none */
	uint32_t cookie; /* 0: the second half has come */
	int32_t wd;  /* of the directory it was in */
	uint64_t mask, since, time;
	uint32_t name; /* where in the path */
	struct cws_place from;
};

struct cws_inotify_group {
	struct cws_source source;
	uint32_t number, max_marks;
	struct cws_patterns *patterns; /* NULL: all that is watched is wanted, and nothing is watched by itself */
	pthread_mutex_t lock;          /* guards what follows: marks come from JavaScript's thread */
	struct cws_mounts mounts;
	struct cws_watches watches;
	uint32_t sweep;      /* after an overflow: how far all watches were looked at; UINT32_MAX: done */
	uint64_t unwatched;  /* times that a watch was taken away which the kernel still had */
	uint64_t filtered;   /* events that nobody wanted */
	uint64_t now, since, empty, time; /* ns: what lies in the buffer came after since and before time; the queue was last empty then */
	uint32_t begin, end; /* of what is left in the buffer */
	bool more;           /* the kernel's queue was not emptied */
	bool held;           /* the record waits for room */
	struct { /* the directory under hand: its path leads to fd, -1 when it does not; within one drain, while the tree stands still */
		struct cws_watch *watch;
		int fd;
		uint32_t length;
		char path[CWS_WATCH_PATH + 1];
	} here;
	struct cws_move *moves;
	uint32_t moving, next_move; /* how many wait; where the next one is put */
	struct cws_place from, to;
	struct cws_change_record record;
	uint8_t buffer[CWS_INOTIFY_BUFFER];
};

/* All with the lock held. */

/* inotify_watch.c */
bool cws_inotify_unwatch(void *group, int32_t wd);
/* Makes it the directory under hand, and doubts it if its path leads elsewhere. Whether it does lead there. */
bool cws_inotify_enter(struct cws_inotify_group *group, struct cws_watch *watch);
/* An O_PATH descriptor of what has this name in an open directory, links not followed and no mount crossed; or a negative errno. */
int cws_inotify_open_in(int directory, const char *name, uint64_t flags);
/* No directory is under hand: before the tree changes. */
void cws_inotify_leave(struct cws_inotify_group *group);
/* Watches the open directory, which has this name in the parent or, without one, this path. 0, -ESTALE: the table was out of date, or another negative errno. */
int cws_inotify_watch(struct cws_inotify_group *group, int fd, struct cws_watch *parent, const char *name, size_t length, unsigned int reach, bool beyond);
int cws_inotify_watch_at(struct cws_inotify_group *group, const char *path, bool beyond);
/* A bounded number of watches is looked at: those in doubt for a second are taken away. Returns since when changes may have been missed; 0: none were. */
uint64_t cws_inotify_review(struct cws_inotify_group *group);

/* inotify_change.c */
/* False when a record must go first: it is made, and then the event comes again. `made`: the event's own record is made. */
bool cws_inotify_change(struct cws_inotify_group *group, const struct cws_inotify_event *event, bool *made);
/* Makes the record that says that another file system's root was unmounted. False when it is none, or nobody wants to know. */
bool cws_inotify_unmounted(struct cws_inotify_group *group, int32_t wd);
/* Makes the record of a rename that leads out of what is watched, if one is old enough, or any. False when there is none. */
bool cws_inotify_depart(struct cws_inotify_group *group, bool any, bool *made);

#endif
