/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of watched directories by their handles, in a bounded table. A path is believed for one pass of the drain: at its next use the
 * directory itself is asked for its path, or, where that cannot be, whether the path still leads to it.
 */
#ifndef CWS_DIRECTORIES_H
#define CWS_DIRECTORIES_H

#include <fcntl.h>

#include "fanotify_event.h"
#include "mounts.h"
#include "patterns.h"

#define CWS_DIRECTORY_PATH 4096

enum { CWS_DIRECTORY_SETS = 256, CWS_DIRECTORY_WAYS = 4 };

/* struct file_handle with room for the longest. */
union cws_file_handle {
	struct file_handle header;
	uint8_t bytes[sizeof(struct file_handle) + CWS_HANDLE_MAX];
};

struct cws_directory {
	uint64_t fsid, checked, used; /* checked: in which pass; 0 with size 0: free */
	uint8_t handle[CWS_HANDLE_MAX];
	uint32_t size;
	int32_t type;
	uint32_t magic; /* of the file system, statfs(2) */
	uint64_t mount_id;
	uint32_t length;
	unsigned int reach; /* what of it may be wanted, all bits without patterns */
	bool gone; /* nothing there any more: path is the last that was known */
	char path[CWS_DIRECTORY_PATH];
};

struct cws_directories {
	struct cws_directory (*sets)[CWS_DIRECTORY_WAYS];
	struct cws_mounts mounts;
	const struct cws_patterns *patterns; /* of several paths to a directory one by which something is wanted; NULL: any */
	uint64_t pass, clock;
};

/* All that return int: 0 or a negative errno. */
int cws_directories_init(struct cws_directories *directories, const struct cws_patterns *patterns);
void cws_directories_destroy(struct cws_directories *directories);

/* Paths are to be checked again: a new pass, or a directory was renamed, and those below it are elsewhere. */
void cws_directories_pass(struct cws_directories *directories);
/* The handle of an open file, its bytes in `bytes`, and the magic of its file system. */
int cws_handle_of(int fd, struct cws_handle *handle, uint8_t bytes[CWS_HANDLE_MAX], uint32_t *magic);
/* Notes a directory and a path that leads to it. */
int cws_directories_add(struct cws_directories *directories, const struct cws_handle *handle, uint32_t magic, const char *path);
/* Notes a directory that is gone, and where it was. */
void cws_directories_add_gone(struct cws_directories *directories, const struct cws_handle *handle, const struct cws_directory *parent, const char *name,
			      size_t length);
/* Where this directory is now; NULL when that cannot be told. Valid until the next call. */
const struct cws_directory *cws_directories_find(struct cws_directories *directories, const struct cws_handle *handle);

/* An O_PATH descriptor of what is at the path if it is the file of that handle, or a negative errno. */
int cws_directories_open_if(struct cws_directories *directories, const char *path, const struct cws_handle *handle);

#endif
