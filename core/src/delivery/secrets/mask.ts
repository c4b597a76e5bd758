import { type Forms, MIN_MASKED } from './forms.ts'
import { type Reading, readingsOf } from './readings.ts'

const MASK = '[secret]'

interface Form {
  readonly bytes: string
  /** It is found also where a text was cut off within it. */
  readonly mayEnd: boolean
}

/** Bytes of a text: the first, and the one after the last. */
type Place = readonly [number, number]

/** Takes secrets out of texts, in a time that does not grow with their number. */
export class Mask {
  /** By their first four bytes. */
  readonly #forms = new Map<number, Form[]>()

  constructor(secrets: Iterable<Forms>) {
    for (const { whole, begun } of secrets) for (const bytes of whole) this.#add({ bytes, mayEnd: begun.includes(bytes) })
  }

  #add(form: Form): void {
    const key = keyAt(form.bytes, 0)
    const others = this.#forms.get(key)
    if (others) others.push(form)
    else this.#forms.set(key, [form])
  }

  masked(text: string, isCut: boolean): string {
    const places = readingsOf(text).flatMap((reading) => this.#placesIn(reading, isCut))
    return places.length === 0 ? text : without(text, places)
  }

  #placesIn({ bytes, at }: Reading, isCut: boolean): Place[] {
    const places: Place[] = []
    const found = (start: number, end: number): void => void places.push([at[start] as number, at[end] as number])
    for (let i = 0; i + MIN_MASKED <= bytes.length; i++)
      for (const form of this.#forms.get(keyAt(bytes, i)) ?? []) {
        if (bytes.startsWith(form.bytes, i)) found(i, i + form.bytes.length)
        else if (isCut && form.mayEnd && form.bytes.length > bytes.length - i && form.bytes.startsWith(bytes.slice(i)))
          found(i, bytes.length)
      }
    return places
  }
}

const keyAt = (bytes: string, i: number): number =>
  (bytes.charCodeAt(i) << 24) | (bytes.charCodeAt(i + 1) << 16) | (bytes.charCodeAt(i + 2) << 8) | bytes.charCodeAt(i + 3)

/** Places that overlap are one. */
function without(text: string, places: Place[]): string {
  const bytes = Buffer.from(text)
  let out = ''
  let done = 0
  for (const [start, end] of places.sort(([a, aEnd], [b, bEnd]) => a - b || bEnd - aEnd)) {
    if (start >= done) out += `${bytes.toString('utf8', done, start)}${MASK}`
    done = Math.max(done, end)
  }
  return out + bytes.toString('utf8', done)
}
