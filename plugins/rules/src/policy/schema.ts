import { nearest, severities } from '@cws/core'
import { z } from 'zod'
import { detection, suppression } from '../detections/shape.ts'
import { actionSchema } from './action-schema.ts'
import { duration, id, scalarText, texts } from './values.ts'

/** What macros and rules have in common. */
const selected = {
  description: z.string().optional().describe('For people'),
  agent_version: z
    .string()
    .optional()
    .describe('Semver constraint on the version of the rule language, such as `>= 7.68, < 7.71`; what does not fit is left out'),
  filters: z
    .array(z.string())
    .optional()
    .describe('Conditions on the host (`os`, `kernel.version.major`, …): left out if none of them holds'),
}

export const macroSchema = z.object({
  id: id.describe('The name by which expressions use it'),
  ...selected,
  expression: z.string().optional().describe('An expression, a list, or one value'),
  values: z.array(scalarText).optional().describe('A list of plain texts; instead of `expression`'),
  combine: z
    .enum(['merge', 'override'])
    .optional()
    .describe('With a macro of this id in a policy before: `merge` adds the values, `override` replaces them'),
})

/** A test: values by field; what is not given, and null, is UNKNOWN. */
const testCase = z.record(z.string(), z.unknown())

export const ruleSchema = z.object({
  id: id.describe('Unique among the rules that run'),
  version: scalarText.optional().describe('Version of the rule'),
  expression: z.string().optional().describe('The condition, on one type of event'),
  ...selected,
  tags: z.record(z.string(), scalarText).optional().describe('`execution_context: "true"` has the rule judged before others'),
  product_tags: z.array(scalarText).optional().describe('More tags, as texts'),
  disabled: z.boolean().optional().describe('The rule does not run'),
  combine: z.literal('override').optional().describe('Changes the rule of this id in a policy before'),
  override_options: z
    .object({
      fields: z
        .array(z.enum(['all', 'expression', 'actions', 'every', 'tags', 'product_tags']))
        .optional()
        .describe('What is changed; the expression never is'),
    })
    .optional()
    .describe('What `combine: override` changes'),
  actions: z.array(actionSchema).optional().describe('What is done when the rule matches, in order'),
  every: duration.optional().describe('At most one finding in this time: `1m`, or nanoseconds'),
  limiter_token: texts.optional().describe('Fields: the limit holds for each combination of their values'),
  silent: z.boolean().optional().describe('The rule is judged and acts, but reports nothing'),
  group_id: id.optional().describe('Group of rules that belong together'),
  priority: z.int().optional().describe('Rules with a higher one are judged first; 0 if absent'),
  name: z.string().min(1).optional().describe('For people: what happened, in a few words. The description or the id if absent'),
  severity: z.enum(severities).optional().describe('Severity of the signal; medium if absent'),
  message: z.string().min(1).optional().describe('Markdown with {{@field}} variables. The description if absent'),
  advice: z.string().min(1).optional().describe('What to do about it'),
  group_by: texts.optional().describe('Fields whose values make one signal of many findings'),
  benign: texts.optional().describe('Harmless causes that are known'),
  tests: z
    .object({
      fires: z.array(testCase).optional().describe('Events on which the rule must be true'),
      silent: z.array(testCase).optional().describe('Events on which it must be false'),
    })
    .optional()
    .describe('Events by dotted field name, on which `cws rules test` tries the rule'),
})

export const policySchema = z.object({
  version: scalarText.optional().describe('Version of the policy'),
  type: z.string().optional().describe('Kind of the policy'),
  replace_policy_id: scalarText.optional().describe('Taken and left alone: there is nobody to replace policies'),
  macros: z.array(macroSchema).nullish().describe('Named parts of expressions'),
  rules: z.array(ruleSchema).nullish().describe('Rules, in the order in which they are judged'),
  detections: z.array(detection).nullish().describe('What several findings of rules mean together'),
  suppressions: z.array(suppression).nullish().describe('Findings that are known to mean nothing, for a time'),
})

/** The file and its lists; macros, rules and actions are checked one by one, so that a bad one loses only itself. */
const anything = z.array(z.unknown()).nullish()
export const fileShape = policySchema.extend({ macros: anything, rules: anything, detections: anything, suppressions: anything })
export const ruleShape = ruleSchema.extend({ actions: z.array(z.unknown()).optional() })

export type MacroDefinition = z.output<typeof macroSchema>
export type RuleDefinition = z.output<typeof ruleShape>

/** JSON Schema (2020-12) of policy files, for editors. */
export function policyJsonSchema(): object {
  const schema = z.toJSONSchema(policySchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { type } = zodSchema._zod.def
      // A condition as data, a rule as an object; a day that YAML reads as one.
      if (type === 'custom') jsonSchema.type = 'object'
      if (type === 'date') jsonSchema.type = 'string'
      // Unknown keys are only warned about when a file is loaded; an editor shows them at once.
      if (type === 'object') jsonSchema.additionalProperties = false
    },
  })
  return { ...schema, title: 'CWS policy' }
}

/** A key that the schema does not know, and where. */
export interface UnknownKey {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** The keys of a value that a schema leaves aside. */
export function unknownKeys(schema: z.ZodObject, value: unknown): UnknownKey[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  const { shape } = schema
  return Object.entries(value).flatMap(([key, inner]): UnknownKey[] => {
    const known = shape[key]
    if (known === undefined) {
      const suggestion = nearest(key, Object.keys(shape))
      return [{ path: [key], message: `there is no key \`${key}\`${suggestion ? `; did you mean \`${suggestion}\`?` : ''}` }]
    }
    const objects = objectIn(known as z.ZodType)
    return objects ? unknownKeys(objects, inner).map(({ path, message }) => ({ path: [key, ...path], message })) : []
  })
}

function objectIn(schema: z.ZodType): z.ZodObject | undefined {
  let inner: unknown = schema
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodNullable) inner = inner.unwrap()
  return inner instanceof z.ZodObject ? inner : undefined
}
