/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of changes seen from JavaScript, fanotify groups and inotify descriptors alike: marks, and what is where they may be set. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "addon.h"
#include "engine.h"
#include "fanotify.h"
#include "inotify.h"

enum { PATH_BYTES = 4096, DENTS = 32 * 1024, ENTRY = 8 /* bytes that an entry takes at least, for a first guess */ };

typedef int (*open_source)(const struct cws_change_options *options, struct cws_source **source);

/* (handle, group: what its records carry, maxMarks, ordered, whole, patterns?, listed?): number of the source */
static napi_value add_source(napi_env env, napi_callback_info info, open_source open, const char *code, const char *what)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = cws_engine_running(&call);
	struct cws_change_options options = { 0 };
	struct cws_source *source;

	if (!engine || !js_get_uint32(&call, 1, &options.number) || !js_get_uint32(&call, 2, &options.max_marks) || !js_get_bool(&call, 3, &options.ordered) ||
	    !js_get_bool(&call, 4, &options.whole))
		return NULL;
	if (js_given(&call, 5) && !(options.patterns = cws_patterns_argument(&call, 5)))
		return NULL;
	if (js_given(&call, 6) && !(options.listed = cws_listed_argument(&call, 6)))
		return NULL;
	int error = open(&options, &source);
	int slot = error ? error : cws_engine_add(engine, source);
	if (slot < 0)
		return js_throw(env, code, -slot, NULL, "no %s can be opened", what);
	return js_number(env, slot);
}

static napi_value add_fanotify(napi_env env, napi_callback_info info)
{
	return add_source(env, info, cws_fanotify_open, "CWS_FANOTIFY_OPEN", "fanotify group");
}

static napi_value add_inotify(napi_env env, napi_callback_info info)
{
	return add_source(env, info, cws_inotify_open, "CWS_INOTIFY_OPEN", "inotify descriptor");
}

/* The source of changes of argument 1, or NULL after throwing. */
static struct cws_source *get_source(struct js_call *call)
{
	struct engine *engine = cws_engine_running(call);
	struct cws_source *source = engine ? cws_engine_source(call, engine, 1) : NULL;

	if (!source || source->ops->mark)
		return source;
	js_throw(call->env, "CWS_DRAIN_CLOSED", 0, NULL, "this source is removed");
	return NULL;
}

/* The source of the arguments 0 and 1 and the path of the third. */
static struct cws_source *get_place(struct js_call *call, char path[PATH_BYTES])
{
	struct cws_source *source = get_source(call);
	uint8_t *bytes;
	size_t size;

	if (!source || !js_get_bytes(call, 2, &bytes, &size))
		return NULL;
	if (size == 0 || size >= PATH_BYTES || memchr(bytes, 0, size)) {
		js_throw(call->env, "CWS_MARK", size >= PATH_BYTES ? ENAMETOOLONG : EINVAL, NULL, "the path cannot be watched");
		return NULL;
	}
	memcpy(path, bytes, size);
	path[size] = 0;
	return source;
}

/* drainMark(handle, source, path, beyond): marks a directory */
static napi_value mark(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char path[PATH_BYTES];
	struct cws_source *source = get_place(&call, path);
	bool beyond;

	if (!source || !js_get_bool(&call, 3, &beyond))
		return NULL;
	int error = source->ops->mark(source, path, beyond);
	if (error)
		return js_throw(env, "CWS_MARK", -error, NULL, "%s cannot be watched", path);
	return NULL;
}

/* drainListFile(handle, source, path): lists a file whose opens are told */
static napi_value list_file(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char path[PATH_BYTES];
	struct cws_source *source = get_place(&call, path);

	if (!source)
		return NULL;
	int error = source->ops->list ? source->ops->list(source, path) : -EINVAL;
	if (error)
		return js_throw(env, "CWS_MARK", -error, NULL, "%s cannot be watched", path);
	return NULL;
}

/* drainLook(handle, source, path): st_mode, or undefined where nothing is or can be looked at */
static napi_value look(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char path[PATH_BYTES];
	struct cws_source *source = get_place(&call, path);
	struct stat about;
	int fd = source ? source->ops->open_at(source, path, O_PATH) : -1;

	if (fd < 0)
		return NULL;
	int failed = fstat(fd, &about);
	close(fd);
	return failed ? NULL : js_number(env, about.st_mode);
}

struct listing {
	uint8_t *bytes;
	size_t used, room;
	uint32_t left; /* entries that may come */
};

/* d_type, then the name, then a NUL. False when that was the last that may come. */
static bool add(struct listing *listing, const struct dirent64 *entry)
{
	size_t length = strlen(entry->d_name) + 2;

	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return true;
	if (listing->used + length > listing->room) {
		size_t room = listing->room ? listing->room * 2 : 512 * ENTRY;
		uint8_t *bytes = realloc(listing->bytes, room);

		if (!bytes)
			return false;
		listing->bytes = bytes;
		listing->room = room;
	}
	listing->bytes[listing->used] = entry->d_type;
	memcpy(listing->bytes + listing->used + 1, entry->d_name, length - 1);
	listing->used += length;
	return listing->left-- > 1;
}

static uint8_t type_of(int folder, const char *name)
{
	struct stat about;

	/* Not beyond a mount: a file system that does not tell types is none that others mount on. */
	if (fstatat(folder, name, &about, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return DT_UNKNOWN;
	return IFTODT(about.st_mode);
}

/* drainList(handle, source, path, most): a Buffer of the directory's entries, for each its d_type, its name and a NUL; undefined where none is */
static napi_value list(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char path[PATH_BYTES];
	struct cws_source *source = get_place(&call, path);
	struct listing listing = { 0 };
	uint64_t dents[DENTS / sizeof(uint64_t)];
	bool more = true;
	long got;

	if (!source || !js_get_uint32(&call, 3, &listing.left))
		return NULL;
	int fd = source->ops->open_at(source, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	while (more && (got = syscall(SYS_getdents64, fd, dents, sizeof(dents))) > 0) {
		for (long at = 0; at < got && more;) {
			struct dirent64 *entry = (struct dirent64 *)((uint8_t *)dents + at);

			if (entry->d_type == DT_UNKNOWN)
				entry->d_type = type_of(fd, entry->d_name);
			more = add(&listing, entry);
			at += entry->d_reclen;
		}
	}
	close(fd);
	napi_value result = js_bytes(env, listing.bytes, listing.used);
	free(listing.bytes);
	return result;
}

/* drainMarkWhole(handle, source, path): marks the file system that the directory is in */
static napi_value mark_whole(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char path[PATH_BYTES];
	struct cws_source *source = get_place(&call, path);

	if (!source)
		return NULL;
	int error = source->ops->mark_whole ? source->ops->mark_whole(source, path) : -EINVAL;
	if (error)
		return js_throw(env, "CWS_MARK", -error, NULL, "the file system of %s cannot be watched", path);
	return NULL;
}

/* drainMounts(handle, source): a Buffer of the paths of mounts in which something may be wanted, a NUL after each */
static napi_value mounts(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_source *source = get_source(&call);
	size_t size = 0;

	if (!source)
		return NULL;
	char *paths = source->ops->mounts ? source->ops->mounts(source, &size) : NULL;
	napi_value result = js_bytes(env, paths, size);
	free(paths);
	return result;
}

/* drainChangeCounts(handle, source): { filtered, marks } */
static napi_value counts(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_source *source = get_source(&call);
	struct cws_change_counts counts;

	if (!source)
		return NULL;
	source->ops->counts(source, &counts);
	napi_value result = js_object(env);
	js_set(env, result, "filtered", js_number(env, (double)counts.filtered));
	js_set(env, result, "marks", js_number(env, counts.marks));
	return result;
}

/* fanotifyProbe(): { errno, authors, target } */
static napi_value probe_fanotify(napi_env env, napi_callback_info info)
{
	struct cws_fanotify_support support;
	napi_value result = js_object(env);

	(void)info;
	cws_fanotify_probe(&support);
	js_set(env, result, "errno", js_number(env, -support.error));
	js_set(env, result, "authors", js_bool(env, support.authors));
	js_set(env, result, "target", js_bool(env, support.target));
	return result;
}

/* inotifyProbe(): errno */
static napi_value probe_inotify(napi_env env, napi_callback_info info)
{
	(void)info;
	return js_number(env, -cws_inotify_probe());
}

void cws_define_changes(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = {
		{ "drainAddFanotify", add_fanotify }, { "drainAddInotify", add_inotify }, { "drainMark", mark }, { "drainListFile", list_file }, { "drainLook", look }, { "drainList", list },
		{ "drainMarkWhole", mark_whole }, { "drainMounts", mounts }, { "drainChangeCounts", counts }, { "fanotifyProbe", probe_fanotify }, { "inotifyProbe", probe_inotify },
	};

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
