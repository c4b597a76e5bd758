import type { Images } from '../plugin/tracker.ts'
import type { BaseEvent, LiveEvent } from './event-class.ts'

/** How long what is written of an image may be used again: names of users and what providers say may change. */
const MAX_AGE_MS = 10_000
const MAX_IMAGES = 512
/** Texts that are kept, in characters: who chooses arguments must not fill the memory. */
const MAX_CHARACTERS = 1024 * 1024

/** What is written of the processes above an event's, kept by their images: those of a host are the same few shells and services. */
interface Above {
  parent(write: () => string): string
  /** One text an ancestor, nearest first. */
  ancestors(length: number, write: () => string[]): readonly string[]
}

const unkept: Above = { parent: (write) => write(), ancestors: (_length, write) => write() }

class Kept {
  readonly #images: Images
  readonly #parents = new Map<number, string>()
  readonly #ancestors = new Map<number, string>()
  #since = Number.NEGATIVE_INFINITY
  #redactors = 0
  #characters = 0

  constructor(images: Images) {
    this.#images = images
  }

  of(event: LiveEvent): Above {
    this.#expire(event.redactors.size)
    return {
      parent: (write) => {
        const image = this.#images.parent(event.actor)
        const known = this.#parents.get(image)
        if (known !== undefined) return known
        const written = write()
        if (image > 0 && isSettled(event, 'process.parent.')) this.#keep(this.#parents, image, written)
        return written
      },
      ancestors: (length, write) => {
        const images = this.#images.above(event.actor)
        const known = images.map((image) => this.#ancestors.get(image))
        if (images.length === length && known.every((one) => one !== undefined)) return known
        const written = write()
        if (images.length === length && isSettled(event, 'process.ancestors.'))
          for (const [i, text] of written.entries()) this.#keep(this.#ancestors, images[i] as number, text)
        return written
      },
    }
  }

  #keep(texts: Map<number, string>, image: number, text: string): void {
    if (texts.has(image)) return
    texts.set(image, text)
    this.#characters += text.length
  }

  #expire(redactors: number): void {
    const now = performance.now()
    const full = Math.max(this.#parents.size, this.#ancestors.size) > MAX_IMAGES || this.#characters > MAX_CHARACTERS
    if (!full && now - this.#since <= MAX_AGE_MS && redactors === this.#redactors) return
    this.#parents.clear()
    this.#ancestors.clear()
    this.#characters = 0
    this.#since = now
    this.#redactors = redactors
  }
}

/** Fields that are still being looked up may be known the next time. */
function isSettled({ pending }: LiveEvent, prefix: string): boolean {
  for (const field of pending?.keys() ?? []) if (field.startsWith(prefix)) return false
  return true
}

/** By class of event, for what readers and providers say may differ, and by extent. */
const kept = new WeakMap<object, Kept>()

/**
 * What may be used again for this event: nothing unless it is under dispatch and its author is known to a process tree that numbers images.
 * `plan`: what is written, and of which class.
 */
export function aboveOf(event: BaseEvent, plan: object): Above {
  if (!event.isTracked) return unkept
  const live = event as LiveEvent
  if (live.images === undefined) return unkept
  let of = kept.get(plan)
  if (!of) {
    of = new Kept(live.images)
    kept.set(plan, of)
  }
  return of.of(live)
}
