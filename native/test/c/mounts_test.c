/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts_test FOLDER (root): what is covered by a file system that never answers, right after the mounts were read, is not waited for; what lies
 * hidden is tried once a generation. In a mount namespace of its own; it is ended after some seconds where it waits all the same.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "directories.h"
#include "mountinfo.h"

static enum cws_mount_kind kind_at(const struct cws_mount *list, uint32_t count, const char *path)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(list[i].path, path) == 0)
			return list[i].kind;
	CHECK(!"mounted");
	return CWS_MOUNT_LOCAL;
}

/* An overlay waits for its layers. */
static void layers(void)
{
	char text[] = "1 0 8:1 / / rw - ext4 /dev/root rw\n"
		      "2 1 0:30 / /net rw - nfs4 host:/ rw\n"
		      "3 1 0:31 / /lower rw - overlay overlay rw,lowerdir=/a:/net/b,upperdir=/c,workdir=/w\n"
		      "4 1 0:32 / /upper rw - overlay overlay rw,lowerdir=/a,upperdir=/net/c,workdir=/net/w\n"
		      "5 1 0:33 / /plus rw - overlay overlay rw,lowerdir+=/a,lowerdir+=/net\n"
		      "6 1 0:34 / /data rw - overlay overlay rw,lowerdir=/a::/net/d\n"
		      "7 1 0:35 / /local rw - overlay overlay rw,lowerdir=/network:/a/net,upperdir=/c\n"
		      "8 1 0:36 / /comma rw - overlay overlay rw,lowerdir=/a\\054lowerdir=/net,upperdir=/c\n"
		      "9 1 0:37 / /stacked rw - overlay overlay rw,lowerdir=/late/x\n"
		      "10 1 0:38 / /late rw - overlay overlay rw,lowerdir=/lower/y\n"
		      "11 10 0:39 / /late/below rw - tmpfs none rw\n"
		      "12 1 0:40 / /colon rw - overlay overlay rw,lowerdir=/a\\134:/net:/b\n"
		      "13 1 0:41 / /tmp rw - tmpfs lowerdir=/net rw\n";
	static const char *const remote[] = { "/net", "/lower", "/upper", "/plus", "/data", "/stacked", "/late", "/late/below" };
	static const char *const local[] = { "/", "/local", "/comma", "/colon", "/tmp" };
	struct cws_mount *list;
	uint32_t count;

	CHECK(cws_mountinfo_parse(text, &list, &count) == 0 && count == 13);
	for (uint32_t i = 0; i < sizeof(remote) / sizeof(*remote); i++)
		CHECK(kind_at(list, count, remote[i]) == CWS_MOUNT_REMOTE);
	for (uint32_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		CHECK(kind_at(list, count, local[i]) == CWS_MOUNT_LOCAL);
	cws_mountinfo_free(list, count);
}

/* What lies hidden under another is not reached, and not tried again until something else is mounted. */
static void hidden(const char *folder)
{
	char place[256];
	uint8_t bytes[CWS_HANDLE_MAX];
	struct cws_handle handle = { .bytes = bytes };
	struct cws_mounts mounts;
	uint32_t magic;

	snprintf(place, sizeof(place), "%s/hidden", folder);
	CHECK(mkdir(place, 0700) == 0 && mount("none", place, "tmpfs", 0, NULL) == 0);
	int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0 && cws_handle_of(fd, &handle, bytes, &magic) == 0 && close(fd) == 0);
	CHECK(mount("none", place, "tmpfs", 0, NULL) == 0 && cws_mounts_init(&mounts) == 0);
	CHECK(cws_mounts_open_handle(&mounts, &handle) == -EOPNOTSUPP);
	cws_mounts_rest(&mounts);
	CHECK(umount(place) == 0);
	CHECK(cws_mounts_open_handle(&mounts, &handle) == -EOPNOTSUPP);
	CHECK(cws_mounts_refresh(&mounts));
	fd = cws_mounts_open_handle(&mounts, &handle);
	CHECK(fd >= 0 && close(fd) == 0);
	cws_mounts_destroy(&mounts);
	CHECK(umount(place) == 0);
}

int main(int argc, char **argv)
{
	char above[256], below[300], options[64];
	struct cws_mounts mounts;
	int hung = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	CHECK(argc == 2 && hung >= 0 && strlen(argv[1]) < 200);
	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	layers();
	hidden(argv[1]);
	snprintf(above, sizeof(above), "%s/above", argv[1]);
	snprintf(below, sizeof(below), "%s/below", above);
	CHECK(mkdir(above, 0700) == 0 && mkdir(below, 0700) == 0 && mount("none", below, "tmpfs", 0, NULL) == 0);
	CHECK(cws_mounts_init(&mounts) == 0);
	int fd = cws_mounts_open_at(&mounts, below, O_PATH);
	CHECK(fd >= 0 && close(fd) == 0);
	cws_mounts_rest(&mounts);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", hung);
	CHECK(mount("hung", above, "fuse.hung", 0, options) == 0);
	alarm(10);
	CHECK(cws_mounts_open_at(&mounts, below, O_PATH) == -EREMOTE);
	CHECK(cws_mounts_open_at(&mounts, above, O_PATH) == -EREMOTE);
	cws_mounts_destroy(&mounts);
	puts("mounts");
	return 0;
}
