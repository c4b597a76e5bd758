/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where an exec record is put together, one a CPU. Programs of one kind do not nest on a CPU (the kernel refuses and counts it as a
 * recursion miss of the program), so only cws_exec may use these.
 */
#ifndef CWS_BUFFER_H
#define CWS_BUFFER_H

#include "cws_read.h"
#include "cws_event.h"

#define PATH_STEPS 256

struct buffer {
	struct cws_exec exec;
	u8 text[CWS_RECORD_MAX - sizeof(struct cws_exec)];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct buffer);
} cws_buffer SEC(".maps");

/*
 * State of the helpers below. It lives in memory, not in registers, on purpose: the verifier then forgets its value between two steps of a
 * loop, sees the same state again, and the loop costs it one pass instead of one a combination.
 */
struct scratch {
	u32 used;      /* bytes of the record so far */
	u32 steps;     /* of the walk */
	u32 bytes;     /* of its path */
	u32 found;     /* a position in the environment */
	u64 name[PATH_STEPS]; /* addresses of the components' names, leaf first; 0 = a mount was crossed */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} cws_scratch SEC(".maps");

static __always_inline struct buffer *get_buffer(void)
{
	u32 zero = 0;
	return bpf_map_lookup_elem(&cws_buffer, &zero);
}

static __always_inline struct scratch *get_scratch(void)
{
	u32 zero = 0;
	return bpf_map_lookup_elem(&cws_scratch, &zero);
}

/* The place where the next `size` bytes of text go, or NULL when the record is full. */
static __always_inline u8 *room(struct buffer *buffer, struct scratch *scratch, u32 size)
{
	u64 used = *(volatile u32 *)&scratch->used;

	OPAQUE(used);
	if (used > sizeof(*buffer) - size)
		return NULL;
	return (u8 *)buffer + used;
}

/* Where a text begins: at a whole word, so that it is compared and hashed by words. What stands in between is nobody's. */
static __always_inline u32 begin_text(struct scratch *scratch)
{
	scratch->used = (scratch->used + 7) & ~7U;
	return scratch->used;
}

/* Append a kernel string of less than `size` bytes. Returns false when it was cut or could not be read. */
static __always_inline bool append_string(struct buffer *buffer, struct scratch *scratch, struct cws_str *str, const void *from, u32 size)
{
	u8 *to;
	long n;

	str->off = begin_text(scratch);
	str->len = 0;
	to = room(buffer, scratch, size);
	if (!to)
		return false;
	n = bpf_probe_read_kernel_str(to, size, from);
	if (n <= 0)
		return false;
	str->len = n - 1;
	scratch->used += n;
	return n < size;
}

#endif
