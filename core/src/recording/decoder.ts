import type { EventDefinition } from '../model/define-event.ts'
import { standardEvents } from '../model/standard-events.ts'
import { MAX_BLOCKS } from './encoder.ts'
import { type RecordingHead, readHead } from './head.ts'
import { broken, objectOf, shown } from './line.ts'
import { readValue } from './values.ts'

/** An event as it was recorded. */
export interface RecordedEvent {
  readonly type: string
  /** Number of the process that did it, the same for all of its events; -1 if unknown. */
  readonly process: number
  /** What is known, by dotted name. */
  readonly values: ReadonlyMap<string, unknown>
}

type Values = readonly (readonly [name: string, value: unknown])[]

/** Most blocks that an event can name. */
const MAX_NAMED = 16
/** What blocks may say: what every event has. */
const COMMON = (standardEvents[0] as EventDefinition).fields
const OWN = /^process\.(?!parent\.|ancestors\.)/

/** Reads the lines of a recording in their order. Nothing is believed: what is not as an `Encoder` writes it is an error that names its line. */
export class Decoder {
  readonly #definitionOf: (type: string) => EventDefinition | undefined
  readonly #blocks = new Map<number, Values>()
  #line = 0
  head: RecordingHead | undefined
  /** Events of types that `definitionOf` does not know. */
  unknown = 0

  constructor(definitionOf: (type: string) => EventDefinition | undefined) {
    this.#definitionOf = definitionOf
  }

  /** The event of this line, if it is one of an event of a known type. @throws CwsError CWS_ERR_RECORDING */
  take(text: string): RecordedEvent | undefined {
    this.#line++
    if (!this.head) {
      this.head = readHead(text)
      return undefined
    }
    const line = objectOf(text, this.#line)
    if (line['block'] === undefined) return this.#event(line)
    this.#define(line['block'], line['values'])
    return undefined
  }

  #define(number: unknown, values: unknown): void {
    if (!Number.isSafeInteger(number)) throw broken(this.#line, 'a block has a number')
    const block = this.#read(COMMON, values)
    if (block.some(([name]) => !name.startsWith('process.'))) throw broken(this.#line, 'a block says what a process is')
    this.#blocks.delete(number as number)
    this.#blocks.set(number as number, block)
    // As many as a writer can name, and those that it has forgotten but a moment ago.
    if (this.#blocks.size > 2 * MAX_BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value as number)
  }

  #event({ type, process, mirrored, blocks, values }: Readonly<Record<string, unknown>>): RecordedEvent | undefined {
    if (typeof type !== 'string' || !Number.isSafeInteger(process))
      throw broken(this.#line, 'an event has a type and the number of a process')
    if (!Array.isArray(blocks) || blocks.length > MAX_NAMED) throw broken(this.#line, 'an event has a list of blocks')
    const definition = this.#definitionOf(type)
    if (!definition) {
      this.unknown++
      return undefined
    }
    const known = new Map<string, unknown>()
    for (const number of blocks as readonly unknown[]) {
      const block = this.#blocks.get(number as number)
      if (!block) throw broken(this.#line, `block ${shown(number)} was not defined`)
      for (const [name, value] of block) {
        known.set(name, value)
        if (mirrored === true && OWN.test(name)) {
          const own = type + name.slice('process'.length)
          if (definition.fields.has(own)) known.set(own, value)
        }
      }
    }
    for (const [name, value] of this.#read(definition.fields, values)) known.set(name, value)
    return { type, process: process as number, values: known }
  }

  /** Fields that the model does not have are left out: the recording may be of other plugins. */
  #read(fields: EventDefinition['fields'], values: unknown): Values {
    if (typeof values !== 'object' || values === null) throw broken(this.#line, 'there are no values')
    const known: (readonly [string, unknown])[] = []
    for (const [name, value] of Object.entries(values)) {
      const field = fields.get(name)
      if (!field) continue
      const read = readValue(field, value)
      if (read === undefined) throw broken(this.#line, `${name} is ${field.array ? 'a list of ' : ''}${field.field}, not ${shown(value)}`)
      known.push([name, read])
    }
    return known
  }
}
