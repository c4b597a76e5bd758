import type { Block, Document, Inline, Text } from '@cws/core'
import type { Element, Look, TextRun } from './elements.ts'
import { blocks, keptSpaces, runs } from './runs.ts'

const INDENT = '\u00a0\u00a0\u00a0'

/** A document as elements of a card. Every text of it becomes runs, which nobody parses; mentions stand elsewhere. */
export function draw(document: Document): Element[] {
  return document.flatMap((block) => drawBlock(block, '', ''))
}

/** `first`, `rest`: what stands before its first line and the others, in lists. */
function drawBlock(block: Block, first: string, rest: string): Element[] {
  const spacing = first === '' ? undefined : 'Small'
  switch (block.type) {
    case 'paragraph':
      return blocks(runsOf(block.children), first, rest, spacing)
    case 'heading':
      return blocks(runsOf(block.children, { weight: 'Bolder', ...(block.level < 3 && { size: 'Medium' }) }), first, rest, spacing)
    case 'code': {
      const items = blocks(codeRuns(block.children), '', '')
      return items.length === 0 ? [] : [{ type: 'Container', style: 'emphasis', items }]
    }
    case 'quote': {
      const items = draw(block.children)
      return items.length === 0 ? [] : [{ type: 'Container', style: 'emphasis', items }]
    }
    case 'list':
      return block.items.flatMap((item, i) => {
        const mark = block.ordered ? `${i + 1}. ` : '• '
        return item.flatMap((inner, at) => drawBlock(inner, `${rest}${at === 0 ? mark : INDENT}`, `${rest}${INDENT}`))
      })
  }
}

function runsOf(children: readonly Inline[], look: Look = {}): TextRun[] {
  return children.flatMap((inline) => inlineRuns(inline, look))
}

function inlineRuns(inline: Inline, look: Look): TextRun[] {
  switch (inline.type) {
    case 'text':
      return runs(inline.text, look)
    case 'break':
      return runs('\n', look)
    case 'code':
      return codeRuns(inline.children, look)
    case 'emphasis':
      return runsOf(inline.children, { ...look, italic: true })
    case 'strong':
      return runsOf(inline.children, { ...look, weight: 'Bolder' })
    case 'link':
      return linked(inline.url, runsOf(inline.children, look))
    case 'mention':
      return []
  }
}

function codeRuns(children: readonly Text[], look: Look = {}): TextRun[] {
  return runs(keptSpaces(children.map(({ text }) => text).join('')), { ...look, fontType: 'Monospace' })
}

/** Longer ones are no links that anybody follows, and eat up the card. */
const LONGEST_URL = 2_000

function linked(url: string, label: readonly TextRun[]): TextRun[] {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url) || url.length > LONGEST_URL) return [...label]
  return label.map((run) => ({ ...run, selectAction: { type: 'Action.OpenUrl', url } }))
}
