import type { SecretRef } from '../config/secret.ts'
import type { Letter } from '../messages/letter.ts'
import type { NotifierInstance } from '../plugin/instance.ts'
import type { Logger } from '../plugin/logger.ts'
import { type Manner, mannerOf } from '../plugin/manner.ts'
import type { Notification, Notifier, NotifierContext, Outcome } from '../plugin/notifier.ts'
import { freezeDeep } from '../plugin/validate.ts'
import type { Signal } from '../signals/signal.ts'
import { loadOptions } from './load-options.ts'
import { sampleLetter, sampleSignal } from './samples.ts'
import { loggerInto, type ObservedLog } from './test-pipeline.ts'

/** What secrets read as unless told otherwise: of the form that Standard Webhooks wants, and of nobody. */
const SAMPLE_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

export interface TestNotifierOptions {
  /** Values of secrets, by the name of their variable or the path of their file. */
  readonly secrets?: Readonly<Record<string, string>>
}

export interface TryOptions {
  /** 1 for the first try. */
  readonly attempt?: number
  readonly deadlineMs?: number
  /** Of rendering. */
  readonly tier?: number
  /** What the letter says otherwise. */
  readonly letter?: Partial<Letter>
}

export interface Delivery {
  readonly outcome: Outcome
  readonly notification: Notification
}

/** A notifier set up as the delivery thread does it, without store or retries: what goes in is one try. */
export class TestNotifier implements AsyncDisposable {
  readonly notifier: Notifier
  /** How it would be told. */
  readonly manner: Manner
  readonly logs: readonly ObservedLog[]
  readonly #name: string
  readonly #abort: AbortController

  private constructor(name: string, notifier: Notifier, manner: Manner, logs: readonly ObservedLog[], abort: AbortController) {
    this.#name = name
    this.notifier = notifier
    this.manner = manner
    this.logs = logs
    this.#abort = abort
  }

  /** Validates the options, lets them cross to another thread, freezes them and sets the notifier up. */
  static async of(instance: NotifierInstance, { secrets = {} }: TestNotifierOptions = {}): Promise<TestNotifier> {
    const logs: ObservedLog[] = []
    const abort = new AbortController()
    const options = freezeDeep(structuredClone(await loadOptions(instance))) as object
    const context: NotifierContext = {
      name: instance.name,
      options,
      log: loggerInto(logs, instance.name) satisfies Logger,
      signal: abort.signal,
      secret: (ref: SecretRef) => ('literal' in ref ? ref.literal : (secrets['env' in ref ? ref.env : ref.file] ?? SAMPLE_SECRET)),
    }
    const manner = mannerOf(instance.definition, options)
    return new TestNotifier(instance.name, await instance.definition.setup(context as never), manner, logs, abort)
  }

  /**
   * One try to deliver a signal; what is not given is filled in. A notifier that renders gets a letter with the signal's message as one
   * paragraph, changed by `letter`. A throw is the caller's: the agent would count it as `retry`.
   */
  async deliver(
    signal: Partial<Signal> = {},
    { attempt = 1, deadlineMs = 10_000, tier = 0, letter = {} }: TryOptions = {},
  ): Promise<Delivery> {
    const whole = sampleSignal(signal)
    const written = sampleLetter({
      key: `${whole.id}:${whole.revision}:${this.#name}`,
      reason: whole.revision === 1 ? 'opened' : 'updated',
      signal: whole,
      ...letter,
    })
    const { key, reason, receipt } = written
    const shortened = tier > 0 ? this.notifier.shorten?.(written, tier) : undefined
    const body = this.notifier.render?.(written, tier) ?? shortened ?? JSON.stringify({ kind: 'signal', ...whole })
    const notification: Notification = { key, reason, signal: written.signal, body, attempt, receipt }
    return { outcome: await this.notifier.deliver(notification, AbortSignal.timeout(deadlineMs)), notification }
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    await this.notifier.close?.()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
