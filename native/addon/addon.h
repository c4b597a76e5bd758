/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the addon, each of which adds its functions to the exports. */
#ifndef CWS_ADDON_H
#define CWS_ADDON_H

#include "js.h"

void cws_define_object(napi_env env, napi_value exports);
void cws_define_map(napi_env env, napi_value exports);
void cws_define_drain(napi_env env, napi_value exports);
void cws_define_changes(napi_env env, napi_value exports);
void cws_define_probe(napi_env env, napi_value exports);
void cws_define_system(napi_env env, napi_value exports);
void cws_define_timed(napi_env env, napi_value exports);
void cws_define_patterns(napi_env env, napi_value exports);
void cws_define_watchdog(napi_env env, napi_value exports);
void cws_define_listed(napi_env env, napi_value exports);

/* Replaces this process, from whatever thread; returns an errno. */
int cws_execute(const char *path, char **argv, char **env);

/* The patterns of an argument, or NULL after throwing. */
struct cws_patterns *cws_patterns_argument(struct js_call *call, size_t index);

/* The listed files of an argument, or NULL after throwing. */
struct cws_listed *cws_listed_argument(struct js_call *call, size_t index);

/* The descriptor and form of an open object's map, for the drain. False after throwing. */
struct cws_map_form {
	int fd;
	uint32_t type, key_size, value_size, max_entries;
};
bool cws_object_map(struct js_call *call, size_t handle, size_t name, struct cws_map_form *form);

#endif
