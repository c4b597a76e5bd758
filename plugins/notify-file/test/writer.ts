import { TestNotifier } from '@cws/core/testing'
import file from '../src/index.ts'

/** Delivers signals from a number on, four at a time as the agent does, and says the number of each that was confirmed. To be killed. */
const [path = '', first = '0'] = process.argv.slice(2)
const it = await TestNotifier.of(file({ path, maxSize: 4 * 1024 * 1024, keep: 100 }))
const message = 'x'.repeat(500_000)
let next = Number(first)
const one = async (): Promise<void> => {
  for (;;) {
    const number = next++
    const { outcome } = await it.deliver({ id: `S${String(number).padStart(8, '0')}`, message })
    if (outcome.result !== 'delivered') throw new Error(outcome.detail)
    process.stdout.write(`${number}\n`)
  }
}
await Promise.all([one(), one(), one(), one()])
