/* SPDX-License-Identifier: Apache-2.0 */
/* One event as the kernel writes it to an inotify descriptor: its parts, the name as a view into the bytes. */
#ifndef CWS_INOTIFY_EVENT_H
#define CWS_INOTIFY_EVENT_H

#include <stddef.h>
#include <stdint.h>

/* NAME_MAX of linux/limits.h */
#define CWS_NAME_MAX 255

struct cws_inotify_event {
	int32_t wd; /* watch descriptor; -1: of the whole queue */
	uint32_t mask, cookie;
	const char *name; /* in the watched directory, no terminator is counted; NULL: it happened to the directory itself */
	uint32_t length;
};

/* Bytes of the event that begins at `bytes`, or 0 when there is no whole and sane one. */
uint32_t cws_inotify_parse(const uint8_t *bytes, size_t size, struct cws_inotify_event *event);

#endif
