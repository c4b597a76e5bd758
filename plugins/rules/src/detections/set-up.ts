import { readFileSync } from 'node:fs'
import type { CheckedRule, PluginContext } from '@cws/core'
import type { Rejection, Warning } from '../load.ts'
import type { KnownRules } from './check.ts'
import { Detections } from './detections.ts'
import { type DetectionSources, loadDetections } from './load.ts'
import { DetectionMemory } from './memory.ts'
import { Suppressions } from './suppressions.ts'

/** How often what has changed is written down, windows that are over are let go, and counts are told. */
const SAVE_MS = 5_000
/** Of what detections remember, so that another agent's memory is never taken for this one's. */
const MEMORY_VERSION = 1

export interface SetUp {
  /** The context through which rules report. */
  readonly ctx: PluginContext
  readonly rejected: readonly Rejection[]
  readonly warnings: readonly Warning[]
  /** For `cws status`: how many there are, and what was counted. */
  describe(): string
  /** Called with what `describe` says, whenever that has changed. */
  onChange(tell: () => void): void
}

/** Puts detections and suppressions to work between the rules and those who are told. */
export function setUpDetections(ctx: PluginContext, sources: DetectionSources, rules: readonly CheckedRule[], off: KnownRules): SetUp {
  const { detections: checked, suppressions, rejected, warnings } = loadDetections(sources, rules, off, ctx.model)
  const memory = ctx.keep('detections', () => new DetectionMemory(bootId()), MEMORY_VERSION)
  const detections = new Detections(checked, memory, ctx.state)
  const suppressing = new Suppressions(suppressions, ctx.log)
  if (suppressions.length > 0) ctx.hooks.finding.tap((finding, event) => (suppressing.of(finding, event) === undefined ? finding : null))

  let told = ''
  let tell = () => {}
  const describe = () => {
    const { fired, unkeyed, late, evicted } = detections.counts
    const counted = [...suppressing.counts].filter(([, count]) => count > 0).map(([id, count]) => `${count} by ${id}`)
    const facts = [
      `${checked.length} detections (${[`${fired} fired`, ...(unkeyed ? [`${unkeyed} without a key`] : []), ...(late ? [`${late} late`] : []), ...(evicted ? [`${evicted} forgotten`] : [])].join(', ')})`,
    ]
    if (suppressing.counts.size > 0)
      facts.push(`${suppressing.counts.size} suppressions${counted.length ? ` (suppressed: ${counted.join(', ')})` : ''}`)
    return checked.length + suppressing.counts.size === 0 ? '' : facts.join(', ')
  }
  const save = () => {
    try {
      memory.save(checked, ctx.state)
    } catch (error) {
      ctx.log.error(`what detections remember could not be written down: ${error instanceof Error ? error.message : String(error)}`)
    }
    const now = describe()
    if (now !== told) tell()
    told = now
  }
  if (checked.length + suppressions.length > 0) {
    const timer = setInterval(save, SAVE_MS).unref()
    ctx.onStop(() => {
      clearInterval(timer)
      save()
    })
  }
  ctx.hooks.ready.tap(() => memory.keepOnly(checked, ctx.state))
  return {
    ctx: { ...ctx, report: detections.through(ctx.report) },
    rejected,
    warnings,
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
