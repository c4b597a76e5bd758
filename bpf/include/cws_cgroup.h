/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The control group of a process. */
#ifndef CWS_CGROUP_H
#define CWS_CGROUP_H

#include "cws_path.h"

#define CGROUP_STEPS 64

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return BPF_CORE_READ((struct kernfs_node___old *)node, parent);
}

/* Note the components of a kernfs node for write_path. Returns 1 when the walk did not end. */
__noinline int walk_kernfs(u64 address)
{
	struct scratch *scratch = get_scratch();
	struct kernfs_node *node = (void *)address, *parent;
	int i;

	if (!scratch)
		return 1;
	scratch->steps = 0;
	for (i = 0; i < CGROUP_STEPS; i++) {
		parent = kernfs_parent(node);
		if (!parent)
			return 0;
		scratch->name[i] = (u64)BPF_CORE_READ(node, name);
		scratch->steps = i + 1;
		node = parent;
	}
	return 1;
}

/* The v1 cgroup of one controller, or NULL when that controller is on v2 or tells nothing but "/". */
static __always_inline struct cgroup *cgroup_v1(struct css_set *set, struct cgroup *v2, u32 subsys)
{
	struct cgroup_subsys_state *css = NULL;
	struct cgroup *cgroup;

	bpf_probe_read_kernel(&css, sizeof(css), (void *)set + bpf_core_field_offset(set->subsys) + subsys * sizeof(css));
	cgroup = BPF_CORE_READ(css, cgroup);
	if (!cgroup || BPF_CORE_READ(cgroup, root) == BPF_CORE_READ(v2, root) || !kernfs_parent(BPF_CORE_READ(cgroup, kn)))
		return NULL;
	return cgroup;
}

/*
 * Identity comes from where container runtimes put it: on v1 and hybrid hosts in the memory or the pids hierarchy, else in v2. Id and path are
 * always of the same cgroup.
 */
static __always_inline u32 append_cgroup(struct scratch *scratch, struct cws_exec *exec, struct task_struct *task)
{
	struct css_set *set = GET(task, cgroups);
	struct cgroup *v2 = BPF_CORE_READ(set, dfl_cgrp), *cgroup = NULL;
	struct kernfs_node *node;
	u32 flags = 0;

	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		cgroup = cgroup_v1(set, v2, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	if (!cgroup && bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		cgroup = cgroup_v1(set, v2, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id));
	if (!cgroup)
		cgroup = v2;
	node = BPF_CORE_READ(cgroup, kn);
	exec->cgroup_id = BPF_CORE_READ(node, id);
	exec->cgroup.off = begin_text(scratch);
	if (walk_kernfs((u64)node))
		flags = CWS_F_CGROUP_TRUNCATED;
	if (write_path() < 0)
		flags = CWS_F_CGROUP_TRUNCATED;
	exec->cgroup.len = scratch->used - exec->cgroup.off;
	return flags;
}

#endif
