/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that looks at which plugin the engine runs, in memory that JavaScript writes, and replaces this process by a new one of its kind when
 * one of them holds it up. Who it was stands in the new one's environment. The record of the watchdog in docs/design says why so.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "addon.h"
#include "stall.h"

#define NAME_BYTES 256
#define LOOKS 10 /* within the limit */

enum { PLACE, CALL, OUTER, WORDS };

struct watchdog {
	const uint32_t *words;
	const uint8_t *names; /* NAME_BYTES for each place, ended by NUL */
	uint32_t places;
	napi_ref kept[2];
	char *path, **argv, **env; /* the last of env is to be completed: the names of those before, and the one that is found */
	char *told; /* that last one, with room for it */
	uint64_t limit;
	clockid_t cpu;
	int state; /* /proc/self/task/TID/stat of the engine's thread; -1 = not known */
	int stop;
	pthread_t thread;
};

static bool opened; /* of a process: one engine */

static uint64_t ns(clockid_t clock)
{
	struct timespec time = { 0 };

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* S: interruptible sleep. A disk that is slow (D) is no plugin's fault; R is one that runs or would like to. */
static bool asleep(const struct watchdog *dog)
{
	char text[256];
	ssize_t length = dog->state < 0 ? -1 : pread(dog->state, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return false;
	text[length] = '\0';
	const char *end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] == 'S';
}

static void restart(struct watchdog *dog, uint32_t place)
{
	static const char failed[] = "cws: a plugin holds the engine up, and a new agent cannot be executed\n";
	const uint8_t *name = dog->names + (size_t)(place < dog->places ? place : 0) * NAME_BYTES;
	size_t length = strlen(dog->told), size = strnlen((const char *)name, NAME_BYTES - 1);

	memcpy(dog->told + length, name, size);
	memcpy(dog->told + length + size, "]", 2);
	cws_execute(dog->path, dog->argv, dog->env);
	if (write(STDERR_FILENO, failed, sizeof(failed) - 1) < 0)
		_exit(1);
	_exit(1);
}

static void *watch(void *argument)
{
	struct watchdog *dog = argument;
	struct pollfd stop = { .fd = dog->stop, .events = POLLIN };
	struct cws_stall stall = { 0 };
	const uint64_t period = dog->limit / LOOKS;

	pthread_setname_np(pthread_self(), "cws-watchdog");
	while (poll(&stop, 1, (int)(period / 1000000)) == 0) {
		struct cws_stall_look look = {
			.call = __atomic_load_n(&dog->words[CALL], __ATOMIC_ACQUIRE),
			.place = __atomic_load_n(&dog->words[PLACE], __ATOMIC_ACQUIRE),
			.outer = __atomic_load_n(&dog->words[OUTER], __ATOMIC_ACQUIRE),
			.now = ns(CLOCK_MONOTONIC),
		};
		/* Idle, as nearly always: nothing more is asked. */
		if (look.place != 0) {
			look.cpu = ns(dog->cpu);
			look.asleep = asleep(dog);
		}
		uint32_t blamed = cws_stall_note(&stall, &look, period, dog->limit);
		if (blamed != 0)
			restart(dog, blamed);
	}
	return NULL;
}

static void free_dog(struct watchdog *dog)
{
	if (dog->state >= 0)
		close(dog->state);
	if (dog->stop >= 0)
		close(dog->stop);
	free(dog->path);
	free(dog->told);
	if (dog->env) /* its last string is `told` */
		for (char **last = dog->env; *last; last++)
			if (*last == dog->told)
				*last = NULL;
	js_free_strings(dog->argv);
	js_free_strings(dog->env);
	free(dog);
}

/* The JavaScript of this thread ends. */
static void end(void *argument)
{
	const uint64_t one = 1;
	struct watchdog *dog = argument;

	if (write(dog->stop, &one, sizeof(one)) == sizeof(one)) {
		pthread_join(dog->thread, NULL);
		free_dog(dog);
	}
	__atomic_store_n(&opened, false, __ATOMIC_RELEASE);
}

static int start(struct watchdog *dog)
{
	char path[64];
	sigset_t all, before;

	const long thread = syscall(SYS_gettid);

	snprintf(path, sizeof(path), "/proc/self/task/%ld/stat", thread);
	dog->state = open(path, O_RDONLY | O_CLOEXEC);
	dog->stop = eventfd(0, EFD_CLOEXEC);
	if (dog->stop < 0)
		return errno;
	/* What pthread_getcpuclockid gives, which is a newer symbol: CPUCLOCK_PERTHREAD and CPUCLOCK_SCHED of the kernel's posix-timers. */
	dog->cpu = (clockid_t)((~(unsigned int)thread << 3) | 6);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&dog->thread, NULL, watch, dog);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

/* The last string of the environment, with room for a name and "]" behind it. False without memory. */
static bool make_room(struct watchdog *dog)
{
	char **last = dog->env;

	while (*last && last[1])
		last++;
	if (!*last)
		return false;
	dog->told = malloc(strlen(*last) + NAME_BYTES + 1);
	if (!dog->told)
		return false;
	strcpy(dog->told, *last);
	free(*last);
	*last = dog->told;
	return true;
}

/*
 * watchdogOpen(words: Buffer, names: Buffer, path, argv, env, limitMs): watches the calling thread until its JavaScript ends.
 * words: three numbers of 32 bits that are written: the place that runs, the number of the outermost call, its place.
 */
static napi_value watchdog_open(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	uint8_t *words, *names;
	size_t words_size, names_size;
	uint32_t limit;
	char path[4096];

	if (!js_get_bytes(&call, 0, &words, &words_size) || !js_get_bytes(&call, 1, &names, &names_size) ||
	    !js_get_string(&call, 2, path, sizeof(path)) || !js_get_uint32(&call, 5, &limit))
		return NULL;
	if (words_size < WORDS * sizeof(uint32_t) || (uintptr_t)words % sizeof(uint32_t) != 0 || names_size < NAME_BYTES || limit < LOOKS)
		return js_throw(env, "CWS_WATCHDOG", EINVAL, NULL, "the watchdog needs more to look at");
	struct watchdog *dog = calloc(1, sizeof(*dog));
	if (!dog)
		return js_throw(env, "CWS_WATCHDOG", ENOMEM, NULL, "no memory for the watchdog");
	dog->state = dog->stop = -1;
	dog->words = (const uint32_t *)(const void *)words;
	dog->names = names;
	dog->places = (uint32_t)(names_size / NAME_BYTES);
	dog->limit = (uint64_t)limit * 1000000;
	dog->path = strdup(path);
	dog->argv = js_get_strings(&call, 3);
	dog->env = dog->argv ? js_get_strings(&call, 4) : NULL;
	if (!dog->env) {
		free_dog(dog); /* it has been thrown */
		return NULL;
	}
	int error = !dog->path || !make_room(dog) ? ENOMEM : 0;
	if (!error && __atomic_exchange_n(&opened, true, __ATOMIC_ACQ_REL))
		error = EBUSY;
	else if (!error && (error = start(dog)) != 0)
		__atomic_store_n(&opened, false, __ATOMIC_RELEASE);
	if (error) {
		free_dog(dog);
		return js_throw(env, "CWS_WATCHDOG", error, NULL, "the watchdog cannot be started");
	}
	/* Never given back: the memory is the engine's for as long as there is one. */
	napi_create_reference(env, call.arguments[0], 1, &dog->kept[0]);
	napi_create_reference(env, call.arguments[1], 1, &dog->kept[1]);
	napi_add_env_cleanup_hook(env, end, dog);
	return NULL;
}

void cws_define_watchdog(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = { { "watchdogOpen", watchdog_open } };

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
