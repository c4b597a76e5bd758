/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "listed.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directories.h"

enum { BUCKETS = 1024 };

struct name;

struct file {
	struct file *next; /* of the bucket of its handle */
	struct name *names; /* the first is the one it is told by */
	struct cws_handle handle;
	uint8_t bytes[];
};

/* A path by which a file is listed. */
struct name {
	struct name *next;     /* of the file */
	struct name *neighbour; /* of the bucket of the path */
	struct file *file;
	uint32_t length;
	char path[];
};

struct cws_listed {
	pthread_mutex_t lock;
	uint32_t holders, most, count;
	int group_fd;
	struct file *files[BUCKETS];
	struct name *names[BUCKETS];
};

struct cws_listed *cws_listed_open(uint32_t most)
{
	struct cws_listed *listed = calloc(1, sizeof(*listed));

	if (!listed)
		return NULL;
	pthread_mutex_init(&listed->lock, NULL);
	listed->holders = 1;
	listed->most = most;
	listed->group_fd = -1;
	return listed;
}

void cws_listed_hold(struct cws_listed *listed)
{
	__atomic_add_fetch(&listed->holders, 1, __ATOMIC_RELAXED);
}

void cws_listed_release(struct cws_listed *listed)
{
	if (!listed || __atomic_sub_fetch(&listed->holders, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (int i = 0; i < BUCKETS; i++) {
		for (struct file *file = listed->files[i], *next; file; file = next) {
			next = file->next;
			free(file);
		}
		for (struct name *name = listed->names[i], *next; name; name = next) {
			next = name->neighbour;
			free(name);
		}
	}
	pthread_mutex_destroy(&listed->lock);
	free(listed);
}

void cws_listed_group(struct cws_listed *listed, int group_fd)
{
	pthread_mutex_lock(&listed->lock);
	listed->group_fd = group_fd;
	pthread_mutex_unlock(&listed->lock);
}

static uint32_t bucket_of(const void *bytes, uint32_t size)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (uint32_t i = 0; i < size; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3ull;
	return (uint32_t)((hash ^ hash >> 32) % BUCKETS);
}

static struct file **place_of_file(struct cws_listed *listed, const struct cws_handle *handle)
{
	struct file **at = &listed->files[bucket_of(handle->bytes, handle->size)];

	while (*at && ((*at)->handle.fsid != handle->fsid || (*at)->handle.type != handle->type || (*at)->handle.size != handle->size ||
		       memcmp((*at)->bytes, handle->bytes, handle->size) != 0))
		at = &(*at)->next;
	return at;
}

static struct name **place_of_name(struct cws_listed *listed, const char *path, uint32_t length)
{
	struct name **at = &listed->names[bucket_of(path, length)];

	while (*at && ((*at)->length != length || memcmp((*at)->path, path, length) != 0))
		at = &(*at)->neighbour;
	return at;
}

/* Takes away the mark of a file that may be gone already. */
static void unmark(const struct cws_listed *listed, struct cws_mounts *mounts, const struct cws_handle *handle)
{
	char link[32];
	int fd = cws_mounts_open_handle(mounts, handle);

	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	/* A file that is gone has no mark: nothing to do then. */
	(void)fanotify_mark(listed->group_fd, FAN_MARK_REMOVE, FAN_OPEN, AT_FDCWD, link);
	close(fd);
}

/* Takes a name from its file, and the file with its last name. */
static void drop(struct cws_listed *listed, struct cws_mounts *mounts, struct name **place)
{
	struct name *name = *place, **of = &name->file->names;
	struct file *file = name->file;

	*place = name->neighbour;
	while (*of != name)
		of = &(*of)->next;
	*of = name->next;
	free(name);
	if (file->names)
		return;
	unmark(listed, mounts, &file->handle);
	*place_of_file(listed, &file->handle) = file->next;
	free(file);
	listed->count--;
}

static int mark(struct cws_listed *listed, int fd)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return fanotify_mark(listed->group_fd, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, link) ? -errno : 0;
}

static int add(struct cws_listed *listed, int fd, const struct cws_handle *handle, const char *path, uint32_t length)
{
	struct file **file = place_of_file(listed, handle);
	struct name *name = malloc(sizeof(*name) + length);

	if (!name)
		return -ENOMEM;
	if (!*file) {
		struct file *made = listed->count < listed->most ? malloc(sizeof(*made) + handle->size) : NULL;
		int error = made ? mark(listed, fd) : listed->count < listed->most ? -ENOMEM : -EDQUOT;

		if (error) {
			free(made);
			free(name);
			return error;
		}
		*made = (struct file){ .handle = *handle };
		made->handle.bytes = made->bytes;
		memcpy(made->bytes, handle->bytes, handle->size);
		*file = made;
		listed->count++;
	}
	struct name **place = place_of_name(listed, path, length), **last = &(*file)->names;
	*name = (struct name){ .file = *file, .length = length };
	memcpy(name->path, path, length);
	*place = name;
	while (*last)
		last = &(*last)->next;
	*last = name;
	return 0;
}

int cws_listed_mark(struct cws_listed *listed, struct cws_mounts *mounts, int fd, const char *path, uint32_t length)
{
	uint8_t bytes[CWS_HANDLE_MAX];
	struct cws_handle handle = { .bytes = bytes };
	struct stat about;
	uint32_t magic;

	if (fstat(fd, &about))
		return -errno;
	if (S_ISLNK(about.st_mode) || S_ISDIR(about.st_mode))
		return -EINVAL;
	int error = cws_handle_of(fd, &handle, bytes, &magic);
	if (error)
		return error;
	pthread_mutex_lock(&listed->lock);
	struct name **known = place_of_name(listed, path, length);
	if (*known && (*known)->file == *place_of_file(listed, &handle)) {
		/* Again is harmless: its mark may have gone with another file of that number. */
		error = mark(listed, fd);
	} else {
		if (*known)
			drop(listed, mounts, known);
		error = add(listed, fd, &handle, path, length);
	}
	pthread_mutex_unlock(&listed->lock);
	return error;
}

void cws_listed_forget(struct cws_listed *listed, struct cws_mounts *mounts, const struct cws_handle *handle, const char *path, uint32_t length)
{
	pthread_mutex_lock(&listed->lock);
	struct name **known = place_of_name(listed, path, length);
	/* Without a handle it cannot be told from another that took its place: that one will be marked and drop it. */
	if (*known && handle->bytes && (*known)->file == *place_of_file(listed, handle))
		drop(listed, mounts, known);
	pthread_mutex_unlock(&listed->lock);
}

bool cws_listed_path(struct cws_listed *listed, const struct cws_handle *handle, char *path, uint32_t *length)
{
	if (!handle->bytes)
		return false;
	pthread_mutex_lock(&listed->lock);
	const struct file *file = *place_of_file(listed, handle);
	if (file) {
		*length = file->names->length;
		memcpy(path, file->names->path, file->names->length);
	}
	pthread_mutex_unlock(&listed->lock);
	return file != NULL;
}

uint32_t cws_listed_count(struct cws_listed *listed)
{
	pthread_mutex_lock(&listed->lock);
	uint32_t count = listed->count;
	pthread_mutex_unlock(&listed->lock);
	return count;
}
