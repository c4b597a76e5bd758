import dns from 'node:dns'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env, type Notification } from '@cws/core'
import { PluginTester, sampleSignal } from '@cws/core/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { cleanText } from '../../../core/src/delivery/log.ts'
import { Secrets } from '../../../core/src/delivery/secrets/secrets.ts'
import email from '../src/index.ts'
import { TestAuthority } from './certificates.ts'
import { MailServer } from './mail-server.ts'
import { type Answer, ScriptedServer, type Step } from './scripted-server.ts'
import { open, plain, tried } from './support.ts'

const SIGNAL = sampleSignal()
/** As deliveries are where no message could be made. */
const BARE: Notification = { key: 'k', reason: 'opened', signal: SIGNAL, body: JSON.stringify(SIGNAL), attempt: 1, receipt: undefined }

const AUTH = { user: 'cws', password: env('MAIL_PASSWORD') }
const USUAL = { host: 'mail.example.com', from: 'cws@example.com', to: 'soc@example.com' }

new PluginTester({ describe, it }).run(email, {
  valid: [
    { ...USUAL, auth: AUTH },
    { ...USUAL, to: ['a@example.com', 'Ben <b@example.com>'], tls: 'implicit', port: 465, ca: '/etc/ssl/own.pem' },
    { ...USUAL, host: 'localhost', tls: 'none', auth: AUTH },
    { ...USUAL, auth: { user: env('MAIL_USER'), token: { file: '/run/mail-token' } } },
    { ...USUAL, host: '::1', tls: 'none', returnPath: '', replyTo: 'soc@example.com', ehlo: 'web1.example.com' },
    { ...USUAL, tls: 'none', allowPlaintext: true, timeout: 1_000 },
    { ...USUAL, from: '"CWS, on =?utf-8?Q?x?= hosts" <cws@xn--bcher-kva.example>' },
  ],
  invalid: [
    { from: 'cws@example.com', to: 'soc@example.com' },
    { ...USUAL, tls: 'none' },
    { ...USUAL, tls: 'none', host: '127.0.0.1.example.com' },
    { ...USUAL, tls: 'none', allowPlaintext: true, auth: AUTH },
    { ...USUAL, auth: { user: 'cws' } },
    { ...USUAL, auth: { ...AUTH, token: env('TOKEN') } },
    { ...USUAL, tls: 'opportunistic' },
    { ...USUAL, host: 'mail.example.com\r\nx' },
    { ...USUAL, host: 'smtp://mail.example.com' },
    { ...USUAL, to: [] },
    { ...USUAL, to: ['a@example.com', 'Same <a@example.com>'] },
    { ...USUAL, to: Array.from({ length: 51 }, (_, i) => `a${i}@example.com`) },
    { ...USUAL, to: 'a@example.com, b@example.com' },
    { ...USUAL, to: 'a@example.com\r\nRCPT TO:<b@example.com>' },
    { ...USUAL, to: 'a@b@example.com' },
    { ...USUAL, to: '<a@example.com> <b@example.com>' },
    { ...USUAL, from: 'Evil\r\nBcc: x@example.com <cws@example.com>' },
    { ...USUAL, from: 'Evil\u202e <cws@example.com>' },
    { ...USUAL, from: 'é@example.com' },
    { ...USUAL, returnPath: 'Name <a@example.com>' },
    { ...USUAL, ehlo: 'a b' },
    { ...USUAL, timeout: 60_000 },
    { ...USUAL, attachments: true },
  ],
})

const folder = mkdtempSync(join(tmpdir(), 'cws-email-'))
let authority: TestAuthority
beforeAll(() => {
  authority = new TestAuthority(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a delivery', () => {
  it('is the mail that was made, to its last byte, in each try', async () => {
    await using server = await MailServer.start()
    await using notifier = await open(plain(server.port))
    const { outcome, notification } = await notifier.deliver()
    expect(outcome).toMatchObject({ result: 'delivered', detail: expect.stringMatching(/^SMTP .*OK/) })
    await notifier.notifier.deliver({ ...notification, attempt: 2 }, AbortSignal.timeout(10_000))
    const [first, second] = server.got
    expect(first).toMatchObject({ from: 'cws@example.com', to: ['soc@example.com'] })
    expect(first?.raw.toString('latin1')).toBe(notification.body)
    expect(second?.raw.equals(first?.raw as Buffer)).toBe(true)
  })

  it('goes to all recipients at once, with a return path of its own or none', async () => {
    await using server = await MailServer.start()
    const to = ['a@example.com', 'Ben <b@example.com>', 'c@example.com']
    await tried(plain(server.port, { to, returnPath: 'bounces@example.com' }))
    await tried(plain(server.port, { to, returnPath: '' }))
    expect(server.got).toMatchObject([
      { from: 'bounces@example.com', to: ['a@example.com', 'b@example.com', 'c@example.com'] },
      { from: '', to: ['a@example.com', 'b@example.com', 'c@example.com'] },
    ])
  })

  it('is a mail also where nothing but the signal came', async () => {
    await using server = await MailServer.start()
    await using notifier = await open(plain(server.port))
    for (const attempt of [1, 2])
      expect(await notifier.notifier.deliver({ ...BARE, attempt }, AbortSignal.timeout(5_000))).toMatchObject({ result: 'delivered' })
    expect(server.got[0]?.raw.toString()).toContain('Subject: [HIGH] A program was run from memory (test)')
    expect(server.got[1]?.raw.equals(server.got[0]?.raw as Buffer)).toBe(true)
  })

  it('names this host to the server as told, and says goodbye', async () => {
    await using server = await ScriptedServer.start()
    await tried(plain(server.port, { ehlo: 'web1.example.com' }))
    expect(server.lines[0]).toBe('EHLO web1.example.com')
    await expect.poll(() => server.lines.at(-1)).toBe('QUIT')
  })

  it('leaves no connection behind that does not say goodbye', async () => {
    await using server = await ScriptedServer.start((step) => (step === 'QUIT' ? 'hang' : undefined))
    await using notifier = await open(plain(server.port))
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
    await notifier.stop()
    await expect.poll(() => server.connections).toBe(0)
  })
})

/** What becomes of a try where the server does this at that step. Where it gets stuck the agent gives up right then. */
async function at(step: Step, answer: Answer) {
  await using server = await ScriptedServer.start((now) => (now === step ? answer : undefined))
  await using notifier = await open(plain(server.port))
  const deadline = new AbortController()
  void server.stuck.then(() => deadline.abort(new Error('no answer within 1 ms')))
  const outcome = await notifier.notifier.deliver(BARE, deadline.signal)
  return { outcome, server }
}

describe('a server that', () => {
  const before: readonly Step[] = ['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA']

  it.each(before)('breaks off at %s has taken nothing: again', async (step) => {
    const { outcome, server } = await at(step, 'drop')
    expect(outcome).toMatchObject({
      result: 'retry',
      detail: expect.stringMatching(/^(no connection|the exchange broke off before the mail) \(E[A-Z]+\)$/),
    })
    expect(server.mails).toEqual([])
  })

  it('breaks off after the last dot may have taken it', async () => {
    const { outcome, server } = await at('body', 'drop')
    expect(outcome).toMatchObject({
      result: 'ambiguous',
      detail: expect.stringMatching(/^the exchange broke off before the answer \(E[A-Z]+\)$/),
    })
    expect(server.mails).toHaveLength(1)
  })

  it.each(before)('is silent at %s is left at the deadline: again', async (step) => {
    expect((await at(step, 'hang')).outcome).toMatchObject({ result: 'retry' })
  })

  it('is silent after the last dot may have taken it', async () => {
    expect((await at('body', 'hang')).outcome).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
  })

  it.each(['hang', 'drip'] as const)('does not come to an end (%s) is left when the time is over', async (answer) => {
    await using server = await ScriptedServer.start((step) => (step === 'greeting' ? answer : undefined))
    expect(await tried(plain(server.port, { timeout: 150 }))).toMatchObject({ result: 'retry' })
  })

  it('answers without end is cut off', async () => {
    expect((await at('EHLO', `250-${'x'.repeat(100_000)}`)).outcome).toMatchObject({ result: 'retry', detail: 'no connection (EPROTOCOL)' })
    expect((await at('body', '250-x\r\n'.repeat(10_000))).outcome).toMatchObject({ result: 'ambiguous' })
  })

  it('answers what is no answer has taken nothing, or nobody knows', async () => {
    expect((await at('greeting', 'SSH-2.0-OpenSSH_9.2')).outcome).toMatchObject({ result: 'retry' })
    expect((await at('body', '999 what')).outcome).toMatchObject({ result: 'ambiguous' })
  })

  it('is not there has taken nothing', async () => {
    const server = await ScriptedServer.start()
    const { port } = server
    await server[Symbol.asyncDispose]()
    expect(await tried(plain(port))).toEqual({ result: 'retry', detail: 'no connection (ECONNREFUSED)' })
  })

  it('says how much it takes is not sent more', async () => {
    const { outcome, server } = await at('EHLO', '250-mx.example\r\n250 SIZE 100')
    expect(outcome).toEqual({ result: 'reject', detail: 'larger than the server says it takes' })
    expect(server.lines.filter((line) => line.startsWith('MAIL'))).toEqual([])
  })
})

describe('an answer', () => {
  it.each([
    ['greeting', '421 4.3.2 Closing', 'retry'],
    ['greeting', '554 5.7.1 No SMTP service here', 'broken'],
    ['EHLO', '421 4.3.2 Closing', 'retry'],
    ['MAIL', '451 4.3.0 Try again later', 'retry'],
    ['MAIL', '421 4.3.2 Closing', 'retry'],
    ['MAIL', '530 5.7.0 Must issue a STARTTLS command first', 'broken'],
    ['MAIL', '535 5.7.8 Authentication required', 'broken'],
    ['MAIL', '550 5.1.8 Sender rejected', 'broken'],
    ['MAIL', '552 5.3.4 Message size exceeds fixed limit', 'reject'],
    ['RCPT', '421 4.7.0 Too many errors', 'retry'],
    ['RCPT', '450 4.2.0 Mailbox busy', 'retry'],
    ['RCPT', '452 4.2.2 Mailbox full', 'retry'],
    ['RCPT', '550 5.1.1 No such user', 'reject'],
    ['RCPT', '550 No such user', 'reject'],
    ['RCPT', '554 5.7.1 Relay access denied', 'broken'],
    ['RCPT', '530 5.7.0 Authentication required', 'broken'],
    ['DATA', '451 4.3.0 Try again later', 'retry'],
    ['DATA', '554 5.5.1 No valid recipients', 'reject'],
    ['body', '451 4.3.0 Try again later', 'retry'],
    ['body', '421 4.3.2 Closing', 'retry'],
    ['body', '452 4.3.1 Insufficient system storage', 'retry'],
    ['body', '550 5.7.1 Message refused by policy', 'reject'],
    ['body', '552 5.3.4 Message too big', 'reject'],
    ['body', '554 5.6.0 Message content rejected', 'reject'],
  ] as const)('at %s of %s means %s', async (step, answer, result) => {
    const { outcome } = await at(step, answer)
    expect(outcome).toMatchObject({ result, detail: expect.stringContaining(`SMTP ${answer}`) })
    expect(outcome).not.toHaveProperty('retryAfterMs')
  })

  it.each([
    ['450 4.2.0 Greylisted, see a page of help', 60_000],
    ['450 4.2.0 <soc@example.com>: Recipient address rejected: Greylisted for 300 seconds', 300_000],
    ['451 4.7.1 Greylisting in action, please come back in 5 minutes', 300_000],
    ['451 4.7.1 Greylisted for 99999 minutes', 3_600_000],
  ])('that puts strangers off says when to come again: %s', async (answer, wait) => {
    expect((await at('RCPT', answer)).outcome).toMatchObject({ result: 'retry', retryAfterMs: wait })
  })

  it('is told in one line of at most 1,000 characters, with nothing that acts on a terminal', async () => {
    const { outcome } = await at('body', `554-5.6.0 first \x1b[2J\r\n554-5.6.0 second\r\n554 5.6.0 ${'x'.repeat(2_000)}`)
    expect(outcome.detail).toMatch(/^SMTP 554-5\.6\.0 first \\u\{1b\}\[2J second x+$/)
    expect(outcome.detail).toHaveLength('SMTP '.length + 1_000)
  })

  it('that repeats a secret is not told with a part of it, wherever that stands [case 64]', async () => {
    const secrets = new Secrets({ PASSWORD: 'correct-horse-battery-staple' })
    const secret = secrets.resolve(env('PASSWORD'))
    for (const before of [0, 150, 180, 190]) {
      const { outcome } = await at('body', `554 5.6.0 ${'x'.repeat(before)} ${secret}`)
      expect(outcome.detail).toContain(secret)
      expect(cleanText(outcome.detail ?? '', secrets)).not.toContain(secret.slice(0, 4))
    }
  })
})

describe('several recipients', () => {
  const to = ['a@example.com', 'b@example.com', 'c@example.com']
  const refusing = (answers: Record<string, string>) => (step: Step, line: string) =>
    step === 'RCPT' ? answers[line.slice(9, 10)] : undefined

  it('of whom some are refused for good: the others have it, and the refused are told of', async () => {
    await using server = await ScriptedServer.start(refusing({ b: '550 5.1.1 No such user' }))
    await using notifier = await open(plain(server.port, { to }))
    const { outcome } = await notifier.deliver()
    const refused = 'taken for 2, refused for b@example.com: SMTP 550 5.1.1 No such user'
    expect(outcome).toEqual({ result: 'delivered', detail: refused, refused })
    expect(server.mails).toHaveLength(1)
  })

  it('of whom some are put off: the next try is for those alone', async () => {
    const answers: Record<string, string> = { b: '450 4.2.0 Greylisted', c: '550 5.1.1 No such user' }
    await using server = await ScriptedServer.start(refusing(answers))
    await using notifier = await open(plain(server.port, { to }))
    const { outcome, notification } = await notifier.deliver()
    // No wait for the whole destination: the others are well.
    expect(outcome).toEqual({ result: 'ambiguous', detail: 'taken for 1, not yet for b@example.com: SMTP 450 4.2.0 Greylisted' })
    delete answers['b']
    server.lines.length = 0
    const again = await notifier.notifier.deliver({ ...notification, attempt: 2 }, AbortSignal.timeout(5_000))
    expect(again).toMatchObject({ result: 'delivered', detail: expect.stringContaining('c@example.com') })
    expect(server.lines.filter((line) => line.startsWith('RCPT'))).toEqual(['RCPT TO:<b@example.com>', 'RCPT TO:<c@example.com>'])
    expect(server.mails).toHaveLength(2)
    expect(server.mails[1]).toBe(server.mails[0])
  })

  it('of whom one is put off for longer than ten minutes are asked once more after that', async () => {
    const answers: Record<string, string> = { b: '450 4.2.0 Greylisted, try again in 15 minutes', c: '450 4.2.2 Mailbox full' }
    await using server = await ScriptedServer.start(refusing(answers))
    await using notifier = await open(plain(server.port, { to }))
    vi.useFakeTimers({ toFake: ['performance'] })
    try {
      const { notification } = await notifier.deliver()
      const again = () => notifier.notifier.deliver({ ...notification, attempt: 2 }, AbortSignal.timeout(5_000))
      vi.advanceTimersByTime(14 * 60_000)
      expect(await again()).toEqual({ result: 'ambiguous', detail: `taken for 1, not yet for b@example.com: SMTP ${answers['b']}` })
      vi.advanceTimersByTime(2 * 60_000)
      expect(await again()).toMatchObject({
        result: 'delivered',
        refused: expect.stringContaining('taken for 1, refused for b@example.com'),
      })
    } finally {
      vi.useRealTimers()
    }
  })

  it('who were put off and then do not take the mail itself: the others have it, and get no plainer one', async () => {
    const answers: Record<string, string> = { b: '450 4.2.0 Greylisted', c: '450 4.2.0 Greylisted' }
    let isTaken = true
    const answer = refusing(answers)
    await using server = await ScriptedServer.start((step, line) =>
      step === 'body' && !isTaken ? '552 5.3.4 Message too big' : answer(step, line),
    )
    await using notifier = await open(plain(server.port, { to }))
    const { notification } = await notifier.deliver()
    for (const name of Object.keys(answers)) delete answers[name]
    isTaken = false
    const again = await notifier.notifier.deliver({ ...notification, attempt: 2 }, AbortSignal.timeout(5_000))
    const refused = 'taken for 1, refused for the others: SMTP 552 5.3.4 Message too big'
    expect(again).toEqual({ result: 'delivered', detail: refused, refused })
  })

  it('who are all refused, some only for a while: again', async () => {
    await using server = await ScriptedServer.start(refusing({ a: '550 5.1.1 No', b: '450 4.2.0 Busy', c: '550 5.1.1 No' }))
    expect(await tried(plain(server.port, { to }))).toMatchObject({ result: 'retry' })
    expect(server.mails).toEqual([])
  })

  it('are all asked in one go where the server can', async () => {
    await using server = await ScriptedServer.start((step, line) =>
      step === 'EHLO' ? '250-mx.example\r\n250 PIPELINING' : refusing({ a: '550 5.1.1 No' })(step, line),
    )
    expect(await tried(plain(server.port, { to }))).toMatchObject({ result: 'delivered', detail: expect.stringContaining('taken for 2') })
  })
})

describe('TLS', () => {
  const good = 'DNS:localhost,IP:127.0.0.1'
  const secured = (port: number, more: object = {}) => ({
    host: '127.0.0.1',
    port,
    from: 'cws@example.com',
    to: 'soc@example.com',
    ca: authority.caFile,
    ...more,
  })

  it('is begun before anything else is said, or from the first byte, by an authority of one’s own', async () => {
    const identity = authority.identity('good', good)
    for (const tls of ['starttls', 'implicit'] as const) {
      await using server = await MailServer.start({ ...identity, secure: tls === 'implicit', disabledCommands: ['AUTH'] })
      expect(await tried(secured(server.port, { tls }))).toMatchObject({ result: 'delivered' })
      expect(server.got).toMatchObject([{ secure: true, to: ['soc@example.com'] }])
    }
  })

  it('sends nothing to who cannot prove who he is, and names no address [case 20]', async () => {
    const wrongName = authority.identity('wrong', 'DNS:other.example')
    const unknown = authority.identity('unknown', good)
    for (const tls of ['starttls', 'implicit'] as const)
      for (const [identity, more] of [
        [wrongName, {}],
        [unknown, { ca: undefined }],
      ] as const) {
        await using server = await MailServer.start({ ...identity, secure: tls === 'implicit', disabledCommands: ['AUTH'] })
        const outcome = await tried(secured(server.port, { tls, ...more }))
        expect(outcome).toMatchObject({ result: 'broken', detail: expect.stringMatching(/^cannot connect safely \([A-Z_0-9]+\)$/) })
        expect(server.got).toEqual([])
      }
  })

  it('that is older than 1.2 is refused [case 20]', async () => {
    await using server = await MailServer.start({
      ...authority.identity('old', good),
      secure: true,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    expect(await tried(secured(server.port, { tls: 'implicit' }))).toMatchObject({ result: 'broken' })
  })

  it('is never done without where it was asked for', async () => {
    await using lacking = await MailServer.start({ disabledCommands: ['STARTTLS'] })
    expect(await tried(secured(lacking.port))).toMatchObject({ result: 'broken' })
    expect(lacking.got).toEqual([])
    await using later = await ScriptedServer.start()
    expect(await tried(secured(later.port))).toMatchObject({ result: 'retry', detail: expect.stringContaining('454') })
    expect(later.lines.filter((line) => !/^(EHLO|STARTTLS)/.test(line))).toEqual([])
    await using other = await ScriptedServer.start()
    expect(await tried(secured(other.port, { tls: 'implicit' }))).toMatchObject({ result: 'broken' })
  })

  it('wants a certificate of ours that there is none of: nothing is sent [case 20]', async () => {
    const identity = authority.identity('mutual', good)
    await using server = await MailServer.start({ ...identity, secure: true, requestCert: true, rejectUnauthorized: true })
    expect(await tried(secured(server.port, { tls: 'implicit' }))).toMatchObject({ result: 'broken' })
    expect(server.got).toEqual([])
  })

  it('trusts the authorities that are in the file now', async () => {
    const ca = join(folder, 'replaced.pem')
    const other = join(folder, 'other')
    mkdirSync(other)
    copyFileSync(new TestAuthority(other).caFile, ca)
    await using server = await MailServer.start({ ...authority.identity('rotated', good), secure: true })
    await using notifier = await open(secured(server.port, { tls: 'implicit', ca }))
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'broken' })
    copyFileSync(authority.caFile, ca)
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
    rmSync(ca)
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'broken', detail: expect.stringContaining('ENOENT') })
  })

  it('is refused at set-up if the file of authorities is not there', async () => {
    await expect(open(secured(25, { ca: join(folder, 'none.pem') }))).rejects.toThrow(/ENOENT/)
  })
})

describe('the name of the server', () => {
  it('is never asked of anybody where it is this very host: what goes there may be unencrypted', async () => {
    await using server = await ScriptedServer.start()
    const asked = [vi.spyOn(dns, 'lookup'), vi.spyOn(dns.Resolver.prototype, 'resolve4'), vi.spyOn(dns.Resolver.prototype, 'resolve6')]
    expect(await tried(plain(server.port, { host: 'localhost' }))).toMatchObject({ result: 'delivered' })
    for (const spy of asked) {
      expect(spy).not.toHaveBeenCalled()
      spy.mockRestore()
    }
  })

  it.each([
    ['ENOTFOUND', { result: 'broken', detail: 'cannot connect safely (ENOTFOUND)' }],
    ['EAI_AGAIN', { result: 'retry', detail: 'no connection (EAI_AGAIN)' }],
  ])('that cannot be found: %s', async (code, outcome) => {
    const failing = ((_: string, __: object, done: (error: Error) => void) => done(Object.assign(new Error(code), { code }))) as never
    const spy = vi.spyOn(dns, 'lookup').mockImplementation(failing)
    expect(await tried(plain(25, { host: 'mail.example.com', allowPlaintext: true }))).toEqual(outcome)
    spy.mockRestore()
  })
})

describe('a login', () => {
  const PASSWORD = 'correct horse+battery/staple'
  const secrets = { secrets: { MAIL_PASSWORD: PASSWORD } }

  it('is made with the secret as it is now [case 64]', async () => {
    const values: Record<string, string> = { MAIL_PASSWORD: 'wrong' }
    await using server = await MailServer.start({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _, done) =>
        password === PASSWORD ? done(null, { user: username }) : done(Object.assign(new Error('no'), { responseCode: 535 })),
    })
    await using notifier = await open(plain(server.port, { auth: AUTH }), { secrets: values })
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'broken', detail: expect.stringMatching(/^login: SMTP 535/) })
    values['MAIL_PASSWORD'] = PASSWORD
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
    expect(server.got).toMatchObject([{ user: 'cws' }])
  })

  it('may be made with an access token, and never asks for another', async () => {
    const values: Record<string, string> = { TOKEN: 'stale' }
    await using server = await MailServer.start({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      authMethods: ['PLAIN', 'XOAUTH2'],
      onAuth: ({ method, username, accessToken }, _, done) =>
        method === 'XOAUTH2' && accessToken === 'fresh'
          ? done(null, { user: username })
          : done(null, { data: { status: '401', schemes: 'bearer', scope: 'mail' } } as never),
    })
    await using notifier = await open(plain(server.port, { auth: { user: 'cws@example.com', token: env('TOKEN') } }), { secrets: values })
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'broken', detail: expect.stringMatching(/^login/) })
    values['TOKEN'] = 'fresh'
    expect((await notifier.deliver()).outcome).toMatchObject({ result: 'delivered' })
    expect(server.got).toMatchObject([{ user: 'cws@example.com' }])
  })

  const offering = (answer: Answer) => (step: Step) =>
    step === 'EHLO' ? '250-mx.example\r\n250 AUTH PLAIN LOGIN' : step === 'AUTH' ? answer : undefined

  it.each([
    ['535 5.7.8 Bad credentials', 'broken'],
    ['530 5.7.0 Not now', 'broken'],
    ['454 4.7.0 Temporary authentication failure', 'retry'],
    ['421 4.3.2 Closing', 'retry'],
    ['drop', 'retry'],
  ])('that is answered by %s means %s', async (answer, result) => {
    await using server = await ScriptedServer.start(offering(answer))
    expect(await tried(plain(server.port, { auth: AUTH }), {}, secrets)).toMatchObject({ result })
    expect(server.lines.filter((line) => line.startsWith('MAIL'))).toEqual([])
  })

  it('is never left out: a server that offers none gets no mail', async () => {
    await using server = await ScriptedServer.start()
    expect(await tried(plain(server.port, { auth: AUTH }), {}, secrets)).toMatchObject({ result: 'broken' })
    expect(server.lines.map((line) => line.split(' ')[0])).toEqual(['EHLO'])
  })

  it('is told without what was sent, also by a server that repeats it [case 64]', async () => {
    let sent = ''
    await using server = await ScriptedServer.start((step, line) => {
      if (step === 'EHLO') return '250-mx.example\r\n250 AUTH PLAIN'
      if (step !== 'AUTH') return undefined
      sent = line.split(' ')[2] as string
      return `535 5.7.8 ${sent} ${Buffer.from(sent, 'base64').toString().replaceAll('\0', ' ')}`
    })
    await using notifier = await open(plain(server.port, { auth: AUTH }), secrets)
    const { outcome, notification } = await notifier.deliver()
    expect(outcome).toEqual({ result: 'broken', detail: 'login: SMTP 535 5.7.8' })
    const told = JSON.stringify([outcome, notification, notifier.logs])
    for (const form of [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(PASSWORD).toString('base64'), sent])
      expect(told).not.toContain(form)
  })
})
