import { expect, it } from 'vitest'
import { seed } from '../support/seed.ts'
import { fuzz, seconds } from './fuzz.ts'

it.each([
  ['conditions', 'condition', 500],
  ['configurations in YAML and JSON', 'config-text', 50],
  ['configurations in TypeScript', 'config-script', 50],
  ['records of the kernel', 'records', 100],
])(
  'any %s are taken or refused, in time and memory',
  async (what, target, least) => {
    console.info(`${what}: CWS_TEST_SEED=${seed}, ${seconds} s`)
    // One input had again is enough.
    const rounds = await fuzz(target, process.env['CWS_TEST_SEED'] === undefined ? least : 0)
    console.info(`${what}: ${rounds} inputs`)
    if (process.env['CWS_TEST_SEED'] === undefined) expect(rounds).toBeGreaterThan(least)
  },
  (seconds + 120) * 1000,
)
