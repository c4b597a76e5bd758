import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Arrivals } from './arrivals.ts'
import { type Contender, DESTINATIONS } from './contender.ts'
import { type Finding, PacedAgent } from './paced-agent.ts'

/** This agent, as it comes. */
export class Cws implements Contender {
  readonly name = 'CWS'
  readonly #arrivals: Arrivals
  readonly #folder: string
  #paced: PacedAgent

  private constructor(arrivals: Arrivals, folder: string, paced: PacedAgent) {
    this.#arrivals = arrivals
    this.#folder = folder
    this.#paced = paced
  }

  static async start(arrivals: Arrivals): Promise<Cws> {
    const folder = mkdtempSync(join(tmpdir(), 'cws-bench-'))
    return new Cws(arrivals, folder, await begin(arrivals, folder))
  }

  async find(finding: Finding, count?: number, ms?: number): Promise<void> {
    await this.#paced.find(finding, count, ms)
  }

  async kill(): Promise<void> {
    await this.#paced.kill()
  }

  async restart(): Promise<void> {
    this.#paced = await begin(this.#arrivals, this.#folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#paced[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const begin = (arrivals: Arrivals, folder: string): Promise<PacedAgent> =>
  PacedAgent.start(
    DESTINATIONS.map((name) => ({ name, url: arrivals.url(name) })),
    { folder },
  )
