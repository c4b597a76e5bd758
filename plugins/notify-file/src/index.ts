import { dirname } from 'node:path'
import { assertTrusted, CwsError, defineNotifier, escapeInvisible, messageOf, type Notification, type Outcome } from '@cws/core'
import { BEGINNING, LineFile } from './line-file.ts'
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
    const { path } = ctx.options
    if (process.geteuid?.() === 0) assertTrusted(dirname(path), 'folder of the file', undefined, 'could put another file in its place')
    const file = new LineFile(ctx.options)
    // The agent may have ended after lines were written and before that was noted: the same notifications then come again.
    const known = new Set((await file.recover(KNOWN)).flatMap(keyOf))
    /** What waits to be written, by key. */
    const waiting = new Map<string, { readonly line: string; readonly written: PromiseWithResolvers<Outcome> }>()
    let writing: Promise<void> | undefined

    /** Writes what waits, all that has come meanwhile in one go, until nothing does. */
    const write = async (): Promise<void> => {
      while (waiting.size > 0) {
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
    }
    return {
      deliver({ key, body }: Notification): Promise<Outcome> {
        if (known.has(key)) return Promise.resolve({ result: 'delivered', detail: 'it was there already' })
        const same = waiting.get(key)
        if (same) return same.written.promise
        const written = Promise.withResolvers<Outcome>()
        waiting.set(key, { line: lineOf(key, body), written })
        writing ??= write().finally(() => {
          writing = undefined
        })
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

/** The signal's own line with the key in front: a reader that meets a key twice has met the same thing. */
const lineOf = (key: string, body: string): string =>
  escapeInvisible(`{"key":${JSON.stringify(key)},${body.slice(1)}`).replaceAll('\n', ' ')

function keyOf(line: string): string[] {
  if (!line.startsWith(BEGINNING)) return []
  try {
    return [String((JSON.parse(line) as { readonly key: unknown }).key)]
  } catch {
    return []
  }
}
