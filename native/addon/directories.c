/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "directories.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* struct file_handle with room for the longest. */
union handle {
	struct file_handle header;
	uint8_t bytes[sizeof(struct file_handle) + CWS_HANDLE_MAX];
};

int cws_directories_init(struct cws_directories *directories)
{
	/* Both large and mostly never touched. */
	*directories = (struct cws_directories){
		.sets = calloc(CWS_DIRECTORY_SETS, sizeof(*directories->sets)),
		.roots = calloc(CWS_DIRECTORY_ROOTS, sizeof(*directories->roots)),
		.pass = 1,
	};
	if (directories->sets && directories->roots)
		return 0;
	cws_directories_destroy(directories);
	return -ENOMEM;
}

void cws_directories_destroy(struct cws_directories *directories)
{
	free(directories->sets);
	free(directories->roots);
	*directories = (struct cws_directories){ 0 };
}

void cws_directories_pass(struct cws_directories *directories)
{
	directories->pass++;
}

static uint32_t set_of(const struct cws_handle *handle)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ handle->fsid;

	for (uint32_t i = 0; i < handle->size; i++)
		hash = (hash ^ handle->bytes[i]) * 0x100000001b3ull;
	return (uint32_t)(hash >> 32) % CWS_DIRECTORY_SETS;
}

static bool is(const struct cws_directory *slot, const struct cws_handle *handle)
{
	return slot->size == handle->size && slot->size > 0 && slot->fsid == handle->fsid && slot->type == handle->type &&
	       memcmp(slot->handle, handle->bytes, handle->size) == 0;
}

/* The place of this handle: its own, or the one that was used longest ago, emptied. */
static struct cws_directory *slot_of(struct cws_directories *directories, const struct cws_handle *handle, bool *known)
{
	struct cws_directory *set = directories->sets[set_of(handle)], *oldest = set;

	for (int way = 0; way < CWS_DIRECTORY_WAYS; way++) {
		if (is(&set[way], handle)) {
			*known = true;
			return &set[way];
		}
		if (set[way].used < oldest->used)
			oldest = &set[way];
	}
	*known = false;
	return oldest;
}

bool cws_handle_is_at(const struct cws_handle *handle, const char *path)
{
	union handle found = { .header.handle_bytes = CWS_HANDLE_MAX };
	int mount;

	return name_to_handle_at(AT_FDCWD, path, &found.header, &mount, 0) == 0 && found.header.handle_bytes == handle->size &&
	       found.header.handle_type == handle->type && memcmp(found.header.f_handle, handle->bytes, handle->size) == 0;
}

static uint32_t magic_of(const struct statfs *about, uint64_t *fsid)
{
	memcpy(fsid, &about->f_fsid, sizeof(*fsid));
	return (uint32_t)about->f_type;
}

static uint32_t magic_at(const char *path)
{
	struct statfs about;
	uint64_t fsid;

	return statfs(path, &about) ? 0 : magic_of(&about, &fsid);
}

int cws_directory_open(const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static void fill(struct cws_directories *directories, struct cws_directory *slot, const struct cws_handle *handle, const char *path, uint32_t magic)
{
	size_t length = strlen(path);

	slot->fsid = handle->fsid;
	slot->size = handle->size;
	slot->type = handle->type;
	memcpy(slot->handle, handle->bytes, handle->size);
	slot->magic = magic;
	slot->gone = false;
	slot->checked = directories->pass;
	slot->used = ++directories->clock;
	memcpy(slot->path, path, length + 1);
	slot->length = (uint32_t)length;
}

static void note_root(struct cws_directories *directories, uint64_t fsid, const char *path)
{
	struct cws_directory_root *root = directories->roots;
	int at = 0;

	while (at < directories->root_count && root[at].fsid != fsid)
		at++;
	if (at == CWS_DIRECTORY_ROOTS)
		return;
	/* The shortest is the one most likely to stay. */
	if (at < directories->root_count && strlen(root[at].path) <= strlen(path) && access(root[at].path, F_OK) == 0)
		return;
	root[at].fsid = fsid;
	memcpy(root[at].path, path, strlen(path) + 1);
	if (at == directories->root_count)
		directories->root_count++;
}

int cws_handle_of(int fd, struct cws_handle *handle, uint8_t bytes[CWS_HANDLE_MAX], uint32_t *magic)
{
	union handle found = { .header.handle_bytes = CWS_HANDLE_MAX };
	struct statfs about;
	int mount;

	if (name_to_handle_at(fd, "", &found.header, &mount, AT_EMPTY_PATH) || fstatfs(fd, &about))
		return -errno;
	*magic = magic_of(&about, &handle->fsid);
	memcpy(bytes, found.header.f_handle, found.header.handle_bytes);
	handle->bytes = bytes;
	handle->size = found.header.handle_bytes;
	handle->type = found.header.handle_type;
	return 0;
}

int cws_directories_add(struct cws_directories *directories, const struct cws_handle *handle, uint32_t magic, const char *path)
{
	bool known;

	if (strlen(path) >= CWS_DIRECTORY_PATH)
		return -ENAMETOOLONG;
	struct cws_directory *slot = slot_of(directories, handle, &known);
	/* Of several ways to one directory the first stays, as long as it leads there. */
	if (!known || slot->gone || !cws_handle_is_at(handle, slot->path))
		fill(directories, slot, handle, path, magic);
	note_root(directories, handle->fsid, path);
	return 0;
}

/* Opens the directory by its handle and reads where it is. False when it is nowhere. */
static bool ask(const struct cws_directories *directories, const struct cws_handle *handle, char *path)
{
	union handle wanted = { .header = { .handle_bytes = handle->size, .handle_type = handle->type } };
	char link[32];
	struct statx about;
	bool found = false;

	memcpy(wanted.header.f_handle, handle->bytes, handle->size);
	for (int i = 0; i < directories->root_count; i++) {
		if (directories->roots[i].fsid != handle->fsid)
			continue;
		/* Not held: an open directory would keep its file system from being unmounted. */
		int root = open(directories->roots[i].path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (root < 0)
			return false;
		int fd = open_by_handle_at(root, &wanted.header, O_PATH | O_CLOEXEC);
		close(root);
		if (fd < 0)
			return false;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t length = readlink(link, path, CWS_DIRECTORY_PATH);
		found = length > 0 && length < CWS_DIRECTORY_PATH && path[0] == '/' && statx(fd, "", AT_EMPTY_PATH, STATX_NLINK, &about) == 0 && about.stx_nlink > 0;
		if (found)
			path[length] = 0;
		close(fd);
		return found;
	}
	return false;
}

const struct cws_directory *cws_directories_find(struct cws_directories *directories, const struct cws_handle *handle)
{
	char path[CWS_DIRECTORY_PATH];
	bool known;

	if (!handle->bytes || handle->size == 0)
		return NULL;
	struct cws_directory *slot = slot_of(directories, handle, &known);
	if (known && slot->checked == directories->pass) {
		slot->used = ++directories->clock;
		return slot;
	}
	if (known && !slot->gone && cws_handle_is_at(handle, slot->path)) {
		slot->checked = directories->pass;
		slot->used = ++directories->clock;
		return slot;
	}
	if (ask(directories, handle, path) && cws_handle_is_at(handle, path)) {
		fill(directories, slot, handle, path, magic_at(path));
		return slot;
	}
	if (!known)
		return NULL;
	slot->gone = true;
	slot->checked = directories->pass;
	return slot;
}
