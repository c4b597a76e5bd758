/** Records of the notifier, as rsyslog and syslog-ng take them, and what becomes of them when these are killed. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { printable } from '@cws/core'
import { hostileValues, TestNotifier } from '@cws/core/testing'
import syslog from '@cws/plugin-notify-syslog'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everywhere, paragraph, value } from '../../core/test/fixtures/letters.ts'
import { readRecord } from '../../plugins/notify-syslog/test/reader.ts'
import { type Identity, TestAuthority } from '../support/certificates.ts'
import { DebianServer, type Kind } from '../support/debian-server.ts'

const PATIENT = 300_000

/** Both write a line a record: what they understood of it, parted by tabs, which no record holds. */
const rsyslog = ({ key, cert }: Identity, ca: string): Kind => ({
  name: 'rsyslog',
  packages: ['rsyslog', 'rsyslog-gnutls'],
  files: (port) => ({
    'key.pem': key,
    'cert.pem': cert,
    'ca.pem': ca,
    'rsyslog.conf': `global(workDirectory="/srv" defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="/srv/ca.pem"
  defaultNetstreamDriverCertFile="/srv/cert.pem" defaultNetstreamDriverKeyFile="/srv/key.pem")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
template(name="line" type="string" string="%pri%\\t%hostname%\\t%app-name%\\t%msgid%\\t%structured-data%\\t%msg%\\n")
ruleset(name="write") { action(type="omfile" file="/srv/records" template="line") }
input(type="imtcp" address="127.0.0.1" port="${port}" ruleset="write")
`,
  }),
  prepare: 'rm -f "$2/pid"',
  command: 'rsyslogd -n -f /srv/rsyslog.conf -i /srv/pid',
})

const syslogNg = ({ key, cert }: Identity, ca: string): Kind => ({
  name: 'syslog-ng',
  packages: ['syslog-ng-core'],
  files: (port) => ({
    'key.pem': key,
    'cert.pem': cert,
    'ca.pem': ca,
    'syslog-ng.conf': `@version: 3.38
options { keep-hostname(yes); };
source taken { syslog(ip("127.0.0.1") port(${port}) transport("tls")
  tls(key-file("/srv/key.pem") cert-file("/srv/cert.pem") ca-file("/srv/ca.pem") peer-verify(required-trusted))); };
destination written { file("/srv/records" template("\${PRI}\\t\${HOST}\\t\${PROGRAM}\\t\${MSGID}\\t\${SDATA}\\t\${MSG}\\n")); };
log { source(taken); destination(written); };
`,
  }),
  prepare: 'rm -f "$2/persist" "$2/control"',
  command: 'syslog-ng -F --no-caps -f /srv/syslog-ng.conf -R /srv/persist -c /srv/control -p /srv/pid',
})

const missing = ['debootstrap', 'unshare'].filter((program) => spawnSync(program, ['--version']).error)
const able = missing.length === 0 && process.getuid?.() === 0 && process.env['CWS_TEST_LONG']

let folder: string
let authority: TestAuthority
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-log-servers-'))
  authority = new TestAuthority(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    return await new Promise((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)))
  } finally {
    socket.destroy()
  }
}

const start = (make: typeof rsyslog): Promise<DebianServer> =>
  DebianServer.start(make(authority.identity('logs', 'DNS:localhost'), readFileSync(authority.caFile, 'utf8')), isListening)

async function writing({ port }: DebianServer): Promise<TestNotifier> {
  const { key, cert } = authority.identity('sender', 'DNS:sender.example')
  const at = { cert: join(folder, 'sender.crt'), key: join(folder, 'sender.pem') }
  writeFileSync(at.cert, cert)
  writeFileSync(at.key, key)
  return await TestNotifier.of(syslog({ host: 'localhost', port, ca: authority.caFile, ...at }))
}

/** What a server has written, whole lines. */
function linesOf({ folder }: DebianServer): string[] {
  try {
    return readFileSync(join(folder, 'records'), 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}

/** A record as it should stand there. rsyslog keeps the byte order mark as a part of the text. */
function lineOf(body: string, keepsMark = false): string {
  const { facility, severity, host, app, msgId, text, bom } = readRecord(Buffer.from(body))
  const data = body.slice(body.indexOf('[cws@'), body.indexOf('"] ') + 2)
  return [facility * 8 + severity, host, app, msgId, data, bom && keepsMark ? `\ufeff${text}` : text].join('\t')
}

describe.skipIf(!able).each([
  ['rsyslog', rsyslog, true],
  ['syslog-ng', syslogNg, false],
] as const)(`%s${missing.length > 0 ? ` (no ${missing})` : ''}`, (_, make, keepsMark) => {
  it('takes each record as it is meant, long ones cut, and what follows [case 52]', { timeout: PATIENT }, async () => {
    await using server = await start(make)
    await using notifier = await writing(server)
    const bodies: string[] = []
    const send = async (text: string, long = ''): Promise<void> => {
      const letter = { ...everywhere(printable(text)), key: `k:${bodies.length}` }
      if (long !== '') letter.message = [paragraph(value(long))]
      const signal = { ...letter.signal, host: { name: 'web-1' }, rule: { id: `of ${text}`, name: '' } }
      const { outcome, notification } = await notifier.deliver(signal, { letter: { ...letter, signal } })
      expect(outcome).toEqual({ result: 'delivered' })
      bodies.push(notification.body)
    }
    for (const text of hostileValues) await send(text)
    await send('long', 'x'.repeat(50_000))
    await send('long', '中'.repeat(50_000))
    await send('last')
    await expect.poll(() => linesOf(server).length, { timeout: 30_000 }).toBe(bodies.length)
    for (const [i, line] of linesOf(server).entries()) expect(line).toBe(lineOf(bodies[i] as string, keepsMark))
    expect(linesOf(server).at(-3)).toMatch(/x…\(\+\d+ bytes\)$/)
  })

  it('may be killed in a flood: no record is missing, and those that came twice are the same [case 53]', { timeout: PATIENT }, async () => {
    await using server = await start(make)
    await using notifier = await writing(server)
    const waiting = Array.from({ length: 3_000 }, (_, i) => i + 1)
    const sent = new Map<string, string>()
    let delivered = 0
    const worker = async (): Promise<void> => {
      for (let revision = waiting.shift(); revision !== undefined; revision = waiting.shift()) {
        for (const end = Date.now() + 60_000; ; ) {
          const { outcome, notification } = await notifier.deliver({ revision, count: revision })
          sent.set(notification.key, lineOf(notification.body))
          if (outcome.result === 'delivered') break
          expect(Date.now(), outcome.detail).toBeLessThan(end)
          await new Promise((resolve) => setTimeout(resolve, 20))
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
    const missing = () => {
      const found = new Set(linesOf(server))
      return [...sent].filter(([, line]) => !found.has(line)).map(([key]) => key)
    }
    await expect.poll(missing, { timeout: 30_000 }).toEqual([])
    // A line that the kill tore is no record.
    const known = new Set(sent.values())
    const strange = linesOf(server).filter((line) => !known.has(line))
    expect(strange.length).toBeLessThanOrEqual(2)
    expect(notifier.logs.map(({ message }) => message)).toContain(
      'connected again: what may not have arrived is sent again, with the same keys',
    )
  })
})
