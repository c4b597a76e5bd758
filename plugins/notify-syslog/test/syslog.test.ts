import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { secretFile } from '@cws/core'
import { PluginTester, TestNotifier } from '@cws/core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paragraph, value } from '../../../core/test/fixtures/letters.ts'
import { type Identity, TestAuthority } from '../../../tests/support/certificates.ts'
import syslog from '../src/index.ts'
import { Window } from '../src/window.ts'
import { keyOf, SyslogReceiver } from './receiver.ts'

type Options = Parameters<typeof syslog>[0]

new PluginTester({ describe, it }).run(syslog, {
  valid: [
    { host: 'logs.example.com' },
    { host: '2001:db8::1', port: 10514, serverName: 'logs.example.com', facility: 'local3', appName: 'cws-web', sdId: 'acme@12345' },
    { host: '127.0.0.1', tls: false, maxSize: 480, bom: false, timeout: 500 },
    { host: 'logs.example.com', tls: false, allowPlaintext: true },
  ],
  invalid: [
    {},
    { host: 'logs.example.com:514' },
    { host: 'logs.example.com', port: 0 },
    { host: 'logs.example.com', tls: false },
    { host: '169.254.169.254' },
    { host: 'logs.example.com', cert: '/etc/ssl/cws.pem' },
    { host: 'localhost', tls: false, ca: '/etc/ssl/own.pem' },
    { host: 'logs.example.com', facility: 'local8' },
    { host: 'logs.example.com', appName: 'two words' },
    { host: 'logs.example.com', sdId: 'cws' },
    { host: 'logs.example.com', sdId: 'c"w@1' },
    { host: 'logs.example.com', maxSize: 100 },
    { host: 'logs.example.com', protocol: 'udp' },
  ],
})

let folder: string
let authority: TestAuthority
let server: Identity
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-syslog-'))
  authority = new TestAuthority(folder)
  server = authority.identity('server', 'DNS:localhost')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const over = (receiver: { readonly port: number }, more: Partial<Options> = {}): Promise<TestNotifier> =>
  TestNotifier.of(syslog({ host: 'localhost', port: receiver.port, ca: authority.caFile, ...more }))
const plainly = (receiver: { readonly port: number }): Promise<TestNotifier> =>
  TestNotifier.of(syslog({ host: '127.0.0.1', port: receiver.port, tls: false }))

const revisions = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const key = (revision: number): string => `01JDEXAMPLE0000000000000AA:${revision}:syslog`
const expectKeys = (receiver: SyslogReceiver, keys: readonly string[]) =>
  expect.poll(() => new Set(receiver.keys), { timeout: 10_000 }).toEqual(new Set(keys))

describe('records', () => {
  it.each(['TLS', 'TCP'])('arrive by %s over one connection, in their order, as the bytes that were made', async (by) => {
    await using receiver = await SyslogReceiver.start(by === 'TLS' ? server : undefined)
    await using notifier = await (by === 'TLS' ? over(receiver) : plainly(receiver))
    expect(notifier.manner.mode).toBe('every')
    const bodies: string[] = []
    for (const revision of revisions(1, 20)) {
      const { outcome, notification } = await notifier.deliver({ revision, title: `zwölf ]"\\ ${revision}` })
      expect(outcome).toEqual({ result: 'delivered' })
      bodies.push(notification.body)
    }
    await expect.poll(() => receiver.frames.map((frame) => frame.toString())).toEqual(bodies)
    expect([receiver.connections, receiver.faults]).toEqual([1, []])
  })

  it('of 50,000 bytes are one record each, cut, and what follows is whole [case 52]', async () => {
    await using receiver = await SyslogReceiver.start(server)
    await using notifier = await over(receiver)
    for (const revision of revisions(1, 3))
      await notifier.deliver({ revision }, { letter: { message: [paragraph(value(revision === 2 ? 'y'.repeat(50_000) : 'short'))] } })
    await expectKeys(receiver, revisions(1, 3).map(key))
    expect(receiver.records[1]?.text).toMatch(/^A program was run from memory \| y+…\(\+\d+ bytes\)$/)
    expect(receiver.records[2]?.text).toBe('A program was run from memory | short')
    expect(receiver.frames[1]?.length).toBeLessThanOrEqual(8_000)
  })

  it('are made of signals that could not be rendered', async () => {
    await using receiver = await SyslogReceiver.start()
    await using notifier = await plainly(receiver)
    const { notification } = await notifier.deliver()
    await notifier.notifier.deliver({ ...notification, body: JSON.stringify(notification.signal) }, AbortSignal.timeout(5_000))
    await expect.poll(() => receiver.records.length).toBe(2)
    expect(receiver.records[1]?.text).toContain('`/dev/shm/x` was executed.')
  })
})

describe('a connection that breaks', () => {
  it.each(['TCP', 'TLS'])('over %s costs nothing: what was written last is written again with the same key [case 53]', async (by) => {
    await using receiver = await SyslogReceiver.start(by === 'TLS' ? server : undefined)
    await using notifier = await (by === 'TLS' ? over(receiver) : plainly(receiver))
    let broken = false
    // The receiver dies with what it had read in the last moment.
    receiver.take = (record, socket) => {
      if (broken || !keyOf(record).includes(':10:')) return true
      broken = true
      if (by === 'TCP') socket.resetAndDestroy()
      else socket.destroy()
      return false
    }
    for (const revision of revisions(1, 30)) {
      let outcome = (await notifier.deliver({ revision })).outcome
      for (let tries = 0; outcome.result !== 'delivered' && tries < 50; tries++) outcome = (await notifier.deliver({ revision })).outcome
      expect(outcome).toEqual({ result: 'delivered' })
    }
    await expectKeys(receiver, revisions(1, 30).map(key))
    const bodies = new Map<string, string>()
    for (const [i, frame] of receiver.frames.entries()) {
      const of = receiver.keys[i] as string
      expect(bodies.get(of) ?? frame.toString()).toBe(frame.toString())
      bodies.set(of, frame.toString())
    }
    expect(receiver.faults).toEqual([])
  })

  it('is made anew for what is in doubt, also when nothing new comes', async () => {
    await using receiver = await SyslogReceiver.start()
    await using notifier = await plainly(receiver)
    receiver.take = (_, socket) => {
      receiver.take = () => true
      socket.destroy()
      return false
    }
    expect((await notifier.deliver()).outcome).toEqual({ result: 'delivered' })
    await expectKeys(receiver, [key(1)])
    expect(receiver.connections).toBe(2)
    expect(notifier.logs.map(({ message }) => message)).toEqual([
      'connected again: what may not have arrived is sent again, with the same keys',
    ])
  })

  it('at once is none: nothing is delivered to a relay without a receiver', async () => {
    await using receiver = await SyslogReceiver.start()
    receiver.refuse = 1
    await using notifier = await plainly(receiver)
    expect((await notifier.deliver()).outcome).toEqual({ result: 'retry', detail: expect.stringMatching(/at once|ECONNRESET/) })
    expect((await notifier.deliver()).outcome).toEqual({ result: 'delivered' })
  })

  it('to nobody is tried again; one that takes nothing may have taken a part', async () => {
    const receiver = await SyslogReceiver.start()
    const { port } = receiver
    await receiver[Symbol.asyncDispose]()
    await using none = await plainly({ port })
    expect((await none.deliver()).outcome).toEqual({ result: 'retry', detail: 'no connection (ECONNREFUSED)' })

    await using stuck = await SyslogReceiver.start()
    await using notifier = await TestNotifier.of(syslog({ host: '127.0.0.1', port: stuck.port, tls: false, maxSize: 65_536, timeout: 300 }))
    await notifier.deliver()
    await expect.poll(() => stuck.sockets.size).toBe(1)
    for (const socket of stuck.sockets) socket.pause()
    const long = { letter: { message: [paragraph(value('z'.repeat(70_000)))] } }
    let outcome = (await notifier.deliver({}, long)).outcome
    for (let i = 0; outcome.result === 'delivered' && i < 2_000; i++) outcome = (await notifier.deliver({}, long)).outcome
    expect(outcome).toEqual({ result: 'ambiguous', detail: 'the receiver takes nothing any more' })
  })
})

describe('TLS', () => {
  it('is spoken with who can prove the name, and nobody else', async () => {
    await using right = await SyslogReceiver.start(server)
    await using wrong = await SyslogReceiver.start(authority.identity('wrong', 'DNS:other.example'))
    await using plain = await SyslogReceiver.start()
    const outcomes = []
    for (const [receiver, more] of [
      [right, {}],
      [wrong, {}],
      [wrong, { serverName: 'other.example' }],
      [right, { ca: undefined }],
    ] as const) {
      await using notifier = await over(receiver, more as Partial<Options>)
      outcomes.push((await notifier.deliver()).outcome)
    }
    expect(outcomes.map(({ result }) => result)).toEqual(['delivered', 'broken', 'delivered', 'broken'])
    expect(outcomes[1]?.detail).toBe('cannot connect safely (ERR_TLS_CERT_ALTNAME_INVALID)')
    await using notifier = await over(plain, { timeout: 500 })
    expect((await notifier.deliver()).outcome.result).not.toBe('delivered')
    expect(plain.frames).toEqual([])
  })

  it('proves who sends, and a receiver that wants that proof is given nothing without it', async () => {
    await using receiver = await SyslogReceiver.start({
      ...server,
      ca: readFileSync(authority.caFile),
      requestCert: true,
      rejectUnauthorized: true,
    })
    const { key: secret, cert } = authority.identity('client', 'DNS:client.example')
    writeFileSync(join(folder, 'client.crt'), cert)
    await using without = await over(receiver)
    expect((await without.deliver()).outcome.result).toMatch(/^(?:broken|retry)$/)
    await using known = await TestNotifier.of(
      syslog({ host: 'localhost', port: receiver.port, ca: authority.caFile, cert: join(folder, 'client.crt'), key: secretFile('/key') }),
      { secrets: { '/key': secret } },
    )
    expect((await known.deliver({ revision: 2 })).outcome).toEqual({ result: 'delivered' })
    await expectKeys(receiver, [key(2)])
    await expect(over(receiver, { ca: join(folder, 'none.pem') })).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('what is kept', () => {
  it('is the last 64 frames, all of five seconds, and 4 MiB', () => {
    const window = new Window()
    for (let i = 0; i < 100; i++) window.add(Buffer.from(`${i}`), i)
    expect(window.size).toBe(100)
    window.add(Buffer.from('late'), 60_000)
    expect([window.size, window.again(60_000)[0]?.toString()]).toEqual([64, '37'])
    window.keepYoung(64_999)
    expect(window.size).toBe(64)
    window.keepYoung(65_000)
    expect(window.size).toBe(0)
    for (let i = 0; i < 100; i++) window.add(Buffer.alloc(65_536), 0)
    expect(window.size).toBe(64)
  })
})
