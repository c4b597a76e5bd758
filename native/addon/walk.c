/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int HOW = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

int cws_walk_into(int directory, const char *name)
{
	int fd = openat(directory, name, HOW);

	return fd < 0 ? -errno : fd;
}

int cws_walk_steps(const char *path)
{
	char name[256];
	int fd = cws_walk_into(AT_FDCWD, "/");

	for (const char *at = path; fd >= 0 && *at;) {
		size_t length = strcspn(at, "/");

		if (length == 0) {
			at++;
			continue;
		}
		if (length >= sizeof(name)) {
			close(fd);
			return -ENAMETOOLONG;
		}
		memcpy(name, at, length);
		name[length] = 0;
		int next = cws_walk_into(fd, name);
		close(fd);
		fd = next;
		at += length;
	}
	return fd;
}

int cws_walk_open(const char *path)
{
	struct open_how how = { .flags = (unsigned int)HOW, .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	/* Container runtimes answer EPERM to system calls that they do not know. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return cws_walk_steps(path);
	return fd < 0 ? -errno : (int)fd;
}
