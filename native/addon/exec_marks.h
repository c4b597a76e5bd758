/* SPDX-License-Identifier: Apache-2.0 */
/* FAN_OPEN_EXEC marks of a fanotify group on every local file system that is mounted, now and later, where this process sees it. */
#ifndef CWS_EXEC_MARKS_H
#define CWS_EXEC_MARKS_H

#include "mounts.h"
#include "order.h"

/* Marks what was mounted since the last call, and forgets what is gone. Cheap when nothing changed. Where marks are refused no order is kept. */
void cws_exec_marks_refresh(struct cws_order *order, struct cws_mounts *mounts, int group_fd);

#endif
