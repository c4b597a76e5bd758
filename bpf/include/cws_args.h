/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arguments and environment, from the new image's own memory. */
#ifndef CWS_ARGS_H
#define CWS_ARGS_H

#include "cws_buffer.h"
#include "cws_ring.h"

#define ENVP_WINDOW 8192  /* bytes of the environment looked at at a time */
#define ENVP_WINDOWS 16
#define ENVP_ENTRIES 1024 /* of one window */
#define ENVP_NAME 255     /* bytes kept of a name */
#define ENVP_VALUE 4096   /* bytes kept of NAME=value, and a NUL */

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

struct window {
	u32 size;     /* bytes read */
	u32 more;     /* the environment goes on behind it */
	u32 in_value; /* it begins inside a value longer than the window before */
	u32 cut;      /* something was left out of the record */
	u8 bytes[ENVP_WINDOW + ENVP_NAME + 9];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct window);
} cws_window SEC(".maps");

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

/* Append argv, or send it ahead in chunks. Returns enum cws_record_flag. */
__noinline int append_argv(u64 start, u64 end)
{
	struct buffer *buffer = get_buffer();
	struct scratch *scratch = get_scratch();
	u64 len = end - start;
	u32 zero = 0, offset, flags, i;
	struct cws_exec *exec;
	struct chunk *chunk;
	u8 *to;

	if (!buffer || !scratch)
		return CWS_F_ARGV_UNKNOWN;
	exec = &buffer->exec;
	exec->argv_len = len;
	if (len <= CWS_ARGV_INLINE_MAX) {
		exec->argv.off = scratch->used;
		to = room(buffer, scratch, CWS_ARGV_INLINE_MAX);
		if (!to)
			return CWS_F_ARGV_TRUNCATED;
		if (len && bpf_probe_read_user(to, len, (void *)start))
			return CWS_F_ARGV_UNKNOWN;
		exec->argv.len = len;
		scratch->used += len;
		return 0;
	}
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

/* Where the first NUL at or behind `at` is in the window, word by word: its size or more when there is none. */
__noinline int find_end(u32 from)
{
	u64 at = from;
	u32 zero = 0, i;
	struct window *window = bpf_map_lookup_elem(&cws_window, &zero);
	u64 word = 0;

	if (!window)
		return ENVP_WINDOW;
	for (i = 0; i < ENVP_WINDOW / 8; i++) {
		OPAQUE(at);
		if (at >= ENVP_WINDOW)
			return ENVP_WINDOW;
		word = *(u64 *)(window->bytes + at);
		if ((word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL)
			break;
		at += 8;
	}
	for (i = 0; i < 8 && (word & 0xff); i++) {
		word >>= 8;
		at++;
	}
	return at;
}

/*
 * Append what may be known of the variable at `at` in the window: NAME=value when the name is on the allow-list, NAME otherwise. Returns the
 * bytes consumed; 0 when it must be seen again at the beginning of a window; -1 when the record is full.
 */
__noinline int append_variable(u32 start)
{
	u64 at = start, i;
	struct buffer *buffer = get_buffer();
	struct scratch *scratch = get_scratch();
	u64 hash = CWS_FNV_OFFSET;
	u32 zero = 0, end;
	struct window *window = bpf_map_lookup_elem(&cws_window, &zero);
	u8 *from, *to, c = 0;
	long n;

	OPAQUE(at);
	if (!buffer || !scratch || !window || at >= ENVP_WINDOW)
		return 0;
	if (window->in_value) {
		end = find_end(at);
		window->in_value = end >= window->size;
		return window->in_value ? window->size - at : end + 1 - at;
	}
	to = room(buffer, scratch, ENVP_VALUE);
	if (!to)
		return -1;
	from = window->bytes + at;
	for (i = 0; i < ENVP_NAME; i++) {
		c = from[i];
		if (!c || c == '=')
			break;
		to[i] = c;
		hash = (hash ^ c) * CWS_FNV_PRIME;
	}
	c = from[i];
	scratch->found = i; /* forgotten by the verifier: see struct scratch */
	i = *(volatile u32 *)&scratch->found;
	OPAQUE(i);
	if (i > ENVP_NAME)
		return 0;
	end = find_end(at + i);
	if (end >= window->size && at && window->more)
		return 0;
	if (c == '=' && bpf_map_lookup_elem(&cws_env_allow, &hash)) {
		n = bpf_probe_read_kernel_str(to, ENVP_VALUE, from);
		if (n <= 0)
			return 0;
		if (end - at > (u64)n - 1 || end >= window->size)
			window->cut = 1;
		scratch->used += n;
	} else {
		to[i] = 0;
		if (c && c != '=')
			window->cut = 1;
		scratch->used += i + 1;
	}
	window->in_value = end >= window->size;
	return window->in_value ? window->size - at : end + 1 - at;
}

/* Append the variables of a window. Returns the bytes consumed, or -1 when the record is full. */
__noinline int append_window(u32 size)
{
	u32 i, at = 0;
	int n;

	for (i = 0; i < ENVP_ENTRIES && at < size; i++) {
		n = append_variable(at);
		if (n < 0)
			return -1;
		if (!n)
			break;
		at += n;
	}
	return at;
}

/* Append the environment, as far as it may be known. Returns enum cws_record_flag. */
__noinline int append_envp(u64 at, u64 end)
{
	struct buffer *buffer = get_buffer();
	struct scratch *scratch = get_scratch();
	u32 zero = 0, size, i;
	struct window *window = bpf_map_lookup_elem(&cws_window, &zero);
	struct cws_exec *exec;
	int n;

	if (!buffer || !scratch || !window)
		return CWS_F_ENVP_UNKNOWN;
	exec = &buffer->exec;
	exec->envp_len = end - at;
	exec->envp.off = scratch->used;
	window->in_value = 0;
	window->cut = 0;
	for (i = 0; i < ENVP_WINDOWS && at < end; i++) {
		window->more = end - at > ENVP_WINDOW;
		size = window->more ? ENVP_WINDOW : end - at;
		if (size > ENVP_WINDOW)
			break;
		if (bpf_probe_read_user(window->bytes, size, (void *)at)) {
			if (!i)
				return CWS_F_ENVP_UNKNOWN;
			break;
		}
		window->bytes[size] = 0;
		window->size = size;
		n = append_window(size);
		if (n <= 0)
			break;
		at += (u32)n;
	}
	exec->envp.len = scratch->used - exec->envp.off;
	return at < end || window->cut ? CWS_F_ENVP_TRUNCATED : 0;
}

#endif
