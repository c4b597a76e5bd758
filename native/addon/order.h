/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which image of a process did what a fanotify group tells. Its events carry no time, but they keep their order: with FAN_OPEN_EXEC marks on
 * whole file systems each program that is opened to be executed stands in the same queue as what was done before and after. Together with the
 * times of the execs themselves that narrows the time of an event down to the life of one image, mostly.
 *
 * An event was made by an image whose program was opened before it, and not by one whose program was only opened later. An open may also stand
 * for no exec (a script, an interpreter, an exec that failed), and the kernel merges an open with an earlier one of the same file that still
 * waits to be read: where that leaves several images, the event lies somewhere in the lives of all of them.
 */
#ifndef CWS_ORDER_H
#define CWS_ORDER_H

#include "fanotify_event.h"
#include "images.h"

enum { CWS_OPENER_SETS = 128, CWS_OPENER_WAYS = 4, CWS_OPENED = 12, CWS_EXEC_FILESYSTEMS = 512, CWS_LOADERS = 4 };

/* A file that was opened to be executed. Positions count the events of the group. */
struct cws_opened {
	uint64_t position;
	uint64_t time;  /* ns: when it was read */
	uint32_t dev;   /* of an exec record; 0 = may be any */
	uint32_t inode; /* the lower half; 0 = may be any */
	bool floats;    /* merged with another event of that name: opened there or later */
	bool close;     /* nothing else is known to have been done since the one before it */
};

struct cws_opener {
	uint32_t pid, count;
	uint64_t used, forgotten; /* forgotten: when the last was read that had to go */
	bool changed;                   /* since its last open */
	struct cws_opened files[CWS_OPENED];
};

/* A file system with a FAN_OPEN_EXEC mark. */
struct cws_exec_filesystem {
	uint64_t fsid, since; /* since: ns, from then on nothing is missed */
	uint32_t dev, magic;
	bool shared;          /* another has the same fsid: events do not tell them apart */
};

/* A file of which the kernel does not tell that it is opened to be executed. */
struct cws_loader {
	uint32_t dev, inode; /* inode: the lower half */
};

struct cws_order {
	struct cws_opener (*sets)[CWS_OPENER_WAYS]; /* NULL: no order is kept */
	struct cws_exec_filesystem *filesystems;
	int filesystem_count;
	struct cws_loader loaders[CWS_LOADERS];
	int loader_count;
	uint64_t clock;
	uint64_t position;  /* of the next event to be read */
	uint64_t mounts;    /* of cws_mounts, whose file systems have been marked */
	uint64_t broken;    /* before that moment opens may be missing */
	uint64_t forgotten; /* of all openers that had to go: when their last open was read */
};

/* When an event happened. */
struct cws_span_of_time {
	uint64_t since, until; /* ns; of the first of what was merged into the event */
	uint64_t last;         /* of all of it */
};

int cws_order_init(struct cws_order *order, uint64_t now);
void cws_order_destroy(struct cws_order *order);

/* A file system is marked as of `now`; without room its opens are as if they were not seen. */
void cws_order_filesystem(struct cws_order *order, uint64_t fsid, uint32_t dev, uint32_t magic, uint64_t now);
/* The file system of this index is gone; the last one takes its place. */
void cws_order_gone(struct cws_order *order, int index);

/* Opens of this file are no longer told: an exec of it says nothing of the order. Without room the file must be left alone. */
bool cws_order_loader(struct cws_order *order, uint32_t dev, uint64_t inode);

/* Notes what one read brought, at the time `now`. Events are counted whether or not they are sane, up to the first that is not. */
void cws_order_note(struct cws_order *order, const uint8_t *bytes, size_t size, uint64_t now);

/*
 * Narrows `time` of the event at `position`, of that process. `complete`: all that was queued before that moment (ns) has been noted.
 */
void cws_order_narrow(struct cws_order *order, struct cws_images *images, uint32_t pid, uint64_t position, uint64_t complete, struct cws_span_of_time *time);

#endif
