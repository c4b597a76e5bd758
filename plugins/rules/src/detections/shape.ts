import { severities } from '@cws/core'
import { z } from 'zod'
import { durationOf } from './duration.ts'
import { MAX_COUNT } from './window.ts'

const HOUR = 3_600_000
const id = z.string().regex(/^[a-z0-9]+(?:[-_][a-z0-9]+)*$/, 'expected lower-case words with dashes')
const text = z.string().refine((value) => value.trim() !== '', 'expected a text')
const texts = z.array(text)
/** A rule's id; a rule in TypeScript stands for its id. */
const rule = z.union([id, z.custom<{ id: string }>((value) => id.safeParse((value as { id?: unknown } | null)?.id).success)], {
  error: 'expected the id of a rule',
})
const condition = z.union(
  [z.string(), z.custom<object>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))],
  'expected an expression or an object of fields',
)
const upTo = (most: number, words: string) =>
  z.string().refine((value) => {
    const duration = durationOf(value)
    return duration !== undefined && duration > 0 && duration <= most
  }, `expected a time such as 90s, 5m or 1h, ${words}`)
const within = upTo(24 * HOUR, 'at most 24h')

/** A suppression as it stands on its own: `rules` says what it is for. */
export const suppression = z.strictObject({
  id,
  rules: z.array(rule).min(1).optional().describe('Rules and detections that it holds for'),
  when: condition.optional().describe('Findings that it suppresses; all, if absent'),
  until: z.union([z.date(), text], 'expected a time, a day, or `never`').describe('RFC 3339, or a day: its beginning in UTC; `never`'),
  reason: text.describe('Why these findings mean nothing'),
})

const testCases = z.array(z.array(z.record(z.string(), z.unknown())).min(1))

const base = {
  id,
  name: text.describe('What happened, in a few words'),
  severity: z.enum(severities).describe('Where no case holds'),
  by: z
    .array(text)
    .max(8)
    .default(['tree'])
    .describe('What ties findings together: `tree`, `process`, `user`, `container`, or fields; none: the whole host'),
  cases: z
    .array(z.strictObject({ when: condition, severity: z.enum(severities), name: text.optional() }))
    .max(16)
    .default([])
    .describe('The first that holds gives the severity'),
  findings: z.enum(['keep', 'absorb']).default('keep').describe('`absorb`: findings of its rules are not told themselves'),
  tags: z
    .union([texts, z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))])
    .default([])
    .describe('`[mitre:T1003]`, or as rules of policies have them: `{ mitre: T1003 }`'),
  message: text.describe('Markdown with {{@field}} of the last event, {{count}}, {{distinct}}, {{within}}, {{case}}'),
  advice: text.optional(),
  benign: texts.default([]),
  suppress: z.array(suppression).max(64).default([]),
  tests: z
    .strictObject({ fires: testCases.optional(), silent: testCases.optional() })
    .optional()
    .describe('Cases of several events each: `on` their type, `after` the time since the one before, and fields'),
}
const of = z.array(rule).min(1).max(1_000).describe('Rules whose findings it looks at')

/** A detection as it is written, in TypeScript and in YAML. */
export const detection = z.discriminatedUnion('kind', [
  z.strictObject({
    ...base,
    kind: z.literal('threshold'),
    of,
    within,
    count: z.int().min(2).max(MAX_COUNT),
    distinct: text.optional().describe('Counts different values of this field, or different rules (`rule.id`)'),
  }),
  z.strictObject({
    ...base,
    kind: z.literal('sequence'),
    steps: z
      .array(z.union([rule, of]))
      .min(2)
      .max(8),
    within,
  }),
  z.strictObject({
    ...base,
    kind: z.literal('new-value'),
    of,
    value: text.describe('The field of which a new value is a finding'),
    learn: upTo(90 * 24 * HOUR, 'at most 90d'),
  }),
])

export type DetectionInput = z.output<typeof detection>
export type SuppressionInput = z.output<typeof suppression>

/** Whether this is meant as a detection, not as a rule. */
export function isDetection(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && !('on' in value)
}
