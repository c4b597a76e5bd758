import { hostname } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import type { AgentStatus } from '../../agent/status.ts'
import { type HeartbeatSettings, isBeatTarget } from '../../config/heartbeat.ts'
import type { SecretRef } from '../../config/secret.ts'
import { messageOf } from '../../errors/cws-error.ts'
import { durationOf } from '../../notifications/duration.ts'
import type { DeliveryLog } from '../log.ts'
import type { HeartbeatCounters } from '../protocol.ts'
import { type Audit, audit, type Standing } from './audit.ts'
import { sendBeat } from './send.ts'

/** The engine's sensors prove that they see, which may take ten seconds on a machine that is busy. */
const PULSE_MS = 15_000
/** Twice what a try may take. */
const OVERDUE_MS = 30_000

/** What became of a beat. `failed`: the watcher did not take it. */
export interface Beat {
  readonly result: 'sent' | 'withheld' | 'failed'
  /** Why it was not sent, or did not arrive. */
  readonly reasons: readonly string[]
}

export interface HeartbeatOptions {
  readonly log: DeliveryLog
  /** Makes a text fit to leave the agent. */
  readonly clean: (text: string) => string
  /** @throws CwsError CWS_ERR_SECRET_MISSING */
  readonly secret: (ref: SecretRef) => string
  /** Has the sensors prove that they see, and asks the engine how it is. */
  readonly pulse: () => Promise<AgentStatus>
  /** Changes something in the store; returns why it could not. */
  readonly touchStore: () => string | undefined
  readonly standings: (overdueMs: number) => readonly Standing[]
  readonly pulseMs?: number
  readonly overdueMs?: number
}

/**
 * Tells a watcher outside, again and again, that all is well: when the agent is gone, hangs or tells nobody any more, nothing comes, and the watcher
 * alarms. A beat is sent only after an audit in the delivery thread found nothing, so that a thread that is alive does not speak for one that is not.
 */
export class Heartbeat implements Disposable {
  readonly #options: HeartbeatOptions
  #settings: HeartbeatSettings | undefined
  #timer: NodeJS.Timeout | undefined
  #abort = new AbortController()
  #beating: Promise<Beat | undefined> | undefined
  readonly #counts = { sent: 0, withheld: 0, failed: 0 }
  #last: HeartbeatCounters['last'] = null
  #reasons: readonly string[] = []

  constructor(options: HeartbeatOptions) {
    this.#options = options
  }

  /** What it did so far; undefined where no configuration asked for it. */
  get counters(): HeartbeatCounters | undefined {
    return this.#settings && { ...this.#counts, last: this.#last, reasons: this.#reasons }
  }

  /** The first beat comes after one interval: who starts again and again is not well. */
  compose(settings: HeartbeatSettings | undefined): void {
    if (isDeepStrictEqual(settings, this.#settings)) return
    this[Symbol.dispose]()
    this.#settings = settings
    this.#last = null
    this.#reasons = []
    if (settings) this.#timer = setInterval(() => void this.beat(), durationOf(settings.every)).unref()
  }

  /** One beat, if the audit allows it; the one that is under way, if there is one. Undefined: no configuration asks for any, or does so any more. */
  beat(): Promise<Beat | undefined> {
    const settings = this.#settings
    if (!settings) return Promise.resolve(undefined)
    const { signal } = this.#abort
    const beating =
      this.#beating ??
      this.#beat(settings, signal).finally(() => {
        if (!signal.aborted) this.#beating = undefined
      })
    this.#beating = beating
    return beating
  }

  async #beat(settings: HeartbeatSettings, signal: AbortSignal): Promise<Beat | undefined> {
    const { findings, notes } = await this.#audit(settings)
    if (signal.aborted) return undefined
    const beat: Beat = findings.length > 0 ? { result: 'withheld', reasons: findings } : await this.#send(settings, notes, signal)
    if (signal.aborted) return undefined
    this.#ended(beat)
    return beat
  }

  async #audit({ tolerate }: HeartbeatSettings): Promise<Audit> {
    const { pulse, touchStore, standings, clean, pulseMs = PULSE_MS, overdueMs = OVERDUE_MS } = this.#options
    let found: Audit
    try {
      const status = await within(pulseMs, pulse())
      const shown = { status, storeError: touchStore(), standings: standings(overdueMs) }
      found = audit(shown, { tolerateMs: durationOf(tolerate) ?? 0, overdueMs })
    } catch (error) {
      found = { findings: [`the engine does not answer: ${messageOf(error)}`], notes: [] }
    }
    return { findings: found.findings.map(clean), notes: found.notes.map(clean) }
  }

  async #send({ url: ref, method, ca, proxy }: HeartbeatSettings, notes: readonly string[], signal: AbortSignal): Promise<Beat> {
    const { secret, clean } = this.#options
    const failed = (reason: string): Beat => ({ result: 'failed', reasons: [clean(reason)] })
    try {
      const url = secret(ref)
      if (!isBeatTarget(url))
        return failed('its URL is not https:// (http:// only to loopback), or leads to a link-local or metadata address')
      const body = `${JSON.stringify({ host: hostname(), state: 'ok', notes })}\n`
      const error = await sendBeat(url, { method, ca, proxy, secret }, body, signal)
      return error === undefined ? { result: 'sent', reasons: [] } : failed(error)
    } catch (error) {
      return failed(messageOf(error))
    }
  }

  /** Each change is logged, not each beat. */
  #ended({ result: how, reasons }: Beat): void {
    const { log } = this.#options
    this.#counts[how]++
    const isNews = how !== this.#last
    this.#last = how
    this.#reasons = reasons
    if (!isNews) return
    if (how === 'withheld') log.error(`the heartbeat is withheld: ${reasons.join('; ')}`)
    else if (how === 'failed') log.warn(`the heartbeat did not arrive: ${reasons.join('; ')}`)
    else log.info(this.#counts.sent === 1 ? 'the first heartbeat has arrived' : 'the heartbeat arrives again')
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#beating = undefined
  }
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms)
  work.then(resolve, reject).finally(() => clearTimeout(timer))
  return promise
}
