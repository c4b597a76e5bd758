import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Console } from '../../src/delivery/console/console.ts'
import { humanSignal, humanStatus, wholeSignal } from '../../src/delivery/console/human.ts'
import type { Output } from '../../src/delivery/output.ts'
import { printable } from '../../src/signals/printable.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { decodeSignal } from '../../src/signals/signal-json.ts'
import { hostileLetter, hostileValues } from '../../src/testing/hostile-values.ts'
import { bodyOf, signalOf } from '../fixtures/delivery.ts'

/** An output that remembers, and can be out of room. */
function outputOf(): { readonly lines: string[]; full: boolean; dropped: number; readonly as: Output } {
  const self = {
    lines: [] as string[],
    full: false,
    dropped: 0,
    line(text: string): boolean {
      if (!self.full) self.lines.push(text)
      return !self.full
    },
    events(text: string): void {
      self.lines.push(...text.split('\n'))
    },
    get as(): Output {
      return self as unknown as Output
    },
  }
  return self
}

describe('JSON lines', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const stored = new Map<string, string>()
  let number = 0
  const show = (console: Console, signal: Signal): void => {
    stored.set(signal.id, bodyOf(signal))
    console.signal(signal.id, bodyOf(signal), ++number)
  }
  const consoleOf = (output: Output): Console =>
    new Console({ output, format: 'json', color: false, bodyOf: (id) => stored.get(id), decode: decodeSignal })

  it('are one when a signal opens, then at most one every 10 s, the last with the final count', () => {
    const output = outputOf()
    const console = consoleOf(output.as)
    const signal = signalOf()
    const times: number[] = []
    for (let second = 0; second < 60; second++) {
      if (second < 35) show(console, { ...signal, revision: second + 1, count: (second + 1) * 10 })
      while (times.length < output.lines.length) times.push(second)
      vi.advanceTimersByTime(1_000)
    }
    const lines = output.lines.map((line) => JSON.parse(line))
    expect(lines.map(({ count }) => count)).toEqual([10, 100, 200, 300, 350])
    expect(lines.every(({ kind, id }) => kind === 'signal' && id === signal.id)).toBe(true)
    expect(times).toEqual([0, 10, 20, 30, 40])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('tell at the end what was held back', () => {
    const output = outputOf()
    const console = consoleOf(output.as)
    const signal = signalOf()
    show(console, signal)
    show(console, { ...signal, revision: 2 })
    console.flush()
    expect(output.lines.map((line) => JSON.parse(line).revision)).toEqual([1, 2])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('that found no room come later, the newest revision of each, and then the count of dropped events', () => {
    const output = outputOf()
    const console = consoleOf(output.as)
    const [a, b] = [signalOf(), signalOf()]
    output.full = true
    show(console, a)
    show(console, b)
    show(console, { ...a, revision: 2 })
    vi.advanceTimersByTime(10_000)
    expect(output.lines).toEqual([])
    output.full = false
    output.dropped = 12
    console.room()
    console.room()
    expect(output.lines.map((line) => JSON.parse(line))).toMatchObject([
      { id: a.id, revision: 2 },
      { id: b.id, revision: 1 },
      { kind: 'dropped', events: 12 },
    ])
  })

  it('say where the agent is, and pass events on', () => {
    const output = outputOf()
    const console = consoleOf(output.as)
    console.status({ state: 'ready', pid: 42, sensors: { process: 'tp_btf' } })
    console.events('{"kind":"event","a":"\u009b"}\n{"kind":"event","b":1}', 2)
    expect(output.lines).toEqual([
      '{"kind":"status","state":"ready","pid":42,"sensors":{"process":"tp_btf"}}',
      '{"kind":"event","a":"\\u009b"}',
      '{"kind":"event","b":1}',
    ])
  })
})

describe('for a person', () => {
  const at = new Date(2026, 10, 24, 10, 42, 7).toISOString()

  it('a signal is read in two seconds', () => {
    const process = signalOf().event['process'] as object
    const event = {
      ...signalOf().event,
      process: { ...process, ancestors: undefined, parent: { comm: 'cron', pid: 9 } },
      container: { id: '3f2a9c11aa22bb33cc' },
    }
    expect(humanSignal(signalOf({ first_seen: at, last_seen: at }), false)).toBe(
      [
        'HIGH      A web server started a shell  10:42:07',
        '          `/usr/bin/bash -c id` was started by a web server.',
        '          systemd 1 › php-fpm 1203',
        '          └ bash -c id  pid 4711, www-data',
        '          → Look at the access log.',
        '          shell-from-web-server  mitre:T1505.003',
      ].join('\n'),
    )
    expect(
      humanSignal(signalOf({ first_seen: at, last_seen: at, event, severity: 'critical', message: '', advice: '', tags: [] }), false),
    ).toBe(
      [
        'CRITICAL  A web server started a shell  10:42:07',
        '          cron 9',
        '          └ bash -c id  pid 4711, www-data, container 3f2a9c11aa22…',
        '          shell-from-web-server',
      ].join('\n'),
    )
  })

  it('of an author who is not known says why', () => {
    const signalBy = (process: object, about: object = {}) =>
      humanSignal(signalOf({ event: { type: 'change', event: about, process } }), false)
    expect(signalBy({ certainty: 'unknown' }, { author_gap: 'inotify names nobody' })).toContain(
      '\n          a program that could not be told (inotify names nobody)\n',
    )
    expect(signalBy({ pid: 7 })).toContain('\n          process 7, of which nothing more is known\n')
    expect(signalBy({ pid: 7, uid: 0 })).toContain('\n          an unknown program  pid 7, uid 0\n')
  })

  it('a later revision is one line', () => {
    const later = new Date(2026, 10, 24, 10, 45, 0).toISOString()
    expect(humanSignal(signalOf({ revision: 3, count: 12, first_seen: at, last_seen: later }), false)).toBe(
      'HIGH      A web server started a shell  ×12  10:42:07 – 10:45:00',
    )
    // What is new stands in it each time.
    expect(humanSignal(signalOf({ revision: 3, count: 12, folded: true }), false)).toContain('was started by a web server.')
  })

  it('colour stands only where it is allowed', () => {
    expect(humanSignal(signalOf(), true)).toContain('\u001b[1;31mHIGH\u001b[0m')
    expect(humanStatus({ state: 'ready', pid: 7, sensors: { process: 'tp_btf' } }, false)).toBe(
      '● cws is watching this host  pid 7, sensors process: tp_btf',
    )
  })

  it('no value can act on the terminal, whatever bytes it holds', () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `\u001b]0;${text}\u0007\u009b2J\r\n\u202e`)
    fc.assert(
      fc.property(hostile, (text) => {
        const process = {
          pid: 1,
          user: text,
          args: text,
          certainty: text,
          file: { name: text },
          ancestors: [{ comm: text }, { file: { name: text } }],
        }
        const signal = signalOf({
          title: text,
          message: `m${text}`,
          advice: text,
          tags: [text],
          last_seen: text,
          rule: { id: text, name: text },
          event: { type: text, process, container: { id: text } },
        })
        for (const line of humanSignal(signal, false).split('\n'))
          expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/)
        expect(humanSignal(signal, false).split('\n')).toHaveLength(6)
        expect(humanStatus({ state: 'ready', pid: 1, sensors: { process: text } }, false)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
      }),
    )
  })

  it.each(hostileValues.map((text) => [JSON.stringify(text).slice(0, 60), text] as const))(
    '%s is text in the lines of its own signal [case 45]',
    (_, text) => {
      const signal = { ...hostileLetter(text).signal, last_seen: at }
      for (const shown of [signal, { ...signal, revision: 2, count: 3 }])
        for (const [color, whole] of [
          [false, humanSignal(shown, false)],
          [false, wholeSignal(shown, false)],
          [true, humanSignal(shown, true)],
        ] as const) {
          const lines = (color ? whole.replaceAll(OURS, '') : whole).split('\n')
          for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
          // Only a signal's first line begins at the left.
          const [first, ...more] = lines
          expect(first).toMatch(/^HIGH {6}/)
          expect(first?.slice(10).startsWith(printable(text.slice(0, 200)))).toBe(true)
          for (const line of more) expect(line).toMatch(/^ {10}/)
          expect(more.length).toBeLessThanOrEqual(5)
        }
      expect(humanStatus({ state: 'ready', pid: 1, sensors: { process: text } }, false)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    },
  )
})

/** Colours, and their end. */
const OURS = /\u001b\[[\d;]+m/g
