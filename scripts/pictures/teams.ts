import type { Element, TeamsMessage, TextRun } from '../../plugins/notify-teams/src/card/elements.ts'
import { render } from '../../plugins/notify-teams/src/card/render.ts'
import { escapeHtml, page } from './html.ts'
import { letter } from './letter.ts'

const STYLE = `
body { background: #f5f5f5; font-size: 14px; color: #242424 } .card { background: #ffffff; border: 1px solid #e0e0e0; border-radius: 6px; padding: 12px 16px; overflow: hidden }
.who { font-size: 12px; color: #616161; margin-bottom: 6px } .container { padding: 8px 12px; margin: 8px 0 } .bleed { margin: -12px -16px 8px; padding: 10px 16px }
.attention { background: #fdf3f4; color: #b10e1c } .warning { background: #fefbf4; color: #835b00 } .accent { background: #ebf3fc } .good { background: #f1faf1 } .emphasis { background: #f5f5f5 }
.Large { font-size: 18px } .Medium { font-size: 16px } .Small { font-size: 12px } .subtle { color: #616161 } .Monospace { font-family: "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 12.5px } .line { margin-top: 8px; overflow-wrap: anywhere } .None { margin-top: 0 } .SmallGap { margin-top: 3px }`

/** The card, about as Teams draws it. */
export function teamsPage(): string {
  const { attachments } = JSON.parse(render(letter, 0, {})) as TeamsMessage
  return page(
    `<div class="who">Workflows &nbsp; 3:05 AM</div><div class="card">${attachments[0].content.body.map(element).join('')}</div>`,
    STYLE,
  )
}

function element(it: Element): string {
  switch (it.type) {
    case 'Container':
      return `<div class="container ${it.style} ${it.bleed ? 'bleed' : ''}">${it.items.map(element).join('')}</div>`
    case 'RichTextBlock':
      return `<div class="line ${gap(it.spacing)}">${it.inlines.map(run).join('')}</div>`
    case 'TextBlock':
      return `<div class="line ${gap(it.spacing)} ${it.size ?? ''} ${it.isSubtle ? 'subtle' : ''}">${escapeHtml(dated(it.text))}</div>`
  }
}

const gap = (spacing: string | undefined): string => (spacing === 'Small' ? 'SmallGap' : (spacing ?? ''))

function run({ text, weight, italic, fontType, size, isSubtle, selectAction }: TextRun): string {
  let html = `<span class="${fontType ?? ''} ${size ?? ''} ${isSubtle ? 'subtle' : ''}">${escapeHtml(text)}</span>`
  if (weight) html = `<b>${html}</b>`
  if (italic) html = `<i>${html}</i>`
  return selectAction ? `<a href="#">${html}</a>` : html
}

/** Dates as a reader in the United States sees them who lives by UTC. */
function dated(text: string): string {
  return text
    .replace(/\{\{DATE\(([^,]*),SHORT\)\}\}/g, (_, time) =>
      new Date(time).toLocaleDateString('en-US', { timeZone: 'UTC', weekday: 'short', month: 'short', day: 'numeric', year: 'numeric' }),
    )
    .replace(/\{\{TIME\(([^)]*)\)\}\}/g, (_, time) => new Date(time).toLocaleTimeString('en-US', { timeZone: 'UTC', timeStyle: 'short' }))
}
