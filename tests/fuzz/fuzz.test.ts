import { expect, it } from 'vitest'
import { seed } from '../support/seed.ts'
import { fuzz, seconds } from './fuzz.ts'

it.each([
  ['conditions', 'condition', 500],
  ['configurations in YAML and JSON', 'config-text', 20],
  ['configurations in TypeScript', 'config-script', 20],
  ['records of the kernel', 'records', 100],
])(
  'any %s are taken or refused, in time and memory',
  async (what, target, least) => {
    console.info(`${what}: CWS_TEST_SEED=${seed}, ${seconds} s`)
    const rounds = await fuzz(target)
    console.info(`${what}: ${rounds} inputs`)
    // One input had again is enough.
    if (process.env['CWS_TEST_SEED'] === undefined) expect(rounds).toBeGreaterThan(least)
  },
  (seconds + 120) * 1000,
)
