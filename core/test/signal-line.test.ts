import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { rehearse } from '../src/agent/rehearsal.ts'
import { exec } from '../src/model/events/exec.ts'
import { EventRegistry } from '../src/model/registry.ts'
import { Engine } from '../src/pipeline/engine.ts'
import { bounded, fits, MAX_EVENT_BYTES } from '../src/signals/bounded.ts'
import type { Finding } from '../src/signals/finding.ts'
import { Grouping } from '../src/signals/grouping.ts'
import { severities } from '../src/signals/severity.ts'
import { decodeSignal, safeLine } from '../src/signals/signal-json.ts'
import { headOf, type SignalLine } from '../src/signals/signal-line.ts'

const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
/** The contract of signal.ts. */
const schema = z.strictObject({
  kind: z.literal('signal'),
  id: z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/),
  revision: z.int().min(1),
  rule: z.strictObject({ id: z.string(), name: z.string() }),
  severity: z.enum(severities),
  status: z.literal('open'),
  title: z.string(),
  message: z.string(),
  advice: z.string(),
  first_seen: time,
  last_seen: time,
  count: z.int().min(1),
  tags: z.array(z.string()),
  host: z.strictObject({ name: z.string() }),
  group: z.record(z.string(), z.unknown()),
  event: z.looseObject({ type: z.literal('exec') }),
  folded: z.literal(true).optional(),
  truncated: z.literal(true).optional(),
})

const engine = new Engine(
  new EventRegistry(),
  () => {},
  () => {},
)
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\ud800', '\u2028', '}', '","x":"', '9007199254740993'))
const event = fc
  .record(
    {
      'exec.file.path': text,
      'exec.args': fc.oneof(text, fc.constant('\u202e'.repeat(70_000))),
      'exec.argv': fc.array(text, { maxLength: 3 }),
      'exec.file.inode': fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      'event.timestamp': fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }),
    },
    { requiredKeys: [] },
  )
  .map((values) => engine.keptEvent(exec, new Map(Object.entries(values))))
const finding: fc.Arbitrary<Finding> = fc.record(
  {
    rule: fc.constantFrom('r', 's'),
    severity: fc.constantFrom(...severities),
    title: text,
    name: text,
    message: fc.constantFrom('ran {{@exec.file.path}}', 'x'),
    advice: text,
    tags: fc.array(text, { maxLength: 2 }),
    groupBy: fc.constantFrom(['exec.file.path'], ['exec.file.inode', 'no.such'], []),
  },
  { requiredKeys: ['rule', 'severity'] },
)

function linesOf(findings: readonly (readonly [Finding, ReturnType<typeof engine.keptEvent>])[]): SignalLine[] {
  const lines: SignalLine[] = []
  const grouping = new Grouping({ host: 'h"\\', emit: (line) => void lines.push(line), now: () => 0 })
  for (const [one, about] of findings) grouping.add(one, about)
  grouping.close()
  return lines
}

describe('the line of a signal', () => {
  it('is what the contract says, and what its head and its object say', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(finding, event), { minLength: 1, maxLength: 30 }), (findings) => {
        for (const one of linesOf(findings)) {
          const { line, head, signal } = one
          expect(schema.safeParse(JSON.parse(line)).error).toBeUndefined()
          expect(line).not.toContain('\n')
          expect(signal).toEqual(decodeSignal(line))
          expect(one.signal).toBe(signal)
          expect(head).toEqual(headOf(signal))
          // Written again, not a digit is lost; stored, it is still the same signal.
          expect(JSON.stringify({ kind: 'signal', ...signal })).toBe(line)
          expect(decodeSignal(safeLine(line))).toEqual(signal)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('tells the event’s own values', () => {
    const path = '/tmp/"\\\u2028\ud800'
    const about = engine.keptEvent(
      exec,
      new Map<string, unknown>([
        ['exec.file.path', path],
        ['exec.file.inode', 2n ** 64n - 1n],
      ]),
    )
    const [one] = linesOf([[{ rule: 'r', severity: 'low', groupBy: ['exec.file.path', 'exec.file.inode'] }, about]]) as [SignalLine]
    expect(one.signal.event).toMatchObject({ type: 'exec', exec: { file: { path } } })
    expect(one.signal.group).toEqual({ 'exec.file.path': path, 'exec.file.inode': '18446744073709551615' })
    expect(one.line).toContain('"inode":18446744073709551615')
  })
})

describe('the bound of an event', () => {
  it('lets in what is told in so many bytes, and not one more', () => {
    for (const unit of ['a', 'é', '\u202e', '😀', '\ud800', '\u{e0001}']) {
      for (let length = 1; length <= 40; length++) {
        const json = unit.repeat(length)
        const bytes = Buffer.byteLength(safeLine(json))
        expect([unit, fits(json, bytes), fits(json, bytes - 1)]).toEqual([unit, true, false])
      }
    }
    expect(fits('a'.repeat(MAX_EVENT_BYTES))).toBe(true)
    expect(fits('a'.repeat(MAX_EVENT_BYTES + 1))).toBe(false)
    expect(fits('\u202e'.repeat(MAX_EVENT_BYTES / 6))).toBe(true)
    expect(fits('\u202e'.repeat(MAX_EVENT_BYTES / 6 + 1))).toBe(false)
  })

  it('cuts no more than it must', () => {
    const values = { a: 'x'.repeat(4096), list: Array.from({ length: 256 }, () => 'y') }
    expect(bounded(values)).toEqual(values)
    expect(bounded({ a: 'x'.repeat(4097) })).toEqual({ a: `${'x'.repeat(4096)}…(+1)` })
    expect(bounded({ a: 'x'.repeat(600) }, 600)).toEqual({ a: `${'x'.repeat(512)}…(+88)` })
  })

  it('marks a signal as truncated from the first byte beyond', () => {
    const withArgs = (length: number) =>
      linesOf([
        [{ rule: 'r', severity: 'low', groupBy: [] }, engine.keptEvent(exec, new Map([['exec.args', 'x'.repeat(length)]]))],
      ])[0] as SignalLine
    // `{}` of the group, and the event around the argument.
    const around = JSON.stringify({ type: 'exec', exec: { args: '' } }).length + 2
    const whole = withArgs(MAX_EVENT_BYTES - around).signal
    expect(whole).not.toHaveProperty('truncated')
    expect((whole.event['exec'] as { args: string }).args).toHaveLength(MAX_EVENT_BYTES - around)
    expect(withArgs(MAX_EVENT_BYTES - around + 1).signal).toMatchObject({ truncated: true })
  })
})

it('a rehearsal plays signals as real ones are, each of a rule of its own', () => {
  const played: SignalLine[] = []
  rehearse('h', engine.keptEvent(exec, new Map([['exec.file.path', '/bin/true']])), (line) => void played.push(line))
  expect(played.length).toBeGreaterThan(0)
  for (const { line, head } of played) {
    expect(schema.safeParse(JSON.parse(line)).error).toBeUndefined()
    expect(head).toMatchObject({ revision: 1, count: 1, rule: expect.stringMatching(/^agent-rehearsal-\d+$/) })
  }
  expect(new Set(played.map(({ head }) => head.rule)).size).toBe(played.length)
})
