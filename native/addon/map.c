/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of a loaded BPF object: read and written by key. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>

#include "addon.h"

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

/* Bytes that a lookup of one key gives: of a per-CPU map one value a possible CPU, each rounded up to 8. 0 when it cannot be known. */
static size_t value_bytes(const struct cws_map_form *form)
{
	int cpus;

	if (!is_per_cpu(form->type))
		return form->value_size;
	cpus = libbpf_num_possible_cpus();
	return cpus <= 0 ? 0 : (size_t)cpus * ((form->value_size + 7u) & ~7u);
}

static bool get_key(struct js_call *call, size_t index, const struct cws_map_form *form, uint8_t **key)
{
	size_t size;

	if (!js_get_bytes(call, index, key, &size))
		return false;
	if (size == form->key_size)
		return true;
	js_throw(call->env, "CWS_BPF_MAP", 0, NULL, "the key has %zu bytes, the map's keys %u", size, form->key_size);
	return false;
}

static napi_value refused(napi_env env, int error, const char *what)
{
	return js_throw(env, "CWS_BPF_MAP", error, NULL, "the map cannot be %s", what);
}

/* mapLookup(handle, map, key): the value's bytes, or undefined */
static napi_value map_lookup(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_map_form form;
	uint8_t *key;

	if (!cws_object_map(&call, 0, 1, &form) || !get_key(&call, 2, &form, &key))
		return NULL;
	size_t size = value_bytes(&form);
	void *value = size ? malloc(size) : NULL;
	if (!value)
		return refused(env, ENOMEM, "read");
	int error = -bpf_map_lookup_elem(form.fd, key, value);
	napi_value result = error ? NULL : js_bytes(env, value, size);
	free(value);
	if (error && error != ENOENT)
		return refused(env, error, "read");
	return result;
}

/* mapUpdate(handle, map, key, value) */
static napi_value map_update(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_map_form form;
	uint8_t *key, *value;
	size_t size;

	if (!cws_object_map(&call, 0, 1, &form) || !get_key(&call, 2, &form, &key) || !js_get_bytes(&call, 3, &value, &size))
		return NULL;
	if (size != value_bytes(&form))
		return js_throw(env, "CWS_BPF_MAP", 0, NULL, "the value has %zu bytes, the map's values %zu", size, value_bytes(&form));
	int error = -bpf_map_update_elem(form.fd, key, value, BPF_ANY);
	if (error)
		return refused(env, error, "written");
	return NULL;
}

/* mapDelete(handle, map, key): whether there was one */
static napi_value map_delete(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_map_form form;
	uint8_t *key;

	if (!cws_object_map(&call, 0, 1, &form) || !get_key(&call, 2, &form, &key))
		return NULL;
	int error = -bpf_map_delete_elem(form.fd, key);
	if (error && error != ENOENT)
		return refused(env, error, "written");
	return js_bool(env, !error);
}

/* mapKeys(handle, map): the bytes of every key; bounded by the map's own size */
static napi_value map_keys(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_map_form form;

	if (!cws_object_map(&call, 0, 1, &form))
		return NULL;
	uint8_t *key = malloc(form.key_size ? form.key_size : 1);
	napi_value keys = js_array(env);
	if (!key)
		return refused(env, ENOMEM, "read");
	void *previous = NULL;
	for (uint32_t i = 0; i < form.max_entries && bpf_map_get_next_key(form.fd, previous, key) == 0; i++, previous = key)
		js_push(env, keys, js_bytes(env, key, form.key_size));
	free(key);
	return keys;
}

void cws_define_map(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = {
		{ "mapLookup", map_lookup },
		{ "mapUpdate", map_update },
		{ "mapDelete", map_delete },
		{ "mapKeys", map_keys },
	};

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
