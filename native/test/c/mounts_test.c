/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts_test FOLDER (root): what is covered by a file system that never answers, right after the mounts were read, is not waited for. In a mount
 * namespace of its own; it is ended after some seconds where it waits all the same.
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
#include "mounts.h"

int main(int argc, char **argv)
{
	char above[256], below[300], options[64];
	struct cws_mounts mounts;
	int hung = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	CHECK(argc == 2 && hung >= 0 && strlen(argv[1]) < 200);
	CHECK(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
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
