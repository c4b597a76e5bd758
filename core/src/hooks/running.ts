/** Which plugin's code the engine runs, in memory that another thread can read when the engine answers no more: the watchdog of docs/design. */

/** Bytes of a place's name. */
const NAME_BYTES = 256
/** Places that have a name of their own: hooks of plugins. What comes beyond them shares the last one. */
const PLACES = 512
const UNNAMED = PLACES - 1
const INNERMOST = 0
const CALL = 1
const OUTERMOST = 2

/** The place that runs (0: none), the number of the outermost call, the place of that call. */
export const runningWords = new Int32Array(new ArrayBuffer(4 * Int32Array.BYTES_PER_ELEMENT))
/** What places are called: `{"plugin":…,"hook":…}`, NAME_BYTES each, ended by a zero byte. */
export const placeNames = new Uint8Array(new ArrayBuffer(NAME_BYTES * PLACES))

const places = new Map<string, number>()
const encoder = new TextEncoder()

/** The number of a place, above 0. The same hook of a plugin has the same in each composition. */
export function placeOf(plugin: string, hook: string): number {
  const name = nameOf(plugin, hook)
  let place = places.get(name)
  if (place === undefined) {
    place = Math.min(places.size + 1, UNNAMED)
    places.set(name, place)
    encoder.encodeInto(
      place === UNNAMED ? nameOf('agent', 'a hook') : name,
      placeNames.subarray(place * NAME_BYTES, (place + 1) * NAME_BYTES - 1),
    )
  }
  return place
}

function nameOf(plugin: string, hook: string): string {
  const whole = JSON.stringify({ plugin, hook })
  // Names of plugins are bounded, types of events hardly.
  return encoder.encode(whole).length < NAME_BYTES ? whole : JSON.stringify({ plugin, hook: '' })
}

/** Code of a plugin begins. Returns what `leave` needs. */
export function enter(place: number): number {
  const outer = runningWords[INNERMOST] as number
  if (outer === 0) {
    runningWords[OUTERMOST] = place
    runningWords[CALL] = ((runningWords[CALL] as number) + 1) | 0
  }
  runningWords[INNERMOST] = place
  return outer
}

/** It has ended. */
export function leave(outer: number): void {
  runningWords[INNERMOST] = outer
}
