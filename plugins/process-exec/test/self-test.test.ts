import { readdirSync, readFileSync } from 'node:fs'
import type { Event } from '@cws/core'
import { expect, test } from 'vitest'
import { selfTest } from '../src/self-test.ts'

const nonce = 'cws-self-test-0123456789abcdef'
const eventOf = (fields: Readonly<Record<string, unknown>>) => ({ get: (name: string) => fields[name] ?? [] }) as unknown as Event

test('only the environment, which other users cannot read, proves the deed', () => {
  const { recognise } = selfTest(() => false)
  expect(recognise(eventOf({ 'process.envs': [nonce] }), nonce)).toBe(true)
  expect(recognise(eventOf({ 'exec.argv0': nonce, 'exec.argv': [nonce, nonce], 'exec.comm': nonce }), nonce)).toBe(false)
  expect(recognise(eventOf({ 'process.envs': [`${nonce}0`, `A=${nonce}`] }), nonce)).toBe(false)
})

test('nothing that anybody may read bears the nonce', async () => {
  await selfTest(() => true).trigger(nonce)
  const marker = await marked()
  expect(readFileSync(`/proc/${marker}/cmdline`, 'latin1')).not.toContain(nonce)
  expect(readFileSync(`/proc/${marker}/comm`, 'latin1')).not.toContain('cws')
  process.kill(marker)
})

async function marked(): Promise<number> {
  for (;;) {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
      try {
        if (readFileSync(`/proc/${name}/environ`, 'latin1') === `${nonce}=\0`) return Number(name)
      } catch {
        // Ended, or another user's.
      }
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}
