/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records into the ring buffer: counted, and the reader woken only when it sleeps. */
#ifndef CWS_RING_H
#define CWS_RING_H

#include "cws_read.h"
#include "cws_shared.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
} cws_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cws_wake);
} cws_wake SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CWS_COUNTERS);
	__type(key, u32);
	__type(value, struct cws_counter);
} cws_counters SEC(".maps");

/*
 * The two atomics that return a value came with 5.12; kernels from 5.8 on run the raw flavour, which does without: handing a record to the
 * ring buffer ends in an exchange inside the kernel, itself a full barrier, and two programs that both see the flag wake twice, which is
 * harmless, because every one that clears the flag wakes.
 */
#ifdef CWS_RAW
#define ADD_AND_FENCE(counter) __sync_fetch_and_add(&(counter), 1)
#define TAKE(flag) ({ u32 was = *(volatile u32 *)&(flag); if (was) *(volatile u32 *)&(flag) = 0; was; })
#else
#define ADD_AND_FENCE(counter) ({ u64 before = __sync_fetch_and_add(&(counter), 1); asm volatile("" : : "r"(before)); })
#define TAKE(flag) __sync_lock_test_and_set(&(flag), 0)
#endif

static __always_inline void wake(struct cws_wake *wake)
{
	void *nothing;

	if (!*(volatile u32 *)&wake->sleeping || !TAKE(wake->sleeping))
		return;
	/* There is no call that only wakes: an empty record, discarded, does. */
	nothing = bpf_ringbuf_reserve(&cws_ring, 8, 0);
	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
	else
		*(volatile u32 *)&wake->sleeping = 1; /* full: the next record tries again */
}

/* Hand a record to user space. Returns 0, or a negative error when it was lost (and counted). */
static __always_inline long emit(enum cws_type type, void *record, u64 size)
{
	u32 key = type, zero = 0;
	struct cws_counter *counter = bpf_map_lookup_elem(&cws_counters, &key);
	struct cws_wake *sleeper = bpf_map_lookup_elem(&cws_wake, &zero);
	long err = bpf_ringbuf_output(&cws_ring, record, size, BPF_RB_NO_WAKEUP);

	if (!counter || !sleeper)
		return err;
	if (err)
		__sync_fetch_and_add(&counter->lost, 1);
	else
		ADD_AND_FENCE(counter->seen);
	/* The flag is read after the record is out: choosing before would race with a reader that is about to sleep. */
	if (err || (sleeper->wake_mask & (1U << type)))
		wake(sleeper);
	return err;
}

#endif
