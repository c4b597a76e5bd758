/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "directories.h"
#include "mount_root.h"
#include "mountinfo.h"

enum { TEXT_FIRST = 64 * 1024, TEXT_MAX = 16 * 1024 * 1024, TRIES = 8 };

/* The whole file, terminated, or NULL. */
static char *read_all(int fd)
{
	char *text = NULL;

	for (size_t size = TEXT_FIRST; size <= TEXT_MAX; size *= 2) {
		char *grown = realloc(text, size);
		size_t have = 0;
		ssize_t got = 1;

		if (!grown)
			break;
		text = grown;
		/* From the start each time: it may have changed meanwhile. */
		while (have < size - 1 && (got = pread(fd, text + have, size - 1 - have, (off_t)have)) > 0)
			have += (size_t)got;
		if (got < 0)
			break;
		if (have < size - 1) {
			text[have] = 0;
			return text;
		}
	}
	free(text);
	return NULL;
}

static const struct cws_mount *same(const struct cws_mount *list, uint32_t count, const struct cws_mount *mount)
{
	for (uint32_t i = 0; i < count; i++)
		if (list[i].id == mount->id && list[i].dev == mount->dev && strcmp(list[i].path, mount->path) == 0 && strcmp(list[i].root, mount->root) == 0)
			return &list[i];
	return NULL;
}

/* Whether it is another under the numbers of the one before it, as one is that is mounted right after that was unmounted. */
static bool replaces(struct cws_mount *mount, const struct cws_mount *known)
{
	struct statfs about;
	int fd = mount->kind == CWS_MOUNT_LOCAL ? cws_mount_reach(mount) : -1;

	if (fd < 0)
		return false;
	bool other = mount->unique && known && known->unique && known->unique != mount->unique;
	if (!mount->unique && known && known->asked)
		other = fstatfs(fd, &about) == 0 && memcmp(&about.f_fsid, &known->fsid, sizeof(known->fsid)) != 0;
	close(fd);
	return other;
}

static bool is_of(struct cws_mount *mount, uint64_t fsid)
{
	if (mount->kind != CWS_MOUNT_LOCAL || mount->hidden)
		return false;
	if (!mount->asked)
		mount->hidden = cws_mount_open(mount) == -EXDEV;
	return mount->asked && mount->fsid == fsid;
}

static bool any_of(struct cws_mounts *mounts, uint64_t fsid)
{
	for (uint32_t i = 0; i < mounts->count; i++)
		if (is_of(&mounts->list[i], fsid))
			return true;
	return false;
}

/* False when what is mounted cannot be known: then what was known stays. */
static bool reread(struct cws_mounts *mounts, bool first)
{
	struct cws_mount *list, *before = mounts->list;
	uint32_t count, before_count = mounts->count;
	char *text = read_all(mounts->info);

	if (!text)
		return false;
	int error = cws_mountinfo_parse(text, &list, &count);
	free(text);
	if (error)
		return false;
	cws_mounts_rest(mounts);
	mounts->generation++;
	mounts->list = list;
	mounts->count = count;
	for (uint32_t i = 0; i < count; i++) {
		const struct cws_mount *known = same(before, before_count, &list[i]);

		if (replaces(&list[i], known))
			known = NULL;
		if (known && !list[i].unique)
			list[i].unique = known->unique;
		list[i].born = known ? known->born : mounts->generation;
		if (known && known->asked) {
			list[i].asked = true;
			list[i].decodes = known->decodes;
			list[i].fsid = known->fsid;
			list[i].magic = known->magic;
		}
		list[i].told = first || (known && known->told);
		mounts->untold |= !list[i].told;
	}
	for (uint32_t i = 0; i < before_count && mounts->gone; i++)
		if (before[i].asked && !any_of(mounts, before[i].fsid))
			mounts->gone(mounts->context, before[i].fsid);
	cws_mountinfo_free(before, before_count);
	return true;
}

int cws_mounts_init(struct cws_mounts *mounts)
{
	*mounts = (struct cws_mounts){ .info = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), .alarm = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC) };
	if (mounts->info < 0 || mounts->alarm < 0)
		return -errno;
	return reread(mounts, true) ? 0 : -EIO;
}

void cws_mounts_destroy(struct cws_mounts *mounts)
{
	cws_mounts_rest(mounts);
	cws_mountinfo_free(mounts->list, mounts->count);
	if (mounts->info >= 0)
		close(mounts->info);
	if (mounts->alarm >= 0)
		close(mounts->alarm);
	*mounts = (struct cws_mounts){ .info = -1, .alarm = -1 };
}

bool cws_mounts_refresh(struct cws_mounts *mounts)
{
	struct pollfd change = { .fd = mounts->info, .events = POLLPRI };

	return mounts->info >= 0 && poll(&change, 1, 0) == 1 && change.revents & POLLPRI && reread(mounts, false);
}

struct cws_mount *cws_mounts_new(struct cws_mounts *mounts)
{
	for (uint32_t i = 0; i < mounts->count && mounts->untold; i++)
		if (!mounts->list[i].told)
			return &mounts->list[i];
	mounts->untold = false;
	return NULL;
}

void cws_mounts_rest(struct cws_mounts *mounts)
{
	for (uint32_t i = 0; i < mounts->count; i++) {
		if (mounts->list[i].fd >= 0)
			close(mounts->list[i].fd);
		mounts->list[i].fd = -1;
	}
}

static int open_once(struct cws_mounts *mounts, const char *path, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_NOFOLLOW | O_CLOEXEC, .resolve = CWS_MOUNT_WALK };
	struct cws_mount *mount = cws_mountinfo_of(mounts->list, mounts->count, path, strlen(path));

	if (!mount)
		return -EXDEV;
	if (mount->kind != CWS_MOUNT_LOCAL)
		return mount->kind == CWS_MOUNT_REMOTE ? -EREMOTE : -ENODEV;
	/* Known from its first use on: of what was never asked nobody is told that it is gone. */
	int root = cws_mount_open(mount);
	if (root < 0)
		return root;
	const char *rest = path + mount->path_length;
	while (*rest == '/')
		rest++;
	/* A file may be mounted on, too. */
	if (!*rest && flags & O_PATH) {
		int copy = fcntl(root, F_DUPFD_CLOEXEC, 0);

		return copy < 0 ? -errno : copy;
	}
	long fd = syscall(SYS_openat2, root, *rest ? rest : ".", &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

int cws_mounts_open_at(struct cws_mounts *mounts, const char *path, uint64_t flags)
{
	int fd = open_once(mounts, path, flags);

	/* Mounted or unmounted since they were read, and not yet told of. */
	if (fd == -EXDEV && reread(mounts, false))
		fd = open_once(mounts, path, flags);
	return fd;
}

static int open_from(struct cws_mount *mount, const struct cws_handle *handle)
{
	union cws_file_handle wanted = { .header = { .handle_bytes = handle->size, .handle_type = handle->type } };
	int root = cws_mount_root(mount);

	if (root < 0)
		return root;
	if (!mount->decodes)
		return -EOPNOTSUPP;
	memcpy(wanted.header.f_handle, handle->bytes, handle->size);
	int fd = open_by_handle_at(root, &wanted.header, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cws_mounts_open_handle(struct cws_mounts *mounts, const struct cws_handle *handle)
{
	for (uint32_t i = 0; i < mounts->count; i++)
		if (is_of(&mounts->list[i], handle->fsid) && mounts->list[i].decodes)
			return open_from(&mounts->list[i], handle);
	return -EOPNOTSUPP;
}

/* Of the mounts of that file system the one that shows most of it, but for the first `skip` of them. */
static struct cws_mount *widest(struct cws_mounts *mounts, uint64_t fsid, uint32_t skip)
{
	struct cws_mount *found = NULL;

	for (uint32_t longer = 0;; longer = found->root_length + 1) {
		found = NULL;
		for (uint32_t i = 0; i < mounts->count; i++) {
			struct cws_mount *mount = &mounts->list[i];

			if (mount->root_length >= longer && (!found || mount->root_length < found->root_length) && is_of(mount, fsid) && mount->decodes)
				found = mount;
		}
		if (!found || skip-- == 0)
			return found;
	}
}

/* What the kernel calls the open directory; false when it is not below the mount, or deleted. */
static bool read_path(const struct cws_mount *mount, int fd, char *path, size_t *length)
{
	char link[32];
	struct statx about;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t got = readlink(link, path, CWS_DIRECTORY_PATH);
	if (got <= 0 || got >= CWS_DIRECTORY_PATH)
		return false;
	path[got] = 0;
	*length = (size_t)got;
	return cws_path_is_in(path, *length, mount->path, mount->path_length) &&
	       statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_NLINK, &about) == 0 && about.stx_nlink > 0;
}

/* The path of a place within the file system by that mount; false when the mount does not show it. */
static bool path_by(const struct cws_mount *mount, const char *inner, size_t length, struct cws_location *location)
{
	if (!cws_path_is_in(inner, length, mount->root, mount->root_length))
		return false;
	const char *rest = mount->root_length == 1 ? inner + (length == 1) : inner + mount->root_length;
	size_t at = mount->path_length == 1 ? 0 : mount->path_length, tail = strlen(rest);

	if (at + tail >= CWS_DIRECTORY_PATH)
		return false;
	memcpy(location->path, mount->path, at);
	memcpy(location->path + at, rest, tail + 1);
	if (at + tail == 0) {
		memcpy(location->path, "/", 2);
		tail = 1;
	}
	location->length = (uint32_t)(at + tail);
	location->magic = mount->magic;
	location->mount_id = mount->id;
	return true;
}

bool cws_mounts_locate(struct cws_mounts *mounts, const struct cws_handle *handle, bool (*liked)(const void *context, const char *path, size_t length),
		       const void *context, struct cws_location *location)
{
	char path[CWS_DIRECTORY_PATH], inner[2 * CWS_DIRECTORY_PATH];
	size_t length = 0;
	struct cws_mount *mount = NULL;
	bool found = false;

	for (uint32_t skip = 0; skip < TRIES && !found && (mount = widest(mounts, handle->fsid, skip)); skip++) {
		int fd = open_from(mount, handle);

		if (fd < 0)
			return false;
		found = read_path(mount, fd, path, &length);
		close(fd);
	}
	if (!found)
		return false;
	const char *rest = mount->path_length == 1 ? path + (length == 1) : path + mount->path_length;
	size_t head = mount->root_length == 1 ? 0 : mount->root_length, tail = strlen(rest);
	memcpy(inner, mount->root, head);
	memcpy(inner + head, rest, tail + 1);
	if (head + tail == 0) {
		memcpy(inner, "/", 2);
		tail = 1;
	}
	for (uint32_t i = 0; i < mounts->count; i++)
		if (is_of(&mounts->list[i], handle->fsid) && path_by(&mounts->list[i], inner, head + tail, location) &&
		    (!liked || liked(context, location->path, location->length)))
			return true;
	return path_by(mount, inner, head + tail, location);
}
