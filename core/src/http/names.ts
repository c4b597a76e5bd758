import { AsyncResource } from 'node:async_hooks'
import dns, { type LookupAddress, type LookupOptions } from 'node:dns'

export type Resolve = (
  host: string,
  options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void

type Callback = Parameters<Resolve>[2]

interface Answer {
  readonly address: string | LookupAddress[]
  readonly family: number | undefined
  /** Of `performance.now()`. */
  readonly at: number
}

interface Name {
  readonly waiting: Set<Callback>
  isAsked: boolean
  known: Answer | undefined
}

/** How long an answer is waited for where an earlier one is known, ms. */
const PATIENCE_MS = 30
/** How long an answer is remembered, ms: name servers seldom fail for longer. */
const MEMORY_MS = 60 * 60_000
/** More names than destinations have. */
const MAX_NAMES = 256

/**
 * Looks names up as all programs of this machine do, by getaddrinfo(3): its hosts file, its search domains and all else that `nsswitch.conf` says hold.
 * That blocks a thread of a pool, of which lookups have half, until the name servers answer. So a name is asked for once at a time, whoever waits for
 * it; and while the answer does not come, or is that there is none now, an earlier one serves.
 */
export class Names {
  readonly #resolve: Resolve
  readonly #names = new Map<string, Name>()

  constructor(resolve: Resolve = (host, options, callback) => dns.lookup(host, options, callback)) {
    this.#resolve = resolve
  }

  readonly lookup: Resolve = (host, options, callback) => {
    const { family, hints, all, order, verbatim } = options
    const key = JSON.stringify([host, family, hints, all, order, verbatim])
    const name = this.#names.get(key) ?? { waiting: new Set(), isAsked: false, known: undefined }
    this.#names.delete(key)
    this.#names.set(key, name)
    this.#bound()
    if (name.known && performance.now() - name.known.at >= MEMORY_MS) name.known = undefined
    const { known } = name
    // It runs as code of who waits, though somebody else may have asked.
    const answer = AsyncResource.bind(callback)
    const timer = known && setTimeout(() => name.waiting.delete(waiter) && tell(known, answer), PATIENCE_MS)
    const waiter: Callback = (...given) => {
      if (timer) clearTimeout(timer)
      answer(...given)
    }
    name.waiting.add(waiter)
    if (!name.isAsked) this.#ask(name, host, options)
  }

  #ask(name: Name, host: string, options: LookupOptions): void {
    name.isAsked = true
    const answered: Callback = (error, address, family) => {
      name.isAsked = false
      if (error === null) name.known = { address, family, at: performance.now() }
      // That there is no such name is an answer too.
      else if (error.code === 'ENOTFOUND') name.known = undefined
      const { known } = name
      const waiting = [...name.waiting]
      name.waiting.clear()
      // Each by itself: that one of them throws is no matter of the others.
      for (const waiter of waiting) queueMicrotask(() => (known ? tell(known, waiter) : waiter(error, address, family)))
    }
    try {
      this.#resolve(host, options, answered)
    } catch (error) {
      answered(error as NodeJS.ErrnoException, [])
    }
  }

  /** Who was asked for longest ago goes first, unless somebody waits for it. */
  #bound(): void {
    for (const [key, { isAsked }] of this.#names) {
      if (this.#names.size <= MAX_NAMES) return
      if (!isAsked) this.#names.delete(key)
    }
  }
}

const tell = ({ address, family }: Answer, callback: Callback): void => callback(null, address, family)

/** For all destinations of this thread. */
const names = new Names()

/** Looks a name up, as `dns.lookup` does, without a slow name server's holding up who looks up other names: for `lookup` of a connection. */
export const sharedLookup = names.lookup
