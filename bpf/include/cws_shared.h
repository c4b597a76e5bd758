/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs and the loader share besides the records: maps and knobs. Map names and their forms:
 *
 * cws_ring       ring buffer of records. The loader sets its size before load.
 * cws_wake       mmapable array, one struct cws_wake.
 * cws_counters   per-CPU array, key: enum cws_type below CWS_COUNTERS, value: struct cws_counter.
 * cws_env_allow  hash, key: u64, FNV-1a (64 bit) of the bytes of an environment variable's name, value: u8 (any). Variables found here
 *                keep their values in cws_exec.envp; of all others only the name leaves the kernel.
 *
 * Knobs, set in .rodata before load:
 *
 * cws_exit_has_group_dead  u8, 0: set to 1 when the kernel's sched_process_exit has a second argument (6.16 and later), that is, when the
 *                          prototype behind btf_trace_sched_process_exit in its BTF has three parameters
 * cws_envp                 u8, 1: whether the environment is read at all
 * cws_env_bits             u64, all ones: bit (length + 5 * first byte) & 63 of each name in cws_env_allow, to tell most others at once
 */
#ifndef CWS_SHARED_H
#define CWS_SHARED_H

#include "cws_event.h"

/*
 * How the reader is woken. Records are written without a wake-up. The reader, before it sleeps, sets `sleeping`, fences, and sleeps (for a
 * bounded time) only if the ring's producer position is unchanged. A program that has written a record whose type is in wake_mask and finds
 * `sleeping` set clears it and wakes. Both words start at zero: the loader sets wake_mask, usually to 1 << CWS_EXEC.
 */
struct cws_wake {
	__cws_u32 sleeping;
	__cws_u32 wake_mask; /* bit n: records of type n wake */
};

enum { CWS_COUNTERS = 16 };

struct cws_counter {
	__cws_u64 seen;     /* records handed to the ring buffer */
	__cws_u64 lost;     /* records that found it full */
	__cws_u64 filtered; /* events that no interest asked for */
};

#define CWS_FNV_OFFSET 0xcbf29ce484222325ULL
#define CWS_FNV_PRIME 0x100000001b3ULL

#endif
