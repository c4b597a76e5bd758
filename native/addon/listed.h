/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files whose opens are told: each has a mark on its inode, which sees the open whatever path led there, and is known by its handle, which
 * gives the path it is listed by. Shared by two groups: one has the marks, the other watches the directories in which such files appear.
 */
#ifndef CWS_LISTED_H
#define CWS_LISTED_H

#include <stdbool.h>

#include "fanotify_event.h"
#include "mounts.h"

struct cws_listed;

/* Held once; NULL when there is no memory. `most` files are marked. */
struct cws_listed *cws_listed_open(uint32_t most);
void cws_listed_hold(struct cws_listed *listed);
void cws_listed_release(struct cws_listed *listed);

/* The group that gets the marks; -1: it is closed. */
void cws_listed_group(struct cws_listed *listed, int group_fd);

/*
 * Lists the file at the path, which is open with O_PATH: no link, no directory. Another file that was listed by that path no longer is. 0 or a
 * negative errno; -EDQUOT: there are too many.
 */
int cws_listed_mark(struct cws_listed *listed, struct cws_mounts *mounts, int fd, const char *path, uint32_t length);
/* That file is no longer at the path. */
void cws_listed_forget(struct cws_listed *listed, struct cws_mounts *mounts, const struct cws_handle *handle, const char *path, uint32_t length);

/* Copies the path, not terminated, by which the file is listed; false: it is not. `path` has room for CWS_DIRECTORY_PATH bytes. */
bool cws_listed_path(struct cws_listed *listed, const struct cws_handle *handle, char *path, uint32_t *length);
uint32_t cws_listed_count(struct cws_listed *listed);

#endif
