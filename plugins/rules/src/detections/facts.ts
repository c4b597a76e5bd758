import { type Event, type Evidence, type Finding, rfc3339, shownFields } from '@cws/core'

/** Findings that are remembered for the reader, of one window. */
export const MAX_FACTS = 8
const MAX_TEXT = 200
/** Bytes of one, about: most texts are shared with others or short. */
export const FACT_BYTES = 1_024

/** What of an event tells most about what was done, by whom and to what. */
const ALWAYS = ['process.pid', 'process.file.path', 'process.args', 'process.user', 'container.id']
const OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  exec: [],
  change: ['change.kind', 'change.file.path'],
}

/** ms since the epoch at which an event happened; `otherwise` if it does not say. */
export function timeOf(event: Event, otherwise: number): number {
  const time = event.get('event.timestamp')
  return typeof time === 'bigint' ? Number(time) / 1e6 : otherwise
}

/** A few facts of a finding, redacted and cut. */
export function factOf(finding: Finding, event: Event, at: number, value: string | undefined): Evidence {
  const names = [...ALWAYS, ...(OF_TYPE[event.type] ?? [`${event.type}.file.path`])]
  if (value !== undefined && !names.includes(value)) names.push(value)
  const fields = shownFields(event, names)
  for (const [name, text] of Object.entries(fields)) {
    if (text === null) delete fields[name]
    else if (typeof text === 'string' && text.length > MAX_TEXT) fields[name] = `${text.slice(0, MAX_TEXT)}…(+${text.length - MAX_TEXT})`
  }
  return { rule: finding.rule, timestamp: rfc3339(BigInt(Math.round(at * 1e6))), type: event.type, fields }
}

/** The newest facts, one a value; without values each for itself. */
export class Facts {
  #facts: readonly (readonly [at: number, value: string, fact: Evidence])[] = []

  add(at: number, value: string, fact: Evidence, distinct: boolean): void {
    const others = distinct ? this.#facts.filter((one) => one[1] !== value) : this.#facts
    this.#facts = [...others, [at, value, fact] as const].slice(-MAX_FACTS)
  }

  /** Those after a time, oldest first. */
  since(at: number): Evidence[] {
    return this.#facts
      .filter((one) => one[0] > at)
      .sort((a, b) => a[0] - b[0])
      .map((one) => one[2])
  }

  /** Bytes, about. */
  get weight(): number {
    return FACT_BYTES * this.#facts.length
  }

  toJSON(): unknown {
    return this.#facts
  }

  static from(saved: unknown): Facts {
    const facts = new Facts()
    facts.#facts = saved as never
    return facts
  }
}
