import { CwsError, messageOf } from '../../errors/cws-error.ts'
import { definitionAt } from '../../plugin/define.ts'
import type { Notifier, NotifierContext } from '../../plugin/notifier.ts'
import type { DeliveryLog } from '../log.ts'
import type { DestinationSpec } from '../protocol.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { DestinationQueue } from './destination-queue.ts'

const SETUP_MS = 10_000
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 5 * 60_000

interface Parts {
  readonly queue: DestinationQueue
  readonly log: DeliveryLog
  readonly secrets: Secrets
  readonly clean: (text: string) => string
  readonly signal: AbortSignal
}

/** Sets a notifier up in this thread and starts its queue; one that fails is tried again, with growing waits, while the others run. Returns after the first try. */
export async function setUpNotifier(spec: DestinationSpec, parts: Parts, wait = FIRST_RETRY_MS): Promise<void> {
  const { queue, log, signal, clean } = parts
  try {
    const notifier = await notifierOf(spec, parts)
    // A reload has put another in its place meanwhile.
    if (signal.aborted) await notifier.close?.()
    else queue.start(notifier)
  } catch (error) {
    if (signal.aborted) return
    const reason = clean(messageOf(error))
    queue.broken(reason)
    log.error({ code: error instanceof CwsError ? error.code : 'CWS_ERR_PLUGIN_SETUP' }, `cannot be set up, tried again later: ${reason}`)
    const timer = setTimeout(() => void setUpNotifier(spec, parts, Math.min(wait * 2, LAST_RETRY_MS)), wait)
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  }
}

async function notifierOf(spec: DestinationSpec, { log, secrets, signal }: Parts): Promise<Notifier> {
  await import(spec.site.module)
  const definition = definitionAt(spec.site)
  if (!definition)
    throw new CwsError(
      'CWS_ERR_PLUGIN_INVALID',
      `${spec.site.module} gave another list of notifiers in the delivery thread: there is none at place ${spec.site.ordinal + 1}`,
      { plugin: spec.name, hint: 'call defineNotifier() at the top level of the module, always in the same order' },
    )
  const context: NotifierContext = {
    name: spec.name,
    options: deepFreeze(structuredClone(spec.options)) as Readonly<unknown>,
    log,
    signal,
    secret: (ref) => secrets.resolve(ref),
  }
  const notifier = await inTime(Promise.resolve(definition.setup(context)), spec.name)
  if (typeof notifier?.deliver !== 'function')
    throw new CwsError('CWS_ERR_PLUGIN_INVALID', 'setup(ctx) of a notifier must return { deliver(notification, signal) { … } }', {
      plugin: spec.name,
    })
  return notifier
}

async function inTime<T>(work: Promise<T>, plugin: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new CwsError('CWS_ERR_PLUGIN_TIMEOUT', `setup did not end within ${SETUP_MS} ms`, { plugin })),
      SETUP_MS,
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
