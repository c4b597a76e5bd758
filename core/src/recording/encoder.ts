import type { LiveEvent } from '../model/event-class.ts'
import { UNKNOWN } from '../model/unknown.ts'
import { writeValue } from './values.ts'

/** What is said of processes again and again, event after event. */
export const BLOCKS = ['process.ancestors.', 'process.parent.', 'process.'] as const
/** Blocks that a reader remembers: the writer names none that is older. */
export const MAX_BLOCKS = 4096
/** Characters of what is remembered, and of one block or of the rest of one event. */
const MAX_TEXT = 32 * 1024 * 1024
export const MAX_PART = 1024 * 1024

type Group = readonly string[]

/**
 * Writes events as lines of a recording. What processes are is written once and named by a number from then on: of the lines before those of an event,
 * each with a block that is new. All is redacted, as wherever it leaves the agent.
 */
export class Encoder {
  readonly #groups = new WeakMap<ReadonlySet<string>, readonly Group[]>()
  readonly #blocks = new Map<string, number>()
  #text = 0
  #next = 0
  /** Parts of events that were too long and are left out. */
  cut = 0

  /** One line or several. */
  lines(event: LiveEvent): string {
    const [own, ...blocks] = this.#groupsOf(event) as [Group, ...Group[]]
    const mirrored = event.mirrored
    const prefix = `${event.type}.`
    let lines = ''
    const numbers: number[] = []
    for (const block of blocks) {
      const text = this.#write(event, block)
      if (text === '') continue
      let number = this.#blocks.get(text)
      if (number === undefined) {
        number = this.#define(text)
        lines += `{"block":${number},"values":{${text}}}\n`
      }
      numbers.push(number)
    }
    const rest = mirrored ? own.filter((name) => !name.startsWith(prefix)) : own
    const values = this.#write(event, rest)
    return `${lines}{"type":${JSON.stringify(event.type)},"process":${event.process$}${mirrored ? ',"mirrored":true' : ''},"blocks":[${numbers}],"values":{${values}}}`
  }

  /** Lines that it wrote were lost: what they defined is defined anew. */
  reset(): void {
    this.#blocks.clear()
    this.#text = 0
  }

  #define(text: string): number {
    this.#text += text.length
    if (this.#blocks.size >= MAX_BLOCKS || this.#text > MAX_TEXT) {
      this.reset()
      this.#text = text.length
    }
    const number = this.#next++
    this.#blocks.set(text, number)
    return number
  }

  #write(event: LiveEvent, names: Group): string {
    let out = ''
    for (const name of names) {
      let value = (event as unknown as Readonly<Record<string, unknown>>)[name]
      if (value === UNKNOWN || value === undefined || value === null) continue
      const redact = event.redactors.get(name)
      if (redact) value = redact(value, event)
      out += `${out === '' ? '' : ','}${JSON.stringify(name)}:${writeValue(value)}`
    }
    if (out.length <= MAX_PART) return out
    this.cut++
    return ''
  }

  /** The event's own fields, then those of each block. */
  #groupsOf({ told }: LiveEvent): readonly Group[] {
    const known = this.#groups.get(told)
    if (known) return known
    const groups: string[][] = [[], ...BLOCKS.map(() => [])]
    for (const name of told) (groups[BLOCKS.findIndex((block) => name.startsWith(block)) + 1] as string[]).push(name)
    this.#groups.set(told, groups)
    return groups
  }
}
