import { array, assert, constantFrom, integer, oneof, property, tuple } from 'fast-check'
import { expect, it } from 'vitest'
import { CwsError } from '../../src/errors/cws-error.ts'
import { hostileSignal } from '../../src/messages/corpus.ts'
import { compileTemplate, type Template } from '../../src/messages/template.ts'
import { signalScope } from '../../src/signals/scope.ts'
import { opened, shellSignal } from '../fixtures/shell-signal.ts'
import { sketch, withoutLinks } from '../fixtures/sketch.ts'

const scope = signalScope()
const PIECES = [
  '{{',
  '}}',
  '{{{',
  '}}}',
  '{{{{',
  '}}}}',
  '{{#',
  '{{/',
  '{{^',
  '{{else}}',
  '{{else if ',
  '{{~',
  '~}}',
  '{{!-- ',
  ' --}}',
  '\\{{',
  '{{#if count}}',
  '{{/if}}',
  '{{#each tags}}',
  '{{#each @process.ancestors as |p i|}}',
  '{{/each}}',
  '{{#is_match "severity" "high"}}',
  '{{/is_match}}',
  '{{{{raw}}}}',
  '{{{{/raw}}}}',
  '{{severity}}',
  '{{@process.args}}',
  '{{this}}',
  '{{p.comm}}',
  '{{details}}',
  '{{message}}',
  '{{mention "slack" "S1"}}',
  '{{eval "count*2"}}',
  '{{eval "',
  '{{urlencode "title"}}',
  '(',
  ')',
  '"',
  "'",
  '[',
  ']',
  '../',
  '.',
  '@',
  'this',
  ' as |x|',
  'upper',
  'default',
  ' ',
  '\n',
  '\n\n',
  '# ',
  '- ',
  '1. ',
  '> ',
  '```',
  '`',
  '*',
  '**',
  '_',
  '[x](https://a.example/',
  '[x](',
  ')',
  '<https://a.example/',
  '>',
  '![',
  '---',
  '&lt;',
  '&#27;',
  '|',
  '\\',
  'x',
  '0',
  '\t',
  '\r\n',
  '__proto__',
  'constructor',
  '\u{1f469}\u200d',
  '\ud800',
] as const
const joined = (pieces: readonly string[]): string => pieces.join('')
const anything = array(
  oneof(
    { weight: 9, arbitrary: constantFrom(...PIECES) },
    { weight: 1, arbitrary: integer({ min: 1, max: 0x10ffff }).map((code) => String.fromCodePoint(code)) },
  ),
  { maxLength: 24 },
).map(joined)

const WHOLE = [
  ...[
    '{{severity}}',
    '{{@process.args}}',
    '{{message}}',
    '{{title}}',
    '\n\n{{details}}\n\n',
    '{{mention "slack" "S1"}}',
    '{{upper (default @process.user "x")}}',
    '{{join tags "-"}}',
  ],
  ...[
    '[x](https://a.example/{{title}})',
    '[{{title}}](https://a.example/?q={{urlencode "title"}})',
    '<https://a.example/{{title}}>',
    '{{{{raw}}}}{{x}}{{{{/raw}}}}',
    '\\{{x}}',
  ],
  ...['**', '*', '_', '`', '\n', '\n\n', '# ', '- ', '1. ', '> ', '\n```\n', ' ', 'x', '\\', '&lt;', '<b>', '=\n', '  ', '[', ']', '('],
] as const
const BLOCKS = [
  ['{{#if title}}', '{{/if}}'],
  ['{{#unless title}}', '{{/unless}}'],
  ['{{^is_match "title" ""}}', '{{/is_match}}'],
  ['{{#each tags}}{{this}}', '{{/each}}'],
  ['{{#each @process.ancestors as |p i|}}{{i}}{{p.comm}}', '{{/each}}'],
] as const
const flat = array(constantFrom(...WHOLE), { maxLength: 12 }).map(joined)
const block = tuple(constantFrom(...BLOCKS), flat, flat).map(([[open, close], one, other]) => `${open}${one}{{else}}${other}${close}`)
const text = oneof(anything, array(oneof(flat, block), { maxLength: 4 }).map(joined))

const CUT = '[p … the rest is left out]'

const compile = (template: string): Template | undefined => {
  try {
    return compileTemplate(template, scope)
  } catch (error) {
    if (error instanceof CwsError && error.code === 'CWS_ERR_TEMPLATE' && error.line && error.column && error.frame) return undefined
    throw error
  }
}

it('any text is refused with a place, or is a template that can be written', () => {
  assert(
    property(text, (template) => {
      const compiled = compile(template)
      compiled?.render(shellSignal, opened)
      const shape = (value: string): string | undefined =>
        compiled && withoutLinks(sketch(compiled.render(hostileSignal(value, compiled.fields, scope.fields), opened), false))
      const harmless = shape('harmless')
      for (const value of ['](https://evil.example)\n# **{{severity}}** <b>', '..', '{{/if}}']) {
        // What is a condition here depends on no text, so the shape does not either; but what is too long is cut.
        const hostile = shape(value)
        if (!hostile?.endsWith(CUT) && !harmless?.endsWith(CUT)) expect(hostile).toBe(harmless)
      }
    }),
    { numRuns: 300 },
  )
})
