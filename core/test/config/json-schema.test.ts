import { expect, test } from 'vitest'
import { z } from 'zod'
import { configSchema } from '../../src/config/json-schema.ts'
import { secret } from '../../src/config/secret.ts'

const fim = z.object({ watch: z.array(z.string()).default(['/etc/**']), deep: z.object({ files: z.int().min(1) }).optional() })
const schema = configSchema([
  { package: '@cws/plugin-fim', definition: { options: fim } },
  { package: 'cws-plugin-pager', definition: { options: z.object({ token: secret('Token') }) } },
  { package: '@acme/usb', definition: {} },
])
const accepts = (value: unknown) => z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success

test.each([
  { plugins: [] },
  { plugins: ['fim', { fim: null }, { fim: { name: 'a', watch: ['/a'], deep: { files: 1 } } }] },
  { plugins: [{ pager: { token: 'x' } }, { pager: { token: { env: 'X' } } }, { pager: { token: { file: '/x' } } }] },
  { plugins: ['@acme/usb', { '@acme/usb': { name: 'u' } }, { 'cws-plugin-else': { any: 1 } }, './own.ts'] },
  {
    plugins: [],
    notifications: [
      { name: 'A', to: 'x', when: 'severity >= low', repeat: '4h', enabled: false },
      { name: 'B', to: ['x'] },
    ],
  },
])('the JSON Schema accepts %j', (value) => expect(accepts(value)).toBe(true))

test.each([
  {},
  { plugins: [], notification: [] },
  { plugins: [5] },
  { plugins: [{ fim: { wach: [] } }] },
  { plugins: [{ fim: { deep: { files: 0 } } }] },
  { plugins: [{ fim: { deep: { files: 1, more: 1 } } }] },
  { plugins: [{ pager: {} }] },
  { plugins: [{ pager: { token: { env: 'X', file: 'y' } } }] },
  { plugins: [{ '@acme/usb': { limit: 1 } }] },
  { plugins: [], notifications: [{ name: 'A' }] },
  { plugins: [], notifications: [{ name: 'A', to: 'x', repeat: 'soon' }] },
])('the JSON Schema refuses %j', (value) => expect(accepts(value)).toBe(false))

test('the JSON Schema marks secrets and carries descriptions', () => {
  const text = JSON.stringify(schema)
  expect(text).toContain('"writeOnly":true')
  expect(text).toContain('Environment variable that holds the secret')
})
