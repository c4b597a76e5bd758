import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'

/** Takes 64 MiB from malloc in pieces that it keeps when they are freed, since one above them stays; says what is resident then, and at least after giving it back. */
const HOLDER = `
import { setTimeout } from 'node:timers/promises'
import { trimHeap } from '@cws/native'
let pieces = Array.from({ length: 1024 }, () => Buffer.alloc(64 * 1024, 1))
const above = Buffer.alloc(64 * 1024, 1)
pieces = undefined
const rss = () => process.memoryUsage.rss() / 2 ** 20
// Its threads free what was collected a little later.
for (let i = 0; i < 20; i++) { globalThis.gc(); await setTimeout(10) }
const held = rss()
const gave = trimHeap()
process.send({ held, left: rss(), gave, above: above.length })
process.disconnect()
`

test('memory that malloc keeps is given back', async () => {
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--conditions=cws-source', '--eval', HOLDER], {
    cwd: import.meta.dirname,
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ held, left, gave }] = (await once(child, 'message')) as [{ held: number; left: number; gave: boolean }]
  await once(child, 'exit')
  expect(gave).toBe(true)
  expect(held - left).toBeGreaterThan(40)
})
