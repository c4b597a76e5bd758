import type { Images } from '../plugin/tracker.ts'
import type { BaseEvent, LiveEvent } from './event-class.ts'

/** How long what is written of an image may be used again: names of users and what providers say may change. */
const MAX_AGE_MS = 10_000
const MAX_IMAGES = 512

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

  constructor(images: Images) {
    this.#images = images
  }

  of(event: LiveEvent): Above {
    const now = performance.now()
    if (now - this.#since > MAX_AGE_MS || this.#parents.size > MAX_IMAGES || this.#ancestors.size > MAX_IMAGES) {
      this.#parents.clear()
      this.#ancestors.clear()
      this.#since = now
    }
    const pending = event.pending?.size
    // Fields that are still being looked up may be known the next time.
    const settled = () => event.pending?.size === pending
    return {
      parent: (write) => {
        const image = this.#images.parent(event.actor)
        const known = this.#parents.get(image)
        if (known !== undefined) return known
        const written = write()
        if (image > 0 && settled()) this.#parents.set(image, written)
        return written
      },
      ancestors: (length, write) => {
        const images = this.#images.above(event.actor)
        const known = images.map((image) => this.#ancestors.get(image))
        if (images.length === length && known.every((one) => one !== undefined)) return known
        const written = write()
        if (images.length === length && settled()) for (const [i, text] of written.entries()) this.#ancestors.set(images[i] as number, text)
        return written
      },
    }
  }
}

const kept = new WeakMap<Images, Kept>()

/** What may be used again for this event: nothing unless it is under dispatch and its author is known to a process tree that numbers images. */
export function aboveOf(event: BaseEvent): Above {
  if (!event.isTracked) return unkept
  const live = event as LiveEvent
  if (live.images === undefined) return unkept
  let of = kept.get(live.images)
  if (!of) {
    of = new Kept(live.images)
    kept.set(live.images, of)
  }
  return of.of(live)
}
