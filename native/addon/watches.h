/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directories that an inotify descriptor watches: by watch descriptor, and as a tree, so that a directory that is renamed takes along all
 * that is below it at the cost of one entry. The kernel gives one descriptor a directory: it has one place here, whatever else leads to it.
 */
#ifndef CWS_WATCHES_H
#define CWS_WATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the longest path that the kernel takes, with a last name. */
#define CWS_WATCH_PATH (4096 + 256)

struct cws_watch {
	int32_t wd;
	uint32_t due;   /* IN_IGNORED that are still to come of watches taken away under this number: events before them are of another directory */
	bool placed;    /* has a place in the tree; without one it only waits for what is due */
	bool displaced; /* another has taken its place: the path is where it was */
	uint16_t length;
	uint32_t magic; /* of the file system, statfs(2) */
	uint64_t dev, inode;
	uint64_t doubt; /* ns, since when its path has led elsewhere; 0: it does not */
	struct cws_watch *parent, *child, *next, *previous; /* the tree: the first child, and siblings */
	struct cws_watch *same_wd, *same_name;              /* chains of the two indexes */
	struct cws_watch *doubt_next, *doubt_previous;
	char *name; /* in the parent; without one: its absolute path */
};

/* Takes the kernel's watch away. False when the kernel had no such any more. */
typedef bool (*cws_unwatch)(void *context, int32_t wd);

struct cws_watches {
	struct cws_watch **by_wd, **by_name;
	uint32_t size;  /* of each index, a power of two */
	uint32_t count; /* that have a place */
	struct cws_watch *doubted, *doubted_last; /* longest in doubt first */
	cws_unwatch unwatch;
	void *context;
};

/* 0 or -ENOMEM. */
int cws_watches_init(struct cws_watches *watches, cws_unwatch unwatch, void *context);
/* Frees all of them; the kernel is not told. */
void cws_watches_destroy(struct cws_watches *watches);

/* That of this number, placed or not; NULL when there is none. */
struct cws_watch *cws_watches_find(const struct cws_watches *watches, int32_t wd);
/* The one that has this name in the parent, or, without one, this path. */
struct cws_watch *cws_watches_child(const struct cws_watches *watches, const struct cws_watch *parent, const char *name, size_t length);
/* The one that is at this absolute path. */
struct cws_watch *cws_watches_at(const struct cws_watches *watches, const char *path, size_t length);

/*
 * What the kernel watches as `wd` is at this place now, with all that is known below it. Whatever else had the place is doubted. NULL, and it
 * is not watched any more nor is anything below it, when there is no memory, or when the parent lies below it: the table was out of date.
 */
struct cws_watch *cws_watches_put(struct cws_watches *watches, int32_t wd, struct cws_watch *parent, const char *name, size_t length,
				  uint64_t now);
/* Not watched any more, and neither is what is below it. */
void cws_watches_forget(struct cws_watches *watches, struct cws_watch *watch);
/* IN_IGNORED: this number is free. */
void cws_watches_ignored(struct cws_watches *watches, int32_t wd);
/* After an overflow: what is due may never come. */
void cws_watches_overflowed(struct cws_watches *watches);

/* Whether its path leads to it, as of now. */
void cws_watches_doubt(struct cws_watches *watches, struct cws_watch *watch, bool doubted, uint64_t now);

/* Writes the absolute path, without a terminator; 0 when it is longer than `size`. */
size_t cws_watch_path(const struct cws_watch *watch, char *path, size_t size);

#endif
