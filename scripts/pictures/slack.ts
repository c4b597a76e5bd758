import type { MessageBlock, RichElement, RichInline } from '../../plugins/notify-slack/src/message/blocks.ts'
import { render } from '../../plugins/notify-slack/src/message/render.ts'
import { escapeHtml, page } from './html.ts'
import { letter } from './letter.ts'

const STYLE = `
.who { font-weight: bold } .app { background: #e8e8e8; font-size: 10px; padding: 0 3px; border-radius: 2px; color: #616061 } .at { color: #616061; font-size: 12px }
h1 { font-size: 18px; margin: 6px 0 } .small { color: #616061; font-size: 12px; margin: 6px 0 } .small span { margin-right: 12px }
code { color: #e01e5a; background: #f6f6f6; border: 1px solid #dddddd; border-radius: 3px; padding: 1px 3px }
pre { background: #f8f8f8; border: 1px solid #dddddd; border-radius: 4px; padding: 8px; margin: 6px 0 } blockquote { border-left: 4px solid #dddddd; margin: 4px 0; padding-left: 12px }
ul, ol { margin: 4px 0; padding-left: 24px } .circle { display: inline-block; width: 14px; height: 14px; border-radius: 7px; vertical-align: -1px; margin-right: 2px } .section { white-space: pre-wrap }`

/** The blocks of Slack's message, about as Slack draws them. */
export function slackPage(): string {
  const { message } = render(letter, 0, { mentions: [], inPlace: true })
  return page(
    `<span class="who">CWS</span> <span class="app">APP</span> <span class="at">3:05 AM</span>${(message.blocks ?? []).map(block).join('')}`,
    STYLE,
  )
}

function block(it: MessageBlock): string {
  switch (it.type) {
    case 'header':
      return `<h1>${withCircle(escapeHtml(it.text.text))}</h1>`
    case 'context':
      return `<div class="small">${it.elements.map((element) => `<span>${'text' in element ? escapeHtml(dated(String(element.text))) : ''}</span>`).join(' ')}</div>`
    case 'section':
      return `<div>${escapeHtml(it.text?.text ?? '')}</div>`
    case 'rich_text':
      return it.elements.map(rich).join('')
  }
}

/** The font of the picture has no coloured circles. */
function withCircle(text: string): string {
  return text.replace('🟠', '<span class="circle" style="background:#e8912d"></span>')
}

/** A time as the reader's clock shows it; here the reader lives by UTC. */
const dated = (text: string): string => text.replace(/<!date\^\d+\^[^|]*\|(\S+) (\S+) UTC>/g, 'Today $2')

function rich(element: RichElement): string {
  switch (element.type) {
    case 'rich_text_section':
      return `<div class="section">${inlines(element.elements)}</div>`
    case 'rich_text_preformatted':
      return `<pre>${inlines(element.elements as RichInline[])}</pre>`
    case 'rich_text_quote':
      return `<blockquote>${inlines(element.elements)}</blockquote>`
    case 'rich_text_list': {
      const tag = element.style === 'ordered' ? 'ol' : 'ul'
      return `<${tag}>${element.elements.map((line) => `<li>${inlines(line.elements as RichInline[])}</li>`).join('')}</${tag}>`
    }
  }
}

function inlines(all: readonly RichInline[]): string {
  return all
    .map((it) => {
      if (it.type === 'link') return `<a href="#">${escapeHtml(it.text ?? it.url)}</a>`
      if (it.type !== 'text') return ''
      let text = escapeHtml(it.text)
      if (it.style?.code) text = `<code>${text}</code>`
      if (it.style?.bold) text = `<b>${text}</b>`
      return it.style?.italic ? `<i>${text}</i>` : text
    })
    .join('')
}
