import { readFileSync } from 'node:fs'
import { type Document, printable, severities, shownText, textOf } from '@cws/core'
import { hostileLetter, hostileValues } from '@cws/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { datadogLetter } from '../../../core/test/fixtures/datadog-letter.ts'
import { code, everywhere, letter, paragraph, value, words } from '../../../core/test/fixtures/letters.ts'
import { frameOf, type RecordOptions, recordOf } from '../src/record.ts'
import { FrameReader, readRecord } from './reader.ts'
import { parameterOf } from './receiver.ts'

const usual: RecordOptions = { facility: 'authpriv', appName: 'cws', sdId: 'cws@32473', bom: true, maxSize: 8_000 }
const read = (record: string) => readRecord(Buffer.from(record))
const bytes = (record: string): number => Buffer.byteLength(record)

describe('a record', () => {
  it('says what happened in its text, and what receivers sort by as structured data', () => {
    const { data, ...rest } = read(recordOf(letter({ reason: 'raised' }, { revision: 3, count: 12 }), usual))
    expect(rest).toEqual({
      facility: 10,
      severity: 3,
      timestamp: '2026-11-24T09:00:00.000000Z',
      host: 'test',
      app: 'cws',
      procId: '-',
      msgId: 'exec-from-memory-fs',
      bom: false,
      text: 'A program was run from memory | `/dev/shm/x` was executed.',
    })
    expect(data).toEqual({
      'cws@32473': [
        ['key', '01JDEXAMPLE0000000000000AA:3:team'],
        ['signal', '01JDEXAMPLE0000000000000AA'],
        ['revision', '3'],
        ['severity', 'high'],
        ['reason', 'raised'],
        ['status', 'open'],
        ['count', '12'],
        ['rule', 'exec-from-memory-fs'],
        ['first_seen', '2026-11-24T09:00:00.000000000Z'],
        ['last_seen', '2026-11-24T09:00:00.000000000Z'],
        ['tags', 'mitre:T1059'],
        ['notification', 'Tell the team'],
      ],
    })
  })

  it('has a severity for each of ours', () => {
    const found = severities.map((severity) => [
      severity,
      read(recordOf(letter({}, { severity }), { ...usual, facility: 'local7' })).severity,
    ])
    expect(Object.fromEntries(found)).toEqual({ info: 6, low: 5, medium: 4, high: 3, critical: 2 })
    expect(recordOf(letter(), { ...usual, facility: 'local7' })).toMatch(/^<187>1 /)
  })

  it('is one line, whatever the message is made of', () => {
    const message: Document = [
      paragraph(code('/dev/shm/x'), { type: 'break' }, words('was run')),
      { type: 'code', children: [{ type: 'text', text: 'systemd 1\n└ nginx 812', value: true }] },
    ]
    const { text, bom } = read(recordOf(letter({ message }), usual))
    expect(text).toBe('A program was run from memory | /dev/shm/x | was run | systemd 1 | └ nginx 812')
    expect(bom).toBe(true)
    expect(recordOf(letter({ message }), { ...usual, bom: false })).not.toContain('\ufeff')
  })

  it('of messages of Datadog’s detection rules says the same words here [case 42]', async () => {
    const { text } = read(recordOf(datadogLetter(), usual))
    await expect(text).toMatchFileSnapshot('golden/datadog.txt')
  })

  it('is as the README shows it', () => {
    const message: Document = [paragraph(code('/dev/shm/x -q'), words(' was run by '), value('www-data'))]
    const record = recordOf(letter({ message, key: '01JDEXAMPLE0000000000000AA:1:syslog' }, { count: 3, host: { name: 'web-1' } }), usual)
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const [, shown] = /## What it looks like\n\n```\n([\s\S]*?)\n```/.exec(readme) ?? []
    expect(shown?.replaceAll('\n', ' ')).toBe(record)
  })
})

/** Of the structured data, in their order. */
const NAMES = 'key signal revision severity reason status count rule first_seen last_seen tags notification'.split(' ')

/** One record, its fields where they belong, and the text in it as it is; parted by its count alone. */
function expectInert(text: string): void {
  for (const maxSize of [480, 2_048, 65_536]) {
    const record = recordOf(everywhere(text), { ...usual, maxSize })
    expect(bytes(record)).toBeLessThanOrEqual(maxSize)
    const frames = new FrameReader().read(Buffer.concat([frameOf(record), frameOf('<0>1 - - - - - -')]))
    expect(frames).toHaveLength(2)
    const { data, text: seen } = readRecord(frames[0] as Buffer)
    expect(Object.keys(data)).toEqual(['cws@32473'])
    const parameters = data['cws@32473'] ?? []
    expect(parameterOf(parameters, 'key')).toBe('01JDEXAMPLE0000000000000AA:1:team')
    expect(new Set(parameters.map(([name]) => name)).size).toBe(parameters.length)
    if (maxSize < 65_536) continue
    expect(seen).toContain(text.trim())
    expect(parameterOf(parameters, 'rule')).toEqual(text.length <= 256 ? text : expect.stringContaining('…(+'))
  }
}

describe('values', () => {
  it.each(hostileValues.map((text) => [printable(text)]))('%j stand where they belong, and end nothing [case 45]', expectInert)

  it.each(hostileValues.map((text) => [JSON.stringify(text).slice(0, 60), text] as const))(
    '%s, as whoever made it wrote it, is one record, and nothing in it acts [case 45]',
    (_, text) => {
      for (const reason of ['opened', 'raised', 'digest'] as const)
        for (const maxSize of [2_048, 65_536]) {
          const record = recordOf(hostileLetter(text, { reason, title: text }), { ...usual, maxSize })
          expect(record).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?!\ufeff)\p{Cf}/u)
          const frames = new FrameReader().read(Buffer.concat([frameOf(record), frameOf('<0>1 - - - - - -')]))
          expect(frames).toHaveLength(2)
          const { data, text: seen, host, app, severity } = readRecord(frames[0] as Buffer)
          expect([host, app, severity, Object.keys(data)]).toEqual(['test', 'cws', 3, ['cws@32473']])
          const parameters = data['cws@32473'] ?? []
          const names = parameters.map(([name]) => name)
          expect(names).toEqual(NAMES.filter((name) => names.includes(name)))
          expect(seen).not.toContain('\ufeff')
          expect(seen.startsWith(printable(text.trim()).slice(0, 150))).toBe(true)
          if (maxSize < 65_536) continue
          expect(names).toEqual(NAMES)
          const [rule, tags, notification] = ['rule', 'tags', 'notification'].map((name) => parameterOf(parameters, name))
          expect([rule, notification]).toEqual([shownText(text, 256), shownText(text, 256)])
          expect(tags).toBe(shownText([text, `service:${text}`].filter((tag) => tag.trim() !== '').join(','), 512))
        }
    },
  )

  it('of any bytes stand where they belong', () => {
    const parts = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc
        .constantFrom('"', ']', '\\', '\\"', '] <134>1 - h a - - - x', '\n<1>1 ', '%n', '\ufeff', '=', ' ')
        .map((text) => Buffer.from(text)),
    )
    const hostile = fc.array(parts, { maxLength: 8 }).map((all) => {
      const whole = Buffer.concat(all)
      return printable(textOf(whole, 0, whole.length))
    })
    fc.assert(fc.property(hostile, expectInert), { numRuns: 60, seed: 20261130 })
  })

  it('that are no names become ones, or nil', () => {
    const { host, msgId, timestamp } = read(
      recordOf(letter({ time: 'yesterday' }, { host: { name: 'wéb 1' }, rule: { id: `${'r'.repeat(40)}`, name: '' } }), usual),
    )
    expect([host, msgId, timestamp]).toEqual(['w_b_1', 'r'.repeat(32), '-'])
    expect(read(recordOf(letter({}, { host: { name: '' }, rule: { id: '', name: '' } }), usual))).toMatchObject({ host: '-', msgId: '-' })
  })
})

describe('a record that is too long', () => {
  it('is cut to the byte, between characters, and says how much is gone', () => {
    for (const maxSize of [480, 2_048, 8_000, 65_536])
      for (const character of ['x', 'é', '中', '\u{1f469}']) {
        const text = character.repeat(70_000)
        const record = recordOf(letter({ title: 't', message: [paragraph(value(text))] }), { ...usual, maxSize })
        expect(bytes(record)).toBeLessThanOrEqual(maxSize)
        expect(bytes(record)).toBeGreaterThan(maxSize - 8)
        const [, kept, gone] = /^t \| (.*)…\(\+(\d+) bytes\)$/u.exec(read(record).text) ?? []
        expect(bytes(kept ?? '') + Number(gone)).toBe(bytes(text))
      }
  })
})

describe('the reader of these tests', () => {
  it.each([
    '<192>1 - - - - - -',
    '<034>1 - - - - - -',
    '<34>2 - - - - - -',
    '<34>1 2026-01-01 - - - - -',
    '<34>1 - - - - - [a b="c]"]',
    '<34>1 - - - - - [a b="c\\n"]',
    '<34>1 - - - - - [a b="c" ]',
    '<34>1 - - - - - [a][a]',
    '<34>1 - - - - - - é',
    '<34>1 - - - - - - a\nb',
  ])('takes no %j', (record) => {
    expect(() => read(record)).toThrow()
  })
  it('takes what the RFC shows', () => {
    const shown =
      '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application"][examplePriority@32473 class="high"]'
    expect(read(shown)).toMatchObject({ facility: 20, severity: 5, msgId: 'ID47', text: '' })
    expect(() => new FrameReader().read(Buffer.from('05 hello'))).toThrow('no length')
  })
})
