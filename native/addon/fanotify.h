/* SPDX-License-Identifier: Apache-2.0 */
/* A fanotify group with marks on directories, as a source of CWS_CHANGE records. */
#ifndef CWS_FANOTIFY_H
#define CWS_FANOTIFY_H

#include "patterns.h"
#include "source.h"

struct cws_fanotify_support {
	int error;   /* 0, or the negative errno of opening a group */
	bool authors; /* CAP_SYS_ADMIN: without it (Linux 5.13) a group names no process but its own, and marks only what may be read */
	bool target; /* FAN_REPORT_TARGET_FID: an event names the file itself; FAN_RENAME: it has the old and the new name */
};

void cws_fanotify_probe(struct cws_fanotify_support *support);

bool cws_is_fanotify(const struct cws_source *source);

struct cws_fanotify_options {
	uint32_t number;               /* what its records carry */
	bool ordered;                  /* its records are timed by the execs of their processes, see order.h: pids must be those of the initial namespace */
	uint32_t max_marks;            /* that the thread makes by itself, and others that are not `beyond` */
	struct cws_patterns *patterns; /* what is wanted: directories that appear and may hold some are marked by the thread at once; NULL: all */
};

struct cws_fanotify_counts {
	uint64_t filtered; /* events that nobody wanted */
	uint32_t marks;
};

/* Return 0 or a negative errno. */
int cws_fanotify_open(const struct cws_fanotify_options *options, struct cws_source **source);
/* Marks a directory; no part of the path may be a symbolic link. Again is harmless. -EINVAL: nothing in it is wanted; -EDQUOT: too many. */
int cws_fanotify_mark(struct cws_source *source, const char *path, bool beyond);
/* Opens what is at the path, as cws_mounts_open_at does. */
int cws_fanotify_open_at(struct cws_source *source, const char *path, uint64_t flags);
void cws_fanotify_counts(struct cws_source *source, struct cws_fanotify_counts *counts);

#endif
