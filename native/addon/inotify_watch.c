/* SPDX-License-Identifier: Apache-2.0 */
/* Which directories are watched, and whether they are still where the table has them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "inotify_group.h"

static const uint32_t PASSED = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;
static const uint32_t CHANGES = PASSED | IN_MODIFY | IN_ATTRIB;
/* ns: what became of a directory that is not where it was is in the queue by then, if the kernel tells it at all. */
static const uint64_t DOUBT = 1000 * 1000000ull;
enum { SWEPT_AT_ONCE = 64, REVIEWED_AT_ONCE = 16 };

bool cws_inotify_unwatch(void *context, int32_t wd)
{
	struct cws_inotify_group *group = context;
	bool had = inotify_rm_watch(group->source.fd, wd) == 0;

	group->unwatched += had;
	return had;
}

void cws_inotify_leave(struct cws_inotify_group *group)
{
	if (group->here.watch && group->here.fd >= 0)
		close(group->here.fd);
	group->here.watch = NULL;
}

/* What is open there; false when that cannot be told. */
static bool identify(int fd, uint64_t *dev, uint64_t *inode)
{
	struct statx about;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &about))
		return false;
	*dev = (uint64_t)about.stx_dev_major << 32 | about.stx_dev_minor;
	*inode = about.stx_ino;
	return true;
}

int cws_inotify_open_in(int directory, const char *name, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH };
	long fd = syscall(SYS_openat2, directory, name, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

bool cws_inotify_enter(struct cws_inotify_group *group, struct cws_watch *watch)
{
	uint64_t dev, inode;

	if (group->here.watch == watch)
		return group->here.fd >= 0;
	cws_inotify_leave(group);
	group->here.watch = watch;
	group->here.fd = -1;
	group->here.length = (uint32_t)cws_watch_path(watch, group->here.path, CWS_WATCH_PATH);
	group->here.path[group->here.length] = 0;
	if (group->here.length == 0)
		return false;
	int fd = cws_mounts_open_at(&group->mounts, group->here.path, O_PATH | O_DIRECTORY);
	bool there = fd >= 0 && identify(fd, &dev, &inode) && watch->inode == inode && watch->dev == dev;
	/* Not where it was; anything else that goes wrong says nothing about it. */
	bool elsewhere = fd >= 0 ? !there : fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP;

	if (there || elsewhere)
		cws_watches_doubt(&group->watches, watch, elsewhere, group->now);
	if (there)
		group->here.fd = fd;
	else if (fd >= 0)
		close(fd);
	return there;
}

int cws_inotify_watch(struct cws_inotify_group *group, int fd, struct cws_watch *parent, const char *name, size_t length, unsigned int reach, bool beyond)
{
	char link[32];
	struct statfs system;
	uint64_t dev, inode;

	if (!identify(fd, &dev, &inode) || fstatfs(fd, &system))
		return -errno;
	/* By the descriptor, not by the path: whatever the path leads to meanwhile, this very directory is watched. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	int32_t wd = inotify_add_watch(group->source.fd, link, (reach & CWS_REACH_ENTRIES ? CHANGES : PASSED) | IN_ONLYDIR);
	if (wd < 0)
		return -errno;
	struct cws_watch *watch = cws_watches_find(&group->watches, wd);
	if (!(watch && watch->placed) && !beyond && group->watches.count >= group->max_marks) {
		if (inotify_rm_watch(group->source.fd, wd) == 0 && watch)
			watch->due++;
		return -EDQUOT;
	}
	cws_inotify_leave(group);
	watch = cws_watches_put(&group->watches, wd, parent, name, length, group->now);
	if (!watch)
		return -ESTALE;
	watch->dev = dev;
	watch->inode = inode;
	watch->magic = (uint32_t)system.f_type;
	return 0;
}

int cws_inotify_watch_at(struct cws_inotify_group *group, const char *path, bool beyond)
{
	size_t length = strlen(path);
	unsigned int reach = group->patterns ? cws_patterns_reach(group->patterns, path, length) : CWS_REACH_ENTRIES;

	if (!reach)
		return -EINVAL;
	int fd = cws_mounts_open_at(&group->mounts, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	const char *slash = strrchr(path, '/');
	struct cws_watch *parent = NULL;

	if (slash && slash[1])
		parent = cws_watches_at(&group->watches, path, slash == path ? 1 : (size_t)(slash - path));
	int error = cws_inotify_watch(group, fd, parent, parent ? slash + 1 : path, parent ? strlen(slash + 1) : length, reach, beyond);
	/* It had been known as one above its own parent; now neither is known. */
	if (error == -ESTALE)
		error = cws_inotify_watch(group, fd, NULL, path, length, reach, beyond);
	close(fd);
	return error;
}

static void sweep(struct cws_inotify_group *group)
{
	struct cws_watches *watches = &group->watches;
	int looked = 0;

	if (group->sweep >= watches->size)
		group->sweep = UINT32_MAX;
	for (; group->sweep < watches->size && looked < SWEPT_AT_ONCE; group->sweep++)
		for (struct cws_watch *watch = watches->by_wd[group->sweep]; watch; watch = watch->same_wd)
			if (watch->placed) {
				cws_inotify_enter(group, watch);
				looked++;
			}
}

uint64_t cws_inotify_review(struct cws_inotify_group *group)
{
	struct cws_watches *watches = &group->watches;
	uint64_t since = 0;

	sweep(group);
	for (int i = 0; i < REVIEWED_AT_ONCE && watches->doubted && group->now - watches->doubted->doubt >= DOUBT; i++) {
		struct cws_watch *watch = watches->doubted;
		uint64_t doubt = watch->doubt, before = group->unwatched;
		bool displaced = watch->displaced;

		cws_inotify_leave(group);
		cws_inotify_enter(group, watch);
		if (!watch->doubt)
			continue;
		cws_inotify_leave(group);
		cws_watches_forget(watches, watch);
		/* Of one that lost its place another tells what happens there. */
		if (group->unwatched != before && !displaced && (!since || doubt < since))
			since = doubt;
	}
	cws_inotify_leave(group);
	return since;
}
