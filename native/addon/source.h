/* SPDX-License-Identifier: Apache-2.0 */
/* What the native thread drains: a BPF ring buffer, and whatever else has a descriptor that becomes readable. */
#ifndef CWS_SOURCE_H
#define CWS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sink.h"

struct cws_source;

struct cws_drained {
	uint64_t records; /* taken, whatever became of them */
	double fill;      /* share of the source's own buffer that was in use, 0..1 */
	bool more;        /* stopped at the bound: drain again without rest */
	bool full;        /* stopped because the queue has no room */
};

struct cws_change_counts {
	uint64_t filtered; /* events that nobody wanted */
	uint32_t marks;    /* directories that are watched */
};

struct cws_source_ops {
	/* Before a sleep: ask the kernel side for a wake-up. False when there is something to drain already. */
	bool (*arm)(struct cws_source *source);
	/* After it: no wake-ups wanted, the thread will come by itself. */
	void (*disarm)(struct cws_source *source);
	/* A descriptor that has POLLPRI when something besides is to be looked at; NULL: none. */
	int (*alarm)(struct cws_source *source);
	/* Share of the source's own buffer that is in use now, 0..1; NULL: never looked at between two drains. */
	double (*fill)(struct cws_source *source);
	/*
	 * For a source whose records name processes: takes what the kernel has into a buffer of the source's own. All such sources gather before
	 * any other is drained, and are drained after it, so that what a process did before is in the queue ahead of what it changed. NULL: none.
	 * True when something new came.
	 */
	bool (*gather)(struct cws_source *source);
	/* For the others: notes where their buffer ends now; and whether all up to there was taken. NULL: nothing ever waits for it. */
	void (*note)(struct cws_source *source);
	bool (*noted_taken)(struct cws_source *source);
	/* Takes at most a bounded number of records and gives them to the sink. */
	struct cws_drained (*drain)(struct cws_source *source, struct cws_sink *sink);
	/* Losses of the kernel's side since the last call go to the sink. */
	void (*losses)(struct cws_source *source, struct cws_sink *sink);
	/* It is drained no more: what it held back goes to the sink. NULL: it holds nothing back. */
	void (*finish)(struct cws_source *source, struct cws_sink *sink);
	void (*close)(struct cws_source *source);
	/*
	 * For sources of CWS_CHANGE records (NULL: it is another): watches a directory, no part of whose path may be a symbolic link; again is harmless.
	 * `beyond`: whatever the bound. 0 or a negative errno: -EINVAL: nothing in it is wanted; -EDQUOT: too many.
	 */
	int (*mark)(struct cws_source *source, const char *path, bool beyond);
	/* Lists the file at the path, in no part of which a symbolic link may be: its opens are told from now on. NULL: not of such. */
	int (*list)(struct cws_source *source, const char *path);
	/* Opens what is at the path, as cws_mounts_open_at does. */
	int (*open_at)(struct cws_source *source, const char *path, uint64_t flags);
	void (*counts)(struct cws_source *source, struct cws_change_counts *counts);
	/* For those of which whole file systems can be watched: that in which this directory is; NULL: they cannot. */
	int (*mark_whole)(struct cws_source *source, const char *path);
	/* Paths of mounts in which something may be wanted, a NUL after each, to be freed; NULL: no memory, or no patterns. */
	char *(*mounts)(struct cws_source *source, size_t *size);
};

struct cws_source {
	const struct cws_source_ops *ops;
	int fd;      /* readable when woken */
	bool urgent; /* what it tells is to be looked at soon, also while the thread rests because much happens */
};

#endif
