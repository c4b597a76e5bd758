/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arguments and environment, from the new image's own memory. */
#ifndef CWS_ARGS_H
#define CWS_ARGS_H

#include "cws_buffer.h"
#include "cws_ring.h"

#define ENVP_ENTRIES 256
#define ENVP_READ 4096
#define ENVP_NAME 255

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u64);
	__type(value, u8);
} cws_env_allow SEC(".maps");

struct chunk {
	struct cws_argv_chunk head;
	u8 data[CWS_ARGV_CHUNK_MAX + 8]; /* and the padding */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct chunk);
} cws_chunk SEC(".maps");

/* Send one piece of argv ahead of its record. Returns enum cws_record_flag. */
static __always_inline u32 send_chunk(struct chunk *chunk, const struct cws_header *h, u64 argv, u32 offset, u32 len)
{
	if (len > CWS_ARGV_CHUNK_MAX)
		len = CWS_ARGV_CHUNK_MAX;
	if (bpf_probe_read_user(chunk->data, len, (void *)(argv + offset)))
		return offset ? CWS_F_ARGV_TRUNCATED : CWS_F_ARGV_UNKNOWN;
	chunk->head.h = *h;
	chunk->head.h.type = CWS_ARGV_CHUNK;
	chunk->head.h.flags = 0;
	chunk->head.h.size = (sizeof(chunk->head) + len + 7) & ~7U;
	chunk->head.offset = offset;
	chunk->head.len = len;
	if (emit(CWS_ARGV_CHUNK, chunk, chunk->head.h.size & (2 * CWS_ARGV_CHUNK_MAX - 1)) < 0)
		return CWS_F_CHUNK_LOST | CWS_F_ARGV_TRUNCATED;
	return 0;
}

static __always_inline u32 append_argv(struct buffer *buffer, struct scratch *scratch, struct mm_struct *mm)
{
	struct cws_exec *exec = &buffer->exec;
	u64 start = GET(mm, arg_start), len = GET(mm, arg_end) - start;
	u32 zero = 0, offset, flags, i;
	struct chunk *chunk;
	u8 *to;

	exec->argv_len = len;
	exec->argv.off = scratch->used;
	exec->argv.len = 0;
	if (len <= CWS_ARGV_INLINE_MAX) {
		to = room(buffer, scratch, CWS_ARGV_INLINE_MAX);
		if (!to)
			return CWS_F_ARGV_TRUNCATED;
		if (len && bpf_probe_read_user(to, len, (void *)start))
			return CWS_F_ARGV_UNKNOWN;
		exec->argv.len = len;
		scratch->used += len;
		return 0;
	}
	exec->argv.off = 0;
	chunk = bpf_map_lookup_elem(&cws_chunk, &zero);
	if (!chunk)
		return CWS_F_ARGV_UNKNOWN;
	for (i = 0; i < CWS_ARGV_MAX / CWS_ARGV_CHUNK_MAX; i++) {
		offset = i * CWS_ARGV_CHUNK_MAX;
		if (offset >= len)
			break;
		flags = send_chunk(chunk, &exec->h, start, offset, len - offset > CWS_ARGV_CHUNK_MAX ? CWS_ARGV_CHUNK_MAX : len - offset);
		if (flags)
			return i ? flags | CWS_F_CHUNKED : flags;
	}
	return CWS_F_CHUNKED | (len > CWS_ARGV_MAX ? CWS_F_ARGV_TRUNCATED : 0);
}

/*
 * Append what may be known of the environment string at `address`: NAME=value when the name is on the allow-list, NAME otherwise. A string
 * longer than one read is taken in several calls. Returns the bytes consumed; 0 when the record is full; negative when memory cannot be read.
 */
__noinline int append_env(u64 address)
{
	struct buffer *buffer = get_buffer();
	struct scratch *scratch = get_scratch();
	u64 hash = CWS_FNV_OFFSET;
	bool whole;
	long n;
	u8 *to;
	u32 i;

	if (!buffer || !scratch || !(to = room(buffer, scratch, ENVP_READ)))
		return 0;
	n = bpf_probe_read_user_str(to, ENVP_READ, (void *)address);
	if (n <= 0)
		return -1;
	whole = n < ENVP_READ;
	if (scratch->in_value) {
		scratch->in_value = !whole;
		return whole ? n : n - 1;
	}
	scratch->in_value = !whole;
	for (i = 0; i < ENVP_NAME; i++) {
		if (!to[i] || to[i] == '=')
			break;
		hash = (hash ^ to[i]) * CWS_FNV_PRIME;
	}
	if (to[i] == '=' && bpf_map_lookup_elem(&cws_env_allow, &hash)) {
		if (!whole)
			scratch->envp_cut = 1;
		scratch->used += n;
	} else {
		if (to[i] && to[i] != '=')
			scratch->envp_cut = 1;
		to[i] = 0;
		scratch->used += i + 1;
	}
	return whole ? n : n - 1;
}

static __always_inline u32 append_envp(struct buffer *buffer, struct scratch *scratch, struct mm_struct *mm)
{
	struct cws_exec *exec = &buffer->exec;
	u64 at = GET(mm, env_start), end = GET(mm, env_end);
	u32 flags = 0;
	int i, n;

	exec->envp_len = end - at;
	exec->envp.off = scratch->used;
	scratch->in_value = 0;
	scratch->envp_cut = 0;
	for (i = 0; i < ENVP_ENTRIES; i++) {
		if (at >= end)
			break;
		n = append_env(at);
		if (n < 0) {
			flags |= i ? CWS_F_ENVP_TRUNCATED : CWS_F_ENVP_UNKNOWN;
			break;
		}
		if (!n)
			break;
		at += (u32)n;
	}
	if (at < end || scratch->envp_cut)
		flags |= CWS_F_ENVP_TRUNCATED;
	if (flags & CWS_F_ENVP_UNKNOWN)
		flags &= ~CWS_F_ENVP_TRUNCATED;
	exec->envp.len = scratch->used - exec->envp.off;
	return flags;
}

#endif
