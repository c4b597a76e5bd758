import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { importsOf, violations } from './lint-imports.ts'

let root: string
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
const pack = (folder: string, name: string, ...dependencies: string[]) =>
  put(`${folder}/package.json`, JSON.stringify({ name, dependencies: Object.fromEntries(dependencies.map((each) => [each, '1'])) }))

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cws-lint-'))
  pack('core', '@cws/core', 'tapable', 'cosmiconfig', '@cws/native')
  pack('native', '@cws/native', '@cws/core')
  pack('plugins/process-exec', '@cws/plugin-process-exec', '@cws/core', '@cws/native', '@cws/plugin-rules')
  pack('plugins/rules', '@cws/plugin-rules', '@cws/core', '@cws/native')
  pack('plugins/notify-webhook', '@cws/plugin-notify-webhook', '@cws/core', '@cws/native')
  pack('distributions/host', '@cws/agent', '@cws/core', '@cws/plugin-rules')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test('the sources of this repository keep the directions', () => {
  expect(violations(join(import.meta.dirname, '..'))).toEqual([])
})

test('what the directions allow passes', () => {
  put('core/src/hooks/a.ts', "import { SyncHook } from 'tapable'\nimport { b } from '../b.ts'\nimport { join } from 'node:path'")
  put('plugins/process-exec/src/index.ts', "import { load } from '@cws/native'\nimport type { Event } from '@cws/core'")
  put('distributions/host/src/index.ts', "export { rules } from '@cws/plugin-rules'")
  expect(violations(root)).toEqual([])
})

test.each([
  ['core/src/a.ts', "import '@cws/native'", 'core imports no plugin and no native code'],
  ['core/src/a.ts', "type T = import('@cws/plugin-rules').Rules", 'core imports no plugin'],
  ['core/src/a.ts', "import { SyncHook } from 'tapable'", 'only core/src/hooks/ imports tapable'],
  ['core/src/hooks/a.ts', "import { cosmiconfig } from 'cosmiconfig'", 'only core/src/config/ imports cosmiconfig'],
  ['core/src/a.ts', "import '../../native/src/index.ts'", 'reaches into another package'],
  ['core/src/a.ts', "import zod from 'zod'", 'not among the dependencies of @cws/core'],
  ['core/src/a.ts', "import { join } from 'path'", 'is written node:'],
  ['native/src/a.ts', "import { CwsError } from '@cws/core'", 'native imports nothing above it'],
  ['plugins/process-exec/src/a.ts', "await import('@cws/plugin-rules')", 'never import each other'],
  ['plugins/rules/src/a.ts', "export * from '@cws/native'", 'only source plugins touch native code'],
  ['plugins/notify-webhook/src/a.ts', "import '@cws/native'", 'never native code'],
])('%s with %j fails', (file, source, message) => {
  put(file, source)
  expect(violations(root)).toEqual([expect.stringContaining(message)])
})

test('finds imports, not words that look like them', () => {
  const source = [
    '// import "a"',
    'const text = `import "b"`',
    "import type { C } from 'c'",
    "export * from 'd'",
    "await import('e')",
  ].join('\n')
  expect(importsOf(source, 'x.ts')).toEqual(['c', 'd', 'e'])
})
