import { messageOf } from '../errors/cws-error.ts'
import type { EventDefinition } from '../model/define-event.ts'
import { printable } from '../signals/printable.ts'
import { corpus } from './corpus.ts'
import type { Document, Inline } from './document.ts'
import type { Template } from './template.ts'

const MAX_PROBLEMS = 10

/**
 * What goes wrong with a template for signals of which nothing is known, and for hostile ones: one line each, at most ten; none if it is fit for use.
 */
export function templateProblems(template: Template, more: readonly EventDefinition[] = []): readonly string[] {
  const problems: string[] = []
  for (const { what, signal } of corpus(template.fields, more)) {
    if (problems.length >= MAX_PROBLEMS) break
    try {
      const message = template.render(signal, { reason: 'opened', rule: 'a rule', generation: 1, time: signal.last_seen })
      const fault = faultIn(message, template)
      if (fault !== undefined) problems.push(`${what}: ${fault}`)
    } catch (error) {
      problems.push(`${what}: ${messageOf(error)}`)
    }
  }
  return problems
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
