import type { Images } from '../plugin/tracker.ts'
import type { BaseEvent } from './event-class.ts'

/** How long what is written of an image may be used again: names of users and what providers say may change. */
const MAX_AGE_MS = 10_000
const MAX_IMAGES = 512

type Json = Record<string, unknown>
/** Who an ancestor is. `same_pid` depends on the event, the rest on the image alone. */
export type BriefAncestor = Json & { same_pid?: unknown }

/** What is written of the processes above an event's, kept by their images: those of a host are the same few shells and services. */
interface Above {
  parent(write: () => Json | undefined): Json | undefined
  ancestors(length: number, samePid: readonly unknown[], write: () => BriefAncestor[]): readonly BriefAncestor[]
}

const plain: Above = { parent: (write) => write(), ancestors: (_length, _samePid, write) => write() }

class Kept {
  readonly #images: Images
  #parents = new Map<number, Json>()
  #ancestors = new Map<number, BriefAncestor>()
  #since = Number.NEGATIVE_INFINITY

  constructor(images: Images) {
    this.#images = images
  }

  of(event: BaseEvent & { readonly actor: number; readonly pending: ReadonlyMap<string, unknown> | undefined }): Above {
    const now = performance.now()
    if (now - this.#since > MAX_AGE_MS || this.#parents.size > MAX_IMAGES || this.#ancestors.size > MAX_IMAGES) {
      this.#parents.clear()
      this.#ancestors.clear()
      this.#since = now
    }
    return {
      parent: (write) => {
        const image = this.#images.parent(event.actor)
        const known = this.#parents.get(image)
        if (known) return known
        const before = event.pending?.size
        const written = write()
        // Fields that are still being looked up may be known the next time.
        if (written && image > 0 && event.pending?.size === before) this.#parents.set(image, deepFreeze(written))
        return written
      },
      ancestors: (length, samePid, write) => {
        const images = this.#images.above(event.actor)
        const known = images.map((image) => this.#ancestors.get(image))
        if (images.length === length && known.every((one) => one !== undefined))
          return known.map((one, i) => (typeof samePid[i] === 'boolean' ? { ...one, same_pid: samePid[i] } : one))
        const before = event.pending?.size
        const written = write()
        if (images.length === length && event.pending?.size === before)
          for (const [i, { same_pid: _, ...rest }] of written.entries()) this.#ancestors.set(images[i] as number, deepFreeze(rest))
        return written
      },
    }
  }
}

const kept = new WeakMap<Images, Kept>()

export function aboveOf(event: BaseEvent): Above {
  const live = event as BaseEvent & {
    readonly images?: Images
    readonly actor?: number
    readonly pending?: ReadonlyMap<string, unknown>
  }
  if (live.images === undefined || live.actor === undefined || live.actor < 0) return plain
  let of = kept.get(live.images)
  if (!of) {
    of = new Kept(live.images)
    kept.set(live.images, of)
  }
  return of.of(live as never)
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) deepFreeze(inner)
  return Object.freeze(value)
}
