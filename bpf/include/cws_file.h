/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file as a record describes it. */
#ifndef CWS_FILE_H
#define CWS_FILE_H

#include "cws_path.h"

#define OVERLAYFS_SUPER_MAGIC 0x794c7630 /* uapi/linux/magic.h */

/*
 * An overlay inode is followed in its ovl_inode by __upperdentry, set once the file is in the upper layer (4.13 to 6.18). The type may be
 * in a module without BTF at hand; the size of struct inode always is.
 */
static __always_inline u32 overlay_layer(struct inode *inode)
{
	u64 upper = 0;

	if (bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode)))
		return 0;
	return upper ? CWS_FILE_UPPER_LAYER : CWS_FILE_LOWER_LAYER;
}

/* A memfd has no place in any tree: its dentry is its own parent and carries the name "memfd:x", which no root of a file system can have. */
static __always_inline bool append_memfd(struct buffer *buffer, struct scratch *scratch, struct cws_str *str, struct dentry *dentry)
{
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	char begin[6] = {};

	if (BPF_CORE_READ(dentry, d_parent) != dentry)
		return false;
	if (bpf_probe_read_kernel(begin, sizeof(begin), name))
		return false;
	if (begin[0] != 'm' || begin[1] != 'e' || begin[2] != 'm' || begin[3] != 'f' || begin[4] != 'd' || begin[5] != ':')
		return false;
	append_string(buffer, scratch, str, name, 256);
	return true;
}

static __always_inline void append_file(struct buffer *buffer, struct scratch *scratch, struct cws_file *to, struct file *file, u64 root)
{
	struct inode *inode = GET(file, f_inode);
	struct super_block *sb;
	struct path path = {};
	u32 flags = 0;

	if (!inode || bpf_core_read(&path, sizeof(path), &file->f_path)) {
		to->flags = CWS_FILE_ABSENT;
		return;
	}
	sb = GET(inode, i_sb);
	to->inode = GET(inode, i_ino);
	to->mtime = inode_mtime(inode);
	to->ctime = inode_ctime(inode);
	to->size = GET(inode, i_size);
	to->mode = GET(inode, i_mode);
	to->uid = GET(inode, i_uid.val);
	to->gid = GET(inode, i_gid.val);
	to->nlink = GET(inode, i_nlink);
	to->dev = GET(sb, s_dev);
	to->fs_magic = GET(sb, s_magic);
	to->mount_id = BPF_CORE_READ((struct mount *)((void *)path.mnt - bpf_core_field_offset(struct mount, mnt)), mnt_id);
	if (to->fs_magic == OVERLAYFS_SUPER_MAGIC)
		flags |= overlay_layer(inode);
	if (append_memfd(buffer, scratch, &to->path, path.dentry)) {
		flags |= CWS_FILE_MEMFD | CWS_FILE_UNLINKED;
	} else {
		flags |= append_path(scratch, &to->path, &path, root);
		if (!to->nlink || (!BPF_CORE_READ(path.dentry, d_hash.pprev) && BPF_CORE_READ(path.dentry, d_parent) != path.dentry))
			flags |= CWS_FILE_UNLINKED;
	}
	append_string(buffer, scratch, &to->fstype, GET2(sb, s_type, name), 32);
	to->flags = flags;
}

#endif
