import { addon, type CgroupMode, type Feature, type FeatureName } from './addon.ts'

/** What the running kernel can do. */
export interface Features {
  /** As `uname -r`. */
  release: string
  cgroup: CgroupMode
  features: Readonly<Record<FeatureName, Feature>>
}

/** What cannot be without the other. */
const needs: Partial<Record<FeatureName, FeatureName>> = { tpBtf: 'btf', fentry: 'btf', lsm: 'btf' }

/**
 * Tries each form of program and map on the running kernel (some 30 ms). `without` pretends that the kernel lacks the named features, and what
 * depends on them. Throws {@link NativeUnavailableError}.
 */
export function probeFeatures(options: { without?: readonly FeatureName[] } = {}): Features {
  const { release, cgroup, features } = addon().probe()
  const without = new Set(options.without)
  for (const name of Object.keys(features) as FeatureName[]) {
    const base = needs[name]
    if (without.has(name)) features[name] = { ok: false, reason: 'left out by request' }
    else if (base && without.has(base)) features[name] = { ok: false, reason: `needs ${base}, which is left out by request` }
  }
  return { release, cgroup, features }
}

/** How many arguments the kernel hands to programs on a tracepoint (`sched_process_exit`: 1, from 6.16 on 2); -1 when it has no such tracepoint or no BTF. */
export function tracepointParameters(name: string): number {
  return addon().tracepointParameters(name)
}
