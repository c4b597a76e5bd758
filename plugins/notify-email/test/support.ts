import type { Outcome } from '@cws/core'
import { TestNotifier, type TestNotifierOptions } from '@cws/core/testing'
import email from '../src/index.ts'

/** Options for a server on loopback that speaks without TLS. */
export function plain(port: number, more: object = {}) {
  return { host: '127.0.0.1', port, tls: 'none' as const, from: 'CWS <cws@example.com>', to: 'soc@example.com', ...more }
}

type Options = Parameters<typeof email>[0]
type TryOptions = Parameters<TestNotifier['deliver']>[1]

export async function open(options: object, secrets?: TestNotifierOptions): Promise<TestNotifier> {
  return await TestNotifier.of(email(options as Options), secrets)
}

/** One try of the sample signal. */
export async function tried(options: object, how: TryOptions = {}, secrets?: TestNotifierOptions): Promise<Outcome> {
  await using notifier = await open(options, secrets)
  return (await notifier.deliver({}, how)).outcome
}
