/* SPDX-License-Identifier: Apache-2.0 */
/* A CWS_CHANGE record in the making, whichever source it comes from: places, whether anybody wants what happened there, the files. */
#ifndef CWS_CHANGE_H
#define CWS_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cws_event.h"
#include "listed.h"
#include "patterns.h"
#include "source.h"

struct cws_change_options {
	uint32_t number;               /* what its records carry */
	bool ordered;                  /* fanotify: its records are timed by the execs of their processes, see order.h: pids must be those of the initial namespace */
	bool whole;                    /* fanotify: file systems are marked instead of directories, by mark_whole; needs patterns */
	uint32_t max_marks;            /* directories that the thread watches by itself, and others that are not `beyond` */
	struct cws_listed *listed;     /* fanotify: files whose opens are told instead of changes: by the group without patterns, and listed by one that has them; or NULL */
	struct cws_patterns *patterns; /* what is wanted: directories that appear and may hold some are watched by the thread at once; NULL: all */
};

enum { CWS_NAME_BYTES = 256, CWS_PLACE_PATH = 4096 + CWS_NAME_BYTES };

/* Where an entry is: when its directory is not known, path holds the name alone. */
struct cws_place {
	uint32_t length, magic; /* magic: of the file system, statfs(2) */
	uint64_t mount_id;
	unsigned int reach;  /* of its directory: bits of enum cws_reach */
	bool named, located; /* not named: there is no such entry */
	char path[CWS_PLACE_PATH];
};

struct cws_change_record { /* the fixed part, then two paths */
	struct cws_change change;
	uint8_t text[2 * ((CWS_PLACE_PATH + 7) & ~7)];
};

enum cws_interest { CWS_NOBODY, CWS_ASIDE, CWS_WANTED };

/* Whether anybody wants what happened there; mask: FAN_* bits. Without patterns all is wanted. */
enum cws_interest cws_interest_in(const struct cws_patterns *patterns, const struct cws_place *place, uint64_t mask);

struct statx;
/* Fills one file of the record and appends the place's path. `about`: what is there now, NULL: not known. */
void cws_change_file(struct cws_change_record *record, const struct cws_place *place, const struct statx *about, struct cws_file *file);

/* Makes the record, of that type, that says where something was mounted, or unmounted. False when nobody wants to know. */
bool cws_change_mounted(struct cws_change_record *record, uint16_t type, const struct cws_patterns *patterns, uint32_t number, const char *path, uint64_t since, uint64_t time);

#endif
