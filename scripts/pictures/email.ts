import { bodiesOf, subjectOf } from '../../plugins/notify-email/src/content.ts'
import { escapeHtml, page } from './html.ts'
import { letter } from './letter.ts'

const STYLE = `.head { border-bottom: 1px solid #cccccc; padding-bottom: 8px } .subject { font-size: 17px; font-weight: bold } .from { color: #555555; font-size: 13px }`

/** The mail's own HTML below the lines that mail programs show of its headers. */
export function emailPage(): string {
  const body = /<body style="([^"]*)">([\s\S]*)<\/body>/.exec(bodiesOf(letter, 0).html ?? '')
  if (!body) throw new Error('the mail has no body')
  const head = `<div class="head"><div class="subject">${escapeHtml(subjectOf(letter))}</div><div class="from">CWS &lt;cws@example.com&gt; &nbsp; to soc@example.com</div></div>`
  return page(`${head}<div style="${body[1]}">${body[2]}</div>`, STYLE)
}
