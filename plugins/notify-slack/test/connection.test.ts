import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from '@cws/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestAuthority } from '../../../tests/support/certificates.ts'
import { startProxy } from '../../../tests/support/http-receiver.ts'
import { byBot, byWebhook, opened } from './opened.ts'
import { SlackServer } from './slack-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'cws-slack-'))
const good = 'DNS:localhost,IP:127.0.0.1'
let authority: TestAuthority
beforeAll(() => {
  authority = new TestAuthority(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const ways = [
  ['a bot', byBot],
  ['a webhook', byWebhook],
] as const

describe.each(ways)('%s', (_, by) => {
  it('takes an authority of one’s own', async () => {
    await using server = await SlackServer.start({ identity: authority.identity('good', good) })
    await using notifier = await opened(by(server, { ca: authority.caFile }))
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
  })

  it('sends nothing to who cannot prove who he is, and names no address [case 20]', async () => {
    for (const [identity, ca] of [
      [authority.identity('wrong', 'DNS:other.example'), { ca: authority.caFile }],
      [authority.identity('unknown', good), {}],
    ] as const) {
      await using server = await SlackServer.start({ identity })
      await using notifier = await opened(by(server, ca))
      expect((await notifier.deliver()).outcome).toEqual({
        result: 'broken',
        detail: expect.stringMatching(/^cannot connect safely \([A-Z_]+\)$/),
      })
      expect(server.calls).toEqual([])
    }
  })

  it('takes another authority without a restart, and stops where there is none', async () => {
    const ca = join(folder, 'trusted.pem')
    copyFileSync(authority.caFile, ca)
    await using server = await SlackServer.start({ identity: authority.identity('changing', good) })
    await using notifier = await opened(by(server, { ca }))
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
    writeFileSync(ca, readFileSync(new TestAuthority(mkdtempSync(join(folder, 'other-'))).caFile))
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'broken', detail: expect.stringMatching(/^cannot connect safely/) })
    rmSync(ca)
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'broken', detail: expect.stringContaining('ENOENT') })
    copyFileSync(authority.caFile, ca)
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
  })

  it('goes through a proxy, end to end, and waits when that refuses', async () => {
    await using server = await SlackServer.start({ identity: authority.identity('behind', good) })
    await using proxy = await startProxy()
    const PROXY = proxy.url.replace('http://', 'http://user:pass@')
    for (const through of [proxy.url, env('PROXY')]) {
      await using notifier = await opened(by(server, { ca: authority.caFile, proxy: through }), { PROXY })
      expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
    }
    expect(proxy.tunnels).toEqual([`localhost:${server.port}`, `localhost:${server.port}`])
    expect(proxy.credentials).toEqual(['undefined', `Basic ${Buffer.from('user:pass').toString('base64')}`])
    await using closed = await startProxy(502)
    await using notifier = await opened(by(server, { ca: authority.caFile, proxy: closed.url }))
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'retry' })
    expect(server.calls).toHaveLength(2)
  })
})
