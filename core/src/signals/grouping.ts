import type { BaseEvent } from '../model/event-class.ts'
import { briefMembers } from '../model/event-json.ts'
import { parseExact } from '../model/exact-json.ts'
import { rfc3339 } from '../model/rfc3339.ts'
import { bounded, fits } from './bounded.ts'
import type { Finding } from './finding.ts'
import { renderMessage } from './message.ts'
import { rankOf, type Severity } from './severity.ts'
import { shownFields } from './shown-fields.ts'
import { SignalLine } from './signal-line.ts'
import { ulid } from './ulid.ts'

/** How long findings gather in one signal, from the first. */
export const WINDOW_MS = 10 * 60_000
/** Open signals a rule and window; the rest fold into one: an attacker chooses names and so the number of groups. */
export const MAX_OPEN_PER_RULE = 20
/** Containers that a folded signal counts; of more it says that there are more. */
const MAX_CONTAINERS = 1_000
/** How often growing signals are told to the delivery thread. */
const FLUSH_MS = 1_000
const GRAVE = rankOf('medium')

/** What a signal tells of one event. `group` and `event` as JSON. */
interface About {
  readonly message: string
  readonly group: string
  readonly event: string
  /** What it was concluded from, as JSON. */
  readonly findings: string | undefined
  readonly truncated: boolean
}

interface Group {
  readonly key: string
  readonly id: string
  readonly rule: { readonly id: string; readonly name: string }
  readonly opened: number
  readonly title: string
  readonly advice: string
  readonly firstSeen: string
  readonly tags: readonly string[]
  /** Of a folded signal: the containers that it speaks of, by id. */
  readonly folded: Set<string> | undefined
  about: About
  severity: Severity
  lastSeen: bigint
  count: number
  revision: number
  dirty: boolean
  /** It is of a severity of which the circumstances are kept. */
  grave: boolean
}

export interface GroupingOptions {
  readonly host: string
  /** Told of every revision; `final` when the signal's window is over. */
  readonly emit: (signal: SignalLine, final: boolean) => void
  /** Told once a signal, when its line is out: the event with which it came to be of medium severity or above. */
  readonly onGrave?: (signal: string, event: BaseEvent) => void
  /** Milliseconds that never go back. */
  readonly now?: () => number
  /** Whoever gives the time also calls `flush` as it passes. */
  readonly isClocked?: true
  /** Id of a signal that opens with an event of this time, ms since the epoch; random if absent. */
  readonly newId?: (ms: number) => string
}

/** Makes signals from findings: a flood of findings is a few messages to the delivery thread. */
export class Grouping {
  readonly #groups = new Map<string, Group>()
  readonly #openByRule = new Map<string, number>()
  readonly #emit: GroupingOptions['emit']
  readonly #host: string
  readonly #onGrave: GroupingOptions['onGrave']
  readonly #now: () => number
  readonly #isClocked: boolean
  readonly #newId: (ms: number) => string
  #timer: NodeJS.Timeout | undefined

  constructor(options: GroupingOptions) {
    this.#emit = options.emit
    this.#host = options.host
    this.#onGrave = options.onGrave
    this.#now = options.now ?? (() => performance.now())
    this.#isClocked = options.isClocked ?? false
    this.#newId = options.newId ?? (() => ulid())
  }

  get size(): number {
    return this.#groups.size
  }

  add(finding: Finding, event: BaseEvent): void {
    const now = this.#now()
    const fields = groupFields(finding, event)
    const key = groupKey(finding.rule, fields)
    let group = this.#open(key, now)
    if (!group && (this.#openByRule.get(finding.rule) ?? 0) >= MAX_OPEN_PER_RULE) {
      const folded = `${finding.rule}\0folded`
      group = this.#open(folded, now)
      // It shows what is new each time it is told: else a few harmless findings before the real one would hide it.
      if (group && !group.dirty) group.about = about(finding, event, {})
      group ??= this.#start(folded, finding, event, {}, now, true)
    }
    group ??= this.#start(key, finding, event, fields, now, false)
    const seen = timeOf(event)
    if (seen > group.lastSeen) group.lastSeen = seen
    group.count++
    if (group.folded) addContainer(group.folded, event)
    const raised = rankOf(finding.severity) > rankOf(group.severity)
    if (raised) {
      group.severity = finding.severity
      // The last event of what was concluded says more than the first.
      if (finding.evidence) group.about = about(finding, event, group.folded ? {} : fields)
    }
    if (group.revision === 0 || raised) this.#tell(group, false)
    else group.dirty = true
    if (!group.grave && rankOf(group.severity) >= GRAVE) {
      group.grave = true
      this.#onGrave?.(group.id, event)
    }
    if (!this.#isClocked) this.#timer ??= setInterval(() => this.flush(), FLUSH_MS).unref()
  }

  /** Tells what has grown and closes windows that are over. */
  flush(): void {
    const now = this.#now()
    for (const group of this.#groups.values()) {
      const over = now - group.opened >= WINDOW_MS
      if (over) this.#close(group)
      else if (group.dirty) this.#tell(group, false)
    }
    if (this.#groups.size === 0 && this.#timer) {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  /** Ends all windows: the agent stops. */
  close(): void {
    for (const group of [...this.#groups.values()]) this.#close(group)
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #open(key: string, now: number): Group | undefined {
    const group = this.#groups.get(key)
    if (group && now - group.opened >= WINDOW_MS) {
      this.#close(group)
      return undefined
    }
    return group
  }

  #start(key: string, finding: Finding, event: BaseEvent, fields: Readonly<Record<string, unknown>>, now: number, folded: boolean): Group {
    const seen = timeOf(event)
    const name = finding.name ?? finding.rule
    const group: Group = {
      key,
      id: this.#newId(Number(seen / 1_000_000n)),
      rule: { id: finding.rule, name },
      opened: now,
      title: folded ? `More signals of: ${finding.title ?? name}` : (finding.title ?? name),
      advice: finding.advice ?? '',
      firstSeen: rfc3339(seen),
      tags: finding.tags ?? [],
      folded: folded ? new Set() : undefined,
      about: about(finding, event, fields),
      severity: finding.severity,
      lastSeen: seen,
      count: 0,
      revision: 0,
      dirty: false,
      grave: false,
    }
    this.#groups.set(key, group)
    if (!folded) this.#openByRule.set(finding.rule, (this.#openByRule.get(finding.rule) ?? 0) + 1)
    return group
  }

  #tell(group: Group, final: boolean): void {
    group.dirty = false
    const revision = ++group.revision
    const { id, rule, severity, title, advice, firstSeen: first_seen, count, tags, folded, about } = group
    const last_seen = rfc3339(group.lastSeen)
    const message = folded ? `${foldedText(count, folded)} ${about.message}`.trimEnd() : about.message
    const host = { name: this.#host }
    const head = JSON.stringify({
      kind: 'signal',
      id,
      revision,
      rule,
      severity,
      status: 'open',
      title,
      message,
      advice,
      first_seen,
      last_seen,
      count,
      tags,
      host,
    })
    const flags = `${folded ? ',"folded":true' : ''}${about.truncated ? ',"truncated":true' : ''}`
    const findings = about.findings === undefined ? '' : `,"findings":${about.findings}`
    const line = `${head.slice(0, -1)},"group":${about.group},"event":${about.event}${findings}${flags}}`
    this.#emit(
      new SignalLine({ id, rule: rule.id, severity: rankOf(severity), status: 'open', revision, first_seen, last_seen, count }, line),
      final,
    )
  }

  #close(group: Group): void {
    this.#groups.delete(group.key)
    if (!group.folded) {
      const open = (this.#openByRule.get(group.rule.id) ?? 1) - 1
      if (open > 0) this.#openByRule.set(group.rule.id, open)
      else this.#openByRule.delete(group.rule.id)
    }
    if (group.dirty) this.#tell(group, true)
  }
}

function addContainer(containers: Set<string>, event: BaseEvent): void {
  const id = event.get('container.id')
  if (typeof id === 'string' && id !== '' && containers.size <= MAX_CONTAINERS) containers.add(id)
}

/** How much more there is, and where. An agent speaks of one host. */
function foldedText(count: number, { size }: ReadonlySet<string>): string {
  const containers = size > MAX_CONTAINERS ? `more than ${MAX_CONTAINERS} containers` : `${size} ${size === 1 ? 'container' : 'containers'}`
  return `${count} more on 1 host${size > 0 ? `, in ${containers}` : ''}.`
}

function about(finding: Finding, event: BaseEvent, fields: Readonly<Record<string, unknown>>): About {
  const message = finding.message === undefined ? '' : renderMessage(finding.message, event, finding.values)
  const group = JSON.stringify(fields)
  const members = briefMembers(event)
  const text = `{"type":${JSON.stringify(event.type)}${members === '' ? '' : `,${members}`}}`
  const findings = finding.evidence && JSON.stringify(finding.evidence)
  if (fits(group + text + (findings ?? ''))) return { message, group, event: text, findings, truncated: false }
  const cut = bounded({ event: parseExact(text), group: fields, findings: finding.evidence })
  return {
    message,
    group: JSON.stringify(cut['group']),
    event: JSON.stringify(cut['event']),
    findings: findings && JSON.stringify(cut['findings']),
    truncated: true,
  }
}

function timeOf(event: BaseEvent): bigint {
  const time = event.get('event.timestamp')
  return typeof time === 'bigint' ? time : BigInt(Date.now()) * 1_000_000n
}

function groupFields(finding: Finding, event: BaseEvent): Readonly<Record<string, unknown>> {
  return finding.group ?? shownFields(event, finding.groupBy ?? ['container.id', 'process.file.path', `${event.type}.file.path`])
}

function groupKey(rule: string, fields: Readonly<Record<string, unknown>>): string {
  return `${rule}\0${JSON.stringify(Object.values(fields))}`
}
