import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Document, type Evidence, env, type Letter, type Outcome, type Signal, secretFile, severities } from '@cws/core'
import { hostileLetter, hostileValues, PluginTester, sampleSignal, TestNotifier } from '@cws/core/testing'
import { array, assert, constantFrom, integer, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultMessage } from '../../../core/src/messages/default-message.ts'
import { opened, shellSignal } from '../../../core/test/fixtures/shell-signal.ts'
import { TestAuthority } from '../../../tests/support/certificates.ts'
import { Receiver, startProxy } from '../../../tests/support/http-receiver.ts'
import pagerduty from '../src/index.ts'
import { type Alert, injectedInto, PagerDuty, type Trigger } from './pagerduty.ts'

const KEY = 'e93facc04764012d7bfb002500d5d1a6'
const OTHER_KEY = 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4'

new PluginTester({ describe, it }).run(pagerduty, {
  valid: [
    { routingKey: KEY },
    { routingKey: secretFile('/run/secrets/pagerduty') },
    { routingKey: env('PAGERDUTY_KEY'), region: 'eu', signalUrl: 'https://wiki.example.com/signals?id=' },
    {
      routingKey: KEY,
      endpoint: 'https://relay.example.com/v2/enqueue',
      timeout: 500,
      proxy: 'http://proxy.example.com:3128',
      ca: '/etc/ssl/own.pem',
    },
    { routingKey: KEY, changes: true, endpoint: 'https://relay.example.com/v2/enqueue' },
    { routingKey: KEY, endpoint: 'http://127.0.0.1:8080/', proxy: env('HTTPS_PROXY') },
  ],
  invalid: [
    {},
    { routingKey: '' },
    { routingKey: KEY.slice(1) },
    { routingKey: `${KEY.slice(1)}!` },
    { routingKey: `R${KEY.slice(1)}` },
    { routingKey: KEY, region: 'de' },
    { routingKey: KEY, endpoint: 'http://relay.example.com/v2/enqueue' },
    { routingKey: KEY, endpoint: 'https://user:password@relay.example.com/' },
    { routingKey: KEY, signalUrl: 'javascript:alert(1)//' },
    { routingKey: KEY, signalUrl: 'https://user:password@wiki.example.com/' },
    { routingKey: KEY, timeout: 60_000 },
    { routingKey: KEY, retries: 3 },
    { routingKey: KEY, changes: 'yes' },
    { routingKey: KEY, changes: true, endpoint: 'https://relay.example.com/' },
    { routingKey: `R${KEY.slice(1)}`, changes: true },
  ],
})

interface Told {
  readonly letter?: Partial<Letter>
  readonly signal?: Partial<Signal>
  readonly tier?: number
}

/** One signal of one destination, told as the agent tells it: what a receipt says goes into the next letter. */
class Conversation {
  readonly notifier: TestNotifier
  receipt: string | undefined

  constructor(notifier: TestNotifier) {
    this.notifier = notifier
  }

  async tell(reason: Letter['reason'], { signal = {}, letter = {}, tier = 0 }: Told = {}): Promise<Outcome> {
    const { outcome } = await this.notifier.deliver(signal, { tier, letter: { reason, receipt: this.receipt, ...letter } })
    if (outcome.result === 'delivered') this.receipt = outcome.receipt
    return outcome
  }
}

async function set(receiver: PagerDuty, options: object = {}, secrets?: Record<string, string>): Promise<Conversation & AsyncDisposable> {
  const instance = pagerduty({ routingKey: KEY, endpoint: receiver.url, ...options } as { routingKey: string })
  const notifier = await TestNotifier.of(instance, secrets ? { secrets } : {})
  return Object.assign(new Conversation(notifier), { [Symbol.asyncDispose]: () => notifier.stop() })
}

const lastTrigger = (receiver: PagerDuty): Trigger => receiver.events.findLast((event) => event.event_action === 'trigger') as Trigger

describe('an alert', () => {
  it('is opened, told again, acknowledged, resolved and opened anew, as another one', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    await about.tell('opened')
    for (let revision = 2; revision < 7; revision++) await about.tell('updated', { signal: { revision, count: revision } })
    await about.tell('repeat')
    await about.tell('escalated')
    await about.tell('acknowledged', { signal: { status: 'acknowledged' } })
    await about.tell('archived', { signal: { status: 'archived' } })
    await about.tell('opened', { letter: { generation: 2 } })
    const [first, second] = receiver.alerts
    expect(receiver.alerts).toHaveLength(2)
    expect(first).toMatchObject({ status: 'resolved', pages: 1, log: [...Array(8).fill('trigger'), 'acknowledge', 'resolve'] })
    expect(second).toMatchObject({ status: 'triggered', pages: 1, log: ['trigger'] })
    expect([first?.key, second?.key]).toEqual([
      expect.stringMatching(/^cws-[0-9a-f]{32}-1$/),
      expect.stringMatching(/^cws-[0-9a-f]{32}-2$/),
    ])
    expect(receiver.dropped).toBe(0)
  })

  it('of a signal that becomes more severe is another one, so that somebody is paged though the first was acknowledged there', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    await about.tell('opened', { signal: { severity: 'medium' } })
    const [first] = receiver.alerts
    if (first) first.status = 'acknowledged'
    await about.tell('updated', { signal: { severity: 'medium', count: 2 } })
    await about.tell('raised', { signal: { severity: 'critical' } })
    await about.tell('updated', { signal: { severity: 'critical', count: 4 } })
    expect(receiver.alerts).toMatchObject([
      { status: 'resolved', pages: 1, first: { payload: { severity: 'warning' } } },
      { status: 'triggered', pages: 1, log: ['trigger', 'trigger'], first: { payload: { severity: 'critical' } } },
    ])
    await about.tell('archived', { signal: { severity: 'critical', status: 'archived' } })
    expect(receiver.alerts.map(({ status }) => status)).toEqual(['resolved', 'resolved'])
  })

  it('of what somebody had acknowledged pages anew, also where it is as severe as before', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    await about.tell('opened')
    for (let round = 1; round < 4; round++) {
      await about.tell('acknowledged', { signal: { status: 'acknowledged' } })
      await about.tell('raised', { signal: { revision: 2 } })
    }
    expect(receiver.alerts.map(({ status, pages }) => [status, pages])).toEqual([
      ['resolved', 1],
      ['resolved', 1],
      ['resolved', 1],
      ['triggered', 1],
    ])
    expect(receiver.dropped).toBe(0)
  })

  it('is ended by its own key whatever the signal has become since', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    await about.tell('opened', { signal: { severity: 'low' } })
    await about.tell('archived', { signal: { severity: 'high', status: 'archived' } })
    expect(receiver.alerts).toMatchObject([{ status: 'resolved' }])
  })

  it('is found without a receipt too', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    for (const [reason, status] of [
      ['opened', 'open'],
      ['acknowledged', 'acknowledged'],
      ['archived', 'archived'],
    ] as const) {
      about.receipt = undefined
      await about.tell(reason, { signal: { status } })
    }
    expect(receiver.alerts).toMatchObject([{ log: ['trigger', 'acknowledge', 'resolve'] }])
  })

  it('that is told twice, because nobody knows whether it arrived, is one', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    receiver.instead.push((_, request) => void request.socket.destroy())
    const signal = { severity: 'critical' } as const
    expect(await about.tell('opened', { signal })).toMatchObject({ result: 'ambiguous' })
    expect(await about.tell('opened', { signal })).toMatchObject({ result: 'delivered' })
    expect(await about.tell('opened', { signal })).toMatchObject({ result: 'delivered' })
    expect(new Set(receiver.bodies).size).toBe(1)
    expect(receiver.alerts).toHaveLength(1)
  })

  it.each([
    ['open', ['trigger']],
    ['acknowledged', ['trigger', 'acknowledge']],
    ['archived', ['trigger', 'resolve']],
  ] as const)('that is %s is replayed as that', async (status, log) => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    if (status !== 'open') await about.tell('opened')
    await about.tell('replayed', { signal: { status } })
    expect(receiver.alerts).toMatchObject([{ log }])
  })

  it('has a key that none of its texts has a part in, one a signal', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    const group = { group: { 'exec.file.path': '/x' }, title: 'x', message: 'y' }
    await about.tell('opened')
    await about.tell('opened', { signal: group })
    await about.tell('opened', { signal: { id: '01JDEXAMPLE0000000000000AB' }, letter: { receipt: undefined } })
    await about.tell('opened', { signal: { host: { name: 'other' } }, letter: { receipt: undefined } })
    const keys = receiver.events.map(({ dedup_key }) => dedup_key)
    expect(keys[1]).toBe(keys[0])
    expect(new Set(keys).size).toBe(3)
  })

  it('of the agent itself, a digest and a test open one', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    for (const [i, reason] of (['notice', 'digest', 'test'] as const).entries())
      await about.tell(reason, { signal: { id: `01JDEXAMPLE000000000000${i}AA` }, letter: { receipt: undefined } })
    expect(receiver.alerts.map(({ first }) => first.payload.summary)).toEqual([
      'A program was run from memory on test',
      'A program was run from memory on test',
      'Test: A program was run from memory on test',
    ])
    expect(receiver.alerts.map(({ status }) => status)).toEqual(['triggered', 'triggered', 'resolved'])
  })

  it('that was opened with another routing key cannot be ended: that is said', async () => {
    await using receiver = await PagerDuty.start()
    const secrets = { KEY }
    await using about = await set(receiver, { routingKey: env('KEY') }, secrets)
    await about.tell('opened')
    secrets.KEY = OTHER_KEY
    await about.tell('archived')
    expect(receiver.alerts).toMatchObject([{ status: 'triggered' }])
    expect(about.notifier.logs).toMatchObject([
      { level: 'warn', message: expect.stringContaining('cannot resolve an alert that was opened with another') },
    ])
    expect(JSON.stringify([about.receipt, about.notifier.logs])).not.toMatch(new RegExp(`${KEY}|${OTHER_KEY}`))
  })
})

describe('a page', () => {
  it('says what happened, where, and what to do', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver, { signalUrl: 'https://wiki.example.com/signals?id=' })
    const event = {
      type: 'exec',
      exec: {
        file: { path: '/dev/shm/x', inode: (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON('18446744073709551615') },
      },
      process: { file: { name: 'nginx' } },
      container: { id: 'f00' },
    }
    await about.tell('opened', { signal: { severity: 'critical', event, count: 3 }, letter: { rule: 'Page us' } })
    expect(receiver.bodies[0]).toContain('"inode":18446744073709551615')
    const { routing_key, dedup_key: _, ...shown } = lastTrigger(receiver)
    expect(routing_key).toBe(KEY)
    expect(shown).toEqual({
      event_action: 'trigger',
      payload: {
        summary: 'A program was run from memory on test',
        source: 'test',
        severity: 'critical',
        timestamp: '2026-11-24T09:00:00.000Z',
        component: 'nginx',
        group: 'f00',
        class: 'exec-from-memory-fs',
        custom_details: {
          message: '`/dev/shm/x` was executed.',
          advice: 'Look at what it is.',
          severity: 'critical',
          count: 3,
          first_seen: '2026-11-24T09:00:00.000000000Z',
          last_seen: '2026-11-24T09:00:00.000000000Z',
          rule: { id: 'exec-from-memory-fs', name: 'A program was run from memory' },
          tags: ['mitre:T1059'],
          signal: '01JDEXAMPLE0000000000000AA',
          revision: 1,
          status: 'open',
          notification: 'Page us',
          look_further: 'cws signals show 01JDEXAMPLE0000000000000AA',
          group: { 'exec.file.path': '/dev/shm/x' },
          event: { ...event, exec: { file: { path: '/dev/shm/x', inode: 2 ** 64 } } },
        },
      },
      client: 'CWS',
      client_url: 'https://wiki.example.com/signals?id=01JDEXAMPLE0000000000000AA',
      links: [{ href: 'https://wiki.example.com/signals?id=01JDEXAMPLE0000000000000AA', text: 'Signal 01JDEXAMPLE0000000000000AA' }],
    })
  })

  it('has PagerDuty’s word for each severity [case 61]', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    for (const severity of severities) await about.tell('opened', { signal: { severity }, letter: { receipt: undefined } })
    expect(receiver.events.map((event) => (event as Trigger).payload.severity)).toEqual(['info', 'info', 'warning', 'error', 'critical'])
  })

  it('draws a message as plain text, the links of its author whole', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    const text = (value: string) => ({ type: 'text', text: value, value: true }) as const
    const message: Document = [
      { type: 'heading', level: 2, children: [text('What')] },
      {
        type: 'paragraph',
        children: [
          { type: 'strong', children: [text('one'), { type: 'emphasis', children: [text(' two')] }] },
          { type: 'break' },
          { type: 'code', children: [text('a.bc')] },
          { type: 'mention', channel: 'slack', id: 'S012' },
          text(' https'),
          text('://evil.example '),
          { ...text('exec.file.name: see https://corp.example/ or https://'), value: false },
          text('evil.example'),
          { ...text('.com and corp.example '), value: false },
          { type: 'link', url: 'https://wiki.example.com', children: [text('www.evil.example')] },
          text('.evil.example'),
        ],
      },
      { type: 'list', ordered: false, items: [[{ type: 'paragraph', children: [text('x\ny')] }], []] },
      { type: 'list', ordered: true, items: [[{ type: 'code', children: [text('z')] }]] },
      { type: 'quote', children: [{ type: 'paragraph', children: [text('q')] }] },
    ]
    await about.tell('opened', { letter: { message } })
    expect(lastTrigger(receiver).payload.custom_details?.['message']).toBe(
      [
        'What',
        'one two\n`a[.]bc` hxxps[:]//evil[.]example exec.file.name: see https://corp.example/ or hxxps[:]//evil[.]example[.]com and corp.example www[.]evil[.]example (https://wiki.example.com/).evil.example',
        '- x\n  y\n- ',
        '1. z',
        '> q',
      ].join('\n\n'),
    )
  })

  it('is within PagerDuty’s limits however much there is to say, and names what was cut [case 61]', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    const long = '\u{e0041}"\\<é'.repeat(4_000)
    const huge = long.repeat(60)
    expect(Buffer.byteLength(huge)).toBeGreaterThan(2 * 1024 * 1024)
    const event = { type: 'exec', exec: { args: huge, argv: Array(5_000).fill('x'.repeat(300)) }, process: { file: { name: long } } }
    const message: Document = [{ type: 'paragraph', children: [{ type: 'text', text: long, value: true }] }]
    const evidence = { rule: 'r', timestamp: '2026-11-24T09:00:00Z', type: 'exec', fields: { 'exec.args': long } }
    const findings = Array(200).fill(evidence) as Evidence[]
    const signal = { event, findings, group: { 'exec.args': huge }, title: long, host: { name: long }, truncated: true as const }
    expect(await about.tell('opened', { signal, letter: { message, title: long } })).toMatchObject({ result: 'delivered' })
    const { payload } = lastTrigger(receiver)
    expect(Buffer.byteLength(receiver.bodies[0] as string)).toBeLessThan(512_000)
    expect(payload.summary.length).toBeLessThanOrEqual(1024)
    expect(payload.summary).toMatch(/…\(\+\d+\) on .*…\(\+\d+\)$/)
    expect(payload.custom_details).toMatchObject({
      event: { exec: { args: expect.stringMatching(/…\(\+\d+\)$/) } },
      cut: [
        'message: its end',
        'group: long texts and lists',
        'event: long texts and lists',
        'findings: long texts and lists',
        'event, group: long texts and lists, when the signal was made',
      ],
    })
  })

  it('that was refused is said again in fewer words', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    const event = { type: 'exec', exec: { argv: Array(200).fill('x'.repeat(1_000)) } }
    const sizes: number[] = []
    for (const tier of [0, 1, 2, 3]) {
      receiver.bodies.length = 0
      expect(await about.tell('opened', { signal: { event }, tier })).toMatchObject({ result: 'delivered' })
      sizes.push(receiver.bodies[0]?.length ?? 0)
    }
    expect(sizes[0]).toBeGreaterThan(200_000)
    expect(sizes[1]).toBeLessThan(64 * 1024)
    expect(sizes[2]).toBeLessThan(4 * 1024)
    expect(sizes[3]).toBe(sizes[2])
    expect(lastTrigger(receiver).payload.custom_details?.['cut']).toEqual(['group: all of it', 'event: all of it'])
  })

  it('of a time that is none goes without one', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    expect(await about.tell('opened', { signal: { last_seen: 'soon' } })).toMatchObject({ result: 'delivered' })
    expect(lastTrigger(receiver).payload.timestamp).toBeUndefined()
  })

  it('is made of the signal alone where rendering failed', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    await about.tell('opened', { letter: { generation: 3 } })
    const { deliver } = about.notifier.notifier
    const signal = sampleSignal({ count: 2 })
    const body = JSON.stringify({ kind: 'signal', ...signal })
    const notification = { key: 'k', reason: 'updated', signal, body, attempt: 1, receipt: about.receipt } as const
    const stop = new AbortController().signal
    expect(await deliver(notification, stop)).toMatchObject({ result: 'delivered', receipt: about.receipt })
    expect(await deliver({ ...notification, reason: 'archived' }, stop)).toMatchObject({ result: 'delivered' })
    expect(receiver.alerts).toMatchObject([{ log: ['trigger', 'trigger', 'resolve'] }])
  })
})

describe('what an attacker chose', () => {
  const saidBy = (text: string): Told => ({
    signal: {
      title: text,
      message: text,
      advice: text,
      tags: [text],
      group: { [text]: text },
      event: { type: 'exec', exec: { args: text, [text]: [text] }, process: { file: { name: text } }, container: { id: text } },
      rule: { id: text, name: text },
    },
    letter: { title: text, rule: text },
  })

  it('is in no link and no invisible character of a page, and in no other alert [case 45]', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    for (const text of hostileValues) {
      const { signal, ...written } = hostileLetter(text)
      expect(await about.tell('opened', { signal, letter: written }), text).toMatchObject({ result: 'delivered' })
      expect(injectedInto(lastTrigger(receiver), 'https://wiki.example.com/?q='), text).toEqual([])
    }
    expect(receiver.alerts).toHaveLength(1)
    expect(lastTrigger(receiver).payload.source).toBe('test')
  })

  it('adds no link to the one that is configured', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver, { signalUrl: 'https://wiki.example.com/' })
    const href = 'https://wiki.example.com/..%2F%40evil.example%3F'
    const evil = hostileValues.filter(({ length }) => length < 200).join(' ')
    await about.tell('opened', { ...saidBy(evil), signal: { ...saidBy(evil).signal, id: '../@evil.example?' } })
    expect(injectedInto(lastTrigger(receiver))).toEqual([href, href])
  })

  it('is harmless whatever it is made of', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    const { render } = about.notifier.notifier
    const parts = constantFrom(
      'http',
      's',
      ':',
      '/',
      '//',
      'evil',
      '.',
      'com',
      'example',
      '@',
      ' ',
      'www',
      '[',
      ']',
      '-',
      '_',
      '(',
      '`',
      '\n',
      '\u3002',
      'é',
    )
    const texts = array(parts, { maxLength: 12 }).map((each) => each.join(''))
    const units = array(integer({ min: 0, max: 0xffff }), { maxLength: 40 }).map((codes) => String.fromCharCode(...codes))
    const judged = (text: string): void => {
      const { signal, letter } = saidBy(text)
      const whole = sampleSignal(signal)
      const message: Document = [{ type: 'paragraph', children: [{ type: 'text', text, value: true }] }]
      const body = render?.(
        {
          key: 'k',
          reason: 'opened',
          signal: whole,
          generation: 1,
          receipt: undefined,
          time: whole.last_seen,
          rule: undefined,
          title: text,
          ...letter,
          message,
        },
        0,
      )
      expect(injectedInto(JSON.parse(body ?? '') as Trigger)).toEqual([])
    }
    assert(property(texts, judged), { numRuns: 60 })
    assert(property(units, judged), { numRuns: 30 })
  })
})

describe('an answer', () => {
  const answers = async (status: number, body = '', headers: Record<string, string> = {}): Promise<Outcome> => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    receiver.instead.push((response) => void response.writeHead(status, headers).end(body))
    return await about.tell('opened')
  }
  const refused = (...errors: string[]) => JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors })

  it.each([
    [200, 'retry'],
    [204, 'retry'],
    [301, 'broken'],
    [401, 'broken'],
    [403, 'broken'],
    [404, 'broken'],
    [408, 'retry'],
    [410, 'broken'],
    [413, 'reject'],
    [429, 'retry'],
    [500, 'retry'],
    [503, 'retry'],
  ])('of %i means %s', async (status, result) => {
    expect(await answers(status, '<html>sign in</html>')).toMatchObject({ result, detail: expect.stringContaining(`HTTP ${status}`) })
  })

  it('of 400 says what is wrong; a wrong routing key is no fault of the message', async () => {
    expect(await answers(400, refused('summary is too long', 'x'))).toEqual({
      result: 'reject',
      detail: 'HTTP 400: summary is too long; x',
    })
    const key = "Length of 'routing_key' is incorrect (should be 32 characters)"
    expect(await answers(400, refused(key))).toEqual({ result: 'broken', detail: `HTTP 400: ${key}` })
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver, { routingKey: `0${KEY.slice(1)}` })
    expect(await about.tell('opened')).toEqual({ result: 'broken', detail: 'HTTP 400: Invalid routing key' })
  })

  it('of 429 is waited for as it says, else for half a minute', async () => {
    expect(await answers(429)).toEqual({ result: 'retry', detail: 'HTTP 429', retryAfterMs: 30_000 })
    expect(await answers(429, '', { 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7_000 })
    expect(await answers(429, '', { 'retry-after': 'soon' })).toMatchObject({ retryAfterMs: 30_000 })
  })

  it('that quotes the routing key is not repeated with it, not even with a part [case 64]', async () => {
    for (const before of ['', 'x'.repeat(190)]) {
      const { detail } = (await answers(500, `${before}${KEY} was sent`)) as { detail: string }
      expect(detail).not.toContain(KEY.slice(0, 8))
    }
  })

  it('that never ends, trickles, does not come or is no HTTP [case 18]', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver, { timeout: 300 })
    receiver.instead.push((response, request) => {
      response.writeHead(503)
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      }
      response.on('drain', more)
      more()
      request.socket.on('close', () => response.destroy())
    })
    const endless = await about.tell('opened')
    // No more than that is read; core cuts it once secrets are masked.
    expect([endless.result, endless.detail?.length]).toEqual(['retry', 'HTTP 503: '.length + 16_384])
    receiver.instead.push((response) => {
      response.writeHead(202)
      const timer = setInterval(() => response.write(' '), 20)
      response.on('close', () => clearInterval(timer))
    })
    expect(await about.tell('opened')).toMatchObject({ result: 'delivered' })
    receiver.instead.push(() => {})
    expect(await about.tell('opened')).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
    receiver.instead.push((_, request) => {
      request.socket.write('HTTP/1.1 202 OK\r\nX-A: ')
      const timer = setInterval(() => request.socket.write('x'), 20)
      request.socket.on('error', () => {}).on('close', () => clearInterval(timer))
    })
    expect(await about.tell('opened')).toEqual({ result: 'ambiguous', detail: 'no answer in time' })
    for (const text of ['SSH-2.0-OpenSSH_9.2\r\n', `HTTP/1.1 202 OK\r\n${'X-A: b\r\n'.repeat(10_000)}\r\n`]) {
      receiver.instead.push((_, request) => void request.socket.end(text))
      expect(await about.tell('opened')).toMatchObject({ result: 'ambiguous' })
    }
  })

  it('that redirects is not followed [case 19]', async () => {
    await using elsewhere = await PagerDuty.start()
    expect(await answers(307, '', { location: elsewhere.url })).toMatchObject({ result: 'broken' })
    expect(elsewhere.bodies).toEqual([])
  })

  it('cannot come where nobody listens', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await new Promise((resolve) => server.close(resolve))
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver, { endpoint: `http://127.0.0.1:${port}/` })
    expect(await about.tell('opened')).toEqual({ result: 'retry', detail: 'no connection (ECONNREFUSED)' })
  })

  it('that puts the second event of a rise off: it is sent again by itself, for the first would page anew what somebody resolved meanwhile', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    await about.tell('opened', { signal: { severity: 'low' } })
    receiver.instead.push('usual', (response) => void response.writeHead(503, { 'retry-after': '90' }).end())
    const raised: Told = { signal: { severity: 'high' } }
    // Of the first it is known that it arrived.
    expect(await about.tell('raised', raised)).toEqual({
      result: 'ambiguous',
      detail: 'trigger taken, resolve not yet: HTTP 503',
      retryAfterMs: 90_000,
    })
    const alert = receiver.alerts[1] as Alert
    alert.status = 'resolved'
    for (const status of [403, 429]) {
      receiver.instead.push((response) => void response.writeHead(status).end())
      expect(await about.tell('raised', raised)).toMatchObject({ result: 'ambiguous' })
    }
    expect(await about.tell('raised', raised)).toMatchObject({ result: 'delivered' })
    expect(JSON.parse(about.receipt ?? '')).toMatchObject({ alert: alert.key })
    expect(receiver.alerts.map(({ pages, log }) => [pages, ...log])).toEqual([
      [1, 'trigger', 'resolve'],
      [1, 'trigger'],
    ])
    expect(receiver.bodies.slice(3)).toEqual(Array(3).fill(receiver.bodies[2]))
  })

  it('that comes for a routing key which took the place of the one that opened an alert just now: both are named', async () => {
    await using receiver = await PagerDuty.start()
    const secrets = { KEY }
    await using about = await set(receiver, { routingKey: env('KEY') }, secrets)
    await about.tell('opened', { signal: { severity: 'low' } })
    receiver.instead.push('usual', (response) => void response.writeHead(503).end())
    const raised: Told = { signal: { severity: 'high' } }
    await about.tell('raised', raised)
    secrets.KEY = OTHER_KEY
    receiver.instead.push((response) => void response.writeHead(503).end())
    await about.tell('raised', raised)
    expect(about.notifier.logs).toEqual([])
    expect(await about.tell('raised', raised)).toMatchObject({ result: 'delivered' })
    // By the key that opened it, so that its end is warned of as well.
    await about.tell('archived', raised)
    const [before, after] = receiver.alerts.map(({ key }) => key)
    expect(about.notifier.logs.map(({ message }) => message)).toEqual([
      `cannot resolve an alert that was opened with another routing key: do it in PagerDuty (${before})`,
      `the routing key was replaced just after an alert was opened with it: end it in PagerDuty (${after})`,
      `cannot resolve an alert that was opened with another routing key: do it in PagerDuty (${after})`,
    ])
    expect(JSON.stringify([about.receipt, about.notifier.logs])).not.toMatch(new RegExp(`${KEY}|${OTHER_KEY}`))
  })

  it('that refuses to end a test names the alert, for it is not tried again', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    receiver.instead.push('usual', (response) => void response.writeHead(503).end())
    const { result, detail } = await about.tell('test')
    const key = receiver.alerts[0]?.key
    expect([result, detail]).toEqual(['ambiguous', `trigger taken, resolve of ${key} failed (do it in PagerDuty): HTTP 503`])
    await about.tell('test')
    expect(receiver.alerts).toMatchObject([{ status: 'resolved', log: ['trigger', 'trigger', 'resolve'] }])
  })
})

it('goes through a proxy to who can prove who he is, and to nobody else [case 20]', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cws-pagerduty-'))
  try {
    const authority = new TestAuthority(folder)
    const accepts = (response: ServerResponse) => void response.writeHead(202).end()
    await using behind = await Receiver.start(accepts, authority.identity('good', 'DNS:localhost'))
    await using stranger = await Receiver.start(accepts, authority.identity('wrong', 'DNS:other.example'))
    await using proxy = await startProxy()
    await using receiver = await PagerDuty.start()
    const ways = { ca: authority.caFile, proxy: env('PROXY') }
    const secrets = { PROXY: proxy.url.replace('http://', 'http://user:pass@') }
    await using good = await set(receiver, { endpoint: behind.url, ...ways }, secrets)
    await using wrong = await set(receiver, { endpoint: stranger.url, ...ways }, secrets)
    await using direct = await set(receiver, { endpoint: behind.url })
    expect(await good.tell('opened')).toMatchObject({ result: 'delivered' })
    expect(await wrong.tell('opened')).toMatchObject({
      result: 'broken',
      detail: expect.stringMatching(/^cannot connect safely \([A-Z_]+\)$/),
    })
    expect(await direct.tell('opened')).toMatchObject({ result: 'broken' })
    expect([behind.got.length, stranger.got.length, proxy.tunnels.length]).toEqual([1, 0, 2])
    expect(proxy.credentials[0]).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

describe('the routing key', () => {
  it('is in the bytes that leave, and nowhere else [case 64]', async () => {
    await using receiver = await PagerDuty.start()
    await using about = await set(receiver)
    const { notification, outcome } = await about.notifier.deliver()
    expect(JSON.stringify([notification, outcome, about.notifier.logs])).not.toContain(KEY)
    expect(receiver.bodies[0]).toBe(`{"routing_key":"${KEY}",${notification.body.slice(1)}`)
  })

  it('of a ruleset, or none, is refused at set-up without being quoted [case 62]', async () => {
    await using receiver = await PagerDuty.start()
    for (const wrong of [`R${KEY.slice(1)}`, 'hunter2hunter2']) {
      const refused = set(receiver, { routingKey: env('KEY') }, { KEY: wrong })
      await expect(refused).rejects.toMatchObject({ code: 'CWS_ERR_PLUGIN_OPTIONS' })
      await expect(refused).rejects.not.toThrow(wrong)
    }
  })

  it('is read anew each time; one that is wrong now breaks the destination, not the message', async () => {
    await using receiver = await PagerDuty.start()
    const secrets = { KEY }
    await using about = await set(receiver, { routingKey: env('KEY') }, secrets)
    secrets.KEY = 'short'
    expect(await about.tell('opened')).toMatchObject({ result: 'broken', detail: expect.stringContaining('32 letters and digits') })
    secrets.KEY = OTHER_KEY
    expect(await about.tell('opened')).toMatchObject({ result: 'delivered' })
    expect(receiver.events.map(({ routing_key }) => routing_key)).toEqual([OTHER_KEY])
  })
})

it('the README shows the page that is sent', async () => {
  await using receiver = await PagerDuty.start()
  await using about = await set(receiver, { signalUrl: 'https://wiki.example.com/signals/' })
  const message = defaultMessage({ signal: shellSignal, occasion: opened })
  await about.tell('opened', { signal: shellSignal, letter: { message, title: shellSignal.title, rule: 'Page us' } })
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const shown = JSON.parse(/```json\n(.*?)```/s.exec(readme)?.[1] ?? '') as object
  expect(shown).toEqual({ ...lastTrigger(receiver), routing_key: 'your integration key' })
})
