/* SPDX-License-Identifier: Apache-2.0 */
/* A fanotify group from within: what fanotify.c (marks and queue) and fanotify_change.c (records) share. */
#ifndef CWS_FANOTIFY_GROUP_H
#define CWS_FANOTIFY_GROUP_H

#include <pthread.h>

#include "change.h"
#include "directories.h"
#include "fanotify_event.h"
#include "listed.h"
#include "marks.h"
#include "order.h"

enum { CWS_FANOTIFY_BUFFER = 64 * 1024 };

struct cws_fanotify_group {
	struct cws_source source;
	uint64_t mask;   /* of a directory whose entries are wanted */
	uint64_t passed; /* of one that only leads to such */
	uint16_t type;   /* of its records */
	uint32_t number, max_marks;
	struct cws_patterns *patterns; /* NULL: all that is marked is wanted, and nothing is marked by itself */
	struct cws_listed *listed;     /* files whose opens are told: with patterns those are looked for, else they are marked in this group; NULL: none */
	pthread_mutex_t lock;          /* guards what follows: marks come from JavaScript's thread */
	struct cws_directories directories;
	struct cws_marks marks;
	struct cws_order order;
	uint64_t filtered; /* events that nobody wanted */
	uint64_t since, empty, time; /* ns: what lies in the buffer came after since and before time; the queue was last empty then */
	uint32_t begin, end;         /* of what is left in the buffer */
	uint64_t position;           /* of the event at begin, in the order */
	bool whole;                  /* file systems are marked, but for directories that only lead to what is wanted */
	bool fresh, recheck;         /* the buffer was filled just now; paths of all directories are to be asked for again */
	bool more;                   /* the kernel's queue was not emptied */
	uint8_t buffer[CWS_FANOTIFY_BUFFER];
	struct cws_change_record record; /* being made */
	struct cws_place from, to;
};

/* All with the lock held. */

/* Makes group->record of the event. False when nobody wants it. */
bool cws_fanotify_change(struct cws_fanotify_group *group, struct cws_images *images, struct cws_fanotify_event *event);
/*
 * Where file systems are marked, what happened in a directory comes also when nobody looked at it before, and it may be gone: those whose own
 * deletion is in the buffer too are noted by that.
 */
void cws_fanotify_learn(struct cws_fanotify_group *group);
/* Marks the directory at the path; `beyond` the bound of marks. Returns 0 or a negative errno. */
int cws_fanotify_mark_at(struct cws_fanotify_group *group, const char *path, bool beyond);
/* What happens in that directory concerns nobody any more. */
void cws_fanotify_leave(struct cws_fanotify_group *group, const struct cws_handle *directory);

#endif
