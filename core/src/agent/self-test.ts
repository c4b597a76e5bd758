import { randomBytes } from 'node:crypto'
import type { LiveEvent } from '../model/event-class.ts'
import type { Engine } from '../pipeline/engine.ts'
import { within } from '../plugin/timeout.ts'
import type { Sensor } from './sensors.ts'

/** A loaded host takes its time; a sensor that is alive answers in milliseconds. */
const PATIENCE_MS = 10_000
const MAX_PAST = 8

/**
 * Proves through the whole pipeline that a sensor sees: something harmless is done, the event must come through enrichment and detection and
 * become a finding. Findings of the self-test carry its rule id and go no further than here.
 */
export class SelfTests {
  readonly rule = 'agent-self-test'
  readonly #waiting = new Map<string, { readonly sensor: Sensor; readonly seen: () => void }>()
  /** What the last tests ran: their exits come when nobody waits any more. */
  readonly #past: { readonly sensor: Sensor; readonly nonce: string; readonly pid: unknown }[] = []
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Taps the detection hooks of the types that sensors test on. Called once, before the sensors start. */
  watch(sensors: readonly Sensor[]): void {
    const types = new Set(sensors.flatMap(({ definition }) => (definition.selfTest ? [definition.selfTest.on] : [])))
    for (const type of types)
      this.#engine.hooks
        .facadeFor('self-test')
        .detect.for(type)
        .tap((event) => this.#recognise(event as never))
  }

  #recognise(event: LiveEvent): void {
    if (this.#waiting.size === 0) return
    for (const [nonce, { sensor }] of this.#waiting)
      if (sensor.definition.selfTest?.recognise(event as never, nonce)) {
        this.#past.push({ sensor, nonce, pid: event.get('process.pid') })
        if (this.#past.length > MAX_PAST) this.#past.shift()
        this.#engine.recorder?.leaveOut(event)
        this.#engine.report('self-test', event, { rule: this.rule, severity: 'info', title: nonce })
      }
  }

  /** Whether a finding is the self-test's own; if so it has arrived. */
  arrived(rule: string, title: string | undefined): boolean {
    if (rule !== this.rule) return false
    this.#waiting.get(title ?? '')?.seen()
    return true
  }

  /** Whether an event was made by a self-test under way, or is the end of what a past one ran: it is never shown. */
  isOwn(event: LiveEvent): boolean {
    for (const [nonce, { sensor }] of this.#waiting) if (sensor.definition.selfTest?.recognise(event as never, nonce)) return true
    for (const { sensor, nonce, pid } of this.#past)
      if (event.get('process.pid') === pid && sensor.definition.selfTest?.recognise(event as never, nonce)) return true
    return false
  }

  async run(sensor: Sensor): Promise<void> {
    const test = sensor.definition.selfTest
    if (!test || !sensor.running) return
    const nonce = `cws-self-test-${randomBytes(8).toString('hex')}`
    try {
      await within(PATIENCE_MS, sensor.plugin, 'the self-test', async () => {
        const seen = new Promise<void>((resolve) => this.#waiting.set(nonce, { sensor, seen: resolve }))
        await test.trigger(nonce)
        await seen
      })
      sensor.selfTest = 'alive'
    } catch {
      sensor.selfTest = 'silent'
    } finally {
      this.#waiting.delete(nonce)
    }
  }
}
