// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * dump OBJECT [ALLOWED VARIABLE...]: loads and attaches an object, prints {"ready":true}, then every record as a line of JSON until stdin
 * closes, and at last the counters and what each program cost. Text is bytes: each becomes the character of the same number.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cws_shared.h"

enum { MAX_PROGRAMS = 8 };

static void put_text(const char *key, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	printf(",\"%s\":\"", key);
	for (size_t i = 0; i < len; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e || p[i] == '"' || p[i] == '\\')
			printf("\\u%04x", p[i]);
		else
			putchar(p[i]);
	}
	putchar('"');
}

static void put_str(const char *key, const void *record, struct cws_str str)
{
	const struct cws_header *h = record;

	if (str.len && (str.off < sizeof(*h) || str.off % 8 || (__u64)str.off + str.len > h->size))
		printf(",\"%s\":null", key);
	else
		put_text(key, (const char *)record + str.off, str.len);
}

static void put_number(const char *key, unsigned long long value)
{
	printf(",\"%s\":%llu", key, value);
}

static void put_time(const char *key, unsigned long long ns)
{
	printf(",\"%s\":\"%llu\"", key, ns); /* JavaScript's numbers end at 2^53 */
}

#define NUMBER(of, field) put_number(#field, (of)->field)

static void put_exec(const struct cws_exec *e)
{
	const struct cws_file *f = &e->file;
	const struct cws_cred *c = &e->cred;
	const struct cws_ns *n = &e->namespace;

	put_time("parent_start", e->parent_start); NUMBER(e, ppid); NUMBER(e, ns_pid); NUMBER(e, sid); NUMBER(e, pgid); NUMBER(e, tty);
	NUMBER(e, argc); NUMBER(e, argv_len); NUMBER(e, envp_len); NUMBER(e, cgroup_id);
	NUMBER(c, uid); NUMBER(c, gid); NUMBER(c, euid); NUMBER(c, egid); NUMBER(c, fsuid); NUMBER(c, fsgid); NUMBER(c, auid);
	NUMBER(c, session_id);
	printf(",\"cap_effective\":\"%llx\",\"cap_permitted\":\"%llx\"", (unsigned long long)c->cap_effective,
	       (unsigned long long)c->cap_permitted);
	printf(",\"ns\":{\"mnt\":%u,\"pid\":%u,\"net\":%u,\"user\":%u,\"uts\":%u,\"ipc\":%u,\"cgroup\":%u}", n->mnt, n->pid, n->net, n->user,
	       n->uts, n->ipc, n->cgroup);
	printf(",\"inode\":%llu,\"mtime\":\"%llu\",\"ctime\":\"%llu\",\"bytes\":%llu,\"dev\":%u,\"mode\":%u,\"file_uid\":%u,\"file_gid\":%u",
	       (unsigned long long)f->inode, (unsigned long long)f->mtime, (unsigned long long)f->ctime, (unsigned long long)f->size, f->dev,
	       f->mode, f->uid, f->gid);
	NUMBER(f, nlink); NUMBER(f, fs_magic); NUMBER(f, mount_id);
	put_number("file_flags", f->flags);
	put_text("comm", e->comm, strnlen(e->comm, sizeof(e->comm)));
	put_str("path", e, f->path);
	put_str("fstype", e, f->fstype);
	put_str("filename", e, e->filename);
	put_str("cwd", e, e->cwd);
	put_str("cgroup", e, e->cgroup);
	put_str("argv", e, e->argv);
	put_str("envp", e, e->envp);
}

static int on_record(void *context, void *data, size_t size)
{
	const struct cws_header *h = data;

	(void)context;
	if (size < sizeof(*h) || h->size != size || size % 8)
		return printf("{\"malformed\":%zu}\n", size), 0;
	printf("{\"type\":%u,\"flags\":%u,\"time\":\"%llu\",\"pid\":%u,\"tid\":%u,\"start\":\"%llu\"", h->type, h->flags,
	       (unsigned long long)h->time, h->pid, h->tid, (unsigned long long)h->start);
	if (h->type == CWS_EXEC) {
		put_exec(data);
	} else if (h->type == CWS_FORK) {
		const struct cws_fork *f = data;

		put_time("parent_start", f->parent_start); NUMBER(f, ppid); NUMBER(f, real_ppid); NUMBER(f, ns_pid);
	} else if (h->type == CWS_EXIT) {
		put_number("code", ((const struct cws_exit *)data)->code);
	} else if (h->type == CWS_ARGV_CHUNK) {
		const struct cws_argv_chunk *c = data;

		NUMBER(c, offset);
		put_text("data", c + 1, c->len <= size - sizeof(*c) ? c->len : 0);
	}
	printf("}\n");
	return 0;
}

static bool exit_has_group_dead(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *t = NULL;
	bool has = false;
	int id;

	if (!btf)
		return false;
	id = btf__find_by_name_kind(btf, "btf_trace_sched_process_exit", BTF_KIND_TYPEDEF);
	if (id > 0)
		t = btf__type_by_id(btf, btf__type_by_id(btf, id)->type); /* a pointer */
	if (t)
		t = btf__type_by_id(btf, t->type);
	has = t && btf_is_func_proto(t) && btf_vlen(t) == 3; /* void *, the task, group_dead */
	btf__free(btf);
	return has;
}

/* A knob in .rodata, found by name in the object's BTF. */
static int set_knob(struct bpf_object *object, const char *name, const void *value, size_t bytes)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	struct bpf_map *map;
	size_t size;
	char *memory;

	bpf_object__for_each_map(map, object) {
		if (!strstr(bpf_map__name(map), ".rodata") || id < 0)
			continue;
		memory = (char *)bpf_map__initial_value(map, &size); /* writable until the load */
		const struct btf_type *section = btf__type_by_id(btf, id);
		const struct btf_var_secinfo *var = btf_var_secinfos(section);

		for (int i = 0; memory && i < btf_vlen(section); i++, var++)
			if (!strcmp(btf__name_by_offset(btf, btf__type_by_id(btf, var->type)->name_off), name))
				return var->size == bytes ? memcpy(memory + var->offset, value, bytes), 0 : -EINVAL;
	}
	return -ENOENT;
}

static void put_counters(struct bpf_object *object)
{
	int fd = bpf_object__find_map_fd_by_name(object, "cws_counters"), cpus = libbpf_num_possible_cpus();
	struct bpf_program *program;

	printf("{\"counters\":[null");
	for (__u32 type = 1; type < CWS_COUNTERS; type++) {
		struct cws_counter each[cpus], sum = {0};

		if (bpf_map_lookup_elem(fd, &type, each))
			memset(each, 0, sizeof(each));
		for (int i = 0; i < cpus; i++)
			sum.seen += each[i].seen, sum.lost += each[i].lost, sum.filtered += each[i].filtered;
		printf(",{\"seen\":%llu,\"lost\":%llu,\"filtered\":%llu}", (unsigned long long)sum.seen, (unsigned long long)sum.lost,
		       (unsigned long long)sum.filtered);
	}
	printf("],\"programs\":{\"\":0");
	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
			printf(",\"%s\":{\"runs\":%llu,\"ns\":%llu,\"verified\":%u,\"missed\":%llu}", bpf_program__name(program),
			       (unsigned long long)info.run_cnt, (unsigned long long)info.run_time_ns, info.verified_insns,
			       (unsigned long long)info.recursion_misses);
	}
	printf("}}\n");
}

static int fail(const char *what, long err)
{
	fprintf(stderr, "dump: %s: %s\n", what, strerror(err < 0 ? -err : errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc > 1 ? bpf_object__open(argv[1]) : NULL;
	struct pollfd fds[2] = {{.fd = 0, .events = POLLIN}, {.events = POLLIN}};
	struct bpf_link *links[MAX_PROGRAMS];
	struct bpf_program *program;
	struct ring_buffer *ring;
	struct cws_wake *wake;
	int err, attached = 0;
	bool has_group_dead;
	__cws_u64 bits = 0;

	if (!object)
		return fail("open", 0);
	for (int i = 2; i < argc; i++)
		bits |= 1ULL << ((strlen(argv[i]) + 5 * (unsigned char)argv[i][0]) & 63);
	has_group_dead = exit_has_group_dead();
	if ((err = set_knob(object, "cws_exit_has_group_dead", &has_group_dead, 1)) || (err = set_knob(object, "cws_env_bits", &bits, 8)))
		return fail("knob", err);
	if ((err = bpf_object__load(object)))
		return fail("load", err);
	for (int i = 2; i < argc; i++) {
		__cws_u64 hash = CWS_FNV_OFFSET;
		__u8 one = 1;

		for (const char *p = argv[i]; *p; p++)
			hash = (hash ^ (unsigned char)*p) * CWS_FNV_PRIME;
		if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "cws_env_allow"), &hash, &one, BPF_ANY))
			return fail("allow", 0);
	}
	wake = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_object__find_map_fd_by_name(object, "cws_wake"), 0);
	if (wake == MAP_FAILED)
		return fail("map", 0);
	wake->wake_mask = 1u << CWS_EXEC | 1u << CWS_EXIT;
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "cws_ring"), on_record, NULL, NULL);
	if (!ring)
		return fail("ring", 0);
	bpf_object__for_each_program(program, object)
		if (attached < MAX_PROGRAMS && !(links[attached++] = bpf_program__attach(program)))
			return fail(bpf_program__name(program), 0);
	fds[1].fd = bpf_object__find_map_fd_by_name(object, "cws_ring");
	printf("{\"ready\":true}\n");
	/* The flag goes up when the ring is empty, and poll looks at the ring once more before it sleeps: the wake-up alone carries what comes. */
	do {
		if (ring_buffer__consume(ring) < 0)
			return fail("consume", 0);
		fflush(stdout);
		__atomic_store_n(&wake->sleeping, 1, __ATOMIC_SEQ_CST);
		if (poll(fds, 2, -1) < 0)
			return fail("poll", 0);
	} while (!fds[0].revents);
	while (attached > 0)
		bpf_link__destroy(links[--attached]);
	syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0); /* until those that still run have ended: then counters and records agree */
	ring_buffer__consume(ring);
	put_counters(object);
	return fflush(stdout) ? 1 : 0;
}
