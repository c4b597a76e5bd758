/* SPDX-License-Identifier: Apache-2.0 */
/* A fanotify group with marks on directories, as a source of CWS_CHANGE records. */
#ifndef CWS_FANOTIFY_H
#define CWS_FANOTIFY_H

#include "source.h"

struct cws_fanotify_support {
	int error;   /* 0, or the negative errno of opening a group */
	bool authors; /* CAP_SYS_ADMIN: without it (Linux 5.13) a group names no process but its own, and marks only what may be read */
	bool target; /* FAN_REPORT_TARGET_FID: an event names the file itself; FAN_RENAME: it has the old and the new name */
};

void cws_fanotify_probe(struct cws_fanotify_support *support);

bool cws_is_fanotify(const struct cws_source *source);

/* All return 0 or a negative errno. `recursive`: a directory that appears below a marked one is marked by the thread at once. `number`: what its records carry. */
int cws_fanotify_open(bool recursive, uint32_t number, struct cws_source **source);
/* Marks a directory; the last part of the path must be no symbolic link. Again is harmless. */
int cws_fanotify_mark(struct cws_source *source, const char *path);
int cws_fanotify_unmark(struct cws_source *source, const char *path);

#endif
