/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel types that the programs read: only the fields used. Offsets here mean nothing: the loader relocates each access to the
 * running kernel by its BTF (CO-RE), matching structures and fields by name. A name that ends in ___word is another form that the
 * same structure had in other kernels. Nothing here depends on the machine that builds.
 */
#ifndef CWS_VMLINUX_H
#define CWS_VMLINUX_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef _Bool bool;
enum { false, true };
#define NULL ((void *)0)

/* uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_F_MMAPABLE = 1U << 10 };
enum { BPF_RB_NO_WAKEUP = 1ULL << 0, BPF_RB_FORCE_WAKEUP = 1ULL << 1 };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;
typedef struct {
	u32 val;
} kuid_t;
typedef struct {
	u32 val;
} kgid_t;

/* Files */

struct timespec64 {
	long long tv_sec;
	long tv_nsec;
};
struct file_system_type {
	const char *name;
};
struct super_block {
	u32 s_dev;
	unsigned long s_magic;
	struct file_system_type *s_type;
};
struct inode {
	u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_nlink;
	struct super_block *i_sb;
	unsigned long i_ino;
	long long i_size;
	/* since 6.11 */
	long long i_mtime_sec;
	long long i_ctime_sec;
	u32 i_mtime_nsec;
	u32 i_ctime_nsec;
};
struct inode___timespec { /* up to 6.5 both, 6.6 i_mtime */
	struct timespec64 i_mtime;
	struct timespec64 i_ctime;
};
struct inode___private { /* 6.7 to 6.10 both, 6.6 __i_ctime */
	struct timespec64 __i_mtime;
	struct timespec64 __i_ctime;
};
struct qstr {
	u32 len;
	const unsigned char *name;
};
struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};
struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	int mnt_id;
};
struct file {
	struct inode *f_inode;
	struct path f_path;
};
struct fs_struct {
	struct path pwd;
};

/* Namespaces */

struct ns_common {
	unsigned int inum;
};
struct mnt_namespace {
	struct ns_common ns;
	struct mount *root;
};
struct uts_namespace {
	struct ns_common ns;
};
struct ipc_namespace {
	struct ns_common ns;
};
struct net {
	struct ns_common ns;
};
struct cgroup_namespace {
	struct ns_common ns;
};
struct user_namespace {
	struct ns_common ns;
};
struct pid_namespace {
	struct ns_common ns;
};
struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
	struct cgroup_namespace *cgroup_ns;
};

/* Control groups */

struct kernfs_node {
	struct kernfs_node *__parent; /* since 6.15 */
	const char *name;
	u64 id;
};
struct kernfs_node___old {
	struct kernfs_node *parent;
};
struct cgroup_root;
struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
struct css_set {
	struct cgroup_subsys_state *subsys[16];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id { /* values differ by configuration and are relocated */
	memory_cgrp_id = 4,
	pids_cgrp_id = 11,
};

/* Processes */

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_MAX };
struct upid {
	int nr;
	struct pid_namespace *ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};
struct tty_driver {
	int major;
	int minor_start;
};
struct tty_struct {
	struct tty_driver *driver;
	int index;
};
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct pid *pids[PIDTYPE_MAX];
	struct tty_struct *tty;
	unsigned long long sum_sched_runtime;
};
typedef struct {
	u64 val; /* up to 6.2 two words of 32 bits: the same bytes */
} kernel_cap_t;
struct cred {
	kuid_t uid, euid, fsuid;
	kgid_t gid, egid, fsgid;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};
struct mm_struct {
	unsigned long arg_start, arg_end, env_start, env_end;
};
struct task_struct {
	int pid;
	int tgid;
	int exit_code;
	u64 start_boottime; /* since 5.5 */
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct mm_struct *mm;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid;
	unsigned int sessionid;
	struct css_set *cgroups;
};
struct task_struct___old {
	u64 real_start_time;
};
struct linux_binprm {
	struct file *file;
	int argc;
	const char *filename;
	const char *interp;
};

#pragma clang attribute pop

#endif
