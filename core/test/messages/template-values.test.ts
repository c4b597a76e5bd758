import { array, assert, constantFrom, integer, oneof, property, uint8Array } from 'fast-check'
import { expect, it } from 'vitest'
import { hostileSignal } from '../../src/messages/corpus.ts'
import type { Document, Inline } from '../../src/messages/document.ts'
import { compileTemplate, defaultTemplate, type Template } from '../../src/messages/template.ts'
import { templateProblems } from '../../src/messages/template-problems.ts'
import { textOf } from '../../src/model/bytes.ts'
import { printable } from '../../src/signals/printable.ts'
import { signalScope } from '../../src/signals/scope.ts'
import type { Signal } from '../../src/signals/signal.ts'
import { hostileValues } from '../../src/testing/hostile-values.ts'
import { opened, shellSignal } from '../fixtures/shell-signal.ts'
import { sketch, withoutLinks } from '../fixtures/sketch.ts'

const scope = signalScope()
/** A value in every place that Markdown has for text. */
const everywhere = compileTemplate(
  `# {{host.name}} *{{host.name}}* **{{host.name}}**

{{host.name}}_{{host.name}}_{{host.name}} \`{{host.name}}\` {{#if host.name}}{{host.name}}{{/if}} {{default host.name "x"}}

- {{host.name}}
1. {{upper host.name}} {{join host.name ","}}

> {{host.name}}

\`\`\`
{{host.name}}
\`\`\`

[{{host.name}}](https://corp.example/a/{{host.name}}?b={{host.name}}&c={{urlencode "host.name"}}#{{host.name}}) <https://corp.example/?{{host.name}}>
{{host.name}}
{{host.name}}
=====

{{process_tree}}`,
  scope,
)
const called = (name: string): Signal => ({ ...shellSignal, host: { name } })
const harmless = sketch(everywhere.render(called('harmless'), opened), false)

/** Characters of every plane and halves of them, and often those that Markdown and templates are made of. */
const anyText = array(
  oneof(
    constantFrom(...'{}[]()<>*_`~#>-+=|\\!&;:/.@"\'\n\r\t 0aZqx'),
    integer({ min: 1, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
  ),
  { minLength: 1, maxLength: 40 },
).map((characters) => characters.join(''))

const check = (name: string): void => {
  const document = everywhere.render(called(name), opened)
  const shape = sketch(document, false)
  if (shape !== harmless) expect(withoutLinks(shape)).toBe(withoutLinks(harmless))
  for (const text of valuesIn(document)) if (printable(text) !== text) expect(text).toBe(printable(text))
}

function valuesIn(document: Document): string[] {
  const texts = (inlines: readonly Inline[]): string[] =>
    inlines.flatMap((inline) =>
      inline.type === 'text' ? (inline.value ? [inline.text] : []) : 'children' in inline ? texts(inline.children) : [],
    )
  return document.flatMap((block) => {
    if (block.type === 'list') return block.items.flatMap(valuesIn)
    return block.type === 'quote' ? valuesIn(block.children) : texts(block.children)
  })
}

it('no value changes the shape of a message: what attackers write [case 45]', () => {
  for (const text of hostileValues) if (text !== '' && printable(text).length <= 5_000) check(text)
})

it('no value changes the shape of a message: any text', () => {
  assert(property(anyText, check), { numRuns: 500 })
})

it('no value changes the shape of a message: any bytes that a file could be called', () => {
  assert(
    property(uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => check(textOf(bytes, 0, bytes.length))),
    { numRuns: 500 },
  )
})

it('what stands in the text is the value with what is invisible made visible, whole', () => {
  const template = compileTemplate('a {{host.name}} b', scope)
  assert(
    property(anyText, (name) => {
      expect(template.render(called(name), opened)).toEqual([
        {
          type: 'paragraph',
          children: [
            { type: 'text', text: 'a ', value: false },
            { type: 'text', text: printable(name), value: true },
            { type: 'text', text: ' b', value: false },
          ],
        },
      ])
    }),
  )
})

it('the message without a template shows hostile text as text [case 45]', () => {
  for (const text of hostileValues) {
    const document = defaultTemplate.render(hostileSignal(text, defaultTemplate.fields, scope.fields), opened)
    for (const value of valuesIn(document)) expect(value).toBe(printable(value))
    expect(sketch(document)).not.toContain('[link')
    expect(sketch(document)).not.toContain('[@')
  }
})

it('templates are tried on every type of event and on hostile values', () => {
  expect(templateProblems(defaultTemplate)).toEqual([])
  expect(templateProblems(everywhere)).toEqual([])
  expect(templateProblems(compileTemplate('{{mention "slack" "S1"}} {{@process.args}}', scope))).toEqual([])
})

it('a template that fails for such signals is told', () => {
  const greedy = compileTemplate('{{#each tags}}{{#each tags}}{{#each tags}}x{{/each}}{{/each}}{{/each}}', scope, 'mine')
  expect(templateProblems(greedy)).toEqual(['mine: the template loops more than 1000 times (a signal whose texts are all "")'])
  const leaky: Template = {
    mentions: [],
    fields: [],
    render: () => [{ type: 'paragraph', children: [{ type: 'mention', channel: 'slack', id: 'S1' }] }],
  }
  expect(templateProblems(leaky)).toEqual(['somebody is mentioned whom the template does not name (exec of which nothing is known)'])
})
