/* SPDX-License-Identifier: Apache-2.0 */
/* The little of Node-API that the addon's functions share: arguments in, values and errors out. */
#ifndef CWS_JS_H
#define CWS_JS_H

#define NAPI_VERSION 9
#include <node_api.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JS_ARGUMENTS 7

struct js_call {
	napi_env env;
	size_t count;
	napi_value arguments[JS_ARGUMENTS];
};

struct js_function {
	const char *name;
	napi_callback call;
};

/* The call's arguments; those not given are undefined. */
struct js_call js_arguments(napi_env env, napi_callback_info info);

/* Each returns false after throwing a TypeError that names what was expected. */
bool js_get_string(struct js_call *call, size_t index, char *to, size_t size);
bool js_get_uint32(struct js_call *call, size_t index, uint32_t *to);
bool js_get_bool(struct js_call *call, size_t index, bool *to);
/* Whether the argument is anything but undefined. */
bool js_given(const struct js_call *call, size_t index);
bool js_get_bytes(struct js_call *call, size_t index, uint8_t **to, size_t *size);
/* A handle made by js_handle with this tag. */
bool js_get_handle(struct js_call *call, size_t index, const napi_type_tag *tag, void **to);

/* An array of strings as execve wants it, to be freed; NULL after throwing. */
char **js_get_strings(struct js_call *call, size_t index);
void js_free_strings(char **strings);

/* An object that carries a pointer, freed by `finalize` when it is collected. */
napi_value js_handle(napi_env env, const napi_type_tag *tag, void *pointer, napi_finalize finalize);

napi_value js_string(napi_env env, const char *text);
napi_value js_number(napi_env env, double number);
napi_value js_bool(napi_env env, bool value);
napi_value js_bytes(napi_env env, const void *bytes, size_t size);
napi_value js_object(napi_env env);
void js_set(napi_env env, napi_value object, const char *name, napi_value value);
napi_value js_array(napi_env env);
void js_push(napi_env env, napi_value array, napi_value value);

/* Throws an Error with code, errno (positive; 0 leaves it out) and log (NULL leaves it out). Returns NULL, for the caller to return. */
napi_value js_throw(napi_env env, const char *code, int error, const char *log, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Adds functions to the exports. */
void js_define(napi_env env, napi_value exports, const struct js_function *functions, size_t count);

#endif
