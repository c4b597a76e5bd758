import { type AnyDetection, type AnyRule, type EventType, type RulePack, type Suppression, severities, type Where } from '@cws/core'
import { z } from 'zod'

/** A pack, a list of rules, one rule; or text: a package, a path or a glob of rule files. */
export type PackInput = string | RulePack | AnyRule | AnyDetection | readonly PackInput[]

/** A condition on any type of event: the rule that it is for says which. */
export type AnyWhere = { [T in EventType]: Where<T> }[EventType]

const pack = z.custom<PackInput>(
  (value) => (typeof value === 'string' && value !== '') || (typeof value === 'object' && value !== null),
  'expected a pack, rules, or the name of a package or of files',
)

const condition = z.union(
  [z.string(), z.custom<AnyWhere>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))],
  {
    error: 'expected an expression or an object of fields',
  },
)

const tuning = z.strictObject({
  unless: z
    .union([condition, z.array(condition)])
    .optional()
    .describe('The rule does not fire where this holds'),
  severity: z.enum(severities).optional(),
  name: z.string().optional(),
  message: z.string().optional().describe('Markdown with {{@field}} variables'),
  advice: z.string().optional(),
  tags: z.array(z.string()).optional().describe('Added to the tags of the rule'),
  groupBy: z.array(z.string()).optional().describe('Fields whose values make one signal of many findings'),
})

export const options = z.strictObject({
  packs: z.array(pack).default([]).describe('Packs and rules: imported ones, packages by name, rule files by path or glob'),
  tune: z
    .record(z.string(), z.union([z.literal('off'), tuning], { error: 'expected "off" or an object of changes' }))
    .default({})
    .describe('Changes to rules and detections by their id'),
  suppressions: z
    .array(z.custom<Suppression & { readonly rules: readonly string[] }>((value) => typeof value === 'object' && value !== null))
    .default([])
    .describe('Findings that are known to mean nothing, for a time: { id, rules, when, until, reason }'),
})

export type Options = z.output<typeof options>
export type Tuning = z.output<typeof tuning>
