import { accessSync, constants } from 'node:fs'
import { assertTrusted, defineNotifier, escapeInvisible, messageOf } from '@cws/core'
import { environmentOf } from './environment.ts'
import { options } from './options.ts'
import { run } from './run.ts'

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
