/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arguments and environment, from the new image's own memory. */
#ifndef CWS_ARGS_H
#define CWS_ARGS_H

#include "cws_buffer.h"
#include "cws_ring.h"

/* Knob: bit (length + 5 * first byte) & 63 is set for each name on the allow-list. All ones is right, and slower. */
const volatile u64 cws_env_bits = ~0ULL;

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
		exec->argv.off = begin_text(scratch);
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

#define EACH_BYTE(value) ((value) * 0x0101010101010101ULL)

/* The top bit of each byte that is zero; those above the first may be wrong. */
static __always_inline u64 zero_bytes(u64 word)
{
	return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

/* The index of the lowest byte whose top bit is set, of at least one. */
static __always_inline u32 first_byte(u64 marks)
{
	return ((((marks & -marks) >> 7) - 1) & EACH_BYTE(0x01)) * EACH_BYTE(0x01) >> 56;
}

/* Where the first NUL at or behind `at` is in the window: its size or more when there is none. */
static __always_inline u32 find_end(struct window *window, u64 at)
{
	u64 marks;
	u32 i;

	for (i = 0; i < ENVP_WINDOW / 8; i++) {
		OPAQUE(at);
		if (at >= ENVP_WINDOW)
			break;
		marks = zero_bytes(*(u64 *)(window->bytes + at));
		if (marks)
			return at + first_byte(marks);
		at += 8;
	}
	return ENVP_WINDOW;
}

/* Whether the variable whose name is the `len` bytes at `name` keeps its value. Most are told by one bit. */
static __always_inline bool is_allowed(const u8 *name, u32 len)
{
	u64 hash = CWS_FNV_OFFSET;
	u32 i;

	if (!(cws_env_bits >> ((len + 5 * name[0]) & 63) & 1))
		return false;
	for (i = 0; i < ENVP_NAME && i < len; i++)
		hash = (hash ^ name[i]) * CWS_FNV_PRIME;
	return bpf_map_lookup_elem(&cws_env_allow, &hash);
}

/*
 * Append what may be known of the variable at `start` in the window: NAME=value when the name is on the allow-list, NAME otherwise. Returns
 * the bytes consumed; 0 when it must be seen again at the beginning of a window; -1 when the record is full.
 */
__noinline int append_variable(u32 start)
{
	struct buffer *buffer = get_buffer();
	struct scratch *scratch = get_scratch();
	u32 zero = 0, end;
	struct window *window = bpf_map_lookup_elem(&cws_window, &zero);
	u64 at = start, len, word, marks;
	u8 *from, *to, after;
	long n;

	OPAQUE(at);
	if (!buffer || !scratch || !window || at >= ENVP_WINDOW)
		return 0;
	if (window->in_value) {
		end = find_end(window, at);
		window->in_value = end >= window->size;
		return window->in_value ? window->size - at : end + 1 - at;
	}
	to = room(buffer, scratch, ENVP_VALUE);
	if (!to)
		return -1;
	from = window->bytes + at;
	for (len = 0; len < ENVP_NAME + 1; len += 8) {
		word = *(u64 *)(from + len);
		*(u64 *)(to + len) = word;
		marks = zero_bytes(word) | zero_bytes(word ^ EACH_BYTE('='));
		if (marks) {
			len += first_byte(marks);
			break;
		}
	}
	scratch->found = len; /* forgotten by the verifier: see struct scratch */
	len = *(volatile u32 *)&scratch->found;
	OPAQUE(len);
	if (len > ENVP_NAME)
		len = ENVP_NAME;
	after = from[len];
	end = find_end(window, at + len);
	if (end >= window->size && at && window->more)
		return 0;
	if (after == '=' && is_allowed(from, len)) {
		n = bpf_probe_read_kernel_str(to, ENVP_VALUE, from);
		if (n <= 0)
			return 0;
		if (end - at > (u64)n - 1 || end >= window->size)
			window->cut = 1;
		scratch->used += n;
	} else {
		to[len] = 0;
		if (after && after != '=')
			window->cut = 1;
		scratch->used += len + 1;
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
	exec->envp.off = begin_text(scratch);
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
