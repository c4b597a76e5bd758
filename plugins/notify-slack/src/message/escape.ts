/** Text as Slack's mrkdwn takes it literally: these three characters and no others, `&` first (docs.slack.dev, formatting message text). */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** Length after escaping, in UTF-16 units. Limits are kept by it everywhere, for Slack stores text in that form. */
export function escapedLength(text: string): number {
  let length = 0
  for (let i = 0; i < text.length; i++) length += lengthAt(text, i)
  return length
}

/** Whether a text is at most `limit` long after escaping; no more of it is read than that needs. */
export function fits(text: string, limit: number): boolean {
  return text.length <= limit && (text.length <= limit / 5 || escapedLength(text) <= limit)
}

/** What the unit at a place becomes, in length. */
export function lengthAt(text: string, index: number): number {
  const unit = text.charCodeAt(index)
  if (unit === 0x26) return 5
  return unit === 0x3c || unit === 0x3e ? 4 : 1
}
