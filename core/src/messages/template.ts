import { randomBytes } from 'node:crypto'
import type { Scope } from '../condition/ir.ts'
import { type Refuse, refuseIn } from '../condition/source.ts'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import type { Signal } from '../signals/signal.ts'
import { DEFAULT_FIELDS, defaultMessage } from './default-message.ts'
import type { Document } from './document.ts'
import type { Branches } from './language/branches.ts'
import { Run, tokenOf } from './language/run.ts'
import { parseTemplate } from './language/syntax.ts'
import { type Writer, WriterMaker } from './language/writer.ts'
import { bareSubject } from './probes.ts'
import { shortened } from './shortened.ts'
import { fill, slotAlone } from './tree/fill.ts'
import { shapeOf } from './tree/markdown.ts'
import type { Shape, ShapeInline } from './tree/shape.ts'
import type { Mention, Occasion, Slot, Subject } from './value.ts'

/** What makes the message of a signal. */
export interface Template {
  /** Whom it calls, so that it can be seen whether that is allowed. */
  readonly mentions: readonly Mention[]
  /** Fields of the event that it reads. */
  readonly fields: readonly string[]
  /** @throws CwsError CWS_ERR_TEMPLATE where its bounds are passed for this signal; `fallbackDocument` or the default template can be told then */
  render(signal: Signal, occasion: Occasion): Document
}

/** What is told where nothing else is said. Never fails. */
export const defaultTemplate: Template = {
  mentions: [],
  fields: DEFAULT_FIELDS,
  render: (signal, occasion) => defaultMessage({ signal, occasion }),
}

/** Trees that are kept of a template: one for each way through its conditions. */
const MAX_SHAPES = 16
/** Characters of a message. */
const MAX_MESSAGE = 65_536

/**
 * Checks a template and makes it ready. `where` says whose it is, in errors that a signal causes.
 * @throws CwsError CWS_ERR_TEMPLATE with the place, a code frame and the nearest name
 */
export function compileTemplate(text: string, scope: Scope, where = 'the template'): Template {
  const source = text.replaceAll('\r\n', '\n')
  const refuse = refuseIn(source, 'CWS_ERR_TEMPLATE')
  const maker = new WriterMaker(source, scope, refuse)
  const compiled = new Compiled(maker.program(parseTemplate(source, refuse)), maker, nonceFor(source), where)
  do compiled.probe(maker.branches, refuse)
  while (!maker.branches.done)
  return compiled
}

class Compiled implements Template {
  readonly mentions: readonly Mention[]
  readonly fields: readonly string[]
  readonly #write: Writer
  readonly #nonce: string
  readonly #token: RegExp
  readonly #where: string
  readonly #shapes = new Map<string, Shape>()

  constructor(write: Writer, { mentions, fields }: WriterMaker, nonce: string, where: string) {
    this.#write = write
    this.mentions = mentions
    this.fields = [...fields]
    this.#nonce = nonce
    this.#token = new RegExp(tokenOf(nonce, 0).replace(/0q$/, '(\\d+)q'))
    this.#where = where
  }

  render(signal: Signal, occasion: Occasion): Document {
    try {
      return this.#render({ signal, occasion })
    } catch (error) {
      const message = error instanceof CwsError ? error.message : `the template failed: ${messageOf(error)}`
      throw new CwsError('CWS_ERR_TEMPLATE', `${this.#where}: ${message}`, { cause: error })
    }
  }

  /** Writes parts of the template that were not written yet, and refuses what no message can have. */
  probe(branches: Branches, refuse: Refuse): void {
    const run = new Run(bareSubject(), this.#nonce, branches)
    try {
      this.#write(run)
    } catch (error) {
      refuse(0, messageOf(error))
    }
    const placeOf = (offset: number): number => {
      const before = run.places.findLast(({ text }) => text <= offset)
      return before ? before.template + offset - before.text : 0
    }
    const shape = shapeOf(run.text, this.#token, (offset, message) => refuse(placeOf(offset), message))
    for (const { slot, what } of misplaced(shape, run.slots)) refuse(placeOf(run.text.indexOf(tokenOf(this.#nonce, slot))), what)
  }

  #render(subject: Subject): Document {
    const run = new Run(subject, this.#nonce)
    this.#write(run)
    return shortened(fill(this.#shapeOf(run.text), run.slots), MAX_MESSAGE)
  }

  #shapeOf(text: string): Shape {
    const kept = this.#shapes.get(text)
    if (kept) return kept
    const shape = shapeOf(text, this.#token, () => {})
    const [oldest] = this.#shapes.keys()
    if (this.#shapes.size >= MAX_SHAPES && oldest !== undefined) this.#shapes.delete(oldest)
    this.#shapes.set(text, shape)
    return shape
  }
}

/** Values that stand where they mean nothing. */
function* misplaced(shape: Shape, slots: readonly Slot[]): Generator<{ readonly slot: number; readonly what: string }> {
  for (const block of shape) {
    if (block.type === 'list') for (const item of block.items) yield* misplaced(item, slots)
    else if (block.type === 'quote') yield* misplaced(block.children, slots)
    else if (block.type === 'code') yield* inParts(block.parts, slots, 'code')
    else if (!(block.type === 'paragraph' && slotAlone(block.children, slots)?.slot === 'blocks')) yield* inInlines(block.children, slots)
  }
}

function* inInlines(inlines: readonly ShapeInline[], slots: readonly Slot[]): Generator<{ readonly slot: number; readonly what: string }> {
  for (const inline of inlines) {
    if (inline.type === 'text') yield* inParts(inline.parts, slots, 'text')
    else if (inline.type === 'code') yield* inParts(inline.parts, slots, 'code')
    else if (inline.type === 'link') {
      yield* inParts(inline.url, slots, 'link')
      yield* inInlines(inline.children, slots)
    } else if (inline.type !== 'break') yield* inInlines(inline.children, slots)
  }
}

function* inParts(parts: readonly (string | number)[], slots: readonly Slot[], place: 'text' | 'code' | 'link') {
  for (const part of parts) {
    if (typeof part === 'string') continue
    const slot = slots[part]
    if (slot?.slot === 'blocks') yield { slot: part, what: `{{${slot.name}}} stands in a paragraph of its own` }
    if (slot?.slot === 'mention' && place !== 'text')
      yield { slot: part, what: `a mention cannot stand in ${place === 'code' ? 'code' : 'the URL of a link'}` }
  }
}

/** That no template holds. */
function nonceFor(text: string): string {
  for (;;) {
    const nonce = randomBytes(4).toString('hex')
    if (!text.includes(nonce)) return nonce
  }
}
