/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "directories.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Linux 6.5: a handle that identifies the file though its file system does not open by it, as overlayfs does not. */
#define CWS_AT_HANDLE_FID 0x200

int cws_directories_init(struct cws_directories *directories, const struct cws_patterns *patterns)
{
	/* Large and mostly never touched. */
	*directories = (struct cws_directories){ .sets = calloc(CWS_DIRECTORY_SETS, sizeof(*directories->sets)), .patterns = patterns, .pass = 1 };
	int error = cws_mounts_init(&directories->mounts);

	if (!error && !directories->sets)
		error = -ENOMEM;
	if (error)
		cws_directories_destroy(directories);
	return error;
}

void cws_directories_destroy(struct cws_directories *directories)
{
	free(directories->sets);
	cws_mounts_destroy(&directories->mounts);
	*directories = (struct cws_directories){ .mounts.info = -1 };
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

int cws_handle_of(int fd, struct cws_handle *handle, uint8_t bytes[CWS_HANDLE_MAX], uint32_t *magic)
{
	union cws_file_handle found = { .header.handle_bytes = CWS_HANDLE_MAX };
	struct statfs about;
	int mount;

	if (name_to_handle_at(fd, "", &found.header, &mount, AT_EMPTY_PATH)) {
		found.header.handle_bytes = CWS_HANDLE_MAX;
		if (errno != EOPNOTSUPP || name_to_handle_at(fd, "", &found.header, &mount, AT_EMPTY_PATH | CWS_AT_HANDLE_FID))
			return -errno;
	}
	if (fstatfs(fd, &about))
		return -errno;
	*magic = (uint32_t)about.f_type;
	memcpy(&handle->fsid, &about.f_fsid, sizeof(handle->fsid));
	memcpy(bytes, found.header.f_handle, found.header.handle_bytes);
	handle->bytes = bytes;
	handle->size = found.header.handle_bytes;
	handle->type = found.header.handle_type;
	return 0;
}

static bool equal(const struct cws_handle *one, const struct cws_handle *other)
{
	return one->fsid == other->fsid && one->type == other->type && one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
}

int cws_directories_open_if(struct cws_directories *directories, const char *path, const struct cws_handle *handle)
{
	uint8_t bytes[CWS_HANDLE_MAX];
	struct cws_handle found;
	uint32_t magic;
	int fd = cws_mounts_open_at(&directories->mounts, path, O_PATH);

	if (fd < 0)
		return fd;
	int error = cws_handle_of(fd, &found, bytes, &magic);
	if (!error && !equal(&found, handle))
		error = -ESTALE;
	if (!error)
		return fd;
	close(fd);
	return error;
}

static bool leads_to(struct cws_directories *directories, const char *path, const struct cws_handle *handle)
{
	int fd = cws_directories_open_if(directories, path, handle);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void settle(struct cws_directories *directories, struct cws_directory *slot)
{
	slot->gone = false;
	slot->checked = directories->pass;
	slot->reach = directories->patterns ? cws_patterns_reach(directories->patterns, slot->path, slot->length) : CWS_REACH_ENTRIES | CWS_REACH_DEEPER;
}

static void fill(struct cws_directories *directories, struct cws_directory *slot, const struct cws_handle *handle, const struct cws_location *location)
{
	slot->fsid = handle->fsid;
	slot->size = handle->size;
	slot->type = handle->type;
	memcpy(slot->handle, handle->bytes, handle->size);
	slot->magic = location->magic;
	slot->mount_id = location->mount_id;
	slot->used = ++directories->clock;
	memcpy(slot->path, location->path, location->length + 1);
	slot->length = location->length;
	settle(directories, slot);
}

int cws_directories_add(struct cws_directories *directories, const struct cws_handle *handle, uint32_t magic, const char *path)
{
	char copy[CWS_DIRECTORY_PATH];
	struct cws_location location = { .path = copy, .length = (uint32_t)strlen(path), .magic = magic };
	bool known;

	if (location.length >= sizeof(copy))
		return -ENAMETOOLONG;
	memcpy(copy, path, location.length + 1);
	struct cws_directory *slot = slot_of(directories, handle, &known);
	/* Of several ways to one directory the first stays, as long as it leads there. */
	if (!known || slot->gone || !leads_to(directories, slot->path, handle))
		fill(directories, slot, handle, &location);
	return 0;
}

void cws_directories_add_gone(struct cws_directories *directories, const struct cws_handle *handle, const struct cws_directory *parent, const char *name,
			      size_t length)
{
	char path[CWS_DIRECTORY_PATH];
	struct cws_location location = { .path = path, .length = parent->length, .magic = parent->magic, .mount_id = parent->mount_id };
	bool known;

	if (parent->length + length + 2 > sizeof(path))
		return;
	memcpy(path, parent->path, parent->length);
	if (parent->length > 1)
		path[location.length++] = '/';
	memcpy(path + location.length, name, length);
	location.length += (uint32_t)length;
	path[location.length] = 0;
	struct cws_directory *slot = slot_of(directories, handle, &known);
	if (!known)
		fill(directories, slot, handle, &location);
	slot->gone = true;
}

static bool liked(const void *patterns, const char *path, size_t length)
{
	return !patterns || cws_patterns_reach(patterns, path, length);
}

const struct cws_directory *cws_directories_find(struct cws_directories *directories, const struct cws_handle *handle)
{
	char path[CWS_DIRECTORY_PATH];
	struct cws_location location = { .path = path };
	bool known;

	if (!handle->bytes || handle->size == 0)
		return NULL;
	struct cws_directory *slot = slot_of(directories, handle, &known);
	if (known && slot->checked == directories->pass) {
		slot->used = ++directories->clock;
		return slot;
	}
	if (cws_mounts_locate(&directories->mounts, handle, liked, directories->patterns, &location)) {
		bool moved = !known || slot->length != location.length || memcmp(slot->path, path, location.length) != 0;

		/* Of several ways the one that was known stays, as long as something is wanted by it and it leads there. */
		if (moved && known && !slot->gone && slot->reach && leads_to(directories, slot->path, handle))
			moved = false;
		if (moved)
			fill(directories, slot, handle, &location);
		slot->gone = false;
		slot->magic = location.magic;
		slot->mount_id = location.mount_id;
		slot->checked = directories->pass;
		slot->used = ++directories->clock;
		return slot;
	}
	if (!known)
		return NULL;
	slot->gone = slot->gone || !leads_to(directories, slot->path, handle);
	slot->checked = directories->pass;
	slot->used = ++directories->clock;
	return slot;
}
