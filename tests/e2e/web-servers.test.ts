/** What nginx does to a webhook: as a second reader of what it sends, in front of a receiver, and with what goes wrong there. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '@cws/core'
import { TestNotifier } from '@cws/core/testing'
import webhook from '@cws/plugin-notify-webhook'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Identity, TestAuthority } from '../support/certificates.ts'
import { DebianServer, type Kind } from '../support/debian-server.ts'

const PATIENT = 300_000
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** What listens on an address of its own, all on one port; which certificate it shows, and the lines of its configuration. */
interface Site {
  readonly address: string
  readonly identity: 'good' | 'expired' | 'misnamed' | 'self-signed'
  readonly lines: string
}

const PASSED_ON = 'location / { proxy_pass http://receiver; }'
const sites = {
  plain: { address: '127.0.0.1', identity: 'good', lines: PASSED_ON },
  tls11: { address: '127.0.0.2', identity: 'good', lines: `ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0; ${PASSED_ON}` },
  tls12: { address: '127.0.0.3', identity: 'good', lines: `ssl_protocols TLSv1.2; ${PASSED_ON}` },
  tls13: { address: '127.0.0.4', identity: 'good', lines: `ssl_protocols TLSv1.3; ${PASSED_ON}` },
  expired: { address: '127.0.0.5', identity: 'expired', lines: PASSED_ON },
  misnamed: { address: '127.0.0.6', identity: 'misnamed', lines: PASSED_ON },
  selfSigned: { address: '127.0.0.7', identity: 'self-signed', lines: PASSED_ON },
  asks: { address: '127.0.0.8', identity: 'good', lines: `ssl_verify_client on; ssl_client_certificate /srv/ca.pem; ${PASSED_ON}` },
  paced: { address: '127.0.0.9', identity: 'good', lines: `location / { limit_req zone=paced; proxy_pass http://receiver; }` },
  turns: { address: '127.0.0.10', identity: 'good', lines: 'location / { return 301 https://$http_host$request_uri; }' },
  small: { address: '127.0.0.11', identity: 'good', lines: `client_max_body_size 4k; ${PASSED_ON}` },
  hangsUp: { address: '127.0.0.12', identity: 'good', lines: `keepalive_timeout 0; ${PASSED_ON}` },
  tires: { address: '127.0.0.13', identity: 'good', lines: `keepalive_requests 3; ${PASSED_ON}` },
  idles: { address: '127.0.0.14', identity: 'good', lines: `keepalive_timeout 30ms; ${PASSED_ON}` },
  gateway: { address: '127.0.0.15', identity: 'good', lines: 'location / { proxy_pass http://nobody; }' },
  waits: { address: '127.0.0.16', identity: 'good', lines: `proxy_read_timeout 300ms; ${PASSED_ON}` },
  locked: { address: '127.0.0.17', identity: 'good', lines: `auth_basic cws; auth_basic_user_file /srv/users; ${PASSED_ON}` },
} as const satisfies Readonly<Record<string, Site>>

const nginx = (files: Readonly<Record<string, string>>): Kind => ({
  name: 'nginx',
  packages: ['nginx-light'],
  files: (port) => ({
    ...files,
    users: 'cws:{PLAIN}secret\n',
    'nginx.conf': `daemon off; user root; pid /srv/pid; error_log stderr; events { }
http {
  access_log off; client_body_temp_path /srv/body; proxy_temp_path /srv/proxy; fastcgi_temp_path /srv/fastcgi; uwsgi_temp_path /srv/uwsgi;
  scgi_temp_path /srv/scgi; server_names_hash_bucket_size 128; limit_req_zone $server_addr zone=paced:1m rate=1r/m; limit_req_status 429;
  upstream receiver { server unix:/srv/receiver; }
  upstream nobody { server unix:/srv/nobody; }
  ${Object.values(sites)
    .map(
      ({ address, identity, lines }) => `server { listen ${address}:${port} ssl;
    ssl_certificate /srv/${identity}.pem; ssl_certificate_key /srv/${identity}.key; ${lines} }`,
    )
    .join('\n  ')}
}
`,
  }),
  prepare: 'rm -f "$2/pid"',
  command: 'nginx -e stderr -c /srv/nginx.conf',
})

/** Behind nginx, over a socket in its folder: keeps what came by the id under which it came. */
class Receiver {
  readonly bodies = new Map<string, Set<string>>()
  /** Set: requests are not answered. */
  isSilent = false
  forged = 0
  readonly #server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    // nginx was killed.
    request.on('error', () => {})
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const key = String(request.headers['webhook-id'])
      try {
        new Webhook(SECRET).verify(body, request.headers as Record<string, string>)
      } catch {
        this.forged++
      }
      this.bodies.set(key, (this.bodies.get(key) ?? new Set()).add(body))
      if (!this.isSilent) response.writeHead(204).end()
    })
  })

  async listen(path: string): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(path, resolve))
    chmodSync(path, 0o666)
  }

  reset(): void {
    this.bodies.clear()
    this.isSilent = false
    this.forged = 0
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    return await new Promise((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)))
  } finally {
    socket.destroy()
  }
}

const missing = ['debootstrap', 'unshare'].filter((program) => spawnSync(program, ['--version']).error)
const able = missing.length === 0 && process.getuid?.() === 0 && process.env['CWS_TEST_LONG']

describe.skipIf(!able)(`nginx${missing.length > 0 ? ` (no ${missing})` : ''}`, () => {
  const receiver = new Receiver()
  let folder: string
  let authority: TestAuthority
  let stranger: TestAuthority
  let server: DebianServer
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cws-web-servers-'))
    authority = new TestAuthority(folder)
    stranger = new TestAuthority(mkdtempSync(join(folder, 'stranger-')))
    const here = Object.values(sites)
      .map(({ address }) => `IP:${address}`)
      .join(',')
    const identities = {
      good: authority.identity('good', here),
      expired: authority.identity('expired', here, ['-days', '-1']),
      misnamed: authority.identity('misnamed', 'DNS:elsewhere.example'),
      'self-signed': stranger.identity('stranger', here),
    }
    const files = Object.entries(identities).flatMap(([name, { key, cert }]) => [
      [`${name}.key`, key],
      [`${name}.pem`, cert],
    ])
    const kind = nginx({ ...Object.fromEntries(files), 'ca.pem': readFileSync(authority.caFile, 'utf8') })
    server = await DebianServer.start(kind, isListening)
    await receiver.listen(join(server.folder, 'receiver'))
  }, PATIENT)
  beforeEach(() => receiver.reset())
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await receiver.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const telling = (site: keyof typeof sites, options: object = {}): Promise<TestNotifier> =>
    TestNotifier.of(
      webhook({ url: `https://${sites[site].address}:${server.port}/hook`, secret: SECRET, ca: authority.caFile, ...options }),
    )

  async function outcomeAt(site: keyof typeof sites, options: object = {}): Promise<Outcome> {
    await using notifier = await telling(site, options)
    return (await notifier.deliver()).outcome
  }

  it('passes on what was sent as it was sent, in each version of TLS that is spoken [case 20]', async () => {
    for (const site of ['plain', 'tls12', 'tls13'] as const) {
      await using notifier = await telling(site)
      const { outcome, notification } = await notifier.deliver()
      expect(outcome).toMatchObject({ result: 'delivered' })
      expect([...(receiver.bodies.get(notification.key) ?? [])]).toEqual([notification.body])
    }
    expect(receiver.forged).toBe(0)
  })

  it.each([
    ['tls11', /^cannot connect safely \(ERR_SSL_\w+\)$/],
    ['expired', /^cannot connect safely \(CERT_HAS_EXPIRED\)$/],
    ['misnamed', /^cannot connect safely \(ERR_TLS_CERT_ALTNAME_INVALID\)$/],
    ['selfSigned', /^cannot connect safely \(UNABLE_TO_\w+\)$/],
  ] as const)('is told nothing as %s, and no address is named [case 20]', async (site, detail) => {
    expect(await outcomeAt(site)).toMatchObject({ result: 'broken', detail: expect.stringMatching(detail) })
    expect(receiver.bodies.size).toBe(0)
  })

  it('asks for a certificate: without one, or with one of a stranger, the message is kept [case 20]', async () => {
    const [cert, key] = [join(folder, 'agent.crt'), join(folder, 'agent.secret')]
    const put = (identity: Identity): void => {
      writeFileSync(cert, identity.cert)
      writeFileSync(key, identity.key)
    }
    const wanted = { result: 'broken', detail: 'HTTP 400: the receiver wants a client certificate that it trusts' }
    expect(await outcomeAt('asks')).toEqual(wanted)
    put(stranger.identity('other', 'DNS:agent'))
    expect(await outcomeAt('asks', { cert, key })).toEqual(wanted)
    expect(receiver.bodies.size).toBe(0)
    put(authority.identity('agent', 'DNS:agent'))
    expect(await outcomeAt('asks', { cert, key })).toMatchObject({ result: 'delivered' })
  })

  it('has had enough for now: 429, and the message is kept [case 21]', async () => {
    await using notifier = await telling('paced')
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
    expect((await notifier.deliver({ revision: 2 })).outcome).toMatchObject({ result: 'retry', detail: expect.stringMatching(/^HTTP 429/) })
  })

  it('points to itself: no redirect is followed [case 19]', async () => {
    expect(await outcomeAt('turns')).toEqual({ result: 'broken', detail: 'HTTP 301: redirects are not followed' })
  })

  it('finds a body too large: refused, and taken when it is shorter', async () => {
    await using notifier = await telling('small')
    const tiers: string[] = []
    for (const tier of [0, 1, 2]) {
      const exec = { file: { path: '/dev/shm/x' }, argv: Array(200).fill('y'.repeat(500)) }
      const { outcome } = await notifier.deliver({ event: { type: 'exec', exec } }, { tier })
      tiers.push(`${outcome.result} ${outcome.detail?.slice(0, 8)}`)
      if (outcome.result === 'delivered') break
    }
    expect(tiers[0]).toBe('reject HTTP 413')
    expect(tiers.at(-1)).toBe('delivered HTTP 204')
  })

  it.each(['hangsUp', 'tires', 'idles'] as const)('%s: each message arrives, whenever connections end', async (site) => {
    await using notifier = await telling(site)
    for (let revision = 1; revision <= 40; revision++) {
      let result = ''
      // A connection may end in the moment in which it is used again: what may have arrived is sent again.
      for (let attempt = 1; attempt <= 5 && result !== 'delivered'; attempt++) {
        const { outcome } = await notifier.deliver({ revision }, { attempt })
        result = outcome.result
        expect(['delivered', 'ambiguous']).toContain(result)
      }
      expect(result).toBe('delivered')
      // Around the time after which it ends what idles.
      if (site === 'idles') await sleep(25 + (revision % 10))
    }
    expect(receiver.bodies.size).toBe(40)
    expect([...receiver.bodies.values()].every((bodies) => bodies.size === 1)).toBe(true)
  })

  it('finds nobody behind it, or nobody who answers: the message is kept', async () => {
    expect(await outcomeAt('gateway')).toMatchObject({ result: 'retry', detail: expect.stringMatching(/^HTTP 502/) })
    receiver.isSilent = true
    expect(await outcomeAt('waits')).toMatchObject({ result: 'retry', detail: expect.stringMatching(/^HTTP 504/) })
    expect(await outcomeAt('plain', { timeout: 300 })).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
  })

  it('wants a password: kept until one is given', async () => {
    expect(await outcomeAt('locked')).toMatchObject({ result: 'broken', detail: expect.stringMatching(/^HTTP 401/) })
    const authorization = { env: 'AUTHORIZATION' }
    const url = `https://${sites.locked.address}:${server.port}/hook`
    const instance = webhook({ url, secret: SECRET, ca: authority.caFile, headers: { Authorization: authorization } })
    const secrets = { AUTHORIZATION: `Basic ${Buffer.from('cws:secret').toString('base64')}` }
    await using notifier = await TestNotifier.of(instance, { secrets })
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
  })

  it('may be killed in a flood: each message arrives, and what came twice is the same', { timeout: PATIENT }, async () => {
    await using notifier = await telling('plain')
    const waiting = Array.from({ length: 3_000 }, (_, i) => i + 1)
    const sent = new Map<string, string>()
    let delivered = 0
    const worker = async (): Promise<void> => {
      for (let revision = waiting.shift(); revision !== undefined; revision = waiting.shift()) {
        for (const end = Date.now() + 60_000; ; ) {
          const { outcome, notification } = await notifier.deliver({ revision, count: revision })
          sent.set(notification.key, notification.body)
          if (outcome.result === 'delivered') break
          expect(['retry', 'ambiguous'], outcome.detail).toContain(outcome.result)
          expect(Date.now(), outcome.detail).toBeLessThan(end)
          await sleep(20)
        }
        delivered++
      }
    }
    const workers = [worker(), worker(), worker(), worker()]
    for (const at of [700, 1_900]) {
      await expect.poll(() => delivered, { timeout: 60_000, interval: 1 }).toBeGreaterThan(at)
      await server.kill()
      await server.run()
    }
    await Promise.all(workers)
    expect(sent.size).toBe(3_000)
    expect([...sent].filter(([key, body]) => [...(receiver.bodies.get(key) ?? [])].join() !== body)).toEqual([])
    expect(receiver.forged).toBe(0)
  })
})
