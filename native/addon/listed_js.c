/* SPDX-License-Identifier: Apache-2.0 */
/* Listed files seen from JavaScript. */
#include "addon.h"
#include "listed.h"

#include <errno.h>

static const napi_type_tag TAG = { 0x51c9d0a7be2f4c63ull, 0xa4e8127f90d35b1cull };

static void finalize(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	cws_listed_release(data);
}

struct cws_listed *cws_listed_argument(struct js_call *call, size_t index)
{
	void *listed;

	return js_get_handle(call, index, &TAG, &listed) ? listed : NULL;
}

/* listedOpen(most): handle */
static napi_value open_listed(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	uint32_t most;

	if (!js_get_uint32(&call, 0, &most))
		return NULL;
	struct cws_listed *listed = cws_listed_open(most);
	if (!listed)
		return js_throw(env, "CWS_FANOTIFY_OPEN", ENOMEM, NULL, "there is no memory for files whose opens are told");
	napi_value handle = js_handle(env, &TAG, listed, finalize);
	if (!handle)
		cws_listed_release(listed);
	return handle;
}

/* listedCount(handle): files that are marked */
static napi_value count(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_listed *listed = cws_listed_argument(&call, 0);

	return listed ? js_number(env, cws_listed_count(listed)) : NULL;
}

void cws_define_listed(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = { { "listedOpen", open_listed }, { "listedCount", count } };

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
