import { messageOf } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import { printable } from '../signals/printable.ts'
import type { Signal } from '../signals/signal.ts'
import { corpus } from './corpus.ts'
import type { Document, Inline } from './document.ts'
import { bareSubject } from './probes.ts'
import type { Template } from './template.ts'

/**
 * What goes wrong with a template for signals of which nothing is known, and for hostile ones: a line for each thing, with the first signal that it
 * was found with; none if the template is fit for use.
 */
export function templateProblems(template: Template, more: readonly EventDefinition[] = []): readonly string[] {
  const problems = new Map<string, string>()
  for (const { what, signal } of corpus(template.fields, more)) {
    const fault = faultWith(template, signal)
    if (fault !== undefined && !problems.has(fault)) problems.set(fault, what)
  }
  return [...problems].map(([fault, what]) => `${fault} (${what})`)
}

function faultWith(template: Template, signal: Signal): string | undefined {
  try {
    return faultIn(template.render(signal, bareSubject(signal).occasion), template)
  } catch (error) {
    return messageOf(error)
  }
}

/** What no value can bring about, looked for all the same. */
function faultIn(document: Document, template: Template): string | undefined {
  for (const inline of inlinesOf(document)) {
    if (inline.type === 'text' && inline.value && printable(inline.text) !== inline.text) return 'a value has invisible characters'
    if (inline.type === 'mention' && !template.mentions.some(({ channel, id }) => channel === inline.channel && id === inline.id))
      return 'somebody is mentioned whom the template does not name'
    if (inline.type === 'link' && !/^https?:\/\/[^@]+$/i.test(inline.url.split('/', 3).join('/'))) return 'a link leads elsewhere'
  }
  return undefined
}

function* inlinesOf(document: Document): Generator<Inline> {
  for (const block of document) {
    if (block.type === 'list') for (const item of block.items) yield* inlinesOf(item)
    else if (block.type === 'quote') yield* inlinesOf(block.children)
    else yield* all(block.children)
  }
}

function* all(inlines: readonly Inline[]): Generator<Inline> {
  for (const inline of inlines) {
    yield inline
    if ('children' in inline) yield* all(inline.children)
  }
}
