/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted where, from /proc/self/mountinfo. Whoever walks a path that others may mount on can be made to wait forever by a file system
 * that does not answer: here a path is opened by way of a mount that is known, and no other mount is crossed on the way.
 */
#ifndef CWS_MOUNTS_H
#define CWS_MOUNTS_H

#include "fanotify_event.h"

enum cws_mount_kind {
	CWS_MOUNT_LOCAL,
	CWS_MOUNT_REMOTE, /* over the network, or by a program (FUSE): it may never answer. So is what is mounted below such a one */
	CWS_MOUNT_PSEUDO, /* no files, but what the kernel tells: proc, sysfs */
};

struct cws_mount {
	char *path, *root; /* where it is mounted, and what of its file system */
	uint32_t path_length, root_length, dev, magic;
	uint64_t id, parent, fsid;
	uint64_t unique; /* a number that no other mount ever has, 0 = not known (before Linux 6.8): ids and devices are soon given to others */
	uint64_t born;   /* generation in which it was first there */
	struct cws_mount *above; /* on the way to it the nearest, NULL: not known */
	enum cws_mount_kind kind;
	bool asked;   /* fsid, magic and decodes are known */
	bool hidden;  /* lies under another: not tried again in this generation */
	bool decodes; /* its files can be opened by their handles, by this process */
	bool told;    /* taken by cws_mounts_new */
	int fd;       /* -1, or its root, until cws_mounts_rest */
};

struct cws_mounts {
	struct cws_mount *list;
	uint32_t count;
	int info;  /* /proc/self/mountinfo: POLLPRI when they change */
	int alarm; /* the same for whoever sleeps: to be polled for POLLPRI by nobody else */
	bool untold;
	uint64_t generation; /* another whenever they were read anew */
	void (*gone)(void *context, uint64_t fsid); /* told of each file system of which no mount is left; NULL: nobody is */
	void *context;
};

/* 0 or a negative errno. Without /proc no mount is known, and no path can be opened. */
int cws_mounts_init(struct cws_mounts *mounts);
void cws_mounts_destroy(struct cws_mounts *mounts);

/* Reads them again if they changed; then true. */
bool cws_mounts_refresh(struct cws_mounts *mounts);
/* The next that was not there when they were read first, once each; or NULL. It is told when its `told` is set. */
struct cws_mount *cws_mounts_new(struct cws_mounts *mounts);
/* Lets go of descriptors: an open root would keep its file system from being unmounted. */
void cws_mounts_rest(struct cws_mounts *mounts);

/* A descriptor of its root, until cws_mounts_rest; fsid and magic are known then. Or a negative errno. Of a local mount only. */
int cws_mount_open(struct cws_mount *mount);

/*
 * A descriptor of what is at the absolute path, in no part of which a symbolic link is followed, opened with these flags; or a negative errno.
 * -EREMOTE: the file system may never answer; -ENODEV: it has no files; -EXDEV: something was mounted on the way just now.
 */
int cws_mounts_open_at(struct cws_mounts *mounts, const char *path, uint64_t flags);
/* An O_PATH descriptor of the file of that handle; -ESTALE: there is none; -EOPNOTSUPP: that cannot be told by a handle. */
int cws_mounts_open_handle(struct cws_mounts *mounts, const struct cws_handle *handle);

/* One of the paths that lead to it. */
struct cws_location {
	char *path; /* room for CWS_DIRECTORY_PATH bytes; terminated */
	uint32_t length, magic;
	uint64_t mount_id;
};
/* Where the directory of that handle is, by the mount whose path is `liked` if there is such. False: nowhere, or that cannot be told. */
bool cws_mounts_locate(struct cws_mounts *mounts, const struct cws_handle *handle, bool (*liked)(const void *context, const char *path, size_t length),
		       const void *context, struct cws_location *location);

#endif
