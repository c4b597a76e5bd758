/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel can do, found out by doing it: for each form of program the smallest one is loaded, attached and thrown away. A version
 * number says little (distributions carry features back, lockdown and seccomp take them away).
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "addon.h"

#define INSTRUCTION(op, to, from, offset, value) \
	{ .code = (op), .dst_reg = (to), .src_reg = (from), .off = (offset), .imm = (value) }
#define RETURN_ZERO INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0), INSTRUCTION(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static const struct bpf_insn EMPTY[] = { RETURN_ZERO };

/* Fetch-and-add on the stack: the form that came with 5.12. */
static const struct bpf_insn ATOMIC[] = {
	INSTRUCTION(BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8, 0),
	INSTRUCTION(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1),
	INSTRUCTION(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_10, BPF_REG_1, -8, BPF_ADD | BPF_FETCH),
	RETURN_ZERO,
};

enum { REASON = 256 };

struct answer {
	bool ok;
	char reason[REASON];
};

static struct answer yes(void)
{
	return (struct answer){ .ok = true };
}

static struct answer no(const char *what, int error)
{
	struct answer answer = { 0 };

	if (error == EPERM || error == EACCES)
		snprintf(answer.reason, REASON, "%s: %s%s", what, strerror(error), geteuid() == 0 ? "" : " (needs root, or CAP_BPF and CAP_PERFMON)");
	else if (error)
		snprintf(answer.reason, REASON, "%s: %s", what, strerror(error));
	else
		snprintf(answer.reason, REASON, "%s", what);
	return answer;
}

static int load_program(enum bpf_prog_type type, const struct bpf_insn *code, size_t count, enum bpf_attach_type attach, int btf_id)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach, .attach_btf_id = (__u32)btf_id);

	return bpf_prog_load(type, "cws_probe", "Dual BSD/GPL", code, count, &options);
}

static struct answer probe_program(enum bpf_prog_type type, const struct bpf_insn *code, size_t count)
{
	int fd = load_program(type, code, count, 0, 0);

	if (fd < 0)
		return no("the program is refused", -fd);
	close(fd);
	return yes();
}

/* A program on a name of the kernel's own types: loads and attaches it. */
static struct answer probe_traced(const struct btf *btf, enum bpf_prog_type type, enum bpf_attach_type attach, const char *name, __u32 kind)
{
	char what[REASON - 64];

	if (!btf)
		return no("the kernel has no BTF (/sys/kernel/btf/vmlinux)", 0);
	int id = btf__find_by_name_kind(btf, name, kind);
	if (id < 0) {
		snprintf(what, sizeof(what), "the kernel does not know %s", name);
		return no(what, 0);
	}
	int program = load_program(type, EMPTY, sizeof(EMPTY) / sizeof(*EMPTY), attach, id);
	if (program < 0)
		return no("the program is refused", -program);
	int link = bpf_raw_tracepoint_open(NULL, program);
	close(program);
	if (link < 0)
		return no("the program cannot be attached", -link);
	close(link);
	return yes();
}

static struct answer probe_raw_tracepoint(void)
{
	int program = load_program(BPF_PROG_TYPE_RAW_TRACEPOINT, EMPTY, sizeof(EMPTY) / sizeof(*EMPTY), 0, 0);

	if (program < 0)
		return no("the program is refused", -program);
	int link = bpf_raw_tracepoint_open("sched_process_exec", program);
	close(program);
	if (link < 0)
		return no("sched_process_exec cannot be attached", -link);
	close(link);
	return yes();
}

static struct answer probe_ring_buffer(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "cws_probe", 0, 0, (__u32)sysconf(_SC_PAGESIZE), NULL);

	if (fd < 0)
		return no("the map is refused", -fd);
	close(fd);
	return yes();
}

/* The first bytes of a small file of /sys or /proc; negative errno when it cannot be read. */
static int read_text(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t length = read(fd, to, size - 1);
	int error = length < 0 ? -errno : 0;
	close(fd);
	to[length < 0 ? 0 : length] = 0;
	return error;
}

/* A program attaches also where the BPF LSM is not among the active ones: it is then never called. */
static struct answer probe_lsm(const struct btf *btf)
{
	char list[512];
	int error = read_text("/sys/kernel/security/lsm", list, sizeof(list));

	if (error)
		return no("the list of active security modules (/sys/kernel/security/lsm) cannot be read", -error);
	bool active = false;
	char *rest = NULL;
	for (char *name = strtok_r(list, ",\n", &rest); name; name = strtok_r(NULL, ",\n", &rest))
		active |= strcmp(name, "bpf") == 0;
	if (!active)
		return no("bpf is not among the active security modules (boot parameter lsm=...,bpf)", 0);
	return probe_traced(btf, BPF_PROG_TYPE_LSM, BPF_LSM_MAC, "bpf_lsm_bprm_committed_creds", BTF_KIND_FUNC);
}

static struct answer probe_kprobe(void)
{
	struct answer answer = probe_program(BPF_PROG_TYPE_KPROBE, EMPTY, sizeof(EMPTY) / sizeof(*EMPTY));

	if (answer.ok && access("/sys/bus/event_source/devices/kprobe/type", F_OK) != 0)
		return no("the kernel has no kprobes", 0);
	return answer;
}

static struct answer probe_tracepoint(void)
{
	struct answer answer = probe_program(BPF_PROG_TYPE_TRACEPOINT, EMPTY, sizeof(EMPTY) / sizeof(*EMPTY));

	if (answer.ok && access("/sys/kernel/tracing/events/syscalls", F_OK) != 0 && access("/sys/kernel/debug/tracing/events/syscalls", F_OK) != 0)
		return no("tracefs is not mounted (/sys/kernel/tracing)", 0);
	return answer;
}

static struct answer probe_helper(enum bpf_prog_type type, enum bpf_func_id helper)
{
	int result = libbpf_probe_bpf_helper(type, helper, NULL);

	return result == 1 ? yes() : no("the kernel does not know the helper", result < 0 ? -result : 0);
}

static void add(napi_env env, napi_value to, const char *name, struct answer answer)
{
	napi_value item = js_object(env);

	js_set(env, item, "ok", js_bool(env, answer.ok));
	js_set(env, item, "reason", js_string(env, answer.reason));
	js_set(env, to, name, item);
}

static const char *cgroup_mode(void)
{
	struct statfs at;

	if (statfs("/sys/fs/cgroup", &at) != 0)
		return "none";
	if ((__u64)at.f_type == CGROUP2_SUPER_MAGIC)
		return "v2";
	if (statfs("/sys/fs/cgroup/unified", &at) == 0 && (__u64)at.f_type == CGROUP2_SUPER_MAGIC)
		return "hybrid";
	return "v1";
}

/* probe(): { release, cgroup, features: { name: { ok, reason } } } */
static napi_value probe(napi_env env, napi_callback_info info)
{
	struct utsname name;
	napi_value result = js_object(env), features = js_object(env);

	(void)info;
	libbpf_print_fn_t before = libbpf_set_print(NULL);
	struct btf *btf = btf__load_vmlinux_btf();
	add(env, features, "btf", btf ? yes() : no("/sys/kernel/btf/vmlinux cannot be used", errno));
	add(env, features, "ringBuffer", probe_ring_buffer());
	add(env, features, "atomics", probe_program(BPF_PROG_TYPE_RAW_TRACEPOINT, ATOMIC, sizeof(ATOMIC) / sizeof(*ATOMIC)));
	add(env, features, "loop", probe_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_loop));
	add(env, features, "tpBtf", probe_traced(btf, BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP, "btf_trace_sched_process_exec", BTF_KIND_TYPEDEF));
	add(env, features, "rawTracepoint", probe_raw_tracepoint());
	add(env, features, "tracepoint", probe_tracepoint());
	add(env, features, "fentry", probe_traced(btf, BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "security_bprm_committed_creds", BTF_KIND_FUNC));
	add(env, features, "lsm", probe_lsm(btf));
	add(env, features, "kprobe", probe_kprobe());
	btf__free(btf);
	libbpf_set_print(before);
	js_set(env, result, "release", js_string(env, uname(&name) == 0 ? name.release : ""));
	js_set(env, result, "cgroup", js_string(env, cgroup_mode()));
	js_set(env, result, "features", features);
	return result;
}

/* tracepointParameters(name): how many arguments the kernel hands to programs on this tracepoint; -1 when it does not know it */
static napi_value tracepoint_parameters(napi_env env, napi_callback_info info)
{
	struct js_call call = js_arguments(env, info);
	char name[128], full[160];

	if (!js_get_string(&call, 0, name, sizeof(name)))
		return NULL;
	snprintf(full, sizeof(full), "btf_trace_%s", name);
	struct btf *btf = btf__load_vmlinux_btf();
	int count = -1, id = btf ? btf__find_by_name_kind(btf, full, BTF_KIND_TYPEDEF) : -1;
	/* typedef -> pointer -> function prototype */
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
	for (int i = 0; i < 2 && type; i++)
		type = btf__type_by_id(btf, type->type);
	if (type && btf_is_func_proto(type))
		count = (int)btf_vlen(type) - 1;
	btf__free(btf);
	return js_number(env, count);
}

void cws_define_probe(napi_env env, napi_value exports)
{
	static const struct js_function functions[] = { { "probe", probe }, { "tracepointParameters", tracepoint_parameters } };

	js_define(env, exports, functions, sizeof(functions) / sizeof(*functions));
}
