/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading kernel memory. Two flavours are built from one source: programs on tp_btf may follow typed pointers directly (a load costs a
 * nanosecond); programs on raw_tp (CWS_RAW) read everything through the probe-read helper.
 */
#ifndef CWS_READ_H
#define CWS_READ_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#ifdef CWS_RAW
#define CWS_SEC(event) SEC("raw_tp/" event)
#define GET(pointer, field) BPF_CORE_READ(pointer, field)
#define GET2(pointer, field, next) BPF_CORE_READ(pointer, field, next)
#else
#define CWS_SEC(event) SEC("tp_btf/" event)
#define GET(pointer, field) ((pointer)->field)
#define GET2(pointer, field, next) ((pointer)->field->next)
#endif

/*
 * Makes a 64-bit value opaque to the compiler, before it is compared with a bound: what is compared is then the register that is used, not a
 * copy or a sum that older verifiers do not connect with it.
 */
#define OPAQUE(value) asm volatile("" : "+r"(value))

/* ns, CLOCK_BOOTTIME. */
static __always_inline u64 start_time(struct task_struct *task)
{
	if (bpf_core_field_exists(task->start_boottime))
		return GET(task, start_boottime);
	return GET((struct task_struct___old *)task, real_start_time);
}

/* The pid's number in the namespace it lives in, and that namespace. `numbers` has one entry a level, so its size is not in the type. */
static __always_inline struct upid own_upid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid); /* by the helper: the verifier allows no sums of typed pointers */
	struct upid own = {};
	u32 level = BPF_CORE_READ(pid, level);
	void *at = (void *)pid + bpf_core_field_offset(pid->numbers) + level * bpf_core_type_size(struct upid);

	bpf_probe_read_kernel(&own.nr, sizeof(own.nr), at + bpf_core_field_offset(struct upid, nr));
	bpf_probe_read_kernel(&own.ns, sizeof(own.ns), at + bpf_core_field_offset(struct upid, ns));
	return own;
}

static __always_inline u64 seconds(u64 sec, u32 nsec)
{
	return sec * 1000000000ULL + (nsec & 0x7fffffff); /* the top bit is a mark of multigrain timestamps (6.13) */
}

/* ns since the epoch. */
static __always_inline u64 inode_mtime(struct inode *inode)
{
	struct inode___timespec *timespec = (void *)inode;
	struct inode___private *private = (void *)inode;

	if (bpf_core_field_exists(inode->i_mtime_sec))
		return seconds(GET(inode, i_mtime_sec), GET(inode, i_mtime_nsec));
	if (bpf_core_field_exists(private->__i_mtime))
		return seconds(GET(private, __i_mtime.tv_sec), GET(private, __i_mtime.tv_nsec));
	return seconds(GET(timespec, i_mtime.tv_sec), GET(timespec, i_mtime.tv_nsec));
}

/* ns since the epoch. */
static __always_inline u64 inode_ctime(struct inode *inode)
{
	struct inode___timespec *timespec = (void *)inode;
	struct inode___private *private = (void *)inode;

	if (bpf_core_field_exists(inode->i_ctime_sec))
		return seconds(GET(inode, i_ctime_sec), GET(inode, i_ctime_nsec));
	if (bpf_core_field_exists(private->__i_ctime))
		return seconds(GET(private, __i_ctime.tv_sec), GET(private, __i_ctime.tv_nsec));
	return seconds(GET(timespec, i_ctime.tv_sec), GET(timespec, i_ctime.tv_nsec));
}

#endif
