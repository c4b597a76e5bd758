import { accessSync, constants } from 'node:fs'
import { assertTrusted, defineNotifier, escapeInvisible, messageOf, type Notification, shownText } from '@cws/core'
import { options } from './options.ts'
import { run } from './run.ts'

/** Longest id of a rule in the environment, characters. */
const MAX_RULE_ID = 256

/** Runs a program for each signal, which comes as JSON on its standard input; its exit code says what became of it. */
export default defineNotifier(import.meta, {
  name: 'exec',
  options,
  mode: ({ mode }) => mode,
  setup(ctx) {
    const { command, concurrency } = ctx.options
    const [program = ''] = command
    assertRunnable(program)
    return {
      concurrency,
      async deliver(notification, stop) {
        try {
          // Whoever could replace it since would be root by the next signal.
          assertRunnable(program)
        } catch (error) {
          return { result: 'broken', detail: messageOf(error) }
        }
        const { outcome, bytes } = await run(ctx.options, `${escapeInvisible(notification.body)}\n`, environmentOf(notification), stop)
        ctx.log.debug({ key: notification.key }, `${program}: ${outcome.result}, ${bytes} bytes of output`)
        return outcome
      },
    }
  },
})

/** @throws Error if there is no such program, CwsError CWS_ERR_CONFIG_TRUST if somebody but root could replace it */
function assertRunnable(program: string): void {
  accessSync(program, constants.X_OK)
  if (process.geteuid?.() === 0) assertTrusted(program, 'program')
}

/** All of it: nothing of the agent's own, which may hold secrets, and nothing that an attacker chose but what the signal is named by. */
function environmentOf({ key, reason, signal, attempt }: Notification): Record<string, string> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    CWS_KEY: key,
    CWS_REASON: reason,
    CWS_SIGNAL_ID: signal.id,
    CWS_REVISION: String(signal.revision),
    CWS_SEVERITY: signal.severity,
    CWS_STATUS: signal.status,
    // A zero byte in it would let no program be started, nor would 128 KiB.
    CWS_RULE_ID: shownText(signal.rule.id, MAX_RULE_ID),
    CWS_ATTEMPT: String(attempt),
  }
}
