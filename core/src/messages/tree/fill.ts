import { printable } from '../../signals/printable.ts'
import { given, said } from '../build.ts'
import type { Block, Document, Inline, Text } from '../document.ts'
import { plainOf } from '../plain-of.ts'
import { renderPlain } from '../render-plain.ts'
import type { Slot } from '../value.ts'
import type { Part, Shape, ShapeBlock, ShapeInline } from './shape.ts'

/** Puts values into the tree: by number, once, each as what may stand in that place. */
export function fill(shape: Shape, slots: readonly Slot[]): Document {
  return shape.flatMap((block) => blocksOf(block, slots))
}

function blocksOf(block: ShapeBlock, slots: readonly Slot[]): Document {
  switch (block.type) {
    case 'paragraph': {
      const alone = slotAlone(block.children, slots)
      if (alone?.slot === 'blocks') return alone.document
      const children = inlinesOf(block.children, slots)
      return children.length > 0 ? [{ type: 'paragraph', children }] : []
    }
    case 'heading':
      return [{ ...block, children: inlinesOf(block.children, slots) }]
    case 'code':
      return [{ type: 'code', children: textsOf(block.parts, slots) }]
    case 'list':
      return [{ ...block, items: block.items.map((item) => fill(item, slots)) }]
    case 'quote':
      return [{ type: 'quote', children: fill(block.children, slots) }] satisfies Block[]
  }
}

/** The slot that is all of a paragraph. */
export function slotAlone(children: readonly ShapeInline[], slots: readonly Slot[]): Slot | undefined {
  const [only, ...more] = children
  if (only?.type !== 'text' || more.length > 0 || only.parts.length !== 1) return undefined
  const [part] = only.parts
  return typeof part === 'number' ? slots[part] : undefined
}

function inlinesOf(inlines: readonly ShapeInline[], slots: readonly Slot[]): Inline[] {
  return inlines.flatMap((inline): Inline[] => {
    switch (inline.type) {
      case 'text':
        return inline.parts.flatMap((part) => inlinesOfPart(part, slots))
      case 'code': {
        const children = textsOf(inline.parts, slots)
        return children.length > 0 ? [{ type: 'code', children }] : []
      }
      case 'break':
        return [inline]
      case 'link': {
        const children = inlinesOf(inline.children, slots)
        const url = urlOf(inline.url, slots)
        return url === undefined ? children : [{ type: 'link', url, children }]
      }
      default:
        return [{ type: inline.type, children: inlinesOf(inline.children, slots) }]
    }
  })
}

function inlinesOfPart(part: Part, slots: readonly Slot[]): readonly Inline[] {
  if (typeof part === 'string') return [author(part)]
  const slot = slots[part]
  if (slot?.slot === 'mention') return [{ type: 'mention', channel: slot.channel, id: slot.id }]
  if (slot?.slot === 'inlines') return slot.inlines
  const text = slot ? slotText(slot) : ''
  return text === '' ? [] : [given(text)]
}

function textsOf(parts: readonly Part[], slots: readonly Slot[]): Text[] {
  return parts
    .map((part) => {
      const slot = typeof part === 'number' ? slots[part] : undefined
      return typeof part === 'string' ? author(part) : given(slot ? slotText(slot) : '')
    })
    .filter(({ text }) => text !== '')
}

function slotText(slot: Slot): string {
  switch (slot.slot) {
    case 'text':
      return slot.text
    case 'inlines':
      return plainOf(slot.inlines)
    case 'blocks':
      return printable(renderPlain(slot.document).replace(/\s+/g, ' '))
    case 'mention':
      return ''
  }
}

/** The author may have written a character as `&#27;`. */
function author(text: string): Text {
  return said(text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, printable))
}

/**
 * The URL with its values percent-encoded; undefined where one of them would change more than its own place: host, number of segments (`..`), query
 * or fragment.
 */
function urlOf(parts: readonly Part[], slots: readonly Slot[]): string | undefined {
  const built = parse(parts.map((part) => (typeof part === 'string' ? part : encoded(slots[part]))).join(''))
  const harmless = parse(parts.map((part) => (typeof part === 'string' ? part : 'x')).join(''))
  if (!built || !harmless) return undefined
  const same = built.origin === harmless.origin && segments(built) === segments(harmless) && built.username === '' && built.password === ''
  return same ? built.href : undefined
}

const segments = ({ pathname }: URL): number => pathname.split('/').length

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}

function encoded(slot: Slot | undefined): string {
  if (!slot) return ''
  return slot.slot === 'text' && slot.encoded ? slot.text : encodeURIComponent(slotText(slot).toWellFormed())
}
