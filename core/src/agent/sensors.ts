import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { Feeder, Flavour, InterestSet, Probe, SourceCounts, SourceDefinition } from '../plugin/source.ts'
import { within } from '../plugin/timeout.ts'

const START_MS = 60_000
const STOP_MS = 10_000
const PROBE_MS = 10_000

/** One flavour as `cws doctor` tells it. */
export interface FlavourReport {
  readonly name: string
  readonly state: 'running' | 'available' | 'unavailable' | 'failed' | 'unused'
  readonly reason?: string
  readonly gaps: readonly string[]
}

export interface SensorReport {
  readonly sensor: string
  readonly plugin: string
  readonly feeds: readonly string[]
  readonly running: string | undefined
  readonly pinned: string | undefined
  readonly flavours: readonly FlavourReport[]
  readonly selfTest: 'alive' | 'silent' | 'untested'
  /** What the source counts of itself. */
  readonly figures: Readonly<Record<string, number>>
}

/** One source of a composition: probes its flavours best first, starts the first that works, remembers why the better ones do not. */
export class Sensor {
  readonly plugin: string
  readonly definition: SourceDefinition
  readonly #reports = new Map<string, FlavourReport>()
  #running: Flavour | undefined
  selfTest: SensorReport['selfTest'] = 'untested'

  constructor(plugin: string, definition: SourceDefinition) {
    this.plugin = plugin
    this.definition = definition
  }

  get running(): string | undefined {
    return this.#running?.name
  }

  /** Whether it feeds this type now; with a field: and its flavour does not lack that. */
  tells(type: string, field?: string): boolean {
    return this.#running !== undefined && this.#tellsBy(this.#running, type, field)
  }

  /** By which of its flavours it would. */
  feederOf(type: string, field?: string): Feeder {
    const telling = this.definition.flavours.filter((flavour) => this.#tellsBy(flavour, type, field))
    return { sensor: this.definition.sensor, flavours: telling.map(({ name }) => name) }
  }

  #tellsBy({ lacks }: Flavour, type: string, field: string | undefined): boolean {
    if (!(this.definition.feeds as readonly string[]).includes(type)) return false
    return field === undefined || !lacks?.[type]?.some((one) => (one.endsWith('.*') ? field.startsWith(one.slice(0, -1)) : field === one))
  }

  /** Hands over what is wanted, then starts. Returns false if no flavour runs. @throws CwsError CWS_ERR_SOURCES_FAILED if a pinned flavour cannot. */
  async start(interests: InterestSet): Promise<boolean> {
    const { pin, flavours } = this.definition
    if (pin !== undefined && !flavours.some((flavour) => flavour.name === pin))
      throw new CwsError('CWS_ERR_SOURCES_FAILED', `sensor "${this.definition.sensor}" has no flavour "${pin}"`, {
        plugin: this.plugin,
        hint: `it has: ${flavours.map((flavour) => flavour.name).join(', ')}`,
      })
    await within(START_MS, this.plugin, 'taking interests', () => this.definition.interests?.(interests))
    for (const flavour of flavours) {
      if (pin !== undefined && flavour.name !== pin) continue
      if (await this.#try(flavour)) return true
    }
    if (pin !== undefined)
      throw new CwsError(
        'CWS_ERR_SOURCES_FAILED',
        `the pinned flavour "${pin}" of sensor "${this.definition.sensor}" cannot run: ${this.#reports.get(pin)?.reason}`,
        {
          plugin: this.plugin,
        },
      )
    return false
  }

  async #try(flavour: Flavour): Promise<boolean> {
    const probe = await this.#probe(flavour)
    if (!probe.ok) {
      this.#reports.set(flavour.name, { name: flavour.name, state: 'unavailable', reason: probe.reason, gaps: [] })
      return false
    }
    try {
      await within(START_MS, this.plugin, `starting ${flavour.name}`, () => flavour.start())
      this.#running = flavour
      this.#reports.set(flavour.name, { name: flavour.name, state: 'running', gaps: probe.gaps ?? [] })
      return true
    } catch (error) {
      this.#reports.set(flavour.name, { name: flavour.name, state: 'failed', reason: messageOf(error), gaps: probe.gaps ?? [] })
      await within(STOP_MS, this.plugin, `stopping ${flavour.name}`, () => flavour.stop()).catch(() => {})
      return false
    }
  }

  async #probe(flavour: Flavour): Promise<Probe> {
    try {
      return await within(PROBE_MS, this.plugin, `probing ${flavour.name}`, () => flavour.probe())
    } catch (error) {
      return { ok: false, reason: messageOf(error) }
    }
  }

  /** Probes what has not been tried, without starting it: for `cws doctor`. */
  async probeAll(): Promise<void> {
    for (const flavour of this.definition.flavours) {
      if (this.#reports.has(flavour.name)) continue
      const probe = await this.#probe(flavour)
      this.#reports.set(
        flavour.name,
        probe.ok
          ? { name: flavour.name, state: this.#running ? 'unused' : 'available', gaps: probe.gaps ?? [] }
          : { name: flavour.name, state: 'unavailable', reason: probe.reason, gaps: [] },
      )
    }
  }

  /** Takes over again what another composition's instance of this sensor has adopted meanwhile. */
  async resume(interests: InterestSet): Promise<void> {
    const flavour = this.#running
    if (!flavour) return
    await this.update(interests)
    await within(START_MS, this.plugin, `starting ${flavour.name}`, () => flavour.start())
  }

  async update(interests: InterestSet): Promise<void> {
    await within(START_MS, this.plugin, 'taking interests', () => this.definition.interests?.(interests))
  }

  async stop(): Promise<void> {
    const flavour = this.#running
    this.#running = undefined
    if (flavour) await within(STOP_MS, this.plugin, `stopping ${flavour.name}`, () => flavour.stop())
  }

  counts(): Readonly<Record<string, SourceCounts>> {
    return this.definition.counts?.() ?? {}
  }

  report(): SensorReport {
    const { sensor, feeds, flavours, pin } = this.definition
    return {
      sensor,
      plugin: this.plugin,
      feeds,
      running: this.running,
      pinned: pin,
      flavours: flavours.map((flavour) => this.#reports.get(flavour.name) ?? { name: flavour.name, state: 'unused', gaps: [] }),
      selfTest: this.selfTest,
      figures: this.definition.figures?.() ?? {},
    }
  }
}
