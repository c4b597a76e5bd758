import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Playing } from './stream.ts'

/** What a stream is played to. */
export interface Composition {
  readonly name: string
  /** File with the recorded batch. */
  readonly batch: string
  readonly playing: Playing
  readonly rules: 'none' | 'default' | number
  /** Instead of the engine: a list of closures. */
  readonly naive?: boolean
  readonly recorder?: boolean
}

/** What a composition says of itself when it is there. */
export interface Ready {
  readonly events: number
  readonly execs: number
  readonly setupMs: number
  /** Of the engine's thread, µs: the first time that the stream was played. */
  readonly coldCpu: number
  readonly memory: number
}

/** What a round took. */
export interface Round {
  /** Of the engine's thread, µs. */
  readonly cpu: number
  /** Bytes an event, each time that it was played and no garbage was collected. */
  readonly allocated: readonly number[]
  readonly findings: number
}

/**
 * A composition in a process of its own, as an agent has one: what V8 knows of the shapes of its events is not what it knows of others. Plays when
 * it is told, so that several take turns.
 */
export class Variant {
  readonly name: string
  readonly ready: Ready
  readonly rounds: Round[] = []
  readonly #child: ChildProcess

  private constructor(name: string, child: ChildProcess, ready: Ready) {
    this.name = name
    this.#child = child
    this.ready = ready
  }

  static async start(composition: Composition): Promise<Variant> {
    const child = fork(new URL('player.ts', import.meta.url), [JSON.stringify(composition)], {
      execArgv: ['--expose-gc', ...process.execArgv],
    })
    return new Variant(composition.name, child, (await answer(child)) as Ready)
  }

  /** One round. */
  async play(): Promise<void> {
    this.#child.send('play')
    this.rounds.push((await answer(this.#child)) as Round)
  }

  async end(): Promise<void> {
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }
}

async function answer(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController()
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`a player ended with ${code}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal: ended.signal }), exit])
    return message
  } finally {
    exit.catch(() => {})
    ended.abort()
  }
}
