/* SPDX-License-Identifier: Apache-2.0 */
/* A BPF object file: opened, adjusted, loaded, its programs attached. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "addon.h"
#include "log.h"

enum { NAME = 128, LINKS = 64, PATH = 4096 };

struct object {
	struct bpf_object *bpf; /* NULL after close */
	bool loaded;
	struct bpf_link *links[LINKS];
	const struct bpf_program *linked[LINKS];
};

static const napi_type_tag TAG = { 0x7c6f0d4b83a14e5full, 0x9a54c3c1d02e4b11ull };

static void release(struct object *object)
{
	for (int i = 0; i < LINKS; i++) {
		bpf_link__destroy(object->links[i]);
		object->links[i] = NULL;
	}
	bpf_object__close(object->bpf);
	object->bpf = NULL;
}

static void finalize(napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	release(data);
	free(data);
}

static struct object *get_object(struct js_call *call, size_t index)
{
	void *object;

	if (!js_get_handle(call, index, &TAG, &object))
		return NULL;
	if (!((struct object *)object)->bpf) {
		js_throw(call->env, "CWS_BPF_CLOSED", 0, NULL, "this BPF object is closed");
		return NULL;
	}
	return object;
}

static struct bpf_map *get_map(struct js_call *call, size_t handle, size_t name_index)
{
	struct object *object = get_object(call, handle);
	char name[NAME];

	if (!object || !js_get_string(call, name_index, name, sizeof(name)))
		return NULL;
	struct bpf_map *map = bpf_object__find_map_by_name(object->bpf, name);
	if (!map)
		js_throw(call->env, "CWS_BPF_NO_MAP", 0, NULL, "the BPF object has no map %s", name);
	return map;
}

static struct bpf_program *get_program(struct js_call *call, struct object *object, size_t name_index)
{
	char name[NAME];

	if (!js_get_string(call, name_index, name, sizeof(name)))
		return NULL;
	struct bpf_program *program = bpf_object__find_program_by_name(object->bpf, name);
	if (!program)
		js_throw(call->env, "CWS_BPF_NO_PROGRAM", 0, NULL, "the BPF object has no program %s", name);
	return program;
}

bool cws_object_map(struct js_call *call, size_t handle, size_t name, struct cws_map_form *form)
{
	struct bpf_map *map = get_map(call, handle, name);

	if (!map)
		return false;
	*form = (struct cws_map_form){
		.fd = bpf_map__fd(map),
		.type = bpf_map__type(map),
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
		.max_entries = bpf_map__max_entries(map),
	};
	if (form->fd >= 0)
		return true;
	js_throw(call->env, "CWS_BPF_NOT_LOADED", 0, NULL, "the BPF object is not loaded yet");
	return false;
}

/* bpfOpen(path): handle */
static napi_value open_object(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char path[PATH];

	if (!js_get_string(&call, 0, path, sizeof(path)))
		return NULL;
	cws_log_start();
	struct bpf_object *bpf = bpf_object__open_file(path, NULL);
	int error = bpf ? 0 : errno;
	const char *log = cws_log_stop();
	if (!bpf)
		return js_throw(env, "CWS_BPF_OPEN", error, log, "the BPF object %s cannot be opened", path);
	struct object *object = calloc(1, sizeof(*object));
	if (!object) {
		bpf_object__close(bpf);
		return js_throw(env, "CWS_BPF_OPEN", ENOMEM, NULL, "the BPF object %s cannot be opened", path);
	}
	object->bpf = bpf;
	napi_value handle = js_handle(env, &TAG, object, finalize);
	if (!handle)
		finalize(env, object, NULL);
	return handle;
}

/* bpfClose(handle): detaches and unloads; again is harmless */
static napi_value close_object(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	void *object;

	if (js_get_handle(&call, 0, &TAG, &object))
		release(object);
	return NULL;
}

/* bpfDescribe(handle): { programs: [{ name, section }], maps: [{ name, type, keySize, valueSize, maxEntries }] } */
static napi_value describe(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct object *object = get_object(&call, 0);
	struct bpf_program *program;
	struct bpf_map *map;

	if (!object)
		return NULL;
	napi_value programs = js_array(env), maps = js_array(env), result = js_object(env);
	bpf_object__for_each_program(program, object->bpf) {
		napi_value item = js_object(env);

		js_set(env, item, "name", js_string(env, bpf_program__name(program)));
		js_set(env, item, "section", js_string(env, bpf_program__section_name(program)));
		js_push(env, programs, item);
	}
	bpf_object__for_each_map(map, object->bpf) {
		napi_value item = js_object(env);
		const char *type = libbpf_bpf_map_type_str(bpf_map__type(map));

		js_set(env, item, "name", js_string(env, bpf_map__name(map)));
		js_set(env, item, "type", js_string(env, type ? type : "unknown"));
		js_set(env, item, "keySize", js_number(env, bpf_map__key_size(map)));
		js_set(env, item, "valueSize", js_number(env, bpf_map__value_size(map)));
		js_set(env, item, "maxEntries", js_number(env, bpf_map__max_entries(map)));
		js_push(env, maps, item);
	}
	js_set(env, result, "programs", programs);
	js_set(env, result, "maps", maps);
	return result;
}

/* Where a constant lies in the object's .rodata: libbpf has no call for it, the BTF says it. */
static bool find_rodata(struct bpf_object *bpf, const char *name, uint8_t **at, size_t *size)
{
	const struct btf *btf = bpf_object__btf(bpf);
	int id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -1;
	struct bpf_map *map, *rodata = NULL;
	size_t whole = 0;

	bpf_object__for_each_map(map, bpf) {
		const char *dot = strrchr(bpf_map__name(map), '.');

		if (dot && strcmp(dot, ".rodata") == 0)
			rodata = map;
	}
	uint8_t *data = rodata ? (uint8_t *)bpf_map__initial_value(rodata, &whole) : NULL;
	if (id <= 0 || !data)
		return false;
	const struct btf_type *section = btf__type_by_id(btf, (__u32)id);
	const struct btf_var_secinfo *var = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++, var++) {
		const struct btf_type *type = btf__type_by_id(btf, var->type);

		if (strcmp(btf__name_by_offset(btf, type->name_off), name) != 0 || (size_t)var->offset + var->size > whole)
			continue;
		*at = data + var->offset;
		*size = var->size;
		return true;
	}
	return false;
}

/* Whether an integer of `size` bytes keeps its value in `wanted` bytes. */
static bool narrows(const uint8_t *bytes, size_t size, size_t wanted)
{
	uint8_t fill = bytes[size - 1];

	for (size_t i = wanted; i < size; i++)
		if (bytes[i] != fill)
			return false;
	return wanted > 0 && (fill == 0 || (fill == 0xff && bytes[wanted - 1] & 0x80));
}

/* bpfSetConstant(handle, name, bytes, isInteger): a `const volatile` of the program, before load */
static napi_value set_constant(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct object *object = get_object(&call, 0);
	char name[NAME];
	uint8_t *bytes, *at;
	size_t size, wanted;
	bool integer;

	if (!object || !js_get_string(&call, 1, name, sizeof(name)) || !js_get_bytes(&call, 2, &bytes, &size) || !js_get_bool(&call, 3, &integer))
		return NULL;
	if (object->loaded)
		return js_throw(env, "CWS_BPF_LOADED", 0, NULL, "constants can only be set before load");
	if (!find_rodata(object->bpf, name, &at, &wanted))
		return js_throw(env, "CWS_BPF_NO_CONSTANT", 0, NULL, "the BPF object has no constant %s", name);
	if (integer && size > wanted && narrows(bytes, size, wanted))
		size = wanted;
	if (size != wanted)
		return js_throw(env, "CWS_BPF_NO_CONSTANT", 0, NULL, "the constant %s has %zu bytes, not %zu", name, wanted, size);
	memcpy(at, bytes, size);
	return NULL;
}

/* bpfSetMaxEntries(handle, map, entries): before load */
static napi_value set_max_entries(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct bpf_map *map = get_map(&call, 0, 1);
	uint32_t entries;

	if (!map || !js_get_uint32(&call, 2, &entries))
		return NULL;
	int error = bpf_map__set_max_entries(map, entries);
	if (error)
		return js_throw(env, "CWS_BPF_MAP", -error, NULL, "the size of map %s cannot be set", bpf_map__name(map));
	return NULL;
}

/* bpfSetAutoload(handle, program, whether): before load */
static napi_value set_autoload(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct object *object = get_object(&call, 0);
	struct bpf_program *program = object ? get_program(&call, object, 1) : NULL;
	bool whether;

	if (!program || !js_get_bool(&call, 2, &whether))
		return NULL;
	int error = bpf_program__set_autoload(program, whether);
	if (error)
		return js_throw(env, "CWS_BPF_LOADED", -error, NULL, "program %s cannot be left out", bpf_program__name(program));
	return NULL;
}

/* Before 5.11 maps and programs count against RLIMIT_MEMLOCK. Later kernels do not care, and where it may not be raised the load itself will tell. */
static void raise_memlock(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	(void)!setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

/* bpfLoad(handle) */
static napi_value load(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct object *object = get_object(&call, 0);

	if (!object)
		return NULL;
	raise_memlock();
	cws_log_start();
	sigset_t all, before;

	/* The verifier gives up with EAGAIN when a signal is pending: a profiler's timer would keep every program out. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = bpf_object__load(object->bpf);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	const char *log = cws_log_stop();
	if (error)
		return js_throw(env, "CWS_BPF_LOAD", -error, log, "the kernel refused the BPF object %s", bpf_object__name(object->bpf));
	object->loaded = true;
	return NULL;
}

/* bpfAttach(handle, program): as its section says; again is harmless */
static napi_value attach(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct object *object = get_object(&call, 0);
	struct bpf_program *program = object ? get_program(&call, object, 1) : NULL;
	int free_slot = -1;

	if (!program)
		return NULL;
	for (int i = LINKS - 1; i >= 0; i--) {
		if (object->links[i] && object->linked[i] == program)
			return NULL;
		if (!object->links[i])
			free_slot = i;
	}
	if (free_slot < 0)
		return js_throw(env, "CWS_BPF_ATTACH", ENOSPC, NULL, "program %s cannot be attached", bpf_program__name(program));
	cws_log_start();
	struct bpf_link *link = bpf_program__attach(program);
	int error = link ? 0 : errno;
	const char *log = cws_log_stop();
	if (!link)
		return js_throw(env, "CWS_BPF_ATTACH", error, log, "program %s cannot be attached", bpf_program__name(program));
	object->links[free_slot] = link;
	object->linked[free_slot] = program;
	return NULL;
}

/* bpfDetach(handle, program): what is not attached stays so */
static napi_value detach(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct object *object = get_object(&call, 0);
	struct bpf_program *program = object ? get_program(&call, object, 1) : NULL;

	for (int i = 0; program && i < LINKS; i++) {
		if (!object->links[i] || object->linked[i] != program)
			continue;
		bpf_link__destroy(object->links[i]);
		object->links[i] = NULL;
	}
	return NULL;
}

void cws_define_object(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = {
		{ "bpfOpen", open_object },       { "bpfClose", close_object },         { "bpfDescribe", describe },
		{ "bpfSetConstant", set_constant }, { "bpfSetMaxEntries", set_max_entries }, { "bpfSetAutoload", set_autoload },
		{ "bpfLoad", load },              { "bpfAttach", attach },              { "bpfDetach", detach },
	};

	/* Errors come back as negative errno, not as -1. */
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
