/** Mails of the notifier, as servers take them that many people run: what arrives in a box, and what becomes of what they refuse. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Letter, printable } from '@cws/core'
import { type Delivery, hostileValues, sampleSignal, TestNotifier } from '@cws/core/testing'
import email from '@cws/plugin-notify-email'
import { simpleParser } from 'mailparser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everywhere, letter, words } from '../../plugins/notify-email/test/letters.ts'
import { type Identity, TestAuthority } from '../support/certificates.ts'
import { DebianMailServer, type Kind } from '../support/debian-mail-server.ts'

const PATIENT = 300_000
/** What postfix is told to take, bytes: less than the longest mail. */
const SIZE = 180_000

const postfix = ({ key, cert }: Identity): Kind => ({
  name: 'postfix',
  files: (port) => ({
    'etc/tls.pem': `${key}${cert}`,
    'etc/main.cf': `compatibility_level = 3.6
myhostname = mx.example.com
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_peername_lookup = no
queue_directory = /srv/queue
data_directory = /srv/data
maillog_file = /dev/stdout
virtual_mailbox_domains = example.com
virtual_mailbox_base = /srv/mail
virtual_mailbox_maps = inline:{ soc@example.com=soc/, b@example.com=b/ }
virtual_uid_maps = static:8
virtual_gid_maps = static:8
virtual_minimum_uid = 1
smtpd_tls_security_level = encrypt
smtpd_tls_chain_files = /srv/etc/tls.pem
smtpd_recipient_restrictions = check_recipient_access inline:{ { later@example.com = 450 4.2.0 Greylisted for 60 seconds } }, reject_unauth_destination
header_checks = regexp:/srv/etc/refused
message_size_limit = ${SIZE}
smtpd_forbid_bare_newline = yes
`,
    'etc/refused': '/^Subject:.*refuse this/ REJECT by policy\n',
    'etc/master.cf': `127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
`,
  }),
  prepare: 'mkdir -p "$2/queue" "$2/data"; chroot "$1" chown postfix /srv/data',
  command: 'postfix -c /srv/etc start-fg',
})

// Without TLS: that of Debian 12 cannot use keys on elliptic curves.
const opensmtpd: Kind = {
  name: 'opensmtpd',
  files: (port) => ({
    'smtpd.conf': `table boxes { "soc@example.com" = "mail", "b@example.com" = "mail" }
listen on 127.0.0.1 port ${port} hostname "mx.example.com"
action "box" maildir "/srv/mail/%{dest.user}" virtual <boxes>
match from any for domain "example.com" action "box"
`,
  }),
  prepare: 'mount -t tmpfs tmpfs "$1/var/spool"; chmod 600 "$2/smtpd.conf"',
  command: 'smtpd -d -f /srv/smtpd.conf',
}

const missing = ['debootstrap', 'unshare'].filter((program) => spawnSync(program, ['--version']).error)
const able = missing.length === 0 && process.getuid?.() === 0 && process.env['CWS_TEST_LONG']

let folder: string
let authority: TestAuthority
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cws-mail-servers-'))
  authority = new TestAuthority(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A notifier that writes to these, by STARTTLS where the server has it. */
async function writing(server: DebianMailServer, to: string[], tls: 'starttls' | 'none'): Promise<TestNotifier> {
  const secured = tls === 'none' ? { tls } : { tls, ca: authority.caFile }
  return await TestNotifier.of(email({ host: '127.0.0.1', port: server.port, from: 'CWS <cws@example.com>', to, ...secured }))
}

const send = (notifier: TestNotifier, { signal, ...over }: Letter, tier = 0): Promise<Delivery> =>
  notifier.deliver(signal, { letter: over, tier })

/** What a server wrote before a mail is its own. */
const withoutTrace = (mail: string): string => mail.slice(mail.indexOf('MIME-Version: 1.0\n'))

/** Sends a mail for each hostile text, and finds it in the box as it was sent. */
async function expectIntact(server: DebianMailServer, tls: 'starttls' | 'none'): Promise<void> {
  await using notifier = await writing(server, ['soc@example.com', 'Ben <b@example.com>'], tls)
  const sent = new Map<string, string>()
  // Longer ones make mails that these servers do not take.
  const values = [...hostileValues.filter(({ length }) => length <= 1_200), 'x'.repeat(5_000)]
  for (const [i, text] of values.entries()) {
    const { outcome, notification } = await send(notifier, { ...everywhere(text), key: `hostile ${i}` })
    // Nobody was refused.
    expect(outcome, JSON.stringify(text)).toEqual({ result: 'delivered', detail: expect.stringMatching(/^SMTP 250 /) })
    sent.set(notification.body.replaceAll('\r\n', '\n'), text)
  }
  for (const name of ['soc', 'b']) {
    await expect.poll(() => server.box(name).length, { timeout: 30_000 }).toBe(sent.size)
    const found = server.box(name)
    expect(new Set(found.map(withoutTrace))).toEqual(new Set(sent.keys()))
    for (const mail of found) expect(Math.max(...mail.split('\n').map((line) => line.length))).toBeLessThanOrEqual(998)
  }
  for (const mail of server.box('soc')) {
    const { subject } = await simpleParser(Buffer.from(mail, 'latin1'))
    const shown = printable(sent.get(withoutTrace(mail)) as string)
    if (shown.length < 40) expect(subject).toBe(`[HIGH] ${shown} (${shown})`)
  }
}

describe.skipIf(!able)(`mail servers${missing.length > 0 ? ` (no ${missing})` : ''}`, () => {
  it('postfix takes each mail as it is meant, and one for each [case 48] [case 49]', { timeout: PATIENT }, async () => {
    await using server = await DebianMailServer.start(postfix(authority.identity('mx', 'IP:127.0.0.1')))
    await expectIntact(server, 'starttls')
  })

  it('opensmtpd takes each mail as it is meant, and one for each [case 48] [case 49]', { timeout: PATIENT }, async () => {
    await using server = await DebianMailServer.start(opensmtpd)
    await expectIntact(server, 'none')
  })

  it('what postfix refuses is told apart', { timeout: PATIENT }, async () => {
    await using server = await DebianMailServer.start(postfix(authority.identity('mx', 'IP:127.0.0.1')))
    const outcome = async (to: string[], over: Partial<Letter> = {}, tier = 0) => {
      await using notifier = await writing(server, to, 'starttls')
      return (await send(notifier, letter({ signal: sampleSignal(), ...over }), tier)).outcome
    }
    expect(await outcome(['later@example.com'])).toMatchObject({ result: 'retry', retryAfterMs: 60_000 })
    expect(await outcome(['nobody@example.com'])).toMatchObject({ result: 'reject', detail: expect.stringContaining('550 5.1.1') })
    expect(await outcome(['soc@elsewhere.example'])).toMatchObject({ result: 'broken', detail: expect.stringContaining('5.7.1') })
    const mixed = await outcome(['soc@example.com', 'nobody@example.com'])
    expect(mixed).toMatchObject({
      result: 'delivered',
      refused: expect.stringMatching(/^taken for 1, refused for nobody@example\.com: SMTP 550/),
    })
    expect(await outcome(['soc@example.com', 'later@example.com'])).toMatchObject({
      result: 'ambiguous',
      detail: expect.stringMatching(/^taken for 1/),
    })
    expect(await outcome(['soc@example.com'], { title: 'refuse this' })).toMatchObject({
      result: 'reject',
      detail: expect.stringContaining('by policy'),
    })
    const message = [{ type: 'paragraph', children: [words('long '.repeat(40_000))] }] as const
    expect(await outcome(['soc@example.com'], { message })).toMatchObject({ result: 'reject' })
    expect(await outcome(['soc@example.com'], { message }, 1)).toMatchObject({ result: 'delivered' })
    await using plain = await writing(server, ['soc@example.com'], 'none')
    expect((await plain.deliver()).outcome).toMatchObject({ result: 'broken', detail: expect.stringContaining('530') })
  })
})
