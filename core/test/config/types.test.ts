import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

test('the configuration of the design type-checks, and what is wrong does not', { timeout: 60_000 }, () => {
  const run = () =>
    execFileSync(at('node_modules/.bin/tsc'), ['-p', at('core/test/types/config/tsconfig.json')], { encoding: 'utf8', stdio: 'pipe' })
  let output = ''
  try {
    output = run()
  } catch (error) {
    output = String((error as { stdout?: unknown }).stdout)
  }
  expect(output).toBe('')
})
