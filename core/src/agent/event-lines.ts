import { compileCondition } from '../condition/compile.ts'
import type { Predicate } from '../condition/ir.ts'
import { parseCondition } from '../condition/parse.ts'
import { CwsError } from '../errors/cws-error.ts'
import type { LiveEvent } from '../model/event-class.ts'
import { lineMembers } from '../model/event-json.ts'
import { rfc3339 } from '../model/rfc3339.ts'
import { UNKNOWN } from '../model/unknown.ts'
import type { Engine } from '../pipeline/engine.ts'
import type { SelfTests } from './self-test.ts'

/** Which events are shown as lines: `--events`, `cws events`. */
export interface EventSelection {
  /** All types that are fed, if absent. */
  readonly types?: readonly string[]
  /** Condition in the rule language; types whose fields do not fit it are left out. */
  readonly where?: string
}

/** One JSON object a line: `{"kind":"event", type, timestamp, host, process, container, <type>:{…}}`. Signals carry the event whole. */
export function eventLine(event: LiveEvent): string {
  const shown = (field: string) => {
    const value = event.get(field)
    const redact = event.redactors.get(field)
    return value === UNKNOWN || !redact ? value : redact(value, event)
  }
  const timestamp = shown('event.timestamp')
  const hostname = shown('event.hostname')
  const head = JSON.stringify({
    kind: 'event',
    type: event.type,
    timestamp: typeof timestamp === 'bigint' ? rfc3339(timestamp) : null,
    host: { name: hostname === UNKNOWN ? null : hostname },
  })
  const members = lineMembers(event)
  return members === '' ? head : `${head.slice(0, -1)},${members}}`
}

/** Where lines go. */
export interface LineSink {
  /** Lines of `count` events, joined by newlines. */
  readonly post: (lines: string, count: number) => void
  /** Hears of a condition that is legal but misleading. */
  readonly warn?: (warning: string) => void
  /** How an event is written; `eventLine` if absent. */
  readonly lineOf?: (event: LiveEvent) => string
}

/**
 * Taps what is selected and hands lines over once a turn of the loop. Returns what hands over at once those that wait: for the end, when there
 * may be no other turn.
 * @throws CwsError CWS_ERR_CONDITION if the condition fits none of the types.
 */
export function tapEventLines(
  engine: Engine,
  selfTests: SelfTests,
  fed: readonly string[],
  selection: EventSelection,
  { post, warn, lineOf = eventLine }: LineSink,
): () => void {
  let lines: string[] = []
  const flush = () => {
    if (lines.length === 0) return
    const batch = lines
    lines = []
    post(batch.join('\n'), batch.length)
  }
  let firstError: unknown
  const warned = new Set<string>()
  let taps = 0
  for (const type of selection.types ?? fed) {
    const definition = engine.events.get(type)
    let holds: Predicate | undefined
    try {
      const condition =
        selection.where === undefined ? undefined : parseCondition(selection.where, definition, (warning) => warned.add(warning))
      if (condition) {
        holds = compileCondition(condition)
        engine.interests.add(type, 'events', condition, true)
      } else engine.interests.add(type, 'events', { op: 'always' }, true)
    } catch (error) {
      if (!(error instanceof CwsError)) throw error
      firstError ??= error
      continue
    }
    taps++
    engine.hooks
      .facadeFor('events')
      .detect.for(type as 'exec')
      .tap(
        (view) => {
          const event = view as unknown as LiveEvent
          if (selfTests.isOwn(event) || (holds && holds(event) !== true)) return
          if (lines.push(lineOf(event)) === 1) setImmediate(flush)
        },
        { stage: 1000 },
      )
  }
  if (taps === 0 && firstError) throw firstError
  for (const warning of warned) warn?.(warning)
  return flush
}
