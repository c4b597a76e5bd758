/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of watched directories by their handles, in a bounded table. A path is believed for one pass of the drain: at its next use it is
 * asked whether it still leads to the same directory, else the directory itself is asked for its path.
 */
#ifndef CWS_DIRECTORIES_H
#define CWS_DIRECTORIES_H

#include "fanotify_event.h"

#define CWS_DIRECTORY_PATH 4096

enum { CWS_DIRECTORY_SETS = 256, CWS_DIRECTORY_WAYS = 4, CWS_DIRECTORY_ROOTS = 32 };

struct cws_directory {
	uint64_t fsid, checked, used; /* checked: in which pass; 0 with size 0: free */
	uint8_t handle[CWS_HANDLE_MAX];
	uint32_t size;
	int32_t type;
	uint32_t magic; /* of the file system, statfs(2) */
	uint32_t length;
	bool gone; /* nothing there any more: path is the last that was known */
	char path[CWS_DIRECTORY_PATH];
};

/* Somewhere in a file system, to open handles from. */
struct cws_directory_root {
	uint64_t fsid;
	char path[CWS_DIRECTORY_PATH];
};

struct cws_directories {
	struct cws_directory (*sets)[CWS_DIRECTORY_WAYS];
	struct cws_directory_root *roots;
	int root_count;
	uint64_t pass, clock;
};

/* All that return int: 0 or a negative errno. */
int cws_directories_init(struct cws_directories *directories);
void cws_directories_destroy(struct cws_directories *directories);

/* Paths are to be checked again: a new pass, or a directory was renamed, and those below it are elsewhere. */
void cws_directories_pass(struct cws_directories *directories);
/* A descriptor of the directory at this path, in no part of which a symbolic link is followed; or a negative errno. */
int cws_directory_open(const char *path);
/* The handle of an open file, its bytes in `bytes`, and the magic of its file system. 0 or a negative errno. */
int cws_handle_of(int fd, struct cws_handle *handle, uint8_t bytes[CWS_HANDLE_MAX], uint32_t *magic);
/* Notes a directory and its path. */
int cws_directories_add(struct cws_directories *directories, const struct cws_handle *handle, uint32_t magic, const char *path);
/* Where this directory is now; NULL when that cannot be told. Valid until the next call. */
const struct cws_directory *cws_directories_find(struct cws_directories *directories, const struct cws_handle *handle);

/* Whether this path leads to the file of that handle, links not followed. */
bool cws_handle_is_at(const struct cws_handle *handle, const char *path);

#endif
