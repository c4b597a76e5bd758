import type { LiveEvent } from '../model/event-class.ts'
import type { Undecoded } from '../model/text-bytes.ts'
import type { Readers } from '../plugin/source.ts'

/** The fields of a feed whose bytes its readers tell. */
export function bytesOf(readers: Readers | undefined): Undecoded['bytes'] {
  const found = new Map<string, (event: LiveEvent) => ReturnType<NonNullable<Readers[string]['bytes']>>>()
  for (const [name, { bytes }] of Object.entries(readers ?? {})) if (bytes) found.set(name, (event) => bytes(event.cursor))
  return found.size > 0 ? (found as unknown as Undecoded['bytes']) : undefined
}
