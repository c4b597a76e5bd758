/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "mountinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "directories.h"

/* Overlays lie upon each other two deep, FILESYSTEM_MAX_STACK_DEPTH of linux/fs.h, whatever their options say. */
enum { STACKED = 2 };

static const char *const REMOTE[] = { "nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "glusterfs", "beegfs", "orangefs", "coda",
				      "9p", "gfs2", "ocfs2", "autofs", "fuse", "fuseblk", "virtiofs", "vboxsf", "gpfs", "pvfs2", "prl_fs", "panfs" };
static const char *const PSEUDO[] = { "proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "bpf", "configfs", "pstore",
				      "mqueue", "devpts", "binfmt_misc", "efivarfs", "nsfs", "selinuxfs", "fusectl", "rpc_pipefs", "nfsd" };

static bool among(const char *type, const char *const list[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(type, list[i]) == 0)
			return true;
	return false;
}

static enum cws_mount_kind kind_of(const char *type, const char *path)
{
	/* Whatever the root is on, nothing here works without it. */
	if (strcmp(path, "/") == 0)
		return CWS_MOUNT_LOCAL;
	if (among(type, REMOTE, sizeof(REMOTE) / sizeof(*REMOTE)) || strncmp(type, "fuse.", 5) == 0)
		return CWS_MOUNT_REMOTE;
	return among(type, PSEUDO, sizeof(PSEUDO) / sizeof(*PSEUDO)) ? CWS_MOUNT_PSEUDO : CWS_MOUNT_LOCAL;
}

bool cws_path_is_in(const char *path, size_t length, const char *above, size_t above_length)
{
	if (above_length == 1)
		return length > 0;
	return length >= above_length && memcmp(path, above, above_length) == 0 && (length == above_length || path[above_length] == '/');
}

struct cws_mount *cws_mountinfo_of(struct cws_mount *list, uint32_t count, const char *path, size_t length)
{
	struct cws_mount *found = NULL;

	for (uint32_t i = 0; i < count; i++)
		if ((!found || list[i].path_length >= found->path_length) && cws_path_is_in(path, length, list[i].path, list[i].path_length))
			found = &list[i];
	return found;
}

/* Blanks, newlines and backslashes are written as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		bool escaped = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' && from[3] >= '0' && from[3] <= '7';

		*to = escaped ? (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0')) : *from;
		from += escaped ? 4 : 1;
	}
	*to = 0;
}

/* id parent major:minor root path options optional... - type source options. `layers`: the options of an overlay, else NULL. */
static bool parse_line(char *line, struct cws_mount *mount, char **layers)
{
	char *rest = NULL, *id = strtok_r(line, " ", &rest), *parent = strtok_r(NULL, " ", &rest), *dev = strtok_r(NULL, " ", &rest);
	char *root = strtok_r(NULL, " ", &rest), *path = strtok_r(NULL, " ", &rest), *field = strtok_r(NULL, " ", &rest);
	unsigned int major, minor;

	while (field && strcmp(field, "-") != 0)
		field = strtok_r(NULL, " ", &rest);
	char *type = field ? strtok_r(NULL, " ", &rest) : NULL, *source = type ? strtok_r(NULL, " ", &rest) : NULL;
	if (!parent || !type || sscanf(dev, "%u:%u", &major, &minor) != 2 || root[0] != '/' || path[0] != '/')
		return false;
	*layers = source && strcmp(type, "overlay") == 0 ? strtok_r(NULL, " ", &rest) : NULL;
	unescape(root);
	unescape(path);
	*mount = (struct cws_mount){ .id = strtoull(id, NULL, 10), .parent = strtoull(parent, NULL, 10), .dev = major << 20 | minor, .kind = kind_of(type, path), .fd = -1 };
	mount->path_length = (uint32_t)strlen(path);
	mount->root_length = (uint32_t)strlen(root);
	mount->path = malloc((size_t)mount->path_length + mount->root_length + 2);
	if (!mount->path)
		return false;
	memcpy(mount->path, path, mount->path_length + 1);
	mount->root = mount->path + mount->path_length + 1;
	memcpy(mount->root, root, mount->root_length + 1);
	return true;
}

/* Whether one of the layers, of which `:` parts several, lies on a file system that may not answer. What is read is written over. */
static bool any_remote(struct cws_mount *list, uint32_t count, const char *layers)
{
	char path[CWS_DIRECTORY_PATH];
	size_t length = 0;

	for (const char *at = layers;; at++) {
		if (*at && *at != ':') {
			at += at[0] == '\\' && at[1];
			if (length < sizeof(path))
				path[length++] = *at;
			continue;
		}
		const struct cws_mount *mount = length && path[0] == '/' ? cws_mountinfo_of(list, count, path, length) : NULL;
		if (mount && mount->kind == CWS_MOUNT_REMOTE)
			return true;
		length = 0;
		if (!*at)
			return false;
	}
}

/* The options of an overlay that name its layers, each with its terminator, are left, and a last one that is empty. */
static void keep_layers(char *options)
{
	static const char *const names[] = { "lowerdir=", "lowerdir+=", "datadir+=", "upperdir=" };
	char *rest = NULL, *to = options;

	for (char *option = strtok_r(options, ",", &rest); option; option = strtok_r(NULL, ",", &rest))
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			if (strncmp(option, names[i], strlen(names[i])) == 0) {
				char *paths = option + strlen(names[i]);

				unescape(paths);
				size_t size = strlen(paths) + 1;
				memmove(to, paths, size);
				to += size > 1 ? size : 0;
			}
	*to = 0;
}

/* An overlay waits for its layers, which may be overlays themselves. */
static bool wait_for_layers(struct cws_mount *list, uint32_t count, char *const *layers)
{
	bool changed = false;

	for (uint32_t i = 0; i < count; i++)
		for (const char *paths = layers[i]; paths && *paths && list[i].kind == CWS_MOUNT_LOCAL && list[i].path_length > 1; paths += strlen(paths) + 1)
			if (any_remote(list, count, paths)) {
				list[i].kind = CWS_MOUNT_REMOTE;
				changed = true;
			}
	return changed;
}

/* The way to what is mounted below one that may not answer leads through that. */
static void inherit(struct cws_mount *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t above = 0; list[i].kind == CWS_MOUNT_REMOTE && above < count; above++)
			if (above != i && list[above].path_length > list[i].path_length &&
			    cws_path_is_in(list[above].path, list[above].path_length, list[i].path, list[i].path_length))
				list[above].kind = CWS_MOUNT_REMOTE;
}

static struct cws_mount *with_id(struct cws_mount *list, uint32_t count, uint64_t id)
{
	for (uint32_t i = 0; i < count; i++)
		if (list[i].id == id)
			return &list[i];
	return NULL;
}

/* Not one that lies at the same place, nor any way around in a circle: the lines need not be of one moment. */
static void find_above(struct cws_mount *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct cws_mount *above = with_id(list, count, list[i].parent);

		for (uint32_t steps = 0; above && above->path_length >= list[i].path_length && steps < count; steps++)
			above = with_id(list, count, above->parent);
		if (above && above->path_length < list[i].path_length && cws_path_is_in(list[i].path, list[i].path_length, above->path, above->path_length))
			list[i].above = above;
	}
}

int cws_mountinfo_parse(char *text, struct cws_mount **list, uint32_t *count)
{
	uint32_t lines = 0;
	char *rest = NULL;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	*count = 0;
	*list = calloc((size_t)lines + 1, sizeof(**list));
	char **layers = calloc((size_t)lines + 1, sizeof(*layers));
	if (!*list || !layers) {
		free(*list);
		free(layers);
		return -ENOMEM;
	}
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (*count <= lines && parse_line(line, &(*list)[*count], &layers[*count]))
			++*count;
	for (uint32_t i = 0; i < *count; i++)
		if (layers[i])
			keep_layers(layers[i]);
	inherit(*list, *count);
	for (int i = 0; i < STACKED && wait_for_layers(*list, *count, layers); i++)
		inherit(*list, *count);
	free(layers);
	find_above(*list, *count);
	return 0;
}

void cws_mountinfo_free(struct cws_mount *list, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		free(list[i].path);
	free(list);
}
