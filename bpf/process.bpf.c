// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Process activity: exec, fork, exit. Built twice: process.bpf.o on tp_btf (kernel 5.12 and later), process_raw.bpf.o on raw_tp (-DCWS_RAW,
 * kernel 5.8 and later).
 */
#include "cws_args.h"
#include "cws_cgroup.h"
#include "cws_file.h"
#include "cws_ring.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Knobs, set before load: see cws_shared.h. */
const volatile bool cws_exit_has_group_dead = 0;
const volatile bool cws_envp = 1;

#define SIGNAL_GROUP_EXIT 0x4 /* linux/sched/signal.h */
#define MINORBITS 20

static __always_inline void fill_header(struct cws_header *h, enum cws_type type, u32 size, struct task_struct *task)
{
	h->size = size;
	h->type = type;
	h->flags = 0;
	h->time = bpf_ktime_get_boot_ns();
	h->pid = GET(task, tgid);
	h->tid = GET(task, pid);
	h->start = start_time(GET(task, group_leader));
}

static __always_inline void fill_cred(struct cws_cred *to, struct task_struct *task)
{
	const struct cred *cred = GET(task, cred);

	to->uid = GET(cred, uid.val);
	to->gid = GET(cred, gid.val);
	to->euid = GET(cred, euid.val);
	to->egid = GET(cred, egid.val);
	to->fsuid = GET(cred, fsuid.val);
	to->fsgid = GET(cred, fsgid.val);
	to->cap_effective = 0;
	to->cap_permitted = 0;
	bpf_core_read(&to->cap_effective, sizeof(to->cap_effective), &cred->cap_effective);
	bpf_core_read(&to->cap_permitted, sizeof(to->cap_permitted), &cred->cap_permitted);
	to->auid = to->session_id = -1; /* a kernel without audit */
	if (bpf_core_field_exists(task->loginuid))
		to->auid = GET(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		to->session_id = GET(task, sessionid);
}

static __always_inline void fill_ns(struct cws_ns *to, struct task_struct *task, struct pid_namespace *pid_ns)
{
	struct nsproxy *proxy = GET(task, nsproxy);
	const struct cred *cred = GET(task, cred);

	to->mnt = GET2(proxy, mnt_ns, ns.inum);
	to->net = GET2(proxy, net_ns, ns.inum);
	to->uts = GET2(proxy, uts_ns, ns.inum);
	to->ipc = GET2(proxy, ipc_ns, ns.inum);
	to->cgroup = GET2(proxy, cgroup_ns, ns.inum);
	to->user = GET2(cred, user_ns, ns.inum);
	to->pid = BPF_CORE_READ(pid_ns, ns.inum);
	to->reserved = 0;
}

/* The number of a process group or session in the initial pid namespace. */
static __always_inline u32 group_number(struct signal_struct *signal, enum pid_type type)
{
	struct pid *pid = NULL;

	bpf_core_read(&pid, sizeof(pid), &signal->pids[type]);
	return BPF_CORE_READ(pid, numbers[0].nr);
}

static __always_inline u32 tty_device(struct signal_struct *signal)
{
	struct tty_struct *tty = GET(signal, tty);
	struct tty_driver *driver;

	if (!tty)
		return 0;
	driver = GET(tty, driver);
	return (u32)GET(driver, major) << MINORBITS | (u32)(GET(driver, minor_start) + GET(tty, index));
}

CWS_SEC("sched_process_exec")
int cws_exec(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0], *parent;
	struct linux_binprm *bprm = (void *)ctx[2];
	struct buffer *buffer = get_buffer();
	struct scratch *scratch = get_scratch();
	struct signal_struct *signal;
	struct mnt_namespace *mnt_ns;
	struct fs_struct *fs;
	struct mm_struct *mm;
	struct path cwd = {};
	struct cws_exec *exec;
	struct upid own;
	u32 flags = 0;
	u64 root;

	if (!buffer || !scratch)
		return 0;
	exec = &buffer->exec;
	__builtin_memset(exec, 0, sizeof(*exec));
	scratch->used = sizeof(*exec);
	fill_header(&exec->h, CWS_EXEC, 0, task);
	if ((u32)ctx[1] != exec->h.tid)
		flags |= CWS_F_THREAD_EXEC;

	parent = GET(task, real_parent);
	exec->ppid = GET(parent, tgid);
	exec->parent_start = start_time(GET(parent, group_leader));
	own = own_upid(task);
	exec->ns_pid = own.nr;
	signal = GET(task, signal);
	if (GET(signal, sum_sched_runtime)) /* of its threads that have ended, as all but one have by now */
		flags |= CWS_F_THREADS;
	exec->pgid = group_number(signal, PIDTYPE_PGID);
	exec->sid = group_number(signal, PIDTYPE_SID);
	exec->tty = tty_device(signal);
	fill_cred(&exec->cred, task);
	fill_ns(&exec->namespace, task, own.ns);
	bpf_get_current_comm(exec->comm, sizeof(exec->comm));

	mnt_ns = GET2(task, nsproxy, mnt_ns);
	root = (u64)BPF_CORE_READ(mnt_ns, root);
	append_file(buffer, scratch, &exec->file, GET(bprm, file), root);
	exec->argc = GET(bprm, argc);
	if (GET(bprm, interp) != GET(bprm, filename))
		flags |= CWS_F_SCRIPT;
	append_string(buffer, scratch, &exec->filename, GET(bprm, filename), CWS_PATH_MAX);
	fs = GET(task, fs);
	bpf_core_read(&cwd, sizeof(cwd), &fs->pwd);
	if (append_path(scratch, &exec->cwd, &cwd, root) & CWS_FILE_PATH_TRUNCATED)
		flags |= CWS_F_CWD_TRUNCATED;
	flags |= append_cgroup(scratch, exec, task);
	mm = GET(task, mm);
	flags |= append_argv(GET(mm, arg_start), GET(mm, arg_end));
	if (cws_envp)
		flags |= append_envp(GET(mm, env_start), GET(mm, env_end));

	exec->h.flags = flags;
	exec->h.size = (scratch->used + 7) & ~7U;
	if (exec->h.size <= sizeof(*buffer))
		emit(CWS_EXEC, buffer, exec->h.size);
	return 0;
}

CWS_SEC("sched_process_fork")
int cws_fork(u64 *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	struct cws_fork fork = {};

	if (GET(child, pid) != GET(child, tgid)) /* a thread */
		return 0;
	fill_header(&fork.h, CWS_FORK, sizeof(fork), child);
	fork.ppid = GET(parent, tgid);
	fork.parent_start = start_time(GET(parent, group_leader));
	fork.real_ppid = GET2(child, real_parent, tgid);
	fork.ns_pid = GET2(child, thread_pid, level) ? (u32)own_upid(child).nr : fork.h.pid;
	emit(CWS_FORK, &fork, sizeof(fork));
	return 0;
}

CWS_SEC("sched_process_exit")
int cws_exit(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct signal_struct *signal = GET(task, signal);
	struct cws_exit exit = {};

	/*
	 * `live` has already been counted down here. Without the argument, two last threads that end at the same moment may both see zero: the
	 * process then has two exit records, never none.
	 */
	if (cws_exit_has_group_dead) {
		if (!(u8)ctx[1])
			return 0;
	} else if (GET(signal, live.counter)) {
		return 0;
	}
	fill_header(&exit.h, CWS_EXIT, sizeof(exit), task);
	/* As wait(2) does it: the group's code if there is one, else the leader's. */
	if (GET(signal, flags) & SIGNAL_GROUP_EXIT)
		exit.code = GET(signal, group_exit_code);
	else
		exit.code = GET2(task, group_leader, exit_code);
	emit(CWS_EXIT, &exit, sizeof(exit));
	return 0;
}
