/* SPDX-License-Identifier: Apache-2.0 */
#include "js.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct js_call js_arguments(napi_env env, napi_callback_info info)
{
	struct js_call call = { .env = env, .count = JS_ARGUMENTS };

	napi_get_cb_info(env, info, &call.count, call.arguments, NULL, NULL);
	return call;
}

static bool wrong(struct js_call *call, size_t index, const char *expected)
{
	char text[96];

	snprintf(text, sizeof(text), "argument %zu: expected %s", index + 1, expected);
	napi_throw_type_error(call->env, "ERR_INVALID_ARG_TYPE", text);
	return false;
}

bool js_get_string(struct js_call *call, size_t index, char *to, size_t size)
{
	size_t length;

	if (napi_get_value_string_utf8(call->env, call->arguments[index], NULL, 0, &length) != napi_ok)
		return wrong(call, index, "a string");
	if (length >= size)
		return wrong(call, index, "a shorter string");
	napi_get_value_string_utf8(call->env, call->arguments[index], to, size, &length);
	return strlen(to) == length || wrong(call, index, "a string without NUL");
}

bool js_get_uint32(struct js_call *call, size_t index, uint32_t *to)
{
	double number;

	if (napi_get_value_double(call->env, call->arguments[index], &number) != napi_ok || !(number >= 0 && number <= UINT32_MAX) ||
	    (double)(uint32_t)number != number)
		return wrong(call, index, "an unsigned 32-bit integer");
	*to = (uint32_t)number;
	return true;
}

bool js_given(const struct js_call *call, size_t index)
{
	napi_valuetype type;

	return napi_typeof(call->env, call->arguments[index], &type) == napi_ok && type != napi_undefined;
}

bool js_get_bool(struct js_call *call, size_t index, bool *to)
{
	return napi_get_value_bool(call->env, call->arguments[index], to) == napi_ok || wrong(call, index, "a boolean");
}

bool js_get_bytes(struct js_call *call, size_t index, uint8_t **to, size_t *size)
{
	bool is_buffer = false;
	void *bytes = NULL;

	if (napi_is_buffer(call->env, call->arguments[index], &is_buffer) != napi_ok || !is_buffer ||
	    napi_get_buffer_info(call->env, call->arguments[index], &bytes, size) != napi_ok)
		return wrong(call, index, "a Buffer");
	*to = bytes;
	return true;
}

bool js_get_handle(struct js_call *call, size_t index, const napi_type_tag *tag, void **to)
{
	bool ours = false;
	napi_valuetype type;

	if (napi_typeof(call->env, call->arguments[index], &type) != napi_ok || type != napi_object ||
	    napi_check_object_type_tag(call->env, call->arguments[index], tag, &ours) != napi_ok || !ours ||
	    napi_unwrap(call->env, call->arguments[index], to) != napi_ok)
		return wrong(call, index, "a handle of this addon");
	return true;
}

napi_value js_handle(napi_env env, const napi_type_tag *tag, void *pointer, napi_finalize finalize)
{
	napi_value object = js_object(env);

	if (!object || napi_type_tag_object(env, object, tag) != napi_ok || napi_wrap(env, object, pointer, finalize, NULL, NULL) != napi_ok)
		return NULL;
	return object;
}

napi_value js_string(napi_env env, const char *text)
{
	napi_value value = NULL;

	napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value);
	return value;
}

napi_value js_number(napi_env env, double number)
{
	napi_value value = NULL;

	napi_create_double(env, number, &value);
	return value;
}

napi_value js_bool(napi_env env, bool truth)
{
	napi_value value = NULL;

	napi_get_boolean(env, truth, &value);
	return value;
}

napi_value js_bytes(napi_env env, const void *bytes, size_t size)
{
	napi_value value = NULL;

	napi_create_buffer_copy(env, size, bytes, NULL, &value);
	return value;
}

napi_value js_object(napi_env env)
{
	napi_value value = NULL;

	napi_create_object(env, &value);
	return value;
}

void js_set(napi_env env, napi_value object, const char *name, napi_value value)
{
	if (value)
		napi_set_named_property(env, object, name, value);
}

napi_value js_array(napi_env env)
{
	napi_value value = NULL;

	napi_create_array(env, &value);
	return value;
}

void js_push(napi_env env, napi_value array, napi_value value)
{
	uint32_t length = 0;

	if (value && napi_get_array_length(env, array, &length) == napi_ok)
		napi_set_element(env, array, length, value);
}

napi_value js_throw(napi_env env, const char *code, int error_number, const char *log, const char *format, ...)
{
	char text[1024];
	napi_value error = NULL;
	va_list values;

	va_start(values, format);
	int length = vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	if (error_number && length >= 0 && (size_t)length < sizeof(text))
		snprintf(text + length, sizeof(text) - (size_t)length, ": %s", strerror(error_number));
	if (napi_create_error(env, js_string(env, code), js_string(env, text), &error) != napi_ok)
		return NULL;
	if (error_number)
		js_set(env, error, "errno", js_number(env, error_number));
	if (log)
		js_set(env, error, "log", js_string(env, log));
	napi_throw(env, error);
	return NULL;
}

void js_define(napi_env env, napi_value exports, const struct js_function *functions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		napi_value function = NULL;

		if (napi_create_function(env, functions[i].name, NAPI_AUTO_LENGTH, functions[i].call, NULL, &function) == napi_ok)
			js_set(env, exports, functions[i].name, function);
	}
}

void js_free_strings(char **strings)
{
	for (char **string = strings; strings && *string; string++)
		free(*string);
	free(strings);
}

char **js_get_strings(struct js_call *call, size_t index)
{
	uint32_t count;
	struct js_call one = { .env = call->env };

	if (napi_get_array_length(call->env, call->arguments[index], &count) != napi_ok || count > 65536) {
		napi_throw_type_error(call->env, "ERR_INVALID_ARG_TYPE", "expected an array of strings");
		return NULL;
	}
	char **strings = calloc(count + 1, sizeof(*strings));
	for (uint32_t i = 0; strings && i < count; i++) {
		size_t size = 0;

		napi_get_element(call->env, call->arguments[index], i, &one.arguments[0]);
		napi_get_value_string_utf8(call->env, one.arguments[0], NULL, 0, &size);
		strings[i] = malloc(size + 1);
		if (!strings[i] || !js_get_string(&one, 0, strings[i], size + 1)) {
			if (!strings[i])
				js_throw(call->env, "CWS_EXEC", ENOMEM, NULL, "no memory for the strings");
			js_free_strings(strings);
			return NULL;
		}
	}
	return strings;
}
