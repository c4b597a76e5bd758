/* SPDX-License-Identifier: Apache-2.0 */
/* System calls that Node does not offer. Plain Node-API, so that the launcher can use them on an older Node. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "addon.h"

struct caps {
	uint64_t effective, permitted, inheritable;
};

static int get_caps(struct caps *caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data) != 0)
		return errno;
	caps->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	caps->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	caps->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return 0;
}

static int set_caps(const struct caps *caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)caps->effective, .permitted = (uint32_t)caps->permitted, .inheritable = (uint32_t)caps->inheritable },
		{ .effective = (uint32_t)(caps->effective >> 32), .permitted = (uint32_t)(caps->permitted >> 32), .inheritable = (uint32_t)(caps->inheritable >> 32) },
	};

	return syscall(SYS_capset, &header, data) == 0 ? 0 : errno;
}

static uint64_t bounding(void)
{
	uint64_t set = 0;

	for (int cap = 0; cap < 64; cap++) {
		int in = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (in < 0)
			break;
		set |= (uint64_t)in << cap;
	}
	return set;
}

static napi_value cap_numbers(napi_env env, uint64_t set)
{
	napi_value array = js_array(env);

	for (int cap = 0; cap < 64; cap++)
		if (set >> cap & 1)
			js_push(env, array, js_number(env, cap));
	return array;
}

/* capGet(): { effective, permitted, inheritable, bounding }, arrays of numbers, of this thread */
static napi_value cap_get(napi_env env, napi_callback_info info)
{
	struct caps caps;
	int error = get_caps(&caps);

	(void)info;
	if (error)
		return js_throw(env, "CWS_CAPABILITIES", error, NULL, "the capabilities cannot be read");
	napi_value result = js_object(env);
	js_set(env, result, "effective", cap_numbers(env, caps.effective));
	js_set(env, result, "permitted", cap_numbers(env, caps.permitted));
	js_set(env, result, "inheritable", cap_numbers(env, caps.inheritable));
	js_set(env, result, "bounding", cap_numbers(env, bounding()));
	return result;
}

/* capDrop(keep: Buffer of numbers): everything else leaves this thread's bounding, effective, permitted and inheritable sets */
static napi_value cap_drop(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	uint8_t *numbers;
	size_t count;
	uint64_t keep = 0;
	struct caps caps;

	if (!js_get_bytes(&call, 0, &numbers, &count))
		return NULL;
	for (size_t i = 0; i < count; i++)
		keep |= numbers[i] < 64 ? 1ull << numbers[i] : 0;
	int error = get_caps(&caps);
	if (error)
		return js_throw(env, "CWS_CAPABILITIES", error, NULL, "the capabilities cannot be read");
	/* The bounding set needs CAP_SETPCAP, so it goes first; without it the other sets still shrink, and a plain user's exec regains nothing. */
	uint64_t have = bounding();
	bool may = caps.effective >> CAP_SETPCAP & 1;
	for (int cap = 0; may && cap < 64; cap++)
		if ((have >> cap & 1) && !(keep >> cap & 1) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
			return js_throw(env, "CWS_CAPABILITIES", errno, NULL, "capability %d cannot be dropped", cap);
	caps.effective &= keep;
	caps.permitted &= keep;
	caps.inheritable &= keep;
	error = set_caps(&caps);
	if (error)
		return js_throw(env, "CWS_CAPABILITIES", error, NULL, "the capabilities cannot be dropped");
	return NULL;
}

/* noNewPrivileges() */
static napi_value no_new_privileges(napi_env env, napi_callback_info info)
{
	(void)info;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return js_throw(env, "CWS_CAPABILITIES", errno, NULL, "no_new_privs cannot be set");
	return NULL;
}

int cws_execute(const char *path, char **argv, char **env)
{
	sigset_t none, mask;
	/* What Node changed and an exec would hand on: ignored signals and the mask; or not: Node marks even the standard streams close-on-exec. */
	void (*pipe_before)(int) = signal(SIGPIPE, SIG_DFL);

	for (int fd = 0; fd < 3; fd++)
		fcntl(fd, F_SETFD, 0);
	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, &mask);
	execve(path, argv, env);
	int error = errno;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	signal(SIGPIPE, pipe_before);
	for (int fd = 0; fd < 3; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	return error;
}

/* execve(path, argv, env): replaces this process; returns only by throwing */
static napi_value exec(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char path[4096];

	if (!js_get_string(&call, 0, path, sizeof(path)))
		return NULL;
	char **argv = js_get_strings(&call, 1);
	char **envp = argv ? js_get_strings(&call, 2) : NULL;
	if (!envp) {
		js_free_strings(argv);
		return NULL;
	}
	int error = cws_execute(path, argv, envp);
	js_free_strings(argv);
	js_free_strings(envp);
	return js_throw(env, "CWS_EXEC", error, NULL, "%s cannot be executed", path);
}

/* lockFile(path): descriptor that holds the lock until it is closed or the process ends; undefined when another has it */
static napi_value lock_file(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char path[4096];

	if (!js_get_string(&call, 0, path, sizeof(path)))
		return NULL;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0)
		return js_throw(env, "CWS_LOCK", errno, NULL, "the lock file %s cannot be opened", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return js_number(env, fd);
	int error = errno;
	close(fd);
	return error == EWOULDBLOCK ? NULL : js_throw(env, "CWS_LOCK", error, NULL, "the lock file %s cannot be locked", path);
}

/* setDumpable(whether): false: no core dump of this process, nobody but root may look into it */
static napi_value set_dumpable(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	bool whether;

	if (!js_get_bool(&call, 0, &whether))
		return NULL;
	if (prctl(PR_SET_DUMPABLE, whether ? 1 : 0, 0, 0, 0) != 0)
		return js_throw(env, "CWS_DUMPABLE", errno, NULL, "dumpable cannot be set");
	return NULL;
}

/* setThreadName(name): of the calling thread, cut at 15 bytes */
static napi_value set_thread_name(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char name[256];

	if (js_get_string(&call, 0, name, sizeof(name)))
		prctl(PR_SET_NAME, name, 0, 0, 0);
	return NULL;
}

/* clockBoottime(): ns, a bigint, the clock of the records */
static napi_value clock_boottime(napi_env env, napi_callback_info info)
{
	struct timespec now;
	napi_value value = NULL;

	(void)info;
	clock_gettime(CLOCK_BOOTTIME, &now);
	napi_create_bigint_uint64(env, (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec, &value);
	return value;
}

static napi_value trim_heap(napi_env env, napi_callback_info info)
{
	napi_value value = NULL;

	(void)info;
	napi_get_boolean(env, malloc_trim(0) == 1, &value);
	return value;
}

static uint64_t ns_of(struct statx_timestamp time)
{
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* statNow(path: Buffer): nine numbers of 64 bits, or undefined. The path ends at a file whose file system is asked for nothing: it may never answer. */
static napi_value stat_now(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	uint8_t *bytes;
	size_t size;
	char path[4096];
	struct statx about;

	if (!js_get_bytes(&call, 0, &bytes, &size) || size == 0 || size >= sizeof(path) || memchr(bytes, 0, size))
		return NULL;
	memcpy(path, bytes, size);
	path[size] = 0;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	int failed = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &about);
	close(fd);
	if (failed)
		return NULL;
	const uint64_t values[] = { about.stx_ino, ns_of(about.stx_mtime), ns_of(about.stx_ctime), about.stx_size,
				    (uint64_t)about.stx_dev_major << 20 | about.stx_dev_minor, about.stx_mode, about.stx_uid, about.stx_gid, about.stx_nlink };
	return js_bytes(env, values, sizeof(values));
}

/* peerCredentials(fd): { pid, uid, gid } of a connected unix socket's other end */
static napi_value peer_credentials(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	uint32_t fd;
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (!js_get_uint32(&call, 0, &fd))
		return NULL;
	if (getsockopt((int)fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return js_throw(env, "CWS_PEER", errno, NULL, "the peer of descriptor %u cannot be known", fd);
	napi_value result = js_object(env);
	js_set(env, result, "pid", js_number(env, peer.pid));
	js_set(env, result, "uid", js_number(env, peer.uid));
	js_set(env, result, "gid", js_number(env, peer.gid));
	return result;
}

/* notify(path, state): sends sd_notify(3)'s datagram to the socket of the service manager; '@' begins an abstract name */
static napi_value notify(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char path[sizeof(to.sun_path)], state[256];

	if (!js_get_string(&call, 0, path, sizeof(path)) || !js_get_string(&call, 1, state, sizeof(state)))
		return NULL;
	size_t length = strlen(path);
	if (length < 2 || (path[0] != '/' && path[0] != '@'))
		return js_throw(env, "CWS_NOTIFY", EINVAL, NULL, "the service manager's socket has no path");
	memcpy(to.sun_path, path, length);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return js_throw(env, "CWS_NOTIFY", errno, NULL, "no socket for the service manager");
	/* Never waits: a manager whose queue is full must not hold the agent up. */
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&to, size);
	int error = errno;
	close(fd);
	return sent < 0 ? js_throw(env, "CWS_NOTIFY", error, NULL, "the service manager cannot be told") : NULL;
}

void cws_define_system(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = {
		{ "capGet", cap_get },           { "capDrop", cap_drop },
		{ "noNewPrivileges", no_new_privileges }, { "execve", exec },
		{ "lockFile", lock_file },       { "setDumpable", set_dumpable },
		{ "setThreadName", set_thread_name }, { "clockBoottime", clock_boottime },
		{ "statNow", stat_now }, { "peerCredentials", peer_credentials }, { "notify", notify },
		{ "trimHeap", trim_heap },
	};

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
