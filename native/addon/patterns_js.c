/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns seen from JavaScript. */
#include <errno.h>
#include <string.h>

#include "addon.h"
#include "patterns.h"

static const napi_type_tag TAG = { 0x6f0b6a3d1c2e4f57ull, 0x93a1d40e7b5c4d02ull };

static void finalize(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	cws_patterns_release(data);
}

struct cws_patterns *cws_patterns_argument(struct js_call *call, size_t index)
{
	void *patterns;

	return js_get_handle(call, index, &TAG, &patterns) ? patterns : NULL;
}

/* patternsOpen(): handle */
static napi_value open_patterns(napi_env env, napi_callback_info info)
{
	struct cws_patterns *patterns = cws_patterns_open();

	(void)info;
	if (!patterns)
		return js_throw(env, "CWS_PATTERN", ENOMEM, NULL, "there is no memory for patterns");
	napi_value handle = js_handle(env, &TAG, patterns, finalize);
	if (!handle)
		cws_patterns_release(patterns);
	return handle;
}

/* patternsAdd(handle, glob, ignored) */
static napi_value add(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_patterns *patterns = cws_patterns_argument(&call, 0);
	uint8_t *glob;
	size_t size;
	bool ignored;

	if (!patterns || !js_get_bytes(&call, 1, &glob, &size) || !js_get_bool(&call, 2, &ignored))
		return NULL;
	int error = cws_patterns_add(patterns, (const char *)glob, size, ignored);
	if (error)
		return js_throw(env, "CWS_PATTERN", -error, NULL, "no pattern of a path: %.*s", size < 256 ? (int)size : 256, (const char *)glob);
	return NULL;
}

/* patternsMatch(handle, path): whether it is wanted */
static napi_value match(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_patterns *patterns = cws_patterns_argument(&call, 0);
	uint8_t *path;
	size_t size;

	if (!patterns || !js_get_bytes(&call, 1, &path, &size))
		return NULL;
	return js_bool(env, cws_patterns_match(patterns, (const char *)path, size));
}

/* patternsReach(handle, path): bits of enum cws_reach */
static napi_value reach(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_patterns *patterns = cws_patterns_argument(&call, 0);
	uint8_t *path;
	size_t size;

	if (!patterns || !js_get_bytes(&call, 1, &path, &size))
		return NULL;
	return js_number(env, cws_patterns_reach(patterns, (const char *)path, size));
}

void cws_define_patterns(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = {
		{ "patternsOpen", open_patterns }, { "patternsAdd", add }, { "patternsMatch", match }, { "patternsReach", reach },
	};

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
