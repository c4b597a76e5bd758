/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads that end in time. Of another process /proc/PID/cmdline and environ need the lock of its address space, and that process can see to it
 * that nobody ever gets that lock. So a thread of our own reads; who does not answer in time is left behind and ends when the kernel lets go.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "addon.h"

#define TIMED_BYTES (64 * 1024)
/* Reads that may run out of time: so many a minute, and threads that may hang at once. Then nothing is read, so that waiting stays bounded. */
#define LATE_A_MINUTE 4
#define STUCK 16
#define MINUTE_NS (60ull * 1000000000)

struct reader {
	pthread_mutex_t lock;
	int asked, answered;
	/* Under the lock: both sides hold it, the last one frees it. */
	bool left, ended;
	bool ready; /* it waits to be asked */
	/* Of the thread between `asked` and `answered`, else of the caller. */
	char path[256];
	size_t wanted;
	int result; /* bytes, or a negative errno */
	uint8_t bytes[TIMED_BYTES];
};

/* Of one JavaScript thread. */
struct timed {
	struct reader *reader;
	uint64_t minute;
	uint32_t late;
};

static int stuck; /* threads left behind, of all JavaScript threads; atomic */

static const napi_type_tag TAG = { 0x7c1f2a90d3be4411ull, 0x9e55b8c2f0a7d6e3ull };

static void free_reader(struct reader *reader)
{
	pthread_mutex_destroy(&reader->lock);
	close(reader->asked);
	close(reader->answered);
	free(reader);
}

static int read_file(struct reader *reader)
{
	size_t length = 0;
	int error = 0, fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	while (length < reader->wanted) {
		ssize_t got = read(fd, reader->bytes + length, reader->wanted - length);

		if (got < 0)
			error = -errno;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	close(fd);
	return error ? error : (int)length;
}

static void *serve(void *argument)
{
	const uint64_t one = 1;
	struct reader *reader = argument;
	uint64_t told;

	pthread_setname_np(pthread_self(), "cws-proc");
	for (bool on = true; on;) {
		on = read(reader->asked, &told, sizeof(told)) == sizeof(told);
		pthread_mutex_lock(&reader->lock);
		on = on && !reader->left;
		pthread_mutex_unlock(&reader->lock);
		int result = on ? read_file(reader) : 0;
		pthread_mutex_lock(&reader->lock);
		reader->result = result;
		if (on && reader->left)
			__atomic_sub_fetch(&stuck, 1, __ATOMIC_RELAXED);
		on = on && !reader->left;
		reader->ready = true;
		reader->ended = !on;
		bool last = reader->left;
		if (on && write(reader->answered, &one, sizeof(one)) < 0)
			reader->result = -errno;
		pthread_mutex_unlock(&reader->lock);
		if (!on && last)
			free_reader(reader);
	}
	return NULL;
}

static struct reader *start_reader(void)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	pthread_t thread;
	struct reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	pthread_mutex_init(&reader->lock, NULL);
	reader->ready = true;
	reader->asked = eventfd(0, EFD_CLOEXEC);
	reader->answered = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = reader->asked < 0 || reader->answered < 0 ? EMFILE : pthread_create(&thread, &attributes, serve, reader);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error) {
		free_reader(reader);
		return NULL;
	}
	return reader;
}

/* The caller wants no more of it. */
static void leave(struct reader *reader)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&reader->lock);
	bool ended = reader->ended;
	reader->left = true;
	if (!reader->ready)
		__atomic_add_fetch(&stuck, 1, __ATOMIC_RELAXED);
	else if (!ended && write(reader->asked, &one, sizeof(one)) < 0)
		ended = false;
	pthread_mutex_unlock(&reader->lock);
	if (ended)
		free_reader(reader);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Whether one more may run out of time. */
static bool may_wait(struct timed *timed)
{
	uint64_t now = now_ns();

	if (now - timed->minute >= MINUTE_NS) {
		timed->minute = now;
		timed->late = 0;
	}
	return timed->late < LATE_A_MINUTE && __atomic_load_n(&stuck, __ATOMIC_RELAXED) < STUCK;
}

static void wait_for(struct reader *reader, uint32_t ms)
{
	uint64_t told, end = now_ns() + (uint64_t)ms * 1000000;
	struct pollfd answered = { .fd = reader->answered, .events = POLLIN };

	for (uint64_t now = now_ns(); now < end; now = now_ns()) {
		int ready = poll(&answered, 1, (int)((end - now + 999999) / 1000000));

		if (ready > 0 && read(reader->answered, &told, sizeof(told)) > 0)
			return;
		if (ready < 0 && errno != EINTR)
			return;
	}
}

/* timedRead(handle, path, into, ms): bytes read, at most as many as fit; a negative errno: -ETIMEDOUT when it took too long, -EAGAIN when too many did */
static napi_value timed_read(napi_env env, napi_callback_info info)
{
	const uint64_t one = 1;
	struct js_call call = js_arguments(env, info);
	void *handle;
	char path[sizeof(((struct reader *)0)->path)];
	uint8_t *into;
	size_t size;
	uint32_t ms;

	if (!js_get_handle(&call, 0, &TAG, &handle) || !js_get_string(&call, 1, path, sizeof(path)) || !js_get_bytes(&call, 2, &into, &size) ||
	    !js_get_uint32(&call, 3, &ms))
		return NULL;
	struct timed *timed = handle;
	if (!may_wait(timed))
		return js_number(env, -EAGAIN);
	if (!timed->reader)
		timed->reader = start_reader();
	struct reader *reader = timed->reader;
	if (!reader)
		return js_number(env, -ENOMEM);
	memcpy(reader->path, path, sizeof(path));
	reader->wanted = size < TIMED_BYTES ? size : TIMED_BYTES;
	reader->ready = false;
	if (write(reader->asked, &one, sizeof(one)) < 0)
		return js_number(env, -EIO);
	wait_for(reader, ms < INT_MAX / 2 ? ms : INT_MAX / 2);
	pthread_mutex_lock(&reader->lock);
	bool ready = reader->ready;
	pthread_mutex_unlock(&reader->lock);
	if (!ready) {
		timed->late++;
		timed->reader = NULL;
		leave(reader);
		return js_number(env, -ETIMEDOUT);
	}
	if (reader->result > 0)
		memcpy(into, reader->bytes, (size_t)reader->result);
	return js_number(env, reader->result);
}

static void finalize(napi_env env, void *data, void *hint)
{
	struct timed *timed = data;

	(void)env;
	(void)hint;
	if (timed->reader)
		leave(timed->reader);
	free(timed);
}

/* timedOpen(): handle */
static napi_value timed_open(napi_env env, napi_callback_info info)
{
	struct timed *timed = calloc(1, sizeof(*timed));

	(void)info;
	if (!timed)
		return js_throw(env, "CWS_TIMED", ENOMEM, NULL, "no memory to read with");
	timed->minute = now_ns();
	napi_value handle = js_handle(env, &TAG, timed, finalize);
	if (!handle)
		free(timed);
	return handle;
}

void cws_define_timed(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = { { "timedOpen", timed_open }, { "timedRead", timed_read } };

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
