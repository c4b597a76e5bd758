/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths from the kernel's own objects. A walk from the leaf up notes where each component's name is; the path is then written from the root
 * down, forwards. The functions with external linkage are verified once, on their own, with unknown arguments: no kernel needs bpf_loop for
 * them, and none sees their loops multiplied by their callers.
 */
#ifndef CWS_PATH_H
#define CWS_PATH_H

#include "cws_buffer.h"

/*
 * Note the components from (dentry, vfsmount) up to the root of the mount namespace whose root mount is `root`: through every mount, past
 * any chroot. Returns enum cws_file_flag: CWS_FILE_DETACHED when the walk ended elsewhere, CWS_FILE_PATH_TRUNCATED when it did not end.
 */
__noinline int walk_path(u64 dentry_address, u64 vfsmount_address, u64 root)
{
	struct scratch *scratch = get_scratch();
	struct dentry *dentry = (void *)dentry_address, *mount_root, *parent;
	struct mount *mount, *below;
	struct qstr name;
	int i;

	if (!scratch)
		return CWS_FILE_DETACHED;
	scratch->steps = 0;
	scratch->bytes = 0;
	mount = (void *)(vfsmount_address - bpf_core_field_offset(struct mount, mnt));
	mount_root = BPF_CORE_READ(mount, mnt.mnt_root);
	for (i = 0; i < PATH_STEPS; i++) {
		if (dentry == mount_root) {
			below = BPF_CORE_READ(mount, mnt_parent);
			if (below == mount || !below)
				return (u64)mount == root ? 0 : CWS_FILE_DETACHED;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = below;
			mount_root = BPF_CORE_READ(mount, mnt.mnt_root);
			scratch->name[i] = 0;
		} else {
			parent = BPF_CORE_READ(dentry, d_parent);
			if (parent == dentry || !parent)
				return CWS_FILE_DETACHED;
			name.len = BPF_CORE_READ(dentry, d_name.len);
			name.name = BPF_CORE_READ(dentry, d_name.name);
			scratch->bytes += name.len + 1;
			if (scratch->bytes > CWS_PATH_MAX - 1)
				return CWS_FILE_PATH_TRUNCATED;
			scratch->name[i] = (u64)name.name;
			dentry = parent;
		}
		scratch->steps = i + 1;
	}
	return CWS_FILE_PATH_TRUNCATED;
}

/* Append the noted components, root first, "/" when there are none. Returns the bytes written, or -1 when the record could not hold them all. */
__noinline int write_path(void)
{
	struct buffer *buffer = get_buffer();
	struct scratch *scratch = get_scratch();
	u32 begin, step;
	int i, whole = 1;
	u8 *to;
	long n;

	if (!buffer || !scratch)
		return -1;
	begin = scratch->used;
	for (i = 0; i < PATH_STEPS; i++) {
		step = scratch->steps - 1 - i;
		if (step >= PATH_STEPS)
			break;
		if (!scratch->name[step])
			continue;
		if (scratch->used - begin > CWS_PATH_MAX || !(to = room(buffer, scratch, 1 + 256))) {
			whole = 0;
			break;
		}
		*to = '/';
		n = bpf_probe_read_kernel_str(to + 1, 256, (void *)scratch->name[step]);
		if (n <= 0)
			n = 1;
		scratch->used += n; /* the slash and the name: its NUL is overwritten by what follows */
	}
	if (scratch->used == begin && (to = room(buffer, scratch, 1))) {
		*to = '/';
		scratch->used++;
	}
	return whole ? (int)(scratch->used - begin) : -1;
}

/* Append the path; returns enum cws_file_flag. */
static __always_inline u32 append_path(struct scratch *scratch, struct cws_str *str, struct path *path, u64 root)
{
	u32 flags;

	str->off = begin_text(scratch);
	flags = walk_path((u64)path->dentry, (u64)path->mnt, root);
	if (write_path() < 0)
		flags |= CWS_FILE_PATH_TRUNCATED;
	str->len = scratch->used - str->off;
	return flags;
}

#endif
