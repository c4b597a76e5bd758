import type { Block, Document, Inline, Text } from './document.ts'

/** Text of the project or of a template's author. */
export const said = (text: string): Text => ({ type: 'text', text, value: false })
/** Text that anybody may have chosen, fit to be shown. */
export const given = (text: string): Text => ({ type: 'text', text, value: true })
export const strong = (...children: Inline[]): Inline => ({ type: 'strong', children })
export const emphasis = (...children: Inline[]): Inline => ({ type: 'emphasis', children })
export const code = (...children: Text[]): Inline => ({ type: 'code', children })
export const paragraph = (...children: Inline[]): Block => ({ type: 'paragraph', children })
export const list = (...items: Inline[][]): Block => ({
  type: 'list',
  ordered: false,
  items: items.map((children): Document => [paragraph(...children)]),
})
