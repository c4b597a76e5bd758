/* SPDX-License-Identifier: Apache-2.0 */
/* An inotify descriptor with watches on directories, as a source of CWS_CHANGE records: without any privilege, and without authors. */
#ifndef CWS_INOTIFY_H
#define CWS_INOTIFY_H

#include "change.h"

/* 0 when directories can be watched here, else a negative errno: -EMFILE, -ENOSPC (limits of the user), -ENOENT (no /proc). */
int cws_inotify_probe(void);

/* 0 or a negative errno. */
int cws_inotify_open(const struct cws_change_options *options, struct cws_source **source);

#endif
