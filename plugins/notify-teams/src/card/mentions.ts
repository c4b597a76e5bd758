import type { Block, Document, Inline, Reason } from '@cws/core'
import type { MentionEntity } from './elements.ts'

/** More than these are not called by one message. */
const MOST = 10

/** A message about work that is done, or that only says there is more of the same, calls nobody. */
const SILENT: ReadonlySet<Reason> = new Set(['acknowledged', 'archived', 'updated'])

export interface Called {
  /** An entity each; its text is what stands for it in a TextBlock. */
  readonly entities: readonly MentionEntity[]
  /** Whom the options do not allow, or for whom there was no room. */
  readonly leftOut: readonly string[]
}

/** Who is called by a message: only who is mentioned by its template and allowed by the options. */
export function calledBy(document: Document, reason: Reason, allowed: Readonly<Record<string, string>>): Called {
  const entities: MentionEntity[] = []
  const leftOut: string[] = []
  if (SILENT.has(reason)) return { entities, leftOut }
  for (const id of new Set(mentionsIn(document))) {
    const name = Object.hasOwn(allowed, id) ? allowed[id] : undefined
    if (name === undefined || entities.length === MOST) leftOut.push(id)
    else entities.push({ type: 'mention', text: `<at>${name}</at>`, mentioned: { id, name } })
  }
  return { entities, leftOut }
}

/** Ids of all mentions that are meant for Teams. */
function mentionsIn(document: Document): string[] {
  return document.flatMap(blockMentions)
}

function blockMentions(block: Block): string[] {
  switch (block.type) {
    case 'paragraph':
    case 'heading':
      return inlineMentions(block.children)
    case 'quote':
      return mentionsIn(block.children)
    case 'list':
      return block.items.flatMap(mentionsIn)
    case 'code':
      return []
  }
}

function inlineMentions(children: readonly Inline[]): string[] {
  return children.flatMap((inline): string[] => {
    if (inline.type === 'mention') return inline.channel === 'teams' ? [inline.id] : []
    return inline.type === 'emphasis' || inline.type === 'strong' || inline.type === 'link' ? inlineMentions(inline.children) : []
  })
}
