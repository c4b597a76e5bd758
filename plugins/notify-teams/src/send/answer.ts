import { type Outcome, outcomeOfAnswer, printable } from '@cws/core'

/** Of an answer, more than is shown of it: where core cuts, it masks what it cuts in two. */
const SHOWN = 1_000
const LOOKED_AT = 4 * SHOWN

/** The flow was turned off or removed (codes of Power Automate): no fault of the message. */
const NO_FLOW = /^(?:Workflow(?:TriggerIsNotEnabled|NotFound|IsNotEnabled|Suspended|Disabled)|TriggerNotFound|FlowSuspended)/i

/**
 * What an answer means. 202 is "the workflow has taken it", and the only success of workflows; 200 with `1` or nothing was that of the connectors before them,
 * whose failures are 200 as well, with "HTTP error 429" in the text. `text` is the beginning of the body, without secrets.
 */
export function outcomeOf(status: number, text: string, retryAfter: string | undefined, now = Date.now()): Outcome {
  const detail = shown(text)
  const said = status < 300 ? Number(/\bHTTP error (\d{3})\b/i.exec(text)?.[1] ?? 0) : 0
  if (said >= 400) return outcomeOfAnswer(said, detail, retryAfter, now)
  if (status === 202 && !/^\s*</.test(text)) return { result: 'delivered' }
  if (status === 200 && /^\s*1?\s*$/.test(text)) return { result: 'delivered' }
  if (status >= 200 && status < 300)
    return { result: 'broken', detail: `not an answer of Teams: HTTP ${status}: ${detail}`.slice(0, SHOWN) }
  const code = codeIn(text)
  if (code !== undefined && NO_FLOW.test(code))
    return { result: 'broken', detail: `HTTP ${status}: ${printable(code)}: the flow is turned off or gone` }
  return outcomeOfAnswer(status, detail, retryAfter, now)
}

/** `{"error":{"code":…}}`, as Power Automate says what was wrong. */
function codeIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly code?: unknown } }
    return typeof error?.code === 'string' ? error.code.slice(0, 100) : undefined
  } catch {
    return undefined
  }
}

/** Text of others as it may stand in a log: one short line without addresses. */
function shown(text: string): string {
  const line = text
    .slice(0, LOOKED_AT)
    .replace(/\s+/g, ' ')
    .replace(/\S*:\/\/\S*/g, '(address)')
  return printable(line).slice(0, SHOWN)
}
