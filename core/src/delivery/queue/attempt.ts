import { messageOf } from '../../errors/cws-error.ts'
import type { Notification, Notifier, Outcome } from '../../plugin/notifier.ts'

/** How long a notifier may ignore its signal before its try is taken as lost. */
const GRACE_MS = 1_000

/** One try with a deadline. What does not end in time may have arrived. */
export async function attempt(notifier: Notifier, notification: Notification, deadlineMs: number, stop: AbortSignal): Promise<Outcome> {
  const controller = new AbortController()
  let grace: NodeJS.Timeout | undefined
  const ignored = new Promise<Outcome>((resolve) => {
    controller.signal.addEventListener('abort', () => {
      grace = setTimeout(() => resolve({ result: 'ambiguous', detail: messageOf(controller.signal.reason) }), GRACE_MS)
    })
  })
  const abort = (): void => controller.abort(stop.reason)
  stop.addEventListener('abort', abort, { once: true })
  if (stop.aborted) abort()
  const deadline = setTimeout(() => controller.abort(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
  try {
    return checked(await Promise.race([notifier.deliver(notification, controller.signal), ignored]))
  } catch (error) {
    // After the abort a throw is how the notifier gave up waiting.
    return { result: controller.signal.aborted ? 'ambiguous' : 'retry', detail: messageOf(error) }
  } finally {
    stop.removeEventListener('abort', abort)
    clearTimeout(deadline)
    clearTimeout(grace)
  }
}

const RESULTS: ReadonlySet<unknown> = new Set(['delivered', 'retry', 'ambiguous', 'broken', 'reject'])

function checked(outcome: Outcome | undefined): Outcome {
  if (!RESULTS.has(outcome?.result)) return { result: 'ambiguous', detail: 'the notifier returned no outcome' }
  const { detail, refused, ...rest } = outcome as Outcome & { readonly detail?: unknown; readonly refused?: unknown }
  const inPart = typeof refused === 'string' && refused !== '' ? { refused } : {}
  return { ...rest, detail: String(detail ?? ''), ...inPart } as Outcome
}
