import fc from 'fast-check'
import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import { standardModel } from '../../src/evaluate/standard-model.ts'
import { load } from '../../src/load.ts'
import { readDocument } from '../../src/policy/document.ts'
import { facts } from './sandbox.ts'

const loadTexts = (texts: readonly string[]) =>
  load(
    {
      rules: [],
      detections: [],
      suppressions: [],
      failed: [],
      policies: texts.map((text, i) => ({ origin: `${i}.policy`, file: `/${i}.policy`, text })),
    },
    {},
    standardModel,
    facts,
  )

const expression = fc.constantFrom(
  'exec.comm == "a"',
  'exec.comm == "a" && ${v} > 1',
  'exec.comm in LIST',
  'fim.write.file.path == "/x"',
  'process.uid == 0',
  'open.flags & O_CREAT > 0',
  'exec.comm ==',
  'exec.comm == "',
  '(((',
  '${v.length} + 1',
  'MACRO && MACRO',
  '',
)
const key = fc.constantFrom(
  ...['id', 'expression', 'description', 'tags', 'filters', 'agent_version', 'disabled', 'combine', 'override_options', 'actions', 'every'],
  ...[
    'limiter_token',
    'silent',
    'priority',
    'name',
    'severity',
    'message',
    'group_by',
    'tests',
    'values',
    'set',
    'value',
    'field',
    'scope',
  ],
  ...['default_value', 'fires', 'kill', 'log', 'filter', 'ttl', 'size', 'append', '__proto__', 'constructor', 'x'],
)
const scalar = fc.oneof(
  expression,
  fc.constantFrom('a', 'v', 'LIST', 'MACRO', 'override', 'merge', 'process', '1h', '>= 7', 'os == "linux"', 'exec.comm', 'all'),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.constant(null),
  fc.string({ maxLength: 8 }),
)
const { any } = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('any')), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
  ),
}))
const rule = fc
  .record({ id: fc.constantFrom('a', 'b', 'c'), expression, more: fc.array(fc.tuple(key, any), { maxLength: 4 }) })
  .map(({ id, expression: text, more }) => ({ id, expression: text, ...Object.fromEntries(more) }))
const policy = fc.record({ macros: fc.array(rule, { maxLength: 3 }), rules: fc.array(rule, { maxLength: 4 }) })

it('whatever policies say, each rule has its state and each problem its place in the file', () => {
  fc.assert(
    fc.property(fc.array(policy, { minLength: 1, maxLength: 3 }), (policies) => {
      const texts = policies.map((one) => stringify(one))
      const { report, policyRules } = loadTexts(texts)
      expect(report.policies).toHaveLength(policies.length)
      const running = new Set(policyRules.map(({ id }) => id))
      for (const { id, state, errors, origin } of report.rules) {
        if (state === 'loaded') expect(running).toContain(id)
        expect(errors.length > 0).toBe(state === 'rejected')
        const lines = texts[Number.parseInt(origin, 10)]?.split('\n') as string[]
        for (const { line, column } of errors) {
          expect(line).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(lines.length)
          expect(column).toBeLessThanOrEqual((lines[(line as number) - 1] as string).length + 1)
        }
      }
    }),
    { numRuns: 40 },
  )
})

it('whatever bytes a file is of, it is lost or loaded', () => {
  const piece = fc.constantFrom(
    ...[
      'rules:\n',
      '  - id: a\n',
      '    expression: ',
      'exec.comm == "a"\n',
      '|\n',
      '>-\n',
      '"',
      "'",
      '\\',
      '&a ',
      '*a ',
      '[',
      ']',
      '{',
      '}',
    ],
    ...[': ', '- ', '? ', '\n', ' ', '\t', '#', '!', '!!', '%YAML 1.2\n', '---\n', '...\n', '<<: ', '\u0000', '\ufeff', '\r\n', '\u2028'],
  )
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, (one) => {
      expect(loadTexts([one]).report.policies).toHaveLength(1)
    }),
    { numRuns: 150 },
  )
})

it('a place in a text is that place in the file, however YAML writes the text', () => {
  const words = fc.array(fc.constantFrom('ab', 'c d', '"', "'", '\\', '\n', 'é', '😀', '  ', '#', ': ', '\t', '\u0001'), {
    minLength: 1,
    maxLength: 12,
  })
  const style = fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED')
  fc.assert(
    fc.property(words, style, fc.nat(), (parts, type, at) => {
      // The marker stands for the place.
      const cut = at % (parts.length + 1)
      const text = [...parts.slice(0, cut), '@', ...parts.slice(cut)].join('')
      const yaml = stringify({ rules: [{ text }] }, { defaultStringType: type as 'PLAIN', lineWidth: 20 })
      const { value, lines, placeInText } = readDocument(yaml)
      // Not all that the library writes does it read as the same: that is its own affair.
      fc.pre((value as { rules: { text: string }[] }).rules[0]?.text === text)
      const before = text.slice(0, text.indexOf('@')).split('\n')
      const { line, column } = placeInText(['rules', 0, 'text'], before.length, (before.at(-1) as string).length + 1)
      expect(lines[line - 1]?.slice(column - 1, column)).toBe('@')
    }),
    { numRuns: 400 },
  )
})

it('keys that every object has are keys like others', () => {
  const odd = '[{id: odd, expression: exec.comm == "a", limiter_token: [{constructor: {name: {}}}], __proto__: {x: 1}}'
  const { report } = loadTexts([`rules: ${odd}, {id: whole, expression: exec.comm == "b"}]`])
  expect(report.rules.map(({ id, state }) => [id, state])).toEqual([
    ['odd', 'rejected'],
    ['whole', 'loaded'],
  ])
})
