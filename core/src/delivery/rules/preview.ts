import { messageOf } from '../../errors/cws-error.ts'
import { renderPlain } from '../../messages/render-plain.ts'
import { rankOf } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import type { DeliveryLog } from '../log.ts'
import type { DeliveryComposition } from '../protocol.ts'
import { messageDocument } from '../queue/compose-message.ts'
import { Router } from '../telling/routing.ts'
import { RuleTemplates } from './rule-templates.ts'

/** What a rule would make of a signal. */
export interface Previewed {
  readonly signal: Signal
  /** Null: there are no rules. */
  readonly rule: string | null
  /** Destinations that this rule has the word on. */
  readonly to: readonly string[]
  /** The message as plain text. Values in it are as they came: make them printable before they reach a terminal. */
  readonly message: string
  /** Why the template failed for this signal, and the usual message took its place. */
  readonly problem: string | null
}

type Rules = Pick<DeliveryComposition, 'destinations' | 'routes' | 'fields'>

/** Who would be told of signals as they are now, by which rule, in which words. Routes as an agent with these rules does. `width`: of lines, in characters. */
export async function preview(signals: readonly Signal[], rules: Rules, log: DeliveryLog, width?: number): Promise<readonly Previewed[]> {
  const router = new Router(
    rules.destinations.map(({ name }) => name),
    rules.routes,
  )
  const templates = new RuleTemplates()
  await templates.load(rules, log)
  return signals.flatMap((signal) => {
    const byRule = new Map<string | null, string[]>()
    for (const [destination, route] of router.route(rankOf(signal.severity), () => signal)) {
      const rule = route?.name ?? null
      byRule.set(rule, [...(byRule.get(rule) ?? []), destination])
    }
    return [...byRule].map(([rule, to]) => ({ signal, rule, to, ...textOf(signal, rule, templates, width) }))
  })
}

function textOf(
  signal: Signal,
  rule: string | null,
  templates: RuleTemplates,
  width: number | undefined,
): Pick<Previewed, 'message' | 'problem'> {
  let problem: string | null = null
  const onFault = (_: string, error: unknown): void => {
    problem = messageOf(error)
  }
  const occasion = { reason: 'opened', rule: rule ?? undefined, generation: 1, time: new Date().toISOString() } as const
  const message = renderPlain(messageDocument(signal, occasion, { template: templates.of(rule), onFault }), width)
  return { message, problem }
}
