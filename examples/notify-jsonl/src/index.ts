import { defineNotifier, type Notification, type Outcome } from '@cws/core'
import { z } from 'zod'
import { JsonlFile } from './jsonl-file.ts'

/** Appends every notification's body to a file of root's, one JSON object a line. */
export default defineNotifier(import.meta, {
  name: 'jsonl',
  options: z.object({
    path: z.string().startsWith('/').describe('File that lines are appended to, made with mode 0600 if it is not there'),
  }),
  async setup(ctx) {
    const file = new JsonlFile(ctx.options.path)
    // The agent may have ended after a line was written and before that was noted: the same notification then comes again.
    let last = keyOf(await file.recover(), ctx.name)
    let queue: Promise<unknown> = Promise.resolve()

    const write = async ({ key, body }: Notification): Promise<Outcome> => {
      if (key === last) return { result: 'delivered', detail: 'was there already' }
      try {
        await file.append(body)
        last = key
        return { result: 'delivered' }
      } catch (error) {
        return { result: 'retry', detail: (error as Error).message }
      }
    }
    return {
      deliver: (notification) => {
        const outcome = queue.then(() => write(notification))
        queue = outcome
        return outcome
      },
      close: async () => void (await queue),
    }
  },
})

/** The key of the notification that a line was written for: `<signal.id>:<revision>:<destination>`. */
function keyOf(line: string | undefined, destination: string): string | undefined {
  if (line === undefined) return undefined
  try {
    const signal = JSON.parse(line) as { readonly id?: unknown; readonly revision?: unknown }
    return `${signal.id}:${signal.revision}:${destination}`
  } catch {
    return undefined
  }
}
