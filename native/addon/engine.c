/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drain thread seen from JavaScript: one queue buffer that JavaScript allocated, and a thread-safe function that says "there is something",
 * with at most one such call pending. JavaScript then peeks, reads the records in place, acknowledges.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addon.h"
#include "drain.h"
#include "engine.h"
#include "ring.h"

struct engine {
	struct cws_drain drain;
	struct cws_source *sources[CWS_DRAIN_SOURCES];
	napi_env env;
	napi_ref buffer, span;
	uint32_t *span_words; /* start and end of the last peek, in an array of JavaScript's */
	napi_threadsafe_function wake;
	bool stopped;
};

static const napi_type_tag TAG = { 0x2d9be0d3c6f44c1aull, 0xb7c1f0a4f2a34d55ull };

/* On the native thread. Fails only when JavaScript is going away, and then nobody is left to be told. */
static void notify(void *context)
{
	struct engine *engine = context;

	napi_call_threadsafe_function(engine->wake, NULL, napi_tsfn_nonblocking);
}

/* On the JavaScript thread: calls turn(). */
static void call_turn(napi_env env, napi_value turn, void *context, void *data)
{
	napi_value receiver, result, exception;
	bool pending = false;

	(void)context;
	(void)data;
	if (!env || !turn || napi_get_undefined(env, &receiver) != napi_ok)
		return;
	napi_call_function(env, receiver, turn, 0, NULL, &result);
	/* A throw must not vanish in the thread-safe function's own handling: it is an uncaught exception like any other. */
	if (napi_is_exception_pending(env, &pending) == napi_ok && pending && napi_get_and_clear_last_exception(env, &exception) == napi_ok)
		napi_fatal_exception(env, exception);
}

static void at_exit(void *data);

static void stop(struct engine *engine)
{
	if (engine->stopped)
		return;
	engine->stopped = true;
	cws_drain_stop(&engine->drain);
	napi_remove_env_cleanup_hook(engine->env, at_exit, engine);
	napi_release_threadsafe_function(engine->wake, napi_tsfn_release);
}

/* The environment (a worker, or the process) ends with the drain open: the thread must not outlive the buffer. */
static void at_exit(void *data)
{
	struct engine *engine = data;

	engine->stopped = true;
	cws_drain_stop(&engine->drain);
}

static void finalize(napi_env env, void *data, void *hint)
{
	struct engine *engine = data;

	(void)hint;
	stop(engine);
	cws_drain_destroy(&engine->drain);
	napi_delete_reference(env, engine->buffer);
	napi_delete_reference(env, engine->span);
	free(engine);
}

static struct engine *get_engine(struct js_call *call)
{
	void *engine;

	return js_get_handle(call, 0, &TAG, &engine) ? engine : NULL;
}

struct engine *cws_engine_running(struct js_call *call)
{
	struct engine *engine = get_engine(call);

	if (engine && engine->stopped) {
		js_throw(call->env, "CWS_DRAIN_CLOSED", 0, NULL, "this drain is closed");
		return NULL;
	}
	return engine;
}

/* drainOpen(buffer, span: Uint32Array(2) as a Buffer, maxSleepMs, turn): handle */
static napi_value open_drain(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct cws_drain_options options = { .notify = notify };
	uint8_t *buffer, *span;
	size_t size, span_size;

	if (!js_get_bytes(&call, 0, &buffer, &size) || !js_get_bytes(&call, 1, &span, &span_size) || !js_get_uint32(&call, 2, &options.max_sleep_ms))
		return NULL;
	if (span_size != 2 * sizeof(uint32_t) || (uintptr_t)span % sizeof(uint32_t) != 0)
		return js_throw(env, "ERR_INVALID_ARG_VALUE", 0, NULL, "the span must be two aligned 32-bit words");
	struct engine *engine = calloc(1, sizeof(*engine));
	if (!engine)
		return js_throw(env, "CWS_DRAIN_OPEN", ENOMEM, NULL, "the drain cannot be opened");
	engine->env = env;
	engine->span_words = (uint32_t *)(void *)span;
	options.buffer = buffer;
	options.buffer_bytes = size;
	options.context = engine;
	if (napi_create_threadsafe_function(env, call.arguments[3], NULL, js_string(env, "cws-drain"), 0, 1, NULL, NULL, NULL, call_turn, &engine->wake) !=
	    napi_ok) {
		free(engine);
		return js_throw(env, "CWS_DRAIN_OPEN", 0, NULL, "the drain's turn must be a function");
	}
	napi_create_reference(env, call.arguments[0], 1, &engine->buffer);
	napi_create_reference(env, call.arguments[1], 1, &engine->span);
	int error = cws_drain_open(&engine->drain, &options);
	if (error) {
		napi_release_threadsafe_function(engine->wake, napi_tsfn_abort);
		napi_delete_reference(env, engine->buffer);
		napi_delete_reference(env, engine->span);
		free(engine);
		return js_throw(env, "CWS_DRAIN_OPEN", -error, NULL, "the drain cannot be opened");
	}
	napi_add_env_cleanup_hook(env, at_exit, engine);
	napi_value handle = js_handle(env, &TAG, engine, finalize);
	if (!handle)
		finalize(env, engine, NULL);
	return handle;
}

/* The map named by an argument, or fd -1 when the argument is undefined. */
static bool optional_map(struct js_call *call, size_t object, size_t name, struct cws_map_form *form)
{
	napi_valuetype type;

	*form = (struct cws_map_form){ .fd = -1 };
	if (napi_typeof(call->env, call->arguments[name], &type) == napi_ok && type == napi_undefined)
		return true;
	return cws_object_map(call, object, name, form);
}

int cws_engine_add(struct engine *engine, struct cws_source *source)
{
	int slot = 0, error;

	while (slot < CWS_DRAIN_SOURCES && engine->sources[slot])
		slot++;
	error = slot < CWS_DRAIN_SOURCES ? cws_drain_add(&engine->drain, source) : -ENOSPC;
	if (error) {
		source->ops->close(source);
		return error;
	}
	engine->sources[slot] = source;
	return slot;
}

struct cws_source *cws_engine_source(struct js_call *call, struct engine *engine, size_t index)
{
	uint32_t slot;

	if (!js_get_uint32(call, index, &slot))
		return NULL;
	if (slot < CWS_DRAIN_SOURCES && engine->sources[slot])
		return engine->sources[slot];
	js_throw(call->env, "CWS_DRAIN_CLOSED", 0, NULL, "this source is removed");
	return NULL;
}

/* drainAddRing(handle, object, ring, wake?, counters?, wakeMask): number of the source */
static napi_value add_ring(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = cws_engine_running(&call);
	struct cws_map_form ring, wake, counters;
	struct cws_source *source;
	uint32_t wake_mask;

	if (!engine || !cws_object_map(&call, 1, 2, &ring) || !optional_map(&call, 1, 3, &wake) || !optional_map(&call, 1, 4, &counters) ||
	    !js_get_uint32(&call, 5, &wake_mask))
		return NULL;
	if (wake.fd >= 0 && wake.value_size < 2 * sizeof(uint32_t))
		return js_throw(env, "CWS_DRAIN_SOURCE", EINVAL, NULL, "the wake map's values are too small");
	if (counters.fd >= 0 && !cws_ring_counters_fit(counters.key_size, counters.value_size))
		return js_throw(env, "CWS_DRAIN_SOURCE", EINVAL, NULL, "the counters map has another form");
	const struct cws_ring_options options = {
		.ring_fd = ring.fd,
		.wake_fd = wake.fd,
		.counters_fd = counters.fd,
		.ring_bytes = ring.max_entries,
		.counters = counters.max_entries,
		.wake_mask = wake_mask,
	};
	int error = cws_ring_open(&options, &source);
	int slot = error ? error : cws_engine_add(engine, source);
	if (slot < 0)
		return js_throw(env, "CWS_DRAIN_SOURCE", -slot, NULL, "the ring buffer cannot be drained");
	return js_number(env, slot);
}

/* drainWakeOn(handle, source, wakeMask) */
static napi_value wake_on(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = cws_engine_running(&call);
	struct cws_source *source = engine ? cws_engine_source(&call, engine, 1) : NULL;
	uint32_t wake_mask;

	if (source && js_get_uint32(&call, 2, &wake_mask) && cws_is_ring(source))
		cws_ring_wake_on(source, wake_mask);
	return NULL;
}

/* drainRemove(handle, source): drains it a last time; again is harmless */
static napi_value remove_source(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = get_engine(&call);
	uint32_t slot;

	if (!engine || !js_get_uint32(&call, 1, &slot) || engine->stopped || slot >= CWS_DRAIN_SOURCES || !engine->sources[slot])
		return NULL;
	cws_drain_remove(&engine->drain, engine->sources[slot]);
	engine->sources[slot] = NULL;
	return NULL;
}

/* drainPeek(handle, budget): whether there is something; then the span holds its start and end */
static napi_value peek(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = get_engine(&call);
	struct cws_span span;
	uint32_t budget;

	if (!engine || !js_get_uint32(&call, 1, &budget))
		return NULL;
	bool some = cws_queue_peek(&engine->drain.queue, budget, &span);
	if (some) {
		engine->span_words[0] = span.start;
		engine->span_words[1] = span.end;
	}
	return js_bool(env, some);
}

/* drainAck(handle, end): whether more is waiting */
static napi_value ack(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = get_engine(&call);
	uint32_t end;

	if (!engine || !js_get_uint32(&call, 1, &end))
		return NULL;
	return js_bool(env, cws_queue_ack(&engine->drain.queue, end));
}

/* drainStop(handle): drains the sources a last time and ends the thread; what is in the queue can still be peeked */
static napi_value stop_drain(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = get_engine(&call);

	if (engine)
		stop(engine);
	return NULL;
}

/* drainStats(handle) */
static napi_value stats(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct engine *engine = get_engine(&call);
	struct cws_drain_stats stats;

	if (!engine)
		return NULL;
	cws_drain_stats(&engine->drain, &stats);
	napi_value result = js_object(env);
	js_set(env, result, "records", js_number(env, (double)stats.records));
	js_set(env, result, "broken", js_number(env, (double)stats.broken));
	js_set(env, result, "chunksDropped", js_number(env, (double)stats.evicted));
	js_set(env, result, "lostInRing", js_number(env, (double)stats.lost_ring));
	js_set(env, result, "lostInQueue", js_number(env, (double)stats.lost_queue));
	js_set(env, result, "drains", js_number(env, (double)stats.drains));
	js_set(env, result, "sleeps", js_number(env, (double)stats.sleeps));
	js_set(env, result, "queuePeakBytes", js_number(env, (double)stats.queue_peak));
	js_set(env, result, "periodNs", js_number(env, (double)stats.period));
	js_set(env, result, "recordsPerSecond", js_number(env, stats.rate));
	return result;
}

void cws_define_drain(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = {
		{ "drainOpen", open_drain }, { "drainAddRing", add_ring }, { "drainRemove", remove_source }, { "drainPeek", peek },
		{ "drainWakeOn", wake_on },  { "drainAck", ack },         { "drainStop", stop_drain },  { "drainStats", stats },
	};

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
