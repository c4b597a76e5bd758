/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_alias WAY FILE FOLDER: opens the file in a way of which its path alone tells nothing, reads a byte and ends. FOLDER is an empty one to
 * work in, on the same file system. Ends with 0 when the file was read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

static char path[8192];
static const char *file, *folder;

static const char *in_folder(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int by_symlink(void)
{
	return symlink(file, in_folder("link")) ? -1 : open(in_folder("link"), O_RDONLY);
}

static int by_symlinked_parent(void)
{
	if (symlink(dirname(strdup(file)), in_folder("parent")))
		return -1;
	snprintf(path, sizeof(path), "%s/parent/%s", folder, basename(strdup(file)));
	return open(path, O_RDONLY);
}

static int by_proc_root(void)
{
	snprintf(path, sizeof(path), "/proc/self/root%s", file);
	return open(path, O_RDONLY);
}

static int by_dirfd(void)
{
	return openat(open(dirname(strdup(file)), O_RDONLY | O_DIRECTORY), basename(strdup(file)), O_RDONLY);
}

static int by_hard_link(void)
{
	return link(file, in_folder("hard")) ? -1 : open(in_folder("hard"), O_RDONLY);
}

static int by_bind_mount(void)
{
	close(open(in_folder("bound"), O_CREAT | O_WRONLY, 0600));
	if (mount(file, in_folder("bound"), NULL, MS_BIND, NULL))
		return -1;
	int fd = open(in_folder("bound"), O_RDONLY);
	umount2(in_folder("bound"), MNT_DETACH);
	return fd;
}

static int by_mount_namespace(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount(dirname(strdup(file)), folder, NULL, MS_BIND, NULL))
		return -1;
	return open(in_folder(basename(strdup(file))), O_RDONLY);
}

static int by_chroot(void)
{
	if (chroot(dirname(strdup(file))) || chdir("/"))
		return -1;
	snprintf(path, sizeof(path), "/%s", basename(strdup(file)));
	return open(path, O_RDONLY);
}

static int by_handle(void)
{
	struct file_handle *handle = malloc(sizeof(*handle) + 128);
	int mount, at = open(dirname(strdup(file)), O_RDONLY | O_DIRECTORY);

	handle->handle_bytes = 128;
	return name_to_handle_at(AT_FDCWD, file, handle, &mount, 0) ? -1 : open_by_handle_at(at, handle, O_RDONLY);
}

static int by_reopening(void)
{
	snprintf(path, sizeof(path), "/proc/self/fd/%d", open(file, O_PATH));
	return open(path, O_RDONLY);
}

static int by_openat2(void)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, AT_FDCWD, file, &how, sizeof(how));
}

static int by_path(void)
{
	return open(file, O_RDONLY);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *way;
		int (*open)(void);
	} ways[] = { { "path", by_path }, { "symlink", by_symlink }, { "symlinked parent", by_symlinked_parent }, { "/proc/self/root", by_proc_root },
		{ "dirfd", by_dirfd }, { "hard link", by_hard_link }, { "bind mount", by_bind_mount }, { "mount namespace", by_mount_namespace },
		{ "chroot", by_chroot }, { "open_by_handle_at", by_handle }, { "O_PATH reopened", by_reopening }, { "openat2", by_openat2 } };
	char byte;

	if (argc != 4)
		return 2;
	file = argv[2];
	folder = argv[3];
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].way, argv[1]) == 0) {
			int fd = ways[i].open();

			if (fd >= 0 && read(fd, &byte, 1) == 1)
				return 0;
			fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
			return 1;
		}
	return 2;
}
