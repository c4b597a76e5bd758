/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The records that leave the kernel side and reach JavaScript unchanged: the one definition of their layout. The TypeScript side
 * (native/src/layout.generated.ts) is generated from the BTF of the compiled objects and checked at every build.
 *
 * Rules: little-endian; every record starts on an 8-byte boundary and its size is a multiple of 8; natural alignment, no implicit
 * padding; variable parts follow the fixed part and are named by cws_str (offset from the start of the record). Text is bytes as
 * the kernel has them: no terminator is counted, nothing is escaped, nothing is valid UTF-8 by promise.
 */
#ifndef CWS_EVENT_H
#define CWS_EVENT_H

#ifndef __bpf__
#include <stdint.h>
typedef uint64_t __cws_u64;
typedef uint32_t __cws_u32;
typedef uint16_t __cws_u16;
typedef int32_t __cws_s32;
#else
typedef unsigned long long __cws_u64;
typedef unsigned int __cws_u32;
typedef unsigned short __cws_u16;
typedef int __cws_s32;
#endif

/* Record types. 1..15 process, 16..31 file, 240.. the native thread's own. */
enum cws_type {
	CWS_EXEC = 1,
	CWS_FORK = 2,
	CWS_EXIT = 3,
	CWS_ARGV_CHUNK = 4, /* kernel to native thread only: joined into its CWS_EXEC there */
	CWS_CHANGE = 16,    /* native thread: something in a watched directory is different now */
	CWS_OPEN = 17,      /* native thread: a listed file was opened; a cws_change whose file is that one */
	CWS_LOST = 240,     /* native thread: records that were lost since the last one, see cws_lost */
	CWS_PAD = 255,      /* filler up to the end of the queue: skip */
};

enum cws_record_flag {
	CWS_F_ARGV_TRUNCATED = 1 << 0, /* argv is longer than what the record holds */
	CWS_F_ENVP_TRUNCATED = 1 << 1,
	CWS_F_ARGV_UNKNOWN = 1 << 2,   /* argv could not be read (page not present) */
	CWS_F_ENVP_UNKNOWN = 1 << 3,
	CWS_F_CHUNKED = 1 << 4,        /* kernel to native thread only: chunks of argv precede this exec */
	CWS_F_CHUNK_LOST = 1 << 5,     /* a chunk of argv was lost: argv is truncated there */
	CWS_F_SCRIPT = 1 << 6,         /* the kernel ran an interpreter on exec.filename */
	CWS_F_CWD_TRUNCATED = 1 << 7,
	CWS_F_CGROUP_TRUNCATED = 1 << 8,
	CWS_F_THREAD_EXEC = 1 << 9,    /* a thread other than the leader called execve */
	CWS_F_UNWATCHED = 1 << 10,     /* a directory that appeared below a watched one could not be watched */
	CWS_F_ASIDE = 1 << 11,         /* of a directory that is not wanted itself, but what is below it may be */
	CWS_F_MOUNTED = 1 << 12,       /* of a place where something was mounted */
	CWS_F_THREADS = 1 << 13,       /* of an exec: the process has had other threads, which ran on until it was done */
};

struct cws_str {
	__cws_u32 off; /* from the start of the record, of an exec a multiple of 8; 0 = absent */
	__cws_u32 len; /* bytes */
};

struct cws_header {
	__cws_u32 size; /* of the whole record, bytes, a multiple of 8 */
	__cws_u16 type; /* enum cws_type */
	__cws_u16 flags;
	__cws_u64 time;  /* ns, CLOCK_BOOTTIME */
	__cws_u32 pid;   /* thread group id, initial pid namespace */
	__cws_u32 tid;
	__cws_u64 start; /* ns, CLOCK_BOOTTIME: start of the thread group's leader; pid and start identify a process */
};

enum cws_file_flag {
	CWS_FILE_MEMFD = 1 << 0,
	CWS_FILE_UPPER_LAYER = 1 << 1,    /* overlay: lives in, or was copied up to, the upper layer */
	CWS_FILE_LOWER_LAYER = 1 << 2,    /* overlay: read from a lower layer */
	CWS_FILE_UNLINKED = 1 << 3,       /* no name at the time of the event */
	CWS_FILE_PATH_TRUNCATED = 1 << 4, /* the walk hit its bound: path holds the last components */
	CWS_FILE_DETACHED = 1 << 5,       /* the walk did not end at the root of the process' mount namespace */
	CWS_FILE_ABSENT = 1 << 6,         /* no such file object: all fields but path are zero */
};

struct cws_file {
	__cws_u64 inode;
	__cws_u64 mtime; /* ns since the epoch */
	__cws_u64 ctime; /* ns since the epoch */
	__cws_u64 size;  /* bytes */
	__cws_u32 dev;   /* major << 20 | minor, as the kernel has it */
	__cws_u32 mode;  /* with the file type bits */
	__cws_u32 uid;
	__cws_u32 gid;
	__cws_u32 nlink;
	__cws_u32 fs_magic;
	__cws_u32 mount_id;
	__cws_u32 flags; /* enum cws_file_flag */
	struct cws_str path;   /* in the mount namespace of the process, from its real root (not its chroot) */
	struct cws_str fstype; /* "ext4", "tmpfs", ... */
};

struct cws_cred {
	__cws_u32 uid, gid, euid, egid, fsuid, fsgid;
	__cws_u32 auid;       /* audit login uid; 4294967295 = unset */
	__cws_u32 session_id; /* audit session; 4294967295 = unset */
	__cws_u64 cap_effective, cap_permitted;
};

struct cws_ns {
	__cws_u32 mnt, pid, net, user, uts, ipc, cgroup, reserved; /* inode numbers */
};

struct cws_exec {
	struct cws_header h;
	__cws_u64 parent_start;
	__cws_u32 ppid;      /* real parent, initial pid namespace */
	__cws_u32 ns_pid;    /* pid in the process' own pid namespace */
	__cws_u32 sid, pgid; /* session and process group, initial pid namespace */
	__cws_u32 tty;       /* device number as in cws_file.dev; 0 = none */
	__cws_u32 argc;
	__cws_u32 argv_len;  /* bytes of all arguments as the kernel has them, whether or not they are in the record */
	__cws_u32 envp_len;
	struct cws_cred cred;
	struct cws_ns namespace; /* not "ns": ns_pid is another thing */
	__cws_u64 cgroup_id;
	struct cws_file file;     /* the program that runs: the interpreter when CWS_F_SCRIPT */
	char comm[16];
	struct cws_str filename;  /* as execve was given it: the script's own name when CWS_F_SCRIPT */
	struct cws_str cwd;
	struct cws_str cgroup;    /* path in the hierarchy (v2; on v1 that of the memory or pids controller) */
	struct cws_str argv;      /* NUL after each argument; argv[0] first */
	struct cws_str envp;      /* NUL after each: NAME, or NAME=value where the name is on the allow-list */
};

struct cws_fork {
	struct cws_header h; /* pid, tid, start: the child's */
	__cws_u64 parent_start;
	__cws_u32 ppid;      /* the process that forked */
	__cws_u32 real_ppid; /* the child's real parent: differs with CLONE_PARENT */
	__cws_u32 ns_pid;
	__cws_u32 reserved;
};

struct cws_exit { /* of a whole process: sent when its last thread ends */
	struct cws_header h;
	__cws_u32 code;      /* as wait(2) gives it: status << 8 | signal, bit 7 = core dumped */
	__cws_u32 reserved;
};

/*
 * A piece of an argv too long for its exec record. h.tid and h.time are those of the cws_exec that follows; pieces come in order, at
 * most CWS_ARGV_MAX / CWS_ARGV_CHUNK_MAX of them, and hold all of argv: the exec record itself then carries none.
 */
struct cws_argv_chunk {
	struct cws_header h;
	__cws_u32 offset; /* in argv, bytes */
	__cws_u32 len;    /* bytes that follow this struct */
};

/*
 * A change in a watched directory, from fanotify, whose events carry no time of their own: all that `mask` names was done after `since` and
 * before h.time, the first of it before `until`: narrower than when the queue was read where the execs of the process allow to tell.
 * h.start is 0: of the process only its number is known. The files are as they were when the event was read, not when it happened; a name
 * that had gone by then, or stood for another file, has its path alone (CWS_FILE_ABSENT).
 */
struct cws_change {
	struct cws_header h;
	__cws_u64 since, until; /* ns, CLOCK_BOOTTIME */
	__cws_u64 mask;  /* FAN_* of linux/fanotify.h; several bits where the kernel merged events */
	__cws_u32 group; /* number that its fanotify group was opened with */
	__cws_u32 reserved;
	struct cws_file file;        /* of a rename: under the old name, whose path is absent when it lay in no watched directory */
	struct cws_file destination; /* of a rename: under the new name, absent likewise */
};

enum cws_limit {
	CWS_ARGV_INLINE_MAX = 8192, /* bytes: an argv up to this is in its exec record */
	CWS_ARGV_CHUNK_MAX = 16384,
	CWS_ARGV_MAX = 65536,
	CWS_PATH_MAX = 4096, /* of every path and of filename */
	CWS_RECORD_MAX = 32768, /* of a record as the kernel side writes it; one joined with its chunks: plus CWS_ARGV_MAX */
};

struct cws_lost {
	struct cws_header h; /* time: now; start: when the loss began */
	__cws_u64 count;     /* records; of CWS_CHANGE in the kernel: times that its queue overflowed, as it does not say how many it dropped */
	__cws_u32 lost_type; /* enum cws_type */
	__cws_u32 stage;     /* 1 the kernel's ring buffer or queue, 2 the native queue */
};

#endif
