import { readFileSync } from 'node:fs'
import { messageOf, type PluginContext } from '@cws/core'
import { Detections } from './detections.ts'
import type { LoadedDetections } from './load.ts'
import { DetectionMemory } from './memory.ts'
import { Suppressions } from './suppressions.ts'

/** How often what has changed is written down, windows that are over are let go, and counts are told. */
const SAVE_MS = 5_000
/** Of what detections remember: another version's is not taken over by a reload. */
const MEMORY_VERSION = 1

/** What stands between the rules and those who are told. */
export interface Between {
  /** The context through which rules report. */
  readonly ctx: PluginContext
  /** Rules of policies as they are to be run: a silent one at which a detection looks reports all the same, and `ctx` does not tell it. */
  heard<R extends { readonly id: string; readonly silent: boolean }>(rules: readonly R[]): readonly R[]
  /** For `cws status`: how many there are and what was counted; empty if there are none. */
  describe(): string
  /** Calls back whenever that has changed. */
  onChange(tell: () => void): void
}

interface ToSetUp extends Pick<LoadedDetections, 'detections' | 'suppressions'> {
  /** Rules of policies, which may be silent. */
  readonly policyRules: readonly { readonly id: string; readonly silent: boolean }[]
}

/** Puts detections and suppressions to work between the rules and those who are told. */
export function setUpDetections(ctx: PluginContext, loaded: ToSetUp): Between {
  const memory = ctx.keep('detections', () => new DetectionMemory(bootId()), MEMORY_VERSION)
  const silent = loaded.policyRules.filter((rule) => rule.silent).map((rule) => rule.id)
  const detections = new Detections(loaded.detections, silent, memory, ctx.state)
  const counts = ctx.keep('suppressed', () => new Map<string, number>(), MEMORY_VERSION)
  const suppressions = new Suppressions(loaded.suppressions, counts, ctx.log)
  if (loaded.suppressions.length > 0)
    ctx.hooks.finding.tap((finding, event) => (suppressions.of(finding, event) === undefined ? finding : null))

  const describe = () => [detections.describe(), suppressions.describe()].filter((text) => text !== '').join(', ')
  let told = describe()
  let tell = () => {}
  let isFailing = false
  const save = () => {
    try {
      memory.save(loaded.detections, ctx.state)
      isFailing = false
    } catch (error) {
      if (!isFailing) ctx.log.error(`what detections remember could not be written down: ${messageOf(error)}`)
      isFailing = true
    }
    const now = describe()
    if (now !== told) tell()
    told = now
  }
  if (loaded.detections.length + loaded.suppressions.length > 0) {
    const timer = setInterval(save, SAVE_MS).unref()
    ctx.onStop(() => {
      clearInterval(timer)
      save()
    })
  }
  ctx.hooks.ready.tap(() => memory.keepOnly(loaded.detections, ctx.state))
  return {
    ctx: { ...ctx, report: detections.through(ctx.report) },
    heard: (rules) => rules.map((rule) => (rule.silent && detections.lookAt(rule.id) ? { ...rule, silent: false } : rule)),
    describe,
    onChange: (callback) => {
      tell = callback
    },
  }
}

/** Changes with each boot of the host; empty where there is no /proc. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return ''
  }
}
