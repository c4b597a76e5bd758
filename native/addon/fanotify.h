/* SPDX-License-Identifier: Apache-2.0 */
/* A fanotify group with marks on directories, as a source of CWS_CHANGE records. */
#ifndef CWS_FANOTIFY_H
#define CWS_FANOTIFY_H

#include "change.h"

struct cws_fanotify_support {
	int error;   /* 0, or the negative errno of opening a group */
	bool authors; /* CAP_SYS_ADMIN: without it (Linux 5.13) a group names no process but its own, and marks only what may be read */
	bool target; /* FAN_REPORT_TARGET_FID: an event names the file itself; FAN_RENAME: it has the old and the new name */
};

void cws_fanotify_probe(struct cws_fanotify_support *support);

/* 0 or a negative errno. */
int cws_fanotify_open(const struct cws_change_options *options, struct cws_source **source);

#endif
