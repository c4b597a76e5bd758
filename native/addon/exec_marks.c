/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "exec_marks.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "boottime.h"

/* What nearly every exec opens besides its program: told of, it would double what an exec costs the host and this process, and say nothing. */
static const char *const LOADERS[] = { "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux.so.2", "/lib/ld-musl-x86_64.so.1" };

static bool is_marked(const struct cws_order *order, uint32_t dev)
{
	for (int i = 0; i < order->filesystem_count; i++)
		if (order->filesystems[i].dev == dev)
			return true;
	return false;
}

/* Since that generation. */
static bool is_mounted(const struct cws_mounts *mounts, uint32_t dev, uint64_t since)
{
	for (uint32_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].dev == dev && mounts->list[i].born <= since)
			return true;
	return false;
}

static void mark(struct cws_order *order, struct cws_mount *mount, int group_fd)
{
	char path[32];
	int root = cws_mount_open(mount);

	if (root < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", root);
	if (fanotify_mark(group_fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC, AT_FDCWD, path) == 0)
		cws_order_filesystem(order, mount->fsid, mount->dev, mount->magic, cws_boottime_ns());
}

static void ignore(struct cws_order *order, const char *loader, int group_fd)
{
	char path[32];
	struct stat is;
	int fd = open(loader, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	/* Where a file's device is not that of its file system (btrfs), execs could not be told to be of it. */
	if (fstat(fd, &is) == 0 && is_marked(order, major(is.st_dev) << 20 | minor(is.st_dev)) &&
	    cws_order_loader(order, major(is.st_dev) << 20 | minor(is.st_dev), is.st_ino) &&
	    fanotify_mark(group_fd, FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY, FAN_OPEN_EXEC, AT_FDCWD, path))
		order->loader_count--;
	close(fd);
}

void cws_exec_marks_refresh(struct cws_order *order, struct cws_mounts *mounts, int group_fd)
{
	if (!order->sets || order->mounts == mounts->generation)
		return;
	/* A device's number may be given to another when it is gone, before anybody has looked. */
	for (int i = order->filesystem_count; i-- > 0;)
		if (!is_mounted(mounts, order->filesystems[i].dev, order->mounts))
			cws_order_gone(order, i);
	for (uint32_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].kind == CWS_MOUNT_LOCAL && !is_marked(order, mounts->list[i].dev))
			mark(order, &mounts->list[i], group_fd);
	if (order->mounts == 0)
		for (size_t i = 0; i < sizeof(LOADERS) / sizeof(LOADERS[0]); i++)
			ignore(order, LOADERS[i], group_fd);
	order->mounts = mounts->generation;
}
