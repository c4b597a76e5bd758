import { expect, it } from 'vitest'
import type { Document, Inline } from '../../src/messages/document.ts'
import { lengthOf, plainOf } from '../../src/messages/plain-of.ts'
import { renderPlain } from '../../src/messages/render-plain.ts'
import { shortened } from '../../src/messages/shortened.ts'
import { sketch } from '../fixtures/sketch.ts'

const text = (of: string, value = false): Inline => ({ type: 'text', text: of, value })
const p = (...children: Inline[]) => ({ type: 'paragraph', children }) as const
const document: Document = [
  { type: 'heading', level: 1, children: [text('Ä heading')] },
  { type: 'heading', level: 3, children: [text('small')] },
  p(
    text('one two '),
    { type: 'strong', children: [text('three')] },
    { type: 'break' },
    { type: 'code', children: [{ type: 'text', text: 'four', value: true }] },
  ),
  { type: 'code', children: [{ type: 'text', text: 'a\n  b', value: false }] },
  {
    type: 'list',
    ordered: true,
    items: [[p(text('first item of the list'))], [p(text('second')), { type: 'list', ordered: false, items: [[p(text('inner'))], []] }]],
  },
  { type: 'quote', children: [p(text('q1')), p(text('q2'))] },
  p({ type: 'link', url: 'https://corp.example/x', children: [text('label')] }, text(' '), {
    type: 'link',
    url: 'https://a.example/',
    children: [text('https://a.example/')],
  }),
  p({ type: 'mention', channel: 'slack', id: 'S1' }, text('averyverylongwordthatdoesnotfit end')),
]

it('draws every kind of block', () => {
  expect(renderPlain(document)).toBe(`Ä heading
=========

small

one two three
four

    a
      b

1. first item of the list
2. second

   - inner
   -${' '}

> q1
>
> q2

label (https://corp.example/x) https://a.example/

averyverylongwordthatdoesnotfit end`)
})

it('wraps paragraphs, and leaves long words whole', () => {
  const narrow = renderPlain(document, 24)
  expect(narrow).toContain('1. first item of the\n   list\n2. second')
  expect(narrow).toContain('label\n(https://corp.example/x)\nhttps://a.example/')
  expect(narrow).toContain('averyverylongwordthatdoesnotfit\nend')
})

it('measures, and says inlines in one line', () => {
  expect(lengthOf([p(text('12'), { type: 'break' }, { type: 'mention', channel: 'slack', id: 'S1' })])).toBe(5)
  expect(lengthOf([{ type: 'quote', children: [{ type: 'list', ordered: true, items: [[p(text('12'))], [p(text('3'))]] }] }])).toBe(3)
  expect(lengthOf([p({ type: 'link', url: 'https://a.example/', children: [text('ab')] })])).toBe(20)
  expect(plainOf(document.flatMap((block) => ('children' in block && block.type === 'paragraph' ? block.children : [])))).toBe(
    'one two three fourlabel https://a.example/averyverylongwordthatdoesnotfit end',
  )
})

it('is cut where its mark-up stays whole', () => {
  expect(shortened(document, lengthOf(document))).toBe(document)
  expect(shortened(document, lengthOf(document) - 1)).not.toBe(document)
  expect(sketch(shortened(document, 30))).toBe(
    '[h1 Ä heading][h3 small][p one two [strong three]/[code $fo…(+2)$]][p … the rest is left out]',
  )
  const nested: Document = [
    { type: 'quote', children: [{ type: 'list', ordered: false, items: [[p(text('aaaa'))], [p(text('bbbb'))], [p(text('cccc'))]] }] },
  ]
  expect(sketch(shortened(nested, 6))).toBe('[quote [ul [li [p aaaa]][li [p bb…(+2)]]]][p … the rest is left out]')
  // A link without room is left out, and so is a mention.
  const linked: Document = [p(text('aaaa'), { type: 'link', url: 'https://corp.example/', children: [text('b')] }, text('c'))]
  expect(sketch(shortened(linked, 10))).toBe('[p aaaa][p … the rest is left out]')
  expect(sketch(shortened([p(text('😀😀😀'))], 3))).toBe('[p 😀…(+4)][p … the rest is left out]')
})
