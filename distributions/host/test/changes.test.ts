import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { PagerDuty } from '../../../plugins/notify-pagerduty/test/pagerduty.ts'
import { RunningAgent } from '../../../tests/support/agent.ts'

const KEY = 'e93facc04764012d7bfb002500d5d1a6'
let folder: string
let receiver: PagerDuty
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cws-changes-'))
  receiver = await PagerDuty.start()
})
afterEach(async () => {
  await receiver[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const rule = (id: string, path: string): string =>
  `{ id: '${id}', name: '${id}', on: 'exec', where: 'exec.file.path == "${path}"', severity: 'low', message: 'It ran.' }`

/** Nothing is watched: what is told here does not hang on it. */
function write(rules: readonly string[], when: string): string {
  const file = join(folder, 'cws.config.mjs')
  writeFileSync(
    file,
    `import rules from '@cws/plugin-rules'
import pagerduty from '@cws/plugin-notify-pagerduty'
export default {
  plugins: [
    rules({ packs: [${rules.join(', ')}] }),
    pagerduty({ routingKey: '${KEY}', endpoint: '${receiver.url}', changes: true }),
  ],
  notifications: [{ name: 'Page us', when: '${when}', to: 'pagerduty' }],
}
`,
    { mode: 0o600 },
  )
  return file
}

it('an agent that reloads tells who asks for it what came, changed and went, once; also when it was changed while none ran [case 62]', async () => {
  const config = write([rule('one', '/bin/a'), rule('two', '/bin/b')], 'severity >= high')
  const start = () => RunningAgent.start({ args: ['--config', config], folder })
  const reloaded = (state: string) => (line: Record<string, unknown>) => line['kind'] === 'status' && line['state'] === state
  {
    await using agent = await start()
    write([rule('one', '/bin/c'), rule('three', '/bin/b')], 'severity >= critical')
    await agent.find(reloaded('reloaded'))
    await expect.poll(() => receiver.changes.length, { timeout: 20_000 }).toBe(1)
    expect(receiver.changes[0]?.payload).toMatchObject({
      summary: 'CWS was changed: 1 plugin changed, 1 rule added, 1 rule changed, 1 rule removed, 1 notification rule changed',
      custom_details: {
        message: 'Plugin changed: rules. Rule added: three. Rule changed: one. Rule removed: two. Notification rule changed: Page us.',
      },
    })
    // What is not taken is not at work.
    write([rule('four', '/bin/d')], 'severty >= critical')
    await agent.find(reloaded('reload_rejected'))
  }
  write([rule('one', '/bin/c'), rule('three', '/bin/b'), rule('five', '/bin/e')], 'severity >= critical')
  await using agent = await start()
  await expect.poll(() => receiver.changes.length, { timeout: 20_000 }).toBe(2)
  expect(receiver.changes[1]?.payload.summary).toBe('CWS was changed: 1 plugin changed, 1 rule added')
  expect(receiver.changes.map(({ payload }) => JSON.stringify(payload)).join()).not.toContain(KEY)
  expect([receiver.alerts, agent.exitCode]).toEqual([[], undefined])
}, 120_000)
