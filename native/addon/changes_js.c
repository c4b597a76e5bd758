/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of changes seen from JavaScript: fanotify groups and inotify descriptors, which are marked and counted alike. */
#include <errno.h>
#include <string.h>

#include "addon.h"
#include "engine.h"
#include "fanotify.h"
#include "inotify.h"

typedef int (*open_source)(const struct cws_change_options *options, struct cws_source **source);

/* (handle, group: what its records carry, maxMarks, patterns?): number of the source */
static napi_value add(napi_env env, napi_callback_info info, open_source open, const char *code, const char *what)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = cws_engine_running(&call);
	struct cws_change_options options = { 0 };
	struct cws_source *source;
	napi_valuetype type;

	if (!engine || !js_get_uint32(&call, 1, &options.number) || !js_get_uint32(&call, 2, &options.max_marks))
		return NULL;
	bool all = napi_typeof(env, call.arguments[3], &type) == napi_ok && type == napi_undefined;
	if (!all && !(options.patterns = cws_patterns_argument(&call, 3)))
		return NULL;
	int error = open(&options, &source);
	int slot = error ? error : cws_engine_add(engine, source);
	if (slot < 0)
		return js_throw(env, code, -slot, NULL, "no %s can be opened", what);
	return js_number(env, slot);
}

static napi_value add_fanotify(napi_env env, napi_callback_info info)
{
	return add(env, info, cws_fanotify_open, "CWS_FANOTIFY_OPEN", "fanotify group");
}

static napi_value add_inotify(napi_env env, napi_callback_info info)
{
	return add(env, info, cws_inotify_open, "CWS_INOTIFY_OPEN", "inotify descriptor");
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

/* drainMark(handle, source, path, beyond): marks a directory */
static napi_value mark(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_source *source = get_source(&call);
	char path[4096];
	uint8_t *bytes;
	size_t size;
	bool beyond;

	if (!source || !js_get_bytes(&call, 2, &bytes, &size) || !js_get_bool(&call, 3, &beyond))
		return NULL;
	if (size == 0 || size >= sizeof(path) || memchr(bytes, 0, size))
		return js_throw(env, "CWS_MARK", size >= sizeof(path) ? ENAMETOOLONG : EINVAL, NULL, "the path cannot be watched");
	memcpy(path, bytes, size);
	path[size] = 0;
	int error = source->ops->mark(source, path, beyond);
	if (error)
		return js_throw(env, "CWS_MARK", -error, NULL, "%s cannot be watched", path);
	return NULL;
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
		{ "drainAddFanotify", add_fanotify }, { "drainAddInotify", add_inotify }, { "drainMark", mark },
		{ "drainChangeCounts", counts },      { "fanotifyProbe", probe_fanotify }, { "inotifyProbe", probe_inotify },
	};

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
