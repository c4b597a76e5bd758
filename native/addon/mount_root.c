/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "mount_root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "directories.h"

/* Linux 6.8 */
#define CWS_STATX_MNT_ID_UNIQUE 0x4000u

/* A descriptor of what is mounted at that path, of which only the last part crosses a mount: on the way others may mount what never answers. */
static int open_below(struct cws_mount *above, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = CWS_MOUNT_WALK };
	char folder[CWS_DIRECTORY_PATH];
	int root = cws_mount_root(above);

	if (root < 0)
		return root;
	const char *rest = path + above->path_length + (above->path_length > 1), *slash = strrchr(rest, '/');
	if (!slash) {
		int fd = openat(root, rest, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		return fd < 0 ? -errno : fd;
	}
	if ((size_t)(slash - rest) >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, rest, (size_t)(slash - rest));
	folder[slash - rest] = 0;
	long inner = syscall(SYS_openat2, root, folder, &how, sizeof(how));
	if (inner < 0)
		return -errno;
	int fd = openat((int)inner, slash + 1, O_PATH | O_NOFOLLOW | O_CLOEXEC), error = errno;
	close((int)inner);
	return fd < 0 ? -error : fd;
}

int cws_mount_reach(struct cws_mount *mount)
{
	struct statx about;
	int fd = mount->above ? open_below(mount->above, mount->path) : open(mount->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return mount->above ? fd : -errno;
	/* Nothing is asked of the file system. */
	bool told = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &about) == 0 && about.stx_mask & STATX_MNT_ID;
	if (told && about.stx_mnt_id != mount->id) {
		close(fd);
		return -EXDEV;
	}
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, CWS_STATX_MNT_ID_UNIQUE, &about) == 0 && about.stx_mask & CWS_STATX_MNT_ID_UNIQUE) {
		if (mount->unique && mount->unique != about.stx_mnt_id) {
			close(fd);
			return -EXDEV;
		}
		mount->unique = about.stx_mnt_id;
	}
	return fd;
}

int cws_mount_root(struct cws_mount *mount)
{
	if (mount->fd >= 0)
		return mount->fd;
	if (mount->kind == CWS_MOUNT_REMOTE)
		return -EREMOTE;
	int fd = cws_mount_reach(mount);
	if (fd < 0)
		return fd;
	/* Handles are opened from a descriptor that is more than a path. A file that is mounted on has none. */
	int folder = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return mount->fd = fd;
	close(fd);
	return mount->fd = folder;
}

static bool decodes(int fd)
{
	union cws_file_handle own = { .header.handle_bytes = CWS_HANDLE_MAX };
	int id;

	if (name_to_handle_at(fd, "", &own.header, &id, AT_EMPTY_PATH))
		return false;
	int again = open_by_handle_at(fd, &own.header, O_PATH | O_CLOEXEC);
	if (again >= 0)
		close(again);
	return again >= 0;
}

int cws_mount_open(struct cws_mount *mount)
{
	struct statfs about;
	int fd = cws_mount_root(mount);

	if (fd >= 0 && !mount->asked) {
		if (fstatfs(fd, &about))
			return -errno;
		memcpy(&mount->fsid, &about.f_fsid, sizeof(mount->fsid));
		mount->magic = (uint32_t)about.f_type;
		mount->decodes = decodes(fd);
		mount->asked = true;
	}
	return fd;
}
