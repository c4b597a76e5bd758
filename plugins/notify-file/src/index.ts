import { dirname } from 'node:path'
import { assertTrusted, CwsError, defineNotifier, type Letter, messageOf, type Notification, type Outcome, writtenAs } from '@cws/core'
import { keyOf, lineOf } from './line.ts'
import { LineFile } from './line-file.ts'
import { options } from './options.ts'

/** Keys of the last lines that are known: more than what can be under way at a time. */
const KNOWN = 64
/** The destination as a whole is wrong, until somebody mends it. */
const BROKEN: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENXIO'])

/** Appends each revision of each signal to a file, one JSON object a line, on the disk before it counts as delivered. */
export default defineNotifier(import.meta, {
  name: 'file',
  options,
  mode: 'every',
  async setup(ctx) {
    const { path, format } = ctx.options
    if (process.geteuid?.() === 0) assertTrusted(dirname(path), 'folder of the file', undefined, 'could put another file in its place')
    const file = new LineFile(ctx.options)
    // The agent may have ended after lines were written and before that was noted: the same notifications then come again.
    const known = new Set((await file.recover(KNOWN)).flatMap((line) => keyOf(line) ?? []))
    /** What waits to be written, by key. */
    const waiting = new Map<string, { readonly line: string; readonly written: PromiseWithResolvers<Outcome> }>()
    let writing: Promise<void> | undefined

    /** Writes what waits, all that has come meanwhile in one go, until nothing does. */
    const write = async (): Promise<void> => {
      try {
        while (waiting.size > 0) await writeBatch()
      } finally {
        // In the same turn: what comes in the next one begins anew.
        writing = undefined
      }
    }
    const writeBatch = async (): Promise<void> => {
      const batch = [...waiting]
      const outcome = await appended(
        file,
        batch.map(([, { line }]) => line),
      )
      for (const [key, { written }] of batch) {
        waiting.delete(key)
        if (outcome.result === 'delivered') known.add(key)
        written.resolve(outcome)
      }
      for (const key of known) {
        if (known.size <= KNOWN) break
        known.delete(key)
      }
    }
    return {
      // The native form is the signal's own line, which is what an agent stores that is told nothing else.
      ...(format !== 'native' && { render: (letter: Letter, tier: number) => writtenAs(format, letter, tier) }),
      deliver({ key, body }: Notification): Promise<Outcome> {
        if (known.has(key)) return Promise.resolve({ result: 'delivered', detail: 'it was there already' })
        const same = waiting.get(key)
        if (same) return same.written.promise
        const written = Promise.withResolvers<Outcome>()
        waiting.set(key, { line: lineOf(key, body), written })
        writing ??= write()
        return written.promise
      },
      close: () => writing,
    }
  },
})

async function appended(file: LineFile, lines: readonly string[]): Promise<Outcome> {
  try {
    await file.append(lines)
    return { result: 'delivered' }
  } catch (error) {
    const wrong = error instanceof CwsError || BROKEN.has((error as NodeJS.ErrnoException).code)
    return { result: wrong ? 'broken' : 'retry', detail: messageOf(error) }
  }
}
