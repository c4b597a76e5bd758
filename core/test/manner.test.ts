import { describe, expect, it } from 'vitest'
import { checkInstance } from '../src/config/check-instance.ts'
import type { NotifierDefinition } from '../src/plugin/instance.ts'
import { mannerOf } from '../src/plugin/manner.ts'
import { file } from './fixtures/notifiers.ts'

describe('how a destination is told', () => {
  it('is said by the definition of its notifier, for all or by the options', () => {
    expect(mannerOf({}, {})).toEqual({ mode: 'latest', interrupts: false, changes: false })
    expect(mannerOf({ mode: 'every', interrupts: true }, {})).toEqual({ mode: 'every', interrupts: true, changes: false })
    const definition = { interrupts: (options: unknown) => (options as { token?: string }).token === undefined }
    expect([{}, { token: 'x' }].map((options) => mannerOf(definition, options).interrupts)).toEqual([true, false])
    const calls = { mentions: (options: unknown) => ({ channel: 'slack', ids: options as string[] }) }
    expect(mannerOf(calls, ['S1']).mentions).toEqual({ channel: 'slack', ids: ['S1'] })
  })

  it('is judged with the configuration, before anything of the notifier runs', async () => {
    const instance = file({ path: '/nowhere' })
    const check = async (said: Partial<NotifierDefinition>) =>
      await checkInstance({ ...instance, definition: { ...instance.definition, ...said } } as typeof instance, {
        file: undefined,
        folder: '/',
        env: {},
        areUsed: true,
      })
    expect((await check({ mode: () => 'every' })).problems).toEqual([])
    const wrong: [Partial<NotifierDefinition>, string][] = [
      [{ mode: 'some' as never }, '`mode` in the definition of a notifier must be "latest" or "every", but it is: "some"'],
      [{ interrupts: (() => 1) as never }, '`interrupts` in the definition of a notifier must be true or false, but it is: 1'],
      [
        { mentions: (() => ['S1']) as never },
        '`mentions` in the definition of a notifier must be a kind of channel with a list of ids: { channel, ids }, but it is: a list',
      ],
      ...[
        { burst: 0, perMinute: 60 },
        { burst: 10, perMinute: Number.POSITIVE_INFINITY },
        { burst: Number.POSITIVE_INFINITY, perMinute: 60 },
        { burst: 10, perMinute: Number.NaN },
      ].map((rate): [Partial<NotifierDefinition>, string] => [
        { rate },
        '`rate` in the definition of a notifier must be { burst, perMinute }, both at least 1 and finite, but it is: an object',
      ]),
      [{ mode: () => ({}) as never }, '`mode` in the definition of a notifier must be "latest" or "every", but it is: an object'],
      [
        { interrupts: (options) => (options as { a: { b: boolean } }).a.b },
        "`interrupts` in the definition of a notifier must be a function of the options, but it is: Cannot read properties of undefined (reading 'b')",
      ],
    ]
    for (const [said, message] of wrong) expect((await check(said)).problems).toMatchObject([{ code: 'CWS_ERR_PLUGIN_INVALID', message }])
  })
})
