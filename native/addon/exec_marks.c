/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "exec_marks.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>

#include "boottime.h"

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
	order->mounts = mounts->generation;
}
