/* SPDX-License-Identifier: Apache-2.0 */
/* One event as the kernel writes it to a fanotify group with FAN_REPORT_DFID_NAME: its parts, as views into the bytes. */
#ifndef CWS_FANOTIFY_EVENT_H
#define CWS_FANOTIFY_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MAX_HANDLE_SZ of linux/exportfs.h */
#define CWS_HANDLE_MAX 128

/* Which file or directory, whatever it is called: valid for one file system until the object is gone. */
struct cws_handle {
	uint64_t fsid;
	const uint8_t *bytes; /* NULL: no handle */
	uint32_t size;
	int32_t type;
};

/* A name in a directory. */
struct cws_entry {
	struct cws_handle directory;
	const char *name; /* no terminator is counted; NULL: no entry */
	uint32_t length;
};

struct cws_fanotify_event {
	uint64_t mask;
	int32_t pid;             /* thread group id as the reader's pid namespace has it; 0 = of none that it sees */
	int32_t fd;              /* to be closed; -1 = none */
	struct cws_entry entry;  /* what it happened to; of a rename: the old name */
	struct cws_entry renamed; /* of a rename: the new name */
	struct cws_handle target; /* the file itself, where the kernel tells it */
};

/* Bytes of the event that begins at `bytes`, or 0 when there is no whole and sane one. */
uint32_t cws_fanotify_parse(const uint8_t *bytes, size_t size, struct cws_fanotify_event *event);

#endif
