import type { EventDefinition } from '../../src/model/define-event.ts'
import { standardEvents } from '../../src/model/standard-events.ts'
import type { TrackedPast } from '../../src/plugin/tracker.ts'
import type { Draft } from '../../src/recorder/entry.ts'
import { FlightRecorder } from '../../src/recorder/flight-recorder.ts'

export const definitionOf = (type: string): EventDefinition => standardEvents.find((event) => event.type === type) as EventDefinition

interface Deed {
  readonly ms: number
  readonly process: number
  readonly parent?: number
  readonly session?: number
  readonly family?: number
  readonly path?: string
  /** argv0 first. */
  readonly argv?: readonly string[]
  readonly number?: number
}

/** A flight recorder that is told what a tracker would tell it. */
export class Recording {
  readonly recorder: FlightRecorder
  readonly #past: TrackedPast
  #deed: Deed = { ms: 0, process: 0 }

  constructor(bytes?: number) {
    this.recorder = new FlightRecorder(bytes === undefined ? {} : { bytes })
    this.#past = { numbers: this, who: () => {}, own: (_, draft) => this.#fill(draft) }
  }

  exec(deed: Deed): void {
    this.#note('exec', deed)
  }

  fork(deed: Deed): void {
    this.#note('fork', deed)
  }

  exit(deed: Deed): void {
    this.#note('exit', deed)
  }

  #note(type: string, deed: Deed): void {
    this.#deed = deed
    this.recorder.own(this.recorder.typeOf(definitionOf(type)), this.#past)
  }

  #fill(draft: Draft): boolean {
    const { ms, process, parent = 0, session = 1, family = 1, path = '', argv = [], number = 0 } = this.#deed
    Object.assign(draft, { ms, process, parent, session, family, number, pid: process + 1000 })
    const text = Buffer.from(path + argv.map((word) => `${word}\0`).join(''))
    const memory = new Uint8Array((text.length + 7) & ~3)
    // Off the boundary of a word, as texts of records are.
    memory.set(text, 1)
    draft.path = draft.args = { u8: memory, u32: new Uint32Array(memory.buffer) }
    draft.pathStart = 1
    draft.pathLength = Buffer.byteLength(path)
    draft.argsStart = 1 + draft.pathLength
    draft.argsLength = text.length - draft.pathLength
    return true
  }
}
