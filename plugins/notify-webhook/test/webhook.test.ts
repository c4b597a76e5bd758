import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import {
  env,
  type Notification,
  type Notifier,
  type NotifierContext,
  type Outcome,
  type SecretRef,
  type Signal,
  secretFile,
} from '@cws/core'
import { hostileValues, PluginTester, sampleSignal, TestNotifier } from '@cws/core/testing'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Identity, TestAuthority } from '../../../tests/support/certificates.ts'
import { ok, Receiver, startProxy } from '../../../tests/support/http-receiver.ts'
import webhook from '../src/index.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const NEVER = new AbortController().signal

new PluginTester({ describe, it }).run(webhook, {
  valid: [
    { url: 'https://siem.example.com/cws', secret: env('SIEM_SECRET') },
    { url: 'http://127.0.0.1:8080/', secret: SECRET, timeout: 500, headers: { 'X-Team': 'security', Authorization: env('TOKEN') } },
    { url: 'http://[::1]/', secret: { file: '/run/secrets/siem' }, proxy: 'http://proxy.example.com:3128', ca: '/etc/ssl/own.pem' },
    { url: 'http://localhost/', secret: SECRET, proxy: env('HTTPS_PROXY') },
    { url: 'https://siem.example.com/', secret: [env('NEW_SECRET'), env('OLD_SECRET')], format: 'ocsf', mode: 'every' },
    { url: 'https://siem.example.com/', secret: SECRET, cert: '/etc/cws/cert.pem', key: '/etc/cws/key.pem', format: 'ecs' },
    {
      url: 'https://siem.example.com/',
      secret: SECRET,
      cert: '/etc/cws/cert.pem',
      key: secretFile('/run/secrets/key'),
      format: 'cloudevents',
    },
    { url: 'https://siem.example.com/{{host.name}}?rule={{ rule_id }}', secret: SECRET, headers: { 'X-Path': '{{@exec.file.path}}' } },
  ],
  invalid: [
    { url: 'https://siem.example.com/' },
    { url: 'http://siem.example.com/', secret: SECRET },
    { url: 'http://127.0.0.1.evil.example/', secret: SECRET },
    { url: 'http://localhost.evil.example/', secret: SECRET },
    { url: 'ftp://localhost/', secret: SECRET },
    { url: 'https://user:password@siem.example.com/', secret: SECRET },
    { url: 'https://siem.example.com/', secret: SECRET, proxy: 'http://user:password@proxy.example.com' },
    { url: 'https://siem.example.com/', secret: SECRET, timeout: 60_000 },
    { url: 'https://siem.example.com/', secret: SECRET, headers: { 'Webhook-Id': 'x' } },
    { url: 'https://siem.example.com/', secret: SECRET, headers: { 'Content-Length': '1' } },
    { url: 'https://siem.example.com/', secret: SECRET, headers: { 'X-A': 'a\r\nX-B: b' } },
    { url: 'https://siem.example.com/', secret: SECRET, headers: { 'X A': 'a' } },
    { url: 'https://siem.example.com/', secret: SECRET, headers: { 'X-Api-Key': 'in plain sight' } },
    { url: 'https://siem.example.com/', secret: SECRET, retries: 3 },
    { url: 'https://siem.example.com/', secret: [] },
    { url: 'https://siem.example.com/', secret: SECRET, format: 'cef' },
    { url: 'https://siem.example.com/', secret: SECRET, mode: 'some' },
    { url: 'https://siem.example.com/', secret: SECRET, cert: '/etc/cws/cert.pem' },
    { url: 'https://siem.example.com/', secret: SECRET, key: '/etc/cws/key.pem' },
    { url: 'https://169.254.169.254/latest', secret: SECRET },
    { url: 'https://[fd00:ec2::254]/', secret: SECRET },
    { url: 'https://metadata.google.internal/', secret: SECRET },
    { url: 'https://{{host.name}}.example.com/', secret: SECRET },
    { url: 'https://siem.example.com/{{hostname}}', secret: SECRET },
    { url: 'https://siem.example.com/{{host.name', secret: SECRET },
    { url: 'https://siem.example.com/', secret: SECRET, headers: { 'X-A': '{{__proto__}}' } },
    { url: 'https://siem.example.com/', secret: SECRET, headers: { 'X-A': '{{@process.__PROTO__}}' } },
  ],
})

const folder = mkdtempSync(join(tmpdir(), 'cws-webhook-'))
let authority: TestAuthority
beforeAll(() => {
  authority = new TestAuthority(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const secrets: Record<string, string> = {}

async function open(options: object): Promise<Notifier & AsyncDisposable> {
  const { definition } = webhook
  const silent = (): void => {}
  const ctx: NotifierContext = {
    name: 'siem',
    options: definition.options?.parse({ secret: SECRET, ...options }) as object,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    signal: NEVER,
    secret: (ref: SecretRef) => ('literal' in ref ? ref.literal : 'env' in ref ? (secrets[ref.env] as string) : ''),
  }
  const notifier = await definition.setup(ctx as never)
  return Object.assign(notifier, { [Symbol.asyncDispose]: async () => await notifier.close?.() })
}

const BODY = '{"kind":"signal","id":"01ABC","title":"é\\u009b","n":18446744073709551615}'
const NOTIFICATION: Notification = {
  key: '01ABC:1:siem',
  body: BODY,
  signal: { id: '01ABC' } as Signal,
  reason: 'opened',
  attempt: 1,
  receipt: undefined,
}

async function deliver(options: object, signal: AbortSignal = NEVER): Promise<Outcome> {
  await using notifier = await open(options)
  return await notifier.deliver(NOTIFICATION, signal)
}

describe('a delivery', () => {
  it('is the stored body, signed so that a verifier of Standard Webhooks accepts it', async () => {
    await using receiver = await Receiver.start()
    secrets['TOKEN'] = 'Bearer abc'
    expect(await deliver({ url: receiver.url, headers: { Authorization: { env: 'TOKEN' }, 'X-Team': 'security' } })).toMatchObject({
      result: 'delivered',
    })
    const [got] = receiver.got
    expect(got).toMatchObject({
      method: 'POST',
      url: '/hook?a=1',
      body: BODY,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        authorization: 'Bearer abc',
        'x-team': 'security',
        'webhook-id': '01ABC:1:siem',
      },
    })
    expect(() => new Webhook(SECRET).verify(got?.body ?? '', got?.headers as Record<string, string>)).not.toThrow()
    expect(() => new Webhook(SECRET).verify(`${got?.body} `, got?.headers as Record<string, string>)).toThrow()
  })

  it('repeated has the same id and body, and is signed with the secret as it is now [case 13] [case 64]', async () => {
    await using receiver = await Receiver.start()
    secrets['ROTATED'] = SECRET
    await using notifier = await open({ url: receiver.url, secret: env('ROTATED') })
    await notifier.deliver(NOTIFICATION, NEVER)
    secrets['ROTATED'] = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    await notifier.deliver({ ...NOTIFICATION, attempt: 2 }, NEVER)
    const [first, second] = receiver.got
    expect([second?.headers['webhook-id'], second?.body]).toEqual([first?.headers['webhook-id'], first?.body])
    expect(() => new Webhook(secrets['ROTATED'] as string).verify(BODY, second?.headers as Record<string, string>)).not.toThrow()
  })

  it('is signed with each of several secrets, so that a receiver may have the new one or the old one', async () => {
    await using receiver = await Receiver.start()
    secrets['NEW'] = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
    secrets['OLD'] = SECRET
    expect(await deliver({ url: receiver.url, secret: [env('NEW'), env('OLD')] })).toMatchObject({ result: 'delivered' })
    const [got] = receiver.got
    const headers = got?.headers as Record<string, string>
    expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/)
    for (const secret of [secrets['NEW'], SECRET]) expect(() => new Webhook(secret as string).verify(BODY, headers)).not.toThrow()
    expect(() => new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`).verify(BODY, headers)).toThrow()
  })

  it('is of the mode that is asked for', async () => {
    for (const mode of ['latest', 'every'] as const) {
      await using notifier = await TestNotifier.of(webhook({ url: 'http://localhost/', secret: SECRET, mode }))
      expect(notifier.manner).toMatchObject({ mode, interrupts: false })
    }
  })

  it('fills what its URL and headers leave open, and nothing in a value leads elsewhere [case 45] [case 50] [case 51]', async () => {
    await using receiver = await Receiver.start()
    const url = `http://localhost:${receiver.port}/in/{{host.name}}/{{@exec.file.path}}?rule={{rule_id}}`
    const headers = { 'X-Path': 'path={{@exec.file.path}}; {{severity}}' }
    await using notifier = await open({ url, headers })
    const paths = [...hostileValues, '/tmp/a\r\nX-Evil: 1', '../..', '/admin?x#y', 'x'.repeat(10_000)]
    for (const path of paths) {
      const notification = { ...NOTIFICATION, signal: sampleSignal({ host: { name: '..' }, event: { exec: { file: { path } } } }) }
      expect(await notifier.deliver(notification, NEVER), path).toMatchObject({ result: 'delivered' })
      const got = receiver.got.at(-1)
      const [, encoded] = /^\/in\/__\/([A-Za-z0-9_.!~*'()%-]+)\?rule=exec-from-memory-fs$/.exec(got?.url ?? '') ?? []
      expect(encoded, path).toBeTruthy()
      expect(got?.headers['x-path']).toBe(`path=${encoded}; high`)
      expect(got?.headers['x-evil']).toBeUndefined()
      if (/[a-z中]/.test(path)) expect(path.slice(0, 256).toWellFormed()).toBe(decodeURIComponent(encoded as string))
    }
    expect(receiver.got).toHaveLength(paths.length)
    expect(new Set(receiver.got.map((got) => Object.keys(got.headers).sort().join()))).toHaveLength(1)
  })

  it('with a secret that is none is refused before anything is sent', async () => {
    await using receiver = await Receiver.start()
    for (const secret of ['whsec_abc', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_!!!!', `whsec_${Buffer.alloc(65).toString('base64')}`])
      await expect(open({ url: receiver.url, secret })).rejects.toMatchObject({ code: 'CWS_ERR_PLUGIN_OPTIONS' })
    secrets['LOST'] = SECRET
    await using notifier = await open({ url: receiver.url, secret: env('LOST') })
    secrets['LOST'] = ''
    expect(await notifier.deliver(NOTIFICATION, NEVER)).toMatchObject({ result: 'broken' })
    expect(receiver.got).toEqual([])
  })
})

describe('an answer', () => {
  it.each([
    [200, 'delivered'],
    [202, 'delivered'],
    [300, 'broken'],
    [400, 'reject'],
    [401, 'broken'],
    [403, 'broken'],
    [404, 'broken'],
    [405, 'broken'],
    [408, 'retry'],
    [409, 'broken'],
    [410, 'broken'],
    [413, 'reject'],
    [415, 'reject'],
    [422, 'reject'],
    [425, 'retry'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('of %i means %s', async (status, result) => {
    await using receiver = await Receiver.start((response) => void response.writeHead(status).end('because'))
    expect(await deliver({ url: receiver.url })).toMatchObject({ result, detail: expect.stringContaining(`HTTP ${status}`) })
    expect(receiver.got).toHaveLength(1)
  })

  it.each([
    ['7', 7_000],
    ['0', 0],
    ['1.2', 1_200],
    ['1000000000', 1e12],
    ['-1', undefined],
    ['soon', undefined],
    ['1e9', undefined],
    ['', undefined],
    ['Mon, 01 Jan 2001 00:00:00 GMT', undefined],
  ])('that says Retry-After: %s [case 21]', async (header, wait) => {
    await using receiver = await Receiver.start((response) => void response.writeHead(429, { 'retry-after': header }).end())
    expect(await deliver({ url: receiver.url })).toEqual({
      result: 'retry',
      detail: wait === undefined ? 'HTTP 429 (its Retry-After is no time to come, and ignored)' : 'HTTP 429',
      ...(wait === undefined ? {} : { retryAfterMs: wait }),
    })
  })

  it('may name a date to come again [case 21]', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString()
    await using receiver = await Receiver.start((response) => void response.writeHead(503, { 'retry-after': date }).end())
    const outcome = (await deliver({ url: receiver.url })) as { retryAfterMs: number }
    expect(outcome.retryAfterMs).toBeGreaterThan(50_000)
    expect(outcome.retryAfterMs).toBeLessThanOrEqual(60_000)
  })

  it('that redirects is never followed [case 19]', async () => {
    await using elsewhere = await Receiver.start()
    for (const status of [301, 302, 303, 307, 308])
      for (const location of [elsewhere.url, 'http://169.254.169.254/latest/', '/hook?a=1']) {
        await using receiver = await Receiver.start((response) => void response.writeHead(status, { location }).end())
        expect(await deliver({ url: receiver.url })).toMatchObject({ result: 'broken' })
        expect(receiver.got).toHaveLength(1)
      }
    expect(elsewhere.connections).toBe(0)
  })

  it('that does not come may have been one: ambiguous, by our deadline or the agent’s [case 18]', async () => {
    await using receiver = await Receiver.start(() => {})
    expect(await deliver({ url: receiver.url, timeout: 200 })).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
    expect(await deliver({ url: receiver.url }, AbortSignal.timeout(100))).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
  })

  it('that breaks off is ambiguous', async () => {
    await using receiver = await Receiver.start((_, request) => void request.socket.destroy())
    expect(await deliver({ url: receiver.url })).toMatchObject({ result: 'ambiguous' })
  })

  it('that is no HTTP is ambiguous [case 18]', async () => {
    for (const text of ['SSH-2.0-OpenSSH_9.2\r\n', 'HTTP/1.1 banana\r\n\r\n']) {
      const server = createServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', () => socket.write(text))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as { port: number }
      expect(await deliver({ url: `http://127.0.0.1:${port}/`, timeout: 2_000 })).toMatchObject({ result: 'ambiguous' })
      await new Promise((resolve) => server.close(resolve))
    }
  })

  it('cannot come where nobody listens: not delivered for sure', async () => {
    const receiver = await Receiver.start()
    const { url } = receiver
    await receiver[Symbol.asyncDispose]()
    expect(await deliver({ url })).toEqual({ result: 'retry', detail: 'no connection (ECONNREFUSED)' })
  })
})

describe('TLS', () => {
  const good = 'DNS:localhost,IP:127.0.0.1'

  it('takes an authority of one’s own', async () => {
    await using receiver = await Receiver.start(ok, authority.identity('good', good))
    expect(await deliver({ url: receiver.url, ca: authority.caFile })).toMatchObject({ result: 'delivered' })
    expect(receiver.got[0]?.body).toBe(BODY)
  })

  it('proves to the receiver who calls, with another certificate as soon as there is one [case 20]', async () => {
    const [first, second] = [authority.identity('agent1', 'DNS:agent1'), authority.identity('agent2', 'DNS:agent2')]
    const callers: string[] = []
    await using receiver = await Receiver.start(
      (response, request) => {
        callers.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN as string)
        response.writeHead(204).end()
      },
      { ...authority.identity('asks', good), ca: readFileSync(authority.caFile, 'utf8'), requestCert: true, rejectUnauthorized: true },
    )
    const [cert, key] = [join(folder, 'agent.pem'), join(folder, 'agent.key')]
    const put = (identity: Identity): void => {
      writeFileSync(cert, identity.cert)
      writeFileSync(key, identity.key)
    }
    put(first)
    await using notifier = await open({ url: receiver.url, ca: authority.caFile, cert, key })
    expect(await notifier.deliver(NOTIFICATION, NEVER)).toMatchObject({ result: 'delivered' })
    writeFileSync(cert, second.cert)
    expect(await notifier.deliver(NOTIFICATION, NEVER)).toMatchObject({ result: 'broken' })
    put(second)
    expect(await notifier.deliver(NOTIFICATION, NEVER)).toMatchObject({ result: 'delivered' })
    secrets['KEY'] = second.key
    expect(await deliver({ url: receiver.url, ca: authority.caFile, cert, key: env('KEY') })).toMatchObject({ result: 'delivered' })
    expect(callers).toEqual(['agent1', 'agent2', 'agent2'])
    // Node's server hangs up without a word: it may as well have been the network.
    expect(await deliver({ url: receiver.url, ca: authority.caFile })).toEqual({
      result: 'ambiguous',
      detail: expect.stringMatching(/^the exchange broke off \((UND_ERR_SOCKET|ECONNRESET|EPIPE)\)$/),
    })
    expect(callers).toHaveLength(3)
    writeFileSync(key, first.key)
    await expect(open({ url: receiver.url, cert, key })).rejects.toThrow(/key values mismatch/)
  })

  it.each([
    ['-tls1_2', { result: 'broken', detail: expect.stringMatching(/^cannot connect safely \(ERR_SSL_[A-Z0-9_/]+\)$/) }],
    // It says so after the handshake, when the message may have left.
    ['-tls1_3', { result: 'ambiguous', detail: expect.stringMatching(/^the exchange broke off \([A-Z_]+\)$/) }],
  ])('in this version (%s) a receiver says that a client certificate is missing, and takes nothing [case 20]', async (version, outcome) => {
    const { key, cert } = authority.identity('wants', good)
    const files = { '-key': join(folder, 'wants.key.pem'), '-cert': join(folder, 'wants.pem'), '-CAfile': authority.caFile }
    writeFileSync(files['-key'], key)
    writeFileSync(files['-cert'], cert)
    const args = ['-Verify', '1', '-verify_return_error', '-accept', '127.0.0.1:0', version, ...Object.entries(files).flat()]
    const server = spawn('openssl', ['s_server', ...args], { stdio: ['pipe', 'pipe', 'ignore'] })
    const ended = once(server, 'close')
    let said = ''
    const port = await new Promise<string>((resolve) =>
      server.stdout.on('data', (chunk: Buffer) => {
        said += chunk
        const [, port] = /^ACCEPT .*:(\d+)$/m.exec(said) ?? []
        if (port !== undefined) resolve(port)
      }),
    )
    try {
      expect(await deliver({ url: `https://localhost:${port}/`, ca: authority.caFile })).toEqual(outcome)
    } finally {
      server.kill()
      await ended
    }
    expect(said).not.toContain(BODY)
  })

  it('is not spoken with who knows old forms of it alone [case 20]', async () => {
    await using receiver = await Receiver.start(ok, {
      ...authority.identity('old', good),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    })
    expect(await deliver({ url: receiver.url, ca: authority.caFile })).toEqual({
      result: 'broken',
      detail: expect.stringMatching(/^cannot connect safely \(ERR_SSL_[A-Z0-9_/]+\)$/),
    })
    expect(receiver.got).toEqual([])
  })

  it('sends nothing to who cannot prove who he is, and names no address [case 20]', async () => {
    const wrongName = authority.identity('wrong', 'DNS:other.example')
    const outOfDate = authority.identity('old', good, ['-days', '-1'])
    const unknown = authority.identity('unknown', good)
    for (const [identity, options] of [
      [wrongName, { ca: authority.caFile }],
      [outOfDate, { ca: authority.caFile }],
      [unknown, {}],
    ] as const) {
      await using receiver = await Receiver.start(ok, identity)
      const outcome = await deliver({ url: receiver.url, ...options })
      expect(outcome).toMatchObject({ result: 'broken', detail: expect.stringMatching(/^cannot connect safely \([A-Z_]+\)$/) })
      expect(receiver.got).toEqual([])
    }
  })

  it('is refused at set-up if the file of authorities is not there', async () => {
    await expect(open({ url: 'https://localhost/', ca: join(folder, 'none.pem') })).rejects.toThrow(/ENOENT/)
    writeFileSync(join(folder, 'empty.pem'), '')
  })

  it('goes through a proxy, end to end', async () => {
    await using receiver = await Receiver.start(ok, authority.identity('behind', good))
    await using proxy = await startProxy()
    secrets['PROXY'] = proxy.url.replace('http://', 'http://user:pass@')
    expect(await deliver({ url: receiver.url, ca: authority.caFile, proxy: proxy.url })).toMatchObject({ result: 'delivered' })
    expect(await deliver({ url: receiver.url, ca: authority.caFile, proxy: env('PROXY') })).toMatchObject({ result: 'delivered' })
    expect(proxy.tunnels).toEqual([`localhost:${receiver.port}`, `localhost:${receiver.port}`])
    expect(proxy.credentials).toEqual(['undefined', `Basic ${Buffer.from('user:pass').toString('base64')}`])
    expect(receiver.got).toHaveLength(2)
  })

  it('waits when the proxy refuses', async () => {
    await using receiver = await Receiver.start(ok, authority.identity('refused', good))
    await using proxy = await startProxy(502)
    expect(await deliver({ url: receiver.url, ca: authority.caFile, proxy: proxy.url })).toMatchObject({ result: 'retry' })
    expect(receiver.connections).toBe(0)
  })
})
