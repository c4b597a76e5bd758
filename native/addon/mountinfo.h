/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of /proc/self/mountinfo. */
#ifndef CWS_MOUNTINFO_H
#define CWS_MOUNTINFO_H

#include "mounts.h"

/* Makes a list, to be freed by cws_mountinfo_free, of the file's text, which is written over. Lines that are none are left out. 0 or -ENOMEM. */
int cws_mountinfo_parse(char *text, struct cws_mount **list, uint32_t *count);
void cws_mountinfo_free(struct cws_mount *list, uint32_t count);

/* The mount that the path lies in; of several at one place the last covers the others. NULL: none. */
struct cws_mount *cws_mountinfo_of(struct cws_mount *list, uint32_t count, const char *path, size_t length);

/* Whether the path is that one or below it. */
bool cws_path_is_in(const char *path, size_t length, const char *above, size_t above_length);

#endif
