import { defineNotifier, type Letter, messageOf, type Notification, printable } from '@cws/core'
import { dial, secureContextOf } from './dial.ts'
import { Link } from './link.ts'
import { options } from './options.ts'
import { frameOf, recordOf } from './record.ts'

/** Writes each revision of a signal as a record of syslog (RFC 5424), over TLS or TCP. */
export default defineNotifier(import.meta, {
  name: 'syslog',
  options,
  mode: 'every',
  setup(ctx) {
    // Certificates that cannot be had are told now, not with the first signal.
    if (ctx.options.tls) secureContextOf(ctx)
    const { timeout } = ctx.options
    const link = new Link({ dial: (signal) => dial(ctx, signal), timeout, log: ctx.log })
    return {
      render: (letter) => recordOf(letter, ctx.options),
      async deliver(notification, stop) {
        const { body } = notification
        const record = body.startsWith('<') ? body : recordOf(letterOf(notification), ctx.options)
        try {
          return await link.write(frameOf(record), AbortSignal.any([stop, AbortSignal.timeout(timeout)]))
        } catch (error) {
          return { result: 'retry', detail: messageOf(error) }
        }
      },
      close: () => link.close(),
    }
  },
})

/** What could not be rendered comes as the signal itself: it is told in a plain form. */
function letterOf({ key, reason, signal, receipt }: Notification): Letter {
  const message = [{ type: 'paragraph', children: [{ type: 'text', text: printable(signal.message), value: true }] }] as const
  return { key, reason, rule: undefined, signal, title: signal.title, message, generation: 1, receipt, time: signal.last_seen }
}
