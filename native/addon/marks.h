/* SPDX-License-Identifier: Apache-2.0 */
/* Which directories a group has marked, by their handles: how many they are is bounded whoever marks them. */
#ifndef CWS_MARKS_H
#define CWS_MARKS_H

#include "fanotify_event.h"

struct cws_mark {
	uint64_t hash, fsid; /* of the handle; hash 0 = free */
};

struct cws_marks {
	struct cws_mark *slots;
	uint32_t size, count;
};

void cws_marks_destroy(struct cws_marks *marks);
/* Whether it is among them. */
bool cws_marks_have(const struct cws_marks *marks, const struct cws_handle *handle);
/* 0, also when it was there, or -ENOMEM. */
int cws_marks_add(struct cws_marks *marks, const struct cws_handle *handle);
void cws_marks_remove(struct cws_marks *marks, const struct cws_handle *handle);
/* Removes all of that file system. */
void cws_marks_remove_all(struct cws_marks *marks, uint64_t fsid);

#endif
